/*-------------------------------------------------------------------------
 *
 * predictions.c
 *	  Writing mlpg.predictions and mlpg.actuals as the registry's owner.
 *
 * Problem.  Predictions and what happened arrive in any order, twice, late and
 * corrected, and every view of error over time must come out the same.
 *
 * Policy.
 *	- A prediction is keyed by (model, series, target_time, as_of, version) and
 *	  is never changed: the same values again are ignored, other values raise.
 *	- An actual is keyed by (model, series, target_time).  Reports are ordered
 *	  by (actual_at, arrival); the last one stands.  actual_at is a column of
 *	  the source or, without one, the clock of the call; an undated report that
 *	  repeats the figure leaves it as it is.  Two reports of one call with the
 *	  same actual_at and different figures have no order: an error.
 *	- mlpg.actuals holds the last word for every key, whether predicted or not;
 *	  predictions.actual is a copy, set when either side arrives.  So it does not
 *	  matter which came first.  Both writers lock the model's row first, which
 *	  makes two concurrent ones wait for each other; so a look before the insert
 *	  is enough, and the unique keys of the partitions are a second line.
 *
 * Months.  mlpg.predictions is partitioned by month (UTC).  A month that is
 * missing is made before the insert: CREATE TABLE LIKE, rows of that month
 * moved out of the DEFAULT partition (attaching over them would fail), ATTACH.
 * A target more than 24 months after as_of is refused, one more than 10 years
 * before it stays in the DEFAULT partition: a wrong year must not make
 * hundreds of tables.
 *
 * Every statement here is constant text but for the digits of a month.
 *
 * Cost.  One index probe a row for the key, one for the actual; batches of
 * 20,000 rows travel as arrays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/predictions.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#define BATCH_ROWS 20000
#define MONTHS_AHEAD 24
#define MONTHS_BACK 120

const Oid	mlpg_log_types[MLPG_LOG_COLUMNS] = {
	JSONBOID, TIMESTAMPTZOID, DATEOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, JSONBOID, FLOAT8OID
};

const Oid	mlpg_actual_types[MLPG_ACTUAL_COLUMNS] = {
	JSONBOID, TIMESTAMPTZOID, FLOAT8OID, TIMESTAMPTZOID
};

void
mlpg_predictions_lock(int64 model_id)
{
	MlpgArguments args = {0};

	mlpg_arg_int8(&args, model_id);
	(void) mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model_id = $1 FOR NO KEY UPDATE", &args);
}

/* --- months ------------------------------------------------------------ */

/* Months since year 0 of a moment, in UTC. */
static int
month_of(TimestampTz moment)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(moment) || timestamp2tm(moment, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a prediction is out of range")));
	return tm.tm_year * 12 + tm.tm_mon - 1;
}

static void
run(const char *format, int month)
{
	int			year = month / 12;
	int			next = month + 1;

	/* the format takes year, month; first day as year, month; first day of the next month */
	char	   *statement = psprintf(format, year, month % 12 + 1, year, month % 12 + 1, next / 12, next % 12 + 1);

	(void) mlpg_registry_execute(statement, NULL);
	pfree(statement);
}

/*
 * Row-level security without a policy on the partition itself: reading goes
 * through the parent, and a default privilege for new tables opens nothing.
 */
static void
make_month(int month)
{
	run("CREATE TABLE mlpg.predictions_%04d_%02d (LIKE mlpg.predictions INCLUDING DEFAULTS INCLUDING CONSTRAINTS)", month);
	run("ALTER TABLE mlpg.predictions_%1$04d_%2$02d"
		" ADD CONSTRAINT predictions_%1$04d_%2$02d_pkey PRIMARY KEY (prediction_id, target_time),"
		" ADD CONSTRAINT predictions_%1$04d_%2$02d_key UNIQUE (model_id, series, target_time, as_of, version)", month);
	run("ALTER TABLE mlpg.predictions_%04d_%02d ENABLE ROW LEVEL SECURITY", month);
	run("COMMENT ON TABLE mlpg.predictions_%04d_%02d IS 'Predictions of one month of mlpg.predictions, in UTC.'", month);
	run("WITH moved AS (DELETE FROM mlpg.predictions_default AS d"
		" WHERE %1$d > 0 AND %2$d > 0"
		" AND d.target_time >= '%3$04d-%4$02d-01 00:00:00+00' AND d.target_time < '%5$04d-%6$02d-01 00:00:00+00'"
		" RETURNING d.*)"
		" INSERT INTO mlpg.predictions_%3$04d_%4$02d SELECT * FROM moved", month);
	run("ALTER TABLE mlpg.predictions ATTACH PARTITION mlpg.predictions_%04d_%02d"
		" FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00')", month);
}

