/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  What the files of the forest share and nobody else needs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_WALK_H
#define MLPG_WALK_H

#include "core/learners/tree/forest.h"

/* Makes by_depth. */
extern void mlpg_forest_order(MlpgHost *host, MlpgForest *forest);

#endif							/* MLPG_WALK_H */
