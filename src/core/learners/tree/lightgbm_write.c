/*-------------------------------------------------------------------------
 *
 * lightgbm_write.c
 *	  Models to LightGBM's text format, and imported texts to models.
 *
 * The text is what LightGBM 4 writes (gbdt_model_text.cpp, version v4) and reads
 * again.  Numbers are the shortest that read back as the same double.  What
 * differs from the model:
 *
 *	 base		LightGBM has no score before the first tree: it is added to the
 *				leaves of the first tree of each output, so raw scores
 *				agree to the last bits but not in them
 *	 names		blanks become _, as in LightGBM's Python package
 *	 categories are the lists of pandas_categorical, in our code order
 *	 objective	the one whose predictions are ours; a loss that LightGBM lacks
 *				(expectile, linex) is written as regression
 *
 * A text cannot hold several quantile levels, an offset, or the shares of classes in
 * a forest of more than two: refused.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/lightgbm_pandas.h"

#include <stdio.h>

typedef struct Out
{
	MlpgHost   *host;
	MlpgWriter *w;
	const MlpgModel *model;
	const MlpgForest *forest;
	bool	   *in_sets;		/* n_features: categories, or numbers that nodes take as such */
} Out;

static void put(Out *out, const char *format, ...) MLPG_PRINTF(2, 3);

static void
put(Out *out, const char *format, ...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = mlpg_text_list(out->host, format, arguments);
	va_end(arguments);
	mlpg_write_bytes(out->w, text, strlen(text));
	mlpg_release(out->host, text);
}

static void
put_number(Out *out, double value)
{
	char	   *text = mlpg_number_text(out->host, value);

	mlpg_write_bytes(out->w, text, strlen(text));
	mlpg_release(out->host, text);
}

/* ---------- trees ---------- */

/* Positions of a tree's inner nodes and leaves in LightGBM's two lists. */
static int32_t *
number_nodes(MlpgHost *host, const MlpgTree *tree)
{
	int32_t    *place = mlpg_allocate(host, (size_t) tree->n_nodes, sizeof(int32_t));
	int32_t		n_splits = 0,
				n_leaves = 0;

	for (int32_t k = 0; k < tree->n_nodes; k++)
		place[k] = tree->node[k].left < 0 ? -1 - n_leaves++ : n_splits++;
	return place;
}

typedef enum Field
{
	SPLIT_FEATURE, SPLIT_GAIN, THRESHOLD, DECISION_TYPE, LEFT_CHILD, RIGHT_CHILD,
	LEAF_VALUE, LEAF_WEIGHT, LEAF_COUNT, INTERNAL_VALUE, INTERNAL_WEIGHT, INTERNAL_COUNT
} Field;

static int
decision_of(const MlpgTreeNode *node)
{
	return node->is_category ? 1 : (node->missing_left ? 2 : 0) | (int) node->missing << 2;
}

static double
field_of(const MlpgTreeNode *node, const int32_t *place, Field field, int32_t set)
{
	switch (field)
	{
		case SPLIT_FEATURE:
			return node->feature;
		case SPLIT_GAIN:
			return node->gain;
		case THRESHOLD:
			return node->is_category ? set : node->threshold;
		case DECISION_TYPE:
			return decision_of(node);
		case LEFT_CHILD:
			return place[node->left];
		case RIGHT_CHILD:
			return place[node->right];
		case LEAF_VALUE:
		case INTERNAL_VALUE:
			return node->value;
		case LEAF_WEIGHT:
		case INTERNAL_WEIGHT:
			return node->weight;
		default:
			return (double) node->count;
	}
}

static void
put_field(Out *out, const MlpgTree *tree, const int32_t *place, const char *name, Field field)
{
	bool		of_leaves = field == LEAF_VALUE || field == LEAF_WEIGHT || field == LEAF_COUNT;
	int32_t		set = 0;
	bool		first = true;

	put(out, "%s=", name);
	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgTreeNode *node = &tree->node[k];

		if ((node->left < 0) != of_leaves)
			continue;
		if (!first)
			mlpg_write_u8(out->w, ' ');
		first = false;
		put_number(out, field_of(node, place, field, set));
		set += node->is_category;
	}
	mlpg_write_u8(out->w, '\n');
}

