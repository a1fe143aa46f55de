/*-------------------------------------------------------------------------
 *
 * matrix.c
 *	  The training set by column.
 *
 * Rows arrive in row-major blocks of a few hundred, small enough for the
 * second-level cache, and are turned into columns there: writing 28 columns
 * row by row touches 28 distant lines a row, which all fall into the same sets
 * of the first-level cache.
 *
 * A column is a list of chunks of 8,192 rows.  A chunk starts as float4 and
 * becomes float8 when the first block arrives that float4 does not keep
 * exactly, so integers, prices and flags cost 4 bytes a value, and nothing is
 * ever rounded.  The first chunks grow by doubling, so small sets stay small.
 * Later ones are made whole, for all columns and, as rows grow many, for up to
 * eight rows of chunks at once: a sixteenth of what there is.
 *
 * Memory: 4 or 8 bytes a value in the host's arena, and at most a sixteenth more
 * from 131,072 rows on.  Released in row order, while a learner reads for the
 * last time.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/matrix.h"

#define BLOCK_BYTES (128 * 1024)	/* of a full block: fits beside its results in a 512 kB cache */
#define BLOCK_ROWS_MAX 512
#define BLOCK_ROWS_WIDE 128		/* of wide rows: a summary of d^2 is to be worth merging ... */
#define WIDE_BYTES (4 * 1024 * 1024)	/* ... within this */
#define BLOCK_ROWS_MIN 16
#define CHUNK_ROWS_FIRST 512
#define SLAB_SHARE 16			/* a slab has this part of the chunks there are, ... */
#define SLAB_CHUNKS_MAX 8		/* ... at most so many */

typedef struct Chunk
{
	void	   *values;			/* capacity x (float or double) */
	int			capacity;		/* rows */
	bool		wide;			/* double */
	bool		shared;			/* memory is part of a slab, not to be released alone */
} Chunk;

/* Memory of whole rows of chunks. */
typedef struct Slab
{
	void	   *memory;
	int64_t		end;			/* chunks of each column up to its last one */
} Slab;

struct MlpgMatrix
{
	MlpgHost   *host;
	int			n_columns;
	int64_t		n_rows;
	int64_t		n_chunks;		/* of each column */
	int64_t		max_chunks;
	Chunk	   *chunk;			/* max_chunks x n_columns: chunk k of column j at k * n_columns + j */
	Slab	   *slab;			/* max_chunks */
	int64_t		n_slabs;
	size_t		chunk_row_bytes;	/* of the last slab */
	int64_t		n_released;		/* chunks of each column, from the first on */
	int64_t		n_slabs_released;
	bool	   *texts;			/* n_columns, or NULL: no column holds texts */
};

int
mlpg_block_rows(int n_columns)
{
	int			row = 8 * ((n_columns + 3) / 4 * 4);
	int			rows = BLOCK_BYTES / row;

	if (rows < BLOCK_ROWS_WIDE)
		rows = WIDE_BYTES / row < BLOCK_ROWS_WIDE ? WIDE_BYTES / row : BLOCK_ROWS_WIDE;
	return rows > BLOCK_ROWS_MAX ? BLOCK_ROWS_MAX : rows < BLOCK_ROWS_MIN ? BLOCK_ROWS_MIN : rows;
}

MlpgBlock *
mlpg_block_create(MlpgHost *host, int n_columns, int capacity)
{
	MlpgBlock  *block = mlpg_allocate(host, 1, sizeof(MlpgBlock));

	block->n_columns = n_columns;
	block->stride = (n_columns + 3) / 4 * 4;
	block->capacity = capacity;
	block->values = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) capacity, (size_t) block->stride), sizeof(double));
	return block;
}

MlpgMatrix *
mlpg_matrix_create(MlpgHost *host, int n_columns)
{
	MlpgMatrix *matrix = mlpg_allocate(host, 1, sizeof(MlpgMatrix));

	matrix->host = host;
	matrix->n_columns = n_columns;
	return matrix;
}

int64_t
mlpg_matrix_rows(const MlpgMatrix *matrix)
{
	return matrix->n_rows;
}

int
mlpg_matrix_columns(const MlpgMatrix *matrix)
{
	return matrix->n_columns;
}

void
mlpg_matrix_mark_texts(MlpgMatrix *m, int column)
{
	if (m->texts == NULL)
		m->texts = mlpg_allocate(m->host, (size_t) m->n_columns, sizeof(bool));
	m->texts[column] = true;
}

bool
mlpg_matrix_has_texts(const MlpgMatrix *m, int column)
{
	return m->texts != NULL && m->texts[column];
}

