/*-------------------------------------------------------------------------
 *
 * quantreg_kernels.c
 *	  The inner loops of quantile regression: X'DX, Xb, X'v, and passes in
 *	  blocks.
 *
 * X'DX costs n p (p + 1) / 2 multiply-adds and is where an interior point
 * iteration spends its time.  It goes by tiles of 4 x 8 accumulators held in
 * registers over chunks of 64 rows: per row and tile two loads, four
 * broadcasts and eight multiply-adds of four doubles.  The loops are written
 * once, on vectors of four doubles, and compiled twice (AVX2 and baseline);
 * multiplication and addition stay separate, so both give the same bits.
 *
 * Determinism: qr_for_blocks cuts the rows by the work per row alone and adds
 * the blocks' partial sums in block order with Neumaier's compensation (1974),
 * so the sums are the same for any number of threads.
 *
 * NaN never comes here: the callers' data are finite.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define CHUNK 64				/* rows of one pass of the X'DX tiles */
#define BLOCK_WORK (INT64_C(1) << 20)	/* multiply-adds of a block: below a millisecond */
#define ADD_WORK 64				/* and this for every sum, so that adding the partials does not show */
#define WAVE 16					/* blocks between two checks, */
#define WAVE_SUMS 4000000		/* fewer when their sums would take more than this */
#define CHECK_UNITS 10000

typedef double v4 __attribute__((vector_size(32)));
typedef double v4u __attribute__((vector_size(32), aligned(8), may_alias));

#define LOAD4(a) (*(const v4u *) (a))
#define STORE4(a, v) (*(v4u *) (a) = (v))
#define INLINE static inline __attribute__((always_inline))

/*
 * Each kernel is an inlined body and its two compilations.
 */
#if defined(__x86_64__)
#define KERNEL(name, parameters, arguments) \
	__attribute__((target("avx2"))) static void name##_avx2 parameters { name##_body arguments; } \
	static void name##_base parameters { name##_body arguments; } \
	void qr_##name parameters \
	{ \
		if (__builtin_cpu_supports("avx2")) \
			name##_avx2 arguments; \
		else \
			name##_base arguments; \
	}
#else
#define KERNEL(name, parameters, arguments) \
	void qr_##name parameters { name##_body arguments; }
#endif

/* 4 x 8 tile: gram[0..3][0..7] += sum over rows of scaled[k][0..3] x[k][0..7]. */
INLINE void
tile_4x8(const double *scaled, const double *x, int64_t ldx, int rows, double *gram, int ldg)
{
	v4			a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}, d0 = {0}, d1 = {0};

	for (int k = 0; k < rows; k++)
	{
		const double *s = scaled + 4 * k;
		v4			u = LOAD4(x + k * ldx);
		v4			v = LOAD4(x + k * ldx + 4);

		a0 += s[0] * u;
		a1 += s[0] * v;
		b0 += s[1] * u;
		b1 += s[1] * v;
		c0 += s[2] * u;
		c1 += s[2] * v;
		d0 += s[3] * u;
		d1 += s[3] * v;
	}
	STORE4(gram, LOAD4(gram) + a0);
	STORE4(gram + 4, LOAD4(gram + 4) + a1);
	STORE4(gram + ldg, LOAD4(gram + ldg) + b0);
	STORE4(gram + ldg + 4, LOAD4(gram + ldg + 4) + b1);
	STORE4(gram + 2 * ldg, LOAD4(gram + 2 * ldg) + c0);
	STORE4(gram + 2 * ldg + 4, LOAD4(gram + 2 * ldg + 4) + c1);
	STORE4(gram + 3 * ldg, LOAD4(gram + 3 * ldg) + d0);
	STORE4(gram + 3 * ldg + 4, LOAD4(gram + 3 * ldg + 4) + d1);
}

