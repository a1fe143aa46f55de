-- Looking into models made of trees: explain, importance, tree; LightGBM's text format.
-- Contributions, counts and texts are compared with LightGBM itself in test/unit/test_lightgbm.c;
-- here they must add up to what mlpg.predict answers.
\set ECHO none
\pset format unaligned
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET DateStyle = 'ISO';
CREATE SCHEMA look;
SET search_path = look;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE TABLE sales AS
SELECT i, date '2024-01-01' + i % 500 AS day, 'shop ' || i % 7 AS shop, CASE WHEN i % 11 > 0 THEN 'item ' || i * 7919 % 40 END AS item,
	   i % 5 = 0 AS promo, CASE WHEN i % 13 > 0 THEN 50 + i * 31 % 97 END AS price,
	   10 + i % 7 * 3 + CASE WHEN i % 5 = 0 THEN 8 ELSE 0 END + (i * 7919 % 40) / 4.0 - coalesce(i * 31 % 97, 40) / 20.0 + i * 104729 % 10 / 5.0 AS sold
  FROM generate_series(1, 3000) AS i;
CREATE TABLE models AS
SELECT 'mean' AS name, mlpg.fit('boosted_trees', sold, x, '{"num_iterations":40}') AS model FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x
UNION ALL SELECT 'poisson', mlpg.fit('boosted_trees', sold, x, '{"num_iterations":40,"loss":"poisson"}') FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x
UNION ALL SELECT 'two', mlpg.fit('boosted_trees', sold > 25, x, '{"num_iterations":40}') FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x
UNION ALL SELECT 'three', mlpg.fit('boosted_trees', 'c' || (sold::int / 12), x, '{"num_iterations":20,"task":"classification"}') FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x WHERE sold BETWEEN 7 AND 41
UNION ALL SELECT 'forest', mlpg.fit('random_forest', sold, x, '{"num_iterations":20}') FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x
UNION ALL SELECT 'levels', mlpg.fit('boosted_trees', sold, x, '{"num_iterations":20,"quantiles":[0.5,0.1,0.9]}') FROM sales, LATERAL (SELECT day, shop, item, promo, price) AS x
UNION ALL SELECT 'array', mlpg.fit('boosted_trees', sold, ARRAY[price, i % 7, promo::int]::float8[], '{"num_iterations":20}') FROM sales
UNION ALL SELECT 'linear', mlpg.fit('linear', sold, x) FROM sales, LATERAL (SELECT shop, promo, price) AS x;
CREATE VIEW few_numbers AS SELECT i, (day - date '2000-01-01')::float8 AS day, shop, item, promo::int AS promo, price FROM sales WHERE i <= 200;
CREATE VIEW few AS SELECT i, day, shop, item, promo, price FROM sales WHERE i <= 200;
\set ECHO queries

-- explain: a base and the features, the strongest first; they add up to the raw score
SELECT feature, value, round(contribution::numeric, 6) AS contribution FROM models, mlpg.explain(model, '{"day":"2024-02-03","shop":"shop 3","item":null,"promo":true,"price":60}'::jsonb) WHERE name = 'mean';
SELECT name, bool_and(abs(raw - CASE name WHEN 'poisson' THEN ln(predicted) WHEN 'two' THEN ln(predicted / (1 - predicted)) ELSE predicted END) < 1e-9) AS adds_up, bool_and(n = 6) AS all_features
  FROM models, few AS s, LATERAL (SELECT mlpg.predict(model, s) AS predicted, (SELECT sum(contribution) FROM mlpg.explain(model, s)) AS raw, (SELECT count(*) FROM mlpg.explain(model, s)) AS n) AS x
 WHERE name IN ('mean', 'poisson', 'two', 'forest') GROUP BY name ORDER BY name;
