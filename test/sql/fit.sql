-- The aggregate mlpg.fit, over rows and over arrays: every use that SQL allows, every
-- refusal with its SQLSTATE, and the state of the array form as text.
CREATE SCHEMA fit_test;
SET search_path = fit_test, public;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE FUNCTION terms(model mlpg.model) RETURNS text
LANGUAGE sql AS $$ SELECT string_agg(term || ' ' || coalesce(round(estimate::numeric, 6)::text, 'NULL'), ', ') FROM mlpg.coefficients(model) $$;
CREATE FUNCTION fact(model mlpg.model, item text) RETURNS text
LANGUAGE sql AS $$ SELECT value FROM mlpg.summary(model) AS s WHERE s.item = $2 $$;
-- y = 1 + 3 a + b, and a little
CREATE TABLE t AS
SELECT i, i % 10 AS g, (i % 7)::float8 AS a, (i * i % 23)::float8 AS b, 'k' || i % 3 AS c, (i % 4)::float8 AS w,
	   1 + 3.0::float8 * (i % 7) + (i * i % 23) + (i * i % 11) / 10.0 AS y
  FROM generate_series(1, 400) AS i;
\pset format unaligned
\pset tuples_only on

-- --- few rows
SELECT mlpg.fit('linear', y, t) IS NULL, mlpg.fit('linear', y, ARRAY[a, b]) IS NULL, mlpg.fit('quantile', y, t, '{}') IS NULL FROM t WHERE false;
SELECT learner, terms(mlpg.fit(learner, y, x)) FROM t, LATERAL (SELECT t.a, t.b) AS x, unnest('{baseline,linear,quantile}'::text[]) AS learner WHERE i = 1 GROUP BY learner ORDER BY 1;
SELECT learner, terms(mlpg.fit(learner, y, ARRAY[a, b])) FROM t, unnest('{baseline,linear,quantile}'::text[]) AS learner WHERE i <= 2 GROUP BY learner ORDER BY 1;
-- a group without a known target has no model; others do not care
SELECT count(*), count(m), count(n) FROM (SELECT g, mlpg.fit('linear', CASE WHEN g <> 3 THEN y END, x) AS m, mlpg.fit('linear', CASE WHEN g <> 3 THEN y END, ARRAY[t.a, t.b]) AS n
	FROM t, LATERAL (SELECT t.a, t.b) AS x GROUP BY g) AS q;
SELECT mlpg.fit('linear', NULL::float8, x) IS NULL, mlpg.fit('linear', NULL::float8, ARRAY[t.a, t.b]) IS NULL FROM t, LATERAL (SELECT t.a, t.b) AS x;
-- rows without a target are counted, wherever they come
SELECT fact(mlpg.fit('linear', CASE WHEN i > 10 AND i < 395 THEN y END, x ORDER BY i), 'rows') AS rows,
	   fact(mlpg.fit('linear', CASE WHEN i > 10 AND i < 395 THEN y END, x ORDER BY i), 'rows_dropped_null_target') AS dropped,
	   fact(mlpg.fit('linear', CASE WHEN i > 10 AND i < 395 THEN y END, ARRAY[t.a, t.b] ORDER BY i), 'rows_dropped_null_target') AS dropped_array
  FROM t, LATERAL (SELECT t.a, t.b) AS x;
-- what an outer join left empty is no row
SELECT l.g, fact(mlpg.fit('linear', r.y, r), 'rows'), fact(mlpg.fit('linear', r.y, r), 'rows_dropped_null_target') FROM (VALUES (1), (2), (99)) AS l(g) LEFT JOIN t AS r USING (g) GROUP BY l.g ORDER BY 1;

