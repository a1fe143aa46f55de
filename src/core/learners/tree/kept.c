/*-------------------------------------------------------------------------
 *
 * kept.c
 *	  Quantiles of a forest (Meinshausen 2006).
 *
 * A leaf that keeps the targets of its rows says how the target is distributed
 * there; the mean over the trees of these distributions is the forest's, and its
 * quantile at a level is the smallest target up to which it has that much weight.
 * A leaf of more than MLPG_KEPT_MAX rows keeps those of smallest hash, a random sample.
 *
 * Targets are stored as ranks: positions in one table of all different ones, ascending in
 * each leaf.  With weights each also has the share of its leaf's weight up to
 * it, in units of 2^-31; without, the c-th of k has ceil(c 2^31 / k).  So a
 * quantile is a bisection over ranks, in integers: for each rank tried, each
 * tree is asked what share its leaf has up to it.
 *
 * Payload: doc/model-format.md; the bytes are checked when opened.
 *
 * Cost of a prediction: the walk, and log2(targets) x trees x 6 steps a level.
 * Memory: 4 bytes a kept target (8 with weights), 4 a node.
 * Determinism: order-free.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/kept.h"

#include "core/learners/tree/walk.h"
#include "core/math/fixed.h"
#include "core/math/loss.h"
#include "core/math/sort.h"
#include "core/matrix/sample.h"

#define ONE (UINT32_C(1) << 31) /* the weight of a leaf */
#define LEVELS_MAX 1000
#define FLAG_WEIGHTED 1u

/* Ready to be asked; arrays are the payload's own bytes. */
struct MlpgKept
{
	int			n_levels;
	const double *levels;
	uint32_t	n_values;
	const double *value;
	const uint32_t *end;		/* of each node: its kept end here, and start where those of the node before end */
	const uint32_t *rank;
	const uint32_t *weight;		/* NULL: all the same */
};

/* ---------- while trees grow ---------- */

size_t
mlpg_kept_row_size(bool weighted)
{
	return 3 * sizeof(uint64_t) + sizeof(uint32_t) + (weighted ? sizeof(int64_t) : 0);
}

MlpgKeptDraft *
mlpg_kept_begin(MlpgHost *host, const double *y, const double *w, const uint64_t *identity, int64_t n)
{
	MlpgKeptDraft *d = mlpg_allocate(host, 1, sizeof(MlpgKeptDraft));
	int64_t    *order;

	d->host = host;
	d->identity = identity;
	d->rank_of = mlpg_allocate(host, (size_t) n, sizeof(uint32_t));
	d->value = mlpg_allocate(host, (size_t) n, sizeof(double));
	d->draw = mlpg_allocate(host, 2 * (size_t) n, sizeof(uint64_t));
	order = (int64_t *) d->draw;
	for (int64_t i = 0; i < n; i++)
	{
		d->value[i] = y[i] + 0.0;	/* -0 is 0 */
		order[i] = i;
	}
	mlpg_sort(host, d->value, order, n);
	for (int64_t i = 0; i < n; i++)
	{
		if (i == 0 || d->value[i] != d->value[d->n_values - 1])
			d->value[d->n_values++] = d->value[i];
		d->rank_of[order[i]] = d->n_values - 1;
	}
	if (w == NULL)
		return d;

	MlpgFixed	fixed = mlpg_fixed_scale(mlpg_fixed_maximum(w, NULL, n), n);

	d->weight_of = mlpg_allocate(host, (size_t) n, sizeof(int64_t));
	for (int64_t i = 0; i < n; i++)
		d->weight_of[i] = mlpg_fixed_of(fixed, w[i]);
	return d;
}

size_t
mlpg_kept_size(const MlpgKeptDraft *d)
{
	return (size_t) d->n_values * sizeof(double) + (size_t) d->n_nodes * sizeof(uint32_t) +
		(size_t) d->n_kept * (d->weight_of ? 2 : 1) * sizeof(uint32_t);
}

static void
make_room(MlpgKeptDraft *d, uint32_t n)
{
	MlpgHost   *host = d->host;

	if (d->n_nodes + 1 > d->room[0])
	{
		size_t		room = 2 * (size_t) d->room[0] + 1024;

		d->end = mlpg_resize(host, d->end, (size_t) d->room[0], room, sizeof(uint32_t));
		d->room[0] = (int64_t) room;
	}
	if (d->n_kept + n > d->room[1])
	{
		size_t		room = 2 * (size_t) d->room[1] + 1024;

		d->rank = mlpg_resize(host, d->rank, (size_t) d->room[1], room, sizeof(uint32_t));
		if (d->weight_of)
			d->weight = mlpg_resize(host, d->weight, (size_t) d->room[1], room, sizeof(uint32_t));
		d->room[1] = (int64_t) room;
	}
}

