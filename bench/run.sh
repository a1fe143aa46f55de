#!/bin/sh
# make bench: comparisons side by side, in a throw-away cluster. See bench/README.md.
#
#   bench/run.sh [LINE ...]          lines: linear fit ingest predict job quantile groups logistic poisson
#                                    elastic_net auc trees_train trees_job trees_predict trees_scale; default all
#   bench/run.sh accuracy [SET ...]  losses on data sets against the peers': the table of doc/accuracy.md
#
# Environment: RUNS (5) measured rounds; ROWS (1000000); GROUPS_N (100000); MLPG_BENCH (folder of
# cluster and build: /tmp/mlpg-bench, kept between runs); FRESH=1 makes the tables again;
# OUTPUT (file that gets the tables too); PG_CONFIG.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
place=${MLPG_BENCH:-/tmp/mlpg-bench}
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL

"$root/tools/packages.sh" build
. "$root/tools/lib.sh"
export PG_CONFIG

missing=
for package in python3-psycopg2 python3-numpy python3-sklearn python3-xgboost r-cran-quantreg r-cran-glmnet; do
	case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
		*"ok installed") ;;
		*) missing="$missing $package" ;;
	esac
done
if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] || die "the peers are missing: sudo apt-get install -y$missing"
	echo "Installing the peers that are missing:$missing"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

mkdir -p "$place"
chmod a+x "$place"
make -C "$root" -s --no-print-directory BUILD="$place/build" -j2 stage
gcc -std=c11 -O2 -Wall -o "$place/generate" "$root/bench/generate.c" -lm
gcc -std=gnu11 -O2 -Wall -fPIC -shared -I"$("$PG_CONFIG" --includedir-server)" -o "$place/minimal.so" "$root/bench/peers/minimal.c"
# everything stays in shared buffers: the bench compares work, not disks
SHARED_BUFFERS=2GB CONF="work_mem = 64MB
jit = off
autovacuum = off
max_parallel_workers_per_gather = 2
bgwriter_lru_maxpages = 0
checkpoint_timeout = 1h" "$root/tools/cluster.sh" start "$place/cluster" "$place/build/stage"
"$root/tools/cluster.sh" restage "$place/cluster" "$place/build/stage"

program=compare.py
[ "${1:-}" != accuracy ] || { program=accuracy/compare.py; shift; }
PGHOST="$place/cluster" PGPORT=5432 PGUSER=postgres BENCH_PLACE="$place" BENCH_PID="$(head -1 "$place/cluster/data/postmaster.pid")" \
	/usr/bin/python3 "$root/bench/$program" "$@" | tee ${OUTPUT:+"$OUTPUT"}
echo "The cluster goes on: tools/cluster.sh remove $place/cluster ends it."
