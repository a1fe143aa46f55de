/*-------------------------------------------------------------------------
 *
 * test_crossprod.c
 *	  Double-double arithmetic, cross-products and the Cholesky solver against
 *	  quadruple precision.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/math/crossprod.h"
#include "core/math/ddsolve.h"
#include "core/math/sort.h"

#include "exact.h"

static Exact
exact_of(MlpgDd a)
{
	return (Exact) a.hi + (Exact) a.lo;
}

static double
error_of(MlpgDd a, Exact truth)
{
	Exact		difference = exact_of(a) - truth;
	Exact		size = truth < 0 ? -truth : truth;

	difference = difference < 0 ? -difference : difference;
	return size == 0 ? (double) difference : (double) (difference / size);
}

/* Numbers of 106 bits over a wide range. */
static MlpgDd
random_dd(uint64_t *random)
{
	double		hi = ldexp(test_uniform(random) - 0.5, (int) (test_random(random) % 200) - 100);

	return mlpg_fast_two_sum(hi, hi * (test_uniform(random) - 0.5) * 0x1p-53);
}

static void
test_arithmetic(void)
{
	uint64_t	random = 1;
	double		worst[6] = {0};

	for (int i = 0; i < 200000; i++)
	{
		MlpgDd		a = random_dd(&random),
					b = random_dd(&random);
		double		d = b.hi;
		Exact		x = exact_of(a),
					y = exact_of(b);
		MlpgDd		two;

		/* errors of sums are relative to the summands where these cancel */
		worst[0] = fmax(worst[0], (double) (fabs((double) (exact_of(mlpg_dd_add(a, b)) - (x + y))) / fmax(fabs(a.hi), fabs(b.hi))));
		worst[1] = fmax(worst[1], error_of(mlpg_dd_multiply(a, b), x * y));
		worst[2] = fmax(worst[2], error_of(mlpg_dd_divide(a, b), x / y));
		worst[3] = fmax(worst[3], error_of(mlpg_dd_multiply_double(a, d), x * d));
		worst[4] = fmax(worst[4], (double) (fabs((double) (exact_of(mlpg_dd_add_double(a, d)) - (x + d))) / fmax(fabs(a.hi), fabs(d))));
		if (a.hi > 0)
			worst[5] = fmax(worst[5], error_of(mlpg_dd_sqrt(a), exact_root(x)));
		two = mlpg_two_product(a.hi, b.hi);
		if (exact_of(two) != (Exact) a.hi * b.hi)
			harness_result(false, __FILE__, __LINE__, "a product is exact");
		two = mlpg_two_sum(a.hi, b.hi);
		if (fabs(log2(fabs(a.hi / b.hi))) < 50 && exact_of(two) != (Exact) a.hi + b.hi)
			harness_result(false, __FILE__, __LINE__, "a sum is exact");
	}
	harness_note("errors: add %.1e multiply %.1e divide %.1e by double %.1e plus double %.1e root %.1e",
				 worst[0], worst[1], worst[2], worst[3], worst[4], worst[5]);
	CHECK(worst[0] < 0x1p-103);
	CHECK(worst[1] < 0x1p-101);
	CHECK(worst[2] < 0x1p-99);
	CHECK(worst[3] < 0x1p-101);
	CHECK(worst[4] < 0x1p-103);
	CHECK(worst[5] < 0x1p-98);
	CHECK(mlpg_dd_sqrt(mlpg_dd(0)).hi == 0 && mlpg_dd_sqrt(mlpg_dd(-1)).hi == 0);
}

/* How many elements of two upper triangles are not the same bits. */
static int
differ(const double *a, const double *b, int d, int stride)
{
	int			n = 0;

	for (int i = 0; i < d; i++)
		for (int j = i; j < d; j++)
			n += memcmp(&a[(size_t) i * (size_t) stride + (size_t) j], &b[(size_t) i * (size_t) stride + (size_t) j], sizeof(double)) != 0;
	return n;
}

