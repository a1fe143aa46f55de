/*-------------------------------------------------------------------------
 *
 * test_fixed.c
 *	  Sums in any order, and the functions that are the same on every machine.
 *
 * References: sums of the same terms in 113 bits, and the mathematical library's
 * expl.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "exact.h"
#include "models.h"

#include "core/math/exp.h"
#include "core/math/fixed.h"
#include "core/math/sort.h"

/* Terms of all sizes: 2^-40 .. 2^40, both signs, zeros. */
static double
term(uint64_t *state)
{
	if (test_random(state) % 10 == 0)
		return 0;
	return ldexp(test_uniform(state) - 0.5, (int) (test_random(state) % 81) - 40);
}

static void
test_scale(void)
{
	static const double maxima[] = {1, 0.1, 3e-320, 5e-324, 1e-200, 1e200, DBL_MAX, 7};
	static const int64_t counts[] = {1, 2, 3, 1000, 1 << 20, INT64_C(1) << 40};

	for (int m = 0; m < 8; m++)
		for (int c = 0; c < 6; c++)
		{
			MlpgFixed	fixed = mlpg_fixed_scale(maxima[m], counts[c]);
			int64_t		one = mlpg_fixed_of(fixed, maxima[m]);
			MlpgWide	all = (MlpgWide) one * counts[c];

			CHECK(fixed.scale * fixed.unit == 1);
			CHECK(all <= (INT64_C(1) << 62));
			/* not a bit is given away but for rounding the count and the maximum up to powers of two */
			if (maxima[m] > 1e-290)
				CHECK(all >= (INT64_C(1) << 59));
			CHECK(mlpg_fixed_of(fixed, -maxima[m]) == -one);
		}
	CHECK(mlpg_fixed_scale(0, 10).scale == 1);
	CHECK(mlpg_fixed_scale(INFINITY, 10).scale == 1);
	CHECK(mlpg_fixed_scale(NAN, 10).scale == 1);
	/* to nearest, ties to even */
	CHECK_INT(mlpg_fixed_of((MlpgFixed) {1, 1}, 2.5), 2);
	CHECK_INT(mlpg_fixed_of((MlpgFixed) {1, 1}, -3.5), -4);
}

static void
test_fixed_sums(void)
{
	enum
	{
		N = 5000
	};
	double		x[N],
				w[N];
	float		f[N];
	int			order[N];
	uint64_t	state = 1;
	double		most = 0,
				most_float = 0;
	Exact	exact = 0;
	MlpgWide	forward,
				floats = 0;

	for (int i = 0; i < N; i++)
	{
		x[i] = term(&state);
		w[i] = test_uniform(&state);
		f[i] = (float) x[i];
		most = fabs(w[i] * x[i]) > most ? fabs(w[i] * x[i]) : most;
		most_float = fabsf(f[i]) > most_float ? fabsf(f[i]) : most_float;
		exact += (Exact) (w[i] * x[i]);
	}
	CHECK(mlpg_fixed_maximum(x, w, N) == most);
	CHECK(mlpg_fixed_maximum(x, w, 0) == 0);
	CHECK(mlpg_fixed_maximum_float(f, N) == most_float);
	for (int n = 0; n < 40; n++)
	{
		MlpgFixed	room = mlpg_fixed_scale(most_float, 2048);
		int64_t		sizes = 0;
		float		most_of_n = 0;

		for (int i = 0; i < n; i++)
		{
			sizes += mlpg_fixed_of(room, fabsf(f[i]));
			most_of_n = fmaxf(most_of_n, fabsf(f[i]));
		}
		CHECK(mlpg_fixed_maximum_float(f, n) == most_of_n);
		CHECK(mlpg_fixed_sizes_float(room, f, n) == sizes);
	}

	MlpgFixed	fixed = mlpg_fixed_scale(most, 1),
				narrow = mlpg_fixed_scale(most_float, N);

	forward = mlpg_fixed_sum(fixed, x, w, N);
	CHECK(fabs((double) (exact - (Exact) forward * fixed.unit)) <= N * fixed.unit / 2);
	for (int i = 0; i < N; i++)
		floats += mlpg_fixed_of(narrow, f[i]);
	CHECK(mlpg_fixed_sum_float(narrow, f, N) == floats);
	test_shuffle(order, N, 7);

	MlpgWide	shuffled = 0;

	for (int i = 0; i < N; i++)
		shuffled += mlpg_fixed_sum(fixed, &x[order[i]], &w[order[i]], 1);
	CHECK(shuffled == forward);
	CHECK(mlpg_fixed_wide_value(fixed, forward) == (double) ((Exact) forward * fixed.unit));
	CHECK(mlpg_fixed_value(fixed, 3) == 3 * fixed.unit);
}

