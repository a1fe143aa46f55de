/*-------------------------------------------------------------------------
 *
 * class_metrics.c
 *	  SQL entry points of the aggregates that judge classifiers.
 *
 * Three states: scores by class (auc, average_precision, roc_points, pr_points), pairs of
 * classes (mcc, ..., confusion_cells), and bins of probabilities (calibration_bins).
 * Aggregates of one call over the same arguments share one state.
 *
 * A state grows, so it is an expanded object, whose memory is a child of the
 * aggregate's and which is changed in place; its type is bytea.  Flat, to be shipped to the
 * leader of a parallel plan or printed for another node, it is a kind and the bytes
 * that the core writes; what comes back is read as the core reads what it does not
 * trust.  So PostgreSQL needs no serialize function, and Citus pushes the aggregates down.
 *
 * Nothing is kept in fn_extra, and no argument type is asked for: under Citus neither
 * is there.  A state is bounded by mlpg.max_memory; flat, by 1 GB.
 *
 * A final function only puts the state into order, which adds no row and loses none:
 * it may be called any number of times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/class_metrics.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define STATE_MAGIC 0x4D4C4A31
#define MAX_ELEMENTS 5000000	/* of an array of points: some 500 MB while it is made */

typedef enum Kind
{
	SCORES = 1, CELLS = 2, BINS = 3
} Kind;

typedef struct ClassState
{
	ExpandedObjectHeader header;	/* first */
	Kind		kind;
	MlpgHost   *host;
	union
	{
		MlpgScores	scores;
		MlpgCells	cells;
		MlpgReliability bins;
	};
	MlpgWriter *bytes;			/* between get_flat_size and flatten_into */
} ClassState;

/* ---------- flat and expanded ---------- */

static void
write_state(ClassState *s, MlpgWriter *w)
{
	mlpg_write_u32(w, STATE_MAGIC);
	mlpg_write_u32(w, s->kind);
	switch (s->kind)
	{
		case SCORES:
			mlpg_scores_settle(s->host, &s->scores);
			mlpg_scores_write(&s->scores, w);
			break;
		case CELLS:
			mlpg_cells_write(&s->cells, w);
			break;
		case BINS:
			mlpg_reliability_write(&s->bins, w);
			break;
	}
}

static Size
flat_size(ExpandedObjectHeader *header)
{
	ClassState *s = (ClassState *) header;

	if (s->bytes != NULL)
	{
		mlpg_release(s->host, s->bytes->data);
		mlpg_release(s->host, s->bytes);
	}
	s->bytes = mlpg_writer_create(s->host, 0);
	write_state(s, s->bytes);
	if (s->bytes->length > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("state of an aggregate is too large to be passed between parallel workers"),
				 errdetail("It has %zu MB; 1 GB can be passed.", s->bytes->length >> 20),
				 errhint("Run the query with max_parallel_workers_per_gather = 0, or round the scores.")));
	return VARHDRSZ + s->bytes->length;
}

static void
flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	ClassState *s = (ClassState *) header;

	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), s->bytes->data, s->bytes->length);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

static ClassState *
create_state(MemoryContext parent, Kind kind)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlpg metric", ALLOCSET_SMALL_SIZES);
	ClassState *s = MemoryContextAllocZero(context, sizeof(ClassState));

	EOH_init_header(&s->header, &methods, context);
	s->kind = kind;
	s->host = mlpg_host_pg_create(context, 1, (size_t) mlpg_max_memory_kb * 1024);
	return s;
}

static void
corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("this is not the transition state of a metric of classifiers")));
}

/* Any state of that kind, in a child of parent unless it is expanded already. */
static ClassState *
open_state(MemoryContext parent, Datum datum, Kind kind)
{
	ClassState *s;
	bytea	   *flat;
	MlpgReader	r;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
	{
		s = (ClassState *) DatumGetEOHP(datum);
		if (s->header.eoh_methods != &methods || s->kind != kind)
			corrupt();
		return s;
	}
	flat = DatumGetByteaPP(datum);
	s = create_state(parent, kind);
	mlpg_reader_init(&r, s->host, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat), "state of a metric");
	if (VARSIZE_ANY_EXHDR(flat) < 8 || mlpg_read_u32(&r) != STATE_MAGIC || mlpg_read_u32(&r) != (uint32) kind)
		corrupt();
	switch (kind)
	{
		case SCORES:
			mlpg_scores_read(&s->scores, &r);
			break;
		case CELLS:
			mlpg_cells_read(&s->cells, &r);
			break;
		case BINS:
			mlpg_reliability_read(&s->bins, &r);
			break;
	}
	mlpg_read_end(&r);
	return s;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* Whether the row has no NULL among its arguments. */