-- --- the columns
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, NULL::float8 AS n, NULL::text AS s, 5 AS five, 'same' AS same) AS x;
SELECT terms(mlpg.fit('quantile', y, x)) FROM t, LATERAL (SELECT t.a, NULL::float8 AS n, NULL::text AS s, 5 AS five, 'same' AS same) AS x;
SELECT terms(mlpg.fit('linear', 7, x)), terms(mlpg.fit('quantile', 7, x)) FROM t, LATERAL (SELECT t.a, t.b) AS x;
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, 2 * t.a AS a2, t.a + 1 AS a1, t.b) AS x;
SELECT terms(mlpg.fit('quantile', y, x)) FROM t, LATERAL (SELECT t.a, 2 * t.a AS a2, t.a + 1 AS a1, t.b) AS x;
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, t.b, t.i * t.i AS i2, t.w) AS x WHERE i <= 3;
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT CASE WHEN i % 5 > 0 THEN t.a END AS a, t.b, t.c) AS x;
SELECT terms(mlpg.fit('linear', y, ARRAY[CASE WHEN i % 5 > 0 THEN a END, b])) FROM t;
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT ARRAY[t.a, t.b] AS v, ARRAY[t.w]::float4[] AS u) AS x;
SELECT terms(mlpg.fit('linear', y, '{}'::float8[])), terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT) AS x;
DO $$
DECLARE
	m mlpg.model;
BEGIN
	SET LOCAL client_min_messages = error;
	EXECUTE 'CREATE TABLE fit_test.wide AS SELECT r::float8 AS y, ' || (SELECT string_agg('((r + 3) * ' || i || ' % 97)::float4 AS c' || i, ', ') FROM generate_series(1, 1599) AS i) || ' FROM generate_series(1, 30) AS r';
	SELECT mlpg.fit('linear', y, wide) INTO m FROM fit_test.wide;
	ASSERT (SELECT abs(mlpg.predict(m, wide) - y) < 1e-6 FROM fit_test.wide WHERE y = 7);
	SELECT mlpg.fit('quantile', y, wide) INTO m FROM fit_test.wide;
	ASSERT (SELECT abs(mlpg.predict(m, wide) - y) < 1e-6 FROM fit_test.wide WHERE y = 7);
END $$;

-- --- the target is no feature, however the row is written
CREATE TABLE by_shop (s int, y float8, a float8) PARTITION BY LIST (s);
CREATE TABLE shop_1 PARTITION OF by_shop FOR VALUES IN (1);
CREATE TABLE shop_2 (a float8, gone int, y float8, s int);
ALTER TABLE shop_2 DROP COLUMN gone;
ALTER TABLE by_shop ATTACH PARTITION shop_2 FOR VALUES IN (2);
INSERT INTO by_shop SELECT 1 + i % 2, 2.0 * i + i % 3, i FROM generate_series(1, 8) AS i;
SELECT terms(mlpg.fit('linear', y, t)) FROM t WHERE i < 9;
SELECT terms(mlpg.fit('linear', s.y, s)) FROM (SELECT x, 2 * x + 1 + x % 3 AS y FROM generate_series(1, 20) AS x) AS s;
SELECT terms(mlpg.fit('linear', s.y, s)) FROM (SELECT a, y + 1 AS y FROM by_shop OFFSET 0) AS s;
SELECT terms(mlpg.fit('linear', s.y, s)) FROM (SELECT a, sum(y) AS y FROM by_shop GROUP BY a) AS s;
SELECT terms(mlpg.fit('linear', v.y, v)) FROM (VALUES (1.5, 2), (2.5, 3), (4.5, 5)) AS v(y, a);
WITH w AS MATERIALIZED (SELECT a, y FROM by_shop) SELECT terms(mlpg.fit('linear', w.y, w)) FROM w;
SELECT terms(mlpg.fit('linear', p.y::numeric, p)) FROM by_shop AS p WHERE s = 1;
SELECT p.s, terms(mlpg.fit('linear', p.y, p)) FROM by_shop AS p GROUP BY p.s ORDER BY 1;
SET enable_partitionwise_aggregate = on;
SELECT p.s, terms(mlpg.fit('linear', p.y, p)) FROM by_shop AS p GROUP BY p.s ORDER BY 1;
RESET enable_partitionwise_aggregate;
SELECT l.s, terms(mlpg.fit('linear', r.y, r)) FROM (VALUES (1), (2)) AS l(s) LEFT JOIN (SELECT s, a, y + 1 AS y FROM by_shop) AS r USING (s) GROUP BY l.s ORDER BY 1;
SELECT g.s, terms(mlpg.fit('linear', u.y, u)) FROM (SELECT * FROM shop_1 UNION ALL SELECT s, y, a FROM shop_2) AS u, LATERAL (SELECT u.s) AS g GROUP BY g.s ORDER BY 1;
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, t.y AS sales) AS x;
-- E6: it is one under another name
SELECT raises('SELECT mlpg.fit(''linear'', t.y, x) FROM t, LATERAL (SELECT t.a, t.y, t.y AS sales) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', t.y, x) FROM t, LATERAL (SELECT t.a, t.y, t.y + 0 AS total) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, ARRAY[a, y]) FROM t');
SELECT raises('SELECT mlpg.fit(''quantile'', y, ARRAY[y], ''{"allow_leakage":true}'') FROM t'), raises('SELECT mlpg.fit(''linear'', y, x, ''{"allow_leakage":true}'') FROM t, LATERAL (SELECT t.a, t.y + 0 AS sales) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x, ''{"exclude":["sales"]}'') FROM t, LATERAL (SELECT t.a, t.y + 0 AS sales) AS x'), raises('SELECT mlpg.fit(''linear'', y, x, ''{"features":["a"]}'') FROM t, LATERAL (SELECT t.a, t.y + 0 AS sales) AS x');
-- few rows, or two values: that may be chance
SELECT raises('SELECT mlpg.fit(''linear'', t.a, x) FROM t, LATERAL (SELECT t.a + 0 AS a) AS x WHERE i < 10'), raises('SELECT mlpg.fit(''linear'', i % 2, x) FROM t, LATERAL (SELECT (t.i % 2)::float8 AS odd) AS x');

