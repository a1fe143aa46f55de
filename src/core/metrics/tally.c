/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  How often each number was seen, exactly, whatever the order.
 *
 * What metrics of ranks need of ten million scores is which values there are and
 * how often each.  Numbers are kept as keys of 64 bits whose order as integers is
 * theirs (core/math/sort.h).  Fresh ones are heaped up; a full heap of at least
 * 16,384, and of half of what is in order already, is sorted and merged in from the
 * back, in place.  So every key is sorted once and moved about three times
 * (logarithmic method: Bentley and Saxe 1980).  Where at most half of the entries
 * are distinct, as with the answers of trees or rounded probabilities, each key is
 * kept once, with its count.
 *
 * Sorting: pieces of 131,072 keys by radix, which fit the cache, then merges of
 * pairs.  Cost: some 30 ns a number.  Memory: 8 bytes a number (16 a distinct one, once
 * counted), and a third as much again for what is fresh.  Two tallies merge by
 * their entries.  Determinism: the same numbers give the same multiset, order free.
 * No NaN, no infinity: the callers'.  -0 counts as 0.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/tally.h"

#define FIRST_FRESH 16
#define MANY_FRESH 16384
#define PIECE 131072			/* keys that are sorted between two looks at the host */

/* Room for n entries more. */
static void
reserve(MlpgHost *host, MlpgTally *t, int64_t n)
{
	int64_t		need = t->n_sorted + n;

	if (need <= t->max_sorted)
		return;
	t->key = mlpg_resize(host, t->key, (size_t) t->max_sorted, (size_t) need, sizeof(uint64_t));
	if (t->count != NULL)
		t->count = mlpg_resize(host, t->count, (size_t) t->max_sorted, (size_t) need, sizeof(uint64_t));
	t->max_sorted = need;
}

/* Moves the entries [first, end) to the front. */
static void
move_down(MlpgTally *t, int64_t first, int64_t end)
{
	t->n_sorted = end - first;
	if (first == 0)
		return;
	memmove(t->key, t->key + first, (size_t) t->n_sorted * sizeof(uint64_t));
	memmove(t->count, t->count + first, (size_t) t->n_sorted * sizeof(uint64_t));
}

/* Each key once, with its count. */
static void
start_counting(MlpgHost *host, MlpgTally *t)
{
	int64_t		n = 0;

	reserve(host, t, 1);
	t->count = mlpg_allocate(host, (size_t) t->max_sorted, sizeof(uint64_t));
	for (int64_t i = 0; i < t->n_sorted; i++)
	{
		if (i % PIECE == 0)
			mlpg_check(host, NULL, i, t->n_sorted);
		if (n > 0 && t->key[n - 1] == t->key[i])
			t->count[n - 1]++;
		else
		{
			t->key[n] = t->key[i];
			t->count[n++] = 1;
		}
	}
	t->n_sorted = n;
}

static bool
is_worth_counting(const MlpgTally *t)
{
	int64_t		distinct = t->n_sorted > 0;

	for (int64_t i = 1; i < t->n_sorted; i++)
		distinct += t->key[i] != t->key[i - 1];
	return 2 * distinct <= t->n_sorted;
}

/* Merges n entries in order into those there are, from the back; the count of each is 1 where count is NULL. */
static void
merge_plain(MlpgHost *host, MlpgTally *t, const uint64_t *key, int64_t n)
{
	int64_t		a = t->n_sorted - 1,
				b = n - 1;

	reserve(host, t, n);
	t->n_sorted += n;
	for (int64_t w = t->n_sorted - 1; b >= 0; w--)
	{
		if (w % PIECE == 0)
			mlpg_check(host, NULL, t->n_sorted - w, t->n_sorted);
		t->key[w] = a >= 0 && t->key[a] > key[b] ? t->key[a--] : key[b--];
	}
}

static void
merge_counted(MlpgHost *host, MlpgTally *t, const uint64_t *key, const uint64_t *count, int64_t n)
{
	int64_t		a = t->n_sorted - 1,
				b = n - 1,
				end = t->n_sorted + n,
				w = end;

	reserve(host, t, n);
	for (int64_t steps = 0; a >= 0 || b >= 0; steps++)
	{
		bool		mine = b < 0 || (a >= 0 && t->key[a] > key[b]);
		uint64_t	k = mine ? t->key[a] : key[b];
		uint64_t	here = mine ? t->count[a] : count != NULL ? count[b] : 1;

		if (steps % PIECE == 0)
			mlpg_check(host, NULL, steps, end);
		a -= mine;
		b -= !mine;
		if (w < end && t->key[w] == k)
			t->count[w] += here;
		else
		{
			t->key[--w] = k;
			t->count[w] = here;
		}
	}
	move_down(t, w, end);
}

/* Merges pairs of ordered pieces of some width from one array into the other. */
static void
merge_pairs(const uint64_t *from, uint64_t *to, int64_t n, int64_t width)
{
	for (int64_t low = 0; low < n; low += 2 * width)
	{
		int64_t		middle = low + width < n ? low + width : n,
					high = low + 2 * width < n ? low + 2 * width : n,
					a = low,
					b = middle;

		for (int64_t w = low; w < high; w++)
			to[w] = b >= high || (a < middle && from[a] <= from[b]) ? from[a++] : from[b++];
	}
}

