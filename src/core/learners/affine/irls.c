/*-------------------------------------------------------------------------
 *
 * irls.c
 *	  Maximum likelihood of generalised linear models by Fisher's scoring.
 *
 * Minimises deviance + W l2 sum (deviation_j b_j)^2, W the sum of weights: that is
 * twice W times the objective of doc/NUMERICS.md, 3.  Iteratively reweighted least squares (Nelder and
 * Wedderburn 1972) in the form of steps: with score s and information A at b, both from
 * one pass, b += A^-1 s.  A step corrects what rounding left of those before, so the answer
 * is as good as the score is, and the score is good because columns are centred and scaled.
 * A step that makes the objective worse, or means invalid, is halved.
 *
 * Start.  Large sets: Newton on the first twentieth of every block of rows, with one
 * pseudo-observation a column for stability; two or three passes over all rows then suffice.  Small
 * sets, or where that fails: means near the targets, as R does.
 *
 * Stop.  lambda^2 = s'A^-1 s is what a step will take off the deviance.  When
 * lambda times the rate by which it last fell, which is a bound of the next one, is
 * below 1e-10 of the root of the deviance, the step is taken and is the last.
 *
 * Rank.  Columns are taken in the order of the terms.  Where pivots of A (lengths 1) fall below 1e-8,
 * double precision does not say how far below, and a pass in double-double
 * (exact.c) does: a squared distance below 1e-22 of the squared length is a
 * dependent column (R's glm: 1e-11 of the length).  With more columns than exact.c
 * takes, 1e-12 in double decides.
 *
 * Separation (Albert and Anderson 1984): means go to their bound while lambda falls no faster than
 * linearly.  Said, not mended: the caller adds a penalty.
 *
 * Cost: a pass takes 2 d + d^2/2 fused operations and a few exponentials or
 * logarithms a row: 50 to 60 ns at 30 columns.  Determinism: order-fixed, any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/irls.h"

#include <float.h>

#include "core/learners/affine/exact.h"
#include "core/math/ddsolve.h"

#define SAMPLE 20				/* one row in so many ... */
#define SAMPLE_ROWS 50000		/* ... of so many rows at least, ... */
#define SAMPLE_ROWS_A_COLUMN 20 /* ... and so many in the sample for each column */
#define SAMPLE_ITERATIONS 8
#define SAMPLE_TOLERANCE 1e-3
#define TOLERANCE 1e-10
#define LAST 1e-6				/* of the root of the deviance: a last step that small changes no report of many rows */
#define ROUNDING 1e-13			/* of the linear predictor */
#define HALVINGS 30
#define SUSPECT 1e-8			/* pivots below it want double-double */
#define DEPENDENT 1e-22			/* pivots in double-double */
#define DEPENDENT_DOUBLE 1e-12	/* pivots in double, where there are too many columns */
#define LINEAR 0.3				/* a rate of lambda above it is not Newton's, ... */
#define PATIENCE 25				/* ... after so many iterations */

typedef struct Pass
{
	const MlpgIrls *fit;
	const double *b;			/* NULL: start from means near the targets */
} Pass;

void
mlpg_irls_prepare(MlpgIrls *fit)
{
	MlpgHost   *host = fit->host;
	size_t		n = (size_t) fit->rows->n_columns;
	int		   *place = mlpg_allocate(host, n + 1, sizeof(int));

	fit->b = mlpg_allocate(host, n + 4, sizeof(double));
	fit->step = mlpg_allocate(host, n + 4, sizeof(double));
	fit->gradient = mlpg_allocate(host, n + 4, sizeof(double));
	fit->information = mlpg_allocate(host, mlpg_size_multiply(host, n + 1, (size_t) fit->rows->lda + 1), sizeof(double));
	fit->eta = mlpg_allocate(host, (size_t) fit->rows->n_rows + 1, sizeof(double));
	fit->dropped = mlpg_allocate(host, n + 1, sizeof(bool));
	fit->order = mlpg_allocate(host, n + 1, sizeof(int));
	fit->factor = mlpg_cholesky_create(host, (int) n);
	for (size_t c = 0; c < n; c++)
		place[fit->rows->term[c]] = (int) c;
	for (size_t j = 0; j < n; j++)
		fit->order[j] = place[j];
	mlpg_release(host, place);
}

