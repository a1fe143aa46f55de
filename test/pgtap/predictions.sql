-- Predictions and what happened: any order of delivery, any time zone, rights,
-- months, odd input.
BEGIN;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT plan(69);

CREATE TABLE hist AS
SELECT date '2025-01-06' + 7 * w AS week, s AS store, 10.0::float8 * w + length(s) AS x, 10.0::float8 * w + length(s) AS y
  FROM generate_series(0, 19) AS w, unnest('{a,bb,ccc}'::text[]) AS s;
SELECT lives_ok($$SELECT mlpg.train('p', 'SELECT week, x, y FROM hist WHERE week < ''2025-04-01''', 'y', 'linear',
	exclude => '{week}', holdout => 0, params => '{"allow_leakage":true}')$$, 'a model to log');

-- --- 1,000 histories, each told in its own random order
CREATE FUNCTION pick(what text) RETURNS int LANGUAGE sql IMMUTABLE RETURN abs(hashtextextended(what, 7) % 1000000)::int;
CREATE TABLE reports AS
SELECT t AS trial, k AS store, date '2025-05-05' + 7 * (k % 3) AS week, (pick(t || 'value' || k || r) % 100)::float8 AS y,
	   timestamptz '2025-06-01 00:00+00' + r * interval '1 hour' AS actual_at
  FROM generate_series(1, 1000) AS t, generate_series(1, 5) AS k, generate_series(1, 3) AS r
 WHERE r = 1 OR pick(t || 'corrected' || k || r) % 2 = 0;
-- every report is told once, and about half of them a second time, in a round of its own
CREATE TABLE deliveries AS
SELECT r.*, pick(r.trial || 'round' || r.store || r.actual_at::text || again) % 8 AS round
  FROM reports AS r, generate_series(0, 1) AS again
 WHERE again = 0 OR pick(r.trial || 'again' || r.store || r.actual_at::text) % 2 = 0;
-- store 5 is never predicted; the others are, in one of the rounds
CREATE TABLE to_predict AS
SELECT t AS trial, k AS store, date '2025-05-05' + 7 * (k % 3) AS week, (pick(t || 'x' || k) % 100)::float8 AS x, pick(t || 'predicted' || k) % 8 AS round
  FROM generate_series(1, 1000) AS t, generate_series(1, 4) AS k;
SET client_min_messages = error;
DO $$
BEGIN
	FOR r IN 0 .. 7 LOOP
		-- the order of the two changes from round to round
		IF r % 2 = 0 THEN
			PERFORM mlpg.log_predictions('p', format('SELECT * FROM to_predict WHERE round = %s', r), '{trial,store}', 'week', '2025-05-02');
		END IF;
		PERFORM mlpg.log_actuals('p', format('SELECT * FROM deliveries WHERE round = %s ORDER BY hashtext(trial::text || y)', r), 'week', 'y', '{trial,store}');
		IF r % 2 = 1 THEN
			PERFORM mlpg.log_predictions('p', format('SELECT * FROM to_predict WHERE round = %s', r), '{trial,store}', 'week', '2025-05-02');
		END IF;
	END LOOP;
END $$;
RESET client_min_messages;
CREATE VIEW truth AS
SELECT DISTINCT ON (trial, store) trial, store, week, y, actual_at FROM reports WHERE store < 5 ORDER BY trial, store, actual_at DESC;
SELECT is((SELECT count(*) FROM mlpg.forecast_vs_actual), 4000::bigint, 'every prediction is there once');
SELECT is_empty($$
	SELECT (series ->> 'trial')::int, (series ->> 'store')::int, target_date, actual, actual_at FROM mlpg.forecast_vs_actual
	EXCEPT SELECT trial, store, week, y, actual_at FROM truth$$, 'late, repeated and corrected figures: the last report stands, whatever the order');
SELECT is((SELECT count(*) FROM (
	SELECT (f.series ->> 'trial')::int AS trial FROM mlpg.forecast_vs_actual AS f JOIN truth AS t
		ON t.trial = (f.series ->> 'trial')::int AND t.store = (f.series ->> 'store')::int
	 GROUP BY 1 HAVING sum(f.abs_error) = sum(abs(f.yhat - t.y)) AND count(f.actual) = 4) AS equal), 1000::bigint,
	'the error of 1,000 of 1,000 histories equals that of the clean history');
