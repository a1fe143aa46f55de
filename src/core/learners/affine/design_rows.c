/*-------------------------------------------------------------------------
 *
 * design_rows.c
 *	  The design of all training rows, for learners that read it many times.
 *
 * The intercept and numbers are dense: centred and scaled, so that cross-products lose
 * few digits and all penalties mean the same.  They are not held: each pass
 * makes rows of them anew, a block at a time, from the columns of the training's matrix.  That takes
 * 10 of the 50 ns of a row of 30 columns, less than writing them once where memory is
 * fresh: filling 256 MB took longer than all passes of Newton's method over them.
 *
 * Levels, missing indicators and n-grams of texts are zero for most rows, so a row only lists
 * the others; centring would make them dense, so they stay as they are, and a penalty
 * multiplies them by their standard deviation instead.
 *
 * The first pass adds up the moments, of numbers divided by the power of two of their range and taken
 * off their mean of the schema, which loses nothing that matters.  Weights can move the mean far from the
 * schema's, so with weights there is another.
 *
 * Work is cut in pieces of rows that depend on their number and that of the columns, and the sums
 * of pieces are added in order: any number of threads gives the same bytes.
 *
 * Memory: 8 bytes a row and 4 an entry of sparse columns, 12 where there are texts; a block of
 * rows a thread; while sums are formed, those of as many pieces as fit in 64 MB.
 * NULL: a missing number is the schema's mean, and its indicator holds.
 * Determinism: order-fixed.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/design_rows.h"

#define CONSTANT 1e-13			/* a deviation that small, as a share of the range, is rounding */
#define COLUMNS_A_ROW 256		/* whose sums cost as much as a row of the matrix */
#define PARTIAL_BYTES ((size_t) 64 << 20)
#define TASK_UNITS 4000000		/* multiplications of a task, about: a few ms, so that cancel is quick */

/* Where the columns come from. */
typedef struct Source
{
	const MlpgTraining *training;
	MlpgDesignRows *rows;
	const double *w;
	bool		standardise;
	double	   *about;			/* dense_stride: sums are about this */
	int			n_sparse;		/* features with sparse columns */
	int		   *sparse;			/* n_sparse: feature */
	int		   *missing;		/* n_features: column of its missing indicator, -1 if none */
	int64_t    *first_level;	/* n_features: its levels in level, -1 for numbers */
	int		   *level;			/* column of each level, -1 if none */
	bool		texts;			/* there are n-grams: entries have values */
	double	   *buffer;			/* n_threads x BLOCK, for counting */
} Source;

static const float zeros[MLPG_DESIGN_BLOCK];	/* values of the padding and, shifted, of the intercept */

/* ---------- columns ---------- */

static void
cut_pieces(MlpgHost *host, MlpgDesignRows *rows, int n_columns)
{
	int64_t		blocks = (rows->n_rows + MLPG_DESIGN_BLOCK - 1) / MLPG_DESIGN_BLOCK;
	int64_t		size = (blocks + MLPG_DESIGN_PIECES - 1) / MLPG_DESIGN_PIECES * MLPG_DESIGN_BLOCK;

	/* sums of many columns cost as much as those of some rows */
	if (size < n_columns / COLUMNS_A_ROW)
		size = (n_columns / COLUMNS_A_ROW + MLPG_DESIGN_BLOCK - 1) / MLPG_DESIGN_BLOCK * MLPG_DESIGN_BLOCK;
	rows->n_pieces = rows->n_rows == 0 ? 0 : (int) ((rows->n_rows + size - 1) / size);
	rows->piece = mlpg_allocate(host, (size_t) rows->n_pieces + 1, sizeof(int64_t));
	for (int k = 0; k < rows->n_pieces; k++)
		rows->piece[k] = k * size;
	rows->piece[rows->n_pieces] = rows->n_rows;
}

static bool
is_dense(const MlpgTerm *term)
{
	return term->kind == MLPG_TERM_INTERCEPT || term->kind == MLPG_TERM_NUMBER;
}

