/*-------------------------------------------------------------------------
 *
 * test_matrix.c
 *	  Columns in chunks: what was appended is what is read, bit for bit, at all
 *	  chunk boundaries, in float4 and float8.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

/* The value of a cell: by column, whole numbers, halves, thirds, holes, and thirds from some row on only. */
static double
cell(int column, int64_t row)
{
	uint64_t	random = (uint64_t) row * 8 + (uint64_t) column;

	switch (column)
	{
		case 0:
			return (double) (test_random(&random) % 1000);
		case 1:
			return (double) row / 3;
		case 2:
			return test_random(&random) % 5 == 0 ? NAN : (double) row * 0.5;
		case 3:
			return row < MLPG_CHUNK_ROWS + 1000 ? 1 : 1.0 / 3;
		case 4:
			return row == 70000 ? 1e300 : -0.0;
		case 5:
			/* and in the first of two chunks whose memory was made at once */
			return row == 34 * MLPG_CHUNK_ROWS + 100 ? 0.1 : row % 2 ? 16777216 : row < 100 ? 16777215 : 2;
		default:
			return NAN;
	}
}

static bool
same(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static MlpgMatrix *
fill(MlpgHost *host, int64_t n, int part)
{
	MlpgMatrix *matrix = mlpg_matrix_create(host, 7);
	MlpgBlock  *block = mlpg_block_create(host, 7, part);

	CHECK_INT(block->stride, 8);
	for (int64_t first = 0; first < n; first += part)
	{
		block->n_rows = n - first < part ? (int) (n - first) : part;
		for (int i = 0; i < block->n_rows; i++)
			for (int j = 0; j < 7; j++)
				mlpg_block_row(block, i)[j] = cell(j, first + i);
		mlpg_matrix_append(matrix, block);
	}
	return matrix;
}

static void
test_read(int64_t n, int part)
{
	MlpgHost   *host = harness_host();
	MlpgMatrix *matrix = fill(host, n, part);
	double	   *out = malloc((size_t) (n + 1) * 8 * sizeof(double));
	static const int64_t chunk = MLPG_CHUNK_ROWS;
	const int64_t starts[] = {0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 3, n - 1, n / 2};
	int64_t		wrong = 0;

	CHECK_INT(mlpg_matrix_rows(matrix), n);
	CHECK_INT(mlpg_matrix_columns(matrix), 7);
	for (int s = 0; s < 8; s++)
	{
		int64_t		first = starts[s];
		int			rows;

		if (first < 0 || first >= n)
			continue;
		for (int j = 0; j < 7; j++)
		{
			mlpg_matrix_read(matrix, j, first, n - first, out);
			for (int64_t i = first; i < n; i++)
				wrong += !same(out[i - first], cell(j, i));
			mlpg_matrix_read(matrix, j, first, 1, out);
			wrong += !same(out[0], cell(j, first));
		}
		rows = (int) (n - first < 1000 ? n - first : 1000);
		mlpg_matrix_read_rows(matrix, first, rows, out, 8);
		for (int i = 0; i < rows; i++)
			for (int j = 0; j < 7; j++)
				wrong += !same(out[i * 8 + j], cell(j, first + i));
	}
	CHECK_INT(wrong, 0);
	free(out);
	harness_free(host);
}

/* float4 where it is exact, so half the memory; small sets small. */
static void
test_memory(void)
{
	MlpgHost   *host = harness_host();
	MlpgMatrix *matrix = mlpg_matrix_create(host, 4);
	MlpgBlock  *block = mlpg_block_create(host, 4, 512);
	size_t		before = host->in_use;
	int			over = 0;

	for (int i = 0; i < 512; i++)
		for (int j = 0; j < 4; j++)
			mlpg_block_row(block, i)[j] = i * j;
	block->n_rows = 512;
	mlpg_matrix_append(matrix, block);
	CHECK(host->in_use - before <= 512 * 4 * sizeof(float) + 1024);
	for (int k = 1; k < 32; k++)
		mlpg_matrix_append(matrix, block);
	CHECK_INT(mlpg_matrix_rows(matrix), 2 * MLPG_CHUNK_ROWS);
	CHECK(host->in_use - before <= 2 * MLPG_CHUNK_ROWS * 4 * sizeof(float) + 2048);
	/* from 131,072 rows on at most 4.5 bytes a value, whatever the number of rows */
	for (int k = 32; k < 1000; k++)
	{
		mlpg_matrix_append(matrix, block);
		if (k >= 256 && host->in_use - before > (size_t) mlpg_matrix_rows(matrix) * 4 * 9 / 2)
			over++;
	}
	CHECK_INT(over, 0);
	harness_free(host);
}

/* Memory comes back row by row, in whatever type the columns are, and what is left can be read. */
static void
test_release(void)
{
	MlpgHost   *host = harness_host();
	int64_t		n = 41 * MLPG_CHUNK_ROWS + 100;
	MlpgMatrix *matrix = fill(host, n, 512);
	size_t		last = host->in_use,
				all = last;
	double	   *out = malloc((size_t) n * sizeof(double));
	uint32_t	rows[3] = {(uint32_t) n - 1, (uint32_t) n - 70, (uint32_t) n - 70};
	int64_t		wrong = 0;

	for (int64_t before = 0; before < n; before += MLPG_CHUNK_ROWS)
	{
		mlpg_matrix_release_rows(matrix, before);
		CHECK(host->in_use <= last);
		last = host->in_use;
		/* all but a slab's worth of what was asked for */
		CHECK((double) last <= (double) all * (1 - (double) (before - 3 * MLPG_CHUNK_ROWS) / (double) n));
		for (int j = 0; j < 7; j++)
		{
			mlpg_matrix_read(matrix, j, before, n - before < 100 ? n - before : 100, out);
			for (int64_t i = 0; i < 100 && before + i < n; i++)
				wrong += !same(out[i], cell(j, before + i));
		}
	}
	for (int j = 0; j < 7; j++)
	{
		mlpg_matrix_gather(matrix, j, rows, 3, out);
		wrong += !same(out[0], cell(j, n - 1)) || !same(out[1], cell(j, n - 70)) || !same(out[2], cell(j, n - 70));
	}
	CHECK_INT(wrong, 0);
	mlpg_matrix_release_rows(matrix, n);
	CHECK(host->in_use < 100000);
	CHECK_INT(mlpg_matrix_rows(matrix), n);
	free(out);
	harness_free(host);
}

static void
test_recode(void)
{
	MlpgHost   *host = harness_host();
	enum
	{
		LEVELS = 70000
	};
	int64_t		n = 2 * MLPG_CHUNK_ROWS + 77;
	MlpgMatrix *matrix = mlpg_matrix_create(host, 3);
	MlpgBlock  *block = mlpg_block_create(host, 3, 512);
	int32_t    *rank = malloc(LEVELS * sizeof(int32_t));
	double		value[3];
	int64_t		wrong = 0;

	for (int64_t i = 0; i < n; i++)
	{
		double	   *row = mlpg_block_row(block, block->n_rows++);

		row[0] = (double) i;
		row[1] = i % 9 == 0 ? NAN : (double) (i % LEVELS);
		row[2] = 0.1;
		if (block->n_rows == 512 || i == n - 1)
		{
			mlpg_matrix_append(matrix, block);
			block->n_rows = 0;
		}
	}
	/* a permutation, with codes that float4 does not keep thrown in */
	for (int k = 0; k < LEVELS; k++)
		rank[k] = k == 69999 ? (1 << 24) + 1 : LEVELS - 1 - k;
	mlpg_matrix_recode(matrix, 1, rank);
	for (int64_t i = 0; i < n; i++)
	{
		mlpg_matrix_read_rows(matrix, i, 1, value, 3);
		wrong += !(value[0] == (double) i && value[2] == 0.1 && same(value[1], i % 9 == 0 ? NAN : (double) rank[i % LEVELS]));
	}
	CHECK_INT(wrong, 0);
	free(rank);
	harness_free(host);
}

static void
test_describe(void)
{
	MlpgHost   *host = harness_host();
	int64_t		n = MLPG_CHUNK_ROWS + 5000;
	MlpgMatrix *matrix = fill(host, n, 300);
	MlpgSchema *schema = mlpg_schema_create(host, 7);
	double		sum = 0;
	int64_t		present = 0;

	for (int64_t i = 0; i < n; i++)
		if (!isnan(cell(2, i)))
		{
			sum += cell(2, i);	/* halves: exact */
			present++;
		}
	mlpg_matrix_describe(host, matrix, schema);
	CHECK(!schema->feature[0].has_missing && !schema->feature[0].constant);
	CHECK(schema->feature[0].minimum >= 0 && schema->feature[0].maximum <= 999);
	CHECK_CLOSE(schema->feature[1].mean, (double) (n - 1) / 6, 1e-15);
	CHECK_CLOSE(schema->feature[1].maximum, (double) (n - 1) / 3, 0);
	CHECK(schema->feature[2].has_missing && !schema->feature[2].constant);
	CHECK_CLOSE(schema->feature[2].mean, sum / (double) present, 1e-15);
	CHECK(schema->feature[6].has_missing && schema->feature[6].constant);
	CHECK(schema->feature[6].mean == 0 && schema->feature[6].minimum == 0 && schema->feature[6].maximum == 0);

	/* no rows, one row, sums out of range */
	MlpgMatrix *small = mlpg_matrix_create(host, 2);
	MlpgBlock  *block = mlpg_block_create(host, 2, 3);
	MlpgSchema *two = mlpg_schema_create(host, 2);

	mlpg_matrix_describe(host, small, two);
	CHECK(two->feature[0].constant && !two->feature[0].has_missing && two->feature[0].mean == 0);
	block->n_rows = 1;
	block->values[0] = 1.6e308;
	block->values[1] = 3;
	mlpg_matrix_append(small, block);
	mlpg_matrix_describe(host, small, two);
	CHECK(two->feature[1].constant && two->feature[1].mean == 3);
	block->values[0] = 1.7e308;
	mlpg_matrix_append(small, block);
	mlpg_matrix_append(small, block);
	mlpg_matrix_describe(host, small, two);
	CHECK_CLOSE(two->feature[0].mean, 1.6666666666666667e308, 1e-14);
	harness_free(host);
}

static void
test_block_rows(void)
{
	/* on disk in no place, but sums depend on it: a change here changes models */
	CHECK_INT(mlpg_block_rows(1), 512);
	CHECK_INT(mlpg_block_rows(30), 512);
	CHECK_INT(mlpg_block_rows(32), 512);
	CHECK_INT(mlpg_block_rows(33), 455);
	CHECK_INT(mlpg_block_rows(100), 163);
	CHECK_INT(mlpg_block_rows(128), 128);
	CHECK_INT(mlpg_block_rows(1600), 128);
	CHECK_INT(mlpg_block_rows(8000), 65);
	CHECK_INT(mlpg_block_rows(100000), 16);
}

int
main(void)
{
	static const int parts[] = {1, 7, 512, 513, 70000};

	for (int k = 0; k < 5; k++)
	{
		test_read(3, parts[k]);
		test_read(600, parts[k]);
	}
	for (int k = 1; k < 5; k++)
	{
		test_read(MLPG_CHUNK_ROWS - 1, parts[k]);
		test_read(MLPG_CHUNK_ROWS, parts[k]);
		test_read(MLPG_CHUNK_ROWS + 1, parts[k]);
		test_read(2 * MLPG_CHUNK_ROWS + 4097, parts[k]);
	}
	test_memory();
	test_release();
	test_recode();
	test_describe();
	test_block_rows();
	return harness_done();
}
