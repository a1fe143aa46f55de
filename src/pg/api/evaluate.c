/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  Predictions of a hold-out, and the paired comparison behind a deployment.
 *
 * Comparison: rows of the challenger's hold-out that the incumbent was not
 * fitted on either, read again from the stored source.  For each row both
 * losses; the gain is the mean of their difference.  Its standard error is over
 * periods where the hold-out is by time (rows of one week share their
 * surprises), else over rows.  Classifiers are compared by the log loss of what
 * happened, each with the probability that it gave to it, 0 where it does not know the class.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/evaluate.h"

#include <math.h>

#include "core/learners/classes.h"
#include "core/learners/score_rows.h"
#include "pg/bind/bind.h"
#include "pg/catalog/cache.h"
#include "pg/catalog/registry.h"
#include "pg/ingest/holdout.h"
#include "pg/ingest/query.h"
#include "pg/ingest/rows.h"
#include "pg/ingest/source.h"
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

	mlpg_score_kept(host, model, kept, kept->dictionary, take_class, &classes);
	return classes.rows;
}

/* ---------- comparing two versions ---------- */

typedef struct Contestant
{
	MlpgModel  *model;
	MlpgBinding *binding;
	double	   *row;			/* features, offset */
	double	   *out;			/* outputs */
	double	   *class_value;	/* of a classifier: its classes as numbers, NaN for texts */
} Contestant;

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
	double		parameters[MLPG_METRIC_MAX_PARAMETERS];
	MlpgMetricState state;		/* the metric of the challenger */
	double		loss[2];		/* sums of both sides' row losses */
	int64		n;
	int64		capacity;
	double	   *gain;			/* loss of the incumbent less that of the challenger, a row */
	double	   *order;			/* value of the hold-out's column */
} Comparison;

static int
no_arrays(int attno, void *argument)
{
	return 0;
}

static void
bind_contestant(Contestant *c, TupleDesc desc, const char *label)
{
	MlpgColumns columns;

	columns.n = desc->natts;
	columns.name = palloc0(desc->natts * sizeof(char *));
	columns.type = palloc0(desc->natts * sizeof(Oid));
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		columns.name[i] = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		columns.type[i] = TupleDescAttr(desc, i)->atttypid;
	}
	c->binding = mlpg_bind_columns(c->model, label, &columns, false);
	c->row = palloc0((mlpg_schema_columns(c->model->schema) + 1) * sizeof(double));
	c->out = palloc0(c->model->n_outputs * sizeof(double));
	c->class_value = palloc0((mlpg_schema_classes(c->model->schema) + 1) * sizeof(double));
	for (int k = 0; k < mlpg_schema_classes(c->model->schema); k++)
	{
		const char *name = c->model->schema->classes->text[k];
		char	   *end;

		c->class_value[k] = strtod(name, &end);
		if (end == name || *end != '\0')
			c->class_value[k] = NAN;
	}
}

static void
comparison_start(TupleDesc desc, void *argument)
{
	Comparison *c = argument;
	MemoryContext old = MemoryContextSwitchTo(c->context);
	MlpgColumnsAsked asked = {.target = c->target, .skip_unreadable = true};

	mlpg_holdout_bind(&c->holdout, desc);
	c->rows = mlpg_rows_create(desc, &asked, no_arrays, NULL);
	c->n_needed = desc->natts;
	bind_contestant(&c->side[0], desc, "the challenger");
	bind_contestant(&c->side[1], desc, "the incumbent");
	MemoryContextSwitchTo(old);
}

/* The model's class that the target of the row at hand is, -1 if none. */
static int
actual_class(const Contestant *c, const MlpgRows *rows)
{
	const MlpgDictionary *classes = c->model->schema->classes;
	double		y = rows->values[rows->plan->n_features];

	if (rows->target_reader.kind == MLPG_CATEGORY)
		return mlpg_dictionary_find(classes, rows->target_text, rows->target_length);
	if (rows->target_reader.kind == MLPG_BOOLEAN)
		return y != 0 ? mlpg_dictionary_find(classes, "true", 4) : mlpg_dictionary_find(classes, "false", 5);
	for (int k = 0; k < classes->n; k++)
		if (c->class_value[k] == y)
			return k;
	return -1;
}

