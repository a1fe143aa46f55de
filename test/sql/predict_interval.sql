-- mlpg.predict_interval: all its forms, what it answers by, and what it refuses.
SET client_min_messages = warning;
-- errors grow with x: y = 3 + 2 x + (1 + x) e
CREATE TABLE fan AS
SELECT i, x, CASE WHEN i % 4 = 0 THEN 'a' ELSE 'b' END AS kind, 3 + 2 * x + (1 + x) * ((i * 7919 % 10007) / 10007.0 - 0.5)::float8 AS y
  FROM (SELECT i, (i * 31 % 997) / 100.0::float8 AS x FROM generate_series(1, 3000) AS i) AS s;
ANALYZE fan;

-- linear: train keeps what it takes, fit when asked
SELECT version FROM mlpg.train('line', 'fan', 'y', 'linear', features => '{x,kind}');
SELECT value FROM mlpg.summary('line') WHERE item = 'param intervals';
SELECT round(i.yhat::numeric, 6) AS yhat, round(i.lower::numeric, 6) AS lower, round(i.upper::numeric, 6) AS upper
  FROM fan AS f, mlpg.predict_interval('line', f, 0.9) AS i WHERE f.i <= 3;
SELECT (mlpg.predict_interval('line', f)).yhat = mlpg.predict('line', f) AS same, mlpg.predict_interval('line', f) = mlpg.predict_interval('line', f, 0.8) AS default_coverage FROM fan AS f LIMIT 1;
SELECT octet_length(mlpg.fit('linear', y, ARRAY[x], '{"intervals":true}')::bytea) - octet_length(mlpg.fit('linear', y, ARRAY[x])::bytea) BETWEEN 16 AND 32 AS three_numbers_more FROM fan;

-- all forms agree to the bit
CREATE TABLE model_value AS SELECT mlpg.get_model('line') AS m;
SELECT count(DISTINCT answer::text) AS answers, count(answer) AS calls FROM (
	SELECT mlpg.predict_interval('line', f, 0.9) AS answer FROM fan AS f WHERE i = 5
	UNION ALL SELECT mlpg.predict_interval('line', to_jsonb(f), 0.9) FROM fan AS f WHERE i = 5
	UNION ALL SELECT mlpg.predict_interval('line', to_jsonb(f)::text, 0.9) FROM fan AS f WHERE i = 5
	UNION ALL SELECT mlpg.predict_interval(m, f, 0.9) FROM fan AS f, model_value WHERE i = 5
	UNION ALL SELECT mlpg.predict_interval(m, to_jsonb(f), 0.9) FROM fan AS f, model_value WHERE i = 5
	UNION ALL SELECT mlpg.predict_interval(m, to_jsonb(f)::text, 0.9) FROM fan AS f, model_value WHERE i = 5) AS s;
SELECT mlpg.predict_interval(m, '{2.5}'::float8[]) = mlpg.predict_interval(m, '{"x1":2.5}'::jsonb) AS arrays_agree
  FROM (SELECT mlpg.fit('linear', y, ARRAY[x], '{"intervals":true}') AS m FROM fan) AS f;
SELECT mlpg.predict_interval('line', '{2.5,1}'::float8[]);
SELECT * FROM mlpg.predict_interval('line', '{"x":1,"kind":null}', NULL);
SELECT * FROM mlpg.predict_interval('line', NULL::text);
SELECT mlpg.predict_interval('line', '{"x":null,"kind":null}') IS NULL AS null_for_a_row_without_values;
SELECT mlpg.predict_interval('line', '{"x":1,"kind":"new"}') IS NULL AS null_for_an_unseen_category;

-- the planner passes the columns that the model needs, in FROM as well
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict_interval('line', f, 0.9) FROM fan AS f;
EXPLAIN (VERBOSE, COSTS OFF) SELECT f.i, p.* FROM fan AS f, mlpg.predict_interval('line', f) AS p;
SELECT bool_and(p = q) AS rewritten_or_not FROM fan AS f, mlpg.predict_interval('line', f, 0.7) AS p, mlpg.predict_interval((SELECT 'line'), f, 0.7) AS q;

