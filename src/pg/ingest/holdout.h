/*-------------------------------------------------------------------------
 *
 * holdout.h
 *	  Which rows of a source are kept apart to judge the model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_HOLDOUT_H
#define MLPG_HOLDOUT_H

#include "pg/mlpg_pg.h"

#include "access/tupdesc.h"
#include "pg/ingest/datum.h"

typedef struct MlpgHoldout
{
	double		share;			/* 0: none */
	uint64		seed;
	const char *by;				/* column: the last rows by it, or NULL */
	const char *key;			/* column whose value decides, or NULL: the row's content */

	/* set by find */
	double		after;			/* by: rows with a greater value are held out; NaN: none */
	char	   *after_text;

	/* set by bind */
	int			attno;			/* of by or key, from 0; -1 if neither */
	MlpgDatumReader reader;
} MlpgHoldout;

/* Finds the value behind which rows are held out; reads that column of the source. */
extern void mlpg_holdout_find(MlpgHoldout *holdout, const char *canonical, const char *target);

/* Resolves the columns; raises UNDEFINED_COLUMN or DATATYPE_MISMATCH. */
extern void mlpg_holdout_bind(MlpgHoldout *holdout, TupleDesc desc);

/* Whether a row is held out; hash is that of its content. */
extern bool mlpg_holdout_has(const MlpgHoldout *holdout, const Datum *values, const bool *nulls, uint64 hash);

/* The value of the column by, NaN when it is NULL or there is none. */
extern double mlpg_holdout_order(const MlpgHoldout *holdout, const Datum *values, const bool *nulls);

#endif							/* MLPG_HOLDOUT_H */
