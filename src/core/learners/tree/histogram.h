/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  Sums of gradients and hessians by bin, for a set of rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_HISTOGRAM_H
#define MLPG_HISTOGRAM_H

#include "core/host.h"

/*
 * A cell packs two sums: the high 32 bits are a signed sum of gradients, the
 * low 32 an unsigned sum of hessians.  Neither overflows, whatever the rows:
 * gradients are scaled so that the sum of all |g| is below 2^31, hessians so
 * that the sum of all is below 2^32 (see grow.h).
 */
typedef uint64_t MlpgCell;

static inline MlpgCell
mlpg_cell(int32_t gradient, uint32_t hessian)
{
	return ((uint64_t) (uint32_t) gradient << 32) + hessian;
}

static inline int32_t
mlpg_cell_gradient(MlpgCell cell)
{
	return (int32_t) (uint32_t) (cell >> 32);
}

static inline uint32_t
mlpg_cell_hessian(MlpgCell cell)
{
	return (uint32_t) cell;
}

/* Features are taken in slices, so that the cells of one slice stay in the first-level cache. */
#define MLPG_SLICE 8

typedef struct MlpgHistogramShape
{
	const uint8_t *row;			/* bins, row-major */
	size_t		row_bytes;		/* a multiple of 8, at least n_features rounded up to a multiple of 4 */
	int			n_features;
	int			stride;			/* cells a feature: 32 or 256 */
} MlpgHistogramShape;

/* Cells of a histogram; features are padded to a multiple of 4. */
static inline size_t
mlpg_histogram_cells(const MlpgHistogramShape *shape)
{
	return (size_t) ((shape->n_features + 3) / 4 * 4) * (size_t) shape->stride;
}

/*
 * Adds rows id[first .. last), or first .. last themselves when id is NULL, to
 * the histogram.  cell[i] is what row i adds.  skip: slices of MLPG_SLICE
 * features that nobody asks for, or NULL.
 */
extern void mlpg_histogram_add(const MlpgHistogramShape *shape, const MlpgCell *cell, const uint32_t *id,
							   int64_t first, int64_t last, const bool *skip, MlpgCell *histogram);

#endif							/* MLPG_HISTOGRAM_H */
