/*-------------------------------------------------------------------------
 *
 * bins.h
 *	  The matrix as small integers: what trees are grown on.
 *
 * Each feature is cut into at most 255 value bins and one slot for what is
 * missing.  The bins are kept twice: by row (histograms read whole rows) and by
 * column (splits read one feature).
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_BINS_H
#define MLPG_BINS_H

#include "core/matrix/matrix.h"

typedef struct MlpgBinOptions
{
	int			max_bin;		/* 2 .. 255: value bins, the missing slot counted where there is one */
	int			min_data_in_bin;	/* >= 1, of the rows that cut points are made from */
	bool		zero_as_missing;	/* |x| <= 1e-35 is missing */
	const uint64_t *identity;	/* n_rows, of mlpg_sample_identify */
	const uint8_t *left_out;	/* n_rows, or NULL: rows other than 0 have no say in the cut points */
} MlpgBinOptions;

/* A feature that has more than one value. */
typedef struct MlpgBinFeature
{
	int			feature;		/* position in the schema */
	bool		is_category;
	bool		has_missing;	/* some row is in the missing slot (missing, or a pooled category) */
	int			n_bins;			/* value bins: 1 .. 255 */
	const double *cut;			/* numbers: n_bins upper bounds, x <= cut[b]; the last is infinite */
	int			n_codes;		/* categories: codes of the schema's dictionary */
	const uint8_t *bin_of_code; /* n_codes: its bin, or the missing slot for those pooled */
	const int32_t *code_of_bin; /* n_bins */
} MlpgBinFeature;

typedef struct MlpgBins
{
	int64_t		n_rows;
	int			n_features;		/* of the schema */
	int			n_used;
	MlpgBinFeature *used;		/* n_used, in schema order */
	int		   *position;		/* n_features: place in used, -1 where the feature is not */
	int			stride;			/* slots a feature in a histogram: 32 or 256 */
	int			missing;		/* the missing slot of all features: stride - 1 */
	bool		zero_as_missing;
	int			row_bytes;		/* n_used rounded up to 8, and to 32 above 16; the rest is 0 */
	const uint8_t *row;			/* n_rows x row_bytes, aligned to 64 */
	const uint8_t *column;		/* n_used x n_rows; 64 bytes may be read behind the end */
	void	   *row_memory;		/* as allocated */
	void	   *column_memory;
} MlpgBins;

/*
 * Finds the cut points and bins all rows.  The rows of the matrix are released
 * on the way: read target and weights, and identify rows, before.  No value is
 * infinite; missing ones are NaN.
 */
extern MlpgBins *mlpg_bins_create(MlpgHost *host, MlpgMatrix *matrix, const MlpgSchema *schema,
								  const MlpgBinOptions *options);

/* The rows of another matrix by the same cut points, which are shared with like. */
extern MlpgBins *mlpg_bins_apply(MlpgHost *host, const MlpgBins *like, MlpgMatrix *matrix);

/* The bin of one value. */
extern int	mlpg_bins_find(const MlpgBins *bins, const MlpgBinFeature *feature, double value);

/* Bytes that create will hold at its end for so many rows. */
extern size_t mlpg_bins_size(MlpgHost *host, int64_t n_rows, int n_used);

extern void mlpg_bins_release_stores(MlpgHost *host, MlpgBins *bins);	/* cut points stay */

static inline const uint8_t *
mlpg_bins_column(const MlpgBins *bins, int used)
{
	return bins->column + (size_t) used * (size_t) bins->n_rows;
}

static inline const uint8_t *
mlpg_bins_row(const MlpgBins *bins, int64_t row)
{
	return bins->row + (size_t) row * (size_t) bins->row_bytes;
}

#endif							/* MLPG_BINS_H */
