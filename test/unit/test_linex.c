/*-------------------------------------------------------------------------
 *
 * test_linex.c
 *	  Learner "linex": against optim in R (test/golden/linex.R), against a gamma
 *	  regression of exp(a y), which is the same, in its limits, and by its own
 *	  optimality conditions however far a is.
 *
 *-------------------------------------------------------------------------
 */
#include "golden.h"

static MlpgPlan *
plan_of(MlpgHost *host, int n_features, const char *kinds, bool weighted, double a)
{
	MlpgPlan   *plan = test_plan(host, "linex", n_features, kinds, weighted);

	mlpg_params_set(host, plan->params, "a", mlpg_number_text(host, a));
	return plan;
}

static MlpgModel *
fit_a(MlpgHost *host, int n_features, const char *kinds, bool weighted, double a, const double *rows, int n)
{
	return test_fit(host, plan_of(host, n_features, kinds, weighted, a), rows, n);
}

/* Numbers, a category, a target with a tail above, a weight. */
static double *
draw_rows(MlpgHost *host, int n)
{
	double	   *rows = mlpg_allocate(host, (size_t) n * 5, sizeof(double));
	uint64_t	seed = 21;

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + (size_t) i * 5;

		row[0] = test_normal(&seed) * 100 + 7;
		row[1] = (double) (test_random(&seed) % 6);
		row[2] = test_uniform(&seed);
		row[3] = 2 + row[0] / 50 + row[1] + (1 + row[2]) * test_normal(&seed) - log(1 - test_uniform(&seed));
		row[4] = (double) (test_random(&seed) % 3);
		if (i % 13 == 0)
			row[0] = NAN;
	}
	return rows;
}

/* A gamma regression of exp(a y) with log link and offset a o, its coefficients over a. */
static void
test_gamma(MlpgHost *host)
{
	static const double as[] = {0.7, -0.3};
	int			n = 500;
	double	   *rows = draw_rows(host, n),
			   *other = mlpg_allocate(host, (size_t) n * 6, sizeof(double)),
			   *own = mlpg_allocate(host, (size_t) n * 6, sizeof(double));

	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *linex = plan_of(host, 3, "ncn", true, as[k]),
				   *gamma = test_plan(host, "glm", 3, "ncn", true);
		MlpgCoefficient *c,
				   *d;
		int			n_linex,
					n_gamma;

		mlpg_params_set(host, gamma->params, "family", "gamma");
		mlpg_params_set(host, gamma->params, "link", "log");
		linex->has_offset = gamma->has_offset = true;
		linex->offset = gamma->offset = mlpg_text(host, "o");
		for (int i = 0; i < n; i++)
		{
			double		o = sin(i);

			memcpy(own + i * 6, rows + i * 5, 5 * sizeof(double));
			memcpy(other + i * 6, rows + i * 5, 5 * sizeof(double));
			own[i * 6 + 3] += o;
			own[i * 6 + 5] = o;
			other[i * 6 + 3] = exp(as[k] * own[i * 6 + 3]);
			other[i * 6 + 5] = as[k] * o;
		}
		c = test_coefficients(host, test_fit(host, linex, own, n), &n_linex);
		d = test_coefficients(host, test_fit(host, gamma, other, n), &n_gamma);
		CHECK_INT(n_linex, 9);
		CHECK_INT(n_gamma, 9);
		for (int j = 0; j < n_linex; j++)
		{
			CHECK_CLOSE(c[j].estimate, d[j].estimate / as[k], 1e-7);
			CHECK(c[j].std_error > 0);
		}
	}
}

