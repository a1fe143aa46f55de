/*-------------------------------------------------------------------------
 *
 * predict.c
 *	  mlpg.predict, predict_class, predict_proba, predict_quantile, predict_quantiles and predict_interval in all their forms.
 *
 * The model is a reference (text) or a value (mlpg.model); the features are a
 * row, a jsonb or text object, or an array.  Which form a call has is in the
 * declared types of the function that was called, looked up once a call site.
 * The *_columns functions are what the planner turns a call with a whole row
 * into (support.c): the columns that the model needs, one argument each.
 *
 * Each row: find the scorer of the call site (site.c: one comparison), read
 * the features into an array of doubles (bind.c), ask the learner.  All forms
 * end in the same function of the core, one row at a time, so that they agree
 * to the bit.
 *
 * NULL for a NULL model or row, for a row without any value, and where the
 * learner has no answer (NaN).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/pg_type.h"
#include "core/learners/classes.h"
#include "core/learners/interval.h"
#include "funcapi.h"
#include "pg/api/json.h"
#include "pg/api/model_argument.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

MLPG_SQL_FUNCTION(mlpg_sql_predict);
MLPG_SQL_FUNCTION(mlpg_sql_predict_quantile);
MLPG_SQL_FUNCTION(mlpg_sql_predict_quantiles);
MLPG_SQL_FUNCTION(mlpg_sql_predict_class);
MLPG_SQL_FUNCTION(mlpg_sql_predict_proba);
MLPG_SQL_FUNCTION(mlpg_sql_predict_proba_of);
MLPG_SQL_FUNCTION(mlpg_sql_predict_interval);
MLPG_SQL_FUNCTION(mlpg_sql_predict_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_quantile_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_quantiles_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_class_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_proba_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_proba_of_columns);
MLPG_SQL_FUNCTION(mlpg_sql_predict_interval_columns);

/* The forms that features come in. */
enum
{
	FORM_RECORD,
	FORM_JSONB,
	FORM_TEXT,
	FORM_ARRAY
};

static MlpgSite *
create_site(FunctionCallInfo fcinfo)
{
	MlpgSite   *site = mlpg_site_create(fcinfo->flinfo->fn_mcxt);
	Oid		   *types;
	int			n;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	site->by_name = types[0] == TEXTOID;
	switch (types[1])
	{
		case JSONBOID:
			site->form = FORM_JSONB;
			break;
		case TEXTOID:
			site->form = FORM_TEXT;
			break;
		case FLOAT8ARRAYOID:
			site->form = FORM_ARRAY;
			break;
		default:
			site->form = FORM_RECORD;
			break;
	}
	fcinfo->flinfo->fn_extra = site;
	return site;
}

MlpgSite *
mlpg_row_site(FunctionCallInfo fcinfo)
{
	MlpgSite   *site = fcinfo->flinfo->fn_extra;

	return likely(site != NULL) ? site : create_site(fcinfo);
}

static bool
read_row(MlpgSite *site, MlpgScorer *scorer, Datum features)
{
	switch (site->form)
	{
		case FORM_RECORD:
			return mlpg_record_read(&scorer->record, scorer->context, scorer->model, scorer->label, features, scorer->row);
		case FORM_JSONB:
			return mlpg_bind_jsonb(scorer->model, scorer->label, DatumGetJsonbP(features), scorer->row);
		case FORM_TEXT:
			return mlpg_bind_text(scorer->model, scorer->label, DatumGetTextPP(features), scorer->row);
		default:
			return mlpg_bind_array(scorer->model, scorer->label, features, scorer->row);
	}
}

MlpgScorer *
mlpg_row_scorer(FunctionCallInfo fcinfo, MlpgSite *site)
{
	MlpgScorer *scorer;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	if (site->by_name)
		scorer = mlpg_site_by_name(site, PG_GETARG_TEXT_PP(0));
	else
		scorer = mlpg_site_by_value(site, PG_GETARG_DATUM(0));
	return read_row(site, scorer, PG_GETARG_DATUM(1)) || scorer->model->schema->n_features == 0 ? scorer : NULL;
}

/* --- calls that the planner made -------------------------------------- */

