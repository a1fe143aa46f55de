/*-------------------------------------------------------------------------
 *
 * lightgbm.h
 *	  LightGBM's text format of models, read and written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LIGHTGBM_H
#define MLPG_LIGHTGBM_H

#include "core/learners/tree/forest.h"

/* What a text says. */
typedef struct MlpgLightgbm
{
	char	   *version;		/* of the format: v4 */
	char	   *objective;		/* LightGBM's name, without its parameters */
	MlpgSchema *schema;
	MlpgForestSpec spec;
	int			n_trees;
	MlpgTree  **tree;			/* n_trees */
	int			n_params;		/* of the training, as LightGBM names them */
	char	  **param_name;
	char	  **param_value;
} MlpgLightgbm;

/*
 * Reads a text of length bytes, text[length] = 0, in the given encoding.  What
 * is not such a model is a MLPG_DATA_EXCEPTION, what it asks for and mlpg does not
 * have is MLPG_NOT_SUPPORTED and named.
 */
extern MlpgLightgbm *mlpg_lightgbm_read(MlpgHost *host, const char *text, size_t length, const char *encoding);

/* The same made a model: its bytes from the magic on. */
extern MlpgWriter *mlpg_lightgbm_import(MlpgHost *host, const char *text, size_t length, const char *encoding);

/* A model made of trees as text, with a terminating zero behind the length. */
extern MlpgWriter *mlpg_lightgbm_write(MlpgHost *host, const MlpgModel *model);

#endif							/* MLPG_LIGHTGBM_H */
