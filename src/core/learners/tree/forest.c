/*-------------------------------------------------------------------------
 *
 * forest.c
 *	  The stored form of trees: written, checked, and read back.
 *
 * Payload: doc/model-format.md.  A node takes 32 bytes: 16 that a walk reads,
 * and value, count and weight in arrays of their own.  Nodes of a tree are
 * stored breadth first, so that the place of a child follows from the nodes before it
 * and needs one number for both; a leaf is its own child behind a threshold
 * of infinity, so that trees of unlike depth walk in step without a branch.
 * Everything is used where it lies in the model's bytes: what open makes is a
 * table of trees.
 *
 * The bytes are untrusted.  One pass over the nodes shows that every node is
 * reached once, from a node before it: in breadth-first order each inner node's
 * kid is the first node that no earlier one has claimed.  So a walk ends, and
 * one forest has one encoding.  Features must be the schema's, sets lie one
 * behind the other, counts of children add to their parent's and are not 0
 * (explain divides by them), and the values are so bounded that no raw score
 * overflows.
 *
 * Cost: open about 3 ns a node.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/walk.h"

#include <float.h>

#define FLAG_AVERAGE 1u
#define FLAG_LEVELS 2u
#define FLAG_COUNTED 4u
#define FLAG_MEAN 8u
#define FLAGS_ALL 15u
#define OUTPUTS_MAX 1000
#define HEADER_SIZE 40

/* ---------- write ---------- */

size_t
mlpg_forest_size(int n_outputs, int64_t n_trees, int64_t n_nodes, int64_t n_words)
{
	return HEADER_SIZE + (size_t) n_outputs * 20 + (size_t) n_trees * 4 + (size_t) n_nodes * 32 + (size_t) n_words * 4;
}

/* The arrays of a payload being written, and how far they are filled. */
typedef struct Draft
{
	MlpgFlatNode *node;
	double	   *value;
	uint32_t   *count;
	float	   *weight;
	uint32_t   *word;
	uint32_t	n_nodes;
	uint32_t	n_words;
} Draft;

/* Words of a set up to the last that is not 0. */
static int32_t
set_length(const MlpgTree *tree, const MlpgTreeNode *node)
{
	int32_t		n = node->is_category ? node->n_words : 0;

	while (n > 0 && tree->word[node->first_word + n - 1] == 0)
		n--;
	return n;
}

static void
write_split(Draft *draft, const MlpgTree *tree, const MlpgTreeNode *from, MlpgFlatNode *to, uint32_t kid)
{
	uint32_t	flags;

	to->kid = kid;
	if (from->is_category)
	{
		int32_t		n = set_length(tree, from);

		to->u.set.first = draft->n_words;
		to->u.set.n = (uint32_t) n;
		if (n > 0)
			memcpy(draft->word + draft->n_words, tree->word + from->first_word, (size_t) n * sizeof(uint32_t));
		draft->n_words += (uint32_t) n;
		flags = MLPG_NODE_CATEGORY;
	}
	else
	{
		to->u.threshold = from->threshold;
		if (from->missing == MLPG_MISSING_NONE)
			flags = MLPG_NODE_NO_MISSING | (0 > from->threshold ? MLPG_NODE_NAN_RIGHT : 0);
		else
			flags = (from->missing == MLPG_MISSING_ZERO ? MLPG_NODE_ZERO : 0) | (from->missing_left ? 0 : MLPG_NODE_NAN_RIGHT);
	}
	to->feature = (uint32_t) from->feature << 8 | flags;
}

static float
narrow(double x)
{
	return x > FLT_MAX ? FLT_MAX : x < -FLT_MAX ? -FLT_MAX : (float) x;
}