/* names is the argument with the columns' names; the columns follow it. */
static void
bind_arguments(FunctionCallInfo fcinfo, MlpgSite *site, MlpgScorer *scorer, int names)
{
	MemoryContext old = MemoryContextSwitchTo(scorer->context);

	if (site->columns.name == NULL)
	{
		Datum	   *name;
		int			n;

		if (PG_ARGISNULL(names) || get_fn_expr_variadic(fcinfo->flinfo) || !get_fn_expr_arg_stable(fcinfo->flinfo, names))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("this function is called by the planner"),
					 errhint("Use mlpg.predict, predict_class, predict_proba, predict_quantile, predict_quantiles or predict_interval.")));
		MemoryContextSwitchTo(site->context);
		deconstruct_array(DatumGetArrayTypePCopy(PG_GETARG_DATUM(names)), TEXTOID, -1, false, TYPALIGN_INT, &name, NULL, &n);
		site->columns.n = Min(n, PG_NARGS() - names - 1);
		site->columns.type = palloc(Max(n, 1) * sizeof(Oid));
		site->columns.name = palloc(Max(n, 1) * sizeof(char *));
		for (int i = 0; i < site->columns.n; i++)
		{
			site->columns.name[i] = TextDatumGetCString(name[i]);
			site->columns.type[i] = get_fn_expr_argtype(fcinfo->flinfo, names + 1 + i);
		}
		MemoryContextSwitchTo(scorer->context);
	}
	if (mlpg_schema_columns(scorer->model->schema) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model changed while the statement was planned"),
				 errdetail("The version that serves now needs no column."),
				 errhint("Run the statement again.")));
	scorer->arguments = mlpg_bind_columns(scorer->model, scorer->label, &site->columns, true);
	MemoryContextSwitchTo(old);
}

static inline MlpgScorer *
scorer_of_columns(FunctionCallInfo fcinfo, int names)
{
	MlpgSite   *site = fcinfo->flinfo->fn_extra;
	MlpgScorer *scorer;

	if (unlikely(site == NULL))
		fcinfo->flinfo->fn_extra = site = mlpg_site_create(fcinfo->flinfo->fn_mcxt);
	if (PG_ARGISNULL(0))
		return NULL;
	scorer = mlpg_site_by_name(site, PG_GETARG_TEXT_PP(0));
	if (unlikely(scorer->arguments == NULL))
		bind_arguments(fcinfo, site, scorer, names);
	if (!mlpg_bind_arguments(scorer->arguments, &fcinfo->args[names + 1], scorer->row))
		return NULL;
	return scorer;
}

/* --- answers ----------------------------------------------------------- */

/* E10 */
MLPG_NORETURN static void
raise_no_number(MlpgSite *site, const MlpgScorer *scorer)
{
	const MlpgModel *model = scorer->model;

	if (model->schema->classes != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s predicts a class, not a number", scorer->label),
				 errdetail("Its classes are: %s.", mlpg_classes_list(site->host, model->schema)),
				 errhint("Use mlpg.predict_class(model, row) or mlpg.predict_proba(model, row, class); params => '{\"positive\":...}' makes mlpg.predict answer the probability of that class.")));
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s predicts quantiles, not one number", scorer->label),
			 errdetail("Its levels go from %g to %g.", model->levels ? model->levels[0] : 0,
					   model->levels ? model->levels[model->n_outputs - 1] : 1),
			 errhint("Use mlpg.predict_quantile(model, row, level) or mlpg.predict_quantiles(model, row, levels).")));
	pg_unreachable();
}

