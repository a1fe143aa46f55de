/*-------------------------------------------------------------------------
 *
 * test_forest.c
 *	  Trees stored, walked and read back.
 *
 * Answers are compared with a walk over the plain trees that is written here
 * (trees.h) and shares nothing with the core's; the ways of walking (one row, rows in
 * lock step, blocks by masks) must agree with it, and so with each other, to the bit.  Bytes are
 * changed one field at a time and at random: what open accepts must be the one
 * encoding of what it says.
 *
 *-------------------------------------------------------------------------
 */
#include "trees.h"

#include "core/learners/tree/shap.h"

#define MUTATIONS 120000
#define BUDGET ((size_t) 64 << 20)

/* ---------- known answers ---------- */

/* x1 <= threshold with a way of treating missing values: 1 left, 2 right. */
static MlpgTree
stump(MlpgTreeNode *node, MlpgMissing missing, bool missing_left, double threshold)
{
	node[0] = (MlpgTreeNode) {.left = 1,.right = 2,.threshold = threshold,.missing = missing,.missing_left = missing_left,.gain = 3,.count = 10};
	node[1] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = 1,.count = 4};
	node[2] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = 2,.count = 6};
	return (MlpgTree) {.n_nodes = 3,.node = node};
}

static double
answer(const MlpgModel *model, double x)
{
	double		out;

	mlpg_forest_predict(model, &x, 1, 1, &out);
	return out;
}

static MlpgModel *
stump_model(MlpgHost *host, MlpgMissing missing, bool missing_left, double threshold)
{
	MlpgTreeNode node[3];
	MlpgTree	tree = stump(node, missing, missing_left, threshold);
	MlpgTree   *trees[] = {&tree};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};

	return trees_model(host, trees_schema(host, "n", 0), &spec, trees, 1);
}

static void
test_missing(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = stump_model(host, MLPG_MISSING_NONE, false, 0.5);

	/* none: NaN is 0 */
	CHECK(answer(m, NAN) == 1);
	CHECK(answer(m, 0.5) == 1);
	CHECK(answer(m, nextafter(0.5, 1)) == 2);
	CHECK(answer(m, INFINITY) == 2);
	CHECK(answer(m, -INFINITY) == 1);
	CHECK(answer(stump_model(host, MLPG_MISSING_NONE, true, -0.5), NAN) == 2);
	CHECK(answer(stump_model(host, MLPG_MISSING_NONE, true, 0), NAN) == 1);
	/* zero: NaN and what is within 1e-35 (a float) of 0 */
	m = stump_model(host, MLPG_MISSING_ZERO, false, 0.5);
	CHECK(answer(m, NAN) == 2);
	CHECK(answer(m, 0) == 2);
	CHECK(answer(m, -0.0) == 2);
	CHECK(answer(m, (double) 1e-35f) == 2);
	CHECK(answer(m, nextafter((double) 1e-35f, 1)) == 1);
	CHECK(answer(m, -(double) 1e-35f) == 2);
	CHECK(answer(m, -1e-34) == 1);
	CHECK(answer(stump_model(host, MLPG_MISSING_ZERO, true, -5), 0) == 1);
	/* NaN */
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, true, -5), NAN) == 1);
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, false, 5), NAN) == 2);
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, false, 5), 0) == 1);
	/* a split of missing from present values */
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, false, INFINITY), 1e308) == 1);
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, false, INFINITY), INFINITY) == 1);
	CHECK(answer(stump_model(host, MLPG_MISSING_NAN, false, INFINITY), NAN) == 2);
	harness_free(host);
}

