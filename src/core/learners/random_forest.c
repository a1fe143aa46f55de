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
 * holds and of the tree's number is below the share, 0.632 as in a bootstrap.  The others are out of
 * the bag, and the mean over the trees that have not seen a row is judged against its
 * target: an honest error without a hold-out, shown by number of trees.
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
#include "core/learners/tree/constraints.h"
#include "core/learners/tree/deep.h"
#include "core/learners/tree/kept.h"
#include "core/learners/tree/shap.h"
#include "core/math/fixed.h"
#include "core/math/sort.h"
#include "core/matrix/sample.h"

/* rows over min_data_in_leaf, of all trees together, unless told otherwise; where leaves keep targets */
#define LEAVES_AT_DEFAULT 5000000
#define KEEPING_LEAVES_AT_DEFAULT 500000
#define SUM_ROOM 0x1p30			/* of the integers of all cells */
#define TASK_ROWS 4096
#define TASK_NODES 4096
#define PROBABILITY_CUT 0x1p-52 /* as log_loss cuts */

static const MlpgParamSpec params[] = {
	{"num_iterations", MLPG_PARAM_INTEGER, "100", 1, 100000, false, NULL, "trees; with more than two classes, of each class", NULL},
	{"bagging_fraction", MLPG_PARAM_REAL, "0.632", 0.001, 1, false, NULL, "share of the rows drawn for each tree", NULL},
	{"feature_fraction_bynode", MLPG_PARAM_REAL, NULL, 0.001, 1, false, NULL, "share of the features drawn for each node", NULL},
	{"feature_fraction", MLPG_PARAM_REAL, "1", 0.001, 1, false, NULL, "share of the features drawn for each tree", NULL},
	{"num_leaves", MLPG_PARAM_INTEGER, NULL, 2, 2147483647, false, NULL, "most leaves of a tree; unset: any number", NULL},
	{"max_depth", MLPG_PARAM_INTEGER, "-1", -1, 1000000, false, NULL, "deepest level of a leaf; -1 or 0: any", NULL},
	{"min_data_in_leaf", MLPG_PARAM_INTEGER, NULL, 1, 2147483647, false, NULL, "fewest rows of a leaf", NULL},
	{"min_gain_to_split", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "gain that a split must exceed", NULL},
	{"max_bin", MLPG_PARAM_INTEGER, "255", 2, 255, false, NULL, "most bins of a feature", NULL},
	{"min_data_in_bin", MLPG_PARAM_INTEGER, "3", 1, 2147483647, false, NULL, "fewest rows of a bin", NULL},
	{"zero_as_missing", MLPG_PARAM_BOOLEAN, "false", 0, 0, false, NULL, "zeros count as missing", NULL},
	{"max_cat_to_onehot", MLPG_PARAM_INTEGER, "4", 1, 255, false, NULL, "categories up to which one is split from the rest", NULL},
	{"max_cat_threshold", MLPG_PARAM_INTEGER, "32", 1, 255, false, NULL, "most categories on the smaller side of a split", NULL},
	{"cat_smooth", MLPG_PARAM_REAL, "10", 0, INFINITY, false, NULL, "pulls rare categories to the middle of the order", NULL},
	{"cat_l2", MLPG_PARAM_REAL, "10", 0, INFINITY, false, NULL, "L2 penalty by which sets of categories are compared", NULL},
	{"min_data_per_group", MLPG_PARAM_INTEGER, "100", 1, 2147483647, false, NULL, "fewest rows of a group of categories", NULL},
	{"quantile", MLPG_PARAM_REALS, NULL, 0, 1, true, NULL, "levels to answer, the first by predict; unset: the mean", NULL},
	{"monotone_constraints", MLPG_PARAM_TEXT, NULL, 0, 0, false, "an object of column names with -1, 0 or 1, as {\"price\": -1}",
	"columns whose effect only falls or rises", mlpg_monotone_is_valid},
	{"class_weight", MLPG_PARAM_TEXT, NULL, 0, 0, false, "balanced, or a list of numbers above 0, one a class in class order",
	"weights of the classes", mlpg_class_weight_is_valid},
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	const MlpgParams *params;
	int64_t		n;
	int			n_classes;		/* 0: regression */
	int			n_outputs;
	int			n_iterations;
	double	   *y;
	double	   *given_w;		/* as given; NULL: all 1 */
	double	   *w;				/* times those of the classes; NULL: all 1 */
	uint64_t   *identity;
	MlpgBins   *bins;
	MlpgDeepRules rules;
	MlpgDeep   *deep;

	/* what the trees of an output are grown for */
	double	   *target;			/* n: y - centre, or 1 where y is the output's class */
	double		centre;
	MlpgFixed	fixed[2];		/* of sums of (weighted) targets and of weights */

	/* rows out of the bag */
	uint64_t	below;			/* draws of rows in the bag */
	uint32_t   *out;			/* n */
	int64_t		n_out;
	double	   *sum;			/* n_outputs x n: answers of the trees that have not seen the row */
	uint32_t   *n_trees;		/* n: how many */

	/* the model */
	MlpgTree  **tree;			/* n_iterations x n_outputs */
	MlpgCurvePoint *point;
	int			n_points;

	/* quantiles: levels ascending; NULL: the mean is asked for */
	double	   *levels;
	int			n_levels;
	int			main_level;
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
	int64_t		least = (int64_t) ((double) f->n * f->n_iterations * f->n_outputs /
								   (f->levels ? KEEPING_LEAVES_AT_DEFAULT : LEAVES_AT_DEFAULT));

	rules->min_data_in_leaf = integer_or(f, "min_data_in_leaf", least > 1 ? least : 1);
	rules->min_gain_to_split = mlpg_params_real(p, "min_gain_to_split");
	rules->max_cat_to_onehot = (int) mlpg_params_integer(p, "max_cat_to_onehot");
	rules->max_cat_threshold = (int) mlpg_params_integer(p, "max_cat_threshold");
	rules->cat_smooth = mlpg_params_real(p, "cat_smooth");
	rules->cat_l2 = mlpg_params_real(p, "cat_l2");
	rules->min_data_per_group = mlpg_params_real(p, "min_data_per_group");
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

/* The levels asked for, ascending, each once. */
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
	f->levels = mlpg_allocate(f->host, (size_t) asked->n_numbers, sizeof(double));
	memcpy(f->levels, asked->numbers, (size_t) asked->n_numbers * sizeof(double));
	mlpg_sort(f->host, f->levels, NULL, asked->n_numbers);
	for (int i = 0; i < asked->n_numbers; i++)
	{
		if (f->n_levels == 0 || f->levels[i] > f->levels[f->n_levels - 1])
			f->levels[f->n_levels++] = f->levels[i];
		if (f->levels[f->n_levels - 1] == asked->numbers[0])
			f->main_level = f->n_levels - 1;
	}
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

static double *
read_column(const Fit *f, int column)
{
	double	   *values;

	if (column < 0)
		return NULL;
	values = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
	mlpg_matrix_read(f->t->matrix, column, 0, f->n, values);
	return values;
}

static void
weigh_classes(Fit *f)
{
	const char *asked = mlpg_params_value(f->params, "class_weight")->text;

	if (asked == NULL)
		return;
	if (f->n_classes == 0)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "class_weight needs a classification");
	if (f->given_w)
	{
		f->w = mlpg_allocate(f->host, (size_t) f->n, sizeof(double));
		memcpy(f->w, f->given_w, (size_t) f->n * sizeof(double));
	}
	f->w = mlpg_class_weigh(f->host, f->w, f->y, f->n, mlpg_class_weights(f->host, asked, f->y, f->n, f->n_classes));
}

