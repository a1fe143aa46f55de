/*-------------------------------------------------------------------------
 *
 * training.c
 *	  Read, fit, judge, save: what mlpg.train and mlpg.retrain have in common.
 *
 * 1. The source's rows go, as the executor produces them, either into the fit or,
 *	  kept, into the hold-out.  Nothing else is stored but the targets, which
 *	  the naive models need.
 * 2. The model is fitted without the hold-out and judged on it, beside the
 *	  naive models of the training part.
 *	  Rows kept apart for intervals (calibration) are of the training part.
 * 3. With refit_all the source is read once more, under the same snapshot, and
 *	  all rows are fitted; the first model is kept as the one that judgements rest on.
 * 4. Version, blob and run are written in one go.
 *
 * Everything up to 4 runs with the rights of the caller, and a failure leaves
 * nothing behind but the ERROR.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/training.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "core/learners/classes.h"
#include "miscadmin.h"
#include "pg/api/evaluate.h"
#include "pg/api/fit_state.h"
#include "pg/api/json.h"
#include "pg/api/options.h"
#include "pg/api/preprocess.h"
#include "pg/catalog/cache.h"
#include "pg/ingest/deform.h"
#include "pg/ingest/holdout.h"
#include "pg/ingest/query.h"
#include "pg/ingest/rows.h"
#include "pg/ingest/source.h"
#include "portability/instr_time.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define ROWS_A_RESET 256

typedef struct Training
{
	const MlpgTrainCall *call;
	char	   *source;			/* canonical */
	char	   *target;
	MlpgOptions options;
	MlpgHoldout holdout;
	bool		judged_only;	/* costs do not shape this learner's fit */

	/* reading */
	MemoryContext caller;		/* of the result */
	MemoryContext context;		/* of all that outlives a row */
	MemoryContext rows_context; /* of the rows: the arena of host */
	MemoryContext row_context;
	int			uncleaned;
	MlpgHost   *host;
	MlpgHost   *scratch;		/* of finishing and judging */
	MlpgRows   *rows;
	MlpgRows   *content;		/* all readable columns, for membership: rows itself when it reads them all */
	int			n_needed;		/* attributes to deform */
	MlpgDeform	deform;
	MlpgFit		fit;
	MlpgFit		test;
	MlpgPlan	keep;			/* plan of test */
	MlpgLeak	leak;
	double	   *targets;		/* of the training part */
	int64		n_targets;
	int64		max_targets;
	int64	   *class_count;	/* rows of the training part by first-sight class */
	double		last_order;		/* greatest value of holdout_by in the training part */
	double		last_sum;		/* targets there */
	int64		last_n;
	double		until;			/* greatest value of holdout_by that was fitted */
	uint64		fingerprint;	/* sum of the rows' hashes */
	bool		refitting;		/* second read: no hold-out */
} Training;

/* ---------- reading ---------- */

typedef struct ArrayProbe
{
	const char *source;
	TupleDesc	desc;
} ArrayProbe;

/* The length of an array column's arrays: that of the first that is not NULL. */
static int
array_length_of(int attno, void *argument)
{
	ArrayProbe *probe = argument;
	const char *column = quote_identifier(NameStr(TupleDescAttr(probe->desc, attno)->attname));
	char	   *n = mlpg_query_scalar(psprintf("SELECT pg_catalog.array_length(s.%s, 1) FROM (%s) AS s WHERE s.%s IS NOT NULL LIMIT 1",
											   column, mlpg_source_query(probe->source), column));

	return n ? atoi(n) : 0;
}

/* Columns that the content of a row is made of, whatever features are asked for. */
static MlpgRows *
content_rows(Training *t, TupleDesc desc, ArrayProbe *probe)
{
	MlpgColumnsAsked all = {.target = t->target, .skip_unreadable = true};
	MlpgRows   *content = mlpg_rows_create(desc, &all, array_length_of, probe);

	if (content->n_columns != t->rows->n_columns)
		return content;
	for (int c = 0; c < content->n_columns; c++)
		if (content->column[c].attno != t->rows->column[c].attno || t->rows->column[c].reader.is_array)
			return content;
	return t->rows;
}

