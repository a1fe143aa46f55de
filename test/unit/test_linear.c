/*-------------------------------------------------------------------------
 *
 * test_linear.c
 *	  Learner "linear": weights, ridge, missing values, categories, scales;
 *	  references in quadruple precision (exact.h) and from R.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "exact.h"

/* ---------- against quadruple precision ---------- */

typedef struct Problem
{
	int			n;
	int			n_features;
	double	   *rows;			/* n x (features, target, weight) */
	double	   *design;			/* n x t: what the model should come to */
	double	   *y;
	double	   *w;				/* NULL: none */
	int			t;
} Problem;

static Problem
problem_create(MlpgHost *host, int n, int n_features, int t, bool weighted)
{
	Problem		p = {.n = n, .n_features = n_features, .t = t};

	p.rows = mlpg_allocate(host, (size_t) n * (size_t) (n_features + 2), sizeof(double));
	p.design = mlpg_allocate(host, (size_t) n * (size_t) t, sizeof(double));
	p.y = mlpg_allocate(host, (size_t) n, sizeof(double));
	p.w = weighted ? mlpg_allocate(host, (size_t) n, sizeof(double)) : NULL;
	return p;
}

static double *
problem_row(const Problem *p, int i)
{
	return p->rows + (size_t) i * (size_t) (p->n_features + 1 + (p->w ? 1 : 0));
}

static void
problem_target(Problem *p, int i, double y, double w)
{
	double	   *row = problem_row(p, i);

	row[p->n_features] = p->y[i] = y;
	if (p->w)
		row[p->n_features + 1] = p->w[i] = w;
}

/* Coefficients and standard errors agree with the reference on the design as given. */
static void
problem_check(MlpgHost *host, const Problem *p, const MlpgModel *model, const double *penalty, double relative)
{
	int			n,
				positive = 0;
	MlpgCoefficient *c = test_coefficients(host, model, &n);
	ExactFit	exact;

	for (int i = 0; i < p->n; i++)
		positive += p->w == NULL || p->w[i] > 0;
	exact_fit(p->design, p->y, p->w, penalty, p->n, p->t, positive - p->t, &exact);
	CHECK_INT(n, p->t);
	for (int j = 0; j < n && j < p->t; j++)
	{
		CHECK_CLOSE(c[j].estimate, exact.b[j], relative);
		if (penalty)
		{
			CHECK(isnan(c[j].std_error) && isnan(c[j].p_value));
			continue;
		}
		CHECK_CLOSE(c[j].std_error, exact.se[j], relative);
		CHECK_CLOSE(c[j].statistic, exact.b[j] / exact.se[j], 2 * relative);
	}
	if (!penalty)
		CHECK_CLOSE(test_fact(model, "residual_std_error"), sqrt(exact.rss / (positive - p->t)), relative);
}

