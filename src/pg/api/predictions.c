/*-------------------------------------------------------------------------
 *
 * predictions.c
 *	  SQL entry points: log_predictions, log_actuals.
 *
 * Problem.  A model in use has to be judged by what happened, week after week:
 * so what it said is written down when it says it, and met by the figures when
 * they come.
 *
 * Way.  The source is made canonical, its columns are looked up, and one query
 * is built over it whose columns are those that catalog/predictions.h takes:
 * the key columns as one jsonb (cast to the types that the model's first log
 * had, so that 1 and '1' do not part a series from itself), the time as
 * timestamptz, the day in the time zone of the recipe (UTC when it names
 * none; never the session's), the prediction of one fixed version, and what
 * follows from it: interval, quantiles by level, the order that the costs ask
 * for.  It is read as the caller, read only; stored sources are read as the
 * model's owner.  Writing is the registry owner's (catalog/predictions.c).
 *
 * Who serves.  A reference by the plain name logs under the alias champion and
 * its rows are "sent"; other references log "shadow" rows.  A row is "backfill",
 * whatever its alias, when its as_of is before the last row that the version was
 * trained on: nobody had that model then.  The last training row is what train
 * stored (metrics, trained_until); failing that, the earlier of the version's
 * creation and the newest time in its stored source, which both are bounds from
 * above; the source is read only for an as_of before the creation.  Targets that
 * are known to lie in the training rows are logged with a WARNING.
 *
 * NULL.  Rows without a prediction are skipped with a NOTICE, figures that are
 * NULL are not known yet; a NULL time is an error, a NULL key column is a key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/log_source.h"
#include "pg/catalog/predictions.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

MLPG_SQL_FUNCTION(mlpg_sql_log_predictions);
MLPG_SQL_FUNCTION(mlpg_sql_log_actuals);

static void
require_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
}

/* --- log_predictions --------------------------------------------------- */

/* An upper bound of the last row that a version was trained on. */
static TimestampTz
trained_until(const MlpgLogFacts *facts, const MlpgModelRef *ref, const char *time_col)
{
	static const Oid types[1] = {TIMESTAMPTZOID};
	MlpgLogSource source;
	MlpgLogTime time_text;
	TimestampTz result = facts->created_at;
	int			column;

	mlpg_log_open_source(&source, facts->version_source, ref->owner);
	column = mlpg_log_find_column(&source, time_col);
	if (column >= 0 && mlpg_log_time(&source, column, facts->time_zone, &time_text))
	{
		MlpgArguments args = {0};
		const char *condition = mlpg_log_find_column(&source, facts->target) >= 0 ?
			psprintf(" WHERE %s IS NOT NULL", mlpg_log_column(facts->target)) : "";
		MlpgRows   *rows = mlpg_log_read(&source, psprintf("SELECT pg_catalog.max(%s) FROM (%s) AS %s%s",
														 time_text.moment, source.query, MLPG_LOG_ROW, condition),
									   &args, 1, types);

		if (rows->n == 1 && !rows->nulls[0][0])
			result = Min(result, DatumGetTimestampTz(rows->values[0][0]));
	}
	return result;
}

/* Positions among the trained levels, from 1. */
typedef struct Levels
{
	int			n;
	int			lower;			/* 0: no interval */
	int			upper;
	int			middle;			/* 0: the median was not trained */
	double		coverage;		/* of the interval, NaN without one */
} Levels;

