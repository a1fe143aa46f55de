/*-------------------------------------------------------------------------
 *
 * log_source.c
 *	  What log_predictions and log_actuals have in common: a source, its
 *	  columns, and what the registry knows about the model.
 *
 * A source that is given in the call is made canonical and read as the caller;
 * a stored one is canonical and read as the model's owner.  Both are read only,
 * with names looked up under "pg_catalog, pg_temp".
 *
 * Times become timestamptz and days without any setting of the session: a date
 * or timestamp is a local time in the zone of the recipe (UTC when it names
 * none).  Key columns become one jsonb, in types whose jsonb no setting
 * changes either.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/log_source.h"
#include "pg/ingest/source.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

/* --- sources ----------------------------------------------------------- */

static void
describe_body(void *argument)
{
	MlpgLogSource *source = argument;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	SPIPlanPtr	plan = SPI_prepare(source->query, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));

	TupleDesc	desc = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	MemoryContext old = MemoryContextSwitchTo(source->context);

	source->n_columns = 0;
	source->name = palloc(desc->natts * sizeof(char *));
	source->type = palloc(desc->natts * sizeof(Oid));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		source->name[source->n_columns] = pstrdup(NameStr(attribute->attname));
		source->type[source->n_columns++] = attribute->atttypid;
	}
	MemoryContextSwitchTo(old);
	SPI_finish();
}

/* A body that runs read only, as the caller or as the model's owner. */
typedef struct ReadOnly
{
	void		(*body) (void *argument);
	void	   *argument;
} ReadOnly;

static void
read_only_body(void *argument)
{
	ReadOnly   *work = argument;

	mlpg_with_read_only(work->body, work->argument);
}

static void
as_reader(const MlpgLogSource *source, void (*body) (void *argument), void *argument)
{
	ReadOnly	work = {body, argument};

	if (OidIsValid(source->owner))
		mlpg_as_model_owner(source->owner, read_only_body, &work);
	else
		read_only_body(&work);
}

/* given: canonical text, or what the caller typed when owner is InvalidOid. */
void
mlpg_log_open_source(MlpgLogSource *source, const char *given, Oid owner)
{
	source->context = CurrentMemoryContext;
	source->owner = owner;
	source->query = mlpg_source_query(OidIsValid(owner) ? given : mlpg_canonical_source(given));
	as_reader(source, describe_body, source);
}

int
mlpg_log_find_column(const MlpgLogSource *source, const char *name)
{
	for (int i = 0; i < source->n_columns; i++)
		if (strcmp(source->name[i], name) == 0)
			return i;
	return -1;
}

int
mlpg_log_require_column(const MlpgLogSource *source, const char *name)
{
	int			column = mlpg_log_find_column(source, name);

	if (column < 0)
	{
		StringInfoData found;

		initStringInfo(&found);
		for (int i = 0; i < source->n_columns; i++)
			appendStringInfo(&found, "%s%s", i > 0 ? ", " : "", source->name[i]);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("source has no column \"%s\"", name),
				 errdetail("Columns of the source: %s.", found.data)));
	}
	return column;
}

char *
mlpg_log_column(const char *name)
{
	return psprintf("%s.%s", MLPG_LOG_ROW, quote_identifier(name));
}

void
mlpg_log_raise_type(const MlpgLogSource *source, int column, const char *use, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" has type %s, which cannot be %s",
					source->name[column], format_type_be(source->type[column]), use),
			 errhint("%s", hint)));
}

typedef struct Read
{
	const char *query;
	MlpgArguments *args;
	int			n_columns;
	const Oid  *types;
	MlpgRows   *rows;
	MemoryContext context;
} Read;

static void
read_body(void *argument)
{
	Read	   *read = argument;
	MemoryContext old = MemoryContextSwitchTo(read->context);

	/* numbers in jsonb exactly, whatever the session likes to see */
	(void) set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	read->rows = mlpg_spi_rows_read(read->query, read->args, read->n_columns, read->types);
	MemoryContextSwitchTo(old);
}

