/*-------------------------------------------------------------------------
 *
 * deep.c
 *	  Deep trees: every node by itself, no histogram kept.
 *
 * A forest's trees (Breiman 2001) are grown until leaves hold a handful of rows,
 * and each node looks at a few features drawn for it.  There grow.c's way,
 * histograms of all features and subtraction, would cost 60 to 80 us a node, however few its
 * rows.  Here a node does no more than it needs: for each feature drawn it
 * adds its rows to one histogram, of which only the bins that occur are looked at.
 *
 * A node's features are drawn without replacement by a hash of the tree and of the way to the node.  As
 * in scikit-learn and unlike the original, when none of the drawn ones splits,
 * more are drawn until one does.  Of splits that gain the same the one drawn
 * first is taken: in small nodes ties are frequent, and the lower feature would
 * seem to matter more than it does.  Within a feature ties go to the lower bin.
 *
 * A threshold lies in the middle of the bins between the two sides, as exact
 * growers put it between two values.  A node whose rows have all the same target is a leaf.
 *
 * Threads.  Large nodes, those with a few thousand rows or with many features to look at,
 * are done one by one, in order, with their histograms shared out by feature and rows.  What
 * remains below them is a job each, of a few milliseconds: subtrees on disjoint rows, whose nodes go to places of their own, so
 * that nothing is shared and nothing waits.  Neither the jobs nor the number of threads shows in
 * the tree: draws know the way to a node and not its place.  With a limit on the
 * leaves the best split of all is next (Shi 2007), one by one.
 *
 * Order-free: sums are of integers (histogram.h), and ids only ever move stably.
 *
 * Memory: 16 bytes a row, 88 a node, of which there are up to twice
 * rows / min_data_in_leaf.  Cost: 1.5 ns a row, feature and level; 0.3 us a
 * node and feature.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/deep.h"

#include "core/learners/tree/grow.h"
#include "core/matrix/sample.h"

#define LARGE_WORK 40000		/* rows x features of a node from which on it is large ... */
#define LARGE_MOST 4096			/* ... and rows, between these */
#define LARGE_LEAST 64
#define LARGE_NODES 8192		/* most nodes made one by one, and one more for 32 rows */
#define SPARSE 192				/* rows up to which bins that occur are noted */
#define TASK_ROWS 16384
#define POLL_NODES 256
#define RELATIVE_GAIN 1e-12		/* of the node's own: what rounding may make up */

/* A leaf that can be split, where their number is limited. */
typedef struct MlpgDeepOpen
{
	int64_t		node;
	MlpgSplit	split;
} MlpgDeepOpen;

/* What a thread needs to split nodes. */
struct MlpgDeepWorker
{
	MlpgCell	histogram[256]; /* all 0 between uses */
	MlpgCell	dense[256];
	int		   *draw;			/* n_used: a permutation of in_tree, put back after each node */
	int		   *swap;			/* n_used */
};

/* ---------- memory ---------- */

static int64_t
most_leaves(const MlpgDeepRules *rules, int64_t n_rows)
{
	int64_t		least = rules->split.min_data_in_leaf;
	int64_t		n = n_rows / (least < 1 ? 1 : least);

	n = n < 1 ? 1 : n;
	return rules->num_leaves > 0 && rules->num_leaves < n ? rules->num_leaves : n;
}

static int64_t
most_large(int64_t n_rows)
{
	return LARGE_NODES + n_rows / 32;
}

static int64_t
capacity_of(const MlpgDeepRules *rules, int64_t n_rows)
{
	return 2 * most_leaves(rules, n_rows) + most_large(n_rows) + 2;
}

