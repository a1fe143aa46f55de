/*-------------------------------------------------------------------------
 *
 * batch_target.c
 *	  The table that predict_batch writes into.
 *
 * Problem.  A job that scores a table runs every night, is killed in the
 * middle, is started again, and meets readers, triggers, row-level security and
 * other writers; and it must be fast enough that writing is not what one waits
 * for.  The two wishes part at one question: whose table is it?
 *
 * A table that is not there is made here, in the transaction that fills it.
 * Nobody else can see it, so nothing can be half written: it appears whole, with
 * its primary key, or not at all.  Rows go into the heap by table_multi_insert
 * while the source is being read; the key's index is built at the end,
 * sorted, which costs a fraction of inserting into it row by row, and finds
 * keys that occur twice.  An event trigger may have made more of the
 * table than was asked for (a trigger, a policy, a default): then it is
 * taken as one that was there.
 *
 * A table that is there is the executor's alone.  Rows wait in a tuplestore
 * (keys and predictions only, on disk beyond work_mem) until the source
 * was read to its end, under one snapshot; so a source may read the target,
 * and a source that fails writes nothing.  Then INSERT ... SELECT from the
 * store, as the caller: rights, row-level security, constraints,
 * triggers, generated columns, partitions are what they are for any INSERT.  The
 * statements are explained, not run, before the source is read: who may not
 * write learns it at once.
 *
 * Idempotency rests on a unique index over the key columns, which may hold
 * model, version and predicted_at besides (then the table keeps a history).  Rows
 * whose key is there are left (ON CONFLICT DO NOTHING): a call that died
 * half way is finished by the same call.  replace overwrites them, where
 * they differ, and in the end deletes the model's rows whose key this run
 * did not have; so readers never see a table with rows missing, only
 * rows of two runs, each of which says whose it is.
 *
 * Concurrency: a ShareUpdateExclusive lock a transaction.  Runs into one table
 * take turns by batches and cannot deadlock with each other; everybody
 * else reads and writes as usual.
 *
 * Cost, 1,000,000 rows with a bigint key: see doc/predict.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/batch_target.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#define RUN "mlpg_run"			/* the whole run, as a table of our statements */
#define BATCH "mlpg_batch"		/* what of it is written next */
#define SLOTS 1024				/* rows formed at once */

/* Columns that every target has behind those of the run. */
static const struct
{
	const char *name;
	Oid			type;
	const char *type_name;
}			constants[MLPG_BATCH_CONSTANTS] = {
	{"model", TEXTOID, "pg_catalog.text"},
	{"version", INT4OID, "pg_catalog.int4"},
	{"predicted_at", TIMESTAMPTZOID, "pg_catalog.timestamptz"}
};

static const char *
run_column(const MlpgBatchTarget *target, int i)
{
	return NameStr(TupleDescAttr(target->row, i)->attname);
}

/* Names of columns from .. end - 1 of the run, quoted, each behind a prefix. */
static char *
column_list(const MlpgBatchTarget *target, int from, int end, const char *prefix)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = from; i < end; i++)
		appendStringInfo(&list, "%s%s%s", i > from ? ", " : "", prefix, quote_identifier(run_column(target, i)));
	return list.data;
}

static uint64
execute(const MlpgBatchTarget *target, const char *statement)
{
	Oid			types[MLPG_BATCH_CONSTANTS];
	Datum		values[MLPG_BATCH_CONSTANTS];
	int			code;

	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
	{
		types[i] = constants[i].type;
		values[i] = target->constant[i];
	}
	code = SPI_execute_with_args(statement, MLPG_BATCH_CONSTANTS, types, values, NULL, false, 0);
	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", statement, SPI_result_code_string(code));
	return SPI_processed;
}

/* --- errors ------------------------------------------------------------ */

static char *
key_phrase(const MlpgBatchTarget *target)
{
	return psprintf("(%s)", column_list(target, 0, target->n_keys, ""));
}

