/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  Who a row is, whatever its place.
 *
 * Problem: bagging, hold-outs and samples must choose the same rows when the
 * table is stored in another order, and on any number of threads.  So a row's
 * fate is a hash of what it holds.  Rows that are equal would then share one fate;
 * they are numbered 0, 1, ... among themselves, and the number is hashed in.
 * Which of them has which number depends on the order, but they are equal: what
 * is made of the rows does not.
 *
 * Hash: values two by two, mixed in by a product of 64 x 64 bits whose halves are
 * folded (Wang 2019); -0 counts as 0, and all NaN are one.
 * Two different rows of n have equal hashes with probability n^2 / 2^65.  They would
 * count as equal: no harm beyond their numbers.
 *
 * Equal hashes are found by buckets: rows are dealt by the top bits of their
 * hash into buckets of about 8, and each is sorted (quicksort in three parts;
 * Bentley and McIlroy 1993), which takes a bucket of equal rows in one pass.
 *
 * Cost: about 1 ns a value and 20 ns a row; the pool shares all but the dealing.
 * Memory: 8 bytes a row for the result, 5 more while it is made.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/sample.h"

#include "core/matrix/ngrams.h"
#include "core/math/sort.h"

#define PIECE 1024				/* rows of a column at a time */
#define TASK_ROWS (8 * PIECE)
#define BUCKET_ROWS 8
#define BUCKETS_MAX_BITS 24
#define TASK_BUCKETS 1024
#define INSERTION 12

typedef struct Identify
{
	const MlpgMatrix *matrix;
	uint64_t	seed;
	int64_t		n;
	uint64_t   *hash;			/* n; identities in the end */
	uint32_t   *row;			/* n: rows by bucket */
	uint32_t   *start;			/* n_buckets + 1 */
	int			n_buckets;
	int			shift;			/* a hash's bucket is hash >> shift >> 1 */
} Identify;

/* ---------- hashes ---------- */

