/*-------------------------------------------------------------------------
 *
 * sandwich.h
 *	  Covariances that hold when variances are not those of the model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SANDWICH_H
#define MLPG_SANDWICH_H

#include "core/learners/affine/design_rows.h"

/* Values are those of parameter "robust". */
typedef enum MlpgSandwich
{
	MLPG_HC0,
	MLPG_HC1,
	MLPG_HC2,
	MLPG_HC3
} MlpgSandwich;

#define MLPG_SANDWICH_CHOICES "HC0|HC1|HC2|HC3"

/* Scores and weights (fitted information) of rows [first, last), at most MLPG_DESIGN_BLOCK.  For pool tasks. */
typedef void (*MlpgSandwichBody) (int64_t first, int64_t last, void *argument, double *score, double *weight);

/*
 * unscaled: inverse of the information by column, n_columns apart, 0 where dropped.  n: rows with a
 * weight.  The covariance in the same form.
 */
extern double *mlpg_sandwich(MlpgHost *host, const MlpgDesignRows *rows, MlpgSandwich kind, MlpgSandwichBody body, void *argument,
							 const double *unscaled, int64_t n, int rank);

#endif							/* MLPG_SANDWICH_H */
