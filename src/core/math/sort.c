/*-------------------------------------------------------------------------
 *
 * sort.c
 *	  Sorting and selecting doubles.
 *
 * Sorting: stable merge sort, runs of 16 by insertion, then merges bottom-up.
 * O(n log n), n doubles (and n positions) of scratch.  Many keys of 64 bits, in pool
 * tasks: radix sort from the low digit up (Knuth, The Art of Computer
 * Programming 3, section 5.2.5), 11 bits a digit; digits that all keys share are
 * passed over, so numbers that float4 holds cost four passes of 1 to 2 ns a key.
 *
 * Selecting: of many values those between two values of a sample that have the wanted one
 * between them (Floyd and Rivest 1975), which takes no branch a value: 2 ns each, where quickselect
 * guesses half of its branches wrong: 9 ns.  What is left, a few per cent, and what the
 * sample misjudged, by quickselect (Hoare 1961) with the median of three; ranges that
 * shrink too slowly are cut at the median of nine.  O(n) for the data that come; in
 * place.  With weights quickselect alone, the weight of each part standing in for its length.
 *
 * All do the same for the same input everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/sort.h"

#define RUN 16
#define SAMPLE 512				/* of values to select from, ... */
#define SAMPLE_OF 4096			/* ... where they are more than these */

static void
insertion(double *v, int64_t *o, int64_t low, int64_t high)
{
	for (int64_t i = low + 1; i < high; i++)
	{
		double		value = v[i];
		int64_t		position = o ? o[i] : 0;
		int64_t		j = i;

		for (; j > low && v[j - 1] > value; j--)
		{
			v[j] = v[j - 1];
			if (o)
				o[j] = o[j - 1];
		}
		v[j] = value;
		if (o)
			o[j] = position;
	}
}

static void
merge(const double *v, const int64_t *o, double *w, int64_t *p, int64_t low, int64_t middle, int64_t high)
{
	int64_t		a = low,
				b = middle;

	for (int64_t k = low; k < high; k++)
	{
		int64_t		from = b >= high || (a < middle && v[a] <= v[b]) ? a++ : b++;

		w[k] = v[from];
		if (o)
			p[k] = o[from];
	}
}

void
mlpg_sort(MlpgHost *host, double *values, int64_t *order, int64_t n)
{
	double	   *v = values,
			   *w = mlpg_allocate(host, (size_t) n + 1, sizeof(double)),
			   *scratch = w;
	int64_t    *o = order,
			   *p = order ? mlpg_allocate(host, (size_t) n + 1, sizeof(int64_t)) : NULL,
			   *positions = p;

	for (int64_t low = 0; low < n; low += RUN)
		insertion(v, o, low, low + RUN < n ? low + RUN : n);
	for (int64_t width = RUN; width < n; width *= 2)
	{
		for (int64_t low = 0; low < n; low += 2 * width)
		{
			merge(v, o, w, p, low, low + width < n ? low + width : n, low + 2 * width < n ? low + 2 * width : n);
			mlpg_check(host, "sorting", low, n);
		}

		double	   *swap = v;
		int64_t    *swap_order = o;

		v = w;
		w = swap;
		o = p;
		p = swap_order;
	}
	if (v != values)
	{
		memcpy(values, v, (size_t) n * sizeof(double));
		if (order)
			memcpy(order, o, (size_t) n * sizeof(int64_t));
	}
	mlpg_release(host, scratch);
	mlpg_release(host, positions);
}

#define DIGIT_BITS 11
#define DIGITS 6				/* of 11 bits in 64 */
#define DIGIT_VALUES (1 << DIGIT_BITS)
#define FEW 128					/* keys for which the digits' counts cost more than insertion */

static void
insertion_keys(uint64_t *keys, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		uint64_t	key = keys[i];
		int64_t		j = i;

		for (; j > 0 && keys[j - 1] > key; j--)
			keys[j] = keys[j - 1];
		keys[j] = key;
	}
}