-- --- uses of aggregates
SELECT raises('SELECT mlpg.fit(''linear'', y, t) OVER () FROM t'), raises('SELECT mlpg.fit(''linear'', y, ARRAY[a]) OVER (ORDER BY i) FROM t');
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, t.b) AS x WHERE g = 1;
SELECT terms(mlpg.fit('linear', y, x) FILTER (WHERE g = 1)) FROM t, LATERAL (SELECT t.a, t.b) AS x;
SELECT terms(mlpg.fit('linear', y, x ORDER BY i DESC)) FROM t, LATERAL (SELECT t.a, t.b) AS x WHERE g = 1;
SELECT terms(mlpg.fit(DISTINCT 'linear', y, x)), terms(mlpg.fit(DISTINCT 'linear', y, ARRAY[t.a, t.b])) FROM t, LATERAL (SELECT t.a, t.b) AS x, generate_series(1, 3) WHERE g = 1;
SELECT terms(mlpg.fit('baseline', y, x, '{"statistic":"last"}' ORDER BY i)), max(y) FILTER (WHERE i = 400) FROM t, LATERAL (SELECT t.a) AS x;
SELECT g, terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, t.b) AS x WHERE g < 2 GROUP BY GROUPING SETS ((g), ()) ORDER BY g;
SELECT g, c, fact(mlpg.fit('linear', y, ARRAY[a, b]), 'rows') FROM t WHERE g < 2 GROUP BY CUBE (g, c) ORDER BY g, c;
SELECT (SELECT terms(mlpg.fit('linear', u.y, ARRAY[u.a])) FROM t AS u WHERE u.g = v.g) FROM (VALUES (1), (2)) AS v(g);
SELECT count(*) FROM (SELECT 1 FROM t, LATERAL (SELECT t.a) AS x GROUP BY g HAVING mlpg.predict(mlpg.fit('linear', y, x), '{"a":3}'::jsonb) > 0) AS q;
-- however often, with any number of threads: the same bytes; in another order of rows the same model
CREATE FUNCTION digests() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(m::text || n::text, ',' ORDER BY g)) FROM (SELECT g, mlpg.fit('linear', y, x) AS m, mlpg.fit('quantile', y, ARRAY[t.a, t.b], '{"quantile":0.8}') AS n
		FROM fit_test.t, LATERAL (SELECT t.a, t.b, t.c) AS x GROUP BY g) AS q $$;
