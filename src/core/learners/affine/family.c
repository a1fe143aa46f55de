/*-------------------------------------------------------------------------
 *
 * family.c
 *	  Distributions of generalised linear models: variance, deviance, likelihood.
 *
 *	 gaussian			V = 1				y any
 *	 binomial			V = mu (1 - mu)		y in [0, 1], a share of weight trials
 *	 poisson			V = mu				y >= 0
 *	 negative_binomial	V = mu + mu^2/theta	y >= 0
 *	 gamma				V = mu^2			y > 0
 *	 inverse_gaussian	V = mu^3			y > 0
 *	 tweedie			V = mu^p, 1 < p < 2	y >= 0
 *
 * (McCullagh and Nelder, "Generalized Linear Models", 1989; Tweedie 1984; Venables and
 * Ripley 2002 for the negative binomial.)  Deviances, starting values and
 * likelihoods are those of R's glm and MASS, so that numbers can be compared.
 *
 * A probability and what it lacks to 1 are both computed from eta, and kept above
 * 2^-52 as R does: neither a logarithm nor a quotient then meets 0.  Unit
 * deviances are written so that they do not cancel near y = mu where that is cheap.
 *
 * Targets outside the domain are an error that counts the rows.  Cost: 10 to 30 ns a
 * row.  Determinism: sums of a block in row order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/family.h"

#include <float.h>

#include "core/math/exp.h"
#include "core/math/special.h"

#define EXTREME 9.4e-14			/* e^-30 */
#define NEAR 1e-8
#define FAR 1e100				/* targets of this size have variances and their squares in range; so do those of 1 / FAR */
#define START_WEIGHT 1e6		/* trials beyond which a share of 1 would be no start */
#define LOG_2PI 1.83787706640934548356

typedef struct Rules
{
	const char *name;
	MlpgAffineLink link;		/* default */
	unsigned	links;			/* bits of those it has */
	bool		fixed;			/* dispersion 1 */
	bool		zero;			/* 0 is in the domain */
	const char *domain;
} Rules;

#define BIT(link) (1u << (link))
#define POWERS (BIT(MLPG_AFFINE_IDENTITY) | BIT(MLPG_AFFINE_LOG) | BIT(MLPG_AFFINE_INVERSE) | BIT(MLPG_AFFINE_INVERSE_SQUARE) | BIT(MLPG_AFFINE_SQRT))

static const Rules rules[MLPG_FAMILIES] = {
	[MLPG_FAMILY_GAUSSIAN] = {"gaussian", MLPG_AFFINE_IDENTITY, POWERS, false, true, "Targets are any numbers."},
	[MLPG_FAMILY_BINOMIAL] = {"binomial", MLPG_AFFINE_LOGIT,
	BIT(MLPG_AFFINE_LOGIT) | BIT(MLPG_AFFINE_PROBIT) | BIT(MLPG_AFFINE_CLOGLOG) | BIT(MLPG_AFFINE_LOG), true, true,
	"Targets are 0, 1, or shares between them of as many trials as the weight says."},
	[MLPG_FAMILY_POISSON] = {"poisson", MLPG_AFFINE_LOG, POWERS, true, true, "Targets are 0 or greater, and not all 0."},
	[MLPG_FAMILY_NEGATIVE_BINOMIAL] = {"negative_binomial", MLPG_AFFINE_LOG, POWERS, true, true, "Targets are 0 or greater, and not all 0."},
	[MLPG_FAMILY_GAMMA] = {"gamma", MLPG_AFFINE_INVERSE, POWERS, false, false, "Targets are greater than 0."},
	[MLPG_FAMILY_INVERSE_GAUSSIAN] = {"inverse_gaussian", MLPG_AFFINE_INVERSE_SQUARE, POWERS, false, false, "Targets are greater than 0."},
	[MLPG_FAMILY_TWEEDIE] = {"tweedie", MLPG_AFFINE_LOG, POWERS | BIT(MLPG_AFFINE_POWER), false, true, "Targets are 0 or greater, and not all 0."},
};

