-- Generalised linear models: what statisticians read, offsets in every form of
-- a row, robust errors, and fits that have no answer.
\set SHOW_CONTEXT never
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE TABLE claims AS
SELECT i AS id, (i % 4)::text AS district, (20 + i * 7919 % 47)::float8 AS age, CASE WHEN i % 9 <> 0 THEN i * 104729 % 13 END AS cars,
       ln(10.0 + i % 50)::float8 AS exposure, 1.0 + i % 3 AS weight,
       floor((10.0 + i % 50) * exp(-1.5 + 0.02 * (i * 7919 % 47) - 0.1 * (i % 4)) + (i * 7907 % 1009) / 400.0)::int AS n,
       (i * 7919 % 47) + (i * 7907 % 1009) / 20.0 > 50 AS late
  FROM generate_series(1, 400) AS i;

-- The table that statisticians expect.
SELECT term, round(estimate::numeric, 6) AS estimate, round(std_error::numeric, 6) AS std_error, round(statistic::numeric, 4) AS z, p_value < 1e-4 AS small
  FROM mlpg.coefficients((SELECT mlpg.fit('glm', n, c, '{"family":"poisson","offset":"exposure","features":["district","age","cars"]}') FROM claims AS c));
SELECT item, CASE WHEN value ~ '^[0-9.e-]+$' THEN round(value::numeric, 4)::text ELSE value END AS value
  FROM mlpg.summary((SELECT mlpg.fit('glm', n * (1 + id % 3), c, '{"family":"negative_binomial","offset":"exposure","features":["district","age","cars"]}') FROM claims AS c))
 WHERE item NOT LIKE 'param%' AND item NOT IN ('bytes', 'text_encoding');

-- An offset is added to every prediction and demanded by name, in every form of a row.
SET client_min_messages = warning;
SELECT version, metric FROM mlpg.train('claims', 'claims', 'n', 'glm', features => '{district,age,cars}', params => '{"family":"poisson","offset":"exposure"}');
RESET client_min_messages;
SELECT value FROM mlpg.summary('claims') WHERE item = 'offset';
SELECT count(*) AS rows, count(*) FILTER (WHERE by_json = by_row AND by_text = by_row AND by_parts = by_row) AS same
  FROM (SELECT mlpg.predict('claims', c) AS by_row, mlpg.predict('claims', to_jsonb(c)) AS by_json, mlpg.predict('claims', to_jsonb(c)::text) AS by_text,
               mlpg.predict('claims', (SELECT r FROM (SELECT c.cars, c.exposure, c.district, c.age) AS r)) AS by_parts FROM claims AS c) AS p;
SELECT round((mlpg.predict('claims', '{"district":"1","age":30,"cars":2,"exposure":3}') / mlpg.predict('claims', '{"district":"1","age":30,"cars":2,"exposure":1}'))::numeric, 12) = round(exp(2)::numeric, 12) AS factor,
       mlpg.predict('claims', '{"district":"1","age":30,"cars":2,"exposure":null}') AS unknown;
SELECT raises($$SELECT mlpg.predict('claims', '{"district":"1","age":30,"cars":2}'::jsonb)$$);
SELECT raises($$SELECT mlpg.predict('claims', c) FROM (SELECT district, age, cars FROM claims) AS c$$);
SELECT raises($$SELECT mlpg.predict('claims', '{"district":"1","age":30,"cars":2,"exposure":"much"}'::jsonb)$$);
CALL mlpg.predict_batch('claims', 'claims', 'predicted', '{id}');
SELECT count(*) AS rows, count(*) FILTER (WHERE p.prediction = mlpg.predict('claims', c)) AS same FROM predicted AS p JOIN claims AS c USING (id);
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('claims', c) FROM claims AS c;
-- an array has it as an element, first, in between or last
SELECT place, round((mlpg.predict(m, high) / mlpg.predict(m, low))::numeric, 9) = round(exp(1)::numeric, 9) AS factor, round(mlpg.predict(m, low)::numeric, 6) AS prediction
  FROM (SELECT 1 AS place, mlpg.fit('glm', n, ARRAY[exposure, age, cars], '{"family":"poisson","offset":"x1"}') AS m, '{3,40,2}'::float8[] AS high, '{2,40,2}'::float8[] AS low FROM claims
        UNION ALL SELECT 2, mlpg.fit('glm', n, ARRAY[age, exposure, cars], '{"family":"poisson","offset":"x2"}'), '{40,3,2}', '{40,2,2}' FROM claims
        UNION ALL SELECT 3, mlpg.fit('glm', n, ARRAY[age, cars, exposure], '{"family":"poisson","offset":"x3"}'), '{40,2,3}', '{40,2,2}' FROM claims) AS a ORDER BY place;