/* ---------- a pass over the rows ---------- */

/*
 * Scores and weights of rows [first, last), and their sums.  At the start the score is
 * that of the working response against 0, so that the step is the solution itself.
 */
static void
work_rows(const Pass *pass, const MlpgDesignRows *rows, int64_t first, int64_t last, double *score, double *weight, MlpgFamilySums *sums)
{
	const MlpgIrls *fit = pass->fit;
	int			n = (int) (last - first);
	double	   *eta = fit->eta + first;
	const double *w = fit->w ? fit->w + first : NULL;

	if (pass->b != NULL)
	{
		mlpg_design_rows_multiply(rows, first, last, pass->b, eta);
		for (int i = 0; fit->offset && i < n; i++)
			eta[i] += fit->offset[first + i];
	}
	else
		for (int i = 0; i < n; i++)
			eta[i] = mlpg_link_eta(fit->family.link, mlpg_family_start(&fit->family, fit->y[first + i], w ? w[i] : 1));
	mlpg_family_work(&fit->family, n, fit->y + first, w, eta, score, weight, sums);
	for (int i = 0; pass->b == NULL && i < n; i++)
		score[i] += weight[i] * (eta[i] - (fit->offset ? fit->offset[first + i] : 0));
}

/* sums: MlpgFamilySums, score, information */
static void
pass_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Pass *pass = argument;
	double	   *score = scratch,
			   *weight = scratch + MLPG_DESIGN_BLOCK;
	MlpgFamilySums family;

	memcpy(&family, sums, sizeof(family));
	work_rows(pass, rows, first, last, score, weight, &family);
	memcpy(sums, &family, sizeof(family));
	mlpg_design_rows_add_gradient(rows, first, last, score, sums + MLPG_FAMILY_SUMS);
	mlpg_design_rows_add_crossprod(rows, first, last, weight, sums + MLPG_FAMILY_SUMS + rows->lda);
}

/* The same rows, for double-double: roots of weights times rows, and working residuals. */
static void
exact_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *z, int stride, double *scratch)
{
	const Pass *pass = argument;
	double	   *score = scratch,
			   *weight = scratch + MLPG_DESIGN_BLOCK;
	MlpgFamilySums unused = {0};

	work_rows(pass, rows, first, last, score, weight, &unused);
	for (int64_t i = 0; i < last - first; i++)
	{
		double		root = sqrt(weight[i]);

		score[i] = root > 0 ? score[i] / root : 0;
		weight[i] = root;
	}
	mlpg_exact_rows(rows, first, last, weight, z, stride);
	for (int64_t i = 0; i < last - first; i++)
		z[i * stride + rows->n_columns] = score[i];
}

/* Penalty on a column: what is added to the diagonal of the information. */
static double
penalty_of(const MlpgIrls *fit, int share, int c)
{
	double		squared = fit->rows->deviation[c] * fit->rows->deviation[c];
	double		pseudo = share > 1 ? fit->sums.information / (double) fit->rows->n_rows * share : 0;

	return (fit->l2 * fit->rows->weight / share + pseudo) * squared;
}

