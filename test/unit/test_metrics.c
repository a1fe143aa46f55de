/*-------------------------------------------------------------------------
 *
 * test_metrics.c
 *	  Sums and metrics without PostgreSQL: what train and the monitors use.
 *
 * Expected numbers were computed apart from this code, from the formulas of
 * doc/metrics.md, with Python's decimal module at 50 digits.
 *
 *-------------------------------------------------------------------------
 */
#include "harness.h"

#include "core/math/sum.h"
#include "core/metrics/judge.h"

#define N 5

static const double actual[N] = {3, 0, 2, 7, 2};
static const double yhat[N] = {2.5, 0, 2, 8, 1.25};

static uint64_t random_state = 42;

/* splitmix64: the same numbers everywhere */
static uint64_t
next_random(void)
{
	uint64_t	z = (random_state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static double
next_uniform(void)
{
	return (double) (next_random() >> 11) / 9007199254740992.0;
}

static double
value_of(MlpgHost *host, const char *name, const double *parameters, const double *y, const double *f, int n)
{
	MlpgMetricState state;
	bool		is_null;

	mlpg_metric_init(host, &state, mlpg_metric_find(name), parameters);
	for (int i = 0; i < n; i++)
		mlpg_metric_add(host, &state, y[i], f[i]);

	double		value = mlpg_metric_value(&state, &is_null);

	return is_null ? NAN : value;
}

static void
test_sums(void)
{
	double		values[] = {1e16, 1, -1e16, 1e-16, 1e100, 1, -1e100};
	MlpgSum		sum = {0.0, 0.0};
	MlpgSum		third;

	/* plain addition gives 0 for both */
	CHECK_CLOSE(mlpg_sum_values(values, 3), 1.0, 0.0);
	CHECK_CLOSE(mlpg_sum_values(values, 0), 0.0, 0.0);

	for (int i = 0; i < 10; i++)
		mlpg_sum_add(&sum, 0.1);
	CHECK_CLOSE(sum.high, 1.0, 0.0);
	CHECK(sum.low != 0.0);		/* ten times the double next to 0.1 is not 1 */

	third = mlpg_sum_divide((MlpgSum) {1.0, 0.0}, (MlpgSum) {3.0, 0.0});
	CHECK_CLOSE(third.low, 1.0 / 3.0 * 0x1p-54, 1e-15);	/* 1/3 = 0.0101..., the tail repeats it */
	third = mlpg_sum_multiply(third, (MlpgSum) {3.0, 0.0});
	CHECK_CLOSE(third.high, 1.0, 0.0);
	CHECK(fabs(third.low) < 1e-31);

	mlpg_sum_add(&sum, INFINITY);
	mlpg_sum_add(&sum, 1.0);
	CHECK(sum.high == INFINITY && sum.low == 0.0);
	mlpg_sum_merge(&sum, (MlpgSum) {-INFINITY, 0.0});
	CHECK(isnan(sum.high));
}

static void
test_registry(void)
{
	const MlpgMetric *all[64];
	int			n = mlpg_metric_list(all, 64);

	CHECK(n >= 20);
	CHECK_INT(mlpg_metric_list(NULL, 0), n);
	for (int i = 0; i < n; i++)
	{
		CHECK(mlpg_metric_find(all[i]->name) == all[i]);
		CHECK(mlpg_metric_by_id(all[i]->id) == all[i]);
		CHECK(all[i]->inputs->n + all[i]->parameters->n <= MLPG_METRIC_MAX_ARGUMENTS);
		CHECK_TEXT(all[i]->inputs->names[0], "actual");
	}
	CHECK(mlpg_metric_find("MAE") == NULL);
	CHECK(mlpg_metric_find("") == NULL);
	CHECK(mlpg_metric_by_id(0) == NULL);
	CHECK(mlpg_metric_by_id(1.5) == NULL);
	CHECK(mlpg_metric_by_id(-1e300) == NULL);
	CHECK(mlpg_metric_by_id(INFINITY) == NULL);
	CHECK(mlpg_metric_by_id(NAN) == NULL);
}

static void
test_golden(MlpgHost *host)
{
	double		level = 0.75;
	double		a = 0.5;
	double		costs[2] = {3, 1};

	CHECK_CLOSE(value_of(host, "mae", NULL, actual, yhat, N), 0.45, 1e-15);
	CHECK_CLOSE(value_of(host, "mse", NULL, actual, yhat, N), 0.3625, 1e-15);
	CHECK_CLOSE(value_of(host, "rmse", NULL, actual, yhat, N), 0.60207972893961477400641, 1e-15);
	CHECK_CLOSE(value_of(host, "mape", NULL, actual, yhat, N), 0.17113095238095238095238, 1e-15);
	CHECK_CLOSE(value_of(host, "smape", NULL, actual, yhat, N), 0.15533799533799533799534, 1e-15);
	CHECK_CLOSE(value_of(host, "wape", NULL, actual, yhat, N), 0.16071428571428571428571, 1e-15);
	CHECK_CLOSE(value_of(host, "bias", NULL, actual, yhat, N), -0.05, 1e-15);
	CHECK_CLOSE(value_of(host, "r2", NULL, actual, yhat, N), 0.93236940298507462686567, 1e-15);
	CHECK_CLOSE(value_of(host, "pinball", &level, actual, yhat, N), 0.2375, 1e-15);
	CHECK_CLOSE(value_of(host, "expectile_loss", &level, actual, yhat, N), 0.171875, 1e-15);
	CHECK_CLOSE(value_of(host, "linex", &a, actual, yhat, N), 0.044109498203715248746203, 1e-14);
	CHECK_CLOSE(value_of(host, "order_cost", costs, actual, yhat, N), 0.95, 1e-15);
	CHECK_CLOSE(value_of(host, "fill_rate", NULL, actual, yhat, N), 0.91071428571428571428571, 1e-15);
	CHECK_CLOSE(value_of(host, "stockout_rate", NULL, actual, yhat, N), 0.4, 1e-15);
	CHECK(isnan(value_of(host, "mae", NULL, actual, yhat, 0)));
	CHECK(isnan(value_of(host, "r2", NULL, actual, yhat, 1)));
}

/* Next to 1 and 2 the two forms of tweedie must meet the limits, and each other at 1.5. */
static void
test_tweedie(MlpgHost *host)
{
	double		y[2] = {3, 0.25};
	double		mu[2] = {2, 0.5};
	double		near[][2] = {{1, 1 + 1e-12}, {2, 2 - 1e-12}, {2, 2 + 1e-12}, {1.5 - 1e-12, 1.5}};

	for (int i = 0; i < 4; i++)
		CHECK_CLOSE(value_of(host, "tweedie_deviance", &near[i][0], y, mu, 2),
					value_of(host, "tweedie_deviance", &near[i][1], y, mu, 2), 1e-11);

	/* r ln r - r + 1 at r = 1 + 2^-20: 2 (1 + d) log1p(d) - 2 d = d^2 - d^3/3 + ... */
	double		power = 1;
	double		d = 0x1p-20;
	double		close = 1 + d;
	double		one = 1;

	CHECK_CLOSE(value_of(host, "tweedie_deviance", &power, &close, &one, 1), d * d * (1 - d / 3), 1e-9);
}

static void
fill_rows(double (*rows)[3], int n)
{
	for (int i = 0; i < n; i++)
	{
		double		scale = pow(10.0, (double) (i % 9) - 4);

		rows[i][0] = (next_uniform() + 0.01) * scale;
		rows[i][1] = (next_uniform() + 0.01) * scale;
		rows[i][2] = rows[i][1] + next_uniform() * scale;
	}
}

/* Every metric: any split into states, merged in any order, gives the same value. */
static void
test_combine(MlpgHost *host)
{
	enum {ROWS = 10000, PARTS = 7};
	static double rows[ROWS][3];
	const MlpgMetric *all[64];
	int			n = mlpg_metric_list(all, 64);

	fill_rows(rows, ROWS);
	for (int m = 0; m < n; m++)
	{
		const MlpgMetric *metric = all[m];
		double		parameters[2] = {0.75, 0.25};
		MlpgMetricState whole;
		MlpgMetricState parts[PARTS];
		MlpgMetricState total;
		bool		is_null;

		if (strcmp(metric->name, "tweedie_deviance") == 0)
			parameters[0] = 1.4;
		mlpg_metric_init(host, &whole, metric, parameters);
		mlpg_metric_init(host, &total, metric, NULL);
		for (int p = 0; p < PARTS; p++)
			mlpg_metric_init(host, &parts[p], metric, p == 3 ? NULL : parameters);	/* one stays empty */
		for (int i = 0; i < ROWS; i++)
		{
			int			p = (int) (next_random() % PARTS);
			double		probability[3] = {i % 3 == 0, rows[i][1] / (1 + rows[i][1]), 0};
			const double *row = strcmp(metric->inputs->names[1], "p") == 0 ? probability : rows[i];

			mlpg_metric_add_row(host, &whole, row);
			mlpg_metric_add_row(host, &parts[p == 3 ? 4 : p], row);
		}
		for (int p = PARTS - 1; p >= 0; p--)
			mlpg_metric_combine(host, &total, &parts[p]);
		CHECK(total.n_rows == ROWS);
		CHECK_CLOSE(mlpg_metric_value(&total, &is_null), mlpg_metric_value(&whole, &is_null), 1e-15);
		CHECK(mlpg_metric_check_state((double *) &total, MLPG_METRIC_STATE_DOUBLES) == metric);
	}
}

static void
test_refusals(MlpgHost *host)
{
	MlpgMetricState state;
	MlpgMetricState other;
	double		level = 1.0;
	double		good = 0.5;
	double		power = 2;

	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER,
				 mlpg_metric_init(host, &state, mlpg_metric_find("pinball"), &level));
	CHECK_TEXT(harness_message(host), "parameter \"level\" of metric \"pinball\" cannot be 1");
	CHECK_TEXT(harness_detail(host), "level must be greater than 0 and less than 1.");

	mlpg_metric_init(host, &state, mlpg_metric_find("pinball"), &good);
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_metric_add(host, &state, 1, NAN));
	CHECK_TEXT(harness_message(host), "metric \"pinball\" cannot use NaN in argument \"q\"");
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_metric_add(host, &state, -INFINITY, 1));
	CHECK(state.n_rows == 0.0);
	level = 0.9;
	mlpg_metric_init(host, &other, mlpg_metric_find("pinball"), &level);
	mlpg_metric_add(host, &state, 1, 2);
	mlpg_metric_add(host, &other, 1, 2);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_metric_combine(host, &state, &other));
	mlpg_metric_init(host, &other, mlpg_metric_find("order_cost"), NULL);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_metric_add(host, &other, 1, 2));
	CHECK_TEXT(harness_message(host), "metric \"order_cost\" needs parameter \"underage_cost\"");
	mlpg_metric_init(host, &other, mlpg_metric_find("mae"), NULL);
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_metric_combine(host, &state, &other));

	mlpg_metric_init(host, &state, mlpg_metric_find("tweedie_deviance"), &power);
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_metric_add(host, &state, 0, 1));
}

