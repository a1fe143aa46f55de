/*-------------------------------------------------------------------------
 *
 * classification.c
 *	  Row terms of the metrics of probabilities and classes.
 *
 * With y = actual (0 or 1) and p its predicted probability:
 *
 *	 log_loss	-y ln p - (1 - y) ln(1 - p), p cut to [2^-52, 1 - 2^-52] (Good 1952;
 *				the cut is scikit-learn's)
 *	 brier		(p - y)^2 (Brier 1950)
 *	 accuracy	1 - share of rows whose class was not the predicted one
 *	 precision_at, recall_at, f1_at
 *				of the rows called positive, those with p >= threshold: TP/(TP+FP),
 *				TP/(TP+FN), 2TP/(2TP+FP+FN); p may be any score here
 *
 * Metrics of ranks are in scores.c, those of several classes in cells.c.
 *
 * Cost: a logarithm a row.  NaN, infinity: metric.c refuses them
 * first; an actual that is neither 0 nor 1, and a p outside of 0 to 1, are refused here.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/metric.h"

#include <float.h>

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

/* Of thresholds: what is called positive has a score of at least the threshold. */
#define CALLED (inputs[1] >= parameters[0])

TERMS(precision_at)
{
	terms[0] = CALLED && inputs[0] == 1.0;
	terms[1] = CALLED;
	return MLPG_ROW_COUNTS;
}

TERMS(recall_at)
{
	terms[0] = CALLED && inputs[0] == 1.0;
	terms[1] = inputs[0] == 1.0;
	return MLPG_ROW_COUNTS;
}

TERMS(f1_at)
{
	terms[0] = 2.0 * (CALLED && inputs[0] == 1.0);
	terms[1] = (double) CALLED + (inputs[0] == 1.0);
	return MLPG_ROW_COUNTS;
}
