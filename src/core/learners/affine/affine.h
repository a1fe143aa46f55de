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

#include "core/learners/affine/link.h"
#include "core/learners/learner.h"

typedef struct MlpgAffineModel
{
	int			n_outputs;
	int			main_output;	/* -1: none */
	MlpgLinked	link;			/* all zero: identity */
	double		df;				/* residual degrees of freedom, infinite: statistics are normal, NaN: none */
	double		dispersion;		/* variance of the residuals about the mean, or its factor; NaN: none */
	double	   *levels;			/* n_outputs quantile levels, or NULL */
	MlpgDesign *design;
	double	   *coefficients;	/* n_outputs x n_terms; 0 where dropped */
	double	   *std_errors;		/* n_outputs x n_terms, or NULL; NaN: not available */
	double	   *means;			/* n_terms: of the design's columns over the training rows, by weight; or NULL: nothing to explain by */
	double	   *spread_factor;	/* of one output (spread.h): packed lower triangle, n_terms, 0 where dropped; or NULL */
	MlpgAffine *affine;			/* made by open */
} MlpgAffineModel;

extern void mlpg_affine_write(MlpgWriter *writer, const MlpgAffineModel *model);

/* The functions of the contract.  Where the schema has an offset, a row has it behind its features, and it is added to all scores. */
extern void mlpg_affine_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload);
extern void mlpg_affine_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out);
extern void mlpg_affine_explain(MlpgHost *host, const MlpgModel *model, const double *row, double *out);
extern MlpgCoefficient *mlpg_affine_coefficients(MlpgHost *host, const MlpgModel *model, int *n);

#define MLPG_AFFINE_PAYLOAD_VERSION 2

/*
 * For fits of texts whose memory grows with the square of the terms: raises MLPG_LIMIT_EXCEEDED, before any of
 * it is taken, where there are not so many bytes, or terms have more pairs than an int counts.
 */
extern void mlpg_affine_require_memory(MlpgTraining *training, const MlpgDesign *design, double bytes);

#endif							/* MLPG_AFFINE_H */