static void
test_sets(void)
{
	MlpgHost   *host = harness_host();
	MlpgTreeNode node[3];
	MlpgTree	tree = stump(node, MLPG_MISSING_NAN, true, 0);
	MlpgTree   *trees[] = {&tree};
	uint32_t	word[3] = {1u << 0 | 1u << 31, 0, 1u << 6};	/* 0, 31, 70 */
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	MlpgModel  *m;

	node[0].is_category = true;
	node[0].n_words = tree.n_words = 3;
	tree.word = word;
	m = trees_model(host, trees_schema(host, "n", 0), &spec, trees, 1);
	CHECK(answer(m, 0) == 1);
	CHECK(answer(m, 31) == 1);
	CHECK(answer(m, 70) == 1);
	CHECK(answer(m, 70.9) == 1);
	CHECK(answer(m, 71) == 2);
	CHECK(answer(m, 1) == 2);
	CHECK(answer(m, 32) == 2);
	CHECK(answer(m, -0.5) == 1);	/* truncated to 0 */
	CHECK(answer(m, -1) == 2);
	CHECK(answer(m, NAN) == 2);
	CHECK(answer(m, 96) == 2);
	CHECK(answer(m, 1e300) == 2);
	CHECK(answer(m, INFINITY) == 2);
	CHECK(answer(m, -INFINITY) == 2);
	CHECK(answer(m, 4294967296.0) == 2);
	/* of a category; the last word holds nothing and is left out */
	word[2] = 0;
	m = trees_model(host, trees_schema(host, "c", 32), &spec, trees, 1);
	CHECK_INT(mlpg_forest_of(m)->n_words, 1);
	CHECK(answer(m, 31) == 1);
	CHECK(answer(m, -1) == 2);
	/* nothing goes left */
	node[0].n_words = 0;
	m = trees_model(host, trees_schema(host, "c", 32), &spec, trees, 1);
	CHECK(answer(m, 0) == 2);
	harness_free(host);
}

static void
test_links(void)
{
	MlpgHost   *host = harness_host();
	MlpgTreeNode leaf[3] = {{.left = -1,.right = -1,.value = 1}, {.left = -1,.right = -1,.value = 2}, {.left = -1,.right = -1,.value = 4}};
	MlpgTree	tree[3] = {{.output = 0,.n_nodes = 1,.node = &leaf[0]}, {.output = 1,.n_nodes = 1,.node = &leaf[1]}, {.output = 1,.n_nodes = 1,.node = &leaf[2]}};
	MlpgTree   *trees[] = {&tree[0], &tree[1], &tree[2]};
	double		base[] = {0.5, 1};
	MlpgForestSpec spec = {.n_outputs = 2,.base = base,.factor = 1,.counted = true};
	MlpgSchema *schema = trees_schema(host, "n", 0);
	double		out[2];
	double		x = 0;

	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 1.5 && out[1] == 7);
	spec.average = true;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 1.5 && out[1] == 3.5);
	mlpg_forest_raw(mlpg_forest_of(trees_model(host, schema, &spec, trees, 3)), &x, 1, 1, out);
	CHECK(out[0] == 1.5 && out[1] == 7);
	spec.average = false;
	spec.mean = true;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 1.5 && out[1] == 3.5);
	mlpg_forest_raw(mlpg_forest_of(trees_model(host, schema, &spec, trees, 3)), &x, 1, 1, out);
	CHECK(out[0] == 1.5 && out[1] == 3.5);
	spec.mean = false;
	spec.link = MLPG_LINK_EXP;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK_CLOSE(out[0], 4.4816890703380648, 1e-15);
	CHECK_CLOSE(out[1], 1096.6331584284585, 1e-15);
	spec.link = MLPG_LINK_SOFTMAX;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK_CLOSE(out[0], 0.0040701377158961277, 1e-14);
	CHECK_CLOSE(out[0] + out[1], 1, 1e-15);
	spec.link = MLPG_LINK_SIGMOID;
	spec.factor = 0.5;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK_CLOSE(out[0], 0.679178699175393, 1e-14);
	CHECK_CLOSE(out[1], 0.97068776924864364, 1e-14);
	/* shares of classes: none below 0, and alike where all are 0 */
	spec.factor = 1;
	spec.link = MLPG_LINK_SHARE;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 1.5 / 8.5 && out[1] == 7 / 8.5);
	leaf[0].value = -1;
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, trees_model(host, schema, &spec, trees, 3));
	leaf[0].value = leaf[1].value = leaf[2].value = base[0] = base[1] = 0;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 0.5 && out[1] == 0.5);
	base[0] = -1;
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, trees_model(host, schema, &spec, trees, 3));
	base[0] = 0.5;
	base[1] = 1;
	spec.link = MLPG_LINK_SIGMOID;
	/* no infinity, no NaN */
	spec.factor = 1;
	leaf[0].value = -1e299;
	leaf[1].value = 1e299;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 0 && out[1] == 1);
	spec.link = MLPG_LINK_SOFTMAX;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 0 && out[1] == 1);
	spec.link = MLPG_LINK_EXP;
	mlpg_forest_predict(trees_model(host, schema, &spec, trees, 3), &x, 1, 1, out);
	CHECK(out[0] == 0 && out[1] > 1e308 && isfinite(out[1]));
	/* no tree at all */
	spec.link = MLPG_LINK_IDENTITY;
	spec.average = true;
	mlpg_forest_predict(trees_model(host, schema, &spec, NULL, 0), &x, 1, 1, out);
	CHECK(out[0] == 0.5 && out[1] == 1);
	harness_free(host);
}

