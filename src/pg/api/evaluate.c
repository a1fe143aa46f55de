/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  Predictions of a hold-out, and the paired comparison behind a deployment.
 *
 * Comparison: rows of the challenger's hold-out that the incumbent was not
 * fitted on either, read again from the stored source.  For each row both
 * losses; the gain is the mean of their difference.  Its standard error is over
 * periods where the hold-out is by time (rows of one week share their
 * surprises), else over rows.  Metrics that are no mean over rows (auc, f1, ...) are compared as a
 * whole, with the standard error of the jackknife (core/metrics/judge_classes.c).  Classifiers are compared by the log loss of what
 * happened, each with the probability that it gave to it, 0 where it does not know the class.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/evaluate.h"

#include <math.h>

#include "core/learners/classes.h"
#include "core/learners/score_rows.h"
#include "pg/api/scored.h"
#include "pg/ingest/query.h"
#include "utils/memutils.h"

/* ---------- kept rows ---------- */

int32 *
mlpg_map_classes(MlpgHost *host, const MlpgModel *model, const MlpgFit *fit)
{
	int32	   *map = mlpg_allocate(host, fit->classes->n + 1, sizeof(int32));

	for (int32 c = 0; c < fit->classes->n; c++)
	{
		const char *name = mlpg_classes_name(host, fit->plan, fit->classes, c);

		map[c] = mlpg_dictionary_find(model->schema->classes, name, strlen(name));
	}
	return map;
}

typedef struct Numbers
{
	double	   *actual;
	double	   *yhat;
} Numbers;

static void
take_number(const MlpgModel *model, int64 row, double target, double *outputs, void *argument)
{
	Numbers    *numbers = argument;

	numbers->actual[row] = target;
	numbers->yhat[row] = mlpg_model_answer(model, outputs);
}

void
mlpg_predict_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, double *actual, double *yhat)
{
	Numbers		numbers = {actual, yhat};

	mlpg_score_kept(host, model, kept, kept->dictionary, take_number, &numbers);
}

typedef struct Classes
{
	MlpgClassRows *rows;
	const int32 *map;
} Classes;

static void
take_class(const MlpgModel *model, int64 row, double target, double *outputs, void *argument)
{
	Classes    *classes = argument;
	MlpgClassRows *rows = classes->rows;
	int			actual = classes->map[(int32) target];
	int			predicted = mlpg_model_class(model, outputs);

	rows->actual[row] = actual;
	rows->predicted[row] = predicted;
	rows->p[row] = predicted < 0 ? NAN : actual < 0 ? 0 : mlpg_model_probability(model, outputs, actual);
	if (rows->second != NULL)
		rows->second[row] = outputs[0];
}

MlpgClassRows *
mlpg_predict_kept_classes(MlpgHost *host, const MlpgModel *model, MlpgFit *kept)
{
	Classes		classes = {
		mlpg_class_rows_create(host, kept->n_rows, mlpg_schema_classes(model->schema)), mlpg_map_classes(host, model, kept)
	};

	classes.rows->event = mlpg_schema_event(model->schema);
	mlpg_score_kept(host, model, kept, kept->dictionary, take_class, &classes);
	return classes.rows;
}

/* ---------- comparing two versions ---------- */

typedef struct Contestant
{
	MlpgScored	scored;
	double	   *row;			/* features, offset */
	double	   *out;			/* outputs */
	MlpgClassRows *answers;		/* for metrics of all rows at once */
} Contestant;

/* What a classifier answers a row. */
typedef struct ClassAnswer
{
	int			actual;			/* class of the model, -1 none */
	int			predicted;
	double		p;				/* probability of the actual one */
	double		second;			/* and of the second one, of two */
} ClassAnswer;

typedef struct Comparison
{
	MemoryContext context;		/* of what is kept */
	MemoryContext row_context;
	int			uncleaned;
	MlpgHost   *host;
	MlpgHoldout holdout;
	const char *target;
	MlpgRows   *rows;
	int			n_needed;		/* attributes to deform: all */
	Contestant	side[2];		/* challenger, incumbent */
	const MlpgMetric *metric;
	bool		whole;			/* it has no loss of a row, but a value for all */
	double		parameters[MLPG_METRIC_MAX_PARAMETERS];
	MlpgMetricState state;		/* the metric of the challenger, of row losses */
	double		loss[2];		/* sums of both sides' row losses */
	int64		n;
	int64		capacity;
	double	   *gain;			/* loss of the incumbent less that of the challenger, a row */
	double	   *order;			/* value of the hold-out's column */
} Comparison;