-- classes: the one named; of two classes the other is the opposite
SELECT bool_and(abs(exp(a - b) - p / q) < 1e-9 * (p / q)) AS ratios FROM models, few AS s, LATERAL (SELECT (SELECT sum(contribution) FROM mlpg.explain(model, s, 'c2')) AS a, (SELECT sum(contribution) FROM mlpg.explain(model, s, class => 'c3')) AS b, mlpg.predict_proba(model, s, 'c2') AS p, mlpg.predict_proba(model, s, 'c3') AS q) AS x WHERE name = 'three';
SELECT count(*), bool_and(a.contribution = -b.contribution) AS opposite FROM models, mlpg.explain(model, '{"day":"2024-02-03","shop":"shop 3","item":"item 1","promo":true,"price":60}'::jsonb) AS a, mlpg.explain(model, '{"day":"2024-02-03","shop":"shop 3","item":"item 1","promo":true,"price":60}'::jsonb, 'false') AS b WHERE name = 'two' AND a.feature = b.feature;
SELECT raises(format('SELECT mlpg.explain(model, s%s) FROM models, few AS s WHERE name = %L', class, name)) FROM (VALUES ('three', ''), ('three', ', ''c9'''), ('mean', ', ''c1'''), ('linear', '')) AS v (name, class);
SELECT raises('SELECT mlpg.explain(model, (SELECT x FROM (SELECT 1 AS price) AS x)) FROM models WHERE name = ''mean''');
-- unseen categories, missing values, nothing at all
SELECT feature, value FROM models, mlpg.explain(model, '{"day":null,"shop":"moon","item":null,"promo":false,"price":1}'::jsonb) WHERE name = 'mean' ORDER BY feature COLLATE "C";
SELECT count(*) FROM models, mlpg.explain(model, '{"day":null,"shop":null,"item":null,"promo":null,"price":null}'::jsonb) WHERE name = 'mean';
SELECT count(*) FROM mlpg.explain(NULL::mlpg.model, '{}'::jsonb);
SELECT count(*) FROM models, mlpg.explain(model, NULL::jsonb) WHERE name = 'mean';
-- every form of features, by value and by name
SELECT n_rows FROM mlpg.train('seen', 'SELECT day, shop, item, promo, price, sold FROM sales', 'sold', params => '{"num_iterations":10}');
SELECT count(DISTINCT e) AS one_answer FROM few AS s, LATERAL (VALUES ((SELECT array_agg(x) FROM mlpg.explain('seen', s) AS x)), ((SELECT array_agg(x) FROM mlpg.explain('seen', to_jsonb(s)) AS x)), ((SELECT array_agg(x) FROM mlpg.explain('seen', to_jsonb(s)::text) AS x)),
	((SELECT array_agg(x) FROM mlpg.explain(mlpg.get_model('seen'), s) AS x)), ((SELECT array_agg(x) FROM mlpg.explain(mlpg.get_model('seen'), to_jsonb(s)) AS x)), ((SELECT array_agg(x) FROM mlpg.explain(mlpg.get_model('seen'), to_jsonb(s)::text) AS x))) AS forms (e) WHERE s.day = '2024-01-08' AND s.shop = 'shop 0';
SELECT abs(sum(contribution) - min(mlpg.predict(model, '{60,3,1}'::float8[]))) < 1e-9 AS adds_up, string_agg(feature, ' ' ORDER BY feature COLLATE "C") FROM models, mlpg.explain(model, '{60,3,1}'::float8[]) WHERE name = 'array';
SELECT raises('SELECT * FROM mlpg.explain(''seen'', ''{1,2}''::float8[])');

