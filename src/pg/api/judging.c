/*-------------------------------------------------------------------------
 *
 * judging.c
 *	  MlpgJudging a version: evaluate, roc_curve, pr_curve, calibration, confusion.
 *
 * The rows are those that were held out when the version was trained, read again
 * from the stored source and answered by the model that was fitted without them;
 * or those of a source given in the call, answered by the model that serves.
 * Rows without a target, and rows that the model has no answer to, are not judged; a NOTICE
 * counts the latter.
 *
 * Rights: read on the model.  The stored source runs as the model's owner for whoever
 * has the owner's privileges, else, as a source given does, with the caller's own rights.
 *
 * Rows are answered in blocks.  What is kept of each is its target, its answer and
 * its segment; metrics come from the same code as those of mlpg.train.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/learners/classes.h"
#include "core/metrics/judge.h"
#include "funcapi.h"
#include "pg/api/class_metrics.h"
#include "pg/api/json.h"
#include "pg/api/judging.h"
#include "pg/catalog/cache.h"
#include "pg/catalog/writer.h"
#include "pg/ingest/query.h"
#include "pg/ingest/source.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define BLOCK 256				/* rows answered at once */

typedef struct MlpgSegmentColumn
{
	char	   *name;
	int			attno;			/* from 0 */
	FmgrInfo	output;
} MlpgSegmentColumn;

static const MlpgSchema *
schema_of(const MlpgJudging *j)
{
	return j->scored.model->schema;
}

/* ---------- reading ---------- */

static void
find_segment_columns(MlpgJudging *j, TupleDesc desc)
{
	for (int s = 0; s < j->n_segment_columns; s++)
	{
		MlpgSegmentColumn *column = &j->segment_column[s];
		Oid			output;
		bool		is_varlena;

		column->attno = -1;
		for (int i = 0; i < desc->natts; i++)
			if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), column->name) == 0)
				column->attno = i;
		if (column->attno < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\", named in segment_by, does not exist in the source", column->name)));
		getTypeOutputInfo(TupleDescAttr(desc, column->attno)->atttypid, &output, &is_varlena);
		fmgr_info_cxt(output, &column->output, j->context);
	}
}

static void
start(TupleDesc desc, void *argument)
{
	MlpgJudging    *j = argument;
	MemoryContext old = MemoryContextSwitchTo(j->context);
	MlpgColumnsAsked asked = {.target = j->target, .skip_unreadable = true};

	if (j->stored)
		mlpg_holdout_bind(&j->holdout, desc);
	j->rows = mlpg_rows_create(desc, &asked, mlpg_scored_no_arrays, NULL);
	if (schema_of(j)->classes == NULL && j->rows->target_reader.kind == MLPG_CATEGORY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is no number, as %s predicts", j->target, j->label)));
	j->n_attributes = desc->natts;
	mlpg_scored_bind(&j->scored, desc, j->label);
	find_segment_columns(j, desc);
	MemoryContextSwitchTo(old);
}

/* Answers the block's rows and keeps what is judged of them. */
static void
answer_block(MlpgJudging *j)
{
	const MlpgModel *model = j->scored.model;
	int			n_outputs = model->n_outputs;

	if (j->n_block == 0)
		return;
	model->learner->predict(model, j->features, j->n_block, Max(mlpg_schema_columns(schema_of(j)), 1), j->out);
	if (j->n + j->n_block > j->capacity)
	{
		int64		more = Max(j->capacity * 2, 4 * BLOCK);

		j->segment = mlpg_resize(j->host, j->segment, j->capacity, more, sizeof(int32));
		j->target_value = mlpg_resize(j->host, j->target_value, j->capacity, more, sizeof(double));
		j->answer = mlpg_resize(j->host, j->answer, j->capacity * n_outputs, more * n_outputs, sizeof(double));
		if (j->keeps_rows)
		{
			j->row = mlpg_resize(j->host, j->row, j->capacity * j->stride, more * j->stride, sizeof(double));
			j->identity = mlpg_resize(j->host, j->identity, j->capacity, more, sizeof(uint64));
		}
		j->capacity = more;
	}
	for (int i = 0; i < j->n_block; i++)
	{
		const double *out = &j->out[(Size) i * n_outputs];

		if (isnan(out[0]))
		{
			j->n_unanswered++;
			continue;
		}
		j->segment[j->n] = j->block_segment[i];
		j->target_value[j->n] = j->block_target[i];
		memcpy(&j->answer[j->n * n_outputs], out, n_outputs * sizeof(double));
		if (j->keeps_rows)
		{
			memcpy(&j->row[j->n * j->stride], &j->block_row[(Size) i * j->stride], j->stride * sizeof(double));
			j->identity[j->n] = j->block_identity[i];
		}
		j->n++;
	}
	j->n_block = 0;
	if (j->text_context != NULL && !j->keeps_rows)
		MemoryContextReset(j->text_context);
}

/* The class of the row at hand, which may be none of the model's. */
static int32
class_code(MlpgJudging *j)
{
	int			class = mlpg_scored_class(&j->scored, j->rows);
	const char *text = j->rows->target_text;
	int32		length = j->rows->target_length;

	if (class >= 0)
		return class;
	if (j->rows->target_reader.kind != MLPG_CATEGORY)
	{
		text = float8out_internal(j->rows->values[j->rows->plan->n_features]);
		length = (int32) strlen(text);
	}
	return mlpg_dictionary_add(j->host, j->classes, text, length);
}

/* "store=1, item=3" of the row at hand. */
static int32
segment_code(MlpgJudging *j, TupleTableSlot *slot)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int k = 0; k < j->n_segment_columns; k++)
	{
		MlpgSegmentColumn *column = &j->segment_column[k];

		appendStringInfo(&s, "%s%s", k > 0 ? ", " : "", column->name);
		if (slot->tts_isnull[column->attno])
			appendStringInfoString(&s, " is null");
		else
			appendStringInfo(&s, "=%s", OutputFunctionCall(&column->output, slot->tts_values[column->attno]));
	}
	return mlpg_dictionary_add(j->host, j->segments, s.data, s.len);
}

