/*-------------------------------------------------------------------------
 *
 * glm.c
 *	  Generalised linear models.
 *
 * Problem.  The mean mu of the target has g(mu) = b_0 + z'b + offset, z the design of encode.c, and
 * the target's variance is phi V(mu) / w (Nelder and Wedderburn 1972).  Families and links:
 * affine/family.c, affine/link.c.  Minimised is (1/W) sum w deviance / 2 + l2/2 |b_s|^2 as in
 * doc/NUMERICS.md, 3; without penalty that is maximum likelihood.
 *
 * Solver: affine/irls.c.  The negative binomial's theta, if it is not given, is found
 * by turns with the coefficients, as MASS::glm.nb does: for a fixed mean its likelihood is
 * maximised by Newton's method.
 *
 * Reported as by R's summary(glm): the dispersion is 1 for binomial, poisson and negative binomial and the tests are normal; else it
 * is Pearson's statistic over the degrees of freedom and the tests are Student's.  Rows of
 * weight zero do not count.  With a penalty, after separation, or with a dispersion and no degree of
 * freedom to estimate it there are no standard errors.
 *
 * Separation: where fitted means go to their bound without end, the answer is
 * that of a ridge of 1e-8, with a WARNING.
 *
 * Two classes are a binomial target of 0 and 1, the second class being 1.
 *
 * NULL: missing numbers take their mean plus an indicator; rows without target or offset
 * never arrive.  Memory: 24 to 32 bytes a row, and what affine/design_rows.c takes.
 * Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/irls.h"
#include "core/learners/affine/sandwich.h"
#include "core/math/dist.h"
#include "core/math/special.h"

#define SEPARATED_L2 1e-8
#define USUAL_POWER "1.5"		/* of the variance of a Tweedie distribution */
#define THETA_ROUNDS 50
#define THETA_STEPS 100
#define THETA_TOLERANCE 1e-11
#define THETA_MAX 1e8			/* from here on it is a Poisson distribution */

static const MlpgParamSpec params[] = {
	{"family", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "gaussian|binomial|poisson|negative_binomial|gamma|inverse_gaussian|tweedie",
	"distribution of the target", NULL},
	{"link", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "identity|log|inverse|1/mu^2|sqrt|logit|probit|cloglog|power", "from mean to linear predictor", NULL},
	{"power", MLPG_PARAM_REAL, USUAL_POWER, 1, 2, true, NULL, "tweedie: power of the variance", NULL},
	{"theta", MLPG_PARAM_REAL, NULL, 0, INFINITY, true, NULL, "negative_binomial: fixed, not estimated", NULL},
	MLPG_FRAME_L2,
	MLPG_FRAME_INTERCEPT,
	{"robust", MLPG_PARAM_CHOICE, NULL, 0, 0, false, MLPG_SANDWICH_CHOICES, "standard errors that hold for any variances", NULL},
	{"max_iterations", MLPG_PARAM_INTEGER, "100", 1, 10000, false, NULL, "most passes of the solver", NULL},
	MLPG_FRAME_UNSEEN,
};

typedef struct Glm
{
	MlpgTraining *t;
	MlpgHost   *host;
	const MlpgParams *params;
	MlpgIrls	fit;
	MlpgDesign *design;
	MlpgTrainingRows rows;
	bool		estimates_theta;
	double		theta_error;
	double		df;				/* residual degrees of freedom */
	double		dispersion;
	bool		penalised;
} Glm;

/* ---------- what is asked for ---------- */

MLPG_NORETURN static void
raise_not_of_family(const Glm *g, const char *parameter, MlpgFamilyId owner)
{
	mlpg_raise(g->host, MLPG_INVALID_PARAMETER, NULL, mlpg_text(g->host, "Leave it out, or give \"family\":\"%s\".", mlpg_family_name(owner)),
			   "parameter \"%s\" does not go with family \"%s\"", parameter, mlpg_family_name(g->fit.family.id));
}

