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
 * Cost: one scattered pass over the gradients, one over the scores; quantiles O(rows) more.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/fixed.h"

/* Leaves by the place of their rows: left before right, all the way down. */
static void
order_leaves(MlpgBoost *b)
{
	const MlpgGrownNode *node = b->grower->node;
	int		   *stack = b->stack;
	int			depth = 0,
				n = 0;

	stack[depth++] = 0;
	while (depth > 0)
	{
		const MlpgGrownNode *at = node + stack[--depth];

		if (at->leaf >= 0)
			b->by_first[n++] = at->leaf;
		else
		{
			stack[depth++] = at->right;
			stack[depth++] = at->left;
		}
	}
}

/* Position in by_first of the leaf that place belongs to. */
static int
leaf_at(const MlpgBoost *b, int64_t place)
{
	const MlpgGrower *g = b->grower;
	int			low = 0,
				high = g->n_leaves - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (g->leaf[b->by_first[middle]].first <= place)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Calls visit(leaf, from, to) for each leaf's part of places first .. last. */
#define EACH_LEAF_PART(b, first, last, leaf_, from_, to_) \
	for (int k_ = leaf_at((b), (first)), leaf_ = (b)->by_first[k_]; \
		 k_ < (b)->grower->n_leaves && (b)->grower->leaf[leaf_ = (b)->by_first[k_]].first < (last); k_++) \
		for (int64_t from_ = (b)->grower->leaf[leaf_].first > (first) ? (b)->grower->leaf[leaf_].first : (first), \
			 end_ = (b)->grower->leaf[leaf_].first + (b)->grower->leaf[leaf_].n, to_ = end_ < (last) ? end_ : (last); from_ < to_; from_ = to_)

static void
task_places(int index, int64_t n, int64_t *first, int64_t *last)
{
	*first = (int64_t) index * MLPG_BOOST_TASK_ROWS;
	*last = *first + MLPG_BOOST_TASK_ROWS < n ? *first + MLPG_BOOST_TASK_ROWS : n;
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
	int64_t		first,
				last;

	task_places(index, b->n_bag, &first, &last);
	EACH_LEAF_PART(b, first, last, leaf, from, to)
	{
		int64_t		g = 0,
					h = 0;

		for (int64_t j = from; j < to; j++)
		{
			g += mlpg_fixed_of(s->fixed[0], s->gradient[id[j]]);
			if (s->hessian)
				h += mlpg_fixed_of(s->fixed[1], s->hessian[id[j]]);
		}
		sums[2 * leaf] += g;
		sums[2 * leaf + 1] += h;
	}
}

static double
bound_of(const float *x, int64_t n)
{
	return x ? mlpg_fixed_maximum_float(x, n) : 1;
}

static void
answer_by_sums(MlpgBoost *b, int output)
{
	MlpgGrower *g = b->grower;
	size_t		at = (size_t) output * (size_t) b->n;
	Sums		s = {.b = b, .gradient = b->gradient + at, .hessian = b->counts ? NULL : b->hessian + at};
	size_t		per_thread = (size_t) g->n_leaves * 2;

	s.fixed[0] = mlpg_fixed_scale(bound_of(s.gradient, b->n), b->n);
	s.fixed[1] = mlpg_fixed_scale(bound_of(s.hessian, b->n), b->n);
	memset(b->sums, 0, (size_t) b->host->n_threads * per_thread * sizeof(int64_t));
	b->host->parallel_for(b->host, mlpg_boost_tasks(b->n_bag), sum_places, &s);
	for (int i = 0; i < g->n_leaves; i++)
	{
		const MlpgGrownLeaf *leaf = &g->leaf[i];
		const MlpgSplitNode *node = &g->node[leaf->node].sums;
		int64_t		sum[2] = {0, 0};

		for (int t = 0; t < b->host->n_threads; t++)
			for (int which = 0; which < 2; which++)
				sum[which] += b->sums[(size_t) t * per_thread + 2 * (size_t) i + (size_t) which];
		b->value[i] = mlpg_leaf_value(&g->rules->split, leaf->l2, mlpg_fixed_value(s.fixed[0], sum[0]),
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
	int64_t		first,
				last;

	task_places(index, r->b->n_bag, &first, &last);
	for (int64_t j = first; j < last; j++)
	{
		size_t		i = id[j];

		r->residual[j] = rows->y[i] - r->score[i];
		if (r->units)
			r->units[j] = mlpg_fixed_of(r->fixed, rows->w[i]);
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
	b->host->parallel_for(b->host, mlpg_boost_tasks(b->n_bag), residual_places, &r);
	b->host->parallel_for(b->host, b->grower->n_leaves, quantile_of_leaf, &r);
}

void
mlpg_boost_answer(MlpgBoost *b, int output)
{
	order_leaves(b);
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
	const uint32_t *id = b->grower->id;
	int64_t		first,
				last;

	task_places(index, b->n, &first, &last);
	for (int64_t j = first < b->n_bag ? b->n_bag : first; j < last; j++)
		u->score[b->order[j]] += b->value[mlpg_grower_leaf(b->grower, mlpg_bins_row(b->rows->bins, b->order[j]))];
	if (last > b->n_bag)
		last = b->n_bag;
	if (first >= last)
		return;
	EACH_LEAF_PART(b, first, last, leaf, from, to)
	{
		double		value = b->value[leaf];

		for (int64_t j = from; j < to; j++)
			u->score[id[j]] += value;
	}
}

void
mlpg_boost_update(MlpgBoost *b, int output)
{
	Update		u = {b, b->score + (size_t) output * (size_t) b->n};

	b->host->parallel_for(b->host, mlpg_boost_tasks(b->n), update_places, &u);
}
