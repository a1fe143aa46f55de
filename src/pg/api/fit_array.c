/*-------------------------------------------------------------------------
 *
 * fit_array.c
 *	  The aggregate mlpg.fit over arrays: fit(algorithm, target, float8[] [, params]).
 *
 * The form that a distributed engine can push down: argument types are
 * concrete and the state is a type of ours, mlpg.state, that travels as text
 * (array_state.c).  The transition function asks for no argument types; all it knows is in the
 * state.  In fn_extra it keeps only what saves work: the plan that an algorithm and params make.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/array_state.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define FIRST_ROWS 4
#define FLAT_MAX 8192			/* bytes of rows in a flat state */

/* ---------- transition ---------- */

/* An algorithm, params and a number of elements, and what they make: a list in fn_extra, the latest first. */
typedef struct FirstState
{
	struct FirstState *next;
	text	   *algorithm;
	Jsonb	   *params;			/* or NULL */
	int			n;
	MlpgKind	kind;			/* of the target */
	int			n_beside;
	int			beside[MLPG_STATE_BESIDE]; /* elements that are weight, offset and validation, as far as they are */
	MlpgPlan	plan;
	MlpgFlatState  *state;			/* without rows */
} FirstState;

/* The element that a column beside the features is: "x3" is 2. */
static void
find_beside(FirstState *first, const char *name, const char *role)
{
	int			element;

	if (name == NULL)
		return;
	element = name[0] == 'x' ? atoi(name + 1) - 1 : -1;
	if (element < 0 || element >= first->n || strcmp(name, psprintf("x%d", element + 1)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s \"%s\" is no element of the features", role, name),
				 errhint("Elements are named x1 to x%d.", first->n)));
	for (int i = 0; i < first->n_beside; i++)
		if (first->beside[i] == element)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element \"%s\" is named as %s and for another use", name, role)));
	first->beside[first->n_beside++] = element;
}

static bool
is_beside(const FirstState *first, int element)
{
	for (int i = 0; i < first->n_beside; i++)
		if (first->beside[i] == element)
			return true;
	return false;
}

static void
name_columns(FirstState *first, MlpgPlan *plan, const MlpgOptions *options)
{
	int			n = first->n;
	const char *offset = options->offset ? options->offset : options->init_score;

	if (options->features != NIL || options->exclude != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" does not go with an array of features", options->features ? "features" : "exclude"),
				 errhint("Build the array from the features wanted.")));
	if (n > MLPG_FEATURES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array has more than %d features", MLPG_FEATURES_MAX)));
	find_beside(first, options->weight, "weight");
	find_beside(first, offset, "offset");
	find_beside(first, options->validation, "validation");
	plan->name = palloc0((n + 1) * sizeof(char *));
	plan->kind = palloc0((n + 1) * sizeof(MlpgKind));
	for (int i = 0; i < n; i++)
		if (!is_beside(first, i))
			plan->name[plan->n_features++] = psprintf("x%d", i + 1);
	plan->weighted = options->weight != NULL;
	plan->has_offset = offset != NULL;
	plan->has_validation = options->validation != NULL;
}

static Oid
type_of(MlpgKind kind)
{
	return kind == MLPG_CATEGORY ? TEXTOID : kind == MLPG_BOOLEAN ? BOOLOID : FLOAT8OID;
}

static MlpgFlatState *
make_first_state(FirstState *first)
{
	MlpgHost   *host = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	MlpgOptions options;
	MlpgPlan   *plan = &first->plan;
	MlpgWriter *w;
	MlpgFlatState  *s;
	Size		size;

	mlpg_options_init(&options);
	mlpg_options_learner(host, &options, text_to_cstring(first->algorithm));
	mlpg_options_take(host, &options, first->params, false);
	(void) mlpg_options_settle(host, &options);
	mlpg_options_plan(&options, plan, first->kind, type_of(first->kind));
	plan->target = "";
	plan->array_form = true;
	plan->encoding = mlpg_encoding_name();
	name_columns(first, plan, &options);
	mlpg_options_features(host, &options, plan);
	w = mlpg_writer_create(host, 0);
	mlpg_plan_write(plan, w);

	size = mlpg_flat_size(w->length, FIRST_ROWS, mlpg_plan_columns(plan));
	s = palloc0(size);
	SET_VARSIZE(s, size);
	s->magic = MLPG_STATE_MAGIC;
	s->kind = MLPG_STATE_ROWS;
	s->capacity = FIRST_ROWS;
	s->n_columns = mlpg_plan_columns(plan);
	s->body = w->length;
	s->flags = options.allow_leakage ? MLPG_STATE_ALLOW_LEAKAGE : 0;
	memcpy(s->data, w->data, w->length);
	return s;
}