/* What the gate uses: row losses and which value is better. */
static void
test_comparison(void)
{
	double		row[2] = {3, 5};
	double		costs[2] = {3, 1};
	double		loss = 0;

	CHECK(mlpg_metric_row_loss(mlpg_metric_find("order_cost"), costs, row, &loss) && loss == 2);
	CHECK(mlpg_metric_row_loss(mlpg_metric_find("rmse"), NULL, row, &loss) && loss == 4);
	CHECK(mlpg_metric_row_loss(mlpg_metric_find("r2"), NULL, row, &loss) && loss == 4);
	CHECK(mlpg_metric_row_loss(mlpg_metric_find("wape"), NULL, row, &loss) && loss == 2);
	CHECK(!mlpg_metric_row_loss(mlpg_metric_find("bias"), NULL, row, &loss));
	row[0] = 0;
	CHECK(!mlpg_metric_row_loss(mlpg_metric_find("mape"), NULL, row, &loss));

	CHECK(mlpg_metric_is_better(mlpg_metric_find("mae"), 1, 2));
	CHECK(!mlpg_metric_is_better(mlpg_metric_find("mae"), 2, 2));
	CHECK(mlpg_metric_is_better(mlpg_metric_find("r2"), 0.9, 0.8));
	CHECK(mlpg_metric_is_better(mlpg_metric_find("bias"), 0.1, -0.2));
	CHECK(!mlpg_metric_is_better(mlpg_metric_find("coverage"), 0.9, 0.1));
	CHECK(!mlpg_metric_is_better(mlpg_metric_find("coverage"), 0.1, 0.9));
}

