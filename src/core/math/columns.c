/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  Kernels that do the same to every column of a row.
 *
 * What a one-pass learner does to each row besides the cross-products: the range
 * of every column and which values are missing, NULL turned into NaN, division by a power of two, and sums in double-double
 * (two-sum of Knuth, The Art of Computer Programming 2, section 4.2.2).  There is nothing
 * to them but additions, multiplications and comparisons of one element, so the
 * variants agree bit for bit.
 *
 * Cost: at 30 columns about 10 ns a row each with vectors of four, and three
 * times that without.
 *
 * NaN: a value that is missing; see each.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/columns.h"

#include <float.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline int
take_from(int k, const double *row, int n, double *z, double *minimum, double *maximum, uint32_t base, uint32_t *missing)
{
	int			found = 0;

	for (; k < n; k++)
	{
		double		x = row[k];

		minimum[k] = x < minimum[k] ? x : minimum[k];
		maximum[k] = x > maximum[k] ? x : maximum[k];
		if (x != x)
			missing[found++] = base + (uint32_t) k;
		z[k] = x == x ? x : 0;
	}
	return found;
}

static inline bool
fill_from(int k, const double *value, const bool *missing, int n, double *row)
{
	bool		finite = true;

	for (; k < n; k++)
	{
		row[k] = missing[k] ? NAN : value[k];
		finite &= missing[k] || fabs(value[k]) <= DBL_MAX;
	}
	return finite;
}

static inline void
add_from(int k, const double *row, int n, double *hi, double *lo)
{
	for (; k < n; k++)
	{
		double		x = row[k];
		double		s = hi[k] + x;
		double		v = s - hi[k];

		lo[k] += (hi[k] - (s - v)) + (x - v);
		hi[k] = s;
	}
}

static int
take_portable(const double *row, int n, double *z, double *minimum, double *maximum, uint32_t base, uint32_t *missing)
{
	return take_from(0, row, n, z, minimum, maximum, base, missing);
}

static bool
fill_portable(const double *value, const bool *missing, int n, double *row)
{
	return fill_from(0, value, missing, n, row);
}

static void
scale_portable(double *row, int n_rows, int stride, int n, const double *first, const double *second)
{
	for (int r = 0; r < n_rows; r++, row += stride)
		for (int k = 0; k < n; k++)
			row[k] = row[k] * first[k] * second[k];
}

static void
add_portable(const double *row, int n, double *hi, double *lo)
{
	add_from(0, row, n, hi, lo);
}

const MlpgColumns mlpg_columns_portable = {take_portable, fill_portable, scale_portable, add_portable};

#if defined(__x86_64__)

/* Positions of NaN are gathered as bits, 64 columns at a time: one branch, not one a vector. */
__attribute__((target("avx2"))) static int
take_avx2(const double *row, int n, double *z, double *minimum, double *maximum, uint32_t base, uint32_t *missing)
{
	int			found = 0;
	int			k = 0;

	while (k + 4 <= n)
	{
		int			first = k;
		uint64_t	bits = 0;

		for (; k + 4 <= n && k < first + 64; k += 4)
		{
			__m256d		x = _mm256_loadu_pd(row + k);
			__m256d		there = _mm256_cmp_pd(x, x, _CMP_ORD_Q);

			/* where x is NaN these give their second operand */
			_mm256_storeu_pd(minimum + k, _mm256_min_pd(x, _mm256_loadu_pd(minimum + k)));
			_mm256_storeu_pd(maximum + k, _mm256_max_pd(x, _mm256_loadu_pd(maximum + k)));
			_mm256_storeu_pd(z + k, _mm256_and_pd(x, there));
			bits |= (uint64_t) (_mm256_movemask_pd(there) ^ 0xF) << (k - first);
		}
		for (; bits != 0; bits &= bits - 1)
			missing[found++] = base + (uint32_t) first + (uint32_t) __builtin_ctzll(bits);
	}
	return found + take_from(k, row, n, z, minimum, maximum, base, missing + found);
}

__attribute__((target("avx2"))) static bool
fill_avx2(const double *value, const bool *missing, int n, double *row)
{
	const __m256d nan = _mm256_set1_pd(NAN);
	const __m256d largest = _mm256_set1_pd(DBL_MAX);
	const __m256d sign = _mm256_set1_pd(-0.0);
	__m256d		bad = _mm256_setzero_pd();
	int			k = 0;

	for (; k + 4 <= n; k += 4)
	{
		int32_t		four;
		__m256d		x = _mm256_loadu_pd(value + k);
		__m256d		left_out;

		memcpy(&four, missing + k, sizeof(four));
		left_out = _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_cvtepi8_epi64(_mm_cvtsi32_si128(four)), _mm256_setzero_si256()));
		_mm256_storeu_pd(row + k, _mm256_blendv_pd(x, nan, left_out));
		bad = _mm256_or_pd(bad, _mm256_andnot_pd(left_out, _mm256_cmp_pd(_mm256_andnot_pd(sign, x), largest, _CMP_NLE_UQ)));
	}
	return fill_from(k, value, missing, n, row) && _mm256_movemask_pd(bad) == 0;
}

__attribute__((target("avx2"))) static void
scale_avx2(double *row, int n_rows, int stride, int n, const double *first, const double *second)
{
	for (int r = 0; r < n_rows; r++, row += stride)
	{
		int			k = 0;

		for (; k + 4 <= n; k += 4)
			_mm256_storeu_pd(row + k, _mm256_mul_pd(_mm256_mul_pd(_mm256_loadu_pd(row + k), _mm256_loadu_pd(first + k)),
													_mm256_loadu_pd(second + k)));
		for (; k < n; k++)
			row[k] = row[k] * first[k] * second[k];
	}
}

__attribute__((target("avx2"))) static void
add_avx2(const double *row, int n, double *hi, double *lo)
{
	int			k = 0;

	for (; k + 4 <= n; k += 4)
	{
		__m256d		x = _mm256_loadu_pd(row + k);
		__m256d		h = _mm256_loadu_pd(hi + k);
		__m256d		s = _mm256_add_pd(h, x);
		__m256d		v = _mm256_sub_pd(s, h);
		__m256d		lost = _mm256_add_pd(_mm256_sub_pd(h, _mm256_sub_pd(s, v)), _mm256_sub_pd(x, v));

		_mm256_storeu_pd(lo + k, _mm256_add_pd(_mm256_loadu_pd(lo + k), lost));
		_mm256_storeu_pd(hi + k, s);
	}
	add_from(k, row, n, hi, lo);
}

static const MlpgColumns columns_avx2 = {take_avx2, fill_avx2, scale_avx2, add_avx2};
#endif

const MlpgColumns *
mlpg_columns(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return &columns_avx2;
#endif
	return &mlpg_columns_portable;
}
