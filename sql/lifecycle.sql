-- lifecycle.sql: which version serves, why, and how it is replaced.
--
-- deploy, rollback and retrain decide here, in SQL that can be read; what
-- changes the registry or runs stored SQL as the model's owner is C
-- (src/pg/api/lifecycle.c).  Every column is written with its table, so that
-- no argument can be taken for one.  Rules: doc/registry.md.

CREATE TYPE mlpg.deployment_row AS (
	model        text,
	alias        text,
	from_version integer,
	to_version   integer,
	deployed     boolean,
	why          text
);
COMMENT ON TYPE mlpg.deployment_row IS 'What mlpg.deploy and mlpg.rollback return: the alias, the version before and after, whether it moved, and why.';

-- C parts

CREATE FUNCTION mlpg.lock_model(model text) RETURNS bigint
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_lock_model';
COMMENT ON FUNCTION mlpg.lock_model(text) IS
'The model_id of a model of the caller''s own, locked against other deployments until the transaction ends. A part of mlpg.deploy.
Example: SELECT mlpg.lock_model(''beverage'');';

CREATE FUNCTION mlpg.compare_versions(model text, challenger integer, incumbent integer, metric text DEFAULT NULL,
	OUT gain double precision, OUT se double precision, OUT n bigint) RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_compare_versions';
COMMENT ON FUNCTION mlpg.compare_versions(text, integer, integer, text) IS
'Paired comparison of two versions of a model of the caller''s own, on the rows of the challenger''s hold-out that neither was fitted on: mean gain in the metric''s unit (positive: the challenger is better), its standard error, and the rows. Reads the stored source as the model''s owner.
Example: SELECT * FROM mlpg.compare_versions(''beverage'', 2, 1);';

CREATE FUNCTION mlpg.write_deployment(model text, alias text, version integer, action text, gate jsonb, reason text) RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_write_deployment';
COMMENT ON FUNCTION mlpg.write_deployment(text, text, integer, text, jsonb, text) IS
'Moves an alias of a model of the caller''s own and records it; returns the version before. The last step of mlpg.deploy and mlpg.rollback, which judge first.
Example: SELECT mlpg.write_deployment(''beverage'', ''champion'', 2, ''deploy'', NULL, ''by hand'');';

-- The gate

CREATE FUNCTION mlpg.format_number(value double precision) RETURNS text
	LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN value OPERATOR(pg_catalog.=) 0 THEN '0'
	WHEN pg_catalog.abs(value) OPERATOR(pg_catalog.<) 1e12 AND pg_catalog.abs(value) OPERATOR(pg_catalog.>) 1e-12
	THEN pg_catalog.trim_scale(pg_catalog.round(value::numeric,
		GREATEST(0, 3 OPERATOR(pg_catalog.-) pg_catalog.floor(pg_catalog.log(pg_catalog.abs(value)))::integer)))::text
	ELSE value::text
END;
COMMENT ON FUNCTION mlpg.format_number(double precision) IS
'A number with four significant digits, for sentences.
Example: SELECT mlpg.format_number(21.48231);';

CREATE FUNCTION mlpg.metric_gain(metric text, value double precision, reference double precision) RETURNS double precision
	LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN metric OPERATOR(pg_catalog.=) ANY ('{r2,fill_rate,auc,average_precision,accuracy,mcc,f1,precision_at,recall_at,f1_at,precision_macro,recall_macro,f1_macro,precision_micro,recall_micro,f1_micro}'::text[])
	THEN value OPERATOR(pg_catalog.-) reference
	WHEN metric OPERATOR(pg_catalog.=) 'bias'
	THEN pg_catalog.abs(reference) OPERATOR(pg_catalog.-) pg_catalog.abs(value)
	ELSE reference OPERATOR(pg_catalog.-) value
END;
COMMENT ON FUNCTION mlpg.metric_gain(text, double precision, double precision) IS
'By how much a value of a metric is better than a reference, in the metric''s unit; negative when it is worse.
Example: SELECT mlpg.metric_gain(''order_cost'', 21.5, 22.8);';

