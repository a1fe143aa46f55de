/*-------------------------------------------------------------------------
 *
 * preprocess.h
 *	  Preprocessing as jsonb, the way users write it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_API_PREPROCESS_H
#define MLPG_API_PREPROCESS_H

#include "pg/mlpg_pg.h"

#include "core/model/steps.h"
#include "utils/jsonb.h"

/* In the current context; NULL when nothing is asked for.  Names are not looked up yet. */
extern MlpgWishes *mlpg_preprocess_parse(const JsonbValue *value);
extern MlpgWishes *mlpg_preprocess_parse_jsonb(Jsonb *jsonb);	/* which may be NULL */

#endif							/* MLPG_API_PREPROCESS_H */