static bool
same_bytes(const void *kept, Datum datum)
{
	struct varlena *given = PG_DETOAST_DATUM_PACKED(datum);

	return VARSIZE_ANY_EXHDR(kept) == VARSIZE_ANY_EXHDR(given) &&
		memcmp(VARDATA_ANY(kept), VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)) == 0;
}

/* The first state of the arguments at hand. */
static const FirstState *
find_first(FunctionCallInfo fcinfo, MlpgKind kind, int n)
{
	bool		has_params = PG_NARGS() > 4 && !PG_ARGISNULL(4);
	FirstState *before = NULL;
	FirstState *first;
	MemoryContext old;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("algorithm must not be NULL")));
	for (first = fcinfo->flinfo->fn_extra; first != NULL; before = first, first = first->next)
		if (first->n == n && same_bytes(first->algorithm, PG_GETARG_DATUM(1)) && has_params == (first->params != NULL) &&
			(!has_params || same_bytes(first->params, PG_GETARG_DATUM(4))))
			break;
	if (first != NULL && before == NULL)
		return first;
	if (first != NULL)
		before->next = first->next;
	else
	{
		old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		first = palloc0(sizeof(FirstState));
		first->n = n;
		first->kind = kind;
		first->algorithm = PG_GETARG_TEXT_P_COPY(1);
		first->params = has_params ? PG_GETARG_JSONB_P_COPY(4) : NULL;
		first->state = make_first_state(first);
		MemoryContextSwitchTo(old);
	}
	first->next = fcinfo->flinfo->fn_extra;
	fcinfo->flinfo->fn_extra = first;
	return first;
}

static MlpgFlatState *
copy_first(const FirstState *first)
{
	MlpgFlatState  *s = palloc(VARSIZE(first->state));

	memcpy(s, first->state, VARSIZE(first->state));
	return s;
}

/* Every row of a group must ask for the same. */
static void
check_same_flat(const FirstState *first, const MlpgFlatState *s)
{
	if (s->body != first->state->body || s->flags != first->state->flags || memcmp(s->data, first->state->data, s->body) != 0)
		mlpg_raise_different_fits();
}

static void
check_same_expanded(const FirstState *first, MlpgExpandedState *e)
{
	MlpgHost   *scratch;

	if (e->first == first)
		return;
	scratch = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	if (!mlpg_plan_equal(mlpg_flat_plan(scratch, first->state), e->state->fit.plan))
		mlpg_raise_different_fits();
	e->first = first;
}

/* A copy with room for twice the rows. */
static MlpgFlatState *
grow(MlpgFlatState *s, MemoryContext context)
{
	Size		size = mlpg_flat_size(s->body, (uint64) s->capacity * 2, s->n_columns);
	MlpgFlatState  *bigger = MemoryContextAllocZero(context, size);

	memcpy(bigger, s, VARSIZE(s));
	SET_VARSIZE(bigger, size);
	bigger->capacity = s->capacity * 2;
	return bigger;
}

/* What is beside the features must be there, a weight not negative and a validation mark 0 or 1. */
static void
check_beside(const FirstState *first, const MlpgPlan *plan, int i, double x)
{
	if (plan->weighted && i == 0)
	{
		if (!(x >= 0 && x <= DBL_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("a weight is %s", isnan(x) ? "NULL or NaN" : x < 0 ? "negative" : "infinite"),
					 errhint("Weights must be finite and not negative; zero leaves a row out.")));
		return;
	}
	if (!isfinite(x) || (plan->has_validation && i == first->n_beside - 1 && x != 0 && x != 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("element \"x%d\" is %s", first->beside[i] + 1,
						isnan(x) ? "NULL or NaN" : isinf(x) ? "infinite" : "neither 0 nor 1"),
				 errhint("Give each row a value, or leave the row out.")));
}