static void
test_weights(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 7;
	int			n = 900;
	Problem		p = problem_create(host, n, 3, 4, true);
	double	   *repeated = mlpg_allocate(host, (size_t) n * 3 * 4, sizeof(double));
	int			m = 0;

	for (int i = 0; i < n; i++)
	{
		double	   *row = problem_row(&p, i);

		p.design[i * 4] = 1;
		for (int j = 0; j < 3; j++)
			p.design[i * 4 + j + 1] = row[j] = test_normal(&random) * pow(1000, j);
		problem_target(&p, i, 1 + row[0] - row[1] / 500 + test_normal(&random), test_uniform(&random) * 3);
	}
	problem_check(host, &p, test_fit(host, test_plan(host, "linear", 3, NULL, true), p.rows, n), NULL, 1e-12);

	/* whole weights are repetitions, zero is absence */
	for (int i = 0; i < n; i++)
	{
		int			w = (int) (test_random(&random) % 4);

		problem_target(&p, i, p.y[i], w);
		for (; w > 0; w--, m++)
			memcpy(repeated + (size_t) m * 4, problem_row(&p, i), 4 * sizeof(double));
	}
	problem_check(host, &p, test_fit(host, test_plan(host, "linear", 3, NULL, true), p.rows, n), NULL, 1e-12);

	int			k;
	MlpgModel  *by_weight = test_fit(host, test_plan(host, "linear", 3, NULL, true), p.rows, n);
	MlpgModel  *by_rows = test_fit(host, test_plan(host, "linear", 3, NULL, false), repeated, m);
	MlpgCoefficient *a = test_coefficients(host, by_weight, &k),
			   *b = test_coefficients(host, by_rows, &k);

	for (int j = 0; j < k; j++)
	{
		CHECK_CLOSE(a[j].estimate, b[j].estimate, 1e-12);
		CHECK_CLOSE(a[j].std_error * sqrt(test_fact(by_weight, "df_residual")),
					b[j].std_error * sqrt(test_fact(by_rows, "df_residual")), 1e-12);
	}
	CHECK_CLOSE(test_fact(by_weight, "r_squared"), test_fact(by_rows, "r_squared"), 1e-12);

	for (int i = 0; i < n; i++)
		problem_target(&p, i, p.y[i], 0);
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, test_fit_bytes(host, test_plan(host, "linear", 3, NULL, true), p.rows, n));
	CHECK_TEXT(harness_message(host), "no row has a weight");
	harness_free(host);
}

/* Penalty as NUMERICS 3: n l2 var_j b_j^2 beside the sum of squares, 1/n variances, intercept free. */
static void
test_ridge(void)
{
	for (int weighted = 0; weighted < 2; weighted++)
		for (int k = -6; k <= 3; k += 3)
		{
			MlpgHost   *host = harness_host();
			uint64_t	random = 11;
			int			n = 300;
			double		l2 = pow(10, k),
						total = 0,
						mean[4] = {0},
						penalty[4] = {0};
			Problem		p = problem_create(host, n, 3, 4, weighted != 0);
			MlpgPlan   *plan = test_plan(host, "linear", 3, NULL, weighted != 0);

			for (int i = 0; i < n; i++)
			{
				double	   *row = problem_row(&p, i);
				double		w = weighted ? test_uniform(&random) : 1;

				p.design[i * 4] = 1;
				for (int j = 0; j < 3; j++)
				{
					p.design[i * 4 + j + 1] = row[j] = (j == 2 ? row[1] : 5) + test_normal(&random) * (j == 2 ? 1e-3 : 2);
					mean[j + 1] += w * row[j];
				}
				total += w;
				problem_target(&p, i, 3 + row[0] - row[2] + test_normal(&random), w);
			}
			for (int j = 1; j < 4; j++)
			{
				mean[j] /= total;
				for (int i = 0; i < n; i++)
					penalty[j] += (p.w ? p.w[i] : 1) * pow(p.design[i * 4 + j] - mean[j], 2);
				penalty[j] *= l2;
			}
			mlpg_params_set(host, plan->params, "l2", mlpg_number_text(host, l2));
			problem_check(host, &p, test_fit(host, plan, p.rows, n), penalty, 1e-11);
			harness_free(host);
		}
}

/* With a penalty a column may be there twice: both share. */
static void
test_ridge_twins(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 3;
	double		rows[100 * 3];
	MlpgPlan   *plan = test_plan(host, "linear", 2, NULL, false);
	int			k;

	for (int i = 0; i < 100; i++)
	{
		rows[i * 3] = rows[i * 3 + 1] = test_normal(&random);
		rows[i * 3 + 2] = 4 * rows[i * 3] + test_normal(&random);
	}
	mlpg_params_set(host, plan->params, "l2", "0.01");

	MlpgModel  *model = test_fit(host, plan, rows, 100);
	MlpgCoefficient *c = test_coefficients(host, model, &k);

	CHECK_INT(k, 3);
	CHECK(test_warning(model, "") == NULL);
	CHECK_CLOSE(c[1].estimate, c[2].estimate, 1e-12);
	CHECK(fabs(c[1].estimate - 2) < 0.2);
	CHECK_INT(model->schema->unseen, MLPG_UNSEEN_ZERO);
	harness_free(host);
}

