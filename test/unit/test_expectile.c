/*-------------------------------------------------------------------------
 *
 * test_expectile.c
 *	  Learner "expectile": against iterated least squares in R (test/golden/expectile.R),
 *	  against the learner "linear" at 0.5, and by its own optimality conditions.
 *
 *-------------------------------------------------------------------------
 */
#include "golden.h"

#define MAX_TERMS 16

static MlpgModel *
fit_levels(MlpgHost *host, int n_features, const char *kinds, bool weighted, const char *levels, const double *rows, int n)
{
	MlpgPlan   *plan = test_plan(host, "expectile", n_features, kinds, weighted);

	mlpg_params_set(host, plan->params, "expectile", levels);
	return test_fit(host, plan, rows, n);
}

static void
check_level(MlpgHost *host, FILE *file, int n_features, bool weighted, const double *rows, int n_rows)
{
	double		level[MAX_TERMS],
				estimate[MAX_TERMS],
				error[MAX_TERMS];
	char	   *text;
	MlpgModel  *model;
	MlpgCoefficient *c;
	int			n;

	CHECK_INT(golden_values(file, "level", level, MAX_TERMS), 2);
	CHECK_INT(golden_values(file, "estimate", estimate, MAX_TERMS), n_features + 1);
	CHECK_INT(golden_values(file, "std_error", error, MAX_TERMS), n_features + 1);
	text = mlpg_number_text(host, level[0]);
	model = fit_levels(host, n_features, NULL, weighted, text, rows, n_rows);
	c = test_coefficients(host, model, &n);
	CHECK_INT(n, n_features + 1);
	CHECK_CLOSE(test_fact(model, mlpg_text(host, "objective @%s", text)), level[1], 1e-10);
	for (int j = 0; j < n; j++)
	{
		CHECK_CLOSE(c[j].level, level[0], 0);
		CHECK_CLOSE(c[j].estimate, estimate[j], 1e-9);
		CHECK_CLOSE(c[j].std_error, error[j], 1e-8);
		CHECK_CLOSE(c[j].p_value, erfc(fabs(estimate[j] / error[j]) / sqrt(2)), 1e-6);
	}
}

static void
test_golden(MlpgHost *host)
{
	FILE	   *file = fopen("test/golden/expectile.txt", "r");
	char		name[40];
	int			n,
				n_features,
				weighted,
				problems = 0;

	CHECK(file != NULL);
	for (; file && fscanf(file, " problem %39s %d %d %d", name, &n, &n_features, &weighted) == 4; problems++)
	{
		double	   *rows = golden_rows(host, file, n, n_features, weighted);

		harness_note("%s", name);
		for (int level = 0; level < 5; level++)
			check_level(host, file, n_features, weighted, rows, n);
	}
	CHECK_INT(problems, 4);
	if (file)
		fclose(file);
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

/* At 0.5 it is least squares. (Without missing values: "linear" puts the weighted mean there.) */
static void
test_middle(MlpgHost *host)
{
	double	   *rows = draw_rows(host, 700);
	int			n,
				m;
	MlpgCoefficient *a,
			   *b;

	for (int i = 0; i < 700; i++)
		rows[i * 5] = isnan(rows[i * 5]) ? 0 : rows[i * 5];
	a = test_coefficients(host, fit_levels(host, 3, "ncn", true, "0.5", rows, 700), &n);
	b = test_coefficients(host, test_fit(host, test_plan(host, "linear", 3, "ncn", true), rows, 700), &m);
	CHECK_INT(n, m);
	CHECK_INT(n, 8);
	for (int j = 0; j < n; j++)
		CHECK_CLOSE(a[j].estimate, b[j].estimate, 1e-11);
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

/* Huge and tiny targets, a constant one, no degree of freedom, no weight. */
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

	test_golden(host);
	harness_reset(host);
	test_middle(host);
	harness_reset(host);
	test_levels(host);
	harness_reset(host);
	test_threads();
	test_odd(host);
	harness_free(host);
	return harness_done();
}
