/*-------------------------------------------------------------------------
 *
 * forest.h
 *	  Trees as they are stored and walked: the flat form, its payload, and what
 *	  can be asked of it.
 *
 * A forest gives raw scores, one an output: base[o] plus the values of the
 * leaves that a row reaches in the trees of output o, added in the order in
 * which the trees were given, or the mean of that.  A link makes the prediction of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FOREST_H
#define MLPG_FOREST_H

#include "core/learners/learner.h"
#include "core/learners/tree/tree.h"

#define MLPG_FOREST_PAYLOAD_VERSION 1
#define MLPG_FOREST_SCORE_MAX 1e300	/* of any raw score: no sum overflows */

/* From raw scores to predictions. On disk. */
typedef enum MlpgLink
{
	MLPG_LINK_IDENTITY = 0,
	MLPG_LINK_EXP = 1,
	MLPG_LINK_SIGMOID = 2,		/* 1 / (1 + exp(-factor * raw)) of each output */
	MLPG_LINK_SOFTMAX = 3,		/* over all outputs */
	MLPG_LINK_SHARE = 4			/* of the sum of all outputs, none of them below 0; all 0: the same for each */
} MlpgLink;

/* What a forest is beside its trees. */
typedef struct MlpgForestSpec
{
	int			n_outputs;		/* raw scores: 1, levels, or classes (two classes: 1) */
	const double *base;			/* n_outputs: raw scores before the first tree; NULL: zeros */
	MlpgLink	link;
	double		factor;			/* of the sigmoid; 1 otherwise */
	bool		mean;			/* raw scores are divided by the output's number of trees */
	bool		average;		/* so are they, but in the link alone (LightGBM's average_output) */
	bool		counted;		/* every node's count is known: explain needs it */
	const double *levels;		/* n_outputs quantile levels, ascending, or NULL */
	int			main_output;	/* what predict answers; -1: nothing without a level */
} MlpgForestSpec;

/* On disk: 16 bytes, breadth first, so that a node's children are neighbours and lie behind it. */
typedef struct MlpgFlatNode
{
	union
	{
		double		threshold;	/* x <= threshold goes left; leaves: +infinity */
		struct
		{
			uint32_t	first;	/* categories: where the set's words start ... */
			uint32_t	n;		/* ... and how many there are */
		}			set;
	}			u;
	uint32_t	feature;		/* feature << 8 | flags; leaves: 0 */
	uint32_t	kid;			/* the left child; the right one follows it. Leaves: the node itself */
} MlpgFlatNode;

_Static_assert(sizeof(MlpgFlatNode) == 16, "the format says 16 bytes");

#define MLPG_NODE_NAN_RIGHT 1u	/* numbers: NaN (of type zero: whatever is missing) goes right */
#define MLPG_NODE_CATEGORY 2u
#define MLPG_NODE_ZERO 4u		/* numbers: missing is NaN and what is within 1e-35 of 0 */
#define MLPG_NODE_NO_MISSING 8u /* numbers: NaN is read as 0 (and bit 0 says where that goes) */

typedef struct MlpgBlockWalk MlpgBlockWalk;
typedef struct MlpgKept MlpgKept;

typedef struct MlpgForestTree
{
	uint32_t	first;			/* the root */
	uint32_t	n_nodes;
	uint32_t	depth;			/* edges to the deepest leaf */
	int32_t		output;
	bool		plain;			/* numbers only, none of missing type zero */
} MlpgForestTree;

/* A forest ready to be walked; the arrays are the payload's own bytes. */
typedef struct MlpgForest
{
	MlpgForestSpec spec;
	int			n_features;
	int			n_trees;		/* grouped by output, in the order given */
	uint32_t	n_nodes;
	uint32_t	n_words;
	const MlpgFlatNode *node;	/* n_nodes */
	const double *value;		/* n_nodes; leaves: what they add; others: the gain of the split */
	const uint32_t *count;		/* n_nodes training rows */
	const float *weight;		/* n_nodes sums of hessians */
	const uint32_t *word;		/* n_words */
	MlpgForestTree *tree;		/* n_trees */
	int32_t    *first_tree;		/* n_outputs + 1 */
	int32_t    *by_depth;		/* n_trees: each batch of trees of an output, deepest last */
	MlpgBlockWalk *block;	/* for many rows; NULL until mlpg_forest_hasten */
	const MlpgKept *kept;		/* targets in the leaves: kept.h; NULL: there are none */
} MlpgForest;

/* Writes a payload. Trees may come in any order of outputs; those of one output stay in order. */
extern void mlpg_forest_write(MlpgWriter *payload, const MlpgForestSpec *spec, const MlpgTree *const *trees, int n_trees);

/* The most bytes that mlpg_forest_write takes: to refuse a forest before it grows. */
extern size_t mlpg_forest_size(int n_outputs, int64_t n_trees, int64_t n_nodes, int64_t n_words);

/* Raises where a model would be too large. */
extern void mlpg_forest_check_size(MlpgHost *host, int64_t n_trees, int64_t n_nodes, int64_t n_words);

/* The functions of the contract. */
extern void mlpg_forest_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload);
extern void mlpg_forest_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out);
extern const MlpgForest *mlpg_forest_of(const MlpgModel *model);
extern void mlpg_forest_hasten(MlpgHost *host, MlpgModel *model);	/* many rows follow: prepares the block walk */

/* n_rows x n_outputs raw scores. */
extern void mlpg_forest_raw(const MlpgForest *forest, const double *rows, int n_rows, int stride, double *out);

/* Raw scores to predictions, in place. */
extern void mlpg_forest_link(const MlpgForest *forest, int n_rows, double *scores);

/*
 * The plain form again, memory of host.  Trees are numbered round after round,
 * as LightGBM numbers them: the first of each output, then the second, ...
 * The value of an inner node is the mean of its leaves by count.
 */
extern MlpgTree *mlpg_forest_tree(MlpgHost *host, const MlpgForest *forest, int index);

/* Splits with a positive gain, and their gains, by feature: n_features each. */
extern void mlpg_forest_importance(const MlpgForest *forest, double *splits, double *gain);

#endif							/* MLPG_FOREST_H */
