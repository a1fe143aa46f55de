/*-------------------------------------------------------------------------
 *
 * ddsolve.h
 *	  Symmetric positive semidefinite systems in double-double.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DDSOLVE_H
#define MLPG_DDSOLVE_H

#include "core/host.h"
#include "core/math/dd.h"

/* A symmetric n x n matrix, upper triangle used; row-major, hi and lo apart so that loops vectorise. */
typedef struct MlpgDdMatrix
{
	MlpgHost   *host;			/* whose memory it is */
	int			n;
	double	   *hi;				/* n x n */
	double	   *lo;
} MlpgDdMatrix;

extern MlpgDdMatrix *mlpg_ddmatrix_create(MlpgHost *host, int n);
extern void mlpg_ddmatrix_release(MlpgHost *host, MlpgDdMatrix *matrix);

static inline MlpgDd
mlpg_ddmatrix_get(const MlpgDdMatrix *m, int i, int j)
{
	size_t		at = (size_t) i * (size_t) m->n + (size_t) j;

	return (MlpgDd) {m->hi[at], m->lo[at]};
}

static inline void
mlpg_ddmatrix_set(MlpgDdMatrix *m, int i, int j, MlpgDd value)
{
	size_t		at = (size_t) i * (size_t) m->n + (size_t) j;

	m->hi[at] = value.hi;
	m->lo[at] = value.lo;
}

/*
 * Upper Cholesky factor R of the leading m columns in place, R'R = A; the
 * columns behind (right-hand sides) become R'^-1 times theirs, and their own
 * block the Schur complement.  A column whose remaining length is below
 * its tolerance (both squared) depends on those before: dropped[j] = true, its
 * row and pivot become zero.  Returns the rank.
 */
extern int	mlpg_ddmatrix_cholesky(MlpgHost *host, MlpgDdMatrix *a, int m, const double *tolerance, bool *dropped);

/* Solves R b = (column c of the factored matrix) for the columns kept; b[j] = 0 for those dropped. */
extern void mlpg_ddmatrix_backsolve(const MlpgDdMatrix *r, int m, int c, const bool *dropped, MlpgDd *b);

/*
 * W = R^-1 for the columns kept (upper triangle; rows and columns of those dropped
 * are zero), and the diagonal of (R'R)^-1 = W W', NaN for those dropped.
 */
extern MlpgDdMatrix *mlpg_ddmatrix_inverse(MlpgHost *host, const MlpgDdMatrix *r, int m, const bool *dropped, double *diagonal);

/* The diagonal alone. */
extern void mlpg_ddmatrix_inverse_diagonal(MlpgHost *host, const MlpgDdMatrix *r, int m, const bool *dropped, double *diagonal);

#endif							/* MLPG_DDSOLVE_H */
