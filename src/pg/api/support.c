/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What the planner is told about predict: fewer columns, and the cost.
 *
 * Problem.  predict('beverage', t) takes a whole row.  The executor forms a
 * composite value of every column of t for each row, toasted ones fetched, and
 * we take it apart again: 800 ns and more a row, most of it for columns that
 * the model does not know.
 *
 * Method.  Where the reference is a constant and the row is a whole-row
 * variable, or a row constructor with column names (what a view or a pulled-up
 * subquery becomes), the call is rewritten into one that passes the columns
 * which the model needs,
 *
 *	 mlpg.predict_columns('beverage', '{price,promo}', t.price, t.promo)
 *
 * and carries their names.  The call binds by these names at run time to the
 * version that serves then, exactly as it would have bound the row.  If that
 * version needs a column which is not there, the statement fails with a
 * serialization failure; but as the plan depends on the registry's tables, a
 * cached plan is planned again before that happens in any but a statement
 * that was planned while the alias moved.
 *
 * Nothing is rewritten when the planning user may not score with the model or
 * it does not exist, when a column is missing or ambiguous (the call itself
 * raises the error), under GROUPING SETS (which null the row, but not its
 * columns), or outside of a query's planning.  Calls have at most 100
 * arguments: a model with more features gets a row of just its columns, if
 * that leaves any out.
 *
 * The same answer in every case: a null-extended row of an outer join is NULL
 * when passed whole, and has only NULLs when passed by column, and a row of
 * NULLs has no prediction.  A model without features is not rewritten.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#pragma GCC diagnostic pop
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "pg/bind/bind.h"
#include "pg/catalog/cache.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

MLPG_SQL_FUNCTION(mlpg_sql_predict_support);

#define COLUMNS_MAX 95			/* of FUNC_MAX_ARGS = 100 arguments */

/* The columns that an argument has: names and expressions. */
typedef struct RowColumns
{
	List	   *names;			/* of String */
	List	   *fields;			/* of Expr */
} RowColumns;

/* --- the columns of the row -------------------------------------------- */

static RangeTblEntry *
entry_of(PlannerInfo *root, const Var *var)
{
	for (Index up = 0; up < var->varlevelsup; up++)
	{
		root = root->parent_root;
		if (root == NULL)
			return NULL;
	}
	if (var->varno < 1 || var->varno > list_length(root->parse->rtable))
		return NULL;
	return rt_fetch(var->varno, root->parse->rtable);
}

/*
 * A row of a named type has that type's column names, whatever aliases the
 * query gives them; positions are its attribute numbers.  NULL for RECORD,
 * whose names are the query's.
 */
static TupleDesc
named_type(Oid type)
{
	return type == RECORDOID ? NULL : lookup_rowtype_tupdesc_copy(getBaseType(type), -1);
}

static Node *
attribute_name(TupleDesc descriptor, AttrNumber number)
{
	Form_pg_attribute attribute = number <= descriptor->natts ? TupleDescAttr(descriptor, number - 1) : NULL;

	return (Node *) makeString(attribute == NULL || attribute->attisdropped ? pstrdup("") : pstrdup(NameStr(attribute->attname)));
}

/* Copies of a whole-row variable that are its columns: what else the variable carries stays with them. */
static bool
columns_of_var(PlannerInfo *root, const Var *var, RowColumns *columns)
{
	RangeTblEntry *entry = entry_of(root, var);
	TupleDesc	descriptor = named_type(var->vartype);
	List	   *fields;
	ListCell   *cell;

	if (entry == NULL || entry->rtekind == RTE_JOIN)
		return false;
	mlpg_expand_rte(entry, var->varno, var->varlevelsup, &columns->names, &fields);
	columns->fields = NIL;
	if (descriptor != NULL)
		columns->names = NIL;
	foreach(cell, fields)
	{
		const Var  *field = lfirst(cell);
		Var		   *copy;

		if (!IsA(field, Var))
			return false;
		copy = copyObject(unconstify(Var *, var));
		copy->varattno = field->varattno;
		copy->varattnosyn = field->varattno;
		copy->vartype = field->vartype;
		copy->vartypmod = field->vartypmod;
		copy->varcollid = field->varcollid;
		columns->fields = lappend(columns->fields, copy);
		if (descriptor != NULL)
			columns->names = lappend(columns->names, attribute_name(descriptor, field->varattno));
	}
	return true;
}