static void
read_family(Glm *g)
{
	const MlpgParamValue *asked = mlpg_params_value(g->params, "family");
	const MlpgParamValue *theta = mlpg_params_value(g->params, "theta");
	bool		classes = g->t->plan->task == MLPG_TASK_CLASSIFICATION;
	MlpgFamily *f = &g->fit.family;

	f->id = asked->text ? (MlpgFamilyId) mlpg_family_find(asked->text) : classes ? MLPG_FAMILY_BINOMIAL : MLPG_FAMILY_GAUSSIAN;
	f->theta = INFINITY;
	f->power = mlpg_params_real(g->params, "power");
	if (classes && f->id != MLPG_FAMILY_BINOMIAL)
		mlpg_raise(g->host, MLPG_INVALID_PARAMETER, NULL, "Leave family out, or give a numeric target.",
				   "family \"%s\" does not fit classes", mlpg_family_name(f->id));
	if (classes && mlpg_schema_classes(g->t->schema) > 2)
		mlpg_raise(g->host, MLPG_NOT_SUPPORTED, mlpg_text(g->host, "The target has %d classes.", mlpg_schema_classes(g->t->schema)),
				   "Use algorithm => 'logistic'.", "learner \"glm\" has two classes at most");
	if (theta->text && f->id != MLPG_FAMILY_NEGATIVE_BINOMIAL)
		raise_not_of_family(g, "theta", MLPG_FAMILY_NEGATIVE_BINOMIAL);
	if (strcmp(mlpg_params_value(g->params, "power")->text, USUAL_POWER) != 0 && f->id != MLPG_FAMILY_TWEEDIE)
		raise_not_of_family(g, "power", MLPG_FAMILY_TWEEDIE);
	if (f->id == MLPG_FAMILY_NEGATIVE_BINOMIAL)
	{
		g->estimates_theta = theta->text == NULL;
		f->theta = theta->text ? theta->number : 1;
	}
}

static void
read_link(Glm *g)
{
	const MlpgParamValue *asked = mlpg_params_value(g->params, "link");
	MlpgFamily *f = &g->fit.family;
	char	   *list = NULL;

	f->link = mlpg_family_default_link(f);
	if (asked->text == NULL)
		return;
	f->link.id = (MlpgAffineLink) mlpg_link_find(asked->text);
	if (f->link.id == MLPG_AFFINE_POWER)
		f->link.power = 1 - f->power;
	if (mlpg_family_has_link(f->id, f->link.id))
		return;
	for (int k = 0; k < MLPG_AFFINE_LINKS; k++)
		if (mlpg_family_has_link(f->id, (MlpgAffineLink) k))
			list = mlpg_text(g->host, "%s%s%s", list ? list : "", list ? ", " : "", mlpg_link_name((MlpgAffineLink) k));
	mlpg_raise(g->host, MLPG_INVALID_PARAMETER, NULL, mlpg_text(g->host, "Its links are: %s.", list),
			   "link \"%s\" does not fit family \"%s\"", asked->text, mlpg_family_name(f->id));
}

static void
read_rows(Glm *g)
{
	MlpgTraining *t = g->t;
	MlpgTrainingRows *r = &g->rows;

	mlpg_training_read(t, r);
	mlpg_family_check_target(g->host, &g->fit.family, r->y, r->w, r->n);
	g->design = mlpg_frame_design(t, g->penalised);
	mlpg_affine_require_memory(t, g->design, MLPG_IRLS_PAIR_BYTES(g->host, mlpg_params_value(t->plan->params, "robust")->text != NULL) *
							   g->design->n_terms * g->design->n_terms);
	g->fit.host = g->host;
	g->fit.y = r->y;
	g->fit.w = r->w;
	g->fit.offset = r->offset;
	g->fit.l2 = mlpg_params_real(g->params, "l2");
	g->fit.max_iterations = (int) mlpg_params_integer(g->params, "max_iterations");
	g->fit.rows = mlpg_design_rows_create(t, g->design, true, r->w);
}

/* ---------- theta ---------- */

typedef struct ThetaRows
{
	const MlpgIrls *fit;
	double		theta;
} ThetaRows;

/* sums: score and information (observed) of theta, weights, squared Pearson residuals of a Poisson distribution */
static void
theta_body(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const ThetaRows *at = argument;
	const MlpgIrls *fit = at->fit;
	double		theta = at->theta,
				digamma = mlpg_digamma(theta),
				trigamma = mlpg_trigamma(theta);

	mlpg_link_mean(fit->family.link, fit->eta + first, last - first, scratch, NULL);
	for (int64_t i = first; i < last; i++)
	{
		double		y = fit->y[i],
					mu = scratch[i - first],
					w = fit->w ? fit->w[i] : 1,
					total = mu + theta;

		if (w == 0)
			continue;
		sums[0] += w * (mlpg_digamma(theta + y) - digamma + log(theta / total) + 1 - (y + theta) / total);
		sums[1] += w * (trigamma - mlpg_trigamma(theta + y) - 1 / theta + 2 / total - (y + theta) / (total * total));
		sums[2] += w;
		sums[3] += w * (y / mu - 1) * (y / mu - 1);
	}
}

