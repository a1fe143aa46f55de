/*-------------------------------------------------------------------------
 *
 * blockwalk.c
 *	  Many rows: leaves by masks instead of walks.
 *
 * QuickScorer (Lucchese, Nardini, Orlando, Perego, Tonellotto and Venturini 2015),
 * with four rows a vector (Lucchese et al. 2016).  Number the leaves of a tree from left
 * to right.  A row that goes right at a node cannot end in the leaves of the
 * node's left subtree; the leaf it does end in is the first that no such node rules
 * out.  So a tree with up to 64 leaves is a mask of 64 bits a row, each node a mask
 * to clear, and the order in which nodes are looked at does not matter: nodes of
 * all trees that ask the same feature stand together, by threshold, and as soon as one
 * sends none of the rows to the right, none behind it does.  No step waits for another
 * and no node of a tree is found through its parent.
 *
 * NaN: the nodes of a feature are two lists, those that send NaN left and those that send
 * it right, which differ in the comparison alone (ordered, unordered).  Where 0
 * counts as missing it is read as NaN.  Sets of categories have lists of their own, without
 * an early end.
 *
 * Trees with more leaves, what remains of 8 rows and machines without AVX2 take the
 * walk in lock step (walk.c), which comes to the same leaves and adds them
 * in the same order: all ways agree bit for bit.
 *
 * Cost: about 0.55 us a row for 100 trees of 31 leaves, 28 features, one core (walk.c has the other ways).
 * Eight rows at once were faster than four or sixteen: more rows share a node's loads, but find fewer early ends.
 * Memory: 24 bytes a split and 8 a leaf beside the forest, made once by
 * mlpg_forest_hasten in 0.3 to 0.6 us a split.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/walk.h"

#include "core/math/sort.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define GROUP MLPG_BATCH_TREES
#define ROWS MLPG_BLOCK_ROWS
#define LEAVES_MAX 64

typedef enum ListKind
{
	LIST_NAN_LEFT,
	LIST_NAN_RIGHT,
	LIST_ZERO_LEFT,
	LIST_ZERO_RIGHT,
	LIST_SETS,
	N_LIST_KINDS
} ListKind;

typedef struct MaskNode
{
	union
	{
		double		threshold;
		struct
		{
			uint32_t	first;
			uint32_t	n;
		}			set;
	}			u;
	uint64_t	clear;			/* leaves of the left subtree */
	uint32_t	tree;			/* in the group */
} MaskNode;

typedef struct MaskList
{
	uint32_t	feature;
	ListKind	kind;
	uint32_t	first;			/* nodes */
	uint32_t	end;
} MaskList;

/* A batch of trees: with masks, or, when one has too many leaves, to be walked (n_lists = -1). */
typedef struct MaskGroup
{
	int32_t		first_tree;
	int32_t		n_trees;
	int32_t		first_list;
	int32_t		n_lists;
} MaskGroup;

struct MlpgBlockWalk
{
	int32_t	   *first_group;	/* n_outputs + 1 */
	MaskGroup  *group;
	MaskList   *list;
	MaskNode   *node;
	double	   *leaf;			/* values of the leaves, from left to right, tree after tree */
	uint32_t   *first_leaf;		/* n_trees */
};

/* ---------- preparation ---------- */

/* What is being made. */
typedef struct Draft
{
	MlpgHost   *host;
	const MlpgForest *forest;
	MlpgBlockWalk *walk;
	int32_t		n_groups;
	int32_t		n_lists;
	uint32_t	n_nodes;
	uint32_t	n_leaves;
	MaskNode   *unsorted;		/* nodes of a group */
	double	   *key;			/* thresholds, then lists, of the same */
	double	   *list_of;
	int64_t    *order;
	uint32_t	width;			/* how many nodes there are room for */
} Draft;

/* May a batch be done with masks? */
static bool
fits(const MlpgForestTree *tree, int32_t n_trees)
{
	for (int32_t t = 0; t < n_trees; t++)
		if ((tree[t].n_nodes + 1) / 2 > LEAVES_MAX)
			return false;
	return true;
}