/*
 * Missing numbers are the mean and an indicator; categories one indicator a
 * level but the first in byte order, and one for missing.
 */
static void
test_encoding(bool weighted)
{
	static const int byte_order[] = {0, 1, 10, 2, 3};	/* c0 < c1 < c10 < c2 < c3 */
	MlpgHost   *host = harness_host();
	uint64_t	random = 5;
	int			n = 1400,
				t = 10;			/* 1, x1, x1?, x2, c1, c10, c2, c3, c?, x4 */
	double		sum = 0,
				weight = 0;
	Problem		p = problem_create(host, n, 4, t, weighted);
	MlpgPlan   *plan = test_plan(host, "linear", 4, "nncn", weighted);

	for (int i = 0; i < n; i++)
	{
		double	   *row = problem_row(&p, i);
		double	   *z = p.design + (size_t) i * (size_t) t;
		double		w = weighted ? 0.5 + test_uniform(&random) : 1;
		int			level = (int) (test_random(&random) % 6);

		row[0] = i % 5 == 1 ? NAN : 20 + test_normal(&random);
		row[1] = test_normal(&random) * 1e6;
		row[2] = level == 5 ? NAN : byte_order[level];
		row[3] = test_normal(&random) * 1e-6;
		z[0] = 1;
		z[1] = row[0];
		z[2] = isnan(row[0]);
		z[3] = row[1];
		if (level > 0)
			z[3 + level] = 1;
		z[9] = row[3];
		if (!isnan(row[0]))
		{
			sum += w * row[0];
			weight += w;
		}
		problem_target(&p, i, level * 2 + (i % 5 == 1 ? 7 : row[0]) + row[1] * 1e-6 + test_normal(&random), w);
	}
	for (int i = 0; i < n; i++)
		if (isnan(p.design[i * t + 1]))
			p.design[i * t + 1] = sum / weight;

	MlpgModel  *model = test_fit(host, plan, p.rows, n);
	int			k;
	MlpgCoefficient *c = test_coefficients(host, model, &k);
	static const char *const names[] = {"(intercept)", "x1", "x1 (missing)", "x2", "x3 = c1", "x3 = c10", "x3 = c2", "x3 = c3",
		"x3 (missing)", "x4"};

	problem_check(host, &p, model, NULL, 1e-11);
	for (int j = 0; j < k && j < t; j++)
		CHECK_TEXT(c[j].term, names[j]);

	/* the reference level has a row of its own, in front of the others */
	MlpgCoefficient *all = mlpg_affine_coefficients(host, model, &k);

	CHECK_INT(k, t + 1);
	CHECK_TEXT(all[4].term, "x3 = c0 (reference)");
	CHECK(all[4].estimate == 0 && isnan(all[4].std_error) && isnan(all[4].p_value));
	CHECK_TEXT(all[5].term, "x3 = c1");
	CHECK_CLOSE(model->schema->feature[0].mean, sum / weight, 1e-14);
	CHECK(model->schema->feature[0].has_missing && !model->schema->feature[1].has_missing && model->schema->feature[2].has_missing);

	/* predictions are the design times the coefficients */
	for (int i = 0; i < 50; i++)
	{
		double		features[4],
					score,
					expected = 0;

		memcpy(features, problem_row(&p, i), sizeof(features));
		for (int j = 0; j < 5; j++)
			if (features[2] == byte_order[j])
			{
				features[2] = j;
				break;
			}
		for (int j = 0; j < t; j++)
			expected += c[j].estimate * p.design[i * t + j];
		model->learner->predict(model, features, 1, 4, &score);
		CHECK_CLOSE(score, expected, 1e-12);
	}
	harness_free(host);
}

static double
predict_one(const MlpgModel *model, double a, double b)
{
	double		features[2] = {a, b},
				score;

	model->learner->predict(model, features, 1, 2, &score);
	return score;
}

