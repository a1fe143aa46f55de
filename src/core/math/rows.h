/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Kernels over row-major rows: products with a vector, sums of rows,
 *	  weighted cross-products.
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

/* x = (x - shift) * factor, column by column; shift and factor have stride elements. */
typedef void (*MlpgRowsMove) (double *x, int64_t n_rows, int stride, const double *shift, const double *factor);

/* sum += w[r] * (row r - about), square += w[r] * (row r - about)^2, column by column; stride elements each; w NULL: 1. */
typedef void (*MlpgRowsMoments) (const double *x, int64_t n_rows, int stride, const double *w, const double *about, double *sum, double *square);

typedef struct MlpgRows
{
	MlpgRowsMultiply multiply;
	MlpgRowsAdd add;
	MlpgRowsCrossprod crossprod;
	MlpgRowsMove move;
	MlpgRowsMoments moments;
} MlpgRows;

/* Those of this processor, and those of any: the same results, bit for bit. */
extern const MlpgRows *mlpg_rows(void);
extern const MlpgRows mlpg_rows_portable;

#endif							/* MLPG_ROWS_H */