static void
start(TupleDesc desc, void *argument)
{
	Training   *t = argument;
	MemoryContext old = MemoryContextSwitchTo(t->context);
	MlpgColumnsAsked asked = {
		.target = t->target, .weight = t->options.weight,
		.offset = t->options.offset ? t->options.offset : t->options.init_score,
		.validation = t->options.validation, .features = t->options.features,
		.exclude = t->options.exclude, .allow_leakage = t->options.allow_leakage
	};
	ArrayProbe	probe = {t->source, desc};
	MlpgPlan   *plan;

	mlpg_holdout_bind(&t->holdout, desc);
	t->rows = mlpg_rows_create(desc, &asked, array_length_of, &probe);
	t->content = content_rows(t, desc, &probe);
	t->n_needed = Max(Max(t->rows->max_attno, t->content->max_attno), t->holdout.attno + 1);
	plan = t->rows->plan;
	mlpg_options_plan(&t->options, plan, t->rows->target_reader.kind, TupleDescAttr(desc, t->rows->target)->atttypid);
	mlpg_options_features(mlpg_host_pg_create(t->context, 1, 0), &t->options, plan);
	t->keep = *plan;
	t->keep.keep_rows = true;
	if (plan->task == MLPG_TASK_CLASSIFICATION)
		t->class_count = palloc0(MLPG_CLASSES_MAX * sizeof(int64));
	mlpg_fit_init(t->host, &t->fit, plan);
	mlpg_fit_init(t->host, &t->test, &t->keep);
	MemoryContextSwitchTo(old);
}

/* The last time that the serving fit has seen. */
static void
note_time(Training *t, double order)
{
	if (!isnan(order) && order > t->until)
		t->until = order;
}

/* What the naive models need of a training row. */
static void
note_target(Training *t, double y, double order)
{
	if (t->class_count != NULL)
	{
		t->class_count[(int) y]++;
		return;
	}
	if (t->n_targets == t->max_targets)
	{
		int64		more = t->max_targets == 0 ? 1024 : t->max_targets * 2;

		t->targets = mlpg_resize(t->host, t->targets, t->max_targets, more, sizeof(double));
		t->max_targets = more;
	}
	t->targets[t->n_targets++] = y;
	if (isnan(order) || order < t->last_order)
		return;
	if (t->last_n == 0 || order > t->last_order)
	{
		t->last_order = order;
		t->last_sum = 0;
		t->last_n = 0;
	}
	t->last_sum += y;
	t->last_n++;
}

static void
read_row(Training *t, TupleTableSlot *slot)
{
	MlpgRows   *rows = t->rows;
	uint64		hash;

	rows->values = mlpg_fit_next_row(t->host, &t->fit);
	if (!mlpg_rows_read_row(rows, slot->tts_values, slot->tts_isnull))
		return;
	if (t->content != rows)
		(void) mlpg_rows_read_row(t->content, slot->tts_values, slot->tts_isnull);
	hash = mlpg_rows_hash(t->content);
	if (!t->refitting)
		t->fingerprint += hash;
	if (!t->refitting && mlpg_holdout_has(&t->holdout, slot->tts_values, slot->tts_isnull,
										  mlpg_hash_membership(hash, t->holdout.seed)))
	{
		mlpg_rows_store(rows, t->host, &t->test, NULL);
		return;
	}
	mlpg_rows_store(rows, t->host, &t->fit, t->options.allow_leakage ? NULL : &t->leak);
	if (t->holdout.by != NULL)
		note_time(t, mlpg_holdout_order(&t->holdout, slot->tts_values, slot->tts_isnull));
	if (!t->refitting && t->holdout.share > 0)
		note_target(t, rows->stored_target, mlpg_holdout_order(&t->holdout, slot->tts_values, slot->tts_isnull));
}