MLPG_NORETURN static void
raise_twice(const MlpgBatchTarget *target, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("several rows of the source have the same %s", key_phrase(target)),
			 detail ? errdetail_internal("%s", detail) : 0,
			 errhint("Name in key_cols what tells the rows apart, or leave rows out of the source.")));
	pg_unreachable();
}

/* Two sessions make the same table at once: the catalog's own index stops the second. */
MLPG_NORETURN static void
raise_made_meanwhile(const MlpgBatchTarget *target, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("table \"%s\" was made by another session meanwhile", target->label),
			 errhint("Send the CALL again: it writes what is missing.")));
	pg_unreachable();
}

/* A statement whose violation of a unique index has a text of ours. */
static void
execute_unique(const MlpgBatchTarget *target, const char *statement,
			   void (*raise) (const MlpgBatchTarget *target, const char *detail))
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		execute(target, statement);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		raise(target, error->detail);
	}
	PG_END_TRY();
}

MLPG_NORETURN static void
raise_no_column(const MlpgBatchTarget *target, const char *name)
{
	StringInfoData needed;

	initStringInfo(&needed);
	appendStringInfoString(&needed, column_list(target, 0, target->row->natts, ""));
	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		appendStringInfo(&needed, ", %s", constants[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table \"%s\" has no column \"%s\"", target->label, name),
			 errdetail("Needed: %s.", needed.data),
			 errhint("Name a table that does not exist, and it is made with these columns.")));
	pg_unreachable();
}

/* --- a table that is there ----------------------------------------------- */

/* The type of a column of the table, which a value of the given type may be written to as it is. */
static Oid
check_column(const MlpgBatchTarget *target, Relation relation, const char *name, Oid type)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), name);
	Form_pg_attribute column;

	if (number <= 0)
		raise_no_column(target, name);
	column = TupleDescAttr(RelationGetDescr(relation), number - 1);
	if (column->attgenerated != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("column \"%s\" of table \"%s\" is a generated column, which cannot be written", name, target->label)));
	if (!can_coerce_type(1, &type, &column->atttypid, COERCION_IMPLICIT))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" has type %s, but %s is to be written there", name, target->label,
						format_type_be(column->atttypid), format_type_be(type)),
				 errhint("Change the column with ALTER TABLE, or cast in the source if it is a key.")));
	return column->atttypid;
}

/* Position among the run's keys, -1 - position among the constants, or INT_MAX. */
static int
key_position(const MlpgBatchTarget *target, const char *name)
{
	for (int i = 0; i < target->n_keys; i++)
		if (strcmp(run_column(target, i), name) == 0)
			return i;
	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		if (strcmp(constants[i].name, name) == 0)
			return -1 - i;
	return INT_MAX;
}

/* Whether an index tells rows apart by the key columns, and which constants it holds besides. */
static bool
is_key(const MlpgBatchTarget *target, Oid index, bool *in_key)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	int			n_found = 0;
	bool		fits = form->indisunique && form->indimmediate && form->indisvalid &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) && heap_attisnull(tuple, Anum_pg_index_indexprs, NULL);

	memset(in_key, 0, MLPG_BATCH_CONSTANTS * sizeof(bool));
	for (int i = 0; fits && i < form->indnkeyatts; i++)
	{
		char	   *name = get_attname(form->indrelid, form->indkey.values[i], true);
		int			position = name ? key_position(target, name) : INT_MAX;

		if (position == INT_MAX)
			fits = false;
		else if (position < 0)
			in_key[-1 - position] = true;
		else
			n_found++;
	}
	ReleaseSysCache(tuple);
	return fits && n_found == target->n_keys;
}

static int
count(const bool *flags)
{
	int			n = 0;

	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		n += flags[i];
	return n;
}