/* The interval is 0.1 to 0.9 where those were trained, else the outermost two levels. */
static Levels
find_levels(const MlpgLogFacts *facts)
{
	Levels		result = {.coverage = get_float8_nan()};
	Datum	   *items;

	if (facts->levels == NULL)
		return result;
	deconstruct_array(facts->levels, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &items, NULL, &result.n);
	if (result.n < 2)
		return result;
	result.lower = 1;
	result.upper = result.n;
	for (int i = 0; i < result.n; i++)
	{
		double		level = DatumGetFloat8(items[i]);

		if (fabs(level - 0.1) < 1e-9)
			result.lower = i + 1;
		if (fabs(level - 0.5) < 1e-9)
			result.middle = i + 1;
		if (fabs(level - 0.9) < 1e-9)
			result.upper = i + 1;
	}
	if (result.upper > result.lower)
		result.coverage = DatumGetFloat8(items[result.upper - 1]) - DatumGetFloat8(items[result.lower - 1]);
	else
		result.lower = 0;
	return result;
}

/*
 * $1 reference, $2 levels, $3 underage cost, $4 overage cost.  With costs, predict
 * answers the level of the order; yhat is the median then, where it was trained.
 */
static char *
prediction_query(const MlpgLogSource *source, const MlpgLogFacts *facts, ArrayType *key_cols,
				 const MlpgLogTime *time_text, const Levels *levels)
{
	StringInfoData out;
	bool		has_baseline = mlpg_log_find_column(source, "baseline_yhat") >= 0;
	bool		has_costs = !isnan(facts->underage_cost) && !isnan(facts->overage_cost);
	bool		has_levels = levels->n >= 2;

	initStringInfo(&out);
	appendStringInfoString(&out, "SELECT s.series, s.target_time, s.target_date, ");
	if (has_costs && levels->middle > 0)
		appendStringInfo(&out, "s.q[%d], s.baseline_yhat, ", levels->middle);
	else
		appendStringInfoString(&out, "s.yhat, s.baseline_yhat, ");
	if (levels->lower > 0)
		appendStringInfo(&out, "s.q[%d], s.q[%d], ", levels->lower, levels->upper);
	else
		appendStringInfoString(&out, "NULL::pg_catalog.float8, NULL::pg_catalog.float8, ");
	appendStringInfoString(&out, has_levels ?
						   "(SELECT pg_catalog.jsonb_object_agg(l.level::pg_catalog.text, l.value)"
						   " FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest(s.q)) AS l (level, value)), " :
						   "NULL::pg_catalog.jsonb, ");
	appendStringInfoString(&out, !has_costs ? "NULL::pg_catalog.float8" :
						   has_levels ? "GREATEST(0, mlpg.newsvendor($2, s.q, $3, $4))" : "GREATEST(0, s.yhat)");
	appendStringInfo(&out, " FROM (SELECT %s AS series, %s AS target_time, %s AS target_date,"
					 " mlpg.predict($1, %s) AS yhat, %s::pg_catalog.float8 AS baseline_yhat, ",
					 mlpg_log_series(source, facts, key_cols), time_text->moment, time_text->day, MLPG_LOG_ROW,
					 has_baseline ? mlpg_log_column("baseline_yhat") : "NULL");
	if (has_levels)
		appendStringInfo(&out, "mlpg.predict_quantiles($1, %s, $2)", MLPG_LOG_ROW);
	else
		appendStringInfoString(&out, "NULL::pg_catalog.float8[]");
	appendStringInfo(&out, " AS q FROM (%s) AS %s OFFSET 0) AS s", source->query, MLPG_LOG_ROW);
	return out.data;
}

/* Refuses rows without a time, drops rows without a prediction; returns how many those were. */
static int64
tidy_predictions(MlpgRows *rows, const char *time_col)
{
	int64		kept = 0;
	int64		n = rows->n;

	for (int64 i = 0; i < n; i++)
	{
		if (rows->nulls[MLPG_LOG_TIME][i] || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(rows->values[MLPG_LOG_TIME][i])))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("row %lld of the source has no \"%s\"", (long long) i + 1, time_col),
					 errdetail("A prediction needs a finite time.")));
		if (rows->nulls[MLPG_LOG_YHAT][i])
			continue;
		for (int c = 0; c < rows->n_columns; c++)
		{
			rows->values[c][kept] = rows->values[c][i];
			rows->nulls[c][kept] = rows->nulls[c][i];
		}
		kept++;
	}
	rows->n = kept;
	return n - kept;
}

