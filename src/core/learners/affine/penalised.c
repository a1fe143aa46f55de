/*-------------------------------------------------------------------------
 *
 * penalised.c
 *	  Elastic net fits of generalised linear models along a regularisation path.
 *
 * Problem: see penalised.h.  The loss is convex and smooth, the penalty is not
 * smooth but separable.
 *
 * Method.  Proximal Newton (Friedman, Hastie and Tibshirani 2010; Lee, Sun and Saunders
 * 2014).  About a point of reference, where loss and gradient are exact, the loss is
 * taken as a quadratic, which coordinate descent (descent.c) minimises together with the
 * penalty.  If the step from the reference is small, that is the answer; else its end is the
 * next reference, halved while the objective does not fall enough.  A path goes through
 * descending lambdas, each from the answer before it, so that a pass or two over the rows do.
 *
 * Few terms: H = X'VX is at hand.  It is the loss's own for gaussian, where one pass over the rows
 * serves the whole path.  For the others the H of an earlier reference is kept as long as steps
 * shrink by SHRINK or more: gradient and loss are always exact, so an old H costs
 * passes, not accuracy, and a pass without H is two or three times cheaper.
 *
 * Many terms: sequential strong rules (Tibshirani et al. 2012).  Coming from lambda', terms with
 * |gradient_j| < l1_share s_j (2 lambda - lambda') are left out at lambda; the others are
 * held by column (screened.c).  At every reference the gradient is known for all terms, and
 * those that violate |gradient_j| <= lambda l1_share s_j come in: nothing is left out in error.
 *
 * Terms whose deviation is rounding error stay 0.  If the intercept alone explains everything, all
 * answers are the intercept alone.
 *
 * Cost: a pass is about 4 operations a dense value, 2 an entry of the sparse ones, and an exponential
 * a row; with H n_terms^2 / 2 more.  Memory: n_terms^2, or two columns of all rows and
 * the screened ones.  Determinism: sums as design_rows.c orders them, for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/penalised.h"

#include "core/math/exp.h"
#include "core/math/logit.h"

#define SMALL_GAUSSIAN 1024		/* terms up to which cross-products are the way */
#define SMALL_OTHERS 512
#define PASSES_MAX 100			/* at one lambda */
#define SHRINK 0.04				/* of h d^2, from step to step: distance to a fifth */
#define NULL_TOLERANCE 1e-16
#define SWEEPS_MAX 20000
#define HALVINGS_MAX 40
#define LEAST_SHARE 1e-3		/* l1_share, for the largest lambda */
#define CONSTANT 1e-20			/* variance over mean square of a column that is constant */
#define EDGE 23.0				/* stands for the logit or logarithm of a mean at the edge */

struct MlpgPenalised
{
	MlpgHost   *host;
	MlpgPenalisedProblem problem;
	int			n;				/* terms */
	double		weight;			/* W */
	double	   *deviation;		/* n; 0: stays out */
	double		saturated;		/* loss of the best fit there is, over W */
	double		null_loss;		/* over W, less the saturated one */

	/* the answer */
	double		lambda;
	double		largest;		/* that has a term */
	double	   *b;				/* n */
	double		loss;			/* over W */
	bool		converged;

	/* the point of reference */
	double	   *reference;		/* n */
	double	   *gradient;		/* n */
	double		reference_loss;

	/* the quadratic */
	MlpgGram	gram;
	bool		is_exact;		/* no need to look at the rows again */
	bool		renew;			/* H is too old */
	MlpgCurvature curvature;
	double	   *u;				/* n_rows: negative gradient at the reference */
	double	   *v;				/* n_rows */

	/* scratch */
	double	   *l1;				/* n */
	double	   *l2;
	double	   *work;			/* n */
	double	   *sums;			/* of a pass */
	double	   *moving;			/* n_rows: u on its way */
	int64_t		passes;
};

bool
mlpg_penalised_is_small(const MlpgDesignRows *rows, MlpgPenalisedFamily family)
{
	return rows->n_columns <= (family == MLPG_PENALISED_GAUSSIAN ? SMALL_GAUSSIAN : SMALL_OTHERS);
}

