#!/bin/bash
# mlpg.progress from other sessions, without shared_preload_libraries: who sees
# what, and that a row is gone when its command is; and the threads of a fit.
. "$(dirname "$0")/lib.sh"
start_cluster

setup postgres "CREATE DATABASE t" "CREATE DATABASE other" "CREATE ROLE owner LOGIN" "CREATE ROLE stranger LOGIN" \
	"CREATE ROLE reader LOGIN" "GRANT pg_read_all_stats TO reader" "CREATE ROLE member LOGIN" "GRANT owner TO member"
setup other "CREATE EXTENSION mlpg"
setup t "CREATE EXTENSION mlpg" "SELECT mlpg.grant_usage('owner', 'train')" \
	"CREATE TABLE big AS
	 SELECT sin(g) AS a, cos(g * 0.7) AS b, (g * 7919 % 1000) / 1000.0::float8 AS c, sqrt(g) AS d,
	        3 * sin(g) + (g * 104729 % 10007) / 1000.0::float8 AS y
	 FROM generate_series(1, 1500000::bigint) AS g" \
	"GRANT SELECT ON big TO PUBLIC"
is "$(sql t "SHOW shared_preload_libraries")" "" "no library is preloaded"
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "nothing runs at first"

# --- a training that another session reads; its source waits, at its last row,
# for a lock that we hold as long as we look
PGAPPNAME=holder sql t "SELECT pg_advisory_lock(7)" "SELECT pg_sleep(1000)" >/dev/null &
until_true 20 t "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
setup t "CREATE TABLE seen (n int GENERATED ALWAYS AS IDENTITY, phase text, done bigint, total bigint, percent numeric)"
sql t "DO \$\$ DECLARE last record; now record;
	BEGIN
	    FOR i IN 1 .. 40000 LOOP
	        SELECT p.phase, p.done, p.total, p.percent INTO now FROM mlpg.progress AS p WHERE p.object = 'p';
	        EXIT WHEN NOT FOUND AND last IS NOT NULL;
	        IF FOUND AND now IS DISTINCT FROM last THEN
	            INSERT INTO seen (phase, done, total, percent) VALUES (now.phase, now.done, now.total, now.percent);
	            last := now;
	        END IF;
	        PERFORM pg_sleep(0.003);
	    END LOOP;
	END \$\$" >"$TEST_DIR/sampler.out" &
sampler=$!
PGAPPNAME=trainer ROLE=owner sql t "SELECT (mlpg.train('p', 'SELECT a, b, c, d, y FROM big
	UNION ALL SELECT 0, 0, 0, 0, 0 FROM (SELECT pg_advisory_lock_shared(7)) AS w', 'y', algorithm => 'quantile')).model" \
	>"$TEST_DIR/train.out" &
job=$!
until_true 60 t "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
ok "a training reads, and waits"
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 1 "it has one row"
is "$(sql t "SELECT phase, done BETWEEN 1 AND 1500001, total IS NULL, percent IS NULL FROM mlpg.progress")" "reading|t|t|t" \
	"which says how many rows were read, of a number not known in advance"
is "$(sql t "SELECT p.pid = a.pid, command, object, started_at BETWEEN a.backend_start AND clock_timestamp()
	FROM mlpg.progress AS p, pg_stat_activity AS a WHERE a.application_name = 'trainer'")" "t|train|p|t" \
	"with the session's pid, the command, the model and the time"
is "$(ROLE=owner sql t "SELECT count(*) FROM mlpg.progress")" 1 "its role sees it"
is "$(ROLE=member sql t "SELECT count(*) FROM mlpg.progress")" 1 "a member of its role sees it"
is "$(ROLE=reader sql t "SELECT count(*) FROM mlpg.progress")" 1 "pg_read_all_stats sees it"
is "$(ROLE=stranger sql t "SELECT count(*) FROM mlpg.progress")" 0 "another role does not"
is "$(sql other "SELECT count(*) FROM mlpg.progress")" 0 "nor does another database, not even to a superuser"