/* Every kernel of this processor, for every number of columns and many of rows, is the portable one bit for bit. */
static void
test_kernels(void)
{
	uint64_t	random = 2;
	int			wrong = 0;
	double		worst = 0;

	for (int d = 1; d <= 41; d++)
		for (int k = 0; k < 3; k++)
		{
			int			n = k == 0 ? 1 : k == 1 ? MLPG_CROSSPROD_ROWS : (int) (test_random(&random) % 100);
			int			stride = mlpg_crossprod_stride(d);
			size_t		square = (size_t) d * (size_t) stride;
			double	   *z = calloc((size_t) (n + 1) * (size_t) stride, sizeof(double));
			double	   *out = calloc(4 * square, sizeof(double));

			for (int r = 0; r < n; r++)
				for (int j = 0; j < d; j++)
					z[r * stride + j] = j % 5 == 4 ? 1 : (test_uniform(&random) - 0.5) * 2 * (j % 7 == 6 ? 1e-9 : 1);
			mlpg_crossprod_block_portable(z, n, d, stride, out + 2 * square, out + 3 * square);
			for (int rank = 0; mlpg_crossprod_kernel(rank) != NULL; rank++)
			{
				memset(out, 0, 2 * square * sizeof(double));
				mlpg_crossprod_kernel(rank) (z, n, d, stride, out, out + square);
				wrong += differ(out, out + 2 * square, d, stride) + differ(out + square, out + 3 * square, d, stride);
			}
			mlpg_crossprod_block(z, n, d, stride, out, out + square);
			for (int i = 0; i < d; i++)
				for (int j = i; j < d; j++)
				{
					size_t		at = (size_t) i * (size_t) stride + (size_t) j;
					Exact		truth = 0;
					double		scale = 0;

					for (int r = 0; r < n; r++)
					{
						truth += (Exact) z[r * stride + i] * z[r * stride + j];
						scale = fmax(scale, 1);
					}
					if (n > 0)
						worst = fmax(worst, fabs((double) ((Exact) out[at] + out[square + at] - truth)) / scale);
				}
			free(z);
			free(out);
		}
	CHECK_INT(wrong, 0);
	harness_note("worst absolute error of a block's element, |z| <= 1: %.1e", worst);
	CHECK(worst < 1e-25);

	/* the largest block there can be: all ones, all just below one, alternating */
	for (int k = 0; k < 3; k++)
	{
		static double z[MLPG_CROSSPROD_ROWS * 4];
		double		hi[2 * 4],
					lo[2 * 4];
		Exact		truth = 0;

		for (int r = 0; r < MLPG_CROSSPROD_ROWS; r++)
		{
			z[r * 4] = k == 0 ? 1 : 1 - 0x1p-53;
			z[r * 4 + 1] = (k == 2 && r >= MLPG_CROSSPROD_ROWS / 2 ? -1 : 1) * z[r * 4];
			truth += (Exact) z[r * 4] * z[r * 4 + 1];
		}
		mlpg_crossprod_block(z, MLPG_CROSSPROD_ROWS, 2, 4, hi, lo);
		CHECK(fabs((double) ((Exact) hi[1] + lo[1] - truth)) < 1e-24);
	}
}