/* A row of features, target and what is beside them from the arguments. */
static void
read_row(FunctionCallInfo fcinfo, const FirstState *first, const MlpgPlan *plan, double *row)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(3);
	MlpgDatumReader reader = {.how = MLPG_READ_FLOAT8_ARRAY, .kind = MLPG_NUMBER, .is_array = true};
	double		beside[MLPG_STATE_BESIDE];
	int			bad;
	int			n = 0;
	double		y = 0;

	if (first->kind == MLPG_NUMBER)
		y = PG_GETARG_FLOAT8(2);
	else if (first->kind == MLPG_BOOLEAN)
		y = PG_GETARG_BOOL(2);
	(void) mlpg_datum_array(&reader, PointerGetDatum(array), row, first->n, &bad);
	for (int i = 0; i < first->n_beside; i++)
		check_beside(first, plan, i, beside[i] = row[first->beside[i]]);
	if (bad >= 0 || !isfinite(y))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s is NaN or infinite", bad >= 0 ? psprintf("feature \"x%d\"", bad + 1) : "the target"),
				 errhint(bad >= 0 ? "Turn it into NULL, which is read as a missing value, or leave the row out."
						 : "Turn it into NULL, which leaves the row out.")));
	for (int i = 0; i < first->n && first->n_beside > 0; i++)
		if (!is_beside(first, i))
			row[n++] = row[i];
	n = first->n - first->n_beside;
	row[n] = y;
	memcpy(row + n + 1, beside, first->n_beside * sizeof(double));
}

static void
add_to_expanded(FunctionCallInfo fcinfo, const FirstState *first, MlpgExpandedState *e)
{
	MlpgFit    *fit = &e->state->fit;
	const MlpgPlan *plan = fit->plan;
	double	   *row = mlpg_fit_next_row(e->host, fit);
	text	   *word = NULL;

	read_row(fcinfo, first, plan, row);
	mlpg_leak_watch(e->host, &e->state->leak, row, plan->n_features);
	if (first->kind == MLPG_CATEGORY)
		word = PG_GETARG_TEXT_PP(2);
	row[plan->n_features] = mlpg_fit_target(e->host, fit, row[plan->n_features],
											word ? VARDATA_ANY(word) : NULL, word ? VARSIZE_ANY_EXHDR(word) : 0);
	mlpg_fit_commit_row(e->host, fit);
}

static MlpgFlatState *
add_to_flat(FunctionCallInfo fcinfo, const FirstState *first, MlpgFlatState *s, MemoryContext context)
{
	if (s->n_rows == s->capacity)
		s = grow(s, context);
	read_row(fcinfo, first, &first->plan, mlpg_flat_rows(s) + (Size) s->n_rows * s->n_columns);
	s->n_rows++;
	return s;
}

/* Elements of the array given; they must be as many as those before. */
static int
count_elements(FunctionCallInfo fcinfo, int expected)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(3);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (expected >= 0 && n != expected)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("arrays of features have different lengths"),
				 errdetail("One has %d elements, those before have %d.", n, expected)));
	return n;
}

static void
take_expanded(FunctionCallInfo fcinfo, MlpgKind kind, MlpgExpandedState *e)
{
	const FirstState *first = find_first(fcinfo, kind, count_elements(fcinfo, mlpg_plan_columns(e->state->fit.plan) - 1));

	check_same_expanded(first, e);
	if (PG_ARGISNULL(2))
		e->state->fit.n_dropped++;
	else
		add_to_expanded(fcinfo, first, e);
}

