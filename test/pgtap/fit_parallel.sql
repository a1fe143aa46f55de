-- mlpg.fit in parallel plans: the shape of the plan (Partial and Finalize Aggregate)
-- and the same models as serially, within 1e-12 of the size of a coefficient.
BEGIN;
SET client_min_messages = error;
SELECT no_plan();

CREATE TABLE sales AS
SELECT i::int AS i, (i % 7)::int AS store, (i * 7919 % 10007) / 1000.0::float8 AS price, CASE WHEN i % 13 > 0 THEN sqrt(i) END AS temp, 'k' || i * i % 5 AS kind, i % 3 = 0 AS promo, (i % 4)::float8 AS weight,
	   date '2024-01-01' + (i % 90)::int AS day, 100 - 3 * (i * 7919 % 10007) / 1000.0 + sqrt(i) / 10 + i * i % 5 + (i * 31 % 1009) / 100.0::float8 AS sales
  FROM (SELECT generate_series(1, 50000)::bigint AS i) AS n;
ANALYZE sales;
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END $$;
CREATE FUNCTION parallel(on_ boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('max_parallel_workers_per_gather', CASE WHEN on_ THEN '2' ELSE '0' END, true), set_config('min_parallel_table_scan_size', '0', true),
			set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true), set_config('debug_parallel_query', 'off', true);
EXCEPTION WHEN undefined_object THEN
	PERFORM set_config('max_parallel_workers_per_gather', CASE WHEN on_ THEN '2' ELSE '0' END, true), set_config('min_parallel_table_scan_size', '0', true),
			set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true);
END $$;

-- --- the plan
SELECT parallel(true);
SELECT matches(plan_of(statement), 'Finalize \w*Aggregate.*Gather.*Partial \w*Aggregate.*Parallel Seq Scan', statement) FROM unnest(ARRAY[
	$$SELECT mlpg.fit('linear', s.sales, s) FROM sales AS s$$,
	$$SELECT mlpg.fit('linear', s.sales, x, '{"l2":0.1}') FROM sales AS s, LATERAL (SELECT s.price, s.kind) AS x$$,
	$$SELECT mlpg.fit('quantile', s.sales, ARRAY[price, temp]) FROM sales AS s$$,
	$$SELECT mlpg.fit('linear', s.sales, ARRAY[price, temp, weight], '{"weight":"x3"}') FROM sales AS s$$,
	$$SELECT store, mlpg.fit('quantile', s.sales, x, '{"quantile":0.8}') FROM sales AS s, LATERAL (SELECT s.price, s.promo, s.temp) AS x GROUP BY s.store$$]) AS statement;
-- a parallel plan is not for what must see rows in order
SELECT doesnt_match(plan_of($$SELECT mlpg.fit('baseline', s.sales, s, '{"statistic":"last"}' ORDER BY i) FROM sales AS s$$), 'Partial', 'ORDER BY inside the aggregate');
SELECT matches(plan_of($$SELECT mlpg.predict(m.model, t) FROM sales AS t, (SELECT mlpg.fit('linear', sales, ARRAY[price]) AS model FROM sales) AS m$$), 'Partial', 'a model in a subquery');

