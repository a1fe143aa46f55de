/*-------------------------------------------------------------------------
 *
 * boosted_trees.c
 *	  Gradient boosted trees, grown leaf by leaf on histograms.
 *
 * A model is a sum of trees, each fitted to the gradients that the sum so far
 * leaves (Friedman 2001), with second-order leaves (Chen and Guestrin 2016), leaf-wise growth, binned
 * features and native categories as in LightGBM (Ke et al. 2017), whose parameter
 * names, meanings and defaults are ours.  Where we differ: gradients are rounded to
 * integers whose sums depend on nothing but the rows (tree/cells.c), rows are drawn by
 * content (matrix/sample.c), and missing values of a feature that had none in training go where more rows
 * went.
 *
 * Losses are those of math/loss_list.h.  Several quantile levels are one ensemble each, on the same bins;
 * more than two classes are one tree a class and iteration.
 *
 * The rooms: matrix/bins.c (cut points), tree/histogram.c, split.c, grow.c (one tree),
 * tree/boost.c and its neighbours (one ensemble), tree/forest.c (what is stored and
 * walked).
 *
 * NULL: missing values have a slot of their own in every histogram and go to the side where they gain most.
 * Categories that training did not see go right, with the missing ones.
 * Memory: at most 2.3 bytes a value and 48 bytes a row after binning (weights and further outputs more), asked for
 * before it is used.  Determinism: order-free.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"
#include "core/learners/class_weights.h"
#include "core/learners/training.h"
#include "core/learners/tree/frame.h"
#include "core/learners/tree/shap.h"
#include "core/math/fixed.h"
#include "core/matrix/sample.h"

#define TARGET_MAX 1e30			/* a sum over 2^31 rows, and a weight, are within single precision */
#define DEFAULT_VALIDATION 0.1	/* share of the rows, where early stopping is asked for and no rows are named */

static bool watches_are_valid(const char *text);

