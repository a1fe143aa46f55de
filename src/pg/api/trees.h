/*-------------------------------------------------------------------------
 *
 * trees.h
 *	  What explain, importance and tree have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TREES_H
#define MLPG_TREES_H

#include "pg/mlpg_pg.h"

#include "core/learners/learner.h"
#include "core/learners/tree/forest.h"

/* Positions of n values, largest first; ties in the order of positions. */
extern int64_t *mlpg_descending(MlpgHost *host, const double *values, int n);

/* The trees of a model, or an error that it has none. */
extern const MlpgForest *mlpg_forest_required(const MlpgModel *model);

#endif							/* MLPG_TREES_H */
