/*-------------------------------------------------------------------------
 *
 * array_state.c
 *	  The state of mlpg.fit over arrays, a value of type mlpg.state.
 *
 * It may come from anybody, as text or bytes, and is checked as such.  It is one of two things:
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

#include "pg/api/array_state.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* ---------- expanded objects ---------- */

#define EXPANDED_MAGIC 0x4D4C5047

static Size
expanded_flat_size(ExpandedObjectHeader *header)
{
	MlpgExpandedState *e = (MlpgExpandedState *) header;
	MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

	if (e->bytes != NULL)
		pfree(e->bytes);
	e->bytes = mlpg_fit_state_bytes(e->host, e->state);
	MemoryContextSwitchTo(old);
	return MLPG_FLAT_HEADER + TYPEALIGN(8, VARSIZE(e->bytes) - VARHDRSZ);
}

static void
seal(MlpgFlatState *s)
{
	s->crc = mlpg_crc32c(0, (char *) s + 16, VARSIZE(s) - 16);
}

static void
expanded_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	MlpgExpandedState *e = (MlpgExpandedState *) header;
	MlpgFlatState  *s = result;

	memset(s, 0, size);
	SET_VARSIZE(s, size);
	s->magic = MLPG_STATE_MAGIC;
	s->kind = MLPG_STATE_FIT;
	s->body = VARSIZE(e->bytes) - VARHDRSZ;
	memcpy(s->data, VARDATA(e->bytes), s->body);
	seal(s);
}

static const ExpandedObjectMethods methods = {expanded_flat_size, expanded_flatten};

static MlpgExpandedState *
create_expanded(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlpg state", ALLOCSET_DEFAULT_SIZES);
	MlpgExpandedState *e = MemoryContextAllocZero(context, sizeof(MlpgExpandedState));

	EOH_init_header(&e->header, &methods, context);
	e->magic = EXPANDED_MAGIC;
	e->host = mlpg_host_pg_create(context, 1, 0);
	return e;
}

MlpgExpandedState *
mlpg_state_expanded(Datum datum)
{
	MlpgExpandedState *e;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	e = (MlpgExpandedState *) DatumGetEOHP(datum);
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
check_flat(MlpgFlatState *s, Size size)
{
	if (size < MLPG_FLAT_HEADER || s->magic != MLPG_STATE_MAGIC || s->flags > MLPG_STATE_ALLOW_LEAKAGE || s->reserved != 0)
		corrupt("It has no header.");
	if (s->kind == MLPG_STATE_FIT)
	{
		if (s->flags != 0 || s->n_rows != 0 || s->capacity != 0 || s->n_columns != 0 || s->body > size || MLPG_FLAT_HEADER + TYPEALIGN(8, s->body) != size)
			corrupt("Its length does not fit its header.");
		return;
	}
	if (s->kind != MLPG_STATE_ROWS || s->n_rows > s->capacity || s->capacity < 1 || s->capacity > 1000000 || s->n_columns < 1 ||
		s->n_columns > MLPG_FEATURES_MAX + 1 + MLPG_STATE_BESIDE || s->body > size || mlpg_flat_size(s->body, s->capacity, s->n_columns) != size)
		corrupt("Its length does not fit its header.");
}

/* The argument as a flat state that may be read at its alignment. */
MlpgFlatState *
mlpg_state_flat(Datum datum)
{
	MlpgFlatState  *s = (MlpgFlatState *) PG_DETOAST_DATUM(datum);

	if ((uintptr_t) s % 8 != 0)
		s = (MlpgFlatState *) PG_DETOAST_DATUM_COPY(datum);
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

MlpgPlan *
mlpg_flat_plan(MlpgHost *host, MlpgFlatState *s)
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
add_flat_rows(MlpgHost *host, MlpgFitState *state, MlpgFlatState *s)
{
	int			n = s->n_columns;
	int			features = state->fit.plan->n_features;

	for (uint32 i = 0; i < s->n_rows; i++)
	{
		const double *row = mlpg_flat_rows(s) + (Size) i * n;
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
MlpgFitState *
mlpg_state_open(MlpgHost *host, Datum datum)
{
	MlpgExpandedState *e = mlpg_state_expanded(datum);
	MlpgFlatState  *s;
	MlpgFitState *state;

	if (e != NULL)
		return mlpg_fit_state_copy(host, e->state);
	s = mlpg_state_flat(datum);
	if (s->kind == MLPG_STATE_FIT)
	{
		state = mlpg_fit_state_read(host, s->data, s->body);
		check_plan(state->fit.plan);
		return state;
	}
	state = mlpg_fit_state_create(host, mlpg_flat_plan(host, s));
	state->leak.off = (s->flags & MLPG_STATE_ALLOW_LEAKAGE) != 0;
	add_flat_rows(host, state, s);
	return state;
}

MlpgExpandedState *
mlpg_state_expand(MemoryContext parent, Datum datum)
{
	MlpgExpandedState *e = create_expanded(parent);

	e->state = mlpg_state_open(e->host, datum);
	return e;
}

/* ---------- the type mlpg.state: text is hex, binary the bytes themselves ---------- */

/* Bytes behind the length word, from anybody, as a state. */
static MlpgFlatState *
adopt(const char *bytes, Size length)
{
	MlpgFlatState  *s = palloc(length + VARHDRSZ);
	MlpgHost   *host = mlpg_host_pg_create(CurrentMemoryContext, 1, 0);

	SET_VARSIZE(s, length + VARHDRSZ);
	memcpy((char *) s + VARHDRSZ, bytes, length);
	check_flat(s, VARSIZE(s));
	if (s->crc != mlpg_crc32c(0, (char *) s + 16, VARSIZE(s) - 16))
		corrupt("Its checksum is wrong.");
	(void) mlpg_state_open(host, PointerGetDatum(s));
	return s;
}

/* The state at rest: flat, with its checksum. */
static MlpgFlatState *
at_rest(Datum datum)
{
	MlpgFlatState  *s = (MlpgFlatState *) PG_DETOAST_DATUM_COPY(datum);

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
	MlpgFlatState  *s = at_rest(PG_GETARG_DATUM(0));
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
	MlpgFlatState  *s = at_rest(PG_GETARG_DATUM(0));

	SET_VARSIZE(s, VARSIZE(s));
	PG_RETURN_BYTEA_P(s);
}
