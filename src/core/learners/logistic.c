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
 * arrive.  Memory: the design (affine/design_rows.c), 8 bytes a value of a number and 4 an
 * indicator that holds.  Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/affine.h"
#include "core/learners/affine/linear_loss.h"
#include "core/learners/class_weights.h"

#define SEPARATED_L2 1e-8

static const MlpgParamSpec params[] = {
	{"l2", MLPG_PARAM_REAL, NULL, 0, 1e30, false, NULL, "ridge penalty on standardised columns; 1 / rows", NULL},
	{"l1", MLPG_PARAM_REAL, "0", 0, 1e30, false, NULL, "lasso penalty on standardised columns", NULL},
	{"intercept", MLPG_PARAM_BOOLEAN, "true", 0, 0, false, NULL, "fit a constant term", NULL},
	{"class_weight", MLPG_PARAM_TEXT, NULL, 0, 0, false, "balanced, or a list of numbers above 0, one a class in class order",
	"weights of the classes", mlpg_class_weight_is_valid},
	{"tolerance", MLPG_PARAM_REAL, "1e-8", 0, 1, true, NULL, "largest component of the gradient", NULL},
	{"max_iterations", MLPG_PARAM_INTEGER, "1000", 1, 1000000, false, NULL, "steps after which it ends unconverged", NULL},
	{"unseen", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "error|null|zero", "answer for categories not seen in training", NULL},
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	int64_t		n;
	int			n_classes;
	double	   *y;
	double	   *w;				/* of rows and classes together, or NULL */
	double	   *class_total;	/* weight of each class */
	double		total;
	bool		penalised;
	MlpgLoss	loss;
	MlpgLinearLoss problem;
} Fit;

static void
number_fact(Fit *f, const char *name, double value)
{
	if (isfinite(value))
		mlpg_fact_text(f->host, f->t->facts, name, mlpg_number_text(f->host, value));
}

/* ---------- rows ---------- */

/* Sums the weights of the classes; returns how many rows have any. */
static int64_t
weigh(Fit *f)
{
	int64_t		n = 0;

	f->class_total = mlpg_allocate(f->host, (size_t) f->n_classes, sizeof(double));
	for (int64_t i = 0; i < f->n; i++)
	{
		double		w = f->w ? f->w[i] : 1;

		f->class_total[(int) f->y[i]] += w;
		n += w > 0;
		if (i % 65536 == 0)
			mlpg_check(f->host, NULL, 0, 0);
	}
	for (int k = 0; k < f->n_classes; k++)
		f->total += f->class_total[k];
	if (!(f->total > 0))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all rows are zero.", NULL, "no row has a weight");
	if (!isfinite(f->total))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "Their sum is out of range.", "Express very large weights in other units.", "weights are too large");
	for (int k = 0; k < f->n_classes; k++)
		if (!(f->class_total[k] > 0))
			mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all its rows are zero.", "Leave these rows out.",
					   "class \"%.100s\" has no weight", f->t->schema->classes->text[k]);
	return n;
}

static int64_t
read_rows(Fit *f)
{
	const MlpgPlan *plan = f->t->plan;
	const char *class_weight = mlpg_params_value(plan->params, "class_weight")->text;
	int			weight = mlpg_plan_weight_column(plan);

	f->y = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
	mlpg_matrix_read(f->t->matrix, plan->n_features, 0, f->n, f->y);
	if (weight >= 0)
	{
		f->w = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
		mlpg_matrix_read(f->t->matrix, weight, 0, f->n, f->w);
	}
	if (class_weight)
		f->w = mlpg_class_weigh(f->host, f->w, f->y, f->n, mlpg_class_weights(f->host, class_weight, f->y, f->n, f->n_classes));
	return weigh(f);
}

/* ---------- the fit ---------- */

static void
prepare(Fit *f, MlpgDesign **design)
{
	MlpgTraining *t = f->t;
	const MlpgParams *p = t->plan->params;
	int64_t		n_weighty = read_rows(f);
	MlpgLinearLoss *problem = &f->problem;

	problem->l1 = mlpg_params_real(p, "l1");
	if (mlpg_params_value(p, "l2")->text)
		problem->l2 = mlpg_params_real(p, "l2");
	else
	{
		problem->l2 = problem->l1 > 0 ? 0 : 1 / (double) n_weighty;
		number_fact(f, "l2", problem->l2);
	}
	f->penalised = problem->l1 > 0 || problem->l2 > 0;
	t->schema->unseen = mlpg_unseen_policy(p, f->penalised ? MLPG_UNSEEN_ZERO : MLPG_UNSEEN_NULL);
	*design = mlpg_design_create(f->host, t->schema, mlpg_params_boolean(p, "intercept"), !f->penalised);
	f->loss = mlpg_loss_make(f->host, f->n_classes == 2 ? MLPG_LOSS_ID_logistic : MLPG_LOSS_ID_softmax, NAN, f->n_classes);
	problem->rows = mlpg_design_rows_create(t, *design, true, f->w);
	problem->loss = &f->loss;
	problem->y = f->y;
	problem->w = f->w;
	problem->reference = f->n_classes > 2 && !f->penalised;
	problem->tolerance = mlpg_params_real(p, "tolerance");
	problem->max_iterations = (int) mlpg_params_integer(p, "max_iterations");
	mlpg_linear_loss_begin(f->host, problem);
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
check_range(MlpgHost *host, const double *coefficients, size_t n)
{
	for (size_t j = 0; j < n; j++)
		if (!isfinite(coefficients[j]))
			mlpg_raise(host, MLPG_DATA_EXCEPTION, "A coefficient is outside the range of double precision.",
					   "Express very large or very small columns in other units.", "values are too large or too small to fit a linear model");
}

static void
logistic_fit(MlpgTraining *t)
{
	MlpgHost   *host = t->host;
	Fit			f = {.t = t, .host = host, .n = t->n_rows, .n_classes = mlpg_schema_classes(t->schema)};
	MlpgAffineModel model = {.df = NAN, .dispersion = NAN};
	MlpgLinearLoss *p = &f.problem;
	size_t		n_terms,
				n_coefficients;
	bool		separated;

	prepare(&f, &model.design);
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
	check_range(host, model.coefficients, n_coefficients);
	for (size_t c = 0; c < n_terms; c++)
		model.design->term[p->rows->term[c]].dropped = p->fixed[c];
	if (p->reference)
		mlpg_fact(host, t->facts, "reference_class", "%s", t->schema->classes->text[0]);
	report(&f, separated);
	mlpg_affine_report_dropped(t, model.design);
	model.means = mlpg_allocate(host, (size_t) n_terms + 1, sizeof(double));
	mlpg_design_rows_means(p->rows, model.means);
	mlpg_affine_write(t->payload, &model);
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
