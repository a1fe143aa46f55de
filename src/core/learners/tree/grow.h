/*-------------------------------------------------------------------------
 *
 * grow.h
 *	  Growing one tree, leaf by leaf, on binned rows.
 *
 * The caller (boosting, a forest) fills cell[] with what each row adds to a
 * histogram, sets rows and the sums of their cells, then calls mlpg_grower_grow.  The
 * answers of the leaves are the caller's to set; afterwards mlpg_grower_tree
 * turns the tree into its plain form.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_GROW_H
#define MLPG_GROW_H

#include "core/learners/tree/split.h"
#include "core/learners/tree/tree.h"
#include "core/matrix/bins.h"

#define MLPG_GROWER_TASK_ROWS 8192	/* rows that a thread takes at a time */

typedef struct MlpgGrowRules
{
	MlpgSplitRules split;
	int			num_leaves;		/* >= 2 */
	int			max_depth;		/* <= 0: none */
	double		feature_fraction;	/* of the features, by tree */
	double		feature_fraction_bynode;
	const int  *monotone;		/* by feature of the schema: -1, 0, 1; or NULL */
	int			n_groups;		/* features that may be on one path together; 0: all */
	const bool *group;			/* n_groups x features of the schema */
	uint64_t	seed;
} MlpgGrowRules;

/* A node in terms of bins. */
typedef struct MlpgGrownNode
{
	int32_t		left;			/* nodes, behind this one; -1 in leaves */
	int32_t		right;
	int32_t		leaf;			/* number of the leaf, -1 elsewhere */
	MlpgSplitNode sums;
	MlpgSplit	split;			/* feature: position among the used ones */
} MlpgGrownNode;

typedef struct MlpgGrownLeaf
{
	int64_t		first;			/* its rows are id[first .. first + n) */
	int64_t		n;
	int32_t		node;
	int			depth;
	double		parent;			/* answer of its parent, for path_smooth */
	int			slot;			/* of its histogram, -1: none */
	MlpgSplit	best;
	uint64_t   *path;			/* features on the way to it, where there are groups */
} MlpgGrownLeaf;

typedef struct MlpgGrower
{
	MlpgHost   *host;
	const MlpgBins *bins;
	const MlpgGrowRules *rules;

	/* the caller's part */
	MlpgCell   *cell;			/* one a row of bins */
	const uint32_t *rows;		/* rows to grow on, ascending; NULL: all */
	int64_t		n;				/* of them */
	int64_t		sum_gradient;	/* of their cells */
	int64_t		sum_hessian;
	MlpgScales	scales;

	/* the tree */
	uint32_t   *id;				/* its rows leaf by leaf, ascending in each; only once it is split */
	int			n_nodes;
	MlpgGrownNode *node;		/* 2 * num_leaves - 1 */
	int			n_leaves;
	MlpgGrownLeaf *leaf;		/* num_leaves */
	int			n_open;
	int		   *open;			/* leaves that can be split: a heap, the best first */

	/* scratch */
	uint32_t   *moved;			/* one a row: ids on their way to a side */
	MlpgHistogramShape shape;
	size_t		cells;			/* of a histogram */
	int			n_slots;
	MlpgCell   *slot;			/* n_slots histograms */
	int		   *owner;			/* leaf of each slot, -1: free */
	MlpgCell   *partial;		/* a histogram for each thread but the first */
	int		   *epoch;			/* region in which the thread last cleared its own */
	int			region;
	MlpgSplitFeature *feature;	/* n_used */
	MlpgSplit  *found;			/* 2 x n_used: best splits of two leaves by feature */
	bool	   *in_tree;		/* n_used: drawn for this tree */
	bool	   *in_node;		/* 2 x n_used */
	bool	   *skip;			/* slices of which the tree has no feature */
	uint64_t	tree;			/* number of the tree, for draws */
} MlpgGrower;

/* Memory for growing trees of at most these rules on these rows; released with the host's arena. */
extern MlpgGrower *mlpg_grower_create(MlpgHost *host, const MlpgBins *bins, const MlpgGrowRules *rules);

/* Grows tree number tree; false when the root cannot be split. */
extern bool mlpg_grower_grow(MlpgGrower *grower, uint64_t tree);

/* The leaf that a row of these bins (row-major) ends in; for pool tasks. */
extern int	mlpg_grower_leaf(const MlpgGrower *grower, const uint8_t *row);

/*
 * The plain form; value[leaf] is what each leaf adds.  Inner nodes get the
 * answer they would give as a leaf, times rate.  Memory from host.
 */
extern MlpgTree *mlpg_grower_tree(MlpgHost *host, const MlpgGrower *grower, const double *value, double rate);

/* One split in the plain form; least: min_gain_to_split. Its categories go behind the words that the tree has. */
extern void mlpg_grow_write_split(const MlpgBins *bins, const MlpgSplit *split, double least, MlpgTree *tree, MlpgTreeNode *out);

/* choose.c: the features of this tree (in_tree, skip), and of a node (n_used flags). */
extern void mlpg_grower_choose_for_tree(MlpgGrower *grower);
extern void mlpg_grower_choose_for_node(MlpgGrower *grower, const MlpgGrownLeaf *leaf, bool *chosen);

/*
 * partition.c: puts those of n rows (from, which may be id; NULL: rows 0 .. n-1) that go left before the others into id, each side
 * in its order; returns how many go left.  moved has room for n.  host: NULL in pool tasks, who do it alone.
 */
extern int64_t mlpg_partition_rows(MlpgHost *host, const MlpgBins *bins, const MlpgSplit *split,
								   const uint32_t *from, uint32_t *id, uint32_t *moved, int64_t n);

/* Bytes a row that a grower holds, and bytes besides. */
extern size_t mlpg_grower_size(MlpgHost *host, const MlpgBins *bins, const MlpgGrowRules *rules);

#endif							/* MLPG_GROW_H */
