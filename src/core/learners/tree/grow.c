/*-------------------------------------------------------------------------
 *
 * grow.c
 *	  Leaf-wise growth of one tree.
 *
 * The leaf whose best split gains most is split next, until there are num_leaves
 * leaves or no split gains anything (Shi 2007; Ke et al. 2017).  A split
 *
 *	 moves the leaf's row ids apart (a stable partition by one column of bins),
 *	 builds the histogram of the child with fewer rows,
 *	 subtracts it from the parent's, which gives the other child's,
 *	 and searches both for their best splits.
 *
 * So a tree of 31 leaves on a million rows builds histograms for 1.8 million
 * rows and partitions 4 million.
 *
 * Threads.  Row ids are shared out in tasks, the same part of the rows to the same
 * thread as far as it goes (pool.c); each thread adds to a histogram of
 * its own, and integers may be added in any order.  Adding those up, subtracting
 * and searching is one region more, by feature.  Leaves too small to be worth a region are
 * done by the leader.  Every choice is by sums, and ties go to the lower leaf,
 * feature and bin: the tree does not depend on the order of the rows or the
 * number of threads.
 *
 * Memory: 16 bytes a row (cell, id, moved), and one histogram for each leaf that
 * may still be split: at most POOL_BYTES, beyond which the histogram of the leaf that gains
 * least is given up and its children are both built from rows.
 *
 * Cost: see histogram.c (two thirds), 1.7 ns a partitioned row, split.c.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/grow.h"


#define TASK_ROWS MLPG_GROWER_TASK_ROWS
#ifdef MLPG_ASSERTIONS
#define POOL_BYTES ((size_t) 64 << 10)	/* tests are to give histograms up */
#else
#define POOL_BYTES ((size_t) 128 << 20)
#endif
#define SEARCH_CELLS 4096		/* cells from which on a search is shared by threads */

/* ---------- memory ---------- */

static int
slots_of(const MlpgGrowRules *rules, size_t cells)
{
	size_t		n = POOL_BYTES / (cells * sizeof(MlpgCell) + 1);

	return n < 2 ? 2 : n < (size_t) rules->num_leaves ? (int) n : rules->num_leaves;
}

static MlpgHistogramShape
shape_of(const MlpgBins *bins)
{
	MlpgHistogramShape shape = {bins->row, (size_t) bins->row_bytes, bins->n_used, bins->stride};

	return shape;
}

size_t
mlpg_grower_size(MlpgHost *host, const MlpgBins *bins, const MlpgGrowRules *rules)
{
	MlpgHistogramShape shape = shape_of(bins);
	size_t		cells = mlpg_histogram_cells(&shape);
	size_t		histograms = (size_t) (slots_of(rules, cells) + host->n_threads - 1);
	size_t		rows = mlpg_size_multiply(host, (size_t) bins->n_rows, sizeof(MlpgCell) + 2 * sizeof(uint32_t));

	return mlpg_size_add(host, rows, mlpg_size_multiply(host, histograms, cells * sizeof(MlpgCell))) +
		(size_t) rules->num_leaves * (2 * sizeof(MlpgGrownNode) + sizeof(MlpgGrownLeaf)) +
		(size_t) bins->n_used * 2 * sizeof(MlpgSplit);
}

static void
create_leaves(MlpgGrower *g)
{
	MlpgHost   *host = g->host;
	size_t		leaves = (size_t) g->rules->num_leaves;
	size_t		words = (size_t) (g->bins->n_used + 63) / 64;

	g->node = mlpg_allocate(host, 2 * leaves, sizeof(MlpgGrownNode));
	g->leaf = mlpg_allocate(host, leaves, sizeof(MlpgGrownLeaf));
	g->open = mlpg_allocate(host, leaves, sizeof(int));
	if (g->rules->n_groups == 0)
		return;

	uint64_t   *path = mlpg_allocate(host, mlpg_size_multiply(host, leaves, words), sizeof(uint64_t));

	for (size_t i = 0; i < leaves; i++)
		g->leaf[i].path = path + i * words;
}

