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

/* The same of a classifier. */
extern MlpgClassRows *mlpg_predict_kept_classes(MlpgHost *host, const MlpgModel *model, MlpgFit *kept);

/* The class of the model that each class seen by a fit is, -1 where it is none. */
extern int32 *mlpg_map_classes(MlpgHost *host, const MlpgModel *model, const MlpgFit *fit);

#endif							/* MLPG_EVALUATE_H */