/* All months that the rows need, each looked up once for a run of rows in it. */
static void
ensure_months(const MlpgPredictionLog *log, const MlpgRows *rows)
{
	Oid			schema = get_namespace_oid("mlpg", false);
	int			now = month_of(log->as_of);
	int			last = -1;

	for (int64 i = 0; i < rows->n; i++)
	{
		TimestampTz target = DatumGetTimestampTz(rows->values[MLPG_LOG_TIME][i]);
		int			month = month_of(target);

		if (month == last)
			continue;
		last = month;
		if (month > now + MONTHS_AHEAD)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("prediction for %s is more than %d months ahead",
							pstrdup(timestamptz_to_str(target)), MONTHS_AHEAD),
					 errdetail("It is made as of %s.", pstrdup(timestamptz_to_str(log->as_of)))));
		if (month < now - MONTHS_BACK)
			continue;
		if (!OidIsValid(get_relname_relid(psprintf("predictions_%04d_%02d", month / 12, month % 12 + 1), schema)))
			make_month(month);
	}
}

/* --- predictions ------------------------------------------------------- */

#define GIVEN_PREDICTIONS \
	"ROWS FROM (pg_catalog.unnest($1::pg_catalog.jsonb[]), pg_catalog.unnest($2::pg_catalog.timestamptz[]), " \
	"pg_catalog.unnest($3::pg_catalog.date[]), pg_catalog.unnest($4::pg_catalog.float8[]), " \
	"pg_catalog.unnest($5::pg_catalog.float8[]), pg_catalog.unnest($6::pg_catalog.float8[]), " \
	"pg_catalog.unnest($7::pg_catalog.float8[]), pg_catalog.unnest($8::pg_catalog.jsonb[]), " \
	"pg_catalog.unnest($9::pg_catalog.float8[]))" \
	" AS g (series, target_time, target_date, yhat, baseline_yhat, lower, upper, quantiles, order_qty)"

static const char *const count_known =
"SELECT pg_catalog.count(*),"
" pg_catalog.count(*) FILTER (WHERE ROW(p.yhat, p.lower, p.upper, p.quantiles, p.order_qty)"
" IS DISTINCT FROM ROW(g.yhat, g.lower, g.upper, g.quantiles, g.order_qty)),"
" pg_catalog.count(*) FILTER (WHERE p.prediction_id > $15)"
" FROM " GIVEN_PREDICTIONS
" JOIN mlpg.predictions AS p ON p.series = g.series AND p.target_time = g.target_time"
" WHERE p.model_id = $10 AND p.version = $11 AND p.as_of = $12"
" AND p.target_time BETWEEN $13 AND $14";

static const char *const count_twice =
"SELECT pg_catalog.count(*) FROM (SELECT 1 FROM " GIVEN_PREDICTIONS
" GROUP BY g.series, g.target_time HAVING pg_catalog.count(*) > 1) AS twice";

static const char *const insert_predictions =
"WITH new AS (INSERT INTO mlpg.predictions"
" (model_id, version, series, target_time, target_date, as_of, alias, yhat, baseline_yhat, lower, upper,"
" interval_coverage, quantiles, order_qty, underage_cost, overage_cost, status, predicted_at, actual, actual_at)"
" SELECT $10, $11, g.series, g.target_time, g.target_date, $12, $13, g.yhat, g.baseline_yhat, g.lower, g.upper,"
" $14, g.quantiles, g.order_qty, $15, $16,"
" CASE WHEN $12 < $17 THEN 'backfill' ELSE $18 END, $19, a.actual, a.actual_at"
" FROM " GIVEN_PREDICTIONS
" LEFT JOIN mlpg.actuals AS a ON a.model_id = $10 AND a.series = g.series AND a.target_time = g.target_time"
" WHERE NOT EXISTS (SELECT 1 FROM mlpg.predictions AS p"
" WHERE p.model_id = $10 AND p.series = g.series AND p.target_time = g.target_time"
" AND p.as_of = $12 AND p.version = $11 AND p.target_time BETWEEN $20 AND $21)"
" RETURNING target_time)"
" SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE target_time <= $17) FROM new";

static void
time_range(const MlpgRows *rows, int column, int64 first, int64 end, TimestampTz *low, TimestampTz *high)
{
	*low = DT_NOEND;
	*high = DT_NOBEGIN;
	for (int64 i = first; i < end; i++)
	{
		TimestampTz value = DatumGetTimestampTz(rows->values[column][i]);

		*low = Min(*low, value);
		*high = Max(*high, value);
	}
}