static void
read_rows(Fit *f)
{
	const MlpgPlan *plan = f->t->plan;

	f->y = read_column(f, plan->n_features);
	f->w = f->given_w = read_column(f, mlpg_plan_weight_column(plan));
	weigh_classes(f);
	if (f->w && !(mlpg_fixed_maximum(f->w, NULL, f->n) > 0))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all rows are zero.", NULL, "no row has a weight");
	f->identity = mlpg_sample_identify(f->host, f->t->matrix, plan->seed);
	f->below = mlpg_sample_threshold(mlpg_params_real(f->params, "bagging_fraction"));
}

static void
make_bins(Fit *f)
{
	MlpgBinOptions options = {
		.max_bin = (int) mlpg_params_integer(f->params, "max_bin"),
		.min_data_in_bin = (int) mlpg_params_integer(f->params, "min_data_in_bin"),
		.zero_as_missing = mlpg_params_boolean(f->params, "zero_as_missing"),
		.identity = f->identity,
	};

	if (f->n > INT32_MAX)
		mlpg_raise(f->host, MLPG_LIMIT_EXCEEDED, NULL, "Train on a sample of the rows.", "trees take at most %d rows", INT32_MAX);
	f->bins = mlpg_bins_create(f->host, f->t->matrix, f->t->schema, &options);
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
	double		n = share * (double) f->n + 6 * sqrt(share * (1 - share) * (double) f->n) + 1;

	return n < (double) f->n ? (int64_t) n : f->n;
}