static const MlpgParamSpec params[] = {
	{"loss", MLPG_PARAM_CHOICE, NULL, 0, 0, false,
	"squared|absolute|huber|quantile|newsvendor|expectile|linex|poisson|gamma|tweedie|logistic|softmax", "what to minimise", NULL},
	{"num_iterations", MLPG_PARAM_INTEGER, "100", 1, 100000, false, NULL, "boosting iterations", NULL},
	{"learning_rate", MLPG_PARAM_REAL, "0.1", 0, 10, true, NULL, "what each tree's answers are multiplied with", NULL},
	{"num_leaves", MLPG_PARAM_INTEGER, "31", 2, 131072, false, NULL, "most leaves of a tree", NULL},
	{"max_depth", MLPG_PARAM_INTEGER, "-1", -1, 1000000, false, NULL, "deepest level of a leaf; -1 or 0: any", NULL},
	{"min_data_in_leaf", MLPG_PARAM_INTEGER, "20", 0, 2147483647, false, NULL, "fewest rows of a leaf", NULL},
	{"min_sum_hessian_in_leaf", MLPG_PARAM_REAL, "0.001", 0, INFINITY, false, NULL, "least sum of hessians of a leaf", NULL},
	{"lambda_l1", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "L1 penalty on answers", NULL},
	{"lambda_l2", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "L2 penalty on answers", NULL},
	{"min_gain_to_split", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "gain that a split must exceed", NULL},
	{"max_delta_step", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "largest answer before the learning rate; 0: any", NULL},
	{"path_smooth", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "pulls answers towards their parent's", NULL},
	{"feature_fraction", MLPG_PARAM_REAL, "1", 0.001, 1, false, NULL, "share of the features drawn for each tree", NULL},
	{"feature_fraction_bynode", MLPG_PARAM_REAL, "1", 0.001, 1, false, NULL, "share of those drawn for each node", NULL},
	{"bagging_fraction", MLPG_PARAM_REAL, "1", 0.001, 1, false, NULL, "share of the rows drawn for trees", NULL},
	{"bagging_freq", MLPG_PARAM_INTEGER, "0", 0, 100000, false, NULL, "iterations between draws of rows; 0: all rows", NULL},
	{"data_sample_strategy", MLPG_PARAM_CHOICE, "bagging", 0, 0, false, "bagging|goss", "how rows are drawn", NULL},
	{"top_rate", MLPG_PARAM_REAL, "0.2", 0, 1, false, NULL, "goss: share of rows kept for their gradient", NULL},
	{"other_rate", MLPG_PARAM_REAL, "0.1", 0, 1, false, NULL, "goss: share of rows drawn from the others", NULL},
	MLPG_TREE_PARAMS,
	MLPG_TREE_MONOTONE,
	{"interaction_constraints", MLPG_PARAM_TEXT, NULL, 0, 0, false, "a list of lists of column names, as [[\"price\", \"promo\"], [\"temp\"]]",
	"columns that may be on one path together", mlpg_interaction_is_valid},
	{"quantile", MLPG_PARAM_REALS, NULL, 0, 1, true, NULL, "levels to fit; predict answers the first", NULL},
	{"alpha", MLPG_PARAM_REAL, NULL, 0, INFINITY, true, NULL, "huber: where it turns linear", NULL},
	{"level", MLPG_PARAM_REAL, NULL, 0, 1, true, NULL, "expectile: its level", NULL},
	{"a", MLPG_PARAM_REAL, NULL, -INFINITY, INFINITY, false, NULL, "linex: above 0 punishes answers that are too low", NULL},
	{"power", MLPG_PARAM_REAL, NULL, 1, 2, true, NULL, "tweedie: power of the variance", NULL},
	{"poisson_max_delta_step", MLPG_PARAM_REAL, NULL, 0, INFINITY, true, NULL, "poisson: keeps steps small", NULL},
	{"boost_from_average", MLPG_PARAM_BOOLEAN, "true", 0, 0, false, NULL, "start from the best constant", NULL},
	MLPG_CLASS_WEIGHT,
	{"scale_pos_weight", MLPG_PARAM_REAL, "1", 0, INFINITY, true, NULL, "weight of the second of two classes", NULL},
	{"early_stopping_rounds", MLPG_PARAM_INTEGER, "0", 0, 100000, false, NULL, "iterations without improvement; 0: never stop", NULL},
	{"early_stopping_min_delta", MLPG_PARAM_REAL, "0", 0, INFINITY, false, NULL, "what counts as improvement", NULL},
	{"metric", MLPG_PARAM_TEXT, "loss", 0, 0, false, "one or several of loss, l1, l2, rmse, error, auc",
	"what validation rows are watched by", watches_are_valid},
	{"first_metric_only", MLPG_PARAM_BOOLEAN, "false", 0, 0, false, NULL, "stop early by the first metric alone", NULL},
};

/* One fit on its way. */
typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	const MlpgParams *params;
	MlpgTrainingRows rows;
	uint64_t   *identity;
	uint8_t    *validation;
	int64_t		n_validation;
	MlpgLoss   *loss;			/* one a level, or one */
	int			n_losses;
	MlpgLevels	levels;			/* n: 0 if there are none */
	MlpgGrowRules grow;
	MlpgBoostRules boost;
	MlpgBins   *bins;
} Fit;

/* ---------- parameters ---------- */

