/*-------------------------------------------------------------------------
 *
 * test_boosted_trees.c
 *	  Learner "boosted_trees": splits against an exhaustive search, bytes against
 *	  order and threads, and what parameters promise.
 *
 * The oracle grows a tree by trying every subset of rows that a split may make,
 * in plain double arithmetic; nothing of it is shared with the learner.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/tree/forest.h"

#define SEED UINT64_C(20240917)

/* ---------- data ---------- */

/*
 * n rows of: a number of few values, a number of many with missing ones, a
 * category of nine levels, the target.  Nothing ties.
 */
static double *
make_rows(MlpgHost *host, int n, uint64_t seed)
{
	double	   *rows = mlpg_allocate(host, (size_t) n * 4, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + 4 * i;

		row[0] = floor(8 * test_uniform(&seed));
		row[1] = test_uniform(&seed) < 0.15 ? NAN : 10 * test_uniform(&seed);
		row[2] = floor(9 * test_uniform(&seed));
		row[3] = row[0] + (isnan(row[1]) ? 3 : row[1] > 4 ? 5 : 0) + (fmod(row[2], 3) == 1 ? 2 : 0) + test_normal(&seed);
	}
	return rows;
}

static MlpgPlan *
tree_plan(MlpgHost *host, const char *const *settings)
{
	MlpgPlan   *plan = test_plan(host, "boosted_trees", 3, "nnc", false);

	for (; settings && *settings; settings += 2)
		mlpg_params_set(host, plan->params, settings[0], settings[1]);
	return plan;
}

/* ---------- the oracle ---------- */

typedef struct Oracle
{
	const double *rows;
	int			n;
	int			leaf[512];		/* of each row */
	double		residual[512];
	int			n_leaves;
	bool		one_against_all;
	double		cat_smooth;
	double		cat_l2;
	int			min_data;
} Oracle;

typedef struct Cut
{
	double		gain;
	bool		left[512];
} Cut;

/* What the two sides are worth; below 0 where one has too few rows. */
static double
worth_of(const Oracle *o, int leaf, const bool *left, double l2)
{
	double		g[2] = {0, 0};
	int			n[2] = {0, 0};

	for (int i = 0; i < o->n; i++)
		if (o->leaf[i] == leaf)
		{
			g[left[i]] += o->residual[i];
			n[left[i]]++;
		}
	if (n[0] < o->min_data || n[1] < o->min_data)
		return -1;
	return g[0] * g[0] / (n[0] + l2) + g[1] * g[1] / (n[1] + l2);
}

static void
consider(const Oracle *o, int leaf, const bool *left, Cut *best)
{
	double		total = 0;
	int			n = 0;
	double		gain;

	for (int i = 0; i < o->n; i++)
		if (o->leaf[i] == leaf)
		{
			total += o->residual[i];
			n++;
		}
	gain = worth_of(o, leaf, left, 0) - total * total / n;
	if (gain > best->gain * (1 + 1e-12))
	{
		best->gain = gain;
		memcpy(best->left, left, sizeof(best->left));
	}
}

/* Every value as a threshold, missing rows on either side. */
static void
consider_number(const Oracle *o, int leaf, int feature, Cut *best)
{
	bool		left[512];

	for (int cut = 0; cut < o->n; cut++)
		for (int side = 0; side < 2; side++)
		{
			double		at = o->rows[4 * cut + feature];

			for (int i = 0; i < o->n; i++)
			{
				double		x = o->rows[4 * i + feature];

				left[i] = isnan(x) ? side == 1 : isnan(at) || x <= at;
			}
			consider(o, leaf, left, best);
		}
}

