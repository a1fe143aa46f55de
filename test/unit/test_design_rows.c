/*-------------------------------------------------------------------------
 *
 * test_design_rows.c
 *	  The design held by row: against the rows of mlpg_design_row, multiplied out
 *	  in the plainest way; its kernels against the portable ones, bit for bit.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/affine/design_rows.h"
#include "core/math/rows.h"

#define WIDTH 141

/* ---------- kernels ---------- */

static bool
same_lower(const double *a, const double *b, int n, int lda)
{
	for (int i = 0; i < n; i++)
		if (memcmp(a + i * lda, b + i * lda, (size_t) (i + 1) * sizeof(double)) != 0)
			return false;
	return true;
}

static void
test_kernels(void)
{
	static double x[23 * 144],
				a[2][144 * 144];
	const MlpgRows *fast = mlpg_rows();
	uint64_t	random = 9;
	bool		multiplied = true,
				added = true,
				crossed = true;

	for (int n = 1; n <= WIDTH; n += n < 12 ? 1 : 13)
		for (int n_rows = 0; n_rows <= 23; n_rows += 1 + n_rows / 6)
		{
			int			stride = (n + 3) / 4 * 4;
			double		b[WIDTH + 1],
						w[23],
						out[2][24] = {{0}},
						sum[2][WIDTH + 1];

			memset(x, 0, sizeof(x));
			for (int k = 0; k <= n; k++)
				b[k] = sum[0][k] = sum[1][k] = test_normal(&random);
			for (int r = 0; r < n_rows; r++)
			{
				w[r] = test_normal(&random);
				for (int k = 0; k < n; k++)
					x[r * stride + k] = test_normal(&random);
			}
			for (size_t k = 0; k < sizeof(a[0]) / sizeof(double); k++)
				a[0][k] = a[1][k] = test_uniform(&random);
			fast->multiply(x, n_rows, n, stride, b, out[0]);
			mlpg_rows_portable.multiply(x, n_rows, n, stride, b, out[1]);
			multiplied &= memcmp(out[0], out[1], sizeof(out[0])) == 0;
			fast->add(x, n_rows, n, stride, w, sum[0]);
			mlpg_rows_portable.add(x, n_rows, n, stride, w, sum[1]);
			added &= memcmp(sum[0], sum[1], (size_t) (n + 1) * sizeof(double)) == 0;
			fast->crossprod(x, n_rows, n, stride, w, a[0], 144);
			mlpg_rows_portable.crossprod(x, n_rows, n, stride, w, a[1], 144);
			crossed &= same_lower(a[0], a[1], n, 144);
		}
	CHECK(multiplied);
	CHECK(added);
	CHECK(crossed);
}

static void
test_column_kernels(void)
{
	const MlpgRows *fast = mlpg_rows();
	uint64_t	random = 10;
	bool		gathered = true,
				measured = true;

	for (int stride = 4; stride <= 144; stride += 4)
	{
		static double values[144][9];
		static float narrow[144][9];
		static double x[2][9 * 144];
		MlpgRowsColumn column[144];
		double		about[144],
					w[9],
					sums[2][2 * 144];

		for (int k = 0; k < stride; k++)
		{
			bool		wide = test_uniform(&random) < 0.5;

			column[k] = (MlpgRowsColumn) {wide ? (const void *) values[k] : narrow[k], wide, test_normal(&random), 0.25, test_normal(&random), test_normal(&random)};
			about[k] = test_normal(&random);
			for (int r = 0; r < 9; r++)
			{
				values[k][r] = test_uniform(&random) < 0.1 ? NAN : test_normal(&random);
				narrow[k][r] = (float) values[k][r];
			}
		}
		for (int k = 0; k < 2 * stride; k++)
			sums[0][k] = sums[1][k] = test_uniform(&random);
		for (int r = 0; r < 9; r++)
			w[r] = test_uniform(&random);
		fast->gather(column, 9, stride, x[0]);
		mlpg_rows_portable.gather(column, 9, stride, x[1]);
		gathered &= memcmp(x[0], x[1], (size_t) (9 * stride) * sizeof(double)) == 0;
		for (int k = 0; k < stride; k++)
		{
			double		value = column[k].wide ? values[k][5] : narrow[k][5];

			gathered &= x[0][5 * stride + k] == ((isnan(value) ? column[k].fill : value) * 0.25 - column[k].shift) * column[k].factor;
		}
		fast->moments(x[0], 9, stride, stride % 8 ? w : NULL, about, sums[0], sums[0] + stride);
		mlpg_rows_portable.moments(x[0], 9, stride, stride % 8 ? w : NULL, about, sums[1], sums[1] + stride);
		measured &= memcmp(sums[0], sums[1], (size_t) (2 * stride) * sizeof(double)) == 0;
	}
	CHECK(gathered);
	CHECK(measured);
}

