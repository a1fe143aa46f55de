/*-------------------------------------------------------------------------
 *
 * model_argument.h
 *	  Models and rows as arguments of SQL functions, shared by those of the api.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_MODEL_ARGUMENT_H
#define MLPG_MODEL_ARGUMENT_H

#include "pg/mlpg_pg.h"

#include "fmgr.h"
#include "pg/bind/site.h"

/* The model of argument 0, decoded in the current context: a reference, to which the caller needs the right, or a value. */
extern MlpgModel *mlpg_model_argument(FunctionCallInfo fcinfo, MlpgPrivilege privilege);

/* The call site of a function whose arguments 0 and 1 are model and features, in any of their forms (predict.c). */
extern MlpgSite *mlpg_row_site(FunctionCallInfo fcinfo);

/* Its scorer for this call with the row read, or NULL where the answer is NULL. */
extern MlpgScorer *mlpg_row_scorer(FunctionCallInfo fcinfo, MlpgSite *site);

/* The class that a text names; raises when the model has no such class. */
extern int	mlpg_class_argument(const MlpgSite *site, const MlpgScorer *scorer, const text *name);

#endif							/* MLPG_MODEL_ARGUMENT_H */
