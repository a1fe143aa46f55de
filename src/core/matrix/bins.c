/*-------------------------------------------------------------------------
 *
 * bins.c
 *	  The matrix as small integers: what trees are grown on.
 *
 * Cut points.  From all rows up to 200,000; above that from a sample of about as
 * many, which rows choose by their identity (sample.c), so it does not depend on
 * their order.  Per feature, shared out to the pool: gather, sort, cut (cuts.c).
 *
 * Binning a value takes a table of 4096 cells over the range of the cuts: a cell
 * tells the cuts below it, and those inside are found by halving, mostly in one
 * comparison.  Cells are either of equal width, or of equal width in the bit pattern,
 * which is nearly the logarithm; each feature has the kind in which cuts crowd less.
 * A cell is found by operations that are monotone even after rounding, so the bin
 * is exactly the number of cuts below the value.
 *
 * Stores.  Eight features of a few hundred rows are binned into the first cache and
 * turned into rows there.  The row store is filled chunk by chunk, and each chunk of
 * the matrix is released once it is binned; only then is the column store made, from
 * the rows.  So the peak is the matrix and about one byte a value, and what stays are
 * two.  The stores are zero behind the last feature of a row.
 *
 * Cost on one thread: 2 to 3 ms a feature for the cut points (200,000 rows), 2 ns a
 * value for the bins, up to 10 where cuts crowd in few cells.  All of it but the choice of the
 * sample is shared by the pool.  Memory beyond the stores: 3.2 MB a thread for
 * sorting, 3 kB a feature for cut points, then 8 kB a feature for the tables.
 *
 * NULL: missing values (NaN) have the last slot, as have categories that are pooled,
 * and zeros where zero_as_missing is asked for.
 *
 * Determinism: order-free; the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/bins.h"

#include "core/math/sort.h"
#include "core/matrix/cuts.h"
#include "core/matrix/sample.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SAMPLE_ROWS 200000
#define PIECE 1024				/* values gathered at a time */
#define CELLS 4096
#define ROWS_MAX 512			/* binned at a time, ... */
#define ROWS_MIN 64				/* ... fewer of long rows, so that they stay in the cache */
#define ROWS_BYTES 32768
#define GROUP 8					/* features turned at a time */
#define BATCH_ROWS 65536		/* binned before their part of the matrix is released */
#define STORE_ALIGNMENT 64
#define STORE_TAIL 64

/*
 * ---------- cut points ----------
 *
 * What tasks read is in the host's memory and not on the leader's stack, which
 * is gone before they end when the leader is canceled.
 */

typedef struct Cutting
{
	const MlpgMatrix *matrix;
	const MlpgSchema *schema;
	MlpgBinOptions options;
	const uint32_t *row;		/* n_rows of the sample, or NULL: all */
	int64_t		n_rows;
	uint64_t   *scratch;		/* n_threads x 2 x n_rows */
	MlpgBinFeature *feature;	/* one a feature of the schema */
	double	   *cut;			/* MLPG_CUTS_MAX a feature */
	int32_t    *code;			/* the same */
} Cutting;

static inline bool
is_missing(double x, bool zero_as_missing)
{
	return x != x || (zero_as_missing && fabs(x) <= MLPG_CUTS_ZERO);
}

/* The values present in the sample as keys; categories by their codes. */
static int64_t
gather(const Cutting *c, int feature, bool is_category, uint64_t *key, bool *has_missing)
{
	double		values[PIECE];
	int64_t		n = 0;

	*has_missing = c->schema->feature[feature].has_missing;
	for (int64_t first = 0; first < c->n_rows; first += PIECE)
	{
		int64_t		piece = c->n_rows - first < PIECE ? c->n_rows - first : PIECE;

		if (c->row)
			mlpg_matrix_gather(c->matrix, feature, c->row + first, piece, values);
		else
			mlpg_matrix_read(c->matrix, feature, first, piece, values);
		for (int64_t i = 0; i < piece; i++)
		{
			if (is_missing(values[i], c->options.zero_as_missing && !is_category))
				*has_missing = true;
			else
				key[n++] = is_category ? (uint64_t) values[i] : mlpg_sort_key(values[i]);
		}
	}
	return n;
}

