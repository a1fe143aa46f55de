/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  The C half of deploy, rollback and retrain.
 *
 * The SQL half (sql/lifecycle.sql) decides; here are the parts that PL/pgSQL
 * may not do: change the registry, and run stored SQL as the model's owner.
 *
 * retrain holds a lease: a row of mlpg.runs with status "running", the pid and
 * start time of its backend, one per model and kind by a partial unique index,
 * committed before the work begins.  Every step locks the row (NOWAIT), and
 * goes on only when it is still its own.  Who finds another's lease asks
 * whether its holder still runs the statement that took it; when the backend
 * is gone, or has gone on to something else (its CALL died between two steps),
 * the run is marked failed and the lease taken over.  No session advisory
 * locks: they survive an ERROR, and anyone can take them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pg/catalog/acl.h"
#include "pg/catalog/alias.h"
#include "pg/catalog/registry.h"
#include "pg/catalog/writer.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

MLPG_SQL_FUNCTION(mlpg_sql_lock_model);
MLPG_SQL_FUNCTION(mlpg_sql_compare_versions);
MLPG_SQL_FUNCTION(mlpg_sql_write_deployment);
MLPG_SQL_FUNCTION(mlpg_sql_step_retrain_begin);
MLPG_SQL_FUNCTION(mlpg_sql_step_retrain_train);
MLPG_SQL_FUNCTION(mlpg_sql_step_retrain_end);
MLPG_SQL_FUNCTION(mlpg_sql_step_retrain_log);

/* --- deploy and rollback ------------------------------------------------ */

/* The model's id, when it is the caller's own; nobody else deploys until the transaction ends. */
Datum
mlpg_sql_lock_model(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgArguments args = {0};

	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	if (mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model_id = $1 FOR NO KEY UPDATE", &args) != 1)
		mlpg_raise_no_model(ref.name, false);
	PG_RETURN_INT64(ref.model_id);
}

static void
require_owner_role(const MlpgModelRef *ref)
{
	if (!OidIsValid(ref->owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the role that owns model \"%s\" does not exist any more", ref->name),
				 errdetail("Stored sources run as the owner of their model."),
				 errhint("Give it to another role with mlpg.set_owner(%s, ...).", quote_literal_cstr(ref->name))));
}

typedef struct Comparison
{
	MlpgModelRef challenger;
	MlpgModelRef incumbent;
	const char *metric;
	double		gain;
	double		se;
	int64		n;
} Comparison;

static void
run_comparison(void *argument)
{
	Comparison *comparison = argument;

	if (!mlpg_compare_versions(&comparison->challenger, &comparison->incumbent, comparison->metric,
							   &comparison->gain, &comparison->se, &comparison->n))
		comparison->n = 0;
}

Datum
mlpg_sql_compare_versions(PG_FUNCTION_ARGS)
{
	Comparison	comparison = {0};
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "compare_versions must return a row");
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &comparison.challenger);
	require_owner_role(&comparison.challenger);
	comparison.incumbent = comparison.challenger;
	comparison.challenger.version = PG_GETARG_INT32(1);
	comparison.incumbent.version = PG_GETARG_INT32(2);
	comparison.metric = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	for (int i = 1; i <= 2; i++)
		if (!mlpg_registry_version_exists(comparison.challenger.model_id, PG_GETARG_INT32(i)))
			mlpg_raise_no_version(comparison.challenger.name, psprintf("%d", PG_GETARG_INT32(i)));

	mlpg_as_model_owner(comparison.challenger.owner, run_comparison, &comparison);

	values[0] = Float8GetDatum(comparison.gain);
	values[1] = Float8GetDatum(comparison.se);
	values[2] = Int64GetDatum(comparison.n);
	nulls[0] = nulls[1] = comparison.n <= 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* (model, alias, to_version, action, gate, reason) -> version before, NULL for none */
Datum
mlpg_sql_write_deployment(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgMove	move = {0};
	char	   *action;
	int32		from_version;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model, alias, version and action must not be null")));
	action = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (strcmp(action, "deploy") != 0 && strcmp(action, "rollback") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized action \"%s\"", action)));
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	move.model_id = ref.model_id;
	move.model = ref.name;
	move.alias = text_to_cstring(PG_GETARG_TEXT_PP(1));
	move.to_version = PG_GETARG_INT32(2);
	move.action = action;
	move.gate = PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4);
	move.reason = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	mlpg_check_alias(move.alias);
	if (move.to_version <= 0)
		mlpg_raise_no_version(ref.name, psprintf("%d", move.to_version));
	(void) mlpg_alias_move(&move, &from_version);
	if (from_version == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(from_version);
}