/* The unique index that decides; of several, the one that holds fewest columns. */
static void
find_key(MlpgBatchTarget *target, Relation relation)
{
	List	   *indexes = RelationGetIndexList(relation);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		bool		in_key[MLPG_BATCH_CONSTANTS];

		if (!is_key(target, lfirst_oid(cell), in_key) || (found && count(in_key) >= count(target->in_key)))
			continue;
		memcpy(target->in_key, in_key, sizeof(in_key));
		found = true;
	}
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("table \"%s\" has no unique index on the key columns %s", target->label, key_phrase(target)),
				 errdetail("Without one, a second call would write the same rows again."),
				 errhint("ALTER TABLE %s ADD PRIMARY KEY %s; model, version or predicted_at in it besides make the table keep a history.",
						 target->name, key_phrase(target))));
}

/* " (k1, k2, version)" */
static char *
conflict_columns(const MlpgBatchTarget *target)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfo(&list, " (%s", column_list(target, 0, target->n_keys, ""));
	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		if (target->in_key[i])
			appendStringInfo(&list, ", %s", constants[i].name);
	appendStringInfoChar(&list, ')');
	return list.data;
}

/* DO UPDATE of what is no key, where it differs. */
static void
append_update(StringInfo out, const MlpgBatchTarget *target)
{
	int			from = target->n_keys,
				end = target->row->natts;
	char	   *new_values = psprintf("ROW(%s, EXCLUDED.model, EXCLUDED.version, EXCLUDED.predicted_at)",
									  column_list(target, from, end, "EXCLUDED."));

	appendStringInfo(out, "UPDATE SET (%s, model, version, predicted_at) = %s"
					 " WHERE pg_catalog.record_image_ne(ROW(%s, t.model, t.version, t.predicted_at), %s)",
					 column_list(target, from, end, ""), new_values, column_list(target, from, end, "t."), new_values);
}

/* Rows of the run and of the table that have the same key column, by the operator of its type, whatever the search path. */
static void
append_equality(StringInfo out, const MlpgBatchTarget *target, int i)
{
	Oid			type = target->key_type[i];
	Oid			equals = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(equals));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "type %s has no equality operator", format_type_be(type));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(out, " AND CAST(r.%s AS %s) OPERATOR(%s.%s) t.%s", quote_identifier(run_column(target, i)),
					 format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY),
					 quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname),
					 quote_identifier(run_column(target, i)));
	ReleaseSysCache(tuple);
}

static void
write_statements(MlpgBatchTarget *target)
{
	int			end = target->row->natts;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "INSERT INTO %s AS t (%s, model, version, predicted_at) SELECT %s, $1, $2, $3 FROM " BATCH
					 " AS r ON CONFLICT%s DO ", target->name, column_list(target, 0, end, ""),
					 column_list(target, 0, end, "r."), conflict_columns(target));
	if (target->call->replace)
		append_update(&out, target);
	else
		appendStringInfoString(&out, "NOTHING");
	target->insert = out.data;
	if (!target->call->replace)
		return;

	initStringInfo(&out);
	appendStringInfo(&out, "DELETE FROM %s AS t WHERE t.model OPERATOR(pg_catalog.=) $1", target->name);
	if (target->in_key[1])
		appendStringInfoString(&out, " AND t.version OPERATOR(pg_catalog.=) $2");
	if (target->in_key[2])
		appendStringInfoString(&out, " AND t.predicted_at OPERATOR(pg_catalog.=) $3");
	appendStringInfoString(&out, " AND NOT EXISTS (SELECT FROM " RUN " AS r WHERE true");
	for (int i = 0; i < target->n_keys; i++)
		append_equality(&out, target, i);
	appendStringInfoChar(&out, ')');
	target->remove = out.data;
}

static EphemeralNamedRelation
register_store(MlpgBatchTarget *target, const char *name)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(name);
	relation->md.tupdesc = target->row;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->reldata = target->run;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register \"%s\"", name);
	return relation;
}