/* Objective, gradient and information at b; false when a mean is invalid. */
static bool
take_pass(MlpgIrls *fit, const double *b, int share, double *objective)
{
	MlpgHost   *host = fit->host;
	int			n = fit->rows->n_columns,
				lda = fit->rows->lda;
	Pass		pass = {fit, b};
	MlpgDesignRows rows = mlpg_design_rows_sample(fit->rows, 1, share);
	size_t		n_sums = (size_t) MLPG_FAMILY_SUMS + (size_t) lda * (size_t) (n + 1);
	double	   *sums = mlpg_allocate(host, n_sums, sizeof(double));
	bool		valid;

	mlpg_design_rows_sum(host, &rows, pass_body, &pass, n_sums, sums, 2 * MLPG_DESIGN_BLOCK, "fitting");
	memcpy(&fit->sums, sums, sizeof(fit->sums));
	memcpy(fit->gradient, sums + MLPG_FAMILY_SUMS, (size_t) n * sizeof(double));
	memcpy(fit->information, sums + MLPG_FAMILY_SUMS + lda, (size_t) n * (size_t) lda * sizeof(double));
	mlpg_release(host, sums);
	valid = fit->sums.invalid == 0 && isfinite(fit->sums.deviance);
	*objective = fit->sums.deviance;
	for (int c = 0; c < n; c++)
	{
		double		penalty = penalty_of(fit, share, c);

		fit->information[(size_t) c * (size_t) lda + (size_t) c] += penalty;
		if (b == NULL)
			continue;
		fit->gradient[c] -= penalty * b[c];
		*objective += penalty * b[c] * b[c];
	}
	fit->iterations += share == 1;
	return valid;
}

/* ---------- the step ---------- */

/* Element of the information for places i >= j of the factor. */
static double
information_at(const MlpgIrls *fit, int i, int j)
{
	int			a = fit->order[i],
				b = fit->order[j];

	return a >= b ? fit->information[(size_t) a * (size_t) fit->rows->lda + (size_t) b]
		: fit->information[(size_t) b * (size_t) fit->rows->lda + (size_t) a];
}

/* The columns left out, by place. */
static bool *
left_out(const MlpgIrls *fit)
{
	bool	   *out = mlpg_allocate(fit->host, (size_t) fit->rows->n_columns + 1, sizeof(bool));

	for (int j = 0; j < fit->rows->n_columns; j++)
		out[j] = fit->dropped[fit->order[j]];
	return out;
}

static void
factor_in_double(MlpgIrls *fit, double tolerance)
{
	int			n = fit->rows->n_columns;
	bool	   *out = left_out(fit);

	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			fit->factor->l[(size_t) i * (size_t) fit->factor->stride + (size_t) j] = information_at(fit, i, j);
	mlpg_cholesky_factor(fit->host, fit->factor, out, tolerance);
	mlpg_release(fit->host, out);
}

/* By double, the solution for a gradient by column. */
static void
solve_in_double(const MlpgIrls *fit, double *step)
{
	int			n = fit->rows->n_columns;
	double	   *x = mlpg_allocate(fit->host, (size_t) n + 1, sizeof(double));

	for (int j = 0; j < n; j++)
		x[j] = fit->gradient[fit->order[j]];
	mlpg_cholesky_solve(fit->factor, x);
	for (int j = 0; j < n; j++)
		step[fit->order[j]] = x[j];
	mlpg_release(fit->host, x);
}

/* The cross-products in the order of the factor, the right side last. */
static MlpgDdMatrix *
exact_matrix(const MlpgIrls *fit, const MlpgCrossprod *total, const double *b)
{
	int			n = fit->rows->n_columns;
	MlpgDdMatrix *a = mlpg_ddmatrix_create(fit->host, n + 1);

	for (int i = 0; i <= n; i++)
		for (int j = i; j <= n; j++)
			mlpg_ddmatrix_set(a, i, j, mlpg_crossprod_get(total, i < n ? fit->order[i] : n, j < n ? fit->order[j] : n));
	for (int i = 0; i < n; i++)
	{
		int			c = fit->order[i];
		double		penalty = penalty_of(fit, 1, c);

		mlpg_ddmatrix_set(a, i, i, mlpg_dd_add_double(mlpg_ddmatrix_get(a, i, i), penalty));
		if (b != NULL)
			mlpg_ddmatrix_set(a, i, n, mlpg_dd_add_double(mlpg_ddmatrix_get(a, i, n), -penalty * b[c]));
	}
	return a;
}

