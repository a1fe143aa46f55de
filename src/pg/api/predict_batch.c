/*-------------------------------------------------------------------------
 *
 * predict_batch.c
 *	  mlpg.predict_batch: a source, scored into a table.
 *
 * Problem.  SELECT ... mlpg.predict(model, t) scores row by row: right for a
 * query, but a forest walked for one row waits for memory, where many
 * rows at once could share every node that is loaded.
 *
 * Method.  The source runs into our own receiver.  Its columns are bound to the
 * model's features once, by name; a row then fills the next line of a block of
 * doubles.  A full block is scored by the learner's way of scoring many rows
 * (which agrees to the bit with that of one) and its rows are handed to the
 * target (batch_target.c), in the order of the source.
 *
 * Threads: with mlpg.max_threads above 1, blocks are scored by pool threads
 * while this process, which alone may touch the server, goes on reading and
 * writing; blocks go round in a ring.  A row's prediction depends on the row
 * alone, so any number of threads gives the same bytes.
 *
 * What is written.  Numbers: what mlpg.predict answers.  Classifiers: the
 * likeliest class as text, and a probability: that of the positive class where
 * the model has one (what mlpg.predict answers), so that rows can be ranked by
 * it; else that of the class predicted.  NULL where mlpg.predict answers NULL.
 *
 * Rights: the caller's, for source and target; score on the model.  One version
 * serves the whole call.
 *
 * Memory: the ring (256 kB a block, or 64 rows where they are wide) within
 * mlpg.max_memory, and what batch_target.c keeps.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/batch_target.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/learners/learner.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pg/api/log_source.h"
#include "pg/bind/bind.h"
#include "pg/catalog/cache.h"
#include "pg/catalog/registry.h"
#include "pg/ingest/deform.h"
#include "pg/ingest/query.h"
#include "pg/ingest/source.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

MLPG_SQL_FUNCTION(mlpg_sql_predict_batch);

#define BLOCK_BYTES (256 * 1024)	/* of a block's features: a core's second cache holds them */
#define BLOCK_ROWS_MAX 1024
#define BLOCK_ROWS_MIN 64
#define ROWS_PER_CLEANING 256

typedef struct Block
{
	int			n;				/* rows */
	bool		submitted;
	int64_t		ticket;
	double	   *features;		/* capacity x mlpg_schema_columns */
	double	   *outputs;		/* capacity x n_outputs */
	bool	   *is_empty;		/* capacity: no feature has a value */
	Datum	   *key;			/* capacity x n_keys */
	MemoryContext context;		/* of keys by reference */
} Block;

/* A column that names rows. */
typedef struct KeyColumn
{
	int			attno;			/* from 0 */
	bool		by_value;
	int16		length;
	const char *name;
} KeyColumn;

typedef struct Scoring
{
	MlpgHost   *host;
	MlpgModel  *model;
	const char *label;
	MlpgBinding *binding;
	MlpgDeform	deform;
	int			n_needed;		/* attributes to deform */
	int			n_keys;
	KeyColumn  *key;
	bool		has_texts;		/* whose n-grams live as long as their block */
	Datum	   *class_name;		/* of a classifier: texts */
	MlpgBatchTarget *target;
	MemoryContext row_context;
	int			uncleaned;		/* rows since it was reset */
	int64		n_read;
	int			capacity;		/* rows of a block */
	int			n_blocks;
	int			current;		/* being filled */
	Block	   *block;			/* a ring */
	Datum	   *values;			/* of the row being written */
	bool	   *nulls;
} Scoring;

/* --- scoring and writing ------------------------------------------------ */

static void
score_block(MlpgTask *task, int index, void *argument)
{
	Scoring    *s = argument;
	Block	   *block = &s->block[index];

	s->model->learner->predict(s->model, block->features, block->n, mlpg_schema_columns(s->model->schema), block->outputs);
}

/* The columns of a row's answer; false: there is none. */
static bool
answer(const Scoring *s, double *outputs, Datum *values)
{
	const MlpgModel *model = s->model;
	int			class;

	if (model->schema->classes == NULL)
	{
		double		yhat = mlpg_model_answer(model, outputs);

		values[0] = Float8GetDatum(yhat);
		return !isnan(yhat);
	}
	class = mlpg_model_class(model, outputs);
	if (class < 0)
		return false;
	values[0] = s->class_name[class];
	values[1] = Float8GetDatum(mlpg_model_probability(model, outputs, model->schema->positive >= 0 ? model->schema->positive : class));
	return true;
}