static void
row(TupleTableSlot *slot, void *argument)
{
	Training   *t = argument;
	MemoryContext old;

	if (t->uncleaned++ == ROWS_A_RESET)
	{
		MemoryContextReset(t->row_context);
		t->uncleaned = 0;
		mlpg_check(t->host, t->refitting ? "reading all rows" : "reading", t->rows->n_read, 0);
	}
	old = MemoryContextSwitchTo(t->row_context);
	mlpg_deform_slot(&t->deform, slot, t->n_needed);
	read_row(t, slot);
	MemoryContextSwitchTo(old);
}

static const MlpgSink sink = {start, row};

/* ---------- fitting ---------- */

static void
raise_too_few(const Training *t, int needed)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("too few rows to train model \"%s\"", t->call->model),
			 errdetail("%lld rows read, %lld dropped because \"%s\" is NULL, %lld held out; %lld remain and learner \"%s\" needs %d.",
					   (long long) t->rows->n_read, (long long) t->rows->n_no_target, t->target,
					   (long long) t->test.n_rows, (long long) t->fit.n_rows, t->options.learner->name, needed),
			 errhint("Give more rows with a known target, or hold out fewer (holdout => 0).")));
}

static struct varlena *
finish_fit(Training *t, MlpgFacts *facts)
{
	if (t->fit.n_rows < t->options.learner->min_rows)
		raise_too_few(t, t->options.learner->min_rows);
	mlpg_leak_check(&t->leak, t->rows->plan);
	mlpg_fact(t->scratch, facts, "mlpg_version", "%s", MLPG_VERSION);
	t->fit.n_dropped = t->rows->n_no_target;
	return mlpg_model_datum(mlpg_fit_finish(t->host, t->scratch, &t->fit, facts));
}

/* ---------- NOTICEs ---------- */

static void
notice_rows(const Training *t)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "%lld rows read", (long long) t->rows->n_read);
	if (t->rows->n_no_target > 0)
		appendStringInfo(&s, ", %lld dropped because \"%s\" is NULL", (long long) t->rows->n_no_target, t->target);
	if (t->test.n_rows > 0)
		appendStringInfo(&s, "; %lld fitted, %lld held out", (long long) t->fit.n_rows, (long long) t->test.n_rows);
	if (t->holdout.by != NULL && t->test.n_rows > 0)
		appendStringInfo(&s, " (%s after %s)", t->holdout.by, t->holdout.after_text);
	ereport(NOTICE, (errmsg("%s", s.data)));
}

static void
notice_columns(const Training *t, const MlpgSchema *schema)
{
	StringInfoData constant,
				categories;

	initStringInfo(&constant);
	initStringInfo(&categories);
	for (int j = 0; j < schema->n_features; j++)
	{
		const MlpgFeature *f = &schema->feature[j];

		if (f->constant && constant.len < 300)
			appendStringInfo(&constant, "%s\"%s\"", constant.len ? ", " : "", f->name);
		if (f->kind == MLPG_CATEGORY && !f->constant && categories.len < 300)
			appendStringInfo(&categories, "%s\"%s\" %d", categories.len ? ", " : "", f->name, f->dictionary->n);
		if (f->kind == MLPG_CATEGORY && (f->dictionary->n > 1000 || (f->dictionary->n > 20 && f->dictionary->n > t->fit.n_rows / 2)))
			ereport(NOTICE,
					(errmsg("column \"%s\" has %d distinct texts in %lld rows and may be free text", f->name,
							f->dictionary->n, (long long) t->fit.n_rows),
					 errhint("Leave it out with exclude => '{%s}' if it is not a category.", f->name)));
	}
	if (schema->classes != NULL && t->rows->target_reader.kind != MLPG_BOOLEAN)
		ereport(NOTICE,
				(errmsg("%d classes: %s%s", schema->classes->n, mlpg_classes_list(t->scratch, schema),
						schema->positive < 0 ? "" : psprintf("; predict answers the probability of \"%s\"", schema->classes->text[schema->positive]))));
	if (constant.len)
		ereport(NOTICE, (errmsg("constant columns left out: %s", constant.data)));
	if (categories.len)
		ereport(NOTICE, (errmsg("categories: %s", categories.data)));
}

