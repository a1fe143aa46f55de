/*-------------------------------------------------------------------------
 *
 * lightgbm_read.c
 *	  Models from LightGBM's text format.
 *
 * The format (gbdt_model_text.cpp and tree.cpp of LightGBM, versions v2 to v4):
 * a head of key=value lines, trees of key=value lines each ended by an empty
 * one, "end of trees", then importances (which the trees imply), the parameters of
 * the training, and the categories of pandas columns as JSON.  A tree numbers
 * its splits from 0 and its leaves from ~0 down.
 *
 * What is kept as LightGBM means it: the way each node treats missing values
 * (MlpgMissing), x <= threshold in double, sets of categories as bits, sums in
 * file order, one raw score a class, the link of the objective, averages of forests.
 * Texts of categories become dictionaries in byte order and the sets follow; categories that
 * are integers stay numbers, which nodes truncate as LightGBM does.  Counts and
 * weights of inner nodes are the sums of their leaves', so that they fit together.
 *
 * What is refused, by name: linear trees, the square root of the target,
 * objectives whose prediction mlpg does not have, and any key that is
 * not known, since it may change what the rest means.
 *
 * The text is not trusted (lightgbm_lines.c), and children must make one tree of all nodes.
 *
 * Cost: linear in the text; about 10 ns a byte.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/lightgbm_lines.h"
#include "core/learners/tree/lightgbm_pandas.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>				/* strtod */

typedef struct Reader
{
	MlpgHost   *host;
	MlpgLines	lines;
	MlpgLightgbm *result;
	int			n_features;
	int			n_outputs;		/* trees a round */
	int			n_classes;		/* num_class */
	bool	   *is_category;	/* n_features, by feature_infos */
	int			tree_capacity;
	int			param_capacity;
	const char *encoding;
	bool		pandas_seen;
	bool		zero_counts;	/* a tree of several leaves has leaves that count no row */
	bool		some_counts;	/* or some */
} Reader;

/* ---------- one tree ---------- */

static const char *const tree_keys[] = {
	"num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
	"leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count",
	"cat_boundaries", "cat_threshold", "is_linear", "shrinkage"
};

enum
{
	NUM_LEAVES, NUM_CAT, SPLIT_FEATURE, SPLIT_GAIN, THRESHOLD, DECISION_TYPE, LEFT_CHILD, RIGHT_CHILD,
	LEAF_VALUE, LEAF_WEIGHT, LEAF_COUNT, INTERNAL_VALUE, INTERNAL_WEIGHT, INTERNAL_COUNT,
	CAT_BOUNDARIES, CAT_THRESHOLD, IS_LINEAR, SHRINKAGE, N_TREE_KEYS
};

#define DECISION_CATEGORY 1
#define DECISION_LEFT 2			/* missing values go left */

/* A tree's arrays as they are in the text. */
typedef struct TreeText
{
	int32_t		n_leaves;
	int32_t		n_sets;
	const MlpgLine *line;
	int64_t    *feature;
	int64_t    *decision;
	int64_t    *left;
	int64_t    *right;
	double	   *threshold;
	double	   *gain;
	double	   *value;
	double	   *weight;			/* NULL: not given */
	int64_t    *count;			/* NULL: not given */
	int64_t    *boundary;		/* n_sets + 1 */
} TreeText;

static void
read_sets(Reader *r, TreeText *text, MlpgTree *tree)
{
	int64_t    *words;
	int64_t		n;

	text->boundary = mlpg_line_integers(&r->lines, &text->line[CAT_BOUNDARIES], (size_t) text->n_sets + 1, "cat_boundaries", 0, INT32_MAX / 64);
	for (int32_t k = 0; k < text->n_sets; k++)
		if (text->boundary[k] > text->boundary[k + 1])
			mlpg_lines_bad(&r->lines, text->line[CAT_BOUNDARIES].number, "cat_boundaries must ascend");
	if (text->boundary[0] != 0)
		mlpg_lines_bad(&r->lines, text->line[CAT_BOUNDARIES].number, "cat_boundaries must start at 0");
	n = text->boundary[text->n_sets];
	words = mlpg_line_integers(&r->lines, &text->line[CAT_THRESHOLD], (size_t) n, "cat_threshold", 0, UINT32_MAX);
	tree->n_words = (int32_t) n;
	tree->word = mlpg_allocate(r->host, (size_t) n + 1, sizeof(uint32_t));
	for (int64_t i = 0; i < n; i++)
		tree->word[i] = (uint32_t) words[i];
	mlpg_release(r->host, words);
}

