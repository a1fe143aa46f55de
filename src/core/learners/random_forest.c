/*-------------------------------------------------------------------------
 *
 * random_forest.c
 *	  Random forests (Breiman 2001) on the bins of boosted trees.
 *
 * Each tree is grown on a share of the rows, nearly as far as it goes, and each of its
 * nodes chooses among a few features drawn at random; the prediction is the
 * mean over the trees.  So trees err differently, and their mean errs less.
 *
 * Splits minimise the squared error.  A leaf answers the mean of its rows' targets.  With
 * classes the target of a tree is 1 where the row is of its class and 0 elsewhere: then
 * the squared error is n p (1 - p), half the Gini index, and the answer the share of the class.  Two
 * classes have one tree an iteration; more have one each, and their means are divided by
 * their sum.
 *
 * Rows are drawn without replacement: a row is in the bag of a tree when a hash of what it
 * holds and of the tree's number is below the share, 0.632 as in a bootstrap.  The others, out of
 * the bag, tell how good the forest is (tree/out_of_bag.c).
 *
 * Quantiles (Meinshausen 2006): leaves also keep the targets of their rows, at most 64 each, those
 * of smallest hash; a row's distribution is the mean over the trees of the
 * distributions in its leaves (tree/kept.c).
 *
 * NULL: missing values go to the side where they gain most; categories that training did not see go right, with the
 * missing ones.  Weights are importance weights.
 *
 * Memory: see check_memory.  Cost: tree/deep.c.  Determinism: order-free.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/class_weights.h"
#include "core/learners/training.h"
#include "core/learners/tree/deep.h"
#include "core/learners/tree/frame.h"
#include "core/learners/tree/kept.h"
#include "core/learners/tree/out_of_bag.h"
#include "core/learners/tree/shap.h"
#include "core/math/fixed.h"
#include "core/matrix/sample.h"

/* rows over min_data_in_leaf, of all trees together, unless told otherwise; where leaves keep targets */
#define LEAVES_AT_DEFAULT 5000000
#define KEEPING_LEAVES_AT_DEFAULT 500000
#define SUM_ROOM 0x1p30			/* of the integers of all cells */
#define TASK_ROWS 4096
#define TASK_NODES 4096

static const MlpgParamSpec params[] = {
	{"num_iterations", MLPG_PARAM_INTEGER, "100", 1, 100000, false, NULL, "trees; with more than two classes, of each class", NULL},
	{"bagging_fraction", MLPG_PARAM_REAL, "0.632", 0.001, 1, false, NULL, "share of the rows drawn for each tree", NULL},
	{"feature_fraction_bynode", MLPG_PARAM_REAL, NULL, 0.001, 1, false, NULL, "share of the features drawn for each node", NULL},
	{"feature_fraction", MLPG_PARAM_REAL, "1", 0.001, 1, false, NULL, "share of the features drawn for each tree", NULL},
	{"num_leaves", MLPG_PARAM_INTEGER, NULL, 2, 2147483647, false, NULL, "most leaves of a tree; unset: any number", NULL},
	{"max_depth", MLPG_PARAM_INTEGER, "-1", -1, 1000000, false, NULL, "deepest level of a leaf; -1 or 0: any", NULL},
	{"min_data_in_leaf", MLPG_PARAM_INTEGER, NULL, 1, 2147483647, false, NULL, "fewest rows of a leaf", NULL},
	{"min_gain_to_split", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "gain that a split must exceed", NULL},
	MLPG_TREE_PARAMS,
	{"quantile", MLPG_PARAM_REALS, NULL, 0, 1, true, NULL, "levels to answer, the first by predict; unset: the mean", NULL},
	MLPG_TREE_MONOTONE,
	MLPG_CLASS_WEIGHT,
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	const MlpgParams *params;
	MlpgTrainingRows rows;
	int			n_classes;		/* 0: regression */
	int			n_outputs;
	int			n_iterations;
	double	   *w;				/* the rows' weights times those of the classes; NULL: all 1 */
	uint64_t   *identity;
	MlpgBins   *bins;
	MlpgDeepRules rules;
	MlpgDeep   *deep;

	/* what the trees of an output are grown for */
	double	   *target;			/* n: y - centre, or 1 where y is the output's class */
	double		centre;
	MlpgFixed	fixed[2];		/* of sums of (weighted) targets and of weights */

	uint64_t	below;			/* draws of rows in the bag */
	MlpgOutOfBag *out_of_bag;	/* NULL: trees see all rows */
	MlpgTree  **tree;			/* n_iterations x n_outputs: the model */

	/* quantiles; no levels: the mean is asked for */
	MlpgLevels	levels;
	MlpgKeptDraft *kept;
} Fit;

