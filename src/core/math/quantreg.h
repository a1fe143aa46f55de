/*-------------------------------------------------------------------------
 *
 * quantreg.h
 *	  Exact linear quantile regression.
 *
 * Minimises  sum_i w_i rho_tau(y_i - x_i'b),  rho_tau(r) = r (tau - [r < 0]),
 * and answers with a vertex: as many interpolated rows as the design has
 * rank, together with the dual values that prove it optimal.  The intercept
 * is simply a column of x.  See quantreg.c for the method.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_QUANTREG_H
#define MLPG_QUANTREG_H

#include "core/host.h"

/* A column is dropped when what the kept columns before it leave of it is at most this share of its norm. */
#define MLPG_QUANTREG_RANK_TOLERANCE 1e-11

typedef struct MlpgQuantregProblem
{
	int64_t		n;				/* rows, >= 0 */
	int			p;				/* columns, >= 1 */
	const double *x;			/* n x p by rows, finite */
	int64_t		ldx;			/* distance between rows, >= p */
	const double *y;			/* n, finite */
	const double *w;			/* n weights >= 0, or NULL for all 1 */
} MlpgQuantregProblem;

typedef struct MlpgQuantregResult
{
	double	   *coefficients;	/* p; 0 where dropped */
	bool	   *dropped;		/* p: columns that depend on the kept ones before them */
	int64_t    *basis;			/* rank: interpolated rows, ascending; -1 where only a sum of rows is known,
								 * which takes ties and near dependence at once */
	double	   *dual;			/* rank: their values in the dual solution, in [(tau - 1) w, tau w] */
	int			rank;			/* kept columns = interpolated rows */
	double		objective;		/* sum w rho(residual), at the coefficients as stored */
	double		gap;			/* (objective - dual objective) / objective; where the objective is only rounding,
								 * objective / sum w |y| */
	int			iterations;		/* interior point iterations, all stages */
	int			rounds;			/* passes that checked globbed rows; 0 = solved directly */
	int64_t		pivots;			/* simplex steps */
	bool		unique;			/* no other coefficients reach this objective */
	bool		converged;		/* the certificate holds */
} MlpgQuantregResult;

/*
 * Fills *result; its arrays are allocated from the host.  Rows of weight 0
 * count for nothing.  Without any row the coefficients are 0 and the rank 0.
 * Raises MLPG_INVALID_PARAMETER for tau outside (0,1) and MLPG_DATA_EXCEPTION
 * for a negative or non-finite weight.
 */
extern void mlpg_quantreg_solve(MlpgHost *host, const MlpgQuantregProblem *problem, double tau,
								MlpgQuantregResult *result);
extern void mlpg_quantreg_release(MlpgHost *host, MlpgQuantregResult *result);

#endif							/* MLPG_QUANTREG_H */