static void
read_arrays(Reader *r, TreeText *text)
{
	const MlpgLine *line = text->line;
	size_t		n = (size_t) text->n_leaves;

	text->value = mlpg_line_numbers(&r->lines, &line[LEAF_VALUE], n, "leaf_value");
	if (line[LEAF_WEIGHT].number != 0 && !(n == 1 && line[LEAF_WEIGHT].value == line[LEAF_WEIGHT].end))
		text->weight = mlpg_line_numbers(&r->lines, &line[LEAF_WEIGHT], n, "leaf_weight");
	if (line[LEAF_COUNT].number != 0 && !(n == 1 && line[LEAF_COUNT].value == line[LEAF_COUNT].end))
		text->count = mlpg_line_integers(&r->lines, &line[LEAF_COUNT], n, "leaf_count", 0, UINT32_MAX);
	if (n == 1)
		return;
	text->feature = mlpg_line_integers(&r->lines, &line[SPLIT_FEATURE], n - 1, "split_feature", 0, r->n_features - 1);
	text->left = mlpg_line_integers(&r->lines, &line[LEFT_CHILD], n - 1, "left_child", -(int64_t) n, (int64_t) n - 2);
	text->right = mlpg_line_integers(&r->lines, &line[RIGHT_CHILD], n - 1, "right_child", -(int64_t) n, (int64_t) n - 2);
	text->threshold = mlpg_line_numbers_or_infinity(&r->lines, &line[THRESHOLD], n - 1, "threshold", true);
	if (line[DECISION_TYPE].number != 0)
		text->decision = mlpg_line_integers(&r->lines, &line[DECISION_TYPE], n - 1, "decision_type", 0, 15);
	if (line[SPLIT_GAIN].number != 0)
		text->gain = mlpg_line_numbers(&r->lines, &line[SPLIT_GAIN], n - 1, "split_gain");
}

static void
release_arrays(MlpgHost *host, TreeText *text)
{
	void	   *arrays[] = {text->feature, text->decision, text->left, text->right, text->threshold, text->gain, text->value,
	text->weight, text->count, text->boundary};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		if (arrays[i] != NULL)
			mlpg_release(host, arrays[i]);
}

static void
fill_split(Reader *r, const TreeText *text, int64_t i, MlpgTreeNode *node)
{
	int64_t		decision = text->decision ? text->decision[i] : 0;

	node->feature = (int32_t) text->feature[i];
	node->gain = text->gain ? text->gain[i] : 0;
	node->is_category = (decision & DECISION_CATEGORY) != 0;
	if (node->is_category)
	{
		int64_t		set = mlpg_line_integer(&r->lines, &text->line[THRESHOLD], text->threshold[i], 0, (int64_t) text->n_sets - 1);

		node->first_word = (int32_t) text->boundary[set];
		node->n_words = (int32_t) (text->boundary[set + 1] - text->boundary[set]);
		return;
	}
	if (decision >> 2 > MLPG_MISSING_NAN)
		mlpg_lines_bad(&r->lines, text->line[DECISION_TYPE].number, "decision_type %lld is none", (long long) decision);
	node->threshold = text->threshold[i];
	node->missing = (MlpgMissing) (decision >> 2);
	node->missing_left = (decision & DECISION_LEFT) != 0;
}

/* Breadth first from the root; each split and each leaf must be met once. */
static void
link_nodes(Reader *r, const TreeText *text, MlpgTree *tree)
{
	int32_t		n = text->n_leaves;
	int64_t    *queue = mlpg_allocate(r->host, (size_t) tree->n_nodes, sizeof(int64_t));
	bool	   *met = mlpg_allocate(r->host, (size_t) tree->n_nodes, sizeof(bool)); /* splits, then leaves */
	int32_t		n_queue = 1;

	queue[0] = n > 1 ? 0 : -1;
	for (int32_t k = 0; k < n_queue; k++)
	{
		int64_t		i = queue[k];
		MlpgTreeNode *node = &tree->node[k];
		bool	   *mine = i >= 0 ? &met[i] : &met[n - 1 - (i + 1)];

		if (*mine)
			mlpg_lines_bad(&r->lines, text->line[LEFT_CHILD].number, "node %lld has two parents", (long long) i);
		*mine = true;
		if (i < 0)
		{
			node->left = node->right = node->feature = -1;
			node->value = text->value[-1 - i];
			node->weight = text->weight ? text->weight[-1 - i] : 0;
			node->count = text->count ? text->count[-1 - i] : 0;
			continue;
		}
		fill_split(r, text, i, node);
		node->left = n_queue;
		node->right = n_queue + 1;
		if (n_queue + 2 > tree->n_nodes)
			mlpg_lines_bad(&r->lines, text->line[LEFT_CHILD].number, "children make no tree");
		queue[n_queue++] = text->left[i];
		queue[n_queue++] = text->right[i];
	}
	if (n_queue != tree->n_nodes)
		mlpg_lines_bad(&r->lines, text->line[LEFT_CHILD].number, "not every node is a child");
	mlpg_release(r->host, queue);
	mlpg_release(r->host, met);
}

