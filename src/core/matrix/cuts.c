/*-------------------------------------------------------------------------
 *
 * cuts.c
 *	  Where one feature is cut into bins.
 *
 * The rules are those of LightGBM (Ke et al. 2017, GreedyFindBin), so that trees
 * have the same choice of splits. Numbers: when there are no more distinct values than
 * bins, each value is a bin, but neighbours are joined until they hold min_data rows.
 * Otherwise a value that alone holds its share of the rows or more is a bin of its
 * own, and the rest is cut into bins of equal counts; the share is reckoned anew
 * after every bin.  Zero, where it occurs, always is a bin of its own: it often means
 * "none"; the bins left of it and right of it are shared out by their counts.
 *
 * Where we differ: values are distinct as doubles are, zero is 0 and not all that is
 * within 1e-35 of it, no bin is kept for a zero that does not occur, and when there
 * are no more distinct values than bins all of them are used on either side of zero.
 *
 * A cut between two values a < b is their midpoint, but a <= cut < b always, so that
 * x <= cut tells them apart even where no double is between them.  Next to zero the
 * cut is at 1e-35: a small value that the sample did not have is not a zero.
 *
 * Categories: most frequent first.  As in LightGBM one that has fewer than min_data rows is
 * pooled with what is missing, unless it is among the first two; and so is the tail
 * when the bins are used up.  LightGBM goes on to 99 % of the rows even beyond max_bin;
 * so do we, up to the 254 that a byte holds.
 *
 * Cost: linear in the distinct values, once they are sorted.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/cuts.h"

#include "core/math/sort.h"

#define CATEGORIES_MAX 254
#define CATEGORIES_SHARE 0.99

int64_t
mlpg_cuts_distinct(uint64_t *key, uint64_t *count, int64_t n)
{
	int64_t		distinct = 0;

	for (int64_t i = 0; i < n; i++)
	{
		if (distinct > 0 && key[distinct - 1] == key[i])
			count[distinct - 1]++;
		else
		{
			key[distinct] = key[i];
			count[distinct++] = 1;
		}
	}
	return distinct;
}

/* Between two distinct values; never -0. */
static double
separate(uint64_t low, uint64_t high)
{
	double		a = mlpg_sort_unkey(low),
				b = mlpg_sort_unkey(high);
	double		middle = a / 2 + b / 2;

	if (b == 0 && a < -MLPG_CUTS_ZERO)
		return -MLPG_CUTS_ZERO;
	if (a == 0 && b > MLPG_CUTS_ZERO)
		return MLPG_CUTS_ZERO;
	return (middle >= a && middle < b ? middle : a) + 0.0;
}

static int64_t
sum_of(const uint64_t *count, int64_t n)
{
	int64_t		sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += (int64_t) count[i];
	return sum;
}

/* As many bins as values, but for those that have too few rows. */
static int
cut_few(const uint64_t *key, const uint64_t *count, int64_t n, int min_data, double *cut)
{
	int			bins = 0;
	int64_t		rows = 0;

	for (int64_t i = 0; i < n - 1; i++)
	{
		rows += (int64_t) count[i];
		if (rows >= min_data)
		{
			cut[bins++] = separate(key[i], key[i + 1]);
			rows = 0;
		}
	}
	cut[bins++] = INFINITY;
	return bins;
}

/* More values than bins. */
static int
cut_many(const uint64_t *key, const uint64_t *count, int64_t n, int max_bin, int min_data, double *cut)
{
	int64_t		rest = sum_of(count, n),	/* rows of values that are not large, still to come */
				rows = 0;		/* of this bin */
	int			most = rest / min_data < max_bin ? (int) (rest / min_data) : max_bin;
	int			bins = 0,
				rest_bins;
	double		large,
				share;

	most = most < 1 ? 1 : most;
	large = (double) rest / most;
	rest_bins = most;
	for (int64_t i = 0; i < n; i++)
		if ((double) count[i] >= large)
		{
			rest_bins--;
			rest -= (int64_t) count[i];
		}
	share = (double) rest / rest_bins;
	for (int64_t i = 0; i < n - 1 && bins < most - 1; i++)
	{
		bool		is_large = (double) count[i] >= large;

		rest -= is_large ? 0 : (int64_t) count[i];
		rows += (int64_t) count[i];
		if (is_large || (double) rows >= share ||
			((double) count[i + 1] >= large && (double) rows >= (share * 0.5 > 1 ? share * 0.5 : 1)))
		{
			cut[bins++] = separate(key[i], key[i + 1]);
			rows = 0;
			if (!is_large)
				share = (double) rest / --rest_bins;
		}
	}
	cut[bins++] = INFINITY;
	return bins;
}

/* Of values on one side of zero, or where there is none. */
static int
cut_side(const uint64_t *key, const uint64_t *count, int64_t n, int max_bin, int min_data, double *cut)
{
	return n <= max_bin ? cut_few(key, count, n, min_data, cut) : cut_many(key, count, n, max_bin, min_data, cut);
}

int
mlpg_cuts_numbers(const uint64_t *key, const uint64_t *count, int64_t n, int max_bin, int min_data, double *cut)
{
	const uint64_t zero = mlpg_sort_key(0);
	int64_t		left = 0,
				right;
	int			bins = 0,
				room;

	if (n == 0)
		return 0;
	while (left < n && key[left] < zero)
		left++;
	if (left == n || key[left] != zero || max_bin == 1)
		return cut_side(key, count, n, max_bin, min_data, cut);
	right = n - left - 1;
	if (left > 0)
	{
		double		share = (double) sum_of(count, left) / (double) (sum_of(count, left) + sum_of(count + left + 1, right));

		room = n <= max_bin ? (int) left : (int) (share * (max_bin - 1));
		bins = cut_side(key, count, left, room < 1 ? 1 : room, min_data, cut);
		cut[bins - 1] = separate(key[left - 1], zero);
	}
	room = max_bin - 1 - bins;
	cut[bins++] = INFINITY;
	if (right > 0 && room > 0)
	{
		cut[bins - 1] = separate(zero, key[left + 1]);
		bins += cut_side(key + left + 1, count + left + 1, right, room, min_data, cut + bins);
	}
	return bins;
}

int
mlpg_cuts_categories(uint64_t *key, uint64_t *count, int64_t n, int max_bin, int min_data, int32_t *code)
{
	int64_t		total = sum_of(count, n),
				enough = llrint(CATEGORIES_SHARE * (double) total),
				rows = 0;
	int			kept = 0;

	/* by count, large ones first, then by code */
	for (int64_t i = 0; i < n; i++)
		key[i] |= (uint64_t) (UINT32_MAX - count[i]) << 32;
	mlpg_sort_keys(key, count, n);
	while (kept < n && kept < CATEGORIES_MAX && (rows < enough || kept < max_bin))
	{
		int64_t		here = (int64_t) (UINT32_MAX - (key[kept] >> 32));

		if (here < min_data && kept > 1)
			break;
		rows += here;
		code[kept] = (int32_t) (key[kept] & INT32_MAX);
		kept++;
	}
	return kept;
}
