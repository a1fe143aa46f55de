#!/bin/bash
# mlpg.retrain under a real pg_cron: the one-line job of the README succeeds and
# mlpg.runs says what was decided, a failing job is recorded by pg_cron and by
# mlpg.runs with its reason, and a job of a superuser runs another role's stored source as
# that role. Takes up to two minutes: pg_cron starts jobs on the minute.
set -u
. "$(dirname "$0")/lib.sh"
# client ARGUMENTS...: psql as they say, for scripts from stdin
client() { cluster psql -XqAt -v ON_ERROR_STOP=1 -d postgres "$@"; }

if [ ! -e "$("$PG_CONFIG" --sharedir)/extension/pg_cron.control" ]; then
	echo "1..0 # SKIP pg_cron is not installed"
	exit 0
fi

PRELOAD=pg_cron CONF="cron.database_name = 'postgres'
cron.use_background_workers = on" start_cluster

client >"$TEST_DIR/setup.log" 2>&1 <<'END'
CREATE EXTENSION pg_cron;
CREATE EXTENSION mlpg;
SET client_min_messages = error;
CREATE ROLE keeper LOGIN;
CREATE ROLE loser LOGIN;
SELECT mlpg.grant_usage(role, 'train') FROM unnest('{keeper,loser}'::text[]) AS role;
GRANT USAGE ON SCHEMA cron TO keeper, loser;
CREATE TABLE sales AS SELECT x::float8, 2 * x + x % 5 AS y FROM generate_series(1, 300) AS x;
CREATE TABLE private AS TABLE sales;
CREATE TABLE seen (who text);
GRANT SELECT ON sales TO keeper, loser;
GRANT SELECT ON private TO loser;
CREATE SCHEMA lair AUTHORIZATION keeper;

SET ROLE keeper;
SELECT mlpg.train('good', 'sales', 'y', 'linear');
-- whoever runs this says so in an error, unless it is keeper
CREATE FUNCTION lair.lure(x float8) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'keeper' THEN
		RAISE EXCEPTION 'captured %', current_user;
	END IF;
	RETURN x;
END $$;
SELECT mlpg.train('bait', 'SELECT lair.lure(x) AS x, y FROM public.sales', 'y', 'linear');
SET ROLE loser;
SELECT mlpg.train('bad', 'private', 'y', 'linear');
RESET ROLE;
REVOKE SELECT ON private FROM loser;

SET ROLE keeper;
SELECT cron.schedule('good', '* * * * *', $$CALL mlpg.retrain('good', key => to_char(now(), 'IYYY-IW'))$$);
SET ROLE loser;
SELECT cron.schedule('bad', '* * * * *', $$CALL mlpg.retrain('bad')$$);
RESET ROLE;
SELECT cron.schedule('bait', '* * * * *', $$CALL mlpg.retrain('bait', deploy => 'never')$$);
END
is $? 0 "three models and three jobs"
sed 's/^/# /' "$TEST_DIR/setup.log" | grep -i error

# until each job has run once
for _ in $(seq 1 130); do
	[ "$(client -c "SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')")" = 3 ] && break
	sleep 1
done

job() {
	client -c "SELECT d.$2 FROM cron.job_run_details d JOIN cron.job j USING (jobid) WHERE j.jobname = '$1' ORDER BY d.runid LIMIT 1"
}
run() {
	client -c "SELECT r.$2 FROM mlpg.runs r JOIN mlpg.models m USING (model_id) WHERE m.model = '$1' AND r.kind = 'retrain' ORDER BY r.run_id LIMIT 1"
}
is "$(job good status)" succeeded "pg_cron: the job succeeded"
like "$(job good username)" keeper "pg_cron: as its owner"
is "$(run good status)" succeeded "mlpg.runs: so did the run"
is "$(run good username)" keeper "mlpg.runs: of that role"
like "$(run good "metrics ->> 'why'")" '^version 2 is (not )?serving: ' "mlpg.runs: what was decided"
is "$(client -c "SELECT count(*) FROM mlpg.model_versions v JOIN mlpg.models m USING (model_id) WHERE m.model = 'good'")" 2 "there is a new version"

is "$(job bad status)" failed "pg_cron: the job without SELECT on its source failed"
like "$(job bad return_message)" 'permission denied for table private' "pg_cron: and says why"
is "$(run bad status)" failed "mlpg.runs: so did the run"
like "$(run bad error)" '^42501: permission denied for table private' "mlpg.runs: with the same reason"
is "$(client -c "SELECT count(*) FROM mlpg.model_versions v JOIN mlpg.models m USING (model_id) WHERE m.model = 'bad'")" 1 "the old version serves on"

is "$(job bait username)" postgres "a superuser's job"
is "$(job bait status)" succeeded "ran the stored function as the model's owner"
is "$(run bait username)" postgres "and is known as the one who started it"

is "$(client -c "SELECT count(*) FROM mlpg.runs WHERE status = 'running'")" 0 "no lease is left"
# a second call with the key does nothing; within a week of the first it is the same key
client -c "SELECT cron.unschedule(jobid) FROM cron.job" >/dev/null
key=$(run good key)
like "$(client -c "CALL mlpg.retrain('good', key => '$key')" 2>&1)" 'was already done as run [0-9]+, skipped' "a second run with the same key is skipped"
done_testing
