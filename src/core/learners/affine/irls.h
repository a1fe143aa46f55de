/*-------------------------------------------------------------------------
 *
 * irls.h
 *	  Maximum likelihood of generalised linear models by Fisher's scoring.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_IRLS_H
#define MLPG_IRLS_H

#include "core/learners/affine/design_rows.h"
#include "core/learners/affine/family.h"
#include "core/math/cholesky.h"

typedef struct MlpgIrls
{
	/* given */
	MlpgHost   *host;
	const MlpgDesignRows *rows;
	MlpgFamily	family;
	const double *y;
	const double *w;			/* or NULL */
	const double *offset;		/* or NULL */
	double		l2;
	int			max_iterations;

	/* found */
	double	   *b;				/* n_columns, by column */
	double	   *eta;			/* n_rows: linear predictor, with the offset: at b, or one small step before */
	bool	   *dropped;		/* n_columns: linearly dependent on columns before; b is 0 */
	int			rank;
	int			iterations;		/* passes over all rows */
	bool		converged;
	bool		separated;		/* some means go to their bound without end */
	MlpgFamilySums sums;		/* at the same point, the deviance at b */
	MlpgCholesky *factor;		/* of the information there, columns in the order of their terms */

	/* work */
	int		   *order;			/* n_columns: column of a place in the factor */
	double	   *gradient;		/* n_columns */
	double	   *information;	/* n_columns x lda, by column */
	double	   *step;
	double		lambda;			/* root of what the last step took off the deviance */
} MlpgIrls;

/* Bytes that a fit takes for each pair of terms, without or with robust errors (sandwich.h). */
#define MLPG_IRLS_PAIR_BYTES(host, robust) (8.0 * (((robust) ? 6 : 3) + (host)->n_threads))

/* Fields that are found are made here; b starts from nothing, or where a fit before left it. */
extern void mlpg_irls_prepare(MlpgIrls *fit);
extern void mlpg_irls_fit(MlpgIrls *fit);

/* Covariance over dispersion by column, n_columns apart; 0 where dropped. */
extern double *mlpg_irls_unscaled_covariance(const MlpgIrls *fit);

/* The deviance without any feature: a constant, if the design has one, and the offset; NaN: there is no such mean. */
extern double mlpg_irls_null_deviance(const MlpgIrls *fit);

extern double mlpg_irls_log_likelihood(const MlpgIrls *fit, double dispersion);

#endif							/* MLPG_IRLS_H */
