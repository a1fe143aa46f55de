/*-------------------------------------------------------------------------
 *
 * calibration.h
 *	  Rows kept apart from a regression, and what they say about its errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CALIBRATION_H
#define MLPG_CALIBRATION_H

#include "core/learners/fit.h"

#define MLPG_CALIBRATION_SCORES 4096	/* kept at most, of each pair of outputs */

/*
 * Scores of n rows, for each pair of outputs that encloses them: of a quantile
 * model (lowest, highest level), (second, second but one), ...; of any other
 * the main output with itself.
 */
typedef struct MlpgCalibration
{
	int64_t		n;				/* rows */
	int			n_kept;			/* scores of each pair: all, or some evenly by rank */
	int			n_pairs;
	double	   *score;			/* n_pairs x n_kept, ascending in each pair */
} MlpgCalibration;

/* Outputs of a pair. */
static inline int
mlpg_calibration_lower(const MlpgModel *model, int pair)
{
	return model->n_outputs > 1 ? pair : 0;
}

static inline int
mlpg_calibration_upper(const MlpgModel *model, int pair)
{
	return model->n_outputs > 1 ? model->n_outputs - 1 - pair : 0;
}

/*
 * What the interval of a pair has to be wider by, on both sides (narrower, where
 * negative), to hold a new row with the probability coverage.  NaN: there are too
 * few rows for any.
 */
extern double mlpg_calibration_margin(const MlpgCalibration *calibration, int pair, double coverage);

/* The fewest rows that a coverage can be promised with. */
extern int64_t mlpg_calibration_rows_needed(double coverage);

/* Makes the model of a plan with a calibration_share: as mlpg_fit_finish, which calls it; all memory is the scratch. */
extern MlpgWriter *mlpg_calibration_fit(MlpgHost *scratch, MlpgFit *fit, MlpgFacts *facts);

/* The section of a model. */
extern void mlpg_calibration_write(MlpgWriter *writer, const MlpgCalibration *calibration);
extern MlpgCalibration *mlpg_calibration_read(MlpgReader *reader, const MlpgModel *model);

#endif							/* MLPG_CALIBRATION_H */
