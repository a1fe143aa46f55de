-- Learner logistic in SQL: tasks, the coefficients of two and more classes, explanations, warnings, options.
CREATE SCHEMA logistic_test;
SET search_path = logistic_test, public;
\pset format unaligned
\pset tuples_only on
CREATE TABLE t AS
SELECT i, (i * 7919 % 1009) / 100.0::float8 AS a, CASE WHEN i % 10 > 0 THEN sqrt(i) END AS b, 'c' || i % 4 AS c, (i % 3)::float8 AS w,
	   (i * 7919 % 1009) / 100.0 + i % 4 + (i * 31 % 101) / 10.0 > 11 AS yes, ((i * 7919 % 1009) / 100.0 + i % 4 + (i * 31 % 101) / 10.0 > 11)::int AS zero_one,
	   (ARRAY['low', 'middle', 'high'])[width_bucket((i * 7919 % 1009) / 100.0 + (i * 31 % 101) / 10.0, 7, 13, 1) + 1] AS class
  FROM generate_series(1, 400) AS i;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises

-- the table a statistician expects; with more classes one equation for each but the reference
CREATE TABLE m AS SELECT mlpg.fit('logistic', yes, x, '{"l2":0}') AS two, mlpg.fit('logistic', class, x, '{"l2":0}') AS three, mlpg.fit('logistic', class, x) AS ridge
  FROM t, LATERAL (SELECT t.a, t.b, t.c) AS x;
SELECT term, round(estimate::numeric, 4), round(std_error::numeric, 4), round(statistic::numeric, 3), round(p_value::numeric, 5) FROM m, mlpg.coefficients(two);
SELECT term, round(estimate::numeric, 4), round(std_error::numeric, 4) FROM m, mlpg.coefficients(three);
SELECT count(*), count(std_error), count(DISTINCT split_part(term, ' -> ', 2)) FROM m, mlpg.coefficients(ridge);
SELECT item, CASE WHEN item ~ 'deviance|aic|log_l' THEN round(value::numeric, 6)::text ELSE value END FROM m, mlpg.summary(two)
 WHERE item IN ('task', 'classes', 'positive_class', 'unseen_categories', 'param l1', 'l2', 'solver', 'log_likelihood', 'deviance', 'null_deviance', 'aic', 'warning');
SELECT item, value FROM m, mlpg.summary(ridge) WHERE item IN ('l2', 'reference_class', 'unseen_categories', 'aic', 'warning');
SELECT item, value FROM m, mlpg.summary(three) WHERE item IN ('reference_class', 'unseen_categories');

-- a number is classes as well: this learner has no other task
SELECT mlpg.predict(two, t) = mlpg.predict(of_numbers, t) FROM m, t, (SELECT mlpg.fit('logistic', zero_one, x, '{"l2":0}') AS of_numbers FROM t, LATERAL (SELECT t.a, t.b, t.c) AS x) AS n WHERE i = 7;
SELECT raises($$SELECT mlpg.fit('logistic', yes, t, '{"task":"regression"}') FROM t$$);
SELECT raises($$SELECT mlpg.predict(three, t) FROM m, t$$);

-- explanations add up to the score: the log-odds, or that of a class before softmax
SELECT feature, round(contribution::numeric, 4) FROM m, t, LATERAL mlpg.explain(two, t) WHERE i = 7;
SELECT bool_and(abs(1 / (1 + exp(-s)) - p) < 1e-12) FROM (SELECT i, mlpg.predict(two, t) AS p, (SELECT sum(contribution) FROM mlpg.explain(two, t)) AS s FROM m, t) AS q;
SELECT bool_and(abs(exp(high - low) / (mlpg.predict_proba(ridge, r, 'high') / mlpg.predict_proba(ridge, r, 'low')) - 1) < 1e-12)
  FROM m, (SELECT t AS r, t.* FROM t) AS q, LATERAL (SELECT (SELECT sum(contribution) FROM mlpg.explain(ridge, r, 'high')) AS high, (SELECT sum(contribution) FROM mlpg.explain(ridge, r, 'low')) AS low) AS e;
