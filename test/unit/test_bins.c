/*-------------------------------------------------------------------------
 *
 * test_bins.c
 *	  Bins against a naive binning, cut points against LightGBM's rule, stores
 *	  against each other; the same for any order of the rows and any threads.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "models.h"

#include "core/math/sort.h"
#include "core/matrix/bins.h"
#include "core/matrix/cuts.h"
#include "core/matrix/sample.h"

/* ---------- a table ---------- */

typedef struct Table
{
	int			n_features;
	int64_t		n_rows;
	const char *kinds;			/* a letter a feature: n number, c category; NULL: numbers */
	int			n_codes;		/* of every category */
	double	   *x;				/* by column */
} Table;

static Table
table_create(int n_features, int64_t n_rows, const char *kinds, int n_codes)
{
	return (Table) {n_features, n_rows, kinds, n_codes, malloc((size_t) n_features * (size_t) n_rows * sizeof(double) + 1)};
}

static double *
column_of(const Table *t, int feature)
{
	return t->x + (size_t) feature * (size_t) t->n_rows;
}

/* With a target that is 0 everywhere. */
static MlpgMatrix *
matrix_of(MlpgHost *host, const Table *t, const int *order)
{
	MlpgMatrix *matrix = mlpg_matrix_create(host, t->n_features + 1);
	MlpgBlock  *block = mlpg_block_create(host, t->n_features + 1, 128);

	for (int64_t first = 0; first < t->n_rows; first += 128)
	{
		block->n_rows = t->n_rows - first < 128 ? (int) (t->n_rows - first) : 128;
		for (int i = 0; i < block->n_rows; i++)
			for (int j = 0; j < t->n_features; j++)
				mlpg_block_row(block, i)[j] = column_of(t, j)[order ? order[first + i] : first + i];
		mlpg_matrix_append(matrix, block);
	}
	mlpg_release(host, block->values);
	mlpg_release(host, block);
	return matrix;
}

static MlpgSchema *
schema_of(MlpgHost *host, const Table *t, const MlpgMatrix *matrix)
{
	MlpgSchema *schema = mlpg_schema_create(host, t->n_features);

	for (int j = 0; j < t->n_features; j++)
	{
		if (t->kinds == NULL || t->kinds[j] == 'n')
			continue;
		schema->feature[j].kind = MLPG_CATEGORY;
		schema->feature[j].dictionary = mlpg_dictionary_create(host);
		for (int c = 0; c < t->n_codes; c++)
		{
			char		text[16];
			int			length = snprintf(text, sizeof(text), "%06d", c);

			(void) mlpg_dictionary_add(host, schema->feature[j].dictionary, text, length);
		}
	}
	mlpg_matrix_describe(host, matrix, schema);
	return schema;
}

static MlpgBins *
bins_of(MlpgHost *host, const Table *t, const int *order, MlpgBinOptions options)
{
	MlpgMatrix *matrix = matrix_of(host, t, order);
	MlpgSchema *schema = schema_of(host, t, matrix);
	uint64_t   *identity = mlpg_sample_identify(host, matrix, 1);
	MlpgBins   *bins;

	options.identity = identity;
	bins = mlpg_bins_create(host, matrix, schema, &options);
	mlpg_release(host, identity);
	return bins;
}

static const MlpgBinOptions usual = {.max_bin = 255, .min_data_in_bin = 3};
static const MlpgBinOptions each = {.max_bin = 255, .min_data_in_bin = 1};

/* ---------- stores ---------- */

/* The bin by comparing with every cut. */
static int
naive_bin(const MlpgBins *bins, const MlpgBinFeature *f, double x)
{
	int			bin = 0;

	if (isnan(x) || (bins->zero_as_missing && !f->is_category && fabs(x) <= 1e-35))
		return bins->missing;
	if (f->is_category)
	{
		for (int b = 0; b < f->n_bins; b++)
			if (f->code_of_bin[b] == (int) x)
				return b;
		return bins->missing;
	}
	for (int b = 0; b < f->n_bins - 1; b++)
		bin += f->cut[b] < x;
	return bin;
}

