/*-------------------------------------------------------------------------
 *
 * special.c
 *	  The logarithm of the gamma function and its derivatives.
 *
 * Digamma and trigamma for x > 0: the recurrences f(x) = f(x + 1) - 1/x and + 1/x^2
 * until x >= 12, then the asymptotic series with Bernoulli's numbers (DLMF 5.5.2,
 * 5.11.2, 5.15.8), whose first term left out is below 1e-17.  Near digamma's zero (1.46)
 * the error is absolute, 1e-15.  Cost: at most 12 divisions and a logarithm.
 * x <= 0 or NaN gives NaN.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/special.h"

#include <math.h>

#define LARGE 12

double
mlpg_log_gamma(double x)
{
	int			sign;			/* lgamma itself writes a global variable */

	return lgamma_r(x, &sign);
}

double
mlpg_digamma(double x)
{
	double		below = 0,
				r;

	if (!(x > 0))
		return NAN;
	for (; x < LARGE; x++)
		below += 1 / x;
	r = 1 / (x * x);
	return log(x) - 0.5 / x - below -
		r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * (691.0 / 32760 - r / 12))))));
}

double
mlpg_trigamma(double x)
{
	double		below = 0,
				r;

	if (!(x > 0))
		return NAN;
	for (; x < LARGE; x++)
		below += 1 / (x * x);
	r = 1 / (x * x);
	return below + 1 / x + 0.5 * r +
		r / x * (1.0 / 6 - r * (1.0 / 30 - r * (1.0 / 42 - r * (1.0 / 30 - r * (5.0 / 66 - r * (691.0 / 2730 - r * 7 / 6))))));
}