static void
consider_categories(const Oracle *o, int leaf, Cut *best)
{
	double		most = 0;
	bool		chosen[512];
	int			order[9],
				n = 0;
	double		ratio[9];
	bool		left[512];

	for (int c = 0; c < 9; c++)
	{
		double		g = 0;
		int			count = 0,
					k = n;

		for (int i = 0; i < o->n; i++)
			if (o->leaf[i] == leaf && o->rows[4 * i + 2] == c)
			{
				g += o->residual[i];
				count++;
			}
		if (o->one_against_all)
		{
			for (int i = 0; i < o->n; i++)
				left[i] = o->rows[4 * i + 2] == c;
			consider(o, leaf, left, best);
			continue;
		}
		if (count < o->cat_smooth || count == 0)
			continue;
		/* residuals are minus gradients: descending ratio is ascending gradient */
		for (; k > 0 && ratio[k - 1] < g / (count + o->cat_smooth); k--)
		{
			ratio[k] = ratio[k - 1];
			order[k] = order[k - 1];
		}
		ratio[k] = g / (count + o->cat_smooth);
		order[k] = c;
		n++;
	}
	for (int end = 0; !o->one_against_all && end < 2; end++)
	{
		memset(left, 0, sizeof(left));
		for (int k = 0; k < (n + 1) / 2; k++)
		{
			for (int i = 0; i < o->n; i++)
				left[i] |= o->rows[4 * i + 2] == order[end == 0 ? k : n - 1 - k];
			if (worth_of(o, leaf, left, o->cat_l2) > most * (1 + 1e-12))
			{
				most = worth_of(o, leaf, left, o->cat_l2);
				memcpy(chosen, left, sizeof(chosen));
			}
		}
	}
	if (most > 0)
		consider(o, leaf, chosen, best);
}

/* Splits the leaf that gains most, until there are so many leaves or none gains. */
static void
grow(Oracle *o, int num_leaves)
{
	while (o->n_leaves < num_leaves)
	{
		Cut			best = {0};
		int			at = -1;

		for (int leaf = 0; leaf < o->n_leaves; leaf++)
		{
			Cut			cut = {0};

			consider_number(o, leaf, 0, &cut);
			consider_number(o, leaf, 1, &cut);
			consider_categories(o, leaf, &cut);
			if (cut.gain > best.gain * (1 + 1e-12))
			{
				best = cut;
				at = leaf;
			}
		}
		if (at < 0)
			return;
		for (int i = 0; i < o->n; i++)
			if (o->leaf[i] == at && !best.left[i])
				o->leaf[i] = o->n_leaves;
		o->n_leaves++;
	}
}

/* The same rows share a leaf. */
static bool
same_partition(const Oracle *o, const double *predicted)
{
	for (int i = 0; i < o->n; i++)
		for (int j = 0; j < i; j++)
			if ((o->leaf[i] == o->leaf[j]) != (predicted[i] == predicted[j]))
				return false;
	return true;
}

static bool
one_tree_agrees(int n, int num_leaves, bool one_against_all, uint64_t seed)
{
	MlpgHost   *host = harness_host();
	const char *settings[] = {
		"num_iterations", "1", "learning_rate", "1", "min_data_in_leaf", "3", "min_data_in_bin", "1", "min_data_per_group", "1",
		"max_cat_to_onehot", one_against_all ? "9" : "1", "cat_smooth", "2", "cat_l2", "1",
		"num_leaves", mlpg_text(host, "%d", num_leaves), NULL
	};
	double	   *rows = make_rows(host, n, seed);
	MlpgModel  *model = test_fit(host, tree_plan(host, settings), rows, n);
	Oracle	   *o = calloc(1, sizeof(Oracle));
	double		predicted[512],
				mean = 0;
	bool		agrees;

	o->rows = rows;
	o->n = n;
	o->n_leaves = 1;
	o->one_against_all = one_against_all;
	o->cat_smooth = 2;
	o->cat_l2 = 1;
	o->min_data = 3;
	for (int i = 0; i < n; i++)
		mean += rows[4 * i + 3] / n;
	for (int i = 0; i < n; i++)
		o->residual[i] = rows[4 * i + 3] - mean;
	grow(o, num_leaves);
	for (int i = 0; i < n; i++)
	{
		double		features[3];

		memcpy(features, rows + 4 * i, sizeof(features));
		features[2] = mlpg_dictionary_find(model->schema->feature[2].dictionary, mlpg_text(host, "c%.0f", features[2]), 2);
		model->learner->predict(model, features, 1, 3, &predicted[i]);
	}
	agrees = same_partition(o, predicted);
	free(o);
	harness_free(host);
	return agrees;
}

static void
test_oracle(void)
{
	int			agreed = 0,
				tried = 0;

	for (uint64_t k = 0; k < 60; k++)
		for (int one = 0; one < 2; one++, tried++)
			agreed += one_tree_agrees(30 + (int) k, 2 + (int) (k % 6), one == 1, SEED + k);
	harness_note("trees of an exhaustive search: %d of %d", agreed, tried);
	CHECK_INT(agreed, tried);
}