/*
 * A million arrays that are almost states: whatever check_state lets through
 * can be fed, combined and read without undefined behaviour (run under the
 * sanitizers by make test).
 */
static void
test_hostile(MlpgHost *host)
{
	static const double odd[] = {0, 1, -1, 0.5, 2, 18, 1e300, -1e300, 5e-324, 9007199254740992.0, INFINITY, -INFINITY, NAN};
	int			n_odd = (int) (sizeof(odd) / sizeof(odd[0]));
	int			accepted = 0;
	int			survived = 0;

	for (int i = 0; i < 1000000; i++)
	{
		double		values[sizeof(MlpgMetricState) / sizeof(double)];
		MlpgMetricState *state = (MlpgMetricState *) values;
		double		row[3] = {1, 2, 3};
		double		levels[2] = {0.5, 0.5};
		bool		is_null;

		mlpg_metric_init(host, state, mlpg_metric_by_id((double) (1 + next_random() % 20)), NULL);
		(void) mlpg_metric_try_row(state, state->id == 12 ? row : levels, row);
		for (int k = (int) (next_random() % 3); k >= 0; k--)
			values[next_random() % (uint64_t) MLPG_METRIC_STATE_DOUBLES] = odd[next_random() % (uint64_t) n_odd];
		if (mlpg_metric_check_state(values, MLPG_METRIC_STATE_DOUBLES) == NULL)
			continue;
		accepted++;

		MlpgMetricState copy = *state;

		(void) mlpg_metric_try_row(state, NULL, row);
		(void) mlpg_metric_try_combine(state, &copy);
		(void) mlpg_metric_value(state, &is_null);
		survived++;
	}
	CHECK(accepted > 100000 && accepted < 900000);
	CHECK_INT(survived, accepted);
	for (int n = 0; n < 20; n++)
	{
		double		zeros[20] = {0};

		CHECK(mlpg_metric_check_state(zeros, n) == NULL);
	}
}

