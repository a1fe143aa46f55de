/*-------------------------------------------------------------------------
 *
 * penalised.h
 *	  Elastic net fits of generalised linear models along a regularisation path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PENALISED_H
#define MLPG_PENALISED_H

#include "core/learners/affine/screened.h"

/* Positions of the choices of parameter "family". */
typedef enum MlpgPenalisedFamily
{
	MLPG_PENALISED_GAUSSIAN = 0,	/* (y - eta)^2 / 2 */
	MLPG_PENALISED_BINOMIAL = 1,	/* log(1 + e^eta) - y eta */
	MLPG_PENALISED_POISSON = 2	/* e^eta - y eta */
} MlpgPenalisedFamily;

/*
 * Minimise (1/W) sum w loss(y, eta) + lambda sum_j (l1_share s_j |b_j| + l2_share s_j^2 b_j^2 / 2),
 * eta = offset + row times b, W the sum of the weights, s_j the column's deviation
 * by weight (1 where it has any, if it is unscaled).  The intercept, if the rows have one, is free.
 */
typedef struct MlpgPenalisedProblem
{
	const MlpgDesignRows *rows;
	MlpgPenalisedFamily family;
	const double *y;			/* n_rows */
	const double *w;			/* n_rows, or NULL: all 1; with a sum above 0 */
	const double *offset;		/* n_rows, or NULL */
	const bool *unscaled;		/* n_columns of the rows, or NULL: none is */
	double		l1_share;
	double		l2_share;
	double		tolerance;		/* h d^2 of a step, of the null deviance, that is not taken further */
	MlpgScreened *screened;		/* columns already at hand, which are added to; NULL: few terms, by their cross-products */
} MlpgPenalisedProblem;

/* A fit at one lambda after the other. */
typedef struct MlpgPenalised MlpgPenalised;

/* Whether cross-products are the way for a design; else the problem needs screened columns. */
extern bool mlpg_penalised_is_small(const MlpgDesignRows *rows, MlpgPenalisedFamily family);

/* Fits the intercept alone. */
extern MlpgPenalised *mlpg_penalised_create(MlpgHost *host, const MlpgPenalisedProblem *problem);
extern void mlpg_penalised_release(MlpgPenalised *fit);

/* The smallest lambda at which no term but the intercept is there (l1_share taken as 0.001 at least). */
extern double mlpg_penalised_largest(const MlpgPenalised *fit);

/* Fits at a lambda, from where the fit is; best in descending order. */
extern void mlpg_penalised_solve(MlpgPenalised *fit, double lambda);

/* Of the fit as it is. */
extern const double *mlpg_penalised_coefficients(const MlpgPenalised *fit);	/* n_columns */
extern double mlpg_penalised_deviance(const MlpgPenalised *fit);	/* by weight */
extern double mlpg_penalised_null_deviance(const MlpgPenalised *fit);
extern int64_t mlpg_penalised_passes(const MlpgPenalised *fit);	/* over the rows, since creation */
extern bool mlpg_penalised_converged(const MlpgPenalised *fit);	/* at every lambda */

/* Largest violation of the conditions of optimality at the fit's lambda, in the unit of the gradient; one pass over the rows. */
extern double mlpg_penalised_violation(MlpgPenalised *fit);

/* Weighted deviance of n rows, at most MLPG_DESIGN_BLOCK; eta and scratch (n) are used up.  For pool tasks. */
extern double mlpg_penalised_block_deviance(MlpgPenalisedFamily family, const double *y, const double *w, int n, double *eta, double *scratch);

#endif							/* MLPG_PENALISED_H */