/* Reads the row's content; false: it has no target, or was not held out. */
static bool
read_content(MlpgJudging *j, TupleTableSlot *slot)
{
	if (j->target == NULL)
		mlpg_rows_read_features(j->rows, slot->tts_values, slot->tts_isnull);
	else if (!mlpg_rows_read_row(j->rows, slot->tts_values, slot->tts_isnull))
		return false;
	return !j->stored || mlpg_scored_was_held_out(&j->holdout, j->rows, slot->tts_values, slot->tts_isnull);
}

/* Texts that are kept count, too. */
static void
check_texts(const MlpgJudging *j)
{
	Size		size = j->text_context != NULL ? MemoryContextMemAllocated(j->text_context, true) : 0;

	if (j->host->budget > 0 && size + j->host->in_use > j->host->budget)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s reads more texts than memory allows", j->label),
				 errdetail("They take %zu MB; mlpg.max_memory is %zu MB.", size >> 20, j->host->budget >> 20),
				 errhint("Raise mlpg.max_memory, or give fewer rows.")));
}

/* Reads the features; false where they are all missing, and predict answers NULL. */
static bool
read_features(MlpgJudging *j, TupleTableSlot *slot)
{
	double	   *row = &j->features[(Size) j->n_block * Max(mlpg_schema_columns(schema_of(j)), 1)];
	MemoryContext old = MemoryContextSwitchTo(j->text_context != NULL ? j->text_context : CurrentMemoryContext);
	bool		any = mlpg_bind_values(j->scored.binding, slot->tts_values, slot->tts_isnull, row);

	MemoryContextSwitchTo(old);
	check_texts(j);
	if (j->keeps_rows)
	{
		memcpy(&j->block_row[(Size) j->n_block * j->stride], mlpg_bind_place(j->scored.model, row), j->stride * sizeof(double));
		j->block_identity[j->n_block] = mlpg_rows_hash(j->rows);
	}
	return any || schema_of(j)->n_features == 0;
}

static void
take_row(MlpgJudging *j, TupleTableSlot *slot)
{
	if (!read_content(j, slot))
		return;
	if (!read_features(j, slot))
	{
		j->n_unanswered++;
		return;
	}
	if (j->target != NULL)
		j->block_target[j->n_block] = schema_of(j)->classes != NULL ? class_code(j) : j->rows->values[j->rows->plan->n_features];
	j->block_segment[j->n_block] = segment_code(j, slot);
	if (++j->n_block == BLOCK)
		answer_block(j);
}

static void
row(TupleTableSlot *slot, void *argument)
{
	MlpgJudging    *j = argument;
	MemoryContext old;

	if (j->uncleaned++ == BLOCK)
	{
		MemoryContextReset(j->row_context);
		j->uncleaned = 0;
	}
	old = MemoryContextSwitchTo(j->row_context);
	slot_getsomeattrs(slot, j->n_attributes);
	take_row(j, slot);
	MemoryContextSwitchTo(old);
}