INLINE void
tile_4x4(const double *scaled, const double *x, int64_t ldx, int rows, double *gram, int ldg)
{
	v4			a0 = {0}, b0 = {0}, c0 = {0}, d0 = {0};

	for (int k = 0; k < rows; k++)
	{
		const double *s = scaled + 4 * k;
		v4			u = LOAD4(x + k * ldx);

		a0 += s[0] * u;
		b0 += s[1] * u;
		c0 += s[2] * u;
		d0 += s[3] * u;
	}
	STORE4(gram, LOAD4(gram) + a0);
	STORE4(gram + ldg, LOAD4(gram + ldg) + b0);
	STORE4(gram + 2 * ldg, LOAD4(gram + 2 * ldg) + c0);
	STORE4(gram + 3 * ldg, LOAD4(gram + 3 * ldg) + d0);
}

/*
 * gram += X'DX, upper triangle (tiles on the diagonal are filled whole).  p is
 * a multiple of four: callers pass padded rows.
 */
INLINE void
gram_body(const double *x, int64_t ldx, int p, int64_t rows, const double *d, double *gram, int ldg)
{
	double		scaled[CHUNK * 4] __attribute__((aligned(32)));

	for (int64_t first = 0; first < rows; first += CHUNK)
	{
		int			count = rows - first < CHUNK ? (int) (rows - first) : CHUNK;
		const double *block = x + first * ldx;

		for (int i = 0; i < p; i += 4)
		{
			int			j = i;

			for (int k = 0; k < count; k++)
				STORE4(scaled + 4 * k, d[first + k] * LOAD4(block + k * ldx + i));
			for (; j + 8 <= p; j += 8)
				tile_4x8(scaled, block + j, ldx, count, gram + (int64_t) i * ldg + j, ldg);
			if (j < p)
				tile_4x4(scaled, block + j, ldx, count, gram + (int64_t) i * ldg + j, ldg);
		}
	}
}

KERNEL(gram, (const double *x, int64_t ldx, int p, int64_t rows, const double *d, double *gram, int ldg),
	   (x, ldx, p, rows, d, gram, ldg))

/* out = X b */
INLINE void
multiply_body(const double *x, int64_t ldx, int p, int64_t rows, const double *b, double *out)
{
	int			whole = p & ~3;
	int64_t		k = 0;

	for (; k + 4 <= rows; k += 4)
	{
		const double *x0 = x + k * ldx;
		const double *x1 = x0 + ldx;
		const double *x2 = x1 + ldx;
		const double *x3 = x2 + ldx;
		v4			a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
		double		t0 = 0, t1 = 0, t2 = 0, t3 = 0;

		for (int j = 0; j < whole; j += 4)
		{
			v4			u = LOAD4(b + j);

			a0 += LOAD4(x0 + j) * u;
			a1 += LOAD4(x1 + j) * u;
			a2 += LOAD4(x2 + j) * u;
			a3 += LOAD4(x3 + j) * u;
		}
		for (int j = whole; j < p; j++)
		{
			t0 += x0[j] * b[j];
			t1 += x1[j] * b[j];
			t2 += x2[j] * b[j];
			t3 += x3[j] * b[j];
		}
		out[k] = ((a0[0] + a0[1]) + (a0[2] + a0[3])) + t0;
		out[k + 1] = ((a1[0] + a1[1]) + (a1[2] + a1[3])) + t1;
		out[k + 2] = ((a2[0] + a2[1]) + (a2[2] + a2[3])) + t2;
		out[k + 3] = ((a3[0] + a3[1]) + (a3[2] + a3[3])) + t3;
	}
	for (; k < rows; k++)
	{
		const double *row = x + k * ldx;
		v4			a = {0};
		double		t = 0;

		for (int j = 0; j < whole; j += 4)
			a += LOAD4(row + j) * LOAD4(b + j);
		for (int j = whole; j < p; j++)
			t += row[j] * b[j];
		out[k] = ((a[0] + a[1]) + (a[2] + a[3])) + t;
	}
}

