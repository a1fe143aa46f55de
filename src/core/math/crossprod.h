/*-------------------------------------------------------------------------
 *
 * crossprod.h
 *	  Cross-products of columns in double-double: blocks and running totals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CROSSPROD_H
#define MLPG_CROSSPROD_H

#include "core/host.h"
#include "core/math/dd.h"

/* Rows of one block: the constant of the kernel has room for this many products. */
#define MLPG_CROSSPROD_ROWS 512

/* Packed upper triangle of d columns, row by row: (i, j), i <= j. */
static inline size_t
mlpg_triangle_size(int d)
{
	return (size_t) d * ((size_t) d + 1) / 2;
}

static inline size_t
mlpg_triangle_index(int d, int i, int j)
{
	return (size_t) i * (size_t) d - (size_t) i * ((size_t) i + 1) / 2 + (size_t) j;
}

/* Columns padded to whole vectors. */
static inline int
mlpg_crossprod_stride(int d)
{
	return (d + 3) / 4 * 4;
}

/*
 * Z'Z of one block.  z: n_rows x stride (mlpg_crossprod_stride(d), padding
 * zero), every |z| <= 1; n_rows <= MLPG_CROSSPROD_ROWS.  hi and lo: d x stride,
 * upper triangle set.  May run in any thread.
 */
extern void mlpg_crossprod_block(const double *z, int n_rows, int d, int stride, double *hi, double *lo);

/* The same without vector instructions. */
extern void mlpg_crossprod_block_portable(const double *z, int n_rows, int d, int stride, double *hi, double *lo);

/* What can do it on this processor, from the fastest, 0, to the portable one, then NULL: all with the same bits. */
typedef void (*MlpgCrossprodKernel) (const double *z, int n_rows, int d, int stride, double *hi, double *lo);

extern MlpgCrossprodKernel mlpg_crossprod_kernel(int rank);

/* Running totals: value (i, j) = (hi + lo) * 2^(exponent[i] + exponent[j]). */
typedef struct MlpgCrossprod
{
	int			d;
	int		   *exponent;		/* d; columns are held divided by 2^exponent */
	double	   *hi;				/* packed triangle */
	double	   *lo;
} MlpgCrossprod;

#define MLPG_EXPONENT_NONE (-100000)	/* a column that was zero so far */

extern void mlpg_crossprod_init(MlpgHost *host, MlpgCrossprod *total, int d);

/* Adds a block whose columns were divided by 2^exponent[j] before. */
extern void mlpg_crossprod_add_block(MlpgCrossprod *total, const int *exponent, int stride, const double *hi, const double *lo);
extern void mlpg_crossprod_add(MlpgCrossprod *total, const MlpgCrossprod *other);
extern MlpgDd mlpg_crossprod_get(const MlpgCrossprod *total, int i, int j);

#endif							/* MLPG_CROSSPROD_H */