static void
store_series_columns(const MlpgModelRef *ref, const MlpgLogSource *source, ArrayType *names)
{
	for (int i = 0; i < mlpg_log_n_names(names); i++)
	{
		MlpgArguments args = {0};
		char	   *name = mlpg_log_name(names, i);
		Oid			type = mlpg_log_key_type(source, mlpg_log_require_column(source, name));

		mlpg_arg_int8(&args, ref->model_id);
		mlpg_arg_int4(&args, i + 1);
		mlpg_arg_text(&args, name);
		mlpg_arg_text(&args, format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY));
		(void) mlpg_registry_execute("INSERT INTO mlpg.series_columns (model_id, position, column_name, data_type)"
									 " VALUES ($1, $2, $3, $4)", &args);
	}
}

/* Under which alias a reference is asked, and what its rows are called. */
static void
name_alias(const char *reference, MlpgPredictionLog *log)
{
	const char *at = strrchr(reference, '@');

	log->alias = at == NULL ? "champion" : at + 1;
	if (strspn(log->alias, "0123456789") == strlen(log->alias))
		log->alias = NULL;
	log->status = log->alias && strcmp(log->alias, "champion") == 0 ? "sent" : "shadow";
}

static void
tell_predictions(const MlpgPredictionLog *log, int64 n_skipped)
{
	if (n_skipped > 0)
		ereport(NOTICE,
				(errmsg("%lld row(s) have no prediction and were not logged", (long long) n_skipped)));
	if (log->n_known > 0)
		ereport(NOTICE,
				(errmsg("%lld prediction(s) were logged before with the same values", (long long) log->n_known)));
	if (log->n_new > 0 && log->as_of < log->trained_until)
		ereport(WARNING,
				(errmsg("%lld prediction(s) of model \"%s\" version %d are backfill and stay out of error views",
						(long long) log->n_new, log->model, log->version),
				 errdetail("The version may have been trained on rows up to %s; the predictions are made as of %s.",
						   pstrdup(timestamptz_to_str(log->trained_until)), pstrdup(timestamptz_to_str(log->as_of))),
				 errhint("Log past times with a version that was trained only on rows before as_of.")));
	else if (log->n_seen > 0)
		ereport(WARNING,
				(errmsg("%lld prediction(s) of model \"%s\" version %d are for times that it was trained on",
						(long long) log->n_seen, log->model, log->version),
				 errdetail("Its last training row is of %s: their error flatters it.",
						   pstrdup(timestamptz_to_str(log->trained_until)))));
}

static MlpgRows *
score_source(const MlpgLogSource *source, const MlpgLogFacts *facts, const MlpgModelRef *ref, ArrayType *key_cols,
			 const MlpgLogTime *time_text, double *coverage)
{
	MlpgArguments args = {0};
	Levels		levels = find_levels(facts);

	*coverage = levels.coverage;
	mlpg_arg_text(&args, psprintf("%s@%d", ref->name, ref->version));
	mlpg_arg_datum(&args, FLOAT8ARRAYOID, PointerGetDatum(facts->levels), facts->levels == NULL);
	mlpg_arg_float8(&args, facts->underage_cost);
	mlpg_arg_float8(&args, facts->overage_cost);
	return mlpg_log_read(source, prediction_query(source, facts, key_cols, time_text, &levels),
						 &args, MLPG_LOG_COLUMNS, mlpg_log_types);
}

