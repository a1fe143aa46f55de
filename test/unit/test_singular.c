/*-------------------------------------------------------------------------
 *
 * test_singular.c
 *	  Learner "linear" on singular and nearly singular designs: a right answer
 *	  or a warning, never a wrong answer in silence.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "exact.h"

#define N_MAX 2000
#define T_MAX 64

typedef struct Design
{
	char		name[60];
	int			n;
	int			t;				/* columns, the intercept first */
	double	   *z;				/* N_MAX x T_MAX at most, n x t used */
	double	   *y;
	double	   *w;				/* NULL: none */
} Design;

static int	n_right;
static int	n_warned;

static MlpgModel *
fit_design(MlpgHost *host, const Design *d)
{
	int			columns = d->t + (d->w ? 1 : 0);
	double	   *rows = mlpg_allocate(host, (size_t) d->n * (size_t) columns, sizeof(double));

	for (int i = 0; i < d->n; i++)
	{
		memcpy(rows + i * columns, d->z + i * d->t + 1, (size_t) (d->t - 1) * sizeof(double));
		rows[i * columns + d->t - 1] = d->y[i];
		if (d->w)
			rows[i * columns + d->t] = d->w[i];
	}
	return test_fit(host, test_plan(host, "linear", d->t - 1, NULL, d->w != NULL), rows, d->n);
}

/* The columns that the model kept, fitted in quadruple precision. */
static void
fit_kept(const Design *d, const bool *kept, int n_kept, ExactFit *exact)
{
	double	   *z = malloc((size_t) d->n * (size_t) n_kept * sizeof(double));

	if (z == NULL)
		abort();
	for (int i = 0; i < d->n; i++)
		for (int j = 0, k = 0; j < d->t; j++)
			if (kept[j])
				z[(size_t) i * (size_t) n_kept + (size_t) k++] = d->z[(size_t) i * (size_t) d->t + (size_t) j];
	exact_fit(z, d->y, d->w, NULL, d->n, n_kept, d->n - n_kept, exact);
	free(z);
}

/*
 * Digits of the worst kept coefficient, against the same columns in quadruple
 * precision.  Without a warning there must be 6 at least; a warning must not
 * promise more than there are; a dropped column must be named.
 */
static void
check_design(const Design *d, int n_dropped)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *model = fit_design(host, d);
	const char *dropped_warning = test_warning(model, "design is rank deficient: ");
	const char *near_warning = test_warning(model, "design is nearly singular: of the digits of a coefficient as few as ");
	bool		kept[T_MAX];
	int			n,
				n_kept = 0;
	double		digits = 16;
	MlpgCoefficient *c = test_coefficients(host, model, &n);
	ExactFit	exact;

	/* a constant column has no term at all */
	for (int j = 0, k = 0; j < d->t; j++)
	{
		char		name[20];

		snprintf(name, sizeof(name), "x%d", j);
		kept[j] = k < n && strcmp(c[k].term, j == 0 ? "(intercept)" : name) == 0;
		if (!kept[j])
			continue;
		kept[j] = !isnan(c[k].estimate);
		if (!kept[j])
		{
			char		quoted[24];

			snprintf(quoted, sizeof(quoted), "\"x%d\"", j);
			harness_result(dropped_warning != NULL && strstr(dropped_warning, quoted) != NULL, __FILE__, __LINE__,
						   "a dropped column is named");
		}
		k++;
		n_kept += kept[j];
	}
	fit_kept(d, kept, n_kept, &exact);
	for (int k = 0, m = 0; k < n; k++)
		if (!isnan(c[k].estimate))
		{
			digits = fmin(digits, test_digits(c[k].estimate, exact.b[m]));
			if (d->n > n_kept)
				digits = fmin(digits, test_digits(c[k].std_error, exact.se[m]));
			m++;
		}

	char		what[200];
	int			promised = near_warning ? atoi(near_warning) : 6;

	snprintf(what, sizeof(what), "%s: %.1f digits, %d of %d columns kept, %s", d->name, digits, n_kept, d->t,
			 near_warning ? "warned" : dropped_warning ? "rank deficient" : "no warning");
	harness_result(digits >= promised, __FILE__, __LINE__, what);
	if (n_dropped >= 0)
		CHECK_INT(d->t - n_kept, n_dropped);
	n_right += !near_warning && !dropped_warning;
	n_warned += near_warning || dropped_warning;
	harness_free(host);
}