SELECT is((SELECT count(*) FROM mlpg.actuals), 5000::bigint, 'figures without a prediction wait');
SELECT results_eq($$SELECT * FROM mlpg.log_actuals('p', 'SELECT * FROM reports', 'week', 'y', '{store,trial}')$$,
	$$SELECT count(*), count(*) FILTER (WHERE store < 5), 0::bigint FROM reports$$, 'all once more changes nothing');

-- --- without actual_at the time of the call counts
SELECT is((SELECT mlpg.log_predictions('p', $$SELECT -1 AS trial, 1 AS store, date '2025-05-05' AS week, 5.0::float8 AS x$$, '{trial,store}', 'week', '2025-05-02')), 1::bigint, 'one prediction');
CREATE FUNCTION tell(y text) RETURNS SETOF mlpg.log_actuals_row LANGUAGE sql VOLATILE
	AS $$SELECT * FROM mlpg.log_actuals('p', format('SELECT -1 AS trial, 1 AS store, date ''2025-05-05'' AS week, %s AS y', y), 'week', 'y', '{trial,store}')$$;
SELECT results_eq($$SELECT * FROM tell('7')$$, 'VALUES (1::bigint, 1::bigint, 0::bigint)', 'first figure');
SELECT results_eq($$SELECT * FROM tell('9')$$, 'VALUES (1::bigint, 1::bigint, 1::bigint)', 'corrected');
SELECT results_eq($$SELECT * FROM tell('9.0::float8')$$, 'VALUES (1::bigint, 1::bigint, 0::bigint)', 'repeated');
SELECT results_eq($$SELECT * FROM tell('NULL::int')$$, 'VALUES (0::bigint, 0::bigint, 0::bigint)', 'NULL is not known yet');
SELECT results_eq($$SELECT * FROM tell('true')$$, 'VALUES (1::bigint, 1::bigint, 1::bigint)', 'a boolean is 0 or 1');
SELECT results_eq($$SELECT actual, round(error::numeric, 6), round(abs_error::numeric, 6) FROM mlpg.forecast_vs_actual WHERE series ->> 'trial' = '-1'$$,
	'VALUES (1::float8, 4::numeric, 4::numeric)', 'error is yhat - actual');