/* Counts, weights and means of inner nodes from their leaves. */
static void
fill_inner(Reader *r, MlpgTree *tree)
{
	for (int32_t k = tree->n_nodes - 1; k >= 0; k--)
	{
		MlpgTreeNode *node = &tree->node[k];

		if (node->left < 0)
		{
			if (tree->n_nodes > 1)
			{
				r->zero_counts |= node->count == 0;
				r->some_counts |= node->count > 0;
			}
			continue;
		}

		const MlpgTreeNode *left = &tree->node[node->left],
				   *right = &tree->node[node->right];

		node->count = left->count + right->count;
		node->weight = left->weight + right->weight;
		node->value = node->count > 0 ? (left->value * (double) left->count + right->value * (double) right->count) / (double) node->count : 0;
	}
}

static MlpgTree *
make_tree(Reader *r, const MlpgLine *line)
{
	MlpgHost   *host = r->host;
	MlpgTree   *tree = mlpg_allocate(host, 1, sizeof(MlpgTree));
	TreeText	text = {.line = line};

	text.n_leaves = mlpg_line_one_integer(&r->lines, &line[NUM_LEAVES], "num_leaves", 1, INT32_MAX / 4);
	text.n_sets = mlpg_line_one_integer(&r->lines, &line[NUM_CAT], "num_cat", 0, INT32_MAX / 4);
	if (line[IS_LINEAR].number != 0 && mlpg_line_one_integer(&r->lines, &line[IS_LINEAR], "is_linear", 0, 1) != 0)
		mlpg_lines_refuse(&r->lines, "Train with linear_tree=false.", "Its trees have linear models in their leaves (is_linear=1).");
	read_arrays(r, &text);
	if (text.n_sets > 0)
		read_sets(r, &text, tree);
	tree->n_nodes = 2 * text.n_leaves - 1;
	tree->node = mlpg_allocate(host, (size_t) tree->n_nodes, sizeof(MlpgTreeNode));
	link_nodes(r, &text, tree);
	fill_inner(r, tree);
	release_arrays(host, &text);
	return tree;
}

static void
read_tree(Reader *r)
{
	MlpgLightgbm *m = r->result;
	MlpgLine	line[N_TREE_KEYS] = {{0}};

	while (mlpg_lines_next(&r->lines) && !mlpg_line_is_empty(&r->lines.line))
		mlpg_lines_note(&r->lines, tree_keys, N_TREE_KEYS, line, "A tree");
	if (m->n_trees == r->tree_capacity)
	{
		int			capacity = r->tree_capacity * 2 + 64;

		m->tree = mlpg_resize(r->host, m->tree, (size_t) r->tree_capacity, (size_t) capacity, sizeof(MlpgTree *));
		r->tree_capacity = capacity;
	}
	m->tree[m->n_trees] = make_tree(r, line);
	m->tree[m->n_trees]->output = m->n_trees % r->n_outputs;
	m->n_trees++;
}

/* ---------- head ---------- */

static const char *const head_keys[] = {
	"version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "average_output",
	"feature_names", "feature_infos", "monotone_constraints", "tree_sizes"
};

enum
{
	VERSION, NUM_CLASS, NUM_TREE_PER_ITERATION, LABEL_INDEX, MAX_FEATURE_IDX, OBJECTIVE, AVERAGE_OUTPUT,
	FEATURE_NAMES, FEATURE_INFOS, MONOTONE_CONSTRAINTS, TREE_SIZES, N_HEAD_KEYS
};