static int32_t
count_sets(const MlpgTree *tree)
{
	int32_t		n = 0;

	for (int32_t k = 0; k < tree->n_nodes; k++)
		n += tree->node[k].is_category;
	return n;
}

/* LightGBM wants a word in each set, also where nothing goes left. */
static void
put_sets(Out *out, const MlpgTree *tree)
{
	int32_t		at = 0;

	put(out, "cat_boundaries=0");
	for (int32_t k = 0; k < tree->n_nodes; k++)
		if (tree->node[k].is_category)
		{
			at += tree->node[k].n_words > 0 ? tree->node[k].n_words : 1;
			put(out, " %d", at);
		}
	put(out, "\ncat_threshold=");
	at = 0;
	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgTreeNode *node = &tree->node[k];

		if (!node->is_category)
			continue;
		if (node->n_words == 0)
			put(out, at++ == 0 ? "0" : " 0");
		for (int32_t w = 0; w < node->n_words; w++)
			put(out, at++ == 0 ? "%u" : " %u", tree->word[node->first_word + w]);
	}
	put(out, "\n");
}

static void
put_tree(Out *out, const MlpgTree *tree, int index, double shrinkage)
{
	int32_t    *place = number_nodes(out->host, tree);
	int32_t		n_sets = count_sets(tree);

	put(out, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", index, (tree->n_nodes + 1) / 2, n_sets);
	put_field(out, tree, place, "split_feature", SPLIT_FEATURE);
	put_field(out, tree, place, "split_gain", SPLIT_GAIN);
	put_field(out, tree, place, "threshold", THRESHOLD);
	put_field(out, tree, place, "decision_type", DECISION_TYPE);
	put_field(out, tree, place, "left_child", LEFT_CHILD);
	put_field(out, tree, place, "right_child", RIGHT_CHILD);
	put_field(out, tree, place, "leaf_value", LEAF_VALUE);
	put_field(out, tree, place, "leaf_weight", LEAF_WEIGHT);
	if (out->forest->spec.counted)
		put_field(out, tree, place, "leaf_count", LEAF_COUNT);
	put_field(out, tree, place, "internal_value", INTERNAL_VALUE);
	put_field(out, tree, place, "internal_weight", INTERNAL_WEIGHT);
	if (out->forest->spec.counted)
		put_field(out, tree, place, "internal_count", INTERNAL_COUNT);
	if (n_sets > 0)
		put_sets(out, tree);
	put(out, "is_linear=0\nshrinkage=");
	put_number(out, shrinkage);
	put(out, "\n\n\n");
	mlpg_release(out->host, place);
}

static void
release_tree(MlpgHost *host, MlpgTree *tree)
{
	mlpg_release(host, tree->node);
	mlpg_release(host, tree->word);
	mlpg_release(host, tree);
}

/* Weights of inner nodes are those of their leaves together; base goes into every node of an output's first tree. */
static void
prepare_tree(MlpgTree *tree, double base)
{
	for (int32_t k = tree->n_nodes - 1; k >= 0; k--)
	{
		MlpgTreeNode *node = &tree->node[k];

		if (node->left >= 0)
			node->weight = tree->node[node->left].weight + tree->node[node->right].weight;
		node->value += base;
	}
}

static double
shrinkage_of(const MlpgModel *model)
{
	return mlpg_params_find(model->params, "learning_rate") < 0 ? 1 : mlpg_params_real(model->params, "learning_rate");
}

/* The trees, into a writer of their own, and how long each is. */
static MlpgWriter *
put_trees(Out *out, size_t *size)
{
	MlpgHost   *host = out->host;
	MlpgWriter *head = out->w;
	const MlpgForestSpec *spec = &out->forest->spec;
	double		shrinkage = shrinkage_of(out->model);
	MlpgWriter *trees = mlpg_writer_create(host, 0);

	out->w = trees;
	for (int t = 0; t < out->forest->n_trees; t++)
	{
		MlpgTree   *tree = mlpg_forest_tree(host, out->forest, t);
		size_t		start = trees->length;

		mlpg_check(host, NULL, 0, 0);
		prepare_tree(tree, t < spec->n_outputs ? spec->base[tree->output] : 0);
		put_tree(out, tree, t, shrinkage);
		size[t] = trees->length - start;
		for (int32_t k = 0; k < tree->n_nodes; k++)
			if (tree->node[k].is_category)
				out->in_sets[tree->node[k].feature] = true;
		release_tree(host, tree);
	}
	out->w = head;
	return trees;
}

/* A forest without trees is one leaf an output. */
static MlpgWriter *
put_bases(Out *out, size_t *size)
{
	MlpgWriter *head = out->w;
	MlpgWriter *trees = mlpg_writer_create(out->host, 0);

	out->w = trees;
	for (int o = 0; o < out->forest->spec.n_outputs; o++)
	{
		MlpgTreeNode leaf = {.left = -1,.right = -1,.feature = -1,.value = out->forest->spec.base[o]};
		MlpgTree	tree = {.output = o,.n_nodes = 1,.node = &leaf};
		size_t		start = trees->length;

		put_tree(out, &tree, o, 1);
		size[o] = trees->length - start;
	}
	out->w = head;
	return trees;
}

/* ---------- head and tail ---------- */

/* LightGBM's name of a loss whose predictions are the raw scores, or their exponentials. */
static const char *
objective_of_loss(const MlpgModel *model, const char *otherwise)
{
	static const char *const names[][2] = {
		{"absolute", "regression_l1"}, {"huber", "huber"}, {"quantile", "quantile"}, {"newsvendor", "quantile"},
		{"poisson", "poisson"}, {"gamma", "gamma"}, {"tweedie", "tweedie"}
	};
	const char *loss = mlpg_fact_find(model->facts, "loss");

	for (size_t i = 0; loss != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], loss) == 0)
			return names[i][1];
	return otherwise;
}

