#!/bin/sh
# Where does a statement's time go? For developers; needs perf, and the cluster of run.sh.
#
#   bench/profile.sh SQL [SETTINGS ...]
#   bench/profile.sh "SELECT sum(mlpg.predict('bench', t)) FROM wide t" "SET jit = off"
#
# Runs the settings, then the statement twice in one backend, the second time under
# perf, and prints functions with at least LIMIT (0.5) per cent of the samples. The build
# has no frame pointers: the report is flat; GRAPH=1 asks for callers by dwarf.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
place=${MLPG_BENCH:-/tmp/mlpg-bench}
[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
statement=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/in"
"$root/tools/cluster.sh" psql "$place/cluster" -X -q -A -t -d bench <"$work/in" >"$work/out" 2>"$work/err" &
exec 3>"$work/in"
say() { printf '%s\n' "$1" >&3; }
wait_for() { until grep -q "^$1" "$work/out"; do [ ! -s "$work/err" ] || { cat "$work/err" >&2; exit 1; }; sleep 0.1; done; }
say "SET client_min_messages = error;"
for setting; do
	say "$setting;"
done
say "$statement;"
say "SELECT 'pid ' || pg_catalog.pg_backend_pid();"
wait_for pid
pid=$(sed -n 's/^pid //p' "$work/out")
perf record -q -F 1999 -e cycles:u ${GRAPH:+--call-graph dwarf} -p "$pid" -o "$work/data" &
recorder=$!
sleep 1
say "$statement;"
say "SELECT 'done';"
wait_for done
kill -INT "$recorder"
wait "$recorder" || true
exec 3>&-
perf report -i "$work/data" --stdio --no-children --sort dso,symbol --percent-limit "${LIMIT:-0.5}" 2>/dev/null | grep -v '^#' | grep -v '^$' | cut -c1-120