static void
bind_contestant(Contestant *c, TupleDesc desc, const char *label)
{
	mlpg_scored_bind(&c->scored, desc, label);
	c->row = palloc0((mlpg_schema_columns(c->scored.model->schema) + 1) * sizeof(double));
	c->out = palloc0(c->scored.model->n_outputs * sizeof(double));
}

static void
comparison_start(TupleDesc desc, void *argument)
{
	Comparison *c = argument;
	MemoryContext old = MemoryContextSwitchTo(c->context);
	MlpgColumnsAsked asked = {.target = c->target, .skip_unreadable = true};

	mlpg_holdout_bind(&c->holdout, desc);
	c->rows = mlpg_rows_create(desc, &asked, mlpg_scored_no_arrays, NULL);
	c->n_needed = desc->natts;
	bind_contestant(&c->side[0], desc, "the challenger");
	bind_contestant(&c->side[1], desc, "the incumbent");
	MemoryContextSwitchTo(old);
}

/* The outputs for a row; false where the model has no answer. */
static bool
answer(const Contestant *side, TupleTableSlot *slot)
{
	const MlpgModel *model = side->scored.model;

	if (!mlpg_bind_values(side->scored.binding, slot->tts_values, slot->tts_isnull, side->row) && model->schema->n_features > 0)
		return false;
	model->learner->predict(model, side->row, 1, mlpg_schema_columns(model->schema), side->out);
	return !isnan(side->out[0]);
}

static ClassAnswer
class_answer(const Comparison *c, const Contestant *side)
{
	const MlpgModel *model = side->scored.model;
	int			actual = mlpg_scored_class(&side->scored, c->rows);

	return (ClassAnswer)
	{
		.actual = actual, .predicted = mlpg_model_class(model, side->out),
			.p = actual < 0 ? 0 : mlpg_model_probability(model, side->out, actual),
			.second = model->n_outputs == 1 ? side->out[0] : NAN
	};
}

/* What the metric reads of a row and of the model's answer to it; false where there is none. */
static bool
read_inputs(const Comparison *c, const Contestant *side, double *inputs)
{
	const MlpgModel *model = side->scored.model;
	ClassAnswer a;

	if (model->schema->classes == NULL)
	{
		inputs[0] = c->rows->values[c->rows->plan->n_features];
		inputs[1] = mlpg_model_answer(model, side->out);
		return !isnan(inputs[1]);
	}
	a = class_answer(c, side);
	return mlpg_class_inputs(c->metric, a.actual, a.p, a.predicted, a.second, inputs);
}

static void
resize_answers(Comparison *c, MlpgClassRows *rows, int64 more)
{
	rows->actual = mlpg_resize(c->host, rows->actual, c->capacity, more, sizeof(double));
	rows->p = mlpg_resize(c->host, rows->p, c->capacity, more, sizeof(double));
	rows->predicted = mlpg_resize(c->host, rows->predicted, c->capacity, more, sizeof(double));
	rows->second = mlpg_resize(c->host, rows->second, c->capacity, more, sizeof(double));
}

static void
make_room(Comparison *c)
{
	int64		more = c->capacity == 0 ? 1024 : c->capacity * 2;

	if (c->n < c->capacity)
		return;
	c->gain = mlpg_resize(c->host, c->gain, c->capacity, more, sizeof(double));
	c->order = mlpg_resize(c->host, c->order, c->capacity, more, sizeof(double));
	for (int k = 0; c->whole && k < 2; k++)
		resize_answers(c, c->side[k].answers, more);
	c->capacity = more;
}

static void
keep_answer(Comparison *c, Contestant *side)
{
	ClassAnswer a = class_answer(c, side);
	MlpgClassRows *rows = side->answers;

	rows->actual[rows->n] = a.actual;
	rows->p[rows->n] = a.p;
	rows->predicted[rows->n] = a.predicted;
	rows->second[rows->n++] = a.second;
}