SELECT raises($$SELECT mlpg.predict(m, '{40,2}'::float8[]) FROM (SELECT mlpg.fit('glm', n, ARRAY[age, cars, exposure], '{"family":"poisson","offset":"x3"}') AS m FROM claims) AS a$$);
-- a model of nothing but an offset
SELECT round(mlpg.predict(m, '{"exposure":1}')::numeric, 9) = round((exp(1) * mlpg.predict(m, '{"exposure":0}'))::numeric, 9) AS factor
  FROM (SELECT mlpg.fit('glm', n, x, '{"family":"poisson","offset":"exposure"}') AS m FROM claims, LATERAL (SELECT exposure) AS x) AS a;
SELECT raises($$SELECT mlpg.fit('linear', n, c, '{"offset":"exposure"}') FROM claims AS c$$);
SELECT raises($$SELECT mlpg.fit('glm', n, c, '{"family":"poisson","offset":"exposures"}') FROM claims AS c$$);
SELECT raises($$SELECT mlpg.fit('glm', n, c, '{"family":"poisson","offset":"cars"}') FROM claims AS c$$);

-- Two classes are the binomial family; a probability is a share of trials as well.
SELECT round(mlpg.predict(m, '{"age":60}')::numeric, 6) AS probability, mlpg.predict_class(m, '{"age":60}') AS class, round(mlpg.predict_proba(m, '{"age":60}', 'false')::numeric, 6) AS otherwise
  FROM (SELECT mlpg.fit('glm', late, c, '{"features":["age"],"link":"probit"}') AS m FROM claims AS c) AS a;
SELECT count(*) AS terms, bool_and(abs(s.estimate - r.estimate) < 1e-9) AS same_estimates, bool_and(abs(s.std_error - r.std_error) < 1e-9) AS same_errors
  FROM mlpg.coefficients((SELECT mlpg.fit('glm', share, x, '{"family":"binomial","weight":"trials"}')
                            FROM (SELECT district, avg(late::int)::float8 AS share, count(*)::float8 AS trials FROM claims GROUP BY district) AS g, LATERAL (SELECT district, trials) AS x)) AS s
  JOIN mlpg.coefficients((SELECT mlpg.fit('glm', late, c, '{"features":["district"]}') FROM claims AS c)) AS r USING (term) WHERE s.estimate <> 0;
SELECT raises($$SELECT mlpg.fit('glm', district, c, '{"features":["age"]}') FROM claims AS c$$);
SELECT raises($$SELECT mlpg.fit('glm', late, c, '{"features":["age"],"family":"poisson"}') FROM claims AS c$$);

-- Errors that hold for any variances, of linear too, whose coefficients stay.
SELECT k.kind, round(g.std_error::numeric, 8) AS glm, round(l.std_error::numeric, 8) AS linear, l.estimate = p.estimate AS same
  FROM (VALUES ('HC0'), ('HC1'), ('HC2'), ('HC3')) AS k(kind),
       LATERAL mlpg.coefficients((SELECT mlpg.fit('glm', n, c, ('{"family":"gaussian","features":["age","cars"],"robust":"' || kind || '"}')::jsonb) FROM claims AS c)) AS g,
       LATERAL mlpg.coefficients((SELECT mlpg.fit('linear', n, c, ('{"features":["age","cars"],"robust":"' || kind || '"}')::jsonb) FROM claims AS c)) AS l,
       mlpg.coefficients((SELECT mlpg.fit('linear', n, c, '{"features":["age","cars"]}') FROM claims AS c)) AS p
 WHERE g.term = 'age' AND l.term = 'age' AND p.term = 'age' ORDER BY 1;
