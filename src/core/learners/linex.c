/*-------------------------------------------------------------------------
 *
 * linex.c
 *	  Linear regression under the linear-exponential loss.
 *
 * Problem.  Minimise sum_i w_i (exp(a e_i) - a e_i - 1), e_i = y_i - offset_i - z_i'b, z the design of encode.c
 * (Varian 1975; Zellner 1986).  Where a > 0 an answer that is too low costs exponentially, one that
 * is too high linearly; a < 0 is the reverse.  The unit of a is one over the target's: errors well
 * below 1 / |a| are judged by their squares.  Of normal errors of variance s^2 the answer is the mean
 * plus a s^2 / 2; as a goes to 0 it is least squares.  The same is a gamma regression of exp(a y) with
 * log link, which would overflow.  Unless given, a is 1 over the target's standard deviation, and a
 * fact of the model.
 *
 * Method: affine/residual.c, with the loss as it is: math/loss_row.c cuts it at exponents of 50, and has
 * Hessians made for leaves.  What overflows is infinite, and the search turns away from it.
 *
 * From far away Newton's method is lost in a loss so curved.  So a grows (as the barrier of an interior
 * point method does): least squares is where it is 0, and tells which columns depend on others while
 * all rows count alike; then a is START over the deviation of the residuals, and doubles
 * up to what was asked for.  Before each fit the mean of exp(a e) is made 1 by the intercept alone,
 * which is exact.
 *
 * The unit: minimised is the loss over a^2, which goes to e^2 / 2, so that l2 means what it does in
 * least squares.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/residual.h"
#include "core/math/exp.h"
#include "core/math/loss_row.h"

#define TOLERANCE 1e-10			/* of the gradient over that of an error of 1 / a, or of the target's deviation */
#define ROUGH_TOLERANCE 1e-4	/* on the way */
#define MANY_TOLERANCE 1e-6		/* of many coefficients: without a Hessian, values of the loss show no more */
#define START 2.0
#define A_MAX 1e4				/* times the target's deviation: beyond it, double precision does not carry exponents */
#define SERIES_TERMS 17			/* of the exponential up to 0.5: the remainder is below 1e-19 of the sum */
#define BLOCK MLPG_LOSS_BLOCK

static const MlpgParamSpec params[] = {
	{"a", MLPG_PARAM_REAL, NULL, -INFINITY, INFINITY, false, NULL, "above 0 punishes low answers; 1 / standard deviation", NULL},
	MLPG_FRAME_L2,
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
};

/* ---------- the loss ---------- */

/* exp(z) - 1 - z, the loss, and exp(z) - 1, minus its slope; near 0 by the series, as differences would lose it. */
static void
linex_terms(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict value, double *restrict grown)
{
	double		z[BLOCK];

	for (int i = 0; i < BLOCK; i++)
		z[i] = loss->parameter * (y[i] - score[i]);
	mlpg_exp_block(z, BLOCK, grown);
	for (int i = 0; i < BLOCK; i++)
	{
		double		tail = 1;

		for (int k = SERIES_TERMS; k > 2; k--)
			tail = 1 + tail * z[i] / k;
		value[i] = fabs(z[i]) > 0.5 ? grown[i] - 1 - z[i] : tail * z[i] * z[i] / 2;
		grown[i] = fabs(z[i]) > 0.5 ? grown[i] - 1 : z[i] + value[i];
	}
}

static void
linex_values(const MlpgLoss *loss, const double *y, const double *score, double *out)
{
	double		grown[BLOCK];

	linex_terms(loss, y, score, out, grown);
}

static void
linex_gradients(const MlpgLoss *loss, const double *y, const double *score, double *gradient, double *hessian)
{
	double		a = loss->parameter,
				grown[BLOCK];

	linex_terms(loss, y, score, hessian, grown);
	for (int i = 0; i < BLOCK; i++)
	{
		gradient[i] = -a * grown[i];
		hessian[i] = a * a * (grown[i] + 1);
	}
}

static const MlpgLossRow whole = {NULL, linex_gradients, linex_values};

/* ---------- the fit ---------- */