static void
number_columns(MlpgHost *host, MlpgDesignRows *rows, const MlpgDesign *design)
{
	int			t = design->n_terms,
				c = 0;

	rows->n_columns = t;
	rows->term = mlpg_allocate(host, (size_t) t + 1, sizeof(int));
	for (int sparse = 0; sparse < 2; sparse++)
	{
		for (int j = 0; j < t; j++)
			if (is_dense(&design->term[j]) == (sparse == 0))
				rows->term[c++] = j;
		if (sparse == 0)
			rows->n_dense = c;
	}
	rows->dense_stride = (rows->n_dense + 3) / 4 * 4;
	rows->lda = (t + 3) / 4 * 4;
	rows->intercept = t > 0 && design->term[0].kind == MLPG_TERM_INTERCEPT;
	rows->center = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	rows->scale = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	rows->mean = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	rows->deviation = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	for (int k = 0; k < t; k++)
		rows->scale[k] = 1;
}

/* The power of two above the range of a feature, kept where its inverse is in range too. */
static double
range_of(const MlpgFeature *feature, double shift)
{
	int			e;

	frexp(fmax(fabs(feature->minimum / 2 - shift / 2), fabs(feature->maximum / 2 - shift / 2)), &e);
	return ldexp(1, e + 1 > 1000 ? 1000 : e + 1 < -1000 ? -1000 : e + 1);
}

/* How to read the dense columns: numbers in their units and, where they are to be centred, without their mean. */
static void
find_numbers(MlpgHost *host, Source *s, const MlpgDesign *design)
{
	MlpgDesignRows *rows = s->rows;
	size_t		n = (size_t) rows->dense_stride + 1;

	rows->matrix = s->training->matrix;
	rows->reading = mlpg_allocate(host, n, sizeof(MlpgRowsColumn));
	rows->feature = mlpg_allocate(host, n, sizeof(int));
	s->about = mlpg_allocate(host, n, sizeof(double));
	for (int k = 0; k < rows->dense_stride; k++)
	{
		rows->reading[k] = (MlpgRowsColumn) {.values = zeros, .per_unit = 1, .factor = 1};
		rows->feature[k] = -1;
	}
	if (rows->intercept)
		rows->reading[0].shift = -1;
	for (int k = rows->intercept; k < rows->n_dense; k++)
	{
		const MlpgFeature *feature;
		MlpgRowsColumn *c = &rows->reading[k];
		bool		centred = s->standardise && rows->intercept;

		rows->feature[k] = (int) design->term[rows->term[k]].feature;
		feature = &s->training->schema->feature[rows->feature[k]];
		c->fill = feature->mean;
		c->per_unit = s->standardise ? 1 / range_of(feature, centred ? feature->mean : 0) : 1;
		c->shift = centred ? feature->mean * c->per_unit : 0;
		s->about[k] = centred ? 0 : feature->mean * c->per_unit;
	}
}

static void
find_sparse(MlpgHost *host, Source *s, const MlpgDesign *design)
{
	const MlpgSchema *schema = s->training->schema;
	size_t		n = (size_t) schema->n_features + 1;
	int64_t		n_levels = 0;

	s->sparse = mlpg_allocate(host, n, sizeof(int));
	s->missing = mlpg_allocate(host, n, sizeof(int));
	s->first_level = mlpg_allocate(host, n, sizeof(int64_t));
	for (int i = 0; i < schema->n_features; i++)
	{
		s->missing[i] = -1;
		s->first_level[i] = schema->feature[i].kind < MLPG_CATEGORY ? -1 : n_levels;
		n_levels += mlpg_feature_levels(&schema->feature[i]);
	}
	s->level = mlpg_allocate(host, (size_t) n_levels + 1, sizeof(int));
	for (int64_t k = 0; k < n_levels; k++)
		s->level[k] = -1;
	for (int c = s->rows->n_dense; c < s->rows->n_columns; c++)
	{
		const MlpgTerm *term = &design->term[s->rows->term[c]];

		if (s->n_sparse == 0 || s->sparse[s->n_sparse - 1] != (int) term->feature)
			s->sparse[s->n_sparse++] = (int) term->feature;
		s->texts |= term->kind == MLPG_TERM_NGRAM;
		if (term->kind == MLPG_TERM_MISSING)
			s->missing[term->feature] = c;
		else
			s->level[s->first_level[term->feature] + term->level] = c;
	}
}

