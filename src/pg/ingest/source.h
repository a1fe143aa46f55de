/*-------------------------------------------------------------------------
 *
 * source.h
 *	  Sources: a relation name or one SELECT, made canonical at the door.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SOURCE_H
#define MLPG_SOURCE_H

#include "pg/mlpg_pg.h"

/*
 * The canonical text of a source under the caller's search_path: a qualified,
 * quoted relation name, or the qualified text of one plain SELECT.  Only
 * canonical text is executed and stored.  It is canonical already when given
 * canonical text: the function is idempotent.
 */
extern char *mlpg_canonical_source(const char *source);

/* A statement to run for canonical text: "SELECT * FROM name" for a relation, the query itself otherwise. */
extern char *mlpg_source_query(const char *canonical);

/* Whether canonical text reads a temporary relation: such a model trains, but cannot be retrained. */
extern bool mlpg_source_is_temporary(const char *canonical);

/*
 * Runs body(argument) read only for real: transaction_read_only is on, names
 * are looked up under "pg_catalog, pg_temp" (as the canonical text was
 * written), synchronize_seqscans is off and no parallel workers are planned.
 * Everything is restored on every way out.
 */
extern void mlpg_with_read_only(void (*body) (void *argument), void *argument);

#endif							/* MLPG_SOURCE_H */