size_t
mlpg_deep_size(MlpgHost *host, const MlpgBins *bins, const MlpgDeepRules *rules, int64_t n_rows)
{
	size_t		nodes = mlpg_size_multiply(host, (size_t) capacity_of(rules, n_rows), sizeof(MlpgDeepNode) + sizeof(int32_t));
	size_t		rows = mlpg_size_multiply(host, (size_t) bins->n_rows, sizeof(MlpgCell) + 2 * sizeof(uint32_t));
	size_t		open = rules->num_leaves > 0 ? (size_t) most_leaves(rules, n_rows) * sizeof(MlpgDeepOpen) : 0;
	size_t		features = (size_t) bins->n_used * (256 * sizeof(MlpgCell) + 64) + sizeof(MlpgDeepWorker);

	return mlpg_size_add(host, mlpg_size_add(host, nodes, rows), open + (size_t) host->n_threads * features);
}

static int
fraction_of(int n, double fraction)
{
	int			k = (int) rint(n * fraction);

	return k < 1 ? 1 : k < n ? k : n;
}

static void
create_features(MlpgDeep *d)
{
	size_t		n = (size_t) d->bins->n_used;

	d->feature = mlpg_allocate(d->host, n + 1, sizeof(MlpgSplitFeature));
	d->in_tree = mlpg_allocate(d->host, n + 1, sizeof(int));
	d->shared = mlpg_allocate(d->host, n + 1, 256 * sizeof(MlpgCell));
	for (size_t u = 0; u < n; u++)
	{
		const MlpgBinFeature *used = &d->bins->used[u];

		d->feature[u].is_category = used->is_category;
		d->feature[u].monotone = d->rules->monotone && !used->is_category ? d->rules->monotone[used->feature] : 0;
		d->in_tree[u] = (int) u;
	}
}

MlpgDeep *
mlpg_deep_create(MlpgHost *host, const MlpgBins *bins, const MlpgDeepRules *rules, int64_t n_rows)
{
	MlpgDeep   *d = mlpg_allocate(host, 1, sizeof(MlpgDeep));
	size_t		rows = (size_t) bins->n_rows + 1;
	size_t		n = (size_t) bins->n_used + 1;

	d->host = host;
	d->bins = bins;
	d->rules = rules;
	d->capacity = capacity_of(rules, n_rows);
	d->cell = mlpg_allocate(host, rows, sizeof(MlpgCell));
	d->id = mlpg_allocate(host, rows, sizeof(uint32_t));
	d->moved = mlpg_allocate(host, rows, sizeof(uint32_t));
	d->node = mlpg_allocate(host, (size_t) d->capacity, sizeof(MlpgDeepNode));
	d->queue = mlpg_allocate(host, (size_t) d->capacity, sizeof(int32_t));
	if (rules->num_leaves > 0)
		d->open = mlpg_allocate(host, (size_t) most_leaves(rules, n_rows), sizeof(MlpgDeepOpen));
	create_features(d);
	d->worker = mlpg_allocate(host, (size_t) host->n_threads, sizeof(MlpgDeepWorker));
	for (int t = 0; t < host->n_threads; t++)
	{
		d->worker[t].draw = mlpg_allocate(host, n, sizeof(int));
		d->worker[t].swap = mlpg_allocate(host, n, sizeof(int));
	}
	return d;
}

/* ---------- which features a node looks at ---------- */

static void
choose_for_tree(MlpgDeep *d, uint64_t tree)
{
	int			n = d->bins->n_used;

	d->n_in_tree = fraction_of(n, d->rules->feature_fraction);
	d->n_by_node = fraction_of(d->n_in_tree, d->rules->feature_fraction_bynode);
	d->large = LARGE_WORK / (uint32_t) d->n_by_node;
	d->large = d->large < LARGE_LEAST ? LARGE_LEAST : d->large > LARGE_MOST ? LARGE_MOST : d->large;
	for (int u = 0; u < n; u++)
		d->in_tree[u] = u;
	for (int k = 0; k < d->n_in_tree && d->n_in_tree < n; k++)
	{
		uint64_t	draw = mlpg_sample_draw(mlpg_sample_mix(d->rules->seed) ^ mlpg_sample_mix(tree), MLPG_STREAM_FEATURES + (uint64_t) k);
		int			j = k + (int) (draw % (uint64_t) (n - k));
		int			u = d->in_tree[k];

		d->in_tree[k] = d->in_tree[j];
		d->in_tree[j] = u;
	}
	for (int t = 0; t < d->host->n_threads; t++)
		memcpy(d->worker[t].draw, d->in_tree, (size_t) n * sizeof(int));
}