static bool
is_complete(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return false;
	return true;
}

#define RETURN_UNCHANGED() \
	do { \
		if (PG_ARGISNULL(0)) \
			PG_RETURN_NULL(); \
		PG_RETURN_DATUM(PG_GETARG_DATUM(0)); \
	} while (0)

/* ---------- transitions: a row with any NULL changes nothing ---------- */

static void
check_number(double value, const char *what)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s cannot be %s", what, isnan(value) ? "NaN" : "infinite"),
				 errhint("Leave such rows out with FILTER (WHERE ...), or make the value NULL: a row with a NULL is skipped.")));
}

MLPG_SQL_FUNCTION(mlpg_sql_score_accum);

/* score_accum(state, actual, p) */
Datum
mlpg_sql_score_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ClassState *s;
	double		p;

	if (!is_complete(fcinfo))
		RETURN_UNCHANGED();
	p = PG_GETARG_FLOAT8(2);
	check_number(p, "a score");
	s = PG_ARGISNULL(0) ? create_state(context, SCORES) : open_state(context, PG_GETARG_DATUM(0), SCORES);
	mlpg_scores_add(s->host, &s->scores, PG_GETARG_BOOL(1), p);
	return EOHPGetRWDatum(&s->header);
}

MLPG_SQL_FUNCTION(mlpg_sql_cell_accum);

/* cell_accum(state, actual, predicted) */
Datum
mlpg_sql_cell_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ClassState *s;
	text	   *actual,
			   *predicted;

	if (!is_complete(fcinfo))
		RETURN_UNCHANGED();
	actual = PG_GETARG_TEXT_PP(1);
	predicted = PG_GETARG_TEXT_PP(2);
	if (PG_ARGISNULL(0))
	{
		s = create_state(context, CELLS);
		mlpg_cells_init(s->host, &s->cells);
	}
	else
		s = open_state(context, PG_GETARG_DATUM(0), CELLS);
	mlpg_cells_add(s->host, &s->cells, VARDATA_ANY(actual), (int32) VARSIZE_ANY_EXHDR(actual),
				   VARDATA_ANY(predicted), (int32) VARSIZE_ANY_EXHDR(predicted), 1);
	return EOHPGetRWDatum(&s->header);
}

MLPG_SQL_FUNCTION(mlpg_sql_bin_accum);

/* bin_accum(state, actual, p [, bins]) */
Datum
mlpg_sql_bin_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ClassState *s;
	double		p;
	int			n_bins;

	if (!is_complete(fcinfo))
		RETURN_UNCHANGED();
	p = PG_GETARG_FLOAT8(2);
	n_bins = PG_NARGS() > 3 ? PG_GETARG_INT32(3) : 10;
	check_number(p, "a probability");
	if (p < 0 || p > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a probability must be between 0 and 1, not %g", p)));
	if (PG_ARGISNULL(0))
	{
		s = create_state(context, BINS);
		mlpg_reliability_init(s->host, &s->bins, n_bins);
	}
	else
		s = open_state(context, PG_GETARG_DATUM(0), BINS);
	if (s->bins.n_bins != n_bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"bins\" must be the same in all rows of a group"),
				 errdetail("It is %d in one row and %d in another.", s->bins.n_bins, n_bins)));
	mlpg_reliability_add(&s->bins, PG_GETARG_BOOL(1), p);
	return EOHPGetRWDatum(&s->header);
}

/* ---------- combining ---------- */

static void
merge_states(ClassState *s, ClassState *other)
{
	switch (s->kind)
	{
		case SCORES:
			mlpg_scores_settle(other->host, &other->scores);
			mlpg_scores_merge(s->host, &s->scores, &other->scores);
			break;
		case CELLS:
			mlpg_cells_merge(s->host, &s->cells, &other->cells);
			break;
		case BINS:
			if (s->bins.n_bins != other->bins.n_bins)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("parameter \"bins\" must be the same in all rows of a group"),
						 errdetail("It is %d in one row and %d in another.", s->bins.n_bins, other->bins.n_bins)));
			mlpg_reliability_merge(&s->bins, &other->bins);
			break;
	}
}

static Datum
combine(FunctionCallInfo fcinfo, Kind kind)
{
	MemoryContext context = aggregate_context(fcinfo);
	ClassState *s;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	if (PG_ARGISNULL(0))
		return EOHPGetRWDatum(&open_state(context, PG_GETARG_DATUM(1), kind)->header);
	s = open_state(context, PG_GETARG_DATUM(0), kind);
	merge_states(s, open_state(CurrentMemoryContext, PG_GETARG_DATUM(1), kind));
	return EOHPGetRWDatum(&s->header);
}