/* Room in a slab for the chunks to come; a column that needed float8 so far will again. */
static void
add_slab(MlpgMatrix *m, const Chunk *before)
{
	int64_t		chunks = m->n_chunks / SLAB_SHARE < 1 ? 1
		: m->n_chunks / SLAB_SHARE > SLAB_CHUNKS_MAX ? SLAB_CHUNKS_MAX : m->n_chunks / SLAB_SHARE;
	Slab	   *slab = &m->slab[m->n_slabs];

	m->chunk_row_bytes = 0;
	for (int j = 0; j < m->n_columns; j++)
		m->chunk_row_bytes = mlpg_size_add(m->host, m->chunk_row_bytes,
										   MLPG_CHUNK_ROWS * (before[j].wide ? sizeof(double) : sizeof(float)));
	slab->memory = mlpg_allocate(m->host, (size_t) chunks, m->chunk_row_bytes);
	slab->end = m->n_chunks + chunks;
	m->n_slabs++;
}

static void
add_chunk(MlpgMatrix *m)
{
	char	   *memory = NULL;
	Chunk	   *chunk;

	if (m->n_chunks == m->max_chunks)
	{
		int64_t		more = m->max_chunks == 0 ? 4 : m->max_chunks * 2;

		m->chunk = mlpg_resize(m->host, m->chunk, (size_t) (m->max_chunks * m->n_columns),
							   mlpg_size_multiply(m->host, (size_t) more, (size_t) m->n_columns), sizeof(Chunk));
		m->slab = mlpg_resize(m->host, m->slab, (size_t) m->max_chunks, (size_t) more, sizeof(Slab));
		m->max_chunks = more;
	}
	chunk = m->chunk + m->n_chunks * m->n_columns;
	if (m->n_chunks > 0 && (m->n_slabs == 0 || m->slab[m->n_slabs - 1].end == m->n_chunks))
	{
		add_slab(m, chunk - m->n_columns);
		memory = m->slab[m->n_slabs - 1].memory;
	}
	for (int j = 0; m->n_chunks > 0 && j < m->n_columns; j++)
	{
		const Chunk *last = &chunk[j - m->n_columns];

		chunk[j] = (Chunk) {.capacity = MLPG_CHUNK_ROWS, .wide = last->wide, .shared = memory != NULL || last->shared};
		if (memory != NULL)
		{
			chunk[j].values = memory;
			memory += MLPG_CHUNK_ROWS * (last->wide ? sizeof(double) : sizeof(float));
		}
		else if (last->shared)
			chunk[j].values = (char *) last->values + m->chunk_row_bytes;
		else					/* became wide after the slab was made */
			chunk[j].values = mlpg_allocate(m->host, MLPG_CHUNK_ROWS, sizeof(double));
	}
	m->n_chunks++;
}

/* Room for rows rows in a chunk of the first row of chunks. */
static void
reserve(MlpgMatrix *m, Chunk *chunk, int rows)
{
	int			capacity = chunk->capacity ? chunk->capacity : CHUNK_ROWS_FIRST;

	while (capacity < rows)
		capacity *= 2;
	if (capacity <= chunk->capacity)
		return;
	/* all columns double at once: of a wide table, that takes a while */
	mlpg_check(m->host, NULL, 0, 0);
	chunk->values = mlpg_resize(m->host, chunk->values, (size_t) chunk->capacity, (size_t) capacity,
								chunk->wide ? sizeof(double) : sizeof(float));
	chunk->capacity = capacity;
}

static void
widen(MlpgMatrix *m, Chunk *chunk, int rows)
{
	double	   *wide = mlpg_allocate(m->host, (size_t) chunk->capacity, sizeof(double));
	const float *narrow = chunk->values;

	for (int i = 0; i < rows; i++)
		wide[i] = narrow[i];
	if (!chunk->shared)
		mlpg_release(m->host, chunk->values);
	chunk->values = wide;
	chunk->wide = true;
	chunk->shared = false;
}

/* Appends n values, stride apart, behind the rows that the chunk already has. */
static void
append_column(MlpgMatrix *m, Chunk *chunk, int rows, const double *source, int stride, int n)
{
	if (!chunk->wide)
	{
		float	   *out = (float *) chunk->values + rows;
		int			exact = 1;

		for (int i = 0; i < n; i++)
		{
			double		value = source[(size_t) i * stride];
			float		narrow = (float) value;

			out[i] = narrow;
			exact &= ((double) narrow == value) | (value != value);
		}
		if (exact)
			return;
		widen(m, chunk, rows);
	}
	double	   *out = (double *) chunk->values + rows;

	for (int i = 0; i < n; i++)
		out[i] = source[(size_t) i * stride];
}

enum
{
	TILE = 64					/* rows turned from row-major at a time: they stay in the first cache */
};