static MlpgFlatState *
take_flat(FunctionCallInfo fcinfo, MlpgKind kind, MlpgFlatState *s)
{
	const FirstState *first = find_first(fcinfo, kind, count_elements(fcinfo, s ? (int) s->n_columns - 1 : -1));

	if (s == NULL)
		s = copy_first(first);
	else
		check_same_flat(first, s);
	if (PG_ARGISNULL(2))
	{
		s->n_dropped++;
		return s;
	}
	return add_to_flat(fcinfo, first, s, CurrentMemoryContext);
}

/* A row with a text as target into no state, or into one that has seen NULLs only. */
static MlpgExpandedState *
take_text(FunctionCallInfo fcinfo, MlpgFlatState *s, MemoryContext context)
{
	const FirstState *first = find_first(fcinfo, MLPG_CATEGORY, count_elements(fcinfo, s ? (int) s->n_columns - 1 : -1));
	MlpgExpandedState *e = mlpg_state_expand(context, PointerGetDatum(s ? s : first->state));

	take_expanded(fcinfo, MLPG_CATEGORY, e);
	return e;
}

static Datum
accum(FunctionCallInfo fcinfo, MlpgKind kind)
{
	MemoryContext context;
	MlpgExpandedState *e = NULL;
	MlpgFlatState  *s = NULL;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "transition function of mlpg.fit called outside an aggregate");
	if (!PG_ARGISNULL(0))
	{
		e = mlpg_state_expanded(PG_GETARG_DATUM(0));
		if (e == NULL)
		{
			s = mlpg_state_flat(PG_GETARG_DATUM(0));
			if (s->kind == MLPG_STATE_FIT || mlpg_flat_size(0, s->capacity, s->n_columns) > FLAT_MAX)
				e = mlpg_state_expand(context, PG_GETARG_DATUM(0));
		}
	}
	/* a row that an outer join left empty is none */
	if (PG_ARGISNULL(3))
	{
		if (e == NULL && s == NULL)
			PG_RETURN_NULL();
	}
	else if (e != NULL)
		take_expanded(fcinfo, kind, e);
	else if (kind == MLPG_CATEGORY && !PG_ARGISNULL(2))
		e = take_text(fcinfo, s, context);
	else
		s = take_flat(fcinfo, kind, s);
	if (e != NULL)
		return EOHPGetRWDatum(&e->header);
	PG_RETURN_POINTER(s);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_array_accum);
MLPG_SQL_FUNCTION(mlpg_sql_fit_array_accum_text);
MLPG_SQL_FUNCTION(mlpg_sql_fit_array_accum_boolean);

Datum
mlpg_sql_fit_array_accum(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, MLPG_NUMBER);
}

Datum
mlpg_sql_fit_array_accum_text(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, MLPG_CATEGORY);
}

Datum
mlpg_sql_fit_array_accum_boolean(PG_FUNCTION_ARGS)
{
	return accum(fcinfo, MLPG_BOOLEAN);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_array_combine);

Datum
mlpg_sql_fit_array_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MlpgExpandedState *e;
	MlpgHost   *scratch;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "mlpg_sql_fit_array_combine called outside an aggregate");
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_ARGISNULL(0))
		return EOHPGetRWDatum(&mlpg_state_expand(context, PG_GETARG_DATUM(1))->header);
	e = mlpg_state_expanded(PG_GETARG_DATUM(0));
	if (e == NULL)
		e = mlpg_state_expand(context, PG_GETARG_DATUM(0));
	scratch = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	mlpg_fit_state_combine(e->host, e->state, mlpg_state_open(scratch, PG_GETARG_DATUM(1)));
	return EOHPGetRWDatum(&e->header);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_array_final);

Datum
mlpg_sql_fit_array_final(PG_FUNCTION_ARGS)
{
	MlpgExpandedState *e;
	MlpgFitState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "mlpg_sql_fit_array_final called outside an aggregate");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	e = mlpg_state_expanded(PG_GETARG_DATUM(0));
	state = e != NULL ? e->state : mlpg_state_open(mlpg_host_pg_create(CurrentMemoryContext, 1, 0), PG_GETARG_DATUM(0));
	/* without a known target there is no model, as there is no avg */
	if (state->fit.n_rows == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(mlpg_fit_state_finish(fcinfo, e != NULL ? e->header.eoh_context : CurrentMemoryContext, state));
}