/* ---------- designs ---------- */

/* A training of numbers (the second with NULLs, the third far from zero) and a category with NULLs. */
typedef struct Case
{
	MlpgTraining training;
	MlpgDesign *design;
	double	   *w;
	double	   *plain;			/* n_rows x n_terms, by mlpg_design_row */
} Case;

static Case
make_case(MlpgHost *host, int64_t n, bool weighted, bool intercept, bool reference, double scale)
{
	Case		c = {0};
	MlpgPlan   *plan = test_plan(host, "quantile", 4, "nnnc", weighted);
	MlpgMatrix *matrix = mlpg_matrix_create(host, mlpg_plan_columns(plan));
	MlpgSchema *schema = mlpg_schema_create(host, 4);
	MlpgBlock  *block = mlpg_block_create(host, mlpg_plan_columns(plan), 100);
	uint64_t	random = 5;

	c.w = weighted ? mlpg_allocate(host, (size_t) n + 1, sizeof(double)) : NULL;
	for (int i = 0; i < 4; i++)
	{
		schema->feature[i].name = plan->name[i];
		schema->feature[i].kind = plan->kind[i];
	}
	schema->feature[3].dictionary = mlpg_dictionary_create(host);
	for (int k = 0; k < 5; k++)
		mlpg_dictionary_add(host, schema->feature[3].dictionary, mlpg_text(host, "c%d", k), 2);
	for (int64_t i = 0; i < n; i++)
	{
		double	   *row = mlpg_block_row(block, block->n_rows++);

		row[0] = test_normal(&random) * scale;
		row[1] = test_uniform(&random) < 0.3 ? NAN : row[0] + test_uniform(&random);
		row[2] = 1e6 + test_uniform(&random);
		row[3] = i < 5 ? (double) i : test_uniform(&random) < 0.1 ? NAN : floor(5 * test_uniform(&random));
		row[4] = test_uniform(&random);
		if (weighted)
			row[5] = c.w[i] = i % 7 == 0 ? 0 : test_uniform(&random);
		if (block->n_rows == block->capacity || i == n - 1)
		{
			mlpg_matrix_append(matrix, block);
			block->n_rows = 0;
		}
	}
	mlpg_matrix_describe(host, matrix, schema);
	c.training = (MlpgTraining) {.host = host, .plan = plan, .schema = schema, .matrix = matrix, .n_rows = n};
	c.design = mlpg_design_create(host, schema, intercept, reference);
	c.plain = mlpg_allocate(host, (size_t) n * (size_t) c.design->n_terms + 1, sizeof(double));
	for (int64_t i = 0; i < n; i++)
	{
		double		row[6];

		mlpg_matrix_read_rows(matrix, i, 1, row, 6);
		mlpg_design_row(schema, c.design, row, c.plain + i * c.design->n_terms);
	}
	return c;
}

typedef struct Body
{
	const double *b;
	const double *r;
	double	   *eta;
} Body;

/* sums: gradient, then cross-products with weights r^2 */
static void
body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Body *at = argument;

	mlpg_design_rows_multiply(rows, first, last, at->b, at->eta + first);
	mlpg_design_rows_add_gradient(rows, first, last, at->r + first, sums);
	for (int64_t i = first; i < last; i++)
		scratch[i - first] = at->r[i] * at->r[i];
	mlpg_design_rows_add_crossprod(rows, first, last, scratch, sums + rows->n_columns);
}

