/*-------------------------------------------------------------------------
 *
 * link.c
 *	  Links: from the linear predictor to the mean, and back.
 *
 * A generalised linear model says g(mu) = z'b (Nelder and Wedderburn 1972).
 * Training wants mu and d mu / d eta of many rows, prediction mu alone.  The
 * logistic function is written in e^-|eta|, so that neither it nor its slope
 * overflows or cancels; the complementary log-log by expm1, the normal
 * distribution by erfc, for the same reason.
 *
 * Where a link has no mean (eta <= 0 of 1/mu^2, or of a power) the limit stands
 * in: infinity, or 0 of a positive power.  In training that is a step too far; a
 * prediction is cut to the largest double.  1/mu goes negative with eta, as in R.
 *
 * NaN: a score of NaN is no prediction and stays NaN.  Cost: 2 to 20 ns a row.
 * Determinism: exponentials are math/exp.c's, the same everywhere; those of
 * probit, cloglog and powers are the C library's.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/link.h"

#include <float.h>

#include "core/math/exp.h"

#define BLOCK 256
#define SQRT_HALF 0.70710678118654752440
#define ONE_OVER_SQRT_2PI 0.39894228040143267794

static const char *const names[MLPG_AFFINE_LINKS] = {
	"identity", "log", "inverse", "1/mu^2", "sqrt", "logit", "probit", "cloglog", "softmax", "power"
};

const char *
mlpg_link_name(MlpgAffineLink link)
{
	return names[link];
}

int
mlpg_link_find(const char *name)
{
	for (int i = 0; i < MLPG_AFFINE_LINKS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* x with P(N <= x) = p: Newton's steps from a logistic start; the left tail, so that nothing cancels. */
static double
normal_quantile(double p)
{
	double		q = p < 0.5 ? p : 1 - p;
	double		t = sqrt(-2 * log(q));
	double		x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));

	for (int i = 0; i < 4; i++)
	{
		double		error = 0.5 * erfc(-x * SQRT_HALF) - q;
		double		step = error / (ONE_OVER_SQRT_2PI * exp(-0.5 * x * x));

		x -= step / (1 + 0.5 * x * step);	/* Halley's */
	}
	return p < 0.5 ? x : -x;
}

double
mlpg_link_eta(MlpgLinked link, double mu)
{
	switch (link.id)
	{
		case MLPG_AFFINE_IDENTITY:
		case MLPG_AFFINE_SOFTMAX:
			return mu;
		case MLPG_AFFINE_LOG:
			return log(mu);
		case MLPG_AFFINE_INVERSE:
			return 1 / mu;
		case MLPG_AFFINE_INVERSE_SQUARE:
			return 1 / (mu * mu);
		case MLPG_AFFINE_SQRT:
			return sqrt(mu);
		case MLPG_AFFINE_LOGIT:
			return log(mu / (1 - mu));
		case MLPG_AFFINE_PROBIT:
			return normal_quantile(mu);
		case MLPG_AFFINE_CLOGLOG:
			return log(-log1p(-mu));
		case MLPG_AFFINE_POWER:
			return pow(mu, link.power);
	}
	return NAN;
}

/* e^x, or e^-|x|, of a block. */
static void
exponentials(const double *x, int64_t n, bool of_minus_size, double *e)
{
	for (int64_t i = 0; i < n; i++)
		e[i] = of_minus_size ? -fabs(x[i]) : x[i];
	mlpg_exp_block(e, n, e);
}

static void
mean_of_row(MlpgLinked link, double eta, double e, double *mu, double *slope)
{
	switch (link.id)
	{
		case MLPG_AFFINE_IDENTITY:
		case MLPG_AFFINE_SOFTMAX:
			*mu = eta;
			*slope = 1;
			break;
		case MLPG_AFFINE_LOG:
			*mu = *slope = e;
			break;
		case MLPG_AFFINE_INVERSE:
			*mu = 1 / eta;
			*slope = -1 / (eta * eta);
			break;
		case MLPG_AFFINE_INVERSE_SQUARE:
			*mu = eta > 0 ? 1 / sqrt(eta) : INFINITY;
			*slope = eta > 0 ? -0.5 / (eta * sqrt(eta)) : -INFINITY;
			break;
		case MLPG_AFFINE_SQRT:
			*mu = eta * eta;
			*slope = 2 * eta;
			break;
		case MLPG_AFFINE_LOGIT:
			*mu = (eta >= 0 ? 1 : e) / (1 + e);
			*slope = e / ((1 + e) * (1 + e));
			break;
		case MLPG_AFFINE_PROBIT:
			*mu = 0.5 * erfc(-eta * SQRT_HALF);
			*slope = ONE_OVER_SQRT_2PI * mlpg_exp(-0.5 * eta * eta);
			break;
		case MLPG_AFFINE_CLOGLOG:
			*mu = -expm1(-e);
			*slope = mlpg_exp(eta - e);
			break;
		case MLPG_AFFINE_POWER:
			*mu = eta > 0 ? pow(eta, 1 / link.power) : link.power > 0 ? 0 : INFINITY;
			*slope = eta > 0 ? *mu / (link.power * eta) : link.power > 0 ? 0 : -INFINITY;
			break;
	}
}

void
mlpg_link_mean(MlpgLinked link, const double *eta, int64_t n, double *mu, double *slope)
{
	bool		exponential = link.id == MLPG_AFFINE_LOG || link.id == MLPG_AFFINE_LOGIT || link.id == MLPG_AFFINE_CLOGLOG;
	double		e[BLOCK] = {0};

	for (int64_t first = 0; first < n; first += BLOCK)
	{
		int64_t		rows = n - first < BLOCK ? n - first : BLOCK;

		if (exponential)
			exponentials(eta + first, rows, link.id == MLPG_AFFINE_LOGIT, e);
		for (int64_t i = 0; i < rows; i++)
		{
			double		unused;

			mean_of_row(link, eta[first + i], e[i], &mu[first + i], slope != NULL ? &slope[first + i] : &unused);
		}
	}
}

/* Shares of the exponentials of n scores; all NaN if one is. */
static void
softmax(double *score, int n)
{
	double		largest = score[0],
				sum = 0;

	for (int k = 1; k < n; k++)
		largest = score[k] > largest || score[k] != score[k] ? score[k] : largest;
	for (int k = 0; k < n; k++)
	{
		score[k] = mlpg_exp(score[k] - largest);
		sum += score[k];
	}
	for (int k = 0; k < n; k++)
		score[k] /= sum;
}

void
mlpg_link_predict(MlpgLinked link, int n_outputs, int64_t n_rows, double *score)
{
	int64_t		n = n_rows * n_outputs;

	if (link.id == MLPG_AFFINE_IDENTITY)
		return;
	if (link.id == MLPG_AFFINE_SOFTMAX)
	{
		for (int64_t i = 0; i < n_rows; i++)
			softmax(score + i * n_outputs, n_outputs);
		return;
	}
	for (int64_t first = 0; first < n; first += BLOCK)
	{
		int64_t		rows = n - first < BLOCK ? n - first : BLOCK;
		double		mu[BLOCK];

		mlpg_link_mean(link, score + first, rows, mu, NULL);
		for (int64_t i = 0; i < rows; i++)
			if (score[first + i] == score[first + i])
				score[first + i] = mu[i] > DBL_MAX ? DBL_MAX : mu[i] < -DBL_MAX ? -DBL_MAX : mu[i];
	}
}
