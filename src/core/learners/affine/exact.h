/*-------------------------------------------------------------------------
 *
 * exact.h
 *	  Weighted cross-products of a held design in double-double.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_EXACT_ROWS_H
#define MLPG_EXACT_ROWS_H

#include "core/learners/affine/design_rows.h"
#include "core/math/crossprod.h"

/* More columns than these take too long. */
#define MLPG_EXACT_COLUMNS 256

/*
 * Fills z, n_columns + 1 values a row and stride apart, with roots of weights times the rows [first, last) and, behind
 * the columns, what is to be multiplied with them.  For pool tasks.
 */
typedef void (*MlpgExactBody) (const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *z, int stride, double *scratch);

/* The cross-products of all rows; the result does not depend on the number of threads. */
extern MlpgCrossprod *mlpg_exact_crossprod(MlpgHost *host, const MlpgDesignRows *rows, MlpgExactBody body, void *argument,
										   size_t n_scratch, const char *phase);

/* For bodies: z = root[i - first] times row i. */
extern void mlpg_exact_rows(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *root, double *z, int stride);

#endif							/* MLPG_EXACT_ROWS_H */
