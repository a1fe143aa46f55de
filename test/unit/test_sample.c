/*-------------------------------------------------------------------------
 *
 * test_sample.c
 *	  Identities of rows: the same for the same content, wherever it stands;
 *	  one for each of equal rows; draws that are uniform.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/matrix/sample.h"

enum
{
	COLUMNS = 3
};

static MlpgMatrix *
fill(MlpgHost *host, const double *rows, const int *order, int n)
{
	MlpgMatrix *matrix = mlpg_matrix_create(host, COLUMNS);
	MlpgBlock  *block = mlpg_block_create(host, COLUMNS, 256);

	for (int first = 0; first < n; first += 256)
	{
		block->n_rows = n - first < 256 ? n - first : 256;
		for (int i = 0; i < block->n_rows; i++)
			memcpy(mlpg_block_row(block, i), rows + COLUMNS * (order ? order[first + i] : first + i), COLUMNS * sizeof(double));
		mlpg_matrix_append(matrix, block);
	}
	return matrix;
}

/* Rows of few values, so that many are equal, and one in five is the very same. */
static double *
make_rows(int n, uint64_t seed)
{
	double	   *rows = malloc((size_t) n * COLUMNS * sizeof(double));

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + COLUMNS * i;

		row[0] = (double) (test_random(&seed) % 20);
		row[1] = test_random(&seed) % 10 == 0 ? NAN : test_random(&seed) % 2 ? 0.1 * (double) (test_random(&seed) % 300) : -0.0;
		row[2] = test_random(&seed) % 4 == 0 ? 1e300 : 0;
		if (i % 5 == 0)
			row[0] = row[1] = row[2] = 0;
	}
	return rows;
}

static int
compare(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a,
				y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/* As the identities see them: 0 is -0. */
static bool
same_row(const double *a, const double *b)
{
	for (int j = 0; j < COLUMNS; j++)
		if (!(a[j] == b[j] || (isnan(a[j]) && isnan(b[j]))))
			return false;
	return true;
}

/* Each identity stands for one row: find it by its identity in sorted order and compare contents. */
typedef struct Pair
{
	uint64_t	identity;
	int			row;
} Pair;

static Pair *
sorted_pairs(const uint64_t *identity, int n)
{
	Pair	   *pair = malloc((size_t) n * sizeof(Pair));

	for (int i = 0; i < n; i++)
		pair[i] = (Pair) {identity[i], i};
	qsort(pair, (size_t) n, sizeof(Pair), compare);
	return pair;
}

static void
test_order(int n)
{
	double	   *rows = make_rows(n, 1);
	int		   *order = malloc((size_t) n * sizeof(int));
	Pair	   *first = NULL;

	test_shuffle(order, n, 2);
	for (int threads = 1; threads <= 8; threads *= 2)
	{
		MlpgHost   *host = harness_host_threads(threads, 0);
		MlpgMatrix *plain = fill(host, rows, NULL, n),
				   *shuffled = fill(host, rows, order, n);
		size_t		before = host->in_use;
		uint64_t   *a = mlpg_sample_identify(host, plain, 17),
				   *b = mlpg_sample_identify(host, shuffled, 17),
				   *other = mlpg_sample_identify(host, plain, 18);
		Pair	   *in_a = sorted_pairs(a, n),
				   *in_b = sorted_pairs(b, n);
		int			wrong = 0,
					equal = 0,
					same = 0;

		CHECK_INT(host->in_use - before, 3 * (size_t) n * sizeof(uint64_t));
		for (int i = 0; i < n; i++)
		{
			wrong += in_a[i].identity != in_b[i].identity;
			wrong += !same_row(rows + COLUMNS * in_a[i].row, rows + COLUMNS * order[in_b[i].row]);
			equal += i > 0 && in_a[i].identity == in_a[i - 1].identity;
			same += a[i] == other[i];
		}
		CHECK_INT(wrong, 0);
		CHECK_INT(equal, 0);	/* equal rows are told apart */
		CHECK_INT(same, 0);		/* another seed, other identities */
		if (first == NULL)
			first = in_a;
		else
		{
			CHECK(memcmp(first, in_a, (size_t) n * sizeof(Pair)) == 0);
			free(in_a);
		}
		free(in_b);
		harness_free(host);
	}
	free(first);
	free(rows);
	free(order);
}

/* All rows equal: the hardest case for what finds equals. */
static void
test_equal(int n)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	double	   *rows = calloc((size_t) n * COLUMNS, sizeof(double));
	MlpgMatrix *matrix = fill(host, rows, NULL, n);
	uint64_t   *identity = mlpg_sample_identify(host, matrix, 1);
	int			equal = 0;

	qsort(identity, (size_t) n, sizeof(uint64_t), compare);
	for (int i = 1; i < n; i++)
		equal += identity[i] == identity[i - 1];
	CHECK_INT(equal, 0);
	free(rows);
	harness_free(host);
}

