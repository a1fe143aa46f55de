/*-------------------------------------------------------------------------
 *
 * preprocess_internal.h
 *	  What fitting the steps of preprocessing (preprocess_fit.c) and replaying them
 *	  (preprocess.c) share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PREPROCESS_INTERNAL_H
#define MLPG_PREPROCESS_INTERNAL_H

#include "core/matrix/preprocess.h"

/* How many of n ascending numbers are at most x: the bin of x. */
static inline int
mlpg_count_up_to(const double *value, int n, double x)
{
	int			low = 0,
				high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (value[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A combination's number with one more code; NaN: a column is missing, -1: one has a category that training did not see. */
static inline double
mlpg_combine(double number, double code, uint32_t size)
{
	if (code != code || number != number)
		return NAN;
	return number < 0 || code < 0 ? -1 : number * size + (size == 2 ? code != 0 : code);
}

/* Sets the sizes of the columns of a cross; their product is how many combinations there can be.  What is wrong, or NULL. */
extern const char *mlpg_measure_cross(MlpgHost *host, const MlpgPreprocess *preprocess, MlpgStep *step, double *combinations);

/* The input column that made an output column, which is no combination's. */
extern int	mlpg_source_of(const MlpgPreprocess *preprocess, int column);

#endif							/* MLPG_PREPROCESS_INTERNAL_H */