Datum
mlpg_sql_log_predictions(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgLogFacts facts;
	MlpgLogSource source;
	MlpgLogTime time_text;
	MlpgPredictionLog log = {0};

	require_argument(fcinfo, 0, "model");
	require_argument(fcinfo, 1, "source");
	require_argument(fcinfo, 2, "key_cols");
	require_argument(fcinfo, 3, "time_col");

	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ArrayType  *key_cols = PG_GETARG_ARRAYTYPE_P(2);
	char	   *time_col = text_to_cstring(PG_GETARG_TEXT_PP(3));

	mlpg_registry_resolve(reference, MLPG_OWN, &ref);
	mlpg_log_check_names(key_cols, "key_cols");
	mlpg_predictions_lock(ref.model_id);
	mlpg_log_load_facts(&ref, &facts);
	mlpg_log_open_source(&source, text_to_cstring(PG_GETARG_TEXT_PP(1)), InvalidOid);
	if (facts.series_names)
		mlpg_log_check_keys(&facts, key_cols, ref.name, "key_cols");
	mlpg_log_require_time(&source, time_col, facts.time_zone, &time_text);

	name_alias(reference, &log);
	log.model_id = ref.model_id;
	log.version = ref.version;
	log.model = ref.name;
	log.as_of = PG_ARGISNULL(4) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(4);
	if (TIMESTAMP_NOT_FINITE(log.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be finite")));
	log.underage_cost = facts.underage_cost;
	log.overage_cost = facts.overage_cost;

	MlpgRows   *rows = score_source(&source, &facts, &ref, key_cols, &time_text, &log.coverage);
	int64		n_skipped = tidy_predictions(rows, time_col);

	log.trained_until = facts.has_trained_until ? facts.trained_until :
		log.as_of < facts.created_at ? trained_until(&facts, &ref, time_col) : DT_NOBEGIN;
	if (facts.series_names == NULL && rows->n > 0)
		store_series_columns(&ref, &source, key_cols);
	mlpg_predictions_write(&log, rows);
	tell_predictions(&log, n_skipped);
	PG_RETURN_INT64(log.n_new);
}

/* --- log_actuals ------------------------------------------------------- */

static char *
figure_expression(const MlpgLogSource *source, const char *target)
{
	int			column = mlpg_log_require_column(source, target);
	char	   *value = mlpg_log_column(target);

	switch (getBaseType(source->type[column]))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return psprintf("%s::pg_catalog.float8", value);
		case BOOLOID:
			return psprintf("%s::pg_catalog.int4::pg_catalog.float8", value);
		default:
			mlpg_log_raise_type(source, column, "what happened", "Cast it to a number or boolean.");
	}
	return NULL;
}

static void
check_actuals(const MlpgRows *rows, const char *time_col, const char *target)
{
	for (int64 i = 0; i < rows->n; i++)
	{
		if (rows->nulls[MLPG_ACTUAL_TIME][i] || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(rows->values[MLPG_ACTUAL_TIME][i])))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("row %lld of the source has no \"%s\"", (long long) i + 1, time_col),
					 errdetail("A figure needs a finite time. Rows without a figure are not counted.")));
		if (!isfinite(DatumGetFloat8(rows->values[MLPG_ACTUAL_VALUE][i])))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("column \"%s\" is not finite in row %lld of the source", target, (long long) i + 1),
					 errdetail("Rows without a figure are not counted.")));
	}
}

static char *
actual_query(const MlpgLogSource *source, const MlpgLogFacts *facts, ArrayType *series_cols, const MlpgLogTime *time_text,
			 const char *target, bool *dated)
{
	char	   *figure = figure_expression(source, target);
	char	   *at = "NULL::pg_catalog.timestamptz";
	int			column = mlpg_log_find_column(source, "actual_at");
	MlpgLogTime reported;

	*dated = column >= 0;
	if (*dated)
	{
		if (!mlpg_log_time(source, column, facts->time_zone, &reported))
			mlpg_log_raise_type(source, column, "the time of a report", "Cast it to date, timestamp or timestamptz, or rename it.");
		at = reported.moment;
	}
	return psprintf("SELECT %s, %s, %s, %s FROM (%s) AS %s WHERE %s IS NOT NULL",
					mlpg_log_series(source, facts, series_cols), time_text->moment, figure, at,
					source->query, MLPG_LOG_ROW, mlpg_log_column(target));
}