/* Our short names, and LightGBM's where it means the same. */
static const struct
{
	const char *name;
	MlpgWatch	watch;
	bool		classes;
	bool		numbers;
	const char *loss;			/* only where this is boosted; NULL: any */
}			watches[] = {
	{"loss", MLPG_WATCH_LOSS, true, true, NULL},
	{"l1", MLPG_WATCH_L1, false, true, NULL},
	{"mae", MLPG_WATCH_L1, false, true, NULL},
	{"l2", MLPG_WATCH_L2, false, true, NULL},
	{"mse", MLPG_WATCH_L2, false, true, NULL},
	{"rmse", MLPG_WATCH_RMSE, false, true, NULL},
	{"error", MLPG_WATCH_ERROR, true, false, NULL},
	{"auc", MLPG_WATCH_AUC, true, false, "logistic"},
	{"binary_error", MLPG_WATCH_ERROR, true, false, "logistic"},
	{"binary_logloss", MLPG_WATCH_LOSS, true, false, "logistic"},
	{"multi_error", MLPG_WATCH_ERROR, true, false, "softmax"},
	{"multi_logloss", MLPG_WATCH_LOSS, true, false, "softmax"},
	{"quantile", MLPG_WATCH_LOSS, false, true, "quantile"},
	{"huber", MLPG_WATCH_LOSS, false, true, "huber"},
	{"poisson", MLPG_WATCH_LOSS, false, true, "poisson"},
	{"gamma", MLPG_WATCH_LOSS, false, true, "gamma"},
	{"tweedie", MLPG_WATCH_LOSS, false, true, "tweedie"},
};

/* The watch named at text up to length, or -1. */
static int
find_watch(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(watches) / sizeof(watches[0]); i++)
		if (strlen(watches[i].name) == length && memcmp(watches[i].name, text, length) == 0)
			return (int) i;
	return -1;
}

static bool
watches_are_valid(const char *text)
{
	int			n = 0;

	for (;; text++)
	{
		size_t		length = strcspn(text, ",");

		if (find_watch(text, length) < 0 || ++n > MLPG_WATCHES_MAX)
			return false;
		text += length;
		if (*text == '\0')
			return true;
	}
}

static void
read_watches(Fit *f)
{
	bool		classes = f->t->plan->task == MLPG_TASK_CLASSIFICATION;

	for (const char *at = mlpg_params_choice(f->params, "metric");; at++)
	{
		size_t		length = strcspn(at, ",");
		int			i = find_watch(at, length);

		if (!(classes ? watches[i].classes : watches[i].numbers) || (watches[i].loss && strcmp(watches[i].loss, f->loss->name) != 0))
			mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL,
					   classes ? "Of a classification these can be watched: loss, error, and auc where there are two classes."
					   : "Of a regression these can be watched: loss, l1, l2, rmse.",
					   "metric \"%s\" does not fit loss \"%s\"", watches[i].name, f->loss->name);
		f->boost.watch[f->boost.n_watches] = watches[i].watch;
		f->boost.watch_name[f->boost.n_watches++] = strcmp(watches[i].name, "loss") == 0 ? f->loss->name : watches[i].name;
		at += length;
		if (*at == '\0')
			return;
	}
}

static void
read_split_rules(MlpgSplitRules *rules, const MlpgParams *p)
{
	mlpg_tree_read_rules(p, rules);
	rules->lambda_l1 = mlpg_params_real(p, "lambda_l1");
	rules->lambda_l2 = mlpg_params_real(p, "lambda_l2");
	rules->min_data_in_leaf = mlpg_params_integer(p, "min_data_in_leaf");
	rules->min_sum_hessian_in_leaf = mlpg_params_real(p, "min_sum_hessian_in_leaf");
	rules->max_delta_step = mlpg_params_real(p, "max_delta_step");
	rules->path_smooth = mlpg_params_real(p, "path_smooth");
}

/* More leaves than rows can fill are not worth their memory. */
static int
leaves_of(const Fit *f)
{
	int64_t		asked = mlpg_params_integer(f->params, "num_leaves");
	int64_t		least = mlpg_params_integer(f->params, "min_data_in_leaf");
	int64_t		possible = f->t->n_rows / (least < 1 ? 1 : least);

	return (int) (possible < 2 ? 2 : possible < asked ? possible : asked);
}

