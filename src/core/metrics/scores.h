/*-------------------------------------------------------------------------
 *
 * scores.h
 *	  Scores of rows of two classes, and what their ranks tell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCORES_H
#define MLPG_SCORES_H

#include "core/metrics/tally.h"

/* All zero is empty. */
typedef struct MlpgScores
{
	MlpgTally	of[2];			/* of the rows where it did not happen, and where it did */
} MlpgScores;

static inline void
mlpg_scores_add(MlpgHost *host, MlpgScores *scores, bool actual, double score)
{
	mlpg_tally_add(host, &scores->of[actual], score);
}

extern void mlpg_scores_settle(MlpgHost *host, MlpgScores *scores);
extern void mlpg_scores_release(MlpgHost *host, MlpgScores *scores);
extern void mlpg_scores_merge(MlpgHost *host, MlpgScores *scores, const MlpgScores *other);	/* other is settled */
extern void mlpg_scores_write(const MlpgScores *scores, MlpgWriter *writer);	/* of settled ones */
extern void mlpg_scores_read(MlpgScores *scores, MlpgReader *reader);

/*
 * The thresholds of settled scores, from the greatest down.  A row is called
 * positive if its score is at least the threshold: so many are, of each class.
 */
typedef struct MlpgCurve
{
	MlpgHost   *host;
	const MlpgScores *scores;
	int64_t		at[2];
	double		threshold;
	double		called[2];		/* rows called positive: wrongly, rightly */
	double		total[2];		/* rows of each class */
	int64_t		n;				/* thresholds so far */

	/* of corners: the point that was last seen, which is not yet out */
	bool		pending;
	double		last_threshold;
	double		last[2];
	double		step[2];		/* from the one before it */
} MlpgCurve;

extern void mlpg_curve_start(MlpgHost *host, const MlpgScores *scores, MlpgCurve *curve);
extern bool mlpg_curve_next(MlpgCurve *curve);

/* The same without the points between two others on a straight line of equal steps (as scikit-learn drops them). */
extern bool mlpg_curve_next_corner(MlpgCurve *curve);

/* Of settled scores; NaN where a class that they need has no row. */
extern double mlpg_scores_auc(MlpgHost *host, const MlpgScores *scores);
extern double mlpg_scores_average_precision(MlpgHost *host, const MlpgScores *scores);

#endif							/* MLPG_SCORES_H */
