/*-------------------------------------------------------------------------
 *
 * importance.c
 *	  mlpg.importance: which features a model relies on.
 *
 * Two methods look at the model alone, gain and split, and two at its answers to rows, shap and
 * permutation (core/learners/importance.c).  The rows are those that were held out when the version
 * was trained, answered by the fit without them, or those of a source given in the call (judging.c).
 *
 * Rights: read on the model.  With a source given the call is one of those that mlpg.grant_usage
 * grants.  Without one the stored source is read, as the model's owner: so it takes the owner's privileges, and
 * nobody who asks about a model runs a stranger's query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include <math.h>

#include "core/learners/importance.h"
#include "funcapi.h"
#include "pg/api/judging.h"
#include "pg/api/model_argument.h"
#include "pg/api/trees.h"
#include "utils/builtins.h"

#define REPEATS 5
#define REPEATS_MAX 1000
#define SEED 42

MLPG_SQL_FUNCTION(mlpg_sql_importance);
MLPG_SQL_FUNCTION(mlpg_sql_importance_of_rows);

typedef enum Method
{
	GAIN, SPLIT, SHAP, PERMUTATION
} Method;

static const char *const methods[] = {
	[GAIN] = "gain", [SPLIT] = "split", [SHAP] = "shap", [PERMUTATION] = "permutation"
};

static Method
method_argument(FunctionCallInfo fcinfo)
{
	char	   *method = text_to_cstring(PG_GETARG_TEXT_PP(1));

	for (Method m = GAIN; m <= PERMUTATION; m++)
		if (strcmp(methods[m], method) == 0)
			return m;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("importance has no method \"%s\"", method),
			 errhint("Methods are: gain, split, shap, permutation.")));
}

/* One row a feature, the most important first; what is below 0 has no share. */
static void
put_features(FunctionCallInfo fcinfo, const MlpgSchema *schema, const double *value, const double *stddev)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n = schema->n_features;
	int64_t    *order = mlpg_descending(mlpg_host_pg_create(NULL, 1, 0), value, n);
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += Max(value[i], 0);
	for (int i = 0; i < n; i++)
	{
		int			k = (int) order[i];
		Datum		values[5] = {Int32GetDatum(i + 1), CStringGetTextDatum(schema->feature[k].name),
		Float8GetDatum(sum > 0 ? Max(value[k], 0) / sum : 0), Float8GetDatum(value[k]), Float8GetDatum(stddev != NULL ? stddev[k] : 0)};
		bool		nulls[5] = {false, false, false, false, stddev == NULL || isnan(stddev[k])};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* --- of the model alone ---------------------------------------------------- */

static void
of_splits(FunctionCallInfo fcinfo, Method method)
{
	MlpgModel  *model = mlpg_model_argument(fcinfo, MLPG_READ);
	const MlpgForest *forest = mlpg_forest_required(model);
	MlpgHost   *host = mlpg_host_pg_create(NULL, 1, 0);
	double	   *splits = mlpg_allocate(host, model->schema->n_features + 1, sizeof(double)),
			   *gain = mlpg_allocate(host, model->schema->n_features + 1, sizeof(double));

	mlpg_forest_importance(forest, splits, gain);
	put_features(fcinfo, model->schema, method == GAIN ? gain : splits, NULL);
}

/* --- of its answers to rows ------------------------------------------------ */

/* The metric by name, of those that the model is judged by; NULL: the main one. */
static const MlpgMetric *
metric_of(const MlpgJudging *j, const text *given, double *parameters)
{
	const MlpgModel *model = j->scored.model;
	const char *name = given != NULL ? text_to_cstring(given) : NULL;
	MlpgJudge	judge = {0};
	int			k;

	if (model->schema->classes != NULL)
		mlpg_judge_init_classes(&judge, mlpg_schema_classes(model->schema));
	else if (model->main_output >= 0)
		mlpg_judging_numbers(j, &judge);
	k = name == NULL ? 0 : mlpg_judge_find(&judge, name);
	if (k < 0 || (name != NULL && judge.metric[k]->goal == MLPG_GOAL_NONE))
	{
		StringInfoData list;

		initStringInfo(&list);
		for (int i = 0; i < judge.n; i++)
			if (judge.metric[i]->goal != MLPG_GOAL_NONE)
				appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", judge.metric[i]->name);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("importance of %s cannot be measured by metric \"%s\"", j->label, name),
				 judge.n > 0 ? errhint("Metrics are: %s.", list.data) : errhint("Leave the metric out: it is the mean pinball loss of the levels.")));
	}
	if (judge.n == 0)
		return NULL;
	memcpy(parameters, judge.parameters[k], sizeof(judge.parameters[k]));
	return judge.metric[k];
}

