/*-------------------------------------------------------------------------
 *
 * fit.c
 *	  The aggregate mlpg.fit over whole rows: fit(algorithm, target, row [, params]).
 *
 * A row is whatever record the caller names, so columns and their types are
 * known at run time only.  They are resolved once a call site (fn_extra): the
 * plan, the readers of the columns, a host.  A group's state is a few hundred
 * bytes at first and lives in the context that the executor gives, so work_mem
 * and spilling to disk apply.
 *
 * The state is "internal", with serialize, deserialize and combine for parallel
 * plans: a serialised state carries its plan.  The form that a distributed
 * engine can push down is fit(algorithm, target, float8[]), in fit_array.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/fit_state.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "pg/ingest/deform.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/*
 * What one algorithm with one set of params makes of the rows of a call site.
 * Mostly there is one; fit(t.algorithm, ...) GROUP BY t.algorithm has several, kept as a
 * list with the latest first (fn_extra).
 */
typedef struct CallSite
{
	struct CallSite *next;
	text	   *algorithm;
	Jsonb	   *params;			/* NULL: none */
	MlpgHost   *host;			/* its arena is set with each row */
	MlpgOptions options;
	MlpgRows   *rows;			/* NULL until the first row is seen */
	Oid			row_type;
	int32		row_typmod;
	TupleDesc	desc;			/* copied */
	MlpgDatumReader target;
	Datum	   *values;
	bool	   *nulls;
	MlpgDeform	deform;
	MemoryContext row_context;	/* for what reading a row leaves behind */
	int			uncleaned;		/* rows since row_context was reset */
} CallSite;

#define ROWS_A_RESET 256

/* ---------- the call site ---------- */

/* The node below casts: t.y in t.y::float8. */
static Node *
below_casts(Node *node)
{
	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, CoerceViaIO))
			node = (Node *) ((CoerceViaIO *) node)->arg;
		else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->args != NIL &&
				 (((FuncExpr *) node)->funcformat == COERCE_EXPLICIT_CAST || ((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST))
			node = linitial(((FuncExpr *) node)->args);
		else
			return node;
	}
}

/* The plan that a reference points into; of those that are appended the first, as all have the same columns. */
static Plan *
plan_below(Plan *plan, int varno)
{
	if (varno == INNER_VAR)
		return innerPlan(plan);
	if (IsA(plan, Append))
		return linitial(((Append *) plan)->appendplans);
	if (IsA(plan, MergeAppend))
		return linitial(((MergeAppend *) plan)->mergeplans);
	return outerPlan(plan);
}

/* What a reference to the output of a plan below stands for, as far down as it is one. */
static Node *
where_made(Plan **plan, Node *node)
{
	while (IsA(node, Var) && (((Var *) node)->varno == OUTER_VAR || ((Var *) node)->varno == INNER_VAR))
	{
		Plan	   *below = plan_below(*plan, ((Var *) node)->varno);
		int			position = ((Var *) node)->varattno;

		if (below == NULL || position < 1 || position > list_length(below->targetlist))
			break;
		node = (Node *) ((TargetEntry *) list_nth(below->targetlist, position - 1))->expr;
		*plan = below;
	}
	return node;
}

/* Where a partition stands for its parent its whole row is converted: its columns have the parent's names. */
static const char *
twin_in_partition(AggState *agg, Node *target, Node *row)
{
	RangeTblEntry *entry;

	while (IsA(row, ConvertRowtypeExpr))
		row = (Node *) ((ConvertRowtypeExpr *) row)->arg;
	if (!IsA(target, Var) || !IsA(row, Var) || ((Var *) row)->varattno != 0 || ((Var *) target)->varattno <= 0 ||
		((Var *) target)->varno != ((Var *) row)->varno || IS_SPECIAL_VARNO(((Var *) row)->varno))
		return NULL;
	entry = exec_rt_fetch(((Var *) row)->varno, agg->ss.ps.state);
	return entry->rtekind == RTE_RELATION ? get_attname(entry->relid, ((Var *) target)->varattno, true) : NULL;
}

