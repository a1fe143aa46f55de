/*-------------------------------------------------------------------------
 *
 * classification.c
 *	  Row terms of the metrics of probabilities and classes, and the area under
 *	  the ROC curve.
 *
 * With y = actual (0 or 1) and p its predicted probability:
 *
 *	 log_loss	-y ln p - (1 - y) ln(1 - p), p cut to [2^-52, 1 - 2^-52] (Good 1952;
 *				the cut is scikit-learn's)
 *	 brier		(p - y)^2 (Brier 1950)
 *	 accuracy	1 - share of rows whose class was not the predicted one
 *	 auc		share of the pairs of a positive and a negative in which the positive
 *				has the higher score, ties for one half (Mann and Whitney 1947):
 *				an integer over an integer, so exact whatever the order
 *
 * Cost: a logarithm a row; auc two sorts.  NaN, infinity: metric.c refuses them
 * first; an actual that is neither 0 nor 1, and a p outside of 0 to 1, are refused here.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/metric.h"

#include <float.h>

#include "core/math/sort.h"

#define TERMS(name) \
	MlpgMetricRow \
	mlpg_terms_##name(const double *parameters, const double *inputs, double *terms, const char **why)

static bool
is_probability(const double *inputs, const char **why)
{
	if (inputs[0] != 0.0 && inputs[0] != 1.0)
		*why = "Actual must be 0 or 1.";
	else if (!(inputs[1] >= 0.0 && inputs[1] <= 1.0))
		*why = "A probability must be between 0 and 1.";
	return *why == NULL;
}

TERMS(log_loss)
{
	double		p;

	if (!is_probability(inputs, why))
		return MLPG_ROW_REFUSED;
	p = fmin(fmax(inputs[1], DBL_EPSILON), 1.0 - DBL_EPSILON);
	terms[0] = inputs[0] == 1.0 ? -log(p) : -log1p(-p);
	return MLPG_ROW_COUNTS;
}

TERMS(brier)
{
	double		error = inputs[1] - inputs[0];

	if (!is_probability(inputs, why))
		return MLPG_ROW_REFUSED;
	terms[0] = error * error;
	return MLPG_ROW_COUNTS;
}

TERMS(accuracy)
{
	terms[0] = inputs[0] != inputs[1];
	terms[1] = 1.0;
	return MLPG_ROW_COUNTS;
}

double
mlpg_auc(MlpgHost *host, double *positives, int64_t n_positives, double *negatives, int64_t n_negatives)
{
	uint64_t	twice = 0;		/* pairs won count 2, ties 1 */
	int64_t		below = 0,		/* negatives below a positive, */
				not_above = 0;	/* and those not above it */

	if (n_positives == 0 || n_negatives == 0)
		return NAN;
	mlpg_sort(host, positives, NULL, n_positives);
	mlpg_sort(host, negatives, NULL, n_negatives);
	for (int64_t i = 0; i < n_positives; i++)
	{
		while (below < n_negatives && negatives[below] < positives[i])
			below++;
		while (not_above < n_negatives && negatives[not_above] <= positives[i])
			not_above++;
		twice += (uint64_t) (below + not_above);
	}
	return (double) twice / (2.0 * (double) n_positives * (double) n_negatives);
}
