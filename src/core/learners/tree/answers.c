/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  What the leaves of a tree answer, and the scores that follow.
 *
 * Leaves were found with rounded gradients; their answers are made of the
 * gradients themselves, summed in 64-bit fixed point: order-free.  Losses whose
 * hessian says nothing (absolute, quantile, newsvendor) take the quantile of the leaf's residuals y - score: the smallest
 * residual r with at least the level's share of the weight at or below it, so that the answer minimises
 * the leaf's loss; lambda_l1 and lambda_l2 act on gains only.  Either way bounds
 * of monotone features hold, and the learning rate is applied.
 *
 * Rows of the tree know their leaf by their place in id[]; all others
 * (validation, out of the bag) walk it on their bins.
 *
 * Work is shared out by windows of rows, not by leaves: what a task reads and writes of
 * scores and gradients stays in its core's cache, and no other core writes the
 * same lines.  (By leaves, two threads took 1.75 times the CPU of one.)  The rows of a
 * leaf ascend, so that those in a window are one stretch, found by bisection.
 *
 * Cost: one pass over the gradients, one over the scores, about 2 ns a row together; quantiles O(rows) more.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/fixed.h"

/* ---------- windows of rows ---------- */

#define WINDOW_LEAST 2048		/* rows */
#define WINDOW_MOST 32768
#define ROWS_A_LEAF 64			/* fewer, and bisection would cost more than the rows */

static int64_t
window_rows(const MlpgBoost *b)
{
	int64_t		rows = b->n / 16;
	int64_t		least = ROWS_A_LEAF * (int64_t) b->grower->n_leaves;

	rows = rows > WINDOW_MOST ? WINDOW_MOST : rows;
	least = least < WINDOW_LEAST ? WINDOW_LEAST : least;
	return rows < least ? least : rows;
}

static void
each_window(MlpgBoost *b, MlpgTaskBody body, void *argument)
{
	b->host->parallel_for(b->host, (int) ((b->n + window_rows(b) - 1) / window_rows(b)), body, argument);
}