static void
create_features(MlpgGrower *g)
{
	size_t		n = (size_t) g->bins->n_used;

	g->feature = mlpg_allocate(g->host, n + 1, sizeof(MlpgSplitFeature));
	g->found = mlpg_allocate(g->host, 2 * n + 1, sizeof(MlpgSplit));
	g->in_tree = mlpg_allocate(g->host, n + 1, sizeof(bool));
	g->in_node = mlpg_allocate(g->host, 2 * n + 1, sizeof(bool));
	g->skip = mlpg_allocate(g->host, n / MLPG_SLICE + 1, sizeof(bool));
	for (size_t u = 0; u < n; u++)
	{
		const MlpgBinFeature *used = &g->bins->used[u];

		g->feature[u].n_bins = used->n_bins;
		g->feature[u].missing = g->bins->missing;
		g->feature[u].is_category = used->is_category;
		g->feature[u].monotone = g->rules->monotone && !used->is_category ? g->rules->monotone[used->feature] : 0;
		g->found[u].feature = g->found[n + u].feature = (int) u;
	}
}

MlpgGrower *
mlpg_grower_create(MlpgHost *host, const MlpgBins *bins, const MlpgGrowRules *rules)
{
	MlpgGrower *g = mlpg_allocate(host, 1, sizeof(MlpgGrower));
	size_t		rows = (size_t) bins->n_rows;

	g->host = host;
	g->bins = bins;
	g->rules = rules;
	g->shape = shape_of(bins);
	g->cells = mlpg_histogram_cells(&g->shape);
	g->cell = mlpg_allocate(host, rows + 1, sizeof(MlpgCell));
	g->id = mlpg_allocate(host, rows + 1, sizeof(uint32_t));
	g->moved = mlpg_allocate(host, rows + 1, sizeof(uint32_t));
	g->n_slots = slots_of(rules, g->cells);
	g->slot = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) g->n_slots, g->cells), sizeof(MlpgCell));
	g->owner = mlpg_allocate(host, (size_t) g->n_slots, sizeof(int));
	g->partial = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) host->n_threads, g->cells), sizeof(MlpgCell));
	g->epoch = mlpg_allocate(host, (size_t) host->n_threads, sizeof(int));
	create_leaves(g);
	create_features(g);
	return g;
}

/* ---------- histograms ---------- */

static MlpgCell *
histogram_at(const MlpgGrower *g, int slot)
{
	return g->slot + (size_t) slot * g->cells;
}

/* A slot for leaf; if none is free, that of the leaf whose split gains least, but not keep's. */
static int
take_slot(MlpgGrower *g, int leaf, int keep)
{
	int			worst = -1;

	for (int s = 0; s < g->n_slots; s++)
	{
		int			owner = g->owner[s];

		if (owner < 0)
		{
			worst = s;
			break;
		}
		if (owner != keep && owner != leaf && (worst < 0 || g->leaf[owner].best.gain < g->leaf[g->owner[worst]].best.gain))
			worst = s;
	}
	MLPG_ASSERT(worst >= 0);
	if (g->owner[worst] >= 0)
		g->leaf[g->owner[worst]].slot = -1;
	g->owner[worst] = leaf;
	g->leaf[leaf].slot = worst;
	return worst;
}

static void
give_slot_up(MlpgGrower *g, int leaf)
{
	if (g->leaf[leaf].slot >= 0)
		g->owner[g->leaf[leaf].slot] = -1;
	g->leaf[leaf].slot = -1;
}

typedef struct Build
{
	MlpgGrower *g;
	const uint32_t *id;			/* NULL: all rows in order */
	int64_t		n;
	MlpgCell   *into;
} Build;