/* ---------- the same bytes ---------- */

static MlpgWriter *
fit_with(MlpgHost *host, const char *const *settings, const double *rows, const int *order, int n, int classes)
{
	MlpgPlan   *plan = tree_plan(host, settings);
	MlpgFit		fit;

	if (classes > 0)
	{
		plan->task = MLPG_TASK_CLASSIFICATION;
		plan->target_kind = MLPG_NUMBER;
	}
	mlpg_fit_init(host, &fit, plan);
	for (int k = 0; k < n; k++)
	{
		double		row[4];

		memcpy(row, rows + 4 * order[k], sizeof(row));
		if (classes > 0)
			row[3] = fmin(classes - 1, fmax(0, floor(row[3] * classes / 16)));
		test_feed(host, &fit, row, 1);
	}
	return test_finish(host, &fit);
}

static void
expect_same_bytes(const char *const *settings, int n, int classes)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, n, SEED);
	int		   *order = mlpg_allocate(host, (size_t) n, sizeof(int));
	int		   *shuffled = mlpg_allocate(host, (size_t) n, sizeof(int));
	MlpgWriter *bytes;

	for (int i = 0; i < n; i++)
		order[i] = i;
	test_shuffle(shuffled, n, SEED);
	bytes = fit_with(host, settings, rows, order, n, classes);
	CHECK(test_same_bytes(bytes, fit_with(host, settings, rows, shuffled, n, classes)));
	for (int threads = 2; threads <= 8; threads *= 2)
	{
		MlpgHost   *many = harness_host_threads(threads, 0);

		CHECK(test_same_bytes(bytes, fit_with(many, settings, rows, threads == 4 ? shuffled : order, n, classes)));
		harness_free(many);
	}
	harness_free(host);
}

static void
test_same_bytes_everywhere(void)
{
	const char *plain[] = {"num_iterations", "10", NULL};
	const char *bagged[] = {"num_iterations", "10", "bagging_fraction", "0.5", "bagging_freq", "2", "feature_fraction", "0.7", "feature_fraction_bynode", "0.7", NULL};
	const char *goss[] = {"num_iterations", "14", "data_sample_strategy", "goss", NULL};
	const char *early[] = {"num_iterations", "50", "early_stopping_rounds", "5", "metric", "rmse,l1", NULL};
	const char *levels[] = {"num_iterations", "8", "quantile", "0.9,0.1,0.5", NULL};
	const char *expectile[] = {"num_iterations", "8", "loss", "expectile", "level", "0.8", NULL};
	const char *watched[] = {"num_iterations", "30", "early_stopping_rounds", "5", "metric", "error", "class_weight", "balanced", NULL};

	expect_same_bytes(plain, 40000, 0);
	expect_same_bytes(bagged, 6000, 0);
	expect_same_bytes(goss, 6000, 0);
	expect_same_bytes(early, 6000, 0);
	expect_same_bytes(levels, 20000, 0);
	expect_same_bytes(expectile, 6000, 0);
	expect_same_bytes(plain, 20000, 2);
	expect_same_bytes(watched, 6000, 4);
}

/* ---------- what parameters promise ---------- */

static MlpgModel *
fit_model(MlpgHost *host, const char *const *settings, const double *rows, int n)
{
	return test_fit(host, tree_plan(host, settings), rows, n);
}

static double
score(const MlpgModel *model, double a, double b, double category)
{
	double		features[3] = {a, b, category},
				out;

	model->learner->predict(model, features, 1, 3, &out);
	return out;
}

/* Does the answer never fall with the feature, whatever the others? */
static bool
rises(const MlpgModel *model, int feature)
{
	for (int c = -1; c < 9; c++)
		for (int i = 0; i < 20; i++)
		{
			double		last = -INFINITY;

			for (double x = -1; x < 12; x += 0.1)
			{
				double		other = i == 19 ? NAN : i * 0.6;
				double		now = feature == 0 ? score(model, x, other, c) : score(model, other, x, c);

				if (now < last)
					return false;
				last = now;
			}
		}
	return true;
}