static void
set_loss(MlpgResidualFit *f, double a)
{
	f->loss = mlpg_loss_make(f->training->host, MLPG_LOSS_ID_linex, a, 0);
	f->loss.row = &whole;
}

/* a for the target in the fit's unit; unless it is given, 1. */
static double
read_a(const MlpgResidualFit *f)
{
	MlpgHost   *host = f->training->host;
	const MlpgParamValue *given = mlpg_params_value(f->training->plan->params, "a");
	double		a = given->text ? given->number * f->unit : 1;

	if (given->text == NULL)
		mlpg_fact_number(host, f->training->facts, "a", 1 / f->unit);
	if (a == 0)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, "There the loss is nothing.", "Learner \"linear\" is the limit.", "parameter \"a\" cannot be 0");
	if (!(fabs(a) <= A_MAX))
		mlpg_raise(host, MLPG_INVALID_PARAMETER,
				   mlpg_text(host, "Times the standard deviation of the target, %g, it may be up to %g.", f->unit, A_MAX),
				   "The unit of a is one over the target's: an error of 1 / a is a large one.",
				   "parameter \"a\" is too far from 0: %g", given->number);
	return a;
}

/* Makes the mean of exp(a e) 1 by the intercept; false: it is out of range. */
static bool
balance(MlpgResidualFit *f, double a, double *gradient)
{
	MlpgLinearLoss *p = &f->problem;

	if (!isfinite(mlpg_linear_loss_evaluate(f->training->host, p, gradient)))
		return false;
	if (p->rows->intercept)
		p->x[0] += log1p(-gradient[0] / a) / a;
	return true;
}

/* From least squares to a; as many iterations as it took. */
static int
grow(MlpgResidualFit *f, double a)
{
	MlpgLinearLoss *p = &f->problem;
	double		done = 0,
				next,
				tolerance,
			   *gradient;
	int			iterations;

	f->loss = mlpg_loss_make(f->training->host, MLPG_LOSS_ID_expectile, 0.5, 0);
	mlpg_residual_minimise(f, 1, ROUGH_TOLERANCE);
	iterations = p->minimum.iterations;
	gradient = mlpg_allocate(f->training->host, (size_t) p->n_unknowns + 1, sizeof(double));
	next = START / sqrt(2 * p->minimum.value);
	while (done != a)
	{
		next = next < fabs(a) ? copysign(next, a) : a;
		set_loss(f, next);
		if (!balance(f, next, gradient))
		{
			next = fabs(done + (next - done) / 2);
			continue;
		}
		tolerance = next != a ? ROUGH_TOLERANCE : p->hessian ? TOLERANCE : MANY_TOLERANCE;
		mlpg_residual_minimise(f, next * next, tolerance * fabs(next) * fmin(fabs(next), 1));
		iterations += p->minimum.iterations;
		done = next;
		next = 2 * fabs(next);
	}
	mlpg_release(f->training->host, gradient);
	return iterations;
}

static void
linex_fit(MlpgTraining *t)
{
	MlpgAffineModel model = {.n_outputs = 1, .df = NAN, .dispersion = NAN};
	MlpgResidualFit fit = {0};
	double		a;

	mlpg_residual_begin(t, &fit);
	a = read_a(&fit);
	fit.problem.minimum.iterations = grow(&fit, a);
	mlpg_residual_report(&fit, NULL, 1);
	model.coefficients = mlpg_allocate(t->host, (size_t) fit.design->n_terms + 1, sizeof(double));
	if (mlpg_residual_has_errors(&fit))
	{
		model.std_errors = mlpg_allocate(t->host, (size_t) fit.design->n_terms + 1, sizeof(double));
		model.df = INFINITY;
	}
	mlpg_residual_take(&fit, model.coefficients, model.std_errors);
	mlpg_residual_write(&fit, &model);
}

const MlpgLearner mlpg_linex = {
	.name = "linex",
	.summary = "linear regression, linear-exponential loss",
	.reference = "Varian 1975; Zellner 1986",
	.tasks = MLPG_TASK_REGRESSION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_ADDS_OFFSET | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "linex",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 2,
	.fit = linex_fit,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.explain = mlpg_affine_explain,
	.coefficients = mlpg_affine_coefficients,
};