const char *
mlpg_family_name(MlpgFamilyId id)
{
	return rules[id].name;
}

int
mlpg_family_find(const char *name)
{
	for (int i = 0; i < MLPG_FAMILIES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return i;
	return -1;
}

MlpgLinked
mlpg_family_default_link(const MlpgFamily *family)
{
	return (MlpgLinked) {.id = rules[family->id].link};
}

bool
mlpg_family_has_link(MlpgFamilyId id, MlpgAffineLink link)
{
	return (rules[id].links & BIT(link)) != 0;
}

bool
mlpg_family_is_fixed(MlpgFamilyId id)
{
	return rules[id].fixed;
}

static bool
in_domain(const MlpgFamily *family, double y)
{
	if (family->id == MLPG_FAMILY_GAUSSIAN)
		return true;
	return y > 0 ? family->id != MLPG_FAMILY_BINOMIAL || y <= 1 : y == 0 && rules[family->id].zero;
}

void
mlpg_family_check_target(MlpgHost *host, const MlpgFamily *family, const double *y, const double *w, int64_t n)
{
	int64_t		outside = 0,
				first = -1;
	bool		positive = false;
	double		most = 0;

	for (int64_t i = 0; i < n; i++)
	{
		positive |= y[i] > 0 && (w == NULL || w[i] > 0);
		most = fmax(most, fabs(y[i]));
		if (in_domain(family, y[i]))
			continue;
		first = first < 0 ? i : first;
		outside++;
	}
	if (outside > 0)
		mlpg_raise(host, MLPG_DATA_EXCEPTION, mlpg_text(host, "%lld of %lld rows, the first of them with %g. %s", (long long) outside, (long long) n,
														 y[first], rules[family->id].domain),
				   "Leave these rows out, or choose another family.", "target is outside the domain of family \"%s\"", rules[family->id].name);
	if (!positive && family->id != MLPG_FAMILY_GAUSSIAN && family->id != MLPG_FAMILY_BINOMIAL)
		mlpg_raise(host, MLPG_DATA_EXCEPTION, rules[family->id].domain, NULL, "no row with a weight has a target above 0");
	if (most > FAR || (most > 0 && most < 1 / FAR))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, mlpg_text(host, "The largest is %g: its variance is outside the range of double precision.", most),
				   "Express the target in other units.", "targets are too %s to fit a generalised linear model", most > 1 ? "large" : "small");
}

double
mlpg_family_start(const MlpgFamily *family, double y, double w)
{
	switch (family->id)
	{
		case MLPG_FAMILY_BINOMIAL:
			w = w < START_WEIGHT ? w : START_WEIGHT;
			return (w * y + 0.5) / (w + 1);
		case MLPG_FAMILY_POISSON:
		case MLPG_FAMILY_TWEEDIE:
			return y + 0.1;
		case MLPG_FAMILY_NEGATIVE_BINOMIAL:
			return y > 0 ? y : 1.0 / 6;
		case MLPG_FAMILY_GAUSSIAN:
		case MLPG_FAMILY_GAMMA:
		case MLPG_FAMILY_INVERSE_GAUSSIAN:
			break;
	}
	return y;
}

/* ---------- one row ---------- */

/* y log(y / mu), 0 at y = 0 */
static inline double
y_log(double y, double mu)
{
	return y > 0 ? y * log(y / mu) : 0;
}

static double
tweedie_deviance(double p, double y, double mu)
{
	double		at_y = y > 0 ? pow(y, 2 - p) / ((1 - p) * (2 - p)) : 0;

	return 2 * (at_y - y * pow(mu, 1 - p) / (1 - p) + pow(mu, 2 - p) / (2 - p));
}