static void
read_source(void *argument)
{
	static const MlpgSink sink = {start, row};
	MlpgJudging    *j = argument;

	mlpg_query_run(j->source, &sink, j);
	answer_block(j);
}

/* ---------- opening ---------- */

static void
choose_source(MlpgJudging *j, text *given)
{
	if (given != NULL)
	{
		j->source = mlpg_canonical_source(text_to_cstring(given));
		return;
	}
	j->stored = true;
	if (!mlpg_scored_holdout(j->metrics, &j->holdout, &j->source))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has no stored hold-out", j->label),
				 errhint("Give rows that it was not fitted on as source.")));
}

/* The model of argument 0, by name or by value. */
static void
open_model(MlpgJudging *j, FunctionCallInfo fcinfo, text *source)
{
	Oid		   *types;
	int			n;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	if (types[0] == TEXTOID)
	{
		char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));

		mlpg_registry_resolve(reference, MLPG_READ, &j->ref);
		j->label = psprintf("model \"%s\"", reference);
		j->metrics = mlpg_registry_metrics(j->ref.model_id, j->ref.version);
		choose_source(j, source);
		j->scored.model = mlpg_scored_model(j->context, &j->ref, j->stored);
	}
	else
	{
		struct varlena *value;
		MemoryContext old = MemoryContextSwitchTo(j->context);

		j->label = pstrdup("the model");
		choose_source(j, source);
		value = PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
		j->scored.model = mlpg_model_decode(j->context, VARDATA(value), VARSIZE(value) - VARHDRSZ);
		MemoryContextSwitchTo(old);
	}
	if (schema_of(j)->target != NULL && schema_of(j)->target[0] != '\0')
		j->target = schema_of(j)->target;
	if (j->scored.model->learner->hasten != NULL)
		j->scored.model->learner->hasten(j->host, j->scored.model);
}

MlpgJudging *
mlpg_judging_open(FunctionCallInfo fcinfo, text *source)
{
	MlpgJudging *j = palloc0(sizeof(MlpgJudging));

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"model\" must not be null")));
	j->context = AllocSetContextCreate(CurrentMemoryContext, "mlpg judging", ALLOCSET_DEFAULT_SIZES);
	j->row_context = AllocSetContextCreate(j->context, "mlpg judging row", ALLOCSET_SMALL_SIZES);
	j->host = mlpg_host_pg_create(j->context, 1, (Size) mlpg_max_memory_kb * 1024);
	open_model(j, fcinfo, source);
	return j;
}

static void
create_block(MlpgJudging *j)
{
	const MlpgSchema *schema = schema_of(j);
	int			n_columns = Max(mlpg_schema_columns(schema), 1);

	j->features = mlpg_allocate(j->host, (Size) BLOCK * n_columns, sizeof(double));
	j->out = mlpg_allocate(j->host, (Size) BLOCK * j->scored.model->n_outputs, sizeof(double));
	j->block_target = mlpg_allocate(j->host, BLOCK, sizeof(double));
	j->block_segment = mlpg_allocate(j->host, BLOCK, sizeof(int32));
	if (j->keeps_rows)
	{
		j->stride = j->scored.model->input->n_features + (schema->offset != NULL ? 1 : 0);
		j->block_row = mlpg_allocate(j->host, (Size) BLOCK * j->stride + 1, sizeof(double));
		j->block_identity = mlpg_allocate(j->host, BLOCK, sizeof(uint64));
	}
	for (int i = 0; i < j->scored.model->input->n_features; i++)
		if (j->scored.model->input->feature[i].kind == MLPG_TEXT && j->text_context == NULL)
			j->text_context = AllocSetContextCreate(j->context, "mlpg judging texts", ALLOCSET_DEFAULT_SIZES);
	j->segments = mlpg_dictionary_create(j->host);
	j->classes = mlpg_dictionary_create(j->host);
	for (int k = 0; k < mlpg_schema_classes(schema); k++)
		(void) mlpg_dictionary_add(j->host, j->classes, schema->classes->text[k], schema->classes->length[k]);
}

void
mlpg_judging_read(MlpgJudging *j)
{
	MlpgModelRef own;

	create_block(j);
	if (j->stored && OidIsValid(j->ref.owner) && mlpg_registry_find_model(j->ref.name, MLPG_OWN, &own))
		mlpg_as_model_owner(j->ref.owner, read_source, j);
	else
		read_source(j);
	if (j->n_unanswered > 0)
		ereport(NOTICE,
				(errmsg("%lld of %lld rows have no prediction (categories not seen in training, or all features NULL)",
						(long long) j->n_unanswered, (long long) (j->n + j->n_unanswered))));
}