/* The likeliest theta for the means at hand, from where it is; its standard error. */
static double
fit_theta(Glm *g, double theta)
{
	ThetaRows	at = {&g->fit, theta};
	double		sums[4];

	for (int i = 0; i < THETA_STEPS; i++)
	{
		double		step;

		mlpg_design_rows_sum(g->host, g->fit.rows, theta_body, &at, 4, sums, MLPG_DESIGN_BLOCK, "fitting theta");
		if (at.theta == 0)
		{
			at.theta = sums[2] / sums[3];
			continue;
		}
		/* in log theta where the likelihood is not concave; never below a tenth or above ten times */
		step = sums[1] > 0 ? sums[0] / sums[1] : sums[0] > 0 ? at.theta : -0.5 * at.theta;
		step = step > 9 * at.theta ? 9 * at.theta : step < -0.9 * at.theta ? -0.9 * at.theta : step;
		at.theta += step;
		if (!(at.theta < THETA_MAX))
			break;
		if (fabs(step) <= THETA_TOLERANCE * at.theta)
			break;
	}
	g->theta_error = sums[1] > 0 ? 1 / sqrt(sums[1]) : NAN;
	return at.theta < THETA_MAX ? at.theta : THETA_MAX;
}

/* Theta and the coefficients by turns; the first means are a Poisson distribution's. */
static void
fit_with_theta(Glm *g)
{
	MlpgFamily *f = &g->fit.family;
	int			iterations;

	f->id = MLPG_FAMILY_POISSON;
	mlpg_irls_fit(&g->fit);
	f->id = MLPG_FAMILY_NEGATIVE_BINOMIAL;
	iterations = g->fit.iterations;
	f->theta = fit_theta(g, 0);
	for (int round = 0; round < THETA_ROUNDS && !g->fit.separated; round++)
	{
		double		before = f->theta;

		mlpg_irls_fit(&g->fit);
		iterations += g->fit.iterations;
		f->theta = fit_theta(g, before);
		if (fabs(f->theta - before) <= THETA_TOLERANCE * before)
			break;
	}
	g->fit.iterations = iterations;
	if (f->theta >= THETA_MAX)
		mlpg_fact(g->host, g->t->facts, "warning",
				  "the target varies no more than a Poisson distribution does: theta grows without end; use family \"poisson\"");
}

/* ---------- the fit ---------- */

MLPG_NORETURN static void
raise_invalid(const Glm *g)
{
	mlpg_raise(g->host, MLPG_DATA_EXCEPTION,
			   mlpg_text(g->host, "With link \"%s\" the solver met means outside the domain of family \"%s\" wherever it started.",
						 mlpg_link_name(g->fit.family.link.id), mlpg_family_name(g->fit.family.id)),
			   "Use link \"log\", which has a mean for every score.", "no valid coefficients were found");
}

static void
solve(Glm *g)
{
	MlpgIrls   *fit = &g->fit;

	mlpg_irls_prepare(fit);
	if (g->estimates_theta)
		fit_with_theta(g);
	else
		mlpg_irls_fit(fit);
	if (fit->separated && !g->penalised)
	{
		int			iterations = fit->iterations;

		g->penalised = true;
		fit->l2 = SEPARATED_L2;
		memset(fit->b, 0, (size_t) fit->rows->n_columns * sizeof(double));
		mlpg_irls_fit(fit);
		fit->iterations += iterations;
		mlpg_fact(g->host, g->t->facts, "separated", "yes");
		mlpg_fact(g->host, g->t->facts, "warning",
				  "some fitted means go to their bound without end (separation): the answer is that of l2 = %g and has no standard errors",
				  SEPARATED_L2);
	}
	if (fit->sums.invalid > 0)
		raise_invalid(g);
	if (!fit->converged)
	{
		mlpg_fact(g->host, g->t->facts, "converged", "no");
		mlpg_fact(g->host, g->t->facts, "warning", "did not converge in %d iterations", fit->iterations);
	}
	mlpg_frame_drop(g->t, g->design, fit->rows, fit->dropped);
	g->df = (double) (g->rows.n_weighty - fit->rank);
	g->dispersion = mlpg_family_is_fixed(fit->family.id) ? 1 : g->df > 0 ? fit->sums.pearson / g->df : NAN;
}

static double *
coefficients(Glm *g)
{
	size_t		n = (size_t) g->design->n_terms;
	double	   *out = mlpg_allocate(g->host, n + 1, sizeof(double));

	mlpg_design_rows_original(g->fit.rows, g->fit.b, out);
	mlpg_frame_check_range(g->host, out, NULL, n);
	return out;
}

