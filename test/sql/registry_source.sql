-- Sources made canonical: names, queries, refusals. Each refusal with its SQLSTATE.
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE FUNCTION pg_temp.refusal(source text) RETURNS text
	LANGUAGE sql RETURN raises(format('SELECT mlpg.canonical_source(%L)', source));

CREATE SCHEMA source_mart;
CREATE SCHEMA "source Odd";
SET search_path = source_mart, public;
CREATE TABLE sales (day date, store text, "Weird ""Col" int, sales float8);
CREATE TABLE "source Odd"."Sales 2" (x int);
CREATE VIEW weekly AS SELECT date_trunc('week', day)::date AS week, store, sum(sales) AS sales FROM sales GROUP BY 1, 2;
CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', day)::date AS month, sum(sales) AS sales FROM sales GROUP BY 1;
CREATE TABLE parted (day date, y int) PARTITION BY RANGE (day);
CREATE SEQUENCE numbers;
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION twice(float8) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN $1 * 2;
CREATE OPERATOR === (FUNCTION = float8eq, LEFTARG = float8, RIGHTARG = float8);

-- relations
SELECT source, mlpg.canonical_source(source) AS canonical
FROM unnest(ARRAY['sales', '  sales ; ', 'source_mart.sales', 'SALES', '"sales"', '"source Odd"."Sales 2"', 'weekly', 'monthly',
	'parted', 'pg_class', 'contrib_regression.source_mart.sales']) AS source;
SELECT pg_temp.refusal(source) FROM unnest(ARRAY['sale', '"Sales"', 'nowhere.sales', 'numbers', 'pair',
	'a.b.c.d', 'otherdb.source_mart.sales', '', ' ; ', '--', 'a..b', '"a', '.a', 'a b']) AS source;

-- queries: everything that the path decides is written out
\pset format unaligned
\pset tuples_only on
SELECT mlpg.canonical_source('SELECT * FROM sales WHERE twice(sales) === 4;');
SELECT mlpg.canonical_source('WITH w AS (SELECT week, sum(sales) AS s FROM weekly GROUP BY 1) SELECT s, lag(s) OVER (ORDER BY week) FROM w');
SELECT mlpg.canonical_source('VALUES (1, 2.5), (2, NULL)');
SELECT mlpg.canonical_source('TABLE sales');
SELECT mlpg.canonical_source('SELECT(1)');
SELECT mlpg.canonical_source('(SELECT sales FROM sales) UNION ALL SELECT x FROM "source Odd"."Sales 2" ORDER BY 1 LIMIT 3');
SELECT mlpg.canonical_source(E'-- a remark; with a semicolon\nSELECT ''a;b'' AS "Text", (row(1, 2)::pair).a');
SELECT mlpg.canonical_source('SELECT * FROM pg_class JOIN sales ON true') ~ 'source_mart\.sales';
\pset tuples_only off
\pset format aligned
-- idempotent, and the same under any search_path
SELECT source, mlpg.canonical_source(c) = c AS is_idempotent
FROM unnest(ARRAY['sales', 'TABLE sales', 'SELECT * FROM sales WHERE twice(sales) === 4',
	'WITH w AS (SELECT 1 AS a) SELECT * FROM w']) AS source, mlpg.canonical_source(source) AS c;
CREATE TABLE kept AS SELECT c FROM unnest(ARRAY['sales', 'SELECT * FROM sales WHERE twice(sales) === 4']) AS source, mlpg.canonical_source(source) AS c;
SET search_path = pg_catalog;
SELECT bool_and(mlpg.canonical_source(c) = c) AS is_independent FROM source_mart.kept;
SET search_path = source_mart, public;
SHOW search_path;

-- refusals
SELECT pg_temp.refusal(source) FROM unnest(ARRAY[
	'SELECT 1; SELECT 2',
	'SELECT 1; DROP TABLE sales',
	'DELETE FROM sales',
	'INSERT INTO sales DEFAULT VALUES RETURNING *',
	'WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone',
	'SELECT * INTO stolen FROM sales',
	'CREATE TABLE stolen AS SELECT 1',
	'SELECT * FROM sales FOR UPDATE',
	'SELECT * FROM (SELECT * FROM sales FOR KEY SHARE) s',
	'SELECT (SELECT max(x) FROM (SELECT sales AS x FROM sales FOR SHARE) i)',
	'SELECT * FROM sales WHERE store = $1',
	'EXPLAIN SELECT 1',
	'COPY sales TO STDOUT',
	'SET work_mem = 64',
	'SELEC 1',
	'SELECT nothing FROM sales']) AS source;
-- the position is one in the source
SELECT mlpg.canonical_source('SELECT nothing FROM sales');

-- a temporary relation is one of this session
CREATE TEMP TABLE only_here (y int);
SELECT mlpg.canonical_source('only_here'), mlpg.canonical_source('SELECT y FROM only_here') ~ 'only_here';
-- a temporary table does not capture a qualified name
CREATE TEMP TABLE sales (fake int);
SELECT mlpg.canonical_source('sales') AS shadowed, mlpg.canonical_source('source_mart.sales') AS qualified;

SELECT mlpg.canonical_source(NULL) IS NULL AS is_null;

SET search_path = public;
SET client_min_messages = warning;
DROP SCHEMA source_mart, "source Odd" CASCADE;