-- --- the answers
CREATE TABLE calls (name text, statement text);
INSERT INTO calls VALUES
	('all columns', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, s, '{"exclude":["i","weight"]}') AS m FROM sales AS s$$),
	('ridge', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, x, '{"l2":0.1}') AS m FROM sales AS s, LATERAL (SELECT s.price, s.temp, s.kind) AS x$$),
	('weights', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, x, '{"weight":"weight"}') AS m FROM sales AS s, LATERAL (SELECT s.price, s.temp, s.weight) AS x$$),
	('arrays', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, ARRAY[price, temp]) AS m FROM sales AS s$$),
	('arrays with weights', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, ARRAY[price, weight, temp], '{"weight":"x2"}') AS m FROM sales AS s$$),
	('an array column', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, x) AS m FROM sales AS s, LATERAL (SELECT ARRAY[price, temp] AS v, s.kind) AS x$$),
	('groups', $$SELECT store AS g, mlpg.fit('linear', s.sales, x) AS m FROM sales AS s, LATERAL (SELECT s.price, s.temp, s.kind, s.day) AS x GROUP BY store$$),
	('groups of arrays', $$SELECT store AS g, mlpg.fit('linear', s.sales, ARRAY[price, temp]) AS m FROM sales AS s GROUP BY store$$),
	('many groups', $$SELECT i % 5000 AS g, mlpg.fit('linear', s.sales, x) AS m FROM sales AS s, LATERAL (SELECT s.price, s.promo) AS x GROUP BY 1$$),
	('mean', $$SELECT 0 AS g, mlpg.fit('baseline', s.sales, s) AS m FROM sales AS s$$),
	('median', $$SELECT store AS g, mlpg.fit('baseline', s.sales, s, '{"statistic":"median"}') AS m FROM sales AS s GROUP BY store$$),
	('a group in one worker only', $$SELECT g, mlpg.fit('linear', s.sales, x) AS m FROM sales AS s, LATERAL (SELECT s.price) AS x, LATERAL (SELECT CASE WHEN s.i <= 20 THEN 1 ELSE 2 END AS g) AS y GROUP BY g$$),
	('targets in one worker only', $$SELECT 0 AS g, mlpg.fit('linear', CASE WHEN i < 50 THEN s.sales END, x) AS m FROM sales AS s, LATERAL (SELECT s.price, s.kind) AS x$$),
	('filtered', $$SELECT 0 AS g, mlpg.fit('linear', s.sales, x) FILTER (WHERE i % 3 = 0) AS m FROM sales AS s, LATERAL (SELECT s.price, s.kind) AS x$$),
	('outer join', $$SELECT r.store AS g, mlpg.fit('linear', s.sales, s, '{"features":["price"]}') AS m FROM generate_series(0, 9) AS r(store) LEFT JOIN sales AS s USING (store) GROUP BY r.store$$);
