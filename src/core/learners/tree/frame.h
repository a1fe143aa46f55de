/*-------------------------------------------------------------------------
 *
 * frame.h
 *	  What stands around the growing of trees in every learner of them: parameters
 *	  that mean the same, bins, and the memory that is asked for first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TREE_FRAME_H
#define MLPG_TREE_FRAME_H

#include "core/learners/training.h"
#include "core/learners/tree/constraints.h"
#include "core/learners/tree/split.h"
#include "core/matrix/bins.h"

/* Parameters of bins, and of splits by categories. */
#define MLPG_TREE_PARAMS \
	{"max_bin", MLPG_PARAM_INTEGER, "255", 2, 255, false, NULL, "most bins of a feature", NULL}, \
	{"min_data_in_bin", MLPG_PARAM_INTEGER, "3", 1, 2147483647, false, NULL, "fewest rows of a bin", NULL}, \
	{"zero_as_missing", MLPG_PARAM_BOOLEAN, "false", 0, 0, false, NULL, "zeros count as missing", NULL}, \
	{"max_cat_to_onehot", MLPG_PARAM_INTEGER, "4", 1, 255, false, NULL, "categories up to which one is split from the rest", NULL}, \
	{"max_cat_threshold", MLPG_PARAM_INTEGER, "32", 1, 255, false, NULL, "most categories on the smaller side of a split", NULL}, \
	{"cat_smooth", MLPG_PARAM_REAL, "10", 0, INFINITY, false, NULL, "pulls rare categories to the middle of the order", NULL}, \
	{"cat_l2", MLPG_PARAM_REAL, "10", 0, INFINITY, false, NULL, "L2 penalty by which sets of categories are compared", NULL}, \
	{"min_data_per_group", MLPG_PARAM_INTEGER, "100", 1, 2147483647, false, NULL, "fewest rows of a group of categories", NULL}

#define MLPG_TREE_MONOTONE \
	{"monotone_constraints", MLPG_PARAM_TEXT, NULL, 0, 0, false, "an object of column names with -1, 0 or 1, as {\"price\": -1}", \
	"columns whose effect only falls or rises", mlpg_monotone_is_valid}

/* By the parameters above. */
extern void mlpg_tree_read_rules(const MlpgParams *params, MlpgSplitRules *rules);

/* Bins of all rows by these parameters; left_out (or NULL) marks rows that have no say. */
extern MlpgBins *mlpg_tree_make_bins(const MlpgTraining *training, const uint64_t *identity, const uint8_t *left_out);

/* Raises MLPG_LIMIT_EXCEEDED, with a hint, if so many bytes more are above the budget. */
extern void mlpg_tree_check_memory(const MlpgTraining *training, size_t needed, const char *hint);

#endif							/* MLPG_TREE_FRAME_H */
