/*-------------------------------------------------------------------------
 *
 * trees.h
 *	  Trees for unit tests: random ones, and a walk that owes nothing to the core's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_TREES_H
#define MLPG_TEST_TREES_H

#include "models.h"

#include "core/learners/tree/forest.h"

/* Features x1, x2, ...; kinds as in test_plan; categories have n_categories texts. */
static inline MlpgSchema *
trees_schema(MlpgHost *host, const char *kinds, int n_categories)
{
	MlpgSchema *schema = mlpg_schema_create(host, (int) strlen(kinds));

	schema->target = mlpg_text(host, "y");
	schema->positive = -1;
	schema->unseen = MLPG_UNSEEN_ZERO;
	for (int i = 0; i < schema->n_features; i++)
	{
		MlpgFeature *feature = &schema->feature[i];

		feature->name = mlpg_text(host, "x%d", i + 1);
		feature->kind = kinds[i] == 'c' ? MLPG_CATEGORY : MLPG_NUMBER;
		if (feature->kind != MLPG_CATEGORY)
			continue;
		feature->dictionary = mlpg_dictionary_create(host);
		for (int k = 0; k < n_categories; k++)
		{
			char		text[16];
			int			length = snprintf(text, sizeof(text), "c%04d", k);

			mlpg_dictionary_add(host, feature->dictionary, text, length);
		}
	}
	return schema;
}

/* The set of a node of a tree being made: bits drawn at random, n_words of them. */
static inline void
trees_set(MlpgTree *tree, MlpgTreeNode *node, int32_t n_words, uint64_t *random)
{
	node->is_category = true;
	node->first_word = tree->n_words;
	node->n_words = n_words;
	for (int32_t w = 0; w < n_words; w++)
		tree->word[tree->n_words++] = (uint32_t) test_random(random);
}

/* Values that splits and rows have in common, so that ties and zeros happen. */
static inline double
trees_value(uint64_t *random)
{
	static const double odd[] = {0, -0.0, 1e-36, -1e-36, 1.0000000180025095e-35, 1e-35, 2e-35, 1, -1, 1e308, -1e308};

	return test_random(random) % 4 == 0 ? odd[test_random(random) % 11] : floor(20 * test_uniform(random)) - 10;
}

/*
 * A random tree of n_leaves: splits of all sorts, sets of up to
 * n_categories codes; breadth first already when sorted, else children anywhere behind.
 */
static inline MlpgTree *
trees_random(MlpgHost *host, const MlpgSchema *schema, int n_categories, int n_leaves, int output, uint64_t *random)
{
	MlpgTree   *tree = mlpg_allocate(host, 1, sizeof(MlpgTree));
	int32_t		n = 1;

	tree->output = output;
	tree->n_nodes = 2 * n_leaves - 1;
	tree->node = mlpg_allocate(host, (size_t) tree->n_nodes, sizeof(MlpgTreeNode));
	tree->word = mlpg_allocate(host, (size_t) n_leaves * (size_t) (n_categories / 32 + 1), sizeof(uint32_t));
	for (int32_t k = 0; k < tree->n_nodes; k++)
		tree->node[k] = (MlpgTreeNode) {.left = -1,.right = -1,.feature = -1,
		.value = floor(test_normal(random) * 1024) / 1024,.weight = (double) (test_random(random) % 1000),
		.count = 1 + (int64_t) (test_random(random) % 50)};
	for (int s = 1; s < n_leaves; s++)
	{
		int32_t		k;
		MlpgTreeNode *node;

		/* mostly one of the newest leaves, so that trees are deep on one side */
		do
			k = test_random(random) % 3 == 0 ? (int32_t) (test_random(random) % (uint64_t) n) : n - 1 - (int32_t) (test_random(random) % 4) % n;
		while (tree->node[k].left >= 0);
		node = &tree->node[k];
		node->left = n++;
		node->right = n++;
		node->feature = (int32_t) (test_random(random) % (uint64_t) schema->n_features);
		node->gain = (double) (test_random(random) % 100) - 2;
		if (schema->feature[node->feature].kind == MLPG_CATEGORY || test_random(random) % 8 == 0)
		{
			int32_t		n_words = (int32_t) (test_random(random) % (uint64_t) (n_categories / 32 + 1));

			trees_set(tree, node, n_words, random);
			continue;
		}
		node->threshold = trees_value(random);
		node->missing = (MlpgMissing) (test_random(random) % 3);
		node->missing_left = test_random(random) % 2;
	}
	for (int32_t k = tree->n_nodes - 1; k >= 0; k--)
		if (tree->node[k].left >= 0)
			tree->node[k].count = tree->node[tree->node[k].left].count + tree->node[tree->node[k].right].count;
	return tree;
}

static inline void
trees_row(const MlpgSchema *schema, int n_categories, double *row, uint64_t *random)
{
	for (int i = 0; i < schema->n_features; i++)
	{
		if (schema->feature[i].kind == MLPG_CATEGORY)
			row[i] = (double) (test_random(random) % (uint64_t) (n_categories + 1)) - 1;
		else
			row[i] = test_random(random) % 8 == 0 ? n_categories * test_uniform(random) : trees_value(random);
		if (test_random(random) % 8 == 0)
			row[i] = NAN;
	}
}

/* Does a value go left?  As LightGBM's documentation says it, not as the core does it. */
static inline bool
trees_left(const MlpgTree *tree, const MlpgTreeNode *node, double x)
{
	if (node->is_category)
	{
		double		code = trunc(x);

		for (int32_t c = 0; c < 32 * node->n_words; c++)
			if (code == c && (tree->word[node->first_word + c / 32] >> c % 32 & 1))
				return true;
		return false;
	}
	if (node->missing == MLPG_MISSING_NONE && isnan(x))
		x = 0;
	if (node->missing == MLPG_MISSING_ZERO && (isnan(x) || (x >= -(double) 1e-35f && x <= (double) 1e-35f)))
		return node->missing_left;
	if (node->missing == MLPG_MISSING_NAN && isnan(x))
		return node->missing_left;
	return x <= node->threshold;
}

static inline double
trees_leaf(const MlpgTree *tree, const double *row)
{
	int32_t		k = 0;

	while (tree->node[k].left >= 0)
		k = trees_left(tree, &tree->node[k], row[tree->node[k].feature]) ? tree->node[k].left : tree->node[k].right;
	return tree->node[k].value;
}

/* A payload, opened: enough of a model for the functions of the forest. */
static inline MlpgModel *
trees_open(MlpgHost *host, MlpgSchema *schema, const void *data, size_t length)
{
	MlpgModel  *model = mlpg_allocate(host, 1, sizeof(MlpgModel));
	MlpgReader	reader;

	model->schema = schema;
	mlpg_reader_init(&reader, host, data, length, "model");
	mlpg_forest_open(host, model, &reader);
	mlpg_read_end(&reader);
	return model;
}

static inline MlpgModel *
trees_model(MlpgHost *host, MlpgSchema *schema, const MlpgForestSpec *spec, MlpgTree *const *trees, int n_trees)
{
	MlpgWriter *payload = mlpg_writer_create(host, 0);

	mlpg_forest_write(payload, spec, (const MlpgTree *const *) trees, n_trees);
	return trees_open(host, schema, payload->data, payload->length);
}

#endif							/* MLPG_TEST_TREES_H */
