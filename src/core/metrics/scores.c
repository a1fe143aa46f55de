/*-------------------------------------------------------------------------
 *
 * scores.c
 *	  Metrics of ranks: area under the ROC curve, average precision, curves.
 *
 * A score says how likely a row is positive; its scale does not matter.  With the
 * distinct scores as thresholds t, from the greatest down, TP(t) and FP(t) rows
 * of the P positive and N negative ones have a score of at least t:
 *
 *	 auc	share of the pairs of a positive and a negative row in which the
 *			positive one has the higher score, ties for one half (Mann and Whitney
 *			1947): an integer over 2 P N, so exact
 *	 average precision
 *			sum over t of (TP(t) - TP(before)) TP(t) / (TP(t) + FP(t)), over P: the mean of
 *			the precision at each positive row; no line is drawn between points
 *	 ROC	points (FP/N, TP/P); precision and recall: TP/(TP+FP), TP/P
 *
 * Cost: a walk through two ordered lists; memory: none.  Determinism: integers, and
 * one sum in the order of the thresholds: the order of the rows does not matter.
 * NaN, infinity: refused by the callers.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/scores.h"

#include "core/math/fixed.h"
#include "core/math/sum.h"

#define STEPS_A_CHECK 65536

void
mlpg_scores_settle(MlpgHost *host, MlpgScores *scores)
{
	mlpg_tally_settle(host, &scores->of[0]);
	mlpg_tally_settle(host, &scores->of[1]);
}

void
mlpg_scores_release(MlpgHost *host, MlpgScores *scores)
{
	for (int k = 0; k < 2; k++)
	{
		mlpg_release(host, scores->of[k].key);
		mlpg_release(host, scores->of[k].count);
		mlpg_release(host, scores->of[k].fresh);
	}
	memset(scores, 0, sizeof(*scores));
}

void
mlpg_scores_merge(MlpgHost *host, MlpgScores *scores, const MlpgScores *other)
{
	mlpg_tally_merge(host, &scores->of[0], &other->of[0]);
	mlpg_tally_merge(host, &scores->of[1], &other->of[1]);
}

void
mlpg_scores_write(const MlpgScores *scores, MlpgWriter *writer)
{
	mlpg_tally_write(&scores->of[0], writer);
	mlpg_tally_write(&scores->of[1], writer);
}

void
mlpg_scores_read(MlpgScores *scores, MlpgReader *reader)
{
	mlpg_tally_read(&scores->of[0], reader);
	mlpg_tally_read(&scores->of[1], reader);
}

/* ---- thresholds ---- */

static double
rows_of(const MlpgTally *tally)
{
	uint64_t	n = 0;

	if (tally->count == NULL)
		return (double) tally->n_sorted;
	for (int64_t i = 0; i < tally->n_sorted; i++)
		n += tally->count[i];
	return (double) n;
}

void
mlpg_curve_start(MlpgHost *host, const MlpgScores *scores, MlpgCurve *curve)
{
	memset(curve, 0, sizeof(*curve));
	curve->host = host;
	curve->scores = scores;
	for (int k = 0; k < 2; k++)
	{
		MLPG_ASSERT(scores->of[k].n_fresh == 0);
		curve->at[k] = scores->of[k].n_sorted;
		curve->total[k] = rows_of(&scores->of[k]);
	}
}

bool
mlpg_curve_next(MlpgCurve *curve)
{
	const MlpgTally *of = curve->scores->of;
	uint64_t	key = 0;

	if (curve->at[0] == 0 && curve->at[1] == 0)
		return false;
	if (curve->n++ % STEPS_A_CHECK == 0)
		mlpg_check(curve->host, NULL, curve->n, 0);
	for (int k = 0; k < 2; k++)
		if (curve->at[k] > 0 && of[k].key[curve->at[k] - 1] > key)
			key = of[k].key[curve->at[k] - 1];
	curve->threshold = mlpg_sort_unkey(key);
	for (int k = 0; k < 2; k++)
		if (curve->at[k] > 0 && of[k].key[curve->at[k] - 1] == key)
			curve->called[k] += (double) mlpg_tally_down(&of[k], &curve->at[k]);
	return true;
}

/* Makes the pending point the one at hand, and that one the pending one. */
static void
exchange(MlpgCurve *c)
{
	double		threshold = c->threshold,
				called[2] = {c->called[0], c->called[1]};

	c->threshold = c->last_threshold;
	memcpy(c->called, c->last, sizeof(called));
	c->last_threshold = threshold;
	memcpy(c->last, called, sizeof(called));
}

bool
mlpg_curve_next_corner(MlpgCurve *c)
{
	/* what is pending was at hand when the walk went on: the counts go on from there */
	if (c->pending)
		exchange(c);
	for (;;)
	{
		double		before[2] = {c->called[0], c->called[1]},
					threshold = c->threshold;
		bool		is_first = c->n == 0;

		if (!mlpg_curve_next(c))
		{
			/* the last one is always a corner */
			bool		was_pending = c->pending;

			c->pending = false;
			return was_pending;
		}
		if (is_first)
		{
			memcpy(c->step, (double[2]) {NAN, NAN}, sizeof(c->step));
			c->pending = true;
			continue;
		}

		double		step[2] = {c->called[0] - before[0], c->called[1] - before[1]};
		bool		is_corner = step[0] != c->step[0] || step[1] != c->step[1];

		memcpy(c->step, step, sizeof(step));
		if (is_corner)
		{
			c->last_threshold = threshold;
			memcpy(c->last, before, sizeof(before));
			exchange(c);
			return true;
		}
	}
}

/* ---- areas ---- */

double
mlpg_scores_auc(MlpgHost *host, const MlpgScores *scores)
{
	MlpgCurve	curve;
	MlpgWide	twice = 0;		/* pairs won count 2, ties 1 */
	double		before[2] = {0, 0};

	mlpg_curve_start(host, scores, &curve);
	if (curve.total[0] == 0 || curve.total[1] == 0)
		return NAN;
	while (mlpg_curve_next(&curve))
	{
		/* negatives at this score lose to the positives above it, and tie with those at it */
		twice += (MlpgWide) (int64_t) (curve.called[0] - before[0]) * (int64_t) (before[1] + curve.called[1]);
		memcpy(before, curve.called, sizeof(before));
	}
	return (double) twice / (2 * (double) ((MlpgWide) (int64_t) curve.total[0] * (int64_t) curve.total[1]));
}

double
mlpg_scores_average_precision(MlpgHost *host, const MlpgScores *scores)
{
	MlpgCurve	curve;
	MlpgSum		sum = {0, 0};
	double		before = 0;

	mlpg_curve_start(host, scores, &curve);
	if (curve.total[1] == 0)
		return NAN;
	while (mlpg_curve_next(&curve))
	{
		mlpg_sum_add(&sum, (curve.called[1] - before) * (curve.called[1] / (curve.called[0] + curve.called[1])));
		before = curve.called[1];
	}
	return sum.high / curve.total[1];
}