-- importance
SELECT rank, feature, round(importance::numeric, 4) AS importance, round(value::numeric, 1) AS value, stddev FROM models, mlpg.importance(model, 'split') WHERE name = 'mean';
SELECT name, abs(sum(importance) - 1) < 1e-12 AS sums_to_1, min(rank), max(rank), min(feature) FILTER (WHERE rank = 1) AS first FROM models, mlpg.importance(model) WHERE name NOT IN ('linear') GROUP BY name ORDER BY name;
SELECT (SELECT array_agg(i) FROM mlpg.importance('seen') AS i) = (SELECT array_agg(i) FROM mlpg.importance(mlpg.get_model('seen'), 'gain') AS i) AS by_name;
SELECT raises('SELECT mlpg.importance(''seen'', ''magic'')'), raises('SELECT mlpg.importance(model) FROM models WHERE name = ''linear''');

-- tree: walking its rows gives the prediction
CREATE TABLE one AS SELECT mlpg.fit('boosted_trees', sold, x, '{"num_iterations":1,"num_leaves":8,"boost_from_average":false}') AS model FROM sales, LATERAL (SELECT shop, price) AS x;
SELECT node, parent, side, feature, threshold, categories, missing, count, round(value::numeric, 6) AS value FROM one, mlpg.tree(model, 0);
WITH RECURSIVE nodes AS (SELECT t.* FROM one, mlpg.tree(model, 0) AS t),
walk AS (
	SELECT s.i, s.shop, s.price, n.* FROM sales AS s, nodes AS n WHERE n.node = 0
	UNION ALL
	SELECT w.i, w.shop, w.price, n.* FROM walk AS w JOIN nodes AS n ON n.parent = w.node AND n.side = CASE
		WHEN w.categories IS NOT NULL THEN CASE WHEN w.shop = ANY (w.categories) THEN 'left' ELSE 'right' END
		WHEN w.price IS NULL THEN w.missing WHEN w.price <= w.threshold THEN 'left' ELSE 'right' END
)
SELECT count(*), bool_and(abs(w.value - mlpg.predict(model, x)) < 1e-12) AS same FROM walk AS w, one, LATERAL (SELECT w.shop, w.price::int AS price) AS x WHERE w.feature IS NULL;
SELECT (SELECT count FROM mlpg.tree('seen', 3) WHERE parent IS NULL) = (SELECT sum(count) FROM mlpg.tree(mlpg.get_model('seen'), 3) WHERE feature IS NULL) AS leaves_hold_all;
SELECT raises('SELECT mlpg.tree(''seen'', 10)'), raises('SELECT mlpg.tree(''seen'', -1)'), raises('SELECT mlpg.tree(model, 0) FROM models WHERE name = ''linear''');
SELECT count(*) FROM mlpg.tree('seen', NULL);