CREATE FUNCTION mlpg.gain_phrase(rival text, gain double precision, se double precision, passed boolean) RETURNS text
	LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.concat(
	CASE WHEN gain OPERATOR(pg_catalog.>) 0 THEN 'beats ' WHEN gain OPERATOR(pg_catalog.<) 0 THEN 'trails ' ELSE 'equals ' END,
	rival,
	CASE WHEN gain OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.concat(' by ',
		CASE WHEN gain OPERATOR(pg_catalog.>) 0 AND NOT passed THEN 'only ' END,
		mlpg.format_number(pg_catalog.abs(gain))) END,
	CASE WHEN se IS NOT NULL THEN pg_catalog.concat(' (se ', mlpg.format_number(se), ')') END);
COMMENT ON FUNCTION mlpg.gain_phrase(text, double precision, double precision, boolean) IS
'A gain in words, with its standard error.
Example: SELECT mlpg.gain_phrase(''version 2'', 1.52, 0.41, true);';

CREATE FUNCTION mlpg.gate_baselines(metrics jsonb, metric text, min_gain double precision,
	OUT passed boolean, OUT why text, OUT facts jsonb)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	name text := coalesce(gate_baselines.metric, metrics ->> 'metric');
	own float8 := CASE WHEN name = metrics ->> 'metric' THEN (metrics ->> 'value')::float8
		ELSE (metrics -> 'metrics' ->> name)::float8 END;
	best record;
	se float8;
BEGIN
	SELECT b.key AS baseline, mlpg.metric_gain(name, own, (b.value ->> name)::float8) AS gain INTO best
	FROM jsonb_each(CASE WHEN jsonb_typeof(metrics -> 'baselines') = 'object' THEN metrics -> 'baselines' ELSE '{}' END) AS b
	WHERE b.value ->> name IS NOT NULL
	ORDER BY 2, b.key COLLATE "C" LIMIT 1;
	IF own IS NULL OR best IS NULL OR best.gain IS NULL THEN
		passed := false;
		why := 'cannot be compared with baselines: no hold-out';
		facts := jsonb_build_object('against', 'baselines', 'passed', false);
		RETURN;
	END IF;
	-- baseline_se is that of the paired difference to the stored baseline, se that of the metric itself
	IF name = metrics ->> 'metric' THEN
		se := coalesce(CASE WHEN best.baseline = metrics ->> 'baseline' THEN (metrics ->> 'baseline_se')::float8 END,
			(metrics ->> 'se')::float8);
	END IF;
	passed := best.gain > greatest(min_gain, coalesce(se, 0));
	why := mlpg.gain_phrase('baseline ' || best.baseline, best.gain, se, passed);
	facts := jsonb_build_object('against', 'baselines', 'baseline', best.baseline, 'metric', name, 'value', own,
		'gain', best.gain, 'se', se, 'n', metrics -> 'n', 'passed', passed);
END
$$;
COMMENT ON FUNCTION mlpg.gate_baselines(jsonb, text, double precision) IS
'Judges the metrics of a version (model_versions.metrics) against its best baseline on the same hold-out: better by more than min_gain and more than one standard error. A part of mlpg.deploy.
Example: SELECT * FROM mlpg.gate_baselines(''{"metric":"mae","value":3,"baselines":{"mean":{"mae":4}}}'', NULL, 0);';

CREATE FUNCTION mlpg.gate_version(model text, challenger integer, incumbent integer, alias text, metric text, min_gain double precision,
	OUT passed boolean, OUT why text, OUT facts jsonb)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	compared record;
BEGIN
	SELECT c.gain, c.se, c.n INTO compared
	FROM mlpg.compare_versions(gate_version.model, gate_version.challenger, gate_version.incumbent, gate_version.metric) AS c;
	passed := compared.n > 0 AND compared.gain > greatest(min_gain, coalesce(compared.se, 0));
	IF compared.n IS NULL OR compared.n = 0 THEN
		passed := false;
		why := format('cannot be compared with version %s: no rows that neither saw', gate_version.incumbent);
	ELSE
		why := mlpg.gain_phrase(format('version %s', gate_version.incumbent), compared.gain, compared.se, passed);
	END IF;
	facts := jsonb_build_object('against', gate_version.alias, 'version', gate_version.incumbent, 'metric', gate_version.metric,
		'gain', compared.gain, 'se', compared.se, 'n', compared.n, 'passed', passed);