/* ---------- losses, a block of rows at a time ---------- */

typedef struct Pass
{
	const MlpgPenalisedProblem *problem;
	const double *b;
	bool		with_h;			/* sums have H */
	double		share;			/* 1 / W */
	double	   *u;				/* NULL: not wanted */
	double	   *v;
} Pass;

/* Where the parts of the sums of a pass begin: the gradient at 0, the loss, H. */
static inline size_t
loss_place(const MlpgDesignRows *rows)
{
	return (size_t) rows->lda;
}

static inline size_t
h_place(const MlpgDesignRows *rows)
{
	return (size_t) rows->lda + 4;
}

/* Each: eta becomes the gradient by row, slope its derivative, both without weights; returns the weighted loss. */
static double
block_gaussian(const double *y, const double *w, int n, double *eta, double *slope)
{
	double		loss = 0;

	for (int i = 0; i < n; i++)
	{
		double		r = eta[i] - y[i];

		loss += (w ? w[i] : 1) * r * r;
		eta[i] = r;
		slope[i] = 1;
	}
	return 0.5 * loss;
}

static double
block_poisson(const double *y, const double *w, int n, double *eta, double *slope)
{
	double		loss = 0;

	mlpg_exp_block(eta, n, slope);
	for (int i = 0; i < n; i++)
	{
		if (w == NULL || w[i] > 0)
			loss += (w ? w[i] : 1) * (slope[i] - y[i] * eta[i]);
		eta[i] = slope[i] - y[i];
	}
	return loss;
}

static double
block_loss(MlpgPenalisedFamily family, const double *y, const double *w, int n, double *eta, double *slope)
{
	switch (family)
	{
		case MLPG_PENALISED_GAUSSIAN:
			return block_gaussian(y, w, n, eta, slope);
		case MLPG_PENALISED_BINOMIAL:
			return mlpg_logit_block(y, w, n, eta, slope);
		case MLPG_PENALISED_POISSON:
			break;
	}
	return block_poisson(y, w, n, eta, slope);
}

double
mlpg_penalised_block_deviance(MlpgPenalisedFamily family, const double *y, const double *w, int n, double *eta, double *scratch)
{
	double		loss = block_loss(family, y, w, n, eta, scratch);

	for (int i = 0; family == MLPG_PENALISED_POISSON && i < n; i++)
		if (y[i] > 0)
			loss -= w[i] * (y[i] - y[i] * log(y[i]));
	return 2 * loss;
}

static void
pass_block(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Pass *pass = argument;
	const MlpgPenalisedProblem *p = pass->problem;
	const double *y = p->y + first;
	const double *w = p->w ? p->w + first : NULL;
	double	   *eta = scratch,
			   *slope = scratch + MLPG_DESIGN_BLOCK;
	int			n = (int) (last - first);

	mlpg_design_rows_multiply(rows, first, last, pass->b, eta);
	if (p->offset)
		for (int i = 0; i < n; i++)
			eta[i] += p->offset[first + i];
	sums[loss_place(rows)] += block_loss(p->family, y, w, n, eta, slope);
	if (w)
		for (int i = 0; i < n; i++)
		{
			eta[i] = w[i] > 0 ? eta[i] * w[i] : 0;	/* it may be infinite */
			slope[i] = w[i] > 0 ? slope[i] * w[i] : 0;
		}
	mlpg_design_rows_add_gradient(rows, first, last, eta, sums);
	if (pass->with_h)
		mlpg_design_rows_add_crossprod(rows, first, last, slope, sums + h_place(rows));
	if (pass->u)
		for (int i = 0; i < n; i++)
		{
			pass->u[first + i] = -eta[i] * pass->share;
			pass->v[first + i] = slope[i] * pass->share;
		}
}