/* As a goes to 0 it is least squares, with l2 as well; without a it is 1 over the deviation. */
static void
test_limits(MlpgHost *host)
{
	static const char *const l2[] = {"0", "0.3"};
	int			n = 700,
				n_linex,
				n_linear;
	double	   *rows = draw_rows(host, n),
				sum = 0,
				square = 0,
				weight = 0;
	MlpgCoefficient *c,
			   *d;
	MlpgModel  *model;

	for (int i = 0; i < n; i++)
	{
		rows[i * 5] = isnan(rows[i * 5]) ? 0 : rows[i * 5];
		sum += rows[i * 5 + 4] * rows[i * 5 + 3];
		square += rows[i * 5 + 4] * rows[i * 5 + 3] * rows[i * 5 + 3];
		weight += rows[i * 5 + 4];
	}
	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *linex = plan_of(host, 3, "ncn", true, 1e-12),
				   *linear = test_plan(host, "linear", 3, "ncn", true);

		mlpg_params_set(host, linex->params, "l2", l2[k]);
		mlpg_params_set(host, linear->params, "l2", l2[k]);
		c = test_coefficients(host, test_fit(host, linex, rows, n), &n_linex);
		d = test_coefficients(host, test_fit(host, linear, rows, n), &n_linear);
		CHECK_INT(n_linex, n_linear);
		CHECK_INT(n_linex, 8 + k);
		for (int j = 0; j < n_linex; j++)
		{
			CHECK_CLOSE(c[j].estimate, d[j].estimate, 1e-9);
			CHECK(isnan(c[j].std_error) == (k == 1));
		}
	}
	model = test_fit(host, test_plan(host, "linex", 3, "ncn", true), rows, n);
	CHECK_CLOSE(test_fact(model, "a"), 1 / sqrt(square / weight - sum / weight * (sum / weight)), 1e-12);
	c = test_coefficients(host, model, &n_linex);
	d = test_coefficients(host, fit_a(host, 3, "ncn", true, test_fact(model, "a"), rows, n), &n_linear);
	for (int j = 0; j < n_linex; j++)
		CHECK_CLOSE(c[j].estimate, d[j].estimate, 1e-12);
}

/* sum w (exp(a e) - 1) z = 0 over all rows, from least squares to the upper (or lower) envelope; outliers; rows enough for a sample. */
static void
test_conditions(MlpgHost *host)
{
	static const double as[] = {1e-4, 0.05, 1, -1, 4, -6, 40, 400, -2000};
	int			n = 50000;
	double	   *rows = draw_rows(host, n);

	for (size_t k = 0; k < sizeof(as) / sizeof(as[0]); k++)
	{
		int			m = k % 2 ? n : 900;
		MlpgModel  *model;
		double		sum = 0,
					along = 0,
					weights = 0;

		rows[3] = k == 2 ? 60 : 5;	/* 20 deviations away */
		rows[4] = 2;
		model = fit_a(host, 3, "ncn", true, as[k], rows, m);
		harness_note("a = %g: %g iterations", as[k], test_fact(model, "iterations"));
		CHECK(mlpg_fact_find(model->facts, "warning") == NULL);
		CHECK(test_fact(model, "iterations") < 150);
		for (int i = 0; i < m; i++)
		{
			double		features[3] = {rows[i * 5], rows[i * 5 + 1], rows[i * 5 + 2]},
						yhat,
						slope;
			char		text[20];

			snprintf(text, sizeof(text), "c%.0f", features[1]);
			features[1] = mlpg_dictionary_find(model->schema->feature[1].dictionary, text, (int32_t) strlen(text));
			model->learner->predict(model, features, 1, 3, &yhat);
			slope = rows[i * 5 + 4] > 0 ? rows[i * 5 + 4] * expm1(as[k] * (rows[i * 5 + 3] - yhat)) : 0;
			sum += slope;
			along += slope * rows[i * 5 + 2];
			weights += fabs(slope);
		}
		CHECK(fabs(sum / weights) < 1e-11);
		CHECK(fabs(along / weights) < 1e-11);
	}
}