static const char *
put_objective(Out *out)
{
	const MlpgForestSpec *spec = &out->forest->spec;
	const char *name;

	if (spec->link == MLPG_LINK_SOFTMAX)
		put(out, "objective=%s num_class:%d\n", name = "multiclass", spec->n_outputs);
	else if (spec->link == MLPG_LINK_SIGMOID && spec->n_outputs > 1)
		put(out, "objective=%s num_class:%d sigmoid:%s\n", name = "multiclassova", spec->n_outputs, mlpg_number_text(out->host, spec->factor));
	else if (spec->link == MLPG_LINK_SIGMOID && (out->model->schema->classes != NULL || spec->factor != 1))
		put(out, "objective=%s sigmoid:%s\n", name = "binary", mlpg_number_text(out->host, spec->factor));
	else if (spec->link == MLPG_LINK_SIGMOID)
		put(out, "objective=%s\n", name = "cross_entropy");
	else
		put(out, "objective=%s\n", name = objective_of_loss(out->model, spec->link == MLPG_LINK_EXP ? "poisson" : "regression"));
	return name;
}

static void
put_name(Out *out, int i)
{
	for (const char *c = out->model->schema->feature[i].name; *c != '\0'; c++)
		mlpg_write_u8(out->w, *c == ' ' || *c == '\t' || *c == '\n' || *c == '\r' ? '_' : (uint8_t) *c);
}