static void
build_rows(MlpgTask *task, int index, void *argument)
{
	Build	   *b = argument;
	MlpgGrower *g = b->g;
	int64_t		first = (int64_t) index * TASK_ROWS;
	int64_t		last = first + TASK_ROWS < b->n ? first + TASK_ROWS : b->n;
	MlpgCell   *into = b->into;

	if (task->thread > 0)
	{
		into = g->partial + (size_t) (task->thread - 1) * g->cells;
		if (g->epoch[task->thread] != g->region)
		{
			memset(into, 0, g->cells * sizeof(MlpgCell));
			g->epoch[task->thread] = g->region;
		}
	}
	mlpg_histogram_add(&g->shape, g->cell, b->id, first, last, g->skip, into);
}

/* Before the first split the rows are where the caller has them. */
static const uint32_t *
rows_of(const MlpgGrower *g, const MlpgGrownLeaf *leaf)
{
	return g->n_leaves == 1 ? g->rows : g->id + leaf->first;
}

/* The rows of a leaf into its slot and into the partial histograms of this region's threads. */
static void
build(MlpgGrower *g, const MlpgGrownLeaf *leaf)
{
	Build		b = {g, rows_of(g, leaf), leaf->n, histogram_at(g, leaf->slot)};

	memset(b.into, 0, g->cells * sizeof(MlpgCell));
	g->region++;
	if (leaf->n < 2 * TASK_ROWS)
		mlpg_histogram_add(&g->shape, g->cell, b.id, 0, b.n, g->skip, b.into);
	else
		g->host->parallel_for(g->host, (int) ((b.n + TASK_ROWS - 1) / TASK_ROWS), build_rows, &b);
}

/* ---------- search ---------- */

/* One or two leaves to be searched once the histogram of the first is complete. */
typedef struct Settle
{
	MlpgGrower *g;
	MlpgCell   *built;			/* just built: partial histograms are to be added */
	MlpgCell   *rest;			/* built is to be subtracted from this, or NULL */
	const MlpgGrownLeaf *leaf[2];	/* to be searched, or NULL: of built, of rest */
} Settle;

static void
settle_feature(const Settle *s, int u)
{
	MlpgGrower *g = s->g;
	size_t		from = (size_t) u * (size_t) g->shape.stride;
	int			n = g->shape.stride;

	for (int t = 1; t < g->host->n_threads; t++)
		if (g->epoch[t] == g->region)
		{
			const MlpgCell *partial = g->partial + (size_t) (t - 1) * g->cells + from;

			for (int i = 0; i < n; i++)
				s->built[from + (size_t) i] += partial[i];
		}
	for (int i = 0; s->rest && i < n; i++)
		s->rest[from + (size_t) i] -= s->built[from + (size_t) i];
	for (int k = 0; k < 2; k++)
	{
		MlpgSplit  *found = &g->found[k * g->bins->n_used + u];

		found->gain = 0;
		if (s->leaf[k] && g->in_node[k * g->bins->n_used + u])
			mlpg_split_search(&g->rules->split, &g->scales, &g->feature[u], &g->node[s->leaf[k]->node].sums,
							  (k == 0 ? s->built : s->rest) + from, found);
	}
}

#define SETTLE_FEATURES 2		/* a task */

static void
settle_features(MlpgTask *task, int index, void *argument)
{
	Settle	   *s = argument;

	for (int u = index * SETTLE_FEATURES; u < (index + 1) * SETTLE_FEATURES && u < s->g->bins->n_used; u++)
		settle_feature(s, u);
}

/* The best split of a leaf among those found; ties to the lower feature. */
static void
pick_best(const MlpgGrower *g, const MlpgSplit *found, MlpgGrownLeaf *leaf)
{
	leaf->best.gain = 0;
	for (int u = 0; u < g->bins->n_used; u++)
		if (found[u].gain > leaf->best.gain)
			leaf->best = found[u];
}