/* A row: the grower's 16 bytes and the target; out of the bag 8 an output and 8; ranks and draws of kept targets. */
static void
check_memory(const Fit *f)
{
	MlpgHost   *host = f->host;
	size_t		a_row = sizeof(double) + (draws_rows(f) ? (size_t) f->n_outputs * sizeof(double) + 2 * sizeof(uint32_t) : 0) +
		(f->levels ? mlpg_kept_row_size(f->w != NULL) : 0);
	size_t		needed = mlpg_size_add(host, mlpg_deep_size(host, f->bins, &f->rules, most_rows(f)),
									   mlpg_size_multiply(host, (size_t) f->n, a_row));

	if (host->budget > 0 && mlpg_size_add(host, host->in_use, needed) > host->budget)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "Growing trees on %lld rows needs %zu MB beside the %zu MB in use; mlpg.max_memory is %zu MB.",
							 (long long) f->n, needed >> 20, host->in_use >> 20, host->budget >> 20),
				   "Raise mlpg.max_memory, raise min_data_in_leaf, or train on fewer rows or columns.",
				   "a random forest needs more memory than allowed");
}

static void
create(Fit *f)
{
	MlpgHost   *host = f->host;
	size_t		n = (size_t) f->n;
	size_t		trees = mlpg_size_multiply(host, (size_t) f->n_iterations, (size_t) f->n_outputs);

	f->deep = mlpg_deep_create(host, f->bins, &f->rules, most_rows(f));
	f->deep->target = f->target = mlpg_allocate(host, n, sizeof(double));
	f->tree = mlpg_allocate(host, trees, sizeof(MlpgTree *));
	if (f->levels)
	{
		f->kept = mlpg_kept_begin(host, f->y, f->w, f->identity, f->n);
		f->kept->levels = f->levels;
		f->kept->n_levels = f->n_levels;
		f->kept->main_level = f->main_level;
	}
	if (!draws_rows(f))
		return;
	f->out = mlpg_allocate(host, n, sizeof(uint32_t));
	f->sum = mlpg_allocate(host, mlpg_size_multiply(host, n, (size_t) f->n_outputs), sizeof(double));
	f->n_trees = mlpg_allocate(host, n, sizeof(uint32_t));
	f->point = mlpg_allocate(host, 2 * (size_t) f->n_iterations, sizeof(MlpgCurvePoint));
}

/* ---------- targets and cells ---------- */

static inline void
task_rows(int index, int64_t n, int64_t *first, int64_t *last)
{
	*first = (int64_t) index * TASK_ROWS;
	*last = *first + TASK_ROWS < n ? *first + TASK_ROWS : n;
}

