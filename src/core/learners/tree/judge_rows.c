/*-------------------------------------------------------------------------
 *
 * judge_rows.c
 *	  How well an ensemble does on its validation rows, iteration by iteration.
 *
 * The metrics are weighted means over the validation rows, summed in fixed
 * point (order-free), and the area under the ROC curve, ties counting half (Mann
 * and Whitney 1947).  All are on the response scale.
 *
 * Cost: O(validation rows) an iteration and metric, the area O(v log v).
 * Memory: 8 bytes a validation row and output, and 24 more.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/fixed.h"
#include "core/math/sort.h"

struct MlpgWatchedRows
{
	int64_t		n;
	uint32_t   *row;
	double	   *y;
	double	   *w;				/* NULL: all the same */
	double	   *score;			/* n_outputs x n */
	double	   *term;			/* n: loss of each row */
	int64_t    *order;			/* n */
};

MlpgWatchedRows *
mlpg_boost_watch_begin(MlpgBoost *b)
{
	MlpgHost   *host = b->host;
	MlpgWatchedRows *v = mlpg_allocate(host, 1, sizeof(MlpgWatchedRows));
	size_t		n = (size_t) (b->n - b->n_fitted);

	v->row = mlpg_allocate(host, n, sizeof(uint32_t));
	v->y = mlpg_allocate(host, n, sizeof(double));
	v->w = b->rows->w ? mlpg_allocate(host, n, sizeof(double)) : NULL;
	v->score = mlpg_allocate(host, mlpg_size_multiply(host, n, (size_t) b->n_outputs), sizeof(double));
	v->term = mlpg_allocate(host, n, sizeof(double));
	v->order = mlpg_allocate(host, n, sizeof(int64_t));
	for (int64_t i = 0; i < b->n; i++)
	{
		if (!b->rows->validation[i])
			continue;
		v->row[v->n] = (uint32_t) i;
		v->y[v->n] = b->rows->y[i];
		if (v->w)
			v->w[v->n] = b->rows->w[i];
		v->n++;
	}
	return v;
}

static double
mean_term(MlpgHost *host, const MlpgWatchedRows *v)
{
	double		weight = v->w ? mlpg_fixed_total(host, v->w, NULL, v->n) : (double) v->n;

	return mlpg_fixed_total(host, v->term, v->w, v->n) / weight;
}

static int
likeliest(const MlpgWatchedRows *v, int n_outputs, int64_t i)
{
	int			best = 0;

	if (n_outputs == 1)
		return v->score[i] > 0.5;
	for (int k = 1; k < n_outputs; k++)
		if (v->score[(int64_t) k * v->n + i] > v->score[(int64_t) best * v->n + i])
			best = k;
	return best;
}

/* Probability that a row of the second class scores above one of the first, ties half. */
static double
area(MlpgHost *host, MlpgWatchedRows *v)
{
	double		above = 0,
				below = 0,
				won = 0;

	for (int64_t i = 0; i < v->n; i++)
	{
		v->order[i] = i;
		v->term[i] = v->score[i];
	}
	mlpg_sort(host, v->term, v->order, v->n);
	for (int64_t i = 0, next; i < v->n; i = next)
	{
		double		tied[2] = {0, 0};

		for (next = i; next < v->n && v->term[next] == v->term[i]; next++)
			tied[v->y[v->order[next]] > 0.5] += v->w ? v->w[v->order[next]] : 1;
		won += tied[1] * (below + tied[0] / 2);
		below += tied[0];
		above += tied[1];
	}
	if (!(above > 0 && below > 0))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "Those that have a weight are all of one class.",
				   "Watch the loss, or name other rows with \"validation\".", "the area under the ROC curve needs validation rows of both classes");
	return won / (above * below);
}

double
mlpg_boost_watch(MlpgBoost *b, MlpgWatchedRows *v, MlpgWatch watch)
{
	for (int k = 0; k < b->n_outputs; k++)
		for (int64_t i = 0; i < v->n; i++)
			v->score[(int64_t) k * v->n + i] = b->score[(int64_t) k * b->n + v->row[i]];
	mlpg_check(b->host, NULL, 0, 0);
	if (watch == MLPG_WATCH_LOSS)
		return mlpg_loss_mean(b->host, b->loss, v->y, v->w, v->score, v->n, v->n);
	mlpg_loss_predict(b->loss->link, b->n_outputs, v->n, v->n, v->score);
	if (watch == MLPG_WATCH_AUC)
		return area(b->host, v);
	for (int64_t i = 0; i < v->n; i++)
	{
		double		e = v->score[i] - v->y[i];

		v->term[i] = watch == MLPG_WATCH_ERROR ? likeliest(v, b->n_outputs, i) != (int) v->y[i]
			: watch == MLPG_WATCH_L1 ? fabs(e) : e * e;
	}
	return watch == MLPG_WATCH_RMSE ? sqrt(mean_term(b->host, v)) : mean_term(b->host, v);
}