void
mlpg_matrix_append(MlpgMatrix *m, const MlpgBlock *block)
{
	int			done = 0;

	MLPG_ASSERT(block->n_columns == m->n_columns);
	while (done < block->n_rows)
	{
		int			rows = (int) (m->n_rows % MLPG_CHUNK_ROWS);
		int			n = block->n_rows - done;

		if (rows == 0)
			add_chunk(m);
		if (n > TILE)
			n = TILE;
		if (n > MLPG_CHUNK_ROWS - rows)
			n = MLPG_CHUNK_ROWS - rows;
		for (int j = 0; j < m->n_columns; j++)
		{
			Chunk	   *chunk = &m->chunk[(m->n_chunks - 1) * m->n_columns + j];

			reserve(m, chunk, rows + n);
			append_column(m, chunk, rows, mlpg_block_row(block, done) + j, block->stride, n);
		}
		m->n_rows += n;
		done += n;
	}
}

void
mlpg_matrix_read(const MlpgMatrix *m, int column, int64_t first, int64_t n, double *out)
{
	MLPG_ASSERT(first >= 0 && first + n <= m->n_rows);
	while (n > 0)
	{
		const Chunk *chunk = &m->chunk[first / MLPG_CHUNK_ROWS * m->n_columns + column];
		int			offset = (int) (first % MLPG_CHUNK_ROWS);
		int64_t		part = MLPG_CHUNK_ROWS - offset < n ? MLPG_CHUNK_ROWS - offset : n;

		if (chunk->wide)
			memcpy(out, (const double *) chunk->values + offset, (size_t) part * sizeof(double));
		else
			for (int64_t i = 0; i < part; i++)
				out[i] = ((const float *) chunk->values)[offset + i];
		out += part;
		first += part;
		n -= part;
	}
}

void
mlpg_matrix_read_rows(const MlpgMatrix *m, int64_t first, int n, double *out, int stride)
{
	for (int done = 0; done < n;)
	{
		const Chunk *chunk = &m->chunk[(first + done) / MLPG_CHUNK_ROWS * m->n_columns];
		int			offset = (int) ((first + done) % MLPG_CHUNK_ROWS);
		int			part = MLPG_CHUNK_ROWS - offset < n - done ? MLPG_CHUNK_ROWS - offset : n - done;

		for (int j = 0; j < m->n_columns; j++)
		{
			double	   *to = out + (size_t) done * stride + j;

			if (chunk[j].wide)
				for (int i = 0; i < part; i++)
					to[(size_t) i * stride] = ((const double *) chunk[j].values)[offset + i];
			else
				for (int i = 0; i < part; i++)
					to[(size_t) i * stride] = ((const float *) chunk[j].values)[offset + i];
		}
		done += part;
	}
}

const void *
mlpg_matrix_values(const MlpgMatrix *m, int column, int64_t first, bool *wide)
{
	const Chunk *chunk = &m->chunk[first / MLPG_CHUNK_ROWS * m->n_columns + column];
	int			offset = (int) (first % MLPG_CHUNK_ROWS);

	MLPG_ASSERT(first < m->n_rows);
	*wide = chunk->wide;
	return chunk->wide ? (const void *) ((const double *) chunk->values + offset) : (const float *) chunk->values + offset;
}

void
mlpg_matrix_gather(const MlpgMatrix *m, int column, const uint32_t *row, int64_t n, double *out)
{
	for (int64_t i = 0; i < n; i++)
	{
		const Chunk *chunk = &m->chunk[(size_t) (row[i] / MLPG_CHUNK_ROWS) * (size_t) m->n_columns + (size_t) column];
		int			offset = (int) (row[i] % MLPG_CHUNK_ROWS);

		MLPG_ASSERT(row[i] < m->n_rows);
		out[i] = chunk->wide ? ((const double *) chunk->values)[offset] : ((const float *) chunk->values)[offset];
	}
}

void
mlpg_matrix_release_rows(MlpgMatrix *m, int64_t before)
{
	int64_t		end = before < m->n_rows ? before / MLPG_CHUNK_ROWS : m->n_chunks;

	for (; m->n_released < end; m->n_released++)
	{
		Chunk	   *chunk = &m->chunk[m->n_released * m->n_columns];

		for (int j = 0; j < m->n_columns; j++)
		{
			if (!chunk[j].shared)
				mlpg_release(m->host, chunk[j].values);
			chunk[j].values = NULL;
		}
	}
	for (; m->n_slabs_released < m->n_slabs && (m->slab[m->n_slabs_released].end <= end || end == m->n_chunks); m->n_slabs_released++)
		mlpg_release(m->host, m->slab[m->n_slabs_released].memory);
}