/* Shares of rows that draws choose, alone and by two streams together. */
static void
test_draws(void)
{
	enum
	{
		N = 100000
	};
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(N, 3);
	MlpgMatrix *matrix = fill(host, rows, NULL, N);
	uint64_t   *identity = mlpg_sample_identify(host, matrix, 5);
	static const double shares[] = {0.01, 0.2, 0.5, 0.9};

	CHECK(mlpg_sample_threshold(0) == 0);
	CHECK(mlpg_sample_threshold(0.5) == UINT64_C(1) << 63);
	CHECK(mlpg_sample_threshold(1) == UINT64_MAX);
	for (int s = 0; s < 4; s++)
	{
		uint64_t	threshold = mlpg_sample_threshold(shares[s]);
		int			first = 0,
					both = 0;
		double		p = shares[s],
					sum = 0;

		for (int i = 0; i < N; i++)
		{
			uint64_t	a = mlpg_sample_draw(identity[i], MLPG_STREAM_BAGGING + 1),
						b = mlpg_sample_draw(identity[i], MLPG_STREAM_BAGGING + 2);

			first += a < threshold;
			both += a < threshold && b < threshold;
			sum += mlpg_sample_uniform(a);
		}
		/* five standard deviations */
		CHECK(fabs(first - N * p) < 5 * sqrt(N * p * (1 - p)));
		CHECK(fabs(both - N * p * p) < 5 * sqrt(N * p * p));
		CHECK(fabs(sum / N - 0.5) < 5 / sqrt(12.0 * N));
	}
	CHECK(mlpg_sample_uniform(0) > 0 && mlpg_sample_uniform(UINT64_MAX) < 1);
	free(rows);
	harness_free(host);
}

/* A change in any column, however small, is another row. */
static void
test_sensitive(void)
{
	MlpgHost   *host = harness_host();
	double		rows[][COLUMNS] = {
		{1, 2, 3}, {1, 2, 0x1.8000000000001p1}, {1, 3, 2}, {2, 1, 3}, {1, 2, NAN}, {NAN, 2, 1}, {0, 0, 0}, {5e-324, 0, 0},
		{9007199254740992, 0, 0}, {9007199254740994, 0, 0}
	};
	int			n = (int) (sizeof(rows) / sizeof(rows[0]));
	uint64_t   *identity = mlpg_sample_identify(host, fill(host, rows[0], NULL, n), 0);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			CHECK(identity[i] != identity[j]);
	harness_free(host);
}

/* Is it canceled at the k-th check? */
static bool
canceled_at(const double *rows, int64_t k, int64_t *checks)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	MlpgMatrix *matrix = fill(host, rows, NULL, 200000);
	bool		raised;

	*checks = harness_checks(host);
	harness_cancel_at_check(host, k);
	HARNESS_TRY(host, raised, (void) mlpg_sample_identify(host, matrix, 1));
	*checks = harness_checks(host) - *checks;
	harness_free(host);
	return raised;
}

static void
test_cancel(void)
{
	double	   *rows = make_rows(200000, 1);
	int64_t		checks,
				n;

	CHECK(!canceled_at(rows, 0, &n));
	CHECK(n > 10);
	/* the pool checks more or less often as threads are faster or slower */
	for (int64_t k = 1; k < n / 3; k += 3)
		CHECK(canceled_at(rows, k, &checks));
	free(rows);
}

int
main(void)
{
	test_order(1);
	test_order(2);
	test_order(40);
	test_order(70000);
	test_equal(1);
	test_equal(100000);
	test_draws();
	test_sensitive();
	test_cancel();
	return harness_done();
}
