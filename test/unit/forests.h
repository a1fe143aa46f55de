/*-------------------------------------------------------------------------
 *
 * forests.h
 *	  Plans, rows and fits for unit tests of random forests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_FORESTS_H
#define MLPG_TEST_FORESTS_H

#include "models.h"

#include "core/learners/tree/forest.h"

static inline void
set(MlpgHost *host, MlpgPlan *plan, const char *name, const char *value)
{
	mlpg_params_set(host, plan->params, name, value);
}

/* A single tree on all rows and all features. */
static inline MlpgPlan *
plan_of_tree(MlpgHost *host, int n_features, const char *kinds, bool weighted)
{
	MlpgPlan   *plan = test_plan(host, "random_forest", n_features, kinds, weighted);

	set(host, plan, "num_iterations", "1");
	set(host, plan, "bagging_fraction", "1");
	set(host, plan, "feature_fraction_bynode", "1");
	set(host, plan, "min_data_in_bin", "1");
	return plan;
}

static inline void
make_classes(MlpgPlan *plan)
{
	plan->task = MLPG_TASK_CLASSIFICATION;
	plan->target_kind = MLPG_NUMBER;
}

/* As test_fit_bytes, with a target that is a number of a class where the plan says so. */
static inline MlpgWriter *
fit_bytes(MlpgHost *host, const MlpgPlan *plan, const double *rows, int n_rows)
{
	MlpgFit		fit;
	int			d = mlpg_plan_columns(plan);

	mlpg_fit_init(host, &fit, plan);
	for (int r = 0; r < n_rows; r++, rows += d)
	{
		double	   *to = mlpg_fit_next_row(host, &fit);

		memcpy(to, rows, (size_t) d * sizeof(double));
		for (int i = 0; i < plan->n_features; i++)
			if (plan->kind[i] == MLPG_CATEGORY && !isnan(rows[i]))
			{
				char		text[40];
				int			length = snprintf(text, sizeof(text), "c%.0f", rows[i]);

				to[i] = mlpg_fit_code(host, &fit, i, text, length);
			}
		if (plan->task == MLPG_TASK_CLASSIFICATION)
			to[plan->n_features] = mlpg_fit_target(host, &fit, rows[plan->n_features], NULL, 0);
		mlpg_fit_commit_row(host, &fit);
	}
	return test_finish(host, &fit);
}

static inline MlpgModel *
fit(MlpgHost *host, const MlpgPlan *plan, const double *rows, int n_rows)
{
	return test_open(host, fit_bytes(host, plan, rows, n_rows));
}

static inline double
predict(const MlpgModel *model, const double *row)
{
	double		out[16];

	model->learner->predict(model, row, 1, model->schema->n_features, out);
	return out[model->main_output < 0 ? 0 : model->main_output];
}

/* Four numbers with holes and a category; y is a step, a curve, levels and noise. */
static inline double *
make_rows(MlpgHost *host, int n, bool weighted, int n_classes, double noise, uint64_t seed)
{
	int			d = 6 + weighted;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + (size_t) i * (size_t) d;
		double		y;

		for (int j = 0; j < 4; j++)
			row[j] = test_random(&seed) % 12 == 0 ? NAN : test_normal(&seed);
		row[4] = (double) (test_random(&seed) % 9);
		y = (row[0] > 0.3 ? 3 : 0) + (isnan(row[1]) ? 1 : row[1] * row[1]) + (int) row[4] % 3 + noise * test_normal(&seed);
		row[5] = n_classes > 0 ? fmin(fmax(floor(y / 2), 0), n_classes - 1) : y;
		if (weighted)
			row[6] = i % 13 == 0 ? 0 : 1 + (double) (i % 4);
	}
	return rows;
}

#endif							/* MLPG_TEST_FORESTS_H */
