#!/bin/bash
# The lease of mlpg.retrain outlives nobody: when the backend is terminated or
# the server stopped in the middle of a run, the next call takes over, and says so.
set -u
cluster=$TEST_DIR/cluster
control() { "$SOURCE/tools/cluster.sh" "$@"; }
sql() { control psql "$cluster" -XqAt -d postgres "$@"; }

n=0
is() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		printf '%s\n' "got: $1" "expected: $2" | sed 's/^/#   /'
	fi
}
matches() {
	n=$((n + 1))
	if grep -qE -- "$2" <<<"$1"; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		printf '%s\n' "got: $1" "pattern: $2" | sed 's/^/#   /'
	fi
}
# until QUERY gives VALUE, at most 20 s
until_is() {
	for _ in $(seq 1 200); do
		[ "$(sql -c "$1")" = "$2" ] && return
		sleep 0.1
	done
	echo "# waited in vain for: $1"
}
trap 'control remove "$cluster" >/dev/null 2>&1' EXIT

control start "$cluster" "$STAGE" >"$TEST_DIR/start.log" 2>&1 || { sed 's/^/# /' "$TEST_DIR/start.log"; echo "1..0"; exit 1; }
sql -v ON_ERROR_STOP=1 >"$TEST_DIR/setup.log" 2>&1 <<'END'
CREATE EXTENSION mlpg;
SET client_min_messages = error;
CREATE TABLE sales AS SELECT x::float8, 2 * x + x % 5 AS y FROM generate_series(1, 300) AS x;
SELECT mlpg.train('kept', 'sales', 'y', 'linear');
END
is $? 0 "a model"

# a run that waits for its source, behind a lock that another session holds
start_blocked_run() {
	sql -c "BEGIN; LOCK TABLE sales IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60);" >"$TEST_DIR/lock.log" 2>&1 &
	until_is "SELECT count(*) FROM pg_locks WHERE relation = 'sales'::regclass AND mode = 'AccessExclusiveLock' AND granted" 1
	sql -c "CALL mlpg.retrain('kept', deploy => 'never')" >"$TEST_DIR/run.log" 2>&1 &
	until_is "SELECT count(*) FROM mlpg.runs r JOIN pg_locks l USING (pid) WHERE r.status = 'running' AND NOT l.granted" 1
}
unblock() { sql -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null; }

# 1. the holder lives: refused
start_blocked_run
matches "$(sql -v VERBOSITY=verbose -c "CALL mlpg.retrain('kept')" 2>&1)" '55P03: model "kept" is being retrained' "a second call is refused while the first works"

# 2. the holder is terminated: its row says running until somebody looks
sql -c "SELECT pg_terminate_backend(pid) FROM mlpg.runs WHERE status = 'running'" >/dev/null
until_is "SELECT count(*) FROM pg_stat_activity a JOIN mlpg.runs r USING (pid) WHERE r.status = 'running'" 0
unblock
wait
matches "$(cat "$TEST_DIR/run.log")" 'terminating connection' "the backend of the first was terminated"
is "$(sql -c "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 1 "its lease is left"
output=$(sql -c "CALL mlpg.retrain('kept', deploy => 'never')" 2>&1)
matches "$output" 'its lease is taken over' "the next call takes the lease over and says so"
matches "$output" 'not serving' "and does its work"
is "$(sql -c "SELECT string_agg(status, ',' ORDER BY run_id) FROM mlpg.runs WHERE kind = 'retrain'")" "failed,succeeded" "the first run counts as failed"

# 3. the same when the whole server goes down at once
start_blocked_run
control run "$cluster" sh -c "kill -QUIT \$(head -1 '$cluster/data/postmaster.pid' 2>/dev/null || find '$cluster' -name postmaster.pid -exec head -1 {} \;)"
wait
control stop "$cluster" >/dev/null 2>&1
control start "$cluster" "$STAGE" >"$TEST_DIR/restart.log" 2>&1
is $? 0 "the server starts again"
is "$(sql -c "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 1 "a lease is left"
matches "$(sql -c "CALL mlpg.retrain('kept', deploy => 'never')" 2>&1)" 'taken over' "the next call takes it over"
is "$(sql -c "SELECT string_agg(status, ',' ORDER BY run_id) FROM mlpg.runs WHERE kind = 'retrain'")" "failed,succeeded,failed,succeeded" "and succeeds"
is "$(sql -c "SELECT count(*) FROM mlpg.model_versions")" 3 "each run that succeeded made one version, the others none"
echo "1..$n"