static inline uint64_t
bits_of(double value)
{
	uint64_t	bits;

	value += 0.0;				/* -0 becomes 0 */
	memcpy(&bits, &value, sizeof(bits));
	return value == value ? bits : UINT64_C(0x7FF8000000000000);
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

/* A column's values; of texts what tells them apart in place of where they are. */
static void
read_column(const MlpgMatrix *matrix, int column, int64_t first, int n, double *out)
{
	mlpg_matrix_read(matrix, column, first, n, out);
	if (!mlpg_matrix_has_texts(matrix, column))
		return;
	for (int i = 0; i < n; i++)
	{
		uint64_t	bits = out[i] == out[i] ? mlpg_value_text(out[i])->content >> 12 : UINT64_C(0x7FF8000000000000);

		memcpy(&out[i], &bits, sizeof(bits));
	}
}

static void
hash_task(MlpgTask *task, int index, void *argument)
{
	Identify   *d = argument;
	int64_t		first = (int64_t) index * TASK_ROWS;
	int64_t		last = first + TASK_ROWS < d->n ? first + TASK_ROWS : d->n;
	double		a[PIECE],
				b[PIECE];
	int			n_columns = mlpg_matrix_columns(d->matrix);

	for (; first < last && !atomic_load_explicit(task->stop, memory_order_relaxed); first += PIECE)
	{
		int			n = last - first < PIECE ? (int) (last - first) : PIECE;
		uint64_t   *hash = d->hash + first;

		for (int i = 0; i < n; i++)
			hash[i] = d->seed;
		for (int j = 0; j < n_columns; j += 2)
		{
			read_column(d->matrix, j, first, n, a);
			if (j + 1 < n_columns)
				read_column(d->matrix, j + 1, first, n, b);
			else
				memset(b, 0, sizeof(b));
			for (int i = 0; i < n; i++)
				hash[i] = fold(bits_of(a[i]) ^ UINT64_C(0x9FB21C651E98DF25), bits_of(b[i]) ^ hash[i]);
		}
		for (int i = 0; i < n; i++)
			hash[i] = mlpg_sample_mix(hash[i]);
	}
}

/* ---------- equal rows ---------- */

static inline size_t
bucket_of(const Identify *d, uint64_t hash)
{
	return (size_t) (hash >> d->shift >> 1);
}

/* Rows by bucket, in their order. */
static void
deal(MlpgHost *host, Identify *d)
{
	int			bits = 0;
	uint32_t	sum = 0;

	while (bits < BUCKETS_MAX_BITS && d->n >> bits > BUCKET_ROWS)
		bits++;
	d->n_buckets = 1 << bits;
	d->shift = 63 - bits;
	d->start = mlpg_allocate(host, (size_t) d->n_buckets + 1, sizeof(uint32_t));
	d->row = mlpg_allocate(host, (size_t) d->n, sizeof(uint32_t));
	for (int64_t i = 0; i < d->n; i++)
	{
		d->start[bucket_of(d, d->hash[i])]++;
		if (i % 65536 == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	for (int b = 0; b <= d->n_buckets; b++)
	{
		uint32_t	count = d->start[b];

		d->start[b] = sum;
		sum += count;
	}
	/* each start moves to its end, which is the next one's start */
	for (int64_t i = 0; i < d->n; i++)
	{
		d->row[d->start[bucket_of(d, d->hash[i])]++] = (uint32_t) i;
		if (i % 65536 == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	memmove(d->start + 1, d->start, (size_t) d->n_buckets * sizeof(uint32_t));
	d->start[0] = 0;
}

static inline void
swap_rows(uint32_t *row, int64_t i, int64_t j)
{
	uint32_t	swap = row[i];

	row[i] = row[j];
	row[j] = swap;
}

static void
sort_rows(const uint64_t *hash, uint32_t *row, int64_t n)
{
	while (n > INSERTION)
	{
		uint64_t	a = hash[row[0]],
					b = hash[row[n / 2]],
					c = hash[row[n - 1]];
		uint64_t	pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
		int64_t		below = 0,	/* [0, below) are below the pivot, ... */
					above = n;	/* ... [above, n) above it */

		for (int64_t i = 0; i < above;)
		{
			uint64_t	h = hash[row[i]];

			if (h < pivot)
				swap_rows(row, below++, i++);
			else if (h > pivot)
				swap_rows(row, i, --above);
			else
				i++;
		}
		/* the shorter side by a call, the longer in this loop */
		if (below < n - above)
		{
			sort_rows(hash, row, below);
			row += above;
			n -= above;
		}
		else
		{
			sort_rows(hash, row + above, n - above);
			n = below;
		}
	}
	for (int64_t i = 1; i < n; i++)
	{
		uint32_t	moved = row[i];
		int64_t		j = i;

		for (; j > 0 && hash[row[j - 1]] > hash[moved]; j--)
			row[j] = row[j - 1];
		row[j] = moved;
	}
}

static void
number_task(MlpgTask *task, int index, void *argument)
{
	Identify   *d = argument;
	int			last = (index + 1) * TASK_BUCKETS < d->n_buckets ? (index + 1) * TASK_BUCKETS : d->n_buckets;

	for (int b = index * TASK_BUCKETS; b < last && !atomic_load_explicit(task->stop, memory_order_relaxed); b++)
	{
		uint32_t   *row = d->row + d->start[b];
		int64_t		n = d->start[b + 1] - d->start[b];
		uint64_t	hash = 0,
					number = 0;

		sort_rows(d->hash, row, n);
		for (int64_t i = 0; i < n; i++)
		{
			number = i > 0 && d->hash[row[i]] == hash ? number + 1 : 0;
			hash = d->hash[row[i]];
			d->hash[row[i]] = mlpg_sample_mix(hash + number * UINT64_C(0xD1342543DE82EF95));
		}
	}
}

uint64_t *
mlpg_sample_identify(MlpgHost *host, const MlpgMatrix *matrix, uint64_t seed)
{
	Identify   *d = mlpg_allocate(host, 1, sizeof(Identify));	/* not on the stack: it ends before the tasks when canceled */
	uint64_t   *identity;

	d->matrix = matrix;
	d->seed = mlpg_sample_mix(seed + 1);
	d->n = mlpg_matrix_rows(matrix);
	if (d->n > UINT32_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Train on a sample of the rows.",
				   "too many rows: %lld, of at most %lld", (long long) d->n, (long long) UINT32_MAX);
	identity = d->hash = mlpg_allocate(host, (size_t) d->n, sizeof(uint64_t));
	mlpg_check(host, "identifying rows", 0, 0);
	host->parallel_for(host, (int) ((d->n + TASK_ROWS - 1) / TASK_ROWS), hash_task, d);
	deal(host, d);
	host->parallel_for(host, (d->n_buckets + TASK_BUCKETS - 1) / TASK_BUCKETS, number_task, d);
	mlpg_release(host, d->row);
	mlpg_release(host, d->start);
	mlpg_release(host, d);
	return identity;
}

uint64_t
mlpg_sample_threshold(double share)
{
	return share <= 0 ? 0 : share >= 1 ? UINT64_MAX : (uint64_t) (share * 0x1p64);
}

/* ---------- parts ---------- */

/* Rows of one class (-1: of any), by the place of their draw among those of the class. */
static void
deal_class(MlpgHost *host, const uint64_t *identity, int64_t n, const double *class, int code, int n_parts, uint64_t *keys, uint16_t *part)
{
	uint64_t   *cut = mlpg_allocate(host, (size_t) n_parts, sizeof(uint64_t));
	int64_t		m = 0;

	for (int64_t i = 0; i < n; i++)
		if (code < 0 || class[i] == code)
			keys[m++] = mlpg_sample_draw(identity[i], MLPG_STREAM_FOLDS);
	mlpg_sort_keys(keys, keys + n, m);
	mlpg_check(host, NULL, 0, 0);
	for (int k = 1; k < n_parts && m > 0; k++)
		cut[k] = keys[m * k / n_parts];
	for (int64_t i = 0; i < n; i++)
	{
		uint64_t	key = mlpg_sample_draw(identity[i], MLPG_STREAM_FOLDS);
		int			low = 0,
					high = n_parts - 1;

		if (code >= 0 && class[i] != code)
			continue;
		while (low < high)		/* the last part whose first key is not above */
		{
			int			middle = (low + high + 1) / 2;

			if (key >= cut[middle])
				low = middle;
			else
				high = middle - 1;
		}
		part[i] = (uint16_t) low;
	}
	mlpg_release(host, cut);
}

uint16_t *
mlpg_sample_deal(MlpgHost *host, const uint64_t *identity, int64_t n, const double *class, int n_classes, int n_parts)
{
	uint16_t   *part = mlpg_allocate(host, (size_t) n + 1, sizeof(uint16_t));
	uint64_t   *keys = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, 2), sizeof(uint64_t));

	for (int code = class ? 0 : -1; code < (class ? n_classes : 0); code++)
		deal_class(host, identity, n, class, code, n_parts, keys, part);
	mlpg_release(host, keys);
	return part;
}