/* Loss, gradient and, if asked for, H at the answer into sums, all over W; columns: u and v by row. */
static double
look(MlpgPenalised *fit, bool with_h)
{
	const MlpgDesignRows *rows = fit->problem.rows;
	size_t		n_sums = h_place(rows) + (with_h ? (size_t) fit->n * (size_t) rows->lda : 0);
	Pass		pass = {.problem = &fit->problem, .b = fit->b, .with_h = with_h, .share = 1 / fit->weight, .u = fit->moving, .v = fit->v};

	memset(fit->sums, 0, n_sums * sizeof(double));
	mlpg_design_rows_sum(fit->host, rows, pass_block, &pass, n_sums, fit->sums, 2 * MLPG_DESIGN_BLOCK, "fitting");
	for (size_t i = 0; i < n_sums; i++)
		fit->sums[i] *= pass.share;
	fit->passes++;
	return fit->sums[loss_place(rows)];
}

/* ---------- the quadratic ---------- */

/* The point just looked at becomes the reference. */
static void
settle(MlpgPenalised *fit, bool with_h)
{
	const MlpgDesignRows *rows = fit->problem.rows;
	size_t		n = (size_t) fit->n;

	memcpy(fit->reference, fit->b, n * sizeof(double));
	memcpy(fit->gradient, fit->sums, n * sizeof(double));
	fit->reference_loss = fit->loss = fit->sums[loss_place(rows)];
	if (with_h)
	{
		memcpy(fit->gram.h, fit->sums + h_place(rows), n * (size_t) rows->lda * sizeof(double));
		mlpg_gram_prepare(&fit->gram);
	}
	if (fit->problem.screened)
	{
		memcpy(fit->u, fit->moving, (size_t) rows->n_rows * sizeof(double));
		if (fit->problem.family != MLPG_PENALISED_GAUSSIAN)
			fit->curvature.n_columns = 0;	/* v has changed */
	}
}

/* Takes in the columns that are wanted, and measures those that are new to the quadratic. */
static void
take_columns(MlpgPenalised *fit)
{
	MlpgScreened *screened = fit->problem.screened;
	MlpgCurvature *c = &fit->curvature;
	int			before = c->n_columns;

	mlpg_screened_add(screened);
	c->column = screened->column;
	c->n_columns = screened->n;
	if (before < c->n_columns || before == 0)
		mlpg_curvature_measure(fit->host, c, fit->problem.rows->intercept, before);
}

static void
descend(MlpgPenalised *fit, MlpgDescent *result)
{
	double		null_deviance = 2 * fit->null_loss;
	MlpgQuadratic q = {.n_terms = fit->n, .intercept = fit->problem.rows->intercept, .reference = fit->reference,
	.gradient = fit->gradient, .l1 = fit->l1, .l2 = fit->l2, .tolerance = fit->problem.tolerance * null_deviance, .max_sweeps = SWEEPS_MAX};

	if (fit->problem.screened == NULL)
	{
		q.tolerance *= 1e-4;	/* sweeps are cheap */
		mlpg_descend_gram(fit->host, &q, &fit->gram, fit->b, fit->work, result);
	}
	else
	{
		take_columns(fit);
		memcpy(fit->b, fit->reference, (size_t) fit->n * sizeof(double));
		memcpy(fit->moving, fit->u, (size_t) fit->problem.rows->n_rows * sizeof(double));
		mlpg_descend_columns(fit->host, &q, &fit->curvature, fit->moving, fit->b, result);
	}
}

static double
penalty_of(const MlpgPenalised *fit, const double *b)
{
	double		sum = 0;

	for (int j = 0; j < fit->n; j++)
		if (b[j] != 0)
			sum += fit->l1[j] * fabs(b[j]) + 0.5 * fit->l2[j] * b[j] * b[j];
	return sum;
}

/* Looks at the answer, which comes back towards the reference until the objective falls enough. */
static void
advance(MlpgPenalised *fit, double smooth)
{
	double		before = penalty_of(fit, fit->reference);
	double		promised = smooth + penalty_of(fit, fit->b) - before;
	double		slack = 1e-13 * (fabs(fit->reference_loss) + before + fabs(fit->null_loss));
	bool		with_h = fit->problem.screened == NULL && fit->renew;

	for (int halvings = 0;; halvings++)
	{
		double		gain = look(fit, with_h) + penalty_of(fit, fit->b) - fit->reference_loss - before;

		promised *= halvings > 0 ? 0.5 : 1;
		if (gain <= 0.1 * promised + slack)
			break;
		if (halvings == HALVINGS_MAX)
		{
			memcpy(fit->b, fit->reference, (size_t) fit->n * sizeof(double));
			(void) look(fit, with_h);
			fit->converged = false;
			break;
		}
		for (int j = 0; j < fit->n; j++)
			fit->b[j] = 0.5 * (fit->b[j] + fit->reference[j]);
		fit->renew = true;
		with_h = fit->problem.screened == NULL;
	}
	settle(fit, with_h);
	fit->renew = fit->renew && !with_h;
}