/* The k-th feature drawn for a node (Fisher and Yates). */
static int
draw_feature(const MlpgDeep *d, MlpgDeepWorker *w, uint64_t key, int k)
{
	int			j = k + (int) (mlpg_sample_draw(key, (uint64_t) k) % (uint64_t) (d->n_in_tree - k));
	int			u = w->draw[j];

	w->draw[j] = w->draw[k];
	w->draw[k] = u;
	w->swap[k] = j;
	return u;
}

static void
put_draws_back(MlpgDeepWorker *w, int n)
{
	while (n-- > 0)
	{
		int			u = w->draw[n];

		w->draw[n] = w->draw[w->swap[n]];
		w->draw[w->swap[n]] = u;
	}
}

/* ---------- the best split of a node ---------- */

/* Is there anything to gain? */
static bool
may_split(const MlpgDeep *d, const MlpgDeepNode *node)
{
	const MlpgDeepRules *rules = d->rules;
	int64_t		least = rules->split.min_data_in_leaf > 1 ? rules->split.min_data_in_leaf : 1;
	const uint32_t *id = d->id + node->first;
	double		target = d->target[id[0]];

	if (node->n < 2 * least || (rules->max_depth > 0 && node->depth >= (uint32_t) rules->max_depth))
		return false;
	for (uint32_t j = 1; j < node->n; j++)
		if (d->target[id[j]] != target)
			return true;
	return false;
}

/* Rows into the histogram; the bins that occur, in order, with their cells moved to dense. Returns how many; clears the histogram. */
static int
gather_bins(const MlpgDeep *d, MlpgDeepWorker *w, const MlpgDeepNode *node, int u, uint8_t *list)
{
	const uint8_t *column = mlpg_bins_column(d->bins, u);
	const uint32_t *id = d->id + node->first;
	uint64_t	occurs[4] = {0, 0, 0, 0};
	int			n = 0;

	if (node->n > SPARSE)
	{
		for (uint32_t j = 0; j < node->n; j++)
			w->histogram[column[id[j]]] += d->cell[id[j]];
		for (int b = 0; b < 256; b++)
			if (w->histogram[b])
			{
				list[n] = (uint8_t) b;
				w->dense[n++] = w->histogram[b];
				w->histogram[b] = 0;
			}
		return n;
	}
	for (uint32_t j = 0; j < node->n; j++)
	{
		uint8_t		b = column[id[j]];

		w->histogram[b] += d->cell[id[j]];
		occurs[b >> 6] |= UINT64_C(1) << (b & 63);
	}
	for (int word = 0; word < 4; word++)
		for (; occurs[word]; occurs[word] &= occurs[word] - 1)
		{
			int			b = 64 * word + __builtin_ctzll(occurs[word]);

			list[n] = (uint8_t) b;
			w->dense[n++] = w->histogram[b];
			w->histogram[b] = 0;
		}
	return n;
}

static int
gather_shared(const MlpgDeep *d, MlpgDeepWorker *w, int u, uint8_t *list)
{
	MlpgCell   *shared = d->shared + (size_t) u * 256;
	int			n = 0;

	for (int b = 0; b < 256; b++)
		if (shared[b])
		{
			list[n] = (uint8_t) b;
			w->dense[n++] = shared[b];
			shared[b] = 0;
		}
	return n;
}

