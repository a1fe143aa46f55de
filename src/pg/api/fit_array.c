/*-------------------------------------------------------------------------
 *
 * fit_array.c
 *	  The aggregate mlpg.fit over arrays: fit(algorithm, target, float8[] [, params]).
 *
 * The form that a distributed engine can push down: argument types are
 * concrete and the state is a type of ours, mlpg.state, that travels as text.
 * The transition function asks for no argument types; all it knows is in the
 * state, which may come from anybody and is checked as such.  In fn_extra it
 * keeps only what saves work: the plan that an algorithm and params make.
 *
 * A state is one of two things:
 *
 *	 flat		a varlena: header, the plan as bytes, rows as they came.  Under 512
 *				bytes at first; rows are added in place while there is room, and
 *				room doubles.
 *	 expanded	an expanded object around a MlpgFitState, once the rows would take
 *				more than 8 kB.  Its memory is a child of the aggregate's context.
 *
 * Rows are as they came: the target is still a number where its classes are
 * fitted, and gets its code in the fit.  A text has no place in them: its states
 * are expanded from the first row on.
 *
 * Flattened (to be shipped to a leader or printed) an expanded state is a
 * header of the second kind and the bytes of fit_state.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/fit_state.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#define STATE_MAGIC 0x534C4D31	/* "1MLS" */
#define KIND_ROWS 1				/* plan, then rows */
#define KIND_FIT 2				/* bytes of fit_state.c */
#define FIRST_ROWS 4
#define BESIDE 3				/* elements that may be no features: weight, offset, validation */
#define FLAT_MAX 8192			/* bytes of rows in a flat state */

typedef struct FlatState
{
	int32		vl_len_;
	uint32		magic;
	uint32		kind;
	uint32		crc;			/* CRC-32C of what follows, when the state is at rest */
	uint32		n_rows;			/* KIND_ROWS: rows there are */
	uint32		capacity;		/* and rows there is room for */
	uint32		n_columns;
	uint32		body;			/* bytes of the plan (KIND_ROWS) or of the fit */
	uint32		flags;			/* KIND_ROWS: FLAG_... */
	uint32		reserved;		/* 0 */
	uint64		n_dropped;
	char		data[FLEXIBLE_ARRAY_MEMBER];	/* body, padded to 8; then capacity x n_columns doubles */
} FlatState;

#define FLAG_ALLOW_LEAKAGE 1
#define FLAT_HEADER offsetof(FlatState, data)

static inline double *
flat_rows(FlatState *s)
{
	return (double *) (s->data + TYPEALIGN(8, s->body));
}

static inline Size
flat_size(uint32 body, uint64 capacity, uint32 n_columns)
{
	return FLAT_HEADER + TYPEALIGN(8, body) + capacity * n_columns * sizeof(double);
}

/* ---------- expanded objects ---------- */

#define EXPANDED_MAGIC 0x4D4C5047

typedef struct ExpandedState
{
	ExpandedObjectHeader header;	/* first */
	int			magic;
	MlpgHost   *host;
	MlpgFitState *state;
	bytea	   *bytes;			/* between get_flat_size and flatten_into */
	const struct FirstState *first; /* that its rows were checked against */
} ExpandedState;

static Size
expanded_flat_size(ExpandedObjectHeader *header)
{
	ExpandedState *e = (ExpandedState *) header;
	MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

	if (e->bytes != NULL)
		pfree(e->bytes);
	e->bytes = mlpg_fit_state_bytes(e->host, e->state);
	MemoryContextSwitchTo(old);
	return FLAT_HEADER + TYPEALIGN(8, VARSIZE(e->bytes) - VARHDRSZ);
}

static void
seal(FlatState *s)
{
	s->crc = mlpg_crc32c(0, (char *) s + 16, VARSIZE(s) - 16);
}

static void
expanded_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	ExpandedState *e = (ExpandedState *) header;
	FlatState  *s = result;

	memset(s, 0, size);
	SET_VARSIZE(s, size);
	s->magic = STATE_MAGIC;
	s->kind = KIND_FIT;
	s->body = VARSIZE(e->bytes) - VARHDRSZ;
	memcpy(s->data, VARDATA(e->bytes), s->body);
	seal(s);
}

static const ExpandedObjectMethods methods = {expanded_flat_size, expanded_flatten};