KERNEL(multiply, (const double *x, int64_t ldx, int p, int64_t rows, const double *b, double *out),
	   (x, ldx, p, rows, b, out))

/* sum += X'v */
INLINE void
multiply_t_body(const double *x, int64_t ldx, int p, int64_t rows, const double *v, double *sum)
{
	int			whole = p & ~3;
	int64_t		k = 0;

	for (; k + 4 <= rows; k += 4)
	{
		const double *x0 = x + k * ldx;
		const double *x1 = x0 + ldx;
		const double *x2 = x1 + ldx;
		const double *x3 = x2 + ldx;
		double		v0 = v[k], v1 = v[k + 1], v2 = v[k + 2], v3 = v[k + 3];

		for (int j = 0; j < whole; j += 4)
			STORE4(sum + j, LOAD4(sum + j) + ((v0 * LOAD4(x0 + j) + v1 * LOAD4(x1 + j)) +
											  (v2 * LOAD4(x2 + j) + v3 * LOAD4(x3 + j))));
		for (int j = whole; j < p; j++)
			sum[j] += (v0 * x0[j] + v1 * x1[j]) + (v2 * x2[j] + v3 * x3[j]);
	}
	for (; k < rows; k++)
	{
		const double *row = x + k * ldx;

		for (int j = 0; j < p; j++)
			sum[j] += v[k] * row[j];
	}
}

KERNEL(multiply_t, (const double *x, int64_t ldx, int p, int64_t rows, const double *v, double *sum),
	   (x, ldx, p, rows, v, sum))

/*
 * norm2[k] = |x_k' inverse|^2 for an upper triangular inverse (ldi a multiple
 * of four, zeros below the diagonal and in the padding): the leverage of a row
 * when inverse is that of R.  scratch, when not NULL, receives the products
 * (rows x ldi), else they are not kept.
 */
INLINE void
leverage_body(const double *x, int64_t ldx, int p, int64_t rows, const double *inverse, int ldi,
			  double *scratch, double *norm2)
{
	for (int64_t k = 0; k < rows; k++)
	{
		const double *row = x + k * ldx;
		double		total = 0;

		for (int j = 0; j < ldi; j += 8)
		{
			int			last = j + 8 < p ? j + 8 : p;
			v4			a = {0}, b = {0}, s;
			bool		two = j + 4 < ldi;

			for (int i = 0; i < last; i++)
			{
				a += row[i] * LOAD4(inverse + (int64_t) i * ldi + j);
				if (two)
					b += row[i] * LOAD4(inverse + (int64_t) i * ldi + j + 4);
			}
			s = a * a + b * b;
			total += (s[0] + s[1]) + (s[2] + s[3]);
			if (scratch != NULL)
			{
				STORE4(scratch + k * ldi + j, a);
				if (two)
					STORE4(scratch + k * ldi + j + 4, b);
			}
		}
		if (norm2 != NULL)
			norm2[k] = total;
	}
}

KERNEL(leverage, (const double *x, int64_t ldx, int p, int64_t rows, const double *inverse, int ldi,
				  double *scratch, double *norm2),
	   (x, ldx, p, rows, inverse, ldi, scratch, norm2))

/* Work of the leading thread: a check at least every CHECK_UNITS. */
void
qr_tick(QrFit *fit, int64_t units)
{
	fit->work += units;
	if (fit->work >= CHECK_UNITS)
	{
		fit->work = 0;
		mlpg_check(fit->host, "fitting quantile", fit->iterations, 0);
	}
}

typedef struct BlockPass
{
	QrBlockBody body;
	void	   *argument;
	double	   *partial;		/* wave x size */
	int			size;
	int64_t		n;
	int64_t		block;			/* rows of a block */
	int64_t		wave_first;		/* first block of the wave */
} BlockPass;