/* ---------- exact dependence ---------- */

static void
test_dependent(Design *d)
{
	uint64_t	random = 1;

	for (int weighted = 0; weighted < 2; weighted++)
	{
		d->n = 700;
		d->t = 6;
		for (int i = 0; i < d->n; i++)
		{
			double	   *z = d->z + i * 6;

			z[0] = 1;
			z[1] = test_normal(&random);
			z[2] = test_normal(&random) * 1000;
			z[3] = z[1] + z[2];		/* rounded */
			z[4] = z[1];
			z[5] = 0.1 * z[1] - z[2] / 3 + 7;
			d->y[i] = z[1] + z[2] / 1000 + test_normal(&random);
			d->w[i] = test_uniform(&random);
		}
		snprintf(d->name, sizeof(d->name), "sum, copy and mixture%s", weighted ? ", weighted" : "");

		double	   *w = d->w;

		d->w = weighted ? w : NULL;
		check_design(d, 3);
		d->w = w;
	}
	d->w = NULL;

	/* a sum that cancels: c3 = c1 + c2 is small against both */
	d->t = 4;
	for (int i = 0; i < d->n; i++)
	{
		double	   *z = d->z + i * 4;

		z[0] = 1;
		z[1] = 1e6 * test_normal(&random);
		z[2] = -z[1] + test_normal(&random);
		z[3] = z[1] + z[2];
		d->y[i] = test_normal(&random);
	}
	snprintf(d->name, sizeof(d->name), "sum that cancels");
	check_design(d, 1);

	/* the full set of indicators of a category, as numbers */
	d->t = 6;
	for (int i = 0; i < d->n; i++)
	{
		double	   *z = d->z + i * 6;

		memset(z, 0, 6 * sizeof(double));
		z[0] = 1;
		z[1 + test_random(&random) % 5] = 1;
		d->y[i] = z[1] + test_normal(&random);
	}
	snprintf(d->name, sizeof(d->name), "all indicators");
	check_design(d, 1);
}

/* A number that is an indicator of a category, or of a missing value: found, with and without weights. */
static void
test_indicator_as_number(void)
{
	for (int weighted = 0; weighted < 2; weighted++)
	{
		MlpgHost   *host = harness_host();
		uint64_t	random = 6;
		int			n = 800,
					d = 5 + weighted,
					k;
		double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));

		for (int i = 0; i < n; i++)
		{
			double	   *row = rows + i * d;

			row[0] = (double) (test_random(&random) % 3);
			row[1] = test_random(&random) % 4 == 0 ? NAN : test_normal(&random);
			row[2] = row[0] == 2;
			row[3] = isnan(row[1]) ? 0.7 : 0.2;
			row[4] = row[0] + test_normal(&random);
			if (weighted)
				row[5] = test_uniform(&random);
		}

		MlpgModel  *model = test_fit(host, test_plan(host, "linear", 4, "cnnn", weighted != 0), rows, n);
		MlpgCoefficient *c = test_coefficients(host, model, &k);

		/* (intercept), x1 = c1, x1 = c2, x2, x2 (missing), x3, x4 */
		CHECK_INT(k, 7);
		for (int j = 0; j < k; j++)
			CHECK(isnan(c[j].estimate) == (j >= 5));
		CHECK_TEXT(test_warning(model, "design is rank deficient: "),
				   "2 terms dropped as linearly dependent on those before: \"x3\", \"x4\"");
		CHECK(test_warning(model, "design is nearly singular") == NULL);
		harness_free(host);
	}
}