/* Rows go through run and the executor. */
static void
take_existing(MlpgBatchTarget *target)
{
	Relation	relation = table_open(target->relation, RowExclusiveLock);

	target->key_type = palloc(target->n_keys * sizeof(Oid));
	for (int i = 0; i < target->row->natts; i++)
	{
		Oid			type = check_column(target, relation, run_column(target, i), TupleDescAttr(target->row, i)->atttypid);

		if (i < target->n_keys)
			target->key_type[i] = type;
	}
	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		(void) check_column(target, relation, constants[i].name, constants[i].type);
	find_key(target, relation);
	table_close(relation, NoLock);
	write_statements(target);

	target->run = tuplestore_begin_heap(true, true, work_mem);
	target->whole = register_store(target, RUN);
	target->batch = register_store(target, BATCH);
	/* what the server says to the statements it says before the work, not after it */
	execute(target, psprintf("EXPLAIN %s", target->insert));
	if (target->remove != NULL)
		execute(target, psprintf("EXPLAIN %s", target->remove));
}

/* --- a table made here -------------------------------------------------- */

static void
append_column(StringInfo out, const MlpgBatchTarget *target, int i)
{
	Form_pg_attribute column = TupleDescAttr(target->row, i);

	appendStringInfo(out, "%s%s %s", i > 0 ? ", " : "", quote_identifier(NameStr(column->attname)),
					 format_type_extended(column->atttypid, column->atttypmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(column->attcollation) && column->attcollation != get_typcollation(column->atttypid))
		appendStringInfo(out, " COLLATE %s", generate_collation_name(column->attcollation));
	if (i < target->n_keys)
		appendStringInfoString(out, " NOT NULL");
}

static void
check_key_types(const MlpgBatchTarget *target)
{
	for (int i = 0; i < target->n_keys; i++)
	{
		Oid			type = TupleDescAttr(target->row, i)->atttypid;

		if (!OidIsValid(lookup_type_cache(getBaseType(type), TYPECACHE_CMP_PROC)->cmp_proc))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" has type %s, which cannot be a key", run_column(target, i), format_type_be(type)),
					 errdetail("Values of that type have no order."),
					 errhint("Cast it in the source, for example to text.")));
	}
}

static void
create_table(MlpgBatchTarget *target)
{
	StringInfoData out;

	check_key_types(target);
	initStringInfo(&out);
	appendStringInfo(&out, "CREATE TABLE %s (", target->name);
	for (int i = 0; i < target->row->natts; i++)
		append_column(&out, target, i);
	for (int i = 0; i < MLPG_BATCH_CONSTANTS; i++)
		appendStringInfo(&out, ", %s %s NOT NULL", constants[i].name, constants[i].type_name);
	appendStringInfoChar(&out, ')');
	execute_unique(target, out.data, raise_made_meanwhile);
}

/* Whether the table is what was asked for and nothing more: event triggers may have added to it. */
static bool
is_plain(const MlpgBatchTarget *target, Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);
	const TupleConstr *constraint = desc->constr;

	return relation->rd_rel->relkind == RELKIND_RELATION && !relation->rd_rel->relispartition &&
		relation->rd_rel->relowner == GetUserId() && !relation->rd_rel->relrowsecurity &&
		!relation->rd_rel->relhastriggers && !relation->rd_rel->relhasrules && !relation->rd_rel->relhasindex &&
		desc->natts == target->row->natts + MLPG_BATCH_CONSTANTS &&
		(constraint == NULL || (constraint->num_defval == 0 && constraint->num_check == 0 && !constraint->has_generated_stored));
}

static void
add_primary_key(const MlpgBatchTarget *target)
{
	execute_unique(target, psprintf("ALTER TABLE %s ADD PRIMARY KEY %s", target->name, key_phrase(target)), raise_twice);
}

/* Rows go straight into the heap, if the table is plain. */
static void
take_new(MlpgBatchTarget *target)
{
	Relation	relation = table_open(target->relation, RowExclusiveLock);

	if (!is_plain(target, relation))
	{
		table_close(relation, NoLock);
		add_primary_key(target);
		take_existing(target);
		return;
	}
	target->heap = relation;
	target->bulk = GetBulkInsertState();
	target->slot = palloc(SLOTS * sizeof(TupleTableSlot *));
}

