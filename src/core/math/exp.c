/*-------------------------------------------------------------------------
 *
 * exp.c
 *	  The exponential function, the same bits on every machine.
 *
 * The mathematical library's exp differs in its last bits from one version to
 * the next, and is called row by row; boosting on the log or logit scale needs a
 * million values a tree.  This one uses additions, multiplications and shifts
 * only, so variants with and without vectors agree bit for bit.
 *
 * Method (Cody and Waite 1980): x = k log 2 + r with whole k, |r| <= log(2)/2.  log 2
 * is taken in two parts, the first short enough for k times it to be exact.
 * exp(r) = 1 + (r + r^2 q(r)), q being Taylor's series up to r^13/13!, whose
 * remainder is below 2^-57.  The result times 2^k, in two steps, so that
 * subnormal results are rounded once and overflow gives infinity.
 *
 * log(1 + x), 0 <= x <= 1, which the log-loss wants of exp(-|score|), is 2 (s + s^3/3 + s^5/5 ...) with
 * s = x / (2 + x) up to 1/3: 17 terms reach 2^-56, and nothing is lost of a small x.
 *
 * Error: at most about 1 unit in the last place (0.94 is the worst that was
 * seen).  Cost: exp 1.5 ns with vectors of four, 11 ns without; the logarithm about 2 and 12 ns.  NaN gives NaN.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/exp.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LOWEST (-746.0)			/* exp is 0 from here down, ... */
#define HIGHEST 710.0			/* ... infinite from here up */
#define LOG2_E 0x1.71547652b82fep+0
#define LOG_2_HIGH 0x1.62e42feep-1	/* 32 bits: times k <= 2^11 it is exact */
#define LOG_2_LOW 0x1.a39ef35793c76p-33
#define ROUND 0x1.8p52			/* adding it rounds to a whole number, which then is in the low bits */
#define ROUND_BITS INT64_C(0x4338000000000000)

/* 1/13! ... 1/2! */
static const double series[] = {
	1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
	1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5
};

#define TERMS ((int) (sizeof(series) / sizeof(series[0])))

double
mlpg_exp(double x)
{
	double		t,
				r,
				q = series[0],
				first,
				second;
	int64_t		k;

	x = x < LOWEST ? LOWEST : x;
	x = x > HIGHEST ? HIGHEST : x;
	t = x * LOG2_E + ROUND;
	memcpy(&k, &t, sizeof(k));
	t -= ROUND;
	r = (x - t * LOG_2_HIGH) - t * LOG_2_LOW;
	for (int i = 1; i < TERMS; i++)
		q = q * r + series[i];
	q = 1 + (r + r * r * q);
	/* exponents of the two factors, biased: their sum is k + 2 * 1023 */
	k = (int64_t) ((uint64_t) k - (uint64_t) ROUND_BITS + 2046) & 4095;

	int64_t		half = k >> 1;
	int64_t		bits = half << 52;

	memcpy(&first, &bits, sizeof(first));
	bits = (k - half) << 52;
	memcpy(&second, &bits, sizeof(second));
	return q * first * second;
}

void
mlpg_exp_block_portable(const double *x, int64_t n, double *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = mlpg_exp(x[i]);
}

#if defined(__x86_64__)

/* The remainder of four values, and the exponents of their factors. */
__attribute__((target("avx2"))) static inline __m256d
reduce(const double *x, __m256i *k)
{
	/* where x is NaN, min and max give their second operand */
	__m256d		v = _mm256_min_pd(_mm256_set1_pd(HIGHEST), _mm256_max_pd(_mm256_set1_pd(LOWEST), _mm256_loadu_pd(x)));
	__m256d		t = _mm256_add_pd(_mm256_mul_pd(v, _mm256_set1_pd(LOG2_E)), _mm256_set1_pd(ROUND));

	*k = _mm256_add_epi64(_mm256_castpd_si256(t), _mm256_set1_epi64x(2046 - ROUND_BITS));
	t = _mm256_sub_pd(t, _mm256_set1_pd(ROUND));
	return _mm256_sub_pd(_mm256_sub_pd(v, _mm256_mul_pd(t, _mm256_set1_pd(LOG_2_HIGH))),
						 _mm256_mul_pd(t, _mm256_set1_pd(LOG_2_LOW)));
}