-- LightGBM: out and in again, where dates and booleans are numbers
SELECT name, count(*), bool_and(abs(mlpg.predict(model, s) - mlpg.predict(again, n)) <= 1e-12 * abs(mlpg.predict(model, s))) AS same FROM models, few AS s JOIN few_numbers AS n USING (i), LATERAL (SELECT mlpg.from_lightgbm(mlpg.to_lightgbm(model)) AS again OFFSET 0) AS x WHERE name IN ('mean', 'poisson', 'two', 'forest') GROUP BY name ORDER BY name;
SELECT bool_and(abs(mlpg.predict_proba(model, s, 'c2') - mlpg.predict_proba(again, n, '2')) < 1e-12) AS same FROM models, few AS s JOIN few_numbers AS n USING (i), LATERAL (SELECT mlpg.from_lightgbm(mlpg.to_lightgbm(model)) AS again OFFSET 0) AS x WHERE name = 'three';
SELECT split_part(mlpg.to_lightgbm('seen'), E'\n', 8) AS names, mlpg.to_lightgbm('seen') = mlpg.to_lightgbm(mlpg.get_model('seen')) AS by_value;
SELECT raises(format('SELECT mlpg.to_lightgbm(model) FROM models WHERE name = %L', name)) FROM (VALUES ('levels'), ('linear')) AS v (name);
CREATE TABLE small (model) AS SELECT mlpg.from_lightgbm(E'tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=poisson\nfeature_names=price shop\nfeature_infos=[0:9] 0:1\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=1 0\nsplit_gain=5 2\nthreshold=0 2.5\ndecision_type=1 10\nleft_child=1 -1\nright_child=-3 -2\nleaf_value=1 2 3\nleaf_weight=1 1 1\nleaf_count=2 1 1\ncat_boundaries=0 1\ncat_threshold=2\nis_linear=0\nshrinkage=1\n\n\nend of trees\n\npandas_categorical:[["tokyo", "\\u5927\\u962a"]]\n');
SELECT shop, price, round(ln(mlpg.predict(model, x))::numeric, 12) AS raw FROM small, (VALUES ('大阪', 1.0), ('大阪', 3), ('大阪', NULL), ('tokyo', 1), (NULL, 1), ('naha', 1)) AS x (shop, price);
SELECT feature, value, round(contribution::numeric, 12) AS contribution FROM small, mlpg.explain(model, '{"price":3,"shop":"大阪"}'::jsonb);
SELECT node, feature, threshold, categories, missing, count, value FROM small, mlpg.tree(model, 0);
SELECT item, value FROM small, mlpg.summary(model) WHERE item IN ('algorithm', 'target', 'imported_from', 'loss', 'categories', 'unseen_categories');
SELECT raises(format('SELECT mlpg.from_lightgbm(%L)', text)) FROM (VALUES (''), ('tree'), (E'tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\nobjective=lambdarank\nfeature_names=x\nfeature_infos=none\n\nend of trees\n'),
	(E'tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\nobjective=regression\nfeature_names=x\nfeature_infos=none\nfuture_key=1\n\nend of trees\n'),
	(E'tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\nobjective=regression\nfeature_names=x\nfeature_infos=none\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0\nleft_child=0\nright_child=-2\nleaf_value=1 2\n\nend of trees\n')) AS v (text);
SELECT mlpg.from_lightgbm(NULL) IS NULL, mlpg.to_lightgbm(NULL::mlpg.model) IS NULL;

-- rights: score predicts, read looks, own takes it away
\set ECHO none
CREATE ROLE mlpg_trees_scorer; CREATE ROLE mlpg_trees_reader; CREATE ROLE mlpg_trees_stranger;
GRANT USAGE ON SCHEMA look TO mlpg_trees_scorer, mlpg_trees_reader, mlpg_trees_stranger;
SELECT mlpg.grant_model('seen', 'mlpg_trees_scorer', 'score') AND mlpg.grant_model('seen', 'mlpg_trees_reader', 'read');
\set ECHO queries
SET ROLE mlpg_trees_scorer;
SELECT mlpg.predict('seen', '{"day":null,"shop":"shop 1","item":null,"promo":null,"price":1}') IS NOT NULL;
SELECT raises(statement) FROM unnest('{"SELECT mlpg.explain(''seen'', ''{}''::jsonb)","SELECT mlpg.importance(''seen'')","SELECT mlpg.tree(''seen'', 0)","SELECT mlpg.to_lightgbm(''seen'')"}'::text[]) AS statement;
SET ROLE mlpg_trees_reader;
SELECT (SELECT count(*) FROM mlpg.explain('seen', '{"day":null,"shop":"shop 1","item":null,"promo":null,"price":1}')), (SELECT count(*) FROM mlpg.importance('seen')), (SELECT count(*) > 1 FROM mlpg.tree('seen', 0));
SELECT raises('SELECT mlpg.to_lightgbm(''seen'')');
SET ROLE mlpg_trees_stranger;
SELECT raises('SELECT mlpg.explain(''seen'', ''{}''::jsonb)');
RESET ROLE;
\set ECHO none
SELECT mlpg.drop_model('seen', force => true);
DROP SCHEMA look CASCADE;
DROP ROLE mlpg_trees_scorer; DROP ROLE mlpg_trees_reader; DROP ROLE mlpg_trees_stranger;