static inline Datum
answer(FunctionCallInfo fcinfo, MlpgScorer *scorer)
{
	const MlpgModel *model;
	bool		is_class;
	double		value;

	if (scorer == NULL)
		PG_RETURN_NULL();
	model = scorer->model;
	is_class = model->schema->classes != NULL;
	if (unlikely(is_class ? model->schema->positive < 0 : model->main_output < 0))
		raise_no_number(fcinfo->flinfo->fn_extra, scorer);
	model->learner->predict(model, scorer->row, 1, mlpg_schema_columns(model->schema), scorer->outputs);
	value = is_class ? mlpg_model_probability(model, scorer->outputs, model->schema->positive) : mlpg_model_answer(model, scorer->outputs);
	if (unlikely(isnan(value)))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* Predictions at the levels into out; false where there is none. */
static bool
quantiles(MlpgSite *site, MlpgScorer *scorer, const double *levels, int n, double *out)
{
	const MlpgModel *model = scorer->model;

	mlpg_model_check_levels(site->host, model, levels, n);
	model->learner->predict(model, scorer->row, 1, mlpg_schema_columns(model->schema), scorer->outputs);
	for (int i = 0; i < model->n_outputs; i++)
		if (isnan(scorer->outputs[i]))
			return false;
	mlpg_model_quantiles(model, scorer->outputs, levels, n, out);
	return true;
}

static Datum
answer_quantile(FunctionCallInfo fcinfo, MlpgScorer *scorer, int level)
{
	double		wanted;
	double		value;

	if (scorer == NULL || PG_ARGISNULL(level))
		PG_RETURN_NULL();
	wanted = PG_GETARG_FLOAT8(level);
	if (!quantiles(fcinfo->flinfo->fn_extra, scorer, &wanted, 1, &value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

static Datum
answer_quantiles(FunctionCallInfo fcinfo, MlpgScorer *scorer, int levels)
{
	MlpgDatumReader reader = {.how = MLPG_READ_FLOAT8_ARRAY, .kind = MLPG_NUMBER, .is_array = true};
	ArrayType  *array;
	double	   *wanted;
	double	   *values;
	Datum	   *datums;
	int			n;

	if (scorer == NULL || PG_ARGISNULL(levels))
		PG_RETURN_NULL();
	array = PG_GETARG_ARRAYTYPE_P(levels);
	n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(FLOAT8OID));
	wanted = palloc(n * sizeof(double));
	values = palloc(n * sizeof(double));
	datums = palloc(n * sizeof(Datum));
	(void) mlpg_datum_array(&reader, PointerGetDatum(array), wanted, n, NULL);
	for (int i = 0; i < n; i++)
		if (isnan(wanted[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("levels must not hold NULL or NaN")));
	if (!quantiles(fcinfo->flinfo->fn_extra, scorer, wanted, n, values))
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
		datums[i] = Float8GetDatum(values[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The rule of a coverage, which mostly is that of the row before.  A reason why there are no bounds is said once a call site. */
static const MlpgIntervalRule *
interval_rule(MlpgSite *site, MlpgScorer *scorer, double coverage)
{
	MemoryContext old;

	if (scorer->interval != NULL && scorer->interval->coverage == coverage)
		return scorer->interval;
	old = MemoryContextSwitchTo(scorer->context);
	if (scorer->interval == NULL)
		scorer->interval = palloc0(sizeof(MlpgIntervalRule));
	mlpg_release(site->host, scorer->interval->unbounded);
	scorer->interval->unbounded = NULL;
	scorer->interval->coverage = NAN;
	mlpg_interval_rule(site->host, scorer->model, coverage, scorer->interval);
	MemoryContextSwitchTo(old);
	if (scorer->interval->unbounded != NULL && !site->warned)
	{
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%s has no bounds for coverage %g: lower and upper are NULL", scorer->label, coverage),
				 errdetail_internal("%s.", scorer->interval->unbounded),
				 errhint("Train on more rows, keep a larger share of them apart, or ask for less coverage.")));
		site->warned = true;
	}
	return scorer->interval;
}

/* The row type of the answer, looked up once a call site. */
static TupleDesc
result_type(FunctionCallInfo fcinfo, MlpgSite *site)
{
	if (site->result == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(site->context);
		TupleDesc	desc;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 3)
			elog(ERROR, "mlpg.predict_interval must return mlpg.prediction_interval");
		site->result = BlessTupleDesc(CreateTupleDescCopy(desc));
		MemoryContextSwitchTo(old);
	}
	return site->result;
}

static Datum
answer_interval(FunctionCallInfo fcinfo, MlpgScorer *scorer, int coverage)
{
	MlpgSite   *site = fcinfo->flinfo->fn_extra;
	const MlpgIntervalRule *rule;
	MlpgInterval interval;
	Datum		values[3];
	bool		nulls[3];

	if (scorer == NULL || PG_ARGISNULL(coverage))
		PG_RETURN_NULL();
	rule = interval_rule(site, scorer, PG_GETARG_FLOAT8(coverage));
	mlpg_interval_row(site->host, scorer->model, rule, scorer->row, scorer->outputs, &interval);
	if (isnan(interval.yhat) && isnan(interval.lower))
		PG_RETURN_NULL();
	values[0] = Float8GetDatum(interval.yhat);
	values[1] = Float8GetDatum(interval.lower);
	values[2] = Float8GetDatum(interval.upper);
	nulls[0] = isnan(interval.yhat);
	nulls[1] = isnan(interval.lower);
	nulls[2] = isnan(interval.upper);
	return HeapTupleGetDatum(heap_form_tuple(result_type(fcinfo, site), values, nulls));
}

/* Scores with a classifier; the likeliest class, -1 where there is no answer. */
static int
class_of(MlpgScorer *scorer)
{
	const MlpgModel *model = scorer->model;

	if (model->schema->classes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s predicts a number, not a class", scorer->label),
				 errhint("Use mlpg.predict(model, row).")));
	model->learner->predict(model, scorer->row, 1, mlpg_schema_columns(model->schema), scorer->outputs);
	return mlpg_model_class(model, scorer->outputs);
}

static Datum
answer_class(FunctionCallInfo fcinfo, MlpgScorer *scorer)
{
	const MlpgDictionary *classes;
	int			class;

	if (scorer == NULL || (class = class_of(scorer)) < 0)
		PG_RETURN_NULL();
	classes = scorer->model->schema->classes;
	PG_RETURN_TEXT_P(cstring_to_text_with_len(classes->text[class], classes->length[class]));
}

static Datum
answer_probabilities(FunctionCallInfo fcinfo, MlpgScorer *scorer)
{
	const MlpgDictionary *classes;
	MlpgJson	json;

	if (scorer == NULL || class_of(scorer) < 0)
		PG_RETURN_NULL();
	classes = scorer->model->schema->classes;
	mlpg_json_begin(&json);
	for (int k = 0; k < classes->n; k++)
		mlpg_json_put_number(&json, classes->text[k], mlpg_model_probability(scorer->model, scorer->outputs, k));
	PG_RETURN_JSONB_P(mlpg_json_end(&json));
}

int
mlpg_class_argument(const MlpgSite *site, const MlpgScorer *scorer, const text *name)
{
	const MlpgSchema *schema = scorer->model->schema;
	int			class = mlpg_dictionary_find(schema->classes, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (class < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no class \"%s\"", scorer->label, text_to_cstring(name)),
				 errdetail("Its classes are: %s.", mlpg_classes_list(site->host, schema))));
	return class;
}

/* The probability of the class that an argument names. */
static Datum
answer_probability(FunctionCallInfo fcinfo, MlpgScorer *scorer, int argument)
{
	MlpgSite   *site = fcinfo->flinfo->fn_extra;
	int			answered;
	int			class;

	if (scorer == NULL || PG_ARGISNULL(argument))
		PG_RETURN_NULL();
	answered = class_of(scorer);
	class = mlpg_class_argument(site, scorer, PG_GETARG_TEXT_PP(argument));
	if (answered < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(mlpg_model_probability(scorer->model, scorer->outputs, class));
}

/* --- entry points ------------------------------------------------------ */

/* predict(model, features) */
Datum
mlpg_sql_predict(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)));
}