MlpgRows *
mlpg_log_read(const MlpgLogSource *source, const char *query, MlpgArguments *args, int n_columns, const Oid *types)
{
	Read		read = {query, args, n_columns, types, NULL, CurrentMemoryContext};

	as_reader(source, read_body, &read);
	return read.rows;
}

/* --- expressions ------------------------------------------------------- */

bool
mlpg_log_time(const MlpgLogSource *source, int column, const char *time_zone, MlpgLogTime *result)
{
	char	   *value = mlpg_log_column(source->name[column]);
	char	   *zone = quote_literal_cstr(time_zone);

	switch (getBaseType(source->type[column]))
	{
		case DATEOID:
			result->moment = psprintf("(%s::pg_catalog.timestamp AT TIME ZONE %s)", value, zone);
			result->day = psprintf("%s::pg_catalog.date", value);
			return true;
		case TIMESTAMPOID:
			result->moment = psprintf("(%s::pg_catalog.timestamp AT TIME ZONE %s)", value, zone);
			result->day = psprintf("%s::pg_catalog.date", value);
			return true;
		case TIMESTAMPTZOID:
			result->moment = psprintf("%s::pg_catalog.timestamptz", value);
			result->day = psprintf("(%s::pg_catalog.timestamptz AT TIME ZONE %s)::pg_catalog.date", value, zone);
			return true;
		default:
			return false;
	}
}

void
mlpg_log_require_time(const MlpgLogSource *source, const char *name, const char *time_zone, MlpgLogTime *result)
{
	int			column = mlpg_log_require_column(source, name);

	if (!mlpg_log_time(source, column, time_zone, result))
		mlpg_log_raise_type(source, column, "the time of a prediction",
						  "Cast it to date, timestamp or timestamptz.");
}

/* The type in which a key column is kept: one whose jsonb does not depend on settings. */
Oid
mlpg_log_key_type(const MlpgLogSource *source, int column)
{
	Oid			type = getBaseType(source->type[column]);

	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case DATEOID:
		case UUIDOID:
			return type;
		default:
			if (type_is_enum(type))
				return type;
			mlpg_log_raise_type(source, column, "a key of predictions",
							  "Cast it to text, an integer, numeric, boolean, date, uuid or an enum.");
	}
	return InvalidOid;
}

char *
mlpg_log_name(ArrayType *array, int index)
{
	Datum	   *items;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &n);
	return index < n ? TextDatumGetCString(items[index]) : NULL;
}

int
mlpg_log_n_names(ArrayType *array)
{
	return array ? ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) : 0;
}

void
mlpg_log_check_names(ArrayType *names, const char *argument)
{
	if (array_contains_nulls(names))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain NULL", argument)));
	for (int i = 0; i < mlpg_log_n_names(names); i++)
		for (int j = 0; j < i; j++)
			if (strcmp(mlpg_log_name(names, i), mlpg_log_name(names, j)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s names column \"%s\" twice", argument, mlpg_log_name(names, i))));
}

static int
array_find(ArrayType *names, const char *name)
{
	for (int i = 0; i < mlpg_log_n_names(names); i++)
		if (strcmp(mlpg_log_name(names, i), name) == 0)
			return i;
	return -1;
}

/* All predictions of a model have the same key columns, or nothing would meet. */
void
mlpg_log_check_keys(const MlpgLogFacts *facts, ArrayType *names, const char *model, const char *argument)
{
	bool		same = mlpg_log_n_names(names) == mlpg_log_n_names(facts->series_names);
	StringInfoData known;

	initStringInfo(&known);
	for (int i = 0; i < mlpg_log_n_names(facts->series_names); i++)
	{
		char	   *name = mlpg_log_name(facts->series_names, i);

		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", name);
		same = same && array_find(names, name) >= 0;
	}
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s differs from the key columns of the predictions of model \"%s\"", argument, model),
				 errdetail("Its predictions are keyed by (%s).", known.data)));
}

