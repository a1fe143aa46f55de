#!/bin/bash
# The lease of mlpg.retrain outlives nobody: when the backend is terminated or
# the server stopped in the middle of a run, the next call takes over, and says so.
set -u
. "$(dirname "$0")/lib.sh"
# client ARGUMENTS...: psql as they say, for scripts from stdin
client() { cluster psql -XqAt -d postgres "$@"; }

# until QUERY gives VALUE, at most 20 s
until_is() {
	for _ in $(seq 1 200); do
		[ "$(client -c "$1")" = "$2" ] && return
		sleep 0.1
	done
	echo "# waited in vain for: $1"
}

start_cluster
client -v ON_ERROR_STOP=1 >"$TEST_DIR/setup.log" 2>&1 <<'END'
CREATE EXTENSION mlpg;
SET client_min_messages = error;
CREATE TABLE sales AS SELECT x::float8, 2 * x + x % 5 AS y FROM generate_series(1, 300) AS x;
SELECT mlpg.train('kept', 'sales', 'y', 'linear');
END
is $? 0 "a model"

# a run that waits for its source, behind a lock that another session holds
start_blocked_run() {
	client -c "BEGIN; LOCK TABLE sales IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60);" >"$TEST_DIR/lock.log" 2>&1 &
	until_is "SELECT count(*) FROM pg_locks WHERE relation = 'sales'::regclass AND mode = 'AccessExclusiveLock' AND granted" 1
	client -c "CALL mlpg.retrain('kept', deploy => 'never')" >"$TEST_DIR/run.log" 2>&1 &
	until_is "SELECT count(*) FROM mlpg.runs r JOIN pg_locks l USING (pid) WHERE r.status = 'running' AND NOT l.granted" 1
}
unblock() { client -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null; }

# 1. the holder lives: refused
start_blocked_run
like "$(client -v VERBOSITY=verbose -c "CALL mlpg.retrain('kept')" 2>&1)" '55P03: model "kept" is being retrained' "a second call is refused while the first works"

# 2. the holder is terminated: its row says running until somebody looks
client -c "SELECT pg_terminate_backend(pid) FROM mlpg.runs WHERE status = 'running'" >/dev/null
until_is "SELECT count(*) FROM pg_stat_activity a JOIN mlpg.runs r USING (pid) WHERE r.status = 'running'" 0
unblock
wait
like "$(cat "$TEST_DIR/run.log")" 'terminating connection' "the backend of the first was terminated"
is "$(client -c "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 1 "its lease is left"
output=$(client -c "CALL mlpg.retrain('kept', deploy => 'never')" 2>&1)
like "$output" 'its lease is taken over' "the next call takes the lease over and says so"
like "$output" 'not serving' "and does its work"
is "$(client -c "SELECT string_agg(status, ',' ORDER BY run_id) FROM mlpg.runs WHERE kind = 'retrain'")" "failed,succeeded" "the first run counts as failed"

# 3. the same when the whole server goes down at once
start_blocked_run
cluster run sh -c "kill -QUIT \$(head -1 '$cluster_dir/data/postmaster.pid' 2>/dev/null || find '$cluster_dir' -name postmaster.pid -exec head -1 {} \;)"
wait
cluster stop >/dev/null 2>&1
cluster start "$STAGE" >"$TEST_DIR/restart.log" 2>&1
is $? 0 "the server starts again"
is "$(client -c "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 1 "a lease is left"
like "$(client -c "CALL mlpg.retrain('kept', deploy => 'never')" 2>&1)" 'taken over' "the next call takes it over"
is "$(client -c "SELECT string_agg(status, ',' ORDER BY run_id) FROM mlpg.runs WHERE kind = 'retrain'")" "failed,succeeded,failed,succeeded" "and succeeds"
is "$(client -c "SELECT count(*) FROM mlpg.model_versions")" 3 "each run that succeeded made one version, the others none"
done_testing
