-- Scoring: by name and by value, in all forms, rewritten by the planner and not.
SET extra_float_digits = 1;
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;

\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises

-- A version of a model, as train would store it; it serves at once.
CREATE FUNCTION pg_temp.register(name text, value mlpg.model) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    number int;
BEGIN
    SELECT model_id, last_version + 1 INTO id, number FROM mlpg.models WHERE model = name;
    IF id IS NULL THEN
        INSERT INTO mlpg.models (model, task, target, recipe, owner)
        VALUES (name, 'regression', 'y', '{}', current_user) RETURNING model_id, 1 INTO id, number;
    END IF;
    UPDATE mlpg.models SET last_version = number WHERE model_id = id;
    INSERT INTO mlpg.model_versions (model_id, version, algorithm, sha256, bytes, source, n_rows, seed, mlpg_version, created_by)
    VALUES (id, number, 'linear', '', 0, '', 0, 0, '', current_user);
    INSERT INTO mlpg.model_blobs (model_id, version, blob) VALUES (id, number, value);
    INSERT INTO mlpg.aliases VALUES (id, 'champion', number)
    ON CONFLICT (model_id, alias) DO UPDATE SET version = EXCLUDED.version;
    RETURN number;
END $$;

-- The data are exact: predictions can be checked against them.
CREATE TABLE sales AS
SELECT i AS id, (i % 9)::int AS price, i % 4 = 0 AS promo, (ARRAY['east', 'north', 'west'])[1 + i % 3] AS store,
       DATE '2024-01-01' + i % 50 AS day, repeat('x', 100) AS note,
       100 - 5.0 * (i % 9) + 20 * (i % 4 = 0)::int + 7 * (i % 3) + 0.5 * (i % 50) AS qty
FROM generate_series(1, 900) AS i;
SELECT pg_temp.register('sales', mlpg.fit('linear', qty, x)) AS version
FROM sales AS s, LATERAL (SELECT s.price, s.promo, s.store, s.day) AS x;
CREATE TABLE store_models AS
SELECT store, mlpg.fit('linear', qty, x) AS model
FROM sales AS s, LATERAL (SELECT s.price, s.promo, s.day) AS x GROUP BY store;

-- All forms agree, to the bit, and are right.
SELECT count(*) AS n, bool_and(abs(by_name - qty) < 1e-9) AS right,
       bool_and(by_name = by_value AND by_name = whole_row AND by_name = by_jsonb AND by_name = by_text
                AND by_name = value_jsonb AND by_name = value_text) AS agree
FROM (
    SELECT qty, mlpg.predict('sales', s) AS by_name, mlpg.predict(m.model, s) AS by_value,
           mlpg.predict('sal' || lower('ES'), s) AS whole_row,
           mlpg.predict('sales', to_jsonb(s)) AS by_jsonb, mlpg.predict('sales', to_json(s)::text) AS by_text,
           mlpg.predict(m.model, to_jsonb(s)) AS value_jsonb, mlpg.predict(m.model, to_json(s)::text) AS value_text
    FROM sales AS s, (SELECT mlpg.get_model('sales') AS model OFFSET 0) AS m
) AS x;
SELECT store, count(*) AS n, round(max(abs(mlpg.predict(m.model, s) - qty))::numeric, 9) AS error
FROM sales AS s JOIN store_models AS m USING (store) GROUP BY store ORDER BY store;

-- Literals and parameters resolve without casts.
PREPARE one(text) AS SELECT round(mlpg.predict('sales', $1)::numeric, 6) AS predict;
EXECUTE one('{"price": 4, "promo": true, "store": "north", "day": "2024-01-11", "other": [1, 2]}');
EXECUTE one('{"price": "4", "promo": 1, "store": "north", "day": "2024-01-11T00:00:00Z"}');
EXECUTE one('{"price": 4, "promo": "yes", "store": "north ", "day": "2024-01-11 00:00"}');
EXECUTE one(NULL);
SELECT mlpg.predict('sales', NULL) AS null_row, mlpg.predict(NULL::text, s) AS null_name, mlpg.predict(NULL::mlpg.model, s) AS null_model
FROM sales AS s LIMIT 1;