/* More coefficients than a Hessian is made for: every level's errors balance. */
static void
test_many(MlpgHost *host)
{
	enum
	{
		LEVELS = 2100, EACH = 4
	};
	static const double as[] = {0.3, -4};
	double	   *rows = mlpg_allocate(host, LEVELS * EACH * 3, sizeof(double)),
			   *sum = mlpg_allocate(host, LEVELS, sizeof(double));
	uint64_t	seed = 3;

	for (int i = 0; i < LEVELS * EACH; i++)
	{
		rows[i * 3] = (double) (i % LEVELS);
		rows[i * 3 + 1] = test_uniform(&seed);
		rows[i * 3 + 2] = i % LEVELS / 300.0 + rows[i * 3 + 1] + test_normal(&seed);
	}
	for (int k = 0; k < 2; k++)
	{
		MlpgModel  *model = fit_a(host, 2, "cn", false, as[k], rows, LEVELS * EACH);
		double		worst = 0;

		memset(sum, 0, LEVELS * sizeof(double));
		CHECK(mlpg_fact_find(model->facts, "warning") == NULL);
		for (int i = 0; i < LEVELS * EACH; i++)
		{
			double		features[2] = {0, rows[i * 3 + 1]},
						yhat;
			char		text[20];

			snprintf(text, sizeof(text), "c%.0f", rows[i * 3]);
			features[0] = mlpg_dictionary_find(model->schema->feature[0].dictionary, text, (int32_t) strlen(text));
			model->learner->predict(model, features, 1, 2, &yhat);
			sum[(int) rows[i * 3]] += expm1(as[k] * (rows[i * 3 + 2] - yhat));
		}
		for (int c = 0; c < LEVELS; c++)
			worst = fmax(worst, fabs(sum[c]) / EACH);
		harness_note("a = %g: %g iterations, errors balance to %.1e", as[k], test_fact(model, "iterations"), worst);
		CHECK(worst < 1e-4);
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
		MlpgWriter *bytes = test_fit_bytes(some, plan_of(some, 3, "ncn", true, 0.8), rows, 3000);

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

/* Huge targets, a constant one, no intercept, no degree of freedom; an a that is none, no weight. */
static void
test_odd(MlpgHost *host)
{
	double	   *rows = draw_rows(host, 400),
			   *other = mlpg_allocate(host, 400 * 5, sizeof(double)),
				zero[] = {1, 2, 0, 2, 3, 0},
				two[] = {1, 1, 2, 5};
	MlpgCoefficient *c,
			   *d;
	MlpgPlan   *plan;
	int			n;

	for (int i = 0; i < 400 * 5; i++)
		other[i] = i % 5 == 3 ? ldexp(rows[i], 600) : rows[i];
	c = test_coefficients(host, fit_a(host, 3, "ncn", true, 0.75, rows, 400), &n);
	d = test_coefficients(host, fit_a(host, 3, "ncn", true, ldexp(0.75, -600), other, 400), &n);
	for (int j = 0; j < n; j++)
	{
		CHECK_CLOSE(d[j].estimate, ldexp(c[j].estimate, 600), 1e-10);
		CHECK_CLOSE(d[j].std_error, ldexp(c[j].std_error, 600), 1e-10);
	}
	for (int i = 0; i < 400; i++)
		other[i * 5 + 3] = 4;
	c = test_coefficients(host, fit_a(host, 3, "ncn", true, 2, other, 400), &n);
	CHECK_CLOSE(c[0].estimate, 4, 1e-14);
	CHECK(fabs(c[1].estimate) < 1e-14 && c[1].std_error < 1e-14);
	/* through the origin: exp(1 - b) - 1 + 2 (exp(5 - 2 b) - 1) = 0 */
	plan = plan_of(host, 1, NULL, false, 1);
	mlpg_params_set(host, plan->params, "intercept", "false");
	c = test_coefficients(host, test_fit(host, plan, two, 2), &n);
	CHECK_INT(n, 1);
	CHECK_CLOSE(expm1(1 - c[0].estimate) + 2 * expm1(5 - 2 * c[0].estimate) + 1, 1, 1e-9);
	c = test_coefficients(host, fit_a(host, 1, NULL, false, 1, (double[]) {1, 5, 2, 7}, 2), &n);
	CHECK_CLOSE(c[0].estimate, 3, 1e-12);
	CHECK_CLOSE(c[1].estimate, 2, 1e-12);
	CHECK(isnan(c[0].std_error) && isnan(c[1].p_value));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_a(host, 3, "ncn", true, 0, rows, 400));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_a(host, 3, "ncn", true, 1e5, rows, 400));
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_a(host, 1, NULL, true, 1, zero, 2));
}

int
main(void)
{
	MlpgHost   *host = harness_host();

	golden_check(host, "test/golden/linex.txt", "linex", "a", "a", 6, 4);
	harness_reset(host);
	test_gamma(host);
	harness_reset(host);
	test_limits(host);
	harness_reset(host);
	test_conditions(host);
	harness_reset(host);
	test_many(host);
	harness_reset(host);
	test_threads();
	test_odd(host);
	harness_free(host);
	return harness_done();
}