/* Every cell of both stores. */
static void
check_stores(const MlpgBins *bins, const Table *t, const int *order)
{
	int64_t		wrong = 0;

	CHECK_INT(bins->n_rows, t->n_rows);
	CHECK_INT(bins->missing, bins->stride - 1);
	CHECK(bins->row_bytes % 8 == 0 && bins->row_bytes >= bins->n_used);
	CHECK((uintptr_t) bins->row % 64 == 0);
	for (int u = 0; u < bins->n_used; u++)
	{
		const MlpgBinFeature *f = &bins->used[u];
		const double *x = column_of(t, f->feature);
		bool		missing = false;

		CHECK(f->n_bins >= 1 && f->n_bins < bins->stride);
		CHECK_INT(bins->position[f->feature], u);
		for (int64_t i = 0; i < t->n_rows; i++)
		{
			double		value = x[order ? order[i] : i];
			int			bin = naive_bin(bins, f, value);

			missing |= bin == bins->missing;
			wrong += mlpg_bins_row(bins, i)[u] != bin || mlpg_bins_column(bins, u)[i] != bin;
			if (i % 97 == 0)
				wrong += mlpg_bins_find(bins, f, value) != bin;
		}
		CHECK(f->has_missing == missing);
		if (f->is_category)
			continue;
		for (int b = 0; b < f->n_bins - 1; b++)
			wrong += !(f->cut[b] < f->cut[b + 1]);
		CHECK(f->cut[f->n_bins - 1] == INFINITY);
	}
	for (int64_t i = 0; i < t->n_rows; i++)
		for (int k = bins->n_used; k < bins->row_bytes; k++)
			wrong += mlpg_bins_row(bins, i)[k] != 0;
	CHECK_INT(wrong, 0);
}

static double
exponential(uint64_t *state)
{
	return -log(1 - test_uniform(state));
}

/* Distributions that put cuts close together, far apart and both. */
static double
draw(int kind, uint64_t *state)
{
	switch (kind)
	{
		case 0:
			return test_normal(state);
		case 1:
			return (float) exp(3 * test_normal(state));
		case 2:
			return (double) (test_random(state) % 40);
		case 3:
			return test_random(state) % 3 == 0 ? NAN : 1e9 + (double) (test_random(state) % 5000);
		case 4:
			/* three clusters far apart, each too narrow for a cell */
			return pow(1000, (double) (test_random(state) % 3)) * (1 + 1e-9 * test_uniform(state));
		case 5:
			return test_random(state) % 10 < 7 ? 0 : test_random(state) % 2 ? floor(20 * exponential(state)) : -exponential(state);
		case 6:
			return (test_uniform(state) - 0.5) * DBL_MAX * 2;
		case 7:
			return ldexp(test_uniform(state), -1060);
		case 8:
			return test_random(state) % 50 == 0 ? 1e300 * test_normal(state) : test_uniform(state);
		case 9:
			return (double) (test_random(state) % 2);
		case 10:
			return -1e6 - 1e-3 * floor(1e6 * test_uniform(state));
		default:
			return NAN;
	}
}

#define KINDS 12

static Table
mixed_table(int n_features, int64_t n_rows, uint64_t seed)
{
	Table		t = table_create(n_features, n_rows, NULL, 0);

	for (int j = 0; j < n_features; j++)
		for (int64_t i = 0; i < n_rows; i++)
			column_of(&t, j)[i] = draw(j % KINDS, &seed);
	return t;
}

static void
test_stores(int64_t n_rows, int n_features, int max_bin)
{
	MlpgHost   *host = harness_host();
	Table		t = mixed_table(n_features, n_rows, 3);
	MlpgBinOptions options = usual;
	MlpgBins   *bins;

	options.max_bin = max_bin;
	bins = bins_of(host, &t, NULL, options);
	check_stores(bins, &t, NULL);
	if (n_rows >= 1000)
		CHECK_INT(bins->stride, max_bin < 32 ? 32 : 256);
	for (int u = 0; u < bins->n_used; u++)
		CHECK(bins->used[u].n_bins + bins->used[u].has_missing <= max_bin);
	/* columns of kind 11 have no value */
	for (int j = 11; j < n_features; j += KINDS)
		CHECK_INT(bins->position[j], -1);
	options.zero_as_missing = true;
	check_stores(bins_of(host, &t, NULL, options), &t, NULL);
	free(t.x);
	harness_free(host);
}

