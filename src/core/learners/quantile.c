/*-------------------------------------------------------------------------
 *
 * quantile.c
 *	  Linear quantile regression, one or several levels.
 *
 * Problem.  For each level tau minimise sum_i w_i rho_tau(y_i - z_i'b), rho_tau(e) =
 * e (tau - [e < 0]), z the design of encode.c (Koenker and Bassett 1978).  With tau =
 * underage / (underage + overage) the loss is the newsvendor's cost over
 * (underage + overage), so the fit is the cheapest linear order.
 *
 * Solver: math/quantreg.c, exact to a vertex, with its certificate of
 * optimality.  Each level is fitted on its own; predictions at several levels are
 * rearranged, so they never cross.
 *
 * Standard errors, if asked for (quantile_errors.c), cost a fraction of a fit (iid), two
 * more fits (nid) or as many as there are samples (bootstrap), for each level; so
 * there are none by default.  Student's t has rows - rank degrees of freedom.
 *
 * The design is built once, row-major in double: 8 bytes * rows * terms, in the
 * budget.  Categories are one-hot there, and texts have a column for each n-gram.
 *
 * NULL: missing numbers take their mean plus an indicator; rows without a target
 * never arrive.  Determinism: order-fixed (a tie between optimal vertices is
 * broken by the order of rows), the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/quantile_errors.h"
#include "core/math/quantreg.h"

static const MlpgParamSpec params[] = {
	{"quantile", MLPG_PARAM_REALS, "0.5", 0, 1, true, NULL, "levels to fit; predict answers the first", NULL},
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
	{"std_errors", MLPG_PARAM_CHOICE, "none", 0, 0, false, "none|iid|nid|bootstrap", "standard errors of coefficients: how", NULL},
	{"bootstrap_samples", MLPG_PARAM_INTEGER, "200", 2, 100000, false, NULL, "samples that a bootstrap draws", NULL},
};

#define FILL_ROWS 256			/* of a task: a few ms with thousands of terms */
#define SAMPLED_ROWS 512.0		/* a term, from which on the solver works with a sample (quantreg_large.c) */

typedef struct Fill
{
	MlpgTraining *training;
	const MlpgDesign *design;
	double	   *features;		/* n_threads x n_features */
	double	   *x;				/* rows x n_terms */
} Fill;

static void
fill_rows(MlpgTask *task, int index, void *argument)
{
	Fill	   *fill = argument;
	const MlpgTraining *t = fill->training;
	int			n = t->plan->n_features;
	double	   *features = fill->features + (size_t) task->thread * (size_t) (n + 2);
	int64_t		first = (int64_t) index * FILL_ROWS;
	int64_t		last = first + FILL_ROWS < t->n_rows ? first + FILL_ROWS : t->n_rows;

	for (int64_t i = first; i < last && !atomic_load_explicit(task->stop, memory_order_relaxed); i++)
	{
		mlpg_matrix_read_rows(t->matrix, i, 1, features, n + 2);
		mlpg_design_row(t->schema, fill->design, features, fill->x + (size_t) i * (size_t) fill->design->n_terms);
	}
}

static double *
fill_design(MlpgTraining *training, const MlpgDesign *design)
{
	MlpgHost   *host = training->host;
	size_t		n = (size_t) training->n_rows;
	Fill		fill = {.training = training, .design = design};

	fill.x = mlpg_allocate(host, mlpg_size_multiply(host, n, (size_t) design->n_terms), sizeof(double));
	fill.features = mlpg_allocate(host, (size_t) host->n_threads * (size_t) (training->plan->n_features + 2), sizeof(double));
	host->parallel_for(host, (int) ((n + FILL_ROWS - 1) / FILL_ROWS), fill_rows, &fill);
	mlpg_release(host, fill.features);
	return fill.x;
}

/*
 * The design, and, where the solver takes no sample of many rows, its copy; the columns' triangles, or those
 * that are kept and the rows made orthogonal.
 */
static void
require_memory(MlpgTraining *training, const MlpgDesign *design)
{
	double		n = (double) training->n_rows,
				p = design->n_terms,
				kept = fmin(n, p),
				numbers = n * p;

	if (n < SAMPLED_ROWS * p)
		numbers += n * p + fmax(4 * p * p, 7 * kept * kept + (n > 2 * kept ? n * kept : 0));
	mlpg_affine_require_memory(training, design, numbers * sizeof(double));
}

