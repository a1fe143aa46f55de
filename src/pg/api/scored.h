/*-------------------------------------------------------------------------
 *
 * scored.h
 *	  Models that answer rows of a source whose target is known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCORED_H
#define MLPG_SCORED_H

#include "pg/mlpg_pg.h"

#include "access/tupdesc.h"
#include "pg/bind/bind.h"
#include "pg/catalog/registry.h"
#include "pg/ingest/holdout.h"
#include "pg/ingest/rows.h"

typedef struct MlpgScored
{
	MlpgModel  *model;
	MlpgBinding *binding;
	double	   *class_value;	/* of a classifier: its classes as numbers, NaN for texts */
} MlpgScored;

/* A version, decoded: the model that serves, or the one fitted without the hold-out. The right was checked. */
extern MlpgModel *mlpg_scored_model(MemoryContext context, const MlpgModelRef *ref, bool without_holdout);

/* Binds the model to the columns of a source, in the current context. */
extern void mlpg_scored_bind(MlpgScored *scored, TupleDesc desc, const char *label);

/* The model's class that the target of the row at hand is, -1 if none. */
extern int	mlpg_scored_class(const MlpgScored *scored, const MlpgRows *rows);

/* The hold-out that metrics (model_versions.metrics) tell of and its canonical source; false: there was none. */
extern bool mlpg_scored_holdout(const Jsonb *metrics, MlpgHoldout *holdout, char **source);

/* Whether a row of that source, which was read into rows, was held out. */
extern bool mlpg_scored_was_held_out(const MlpgHoldout *holdout, const MlpgRows *rows, const Datum *values, const bool *nulls);

/* For mlpg_rows_create where arrays are no content. */
extern int	mlpg_scored_no_arrays(int attno, void *argument);

#endif							/* MLPG_SCORED_H */