/* Objectives whose prediction is one that mlpg has. */
static const struct
{
	const char *name;
	MlpgLink	link;
	int			classes;		/* 0: regression, 2, 3: as many as num_class */
}			objectives[] = {
	{"regression", MLPG_LINK_IDENTITY, 0},
	{"regression_l1", MLPG_LINK_IDENTITY, 0},
	{"huber", MLPG_LINK_IDENTITY, 0},
	{"fair", MLPG_LINK_IDENTITY, 0},
	{"quantile", MLPG_LINK_IDENTITY, 0},
	{"mape", MLPG_LINK_IDENTITY, 0},
	{"poisson", MLPG_LINK_EXP, 0},
	{"gamma", MLPG_LINK_EXP, 0},
	{"tweedie", MLPG_LINK_EXP, 0},
	{"cross_entropy", MLPG_LINK_SIGMOID, 0},
	{"binary", MLPG_LINK_SIGMOID, 2},
	{"multiclass", MLPG_LINK_SOFTMAX, 3},
	{"multiclassova", MLPG_LINK_SIGMOID, 3}
};

#define N_OBJECTIVES (sizeof(objectives) / sizeof(objectives[0]))

/* What follows the objective's name: sigmoid:1, num_class:3; anything else is refused. */
static void
read_objective_words(Reader *r, const MlpgLine *line, const char *at)
{
	MlpgForestSpec *spec = &r->result->spec;

	while (at < line->end)
	{
		const char *word = at,
				   *colon;

		while (at < line->end && *at != ' ')
			at++;
		colon = memchr(word, ':', (size_t) (at - word));
		if (colon != NULL && colon - word == 7 && memcmp(word, "sigmoid", 7) == 0)
		{
			const char *number = colon + 1;

			spec->factor = mlpg_line_number_at(&r->lines, line, &number, at);
			if (!(spec->factor > 0))
				mlpg_lines_bad(&r->lines, line->number, "sigmoid must be positive");
		}
		else if (colon != NULL && colon - word == 9 && memcmp(word, "num_class", 9) == 0)
		{
			const char *number = colon + 1;

			if (mlpg_line_number_at(&r->lines, line, &number, at) != r->n_classes)
				mlpg_lines_bad(&r->lines, line->number, "num_class of the objective is another than that of the model");
		}
		else
			mlpg_lines_refuse(&r->lines, NULL, "Its objective has \"%.*s\", which mlpg does not have.", (int) (at - word < 60 ? at - word : 60), word);
		while (at < line->end && *at == ' ')
			at++;
	}
}

static void
make_classes(Reader *r, int n)
{
	MlpgSchema *schema = r->result->schema;

	schema->classes = mlpg_dictionary_create(r->host);
	schema->target_kind = MLPG_NUMBER;
	schema->positive = n == 2 ? 1 : -1;
	for (int k = 0; k < n; k++)
	{
		char	   *text = mlpg_text(r->host, "%d", k);

		mlpg_dictionary_add(r->host, schema->classes, text, (int32_t) strlen(text));
	}
}

static void
read_objective(Reader *r, const MlpgLine *line)
{
	MlpgLightgbm *m = r->result;
	const char *at = line->value;
	size_t		k = 0;

	if (line->number == 0)
		mlpg_lines_refuse(&r->lines, "Train with one of LightGBM's own objectives.", "It names no objective, so that what its scores mean is not known.");
	while (at < line->end && *at != ' ')
		at++;
	m->objective = mlpg_text_copy(r->host, line->value, (size_t) (at - line->value));
	while (k < N_OBJECTIVES && strcmp(objectives[k].name, m->objective) != 0)
		k++;
	if (k == N_OBJECTIVES)
		mlpg_lines_refuse(&r->lines, "Objectives are: regression, regression_l1, huber, fair, quantile, mape, poisson, gamma, tweedie, cross_entropy, binary, multiclass, multiclassova.",
			   "Its objective is \"%.60s\".", m->objective);
	m->spec.link = objectives[k].link;
	m->spec.factor = 1;
	while (at < line->end && *at == ' ')
		at++;
	read_objective_words(r, line, at);
	if (m->spec.link != MLPG_LINK_SIGMOID)
		m->spec.factor = 1;
	if (objectives[k].classes == 3 ? r->n_outputs != r->n_classes || r->n_classes < 2 : r->n_outputs != 1)
		mlpg_lines_bad(&r->lines, line->number, "objective %s with %d classes and %d trees a round", m->objective, r->n_classes, r->n_outputs);
	if (objectives[k].classes == 3 && r->n_classes == 2)
		mlpg_lines_refuse(&r->lines, "Train with objective=binary.", "It is a %s model of two classes.", m->objective);
	if (objectives[k].classes > 0)
		make_classes(r, objectives[k].classes == 2 ? 2 : r->n_classes);
}