/* queue: room for the tree's nodes */
static void
write_tree(MlpgHost *host, Draft *draft, const MlpgForestSpec *spec, const MlpgTree *tree, int32_t *queue)
{
	uint32_t	first = draft->n_nodes;
	int32_t		n = 1;

	queue[0] = 0;
	for (int32_t k = 0; k < n; k++)
	{
		const MlpgTreeNode *from = &tree->node[queue[k]];
		uint32_t	at = first + (uint32_t) k;
		MlpgFlatNode *to = &draft->node[at];
		bool		leaf = from->left < 0;

		if (leaf)
		{
			to->u.threshold = INFINITY;
			to->kid = at;
		}
		else
		{
			write_split(draft, tree, from, to, first + (uint32_t) n);
			queue[n++] = from->left;
			queue[n++] = from->right;
		}
		draft->value[at] = leaf ? from->value : from->gain;
		draft->weight[at] = narrow(from->weight);
		if (spec->counted && from->count > (int64_t) UINT32_MAX)
			mlpg_raise(host, MLPG_LIMIT_EXCEEDED, "A node counts its training rows in 32 bits.", NULL, "too many rows for a tree");
		draft->count[at] = spec->counted ? (uint32_t) from->count : 0;
	}
	MLPG_ASSERT(n == tree->n_nodes);
	draft->n_nodes += (uint32_t) n;
}

static void
write_head(MlpgWriter *w, const MlpgForestSpec *spec, int n_trees, const Draft *total)
{
	mlpg_write_u32(w, (uint32_t) spec->n_outputs);
	mlpg_write_u32(w, (uint32_t) n_trees);
	mlpg_write_u32(w, total->n_nodes);
	mlpg_write_u32(w, total->n_words);
	mlpg_write_u32(w, (uint32_t) spec->link);
	mlpg_write_u32(w, (spec->average ? FLAG_AVERAGE : 0) | (spec->levels ? FLAG_LEVELS : 0) | (spec->counted ? FLAG_COUNTED : 0) |
				   (spec->mean ? FLAG_MEAN : 0));
	mlpg_write_u32(w, spec->main_output < 0 ? UINT32_MAX : (uint32_t) spec->main_output);
	mlpg_write_u32(w, 0);
	mlpg_write_f64(w, spec->factor);
	for (int o = 0; o < spec->n_outputs; o++)
		mlpg_write_f64(w, spec->base ? spec->base[o] : 0);
	if (spec->levels)
		mlpg_write_doubles(w, spec->levels, (size_t) spec->n_outputs);
}

void
mlpg_forest_check_size(MlpgHost *host, int64_t n_trees, int64_t n_nodes, int64_t n_words)
{
	if (mlpg_forest_size(1, n_trees, n_nodes, n_words) > MLPG_MODEL_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "%lld trees have %lld nodes of 32 bytes; a model has at most %zu bytes.",
							 (long long) n_trees, (long long) n_nodes, MLPG_MODEL_MAX),
				   "Use fewer trees, or fewer leaves in each.", "model is too large");
}

/* How much of everything there is; raises when it cannot be stored. */
static Draft
measure(MlpgHost *host, const MlpgTree *const *trees, int n_trees, int32_t *longest)
{
	Draft		total = {0};
	int64_t		n_nodes = 0,
				n_words = 0;

	*longest = 0;
	for (int t = 0; t < n_trees; t++)
	{
		n_nodes += trees[t]->n_nodes;
		*longest = trees[t]->n_nodes > *longest ? trees[t]->n_nodes : *longest;
		for (int32_t i = 0; i < trees[t]->n_nodes; i++)
			n_words += set_length(trees[t], &trees[t]->node[i]);
	}
	mlpg_forest_check_size(host, n_trees, n_nodes, n_words);
	total.n_nodes = (uint32_t) n_nodes;
	total.n_words = (uint32_t) n_words;
	return total;
}

/* What open refuses is not written: targets of 1e160 have squares out of range. */
static void
check_range(MlpgHost *host, const MlpgForestSpec *spec, const MlpgTree *const *trees, int n_trees)
{
	double		sum = 0;
	bool		finite = true;

	for (int o = 0; spec->base && o < spec->n_outputs; o++)
		sum = fmax(sum, fabs(spec->base[o]));
	for (int t = 0; t < n_trees; t++)
	{
		double		largest = 0;

		for (int32_t i = 0; i < trees[t]->n_nodes; i++)
		{
			const MlpgTreeNode *node = &trees[t]->node[i];

			finite &= isfinite(node->gain) && isfinite(node->value) && isfinite((float) node->weight);
			largest = fmax(largest, fabs(node->value));
		}
		sum += largest;
	}
	if (!finite || !(sum <= MLPG_FOREST_SCORE_MAX))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "A gain or an answer is outside the range of double precision.",
				   "Express a very large target, or very large weights, in other units.", "values are too large to fit trees");
}

