-- Learner elastic_net as SQL sees it: paths, cross-validation, families, offset, what it refuses.
\set ECHO none
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
CREATE SCHEMA elastic_test;
SET search_path = elastic_test;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
-- 600 rows: four numbers that matter, a text, and six numbers that do not
CREATE TABLE homes AS
SELECT i, (i * 7919 % 101) / 10.0 AS area, (i * 104729 % 53) / 5.0 AS age, 'town ' || i % 5 AS town, CASE WHEN i % 9 > 0 THEN i % 4 END AS rooms,
	   sin(i * 1.7) AS n1, sin(i * 2.3) AS n2, cos(i * 3.1) AS n3, cos(i * 0.7) AS n4, sin(i * 5.9) AS n5, cos(i * 4.3) AS n6,
	   50 + 3 * (i * 7919 % 101) / 10.0 - (i * 104729 % 53) / 5.0 + i % 5 * 4 + 2 * coalesce(i % 4, 2) + 6 * sin(i * 12.9898) AS price,
	   1 + i % 3 AS w, ln(1 + i % 8) AS exposure, (1 + i % 8) * (i * 7919 % 101) / 40 AS visits
  FROM generate_series(1, 600) AS i;
\set ECHO queries
-- lambda by cross-validation: the terms that matter, and few others
SELECT n_rows, skill > 0.6 AS good FROM mlpg.train('homes', 'SELECT area, age, town, rooms, n1, n2, n3, n4, n5, n6, price FROM homes', 'price', 'elastic_net', params => '{"lambda":"1se"}');
SELECT item, CASE WHEN value ~ '^[0-9]+\.' THEN 'a number' ELSE value END FROM mlpg.summary('homes') WHERE item IN ('algorithm', 'family', 'lambda', 'lambda_min', 'lambda_1se', 'cv_mean', 'cv_stddev', 'deviance_explained', 'folds', 'link', 'warning') ORDER BY item COLLATE "C";
SELECT term, estimate > 0 AS positive, std_error FROM mlpg.coefficients('homes') WHERE estimate <> 0 AND term <> '(intercept)' ORDER BY abs(estimate) DESC LIMIT 3;
-- the path: by name and by value, one row a step and term
SELECT count(DISTINCT step) AS steps, count(*) FILTER (WHERE chosen AND term = '(intercept)') AS chosen, min(n_nonzero), bool_and(lambda > 0), bool_and((n_nonzero = 0) = (l1_norm = 0)) FROM mlpg.path('homes');
WITH by_name AS (SELECT * FROM mlpg.path('homes')), by_value AS (SELECT * FROM mlpg.path(mlpg.get_model('homes')))
SELECT count(*) AS differ FROM ((TABLE by_name EXCEPT TABLE by_value) UNION ALL (TABLE by_value EXCEPT TABLE by_name)) AS d;
WITH p AS (SELECT DISTINCT step, lambda, deviance_explained, cv_mean, cv_stddev, n_nonzero, chosen FROM mlpg.path('homes'))
SELECT bool_and(lambda < before OR before IS NULL) AS lambda_falls, bool_and(deviance_explained >= explained - 1e-9 OR explained IS NULL) AS explains_more, bool_and(cv_mean > 0 AND cv_stddev > 0) AS validated,
	   count(*) FILTER (WHERE chosen AND cv_mean <= (SELECT cv_mean + cv_stddev FROM p ORDER BY cv_mean LIMIT 1)) AS within_an_error
  FROM (SELECT *, lag(lambda) OVER s AS before, lag(deviance_explained) OVER s AS explained FROM p WINDOW s AS (ORDER BY step)) AS q;
SELECT sum(abs(p.estimate - c.estimate)) AS chosen_is_the_model, count(*) > 3 AS some FROM mlpg.path('homes') AS p JOIN mlpg.coefficients('homes') AS c USING (term) WHERE chosen;
-- a number as lambda: one step, nothing to validate; all of the penalty leaves the mean
SELECT step, lambda, chosen, n_nonzero > 0, cv_mean, term FROM mlpg.path((SELECT mlpg.fit('elastic_net', price, h, '{"lambda":0.5,"exclude":["price","i"]}') FROM homes AS h)) WHERE term = '(intercept)';
SELECT round((estimate - (SELECT avg(price) FROM homes))::numeric, 9) AS off, n_nonzero FROM mlpg.path((SELECT mlpg.fit('elastic_net', price, h, '{"lambda":1e9,"features":["area","age"]}') FROM homes AS h));
-- no folds: the path alone, whose last step is the model
SELECT count(*) FILTER (WHERE chosen) AS chosen, bool_and(chosen = (step = last)) AS last, count(cv_mean) AS validated FROM (SELECT *, max(step) OVER () AS last FROM mlpg.path((SELECT mlpg.fit('elastic_net', price, h, '{"folds":0,"exclude":["price","i"]}') FROM homes AS h)) WHERE term = '(intercept)') AS p;
-- ridge with a number as lambda is linear's l2; without any penalty it is least squares
SELECT max(abs(e.estimate - l.estimate)) < 1e-6 AS ridge FROM mlpg.coefficients((SELECT mlpg.fit('elastic_net', price, h, '{"lambda":0.3,"l1_ratio":0,"tolerance":1e-20,"features":["area","age","town","n1"]}') FROM homes AS h)) AS e
  JOIN mlpg.coefficients((SELECT mlpg.fit('linear', price, h, '{"l2":0.3,"features":["area","age","town","n1"]}') FROM homes AS h)) AS l USING (term);