static inline bool
is_text(const Source *s, int feature)
{
	return s->training->schema->feature[feature].kind == MLPG_TEXT;
}

/* Sparse column of a value that is no text, -1 if none. */
static inline int
column_of(const Source *s, int feature, double x)
{
	if (x != x)
		return s->missing[feature];
	return s->first_level[feature] < 0 ? -1 : s->level[s->first_level[feature] + (int64_t) x];
}

/* Entries of a text, and of what a row has otherwise. */
static inline int
count_of(const Source *s, int feature, double x)
{
	if (x == x && is_text(s, feature))
		return mlpg_value_text(x)->n;
	return column_of(s, feature, x) >= 0;
}

/* ---------- reading ---------- */

static void
count_entries(MlpgTask *task, int index, void *argument)
{
	Source	   *s = argument;
	MlpgDesignRows *rows = s->rows;
	double	   *x = s->buffer + (size_t) task->thread * MLPG_DESIGN_BLOCK;

	for (int64_t first = rows->piece[index]; first < rows->piece[index + 1]; first += MLPG_DESIGN_BLOCK)
	{
		int64_t		n = rows->piece[index + 1] - first;

		n = n < MLPG_DESIGN_BLOCK ? n : MLPG_DESIGN_BLOCK;
		if (atomic_load_explicit(task->stop, memory_order_relaxed))
			return;
		for (int k = 0; k < s->n_sparse; k++)
		{
			mlpg_matrix_read(s->training->matrix, s->sparse[k], first, n, x);
			for (int64_t i = 0; i < n; i++)
				rows->start[first + i + 1] += count_of(s, s->sparse[k], x[i]);
		}
	}
}

/* values: that of the row of each sparse feature, BLOCK apart. */
static void
fill_sparse_row(const Source *s, int64_t row, const double *values, double w, double *weights)
{
	int64_t		at = s->rows->start[row];

	for (int k = 0; k < s->n_sparse; k++)
	{
		int			c = column_of(s, s->sparse[k], values[k * MLPG_DESIGN_BLOCK]);

		if (c < 0)
			continue;
		s->rows->column[at++] = (uint32_t) c;
		weights[c - s->rows->n_dense] += w;
	}
}

/* The same where there are texts: a design that has such a feature has a term for each of its n-grams. */
static void
fill_valued_row(const Source *s, int64_t row, const double *values)
{
	int64_t		at = s->rows->start[row];

	for (int k = 0; k < s->n_sparse; k++)
	{
		int			feature = s->sparse[k];
		double		x = values[k * MLPG_DESIGN_BLOCK];
		const MlpgTextGrams *grams = x == x && is_text(s, feature) ? mlpg_value_text(x) : NULL;
		int			c = grams == NULL ? column_of(s, feature, x) : -1;

		for (int32_t g = 0; grams != NULL && g < grams->n; g++, at++)
		{
			s->rows->column[at] = (uint32_t) s->level[s->first_level[feature] + grams->gram[g].position];
			s->rows->value[at] = (double) grams->gram[g].weight;
		}
		if (c < 0)
			continue;
		s->rows->column[at] = (uint32_t) c;
		s->rows->value[at++] = 1;
	}
}

/*
 * Body of the first pass.  sums: of dense columns and of their squares, of the weights of sparse columns; scratch: BLOCK
 * values of each sparse feature.
 */
static void
fill_rows(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Source *s = argument;

	mlpg_rows()->moments(mlpg_design_rows_dense(rows, first), last - first, rows->dense_stride, s->w ? s->w + first : NULL, s->about,
						 sums, sums + rows->dense_stride);
	for (int k = 0; k < s->n_sparse; k++)
		mlpg_matrix_read(rows->matrix, s->sparse[k], first, last - first, scratch + (size_t) k * MLPG_DESIGN_BLOCK);
	for (int64_t i = 0; s->n_sparse > 0 && i < last - first; i++)
		if (s->texts)
			fill_valued_row(s, first + i, scratch + i);
		else
			fill_sparse_row(s, first + i, scratch + i, s->w ? s->w[first + i] : 1, sums + 2 * rows->dense_stride);
}

