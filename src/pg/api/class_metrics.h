/*-------------------------------------------------------------------------
 *
 * class_metrics.h
 *	  Rows of the curves, matrices and bins that judge a classifier.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CLASS_METRICS_H
#define MLPG_CLASS_METRICS_H

#include "pg/mlpg_pg.h"

#include "core/metrics/cells.h"
#include "core/metrics/reliability.h"
#include "core/metrics/scores.h"

#define MLPG_CURVE_COLUMNS 3	/* threshold and two shares */
#define MLPG_CONFUSION_COLUMNS 4	/* actual, predicted, n, share */
#define MLPG_CALIBRATION_COLUMNS 6	/* bin, lower, upper, predicted, actual, n */

/* Where rows go: to the elements of an array, or to the rows of a table. */
typedef void (*MlpgPutRow) (void *argument, Datum *values, bool *nulls);

/* mlpg_put_roc or mlpg_put_pr */
typedef void (*MlpgPutCurve) (MlpgHost *host, const MlpgScores *scores, MlpgPutRow put, void *argument);

extern void mlpg_put_roc(MlpgHost *host, const MlpgScores *scores, MlpgPutRow put, void *argument);
extern void mlpg_put_pr(MlpgHost *host, const MlpgScores *scores, MlpgPutRow put, void *argument);
extern void mlpg_put_confusion(MlpgHost *host, MlpgCells *cells, MlpgPutRow put, void *argument);
extern void mlpg_put_calibration(const MlpgReliability *reliability, MlpgPutRow put, void *argument);

#endif							/* MLPG_CLASS_METRICS_H */