SELECT count(*) FROM m, mlpg.explain(two, '{"a":1,"b":2,"c":"new"}'::jsonb);
SELECT count(*) FROM m, mlpg.explain(two, '{"a":1,"b":2,"c":"c1"}'::jsonb);

-- what goes wrong is said
SELECT mlpg.fit('logistic', t.a > 5, x, '{"l2":0}') IS NULL FROM t, LATERAL (SELECT t.a) AS x;
SELECT mlpg.fit('logistic', yes, x, '{"max_iterations":1}') IS NULL FROM t, LATERAL (SELECT t.a, t.b) AS x;
SELECT mlpg.fit('logistic', yes, x, '{"l2":0}') IS NULL FROM t, LATERAL (SELECT t.a, 2 * t.a + 1 AS a2) AS x;
SELECT raises($$SELECT mlpg.fit('logistic', true, t) FROM t$$);
SELECT raises($$SELECT mlpg.fit('logistic', yes, t, '{"class_weight":[1,2,3]}') FROM t$$);
SELECT raises($$SELECT mlpg.fit('logistic', yes, t, '{"weight":"v"}') FROM (SELECT a, yes, (NOT yes)::int AS v FROM t) AS t$$);

-- weights, class weights, L1
SELECT abs(mlpg.predict(balanced, '{5}'::float8[]) - mlpg.predict(by_hand, '{5}'::float8[])) < 1e-12
  FROM (SELECT mlpg.fit('logistic', yes, ARRAY[a], '{"class_weight":"balanced"}') AS balanced,
			mlpg.fit('logistic', yes, ARRAY[a], (SELECT format('{"class_weight":[%s,%s]}', 200.0 / count(*) FILTER (WHERE NOT yes), 200.0 / count(*) FILTER (WHERE yes))::jsonb FROM t)) AS by_hand FROM t) AS q;
SELECT count(*), count(*) FILTER (WHERE estimate = 0) FROM mlpg.coefficients((SELECT mlpg.fit('logistic', yes, x, '{"l1":0.05,"weight":"w"}') FROM t, LATERAL (SELECT t.a, t.b, t.c, t.w) AS x)) AS c;
-- train: judged like any classifier
SELECT metric, baseline, value < baseline_value FROM mlpg.train('logistic_regress', 'SELECT a, b, c, yes FROM logistic_test.t', 'yes', 'logistic');
SELECT item, value FROM mlpg.summary('logistic_regress') WHERE item = 'algorithm';
SELECT mlpg.drop_model('logistic_regress') IS NOT NULL;

-- expectile: levels as those of quantiles, judged as a mean
CREATE TABLE e AS SELECT mlpg.fit('expectile', t.a + i % 4 + i * 31 % 101 / 10.0, x, '{"expectile":[0.9,0.1]}') AS m FROM t, LATERAL (SELECT t.a, t.c) AS x;
SELECT term, round(estimate::numeric, 4), round(std_error::numeric, 4) FROM e, mlpg.coefficients(m);
SELECT item, value FROM e, mlpg.summary(m) WHERE item IN ('levels', 'quantiles', 'warning', 'param expectile');
SELECT bool_and(mlpg.predict(m, t) = mlpg.predict_quantile(m, t, 0.9) AND mlpg.predict_quantile(m, t, 0.1) < mlpg.predict(m, t)) FROM e, t;
SELECT raises($$SELECT mlpg.predict_quantile(m, t, 0.95) FROM e, t$$);
SELECT raises($$SELECT mlpg.fit('expectile', a, t, '{"quantiles":[0.5]}') FROM t$$);
SELECT raises($$SELECT mlpg.fit('expectile', yes, t) FROM t$$);
SELECT metric, baseline FROM mlpg.train('expectile_regress', 'SELECT a, b, c, a + i * 31 % 101 / 10.0 AS y FROM logistic_test.t', 'y', 'expectile', params => '{"expectile":0.8}');
SELECT mlpg.drop_model('expectile_regress') IS NOT NULL;
SET client_min_messages = error;
DROP SCHEMA logistic_test CASCADE;