/* ---------- all ways of walking ---------- */

#define N_ROWS 403

static void
compare_walks(MlpgHost *host, const MlpgSchema *schema, MlpgModel *model, MlpgTree *const *trees, int n_trees, int n_categories, uint64_t *random)
{
	const MlpgForest *forest = mlpg_forest_of(model);
	int			k = forest->spec.n_outputs,
				d = schema->n_features,
				n_wrong[3] = {0};
	double	   *rows = mlpg_allocate(host, (size_t) N_ROWS * (size_t) (d + 1), sizeof(double));
	double	   *out = mlpg_allocate(host, (size_t) N_ROWS * (size_t) k * 3, sizeof(double));
	double	   *one = out + N_ROWS * k,
			   *hastened = one + N_ROWS * k;

	for (int r = 0; r < N_ROWS; r++)
		trees_row(schema, n_categories, rows + r * (d + 1), random);
	mlpg_forest_raw(forest, rows, N_ROWS, d + 1, out);
	for (int r = 0; r < N_ROWS; r++)
		mlpg_forest_raw(forest, rows + r * (d + 1), 1, d + 1, one + r * k);
	mlpg_forest_hasten(host, model);
	mlpg_forest_raw(forest, rows, N_ROWS, d + 1, hastened);
	for (int r = 0; r < N_ROWS; r++)
		for (int o = 0; o < k; o++)
		{
			double		sum = forest->spec.base[o];

			for (int t = 0; t < n_trees; t++)
				if (trees[t]->output == o)
					sum += trees_leaf(trees[t], rows + r * (d + 1));
			for (int way = 0; way < 3; way++)
				n_wrong[way] += memcmp(&sum, &out[(way * N_ROWS + r) * k + o], sizeof(double)) != 0;
		}
	CHECK_INT(n_wrong[0], 0);
	CHECK_INT(n_wrong[1], 0);
	CHECK_INT(n_wrong[2], 0);
}

/* The trees read back are those that were written, and written again they give the same bytes. */
static void
compare_bytes(MlpgHost *host, const MlpgForest *forest, const MlpgWriter *payload)
{
	MlpgTree  **again = mlpg_allocate(host, (size_t) forest->n_trees + 1, sizeof(MlpgTree *));
	MlpgWriter *w = mlpg_writer_create(host, 0);

	for (int t = 0; t < forest->n_trees; t++)
		again[t] = mlpg_forest_tree(host, forest, t);
	mlpg_forest_write(w, &forest->spec, (const MlpgTree *const *) again, forest->n_trees);
	CHECK(w->length == payload->length && memcmp(w->data, payload->data, w->length) == 0);
	CHECK(w->length <= mlpg_forest_size(forest->spec.n_outputs, forest->n_trees, forest->n_nodes, forest->n_words));
}

