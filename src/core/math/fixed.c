/*-------------------------------------------------------------------------
 *
 * fixed.c
 *	  Sums that do not depend on the order of their terms.
 *
 * Floating point addition rounds, so a sum depends on its order, and with it
 * on the order of the rows in a table and on the number of threads.  Integers
 * add exactly.  Two tools:
 *
 * Fixed point.  Each term is rounded once to a multiple of a power of two and
 * added as an integer: for hot loops.  With |x| <= m < 2^e, at most n terms and
 * n <= 2^c the unit is 2^(e + c - 62), so no partial sum leaves 62 bits.  The
 * error of a sum is at most n/2 units: relative to n m, 2^-62 n.  Units are kept
 * within the normal range of doubles; terms below 2^-1023 vanish.
 *
 * The long accumulator (Kulisch 1971; Neal 2015).  A double is an integer of 53 bits
 * at one of 2046 places; place p goes into digit p / 32 after a shift by p mod 32.
 * A digit of 128 bits takes 2^42 terms of 85 bits.  To read the sum, carries are
 * taken from digit to digit until all but the top one are in [0, 2^32).  The
 * sum itself is exact; reading it rounds at 2^-100 and once more to a double.
 *
 * Cost: fixed point 1 ns a term, the long accumulator 2 to 3 ns; 1 kB each.
 * Memory of mlpg_total: an accumulator a thread.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/fixed.h"
#include "core/math/sum.h"

#include <float.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

MlpgFixed
mlpg_fixed_scale(double maximum, int64_t count)
{
	MlpgFixed	fixed = {1, 1};
	int			bits = 0,
				exponent;

	if (!(maximum > 0) || maximum > DBL_MAX)
		return fixed;
	while (bits < 62 && (INT64_C(1) << bits) < count)
		bits++;
	(void) frexp(maximum, &exponent);
	exponent = 62 - exponent - bits;
	exponent = exponent > 1022 ? 1022 : exponent < -1022 ? -1022 : exponent;
	fixed.scale = ldexp(1, exponent);
	fixed.unit = ldexp(1, -exponent);
	return fixed;
}

/* Four maxima at a time: each comparison waits for the last one of its own. */
double
mlpg_fixed_maximum(const double *x, const double *w, int64_t n)
{
	double		most[4] = {0};

	for (int64_t i = 0; i < n; i++)
	{
		double		size = fabs(w ? w[i] * x[i] : x[i]);

		most[i & 3] = size > most[i & 3] ? size : most[i & 3];
	}
	most[0] = most[0] > most[1] ? most[0] : most[1];
	most[2] = most[2] > most[3] ? most[2] : most[3];
	return most[0] > most[2] ? most[0] : most[2];
}

/* The bits of floats without their sign are ordered as the floats are. */
static int32_t
maximum_from(int64_t i, const float *x, int64_t n, int32_t most)
{
	for (; i < n; i++)
	{
		int32_t		bits;

		memcpy(&bits, &x[i], sizeof(bits));
		bits &= INT32_MAX;
		most = bits > most ? bits : most;
	}
	return most;
}