/* The draw up to which rows are kept. */
static uint64_t
last_draw(MlpgKeptDraft *d, const uint32_t *id, uint32_t n, uint64_t stream)
{
	if (n <= MLPG_KEPT_MAX)
		return UINT64_MAX;
	for (uint32_t j = 0; j < n; j++)
		d->draw[j] = mlpg_sample_draw(d->identity[id[j]], stream);
	mlpg_sort_keys(d->draw, d->draw + n, n);
	return d->draw[MLPG_KEPT_MAX - 1];
}

static bool
row_before(const MlpgKeptDraft *d, uint32_t a, uint32_t b)
{
	if (d->rank_of[a] != d->rank_of[b])
		return d->rank_of[a] < d->rank_of[b];
	return d->weight_of && d->weight_of[a] < d->weight_of[b];
}

/* Ranks and shares of the weight of rows in order. */
static void
append(MlpgKeptDraft *d, const uint32_t *row, int n)
{
	MlpgWide	total = 0,
				sum = 0;

	for (int k = 0; d->weight_of && k < n; k++)
		total += d->weight_of[row[k]];
	for (int k = 0; k < n; k++)
	{
		d->rank[d->n_kept] = d->rank_of[row[k]];
		if (d->weight_of)
		{
			sum += total > 0 ? d->weight_of[row[k]] : 1;
			d->weight[d->n_kept] = (uint32_t) ((sum * ONE + (total > 0 ? total : n) - 1) / (total > 0 ? total : n));
		}
		d->n_kept++;
	}
}

void
mlpg_kept_add(MlpgKeptDraft *d, const uint32_t *id, uint32_t n, uint64_t tree)
{
	uint64_t	stream = MLPG_STREAM_LEAF + tree;
	uint64_t	last = last_draw(d, id, n, stream);
	uint32_t	row[MLPG_KEPT_MAX];
	int			n_rows = 0;

	for (uint32_t j = 0; j < n && n_rows < MLPG_KEPT_MAX; j++)
	{
		int			k = n_rows;

		if (n > MLPG_KEPT_MAX && mlpg_sample_draw(d->identity[id[j]], stream) > last)
			continue;
		for (; k > 0 && row_before(d, id[j], row[k - 1]); k--)
			row[k] = row[k - 1];
		row[k] = id[j];
		n_rows++;
	}
	make_room(d, MLPG_KEPT_MAX);
	append(d, row, n_rows);
	if (d->n_kept > UINT32_MAX)
		mlpg_raise(d->host, MLPG_LIMIT_EXCEEDED, NULL, "Use fewer trees, or raise min_data_in_leaf.", "too many targets in leaves");
	d->end[d->n_nodes++] = (uint32_t) d->n_kept;
}

void
mlpg_kept_write(const MlpgKeptDraft *d, MlpgWriter *w)
{
	mlpg_write_u32(w, (uint32_t) d->n_levels);
	mlpg_write_u32(w, (uint32_t) d->main_level);
	mlpg_write_u32(w, d->n_values);
	mlpg_write_u32(w, (uint32_t) d->n_kept);
	mlpg_write_u32(w, d->weight_of ? FLAG_WEIGHTED : 0);
	mlpg_write_doubles(w, d->levels, (size_t) d->n_levels);
	mlpg_write_doubles(w, d->value, d->n_values);
	mlpg_write_bytes(w, d->end, (size_t) d->n_nodes * sizeof(uint32_t));
	mlpg_write_bytes(w, d->rank, (size_t) d->n_kept * sizeof(uint32_t));
	if (d->weight_of)
		mlpg_write_bytes(w, d->weight, (size_t) d->n_kept * sizeof(uint32_t));
}

/* ---------- open ---------- */

static void
check_numbers(MlpgReader *r, const MlpgKept *kept)
{
	for (int i = 0; i < kept->n_levels; i++)
		if (!(kept->levels[i] > 0 && kept->levels[i] < 1 && (i == 0 || kept->levels[i] > kept->levels[i - 1])))
			mlpg_reader_corrupt(r, "quantile levels must ascend between 0 and 1");
	for (uint32_t i = 0; i < kept->n_values; i++)
		if (!isfinite(kept->value[i]) || (i > 0 && kept->value[i] <= kept->value[i - 1]))
			mlpg_reader_corrupt(r, "kept targets must ascend");
}