CREATE FUNCTION all_terms() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(fit_test.terms(m) || fit_test.terms(n), ',' ORDER BY g) FROM (SELECT g, mlpg.fit('linear', y, x) AS m, mlpg.fit('quantile', y, ARRAY[t.a, t.b], '{"quantile":0.8}') AS n
		FROM fit_test.t, LATERAL (SELECT t.a, t.b, t.c) AS x GROUP BY g) AS q $$;
CREATE TEMP TABLE digest AS SELECT digests() AS d, all_terms() AS terms;
INSERT INTO digest SELECT digests(), all_terms();
SET mlpg.max_threads = 1;
INSERT INTO digest SELECT digests(), all_terms();
SET mlpg.max_threads = 8;
INSERT INTO digest SELECT digests(), all_terms();
RESET mlpg.max_threads;
SELECT count(*), count(DISTINCT d) FROM digest;
SET enable_hashagg = off;
INSERT INTO digest SELECT NULL, all_terms();
RESET enable_hashagg;
SELECT count(*), count(DISTINCT terms) FROM digest;
-- algorithm and params may differ from group to group, not within one
SELECT learner, terms(mlpg.fit(learner, y, x, params)) FROM t, LATERAL (SELECT t.a) AS x,
	(VALUES ('baseline', NULL::jsonb), ('linear', '{}'), ('quantile', '{"quantile":0.1}'), ('quantile', '{"quantile":0.9}')) AS v(learner, params) GROUP BY learner, params ORDER BY learner, params;
SELECT learner, terms(mlpg.fit(learner, y, ARRAY[a], params)) FROM t,
	(VALUES ('baseline', NULL::jsonb), ('linear', '{}'), ('quantile', '{"quantile":0.1}'), ('quantile', '{"quantile":0.9}')) AS v(learner, params) GROUP BY learner, params ORDER BY learner, params;
SELECT raises('SELECT mlpg.fit(CASE WHEN i < 9 THEN ''linear'' ELSE ''quantile'' END, y, x) FROM t, LATERAL (SELECT t.a) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x, jsonb_build_object(''l2'', i)) FROM t, LATERAL (SELECT t.a) AS x');
SELECT raises('SELECT mlpg.fit(CASE WHEN i < 9 THEN ''linear'' ELSE ''quantile'' END, y, ARRAY[a]) FROM t');
SELECT raises('SELECT mlpg.fit(CASE WHEN i < 390 THEN ''linear'' ELSE ''quantile'' END, y, ARRAY[a, b]) FROM t');
SELECT raises('SELECT mlpg.fit(''linear'', y, ARRAY[a], jsonb_build_object(''l2'', i)) FROM t');

-- --- arguments
SELECT raises('SELECT mlpg.fit(' || arguments || ') FROM t, LATERAL (SELECT t.a, t.b) AS x') FROM unnest(ARRAY[
	$$NULL, y, x$$, $$NULL, y, ARRAY[t.a]$$, $$'liner', y, x$$, $$'xyzzy', y, ARRAY[t.a]$$, $$'linear', 'y', x$$, $$'linear', NULL, x$$, $$'linear', c, x$$, $$'linear', t.a > 3, x$$, $$'linear', y * interval '1 day', x$$, $$'linear', ARRAY[y], x$$,
	$$'linear', y, x, '[1]'$$, $$'linear', y, x, '"l2"'$$, $$'linear', y, x, 'null'$$, $$'linear', y, x, NULL$$, $$'linear', y, x, '{"lerning_rate":1}'$$, $$'linear', y, x, '{"exlude":["a"]}'$$, $$'linear', y, x, '{"interscept":true}'$$,
	$$'linear', y, x, '{"features":["z"]}'$$, $$'linear', y, x, '{"exclude":["z"]}'$$, $$'linear', y, x, '{"exclude":"a"}'$$, $$'linear', y, x, '{"weight":"z"}'$$, $$'linear', y, x, '{"weight":1}'$$,
	$$'linear', y, ARRAY[t.a], '{"exclude":["x1"]}'$$, $$'linear', y, ARRAY[t.a], '{"weight":"x2"}'$$, $$'linear', y, ARRAY[t.a, t.b], '{"weight":"x2junk"}'$$, $$'linear', y, ARRAY[t.a, t.b], '{"weight":"x02"}'$$,
	$$'linear', y, ARRAY[[t.a], [t.b]]$$, $$'linear', y, CASE WHEN i = 3 THEN ARRAY[t.a] ELSE ARRAY[t.a, t.b] END$$, $$'linear', y, CASE WHEN i = 399 THEN ARRAY[t.a, t.b, t.b] ELSE ARRAY[t.a, t.b] END$$,
	$$'linear', y, array_fill(0::float8, ARRAY[100001])$$, $$'linear', y, CASE WHEN i = 9 THEN ARRAY['nan']::float8[] ELSE ARRAY[t.a] END$$, $$'linear', y, CASE WHEN i = 399 THEN ARRAY['-inf']::float8[] ELSE ARRAY[t.a] END$$,
	$$'linear', CASE WHEN i = 9 THEN 'nan' ELSE y END, ARRAY[t.a]$$, $$'linear', CASE WHEN i = 9 THEN 'inf' ELSE y END, x$$, $$'linear', y, x, '{"task":"classification"}'$$, $$'linear', y, x, '{"task":"clustering"}'$$]) AS arguments;
