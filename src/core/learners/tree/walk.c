/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  From a row to raw scores and predictions.
 *
 * One row walks WIDTH trees in lock step: a step of one tree waits for memory
 * and for a comparison, those of the others fill the wait, and there is no branch to
 * mispredict.  A leaf is its own child, so every tree of a batch takes as many
 * steps as its deepest; trees of like depth therefore walk together.  The leaves that
 * were reached are added afterwards, in file order, in double, so that all
 * ways of walking agree bit for bit.
 *
 * Missing values.  x > threshold is false for NaN, and the node's own bit says
 * where NaN goes; a node that reads NaN as 0 has that bit set by where 0 goes
 * (forest.c), so nothing else is needed.  Nodes with a set, and those that count 0
 * as missing, take a branch of their own.  A row of NULLs alone walks like any
 * other.
 *
 * Cost, one row at a time on one core, 28 features, 2 %
 * missing, 100 unbalanced trees of 31 leaves and mean depth 10: 1.3 us (1.2 ns a step; a walk with branches
 * takes twice that), 1.9 us with 255 leaves and depth 13.  20 trees in step were the fastest of 8 to 25.
 * Blocks of rows by masks (blockwalk.c): 0.55 us a row for the former.
 *
 * NaN never leaves: leaves are finite and their sum bounded (forest.c), links
 * are cut at the largest double.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/walk.h"

#include <float.h>

#define WIDTH 20				/* trees in lock step */
#define BATCH MLPG_BATCH_TREES

/* ---------- one step ---------- */

/* 1: right. Of a node of any sort. */
static uint32_t
goes_right(const MlpgFlatNode *node, const uint32_t *word, double x)
{
	if (node->feature & MLPG_NODE_CATEGORY)
	{
		/* truncated as LightGBM does; NaN fails the comparison */
		uint32_t	code = x > -1 && x < 0x1p31 ? (uint32_t) x : UINT32_MAX;

		return code / 32 >= node->u.set.n ? 1 : 1 & ~(word[node->u.set.first + code / 32] >> code % 32);
	}
	if (!(fabs(x) > MLPG_ZERO_MAX))
		return node->feature & MLPG_NODE_NAN_RIGHT;
	return x > node->u.threshold;
}

uint32_t
mlpg_node_right(const MlpgForest *forest, const MlpgFlatNode *node, double x)
{
	if (node->feature & (MLPG_NODE_CATEGORY | MLPG_NODE_ZERO))
		return goes_right(node, forest->word, x);
	return (x > node->u.threshold) | ((x != x) & node->feature);
}

static inline uint32_t
step(const MlpgFlatNode *node, const uint32_t *word, uint32_t at, const double *row, bool plain)
{
	uint32_t	feature = node[at].feature;
	double		x = row[feature >> 8];

	if (!plain && (feature & (MLPG_NODE_CATEGORY | MLPG_NODE_ZERO)))
		return node[at].kid + goes_right(&node[at], word, x);
	return node[at].kid + ((x > node[at].u.threshold) | ((x != x) & feature));
}

/*
 * n trees of a batch, whose places order lists, to their leaves; leaf is by place.
 * width, a constant, is n or a little more: the last tree then walks several times,
 * which costs less than a loop of unknown length.
 */
static inline __attribute__((always_inline)) void
walk_together(const MlpgForest *forest, const MlpgForestTree *tree, const int32_t *order, int n, const int width,
			  const double *row, bool plain, double *leaf)
{
	const MlpgFlatNode *node = forest->node;
	const uint32_t *word = forest->word;
	uint32_t	at[WIDTH];
	uint32_t	depth = 0;

	for (int j = 0; j < width; j++)
	{
		const MlpgForestTree *mine = &tree[order[j < n ? j : n - 1]];

		at[j] = mine->first;
		depth = mine->depth > depth ? mine->depth : depth;
	}
	for (uint32_t d = 0; d < depth; d++)
#pragma GCC unroll 20
		for (int j = 0; j < width; j++)
			at[j] = step(node, word, at[j], row, plain);
	for (int j = 0; j < n; j++)
		leaf[order[j]] = forest->value[at[j]];
}

static bool
all_plain(const MlpgForestTree *tree, const int32_t *order, int n)
{
	for (int j = 0; j < n; j++)
		if (!tree[order[j]].plain)
			return false;
	return true;
}

/* The value of the leaf of each of n <= BATCH trees. */
static void
walk_batch(const MlpgForest *forest, int32_t first, int n, const double *row, double *leaf)
{
	const MlpgForestTree *tree = forest->tree + first;
	const int32_t *order = forest->by_depth + first;

	for (int k = 0; k < n; k += WIDTH)
	{
		int			m = n - k < WIDTH ? n - k : WIDTH;

		if (!all_plain(tree, order + k, m))
			walk_together(forest, tree, order + k, m, WIDTH, row, false, leaf);
		else if (m > 12)
			walk_together(forest, tree, order + k, m, WIDTH, row, true, leaf);
		else if (m > 4)
			walk_together(forest, tree, order + k, m, 12, row, true, leaf);
		else
			walk_together(forest, tree, order + k, m, 4, row, true, leaf);
	}
}