static int
n_tasks_of(int64_t n)
{
	return (int) ((n + TASK_ROWS - 1) / TASK_ROWS);
}

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
	int64_t		first,
				last;

	task_rows(index, f->n, &first, &last);
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
	double		sum = f->n_classes > 0 ? 0 : mlpg_total(host, target_terms, f, f->n);

	if (f->w)
		c.scale[1] = scale_of(mlpg_fixed_total(host, f->w, NULL, f->n));
	if (f->n_classes > 0)
		c.scale[0] = c.scale[1];
	else if (sum > 0)
		c.scale[0] = scale_of(sum);
	scales->gradient = 1 / c.scale[0];
	scales->hessian = 1 / c.scale[1];
	scales->counts = f->w == NULL;
	f->fixed[0] = mlpg_fixed_scale(mlpg_fixed_maximum(f->target, f->w, f->n), f->n);
	f->fixed[1] = mlpg_fixed_scale(f->w ? mlpg_fixed_maximum(f->w, NULL, f->n) : 1, f->n);
	host->parallel_for(host, n_tasks_of(f->n), cell_rows, &c);
}

/* Targets of an output; the mean is taken out of numbers, so that sums have few digits to lose. */
static void
set_targets(Fit *f, int output)
{
	if (f->n_classes == 0)
	{
		double		weight = f->w ? mlpg_fixed_total(f->host, f->w, NULL, f->n) : (double) f->n;

		f->centre = mlpg_fixed_total(f->host, f->y, f->w, f->n) / weight;
		for (int64_t i = 0; i < f->n; i++)
			f->target[i] = f->y[i] - f->centre;
	}
	else
		for (int64_t i = 0; i < f->n; i++)
			f->target[i] = (int) f->y[i] == (f->n_outputs == 1 ? 1 : output);
	make_cells(f);
}

/* ---------- the bag ---------- */

/* Ids of the rows in the bag, ascending, to the grower; those of the others to out. */
static void
draw_rows(Fit *f, int iteration, uint32_t *id)
{
	int64_t		n_in = 0;

	f->n_out = 0;
	for (int64_t i = 0; i < f->n; i++)
	{
		bool		in = f->out == NULL || mlpg_sample_draw(f->identity[i], MLPG_STREAM_TREE + (uint64_t) iteration) < f->below;

		id[n_in] = (uint32_t) i;
		if (f->out)
			f->out[f->n_out] = (uint32_t) i;
		n_in += in;
		f->n_out += !in;
		if (i % 100000 == 0)
			mlpg_check(f->host, NULL, 0, 0);
	}
	if (n_in == 0)				/* few rows, all of them out: a tree needs some */
	{
		for (n_in = 0; n_in < f->n; n_in++)
			id[n_in] = (uint32_t) n_in;
		f->n_out = 0;
	}
	f->deep->n = n_in;
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

typedef struct OutOfBag
{
	Fit		   *f;
	int			output;
} OutOfBag;

static void
answer_out_of_bag(MlpgTask *task, int index, void *argument)
{
	OutOfBag   *o = argument;
	Fit		   *f = o->f;
	double	   *sum = f->sum + (size_t) o->output * (size_t) f->n;
	int64_t		first,
				last;

	task_rows(index, f->n_out, &first, &last);
	for (int64_t j = first; j < last; j++)
	{
		uint32_t	i = f->out[j];

		sum[i] += mlpg_deep_leaf(f->deep, mlpg_bins_row(f->bins, i))->answer;
		f->n_trees[i] += o->output == 0;
	}
}

/* ---------- out-of-bag metrics ---------- */

/* The probability of a class among the answers for a row. */
static double
probability(const Fit *f, int64_t i, int class)
{
	double		sum = 0;

	if (f->n_outputs == 1)
	{
		double		p = f->sum[i] / f->n_trees[i];

		return class == 1 ? p : 1 - p;
	}
	for (int k = 0; k < f->n_outputs; k++)
		sum += f->sum[(int64_t) k * f->n + i];
	return sum > 0 ? f->sum[(int64_t) class * f->n + i] / sum : 1.0 / f->n_outputs;
}

/* Shares have one divisor: the largest sum has the largest. */
static int
likeliest(const Fit *f, int64_t i)
{
	int			best = 0;

	if (f->n_outputs == 1)
		return probability(f, i, 1) > 0.5;
	for (int k = 1; k < f->n_outputs; k++)
		if (f->sum[(int64_t) k * f->n + i] > f->sum[(int64_t) best * f->n + i])
			best = k;
	return best;
}

static double
weight_of(const Fit *f, int64_t i)
{
	return f->n_trees[i] == 0 ? 0 : f->given_w ? f->given_w[i] : 1;
}

static void
weight_terms(const void *argument, int64_t first, int n, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = weight_of(argument, first + i);
}

static void
square_terms(const void *argument, int64_t first, int n, double *out)
{
	const Fit  *f = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(f, first + i);
		double		e = weight > 0 ? f->sum[first + i] / f->n_trees[first + i] - f->y[first + i] : 0;

		out[i] = weight * e * e;
	}
}

