-- grants.sql: who may call and read what.  The last part of the script.
--
-- Nothing is granted by being created: PUBLIC loses EXECUTE on everything and
-- gets back, by name, what computes on values it is given or what reads the
-- registry and checks the model's right itself.  What reads a source given in
-- the call or writes is granted to a role by mlpg.grant_usage(role, 'train').
-- Transition, combine and final functions, trigger functions and support
-- functions are granted to nobody: the server checks the aggregate's owner,
-- or nobody at all, for them.  test/pgtap/privileges.sql lists every object.

CREATE FUNCTION mlpg.usage_routines(class text) RETURNS SETOF regprocedure
	LANGUAGE SQL STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT p.oid::pg_catalog.regprocedure
	FROM pg_catalog.pg_proc p
	WHERE p.pronamespace = 'mlpg'::pg_catalog.regnamespace
	  AND class = 'train'
	  AND (p.proname = ANY ('{
		train, canonical_source,
		deploy, rollback, rollback_stack, lock_model, gate_baselines, gate_version,
		compare_versions, write_deployment,
		retrain, step_retrain, step_retrain_begin, step_retrain_train, step_retrain_decide, step_retrain_log, step_retrain_end,
		set_alias, set_tag, describe_model, rename_model, set_owner, drop_version, drop_model,
		grant_model, revoke_model,
		log_predictions, log_actuals, create_view, predict_batch,
		evaluate, roc_curve, pr_curve, calibration, confusion
	}'::pg_catalog.text[]) OR p.prosrc = 'mlpg_sql_importance_of_rows');
END;
COMMENT ON FUNCTION mlpg.usage_routines(text) IS
'The routines that mlpg.grant_usage grants for a class; there is one class, train.
Example: SELECT * FROM mlpg.usage_routines(''train'');';

CREATE FUNCTION mlpg.grant_usage(role text, class text DEFAULT 'train') RETURNS boolean
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_grant_usage';
COMMENT ON FUNCTION mlpg.grant_usage(text, text) IS
'Lets a role (or public) train, deploy and log: grants EXECUTE on the routines of a class. For the registry''s owner or a superuser. Repeat it after an upgrade.
Example: SELECT mlpg.grant_usage(''pg_database_owner'', ''train'');';

REVOKE ALL ON ALL ROUTINES IN SCHEMA mlpg FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA mlpg FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mlpg FROM PUBLIC;
GRANT USAGE ON SCHEMA mlpg TO PUBLIC;

GRANT SELECT ON mlpg.models, mlpg.model_grants, mlpg.runs, mlpg.run_log, mlpg.run_metrics, mlpg.model_versions,
	mlpg.aliases, mlpg.deployments TO PUBLIC;

DO $grants$
#variable_conflict error
DECLARE
	object text;
BEGIN
	-- every aggregate, and these functions in all their forms; predict_..._columns are what
	-- the planner puts in the place of predict, with the rights of who runs the query
	FOR object IN
		SELECT p.oid::pg_catalog.regprocedure
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'mlpg'::pg_catalog.regnamespace
		  AND p.prosrc <> 'mlpg_sql_importance_of_rows'	-- importance with a source
		  AND (p.prokind = 'a' OR p.proname = ANY ('{
			predict, predict_quantile, predict_quantiles, predict_class, predict_proba, predict_interval, predict_interval_columns,
			predict_columns, predict_quantile_columns, predict_quantiles_columns, predict_class_columns, predict_proba_columns, model_to_bytea, model_from_bytea,
			explain, summary, coefficients, path, importance, tree, from_lightgbm, to_lightgbm, get_model, model_send, model_recv, model_in, model_out,
			newsvendor, format_number, metric_gain, gain_phrase, learners, learner_params,
			visible_models, has_model_privilege, version_at, progress_slots
		  }'::pg_catalog.text[]))
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', object);
	END LOOP;
	-- views, all security_invoker, and the tables of predictions, all under row-level security
	FOR object IN
		SELECT c.oid::pg_catalog.regclass
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'mlpg'::pg_catalog.regnamespace
		  AND (c.relkind = 'v' OR c.relname = ANY ('{predictions, actuals, series_columns}'::pg_catalog.name[]))
	LOOP
		EXECUTE pg_catalog.format('GRANT SELECT ON %s TO PUBLIC', object);
	END LOOP;
END
$grants$;
