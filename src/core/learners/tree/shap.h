/*-------------------------------------------------------------------------
 *
 * shap.h
 *	  Why a row has its raw score: exact contributions of its features.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SHAP_H
#define MLPG_SHAP_H

#include "core/learners/tree/forest.h"

/*
 * n_outputs x (n_features + 1): contributions, which add up to the raw score;
 * the last of each output is its base, the mean raw score of the training rows.
 * Raises MLPG_NOT_SUPPORTED when the nodes' counts are not known.
 */
extern void mlpg_forest_explain(MlpgHost *host, const MlpgModel *model, const double *row, double *out);

#endif							/* MLPG_SHAP_H */