void
mlpg_forest_write(MlpgWriter *w, const MlpgForestSpec *spec, const MlpgTree *const *trees, int n_trees)
{
	MlpgHost   *host = w->host;
	int32_t		longest;
	Draft		total = measure(host, trees, n_trees, &longest);
	Draft		draft = {0};
	int32_t    *queue = mlpg_allocate(host, (size_t) longest + 1, sizeof(int32_t));
	uint32_t   *trees_of,
			   *nodes_of;
	uint8_t    *space;
	size_t		n = total.n_nodes;

	check_range(host, spec, trees, n_trees);
	write_head(w, spec, n_trees, &total);
	space = mlpg_write_space(w, n * 32 + ((size_t) spec->n_outputs + (size_t) n_trees + total.n_words) * 4);
	draft.node = (MlpgFlatNode *) space;
	draft.value = (double *) (space + n * 16);
	trees_of = (uint32_t *) (space + n * 24);
	nodes_of = trees_of + spec->n_outputs;
	draft.count = nodes_of + n_trees;
	draft.weight = (float *) (draft.count + n);
	draft.word = (uint32_t *) (draft.weight + n);
	for (int o = 0; o < spec->n_outputs; o++)
	{
		mlpg_check(host, NULL, 0, 0);
		for (int t = 0; t < n_trees; t++)
			if (trees[t]->output == o)
			{
				mlpg_check(host, NULL, 0, 0);
				write_tree(host, &draft, spec, trees[t], queue);
				trees_of[o]++;
				*nodes_of++ = (uint32_t) trees[t]->n_nodes;
			}
	}
	MLPG_ASSERT(draft.n_nodes == total.n_nodes && draft.n_words == total.n_words);
	mlpg_release(host, queue);
}

/* ---------- open ---------- */

const void *
mlpg_forest_array(MlpgReader *r, size_t n, size_t size, size_t alignment)
{
	if (n > (size_t) (r->end - r->at) / size)
		mlpg_reader_corrupt(r, "more bytes expected than there are");

	const uint8_t *bytes = mlpg_read_bytes(r, n * size);
	void	   *copy;

	if ((uintptr_t) bytes % alignment == 0)
		return bytes;
	copy = mlpg_allocate(r->host, n + 1, size);
	memcpy(copy, bytes, n * size);
	return copy;
}

static void
read_levels(MlpgReader *r, MlpgForestSpec *spec)
{
	const double *levels = mlpg_forest_array(r, (size_t) spec->n_outputs, sizeof(double), 8);

	for (int o = 0; o < spec->n_outputs; o++)
		if (!(levels[o] > 0 && levels[o] < 1 && (o == 0 || levels[o] > levels[o - 1])))
			mlpg_reader_corrupt(r, "quantile levels must ascend between 0 and 1");
	spec->levels = levels;
}

static void
read_head(MlpgReader *r, MlpgForest *forest)
{
	MlpgForestSpec *spec = &forest->spec;
	uint32_t	n_outputs = mlpg_read_count(r, 12);
	uint32_t	n_trees = mlpg_read_count(r, 36);
	uint32_t	link,
				flags,
				main_output;

	forest->n_nodes = mlpg_read_count(r, 32);
	forest->n_words = mlpg_read_count(r, 4);
	link = mlpg_read_u32(r);
	flags = mlpg_read_u32(r);
	main_output = mlpg_read_u32(r);
	if (n_outputs < 1 || n_outputs > OUTPUTS_MAX || link > MLPG_LINK_SHARE || flags > FLAGS_ALL || mlpg_read_u32(r) != 0 ||
		(main_output >= n_outputs && main_output != UINT32_MAX) || ((flags & FLAG_LEVELS) && link != MLPG_LINK_IDENTITY) ||
		(flags & (FLAG_AVERAGE | FLAG_MEAN)) == (FLAG_AVERAGE | FLAG_MEAN) || (link == MLPG_LINK_SHARE && n_outputs < 2))
		mlpg_reader_corrupt(r, "outputs, link or flags out of range");
	spec->n_outputs = (int) n_outputs;
	spec->link = (MlpgLink) link;
	spec->average = (flags & FLAG_AVERAGE) != 0;
	spec->mean = (flags & FLAG_MEAN) != 0;
	spec->counted = (flags & FLAG_COUNTED) != 0;
	spec->main_output = main_output == UINT32_MAX ? -1 : (int) main_output;
	spec->factor = mlpg_read_f64(r);
	if (!(spec->factor > 0 && spec->factor <= DBL_MAX) || (link != MLPG_LINK_SIGMOID && spec->factor != 1))
		mlpg_reader_corrupt(r, "factor of the link out of range");
	spec->base = mlpg_forest_array(r, n_outputs, sizeof(double), 8);
	if (flags & FLAG_LEVELS)
		read_levels(r, spec);
	forest->n_trees = (int) n_trees;
}