-- What the planner makes of a call: for tables, subqueries, views, partitions, outer joins.
CREATE VIEW sales_view AS SELECT s.*, mlpg.predict('sales', s) AS predicted FROM sales AS s;
CREATE TABLE parts (store text, day date, junk int, promo boolean, price int) PARTITION BY LIST (store);
CREATE TABLE parts_1 (junk int, price int, gone int, promo boolean, day date, store text);
ALTER TABLE parts_1 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES IN ('north', 'west');
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT store, day, 1, promo, price FROM sales;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('sales', s) FROM sales AS s;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('sales@1', x) FROM sales AS s, LATERAL (SELECT s.*, 1 AS one) AS x;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('sales', x) FROM (SELECT * FROM sales LIMIT 3) AS x;
EXPLAIN (VERBOSE, COSTS OFF) SELECT predicted FROM sales_view;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('sales', p) FROM parts AS p;
EXPLAIN (VERBOSE, COSTS OFF) SELECT (SELECT mlpg.predict('sales', s) + count(*) FROM generate_series(1, 2)) FROM sales AS s;
SELECT bool_and(p = q) AS same FROM (
    SELECT mlpg.predict('sales', p) AS p, mlpg.predict(m.model, p) AS q FROM parts AS p, (SELECT mlpg.get_model('sales') AS model OFFSET 0) AS m
) AS x;
SELECT g, round(mlpg.predict('sales', s)::numeric, 6) AS rewritten, round(mlpg.predict('sal' || lower('ES'), s)::numeric, 6) AS whole,
       round(mlpg.predict('sales', v)::numeric, 6) AS pulled_up
FROM (VALUES (1), (-1)) AS g(g) LEFT JOIN sales AS s ON s.id = g
     LEFT JOIN (SELECT price, promo, store, day, id, 1 AS one FROM sales) AS v ON v.id = g;
-- functions, common table expressions, values, joins
CREATE TYPE sale AS (store text, gone int, price int, promo boolean, day date);
CREATE DOMAIN sale_domain AS sale;
CREATE FUNCTION some_sales() RETURNS SETOF sale LANGUAGE sql VOLATILE AS $$ SELECT store, 1, price, promo, day FROM sales ORDER BY id LIMIT 2 $$;
CREATE FUNCTION one_sale() RETURNS sale_domain LANGUAGE sql VOLATILE AS $$ SELECT ROW('west', 1, 2, true, DATE '2024-01-01')::sale $$;
SELECT mlpg.predict('sales', f) AS predict, mlpg.predict('sales', f) = mlpg.predict('sal' || lower('ES'), f) AS same FROM some_sales() AS f;
SELECT mlpg.predict('sales', f) AS predict, mlpg.predict('sales', f) = mlpg.predict('sal' || lower('ES'), f) AS same FROM one_sale() AS f;
ALTER TYPE sale DROP ATTRIBUTE gone;
CREATE OR REPLACE FUNCTION some_sales() RETURNS SETOF sale LANGUAGE sql VOLATILE AS $$ SELECT store, price, promo, day FROM sales ORDER BY id LIMIT 2 $$;
SELECT mlpg.predict('sales', f) AS predict, mlpg.predict('sales', f) = mlpg.predict('sal' || lower('ES'), f) AS same FROM some_sales() WITH ORDINALITY AS f;
WITH f AS MATERIALIZED (SELECT day, promo, store, price FROM sales ORDER BY id LIMIT 2)
SELECT mlpg.predict('sales', f) AS predict, mlpg.predict('sales', f) = mlpg.predict('sal' || lower('ES'), f) AS same FROM f;
SELECT mlpg.predict('sales', f) AS predict, mlpg.predict('sales', f) = mlpg.predict('sal' || lower('ES'), f) AS same
FROM (VALUES (1, true, 'west', DATE '2024-01-03'), (1, false, NULL, NULL)) AS f(price, promo, store, day);
SELECT mlpg.predict('sales', j) AS predict, mlpg.predict('sales', j) = mlpg.predict('sal' || lower('ES'), j) AS same
FROM ((SELECT id, price, promo FROM sales) AS a LEFT JOIN (SELECT id, store, day FROM sales WHERE id > 1) AS b USING (id)) AS j WHERE id < 3 ORDER BY id;
-- aliases rename the columns of a subquery, but not of a row of a named type
SELECT bool_and(mlpg.predict('sales', a) = mlpg.predict('sal' || lower('ES'), a)) AS same, raises('SELECT mlpg.predict(''sales'', b) FROM (SELECT price, promo, store, day FROM sales LIMIT 1) AS b(promo, price)') AS swapped
FROM sales AS a(id, promo, price, day, store);
SELECT bool_and(mlpg.predict('sales', v) = v.predicted) AS same FROM sales_view AS v(id, promo, price);
-- under grouping sets a row can be NULL where its columns are not
SELECT store, count(*), round(sum(mlpg.predict('sales', s))::numeric, 6) AS total
FROM sales AS s GROUP BY GROUPING SETS ((store), ()) ORDER BY store;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('sales', s) FROM sales AS s GROUP BY GROUPING SETS ((s), ());
-- result relations
CREATE TABLE target (price int, promo boolean, store text, day date, yhat numeric, UNIQUE (price));
INSERT INTO target AS t VALUES (1, false, 'east', '2024-01-01') RETURNING round(mlpg.predict('sales', t)::numeric, 6) AS returned;
INSERT INTO target AS t VALUES (1, true, 'west', '2024-01-03')
ON CONFLICT (price) DO UPDATE SET yhat = round(mlpg.predict('sales', excluded)::numeric, 6) RETURNING yhat;
UPDATE target AS t SET store = 'west' WHERE mlpg.predict('sales', t) > 0 RETURNING round(mlpg.predict('sales', t)::numeric, 6) AS returned;
-- more features than a call has arguments: a row of just those
DO $$ BEGIN EXECUTE 'CREATE TABLE wide AS SELECT ' || (SELECT string_agg(format('((i * %s) %% 101)::float8 AS c%s', k * k + 1, k), ', ' ORDER BY k) FROM generate_series(1, 110) AS k)
    || ', 1 AS junk FROM generate_series(1, 400) AS i'; END $$;