/* The factor and the solution by double-double: another pass at b. */
static void
solve_exactly(MlpgIrls *fit, const double *b, double *step)
{
	MlpgHost   *host = fit->host;
	int			n = fit->rows->n_columns;
	Pass		pass = {fit, b};
	MlpgCrossprod *total = mlpg_exact_crossprod(host, fit->rows, exact_body, &pass, 2 * MLPG_DESIGN_BLOCK, "fitting");
	MlpgDdMatrix *a = exact_matrix(fit, total, b);
	double	   *tolerance = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	MlpgDd	   *x = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgDd));
	MlpgCholesky *f = fit->factor;

	/* what is left out is above no tolerance */
	for (int i = 0; i < n; i++)
		tolerance[i] = fit->dropped[fit->order[i]] ? INFINITY : DEPENDENT * mlpg_ddmatrix_get(a, i, i).hi;
	f->rank = mlpg_ddmatrix_cholesky(host, a, n, tolerance, f->dropped);
	mlpg_ddmatrix_backsolve(a, n, n, f->dropped, x);
	for (int i = 0; i < n; i++)
	{
		step[fit->order[i]] = f->dropped[i] ? 0 : mlpg_dd_value(x[i]);
		f->scale[i] = f->dropped[i] ? 0 : 1;
		for (int j = 0; j < f->stride; j++)
			f->l[(size_t) i * (size_t) f->stride + (size_t) j] = j <= i && !f->dropped[i] && !f->dropped[j] ? mlpg_ddmatrix_get(a, j, i).hi : 0;
	}
	mlpg_ddmatrix_release(host, a);
	mlpg_release(host, tolerance);
	mlpg_release(host, x);
}

/* The step from b (NULL: the start), in fit->step; lambda squared.  Columns found dependent on all rows stay out. */
static double
find_step(MlpgIrls *fit, const double *b, int share, bool settle_rank)
{
	int			n = fit->rows->n_columns;
	double		decrement = 0;
	bool		exact = false;

	factor_in_double(fit, DEPENDENT_DOUBLE);
	if (share == 1 && n <= MLPG_EXACT_COLUMNS)
	{
		bool		lost = false;

		for (int j = 0; j < n; j++)
			lost |= fit->factor->dropped[j] && !fit->dropped[fit->order[j]] && information_at(fit, j, j) > 0;
		exact = lost || fit->factor->least < SUSPECT;
	}
	if (exact)
		solve_exactly(fit, b, fit->step);
	else
		solve_in_double(fit, fit->step);
	if (settle_rank)
	{
		for (int j = 0; j < n; j++)
			fit->dropped[fit->order[j]] = fit->factor->dropped[j];
		fit->rank = fit->factor->rank;
	}
	for (int c = 0; c < n; c++)
		decrement += fit->gradient[c] * fit->step[c];
	return decrement;
}

/* ---------- iterations ---------- */

static double
weighted_mean(const double *x, const double *w, int64_t n, double weight)
{
	double		sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += (w ? w[i] : 1) * x[i];
	return sum / weight;
}

/* The constant model, or 0 without a constant. */
static void
constant_model(const MlpgIrls *fit, double *b)
{
	const MlpgDesignRows *rows = fit->rows;

	memset(b, 0, (size_t) rows->n_columns * sizeof(double));
	if (!rows->intercept)
		return;

	double		mean = weighted_mean(fit->y, fit->w, rows->n_rows, rows->weight);

	if (fit->family.id == MLPG_FAMILY_BINOMIAL)
		mean = (mean * rows->weight + 0.5) / (rows->weight + 1);
	b[0] = mlpg_link_eta(fit->family.link, mean);
	if (fit->offset)
		b[0] -= weighted_mean(fit->offset, fit->w, rows->n_rows, rows->weight);
}

/* b = from + step; false when it is out of range. */
static bool
move(const MlpgIrls *fit, const double *from, double factor)
{
	bool		finite = true;

	for (int c = 0; c < fit->rows->n_columns; c++)
	{
		fit->b[c] = from[c] + factor * fit->step[c];
		finite &= isfinite(fit->b[c]);
	}
	return finite;
}

/*
 * Newton's steps from b on a share of the rows; before: a valid point that a
 * step can fall back to, whose objective is `objective` (infinite: unknown).  True when they converged.
 */