static void
test_unseen(void)
{
	MlpgHost   *host = harness_host();
	double		rows[60];

	for (int i = 0; i < 20; i++)
	{
		rows[i * 3] = i;
		rows[i * 3 + 1] = i % 3;
		rows[i * 3 + 2] = 2 * i + 10 * (i % 3) + 1 + (i == 7);
	}

	MlpgModel  *model = test_fit(host, test_plan(host, "linear", 2, "nc", false), rows, 20);

	/* default of unpenalised fits: NULL for a level not seen, and for a NULL where training saw none */
	CHECK_INT(model->schema->unseen, MLPG_UNSEEN_NULL);
	CHECK(isnan(predict_one(model, 3, -1)));
	CHECK(isnan(predict_one(model, 3, NAN)));
	CHECK(isnan(predict_one(model, NAN, NAN)));
	/* a number missing where training saw none: its mean */
	CHECK_CLOSE(predict_one(model, NAN, 1), predict_one(model, 9.5, 1), 1e-14);

	MlpgPlan   *plan = test_plan(host, "linear", 2, "nc", false);

	mlpg_params_set(host, plan->params, "unseen", "zero");
	model = test_fit(host, plan, rows, 20);
	CHECK_INT(model->schema->unseen, MLPG_UNSEEN_ZERO);
	/* none of the levels holds: the reference level */
	CHECK_CLOSE(predict_one(model, 3, -1), predict_one(model, 3, 0), 1e-14);
	CHECK_CLOSE(predict_one(model, 3, NAN), predict_one(model, 3, 0), 1e-14);
	CHECK(isnan(predict_one(model, NAN, NAN)));

	plan = test_plan(host, "linear", 2, "nc", false);
	mlpg_params_set(host, plan->params, "unseen", "error");
	CHECK_INT(test_fit(host, plan, rows, 20)->schema->unseen, MLPG_UNSEEN_ERROR);

	/* penalised fits keep all levels, and zero is their default */
	plan = test_plan(host, "linear", 2, "nc", false);
	mlpg_params_set(host, plan->params, "l2", "0.001");

	int			k;

	model = test_fit(host, plan, rows, 20);
	test_coefficients(host, model, &k);
	CHECK_INT(k, 5);
	CHECK_INT(model->schema->unseen, MLPG_UNSEEN_ZERO);

	/* a level that has no weight: its term is dropped, loudly, and the others are as without it */
	plan = test_plan(host, "linear", 2, "nc", true);

	double		weighted[80];

	for (int i = 0; i < 20; i++)
	{
		memcpy(weighted + i * 4, rows + i * 3, 3 * sizeof(double));
		weighted[i * 4 + 3] = i % 3 != 2;
	}
	model = test_fit(host, plan, weighted, 20);

	MlpgCoefficient *c = test_coefficients(host, model, &k);

	CHECK_INT(k, 4);
	CHECK(isnan(c[3].estimate));
	CHECK(!isnan(c[2].estimate));
	CHECK(test_warning(model, "design is rank deficient") != NULL);
	harness_free(host);
}

/* Without intercept: the first category keeps all levels, a constant number stays. */
static void
test_no_intercept(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 17;
	int			n = 200,
				t = 6;
	Problem		p = problem_create(host, n, 3, t, false);
	MlpgPlan   *plan = test_plan(host, "linear", 3, "ncc", false);

	for (int i = 0; i < n; i++)
	{
		double	   *row = problem_row(&p, i);
		double	   *z = p.design + (size_t) i * (size_t) t;
		int			a = (int) (test_random(&random) % 3),
					b = (int) (test_random(&random) % 3);

		row[0] = z[0] = test_normal(&random);
		row[1] = a;
		row[2] = b;
		z[1 + a] = 1;
		if (b > 0)
			z[3 + b] = 1;
		problem_target(&p, i, a + 2 * b + row[0] + test_normal(&random), 1);
	}
	mlpg_params_set(host, plan->params, "intercept", "false");

	MlpgModel  *model = test_fit(host, plan, p.rows, n);

	problem_check(host, &p, model, NULL, 1e-12);
	CHECK(isnan(test_fact(model, "r_squared")) && test_fact(model, "r_squared_about_zero") > 0);

	plan = test_plan(host, "linear", 1, NULL, false);
	mlpg_params_set(host, plan->params, "intercept", "false");

	double		rows[] = {4, 8, 4, 9, 4, 10};
	int			k;
	MlpgCoefficient *c = test_coefficients(host, test_fit(host, plan, rows, 3), &k);

	CHECK_INT(k, 1);
	CHECK_CLOSE(c[0].estimate, 2.25, 1e-15);
	harness_free(host);
}