/* --- the lease ----------------------------------------------------------- */

static void
log_line(int64 run_id, const char *level, const char *message)
{
	MlpgArguments args = {0};

	mlpg_arg_int8(&args, run_id);
	mlpg_arg_text(&args, level);
	mlpg_arg_text(&args, message);
	mlpg_registry_execute("INSERT INTO mlpg.run_log (run_id, line, level, message)"
						  " SELECT $1, COALESCE(pg_catalog.max(l.line), 0) + 1, $2, $3"
						  " FROM mlpg.run_log l WHERE l.run_id = $1", &args);
}

/*
 * Looks at the running lease of a model: marks it failed when its holder is
 * gone, raises when it lives.
 */
static void
clear_dead_lease(const MlpgModelRef *ref)
{
	MlpgArguments args = {0};
	Datum		values[3];
	bool		nulls[3];

	mlpg_arg_int8(&args, ref->model_id);
	if (mlpg_registry_execute("SELECT 1 FROM mlpg.runs"
							  " WHERE model_id = $1 AND kind = 'retrain' AND status = 'running' AND pid IS NOT NULL",
							  &args) == 0)
		return;

	/* a holder in the middle of a step has the row locked: then there is no row here */
	if (mlpg_registry_query("SELECT r.run_id, r.pid, EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(r.pid) a"
							" WHERE a.backend_start = r.backend_start"
							" AND (a.state = 'disabled' OR (a.state NOT LIKE 'idle%' AND a.query_start <= r.started_at))"
							" AND r.pid <> pg_catalog.pg_backend_pid())"
							" FROM mlpg.runs r"
							" WHERE r.model_id = $1 AND r.kind = 'retrain' AND r.status = 'running' AND r.pid IS NOT NULL"
							" FOR UPDATE OF r SKIP LOCKED", &args, 3, values, nulls) == 0 ||
		DatumGetBool(values[2]))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("model \"%s\" is being retrained", ref->name),
				 errdetail("Its row in mlpg.runs with status \"running\" names the process."),
				 errhint("Call mlpg.retrain again when that has ended.")));

	mlpg_arg_int8(&args, DatumGetInt64(values[0]));
	mlpg_registry_execute("UPDATE mlpg.runs SET status = 'failed', ended_at = pg_catalog.clock_timestamp(),"
						  " error = 'the backend ended before the run did'"
						  " WHERE model_id = $1 AND run_id = $2", &args);
	log_line(DatumGetInt64(values[0]), "error", "the backend ended before the run did; its lease was taken over");
	ereport(NOTICE,
			(errmsg("run " INT64_FORMAT " of model \"%s\" did not end: its lease is taken over",
					DatumGetInt64(values[0]), ref->name)));
}

/* Writes the lease; false when another session has it. */
static bool
take_lease(const MlpgModelRef *ref, TimestampTz as_of, const char *key, Jsonb *params, int64 *run_id)
{
	MlpgArguments args = {0};
	Datum		value;
	bool		is_null;

	mlpg_arg_int8(&args, ref->model_id);
	mlpg_arg_text(&args, key);
	mlpg_arg_timestamptz(&args, as_of);
	mlpg_arg_jsonb(&args, params);
	mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	mlpg_arg_int4(&args, MyProcPid);
	mlpg_arg_timestamptz(&args, MyStartTimestamp);
	if (mlpg_registry_query("INSERT INTO mlpg.runs (model_id, kind, key, as_of, params, username, pid, backend_start, status)"
							" VALUES ($1, 'retrain', $2, COALESCE($3, pg_catalog.now()), $4, $5, $6, $7, 'running')"
							" ON CONFLICT DO NOTHING RETURNING run_id", &args, 1, &value, &is_null) == 0)
		return false;
	*run_id = DatumGetInt64(value);
	return true;
}

static bool
member_is_true(Jsonb *object, const char *key)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&object->root, key, strlen(key), &buffer);

	return value != NULL && value->type == jbvBool && value->val.boolean;
}

