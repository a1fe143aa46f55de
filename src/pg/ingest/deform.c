/*-------------------------------------------------------------------------
 *
 * deform.c
 *	  Attributes out of heap tuples whose leading columns have a fixed width.
 *
 * Problem.  The server's own way to take a tuple apart looks at each column's
 * catalog row (over 100 bytes), for it must be ready for values of any length.
 * With 28 columns that is half of what a scan costs.
 *
 * Method.  How the leading fixed-width columns are stored is noted once, in
 * four bytes a column; then offsets follow by adding, and a run of columns of 8
 * bytes by value (float8, bigint, timestamp) is words behind one another, with
 * those left out that are NULL.  A slot is left
 * as the server's own code would leave it, so that it can go on with the columns
 * of variable width behind.
 *
 * Tuples older than a column (ALTER TABLE ADD COLUMN) have fewer attributes than
 * the row type; such a slot is left to the server, which knows the default.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/ingest/deform.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"

static uint8
alignment_mask(char attalign)
{
	switch (attalign)
	{
		case TYPALIGN_DOUBLE:
			return ALIGNOF_DOUBLE - 1;
		case TYPALIGN_INT:
			return ALIGNOF_INT - 1;
		case TYPALIGN_SHORT:
			return ALIGNOF_SHORT - 1;
		default:
			return 0;
	}
}

void
mlpg_deform_bind(MlpgDeform *deform, TupleDesc desc)
{
	if (desc == deform->desc)
		return;
	if (deform->stored != NULL)
		pfree(deform->stored);
	deform->stored = MemoryContextAlloc(deform->context, (desc->natts + 1) * sizeof(MlpgStored));
	deform->desc = desc;
	deform->n_fixed = deform->first_word = deform->end_words = 0;
	for (int i = 0; i < desc->natts && TupleDescAttr(desc, i)->attlen > 0; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		MlpgStored *stored = &deform->stored[i];

		stored->mask = alignment_mask(attribute->attalign);
		stored->length = attribute->attlen;
		stored->size = attribute->attbyval ? attribute->attlen : 0;
		deform->n_fixed++;
		if (stored->size != sizeof(Datum) || stored->mask != sizeof(Datum) - 1)
			continue;
		if (deform->end_words == 0)
			deform->first_word = deform->end_words = i;
		if (deform->end_words == i)
			deform->end_words++;
	}
}

/* Columns of whole words, from first to before end; answers how many have a value. */
static int
read_words(const Datum *word, const bits8 *bitmap, int first, int end, Datum *values, bool *nulls)
{
	int			found = 0;

	if (bitmap == NULL)
	{
		memcpy(values + first, word, (end - first) * sizeof(Datum));
		memset(nulls + first, 0, (end - first) * sizeof(bool));
		return end - first;
	}
	for (int i = first; i < end; i++)
	{
		nulls[i] = att_isnull(i, bitmap);
		if (!nulls[i])
			values[i] = word[found++];
	}
	return found;
}

static inline Datum
read_value(const char *at, uint8 size)
{
	switch (size)
	{
		case 8:
			return *(const Datum *) at;
		case 4:
			return Int32GetDatum(*(const int32 *) at);
		case 2:
			return Int16GetDatum(*(const int16 *) at);
		case 1:
			return CharGetDatum(*at);
		default:
			return PointerGetDatum(at);
	}
}

/* Columns of any fixed width, from first to before end; answers the offset behind them. */
static uint32
read_columns(const MlpgStored *stored, const char *data, uint32 offset, const bits8 *bitmap, int first, int end, Datum *values, bool *nulls)
{
	for (int i = first; i < end; i++)
	{
		nulls[i] = bitmap != NULL && att_isnull(i, bitmap);
		if (nulls[i])
			continue;
		offset = (offset + stored[i].mask) & ~(uint32) stored[i].mask;
		values[i] = read_value(data + offset, stored[i].size);
		offset += stored[i].length;
	}
	return offset;
}

uint32
mlpg_deform_tuple(const MlpgDeform *deform, HeapTupleHeader tuple, int n, Datum *values, bool *nulls)
{
	const char *data = (const char *) tuple + tuple->t_hoff;
	const bits8 *bitmap = (tuple->t_infomask & HEAP_HASNULL) ? tuple->t_bits : NULL;
	int			first = Min(n, deform->first_word);
	int			end = Min(n, deform->end_words);
	uint32		offset = read_columns(deform->stored, data, 0, bitmap, 0, first, values, nulls);
	uint32		aligned = TYPEALIGN(sizeof(Datum), offset);
	int			found = read_words((const Datum *) (data + aligned), bitmap, first, end, values, nulls);

	if (found > 0)				/* else nothing was aligned */
		offset = aligned + found * sizeof(Datum);
	return read_columns(deform->stored, data, offset, bitmap, end, n, values, nulls);
}

void
mlpg_deform_slot(MlpgDeform *deform, TupleTableSlot *slot, int n)
{
	if (slot->tts_nvalid == 0 && (TTS_IS_BUFFERTUPLE(slot) || TTS_IS_HEAPTUPLE(slot)))
	{
		HeapTupleTableSlot *heap = (HeapTupleTableSlot *) slot;
		HeapTupleHeader tuple = heap->tuple->t_data;
		int			ready;

		mlpg_deform_bind(deform, slot->tts_tupleDescriptor);
		ready = Min(n, deform->n_fixed);
		if (HeapTupleHeaderGetNatts(tuple) >= ready)
		{
			heap->off = mlpg_deform_tuple(deform, tuple, ready, slot->tts_values, slot->tts_isnull);
			slot->tts_nvalid = ready;
			/* offsets behind a NULL are not those of every tuple */
			slot->tts_flags |= TTS_FLAG_SLOW;
		}
	}
	slot_getsomeattrs(slot, n);
}
