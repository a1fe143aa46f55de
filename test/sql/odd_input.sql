-- Odd input: what a person gives by accident or on purpose, each with the outcome
-- that is promised. Rights of roles on sources and models included.
CREATE SCHEMA odd_test;
SET search_path = odd_test, public;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
-- trains every learner on a source and answers what it predicts for the first row, or the error
CREATE FUNCTION every_learner(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := '';
	one text;
	learner text;
BEGIN
	SET LOCAL client_min_messages = error;
	FOREACH learner IN ARRAY '{baseline,linear,quantile}'::text[] LOOP
		BEGIN
			PERFORM mlpg.train('odd_model', source, 'y', learner, holdout => 0);
			EXECUTE format('SELECT coalesce(btrim(to_char(mlpg.predict(''odd_model'', s), ''9.99999EEEE'')), ''NULL'') FROM (%s) AS s LIMIT 1', source) INTO one;
			PERFORM mlpg.drop_model('odd_model', true);
		EXCEPTION WHEN OTHERS THEN
			one := SQLSTATE;
		END;
		answer := answer || ' ' || coalesce(one, 'no row');
	END LOOP;
	RETURN answer;
END $$;
CREATE TABLE t AS SELECT i, (i % 5)::float8 AS x, 2.0 * (i % 5) + 1 AS y FROM generate_series(1, 50) AS i;
\pset format unaligned
\pset tuples_only on
SELECT what, every_learner(source) FROM (VALUES
	('no rows', 'SELECT x, y FROM t WHERE false'),
	('no target', 'SELECT x, NULL::int AS y FROM t'),
	('one row', 'SELECT x, y FROM t WHERE i = 3'),
	('one row, nothing else', 'SELECT y FROM t WHERE i = 3'),
	('two equal rows', 'SELECT x, y FROM t WHERE i IN (3, 8)'),
	('all-NULL column', 'SELECT x, NULL::float8 AS n, y FROM t WHERE i > 2'),
	('only an all-NULL column', 'SELECT NULL::float8 AS n, y FROM t'),
	('constant column', 'SELECT x, 7 AS seven, ''a'' AS a, true AS b, y FROM t WHERE i > 2'),
	('only a constant column', 'SELECT 7 AS seven, y FROM t'),
	('constant target', 'SELECT x, 4 AS y FROM t'),
	('target zero', 'SELECT x, 0 AS y FROM t'),
	('collinear', 'SELECT x, x * 2 AS x2, x + 1 AS x1, -x AS minus, y FROM t WHERE i > 2'),
	('a column twice', 'SELECT x, x AS again, y FROM t WHERE i > 2'),
	('more columns than rows', 'SELECT x, i, i * i AS i2, sqrt(i) AS r, y FROM t WHERE i <= 3'),
	('tiny values', 'SELECT x * 1e-300 AS x, y * 1e-300 AS y FROM t WHERE i > 2'),
	('huge values', 'SELECT x * 1e300 AS x, y * 1e300 AS y FROM t WHERE i > 2'),
	('far from zero', 'SELECT x + 1e15 AS x, y FROM t WHERE i > 2'),
	('denormal', 'SELECT x * 4.94065645841247e-324::float8 AS x, y FROM t WHERE i > 2'),
	('from tiny to huge', 'SELECT power(10::float8, i - 25) AS x, y FROM t WHERE i > 2'),
	('every text its own', 'SELECT ''t'' || i AS c, y FROM t WHERE i > 2'),
	('empty text', 'SELECT CASE WHEN i % 2 = 0 THEN '''' ELSE '' '' END AS c, y FROM t WHERE i > 2'),
	('long text', 'SELECT repeat(''x'', 10000 + i % 2) AS c, y FROM t WHERE i > 2'),
	('text of 1 MB, toasted', 'SELECT repeat(md5(i::text), 32768) AS c, y FROM t WHERE i BETWEEN 3 AND 5'),
	('bytes beyond ASCII', 'SELECT U&''\00E4\4E00\01F6'' || i % 2 AS c, y FROM t WHERE i > 2'),
	('booleans', 'SELECT i % 2 = 0 AS b, y FROM t WHERE i > 2'),
	('dates BC and far', 'SELECT CASE WHEN i % 2 = 0 THEN date ''4000-01-01 BC'' ELSE date ''5000000-01-01'' END AS d, y FROM t WHERE i > 2'),
	('largest integers', 'SELECT CASE WHEN i % 2 = 0 THEN 9223372036854775807 ELSE -9223372036854775808 END AS n, y FROM t WHERE i > 2'),
	('NaN', 'SELECT ''nan''::float8 AS x, y FROM t'),
	('infinity', 'SELECT ''inf''::float8 AS x, y FROM t'),
	('infinite date', 'SELECT date ''infinity'' AS d, y FROM t'),
	('NaN target', 'SELECT x, ''nan''::float8 AS y FROM t'),
	('grouped', 'SELECT x, y FROM (SELECT x, y, count(*) FROM t GROUP BY x, y ORDER BY x) AS g'),
	('sorted and limited', 'SELECT x, y FROM t ORDER BY i DESC OFFSET 1 LIMIT 10')) AS v(what, source);

-- --- at predict: unknown columns are ignored, missing ones named, types checked, NULL is missing, NaN reads as NULL
SET client_min_messages = error;
SELECT model FROM mlpg.train('odd_p', 'SELECT x, ''c'' || i % 2 AS c, y + i % 2 AS y FROM t', 'y', 'linear', holdout => 0);
SELECT what, raises(format('SELECT round(mlpg.predict(''odd_p'', r)::numeric, 6) FROM (SELECT %s) AS r', columns)) AS outcome,
	   CASE WHEN raises(format('SELECT mlpg.predict(''odd_p'', r) FROM (SELECT %s) AS r', columns)) LIKE 'no error%' THEN (xpath('/row/p/text()', query_to_xml(format('SELECT round(mlpg.predict(''odd_p'', r)::numeric, 6) AS p FROM (SELECT %s) AS r', columns), false, true, '')))[1]::text END AS p
  FROM (VALUES ('as trained', '2::float8 AS x, ''c1'' AS c'), ('other order, more columns', '''c1''::varchar AS c, interval ''1 h'' AS h, 2 AS x'), ('numeric', '2.0::numeric AS x, ''c1''::text AS c'), ('missing', '2 AS x'), ('renamed', '2 AS "X", ''c1'' AS c'),
	('text for a number', '''2''::text AS x, ''c1'' AS c'), ('number for a text', '2 AS x, 1 AS c'), ('interval', 'interval ''1 h'' AS x, ''c1'' AS c'), ('NULL number', 'NULL::float8 AS x, ''c1'' AS c'), ('NULL text', '2 AS x, NULL::text AS c'), ('all NULL', 'NULL::float8 AS x, NULL::text AS c'),
	('NaN', '''nan''::float8 AS x, ''c1'' AS c'), ('infinity', '''inf''::float8 AS x, ''c1'' AS c'), ('unseen', '2 AS x, ''c9'' AS c'), ('twice', '2 AS x, 3 AS x, ''c1'' AS c')) AS v(what, columns);
SELECT mlpg.predict('odd_p', NULL::t) IS NULL, mlpg.predict('odd_p', NULL::jsonb) IS NULL, mlpg.predict(NULL::text, t) IS NULL FROM t LIMIT 1;

-- --- rights: on the source it is the caller's, on the model the owner grants
CREATE ROLE regress_odd_owner;
CREATE ROLE regress_odd_scorer;
CREATE ROLE regress_odd_nobody;
GRANT USAGE, CREATE ON SCHEMA odd_test TO regress_odd_owner, regress_odd_scorer, regress_odd_nobody;
SELECT mlpg.grant_usage('regress_odd_owner', 'train');
GRANT SELECT ON t TO regress_odd_scorer, regress_odd_nobody;
CREATE VIEW mine AS SELECT x, y FROM t;
GRANT SELECT ON mine TO regress_odd_owner;
ALTER VIEW mine OWNER TO regress_odd_owner;
SET ROLE regress_odd_owner;
SELECT raises('SELECT mlpg.train(''odd_owned'', ''odd_test.t'', ''y'')');
SELECT raises('SELECT mlpg.train(''odd_owned'', ''SELECT x, y FROM odd_test.t'', ''y'')');
SELECT raises('SELECT mlpg.train(''odd_owned'', ''odd_test.mine'', ''y'')');
SELECT raises('SELECT mlpg.train(''odd_p'', ''SELECT 1 AS x, 2 AS y'', ''y'')');
SELECT model, n_rows FROM mlpg.train('odd_owned', 'SELECT i AS x, i * 2 + i % 3 AS y FROM generate_series(1, 40) AS i', 'y', 'linear', holdout => 0);
SELECT mlpg.grant_model('odd_owned', 'regress_odd_scorer', 'score');
RESET ROLE;
SET ROLE regress_odd_scorer;
SELECT round(mlpg.predict('odd_owned', t)::numeric, 6) FROM t WHERE i = 7;
SELECT raises('SELECT mlpg.get_model(''odd_owned'')'), raises('SELECT * FROM mlpg.coefficients(''odd_owned'')'), raises('SELECT * FROM mlpg.summary(''odd_owned'')');
SELECT raises('SELECT blob FROM mlpg.model_blobs'), raises('SELECT evaluation FROM mlpg.model_blobs LIMIT 1'), raises('DELETE FROM mlpg.models'), raises('UPDATE mlpg.aliases SET version = 1'), raises('INSERT INTO mlpg.runs (model_id) VALUES (1)');
SELECT raises('SELECT mlpg.drop_model(''odd_owned'')'), raises('SELECT mlpg.train(''odd_owned'', ''odd_test.t'', ''y'')'), raises('SELECT mlpg.set_alias(''odd_owned'', ''champion'', 1)');
SELECT count(*) AS sees FROM mlpg.models;
RESET ROLE;
SET ROLE regress_odd_nobody;
SELECT raises('SELECT mlpg.predict(''odd_owned'', t) FROM odd_test.t'), raises('SELECT mlpg.train(''odd_new'', ''odd_test.t'', ''y'')'), (SELECT count(*) FROM mlpg.models);
-- models as values need no right but that on the rows
SELECT raises('SELECT mlpg.fit(''linear'', t.y, t) FROM odd_test.t'), raises('SELECT mlpg.fit(''linear'', m.y, m) FROM odd_test.mine AS m');
RESET ROLE;

-- --- stopped in the middle: an ERROR of its own, and nothing is left
SET statement_timeout = 100;
\set VERBOSITY sqlstate
SELECT mlpg.train('odd_slow', 'SELECT i % 7 AS a, i % 11 AS b, sqrt(i) AS y FROM generate_series(1, 100000000) AS i', 'y');
\set VERBOSITY default
RESET statement_timeout;
SELECT count(*) FROM mlpg.models WHERE model = 'odd_slow';
SELECT count(*) FROM mlpg.progress;

SELECT mlpg.drop_model(model, true) FROM mlpg.models WHERE model LIKE 'odd\_%' ORDER BY model;
DROP SCHEMA odd_test CASCADE;
DROP OWNED BY regress_odd_owner, regress_odd_scorer, regress_odd_nobody;
DROP ROLE regress_odd_owner, regress_odd_scorer, regress_odd_nobody;