/* What the metric reads of a row and of the model's answer to it; false where there is none. */
static bool
read_answer(const Comparison *c, const Contestant *side, TupleTableSlot *slot, double *inputs)
{
	const MlpgModel *model = side->model;
	int			actual,
				predicted;

	if (!mlpg_bind_values(side->binding, slot->tts_values, slot->tts_isnull, side->row) && model->schema->n_features > 0)
		return false;
	model->learner->predict(model, side->row, 1, mlpg_schema_columns(model->schema), side->out);
	if (model->schema->classes == NULL)
	{
		inputs[0] = c->rows->values[c->rows->plan->n_features];
		inputs[1] = mlpg_model_answer(model, side->out);
		return !isnan(inputs[1]);
	}
	predicted = mlpg_model_class(model, side->out);
	actual = actual_class(side, c->rows);
	return predicted >= 0 &&
		mlpg_class_inputs(c->metric, actual, actual < 0 ? 0 : mlpg_model_probability(model, side->out, actual), predicted,
						  model->n_outputs == 1 ? side->out[0] : NAN, inputs);
}

static void
compare_row(Comparison *c, TupleTableSlot *slot)
{
	double		loss[2];
	double		inputs[2][2];

	for (int k = 0; k < 2; k++)
		if (!read_answer(c, &c->side[k], slot, inputs[k]) ||
			!mlpg_metric_row_loss(c->metric, c->parameters, inputs[k], &loss[k]))
			return;
	mlpg_metric_add_row(c->host, &c->state, inputs[0]);
	c->loss[0] += loss[0];
	c->loss[1] += loss[1];
	if (c->n == c->capacity)
	{
		int64		more = c->capacity == 0 ? 1024 : c->capacity * 2;

		c->gain = mlpg_resize(c->host, c->gain, c->capacity, more, sizeof(double));
		c->order = mlpg_resize(c->host, c->order, c->capacity, more, sizeof(double));
		c->capacity = more;
	}
	c->gain[c->n] = loss[1] - loss[0];
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
		mlpg_holdout_has(&c->holdout, slot->tts_values, slot->tts_isnull, mlpg_hash_membership(mlpg_rows_hash(c->rows), c->holdout.seed)))
		compare_row(c, slot);
	MemoryContextSwitchTo(old);
}

/* The hold-out of the challenger, narrowed to what the incumbent has not seen; false: there is none. */
static bool
common_holdout(Comparison *c, const Jsonb *challenger, const Jsonb *incumbent)
{
	Jsonb	   *a = mlpg_json_get_jsonb(challenger, "holdout");
	Jsonb	   *b = mlpg_json_get_jsonb(incumbent, "holdout");
	const char *by,
			   *key;

	if (a == NULL || b == NULL || mlpg_json_get_text(a, "seed") == NULL || mlpg_json_get_text(b, "seed") == NULL ||
		mlpg_json_get_text(a, "source") == NULL || mlpg_json_get_text(b, "source") == NULL)
		return false;
	by = mlpg_json_get_text(a, "by");
	key = mlpg_json_get_text(a, "key");
	c->holdout.share = mlpg_json_get_number(a, "share");
	c->holdout.seed = (uint64) strtoll(mlpg_json_get_text(a, "seed"), NULL, 10);
	c->holdout.by = by;
	c->holdout.key = key;
	if (by != NULL)
	{
		const char *other = mlpg_json_get_text(b, "by");

		if (other == NULL || strcmp(by, other) != 0)
			return false;
		c->holdout.after = fmax(mlpg_json_get_number(a, "after"), mlpg_json_get_number(b, "after"));
		return isfinite(c->holdout.after);
	}
	/* by content: other sources have other rows, and what was held out there is not known here */
	return mlpg_json_get_text(b, "by") == NULL &&
		strcmp(mlpg_json_get_text(a, "source"), mlpg_json_get_text(b, "source")) == 0 &&
		c->holdout.share == mlpg_json_get_number(b, "share") &&
		strcmp(mlpg_json_get_text(a, "seed"), mlpg_json_get_text(b, "seed")) == 0 &&
		(key == NULL) == (mlpg_json_get_text(b, "key") == NULL) &&
		(key == NULL || strcmp(key, mlpg_json_get_text(b, "key")) == 0);
}

