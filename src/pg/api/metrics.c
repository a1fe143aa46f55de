/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  SQL entry points of the metric aggregates and of newsvendor.
 *
 * Every metric is an aggregate over the same three functions.  The transition
 * state is a float8[]: a plain type, so that PostgreSQL sends it between
 * parallel workers as it is and Citus pushes the aggregate down to its shards
 * (neither needs a serialize function).  It is MlpgMetricState, double for
 * double.  INITCOND holds the first two elements only, magic and metric id; the
 * first row of a group makes the whole state, which is then changed in place.
 *
 * The functions may be called by hand by whoever was granted them, so each
 * looks at the state it is given before it believes it, and changes a state in
 * place only inside an aggregate.
 *
 * Nothing is kept in fn_extra: under Citus it does not survive from row to row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/pg_type.h"
#include "core/metrics/metric.h"
#include "utils/array.h"

MLPG_SQL_FUNCTION(mlpg_sql_metric_accum);
MLPG_SQL_FUNCTION(mlpg_sql_metric_accum_boolean);
MLPG_SQL_FUNCTION(mlpg_sql_metric_accum_text);
MLPG_SQL_FUNCTION(mlpg_sql_metric_combine);
MLPG_SQL_FUNCTION(mlpg_sql_metric_value);
MLPG_SQL_FUNCTION(mlpg_sql_newsvendor);

/* ARR_DATA_PTR without its mixed signs, over which -Wextra stumbles. */
static double *
elements_of(ArrayType *array)
{
	Size		offset = ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array));

	return (double *) ((char *) array + offset);
}

/* The elements of an array of float8 with at most one dimension and no NULLs; else NULL. */
static double *
flat_elements(ArrayType *array, int *n)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != FLOAT8OID)
		return NULL;
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return elements_of(array);
}

/* Argument i as a state; whatever is none is an error. */
static ArrayType *
get_state(FunctionCallInfo fcinfo, int i, const MlpgMetric **metric, bool *is_fresh)
{
	ArrayType  *array = PG_ARGISNULL(i) ? NULL : PG_GETARG_ARRAYTYPE_P(i);
	int			n = 0;
	double	   *values = array == NULL ? NULL : flat_elements(array, &n);

	*metric = values == NULL ? NULL : mlpg_metric_check_state(values, n);
	if (*metric == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("this is not the transition state of a metric")));
	*is_fresh = n != MLPG_METRIC_STATE_DOUBLES;
	return array;
}

static MlpgMetricState *
state_of(ArrayType *array)
{
	return (MlpgMetricState *) elements_of(array);
}

/* A whole state of that metric before its first row. */
static ArrayType *
new_state(const MlpgMetric *metric)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(MlpgMetricState);
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT8OID;
	ARR_DIMS(array)[0] = MLPG_METRIC_STATE_DOUBLES;
	ARR_LBOUND(array)[0] = 1;
	mlpg_metric_init(NULL, state_of(array), metric, NULL);	/* raises for parameters only: no host needed */
	return array;
}

/* The state to change: the given one inside an aggregate, else a copy. */
static ArrayType *
writable_state(FunctionCallInfo fcinfo, ArrayType *array, const MlpgMetric *metric, bool is_fresh)
{
	ArrayType  *copy;

	if (is_fresh)
		return new_state(metric);
	if (AggCheckCallContext(fcinfo, NULL))
		return array;
	copy = new_state(metric);
	memcpy(state_of(copy), state_of(array), sizeof(MlpgMetricState));
	return copy;
}

/* A host for the error path only. */
static MlpgHost *
error_host(void)
{
	return mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
}

/* What the types of the first two arguments after the state are. */
typedef enum Form
{
	NUMBERS,
	TRUTH,						/* boolean and number */
	TEXTS
} Form;

/* Argument i as a number; of two texts the first is 0 and the second whether it differs. */
static double
get_argument(FunctionCallInfo fcinfo, int i, Form form)
{
	text	   *first;
	text	   *second;

	if (form == TRUTH && i == 1)
		return PG_GETARG_BOOL(i);
	if (form != TEXTS)
		return PG_GETARG_FLOAT8(i);
	first = PG_GETARG_TEXT_PP(1);
	second = PG_GETARG_TEXT_PP(2);
	return i == 2 && (VARSIZE_ANY_EXHDR(first) != VARSIZE_ANY_EXHDR(second) ||
					  memcmp(VARDATA_ANY(first), VARDATA_ANY(second), VARSIZE_ANY_EXHDR(first)) != 0);
}

/*
 * metric_accum(state, actual, ...): one row.  A row with any NULL changes
 * nothing.  The arguments are the metric's inputs, then its parameters.
 */