DO $$ BEGIN EXECUTE 'SELECT pg_temp.register(''wide'', mlpg.fit(''linear'', c1 + 2 * c100, x, ''{"l2":1e-6}'')) FROM (SELECT '
    || (SELECT string_agg('c' || k, ', ' ORDER BY k) FROM generate_series(1, 100) AS k) || ' FROM wide) AS x'; END $$;
CREATE FUNCTION pg_temp.plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE statement; END $$;
SELECT regexp_replace(line, 'c2, .*, c99', 'c2, ..., c99') AS plan FROM pg_temp.plan('EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict(''wide'', w) FROM wide AS w') AS line;
SELECT count(*) AS n, bool_and(abs(mlpg.predict('wide', w) - c1 - 2 * c100) < 1e-3) AS right FROM wide AS w;
-- parallel workers give the same
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(mlpg.predict('sales', s)) FROM sales AS s;
CREATE TEMP TABLE serial AS SELECT id, mlpg.predict('sales', s) AS yhat FROM sales AS s;
EXPLAIN (COSTS OFF) SELECT id, mlpg.predict('sales', s) AS yhat FROM sales AS s;
SELECT count(*) FROM serial JOIN (SELECT id, mlpg.predict('sales', s) AS yhat FROM sales AS s) AS p USING (id, yhat);
SET max_parallel_workers_per_gather = 0;

-- Missing values: NULL, NaN, a row without any value.
SELECT mlpg.predict('sales', x) AS no_value FROM (SELECT NULL::int AS price, NULL::boolean AS promo, NULL AS store, NULL::date AS day) AS x;
SELECT mlpg.predict('sales', x) = mlpg.predict('sales', z) AS nan_is_null
FROM (SELECT 'NaN'::float8 AS price, true AS promo, 'north' AS store, DATE '2024-01-11' AS day) AS x,
     (SELECT NULL::int AS price, true AS promo, 'north' AS store, DATE '2024-01-11' AS day) AS z;