static double
exact_sum(const double *x, int n)
{
	MlpgExact	sum;

	memset(&sum, 0, sizeof(sum));
	for (int i = 0; i < n; i++)
		mlpg_exact_add(&sum, x[i]);
	return mlpg_exact_value(&sum);
}

static void
test_exact_sums(void)
{
	enum
	{
		N = 3000
	};
	double		x[N];
	uint64_t	state = 5;

	CHECK(exact_sum(NULL, 0) == 0);
	CHECK(exact_sum((double[]) {1e308, 1, -1e308}, 3) == 1);
	CHECK(exact_sum((double[]) {1e308, 1e308, -1e308, -1e308, -3e-320}, 5) == -3e-320);
	CHECK(exact_sum((double[]) {1e308, 1e308}, 2) == INFINITY);
	CHECK(exact_sum((double[]) {-1e308, -1e308}, 2) == -INFINITY);
	CHECK(exact_sum((double[]) {DBL_MAX, DBL_MAX / 2, -DBL_MAX}, 3) == DBL_MAX / 2);
	CHECK(exact_sum((double[]) {5e-324, 5e-324, 5e-324}, 3) == 15e-324);
	CHECK(exact_sum((double[]) {1, 0x1p-60, -1}, 3) == 0x1p-60);
	CHECK(exact_sum((double[]) {-1, 0x1p-1000}, 2) == -1);
	CHECK(exact_sum((double[]) {0.1, 0.2, -0.3}, 3) == 0x1p-55);
	CHECK(exact_sum((double[]) {1, 0x1p-53, 0x1p-105}, 3) == 1 + 0x1p-52);	/* just above the tie */
	CHECK(isnan(exact_sum((double[]) {1, INFINITY}, 2)));
	CHECK(isnan(exact_sum((double[]) {NAN}, 1)));
	for (int round = 0; round < 20; round++)
	{
		Exact	reference = 0;

		for (int i = 0; i < N; i++)
		{
			x[i] = ldexp(floor(term(&state) * 0x1p40), -40);
			reference += x[i];	/* 40 + 12 bits above, 40 below the point: exact */
		}
		CHECK(exact_sum(x, N) == (double) reference);
	}
}

static void
test_totals(void)
{
	enum
	{
		N = 100000
	};
	double	   *x = malloc(N * sizeof(double)),
			   *w = malloc(N * sizeof(double));
	uint64_t	state = 9;
	Exact	reference = 0;
	double		first = 0;

	for (int i = 0; i < N; i++)
	{
		x[i] = test_normal(&state);
		w[i] = test_uniform(&state);
		reference += (Exact) (x[i] * w[i]);
	}
	for (int threads = 1; threads <= 8; threads *= 2)
	{
		MlpgHost   *host = harness_host_threads(threads, 0);
		double		total = mlpg_fixed_total(host, x, w, N);

		if (threads == 1)
			first = total;
		CHECK(total == first);
		CHECK_CLOSE(total, (double) reference, 1e-16);
		/* turned round */
		for (int i = 0; i < N / 2; i++)
		{
			double		swap = x[i];

			x[i] = x[N - 1 - i];
			x[N - 1 - i] = swap;
			swap = w[i];
			w[i] = w[N - 1 - i];
			w[N - 1 - i] = swap;
		}
		CHECK(mlpg_fixed_total(host, x, w, N) == first);
		CHECK(mlpg_fixed_total(host, x, NULL, 0) == 0);
		CHECK_INT(host->in_use, 0);
		harness_free(host);
	}
	free(x);
	free(w);
}

static void
test_exp(void)
{
	enum
	{
		N = 20011				/* not a multiple of the vectors' length */
	};
	double	   *x = malloc(N * sizeof(double)),
			   *vector = malloc(N * sizeof(double)),
			   *scalar = malloc(N * sizeof(double));
	static const double special[] = {0, -0.0, NAN, INFINITY, -INFINITY, 1, -1, 709.78, 709.79, -708.4, -745.13, -745.14, -1000, 1000, 5e-324, 1e-17};
	uint64_t	state = 11;
	double		worst = 0;

	for (int i = 0; i < N; i++)
		x[i] = i < 16 ? special[i] : i % 2 ? -745 + 1455 * test_uniform(&state) : test_normal(&state);
	mlpg_exp_block(x, N, vector);
	mlpg_exp_block_portable(x, N, scalar);
	CHECK(memcmp(vector, scalar, N * sizeof(double)) == 0);
	CHECK(vector[0] == 1 && vector[1] == 1 && isnan(vector[2]) && vector[3] == INFINITY && vector[4] == 0);
	CHECK(vector[7] < INFINITY && vector[8] == INFINITY && vector[10] == 5e-324 && vector[11] == 0 && vector[12] == 0);
	CHECK(vector[14] == 1 && vector[15] == 1);
	for (int i = 0; i < N; i++)
	{
		long double exact = expl(x[i]);
		double		rounded = (double) exact;

		if (!(rounded >= DBL_MIN && rounded <= DBL_MAX))
			continue;

		double		error = fabs((double) ((vector[i] - exact) / (nextafter(rounded, INFINITY) - rounded)));

		worst = error > worst ? error : worst;
	}
	CHECK(worst < 1);
	harness_note("exp: largest error %.3f units in the last place", worst);
	memcpy(scalar, x, N * sizeof(double));
	mlpg_exp_block(scalar, N, scalar);
	CHECK(memcmp(vector, scalar, N * sizeof(double)) == 0);
	free(x);
	free(vector);
	free(scalar);
}

