/*-------------------------------------------------------------------------
 *
 * golden.h
 *	  Reading what the scripts of test/golden wrote.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_GOLDEN_H
#define MLPG_TEST_GOLDEN_H

#include "models.h"

/* Numbers, target and weight of n rows; the weight is left out unless weighted. */
static inline double *
golden_rows(MlpgHost *host, FILE *file, int n, int n_features, bool weighted)
{
	int			stride = n_features + 1 + weighted;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) stride, sizeof(double));
	bool		complete = true;

	for (int i = 0; i < n; i++)
	{
		double		w;

		for (int j = 0; j <= n_features; j++)
			complete = fscanf(file, "%lf", &rows[i * stride + j]) == 1 && complete;
		complete = fscanf(file, "%lf", &w) == 1 && complete;
		if (weighted)
			rows[i * stride + n_features + 1] = w;
	}
	CHECK(complete);
	return rows;
}

/* The numbers behind a label; how many, 0 if it is another one. */
static inline int
golden_values(FILE *file, const char *label, double *values, int most)
{
	char		word[40];
	int			n = 0;

	if (fscanf(file, "%39s", word) != 1 || strcmp(word, label) != 0)
		return 0;
	while (n < most && fscanf(file, "%lf", &values[n]) == 1)
		n++;
	return n;
}

/*
 * Problems that a linear learner solves for several values of a parameter: each a line "problem NAME rows numbers
 * weighted", rows, then for every value "label VALUE objective", "estimate" and "std_error", intercept first.
 */
static inline void
golden_check(MlpgHost *host, const char *path, const char *learner, const char *parameter, const char *label, int n_values, int n_problems)
{
	FILE	   *file = fopen(path, "r");
	char		name[40];
	int			n,
				n_features,
				weighted,
				problems = 0;

	CHECK(file != NULL);
	for (; file && fscanf(file, " problem %39s %d %d %d", name, &n, &n_features, &weighted) == 4; problems++)
	{
		double	   *rows = golden_rows(host, file, n, n_features, weighted);

		harness_note("%s", name);
		for (int k = 0; k < n_values; k++)
		{
			double		given[2] = {0},
						estimate[16] = {0},
						error[16] = {0};
			MlpgPlan   *plan = test_plan(host, learner, n_features, NULL, weighted);
			char	   *text;
			MlpgModel  *model;
			MlpgCoefficient *c;
			int			n_terms;

			CHECK_INT(golden_values(file, label, given, 2), 2);
			CHECK_INT(golden_values(file, "estimate", estimate, 16), n_features + 1);
			CHECK_INT(golden_values(file, "std_error", error, 16), n_features + 1);
			text = mlpg_number_text(host, given[0]);
			mlpg_params_set(host, plan->params, parameter, text);
			model = test_fit(host, plan, rows, n);
			CHECK(mlpg_fact_find(model->facts, "warning") == NULL);
			CHECK_CLOSE(test_fact(model, model->levels ? mlpg_text(host, "objective @%s", text) : "objective"), given[1], 1e-9);
			c = test_coefficients(host, model, &n_terms);
			CHECK_INT(n_terms, n_features + 1);
			for (int j = 0; j < n_terms; j++)
			{
				CHECK(model->levels ? c[j].level == given[0] : isnan(c[j].level));
				CHECK_CLOSE(c[j].estimate, estimate[j], 1e-9);
				CHECK_CLOSE(c[j].std_error, error[j], 1e-8);
				CHECK_CLOSE(c[j].p_value, erfc(fabs(estimate[j] / error[j]) / sqrt(2)), 1e-6);
			}
		}
	}
	CHECK_INT(problems, n_problems);
	if (file)
		fclose(file);
}

#endif							/* MLPG_TEST_GOLDEN_H */
