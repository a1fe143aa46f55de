/*-------------------------------------------------------------------------
 *
 * lightgbm_pandas.h
 *	  Categories of pandas columns in LightGBM's text format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LIGHTGBM_PANDAS_H
#define MLPG_LIGHTGBM_PANDAS_H

#include "core/learners/tree/lightgbm.h"

typedef enum MlpgPandasKind
{
	MLPG_PANDAS_NUMBERS,
	MLPG_PANDAS_TEXTS,
	MLPG_PANDAS_BOOLEANS
} MlpgPandasKind;

/* The categories of one column by code. */
typedef struct MlpgPandasList
{
	MlpgPandasKind kind;
	int32_t		n;
	int32_t		capacity;
	char	  **text;			/* texts: n, zero-terminated */
	double	   *number;			/* numbers and booleans: n */
} MlpgPandasList;

typedef struct MlpgPandas
{
	int32_t		n;
	int32_t		capacity;
	MlpgPandasList *list;
} MlpgPandas;

/* Parses a JSON array of arrays, or null; text ends at end. */
extern MlpgPandas *mlpg_pandas_read(MlpgHost *host, const char *text, const char *end, int line, const char *encoding);

/* Makes the lists those of features: kinds and dictionaries of the schema, and the sets of all trees. */
extern void mlpg_pandas_apply(MlpgHost *host, const MlpgPandas *pandas, const int *feature, MlpgLightgbm *model);

/* A text as a JSON string, quotes included. */
extern void mlpg_pandas_write_text(MlpgWriter *writer, const char *text, int32_t length);

#endif							/* MLPG_LIGHTGBM_PANDAS_H */