/* log(1 + x), 0 <= x <= 1: nothing is lost of small ones. */
static void
test_log_one_plus(void)
{
	enum
	{
		N = 10007
	};
	double	   *x = malloc(N * sizeof(double)),
			   *vector = malloc(N * sizeof(double)),
			   *scalar = malloc(N * sizeof(double));
	uint64_t	state = 12;
	double		worst = 0;

	for (int i = 0; i < N; i++)
		x[i] = i == 0 ? 0 : i == 1 ? 1 : i % 2 ? test_uniform(&state) : pow(10, -300 * test_uniform(&state));
	memcpy(vector, x, N * sizeof(double));
	memcpy(scalar, x, N * sizeof(double));
	mlpg_log_one_plus_block(vector, N);
	mlpg_log_one_plus_block_portable(scalar, N);
	CHECK(memcmp(vector, scalar, N * sizeof(double)) == 0);
	CHECK(vector[0] == 0);
	for (int i = 1; i < N; i++)
		worst = fmax(worst, (double) fabsl((vector[i] - log1pl(x[i])) / log1pl(x[i])));
	CHECK(worst < 4e-16);
	harness_note("log(1 + x): largest relative error %.2g", worst);
	free(x);
	free(vector);
	free(scalar);
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return (x > y) - (x < y);
}

static void
test_sort(int n, int kind)
{
	double	   *x = malloc((size_t) (n + 1) * sizeof(double));
	uint64_t   *key = malloc((size_t) (n + 1) * sizeof(uint64_t)),
			   *scratch = malloc((size_t) (n + 1) * sizeof(uint64_t));
	uint64_t	state = (uint64_t) (n + kind);
	int			wrong = 0;

	for (int i = 0; i < n; i++)
	{
		x[i] = kind == 0 ? term(&state) : kind == 1 ? (float) term(&state) : kind == 2 ? (double) (test_random(&state) % 7) - 3 :
			kind == 3 ? ldexp(test_uniform(&state) - 0.5, (int) (test_random(&state) % 2090) - 1065) : -0.0;
		key[i] = mlpg_sort_key(x[i]);
		wrong += mlpg_sort_unkey(key[i]) != x[i];
	}
	mlpg_sort_keys(key, scratch, n);
	qsort(x, (size_t) n, sizeof(double), compare);
	for (int i = 0; i < n; i++)
		wrong += mlpg_sort_unkey(key[i]) != x[i];
	CHECK_INT(wrong, 0);
	free(x);
	free(key);
	free(scratch);
}

static void
test_select_weighted(void)
{
	enum
	{
		N = 300
	};
	uint64_t	state = 3;
	int			wrong = 0;

	for (int round = 0; round < 300; round++)
	{
		int			n = 1 + (int) (test_random(&state) % N);
		double		x[N],
					sorted[N];
		int64_t		w[N],
					total = 0,
					need,
					sum = 0;
		double		reference = NAN;

		for (int i = 0; i < n; i++)
		{
			x[i] = round % 2 ? (double) (test_random(&state) % 10) : test_normal(&state);
			w[i] = (int64_t) (test_random(&state) % 4);
			total += w[i];
		}
		if (total == 0)
			continue;
		need = 1 + (int64_t) (test_random(&state) % (uint64_t) total);
		memcpy(sorted, x, sizeof(x));
		qsort(sorted, (size_t) n, sizeof(double), compare);
		/* the smallest value up to which the weights reach need */
		for (int k = 0; k < n && isnan(reference); k++)
		{
			sum = 0;
			for (int i = 0; i < n; i++)
				sum += x[i] <= sorted[k] ? w[i] : 0;
			if (sum >= need)
				reference = sorted[k];
		}
		wrong += mlpg_select_weighted(x, w, n, need) != reference;
	}
	CHECK_INT(wrong, 0);
}

int
main(void)
{
	test_scale();
	test_fixed_sums();
	test_exact_sums();
	test_totals();
	test_exp();
	test_log_one_plus();
	for (int kind = 0; kind < 5; kind++)
	{
		test_sort(0, kind);
		test_sort(1, kind);
		test_sort(30000, kind);
	}
	test_select_weighted();
	return harness_done();
}