/* ---------- parameters ---------- */

static int64_t
integer_or(const Fit *f, const char *name, int64_t otherwise)
{
	return mlpg_params_value(f->params, name)->text ? mlpg_params_integer(f->params, name) : otherwise;
}

static void
read_split_rules(Fit *f, MlpgSplitRules *rules)
{
	const MlpgParams *p = f->params;
	int64_t		least = (int64_t) ((double) f->t->n_rows * f->n_iterations * f->n_outputs /
								   (f->levels.n > 0 ? KEEPING_LEAVES_AT_DEFAULT : LEAVES_AT_DEFAULT));

	rules->min_data_in_leaf = integer_or(f, "min_data_in_leaf", least > 1 ? least : 1);
	mlpg_tree_read_rules(p, rules);
}

static void
read_rules(Fit *f)
{
	MlpgDeepRules *rules = &f->rules;
	const MlpgParamValue *monotone = mlpg_params_value(f->params, "monotone_constraints");

	read_split_rules(f, &rules->split);
	rules->num_leaves = integer_or(f, "num_leaves", 0);
	rules->max_depth = (int) mlpg_params_integer(f->params, "max_depth");
	rules->feature_fraction = mlpg_params_real(f->params, "feature_fraction");
	rules->seed = f->t->plan->seed;
	if (monotone->text && f->n_outputs > 1)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "monotone_constraints needs numbers or two classes");
	if (monotone->text)
		rules->monotone = mlpg_monotone_read(f->host, f->t->schema, monotone->text);
}

static void
read_levels(Fit *f)
{
	const MlpgParamValue *asked = mlpg_params_value(f->params, "quantile");

	if (asked->n_numbers == 0)
		return;
	if (f->n_classes > 0)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "quantiles are of numbers, not of classes");
	if (f->n_iterations > MLPG_KEPT_TREES_MAX)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "with quantiles num_iterations is at most %d", MLPG_KEPT_TREES_MAX);
	f->levels = mlpg_levels_read(f->host, asked->numbers, asked->n_numbers);
}

/* Breiman's: a third of the features, with classes the square root of their number. */
static void
set_features_by_node(Fit *f)
{
	double		n = f->bins->n_used > 0 ? f->bins->n_used : 1;

	if (mlpg_params_value(f->params, "feature_fraction_bynode")->text)
		f->rules.feature_fraction_bynode = mlpg_params_real(f->params, "feature_fraction_bynode");
	else
		f->rules.feature_fraction_bynode = f->n_classes > 0 ? sqrt(n) / n : 1.0 / 3;
}

/* ---------- rows ---------- */

static void
weigh_classes(Fit *f)
{
	const MlpgTrainingRows *r = &f->rows;
	const char *asked = mlpg_params_value(f->params, "class_weight")->text;

	f->w = r->w;
	if (asked == NULL)
		return;
	if (f->n_classes == 0)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "class_weight needs a classification");
	if (r->w)
	{
		f->w = mlpg_allocate(f->host, (size_t) r->n, sizeof(double));
		memcpy(f->w, r->w, (size_t) r->n * sizeof(double));
	}
	f->w = mlpg_class_weigh(f->host, f->w, r->y, r->n, mlpg_class_weights(f->host, asked, r->y, r->n, f->n_classes));
}

static void
read_rows(Fit *f)
{
	mlpg_training_read(f->t, &f->rows);
	weigh_classes(f);
	f->identity = mlpg_sample_identify(f->host, f->t->matrix, f->t->plan->seed);
	f->below = mlpg_sample_threshold(mlpg_params_real(f->params, "bagging_fraction"));
}

