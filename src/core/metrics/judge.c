/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Judging predictions beside naive models.
 *
 * With costs the main metric is money (order_cost), for a quantile its pinball
 * loss, else the root mean squared error; the others are reported beside it.
 * A model is worth something if it beats the best of the naive ones: mean,
 * median, the quantile of its level, the last value, all of the training part
 * alone and judged on the same rows.
 *
 * Errors of the mean: over rows, or over periods where rows of one period share
 * their surprises (then each period weighs the same).
 *
 * Cost: O(rows * metrics), O(n) for the naive models.  Determinism: sums in the
 * order given, metrics' own sums exact to 1e-15 (sum.c).
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/judge.h"

#include "core/math/sort.h"

static void
add_metric(MlpgJudge *judge, const char *name, double first, double second)
{
	judge->metric[judge->n] = mlpg_metric_find(name);
	MLPG_ASSERT(judge->metric[judge->n] != NULL);
	judge->parameters[judge->n][0] = first;
	judge->parameters[judge->n][1] = second;
	judge->n++;
}

void
mlpg_judge_init(MlpgJudge *judge, double underage_cost, double overage_cost, double level)
{
	judge->n = 0;
	if (!isnan(underage_cost))
	{
		add_metric(judge, "order_cost", underage_cost, overage_cost);
		add_metric(judge, "pinball", mlpg_newsvendor_level(underage_cost, overage_cost), 0);
		add_metric(judge, "stockout_rate", 0, 0);
		add_metric(judge, "fill_rate", 0, 0);
	}
	else if (!isnan(level))
		add_metric(judge, "pinball", level, 0);
	add_metric(judge, "rmse", 0, 0);
	add_metric(judge, "mae", 0, 0);
	add_metric(judge, "wape", 0, 0);
	add_metric(judge, "bias", 0, 0);
	add_metric(judge, "r2", 0, 0);
}

int
mlpg_judge_find(const MlpgJudge *judge, const char *name)
{
	for (int k = 0; k < judge->n; k++)
		if (strcmp(judge->metric[k]->name, name) == 0)
			return k;
	return -1;
}

static void
finish(const MlpgJudge *judge, const MlpgMetricState *state, double *values)
{
	for (int k = 0; k < judge->n; k++)
	{
		bool		is_null;

		values[k] = mlpg_metric_value(&state[k], &is_null);
		if (is_null)
			values[k] = NAN;
	}
}

int64_t
mlpg_judge_rows(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat, int64_t n, double *values)
{
	MlpgMetricState state[MLPG_JUDGE_MAX];
	int64_t		judged = 0;

	for (int k = 0; k < judge->n; k++)
		mlpg_metric_init(host, &state[k], judge->metric[k], judge->parameters[k]);
	for (int64_t i = 0; i < n; i++)
	{
		if (i % 8192 == 0)
			mlpg_check(host, "judging", i, n);
		if (isnan(yhat[i]))
			continue;
		judged++;
		for (int k = 0; k < judge->n; k++)
			mlpg_metric_add(host, &state[k], actual[i], yhat[i]);
	}
	finish(judge, state, values);
	return judged;
}

void
mlpg_judge_constant(MlpgHost *host, const MlpgJudge *judge, const double *actual, double answer, int64_t n, double *values)
{
	MlpgMetricState state[MLPG_JUDGE_MAX];

	for (int k = 0; k < judge->n; k++)
	{
		mlpg_metric_init(host, &state[k], judge->metric[k], judge->parameters[k]);
		for (int64_t i = 0; i < n; i++)
		{
			if (i % 65536 == 0)
				mlpg_check(host, "judging", i, n);
			mlpg_metric_add(host, &state[k], actual[i], answer);
		}
	}
	finish(judge, state, values);
}

double
mlpg_mean_with_error(const double *values, int64_t n, double *mean)
{
	double		sum = 0,
				squares = 0;

	for (int64_t i = 0; i < n; i++)
		sum += values[i];
	*mean = n > 0 ? sum / (double) n : NAN;
	for (int64_t i = 0; i < n; i++)
		squares += (values[i] - *mean) * (values[i] - *mean);
	return n > 1 ? sqrt(squares / (double) (n - 1) / (double) n) : NAN;
}

