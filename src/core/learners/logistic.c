/*-------------------------------------------------------------------------
 *
 * logistic.c
 *	  Logistic regression: probabilities of two or more classes.
 *
 * Problem.  Minimise (1/W) sum_i w_i loss_i + l2/2 |b_s|^2 + l1 |b_s|_1, z the design of
 * encode.c, W the sum of weights, b_s coefficients on columns of unit variance (1/n),
 * intercepts not penalised.  Two classes (Cox 1958): loss = log(1 + exp(-s z'b)), s = 1 for
 * the second class and -1 for the first.  K classes: a score a class, loss = -log of
 * the softmax of the row's class; without a penalty the first class is the reference
 * (Theil 1969), with one all classes have coefficients (Friedman, Hastie and Tibshirani 2010).
 *
 * Method: affine/linear_loss.c: Newton for up to 512 coefficients (2,048 without a penalty), limited-memory BFGS above; L1
 * by proximal Newton and OWL-QN.  Converged means that no component of the (sub)gradient
 * of the problem as written, on columns of unit variance, is above the tolerance; the last one measured is
 * a fact of the model.  What did not converge is answered as far as it came, with a WARNING.
 *
 * Without a penalty (l2 = l1 = 0): standard errors from the inverse of the observed
 * information, normal statistics, weights being counts of rows; columns that depend
 * on others are dropped.  There is no answer where a hyperplane separates
 * the classes (Albert and Anderson 1984): scores beyond 30 with steps that go on show it. Then the
 * answer is that of a ridge penalty of SEPARATED_L2, without standard errors, with a WARNING.
 *
 * NULL: missing numbers take their mean plus an indicator; rows without a target never
 * arrive.  Memory: 8 to 16 bytes a row, and what affine/design_rows.c takes.  Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/linear_loss.h"
#include "core/learners/class_weights.h"

#define SEPARATED_L2 1e-8

static const MlpgParamSpec params[] = {
	{"l2", MLPG_PARAM_REAL, NULL, 0, 1e30, false, NULL, "ridge penalty on standardised columns; 1 / rows", NULL},
	{"l1", MLPG_PARAM_REAL, "0", 0, 1e30, false, NULL, "lasso penalty on standardised columns", NULL},
	MLPG_FRAME_INTERCEPT,
	MLPG_CLASS_WEIGHT,
	{"tolerance", MLPG_PARAM_REAL, "1e-8", 0, 1, true, NULL, "largest component of the gradient", NULL},
	{"max_iterations", MLPG_PARAM_INTEGER, "1000", 1, 1000000, false, NULL, "steps after which it ends unconverged", NULL},
	MLPG_FRAME_UNSEEN,
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	int			n_classes;
	MlpgTrainingRows rows;		/* weights: of rows and classes together */
	double	   *class_total;	/* weight of each class */
	double		total;
	bool		penalised;
	MlpgLoss	loss;
	MlpgLinearLoss problem;
} Fit;

static void
number_fact(Fit *f, const char *name, double value)
{
	mlpg_fact_number(f->host, f->t->facts, name, value);
}

/* ---------- rows ---------- */

/* Every class needs weight. */
static void
weigh_classes(Fit *f)
{
	const MlpgTrainingRows *r = &f->rows;

	f->class_total = mlpg_allocate(f->host, (size_t) f->n_classes, sizeof(double));
	for (int64_t i = 0; i < r->n; i++)
		f->class_total[(int) r->y[i]] += r->w ? r->w[i] : 1;
	for (int k = 0; k < f->n_classes; k++)
	{
		f->total += f->class_total[k];
		if (!(f->class_total[k] > 0))
			mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all its rows are zero.", "Leave these rows out.",
					   "class \"%.100s\" has no weight", f->t->schema->classes->text[k]);
	}
}

static void
read_rows(Fit *f)
{
	MlpgTrainingRows *r = &f->rows;
	const char *class_weight = mlpg_params_value(f->t->plan->params, "class_weight")->text;

	mlpg_training_columns(f->t, r);
	if (class_weight)
		r->w = mlpg_class_weigh(f->host, r->w, r->y, r->n, mlpg_class_weights(f->host, class_weight, r->y, r->n, f->n_classes));
	mlpg_training_weigh(f->host, r);
	weigh_classes(f);
}

/* ---------- the fit ---------- */

static MlpgDesign *
prepare(Fit *f)
{
	const MlpgParams *p = f->t->plan->params;
	MlpgLinearLoss *problem = &f->problem;
	MlpgDesign *design;

	read_rows(f);
	problem->l1 = mlpg_params_real(p, "l1");
	if (mlpg_params_value(p, "l2")->text)
		problem->l2 = mlpg_params_real(p, "l2");
	else
	{
		problem->l2 = problem->l1 > 0 ? 0 : 1 / (double) f->rows.n_weighty;
		number_fact(f, "l2", problem->l2);
	}
	f->penalised = problem->l1 > 0 || problem->l2 > 0;
	design = mlpg_frame_design(f->t, f->penalised);
	f->loss = mlpg_loss_make(f->host, f->n_classes == 2 ? MLPG_LOSS_ID_logistic : MLPG_LOSS_ID_softmax, NAN, f->n_classes);
	problem->rows = mlpg_design_rows_create(f->t, design, true, f->rows.w);
	problem->loss = &f->loss;
	problem->y = f->rows.y;
	problem->w = f->rows.w;
	problem->reference = f->n_classes > 2 && !f->penalised;
	problem->tolerance = mlpg_params_real(p, "tolerance");
	problem->max_iterations = (int) mlpg_params_integer(p, "max_iterations");
	mlpg_linear_loss_begin(f->host, problem);
	return design;
}