static AttrNumber
twin_by_name(TupleDesc desc, const char *name)
{
	for (int i = 0; name != NULL && i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i + 1;
	return 0;
}

/* The element of a row expression that the target is: a subquery that the planner has merged becomes one. */
static AttrNumber
twin_in_row(RowExpr *row, Node *target)
{
	ListCell   *cell;

	foreach(cell, row->args)
	{
		Node	   *element = lfirst(cell);

		if (equal(element, target) && !IsA(element, Const))
			return foreach_current_index(cell) + 1;
	}
	return 0;
}

/* An expression of the aggregate in terms of the scans below. */
static Node *
in_scans(Node *node, void *plan)
{
	Plan	   *below = plan;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, in_scans, plan);
	return where_made(&below, node);
}

/* The same, below the plans that hand target and row up to the aggregate. */
static AttrNumber
twin_below(AggState *agg, TupleDesc desc, Node *target, Node *row)
{
	target = in_scans(target, agg->ss.ps.plan);
	row = in_scans(row, agg->ss.ps.plan);
	if (IsA(row, RowExpr))
		return twin_in_row((RowExpr *) row, target);
	return twin_by_name(desc, twin_in_partition(agg, target, row));
}

/* The column of the row that the target argument is: t.y in fit(a, t.y, t); 0 if it is none. */
static AttrNumber
target_twin(FunctionCallInfo fcinfo, TupleDesc desc)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);
	Node	   *target,
			   *row;

	if (aggref == NULL || list_length(aggref->args) < 3)
		return 0;
	target = (Node *) ((TargetEntry *) lsecond(aggref->args))->expr;
	row = (Node *) ((TargetEntry *) lthird(aggref->args))->expr;
	if (IsA(row, RowExpr))
	{
		AttrNumber	twin = twin_in_row((RowExpr *) row, target);

		return twin > 0 ? twin : twin_in_row((RowExpr *) row, below_casts(target));
	}

	/* the planner's own references change; the syntactic ones stay, save where it made partitions of a table */
	target = below_casts(target);
	if (IsA(target, Var) && IsA(row, Var) && ((Var *) row)->varnosyn != 0)
		return ((Var *) row)->varattnosyn == 0 && ((Var *) row)->varnosyn == ((Var *) target)->varnosyn ?
			((Var *) target)->varattnosyn : 0;
	return IsA(fcinfo->context, AggState) ? twin_below((AggState *) fcinfo->context, desc, target, row) : 0;
}

static void
resolve_target(CallSite *site, Oid type)
{
	MlpgPlan	unused;			/* errors come before the first row */

	if (type == UNKNOWNOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the target is a literal text, not a column"),
				 errhint("Write fit('linear', t.sales, t), without quotes around the target.")));
	if (!mlpg_datum_reader(type, &site->target))
		mlpg_raise_unreadable("target", type);
	if (site->target.is_array)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the target has type %s, which is not a number", format_type_be(type)),
				 errhint("A model has one target; name an element of the array.")));
	mlpg_options_plan(&site->options, &unused, site->target.kind, type);
}

/* Length of an array column: that of the first row. */
static int
first_array_length(int attno, void *argument)
{
	CallSite   *site = argument;

	if (site->nulls[attno])
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array column \"%s\" is NULL in the first row", NameStr(TupleDescAttr(site->desc, attno)->attname)),
				 errdetail("The length of its arrays cannot be known."),
				 errhint("Leave out rows where it is NULL.")));
	return ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(site->values[attno])), ARR_DIMS(DatumGetArrayTypeP(site->values[attno])));
}

static CallSite *
create_site(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	CallSite   *site = palloc0(sizeof(CallSite));

	site->algorithm = PG_GETARG_TEXT_P_COPY(1);
	site->host = mlpg_host_pg_create(fcinfo->flinfo->fn_mcxt, 1, 0);
	mlpg_options_init(&site->options);
	mlpg_options_learner(site->host, &site->options, text_to_cstring(site->algorithm));
	if (PG_NARGS() > 4 && !PG_ARGISNULL(4))
		site->params = PG_GETARG_JSONB_P_COPY(4);
	mlpg_options_take(site->host, &site->options, site->params, false);
	(void) mlpg_options_settle(site->host, &site->options);
	resolve_target(site, get_fn_expr_argtype(fcinfo->flinfo, 2));
	site->row_context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "mlpg fit row", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	return site;
}

static bool
same_bytes(const void *kept, Datum datum)
{
	struct varlena *given = PG_DETOAST_DATUM_PACKED(datum);

	return VARSIZE_ANY_EXHDR(kept) == VARSIZE_ANY_EXHDR(given) &&
		memcmp(VARDATA_ANY(kept), VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)) == 0;
}