/* ---------- a lambda ---------- */

static void
set_penalty(MlpgPenalised *fit, double lambda)
{
	for (int j = 0; j < fit->n; j++)
	{
		double		s = fit->deviation[j];
		bool		intercept = j == 0 && fit->problem.rows->intercept;

		fit->l1[j] = intercept ? 0 : s > 0 && isfinite(lambda) ? lambda * fit->problem.l1_share * s : INFINITY;
		fit->l2[j] = intercept || !(s > 0 && isfinite(lambda)) ? 0 : lambda * fit->problem.l2_share * s * s;
	}
}

/* Terms not held that break |gradient| <= l1 come in; were there any? */
static bool
violated(MlpgPenalised *fit)
{
	MlpgScreened *screened = fit->problem.screened;
	bool		any = false;

	if (screened == NULL)
		return false;
	for (int j = fit->problem.rows->intercept; j < fit->n; j++)
		if (!screened->held[j] && fabs(fit->gradient[j]) > fit->l1[j])
			any = screened->wanted[j] = true;
	return any;
}

/* The strong rule, from lambda' to lambda. */
static void
screen(MlpgPenalised *fit, double lambda)
{
	MlpgScreened *screened = fit->problem.screened;
	double		from = fmin(fit->lambda, fit->largest);
	double		bound = fit->problem.l1_share * (2 * lambda - from);

	if (screened == NULL || !isfinite(lambda))
		return;
	for (int j = fit->problem.rows->intercept; j < fit->n; j++)
		screened->wanted[j] = !screened->held[j] && fit->deviation[j] > 0 && fabs(fit->gradient[j]) >= bound * fit->deviation[j];
}

void
mlpg_penalised_solve(MlpgPenalised *fit, double lambda)
{
	double		enough = fit->problem.tolerance * 2 * fit->null_loss,
				step = INFINITY;

	set_penalty(fit, lambda);
	screen(fit, lambda);
	fit->lambda = lambda;
	if (!(fit->null_loss > 0) && isfinite(lambda))
		return;
	for (int passes = 0;; passes++)
	{
		MlpgDescent descent;
		bool		more = violated(fit);

		descend(fit, &descent);
		fit->converged &= descent.converged;
		if (fit->is_exact || (!more && descent.step < enough) || passes == PASSES_MAX)
		{
			fit->loss = fit->reference_loss + descent.smooth;
			fit->converged &= passes < PASSES_MAX;
			return;
		}
		fit->renew |= descent.step > SHRINK * step && passes > 0;
		step = descent.step;
		advance(fit, descent.smooth);
	}
}

/* ---------- the start ---------- */

typedef struct Spread
{
	const double *w;			/* NULL: all 1 */
	const double *mean;			/* n, or NULL: sums of values are wanted; else of squares about it */
} Spread;

/* Entries of sparse columns that are zero are left to the caller. */
static void
spread_block(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const Spread *spread = argument;
	const double *m = spread->mean;

	(void) scratch;
	for (int64_t i = first; i < last; i++)
	{
		double		w = spread->w ? spread->w[i] : 1;
		const double *row = mlpg_design_rows_dense(rows, i);

		sums[rows->n_columns] += w;
		for (int j = 0; j < rows->n_dense; j++)
			sums[j] += w * (m ? (row[j] - m[j]) * (row[j] - m[j]) : row[j]);
		for (int64_t e = rows->start ? rows->start[i] : 0; rows->start && e < rows->start[i + 1]; e++)
		{
			uint32_t	j = rows->column[e];
			double		x = rows->value ? rows->value[e] : 1;

			sums[j] += w * (m ? (x - m[j]) * (x - m[j]) - m[j] * m[j] : x);
		}
	}
}