static void
warn_few(const MlpgActualLog *log, int64 n_rows)
{
	if (n_rows > 0 && log->n_due == 0)
		ereport(WARNING,
				(errmsg("no prediction of model \"%s\" is logged for the times of these figures", log->model),
				 errdetail("%lld figure(s) are kept and meet predictions that are logged later.", (long long) n_rows),
				 errhint("Log predictions with mlpg.log_predictions; time_col must give the same times, such as the first day of the week.")));
	else if (n_rows > 0 && (log->n_matched == 0 || log->n_due_met * 2 < log->n_due))
		ereport(WARNING,
				(errmsg("only %lld of %lld figures met a prediction of model \"%s\"",
						(long long) log->n_matched, (long long) n_rows, log->model),
				 errdetail("Of %lld predictions for these times %lld have a figure now.",
						   (long long) log->n_due, (long long) log->n_due_met),
				 errhint("Compare the key columns of the source (series_cols) and its times (time_col) with mlpg.forecast_log.")));
}

static void
raise_not_in_recipe(const char *argument, const char *model, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is needed: the recipe of model \"%s\" does not name it", argument, model),
			 errhint("%s", hint)));
}

static Datum
actuals_row(FunctionCallInfo fcinfo, const MlpgActualLog *log, int64 n_rows)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[3] = {Int64GetDatum(n_rows), Int64GetDatum(log->n_matched), Int64GetDatum(log->n_revised)};
	bool		nulls[3] = {false};

	InitMaterializedSRF(fcinfo, 0);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

Datum
mlpg_sql_log_actuals(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgLogFacts facts;
	MlpgLogSource source;
	MlpgLogTime time_text;
	MlpgActualLog log = {0};

	require_argument(fcinfo, 0, "model");
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	mlpg_predictions_lock(ref.model_id);
	mlpg_log_load_facts(&ref, &facts);

	char	   *time_col = PG_ARGISNULL(2) ? facts.time_col : text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *target = PG_ARGISNULL(3) ? facts.target : text_to_cstring(PG_GETARG_TEXT_PP(3));
	ArrayType  *series_cols = PG_ARGISNULL(4) ? facts.series_names : PG_GETARG_ARRAYTYPE_P(4);

	if (time_col == NULL)
		raise_not_in_recipe("time_col", ref.name, "Pass time_col => 'week', say, or train with holdout_by => 'week'.");
	if (series_cols == NULL)
		raise_not_in_recipe("series_cols", ref.name, "Pass series_cols => '{store,item}', say, or log predictions first.");
	if (PG_ARGISNULL(1) && facts.source == NULL)
		raise_not_in_recipe("source", ref.name, "Pass the name of a table or view, or a SELECT.");
	mlpg_log_check_names(series_cols, "series_cols");
	if (facts.series_names)
		mlpg_log_check_keys(&facts, series_cols, ref.name, "series_cols");

	if (PG_ARGISNULL(1))
		mlpg_log_open_source(&source, facts.source, ref.owner);
	else
		mlpg_log_open_source(&source, text_to_cstring(PG_GETARG_TEXT_PP(1)), InvalidOid);
	mlpg_log_require_time(&source, time_col, facts.time_zone, &time_text);

	MlpgArguments args = {0};
	char	   *query = actual_query(&source, &facts, series_cols, &time_text, target, &log.dated);
	MlpgRows   *rows = mlpg_log_read(&source, query, &args, MLPG_ACTUAL_COLUMNS, mlpg_actual_types);

	check_actuals(rows, time_col, target);
	log.model_id = ref.model_id;
	log.model = ref.name;
	mlpg_actuals_write(&log, rows);
	warn_few(&log, rows->n);
	return actuals_row(fcinfo, &log, rows->n);
}
