/*-------------------------------------------------------------------------
 *
 * demand.c
 *	  Row terms of the metrics of quantiles, intervals and orders, and the
 *	  newsvendor's order quantity.
 *
 * With y = actual, q = a quantile or an ordered quantity, x+ = max(x, 0):
 *
 *	 pinball		level (y-q)+ + (1-level) (q-y)+ (Koenker and Bassett 1978)
 *	 order_cost		cu (y-q)+ + co (q-y)+ = (cu+co) pinball at cu/(cu+co)
 *	 fill_rate		(y-q)+ over y; one minus the ratio of the sums
 *	 stockout_rate	1{y > q}
 *	 coverage		1{lower <= y <= upper}
 *	 winkler		(upper-lower) + 2/alpha (lower-y)+ + 2/alpha (y-upper)+ (Winkler 1972)
 *
 * Newsvendor (Arrow, Harris and Marschak 1951): with a cost cu for a missing
 * unit and co for one left over, the expected cost is least at the quantile
 * cu/(cu+co) of demand.  Given a handful of predicted quantiles, demand's
 * quantile function is taken as piecewise linear through them.  Quantiles that
 * cross are sorted first (rearrangement: Chernozhukov, Fernandez-Val and
 * Galichon 2010), which never makes them worse.  There is no extrapolation: a
 * level outside the given ones is an error, because a tail is not a line.
 *
 * Cost: newsvendor O(n) when the quantiles are sorted, else O(n log n), in
 * place.  No memory.  NaN, infinity: refused.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/metric.h"

#define LEVEL_TOLERANCE 1e-12	/* cu/(cu+co) may miss a level by rounding */
#define LEVELS_SHOWN 20			/* levels listed in an error's detail */

#define TERMS(name) \
	MlpgMetricRow \
	mlpg_terms_##name(const double *parameters, const double *inputs, double *terms, const char **why)

TERMS(pinball)
{
	double		error = inputs[0] - inputs[1];

	terms[0] = error > 0.0 ? parameters[0] * error : (1.0 - parameters[0]) * -error;
	return MLPG_ROW_COUNTS;
}

TERMS(order_cost)
{
	double		missing = inputs[0] - inputs[1];

	terms[0] = missing > 0.0 ? parameters[0] * missing : parameters[1] * -missing;
	return MLPG_ROW_COUNTS;
}

TERMS(fill_rate)
{
	terms[0] = fmax(inputs[0] - inputs[1], 0.0);
	terms[1] = inputs[0];
	return MLPG_ROW_COUNTS;
}

TERMS(stockout_rate)
{
	terms[0] = inputs[0] > inputs[1] ? 1.0 : 0.0;
	return MLPG_ROW_COUNTS;
}

TERMS(coverage)
{
	terms[0] = inputs[1] <= inputs[0] && inputs[0] <= inputs[2] ? 1.0 : 0.0;
	return MLPG_ROW_COUNTS;
}

TERMS(winkler)
{
	double		below = fmax(inputs[1] - inputs[0], 0.0);
	double		above = fmax(inputs[0] - inputs[2], 0.0);

	terms[0] = (inputs[2] - inputs[1]) + 2.0 / parameters[0] * (below + above);
	return MLPG_ROW_COUNTS;
}

/* ---- newsvendor ---- */

/* cu / (cu + co), also where the sum overflows. */
double
mlpg_newsvendor_level(double underage_cost, double overage_cost)
{
	if (isinf(underage_cost + overage_cost))
		return 0.5 * underage_cost / (0.5 * underage_cost + 0.5 * overage_cost);
	return underage_cost / (underage_cost + overage_cost);
}

/* Heap order below root, for mlpg_rearrange. */
static void
sift_down(double *values, int root, int n)
{
	double		value = values[root];

	for (;;)
	{
		int			child = 2 * root + 1;

		if (child >= n)
			break;
		if (child + 1 < n && values[child + 1] > values[child])
			child++;
		if (values[child] <= value)
			break;
		values[root] = values[child];
		root = child;
	}
	values[root] = value;
}

/* Sort the quantiles of one row, in place; heapsort, so that no input is slow. */
void
mlpg_rearrange(double *quantiles, int n)
{
	int			i = 1;

	while (i < n && quantiles[i - 1] <= quantiles[i])
		i++;
	if (i >= n)
		return;

	for (int root = n / 2 - 1; root >= 0; root--)
		sift_down(quantiles, root, n);
	for (int last = n - 1; last > 0; last--)
	{
		double		largest = quantiles[0];

		quantiles[0] = quantiles[last];
		quantiles[last] = largest;
		sift_down(quantiles, 0, last);
	}
}