static void
test_monotone(void)
{
	static const char *const losses[] = {"squared", "quantile", "poisson", "huber"};

	for (int k = 0; k < 4; k++)
	{
		MlpgHost   *host = harness_host();
		const char *settings[] = {"loss", losses[k], "monotone_constraints", "\"x1\":1,\"x2\":-1", "min_data_in_leaf", "5", NULL};
		double	   *rows = make_rows(host, 3000, SEED);
		MlpgModel  *model;

		for (int i = 0; i < 3000; i++)
		{
			double		down = isnan(rows[4 * i + 1]) ? 0 : rows[4 * i + 1];

			/* both effects go the wrong way in a part of the range */
			rows[4 * i + 3] = fmax(0, rows[4 * i + 3] + 20 - 4 * sin(rows[4 * i]) - down + 3 * cos(down));
		}
		model = fit_model(host, settings, rows, 3000);
		CHECK(rises(model, 0));
		CHECK(!rises(model, 1));
		harness_free(host);
	}
}

/* The features of each path from the root to a leaf are within one group. */
static bool
paths_within(const MlpgTree *tree, int node, unsigned path, const unsigned *groups, int n_groups)
{
	const MlpgTreeNode *at = &tree->node[node];
	bool		within = false;

	if (at->left >= 0)
		return paths_within(tree, at->left, path | 1u << at->feature, groups, n_groups) &&
			paths_within(tree, at->right, path | 1u << at->feature, groups, n_groups);
	for (int k = 0; k < n_groups; k++)
		within |= (path & ~groups[k]) == 0;
	return within;
}

static int
depth_of(const MlpgTree *tree, int node)
{
	const MlpgTreeNode *at = &tree->node[node];
	int			left,
				right;

	if (at->left < 0)
		return 0;
	left = depth_of(tree, at->left);
	right = depth_of(tree, at->right);
	return 1 + (left > right ? left : right);
}

static void
test_shapes(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 4000, SEED);
	const char *grouped[] = {"interaction_constraints", "\"x1\";\"x2\",\"x3\"", "num_iterations", "20", NULL};
	const char *shallow[] = {"max_depth", "3", "num_leaves", "7", "min_data_in_leaf", "100", "num_iterations", "20", NULL};
	const unsigned groups[] = {1u, 6u};
	MlpgModel  *model = fit_model(host, grouped, rows, 4000);
	bool		within = true;

	for (int i = 0; i < 20; i++)
		within &= paths_within(mlpg_forest_tree(host, mlpg_forest_of(model), i), 0, 0, groups, 2);
	CHECK(within);
	model = fit_model(host, shallow, rows, 4000);
	for (int i = 0; i < 20; i++)
	{
		MlpgTree   *tree = mlpg_forest_tree(host, mlpg_forest_of(model), i);

		within &= depth_of(tree, 0) <= 3 && tree->n_nodes <= 13 && tree->node[0].count == 4000;
		for (int k = 0; k < tree->n_nodes; k++)
			within &= tree->node[k].count >= 100;
	}
	CHECK(within);
	harness_free(host);
}

/* The share of fresh rows below each level is that level. */
static void
test_quantiles(void)
{
	MlpgHost   *host = harness_host();
	const char *settings[] = {"quantile", "0.5,0.1,0.9", "num_iterations", "200", "learning_rate", "0.05", NULL};
	double	   *rows = make_rows(host, 20000, SEED);
	double	   *fresh = make_rows(host, 50000, SEED + 1);
	MlpgModel  *model = fit_model(host, settings, rows, 20000);
	double		below[3] = {0, 0, 0};

	CHECK_INT(model->n_outputs, 3);
	CHECK_INT(model->main_output, 1);
	for (int i = 0; i < 50000; i++)
	{
		double		features[3],
					out[3];

		memcpy(features, fresh + 4 * i, sizeof(features));
		features[2] = mlpg_dictionary_find(model->schema->feature[2].dictionary, mlpg_text(host, "c%.0f", features[2]), 2);
		model->learner->predict(model, features, 1, 3, out);
		for (int k = 0; k < 3; k++)
			below[k] += fresh[4 * i + 3] <= out[k];
	}
	harness_note("shares below 0.1, 0.5, 0.9: %.4f %.4f %.4f", below[0] / 50000, below[1] / 50000, below[2] / 50000);
	CHECK(fabs(below[0] / 50000 - 0.1) < 0.03);
	CHECK(fabs(below[1] / 50000 - 0.5) < 0.03);
	CHECK(fabs(below[2] / 50000 - 0.9) < 0.03);
	harness_free(host);
}