/* The table of trees from the two lists of counts. */
static void
read_trees(MlpgReader *r, MlpgForest *forest)
{
	MlpgHost   *host = r->host;
	int			n_outputs = forest->spec.n_outputs;
	uint32_t	first = 0;
	int32_t		t = 0;
	const uint32_t *trees_of = mlpg_forest_array(r, (size_t) n_outputs, 4, 4);
	const uint32_t *nodes_of = mlpg_forest_array(r, (size_t) forest->n_trees, 4, 4);

	forest->tree = mlpg_allocate(host, (size_t) forest->n_trees + 1, sizeof(MlpgForestTree));
	forest->first_tree = mlpg_allocate(host, (size_t) n_outputs + 1, sizeof(int32_t));
	for (int32_t o = 0; o < n_outputs; o++)
	{
		forest->first_tree[o] = t;
		if (trees_of[o] > (uint32_t) (forest->n_trees - t))
			mlpg_reader_corrupt(r, "trees of the outputs do not add up");
		for (uint32_t k = 0; k < trees_of[o]; k++, t++)
		{
			MlpgForestTree *tree = &forest->tree[t];

			if (nodes_of[t] % 2 == 0 || nodes_of[t] > forest->n_nodes - first)
				mlpg_reader_corrupt(r, "nodes of the trees do not add up");
			tree->first = first;
			tree->n_nodes = nodes_of[t];
			tree->output = o;
			first += nodes_of[t];
		}
	}
	forest->first_tree[n_outputs] = t;
	if (t != forest->n_trees || first != forest->n_nodes)
		mlpg_reader_corrupt(r, "trees or nodes do not add up");
}

/* What is being checked: how far sets go, and what the outputs may sum to. */
typedef struct Check
{
	MlpgReader *reader;
	const MlpgSchema *schema;
	const MlpgForest *forest;
	uint32_t	n_words;		/* claimed by the nodes so far */
} Check;

static void
check_set(Check *check, const MlpgFlatNode *node, const MlpgFeature *feature)
{
	const MlpgForest *forest = check->forest;
	uint32_t	first = node->u.set.first,
				n = node->u.set.n;

	if (first != check->n_words || n > forest->n_words - first)
		mlpg_reader_corrupt(check->reader, "a set of categories is not where it belongs");
	check->n_words += n;
	if (n == 0)
		return;

	uint32_t	last = forest->word[first + n - 1];

	if (last == 0)
		mlpg_reader_corrupt(check->reader, "a set of categories ends with nothing");
	if (feature->kind == MLPG_CATEGORY && (uint64_t) n * 32 - (uint64_t) __builtin_clz(last) > (uint64_t) feature->dictionary->n)
		mlpg_reader_corrupt(check->reader, "a set names a category that the schema does not have");
}

static void
check_split(Check *check, MlpgForestTree *tree, const MlpgFlatNode *node)
{
	uint32_t	flags = node->feature & 0xFF,
				feature = node->feature >> 8;
	bool		ok;

	if (feature >= (uint32_t) check->schema->n_features)
		mlpg_reader_corrupt(check->reader, "a node asks for a feature that the schema does not have");
	if (flags & (MLPG_NODE_CATEGORY | MLPG_NODE_ZERO))
		tree->plain = false;
	if (flags == MLPG_NODE_CATEGORY)
	{
		check_set(check, node, &check->schema->feature[feature]);
		return;
	}
	ok = check->schema->feature[feature].kind != MLPG_CATEGORY && !isnan(node->u.threshold);
	if (flags & MLPG_NODE_NO_MISSING)
		ok = ok && flags == (MLPG_NODE_NO_MISSING | (0 > node->u.threshold ? MLPG_NODE_NAN_RIGHT : 0));
	else
		ok = ok && (flags & ~(MLPG_NODE_NAN_RIGHT | MLPG_NODE_ZERO)) == 0;
	if (!ok)
		mlpg_reader_corrupt(check->reader, "a node's threshold or flags are out of range");
}

