/*-------------------------------------------------------------------------
 *
 * class_weights.c
 *	  Classes that count more than others: weights of classes become weights of
 *	  rows.
 *
 * class_weight is a list of numbers in class order, or "balanced": then a class of
 * n_k of n rows and K classes has weight n / (K n_k), as in scikit-learn, so that
 * all classes together weigh the same.
 *
 * Cost: two passes over the rows.  Memory: 8 bytes a row where there were no
 * weights.  Determinism: order-free.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/class_weights.h"

bool
mlpg_class_weight_is_valid(const char *text)
{
	double		weight;

	if (strcmp(text, "balanced") == 0)
		return true;
	for (;; text++)
	{
		if (!mlpg_params_number(&text, &weight) || !(weight > 0))
			return false;
		if (*text == '\0')
			return true;
		if (*text != ',')
			return false;
	}
}

static void
balance(MlpgHost *host, const double *y, int64_t n, int n_classes, double *weight)
{
	int64_t    *count = mlpg_allocate(host, (size_t) n_classes, sizeof(int64_t));

	for (int64_t i = 0; i < n; i++)
		count[(int) y[i]]++;
	for (int k = 0; k < n_classes; k++)
		weight[k] = (double) n / ((double) n_classes * (double) (count[k] > 0 ? count[k] : 1));
	mlpg_release(host, count);
}

double *
mlpg_class_weights(MlpgHost *host, const char *text, const double *y, int64_t n, int n_classes)
{
	double	   *weight = mlpg_allocate(host, (size_t) n_classes, sizeof(double));
	int			n_given = 1;

	if (strcmp(text, "balanced") == 0)
	{
		balance(host, y, n, n_classes, weight);
		return weight;
	}
	for (const char *at = text; *at; at++)
		n_given += *at == ',';
	if (n_given != n_classes)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, mlpg_text(host, "There are %d classes and %d weights.", n_classes, n_given), NULL,
				   "class_weight does not fit the classes");
	for (int k = 0; k < n_classes; k++, text++)
		(void) mlpg_params_number(&text, &weight[k]);
	return weight;
}

double *
mlpg_class_weigh(MlpgHost *host, double *w, const double *y, int64_t n, const double *weight)
{
	if (w == NULL)
	{
		w = mlpg_allocate(host, (size_t) n, sizeof(double));
		for (int64_t i = 0; i < n; i++)
			w[i] = 1;
	}
	for (int64_t i = 0; i < n; i++)
		w[i] *= weight[(int) y[i]];
	return w;
}
