/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Kernels over row-major rows: making them of columns, products with a vector,
 *	  sums of rows, weighted cross-products.
 *
 * Rows are stride doubles apart, stride a multiple of 4; elements n .. stride - 1 are
 * zero.  Vectors (b, sum) have n elements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ROWS_H
#define MLPG_ROWS_H

#include "core/host.h"

/* out[r] = row r times b */
typedef void (*MlpgRowsMultiply) (const double *x, int64_t n_rows, int n, int stride, const double *b, double *out);

/* sum += coefficient[r] * row r, for each row in order */
typedef void (*MlpgRowsAdd) (const double *x, int64_t n_rows, int n, int stride, const double *coefficient, double *sum);

/*
 * a += X' diag(w) X: n rows of a, lda >= stride doubles apart; the lower triangle is meant, and what is above
 * it up to column stride - 1 means nothing afterwards.
 */
typedef void (*MlpgRowsCrossprod) (const double *x, int64_t n_rows, int n, int stride, const double *w, double *a, int lda);

/* A column on its way into rows: (value * per_unit - shift) * factor, fill in place of NaN. */
typedef struct MlpgRowsColumn
{
	const void *values;			/* doubles if wide, otherwise floats */
	bool		wide;
	double		fill;
	double		per_unit;
	double		shift;
	double		factor;
} MlpgRowsColumn;

/* x = rows of stride columns, n_rows values each. */
typedef void (*MlpgRowsGather) (const MlpgRowsColumn *column, int64_t n_rows, int stride, double *x);

/* sum += w[r] * (row r - about), square += w[r] * (row r - about)^2, column by column; stride elements each; w NULL: 1. */
typedef void (*MlpgRowsMoments) (const double *x, int64_t n_rows, int stride, const double *w, const double *about, double *sum, double *square);

typedef struct MlpgRows
{
	MlpgRowsMultiply multiply;
	MlpgRowsAdd add;
	MlpgRowsCrossprod crossprod;
	MlpgRowsGather gather;
	MlpgRowsMoments moments;
} MlpgRows;

/* Those of this processor, and those of any: the same results, bit for bit. */
extern const MlpgRows *mlpg_rows(void);
extern const MlpgRows mlpg_rows_portable;

#endif							/* MLPG_ROWS_H */