static void
run_block(MlpgTask *task, int index, void *argument)
{
	BlockPass  *pass = argument;
	int64_t		first = (pass->wave_first + index) * pass->block;
	int64_t		last = first + pass->block < pass->n ? first + pass->block : pass->n;
	double	   *partial = pass->partial + (int64_t) index * pass->size;

	if (pass->size > 0)
		memset(partial, 0, sizeof(double) * (size_t) pass->size);
	if (task != NULL && task->stop != NULL && atomic_load(task->stop))
		return;
	pass->body(pass->argument, first, last, partial);
}

/* total += partial with the lost low parts in rest */
static void
add_partial(const double *partial, int n_sum, int n_max, double *total, double *rest)
{
	for (int k = 0; k < n_sum; k++)
	{
		double		sum = total[k] + partial[k];

		rest[k] += fabs(total[k]) >= fabs(partial[k]) ? (total[k] - sum) + partial[k] : (partial[k] - sum) + total[k];
		total[k] = sum;
	}
	for (int k = n_sum; k < n_sum + n_max; k++)
		if (partial[k] > total[k])
			total[k] = partial[k];
}

/*
 * Runs body over n rows; total (n_sum sums, then n_max maxima that start at 0)
 * receives the combined partials.
 */
void
qr_for_blocks(QrFit *fit, int64_t n, int64_t work_per_row, QrBlockBody body, void *argument,
			  int n_sum, int n_max, double *total)
{
	MlpgHost   *host = fit->host;
	int			size = n_sum + n_max;
	BlockPass	pass = {body, argument, total, size, n, 0, 0};
	int64_t		blocks;
	int			wave = size > WAVE_SUMS / WAVE ? 1 + WAVE_SUMS / (size + 1) : WAVE;
	double	   *rest;

	pass.block = (BLOCK_WORK > ADD_WORK * size ? BLOCK_WORK : ADD_WORK * size) / work_per_row / CHUNK * CHUNK;
	if (pass.block < CHUNK)
		pass.block = CHUNK;
	blocks = (n + pass.block - 1) / pass.block;
	if (size > 0)
		memset(total, 0, sizeof(double) * (size_t) size);
	if (blocks <= 1)
	{
		if (n > 0)
			body(argument, 0, n, total);
		qr_tick(fit, n * work_per_row);
		return;
	}
	pass.partial = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) size, (size_t) wave) + 1, sizeof(double));
	rest = mlpg_allocate(host, (size_t) n_sum + 1, sizeof(double));
	for (; pass.wave_first < blocks; pass.wave_first += wave)
	{
		int			count = blocks - pass.wave_first < wave ? (int) (blocks - pass.wave_first) : wave;

		host->parallel_for(host, count, run_block, &pass);
		for (int k = 0; k < count; k++)
			add_partial(pass.partial + (int64_t) k * size, n_sum, n_max, total, rest);
		fit->work = 0;
		mlpg_check(host, "fitting quantile", fit->iterations, 0);
	}
	for (int k = 0; k < n_sum; k++)
		total[k] += rest[k];
	mlpg_release(host, rest);
	mlpg_release(host, pass.partial);
}

/*
 * In place: the upper triangle of a becomes R, R'R = a.  A pivot that rounding
 * has eaten gets an infinite one, which fixes that unknown at zero: the
 * direction is then found elsewhere or not at all, never divided by noise.
 * Returns whether all pivots were sound.
 */
bool
qr_cholesky(QrFit *fit, double *a, int p, int lda, double *original)
{
	bool		sound = true;

	for (int k = 0; k < p; k++)
		original[k] = a[(int64_t) k * lda + k];
	for (int k = 0; k < p; k++)
	{
		double	   *row = a + (int64_t) k * lda;
		double		pivot = row[k];

		if (!(pivot > original[k] * 1e-15) || !(pivot > 0))
		{
			sound = false;
			memset(row + k, 0, sizeof(double) * (size_t) (p - k));
			row[k] = HUGE_VAL;
			continue;
		}
		pivot = sqrt(pivot);
		row[k] = pivot;
		for (int j = k + 1; j < p; j++)
			row[j] /= pivot;
		for (int i = k + 1; i < p; i++)
		{
			double	   *below = a + (int64_t) i * lda;
			double		factor = row[i];

			if (factor != 0)
				for (int j = i; j < p; j++)
					below[j] -= factor * row[j];
		}
		qr_tick(fit, (int64_t) (p - k) * (p - k) / 2);
	}
	return sound;
}

