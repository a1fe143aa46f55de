/*-------------------------------------------------------------------------
 *
 * split.h
 *	  The best split of a node by one feature.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SPLIT_H
#define MLPG_SPLIT_H

#include "core/learners/tree/histogram.h"

/* What every split must obey; names, meanings and defaults are LightGBM's. */
typedef struct MlpgSplitRules
{
	double		lambda_l1;
	double		lambda_l2;
	double		min_gain_to_split;
	int64_t		min_data_in_leaf;
	double		min_sum_hessian_in_leaf;
	double		max_delta_step; /* 0: none */
	double		path_smooth;	/* 0: none */
	int			max_cat_to_onehot;
	int			max_cat_threshold;
	double		cat_smooth;
	double		cat_l2;
	double		min_data_per_group;
} MlpgSplitRules;

/* Scales of the integers of a tree, powers of two, and what a hessian says of the number of rows. */
typedef struct MlpgScales
{
	double		gradient;
	double		hessian;
	bool		counts;			/* hessians are 1 a row: they are counts */
} MlpgScales;

/* A set of bins. */
typedef struct MlpgBinSet
{
	uint64_t	word[4];
} MlpgBinSet;

static inline bool
mlpg_bin_set_has(const MlpgBinSet *set, int bin)
{
	return (set->word[bin >> 6] >> (bin & 63)) & 1;
}

static inline void
mlpg_bin_set_add(MlpgBinSet *set, int bin)
{
	set->word[bin >> 6] |= UINT64_C(1) << (bin & 63);
}

/* The node that is to be split. */
typedef struct MlpgSplitNode
{
	int64_t		gradient;		/* sum, in units of the scale */
	int64_t		hessian;
	int64_t		n;				/* rows */
	double		value;			/* what it answers as a leaf: path_smooth pulls its children towards it */
	double		lower;			/* bounds that monotone features above set for its answers */
	double		upper;
} MlpgSplitNode;

typedef struct MlpgSplitFeature
{
	int			n_bins;			/* value bins */
	int			missing;		/* the slot of missing values */
	bool		is_category;
	int			monotone;		/* -1, 0, 1 */
} MlpgSplitFeature;

typedef struct MlpgSplit
{
	double		gain;			/* over the node and min_gain_to_split; 0: there is no split */
	int			feature;		/* as the caller numbers them */
	int			bin;			/* numbers: bins up to this one go left */
	bool		missing_left;
	bool		is_category;
	MlpgBinSet	set;			/* categories: bins that go left */
	int64_t		gradient;		/* sums of the left child */
	int64_t		hessian;
	double		left_value;		/* answers of the children */
	double		right_value;
} MlpgSplit;

/*
 * Puts the best split of the node by the feature whose cells start at cell into
 * split (all of it; feature is left alone).
 */
extern void mlpg_split_search(const MlpgSplitRules *rules, const MlpgScales *scales, const MlpgSplitFeature *feature,
							  const MlpgSplitNode *node, const MlpgCell *cell, MlpgSplit *split);

/* What a leaf answers: gradient and hessian in their own units, n its rows. */
extern double mlpg_leaf_value(const MlpgSplitRules *rules, double l2, double gradient, double hessian, double n,
							  double parent, double lower, double upper);

#endif							/* MLPG_SPLIT_H */