/* Totals over blocks of very different scales, in any order, merged from parts. */
static void
test_totals(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 3;
	enum
	{
		BLOCKS = 40,
		D = 5,
		STRIDE = 8
	};
	static double hi[BLOCKS][D * STRIDE],
				lo[BLOCKS][D * STRIDE];
	static int	exponent[BLOCKS][STRIDE];
	Exact		truth[D][D] = {{0}},
				size[D][D] = {{0}};

	for (int b = 0; b < BLOCKS; b++)
	{
		double		z[16 * STRIDE] = {0};

		for (int j = 0; j < D; j++)
			exponent[b][j] = b == 7 ? MLPG_EXPONENT_NONE : (int) (test_random(&random) % 60) - 30 + (j == 3 ? 900 : 0) - (j == 4 ? 900 : 0);
		for (int r = 0; r < 16; r++)
			for (int j = 0; j < D; j++)
				z[r * STRIDE + j] = b == 7 ? 0 : test_uniform(&random) - 0.5;
		mlpg_crossprod_block(z, 16, D, STRIDE, hi[b], lo[b]);
		for (int i = 0; i < D; i++)
			for (int j = i; j < D; j++)
				for (int r = 0; r < 16; r++)
				{
					Exact		term = (Exact) z[r * STRIDE + i] * z[r * STRIDE + j];
					int			e = b == 7 ? 0 : exponent[b][i] + exponent[b][j];

					/* held small: the exponents of columns 3 and 4 taken off */
					e -= (i == 3 ? 900 : 0) - (i == 4 ? 900 : 0) + (j == 3 ? 900 : 0) - (j == 4 ? 900 : 0);
					term *= (Exact) ldexp(1, e);
					truth[i][j] += term;
					size[i][j] += term < 0 ? -term : term;
				}
	}
	for (uint64_t seed = 0; seed < 20; seed++)
	{
		MlpgCrossprod total,
					part;
		int			order[BLOCKS];
		double		worst = 0;

		test_shuffle(order, BLOCKS, seed);
		mlpg_crossprod_init(host, &total, D);
		mlpg_crossprod_init(host, &part, D);
		for (int b = 0; b < BLOCKS; b++)
			mlpg_crossprod_add_block(b < (int) seed ? &part : &total, exponent[order[b]], STRIDE, hi[order[b]], lo[order[b]]);
		mlpg_crossprod_add(&total, &part);
		for (int i = 0; i < D; i++)
			for (int j = i; j < D; j++)
			{
				size_t		at = mlpg_triangle_index(D, i, j);
				int			e = total.exponent[i] + total.exponent[j];

				e -= (i == 3 ? 900 : 0) - (i == 4 ? 900 : 0) + (j == 3 ? 900 : 0) - (j == 4 ? 900 : 0);

				Exact		found = ((Exact) total.hi[at] + total.lo[at]) * (Exact) ldexp(1, e);
				/* what is small against the column's scale has fewer digits */
				Exact		unit = (Exact) ldexp(1, e);

				worst = fmax(worst, fabs((double) ((found - truth[i][j]) / unit)));
				CHECK(exact_of(mlpg_crossprod_get(&total, i, j)) == exact_of(mlpg_crossprod_get(&total, j, i)));
			}
		CHECK(worst < 1e-26);
	}
	harness_free(host);
}

