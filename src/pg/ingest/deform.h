/*-------------------------------------------------------------------------
 *
 * deform.h
 *	  Attributes out of heap tuples whose leading columns have a fixed width.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DEFORM_H
#define MLPG_DEFORM_H

#include "pg/mlpg_pg.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "executor/tuptable.h"

/* How a column is stored. */
typedef struct MlpgStored
{
	uint8		mask;			/* alignment - 1 */
	uint8		size;			/* bytes of a value, 0: by reference */
	int16		length;
} MlpgStored;

typedef struct MlpgDeform
{
	MemoryContext context;		/* of what follows; set by the caller before the first use */
	TupleDesc	desc;			/* of which this is true; NULL at first */
	int			n_fixed;		/* leading columns of fixed width */
	int			first_word;		/* of them, the first run of columns of 8 bytes by value: from here */
	int			end_words;		/* to before here */
	MlpgStored *stored;			/* n_fixed */
} MlpgDeform;

/* Looks at a row type; cheap when it is the one of the last time. */
extern void mlpg_deform_bind(MlpgDeform *deform, TupleDesc desc);

/* The first n attributes, n <= deform->n_fixed and no more than the tuple has; answers the offset behind them. */
extern uint32 mlpg_deform_tuple(const MlpgDeform *deform, HeapTupleHeader tuple, int n, Datum *values, bool *nulls);

/* slot_getsomeattrs, faster for heap tuples. */
extern void mlpg_deform_slot(MlpgDeform *deform, TupleTableSlot *slot, int n);

#endif							/* MLPG_DEFORM_H */
