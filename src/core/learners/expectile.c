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
#include "core/learners/affine/affine.h"
#include "core/learners/affine/linear_loss.h"
#include "core/math/sort.h"

#define TOLERANCE 1e-10
#define MAX_ITERATIONS 1000

static const MlpgParamSpec params[] = {
	{"expectile", MLPG_PARAM_REALS, "0.5", 0, 1, true, NULL, "levels to fit; predict answers the first", NULL},
	{"intercept", MLPG_PARAM_BOOLEAN, "true", 0, 0, false, NULL, "fit a constant term", NULL},
	{"unseen", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "error|null|zero", "answer for categories not seen in training", NULL},
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	int64_t		n;
	int64_t		n_positive;		/* rows with a weight */
	double	   *y;				/* less the mean, over the standard deviation */
	double	   *w;
	double		total;
	double		mean;
	double		deviation;
	MlpgLoss	loss;
	MlpgLinearLoss problem;
} Fit;

/* Ascending and distinct. */
static void
read_levels(MlpgHost *host, const MlpgParamValue *value, MlpgAffineModel *model)
{
	model->levels = mlpg_allocate(host, (size_t) value->n_numbers, sizeof(double));
	memcpy(model->levels, value->numbers, (size_t) value->n_numbers * sizeof(double));
	mlpg_sort(host, model->levels, NULL, value->n_numbers);
	for (int i = 0; i < value->n_numbers; i++)
		if (model->n_outputs == 0 || model->levels[i] > model->levels[model->n_outputs - 1])
			model->levels[model->n_outputs++] = model->levels[i];
	while (model->levels[model->main_output] != value->numbers[0])
		model->main_output++;
}

/* The target in units of its own: a power of two first, so that squares are in range. */
static void
standardise_target(Fit *f, bool centred)
{
	double		most = 0,
				unit,
				sum = 0,
				squares = 0;
	int			e;

	for (int64_t i = 0; i < f->n; i++)
		most = fmax(most, fabs(f->y[i]));
	frexp(most, &e);
	unit = ldexp(1, e - 1);
	for (int64_t i = 0; i < f->n; i++)
		sum += (f->w ? f->w[i] / f->total : 1 / f->total) * (f->y[i] /= unit);
	f->mean = centred ? sum : 0;
	for (int64_t i = 0; i < f->n; i++)
	{
		f->y[i] -= f->mean;
		squares += (f->w ? f->w[i] / f->total : 1 / f->total) * f->y[i] * f->y[i];
	}
	f->deviation = squares > 0 ? sqrt(squares) : 1;
	for (int64_t i = 0; i < f->n; i++)
		f->y[i] /= f->deviation;
	f->mean *= unit;
	f->deviation *= unit;
}

static void
read_rows(Fit *f)
{
	const MlpgPlan *plan = f->t->plan;
	int			weight = mlpg_plan_weight_column(plan);

	f->y = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
	mlpg_matrix_read(f->t->matrix, plan->n_features, 0, f->n, f->y);
	f->total = (double) f->n;
	f->n_positive = f->n;
	if (weight < 0)
		return;
	f->w = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
	mlpg_matrix_read(f->t->matrix, weight, 0, f->n, f->w);
	f->total = 0;
	f->n_positive = 0;
	for (int64_t i = 0; i < f->n; i++)
	{
		f->total += f->w[i];
		f->n_positive += f->w[i] > 0;
	}
	if (!(f->total > 0))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all rows are zero.", NULL, "no row has a weight");
	if (!isfinite(f->total))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "Their sum is out of range.", "Express very large weights in other units.", "weights are too large");
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
				covariance[i * n + j] += half[i * n + k] * inverse[k * n + j] / f->total;
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
	double		objective = m->value * f->total * f->deviation * f->deviation;

	if (isfinite(objective))
		mlpg_fact_text(host, facts, mlpg_text(host, "objective%s", suffix), mlpg_number_text(host, objective));
	mlpg_fact(host, facts, mlpg_text(host, "iterations%s", suffix), "%d", m->iterations);
	if (!m->converged)
		mlpg_fact(host, facts, "warning", "expectile %g did not converge in %d iterations: its gradient is %.2g, not %.2g",
				  level, m->iterations, m->gradient, f->problem.tolerance);
}

/* Coefficients, and standard errors if there are any, of the level at hand, in the target's units. */
static void
take_level(Fit *f, const MlpgDesign *design, double *coefficients, double *errors)
{
	MlpgHost   *host = f->host;
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
		if (!isfinite(coefficients[j]) || (errors && isinf(errors[j])))
			mlpg_raise(host, MLPG_DATA_EXCEPTION, "A coefficient is outside the range of double precision.",
					   "Express very large or very small columns in other units.", "values are too large or too small to fit a linear model");
	}
}

static void
expectile_fit(MlpgTraining *t)
{
	MlpgHost   *host = t->host;
	const MlpgParams *params_of = t->plan->params;
	Fit			f = {.t = t, .host = host, .n = t->n_rows};
	MlpgLinearLoss *p = &f.problem;
	MlpgAffineModel model = {.df = NAN, .dispersion = NAN};
	size_t		n_terms;

	read_levels(host, mlpg_params_value(params_of, "expectile"), &model);
	t->schema->unseen = mlpg_unseen_policy(params_of, MLPG_UNSEEN_NULL);
	model.design = mlpg_design_create(host, t->schema, mlpg_params_boolean(params_of, "intercept"), true);
	n_terms = (size_t) model.design->n_terms;
	model.coefficients = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model.n_outputs, n_terms) + 1, sizeof(double));
	read_rows(&f);
	standardise_target(&f, n_terms > 0 && model.design->term[0].kind == MLPG_TERM_INTERCEPT);
	p->rows = mlpg_design_rows_create(t, model.design, true, f.w);
	p->loss = &f.loss;
	p->y = f.y;
	p->w = f.w;
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
		if (o == 0 && p->hessian && f.n_positive > (int64_t) n_terms - p->n_fixed)
		{
			model.std_errors = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model.n_outputs, n_terms) + 1, sizeof(double));
			model.df = INFINITY;
		}
		errors = model.std_errors ? model.std_errors + (size_t) o * n_terms : NULL;
		take_level(&f, model.design, model.coefficients + (size_t) o * n_terms, errors);
	}
	for (size_t c = 0; c < n_terms; c++)
		model.design->term[p->rows->term[c]].dropped = p->fixed[c];
	mlpg_affine_report_dropped(t, model.design);
	model.means = mlpg_allocate(host, (size_t) n_terms + 1, sizeof(double));
	mlpg_design_rows_means(p->rows, model.means);
	mlpg_affine_write(t->payload, &model);
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