static void
cut_task(MlpgTask *task, int index, void *argument)
{
	const Cutting *c = argument;
	MlpgBinFeature *f = &c->feature[index];
	uint64_t   *key = c->scratch + (size_t) task->thread * 2 * (size_t) c->n_rows,
			   *count = key + c->n_rows;
	int			min_data = c->options.min_data_in_bin;
	int			room = c->options.max_bin;
	int64_t		n;

	f->feature = index;
	f->is_category = c->schema->feature[index].kind == MLPG_CATEGORY;
	n = gather(c, index, f->is_category, key, &f->has_missing);
	mlpg_sort_keys(key, count, n);
	n = mlpg_cuts_distinct(key, count, n);
	if (f->is_category)
	{
		f->n_bins = mlpg_cuts_categories(key, count, n, room - 1, min_data, c->code + (size_t) index * MLPG_CUTS_MAX);
		f->n_codes = c->schema->feature[index].dictionary->n;
		f->has_missing |= f->n_bins < f->n_codes;
	}
	else
		f->n_bins = mlpg_cuts_numbers(key, count, n, f->has_missing ? room - 1 : room, min_data,
									  c->cut + (size_t) index * MLPG_CUTS_MAX);
}

/* The rows that cut points are made from: NULL for all. */
static uint32_t *
choose_rows(MlpgHost *host, const MlpgBinOptions *options, int64_t n_rows, int64_t *n)
{
	int64_t		eligible = n_rows,
				room;
	uint64_t	threshold;
	uint32_t   *row;

	*n = n_rows;
	for (int64_t i = 0; options->left_out && i < n_rows; i++)
		eligible -= options->left_out[i] != 0;
	if (eligible == n_rows && n_rows <= SAMPLE_ROWS)
		return NULL;
	room = eligible < SAMPLE_ROWS ? eligible : SAMPLE_ROWS + SAMPLE_ROWS / 20;
	threshold = mlpg_sample_threshold((double) SAMPLE_ROWS / (double) eligible);
	row = mlpg_allocate(host, (size_t) room, sizeof(uint32_t));
	*n = 0;
	for (int64_t i = 0; i < n_rows && *n < room; i++)
	{
		if (i % 65536 == 0)
			mlpg_check(host, NULL, 0, 0);
		if (options->left_out && options->left_out[i])
			continue;
		if (eligible <= SAMPLE_ROWS || mlpg_sample_draw(options->identity[i], MLPG_STREAM_CUTS) < threshold)
			row[(*n)++] = (uint32_t) i;
	}
	return row;
}

/* Features with one value only, or none, are of no use. */
static bool
is_used(const MlpgBinFeature *f)
{
	return f->n_bins > 1 || (f->n_bins == 1 && f->has_missing);
}

/* Cut points of the features used, in memory of their own size. */
static void
keep_used(MlpgHost *host, MlpgBins *bins, const Cutting *c)
{
	int			n = 0,
				largest = 0;

	for (int j = 0; j < bins->n_features; j++)
	{
		bins->n_used += is_used(&c->feature[j]);
		largest = is_used(&c->feature[j]) && c->feature[j].n_bins > largest ? c->feature[j].n_bins : largest;
	}
	bins->stride = largest < 32 ? 32 : 256;
	bins->missing = bins->stride - 1;
	bins->used = mlpg_allocate(host, (size_t) bins->n_used, sizeof(MlpgBinFeature));
	bins->position = mlpg_allocate(host, (size_t) bins->n_features, sizeof(int));
	for (int j = 0; j < bins->n_features; j++)
	{
		MlpgBinFeature *f = &bins->used[n];
		size_t		first = (size_t) j * MLPG_CUTS_MAX;

		bins->position[j] = -1;
		if (!is_used(&c->feature[j]))
			continue;
		bins->position[j] = n++;
		*f = c->feature[j];
		if (f->is_category)
		{
			uint8_t    *bin = mlpg_allocate(host, (size_t) f->n_codes, 1);
			int32_t    *code = mlpg_allocate(host, (size_t) f->n_bins, sizeof(int32_t));

			memcpy(code, c->code + first, (size_t) f->n_bins * sizeof(int32_t));
			memset(bin, bins->missing, (size_t) f->n_codes);
			for (int b = 0; b < f->n_bins; b++)
				bin[code[b]] = (uint8_t) b;
			f->bin_of_code = bin;
			f->code_of_bin = code;
		}
		else
		{
			double	   *cut = mlpg_allocate(host, (size_t) f->n_bins, sizeof(double));

			memcpy(cut, c->cut + first, (size_t) f->n_bins * sizeof(double));
			f->cut = cut;
		}
	}
}