/* A column as it is held, from the plain one. */
static double
held(const Case *c, const MlpgDesignRows *rows, int64_t i, int column)
{
	return (c->plain[i * c->design->n_terms + rows->term[column]] - rows->center[column]) / rows->scale[column];
}

static double
plain_deviation(const Case *c, int term)
{
	double		w = 0,
				mean = 0,
				square = 0;

	for (int64_t i = 0; i < c->training.n_rows; i++)
	{
		double		wi = c->w ? c->w[i] : 1;

		w += wi;
		mean += wi * c->plain[i * c->design->n_terms + term];
	}
	mean /= w;
	for (int64_t i = 0; i < c->training.n_rows; i++)
		square += (c->w ? c->w[i] : 1) * pow(c->plain[i * c->design->n_terms + term] - mean, 2);
	return sqrt(square / w);
}

static void
check_sums(const Case *c, const MlpgDesignRows *rows, const double *b, const double *r, const double *eta, const double *sums)
{
	int			t = rows->n_columns;
	double		worst = 0,
				worst_product = 0;

	for (int64_t i = 0; i < c->training.n_rows; i++)
	{
		double		sum = 0;

		for (int k = 0; k < t; k++)
			sum += b[k] * held(c, rows, i, k);
		worst = fmax(worst, fabs(sum - eta[i]));
	}
	for (int k = 0; k < t; k++)
		for (int j = -1; j <= k; j++)
		{
			double		sum = 0,
						size = 0;

			for (int64_t i = 0; i < c->training.n_rows; i++)
			{
				double		term = (j < 0 ? r[i] : r[i] * r[i] * held(c, rows, i, j)) * held(c, rows, i, k);

				sum += term;
				size += fabs(term);
			}
			worst_product = fmax(worst_product, fabs(sum - (j < 0 ? sums[k] : sums[t + k * rows->lda + j])) / (size + 1));
		}
	CHECK(worst < 1e-8);		/* 1e6 + x keeps 10 digits of x */
	CHECK(worst_product < 1e-8);
}

/* A design held by any number of threads: the same bytes, and those that the plain design gives. */
static void
test_design(int64_t n, bool weighted, bool intercept, bool reference, bool standardise, double scale)
{
	double	   *kept = NULL;
	size_t		n_kept = 0;

	for (int threads = 1; threads <= 3; threads += 2)
	{
		MlpgHost   *host = harness_host_threads(threads, 0);
		Case		c = make_case(host, n, weighted, intercept, reference, scale);
		MlpgDesignRows *rows = mlpg_design_rows_create(&c.training, c.design, standardise, c.w);
		int			t = rows->n_columns;
		size_t		n_sums = (size_t) t + (size_t) t * (size_t) rows->lda;
		double	   *b = mlpg_allocate(host, (size_t) t, sizeof(double)),
				   *r = mlpg_allocate(host, (size_t) n, sizeof(double)),
				   *eta = mlpg_allocate(host, (size_t) n, sizeof(double)),
				   *sums = mlpg_allocate(host, n_sums, sizeof(double)),
				   *original = mlpg_allocate(host, (size_t) t, sizeof(double));
		uint64_t	random = 77;
		Body		at = {b, r, eta};

		for (int k = 0; k < t; k++)
			b[k] = test_normal(&random);
		for (int64_t i = 0; i < n; i++)
			r[i] = test_normal(&random);
		mlpg_design_rows_sum(host, rows, body, &at, n_sums, sums, MLPG_DESIGN_BLOCK, "testing");
		if (threads == 1)
		{
			CHECK_INT(t, c.design->n_terms);
			check_sums(&c, rows, b, r, eta, sums);
			for (int k = 0; k < t; k++)
			{
				double		expected = rows->intercept && k == 0 ? 0 : plain_deviation(&c, rows->term[k]);

				CHECK_CLOSE(rows->deviation[k] * rows->scale[k], expected, 1e-9);
				if (standardise && k < rows->n_dense && k > 0)
					CHECK_CLOSE(rows->deviation[k], 1, 1e-12);
			}
			mlpg_design_rows_original(rows, b, original);
			for (int64_t i = 0; i < n; i += 17)
			{
				double		sum = 0,
							size = 0;

				for (int j = 0; j < t; j++)
				{
					sum += original[j] * c.plain[i * t + j];
					size += fabs(original[j] * c.plain[i * t + j]);
				}
				CHECK(fabs(sum - eta[i]) <= 1e-13 * size);
			}
			kept = malloc(n_sums * sizeof(double));
			n_kept = n_sums;
			memcpy(kept, sums, n_sums * sizeof(double));
		}
		else
			CHECK(same_lower(kept + t, sums + t, t, rows->lda) && memcmp(kept, sums, (size_t) t * sizeof(double)) == 0 && n_kept == n_sums);
		harness_free(host);
	}
	free(kept);
}