static ExpandedState *
create_expanded(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlpg state", ALLOCSET_DEFAULT_SIZES);
	ExpandedState *e = MemoryContextAllocZero(context, sizeof(ExpandedState));

	EOH_init_header(&e->header, &methods, context);
	e->magic = EXPANDED_MAGIC;
	e->host = mlpg_host_pg_create(context, 1, 0);
	return e;
}

static ExpandedState *
as_expanded(Datum datum)
{
	ExpandedState *e;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	e = (ExpandedState *) DatumGetEOHP(datum);
	if (e->header.eoh_methods != &methods || e->magic != EXPANDED_MAGIC)
		elog(ERROR, "expanded object is no state of mlpg.fit");
	return e;
}

/* ---------- flat states ---------- */

MLPG_NORETURN static void
corrupt(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of mlpg.fit"),
			 errdetail("%s", what)));
}

/* Lengths and kind; what is inside is checked by those who read it. */
static void
check_flat(FlatState *s, Size size)
{
	if (size < FLAT_HEADER || s->magic != STATE_MAGIC || s->flags > FLAG_ALLOW_LEAKAGE || s->reserved != 0)
		corrupt("It has no header.");
	if (s->kind == KIND_FIT)
	{
		if (s->flags != 0 || s->n_rows != 0 || s->capacity != 0 || s->n_columns != 0 || s->body > size || FLAT_HEADER + TYPEALIGN(8, s->body) != size)
			corrupt("Its length does not fit its header.");
		return;
	}
	if (s->kind != KIND_ROWS || s->n_rows > s->capacity || s->capacity < 1 || s->capacity > 1000000 || s->n_columns < 1 ||
		s->n_columns > MLPG_FEATURES_MAX + 1 + BESIDE || s->body > size || flat_size(s->body, s->capacity, s->n_columns) != size)
		corrupt("Its length does not fit its header.");
}

/* The argument as a flat state that may be read at its alignment. */
static FlatState *
as_flat(Datum datum)
{
	FlatState  *s = (FlatState *) PG_DETOAST_DATUM(datum);

	if ((uintptr_t) s % 8 != 0)
		s = (FlatState *) PG_DETOAST_DATUM_COPY(datum);
	check_flat(s, VARSIZE(s));
	return s;
}

/* A plan of this form: every feature is an element of an array. */
static void
check_plan(const MlpgPlan *plan)
{
	if (!plan->array_form)
		corrupt("It is one of fit over rows.");
	for (int i = 0; i < plan->n_features; i++)
		if (plan->kind[i] != MLPG_NUMBER)
			corrupt("A feature is no number.");
}

static MlpgPlan *
flat_plan(MlpgHost *host, FlatState *s)
{
	MlpgReader	r;
	MlpgPlan   *plan;

	mlpg_reader_init(&r, host, s->data, s->body, "state of mlpg.fit");
	plan = mlpg_plan_read(&r);
	mlpg_read_end(&r);
	check_plan(plan);
	if ((uint32) mlpg_plan_columns(plan) != s->n_columns || (s->n_rows > 0 && plan->target_kind == MLPG_CATEGORY))
		corrupt("Its rows do not have the columns of its plan.");
	return plan;
}

/* A row of a flat state comes from anybody. */
static void
check_row(const MlpgPlan *plan, const double *row)
{
	int			n = plan->n_features;
	double		y = row[n];

	for (int j = 0; j < mlpg_plan_columns(plan); j++)
		if (isinf(row[j]) || (j >= n && isnan(row[j])))
			corrupt("A value is not finite.");
	if (plan->target_kind == MLPG_BOOLEAN && y != 0 && y != 1)
		corrupt("A boolean target is neither 0 nor 1.");
	if (plan->weighted && row[mlpg_plan_weight_column(plan)] < 0)
		corrupt("A weight is negative.");
	if (plan->has_validation && row[mlpg_plan_validation_column(plan)] != 0 && row[mlpg_plan_validation_column(plan)] != 1)
		corrupt("A validation mark is neither 0 nor 1.");
}

/* Adds the rows of a flat state, checked, to a fit. */
static void
add_flat_rows(MlpgHost *host, MlpgFitState *state, FlatState *s)
{
	int			n = s->n_columns;
	int			features = state->fit.plan->n_features;

	for (uint32 i = 0; i < s->n_rows; i++)
	{
		const double *row = flat_rows(s) + (Size) i * n;
		double	   *to;

		check_row(state->fit.plan, row);
		mlpg_leak_watch(host, &state->leak, row, features);
		to = mlpg_fit_next_row(host, &state->fit);
		memcpy(to, row, n * sizeof(double));
		to[features] = mlpg_fit_target(host, &state->fit, row[features], NULL, 0);
		mlpg_fit_commit_row(host, &state->fit);
	}
	state->fit.n_dropped += s->n_dropped;
}

