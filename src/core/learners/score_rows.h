/*-------------------------------------------------------------------------
 *
 * score_rows.h
 *	  Scoring rows that were kept as training reads them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCORE_ROWS_H
#define MLPG_SCORE_ROWS_H

#include "core/learners/fit.h"

/* What is done with a row: its position, its target as it was kept, the outputs (scratch). */
typedef void (*MlpgTakeScored) (const MlpgModel *model, int64_t row, double target, double *outputs, void *argument);

/*
 * Scores all rows of a fit that keeps them, in their order.  dictionary: of the codes
 * that they hold (fit->dictionary, mostly); NULL without categories.
 */
extern void mlpg_score_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, MlpgDictionary *const *dictionary,
							MlpgTakeScored take, void *argument);

#endif							/* MLPG_SCORE_ROWS_H */