static void
read_names(Reader *r, const MlpgLine *line)
{
	MlpgSchema *schema = r->result->schema;
	MlpgDictionary *seen = mlpg_dictionary_create(r->host);
	const char *at = line->value;
	bool		unnamed = true;

	for (int i = 0; i < r->n_features; i++)
	{
		const char *word = at;
		char		column[32];

		while (at < line->end && *at != ' ')
			at++;
		if (at == word)
			mlpg_lines_bad(&r->lines, line->number, "feature_names must name %d features", r->n_features);
		schema->feature[i].name = mlpg_text_copy(r->host, word, (size_t) (at - word));
		if (mlpg_dictionary_add(r->host, seen, word, (int32_t) (at - word)) != i)
			mlpg_lines_bad(&r->lines, line->number, "feature \"%s\" is there twice", schema->feature[i].name);
		snprintf(column, sizeof(column), "Column_%d", i);
		unnamed = unnamed && strcmp(schema->feature[i].name, column) == 0;
		at += at < line->end;
	}
	if (at != line->end)
		mlpg_lines_bad(&r->lines, line->number, "feature_names must name %d features", r->n_features);
	/* trained on a matrix without names */
	schema->array_form = unnamed;
}

/* [minimum:maximum] of numbers, a:b:c of categories, none of a feature that is of no use. */
static void
read_infos(Reader *r, const MlpgLine *line)
{
	const char *at = line->value;

	for (int i = 0; i < r->n_features; i++)
	{
		MlpgFeature *feature = &r->result->schema->feature[i];
		const char *word = at,
				   *colon;

		while (at < line->end && *at != ' ')
			at++;
		if (at == word)
			mlpg_lines_bad(&r->lines, line->number, "feature_infos must describe %d features", r->n_features);
		colon = memchr(word, ':', (size_t) (at - word));
		if (at - word == 4 && memcmp(word, "none", 4) == 0)
			feature->constant = true;
		else if (*word == '[' && at[-1] == ']' && colon != NULL)
		{
			const char *number = word + 1;

			feature->minimum = mlpg_line_number_at(&r->lines, line, &number, colon);
			number = colon + 1;
			feature->maximum = mlpg_line_number_at(&r->lines, line, &number, at - 1);
			feature->mean = fmin(fmax(0, feature->minimum), feature->maximum);
		}
		else
			r->is_category[i] = true;
		at += at < line->end;
	}
}

static void
read_head(Reader *r)
{
	MlpgLightgbm *m = r->result;
	MlpgLine	line[N_HEAD_KEYS] = {{0}};

	if (!mlpg_lines_next(&r->lines) || !mlpg_line_is(&r->lines.line, "tree"))
		mlpg_lines_bad(&r->lines, 1, "the first line must be \"tree\"");
	while (mlpg_lines_next(&r->lines) && !mlpg_line_is_empty(&r->lines.line))
		mlpg_lines_note(&r->lines, head_keys, N_HEAD_KEYS, line, "The model");
	if (line[VERSION].number != 0)
		m->version = mlpg_line_text(&r->lines, &line[VERSION]);
	else
		mlpg_lines_bad(&r->lines, r->lines.line.number, "version is missing");
	if (strcmp(m->version, "v2") != 0 && strcmp(m->version, "v3") != 0 && strcmp(m->version, "v4") != 0)
		mlpg_lines_refuse(&r->lines, NULL, "Its format has version \"%.60s\"; this mlpg reads v2, v3 and v4.", m->version);
	r->n_features = mlpg_line_one_integer(&r->lines, &line[MAX_FEATURE_IDX], "max_feature_idx", 0, MLPG_FEATURES_MAX - 1) + 1;
	r->n_classes = mlpg_line_one_integer(&r->lines, &line[NUM_CLASS], "num_class", 1, MLPG_CLASSES_MAX);
	r->n_outputs = line[NUM_TREE_PER_ITERATION].number == 0 ? r->n_classes :
		mlpg_line_one_integer(&r->lines, &line[NUM_TREE_PER_ITERATION], "num_tree_per_iteration", 1, MLPG_CLASSES_MAX);
	if (line[FEATURE_NAMES].number == 0 || line[FEATURE_INFOS].number == 0)
		mlpg_lines_bad(&r->lines, r->lines.line.number, "feature_names or feature_infos is missing");
	if (r->n_features > line[FEATURE_NAMES].end - line[FEATURE_NAMES].value)
		mlpg_lines_bad(&r->lines, line[FEATURE_NAMES].number, "feature_names must name %d features", r->n_features);
	m->schema = mlpg_schema_create(r->host, r->n_features);
	m->schema->target = mlpg_text(r->host, "%s", "");
	m->schema->unseen = MLPG_UNSEEN_ZERO;
	m->schema->positive = -1;
	r->is_category = mlpg_allocate(r->host, (size_t) r->n_features, sizeof(bool));
	read_objective(r, &line[OBJECTIVE]);
	read_names(r, &line[FEATURE_NAMES]);
	read_infos(r, &line[FEATURE_INFOS]);
	m->spec.n_outputs = r->n_outputs;
	m->spec.average = line[AVERAGE_OUTPUT].number != 0;
}