static void
raise_warnings(const MlpgFacts *facts)
{
	for (int i = 0; i < facts->n; i++)
		if (strcmp(facts->name[i], "warning") == 0)
			ereport(WARNING, (errmsg("%s", facts->text[i])));
}

/* ---------- judging ---------- */

typedef struct Verdict
{
	MlpgJudge	judge;
	int64		n;				/* rows judged */
	double		value[MLPG_JUDGE_MAX];
	double		error;			/* standard error of the main metric */
	int			n_baselines;
	MlpgNaive	baseline[MLPG_NAIVE_MAX];
	double		baseline_value[MLPG_NAIVE_MAX][MLPG_JUDGE_MAX];
	int			best;			/* baseline, -1 none */
	double		baseline_error; /* standard error of the gain over it */
} Verdict;

/* The level of a quantile; levels of other kinds are no matter of pinball loss. */
static double
level_of(const Training *t, const MlpgModel *model)
{
	return model->levels != NULL && (model->learner->tasks & MLPG_TASK_QUANTILE) ? model->levels[model->main_output] : NAN;
}

/* The naive models of the training part, judged on the same rows; best is -1 when none has a value. */
static void
judge_baselines(Training *t, Verdict *v, const double *actual, int64 n, double level)
{
	v->n_baselines = mlpg_naive_models(t->scratch, t->targets, t->n_targets, level,
									   t->last_n > 0 ? t->last_sum / t->last_n : NAN, v->baseline);
	v->best = -1;
	for (int b = 0; b < v->n_baselines; b++)
	{
		mlpg_judge_constant(t->scratch, &v->judge, actual, v->baseline[b].answer, n, v->baseline_value[b]);
		if (isnan(v->baseline_value[b][0]))
			continue;
		if (v->best < 0 || mlpg_metric_is_better(v->judge.metric[0], v->baseline_value[b][0], v->baseline_value[v->best][0]))
			v->best = b;
	}
}

/* Moves the rows that have a prediction to the front: the naive models are judged on the same rows. */
static void
keep_answered(double *actual, double *yhat, int64 n)
{
	int64		m = 0;

	for (int64 i = 0; i < n; i++)
		if (!isnan(yhat[i]))
		{
			actual[m] = actual[i];
			yhat[m++] = yhat[i];
		}
}

static void
notice_unanswered(int64 missing, int64 n)
{
	if (missing > 0)
		ereport(NOTICE,
				(errmsg("%lld of %lld held-out rows have no prediction (categories not seen in training, or all features NULL)",
						(long long) missing, (long long) n)));
}

/* Rows of the training part by class of the model. */
static int64 *
class_counts(Training *t, const MlpgModel *model)
{
	int64	   *count = mlpg_allocate(t->scratch, model->schema->classes->n, sizeof(int64));
	int32	   *map = mlpg_map_classes(t->scratch, model, &t->fit);

	for (int32 c = 0; c < t->fit.classes->n; c++)
		count[map[c]] += t->class_count[c];
	return count;
}

static void
notice_unknown_classes(const MlpgClassRows *rows)
{
	int64		unknown = 0;

	for (int64 i = 0; i < rows->n; i++)
		unknown += rows->actual[i] < 0;
	if (unknown > 0)
		ereport(NOTICE,
				(errmsg("%lld of %lld held-out rows have a class that the training part does not have; its probability counts as 0",
						(long long) unknown, (long long) rows->n)));
}