/* leaf[k] may be NULL: not to be searched. */
static void
settle(MlpgGrower *g, MlpgCell *built, MlpgCell *rest, MlpgGrownLeaf *a, MlpgGrownLeaf *b)
{
	Settle		s = {g, built, rest, {a, b}};
	int			n = g->bins->n_used;

	if (a)
		mlpg_grower_choose_for_node(g, a, g->in_node);
	if (b)
		mlpg_grower_choose_for_node(g, b, g->in_node + n);
	if (g->host->n_threads > 1 && n * g->shape.stride >= SEARCH_CELLS)
		g->host->parallel_for(g->host, (n + SETTLE_FEATURES - 1) / SETTLE_FEATURES, settle_features, &s);
	else
		for (int u = 0; u < n; u++)
			settle_feature(&s, u);
	if (a)
		pick_best(g, g->found, a);
	if (b)
		pick_best(g, g->found + n, b);
}

/* ---------- growth ---------- */

static bool
may_split(const MlpgGrower *g, const MlpgGrownLeaf *leaf)
{
	const MlpgGrowRules *rules = g->rules;
	int64_t		least = rules->split.min_data_in_leaf > 1 ? rules->split.min_data_in_leaf : 1;

	return leaf->n >= 2 * least && (rules->max_depth <= 0 || leaf->depth < rules->max_depth);
}

static void
add_node(MlpgGrower *g, int leaf, const MlpgSplitNode *sums)
{
	MlpgGrownNode *node = &g->node[g->n_nodes];

	memset(node, 0, sizeof(*node));
	node->left = node->right = -1;
	node->leaf = leaf;
	node->sums = *sums;
	g->leaf[leaf].node = g->n_nodes++;
}

static void
plant(MlpgGrower *g)
{
	MlpgGrownLeaf *root = &g->leaf[0];
	MlpgSplitNode sums = {.gradient = g->sum_gradient, .hessian = g->sum_hessian, .n = g->n, .lower = -INFINITY, .upper = INFINITY};

	g->n_nodes = 0;
	g->n_leaves = 1;
	g->n_open = 0;
	sums.value = mlpg_leaf_value(&g->rules->split, g->rules->split.lambda_l2, (double) sums.gradient * g->scales.gradient,
								 (double) sums.hessian * g->scales.hessian, (double) g->n, 0, -INFINITY, INFINITY);
	root->first = 0;
	root->n = g->n;
	root->depth = 0;
	root->parent = 0;
	root->slot = -1;
	root->best.gain = 0;
	if (root->path)
		memset(root->path, 0, (size_t) (g->bins->n_used + 63) / 64 * sizeof(uint64_t));
	for (int s = 0; s < g->n_slots; s++)
		g->owner[s] = -1;
	add_node(g, 0, &sums);
}

/* Sums and bounds of the children. */
static void
divide_sums(const MlpgGrower *g, const MlpgGrownNode *parent, int64_t n_left, MlpgSplitNode *left, MlpgSplitNode *right)
{
	const MlpgSplit *split = &parent->split;
	double		middle = split->left_value + (split->right_value - split->left_value) / 2;
	int			monotone = g->feature[split->feature].monotone;

	*left = *right = parent->sums;
	left->gradient = split->gradient;
	left->hessian = split->hessian;
	left->n = n_left;
	left->value = split->left_value;
	right->gradient -= split->gradient;
	right->hessian -= split->hessian;
	right->n -= n_left;
	right->value = split->right_value;
	if (monotone > 0)
		left->upper = right->lower = middle;
	else if (monotone < 0)
		left->lower = right->upper = middle;
}

/* Makes leaf b two leaves, b and the newest; rows are moved, histograms are not touched. */
static void
divide(MlpgGrower *g, int b)
{
	MlpgGrownLeaf *left = &g->leaf[b];
	MlpgGrownLeaf *right = &g->leaf[g->n_leaves];
	MlpgGrownNode *parent = &g->node[left->node];
	uint64_t   *path = right->path;
	int64_t		n_left = mlpg_partition_rows(g->host, g->bins, &left->best, rows_of(g, left), g->id + left->first, g->moved + left->first, left->n);
	MlpgSplitNode sums[2];

	parent->split = left->best;
	divide_sums(g, parent, n_left, &sums[0], &sums[1]);
	left->depth++;
	left->parent = parent->sums.value;
	left->best.gain = 0;
	if (path)
	{
		left->path[parent->split.feature / 64] |= UINT64_C(1) << (parent->split.feature % 64);
		memcpy(path, left->path, (size_t) (g->bins->n_used + 63) / 64 * sizeof(uint64_t));
	}
	*right = *left;
	right->path = path;
	right->slot = -1;
	right->first += n_left;
	right->n -= n_left;
	left->n = n_left;
	parent->leaf = -1;
	parent->left = g->n_nodes;
	parent->right = g->n_nodes + 1;
	add_node(g, b, &sums[0]);
	add_node(g, g->n_leaves, &sums[1]);
	g->n_leaves++;
}

