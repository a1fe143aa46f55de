/*-------------------------------------------------------------------------
 *
 * metric.c
 *	  What all metrics share: registry, sums, merging, checks, messages.
 *
 * A row (actual and one or two predictions) becomes at most two terms; the
 * state keeps their compensated sums (core/math/sum.h), so that a metric does
 * not show in which order, or in how many pieces, its rows were read.
 *
 * R^2 needs the squares of actual about its mean, which is not known before the
 * end.  The state keeps the first two moments about the first actual seen, each
 * to 106 bits, and shifts them when two states merge (Chan, Golub and LeVeque
 * 1983, "Algorithms for computing the sample variance", shifted data).  With
 * all actuals equal both moments are exactly 0, so that a zero denominator is
 * recognised and not divided by.
 *
 * Cost: a call and 10 to 25 flops a row.  Memory: 14 doubles.  Determinism: the
 * same rows in the same order give the same bytes; any order, and any split
 * into merged states, agrees to 1e-15 relative to the sum of absolute terms.
 *
 * NULL: the caller leaves the row out.  NaN and infinity are refused, because
 * one of them would otherwise silently make the mean of a million rows useless.
 * An overflow of finite values shows as a value that is not finite.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/metric.h"

_Static_assert(sizeof(MlpgMetricState) == 14 * sizeof(double),
			   "the transition state is a float8[14]: a new layout needs a new magic");

/* ---- registry ---- */

static bool
is_share(double value)
{
	return value > 0.0 && value < 1.0;
}

static bool
is_nonzero(double value)
{
	return isfinite(value) && value != 0.0;
}

static bool
is_power(double value)
{
	return isfinite(value) && (value <= 0.0 || value >= 1.0);
}

static bool
is_finite(double value)
{
	return isfinite(value);
}

static bool
is_cost(double value)
{
	return isfinite(value) && value >= 0.0;
}

enum
{
	POINT, QUANTILE, MEAN_VALUE, INTERVAL, ORDER, PROBABILITY, CLASS
};

static const MlpgMetricInputs inputs_of[] = {
	[POINT] = {2, {"actual", "yhat"}},
	[QUANTILE] = {2, {"actual", "q"}},
	[MEAN_VALUE] = {2, {"actual", "mu"}},
	[INTERVAL] = {3, {"actual", "lower", "upper"}},
	[ORDER] = {2, {"actual", "order_qty"}},
	[PROBABILITY] = {2, {"actual", "p"}},
	[CLASS] = {2, {"actual", "predicted"}},
};

enum
{
	NO_PARAMETER, LEVEL, ALPHA, LINEX_A, POWER, COSTS, THRESHOLD
};

static const MlpgMetricParameters parameter_sets[] = {
	[NO_PARAMETER] = {0, {NULL}, NULL, NULL},
	[LEVEL] = {1, {"level"}, is_share, "must be greater than 0 and less than 1"},
	[ALPHA] = {1, {"alpha"}, is_share, "must be greater than 0 and less than 1"},
	[LINEX_A] = {1, {"a"}, is_nonzero, "must be a finite number other than 0"},
	[POWER] = {1, {"power"}, is_power, "must be a finite number, either at most 0 or at least 1"},
	[COSTS] = {2, {"underage_cost", "overage_cost"}, is_cost, "must be a finite number, at least 0"},
	[THRESHOLD] = {1, {"threshold"}, is_finite, "must be a finite number"},
};