static void
sandwich_body(int64_t first, int64_t last, void *argument, double *score, double *weight)
{
	const MlpgIrls *fit = argument;
	MlpgFamilySums unused = {0};

	mlpg_family_work(&fit->family, (int) (last - first), fit->y + first, fit->w ? fit->w + first : NULL, fit->eta + first,
					 score, weight, &unused);
}

/* By term, of the original columns; NULL where there are none. */
static double *
std_errors(Glm *g)
{
	MlpgHost   *host = g->host;
	const MlpgParamValue *robust = mlpg_params_value(g->params, "robust");
	size_t		n = (size_t) g->design->n_terms;
	double	   *covariance,
			   *out;

	if (g->penalised || (g->df <= 0 && !mlpg_family_is_fixed(g->fit.family.id)))
		return NULL;
	covariance = mlpg_irls_unscaled_covariance(&g->fit);
	if (robust->text)
		covariance = mlpg_sandwich(host, g->fit.rows, (MlpgSandwich) robust->number, sandwich_body, &g->fit, covariance,
								   g->rows.n_weighty, g->fit.rank);
	out = mlpg_allocate(host, n + 1, sizeof(double));
	mlpg_design_rows_original_errors(g->fit.rows, covariance, out);
	for (size_t j = 0; j < n; j++)
	{
		out[j] *= robust->text ? 1 : sqrt(g->dispersion);
		if (g->design->term[j].dropped || !isfinite(out[j]))
			out[j] = NAN;
	}
	mlpg_release(host, covariance);
	return out;
}

/* ---------- facts ---------- */

static void
number_fact(const Glm *g, const char *name, double value)
{
	mlpg_fact_number(g->host, g->t->facts, name, value);
}

/* The dispersion under which R states the likelihood. */
static double
likelihood_dispersion(const Glm *g)
{
	switch (g->fit.family.id)
	{
		case MLPG_FAMILY_GAUSSIAN:
			return g->fit.sums.deviance / (double) g->rows.n_weighty;
		case MLPG_FAMILY_GAMMA:
		case MLPG_FAMILY_INVERSE_GAUSSIAN:
			return g->fit.sums.deviance / g->fit.rows->weight;
		default:
			return 1;
	}
}

static void
report(Glm *g)
{
	const MlpgFamily *f = &g->fit.family;
	double		likelihood = mlpg_irls_log_likelihood(&g->fit, likelihood_dispersion(g));
	double		parameters = g->fit.rank + (mlpg_family_is_fixed(f->id) ? 0 : 1) + (g->estimates_theta ? 1 : 0);

	mlpg_fact(g->host, g->t->facts, "family", "%s", mlpg_family_name(f->id));
	mlpg_fact(g->host, g->t->facts, "link", "%s", mlpg_link_name(f->link.id));
	mlpg_fact(g->host, g->t->facts, "iterations", "%d", g->fit.iterations);
	number_fact(g, "deviance", g->fit.sums.deviance);
	number_fact(g, "null_deviance", mlpg_irls_null_deviance(&g->fit));
	number_fact(g, "df_residual", g->df);
	number_fact(g, "dispersion", g->dispersion);
	number_fact(g, "log_likelihood", likelihood);
	if (!g->penalised)
		number_fact(g, "aic", 2 * parameters - 2 * likelihood);
	if (f->id == MLPG_FAMILY_NEGATIVE_BINOMIAL)
	{
		number_fact(g, "theta", f->theta);
		if (g->estimates_theta && f->theta < THETA_MAX)
			number_fact(g, "theta_std_error", g->theta_error);
	}
}

static void
glm_fit(MlpgTraining *t)
{
	Glm			g = {.t = t, .host = t->host, .params = t->plan->params};
	MlpgAffineModel model = {.n_outputs = 1, .df = NAN, .dispersion = NAN};

	g.penalised = mlpg_params_real(g.params, "l2") > 0;
	read_family(&g);
	read_link(&g);
	read_rows(&g);
	solve(&g);
	model.design = g.design;
	model.link = g.fit.family.link;
	model.coefficients = coefficients(&g);
	model.std_errors = std_errors(&g);
	model.dispersion = isfinite(g.dispersion) ? g.dispersion : NAN;	/* of targets near the end of the range */
	if (model.std_errors != NULL)
		model.df = mlpg_family_is_fixed(g.fit.family.id) ? INFINITY : g.df;
	report(&g);
	mlpg_frame_write(t, g.fit.rows, &model);
}

const MlpgLearner mlpg_glm = {
	.name = "glm",
	.summary = "generalised linear models",
	.reference = "Nelder and Wedderburn 1972",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_ADDS_OFFSET | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "deviance",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 2,
	.fit = glm_fit,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.explain = mlpg_affine_explain,
	.coefficients = mlpg_affine_coefficients,
};