/* W and the deviations, in two passes. */
static void
measure(MlpgPenalised *fit)
{
	const MlpgDesignRows *rows = fit->problem.rows;
	size_t		n = (size_t) fit->n + 1;
	double	   *mean = mlpg_allocate(fit->host, n, sizeof(double));
	double	   *sum = mlpg_allocate(fit->host, n, sizeof(double));
	Spread		spread = {.w = fit->problem.w};

	mlpg_design_rows_sum(fit->host, rows, spread_block, &spread, n, mean, 0, "measuring columns");
	fit->weight = mean[fit->n];
	for (int j = 0; j < fit->n; j++)
		mean[j] /= fit->weight;
	spread.mean = mean;
	mlpg_design_rows_sum(fit->host, rows, spread_block, &spread, n, sum, 0, "measuring columns");
	for (int j = 0; j < fit->n; j++)
	{
		double		square = mean[j] * mean[j];
		double		variance = sum[j] / fit->weight + (j >= rows->n_dense ? square : 0);

		fit->deviation[j] = !(variance > CONSTANT * square) ? 0 : fit->problem.unscaled && fit->problem.unscaled[j] ? 1 : sqrt(variance);
	}
	mlpg_release(fit->host, mean);
	mlpg_release(fit->host, sum);
}

/* Sums over rows of weight: of the target, of what stands for the offset, and of the saturated loss. */
static void
null_block(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const MlpgPenalisedProblem *p = argument;

	(void) rows;
	(void) scratch;
	for (int64_t i = first; i < last; i++)
	{
		double		w = p->w ? p->w[i] : 1;
		double		y = p->y[i];
		double		offset = p->offset ? p->offset[i] : 0;

		if (w == 0)
			continue;
		sums[0] += w * y;
		sums[1] += w * (p->family == MLPG_PENALISED_POISSON ? mlpg_exp(offset) : offset);
		if (p->family == MLPG_PENALISED_POISSON && y > 0)
			sums[2] += w * (y - y * log(y));
	}
}

/* The intercept alone: exactly, or, with an offset, nearly; false where there is nothing more to explain. */
static bool
start(MlpgPenalised *fit)
{
	MlpgPenalisedProblem *p = &fit->problem;
	double		sums[3] = {0},
				mean;
	bool		edge;

	mlpg_design_rows_sum(fit->host, p->rows, null_block, p, 3, sums, 0, "fitting");
	fit->saturated = sums[2] / fit->weight;
	if (!p->rows->intercept)
		return true;
	mean = sums[0] / fit->weight;
	edge = p->family != MLPG_PENALISED_GAUSSIAN && (mean <= 0 || (p->family == MLPG_PENALISED_BINOMIAL && mean >= 1));
	if (edge)
		fit->b[0] = mean > 0 ? EDGE : -EDGE;
	else if (p->family == MLPG_PENALISED_GAUSSIAN)
		fit->b[0] = mean - sums[1] / fit->weight;
	else if (p->family == MLPG_PENALISED_BINOMIAL)
		fit->b[0] = log(mean / (1 - mean)) - sums[1] / fit->weight;
	else
		fit->b[0] = log(sums[0] / sums[1]);
	return !edge;
}

static void
allocate(MlpgPenalised *fit)
{
	MlpgHost   *host = fit->host;
	const MlpgDesignRows *rows = fit->problem.rows;
	size_t		n = (size_t) fit->n + 1;
	bool		small = fit->problem.screened == NULL;
	size_t		of_h = small ? mlpg_size_multiply(host, n, (size_t) rows->lda) : 0;
	double	  **vector[] = {&fit->deviation, &fit->b, &fit->reference, &fit->gradient, &fit->l1, &fit->l2, &fit->work};

	for (size_t k = 0; k < sizeof(vector) / sizeof(vector[0]); k++)
		*vector[k] = mlpg_allocate(host, n, sizeof(double));
	fit->sums = mlpg_allocate(host, h_place(rows) + of_h, sizeof(double));
	if (small)
	{
		fit->gram = (MlpgGram) {.n_terms = fit->n, .lda = rows->lda, .intercept = rows->intercept};
		fit->gram.h = mlpg_allocate(host, of_h, sizeof(double));
		fit->gram.center = mlpg_allocate(host, n, sizeof(double));
		return;
	}
	fit->u = mlpg_allocate(host, (size_t) rows->n_rows, sizeof(double));
	fit->v = mlpg_allocate(host, (size_t) rows->n_rows, sizeof(double));
	fit->moving = mlpg_allocate(host, (size_t) rows->n_rows, sizeof(double));
	fit->curvature = (MlpgCurvature) {.n_rows = rows->n_rows, .v = fit->v};
	fit->curvature.square = mlpg_allocate(host, n, sizeof(double));
	fit->curvature.center = mlpg_allocate(host, n, sizeof(double));
}

