/*-------------------------------------------------------------------------
 *
 * boost.c
 *	  Gradient boosting: the loop.
 *
 * Scores start at the best constant (or at given raw scores).  Each iteration takes
 * the loss's gradients and hessians at the scores, grows one tree an output on
 * them, and adds the tree's answers, times the learning rate, to the scores
 * (Friedman 2001; second order: Chen and Guestrin 2016; leaf-wise on bins: Ke et
 * al. 2017).  It ends after num_iterations; or when no tree can be split any more; or, with early stopping, when none of the watched
 * metrics has improved on the validation rows for so many iterations: then the iterations up to the
 * best are kept.
 *
 * Everything that is summed is summed in integers, and everything that is drawn
 * is drawn by the rows' identities: the same rows in any order, with any number of threads,
 * give the same trees.
 *
 * Cost: see grow.c, histogram.c.  Memory: 12 bytes a row and output (score,
 * gradient), 4 more with hessians, 4 where rows are chosen, 8 for weighted leaf quantiles.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/learners/tree/forest.h"
#include "core/math/fixed.h"

static bool
chooses_rows(const MlpgBoostRules *rules, const MlpgBoostRows *rows)
{
	return rules->goss || (rules->bagging_freq > 0 && rules->bagging_fraction < 1) || rows->validation != NULL;
}

size_t
mlpg_boost_size(MlpgHost *host, int64_t n, int n_outputs, bool hessians, bool bags, int num_leaves)
{
	size_t		a_row = (size_t) n_outputs * (sizeof(double) + sizeof(float) * (hessians ? 2 : 1)) + (bags ? sizeof(uint32_t) : 0);

	return mlpg_size_add(host, mlpg_size_multiply(host, (size_t) n, a_row),
						 (size_t) num_leaves * (2 * (size_t) host->n_threads * sizeof(int64_t) + 64));
}

static void
create(MlpgBoost *b)
{
	MlpgHost   *host = b->host;
	size_t		n = (size_t) b->n;
	size_t		scores = mlpg_size_multiply(host, n, (size_t) b->n_outputs);
	size_t		leaves = (size_t) b->grower->rules->num_leaves;

	b->counts = b->loss->constant_hessian && b->rows->w == NULL && !b->rules->goss;
	b->score = mlpg_allocate(host, scores + 1, sizeof(double));
	b->gradient = mlpg_allocate(host, scores + 1, sizeof(float));
	b->hessian = b->counts ? NULL : mlpg_allocate(host, scores + 1, sizeof(float));
	if (chooses_rows(b->rules, b->rows))
		b->order = mlpg_allocate(host, n + 1, sizeof(uint32_t));
	if (b->loss->refits_leaves && b->rows->w)
		b->weight_units = mlpg_allocate(host, n + 1, sizeof(int64_t));
	b->sums = mlpg_allocate(host, (size_t) host->n_threads * leaves * 2, sizeof(int64_t));
	b->value = mlpg_allocate(host, leaves, sizeof(double));
}

static void
release(MlpgBoost *b)
{
	void	   *memory[] = {b->score, b->gradient, b->hessian, b->order, b->weight_units, b->sums, b->value};

	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
		if (memory[i])
			mlpg_release(b->host, memory[i]);
}

/* Best constants of the rows that are fitted. */
static void
start_from_average(MlpgBoost *b, double *base)
{
	MlpgHost   *host = b->host;
	const MlpgBoostRows *rows = b->rows;
	double	   *y,
			   *w = NULL;
	int64_t		n = 0;

	if (rows->validation == NULL)
	{
		mlpg_loss_initial(host, b->loss, rows->y, rows->w, b->n, base);
		return;
	}
	y = mlpg_allocate(host, (size_t) b->n_fitted, sizeof(double));
	if (rows->w)
		w = mlpg_allocate(host, (size_t) b->n_fitted, sizeof(double));
	for (int64_t i = 0; i < b->n; i++)
	{
		if (rows->validation[i])
			continue;
		y[n] = rows->y[i];
		if (w)
			w[n] = rows->w[i];
		n++;
	}
	mlpg_loss_initial(host, b->loss, y, w, n, base);
	mlpg_release(host, y);
	if (w)
		mlpg_release(host, w);
}

static void
start_scores(MlpgBoost *b, double *base)
{
	if (b->rules->boost_from_average && b->rows->offset == NULL)
		start_from_average(b, base);
	for (int k = 0; k < b->n_outputs; k++)
		for (int64_t i = 0; i < b->n; i++)
			b->score[(int64_t) k * b->n + i] = base[k] + (b->rows->offset ? b->rows->offset[i] : 0);
}

/* ---------- one tree ---------- */