static void
find_cuts(MlpgHost *host, MlpgBins *bins, const MlpgMatrix *matrix, const MlpgSchema *schema, const MlpgBinOptions *options)
{
	Cutting    *c = mlpg_allocate(host, 1, sizeof(Cutting));
	size_t		n_features = (size_t) schema->n_features;
	uint32_t   *row = choose_rows(host, options, mlpg_matrix_rows(matrix), &c->n_rows);

	c->matrix = matrix;
	c->schema = schema;
	c->options = *options;
	c->row = row;
	c->scratch = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) host->n_threads * 2, (size_t) c->n_rows), sizeof(uint64_t));
	c->feature = mlpg_allocate(host, n_features, sizeof(MlpgBinFeature));
	c->cut = mlpg_allocate(host, n_features * MLPG_CUTS_MAX, sizeof(double));
	c->code = mlpg_allocate(host, n_features * MLPG_CUTS_MAX, sizeof(int32_t));
	mlpg_check(host, "finding cut points", 0, 0);
	host->parallel_for(host, schema->n_features, cut_task, c);
	mlpg_release(host, c->scratch);
	mlpg_release(host, row);
	keep_used(host, bins, c);
	mlpg_release(host, c->feature);
	mlpg_release(host, c->cut);
	mlpg_release(host, c->code);
	mlpg_release(host, c);
}

/*
 * ---------- from value to bin ----------
 *
 * The cuts in a cell are fewer than 2^steps in every cell of a feature, so the bin
 * is found in so many comparisons without a branch; behind the last cut there are
 * infinite ones to compare with.
 */

#define MISSING_CELL CELLS

typedef struct Lookup
{
	bool		by_bits;
	double		low;			/* equal width: cell = (x - low) * scale */
	double		scale;
	uint64_t	low_key;		/* by bits: cell = (key - low_key) >> shift */
	int			shift;
	int			steps;
	uint8_t		below[CELLS + 1];	/* cuts in the cells before it; of MISSING_CELL the missing slot */
	double		cut[2 * 256];
} Lookup;

/* Monotone in x. */
static inline int
linear_cell(const Lookup *t, double x)
{
	double		cell = (x - t->low) * t->scale;

	cell = cell > 0 ? cell : 0;
	return (int) (cell < CELLS - 1 ? cell : CELLS - 1);
}

static inline int
bits_cell(const Lookup *t, double x)
{
	uint64_t	key = mlpg_sort_key(x);

	key = key < t->low_key ? 0 : (key - t->low_key) >> t->shift;
	return (int) (key < CELLS - 1 ? key : CELLS - 1);
}

static inline int
cell_of(const Lookup *t, double x)
{
	return t->by_bits ? bits_cell(t, x) : linear_cell(t, x);
}

/* Fills below[] and steps; returns how much cuts crowd: the sum of the squared numbers in the cells. */
static int64_t
fill_lookup(Lookup *t, int n_cuts)
{
	int			done = 0;
	int64_t		crowd = 0;

	t->steps = 1;
	for (int cell = 0; cell < CELLS; cell++)
	{
		int			here = done;

		t->below[cell] = (uint8_t) done;
		while (done < n_cuts && cell_of(t, t->cut[done]) == cell)
			done++;
		here = done - here;
		crowd += (int64_t) here * here;
		while (here >= 1 << t->steps)
			t->steps++;
	}
	return crowd;
}

