/*-------------------------------------------------------------------------
 *
 * crossprod.c
 *	  X'X in twice the working precision, at about the price of plain double.
 *
 * Problem.  Least squares by normal equations in double loses twice the digits
 * of the condition number (Longley: 7 of 15 correct, Filip: none).  With the
 * cross-products in double-double the loss is harmless, they add in any order
 * to about 1e-26, and need no second pass.
 *
 * Method.  The textbook way, product by FMA and two-sum, costs 10 operations
 * a pair of columns.  Here a block of at most 512 rows has its columns scaled
 * by powers of two to |z| <= 1, so the sum of the products of a block is below
 * 2^9.  An accumulator that starts at S = 1.5 * 2^11 never leaves its binade,
 * and then
 *
 *		r = fma(a, b, S)		sum, rounded to a multiple of 2^-41
 *		t = r - S				what was added: exact
 *		c = c + fma(a, b, -t)	what was rounded away: one rounding, 2^-94
 *		S = r
 *
 * takes 4.  (The device of an accumulator with a fixed last place is that of
 * Rump, Ogita and Oishi, "Accurate floating-point summation I", 2008, section
 * 3: extraction with sigma.)  hi = S - 1.5 * 2^11 is exact, lo = c.
 *
 * Cost: 4 d(d+1)/2 operations a row; measured at d = 30: 60 ns a row with
 * AVX2, where plain double rank-1 updates cost 78 and rank-4 updates 37.
 * Tiles of 2 columns by 8 keep 4 pairs of accumulators in registers; with AVX-512,
 * tiles of 4 columns by 16 keep 8, and a row costs half.  Processors from the
 * first years of AVX-512 slow down as a whole while they use it; they are told by
 * lacking VBMI2, and get AVX2.
 *
 * Determinism: the operations of an element and their order are the same in
 * the vector and the portable kernel, FMA being correctly rounded in both.
 * Totals add blocks in the order they are given.
 *
 * NaN and infinity do not come here: missing values are zero in z.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/crossprod.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define START 3072.0			/* 1.5 * 2^11 */

/* One element: columns i and j of z. */
static void
element(const double *z, int n_rows, int stride, int i, int j, double *hi, double *lo)
{
	double		s = START,
				c = 0;

	for (int r = 0; r < n_rows; r++, z += stride)
	{
		double		sum = fma(z[i], z[j], s);
		double		added = sum - s;

		c += fma(z[i], z[j], -added);
		s = sum;
	}
	*hi = s - START;
	*lo = c;
}

void
mlpg_crossprod_block_portable(const double *z, int n_rows, int d, int stride, double *hi, double *lo)
{
	for (int i = 0; i < d; i++)
		for (int j = i; j < d; j++)
			element(z, n_rows, stride, i, j, &hi[(size_t) i * (size_t) stride + j], &lo[(size_t) i * (size_t) stride + j]);
}

#if defined(__x86_64__)

#define STEP(s, c, a, b) \
	do { \
		__m256d sum = _mm256_fmadd_pd(a, b, s); \
		__m256d added = _mm256_sub_pd(sum, s); \
		c = _mm256_add_pd(c, _mm256_fmsub_pd(a, b, added)); \
		s = sum; \
	} while (0)

/* Columns i, i + 1 (if pair) by the vectors at j and, if wide, j + 4. */
__attribute__((target("avx2,fma"), always_inline)) static inline void
tile(const double *z, int n_rows, int stride, int i, int j, bool pair, bool wide, double *hi, double *lo)
{
	const __m256d start = _mm256_set1_pd(START);
	__m256d		s00 = start,
				s01 = start,
				s10 = start,
				s11 = start;
	__m256d		c00 = _mm256_setzero_pd(),
				c01 = c00,
				c10 = c00,
				c11 = c00;

	for (int r = 0; r < n_rows; r++, z += stride)
	{
		__m256d		a0 = _mm256_broadcast_sd(z + i);
		__m256d		b0 = _mm256_loadu_pd(z + j);

		STEP(s00, c00, a0, b0);
		if (wide)
		{
			__m256d		b1 = _mm256_loadu_pd(z + j + 4);

			STEP(s01, c01, a0, b1);
			if (pair)
			{
				__m256d		a1 = _mm256_broadcast_sd(z + i + 1);

				STEP(s10, c10, a1, b0);
				STEP(s11, c11, a1, b1);
			}
		}
		else if (pair)
		{
			__m256d		a1 = _mm256_broadcast_sd(z + i + 1);

			STEP(s10, c10, a1, b0);
		}
	}

	size_t		at = (size_t) i * (size_t) stride + (size_t) j;

	_mm256_storeu_pd(hi + at, _mm256_sub_pd(s00, start));
	_mm256_storeu_pd(lo + at, c00);
	if (wide)
	{
		_mm256_storeu_pd(hi + at + 4, _mm256_sub_pd(s01, start));
		_mm256_storeu_pd(lo + at + 4, c01);
	}
	if (pair)
	{
		at += (size_t) stride;
		_mm256_storeu_pd(hi + at, _mm256_sub_pd(s10, start));
		_mm256_storeu_pd(lo + at, c10);
		if (wide)
		{
			_mm256_storeu_pd(hi + at + 4, _mm256_sub_pd(s11, start));
			_mm256_storeu_pd(lo + at + 4, c11);
		}
	}
}