static void
read_grow_rules(Fit *f)
{
	MlpgGrowRules *rules = &f->grow;
	const MlpgSchema *schema = f->t->schema;
	const MlpgParamValue *monotone = mlpg_params_value(f->params, "monotone_constraints");
	const MlpgParamValue *interaction = mlpg_params_value(f->params, "interaction_constraints");

	read_split_rules(&rules->split, f->params);
	rules->num_leaves = leaves_of(f);
	rules->max_depth = (int) mlpg_params_integer(f->params, "max_depth");
	rules->feature_fraction = mlpg_params_real(f->params, "feature_fraction");
	rules->feature_fraction_bynode = mlpg_params_real(f->params, "feature_fraction_bynode");
	rules->seed = f->t->plan->seed;
	if (monotone->text)
		rules->monotone = mlpg_monotone_read(f->host, schema, monotone->text);
	if (interaction->text)
		rules->group = mlpg_interaction_read(f->host, schema, interaction->text, &rules->n_groups);
}

static void
read_boost_rules(Fit *f)
{
	MlpgBoostRules *rules = &f->boost;
	const MlpgParams *p = f->params;

	rules->num_iterations = (int) mlpg_params_integer(p, "num_iterations");
	rules->learning_rate = mlpg_params_real(p, "learning_rate");
	rules->boost_from_average = mlpg_params_boolean(p, "boost_from_average");
	rules->bagging_fraction = mlpg_params_real(p, "bagging_fraction");
	rules->bagging_freq = (int) mlpg_params_integer(p, "bagging_freq");
	rules->goss = strcmp(mlpg_params_choice(p, "data_sample_strategy"), "goss") == 0;
	rules->top_rate = mlpg_params_real(p, "top_rate");
	rules->other_rate = mlpg_params_real(p, "other_rate");
	if (rules->goss && (rules->top_rate + rules->other_rate > 1 || rules->top_rate == 0 || rules->other_rate == 0))
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, "Both are greater than 0, and together at most 1.", NULL,
				   "top_rate %g and other_rate %g do not go together", rules->top_rate, rules->other_rate);
	if (rules->goss && rules->bagging_freq > 0 && rules->bagging_fraction < 1)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, "Leave bagging_freq out.",
				   "data_sample_strategy \"goss\" draws the rows itself, without bagging");
	rules->early_stopping_rounds = (int) mlpg_params_integer(p, "early_stopping_rounds");
	rules->early_stopping_min_delta = mlpg_params_real(p, "early_stopping_min_delta");
	rules->first_metric_only = mlpg_params_boolean(p, "first_metric_only");
	rules->seed = f->t->plan->seed;
	read_watches(f);
}

/* ---------- losses ---------- */

static const char *
loss_name(const Fit *f)
{
	const MlpgParamValue *asked = mlpg_params_value(f->params, "loss");
	int			n_classes = mlpg_schema_classes(f->t->schema);
	const char *of_classes = n_classes == 2 ? "logistic" : "softmax";
	bool		is_class_loss = asked->text && (strcmp(asked->text, "logistic") == 0 || strcmp(asked->text, "softmax") == 0);

	if (n_classes > 0 && asked->text && strcmp(asked->text, of_classes) != 0)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, mlpg_text(f->host, "Its loss is %s.", of_classes),
				   "loss \"%s\" does not fit a target of %d classes", asked->text, n_classes);
	if (n_classes == 0 && is_class_loss)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, "Give task 'classification', or a boolean or text target.",
				   "loss \"%s\" needs classes", asked->text);
	if (n_classes > 0)
		return of_classes;
	if (asked->text)
		return asked->text;
	return mlpg_params_value(f->params, "quantile")->n_numbers > 0 ? "quantile" : "squared";
}

static double
loss_parameter(const Fit *f, MlpgLossId id)
{
	static const struct
	{
		MlpgLossId	id;
		const char *name;
	}			names[] = {
		{MLPG_LOSS_ID_huber, "alpha"}, {MLPG_LOSS_ID_expectile, "level"}, {MLPG_LOSS_ID_linex, "a"},
		{MLPG_LOSS_ID_tweedie, "power"}, {MLPG_LOSS_ID_poisson, "poisson_max_delta_step"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].id == id && mlpg_params_value(f->params, names[i].name)->text)
			return mlpg_params_real(f->params, names[i].name);
	return NAN;
}

