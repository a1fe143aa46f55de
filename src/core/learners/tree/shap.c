/*-------------------------------------------------------------------------
 *
 * shap.c
 *	  TreeSHAP: exact Shapley values of a row's features, path-dependent.
 *
 * The contribution of feature i to the raw score is its Shapley value in the game
 * whose worth of a set S of features is what the tree expects when only those
 * in S are known: a node that asks a known feature sends the row one way, any
 * other both ways, in the shares of its training rows.
 *
 *   phi_i = sum over S without i of |S|! (M - |S| - 1)! / M! (v(S + i) - v(S))
 *
 * Lundberg, Erion and Lee 2018, algorithm 2: one pass over the tree carries, for each
 * feature asked on the way, the share of sets that would follow when it is unknown
 * (zero) and known (one), and for each size of set the sum of its
 * weights; a feature asked again is taken out first (unwound).  At a leaf the
 * weights without each feature give its share.  Base is v of the empty set:
 * the mean of the leaves by count, so everything adds up to the raw score.
 *
 * The pass keeps its own stack, since a model may hold a tree deeper than the
 * thread's.  Cost O(leaves * depth^2) a tree and row: about 0.3 ms for 100 trees
 * of 31 leaves and depth 10.  Memory: (depth + 2)^2 / 2 elements of 32 bytes.
 * Determinism: trees in file order, leaves from left to right.
 *
 * NULL walks as in predict.  Counts must be known and none be 0 (forest.c).
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/shap.h"

#include "core/learners/tree/walk.h"

/* A feature asked on the way to a node. */
typedef struct Step
{
	double		zero;			/* share of the rows that would come this way if it were unknown */
	double		one;			/* 1 if the row itself comes this way, else 0 */
	double		weight;			/* of the sets with as many features as this step is far from the root */
	int32_t		feature;		/* -1: the root */
} Step;

/* A node to be visited, with the way to it before its own step is added. */
typedef struct Visit
{
	uint32_t	node;
	uint32_t	depth;			/* of the node: which row of steps is its way */
	uint32_t	length;			/* steps of the parent's way */
	int32_t		feature;		/* asked by the parent */
	double		zero;
	double		one;
} Visit;

typedef struct Pass
{
	MlpgHost   *host;
	const MlpgForest *forest;
	const double *row;
	double	   *phi;
	double	   *inverse;		/* 1 / i */
	Visit	   *stack;
	Step	   *steps;			/* ways of the levels, one behind the other */
	size_t	   *way;			/* where the way of each level starts */
} Pass;

/* Adds a step to a way of n. */
static void
extend(const Pass *pass, Step *way, uint32_t n, double zero, double one, int32_t feature)
{
	double		share = pass->inverse[n + 1];

	way[n] = (Step) {.zero = zero,.one = one,.weight = n == 0 ? 1 : 0,.feature = feature};
	for (uint32_t i = n; i-- > 0;)
	{
		way[i + 1].weight += one * way[i].weight * (i + 1) * share;
		way[i].weight *= zero * (n - i) * share;
	}
}

/* Takes step k out of a way of n; n - 1 are left. one is 1 or 0. */
static void
unwind(const Pass *pass, Step *way, uint32_t n, uint32_t k)
{
	double		zero = way[k].zero,
				share = pass->inverse[n],
				next = way[n - 1].weight;

	for (uint32_t i = n - 1; i-- > 0;)
		if (way[k].one != 0)
		{
			double		weight = way[i].weight;

			way[i].weight = next * n * pass->inverse[i + 1];
			next = weight - way[i].weight * zero * (n - 1 - i) * share;
		}
		else
			way[i].weight *= n / (zero * (n - 1 - i));
	for (uint32_t i = k; i + 1 < n; i++)
	{
		way[i].zero = way[i + 1].zero;
		way[i].one = way[i + 1].one;
		way[i].feature = way[i + 1].feature;
	}
}

/* The sum of the weights that unwinding a step that the row follows would leave. */
static double
followed_sum(const Pass *pass, const Step *way, uint32_t n, double zero)
{
	double		next = way[n - 1].weight * n,
				sum = 0;

	for (uint32_t i = n - 1; i-- > 0;)
	{
		double		weight = next * pass->inverse[i + 1];

		sum += weight;
		next = way[i].weight * n - weight * zero * (n - 1 - i);
	}
	return sum;
}

/* The same for one that the row does not follow, times its zero: that is one number for all of them. */
static double
other_sum(const Pass *pass, const Step *way, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n - 1; i++)
		sum += way[i].weight * pass->inverse[n - 1 - i];
	return sum * n;
}