/* Body: the moments again, about the weighted mean. */
static void
add_moments(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Source *s = argument;

	(void) scratch;
	mlpg_rows()->moments(mlpg_design_rows_dense(rows, first), last - first, rows->dense_stride, s->w + first, s->about,
						 sums, sums + rows->dense_stride);
}

/* Room for the entries of sparse columns, by row. */
static void
count_sparse(MlpgHost *host, Source *s)
{
	MlpgDesignRows *rows = s->rows;

	if (s->n_sparse == 0)
		return;
	rows->start = mlpg_allocate(host, mlpg_size_add(host, (size_t) rows->n_rows, 1), sizeof(int64_t));
	host->parallel_for(host, rows->n_pieces, count_entries, s);
	for (int64_t i = 0; i < rows->n_rows; i++)
		rows->start[i + 1] += rows->start[i];
	rows->column = mlpg_allocate(host, (size_t) rows->start[rows->n_rows] + 1, sizeof(uint32_t));
	if (s->texts)
		rows->value = mlpg_allocate(host, (size_t) rows->start[rows->n_rows] + 1, sizeof(double));
}

/* ---------- scales ---------- */

/* Center, scale and deviation of a number, and from now on it is read so. */
static void
settle_number(const Source *s, int k, double mean, double variance)
{
	MlpgDesignRows *rows = s->rows;
	MlpgRowsColumn *c = &rows->reading[k];
	bool		centred = s->standardise && rows->intercept;
	double		deviation = sqrt(fmax(0, variance));
	double		unit = 1 / c->per_unit;

	if (deviation < CONSTANT * (s->standardise ? 1 : fabs(s->about[k])))
		deviation = 0;
	if (centred)
		c->shift += mean;
	rows->center[k] = c->shift * unit;
	/* with weights sums were taken about the weighted mean */
	rows->mean[k] = centred ? rows->center[k] : (s->about[k] + (s->w ? 0 : mean)) * unit;
	if (s->standardise)
	{
		rows->scale[k] = deviation > 0 ? deviation * unit : unit;
		c->factor = deviation > 0 ? 1 / deviation : centred ? 0 : 1;
	}
	rows->deviation[k] = deviation * unit / rows->scale[k];
}

/*
 * Of sparse columns with values: sums over their entries, in the order of rows.  The deviation of
 * n-grams counts as 1: their weights are on one scale by themselves, as each text
 * has length 1, and a rare one is to be penalised like others.
 */
