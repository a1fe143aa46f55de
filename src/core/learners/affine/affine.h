/*-------------------------------------------------------------------------
 *
 * affine.h
 *	  Payload, scoring and coefficient table of models that are affine in the
 *	  design: shared by the learners that make such models.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_AFFINE_H
#define MLPG_AFFINE_H

#include "core/learners/learner.h"

typedef struct MlpgAffineModel
{
	int			n_outputs;
	int			main_output;	/* -1: none */
	double		df;				/* residual degrees of freedom, NaN if none */
	double	   *levels;			/* n_outputs quantile levels, or NULL */
	MlpgDesign *design;
	double	   *coefficients;	/* n_outputs x n_terms; 0 where dropped */
	double	   *std_errors;		/* n_terms, or NULL */
	MlpgAffine *affine;			/* made by open */
} MlpgAffineModel;

extern void mlpg_affine_write(MlpgWriter *writer, const MlpgAffineModel *model);

/* The functions of the contract. */
extern void mlpg_affine_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload);
extern void mlpg_affine_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out);
extern MlpgCoefficient *mlpg_affine_coefficients(MlpgHost *host, const MlpgModel *model, int *n);

#define MLPG_AFFINE_PAYLOAD_VERSION 1

/* The policy for unseen categories from parameter "unseen": its default depends on the penalty. */
extern MlpgUnseen mlpg_unseen_policy(const MlpgParams *params, MlpgUnseen initial);

/* A fact and a warning that names dropped terms; missing indicators alone are no warning. */
extern void mlpg_affine_report_dropped(MlpgTraining *training, const MlpgDesign *design);

#endif							/* MLPG_AFFINE_H */
