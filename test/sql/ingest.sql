-- Ingest: every kind of relation and every type, told by what the model and its
-- NOTICEs say; and every refusal with its SQLSTATE.
CREATE SCHEMA ingest_test;
SET search_path = ingest_test, public;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
-- trains without a hold-out and answers rows and coefficients, so that sources can be compared
CREATE FUNCTION trained(source text, target text DEFAULT 'y', params jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	r mlpg.train_result;
	answer text;
BEGIN
	SET LOCAL client_min_messages = error;
	r := mlpg.train('ingest_model', source, target, 'linear', holdout => 0, params => params);
	SELECT r.n_rows || ' rows: ' || string_agg(term || ' ' || coalesce(round(estimate::numeric, 6)::text, 'NULL'), ', ')
	  INTO answer FROM mlpg.coefficients('ingest_model@' || r.version);
	PERFORM mlpg.drop_model('ingest_model', true);
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END $$;

-- y = 2 + 3 a - b, and a little that is no function of them
CREATE TABLE base AS
SELECT i AS id, (i % 7)::float8 AS a, (i * i % 11)::float8 AS b, 2 + 3.0::float8 * (i % 7) - (i * i % 11) + (i % 2) / 8.0 AS y
  FROM generate_series(1, 70) AS i;
\pset format unaligned
\pset tuples_only on

-- --- kinds of relations: all give the same model
CREATE VIEW a_view AS SELECT a, b, y FROM base;
CREATE MATERIALIZED VIEW a_matview AS SELECT a, b, y FROM base;
CREATE TEMP TABLE a_temp AS SELECT a, b, y FROM base;
CREATE UNLOGGED TABLE an_unlogged AS SELECT a, b, y FROM base;
CREATE TABLE parted (a float8, b float8, y float8) PARTITION BY RANGE (a);
CREATE TABLE part_low PARTITION OF parted FOR VALUES FROM (0) TO (3);
CREATE TABLE part_high (y float8, gone text, b float8, a float8);		-- another order of columns, and one dropped
ALTER TABLE part_high DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION part_high FOR VALUES FROM (3) TO (10);
INSERT INTO parted SELECT a, b, y FROM base;
CREATE TABLE parent (a float8, b float8, y float8);
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent SELECT a, b, y FROM base WHERE id <= 20;
INSERT INTO child SELECT a, b, y, 'x' FROM base WHERE id > 20;
SELECT source, trained(source) FROM unnest(ARRAY['a_view', 'a_matview', 'a_temp', 'an_unlogged', 'parted', 'parent',
	'ingest_test.a_view', '"a_view" ;', 'TABLE a_view', 'SELECT a, b, y FROM base', '(SELECT a, b, y FROM base)',
	'SELECT a, b, y FROM base ORDER BY id DESC;', 'WITH w AS (SELECT * FROM base) SELECT a, b, y FROM w',
	'WITH RECURSIVE w AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM w WHERE n < 70) SELECT a, b, y FROM w JOIN base ON id = n',
	'SELECT a, b, y FROM base WHERE id <= 35 UNION ALL SELECT a, b, y FROM base WHERE id > 35',
	'SELECT a, b, y FROM base, LATERAL (SELECT 1) AS one']) AS source;
SELECT trained('VALUES (1, 2), (2, 4), (3, 7)', 'column2');
SELECT trained('SELECT 1 AS a, 2 AS y');
-- a foreign table, where the server has file_fdw and may read a file of ours
CREATE FUNCTION foreign_table() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CREATE EXTENSION file_fdw SCHEMA ingest_test;
	CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE a_foreign (a float8, b float8, y float8)
		SERVER files OPTIONS (program 'for i in 1 2 3 4 5 6 7 8; do echo "$i,$((i * i)),$((2 * i + 1))"; done', format 'csv');
	RETURN trained('a_foreign') = '8 rows: (intercept) 1.000000, a 2.000000, b 0.000000';
EXCEPTION WHEN undefined_file OR feature_not_supported OR undefined_object THEN
	RETURN true;	-- not built here
END $$;
SELECT foreign_table();

-- --- what is no source
SELECT raises(format('SELECT mlpg.train(''ingest_model'', %L, ''y'')', source)) FROM unnest(ARRAY['SELECT 1; SELECT 2', 
	'WITH gone AS (DELETE FROM base RETURNING *) SELECT * FROM gone', 'UPDATE base SET y = 0 RETURNING *', 'no_such_table', 'SELECT no_such_column FROM base',
	'SELECT * FROM base WHERE id = $1', '', 'EXPLAIN SELECT 1']) AS source;
CREATE TABLE written (x int);
CREATE SEQUENCE numbers;
CREATE FUNCTION writes() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO ingest_test.written VALUES (1) RETURNING x';
CREATE FUNCTION creates() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN CREATE TABLE ingest_test.made (x int); RETURN 1; END $$;
CREATE FUNCTION escapes() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN SET transaction_read_only = off; INSERT INTO ingest_test.written VALUES (2); RETURN 1; END $$;
CREATE FUNCTION trains() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT (mlpg.train('inner_model', 'ingest_test.base', 'y')).version $$;
SELECT raises(format('SELECT mlpg.train(''ingest_model'', ''SELECT a, y, %s AS f FROM base'', ''y'')', call))
  FROM unnest(ARRAY['writes()', 'creates()', 'escapes()', 'nextval(''''numbers'''')', 'setval(''''numbers'''', 7)', 'trains()']) AS call;
SELECT count(*) AS written FROM written;
SELECT count(*) AS models FROM mlpg.models WHERE model IN ('ingest_model', 'inner_model');
-- afterwards the session writes again
INSERT INTO written VALUES (3);
SHOW transaction_read_only;
-- a source may score with another model
SELECT model FROM mlpg.train('ingest_other', 'SELECT a, y FROM base', 'y', 'linear', holdout => 0);
SELECT trained('SELECT y, mlpg.predict(''ingest_other'', base) + b AS p FROM base');
SELECT trained('SELECT y, mlpg.predict((SELECT mlpg.fit(''baseline'', y, base) FROM base), base) + b AS p FROM base');
SELECT mlpg.drop_model('ingest_other', true);

-- --- types that models read
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS text;
CREATE DOMAIN pair AS float8[];
CREATE TABLE kinds AS
SELECT i AS id, (i % 7)::int2 AS c_int2, (i * i % 11)::int4 AS c_int4, (i * i % 13)::int8 AS c_int8, (i % 5 / 4.0)::float4 AS c_float4, sqrt(i)::float8 AS c_float8,
	   (i * 7 % 17 / 8.0)::numeric AS c_numeric, i % 3 = 0 AS c_bool, 't' || i % 4 AS c_text, ('v' || i % 3)::varchar(10) AS c_varchar, ('c' || i % 2)::char(5) AS c_char,
	   chr(97 + i % 3)::"char" AS c_char1, ('n' || i % 2)::name AS c_name, (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood AS c_enum, (1 + i % 6)::positive AS c_domain,
	   ('d' || i % 2)::code AS c_code, ARRAY[i % 3, i % 4]::pair AS c_pair, ARRAY[i % 5, i % 7, i % 9]::float4[] AS c_float4s, ARRAY[i % 5]::float8[] AS c_float8s,
	   date '2024-01-01' + i * i % 31 AS c_date, timestamp '2024-01-01 10:00' + i * i % 29 * interval '1 hour' AS c_timestamp,
	   timestamptz '2024-01-01 10:00+00' + i * i % 23 * interval '1 hour' AS c_timestamptz,
	   jsonb_build_object('n', i % 8, 's', 'j' || i % 2) AS c_jsonb, (i * i % 19)::float8 + i AS y
  FROM generate_series(1, 200) AS i;
SELECT c, trained(format('SELECT y, %I FROM kinds', c)) FROM unnest(ARRAY['c_int2', 'c_int4', 'c_int8', 'c_float4', 'c_float8', 'c_numeric', 'c_bool', 'c_text',
	'c_varchar', 'c_char', 'c_char1', 'c_name', 'c_enum', 'c_domain', 'c_code', 'c_pair', 'c_float4s', 'c_float8s', 'c_date', 'c_timestamp', 'c_timestamptz']) AS c;
-- the number is the same whatever type holds it
SELECT count(DISTINCT trained(format('SELECT y, c_int2::%s AS x FROM kinds', t))) AS one
  FROM unnest('{int2,int4,int8,float4,float8,numeric,positive}'::text[]) AS t WHERE t <> 'positive';
-- the category is the same whatever type holds it; blanks at the end of char(n) are not there
SELECT count(DISTINCT trained(format('SELECT y, c_text::%s AS x FROM kinds', t))) AS one FROM unnest('{text,varchar,char(9),name,code}'::text[]) AS t;
-- targets of every numeric type
SELECT count(DISTINCT trained(format('SELECT c_float8, (id %% 9)::%s AS y FROM kinds', t))) AS one FROM unnest('{int2,int4,int8,float4,float8,numeric}'::text[]) AS t;
-- jsonb: extracted it is read, as it is it is refused with the cast that was used
SELECT trained('SELECT y, (c_jsonb ->> ''n'')::float8 AS n, c_jsonb ->> ''s'' AS s FROM kinds');
-- time zone and date style have no say: the same bytes
CREATE FUNCTION fitted(zone text, style text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	digest text;
BEGIN
	PERFORM set_config('TimeZone', zone, true), set_config('DateStyle', style, true), set_config('extra_float_digits', '-10', true);
	SELECT md5(mlpg.fit('linear', y, x)::text) INTO digest
	  FROM kinds, LATERAL (SELECT c_date, c_timestamp, c_timestamptz) AS x;
	RETURN digest;
END $$;
SELECT count(DISTINCT fitted(zone, style)) AS one FROM unnest('{UTC,Asia/Tokyo,America/New_York,Asia/Kolkata}'::text[]) AS zone, unnest('{ISO,"SQL, DMY",German,Postgres}'::text[]) AS style;

-- --- types that models do not read: each error names column and type, and its cast works
CREATE FUNCTION unreadable(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	source text := format('SELECT i %% 5 AS y, %s AS "The x" FROM generate_series(1, 20) AS i', expression);
	hint text;
	message text;
	state text;
	remedy text;
BEGIN
	SET LOCAL client_min_messages = error;
	BEGIN
		PERFORM mlpg.train('ingest_model', source, 'y');
		RETURN 'no error';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
	END;
	remedy := trained(format('SELECT y, %s AS x FROM (%s) AS s', replace(regexp_replace(hint, '^Cast it, for example: ', ''), '''key''', '''a'''), source));
	RETURN state || ' ' || message || '; ' || hint || CASE WHEN remedy LIKE '20 rows: %' THEN ' works' ELSE ': ' || remedy END;
END $$;
CREATE TYPE two AS (field int, other int);
SELECT unreadable(e) FROM unnest(ARRAY['i * interval ''1 day''', 'time ''12:00'' + i * interval ''1 min''', 'ARRAY[''a'', ''b'']', 'ARRAY[i, 2]', 'ARRAY[i]::numeric[]', 'ROW(i, 2)::two',
	'int4range(i, 90)', '''\x00''::bytea', 'jsonb_build_object(''a'', i)', 'json_build_object(''a'', i)', 'point(i, 2)', 'i::oid', 'i::money', 'B''101''', 'inet ''10.0.0.1'' + i',
	'md5(i::text)::uuid', '''cat''::tsvector', 'ARRAY[true]', 'ARRAY[date ''2024-01-01'']', 'xmlparse(content ''x'')', 'pg_lsn ''0/1'' + i']) AS e;
-- the weight, the target and the key of a hold-out have types too
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, interval ''1 h'' AS w FROM base', 'y', weight_col => 'w')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, interval ''1 h'' AS y2 FROM base', 'y2')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, ARRAY[y] AS y FROM base', 'y')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, point(a, y) AS p FROM base', 'y', exclude => '{p}', holdout_by => 'p')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, point(a, y) AS p FROM base', 'y', exclude => '{p}', params => '{"holdout_key":"p"}')$$);
-- excluded, or not among the features, they do not matter; nor do their values
SELECT trained('SELECT a, b, y, interval ''1 h'' AS i FROM base', params => '{}');
SET client_min_messages = error;
SELECT model, n_rows FROM mlpg.train('ingest_model', 'SELECT a, b, y, interval ''1 h'' AS i FROM base', 'y', exclude => '{i}');
SELECT model, n_rows FROM mlpg.train('ingest_model', 'SELECT a, b, y, interval ''1 h'' AS i FROM base', 'y', features => '{a,b}');
SELECT model, n_rows FROM mlpg.train('ingest_model', 'SELECT a, b, y, CASE id % 3 WHEN 0 THEN ''nan''::float8 WHEN 1 THEN ''inf'' ELSE 1 END AS i FROM base', 'y', exclude => '{i}');
SELECT mlpg.drop_model('ingest_model', true);
RESET client_min_messages;

-- --- values
SELECT raises(format('SELECT mlpg.train(''ingest_model'', ''SELECT CASE WHEN id = 7 THEN %s ELSE %s END AS "Its x", y FROM base'', ''y'', holdout => 0)', bad, good))
  FROM (VALUES ('''''nan''''::float8', '1'), ('''''inf''''::float8', '1'), ('''''-inf''''::float4', '1'), ('''''nan''''::numeric', '1'), ('''''infinity''''::numeric', '1'), ('1e400::numeric', '1'),
	('date ''''infinity''''', 'date ''''2024-01-01'''''), ('timestamp ''''-infinity''''', 'now()::timestamp'), ('timestamptz ''''infinity''''', 'now()'),
	('ARRAY[1, ''''nan'''']::float8[]', 'ARRAY[1, 2]::float8[]'), ('ARRAY[''''inf'''', 1]::float4[]', 'ARRAY[1, 2]::float4[]'),
	('ARRAY[1]::float8[]', 'ARRAY[1, 2]::float8[]'), ('ARRAY[1, 2, 3]::float8[]', 'ARRAY[1, 2]::float8[]'), ('ARRAY[[1, 2]]::float8[]', 'ARRAY[1, 2]::float8[]')) AS v(bad, good);
SELECT raises(format('SELECT mlpg.train(''ingest_model'', ''SELECT a, CASE WHEN id = 70 THEN %s ELSE y END AS y FROM base'', ''y'', holdout => 0)', bad))
  FROM unnest(ARRAY['''''nan''''::float8', '''''inf''''::float8']) AS bad;
-- NULL is missing: in numbers, categories, arrays and their elements
SELECT trained('SELECT CASE WHEN id % 5 > 0 THEN a END AS a, b, y FROM base');
SELECT trained('SELECT CASE WHEN id % 5 > 0 THEN ''c'' || id % 3 END AS c, b, y FROM base');
SELECT trained('SELECT CASE WHEN id % 5 > 0 THEN id % 2 = 0 END AS flag, b, y FROM base');
SELECT trained('SELECT ARRAY[CASE WHEN id % 5 > 0 THEN a END, b] AS v, y FROM base');
SELECT trained('SELECT CASE WHEN id % 5 > 1 THEN ARRAY[a, b] END AS v, y FROM base');
SELECT trained('SELECT NULL::float8[] AS v, a, y FROM base'), trained('SELECT ''{}''::float8[] AS v, a, y FROM base');
SELECT trained('SELECT NULL::text AS c, NULL::float8 AS n, NULL::mood AS m, NULL::date AS d, a, y FROM base');
SELECT trained('SELECT ''[3:4]={1,2}''::float8[] AS v, a, y FROM base');
SELECT trained('SELECT a, -0.0::float8 AS zero, CASE WHEN id % 2 = 0 THEN 0 ELSE -0.0::float8 END AS zeros, y FROM base');

-- --- columns
CREATE TABLE odd ("A ""quoted"" name" float8, "select" float8, "Größe" float8, dropped text, "αβγ" text,
	"a123456789b123456789c123456789d123456789e123456789f123456789xyz" float8, y float8, twice float8 GENERATED ALWAYS AS (y * 2 + 1) STORED);
INSERT INTO odd SELECT i % 3, i % 4, i % 5, 'x', 'Ω' || i % 2, i % 7, (i % 11) + (i % 3) FROM generate_series(1, 60) AS i;
ALTER TABLE odd DROP COLUMN dropped, ADD COLUMN late int DEFAULT 8, ADD COLUMN "Y" float8;
UPDATE odd SET "Y" = "select" * "Größe";
SELECT trained('odd');
SELECT raises($$SELECT mlpg.train('ingest_model', 'odd', 'dropped')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'odd', 'ctid')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, b AS a, y FROM base', 'y')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, b AS y FROM base', 'y')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT a, y, 1 AS w, 2 AS w FROM base', 'y', weight_col => 'w')$$);
SELECT raises($$SELECT mlpg.train('ingest_model', 'SELECT 1, 2, y FROM base', 'y')$$);
CREATE TABLE nothing ();
SELECT raises($$SELECT mlpg.train('ingest_model', 'nothing', 'y')$$);
CREATE TABLE only_target AS SELECT y FROM base;
SELECT trained('only_target');
-- 1,600 columns: as many as a table can have
DO $$ BEGIN
	EXECUTE 'CREATE TABLE wide (y float8, ' || (SELECT string_agg('c' || i || ' float4', ', ') FROM generate_series(1, 1599) AS i) || ')';
	EXECUTE 'INSERT INTO wide SELECT r, ' || (SELECT string_agg('((r + 3) * ' || i || ' % 97)', ', ') FROM generate_series(1, 1599) AS i) || ' FROM generate_series(1, 30) AS r';
END $$;
SELECT left(trained('wide'), 22), (SELECT count(*) FROM regexp_matches(trained('wide'), 'NULL', 'g')) AS dropped;

\pset tuples_only off
\pset format aligned
-- --- NOTICEs: rows read and dropped, the hold-out, constant columns, categories, free text
CREATE TABLE told AS
SELECT i, CASE WHEN i % 10 > 0 THEN (i % 7)::float8 END AS y, 'k' || i % 3 AS kind, 7 AS seven, NULL::text AS empty, 'same' AS same, 'note ' || i AS note, i % 4 AS n
  FROM generate_series(1, 100) AS i;
SELECT n_rows FROM mlpg.train('ingest_model', 'told', 'y', 'linear', exclude => '{note}', holdout => 0);
SELECT n_rows FROM mlpg.train('ingest_model', 'told', 'y', 'linear', exclude => '{note,seven,same,empty}', holdout_by => 'i');
SELECT n_rows FROM mlpg.train('ingest_model', 'SELECT n, note, y FROM told', 'y', 'linear', holdout => 0);
SELECT n_rows FROM mlpg.train('ingest_model', 'SELECT n, y FROM told', 'y', 'linear', holdout => 0.5, seed => 1);
SET client_min_messages = error;
SELECT mlpg.drop_model('ingest_model', true);
DROP SCHEMA ingest_test CASCADE;
