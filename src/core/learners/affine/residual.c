/*-------------------------------------------------------------------------
 *
 * residual.c
 *	  Linear fits under a smooth loss of the residual.
 *
 *	 (1/W) sum_i w_i loss(y_i - offset_i - z_i'b) + l2/2 |b_s|^2
 *
 * z the design of encode.c, W the sum of the weights, b_s coefficients on columns of unit variance, the
 * intercept free (M-estimation; Huber 1964).  The loss is convex and curved: minimised by Newton's
 * method or, of many coefficients, limited-memory BFGS (affine/linear_loss.c).
 *
 * The target is taken less its mean and in units of its standard deviation, so that
 * tolerances mean the same whatever it is measured in; a power of two comes first, so that squares are in range.
 * Weights are brought to 1 at most by a power of two, for the same reason.
 *
 * Standard errors, without a penalty, with a degree of freedom and up to 2,048 terms: the sandwich;
 * statistics are normal.
 *
 * NULL: missing numbers take their mean plus an indicator; rows without a target or an offset never arrive.
 * Memory: the design (affine/design_rows.c).  Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/residual.h"

#define MAX_ITERATIONS 1000

/* The target in units of its own: a power of two first, so that squares are in range. */
static void
standardise_target(MlpgResidualFit *f)
{
	const MlpgTrainingRows *r = &f->rows;
	bool		centred = f->design->n_terms > 0 && f->design->term[0].kind == MLPG_TERM_INTERCEPT;
	double		most = 0,
				power,
				sum = 0,
				squares = 0;
	int			e;

	for (int64_t i = 0; i < r->n; i++)
		most = fmax(most, fabs(r->y[i] -= r->offset ? r->offset[i] : 0));
	if (!isfinite(most))
		mlpg_raise(f->training->host, MLPG_DATA_EXCEPTION, "A target less its offset is outside the range of double precision.", NULL,
				   "values are too large to fit a linear model");
	frexp(most, &e);
	power = ldexp(1, e - 1);
	for (int64_t i = 0; i < r->n; i++)
		sum += (r->w ? r->w[i] / r->total : 1 / r->total) * (r->y[i] /= power);
	f->mean = centred ? sum : 0;
	for (int64_t i = 0; i < r->n; i++)
	{
		r->y[i] -= f->mean;
		squares += (r->w ? r->w[i] / r->total : 1 / r->total) * r->y[i] * r->y[i];
	}
	f->unit = squares > 0 ? sqrt(squares) : 1;
	for (int64_t i = 0; i < r->n; i++)
		r->y[i] /= f->unit;
	f->mean *= power;
	f->unit *= power;
}

/* The largest weight becomes 1/2 to 1. */
static void
scale_weights(MlpgResidualFit *f)
{
	const MlpgTrainingRows *r = &f->rows;
	double		most = 0;

	for (int64_t i = 0; r->w && i < r->n; i++)
		most = fmax(most, r->w[i]);
	frexp(most, &f->weight_exponent);
	for (int64_t i = 0; r->w && i < r->n; i++)
		r->w[i] = ldexp(r->w[i], -f->weight_exponent);
}

void
mlpg_residual_begin(MlpgTraining *training, MlpgResidualFit *f)
{
	MlpgLinearLoss *p = &f->problem;

	f->training = training;
	f->l2 = mlpg_params_real(training->plan->params, "l2");
	f->design = mlpg_frame_design(training, f->l2 > 0);
	mlpg_training_columns(training, &f->rows);
	scale_weights(f);
	mlpg_training_weigh(training->host, &f->rows);
	standardise_target(f);
	p->rows = mlpg_design_rows_create(training, f->design, true, f->rows.w);
	p->loss = &f->loss;
	p->y = f->rows.y;
	p->w = f->rows.w;
	p->max_iterations = MAX_ITERATIONS;
}

