/*-------------------------------------------------------------------------
 *
 * options.c
 *	  One parser for the options of the aggregate fit (all in params) and of
 *	  train (mostly arguments).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/options.h"

#include <math.h>

#include "core/learners/fit.h"
#include "core/metrics/metric.h"
#include "mb/pg_wchar.h"
#include "pg/api/json.h"
#include "pg/api/preprocess.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

void
mlpg_options_init(MlpgOptions *options)
{
	memset(options, 0, sizeof(*options));
	options->underage_cost = options->overage_cost = NAN;
	options->seed = MLPG_DEFAULT_SEED;
}

MLPG_NORETURN static void
bad_option(const char *key, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\"", key),
			 errdetail("It must be %s.", what)));
}

/* Scalars of an array, in order; NIL with ok = false when it holds anything else. */
static List *
array_texts(const JsonbValue *value, bool *ok)
{
	List	   *list = NIL;
	MlpgJsonWalk walk;

	*ok = mlpg_json_is_list(value);
	if (!*ok)
		return NIL;
	walk = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&walk))
	{
		char	   *text = mlpg_json_scalar(&walk.value);

		if (text == NULL)
		{
			*ok = false;
			return NIL;
		}
		list = lappend(list, text);
	}
	return list;
}

/* A name as params.c wants it: quoted, quotes within doubled. */
static void
append_name(StringInfo words, const char *name)
{
	appendStringInfoChar(words, '"');
	for (; *name; name++)
	{
		if (*name == '"')
			appendStringInfoChar(words, '"');
		appendStringInfoChar(words, *name);
	}
	appendStringInfoChar(words, '"');
}

/* {"price": -1, "day": 1} as "price":-1,"day":1; false where a value is not a scalar. */
static bool
append_object(StringInfo words, JsonbContainer *object)
{
	MlpgJsonWalk walk = mlpg_json_walk(object);

	while (mlpg_json_next(&walk))
	{
		char	   *text = mlpg_json_scalar(&walk.value);

		if (text == NULL)
			return false;
		if (words->len > 0)
			appendStringInfoChar(words, ',');
		append_name(words, walk.key);
		appendStringInfo(words, ":%s", text);
	}
	return true;
}

/* [["a", "b"], ["c"]] as "a","b";"c"; false where a member is not a list of scalars. */
static bool
append_lists(StringInfo words, JsonbContainer *lists)
{
	MlpgJsonWalk walk = mlpg_json_walk(lists);
	ListCell   *cell;
	bool		ok;

	while (mlpg_json_next(&walk))
	{
		List	   *names = array_texts(&walk.value, &ok);

		if (!ok || names == NIL)
			return false;
		if (words->len > 0)
			appendStringInfoChar(words, ';');
		foreach(cell, names)
		{
			if (foreach_current_index(cell) > 0)
				appendStringInfoChar(words, ',');
			append_name(words, lfirst(cell));
		}
	}
	return true;
}

char *
mlpg_json_text(MlpgHost *host, const JsonbValue *value)
{
	StringInfoData words;
	ListCell   *cell;
	bool		ok;
	List	   *list;

	if (value->type != jbvBinary)
		return mlpg_json_scalar(value);
	list = array_texts(value, &ok);
	if (!ok)
		return NULL;
	initStringInfo(&words);
	foreach(cell, list)
		appendStringInfo(&words, "%s%s", foreach_current_index(cell) > 0 ? "," : "", (char *) lfirst(cell));
	return words.data;
}

/* The same for a parameter that may speak of columns: objects and lists of lists as well. */
static char *
parameter_text(MlpgHost *host, const MlpgParamSpec *spec, const JsonbValue *value)
{
	StringInfoData words;
	char	   *text = mlpg_json_text(host, value);

	if (text != NULL)
		return text;
	initStringInfo(&words);
	if (spec->type == MLPG_PARAM_TEXT && value->type == jbvBinary &&
		(JsonContainerIsObject(value->val.binary.data) ? append_object : append_lists) (&words, value->val.binary.data))
		return words.data;
	return "null";
}