static void
judge_classes(Training *t, const MlpgModel *model, Verdict *v)
{
	int			n_classes = model->schema->classes->n,
				k;
	MlpgClassRows *rows = mlpg_predict_kept_classes(t->scratch, model, &t->test);
	int64		missing = mlpg_class_rows_keep_answered(rows);
	MlpgClassRows *naive = mlpg_naive_classes(t->scratch, rows, class_counts(t, model), n_classes);

	mlpg_judge_init_classes(&v->judge, n_classes);
	v->n = rows->n;
	mlpg_judge_classes(t->scratch, &v->judge, rows, v->value);
	v->error = mlpg_judge_error(t->scratch, &v->judge, NULL, rows->p, NULL, 0, rows->n, v->value[0]);
	v->n_baselines = 1;
	v->baseline[0].name = "class_shares";
	mlpg_judge_classes(t->scratch, &v->judge, naive, v->baseline_value[0]);
	/* an answer that is always the same is worth nothing, though its correlation is 0/0 */
	k = mlpg_judge_find(&v->judge, "mcc");
	if (isnan(v->baseline_value[0][k]))
		v->baseline_value[0][k] = 0;
	v->best = isnan(v->baseline_value[0][0]) ? -1 : 0;
	v->baseline_error = mlpg_judge_error(t->scratch, &v->judge, NULL, rows->p, naive->p, 1, rows->n, v->value[0]);
	notice_unanswered(missing, t->test.n_rows);
	notice_unknown_classes(rows);
}

static void
judge_numbers(Training *t, const MlpgModel *model, Verdict *v)
{
	int64		n = t->test.n_rows;
	double		level = !isnan(t->options.underage_cost) ?
		mlpg_newsvendor_level(t->options.underage_cost, t->options.overage_cost) : level_of(t, model);
	double	   *actual,
			   *yhat;

	actual = mlpg_allocate(t->scratch, n, sizeof(double));
	yhat = mlpg_allocate(t->scratch, n, sizeof(double));
	mlpg_judge_init(&v->judge, t->options.underage_cost, t->options.overage_cost, level_of(t, model));
	mlpg_predict_kept(t->scratch, model, &t->test, actual, yhat);
	v->n = mlpg_judge_rows(t->scratch, &v->judge, actual, yhat, n, v->value);
	v->error = mlpg_judge_error(t->scratch, &v->judge, actual, yhat, NULL, 0, n, v->value[0]);
	keep_answered(actual, yhat, n);
	judge_baselines(t, v, actual, v->n, level);
	if (v->best >= 0)
		v->baseline_error = mlpg_judge_error(t->scratch, &v->judge, actual, yhat, &v->baseline[v->best].answer, 0, v->n, v->value[0]);
	notice_unanswered(n - v->n, n);
}

static void
judge(Training *t, const MlpgModel *model, Verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->best = -1;
	if (t->test.n_rows == 0)
		return;
	if (model->schema->classes != NULL)
		judge_classes(t, model, v);
	else
		judge_numbers(t, model, v);
}

static double
skill_of(const Verdict *v)
{
	if (v->best < 0 || isnan(v->value[0]) || v->baseline_value[v->best][0] == 0)
		return NAN;
	return 1 - v->value[0] / v->baseline_value[v->best][0];
}

static void
notice_verdict(const Verdict *v)
{
	if (v->n == 0 || v->best < 0)
		return;
	ereport(NOTICE,
			(errmsg("%s on the hold-out: %.6g; best naive model (%s): %.6g%s", v->judge.metric[0]->name,
					v->value[0], v->baseline[v->best].name, v->baseline_value[v->best][0],
					isnan(skill_of(v)) ? "" : psprintf("; skill %.3f", skill_of(v)))));
}

/* ---------- saving ---------- */

static void
put_values(MlpgJson *json, const MlpgJudge *judges, const double *values)
{
	for (int k = 0; k < judges->n; k++)
		mlpg_json_put_number(json, judges->metric[k]->name, values[k]);
}

static void
put_holdout(MlpgJson *json, const Training *t)
{
	mlpg_json_begin_member(json, "holdout");
	mlpg_json_put_text(json, "source", t->source);
	mlpg_json_put_number(json, "share", t->holdout.share);
	mlpg_json_put_integer(json, "seed", (int64) t->holdout.seed);
	mlpg_json_put_text(json, "by", t->holdout.by);
	mlpg_json_put_text(json, "key", t->holdout.key);
	mlpg_json_put_number(json, "after", t->holdout.after);
	mlpg_json_end_member(json);
}

