/*-------------------------------------------------------------------------
 *
 * train.c
 *	  SQL entry points of training: mlpg.train, and the step of mlpg.retrain.
 *
 * The arguments become a recipe, one jsonb object, with the source made
 * canonical; training.c runs recipes.  So what retrain runs later is what
 * train ran now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "pg/api/json.h"
#include "pg/api/options.h"
#include "pg/api/preprocess.h"
#include "pg/api/training.h"
#include "pg/ingest/source.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include <math.h>

/* Positions of the arguments of mlpg.train. */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_TARGET, ARG_ALGORITHM, ARG_TASK, ARG_FEATURES, ARG_EXCLUDE,
	ARG_UNDERAGE, ARG_OVERAGE, ARG_LOSS, ARG_QUANTILES, ARG_WEIGHT, ARG_HOLDOUT, ARG_HOLDOUT_BY,
	ARG_PARAMS, ARG_PREPROCESS, ARG_DESCRIPTION, ARG_EXPERIMENT, ARG_TAGS, ARG_SEED, ARG_KEY
};

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static char *
required_text(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" of mlpg.train must not be NULL", name)));
	return text_argument(fcinfo, n);
}

static double
number_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NAN : PG_GETARG_FLOAT8(n);
}

static List *
texts_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *list = NIL;

	if (PG_ARGISNULL(n))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" of mlpg.train must not contain NULL", name)));
		list = lappend(list, TextDatumGetCString(elements[i]));
	}
	return list;
}

static void
put_quantiles(MlpgJson *json, FunctionCallInfo fcinfo)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	double	   *levels;

	if (PG_ARGISNULL(ARG_QUANTILES))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_QUANTILES), FLOAT8OID, 8, true, TYPALIGN_DOUBLE, &elements, &nulls, &count);
	levels = palloc((count + 1) * sizeof(double));
	for (int i = 0; i < count; i++)
	{
		levels[i] = nulls[i] ? NAN : DatumGetFloat8(elements[i]);
		if (!(levels[i] > 0 && levels[i] < 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for argument \"quantiles\""),
					 errdetail("Each level must be between 0 and 1.")));
	}
	mlpg_json_put_numbers(json, "quantiles", levels, count);
}

/* Both costs NaN or both given; a cost that is no number is refused here, before it can vanish from the recipe. */
static void
put_costs(MlpgJson *json, FunctionCallInfo fcinfo)
{
	static const char *const name[] = {"underage_cost", "overage_cost"};

	for (int i = 0; i < 2; i++)
	{
		double		cost = number_argument(fcinfo, ARG_UNDERAGE + i);

		if (PG_ARGISNULL(ARG_UNDERAGE + i))
			continue;
		if (!isfinite(cost))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for argument \"%s\"", name[i]),
					 errdetail("It must be greater than 0 and finite.")));
		mlpg_json_put_number(json, name[i], cost);
	}
}

static double
holdout_argument(FunctionCallInfo fcinfo)
{
	double		share = PG_ARGISNULL(ARG_HOLDOUT) ? 0 : PG_GETARG_FLOAT8(ARG_HOLDOUT);

	if (!(share >= 0 && share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for argument \"holdout\": %g", share),
				 errdetail("It must be at least 0 and less than 1: the share of rows kept apart to judge the model.")));
	return share;
}

static const char *
algorithm_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(ARG_ALGORITHM) ? "boosted_trees" : text_argument(fcinfo, ARG_ALGORITHM);
}

static Jsonb *
make_recipe(FunctionCallInfo fcinfo)
{
	MlpgJson	json;
	char	   *source = mlpg_canonical_source(required_text(fcinfo, ARG_SOURCE, "source"));

	mlpg_json_begin(&json);
	mlpg_json_put_text(&json, "source", source);
	if (mlpg_source_is_temporary(source))
		mlpg_json_put_bool(&json, "temporary", true);
	mlpg_json_put_text(&json, "target", required_text(fcinfo, ARG_TARGET, "target"));
	mlpg_json_put_text(&json, "algorithm", algorithm_argument(fcinfo));
	mlpg_json_put_text(&json, "task", text_argument(fcinfo, ARG_TASK));
	mlpg_json_put_texts(&json, "features", texts_argument(fcinfo, ARG_FEATURES, "features"));
	mlpg_json_put_texts(&json, "exclude", texts_argument(fcinfo, ARG_EXCLUDE, "exclude"));
	put_costs(&json, fcinfo);
	mlpg_json_put_text(&json, "loss", text_argument(fcinfo, ARG_LOSS));
	put_quantiles(&json, fcinfo);
	mlpg_json_put_text(&json, "weight_col", text_argument(fcinfo, ARG_WEIGHT));
	mlpg_json_put_number(&json, "holdout", holdout_argument(fcinfo));
	mlpg_json_put_text(&json, "holdout_by", text_argument(fcinfo, ARG_HOLDOUT_BY));
	if (!PG_ARGISNULL(ARG_PARAMS))
		mlpg_json_put_jsonb(&json, "params", PG_GETARG_JSONB_P(ARG_PARAMS));
	if (!PG_ARGISNULL(ARG_PREPROCESS) && mlpg_preprocess_parse_jsonb(PG_GETARG_JSONB_P(ARG_PREPROCESS)) != NULL)
		mlpg_json_put_jsonb(&json, "preprocess", PG_GETARG_JSONB_P(ARG_PREPROCESS));
	mlpg_json_put_integer(&json, "seed", PG_ARGISNULL(ARG_SEED) ? MLPG_DEFAULT_SEED : PG_GETARG_INT64(ARG_SEED));
	mlpg_json_put_text(&json, "time_zone", pg_get_timezone_name(session_timezone));
	return mlpg_json_end(&json);
}

