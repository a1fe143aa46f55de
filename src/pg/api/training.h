/*-------------------------------------------------------------------------
 *
 * training.h
 *	  One training run: from a recipe to a version in the registry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TRAINING_H
#define MLPG_TRAINING_H

#include "pg/mlpg_pg.h"

#include "pg/catalog/registry.h"
#include "utils/jsonb.h"

/* What is asked for. */
typedef struct MlpgTrainCall
{
	const char *model;			/* plain name */
	Jsonb	   *recipe;			/* what retrain needs again: source, target, algorithm, options */
	bool		refit;			/* fit all rows at the end, unless the recipe says otherwise */
	const char *kind;			/* 'train' or 'retrain' */
	int64		run_id;			/* a run that was started, or 0 */
	const char *key;			/* idempotency key, or NULL */
	const char *description;	/* or NULL */
	const char *experiment;		/* or NULL */
	Jsonb	   *tags;			/* or NULL */
} MlpgTrainCall;

/* What came of it. */
typedef struct MlpgTrainOutcome
{
	MlpgSavedVersion saved;
	const char *metric;			/* NULL: not judged */
	double		value;			/* NaN: none */
	const char *baseline;		/* NULL: none */
	double		baseline_value;
	double		skill;
	int64		n_rows;			/* of the fit that serves */
	double		seconds;
} MlpgTrainOutcome;

extern void mlpg_training_run(const MlpgTrainCall *call, MlpgTrainOutcome *outcome);

#endif							/* MLPG_TRAINING_H */
