/*-------------------------------------------------------------------------
 *
 * test_baseline.c
 *	  Learner "baseline": mean, median and last value, with and without weights.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

static double
answer(const char *statistic, const double *y, const double *w, int n)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "baseline", 1, "c", w != NULL);
	double	   *rows = mlpg_allocate(host, (size_t) n * 3, sizeof(double));
	int			d = w ? 3 : 2;
	MlpgModel  *model;
	double		features[1] = {NAN},
				score;
	int			k;
	MlpgCoefficient *c;

	mlpg_params_set(host, plan->params, "statistic", statistic);
	for (int i = 0; i < n; i++)
	{
		rows[i * d] = i % 3;
		rows[i * d + 1] = y[i];
		if (w)
			rows[i * d + 2] = w[i];
	}
	model = test_fit(host, plan, rows, n);
	model->learner->predict(model, features, 1, 1, &score);
	/* whatever the features: the model has none */
	CHECK_INT(model->schema->n_features, 0);
	c = test_coefficients(host, model, &k);
	CHECK_INT(k, 1);
	CHECK_TEXT(c[0].term, "(intercept)");
	CHECK_CLOSE(c[0].estimate, score, 0);
	CHECK_TEXT(mlpg_params_choice(model->params, "statistic"), statistic);
	harness_free(host);
	return score;
}

static void
expect_error(const char *statistic, const double *y, const double *w, int n, const char *message)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "baseline", 0, NULL, w != NULL);
	double		rows[20];

	mlpg_params_set(host, plan->params, "statistic", statistic);
	for (int i = 0; i < n; i++)
	{
		rows[i * (w ? 2 : 1)] = y[i];
		if (w)
			rows[i * 2 + 1] = w[i];
	}
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, test_fit_bytes(host, plan, rows, n));
	CHECK_TEXT(harness_message(host), message);
	harness_free(host);
}

static void
test_mean(void)
{
	const double y[] = {1, 2, 4, 9};
	const double w[] = {1, 0, 3, 0.5};
	const double spread[] = {1e16, 1, -1e16, 1};
	const double large[] = {1.5e308, 1.5e308, -1};

	CHECK_CLOSE(answer("mean", y, NULL, 4), 4, 0);
	CHECK_CLOSE(answer("mean", y, w, 4), (1 + 12 + 4.5) / 4.5, 1e-16);
	CHECK_CLOSE(answer("mean", y, NULL, 1), 1, 0);
	/* 106 bits: nothing lost */
	CHECK_CLOSE(answer("mean", spread, NULL, 4), 0.5, 0);
	expect_error("mean", large, NULL, 3, "values are too large to fit a baseline");
}

/* Any order, the same bytes. */
static void
test_order_free(void)
{
	double		y[1000],
				shuffled[1000];
	int			order[1000];
	uint64_t	random = 1;
	double		mean,
				median;

	for (int i = 0; i < 1000; i++)
		y[i] = test_normal(&random) * pow(10, (int) (test_random(&random) % 20) - 10);
	mean = answer("mean", y, NULL, 1000);
	median = answer("median", y, NULL, 1000);
	for (uint64_t seed = 0; seed < 20; seed++)
	{
		test_shuffle(order, 1000, seed);
		for (int i = 0; i < 1000; i++)
			shuffled[i] = y[order[i]];
		CHECK_CLOSE(answer("mean", shuffled, NULL, 1000), mean, 0);
		CHECK_CLOSE(answer("median", shuffled, NULL, 1000), median, 0);
	}
}

/* The weighted median by its definition: halves of the weight on both sides. */
static double
slow_median(const double *y, const double *w, int n)
{
	double		total = 0,
				lower = INFINITY,
				upper = -INFINITY;

	for (int i = 0; i < n; i++)
		total += w ? w[i] : 1;
	for (int i = 0; i < n; i++)
	{
		double		below = 0,
					above = 0;

		for (int j = 0; j < n; j++)
		{
			below += y[j] < y[i] ? (w ? w[j] : 1) : 0;
			above += y[j] > y[i] ? (w ? w[j] : 1) : 0;
		}
		if ((w == NULL || w[i] > 0) && 2 * below <= total && 2 * above <= total)
		{
			lower = fmin(lower, y[i]);
			upper = fmax(upper, y[i]);
		}
	}
	return lower + (upper - lower) / 2;
}

static void
test_median(void)
{
	const double y[] = {5, 1, 4, 2};
	const double huge[] = {-1.7e308, 1.7e308};
	const double tiny[] = {5e-324, 5e-324};
	uint64_t	random = 2;

	CHECK_CLOSE(answer("median", y, NULL, 4), 3, 0);
	CHECK_CLOSE(answer("median", y, NULL, 3), 4, 0);
	CHECK_CLOSE(answer("median", huge, NULL, 2), 0, 0);
	CHECK_CLOSE(answer("median", tiny, NULL, 2), 5e-324, 0);
	for (int k = 0; k < 500; k++)
	{
		double		v[30],
					w[30];
		int			n = 1 + (int) (test_random(&random) % 30);
		bool		weighted = k % 2;

		for (int i = 0; i < n; i++)
		{
			v[i] = (double) (test_random(&random) % 10);
			w[i] = (double) (test_random(&random) % 4);	/* whole: sums are exact, ties real */
		}
		w[0] = 1;
		CHECK_CLOSE(answer("median", v, weighted ? w : NULL, n), slow_median(v, weighted ? w : NULL, n), 0);
	}
}

static void
test_last(void)
{
	double		y[70000];

	for (int i = 0; i < 70000; i++)
		y[i] = i / 3.0;
	CHECK_CLOSE(answer("last", y, NULL, 70000), 69999 / 3.0, 0);
	CHECK_CLOSE(answer("last", y, NULL, 1), 0, 0);
}

int
main(void)
{
	const double y[] = {1, 2};
	const double zero[] = {0, 0};

	test_mean();
	test_order_free();
	test_median();
	test_last();
	expect_error("mean", y, zero, 2, "no row has a weight");
	expect_error("median", y, zero, 2, "no row has a weight");
	expect_error("mean", y, NULL, 0, "too few rows to fit a model");
	return harness_done();
}