/* From places among the bins that occur back to bins. */
static void
name_bins(const MlpgDeep *d, int u, const uint8_t *list, int n, MlpgSplit *split)
{
	if (split->is_category)
	{
		MlpgBinSet	set = {{0}};

		for (int k = 0; k < n; k++)
			if (mlpg_bin_set_has(&split->set, k))
				mlpg_bin_set_add(&set, list[k]);
		split->set = set;
	}
	else if (split->bin == n - 1)	/* all values against the missing ones */
		split->bin = d->bins->used[u].n_bins - 1;
	else
		split->bin = (list[split->bin] + list[split->bin + 1] - 1) / 2;
}

/* The best split by feature u of a node whose bins are in list and dense; the last may be the missing ones. */
static void
search_feature(const MlpgDeep *d, MlpgDeepWorker *w, const MlpgDeepNode *node, int u, const uint8_t *list, int n, MlpgSplit *split)
{
	MlpgSplitFeature feature = d->feature[u];
	MlpgSplitRules rules = d->rules->split;
	MlpgSplitNode sums = {.gradient = node->u.open.gradient, .hessian = node->hessian, .n = node->n,
	.lower = node->u.open.lower, .upper = node->u.open.upper};
	bool		missing = n > 0 && list[n - 1] == d->bins->missing;

	split->gain = 0;
	if (n < 2)
		return;
	if (!missing)
		w->dense[n] = 0;
	feature.n_bins = n - missing;
	feature.missing = feature.n_bins;
	if (rules.min_data_in_leaf < 2)
		rules.min_data_in_leaf = 0; /* both sides have weight, and so a row; weights say no more */
	split->feature = u;
	mlpg_split_search(&rules, &d->scales, &feature, &sums, w->dense, split);
	if (split->gain > 0)
		name_bins(d, u, list, feature.n_bins, split);
}

/* What a split must gain so that it is not made of rounding. */
static double
least_gain(const MlpgDeep *d, const MlpgDeepNode *node)
{
	double		g = (double) node->u.open.gradient * d->scales.gradient;
	double		h = (double) node->hessian * d->scales.hessian;

	return h > 0 ? RELATIVE_GAIN * g * g / h : 0;
}

/* ... of large nodes, whose histograms all threads make. */
typedef struct Large
{
	MlpgDeep   *d;
	const MlpgDeepNode *node;
	const int  *feature;
	int			n_tasks;		/* a feature */
} Large;

static void
add_large(MlpgTask *task, int index, void *argument)
{
	Large	   *l = argument;
	MlpgDeep   *d = l->d;
	MlpgCell   *histogram = d->worker[task->thread].histogram;
	int			u = l->feature[index / l->n_tasks];
	const uint8_t *column = mlpg_bins_column(d->bins, u);
	_Atomic MlpgCell *shared = (_Atomic MlpgCell *) (d->shared + (size_t) u * 256);
	const uint32_t *id = d->id + l->node->first;
	uint32_t	first = (uint32_t) (index % l->n_tasks) * TASK_ROWS;
	uint32_t	last = l->node->n - first < TASK_ROWS ? l->node->n : first + TASK_ROWS;

	for (uint32_t j = first; j < last; j++)
		histogram[column[id[j]]] += d->cell[id[j]];
	for (int b = 0; b < 256; b++)
		if (histogram[b])
		{
			atomic_fetch_add_explicit(&shared[b], histogram[b], memory_order_relaxed);
			histogram[b] = 0;
		}
}

/* Histograms of features k .. last - 1 of those drawn. */
static void
share_histograms(MlpgDeep *d, const MlpgDeepNode *node, const int *drawn, int n)
{
	Large		l = {d, node, drawn, (int) ((node->n + TASK_ROWS - 1) / TASK_ROWS)};

	d->host->parallel_for(d->host, n * l.n_tasks, add_large, &l);
}