static MlpgModel *
evaluation_model(MemoryContext context, const MlpgModelRef *ref)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	struct varlena *blob = mlpg_registry_evaluation(ref->model_id, ref->version);

	if (blob == NULL)
		blob = mlpg_registry_blob(ref->model_id, ref->version);
	MemoryContextSwitchTo(old);
	return mlpg_model_decode(context, VARDATA_ANY(blob), VARSIZE_ANY_EXHDR(blob));
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

static void
choose_metric(Comparison *c, const Jsonb *metrics, const char *name)
{
	double		level = mlpg_json_get_number(metrics, "level");
	MlpgJudge	judge;
	int			k;

	if (c->side[0].model->schema->classes != NULL)
		mlpg_judge_init_classes(&judge, c->side[0].model->schema->classes->n);
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
	if (!mlpg_metric_has_row_loss(judge.metric[k]))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("two versions cannot be compared by metric \"%s\"", name),
				 errdetail("It has no loss of a single row."),
				 errhint("Compare them by \"%s\".", judge.metric[0]->name)));
	c->metric = judge.metric[k];
	memcpy(c->parameters, judge.parameters[k], sizeof(c->parameters));
	mlpg_metric_init(c->host, &c->state, c->metric, c->parameters);
}

bool
mlpg_compare_versions(const MlpgModelRef *challenger, const MlpgModelRef *incumbent,
					  const char *metric, double *gain, double *se, int64 *n)
{
	static const MlpgSink sink = {comparison_start, comparison_row};
	Jsonb	   *metrics = mlpg_registry_metrics(challenger->model_id, challenger->version);
	Jsonb	   *incumbent_metrics = mlpg_registry_metrics(incumbent->model_id, incumbent->version);
	Comparison	c;
	double	   *means;
	double		unit;
	bool		is_null;

	memset(&c, 0, sizeof(c));
	*gain = *se = 0;
	*n = 0;
	if (metrics == NULL || incumbent_metrics == NULL || !common_holdout(&c, metrics, incumbent_metrics))
		return false;
	c.context = AllocSetContextCreate(CurrentMemoryContext, "mlpg comparison", ALLOCSET_DEFAULT_SIZES);
	c.row_context = AllocSetContextCreate(c.context, "mlpg comparison row", ALLOCSET_SMALL_SIZES);
	c.host = mlpg_host_pg_create(c.context, 1, (size_t) mlpg_max_memory_kb * 1024);
	c.target = mlpg_json_get_text(metrics, "target");
	c.side[0].model = evaluation_model(c.context, challenger);
	c.side[1].model = evaluation_model(c.context, incumbent);
	if (!same_task(c.side[0].model->schema, c.side[1].model->schema))
	{
		MemoryContextDelete(c.context);
		return false;
	}
	choose_metric(&c, metrics, metric);
	mlpg_query_run(mlpg_json_get_text(mlpg_json_get_jsonb(metrics, "holdout"), "source"), &sink, &c);

	*n = c.n;
	if (c.n > 0)
	{
		means = mlpg_allocate(c.host, c.n, sizeof(double));
		*se = mlpg_mean_with_error(c.gain, c.n, gain);
		if (c.holdout.by != NULL)
			*se = mlpg_mean_with_error(means, mlpg_period_means(c.host, c.gain, c.order, c.n, means), gain);
		if (isnan(*se))
			*se = 0;
		unit = mlpg_loss_unit(c.metric, mlpg_metric_value(&c.state, &is_null), c.loss[0] / c.n, c.loss[1] / c.n);
		*gain *= unit;
		*se *= unit;
	}
	MemoryContextDelete(c.context);
	return *n > 0;
}