END
$$;
COMMENT ON FUNCTION mlpg.gate_version(text, integer, integer, text, text, double precision) IS
'Judges a version against the one that an alias points to: better by more than min_gain and more than one standard error, on rows that neither was fitted on. A part of mlpg.deploy.
Example: SELECT * FROM mlpg.gate_version(''beverage'', 2, 1, ''champion'', ''order_cost'', 0);';

CREATE FUNCTION mlpg.deploy(
	model text,
	version integer DEFAULT NULL,
	alias text DEFAULT 'champion',
	metric text DEFAULT NULL,
	better_than text[] DEFAULT '{champion,baselines}',
	min_gain double precision DEFAULT 0,
	reason text DEFAULT NULL,
	force boolean DEFAULT false)
	RETURNS SETOF mlpg.deployment_row
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 1
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	id bigint := mlpg.lock_model(deploy.model);
	target int;
	metrics jsonb;
	rival text;
	rival_version int;
	current_version int;
	verdict record;
	checks jsonb := '[]';
	reasons text[] := '{}';
	refusals text[] := '{}';
	sentence text;
BEGIN
	SELECT v.version, v.metrics INTO target, metrics
	FROM mlpg.model_versions AS v
	WHERE v.model_id = id AND (deploy.version IS NULL OR v.version = deploy.version)
	ORDER BY v.version DESC LIMIT 1;
	IF target IS NULL THEN
		RAISE EXCEPTION 'model "%" has no alias or version "%"', deploy.model, coalesce(deploy.version::text, 'any')
			USING ERRCODE = 'undefined_object', HINT = 'See mlpg.model_versions.';
	END IF;
	SELECT a.version INTO current_version FROM mlpg.aliases AS a WHERE a.model_id = id AND a.alias = deploy.alias;
	IF current_version = target THEN
		RETURN NEXT (deploy.model, deploy.alias, current_version, target, false,
			format('it is the %s already', deploy.alias))::mlpg.deployment_row;
		RETURN;
	END IF;

	IF NOT coalesce(force, false) THEN
		FOREACH rival IN ARRAY coalesce(better_than, '{}') LOOP
			IF rival = 'baselines' THEN
				SELECT g.passed, g.why, g.facts INTO verdict FROM mlpg.gate_baselines(metrics, deploy.metric, min_gain) AS g;
			ELSE
				SELECT a.version INTO rival_version FROM mlpg.aliases AS a WHERE a.model_id = id AND a.alias = rival;
				IF rival_version IS NULL AND rival <> 'champion' THEN
					RAISE EXCEPTION 'model "%" has no alias or version "%"', deploy.model, rival
						USING ERRCODE = 'undefined_object',
							HINT = 'better_than takes "baselines" and aliases of the model, such as "champion".';
				END IF;
				CONTINUE WHEN rival_version IS NULL OR rival_version = target;
				SELECT g.passed, g.why, g.facts INTO verdict
				FROM mlpg.gate_version(deploy.model, target, rival_version, rival,
					coalesce(deploy.metric, metrics ->> 'metric'), min_gain) AS g;
			END IF;
			checks := checks || verdict.facts;
			IF verdict.passed THEN
				reasons := reasons || verdict.why;
			ELSE
				refusals := refusals || verdict.why;
			END IF;
		END LOOP;
	END IF;
	IF cardinality(refusals) > 0 THEN
		RETURN NEXT (deploy.model, deploy.alias, current_version, current_version, false,
			concat_ws(' ', coalesce(deploy.metric, metrics ->> 'metric'),
				array_to_string(refusals, ' and ')))::mlpg.deployment_row;
		RETURN;
	END IF;

	sentence := CASE
		WHEN coalesce(force, false) THEN 'forced, without a comparison'
		WHEN cardinality(reasons) = 0 THEN 'there was nothing to compare with'
		ELSE concat_ws(' ', coalesce(deploy.metric, metrics ->> 'metric'), array_to_string(reasons, ' and ')) END;
	PERFORM mlpg.write_deployment(deploy.model, deploy.alias, target, 'deploy',
		jsonb_build_object('forced', coalesce(force, false), 'min_gain', min_gain, 'checks', checks),
		coalesce(deploy.reason, sentence));
	RETURN NEXT (deploy.model, deploy.alias, current_version, target, true, sentence)::mlpg.deployment_row;