/* Each leaf has some, in order, and nothing else has any. */
static void
check_leaves(MlpgReader *r, const MlpgForest *forest, const MlpgKept *kept, uint32_t n_kept)
{
	uint32_t	start = 0;

	for (uint32_t at = 0; at < forest->n_nodes; at++)
	{
		uint32_t	end = kept->end[at];
		bool		leaf = forest->node[at].kid == at;

		if (at % 65536 == 0)
			mlpg_check(r->host, NULL, 0, 0);
		if (end < start || end > n_kept || leaf != (end > start))
			mlpg_reader_corrupt(r, "kept targets are not those of the leaves");
		for (uint32_t k = start; k < end; k++)
		{
			if (kept->rank[k] >= kept->n_values || (k > start && kept->rank[k] < kept->rank[k - 1]))
				mlpg_reader_corrupt(r, "kept targets are out of order");
			if (kept->weight && (kept->weight[k] > ONE || (k > start && kept->weight[k] < kept->weight[k - 1])))
				mlpg_reader_corrupt(r, "weights of kept targets are out of order");
		}
		if (leaf && kept->weight && kept->weight[end - 1] != ONE)
			mlpg_reader_corrupt(r, "weights of kept targets do not add up");
		start = end;
	}
	if (start != n_kept)
		mlpg_reader_corrupt(r, "kept targets that no leaf has");
}

void
mlpg_kept_open(MlpgHost *host, MlpgModel *model, MlpgReader *r)
{
	MlpgForest *forest = model->scorer;
	MlpgKept   *kept = mlpg_allocate(host, 1, sizeof(MlpgKept));
	uint32_t	n_levels = mlpg_read_count(r, 8);
	uint32_t	main_level = mlpg_read_u32(r);
	uint32_t	n_kept,
				flags;

	kept->n_values = mlpg_read_count(r, 8);
	n_kept = mlpg_read_count(r, 4);
	flags = mlpg_read_u32(r);
	if (n_levels < 1 || n_levels > LEVELS_MAX || main_level >= n_levels || flags > FLAG_WEIGHTED || forest->spec.n_outputs != 1 ||
		forest->n_trees < 1 || forest->n_trees > MLPG_KEPT_TREES_MAX)
		mlpg_reader_corrupt(r, "levels, trees or flags out of range");
	kept->n_levels = (int) n_levels;
	kept->levels = mlpg_forest_array(r, n_levels, sizeof(double), 8);
	kept->value = mlpg_forest_array(r, kept->n_values, sizeof(double), 8);
	kept->end = mlpg_forest_array(r, forest->n_nodes, 4, 4);
	kept->rank = mlpg_forest_array(r, n_kept, 4, 4);
	kept->weight = flags & FLAG_WEIGHTED ? mlpg_forest_array(r, n_kept, 4, 4) : NULL;
	check_numbers(r, kept);
	check_leaves(r, forest, kept, n_kept);
	forest->kept = kept;
	model->n_outputs = kept->n_levels;
	model->main_output = (int) main_level;
	model->levels = kept->levels;
}

/* ---------- predict ---------- */

static uint32_t
leaf_of(const MlpgForest *forest, const MlpgForestTree *tree, const double *row)
{
	uint32_t	at = tree->first;

	while (forest->node[at].kid != at)
		at = forest->node[at].kid + mlpg_node_right(forest, &forest->node[at], row[forest->node[at].feature >> 8]);
	return at;
}

/* What share of its weight a leaf has in targets up to a rank, in units of 2^-31. */
static uint32_t
share_up_to(const MlpgKept *kept, uint32_t leaf, uint32_t rank)
{
	uint32_t	first = leaf == 0 ? 0 : kept->end[leaf - 1];
	uint32_t	low = first,
				high = kept->end[leaf];
	uint32_t	n = high - first;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (kept->rank[middle] <= rank)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == first)
		return 0;
	return kept->weight ? kept->weight[low - 1] : (uint32_t) (((uint64_t) (low - first) * ONE + n - 1) / n);
}

/* The quantiles of a row, whose leaves these are. */
static void
find_quantiles(const MlpgForest *forest, const uint32_t *leaf, double *out)
{
	const MlpgKept *kept = forest->kept;
	uint32_t	low = 0;

	for (int i = 0; i < kept->n_levels; i++)
	{
		int64_t		need = mlpg_lower_rank(kept->levels[i], (int64_t) forest->n_trees * ONE);
		uint32_t	high = kept->n_values - 1;

		while (low < high)
		{
			uint32_t	middle = low + (high - low) / 2;
			int64_t		weight = 0;

			for (int t = 0; t < forest->n_trees; t++)
				weight += share_up_to(kept, leaf[t], middle);
			if (weight >= need)
				high = middle;
			else
				low = middle + 1;
		}
		out[i] = kept->value[low];
	}
}

void
mlpg_kept_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out)
{
	const MlpgForest *forest = model->scorer;
	uint32_t	leaf[MLPG_KEPT_TREES_MAX];

	for (int r = 0; r < n_rows; r++, rows += stride, out += forest->kept->n_levels)
	{
		for (int t = 0; t < forest->n_trees; t++)
			leaf[t] = leaf_of(forest, &forest->tree[t], rows);
		find_quantiles(forest, leaf, out);
	}
}