/* Any state as a MlpgFitState in the host's arena. */
static MlpgFitState *
open_state(MlpgHost *host, Datum datum)
{
	ExpandedState *e = as_expanded(datum);
	FlatState  *s;
	MlpgFitState *state;

	if (e != NULL)
		return mlpg_fit_state_copy(host, e->state);
	s = as_flat(datum);
	if (s->kind == KIND_FIT)
	{
		state = mlpg_fit_state_read(host, s->data, s->body);
		check_plan(state->fit.plan);
		return state;
	}
	state = mlpg_fit_state_create(host, flat_plan(host, s));
	state->leak.off = (s->flags & FLAG_ALLOW_LEAKAGE) != 0;
	add_flat_rows(host, state, s);
	return state;
}

static ExpandedState *
expand(MemoryContext parent, Datum datum)
{
	ExpandedState *e = create_expanded(parent);

	e->state = open_state(e->host, datum);
	return e;
}

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
	int			beside[BESIDE]; /* elements that are weight, offset and validation, as far as they are */
	MlpgPlan	plan;
	FlatState  *state;			/* without rows */
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

static FlatState *
make_first_state(FirstState *first)
{
	MlpgHost   *host = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	MlpgOptions options;
	MlpgPlan   *plan = &first->plan;
	MlpgWriter *w;
	FlatState  *s;
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

	size = flat_size(w->length, FIRST_ROWS, mlpg_plan_columns(plan));
	s = palloc0(size);
	SET_VARSIZE(s, size);
	s->magic = STATE_MAGIC;
	s->kind = KIND_ROWS;
	s->capacity = FIRST_ROWS;
	s->n_columns = mlpg_plan_columns(plan);
	s->body = w->length;
	s->flags = options.allow_leakage ? FLAG_ALLOW_LEAKAGE : 0;
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

static FlatState *
copy_first(const FirstState *first)
{
	FlatState  *s = palloc(VARSIZE(first->state));

	memcpy(s, first->state, VARSIZE(first->state));
	return s;
}

/* Every row of a group must ask for the same. */
static void
check_same_flat(const FirstState *first, const FlatState *s)
{
	if (s->body != first->state->body || s->flags != first->state->flags || memcmp(s->data, first->state->data, s->body) != 0)
		mlpg_raise_different_fits();
}

static void
check_same_expanded(const FirstState *first, ExpandedState *e)
{
	MlpgHost   *scratch;

	if (e->first == first)
		return;
	scratch = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	if (!mlpg_plan_equal(flat_plan(scratch, first->state), e->state->fit.plan))
		mlpg_raise_different_fits();
	e->first = first;
}

/* A copy with room for twice the rows. */
static FlatState *
grow(FlatState *s, MemoryContext context)
{
	Size		size = flat_size(s->body, (uint64) s->capacity * 2, s->n_columns);
	FlatState  *bigger = MemoryContextAllocZero(context, size);

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
	double		beside[BESIDE];
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
add_to_expanded(FunctionCallInfo fcinfo, const FirstState *first, ExpandedState *e)
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

static FlatState *
add_to_flat(FunctionCallInfo fcinfo, const FirstState *first, FlatState *s, MemoryContext context)
{
	if (s->n_rows == s->capacity)
		s = grow(s, context);
	read_row(fcinfo, first, &first->plan, flat_rows(s) + (Size) s->n_rows * s->n_columns);
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
take_expanded(FunctionCallInfo fcinfo, MlpgKind kind, ExpandedState *e)
{
	const FirstState *first = find_first(fcinfo, kind, count_elements(fcinfo, mlpg_plan_columns(e->state->fit.plan) - 1));

	check_same_expanded(first, e);
	if (PG_ARGISNULL(2))
		e->state->fit.n_dropped++;
	else
		add_to_expanded(fcinfo, first, e);
}

static FlatState *
take_flat(FunctionCallInfo fcinfo, MlpgKind kind, FlatState *s)
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
static ExpandedState *
take_text(FunctionCallInfo fcinfo, FlatState *s, MemoryContext context)
{
	const FirstState *first = find_first(fcinfo, MLPG_CATEGORY, count_elements(fcinfo, s ? (int) s->n_columns - 1 : -1));
	ExpandedState *e = expand(context, PointerGetDatum(s ? s : first->state));

	take_expanded(fcinfo, MLPG_CATEGORY, e);
	return e;
}

static Datum
accum(FunctionCallInfo fcinfo, MlpgKind kind)
{
	MemoryContext context;
	ExpandedState *e = NULL;
	FlatState  *s = NULL;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "transition function of mlpg.fit called outside an aggregate");
	if (!PG_ARGISNULL(0))
	{
		e = as_expanded(PG_GETARG_DATUM(0));
		if (e == NULL)
		{
			s = as_flat(PG_GETARG_DATUM(0));
			if (s->kind == KIND_FIT || flat_size(0, s->capacity, s->n_columns) > FLAT_MAX)
				e = expand(context, PG_GETARG_DATUM(0));
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
	ExpandedState *e;
	MlpgHost   *scratch;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "mlpg_sql_fit_array_combine called outside an aggregate");
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_ARGISNULL(0))
		return EOHPGetRWDatum(&expand(context, PG_GETARG_DATUM(1))->header);
	e = as_expanded(PG_GETARG_DATUM(0));
	if (e == NULL)
		e = expand(context, PG_GETARG_DATUM(0));
	scratch = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);
	mlpg_fit_state_combine(e->host, e->state, open_state(scratch, PG_GETARG_DATUM(1)));
	return EOHPGetRWDatum(&e->header);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_array_final);

Datum
mlpg_sql_fit_array_final(PG_FUNCTION_ARGS)
{
	ExpandedState *e;
	MlpgFitState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "mlpg_sql_fit_array_final called outside an aggregate");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	e = as_expanded(PG_GETARG_DATUM(0));
	state = e != NULL ? e->state : open_state(mlpg_host_pg_create(CurrentMemoryContext, 1, 0), PG_GETARG_DATUM(0));
	/* without a known target there is no model, as there is no avg */
	if (state->fit.n_rows == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(mlpg_fit_state_finish(fcinfo, e != NULL ? e->header.eoh_context : CurrentMemoryContext, state));
}

/* ---------- the type mlpg.state: text is hex, binary the bytes themselves ---------- */

/* Bytes behind the length word, from anybody, as a state. */
static FlatState *
adopt(const char *bytes, Size length)
{
	FlatState  *s = palloc(length + VARHDRSZ);
	MlpgHost   *host = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);

	SET_VARSIZE(s, length + VARHDRSZ);
	memcpy((char *) s + VARHDRSZ, bytes, length);
	check_flat(s, VARSIZE(s));
	if (s->crc != mlpg_crc32c(0, (char *) s + 16, VARSIZE(s) - 16))
		corrupt("Its checksum is wrong.");
	(void) open_state(host, PointerGetDatum(s));
	return s;
}