static void
make_lookup(Lookup *t, const MlpgBinFeature *f, int missing)
{
	int			n_cuts = f->n_bins - 1;
	double		width = n_cuts > 0 ? f->cut[n_cuts - 1] - f->cut[0] : 0;
	uint64_t	range;
	int64_t		crowd;

	for (int i = 0; i < 2 * 256; i++)
		t->cut[i] = i < n_cuts ? f->cut[i] : INFINITY;
	t->below[MISSING_CELL] = (uint8_t) missing;
	t->low = n_cuts > 0 ? f->cut[0] : 0;
	t->scale = (CELLS - 1) / width;
	if (!(isfinite(width) && isfinite(t->scale)))
		t->scale = 0;
	crowd = fill_lookup(t, n_cuts);
	if (crowd <= n_cuts)
		return;
	t->by_bits = true;
	t->low_key = mlpg_sort_key(f->cut[0]);
	range = mlpg_sort_key(f->cut[n_cuts - 1]) - t->low_key;
	while (range >> t->shift >= CELLS)
		t->shift++;
	if (fill_lookup(t, n_cuts) < crowd)
		return;
	t->by_bits = false;
	(void) fill_lookup(t, n_cuts);
}

static void
find_cells_portable(const Lookup *t, const double *x, int from, int n, uint16_t *cell)
{
	if (t->by_bits)
		for (int i = from; i < n; i++)
			cell[i] = (uint16_t) (x[i] != x[i] ? MISSING_CELL : bits_cell(t, x[i]));
	else
		for (int i = from; i < n; i++)
			cell[i] = (uint16_t) (x[i] != x[i] ? MISSING_CELL : linear_cell(t, x[i]));
}

#if defined(__x86_64__)

/* Four cells as 32-bit integers, with MISSING_CELL where x is NaN, which packs into 16 bits. */
__attribute__((target("avx2"))) static inline __m128i
linear_cells(const Lookup *t, const double *x)
{
	__m256d		v = _mm256_loadu_pd(x);
	__m256d		cell = _mm256_mul_pd(_mm256_sub_pd(v, _mm256_set1_pd(t->low)), _mm256_set1_pd(t->scale));

	cell = _mm256_min_pd(_mm256_max_pd(cell, _mm256_setzero_pd()), _mm256_set1_pd(CELLS - 1));
	cell = _mm256_blendv_pd(cell, _mm256_set1_pd(MISSING_CELL), _mm256_cmp_pd(v, v, _CMP_UNORD_Q));
	return _mm256_cvttpd_epi32(cell);
}

__attribute__((target("avx2"))) static inline __m128i
bits_cells(const Lookup *t, const double *x)
{
	const __m256i sign = _mm256_set1_epi64x(INT64_MIN);
	__m256d		v = _mm256_loadu_pd(x);
	__m256i		bits = _mm256_castpd_si256(_mm256_add_pd(v, _mm256_setzero_pd()));
	__m256i		negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), bits);
	__m256i		key = _mm256_xor_si256(bits, _mm256_or_si256(negative, sign));
	__m256i		low = _mm256_set1_epi64x((int64_t) t->low_key);
	__m256i		below = _mm256_cmpgt_epi64(_mm256_xor_si256(low, sign), _mm256_xor_si256(key, sign));
	__m256i		last = _mm256_set1_epi64x(CELLS - 1);

	key = _mm256_srl_epi64(_mm256_sub_epi64(key, low), _mm_cvtsi32_si128(t->shift));
	/* its top bit is clear unless the shift is 0; then it is above the last cell as well */
	key = _mm256_blendv_epi8(key, last, _mm256_or_si256(_mm256_cmpgt_epi64(key, last), _mm256_cmpgt_epi64(_mm256_setzero_si256(), key)));
	key = _mm256_andnot_si256(below, key);
	key = _mm256_blendv_epi8(key, _mm256_set1_epi64x(MISSING_CELL), _mm256_castpd_si256(_mm256_cmp_pd(v, v, _CMP_UNORD_Q)));
	return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(key, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6)));
}

__attribute__((target("avx2"))) static void
find_cells_avx2(const Lookup *t, const double *x, int n, uint16_t *cell)
{
	int			i = 0;

	if (t->by_bits)
		for (; i + 8 <= n; i += 8)
			_mm_storeu_si128((__m128i *) (cell + i), _mm_packus_epi32(bits_cells(t, x + i), bits_cells(t, x + i + 4)));
	else
		for (; i + 8 <= n; i += 8)
			_mm_storeu_si128((__m128i *) (cell + i), _mm_packus_epi32(linear_cells(t, x + i), linear_cells(t, x + i + 4)));
	find_cells_portable(t, x, i, n, cell);
}
#endif

