/*-------------------------------------------------------------------------
 *
 * test_expectile.c
 *	  Learner "expectile": against iterated least squares in R (test/golden/expectile.R),
 *	  against the learner "linear" at 0.5, and by its own optimality conditions.
 *
 *-------------------------------------------------------------------------
 */
#include "golden.h"

static MlpgModel *
fit_levels(MlpgHost *host, int n_features, const char *kinds, bool weighted, const char *levels, const double *rows, int n)
{
	MlpgPlan   *plan = test_plan(host, "expectile", n_features, kinds, weighted);

	mlpg_params_set(host, plan->params, "expectile", levels);
	return test_fit(host, plan, rows, n);
}

/* Numbers, a category, a missing value here and there, a weight. */
static double *
draw_rows(MlpgHost *host, int n)
{
	double	   *rows = mlpg_allocate(host, (size_t) n * 5, sizeof(double));
	uint64_t	seed = 12;

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + (size_t) i * 5;

		row[0] = test_normal(&seed) * 100 + 7;
		row[1] = (double) (test_random(&seed) % 6);
		row[2] = test_uniform(&seed);
		row[3] = 2 + row[0] / 50 + row[1] + (1 + row[2]) * test_normal(&seed);
		row[4] = (double) (test_random(&seed) % 3);
		if (i % 13 == 0)
			row[0] = NAN;
	}
	return rows;
}

/* At 0.5 it is least squares, with l2 as well. (Without missing values: "linear" puts the weighted mean there.) */
static void
test_middle(MlpgHost *host)
{
	static const char *const l2[] = {"0", "0.2"};
	double	   *rows = draw_rows(host, 700);

	for (int i = 0; i < 700; i++)
		rows[i * 5] = isnan(rows[i * 5]) ? 0 : rows[i * 5];
	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *expectile = test_plan(host, "expectile", 3, "ncn", true),
				   *linear = test_plan(host, "linear", 3, "ncn", true);
		MlpgCoefficient *a,
				   *b;
		int			n,
					m;

		mlpg_params_set(host, expectile->params, "l2", l2[k]);
		mlpg_params_set(host, linear->params, "l2", l2[k]);
		a = test_coefficients(host, test_fit(host, expectile, rows, 700), &n);
		b = test_coefficients(host, test_fit(host, linear, rows, 700), &m);
		CHECK_INT(n, m);
		CHECK_INT(n, 8 + k);
		for (int j = 0; j < n; j++)
		{
			CHECK_CLOSE(a[j].estimate, b[j].estimate, 1e-11);
			CHECK(isnan(a[j].std_error) == (k == 1));
		}
	}
}

/* An offset is taken off the target and added to predictions. */
static void
test_offset(MlpgHost *host)
{
	double	   *rows = draw_rows(host, 400),
			   *moved = mlpg_allocate(host, 400 * 6, sizeof(double)),
				features[4] = {1, 0, 0.5, 7},
				plain,
				with;
	MlpgPlan   *plan = test_plan(host, "expectile", 3, "ncn", true);
	MlpgModel  *a = fit_levels(host, 3, "ncn", true, "0.7", rows, 400),
			   *b;

	for (int i = 0; i < 400; i++)
	{
		memcpy(moved + i * 6, rows + i * 5, 5 * sizeof(double));
		moved[i * 6 + 5] = cos(i);
		moved[i * 6 + 3] += cos(i);
	}
	mlpg_params_set(host, plan->params, "expectile", "0.7");
	plan->has_offset = true;
	plan->offset = mlpg_text(host, "o");
	b = test_fit(host, plan, moved, 400);
	a->learner->predict(a, features, 1, 3, &plain);
	b->learner->predict(b, features, 1, 4, &with);
	CHECK_CLOSE(with, plain + 7, 1e-11);
}