static void
test_newsvendor(MlpgHost *host)
{
	double		levels[3] = {0.5, 0.7, 0.9};
	double		quantiles[3] = {22, 10, 15};

	CHECK_CLOSE(mlpg_newsvendor(levels, quantiles, 3, 3, 1), 16.75, 1e-15);
	CHECK(quantiles[0] == 10 && quantiles[1] == 15 && quantiles[2] == 22);
	CHECK_CLOSE(mlpg_newsvendor(levels, quantiles, 3, 1, 1), 10, 0.0);
	CHECK_CLOSE(mlpg_newsvendor(levels, quantiles, 3, 0.9, 0.1), 22, 0.0);
	CHECK(isnan(mlpg_newsvendor(levels, quantiles, 3, 19, 1)));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_newsvendor_refuse(host, levels, quantiles, 3, 19, 1));
	CHECK_TEXT(harness_message(host), "the costs ask for level 0.95, outside of the levels 0.5 to 0.9");

	/* heapsort against its definition, at lengths around the edges */
	for (int n = 1; n < 70; n++)
	{
		double		values[70];
		double		sum = 0;
		double		sorted_sum = 0;
		bool		ascending = true;

		for (int i = 0; i < n; i++)
			sum += values[i] = (double) (next_random() % 20);
		mlpg_rearrange(values, n);
		for (int i = 0; i < n; i++)
		{
			sorted_sum += values[i];
			ascending = ascending && (i == 0 || values[i - 1] <= values[i]);
		}
		CHECK(ascending && sum == sorted_sum);
	}
}

