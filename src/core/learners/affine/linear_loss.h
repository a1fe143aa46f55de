/*-------------------------------------------------------------------------
 *
 * linear_loss.h
 *	  The loss of linear scores over all training rows, as a function of the
 *	  coefficients that is to be minimised.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LINEAR_LOSS_H
#define MLPG_LINEAR_LOSS_H

#include "core/learners/affine/design_rows.h"
#include "core/learners/affine/minimise.h"
#include "core/math/loss.h"

typedef struct MlpgLinearLoss
{
	/* what is asked for */
	const MlpgDesignRows *rows;
	const MlpgLoss *loss;		/* with one score a row, or softmax */
	const double *y;
	const double *w;			/* weights of the rows, or NULL */
	double		l1;				/* penalties, on columns of deviation 1 */
	double		l2;
	bool		reference;		/* softmax: the scores of the first class are 0, not unknown */
	double		tolerance;
	int			max_iterations;

	/* unknowns: coefficients of columns of deviation 1, score by score */
	int			n_scores;
	int			n_unknowns;
	double	   *x;
	bool	   *fixed;			/* n_unknowns: of columns that depend on others: 0 */
	int			n_fixed;		/* of each score */
	double	   *hessian;		/* of the mean loss with its penalty, n_unknowns x n_unknowns; NULL: too many */
	MlpgMinimum minimum;

	/* of the evaluation at hand */
	MlpgHost   *host;
	double	   *b;				/* coefficients of the columns as they are */
	double	   *sums;
	double	   *l1_of;			/* n_unknowns */
	bool		sample;			/* every 20th row or so */
	bool		with_hessian;
	bool		square_gradients;	/* ... or rather with the cross-products of rows' gradients */
	bool		ranked;			/* fixed is settled */
	double		n_far;			/* rows whose score is beyond 30 */
} MlpgLinearLoss;

/* Completes what is asked for; x is 0 but for intercepts, which start at the best constant. */
extern void mlpg_linear_loss_begin(MlpgHost *host, MlpgLinearLoss *problem);

/* Sets x and minimum (which may be unbounded where there is no penalty) and says which columns were left out. */
extern void mlpg_linear_loss_minimise(MlpgHost *host, MlpgLinearLoss *problem);

/* Starts again with another penalty. */
extern void mlpg_linear_loss_restart(MlpgHost *host, MlpgLinearLoss *problem, double l2);

/* Evaluates at x; the Hessian is set if it is not too large. */
extern double mlpg_linear_loss_evaluate(MlpgHost *host, MlpgLinearLoss *problem, double *gradient);

/* The mean of the rows' gradients times themselves at x, where there is a Hessian; losses with one score. */
extern void mlpg_linear_loss_square_gradients(MlpgHost *host, MlpgLinearLoss *problem, double *out);

/* Coefficients by term (n_scores x n_columns), in original units. */
extern void mlpg_linear_loss_coefficients(const MlpgLinearLoss *problem, double *out);

/* Their standard errors from a covariance of x (n_unknowns x n_unknowns); NaN where fixed. */
extern void mlpg_linear_loss_errors(MlpgHost *host, const MlpgLinearLoss *problem, const double *covariance, double *out);

extern void mlpg_linear_loss_release(MlpgHost *host, MlpgLinearLoss *problem);

#endif							/* MLPG_LINEAR_LOSS_H */