SELECT max(abs(e.estimate - l.estimate)) < 1e-6 AS least_squares FROM mlpg.coefficients((SELECT mlpg.fit('elastic_net', price, h, '{"lambda":0,"tolerance":1e-20,"features":["area","age","n1"],"weight":"w"}') FROM homes AS h)) AS e
  JOIN mlpg.coefficients((SELECT mlpg.fit('linear', price, h, '{"features":["area","age","n1"],"weight":"w"}') FROM homes AS h)) AS l USING (term);
-- classes: binomial by itself
SELECT n_rows FROM mlpg.train('dear', 'SELECT area, age, town, n1, n2, price > 70 AS dear FROM homes', 'dear', 'elastic_net', params => '{"l1_ratio":0.5,"folds":5}');
SELECT value FROM mlpg.summary('dear') WHERE item = 'family';
SELECT bool_and(mlpg.predict('dear', h) BETWEEN 0 AND 1) AS probabilities, avg((mlpg.predict_class('dear', h)::boolean = (price > 70))::int) > 0.85 AS accurate FROM homes AS h;
-- why: contributions add up to the raw score
SELECT abs(sum(contribution) - ln(min(p) / (1 - min(p)))) < 1e-9 AS adds_up, count(*) FROM (SELECT * FROM homes WHERE i = 7) AS h, LATERAL mlpg.explain('dear', h), LATERAL (SELECT mlpg.predict('dear', h) AS p) AS q;
-- counts with an exposure, which predict demands too
CREATE TABLE counted AS SELECT mlpg.fit('elastic_net', visits, h, '{"family":"poisson","offset":"exposure","features":["area","age","n1","n2"]}') AS model FROM homes AS h;
SELECT abs(sum(mlpg.predict(model, h)) / sum(visits) - 1) < 0.001 AS calibrated, corr(mlpg.predict(model, h), visits) > 0.9 AS follows FROM homes AS h, counted;
SELECT raises('SELECT mlpg.predict(model, ''{"area":1,"age":2,"n1":0,"n2":0}''::jsonb) FROM counted');
-- groups, arrays, retraining all rows with the lambda found
SELECT town, count(*) FROM (SELECT town, mlpg.fit('elastic_net', price, x, '{"folds":3,"n_lambda":20}') AS model FROM homes, LATERAL (SELECT area, age, rooms) AS x GROUP BY town) AS g, LATERAL mlpg.coefficients(model) WHERE estimate IS NOT NULL GROUP BY town ORDER BY town;
SELECT string_agg(term, ' ' ORDER BY term) FROM mlpg.coefficients((SELECT mlpg.fit('elastic_net', price, ARRAY[area, age], '{"lambda":0.1}') FROM homes)) WHERE estimate <> 0;
SELECT n_rows FROM mlpg.train('all', 'SELECT area, age, n1, price FROM homes', 'price', 'elastic_net', params => '{"refit_all":true}');
SELECT count(DISTINCT step) AS steps FROM mlpg.path('all');
-- the same bytes, whatever the number of threads
SET mlpg.max_threads = 1;
CREATE TABLE one AS SELECT mlpg.fit('elastic_net', price, h, '{"exclude":["price","i"],"folds":3}')::text AS model FROM homes AS h;
SET mlpg.max_threads = 3;
SELECT (SELECT mlpg.fit('elastic_net', price, h, '{"exclude":["price","i"],"folds":3}')::text FROM homes AS h) = (SELECT model FROM one) AS same;
RESET mlpg.max_threads;
-- what is refused
SELECT raises('SELECT count(*) FROM mlpg.path((SELECT mlpg.fit(''linear'', price, ARRAY[area]) FROM homes))'), raises('SELECT mlpg.path(''hommes'')');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price, ARRAY[area], ''{"lambda":"best"}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price, ARRAY[area], ''{"lambda":-1}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price, ARRAY[area], ''{"l1_ratio":2}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price, ARRAY[area], ''{"family":"binomial"}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', town, ARRAY[area]) FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price > 70, ARRAY[area], ''{"family":"poisson"}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price - 80, ARRAY[area], ''{"family":"poisson"}'') FROM homes');
SELECT raises('SELECT mlpg.fit(''elastic_net'', price, h, ''{"features":["area"],"weight":"zero"}'') FROM (SELECT *, 0 AS zero FROM homes) AS h');
DROP SCHEMA elastic_test CASCADE;
