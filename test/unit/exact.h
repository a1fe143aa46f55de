/*-------------------------------------------------------------------------
 *
 * exact.h
 *	  Least squares in quadruple precision, as the reference for unit tests.
 *
 * Householder QR of the row-scaled design in 113 bits: for the doubles as
 * given the answer has at least 15 digits as long as the condition number of
 * the design (not its square) stays below 1e18.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_EXACT_H
#define MLPG_TEST_EXACT_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SIZEOF_FLOAT128__
typedef __float128 Exact;
#else
typedef long double Exact;		/* 113 bits where there is no __float128 */
#endif

static inline Exact
exact_root(Exact x)
{
	if (x <= 0)
		return 0;

	/* by fourths until the double root is in range, then Newton */
	int			half = 0;

	while (x > 1e200)
		x /= (Exact) 0x1p400, half += 200;
	while (x < 1e-200)
		x *= (Exact) 0x1p400, half -= 200;

	Exact		root = sqrt((double) x);

	for (int i = 0; i < 4; i++)
		root = (root + x / root) / 2;
	for (; half > 0; half -= 200)
		root *= (Exact) 0x1p200;
	for (; half < 0; half += 200)
		root /= (Exact) 0x1p200;
	return root;
}

typedef struct ExactFit
{
	double		b[64];			/* t coefficients */
	double		se[64];			/* standard errors; NaN if no degree of freedom */
	double		vif[64];		/* squared length of a column over its squared distance from the others */
	double		rss;
} ExactFit;

/*
 * Minimises sum w (y - Z b)^2 + sum penalty_j b_j^2; z is n x t row-major, w
 * and penalty may be NULL.  The columns must be independent.  df: what rss is
 * divided by for standard errors.
 */
static inline void
exact_fit(const double *z, const double *y, const double *w, const double *penalty, int n, int t, double df, ExactFit *out)
{
	int			rows = n + (penalty ? t : 0);
	int			columns = t + 1;
	Exact	   *a = calloc((size_t) rows * (size_t) columns, sizeof(Exact));
	Exact	   *inverse = calloc((size_t) t * (size_t) t + 1, sizeof(Exact));
	Exact	   *length = calloc((size_t) t + 1, sizeof(Exact));

	if (a == NULL || inverse == NULL || length == NULL || t > 64)
		abort();
#define A(i, j) a[(size_t) (i) * (size_t) columns + (size_t) (j)]
	for (int i = 0; i < n; i++)
	{
		Exact		root = w ? exact_root(w[i]) : 1;

		for (int j = 0; j < t; j++)
			A(i, j) = root * z[(size_t) i * (size_t) t + (size_t) j];
		A(i, t) = root * y[i];
	}
	for (int j = 0; penalty && j < t; j++)
		A(n + j, j) = exact_root(penalty[j]);
	for (int j = 0; j < t; j++)
		for (int i = 0; i < rows; i++)
			length[j] += A(i, j) * A(i, j);

	for (int k = 0; k < t; k++)
	{
		Exact		norm = 0,
					scale = 0;

		for (int i = k; i < rows; i++)
			norm += A(i, k) * A(i, k);
		norm = exact_root(norm);
		if (A(k, k) > 0)
			norm = -norm;
		/* reflector v = column - norm e_k, kept in the column below the diagonal */
		A(k, k) -= norm;
		for (int i = k; i < rows; i++)
			scale += A(i, k) * A(i, k);
		for (int j = k + 1; j < columns; j++)
		{
			Exact		dot = 0;

			for (int i = k; i < rows; i++)
				dot += A(i, k) * A(i, j);
			dot = scale > 0 ? 2 * dot / scale : 0;
			for (int i = k; i < rows; i++)
				A(i, j) -= dot * A(i, k);
		}
		A(k, k) = norm;
	}

	Exact		rss = 0;
	Exact	   *b = calloc((size_t) t + 1, sizeof(Exact));

	if (b == NULL)
		abort();
	for (int i = t; i < rows; i++)
		rss += A(i, t) * A(i, t);
	for (int i = t - 1; i >= 0; i--)
	{
		b[i] = A(i, t);
		for (int j = i + 1; j < t; j++)
			b[i] -= A(i, j) * b[j];
		b[i] /= A(i, i);
	}
	/* R^-1 by columns; its rows give the diagonal of (R'R)^-1 */
	for (int c = 0; c < t; c++)
		for (int i = c; i >= 0; i--)
		{
			Exact		sum = i == c ? 1 : 0;

			for (int j = i + 1; j <= c; j++)
				sum -= A(i, j) * inverse[(size_t) j * (size_t) t + (size_t) c];
			inverse[(size_t) i * (size_t) t + (size_t) c] = sum / A(i, i);
		}
	for (int i = 0; i < t; i++)
	{
		Exact		diagonal = 0;

		for (int c = i; c < t; c++)
			diagonal += inverse[(size_t) i * (size_t) t + (size_t) c] * inverse[(size_t) i * (size_t) t + (size_t) c];
		out->b[i] = (double) b[i];
		out->se[i] = df > 0 ? (double) exact_root(rss / df * diagonal) : NAN;
		out->vif[i] = (double) (diagonal * length[i]);
	}
	out->rss = (double) rss;
#undef A
	free(a);
	free(inverse);
	free(length);
	free(b);
}

#endif							/* MLPG_TEST_EXACT_H */