MLPG_SQL_FUNCTION(mlpg_sql_score_combine);
MLPG_SQL_FUNCTION(mlpg_sql_cell_combine);
MLPG_SQL_FUNCTION(mlpg_sql_bin_combine);

Datum
mlpg_sql_score_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, SCORES);
}

Datum
mlpg_sql_cell_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, CELLS);
}

Datum
mlpg_sql_bin_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, BINS);
}

/* ---------- numbers ---------- */

static Datum
number_or_null(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* Scores in order. */
static ClassState *
settled(FunctionCallInfo fcinfo)
{
	ClassState *s = open_state(CurrentMemoryContext, PG_GETARG_DATUM(0), SCORES);

	mlpg_scores_settle(s->host, &s->scores);
	return s;
}

MLPG_SQL_FUNCTION(mlpg_sql_auc);
MLPG_SQL_FUNCTION(mlpg_sql_average_precision);

Datum
mlpg_sql_auc(PG_FUNCTION_ARGS)
{
	ClassState *s = settled(fcinfo);

	return number_or_null(fcinfo, mlpg_scores_auc(s->host, &s->scores));
}

Datum
mlpg_sql_average_precision(PG_FUNCTION_ARGS)
{
	ClassState *s = settled(fcinfo);

	return number_or_null(fcinfo, mlpg_scores_average_precision(s->host, &s->scores));
}

static Datum
of_totals(FunctionCallInfo fcinfo, double (*value_of) (const MlpgClassTotals *totals))
{
	ClassState *s = open_state(CurrentMemoryContext, PG_GETARG_DATUM(0), CELLS);
	MlpgClassTotals totals;

	mlpg_cells_totals(mlpg_host_pg_create(NULL, 1, 0), &s->cells, &totals);
	return number_or_null(fcinfo, value_of(&totals));
}

#define OF_TOTALS(name, value_of) \
	MLPG_SQL_FUNCTION(mlpg_sql_##name); \
	Datum \
	mlpg_sql_##name(PG_FUNCTION_ARGS) \
	{ \
		return of_totals(fcinfo, value_of); \
	}

OF_TOTALS(mcc, mlpg_class_mcc)
OF_TOTALS(share_right, mlpg_class_share_right)
OF_TOTALS(precision_macro, mlpg_class_precision_macro)
OF_TOTALS(recall_macro, mlpg_class_recall_macro)
OF_TOTALS(f1_macro, mlpg_class_f1_macro)

/* ---------- rows ---------- */

static Datum
share(double part, double whole, bool *is_null)
{
	*is_null = whole == 0;
	return Float8GetDatum(*is_null ? 0 : part / whole);
}

void
mlpg_put_roc(MlpgHost *host, const MlpgScores *scores, MlpgPutRow put, void *argument)
{
	MlpgCurve	curve;
	Datum		values[MLPG_CURVE_COLUMNS];
	bool		nulls[MLPG_CURVE_COLUMNS] = {false, false, false};

	mlpg_curve_start(host, scores, &curve);
	/* above all scores nothing is called positive */
	values[0] = Float8GetDatum(INFINITY);
	do
	{
		values[1] = share(curve.called[0], curve.total[0], &nulls[1]);
		values[2] = share(curve.called[1], curve.total[1], &nulls[2]);
		put(argument, values, nulls);
		if (!mlpg_curve_next_corner(&curve))
			break;
		values[0] = Float8GetDatum(curve.threshold);
	} while (true);
}

void
mlpg_put_pr(MlpgHost *host, const MlpgScores *scores, MlpgPutRow put, void *argument)
{
	MlpgCurve	curve;

	mlpg_curve_start(host, scores, &curve);
	while (mlpg_curve_next(&curve))
	{
		Datum		values[MLPG_CURVE_COLUMNS] = {Float8GetDatum(curve.threshold)};
		bool		nulls[MLPG_CURVE_COLUMNS] = {false, false, false};

		values[1] = share(curve.called[1], curve.called[0] + curve.called[1], &nulls[1]);
		values[2] = share(curve.called[1], curve.total[1], &nulls[2]);
		put(argument, values, nulls);
	}
}

static Datum
label_datum(const MlpgDictionary *label, int32 code)
{
	return PointerGetDatum(cstring_to_text_with_len(label->text[code], label->length[code]));
}

void
mlpg_put_confusion(MlpgHost *host, MlpgCells *cells, MlpgPutRow put, void *argument)
{
	MlpgClassTotals totals;
	MlpgCell   *cell = mlpg_cells_sort(host, cells);

	mlpg_class_totals_init(host, &totals, cells->label->n);
	for (int i = 0; i < cells->pair->n; i++)
		mlpg_class_totals_add(&totals, cell[i].actual, cell[i].predicted, cell[i].n);
	for (int i = 0; i < cells->pair->n; i++)
	{
		Datum		values[MLPG_CONFUSION_COLUMNS] = {label_datum(cells->label, cell[i].actual),
			label_datum(cells->label, cell[i].predicted), Int64GetDatum(cell[i].n),
			Float8GetDatum((double) cell[i].n / (double) totals.actual[cell[i].actual])};
		bool		nulls[MLPG_CONFUSION_COLUMNS] = {false, false, false, false};

		put(argument, values, nulls);
	}
}

void
mlpg_put_calibration(const MlpgReliability *r, MlpgPutRow put, void *argument)
{
	for (int k = 0; k < r->n_bins; k++)
	{
		const MlpgReliabilityBin *bin = &r->bin[k];
		Datum		values[MLPG_CALIBRATION_COLUMNS] = {Int32GetDatum(k + 1), Float8GetDatum(mlpg_reliability_edge(r, k)),
			Float8GetDatum(mlpg_reliability_edge(r, k + 1)), 0, 0, Int64GetDatum(bin->n)};
		bool		nulls[MLPG_CALIBRATION_COLUMNS] = {false};

		if (bin->n == 0)
			continue;
		values[3] = Float8GetDatum(mlpg_reliability_mean(bin));
		values[4] = Float8GetDatum((double) bin->n_true / (double) bin->n);
		put(argument, values, nulls);
	}
}

/* ---------- arrays of rows ---------- */

typedef struct ArrayOfRows
{
	TupleDesc	desc;
	Oid			element;
	ArrayBuildState *array;
	int64		n;
} ArrayOfRows;

/* The array that the function called returns, empty. */
static void
start_array(FunctionCallInfo fcinfo, ArrayOfRows *rows)
{
	rows->element = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	rows->desc = lookup_rowtype_tupdesc_copy(rows->element, -1);
	rows->array = initArrayResult(rows->element, CurrentMemoryContext, false);
	rows->n = 0;
}

static void
put_element(void *argument, Datum *values, bool *nulls)
{
	ArrayOfRows *rows = argument;
	HeapTuple	tuple;

	CHECK_FOR_INTERRUPTS();
	if (rows->n++ == MAX_ELEMENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a curve of more than %d points does not fit into an array", MAX_ELEMENTS),
				 errhint("Round the scores: fewer distinct ones make fewer points.")));
	tuple = heap_form_tuple(rows->desc, values, nulls);
	rows->array = accumArrayResult(rows->array, HeapTupleGetDatum(tuple), false, rows->element, CurrentMemoryContext);
	heap_freetuple(tuple);
}

static Datum
end_array(ArrayOfRows *rows)
{
	return makeArrayResult(rows->array, CurrentMemoryContext);
}

static Datum
curve_points(FunctionCallInfo fcinfo, MlpgPutCurve put_curve)
{
	ClassState *s = settled(fcinfo);
	ArrayOfRows rows;

	start_array(fcinfo, &rows);
	put_curve(s->host, &s->scores, put_element, &rows);
	return end_array(&rows);
}

MLPG_SQL_FUNCTION(mlpg_sql_roc_points);
MLPG_SQL_FUNCTION(mlpg_sql_pr_points);
MLPG_SQL_FUNCTION(mlpg_sql_confusion_cells);
MLPG_SQL_FUNCTION(mlpg_sql_calibration_bins);

Datum
mlpg_sql_roc_points(PG_FUNCTION_ARGS)
{
	return curve_points(fcinfo, mlpg_put_roc);
}

Datum
mlpg_sql_pr_points(PG_FUNCTION_ARGS)
{
	return curve_points(fcinfo, mlpg_put_pr);
}

Datum
mlpg_sql_confusion_cells(PG_FUNCTION_ARGS)
{
	ClassState *s = open_state(CurrentMemoryContext, PG_GETARG_DATUM(0), CELLS);
	MlpgHost   *host = mlpg_host_pg_create(NULL, 1, 0);
	MlpgCells	copy;
	ArrayOfRows rows;

	/* sorted, nothing could be added to it any more */
	mlpg_cells_init(host, &copy);
	mlpg_cells_merge(host, &copy, &s->cells);
	start_array(fcinfo, &rows);
	mlpg_put_confusion(host, &copy, put_element, &rows);
	return end_array(&rows);
}

Datum
mlpg_sql_calibration_bins(PG_FUNCTION_ARGS)
{
	ClassState *s = open_state(CurrentMemoryContext, PG_GETARG_DATUM(0), BINS);
	ArrayOfRows rows;

	start_array(fcinfo, &rows);
	mlpg_put_calibration(&s->bins, put_element, &rows);
	return end_array(&rows);
}