static void
raise_duplicates(const MlpgPredictionLog *log)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("several rows of the source have the same key and time"),
			 errdetail("Model \"%s\" would log more than one prediction for the same series, time and as_of.", log->model),
			 errhint("Name the columns that tell series apart in key_cols.")));
}

static void
raise_changed(const MlpgPredictionLog *log, int64 n)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("%lld prediction(s) of model \"%s\" version %d were logged before with other values",
					(long long) n, log->model, log->version),
			 errdetail("Same series, time and as_of %s.", pstrdup(timestamptz_to_str(log->as_of))),
			 errhint("A logged prediction is never overwritten: what was predicted then stays. Log with the as_of of now.")));
}

static void
log_arguments(MlpgArguments *args, const MlpgPredictionLog *log, const MlpgRows *rows, int64 first, int64 end)
{
	for (int c = 0; c < MLPG_LOG_COLUMNS; c++)
		mlpg_arg_rows(args, rows, c, first, end);
	mlpg_arg_int8(args, log->model_id); /* $10 */
	mlpg_arg_int4(args, log->version);
	mlpg_arg_datum(args, TIMESTAMPTZOID, TimestampTzGetDatum(log->as_of), false);
}

static void
write_batch(MlpgPredictionLog *log, const MlpgRows *rows, int64 first, int64 end, int64 last_id)
{
	MlpgArguments args = {0};
	TimestampTz low,
				high;
	Datum		found[3];
	Datum		written[2];
	bool		nulls[3];

	for (int c = 0; c < MLPG_LOG_COLUMNS; c++)
		mlpg_arg_rows(&args, rows, c, first, end);
	(void) mlpg_registry_query(count_twice, &args, 1, found, nulls);
	if (DatumGetInt64(found[0]) > 0)
		raise_duplicates(log);

	args.n = 0;
	log_arguments(&args, log, rows, first, end);
	time_range(rows, MLPG_LOG_TIME, first, end, &low, &high);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(low), false);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(high), false);
	mlpg_arg_int8(&args, last_id);
	(void) mlpg_registry_query(count_known, &args, 3, found, nulls);
	if (DatumGetInt64(found[2]) > 0)
		raise_duplicates(log);
	if (DatumGetInt64(found[1]) > 0)
		raise_changed(log, DatumGetInt64(found[1]));

	args.n = 0;
	log_arguments(&args, log, rows, first, end);
	mlpg_arg_text(&args, log->alias);	/* $13 */
	mlpg_arg_float8(&args, log->coverage);
	mlpg_arg_float8(&args, log->underage_cost);
	mlpg_arg_float8(&args, log->overage_cost);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(log->trained_until), false);
	mlpg_arg_text(&args, log->status);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()), false);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(low), false);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(high), false);
	(void) mlpg_registry_query(insert_predictions, &args, 2, written, nulls);

	log->n_new += DatumGetInt64(written[0]);
	log->n_seen += DatumGetInt64(written[1]);
	log->n_known += DatumGetInt64(found[0]);
}

void
mlpg_predictions_write(MlpgPredictionLog *log, const MlpgRows *rows)
{
	Datum		last_id;
	bool		is_null;

	log->n_new = log->n_known = log->n_seen = 0;
	if (rows->n == 0)
		return;
	ensure_months(log, rows);
	(void) mlpg_registry_query("SELECT pg_catalog.nextval('mlpg.predictions_prediction_id_seq')", NULL, 1, &last_id, &is_null);
	for (int64 first = 0; first < rows->n; first += BATCH_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		write_batch(log, rows, first, Min(first + BATCH_ROWS, rows->n), DatumGetInt64(last_id));
	}
}

/* --- actuals ----------------------------------------------------------- */

/* $1 series, $2 times, $3 figures, $4 reported at; $5 model, $6 clock of the call, $7 dated, $8 .. $9 span */
#define GIVEN_ACTUALS \
	"(SELECT u.series, u.target_time, u.actual, COALESCE(u.actual_at, $6) AS actual_at" \
	" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.jsonb[]), pg_catalog.unnest($2::pg_catalog.timestamptz[])," \
	" pg_catalog.unnest($3::pg_catalog.float8[]), pg_catalog.unnest($4::pg_catalog.timestamptz[])) AS u (series, target_time, actual, actual_at)) AS g"

static const char *const count_contradictions =
"SELECT (SELECT pg_catalog.count(*) FROM (SELECT 1 FROM " GIVEN_ACTUALS
" GROUP BY g.series, g.target_time, g.actual_at HAVING pg_catalog.min(g.actual) <> pg_catalog.max(g.actual)) AS c)"
" + (SELECT pg_catalog.count(*) FROM " GIVEN_ACTUALS
" JOIN mlpg.actuals AS a ON a.series = g.series AND a.target_time = g.target_time"
" WHERE a.model_id = $5 AND a.logged_at = $6 AND a.actual_at = g.actual_at AND a.actual <> g.actual)"
" WHERE $7 IS NOT NULL AND $8 <= $9";