/* Constant and empty columns have no term; two columns missing in the same rows share an indicator. */
static void
test_empty_columns(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 4;
	double		rows[100 * 6];
	int			k;

	for (int i = 0; i < 100; i++)
	{
		double	   *row = rows + i * 6;

		row[0] = 5;
		row[1] = NAN;
		row[2] = i % 3 == 0 ? NAN : test_normal(&random);
		row[3] = i % 3 == 0 ? NAN : test_normal(&random);
		row[4] = i % 5 == 0 ? NAN : 8;
		row[5] = test_normal(&random);
	}

	MlpgModel  *model = test_fit(host, test_plan(host, "linear", 5, NULL, false), rows, 100);
	MlpgCoefficient *c = test_coefficients(host, model, &k);
	static const char *const names[] = {"(intercept)", "x3", "x3 (missing)", "x4", "x4 (missing)", "x5 (missing)"};

	CHECK_INT(k, 6);
	for (int j = 0; j < k && j < 6; j++)
	{
		CHECK_TEXT(c[j].term, names[j]);
		CHECK(isnan(c[j].estimate) == (j == 4));
	}
	CHECK(model->schema->feature[0].constant && model->schema->feature[1].constant && !model->schema->feature[4].constant);
	CHECK(test_warning(model, "") == NULL);
	CHECK_TEXT(mlpg_fact_find(model->facts, "dropped_indicators"), "\"x4 (missing)\"");
	harness_free(host);
}

/* ---------- near dependence ---------- */

static void
test_near_copies(Design *d)
{
	uint64_t	random = 2;

	d->t = 3;
	for (int k = 3; k <= 17; k++)
		for (d->n = 50; d->n <= 2000; d->n *= 40)
		{
			double		eps = pow(10, -k);

			for (int i = 0; i < d->n; i++)
			{
				double	   *z = d->z + i * 3;

				z[0] = 1;
				z[1] = test_normal(&random);
				z[2] = z[1] + eps * test_normal(&random);
				d->y[i] = 1 + z[1] + z[2] + test_normal(&random);
			}
			snprintf(d->name, sizeof(d->name), "copy but for noise of %g, %d rows", eps, d->n);
			check_design(d, k <= 11 ? 0 : k >= 14 ? 1 : -1);
		}
}

static void
test_polynomials(Design *d)
{
	uint64_t	random = 3;

	d->n = 100;
	for (int low = 1; low <= 20; low += 19)
		for (int degree = 4; degree <= 20; degree++)
		{
			d->t = degree + 1;
			for (int i = 0; i < d->n; i++)
			{
				double		x = low == 1 ? 1 + i / 100.0 : 20 + i / 10.0;

				for (int j = 0; j <= degree; j++)
					d->z[i * d->t + j] = pow(x, j);
				d->y[i] = sin(5 * x) + 0.1 * test_normal(&random);
			}
			snprintf(d->name, sizeof(d->name), "powers up to %d of x from %d", degree, low);
			check_design(d, -1);
		}
}

/*
 * Wilkinson's triangle: each column less all before it.  Every column is far
 * from those before, in order, and yet the whole is as good as singular.
 */
static void
test_triangles(Design *d)
{
	uint64_t	random = 4;

	d->n = 200;
	for (int p = 10; p <= 60; p += 10)
	{
		d->t = p + 1;
		for (int i = 0; i < d->n; i++)
		{
			double		sum = 0;
			double	   *z = d->z + i * d->t;

			z[0] = 1;
			for (int j = 1; j <= p; j++)
			{
				double		e = round(test_normal(&random) * 1000);

				z[j] = e - sum;
				sum += e;
			}
			d->y[i] = test_normal(&random);
		}
		snprintf(d->name, sizeof(d->name), "triangle of %d", p);
		check_design(d, -1);
	}
}

static void
test_offsets(Design *d)
{
	uint64_t	random = 5;

	d->n = 60;
	d->t = 2;
	for (double offset = 1e3; offset < 2e17; offset *= 10)
	{
		for (int i = 0; i < d->n; i++)
		{
			d->z[i * 2] = 1;
			d->z[i * 2 + 1] = offset + (offset > 1e15 ? 64 : 1) * i;
			d->y[i] = 3 + 2 * i + test_normal(&random);
		}
		snprintf(d->name, sizeof(d->name), "0 .. 59 from %g on", offset);
		check_design(d, -1);
	}
}

/* ---------- few rows, many columns ---------- */

