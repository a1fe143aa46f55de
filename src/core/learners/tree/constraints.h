/*-------------------------------------------------------------------------
 *
 * constraints.h
 *	  Parameters of trees that speak of columns by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CONSTRAINTS_H
#define MLPG_CONSTRAINTS_H

#include "core/matrix/schema.h"

/* Is the text of such a parameter well formed? (MlpgParamSpec.is_valid) */
extern bool mlpg_monotone_is_valid(const char *text);
extern bool mlpg_interaction_is_valid(const char *text);

/* -1, 0 or 1 for each feature; raises MLPG_UNDEFINED_COLUMN on a name that is no feature, MLPG_DATATYPE_MISMATCH on a category. */
extern int *mlpg_monotone_read(MlpgHost *host, const MlpgSchema *schema, const char *text);

/* n_groups x features: which features a group holds. */
extern bool *mlpg_interaction_read(MlpgHost *host, const MlpgSchema *schema, const char *text, int *n_groups);

#endif							/* MLPG_CONSTRAINTS_H */
