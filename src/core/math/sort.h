/*-------------------------------------------------------------------------
 *
 * sort.h
 *	  Sorting doubles.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SORT_H
#define MLPG_SORT_H

#include "core/host.h"

/* Ascending; -0 and 0 compare equal and keep their order; no NaN.  order (may be NULL) is permuted alike. */
extern void mlpg_sort(MlpgHost *host, double *values, int64_t *order, int64_t n);

/*
 * The k-th smallest (from 0) of n values, which are reordered so that it stands
 * at k, nothing before it is greater and nothing behind it smaller; no NaN.
 */
extern double mlpg_select(double *values, int64_t n, int64_t k);

/*
 * The smallest of the values up to which (it included) the weights sum to need
 * or more, 1 <= need <= the sum of all weights; weights are 0 or more.  Both
 * arrays are reordered alike.
 */
extern double mlpg_select_weighted(double *values, int64_t *weights, int64_t n, int64_t need);

#endif							/* MLPG_SORT_H */