static Datum
accum(FunctionCallInfo fcinfo, Form form)
{
	const MlpgMetric *metric;
	bool		is_fresh;
	ArrayType  *array = get_state(fcinfo, 0, &metric, &is_fresh);
	double		arguments[MLPG_METRIC_MAX_ARGUMENTS];
	int			n_inputs = metric->inputs->n;
	int			n = PG_NARGS() - 1;

	if (n != n_inputs + metric->parameters->n)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("metric \"%s\" takes %d arguments, not %d", metric->name,
						n_inputs + metric->parameters->n, n)));
	for (int i = 0; i < n; i++)
		if (PG_ARGISNULL(i + 1))
			PG_RETURN_ARRAYTYPE_P(array);
	for (int i = 0; i < n; i++)
		arguments[i] = get_argument(fcinfo, i + 1, form);

	array = writable_state(fcinfo, array, metric, is_fresh);
	if (!mlpg_metric_try_row(state_of(array), arguments + n_inputs, arguments))
		mlpg_metric_refuse_row(error_host(), state_of(array), arguments + n_inputs, arguments);
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
mlpg_sql_metric_accum(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, NUMBERS);
}

/* of actual boolean and a probability */
Datum
mlpg_sql_metric_accum_boolean(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, TRUTH);
}

/* of two names of classes, which are the same only if their bytes are */
Datum
mlpg_sql_metric_accum_text(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, TEXTS);
}

/* metric_combine(state, other): the state of both sets of rows. */
Datum
mlpg_sql_metric_combine(PG_FUNCTION_ARGS)
{
	const MlpgMetric *metric;
	const MlpgMetric *other_metric;
	bool		is_fresh;
	bool		other_is_fresh;
	ArrayType  *array;
	ArrayType  *other;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(get_state(fcinfo, PG_ARGISNULL(0) ? 1 : 0, &metric, &is_fresh));

	array = get_state(fcinfo, 0, &metric, &is_fresh);
	other = get_state(fcinfo, 1, &other_metric, &other_is_fresh);
	if (metric != other_metric)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("states of metrics \"%s\" and \"%s\" cannot be combined",
						metric->name, other_metric->name)));
	if (other_is_fresh)
		PG_RETURN_ARRAYTYPE_P(array);

	array = writable_state(fcinfo, array, metric, is_fresh);
	if (!mlpg_metric_try_combine(state_of(array), state_of(other)))
		mlpg_metric_refuse_combine(error_host(), state_of(array), state_of(other));
	PG_RETURN_ARRAYTYPE_P(array);
}

/* metric_value(state): the metric, or NULL without rows or with a zero denominator. */
Datum
mlpg_sql_metric_value(PG_FUNCTION_ARGS)
{
	const MlpgMetric *metric;
	bool		is_fresh;
	ArrayType  *array = get_state(fcinfo, 0, &metric, &is_fresh);
	bool		is_null;
	double		value;

	if (is_fresh)
		PG_RETURN_NULL();
	value = mlpg_metric_value(state_of(array), &is_null);
	if (is_null)
		PG_RETURN_NULL();
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("metric \"%s\" is out of range: overflow", metric->name)));
	PG_RETURN_FLOAT8(value);
}

/* One array argument of newsvendor. */
static double *
get_numbers(FunctionCallInfo fcinfo, int i, const char *name, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(i);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be an array of one dimension", name),
				 errdetail("It has %d dimensions.", ARR_NDIM(array))));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not contain NULL", name)));
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return elements_of(array);
}

/* newsvendor(levels, quantiles, underage_cost, overage_cost): strict. */
Datum
mlpg_sql_newsvendor(PG_FUNCTION_ARGS)
{
	int			n;
	int			n_quantiles;
	double	   *levels = get_numbers(fcinfo, 0, "levels", &n);
	double	   *quantiles = get_numbers(fcinfo, 1, "quantiles", &n_quantiles);
	double		underage_cost = PG_GETARG_FLOAT8(2);
	double		overage_cost = PG_GETARG_FLOAT8(3);
	double	   *sorted;
	double		quantity;

	if (n != n_quantiles)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"levels\" and \"quantiles\" must have the same length"),
				 errdetail("They have %d and %d elements.", n, n_quantiles)));

	/* a copy, because the core sorts and an argument is not ours to change */
	sorted = palloc(sizeof(double) * Max(n, 1));
	memcpy(sorted, quantiles, sizeof(double) * n);
	quantity = mlpg_newsvendor(levels, sorted, n, underage_cost, overage_cost);
	if (isnan(quantity))
		mlpg_newsvendor_refuse(error_host(), levels, quantiles, n, underage_cost, overage_cost);
	PG_RETURN_FLOAT8(quantity);
}
