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

/* ---------- classes ---------- */

/* Probabilities of a model of these targets, and whether the likeliest class is the one expected. */
static MlpgModel *
classifier(MlpgHost *host, MlpgKind kind, const char *positive, const double *y, const double *w, int n)
{
	MlpgPlan   *plan = test_class_plan(host, "baseline", 0, NULL, w != NULL, kind);
	double		rows[80];

	if (positive != NULL)
		plan->positive = mlpg_text(host, "%s", positive);
	for (int i = 0; i < n; i++)
	{
		rows[i * (w ? 2 : 1)] = y[i];
		if (w)
			rows[i * 2 + 1] = w[i];
	}
	return test_fit(host, plan, rows, n);
}

static void
check_classes(const MlpgModel *model, int n, const char *const *names, const double *p, int likeliest)
{
	double		out[8];

	CHECK_INT(mlpg_schema_classes(model->schema), n);
	CHECK_INT(model->n_outputs, n == 2 ? 1 : n);
	CHECK_INT(model->main_output, n == 2 ? 0 : -1);
	model->learner->predict(model, NULL, 1, 0, out);
	for (int k = 0; k < n; k++)
	{
		CHECK_TEXT(model->schema->classes->text[k], names[k]);
		CHECK_CLOSE(mlpg_model_probability(model, out, k), p[k], 1e-16);
	}
	CHECK_INT(mlpg_model_class(model, out), likeliest);
	out[0] = NAN;
	CHECK_INT(mlpg_model_class(model, out), -1);
}

static void
test_classes(void)
{
	MlpgHost   *host = harness_host();
	const double y[] = {10, 9, -1.5, 10, 9, 10, -1.5, 9, 1e300, 10};
	const double w[] = {1, 0, 2, 0, 0, 0.5, 0, 0, 0, 0.5};
	const double zero[10] = {0};
	const double truth[] = {1, 0, 1, 0};
	const double ones[] = {0, 1, 1, 1};
	const char *const numbers[] = {"-1.5", "9", "10", "1e+300"};
	const char *const texts[] = {"c-2", "c10", "c11", "c9"};
	const char *const booleans[] = {"false", "true"};
	const char *const bits[] = {"0", "1"};
	double		many[MLPG_CLASSES_MAX + 1];
	MlpgModel  *model;

	check_classes(classifier(host, MLPG_NUMBER, NULL, y, NULL, 10), 4, numbers, (const double[]) {0.2, 0.3, 0.4, 0.1}, 2);
	check_classes(classifier(host, MLPG_NUMBER, NULL, y, w, 10), 4, numbers, (const double[]) {0.5, 0, 0.5, 0}, 0);
	model = classifier(host, MLPG_CATEGORY, NULL, (const double[]) {10, 9, -2, 10, 9, 10, -2, 9, 11, 10}, NULL, 10);
	CHECK_INT(model->schema->positive, -1);
	check_classes(model, 4, texts, (const double[]) {0.2, 0.4, 0.1, 0.3}, 1);
	model = classifier(host, MLPG_BOOLEAN, NULL, truth, NULL, 4);
	check_classes(model, 2, booleans, (const double[]) {0.5, 0.5}, 0);
	CHECK_INT(model->schema->positive, 1);
	CHECK_INT(classifier(host, MLPG_BOOLEAN, "false", truth, NULL, 4)->schema->positive, 0);
	model = classifier(host, MLPG_NUMBER, NULL, ones, NULL, 4);
	check_classes(model, 2, bits, (const double[]) {0.25, 0.75}, 1);
	CHECK_INT(model->schema->positive, 1);
	CHECK_INT(classifier(host, MLPG_NUMBER, "-1.50", y, NULL, 10)->schema->positive, 0);
	CHECK_INT(classifier(host, MLPG_CATEGORY, "c9", y, NULL, 2)->schema->positive, 1);

	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, classifier(host, MLPG_NUMBER, "11", y, NULL, 10));
	CHECK_TEXT(harness_detail(host), "Classes are: -1.5, 9, 10, 1e+300.");
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, classifier(host, MLPG_CATEGORY, "9", y, NULL, 8));
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, classifier(host, MLPG_BOOLEAN, NULL, ones + 1, NULL, 3));
	CHECK_TEXT(harness_message(host), "target \"y\" has only one class");
	CHECK_TEXT(harness_detail(host), "Every row with a known target is \"true\".");
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, classifier(host, MLPG_NUMBER, NULL, y, zero, 10));
	for (int i = 0; i <= MLPG_CLASSES_MAX; i++)
		many[i] = i;
	for (int kind = MLPG_NUMBER; kind <= MLPG_CATEGORY; kind += MLPG_CATEGORY)
	{
		MlpgPlan   *plan = test_class_plan(host, "baseline", 0, NULL, false, (MlpgKind) kind);

		CHECK_INT(test_fit(host, plan, many, MLPG_CLASSES_MAX)->n_outputs, MLPG_CLASSES_MAX);
		EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, test_fit(host, plan, many, MLPG_CLASSES_MAX + 1));
	}
	harness_free(host);
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
	test_classes();
	expect_error("mean", y, zero, 2, "no row has a weight");
	expect_error("median", y, zero, 2, "no row has a weight");
	expect_error("mean", y, NULL, 0, "too few rows to fit a model");
	return harness_done();
}