-- Types that stand for each other.
CREATE DOMAIN euros AS numeric(10, 2);
CREATE TYPE region AS ENUM ('west', 'north', 'east');
SELECT round(mlpg.predict('sales', x)::numeric, 6) AS predict
FROM (SELECT 4::euros AS price, 1 AS promo, 'north'::region AS store, timestamptz '2024-01-11 00:00+00' AS day) AS x
UNION ALL SELECT round(mlpg.predict('sales', x)::numeric, 6)
FROM (SELECT 4::bigint AS price, true AS promo, 'north'::char(9) AS store, timestamp '2024-01-11' AS day) AS x;

-- The errors everybody makes.
SELECT raises(statement) FROM unnest(ARRAY[
    $$SELECT mlpg.predict('sale', s) FROM sales AS s$$,
    $$SELECT mlpg.predict('sales@challenger', s) FROM sales AS s$$,
    $$SELECT mlpg.predict('sales@9', s) FROM sales AS s$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT price, promo, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', ROW(1, true, 'north', DATE '2024-01-01'))$$,
    $$SELECT mlpg.predict('sales', '{"price":1,"Promo":true}')$$,
    $$SELECT mlpg.predict(model, '{"price":1,"Promo":true}'::jsonb) FROM store_models$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT price, price, promo, store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT price::text, promo, store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT price, promo, 1 AS store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT interval '1 day' AS price, promo, store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT 'infinity'::float8 AS price, promo, store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT 1e400 AS price, promo, store, day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', x) FROM (SELECT price, promo, store, date 'infinity' AS day FROM sales) AS x$$,
    $$SELECT mlpg.predict('sales', '{"price":[1],"promo":true,"store":"north","day":"2024-01-01"}')$$,
    $$SELECT mlpg.predict('sales', '{"price":1,"promo":true,"store":5,"day":"2024-01-01"}')$$,
    $$SELECT mlpg.predict('sales', '{"price":1,"promo":true,"store":"north","day":"01/02/2024"}')$$,
    $$SELECT mlpg.predict('sales', '{"price":"x","promo":true,"store":"north","day":"2024-01-01"}')$$,
    $$SELECT mlpg.predict('sales', '{"price":1,"promo":"perhaps","store":"north","day":"2024-01-01"}')$$,
    $$SELECT mlpg.predict('sales', 'north')$$,
    $$SELECT mlpg.predict('sales', '[1]')$$,
    $$SELECT mlpg.predict('sales', '{1,2,3,4}'::float8[])$$,
    $$SELECT mlpg.predict_quantile('sales', s, 0.5) FROM sales AS s$$,
    $$SELECT mlpg.predict_columns('sales', '{price}', 1)$$,
    $$SELECT mlpg.predict_columns('sales', '{price}', VARIADIC '{1}'::int[])$$]) AS statement;

-- A category that training did not see: the model's own policy.
CREATE TABLE unseen (policy text, model mlpg.model);
INSERT INTO unseen SELECT 'error', mlpg.fit('linear', qty, x, '{"unseen":"error"}') FROM sales AS s, LATERAL (SELECT s.price, s.store) AS x;
INSERT INTO unseen SELECT 'null', mlpg.fit('linear', qty, x, '{"unseen":"null"}') FROM sales AS s, LATERAL (SELECT s.price, s.store) AS x;
INSERT INTO unseen SELECT 'zero', mlpg.fit('linear', qty, x, '{"unseen":"zero"}') FROM sales AS s, LATERAL (SELECT s.price, s.store) AS x;
SELECT policy, raises(format('SELECT round(mlpg.predict(model, ''{"price":1,"store":"south"}'')::numeric, 6) FROM unseen WHERE policy = %L', policy))
FROM unseen ORDER BY policy;
-- a model of one category takes the text itself
SELECT s.store, round(mlpg.predict(m.model, s.store)::numeric, 6) AS predict
FROM (SELECT mlpg.fit('linear', qty, x) AS model FROM sales AS s, LATERAL (SELECT s.store) AS x) AS m, (VALUES ('east'), ('south')) AS s(store);