static double
number_option(const char *key, const JsonbValue *value)
{
	double		number;

	if (value->type != jbvNumeric)
		bad_option(key, "a number");
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!isfinite(number))
		bad_option(key, "a number in the range of double precision");
	return number;
}

static bool
boolean_option(const char *key, const JsonbValue *value)
{
	if (value->type != jbvBool)
		bad_option(key, "true or false");
	return value->val.boolean;
}

static char *
text_option(const char *key, const JsonbValue *value)
{
	if (value->type != jbvString)
		bad_option(key, "a text");
	return mlpg_json_scalar(value);
}

static List *
list_option(const char *key, const JsonbValue *value)
{
	bool		ok;
	List	   *list = array_texts(value, &ok);

	if (!ok)
		bad_option(key, "a list of column names");
	return list;
}

static void
quantiles_option(MlpgOptions *options, const char *key, const JsonbValue *value)
{
	bool		ok;
	List	   *list = array_texts(value, &ok);
	ListCell   *cell;

	if (!ok || list == NIL)
		bad_option(key, "a list of numbers between 0 and 1");
	options->quantiles = palloc(list_length(list) * sizeof(double));
	options->n_quantiles = 0;
	foreach(cell, list)
	{
		char	   *end;
		double		level = strtod(lfirst(cell), &end);

		if (*end != '\0' || !(level > 0 && level < 1))
			bad_option(key, "a list of numbers between 0 and 1");
		options->quantiles[options->n_quantiles++] = level;
	}
}

static uint64
seed_option(const char *key, const JsonbValue *value)
{
	char	   *text = value->type == jbvNumeric ? mlpg_json_scalar(value) : NULL;
	char	   *end;
	int64		seed;

	errno = 0;
	seed = text ? strtoll(text, &end, 10) : 0;
	if (text == NULL || *end != '\0' || errno != 0)
		bad_option(key, "an integer");
	return (uint64) seed;
}

/* A class as it reads: "yes", 1, true. */
static char *
class_option(const char *key, const JsonbValue *value)
{
	char	   *name = mlpg_json_scalar(value);

	if (name == NULL)
		bad_option(key, "the name of a class");
	return name;
}

/* A boolean column, or a share of the rows. */
static void
validation_option(MlpgOptions *options, const char *key, const JsonbValue *value)
{
	if (value->type == jbvString)
		options->validation = mlpg_json_scalar(value);
	else if (value->type == jbvNumeric)
		options->validation_share = number_option(key, value);
	if (options->validation == NULL && !(options->validation_share > 0 && options->validation_share < 1))
		bad_option(key, "the name of a boolean column, or a share between 0 and 1");
}

/* A share of the rows. */
static double
share_option(const char *key, const JsonbValue *value)
{
	double		share = value->type == jbvNumeric ? number_option(key, value) : 0;

	if (!(share > 0 && share < 1))
		bad_option(key, "a share between 0 and 1");
	return share;
}

/* What an argument and params both say, which could only be one of the two. */
MLPG_NORETURN static void
raise_twice(const char *argument, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" and \"%s\" of params are both given", argument, key),
			 errhint("Leave one of them out.")));
	pg_unreachable();
}

/* Options that only train has, within its params. */
static bool
take_training_option(MlpgOptions *options, const char *key, const JsonbValue *value)
{
	if (strcmp(key, "refit_all") == 0)
	{
		options->refit_all = boolean_option(key, value);
		options->refit_all_given = true;
	}
	else if (strcmp(key, "holdout_key") == 0)
		options->holdout_key = text_option(key, value);
	else
		return false;
	return true;
}

/* Options that are arguments of train but keys of the aggregate's params. */
static bool
take_fit_option(MlpgOptions *options, const char *key, const JsonbValue *value)
{
	if (strcmp(key, "task") == 0)
		options->task = text_option(key, value);
	else if (strcmp(key, "features") == 0)
		options->features = list_option(key, value);
	else if (strcmp(key, "exclude") == 0)
		options->exclude = list_option(key, value);
	else if (strcmp(key, "loss") == 0)
		options->loss = text_option(key, value);
	else if (strcmp(key, "quantiles") == 0)
		quantiles_option(options, key, value);
	else if (strcmp(key, "underage_cost") == 0)
		options->underage_cost = number_option(key, value);
	else if (strcmp(key, "overage_cost") == 0)
		options->overage_cost = number_option(key, value);
	else if (strcmp(key, "preprocess") == 0)
		options->preprocess = mlpg_preprocess_parse(value);
	else
		return false;
	return true;
}