/* The first place in id[from .. to) of a row that is not below row. */
static int64_t
place_of(const uint32_t *id, int64_t from, int64_t to, int64_t row)
{
	while (from < to)
	{
		int64_t		middle = from + (to - from) / 2;

		if ((int64_t) id[middle] < row)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Places from .. to in id of a leaf's rows in a window; in both, rows ascend from first to first + n. */
static bool
places_in(const MlpgBoost *b, const uint32_t *id, int window, int64_t first, int64_t n, int64_t *from, int64_t *to)
{
	int64_t		row = window * window_rows(b);

	*from = place_of(id, first, first + n, row);
	*to = place_of(id, *from, first + n, row + window_rows(b));
	return *from < *to;
}

/* ---------- sums of gradients ---------- */

typedef struct Sums
{
	MlpgBoost  *b;
	const float *gradient;
	const float *hessian;
	MlpgFixed	fixed[2];
} Sums;

static void
sum_places(MlpgTask *task, int index, void *argument)
{
	Sums	   *s = argument;
	MlpgBoost  *b = s->b;
	const uint32_t *id = b->grower->id;
	int64_t    *sums = b->sums + (size_t) task->thread * (size_t) b->grower->n_leaves * 2;

	for (int k = 0; k < b->grower->n_leaves; k++)
	{
		const MlpgGrownLeaf *leaf = &b->grower->leaf[k];
		int64_t		g = 0,
					h = 0,
					from,
					to;

		if (!places_in(b, id, index, leaf->first, leaf->n, &from, &to))
			continue;
		for (int64_t j = from; j < to; j++)
		{
			g += mlpg_fixed_of(s->fixed[0], s->gradient[id[j]]);
			if (s->hessian)
				h += mlpg_fixed_of(s->fixed[1], s->hessian[id[j]]);
		}
		sums[2 * k] += g;
		sums[2 * k + 1] += h;
	}
}

static void
answer_by_sums(MlpgBoost *b, int output)
{
	MlpgGrower *g = b->grower;
	size_t		at = (size_t) output * (size_t) b->n;
	Sums		s = {.b = b, .gradient = b->gradient + at, .hessian = b->counts ? NULL : b->hessian + at};
	size_t		per_thread = (size_t) g->n_leaves * 2;

	for (int which = 0; which < 2; which++)
		s.fixed[which] = mlpg_fixed_scale(b->largest[which], b->n_bag);
	memset(b->sums, 0, (size_t) b->host->n_threads * per_thread * sizeof(int64_t));
	each_window(b, sum_places, &s);
	for (int i = 0; i < g->n_leaves; i++)
	{
		const MlpgGrownLeaf *leaf = &g->leaf[i];
		const MlpgSplitNode *node = &g->node[leaf->node].sums;
		int64_t		sum[2] = {0, 0};

		for (int t = 0; t < b->host->n_threads; t++)
			for (int which = 0; which < 2; which++)
				sum[which] += b->sums[(size_t) t * per_thread + 2 * (size_t) i + (size_t) which];
		b->value[i] = mlpg_leaf_value(&g->rules->split, g->rules->split.lambda_l2, mlpg_fixed_value(s.fixed[0], sum[0]),
									  s.hessian ? mlpg_fixed_value(s.fixed[1], sum[1]) : (double) leaf->n,
									  (double) leaf->n, leaf->parent, node->lower, node->upper);
	}
}

/* ---------- quantiles of residuals ---------- */

typedef struct Residuals
{
	MlpgBoost  *b;
	const double *score;
	double	   *residual;		/* by place */
	int64_t    *units;			/* by place, or NULL */
	MlpgFixed	fixed;
} Residuals;

static void
residual_places(MlpgTask *task, int index, void *argument)
{
	Residuals  *r = argument;
	const MlpgBoostRows *rows = r->b->rows;
	const uint32_t *id = r->b->grower->id;
	const MlpgGrower *g = r->b->grower;
	int64_t		from,
				to;

	for (int k = 0; k < g->n_leaves; k++)
	{
		if (!places_in(r->b, id, index, g->leaf[k].first, g->leaf[k].n, &from, &to))
			continue;
		for (int64_t j = from; j < to; j++)
			r->residual[j] = rows->y[id[j]] - r->score[id[j]];
		for (int64_t j = from; r->units && j < to; j++)
			r->units[j] = mlpg_fixed_of(r->fixed, rows->w[id[j]]);
	}
}

static void
quantile_of_leaf(MlpgTask *task, int index, void *argument)
{
	Residuals  *r = argument;
	MlpgBoost  *b = r->b;
	const MlpgGrownLeaf *leaf = &b->grower->leaf[index];
	const MlpgSplitNode *node = &b->grower->node[leaf->node].sums;
	double		v = mlpg_lower_quantile(r->residual + leaf->first, r->units ? r->units + leaf->first : NULL, leaf->n, b->loss->level);

	if (isnan(v))
		v = 0;					/* only rows of weight 0 */
	b->value[index] = v < node->lower ? node->lower : v > node->upper ? node->upper : v;
}

static void
answer_by_quantiles(MlpgBoost *b, int output)
{
	Residuals	r = {
		.b = b, .score = b->score + (size_t) output * (size_t) b->n, .units = b->weight_units,
		.residual = (double *) b->grower->cell	/* cells have done their work for this tree */
	};

	if (r.units)
		r.fixed = mlpg_fixed_scale(mlpg_fixed_maximum(b->rows->w, NULL, b->n), b->n);
	each_window(b, residual_places, &r);
	b->host->parallel_for(b->host, b->grower->n_leaves, quantile_of_leaf, &r);
}

void
mlpg_boost_answer(MlpgBoost *b, int output)
{
	if (b->loss->refits_leaves)
		answer_by_quantiles(b, output);
	else
		answer_by_sums(b, output);
	for (int i = 0; i < b->grower->n_leaves; i++)
		b->value[i] *= b->rules->learning_rate;
}

/* ---------- scores ---------- */

typedef struct Update
{
	MlpgBoost  *b;
	double	   *score;
} Update;

static void
update_places(MlpgTask *task, int index, void *argument)
{
	Update	   *u = argument;
	MlpgBoost  *b = u->b;
	const MlpgGrower *g = b->grower;
	int64_t		from,
				to;

	for (int k = 0; k < g->n_leaves; k++)
		if (places_in(b, g->id, index, g->leaf[k].first, g->leaf[k].n, &from, &to))
			for (int64_t j = from; j < to; j++)
				u->score[g->id[j]] += b->value[k];
	if (b->order && places_in(b, b->order, index, b->n_bag, b->n - b->n_bag, &from, &to))
		for (int64_t j = from; j < to; j++)
			u->score[b->order[j]] += b->value[mlpg_grower_leaf(g, mlpg_bins_row(b->rows->bins, b->order[j]))];
}

void
mlpg_boost_update(MlpgBoost *b, int output)
{
	Update		u = {b, b->score + (size_t) output * (size_t) b->n};

	each_window(b, update_places, &u);
}