/* The state at rest: flat, with its checksum. */
static FlatState *
at_rest(Datum datum)
{
	FlatState  *s = (FlatState *) PG_DETOAST_DATUM_COPY(datum);

	check_flat(s, VARSIZE(s));
	seal(s);
	return s;
}

MLPG_SQL_FUNCTION(mlpg_sql_state_in);

Datum
mlpg_sql_state_in(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = DatumGetByteaPP(DirectFunctionCall1(byteain, PG_GETARG_DATUM(0)));

	PG_RETURN_POINTER(adopt(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
}

MLPG_SQL_FUNCTION(mlpg_sql_state_out);

Datum
mlpg_sql_state_out(PG_FUNCTION_ARGS)
{
	FlatState  *s = at_rest(PG_GETARG_DATUM(0));
	Size		length = VARSIZE(s) - VARHDRSZ;
	char	   *hex = palloc(length * 2 + 3);

	hex[0] = '\\';
	hex[1] = 'x';
	hex_encode((char *) s + VARHDRSZ, length, hex + 2);
	hex[length * 2 + 2] = '\0';
	PG_RETURN_CSTRING(hex);
}

MLPG_SQL_FUNCTION(mlpg_sql_state_recv);

Datum
mlpg_sql_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			length = buffer->len - buffer->cursor;

	PG_RETURN_POINTER(adopt(pq_getmsgbytes(buffer, length), length));
}

MLPG_SQL_FUNCTION(mlpg_sql_state_send);

Datum
mlpg_sql_state_send(PG_FUNCTION_ARGS)
{
	FlatState  *s = at_rest(PG_GETARG_DATUM(0));

	SET_VARSIZE(s, VARSIZE(s));
	PG_RETURN_BYTEA_P(s);
}
