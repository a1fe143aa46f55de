/*-------------------------------------------------------------------------
 *
 * expectile.c
 *	  Linear expectile regression, one or several levels.
 *
 * Problem.  For each level tau minimise sum_i w_i |tau - [e_i < 0]| e_i^2, e_i = y_i - z_i'b, z the
 * design of encode.c (Newey and Powell 1987).  At 0.5 that is least squares; an expectile is to
 * the mean what a quantile is to the median: above it lie the errors, in sum, that
 * balance tau / (1 - tau) times those below.
 *
 * Method: Newton's (affine/linear_loss.c), which here is least squares with weights
 * tau or 1 - tau by the sign of each error, again until no sign changes: the loss is a parabola
 * between such changes, so the end is exact, and it comes after a handful of steps.  Each
 * level starts from the one before.  The target is taken in units of its standard
 * deviation, so that tolerances mean the same whatever it is measured in.
 *
 * Standard errors: A^-1 B A^-1, A the weighted cross-products at the answer, B those by squared
 * weighted errors (Newey and Powell 1987, theorem 3; at 0.5 White's HC0).  They hold for
 * errors of unequal variance; statistics are normal.  None where no degree of freedom is
 * left, and none above 2,048 terms, which are fitted by limited-memory BFGS.
 *
 * Predictions at several levels are rearranged, so they never cross.
 *
 * NULL: missing numbers take their mean plus an indicator; rows without a target never arrive.
 * Memory: the design (affine/design_rows.c).  Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/linear_loss.h"

#define TOLERANCE 1e-10
#define MAX_ITERATIONS 1000

static const MlpgParamSpec params[] = {
	{"expectile", MLPG_PARAM_REALS, "0.5", 0, 1, true, NULL, "levels to fit; predict answers the first", NULL},
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	MlpgTrainingRows rows;		/* the target less the mean, over the standard deviation */
	double		mean;
	double		deviation;
	MlpgLoss	loss;
	MlpgLinearLoss problem;
} Fit;

/* The target in units of its own: a power of two first, so that squares are in range. */
static void
standardise_target(Fit *f, bool centred)
{
	const MlpgTrainingRows *r = &f->rows;
	double		most = 0,
				unit,
				sum = 0,
				squares = 0;
	int			e;

	for (int64_t i = 0; i < r->n; i++)
		most = fmax(most, fabs(r->y[i]));
	frexp(most, &e);
	unit = ldexp(1, e - 1);
	for (int64_t i = 0; i < r->n; i++)
		sum += (r->w ? r->w[i] / r->total : 1 / r->total) * (r->y[i] /= unit);
	f->mean = centred ? sum : 0;
	for (int64_t i = 0; i < r->n; i++)
	{
		r->y[i] -= f->mean;
		squares += (r->w ? r->w[i] / r->total : 1 / r->total) * r->y[i] * r->y[i];
	}
	f->deviation = squares > 0 ? sqrt(squares) : 1;
	for (int64_t i = 0; i < r->n; i++)
		r->y[i] /= f->deviation;
	f->mean *= unit;
	f->deviation *= unit;
}

/* Standard errors of the level at hand, in units of the target's. */
static void
standard_errors(Fit *f, double *out)
{
	MlpgHost   *host = f->host;
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

static void
report(Fit *f, double level)
{
	MlpgHost   *host = f->host;
	MlpgFacts  *facts = f->t->facts;
	const MlpgMinimum *m = &f->problem.minimum;
	char	   *suffix = mlpg_text(host, " @%g", level);

	mlpg_fact_number(host, facts, mlpg_text(host, "objective%s", suffix), m->value * f->rows.total * f->deviation * f->deviation);
	mlpg_fact(host, facts, mlpg_text(host, "iterations%s", suffix), "%d", m->iterations);
	if (!m->converged)
		mlpg_fact(host, facts, "warning", "expectile %g did not converge in %d iterations: its gradient is %.2g, not %.2g",
				  level, m->iterations, m->gradient, f->problem.tolerance);
}

/* Coefficients, and standard errors if there are any, of the level at hand, in the target's units. */
static void
take_level(Fit *f, const MlpgDesign *design, double *coefficients, double *errors)
{
	int			n = design->n_terms;

	mlpg_linear_loss_coefficients(&f->problem, coefficients);
	if (errors)
		standard_errors(f, errors);
	for (int j = 0; j < n; j++)
	{
		coefficients[j] *= f->deviation;
		if (j == 0 && f->problem.rows->intercept)
			coefficients[j] += f->mean;
		if (errors)
			errors[j] *= f->deviation;
	}
	mlpg_frame_check_range(f->host, coefficients, errors, (size_t) n);
}

static void
expectile_fit(MlpgTraining *t)
{
	MlpgHost   *host = t->host;
	const MlpgParamValue *asked = mlpg_params_value(t->plan->params, "expectile");
	MlpgLevels	levels = mlpg_levels_read(host, asked->numbers, asked->n_numbers);
	Fit			f = {.t = t, .host = host};
	MlpgLinearLoss *p = &f.problem;
	MlpgAffineModel model = {.n_outputs = levels.n, .levels = levels.level, .main_output = levels.main, .df = NAN, .dispersion = NAN};
	size_t		n_terms;

	model.design = mlpg_frame_design(t, false);
	n_terms = (size_t) model.design->n_terms;
	model.coefficients = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model.n_outputs, n_terms) + 1, sizeof(double));
	mlpg_training_read(t, &f.rows);
	standardise_target(&f, n_terms > 0 && model.design->term[0].kind == MLPG_TERM_INTERCEPT);
	p->rows = mlpg_design_rows_create(t, model.design, true, f.rows.w);
	p->loss = &f.loss;
	p->y = f.rows.y;
	p->w = f.rows.w;
	p->tolerance = TOLERANCE;
	p->max_iterations = MAX_ITERATIONS;
	for (int o = 0; o < model.n_outputs; o++)
	{
		double	   *errors = NULL;

		f.loss = mlpg_loss_make(host, MLPG_LOSS_ID_expectile, model.levels[o], 0);
		if (o == 0)
			mlpg_linear_loss_begin(host, p);
		mlpg_linear_loss_minimise(host, p);
		report(&f, model.levels[o]);
		if (o == 0 && p->hessian && f.rows.n_weighty > (int64_t) n_terms - p->n_fixed)
		{
			model.std_errors = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model.n_outputs, n_terms) + 1, sizeof(double));
			model.df = INFINITY;
		}
		errors = model.std_errors ? model.std_errors + (size_t) o * n_terms : NULL;
		take_level(&f, model.design, model.coefficients + (size_t) o * n_terms, errors);
	}
	mlpg_frame_drop(t, model.design, p->rows, p->fixed);
	mlpg_frame_write(t, p->rows, &model);
}

const MlpgLearner mlpg_expectile = {
	.name = "expectile",
	.summary = "linear expectile regression",
	.reference = "Newey and Powell 1987",
	.tasks = MLPG_TASK_REGRESSION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "expectile",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 2,
	.fit = expectile_fit,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.explain = mlpg_affine_explain,
	.coefficients = mlpg_affine_coefficients,
};