/* One tree for one output; false when it cannot be split. */
static bool
add_tree(MlpgBoost *b, MlpgEnsemble *e, int iteration, int output)
{
	uint64_t	number = (uint64_t) iteration * (uint64_t) b->n_outputs + (uint64_t) output;
	MlpgTree   *tree;

	if (b->n_bag == 0 || !mlpg_boost_cells(b, output))
		return false;
	b->grower->rows = b->order;
	b->grower->n = b->n_bag;
	if (!mlpg_grower_grow(b->grower, number))
		return false;
	mlpg_boost_answer(b, output);
	mlpg_boost_update(b, output);
	tree = mlpg_grower_tree(b->host, b->grower, b->value, b->rules->learning_rate);
	tree->output = output;
	e->tree[e->n_trees++] = tree;
	e->n_nodes += tree->n_nodes;
	if (b->rules->early_stopping_rounds == 0)	/* else some may not be kept */
		mlpg_forest_check_size(b->host, e->n_trees, e->n_nodes, 0);
	return true;
}

/* ---------- early stopping ---------- */

typedef struct Best
{
	double		value[MLPG_WATCHES_MAX];
	int			iteration[MLPG_WATCHES_MAX];
	int			n_trees[MLPG_WATCHES_MAX];
	int			stopped_by;		/* watch, -1: none */
} Best;

static void
add_point(MlpgEnsemble *e, const char *metric, int step, double value)
{
	MlpgCurvePoint *point = &e->point[e->n_points++];

	point->metric = metric;
	point->step = step;
	point->value = value;
}

/* Notes the validation metrics; true when boosting should stop. */
static bool
watch(MlpgBoost *b, MlpgWatchedRows *v, MlpgEnsemble *e, int done, Best *best)
{
	const MlpgBoostRules *rules = b->rules;

	for (int k = 0; k < rules->n_watches; k++)
	{
		double		value = mlpg_boost_watch(b, v, rules->watch[k]);
		double		cost = rules->watch[k] == MLPG_WATCH_AUC ? -value : value;

		add_point(e, rules->watch_name[k], done, value);
		if (best->iteration[k] == 0 || cost < best->value[k] - rules->early_stopping_min_delta)
		{
			best->value[k] = cost;
			best->iteration[k] = done;
			best->n_trees[k] = e->n_trees;
		}
		if (rules->early_stopping_rounds > 0 && done - best->iteration[k] >= rules->early_stopping_rounds &&
			best->stopped_by < 0 && (k == 0 || !rules->first_metric_only))
			best->stopped_by = k;
	}
	return best->stopped_by >= 0;
}

/* Keeps the iterations up to the best. */
static void
cut_back(MlpgEnsemble *e, const Best *best)
{
	int			k = best->stopped_by < 0 ? 0 : best->stopped_by;

	e->stopped_early = best->stopped_by >= 0;
	e->n_iterations = best->iteration[k];
	e->n_trees = best->n_trees[k];
}

/* ---------- the loop ---------- */

/* Rows or features differ from iteration to iteration: a tree that cannot be split does not mean the next cannot. */
static bool
draws(const MlpgBoost *b)
{
	const MlpgGrowRules *rules = b->grower->rules;

	return (b->order && (b->rules->goss || b->rules->bagging_freq > 0)) ||
		rules->feature_fraction < 1 || rules->feature_fraction_bynode < 1;
}

static void
iterate(MlpgBoost *b, MlpgEnsemble *e, int64_t steps_before, int64_t steps_in_all)
{
	MlpgWatchedRows *v = b->rows->validation ? mlpg_boost_watch_begin(b) : NULL;
	Best		best = {.stopped_by = -1};

	for (int i = 0; i < b->rules->num_iterations; i++)
	{
		bool		grown = false;

		mlpg_check(b->host, "boosting trees", steps_before + i, steps_in_all);
		mlpg_boost_gradients(b);
		mlpg_boost_choose_rows(b, i);
		for (int k = 0; k < b->n_outputs; k++)
			grown |= add_tree(b, e, i, k);
		if (!grown && !draws(b))
			break;
		e->n_iterations = i + 1;
		if (v && watch(b, v, e, i + 1, &best))
			break;
	}
	if (v && b->rules->early_stopping_rounds > 0 && e->n_iterations > 0)
		cut_back(e, &best);
}

MlpgEnsemble *
mlpg_boost_run(MlpgHost *host, const MlpgBoostRules *rules, const MlpgBoostRows *rows, const MlpgLoss *loss,
			   MlpgGrower *grower, int64_t steps_before, int64_t steps_in_all)
{
	MlpgBoost	b = {.host = host, .rules = rules, .rows = rows, .loss = loss, .grower = grower,
	.n = rows->bins->n_rows, .n_outputs = loss->n_outputs};
	MlpgEnsemble *e = mlpg_allocate(host, 1, sizeof(MlpgEnsemble));

	for (int64_t i = 0; i < b.n; i++)
		b.n_fitted += !(rows->validation && rows->validation[i]);
	e->n_outputs = b.n_outputs;
	e->base = mlpg_allocate(host, (size_t) b.n_outputs, sizeof(double));
	e->tree = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) rules->num_iterations, (size_t) b.n_outputs), sizeof(MlpgTree *));
	if (rows->validation)
		e->point = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) rules->num_iterations, (size_t) rules->n_watches), sizeof(MlpgCurvePoint));
	create(&b);
	start_scores(&b, e->base);
	iterate(&b, e, steps_before, steps_in_all);
	release(&b);
	return e;
}
