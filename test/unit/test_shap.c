/*-------------------------------------------------------------------------
 *
 * test_shap.c
 *	  Contributions against Shapley's formula itself.
 *
 * The formula is summed here over all sets of features, with the expectation of
 * a tree by recursion over the plain trees of trees.h: exponential, and
 * without anything in common with the core's pass.
 *
 *-------------------------------------------------------------------------
 */
#include "trees.h"

#include "core/learners/tree/shap.h"

/* What a tree expects when the features of set are known. */
static double
expectation(const MlpgTree *tree, int32_t k, const double *row, unsigned set)
{
	const MlpgTreeNode *node = &tree->node[k];

	if (node->left < 0)
		return node->value;
	if (set >> node->feature & 1)
		return expectation(tree, trees_left(tree, node, row[node->feature]) ? node->left : node->right, row, set);
	return (expectation(tree, node->left, row, set) * (double) tree->node[node->left].count +
			expectation(tree, node->right, row, set) * (double) tree->node[node->right].count) / (double) node->count;
}

static double
shapley(const MlpgTree *tree, const double *row, int n_features, int i)
{
	double		factorial[12] = {1},
				sum = 0;

	for (int k = 1; k < 12; k++)
		factorial[k] = factorial[k - 1] * k;
	for (unsigned set = 0; set < 1u << n_features; set++)
	{
		int			size = __builtin_popcount(set);

		if (set >> i & 1)
			continue;
		sum += factorial[size] * factorial[n_features - size - 1] / factorial[n_features] *
			(expectation(tree, 0, row, set | 1u << i) - expectation(tree, 0, row, set));
	}
	return sum;
}

/* |a - b| within 1e-11 of the scale of the leaves. */
static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-11 * (1 + fabs(a) + fabs(b));
}

static void
test_brute_force(void)
{
	static const char *const kinds[] = {"n", "nn", "nnc", "nncn", "nnnnncn"};
	uint64_t	random = 5;
	int			n_wrong = 0,
				n = 0;

	for (int c = 0; c < 40; c++)
	{
		MlpgHost   *host = harness_host();
		MlpgSchema *schema = trees_schema(host, kinds[c % 5], 64);
		int			d = schema->n_features;
		MlpgTree   *trees[6];
		double		base[] = {0.5, -0.25};
		MlpgForestSpec spec = {.n_outputs = 2,.base = base,.factor = 1,.counted = true};
		MlpgModel  *model;
		double		row[8],
					out[16],
					raw[2];

		for (int t = 0; t < 6; t++)
			trees[t] = trees_random(host, schema, 64, 1 + (int) (test_random(&random) % 12), t % 2, &random);
		model = trees_model(host, schema, &spec, trees, 6);
		for (int r = 0; r < 10; r++)
		{
			trees_row(schema, 64, row, &random);
			mlpg_forest_explain(host, model, row, out);
			mlpg_forest_raw(mlpg_forest_of(model), row, 1, d, raw);
			for (int o = 0; o < 2; o++)
			{
				double		sum = 0,
							mean = base[o];

				for (int t = o; t < 6; t += 2)
					mean += expectation(trees[t], 0, row, 0);
				n_wrong += !near(out[o * (d + 1) + d], mean);
				for (int i = 0; i <= d; i++)
					sum += out[o * (d + 1) + i];
				n_wrong += !near(sum, raw[o]);
				for (int i = 0; i < d; i++, n++)
				{
					double		expected = 0;

					for (int t = o; t < 6; t += 2)
						expected += shapley(trees[t], row, d, i);
					n_wrong += !near(out[o * (d + 1) + i], expected);
				}
			}
		}
		harness_free(host);
	}
	harness_note("%d contributions", n);
	CHECK_INT(n_wrong, 0);
}

/* A known game: x1 and x2 both above 0 give 80, and one row in two is above 0 in each. */
static void
test_known(void)
{
	MlpgHost   *host = harness_host();
	MlpgTreeNode node[5] = {
		{.left = 1,.right = 2,.feature = 0,.missing = MLPG_MISSING_NAN,.missing_left = true,.count = 40},
		{.left = -1,.right = -1,.feature = -1,.value = 0,.count = 20},
		{.left = 3,.right = 4,.feature = 1,.missing = MLPG_MISSING_NAN,.missing_left = true,.count = 20},
		{.left = -1,.right = -1,.feature = -1,.value = 0,.count = 10},
		{.left = -1,.right = -1,.feature = -1,.value = 80,.count = 10}
	};
	MlpgTree	tree = {.n_nodes = 5,.node = node};
	MlpgTree   *trees[] = {&tree};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	MlpgModel  *model = trees_model(host, trees_schema(host, "nnn", 0), &spec, trees, 1);
	double		both[] = {1, 1, 1},
				none[] = {NAN, NAN, NAN},
				out[4];

	mlpg_forest_explain(host, model, both, out);
	CHECK_CLOSE(out[0], 30, 1e-14);
	CHECK_CLOSE(out[1], 30, 1e-14);
	CHECK(out[2] == 0);
	CHECK_CLOSE(out[3], 20, 1e-14);
	mlpg_forest_explain(host, model, none, out);
	CHECK_CLOSE(out[0], -10, 1e-14);
	CHECK_CLOSE(out[1], -10, 1e-14);
	CHECK_CLOSE(out[3], 20, 1e-14);
	harness_free(host);
}

