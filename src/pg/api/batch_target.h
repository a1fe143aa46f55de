/*-------------------------------------------------------------------------
 *
 * batch_target.h
 *	  The table that predict_batch writes into.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_BATCH_TARGET_H
#define MLPG_BATCH_TARGET_H

#include "pg/mlpg_pg.h"

#include "access/heapam.h"
#include "utils/queryenvironment.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#define MLPG_BATCH_CONSTANTS 3	/* model, version, predicted_at: alike in all rows of a run */

/* What the call asks for. */
typedef struct MlpgBatchCall
{
	const char *into_table;		/* as typed */
	const char *source;			/* canonical */
	bool		replace;
	int64		batch_size;		/* rows a transaction; 0: one transaction for all */
	const char *model;			/* plain name */
	int32		version;
	TimestampTz predicted_at;
} MlpgBatchCall;

typedef struct MlpgBatchTarget
{
	MemoryContext context;		/* outlives transactions */
	const MlpgBatchCall *call;
	char	   *name;			/* qualified and quoted */
	char	   *label;			/* for people */
	Oid			relation;
	int			n_keys;
	TupleDesc	row;			/* keys, prediction and, of a classifier, probability */

	/* a table that was there: rows wait in run, and statements write them */
	Oid		   *key_type;		/* n_keys, of its columns */
	bool		in_key[MLPG_BATCH_CONSTANTS];	/* constants that the unique index holds besides the keys */
	Tuplestorestate *run;
	EphemeralNamedRelation whole;	/* the run, as a table of the statements */
	EphemeralNamedRelation batch;	/* what of it is written next */
	char	   *insert;
	char	   *remove;			/* with replace: keys that the run does not have */

	/* a table made here: rows go straight into it */
	Relation	heap;			/* NULL: there is none */
	struct BulkInsertStateData *bulk;
	TupleTableSlot **slot;		/* n_slots */
	int			n_slots;
	int			n_full;
	Datum		constant[MLPG_BATCH_CONSTANTS];

	/* results */
	int64		n_rows;			/* of the run */
	int64		n_written;
	int64		n_removed;
} MlpgBatchTarget;

/*
 * Finds the table or makes it, and checks that the run may be written there.
 * row: the run's columns, the first n_keys of them keys.  SPI is connected.
 */
extern MlpgBatchTarget *mlpg_batch_target_open(const MlpgBatchCall *call, TupleDesc row, int n_keys);

/* One row; its values must last until the next flush. */
extern void mlpg_batch_target_put(MlpgBatchTarget *target, Datum *values, bool *nulls);
extern void mlpg_batch_target_flush(MlpgBatchTarget *target);

/* All rows were put: writes what is not written, and commits in between if the call asks for it. */
extern void mlpg_batch_target_finish(MlpgBatchTarget *target);

/* Gives back files that outlive transactions. On every way out. */
extern void mlpg_batch_target_close(MlpgBatchTarget *target);

#endif							/* MLPG_BATCH_TARGET_H */
