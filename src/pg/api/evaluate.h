/*-------------------------------------------------------------------------
 *
 * evaluate.h
 *	  Judging a model on rows it was not fitted on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_EVALUATE_H
#define MLPG_EVALUATE_H

#include "pg/mlpg_pg.h"

#include "core/learners/fit.h"
#include "core/metrics/metric.h"
#include "pg/api/json.h"

#define MLPG_JUDGE_MAX 12		/* metrics */

/* Which metrics, with what parameters; the first is the main one. */
typedef struct MlpgJudge
{
	int			n;
	const MlpgMetric *metric[MLPG_JUDGE_MAX];
	double		parameters[MLPG_JUDGE_MAX][MLPG_METRIC_MAX_PARAMETERS];
} MlpgJudge;

/* Costs NaN: none.  level NaN: the model answers a mean. */
extern void mlpg_judge_init(MlpgJudge *judge, double underage_cost, double overage_cost, double level);

/* Values of all metrics for predictions of actuals; pairs with a NaN prediction are skipped.  NaN: no value. */
extern int64 mlpg_judge_rows(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat, int64 n, double *values);

/* Standard error of the main metric's mean loss over rows; NaN when it has none. */
extern double mlpg_judge_error(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat, int64 n);

/* Main predictions of rows kept by a fit (keep_rows), and their targets: n each. */
extern void mlpg_predict_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, double *actual, double *yhat);

#endif							/* MLPG_EVALUATE_H */
