/*-------------------------------------------------------------------------
 *
 * regression.c
 *	  Row terms of the metrics of point predictions.
 *
 * With y = actual, f = yhat, e = y - f:
 *
 *	 mae		|e|					rmse, mse, r2	e^2
 *	 mape		|e / y|, rows with y = 0 have no value
 *	 smape		2|e| / (|y| + |f|), 0 when both are 0
 *	 wape		|e| over |y|		bias			f - y
 *	 expectile	|level - 1{e < 0}| e^2 (Newey and Powell 1987)
 *	 linex		exp(z) - z - 1, z = a e clipped to [-50, 50] (Varian 1975)
 *	 tweedie	deviance of the Tweedie family (Jorgensen 1987), domains as in
 *				scikit-learn's mean_tweedie_deviance
 *
 * Tweedie as usually written,
 *	   2 [ max(y,0)^(2-p) / ((1-p)(2-p)) - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p) ],
 * divides by numbers near 0 when the power p is near 1 or 2.  With r = y / mu
 * and d(x) = expm1(x ln r) / x (which tends to ln r) it is the same as
 *	   2 mu^(2-p) / (2-p) [ r d(1-p) - (r - 1) ]		used for p < 1.5
 *	   2 mu^(2-p) / (1-p) [ d(2-p) - (r - 1) ]			used for p >= 1.5
 * which are good for every power, including exactly 1 (Poisson) and 2 (gamma).
 *
 * Cost: a few flops a row; linex one exponential, tweedie a logarithm, an
 * exponential and a power.  No memory.  NaN, infinity: metric.c refuses them first.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/metric.h"

#define LINEX_CLIP 50.0			/* exp(50) = 5e21: no overflow in any sum */

#define TERMS(name) \
	MlpgMetricRow \
	mlpg_terms_##name(const double *parameters, const double *inputs, double *terms, const char **why)

TERMS(mae)
{
	terms[0] = fabs(inputs[0] - inputs[1]);
	return MLPG_ROW_COUNTS;
}

TERMS(mse)
{
	double		error = inputs[0] - inputs[1];

	terms[0] = error * error;
	return MLPG_ROW_COUNTS;
}

TERMS(rmse)
{
	return mlpg_terms_mse(parameters, inputs, terms, why);
}

TERMS(r2)
{
	return mlpg_terms_mse(parameters, inputs, terms, why);
}

TERMS(mape)
{
	if (inputs[0] == 0.0)
		return MLPG_ROW_SKIPPED;
	terms[0] = fabs((inputs[0] - inputs[1]) / inputs[0]);
	return MLPG_ROW_COUNTS;
}

TERMS(smape)
{
	double		size = fabs(inputs[0]) + fabs(inputs[1]);

	if (size == 0.0)
		terms[0] = 0.0;
	else if (isinf(size))
		terms[0] = INFINITY;	/* reported as overflow, not as 0 */
	else
		terms[0] = 2.0 * (fabs(inputs[0] - inputs[1]) / size);
	return MLPG_ROW_COUNTS;
}

TERMS(wape)
{
	terms[0] = fabs(inputs[0] - inputs[1]);
	terms[1] = fabs(inputs[0]);
	return MLPG_ROW_COUNTS;
}

TERMS(bias)
{
	terms[0] = inputs[1] - inputs[0];
	return MLPG_ROW_COUNTS;
}

TERMS(expectile_loss)
{
	double		error = inputs[0] - inputs[1];
	double		weight = error < 0.0 ? 1.0 - parameters[0] : parameters[0];

	terms[0] = weight * error * error;
	return MLPG_ROW_COUNTS;
}

/*
 * exp(z) - z - 1 without the cancellation near 0: z^2/2! + z^3/3! + ... up to
 * z^16/16!, whose remainder at |z| = 0.5 is below 1e-19 of the sum.
 */
TERMS(linex)
{
	double		z = parameters[0] * (inputs[0] - inputs[1]);

	z = fmin(fmax(z, -LINEX_CLIP), LINEX_CLIP);
	if (fabs(z) > 0.5)
		terms[0] = expm1(z) - z;
	else
	{
		double		tail = 1.0;

		for (int k = 16; k > 2; k--)
			tail = 1.0 + tail * z / k;
		terms[0] = 0.5 * z * z * tail;
	}
	return MLPG_ROW_COUNTS;
}

/* Which y and mu the power p allows; NULL when these are allowed. */
static const char *
tweedie_refusal(double p, double y, double mu)
{
	if (p == 0.0)
		return NULL;
	if (p < 0.0)
		return mu > 0.0 ? NULL : "With a power below 0, mu must be greater than 0.";
	if (p < 2.0)
		return y >= 0.0 && mu > 0.0 ? NULL
			: "With a power of at least 1 and less than 2, actual must be at least 0 and mu greater than 0.";
	return y > 0.0 && mu > 0.0 ? NULL
		: "With a power of at least 2, actual and mu must be greater than 0.";
}

/* d(x) = ((y / mu)^x - 1) / x, continued by ln(y / mu) at x = 0. */
static double
log_like(double x, double log_ratio)
{
	return x == 0.0 ? log_ratio : expm1(x * log_ratio) / x;
}

TERMS(tweedie_deviance)
{
	double		p = parameters[0];
	double		y = inputs[0];
	double		mu = inputs[1];

	*why = tweedie_refusal(p, y, mu);
	if (*why != NULL)
		return MLPG_ROW_REFUSED;
	if (p == 0.0)
		return mlpg_terms_mse(parameters, inputs, terms, why);

	double		scale = 2.0 * pow(mu, 2.0 - p);
	double		excess = (y - mu) / mu; /* r - 1 */

	if (y <= 0.0)
	{
		/* only powers below 2 come here; the first term of the textbook formula is 0 except for p = 1, where y is 0 */
		double		slope = y == 0.0 ? 0.0 : (y / mu) / (1.0 - p);

		terms[0] = scale * (1.0 / (2.0 - p) - slope);
		return MLPG_ROW_COUNTS;
	}

	double		log_ratio = fabs(excess) < 0.5 ? log1p(excess) : log(y / mu);
	double		deviance;

	if (p < 1.5)
		deviance = scale / (2.0 - p) * (y / mu * log_like(1.0 - p, log_ratio) - excess);
	else
		deviance = scale / (1.0 - p) * (log_like(2.0 - p, log_ratio) - excess);

	/* not below 0 by rounding; a NaN (overflow) stays one */
	terms[0] = deviance < 0.0 ? 0.0 : deviance;
	return MLPG_ROW_COUNTS;
}