static double
list_key(const MlpgFlatNode *node)
{
	ListKind	kind = (node->feature & MLPG_NODE_CATEGORY) ? LIST_SETS :
		(ListKind) (((node->feature & MLPG_NODE_ZERO) ? LIST_ZERO_LEFT : LIST_NAN_LEFT) + (node->feature & MLPG_NODE_NAN_RIGHT));

	return (double) ((uint64_t) (node->feature >> 8) * N_LIST_KINDS + (uint64_t) kind);
}

/*
 * Numbers the leaves of a tree and notes its splits: from left to right with a
 * stack of nodes to visit, which holds at most one a level.  size[k] is how many leaves are
 * under node k; children lie behind their parents.
 */
static void
note_tree(Draft *draft, const MlpgForestTree *tree, uint32_t place, uint32_t *n)
{
	const MlpgForest *forest = draft->forest;
	uint8_t		size[2 * LEAVES_MAX],
				start[2 * LEAVES_MAX];

	for (uint32_t k = tree->n_nodes; k-- > 0;)
	{
		const MlpgFlatNode *node = &forest->node[tree->first + k];
		uint32_t	kid = node->kid - tree->first;

		size[k] = kid == k ? 1 : (uint8_t) (size[kid] + size[kid + 1]);
	}
	start[0] = 0;
	for (uint32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgFlatNode *node = &forest->node[tree->first + k];
		uint32_t	kid = node->kid - tree->first;
		MaskNode   *to = &draft->unsorted[*n];

		if (kid == k)
		{
			draft->walk->leaf[draft->n_leaves + start[k]] = forest->value[tree->first + k];
			continue;
		}
		start[kid] = start[k];
		start[kid + 1] = (uint8_t) (start[k] + size[kid]);
		to->u.threshold = node->u.threshold;
		to->clear = (size[kid] == LEAVES_MAX ? 0 : ((uint64_t) 1 << size[kid])) - 1;
		to->clear <<= start[kid];
		to->tree = place;
		draft->key[*n] = (node->feature & MLPG_NODE_CATEGORY) ? 0 : node->u.threshold;
		draft->list_of[*n] = list_key(node);
		draft->order[*n] = *n;
		(*n)++;
	}
	draft->walk->first_leaf[tree - forest->tree] = draft->n_leaves;
	draft->n_leaves += size[0];
}

/* The group's nodes by list, and by threshold in each. */
static void
sort_group(Draft *draft, MaskGroup *group, uint32_t n)
{
	MlpgBlockWalk *walk = draft->walk;

	mlpg_sort(draft->host, draft->key, draft->order, n);
	for (uint32_t k = 0; k < n; k++)
		draft->key[k] = draft->list_of[draft->order[k]];
	mlpg_sort(draft->host, draft->key, draft->order, n);
	for (uint32_t k = 0; k < n; k++)
	{
		if (k == 0 || draft->key[k] != draft->key[k - 1])
		{
			uint64_t	key = (uint64_t) draft->key[k];

			walk->list[draft->n_lists] = (MaskList) {.feature = (uint32_t) (key / N_LIST_KINDS),
			.kind = (ListKind) (key % N_LIST_KINDS),.first = draft->n_nodes};
			draft->n_lists++;
			group->n_lists++;
		}
		walk->node[draft->n_nodes++] = draft->unsorted[draft->order[k]];
		walk->list[draft->n_lists - 1].end = draft->n_nodes;
	}
}

static void
make_group(Draft *draft, int32_t first, int32_t n_trees)
{
	MaskGroup  *group = &draft->walk->group[draft->n_groups++];
	const MlpgForestTree *tree = draft->forest->tree + first;
	uint32_t	n = 0;

	*group = (MaskGroup) {.first_tree = first,.n_trees = n_trees,.first_list = draft->n_lists};
	mlpg_check(draft->host, NULL, 0, 0);
	if (!fits(tree, n_trees))
	{
		group->n_lists = -1;
		return;
	}
	for (int32_t t = 0; t < n_trees; t++)
		note_tree(draft, &tree[t], (uint32_t) t, &n);
	sort_group(draft, group, n);
}