/* The two children: the one that the row goes to keeps one, the other gets 0. */
static void
push_children(Pass *pass, const Visit *visit, uint32_t *n_stack, Step *way, uint32_t length)
{
	const MlpgForest *forest = pass->forest;
	const MlpgFlatNode *node = &forest->node[visit->node];
	int32_t		feature = (int32_t) (node->feature >> 8);
	uint32_t	right = mlpg_node_right(forest, node, pass->row[feature]);
	double		zero = 1,
				one = 1;

	/* the root's own step, at 0, asks nothing */
	for (uint32_t k = 1; k < length; k++)
		if (way[k].feature == feature)
		{
			zero = way[k].zero;
			one = way[k].one;
			unwind(pass, way, length--, k);
			break;
		}
	/* the left one is to be visited first */
	for (uint32_t side = 2; side-- > 0;)
		pass->stack[(*n_stack)++] = (Visit)
	{
		.node = node->kid + side,.depth = visit->depth + 1,.length = length,.feature = feature,
			.zero = zero * forest->count[node->kid + side] / forest->count[visit->node],
			.one = side == right ? one : 0
	};
}

static void
explain_leaf(Pass *pass, uint32_t node, const Step *way, uint32_t length)
{
	double		value = pass->forest->value[node],
				other = other_sum(pass, way, length) * value;

	for (uint32_t k = 1; k < length; k++)
		pass->phi[way[k].feature] += way[k].one != 0 ?
			followed_sum(pass, way, length, way[k].zero) * (1 - way[k].zero) * value : -other;
}

static void
explain_tree(Pass *pass, const MlpgForestTree *tree)
{
	const MlpgForest *forest = pass->forest;
	uint32_t	n_stack = 1;
	uint64_t	work = 0;

	pass->stack[0] = (Visit) {.node = tree->first,.feature = -1,.zero = 1,.one = 1};
	while (n_stack > 0)
	{
		Visit		visit = pass->stack[--n_stack];
		Step	   *way = pass->steps + pass->way[visit.depth];
		uint32_t	length = visit.length + 1;

		work += (uint64_t) length * length;
		if (work > 1000000)
		{
			mlpg_check(pass->host, NULL, 0, 0);
			work = 0;
		}
		if (visit.depth > 0)
			memcpy(way, pass->steps + pass->way[visit.depth - 1], visit.length * sizeof(Step));
		extend(pass, way, visit.length, visit.zero, visit.one, visit.feature);
		if (forest->node[visit.node].kid == visit.node)
			explain_leaf(pass, visit.node, way, length);
		else
			push_children(pass, &visit, &n_stack, way, length);
	}
}

/* The mean of the leaves by count. */
static double
expected(const MlpgForest *forest, const MlpgForestTree *tree)
{
	double		sum = 0;

	for (uint32_t at = tree->first; at < tree->first + tree->n_nodes; at++)
		if (forest->node[at].kid == at)
			sum += forest->value[at] * ((double) forest->count[at] / forest->count[tree->first]);
	return sum;
}

static void
start(Pass *pass)
{
	MlpgHost   *host = pass->host;
	size_t		depth = 0,
				sum = 0;

	for (int32_t t = 0; t < pass->forest->n_trees; t++)
		depth = pass->forest->tree[t].depth > depth ? pass->forest->tree[t].depth : depth;
	pass->way = mlpg_allocate(host, depth + 1, sizeof(size_t));
	for (size_t d = 0; d <= depth; d++)
	{
		/* a way has a step for the root and one for each different feature */
		pass->way[d] = sum;
		sum += (d < (size_t) pass->forest->n_features ? d : (size_t) pass->forest->n_features) + 1;
	}
	pass->steps = mlpg_allocate(host, sum, sizeof(Step));
	pass->stack = mlpg_allocate(host, depth + 2, sizeof(Visit));
	pass->inverse = mlpg_allocate(host, depth + 3, sizeof(double));
	for (size_t i = 1; i < depth + 3; i++)
		pass->inverse[i] = 1.0 / (double) i;
}

void
mlpg_forest_explain(MlpgHost *host, const MlpgModel *model, const double *row, double *out)
{
	const MlpgForest *forest = mlpg_forest_of(model);
	size_t		width = (size_t) forest->n_features + 1;
	Pass		pass = {.host = host,.forest = forest,.row = row};

	if (!forest->spec.counted)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, "Contributions are shares of the training rows that came to each node; the model was imported without these counts.",
				   "Export the model again from a version of LightGBM that writes leaf_count.", "model cannot explain its predictions");
	start(&pass);
	for (int o = 0; o < forest->spec.n_outputs; o++)
	{
		pass.phi = out + (size_t) o * width;
		memset(pass.phi, 0, width * sizeof(double));
		pass.phi[width - 1] = forest->spec.base[o];
		for (int32_t t = forest->first_tree[o]; t < forest->first_tree[o + 1]; t++)
		{
			const MlpgForestTree *tree = &forest->tree[t];

			if (tree->n_nodes == 1)
				pass.phi[width - 1] += forest->value[tree->first];
			else
			{
				pass.phi[width - 1] += expected(forest, tree);
				explain_tree(&pass, tree);
			}
		}
	}
	for (int o = 0; forest->spec.mean && o < forest->spec.n_outputs; o++)
	{
		int32_t		n = forest->first_tree[o + 1] - forest->first_tree[o];

		for (size_t i = 0; n > 0 && i < width; i++)
			out[(size_t) o * width + i] /= n;
	}
	mlpg_release(host, pass.way);
	mlpg_release(host, pass.steps);
	mlpg_release(host, pass.stack);
	mlpg_release(host, pass.inverse);
}
