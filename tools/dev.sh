#!/bin/sh
# The developer's loop: build out of tree, put the build under a running
# throw-away cluster with a fresh database of the extension, print how to connect.
#
#   tools/dev.sh NAME [FILE.sql ...]      runs the files there, if any are given
#   tools/cluster.sh remove /tmp/NAME/cluster   ends it
#
# Everything is under /tmp/NAME. Environment: WERROR (1), MLPG_ASSERTIONS (1),
# and that of tools/cluster.sh.
set -eu
. "$(dirname "$0")/lib.sh"

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
home=/tmp/$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$home"
chmod a+x "$home"

make -C "$root" -s --no-print-directory BUILD="$home/build" WERROR="${WERROR:-1}" \
	MLPG_ASSERTIONS="${MLPG_ASSERTIONS:-1}" PG_CONFIG="$PG_CONFIG" -j2 stage
"$root/tools/cluster.sh" start "$home/cluster" "$home/build/stage"
cluster_psql() { "$root/tools/cluster.sh" psql "$home/cluster" -X -v ON_ERROR_STOP=1 "$@"; }
cluster_psql -q -d postgres -c 'SET client_min_messages = error' -c 'DROP DATABASE IF EXISTS dev WITH (FORCE)' -c 'CREATE DATABASE dev'
cluster_psql -q -d dev -c 'CREATE EXTENSION mlpg'
# where tests find what they include
export PG_ABS_SRCDIR="$root/test"
for file; do
	cluster_psql -d dev -f "$file"
done
echo "psql -h $home/cluster -U postgres dev"