static bool
take_option(MlpgOptions *options, const char *key, const JsonbValue *value, bool training)
{
	if (strcmp(key, "weight") == 0)
	{
		if (options->weight != NULL)
			raise_twice("weight_col", key);
		options->weight = text_option(key, value);
	}
	else if (strcmp(key, "offset") == 0)
		options->offset = text_option(key, value);
	else if (strcmp(key, "init_score") == 0)
		options->init_score = text_option(key, value);
	else if (strcmp(key, "validation") == 0)
		validation_option(options, key, value);
	else if (strcmp(key, "calibration") == 0)
		options->calibration_share = share_option(key, value);
	else if (strcmp(key, "positive") == 0)
		options->positive = class_option(key, value);
	else if (strcmp(key, "allow_leakage") == 0)
		options->allow_leakage = boolean_option(key, value);
	else if (strcmp(key, "seed") == 0)
	{
		/* train's argument always has a value */
		if (options->seed != MLPG_DEFAULT_SEED)
			raise_twice("seed", key);
		options->seed = seed_option(key, value);
	}
	else
		return training ? take_training_option(options, key, value) : take_fit_option(options, key, value);
	return true;
}

/* E5, with the names of the options as well as those of the learner's parameters. */
MLPG_NORETURN static void
raise_unknown(const MlpgParams *params, const char *key, bool training)
{
	static const char *const fit_keys[] = {"features", "exclude", "weight", "offset", "init_score", "validation", "calibration", "positive",
	"loss", "quantiles", "underage_cost", "overage_cost", "seed", "task", "preprocess", "allow_leakage"};
	static const char *const train_keys[] = {"weight", "offset", "init_score", "validation", "calibration", "positive", "allow_leakage",
	"seed", "refit_all", "holdout_key"};
	const char *const *keys = training ? train_keys : fit_keys;
	int			n_keys = training ? lengthof(train_keys) : lengthof(fit_keys);
	const char **names = palloc((params->n + n_keys) * sizeof(char *));
	const char *guess;
	StringInfoData hint;

	for (int i = 0; i < params->n + n_keys; i++)
		names[i] = i < params->n ? params->spec[i].name : keys[i - params->n];
	guess = mlpg_nearest_name(key, names, params->n + n_keys);
	initStringInfo(&hint);
	if (guess != NULL)
		appendStringInfo(&hint, "Did you mean \"%s\"? ", guess);
	appendStringInfoString(&hint, "Valid parameters are: ");
	for (int i = 0; i < params->n + n_keys; i++)
		appendStringInfo(&hint, "%s%s", names[i], i == params->n + n_keys - 1 ? "." : i == params->n - 1 ? "; options: " : ", ");
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unrecognized parameter \"%.*s\" for learner \"%s\"", pg_mbcliplen(key, strlen(key), 100), key, params->owner),
			 errhint("%s", hint.data)));
}

void
mlpg_options_learner(MlpgHost *host, MlpgOptions *options, const char *algorithm)
{
	options->learner = mlpg_learner_require(host, algorithm);
	options->params = mlpg_params_create(host, options->learner->name, options->learner->params, options->learner->n_params);
}

void
mlpg_options_take(MlpgHost *host, MlpgOptions *options, Jsonb *params, bool training)
{
	MlpgJsonWalk walk;

	if (params == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params must be a JSON object"),
				 errhint("For example '{\"l2\":0.1}'.")));
	walk = mlpg_json_walk(&params->root);
	while (mlpg_json_next(&walk))
	{
		int			position;

		if (take_option(options, walk.key, &walk.value, training))
			continue;
		position = mlpg_params_find(options->params, walk.key);
		if (position < 0)
			raise_unknown(options->params, walk.key, training);
		mlpg_params_set(host, options->params, walk.key, parameter_text(host, &options->params->spec[position], &walk.value));
	}
}

