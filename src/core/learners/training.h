/*-------------------------------------------------------------------------
 *
 * training.h
 *	  What matrix learners read of their training first: target, weights, offset,
 *	  and the levels that are asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TRAINING_H
#define MLPG_TRAINING_H

#include "core/learners/learner.h"

/* What a row has beside its features. */
typedef struct MlpgTrainingRows
{
	int64_t		n;
	double	   *y;
	double	   *w;				/* NULL: all 1 */
	double	   *offset;			/* NULL: none */
	int64_t		n_weighty;		/* rows with a weight above 0: one at least */
	double		total;			/* sum of the weights */
} MlpgTrainingRows;

/* Columns, copies for the learner to change, and weights weighed. */
extern void mlpg_training_read(const MlpgTraining *training, MlpgTrainingRows *rows);

/* The two halves of it, for a learner that changes the weights: the latter raises MLPG_DATA_EXCEPTION when no row has a weight or their sum is out of range. */
extern void mlpg_training_columns(const MlpgTraining *training, MlpgTrainingRows *rows);
extern void mlpg_training_weigh(MlpgHost *host, MlpgTrainingRows *rows);

MLPG_NORETURN extern void mlpg_training_raise_no_weight(MlpgHost *host);

/* A column of the matrix; NULL if it is -1 (mlpg_plan_weight_column and its like). */
extern double *mlpg_training_column(const MlpgTraining *training, int column);

/* Levels of a parameter of type MLPG_PARAM_REALS, which names the main one first. */
typedef struct MlpgLevels
{
	int			n;
	double	   *level;			/* ascending, each once */
	int			main;			/* position of the one named first */
} MlpgLevels;

extern MlpgLevels mlpg_levels_read(MlpgHost *host, const double *asked, int n);

#endif							/* MLPG_TRAINING_H */