static void
close_new(MlpgBatchTarget *target)
{
	FreeBulkInsertState(target->bulk);
	table_finish_bulk_insert(target->heap, 0);
	for (int i = 0; i < target->n_slots; i++)
		ExecDropSingleTupleTableSlot(target->slot[i]);
	table_close(target->heap, NoLock);
	target->heap = NULL;
}

/* --- opening ------------------------------------------------------------- */

static void
refuse_kind(const MlpgBatchTarget *target, char kind)
{
	const char *what = kind == RELKIND_VIEW ? "It is a view." : kind == RELKIND_MATVIEW ? "It is a materialized view." :
		kind == RELKIND_FOREIGN_TABLE ? "It is a foreign table." : kind == RELKIND_SEQUENCE ? "It is a sequence." :
		kind == RELKIND_COMPOSITE_TYPE ? "It is a type." : "It is an index.";

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", target->label),
				 errdetail_internal("%s", what),
				 errhint("Predictions are written to tables, where a unique index tells which are there already.")));
}

/* Where the name is, or where it would be made. */
static void
find_table(MlpgBatchTarget *target)
{
	RangeVar   *name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(target->call->into_table)));
	Oid			schema;
	const char *schema_name;

	target->relation = RangeVarGetRelid(name, RowExclusiveLock, true);
	schema = OidIsValid(target->relation) ? get_rel_namespace(target->relation) : RangeVarGetCreationNamespace(name);
	schema_name = get_namespace_name_or_temp(schema);
	target->name = quote_qualified_identifier(schema_name, name->relname);
	target->label = psprintf("%s.%s", schema_name, name->relname);
	if (OidIsValid(target->relation))
		refuse_kind(target, get_rel_relkind(target->relation));
	if (strcmp(target->call->source, target->name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" is source and target", target->label),
				 errhint("Write into a table of its own; a query may join the two.")));
}

/* Columns that the target has by itself. */
static void
check_names(const MlpgBatchTarget *target)
{
	for (int i = 0; i < target->n_keys; i++)
	{
		const char *name = run_column(target, i);
		bool		taken = false;

		for (int j = target->n_keys; j < target->row->natts; j++)
			taken |= strcmp(name, run_column(target, j)) == 0;
		for (int j = 0; j < MLPG_BATCH_CONSTANTS; j++)
			taken |= strcmp(name, constants[j].name) == 0;
		if (taken)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("key column \"%s\" has the name of a column that is written besides", name),
					 errhint("Rename it in the source: SELECT *, %s AS key_%s FROM ...", quote_identifier(name), name)));
	}
}

MlpgBatchTarget *
mlpg_batch_target_open(const MlpgBatchCall *call, TupleDesc row, int n_keys)
{
	MlpgBatchTarget *target = palloc0(sizeof(MlpgBatchTarget));

	target->context = CurrentMemoryContext;
	target->call = call;
	target->row = row;
	target->n_keys = n_keys;
	target->constant[0] = CStringGetTextDatum(call->model);
	target->constant[1] = Int32GetDatum(call->version);
	target->constant[2] = TimestampTzGetDatum(call->predicted_at);
	check_names(target);
	find_table(target);
	if (OidIsValid(target->relation))
		take_existing(target);
	else
	{
		create_table(target);
		target->relation = RangeVarGetRelid(makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(target->name))), NoLock, false);
		take_new(target);
	}
	return target;
}

/* --- rows ---------------------------------------------------------------- */

void
mlpg_batch_target_flush(MlpgBatchTarget *target)
{
	if (target->n_full == 0)
		return;
	table_multi_insert(target->heap, target->slot, target->n_full, GetCurrentCommandId(true), 0, target->bulk);
	for (int i = 0; i < target->n_full; i++)
		ExecClearTuple(target->slot[i]);
	target->n_full = 0;
}