static void
measure_valued(MlpgHost *host, const Source *s, const MlpgDesign *design)
{
	MlpgDesignRows *rows = s->rows;

	for (int64_t i = 0; i < rows->n_rows; i++)
	{
		double		w = (s->w ? s->w[i] : 1) / rows->weight;

		for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
			rows->mean[rows->column[e]] += w * rows->value[e];
		if (i % 1024 == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	for (int c = rows->n_dense; c < rows->n_columns; c++)
		rows->deviation[c] = design->term[rows->term[c]].kind == MLPG_TERM_NGRAM ? 1 :
			sqrt(fmax(0, rows->mean[c] * (1 - rows->mean[c])));
}

/*
 * Without weights one pass gives all moments.  With them the mean may be far from the
 * schema's, and deviations from it are taken once more.
 */
static void
measure(MlpgHost *host, Source *s)
{
	MlpgDesignRows *rows = s->rows;
	size_t		stride = (size_t) rows->dense_stride,
				n_sums = 2 * stride + (s->texts ? 0 : (size_t) (rows->n_columns - rows->n_dense));
	double	   *total = mlpg_allocate(host, n_sums + 1, sizeof(double));
	double	   *mean = mlpg_allocate(host, stride + 1, sizeof(double));

	mlpg_design_rows_sum(host, rows, fill_rows, s, n_sums, total, (size_t) s->n_sparse * MLPG_DESIGN_BLOCK, "preparing the design");
	for (size_t k = 0; k < stride; k++)
		mean[k] = total[k] / rows->weight;
	for (int c = rows->n_dense; c < rows->n_columns && !s->texts; c++)
	{
		double		share = total[2 * stride + (size_t) (c - rows->n_dense)] / rows->weight;

		rows->mean[c] = share;
		rows->deviation[c] = sqrt(fmax(0, share * (1 - share)));
	}
	if (s->w)
	{
		for (size_t k = 0; k < stride; k++)
			s->about[k] += mean[k];
		mlpg_design_rows_sum(host, rows, add_moments, s, 2 * stride, total, 0, "preparing the design");
	}
	rows->mean[0] = 1;
	for (int k = rows->intercept; k < rows->n_dense; k++)
	{
		double		rest = total[k] / rows->weight;

		settle_number(s, k, mean[k], total[stride + (size_t) k] / rows->weight - rest * rest);
	}
	mlpg_release(host, total);
	mlpg_release(host, mean);
}

static double
sum_weights(const double *w, int64_t n)
{
	double		sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += w[i];
	return sum;
}

MlpgDesignRows *
mlpg_design_rows_create(MlpgTraining *training, const MlpgDesign *design, bool standardise, const double *w)
{
	MlpgHost   *host = training->host;
	MlpgDesignRows *rows = mlpg_allocate(host, 1, sizeof(MlpgDesignRows));
	Source		s = {.training = training, .rows = rows, .w = w, .standardise = standardise};

	rows->n_rows = training->n_rows;
	rows->sample_blocks = rows->sample_share = 1;
	rows->weight = w ? sum_weights(w, rows->n_rows) : (double) rows->n_rows;
	cut_pieces(host, rows, design->n_terms);
	number_columns(host, rows, design);
	find_numbers(host, &s, design);
	find_sparse(host, &s, design);
	s.buffer = mlpg_allocate(host, (size_t) host->n_threads * MLPG_DESIGN_BLOCK, sizeof(double));
	count_sparse(host, &s);
	measure(host, &s);
	if (s.texts)
		measure_valued(host, &s, design);
	mlpg_release(host, s.buffer);
	mlpg_release(host, s.about);
	mlpg_release(host, s.level);
	return rows;
}

void
mlpg_design_rows_release(MlpgHost *host, MlpgDesignRows *rows)
{
	mlpg_release(host, rows->reading);
	mlpg_release(host, rows->feature);
	mlpg_release(host, rows->start);
	mlpg_release(host, rows->column);
	mlpg_release(host, rows->value);
	mlpg_release(host, rows->term);
	mlpg_release(host, rows->center);
	mlpg_release(host, rows->scale);
	mlpg_release(host, rows->mean);
	mlpg_release(host, rows->deviation);
	mlpg_release(host, rows->piece);
	mlpg_release(host, rows);
}

/* ---------- sums over rows ---------- */

size_t
mlpg_design_rows_memory(const MlpgDesignRows *rows)
{
	size_t		columns = (size_t) rows->dense_stride * sizeof(MlpgRowsColumn) / sizeof(double) + 1;

	return (size_t) rows->dense_stride * MLPG_DESIGN_BLOCK + columns;
}

MlpgDesignRows
mlpg_design_rows_at(const MlpgDesignRows *rows, int64_t first, int64_t last, double *memory)
{
	MlpgDesignRows at = *rows;
	MlpgRowsColumn *column = (MlpgRowsColumn *) (memory + (size_t) rows->dense_stride * MLPG_DESIGN_BLOCK);

	memcpy(column, rows->reading, (size_t) rows->dense_stride * sizeof(MlpgRowsColumn));
	for (int k = rows->intercept; k < rows->n_dense; k++)
		column[k].values = mlpg_matrix_values(rows->matrix, rows->feature[k], first, &column[k].wide);
	mlpg_rows()->gather(column, last - first, rows->dense_stride, memory);
	at.dense = memory;
	at.dense_first = first;
	return at;
}

MlpgDesignRows
mlpg_design_rows_sample(const MlpgDesignRows *rows, int blocks, int share)
{
	MlpgDesignRows sample = *rows;

	sample.sample_blocks = blocks;
	sample.sample_share = share;
	return sample;
}

typedef struct Sum
{
	const MlpgDesignRows *rows;
	MlpgDesignBody body;
	void	   *argument;
	size_t		n_sums;
	size_t		n_memory;
	double	   *partial;		/* pieces of the wave x n_sums */
	double	   *memory;			/* n_threads x n_memory: rows of a block, then the body's scratch */
	int			first_piece;	/* of the wave */
	int64_t		from;			/* rows of each piece that this step takes */
	int64_t		step;
} Sum;

static void
sum_piece(MlpgTask *task, int index, void *argument)
{
	const Sum  *s = argument;
	const MlpgDesignRows *rows = s->rows;
	int64_t		first = rows->piece[s->first_piece + index] + s->from;
	int64_t		end = rows->piece[s->first_piece + index + 1];
	double	   *memory = s->memory + (size_t) task->thread * s->n_memory;

	end = end < first + s->step ? end : first + s->step;
	for (; first < end && !atomic_load_explicit(task->stop, memory_order_relaxed); first += MLPG_DESIGN_BLOCK)
	{
		int64_t		n = first + MLPG_DESIGN_BLOCK < end ? MLPG_DESIGN_BLOCK : end - first;
		MlpgDesignRows at;

		if (first / MLPG_DESIGN_BLOCK % rows->sample_blocks != 0)
			continue;
		n = (n + rows->sample_share - 1) / rows->sample_share;
		at = mlpg_design_rows_at(rows, first, first + n, memory);
		s->body(&at, first, first + n, s->argument, s->partial + (size_t) index * s->n_sums, memory + mlpg_design_rows_memory(rows));
	}
}

/* Rows that a task takes: so few that the leader looks up in time, whole blocks. */
static int64_t
rows_of_step(const MlpgDesignRows *rows, size_t n_sums)
{
	int64_t		units = (int64_t) n_sums + 4 * rows->dense_stride + 200;
	int64_t		blocks = TASK_UNITS / (units * MLPG_DESIGN_BLOCK);

	return (blocks < 1 ? 1 : blocks) * MLPG_DESIGN_BLOCK;
}

/* Pieces whose sums are formed at once; always all threads have work. */
static int
pieces_of_wave(const MlpgHost *host, const MlpgDesignRows *rows, size_t n_sums)
{
	size_t		fit = PARTIAL_BYTES / ((n_sums + 1) * sizeof(double));

	if (fit < (size_t) host->n_threads)
		fit = (size_t) host->n_threads;
	return fit < (size_t) rows->n_pieces ? (int) fit : rows->n_pieces;
}

void
mlpg_design_rows_sum(MlpgHost *host, const MlpgDesignRows *rows, MlpgDesignBody body, void *argument,
					 size_t n_sums, double *sums, size_t n_scratch, const char *phase)
{
	int			wave = pieces_of_wave(host, rows, n_sums);
	int64_t		size = rows->n_pieces > 0 ? rows->piece[1] : 0;
	Sum			s = {.rows = rows, .body = body, .argument = argument, .n_sums = n_sums};

	s.step = rows_of_step(rows, n_sums);
	s.partial = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) wave + 1, n_sums + 1), sizeof(double));
	s.n_memory = mlpg_size_add(host, mlpg_design_rows_memory(rows), (n_scratch + 3) / 4 * 4);
	s.memory = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) host->n_threads, s.n_memory), sizeof(double));
	memset(sums, 0, n_sums * sizeof(double));
	for (; s.first_piece < rows->n_pieces; s.first_piece += wave)
	{
		int			n = rows->n_pieces - s.first_piece < wave ? rows->n_pieces - s.first_piece : wave;

		memset(s.partial, 0, (size_t) n * n_sums * sizeof(double));
		for (s.from = 0; s.from < size; s.from += s.step)
		{
			host->parallel_for(host, n, sum_piece, &s);
			mlpg_check(host, phase, rows->piece[s.first_piece] + s.from * n, rows->n_rows);
		}
		for (int p = 0; p < n; p++)
			for (size_t k = 0; k < n_sums; k++)
				sums[k] += s.partial[(size_t) p * n_sums + k];
	}
	mlpg_release(host, s.partial);
	mlpg_release(host, s.memory);
}

