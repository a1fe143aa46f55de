-- deploy, rollback and retrain: which version serves, why, and what is left behind.
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
-- figures are checked elsewhere: here only what the sentence says
CREATE FUNCTION pg_temp.words(why text) RETURNS text
	LANGUAGE sql RETURN regexp_replace(regexp_replace(why, '(by|se|only) [0-9][0-9.e-]*', '\1 N', 'g'), 'run [0-9]+', 'run N');

CREATE ROLE mlpg_keeper;
SELECT mlpg.grant_usage('mlpg_keeper', 'train');
CREATE TABLE kept_data AS SELECT x::float8, 3 * x + x % 7 AS y FROM generate_series(1, 500) AS x;
GRANT SELECT ON kept_data TO mlpg_keeper;
SET ROLE mlpg_keeper;

\set VERBOSITY terse
-- versions 1 and 3 are the mean, 2 and 4 follow the data
SET client_min_messages = error;
SELECT 1 AS trained FROM mlpg.train('kept', 'kept_data', 'y', 'baseline');
SELECT 1 AS trained FROM mlpg.train('kept', 'kept_data', 'y', 'linear');
SELECT 1 AS trained FROM mlpg.train('kept', 'kept_data', 'y', 'baseline');
SELECT 1 AS trained FROM mlpg.train('kept', 'kept_data', 'y', 'linear');
RESET client_min_messages;

-- the first serves by itself
SELECT alias, version FROM mlpg.aliases;
-- better than the champion and the baselines
SELECT model, alias, from_version, to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 2);
SELECT model, alias, from_version, to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 2);
-- worse; not better by enough; equal to what serves
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 3);
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 3, better_than => '{champion}');
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 4);
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 4, better_than => '{baselines}', min_gain => 1e9);
-- against chosen rivals, or none
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 4, better_than => '{baselines}');
SELECT to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', 3, better_than => '{}');
SELECT to_version, deployed, why FROM mlpg.deploy('kept', 1, force => true, reason => 'the audit wants it');
-- the newest, under another alias
SELECT alias, from_version, to_version, deployed, pg_temp.words(why) AS why FROM mlpg.deploy('kept', alias => 'challenger');
SELECT raises(statement) FROM unnest(ARRAY[
	$$SELECT mlpg.deploy('kept', 9)$$,
	$$SELECT mlpg.deploy('kept', 2, better_than => '{nothing}')$$,
	$$SELECT mlpg.deploy('kept@challenger', 2)$$,
	$$SELECT mlpg.deploy('kept', 2, alias => '7', force => true)$$,
	$$SELECT mlpg.deploy('kep', 2)$$]) AS statement;

-- rollbacks go back one by one, through the deployments of 1, 2, 4, 3, 1
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept');
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept', reason => 'still too high');
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept');
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept');
SELECT raises($$SELECT mlpg.rollback('kept')$$);
-- a new deployment starts from here; a version can be named
SELECT to_version, deployed FROM mlpg.deploy('kept', 4);
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept', to_version => 2);
SELECT from_version, to_version, deployed, why FROM mlpg.rollback('kept', to_version => 2);
-- a retired alias comes back
SELECT mlpg.set_alias('kept', 'challenger', NULL) AS retired;
SELECT alias, from_version, to_version, deployed, why FROM mlpg.rollback('kept', 'challenger');

-- the history
SELECT alias, from_version, to_version, action, gate ->> 'forced' AS forced,
	(SELECT string_agg((c ->> 'against') || CASE WHEN (c ->> 'passed')::boolean THEN ' passed' ELSE ' failed' END, ', ')
		FROM jsonb_array_elements(gate -> 'checks') AS c) AS checks, pg_temp.words(reason) AS reason, decided_by
FROM mlpg.deployments ORDER BY deployment_id;