static void
read_levels(Fit *f, MlpgLossId id)
{
	const MlpgParamValue *asked = mlpg_params_value(f->params, "quantile");
	double		half = 0.5;

	f->levels = mlpg_levels_read(f->host, asked->n_numbers > 0 ? asked->numbers : &half, asked->n_numbers > 0 ? asked->n_numbers : 1);
	f->n_losses = f->levels.n;
	f->loss = mlpg_allocate(f->host, (size_t) f->n_losses, sizeof(MlpgLoss));
	for (int i = 0; i < f->n_losses; i++)
		f->loss[i] = mlpg_loss_make(f->host, id, f->levels.level[i], 0);
}

static void
read_loss(Fit *f)
{
	const char *name = loss_name(f);
	MlpgLossId	id;

	(void) mlpg_loss_find(name, &id);
	if (id == MLPG_LOSS_ID_quantile || id == MLPG_LOSS_ID_newsvendor)
	{
		read_levels(f, id);
		return;
	}
	if (mlpg_params_value(f->params, "quantile")->n_numbers > 0)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, "Leave the loss out, or ask for quantile.",
				   "quantile levels do not go with loss \"%s\"", name);
	f->n_losses = 1;
	f->loss = mlpg_allocate(f->host, 1, sizeof(MlpgLoss));
	f->loss[0] = mlpg_loss_make(f->host, id, loss_parameter(f, id), mlpg_schema_classes(f->t->schema));
}

/* ---------- rows ---------- */

/* Weights of classes become weights of rows. */
static void
weigh_classes(Fit *f)
{
	int			n_classes = mlpg_schema_classes(f->t->schema);
	const char *asked = mlpg_params_value(f->params, "class_weight")->text;
	double		positive = mlpg_params_real(f->params, "scale_pos_weight");
	double	   *weight;

	if (asked == NULL && positive == 1)
		return;
	if (n_classes == 0 || (positive != 1 && n_classes != 2))
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "%s needs %s",
				   asked ? "class_weight" : "scale_pos_weight", n_classes == 0 ? "a classification" : "two classes");
	if (asked && positive != 1)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, NULL, "class_weight and scale_pos_weight cannot both be given");
	if (asked == NULL)
	{
		weight = mlpg_allocate(f->host, 2, sizeof(double));
		weight[0] = 1;
		weight[1] = positive;
	}
	else
		weight = mlpg_class_weights(f->host, asked, f->rows.y, f->rows.n, n_classes);
	f->rows.w = mlpg_class_weigh(f->host, f->rows.w, f->rows.y, f->rows.n, weight);
}

/* Gradients are single precision: targets beyond it would be cut in silence. */
static void
check_target(const Fit *f)
{
	for (int i = 0; i < f->n_losses; i++)
		mlpg_loss_check_target(f->host, &f->loss[i], f->rows.y, f->rows.w, f->rows.n);
	if (mlpg_fixed_maximum(f->rows.y, NULL, f->rows.n) > TARGET_MAX)
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, mlpg_text(f->host, "Targets may be as large as %g.", TARGET_MAX),
				   "Express a very large target in other units.", "values are too large to fit trees");
}

/* A side all of whose rows weigh nothing could not be fitted, or judged. */
static void
check_sides(const Fit *f)
{
	bool		weighs[2] = {false, false};

	for (int64_t i = 0; f->rows.w && i < f->rows.n; i++)
		weighs[f->validation[i]] |= f->rows.w[i] > 0;
	if (f->rows.w && !(weighs[0] && weighs[1]))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The weights of all of them are zero.", "Name other rows with \"validation\".",
				   "no %s row has a weight", weighs[0] ? "validation" : "training");
}