/* The largest value of holdout_by that the serving fit has seen, as a timestamp. */
static const char *
trained_until(const Training *t)
{
	double		last = t->until;
	int64		micros;

	if (t->holdout.by == NULL || !isfinite(last))
		return NULL;
	if (t->holdout.reader.kind == MLPG_DATE)
		last *= 86400;
	else if (t->holdout.reader.kind != MLPG_TIMESTAMP)
		return NULL;
	micros = (int64) (last * 1e6);
	return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(micros)));
}

static Jsonb *
metrics_json(const Training *t, const Verdict *v, const MlpgModel *model)
{
	MlpgJson	json;

	mlpg_json_begin(&json);
	mlpg_json_put_text(&json, "target", t->target);
	if (model->schema->positive >= 0)
		mlpg_json_put_text(&json, "positive", model->schema->classes->text[model->schema->positive]);
	mlpg_json_put_number(&json, "underage_cost", t->options.underage_cost);
	mlpg_json_put_number(&json, "overage_cost", t->options.overage_cost);
	mlpg_json_put_number(&json, "level", level_of(t, model));
	mlpg_json_put_text(&json, "trained_until", trained_until(t));
	if (v->n > 0)
	{
		mlpg_json_put_text(&json, "metric", v->judge.metric[0]->name);
		mlpg_json_put_number(&json, "value", v->value[0]);
		mlpg_json_put_number(&json, "se", v->error);
		mlpg_json_put_integer(&json, "n", v->n);
		if (v->best >= 0)
		{
			mlpg_json_put_text(&json, "baseline", v->baseline[v->best].name);
			mlpg_json_put_number(&json, "baseline_value", v->baseline_value[v->best][0]);
			mlpg_json_put_number(&json, "baseline_se", v->baseline_error);
			mlpg_json_put_number(&json, "skill", skill_of(v));
		}
		put_holdout(&json, t);
		mlpg_json_begin_member(&json, "metrics");
		put_values(&json, &v->judge, v->value);
		mlpg_json_end_member(&json);
		mlpg_json_begin_member(&json, "baselines");
		for (int b = 0; b < v->n_baselines; b++)
		{
			mlpg_json_begin_member(&json, v->baseline[b].name);
			put_values(&json, &v->judge, v->baseline_value[b]);
			mlpg_json_end_member(&json);
		}
		mlpg_json_end_member(&json);
	}
	return mlpg_json_end(&json);
}

/* ---------- the run ---------- */

/* A model that is kept may well be asked for intervals, which cost it little. */
static void
keep_intervals(Training *t)
{
	MlpgParams *params = t->options.params;

	if (mlpg_params_find(params, "intervals") >= 0 && !mlpg_params_value(params, "intervals")->given)
		mlpg_params_set(t->scratch, params, "intervals", "true");
}