SELECT learner, regexp_replace(raises(format('SELECT mlpg.fit(%L, y, array_fill(a, ARRAY[20000]) || b) FROM t WHERE i < 30', learner)), '[0-9]+ MB', 'N MB', 'g') FROM unnest('{linear,quantile}'::text[]) AS learner;
SELECT raises('SELECT mlpg.fit(''linear'', y, x) FROM t, LATERAL (SELECT CASE WHEN i > 1 THEN ARRAY[t.a] END AS v) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x) FROM t, LATERAL (SELECT t.a, t.b AS a) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x) FROM t, LATERAL (SELECT t.a, interval ''1 h'' AS h) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x, ''{"exclude":["h"]}'') FROM t, LATERAL (SELECT t.a, interval ''1 h'' AS h) AS x');
SELECT raises('SELECT mlpg.fit(''linear'', y, x) FROM t, LATERAL (SELECT CASE WHEN i = 5 THEN ''nan'' ELSE t.a END AS "The x") AS x');
-- ROW has no names but f1, f2: a row with names does not match it
SELECT terms(mlpg.fit('linear', y, ROW(a, b))) FROM t;
SELECT raises('SELECT mlpg.predict((SELECT mlpg.fit(''linear'', y, ROW(a, b)) FROM t), t) FROM t');

-- --- parameters: each refuses what is out of its range, and says the range
SELECT learner, params, raises(format('SELECT mlpg.fit(%L, y, x, %L) FROM t, LATERAL (SELECT t.a, t.b) AS x', learner, params)) FROM (VALUES
	('linear', '{"l2":-1}'), ('linear', '{"l2":1e31}'), ('linear', '{"l2":"nan"}'), ('linear', '{"l2":"0x1"}'), ('linear', '{"l2":true}'), ('linear', '{"l2":{}}'), ('linear', '{"l2":1e-400}'),
	('linear', '{"intercept":1}'), ('linear', '{"intercept":null}'), ('linear', '{"unseen":"maybe"}'), ('linear', '{"quantiles":[0.5]}'), ('linear', '{"loss":"absolute"}'),
	('quantile', '{"quantile":0}'), ('quantile', '{"quantile":1}'), ('quantile', '{"quantile":[]}'), ('quantile', '{"quantile":[0.1,null]}'), ('quantile', '{"quantile":[[0.1]]}'), ('quantile', '{"quantile":"half"}'),
	('quantile', '{"quantiles":[]}'), ('quantile', '{"quantiles":[0.5,2]}'), ('quantile', '{"quantiles":["a"]}'), ('quantile', '{"quantiles":0.5}'), ('quantile', '{"loss":"squared"}'), ('quantile', '{"loss":"newsvendor"}'),
	('quantile', '{"underage_cost":3}'), ('quantile', '{"overage_cost":3}'), ('quantile', '{"underage_cost":3,"overage_cost":0}'), ('quantile', '{"underage_cost":-3,"overage_cost":1}'), ('quantile', '{"underage_cost":"3","overage_cost":1}'),
	('quantile', '{"underage_cost":1e400,"overage_cost":1}'), ('quantile', '{"underage_cost":1e-320,"overage_cost":1e308}'), ('quantile', '{"seed":1.5}'), ('quantile', '{"seed":"a"}'), ('quantile', '{"seed":1e30}'), ('quantile', '{"allow_leakage":1}'),
	('baseline', '{"statistic":"mode"}')) AS v(learner, params);