/* The best split of a node; gain 0: none.  large: by the leader, with the help of all threads. */
static void
find_split(MlpgDeep *d, MlpgDeepWorker *w, const MlpgDeepNode *node, bool large, MlpgSplit *best)
{
	uint64_t	key = node->u.open.key;
	double		least = least_gain(d, node);
	int			n = 0,
				n_drawn = 0;

	best->gain = 0;
	while (n < d->n_in_tree && (n < d->n_by_node || !(best->gain > 0)))
	{
		uint8_t		list[256];
		MlpgSplit	split;
		int			u,
					n_bins;

		if (n == n_drawn)
		{
			do
				draw_feature(d, w, key, n_drawn++);
			while (large && n_drawn < d->n_by_node);
			if (large)
				share_histograms(d, node, w->draw + n, n_drawn - n);
		}
		u = w->draw[n++];
		n_bins = large ? gather_shared(d, w, u, list) : gather_bins(d, w, node, u, list);
		search_feature(d, w, node, u, list, n_bins, &split);
		if (split.gain > best->gain && split.gain > least)
			*best = split;
	}
	put_draws_back(w, n_drawn);
}

/* ---------- splitting ---------- */

static void
set_kid(MlpgDeepNode *kid, const MlpgDeepNode *parent, uint32_t first, uint32_t n, int64_t gradient, int64_t hessian, int side)
{
	memset(kid, 0, sizeof(*kid));
	kid->first = first;
	kid->n = n;
	kid->depth = parent->depth + 1;
	kid->hessian = hessian;
	kid->u.open.gradient = gradient;
	kid->u.open.key = mlpg_sample_draw(parent->u.open.key, MLPG_STREAM_FEATURES + (uint64_t) side);
	kid->u.open.lower = parent->u.open.lower;
	kid->u.open.upper = parent->u.open.upper;
}

/*
 * Makes two children at kid; false when a side has too few rows after all
 * (weights hide their number).  host: NULL in pool tasks.
 */
static bool
divide(MlpgDeep *d, MlpgHost *host, MlpgDeepNode *node, int64_t kid, const MlpgSplit *split)
{
	uint32_t	n_left = (uint32_t) mlpg_partition_rows(host, d->bins, split, d->id + node->first, d->id + node->first, d->moved + node->first, node->n);
	int64_t		least = d->rules->split.min_data_in_leaf;
	MlpgDeepNode *left = &d->node[kid],
			   *right = left + 1;
	double		middle = split->left_value + (split->right_value - split->left_value) / 2;
	int			monotone = d->feature[split->feature].monotone;

	if (n_left < least || node->n - n_left < least)
		return false;
	set_kid(left, node, node->first, n_left, split->gradient, split->hessian, 0);
	set_kid(right, node, node->first + n_left, node->n - n_left, node->u.open.gradient - split->gradient, node->hessian - split->hessian, 1);
	if (monotone > 0)
		left->u.open.upper = right->u.open.lower = middle;
	else if (monotone < 0)
		left->u.open.lower = right->u.open.upper = middle;
	node->kid = (int32_t) kid;
	node->feature = split->feature;
	node->gain = split->gain;
	node->is_category = split->is_category;
	node->bin = (uint8_t) split->bin;
	node->missing_left = split->missing_left;
	if (split->is_category)
		node->u.set = split->set;
	return true;
}

static bool
split_node(MlpgDeep *d, MlpgDeepWorker *w, MlpgDeepNode *node, int64_t kid, bool large)
{
	MlpgSplit	split;

	if (!may_split(d, node))
		return false;
	find_split(d, w, node, large, &split);
	return split.gain > 0 && divide(d, large ? d->host : NULL, node, kid, &split);
}

/* ---------- any number of leaves ---------- */

static void
grow_large(MlpgDeep *d)
{
	for (int64_t i = 0; i < d->n_nodes && d->n_nodes + 2 <= most_large(d->n); i++)
	{
		if (d->node[i].n < d->large)
			continue;
		mlpg_check(d->host, NULL, 0, 0);
		if (split_node(d, &d->worker[0], &d->node[i], d->n_nodes, true))
			d->n_nodes += 2;
		else
			d->node[i].feature = -1;	/* no job either */
	}
}

