/*-------------------------------------------------------------------------
 *
 * frame.c
 *	  What stands around the objective of every linear learner: its parameters and
 *	  design before, its checks and its model after.
 *
 * So a learner is its parameters, its objective and its facts: it reads its rows (training.h), asks for
 * the design here, minimises, and has the model completed and written here.
 *
 * NULL: see encode.c.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"

#define NAMES_LENGTH 400		/* of dropped terms, in a message */

MlpgDesign *
mlpg_frame_design(const MlpgTraining *training, bool penalised)
{
	const MlpgParams *params = training->plan->params;
	const MlpgParamValue *unseen = mlpg_params_value(params, "unseen");

	training->schema->unseen = unseen->text ? (MlpgUnseen) unseen->number : penalised ? MLPG_UNSEEN_ZERO : MLPG_UNSEEN_NULL;
	return mlpg_design_create(training->host, training->schema, mlpg_params_boolean(params, "intercept"), !penalised);
}

void
mlpg_frame_check_range(MlpgHost *host, const double *coefficients, const double *errors, size_t n)
{
	for (size_t j = 0; j < n; j++)
		if (!isfinite(coefficients[j]) || (errors && isinf(errors[j])))
			mlpg_raise(host, MLPG_DATA_EXCEPTION, "A coefficient is outside the range of double precision.",
					   "Express very large or very small columns in other units.", "values are too large or too small to fit a linear model");
}

void
mlpg_frame_report_dropped(MlpgTraining *training, const MlpgDesign *design)
{
	MlpgHost   *host = training->host;
	char	   *names = NULL,
			   *indicators = NULL;
	int			n = 0;

	for (int j = 0; j < design->n_terms; j++)
	{
		const MlpgTerm *term = &design->term[j];
		char	  **list = term->kind == MLPG_TERM_MISSING ? &indicators : &names;

		if (!term->dropped)
			continue;
		n += term->kind != MLPG_TERM_MISSING;
		if (*list == NULL || strlen(*list) < NAMES_LENGTH)
			*list = mlpg_text(host, "%s%s\"%s\"", *list ? *list : "", *list ? ", " : "", mlpg_term_name(host, training->schema, term));
	}
	if (names != NULL)
		mlpg_fact(host, training->facts, "warning", "design is rank deficient: %d term%s dropped as linearly dependent on those before: %s",
				  n, n == 1 ? "" : "s", names);
	if (indicators != NULL)
		mlpg_fact(host, training->facts, "dropped_indicators", "%s", indicators);
}

void
mlpg_frame_drop(MlpgTraining *training, MlpgDesign *design, const MlpgDesignRows *rows, const bool *dropped)
{
	for (int c = 0; c < rows->n_columns; c++)
		design->term[rows->term[c]].dropped = dropped[c];
	mlpg_frame_report_dropped(training, design);
}

void
mlpg_frame_write(MlpgTraining *training, const MlpgDesignRows *rows, MlpgAffineModel *model)
{
	model->means = mlpg_allocate(training->host, (size_t) rows->n_columns + 1, sizeof(double));
	mlpg_design_rows_means(rows, model->means);
	mlpg_affine_write(training->payload, model);
}