END
$$;
COMMENT ON FUNCTION mlpg.deploy(text, integer, text, text, text[], double precision, text, boolean) IS
'Makes a version (NULL: the newest) serve under an alias, if it is better than the champion and its baselines on one hold-out by more than min_gain and one standard error; says why, or why not. force deploys without a comparison. The owner''s.
Example: SELECT * FROM mlpg.deploy(''beverage'');';

-- The versions that an alias would fall back to, newest first: deployments push, rollbacks pop.
CREATE FUNCTION mlpg.rollback_stack(model_id bigint, alias text) RETURNS integer[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	step record;
	stack int[] := '{}';			-- oldest first
	position int;
BEGIN
	FOR step IN
		SELECT d.action, d.to_version FROM mlpg.deployments AS d
		WHERE d.model_id = rollback_stack.model_id AND d.alias = rollback_stack.alias
		ORDER BY d.deployment_id
	LOOP
		CONTINUE WHEN step.to_version IS NULL;
		position := array_length(array_positions(stack, step.to_version), 1);
		IF step.action = 'rollback' AND position IS NOT NULL THEN
			position := (array_positions(stack, step.to_version))[position];
			stack := stack[1:position];
		ELSIF stack[cardinality(stack)] IS DISTINCT FROM step.to_version THEN
			stack := stack || step.to_version;
		END IF;
	END LOOP;
	RETURN (SELECT array_agg(s.version ORDER BY s.place DESC)
		FROM unnest(stack) WITH ORDINALITY AS s (version, place)
		JOIN mlpg.model_versions AS v ON v.model_id = rollback_stack.model_id AND v.version = s.version);
END
$$;
COMMENT ON FUNCTION mlpg.rollback_stack(bigint, text) IS
'The versions that an alias has stood for and would fall back to, the present one first; versions that were dropped are left out. A part of mlpg.rollback.
Example: SELECT mlpg.rollback_stack(m.model_id, ''champion'') FROM mlpg.models m;';

CREATE FUNCTION mlpg.rollback(
	model text,
	alias text DEFAULT 'champion',
	to_version integer DEFAULT NULL,
	reason text DEFAULT NULL)
	RETURNS SETOF mlpg.deployment_row
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 1
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	id bigint := mlpg.lock_model(rollback.model);
	current_version int;
	earlier int[];
	target int := rollback.to_version;
BEGIN
	SELECT a.version INTO current_version FROM mlpg.aliases AS a WHERE a.model_id = id AND a.alias = rollback.alias;
	IF target IS NULL THEN
		earlier := mlpg.rollback_stack(id, rollback.alias);
		SELECT e.version INTO target FROM unnest(earlier) WITH ORDINALITY AS e (version, place)
		WHERE e.version IS DISTINCT FROM current_version ORDER BY e.place LIMIT 1;
	END IF;
	IF target IS NULL THEN
		RAISE EXCEPTION 'there is nothing to roll "%" of model "%" back to', rollback.alias, rollback.model
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'No earlier version that served under this alias is left.',
				HINT = 'Name one with to_version, or see mlpg.deployments.';
	END IF;
	IF current_version = target THEN
		RETURN NEXT (rollback.model, rollback.alias, current_version, target, false,
			format('it is the %s already', rollback.alias))::mlpg.deployment_row;
		RETURN;
	END IF;
	PERFORM mlpg.write_deployment(rollback.model, rollback.alias, target, 'rollback', NULL, rollback.reason);
	RETURN NEXT (rollback.model, rollback.alias, current_version, target, true,
		coalesce(rollback.reason, 'rolled back'))::mlpg.deployment_row;
END
$$;
COMMENT ON FUNCTION mlpg.rollback(text, text, integer, text) IS
'Points an alias back to the version that served before; the n-th rollback in a row goes n back. No comparison is made. The owner''s.
Example: SELECT * FROM mlpg.rollback(''beverage'', reason => ''stock-outs'');';

-- Retraining: one lease, two steps, each committed by the procedure

CREATE FUNCTION mlpg.step_retrain_begin(model text, as_of timestamptz, key text, params jsonb) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_step_retrain_begin';
COMMENT ON FUNCTION mlpg.step_retrain_begin(text, timestamptz, text, jsonb) IS
'Takes the lease of a retraining: a row of mlpg.runs, whose run_id it returns; NULL when a run with the key has succeeded already. A part of mlpg.retrain.
Example: SELECT mlpg.step_retrain_begin(''beverage'', now(), NULL, ''{}'');';

CREATE FUNCTION mlpg.step_retrain_train(run_id bigint) RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_step_retrain_train';
COMMENT ON FUNCTION mlpg.step_retrain_train(bigint) IS
'Runs the stored recipe on today''s data, as the owner of the model; returns the new version. A part of mlpg.retrain.
Example: SELECT mlpg.step_retrain_train(max(run_id)) FROM mlpg.runs WHERE status = ''running'';';

CREATE FUNCTION mlpg.step_retrain_end(run_id bigint, status text, metrics jsonb, error text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_step_retrain_end';
COMMENT ON FUNCTION mlpg.step_retrain_end(bigint, text, jsonb, text) IS
'Ends a retraining of this session, and its lease. A part of mlpg.retrain.
Example: SELECT mlpg.step_retrain_end(max(run_id), ''failed'', NULL, ''given up'') FROM mlpg.runs WHERE status = ''running'';';

CREATE FUNCTION mlpg.step_retrain_log(run_id bigint, level text, message text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_step_retrain_log';
COMMENT ON FUNCTION mlpg.step_retrain_log(bigint, text, text) IS
'Adds a line to mlpg.run_log for a retraining of this session. A part of mlpg.retrain.
Example: SELECT mlpg.step_retrain_log(max(run_id), ''notice'', ''a remark'') FROM mlpg.runs WHERE status = ''running'';';

CREATE FUNCTION mlpg.step_retrain_decide(run_id bigint) RETURNS text
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	run record;
	is_deployed boolean := false;
	reason text := 'not to be deployed, as asked';
BEGIN
	SELECT m.model, v.version, r.params ->> 'deploy' AS deploy, r.params -> 'better_than' AS better_than,
		(r.params ->> 'min_gain')::float8 AS min_gain
	INTO STRICT run
	FROM mlpg.runs AS r JOIN mlpg.models AS m USING (model_id) JOIN mlpg.model_versions AS v USING (run_id)
	WHERE r.run_id = step_retrain_decide.run_id;
	IF run.deploy <> 'never' THEN
		SELECT d.deployed, d.why INTO STRICT is_deployed, reason
		FROM mlpg.deploy(run.model, run.version, force => run.deploy = 'always', min_gain => run.min_gain,
			better_than => ARRAY(SELECT jsonb_array_elements_text(run.better_than))) AS d;
	END IF;
	reason := format('version %s is %s: %s', run.version,
		CASE WHEN is_deployed THEN 'serving' ELSE 'not serving' END, reason);
	PERFORM mlpg.step_retrain_log(step_retrain_decide.run_id, 'notice', reason);
	PERFORM mlpg.step_retrain_end(step_retrain_decide.run_id, 'succeeded',
		jsonb_build_object('version', run.version, 'deployed', is_deployed, 'why', reason), NULL);
	RETURN format('model "%s" retrained by run %s; %s', run.model, step_retrain_decide.run_id, reason);
END
$$;
COMMENT ON FUNCTION mlpg.step_retrain_decide(bigint) IS
'Deploys the version that a retraining made, if it passes the gate, and ends the run; returns the sentence. A part of mlpg.retrain.
Example: SELECT mlpg.step_retrain_decide(max(run_id)) FROM mlpg.runs WHERE status = ''running'';';

CREATE TYPE mlpg.step_row AS (
	outcome    text,
	error_code text,
	message    text,
	detail     text,
	hint       text
);
COMMENT ON TYPE mlpg.step_row IS 'What a step of a procedure returns: its outcome, or the error that it has recorded and the procedure raises again after COMMIT.';

CREATE FUNCTION mlpg.step_retrain(run_id bigint, step text) RETURNS mlpg.step_row
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
	result mlpg.step_row;
BEGIN
	BEGIN
		IF step = 'train' THEN
			result.outcome := mlpg.step_retrain_train(step_retrain.run_id)::text;
		ELSE
			result.outcome := mlpg.step_retrain_decide(step_retrain.run_id);
		END IF;
	EXCEPTION WHEN query_canceled OR OTHERS THEN
		GET STACKED DIAGNOSTICS
			result.error_code = RETURNED_SQLSTATE,
			result.message = MESSAGE_TEXT,
			result.detail = PG_EXCEPTION_DETAIL,
			result.hint = PG_EXCEPTION_HINT;
		PERFORM mlpg.step_retrain_end(step_retrain.run_id, 'failed', NULL,
			format('%s: %s', result.error_code, concat_ws(' ', result.message, nullif(result.detail, ''))));
		result.detail := concat_ws(' ', nullif(result.detail, ''), format('Recorded as run %s.', step_retrain.run_id));
		result.hint := coalesce(nullif(result.hint, ''), 'See mlpg.runs and mlpg.run_log; the serving version is unchanged.');
	END;
	RETURN result;
END
$$;
COMMENT ON FUNCTION mlpg.step_retrain(bigint, text) IS
'One step of mlpg.retrain, train or decide: does it, or records why it failed. The procedure commits after it.
Example: SELECT * FROM mlpg.step_retrain(0, ''train'');';

CREATE PROCEDURE mlpg.retrain(
	model text,
	as_of timestamptz DEFAULT NULL,
	deploy text DEFAULT 'if_better',
	better_than text[] DEFAULT '{champion,baselines}',
	min_gain double precision DEFAULT 0,
	key text DEFAULT NULL)
	LANGUAGE plpgsql
AS $$
#variable_conflict error
-- No SET clause (it would forbid COMMIT): every name here is qualified, and
-- everything else happens in the steps.
DECLARE
	run bigint;
	step text;
	result mlpg.step_row;
BEGIN
	IF deploy IS NULL OR NOT (deploy OPERATOR(pg_catalog.=) ANY ('{if_better,always,never}'::pg_catalog.text[])) THEN
		RAISE EXCEPTION 'unrecognized value "%" of argument "deploy"', deploy
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid values are "if_better", "always" and "never".';
	END IF;
	run := mlpg.step_retrain_begin(model, as_of, key, pg_catalog.jsonb_build_object(
		'deploy', deploy, 'better_than', pg_catalog.to_jsonb(better_than), 'min_gain', min_gain));
	COMMIT;
	IF run IS NULL THEN
		RETURN;
	END IF;
	FOREACH step IN ARRAY '{train,decide}'::pg_catalog.text[] LOOP
		result := mlpg.step_retrain(run, step);
		COMMIT;
		IF result.error_code IS NOT NULL THEN
			RAISE EXCEPTION '%', result.message
				USING ERRCODE = result.error_code, DETAIL = result.detail, HINT = result.hint;
		END IF;
	END LOOP;
	RAISE NOTICE '%', result.outcome;
END
$$;
COMMENT ON PROCEDURE mlpg.retrain(text, timestamptz, text, text[], double precision, text) IS
'Trains a model again by its stored recipe on today''s data, as its owner, and deploys the new version if it is better (deploy: if_better, always or never). Commits between steps; failures are in mlpg.runs; a second call with the same key is skipped. For a scheduler: one CALL, alone.
Example: CALL mlpg.retrain(''beverage'');';