typedef struct Jobs
{
	MlpgDeep   *d;
	int64_t		n_large;		/* nodes there are before the jobs start */
} Jobs;

/* Where the nodes below a node go: by its rows, so that no two jobs meet. */
static int64_t
place_of(const Jobs *jobs, uint32_t first)
{
	int64_t		least = jobs->d->rules->split.min_data_in_leaf;

	return jobs->n_large + 2 * (first / (least < 1 ? 1 : least));
}

static void
grow_job(MlpgTask *task, int index, void *argument)
{
	Jobs	   *jobs = argument;
	MlpgDeep   *d = jobs->d;
	MlpgDeepWorker *w = &d->worker[task->thread];
	MlpgDeepNode *root = &d->node[index];
	int64_t		start,
				end;

	if (root->kid != 0 || root->feature < 0)
		return;
	start = end = place_of(jobs, root->first);
	if (!split_node(d, w, root, end, false))
		return;
	end += 2;
	for (int64_t i = start; i < end; i++)
	{
		if (i % POLL_NODES == 0 && atomic_load_explicit(task->stop, memory_order_relaxed))
			return;
		if (split_node(d, w, &d->node[i], end, false))
			end += 2;
	}
}

static void
grow_all(MlpgDeep *d)
{
	Jobs		jobs = {.d = d};
	int64_t		end;

	grow_large(d);
	jobs.n_large = d->n_nodes;
	end = place_of(&jobs, (uint32_t) d->n) + 2;
	MLPG_ASSERT(end <= d->capacity);
	memset(d->node + d->n_nodes, 0, (size_t) (end - d->n_nodes) * sizeof(MlpgDeepNode));
	d->host->parallel_for(d->host, (int) jobs.n_large, grow_job, &jobs);
	d->n_nodes = end;
}

/* ---------- a limited number of leaves ---------- */

/* Is open leaf a to be split before b?  Ties go to the older node. */
static bool
before(const MlpgDeepOpen *a, const MlpgDeepOpen *b)
{
	return a->split.gain > b->split.gain || (a->split.gain == b->split.gain && a->node < b->node);
}

static void
swap_open(MlpgDeepOpen *a, MlpgDeepOpen *b)
{
	MlpgDeepOpen c = *a;

	*a = *b;
	*b = c;
}

static void
open_node(MlpgDeep *d, int64_t at)
{
	int64_t		i = d->n_open;
	MlpgDeepOpen *open = d->open;

	if (!may_split(d, &d->node[at]))
		return;
	find_split(d, &d->worker[0], &d->node[at], d->node[at].n >= d->large, &open[i].split);
	if (!(open[i].split.gain > 0))
		return;
	open[i].node = at;
	d->n_open++;
	for (; i > 0 && before(&open[i], &open[(i - 1) / 2]); i = (i - 1) / 2)
		swap_open(&open[i], &open[(i - 1) / 2]);
}

static MlpgDeepOpen
take_best(MlpgDeep *d)
{
	MlpgDeepOpen *open = d->open;
	MlpgDeepOpen best = open[0];

	open[0] = open[--d->n_open];
	for (int64_t i = 0, k; (k = 2 * i + 1) < d->n_open; i = k)
	{
		if (k + 1 < d->n_open && before(&open[k + 1], &open[k]))
			k++;
		if (before(&open[i], &open[k]))
			break;
		swap_open(&open[i], &open[k]);
	}
	return best;
}

static void
grow_best(MlpgDeep *d)
{
	int64_t		n_leaves = 1;

	d->n_open = 0;
	open_node(d, 0);
	while (d->n_open > 0 && n_leaves < d->rules->num_leaves)
	{
		MlpgDeepOpen best = take_best(d);

		mlpg_check(d->host, NULL, 0, 0);
		if (!divide(d, d->host, &d->node[best.node], d->n_nodes, &best.split))
			continue;
		d->n_nodes += 2;
		n_leaves++;
		open_node(d, d->n_nodes - 2);
		open_node(d, d->n_nodes - 1);
	}
}