/* The same cuts and the same bins for each row, whatever the order and the number of threads; above and below the sample. */
static void
test_order(int n_rows)
{
	Table		t = mixed_table(9, n_rows, 5);
	int		   *order = malloc((size_t) n_rows * sizeof(int));
	MlpgHost   *host = harness_host();
	MlpgBins   *first = bins_of(host, &t, NULL, usual);

	test_shuffle(order, n_rows, 9);
	check_stores(first, &t, NULL);
	for (int threads = 2; threads <= 8; threads *= 4)
	{
		MlpgHost   *other_host = harness_host_threads(threads, 0);
		MlpgBins   *other = bins_of(other_host, &t, threads == 2 ? NULL : order, usual);
		int64_t		wrong = 0;

		CHECK_INT(other->n_used, first->n_used);
		for (int u = 0; u < first->n_used; u++)
		{
			CHECK_INT(other->used[u].n_bins, first->used[u].n_bins);
			CHECK(memcmp(other->used[u].cut, first->used[u].cut, (size_t) first->used[u].n_bins * sizeof(double)) == 0);
		}
		for (int i = 0; i < n_rows; i++)
			wrong += memcmp(mlpg_bins_row(other, i), mlpg_bins_row(first, threads == 2 ? i : order[i]), (size_t) first->row_bytes) != 0;
		CHECK_INT(wrong, 0);
		harness_free(other_host);
	}
	free(order);
	free(t.x);
	harness_free(host);
}

/* ---------- cut points ---------- */

/* LightGBM's GreedyFindBin (src/io/bin.cpp, version 4) as it is written there: the last value of each bin but the last. */
static int
greedy_of_lightgbm(const double *value, const int *count, int n, int max_bin, int total, int min_data, double *last)
{
	double		mean;
	int			rest_bins,
				rest = total,
				bins = 0,
				here = 0;
	bool	   *big = calloc((size_t) n, sizeof(bool));

	max_bin = max_bin < total / min_data ? max_bin : total / min_data;
	max_bin = max_bin > 1 ? max_bin : 1;
	mean = (double) total / max_bin;
	rest_bins = max_bin;
	for (int i = 0; i < n; i++)
		if (count[i] >= mean)
		{
			big[i] = true;
			--rest_bins;
			rest -= count[i];
		}
	mean = (double) rest / rest_bins;
	for (int i = 0; i < n - 1; i++)
	{
		if (!big[i])
			rest -= count[i];
		here += count[i];
		if (big[i] || here >= mean || (big[i + 1] && here >= fmax(1.0, mean * 0.5f)))
		{
			last[bins++] = value[i];
			if (bins >= max_bin - 1)
				break;
			here = 0;
			if (!big[i])
			{
				--rest_bins;
				mean = rest / (double) rest_bins;
			}
		}
	}
	free(big);
	return bins + 1;
}

/* Many values without a zero: the bins of LightGBM. */
static void
test_greedy(int kind, int max_bin, int min_data)
{
	enum
	{
		N = 20000
	};
	MlpgHost   *host = harness_host();
	Table		t = table_create(1, N, NULL, 0);
	double	   *sorted = malloc(N * sizeof(double));
	int		   *count = calloc(N, sizeof(int));
	double		last[256];
	uint64_t	state = (uint64_t) kind;
	int			n = 0,
				bins_there;
	MlpgBins   *bins;

	for (int i = 0; i < N; i++)
		t.x[i] = sorted[i] = kind == 0 ? floor(300 * exponential(&state)) + 1
			: kind == 1 ? (test_random(&state) % 3 == 0 ? 1 + (double) (test_random(&state) % 3) : 5 + test_uniform(&state))
			: kind == 2 ? 7 + test_normal(&state) : 1 + (double) (test_random(&state) % 400);
	mlpg_sort(host, sorted, NULL, N);
	for (int i = 0; i < N; i++)
	{
		if (n == 0 || sorted[n - 1] != sorted[i])
			sorted[n++] = sorted[i];
		count[n - 1]++;
	}
	CHECK(n > max_bin);
	bins_there = greedy_of_lightgbm(sorted, count, n, max_bin, N, min_data, last);
	bins = bins_of(host, &t, NULL, (MlpgBinOptions) {.max_bin = max_bin, .min_data_in_bin = min_data});
	CHECK_INT(bins->used[0].n_bins, bins_there);
	for (int b = 0; b < bins_there - 1; b++)
	{
		int			k = 0;

		while (sorted[k] != last[b])
			k++;
		CHECK(bins->used[0].cut[b] >= sorted[k] && bins->used[0].cut[b] < sorted[k + 1]);
	}
	free(t.x);
	free(sorted);
	free(count);
	harness_free(host);
}

/* Cuts of one column of few values; the target numbers are those the rules give by hand. */
static MlpgBins *
one_column(MlpgHost *host, const double *x, int n, MlpgBinOptions options)
{
	Table		t = {1, n, NULL, 0, (double *) x};

	return bins_of(host, &t, NULL, options);
}

