/*-------------------------------------------------------------------------
 *
 * citus_wrapper.c
 *	  How Citus runs an aggregate that it has pushed down: test.partial_agg on a
 *	  worker, test.combine_agg on the coordinator.
 *
 * As worker_partial_agg and coord_combine_agg do: the transition function is called
 * through a new FmgrInfo for every row, so it has no fn_extra, no expression and
 * no argument types; its arguments come packed in a record, whose types must be
 * exactly the declared ones; the state is held by the rules of nodeAgg.c and goes
 * from one to the other as text, by the output and input functions of its type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

PG_MODULE_MAGIC;

#define ARGUMENTS_MAX 8

typedef struct Box
{
	Oid			aggregate;
	Oid			transition;
	Oid			combine;
	Oid			final;
	Oid			type;			/* of the state */
	int16		length;
	bool		by_value;
	Datum		value;
	bool		is_null;
	bool		is_set;			/* a strict function takes its first input for its state */
} Box;

PG_FUNCTION_INFO_V1(partial_accum);
PG_FUNCTION_INFO_V1(partial_final);
PG_FUNCTION_INFO_V1(combine_accum);
PG_FUNCTION_INFO_V1(combine_final);

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called outside an aggregate");
	return context;
}

static Box *
open_box(FunctionCallInfo fcinfo)
{
	MemoryContext context = aggregate_context(fcinfo);
	Box		   *box;
	HeapTuple	tuple;
	Form_pg_aggregate form;
	Datum		initial;
	bool		no_initial;

	if (!PG_ARGISNULL(0))
		return (Box *) PG_GETARG_POINTER(0);
	box = MemoryContextAllocZero(context, sizeof(Box));
	box->aggregate = PG_GETARG_OID(1);
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(box->aggregate));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "no aggregate %u", box->aggregate);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	box->transition = form->aggtransfn;
	box->combine = form->aggcombinefn;
	box->final = form->aggfinalfn;
	box->type = form->aggtranstype;
	if (!OidIsValid(box->combine) || get_typtype(box->type) == TYPTYPE_PSEUDO || form->aggfinalextra)
		elog(ERROR, "aggregate %u cannot be pushed down", box->aggregate);
	get_typlenbyval(box->type, &box->length, &box->by_value);
	initial = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &no_initial);
	box->is_null = no_initial;
	box->is_set = !no_initial;
	if (!no_initial)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		Oid			input,
					parameter;

		getTypeInputInfo(box->type, &input, &parameter);
		box->value = OidInputFunctionCall(input, TextDatumGetCString(initial), parameter, -1);
		MemoryContextSwitchTo(old);
	}
	ReleaseSysCache(tuple);
	return box;
}

/* The state that a function answered, in the aggregate's context: as nodeAgg.c keeps it. */
static void
take_state(Box *box, MemoryContext context, Datum value, bool is_null)
{
	if (!box->by_value && (box->is_null || is_null || DatumGetPointer(value) != DatumGetPointer(box->value)))
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		Datum		before = box->value;

		if (!is_null && !(DatumIsReadWriteExpandedObject(value, false, box->length) &&
						  MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) == context))
			value = datumCopy(value, box->by_value, box->length);
		if (!box->is_null)
		{
			if (DatumIsReadWriteExpandedObject(before, false, box->length))
				DeleteExpandedObject(before);
			else
				pfree(DatumGetPointer(before));
		}
		MemoryContextSwitchTo(old);
	}
	box->value = value;
	box->is_null = is_null;
	box->is_set = true;
}