__attribute__((target("avx2"))) static inline void
finish(__m256d r, __m256d q, __m256i k, double *out)
{
	__m256i		sum = _mm256_and_si256(k, _mm256_set1_epi64x(4095));
	__m256i		half = _mm256_srli_epi64(sum, 1);

	q = _mm256_add_pd(_mm256_set1_pd(1), _mm256_add_pd(r, _mm256_mul_pd(_mm256_mul_pd(r, r), q)));
	q = _mm256_mul_pd(q, _mm256_castsi256_pd(_mm256_slli_epi64(half, 52)));
	q = _mm256_mul_pd(q, _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_sub_epi64(sum, half), 52)));
	_mm256_storeu_pd(out, q);
}

/* Three vectors side by side: each step of the series waits for the one before. */
__attribute__((target("avx2"))) static void
exp_block_avx2(const double *x, int64_t n, double *out)
{
	int64_t		i = 0;

	for (; i + 12 <= n; i += 12)
	{
		__m256i		ka,
					kb,
					kc;
		__m256d		ra = reduce(x + i, &ka),
					rb = reduce(x + i + 4, &kb),
					rc = reduce(x + i + 8, &kc);
		__m256d		a = _mm256_set1_pd(series[0]),
					b = a,
					c = a;

		for (int j = 1; j < TERMS; j++)
		{
			__m256d		term = _mm256_set1_pd(series[j]);

			a = _mm256_add_pd(_mm256_mul_pd(a, ra), term);
			b = _mm256_add_pd(_mm256_mul_pd(b, rb), term);
			c = _mm256_add_pd(_mm256_mul_pd(c, rc), term);
		}
		finish(ra, a, ka, out + i);
		finish(rb, b, kb, out + i + 4);
		finish(rc, c, kc, out + i + 8);
	}
	mlpg_exp_block_portable(x + i, n - i, out + i);
}
#endif

void
mlpg_exp_block(const double *x, int64_t n, double *out)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
	{
		exp_block_avx2(x, n, out);
		return;
	}
#endif
	mlpg_exp_block_portable(x, n, out);
}

/* ---------- log(1 + x) ---------- */

#define LOG_TERMS 16			/* 1/3, 1/5, ..., 1/33 */

void
mlpg_log_one_plus_block_portable(double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		s = x[i] / (2 + x[i]),
					square = s * s,
					q = 0;

		for (int k = LOG_TERMS; k > 0; k--)
			q = (q + 1.0 / (2 * k + 1)) * square;
		x[i] = 2 * (s + s * q);
	}
}

#if defined(__x86_64__)

/* Four vectors side by side: each step of the series waits for the one before. */
__attribute__((target("avx2"))) static void
log_one_plus_block_avx2(double *x, int64_t n)
{
	const __m256d two = _mm256_set1_pd(2);
	int64_t		i = 0;

	for (; i + 16 <= n; i += 16)
	{
		__m256d		s[4],
					square[4],
					q[4];

		for (int j = 0; j < 4; j++)
		{
			__m256d		v = _mm256_loadu_pd(x + i + 4 * j);

			s[j] = _mm256_div_pd(v, _mm256_add_pd(two, v));
			square[j] = _mm256_mul_pd(s[j], s[j]);
			q[j] = _mm256_setzero_pd();
		}
		for (int k = LOG_TERMS; k > 0; k--)
		{
			__m256d		term = _mm256_set1_pd(1.0 / (2 * k + 1));

			for (int j = 0; j < 4; j++)
				q[j] = _mm256_mul_pd(_mm256_add_pd(q[j], term), square[j]);
		}
		for (int j = 0; j < 4; j++)
			_mm256_storeu_pd(x + i + 4 * j, _mm256_mul_pd(two, _mm256_add_pd(s[j], _mm256_mul_pd(s[j], q[j]))));
	}
	mlpg_log_one_plus_block_portable(x + i, n - i);
}
#endif

void
mlpg_log_one_plus_block(double *x, int64_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
	{
		log_one_plus_block_avx2(x, n);
		return;
	}
#endif
	mlpg_log_one_plus_block_portable(x, n);
}