/* ---------- memory ---------- */

static bool
draws_rows(const Fit *f)
{
	return mlpg_params_real(f->params, "bagging_fraction") < 1;
}

/* Rows in a bag are at most these: the share, and six standard deviations. */
static int64_t
most_rows(const Fit *f)
{
	double		share = mlpg_params_real(f->params, "bagging_fraction");
	double		n = share * (double) f->rows.n + 6 * sqrt(share * (1 - share) * (double) f->rows.n) + 1;

	return n < (double) f->rows.n ? (int64_t) n : f->rows.n;
}

/* A row: the grower's 16 bytes and the target; out of the bag 8 an output and 8; ranks and draws of kept targets. */
static void
check_memory(const Fit *f)
{
	MlpgHost   *host = f->host;
	size_t		a_row = sizeof(double) + (draws_rows(f) ? mlpg_out_of_bag_row_size(f->n_outputs) : 0) +
		(f->levels.n > 0 ? mlpg_kept_row_size(f->w != NULL) : 0);
	size_t		needed = mlpg_size_add(host, mlpg_deep_size(host, f->bins, &f->rules, most_rows(f)),
									   mlpg_size_multiply(host, (size_t) f->rows.n, a_row));

	mlpg_tree_check_memory(f->t, needed, "Raise mlpg.max_memory, raise min_data_in_leaf, or train on fewer rows or columns.");
}

static void
create(Fit *f)
{
	MlpgHost   *host = f->host;
	size_t		trees = mlpg_size_multiply(host, (size_t) f->n_iterations, (size_t) f->n_outputs);

	f->deep = mlpg_deep_create(host, f->bins, &f->rules, most_rows(f));
	f->deep->target = f->target = mlpg_allocate(host, (size_t) f->rows.n, sizeof(double));
	f->tree = mlpg_allocate(host, trees, sizeof(MlpgTree *));
	if (f->levels.n > 0)
	{
		f->kept = mlpg_kept_begin(host, f->rows.y, f->w, f->identity, f->rows.n);
		f->kept->levels = f->levels.level;
		f->kept->n_levels = f->levels.n;
		f->kept->main_level = f->levels.main;
	}
	if (draws_rows(f))
		f->out_of_bag = mlpg_out_of_bag_create(host, &f->rows, f->n_classes, f->n_outputs, f->n_iterations);
}

/* ---------- targets and cells ---------- */

/* |w * target| of rows, for a scale. */
static void
target_terms(const void *argument, int64_t first, int n, double *out)
{
	const Fit  *f = argument;

	for (int i = 0; i < n; i++)
		out[i] = fabs(f->target[first + i]) * (f->w ? f->w[first + i] : 1);
}

/* The power of two by which a sum is brought to at most SUM_ROOM; its inverse is the unit. */
static double
scale_of(double sum)
{
	int			exponent;

	frexp(SUM_ROOM / sum, &exponent);
	return ldexp(1, exponent - 1 > 1000 ? 1000 : exponent - 1 < -1000 ? -1000 : exponent - 1);
}

typedef struct Cells
{
	Fit		   *f;
	double		scale[2];		/* of targets and of weights */
} Cells;

static void
cell_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	Fit		   *f = c->f;
	int64_t		first = (int64_t) index * TASK_ROWS,
				last = first + TASK_ROWS < f->rows.n ? first + TASK_ROWS : f->rows.n;

	for (int64_t i = first; i < last; i++)
	{
		uint32_t	h = f->w ? (uint32_t) llrint(f->w[i] * c->scale[1]) : 1;
		int32_t		g = f->n_classes > 0 ? (f->target[i] > 0 ? (int32_t) h : 0)
			: (int32_t) llrint(f->target[i] * (f->w ? f->w[i] : 1) * c->scale[0]);

		f->deep->cell[i] = mlpg_cell(-g, h);
	}
}