static void
test_walks(void)
{
	static const struct
	{
		const char *kinds;
		int			n_categories;
		int			n_outputs;
		int			n_trees;
		int			max_leaves;
	}			cases[] = {
		{"n", 0, 1, 1, 2}, {"nnn", 0, 1, 5, 8}, {"nnnnnnnnnn", 0, 1, 100, 31}, {"ncnc", 40, 1, 47, 31}, {"cc", 300, 2, 30, 64},
		{"nnnc", 90, 3, 241, 40}, {"nnnn", 0, 1, 700, 12}, {"nncn", 33, 2, 90, 300}, {"nnn", 0, 1, 21, 65}, {"nnn", 0, 1, 483, 64},
	};
	uint64_t	random = 3;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
	{
		MlpgHost   *host = harness_host();
		MlpgSchema *schema = trees_schema(host, cases[c].kinds, cases[c].n_categories / 32 * 32 + 32);
		MlpgTree  **trees = mlpg_allocate(host, (size_t) cases[c].n_trees, sizeof(MlpgTree *));
		double		base[3] = {0.25, -1, 7};
		MlpgForestSpec spec = {.n_outputs = cases[c].n_outputs,.base = base,.factor = 1,.counted = true};
		MlpgWriter *payload = mlpg_writer_create(host, 0);
		MlpgModel  *model;

		for (int t = 0; t < cases[c].n_trees; t++)
		{
			int			n_leaves = t % 7 == 0 ? cases[c].max_leaves : 1 + (int) (test_random(&random) % (uint64_t) cases[c].max_leaves);

			trees[t] = trees_random(host, schema, cases[c].n_categories / 32 * 32, n_leaves, t % cases[c].n_outputs, &random);
		}
		mlpg_forest_write(payload, &spec, (const MlpgTree *const *) trees, cases[c].n_trees);
		model = trees_open(host, schema, payload->data, payload->length);
		compare_bytes(host, mlpg_forest_of(model), payload);
		compare_walks(host, schema, model, trees, cases[c].n_trees, cases[c].n_categories + 2, &random);
		harness_free(host);
	}
}

/* Bytes that are not aligned are copied and answer alike. */
static void
test_alignment(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 8;
	MlpgSchema *schema = trees_schema(host, "nn", 0);
	MlpgTree   *trees[] = {trees_random(host, schema, 0, 9, 0, &random)};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	MlpgWriter *payload = mlpg_writer_create(host, 0);

	mlpg_forest_write(payload, &spec, (const MlpgTree *const *) trees, 1);
	for (size_t shift = 0; shift < 8; shift++)
	{
		uint8_t    *copy = mlpg_allocate(host, payload->length + 8, 1);
		double		row[2] = {1, 2},
					out;

		memcpy(copy + shift, payload->data, payload->length);
		mlpg_forest_predict(trees_open(host, schema, copy + shift, payload->length), row, 1, 2, &out);
		CHECK(out == trees_leaf(trees[0], row));
	}
	harness_free(host);
}

/* ---------- what can be asked ---------- */

/* Trees are numbered round after round, whatever the order they were written in. */
static void
test_numbering(void)
{
	MlpgHost   *host = harness_host();
	MlpgTreeNode leaf[6];
	MlpgTree	tree[6];
	MlpgTree   *trees[6];
	static const int output[6] = {1, 0, 0, 2, 0, 2};
	static const double expected[6] = {1, 0, 3, 2, 5, 4};
	MlpgForestSpec spec = {.n_outputs = 3,.factor = 1};
	const MlpgForest *forest;

	for (int t = 0; t < 6; t++)
	{
		leaf[t] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = t};
		tree[t] = (MlpgTree) {.output = output[t],.n_nodes = 1,.node = &leaf[t]};
		trees[t] = &tree[t];
	}
	forest = mlpg_forest_of(trees_model(host, trees_schema(host, "n", 0), &spec, trees, 6));
	for (int t = 0; t < 6; t++)
		CHECK(mlpg_forest_tree(host, forest, t)->node[0].value == expected[t]);
	harness_free(host);
}