static void
put_names(Out *out)
{
	const MlpgSchema *schema = out->model->schema;

	put(out, "feature_names=");
	for (int i = 0; i < schema->n_features; i++)
	{
		if (i > 0)
			mlpg_write_u8(out->w, ' ');
		put_name(out, i);
	}
	put(out, "\nfeature_infos=");
	for (int i = 0; i < schema->n_features; i++)
	{
		const MlpgFeature *feature = &schema->feature[i];

		if (i > 0)
			mlpg_write_u8(out->w, ' ');
		if (feature->kind == MLPG_CATEGORY && feature->dictionary->n > 1)
			for (int32_t k = 0; k < feature->dictionary->n; k++)
				put(out, k == 0 ? "%d" : ":%d", k);
		else if (out->in_sets[i])
			put(out, "0:1");
		else if (feature->constant || feature->kind == MLPG_CATEGORY)
			put(out, "none");
		else
			put(out, "[%s:%s]", mlpg_number_text(out->host, feature->minimum), mlpg_number_text(out->host, feature->maximum));
	}
	put(out, "\n");
}

static void
put_importances(Out *out)
{
	int			n = out->forest->n_features;
	double	   *splits = mlpg_allocate(out->host, (size_t) n + 1, sizeof(double));
	double	   *gain = mlpg_allocate(out->host, (size_t) n + 1, sizeof(double));

	mlpg_forest_importance(out->forest, splits, gain);
	put(out, "end of trees\n\nfeature_importances:\n");
	for (int i = 0; i < n; i++)
		if (splits[i] > 0)
		{
			put_name(out, i);
			put(out, "=%.0f\n", splits[i]);
		}
}

/*
 * Parameters that LightGBM has too, and the categorical features: those of texts,
 * whose lists follow, or, where there are none, those of numbers.
 */
static void
put_parameters(Out *out, const char *objective)
{
	static const char *const names[] = {"num_iterations", "learning_rate", "num_leaves", "max_depth", "min_data_in_leaf",
	"min_sum_hessian_in_leaf", "lambda_l1", "lambda_l2", "min_gain_to_split", "feature_fraction", "bagging_fraction", "bagging_freq", "max_bin"};
	const MlpgSchema *schema = out->model->schema;
	bool		texts = false;
	const MlpgParams *params = out->model->params;
	bool		first = true;

	put(out, "\nparameters:\n[boosting: %s]\n[objective: %s]\n", out->forest->spec.average || out->forest->spec.mean ? "rf" : "gbdt", objective);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mlpg_params_find(params, names[i]) >= 0 && mlpg_params_value(params, names[i])->text != NULL)
			put(out, "[%s: %s]\n", names[i], mlpg_params_value(params, names[i])->text);
	put(out, "[categorical_feature: ");
	for (int i = 0; i < schema->n_features; i++)
		texts |= schema->feature[i].kind == MLPG_CATEGORY;
	for (int i = 0; i < schema->n_features; i++)
		if (texts ? schema->feature[i].kind == MLPG_CATEGORY : out->in_sets[i])
		{
			put(out, first ? "%d" : ",%d", i);
			first = false;
		}
	put(out, "]\n\nend of parameters\n");
}

static void
put_categories(Out *out)
{
	const MlpgSchema *schema = out->model->schema;
	int			n = 0;

	put(out, "\npandas_categorical:");
	for (int i = 0; i < schema->n_features; i++)
	{
		const MlpgDictionary *dictionary = schema->feature[i].dictionary;

		if (schema->feature[i].kind != MLPG_CATEGORY)
			continue;
		put(out, n++ == 0 ? "[[" : ", [");
		for (int32_t k = 0; k < dictionary->n; k++)
		{
			if (k > 0)
				put(out, ", ");
			mlpg_pandas_write_text(out->w, dictionary->text[k], dictionary->length[k]);
		}
		put(out, "]");
	}
	put(out, n == 0 ? "null\n" : "]\n");
}