/* Cells of all rows, and the scales of sums in leaves.  A class's cells hold the same integer twice, so that purity is exact. */
static void
make_cells(Fit *f)
{
	MlpgHost   *host = f->host;
	MlpgScales *scales = &f->deep->scales;
	Cells		c = {f, {1, 1}};
	double		sum = f->n_classes > 0 ? 0 : mlpg_total(host, target_terms, f, f->rows.n);

	if (f->w)
		c.scale[1] = scale_of(mlpg_fixed_total(host, f->w, NULL, f->rows.n));
	if (f->n_classes > 0)
		c.scale[0] = c.scale[1];
	else if (sum > 0)
		c.scale[0] = scale_of(sum);
	scales->gradient = 1 / c.scale[0];
	scales->hessian = 1 / c.scale[1];
	scales->counts = f->w == NULL;
	f->fixed[0] = mlpg_fixed_scale(mlpg_fixed_maximum(f->target, f->w, f->rows.n), f->rows.n);
	f->fixed[1] = mlpg_fixed_scale(f->w ? mlpg_fixed_maximum(f->w, NULL, f->rows.n) : 1, f->rows.n);
	host->parallel_for(host, (int) ((f->rows.n + TASK_ROWS - 1) / TASK_ROWS), cell_rows, &c);
}

/* Targets of an output; the mean is taken out of numbers, so that sums have few digits to lose. */
static void
set_targets(Fit *f, int output)
{
	if (f->n_classes == 0)
	{
		double		weight = f->w ? mlpg_fixed_total(f->host, f->w, NULL, f->rows.n) : (double) f->rows.n;

		f->centre = mlpg_fixed_total(f->host, f->rows.y, f->w, f->rows.n) / weight;
		for (int64_t i = 0; i < f->rows.n; i++)
			f->target[i] = f->rows.y[i] - f->centre;
	}
	else
		for (int64_t i = 0; i < f->rows.n; i++)
			f->target[i] = (int) f->rows.y[i] == (f->n_outputs == 1 ? 1 : output);
	make_cells(f);
}

/* ---------- the bag ---------- */

/* Ids of the rows in the bag, ascending, to the grower; the others are out of the bag. */
static void
draw_rows(Fit *f, int iteration)
{
	uint32_t   *id = f->deep->id,
			   *out = f->out_of_bag ? f->out_of_bag->id : NULL;
	int64_t		n_in = 0,
				n_out = 0;

	for (int64_t i = 0; i < f->rows.n; i++)
	{
		bool		in = out == NULL || mlpg_sample_draw(f->identity[i], MLPG_STREAM_TREE + (uint64_t) iteration) < f->below;

		id[n_in] = (uint32_t) i;
		if (out)
			out[n_out] = (uint32_t) i;
		n_in += in;
		n_out += !in;
		if (i % 100000 == 0)
			mlpg_check(f->host, NULL, 0, 0);
	}
	if (n_in == 0)				/* few rows, all of them out: a tree needs some */
	{
		for (n_in = 0; n_in < f->rows.n; n_in++)
			id[n_in] = (uint32_t) n_in;
		n_out = 0;
	}
	f->deep->n = n_in;
	if (f->out_of_bag)
		f->out_of_bag->n_rows = n_out;
}

/* ---------- answers ---------- */

static void
answer_leaves(MlpgTask *task, int index, void *argument)
{
	Fit		   *f = argument;
	MlpgDeep   *d = f->deep;
	int64_t		last = (int64_t) (index + 1) * TASK_NODES < d->n_nodes ? (int64_t) (index + 1) * TASK_NODES : d->n_nodes;

	for (int64_t k = (int64_t) index * TASK_NODES; k < last; k++)
	{
		MlpgDeepNode *node = &d->node[k];
		const uint32_t *id = d->id + node->first;
		int64_t		sum = 0,
					weight = 0;
		double		mean;

		if (node->n == 0 || node->kid > 0)
			continue;
		for (uint32_t j = 0; j < node->n; j++)
		{
			sum += mlpg_fixed_of(f->fixed[0], f->w ? f->target[id[j]] * f->w[id[j]] : f->target[id[j]]);
			if (f->w)
				weight += mlpg_fixed_of(f->fixed[1], f->w[id[j]]);
		}
		mean = mlpg_fixed_value(f->fixed[0], sum) / (f->w ? mlpg_fixed_value(f->fixed[1], weight) : (double) node->n);
		if (isnan(mean))
			mean = 0;			/* no row has a weight */
		mean = mean < node->u.open.lower ? node->u.open.lower : mean > node->u.open.upper ? node->u.open.upper : mean;
		node->answer = f->centre + mean;
	}
}