static void
find_cells(const Lookup *t, const double *x, int n, uint16_t *cell)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
	{
		find_cells_avx2(t, x, n, cell);
		return;
	}
#endif
	find_cells_portable(t, x, 0, n, cell);
}

/* The cuts below x, given its cell; NaN is below no cut. */
static inline uint8_t
search(const Lookup *t, int steps, int cell, double x)
{
	int			bin = t->below[cell];

	for (int half = 1 << (steps - 1); half > 0; half /= 2)
		bin += x > t->cut[bin + half - 1] ? half : 0;
	return (uint8_t) bin;
}

static void
bin_numbers(const Lookup *t, const double *x, int n, uint8_t *out)
{
	uint16_t	cell[ROWS_MAX];

	find_cells(t, x, n, cell);
	switch (t->steps)
	{
		case 1:
			for (int i = 0; i < n; i++)
				out[i] = search(t, 1, cell[i], x[i]);
			break;
		case 2:
			for (int i = 0; i < n; i++)
				out[i] = search(t, 2, cell[i], x[i]);
			break;
		case 3:
			for (int i = 0; i < n; i++)
				out[i] = search(t, 3, cell[i], x[i]);
			break;
		default:
			for (int i = 0; i < n; i++)
				out[i] = search(t, t->steps, cell[i], x[i]);
	}
}

static uint8_t
bin_category(const MlpgBinFeature *f, double x, uint8_t missing)
{
	return x >= 0 && x < f->n_codes ? f->bin_of_code[(int32_t) x] : missing;
}

int
mlpg_bins_find(const MlpgBins *bins, const MlpgBinFeature *f, double value)
{
	int			low = 0,
				high = f->n_bins - 1;

	if (f->is_category)
		return bin_category(f, value, (uint8_t) bins->missing);
	if (is_missing(value, bins->zero_as_missing))
		return bins->missing;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (value > f->cut[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---------- stores ---------- */

/* Eight times eight bytes, rows for columns: from[8] in steps, to[8] in steps. */
static inline void
turn(const uint8_t *from, size_t from_step, uint8_t *to, size_t to_step)
{
#if defined(__x86_64__)
	__m128i		a[4],
				b[4];

	for (int i = 0; i < 4; i++)
		a[i] = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *) (from + (size_t) (2 * i) * from_step)),
								 _mm_loadl_epi64((const __m128i *) (from + (size_t) (2 * i + 1) * from_step)));
	b[0] = _mm_unpacklo_epi16(a[0], a[1]);
	b[1] = _mm_unpackhi_epi16(a[0], a[1]);
	b[2] = _mm_unpacklo_epi16(a[2], a[3]);
	b[3] = _mm_unpackhi_epi16(a[2], a[3]);
	a[0] = _mm_unpacklo_epi32(b[0], b[2]);
	a[1] = _mm_unpackhi_epi32(b[0], b[2]);
	a[2] = _mm_unpacklo_epi32(b[1], b[3]);
	a[3] = _mm_unpackhi_epi32(b[1], b[3]);
	for (int i = 0; i < 4; i++)
	{
		_mm_storel_epi64((__m128i *) (to + (size_t) (2 * i) * to_step), a[i]);
		_mm_storel_epi64((__m128i *) (to + (size_t) (2 * i + 1) * to_step), _mm_unpackhi_epi64(a[i], a[i]));
	}
#else
	for (int i = 0; i < GROUP; i++)
		for (int j = 0; j < GROUP; j++)
			to[(size_t) j * to_step + (size_t) i] = from[(size_t) i * from_step + (size_t) j];
#endif
}

typedef struct Filling
{
	const MlpgMatrix *matrix;
	const MlpgBins *bins;
	const Lookup *lookup;		/* one a feature used */
	uint8_t    *row;
	uint8_t    *column;
	int			block;			/* rows of a task */
	int64_t		first;			/* rows [first, last) are filled */
	int64_t		last;
	bool	   *has_missing;	/* n_threads x n_used */
} Filling;