/* ---------- what follows the trees ---------- */

/* [name: value] */
static void
read_parameter(Reader *r)
{
	MlpgLightgbm *m = r->result;
	const MlpgLine *line = &r->lines.line;
	const char *colon = memchr(line->key, ':', (size_t) (line->end - line->key));

	if (*line->key != '[' || line->end[-1] != ']' || colon == NULL || line->end - colon < 3)
		mlpg_lines_bad(&r->lines, line->number, "a parameter must be [name: value]");
	if (m->n_params == r->param_capacity)
	{
		size_t		capacity = (size_t) r->param_capacity * 2 + 128;

		m->param_name = mlpg_resize(r->host, m->param_name, (size_t) r->param_capacity, capacity, sizeof(char *));
		m->param_value = mlpg_resize(r->host, m->param_value, (size_t) r->param_capacity, capacity, sizeof(char *));
		r->param_capacity = (int) capacity;
	}
	m->param_name[m->n_params] = mlpg_text_copy(r->host, line->key + 1, (size_t) (colon - line->key - 1));
	m->param_value[m->n_params] = mlpg_text_copy(r->host, colon + 2, (size_t) (line->end - colon - 3));
	m->n_params++;
}

static const char *
parameter(const MlpgLightgbm *m, const char *name)
{
	for (int i = 0; i < m->n_params; i++)
		if (strcmp(m->param_name[i], name) == 0)
			return m->param_value[i];
	return NULL;
}

/* Lines up to the one given are of no meaning here, or (parameters) noted. */
static void
read_section(Reader *r, const char *last, bool parameters)
{
	while (mlpg_lines_next(&r->lines))
	{
		if (mlpg_line_is(&r->lines.line, last))
			return;
		if (parameters && !mlpg_line_is_empty(&r->lines.line))
			read_parameter(r);
	}
	if (*last != '\0')
		mlpg_lines_bad(&r->lines, r->lines.n_lines, "\"%s\" is missing", last);
}

/*
 * Which features the lists of pandas_categorical belong to: those named by the
 * parameter categorical_feature, else by feature_infos.
 */
static int
category_features(Reader *r, int *feature)
{
	const char *at = parameter(r->result, "categorical_feature");
	int			n = 0;

	if (at == NULL || *at == '\0')
	{
		for (int i = 0; i < r->n_features; i++)
			if (r->is_category[i])
				feature[n++] = i;
		return n;
	}
	while (*at >= '0' && *at <= '9' && n < r->n_features)
	{
		char	   *after;
		long		i = strtol(at, &after, 10);

		if (i >= r->n_features || (n > 0 && i <= feature[n - 1]))
			return -1;
		feature[n++] = (int) i;
		at = *after == ',' ? after + 1 : after;
	}
	return *at == '\0' ? n : -1;
}

