/*-------------------------------------------------------------------------
 *
 * minimise.h
 *	  Minimisers of smooth convex functions of few and of many unknowns, with
 *	  L1 penalties on request.
 *
 * newton.c is for a few hundred unknowns, lbfgs.c for more.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_MINIMISE_H
#define MLPG_MINIMISE_H

#include "core/host.h"

/* f(x) + sum of l1[j] |x[j]| */
typedef struct MlpgObjective
{
	int			n;
	void	   *argument;

	/* f at x; sets its gradient and, unless NULL, its Hessian (n x n, both triangles) */
	double		(*evaluate) (MlpgHost *host, void *argument, const double *x, double *gradient, double *hessian);

	/* Was the point evaluated last so far out that there may be no minimum?  NULL: there is one. */
	bool		(*is_far) (const void *argument);

	const double *l1;			/* n, or NULL */
} MlpgObjective;

typedef struct MlpgStopRule
{
	double		tolerance;		/* largest component of the gradient that counts as none */
	int			max_iterations;
} MlpgStopRule;

typedef struct MlpgMinimum
{
	double	   *x;				/* n: where to start; then where it ended */
	double		value;			/* with the penalty */
	double		gradient;		/* largest component of the last gradient (with L1: of the shortest subgradient) */
	int			iterations;
	int			evaluations;
	bool		converged;
	bool		unbounded;		/* ran away instead: there is no minimum */
} MlpgMinimum;

/*
 * Newton's method.  hessian: n x n, holding that of a point near the start where known is
 * set, that of a point near the end afterwards; fixed[j] (or NULL): x[j] stays.
 */
extern void mlpg_newton_minimise(MlpgHost *host, const MlpgObjective *objective, const MlpgStopRule *rule, const bool *fixed,
								 double *hessian, bool known, MlpgMinimum *minimum);

/* Which of the leading m columns of a positive semidefinite matrix (rows ld apart) depend on those before. */
extern int	mlpg_newton_dependent(MlpgHost *host, const double *a, int m, int ld, bool *dependent);

/* The inverse of a positive definite matrix (n x n), without the rows and columns of fixed (which become 0). */
extern void mlpg_newton_inverse(MlpgHost *host, const double *a, int n, const bool *fixed, double *inverse);

/* Limited-memory BFGS; evaluate is not asked for Hessians. */
extern void mlpg_lbfgs_minimise(MlpgHost *host, const MlpgObjective *objective, const MlpgStopRule *rule, MlpgMinimum *minimum);

/* For both: component j of the shortest subgradient of the whole at x, gradient being that of f. */
static inline double
mlpg_subgradient(const MlpgObjective *o, const double *x, const double *gradient, int j)
{
	double		penalty = o->l1 ? o->l1[j] : 0,
				g = gradient[j];

	if (x[j] != 0 || penalty == 0)
		return x[j] > 0 ? g + penalty : x[j] < 0 ? g - penalty : g;
	return g > penalty ? g - penalty : g < -penalty ? g + penalty : 0;
}

static inline double
mlpg_penalty(const MlpgObjective *o, const double *x)
{
	double		sum = 0;

	for (int j = 0; o->l1 && j < o->n; j++)
		sum += o->l1[j] * fabs(x[j]);
	return sum;
}

#endif							/* MLPG_MINIMISE_H */