static bool
iterate(MlpgIrls *fit, double *before, int share, double tolerance, int most)
{
	size_t		bytes = (size_t) fit->rows->n_columns * sizeof(double);
	double		objective = INFINITY,
				last = INFINITY;
	double	   *from = mlpg_allocate(fit->host, (size_t) fit->rows->n_columns + 1, sizeof(double));

	memcpy(from, before, bytes);
	for (int iteration = 0; iteration < most; iteration++)
	{
		double		now,
					lambda,
					rate;
		int			halvings = 0;

		/* a step too far is cut back towards where it came from */
		while (!take_pass(fit, fit->b, share, &now) || now > objective * (1 + 1e-9) + ROUNDING * ROUNDING * fit->sums.size)
		{
			if (++halvings > HALVINGS)
			{
				memcpy(fit->b, from, bytes);
				take_pass(fit, fit->b, share, &now);
				return false;
			}
			for (int c = 0; c < fit->rows->n_columns; c++)
				fit->b[c] = from[c] + 0.5 * (fit->b[c] - from[c]);
		}
		lambda = sqrt(fmax(0, find_step(fit, fit->b, share, share == 1 && fit->rank == 0)));
		rate = isfinite(last) && lambda < last ? lambda / last : 1;
		fit->separated = share == 1 && fit->l2 == 0 && rate > LINEAR &&
			((fit->sums.extreme > 0 && iteration >= PATIENCE) || (fit->sums.near > 0 && lambda * rate <= tolerance * sqrt(now)));
		if (fit->separated)
			return false;
		objective = now;
		last = fit->lambda = lambda;
		memcpy(from, fit->b, bytes);
		if (lambda * rate <= tolerance * sqrt(now) || lambda <= ROUNDING * sqrt(fit->sums.size))
		{
			(void) move(fit, from, 1);
			return true;
		}
		if (!move(fit, from, 1))
			break;
	}
	memcpy(fit->b, from, bytes);
	return false;
}

/* A start for all rows from a twentieth of them; false when there are too few, or it failed. */
static bool
start_from_sample(MlpgIrls *fit, double *constant)
{
	const MlpgDesignRows *rows = fit->rows;
	double		objective;

	if (rows->n_rows < SAMPLE_ROWS || rows->n_rows / SAMPLE < (int64_t) SAMPLE_ROWS_A_COLUMN * rows->n_columns)
		return false;
	if (!take_pass(fit, NULL, SAMPLE, &objective))
		return false;
	find_step(fit, NULL, SAMPLE, false);
	memset(fit->b, 0, (size_t) rows->n_columns * sizeof(double));
	return move(fit, fit->b, 1) && iterate(fit, constant, SAMPLE, SAMPLE_TOLERANCE, SAMPLE_ITERATIONS);
}

static void
start_near_targets(MlpgIrls *fit)
{
	double		objective;

	(void) take_pass(fit, NULL, 1, &objective);
	find_step(fit, NULL, 1, true);
	memset(fit->b, 0, (size_t) fit->rows->n_columns * sizeof(double));
	(void) move(fit, fit->b, 1);
}

void
mlpg_irls_fit(MlpgIrls *fit)
{
	size_t		n = (size_t) fit->rows->n_columns;
	double	   *constant = mlpg_allocate(fit->host, n + 1, sizeof(double));
	double		objective;
	bool		warm = false;

	for (size_t c = 0; c < n; c++)
		warm |= fit->b[c] != 0;
	fit->iterations = 0;
	fit->separated = false;
	constant_model(fit, constant);
	if (warm)
		memcpy(constant, fit->b, n * sizeof(double));
	else if (!start_from_sample(fit, constant))
		start_near_targets(fit);
	fit->converged = iterate(fit, constant, 1, TOLERANCE, fit->max_iterations);
	/* what is reported belongs to the last point; of many rows a last step may be too small to matter */
	if (fit->converged && fit->rows->n_rows >= SAMPLE_ROWS && fit->lambda <= LAST * sqrt(fit->sums.deviance))
		fit->sums.deviance -= fit->lambda * fit->lambda;
	else if ((fit->converged || fit->separated) && take_pass(fit, fit->b, 1, &objective))
		(void) find_step(fit, fit->b, 1, false);
	mlpg_release(fit->host, constant);
}