static void
make_groups(Draft *draft)
{
	const MlpgForest *forest = draft->forest;

	for (int o = 0; o < forest->spec.n_outputs; o++)
	{
		int32_t		end = forest->first_tree[o + 1];

		draft->walk->first_group[o] = draft->n_groups;
		for (int32_t first = forest->first_tree[o]; first < end; first += GROUP)
			make_group(draft, first, end - first < GROUP ? end - first : GROUP);
	}
	draft->walk->first_group[forest->spec.n_outputs] = draft->n_groups;
}

void
mlpg_forest_hasten(MlpgHost *host, MlpgModel *model)
{
	MlpgForest *forest = model->scorer;
	Draft		draft = {.host = host,.forest = forest};
	size_t		n_splits = 0,
				n_small = 0,
				n_trees = (size_t) forest->n_trees,
				room;

	if (!__builtin_cpu_supports("avx2") || forest->block != NULL)
		return;
	for (int32_t t = 0; t < forest->n_trees; t++)
		if (fits(&forest->tree[t], 1))
		{
			n_splits += forest->tree[t].n_nodes / 2;
			n_small++;
		}
	if (n_splits == 0)
		return;
	room = n_splits < (size_t) GROUP * LEAVES_MAX ? n_splits : (size_t) GROUP * LEAVES_MAX;
	draft.walk = mlpg_allocate(host, 1, sizeof(MlpgBlockWalk));
	draft.walk->first_group = mlpg_allocate(host, (size_t) forest->spec.n_outputs + 1, sizeof(int32_t));
	draft.walk->group = mlpg_allocate(host, n_trees, sizeof(MaskGroup));
	draft.walk->list = mlpg_allocate(host, n_splits, sizeof(MaskList));
	draft.walk->node = mlpg_allocate(host, n_splits, sizeof(MaskNode));
	draft.walk->leaf = mlpg_allocate(host, n_splits + n_small, sizeof(double));
	draft.walk->first_leaf = mlpg_allocate(host, n_trees, sizeof(uint32_t));
	draft.unsorted = mlpg_allocate(host, room, sizeof(MaskNode));
	draft.key = mlpg_allocate(host, room, sizeof(double));
	draft.list_of = mlpg_allocate(host, room, sizeof(double));
	draft.order = mlpg_allocate(host, room, sizeof(int64_t));
	make_groups(&draft);
	mlpg_release(host, draft.unsorted);
	mlpg_release(host, draft.key);
	mlpg_release(host, draft.list_of);
	mlpg_release(host, draft.order);
	forest->block = draft.walk;
}

/* ---------- kernels ---------- */

typedef uint64_t Masks[ROWS];	/* of one tree: two vectors */

/*
 * Clears the leaves of every node of a list by threshold that sends one of the
 * rows right.  A macro, since the comparison must be a constant to the compiler.
 */
#define CLEAR_NUMBERS(name, comparison) \
__attribute__((target("avx2"))) static void \
name(const MaskNode *node, const MaskNode *end, const double *values, Masks *masks) \
{ \
	const __m256d x0 = _mm256_load_pd(values), \
				x1 = _mm256_load_pd(values + 4); \
	for (; node < end; node++) \
	{ \
		__m256d		threshold = _mm256_set1_pd(node->u.threshold); \
		__m256i		clear = _mm256_set1_epi64x((long long) node->clear); \
		__m256i    *mask = (__m256i *) masks[node->tree]; \
		__m256d		right0 = _mm256_cmp_pd(x0, threshold, comparison); \
		__m256d		right1 = _mm256_cmp_pd(x1, threshold, comparison); \
		if (_mm256_movemask_pd(_mm256_or_pd(right0, right1)) == 0) \
			return; \
		_mm256_store_si256(mask, _mm256_andnot_si256(_mm256_and_si256(_mm256_castpd_si256(right0), clear), \
													 _mm256_load_si256(mask))); \
		_mm256_store_si256(mask + 1, _mm256_andnot_si256(_mm256_and_si256(_mm256_castpd_si256(right1), clear), \
														 _mm256_load_si256(mask + 1))); \
	} \
}

CLEAR_NUMBERS(clear_ordered, _CMP_GT_OQ)
CLEAR_NUMBERS(clear_unordered, _CMP_NLE_UQ)