/* ---------- which leaf is next ---------- */

/* Is leaf a to be split before leaf b?  Ties go to the lower leaf. */
static bool
before(const MlpgGrower *g, int a, int b)
{
	double		gain = g->leaf[a].best.gain,
				other = g->leaf[b].best.gain;

	return gain > other || (gain == other && a < b);
}

static void
swap_open(MlpgGrower *g, int i, int k)
{
	int			leaf = g->open[i];

	g->open[i] = g->open[k];
	g->open[k] = leaf;
}

static void
open_leaf(MlpgGrower *g, int leaf)
{
	int			i = g->n_open++;

	g->open[i] = leaf;
	for (; i > 0 && before(g, g->open[i], g->open[(i - 1) / 2]); i = (i - 1) / 2)
		swap_open(g, i, (i - 1) / 2);
}

/* The best open leaf, which is open no more; -1 when there is none. */
static int
take_best(MlpgGrower *g)
{
	int			best;

	if (g->n_open == 0)
		return -1;
	best = g->open[0];
	g->open[0] = g->open[--g->n_open];
	for (int i = 0, k; (k = 2 * i + 1) < g->n_open; i = k)
	{
		if (k + 1 < g->n_open && before(g, g->open[k + 1], g->open[k]))
			k++;
		if (before(g, g->open[i], g->open[k]))
			break;
		swap_open(g, i, k);
	}
	return best;
}

/* After the search of a leaf: it is open, or its histogram is needed no more. */
static void
open_or_close(MlpgGrower *g, int leaf)
{
	if (g->leaf[leaf].best.gain > 0)
		open_leaf(g, leaf);
	else
		give_slot_up(g, leaf);
}

/* ---------- growth, leaf by leaf ---------- */

/* Finds the best splits of the two leaves that came from one, whose histogram b still has (or not). */
static void
search_children(MlpgGrower *g, int b, int c)
{
	int			small = g->leaf[b].n <= g->leaf[c].n ? b : c;
	int			large = small == b ? c : b;
	bool		search_small = may_split(g, &g->leaf[small]);
	bool		search_large = may_split(g, &g->leaf[large]);
	int			slot = g->leaf[b].slot;

	g->leaf[b].slot = -1;
	g->leaf[large].slot = slot;
	if (slot >= 0)
		g->owner[slot] = large;
	if (!search_large)
	{
		give_slot_up(g, large);
		return;					/* and so the small one may not be split either */
	}
	if (slot >= 0)
	{
		take_slot(g, small, large);
		build(g, &g->leaf[small]);
		settle(g, histogram_at(g, g->leaf[small].slot), histogram_at(g, slot),
			   search_small ? &g->leaf[small] : NULL, &g->leaf[large]);
	}
	else
	{
		for (int k = 0; k < 2; k++)
		{
			int			leaf = k == 0 ? large : small;

			if (k == 1 && !search_small)
				break;
			take_slot(g, leaf, large);
			build(g, &g->leaf[leaf]);
			settle(g, histogram_at(g, g->leaf[leaf].slot), NULL, &g->leaf[leaf], NULL);
		}
	}
	open_or_close(g, small);
	open_or_close(g, large);
}