__attribute__((target("avx2,fma"))) static void
crossprod_avx2(const double *z, int n_rows, int d, int stride, double *hi, double *lo)
{
	for (int i = 0; i < d; i += 2)
	{
		bool		pair = i + 1 < d;
		int			j = i / 4 * 4;

		for (; j + 8 <= stride; j += 8)
		{
			if (pair)
				tile(z, n_rows, stride, i, j, true, true, hi, lo);
			else
				tile(z, n_rows, stride, i, j, false, true, hi, lo);
		}
		if (j < stride)
		{
			if (pair)
				tile(z, n_rows, stride, i, j, true, false, hi, lo);
			else
				tile(z, n_rows, stride, i, j, false, false, hi, lo);
		}
	}
}
#undef STEP

#define STEP(s, c, a, b) \
	do { \
		__m512d sum = _mm512_fmadd_pd(a, b, s); \
		__m512d added = _mm512_sub_pd(sum, s); \
		c = _mm512_add_pd(c, _mm512_fmsub_pd(a, b, added)); \
		s = sum; \
	} while (0)

/* Named variables, not arrays: gcc keeps arrays in memory. */
#define BEGIN(k) __m512d s##k##0 = start, s##k##1 = start, c##k##0 = zero, c##k##1 = zero

#define ADD(k) \
	do { \
		__m512d a = _mm512_set1_pd(z[i + k]); \
		STEP(s##k##0, c##k##0, a, b0); \
		if (wide) \
			STEP(s##k##1, c##k##1, a, b1); \
	} while (0)

#define END(k) \
	do { \
		if (i + k >= d) \
			return; \
		_mm512_mask_storeu_pd(hi + at, first, _mm512_sub_pd(s##k##0, start)); \
		_mm512_mask_storeu_pd(lo + at, first, c##k##0); \
		if (wide) \
		{ \
			_mm512_mask_storeu_pd(hi + at + 8, last, _mm512_sub_pd(s##k##1, start)); \
			_mm512_mask_storeu_pd(lo + at + 8, last, c##k##1); \
		} \
		at += (size_t) stride; \
	} while (0)

/* Columns i to i + 3 by the vectors at j and, if wide, j + 8; the last of them is cut short by its mask. */
__attribute__((target("avx512f"), always_inline)) static inline void
tile_512(const double *z, int n_rows, int d, int stride, int i, int j, bool wide, __mmask8 last, double *hi, double *lo)
{
	const __m512d start = _mm512_set1_pd(START);
	const __m512d zero = _mm512_setzero_pd();
	const __mmask8 first = wide ? 0xFF : last;
	size_t		at = (size_t) i * (size_t) stride + (size_t) j;

	BEGIN(0);
	BEGIN(1);
	BEGIN(2);
	BEGIN(3);
	for (int r = 0; r < n_rows; r++, z += stride)
	{
		__m512d		b0 = _mm512_maskz_loadu_pd(first, z + j);
		__m512d		b1 = wide ? _mm512_maskz_loadu_pd(last, z + j + 8) : zero;

		ADD(0);
		ADD(1);
		ADD(2);
		ADD(3);
	}
	END(0);
	END(1);
	END(2);
	END(3);
}

__attribute__((target("avx512f"))) static void
crossprod_avx512(const double *z, int n_rows, int d, int stride, double *hi, double *lo)
{
	for (int i = 0; i < d; i += 4)
	{
		int			j = i / 8 * 8;

		for (; j + 16 <= stride; j += 16)
			tile_512(z, n_rows, d, stride, i, j, true, 0xFF, hi, lo);
		if (j + 8 < stride)
			tile_512(z, n_rows, d, stride, i, j, true, 0x0F, hi, lo);
		else if (j < stride)
			tile_512(z, n_rows, d, stride, i, j, false, j + 8 == stride ? 0xFF : 0x0F, hi, lo);
	}
}
#endif

MlpgCrossprodKernel
mlpg_crossprod_kernel(int rank)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vbmi2") && rank-- == 0)
		return crossprod_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && rank-- == 0)
		return crossprod_avx2;
#endif
	return rank == 0 ? mlpg_crossprod_block_portable : NULL;
}

void
mlpg_crossprod_block(const double *z, int n_rows, int d, int stride, double *hi, double *lo)
{
	mlpg_crossprod_kernel(0) (z, n_rows, d, stride, hi, lo);
}

/* ---------- totals ---------- */

void
mlpg_crossprod_init(MlpgHost *host, MlpgCrossprod *total, int d)
{
	total->d = d;
	total->exponent = mlpg_allocate(host, (size_t) d, sizeof(int));
	total->hi = mlpg_allocate(host, mlpg_triangle_size(d), sizeof(double));
	total->lo = mlpg_allocate(host, mlpg_triangle_size(d), sizeof(double));
	for (int i = 0; i < d; i++)
		total->exponent[i] = MLPG_EXPONENT_NONE;
}

/* Column scales become the larger of both; what is held already is scaled down, exactly. */
static void
raise_exponents(MlpgCrossprod *total, const int *exponent)
{
	int			d = total->d;
	bool		any = false;

	for (int i = 0; i < d; i++)
		any |= exponent[i] > total->exponent[i];
	if (!any)
		return;
	for (int i = 0; i < d; i++)
		for (int j = i; j < d; j++)
		{
			int			up_i = exponent[i] > total->exponent[i] ? total->exponent[i] - exponent[i] : 0;
			int			up_j = exponent[j] > total->exponent[j] ? total->exponent[j] - exponent[j] : 0;
			size_t		at = mlpg_triangle_index(d, i, j);

			if (up_i + up_j == 0 || total->hi[at] == 0)
				continue;
			total->hi[at] = ldexp(total->hi[at], up_i + up_j);
			total->lo[at] = ldexp(total->lo[at], up_i + up_j);
		}
	for (int i = 0; i < d; i++)
		if (exponent[i] > total->exponent[i])
			total->exponent[i] = exponent[i];
}

static inline void
add_element(MlpgCrossprod *total, size_t at, int shift, double hi, double lo)
{
	MlpgDd		term = mlpg_two_sum(hi, lo);

	if (shift != 0)
		term = mlpg_dd_scale(term, shift);
	term = mlpg_dd_add((MlpgDd) {total->hi[at], total->lo[at]}, term);
	total->hi[at] = term.hi;
	total->lo[at] = term.lo;
}

void
mlpg_crossprod_add_block(MlpgCrossprod *total, const int *exponent, int stride, const double *hi, const double *lo)
{
	int			d = total->d;

	raise_exponents(total, exponent);
	for (int i = 0; i < d; i++)
		for (int j = i; j < d; j++)
		{
			size_t		from = (size_t) i * (size_t) stride + (size_t) j;
			int			shift = exponent[i] - total->exponent[i] + exponent[j] - total->exponent[j];

			if (hi[from] != 0 || lo[from] != 0)
				add_element(total, mlpg_triangle_index(d, i, j), shift, hi[from], lo[from]);
		}
}

void
mlpg_crossprod_add(MlpgCrossprod *total, const MlpgCrossprod *other)
{
	int			d = total->d;

	raise_exponents(total, other->exponent);
	for (int i = 0; i < d; i++)
		for (int j = i; j < d; j++)
		{
			size_t		at = mlpg_triangle_index(d, i, j);
			int			shift = other->exponent[i] - total->exponent[i] + other->exponent[j] - total->exponent[j];

			if (other->hi[at] != 0 || other->lo[at] != 0)
				add_element(total, at, shift, other->hi[at], other->lo[at]);
		}
}

MlpgDd
mlpg_crossprod_get(const MlpgCrossprod *total, int i, int j)
{
	size_t		at = i <= j ? mlpg_triangle_index(total->d, i, j) : mlpg_triangle_index(total->d, j, i);

	if (total->hi[at] == 0 && total->lo[at] == 0)
		return mlpg_dd(0);
	return mlpg_dd_scale((MlpgDd) {total->hi[at], total->lo[at]}, total->exponent[i] + total->exponent[j]);
}