-- what is within
SELECT terms(mlpg.fit('quantile', y, x, '{"quantiles":[0.9,0.1,0.5]}')) FROM t, LATERAL (SELECT t.a) AS x;
SELECT mlpg.predict(m, '{"a":2}'::jsonb) AS main, mlpg.predict_quantiles(m, '{"a":2}'::jsonb, '{0.25,0.75}') AS quantiles
  FROM (SELECT mlpg.fit('quantile', y, x, '{"underage_cost":3,"overage_cost":1,"quantiles":[0.25]}') AS m FROM t, LATERAL (SELECT t.a) AS x) AS q;
SELECT terms(mlpg.fit('quantile', y, x, '{"loss":"absolute"}')) = terms(mlpg.fit('quantile', y, x)) FROM t, LATERAL (SELECT t.a) AS x;
SELECT terms(mlpg.fit('linear', y, x, '{"l2":1e30}')), terms(mlpg.fit('linear', y, x, '{"intercept":false}')) FROM t, LATERAL (SELECT t.a) AS x;

-- --- weights: as if the row were there so often
SELECT terms(mlpg.fit('linear', y, x)) FROM t, LATERAL (SELECT t.a, t.b) AS x, generate_series(1, w::int);
SELECT terms(mlpg.fit('linear', y, x, '{"weight":"w"}')), terms(mlpg.fit('linear', y, ARRAY[t.a, t.w, t.b], '{"weight":"x2"}')) FROM t, LATERAL (SELECT t.a, t.b, t.w) AS x;
SELECT terms(mlpg.fit('quantile', y, x, '{"quantile":0.3}')) FROM t, LATERAL (SELECT t.a, t.b) AS x, generate_series(1, w::int);
SELECT terms(mlpg.fit('quantile', y, x, '{"weight":"w","quantile":0.3}')), terms(mlpg.fit('quantile', y, ARRAY[t.w, t.a, t.b], '{"weight":"x1","quantile":0.3}')) FROM t, LATERAL (SELECT t.a, t.b, t.w) AS x;
SELECT terms(mlpg.fit('baseline', y, ARRAY[w], '{"weight":"x1","statistic":"median"}')), (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY y) FROM t, generate_series(1, w::int)) FROM t;
SELECT learner, weight, raises(format('SELECT mlpg.fit(%L, y, x, ''{"weight":"w"}'') FROM t, LATERAL (SELECT t.a, %s AS w) AS x', learner, weight)),
	   raises(format('SELECT mlpg.fit(%L, y, ARRAY[a, %s]::float8[], ''{"weight":"x2"}'') FROM t', learner, weight))
  FROM unnest('{baseline,linear,quantile}'::text[]) AS learner, unnest('{NULL::float8,-1,0,''nan''::float8,''inf''::float8}'::text[]) AS weight;
SELECT raises('SELECT mlpg.fit(''linear'', y, x, ''{"weight":"c"}'') FROM t, LATERAL (SELECT t.a, t.c) AS x');