static void
check_counts(Check *check, const MlpgForestTree *tree, uint32_t at)
{
	const MlpgForest *forest = check->forest;
	const uint32_t *count = forest->count;
	uint32_t	kid = forest->node[at].kid;
	bool		leaf = kid == at;

	if (!forest->spec.counted ? count[at] != 0 : tree->n_nodes > 1 && count[at] == 0)
		mlpg_reader_corrupt(check->reader, "a count of rows is out of range");
	if (!leaf && (uint64_t) count[kid] + count[kid + 1] != count[at])
		mlpg_reader_corrupt(check->reader, "counts of children do not add to their parent's");
	if (!isfinite(forest->value[at]) || !isfinite(forest->weight[at]))
		mlpg_reader_corrupt(check->reader, "a value of a node is not finite");
}

/* Returns the largest absolute value of a leaf. */
static double
check_tree(Check *check, MlpgForestTree *tree)
{
	const MlpgForest *forest = check->forest;
	uint32_t	end = tree->first + tree->n_nodes,
				next = tree->first + 1, /* no node has claimed this one yet */
				level_end = next;
	double		largest = 0;

	tree->plain = true;
	for (uint32_t at = tree->first; at < end; at++)
	{
		const MlpgFlatNode *node = &forest->node[at];

		if (at == next)
			mlpg_reader_corrupt(check->reader, "a node is not reached");
		if (at == level_end)
		{
			tree->depth++;
			level_end = next;
		}
		if (node->kid == at)
		{
			if (node->feature != 0 || node->u.threshold != INFINITY)
				mlpg_reader_corrupt(check->reader, "a leaf has a split");
			if (forest->spec.link == MLPG_LINK_SHARE && !(forest->value[at] >= 0))
				mlpg_reader_corrupt(check->reader, "a share is below 0");
			largest = fmax(largest, fabs(forest->value[at]));
		}
		else
		{
			if (node->kid != next || end - next < 2)
				mlpg_reader_corrupt(check->reader, "children are not where they belong");
			next += 2;
			check_split(check, tree, node);
		}
		check_counts(check, tree, at);
	}
	return largest;
}

static void
check_trees(MlpgReader *r, const MlpgSchema *schema, MlpgForest *forest)
{
	Check		check = {.reader = r, .schema = schema, .forest = forest};

	for (int o = 0; o < forest->spec.n_outputs; o++)
	{
		double		largest = fabs(forest->spec.base[o]);

		if (forest->spec.link == MLPG_LINK_SHARE && !(forest->spec.base[o] >= 0))
			mlpg_reader_corrupt(r, "a share is below 0");
		for (int32_t t = forest->first_tree[o]; t < forest->first_tree[o + 1]; t++)
		{
			if (t % 256 == 0)
				mlpg_check(r->host, NULL, 0, 0);
			largest += check_tree(&check, &forest->tree[t]);
		}
		if (!(largest <= MLPG_FOREST_SCORE_MAX))
			mlpg_reader_corrupt(r, "values of an output are too large");
	}
	if (check.n_words != forest->n_words)
		mlpg_reader_corrupt(r, "words that no node's set holds");
}

void
mlpg_forest_open(MlpgHost *host, MlpgModel *model, MlpgReader *r)
{
	MlpgForest *forest = mlpg_allocate(host, 1, sizeof(MlpgForest));

	forest->n_features = model->schema->n_features;
	read_head(r, forest);
	forest->node = mlpg_forest_array(r, forest->n_nodes, sizeof(MlpgFlatNode), 8);
	forest->value = mlpg_forest_array(r, forest->n_nodes, sizeof(double), 8);
	read_trees(r, forest);
	forest->count = mlpg_forest_array(r, forest->n_nodes, 4, 4);
	forest->weight = mlpg_forest_array(r, forest->n_nodes, 4, 4);
	forest->word = mlpg_forest_array(r, forest->n_words, 4, 4);
	check_trees(r, model->schema, forest);
	mlpg_forest_order(host, forest);
	model->n_outputs = forest->spec.n_outputs;
	model->main_output = forest->spec.main_output;
	model->levels = forest->spec.levels;
	model->scorer = forest;
}