static bool
columns_of(PlannerInfo *root, Node *row, RowColumns *columns)
{
	if (IsA(row, Var) && ((Var *) row)->varattno == InvalidAttrNumber && (exprType(row) == RECORDOID || type_is_rowtype(exprType(row))))
		return columns_of_var(root, (Var *) row, columns);
	if (IsA(row, RowExpr))
	{
		TupleDesc	descriptor = named_type(((RowExpr *) row)->row_typeid);

		columns->names = ((RowExpr *) row)->colnames;
		columns->fields = ((RowExpr *) row)->args;
		if (descriptor != NULL)
		{
			columns->names = NIL;
			for (int i = 1; i <= list_length(columns->fields); i++)
				columns->names = lappend(columns->names, attribute_name(descriptor, i));
		}
		return list_length(columns->names) == list_length(columns->fields);
	}
	return false;
}

/* Position of a column; -1 when it is missing, -2 when it is there twice. */
static int
find_column(const RowColumns *columns, const char *name, int length)
{
	int			found = -1;
	ListCell   *cell;

	foreach(cell, columns->names)
	{
		const char *candidate = strVal(lfirst(cell));

		if (strncmp(candidate, name, length) != 0 || candidate[length] != '\0')
			continue;
		if (found >= 0)
			return -2;
		found = foreach_current_index(cell);
	}
	return found;
}

/* Marks in needed the columns that the model reads; false when one is not there. */
static bool
find_needed(const MlpgSchema *schema, const RowColumns *columns, Bitmapset **needed)
{
	for (int i = 0; i < mlpg_schema_columns(schema); i++)
	{
		const char *name = schema->feature[i].name;
		int			length = (int) strlen(name);
		int			position = find_column(columns, name, length);

		if (position == -1 && mlpg_array_feature(name, &length) > 0)
			position = find_column(columns, name, length);
		if (position < 0)
			return false;
		*needed = bms_add_member(*needed, position);
	}
	return *needed != NULL;
}

/* --- the new call ------------------------------------------------------ */

static Node *
text_array(List *names)
{
	Datum	   *datums = palloc(list_length(names) * sizeof(Datum));
	ArrayType  *array;
	ListCell   *cell;

	foreach(cell, names)
		datums[foreach_current_index(cell)] = CStringGetTextDatum(strVal(lfirst(cell)));
	array = construct_array(datums, list_length(names), TEXTOID, -1, false, TYPALIGN_INT);
	return (Node *) makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1, PointerGetDatum(array), false, false);
}

/* The columns-function beside one: in the same schema, its name with _columns, the same result. */
static Oid
columns_function(Oid function)
{
	char	   *name = psprintf("%s_columns", get_func_name(function));
	char	   *schema = get_namespace_name(get_func_namespace(function));
	FuncCandidateList found = FuncnameGetCandidates(list_make2(makeString(schema), makeString(name)),
													-1, NIL, false, false, false, true);

	while (found != NULL && get_func_rettype(found->oid) != get_func_rettype(function))
		found = found->next;
	return found != NULL ? found->oid : InvalidOid;
}

static Node *
columns_call(const FuncExpr *call, const RowColumns *needed)
{
	Oid			function = columns_function(call->funcid);
	List	   *arguments;
	FuncExpr   *result;

	if (!OidIsValid(function))
		return NULL;
	arguments = list_make1(linitial(call->args));
	if (list_length(call->args) == 3)
		arguments = lappend(arguments, lthird(call->args));
	arguments = lappend(arguments, text_array(needed->names));
	arguments = list_concat(arguments, needed->fields);
	result = makeFuncExpr(function, call->funcresulttype, arguments, call->funccollid, call->inputcollid,
						  COERCE_EXPLICIT_CALL);
	result->location = call->location;
	return (Node *) result;
}