/* Adds the losses of both sides; false where one has none. */
static bool
compare_losses(Comparison *c)
{
	double		loss[2];
	double		inputs[2][2];

	for (int k = 0; k < 2; k++)
		if (!read_inputs(c, &c->side[k], inputs[k]) || !mlpg_metric_row_loss(c->metric, c->parameters, inputs[k], &loss[k]))
			return false;
	mlpg_metric_add_row(c->host, &c->state, inputs[0]);
	c->loss[0] += loss[0];
	c->loss[1] += loss[1];
	c->gain[c->n] = loss[1] - loss[0];
	return true;
}

static void
compare_row(Comparison *c, TupleTableSlot *slot)
{
	make_room(c);
	if (!answer(&c->side[0], slot) || !answer(&c->side[1], slot))
		return;
	if (c->whole)
	{
		keep_answer(c, &c->side[0]);
		keep_answer(c, &c->side[1]);
	}
	else if (!compare_losses(c))
		return;
	c->order[c->n++] = mlpg_holdout_order(&c->holdout, slot->tts_values, slot->tts_isnull);
}

static void
comparison_row(TupleTableSlot *slot, void *argument)
{
	Comparison *c = argument;
	MemoryContext old;

	if (c->uncleaned++ == 256)
	{
		MemoryContextReset(c->row_context);
		c->uncleaned = 0;
	}
	old = MemoryContextSwitchTo(c->row_context);
	slot_getsomeattrs(slot, c->n_needed);
	if (mlpg_rows_read_row(c->rows, slot->tts_values, slot->tts_isnull) &&
		mlpg_scored_was_held_out(&c->holdout, c->rows, slot->tts_values, slot->tts_isnull))
		compare_row(c, slot);
	MemoryContextSwitchTo(old);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The hold-out of the challenger, narrowed to what the incumbent has not seen, and its source; false: there is none. */
static bool
common_holdout(MlpgHoldout *holdout, char **source, const Jsonb *challenger, const Jsonb *incumbent)
{
	MlpgHoldout other;
	char	   *other_source;

	if (!mlpg_scored_holdout(challenger, holdout, source) || !mlpg_scored_holdout(incumbent, &other, &other_source))
		return false;
	if (holdout->by != NULL)
	{
		holdout->after = fmax(holdout->after, other.after);
		return same_text(holdout->by, other.by) && isfinite(holdout->after);
	}
	/* by content: other sources have other rows, and what was held out there is not known here */
	return other.by == NULL && strcmp(*source, other_source) == 0 && holdout->share == other.share &&
		holdout->seed == other.seed && same_text(holdout->key, other.key);
}

/* Numbers with numbers, classifiers that know two classes in common: one may know a class more. */
static bool
same_task(const MlpgSchema *a, const MlpgSchema *b)
{
	int			common = 0;

	if (mlpg_schema_classes(a) == 0 || mlpg_schema_classes(b) == 0)
		return mlpg_schema_classes(a) == mlpg_schema_classes(b);
	for (int k = 0; k < a->classes->n; k++)
		common += mlpg_dictionary_find(b->classes, a->classes->text[k], a->classes->length[k]) >= 0;
	return common >= 2;
}

/* Both sides know the same classes where the metric is one of two: the event of one is that of the other. */
static void
prepare_answers(Comparison *c)
{
	const MlpgSchema *schema = c->side[0].scored.model->schema;
	int			event = mlpg_schema_event(schema);

	for (int k = 0; k < 2; k++)
	{
		const MlpgDictionary *classes = c->side[k].scored.model->schema->classes;

		if (classes->n != 2 && schema->classes->n == 2)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("two versions cannot be compared by metric \"%s\"", c->metric->name),
					 errdetail("The incumbent knows %d classes, the challenger two.", classes->n)));
		c->side[k].answers = mlpg_class_rows_create(c->host, 0, classes->n);
		c->side[k].answers->second = NULL;
		c->side[k].answers->actual = c->side[k].answers->p = c->side[k].answers->predicted = NULL;
		if (classes->n == 2)
			c->side[k].answers->event = mlpg_dictionary_find(classes, schema->classes->text[event], schema->classes->length[event]);
	}
}

