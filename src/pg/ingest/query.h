/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Runs a source and hands each row over, without a copy in between.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_QUERY_H
#define MLPG_QUERY_H

#include "pg/mlpg_pg.h"

#include "executor/tuptable.h"

typedef struct MlpgSink
{
	void		(*start) (TupleDesc desc, void *argument);	/* once, before the first row */
	void		(*row) (TupleTableSlot *slot, void *argument);
} MlpgSink;

/*
 * Runs canonical source text with the rights of the current user, read only,
 * in heap order (synchronize_seqscans off) and without parallel workers, so that the same data
 * come in the same order.  Both callbacks run in memory contexts of the
 * executor: what they keep they must put elsewhere.
 */
extern void mlpg_query_run(const char *canonical, const MlpgSink *sink, void *argument);

/* The columns that canonical text will give, in the current context; their types cannot change before the transaction ends. */
extern TupleDesc mlpg_query_columns(const char *canonical);

/* The first column of the first row of a query, as text; NULL when there is none. Read only. */
extern char *mlpg_query_scalar(const char *query);

#endif							/* MLPG_QUERY_H */
