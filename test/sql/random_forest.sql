-- Learner random_forest as SQL sees it: what it trains on, what it answers, what it refuses.
\set ECHO none
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
CREATE SCHEMA forest_test;
SET search_path = forest_test;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
\set sales :source '/helpers/sales.sql'
\i :sales
\set ECHO queries
-- everything is read as it is; the out-of-bag error is a fact, and a curve by number of trees
SELECT n_rows, skill > 0.6 AS good FROM mlpg.train('t', 'SELECT day, shop, item, promo, price, more, sold FROM sales', 'sold', 'random_forest', params => '{"num_iterations":50}');
SELECT item, CASE WHEN item LIKE 'oob%' THEN (value::float8 BETWEEN 1 AND 4)::text ELSE value END FROM mlpg.summary('t') WHERE item IN ('algorithm', 'features', 'categories', 'unseen_categories', 'trees', 'min_data_in_leaf', 'oob_rmse', 'rows') ORDER BY item COLLATE "C";
SELECT metric, min(step), max(step), count(*), (array_agg(value ORDER BY step))[50] < 0.8 * (array_agg(value ORDER BY step))[1] AS falls FROM mlpg.run_metrics JOIN mlpg.runs USING (run_id) JOIN mlpg.models USING (model_id) WHERE model = 't' AND metric LIKE 'oob%' GROUP BY metric ORDER BY metric;
-- unseen categories and NULLs have an answer; a row without any value has none, whatever the learner
SELECT count(mlpg.predict('t', x)) FROM (SELECT day, 'new shop' AS shop, item, promo, price, more FROM sales) AS x;
SELECT mlpg.predict('t', x) IS NULL AS no_value, mlpg.predict('t', y) IS NOT NULL AS one_value FROM (SELECT NULL::date AS day, NULL AS shop, NULL AS item, NULL::boolean AS promo, NULL::float8 AS price, NULL::float8[] AS more) AS x, (SELECT NULL::date AS day, NULL AS shop, NULL AS item, true AS promo, NULL::float8 AS price, NULL::float8[] AS more) AS y;
SELECT bool_and(mlpg.predict('t', s) = mlpg.predict('t', to_jsonb(s)) AND mlpg.predict('t', s) = mlpg.predict(m.model, s)) FROM sales AS s, (SELECT mlpg.get_model('t') AS model) AS m WHERE i <= 100;
-- the same bytes in any order, with any number of threads, and in groups
CREATE VIEW fitted AS SELECT mlpg.fit('random_forest', sold, s, '{"num_iterations":10,"exclude":["sold","i"]}')::text AS model FROM sales AS s;
SELECT (SELECT mlpg.fit('random_forest', sold, s, '{"num_iterations":10,"exclude":["sold","i"]}' ORDER BY s.price, s.i DESC)::text FROM sales AS s) = (SELECT model FROM fitted) AS any_order;
SELECT count(*), bool_and(mlpg.predict(g.model, s) IS NOT NULL) FROM (SELECT shop, mlpg.fit('random_forest', sold, x, '{"num_iterations":5}') AS model FROM sales, LATERAL (SELECT item, price, promo) AS x GROUP BY shop) AS g JOIN sales AS s USING (shop) WHERE s.i <= 70;
-- costs choose the level, quantiles never cross
SELECT metric, skill > 0.4 AS good FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', 'random_forest', underage_cost => 3, overage_cost => 1);
SELECT value FROM mlpg.summary('c') WHERE item = 'quantiles';
SELECT metric FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', 'random_forest', quantiles => '{0.9,0.1,0.5}', params => '{"num_iterations":30}');
SELECT bool_and(q[1] <= q[2] AND q[2] <= q[3] AND q[3] <= q[4]) AS ordered, bool_and(mlpg.predict('c@2', s) = q[3]) AS main_is_median FROM sales AS s, LATERAL (SELECT mlpg.predict_quantiles('c@2', s, '{0.1,0.3,0.5,0.9}') AS q) AS x;
SELECT avg((sold <= q[1])::int) < 0.2 AS tenth, avg((sold <= q[2])::int) > 0.8 AS ninth FROM sales AS s, LATERAL (SELECT mlpg.predict_quantiles('c@2', s, '{0.1,0.9}') AS q) AS x;
SELECT n_rows FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', 'random_forest', loss => 'quantile', params => '{"num_iterations":5}');
SELECT value FROM mlpg.summary('c@3') WHERE item = 'quantiles';
-- classes: two, several; weights of rows and of classes; constraints
SELECT metric, skill > 0 AS good FROM mlpg.train('k', 'SELECT shop, item, price, sold, promo FROM sales', 'promo', 'random_forest', params => '{"class_weight":"balanced","min_data_in_leaf":3}');
SELECT metric, skill > 0.2 AS good FROM mlpg.train('k', 'SELECT item, price, sold, shop FROM sales', 'shop', 'random_forest', params => '{"num_iterations":30,"min_data_in_leaf":5}');
SELECT bool_and(abs(total - 1) < 1e-12) AS adds_up FROM (SELECT i, sum(mlpg.predict_proba('k@2', s, class)) AS total FROM sales AS s, generate_series(0, 6) AS n, LATERAL (SELECT 'shop ' || n AS class) AS c WHERE i <= 50 GROUP BY i) AS q;
SELECT count(*) FROM mlpg.summary('k@2') WHERE item IN ('oob_log_loss', 'oob_error');
SELECT n_rows FROM mlpg.train('w', 'SELECT shop, item, promo, price, w, sold FROM sales', 'sold', 'random_forest', weight_col => 'w', params => '{"num_iterations":20,"monotone_constraints":{"price":-1}}', holdout => 0);
SELECT bool_and(later <= now) AS never_rises FROM (SELECT mlpg.predict('w', x) AS now, lead(mlpg.predict('w', x)) OVER (PARTITION BY s.i ORDER BY p.price) AS later FROM (SELECT * FROM sales WHERE i <= 30) AS s, generate_series(40, 160, 5) AS p (price), LATERAL (SELECT s.shop, s.item, s.promo, p.price) AS x) AS q;
\echo what is refused
SELECT x, raises(format($q$SELECT mlpg.train('no', 'SELECT shop, item, promo, price, sold FROM forest_test.sales', 'sold', 'random_forest', params => %L)$q$, x)) FROM unnest(ARRAY[
	'{"learning_rate":0.1}', '{"num_leaves":1}', '{"min_data_in_leaf":0}', '{"bagging_fraction":0}', '{"class_weight":"balanced"}', '{"monotone_constraints":{"shop":1}}',
	'{"quantile":[0.5],"num_iterations":5000}', '{"num_iterations":100000,"min_data_in_leaf":1}', '{"validation":0.1}']) AS x;
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM forest_test.sales', 'sold', 'random_forest', loss => 'gamma')$q$);
SET mlpg.max_memory = '1MB';
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM forest_test.sales', 'sold', 'random_forest')$q$) ~ '^53400|^54000|^53200' AS refused_by_memory;
RESET mlpg.max_memory;
SELECT count(*) AS left_behind FROM mlpg.models WHERE model = 'no';
\set ECHO none
SELECT count(mlpg.drop_model(model, force => true)) > 0 FROM mlpg.models WHERE model ~ '^[tckw]$';
SET client_min_messages = error;
DROP SCHEMA forest_test CASCADE;