static void
write_block(Scoring *s, Block *block)
{
	int			n_answers = s->model->schema->classes != NULL ? 2 : 1;
	MemoryContext old;

	if (!block->submitted)
		return;
	s->host->wait(s->host, block->ticket);
	old = MemoryContextSwitchTo(block->context);
	for (int i = 0; i < block->n; i++)
	{
		bool		has_answer;

		memcpy(s->values, block->key + (size_t) i * s->n_keys, s->n_keys * sizeof(Datum));
		has_answer = !block->is_empty[i] &&
			answer(s, block->outputs + (size_t) i * s->model->n_outputs, s->values + s->n_keys);
		for (int k = 0; k < n_answers; k++)
			s->nulls[s->n_keys + k] = !has_answer;
		mlpg_batch_target_put(s->target, s->values, s->nulls);
	}
	mlpg_batch_target_flush(s->target);
	MemoryContextSwitchTo(old);
	MemoryContextReset(block->context);
	block->submitted = false;
	block->n = 0;
	mlpg_check(s->host, "scoring", s->n_read, 0);
}

/* Sends the block that was filled to be scored and makes room for the next. */
static void
turn_ring(Scoring *s)
{
	Block	   *block = &s->block[s->current];

	block->submitted = true;
	block->ticket = s->host->submit(s->host, score_block, s->current, s);
	s->current = (s->current + 1) % s->n_blocks;
	write_block(s, &s->block[s->current]);
}

static void
finish_ring(Scoring *s)
{
	if (s->block[s->current].n > 0)
		turn_ring(s);
	for (int i = 0; i < s->n_blocks; i++)
		write_block(s, &s->block[(s->current + i) % s->n_blocks]);
}

/* --- reading -------------------------------------------------------------- */

static void
start(TupleDesc desc, void *argument)
{
}

static void
read_keys(Scoring *s, Block *block, const TupleTableSlot *slot)
{
	Datum	   *to = block->key + (size_t) block->n * s->n_keys;

	for (int k = 0; k < s->n_keys; k++)
	{
		const KeyColumn *key = &s->key[k];
		Datum		value = slot->tts_values[key->attno];

		if (unlikely(slot->tts_isnull[key->attno]))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("key column \"%s\" is NULL", key->name),
					 errdetail("Row %lld of the source.", (long long) s->n_read),
					 errhint("Leave such rows out of the source, or name other key columns.")));
		if (!key->by_value)
		{
			MemoryContext old = MemoryContextSwitchTo(block->context);

			/* whole: what a TOAST pointer points to may be gone when it is written */
			value = key->length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value)) : datumCopy(value, false, key->length);
			MemoryContextSwitchTo(old);
		}
		to[k] = value;
	}
}

static void
read_row(TupleTableSlot *slot, void *argument)
{
	Scoring    *s = argument;
	Block	   *block = &s->block[s->current];
	int			n_columns = mlpg_schema_columns(s->model->schema);
	MemoryContext old;

	s->n_read++;
	if (s->uncleaned++ == ROWS_PER_CLEANING)
	{
		MemoryContextReset(s->row_context);
		s->uncleaned = 0;
	}
	old = MemoryContextSwitchTo(s->row_context);
	mlpg_deform_slot(&s->deform, slot, s->n_needed);
	if (s->has_texts)
		MemoryContextSwitchTo(block->context);
	block->is_empty[block->n] =
		!mlpg_bind_values(s->binding, slot->tts_values, slot->tts_isnull, block->features + (size_t) block->n * n_columns) &&
		s->model->schema->n_features > 0;
	MemoryContextSwitchTo(s->row_context);
	read_keys(s, block, slot);
	MemoryContextSwitchTo(old);
	if (++block->n == s->capacity)
		turn_ring(s);
}

/* --- preparation ----------------------------------------------------------- */

/* E10 of quantile models */
static void
require_answer(const MlpgModel *model, const char *label)
{
	if (model->schema->classes == NULL && model->main_output < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s predicts quantiles, not one number", label),
				 errdetail("Its levels go from %g to %g.", model->levels ? model->levels[0] : 0,
						   model->levels ? model->levels[model->n_outputs - 1] : 1),
				 errhint("Use INSERT INTO ... SELECT key, mlpg.predict_quantiles(model, t, levels) FROM ... t.")));
}