/* Many deep trees: still the raw score, to 1e-9. */
static void
test_sum(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 6;
	MlpgSchema *schema = trees_schema(host, "nnnnnnnnnncnnnnnnnnncnnnnnnn", 64);
	int			d = schema->n_features;
	MlpgTree   *trees[120];
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	MlpgModel  *model;
	double		worst = 0;

	for (int t = 0; t < 120; t++)
		trees[t] = trees_random(host, schema, 64, 60, 0, &random);
	model = trees_model(host, schema, &spec, trees, 120);
	for (int r = 0; r < 20; r++)
	{
		double		row[28],
					out[29],
					raw,
					sum = 0;

		trees_row(schema, 64, row, &random);
		mlpg_forest_explain(host, model, row, out);
		mlpg_forest_raw(mlpg_forest_of(model), row, 1, d, &raw);
		for (int i = 0; i <= d; i++)
			sum += out[i];
		worst = fmax(worst, fabs(sum - raw));
	}
	harness_note("largest difference %.1e", worst);
	CHECK(worst < 1e-9);
	harness_free(host);
}

/* A chain of 3,000 splits: as deep as a hostile model makes it, on a stack of our own, and it can be canceled. */
static void
test_deep(void)
{
	MlpgHost   *host = harness_host();
	int32_t		n = 3000;
	MlpgTreeNode *node = mlpg_allocate(host, (size_t) (2 * n + 1), sizeof(MlpgTreeNode));
	MlpgTree	tree = {.n_nodes = 2 * n + 1,.node = node};
	MlpgTree   *trees[] = {&tree};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	MlpgModel  *model;
	double		row[] = {1, 2},
				out[3],
				raw;

	for (int32_t k = 0; k < n; k++)
	{
		node[2 * k] = (MlpgTreeNode) {.left = 2 * k + 1,.right = 2 * k + 2,.feature = k % 2,.threshold = 0.5,.count = n + 1 - k};
		node[2 * k + 1] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = k,.count = 1};
	}
	node[2 * n] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = -1,.count = 1};
	model = trees_model(host, trees_schema(host, "nn", 0), &spec, trees, 1);
	CHECK_INT(mlpg_forest_of(model)->tree[0].depth, n);
	mlpg_forest_explain(host, model, row, out);
	mlpg_forest_raw(mlpg_forest_of(model), row, 1, 2, &raw);
	CHECK(raw == -1);
	CHECK_CLOSE(out[0] + out[1] + out[2], raw, 1e-9);

	/* 300 features, so that ways grow long */
	for (int32_t k = 0; k < n; k++)
		node[2 * k].feature = k % 300;
	{
		char		kinds[301];
		double	   *wide = mlpg_allocate(host, 300, sizeof(double));
		double	   *contribution = mlpg_allocate(host, 301, sizeof(double));

		memset(kinds, 'n', 300);
		kinds[300] = '\0';
		model = trees_model(host, trees_schema(host, kinds, 0), &spec, trees, 1);
		harness_cancel_at_check(host, 2);
		EXPECT_RAISE(host, MLPG_INTERNAL, mlpg_forest_explain(host, model, wide, contribution));
	}
	harness_free(host);
}

/* Where the raw score is a mean of trees, so are the contributions. */
static void
test_mean(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 9;
	MlpgSchema *schema = trees_schema(host, "nnn", 0);
	MlpgTree   *trees[4];
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	double		row[3] = {1, -2, 3},
				sum[4],
				mean[4],
				raw;

	for (int t = 0; t < 4; t++)
		trees[t] = trees_random(host, schema, 0, 9, 0, &random);
	mlpg_forest_explain(host, trees_model(host, schema, &spec, trees, 4), row, sum);
	spec.mean = true;
	mlpg_forest_explain(host, trees_model(host, schema, &spec, trees, 4), row, mean);
	mlpg_forest_raw(mlpg_forest_of(trees_model(host, schema, &spec, trees, 4)), row, 1, 3, &raw);
	for (int i = 0; i < 4; i++)
		CHECK_CLOSE(mean[i], sum[i] / 4, 1e-15);
	CHECK_CLOSE(mean[0] + mean[1] + mean[2] + mean[3], raw, 1e-12);
	harness_free(host);
}

static void
test_uncounted(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 7;
	MlpgSchema *schema = trees_schema(host, "n", 0);
	MlpgTree   *trees[] = {trees_random(host, schema, 0, 4, 0, &random)};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1};
	MlpgModel  *model = trees_model(host, schema, &spec, trees, 1);
	double		row = 0,
				out[2];

	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_forest_explain(host, model, &row, out));
	CHECK_TEXT(harness_message(host), "model cannot explain its predictions");
	harness_free(host);
}

int
main(void)
{
	test_brute_force();
	test_known();
	test_sum();
	test_deep();
	test_mean();
	test_uncounted();
	return harness_done();
}