/* ---------- scales ---------- */

/* Columns times powers of two: the same bits, as long as the answer is in range. */
static void
test_power_of_two_scales(void)
{
	static const int shift[][3] = {{0, 0, 0}, {900, -950, 0}, {-900, 900, -20}, {500, 400, 990}, {-500, -300, -900}, {1000, 1000, 1000}};
	MlpgHost   *host = harness_host();
	MlpgCoefficient *first = NULL;
	double		r_squared = 0;

	for (int s = 0; s < (int) (sizeof(shift) / sizeof(shift[0])); s++)
	{
		uint64_t	random = 23;
		double		rows[700 * 3];
		int			k;

		for (int i = 0; i < 700; i++)
		{
			double	   *row = rows + i * 3;

			row[0] = test_normal(&random);
			row[1] = i % 4 == 0 ? NAN : test_normal(&random) + 1;
			row[2] = row[0] + 3 + test_normal(&random) * 0.1;
			for (int j = 0; j < 3; j++)
				row[j] = ldexp(row[j], shift[s][j]);
		}

		MlpgModel  *model = test_fit(host, test_plan(host, "linear", 2, NULL, false), rows, 700);
		MlpgCoefficient *c = test_coefficients(host, model, &k);

		CHECK_INT(k, 4);
		CHECK(test_warning(model, "") == NULL);
		if (s == 0)
		{
			first = c;
			r_squared = test_fact(model, "r_squared");
			continue;
		}
		for (int j = 0; j < 4; j++)
		{
			int			by = shift[s][2] - (j == 0 || j == 3 ? 0 : shift[s][j - 1]);

			CHECK_CLOSE(c[j].estimate, ldexp(first[j].estimate, by), 0);
			CHECK_CLOSE(c[j].std_error, ldexp(first[j].std_error, by), 0);
			CHECK_CLOSE(c[j].p_value, first[j].p_value, 1e-13);
		}
		CHECK_CLOSE(test_fact(model, "r_squared"), r_squared, 0);
	}
	harness_free(host);
}

/* y = a + b x over very different units; or an error, never infinity or NaN. */
static void
test_extreme_values(void)
{
	static const double unit[] = {1, 1e300, 1e-300, 1e-310, 5e-324, 1.7e308};

	for (int u = 0; u < 6; u++)
		for (int v = 0; v < 6; v++)
		{
			MlpgHost   *host = harness_host();
			double		rows[40];
			bool		raised;
			MlpgModel  *volatile model = NULL;

			for (int i = 0; i < 20; i++)
			{
				rows[i * 2] = unit[u] * (i < 10 ? -1 : 1) * (unit[u] > 1e300 ? 1 : i % 10);
				rows[i * 2 + 1] = unit[v] * (i < 10 ? -1 : 1) * (unit[v] > 1e300 ? 1 : i % 10);
			}
			HARNESS_TRY(host, raised, model = test_fit(host, test_plan(host, "linear", 1, NULL, false), rows, 20));
			if (raised)
			{
				CHECK_INT(harness_code(host), MLPG_DATA_EXCEPTION);
				/* only where the slope is out of range */
				CHECK(!(unit[v] / unit[u] < 1e306 && unit[v] / unit[u] > 1e-306));
			}
			else
			{
				int			k;
				MlpgCoefficient *c = test_coefficients(host, model, &k);

				CHECK_INT(k, 2);
				if (unit[u] > 1e300 || unit[v] > 1e300)
					CHECK(isfinite(c[1].estimate));
				else if (unit[v] > 1e-307)
					CHECK_CLOSE(c[1].estimate, unit[v] / unit[u], 1e-12);
				else		/* the target itself has no more digits */
					CHECK(fabs(c[1].estimate - unit[v] / unit[u]) * unit[u] <= 5e-324);
				CHECK(fabs(c[0].estimate) <= 1e-12 * 9 * unit[v]);
			}
			harness_free(host);
		}

	/* a sum out of range, but not the mean */
	MlpgHost   *host = harness_host();
	double		rows[24];

	for (int i = 0; i < 12; i++)
	{
		rows[i * 2] = i % 2 ? 1.7e308 : 1.6e308;
		rows[i * 2 + 1] = i;
	}

	MlpgModel  *model = test_fit(host, test_plan(host, "linear", 1, NULL, false), rows, 12);

	CHECK_CLOSE(model->schema->feature[0].mean, 1.65e308, 1e-14);
	harness_free(host);
}