void
mlpg_residual_minimise(MlpgResidualFit *f, double curvature, double tolerance)
{
	MlpgLinearLoss *p = &f->problem;

	p->l2 = curvature * f->l2;
	p->tolerance = tolerance;
	if (p->x == NULL)
		mlpg_linear_loss_begin(f->training->host, p);
	mlpg_linear_loss_minimise(f->training->host, p);
}

void
mlpg_residual_report(MlpgResidualFit *f, const char *level, double factor)
{
	MlpgHost   *host = f->training->host;
	MlpgFacts  *facts = f->training->facts;
	const MlpgMinimum *m = &f->problem.minimum;
	const char *suffix = level ? mlpg_text(host, " @%s", level) : "";

	mlpg_fact_number(host, facts, mlpg_text(host, "objective%s", suffix), ldexp(m->value * f->rows.total * factor, f->weight_exponent));
	mlpg_fact(host, facts, mlpg_text(host, "iterations%s", suffix), "%d", m->iterations);
	if (!m->converged)
		mlpg_fact(host, facts, "warning", "%s%s%s did not converge in %d iterations: its gradient is %.2g, not %.2g",
				  f->training->plan->learner->name, level ? " " : "", level ? level : "", m->iterations, m->gradient, f->problem.tolerance);
}

bool
mlpg_residual_has_errors(const MlpgResidualFit *f)
{
	const MlpgLinearLoss *p = &f->problem;

	return f->l2 == 0 && p->hessian && f->rows.n_weighty > (int64_t) f->design->n_terms - p->n_fixed;
}

/*
 * A^-1 B A^-1, A the Hessian and B the mean of the rows' squared gradients (Huber 1967).
 * They hold for any variance of the errors.
 */
static void
standard_errors(MlpgResidualFit *f, double *out)
{
	MlpgHost   *host = f->training->host;
	MlpgLinearLoss *p = &f->problem;
	size_t		n = (size_t) p->n_unknowns;
	double	   *inverse = mlpg_allocate(host, n * n + 1, sizeof(double)),
			   *half = mlpg_allocate(host, n * n + 1, sizeof(double)),
			   *covariance = mlpg_allocate(host, n * n + 1, sizeof(double)),
			   *gradient = mlpg_allocate(host, n + 1, sizeof(double));

	(void) mlpg_linear_loss_evaluate(host, p, gradient);
	mlpg_newton_inverse(host, p->hessian, (int) n, p->fixed, inverse);
	mlpg_linear_loss_square_gradients(host, p, half);
	for (size_t i = 0; i < n; i++)
	{
		double	   *row = covariance + i * n;	/* of inverse * squares */

		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; j < n; j++)
				row[j] += inverse[i * n + k] * half[k * n + j];
		mlpg_check(host, NULL, 0, 0);
	}
	memcpy(half, covariance, n * n * sizeof(double));
	memset(covariance, 0, n * n * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; j < n; j++)
				covariance[i * n + j] += half[i * n + k] * inverse[k * n + j] / f->rows.total;
		mlpg_check(host, NULL, 0, 0);
	}
	mlpg_linear_loss_errors(host, p, covariance, out);
	mlpg_release(host, inverse);
	mlpg_release(host, half);
	mlpg_release(host, covariance);
	mlpg_release(host, gradient);
}

void
mlpg_residual_take(MlpgResidualFit *f, double *coefficients, double *errors)
{
	int			n = f->design->n_terms;

	mlpg_linear_loss_coefficients(&f->problem, coefficients);
	if (errors)
		standard_errors(f, errors);
	for (int j = 0; j < n; j++)
	{
		coefficients[j] *= f->unit;
		if (j == 0 && f->problem.rows->intercept)
			coefficients[j] += f->mean;
		if (errors)
			errors[j] *= f->unit;
	}
	mlpg_frame_check_range(f->training->host, coefficients, errors, (size_t) n);
}

void
mlpg_residual_write(MlpgResidualFit *f, MlpgAffineModel *model)
{
	model->design = f->design;
	mlpg_frame_drop(f->training, f->design, f->problem.rows, f->problem.fixed);
	mlpg_frame_write(f->training, f->problem.rows, model);
}