/* The same call with a row of the columns needed. */
static Node *
row_call(const FuncExpr *call, const RowColumns *needed)
{
	FuncExpr   *result = copyObject(unconstify(FuncExpr *, call));
	RowExpr    *row = makeNode(RowExpr);

	row->args = needed->fields;
	row->colnames = needed->names;
	row->row_typeid = RECORDOID;
	row->row_format = COERCE_EXPLICIT_CALL;
	row->location = -1;
	lsecond(result->args) = row;
	return (Node *) result;
}

/* --- the model --------------------------------------------------------- */

/* The model of a constant reference that the planning user may score with, pinned; or NULL. */
static MlpgLoaded *
model_of(const FuncExpr *call)
{
	Const	   *reference = linitial(call->args);
	MlpgModelRef found;

	if (!IsA(reference, Const) || reference->consttype != TEXTOID || reference->constisnull)
		return NULL;
	if (!mlpg_registry_resolve_quietly(TextDatumGetCString(reference->constvalue), MLPG_SCORE, &found))
		return NULL;
	return mlpg_cache_pin(&found);
}

static Node *
rewrite(const FuncExpr *call, const MlpgSchema *schema, const RowColumns *columns)
{
	RowColumns	needed = {NIL, NIL};
	Bitmapset  *positions = NULL;
	int			position = -1;

	if (!find_needed(schema, columns, &positions))
		return NULL;
	while ((position = bms_next_member(positions, position)) >= 0)
	{
		needed.names = lappend(needed.names, list_nth(columns->names, position));
		needed.fields = lappend(needed.fields, list_nth(columns->fields, position));
	}
	if (list_length(needed.names) <= COLUMNS_MAX)
		return columns_call(call, &needed);
	if (list_length(needed.names) < list_length(columns->names))
		return row_call(call, &needed);
	return NULL;
}

static Node *
simplify(SupportRequestSimplify *request)
{
	PlannerInfo *root = request->root;
	FuncExpr   *call = request->fcall;
	RowColumns	columns;
	MlpgLoaded *loaded;
	Node	   *result = NULL;

	/* the *_columns functions, asked too, have no row second */
	if (root == NULL || root->parse->groupingSets != NIL || list_length(call->args) < 2 ||
		!IsA(linitial(call->args), Const) || !columns_of(root, lsecond(call->args), &columns))
		return NULL;
	loaded = model_of(call);
	if (loaded != NULL)
	{
		result = rewrite(call, loaded->model->input, &columns);
		mlpg_cache_unpin(loaded);
	}
	/* rewritten or not: the next version, or right, may change that */
	root->glob->relationOids = list_concat(root->glob->relationOids, mlpg_registry_relations());
	return result;
}

/*
 * A feature costs about what a fifth of an operator does, a row ten.  Not more:
 * an overstated cost starts the JIT compiler.
 */
static bool
estimate(SupportRequestCost *request)
{
	MlpgLoaded *loaded;
	double		operators = 10;

	if (request->node == NULL || !IsA(request->node, FuncExpr))
		return false;
	loaded = model_of((FuncExpr *) request->node);
	if (loaded == NULL)
		return false;
	operators += 0.2 * loaded->model->schema->n_features * loaded->model->n_outputs;
	mlpg_cache_unpin(loaded);
	request->startup = 0;
	request->per_tuple = operators * cpu_operator_cost;
	return true;
}

Datum
mlpg_sql_predict_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
		result = simplify((SupportRequestSimplify *) request);
	else if (IsA(request, SupportRequestCost) && estimate((SupportRequestCost *) request))
		result = request;
	PG_RETURN_POINTER(result);
}