static void
take_segment_columns(MlpgJudging *j, ArrayType *names)
{
	Datum	   *elements;
	bool	   *nulls;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &j->n_segment_columns);
	j->segment_column = palloc0((j->n_segment_columns + 1) * sizeof(MlpgSegmentColumn));
	for (int i = 0; i < j->n_segment_columns; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"segment_by\" must not contain NULL")));
		j->segment_column[i].name = TextDatumGetCString(elements[i]);
	}
}

/* What the metrics, or that there are none, would leave one to guess. */
static void
notice_rows(const MlpgJudging *j)
{
	const MlpgSchema *schema = schema_of(j);
	int64		unknown = 0;

	if (j->n + j->n_unanswered == 0)
		ereport(NOTICE, (errmsg("the source has no row with a known \"%s\" to judge %s by", schema->target, j->label)));
	for (int64 i = 0; i < j->n && schema->classes != NULL; i++)
		unknown += j->target_value[i] >= schema->classes->n;
	if (unknown > 0)
		ereport(NOTICE,
				(errmsg("%lld of %lld rows have a class that the model does not know; its probability counts as 0",
						(long long) unknown, (long long) j->n),
				 errdetail("The first is \"%s\"; classes of the model: %s.", j->classes->text[schema->classes->n],
						   mlpg_classes_list(j->host, schema))));
}

/* Rows judged by their target; check may refuse the model. */
static MlpgJudging *
judge(FunctionCallInfo fcinfo, ArrayType *segment_by, void (*check) (MlpgJudging *j))
{
	MlpgJudging *j = mlpg_judging_open(fcinfo, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));

	if (j->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s does not know the name of its target", j->label),
				 errhint("Use the metric aggregates on mlpg.predict instead.")));
	if (check != NULL)
		check(j);
	if (segment_by != NULL)
		take_segment_columns(j, segment_by);
	mlpg_judging_read(j);
	notice_rows(j);
	return j;
}

