/*-------------------------------------------------------------------------
 *
 * ddsolve.c
 *	  Cholesky in double-double, with the ranks of columns found on the way.
 *
 * Right-looking: after column k has its pivot, every later row i loses
 * r_ki * (row k).  Columns are taken in the order given, so that what is dropped
 * is the later of two dependent columns, as statisticians expect (and as R's
 * lm does); Cholesky of a positive definite matrix needs no pivoting to be
 * stable (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, 10.1).
 * A pivot is the squared distance of a column from the space of those before
 * it; below the caller's tolerance the column is dependent.
 *
 * Cost: n^3/3 double-double multiply-adds of about 20 operations, vectorised
 * over j; memory 16 n^2 bytes.  Determinism: fixed order, one thread a row.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/ddsolve.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

MlpgDdMatrix *
mlpg_ddmatrix_create(MlpgHost *host, int n)
{
	MlpgDdMatrix *m = mlpg_allocate(host, 1, sizeof(MlpgDdMatrix));

	m->host = host;
	m->n = n;
	m->hi = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, (size_t) n + 1), sizeof(double));
	m->lo = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, (size_t) n + 1), sizeof(double));
	return m;
}

void
mlpg_ddmatrix_release(MlpgHost *host, MlpgDdMatrix *matrix)
{
	mlpg_release(host, matrix->hi);
	mlpg_release(host, matrix->lo);
	mlpg_release(host, matrix);
}

/* y -= a * x for elements from .. n - 1, all double-double. */
static void
subtract_portable(int from, int n, double ahi, double alo, const double *xhi, const double *xlo, double *yhi, double *ylo)
{
	for (int j = from; j < n; j++)
	{
		double		p = ahi * xhi[j];
		double		e = fma(ahi, xhi[j], -p) + (ahi * xlo[j] + alo * xhi[j]);
		double		s = yhi[j] - p;
		double		v = s - yhi[j];
		double		d = ((yhi[j] - (s - v)) - (p + v)) + (ylo[j] - e);
		double		h = s + d;

		ylo[j] = d - (h - s);
		yhi[j] = h;
	}
}

#if defined(__x86_64__)
/* The same operations, four elements at a time. */
__attribute__((target("avx2,fma"))) static int
subtract_avx2(int n, double ahi, double alo, const double *xhi, const double *xlo, double *yhi, double *ylo)
{
	__m256d		ah = _mm256_set1_pd(ahi),
				al = _mm256_set1_pd(alo);
	int			j = 0;

	for (; j + 4 <= n; j += 4)
	{
		__m256d		xh = _mm256_loadu_pd(xhi + j),
					yh = _mm256_loadu_pd(yhi + j);
		__m256d		p = _mm256_mul_pd(ah, xh);
		__m256d		e = _mm256_add_pd(_mm256_fmsub_pd(ah, xh, p),
									  _mm256_add_pd(_mm256_mul_pd(ah, _mm256_loadu_pd(xlo + j)), _mm256_mul_pd(al, xh)));
		__m256d		s = _mm256_sub_pd(yh, p);
		__m256d		v = _mm256_sub_pd(s, yh);
		__m256d		d = _mm256_add_pd(_mm256_sub_pd(_mm256_sub_pd(yh, _mm256_sub_pd(s, v)), _mm256_add_pd(p, v)),
									  _mm256_sub_pd(_mm256_loadu_pd(ylo + j), e));
		__m256d		h = _mm256_add_pd(s, d);

		_mm256_storeu_pd(ylo + j, _mm256_sub_pd(d, _mm256_sub_pd(h, s)));
		_mm256_storeu_pd(yhi + j, h);
	}
	return j;
}
#endif

