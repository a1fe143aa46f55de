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

#endif							/* MLPG_TEST_GOLDEN_H */