/*
 * The piecewise linear function through (levels, quantiles) at level; both
 * ascending, n >= 1.  NaN when level is outside.  At a given level it is the
 * given quantile, exactly.
 */
double
mlpg_quantile_at(const double *levels, const double *quantiles, int n, double level)
{
	if (level < levels[0] - LEVEL_TOLERANCE || level > levels[n - 1] + LEVEL_TOLERANCE)
		return NAN;
	if (level <= levels[0])
		return quantiles[0];
	if (level >= levels[n - 1])
		return quantiles[n - 1];

	int			below = 0;		/* levels[below] <= level < levels[above] */
	int			above = n - 1;

	while (above - below > 1)
	{
		int			middle = below + (above - below) / 2;

		if (levels[middle] <= level)
			below = middle;
		else
			above = middle;
	}

	double		share = (level - levels[below]) / (levels[above] - levels[below]);

	/* this form neither overflows nor leaves the two quantiles */
	return (1.0 - share) * quantiles[below] + share * quantiles[above];
}

static bool
is_unit_cost(double value)
{
	return isfinite(value) && value > 0.0;
}

/*
 * The order quantity: sorts quantiles in place.  NaN when anything about the
 * arguments is refused; mlpg_newsvendor_refuse then says what.
 */
double
mlpg_newsvendor(const double *levels, double *quantiles, int n, double underage_cost, double overage_cost)
{
	if (n < 1 || !is_unit_cost(underage_cost) || !is_unit_cost(overage_cost))
		return NAN;
	for (int i = 0; i < n; i++)
		if (!(levels[i] > (i > 0 ? levels[i - 1] : 0.0) && levels[i] < 1.0) || !isfinite(quantiles[i]))
			return NAN;
	mlpg_rearrange(quantiles, n);
	return mlpg_quantile_at(levels, quantiles, n, mlpg_newsvendor_level(underage_cost, overage_cost));
}

static void
check_cost(MlpgHost *host, const char *name, double value)
{
	if (!is_unit_cost(value))
		mlpg_raise(host, MLPG_INVALID_PARAMETER,
				   mlpg_text(host, "%s must be a finite number greater than 0.", name), NULL,
				   "\"%s\" cannot be %s", name, mlpg_metric_number(host, value));
}

static void
check_levels(MlpgHost *host, const double *levels, const double *quantiles, int n)
{
	if (n < 1)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, "It must have at least one element.", NULL,
				   "\"levels\" is empty");
	for (int i = 0; i < n; i++)
	{
		if (!(levels[i] > 0.0 && levels[i] < 1.0))
			mlpg_raise(host, MLPG_INVALID_PARAMETER, "Every level must be greater than 0 and less than 1.", NULL,
					   "element %d of \"levels\" cannot be %s", i + 1, mlpg_metric_number(host, levels[i]));
		if (i > 0 && levels[i] <= levels[i - 1])
			mlpg_raise(host, MLPG_INVALID_PARAMETER,
					   mlpg_text(host, "Element %d is %.15g and element %d is %.15g.",
								 i, levels[i - 1], i + 1, levels[i]),
					   NULL, "\"levels\" must be strictly increasing");
		if (!isfinite(quantiles[i]))
			mlpg_raise(host, MLPG_DATA_EXCEPTION, NULL, NULL, "element %d of \"quantiles\" is %s",
					   i + 1, isnan(quantiles[i]) ? "NaN" : "infinite");
	}
}

/* Say why mlpg_newsvendor returned NaN for the same arguments. */
void
mlpg_newsvendor_refuse(MlpgHost *host, const double *levels, const double *quantiles, int n,
					   double underage_cost, double overage_cost)
{
	const char *list = "";

	check_cost(host, "underage_cost", underage_cost);
	check_cost(host, "overage_cost", overage_cost);
	check_levels(host, levels, quantiles, n);

	double		level = mlpg_newsvendor_level(underage_cost, overage_cost);

	for (int i = 0; i < n && i < LEVELS_SHOWN; i++)
		list = mlpg_text(host, "%s%s%.15g", list, i == 0 ? "" : ", ", levels[i]);
	mlpg_raise(host, MLPG_INVALID_PARAMETER,
			   mlpg_text(host, "The levels are %s%s.", list, n > LEVELS_SHOWN ? ", ..." : ""),
			   level > 0.0 && level < 1.0
			   ? mlpg_text(host, "Train the model with level %.15g too, or with a level beyond it.", level)
			   : "One cost is too small beside the other.",
			   "the costs ask for level %.15g, outside of the levels %.15g to %.15g",
			   level, levels[0], levels[n - 1]);
}