/* Several levels: in order, each as when fitted alone; the errors balance; the first is answered. */
static void
test_levels(MlpgHost *host)
{
	int			n = 50000,		/* enough for a start from a sample */
				k;
	double	   *rows = draw_rows(host, n),
			   *out = mlpg_allocate(host, (size_t) n * 3, sizeof(double));
	MlpgModel  *model = fit_levels(host, 3, "ncn", true, "0.9,0.2,0.5,0.9", rows, n);
	MlpgCoefficient *all = test_coefficients(host, model, &k);

	CHECK_INT(model->n_outputs, 3);
	CHECK(model->levels[0] == 0.2 && model->levels[1] == 0.5 && model->levels[2] == 0.9);
	CHECK_INT(model->main_output, 2);
	for (int i = 0; i < n; i++)
	{
		double		features[3] = {rows[i * 5], rows[i * 5 + 1], rows[i * 5 + 2]};
		char		text[20];

		snprintf(text, sizeof(text), "c%.0f", features[1]);
		features[1] = mlpg_dictionary_find(model->schema->feature[1].dictionary, text, (int32_t) strlen(text));
		model->learner->predict(model, features, 1, 3, out + (size_t) i * 3);
	}
	for (int o = 0; o < 3; o++)
	{
		double		sum = 0,
					along = 0,
					weights = 0;
		int			m;
		MlpgCoefficient *one = test_coefficients(host, fit_levels(host, 3, "ncn", true, mlpg_number_text(host, model->levels[o]), rows, n), &m);

		for (int i = 0; i < n; i++)
		{
			double		e = rows[i * 5 + 3] - out[i * 3 + o],
						v = rows[i * 5 + 4] * (e < 0 ? 1 - model->levels[o] : model->levels[o]);

			sum += v * e;
			along += v * e * rows[i * 5 + 2];
			weights += v;
		}
		CHECK(fabs(sum / weights) < 1e-11);
		CHECK(fabs(along / weights) < 1e-11);
		CHECK_INT(3 * m, k);
		for (int j = 0; j < m; j++)
		{
			CHECK_CLOSE(all[o * m + j].estimate, one[j].estimate, 1e-10);
			CHECK_CLOSE(all[o * m + j].std_error, one[j].std_error, 1e-8);
		}
	}
}

static void
test_threads(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = draw_rows(host, 3000);
	MlpgWriter *one = NULL;

	for (int threads = 1; threads <= 4; threads++)
	{
		MlpgHost   *some = harness_host_threads(threads, 0);
		MlpgPlan   *plan = test_plan(some, "expectile", 3, "ncn", true);
		MlpgWriter *bytes;

		mlpg_params_set(some, plan->params, "expectile", "0.1,0.9");
		bytes = test_fit_bytes(some, plan, rows, 3000);
		if (one == NULL)
		{
			one = mlpg_writer_create(host, 0);
			mlpg_write_bytes(one, bytes->data, bytes->length);
		}
		CHECK(test_same_bytes(one, bytes));
		harness_free(some);
	}
	harness_free(host);
}

/* Huge and tiny targets, huge weights, a constant target, no degree of freedom, no weight. */
static void
test_odd(MlpgHost *host)
{
	double	   *rows = draw_rows(host, 400),
			   *other = mlpg_allocate(host, 400 * 5, sizeof(double)),
				zero[] = {1, 2, 0, 2, 3, 0};
	MlpgCoefficient *a,
			   *b;
	MlpgModel  *model;
	int			n;

	for (int i = 0; i < 400 * 5; i++)
		other[i] = i % 5 == 3 ? ldexp(rows[i], 600) : rows[i];
	a = test_coefficients(host, fit_levels(host, 3, "ncn", true, "0.8", rows, 400), &n);
	b = test_coefficients(host, fit_levels(host, 3, "ncn", true, "0.8", other, 400), &n);
	for (int j = 0; j < n; j++)
	{
		CHECK_CLOSE(b[j].estimate, ldexp(a[j].estimate, 600), 1e-10);
		CHECK_CLOSE(b[j].std_error, ldexp(a[j].std_error, 600), 1e-10);
	}
	for (int i = 0; i < 400 * 5; i++)
		other[i] = i % 5 == 4 ? ldexp(rows[i], 1020) : rows[i];
	b = test_coefficients(host, fit_levels(host, 3, "ncn", true, "0.8", other, 400), &n);
	for (int j = 0; j < n; j++)
		CHECK(b[j].estimate == a[j].estimate && b[j].std_error == a[j].std_error);
	for (int i = 0; i < 400; i++)
		other[i * 5 + 3] = 4;
	a = test_coefficients(host, fit_levels(host, 3, "ncn", true, "0.8", other, 400), &n);
	CHECK_CLOSE(a[0].estimate, 4, 1e-14);
	CHECK(fabs(a[1].estimate) < 1e-14 && a[1].std_error < 1e-14);
	model = fit_levels(host, 1, NULL, false, "0.8", (double[]) {1, 5, 2, 7}, 2);
	a = test_coefficients(host, model, &n);
	CHECK_CLOSE(a[0].estimate, 3, 1e-12);
	CHECK_CLOSE(a[1].estimate, 2, 1e-12);
	CHECK(isnan(a[0].std_error) && isnan(a[1].p_value));
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_levels(host, 1, NULL, true, "0.8", zero, 2));
}

int
main(void)
{
	MlpgHost   *host = harness_host();

	golden_check(host, "test/golden/expectile.txt", "expectile", "expectile", "level", 5, 4);
	harness_reset(host);
	test_middle(host);
	test_offset(host);
	harness_reset(host);
	test_levels(host);
	harness_reset(host);
	test_threads();
	test_odd(host);
	harness_free(host);
	return harness_done();
}