-- conformal: the share that is inside is the one that was asked for, on rows that are new
SELECT version FROM mlpg.train('calibrated', 'fan', 'y', 'boosted_trees', features => '{x,kind}', params => '{"calibration":0.3,"num_iterations":30}');
SELECT item, value FROM mlpg.summary('calibrated') WHERE item IN ('rows', 'calibration_rows');
CREATE TABLE other AS
SELECT i, x, 'b' AS kind, 3 + 2 * x + (1 + x) * ((i * 104729 % 10007) / 10007.0 - 0.5)::float8 AS y
  FROM (SELECT i, (i * 57 % 997) / 100.0::float8 AS x FROM generate_series(1, 3000) AS i) AS s;
SELECT c AS asked, round(avg((o.y BETWEEN p.lower AND p.upper)::int), 2) AS inside
  FROM unnest('{0.5,0.8,0.95}'::float8[]) AS c, other AS o, mlpg.predict_interval('calibrated', o, c) AS p GROUP BY c ORDER BY c;
-- the same rows in another order are the same rows
SELECT version FROM mlpg.train('calibrated', 'SELECT * FROM fan ORDER BY y', 'y', 'boosted_trees', features => '{x,kind}', params => '{"calibration":0.3,"num_iterations":30}');
SELECT count(DISTINCT sha256) AS bytes FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'calibrated';
-- with refit_all a share of all rows is apart
SELECT version FROM mlpg.train('refitted', 'fan', 'y', 'linear', features => '{x,kind}', params => '{"calibration":0.3,"refit_all":true}');
SELECT (SELECT value::int FROM mlpg.summary('refitted') WHERE item = 'rows') + (SELECT value::int FROM mlpg.summary('refitted') WHERE item = 'calibration_rows') AS rows;

-- quantile models: their levels; conformal on top of them
SELECT version FROM mlpg.train('levels', 'fan', 'y', 'quantile', features => '{x,kind}', quantiles => '{0.1,0.5,0.9}');
SELECT (p.lower, p.upper) = (q[1], q[2]) AS levels FROM fan AS f, mlpg.predict_interval('levels', f) AS p, mlpg.predict_quantiles('levels', f, '{0.1,0.9}') AS q LIMIT 1;
SELECT mlpg.predict_interval('levels', f, 0.9) FROM fan AS f;
SELECT version FROM mlpg.train('levels', 'fan', 'y', 'quantile', features => '{x,kind}', quantiles => '{0.1,0.5,0.9}', params => '{"calibration":0.3}');
SELECT c AS asked, round(avg((o.y BETWEEN p.lower AND p.upper)::int), 2) AS inside, avg(p.upper - p.lower) FILTER (WHERE x < 1) < avg(p.upper - p.lower) FILTER (WHERE x > 8) / 2 AS wide_where_errors_are
  FROM unnest('{0.5,0.8,0.95}'::float8[]) AS c, other AS o, mlpg.predict_interval('levels@2', o, c) AS p GROUP BY c ORDER BY c;

-- a model a group: a small one has no bounds, and says why, once
SELECT g, p.yhat IS NOT NULL AS yhat, p.lower IS NOT NULL AS bounds
  FROM (SELECT least(i / 30, 9) AS g, mlpg.fit('linear', f.y, r, '{"calibration":0.5}') AS m FROM fan AS f, LATERAL (SELECT f.x) AS r WHERE i < 3000 AND (i < 10 OR i > 90) GROUP BY 1) AS s,
	   mlpg.predict_interval(m, '{"x":2}'::jsonb, 0.9) AS p WHERE g IN (0, 3, 9) ORDER BY g;
SELECT mlpg.predict_interval(mlpg.fit('linear', y, ARRAY[x], '{"intervals":true}'), '{1}'::float8[]) AS no_degree_of_freedom FROM fan WHERE i <= 2;

-- what is refused
SELECT mlpg.predict_interval(mlpg.fit('linear', y, ARRAY[x]), '{1}'::float8[]) FROM fan;
SELECT mlpg.predict_interval(mlpg.fit('linear', y, ARRAY[x], '{"l2":0.1,"intervals":true}'), '{1}'::float8[]) FROM fan;
SELECT mlpg.predict_interval(mlpg.fit('boosted_trees', y, ARRAY[x], '{"num_iterations":2}'), '{1}'::float8[]) FROM fan;
SELECT mlpg.predict_interval(mlpg.fit('quantile', y, ARRAY[x]), '{1}'::float8[]) FROM fan;
SELECT mlpg.predict_interval('line', '{"x":1,"kind":"a"}', c) FROM unnest('{1}'::float8[]) AS c;
SELECT mlpg.predict_interval('line', '{"x":1,"kind":"a"}', 'nan');
SELECT mlpg.predict_interval(mlpg.fit('baseline', kind, ARRAY[x]), '{1}'::float8[]) FROM fan;
SELECT mlpg.fit('baseline', kind, ARRAY[x], '{"calibration":0.2}') FROM fan;
SELECT mlpg.fit('linear', y, ARRAY[x], '{"calibration":1}') FROM fan;
SELECT mlpg.fit('linear', y, ARRAY[x], '{"calibration":"x1"}') FROM fan;
\set VERBOSITY terse
SELECT mlpg.fit('linear', y, ARRAY[x], '{"calibraton":0.2}') FROM fan;
\set VERBOSITY default
SELECT mlpg.predict_interval_columns('line', 0.9, NULL, 1);