/* Which rows are kept apart: those named, else a share by hash. */
static void
choose_validation(Fit *f)
{
	const MlpgPlan *plan = f->t->plan;
	double	   *flag = mlpg_training_column(f->t, mlpg_plan_validation_column(plan));
	double		share = plan->validation_share > 0 ? plan->validation_share : f->boost.early_stopping_rounds > 0 ? DEFAULT_VALIDATION : 0;
	uint64_t	below = mlpg_sample_threshold(share);

	if (flag == NULL && share == 0)
		return;
	f->validation = mlpg_allocate(f->host, (size_t) f->rows.n, sizeof(uint8_t));
	for (int64_t i = 0; i < f->rows.n; i++)
	{
		f->validation[i] = flag ? flag[i] != 0 : mlpg_sample_draw(f->identity[i], MLPG_STREAM_VALIDATION) < below;
		f->n_validation += f->validation[i];
	}
	if (flag)
		mlpg_release(f->host, flag);
	if (f->n_validation == 0 || f->n_validation == f->rows.n)
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION,
				   mlpg_text(f->host, "%lld of %lld rows are validation rows.", (long long) f->n_validation, (long long) f->rows.n),
				   "Name other rows with \"validation\", give more rows, or do without early stopping.",
				   "both training and validation need rows");
	check_sides(f);
}

static void
read_rows(Fit *f)
{
	mlpg_training_read(f->t, &f->rows);
	check_target(f);
	weigh_classes(f);
	f->identity = mlpg_sample_identify(f->host, f->t->matrix, f->t->plan->seed);
	choose_validation(f);
}

static void
make_bins(Fit *f)
{
	f->bins = mlpg_tree_make_bins(f->t, f->identity, f->validation);
	if (!f->boost.goss && (f->boost.bagging_freq == 0 || f->boost.bagging_fraction == 1))
	{
		mlpg_release(f->host, f->identity);
		f->identity = NULL;
	}
}

/* All that boosting will hold, before it starts. */
static void
check_memory(const Fit *f)
{
	MlpgHost   *host = f->host;
	bool		bags = f->validation || f->identity;
	size_t		needed = mlpg_size_add(host, mlpg_grower_size(host, f->bins, &f->grow),
									   mlpg_boost_size(host, f->rows.n, f->loss->n_outputs, f->rows.w || !f->loss->constant_hessian || f->boost.goss,
													   bags, f->grow.num_leaves));

	mlpg_tree_check_memory(f->t, needed, "Raise mlpg.max_memory, or train on fewer rows or columns.");
}

/* ---------- the model ---------- */

static void
report(Fit *f, const MlpgEnsemble *e, int level)
{
	MlpgHost   *host = f->host;
	MlpgFacts  *facts = f->t->facts;
	const char *suffix = f->n_losses > 1 ? mlpg_text(host, " @%g", f->levels.level[level]) : "";

	mlpg_fact(host, facts, mlpg_text(host, "iterations%s", suffix), "%d", e->n_iterations);
	if (e->stopped_early)
		mlpg_fact(host, facts, mlpg_text(host, "stopped_early%s", suffix), "yes");
	for (int i = 0; i < e->n_points; i++)
	{
		if (e->point[i].step == e->n_iterations)
			mlpg_fact_text(host, facts, mlpg_text(host, "validation_%s%s", e->point[i].metric, suffix), mlpg_number_text(host, e->point[i].value));
		e->point[i].metric = mlpg_text(host, "%s%s", e->point[i].metric, suffix);
	}
	mlpg_fact_curve(host, facts, e->point, e->n_points);
}

static MlpgLink
link_of(const MlpgLoss *loss)
{
	switch (loss->link)
	{
		case MLPG_LOSS_EXP:
			return MLPG_LINK_EXP;
		case MLPG_LOSS_SIGMOID:
			return MLPG_LINK_SIGMOID;
		case MLPG_LOSS_SOFTMAX:
			return MLPG_LINK_SOFTMAX;
		case MLPG_LOSS_IDENTITY:
			break;
	}
	return MLPG_LINK_IDENTITY;
}