static void
test_importance(void)
{
	MlpgHost   *host = harness_host();
	MlpgTreeNode node[7];
	MlpgTree	tree = {.n_nodes = 7,.node = node};
	MlpgTree   *trees[] = {&tree, &tree};
	MlpgForestSpec spec = {.n_outputs = 1,.factor = 1,.counted = true};
	double		splits[3],
				gain[3];
	const MlpgForest *forest;
	const MlpgTree *again;

	for (int k = 0; k < 7; k++)
		node[k] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,.value = k,.count = k};
	node[0] = (MlpgTreeNode) {.left = 1,.right = 2,.feature = 0,.gain = 5,.threshold = 1,.count = 18};
	node[1] = (MlpgTreeNode) {.left = 3,.right = 4,.feature = 2,.gain = 0.25,.threshold = 1,.count = 7};
	node[2] = (MlpgTreeNode) {.left = 5,.right = 6,.feature = 2,.gain = -1,.threshold = 1,.count = 11};
	forest = mlpg_forest_of(trees_model(host, trees_schema(host, "nnn", 0), &spec, trees, 2));
	mlpg_forest_importance(forest, splits, gain);
	CHECK(splits[0] == 2 && splits[1] == 0 && splits[2] == 2);	/* as LightGBM: those that gain something */
	CHECK(gain[0] == 10 && gain[1] == 0 && gain[2] == 0.5);
	again = mlpg_forest_tree(host, forest, 1);
	CHECK_INT(again->n_nodes, 7);
	CHECK_CLOSE(again->node[1].value, (3.0 * 3 + 4 * 4) / 7, 1e-15);
	CHECK_CLOSE(again->node[0].value, (3.0 * 3 + 4 * 4 + 5 * 5 + 6 * 6) / 18, 1e-15);
	CHECK(again->node[2].gain == -1 && again->node[2].feature == 2 && again->node[2].count == 11);
	harness_free(host);
}

/* ---------- hostile bytes ---------- */

typedef struct Bytes
{
	size_t		length;
	uint8_t		data[8192];
} Bytes;

#define N_PAYLOADS 4
#define KINDS "nnc"
#define CATEGORIES 70

static Bytes payloads[N_PAYLOADS];

/* Of payload 0: 1 output, 1 tree of 5 nodes, 2 words. */
#define AT_BASE 40
#define AT_NODES 48
#define AT_VALUES (AT_NODES + 5 * 16)
#define AT_TREES (AT_VALUES + 5 * 8)
#define AT_COUNTS (AT_TREES + 8)
#define AT_WEIGHTS (AT_COUNTS + 20)
#define AT_WORDS (AT_WEIGHTS + 20)

static void
keep(Bytes *to, const MlpgWriter *from)
{
	to->length = from->length;
	if (from->length > sizeof(to->data))
		abort();
	memcpy(to->data, from->data, from->length);
}

static void
make_payloads(void)
{
	MlpgHost   *host = harness_host();
	MlpgSchema *schema = trees_schema(host, KINDS, CATEGORIES);
	uint64_t	random = 4;
	MlpgTreeNode node[5] = {
		{.left = 1,.right = 2,.feature = 2,.is_category = true,.n_words = 2,.gain = 2,.count = 10},
		{.left = 3,.right = 4,.feature = 1,.threshold = -3,.missing = MLPG_MISSING_NONE,.gain = 1,.count = 7},
		{.left = -1,.right = -1,.feature = -1,.value = 1,.weight = 3,.count = 3},
		{.left = -1,.right = -1,.feature = -1,.value = 2,.weight = 2,.count = 2},
		{.left = -1,.right = -1,.feature = -1,.value = 3,.weight = 5,.count = 5}
	};
	uint32_t	word[2] = {5, 1};
	MlpgTree	tree = {.n_nodes = 5,.node = node,.n_words = 2,.word = word};

	for (int k = 0; k < N_PAYLOADS; k++)
	{
		MlpgWriter *w = mlpg_writer_create(host, 0);
		MlpgTree   *trees[7] = {&tree};
		double		levels[] = {0.1, 0.5, 0.9},
					base[] = {1, 2, 3};
		MlpgForestSpec spec = {.n_outputs = k == 2 ? 3 : 1,.base = base,.factor = 1,.counted = k != 3,.levels = k == 2 ? levels : NULL,
		.main_output = k == 2 ? -1 : 0,.link = k == 1 ? MLPG_LINK_SIGMOID : MLPG_LINK_IDENTITY,.average = k == 1,.mean = k == 3};
		int			n_trees = k == 0 ? 1 : 7;

		for (int t = 0; k > 0 && t < n_trees; t++)
			trees[t] = trees_random(host, schema, 64, 1 + t * 2, t % spec.n_outputs, &random);
		mlpg_forest_write(w, &spec, (const MlpgTree *const *) trees, n_trees);
		keep(&payloads[k], w);
	}
	CHECK_INT(payloads[0].length, AT_WORDS + 8);
	harness_free(host);
}

