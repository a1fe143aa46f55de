/*-------------------------------------------------------------------------
 *
 * expectile.c
 *	  Linear expectile regression, one or several levels.
 *
 * Problem.  For each level tau minimise sum_i w_i |tau - [e_i < 0]| e_i^2, e_i = y_i - offset_i - z_i'b, z the
 * design of encode.c (Newey and Powell 1987).  At 0.5 that is least squares; an expectile is to
 * the mean what a quantile is to the median: above it lie the errors, in sum, that
 * balance tau / (1 - tau) times those below.
 *
 * Method: affine/residual.c, where Newton's is least squares with weights
 * tau or 1 - tau by the sign of each error, again until no sign changes: the loss is a parabola
 * between such changes, so the end is exact, and it comes after a handful of steps.  Each
 * level starts from the one before.
 *
 * Standard errors are those of Newey and Powell (1987, theorem 3; at 0.5 White's HC0).
 *
 * Predictions at several levels are rearranged, so they never cross.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/residual.h"

#define TOLERANCE 1e-10

static const MlpgParamSpec params[] = {
	{"expectile", MLPG_PARAM_REALS, "0.5", 0, 1, true, NULL, "levels to fit; predict answers the first", NULL},
	MLPG_FRAME_L2,
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
};

static void
expectile_fit(MlpgTraining *t)
{
	MlpgHost   *host = t->host;
	const MlpgParamValue *asked = mlpg_params_value(t->plan->params, "expectile");
	MlpgLevels	levels = mlpg_levels_read(host, asked->numbers, asked->n_numbers);
	MlpgAffineModel model = {.n_outputs = levels.n, .levels = levels.level, .main_output = levels.main, .df = NAN, .dispersion = NAN};
	MlpgResidualFit fit = {0};
	size_t		n_terms,
				n_coefficients;

	mlpg_residual_begin(t, &fit);
	n_terms = (size_t) fit.design->n_terms;
	n_coefficients = mlpg_size_multiply(host, (size_t) levels.n, n_terms) + 1;
	model.coefficients = mlpg_allocate(host, n_coefficients, sizeof(double));
	for (int o = 0; o < levels.n; o++)
	{
		fit.loss = mlpg_loss_make(host, MLPG_LOSS_ID_expectile, levels.level[o], 0);
		mlpg_residual_minimise(&fit, 1, TOLERANCE);
		mlpg_residual_report(&fit, mlpg_text(host, "%g", levels.level[o]), fit.unit * fit.unit);
		if (o == 0 && mlpg_residual_has_errors(&fit))
		{
			model.std_errors = mlpg_allocate(host, n_coefficients, sizeof(double));
			model.df = INFINITY;
		}
		mlpg_residual_take(&fit, model.coefficients + (size_t) o * n_terms, model.std_errors ? model.std_errors + (size_t) o * n_terms : NULL);
	}
	mlpg_residual_write(&fit, &model);
}

const MlpgLearner mlpg_expectile = {
	.name = "expectile",
	.summary = "linear expectile regression",
	.reference = "Newey and Powell 1987",
	.tasks = MLPG_TASK_REGRESSION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_ADDS_OFFSET | MLPG_USES_TEXT,
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
