/*-------------------------------------------------------------------------
 *
 * fixed.h
 *	  Sums that do not depend on the order of their terms: fixed point.
 *
 * See fixed.c.  Two sizes: int64_t, where the scale leaves room for the count
 * of the terms, and MlpgWide (128 bits), where every term keeps 61 bits
 * whatever their count.  Both add in any order, on any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FIXED_H
#define MLPG_FIXED_H

#include "core/host.h"

__extension__ typedef __int128 MlpgWide;

/* x is stored as the integer nearest to x * scale and read as integer * unit; both are powers of two. */
typedef struct MlpgFixed
{
	double		scale;
	double		unit;
} MlpgFixed;

/*
 * A scale by which the int64_t sum of any count terms of |x| <= maximum cannot
 * overflow: the unit is at most 2^-61 * count * 2 * maximum.  For MlpgWide sums
 * the count is 1.
 */
extern MlpgFixed mlpg_fixed_scale(double maximum, int64_t count);

/* The integer of x, to nearest, ties to even. */
static inline int64_t
mlpg_fixed_of(MlpgFixed fixed, double x)
{
	return (int64_t) llrint(x * fixed.scale);
}

static inline double
mlpg_fixed_value(MlpgFixed fixed, int64_t sum)
{
	return (double) sum * fixed.unit;
}

static inline double
mlpg_fixed_wide_value(MlpgFixed fixed, MlpgWide sum)
{
	return (double) sum * fixed.unit;
}

/* Of a block, for pool tasks: the largest |x|, or |w * x| (w may be NULL); the sum of the same. */
extern double mlpg_fixed_maximum(const double *x, const double *w, int64_t n);
extern double mlpg_fixed_maximum_float(const float *x, int64_t n);
extern MlpgWide mlpg_fixed_sum(MlpgFixed fixed, const double *x, const double *w, int64_t n);
extern MlpgWide mlpg_fixed_sum_float(MlpgFixed fixed, const float *x, int64_t n);

/*
 * Of all, by the host's threads: the sum of x, or of w * x (each product
 * rounded), to about 61 bits of the largest term.  Infinite when the sum is out
 * of range; NaN when a term is not finite.
 */
extern double mlpg_fixed_total(MlpgHost *host, const double *x, const double *w, int64_t n);

#endif							/* MLPG_FIXED_H */