static void
bin_feature(const Filling *f, int u, int64_t first, int n, uint8_t *out)
{
	const MlpgBinFeature *feature = &f->bins->used[u];
	uint8_t		missing = (uint8_t) f->bins->missing;
	double		x[ROWS_MAX];

	mlpg_matrix_read(f->matrix, feature->feature, first, n, x);
	if (feature->is_category)
	{
		for (int i = 0; i < n; i++)
			out[i] = bin_category(feature, x[i], missing);
		return;
	}
	if (f->bins->zero_as_missing)
		for (int i = 0; i < n; i++)
			x[i] = fabs(x[i]) <= MLPG_CUTS_ZERO ? NAN : x[i];
	bin_numbers(&f->lookup[u], x, n, out);
}

static void
row_task(MlpgTask *task, int index, void *argument)
{
	const Filling *f = argument;
	const MlpgBins *bins = f->bins;
	bool	   *has_missing = f->has_missing + (size_t) task->thread * (size_t) bins->n_used;
	int64_t		first = f->first + (int64_t) index * f->block;
	int			n = f->last - first < f->block ? (int) (f->last - first) : f->block;
	uint8_t    *row = f->row + (size_t) first * (size_t) bins->row_bytes;
	uint8_t		bin[GROUP][ROWS_MAX];

	for (int u = 0; u < bins->n_used && !atomic_load_explicit(task->stop, memory_order_relaxed); u += GROUP)
	{
		int			group = bins->n_used - u < GROUP ? bins->n_used - u : GROUP;

		for (int k = 0; k < group; k++)
		{
			bin_feature(f, u + k, first, n, bin[k]);
			has_missing[u + k] |= memchr(bin[k], bins->missing, (size_t) n) != NULL;
		}
		if (group < GROUP)
			memset(bin[group], 0, (size_t) (GROUP - group) * ROWS_MAX);

		int			i = 0;

		for (; i + GROUP <= n; i += GROUP)
			turn(&bin[0][i], ROWS_MAX, row + (size_t) i * (size_t) bins->row_bytes + u, (size_t) bins->row_bytes);
		for (; i < n; i++)
			for (int k = 0; k < group; k++)
				row[(size_t) i * (size_t) bins->row_bytes + (size_t) (u + k)] = bin[k][i];
	}
}

static void
column_task(MlpgTask *task, int index, void *argument)
{
	const Filling *f = argument;
	size_t		n_rows = (size_t) f->bins->n_rows,
				row_bytes = (size_t) f->bins->row_bytes;
	size_t		first = (size_t) index * (size_t) f->block;
	size_t		last = first + (size_t) f->block < n_rows ? first + (size_t) f->block : n_rows;

	for (int u = 0; u < f->bins->n_used && !atomic_load_explicit(task->stop, memory_order_relaxed); u += GROUP)
	{
		const uint8_t *row = f->row + u;
		uint8_t    *column = f->column + (size_t) u * n_rows;
		int			group = f->bins->n_used - u < GROUP ? f->bins->n_used - u : GROUP;
		size_t		i = first;

		for (; group == GROUP && i + GROUP <= last; i += GROUP)
			turn(row + i * row_bytes, row_bytes, column + i, n_rows);
		for (int k = 0; k < group; k++)
			for (size_t r = i; r < last; r++)
				column[(size_t) k * n_rows + r] = row[r * row_bytes + (size_t) k];
	}
}

static int
row_bytes_of(int n_used)
{
	int			bytes = (n_used + 7) / 8 * 8;

	return bytes > 16 && bytes < 32 ? 32 : bytes;
}

static size_t
row_store_bytes(MlpgHost *host, int64_t n_rows, int n_used)
{
	return mlpg_size_add(host, mlpg_size_multiply(host, (size_t) n_rows, (size_t) row_bytes_of(n_used)), STORE_ALIGNMENT + STORE_TAIL);
}

static size_t
column_store_bytes(MlpgHost *host, int64_t n_rows, int n_used)
{
	return mlpg_size_add(host, mlpg_size_multiply(host, (size_t) n_rows, (size_t) n_used), STORE_ALIGNMENT + STORE_TAIL);
}

size_t
mlpg_bins_size(MlpgHost *host, int64_t n_rows, int n_used)
{
	return mlpg_size_add(host, row_store_bytes(host, n_rows, n_used), column_store_bytes(host, n_rows, n_used));
}

static uint8_t *
aligned(void *memory)
{
	return (uint8_t *) (((uintptr_t) memory + STORE_ALIGNMENT - 1) / STORE_ALIGNMENT * STORE_ALIGNMENT);
}

