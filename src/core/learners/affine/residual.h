/*-------------------------------------------------------------------------
 *
 * residual.h
 *	  Linear fits under a smooth loss of the residual.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_RESIDUAL_H
#define MLPG_RESIDUAL_H

#include "core/learners/affine/frame.h"
#include "core/learners/affine/linear_loss.h"

/* A fit on its way; the learner sets loss before it minimises. */
typedef struct MlpgResidualFit
{
	MlpgTraining *training;
	MlpgTrainingRows rows;		/* the target less its offset and the mean, over the unit; weights over 2^weight_exponent */
	int			weight_exponent;
	MlpgDesign *design;
	double		mean;			/* 0 without an intercept */
	double		unit;			/* standard deviation of the target */
	double		l2;
	MlpgLoss	loss;			/* of a target in that unit */
	MlpgLinearLoss problem;
} MlpgResidualFit;

/* Reads rows and parameters (intercept, unseen, l2). */
extern void mlpg_residual_begin(MlpgTraining *training, MlpgResidualFit *fit);

/*
 * Minimises mean loss + curvature * l2/2 |b_s|^2, b_s coefficients on columns of unit variance, from where the fit
 * is (at first: the best constant).  curvature: that of the loss at 0, so that l2 means what it does in least squares.
 */
extern void mlpg_residual_minimise(MlpgResidualFit *fit, double curvature, double tolerance);

/* What "level" was minimised (NULL: there is one), times factor; and whether it was. */
extern void mlpg_residual_report(MlpgResidualFit *fit, const char *level, double factor);

/* Whether coefficients have standard errors. */
extern bool mlpg_residual_has_errors(const MlpgResidualFit *fit);

/* By term, in the target's unit, those of the loss minimised last; errors may be NULL. */
extern void mlpg_residual_take(MlpgResidualFit *fit, double *coefficients, double *errors);

extern void mlpg_residual_write(MlpgResidualFit *fit, MlpgAffineModel *model);

#endif							/* MLPG_RESIDUAL_H */