/* The site of the algorithm and params at hand. */
static CallSite *
find_site(FunctionCallInfo fcinfo)
{
	bool		has_params = PG_NARGS() > 4 && !PG_ARGISNULL(4);
	CallSite   *before = NULL;
	CallSite   *site;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("algorithm must not be NULL")));
	for (site = fcinfo->flinfo->fn_extra; site != NULL; before = site, site = site->next)
		if (same_bytes(site->algorithm, PG_GETARG_DATUM(1)) && has_params == (site->params != NULL) &&
			(!has_params || same_bytes(site->params, PG_GETARG_DATUM(4))))
			break;
	if (site != NULL && before == NULL)
		return site;
	if (site != NULL)
		before->next = site->next;
	else
		site = create_site(fcinfo);
	site->next = fcinfo->flinfo->fn_extra;
	fcinfo->flinfo->fn_extra = site;
	return site;
}

static void
deform(CallSite *site, HeapTupleHeader row)
{
	HeapTupleData tuple;

	int			n = site->rows ? site->rows->max_attno : site->desc->natts;

	if (n <= site->deform.n_fixed && n <= HeapTupleHeaderGetNatts(row))
	{
		(void) mlpg_deform_tuple(&site->deform, row, n, site->values, site->nulls);
		return;
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, site->desc, site->values, site->nulls);
}

/* The row's type, which is that of all, and its values. */
static void
describe_row(CallSite *site, HeapTupleHeader row)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));

	site->row_type = HeapTupleHeaderGetTypeId(row);
	site->row_typmod = HeapTupleHeaderGetTypMod(row);
	site->desc = CreateTupleDescCopy(desc);
	ReleaseTupleDesc(desc);
	site->values = palloc0(site->desc->natts * sizeof(Datum));
	site->nulls = palloc0(site->desc->natts * sizeof(bool));
	site->deform.context = CurrentMemoryContext;
	mlpg_deform_bind(&site->deform, site->desc);
	deform(site, row);
}

/* Whether the first row tells how long its arrays are. */
static bool
lengths_are_known(const CallSite *site)
{
	MlpgDatumReader reader;

	for (int i = 0; i < site->desc->natts; i++)
		if (site->nulls[i] && mlpg_datum_reader(TupleDescAttr(site->desc, i)->atttypid, &reader) && reader.is_array)
			return false;
	return true;
}

/*
 * Finds the columns at the first row.  With optional, not before a row that tells
 * the lengths of arrays.
 */
static void
resolve_rows(CallSite *site, FunctionCallInfo fcinfo, HeapTupleHeader row, bool optional)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	MlpgColumnsAsked asked = {
		.weight = site->options.weight,
		.offset = site->options.offset ? site->options.offset : site->options.init_score,
		.validation = site->options.validation, .features = site->options.features, .exclude = site->options.exclude,
		.allow_leakage = site->options.allow_leakage
	};

	describe_row(site, row);
	if (optional && !lengths_are_known(site))
	{
		MemoryContextSwitchTo(old);
		return;
	}
	asked.target_twin = target_twin(fcinfo, site->desc);
	if (asked.target_twin > site->desc->natts)
		asked.target_twin = 0;
	site->rows = mlpg_rows_create(site->desc, &asked, first_array_length, site);
	if (asked.target_twin > 0)
		site->rows->plan->target = pstrdup(NameStr(TupleDescAttr(site->desc, asked.target_twin - 1)->attname));
	mlpg_options_plan(&site->options, site->rows->plan, site->target.kind, get_fn_expr_argtype(fcinfo->flinfo, 2));
	mlpg_options_features(mlpg_host_pg_create(CurrentMemoryContext, 1, 0), &site->options, site->rows->plan);
	site->rows->target_reader = site->target;
	MemoryContextSwitchTo(old);
}

/* ---------- transition ---------- */

static void
check_row_type(CallSite *site, HeapTupleHeader row)
{
	if (HeapTupleHeaderGetTypeId(row) != site->row_type || HeapTupleHeaderGetTypMod(row) != site->row_typmod)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("rows of different types given to one call of mlpg.fit")));
}

