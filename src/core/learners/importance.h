/*-------------------------------------------------------------------------
 *
 * importance.h
 *	  Which features a model's answers to given rows depend on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_IMPORTANCE_H
#define MLPG_IMPORTANCE_H

#include "core/learners/learner.h"
#include "core/metrics/judge.h"

/* The rows that a model is asked about. */
typedef struct MlpgAskedRows
{
	const MlpgModel *model;
	int64_t		n;
	int			stride;			/* columns of a row: those of model->input, then the offset if there is one */
	const double *row;			/* n x stride, as mlpg_bind_values leaves them */
	const double *target;		/* n numbers, or classes (others than the model's are greater); NULL where they are not asked for */
	const uint64_t *identity;	/* n hashes of their contents */
} MlpgAskedRows;

/*
 * Both fill one value for each feature of model->input.  Mean absolute contribution to the raw score,
 * summed over the outputs where no single one is meant:
 */
extern void mlpg_importance_shap(MlpgHost *host, const MlpgAskedRows *asked, double *value);

/*
 * By how much the metric is worse when the values of one feature are dealt among the rows anew: mean and
 * standard deviation (NaN: one repeat) over the repeats.  metric is one of a judge for the model, with its parameters;
 * NULL: the mean pinball loss of all levels.
 */
extern void mlpg_importance_permutation(MlpgHost *host, const MlpgAskedRows *asked, const MlpgMetric *metric, const double *parameters,
										int repeats, uint64_t seed, double *value, double *stddev);

#endif							/* MLPG_IMPORTANCE_H */