static void
subtract_multiple(int n, double ahi, double alo, const double *xhi, const double *xlo, double *yhi, double *ylo)
{
	int			done = 0;

#if defined(__x86_64__)
	if (n >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		done = subtract_avx2(n, ahi, alo, xhi, xlo, yhi, ylo);
#endif
	subtract_portable(done, n, ahi, alo, xhi, xlo, yhi, ylo);
}

typedef struct Update
{
	MlpgDdMatrix *a;
	int			k;				/* the column just finished */
	int			first;			/* rows from here */
} Update;

#define ROWS_A_TASK 16

static void
update_rows(MlpgTask *task, int index, void *argument)
{
	Update	   *u = argument;
	MlpgDdMatrix *a = u->a;
	size_t		n = (size_t) a->n;
	const double *khi = a->hi + (size_t) u->k * n,
			   *klo = a->lo + (size_t) u->k * n;
	int			from = u->first + index * ROWS_A_TASK;
	int			to = from + ROWS_A_TASK < a->n ? from + ROWS_A_TASK : a->n;

	for (int i = from; i < to; i++)
		if (khi[i] != 0)
			subtract_multiple(a->n - i, khi[i], klo[i], khi + i, klo + i,
							  a->hi + (size_t) i * n + i, a->lo + (size_t) i * n + i);
}

static void
drop_column(MlpgDdMatrix *a, int k)
{
	memset(a->hi + (size_t) k * (size_t) a->n, 0, (size_t) a->n * sizeof(double));
	memset(a->lo + (size_t) k * (size_t) a->n, 0, (size_t) a->n * sizeof(double));
}

int
mlpg_ddmatrix_cholesky(MlpgHost *host, MlpgDdMatrix *a, int m, const double *tolerance, bool *dropped)
{
	int			rank = 0;

	for (int k = 0; k < m; k++)
	{
		MlpgDd		pivot = mlpg_ddmatrix_get(a, k, k);

		dropped[k] = !(pivot.hi > tolerance[k]);
		if (dropped[k])
		{
			drop_column(a, k);
			continue;
		}

		MlpgDd		root = mlpg_dd_sqrt(pivot);

		for (int j = k; j < a->n; j++)
			mlpg_ddmatrix_set(a, k, j, mlpg_dd_divide(mlpg_ddmatrix_get(a, k, j), root));
		rank++;

		Update		u = {a, k, k + 1};
		int			n_tasks = (a->n - u.first + ROWS_A_TASK - 1) / ROWS_A_TASK;

		/* below some 100,000 operations the pool's wake-up costs more than it brings */
		if (host->n_threads > 1 && a->n - k > 256)
			host->parallel_for(host, n_tasks, update_rows, &u);
		else
			for (int t = 0; t < n_tasks; t++)
				update_rows(NULL, t, &u);
		if (a->n - k > 64 || k % 64 == 0)
			mlpg_check(host, "solving", k, m);
	}
	return rank;
}

void
mlpg_ddmatrix_backsolve(const MlpgDdMatrix *r, int m, int c, const bool *dropped, MlpgDd *b)
{
	for (int i = m - 1; i >= 0; i--)
	{
		MlpgDd		sum = mlpg_ddmatrix_get(r, i, c);

		b[i] = mlpg_dd(0);
		if (i % 64 == 0)
			mlpg_check(r->host, "solving", m - i, m);
		if (dropped[i])
			continue;
		for (int j = i + 1; j < m; j++)
			if (!dropped[j])
				sum = mlpg_dd_subtract(sum, mlpg_dd_multiply(mlpg_ddmatrix_get(r, i, j), b[j]));
		b[i] = mlpg_dd_divide(sum, mlpg_ddmatrix_get(r, i, i));
	}
}

/*
 * Row by row of W = R^-1, bottom up: row i of W is e_i less the rows below
 * times r_ij, over r_ii.  The squares of row i add up to the diagonal of
 * (R'R)^-1 = W W'.
 */
MlpgDdMatrix *
mlpg_ddmatrix_inverse(MlpgHost *host, const MlpgDdMatrix *r, int m, const bool *dropped, double *diagonal)
{
	MlpgDdMatrix *w = mlpg_ddmatrix_create(host, m);

	for (int i = m - 1; i >= 0; i--)
	{
		double	   *hi = w->hi + (size_t) i * (size_t) m,
				   *lo = w->lo + (size_t) i * (size_t) m;
		MlpgDd		sum = mlpg_dd(0);

		diagonal[i] = NAN;
		if (dropped[i])
			continue;
		hi[i] = 1;
		for (int j = i + 1; j < m; j++)
		{
			MlpgDd		rij = mlpg_ddmatrix_get(r, i, j);

			if (!dropped[j] && rij.hi != 0)
				subtract_multiple(m - j, rij.hi, rij.lo, w->hi + (size_t) j * (size_t) m + j, w->lo + (size_t) j * (size_t) m + j,
								  hi + j, lo + j);
		}
		for (int j = i; j < m; j++)
		{
			MlpgDd		element = mlpg_dd_divide((MlpgDd) {hi[j], lo[j]}, mlpg_ddmatrix_get(r, i, i));

			hi[j] = element.hi;
			lo[j] = element.lo;
			sum = mlpg_dd_add(sum, mlpg_dd_multiply(element, element));
		}
		diagonal[i] = mlpg_dd_value(sum);
		if (m > 64 || i % 64 == 0)
			mlpg_check(host, "standard errors", m - i, m);
	}
	return w;
}

void
mlpg_ddmatrix_inverse_diagonal(MlpgHost *host, const MlpgDdMatrix *r, int m, const bool *dropped, double *diagonal)
{
	mlpg_ddmatrix_release(host, mlpg_ddmatrix_inverse(host, r, m, dropped, diagonal));
}