static double
largest(const MlpgPenalised *fit)
{
	double		most = 0;

	for (int j = fit->problem.rows->intercept; j < fit->n; j++)
		if (fit->deviation[j] > 0)
			most = fmax(most, fabs(fit->gradient[j]) / fit->deviation[j]);
	return most / fmax(fit->problem.l1_share, LEAST_SHARE);
}

MlpgPenalised *
mlpg_penalised_create(MlpgHost *host, const MlpgPenalisedProblem *problem)
{
	MlpgPenalised *fit = mlpg_allocate(host, 1, sizeof(MlpgPenalised));
	bool		small = problem->screened == NULL;
	bool		open;

	fit->host = host;
	fit->problem = *problem;
	fit->n = problem->rows->n_columns;
	fit->converged = true;
	allocate(fit);
	measure(fit);
	open = start(fit);
	(void) look(fit, small);
	settle(fit, small);
	fit->is_exact = small && problem->family == MLPG_PENALISED_GAUSSIAN;
	fit->null_loss = fit->loss - fit->saturated;
	if (problem->rows->intercept && open)
	{
		fit->problem.tolerance = fmin(problem->tolerance, NULL_TOLERANCE);	/* all lambdas depend on it */
		mlpg_penalised_solve(fit, INFINITY);
		fit->problem.tolerance = problem->tolerance;
	}
	fit->lambda = INFINITY;
	fit->null_loss = open ? fit->loss - fit->saturated : 0;
	fit->largest = largest(fit);
	return fit;
}

void
mlpg_penalised_release(MlpgPenalised *fit)
{
	void	   *memory[] = {fit->deviation, fit->b, fit->reference, fit->gradient, fit->l1, fit->l2, fit->work, fit->sums, fit->gram.h, fit->gram.center,
	fit->u, fit->v, fit->moving, fit->curvature.square, fit->curvature.center};

	for (size_t k = 0; k < sizeof(memory) / sizeof(memory[0]); k++)
		if (memory[k] != NULL)
			mlpg_release(fit->host, memory[k]);
	mlpg_release(fit->host, fit);
}

/* ---------- what a fit is ---------- */

double
mlpg_penalised_largest(const MlpgPenalised *fit)
{
	return fit->null_loss > 0 ? fit->largest : 0;
}

const double *
mlpg_penalised_coefficients(const MlpgPenalised *fit)
{
	return fit->b;
}

double
mlpg_penalised_deviance(const MlpgPenalised *fit)
{
	return fmax(0, 2 * (fit->loss - fit->saturated));
}

double
mlpg_penalised_null_deviance(const MlpgPenalised *fit)
{
	return fmax(0, 2 * fit->null_loss);
}

int64_t
mlpg_penalised_passes(const MlpgPenalised *fit)
{
	return fit->passes;
}

bool
mlpg_penalised_converged(const MlpgPenalised *fit)
{
	return fit->converged;
}

double
mlpg_penalised_violation(MlpgPenalised *fit)
{
	double		worst = 0;

	(void) look(fit, false);
	for (int j = 0; j < fit->n; j++)
	{
		double		g = fit->sums[j] + fit->l2[j] * fit->b[j];
		double		off = fit->b[j] == 0 ? fabs(g) - fit->l1[j] : fabs(g + copysign(fit->l1[j], fit->b[j]));

		worst = fmax(worst, off);
	}
	return worst;
}