void
mlpg_sort_keys(uint64_t *keys, uint64_t *scratch, int64_t n)
{
	uint32_t	count[DIGITS][DIGIT_VALUES];
	uint64_t   *from = keys,
			   *to = scratch;

	MLPG_ASSERT(n <= UINT32_MAX);
	if (n <= FEW)
	{
		insertion_keys(keys, n);
		return;
	}
	memset(count, 0, sizeof(count));
	for (int64_t i = 0; i < n; i++)
		for (int d = 0; d < DIGITS; d++)
			count[d][keys[i] >> (d * DIGIT_BITS) & (DIGIT_VALUES - 1)]++;
	for (int d = 0; d < DIGITS && n > 0; d++)
	{
		int			shift = d * DIGIT_BITS;
		uint32_t	sum = 0;
		uint64_t   *swap = from;

		if (count[d][from[0] >> shift & (DIGIT_VALUES - 1)] == n)
			continue;
		for (int v = 0; v < DIGIT_VALUES; v++)
		{
			uint32_t	here = count[d][v];

			count[d][v] = sum;
			sum += here;
		}
		for (int64_t i = 0; i < n; i++)
			to[count[d][from[i] >> shift & (DIGIT_VALUES - 1)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, (size_t) n * sizeof(uint64_t));
}

static double
median_of_three(double a, double b, double c)
{
	return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

static double
pivot_of(const double *v, int64_t low, int64_t high)
{
	int64_t		n = high - low,
				middle = low + n / 2;

	if (n < 1000)
		return median_of_three(v[low], v[middle], v[high - 1]);

	int64_t		step = n / 8;

	return median_of_three(median_of_three(v[low], v[low + step], v[low + 2 * step]),
						   median_of_three(v[middle - step], v[middle], v[middle + step]),
						   median_of_three(v[high - 1 - 2 * step], v[high - 1 - step], v[high - 1]));
}

static double
quickselect(double *v, int64_t n, int64_t k)
{
	int64_t		low = 0,
				high = n;

	while (high - low > 1)
	{
		double		pivot = pivot_of(v, low, high);
		int64_t		i = low,
					j = high - 1;

		/* Hoare's partition: equal values go to both sides, so runs of ties shrink too */
		while (i <= j)
		{
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j)
			{
				double		swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		}
		if (k <= j)
			high = j + 1;
		else if (k >= i)
			low = i;
		else
			break;
	}
	return v[k];
}

/* Two values that, by a sample, have the k-th of n between them: 3 standard errors of its rank apart on both sides. */
static void
bracket(const double *v, int64_t n, int64_t k, double *least, double *most)
{
	double		sample[SAMPLE];
	double		share = (double) k / (double) n;
	int			margin = 1 + (int) (3 * sqrt(SAMPLE * share * (1 - share)));
	int			rank = (int) (SAMPLE * share);

	for (int i = 0; i < SAMPLE; i++)
		sample[i] = v[n / SAMPLE * i];
	*least = rank < margin ? -INFINITY : quickselect(sample, SAMPLE, rank - margin);
	*most = rank + margin >= SAMPLE ? INFINITY : quickselect(sample, SAMPLE, rank + margin);
}

double
mlpg_select(double *v, int64_t n, int64_t k)
{
	while (n > SAMPLE_OF)
	{
		double		least,
					most;
		int64_t		between = 0,
					below = 0;

		bracket(v, n, k, &least, &most);
		for (int64_t i = 0; i < n; i++)
		{
			double		x = v[i];

			v[i] = v[between];
			v[between] = x;
			between += (x >= least) & (x <= most);
			below += x < least;
		}
		if (k < below || k >= below + between || between == n)
			break;
		n = between;
		k -= below;
	}
	return quickselect(v, n, k);
}

/* Hoare's partition of v[*i .. *j] with its weights; afterwards v[.. *j] <= pivot <= v[*i ..], and equal between. */
static void
partition_weighted(double *v, int64_t *w, double pivot, int64_t *left, int64_t *right)
{
	int64_t		i = *left,
				j = *right;

	while (i <= j)
	{
		while (v[i] < pivot)
			i++;
		while (v[j] > pivot)
			j--;
		if (i <= j)
		{
			double		swap = v[i];
			int64_t		swap_weight = w[i];

			v[i] = v[j];
			w[i++] = w[j];
			v[j] = swap;
			w[j--] = swap_weight;
		}
	}
	*left = i;
	*right = j;
}

double
mlpg_select_weighted(double *v, int64_t *w, int64_t n, int64_t need)
{
	int64_t		low = 0,
				high = n;

	while (high - low > 1)
	{
		double		pivot = pivot_of(v, low, high);
		int64_t		i = low,
					j = high - 1,
					below = 0;

		partition_weighted(v, w, pivot, &i, &j);
		for (int64_t k = low; k <= j; k++)
			below += w[k];
		if (need <= below)
		{
			high = j + 1;
			continue;
		}
		for (int64_t k = j + 1; k < i; k++)
			below += w[k];
		if (need <= below)
			return pivot;
		need -= below;
		low = i;
	}
	return v[low];
}
