#!/bin/sh
# Installs the Debian packages that are missing, naming them first.
#
#   tools/packages.sh build    what building and the demo need
#   tools/packages.sh test     and what "make test" needs on top
#
# Without root it prints the command to run and stops. It makes no PostgreSQL
# cluster and starts no server: throw-away clusters are all that is needed.
set -eu

version=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
case ${PG_MAJOR:-$version} in
	trixie) major=17 ;;
	forky | sid) major=18 ;;
	[0-9]*) major=$PG_MAJOR ;;
	*) major=15 ;;
esac

packages="gcc make libc6-dev postgresql-$major postgresql-server-dev-$major"
case ${1:-build} in
	build) ;;
	test)
		packages="$packages binutils clang libclang-rt-14-dev libpq-dev perl libipc-run-perl
			libtap-parser-sourcehandler-pgtap-perl postgresql-$major-pgtap postgresql-$major-cron"
		[ "$major" = 15 ] || packages=$(echo "$packages" | sed 's/libclang-rt-14-dev/libclang-rt-dev/')
		;;
	*) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "This is not Debian; what corresponds to these packages is taken to be there:" $packages >&2
	exit 0
fi

missing=
for package in $packages; do
	case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
		*"ok installed") ;;
		*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "These Debian packages are missing. Run this, then the same command again:" >&2
	echo "" >&2
	echo "  sudo apt-get install -y$missing" >&2
	echo "" >&2
	exit 1
fi

echo "Installing the Debian packages that are missing:$missing"

# Debian makes and starts a cluster "main" when a server is first installed; not on our account.
no_cluster=/etc/postgresql-common/createcluster.d/mlpg-no-main-cluster.conf
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
	mkdir -p "$(dirname "$no_cluster")"
	echo "create_main_cluster = false" >"$no_cluster"
	trap 'rm -f "$no_cluster"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	rm -f "$log"
	echo "$0: apt-get could not install them" >&2
	exit 1
fi
rm -f "$log"