/* jsonb_build_object over the key columns, in the types of the first log. */
char *
mlpg_log_series(const MlpgLogSource *source, const MlpgLogFacts *facts, ArrayType *names)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "pg_catalog.jsonb_build_object(");
	for (int i = 0; i < mlpg_log_n_names(names); i++)
	{
		char	   *name = mlpg_log_name(names, i);
		int			column = mlpg_log_require_column(source, name);
		Oid			type = mlpg_log_key_type(source, column);
		int			known = facts->series_names ? array_find(facts->series_names, name) : -1;

		appendStringInfo(&out, "%s%s::pg_catalog.text, %s::%s", i > 0 ? ", " : "",
						 quote_literal_cstr(name), mlpg_log_column(name),
						 known >= 0 ? mlpg_log_name(facts->series_types, known) :
						 format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY));
	}
	appendStringInfoChar(&out, ')');
	return out.data;
}

/* --- facts ------------------------------------------------------------- */

static const char *const facts_query =
"SELECT m.recipe ->> 'time_zone', COALESCE(m.recipe ->> 'time_col', m.recipe ->> 'holdout_by'),"
" m.target, m.recipe ->> 'source', v.source, v.created_at,"
" (v.metrics ->> 'trained_until')::pg_catalog.timestamptz,"
" COALESCE(v.params ->> 'underage_cost', m.recipe ->> 'underage_cost')::pg_catalog.float8,"
" COALESCE(v.params ->> 'overage_cost', m.recipe ->> 'overage_cost')::pg_catalog.float8,"
" (SELECT pg_catalog.array_agg(l.level::pg_catalog.float8 ORDER BY l.level::pg_catalog.float8)"
" FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(v.params -> 'quantile')"
" WHEN 'array' THEN v.params -> 'quantile' ELSE '[]' END) AS l (level)),"
" (SELECT pg_catalog.array_agg(c.column_name::pg_catalog.text ORDER BY c.position) FROM mlpg.series_columns AS c WHERE c.model_id = m.model_id),"
" (SELECT pg_catalog.array_agg(c.data_type ORDER BY c.position) FROM mlpg.series_columns AS c WHERE c.model_id = m.model_id)"
" FROM mlpg.models AS m LEFT JOIN mlpg.model_versions AS v ON v.model_id = m.model_id AND v.version = $2"
" WHERE m.model_id = $1";

static char *
text_or_null(Datum value, bool is_null)
{
	return is_null ? NULL : TextDatumGetCString(value);
}

void
mlpg_log_load_facts(const MlpgModelRef *ref, MlpgLogFacts *facts)
{
	MlpgArguments args = {0};
	Datum		v[12];
	bool		nulls[12];

	mlpg_arg_int8(&args, ref->model_id);
	mlpg_arg_int4(&args, ref->version);
	if (mlpg_registry_query(facts_query, &args, 12, v, nulls) != 1)
		elog(ERROR, "model " INT64_FORMAT " is missing", ref->model_id);
	facts->time_zone = nulls[0] ? pstrdup("UTC") : TextDatumGetCString(v[0]);
	facts->time_col = text_or_null(v[1], nulls[1]);
	facts->target = text_or_null(v[2], nulls[2]);
	facts->source = text_or_null(v[3], nulls[3]);
	facts->version_source = text_or_null(v[4], nulls[4]);
	facts->created_at = nulls[5] ? DT_NOEND : DatumGetTimestampTz(v[5]);
	facts->has_trained_until = !nulls[6];
	facts->trained_until = nulls[6] ? 0 : DatumGetTimestampTz(v[6]);
	facts->underage_cost = nulls[7] ? get_float8_nan() : DatumGetFloat8(v[7]);
	facts->overage_cost = nulls[8] ? get_float8_nan() : DatumGetFloat8(v[8]);
	facts->levels = nulls[9] ? NULL : DatumGetArrayTypeP(v[9]);
	facts->series_names = nulls[10] ? NULL : DatumGetArrayTypeP(v[10]);
	facts->series_types = nulls[11] ? NULL : DatumGetArrayTypeP(v[11]);
}