/* Sorts the fresh ones. */
static void
sort_fresh(MlpgHost *host, MlpgTally *t)
{
	int64_t		n = t->n_fresh;
	uint64_t   *scratch = mlpg_allocate(host, (size_t) t->max_fresh, sizeof(uint64_t));

	for (int64_t first = 0; first < n; first += PIECE)
	{
		mlpg_check(host, NULL, first, n);
		mlpg_sort_keys(t->fresh + first, scratch, n - first < PIECE ? n - first : PIECE);
	}
	for (int64_t width = PIECE; width < n; width *= 2)
	{
		uint64_t   *swap = t->fresh;

		for (int64_t low = 0; low < n; low += 2 * width)
		{
			mlpg_check(host, NULL, low, n);
			merge_pairs(t->fresh + low, scratch + low, n - low < 2 * width ? n - low : 2 * width, width);
		}
		t->fresh = scratch;
		scratch = swap;
	}
	mlpg_release(host, scratch);
}

void
mlpg_tally_settle(MlpgHost *host, MlpgTally *t)
{
	if (t->n_fresh == 0)
		return;
	sort_fresh(host, t);
	if (t->count != NULL)
		merge_counted(host, t, t->fresh, NULL, t->n_fresh);
	else
	{
		merge_plain(host, t, t->fresh, t->n_fresh);
		if (is_worth_counting(t))
			start_counting(host, t);
	}
	t->n_fresh = 0;
}

void
mlpg_tally_make_room(MlpgHost *host, MlpgTally *t)
{
	int64_t		more;

	if (t->max_fresh >= MANY_FRESH && t->max_fresh >= t->n_sorted / 2)
	{
		mlpg_tally_settle(host, t);
		return;
	}
	more = t->max_fresh == 0 ? FIRST_FRESH : t->max_fresh * 2;
	t->fresh = mlpg_resize(host, t->fresh, (size_t) t->max_fresh, (size_t) more, sizeof(uint64_t));
	t->max_fresh = more;
}

void
mlpg_tally_merge(MlpgHost *host, MlpgTally *t, const MlpgTally *other)
{
	MLPG_ASSERT(other->n_fresh == 0);
	mlpg_tally_settle(host, t);
	if (other->count != NULL && t->count == NULL)
		start_counting(host, t);
	if (t->count != NULL)
		merge_counted(host, t, other->key, other->count, other->n_sorted);
	else
		merge_plain(host, t, other->key, other->n_sorted);
}

uint64_t
mlpg_tally_down(const MlpgTally *t, int64_t *at)
{
	uint64_t	key = t->key[--*at];
	uint64_t	n = t->count != NULL ? t->count[*at] : 1;

	while (*at > 0 && t->key[*at - 1] == key)
	{
		n++;
		--*at;
	}
	return n;
}

/* ---- bytes ---- */

void
mlpg_tally_write(const MlpgTally *t, MlpgWriter *w)
{
	size_t		bytes = (size_t) t->n_sorted * sizeof(uint64_t);

	MLPG_ASSERT(t->n_fresh == 0);
	mlpg_write_u64(w, (uint64_t) t->n_sorted);
	mlpg_write_u8(w, t->count != NULL);
	mlpg_write_bytes(w, t->key, bytes);
	if (t->count != NULL)
		mlpg_write_bytes(w, t->count, bytes);
}

static uint64_t *
read_entries(MlpgReader *r, int64_t n)
{
	uint64_t   *entry = mlpg_allocate(r->host, (size_t) n + 1, sizeof(uint64_t));

	memcpy(entry, mlpg_read_bytes(r, (size_t) n * sizeof(uint64_t)), (size_t) n * sizeof(uint64_t));
	return entry;
}

/* Keys of finite numbers, in order; counts of at least 1 whose sum is one that doubles hold. */
static void
check_entries(MlpgReader *r, const MlpgTally *t)
{
	uint64_t	rest = UINT64_C(1) << 53;

	for (int64_t i = 0; i < t->n_sorted; i++)
	{
		uint64_t	count = t->count != NULL ? t->count[i] : 1;

		if (i % PIECE == 0)
			mlpg_check(r->host, NULL, i, t->n_sorted);
		if (!isfinite(mlpg_sort_unkey(t->key[i])) || mlpg_sort_key(mlpg_sort_unkey(t->key[i])) != t->key[i])
			mlpg_reader_corrupt(r, "a value is not finite");
		if (i > 0 && (t->count != NULL ? t->key[i] <= t->key[i - 1] : t->key[i] < t->key[i - 1]))
			mlpg_reader_corrupt(r, "values are not in order");
		if (count == 0 || count > rest)
			mlpg_reader_corrupt(r, "a count is out of range");
		rest -= count;
	}
}

void
mlpg_tally_read(MlpgTally *t, MlpgReader *r)
{
	uint64_t	n = mlpg_read_u64(r);
	bool		counted = mlpg_read_u8(r) != 0;

	if (n > (size_t) (r->end - r->at) / (counted ? 16 : 8))
		mlpg_reader_corrupt(r, "a count is larger than the bytes that remain");
	memset(t, 0, sizeof(*t));
	t->n_sorted = (int64_t) n;
	t->max_sorted = t->n_sorted + 1;
	t->key = read_entries(r, t->n_sorted);
	t->count = counted ? read_entries(r, t->n_sorted) : NULL;
	check_entries(r, t);
}