/* A target far from zero against its spread: right errors, or a warning. */
static void
test_target_offset(void)
{
	for (double offset = 1; offset <= 1e15; offset *= 1000)
	{
		MlpgHost   *host = harness_host();
		Problem		p = problem_create(host, 600, 1, 2, false);

		for (int i = 0; i < 600; i++)
		{
			problem_row(&p, i)[0] = p.design[i * 2 + 1] = i;
			p.design[i * 2] = 1;
			problem_target(&p, i, offset + 2 * i + (i % 7 == 0), 1);
		}

		MlpgModel  *model = test_fit(host, test_plan(host, "linear", 1, NULL, false), p.rows, 600);
		int			k;

		if (test_warning(model, "target is too far from zero") == NULL)
		{
			CHECK(offset < 1e12);
			problem_check(host, &p, model, NULL, 1e-13 + pow(offset, 2) * 1e-25);
		}
		else
		{
			CHECK(offset >= 1e12);
			CHECK_CLOSE(test_coefficients(host, model, &k)[1].estimate, 2, 1e-3);
		}
		harness_free(host);
	}
}

/* A constant target: a model, all slopes zero, but no R squared out of rounding. */
static void
test_constant_target(void)
{
	static const double value[] = {0.1, 1.0 / 3, -1e10 / 7, 5e-324, 0};

	for (int v = 0; v < 5; v++)
		for (int n = 2; n <= 800; n *= 3)
		{
			MlpgHost   *host = harness_host();
			uint64_t	random = 9;
			double	   *rows = mlpg_allocate(host, (size_t) n * 3, sizeof(double));
			int			k;

			for (int i = 0; i < n; i++)
			{
				rows[i * 3] = test_normal(&random);
				rows[i * 3 + 1] = value[v];
				rows[i * 3 + 2] = test_uniform(&random);
			}

			MlpgModel  *model = test_fit(host, test_plan(host, "linear", 1, NULL, true), rows, n);
			MlpgCoefficient *c = test_coefficients(host, model, &k);

			CHECK_CLOSE(c[0].estimate, value[v], 1e-14);
			CHECK(fabs(c[1].estimate) <= 1e-13 * fabs(value[v]) + 5e-324);
			CHECK(mlpg_fact_find(model->facts, "r_squared") == NULL);
			CHECK(test_warning(model, "") == NULL);
			harness_free(host);
		}
}

/* ---------- against R, where its data are at hand ---------- */

/* Cells of a line of comma-separated values, quotes taken off. */
static int
split(char *line, char **cell, int n_max)
{
	int			n = 0;

	for (char *at = strtok(line, ",\r\n"); at != NULL && n < n_max; at = strtok(NULL, ",\r\n"))
	{
		if (*at == '"')
		{
			at++;
			at[strlen(at) - 1] = '\0';
		}
		cell[n++] = at;
	}
	return n;
}