static void
check_writable(Out *out)
{
	const MlpgForestSpec *spec = &out->forest->spec;
	const char *offset = out->model->schema->offset;

	if (spec->levels != NULL && spec->n_outputs > 1)
		mlpg_raise(out->host, MLPG_NOT_SUPPORTED,
				   mlpg_text(out->host, "The model has %d quantile levels, LightGBM's format has one a model.", spec->n_outputs),
				   "Train one model a level.", "model cannot be written in LightGBM's format");
	if (spec->link == MLPG_LINK_SHARE)
		mlpg_raise(out->host, MLPG_NOT_SUPPORTED, "Its probabilities are means of the shares in leaves, for which LightGBM's format has no objective.", NULL,
				   "model cannot be written in LightGBM's format");
	if (out->forest->kept != NULL)
		mlpg_raise(out->host, MLPG_NOT_SUPPORTED, "LightGBM's format has no place for the targets that leaves keep.",
				   "Train without quantiles.", "model cannot be written in LightGBM's format");
	if (spec->link == MLPG_LINK_SHARE)
		mlpg_raise(out->host, MLPG_NOT_SUPPORTED, "LightGBM has no objective that divides the means of classes by their sum.", NULL,
				   "model cannot be written in LightGBM's format");
	if (offset != NULL)
		mlpg_raise(out->host, MLPG_NOT_SUPPORTED,
				   mlpg_text(out->host, "Its predictions start from column \"%s\", for which LightGBM's format has no place.", offset),
				   NULL, "model cannot be written in LightGBM's format");
}

MlpgWriter *
mlpg_lightgbm_write(MlpgHost *host, const MlpgModel *model)
{
	const MlpgForest *forest = model->learner->forest ? model->learner->forest(model) : NULL;
	Out			out = {.host = host,.model = model,.forest = forest,.w = mlpg_writer_create(host, 0)};
	MlpgWriter *trees;
	const char *objective;
	int			n_trees;
	size_t	   *size;

	if (forest == NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "The model was fitted by learner \"%s\".", model->learner->name),
				   NULL, "model has no trees");
	check_writable(&out);
	n_trees = forest->n_trees > 0 ? forest->n_trees : forest->spec.n_outputs;
	size = mlpg_allocate(host, (size_t) n_trees, sizeof(size_t));
	out.in_sets = mlpg_allocate(host, (size_t) forest->n_features + 1, sizeof(bool));
	trees = forest->n_trees > 0 ? put_trees(&out, size) : put_bases(&out, size);
	put(&out, "tree\nversion=v4\nnum_class=%d\nnum_tree_per_iteration=%d\nlabel_index=0\nmax_feature_idx=%d\n",
		forest->spec.n_outputs, forest->spec.n_outputs, forest->n_features - 1);
	objective = put_objective(&out);
	if (forest->spec.average || forest->spec.mean)
		put(&out, "average_output\n");
	put_names(&out);
	put(&out, "tree_sizes=");
	for (int t = 0; t < n_trees; t++)
		put(&out, t == 0 ? "%zu" : " %zu", size[t]);
	put(&out, "\n\n");
	mlpg_write_bytes(out.w, trees->data, trees->length);
	put_importances(&out);
	put_parameters(&out, objective);
	put_categories(&out);
	mlpg_write_u8(out.w, 0);
	out.w->length--;
	return out.w;
}

/* ---------- import ---------- */

/* LightGBM's objective as our loss, where we have it. */
static const char *
loss_of_objective(const char *objective)
{
	static const char *const names[][2] = {
		{"regression", "squared"}, {"regression_l1", "absolute"}, {"huber", "huber"}, {"quantile", "quantile"},
		{"poisson", "poisson"}, {"gamma", "gamma"}, {"tweedie", "tweedie"}, {"binary", "logistic"}, {"multiclass", "softmax"}
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], objective) == 0)
			return names[i][1];
	return NULL;
}

static const char *
imported_value(const MlpgLightgbm *m, const char *name)
{
	static const char *const other[][2] = {{"early_stopping_rounds", "early_stopping_round"}, {"power", "tweedie_variance_power"}};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strcmp(other[i][0], name) == 0)
			name = other[i][1];
	for (int i = 0; i < m->n_params; i++)
		if (strcmp(m->param_name[i], name) == 0)
			return m->param_value[i];
	return NULL;
}