-- Arrays: features of their own, and columns.
SELECT pg_temp.register('array', mlpg.fit('linear', 2 * price + id % 7, ARRAY[price, id % 7]::float8[])) AS version FROM sales;
SELECT round(mlpg.predict('array', '{3,4}'::float8[])::numeric, 6) AS by_array, round(mlpg.predict('array', '{"x1":3,"x2":4}')::numeric, 6) AS by_key,
       round(mlpg.predict(mlpg.get_model('array'), ARRAY[3, 4]::float8[])::numeric, 6) AS by_value,
       round(mlpg.predict('array', x)::numeric, 6) AS by_name,
       mlpg.predict('array', ARRAY[NULL, NULL]::float8[]) AS no_value
FROM (SELECT 4 AS x2, 3 AS x1) AS x;
SELECT pg_temp.register('emb', mlpg.fit('linear', emb[1] - emb[2], x)) AS version
FROM (SELECT ARRAY[price, id % 7]::float4[] AS emb, price * price AS p2 FROM sales) AS x;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('emb', x) FROM (SELECT ARRAY[3, 1]::float8[] AS emb, 9 AS p2 FROM sales LIMIT 1) AS x;
SELECT round(mlpg.predict('emb', x)::numeric, 6) AS row, round(mlpg.predict('emb', to_jsonb(x))::numeric, 6) AS json
FROM (SELECT ARRAY[3, 1]::float8[] AS emb, 9 AS p2 FROM sales LIMIT 1) AS x;
SELECT raises(statement) FROM unnest(ARRAY[
    $$SELECT mlpg.predict('array', '{3}'::float8[])$$,
    $$SELECT mlpg.predict('array', '{{3,4}}'::float8[])$$,
    $$SELECT mlpg.predict('array', '{3,inf}'::float8[])$$,
    $$SELECT mlpg.predict('emb', x) FROM (SELECT '{3}'::float8[] AS emb, 9 AS p2) AS x$$,
    $$SELECT mlpg.predict('emb', x) FROM (SELECT 3 AS emb, 9 AS p2) AS x$$,
    $$SELECT mlpg.predict('emb', '{"emb":[3],"p2":1}')$$,
    $$SELECT mlpg.predict('emb', '{"emb":3,"p2":1}')$$,
    $$SELECT mlpg.predict('emb', '{"p2":1}')$$]) AS statement;

-- Quantiles.
SELECT pg_temp.register('quantiles', mlpg.fit('quantile', qty + (id * 7919) % 100, x, '{"quantiles":[0.1,0.5,0.9]}')) AS version
FROM sales AS s, LATERAL (SELECT s.price, s.promo) AS x;
SELECT round(mlpg.predict('quantiles', s)::numeric, 6) AS predict, round(mlpg.predict_quantile('quantiles', s, 0.9)::numeric, 6) AS at_90,
       (SELECT array_agg(round(q::numeric, 6)) FROM unnest(mlpg.predict_quantiles('quantiles', s, '{0.9,0.1,0.3,0.5}')) AS q) AS several
FROM sales AS s WHERE id < 3;
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict_quantile('quantiles', s, price / 100.0), mlpg.predict_quantiles('quantiles', s, '{0.1,0.9}') FROM sales AS s;
SELECT bool_and(a = b AND c = d AND a = e) AS agree FROM (
    SELECT mlpg.predict_quantile('quantiles', s, 0.2) AS a, mlpg.predict_quantile(m.model, to_jsonb(s), 0.2) AS b,
           mlpg.predict_quantiles('quantiles', s, '{0.2,0.4}') AS c, mlpg.predict_quantiles(m.model, to_json(s)::text, '{0.2,0.4}') AS d,
           (mlpg.predict_quantiles(m.model, s, '{0.2,0.4}'))[1] AS e
    FROM sales AS s, (SELECT mlpg.get_model('quantiles') AS model OFFSET 0) AS m
) AS x;
SELECT mlpg.predict_quantiles('quantiles', s, '{}') AS none, mlpg.predict_quantile('quantiles', s, NULL) AS no_level FROM sales AS s LIMIT 1;
SELECT pg_temp.register('two_levels', mlpg.fit('quantile', qty, x, '{"quantiles":[0.25,0.75]}')) AS version
FROM sales AS s, LATERAL (SELECT s.price, s.promo) AS x;
SELECT bool_and(mlpg.predict('two_levels', s) = mlpg.predict_quantile('two_levels', s, 0.25)) AS first_level FROM sales AS s;
SELECT raises(statement) FROM unnest(ARRAY[
    $$SELECT mlpg.predict_quantile('two_levels', s, 0.1) FROM sales AS s$$,
    $$SELECT mlpg.predict_quantiles('two_levels', s, '{0.5,NULL}') FROM sales AS s$$]) AS statement;