/* Twice the log likelihood ratio to mu = y, for dispersion 1. */
static double
unit_deviance(const MlpgFamily *family, double y, double mu, double lacks)
{
	double		e = y - mu;

	switch (family->id)
	{
		case MLPG_FAMILY_GAUSSIAN:
			return e * e;
		case MLPG_FAMILY_BINOMIAL:
			return 2 * (y_log(y, mu) + y_log(1 - y, lacks));
		case MLPG_FAMILY_POISSON:
			return 2 * (y_log(y, mu) - e);
		case MLPG_FAMILY_NEGATIVE_BINOMIAL:
			return 2 * (y_log(y, mu) - (y + family->theta) * log1p(e / (mu + family->theta)));
		case MLPG_FAMILY_GAMMA:
			return 2 * (e / mu - log(y / mu));
		case MLPG_FAMILY_INVERSE_GAUSSIAN:
			return e * e / (y * mu * mu);
		case MLPG_FAMILY_TWEEDIE:
			return tweedie_deviance(family->power, y, mu);
	}
	return NAN;
}

static double
unit_log_likelihood(const MlpgFamily *family, double phi, double y, double w, double mu, double lacks)
{
	double		theta = family->theta;

	switch (family->id)
	{
		case MLPG_FAMILY_GAUSSIAN:
			return -0.5 * (LOG_2PI + log(phi) - log(w) + w * (y - mu) * (y - mu) / phi);
		case MLPG_FAMILY_BINOMIAL:
			return mlpg_log_gamma(w + 1) - mlpg_log_gamma(w * y + 1) - mlpg_log_gamma(w * (1 - y) + 1) +
				w * ((y > 0 ? y * log(mu) : 0) + (y < 1 ? (1 - y) * log(lacks) : 0));
		case MLPG_FAMILY_POISSON:
			return w * ((y > 0 ? y * log(mu) : 0) - mu - mlpg_log_gamma(y + 1));
		case MLPG_FAMILY_NEGATIVE_BINOMIAL:
			return w * (mlpg_log_gamma(theta + y) - mlpg_log_gamma(theta) - mlpg_log_gamma(y + 1) - theta * log1p(mu / theta) +
						(y > 0 ? y * log(mu / (mu + theta)) : 0));
		case MLPG_FAMILY_GAMMA:
			return w * (-mlpg_log_gamma(1 / phi) + log(y / (mu * phi)) / phi - log(y) - y / (mu * phi));
		case MLPG_FAMILY_INVERSE_GAUSSIAN:
			return -0.5 * w * (LOG_2PI + log(phi) + 3 * log(y) + (y - mu) * (y - mu) / (phi * y * mu * mu));
		case MLPG_FAMILY_TWEEDIE:
			break;
	}
	return NAN;
}

/* ---------- blocks ---------- */

/* Means, slopes and, for the binomial, what the means lack to 1. */
static void
means(const MlpgFamily *family, int n, const double *eta, double *mu, double *slope, double *lacks)
{
	double		minus[MLPG_FAMILY_BLOCK];

	mlpg_link_mean(family->link, eta, n, mu, slope);
	if (family->id != MLPG_FAMILY_BINOMIAL)
		return;
	if (family->link.id == MLPG_AFFINE_LOGIT || family->link.id == MLPG_AFFINE_PROBIT)
	{
		for (int i = 0; i < n; i++)
			minus[i] = -eta[i];
		mlpg_link_mean(family->link, minus, n, lacks, NULL);
	}
	else
		for (int i = 0; i < n; i++)
			lacks[i] = family->link.id == MLPG_AFFINE_CLOGLOG ? mlpg_exp(-mlpg_exp(eta[i])) : -expm1(eta[i]);
	for (int i = 0; i < n; i++)
	{
		/* a mean that is none stays so */
		mu[i] = mu[i] < DBL_EPSILON ? DBL_EPSILON : mu[i];
		lacks[i] = lacks[i] >= 0 && lacks[i] < DBL_EPSILON ? DBL_EPSILON : lacks[i];
	}
}