/* ---------- for bodies ---------- */

void
mlpg_design_rows_multiply(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *b, double *eta)
{
	mlpg_rows()->multiply(mlpg_design_rows_dense(rows, first), last - first, rows->n_dense,
						  rows->dense_stride, b, eta);
	if (rows->start == NULL)
		return;
	for (int64_t i = first; i < last; i++)
		for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
			eta[i - first] += rows->value ? b[rows->column[e]] * rows->value[e] : b[rows->column[e]];
}

void
mlpg_design_rows_add_gradient(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *r, double *gradient)
{
	mlpg_rows()->add(mlpg_design_rows_dense(rows, first), last - first, rows->n_dense,
					 rows->dense_stride, r, gradient);
	if (rows->start == NULL)
		return;
	for (int64_t i = first; i < last; i++)
		for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
			gradient[rows->column[e]] += rows->value ? r[i - first] * rows->value[e] : r[i - first];
}

/* The rows of the result that belong to the sparse columns of one row. */
static void
add_sparse_products(const MlpgDesignRows *rows, MlpgRowsAdd add, int64_t i, double w, double *a)
{
	const double *x = mlpg_design_rows_dense(rows, i);

	for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
	{
		double	   *row = a + (size_t) rows->column[e] * (size_t) rows->lda;
		double		c = rows->value ? w * rows->value[e] : w;

		add(x, 1, rows->n_dense, rows->dense_stride, &c, row);
		for (int64_t f = rows->start[i]; f <= e; f++)
			row[rows->column[f]] += rows->value ? c * rows->value[f] : c;
	}
}

