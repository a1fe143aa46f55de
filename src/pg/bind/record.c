/*-------------------------------------------------------------------------
 *
 * record.c
 *	  Rows of composite type: their binding, remembered by row type.
 *
 * A composite value says its type: a named type, or RECORD with a typmod that
 * stands for one row type as long as the session lives.  The binding is made
 * for the first row and used while rows of that type come.  A named type can
 * change (ALTER TABLE) between two rows of a long-lived call site, so its
 * tuple descriptor's identifier is compared, too: one load and compare.
 *
 * The server takes the tuple apart, against a descriptor that is whole: newer
 * minor releases check a value's version against it.  Only attributes that are
 * features are detoasted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bind/record.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

struct MlpgRecord
{
	MemoryContext context;
	Oid			type;
	int32		typmod;
	TypeCacheEntry *entry;		/* named types */
	uint64		identifier;
	TupleDesc	descriptor;		/* ours */
	Datum	   *values;
	bool	   *nulls;
	MlpgBinding *binding;
};

void
mlpg_record_forget(MlpgRecord **record)
{
	if (*record != NULL)
		MemoryContextDelete((*record)->context);
	*record = NULL;
}

static bool
is_current(const MlpgRecord *record, Oid type, int32 typmod)
{
	if (record == NULL || record->type != type)
		return false;
	if (type == RECORDOID)
		return record->typmod == typmod;
	return record->entry->tupDesc_identifier == record->identifier;
}

static MlpgBinding *
bind_descriptor(TupleDesc descriptor, const MlpgModel *model, const char *label)
{
	MlpgColumns columns = {.n = descriptor->natts};

	columns.name = palloc(Max(columns.n, 1) * sizeof(char *));
	columns.type = palloc(Max(columns.n, 1) * sizeof(Oid));
	for (int i = 0; i < columns.n; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		columns.name[i] = attribute->attisdropped ? NULL : NameStr(attribute->attname);
		columns.type[i] = attribute->atttypid;
	}
	return mlpg_bind_columns(model, label, &columns, false);
}

static MlpgRecord *
bind_type(MemoryContext parent, const MlpgModel *model, const char *label, Oid type, int32 typmod)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlpg record", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MlpgRecord *record = palloc0(sizeof(MlpgRecord));

	record->context = context;
	record->type = type;
	record->typmod = typmod;
	record->descriptor = lookup_rowtype_tupdesc_copy(type, typmod);
	if (type != RECORDOID)
	{
		record->entry = lookup_type_cache(type, TYPECACHE_TUPDESC);
		record->identifier = record->entry->tupDesc_identifier;
	}
	record->binding = bind_descriptor(record->descriptor, model, label);
	record->values = palloc(Max(record->descriptor->natts, 1) * sizeof(Datum));
	record->nulls = palloc(Max(record->descriptor->natts, 1) * sizeof(bool));
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, parent);
	return record;
}

bool
mlpg_record_read(MlpgRecord **record, MemoryContext context, const MlpgModel *model,
				 const char *label, Datum value, double *row)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	HeapTupleData tuple;
	MlpgRecord *r = *record;

	if (!is_current(r, type, typmod))
	{
		mlpg_record_forget(record);
		r = *record = bind_type(context, model, label, type, typmod);
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, r->descriptor, r->values, r->nulls);
	return mlpg_bind_values(r->binding, r->values, r->nulls, row);
}