/* predict_quantile(model, features, level) */
Datum
mlpg_sql_predict_quantile(PG_FUNCTION_ARGS)
{
	return answer_quantile(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)), 2);
}

/* predict_quantiles(model, features, levels) */
Datum
mlpg_sql_predict_quantiles(PG_FUNCTION_ARGS)
{
	return answer_quantiles(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)), 2);
}

/* predict_interval(model, features, coverage) */
Datum
mlpg_sql_predict_interval(PG_FUNCTION_ARGS)
{
	return answer_interval(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)), 2);
}

/* predict_interval_columns(model, coverage, names, VARIADIC columns) */
Datum
mlpg_sql_predict_interval_columns(PG_FUNCTION_ARGS)
{
	return answer_interval(fcinfo, scorer_of_columns(fcinfo, 2), 1);
}

/* predict_columns(model, names, VARIADIC columns) */
Datum
mlpg_sql_predict_columns(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, scorer_of_columns(fcinfo, 1));
}

/* predict_quantile_columns(model, level, names, VARIADIC columns) */
Datum
mlpg_sql_predict_quantile_columns(PG_FUNCTION_ARGS)
{
	return answer_quantile(fcinfo, scorer_of_columns(fcinfo, 2), 1);
}

/* predict_quantiles_columns(model, levels, names, VARIADIC columns) */
Datum
mlpg_sql_predict_quantiles_columns(PG_FUNCTION_ARGS)
{
	return answer_quantiles(fcinfo, scorer_of_columns(fcinfo, 2), 1);
}

/* predict_class(model, features) */
Datum
mlpg_sql_predict_class(PG_FUNCTION_ARGS)
{
	return answer_class(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)));
}

/* predict_proba(model, features) */
Datum
mlpg_sql_predict_proba(PG_FUNCTION_ARGS)
{
	return answer_probabilities(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)));
}

/* predict_proba(model, features, class) */
Datum
mlpg_sql_predict_proba_of(PG_FUNCTION_ARGS)
{
	return answer_probability(fcinfo, mlpg_row_scorer(fcinfo, mlpg_row_site(fcinfo)), 2);
}

/* predict_class_columns(model, names, VARIADIC columns) */
Datum
mlpg_sql_predict_class_columns(PG_FUNCTION_ARGS)
{
	return answer_class(fcinfo, scorer_of_columns(fcinfo, 1));
}

/* predict_proba_columns(model, names, VARIADIC columns) */
Datum
mlpg_sql_predict_proba_columns(PG_FUNCTION_ARGS)
{
	return answer_probabilities(fcinfo, scorer_of_columns(fcinfo, 1));
}

/* predict_proba_columns(model, class, names, VARIADIC columns) */
Datum
mlpg_sql_predict_proba_of_columns(PG_FUNCTION_ARGS)
{
	return answer_probability(fcinfo, scorer_of_columns(fcinfo, 2), 1);
}