/* Standard errors of T b, for the linear map T of mlpg_design_rows_original. */
static void
test_errors(void)
{
	MlpgHost   *host = harness_host();
	Case		c = make_case(host, 60, true, true, true, 3);
	MlpgDesignRows *rows = mlpg_design_rows_create(&c.training, c.design, true, c.w);
	int			t = rows->n_columns;
	double	   *map = mlpg_allocate(host, (size_t) (t * t), sizeof(double)),	/* row k: T e_k */
			   *covariance = mlpg_allocate(host, (size_t) (t * t), sizeof(double)),
			   *out = mlpg_allocate(host, (size_t) t, sizeof(double)),
			   *unit = mlpg_allocate(host, (size_t) t, sizeof(double));
	uint64_t	random = 4;
	bool		right = true;

	for (int i = 0; i < t; i++)
		for (int j = 0; j <= i; j++)
			covariance[i * t + j] = covariance[j * t + i] = i == j ? t : test_uniform(&random);
	for (int k = 0; k < t; k++)
	{
		memset(unit, 0, (size_t) t * sizeof(double));
		unit[k] = 1;
		mlpg_design_rows_original(rows, unit, map + k * t);
	}
	mlpg_design_rows_original_errors(rows, covariance, out);
	for (int i = 0; i < t; i++)
	{
		double		sum = 0;

		for (int k = 0; k < t; k++)
			for (int l = 0; l < t; l++)
				sum += map[k * t + i] * covariance[k * t + l] * map[l * t + i];
		right &= fabs(sqrt(sum) - out[i]) <= 1e-12 * out[i];
	}
	CHECK(right);
	harness_free(host);
}

/* Columns without any deviation where there is weight, or at all. */
static void
test_constant(void)
{
	MlpgHost   *host = harness_host();
	Case		c = make_case(host, 700, true, true, true, 1);

	for (int64_t i = 0; i < 700; i++)
		c.w[i] = i == 3 ? 2 : 0;

	MlpgDesignRows *rows = mlpg_design_rows_create(&c.training, c.design, true, c.w);

	CHECK_CLOSE(rows->weight, 2, 0);
	for (int k = 0; k < rows->n_columns; k++)
	{
		CHECK(rows->deviation[k] == 0);
		CHECK(isfinite(rows->scale[k]) && rows->scale[k] > 0);
	}
	harness_free(host);
}

static void
test_cancel(void)
{
	MlpgHost   *host = harness_host();
	Case		c = make_case(host, 3000, false, true, true, 1);
	volatile bool raised = false;

	harness_cancel_at_check(host, 3);
	HARNESS_TRY(host, raised, mlpg_design_rows_create(&c.training, c.design, true, NULL));
	CHECK(raised);
	harness_free(host);
}

int
main(void)
{
	test_kernels();
	test_column_kernels();
	for (int options = 0; options < 16; options++)
		test_design(options % 3 == 0 ? 5000 : 300, options & 1, options & 2, options & 4, options & 8, 2);
	test_design(20000, true, true, false, true, 1e-140);
	test_design(1, false, true, true, true, 1);
	test_errors();
	test_constant();
	test_cancel();
	return harness_done();
}
