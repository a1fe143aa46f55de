/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  Which features a tree, and each of its nodes, may split by.
 *
 * A tree draws a share feature_fraction of the features, a node a share
 * feature_fraction_bynode of those: the ones of smallest hash of (seed, feature,
 * tree, node), so the choice does not depend on threads.  With groups of features that may interact
 * a node has the features already on its path, and those that share a group with
 * all of them; a feature in no group is never used (as in LightGBM).
 *
 * Cost: O(features) a draw.  Memory: 16 bytes a feature while it lasts.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/grow.h"

#include "core/math/sort.h"
#include "core/matrix/sample.h"

/* Of the features chosen keeps the n of smallest draw. */
static void
draw_features(const MlpgGrower *g, int n, uint64_t stream, bool *chosen)
{
	int			n_used = g->bins->n_used,
				n_chosen = 0;
	double	   *draw = mlpg_allocate(g->host, 2 * (size_t) n_used, sizeof(double)),
			   *sorted = draw + n_used,
				last;

	for (int u = 0; u < n_used; u++)
	{
		uint64_t	identity = mlpg_sample_mix(g->rules->seed ^ mlpg_sample_mix((uint64_t) g->bins->used[u].feature));

		draw[u] = mlpg_sample_uniform(mlpg_sample_draw(identity, MLPG_STREAM_FEATURES + stream));
		if (chosen[u])
			sorted[n_chosen++] = draw[u];
	}
	last = n < n_chosen ? mlpg_select(sorted, n_chosen, n - 1) : 1;
	for (int u = 0; u < n_used; u++)
		chosen[u] = chosen[u] && draw[u] <= last && n-- > 0;
	mlpg_release(g->host, draw);
}

/* LightGBM's number: halves go up. */
static int
fraction_of(int n, double fraction)
{
	int			k = (int) (n * fraction + 0.5);

	return k < 1 ? 1 : k;
}

void
mlpg_grower_choose_for_tree(MlpgGrower *g)
{
	int			n = g->bins->n_used;

	memset(g->in_tree, 1, (size_t) n);
	if (g->rules->feature_fraction < 1)
		draw_features(g, fraction_of(n, g->rules->feature_fraction), mlpg_sample_mix(g->tree), g->in_tree);
	for (int f = 0; f < n; f += MLPG_SLICE)
	{
		bool		any = false;

		for (int u = f; u < n && u < f + MLPG_SLICE; u++)
			any |= g->in_tree[u];
		g->skip[f / MLPG_SLICE] = !any;
	}
}

/* Is every feature of the path in the group? */
static bool
path_within(const MlpgGrower *g, const uint64_t *path, const bool *group)
{
	for (int u = 0; u < g->bins->n_used; u++)
		if ((path[u / 64] >> (u % 64) & 1) && !group[g->bins->used[u].feature])
			return false;
	return true;
}

static void
keep_interacting(const MlpgGrower *g, const uint64_t *path, bool *chosen)
{
	const MlpgGrowRules *rules = g->rules;

	for (int u = 0; u < g->bins->n_used; u++)
	{
		bool		may = path[u / 64] >> (u % 64) & 1;

		for (int k = 0; !may && k < rules->n_groups; k++)
		{
			const bool *group = rules->group + (size_t) k * (size_t) g->bins->n_features;

			may = group[g->bins->used[u].feature] && path_within(g, path, group);
		}
		chosen[u] = chosen[u] && may;
	}
}

void
mlpg_grower_choose_for_node(MlpgGrower *g, const MlpgGrownLeaf *leaf, bool *chosen)
{
	int			n = g->bins->n_used;

	memcpy(chosen, g->in_tree, (size_t) n);
	if (g->rules->n_groups > 0)
		keep_interacting(g, leaf->path, chosen);
	if (g->rules->feature_fraction_bynode < 1)
	{
		int			n_tree = 0;

		for (int u = 0; u < n; u++)
			n_tree += g->in_tree[u];

		draw_features(g, fraction_of(n_tree, g->rules->feature_fraction_bynode),
					  mlpg_sample_mix(g->tree * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t) leaf->node + 1), chosen);
	}
}
