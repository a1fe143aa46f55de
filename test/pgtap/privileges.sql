-- The privilege matrix: every object of schema mlpg has an entry here, and the
-- catalog says the same. An object without an entry fails the test.
BEGIN;
SELECT no_plan();

CREATE ROLE mlpg_test_nobody;
CREATE ROLE mlpg_test_trainer;
SELECT ok(mlpg.grant_usage('mlpg_test_trainer', 'train'), 'train is granted');

-- public: EXECUTE for everybody. train: by mlpg.grant_usage. nobody: neither.
CREATE TEMP TABLE routine (name name PRIMARY KEY, class text NOT NULL);
INSERT INTO routine
SELECT unnest(names::name[]), class FROM (VALUES
	('public', '{
		bias, coverage, expectile_loss, fill_rate, linex, mae, mape, mse, order_cost, pinball, r2, rmse, smape,
		stockout_rate, tweedie_deviance, wape, winkler, newsvendor, log_loss, brier, accuracy,
		auc, average_precision, precision_at, recall_at, f1_at, mcc, precision_macro, recall_macro, f1_macro,
		precision_micro, recall_micro, f1_micro, roc_points, pr_points, calibration_bins, confusion_cells,
		fit, predict, predict_quantile, predict_quantiles, predict_interval, predict_interval_columns,
		predict_class, predict_proba, predict_class_columns, predict_proba_columns,
		predict_columns, predict_quantile_columns, predict_quantiles_columns, summary, coefficients, get_model,
		explain, importance, path, tree, from_lightgbm, to_lightgbm,
		model_in, model_out, model_recv, model_send, model_from_bytea, model_to_bytea,
		learners, learner_params, progress_slots,
		visible_models, has_model_privilege, version_at, format_number, gain_phrase, metric_gain
	}'),
	('train', '{
		train, canonical_source, log_predictions, log_actuals, create_view, predict_batch,
		evaluate, roc_curve, pr_curve, calibration, confusion, importance_of_rows,
		deploy, rollback, rollback_stack, lock_model, gate_baselines, gate_version, compare_versions, write_deployment,
		retrain, step_retrain, step_retrain_begin, step_retrain_train, step_retrain_decide, step_retrain_log, step_retrain_end,
		set_alias, set_tag, describe_model, rename_model, set_owner, drop_version, drop_model, grant_model, revoke_model
	}'),
	('nobody', '{
		metric_accum, metric_combine, metric_value,
		score_accum, score_combine, cell_accum, cell_combine, bin_accum, bin_combine,
		auc_final, average_precision_final, roc_points_final, pr_points_final, mcc_final, precision_macro_final, recall_macro_final,
		f1_macro_final, share_right_final, confusion_cells_final, calibration_bins_final,
		fit_array_accum, fit_array_combine, fit_array_final,
		fit_row_accum, fit_row_combine, fit_row_serialize, fit_row_deserialize, fit_row_final,
		state_in, state_out, state_recv, state_send,
		predict_support, registry_changed, usage_routines, grant_usage
	}')) AS entry (class, names);

-- select: SELECT for everybody, of rows that row-level security leaves. hidden: nothing for anybody.
CREATE TEMP TABLE relation (name name PRIMARY KEY, class text NOT NULL);
INSERT INTO relation
SELECT unnest(names::name[]), class FROM (VALUES
	('select', '{
		models, model_versions, model_grants, aliases, deployments, runs, run_log, run_metrics,
		predictions, actuals, series_columns,
		model_overview, leaderboard, forecast_log, forecast_vs_actual, metrics_over_time, progress
	}'),
	('hidden', '{
		model_blobs, predictions_default,
		models_model_id_seq, runs_run_id_seq, deployments_deployment_id_seq, predictions_prediction_id_seq
	}')) AS entry (class, names);

CREATE TEMP VIEW mlpg_routine AS
SELECT p.oid, CASE p.prosrc WHEN 'mlpg_sql_importance_of_rows' THEN 'importance_of_rows' ELSE p.proname END AS proname, p.oid::regprocedure::text AS signature, p.prosecdef, p.proleakproof, p.prokind, p.proconfig, p.prosrc,
	l.lanname, p.provolatile, p.proparallel
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'mlpg'::regnamespace;
CREATE TEMP VIEW mlpg_relation AS
SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.reloptions
FROM pg_class c
WHERE c.relnamespace = 'mlpg'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c', 't');

-- the lists are complete and have no leftovers
SELECT is_empty($$SELECT DISTINCT proname FROM mlpg_routine WHERE proname NOT IN (SELECT name FROM routine)$$,
	'every routine has an entry');
SELECT is_empty($$SELECT name FROM routine WHERE name NOT IN (SELECT proname FROM mlpg_routine)$$,
	'every entry is a routine');
SELECT is_empty($$SELECT relname FROM mlpg_relation WHERE relname NOT IN (SELECT name FROM relation)$$,
	'every relation has an entry');
SELECT is_empty($$SELECT name FROM relation WHERE name NOT IN (SELECT relname FROM mlpg_relation)$$,
	'every entry is a relation');

-- routines
SELECT is(has_function_privilege('mlpg_test_nobody', r.oid, 'EXECUTE'), e.class = 'public',
	'public: ' || r.signature) FROM mlpg_routine r JOIN routine e ON e.name = r.proname ORDER BY r.signature;
SELECT is(has_function_privilege('mlpg_test_trainer', r.oid, 'EXECUTE'), e.class IN ('public', 'train'),
	'train: ' || r.signature) FROM mlpg_routine r JOIN routine e ON e.name = r.proname ORDER BY r.signature;
SELECT is_empty($$SELECT signature FROM mlpg_routine WHERE prosecdef$$, 'no routine is SECURITY DEFINER');
SELECT is_empty($$SELECT signature FROM mlpg_routine WHERE proleakproof$$, 'no routine is LEAKPROOF');
SELECT is_empty($$SELECT signature FROM mlpg_routine
	WHERE proconfig IS NOT NULL AND proconfig <> '{"search_path=pg_catalog, pg_temp"}'$$,
	'a routine with a SET clause sets the safe search_path and nothing else');
SELECT is_empty($$SELECT signature FROM mlpg_routine WHERE prokind = 'p' AND proconfig IS NOT NULL$$,
	'no procedure has a SET clause: it could not commit');
SELECT is_empty($$SELECT signature FROM mlpg_routine
	WHERE lanname = 'plpgsql' AND prosrc !~ '#variable_conflict error'$$, 'PL/pgSQL takes no column for a variable');
SELECT is_empty($$SELECT signature FROM mlpg_routine
	WHERE lanname = 'plpgsql' AND prokind = 'f' AND proconfig IS NULL$$, 'a PL/pgSQL function has the safe search_path');
SELECT is_empty($$SELECT signature FROM mlpg_routine WHERE lanname NOT IN ('c', 'internal', 'sql', 'plpgsql')$$,
	'no other language is used');
SELECT is_empty($$SELECT signature FROM mlpg_routine WHERE obj_description(oid, 'pg_proc') IS NULL$$, 'every routine has a comment');
SELECT is_empty($$SELECT signature FROM mlpg_routine r JOIN routine e ON e.name = r.proname
	WHERE e.class <> 'nobody' AND r.proname !~ '^model_(in|out|recv|send)$' AND obj_description(oid, 'pg_proc') !~ 'Example: '$$,
	'and the comment of what people call ends with an example');

-- relations
SELECT is(has_table_privilege('mlpg_test_nobody', r.oid, 'SELECT'), e.class = 'select', 'SELECT on ' || r.relname)
FROM mlpg_relation r JOIN relation e ON e.name = r.relname WHERE r.relkind <> 'S' ORDER BY r.relname;
SELECT ok(NOT has_table_privilege(role, r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
	AND NOT has_any_column_privilege(role, r.oid, 'INSERT, UPDATE, REFERENCES'), format('%s writes nothing in %s', role, r.relname))
FROM mlpg_relation r, unnest('{mlpg_test_nobody,mlpg_test_trainer}'::name[]) AS role WHERE r.relkind <> 'S' ORDER BY r.relname, role;
SELECT ok(NOT has_sequence_privilege(role, r.oid, 'USAGE, SELECT, UPDATE'), format('%s: nothing on %s', role, r.relname))
FROM mlpg_relation r, unnest('{mlpg_test_nobody,mlpg_test_trainer}'::name[]) AS role WHERE r.relkind = 'S' ORDER BY r.relname, role;
SELECT is_empty($$SELECT relname FROM mlpg_relation WHERE relkind IN ('r', 'p') AND NOT relrowsecurity$$,
	'row-level security on every table');
SELECT is_empty($$SELECT relname FROM mlpg_relation r JOIN relation e ON e.name = r.relname
	WHERE relkind IN ('r', 'p') AND (e.class = 'select') <> EXISTS (SELECT FROM pg_policy WHERE polrelid = r.oid)$$,
	'a policy on every table that can be read, and on no other');
SELECT is_empty($$SELECT polname, polrelid::regclass FROM pg_policy
	WHERE polrelid IN (SELECT oid FROM mlpg_relation) AND polcmd <> 'r'$$, 'every policy is for SELECT');
SELECT is_empty($$SELECT relname FROM mlpg_relation
	WHERE relkind = 'v' AND coalesce(reloptions::text, '') !~ 'security_invoker=true'$$, 'every view runs as its reader');
SELECT is_empty($$SELECT relname FROM mlpg_relation WHERE relkind IN ('r', 'p', 'v') AND obj_description(oid, 'pg_class') IS NULL$$,
	'every table and view has a comment');
SELECT is_empty($$SELECT attrelid::regclass, attname FROM pg_attribute
	WHERE attrelid IN (SELECT oid FROM mlpg_relation WHERE relkind IN ('r', 'p', 'v') AND relname <> 'predictions_default')
	AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty($$SELECT relname FROM mlpg_relation r WHERE relkind IN ('r', 'p', 'S')
	AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'mlpg' AND r.oid = ANY (extconfig))$$,
	'pg_dump keeps the rows of every table and the value of every sequence');
SELECT is_empty($$SELECT tgname, tgrelid::regclass FROM pg_trigger
	WHERE tgrelid IN (SELECT oid FROM mlpg_relation) AND NOT tgisinternal AND tgenabled <> 'A'$$,
	'every trigger fires in replicas too');
SELECT set_eq($$SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'mlpg.registry_changed()'::regprocedure$$,
	'{mlpg.models,mlpg.aliases,mlpg.model_grants,mlpg.model_versions}'::text[], 'changes of the registry send invalidations');

-- a role without any right reads every view, and sees nothing
CREATE FUNCTION pg_temp.rows_seen(role text, relation text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE format('SELECT count(*) FROM mlpg.%I', relation) INTO n;
	RESET ROLE;
	RETURN n;
END $$;
SELECT is(pg_temp.rows_seen('mlpg_test_nobody', name), 0::bigint, 'a role without rights reads no row of ' || name)
FROM relation WHERE class = 'select' ORDER BY name;

-- the schema and the extension
SELECT ok(NOT has_schema_privilege('mlpg_test_trainer', 'mlpg', 'CREATE'), 'nobody creates in the schema');
SELECT ok(has_schema_privilege('mlpg_test_nobody', 'mlpg', 'USAGE'), 'everybody may name its objects');
SELECT is((SELECT extrelocatable FROM pg_extension WHERE extname = 'mlpg'), false, 'the extension cannot be moved');
SELECT is((SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'mlpg'), 'pg_catalog', 'nor was it installed elsewhere');

-- granting usage is the registry owner's
GRANT EXECUTE ON FUNCTION mlpg.grant_usage(text, text) TO mlpg_test_trainer;
SET LOCAL ROLE mlpg_test_trainer;
SELECT throws_ok($$SELECT mlpg.grant_usage('mlpg_test_nobody', 'train')$$, '42501', NULL, 'a trainer cannot grant usage');
RESET ROLE;
SELECT throws_ok($$SELECT mlpg.grant_usage('mlpg_test_nobody', 'everything')$$, '22023', NULL, 'an unknown class is refused');
SELECT throws_ok($$SELECT mlpg.grant_usage('mlpg_test_missing', 'train')$$, '42704', NULL, 'an unknown role is refused');

SELECT * FROM finish();
ROLLBACK;