static Datum
number_or_null(double value, bool *null)
{
	*null = isnan(value);
	return Float8GetDatum(*null ? 0 : value);
}

static Datum
text_or_null(const char *value, bool *null)
{
	*null = value == NULL;
	return *null ? (Datum) 0 : CStringGetTextDatum(value);
}

/* mlpg.train_result */
static Datum
result_row(FunctionCallInfo fcinfo, const char *model, const MlpgTrainOutcome *o)
{
	TupleDesc	desc;
	Datum		values[11];
	bool		nulls[11] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 11)
		elog(ERROR, "mlpg.train must return mlpg.train_result");
	values[0] = CStringGetTextDatum(model);
	values[1] = Int32GetDatum(o->saved.version);
	values[2] = text_or_null(o->metric, &nulls[2]);
	values[3] = number_or_null(o->value, &nulls[3]);
	values[4] = text_or_null(o->baseline, &nulls[4]);
	values[5] = number_or_null(o->baseline_value, &nulls[5]);
	values[6] = number_or_null(o->skill, &nulls[6]);
	values[7] = BoolGetDatum(o->saved.is_champion);
	values[8] = Int64GetDatum(o->n_rows);
	values[9] = Float8GetDatum(o->seconds);
	values[10] = Int64GetDatum(o->saved.run_id);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* A call with a key that has run already: its result again. */
static bool
find_done(const MlpgModelRef *ref, const char *key, MlpgTrainOutcome *o)
{
	Jsonb	   *metrics;

	if (!mlpg_registry_find_key(ref->model_id, "train", key, &o->saved))
		return false;
	o->n_rows = o->saved.n_rows;
	o->seconds = o->saved.seconds;
	metrics = mlpg_registry_metrics(ref->model_id, o->saved.version);
	o->metric = mlpg_json_get_text(metrics, "metric");
	o->value = mlpg_json_get_number(metrics, "value");
	o->baseline = mlpg_json_get_text(metrics, "baseline");
	o->baseline_value = mlpg_json_get_number(metrics, "baseline_value");
	o->skill = mlpg_json_get_number(metrics, "skill");
	ereport(NOTICE, (errmsg("already done as run %lld, skipped", (long long) o->saved.run_id)));
	return true;
}

MLPG_SQL_FUNCTION(mlpg_sql_train);

Datum
mlpg_sql_train(PG_FUNCTION_ARGS)
{
	MlpgTrainCall call;
	MlpgTrainOutcome outcome;
	MlpgModelRef ref;
	bool		exists;

	memset(&call, 0, sizeof(call));
	memset(&outcome, 0, sizeof(outcome));
	call.model = required_text(fcinfo, ARG_MODEL, "model");
	mlpg_check_model_name(call.model);
	exists = mlpg_registry_may_train(call.model, &ref);
	call.key = text_argument(fcinfo, ARG_KEY);
	if (exists && find_done(&ref, call.key, &outcome))
		return result_row(fcinfo, call.model, &outcome);
	call.recipe = make_recipe(fcinfo);
	call.kind = "train";
	call.description = text_argument(fcinfo, ARG_DESCRIPTION);
	call.experiment = text_argument(fcinfo, ARG_EXPERIMENT);
	call.tags = PG_ARGISNULL(ARG_TAGS) ? NULL : PG_GETARG_JSONB_P(ARG_TAGS);
	if (call.tags != NULL && !JB_ROOT_IS_OBJECT(call.tags))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tags must be a JSON object"),
				 errhint("For example '{\"team\":\"stores\"}'.")));
	mlpg_training_run(&call, &outcome);
	return result_row(fcinfo, call.model, &outcome);
}

/* The step of mlpg.retrain, as the owner of the model. */
int32
mlpg_train_from_recipe(int64 run_id, const MlpgModelRef *model, Jsonb *recipe)
{
	MlpgTrainCall call;
	MlpgTrainOutcome outcome;

	memset(&call, 0, sizeof(call));
	call.model = model->name;
	call.recipe = recipe;
	call.refit = true;
	call.kind = "retrain";
	call.run_id = run_id;
	mlpg_training_run(&call, &outcome);
	return outcome.saved.version;
}
