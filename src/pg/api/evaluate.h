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
#include "core/metrics/judge.h"
#include "pg/api/json.h"

/* Main predictions of rows kept by a fit (keep_rows), and their targets: n each. */
extern void mlpg_predict_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, double *actual, double *yhat);

#endif							/* MLPG_EVALUATE_H */