#define COUNT_OF(a) ((int) (sizeof(a) / sizeof((a)[0])))

static void
test_by_hand(void)
{
	MlpgHost   *host = harness_host();
	static const double few[] = {1, 1, 1, 2, 3, 3, 4, 4, 4, 5},
				zeros[] = {-2, -2, -2, -1, -1, -1, 0, 5, 5, 5},
				mixed[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, NAN};
	const MlpgBinFeature *f;

	/* by threes: {1}, {2, 3}, {4} and what is left */
	f = one_column(host, few, COUNT_OF(few), usual)->used;
	CHECK_INT(f->n_bins, 4);
	CHECK(f->cut[0] == 1.5 && f->cut[1] == 3.5 && f->cut[2] == 4.5);
	CHECK(!f->has_missing);
	/* zero stands alone, though it is one row */
	f = one_column(host, zeros, COUNT_OF(zeros), usual)->used;
	CHECK_INT(f->n_bins, 4);
	CHECK(f->cut[0] == -1.5 && f->cut[1] == -1e-35 && f->cut[2] == 1e-35);
	f = one_column(host, mixed, COUNT_OF(mixed), usual)->used;
	CHECK_INT(f->n_bins, 3);
	CHECK(f->has_missing && f->cut[0] == 1e-35 && f->cut[1] == 1.5);
	/* zero is missing: 1 and 2 are left */
	f = one_column(host, mixed, COUNT_OF(mixed), (MlpgBinOptions) {.max_bin = 255, .min_data_in_bin = 3, .zero_as_missing = true})->used;
	CHECK_INT(f->n_bins, 2);
	CHECK(f->has_missing && f->cut[0] == 1.5);
	/* two bins for three values and a missing one: one value bin */
	f = one_column(host, mixed, COUNT_OF(mixed), (MlpgBinOptions) {.max_bin = 2, .min_data_in_bin = 1})->used;
	CHECK_INT(f->n_bins, 1);
	f = one_column(host, zeros, COUNT_OF(zeros), (MlpgBinOptions) {.max_bin = 2, .min_data_in_bin = 1})->used;
	CHECK_INT(f->n_bins, 2);
	CHECK(f->cut[0] == -1e-35);
	f = one_column(host, zeros, COUNT_OF(zeros), (MlpgBinOptions) {.max_bin = 3, .min_data_in_bin = 1})->used;
	CHECK_INT(f->n_bins, 3);
	CHECK(f->cut[0] == -1e-35 && f->cut[1] == 1e-35);
	harness_free(host);
}

/* Every distinct value in its own bin, whatever its size. */
static void
test_separable(const double *value, int n)
{
	MlpgHost   *host = harness_host();
	MlpgBins   *bins = one_column(host, value, n, each);
	const MlpgBinFeature *f = bins->used;
	Table		t = {1, n, NULL, 0, (double *) value};

	CHECK_INT(bins->n_used, 1);
	CHECK_INT(f->n_bins, n);
	for (int i = 0; i < n; i++)
		CHECK_INT(mlpg_bins_row(bins, i)[0], i);
	for (int i = 0; i + 1 < n; i++)
		CHECK(value[i] <= f->cut[i] && f->cut[i] < value[i + 1]);
	check_stores(bins, &t, NULL);
	harness_free(host);
}

