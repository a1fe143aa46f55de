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

/* Of a block, for pool tasks: the sum of |x|, each below 2^51 units; the sum of all leaves int64_t where the scale says so. */
extern int64_t mlpg_fixed_sizes_float(MlpgFixed fixed, const float *x, int64_t n);
extern MlpgWide mlpg_fixed_sum(MlpgFixed fixed, const double *x, const double *w, int64_t n);
extern MlpgWide mlpg_fixed_sum_float(MlpgFixed fixed, const float *x, int64_t n);

/*
 * A sum that is exact whatever the terms, without a scale: one integer a 32
 * powers of two.  All zero is the empty sum; up to 2^40 terms.
 */
#define MLPG_EXACT_DIGITS 66

typedef struct MlpgExact
{
	MlpgWide	digit[MLPG_EXACT_DIGITS];	/* the sum is that of digit[d] * 2^(32 d - 1075) */
	bool		not_finite;		/* a term was infinite or NaN */
} MlpgExact;

static inline void
mlpg_exact_add(MlpgExact *sum, double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof(bits));

	int			exponent = (int) (bits >> 52 & 2047);
	int64_t		mantissa = (int64_t) (bits & ((UINT64_C(1) << 52) - 1));

	if (exponent == 2047)
		sum->not_finite = true;
	else if (exponent != 0)
		mantissa |= INT64_C(1) << 52;
	else
		exponent = 1;
	mantissa = bits >> 63 ? -mantissa : mantissa;
	sum->digit[exponent / 32] += (MlpgWide) mantissa * (INT64_C(1) << exponent % 32);
}

extern void mlpg_exact_merge(MlpgExact *sum, const MlpgExact *other);
extern double mlpg_exact_value(const MlpgExact *sum);	/* NaN: a term was not finite; infinite: out of range */

/*
 * The exact sum of terms that are computed block by block: terms fills out
 * with those of rows [first, first + n), n <= MLPG_TOTAL_BLOCK.  Runs on the
 * host's threads, so argument and all it points to are in the host's memory.
 */
#define MLPG_TOTAL_BLOCK 1024
typedef void (*MlpgTotalTerms) (const void *argument, int64_t first, int n, double *out);
extern double mlpg_total(MlpgHost *host, MlpgTotalTerms terms, const void *argument, int64_t n);

/* The sum of x, or of w * x (each product rounded; w may be NULL). */
extern double mlpg_fixed_total(MlpgHost *host, const double *x, const double *w, int64_t n);

#endif							/* MLPG_FIXED_H */