-- --- the state of the array form travels as text, as a distributed engine would send it
CREATE FUNCTION by_text(mlpg.state) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE partial_fit(text, float8, float8[]) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, FINALFUNC = by_text);
CREATE AGGREGATE partial_fit(text, float8, float8[], jsonb) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, FINALFUNC = by_text);
CREATE AGGREGATE combine_fit(mlpg.state) (SFUNC = mlpg.fit_array_combine, STYPE = mlpg.state, FINALFUNC = mlpg.fit_array_final);
CREATE ROLE regress_fit_nobody;
GRANT CREATE, USAGE ON SCHEMA fit_test TO regress_fit_nobody;
SET ROLE regress_fit_nobody;
SELECT raises('CREATE AGGREGATE fit_test.theirs(text, float8, float8[]) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state)');
SELECT raises('SELECT mlpg.fit_array_final(NULL)'), raises('SELECT mlpg.fit_array_combine(NULL, NULL)');
RESET ROLE;
DROP OWNED BY regress_fit_nobody;
DROP ROLE regress_fit_nobody;
SELECT raises('SELECT mlpg.fit_array_final(NULL)'), raises('SELECT mlpg.fit_array_combine(NULL, NULL)'), raises('SELECT mlpg.fit_array_accum(NULL, ''linear'', 1, ''{1}'')');
CREATE FUNCTION shipped(learner text, groups int, params jsonb) RETURNS mlpg.model LANGUAGE sql AS $$
	SELECT fit_test.combine_fit(part::mlpg.state) FROM (SELECT fit_test.partial_fit(learner, y, ARRAY[a, b, w], params) AS part FROM fit_test.t GROUP BY i % groups ORDER BY i % groups) AS p $$;
SELECT learner, groups, (SELECT max(abs(s.estimate - d.estimate)) < 1e-12 AND count(*) > 0 FROM mlpg.coefficients(shipped(learner, groups, params)) AS s, mlpg.coefficients(direct) AS d WHERE s.term = d.term) AS agrees,
	   fact(shipped(learner, groups, params), 'rows') AS rows
  FROM (SELECT learner, params, mlpg.fit(learner, y, ARRAY[a, b, w], params) AS direct FROM t, (VALUES ('linear', '{}'::jsonb), ('quantile', '{"quantiles":[0.3,0.7]}'), ('baseline', '{}'), ('linear', '{"weight":"x3"}')) AS v(learner, params) GROUP BY learner, params) AS q, unnest('{1,3,200}'::int[]) AS groups
 ORDER BY learner, params, groups;
-- text to state to text is the identity, flat and grown
SELECT count(*), bool_and(part = part::mlpg.state::text) AS same, min(length(part)) AS smallest FROM (SELECT partial_fit('linear', y, ARRAY[a, b, w]) AS part FROM t GROUP BY i % 100 UNION ALL SELECT partial_fit('quantile', y, ARRAY[a, b, w]) FROM t) AS q;
SELECT octet_length(part) / 2 < 512 AS starts_small FROM (SELECT partial_fit('linear', y, ARRAY[a, b, w]) AS part FROM t WHERE i = 1) AS q;
-- states of different fits do not mix
SELECT raises('SELECT fit_test.combine_fit(part::mlpg.state) FROM (SELECT fit_test.partial_fit(learner, y, ARRAY[a]) AS part FROM fit_test.t, unnest(''{linear,quantile}''::text[]) AS learner GROUP BY learner) AS p');
SELECT raises('SELECT fit_test.combine_fit(part::mlpg.state) FROM (SELECT fit_test.partial_fit(''linear'', y, CASE WHEN g = 1 THEN ARRAY[a] ELSE ARRAY[a, b] END) AS part FROM fit_test.t GROUP BY g) AS p');
SELECT raises(format('SELECT %L::mlpg.state', bad)) FROM unnest(ARRAY['', 'x', '\x', '\x00', '\x314d4c5301000000', '\x' || repeat('00', 60), '\x' || repeat('ff', 300)]) AS bad;