static void
check_costs(const MlpgOptions *options)
{
	bool		under = !isnan(options->underage_cost),
				over = !isnan(options->overage_cost);

	if (under != over)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is given without %s", under ? "underage_cost" : "overage_cost", under ? "overage_cost" : "underage_cost"),
				 errhint("Give both: the loss for a missing unit and the loss for a unit left over.")));
	if (under && !(options->underage_cost > 0 && options->overage_cost > 0 &&
				   isfinite(options->underage_cost) && isfinite(options->overage_cost)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid costs"),
				 errdetail("underage_cost is %g, overage_cost is %g; both must be greater than 0 and finite.",
						   options->underage_cost, options->overage_cost)));
}

/* Learners that fit classes, for a hint; a boolean may also be a number. */
static char *
class_learners(bool is_boolean)
{
	StringInfoData hint;
	int			n = 0;

	initStringInfo(&hint);
	appendStringInfoString(&hint, "Learners that fit classes: ");
	for (int i = 0; i < mlpg_learner_count(); i++)
		if (mlpg_learner_fits(mlpg_learner_at(i), MLPG_TASK_CLASSIFICATION))
			appendStringInfo(&hint, "%s%s", n++ > 0 ? ", " : "", mlpg_learner_at(i)->name);
	appendStringInfo(&hint, ".%s", is_boolean ? " Cast a boolean target to integer to fit its expected value." : "");
	return hint.data;
}

static void
check_task(const MlpgOptions *options)
{
	if (options->task != NULL && strcmp(options->task, "regression") != 0 && strcmp(options->task, "classification") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid task \"%s\"", options->task),
				 errdetail("It must be regression or classification.")));
	if (options->task != NULL && strcmp(options->task, "regression") == 0 &&
		!mlpg_learner_fits(options->learner, MLPG_TASK_REGRESSION))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("learner \"%s\" does not fit a regression", options->learner->name)));
	if (options->task != NULL && strcmp(options->task, "classification") == 0 &&
		!mlpg_learner_fits(options->learner, MLPG_TASK_CLASSIFICATION))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("learner \"%s\" does not fit a classification", options->learner->name),
				 errhint("%s", class_learners(false))));
}

/* Each column beside the features must be one that the learner uses. */
static void
check_columns(const MlpgOptions *options)
{
	const struct
	{
		const char *key;
		bool		given;
		uint32		use;
	}			columns[] = {
		{"weight", options->weight != NULL, MLPG_USES_WEIGHT},
		{"offset", options->offset != NULL, MLPG_ADDS_OFFSET},
		{"init_score", options->init_score != NULL, MLPG_USES_OFFSET},
		{"validation", options->validation != NULL || options->validation_share > 0, MLPG_USES_VALIDATION}
	};

	for (int i = 0; i < (int) lengthof(columns); i++)
		if (columns[i].given && !(options->learner->columns & columns[i].use))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("learner \"%s\" does not use \"%s\"", options->learner->name, columns[i].key)));
	if (options->offset != NULL && options->init_score != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"offset\" and \"init_score\" are both given"),
				 errhint("Fits start from either: an offset is part of each prediction, an init_score is not.")));
}

static bool
is_quantile_learner(const MlpgOptions *options)
{
	return (options->learner->tasks & MLPG_TASK_QUANTILE) != 0;
}

static void
check_newsvendor(const MlpgOptions *options)
{
	if (strcmp(options->loss, "newsvendor") == 0 && isnan(options->underage_cost))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"newsvendor\" needs underage_cost and overage_cost")));
}

/* Learners with a choice of losses: it is their parameter; costs choose newsvendor. */
static bool
has_loss_parameter(const MlpgOptions *options)
{
	return mlpg_params_find(options->params, "loss") >= 0;
}