/* ---------- the forest ---------- */

/* After the first iteration: would all of them fit into a model, and into memory? */
static void
check_size(const Fit *f)
{
	MlpgHost   *host = f->host;
	int64_t		n_nodes = 0;
	int64_t		n_trees = (int64_t) f->n_iterations * f->n_outputs;
	size_t		bytes,
				needed;

	for (int k = 0; k < f->n_outputs; k++)
		n_nodes += f->tree[k]->n_nodes;
	bytes = mlpg_forest_size(f->n_outputs, n_trees, n_nodes * f->n_iterations, 0) +
		(f->kept ? mlpg_kept_size(f->kept) * (size_t) f->n_iterations : 0);
	if (bytes > MLPG_MODEL_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "%lld trees of about %lld nodes would have %zu MB; a model has at most %zu MB.", (long long) n_trees,
							 (long long) (n_nodes / f->n_outputs), bytes >> 20, MLPG_MODEL_MAX >> 20),
				   mlpg_text(host, "Raise min_data_in_leaf (it was %lld), or lower num_iterations or num_leaves.",
							 (long long) f->rules.split.min_data_in_leaf),
				   "the random forest would be too large");
	needed = mlpg_size_add(host, (size_t) (n_nodes * (f->n_iterations - 1)) * sizeof(MlpgTreeNode), 3 * bytes);
	if (host->budget > 0 && mlpg_size_add(host, host->in_use, needed) > host->budget)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "%lld trees of about %lld nodes need %zu MB beside the %zu MB in use; mlpg.max_memory is %zu MB.", (long long) n_trees,
							 (long long) (n_nodes / f->n_outputs), needed >> 20, host->in_use >> 20, host->budget >> 20),
				   mlpg_text(host, "Raise mlpg.max_memory or min_data_in_leaf (it was %lld), or lower num_iterations or num_leaves.",
							 (long long) f->rules.split.min_data_in_leaf),
				   "a random forest needs more memory than allowed");
}

/* Targets of the rows of each leaf, in the order in which the tree's nodes are stored. */
static void
keep_targets(Fit *f, const MlpgTree *tree, int iteration)
{
	const MlpgDeep *d = f->deep;

	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgDeepNode *node = &d->node[d->queue[k]];

		mlpg_kept_add(f->kept, d->id + node->first, node->kid > 0 ? 0 : node->n, (uint64_t) iteration);
		if (k % 1024 == 0)
			mlpg_check(f->host, NULL, 0, 0);
	}
}

/* A tree for one output on the rows of the bag. */
static MlpgTree *
grow_tree(Fit *f, int iteration, int output)
{
	MlpgHost   *host = f->host;
	MlpgTree   *tree;

	mlpg_deep_grow(f->deep, (uint64_t) iteration * (uint64_t) f->n_outputs + (uint64_t) output);
	host->parallel_for(host, (int) ((f->deep->n_nodes + TASK_NODES - 1) / TASK_NODES), answer_leaves, f);
	if (f->out_of_bag)
		mlpg_out_of_bag_answer(host, f->out_of_bag, f->deep, output);
	tree = mlpg_deep_tree(host, f->deep);
	tree->output = output;
	if (f->kept)
		keep_targets(f, tree, iteration);
	return tree;
}

static void
grow_forest(Fit *f)
{
	MlpgHost   *host = f->host;

	for (int i = 0; i < f->n_iterations; i++)
	{
		for (int k = 0; k < f->n_outputs; k++)
		{
			mlpg_check(host, "growing trees", (int64_t) i * f->n_outputs + k, (int64_t) f->n_iterations * f->n_outputs);
			if (f->n_outputs > 1 || i == 0)
				set_targets(f, k);
			draw_rows(f, i);
			f->tree[i * f->n_outputs + k] = grow_tree(f, i, k);
		}
		if (i == 0)
			check_size(f);
		if (f->out_of_bag)
			mlpg_out_of_bag_judge(host, f->out_of_bag, i + 1);
	}
}

