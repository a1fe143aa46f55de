/*-------------------------------------------------------------------------
 *
 * cholesky.h
 *	  Symmetric positive semidefinite systems in double precision.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CHOLESKY_H
#define MLPG_CHOLESKY_H

#include "core/host.h"

/* S A S = L L', S diagonal: the columns are brought to length 1 first. */
typedef struct MlpgCholesky
{
	int			n;
	int			stride;			/* doubles from row to row of l: n in whole vectors of 4 */
	double	   *l;				/* n rows: lower triangle, 0 above */
	double	   *scale;			/* n: diagonal of S */
	bool	   *dropped;		/* n: depends on the columns before, or was not to be used; row and column of L are 0 */
	double		least;			/* smallest pivot of a column kept: its squared distance from those before, length 1 */
	int			rank;
} MlpgCholesky;

extern MlpgCholesky *mlpg_cholesky_create(MlpgHost *host, int n);
extern void mlpg_cholesky_release(MlpgHost *host, MlpgCholesky *c);

/*
 * Factors the matrix whose lower triangle stands in c->l.  A column is dropped when left_out
 * (NULL: none) says so, when its length is 0, or its pivot below tolerance.
 */
extern void mlpg_cholesky_factor(MlpgHost *host, MlpgCholesky *c, const bool *left_out, double tolerance);

/* Solves A x = b in place; 0 for what is dropped. */
extern void mlpg_cholesky_solve(const MlpgCholesky *c, double *x);

/* The inverse of A over the columns kept, n x stride, both triangles; rows and columns dropped are 0. */
extern double *mlpg_cholesky_inverse(MlpgHost *host, const MlpgCholesky *c);

#endif							/* MLPG_CHOLESKY_H */