static void
take_recipe(Training *t)
{
	const Jsonb *recipe = t->call->recipe;
	const char *algorithm = mlpg_json_get_text(recipe, "algorithm");

	t->source = mlpg_json_get_text(recipe, "source");
	t->target = mlpg_json_get_text(recipe, "target");
	mlpg_options_init(&t->options);
	t->options.task = mlpg_json_get_text(recipe, "task");
	t->options.features = mlpg_json_get_texts(recipe, "features");
	t->options.exclude = mlpg_json_get_texts(recipe, "exclude");
	t->options.underage_cost = mlpg_json_get_number(recipe, "underage_cost");
	t->options.overage_cost = mlpg_json_get_number(recipe, "overage_cost");
	t->options.loss = mlpg_json_get_text(recipe, "loss");
	t->options.quantiles = mlpg_json_get_numbers(recipe, "quantiles", &t->options.n_quantiles);
	t->options.weight = mlpg_json_get_text(recipe, "weight_col");
	t->options.seed = (uint64) strtoll(mlpg_json_get_text(recipe, "seed"), NULL, 10);
	mlpg_options_learner(t->scratch, &t->options, algorithm);
	mlpg_options_take(t->scratch, &t->options, mlpg_json_get_jsonb(recipe, "params"), true);
	t->options.preprocess = mlpg_preprocess_parse_jsonb(mlpg_json_get_jsonb(recipe, "preprocess"));
	t->judged_only = mlpg_options_settle(t->scratch, &t->options);
	keep_intervals(t);

	t->holdout.share = mlpg_json_get_number(recipe, "holdout");
	t->holdout.by = mlpg_json_get_text(recipe, "holdout_by");
	t->holdout.key = t->options.holdout_key;
	t->holdout.seed = t->options.seed;
	t->holdout.after = NAN;
	t->holdout.attno = -1;
}

/* Validation rows are fitted as well, with what was found on them. */
static void
forget_validation(Training *t, const MlpgFacts *found)
{
	MlpgOptions *options = &t->options;

	if (options->learner->found != NULL)
		options->learner->found(t->scratch, options->params, found);
	if (options->validation != NULL)
		options->exclude = lappend(options->exclude, options->validation);
	options->validation = NULL;
	options->validation_share = 0;
}

/* Fits all rows: the source again, under the same snapshot. */
static struct varlena *
refit(Training *t, const MlpgFacts *found, MlpgFacts *facts)
{
	forget_validation(t, found);
	mlpg_host_pg_finish(t->host);
	MemoryContextReset(t->rows_context);
	t->host->in_use = 0;
	t->refitting = true;
	t->rows = NULL;
	memset(&t->leak, 0, sizeof(t->leak));
	mlpg_query_run(t->source, &sink, t);
	return finish_fit(t, facts);
}

static void
save(Training *t, const Verdict *v, struct varlena *blob, struct varlena *evaluation, const MlpgModel *model,
	 const MlpgFacts *curve, TimestampTz started, double fit_seconds, MlpgTrainOutcome *outcome)
{
	const MlpgTrainCall *call = t->call;
	MlpgNewVersion new;
	double		skill = skill_of(v);

	memset(&new, 0, sizeof(new));
	new.model = call->model;
	new.task = model->schema->classes != NULL ? "classification" : "regression";
	new.target = t->target;
	new.algorithm = t->options.learner->name;
	new.recipe = call->recipe;
	new.params = mlpg_params_jsonb(t->options.params);
	new.metrics = metrics_json(t, v, model);
	new.blob = blob;
	new.evaluation = evaluation;
	new.source = t->source;
	new.n_rows = t->fit.n_rows;
	new.data_fingerprint = psprintf("%lld:%016llx", (long long) t->rows->n_read, (unsigned long long) t->fingerprint);
	new.seed = (int64) t->options.seed;
	new.description = call->description;
	new.experiment = call->experiment;
	new.tags = call->tags;
	new.key = call->key;
	new.facts = curve;
	new.kind = call->kind;
	new.run_id = call->run_id;
	new.started_at = started;
	new.seconds = outcome->seconds = (GetCurrentTimestamp() - started) / 1e6;
	new.fit_seconds = fit_seconds;
	new.peak_memory = (int64) (t->host->peak + t->scratch->peak);
	new.beats_baselines = isnan(skill) || skill > 0;
	mlpg_registry_save(&new, &outcome->saved);

	outcome->metric = v->n > 0 ? v->judge.metric[0]->name : NULL;
	outcome->value = v->n > 0 ? v->value[0] : NAN;
	outcome->baseline = v->best >= 0 ? MemoryContextStrdup(t->caller, v->baseline[v->best].name) : NULL;
	outcome->baseline_value = v->best >= 0 ? v->baseline_value[v->best][0] : NAN;
	outcome->skill = skill;
	outcome->n_rows = t->fit.n_rows;
}