/* Everything that can be done with an accepted payload; false: it is written differently. */
static bool
use(MlpgHost *host, const uint8_t *data, size_t length)
{
	MlpgSchema *schema = trees_schema(host, KINDS, CATEGORIES);
	MlpgModel  *model = trees_open(host, schema, data, length);
	const MlpgForest *forest = mlpg_forest_of(model);
	size_t		k = (size_t) forest->spec.n_outputs;
	double		rows[9 * 3],
			   *out = mlpg_allocate(host, 9 * k, sizeof(double)),
			   *contribution = mlpg_allocate(host, 4 * k, sizeof(double));
	double		splits[3],
				gain[3];
	uint64_t	random = length;
	MlpgWriter *again = mlpg_writer_create(host, 0);
	MlpgTree  **trees = mlpg_allocate(host, (size_t) forest->n_trees + 1, sizeof(MlpgTree *));

	for (int r = 0; r < 9; r++)
		trees_row(schema, CATEGORIES, rows + 3 * r, &random);
	mlpg_forest_predict(model, rows, 9, 3, out);
	mlpg_forest_hasten(host, model);
	mlpg_forest_predict(model, rows, 9, 3, out);
	for (size_t i = 0; i < 9 * k; i++)
		if (!isfinite(out[i]))
			return false;
	if (forest->spec.counted)
		mlpg_forest_explain(host, model, rows, contribution);
	mlpg_forest_importance(forest, splits, gain);
	for (int t = 0; t < forest->n_trees; t++)
		trees[t] = mlpg_forest_tree(host, forest, t);
	mlpg_forest_write(again, &forest->spec, (const MlpgTree *const *) trees, forest->n_trees);
	return again->length == length && memcmp(again->data, data, length) == 0;
}

static void
expect_refusal(size_t at, const void *value, size_t size, int line)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	Bytes		b = payloads[0];
	bool		raised;

	memcpy(b.data + at, value, size);
	HARNESS_TRY(host, raised, (void) use(host, b.data, b.length));
	harness_result(raised && harness_code(host) == MLPG_DATA_CORRUPTED, __FILE__, line, "a payload is refused");
	if (!raised)
		harness_note("it was accepted");
	else if (harness_code(host) != MLPG_DATA_CORRUPTED)
		harness_note("it raised %d: %s", (int) harness_code(host), harness_message(host));
	harness_free(host);
}

#define REFUSED_U32(at, value) do { uint32_t refused = (value); expect_refusal((at), &refused, 4, __LINE__); } while (0)
#define REFUSED_F64(at, value) do { double refused = (value); expect_refusal((at), &refused, 8, __LINE__); } while (0)