/* 731 days: the columns named, then cnt.  NULL if the file is absent. */
static double *
bike_rows(MlpgHost *host, const char *const *columns, int n_columns, int *n_rows)
{
	FILE	   *file = fopen("../shared/data/bike_sharing/day.csv", "r");
	char		line[1000];
	char	   *cell[40];
	int			position[40],
				n;
	double	   *rows;

	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return NULL;
	n = split(line, cell, 40);
	for (int j = 0; j <= n_columns; j++)
		for (int i = 0; i < n; i++)
			if (strcmp(cell[i], j < n_columns ? columns[j] : "cnt") == 0)
				position[j] = i;
	rows = mlpg_allocate(host, (size_t) 1000 * (size_t) (n_columns + 1), sizeof(double));
	for (*n_rows = 0; *n_rows < 1000 && fgets(line, sizeof(line), file) != NULL; (*n_rows)++)
	{
		split(line, cell, 40);
		for (int j = 0; j <= n_columns; j++)
			rows[*n_rows * (n_columns + 1) + j] = strtod(cell[position[j]], NULL);
	}
	fclose(file);
	return rows;
}

/* The estimates of a reference file whose lines begin as given, in its order of terms. */
static void
compare_file(MlpgHost *host, const MlpgModel *model, const char *path, const char *start, int skip, double relative)
{
	FILE	   *file = fopen(path, "r");
	char		line[1000];
	char	   *cell[40];
	int			n,
				j = 0;
	MlpgCoefficient *c = test_coefficients(host, model, &n);

	CHECK(file != NULL);
	while (file != NULL && fgets(line, sizeof(line), file) != NULL && j < n)
	{
		if (strncmp(line, start, strlen(start)) != 0 || strncmp(line, "\"term\"", 6) == 0)
			continue;
		split(line, cell, 40);
		CHECK_CLOSE(c[j].estimate, strtod(cell[skip + 1], NULL), relative);
		if (skip == 0)
		{
			CHECK_CLOSE(c[j].std_error, strtod(cell[2], NULL), relative);
			CHECK_CLOSE(c[j].statistic, strtod(cell[3], NULL), relative);
		}
		j++;
	}
	CHECK_INT(j, n);
	if (file != NULL)
		fclose(file);
}

static void
test_against_r(void)
{
	static const char *const ols[] = {"temp", "hum", "windspeed", "yr", "holiday", "workingday"};
	static const char *const ridge[] = {"temp", "atemp", "hum", "windspeed", "yr", "holiday", "workingday"};
	static const int lambda[] = {1, 10, 100};
	MlpgHost   *host = harness_host();
	int			n;
	double	   *rows = bike_rows(host, ols, 6, &n);
	double		sum = 0,
				squares = 0;

	if (rows == NULL)
	{
		harness_note("skipped: ../shared/data/bike_sharing is absent");
		harness_free(host);
		return;
	}
	CHECK_INT(n, 731);
	compare_file(host, test_fit(host, test_plan(host, "linear", 6, NULL, false), rows, n),
				 "../shared/data/reference_fits/bike_day_ols_R.csv", "\"", 0, 1e-10);

	rows = bike_rows(host, ridge, 7, &n);
	for (int i = 0; i < n; i++)
		sum += rows[i * 8 + 7];
	for (int i = 0; i < n; i++)
		squares += pow(rows[i * 8 + 7] - sum / n, 2);
	for (int k = 0; k < 3; k++)
	{
		MlpgPlan   *plan = test_plan(host, "linear", 7, NULL, false);

		/* glmnet divides its ridge part by sd_n(y) */
		mlpg_params_set(host, plan->params, "l2", mlpg_number_text(host, lambda[k] / sqrt(squares / n)));
		compare_file(host, test_fit(host, plan, rows, n), "../shared/data/reference_fits/bike_day_glmnet_R.csv",
					 mlpg_text(host, "0,%d,", lambda[k]), 2, 1e-5);
	}
	harness_free(host);
}

int
main(void)
{
	test_against_r();
	test_weights();
	test_ridge();
	test_ridge_twins();
	test_encoding(false);
	test_encoding(true);
	test_unseen();
	test_no_intercept();
	test_power_of_two_scales();
	test_extreme_values();
	test_target_offset();
	test_constant_target();
	return harness_done();
}