static const MlpgMetric metrics[] = {
#define METRIC(id, name, form, goal, inputs, parameters, summary) \
	[id] = {id, #name, MLPG_FORM_##form, MLPG_GOAL_##goal, \
			&inputs_of[inputs], &parameter_sets[parameters], summary, mlpg_terms_##name},
#include "core/metrics/metric_list.h"
#undef METRIC
};

#define N_IDS ((int) (sizeof(metrics) / sizeof(metrics[0])))

const MlpgMetric *
mlpg_metric_find(const char *name)
{
	for (int id = 1; id < N_IDS; id++)
		if (metrics[id].name != NULL && strcmp(metrics[id].name, name) == 0)
			return &metrics[id];
	return NULL;
}

/* The id comes from a state, hence a double that may be anything. */
const MlpgMetric *
mlpg_metric_by_id(double id)
{
	if (!(id >= 1.0 && id < (double) N_IDS))
		return NULL;

	int			index = (int) id;

	if ((double) index != id || metrics[index].name == NULL)
		return NULL;
	return &metrics[index];
}

int
mlpg_metric_list(const MlpgMetric **list, int max)
{
	int			n = 0;

	for (int id = 1; id < N_IDS; id++)
	{
		if (metrics[id].name == NULL)
			continue;
		if (n < max)
			list[n] = &metrics[id];
		n++;
	}
	return n;
}

/* ---- checks ---- */

static bool
is_count(double value)
{
	return value >= 0.0 && value <= 9007199254740992.0 && value == floor(value);
}

/* NULL unless the values are a state; the sums themselves may be anything, they are only added and divided. */
const MlpgMetric *
mlpg_metric_check_state(const double *values, int n)
{
	const MlpgMetricState *state = (const MlpgMetricState *) values;
	const MlpgMetric *metric;

	if (n != MLPG_METRIC_FRESH_DOUBLES && n != MLPG_METRIC_STATE_DOUBLES)
		return NULL;
	if (values[0] != MLPG_METRIC_MAGIC)
		return NULL;
	metric = mlpg_metric_by_id(values[1]);
	if (metric == NULL || n == MLPG_METRIC_FRESH_DOUBLES)
		return metric;

	if (!is_count(state->n_rows) || !is_count(state->n_skipped) || !isfinite(state->shift))
		return NULL;
	if (state->has_parameters != 0.0 && state->has_parameters != 1.0)
		return NULL;
	if (state->has_parameters == 0.0 && state->n_rows + state->n_skipped > 0.0)
		return NULL;
	for (int i = 0; state->has_parameters != 0.0 && i < metric->parameters->n; i++)
		if (!metric->parameters->is_valid(state->parameters[i]))
			return NULL;
	return metric;
}

/* Index of the first parameter out of range, or -1. */
static int
bad_parameter(const MlpgMetric *metric, const double *parameters)
{
	for (int i = 0; i < metric->parameters->n; i++)
		if (!metric->parameters->is_valid(parameters[i]))
			return i;
	return -1;
}

/* Index of the first parameter that is not the state's, or -1. */
static int
changed_parameter(const MlpgMetric *metric, const MlpgMetricState *state, const double *parameters)
{
	for (int i = 0; i < metric->parameters->n; i++)
		if (state->parameters[i] != parameters[i])
			return i;
	return -1;
}

const char *
mlpg_metric_number(MlpgHost *host, double value)
{
	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0.0 ? "Infinity" : "-Infinity";
	return mlpg_text(host, "%.15g", value);
}

MLPG_NORETURN static void
refuse_bad_parameter(MlpgHost *host, const MlpgMetric *metric, const double *parameters, int i)
{
	const MlpgMetricParameters *set = metric->parameters;

	mlpg_raise(host, MLPG_INVALID_PARAMETER,
			   mlpg_text(host, "%s %s.", set->names[i], set->range), NULL,
			   "parameter \"%s\" of metric \"%s\" cannot be %s",
			   set->names[i], metric->name, mlpg_metric_number(host, parameters[i]));
}

MLPG_NORETURN static void
refuse_changed_parameter(MlpgHost *host, const MlpgMetric *metric, const MlpgMetricState *state,
						 const double *parameters, int i)
{
	const char *name = metric->parameters->names[i];
	const char *hint = mlpg_text(host, "Add %s to GROUP BY.", name);

	if (metric->parameters == &parameter_sets[COSTS])
		hint = "Group by the costs, or take the mean of the money itself: avg(underage_cost * "
			"greatest(actual - order_qty, 0) + overage_cost * greatest(order_qty - actual, 0)).";
	mlpg_raise(host, MLPG_INVALID_PARAMETER,
			   mlpg_text(host, "It is %s in one row and %s in another.",
						 mlpg_metric_number(host, state->parameters[i]), mlpg_metric_number(host, parameters[i])),
			   hint, "parameter \"%s\" of metric \"%s\" must be the same in all rows of a group",
			   name, metric->name);
}

/* ---- a state ---- */

void
mlpg_metric_init(MlpgHost *host, MlpgMetricState *state, const MlpgMetric *metric, const double *parameters)
{
	memset(state, 0, sizeof(*state));
	state->magic = MLPG_METRIC_MAGIC;
	state->id = metric->id;
	if (parameters == NULL || metric->parameters->n == 0)
		return;

	int			bad = bad_parameter(metric, parameters);

	if (bad >= 0)
		refuse_bad_parameter(host, metric, parameters, bad);
	memcpy(state->parameters, parameters, sizeof(double) * (size_t) metric->parameters->n);
	state->has_parameters = 1.0;
}

/* One actual into the moments about the shift; the difference is taken exactly. */
static void
add_moments(MlpgMetricState *state, double actual)
{
	if (state->n_rows == 0.0)
		state->shift = actual;

	MlpgSum		difference = mlpg_sum_two(actual, -state->shift);
	MlpgSum		square = mlpg_sum_product(difference.high, difference.high);

	mlpg_sum_merge(&state->sums[1], difference);
	mlpg_sum_add(&state->sums[2], square.high);
	mlpg_sum_add(&state->sums[2], square.low + 2.0 * difference.high * difference.low);
}

/*
 * Add one row; false, with the state as it was, when the row or its parameters
 * are refused.  parameters may be NULL once the state has them.
 */
bool
mlpg_metric_try_row(MlpgMetricState *state, const double *parameters, const double *inputs)
{
	const MlpgMetric *metric = &metrics[(int) state->id];
	double		terms[MLPG_METRIC_MAX_TERMS] = {0.0, 0.0};
	const char *why = NULL;

	for (int i = 0; i < metric->inputs->n; i++)
		if (!isfinite(inputs[i]))
			return false;
	if (parameters != NULL)
	{
		if (state->has_parameters != 0.0 ? changed_parameter(metric, state, parameters) >= 0
			: bad_parameter(metric, parameters) >= 0)
			return false;
	}
	else if (state->has_parameters == 0.0 && metric->parameters->n > 0)
		return false;
	else
		parameters = state->parameters;

	MlpgMetricRow row = metric->terms(parameters, inputs, terms, &why);

	if (row == MLPG_ROW_REFUSED)
		return false;
	if (state->has_parameters == 0.0)
	{
		for (int i = 0; i < metric->parameters->n; i++)
			state->parameters[i] = parameters[i];
		state->has_parameters = 1.0;
	}
	if (row == MLPG_ROW_SKIPPED)
	{
		state->n_skipped += 1.0;
		return true;
	}
	mlpg_sum_add(&state->sums[0], terms[0]);
	if (metric->form == MLPG_FORM_DETERMINATION)
		add_moments(state, inputs[0]);
	else if (metric->form == MLPG_FORM_RATIO || metric->form == MLPG_FORM_ONE_MINUS)
		mlpg_sum_add(&state->sums[1], terms[1]);
	state->n_rows += 1.0;
	return true;
}

/* Say why mlpg_metric_try_row returned false for the same arguments. */
void
mlpg_metric_refuse_row(MlpgHost *host, const MlpgMetricState *state,
					   const double *parameters, const double *inputs)
{
	const MlpgMetric *metric = &metrics[(int) state->id];
	double		terms[MLPG_METRIC_MAX_TERMS] = {0.0, 0.0};
	const char *why = NULL;
	int			bad;

	for (int i = 0; i < metric->inputs->n; i++)
		if (!isfinite(inputs[i]))
			mlpg_raise(host, MLPG_DATA_EXCEPTION, NULL,
					   "Leave such rows out with FILTER (WHERE ...), or make the value NULL: a row with a NULL is skipped.",
					   "metric \"%s\" cannot use %s in argument \"%s\"", metric->name,
					   isnan(inputs[i]) ? "NaN" : "infinity", metric->inputs->names[i]);
	if (parameters != NULL)
	{
		if (state->has_parameters != 0.0)
		{
			bad = changed_parameter(metric, state, parameters);
			if (bad >= 0)
				refuse_changed_parameter(host, metric, state, parameters, bad);
		}
		bad = bad_parameter(metric, parameters);
		if (bad >= 0)
			refuse_bad_parameter(host, metric, parameters, bad);
	}
	else if (state->has_parameters == 0.0 && metric->parameters->n > 0)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, NULL, NULL, "metric \"%s\" needs parameter \"%s\"",
				   metric->name, metric->parameters->names[0]);
	else
		parameters = state->parameters;

	metric->terms(parameters, inputs, terms, &why);
	mlpg_raise(host, MLPG_DATA_EXCEPTION, why,
			   "Leave such rows out with FILTER (WHERE ...), or make the value NULL: a row with a NULL is skipped.",
			   "a row is outside the domain of metric \"%s\"", metric->name);
}