static void
log_terms(const void *argument, int64_t first, int n, double *out)
{
	const Fit  *f = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(f, first + i);
		double		p = weight > 0 ? probability(f, first + i, (int) f->y[first + i]) : 1;

		out[i] = -weight * log(p < PROBABILITY_CUT ? PROBABILITY_CUT : p > 1 - PROBABILITY_CUT ? 1 - PROBABILITY_CUT : p);
	}
}

static void
error_terms(const void *argument, int64_t first, int n, double *out)
{
	const Fit  *f = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(f, first + i);

		out[i] = weight > 0 && likeliest(f, first + i) != (int) f->y[first + i] ? weight : 0;
	}
}

static void
add_point(Fit *f, const char *metric, int step, double value)
{
	MlpgCurvePoint *point = &f->point[f->n_points++];

	point->metric = metric;
	point->step = step;
	point->value = value;
}

static void
judge_out_of_bag(Fit *f, int step)
{
	MlpgHost   *host = f->host;
	double		weight = mlpg_total(host, weight_terms, f, f->n);

	if (!(weight > 0))
		return;
	if (f->n_classes == 0)
		add_point(f, "oob_rmse", step, sqrt(mlpg_total(host, square_terms, f, f->n) / weight));
	else
	{
		add_point(f, "oob_log_loss", step, mlpg_total(host, log_terms, f, f->n) / weight);
		add_point(f, "oob_error", step, mlpg_total(host, error_terms, f, f->n) / weight);
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
	OutOfBag	o = {f, output};
	MlpgTree   *tree;

	mlpg_deep_grow(f->deep, (uint64_t) iteration * (uint64_t) f->n_outputs + (uint64_t) output);
	host->parallel_for(host, (int) ((f->deep->n_nodes + TASK_NODES - 1) / TASK_NODES), answer_leaves, f);
	host->parallel_for(host, n_tasks_of(f->n_out), answer_out_of_bag, &o);
	tree = mlpg_deep_tree(host, f->deep);
	tree->output = output;
	if (f->kept)
		keep_targets(f, tree, iteration);
	return tree;
}

static void
grow_forest(Fit *f)
{
	for (int i = 0; i < f->n_iterations; i++)
	{
		for (int k = 0; k < f->n_outputs; k++)
		{
			mlpg_check(f->host, "growing trees", (int64_t) i * f->n_outputs + k, (int64_t) f->n_iterations * f->n_outputs);
			if (f->n_outputs > 1 || i == 0)
				set_targets(f, k);
			draw_rows(f, i, f->deep->id);
			f->tree[i * f->n_outputs + k] = grow_tree(f, i, k);
		}
		if (i == 0)
			check_size(f);
		if (f->out)
			judge_out_of_bag(f, i + 1);
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
	for (int i = 0; i < f->n_points; i++)
		if (f->point[i].step == f->n_iterations)
			mlpg_fact_text(host, facts, f->point[i].metric, mlpg_number_text(host, f->point[i].value));
	mlpg_fact_curve(host, facts, f->point, f->n_points);
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
	Fit			f = {.t = t, .host = t->host, .params = t->plan->params, .n = t->n_rows};

	t->schema->unseen = MLPG_UNSEEN_ZERO;	/* in no set: right, with the missing ones */
	f.n_classes = mlpg_schema_classes(t->schema);
	f.n_outputs = f.n_classes > 2 ? f.n_classes : 1;
	f.n_iterations = (int) mlpg_params_integer(f.params, "num_iterations");
	read_levels(&f);
	read_rules(&f);
	read_rows(&f);
	make_bins(&f);
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