static void
load_model(Scoring *s, const MlpgModelRef *ref)
{
	struct varlena *blob = mlpg_registry_blob(ref->model_id, ref->version);

	if (blob == NULL)
		mlpg_raise_no_version(ref->name, psprintf("%d", ref->version));
	/* one of our own: it is prepared for many rows, which the session's cache must not pay for */
	s->model = mlpg_model_decode(CurrentMemoryContext, VARDATA_ANY(blob), VARSIZE_ANY_EXHDR(blob));
	s->label = psprintf("model \"%s\"", ref->name);
	require_answer(s->model, s->label);
	for (int i = 0; i < s->model->schema->n_features; i++)
		s->has_texts |= s->model->schema->feature[i].kind == MLPG_TEXT;
	if (s->model->learner->hasten != NULL)
		s->model->learner->hasten(s->host, s->model);
	if (s->model->schema->classes != NULL)
	{
		const MlpgDictionary *classes = s->model->schema->classes;

		s->class_name = palloc(classes->n * sizeof(Datum));
		for (int k = 0; k < classes->n; k++)
			s->class_name[k] = PointerGetDatum(cstring_to_text_with_len(classes->text[k], classes->length[k]));
	}
}

static void
bind_features(Scoring *s, TupleDesc desc)
{
	MlpgColumns columns = {.n = desc->natts};

	columns.name = palloc(Max(columns.n, 1) * sizeof(char *));
	columns.type = palloc(Max(columns.n, 1) * sizeof(Oid));
	for (int i = 0; i < columns.n; i++)
	{
		columns.name[i] = NameStr(TupleDescAttr(desc, i)->attname);
		columns.type[i] = TupleDescAttr(desc, i)->atttypid;
	}
	s->binding = mlpg_bind_columns(s->model, s->label, &columns, false);
	for (int i = 0; i < s->binding->n_sources; i++)
		s->n_needed = Max(s->n_needed, s->binding->source[i].position + 1);
}

/* Position of a key column in the source. */
static int
find_key(TupleDesc desc, const char *name)
{
	int			found = -1;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		const char *column = NameStr(TupleDescAttr(desc, i)->attname);

		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", column);
		if (strcmp(column, name) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" occurs more than once in the source", name),
					 errhint("Name the columns apart with AS.")));
		found = i;
	}
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\", named in key_cols, does not exist in the source", name),
				 errdetail("Columns: %s.", list.data)));
	return found;
}

/* Finds the key columns, and answers the columns that the run has. */
static TupleDesc
bind_keys(Scoring *s, TupleDesc desc, ArrayType *names)
{
	bool		is_class = s->model->schema->classes != NULL;
	TupleDesc	row;

	mlpg_log_check_names(names, "key_cols");
	s->n_keys = mlpg_log_n_names(names);
	if (s->n_keys == 0 || s->n_keys > INDEX_MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key_cols must name between 1 and %d columns", INDEX_MAX_KEYS),
				 errhint("They tell the rows apart and become the primary key of the table.")));
	s->key = palloc(s->n_keys * sizeof(KeyColumn));
	row = CreateTemplateTupleDesc(s->n_keys + (is_class ? 2 : 1));
	for (int k = 0; k < s->n_keys; k++)
	{
		char	   *name = mlpg_log_name(names, k);
		int			i = find_key(desc, name);
		Form_pg_attribute column = TupleDescAttr(desc, i);

		s->key[k] = (KeyColumn) {.attno = i, .by_value = column->attbyval, .length = column->attlen, .name = name};
		s->n_needed = Max(s->n_needed, i + 1);
		TupleDescInitEntry(row, k + 1, name, column->atttypid, column->atttypmod, 0);
		TupleDescInitEntryCollation(row, k + 1, column->attcollation);
	}
	TupleDescInitEntry(row, s->n_keys + 1, "prediction", is_class ? TEXTOID : FLOAT8OID, -1, 0);
	if (is_class)
		TupleDescInitEntry(row, s->n_keys + 2, "probability", FLOAT8OID, -1, 0);
	return row;
}

static void
create_ring(Scoring *s)
{
	size_t		n_columns = mlpg_schema_columns(s->model->schema);
	size_t		rows = BLOCK_BYTES / sizeof(double) / Max(n_columns, 1);

	s->capacity = Max(BLOCK_ROWS_MIN, Min(rows, BLOCK_ROWS_MAX)) / 8 * 8;
	s->n_blocks = s->host->n_threads == 1 ? 1 : s->host->n_threads + 2;
	s->block = palloc0(s->n_blocks * sizeof(Block));
	for (int i = 0; i < s->n_blocks; i++)
	{
		Block	   *block = &s->block[i];

		block->features = mlpg_allocate(s->host, mlpg_size_multiply(s->host, s->capacity, Max(n_columns, 1)), sizeof(double));
		block->outputs = mlpg_allocate(s->host, mlpg_size_multiply(s->host, s->capacity, s->model->n_outputs), sizeof(double));
		block->is_empty = mlpg_allocate(s->host, s->capacity, sizeof(bool));
		block->key = mlpg_allocate(s->host, mlpg_size_multiply(s->host, s->capacity, s->n_keys), sizeof(Datum));
		block->context = AllocSetContextCreate(CurrentMemoryContext, "mlpg block", ALLOCSET_DEFAULT_SIZES);
	}
	s->values = palloc0((s->n_keys + 2) * sizeof(Datum));
	s->nulls = palloc0((s->n_keys + 2) * sizeof(bool));
}