static void
choose_metric(Comparison *c, const Jsonb *metrics, const char *name)
{
	double		level = mlpg_json_get_number(metrics, "level");
	MlpgJudge	judge;
	int			k;

	if (c->side[0].scored.model->schema->classes != NULL)
		mlpg_judge_init_classes(&judge, c->side[0].scored.model->schema->classes->n);
	else
		mlpg_judge_init(&judge, mlpg_json_get_number(metrics, "underage_cost"), mlpg_json_get_number(metrics, "overage_cost"), level);
	if (name == NULL)
		name = mlpg_json_get_text(metrics, "metric");
	k = name != NULL ? mlpg_judge_find(&judge, name) : -1;
	if (k < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("metric \"%s\" is not one that this model was judged by", name ? name : ""),
				 errhint("They are in the column metrics of mlpg.leaderboard.")));
	c->metric = judge.metric[k];
	c->whole = mlpg_judge_is_whole(c->metric);
	if (c->whole)
	{
		prepare_answers(c);
		return;
	}
	if (!mlpg_metric_has_row_loss(c->metric))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("two versions cannot be compared by metric \"%s\"", name),
				 errdetail("It has no loss of a single row."),
				 errhint("Compare them by \"%s\".", judge.metric[0]->name)));
	memcpy(c->parameters, judge.parameters[k], sizeof(c->parameters));
	mlpg_metric_init(c->host, &c->state, c->metric, c->parameters);
}

/* The mean gain over rows and its standard error, over periods where there are any. */
static void
finish_losses(Comparison *c, double *gain, double *se)
{
	double	   *means = mlpg_allocate(c->host, c->n, sizeof(double));
	double		unit;
	bool		is_null;

	*se = mlpg_mean_with_error(c->gain, c->n, gain);
	if (c->holdout.by != NULL)
		*se = mlpg_mean_with_error(means, mlpg_period_means(c->host, c->gain, c->order, c->n, means), gain);
	unit = mlpg_loss_unit(c->metric, mlpg_metric_value(&c->state, &is_null), c->loss[0] / c->n, c->loss[1] / c->n);
	*gain *= unit;
	*se *= unit;
}

bool
mlpg_compare_versions(const MlpgModelRef *challenger, const MlpgModelRef *incumbent,
					  const char *metric, double *gain, double *se, int64 *n)
{
	static const MlpgSink sink = {comparison_start, comparison_row};
	Jsonb	   *metrics = mlpg_registry_metrics(challenger->model_id, challenger->version);
	Jsonb	   *incumbent_metrics = mlpg_registry_metrics(incumbent->model_id, incumbent->version);
	Comparison	c;
	char	   *source;

	memset(&c, 0, sizeof(c));
	*gain = *se = 0;
	*n = 0;
	if (metrics == NULL || incumbent_metrics == NULL || !common_holdout(&c.holdout, &source, metrics, incumbent_metrics))
		return false;
	c.context = AllocSetContextCreate(CurrentMemoryContext, "mlpg comparison", ALLOCSET_DEFAULT_SIZES);
	c.row_context = AllocSetContextCreate(c.context, "mlpg comparison row", ALLOCSET_SMALL_SIZES);
	c.host = mlpg_host_pg_create(c.context, 1, (size_t) mlpg_max_memory_kb * 1024);
	c.target = mlpg_json_get_text(metrics, "target");
	c.side[0].scored.model = mlpg_scored_model(c.context, challenger, true);
	c.side[1].scored.model = mlpg_scored_model(c.context, incumbent, true);
	if (!same_task(c.side[0].scored.model->schema, c.side[1].scored.model->schema))
	{
		MemoryContextDelete(c.context);
		return false;
	}
	choose_metric(&c, metrics, metric);
	mlpg_query_run(source, &sink, &c);

	*n = c.n;
	if (c.n > 0 && c.whole)
		*se = mlpg_judge_class_gain(c.host, c.metric, c.side[0].answers, c.side[1].answers, c.holdout.by != NULL ? c.order : NULL, gain);
	else if (c.n > 0)
		finish_losses(&c, gain, se);
	if (isnan(*gain))
		*n = 0;
	if (isnan(*se))
		*se = 0;
	MemoryContextDelete(c.context);
	return *n > 0;
}
