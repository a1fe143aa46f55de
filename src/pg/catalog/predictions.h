/*-------------------------------------------------------------------------
 *
 * predictions.h
 *	  Writing mlpg.predictions and mlpg.actuals as the registry's owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PREDICTIONS_H
#define MLPG_PREDICTIONS_H

#include "pg/catalog/rows.h"

/* Columns of the rows that mlpg_predictions_write takes. */
enum
{
	MLPG_LOG_SERIES,			/* jsonb */
	MLPG_LOG_TIME,				/* timestamptz */
	MLPG_LOG_DATE,				/* date */
	MLPG_LOG_YHAT,				/* float8 */
	MLPG_LOG_BASELINE,			/* float8 */
	MLPG_LOG_LOWER,				/* float8 */
	MLPG_LOG_UPPER,				/* float8 */
	MLPG_LOG_QUANTILES,			/* jsonb */
	MLPG_LOG_ORDER,				/* float8 */
	MLPG_LOG_COLUMNS
};
extern const Oid mlpg_log_types[MLPG_LOG_COLUMNS];

/* Columns of the rows that mlpg_actuals_write takes. */
enum
{
	MLPG_ACTUAL_SERIES,			/* jsonb */
	MLPG_ACTUAL_TIME,			/* timestamptz */
	MLPG_ACTUAL_VALUE,			/* float8 */
	MLPG_ACTUAL_AT,				/* timestamptz, NULL: the time of the call */
	MLPG_ACTUAL_COLUMNS
};
extern const Oid mlpg_actual_types[MLPG_ACTUAL_COLUMNS];

/* What is the same for all predictions of one call. */
typedef struct MlpgPredictionLog
{
	int64		model_id;
	int32		version;
	const char *model;			/* name, for messages */
	TimestampTz as_of;
	const char *alias;			/* NULL: asked by number */
	const char *status;			/* of rows that are no backfill */
	TimestampTz trained_until;	/* last training row: an as_of before it makes a backfill */
	double		underage_cost;	/* NaN: none */
	double		overage_cost;	/* NaN: none */
	double		coverage;		/* of lower to upper, NaN: no interval */
	int64		n_new;			/* results */
	int64		n_known;
	int64		n_seen;			/* new ones for times up to trained_until */
} MlpgPredictionLog;

typedef struct MlpgActualLog
{
	int64		model_id;
	const char *model;
	bool		dated;			/* the source has a column actual_at */
	int64		n_matched;		/* results */
	int64		n_revised;
	int64		n_due;			/* predictions in the time that the figures span */
	int64		n_due_met;		/* those that have an actual now */
} MlpgActualLog;

/* Makes predictions and actuals of a model wait for each other until the end of the transaction. */
extern void mlpg_predictions_lock(int64 model_id);

extern void mlpg_predictions_write(MlpgPredictionLog *log, const MlpgRows *rows);
extern void mlpg_actuals_write(MlpgActualLog *log, const MlpgRows *rows);

#endif							/* MLPG_PREDICTIONS_H */
