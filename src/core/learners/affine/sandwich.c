/*-------------------------------------------------------------------------
 *
 * sandwich.c
 *	  Covariances that hold when variances are not those of the model.
 *
 * With scores u_i (of row i: weight times residual times slope over variance) and B the
 * inverse of the information, the covariance of the coefficients is B (sum_i x_i x_i' a_i) B,
 *
 *	 HC0	a_i = u_i^2						Huber 1967, White 1980
 *	 HC1	a_i = u_i^2 n / (n - rank)		MacKinnon and White 1985
 *	 HC2	a_i = u_i^2 / (1 - h_i)
 *	 HC3	a_i = u_i^2 / (1 - h_i)^2
 *
 * with the leverages h_i = weight_i x_i' B x_i: what R's sandwich::vcovHC gives for lm
 * and glm.  A row of leverage 1 is fitted whatever its target; its score is 0, and so is
 * what it adds.
 *
 * Cost: one pass, d^2/2 fused operations a row, d^2 more for leverages.
 * Determinism: order-fixed.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/sandwich.h"

#include "core/math/rows.h"

#define FULL_LEVERAGE 1e-10		/* 1 - h below it is 0 */

typedef struct Meat
{
	MlpgSandwich kind;
	MlpgSandwichBody body;
	void	   *argument;
	const double *inverse;		/* n_columns x lda, 0 where dropped */
	double		unit;			/* scores and weights are multiplied with it */
} Meat;

/* x' B x of row i; product: n_columns of scratch. */
static double
quadratic(const MlpgDesignRows *rows, int64_t i, const double *inverse, double *product)
{
	const double *x = mlpg_design_rows_dense(rows, i);
	int64_t		from = rows->start ? rows->start[i] : 0,
				to = rows->start ? rows->start[i + 1] : 0;
	double		sum = 0;

	memset(product, 0, (size_t) rows->n_columns * sizeof(double));
	mlpg_rows()->add(inverse, rows->n_dense, rows->n_columns, rows->lda, x, product);
	for (int64_t e = from; e < to; e++)
	{
		double		value = rows->value ? rows->value[e] : 1;

		mlpg_rows()->add(inverse + (size_t) rows->column[e] * (size_t) rows->lda, 1, rows->n_columns, rows->lda, &value, product);
	}
	for (int k = 0; k < rows->n_dense; k++)
		sum += x[k] * product[k];
	for (int64_t e = from; e < to; e++)
		sum += (rows->value ? rows->value[e] : 1) * product[rows->column[e]];
	return sum;
}

static void
meat_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Meat *m = argument;
	double	   *score = scratch,
			   *weight = scratch + MLPG_DESIGN_BLOCK,
			   *product = scratch + 2 * MLPG_DESIGN_BLOCK;

	m->body(first, last, m->argument, score, weight);
	for (int64_t i = 0; i < last - first; i++)
	{
		double		left = 1;

		score[i] *= m->unit;
		weight[i] *= m->unit;

		if (m->kind >= MLPG_HC2 && weight[i] > 0)
			left = 1 - weight[i] * quadratic(rows, first + i, m->inverse, product);
		score[i] *= score[i];
		if (left < FULL_LEVERAGE)
			score[i] = 0;
		else
			score[i] /= m->kind == MLPG_HC3 ? left * left : left;
	}
	mlpg_design_rows_add_crossprod(rows, first, last, score, sums);
}

/* out = B M B for symmetric n x n matrices, lda apart; both triangles. */
static void
enclose(MlpgHost *host, const double *b, double *m, int n, int lda, double *out)
{
	double	   *half = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, (size_t) lda), sizeof(double));

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			m[(size_t) j * (size_t) lda + (size_t) i] = m[(size_t) i * (size_t) lda + (size_t) j];
	for (int i = 0; i < n; i++)
	{
		memset(m + (size_t) i * (size_t) lda + (size_t) n, 0, (size_t) (lda - n) * sizeof(double));
		mlpg_rows()->add(m, n, n, lda, b + (size_t) i * (size_t) lda, half + (size_t) i * (size_t) lda);
		mlpg_check(host, NULL, i, n);
	}
	for (int i = 0; i < n; i++)
	{
		mlpg_rows()->multiply(half, n, n, lda, b + (size_t) i * (size_t) lda, out + (size_t) i * (size_t) n);
		mlpg_check(host, NULL, i, n);
	}
	mlpg_release(host, half);
}

/*
 * Weights may have any unit, in which their squares need not be in range.  In one in which the inverse of
 * the information is about 1 they are, and the covariance is the same: a power of two, to the bit.
 */
static int
unit_of(const double *unscaled, int n)
{
	double		most = 0;
	int			exponent;

	for (int k = 0; k < n; k++)
		most = fmax(most, unscaled[(size_t) k * (size_t) n + (size_t) k]);
	frexp(most > 0 && isfinite(most) ? most : 1, &exponent);
	return exponent > 1000 ? 1000 : exponent;
}

double *
mlpg_sandwich(MlpgHost *host, const MlpgDesignRows *rows, MlpgSandwich kind, MlpgSandwichBody body, void *argument,
			  const double *unscaled, int64_t n_rows, int rank)
{
	int			n = rows->n_columns,
				lda = rows->lda;
	size_t		size = mlpg_size_multiply(host, (size_t) n + 1, (size_t) lda + 1);
	double	   *inverse = mlpg_allocate(host, size, sizeof(double)),
			   *meat = mlpg_allocate(host, size, sizeof(double)),
			   *out = mlpg_allocate(host, size, sizeof(double));
	int			exponent = unit_of(unscaled, n);
	Meat		m = {kind, body, argument, inverse, ldexp(1, exponent)};

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			inverse[(size_t) i * (size_t) lda + (size_t) j] = ldexp(unscaled[(size_t) i * (size_t) n + (size_t) j], -exponent);
	mlpg_design_rows_sum(host, rows, meat_body, &m, (size_t) n * (size_t) lda, meat,
						 2 * MLPG_DESIGN_BLOCK + (size_t) n + 4, "computing robust errors");
	enclose(host, inverse, meat, n, lda, out);
	for (int i = 0; i < n * n && kind == MLPG_HC1; i++)
		out[i] *= (double) n_rows / (double) (n_rows - rank);
	mlpg_release(host, inverse);
	mlpg_release(host, meat);
	return out;
}