/* Rows whose category is not in the set go right; code is -1 where there is none. */
static void
clear_sets(const MaskNode *node, const MaskNode *end, const uint32_t *word, const int32_t *code, Masks *masks)
{
	for (; node < end; node++)
	{
		uint64_t   *mask = masks[node->tree];
		uint32_t	n = node->u.set.n;

		for (int r = 0; r < ROWS; r++)
		{
			uint32_t	at = (uint32_t) code[r] >> 5;
			uint32_t	bit = at < n ? word[node->u.set.first + at] >> (code[r] & 31) & 1 : 0;

			mask[r] &= ~(node->clear & ((uint64_t) bit - 1));
		}
	}
}

static void
read_codes(const double *x, int32_t *code)
{
	for (int r = 0; r < ROWS; r++)
		code[r] = x[r] > -1 && x[r] < 0x1p31 ? (int32_t) x[r] : -1;
}

static void
clear_list(const MlpgForest *forest, const MaskList *list, const double *rows, int stride, Masks *masks)
{
	const MaskNode *node = forest->block->node + list->first,
			   *end = forest->block->node + list->end;
	double		x[ROWS] __attribute__((aligned(32)));
	int32_t		code[ROWS];

	for (int r = 0; r < ROWS; r++)
		x[r] = rows[(size_t) r * (size_t) stride + list->feature];
	if (list->kind == LIST_ZERO_LEFT || list->kind == LIST_ZERO_RIGHT)
		for (int r = 0; r < ROWS; r++)
			x[r] = fabs(x[r]) > MLPG_ZERO_MAX ? x[r] : NAN;
	if (list->kind == LIST_SETS)
	{
		read_codes(x, code);
		clear_sets(node, end, forest->word, code, masks);
	}
	else if (list->kind == LIST_NAN_LEFT || list->kind == LIST_ZERO_LEFT)
		clear_ordered(node, end, x, masks);
	else
		clear_unordered(node, end, x, masks);
}

static void
add_leaves(const MlpgForest *forest, const MaskGroup *group, const Masks *masks, double *sum)
{
	const MlpgBlockWalk *walk = forest->block;

	for (int32_t t = 0; t < group->n_trees; t++)
	{
		const double *leaf = walk->leaf + walk->first_leaf[group->first_tree + t];

		for (int r = 0; r < ROWS; r++)
			sum[r] += leaf[__builtin_ctzll(masks[t][r])];
	}
}

static void
add_group(const MlpgForest *forest, const MaskGroup *group, const double *rows, int stride, double *sum)
{
	Masks		masks[GROUP] __attribute__((aligned(32)));
	const MaskList *list = forest->block->list + group->first_list;

	if (group->n_lists < 0)
	{
		for (int r = 0; r < ROWS; r++)
			sum[r] = mlpg_forest_add(forest, group->first_tree, group->n_trees, rows + (size_t) r * (size_t) stride, sum[r]);
		return;
	}
	memset(masks, 0xFF, (size_t) group->n_trees * sizeof(Masks));
	for (int32_t k = 0; k < group->n_lists; k++)
		clear_list(forest, &list[k], rows, stride, masks);
	add_leaves(forest, group, masks, sum);
}

void
mlpg_block_walk(const MlpgForest *forest, const double *rows, int stride, double *out)
{
	const MlpgBlockWalk *walk = forest->block;
	int			n_outputs = forest->spec.n_outputs;

	for (int o = 0; o < n_outputs; o++)
	{
		double		sum[ROWS];

		for (int r = 0; r < ROWS; r++)
			sum[r] = forest->spec.base[o];
		for (int32_t g = walk->first_group[o]; g < walk->first_group[o + 1]; g++)
			add_group(forest, &walk->group[g], rows, stride, sum);
		for (int r = 0; r < ROWS; r++)
			out[(size_t) r * (size_t) n_outputs + (size_t) o] = sum[r];
	}
}

#else

void
mlpg_forest_hasten(MlpgHost *host, MlpgModel *model)
{
}

void
mlpg_block_walk(const MlpgForest *forest, const double *rows, int stride, double *out)
{
	MLPG_ASSERT(false);
}

#endif