void
mlpg_design_rows_add_crossprod(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *w, double *a)
{
	const MlpgRows *kernel = mlpg_rows();

	kernel->crossprod(mlpg_design_rows_dense(rows, first), last - first, rows->n_dense,
					  rows->dense_stride, w, a, rows->lda);
	if (rows->start == NULL)
		return;
	for (int64_t i = first; i < last; i++)
		add_sparse_products(rows, kernel->add, i, w[i - first], a);
}

/* ---------- back to the original columns ---------- */

void
mlpg_design_rows_original(const MlpgDesignRows *rows, const double *b, double *out)
{
	double		shift = 0;

	for (int c = 0; c < rows->n_columns; c++)
	{
		out[rows->term[c]] = b[c] / rows->scale[c];
		shift += b[c] / rows->scale[c] * rows->center[c];
	}
	if (rows->intercept)
		out[0] -= shift;
}

void
mlpg_design_rows_means(const MlpgDesignRows *rows, double *out)
{
	for (int c = 0; c < rows->n_columns; c++)
		out[rows->term[c]] = rows->mean[c];
}

/* How much of column c the intercept of the original columns takes. */
static double
share_of_intercept(const MlpgDesignRows *rows, int c)
{
	return c == 0 ? 1 : -rows->center[c] / rows->scale[c];
}

void
mlpg_design_rows_original_errors(const MlpgDesignRows *rows, const double *covariance, double *out)
{
	int			n = rows->n_columns;
	double		variance = 0;

	for (int i = 0; i < n; i++)
	{
		const double *row = covariance + (size_t) i * (size_t) n;

		out[rows->term[i]] = sqrt(row[i]) / rows->scale[i];
		for (int j = 0; rows->intercept && j < n; j++)
			variance += share_of_intercept(rows, i) * row[j] * share_of_intercept(rows, j);
	}
	if (rows->intercept)
		out[0] = sqrt(fmax(0, variance));
}