/* V of a block; a loop each, which the compiler makes vectors of. */
static void
variances(const MlpgFamily *family, int n, const double *mu, const double *lacks, double *v)
{
	switch (family->id)
	{
		case MLPG_FAMILY_GAUSSIAN:
			for (int i = 0; i < n; i++)
				v[i] = 1;
			break;
		case MLPG_FAMILY_BINOMIAL:
			for (int i = 0; i < n; i++)
				v[i] = mu[i] * lacks[i];
			break;
		case MLPG_FAMILY_POISSON:
			memcpy(v, mu, (size_t) n * sizeof(double));
			break;
		case MLPG_FAMILY_NEGATIVE_BINOMIAL:
			for (int i = 0; i < n; i++)
				v[i] = mu[i] + mu[i] * mu[i] / family->theta;
			break;
		case MLPG_FAMILY_GAMMA:
			for (int i = 0; i < n; i++)
				v[i] = mu[i] * mu[i];
			break;
		case MLPG_FAMILY_INVERSE_GAUSSIAN:
			for (int i = 0; i < n; i++)
				v[i] = mu[i] * mu[i] * mu[i];
			break;
		case MLPG_FAMILY_TWEEDIE:
			for (int i = 0; i < n; i++)
				v[i] = pow(mu[i], family->power);
			break;
	}
}

static inline bool
is_mean(const MlpgFamily *family, double mu, double lacks)
{
	if (family->id == MLPG_FAMILY_GAUSSIAN)
		return isfinite(mu);
	return mu > 0 && mu <= DBL_MAX && (family->id != MLPG_FAMILY_BINOMIAL || lacks > 0);
}

/* Counts of rows near the bound of the means, where there is one. */
static void
count_near(const MlpgFamily *family, int n, const double *w, const double *mu, const double *lacks, MlpgFamilySums *sums)
{
	bool		binomial = family->id == MLPG_FAMILY_BINOMIAL;

	if (!binomial && (family->id == MLPG_FAMILY_GAUSSIAN || family->link.id != MLPG_AFFINE_LOG))
		return;
	for (int i = 0; i < n; i++)
	{
		double		bound = binomial && lacks[i] < mu[i] ? lacks[i] : mu[i];

		if (bound < NEAR && (w == NULL || w[i] > 0))
		{
			sums->near++;
			sums->extreme += bound < EXTREME;
		}
	}
}

void
mlpg_family_work(const MlpgFamily *family, int n, const double *y, const double *w, const double *eta,
				 double *score, double *weight, MlpgFamilySums *sums)
{
	double		mu[MLPG_FAMILY_BLOCK],
				slope[MLPG_FAMILY_BLOCK],
				lacks[MLPG_FAMILY_BLOCK] = {0},
				v[MLPG_FAMILY_BLOCK];
	bool		binomial = family->id == MLPG_FAMILY_BINOMIAL;
	MlpgFamilySums sum = *sums;

	means(family, n, eta, mu, slope, lacks);
	variances(family, n, mu, lacks, v);
	count_near(family, n, w, mu, lacks, &sum);
	for (int i = 0; i < n; i++)
	{
		double		wi = w ? w[i] : 1;
		double		e = binomial ? y[i] * lacks[i] - (1 - y[i]) * mu[i] : y[i] - mu[i];
		double		steep = slope[i] / v[i];

		if (!is_mean(family, mu[i], lacks[i]) || !isfinite(steep))
		{
			sum.invalid += wi > 0;
			score[i] = weight[i] = 0;
			continue;
		}
		score[i] = wi * e * steep;
		weight[i] = wi * slope[i] * steep;
		sum.pearson += wi * e * e / v[i];
		sum.size += weight[i] * eta[i] * eta[i];
		sum.information += weight[i];
		if (wi > 0)
			sum.deviance += wi * unit_deviance(family, y[i], mu[i], lacks[i]);
	}
	*sums = sum;
}

double
mlpg_family_log_likelihood(const MlpgFamily *family, double dispersion, int n, const double *y, const double *w, const double *eta)
{
	double		mu[MLPG_FAMILY_BLOCK],
				slope[MLPG_FAMILY_BLOCK],
				lacks[MLPG_FAMILY_BLOCK] = {0},
				sum = 0;

	means(family, n, eta, mu, slope, lacks);
	for (int i = 0; i < n; i++)
	{
		double		wi = w ? w[i] : 1;

		sum += wi > 0 ? unit_log_likelihood(family, dispersion, y[i], wi, mu[i], lacks[i]) : 0;
	}
	return sum;
}