/* ---------- what is reported ---------- */

double *
mlpg_irls_unscaled_covariance(const MlpgIrls *fit)
{
	size_t		n = (size_t) fit->rows->n_columns,
				stride = (size_t) fit->factor->stride;
	double	   *inverse = mlpg_cholesky_inverse(fit->host, fit->factor);
	double	   *out = mlpg_allocate(fit->host, mlpg_size_multiply(fit->host, n + 1, n), sizeof(double));

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			out[(size_t) fit->order[i] * n + (size_t) fit->order[j]] = inverse[i * stride + j];
	mlpg_release(fit->host, inverse);
	return out;
}

typedef struct Constant
{
	const MlpgIrls *fit;
	double		value;
	double		dispersion;
} Constant;

/* sums: MlpgFamilySums, score */
static void
constant_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Constant *c = argument;
	const MlpgIrls *fit = c->fit;
	int			n = (int) (last - first);
	double	   *score = scratch,
			   *weight = scratch + MLPG_DESIGN_BLOCK,
			   *eta = scratch + 2 * MLPG_DESIGN_BLOCK;
	MlpgFamilySums family;

	for (int i = 0; i < n; i++)
		eta[i] = c->value + (fit->offset ? fit->offset[first + i] : 0);
	memcpy(&family, sums, sizeof(family));
	mlpg_family_work(&fit->family, n, fit->y + first, fit->w ? fit->w + first : NULL, eta, score, weight, &family);
	memcpy(sums, &family, sizeof(family));
	for (int i = 0; i < n; i++)
		sums[MLPG_FAMILY_SUMS] += score[i];
}

double
mlpg_irls_null_deviance(const MlpgIrls *fit)
{
	Constant	c = {.fit = fit};
	double		sums[MLPG_FAMILY_SUMS + 1],
				step = 0,
				best = INFINITY;
	MlpgFamilySums family;

	if (fit->rows->intercept)
	{
		double		mean = weighted_mean(fit->y, fit->w, fit->rows->n_rows, fit->rows->weight);

		c.value = mlpg_link_eta(fit->family.link, mean);
		if (!isfinite(c.value))
			return 0;			/* all targets are at the bound */
		c.value -= fit->offset ? weighted_mean(fit->offset, fit->w, fit->rows->n_rows, fit->rows->weight) : 0;
	}
	for (int iteration = 0; iteration < 100; iteration++)
	{
		mlpg_design_rows_sum(fit->host, fit->rows, constant_body, &c, MLPG_FAMILY_SUMS + 1, sums, 3 * MLPG_DESIGN_BLOCK, "fitting");
		memcpy(&family, sums, sizeof(family));
		if (family.invalid > 0 || family.deviance > best)
			step = -0.5 * fabs(step) * (step > 0 ? 1 : -1);
		else
		{
			best = family.deviance;
			if (!fit->rows->intercept || fit->offset == NULL)
				break;
			step = family.information > 0 ? sums[MLPG_FAMILY_SUMS] / family.information : 0;
		}
		if (fabs(step) <= 1e-10 * (1 + fabs(c.value)) || !isfinite(step))
			break;
		c.value += step;
	}
	return isfinite(best) ? best : NAN;
}

static void
likelihood_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Constant *c = argument;
	const MlpgIrls *fit = c->fit;

	*sums += mlpg_family_log_likelihood(&fit->family, c->dispersion, (int) (last - first), fit->y + first,
										fit->w ? fit->w + first : NULL, fit->eta + first);
}

double
mlpg_irls_log_likelihood(const MlpgIrls *fit, double dispersion)
{
	Constant	c = {.fit = fit, .dispersion = dispersion};
	double		sum;

	mlpg_design_rows_sum(fit->host, fit->rows, likelihood_body, &c, 1, &sum, 0, "fitting");
	return sum;
}