/* (model, as_of, key, params) -> run_id, NULL when the key was done before */
Datum
mlpg_sql_step_retrain_begin(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgSavedVersion done;
	Jsonb	   *recipe;
	char	   *key = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	int64		run_id;

	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("CALL mlpg.retrain cannot run inside a transaction block"),
				 errdetail("It commits between its steps, so that a failure is recorded."),
				 errhint("Send the CALL alone, outside BEGIN ... COMMIT.")));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"model\" must not be null")));
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	require_owner_role(&ref);
	if (mlpg_registry_find_key(ref.model_id, "retrain", key, &done))
	{
		ereport(NOTICE,
				(errmsg("retraining of model \"%s\" with key \"%s\" was already done as run " INT64_FORMAT ", skipped",
						ref.name, key, done.run_id)));
		PG_RETURN_NULL();
	}
	recipe = mlpg_registry_recipe(ref.model_id);
	if (recipe != NULL && JB_ROOT_IS_OBJECT(recipe) && member_is_true(recipe, "temporary"))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" cannot be retrained", ref.name),
				 errdetail("It was trained on a temporary table, which other sessions do not have."),
				 errhint("Train it on a permanent table or a query on permanent tables.")));

	clear_dead_lease(&ref);
	if (!take_lease(&ref, PG_ARGISNULL(1) ? 0 : PG_GETARG_TIMESTAMPTZ(1), key, PG_GETARG_JSONB_P(3), &run_id))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("model \"%s\" is being retrained", ref.name),
				 errhint("Call mlpg.retrain again when that has ended.")));
	log_line(run_id, "notice", "started");
	PG_RETURN_INT64(run_id);
}

/* Locks the lease and makes sure that it is this backend's and the model the caller's. */
static void
hold_lease(int64 run_id, MlpgModelRef *ref)
{
	MlpgArguments args = {0};
	Datum		values[5];
	bool		nulls[5];

	mlpg_arg_int8(&args, run_id);
	if (mlpg_registry_query("SELECT r.model_id, m.model, r.pid, r.backend_start, r.status"
							" FROM mlpg.runs r JOIN mlpg.models m USING (model_id)"
							" WHERE r.run_id = $1 AND r.kind = 'retrain' FOR UPDATE OF r NOWAIT",
							&args, 5, values, nulls) != 1 ||
		nulls[2] || DatumGetInt32(values[2]) != MyProcPid ||
		nulls[3] || DatumGetTimestampTz(values[3]) != MyStartTimestamp ||
		strcmp(TextDatumGetCString(values[4]), "running") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is not a running retraining of this session", run_id),
				 errdetail("It has ended, was taken over, or its model was dropped.")));
	mlpg_registry_require_model(TextDatumGetCString(values[1]), MLPG_OWN, ref);
	if (ref->model_id != DatumGetInt64(values[0]))
		mlpg_raise_no_model(ref->name, false);
	require_owner_role(ref);
}

typedef struct Training
{
	int64		run_id;
	MlpgModelRef model;
	Jsonb	   *recipe;
	int32		version;
} Training;

static void
run_training(void *argument)
{
	Training   *training = argument;

	training->version = mlpg_train_from_recipe(training->run_id, &training->model, training->recipe);
}

/* run_id -> version */
Datum
mlpg_sql_step_retrain_train(PG_FUNCTION_ARGS)
{
	Training	training = {.run_id = PG_GETARG_INT64(0)};

	hold_lease(training.run_id, &training.model);
	training.recipe = mlpg_registry_recipe(training.model.model_id);
	if (training.recipe == NULL)
		mlpg_raise_no_model(training.model.name, false);
	mlpg_as_model_owner(training.model.owner, run_training, &training);
	log_line(training.run_id, "notice", psprintf("trained version %d", training.version));
	PG_RETURN_INT32(training.version);
}

/* (run_id, status, metrics, error): ends the run and with it the lease */
Datum
mlpg_sql_step_retrain_end(PG_FUNCTION_ARGS)
{
	int64		run_id = PG_GETARG_INT64(0);
	char	   *status = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *error = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	MlpgModelRef ref;
	MlpgArguments args = {0};

	hold_lease(run_id, &ref);
	mlpg_arg_int8(&args, run_id);
	mlpg_arg_text(&args, status);
	mlpg_arg_jsonb(&args, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	mlpg_arg_text(&args, error);
	mlpg_registry_execute("UPDATE mlpg.runs SET status = $2, metrics = metrics || COALESCE($3, '{}'), error = $4,"
						  " ended_at = pg_catalog.clock_timestamp(),"
						  " seconds = EXTRACT(epoch FROM pg_catalog.clock_timestamp() - started_at)"
						  " WHERE run_id = $1", &args);
	if (error != NULL)
		log_line(run_id, "error", error);
	PG_RETURN_VOID();
}

/* (run_id, level, message) */
Datum
mlpg_sql_step_retrain_log(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;

	hold_lease(PG_GETARG_INT64(0), &ref);
	log_line(PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), text_to_cstring(PG_GETARG_TEXT_PP(2)));
	PG_RETURN_VOID();
}