static void
require_explanations(const MlpgJudging *j)
{
	const MlpgLearner *learner = j->scored.model->learner;

	if (learner->explain == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of learner \"%s\" cannot explain their predictions", learner->name),
				 errhint("Use method permutation, which asks nothing of a model but predictions.")));
}

/* How permutation is to be done. */
typedef struct Dealing
{
	const text *metric;			/* or NULL */
	int32		repeats;
	int64		seed;
	const text *target;			/* or NULL: the model knows */
} Dealing;

static void
require_target(MlpgJudging *j, const Dealing *dealing)
{
	if (dealing->target != NULL)
		j->target = text_to_cstring(dealing->target);
	if (j->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s does not know the name of its target", j->label),
				 errhint("Name its column: target => '...'.")));
	if (dealing->repeats < 1 || dealing->repeats > REPEATS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("repeats must be between 1 and %d", REPEATS_MAX)));
}

static void
of_rows(FunctionCallInfo fcinfo, Method method, MlpgJudging *j, const Dealing *dealing)
{
	const MlpgModel *model = j->scored.model;
	const MlpgMetric *metric = NULL;
	double		parameters[MLPG_METRIC_MAX_PARAMETERS] = {0};
	MlpgAskedRows asked = {.model = model};
	double	   *value = mlpg_allocate(j->host, model->input->n_features + 1, sizeof(double)),
			   *stddev = NULL;

	if (method == SHAP)
	{
		require_explanations(j);
		if (!j->stored)
			j->target = NULL;	/* rows of tomorrow have none; a hold-out is told by all of its content */
	}
	else
	{
		require_target(j, dealing);
		metric = metric_of(j, dealing->metric, parameters);
		stddev = mlpg_allocate(j->host, model->input->n_features + 1, sizeof(double));
	}
	j->keeps_rows = true;
	mlpg_judging_read(j);
	if (j->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("there are no rows to tell the importance of features by"),
				 errhint("Give rows with features and a target as source.")));
	asked.n = j->n;
	asked.stride = j->stride;
	asked.row = j->row;
	asked.target = j->target_value;
	asked.identity = j->identity;
	if (method == SHAP)
		mlpg_importance_shap(j->host, &asked, value);
	else
		mlpg_importance_permutation(j->host, &asked, metric, parameters, dealing->repeats, (uint64) dealing->seed, value, stddev);
	put_features(fcinfo, model->input, value, stddev);
}

/* The stored hold-out is for those who may run its source as the model's owner. */
static void
require_owner(const MlpgJudging *j, Method method)
{
	MlpgModelRef own;

	if (!mlpg_registry_find_model(j->ref.name, MLPG_OWN, &own))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the rows held out for %s are read with its owner's privileges alone", j->label),
				 errhint("Give rows of your own: mlpg.importance(model, '%s', source => '...').", methods[method])));
}

/* importance(model, method) */
Datum
mlpg_sql_importance(PG_FUNCTION_ARGS)
{
	Method		method = method_argument(fcinfo);
	Dealing		dealing = {.repeats = REPEATS, .seed = SEED};
	MlpgJudging *j;

	InitMaterializedSRF(fcinfo, 0);
	if (method == GAIN || method == SPLIT)
	{
		of_splits(fcinfo, method);
		return (Datum) 0;
	}
	j = mlpg_judging_open(fcinfo, NULL);
	require_owner(j, method);
	of_rows(fcinfo, method, j, &dealing);
	return (Datum) 0;
}

/* importance(model, method, source, metric, repeats, seed, target) */
Datum
mlpg_sql_importance_of_rows(PG_FUNCTION_ARGS)
{
	Method		method;
	Dealing		dealing;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	method = method_argument(fcinfo);
	if (method == GAIN || method == SPLIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method %s reads no rows", methods[method]),
				 errhint("Leave the source out, or choose shap or permutation.")));
	dealing = (Dealing)
	{
		.metric = PG_ARGISNULL(3) ? NULL : PG_GETARG_TEXT_PP(3),
			.repeats = PG_ARGISNULL(4) ? REPEATS : PG_GETARG_INT32(4),
			.seed = PG_ARGISNULL(5) ? SEED : PG_GETARG_INT64(5),
			.target = PG_ARGISNULL(6) ? NULL : PG_GETARG_TEXT_PP(6)
	};
	of_rows(fcinfo, method, mlpg_judging_open(fcinfo, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2)), &dealing);
	return (Datum) 0;
}