/* A parameter of the training, where we have it and the value is one of ours: for the record only. */
static void
set_parameter(MlpgHost *host, MlpgParams *params, const MlpgParamSpec *spec, const char *value)
{
	const char *at = value;
	double		number;
	bool		is_number = mlpg_params_number(&at, &number) && *at == '\0';

	if (spec->type == MLPG_PARAM_BOOLEAN && is_number && (number == 0 || number == 1))
		mlpg_params_set(host, params, spec->name, number == 1 ? "true" : "false");
	else if ((spec->type == MLPG_PARAM_INTEGER || spec->type == MLPG_PARAM_REAL) && is_number &&
			 (spec->open ? number > spec->minimum && number < spec->maximum : number >= spec->minimum && number <= spec->maximum) &&
			 (spec->type == MLPG_PARAM_REAL || number == floor(number)))
		mlpg_params_set(host, params, spec->name, mlpg_number_text(host, number));
}

static MlpgParams *
imported_params(MlpgHost *host, const MlpgLearner *learner, const MlpgLightgbm *m)
{
	MlpgParams *params = mlpg_params_create(host, learner->name, learner->params, learner->n_params);
	const char *loss = loss_of_objective(m->objective);

	for (int i = 0; i < learner->n_params; i++)
	{
		const MlpgParamSpec *spec = &learner->params[i];
		const char *value = imported_value(m, spec->name);
		bool		meant = (strcmp(spec->name, "alpha") != 0 || strcmp(m->objective, "huber") == 0) &&
			(strcmp(spec->name, "power") != 0 || strcmp(m->objective, "tweedie") == 0) &&
			(strcmp(spec->name, "poisson_max_delta_step") != 0 || strcmp(m->objective, "poisson") == 0);

		if (strcmp(spec->name, "loss") == 0 && loss != NULL)
			mlpg_params_set(host, params, "loss", loss);
		else if (value != NULL && meant)
			set_parameter(host, params, spec, value);
	}
	return params;
}

/* The level of a quantile model, where the parameters tell it. */
static void
set_level(MlpgHost *host, MlpgLightgbm *m, MlpgParams *params)
{
	const char *alpha = strcmp(m->objective, "quantile") == 0 ? imported_value(m, "alpha") : NULL;
	double	   *level;

	if (alpha == NULL)
		return;
	level = mlpg_allocate(host, 1, sizeof(double));
	if (!mlpg_params_number(&alpha, level) || *alpha != '\0' || !(*level > 0 && *level < 1))
		return;
	m->spec.levels = level;
	if (mlpg_params_find(params, "quantile") >= 0)
		mlpg_params_set(host, params, "quantile", mlpg_number_text(host, *level));
}

MlpgWriter *
mlpg_lightgbm_import(MlpgHost *host, const char *text, size_t length, const char *encoding)
{
	MlpgLightgbm *m = mlpg_lightgbm_read(host, text, length, encoding);
	const MlpgLearner *learner = m->spec.average ? mlpg_learner_find("random_forest") : NULL;
	MlpgFacts  *facts = mlpg_facts_create(host);
	MlpgWriter *payload = mlpg_writer_create(host, 4);
	MlpgParams *params;

	if (learner == NULL)
		learner = mlpg_learner_require(host, "boosted_trees");
	params = imported_params(host, learner, m);
	set_level(host, m, params);
	mlpg_fact(host, facts, "text_encoding", "%s", encoding);
	mlpg_fact(host, facts, "imported_from", "LightGBM, format %s, objective %s", m->version, m->objective);
	if (loss_of_objective(m->objective) != NULL)
		mlpg_fact(host, facts, "loss", "%s", loss_of_objective(m->objective));
	mlpg_fact(host, facts, "trees", "%d", m->n_trees);
	mlpg_forest_write(payload, &m->spec, (const MlpgTree *const *) m->tree, m->n_trees);
	return mlpg_container_write(host, mlpg_learner_id(learner), learner->payload_version, m->schema, params, facts, payload);
}