static void
test_head(void)
{
	static const uint32_t counts[] = {0, 2, 4, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
	{
		REFUSED_U32(0, counts[c]);	/* outputs */
		REFUSED_U32(4, counts[c]);	/* trees */
		REFUSED_U32(8, counts[c]);	/* nodes */
		if (counts[c] != 2)
			REFUSED_U32(12, counts[c]); /* words */
		REFUSED_U32(AT_TREES, counts[c]);
		REFUSED_U32(AT_TREES + 4, counts[c]);
	}
	REFUSED_U32(16, 5);			/* link */
	REFUSED_U32(20, 0);			/* uncounted, but counts */
	REFUSED_U32(20, 16 | 4);
	REFUSED_U32(20, 8 | 4 | 1);
	REFUSED_U32(20, 2 | 4);		/* levels, which would be the nodes' first bytes */
	REFUSED_U32(24, 1);			/* main output */
	REFUSED_U32(28, 1);
	REFUSED_F64(32, 0);			/* factor */
	REFUSED_F64(32, 2);			/* of a link that has none */
	REFUSED_F64(32, NAN);
	REFUSED_F64(32, INFINITY);
	REFUSED_F64(AT_BASE, NAN);
	REFUSED_F64(AT_BASE, 2e300);
}

static void
test_nodes(void)
{
	size_t		root = AT_NODES,
				split = AT_NODES + 16,
				leaf = AT_NODES + 32;

	/* children: itself, back, too far, not its own, past the end */
	REFUSED_U32(root + 12, 0);
	REFUSED_U32(root + 12, 2);
	REFUSED_U32(root + 12, 3);
	REFUSED_U32(root + 12, 5);
	REFUSED_U32(root + 12, 0xFFFFFFFF);
	REFUSED_U32(split + 12, 0);
	REFUSED_U32(split + 12, 1);
	REFUSED_U32(split + 12, 2);
	REFUSED_U32(split + 12, 4);
	REFUSED_U32(split + 12, 5);
	REFUSED_U32(leaf + 12, 0);
	REFUSED_U32(leaf + 12, 1);
	REFUSED_U32(leaf + 12, 3);
	REFUSED_U32(leaf + 12, 5);
	REFUSED_U32(AT_NODES + 4 * 16 + 12, 5);
	REFUSED_U32(AT_NODES + 4 * 16 + 12, 3);
	/* features and flags */
	REFUSED_U32(root + 8, 3u << 8 | 2);
	REFUSED_U32(root + 8, 0xFFFFFF00u | 2);
	REFUSED_U32(root + 8, 2u << 8); /* a category compared */
	REFUSED_U32(root + 8, 2u << 8 | 3);
	REFUSED_U32(root + 8, 2u << 8 | 6);
	REFUSED_U32(split + 8, 1u << 8 | 8);	/* 0 > -3 is on the right */
	REFUSED_U32(split + 8, 1u << 8 | 12);
	REFUSED_U32(split + 8, 1u << 8 | 13);
	REFUSED_U32(split + 8, 1u << 8 | 16);
	REFUSED_U32(split + 8, 1u << 8 | 128);
	REFUSED_U32(split + 8, 1u << 8 | 2);	/* a set that is not there */
	REFUSED_U32(leaf + 8, 1);
	REFUSED_U32(leaf + 8, 1u << 8);
	/* thresholds and sets */
	REFUSED_F64(split, NAN);
	REFUSED_F64(leaf, 0);
	REFUSED_F64(leaf, NAN);
	REFUSED_U32(root, 1);
	REFUSED_U32(root, 0xFFFFFFFF);
	REFUSED_U32(root + 4, 1);
	REFUSED_U32(root + 4, 3);
	REFUSED_U32(root + 4, 0xFFFFFFFF);
	REFUSED_U32(AT_WORDS + 4, 0);	/* ends with nothing */
}

static void
test_values(void)
{
	for (size_t k = 0; k < 5; k++)
	{
		REFUSED_F64(AT_VALUES + 8 * k, NAN);
		REFUSED_F64(AT_VALUES + 8 * k, INFINITY);
		REFUSED_U32(AT_COUNTS + 4 * k, 0);
		REFUSED_U32(AT_COUNTS + 4 * k, 1);
		REFUSED_U32(AT_COUNTS + 4 * k, 0xFFFFFFFF);
		REFUSED_U32(AT_WEIGHTS + 4 * k, 0x7F800000);	/* infinity */
		REFUSED_U32(AT_WEIGHTS + 4 * k, 0x7FC00000);	/* NaN */
	}
	REFUSED_F64(AT_VALUES + 16, 1e301);
}

/* A set may name the categories that the schema has, and no more. */
static void
test_categories(void)
{
	MlpgHost   *host = harness_host();
	bool		raised;

	trees_open(host, trees_schema(host, KINDS, 33), payloads[0].data, payloads[0].length);
	HARNESS_TRY(host, raised, trees_open(host, trees_schema(host, KINDS, 32), payloads[0].data, payloads[0].length));
	CHECK(raised && harness_code(host) == MLPG_DATA_CORRUPTED);
	harness_free(host);
}

static bool
is_refused(const Bytes *b, size_t length)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	uint8_t    *exact = mlpg_allocate(host, length, 1);
	bool		raised;

	memcpy(exact, b->data, length);
	HARNESS_TRY(host, raised, (void) use(host, exact, length));
	raised = raised && harness_code(host) == MLPG_DATA_CORRUPTED;
	harness_free(host);
	return raised;
}