static void
test_extremes(void)
{
	static const double large[] = {-DBL_MAX, -1e308, -1e-300, -5e-324, 0, 5e-324, 1e-323, 1e-40, 2e-40, 1, 0x1.0000000000001p0, 1e308, DBL_MAX},
				ids[] = {9007199254740990, 9007199254740991, 9007199254740992, 9007199254740994},
				stamps[] = {1.7e15, 1.7e15 + 0.25, 1.7e15 + 0.5, 1.7e15 + 1},
				floats[] = {16777216, 16777217, 16777218},
				negative[] = {-3, -2, -0x1.0000000000001p0, -1};
	double		integers[255];
	MlpgHost   *host = harness_host();
	static const double signs[] = {-0.0, 0.0, -0.0, 0.0},
				absent[] = {NAN, NAN, NAN},
				constant[] = {4, 4, 4, 4},
				nearly[] = {4, 4, NAN, 4};
	MlpgBins   *bins;

	test_separable(large, COUNT_OF(large));
	test_separable(ids, COUNT_OF(ids));
	test_separable(stamps, COUNT_OF(stamps));
	test_separable(floats, COUNT_OF(floats));
	test_separable(negative, COUNT_OF(negative));
	for (int i = 0; i < 255; i++)
		integers[i] = i - 100;
	test_separable(integers, 255);
	CHECK_INT(one_column(host, signs, 4, each)->n_used, 0);
	CHECK_INT(one_column(host, absent, 3, each)->n_used, 0);
	CHECK_INT(one_column(host, constant, 4, each)->n_used, 0);
	bins = one_column(host, nearly, 4, each);
	CHECK_INT(bins->n_used, 1);
	CHECK_INT(bins->used[0].n_bins, 1);
	CHECK_INT(bins->stride, 32);
	CHECK_INT(mlpg_bins_row(bins, 2)[0], 31);
	CHECK_INT(mlpg_bins_row(bins, 3)[0], 0);
	/* no row, no feature */
	bins = one_column(host, constant, 0, each);
	CHECK_INT(bins->n_rows, 0);
	CHECK_INT(bins->n_used, 0);
	harness_free(host);
}

/* ---------- categories ---------- */

static void
test_categories(void)
{
	enum
	{
		N = 30000,
		CODES = 600
	};
	MlpgHost   *host = harness_host();
	Table		t = table_create(3, N, "ccn", CODES);
	MlpgBins   *bins;
	const MlpgBinFeature *f;
	uint64_t	state = 2;
	int			count[CODES] = {0};

	for (int i = 0; i < N; i++)
	{
		int			code = (int) (60 * exponential(&state)) % CODES;

		t.x[i] = code;
		count[code]++;
		/* three levels that count, one twice, and one that is missing */
		t.x[N + i] = i < 2 ? 7 : i < 100 ? 3 : i < 200 ? 5 : i < 300 ? NAN : 4;
		t.x[2 * N + i] = i;
	}
	bins = bins_of(host, &t, NULL, usual);
	check_stores(bins, &t, NULL);
	f = &bins->used[0];
	CHECK_INT(f->n_bins, 254);
	CHECK_INT(f->n_codes, CODES);
	CHECK(f->has_missing);
	/* by count, then by code; what is kept counts no less than what is not */
	for (int b = 0; b + 1 < f->n_bins; b++)
		CHECK(count[f->code_of_bin[b]] > count[f->code_of_bin[b + 1]] ||
			  (count[f->code_of_bin[b]] == count[f->code_of_bin[b + 1]] && f->code_of_bin[b] < f->code_of_bin[b + 1]));
	for (int c = 0; c < CODES; c++)
	{
		CHECK(f->bin_of_code[c] == 255 ? count[c] <= count[f->code_of_bin[253]] : f->code_of_bin[f->bin_of_code[c]] == c);
		CHECK_INT(mlpg_bins_find(bins, f, c), f->bin_of_code[c]);
	}
	CHECK_INT(mlpg_bins_find(bins, f, -1), 255);
	CHECK_INT(mlpg_bins_find(bins, f, CODES), 255);
	CHECK_INT(mlpg_bins_find(bins, f, NAN), 255);
	/* 7 has two rows: pooled */
	f = &bins->used[1];
	CHECK_INT(f->n_bins, 3);
	CHECK(f->code_of_bin[0] == 4 && f->code_of_bin[1] == 5 && f->code_of_bin[2] == 3);
	CHECK_INT(f->bin_of_code[7], 255);
	/* few bins, but 99 % of the rows are kept */
	f = bins_of(host, &t, NULL, (MlpgBinOptions) {.max_bin = 15, .min_data_in_bin = 3})->used;
	CHECK_INT(f->n_bins, 254);
	free(t.x);
	harness_free(host);
}

/* ---------- the rest of the contract ---------- */