static void
read_pandas(Reader *r)
{
	MlpgLightgbm *m = r->result;
	static const char prefix[] = "pandas_categorical:";
	const char *text = r->lines.line.key + strlen(prefix);
	MlpgPandas *pandas = mlpg_pandas_read(r->host, text, r->lines.line.end, r->lines.line.number, r->encoding);
	int		   *feature = mlpg_allocate(r->host, (size_t) r->n_features, sizeof(int));
	int			n = category_features(r, feature);

	if (r->pandas_seen)
		mlpg_lines_bad(&r->lines, r->lines.line.number, "pandas_categorical is there twice");
	r->pandas_seen = true;
	if (pandas->n == 0)
		return;
	if (n != pandas->n)
		mlpg_lines_refuse(&r->lines, "Train with categorical_feature='auto' and unordered categories.",
			   "It has %d lists of categories, but not as many categorical features; which list is whose cannot be told.", pandas->n);
	mlpg_pandas_apply(r->host, pandas, feature, m);
}

static void
read_tail(Reader *r)
{
	while (mlpg_lines_next(&r->lines))
	{
		if (mlpg_line_is_empty(&r->lines.line))
			continue;
		if (mlpg_line_is(&r->lines.line, "feature_importances:"))
			read_section(r, "", false);
		else if (mlpg_line_is(&r->lines.line, "parameters:"))
			read_section(r, "end of parameters", true);
		else if (mlpg_line_is(&r->lines.line, "parser:"))
			read_section(r, "end of parser", false);
		else if (mlpg_line_starts(&r->lines.line, "pandas_categorical:"))
			read_pandas(r);
		else
			mlpg_lines_refuse(&r->lines, NULL, "Line %d is \"%.*s\", which this mlpg does not know and which may change what the model means.", r->lines.line.number,
				   (int) (r->lines.line.end - r->lines.line.key < 60 ? r->lines.line.end - r->lines.line.key : 60), r->lines.line.key);
	}
}

/* ---------- the whole ---------- */

/* Sets name categories that there are; numbers are not asked of texts. */
static void
check_sets(Reader *r)
{
	const MlpgLightgbm *m = r->result;

	for (int t = 0; t < m->n_trees; t++)
		for (int32_t k = 0; k < m->tree[t]->n_nodes; k++)
		{
			const MlpgTreeNode *node = &m->tree[t]->node[k];
			const MlpgFeature *feature = node->left < 0 ? NULL : &m->schema->feature[node->feature];

			if (feature != NULL && feature->kind == MLPG_CATEGORY && !node->is_category)
				mlpg_lines_refuse(&r->lines, "Train with unordered categories.", "It compares the codes of feature \"%.60s\", whose values are texts.", feature->name);
			if (feature != NULL && !node->is_category && node->missing != MLPG_MISSING_NONE)
				m->schema->feature[node->feature].has_missing = true;
		}
}

MlpgLightgbm *
mlpg_lightgbm_read(MlpgHost *host, const char *text, size_t length, const char *encoding)
{
	MlpgLightgbm *m = mlpg_allocate(host, 1, sizeof(MlpgLightgbm));
	Reader		r = {.host = host, .lines = {.host = host, .at = text, .end = text + length}, .result = m, .encoding = encoding};
	double		largest = 0;

	if (strlen(text) != length)
		mlpg_lines_bad(&r.lines, 1, "the text contains a zero byte");
	read_head(&r);
	while (mlpg_lines_next(&r.lines) && !mlpg_line_is(&r.lines.line, "end of trees"))
	{
		if (mlpg_line_is_empty(&r.lines.line))
			continue;
		if (!mlpg_line_starts(&r.lines.line, "Tree="))
			mlpg_lines_bad(&r.lines, r.lines.line.number, "\"Tree=\" or \"end of trees\" is expected");
		read_tree(&r);
	}
	if (!mlpg_line_is(&r.lines.line, "end of trees"))
		mlpg_lines_bad(&r.lines, r.lines.n_lines, "\"end of trees\" is missing");
	if (m->n_trees % r.n_outputs != 0)
		mlpg_lines_bad(&r.lines, r.lines.line.number, "%d trees for %d outputs", m->n_trees, r.n_outputs);
	read_tail(&r);
	check_sets(&r);
	if (r.some_counts && r.zero_counts)
		mlpg_lines_refuse(&r.lines, NULL, "A leaf has leaf_count=0: shares of training rows cannot be told from it.");
	m->spec.counted = !r.zero_counts;
	for (int t = 0; t < m->n_trees; t++)
		for (int32_t k = 0; k < m->tree[t]->n_nodes; k++)
			largest = fmax(largest, fabs(m->tree[t]->node[k].value));
	if (!(largest * m->n_trees <= MLPG_FOREST_SCORE_MAX))
		mlpg_lines_bad(&r.lines, r.lines.n_lines, "leaf values are too large");
	return m;
}