static int64_t
sizes_from(int64_t i, MlpgFixed fixed, const float *x, int64_t n)
{
	int64_t		sum = 0;

	for (; i < n; i++)
		sum += mlpg_fixed_of(fixed, fabsf(x[i]));
	return sum;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static int32_t
maximum_avx2(const float *x, int64_t n)
{
	const __m256i sign = _mm256_set1_epi32(INT32_MAX);
	__m256i		most = _mm256_setzero_si256();
	int32_t		lane[8];
	int32_t		result = 0;
	int64_t		i = 0;

	for (; i + 8 <= n; i += 8)
		most = _mm256_max_epi32(most, _mm256_and_si256(sign, _mm256_loadu_si256((const __m256i *) (x + i))));
	_mm256_storeu_si256((__m256i *) lane, most);
	for (int k = 0; k < 8; k++)
		result = lane[k] > result ? lane[k] : result;
	return maximum_from(i, x, n, result);
}

/*
 * To a number below 2^51 the sum with 1.5 * 2^52 leaves no place behind the point:
 * it is rounded as llrint does, and stands in the low bits as an integer.
 */
__attribute__((target("avx2"))) static int64_t
sizes_avx2(MlpgFixed fixed, const float *x, int64_t n)
{
	const __m128 sign = _mm_castsi128_ps(_mm_set1_epi32(INT32_MAX));
	const __m256d scale = _mm256_set1_pd(fixed.scale);
	const __m256d round = _mm256_set1_pd(0x1.8p52);
	__m256i		sum = _mm256_setzero_si256();
	uint64_t	lane[4];
	int64_t		i = 0;

	for (; i + 4 <= n; i += 4)
	{
		__m256d		size = _mm256_cvtps_pd(_mm_and_ps(sign, _mm_loadu_ps(x + i)));
		__m256d		rounded = _mm256_add_pd(_mm256_mul_pd(size, scale), round);

		sum = _mm256_add_epi64(sum, _mm256_sub_epi64(_mm256_castpd_si256(rounded), _mm256_castpd_si256(round)));
	}
	_mm256_storeu_si256((__m256i *) lane, sum);
	return (int64_t) (lane[0] + lane[1] + lane[2] + lane[3]) + sizes_from(i, fixed, x, n);
}
#endif

double
mlpg_fixed_maximum_float(const float *x, int64_t n)
{
	int32_t		most;
	float		result;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		most = maximum_avx2(x, n);
	else
#endif
		most = maximum_from(0, x, n, 0);
	memcpy(&result, &most, sizeof(result));
	return result;
}

int64_t
mlpg_fixed_sizes_float(MlpgFixed fixed, const float *x, int64_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return sizes_avx2(fixed, x, n);
#endif
	return sizes_from(0, fixed, x, n);
}

MlpgWide
mlpg_fixed_sum(MlpgFixed fixed, const double *x, const double *w, int64_t n)
{
	MlpgWide	sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += mlpg_fixed_of(fixed, w ? w[i] * x[i] : x[i]);
	return sum;
}

MlpgWide
mlpg_fixed_sum_float(MlpgFixed fixed, const float *x, int64_t n)
{
	MlpgWide	sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += mlpg_fixed_of(fixed, x[i]);
	return sum;
}

void
mlpg_exact_merge(MlpgExact *sum, const MlpgExact *other)
{
	for (int d = 0; d < MLPG_EXACT_DIGITS; d++)
		sum->digit[d] += other->digit[d];
	sum->not_finite |= other->not_finite;
}

/* All digits but the last one into [0, 2^32). */
static void
carry(MlpgWide *digit)
{
	for (int d = 0; d < MLPG_EXACT_DIGITS - 1; d++)
	{
		MlpgWide	rest = digit[d] & UINT32_MAX;

		digit[d + 1] += (digit[d] - rest) / (INT64_C(1) << 32);
		digit[d] = rest;
	}
}

double
mlpg_exact_value(const MlpgExact *sum)
{
	MlpgWide	digit[MLPG_EXACT_DIGITS];
	bool		negative;
	MlpgSum		result = {0, 0};
	int			top = MLPG_EXACT_DIGITS - 1;

	if (sum->not_finite)
		return NAN;
	memcpy(digit, sum->digit, sizeof(digit));
	carry(digit);
	negative = digit[top] < 0;
	if (negative)
	{
		for (int d = 0; d <= top; d++)
			digit[d] = -digit[d];
		carry(digit);
	}
	while (top > 0 && digit[top] == 0)
		top--;
	/* as a number near 1, whatever its place */
	for (int d = top; d >= 0 && d > top - 6; d--)
		mlpg_sum_add(&result, ldexp((double) digit[d], 32 * (d - top)));
	return ldexp(negative ? -result.high : result.high, 32 * top - 1075);
}

/*
 * ---------- totals on the host's threads ----------
 *
 * What tasks read is in the host's memory and not on the leader's stack, which
 * is gone before they end when the leader is canceled.
 */

#define TASK_ROWS (16 * MLPG_TOTAL_BLOCK)

typedef struct Total
{
	MlpgTotalTerms terms;
	const void *argument;
	int64_t		n;
	MlpgExact  *partial;		/* one a thread: exact sums merge in any order */
} Total;

static void
total_task(MlpgTask *task, int index, void *argument)
{
	Total	   *total = argument;
	MlpgExact  *sum = &total->partial[task->thread];
	double		out[MLPG_TOTAL_BLOCK];
	int64_t		first = (int64_t) index * TASK_ROWS;
	int64_t		last = first + TASK_ROWS < total->n ? first + TASK_ROWS : total->n;

	for (; first < last && !atomic_load_explicit(task->stop, memory_order_relaxed); first += MLPG_TOTAL_BLOCK)
	{
		int			n = last - first < MLPG_TOTAL_BLOCK ? (int) (last - first) : MLPG_TOTAL_BLOCK;

		total->terms(total->argument, first, n, out);
		for (int i = 0; i < n; i++)
			mlpg_exact_add(sum, out[i]);
	}
}

double
mlpg_total(MlpgHost *host, MlpgTotalTerms terms, const void *argument, int64_t n)
{
	Total	   *total = mlpg_allocate(host, 1, sizeof(Total));
	double		value;

	total->terms = terms;
	total->argument = argument;
	total->n = n;
	total->partial = mlpg_allocate(host, (size_t) host->n_threads, sizeof(MlpgExact));
	host->parallel_for(host, (int) ((n + TASK_ROWS - 1) / TASK_ROWS), total_task, total);
	for (int t = 1; t < host->n_threads; t++)
		mlpg_exact_merge(&total->partial[0], &total->partial[t]);
	value = mlpg_exact_value(&total->partial[0]);
	mlpg_release(host, total->partial);
	mlpg_release(host, total);
	return value;
}

typedef struct Products
{
	const double *x;
	const double *w;
} Products;

static void
product_terms(const void *argument, int64_t first, int n, double *out)
{
	const Products *p = argument;

	for (int i = 0; i < n; i++)
		out[i] = p->w ? p->w[first + i] * p->x[first + i] : p->x[first + i];
}

double
mlpg_fixed_total(MlpgHost *host, const double *x, const double *w, int64_t n)
{
	Products   *products = mlpg_allocate(host, 1, sizeof(Products));
	double		value;

	products->x = x;
	products->w = w;
	value = mlpg_total(host, product_terms, products, n);
	mlpg_release(host, products);
	return value;
}
