/*-------------------------------------------------------------------------
 *
 * save.c
 *	  Writing a new version: run, model, version, blob, alias, deployment.
 *
 * One transaction: a failed training leaves no row.  The model's row is locked
 * first (FOR NO KEY UPDATE, which lets foreign keys of other tables pass), so two trainings of one model queue here, after both
 * have fitted, and get different numbers from models.last_version, which only
 * ever grows: a number is never used again, and a decoded (model_id, version)
 * may be kept for ever.
 *
 * The right is checked twice: by train before it reads a row
 * (mlpg_registry_may_train), and here under the lock, because the model may
 * have been created or given away meanwhile.
 *
 * The first version becomes the champion by itself, so that predict works at
 * once, with a WARNING when it does not beat its baselines; for a later one a
 * NOTICE says that it does not serve.  retrain has its own gate and message.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/registry.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "pg/catalog/acl.h"
#include "pg/catalog/writer.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

static char *
sha256_hex(const struct varlena *value)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = palloc(2 * PG_SHA256_DIGEST_LENGTH + 1);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL ||
		pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute SHA-256");
	pg_cryptohash_free(context);
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

static Jsonb *
empty_object(void)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
}

/* jsonb ->> key; NULL when absent. */
static char *
member_text(Jsonb *object, const char *key)
{
	JsonbValue	buffer;
	JsonbValue *value;
	Datum		result;

	if (object == NULL || !JB_ROOT_IS_OBJECT(object))
		return NULL;
	value = getKeyJsonValueFromContainer(&object->root, key, strlen(key), &buffer);
	if (value == NULL || value->type == jbvNull)
		return NULL;
	result = DirectFunctionCall2(jsonb_object_field_text, JsonbPGetDatum(object), CStringGetTextDatum(key));
	return TextDatumGetCString(result);
}

