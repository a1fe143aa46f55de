/*-------------------------------------------------------------------------
 *
 * interval.c
 *	  Prediction intervals.
 *
 * A model answers by the strongest means that it has:
 *
 *	 a calibration		conformal: holds with the probability stated, whatever the
 *						learner and the errors are (calibration.c);
 *	 quantile levels	the quantiles at (1 - coverage) / 2 and (1 + coverage) / 2, as
 *						good as they were estimated;
 *	 a spread			Student's t: exact for a linear model with independent normal
 *						errors of equal variance.
 *
 * Where a finite interval of this coverage does not exist (too few rows kept apart, no
 * degree of freedom left) the bounds are not known, and a rule says why: a
 * number there would be wrong.
 *
 * yhat is what predict answers.  It is not forced into the interval: of a
 * model for the level 0.9 it is above the middle.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/interval.h"

#include <float.h>

#include "core/learners/calibration.h"
#include "core/learners/classes.h"
#include "core/math/dist.h"

static void
check_coverage(MlpgHost *host, const MlpgModel *model, double coverage)
{
	if (!(coverage > 0 && coverage < 1))
		mlpg_raise(host, MLPG_INVALID_PARAMETER, "It must be between 0 and 1: the share of new rows that the interval shall hold.", NULL,
				   "invalid coverage %g", coverage);
	if (model->schema->classes != NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "Its classes are: %s.", mlpg_classes_list(host, model->schema)),
				   "Use mlpg.predict_class(model, row) or mlpg.predict_proba(model, row, class).",
				   "model predicts classes, not intervals of numbers");
}

/* The pair whose levels enclose what is nearest to the coverage, the wider of two alike. */
static int
nearest_pair(const MlpgModel *model, int n_pairs, double coverage)
{
	int			best = 0;
	double		best_distance = INFINITY;

	for (int p = 0; p < n_pairs && model->levels != NULL; p++)
	{
		double		distance = fabs(model->levels[mlpg_calibration_upper(model, p)] - model->levels[mlpg_calibration_lower(model, p)] - coverage);

		if (distance < best_distance * (1 - 1e-9))
		{
			best = p;
			best_distance = distance;
		}
	}
	return best;
}

static void
calibrated_rule(MlpgHost *host, const MlpgModel *model, MlpgIntervalRule *rule)
{
	const MlpgCalibration *c = model->calibration;
	int			pair = nearest_pair(model, c->n_pairs, rule->coverage);

	rule->kind = MLPG_INTERVAL_CALIBRATED;
	rule->lower = mlpg_calibration_lower(model, pair);
	rule->upper = mlpg_calibration_upper(model, pair);
	rule->margin = mlpg_calibration_margin(c, pair, rule->coverage);
	if (isnan(rule->margin))
		rule->unbounded = mlpg_text(host, "%lld rows were kept apart for calibration; a coverage of %g takes %lld",
									(long long) c->n, rule->coverage, (long long) mlpg_calibration_rows_needed(rule->coverage));
}

static void
levels_rule(MlpgHost *host, const MlpgModel *model, MlpgIntervalRule *rule)
{
	double		first = model->levels[0],
				last = model->levels[model->n_outputs - 1];

	rule->kind = MLPG_INTERVAL_LEVELS;
	rule->level[0] = (1 - rule->coverage) / 2;
	rule->level[1] = (1 + rule->coverage) / 2;
	/* the same decimal number may arrive a rounding away */
	if (rule->level[0] < first - 1e-12 || rule->level[1] > last + 1e-12)
		mlpg_raise(host, MLPG_INVALID_PARAMETER,
				   mlpg_text(host, "It takes the levels %g and %g; the model was trained for levels from %g to %g.", rule->level[0], rule->level[1], first, last),
				   "Train again with quantiles that enclose these levels, or with params {\"calibration\":0.2}.",
				   "coverage %g is outside the trained range", rule->coverage);
}

static void
student_rule(MlpgHost *host, const MlpgModel *model, MlpgIntervalRule *rule)
{
	rule->kind = MLPG_INTERVAL_STUDENT;
	if (model->spread_df > 0)
		rule->margin = mlpg_student_quantile((1 + rule->coverage) / 2, model->spread_df);
	else
		rule->unbounded = mlpg_text(host, "The model has as many terms as rows, so nothing is known of its errors");
}

MLPG_NORETURN static void
raise_no_interval(MlpgHost *host, const MlpgModel *model)
{
	const char *hint = "Train with params {\"calibration\":0.2}, which keeps a share of the rows apart for intervals.";

	if (model->learner->spread != NULL)
		hint = mlpg_text(host, "Train with params {\"intervals\":true} and without a penalty, or with {\"calibration\":0.2}.");
	mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "The model was fitted by learner \"%s\" without what intervals take.", model->learner->name),
			   hint, "model does not predict intervals");
}

void
mlpg_interval_rule(MlpgHost *host, const MlpgModel *model, double coverage, MlpgIntervalRule *rule)
{
	check_coverage(host, model, coverage);
	memset(rule, 0, sizeof(*rule));
	rule->coverage = coverage;
	if (model->calibration != NULL)
		calibrated_rule(host, model, rule);
	else if (model->levels != NULL && model->n_outputs > 1)
		levels_rule(host, model, rule);
	else if (!isnan(model->spread_df))
		student_rule(host, model, rule);
	else
		raise_no_interval(host, model);
}

static double
in_range(double x)
{
	return fmin(fmax(x, -DBL_MAX), DBL_MAX);
}

void
mlpg_interval_row(MlpgHost *host, const MlpgModel *model, const MlpgIntervalRule *rule, const double *row,
				  double *outputs, MlpgInterval *interval)
{
	double		bounds[2] = {NAN, NAN};
	double		width;

	interval->yhat = interval->lower = interval->upper = NAN;
	model->learner->predict(model, row, 1, mlpg_schema_columns(model->schema), outputs);
	for (int o = 0; o < model->n_outputs; o++)
		if (isnan(outputs[o]))
			return;
	mlpg_model_arrange(model, outputs);
	if (model->main_output >= 0)
		interval->yhat = outputs[model->main_output];
	if (rule->unbounded != NULL)
		return;
	switch (rule->kind)
	{
		case MLPG_INTERVAL_CALIBRATED:
			bounds[0] = outputs[rule->lower] - rule->margin;
			bounds[1] = outputs[rule->upper] + rule->margin;
			/* a margin so negative that nothing would be left: the middle alone, which covers more than that */
			if (bounds[0] > bounds[1])
				bounds[0] = bounds[1] = bounds[0] + (bounds[1] - bounds[0]) / 2;
			break;
		case MLPG_INTERVAL_LEVELS:
			mlpg_model_quantiles(model, outputs, rule->level, 2, bounds);
			break;
		case MLPG_INTERVAL_STUDENT:
			width = rule->margin * model->learner->spread(host, model, row);
			bounds[0] = interval->yhat - width;
			bounds[1] = interval->yhat + width;
			break;
	}
	interval->lower = in_range(bounds[0]);
	interval->upper = in_range(bounds[1]);
}