static const char *const merge_actuals =
"WITH last AS (SELECT DISTINCT ON (g.series, g.target_time) g.series, g.target_time, g.actual, g.actual_at"
" FROM " GIVEN_ACTUALS " ORDER BY g.series, g.target_time, g.actual_at DESC),"
" before AS (SELECT a.series, a.target_time, a.actual FROM last AS l JOIN mlpg.actuals AS a"
" ON a.model_id = $5 AND a.series = l.series AND a.target_time = l.target_time),"
" written AS (INSERT INTO mlpg.actuals AS a (model_id, series, target_time, actual, actual_at, logged_at)"
" SELECT $5, l.series, l.target_time, l.actual, l.actual_at, $6 FROM last AS l"
" ON CONFLICT (model_id, series, target_time) DO UPDATE"
" SET actual = excluded.actual, actual_at = excluded.actual_at, logged_at = excluded.logged_at"
" WHERE excluded.actual_at >= a.actual_at AND ($7 OR a.actual <> excluded.actual)"
" RETURNING a.series, a.target_time, a.actual, a.actual_at),"
" updated AS (UPDATE mlpg.predictions AS p SET actual = w.actual, actual_at = w.actual_at"
" FROM written AS w"
" WHERE p.model_id = $5 AND p.series = w.series AND p.target_time = w.target_time"
" AND p.target_time BETWEEN $8 AND $9)"
" SELECT pg_catalog.count(*) FROM written AS w JOIN before AS b"
" ON b.series = w.series AND b.target_time = w.target_time WHERE b.actual <> w.actual";

static const char *const count_matched =
"SELECT pg_catalog.count(*) FROM " GIVEN_ACTUALS
" WHERE EXISTS (SELECT 1 FROM mlpg.predictions AS p"
" WHERE p.model_id = $5 AND p.series = g.series AND p.target_time = g.target_time"
" AND p.target_time BETWEEN $8 AND $9) AND $7 IS NOT NULL";

static const char *const count_due =
"SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE p.actual IS NOT NULL)"
" FROM mlpg.predictions AS p WHERE p.model_id = $1 AND p.target_time BETWEEN $2 AND $3";

static void
merge_batch(MlpgActualLog *log, const MlpgRows *rows, int64 first, int64 end, TimestampTz now)
{
	MlpgArguments args = {0};
	TimestampTz low,
				high;
	Datum		value;
	bool		is_null;

	for (int c = 0; c < MLPG_ACTUAL_COLUMNS; c++)
		mlpg_arg_rows(&args, rows, c, first, end);
	time_range(rows, MLPG_ACTUAL_TIME, first, end, &low, &high);
	mlpg_arg_int8(&args, log->model_id);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(now), false);
	mlpg_arg_bool(&args, log->dated);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(low), false);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(high), false);

	(void) mlpg_registry_query(count_contradictions, &args, 1, &value, &is_null);
	if (DatumGetInt64(value) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("several rows of the source have the same key and time, but different figures"),
				 errdetail("%lld such key(s) for model \"%s\".", (long long) DatumGetInt64(value), log->model),
				 errhint("Name the columns that tell series apart in series_cols; a column actual_at tells a correction from what it corrects.")));
	(void) mlpg_registry_query(merge_actuals, &args, 1, &value, &is_null);
	log->n_revised += DatumGetInt64(value);
	(void) mlpg_registry_query(count_matched, &args, 1, &value, &is_null);
	log->n_matched += DatumGetInt64(value);
}

void
mlpg_actuals_write(MlpgActualLog *log, const MlpgRows *rows)
{
	MlpgArguments args = {0};
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz low,
				high;
	Datum		due[2];
	bool		nulls[2];

	log->n_matched = log->n_revised = log->n_due = log->n_due_met = 0;
	if (rows->n == 0)
		return;
	for (int64 first = 0; first < rows->n; first += BATCH_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		merge_batch(log, rows, first, Min(first + BATCH_ROWS, rows->n), now);
	}

	time_range(rows, MLPG_ACTUAL_TIME, 0, rows->n, &low, &high);
	mlpg_arg_int8(&args, log->model_id);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(low), false);
	mlpg_arg_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(high), false);
	(void) mlpg_registry_query(count_due, &args, 2, due, nulls);
	log->n_due = DatumGetInt64(due[0]);
	log->n_due_met = DatumGetInt64(due[1]);
}