bool
mlpg_grower_grow(MlpgGrower *g, uint64_t tree)
{
	int			leaf;

	g->tree = tree;
	g->shape.row = g->bins->row;
	plant(g);
	if (g->bins->n_used == 0 || !may_split(g, &g->leaf[0]))
		return false;
	mlpg_grower_choose_for_tree(g);
	take_slot(g, 0, 0);
	build(g, &g->leaf[0]);
	settle(g, histogram_at(g, g->leaf[0].slot), NULL, &g->leaf[0], NULL);
	open_or_close(g, 0);
	while (g->n_leaves < g->rules->num_leaves && (leaf = take_best(g)) >= 0)
	{
		mlpg_check(g->host, NULL, 0, 0);
		divide(g, leaf);
		if (g->n_leaves < g->rules->num_leaves)
			search_children(g, leaf, g->n_leaves - 1);
	}
	return g->n_leaves > 1;
}

int
mlpg_grower_leaf(const MlpgGrower *g, const uint8_t *row)
{
	const MlpgGrownNode *node = g->node;

	while (node->leaf < 0)
	{
		const MlpgSplit *split = &node->split;
		int			bin = row[split->feature];
		bool		left = split->is_category ? mlpg_bin_set_has(&split->set, bin)
			: bin == g->bins->missing ? split->missing_left : bin <= split->bin;

		node = g->node + (left ? node->left : node->right);
	}
	return node->leaf;
}

/* ---------- the plain form ---------- */

/* The codes whose bins are in the set, as words behind those the tree has. */
static void
write_set(MlpgTree *tree, const MlpgBinFeature *used, const MlpgBinSet *set, MlpgTreeNode *out)
{
	out->first_word = tree->n_words;
	for (int b = 0; b < used->n_bins; b++)
		if (mlpg_bin_set_has(set, b))
		{
			int32_t		code = used->code_of_bin[b];

			if (code / 32 >= out->n_words)
				out->n_words = code / 32 + 1;
			tree->word[out->first_word + code / 32] |= UINT32_C(1) << (code % 32);
		}
	tree->n_words += out->n_words;
}

static size_t
words_of(const MlpgGrower *g)
{
	size_t		n = 0;

	for (int k = 0; k < g->n_nodes; k++)
		if (g->node[k].leaf < 0 && g->node[k].split.is_category)
			n += (size_t) g->bins->used[g->node[k].split.feature].n_codes / 32 + 1;
	return n;
}

void
mlpg_grow_write_split(const MlpgBins *bins, const MlpgSplit *split, double least, MlpgTree *tree, MlpgTreeNode *out)
{
	const MlpgBinFeature *used = &bins->used[split->feature];

	out->feature = used->feature;
	out->gain = split->gain + least;	/* as LightGBM tells it */
	out->is_category = split->is_category;
	if (split->is_category)
	{
		write_set(tree, used, &split->set, out);
		return;
	}
	out->threshold = isinf(used->cut[split->bin]) ? __DBL_MAX__ : used->cut[split->bin];
	out->missing = bins->zero_as_missing ? MLPG_MISSING_ZERO : MLPG_MISSING_NAN;
	out->missing_left = split->missing_left;
}

MlpgTree *
mlpg_grower_tree(MlpgHost *host, const MlpgGrower *g, const double *value, double rate)
{
	MlpgTree   *tree = mlpg_allocate(host, 1, sizeof(MlpgTree));

	tree->n_nodes = g->n_nodes;
	tree->node = mlpg_allocate(host, (size_t) g->n_nodes, sizeof(MlpgTreeNode));
	tree->word = mlpg_allocate(host, words_of(g) + 1, sizeof(uint32_t));
	for (int k = 0; k < g->n_nodes; k++)
	{
		const MlpgGrownNode *node = &g->node[k];
		MlpgTreeNode *out = &tree->node[k];

		out->left = node->left;
		out->right = node->right;
		out->feature = -1;
		out->count = node->sums.n;
		out->weight = (double) node->sums.hessian * g->scales.hessian;
		out->value = node->leaf >= 0 ? value[node->leaf] : node->sums.value * rate;
		if (node->leaf < 0)
			mlpg_grow_write_split(g->bins, &node->split, g->rules->split.min_gain_to_split, tree, out);
	}
	return tree;
}