/* The answer, that of a small ridge penalty where there is none; true: separated. */
static bool
solve(Fit *f)
{
	MlpgLinearLoss *p = &f->problem;

	mlpg_linear_loss_minimise(f->host, p);
	if (!p->minimum.unbounded)
		return false;
	mlpg_fact(f->host, f->t->facts, "warning",
			  "classes are separated: without a penalty coefficients grow without end; they are those of l2 = %g, without standard errors",
			  SEPARATED_L2);
	mlpg_linear_loss_restart(f->host, p, SEPARATED_L2);
	mlpg_linear_loss_minimise(f->host, p);
	return true;
}

static void
report(Fit *f, bool separated)
{
	const MlpgLinearLoss *p = &f->problem;
	const MlpgMinimum *m = &p->minimum;
	double		penalty = 0,
				null_deviance = 0;
	int			rank = p->n_unknowns - p->n_fixed * p->n_scores;

	for (int k = 0; k < p->n_unknowns; k++)
		if (!(p->rows->intercept && k % p->rows->n_columns == 0))
			penalty += p->l2 / 2 * p->x[k] * p->x[k] + p->l1 * fabs(p->x[k]);
	for (int k = 0; k < f->n_classes; k++)
		null_deviance -= 2 * f->class_total[k] * log(p->rows->intercept ? f->class_total[k] / f->total : 1.0 / f->n_classes);
	if (!m->converged)
		mlpg_fact(f->host, f->t->facts, "warning", "the fit did not converge in %d iterations: its gradient is %.2g, not %.2g",
				  m->iterations, m->gradient, p->tolerance);
	mlpg_fact(f->host, f->t->facts, "solver", "%s", p->hessian ? "newton" : "lbfgs");
	mlpg_fact(f->host, f->t->facts, "iterations", "%d", m->iterations);
	mlpg_fact(f->host, f->t->facts, "gradient", "%.2g", m->gradient);
	number_fact(f, "log_likelihood", -f->total * (m->value - penalty));
	number_fact(f, "deviance", 2 * f->total * (m->value - penalty));
	number_fact(f, "null_deviance", null_deviance);
	if (!f->penalised && !separated)
		number_fact(f, "aic", 2 * f->total * (m->value - penalty) + 2 * rank);
}

/* Standard errors of all classes; the reference has none. */
static double *
standard_errors(Fit *f)
{
	MlpgHost   *host = f->host;
	MlpgLinearLoss *p = &f->problem;
	size_t		n = (size_t) p->n_unknowns,
				n_terms = (size_t) p->rows->n_columns,
				ahead = p->reference ? n_terms : 0;
	double	   *gradient = mlpg_allocate(host, n + 1, sizeof(double));
	double	   *covariance = mlpg_allocate(host, n * n + 1, sizeof(double));
	double	   *errors = mlpg_allocate(host, n + ahead + 1, sizeof(double));
	double		most = 0;

	(void) mlpg_linear_loss_evaluate(host, p, gradient);
	for (size_t k = 0; k < n; k++)
		most = fmax(most, fabs(gradient[k]));
	p->minimum.gradient = most;
	mlpg_newton_inverse(host, p->hessian, (int) n, p->fixed, covariance);
	for (size_t k = 0; k < n * n; k++)
		covariance[k] /= f->total;
	for (size_t j = 0; j < ahead; j++)
		errors[j] = NAN;
	mlpg_linear_loss_errors(host, p, covariance, errors + ahead);
	mlpg_release(host, gradient);
	mlpg_release(host, covariance);
	return errors;
}

static void
logistic_fit(MlpgTraining *t)
{
	MlpgHost   *host = t->host;
	Fit			f = {.t = t, .host = host, .n_classes = mlpg_schema_classes(t->schema)};
	MlpgAffineModel model = {.df = NAN, .dispersion = NAN};
	MlpgLinearLoss *p = &f.problem;
	size_t		n_terms,
				n_coefficients;
	bool		separated;

	model.design = prepare(&f);
	n_terms = (size_t) model.design->n_terms;
	model.n_outputs = mlpg_class_outputs(f.n_classes);
	model.main_output = 0;
	model.link.id = f.n_classes == 2 ? MLPG_AFFINE_LOGIT : MLPG_AFFINE_SOFTMAX;
	n_coefficients = (size_t) model.n_outputs * n_terms;
	model.coefficients = mlpg_allocate(host, n_coefficients + 1, sizeof(double));
	separated = solve(&f);
	if (!f.penalised && !separated && p->hessian)
	{
		model.std_errors = standard_errors(&f);
		model.df = INFINITY;
	}
	mlpg_linear_loss_coefficients(p, model.coefficients + (p->reference ? n_terms : 0));
	mlpg_frame_check_range(host, model.coefficients, NULL, n_coefficients);
	if (p->reference)
		mlpg_fact(host, t->facts, "reference_class", "%s", t->schema->classes->text[0]);
	report(&f, separated);
	mlpg_frame_drop(t, model.design, p->rows, p->fixed);
	mlpg_frame_write(t, p->rows, &model);
}

const MlpgLearner mlpg_logistic = {
	.name = "logistic",
	.summary = "logistic regression of two or more classes",
	.reference = "Cox 1958; Andrew and Gao 2007",
	.tasks = MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "logistic",
	.single_pass = false,
	.min_rows = 2,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 2,
	.fit = logistic_fit,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.explain = mlpg_affine_explain,
	.coefficients = mlpg_affine_coefficients,
};