/* --- the call ---------------------------------------------------------------- */

/* Reads the source to its end. */
static void
run_source(Scoring *s, const char *source)
{
	static const MlpgSink sink = {start, read_row};

	MLPG_WITH_HOST(s->host);
	mlpg_check(s->host, "scoring", 0, 0);
	mlpg_query_run(source, &sink, s);
	finish_ring(s);
	MLPG_END_WITH_HOST(s->host);
}

static char *
require_text(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A call that is to commit must be free to. */
static void
check_transaction(FunctionCallInfo fcinfo, int64 batch_size)
{
	const CallContext *context = (const CallContext *) fcinfo->context;

	PreventCommandIfReadOnly("CALL mlpg.predict_batch()");
	if (batch_size > 0 && (context == NULL || !IsA(context, CallContext) || context->atomic || IsSubTransaction()))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("CALL mlpg.predict_batch cannot run inside a transaction block"),
				 errdetail("It commits after every batch, so that what was written stays when a later batch fails."),
				 errhint("Send the CALL alone, outside BEGIN ... COMMIT; or say batch_size => NULL to write everything in this transaction.")));
}

static void
read_call(FunctionCallInfo fcinfo, MlpgBatchCall *call)
{
	call->into_table = require_text(fcinfo, 2, "into_table");
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"key_cols\" must not be null")));
	call->predicted_at = PG_ARGISNULL(4) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(4);
	if (TIMESTAMP_NOT_FINITE(call->predicted_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be finite")));
	if (!PG_ARGISNULL(5))
		call->batch_size = PG_GETARG_INT32(5);
	if (!PG_ARGISNULL(5) && call->batch_size < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_size must be at least 1, or NULL for one transaction")));
	call->replace = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6);
	check_transaction(fcinfo, call->batch_size);
}

/* One sentence: what a scheduler keeps. */
static void
tell(const MlpgBatchTarget *target)
{
	const MlpgBatchCall *call = target->call;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "model \"%s\" version %d: %lld row(s) scored, %lld written into \"%s\"", call->model, call->version,
					 (long long) target->n_rows, (long long) target->n_written, target->label);
	if (target->n_written < target->n_rows)
		appendStringInfo(&out, call->replace ? ", %lld unchanged" : ", %lld left as they were",
						 (long long) (target->n_rows - target->n_written));
	if (target->n_removed > 0)
		appendStringInfo(&out, ", %lld deleted that the source no longer has", (long long) target->n_removed);
	ereport(NOTICE, (errmsg_internal("%s", out.data)));
}

/* (model, source, into_table, key_cols, as_of, batch_size, replace) */
Datum
mlpg_sql_predict_batch(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgBatchCall call = {0};
	Scoring		s = {0};
	char	   *reference = require_text(fcinfo, 0, "model");
	char	   *source = require_text(fcinfo, 1, "source");
	TupleDesc	desc;
	TupleDesc	row;

	read_call(fcinfo, &call);
	mlpg_registry_resolve(reference, MLPG_SCORE, &ref);
	call.model = ref.name;
	call.version = ref.version;
	call.source = mlpg_canonical_source(source);
	mlpg_progress_start("predict_batch", ref.name);

	if (SPI_connect_ext(call.batch_size > 0 ? SPI_OPT_NONATOMIC : 0) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	s.host = mlpg_host_pg_create(NULL, mlpg_thread_count(), (size_t) mlpg_max_memory_kb * 1024);
	load_model(&s, &ref);
	desc = mlpg_query_columns(call.source);
	bind_features(&s, desc);
	row = bind_keys(&s, desc, PG_GETARG_ARRAYTYPE_P(3));
	s.deform.context = CurrentMemoryContext;
	s.row_context = AllocSetContextCreate(CurrentMemoryContext, "mlpg row", ALLOCSET_SMALL_SIZES);
	create_ring(&s);

	s.target = mlpg_batch_target_open(&call, row, s.n_keys);
	PG_TRY();
	{
		run_source(&s, call.source);
		mlpg_batch_target_finish(s.target);
	}
	PG_FINALLY();
	{
		mlpg_batch_target_close(s.target);
	}
	PG_END_TRY();
	tell(s.target);
	SPI_finish();
	mlpg_progress_end();
	PG_RETURN_VOID();
}