static void
put(void *argument, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = argument;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* ---------- evaluate ---------- */

/* The rows of one segment. */
typedef struct Segment
{
	const MlpgJudging *j;
	const char *name;
	const int64 *at;			/* n positions among the rows */
	int64		n;
	ReturnSetInfo *result;
} Segment;

static void
put_metric(const Segment *s, const char *metric, double value, int64 n)
{
	Datum		values[4] = {CStringGetTextDatum(s->name), CStringGetTextDatum(metric), Float8GetDatum(value), Int64GetDatum(n)};
	bool		nulls[4] = {false, false, isnan(value), false};

	put(s->result, values, nulls);
}

static MlpgClassRows *
class_rows(MlpgHost *host, const Segment *s)
{
	const MlpgModel *model = s->j->scored.model;
	int			n_classes = model->schema->classes->n;
	MlpgClassRows *rows = mlpg_class_rows_create(host, s->n, n_classes);

	rows->event = n_classes == 2 ? mlpg_schema_event(model->schema) : 1;
	for (int64 i = 0; i < s->n; i++)
	{
		const double *out = &s->j->answer[s->at[i] * model->n_outputs];
		int			actual = (int) s->j->target_value[s->at[i]];

		rows->actual[i] = actual < n_classes ? actual : -1;
		rows->predicted[i] = mlpg_model_class(model, out);
		rows->p[i] = actual < n_classes ? mlpg_model_probability(model, out, actual) : 0;
		if (rows->second != NULL)
			rows->second[i] = out[0];
	}
	return rows;
}

static void
evaluate_classes(MlpgHost *host, const Segment *s)
{
	MlpgClassRows *rows = class_rows(host, s);
	MlpgJudge	judges;
	double		values[MLPG_JUDGE_MAX];
	int64		n_known = 0;

	for (int64 i = 0; i < rows->n; i++)
		n_known += rows->actual[i] >= 0;
	mlpg_judge_init_classes(&judges, rows->n_classes);
	mlpg_judge_classes(host, &judges, rows, values);
	for (int k = 0; k < judges.n; k++)
		put_metric(s, judges.metric[k]->name, values[k], mlpg_judge_needs_known(judges.metric[k]) ? n_known : rows->n);
}

/* Pinball loss of each level, and how often the outermost two enclose what happened. */
static void
evaluate_levels(MlpgHost *host, const Segment *s, const double *actual, const double *outputs)
{
	const MlpgModel *model = s->j->scored.model;
	int			k = model->n_outputs;
	MlpgMetricState state;
	bool		is_null;

	for (int l = 0; l < k; l++)
	{
		mlpg_metric_init(host, &state, mlpg_metric_find("pinball"), &model->levels[l]);
		for (int64 i = 0; i < s->n; i++)
			mlpg_metric_add(host, &state, actual[i], outputs[i * k + l]);
		put_metric(s, psprintf("pinball %g", model->levels[l]), mlpg_metric_value(&state, &is_null), s->n);
	}
	mlpg_metric_init(host, &state, mlpg_metric_find("coverage"), NULL);
	for (int64 i = 0; i < s->n; i++)
	{
		double		inputs[3] = {actual[i], outputs[i * k], outputs[i * k + k - 1]};

		mlpg_metric_add_row(host, &state, inputs);
	}
	put_metric(s, "coverage", mlpg_metric_value(&state, &is_null), s->n);
}

void
mlpg_judging_numbers(const MlpgJudging *j, MlpgJudge *judge)
{
	const MlpgModel *model = j->scored.model;

	mlpg_judge_init(judge, j->metrics != NULL ? mlpg_json_get_number(j->metrics, "underage_cost") : NAN,
					j->metrics != NULL ? mlpg_json_get_number(j->metrics, "overage_cost") : NAN,
					model->levels != NULL ? model->levels[model->main_output] : NAN);
}

static void
evaluate_numbers(MlpgHost *host, const Segment *s)
{
	const MlpgModel *model = s->j->scored.model;
	int			k = model->n_outputs;
	double	   *actual = mlpg_allocate(host, s->n + 1, sizeof(double)),
			   *yhat = mlpg_allocate(host, s->n + 1, sizeof(double)),
			   *outputs = mlpg_allocate(host, mlpg_size_multiply(host, s->n + 1, k), sizeof(double));
	double		values[MLPG_JUDGE_MAX];
	MlpgJudge	judges;

	for (int64 i = 0; i < s->n; i++)
	{
		actual[i] = s->j->target_value[s->at[i]];
		memcpy(&outputs[i * k], &s->j->answer[s->at[i] * k], k * sizeof(double));
		if (model->main_output >= 0)
			yhat[i] = mlpg_model_answer(model, &outputs[i * k]);	/* puts levels into order */
		else
			mlpg_rearrange(&outputs[i * k], k);
	}
	if (model->main_output >= 0)
	{
		mlpg_judging_numbers(s->j, &judges);
		mlpg_judge_rows(host, &judges, actual, yhat, s->n, values);
		for (int m = 0; m < judges.n; m++)
			put_metric(s, judges.metric[m]->name, values[m], s->n);
	}
	if (model->levels != NULL && k > 1)
		evaluate_levels(host, s, actual, outputs);
}

/* Rows by segment, segments in byte order of their names. */
static void
evaluate_segments(MlpgJudging *j, ReturnSetInfo *result)
{
	int32		n = j->segments->n;
	int32	   *rank = mlpg_dictionary_sort(j->host, j->segments);
	int64	   *first = mlpg_allocate(j->host, n + 1, sizeof(int64)),
			   *next = mlpg_allocate(j->host, n + 1, sizeof(int64)),
			   *at = mlpg_allocate(j->host, j->n + 1, sizeof(int64));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlpg segment", ALLOCSET_DEFAULT_SIZES);

	for (int64 i = 0; i < j->n; i++)
		first[rank[j->segment[i]] + 1]++;
	for (int32 s = 0; s < n; s++)
		next[s + 1] = first[s + 1] += first[s];
	next[0] = 0;
	for (int64 i = 0; i < j->n; i++)
		at[next[rank[j->segment[i]]]++] = i;
	for (int32 s = 0; s < n; s++)
	{
		Segment		segment = {j, j->n_segment_columns > 0 ? j->segments->text[s] : "all", at + first[s], first[s + 1] - first[s], result};
		MemoryContext old = MemoryContextSwitchTo(context);
		MlpgHost   *host = mlpg_host_pg_create(context, 1, (Size) mlpg_max_memory_kb * 1024);

		/* a segment none of whose rows has an answer is none */
		if (segment.n > 0 && schema_of(j)->classes != NULL)
			evaluate_classes(host, &segment);
		else if (segment.n > 0)
			evaluate_numbers(host, &segment);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
}

MLPG_SQL_FUNCTION(mlpg_sql_evaluate);

/* evaluate(model, source, segment_by) */
Datum
mlpg_sql_evaluate(PG_FUNCTION_ARGS)
{
	MlpgJudging    *j;

	InitMaterializedSRF(fcinfo, 0);
	j = judge(fcinfo, PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2), NULL);
	evaluate_segments(j, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* ---------- of classifiers ---------- */

static void
need_classes(MlpgJudging *j)
{
	if (schema_of(j)->classes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s predicts a number, not a class", j->label),
				 errhint("mlpg.evaluate judges it.")));
}

static void
need_two_classes(MlpgJudging *j)
{
	need_classes(j);
	if (schema_of(j)->classes->n != 2)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has %d classes: this takes two", j->label, schema_of(j)->classes->n),
				 errhint("Look at one class against all others, with the aggregates: mlpg.roc_points(target = 'class', mlpg.predict_proba(model, row, 'class')).")));
}