static void
run_training(Training *t, MlpgTrainOutcome *outcome)
{
	TimestampTz started = GetCurrentTimestamp();
	MlpgFacts  *facts = mlpg_facts_create(t->scratch);
	const MlpgFacts *curve = facts;
	struct varlena *blob,
			   *evaluation = NULL;
	MlpgModel  *model;
	Verdict		verdict;
	instr_time	fit_start,
				fit_end;
	bool		refit_all = t->options.refit_all_given ? t->options.refit_all : t->call->refit;

	mlpg_holdout_find(&t->holdout, t->source, t->target);
	mlpg_query_run(t->source, &sink, t);
	notice_rows(t);
	INSTR_TIME_SET_CURRENT(fit_start);
	blob = finish_fit(t, facts);
	INSTR_TIME_SET_CURRENT(fit_end);
	INSTR_TIME_SUBTRACT(fit_end, fit_start);
	model = mlpg_model_open(t->scratch, VARDATA(blob), VARSIZE(blob) - VARHDRSZ);
	notice_columns(t, model->schema);
	judge(t, model, &verdict);
	if (refit_all && t->test.n_rows > 0)
	{
		evaluation = blob;
		facts = mlpg_facts_create(t->scratch);
		mlpg_fact(t->scratch, facts, "refitted_on_all_rows", "yes");
		blob = refit(t, curve, facts);
	}
	raise_warnings(facts);
	if (t->judged_only)
		ereport(NOTICE,
				(errmsg("learner \"%s\" is fitted with its own loss (%s) and judged by order_cost", t->options.learner->name,
						t->options.loss ? t->options.loss : t->options.learner->loss)));
	notice_verdict(&verdict);
	save(t, &verdict, blob, evaluation, model, curve, started, INSTR_TIME_GET_DOUBLE(fit_end), outcome);
}

static void
run_with_scratch(Training *t, MlpgTrainOutcome *outcome)
{
	MLPG_WITH_HOST(t->scratch);
	run_training(t, outcome);
	MLPG_END_WITH_HOST(t->scratch);
}

static void
training_context(void *argument)
{
	errcontext("training model \"%s\"", (const char *) argument);
}

void
mlpg_training_run(const MlpgTrainCall *call, MlpgTrainOutcome *outcome)
{
	Training	t;
	ErrorContextCallback callback = {
		.previous = error_context_stack, .callback = training_context, .arg = unconstify(char *, call->model)
	};

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("models cannot be trained on a standby"),
				 errhint("Train on the primary; the model can be used here as soon as it is replicated.")));
	PreventCommandIfReadOnly("mlpg.train()");
	memset(outcome, 0, sizeof(*outcome));
	memset(&t, 0, sizeof(t));
	error_context_stack = &callback;
	t.call = call;
	t.caller = CurrentMemoryContext;
	t.context = AllocSetContextCreate(t.caller, "mlpg training", ALLOCSET_DEFAULT_SIZES);
	t.row_context = AllocSetContextCreate(t.context, "mlpg training row", ALLOCSET_SMALL_SIZES);
	t.rows_context = AllocSetContextCreate(t.context, "mlpg training rows", ALLOCSET_DEFAULT_SIZES);
	t.deform.context = t.context;
	t.host = mlpg_host_pg_create(t.context, mlpg_thread_count(), (size_t) mlpg_max_memory_kb * 1024);
	mlpg_host_pg_set_arena(t.host, t.rows_context);
	t.scratch = mlpg_host_pg_create(t.context, mlpg_thread_count(), (size_t) mlpg_max_memory_kb * 1024);
	t.last_order = t.until = -INFINITY;
	take_recipe(&t);
	mlpg_progress_start(call->kind, call->model);
	MLPG_WITH_HOST(t.host);
	run_with_scratch(&t, outcome);
	MLPG_END_WITH_HOST(t.host);
	mlpg_progress_end();
	error_context_stack = callback.previous;
	MemoryContextDelete(t.context);
}