CREATE FUNCTION compare(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM parallel(false);
	EXECUTE 'CREATE TEMP TABLE serial AS ' || statement;
	EXECUTE 'CREATE TEMP TABLE again AS ' || statement;
	PERFORM parallel(true);
	EXECUTE 'CREATE TEMP TABLE parallel AS ' || statement;
	PERFORM parallel(false);
	SELECT format('%s groups, serial %s, parallel %s', count(*), CASE WHEN bool_and(s.m::text IS NOT DISTINCT FROM a.m::text) THEN 'same bytes' ELSE 'DIFFERENT BYTES' END,
			CASE WHEN bool_and((s.m IS NULL) = (p.m IS NULL) AND coalesce(c.close, s.m IS NULL)) THEN 'agrees' ELSE 'DISAGREES by ' || max(c.off) END) INTO answer
	  FROM serial AS s JOIN again AS a USING (g) JOIN parallel AS p USING (g),
		   LATERAL (SELECT bool_and(x.term IS NOT NULL AND z.term IS NOT NULL AND (x.estimate IS NULL) = (z.estimate IS NULL) AND coalesce(abs(x.estimate - z.estimate) <= 1e-12 * greatest(1, abs(x.estimate)), x.estimate IS NULL)
					AND coalesce(abs(x.std_error - z.std_error) <= 1e-9 * greatest(1, abs(x.std_error)), x.std_error IS NULL)) AS close, max(abs(x.estimate - z.estimate)) AS off
				FROM mlpg.coefficients(s.m) AS x FULL JOIN mlpg.coefficients(p.m) AS z USING (term)) AS c;
	-- parallel plans do not lose or double rows
	IF EXISTS (SELECT FROM serial AS s JOIN parallel AS p USING (g) WHERE (SELECT value FROM mlpg.summary(s.m) WHERE item = 'rows') IS DISTINCT FROM (SELECT value FROM mlpg.summary(p.m) WHERE item = 'rows')
			OR (SELECT value FROM mlpg.summary(s.m) WHERE item = 'rows_dropped_null_target') IS DISTINCT FROM (SELECT value FROM mlpg.summary(p.m) WHERE item = 'rows_dropped_null_target')) THEN
		answer := answer || ', ROWS DIFFER';
	END IF;
	DROP TABLE serial, again, parallel;
	RETURN answer;
END $$;
SELECT matches(compare(statement), '^\d+ groups, serial same bytes, parallel agrees$', name) FROM calls;
-- the quantile learner: another order of rows may be another optimal vertex, as good to 1e-10
CREATE FUNCTION objective(level float8) RETURNS float8 LANGUAGE sql AS $$
	SELECT mlpg.pinball(sales, mlpg.predict(m, s), level) FROM sales AS s, (SELECT mlpg.fit('quantile', t.sales, x, jsonb_build_object('quantile', level)) AS m FROM sales AS t, LATERAL (SELECT t.price, t.temp, t.kind) AS x) AS q $$;
SELECT parallel(false);
CREATE TABLE objectives AS SELECT level, objective(level) AS serial FROM unnest('{0.1,0.5,0.75}'::float8[]) AS level;
SELECT parallel(true);
SELECT ok(abs(objective(level) / serial - 1) < 1e-10, 'quantile ' || level || ': the same objective') FROM objectives;

-- --- errors and warnings come through workers
SELECT parallel(true);
SELECT throws_ok($$SELECT mlpg.fit('linear', s.sales, x) FROM sales AS s, LATERAL (SELECT s.price, s.sales + 0 AS total) AS x$$, '22000', 'feature "total" determines the target "target"', 'E6');
SELECT throws_ok($$SELECT mlpg.fit('linear', CASE WHEN s.i < 100 THEN s.sales END, ARRAY[s.price, s.sales]) FROM sales AS s$$, '22000', 'feature "x2" determines the target "target"', 'E6 where other workers saw no target');
SELECT throws_ok($$SELECT mlpg.fit('linear', s.sales, x) FROM sales AS s, LATERAL (SELECT CASE WHEN s.i = 49999 THEN 'nan' ELSE s.price END AS price) AS x$$, '22000', 'column "price" contains NaN', 'NaN in a worker');
SELECT throws_ok($$SELECT mlpg.fit('lineal', s.sales, s) FROM sales AS s$$, '42704', 'learner "lineal" does not exist', 'unknown learner');
SELECT throws_ok($$SELECT mlpg.fit(CASE WHEN s.i < 25000 THEN 'linear' ELSE 'quantile' END, s.sales, ARRAY[s.price]) FROM sales AS s$$, '22023', 'states of different fits cannot be combined', 'different algorithms');
SELECT throws_ok($$SELECT mlpg.fit('linear', s.sales, CASE WHEN s.i < 25000 THEN ARRAY[s.price] ELSE ARRAY[s.price, s.temp] END) FROM sales AS s$$, NULL, NULL, 'different lengths of arrays');
SELECT is(mlpg.fit('linear', s.sales, s) IS NULL AND mlpg.fit('linear', s.sales, ARRAY[s.price]) IS NULL, true, 'no rows') FROM sales AS s WHERE i < 0;
-- the twin of the target is found in a worker's plan too
SELECT is((SELECT count(*)::int FROM mlpg.coefficients(m) WHERE term = 'sales'), 0, 'the target is no feature') FROM (SELECT mlpg.fit('linear', s.sales, s) AS m FROM sales AS s) AS q;
SELECT is((SELECT string_agg(term, ' ') FROM mlpg.coefficients(m)), '(intercept) price', 'the target is no feature of a subquery') FROM (SELECT mlpg.fit('linear', s.y, s) AS m FROM (SELECT price, sales * 2 AS y FROM sales) AS s) AS q;

SELECT * FROM finish();
ROLLBACK;