/* Whether row i is of the event, and its probability; false: it is of a class that the model does not know. */
static bool
event_of(const MlpgJudging *j, int64 i, bool *actual, double *p)
{
	int			event = mlpg_schema_event(schema_of(j));

	if (j->target_value[i] >= 2)
		return false;
	*actual = (int) j->target_value[i] == event;
	*p = mlpg_model_probability(j->scored.model, &j->answer[i * j->scored.model->n_outputs], event);
	return true;
}

static Datum
curve_rows(FunctionCallInfo fcinfo, MlpgPutCurve put_curve)
{
	MlpgJudging *j;
	MlpgScores *scores;

	InitMaterializedSRF(fcinfo, 0);
	j = judge(fcinfo, NULL, need_two_classes);
	scores = mlpg_allocate(j->host, 1, sizeof(MlpgScores));
	for (int64 i = 0; i < j->n; i++)
	{
		bool		actual;
		double		p;

		if (event_of(j, i, &actual, &p))
			mlpg_scores_add(j->host, scores, actual, p);
	}
	mlpg_scores_settle(j->host, scores);
	put_curve(j->host, scores, put, fcinfo->resultinfo);
	return (Datum) 0;
}

MLPG_SQL_FUNCTION(mlpg_sql_roc_curve);
MLPG_SQL_FUNCTION(mlpg_sql_pr_curve);
MLPG_SQL_FUNCTION(mlpg_sql_calibration);
MLPG_SQL_FUNCTION(mlpg_sql_confusion);

/* roc_curve(model, source) */
Datum
mlpg_sql_roc_curve(PG_FUNCTION_ARGS)
{
	return curve_rows(fcinfo, mlpg_put_roc);
}

/* pr_curve(model, source) */
Datum
mlpg_sql_pr_curve(PG_FUNCTION_ARGS)
{
	return curve_rows(fcinfo, mlpg_put_pr);
}

/* calibration(model, source, bins) */
Datum
mlpg_sql_calibration(PG_FUNCTION_ARGS)
{
	MlpgJudging    *j;
	MlpgReliability bins;

	InitMaterializedSRF(fcinfo, 0);
	mlpg_reliability_init(mlpg_host_pg_create(NULL, 1, 0), &bins, PG_ARGISNULL(2) ? 10 : PG_GETARG_INT32(2));
	j = judge(fcinfo, NULL, need_two_classes);
	for (int64 i = 0; i < j->n; i++)
	{
		bool		actual;
		double		p;

		if (event_of(j, i, &actual, &p))
			mlpg_reliability_add(&bins, actual, p);
	}
	mlpg_put_calibration(&bins, put, fcinfo->resultinfo);
	return (Datum) 0;
}

/* confusion(model, source) */
Datum
mlpg_sql_confusion(PG_FUNCTION_ARGS)
{
	MlpgJudging    *j;
	MlpgCells	cells;

	InitMaterializedSRF(fcinfo, 0);
	j = judge(fcinfo, NULL, need_classes);
	mlpg_cells_init(j->host, &cells);
	for (int64 i = 0; i < j->n; i++)
	{
		int			actual = (int) j->target_value[i],
					predicted = mlpg_model_class(j->scored.model, &j->answer[i * j->scored.model->n_outputs]);

		mlpg_cells_add(j->host, &cells, j->classes->text[actual], j->classes->length[actual],
					   j->classes->text[predicted], j->classes->length[predicted], 1);
	}
	mlpg_put_confusion(j->host, &cells, put, fcinfo->resultinfo);
	return (Datum) 0;
}
