/*-------------------------------------------------------------------------
 *
 * steps.h
 *	  Preprocessing as it is asked for, and as bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_STEPS_H
#define MLPG_STEPS_H

#include "core/matrix/preprocess.h"
#include "core/model/blob.h"

/* "cross", "bucketize", ...: the keys of preprocess, by step; NULL for a copy. */
extern const char *const mlpg_step_names[MLPG_STEP_KINDS];

/*
 * Checks what is asked for against the columns there are: names, kinds, ranges and the
 * number of columns that come of it.  kind: a column read by n-grams becomes a text;
 * buckets (n_features, zero): set where a column is hashed.  Raises MLPG_UNDEFINED_COLUMN,
 * MLPG_DATATYPE_MISMATCH, MLPG_INVALID_PARAMETER and MLPG_LIMIT_EXCEEDED.
 */
extern void mlpg_wishes_settle(MlpgHost *host, const MlpgWishes *wishes, int n_features, char *const *name,
							   MlpgKind *kind, uint32_t *buckets);

extern bool mlpg_wishes_equal(const MlpgWishes *a, const MlpgWishes *b);	/* either may be NULL */
extern void mlpg_wishes_write(MlpgWriter *writer, const MlpgWishes *wishes);
extern MlpgWishes *mlpg_wishes_read(MlpgReader *reader);

/* The section of a model: steps, and what they made of the input. */
extern void mlpg_preprocess_write(MlpgWriter *writer, const MlpgPreprocess *preprocess);
extern MlpgPreprocess *mlpg_preprocess_read(MlpgReader *reader, MlpgSchema *input);

#endif							/* MLPG_STEPS_H */