static void
settle_loss_parameter(MlpgHost *host, MlpgOptions *options)
{
	if (mlpg_params_value(options->params, "loss")->given)
	{
		if (options->loss != NULL)
			raise_twice("loss", "loss");
		options->loss = pstrdup(mlpg_params_choice(options->params, "loss"));
	}
	if (options->loss == NULL && !isnan(options->underage_cost))
		options->loss = "newsvendor";
	if (options->loss == NULL)
		return;
	check_newsvendor(options);
	mlpg_params_set(host, options->params, "loss", options->loss);
}

/* A loss by name: none of its own is anything but a check, save absolute, which is the median. */
static void
settle_loss(MlpgHost *host, MlpgOptions *options)
{
	bool		quantile = is_quantile_learner(options);

	if (has_loss_parameter(options))
	{
		settle_loss_parameter(host, options);
		return;
	}
	if (options->loss == NULL || strcmp(options->loss, options->learner->loss) == 0)
		return;
	if (quantile && strcmp(options->loss, "quantile") == 0)
	{
		if (options->n_quantiles == 0 && mlpg_params_value(options->params, "quantile")->n_numbers == 0)
			mlpg_params_set(host, options->params, "quantile", "0.5");
		return;
	}
	if (quantile && strcmp(options->loss, "absolute") == 0)
	{
		if (options->n_quantiles > 0 || !isnan(options->underage_cost) || mlpg_params_value(options->params, "quantile")->given)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("loss \"absolute\" is that of the median, and other levels are given"),
					 errhint("Leave the loss out.")));
		mlpg_params_set(host, options->params, "quantile", "0.5");
		return;
	}
	if (quantile && strcmp(options->loss, "newsvendor") == 0)
	{
		check_newsvendor(options);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("learner \"%s\" does not minimise loss \"%s\"", options->learner->name, options->loss),
			 errhint("Its losses are: %s.", !quantile ? options->learner->loss :
					 strcmp(options->learner->loss, "quantile") == 0 ? "quantile, absolute, newsvendor" :
					 psprintf("%s, quantile, absolute, newsvendor", options->learner->loss))));
}

/* Is the loss one that levels belong to? */
static bool
fits_levels(const MlpgOptions *options)
{
	if (!is_quantile_learner(options))
		return false;
	return !has_loss_parameter(options) || options->loss == NULL ||
		strcmp(options->loss, "quantile") == 0 || strcmp(options->loss, "newsvendor") == 0;
}

/* Levels as the learner's parameter: the one that predict answers first. */
static void
settle_levels(MlpgHost *host, MlpgOptions *options)
{
	double		first = NAN;
	StringInfoData words;

	for (int i = 0; i < options->n_quantiles; i++)
		if (isnan(first) || fabs(options->quantiles[i] - 0.5) < fabs(first - 0.5))
			first = options->quantiles[i];
	if (!isnan(options->underage_cost))
		first = mlpg_newsvendor_level(options->underage_cost, options->overage_cost);
	if (isnan(first))
		return;
	if (mlpg_params_value(options->params, "quantile")->given)
		raise_twice(options->n_quantiles > 0 ? "quantiles" : "underage_cost", "quantile");
	initStringInfo(&words);
	appendStringInfoString(&words, mlpg_number_text(host, first));
	for (int i = 0; i < options->n_quantiles; i++)
		if (options->quantiles[i] != first)
			appendStringInfo(&words, ",%s", mlpg_number_text(host, options->quantiles[i]));
	mlpg_params_set(host, options->params, "quantile", words.data);
}

bool
mlpg_options_settle(MlpgHost *host, MlpgOptions *options)
{
	bool		costs;

	check_task(options);
	check_columns(options);
	check_costs(options);
	settle_loss(host, options);
	costs = !isnan(options->underage_cost);
	if (fits_levels(options))
	{
		settle_levels(host, options);
		return false;
	}
	if (options->n_quantiles > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 options->loss != NULL && is_quantile_learner(options) ?
				 errmsg("loss \"%s\" does not fit quantiles", options->loss) :
				 errmsg("learner \"%s\" does not fit quantiles", options->learner->name),
				 errhint("Use algorithm \"quantile\", or \"boosted_trees\" with loss \"quantile\".")));
	return costs;
}

