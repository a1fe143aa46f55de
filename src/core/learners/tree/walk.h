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

#define MLPG_ZERO_MAX ((double) 1e-35f)	/* LightGBM's kZeroThreshold: up to here a value counts as 0 */
#define MLPG_BLOCK_ROWS 8		/* rows of the block walk */

#define MLPG_BATCH_TREES 240	/* of one output, whose leaves are found together and then added */

/* n elements of a payload where they lie, or a copy where the bytes are not aligned for them. */
extern const void *mlpg_forest_array(MlpgReader *payload, size_t n, size_t size, size_t alignment);

/* 1 where a value of its feature goes right at an inner node, else 0. */
extern uint32_t mlpg_node_right(const MlpgForest *forest, const MlpgFlatNode *node, double x);

/* sum plus the leaves that a row reaches in n_trees trees from the start of a batch on, in their order. */
extern double mlpg_forest_add(const MlpgForest *forest, int32_t first_tree, int32_t n_trees, const double *row, double sum);

/* Raw scores of MLPG_BLOCK_ROWS rows by masks; forest->block must be there. */
extern void mlpg_block_walk(const MlpgForest *forest, const double *rows, int stride, double *out);

/* Makes by_depth. */
extern void mlpg_forest_order(MlpgHost *host, MlpgForest *forest);

#endif							/* MLPG_WALK_H */