void
mlpg_metric_add_row(MlpgHost *host, MlpgMetricState *state, const double *inputs)
{
	if (!mlpg_metric_try_row(state, NULL, inputs))
		mlpg_metric_refuse_row(host, state, NULL, inputs);
}

/* The common case: actual and one prediction. */
void
mlpg_metric_add(MlpgHost *host, MlpgMetricState *state, double actual, double yhat)
{
	double		inputs[2] = {actual, yhat};

	MLPG_ASSERT(metrics[(int) state->id].inputs->n == 2);
	mlpg_metric_add_row(host, state, inputs);
}

/* ---- merging ---- */

/* Moments of other, about its own shift, into those of state: d' = d + (other shift - state shift). */
static void
merge_moments(MlpgMetricState *state, const MlpgMetricState *other)
{
	MlpgSum		move = mlpg_sum_two(other->shift, -state->shift);
	MlpgSum		n = {other->n_rows, 0.0};
	MlpgSum		n_move = mlpg_sum_multiply(n, move);
	MlpgSum		twice = {2.0 * other->sums[1].high, 2.0 * other->sums[1].low};

	mlpg_sum_merge(&state->sums[1], other->sums[1]);
	mlpg_sum_merge(&state->sums[1], n_move);
	mlpg_sum_merge(&twice, n_move);
	mlpg_sum_merge(&state->sums[2], other->sums[2]);
	mlpg_sum_merge(&state->sums[2], mlpg_sum_multiply(move, twice));
}

