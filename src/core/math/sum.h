/*-------------------------------------------------------------------------
 *
 * sum.h
 *	  Sums that carry their own rounding error: about 106 bits in two doubles.
 *
 * See sum.c for the method.  The hot operations are inline.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SUM_H
#define MLPG_SUM_H

#include "core/host.h"

/* The number high + low, |low| <= half a unit in the last place of high; all zero is the empty sum. */
typedef struct MlpgSum
{
	double		high;
	double		low;
} MlpgSum;

/* a + b exactly, as high + low (Knuth's TwoSum: no condition on the sizes). */
static inline MlpgSum
mlpg_sum_two(double a, double b)
{
	MlpgSum		sum;

	sum.high = a + b;
	double		b_part = sum.high - a;

	sum.low = (a - (sum.high - b_part)) + (b - b_part);
	return sum;
}

/* a * b exactly (unless it underflows), as high + low. */
static inline MlpgSum
mlpg_sum_product(double a, double b)
{
	MlpgSum		product;

	product.high = a * b;
	product.low = isfinite(product.high) ? fma(a, b, -product.high) : 0.0;
	return product;
}

/* sum += value.  An infinite total stays infinite (or NaN, for infinities of both signs), with low = 0. */
static inline void
mlpg_sum_add(MlpgSum *sum, double value)
{
	MlpgSum		two = mlpg_sum_two(sum->high, value);

	if (!isfinite(two.high))
	{
		sum->high = two.high;
		sum->low = 0.0;
		return;
	}
	two.low += sum->low;
	sum->high = two.high + two.low;
	sum->low = two.low - (sum->high - two.high);
}

extern void mlpg_sum_merge(MlpgSum *sum, MlpgSum other);
extern MlpgSum mlpg_sum_multiply(MlpgSum a, MlpgSum b);
extern MlpgSum mlpg_sum_divide(MlpgSum a, MlpgSum b);
extern double mlpg_sum_values(const double *values, size_t n);

#endif							/* MLPG_SUM_H */
