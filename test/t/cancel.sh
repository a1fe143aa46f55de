#!/bin/bash
# Cancel, statement_timeout and termination at many moments of ingest and fit:
# the statement ends within 100 ms with SQLSTATE 57014, leaves no thread, no
# progress, no half-written model, and the session goes on working.
#
# The latency is measured inside the server, from the signal to the moment the
# session is no longer active. Where the machine is busy, the time that the
# backend stood ready but was given no processor (/proc/PID/schedstat) is taken
# off, and the delay of a plain query, measured in the same way, allowed for.
# This program measures time: it runs alone.
. "$(dirname "$0")/lib.sh"
LIMIT_MS=100
start_cluster

setup postgres "CREATE DATABASE t"
setup t "CREATE EXTENSION mlpg" \
	"CREATE TABLE big AS
	 SELECT g AS id, sin(g) AS a, cos(g * 0.7) AS b, (g * 7919 % 1000) / 1000.0::float8 AS c,
	        sqrt(g) AS d, (g % 17)::float8 AS e, CASE WHEN g % 50 = 0 THEN NULL ELSE (g % 101)::float8 END AS f,
	        'shop ' || g % 10 AS shop,
	        3 * sin(g) + (g * 104729 % 10007) / 1000.0::float8 AS y
	 FROM generate_series(1, 1500000::bigint) AS g" \
	"ANALYZE big" \
	"CREATE FUNCTION queued_ms(pid int) RETURNS float8 LANGUAGE plpgsql AS \$\$
	 BEGIN
	     RETURN split_part(pg_read_file(format('/proc/%s/schedstat', pid)), ' ', 2)::float8 / 1e6;
	 EXCEPTION WHEN undefined_file THEN
	     RETURN 0;	-- a kernel that does not count
	 END \$\$" \
	"CREATE FUNCTION cancel_ms(victim int, terminate boolean) RETURNS float8 LANGUAGE plpgsql AS \$\$
	 DECLARE
	     started timestamptz := clock_timestamp();
	     waited float8 := CASE WHEN terminate THEN 0 ELSE queued_ms(victim) END;
	 BEGIN
	     IF terminate THEN PERFORM pg_terminate_backend(victim); ELSE PERFORM pg_cancel_backend(victim); END IF;
	     LOOP
	         PERFORM pg_stat_clear_snapshot();
	         EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = victim AND state = 'active');
	         PERFORM pg_sleep(0.001);
	     END LOOP;
	     RETURN round(1000 * extract(epoch FROM clock_timestamp() - started)::numeric
	                  - (CASE WHEN terminate THEN 0 ELSE queued_ms(victim) END - waited)::numeric, 1);
	 END \$\$"

# run_and_stop SECONDS TERMINATE STATEMENT: starts the statement in a session of
# its own, stops it after that time, answers "MILLISECONDS OUTPUT".
run_and_stop() {
	local out=$TEST_DIR/victim.out pid ms
	PGAPPNAME=victim sql t "$3" "SELECT 'still here'" >"$out" &
	local job=$!
	until_true 20 t "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend' AND state = 'active'" ||
		{ wait $job; echo "0 never active: $(cat "$out")"; return; }
	sleep "$1"
	ms=$(sql t "SELECT cancel_ms(pid, $2) FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend' AND state = 'active'")
	wait $job
	echo "${ms:-0} $(tr '\n' ' ' <"$out")"
}

# one_round DURATION STATEMENT: stops it at 8 moments spread over DURATION; sets
# worst and control (ms), canceled, wrong, and adds to completed.
one_round() {
	local answer ms text i
	worst=0 control=0 canceled=0
	for i in 0 1 2 3 4 5 6 7; do
		answer=$(run_and_stop "$(awk "BEGIN { print $1 * ($i + 0.2) / 9 }")" false "$2")
		ms=${answer%% *}
		text=${answer#* }
		case $text in
			*57014*) canceled=$((canceled + 1)) ;;
			*"still here"*)		# it was done before the signal came
				completed=$((completed + 1))
				continue
				;;
			*) wrong="$wrong [$text]" ;;
		esac
		worst=$(awk "BEGIN { print ($ms > $worst) ? $ms : $worst }")
	done
	for i in 1 2 3; do
		answer=$(run_and_stop 0.05 false "DO 'BEGIN LOOP NULL; END LOOP; END'")
		control=$(awk "BEGIN { print (${answer%% *} > $control) ? ${answer%% *} : $control }")
	done
}

# stop_often NAME DURATION STATEMENT: a slow cancel must be slow three times to count, on a machine that may be busy.
stop_often() {
	local worst control canceled wrong='' round
	for round in 1 2 3; do
		one_round "$2" "$3"
		diag "$1: at most $worst ms; a plain query at most $control ms"
		awk "BEGIN { exit !($worst <= $LIMIT_MS + $control) }" && [ $canceled -ge 3 ] && break
	done
	is "$wrong" "" "$1: nothing but 57014"
	[ "$canceled" -ge 3 ]
	ok "$1: canceled in the middle at least 3 times ($canceled)"
	awk "BEGIN { exit !($worst <= $LIMIT_MS + $control) }"
	ok "$1: within $LIMIT_MS ms of a plain query's delay"
	is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "$1: no progress row is left"
}