-- standard errors of quantile regression: none unless asked for, one each level
SELECT term, std_error IS NULL AS no_error FROM mlpg.coefficients('levels@1') LIMIT 2;
SELECT term, std_error > 0 AS error, p_value BETWEEN 0 AND 1 AS p FROM (SELECT mlpg.fit('quantile', y, ARRAY[x], '{"quantile":[0.2,0.8],"std_errors":"nid"}') AS m FROM fan) AS q, mlpg.coefficients(q.m);
SELECT k, max(c.std_error) BETWEEN 0.005 AND 0.05 AS plausible
  FROM unnest('{iid,nid,bootstrap}'::text[]) AS k, LATERAL (SELECT mlpg.fit('quantile', y, ARRAY[x], jsonb_build_object('std_errors', k, 'bootstrap_samples', 50)) AS m FROM fan) AS q, mlpg.coefficients(q.m) AS c
 WHERE c.term = 'x1' GROUP BY k ORDER BY k;
SELECT mlpg.fit('quantile', y, ARRAY[x], '{"std_errors":"robust"}') FROM fan;

-- every learner of regressions can be calibrated; steps of preprocessing, offsets, hashed categories and texts go their way
CREATE TABLE words AS SELECT f.*, 1 + i % 3 AS days, (ARRAY['red fox', 'blue sea', 'old oak'])[1 + i % 3] AS title FROM fan AS f;
SELECT count(*) > 5 AS learners, bool_and(p.lower < p.upper) AS bounds
  FROM mlpg.learners() AS l, LATERAL (SELECT mlpg.fit(l.name, w.y + 20, r, '{"calibration":0.3}') AS m FROM words AS w, LATERAL (SELECT w.x, w.kind) AS r) AS s,
	   mlpg.predict_interval(m, '{"x":2,"kind":"a"}'::jsonb, 0.9) AS p WHERE 'regression' = ANY (l.tasks);
SELECT k, round(avg((o.y + (o.i % 3) BETWEEN p.lower AND p.upper)::int), 2) AS inside
  FROM (VALUES ('spline', '{"calibration":0.4,"preprocess":{"spline":{"x":4}}}'), ('hash', '{"calibration":0.4,"preprocess":{"hash":{"kind":16}}}'),
		('cross', '{"calibration":0.4,"preprocess":{"bucketize":{"x":10},"cross":[["x","kind"]]}}')) AS v(k, params),
	   LATERAL (SELECT mlpg.fit('linear', f.y + f.i % 3, r, params::jsonb) AS m FROM fan AS f, LATERAL (SELECT f.x, f.kind) AS r) AS s, other AS o, mlpg.predict_interval(m, o, 0.9) AS p GROUP BY k ORDER BY k;
SELECT round(avg((p.lower <= w.y + 20 AND w.y + 20 <= p.upper)::int), 1) AS inside
  FROM (SELECT mlpg.fit('glm', w.y + 20, r, '{"calibration":0.4,"offset":"days"}') AS m FROM words AS w, LATERAL (SELECT w.x, w.days) AS r) AS s, words AS w, mlpg.predict_interval(m, w, 0.9) AS p;
SET client_min_messages = error;
SELECT round(avg((p.lower <= w.y AND w.y <= p.upper)::int), 1) AS inside
  FROM (SELECT mlpg.fit('expectile', w.y, r, '{"calibration":0.4,"preprocess":{"ngrams":{"title":{"chars":[2,3]}}}}') AS m FROM words AS w, LATERAL (SELECT w.x, w.title) AS r) AS s, words AS w, mlpg.predict_interval(m, w, 0.9) AS p;