/*
 * The rows of test/sql/classification.sql; numbers of scikit-learn 1.2.1: log_loss,
 * brier_score_loss.
 */
static void
test_probabilities(MlpgHost *host)
{
	enum {ROWS = 200};
	double		truth[ROWS],
				p[ROWS];

	for (int i = 0; i < ROWS; i++)
	{
		truth[i] = (i + 1) * 7919 % 11 < 4;
		p[i] = (i + 1) * 31 % 41 / 40.0;
	}
	CHECK_CLOSE(value_of(host, "log_loss", NULL, truth, p, ROWS), 1.7950557398751528, 1e-14);
	CHECK_CLOSE(value_of(host, "brier", NULL, truth, p, ROWS), 0.33556250000000004, 1e-15);

	/* certain and wrong costs 52 bits, certain and right nothing to speak of */
	CHECK_CLOSE(value_of(host, "log_loss", NULL, (double[]) {1}, (double[]) {0}, 1), 52 * log(2), 1e-15);
	CHECK_CLOSE(value_of(host, "log_loss", NULL, (double[]) {0}, (double[]) {1}, 1), 52 * log(2), 1e-15);
	CHECK(value_of(host, "log_loss", NULL, (double[]) {1}, (double[]) {1}, 1) < 1e-15);
	CHECK_CLOSE(value_of(host, "accuracy", NULL, (double[]) {2, 5, 3}, (double[]) {2, 4, 3}, 3), 2.0 / 3, 1e-15);
	for (int k = 0; k < 2; k++)
	{
		const char *name = k == 0 ? "log_loss" : "brier";

		EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, value_of(host, name, NULL, (double[]) {0.5}, (double[]) {0.5}, 1));
		EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, value_of(host, name, NULL, (double[]) {1}, (double[]) {1.0000001}, 1));
		EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, value_of(host, name, NULL, (double[]) {1}, (double[]) {-1e-9}, 1));
	}
}

/* Two and three classes, an answer missing, a class unknown; numbers by hand. */
static void
test_judge_classes(MlpgHost *host)
{
	MlpgClassRows *rows = mlpg_class_rows_create(host, 5, 2),
			   *naive;
	const int64_t count[] = {3, 1};
	MlpgJudge	judge;
	double		values[MLPG_JUDGE_MAX];

	rows->actual = (double[]) {0, 1, 1, -1, 0};
	rows->p = (double[]) {0.75, 0.5, NAN, 0, 0.25};
	rows->predicted = (double[]) {0, 0, -1, 1, 1};
	rows->second = (double[]) {0.25, 0.5, NAN, 0.9, 0.75};
	CHECK_INT(mlpg_class_rows_keep_answered(rows), 1);
	CHECK_INT(rows->n, 4);
	mlpg_judge_init_classes(&judge, 2);
	CHECK_INT(judge.n, 7);
	mlpg_judge_classes(host, &judge, rows, values);
	CHECK_TEXT(judge.metric[0]->name, "log_loss");
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "log_loss")], -(log(0.75) + log(0.5) - 52 * log(2) + log(0.25)) / 4, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "accuracy")], 0.25, 0);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "brier")], (0.0625 + 0.25 + 0.5625) / 3, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "auc")], 0.5, 0);
	CHECK(!mlpg_metric_has_row_loss(judge.metric[mlpg_judge_find(&judge, "auc")]));
	CHECK(mlpg_metric_is_better(judge.metric[3], 0.9, 0.8));
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "average_precision")], 0.5, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "f1")], 0, 0);
	/* of 0, 1 and the class unknown: actual 2, 1, 1, predicted 2, 2, 0, right 1 of 4 */
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "mcc")], -2 / sqrt(80), 1e-15);
	rows->event = 0;
	mlpg_judge_classes(host, &judge, rows, values);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "auc")], 0.5, 0);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "average_precision")], 5.0 / 6, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "f1")], 0.5, 1e-15);
	rows->event = 1;

	naive = mlpg_naive_classes(host, rows, count, 2);
	mlpg_judge_classes(host, &judge, naive, values);
	CHECK_CLOSE(values[0], -(2 * log(0.75) + log(0.25) - 52 * log(2)) / 4, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "accuracy")], 0.5, 0);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "auc")], 0.5, 0);
	/* the paired difference: of 4 rows */
	CHECK(mlpg_judge_error(host, &judge, NULL, rows->p, naive->p, 1, rows->n, values[0]) > 0);
	CHECK_CLOSE(mlpg_judge_error(host, &judge, NULL, rows->p, rows->p, 1, rows->n, values[0]), 0, 0);

	rows = mlpg_class_rows_create(host, 4, 3);
	CHECK(rows->second == NULL);
	rows->actual = (double[]) {0, 1, 2, 2};
	rows->p = (double[]) {0.5, 0.5, 0.5, 0.5};
	rows->predicted = (double[]) {0, 1, 1, 2};
	mlpg_judge_init_classes(&judge, 3);
	CHECK_INT(judge.n, 4);
	mlpg_judge_classes(host, &judge, rows, values);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "log_loss")], log(2), 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "f1_macro")], (1 + 2.0 / 3 + 2.0 / 3) / 3, 1e-15);
	CHECK_CLOSE(values[mlpg_judge_find(&judge, "mcc")], 7 / sqrt(10 * 10), 1e-15);
}