-- --- what is refused
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT *, x + 1 AS x1 FROM to_predict', '{trial}', 'week')$$, '22023', NULL, 'other key columns than before');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, week, x + 1 AS x FROM to_predict', '{trial,store}', 'week', '2025-05-02')$$, '23505', NULL, 'another value for the same series, time and as_of');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT 7 AS trial, store, week, x FROM to_predict', '{trial,store}', 'week', '2025-05-03')$$, '21000', NULL, 'E3: several rows with the same key and time');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,shop}', 'week')$$, '22023', NULL, 'unknown key column');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,trial}', 'week')$$, '22023', NULL, 'a key column twice');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,NULL}', 'week')$$, '22004', NULL, 'NULL as a key column');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,store}', 'day')$$, '42703', NULL, 'unknown time column');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,store}', 'x')$$, '42804', NULL, 'time column of another type');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, NULL::date AS week, x FROM to_predict', '{trial,store}', 'week')$$, '22000', NULL, 'NULL time');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, date ''infinity'' AS week, x FROM to_predict', '{trial,store}', 'week')$$, '22000', NULL, 'infinite time');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,store}', 'week', 'infinity')$$, '22023', NULL, 'infinite as_of');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'to_predict', '{trial,store}', 'week', '2023-04-30')$$, '22008', NULL, 'more than 24 months ahead');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', NULL, '{trial,store}', 'week')$$, '22004', NULL, 'NULL source');
SELECT throws_ok($$SELECT mlpg.log_predictions('q', 'to_predict', '{trial,store}', 'week')$$, '42704', NULL, 'E1: unknown model');
SELECT throws_ok($$SELECT mlpg.log_predictions('p@latest', 'to_predict', '{trial,store}', 'week')$$, '42704', NULL, 'E1: unknown alias');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, week FROM to_predict', '{trial,store}', 'week')$$, '42703', NULL, 'E2: missing feature');
SELECT throws_ok($$SELECT * FROM tell('''x''::text')$$, '42804', NULL, 'a figure that is no number');
SELECT throws_ok($$SELECT * FROM tell('''NaN''::float8')$$, '22000', NULL, 'a figure that is NaN');
SELECT throws_ok($$SELECT * FROM mlpg.log_actuals('p', 'SELECT -1 AS trial, 1 AS store, date ''2025-05-05'' AS week', 'week', NULL, '{trial,store}')$$, '42703', NULL, 'no target column');
SELECT throws_ok($$SELECT * FROM tell('1 AS y UNION ALL SELECT -1, 1, date ''2025-05-05'', 2')$$, '21000', NULL, 'two figures of one call without order');
CREATE SEQUENCE touched;
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, week, nextval(''touched'')::float8 AS x FROM to_predict', '{trial,store}', 'week')$$, '25006', NULL, 'a source that writes');
SELECT is((SELECT mlpg.log_predictions('p', 'SELECT * FROM to_predict WHERE false', '{trial,store}', 'week')), 0::bigint, 'no rows: nothing logged');

-- --- who serves, and what is backfill
SELECT is((SELECT mlpg.log_predictions('p@1', 'SELECT trial, store, week, x FROM to_predict WHERE trial = 1', '{trial,store}', 'week', '2025-05-03')), 4::bigint, 'logged by number');
SELECT results_eq($$SELECT alias, status, count(*) FROM mlpg.forecast_log WHERE as_of = '2025-05-03' GROUP BY 1, 2$$, $$VALUES (NULL::text COLLATE "C", 'shadow'::text COLLATE "C", 4::bigint)$$, 'is shadow');
SET client_min_messages = error;
SELECT is((SELECT mlpg.log_predictions('p', 'SELECT -2 AS trial, 1 AS store, week, x FROM hist WHERE store = ''a'' AND week BETWEEN ''2025-04-07'' AND ''2025-05-01''', '{trial,store}', 'week', as_of)), 4::bigint, 'four past weeks as of ' || as_of)
  FROM unnest('{2025-03-30,2025-04-03}'::timestamptz[]) AS as_of;
RESET client_min_messages;
SELECT results_eq($$SELECT status, as_of, count(*) FROM mlpg.forecast_log WHERE series ->> 'trial' = '-2' GROUP BY 1, 2 ORDER BY 1$$,
	$$VALUES ('backfill'::text COLLATE "C", timestamptz '2025-03-30', 4::bigint), ('sent', '2025-04-03', 4)$$, 'as of before the last training row (2025-03-31): backfill');
SELECT results_eq($$SELECT as_of, count(*) FROM mlpg.forecast_vs_actual WHERE series ->> 'trial' = '-2' GROUP BY 1$$,
	$$VALUES (timestamptz '2025-04-03', 4::bigint)$$, 'and stays out of the error view');
SELECT is((SELECT mlpg.log_predictions('p', 'SELECT -2 AS trial, 1 AS store, week, x + 1 AS x FROM hist WHERE store = ''a'' AND week = ''2025-04-28''', '{trial,store}', 'week', '2025-04-24')), 1::bigint, 'a newer forecast of the same week');
SELECT results_eq($$SELECT as_of, round(yhat::numeric, 6) FROM mlpg.forecast_vs_actual WHERE series ->> 'trial' = '-2' AND target_date = '2025-04-28'$$,
	$$VALUES (timestamptz '2025-04-24', 162::numeric)$$, 'the last as_of counts, once');

-- --- any zone of the session
CREATE FUNCTION in_zones(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	zone text;
	answer text;
	answers text[] := '{}';
BEGIN
	FOREACH zone IN ARRAY '{UTC,America/New_York,Europe/London,Asia/Kathmandu,Australia/Lord_Howe,Pacific/Apia}'::text[] LOOP
		PERFORM set_config('timezone', zone, true);
		EXECUTE statement INTO answer;
		IF answer <> ALL (answers) OR answers = '{}' THEN
			answers := answers || answer;
		END IF;
	END LOOP;
	PERFORM set_config('timezone', 'UTC', true);
	RETURN array_to_string(answers, ' | ');
END $$;
SELECT is(in_zones($$SELECT mlpg.log_predictions('p', 'SELECT trial, store, week, x FROM to_predict', '{trial,store}', 'week', '2025-05-02 00:00+00')::text$$), '0', 'the same dates are the same predictions in every zone');
SELECT is(in_zones($$SELECT count(*) || ' ' || min(target_date) || ' ' || min(extract(epoch FROM target_time)) FROM mlpg.forecast_vs_actual WHERE (series ->> 'trial')::int > 0$$), '4000 2025-05-05 1746403200.000000', 'views have the same days and times in every zone');
SELECT is(in_zones($$SELECT string_agg(extract(epoch FROM "time") || ':' || n, ' ' ORDER BY "time") FROM mlpg.metrics_over_time WHERE metric = 'mae'$$),
	'1746403200.000000:1001 1747008000.000000:2000 1747612800.000000:1000', 'metrics have the same windows in every zone, and every row is in one');

-- --- months
SET client_min_messages = error;
SELECT is((SELECT mlpg.log_predictions('p', 'SELECT -3 AS trial, 1 AS store, timestamp ''2001-03-31 23:59'' AS week, 1.0::float8 AS x', '{trial,store}', 'week', '2025-05-02')), 1::bigint, 'far before as_of');
SELECT is((SELECT tableoid::regclass::text FROM mlpg.predictions WHERE series ->> 'trial' = '-3'), 'mlpg.predictions_default', 'lies in the DEFAULT partition');
SELECT is((SELECT mlpg.log_predictions('p', 'SELECT -3 AS trial, 2 AS store, timestamp ''2001-03-01 00:00'' AS week, 1.0::float8 AS x', '{trial,store}', 'week', '2001-02-02')), 1::bigint, 'the same month, from near');
RESET client_min_messages;
SELECT is((SELECT string_agg(DISTINCT tableoid::regclass::text, ' ') FROM mlpg.predictions WHERE series ->> 'trial' = '-3'), 'mlpg.predictions_2001_03', 'makes the month and moves what lay in DEFAULT');

-- --- rights
CREATE ROLE mlpg_tap_reader;
CREATE ROLE mlpg_tap_other;
SELECT mlpg.grant_model('p', 'mlpg_tap_reader', 'read') AS granted \gset
ALTER DEFAULT PRIVILEGES IN SCHEMA mlpg GRANT SELECT ON TABLES TO PUBLIC;
SET client_min_messages = error;
SELECT mlpg.log_predictions('p', 'SELECT -4 AS trial, 2 AS store, date ''2019-01-01'' AS week, 1.0::float8 AS x', '{trial,store}', 'week', '2019-01-01') AS logged \gset
RESET client_min_messages;
SET ROLE mlpg_tap_other;
SELECT is((SELECT count(*) FROM mlpg.forecast_log) + (SELECT count(*) FROM mlpg.actuals) + (SELECT count(*) FROM mlpg.metrics_over_time) + (SELECT count(*) FROM mlpg.model_overview), 0::bigint, 'without a right: no row of any view');
SELECT is((SELECT count(*) FROM mlpg.predictions_2019_01), 0::bigint, 'nor of a partition that a default privilege opened');
SET ROLE mlpg_tap_reader;
SELECT cmp_ok((SELECT count(*) FROM mlpg.forecast_vs_actual), '>', 4000::bigint, 'with read: the rows');
SELECT throws_ok('DELETE FROM mlpg.predictions', '42501', NULL, 'but no DELETE');
SELECT throws_ok('UPDATE mlpg.actuals SET actual = 0', '42501', NULL, 'no UPDATE');
RESET ROLE;

-- --- all of it by a role without any other right
CREATE ROLE mlpg_tap_owner;
SELECT mlpg.grant_usage('mlpg_tap_owner', 'train') AS granted \gset
SELECT mlpg.grant_usage('mlpg_tap_other', 'train') AS granted \gset
CREATE SCHEMA mlpg_tap AUTHORIZATION mlpg_tap_owner;
GRANT ALL ON SCHEMA mlpg_tap TO mlpg_tap_reader;
GRANT USAGE ON SCHEMA mlpg_tap TO mlpg_tap_other;
SET search_path = mlpg_tap, public;
SET client_min_messages = error;
SET ROLE mlpg_tap_owner;
CREATE TABLE sales AS SELECT date '2018-01-01' + 7 * w AS week, 1 + w % 2 AS store, w::float8 AS x, 2 * w + 1 AS y FROM generate_series(0, 39) AS w;
SELECT lives_ok($$SELECT mlpg.train('own', 'SELECT week, x, y FROM sales WHERE week < ''2018-08-01''', 'y', 'linear', exclude => '{week}', holdout_by => 'week')$$, 'trains');
SELECT is((SELECT mlpg.log_predictions('own', 'SELECT * FROM sales WHERE week > ''2018-08-06''', '{store}', 'week', '2018-08-09')), 8::bigint, 'logs, in months that did not exist');
SELECT results_eq($$SELECT * FROM mlpg.log_actuals('own', 'sales')$$, 'VALUES (40::bigint, 8::bigint, 0::bigint)', 'tells what happened');
SELECT results_eq($$SELECT count(*), sum(round(abs_error::numeric, 6)) FROM mlpg.forecast_vs_actual$$, 'VALUES (8::bigint, 0::numeric)', 'and sees its own error, and nothing else');
SELECT throws_ok($$SELECT mlpg.log_predictions('p', 'sales', '{store}', 'week')$$, '42704', NULL, 'but cannot log with the model of another');
SELECT throws_ok('CREATE TABLE mlpg.predictions_2030_01 (LIKE mlpg.predictions)', '42501', NULL, 'nor make a month by hand');
SELECT mlpg.grant_model('own', 'mlpg_tap_reader', 'read') AS granted, mlpg.grant_model('own', 'mlpg_tap_other', 'score') AS granted \gset
SET ROLE mlpg_tap_other;
SELECT throws_ok($$SELECT mlpg.log_actuals('own', 'SELECT 1')$$, '42704', NULL, 'score does not log');
SELECT throws_ok($$SELECT mlpg.create_view('v', 'own')$$, '42704', NULL, 'nor make a view');
RESET ROLE;
SELECT mlpg.grant_usage('mlpg_tap_reader', 'train') AS granted \gset
SET ROLE mlpg_tap_reader;
SELECT is(mlpg.create_view('reader_results', 'own')::text, 'reader_results', 'read makes a view');
SELECT is((SELECT rolname::text || ' ' || relnamespace::regnamespace FROM pg_class JOIN pg_roles AS r ON r.oid = relowner WHERE relname = 'reader_results'), 'mlpg_tap_reader mlpg_tap', 'of its own, in its own search_path');
SELECT results_eq('SELECT store, count(*)::int FROM reader_results GROUP BY 1 ORDER BY 1', 'VALUES (1, 4), (2, 4)', 'with typed keys');
GRANT SELECT ON reader_results TO mlpg_tap_other;
SET ROLE mlpg_tap_other;
SELECT is((SELECT count(*) FROM reader_results), 0::bigint, 'and shows nothing to who may not read the model');
RESET ROLE;
RESET client_min_messages;
RESET search_path;

-- --- the contract of the views
SELECT is_empty($$
	SELECT a.attrelid::regclass, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
	 WHERE c.relnamespace = 'mlpg'::regnamespace AND c.relkind IN ('v', 'r', 'p') AND a.attnum > 0 AND c.relname !~ '^predictions_'
	   AND col_description(a.attrelid, a.attnum) IS NULL$$, 'every column of every table and view has a comment');
SELECT is((SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'mlpg.metrics_over_time'::regclass),
	'time timestamp with time zone, model text, version integer, alias text, metric text, feature text, segment text, series_label text, value double precision, n integer, compare_to text, reference double precision, lower double precision, upper double precision, is_alert boolean',
	'metrics_over_time has the columns that Grafana reads');

SELECT * FROM finish();
ROLLBACK;