static void
test_truncated(void)
{
	int			n_accepted = 0;

	for (int k = 0; k < N_PAYLOADS; k++)
		for (size_t length = 0; length < payloads[k].length; length++)
			n_accepted += !is_refused(&payloads[k], length);
	CHECK_INT(n_accepted, 0);
}

static void
change(Bytes *b, uint64_t *random)
{
	static const uint64_t interesting[] = {0, 1, 2, 3, 4, 5, 8, 16, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x3FF0000000000000,
	0x7FF0000000000000, 0x7FF8000000000000, 0xFFF0000000000000, 0x7FE0000000000000};
	size_t		at = test_random(random) % b->length;
	uint64_t	value = interesting[test_random(random) % (sizeof(interesting) / sizeof(interesting[0]))];
	size_t		width = (size_t) 1 << test_random(random) % 4;
	uint32_t	word;

	switch (test_random(random) % 6)
	{
		case 0:
			b->data[at] ^= (uint8_t) (1 << test_random(random) % 8);
			break;
		case 1:
			b->data[at] = (uint8_t) test_random(random);
			break;
		case 2:
			at -= at % width;
			if (at + width <= b->length)
				memcpy(b->data + at, &value, width);
			break;
		case 3:					/* a small step of a 4-byte number */
		case 4:
			at -= at % 4;
			if (at + 4 <= b->length)
			{
				memcpy(&word, b->data + at, 4);
				word += (uint32_t) (test_random(random) % 7) - 3;
				memcpy(b->data + at, &word, 4);
			}
			break;
		case 5:					/* a part of it over another */
			{
				size_t		from = test_random(random) % b->length / 4 * 4,
							n = 16;

				at -= at % 4;
				if (at + n <= b->length && from + n <= b->length)
					memmove(b->data + at, b->data + from, n);
				break;
			}
	}
}

static void
test_mutations(void)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	Bytes	   *b = malloc(sizeof(Bytes));
	int			n_accepted = 0,
				n_bad = 0;

	for (int i = 0; i < MUTATIONS; i++)
	{
		uint64_t	random = (uint64_t) i;
		bool		raised;
		volatile bool same = true;
		uint8_t    *exact;

		*b = payloads[i % N_PAYLOADS];
		for (uint64_t k = test_random(&random) % 3; k < 3; k++)
			change(b, &random);
		exact = mlpg_allocate(host, b->length, 1);
		memcpy(exact, b->data, b->length);
		HARNESS_TRY(host, raised, same = use(host, exact, b->length));
		n_accepted += !raised;
		if (raised ? harness_code(host) != MLPG_DATA_CORRUPTED && harness_code(host) != MLPG_LIMIT_EXCEEDED : !same)
		{
			n_bad++;
			harness_note("mutation %d: %s", i, raised ? harness_message(host) : "accepted, but not as it would be written");
		}
		harness_reset(host);
	}
	harness_note("%d mutations: %d accepted", MUTATIONS, n_accepted);
	CHECK_INT(n_bad, 0);
	CHECK(n_accepted > MUTATIONS / 50);
	free(b);
	harness_free(host);
}

int
main(void)
{
	test_missing();
	test_sets();
	test_links();
	test_walks();
	test_alignment();
	test_numbering();
	test_importance();
	make_payloads();
	test_head();
	test_nodes();
	test_values();
	test_categories();
	test_truncated();
	test_mutations();
	return harness_done();
}