static void
add_row(CallSite *site, MlpgFitState *state, FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	MlpgRows   *rows = site->rows;
	MemoryContext old;

	if (site->uncleaned++ == ROWS_A_RESET)
	{
		MemoryContextReset(site->row_context);
		site->uncleaned = 0;
	}
	old = MemoryContextSwitchTo(site->row_context);
	deform(site, row);
	rows->values = mlpg_fit_next_row(site->host, &state->fit);
	rows->n_read++;
	mlpg_rows_read_features(rows, site->values, site->nulls);
	mlpg_rows_read_target(rows, PG_GETARG_DATUM(2));
	mlpg_rows_store(rows, site->host, &state->fit, rows->allow_leakage ? NULL : &state->leak);
	MemoryContextSwitchTo(old);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_row_accum);

Datum
mlpg_sql_fit_row_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	CallSite   *site;
	MlpgFitState *state = PG_ARGISNULL(0) ? NULL : (MlpgFitState *) PG_GETARG_POINTER(0);
	HeapTupleHeader row;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "mlpg_sql_fit_row_accum called outside an aggregate");
	site = find_site(fcinfo);
	mlpg_host_pg_set_arena(site->host, context);

	/* a row that an outer join left empty is none */
	if (PG_ARGISNULL(3))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	row = PG_GETARG_HEAPTUPLEHEADER(3);
	if (site->rows == NULL)
		resolve_rows(site, fcinfo, row, PG_ARGISNULL(2));
	else
		check_row_type(site, row);
	if (site->rows == NULL)
		PG_RETURN_NULL();
	if (state == NULL)
		state = mlpg_fit_state_create(site->host, site->rows->plan);
	else if (state->fit.plan != site->rows->plan)
		mlpg_raise_different_fits();
	if (PG_ARGISNULL(2))
		state->fit.n_dropped++;
	else
		add_row(site, state, fcinfo, row);
	PG_RETURN_POINTER(state);
}

/* ---------- parallel plans ---------- */

/* A host of a combine or deserialize call site; arena as given. */
static MlpgHost *
site_host(FunctionCallInfo fcinfo, MemoryContext arena)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = mlpg_host_pg_create(fcinfo->flinfo->fn_mcxt, 1, 0);
	mlpg_host_pg_set_arena(fcinfo->flinfo->fn_extra, arena);
	return fcinfo->flinfo->fn_extra;
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_row_combine);

Datum
mlpg_sql_fit_row_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MlpgHost   *host;
	MlpgFitState *state = PG_ARGISNULL(0) ? NULL : (MlpgFitState *) PG_GETARG_POINTER(0);
	MlpgFitState *other = PG_ARGISNULL(1) ? NULL : (MlpgFitState *) PG_GETARG_POINTER(1);

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "mlpg_sql_fit_row_combine called outside an aggregate");
	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	host = site_host(fcinfo, context);
	if (state == NULL)
		PG_RETURN_POINTER(mlpg_fit_state_copy(host, other));
	mlpg_fit_state_combine(host, state, other);
	PG_RETURN_POINTER(state);
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_row_serialize);

Datum
mlpg_sql_fit_row_serialize(PG_FUNCTION_ARGS)
{
	MlpgHost   *host;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "mlpg_sql_fit_row_serialize called outside an aggregate");
	host = site_host(fcinfo, CurrentMemoryContext);
	PG_RETURN_BYTEA_P(mlpg_fit_state_bytes(host, (MlpgFitState *) PG_GETARG_POINTER(0)));
}

MLPG_SQL_FUNCTION(mlpg_sql_fit_row_deserialize);

Datum
mlpg_sql_fit_row_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "mlpg_sql_fit_row_deserialize called outside an aggregate");
	bytes = PG_GETARG_BYTEA_PP(0);
	PG_RETURN_POINTER(mlpg_fit_state_read(site_host(fcinfo, CurrentMemoryContext), VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
}

/* ---------- final ---------- */

MLPG_SQL_FUNCTION(mlpg_sql_fit_row_final);

Datum
mlpg_sql_fit_row_final(PG_FUNCTION_ARGS)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "mlpg_sql_fit_row_final called outside an aggregate");
	/* without a known target there is no model, as there is no avg */
	if (PG_ARGISNULL(0) || ((MlpgFitState *) PG_GETARG_POINTER(0))->fit.n_rows == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(mlpg_fit_state_finish(fcinfo, context, (MlpgFitState *) PG_GETARG_POINTER(0)));
}