double
mlpg_loss_unit(const MlpgMetric *metric, double value, double loss, double rival)
{
	double		unit = 1;

	switch (metric->form)
	{
		case MLPG_FORM_MEAN:
			break;
		case MLPG_FORM_ROOT_MEAN:
			unit = 1 / (sqrt(loss) + sqrt(rival));
			break;
		case MLPG_FORM_RATIO:
			unit = value / loss;
			break;
		case MLPG_FORM_ONE_MINUS:
		case MLPG_FORM_DETERMINATION:
			unit = (1 - value) / loss;
			break;
	}
	return isfinite(unit) ? unit : 1;
}

double
mlpg_judge_error(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat,
				 const double *rival, int rival_step, int64_t n, double value)
{
	double	   *losses = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	int64_t		m = 0;
	double		sum = 0,
				sum_rival = 0,
				mean,
				error;

	for (int64_t i = 0; i < n; i++)
	{
		double		inputs[2] = {actual != NULL ? actual[i] : 1, yhat[i]};
		double		theirs[2] = {inputs[0], rival != NULL ? rival[i * rival_step] : 0};
		double		other = 0;

		if (isnan(yhat[i]) || !mlpg_metric_row_loss(judge->metric[0], judge->parameters[0], inputs, &losses[m]))
			continue;
		if (rival != NULL && !mlpg_metric_row_loss(judge->metric[0], judge->parameters[0], theirs, &other))
			continue;
		sum += losses[m];
		sum_rival += rival != NULL ? other : losses[m];
		losses[m++] -= other;
	}
	error = mlpg_mean_with_error(losses, m, &mean);
	mlpg_release(host, losses);
	return error * mlpg_loss_unit(judge->metric[0], value, sum / (double) m, sum_rival / (double) m);
}

int64_t
mlpg_period_means(MlpgHost *host, const double *values, const double *order, int64_t n, double *means)
{
	int64_t    *position = mlpg_allocate(host, (size_t) n + 1, sizeof(int64_t));
	double	   *sorted = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	int64_t		periods = 0;

	for (int64_t i = 0; i < n; i++)
	{
		sorted[i] = order[i];
		position[i] = i;
	}
	mlpg_sort(host, sorted, position, n);
	for (int64_t first = 0; first < n;)
	{
		int64_t		last = first;
		double		sum = 0;

		for (; last < n && sorted[last] == sorted[first]; last++)
			sum += values[position[last]];
		means[periods++] = sum / (double) (last - first);
		first = last;
	}
	mlpg_release(host, position);
	mlpg_release(host, sorted);
	return periods;
}

/* Position of the lower order statistic at a level. */
static int64_t
position_at(int64_t n, double level)
{
	int64_t		k = (int64_t) ceil(level * (double) n) - 1;

	return k < 0 ? 0 : k >= n ? n - 1 : k;
}

int
mlpg_naive_models(MlpgHost *host, double *targets, int64_t n, double level, double last, MlpgNaive *naive)
{
	int			k = 0;
	double		mean,
				lower;

	(void) mlpg_mean_with_error(targets, n, &mean);
	mlpg_check(host, "judging", 0, n);
	if (!isnan(level) && level != 0.5)
		naive[k++] = (MlpgNaive) {mlpg_text(host, "quantile %g", level), mlpg_select(targets, n, position_at(n, level))};
	naive[k++] = (MlpgNaive) {mlpg_text(host, "mean"), mean};
	lower = mlpg_select(targets, n, (n - 1) / 2);
	naive[k++] = (MlpgNaive) {mlpg_text(host, "median"), (lower + mlpg_select(targets, n, n / 2)) / 2};
	if (!isnan(last))
		naive[k++] = (MlpgNaive) {mlpg_text(host, "last"), last};
	return k;
}