# duration STATEMENT: seconds it takes undisturbed, for the moments to stop at
duration() {
	local started
	started=$(date +%s.%N)
	sql t "$1" >/dev/null
	echo "$started $(date +%s.%N)" | awk '{ d = $2 - $1; print (d < 0.2) ? 0.2 : d }'
}

completed=0
for algorithm in linear quantile boosted_trees; do
	for threads in 1 4; do
		setting="SET mlpg.max_threads = $threads"
		statement="SELECT mlpg.train('canceled', 'SELECT a, b, c, d, e, f, shop, y FROM big', 'y', algorithm => '$algorithm')"
		took=$(duration "BEGIN; $setting; $statement; ROLLBACK")
		stop_often "train $algorithm, $threads threads" "$took" "$setting; $statement"
	done
done
is "$(sql t "SELECT count(*) FROM mlpg.model_versions")" "$completed" "a version of each completed training, none of a canceled one"
is "$(sql t "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 0 "no run of a canceled training is left running"
for algorithm in linear quantile boosted_trees; do
	statement="SELECT id % 10, mlpg.fit('$algorithm', y, x) FROM big, LATERAL (SELECT a, b, c, d, e, f) AS x GROUP BY 1"
	took=$(duration "SET max_parallel_workers_per_gather = 0; $statement")
	stop_often "fit $algorithm" "$took" "SET max_parallel_workers_per_gather = 0; $statement"
done

# --- many terms: what one factorisation takes grows with their cube
stop_often "train quantile, 2,000 terms" 3 "SELECT mlpg.train('canceled', 'SELECT ''g'' || id % 2000 AS g, a, y FROM big LIMIT 2500', 'y', algorithm => 'quantile')"

# --- predict_batch: a table that it makes appears whole or not at all; one that is there holds whole batches
setup t "SELECT mlpg.train('scorer', 'SELECT a, b, c, d, e, f, shop, y FROM big WHERE id <= 20000', 'y', algorithm => 'boosted_trees')" \
	"CREATE TABLE batches (id int8 PRIMARY KEY, prediction float8, model text, version int, predicted_at timestamptz)"
statement="CALL mlpg.predict_batch('scorer', 'big', 'made', '{id}')"
took=$(duration "$statement")
sql t "DROP TABLE made" >/dev/null
stop_often "predict_batch, new table" "$took" "$statement"
is "$(sql t "SELECT count(*) FROM pg_class WHERE relname = 'made'")" "$(sql t "SELECT count(*) FROM pg_class WHERE relname = 'made_pkey'")" \
	"no table without its key is left"
statement="CALL mlpg.predict_batch('scorer', 'SELECT * FROM big WHERE id <= 300000', 'batches', '{id}', as_of => '2026-01-01', batch_size => 50000, replace => true)"
took=$(duration "$statement")
sql t "TRUNCATE batches" >/dev/null
stop_often "predict_batch, batches" "$took" "$statement"
is "$(sql t "SELECT count(*) % 50000 FROM batches")" 0 "only whole batches are there ($(sql t "SELECT count(*) FROM batches") rows)"
is "$(sql t "$statement" "SELECT count(*) FROM batches")" 300000 "the same call finishes them"

# --- statement_timeout, and the same session goes on
out=$(sql t "SET mlpg.max_threads = 4" "SET statement_timeout = 100" \
	"SELECT mlpg.train('timed_out', 'SELECT a, b, c, d, e, f, y FROM big', 'y', algorithm => 'quantile')")
like "$out" "57014.*statement timeout" "statement_timeout"

# --- an error caught in a block: threads joined, slot given back, the next training works
out=$(sql t "SET mlpg.max_threads = 4" "SET statement_timeout = 200" "DO \$\$
	BEGIN
	    PERFORM mlpg.train('caught', 'SELECT a, b, c, d, e, f, y FROM big', 'y', algorithm => 'quantile');
	    RAISE EXCEPTION 'it was not canceled';
	EXCEPTION WHEN query_canceled THEN
	    IF EXISTS (SELECT FROM mlpg.progress) THEN RAISE EXCEPTION 'progress is left'; END IF;
	END \$\$" "SET statement_timeout = 0" \
	"SELECT (mlpg.train('after', 'SELECT a, b, y FROM big LIMIT 1000', 'y', algorithm => 'linear')).model")
is "$out" after "a cancel caught in an EXCEPTION block, then a training in the same session"

# --- termination: the threads are joined before the memory they work on goes
for delay in 0.05 0.3 0.6 0.9; do
	answer=$(run_and_stop $delay true "SET mlpg.max_threads = 4;
		SELECT mlpg.train('ended', 'SELECT a, b, c, d, e, f, y FROM big', 'y', algorithm => 'quantile')")
	like "$answer" "57P01|server closed|still here" "terminated after $delay s"
done
is "$(sql t "SELECT count(*) FROM mlpg.progress")" 0 "no progress row of a terminated session"

# --- fast shutdown during a training
PGAPPNAME=victim sql t "SET mlpg.max_threads = 4;
	SELECT mlpg.train('shut', 'SELECT a, b, c, d, e, f, y FROM big', 'y', algorithm => 'quantile')" >/dev/null &
job=$!
until_true 20 t "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend' AND state = 'active'"
started=$(date +%s)
cluster stop
ok "a fast shutdown ends while a training runs"
[ $(($(date +%s) - started)) -le 10 ]
ok "and within seconds"
wait $job
cluster start >&2
server_is_fine
done_testing