/* Add other to state; false, with the state as it was, when they are not of one metric and one set of parameters. */
bool
mlpg_metric_try_combine(MlpgMetricState *state, const MlpgMetricState *other)
{
	const MlpgMetric *metric = &metrics[(int) state->id];

	if (state->id != other->id)
		return false;
	if (other->has_parameters == 0.0)
		return true;
	if (state->has_parameters == 0.0 || (state->n_rows == 0.0 && metric->parameters->n == 0))
	{
		double		skipped = state->n_skipped;

		*state = *other;
		state->n_skipped += skipped;
		return true;
	}
	if (changed_parameter(metric, state, other->parameters) >= 0)
		return false;
	state->n_skipped += other->n_skipped;
	if (other->n_rows == 0.0)
		return true;
	mlpg_sum_merge(&state->sums[0], other->sums[0]);
	if (metric->form == MLPG_FORM_DETERMINATION)
		merge_moments(state, other);
	else
		mlpg_sum_merge(&state->sums[1], other->sums[1]);
	state->n_rows += other->n_rows;
	return true;
}

/* Say why mlpg_metric_try_combine returned false for the same arguments. */
void
mlpg_metric_refuse_combine(MlpgHost *host, const MlpgMetricState *state, const MlpgMetricState *other)
{
	const MlpgMetric *metric = &metrics[(int) state->id];

	if (state->id == other->id)
	{
		int			changed = changed_parameter(metric, state, other->parameters);

		if (changed >= 0)
			refuse_changed_parameter(host, metric, state, other->parameters, changed);
	}
	mlpg_raise(host, MLPG_DATA_CORRUPTED, NULL, NULL, "states of different metrics cannot be combined");
}

