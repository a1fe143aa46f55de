-- Learner boosted_trees as SQL sees it: what it trains on, what it answers, what it refuses.
\set ECHO none
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET TIME ZONE 'UTC';
CREATE SCHEMA trees_test;
SET search_path = trees_test;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
\set sales :source '/helpers/sales.sql'
\i :sales
\set ECHO queries
-- the default of train; everything is read as it is
SELECT n_rows, skill > 0.7 AS good FROM mlpg.train('t', 'SELECT day, shop, item, promo, price, more, sold FROM sales', 'sold');
SELECT item, value FROM mlpg.summary('t') WHERE item IN ('algorithm', 'features', 'dates', 'booleans', 'categories', 'unseen_categories', 'loss', 'iterations', 'trees', 'rows') ORDER BY item COLLATE "C";
-- unseen categories and NULLs have an answer; a row without any value has none, whatever the learner
SELECT count(mlpg.predict('t', x)) FROM (SELECT day, 'new shop' AS shop, item, promo, price, more FROM sales) AS x;
SELECT mlpg.predict('t', x) IS NULL AS no_value, mlpg.predict('t', y) IS NOT NULL AS one_value FROM (SELECT NULL::date AS day, NULL AS shop, NULL AS item, NULL::boolean AS promo, NULL::float8 AS price, NULL::float8[] AS more) AS x, (SELECT NULL::date AS day, NULL AS shop, NULL AS item, true AS promo, NULL::float8 AS price, NULL::float8[] AS more) AS y;
-- one row is one answer: by row, by JSON, by value
SELECT bool_and(mlpg.predict('t', s) = mlpg.predict('t', to_jsonb(s)) AND mlpg.predict('t', s) = mlpg.predict(m.model, s)) FROM sales AS s, (SELECT mlpg.get_model('t') AS model) AS m WHERE i <= 100;
-- the same bytes in any order, in parallel, and in groups
CREATE VIEW fitted AS SELECT mlpg.fit('boosted_trees', sold, s, '{"num_iterations":20,"exclude":["sold","i"]}')::text AS model FROM sales AS s;
SELECT (SELECT mlpg.fit('boosted_trees', sold, s, '{"num_iterations":20,"exclude":["sold","i"]}' ORDER BY s.price, s.i DESC)::text FROM sales AS s) = (SELECT model FROM fitted) AS any_order;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
CREATE TEMP TABLE parallel_fit AS SELECT model FROM fitted;
EXPLAIN (COSTS OFF) SELECT mlpg.fit('boosted_trees', sold, s, '{"num_iterations":20,"exclude":["sold","i"]}') FROM sales AS s;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;
SELECT (SELECT model FROM parallel_fit) = (SELECT model FROM fitted) AS in_parallel;
RESET max_parallel_workers_per_gather;
SELECT count(*), bool_and(mlpg.predict(g.model, s) IS NOT NULL) FROM (SELECT shop, mlpg.fit('boosted_trees', sold, x) AS model FROM sales, LATERAL (SELECT item, price, promo) AS x GROUP BY shop) AS g JOIN sales AS s USING (shop) WHERE s.i <= 70;
SELECT mlpg.predict((SELECT mlpg.fit('boosted_trees', sold, ARRAY[price, promo::int]::float8[]) FROM sales), ARRAY[70, 1]::float8[]) BETWEEN 20 AND 40 AS array_form;
-- costs choose the newsvendor, quantiles never cross, other losses are judged by what the costs say
SELECT metric, skill > 0.5 AS good FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', underage_cost => 3, overage_cost => 1);
SELECT value FROM mlpg.summary('c') WHERE item IN ('loss', 'quantiles') ORDER BY item;
SELECT metric FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', underage_cost => 3, overage_cost => 1, loss => 'tweedie', params => '{"power":1.2}');
SELECT metric FROM mlpg.train('c', 'SELECT shop, item, promo, price, sold FROM sales', 'sold', quantiles => '{0.9,0.1,0.5}', params => '{"num_iterations":30}');
SELECT bool_and(q[1] <= q[2] AND q[2] <= q[3] AND q[3] <= q[4]) AS ordered, bool_and(mlpg.predict('c@3', s) = q[3]) AS main_is_median FROM sales AS s, LATERAL (SELECT mlpg.predict_quantiles('c@3', s, '{0.1,0.3,0.5,0.9}') AS q) AS x;
SELECT loss, skill > 0.5 AS good FROM unnest('{squared,absolute,huber,quantile,expectile,linex,poisson,gamma,tweedie}'::text[]) AS loss, LATERAL mlpg.train('l_' || loss, 'SELECT shop, item, promo, price, sold FROM sales', 'sold', loss => loss, params => '{"num_iterations":60,"alpha":5}');
-- early stopping: rows named, or a share; the curve; all rows with the iterations found
SELECT n_rows FROM mlpg.train('e', 'SELECT shop, item, promo, price, is_valid, sold FROM sales', 'sold', params => '{"num_iterations":500,"early_stopping_rounds":5,"validation":"is_valid","metric":["rmse","l1"]}');
SELECT metric, min(step), max(step) = count(*) AS each_step, bool_and(segment = 'validation') FROM mlpg.run_metrics JOIN mlpg.runs USING (run_id) JOIN mlpg.models USING (model_id) WHERE model = 'e' GROUP BY metric ORDER BY metric;
SELECT max(CASE WHEN item = 'iterations' THEN value END)::int + 5 = (SELECT max(step) FROM mlpg.run_metrics JOIN mlpg.runs USING (run_id) JOIN mlpg.models USING (model_id) WHERE model = 'e') AS stopped_after_5, max(CASE WHEN item = 'features' THEN value END) FROM mlpg.summary('e');
SELECT n_rows FROM mlpg.train('e', 'SELECT shop, item, promo, price, is_valid, sold FROM sales', 'sold', params => '{"num_iterations":500,"early_stopping_rounds":5,"validation":"is_valid","refit_all":true}');
SELECT a.value = b.value AS same_iterations FROM mlpg.summary('e@2') AS a, mlpg.summary((SELECT evaluation FROM mlpg.model_blobs JOIN mlpg.models USING (model_id) WHERE model = 'e' AND version = 2)) AS b WHERE a.item = 'iterations' AND b.item = 'iterations';
-- weights, class weights, constraints
SELECT n_rows FROM mlpg.train('w', 'SELECT shop, item, promo, price, w, sold FROM sales', 'sold', weight_col => 'w', params => '{"monotone_constraints":{"price":-1},"interaction_constraints":[["price","promo"],["shop","item"]]}', holdout => 0);
SELECT bool_and(later <= now) AS never_rises FROM (SELECT mlpg.predict('w', x) AS now, lead(mlpg.predict('w', x)) OVER (PARTITION BY s.i ORDER BY p.price) AS later FROM (SELECT * FROM sales WHERE i <= 30) AS s, generate_series(40, 160, 5) AS p (price), LATERAL (SELECT s.shop, s.item, s.promo, p.price) AS x) AS q;
SELECT metric FROM mlpg.train('k', 'SELECT shop, item, price, sold, promo FROM sales', 'promo', params => '{"class_weight":"balanced","early_stopping_rounds":3,"metric":"auc"}');
SELECT metric, skill > 0.5 AS good FROM mlpg.train('k', 'SELECT item, price, sold, shop FROM sales', 'shop', params => '{"num_iterations":20}');
\echo what is refused
SELECT x, raises(format($q$SELECT mlpg.train('no', 'SELECT shop, item, promo, price, sold FROM trees_test.sales', 'sold', params => %L)$q$, x)) FROM unnest(ARRAY[
	'{"linear_tree":true}', '{"lerning_rate":0.1}', '{"num_leaves":1}', '{"max_bin":256}', '{"bagging_fraction":0}', '{"monotone_constraints":{"cost":1}}',
	'{"monotone_constraints":{"price":2}}', '{"monotone_constraints":[1,0]}', '{"monotone_constraints":{"shop":1}}', '{"interaction_constraints":[["price",["shop"]]]}', '{"metric":"auc"}', '{"metric":["l1","rmsle"]}',
	'{"scale_pos_weight":2}', '{"class_weight":"balanced"}', '{"quantile":[0.1],"loss":"poisson"}', '{"data_sample_strategy":"goss","top_rate":0.9,"other_rate":0.5}', '{"validation":1.5}', '{"validation":"price"}']) AS x;
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, -sold AS sold FROM trees_test.sales', 'sold', loss => 'gamma')$q$);
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM trees_test.sales', 'sold', loss => 'softmax')$q$);
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, promo FROM trees_test.sales', 'promo', loss => 'poisson')$q$);
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM trees_test.sales LIMIT 1', 'sold', params => '{"early_stopping_rounds":5}', holdout => 0)$q$) ~ '^22000: both training and validation need rows' AS needs_rows;
SET mlpg.max_memory = '1MB';
SELECT raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM trees_test.sales', 'sold')$q$) ~ '^53400|^54000|^53200' AS refused_by_memory, raises($q$SELECT mlpg.train('no', 'SELECT shop, price, sold FROM trees_test.sales', 'sold')$q$);
RESET mlpg.max_memory;
SELECT count(*) AS left_behind FROM mlpg.models WHERE model = 'no';
-- LightGBM's names of metrics, rows that cannot be judged, and rules of rows that exclude one another
SELECT version FROM mlpg.train('n', 'SELECT shop, item, price, sold, promo FROM sales', 'promo', params => '{"num_iterations":3,"validation":0.2,"metric":["binary_logloss","binary_error"]}');
SELECT array_agg(metric::text ORDER BY metric) FROM mlpg.run_metrics JOIN mlpg.runs USING (run_id) JOIN mlpg.models USING (model_id) WHERE model = 'n' AND step = 2;
SELECT params, raises(format('SELECT length(mlpg.fit(''boosted_trees'', %s, s, %L)::bytea) FROM (SELECT price, shop, i, is_valid, w, promo, sold FROM sales) AS s', target, params)) FROM (VALUES
	('sold', '{"exclude":["i","promo"],"metric":"binary_logloss"}'), ('sold', '{"data_sample_strategy":"goss","top_rate":0}'), ('sold', '{"data_sample_strategy":"goss","bagging_freq":1,"bagging_fraction":0.5}'),
	('promo OR is_valid', '{"exclude":["i","promo"],"metric":"auc","validation":"is_valid","early_stopping_rounds":2}')) AS v (target, params);