/* Rows left out have no say, but have bins. */
static void
test_left_out(void)
{
	enum
	{
		N = 3000
	};
	MlpgHost   *host = harness_host();
	Table		t = mixed_table(6, N, 21),
				half = mixed_table(6, N / 2, 21);
	uint8_t		out[N];
	MlpgBins   *bins,
			   *alone,
			   *applied;
	MlpgBinOptions options = usual;
	int64_t		wrong = 0;

	for (int i = 0; i < N; i++)
		out[i] = i % 2;
	for (int j = 0; j < 6; j++)
		for (int i = 0; i < N / 2; i++)
			column_of(&half, j)[i] = column_of(&t, j)[2 * i];
	options.left_out = out;
	bins = bins_of(host, &t, NULL, options);
	check_stores(bins, &t, NULL);
	alone = bins_of(host, &half, NULL, usual);
	CHECK_INT(bins->n_used, alone->n_used);
	for (int u = 0; u < bins->n_used; u++)
	{
		CHECK_INT(bins->used[u].n_bins, alone->used[u].n_bins);
		CHECK(memcmp(bins->used[u].cut, alone->used[u].cut, (size_t) alone->used[u].n_bins * sizeof(double)) == 0);
	}
	/* the cuts of the half for all rows */
	applied = mlpg_bins_apply(host, alone, matrix_of(host, &t, NULL));
	check_stores(applied, &t, NULL);
	for (int i = 0; i < N; i++)
		wrong += memcmp(mlpg_bins_row(applied, i), mlpg_bins_row(bins, i), (size_t) bins->row_bytes) != 0;
	CHECK_INT(wrong, 0);
	free(t.x);
	free(half.x);
	harness_free(host);
}

/* Issue 3, item 8: while bins replace columns the peak is at most 1.2 bytes a value above the matrix, then 2.3 and 48 a row. */
static void
test_memory(void)
{
	enum
	{
		N = 270000,
		FEATURES = 28
	};
	MlpgHost   *host = harness_host();
	Table		t = table_create(FEATURES, N, NULL, 0);
	double		values = (double) N * FEATURES;
	uint64_t	state = 1;
	MlpgMatrix *matrix;
	MlpgSchema *schema;
	MlpgBinOptions options = usual;
	size_t		before,
				reading;
	MlpgBins   *bins;

	for (int64_t i = 0; i < (int64_t) N * FEATURES; i++)
		t.x[i] = (double) (test_random(&state) % 1000);
	matrix = matrix_of(host, &t, NULL);
	reading = host->in_use;
	CHECK((double) reading <= 4.5 * (values + N) + 100000);
	schema = schema_of(host, &t, matrix);
	options.identity = mlpg_sample_identify(host, matrix, 1);
	before = host->in_use;
	host->peak = host->in_use;
	bins = mlpg_bins_create(host, matrix, schema, &options);
	/* what the sample and its sorting take is bounded whatever the rows: 5 MB */
	CHECK((double) (host->peak - before) <= 1.2 * values + 5e6);
	CHECK((double) host->in_use <= 2.3 * values + 8.0 * N + 200000);
	CHECK(mlpg_bins_size(host, N, FEATURES) <= (size_t) N * 60 + 1000);
	mlpg_bins_release_stores(host, bins);
	CHECK((double) host->in_use <= 8.0 * N + 200000);
	free(t.x);
	harness_free(host);
}

/* Raises at the k-th check; 0: at none. */
static bool
canceled_at(const Table *t, int64_t k, int64_t *checks)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	MlpgMatrix *matrix = matrix_of(host, t, NULL);
	MlpgSchema *schema = schema_of(host, t, matrix);
	MlpgBinOptions options = usual;
	bool		raised;

	options.identity = mlpg_sample_identify(host, matrix, 1);
	*checks = harness_checks(host);
	harness_cancel_at_check(host, k);
	HARNESS_TRY(host, raised, (void) mlpg_bins_create(host, matrix, schema, &options));
	*checks = harness_checks(host) - *checks;
	harness_free(host);
	return raised;
}

static void
test_cancel(void)
{
	Table		t = mixed_table(40, 9000, 4);
	int64_t		checks,
				n;

	CHECK(!canceled_at(&t, 0, &n));
	CHECK(n > 20);
	for (int64_t k = 1; k < n / 3; k += 3)
		CHECK(canceled_at(&t, k, &checks));
	free(t.x);
}

int
main(void)
{
	test_stores(1, 3, 255);
	test_stores(7, 12, 255);
	test_stores(2000, 17, 255);
	test_stores(5003, 26, 31);
	test_stores(4100, 33, 63);
	test_stores(66000, 12, 255);
	test_stores(300, 1600, 255);
	test_order(30000);
	test_order(230000);
	for (int kind = 0; kind < 4; kind++)
	{
		test_greedy(kind, 255, 3);
		test_greedy(kind, 63, 1);
		test_greedy(kind, 15, 50);
		test_greedy(kind, 255, 400);
	}
	test_by_hand();
	test_extremes();
	test_categories();
	test_left_out();
	test_memory();
	test_cancel();
	return harness_done();
}