/* ---------- the tree ---------- */

static void
plant(MlpgDeep *d, uint64_t tree)
{
	MlpgDeepNode *root = &d->node[0];

	memset(root, 0, sizeof(*root));
	root->n = (uint32_t) d->n;
	root->u.open.lower = -INFINITY;
	root->u.open.upper = INFINITY;
	root->u.open.key = mlpg_sample_draw(mlpg_sample_mix(d->rules->seed) + tree, MLPG_STREAM_FEATURES);
	for (int64_t j = 0; j < d->n; j++)
	{
		MlpgCell	cell = d->cell[d->id[j]];

		root->u.open.gradient += mlpg_cell_gradient(cell);
		root->hessian += mlpg_cell_hessian(cell);
	}
	d->n_nodes = 1;
}

void
mlpg_deep_grow(MlpgDeep *d, uint64_t tree)
{
	choose_for_tree(d, tree);
	plant(d, tree);
	if (d->bins->n_used == 0)
		return;
	if (d->rules->num_leaves > 0)
		grow_best(d);
	else
		grow_all(d);
}

const MlpgDeepNode *
mlpg_deep_leaf(const MlpgDeep *d, const uint8_t *row)
{
	const MlpgDeepNode *node = d->node;

	while (node->kid > 0)
	{
		int			bin = row[node->feature];
		bool		left = node->is_category ? mlpg_bin_set_has(&node->u.set, bin)
			: bin == d->bins->missing ? node->missing_left : bin <= node->bin;

		node = d->node + node->kid + !left;
	}
	return node;
}

/* ---------- the plain form ---------- */

static size_t
words_of(const MlpgDeep *d, int32_t n)
{
	size_t		words = 0;

	for (int32_t k = 0; k < n; k++)
	{
		const MlpgDeepNode *node = &d->node[d->queue[k]];

		if (node->kid > 0 && node->is_category)
			words += (size_t) d->bins->used[node->feature].n_codes / 32 + 1;
	}
	return words;
}

/* Lists the nodes breadth first; returns how many there are. */
static int32_t
list_nodes(const MlpgDeep *d)
{
	int32_t		n = 1;

	d->queue[0] = 0;
	for (int32_t k = 0; k < n; k++)
		if (d->node[d->queue[k]].kid > 0)
		{
			d->queue[n] = d->node[d->queue[k]].kid;
			d->queue[n + 1] = d->queue[n] + 1;
			n += 2;
		}
	return n;
}

MlpgTree *
mlpg_deep_tree(MlpgHost *host, const MlpgDeep *d)
{
	MlpgTree   *tree = mlpg_allocate(host, 1, sizeof(MlpgTree));
	int32_t		next = 1;

	tree->n_nodes = list_nodes(d);
	tree->node = mlpg_allocate(host, (size_t) tree->n_nodes, sizeof(MlpgTreeNode));
	tree->word = mlpg_allocate(host, words_of(d, tree->n_nodes) + 1, sizeof(uint32_t));
	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgDeepNode *node = &d->node[d->queue[k]];
		MlpgTreeNode *out = &tree->node[k];

		out->left = out->right = out->feature = -1;
		out->count = node->n;
		out->weight = (double) node->hessian * d->scales.hessian;
		out->value = node->answer;
		if (node->kid > 0)
		{
			MlpgSplit	split = {.gain = node->gain, .feature = node->feature, .bin = node->bin, .missing_left = node->missing_left,
			.is_category = node->is_category};

			if (node->is_category)
				split.set = node->u.set;
			out->left = next++;
			out->right = next++;
			mlpg_grow_write_split(d->bins, &split, d->rules->split.min_gain_to_split, tree, out);
		}
	}
	return tree;
}