static void
report(MlpgTraining *training, double level, const MlpgQuantregResult *result)
{
	MlpgHost   *host = training->host;
	char	   *suffix = mlpg_text(host, "%g", level);

	mlpg_fact_text(host, training->facts, mlpg_text(host, "objective @%s", suffix), mlpg_number_text(host, result->objective));
	if (!result->unique)
		mlpg_fact(host, training->facts, mlpg_text(host, "unique @%s", suffix), "no");
	if (!result->converged)
		mlpg_fact(host, training->facts, "warning",
				  "quantile %s did not reach its certificate of optimality after %d iterations: relative gap %.1e",
				  suffix, result->iterations, result->gap);
}

/* Those of a level into out. */
static void
take_errors(MlpgTraining *training, const MlpgQuantregProblem *problem, double level, const MlpgQuantregResult *result, double *out)
{
	MlpgHost   *host = training->host;
	const MlpgParams *given = training->plan->params;
	MlpgQuantileErrorsAsked asked = {
		.kind = (MlpgQuantileErrors) mlpg_params_value(given, "std_errors")->number,
		.samples = (int) mlpg_params_integer(given, "bootstrap_samples"), .seed = training->plan->seed
	};
	MlpgQuantileErrorsFound found;

	mlpg_quantile_errors(host, problem, level, result, &asked, &found);
	memcpy(out, found.std_error, (size_t) problem->p * sizeof(double));
	if (found.n_flat > 0)
		mlpg_fact(host, training->facts, mlpg_text(host, "rows_without_density @%g", level), "%lld", (long long) found.n_flat);
	if (asked.kind == MLPG_ERRORS_BOOTSTRAP)
		mlpg_fact(host, training->facts, mlpg_text(host, "bootstrap_samples @%g", level), "%d", found.n_samples);
}

/* Rows of weight above 0 less the rank. */
static double
degrees_of_freedom(int64_t n_weighty, const MlpgDesign *design)
{
	double		df = (double) n_weighty;

	for (int j = 0; j < design->n_terms; j++)
		df -= !design->term[j].dropped;
	return df > 0 ? df : NAN;
}

static void
quantile_fit(MlpgTraining *training)
{
	MlpgHost   *host = training->host;
	const MlpgPlan *plan = training->plan;
	const MlpgParamValue *asked = mlpg_params_value(plan->params, "quantile");
	MlpgLevels	levels = mlpg_levels_read(host, asked->numbers, asked->n_numbers);
	MlpgAffineModel model = {.n_outputs = levels.n, .levels = levels.level, .main_output = levels.main, .df = NAN, .dispersion = NAN};
	MlpgTrainingRows rows;
	MlpgQuantregProblem problem = {.n = training->n_rows};
	int			p;

	mlpg_training_read(training, &rows);
	model.design = mlpg_frame_design(training, false);
	p = model.design->n_terms;
	require_memory(training, model.design);
	model.coefficients = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model.n_outputs, (size_t) p) + 1, sizeof(double));
	problem.p = p;
	problem.ldx = p;
	problem.x = fill_design(training, model.design);
	problem.y = rows.y;
	problem.w = rows.w;
	if (p > 0 && strcmp(mlpg_params_choice(plan->params, "std_errors"), "none") != 0)
		model.std_errors = mlpg_allocate(host, (size_t) model.n_outputs * (size_t) p, sizeof(double));
	for (int o = 0; p > 0 && o < model.n_outputs; o++)
	{
		MlpgQuantregResult result = {0};

		mlpg_quantreg_solve(host, &problem, model.levels[o], &result);
		mlpg_frame_check_range(host, result.coefficients, NULL, (size_t) p);
		memcpy(model.coefficients + (size_t) o * (size_t) p, result.coefficients, (size_t) p * sizeof(double));
		for (int j = 0; j < p; j++)
			model.design->term[j].dropped = result.dropped[j];
		report(training, model.levels[o], &result);
		if (model.std_errors != NULL)
			take_errors(training, &problem, model.levels[o], &result, model.std_errors + (size_t) o * (size_t) p);
		mlpg_quantreg_release(host, &result);
	}
	if (model.std_errors != NULL)
		model.df = degrees_of_freedom(rows.n_weighty, model.design);
	mlpg_frame_report_dropped(training, model.design);
	mlpg_affine_write(training->payload, &model);
}

const MlpgLearner mlpg_quantile = {
	.name = "quantile",
	.summary = "exact linear quantile regression",
	.reference = "Koenker and Bassett 1978; Portnoy and Koenker 1997",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_QUANTILE,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "quantile",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 1,
	.fit = quantile_fit,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.coefficients = mlpg_affine_coefficients,
};