/* What is only for one of the tasks. */
static void
check_task_options(const MlpgOptions *options, uint32 task)
{
	const char *wrong = NULL;

	if (task == MLPG_TASK_REGRESSION && options->positive != NULL)
		wrong = "positive";
	else if (task == MLPG_TASK_CLASSIFICATION && options->n_quantiles > 0)
		wrong = "quantiles";
	else if (task == MLPG_TASK_CLASSIFICATION && !isnan(options->underage_cost))
		wrong = "underage_cost";
	else if (task == MLPG_TASK_CLASSIFICATION && options->calibration_share > 0)
		wrong = "calibration";
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" does not go with a %s", wrong, task == MLPG_TASK_REGRESSION ? "regression" : "classification")));
}

/* The task of a target: as asked for, else the learner's only one, else texts and booleans are classes and all else is a number. */
static uint32
task_of(const MlpgOptions *options, MlpgKind kind, Oid type)
{
	bool		is_class = kind == MLPG_CATEGORY || kind == MLPG_BOOLEAN;
	bool		only_classes = !mlpg_learner_fits(options->learner, MLPG_TASK_REGRESSION);
	uint32		task = is_class || only_classes ? MLPG_TASK_CLASSIFICATION : MLPG_TASK_REGRESSION;

	if (options->task != NULL)
		task = strcmp(options->task, "classification") == 0 ? MLPG_TASK_CLASSIFICATION : MLPG_TASK_REGRESSION;
	if (!mlpg_learner_fits(options->learner, task))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("learner \"%s\" does not fit a target of type %s", options->learner->name, format_type_be(type)),
				 errhint("%s", class_learners(kind == MLPG_BOOLEAN))));
	if (task == MLPG_TASK_REGRESSION && is_class)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a target of type %s has no regression", format_type_be(type)),
				 errhint(kind == MLPG_BOOLEAN ? "Cast a boolean target to integer to fit its expected value."
						 : "The target must be a number.")));
	if (task == MLPG_TASK_CLASSIFICATION && (kind == MLPG_DATE || kind == MLPG_TIMESTAMP))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a target of type %s has no classes", format_type_be(type)),
				 errhint("Cast it to text.")));
	return task;
}

void
mlpg_options_plan(const MlpgOptions *options, MlpgPlan *plan, MlpgKind target_kind, Oid target_type)
{
	plan->task = task_of(options, target_kind, target_type);
	check_task_options(options, plan->task);
	plan->learner = options->learner;
	plan->params = options->params;
	plan->seed = options->seed;
	plan->target_kind = target_kind;
	plan->positive = options->positive;
	plan->offset = options->offset;
	plan->validation_share = options->validation_share;
	plan->calibration_share = options->calibration_share;
}

void
mlpg_options_features(MlpgHost *host, const MlpgOptions *options, MlpgPlan *plan)
{
	if (options->preprocess != NULL)
		mlpg_plan_preprocess(host, plan, options->preprocess);
}

Jsonb *
mlpg_params_jsonb(const MlpgParams *params)
{
	MlpgJson	json;

	mlpg_json_begin(&json);
	for (int i = 0; i < params->n; i++)
	{
		const char *name = params->spec[i].name;
		const MlpgParamValue *value = &params->value[i];

		if (value->text == NULL)
			continue;
		switch (params->spec[i].type)
		{
			case MLPG_PARAM_INTEGER:
			case MLPG_PARAM_REAL:
				mlpg_json_put_number(&json, name, value->number);
				break;
			case MLPG_PARAM_BOOLEAN:
				mlpg_json_put_bool(&json, name, value->number != 0);
				break;
			case MLPG_PARAM_CHOICE:
			case MLPG_PARAM_TEXT:
				mlpg_json_put_text(&json, name, value->text);
				break;
			case MLPG_PARAM_REALS:
				mlpg_json_put_numbers(&json, name, value->numbers, value->n_numbers);
				break;
		}
	}
	return mlpg_json_end(&json);
}
