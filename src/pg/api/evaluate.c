/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  Predictions of a hold-out, and the paired comparison behind a deployment.
 *
 * Comparison: rows of the challenger's hold-out that the incumbent was not
 * fitted on either, read again from the stored source.  For each row both
 * losses; the gain is the mean of their difference.  Its standard error is over
 * periods where the hold-out is by time (rows of one week share their
 * surprises), else over rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/evaluate.h"

#include <math.h>

#include "pg/bind/bind.h"
#include "pg/catalog/cache.h"
#include "pg/catalog/registry.h"
#include "pg/ingest/holdout.h"
#include "pg/ingest/query.h"
#include "pg/ingest/rows.h"
#include "pg/ingest/source.h"
#include "utils/memutils.h"

/* ---------- kept rows ---------- */

/* Codes of kept categories as codes of the model; -1 where the model has not seen the text. */
static int32 **
map_categories(MlpgHost *host, const MlpgSchema *schema, const MlpgFit *kept)
{
	int32	  **map = mlpg_allocate(host, schema->n_features + 1, sizeof(int32 *));

	for (int j = 0; j < schema->n_features; j++)
	{
		const MlpgDictionary *from;

		if (schema->feature[j].kind != MLPG_CATEGORY)
			continue;
		from = kept->dictionary[j];
		map[j] = mlpg_allocate(host, from->n + 1, sizeof(int32));
		for (int32 c = 0; c < from->n; c++)
			map[j][c] = mlpg_dictionary_find(schema->feature[j].dictionary, from->text[c], from->length[c]);
	}
	return map;
}

void
mlpg_predict_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, double *actual, double *yhat)
{
	const MlpgSchema *schema = model->schema;
	int64		n = kept->n_rows;
	int			stride = kept->block.stride;
	int			part = mlpg_block_rows(kept->block.n_columns);
	double	   *rows = mlpg_allocate(host, (size_t) part * stride, sizeof(double));
	double	   *out = mlpg_allocate(host, (size_t) part * model->n_outputs, sizeof(double));
	int32	  **map = map_categories(host, schema, kept);

	mlpg_fit_flush(host, kept);
	for (int64 first = 0; first < n; first += part)
	{
		int			m = (int) Min(part, n - first);

		mlpg_matrix_read_rows(kept->matrix, first, m, rows, stride);
		for (int j = 0; j < schema->n_features; j++)
			if (map[j] != NULL)
				for (int i = 0; i < m; i++)
				{
					double	   *x = &rows[(size_t) i * stride + j];

					if (!isnan(*x))
						*x = map[j][(int32) *x];
				}
		model->learner->predict(model, rows, m, stride, out);
		for (int i = 0; i < m; i++)
		{
			actual[first + i] = rows[(size_t) i * stride + kept->plan->n_features];
			yhat[first + i] = out[(size_t) i * model->n_outputs + model->main_output];
		}
		mlpg_check(host, "judging", first, n);
	}
}

/* ---------- comparing two versions ---------- */

typedef struct Contestant
{
	MlpgModel  *model;
	MlpgBinding *binding;
	double	   *row;			/* features */
	double	   *out;			/* outputs */
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
	c->row = palloc0((c->model->schema->n_features + 1) * sizeof(double));
	c->out = palloc0(c->model->n_outputs * sizeof(double));
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

/* The main answer for a row; NaN where there is none. */
static double
answer(const Contestant *c, TupleTableSlot *slot)
{
	if (!mlpg_bind_values(c->binding, slot->tts_values, slot->tts_isnull, c->row) && c->model->schema->n_features > 0)
		return NAN;
	c->model->learner->predict(c->model, c->row, 1, c->model->schema->n_features, c->out);
	return c->out[c->model->main_output];
}

static void
compare_row(Comparison *c, TupleTableSlot *slot)
{
	double		y = c->rows->values[c->rows->plan->n_features];
	double		loss[2];
	double		yhat[2];

	for (int k = 0; k < 2; k++)
	{
		double		inputs[2] = {y, yhat[k] = answer(&c->side[k], slot)};

		if (isnan(yhat[k]) || !mlpg_metric_row_loss(c->metric, c->parameters, inputs, &loss[k]))
			return;
	}
	mlpg_metric_add(c->host, &c->state, y, yhat[0]);
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

static void
choose_metric(Comparison *c, const Jsonb *metrics, const char *name)
{
	double		level = mlpg_json_get_number(metrics, "level");
	MlpgJudge	judge;
	int			k;

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
	choose_metric(&c, metrics, metric);
	c.side[0].model = evaluation_model(c.context, challenger);
	c.side[1].model = evaluation_model(c.context, incumbent);
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
