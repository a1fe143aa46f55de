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

/* The bits of a double such that unsigned comparison orders them as the doubles are; -0 counts as 0; no NaN. */
static inline uint64_t
mlpg_sort_key(double x)
{
	uint64_t	bits;

	x += 0.0;
	memcpy(&bits, &x, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline double
mlpg_sort_unkey(uint64_t key)
{
	double		x;

	key = key >> 63 ? key & INT64_MAX : ~key;
	memcpy(&x, &key, sizeof(x));
	return x;
}

/* Ascending; scratch holds n keys too.  For pool tasks. */
extern void mlpg_sort_keys(uint64_t *keys, uint64_t *scratch, int64_t n);

/* The k-th smallest (from 0) of n values, which are reordered; no NaN. */
extern double mlpg_select(double *values, int64_t n, int64_t k);

/*
 * The smallest of the values up to which (it included) the weights sum to need
 * or more, 1 <= need <= the sum of all weights; weights are 0 or more.  Both
 * arrays are reordered alike.
 */
extern double mlpg_select_weighted(double *values, int64_t *weights, int64_t n, int64_t need);

#endif							/* MLPG_SORT_H */