static void
fill_rows(MlpgHost *host, MlpgBins *bins, MlpgMatrix *matrix, Filling *f)
{
	Lookup	   *lookup = mlpg_allocate(host, (size_t) bins->n_used, sizeof(Lookup));

	for (int u = 0; u < bins->n_used; u++)
		if (!bins->used[u].is_category)
			make_lookup(&lookup[u], &bins->used[u], bins->missing);
	f->lookup = lookup;
	f->has_missing = mlpg_allocate(host, (size_t) host->n_threads * (size_t) bins->n_used, sizeof(bool));
	for (f->first = 0; f->first < bins->n_rows; f->first = f->last)
	{
		f->last = f->first + BATCH_ROWS < bins->n_rows ? f->first + BATCH_ROWS : bins->n_rows;
		mlpg_check(host, "binning", f->first, bins->n_rows);
		host->parallel_for(host, (int) ((f->last - f->first + f->block - 1) / f->block), row_task, f);
		mlpg_matrix_release_rows(matrix, f->last);
	}
	for (int u = 0; u < bins->n_used; u++)
	{
		bins->used[u].has_missing = false;
		for (int t = 0; t < host->n_threads; t++)
			bins->used[u].has_missing |= f->has_missing[(size_t) t * (size_t) bins->n_used + (size_t) u];
	}
	mlpg_release(host, f->has_missing);
	mlpg_release(host, lookup);
}

/* Both stores, for the features that bins has. */
static void
fill_stores(MlpgHost *host, MlpgBins *bins, MlpgMatrix *matrix)
{
	Filling    *f = mlpg_allocate(host, 1, sizeof(Filling));

	f->matrix = matrix;
	f->bins = bins;
	bins->n_rows = mlpg_matrix_rows(matrix);
	bins->row_bytes = row_bytes_of(bins->n_used);
	f->block = bins->row_bytes > 0 ? ROWS_BYTES / bins->row_bytes / GROUP * GROUP : ROWS_MAX;
	f->block = f->block < ROWS_MIN ? ROWS_MIN : f->block > ROWS_MAX ? ROWS_MAX : f->block;
	bins->row_memory = mlpg_allocate(host, row_store_bytes(host, bins->n_rows, bins->n_used), 1);
	f->row = aligned(bins->row_memory);
	fill_rows(host, bins, matrix, f);
	bins->column_memory = mlpg_allocate(host, column_store_bytes(host, bins->n_rows, bins->n_used), 1);
	f->column = aligned(bins->column_memory);
	host->parallel_for(host, (int) ((bins->n_rows + f->block - 1) / f->block), column_task, f);
	bins->row = f->row;
	bins->column = f->column;
	mlpg_release(host, f);
}

MlpgBins *
mlpg_bins_create(MlpgHost *host, MlpgMatrix *matrix, const MlpgSchema *schema, const MlpgBinOptions *options)
{
	MlpgBins   *bins = mlpg_allocate(host, 1, sizeof(MlpgBins));

	MLPG_ASSERT(options->max_bin >= 2 && options->max_bin <= MLPG_CUTS_MAX && options->min_data_in_bin >= 1);
	bins->n_features = schema->n_features;
	bins->zero_as_missing = options->zero_as_missing;
	find_cuts(host, bins, matrix, schema, options);
	fill_stores(host, bins, matrix);
	return bins;
}

MlpgBins *
mlpg_bins_apply(MlpgHost *host, const MlpgBins *like, MlpgMatrix *matrix)
{
	MlpgBins   *bins = mlpg_allocate(host, 1, sizeof(MlpgBins));

	*bins = *like;
	bins->used = mlpg_allocate(host, (size_t) like->n_used, sizeof(MlpgBinFeature));
	memcpy(bins->used, like->used, (size_t) like->n_used * sizeof(MlpgBinFeature));
	fill_stores(host, bins, matrix);
	return bins;
}

void
mlpg_bins_release_stores(MlpgHost *host, MlpgBins *bins)
{
	mlpg_release(host, bins->row_memory);
	mlpg_release(host, bins->column_memory);
	bins->row_memory = bins->column_memory = NULL;
	bins->row = bins->column = NULL;
}