static void
put_directly(MlpgBatchTarget *target, const Datum *values, const bool *nulls)
{
	int			n = target->row->natts;
	TupleTableSlot *slot;

	if (target->n_full == target->n_slots)
	{
		MemoryContext old = MemoryContextSwitchTo(target->context);

		target->slot[target->n_slots++] = table_slot_create(target->heap, NULL);
		MemoryContextSwitchTo(old);
	}
	slot = target->slot[target->n_full++];
	memcpy(slot->tts_values, values, n * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, n * sizeof(bool));
	memcpy(slot->tts_values + n, target->constant, sizeof(target->constant));
	memset(slot->tts_isnull + n, 0, MLPG_BATCH_CONSTANTS * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	if (target->n_full == SLOTS)
		mlpg_batch_target_flush(target);
}

void
mlpg_batch_target_put(MlpgBatchTarget *target, Datum *values, bool *nulls)
{
	target->n_rows++;
	if (target->heap != NULL)
		put_directly(target, values, nulls);
	else
		tuplestore_putvalues(target->run, target->row, values, nulls);
}

/* --- writing what waits --------------------------------------------------- */

/* The keys that the unique index is to tell apart must be different in the source. */
static void
check_keys(MlpgBatchTarget *target)
{
	char	   *columns = column_list(target, 0, target->n_keys, "r.");
	char	   *query = psprintf("SELECT pg_catalog.format('Key %%s=(%%s) occurs %%s times.', %s, pg_catalog.concat_ws(', ', %s), pg_catalog.count(*))"
								 " FROM " RUN " AS r GROUP BY %s HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1",
								 quote_literal_cstr(key_phrase(target)), columns, columns);

	if (execute(target, query) > 0)
		raise_twice(target, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
}

/* The next rows of the run, up to n, in a store of this transaction. */
static Tuplestorestate *
next_batch(MlpgBatchTarget *target, int64 n)
{
	Tuplestorestate *store = tuplestore_begin_heap(true, false, work_mem);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(target->row, &TTSOpsMinimalTuple);

	tuplestore_select_read_pointer(target->run, 0);
	for (int64 i = 0; i < n && tuplestore_gettupleslot(target->run, true, false, slot); i++)
	{
		tuplestore_puttupleslot(store, slot);
		CHECK_FOR_INTERRUPTS();
	}
	ExecDropSingleTupleTableSlot(slot);
	return store;
}

static void
write_rows(MlpgBatchTarget *target, Tuplestorestate *store, int64 first)
{
	target->batch->reldata = store;
	target->batch->md.enrtuples = (double) tuplestore_tuple_count(store);
	mlpg_progress_update("writing", first, target->n_rows);
	LockRelationOid(target->relation, ShareUpdateExclusiveLock);
	target->n_written += execute(target, target->insert);
}

static void
write_batches(MlpgBatchTarget *target)
{
	int64		size = target->call->batch_size;

	for (int64 first = 0; first < target->n_rows; first += size)
	{
		MemoryContext context = AllocSetContextCreate(target->context, "mlpg batch", ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		Tuplestorestate *store = next_batch(target, size);

		write_rows(target, store, first);
		target->batch->reldata = target->run;
		tuplestore_end(store);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		SPI_commit();
		mlpg_progress_start("predict_batch", target->call->model);
	}
}

static void
finish_existing(MlpgBatchTarget *target)
{
	target->whole->md.enrtuples = (double) target->n_rows;
	check_keys(target);
	if (target->call->batch_size > 0)
		write_batches(target);
	else
		write_rows(target, target->run, 0);
	if (target->remove == NULL)
		return;
	mlpg_progress_update("deleting", 0, 0);
	LockRelationOid(target->relation, ShareUpdateExclusiveLock);
	target->n_removed = execute(target, target->remove);
}

void
mlpg_batch_target_finish(MlpgBatchTarget *target)
{
	if (target->heap == NULL)
	{
		finish_existing(target);
		return;
	}
	mlpg_batch_target_flush(target);
	close_new(target);
	mlpg_progress_update("indexing", 0, 0);
	add_primary_key(target);
	target->n_written = target->n_rows;
}

void
mlpg_batch_target_close(MlpgBatchTarget *target)
{
	if (target->run != NULL)
		tuplestore_end(target->run);
	target->run = NULL;
}