void
mlpg_matrix_recode(MlpgMatrix *m, int column, const int32_t *rank)
{
	for (int64_t k = 0; k < m->n_chunks; k++)
	{
		Chunk	   *chunk = &m->chunk[k * m->n_columns + column];
		int64_t		rows = k < m->n_chunks - 1 ? MLPG_CHUNK_ROWS : m->n_rows - k * MLPG_CHUNK_ROWS;

		for (int64_t i = 0; i < rows; i++)
		{
			double		code = chunk->wide ? ((double *) chunk->values)[i] : ((float *) chunk->values)[i];

			if (code != code)
				continue;
			if (!chunk->wide && rank[(int32_t) code] > (1 << 24))
				widen(m, chunk, (int) rows);
			if (chunk->wide)
				((double *) chunk->values)[i] = rank[(int32_t) code];
			else
				((float *) chunk->values)[i] = (float) rank[(int32_t) code];
		}
	}
}

enum
{
	PART = 1024,				/* rows read at a time */
	SIDE_BY_SIDE = 4			/* columns */
};

/* The mean where the sum is out of range. */
static double
scaled_mean(const MlpgMatrix *m, int column, int64_t present, double *values)
{
	double		sum = 0;

	for (int64_t first = 0; first < m->n_rows; first += PART)
	{
		int64_t		n = m->n_rows - first < PART ? m->n_rows - first : PART;

		mlpg_matrix_read(m, column, first, n, values);
		for (int64_t i = 0; i < n; i++)
			if (values[i] == values[i])
				sum += values[i] / 4 / (double) present;
	}
	return sum * 4;
}

/*
 * What is gathered of a column.  What the additions lose is added up beside the sum
 * (Knuth's two-sum), so that the mean has all its digits, and the same ones in any order.
 */
typedef struct Summary
{
	double		sum;
	double		lost;
	double		minimum;
	double		maximum;
	int64_t		present;
} Summary;

static inline void
summarise_value(Summary *s, double x)
{
	double		next,
				added;

	if (x != x)
		return;
	next = s->sum + x;
	added = next - s->sum;
	s->lost += (s->sum - (next - added)) + (x - added);
	s->sum = next;
	s->present++;
	s->minimum = x < s->minimum ? x : s->minimum;
	s->maximum = x > s->maximum ? x : s->maximum;
}

/* n columns from j on, side by side: each waits for its last sum, but not for one another's. */
static void
summarise_columns(MlpgHost *host, const MlpgMatrix *m, int j, int n, double (*values)[PART], Summary *summary)
{
	for (int64_t first = 0; first < m->n_rows; first += PART)
	{
		int64_t		rows = m->n_rows - first < PART ? m->n_rows - first : PART;

		for (int k = 0; k < n; k++)
			mlpg_matrix_read(m, j + k, first, rows, values[k]);
		if (n == SIDE_BY_SIDE)
			for (int64_t i = 0; i < rows; i++)
			{
				summarise_value(&summary[0], values[0][i]);
				summarise_value(&summary[1], values[1][i]);
				summarise_value(&summary[2], values[2][i]);
				summarise_value(&summary[3], values[3][i]);
			}
		else
			for (int k = 0; k < n; k++)
				for (int64_t i = 0; i < rows; i++)
					summarise_value(&summary[k], values[k][i]);
		mlpg_check(host, "describing columns", j, m->n_columns);
	}
}

static void
describe_feature(const MlpgMatrix *m, int j, const Summary *s, double *values, MlpgFeature *feature)
{
	feature->minimum = s->minimum;
	feature->maximum = s->maximum;
	feature->has_missing = s->present < m->n_rows;
	feature->mean = s->present > 0 ? (s->sum + s->lost) / (double) s->present : 0;
	if (!isfinite(feature->mean))
		feature->mean = scaled_mean(m, j, s->present, values);
	feature->constant = s->present == 0 || (!feature->has_missing && s->minimum == s->maximum);
	if (s->present == 0 || mlpg_matrix_has_texts(m, j))
		feature->mean = feature->minimum = feature->maximum = 0;
}

void
mlpg_matrix_describe(MlpgHost *host, const MlpgMatrix *m, MlpgSchema *schema)
{
	double		(*values)[PART] = mlpg_allocate(host, SIDE_BY_SIDE, sizeof(*values));

	for (int j = 0; j < schema->n_features; j += SIDE_BY_SIDE)
	{
		int			n = schema->n_features - j < SIDE_BY_SIDE ? schema->n_features - j : SIDE_BY_SIDE;
		Summary		summary[SIDE_BY_SIDE];

		for (int k = 0; k < n; k++)
			summary[k] = (Summary) {.minimum = INFINITY, .maximum = -INFINITY};
		summarise_columns(host, m, j, n, values, summary);
		for (int k = 0; k < n; k++)
			describe_feature(m, j + k, &summary[k], values[0], &schema->feature[j + k]);
	}
	mlpg_release(host, values);
}