SELECT raises($$SELECT mlpg.fit('linear', n, c, '{"robust":"HC9"}') FROM claims AS c$$);

-- No likeliest answer, or none at all.
SELECT term, abs(estimate) < 1e4 AS finite, std_error FROM mlpg.coefficients((SELECT mlpg.fit('glm', i > 10, r) FROM generate_series(1, 20) AS i, LATERAL (SELECT i AS x) AS r));
SELECT term, std_error IS NOT NULL AS has_error FROM mlpg.coefficients((SELECT mlpg.fit('glm', n, x, '{"family":"poisson"}') FROM claims, LATERAL (SELECT age, 2 * age AS twice) AS x));
SELECT raises(format('SELECT mlpg.fit(''glm'', %s, c, %L) FROM claims AS c', target, params))
  FROM (VALUES ('n - 50', '{"family":"poisson","features":["age"]}'), ('n * 0', '{"family":"poisson","features":["age"]}'), ('n % 2', '{"family":"gamma","features":["age"]}'),
               ('n', '{"family":"binomial","features":["age"]}'), ('n', '{"family":"poisson","link":"logit","features":["age"]}'), ('n', '{"family":"tweedie","power":2.5,"features":["age"]}'),
               ('n', '{"family":"poison","features":["age"]}')) AS v(target, params);
-- What is of another family, and targets whose variance is out of range.
SELECT raises(format('SELECT mlpg.fit(''glm'', %s, c, %L) FROM claims AS c', target, params))
  FROM (VALUES ('n', '{"theta":3,"features":["age"]}'), ('n', '{"family":"poisson","power":1.2,"features":["age"]}'), ('1e200 * (1 + n)', '{"features":["age"]}'),
               ('1e-200 * (1 + n)', '{"family":"gamma","link":"log","features":["age"]}')) AS v(target, params);
SELECT raises('SELECT mlpg.fit(''glm'', n, c, ''{"family":"tweedie","power":1.2,"features":["age"]}'') IS NOT NULL FROM claims AS c');
-- Weights may have any unit: robust errors, and those of expectiles, do not change with it.
SELECT v.learner, v.params, count(*) AS scales, max(abs(c.std_error / b.std_error - 1)) < 1e-12 AS same
  FROM (VALUES ('linear', '{"robust":"HC3"}'), ('glm', '{"robust":"HC2"}'), ('glm', '{"family":"poisson","robust":"HC0"}'), ('expectile', '{"expectile":0.8}')) AS v(learner, params),
       unnest('{1e300,1e160,1e-170,1e-300}'::float8[]) AS scale,
       LATERAL mlpg.coefficients((SELECT mlpg.fit(v.learner, n, x, v.params::jsonb || '{"weight":"w"}') FROM claims, LATERAL (SELECT age, scale * weight AS w) AS x)) AS c,
       LATERAL mlpg.coefficients((SELECT mlpg.fit(v.learner, n, x, v.params::jsonb || '{"weight":"w"}') FROM claims, LATERAL (SELECT age, weight AS w) AS x)) AS b
 WHERE c.term LIKE 'age%' AND b.term = c.term GROUP BY 1, 2 ORDER BY 1, 2;
-- trials without number: shares of 0 and 1 are a start all the same
SELECT abs(b.estimate - s.estimate) < 1e-9 AS same
  FROM mlpg.coefficients((SELECT mlpg.fit('glm', late, x, '{"weight":"w"}') FROM claims, LATERAL (SELECT age, 1e20::float8 AS w) AS x)) AS b
  JOIN mlpg.coefficients((SELECT mlpg.fit('glm', late, x) FROM claims, LATERAL (SELECT age) AS x)) AS s USING (term) WHERE term = 'age';
DROP TABLE claims, predicted;
