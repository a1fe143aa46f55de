/*-------------------------------------------------------------------------
 *
 * cholesky.c
 *	  Symmetric positive semidefinite systems in double precision.
 *
 * Column by column (left-looking): l_ij = (a_ij - sum_k l_ik l_jk) / l_jj.  Rows of L are
 * contiguous, so a column of it is a product of rows with a vector, which is
 * the kernel of rows.c; so are the inverse of L (sums of rows) and of A (L'^-1 L^-1, a cross-product).
 * Columns are taken in the order given, so that of two dependent ones the later is
 * dropped; no pivoting is needed for stability (Higham 2002, 10.1).  With columns of length
 * 1 the pivots are shares that a tolerance can be named for; they carry an error of
 * about n * 1e-16, so what lies below 1e-13 cannot be told from 0: whoever needs
 * that takes ddsolve.c.
 *
 * Cost: n^3/6 fused operations, and n^3/2 for the inverse.  Memory: 8 n^2 bytes each.
 * Determinism: one thread, fixed order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/cholesky.h"

#include "core/math/rows.h"

#define CHECK_COLUMNS 16		/* between calls of mlpg_check */
#define MANY 1000				/* columns, one of which is work enough */

MlpgCholesky *
mlpg_cholesky_create(MlpgHost *host, int n)
{
	MlpgCholesky *c = mlpg_allocate(host, 1, sizeof(MlpgCholesky));

	c->n = n;
	c->stride = (n + 3) / 4 * 4;
	c->l = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, (size_t) c->stride + 1), sizeof(double));
	c->scale = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	c->dropped = mlpg_allocate(host, (size_t) n + 1, sizeof(bool));
	return c;
}

void
mlpg_cholesky_release(MlpgHost *host, MlpgCholesky *c)
{
	mlpg_release(host, c->l);
	mlpg_release(host, c->scale);
	mlpg_release(host, c->dropped);
	mlpg_release(host, c);
}

static inline double *
row_of(const MlpgCholesky *c, int i)
{
	return c->l + (size_t) i * (size_t) c->stride;
}

/* Lengths become 1; what is above the diagonal becomes 0. */
static void
equilibrate(MlpgCholesky *c, const bool *left_out)
{
	for (int i = 0; i < c->n; i++)
	{
		double		square = row_of(c, i)[i];

		c->dropped[i] = (left_out != NULL && left_out[i]) || !(square > 0 && isfinite(square));
		c->scale[i] = c->dropped[i] ? 0 : 1 / sqrt(square);
	}
	for (int i = 0; i < c->n; i++)
	{
		double	   *row = row_of(c, i);

		for (int j = 0; j < c->stride; j++)
			row[j] = j < i ? row[j] * c->scale[i] * c->scale[j] : 0;
		row[i] = c->dropped[i] ? 0 : 1;
	}
}

void
mlpg_cholesky_factor(MlpgHost *host, MlpgCholesky *c, const bool *left_out, double tolerance)
{
	const MlpgRows *kernel = mlpg_rows();
	double	   *product = mlpg_allocate(host, (size_t) c->n + 4, sizeof(double));

	equilibrate(c, left_out);
	c->least = 1;
	c->rank = 0;
	for (int j = 0; j < c->n; j++)
	{
		double	   *row = row_of(c, j);
		double		pivot;

		/* product[i - j] = sum over k < j of l_ik l_jk */
		kernel->multiply(row, c->n - j, j, c->stride, row, product);
		pivot = row[j] - product[0];
		if (!c->dropped[j] && !(pivot >= tolerance))
			c->dropped[j] = true;
		if (c->dropped[j])
		{
			for (int i = j; i < c->n; i++)
				row_of(c, i)[j] = 0;
			memset(row, 0, (size_t) c->stride * sizeof(double));
			continue;
		}
		c->least = pivot < c->least ? pivot : c->least;
		c->rank++;
		row[j] = sqrt(pivot);
		for (int i = j + 1; i < c->n; i++)
			row_of(c, i)[j] = (row_of(c, i)[j] - product[i - j]) / row[j];
		if (j % CHECK_COLUMNS == 0 || c->n > MANY)
			mlpg_check(host, NULL, j, c->n);
	}
	mlpg_release(host, product);
}

void
mlpg_cholesky_solve(const MlpgCholesky *c, double *x)
{
	for (int i = 0; i < c->n; i++)
	{
		const double *row = row_of(c, i);
		double		sum = x[i] * c->scale[i];

		for (int k = 0; k < i; k++)
			sum -= row[k] * x[k];
		x[i] = c->dropped[i] ? 0 : sum / row[i];
	}
	for (int i = c->n - 1; i >= 0; i--)
	{
		const double *row = row_of(c, i);

		x[i] = c->dropped[i] ? 0 : x[i] / row[i];
		for (int k = 0; k < i; k++)
			x[k] -= row[k] * x[i];
	}
	for (int i = 0; i < c->n; i++)
		x[i] = c->dropped[i] ? 0 : x[i] * c->scale[i];
}

/* The inverse of L, row by row: row i = (e_i - sum_k l_ik row k) / l_ii. */
static double *
invert_factor(MlpgHost *host, const MlpgCholesky *c)
{
	const MlpgRows *kernel = mlpg_rows();
	double	   *inverse = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) c->n + 1, (size_t) c->stride), sizeof(double));
	double	   *minus = mlpg_allocate(host, (size_t) c->n + 1, sizeof(double));

	for (int i = 0; i < c->n; i++)
	{
		const double *row = row_of(c, i);
		double	   *out = inverse + (size_t) i * (size_t) c->stride;

		if (c->dropped[i])
			continue;
		for (int k = 0; k < i; k++)
			minus[k] = -row[k];
		kernel->add(inverse, i, i, c->stride, minus, out);
		out[i] = 1;
		for (int k = 0; k <= i; k++)
			out[k] /= row[i];
		if (i % CHECK_COLUMNS == 0 || c->n > MANY)
			mlpg_check(host, NULL, i, c->n);
	}
	mlpg_release(host, minus);
	return inverse;
}

double *
mlpg_cholesky_inverse(MlpgHost *host, const MlpgCholesky *c)
{
	double	   *factor = invert_factor(host, c);
	double	   *inverse = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) c->n + 1, (size_t) c->stride), sizeof(double));
	double	   *one = mlpg_allocate(host, (size_t) c->n + 1, sizeof(double));

	for (int i = 0; i < c->n; i++)
		one[i] = 1;
	for (int i = 0; i < c->n; i += 16)
	{
		mlpg_rows()->crossprod(factor + (size_t) i * (size_t) c->stride, c->n - i < 16 ? c->n - i : 16, c->n, c->stride, one, inverse, c->stride);
		mlpg_check(host, NULL, i, c->n);
	}
	for (int i = 0; i < c->n; i++)
		for (int j = 0; j <= i; j++)
		{
			double		value = inverse[(size_t) i * (size_t) c->stride + (size_t) j] * c->scale[i] * c->scale[j];

			inverse[(size_t) i * (size_t) c->stride + (size_t) j] = inverse[(size_t) j * (size_t) c->stride + (size_t) i] = value;
		}
	mlpg_release(host, factor);
	mlpg_release(host, one);
	return inverse;
}