/* ---------- odd input ---------- */

static void
test_odd_input(void)
{
	MlpgHost   *host = harness_host();
	double		one[4] = {1, NAN, 2, 5};
	double		rows[400];
	MlpgModel  *model = fit_model(host, NULL, one, 1);
	const char *counts[] = {"loss", "poisson", NULL};
	const char *goss[] = {"data_sample_strategy", "goss", "top_rate", "0.9", "other_rate", "0.2", NULL};
	const char *early[] = {"early_stopping_rounds", "3", NULL};
	const char *auc[] = {"metric", "auc", NULL};
	const char *wrong[] = {"monotone_constraints", "\"price\":1", NULL};
	const char *category[] = {"monotone_constraints", "\"x3\":1", NULL};

	/* one row, and rows that are all alike: the constant */
	CHECK_CLOSE(score(model, 1, NAN, 0), 5, 0);
	CHECK_CLOSE(score(model, NAN, NAN, -1), 5, 0);
	for (int i = 0; i < 100; i++)
		memcpy(rows + 4 * i, one, sizeof(one));
	CHECK_CLOSE(score(fit_model(host, NULL, rows, 100), 7, 7, -1), 5, 0);
	for (int i = 0; i < 100; i++)
	{
		rows[4 * i] = i;
		rows[4 * i + 3] = (i - 50) * 1e200;
	}
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_model(host, NULL, rows, 100));
	for (int i = 0; i < 100; i++)
		rows[4 * i + 3] = i - 50;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_model(host, counts, rows, 100));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_model(host, goss, rows, 100));
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_model(host, early, one, 1));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_model(host, auc, rows, 100));
	EXPECT_RAISE(host, MLPG_UNDEFINED_COLUMN, fit_model(host, wrong, rows, 100));
	EXPECT_RAISE(host, MLPG_DATATYPE_MISMATCH, fit_model(host, category, rows, 100));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, tree_plan(host, (const char *[]) {"monotone_constraints", "x1:1", NULL}));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, tree_plan(host, (const char *[]) {"metric", "loss,rmsle", NULL}));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, tree_plan(host, (const char *[]) {"class_weight", "1,-2", NULL}));
	harness_free(host);
}

/* A wild row does not take the others' gradients below the unit they are rounded to. */
static void
test_outlier(void)
{
	MlpgHost   *host = harness_host();
	const char *settings[] = {"min_data_in_leaf", "1", "min_data_in_bin", "1", NULL};
	double	   *rows = make_rows(host, 2000, SEED);
	double		error = 0;
	MlpgModel  *model;

	rows[3] = 1e6;
	model = fit_model(host, settings, rows, 2000);
	for (int i = 1; i < 2000; i++)
	{
		int32_t		code = mlpg_dictionary_find(model->schema->feature[2].dictionary, mlpg_text(host, "c%.0f", rows[4 * i + 2]), 2);

		error += fabs(score(model, rows[4 * i], rows[4 * i + 1], code) - rows[4 * i + 3]) / 2000;
	}
	harness_note("mean absolute error beside an outlier: %.3f", error);
	CHECK(error < 1);
	harness_free(host);
}

/* Memory is refused before it is taken, and every allocation may fail. */
static void
test_memory(void)
{
	MlpgHost   *host = harness_host_threads(1, 1 << 20);
	MlpgHost   *plenty = harness_host();
	double	   *rows = make_rows(plenty, 20000, SEED);
	const char *few[] = {"num_iterations", "2", "num_leaves", "4", NULL};
	volatile int64_t n;

	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, fit_model(host, NULL, rows, 20000));
	harness_free(host);
	host = harness_host();
	fit_model(host, few, rows, 200);
	n = harness_allocations(host);
	harness_reset(host);
	for (int64_t k = 1; k <= n; k += 1 + k / 20)
	{
		harness_fail_allocation(host, k);
		EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, fit_model(host, few, rows, 200));
		harness_reset(host);
	}
	harness_free(host);
	harness_free(plenty);
}

int
main(void)
{
	harness_note("seed %llu", (unsigned long long) SEED);
	test_oracle();
	test_same_bytes_everywhere();
	test_monotone();
	test_shapes();
	test_quantiles();
	test_odd_input();
	test_outlier();
	test_memory();
	return harness_done();
}