/*
 * The gain in accuracy-like metrics has a known error: f1 of a class that every row is of is
 * 2h/(n+h), nearly linear in h, so the jackknife's error is near that of the binomial share.
 */
static void
test_class_gain(MlpgHost *host)
{
	enum {ROWS = 4000};
	MlpgClassRows *rows[2];
	MlpgJudge	judge;
	const MlpgMetric *f1;
	double	   *period = mlpg_allocate(host, ROWS, sizeof(double));
	double		gain,
				error,
				expected;

	mlpg_judge_init_classes(&judge, 2);
	f1 = judge.metric[mlpg_judge_find(&judge, "f1")];
	CHECK(mlpg_judge_is_whole(f1) && !mlpg_judge_is_whole(judge.metric[0]));
	for (int k = 0; k < 2; k++)
	{
		rows[k] = mlpg_class_rows_create(host, ROWS, 2);
		for (int i = 0; i < ROWS; i++)
		{
			rows[k]->actual[i] = 1;
			rows[k]->predicted[i] = next_uniform() < (k == 0 ? 0.8 : 0.6);
			period[i] = i / 100;
		}
	}
	error = mlpg_judge_class_gain(host, f1, rows[0], rows[1], NULL, &gain);
	CHECK_CLOSE(gain, 1.6 / 1.8 - 1.2 / 1.6, 0.1);
	/* d(2h/(1+h))/dh = 2/(1+h)^2 */
	expected = sqrt((0.8 * 0.2 * 4 / pow(1.8, 4) + 0.6 * 0.4 * 4 / pow(1.6, 4)) / ROWS);
	CHECK(error > 0.5 * expected && error < 2 * expected);
	error = mlpg_judge_class_gain(host, f1, rows[0], rows[1], period, &gain);
	CHECK(error > 0.5 * expected && error < 2 * expected);
	CHECK_CLOSE(mlpg_judge_class_gain(host, f1, rows[0], rows[0], NULL, &gain), 0, 0);
	CHECK_CLOSE(gain, 0, 0);
	for (int i = 0; i < ROWS; i++)
		period[i] = 7;
	CHECK(isnan(mlpg_judge_class_gain(host, f1, rows[0], rows[1], period, &gain)));
	rows[0]->n = rows[1]->n = 0;
	CHECK(isnan(mlpg_judge_class_gain(host, f1, rows[0], rows[1], NULL, &gain)) && isnan(gain));
}

int
main(void)
{
	MlpgHost   *host = harness_host();

	test_sums();
	test_registry();
	test_golden(host);
	test_tweedie(host);
	test_combine(host);
	test_refusals(host);
	test_comparison();
	test_hostile(host);
	test_newsvendor(host);
	test_probabilities(host);
	test_judge_classes(host);
	test_class_gain(host);
	harness_free(host);
	return harness_done();
}