/* Creates the model's row when there is none, locks it, checks the right. */
static void
lock_model(const MlpgNewVersion *new, MlpgSavedVersion *result)
{
	MlpgArguments args = {0};
	Datum		values[3];
	bool		nulls[3];
	char	   *owner;

	mlpg_arg_text(&args, new->model);
	mlpg_arg_text(&args, new->task);
	mlpg_arg_text(&args, new->target);
	mlpg_arg_jsonb(&args, new->recipe);
	mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	mlpg_registry_execute("INSERT INTO mlpg.models (model, task, target, recipe, owner)"
						  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (model) DO NOTHING", &args);

	args.n = 1;
	if (mlpg_registry_query("SELECT model_id, owner, last_version FROM mlpg.models WHERE model = $1 FOR NO KEY UPDATE",
							&args, 3, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was dropped while it was trained", new->model)));
	result->model_id = DatumGetInt64(values[0]);
	owner = TextDatumGetCString(values[1]);
	result->is_champion = DatumGetInt32(values[2]) == 0;
	if (!mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_OWN))
		mlpg_raise_no_model(new->model, mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_SCORE));
}

static void
take_version_number(const MlpgNewVersion *new, MlpgSavedVersion *result)
{
	MlpgArguments args = {0};
	Datum		value;
	bool		is_null;

	mlpg_arg_int8(&args, result->model_id);
	mlpg_arg_text(&args, new->task);
	mlpg_arg_text(&args, new->target);
	mlpg_arg_jsonb(&args, new->recipe);
	mlpg_arg_text(&args, new->description);
	mlpg_arg_jsonb(&args, new->tags ? new->tags : empty_object());
	mlpg_registry_query("UPDATE mlpg.models SET last_version = last_version + 1, task = $2, target = $3,"
						" recipe = $4, description = COALESCE($5, description), tags = tags || $6"
						" WHERE model_id = $1 RETURNING last_version", &args, 1, &value, &is_null);
	result->version = DatumGetInt32(value);
}

/* A run of its own (train), or the facts of one that was started before (retrain). */
static void
save_run(const MlpgNewVersion *new, MlpgSavedVersion *result)
{
	MlpgArguments args = {0};
	Datum		value;
	bool		is_null;

	mlpg_arg_int8(&args, result->model_id); /* $1 */
	mlpg_arg_jsonb(&args, new->params ? new->params : empty_object());
	mlpg_arg_jsonb(&args, new->metrics ? new->metrics : empty_object());
	mlpg_arg_float8(&args, new->fit_seconds);	/* $4 */
	mlpg_arg_jsonb(&args, new->tags ? new->tags : empty_object());
	mlpg_arg_text(&args, new->source);
	mlpg_arg_text(&args, new->data_fingerprint);	/* $7 */
	mlpg_arg_int8(&args, new->n_rows);
	mlpg_arg_int8(&args, new->peak_memory);
	mlpg_arg_text(&args, new->experiment);	/* $10 */
	if (new->run_id != 0)
	{
		mlpg_arg_int8(&args, new->run_id);
		if (mlpg_registry_query("UPDATE mlpg.runs SET params = params || $2,"
								" metrics = metrics || $3 || pg_catalog.jsonb_build_object('fit_seconds', $4),"
								" tags = tags || $5, source = $6, data_fingerprint = $7, n_rows = $8,"
								" peak_memory = $9, experiment = COALESCE($10, experiment)"
								" WHERE run_id = $11 AND model_id = $1 RETURNING run_id",
								&args, 1, &value, &is_null) != 1)
			elog(ERROR, "run " INT64_FORMAT " is missing", new->run_id);
	}
	else
	{
		mlpg_arg_text(&args, new->kind);	/* $11 */
		mlpg_arg_text(&args, new->key);
		mlpg_arg_timestamptz(&args, new->started_at);
		mlpg_arg_float8(&args, new->seconds);	/* $14 */
		mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
		mlpg_registry_query("INSERT INTO mlpg.runs (model_id, params, metrics, tags, source, data_fingerprint,"
							" n_rows, peak_memory, experiment, kind, key, started_at, ended_at, seconds, username, status)"
							" VALUES ($1, $2, $3 || pg_catalog.jsonb_build_object('fit_seconds', $4), $5, $6, $7,"
							" $8, $9, $10, $11, $12, COALESCE($13, pg_catalog.now()), pg_catalog.clock_timestamp(),"
							" $14, $15, 'succeeded') RETURNING run_id", &args, 1, &value, &is_null);
	}
	result->run_id = DatumGetInt64(value);
}

/* The learning curve, in one statement. */
static void
save_curve(const MlpgFacts *facts, const MlpgSavedVersion *saved)
{
	MlpgArguments args = {0};
	Datum	   *metric,
			   *step,
			   *value;

	if (facts == NULL || facts->n_points == 0)
		return;
	metric = palloc(facts->n_points * sizeof(Datum));
	step = palloc(facts->n_points * sizeof(Datum));
	value = palloc(facts->n_points * sizeof(Datum));
	for (int i = 0; i < facts->n_points; i++)
	{
		metric[i] = CStringGetTextDatum(facts->point[i].metric);
		step[i] = Int32GetDatum(facts->point[i].step);
		value[i] = Float8GetDatum(facts->point[i].value);
	}
	mlpg_arg_int8(&args, saved->run_id);
	mlpg_arg_datum(&args, TEXTARRAYOID, PointerGetDatum(construct_array(metric, facts->n_points, TEXTOID, -1, false, TYPALIGN_INT)), false);
	mlpg_arg_datum(&args, INT4ARRAYOID, PointerGetDatum(construct_array(step, facts->n_points, INT4OID, 4, true, TYPALIGN_INT)), false);
	mlpg_arg_datum(&args, FLOAT8ARRAYOID, PointerGetDatum(construct_array(value, facts->n_points, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)), false);
	mlpg_registry_execute("INSERT INTO mlpg.run_metrics (run_id, metric, step, segment, value)"
						  " SELECT $1, p.metric, p.step, 'validation', p.value"
						  " FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS p(metric, step, value)", &args);
}

static void
save_version(const MlpgNewVersion *new, const MlpgSavedVersion *saved)
{
	MlpgArguments args = {0};
	Oid			model_type = mlpg_model_type_oid();

	mlpg_arg_int8(&args, saved->model_id);	/* $1 */
	mlpg_arg_int4(&args, saved->version);
	mlpg_arg_int8(&args, saved->run_id);
	mlpg_arg_text(&args, new->algorithm);
	mlpg_arg_jsonb(&args, new->params ? new->params : empty_object());	/* $5 */
	mlpg_arg_jsonb(&args, new->metrics ? new->metrics : empty_object());
	mlpg_arg_text(&args, sha256_hex(new->blob));
	mlpg_arg_int8(&args, (int64) VARSIZE_ANY_EXHDR(new->blob));
	mlpg_arg_text(&args, new->source);
	mlpg_arg_int8(&args, new->n_rows);	/* $10 */
	mlpg_arg_text(&args, new->data_fingerprint);
	mlpg_arg_int8(&args, new->seed);
	mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	mlpg_registry_execute("INSERT INTO mlpg.model_versions (model_id, version, run_id, algorithm, params, metrics,"
						  " sha256, bytes, source, n_rows, data_fingerprint, seed, created_by, mlpg_version)"
						  " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, e.extversion"
						  " FROM pg_catalog.pg_extension e WHERE e.extname = 'mlpg'", &args);

	memset(&args, 0, sizeof(args));
	mlpg_arg_int8(&args, saved->model_id);
	mlpg_arg_int4(&args, saved->version);
	mlpg_arg_datum(&args, model_type, PointerGetDatum(new->blob), false);
	mlpg_arg_datum(&args, model_type, PointerGetDatum(new->evaluation), new->evaluation == NULL);
	mlpg_registry_execute("INSERT INTO mlpg.model_blobs (model_id, version, blob, evaluation)"
						  " VALUES ($1, $2, $3, $4)", &args);
}

static void
save_first_champion(const MlpgSavedVersion *saved)
{
	MlpgArguments args = {0};

	mlpg_arg_int8(&args, saved->model_id);
	mlpg_arg_int4(&args, saved->version);
	mlpg_registry_execute("INSERT INTO mlpg.aliases (model_id, alias, version) VALUES ($1, 'champion', $2)", &args);
	mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	mlpg_registry_execute("INSERT INTO mlpg.deployments (model_id, alias, to_version, action, reason, decided_by)"
						  " VALUES ($1, 'champion', $2, 'deploy', 'first version', $3)", &args);
}

/* What the user should know about who serves. */
static void
report_serving(const MlpgNewVersion *new, const MlpgSavedVersion *saved)
{
	if (saved->is_champion && !new->beats_baselines)
	{
		char	   *value = member_text(new->metrics, "value");
		char	   *metric = member_text(new->metrics, "metric");
		char	   *baseline = member_text(new->metrics, "baseline");
		char	   *baseline_value = member_text(new->metrics, "baseline_value");
		bool		known = value && metric && baseline && baseline_value;

		ereport(WARNING,
				(errmsg("version %d of model \"%s\" is serving, but was not shown to beat its baselines",
						saved->version, new->model),
				 known ? errdetail("%s is %s, of baseline %s %s.", metric, value, baseline, baseline_value) :
				 errdetail("It has no hold-out metrics.")));
	}
	else if (!saved->is_champion && new->run_id == 0)
		ereport(NOTICE,
				(errmsg("version %d of model \"%s\" is not serving", saved->version, new->model),
				 errhint("SELECT * FROM mlpg.deploy(%s, %d) makes it the champion if it is better.",
						 quote_literal_cstr(new->model), saved->version)));
}

void
mlpg_registry_save(const MlpgNewVersion *version, MlpgSavedVersion *result)
{
	mlpg_check_model_name(version->model);
	memset(result, 0, sizeof(*result));
	lock_model(version, result);
	take_version_number(version, result);
	save_run(version, result);
	save_curve(version->facts, result);
	save_version(version, result);
	if (result->is_champion)
		save_first_champion(result);
	report_serving(version, result);
}

bool
mlpg_registry_find_key(int64 model_id, const char *kind, const char *key, MlpgSavedVersion *result)
{
	MlpgArguments args = {0};
	Datum		values[5];
	bool		nulls[5];

	if (key == NULL)
		return false;
	mlpg_arg_int8(&args, model_id);
	mlpg_arg_text(&args, kind);
	mlpg_arg_text(&args, key);
	if (mlpg_registry_query("SELECT r.run_id, v.version, a.model_id IS NOT NULL, v.n_rows, r.seconds"
							" FROM mlpg.runs r LEFT JOIN mlpg.model_versions v USING (run_id)"
							" LEFT JOIN mlpg.aliases a ON a.model_id = v.model_id AND a.version = v.version AND a.alias = 'champion'"
							" WHERE r.model_id = $1 AND r.kind = $2 AND r.key = $3 AND r.status = 'succeeded'"
							" ORDER BY r.run_id LIMIT 1", &args, 5, values, nulls) == 0)
		return false;
	memset(result, 0, sizeof(*result));
	result->model_id = model_id;
	result->run_id = DatumGetInt64(values[0]);
	result->version = nulls[1] ? 0 : DatumGetInt32(values[1]);
	result->is_champion = DatumGetBool(values[2]);
	result->n_rows = nulls[3] ? 0 : DatumGetInt64(values[3]);
	result->seconds = nulls[4] ? 0 : DatumGetFloat8(values[4]);
	return true;
}