const MlpgForest *
mlpg_forest_of(const MlpgModel *model)
{
	return model->scorer;
}

/* ---------- trees again ---------- */

/* The tree number index, counted round after round. */
static const MlpgForestTree *
find_tree(const MlpgForest *forest, int index)
{
	for (int32_t round = 0;; round++)
		for (int o = 0; o < forest->spec.n_outputs; o++)
		{
			int32_t		t = forest->first_tree[o] + round;

			if (t < forest->first_tree[o + 1] && index-- == 0)
				return &forest->tree[t];
		}
}

static void
read_split(const MlpgForest *forest, const MlpgFlatNode *from, MlpgTreeNode *to, uint32_t first, uint32_t first_word)
{
	to->left = (int32_t) (from->kid - first);
	to->right = to->left + 1;
	to->feature = (int32_t) (from->feature >> 8);
	to->is_category = (from->feature & MLPG_NODE_CATEGORY) != 0;
	if (to->is_category)
	{
		to->first_word = (int32_t) (from->u.set.first - first_word);
		to->n_words = (int32_t) from->u.set.n;
		return;
	}
	to->threshold = from->u.threshold;
	to->missing_left = (from->feature & MLPG_NODE_NAN_RIGHT) == 0;
	to->missing = (from->feature & MLPG_NODE_NO_MISSING) ? MLPG_MISSING_NONE :
		(from->feature & MLPG_NODE_ZERO) ? MLPG_MISSING_ZERO : MLPG_MISSING_NAN;
}

/* Inner nodes' values: the means of their leaves, by count where it is known. */
static void
fill_values(MlpgTree *tree, bool counted)
{
	for (int32_t i = tree->n_nodes - 1; i >= 0; i--)
	{
		MlpgTreeNode *node = &tree->node[i];

		if (node->left < 0)
			continue;

		const MlpgTreeNode *left = &tree->node[node->left],
				   *right = &tree->node[node->right];
		double		share = counted ? (double) left->count / (double) node->count : 0.5;

		node->value = share * left->value + (1 - share) * right->value;
	}
}

MlpgTree *
mlpg_forest_tree(MlpgHost *host, const MlpgForest *forest, int index)
{
	MLPG_ASSERT(index >= 0 && index < forest->n_trees);

	const MlpgForestTree *from = find_tree(forest, index);
	MlpgTree   *tree = mlpg_allocate(host, 1, sizeof(MlpgTree));
	uint32_t	first_word = 0;

	tree->output = from->output;
	tree->n_nodes = (int32_t) from->n_nodes;
	tree->node = mlpg_allocate(host, from->n_nodes, sizeof(MlpgTreeNode));
	for (uint32_t k = 0; k < from->n_nodes; k++)
	{
		uint32_t	at = from->first + k;
		const MlpgFlatNode *flat = &forest->node[at];
		MlpgTreeNode *node = &tree->node[k];

		node->left = node->right = node->feature = -1;
		node->count = forest->count[at];
		node->weight = forest->weight[at];
		if (flat->kid == at)
		{
			node->value = forest->value[at];
			continue;
		}
		node->gain = forest->value[at];
		if (flat->feature & MLPG_NODE_CATEGORY)
		{
			if (tree->n_words == 0)
				first_word = flat->u.set.first;
			tree->n_words = (int32_t) (flat->u.set.first + flat->u.set.n - first_word);
		}
		read_split(forest, flat, node, from->first, first_word);
	}
	tree->word = mlpg_allocate(host, (size_t) tree->n_words + 1, sizeof(uint32_t));
	memcpy(tree->word, forest->word + first_word, (size_t) tree->n_words * sizeof(uint32_t));
	fill_values(tree, forest->spec.counted);
	return tree;
}

void
mlpg_forest_importance(const MlpgForest *forest, double *splits, double *gain)
{
	for (int i = 0; i < forest->n_features; i++)
		splits[i] = gain[i] = 0;
	for (uint32_t at = 0; at < forest->n_nodes; at++)
	{
		const MlpgFlatNode *node = &forest->node[at];

		if (node->kid == at || !(forest->value[at] > 0))
			continue;
		splits[node->feature >> 8] += 1;
		gain[node->feature >> 8] += forest->value[at];
	}
}