static void
test_few_rows(Design *d)
{
	uint64_t	random = 8;

	for (int n = 1; n <= 6; n++)
	{
		d->n = n;
		d->t = 5;
		for (int i = 0; i < n; i++)
		{
			d->z[i * 5] = 1;
			for (int j = 1; j < 5; j++)
				d->z[i * 5 + j] = test_normal(&random);
			d->y[i] = test_normal(&random);
		}
		snprintf(d->name, sizeof(d->name), "%d rows, 5 columns", n);
		check_design(d, n >= 5 ? 0 : 5 - n);
	}

	/* one row: the target itself, no errors, no R squared */
	MlpgHost   *host = harness_host();
	double		row[] = {3, NAN, 17};
	int			k;
	MlpgModel  *model = test_fit(host, test_plan(host, "linear", 2, NULL, false), row, 1);
	MlpgCoefficient *c = test_coefficients(host, model, &k);

	CHECK_INT(k, 1);
	CHECK_CLOSE(c[0].estimate, 17, 0);
	CHECK(isnan(c[0].std_error) && isnan(c[0].p_value));
	CHECK(mlpg_fact_find(model->facts, "r_squared") == NULL);

	/* no row */
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, test_fit_bytes(host, test_plan(host, "linear", 2, NULL, false), row, 0));
	CHECK_TEXT(harness_message(host), "too few rows to fit a model");
	harness_free(host);
}

/* 1,600 columns and 50 rows: the rows are met exactly. */
static void
test_more_columns_than_rows(void)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	uint64_t	random = 10;
	int			n = 50,
				d = 1601,
				k,
				kept = 0;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));

	for (int i = 0; i < n * d; i++)
		rows[i] = test_normal(&random);

	MlpgModel  *model = test_fit(host, test_plan(host, "linear", 1600, NULL, false), rows, n);
	MlpgCoefficient *c = test_coefficients(host, model, &k);

	CHECK_INT(k, 1601);
	for (int j = 0; j < k; j++)
		kept += !isnan(c[j].estimate);
	CHECK_INT(kept, n);
	CHECK(test_warning(model, "design is rank deficient: 1551 terms dropped") != NULL);
	for (int i = 0; i < n; i++)
	{
		double		score;

		model->learner->predict(model, rows + i * d, 1, d, &score);
		CHECK(fabs(score - rows[i * d + 1600]) < 1e-9);
	}
	harness_free(host);
}

/* 300 columns, 700 rows: residuals are orthogonal to every column. */
static void
test_many_columns(void)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	uint64_t	random = 12;
	int			n = 700,
				d = 301;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));
	double	   *residual = mlpg_allocate(host, (size_t) n, sizeof(double));

	for (int i = 0; i < n * d; i++)
		rows[i] = test_normal(&random) + (i % d) % 7;

	MlpgModel  *model = test_fit(host, test_plan(host, "linear", d - 1, NULL, false), rows, n);
	double		worst = 0;

	CHECK(test_warning(model, "") == NULL);
	model->learner->predict(model, rows, n, d, residual);
	for (int i = 0; i < n; i++)
		residual[i] -= rows[i * d + d - 1];
	for (int j = 0; j < d - 1; j++)
	{
		double		dot = 0,
					length = 0;

		for (int i = 0; i < n; i++)
		{
			dot += residual[i] * rows[i * d + j];
			length += fabs(residual[i] * rows[i * d + j]);
		}
		worst = fmax(worst, fabs(dot) / length);
	}
	harness_note("worst cosine of a residual and a column: %.1e", worst);
	CHECK(worst < 1e-12);
	harness_free(host);
}

int
main(void)
{
	Design		d = {.z = malloc(N_MAX * T_MAX * sizeof(double)), .y = malloc(N_MAX * sizeof(double)), .w = malloc(N_MAX * sizeof(double))};
	double	   *w = d.w;

	test_dependent(&d);
	test_indicator_as_number();
	test_empty_columns();
	test_near_copies(&d);
	test_polynomials(&d);
	test_triangles(&d);
	test_offsets(&d);
	test_few_rows(&d);
	test_more_columns_than_rows();
	test_many_columns();
	harness_note("%d designs without a warning, %d with one", n_right, n_warned);
	/* both kinds were there */
	CHECK(n_right >= 30 && n_warned >= 30);
	free(d.z);
	free(d.y);
	free(w);
	return harness_done();
}