SELECT raises(format('SELECT length(mlpg.fit(''boosted_trees'', sold, s, ''{"weight":"w","validation":"v"}'')::bytea) FROM (SELECT price, sold, i %% 2 = 0 AS v, %s AS w FROM sales) AS s', w)) FROM (VALUES ('i % 2'), ('1 - i % 2')) AS v (w);
-- one that goes by halves draws more features, and a gain is told with what it had to exceed, both as LightGBM
SELECT count(DISTINCT feature) AS drawn FROM mlpg.tree((SELECT mlpg.fit('boosted_trees', sold, x, '{"num_iterations":1,"feature_fraction":0.5,"min_data_in_leaf":2}') FROM sales, LATERAL (SELECT price, shop, item, promo, i) AS x), 0);
SELECT count(*), min(gain) > 50 AS above, count(DISTINCT gain) = 2 AS alike FROM (SELECT gain FROM unnest('{0,50}'::int[]) AS least, LATERAL (SELECT mlpg.fit('boosted_trees', sold, x, format('{"num_iterations":1,"num_leaves":3,"min_gain_to_split":%s}', least)::jsonb) AS model FROM sales, LATERAL (SELECT price, shop, item, promo) AS x) AS f, mlpg.tree(model, 0)) AS t WHERE gain IS NOT NULL;
-- fits in a query are bounded, too
SET mlpg.max_memory = '8MB';
SELECT left(raises('SELECT length(mlpg.fit(''boosted_trees'', sold, x, ''{"num_leaves":3000,"min_data_in_leaf":1,"num_iterations":200}'')::bytea) FROM sales, LATERAL (SELECT price, shop, item, promo, i) AS x'), 50);
SELECT count(model) FROM (SELECT mlpg.fit('boosted_trees', sold, x, '{"num_iterations":50}') AS model FROM sales, LATERAL (SELECT price, item, promo) AS x GROUP BY i % 20) AS f;
RESET mlpg.max_memory;
\set ECHO none
SELECT count(mlpg.drop_model(model, force => true)) > 0 FROM mlpg.models WHERE model ~ '^([tcewkn]|l_.*)$';
SET client_min_messages = error;
DROP SCHEMA trees_test CASCADE;