-- A prepared plan follows the champion, and a version that needs other columns.
SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.register('moving', mlpg.fit('linear', 2 * price, x)) AS version FROM (SELECT price FROM sales) AS x;
PREPARE moving AS SELECT round(mlpg.predict('moving', x)::numeric, 6) AS predict FROM (SELECT 4 AS price, 7 AS n OFFSET 0) AS x;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE moving;
EXECUTE moving;
SELECT pg_temp.register('moving', mlpg.fit('linear', 3 * n, x)) AS version FROM (SELECT id % 11 AS n FROM sales) AS x;
EXECUTE moving;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE moving;
SELECT mlpg.set_alias('moving', 'champion', 1) AS moved;
EXECUTE moving;
-- one that its statement lacks a column for, and back
SELECT pg_temp.register('moving', mlpg.fit('linear', 3 * other, x)) AS version FROM (SELECT id % 11 AS other FROM sales) AS x;
SELECT raises('EXECUTE moving');
SELECT mlpg.set_alias('moving', 'champion', 2) AS moved;
EXECUTE moving;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE moving;
-- a version of a transaction that fails is forgotten
BEGIN;
SELECT pg_temp.register('moving', mlpg.fit('linear', 100 * n, x)) AS version FROM (SELECT id % 11 AS n FROM sales) AS x;
EXECUTE moving;
ROLLBACK;
EXECUTE moving;
SELECT pg_temp.register('moving', mlpg.fit('linear', 5 * n, x)) AS version FROM (SELECT id % 11 AS n FROM sales) AS x;
EXECUTE moving;
-- a long-lived call site, too
DO $$
DECLARE
    r record;
    predicted float8;
BEGIN
    SELECT 4 AS price, 7 AS n INTO r;
    FOR i IN 1..3 LOOP
        PERFORM mlpg.set_alias('moving', 'champion', i % 2 + 1);
        predicted := mlpg.predict('moving', r);
        RAISE WARNING 'version % predicts %', i % 2 + 1, round(predicted::numeric, 6);
    END LOOP;
END $$;
-- and rows whose type changes under it
CREATE TABLE shape (n int, price int);
INSERT INTO shape VALUES (7, 4);
CREATE FUNCTION score_shape(r shape) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN round(mlpg.predict('moving', r)::numeric, 6); END $$;
BEGIN;
SELECT score_shape(s) FROM shape AS s;
ALTER TABLE shape ADD COLUMN late int DEFAULT 1;
ALTER TABLE shape DROP COLUMN n;
ALTER TABLE shape ADD COLUMN n float8 DEFAULT 9;
SELECT score_shape(s) FROM shape AS s;
ALTER TABLE shape RENAME COLUMN n TO m;
SELECT raises('SELECT score_shape(s) FROM shape AS s');
ROLLBACK;
RESET plan_cache_mode;