-- retrain: today's data, the stored recipe, the gate, one run
RESET ROLE;
UPDATE kept_data SET y = y + 1000;
SET ROLE mlpg_keeper;
SET client_min_messages = warning;
CALL mlpg.retrain('kept');
CALL mlpg.retrain('kept', deploy => 'never', key => 'week 1');
CALL mlpg.retrain('kept', deploy => 'always');
-- done before: skipped
CALL mlpg.retrain('kept', deploy => 'never', key => 'week 1');
SELECT version, v.n_rows, r.kind, r.key, r.status, r.params ->> 'deploy' AS deploy, r.metrics ->> 'deployed' AS deployed, r.username,
	r.error, r.ended_at > r.started_at AS has_ended, r.seconds > 0 AS took_time
FROM mlpg.model_versions v JOIN mlpg.runs r USING (run_id) WHERE r.kind = 'retrain' ORDER BY version;
SELECT line, level, pg_temp.words(message) AS message FROM mlpg.run_log
WHERE run_id = (SELECT max(run_id) FROM mlpg.runs) ORDER BY line;
SELECT version FROM mlpg.aliases WHERE alias = 'champion';

-- a failure is recorded, the serving version stays, and the key is free again
RESET ROLE;
REVOKE SELECT ON kept_data FROM mlpg_keeper;
SET ROLE mlpg_keeper;
\set SHOW_CONTEXT never
CALL mlpg.retrain('kept', key => 'week 2');
\echo :SQLSTATE
SELECT status, error, r.metrics, version IS NOT NULL AS has_version FROM mlpg.runs r LEFT JOIN mlpg.model_versions USING (run_id) WHERE r.key = 'week 2';
SELECT version FROM mlpg.aliases WHERE alias = 'champion';
RESET ROLE;
GRANT SELECT ON kept_data TO mlpg_keeper;
SET ROLE mlpg_keeper;
CALL mlpg.retrain('kept', key => 'week 2');
SELECT status FROM mlpg.runs WHERE key = 'week 2' ORDER BY run_id;

-- where it cannot run
BEGIN;
CALL mlpg.retrain('kept');
\echo :SQLSTATE
ROLLBACK;
CALL mlpg.retrain('kept', deploy => 'perhaps');
\echo :SQLSTATE
CALL mlpg.retrain('kep');
\echo :SQLSTATE
SELECT count(*) AS running FROM mlpg.runs WHERE status = 'running';
RESET client_min_messages;

-- steps are nobody's but the run's
SELECT pg_temp.words(raises(statement)) FROM unnest(ARRAY[
	$$SELECT mlpg.step_retrain_train(0)$$,
	$$SELECT mlpg.step_retrain_train(max(run_id)) FROM mlpg.runs$$,
	$$SELECT mlpg.step_retrain_end(max(run_id), 'failed', NULL, 'x') FROM mlpg.runs$$,
	$$SELECT mlpg.step_retrain_log(max(run_id), 'notice', 'x') FROM mlpg.runs$$]) AS statement;

-- a lease that was left in this session, by a CALL that ended between two steps, is taken over
SELECT mlpg.step_retrain_begin('kept', NULL, NULL, '{"deploy": "never", "better_than": [], "min_gain": 0}') IS NOT NULL AS has_lease;
SET client_min_messages = warning;
CALL mlpg.retrain('kept', deploy => 'never');
RESET client_min_messages;
SELECT status, error FROM mlpg.runs ORDER BY run_id DESC LIMIT 2;

-- a temporary source trains and cannot be retrained
CREATE TEMP TABLE fleeting AS SELECT x::float8, 2 * x AS y FROM generate_series(1, 100) AS x;
SET client_min_messages = error;
SELECT 1 AS trained FROM mlpg.train('fleeting', 'fleeting', 'y', 'linear');
RESET client_min_messages;
CALL mlpg.retrain('fleeting');
\echo :SQLSTATE

-- an owner who is gone
RESET ROLE;
UPDATE mlpg.models SET owner = 'mlpg_gone' WHERE model = 'kept';
CALL mlpg.retrain('kept');
\echo :SQLSTATE
SELECT mlpg.set_owner('kept', 'mlpg_keeper') AS given;

SELECT mlpg.drop_model('kept') AS dropped, mlpg.drop_model('fleeting') AS dropped_too;
DROP TABLE kept_data;
DROP OWNED BY mlpg_keeper;
DROP ROLE mlpg_keeper;