/* R'R = A, solutions and the diagonal of the inverse, with dependent columns in the middle. */
static void
test_cholesky(int n, int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	uint64_t	random = (uint64_t) n;
	int			rows = n + 20,
				last = n;
	MlpgDdMatrix *a = mlpg_ddmatrix_create(host, n + 1);
	double	   *z = mlpg_allocate(host, (size_t) rows * (size_t) (n + 1), sizeof(double));
	double	   *tolerance = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	double	   *diagonal = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	bool	   *dropped = mlpg_allocate(host, (size_t) n + 1, sizeof(bool));
	MlpgDd	   *b = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgDd));
	int			n_dropped = 0;
	double		worst = 0;

	for (int r = 0; r < rows; r++)
		for (int j = 0; j <= n; j++)
			z[r * (n + 1) + j] = j % 7 == 5 && j < n ? z[r * (n + 1) + j - 1] - 2 * z[r * (n + 1) + j - 3] : round(test_normal(&random) * 1000);
	for (int i = 0; i <= n; i++)
		for (int j = i; j <= n; j++)
		{
			MlpgDd		sum = mlpg_dd(0);

			for (int r = 0; r < rows; r++)
				sum = mlpg_dd_add(sum, mlpg_two_product(z[r * (n + 1) + i], z[r * (n + 1) + j]));
			mlpg_ddmatrix_set(a, i, j, sum);
			if (i == j && i < n)
				tolerance[i] = 1e-24 * sum.hi;
		}
	for (int j = 0; j < n; j++)
		n_dropped += j % 7 == 5;
	CHECK_INT(mlpg_ddmatrix_cholesky(host, a, n, tolerance, dropped), n - n_dropped);
	for (int j = 0; j < n; j++)
		if (dropped[j] != (j % 7 == 5))
			harness_result(false, __FILE__, __LINE__, "the dependent columns are dropped");
	mlpg_ddmatrix_backsolve(a, n, last, dropped, b);
	mlpg_ddmatrix_inverse_diagonal(host, a, n, dropped, diagonal);

	/* residuals are orthogonal to the columns */
	Exact	   *residual = mlpg_allocate(host, (size_t) rows, sizeof(Exact));

	for (int r = 0; r < rows; r++)
	{
		residual[r] = z[r * (n + 1) + last];
		for (int k = 0; k < n; k++)
			residual[r] -= exact_of(b[k]) * z[r * (n + 1) + k];
	}
	for (int j = 0; j < n; j++)
	{
		Exact		dot = 0;
		double		size = 0;

		for (int r = 0; r < rows; r++)
		{
			dot += residual[r] * z[r * (n + 1) + j];
			size += fabs((double) residual[r] * z[r * (n + 1) + j]);
		}
		worst = fmax(worst, fabs((double) dot) / size);
		CHECK(isnan(diagonal[j]) == dropped[j]);
	}
	harness_note("n = %d: worst cosine of residual and column %.1e", n, worst);
	CHECK(worst < 1e-24);
	if (n <= 40)
	{
		ExactFit	exact;
		double	   *kept = mlpg_allocate(host, (size_t) rows * (size_t) n, sizeof(double));
		double	   *y = mlpg_allocate(host, (size_t) rows, sizeof(double));
		int			m = 0;

		for (int r = 0; r < rows; r++)
		{
			m = 0;
			for (int j = 0; j < n; j++)
				if (!dropped[j])
					kept[r * (n - n_dropped) + m++] = z[r * (n + 1) + j];
			y[r] = z[r * (n + 1) + last];
		}
		exact_fit(kept, y, NULL, NULL, rows, m, 1, &exact);
		m = 0;
		for (int j = 0; j < n; j++)
		{
			if (dropped[j])
			{
				CHECK(b[j].hi == 0 && b[j].lo == 0);
				continue;
			}
			CHECK_CLOSE(mlpg_dd_value(b[j]), exact.b[m], 1e-15);
			CHECK_CLOSE(sqrt(diagonal[j] * exact.rss), exact.se[m], 1e-14);
			m++;
		}
		/* the Schur complement is the residual sum of squares */
		CHECK_CLOSE(mlpg_dd_value(mlpg_ddmatrix_get(a, n, n)), exact.rss, 1e-15);
	}
	harness_free(host);
}

static void
test_sort(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 9;
	static const int64_t sizes[] = {0, 1, 2, 15, 16, 17, 31, 33, 1000, 4097};

	for (int k = 0; k < 10; k++)
		for (int how = 0; how < 4; how++)
		{
			int64_t		n = sizes[k];
			double	   *v = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
			double	   *original = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
			int64_t    *order = mlpg_allocate(host, (size_t) n + 1, sizeof(int64_t));
			int64_t		wrong = 0;

			for (int64_t i = 0; i < n; i++)
			{
				original[i] = v[i] = how == 0 ? test_normal(&random) : how == 1 ? (double) i : how == 2 ? (double) -i
					: (double) (int64_t) (test_random(&random) % 7) - 3 == 0 ? (i % 2 ? -0.0 : 0.0) : (double) (test_random(&random) % 5);
				order[i] = i;
			}
			mlpg_sort(host, v, how == 1 ? NULL : order, n);
			for (int64_t i = 0; i < n; i++)
			{
				if (i > 0)
					wrong += v[i - 1] > v[i] || (how != 1 && v[i - 1] == v[i] && order[i - 1] > order[i]);
				if (how != 1)
					wrong += memcmp(&v[i], &original[order[i]], sizeof(double)) != 0;
			}
			CHECK_INT(wrong, 0);
		}
	harness_free(host);
}

int
main(void)
{
	test_arithmetic();
	test_kernels();
	test_totals();
	test_cholesky(1, 1);
	test_cholesky(8, 1);
	test_cholesky(40, 1);
	test_cholesky(300, 1);
	test_cholesky(300, 2);
	test_sort();
	return harness_done();
}