/* v = (R'R)^-1 v */
void
qr_cholesky_solve(const double *r, int p, int lda, double *v)
{
	for (int k = 0; k < p; k++)
	{
		const double *row = r + (int64_t) k * lda;

		v[k] /= row[k];
		for (int j = k + 1; j < p; j++)
			v[j] -= row[j] * v[k];
	}
	for (int k = p - 1; k >= 0; k--)
	{
		const double *row = r + (int64_t) k * lda;
		double		sum = v[k];

		for (int j = k + 1; j < p; j++)
			sum -= row[j] * v[j];
		v[k] = sum / row[k];
	}
}

/* Product and sum without error (Dekker 1971, Knuth 1969); a + b is the sum or product, exactly. */
static void
two_product(double u, double v, double *high, double *low)
{
	const double splitter = 134217729.0;	/* 2^27 + 1 */
	double		p = u * v;
	double		t = splitter * u;
	double		u1 = t - (t - u);
	double		u2 = u - u1;
	double		v1,
				v2;

	t = splitter * v;
	v1 = t - (t - v);
	v2 = v - v1;
	*high = p;
	*low = ((u1 * v1 - p) + u1 * v2 + u2 * v1) + u2 * v2;
}

/*
 * y - x'b for b = high + low parts, in twice the precision; what is zero up to
 * that is zero.
 */
double
qr_exact_residual(const double *x, const double *b, const double *b_low, int p, double y)
{
	double		sum = y;
	double		rest = 0;
	double		size = fabs(y);

	for (int k = 0; k < p; k++)
	{
		double		high,
					low,
					next,
					back;

		two_product(-x[k], b[k], &high, &low);
		next = sum + high;
		back = next - sum;
		rest += ((sum - (next - back)) + (high - back)) + (low - x[k] * b_low[k]);
		sum = next;
		size += fabs(high);
	}
	sum += rest;
	return fabs(sum) > QR_ZERO * size + QR_TINY ? sum : 0;
}

/* splitmix64 (Steele, Lea and Flood 2014) */
uint64_t
qr_hash(uint64_t v)
{
	v += UINT64_C(0x9e3779b97f4a7c15);
	v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
	return v ^ (v >> 31);
}

/* A heap by (key, index), smallest on top. */
static bool
heap_less(const double *key, const int64_t *index, int64_t a, int64_t b)
{
	return key[a] < key[b] || (key[a] == key[b] && index[a] < index[b]);
}

static void
heap_down(double *key, int64_t *index, int64_t n, int64_t at)
{
	for (;;)
	{
		int64_t		child = 2 * at + 1;
		double		k;
		int64_t		i;

		if (child >= n)
			return;
		if (child + 1 < n && heap_less(key, index, child + 1, child))
			child++;
		if (!heap_less(key, index, child, at))
			return;
		k = key[at];
		key[at] = key[child];
		key[child] = k;
		i = index[at];
		index[at] = index[child];
		index[child] = i;
		at = child;
	}
}

void
qr_heap_build(double *key, int64_t *index, int64_t n)
{
	for (int64_t at = n / 2 - 1; at >= 0; at--)
		heap_down(key, index, n, at);
}

/* Removes and returns the index of the smallest key; *n > 0. */
int64_t
qr_heap_pop(double *key, int64_t *index, int64_t *n)
{
	int64_t		top = index[0];

	*n -= 1;
	key[0] = key[*n];
	index[0] = index[*n];
	heap_down(key, index, *n, 0);
	return top;
}
