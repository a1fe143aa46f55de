/*-------------------------------------------------------------------------
 *
 * tree.h
 *	  One decision tree as the growers and the importer make it.
 *
 * This is the plain form: one struct a node, children after their parent.  What
 * is stored and walked is the flat form of forest.h, made from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TREE_H
#define MLPG_TREE_H

#include "core/host.h"

/* Which values of a number count as missing at a node (as in LightGBM). On disk. */
typedef enum MlpgMissing
{
	MLPG_MISSING_NONE = 0,		/* none: NaN is read as 0 */
	MLPG_MISSING_ZERO = 1,		/* NaN, and whatever is within 1e-35 of 0 */
	MLPG_MISSING_NAN = 2		/* NaN */
} MlpgMissing;

typedef struct MlpgTreeNode
{
	int32_t		left;			/* positions in the tree, behind this one; -1 in leaves */
	int32_t		right;
	int32_t		feature;		/* position in the schema; -1 in leaves */
	bool		is_category;
	MlpgMissing missing;		/* numbers only */
	bool		missing_left;	/* numbers only: where missing values go */
	double		threshold;		/* numbers: x <= threshold goes left */
	int32_t		first_word;		/* categories: words of the tree's set; bit c: category c goes left, ... */
	int32_t		n_words;		/* ... all others, missing and unseen ones too, go right */
	double		gain;			/* of the split; 0 in leaves */
	double		value;			/* leaves: what the tree adds to the raw score; inner nodes: what they would add */
	double		weight;			/* sum of the hessians */
	int64_t		count;			/* training rows */
} MlpgTreeNode;

typedef struct MlpgTree
{
	int			output;			/* which raw score it adds to */
	int32_t		n_nodes;		/* >= 1; node 0 is the root */
	MlpgTreeNode *node;
	int32_t		n_words;
	uint32_t   *word;			/* sets of categories of all nodes */
} MlpgTree;

#endif							/* MLPG_TREE_H */
