/*-------------------------------------------------------------------------
 *
 * sum.c
 *	  Compensated sums in two doubles.
 *
 * Problem: a mean over millions of rows, read in any order and by any number
 * of workers, should not show in its digits how it was read.  Plain addition
 * loses up to n units in the last place, and another order loses others.
 *
 * Method: the running sum is an unevaluated pair high + low.  A new value is
 * added with TwoSum (Knuth, The Art of Computer Programming 2, 4.2.2, theorem
 * B), which gives the rounding error of an addition exactly; the error goes
 * into low, and the pair is renormalised (Dekker 1971, "A floating-point
 * technique for extending the available precision").  It is Neumaier's sum
 * (1974) with the renormalisation at every step, which makes pairs mergeable.
 *
 * Error: at most about n * 2^-105 times the sum of absolute values, so a sum
 * of one sign rounds to the same double in any order, except for the rare ties;
 * a sum of mixed signs by cancellation of a factor c keeps 106 - log2(c) bits.
 *
 * Cost: ten additions a value, two doubles of memory.  Determinism: the same
 * values in the same order give the same bytes; another order agrees to 1e-15
 * and nearly always to the last bit.  Needs strict IEEE arithmetic without
 * contraction (-ffp-contract=off).
 *
 * NaN and infinity: they propagate into high, low becomes 0.  The caller
 * refuses them in the input; after that a non-finite sum means overflow.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/sum.h"

/* sum += other */
void
mlpg_sum_merge(MlpgSum *sum, MlpgSum other)
{
	mlpg_sum_add(sum, other.high);
	mlpg_sum_add(sum, other.low);
}

/* a * b, to about 2^-103 */
MlpgSum
mlpg_sum_multiply(MlpgSum a, MlpgSum b)
{
	MlpgSum		product = mlpg_sum_product(a.high, b.high);

	mlpg_sum_add(&product, a.high * b.low + a.low * b.high);
	return product;
}

/*
 * a / b, to about 2^-102; b is not 0.  One correction step: the remainder of
 * the rounded quotient is computed exactly and divided again.
 */
MlpgSum
mlpg_sum_divide(MlpgSum a, MlpgSum b)
{
	MlpgSum		quotient = {a.high / b.high, 0.0};

	if (!isfinite(quotient.high) || !isfinite(b.high))
		return quotient;

	MlpgSum		back = mlpg_sum_product(quotient.high, b.high);
	double		remainder = ((a.high - back.high) - back.low) + a.low - quotient.high * b.low;

	mlpg_sum_add(&quotient, remainder / b.high);
	return quotient;
}

/* The sum of an array, rounded once. */
double
mlpg_sum_values(const double *values, size_t n)
{
	MlpgSum		sum = {0.0, 0.0};

	for (size_t i = 0; i < n; i++)
		mlpg_sum_add(&sum, values[i]);
	return sum.high;
}