-- --- hostile states: thousands of mutations, errors only (and what still reads must combine or be refused)
CREATE FUNCTION crc32c(bytes bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	crc bigint := 4294967295;
BEGIN
	FOR i IN 0 .. length(bytes) - 1 LOOP
		crc := crc # get_byte(bytes, i);
		FOR k IN 1 .. 8 LOOP
			crc := CASE WHEN crc & 1 = 1 THEN (crc >> 1) # 2197175160 ELSE crc >> 1 END;
		END LOOP;
	END LOOP;
	RETURN crc # 4294967295;
END $$;
-- the state's bytes behind the length word: magic 0-3, kind 4-7, checksum 8-11 of all that follows
CREATE FUNCTION sealed(bytes bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	crc bigint := crc32c(substring(bytes FROM 13));
BEGIN
	FOR i IN 0 .. 3 LOOP
		bytes := set_byte(bytes, 8 + i, ((crc >> (8 * i)) & 255)::int);
	END LOOP;
	RETURN bytes::text;
END $$;
SELECT bool_and(sealed(part::bytea) = part) AS checksum_is_known FROM (SELECT partial_fit('linear', y, ARRAY[a, w]) AS part FROM t WHERE i < 3 UNION ALL SELECT partial_fit('linear', y, ARRAY[a]) FROM t) AS q;
CREATE FUNCTION mutate(bytes bytea, seed int) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	r bigint := seed;
	n int := length(bytes);
	at int;
BEGIN
	FOR k IN 0 .. seed % 3 LOOP
		r := (r * 1103515245 + 12345) % 2147483648;
		at := 4 + (r / 7) % (n - 4);
		IF at < 12 THEN at := at + 8; END IF;
		IF seed % 17 = 0 AND k = 0 AND n > 40 THEN
			bytes := substring(bytes FOR 12 + at % (n - 12));
			n := length(bytes);
		ELSE
			at := at % n;
			bytes := set_byte(bytes, at, CASE (r / 3) % 4 WHEN 0 THEN 0 WHEN 1 THEN 255 WHEN 2 THEN (get_byte(bytes, at) # (1 << ((r / 64) % 8)::int)) ELSE ((r / 512) % 256)::int END);
		END IF;
	END LOOP;
	RETURN bytes;
END $$;
CREATE FUNCTION attack(part text, rounds int) RETURNS TABLE (outcome text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
	bad text;
	tally jsonb := '{}';
	state text;
BEGIN
	SET LOCAL client_min_messages = error;
	FOR i IN 1 .. rounds LOOP
		bad := fit_test.sealed(fit_test.mutate(part::bytea, i));
		BEGIN
			PERFORM fit_test.combine_fit(s::mlpg.state) FROM unnest(ARRAY[bad, part, bad]) AS s;
			state := 'reads';
		EXCEPTION WHEN OTHERS THEN
			state := SQLSTATE;
		END;
		tally := tally || jsonb_build_object(state, coalesce((tally ->> state)::int, 0) + 1);
	END LOOP;
	RETURN QUERY SELECT key, value::bigint FROM jsonb_each_text(tally);
END $$;
-- reads, XX001 corrupted, 22000 nothing to fit or out of range, 22023 another fit; no other answer
SELECT sum(n) AS mutations, bool_and(outcome IN ('reads', 'XX001', '22000', '22023')) AS known_outcomes, sum(n) FILTER (WHERE outcome = 'XX001') > 500 AS most_refused
  FROM (SELECT partial_fit('linear', y, ARRAY[a, w], '{"weight":"x2"}') AS part FROM t WHERE i < 3
		UNION ALL SELECT partial_fit('quantile', y, ARRAY[a]) FROM t WHERE i < 4
		UNION ALL SELECT partial_fit('linear', y, ARRAY[CASE WHEN i % 9 > 0 THEN a END]) FROM t, generate_series(1, 12)) AS p, attack(part, 1000);
-- room for no row is no state: adding one would write behind it
SELECT raises(format('SELECT %L::mlpg.state', sealed(overlay(substring(bytes FOR length(bytes) - 64) PLACING '\x0000000000000000'::bytea FROM 13)))) FROM (SELECT partial_fit('linear', y, ARRAY[a])::bytea AS bytes FROM t WHERE i = 1) AS q;

-- --- a hundred groups in little memory; a model is small
SET work_mem = '1MB';
SELECT count(*), max(pg_column_size(m)) <= 1024 AS small FROM (SELECT i % 20000 AS k, mlpg.fit('linear', y, x) AS m FROM (SELECT i, (i % 7)::float8 AS a, (i % 5)::float8 AS b, (i % 3)::float8 AS c, (i * 7 % 11)::float8 AS y FROM generate_series(1, 100000) AS i) AS s,
	LATERAL (SELECT s.a, s.b, s.c) AS x GROUP BY 1) AS q;
RESET work_mem;
SET client_min_messages = error;
DROP SCHEMA fit_test CASCADE;