# --- what it shows over time
sql t "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" >/dev/null
wait $job
is "$(cat "$TEST_DIR/train.out")" p "the training succeeded"
wait $sampler
is "$(cat "$TEST_DIR/sampler.out")" "" "and was watched"
diag "phases seen: $(sql t "SELECT string_agg(phase, ', ' ORDER BY n) FROM (SELECT phase, min(n) AS n FROM seen GROUP BY 1) AS s")"
is "$(sql t "SELECT count(DISTINCT phase) >= 2 FROM seen")" t "at least two phases were seen"
is "$(sql t "SELECT count(*) FROM (SELECT done < lag(done) OVER (ORDER BY n) AS back FROM seen WHERE phase = 'reading') AS s WHERE back")" 0 \
	"the count of rows read never goes back"
is "$(sql t "SELECT count(*) FROM seen WHERE done < 0 OR done > total OR percent NOT BETWEEN 0 AND 100")" 0 \
	"done is within total, percent within 0 and 100"
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "the row is gone with the training"

# --- errors give the slot back
sql t "SELECT mlpg.train('p2', 'SELECT a, b, y FROM big', 'no_such_column')" >"$TEST_DIR/error.out"
like "$(cat "$TEST_DIR/error.out")" "^ERROR:  42703" "a training that fails"
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "leaves no row"
out=$(sql t "BEGIN" "SAVEPOINT s" "DO \$\$ BEGIN PERFORM mlpg.train('p2', 'SELECT a, b, y FROM big', 'no_such_column');
	EXCEPTION WHEN undefined_column THEN NULL; END \$\$" "SELECT count(*) FROM mlpg.progress" "COMMIT")
is "$out" 0 "nor does one whose error is caught"

# --- many at once: more sessions than slots run all the same
for i in 1 2 3 4 5 6; do
	sql t "SELECT (mlpg.train('q$i', 'SELECT a, b, y FROM big LIMIT 20000', 'y', algorithm => 'linear')).model" >"$TEST_DIR/q$i.out" &
done
wait
is "$(cat "$TEST_DIR"/q?.out | sort | tr '\n' ' ')" "q1 q2 q3 q4 q5 q6 " "six trainings side by side"
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "no row is left"

# --- threads: none with 1; where they cannot be created, fewer run; the model is the same
threads_of() {
	local pid
	pid=$(sql t "SELECT pid FROM pg_stat_activity WHERE application_name = '$1' AND state = 'active'")
	[ -n "$pid" ] && ls "/proc/$pid/task" 2>/dev/null | wc -l
}
watch() {						# watch THREADS PREPARE: most threads seen during a training
	local most=0 now job
	PGAPPNAME=watched sql t "SET mlpg.max_threads = $1" "SELECT pg_sleep(0.5)" \
		"SELECT (mlpg.train('w$1$2', 'SELECT a, b, c, d, y FROM big', 'y', algorithm => 'quantile')).model" >"$TEST_DIR/watch.out" &
	job=$!
	if [ -n "$2" ]; then
		until_true 10 t "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'watched' AND state = 'active'"
		prlimit --pid "$(sql t "SELECT pid FROM pg_stat_activity WHERE application_name = 'watched'")" --nproc=1:1
	fi
	while kill -0 $job 2>/dev/null; do
		now=$(threads_of watched)
		[ "${now:-0}" -le $most ] || most=$now
	done
	wait $job
	echo $most
}
is "$(watch 1 '')" 1 "mlpg.max_threads = 1: the backend alone"
is "$(cat "$TEST_DIR/watch.out" | tail -1)" w1 "and it trains"
is "$(watch 4 '')" 4 "mlpg.max_threads = 4: four threads with it"
is "$(watch 4 limited)" 1 "no thread can be created: it goes on alone"
is "$(cat "$TEST_DIR/watch.out" | tail -1)" w4limited "and trains all the same"
is "$(sql t "SELECT count(DISTINCT v.sha256), count(*) FROM mlpg.model_versions AS v JOIN mlpg.models AS m USING (model_id) WHERE m.model LIKE 'w%'")" \
	"1|3" "one, four and too few threads give the same bytes"
server_is_fine
done_testing
