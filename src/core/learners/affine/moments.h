/*-------------------------------------------------------------------------
 *
 * moments.h
 *	  Cross-products of a linear design in one pass over the rows: the state of
 *	  single-pass learners that need no more than second moments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_MOMENTS_H
#define MLPG_MOMENTS_H

#include "core/learners/learner.h"
#include "core/math/crossprod.h"

typedef struct MlpgMomentShape
{
	int			n_features;
	int			n_numbers;		/* features that are neither categories nor texts */
	int			d;				/* dense columns: numbers, target, 1 */
	int			stride;
	bool		contiguous;		/* numbers alone: dense columns are the block's first */
} MlpgMomentShape;

typedef struct MlpgIndicators
{
	int			n;
	int			capacity;
	uint32_t   *feature;
	int32_t    *level;			/* first-sight code, or position of an n-gram; -1: missing */
	double	   *hi;				/* n x d: sums of the dense columns times it, by weight */
	double	   *lo;
	double	   *pair_hi;		/* packed lower triangle: sums of the products of two, by weight */
	double	   *pair_lo;
} MlpgIndicators;

typedef struct MlpgMoments
{
	MlpgMomentShape		shape;
	MlpgCrossprod total;
	double	   *minimum;		/* n_numbers + 2 */
	double	   *maximum;
	int64_t		n_rows;
	int64_t		n_positive;		/* rows of weight > 0 */
	int32_t    *missing_id;		/* n_features: indicator, -1 none */
	int32_t   **level_id;		/* n_features: by code or position; NULL for numbers */
	int32_t    *n_levels;		/* n_features: entries of level_id */
	MlpgIndicators	indicators;
	bool		texts;			/* there are n-grams: indicators have values other than 1 */
	int			n_room;			/* of the next two */
	int32_t    *active;			/* indicators of the row at hand ... */
	double	   *value;			/* ... and their values */
	int64_t		work;			/* sums of valued ones since the last check */
} MlpgMoments;

/* A term, or the target, as base + share * other. */
typedef struct MlpgMomentColumn
{
	int			base;			/* -1: a level that no row has */
	int			other;			/* -1: none */
	double		share;
	int			exponent;		/* the column is held divided by 2^exponent */
} MlpgMomentColumn;

/* The single-pass functions of the contract. */
extern size_t mlpg_moments_partial_size(const MlpgPlan *plan, int capacity);
extern void mlpg_moments_summarise(const MlpgPlan *plan, const MlpgBlock *block, void *memory);
extern void *mlpg_moments_begin(MlpgHost *host, const MlpgPlan *plan);
extern void mlpg_moments_absorb(MlpgHost *host, const MlpgPlan *plan, void *opaque, const MlpgBlock *block, const void *memory);
extern void mlpg_moments_combine(MlpgHost *host, const MlpgPlan *plan, void *opaque, const void *opaque_other, int32_t *const *code);
extern void mlpg_moments_write(const MlpgPlan *plan, const void *opaque, MlpgWriter *w);
extern void *mlpg_moments_read(const MlpgPlan *plan, const int32_t *n_codes, MlpgReader *r);

/*
 * For rows that are all at hand: makes the indicators that a described schema can have, n-grams of a text
 * side by side, in room for no more.
 */
extern void mlpg_moments_expect(MlpgHost *host, const MlpgSchema *schema, MlpgMoments *state);

/* Sets has_missing, constant, mean, minimum and maximum of the schema's features; texts stay as they were described. */
extern void mlpg_moments_describe(MlpgTraining *training, const MlpgMoments *state);

/* The terms of a design, and behind them the target, as columns of the state: n_terms + 1. */
extern MlpgMomentColumn *mlpg_moments_columns(MlpgTraining *training, const MlpgMoments *state, const MlpgDesign *design);

/* Weighted sum of the product of two columns, in their scales. */
extern MlpgDd mlpg_moments_product(const MlpgMoments *state, const MlpgMomentColumn *a, const MlpgMomentColumn *b);

/* Variance (1/W) of a column, in its scale; square is its product with itself. */
extern double mlpg_moments_variance(const MlpgMoments *state, const MlpgMomentColumn *column, MlpgDd square);

#endif							/* MLPG_MOMENTS_H */
