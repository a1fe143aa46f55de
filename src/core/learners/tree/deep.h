/*-------------------------------------------------------------------------
 *
 * deep.h
 *	  Growing one deep tree: hundreds of thousands of small nodes, each of which
 *	  looks at a few features.
 *
 * The caller (a forest) fills cell[], target[] and id[] and calls mlpg_deep_grow;
 * it gives each leaf its answer, and mlpg_deep_tree turns the tree into its plain
 * form.  See grow.h for trees of a few dozen leaves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DEEP_H
#define MLPG_DEEP_H

#include "core/learners/tree/split.h"
#include "core/learners/tree/tree.h"
#include "core/matrix/bins.h"

typedef struct MlpgDeepRules
{
	MlpgSplitRules split;		/* min_data_in_leaf counts rows, whatever their weights */
	int64_t		num_leaves;		/* most leaves, the best splits first; 0: any number */
	int			max_depth;		/* <= 0: any */
	double		feature_fraction;	/* of the features, by tree */
	double		feature_fraction_bynode;	/* of those, by node */
	const int  *monotone;		/* by feature of the schema: -1, 0, 1; or NULL */
	uint64_t	seed;
} MlpgDeepRules;

/* Until it is split a node needs its sums, afterwards the categories that go left. */
typedef struct MlpgDeepNode
{
	int32_t		kid;			/* the left child, the right one follows; 0: a leaf */
	uint32_t	first;			/* its rows are id[first .. first + n) */
	uint32_t	n;				/* 0: no node at all */
	int32_t		feature;		/* position among the used ones */
	uint32_t	depth;
	uint8_t		bin;			/* numbers: bins up to this one go left */
	bool		missing_left;
	bool		is_category;
	double		gain;			/* of the split */
	double		answer;			/* leaves: the caller's to set */
	int64_t		hessian;		/* sum, in units of the scale */
	union
	{
		struct
		{
			int64_t		gradient;
			uint64_t	key;	/* what its draws are made of: the way to it */
			double		lower;	/* bounds that monotone features set */
			double		upper;
		}			open;
		MlpgBinSet	set;
	}			u;
} MlpgDeepNode;

typedef struct MlpgDeepWorker MlpgDeepWorker;

typedef struct MlpgDeep
{
	MlpgHost   *host;
	const MlpgBins *bins;
	const MlpgDeepRules *rules;

	/* the caller's part */
	MlpgCell   *cell;			/* one a row of bins */
	const double *target;		/* one a row: where it is the same all over a node, there is nothing to split */
	uint32_t   *id;				/* rows to grow on, ascending at first */
	int64_t		n;				/* of them, >= 1 */
	MlpgScales	scales;

	/* the tree: nodes in node[0 .. n_nodes), with gaps (n = 0); children behind their parent */
	int64_t		n_nodes;
	MlpgDeepNode *node;

	/* scratch */
	uint32_t   *moved;			/* one a row: ids on their way to a side */
	int32_t    *queue;			/* nodes on their way into the plain form */
	int64_t		capacity;		/* nodes */
	MlpgSplitFeature *feature;	/* n_used */
	int			n_in_tree;
	int		   *in_tree;		/* n_used: features drawn for this tree come first */
	int			n_by_node;
	uint32_t	large;			/* rows from which on a node is done with the help of all threads */
	MlpgCell   *shared;			/* n_used x 256: histograms of a large node */
	MlpgDeepWorker *worker;		/* n_threads */
	int64_t		n_open;			/* num_leaves > 0 */
	struct MlpgDeepOpen *open;	/* leaves that can be split: a heap, the best first */
} MlpgDeep;

/* Memory for growing trees of at most these rules on up to n_rows rows of the bins. */
extern MlpgDeep *mlpg_deep_create(MlpgHost *host, const MlpgBins *bins, const MlpgDeepRules *rules, int64_t n_rows);

/* Bytes that it takes. */
extern size_t mlpg_deep_size(MlpgHost *host, const MlpgBins *bins, const MlpgDeepRules *rules, int64_t n_rows);

/* Grows tree number tree; it may be a single leaf. */
extern void mlpg_deep_grow(MlpgDeep *deep, uint64_t tree);

/* The leaf that a row of these bins (row-major) ends in; for pool tasks. */
extern const MlpgDeepNode *mlpg_deep_leaf(const MlpgDeep *deep, const uint8_t *row);

/* The plain form, breadth first, memory of host; queue[k] says which node its node k was. */
extern MlpgTree *mlpg_deep_tree(MlpgHost *host, const MlpgDeep *deep);

#endif							/* MLPG_DEEP_H */