/* Calls a transition or combine function with the state and what is in the call but for its first argument. */
static void
call(FunctionCallInfo fcinfo, Box *box, Oid function, FunctionCallInfo inner, int n_arguments)
{
	MemoryContext context = aggregate_context(fcinfo);
	FmgrInfo	info;
	Datum		result;

	fmgr_info(function, &info);
	InitFunctionCallInfoData(*inner, &info, n_arguments, fcinfo->fncollation, fcinfo->context, fcinfo->resultinfo);
	if (info.fn_strict)
	{
		for (int i = 1; i < n_arguments; i++)
			if (inner->args[i].isnull)
				return;
		if (!box->is_set)
		{
			take_state(box, context, inner->args[1].value, false);
			return;
		}
		if (box->is_null)
			return;
	}
	inner->args[0].value = box->value;
	inner->args[0].isnull = box->is_null;
	result = FunctionCallInvoke(inner);
	take_state(box, context, result, inner->isnull);
}

/* partial_accum(state internal, aggregate oid, arguments record): the record holds the arguments, as Citus packs them. */
Datum
partial_accum(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(inner, ARGUMENTS_MAX + 1);
	Box		   *box = open_box(fcinfo);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(2);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	Datum		values[ARGUMENTS_MAX];
	bool		nulls[ARGUMENTS_MAX];
	Oid		   *declared;
	int			n_declared;

	(void) get_func_signature(box->aggregate, &declared, &n_declared);
	if (n_declared != desc->natts || n_declared > ARGUMENTS_MAX)
		elog(ERROR, "wrong number of arguments");
	for (int i = 0; i < n_declared; i++)
		if (TupleDescAttr(desc, i)->atttypid != declared[i])
			elog(ERROR, "could not confirm type correctness of argument %d", i + 1);
	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; i < n_declared; i++)
	{
		inner->args[i + 1].value = values[i];
		inner->args[i + 1].isnull = nulls[i];
	}
	call(fcinfo, box, box->transition, inner, n_declared + 1);
	ReleaseTupleDesc(desc);
	PG_RETURN_POINTER(box);
}

/* partial_final(state internal) -> text */
Datum
partial_final(PG_FUNCTION_ARGS)
{
	Box		   *box = PG_ARGISNULL(0) ? NULL : (Box *) PG_GETARG_POINTER(0);
	Oid			output;
	bool		is_varlena;

	if (box == NULL || box->is_null)
		PG_RETURN_NULL();
	getTypeOutputInfo(box->type, &output, &is_varlena);
	PG_RETURN_TEXT_P(cstring_to_text(OidOutputFunctionCall(output, box->value)));
}

/* combine_accum(state internal, aggregate oid, partial text, result anyelement) */
Datum
combine_accum(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(inner, 2);
	Box		   *box = open_box(fcinfo);
	Oid			input,
				parameter;

	inner->args[1].isnull = PG_ARGISNULL(2);
	if (!PG_ARGISNULL(2))
	{
		getTypeInputInfo(box->type, &input, &parameter);
		inner->args[1].value = OidInputFunctionCall(input, TextDatumGetCString(PG_GETARG_DATUM(2)), parameter, -1);
	}
	call(fcinfo, box, box->combine, inner, 2);
	PG_RETURN_POINTER(box);
}

/* combine_final(state internal, aggregate oid, partial text, result anyelement) -> anyelement */
Datum
combine_final(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(inner, 1);
	Box		   *box = PG_ARGISNULL(0) ? NULL : (Box *) PG_GETARG_POINTER(0);
	FmgrInfo	info;
	Datum		result;

	if (box == NULL)
		PG_RETURN_NULL();
	if (!OidIsValid(box->final))
	{
		fcinfo->isnull = box->is_null;
		return box->value;
	}
	fmgr_info(box->final, &info);
	if (info.fn_strict && box->is_null)
		PG_RETURN_NULL();
	InitFunctionCallInfoData(*inner, &info, 1, fcinfo->fncollation, fcinfo->context, fcinfo->resultinfo);
	inner->args[0].value = box->value;
	inner->args[0].isnull = box->is_null;
	result = FunctionCallInvoke(inner);
	fcinfo->isnull = inner->isnull;
	return result;
}