static void
report(Fit *f)
{
	MlpgHost   *host = f->host;
	MlpgFacts  *facts = f->t->facts;
	int64_t		n_nodes = 0;
	int			n_trees = f->n_iterations * f->n_outputs;

	for (int i = 0; i < n_trees; i++)
		n_nodes += f->tree[i]->n_nodes;
	mlpg_fact(host, facts, "trees", "%d", n_trees);
	mlpg_fact(host, facts, "leaves_a_tree", "%lld", (long long) (n_nodes / n_trees + 1) / 2);
	mlpg_fact(host, facts, "min_data_in_leaf", "%lld", (long long) f->rules.split.min_data_in_leaf);
	if (f->out_of_bag)
		mlpg_out_of_bag_report(host, f->out_of_bag, f->n_iterations, facts);
}

static void
write_forest(Fit *f)
{
	MlpgForestSpec spec = {.n_outputs = f->n_outputs, .link = f->n_outputs > 1 ? MLPG_LINK_SHARE : MLPG_LINK_IDENTITY, .factor = 1,
	.mean = true, .counted = true};

	mlpg_forest_write(f->t->payload, &spec, (const MlpgTree *const *) f->tree, f->n_iterations * f->n_outputs);
	for (int i = 0; i < f->n_iterations * f->n_outputs; i++)	/* two and a half times the payload */
	{
		mlpg_release(f->host, f->tree[i]->node);
		mlpg_release(f->host, f->tree[i]->word);
	}
	if (f->kept)
		mlpg_kept_write(f->kept, f->t->payload);
}

static void
random_forest_fit(MlpgTraining *t)
{
	Fit			f = {.t = t, .host = t->host, .params = t->plan->params};

	t->schema->unseen = MLPG_UNSEEN_ZERO;	/* in no set: right, with the missing ones */
	f.n_classes = mlpg_schema_classes(t->schema);
	f.n_outputs = f.n_classes > 2 ? f.n_classes : 1;
	f.n_iterations = (int) mlpg_params_integer(f.params, "num_iterations");
	read_levels(&f);
	read_rules(&f);
	read_rows(&f);
	f.bins = mlpg_tree_make_bins(t, f.identity, NULL);
	set_features_by_node(&f);
	check_memory(&f);
	create(&f);
	grow_forest(&f);
	report(&f);
	write_forest(&f);
}

/* ---------- the model ---------- */

static void
random_forest_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload)
{
	mlpg_forest_open(host, model, payload);
	if (payload->at < payload->end)
		mlpg_kept_open(host, model, payload);
}

static void
random_forest_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out)
{
	if (mlpg_forest_of(model)->kept)
		mlpg_kept_predict(model, rows, n_rows, stride, out);
	else
		mlpg_forest_predict(model, rows, n_rows, stride, out);
}

static void
random_forest_hasten(MlpgHost *host, MlpgModel *model)
{
	if (mlpg_forest_of(model)->kept == NULL)
		mlpg_forest_hasten(host, model);
}

static void
random_forest_explain(MlpgHost *host, const MlpgModel *model, const double *row, double *out)
{
	if (mlpg_forest_of(model)->kept)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, "Its predictions are quantiles over all trees, which are not sums over them.",
				   "Train without quantiles to explain means.", "model cannot explain its predictions");
	mlpg_forest_explain(host, model, row, out);
}

const MlpgLearner mlpg_random_forest = {
	.name = "random_forest",
	.summary = "mean of many deep trees on random rows and features",
	.reference = "Breiman 2001; Meinshausen 2006",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_QUANTILE | MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT,
	.determinism = MLPG_ORDER_FREE,
	.loss = "squared",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_FOREST_PAYLOAD_VERSION,
	.oldest_readable = 1,
	.fit = random_forest_fit,
	.open = random_forest_open,
	.predict = random_forest_predict,
	.hasten = random_forest_hasten,
	.explain = random_forest_explain,
	.forest = mlpg_forest_of,
};