/* All ensembles as one forest: an output each, or, with classes, their own outputs. */
static void
write_forest(Fit *f, MlpgEnsemble **ensemble)
{
	MlpgHost   *host = f->host;
	int			n_outputs = f->n_losses > 1 ? f->n_losses : f->loss->n_outputs;
	MlpgForestSpec spec = {.n_outputs = n_outputs, .link = link_of(f->loss), .factor = 1, .counted = true, .levels = f->levels.level,
	.main_output = f->levels.main};
	double	   *base = mlpg_allocate(host, (size_t) n_outputs, sizeof(double));
	const MlpgTree **tree;
	int			n = 0;

	for (int i = 0; i < f->n_losses; i++)
		n += ensemble[i]->n_trees;
	tree = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgTree *));
	n = 0;
	for (int i = 0; i < f->n_losses; i++)
	{
		memcpy(base + i, ensemble[i]->base, (size_t) ensemble[i]->n_outputs * sizeof(double));
		for (int k = 0; k < ensemble[i]->n_trees; k++)
		{
			if (f->n_losses > 1)
				ensemble[i]->tree[k]->output = i;
			tree[n++] = ensemble[i]->tree[k];
		}
	}
	spec.base = base;
	mlpg_fact(host, f->t->facts, "trees", "%d", n);
	mlpg_forest_write(f->t->payload, &spec, tree, n);
}

static void
boosted_trees_fit(MlpgTraining *t)
{
	Fit			f = {.t = t, .host = t->host, .params = t->plan->params};
	MlpgBoostRows rows;
	MlpgGrower *grower;
	MlpgEnsemble **ensemble;

	t->schema->unseen = MLPG_UNSEEN_ZERO;	/* in no set: right, with the missing ones */
	read_loss(&f);
	read_grow_rules(&f);
	read_boost_rules(&f);
	read_rows(&f);
	make_bins(&f);
	check_memory(&f);
	rows = (MlpgBoostRows) {f.bins, f.rows.y, f.rows.w, f.rows.offset, f.identity, f.validation};
	grower = mlpg_grower_create(f.host, f.bins, &f.grow);
	ensemble = mlpg_allocate(f.host, (size_t) f.n_losses, sizeof(MlpgEnsemble *));
	mlpg_fact(f.host, t->facts, "loss", "%s", f.loss->name);
	for (int i = 0; i < f.n_losses; i++)
	{
		ensemble[i] = mlpg_boost_run(f.host, &f.boost, &rows, &f.loss[i], grower, (int64_t) i * f.boost.num_iterations,
									 (int64_t) f.n_losses * f.boost.num_iterations);
		report(&f, ensemble[i], i);
	}
	write_forest(&f, ensemble);
}

/* The iterations of the ensemble that took most: several levels have one parameter. */
static void
boosted_trees_found(MlpgHost *host, MlpgParams *p, const MlpgFacts *facts)
{
	int64_t		most = 0;

	if (mlpg_params_integer(p, "early_stopping_rounds") == 0)
		return;
	for (int i = 0; i < facts->n; i++)
		if (strncmp(facts->name[i], "iterations", 10) == 0)
		{
			const char *at = facts->text[i];
			double		n;

			if (mlpg_params_number(&at, &n) && (int64_t) n > most)
				most = (int64_t) n;
		}
	mlpg_params_set(host, p, "num_iterations", mlpg_text(host, "%lld", (long long) (most < 1 ? 1 : most)));
	mlpg_params_set(host, p, "early_stopping_rounds", "0");
}

const MlpgLearner mlpg_boosted_trees = {
	.name = "boosted_trees",
	.summary = "gradient boosted trees on histograms",
	.reference = "Friedman 2001; Ke et al. 2017",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_QUANTILE | MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_USES_VALIDATION,
	.determinism = MLPG_ORDER_FREE,
	.loss = "squared",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_FOREST_PAYLOAD_VERSION,
	.oldest_readable = 1,
	.fit = boosted_trees_fit,
	.found = boosted_trees_found,
	.open = mlpg_forest_open,
	.predict = mlpg_forest_predict,
	.hasten = mlpg_forest_hasten,
	.explain = mlpg_forest_explain,
	.forest = mlpg_forest_of,
};