void
mlpg_metric_combine(MlpgHost *host, MlpgMetricState *state, const MlpgMetricState *other)
{
	if (!mlpg_metric_try_combine(state, other))
		mlpg_metric_refuse_combine(host, state, other);
}

/* ---- the value ---- */

/* Sum of squares of actual about its mean: m2 - m1^2 / n, all in two doubles. */
static MlpgSum
squares_about_mean(const MlpgMetricState *state)
{
	MlpgSum		n = {state->n_rows, 0.0};
	MlpgSum		correction = mlpg_sum_divide(mlpg_sum_multiply(state->sums[1], state->sums[1]), n);
	MlpgSum		squares = state->sums[2];

	correction.high = -correction.high;
	correction.low = -correction.low;
	mlpg_sum_merge(&squares, correction);
	return squares;
}

/* NULL without rows and with a denominator of 0. */
double
mlpg_metric_value(const MlpgMetricState *state, bool *is_null)
{
	const MlpgMetric *metric = &metrics[(int) state->id];
	MlpgSum		denominator = {state->n_rows, 0.0};
	MlpgSum		quotient;

	if (metric->form == MLPG_FORM_RATIO || metric->form == MLPG_FORM_ONE_MINUS)
		denominator = state->sums[1];
	else if (metric->form == MLPG_FORM_DETERMINATION && state->n_rows > 0.0)
		denominator = squares_about_mean(state);

	*is_null = state->n_rows == 0.0 || denominator.high == 0.0;
	if (*is_null)
		return 0.0;

	/* an overflowed denominator must not turn into a quotient of 0 */
	if (!isfinite(denominator.high))
		return INFINITY;

	quotient = mlpg_sum_divide(state->sums[0], denominator);
	switch (metric->form)
	{
		case MLPG_FORM_MEAN:
		case MLPG_FORM_RATIO:
			return quotient.high;
		case MLPG_FORM_ROOT_MEAN:
			return sqrt(quotient.high);
		case MLPG_FORM_ONE_MINUS:
		case MLPG_FORM_DETERMINATION:
			return (1.0 - quotient.high) - quotient.low;
	}
	return NAN;
}

/* ---- comparing models ---- */

bool
mlpg_metric_has_row_loss(const MlpgMetric *metric)
{
	/* terms of a share that is to be high are no losses, unless one minus it is what is summed */
	return metric->terms != NULL && metric->goal != MLPG_GOAL_ZERO && metric->goal != MLPG_GOAL_NONE &&
		!(metric->form == MLPG_FORM_RATIO && metric->goal == MLPG_GOAL_HIGHER);
}

bool
mlpg_metric_row_loss(const MlpgMetric *metric, const double *parameters, const double *inputs, double *loss)
{
	double		terms[MLPG_METRIC_MAX_TERMS] = {0.0, 0.0};
	const char *why = NULL;

	if (!mlpg_metric_has_row_loss(metric))
		return false;
	if (metric->terms(parameters, inputs, terms, &why) != MLPG_ROW_COUNTS)
		return false;
	*loss = terms[0];
	return true;
}

bool
mlpg_metric_is_better(const MlpgMetric *metric, double a, double b)
{
	switch (metric->goal)
	{
		case MLPG_GOAL_LOWER:
			return a < b;
		case MLPG_GOAL_HIGHER:
			return a > b;
		case MLPG_GOAL_ZERO:
			return fabs(a) < fabs(b);
		case MLPG_GOAL_NONE:
			return false;
	}
	return false;
}