-- Rights: score, read, own.
CREATE ROLE mlpg_predict_role;
GRANT SELECT ON sales TO mlpg_predict_role;
CREATE FUNCTION as_role(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    SET LOCAL ROLE mlpg_predict_role;
    answer := raises(statement);
    RESET ROLE;
    RETURN answer;
END $$;
CREATE TABLE calls AS SELECT * FROM unnest(ARRAY[
    $$SELECT count(mlpg.predict('sales', s)) FROM sales AS s$$,
    $$SELECT count(*) FROM mlpg.summary('sales')$$,
    $$SELECT count(*) FROM mlpg.coefficients('sales')$$,
    $$SELECT length(mlpg.get_model('sales')::text) > 100$$]) AS statement;
SELECT as_role(statement) FROM calls;
SELECT mlpg.grant_model('sales', 'mlpg_predict_role', 'score') AS granted;
SELECT as_role(statement) FROM calls;
SELECT mlpg.grant_model('sales', 'mlpg_predict_role', 'read') AS granted;
SELECT as_role(statement) FROM calls;
-- a plan made by one who may is no right of one who may not
SET plan_cache_mode = force_generic_plan;
PREPARE shared AS SELECT count(mlpg.predict('array', x)) FROM (SELECT 4 AS x2, 3 AS x1 OFFSET 0) AS x;
EXECUTE shared;
SET ROLE mlpg_predict_role;
EXECUTE shared;
RESET ROLE;
EXECUTE shared;
RESET plan_cache_mode;

-- What a model is.
SELECT item, value FROM mlpg.summary('sales') WHERE item !~ '^(bytes|text_encoding|.*r_squared|residual.*|f_.*)$';
SELECT term, round(estimate::numeric, 6) AS estimate FROM mlpg.coefficients('sales');
SELECT term, round(estimate::numeric, 6) AS estimate, std_error FROM mlpg.coefficients('two_levels');
SELECT count(*) AS same FROM mlpg.coefficients('sales') AS a JOIN mlpg.coefficients(mlpg.get_model('sales')) AS b USING (term, estimate, std_error);
SELECT count(*) AS n_rows, count(DISTINCT item) AS n_items FROM mlpg.summary((SELECT model FROM store_models LIMIT 1)) WHERE item IN ('algorithm', 'features', 'rows');
SELECT name, tasks, loss, single_pass, min_rows FROM mlpg.learners() WHERE name IN ('baseline', 'linear', 'quantile') ORDER BY name;
SELECT name, type, default_value, min FROM mlpg.learner_params('linear') ORDER BY name;
SELECT raises($$SELECT * FROM mlpg.learner_params('lineal')$$);

-- The type: what comes out goes in, and nothing else does.
SELECT bool_and(model::text::mlpg.model::text = model::text) AS text_form, bool_and(model::bytea::mlpg.model::text = model::text) AS bytea_form,
       bool_and(mlpg.model_send(model) = model::bytea) AS binary_form, bool_and('\x' || encode(model::bytea, 'hex') = model::text) AS hex
FROM store_models;
SELECT raises(statement) FROM unnest(ARRAY[
    $$SELECT ''::mlpg.model$$,
    $$SELECT 'abc'::mlpg.model$$,
    $$SELECT '\x'::mlpg.model$$,
    $$SELECT '\x4d4c5'::mlpg.model$$,
    $$SELECT '\x4d4c50zz'::mlpg.model$$,
    $$SELECT '\x4d4c5047'::mlpg.model$$,
    $$SELECT (''::bytea)::mlpg.model$$,
    $$SELECT (model::bytea || '\x00')::mlpg.model::text FROM store_models$$,
    $$SELECT substr(model::bytea, 1, length(model::bytea) - 1)::mlpg.model::text FROM store_models$$]) AS statement;
SELECT count(*) AS refused FROM generate_series(0, 199) AS i, (SELECT model::bytea AS b FROM store_models ORDER BY store LIMIT 1) AS m
WHERE raises(format('SELECT %L::bytea::mlpg.model::text', set_byte(b, i, get_byte(b, i) # 4))) ~ '^(XX001|0A000)';

-- A bound of nothing still answers.
SET mlpg.model_cache_size = 0;
SELECT count(mlpg.predict('sales', s)) AS by_name, count(mlpg.predict(m.model, s)) AS by_value FROM sales AS s JOIN store_models AS m USING (store);
SELECT count(DISTINCT mlpg.predict(n.name, '{"x1":1,"x2":2,"price":1,"promo":true}')) AS models
FROM (VALUES ('array'), ('quantiles'), ('array'), ('moving@1')) AS n(name);
RESET mlpg.model_cache_size;

DROP FUNCTION some_sales(), one_sale();
DROP DOMAIN sale_domain;
DROP TYPE sale;
DROP TABLE sales, store_models, parts, target, wide, unseen, shape, calls CASCADE;
DROP FUNCTION as_role(text);
DROP DOMAIN euros;
DROP TYPE region;
SELECT mlpg.drop_model(model, force => true) AS dropped FROM mlpg.models
WHERE model IN ('sales', 'wide', 'array', 'emb', 'quantiles', 'two_levels', 'moving');
DROP ROLE mlpg_predict_role;