/* ---------- rows ---------- */

double
mlpg_forest_add(const MlpgForest *forest, int32_t first_tree, int32_t n_trees, const double *row, double sum)
{
	double		leaf[BATCH];

	for (int32_t k = 0; k < n_trees; k += BATCH)
	{
		int			n = n_trees - k < BATCH ? n_trees - k : BATCH;

		walk_batch(forest, first_tree + k, n, row, leaf);
		for (int j = 0; j < n; j++)
			sum += leaf[j];
	}
	return sum;
}

static void
divide_by_trees(const MlpgForest *forest, int n_rows, double *scores)
{
	int			k = forest->spec.n_outputs;

	for (int o = 0; o < k; o++)
	{
		int32_t		n = forest->first_tree[o + 1] - forest->first_tree[o];

		for (int r = 0; n > 0 && r < n_rows; r++)
			scores[(size_t) r * (size_t) k + (size_t) o] /= n;
	}
}

void
mlpg_forest_raw(const MlpgForest *forest, const double *rows, int n_rows, int stride, double *out)
{
	const MlpgForestSpec *spec = &forest->spec;
	const int32_t *first = forest->first_tree;
	int			r = 0;

	for (; forest->block != NULL && r + MLPG_BLOCK_ROWS <= n_rows; r += MLPG_BLOCK_ROWS)
		mlpg_block_walk(forest, rows + (size_t) r * (size_t) stride, stride, out + (size_t) r * (size_t) spec->n_outputs);
	for (; r < n_rows; r++)
		for (int o = 0; o < spec->n_outputs; o++)
			out[(size_t) r * (size_t) spec->n_outputs + (size_t) o] =
				mlpg_forest_add(forest, first[o], first[o + 1] - first[o], rows + (size_t) r * (size_t) stride, spec->base[o]);
	if (spec->mean)
		divide_by_trees(forest, n_rows, out);
}

/* Places of the trees of each batch, plain ones first, then by depth; ties in file order. */
void
mlpg_forest_order(MlpgHost *host, MlpgForest *forest)
{
	forest->by_depth = mlpg_allocate(host, (size_t) forest->n_trees + 1, sizeof(int32_t));
	for (int o = 0; o < forest->spec.n_outputs; o++)
		for (int32_t first = forest->first_tree[o]; first < forest->first_tree[o + 1]; first += BATCH)
		{
			int32_t		n = forest->first_tree[o + 1] - first;
			const MlpgForestTree *tree = forest->tree + first;
			int32_t    *order = forest->by_depth + first;

			n = n < BATCH ? n : BATCH;
			for (int32_t k = 0; k < n; k++)
			{
				int32_t		j = k;

				for (; j > 0; j--)
				{
					const MlpgForestTree *before = &tree[order[j - 1]];

					if (before->plain != tree[k].plain ? before->plain : before->depth <= tree[k].depth)
						break;
					order[j] = order[j - 1];
				}
				order[j] = k;
			}
		}
}

/* ---------- links ---------- */

static double
cut(double x)
{
	return x > DBL_MAX ? DBL_MAX : x;
}

static void
softmax(double *scores, int n)
{
	double		largest = scores[0],
				sum = 0;

	for (int o = 1; o < n; o++)
		largest = fmax(largest, scores[o]);
	for (int o = 0; o < n; o++)
		sum += scores[o] = exp(scores[o] - largest);
	for (int o = 0; o < n; o++)
		scores[o] /= sum;
}

static void
shares(double *scores, int n)
{
	double		sum = 0;

	for (int o = 0; o < n; o++)
		sum += scores[o];
	for (int o = 0; o < n; o++)
		scores[o] = sum > 0 ? scores[o] / sum : 1.0 / n;
}

void
mlpg_forest_link(const MlpgForest *forest, int n_rows, double *scores)
{
	const MlpgForestSpec *spec = &forest->spec;
	int			k = spec->n_outputs;

	if (spec->average)
		divide_by_trees(forest, n_rows, scores);
	for (int r = 0; r < n_rows; r++, scores += k)
	{
		for (int o = 0; o < k; o++)
		{
			if (spec->link == MLPG_LINK_EXP)
				scores[o] = cut(exp(scores[o]));
			else if (spec->link == MLPG_LINK_SIGMOID)
				scores[o] = 1 / (1 + exp(-spec->factor * scores[o]));
		}
		if (spec->link == MLPG_LINK_SOFTMAX)
			softmax(scores, k);
		else if (spec->link == MLPG_LINK_SHARE)
			shares(scores, k);
	}
}

void
mlpg_forest_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out)
{
	const MlpgForest *forest = model->scorer;

	mlpg_forest_raw(forest, rows, n_rows, stride, out);
	mlpg_forest_link(forest, n_rows, out);
}
