/*-------------------------------------------------------------------------
 *
 * create_view.c
 *	  SQL entry point: create_view.
 *
 * Problem.  BI tools want one view a question, with the shop and the item as
 * columns of their own types, not as keys of a jsonb.
 *
 * Way.  A CREATE VIEW statement is written, with every name quoted, over
 * mlpg.forecast_vs_actual, and run as the caller under the caller's
 * search_path: the view is the caller's, lies where an unqualified name puts
 * it, and reads with its reader's rights (security_invoker), so it shows
 * nobody more than the model's owner granted.  The model is named by its
 * model_id: the view survives mlpg.rename_model and follows the champion.  The
 * types are those that the first log_predictions stored, base types of
 * pg_catalog or enums, so no cast runs a function of the model's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/registry.h"
#include "pg/catalog/writer.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/regproc.h"
#include "utils/varlena.h"

MLPG_SQL_FUNCTION(mlpg_sql_create_view);

/* Columns of a results view after the key columns. */
typedef struct ResultColumn
{
	const char *name;
	const char *comment;
} ResultColumn;

static const ResultColumn result_columns[] = {
	{"target_date", "Day that the prediction is for; the first, when it is for a period."},
	{"version", "Version of the model that predicted."},
	{"yhat", "The prediction."},
	{"lower", "Lower end of the interval."},
	{"upper", "Upper end of the interval."},
	{"order_qty", "Quantity that was ordered."},
	{"actual", "What happened; NULL while it is not known."},
	{"error", "yhat - actual: positive is too much."},
	{"abs_error", "Size of the error."},
	{"shortage", "Units that were missing."},
	{"leftover", "Units that were left over."},
	{"cost", "Money that shortage and leftover cost."},
	{"baseline_yhat", "What the naive forecast said."},
	{"prediction_id", "Key of the row in mlpg.predictions."}
};

static const char *const key_columns =
"SELECT pg_catalog.array_agg(c.column_name::pg_catalog.text ORDER BY c.position),"
" pg_catalog.array_agg(c.data_type ORDER BY c.position)"
" FROM mlpg.series_columns AS c WHERE c.model_id = $1";

typedef struct KeyColumns
{
	int			n;
	Datum	   *names;			/* n texts */
	Datum	   *types;			/* n texts */
} KeyColumns;

static void
load_keys(const MlpgModelRef *ref, KeyColumns *keys)
{
	MlpgArguments args = {0};
	Datum		values[2];
	bool		nulls[2];

	keys->n = 0;
	mlpg_arg_int8(&args, ref->model_id);
	if (mlpg_registry_query(key_columns, &args, 2, values, nulls) == 1 && !nulls[0])
	{
		deconstruct_array(DatumGetArrayTypeP(values[0]), TEXTOID, -1, false, TYPALIGN_INT, &keys->names, NULL, &keys->n);
		deconstruct_array(DatumGetArrayTypeP(values[1]), TEXTOID, -1, false, TYPALIGN_INT, &keys->types, NULL, &keys->n);
	}
}

/* A model of one series has predictions without key columns. */
static bool
has_predictions(const MlpgModelRef *ref)
{
	MlpgArguments args = {0};

	mlpg_arg_int8(&args, ref->model_id);
	return mlpg_registry_execute("SELECT 1 FROM mlpg.predictions WHERE model_id = $1 LIMIT 1", &args) > 0;
}

static void
run_as_caller(const char *statement)
{
	int			code = SPI_execute(statement, false, 0);

	if (code != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\": %s", statement, SPI_result_code_string(code));
}

/* The name as the caller wrote it, taken apart and quoted again. */
static char *
quoted_name(const char *name)
{
	List	   *parts = textToQualifiedNameList(cstring_to_text(name));

	if (list_length(parts) > 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("improper name of a view: \"%s\"", name)));
	return NameListToQuotedString(parts);
}

static void
create_results(const char *view, const MlpgModelRef *ref, const KeyColumns *keys)
{
	StringInfoData text_of;

	initStringInfo(&text_of);
	appendStringInfo(&text_of, "CREATE VIEW %s WITH (security_invoker = true) AS SELECT ", view);
	for (int i = 0; i < keys->n; i++)
	{
		char	   *name = TextDatumGetCString(keys->names[i]);

		appendStringInfo(&text_of, "(f.series OPERATOR(pg_catalog.->>) %s)::%s AS %s, ",
						 quote_literal_cstr(name), TextDatumGetCString(keys->types[i]), quote_identifier(name));
	}
	for (int i = 0; i < (int) lengthof(result_columns); i++)
		appendStringInfo(&text_of, "%sf.%s", i > 0 ? ", " : "", result_columns[i].name);
	appendStringInfo(&text_of, " FROM mlpg.forecast_vs_actual AS f WHERE f.model OPERATOR(pg_catalog.=)"
					 " (SELECT m.model FROM mlpg.models AS m WHERE m.model_id OPERATOR(pg_catalog.=) " INT64_FORMAT ")",
					 ref->model_id);
	run_as_caller(text_of.data);

	for (int i = 0; i < (int) lengthof(result_columns); i++)
		run_as_caller(psprintf("COMMENT ON COLUMN %s.%s IS %s", view, result_columns[i].name,
							   quote_literal_cstr(result_columns[i].comment)));
	for (int i = 0; i < keys->n; i++)
		run_as_caller(psprintf("COMMENT ON COLUMN %s.%s IS 'Key column of the series.'", view,
							   quote_identifier(TextDatumGetCString(keys->names[i]))));
	run_as_caller(psprintf("COMMENT ON VIEW %s IS %s", view,
						   quote_literal_cstr(psprintf("Predictions of model %s that were in use, and what happened: one row for each series and target day.", ref->name))));
}

Datum
mlpg_sql_create_view(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	KeyColumns	keys;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("view_name, model and kind must not be NULL")));

	char	   *view = quoted_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *model = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(2));

	mlpg_registry_require_model(model, MLPG_READ, &ref);
	if (strcmp(kind, "results") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unrecognized kind of view \"%s\"", kind),
				 errhint("Valid kinds: results.")));
	if (!PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a view of kind \"results\" takes no source"),
				 errhint("It shows the predictions that were logged.")));
	load_keys(&ref, &keys);
	if (keys.n == 0 && !has_predictions(&ref))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no logged predictions yet", ref.name),
				 errhint("The key columns and their types are known after the first mlpg.log_predictions.")));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	create_results(view, &ref, &keys);
	SPI_finish();
	PG_RETURN_OID(RangeVarGetRelid(makeRangeVarFromNameList(textToQualifiedNameList(PG_GETARG_TEXT_PP(0))), NoLock, false));
}
