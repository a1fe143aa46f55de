/*-------------------------------------------------------------------------
 *
 * interval.h
 *	  Prediction intervals: what a model can say about a new row beside one number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_INTERVAL_H
#define MLPG_INTERVAL_H

#include "core/learners/learner.h"

/* How a model makes its intervals of one coverage: found once, used for many rows. */
typedef struct MlpgIntervalRule
{
	double		coverage;
	enum
	{
		MLPG_INTERVAL_CALIBRATED,	/* outputs of a pair, wider by margin */
		MLPG_INTERVAL_LEVELS,	/* quantiles at two levels */
		MLPG_INTERVAL_STUDENT	/* prediction -/+ margin standard errors */
	}			kind;
	int			lower;			/* calibrated: outputs */
	int			upper;
	double		level[2];		/* levels: those asked for */
	double		margin;
	char	   *unbounded;		/* why there are no bounds, whatever the row; NULL: there are */
} MlpgIntervalRule;

/* NaN: no prediction, no bound. */
typedef struct MlpgInterval
{
	double		yhat;
	double		lower;
	double		upper;
} MlpgInterval;

/* Raises MLPG_INVALID_PARAMETER for a coverage not between 0 and 1, or outside of the trained levels; MLPG_NOT_SUPPORTED when the model cannot say. */
extern void mlpg_interval_rule(MlpgHost *host, const MlpgModel *model, double coverage, MlpgIntervalRule *rule);

/* One row as predict reads it; outputs (n_outputs) and what host gives are scratch. */
extern void mlpg_interval_row(MlpgHost *host, const MlpgModel *model, const MlpgIntervalRule *rule, const double *row,
							  double *outputs, MlpgInterval *interval);

#endif							/* MLPG_INTERVAL_H */
