-- mlpg.importance by rows: shap is the mean of what mlpg.explain says, permutation what theory says of linear models.
\pset format unaligned
\pset tuples_only on
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
SET client_min_messages = warning;
CREATE TABLE seen AS
SELECT i, (i * 37 % 1009) / 1009.0::float8 AS a, (i * 613 % 997) / 997.0::float8 AS b, CASE WHEN i % 17 > 0 THEN (i * 7919 % 991) / 991.0::float8 END AS c, 'shop ' || i * 31 % 5 AS shop,
	3 * ((i * 37 % 1009) / 1009.0) + (i * 613 % 997) / 997.0 + CASE WHEN i * 31 % 5 = 0 THEN 1 ELSE 0 END AS amount,
	CASE WHEN (i * 37 % 1009) > 600 THEN 'red' WHEN (i * 613 % 997) > 500 THEN 'green' ELSE 'blue' END AS color,
	(i * 37 % 1009) + (i * 613 % 997) > 1000 AS bought
  FROM generate_series(1, 4000) AS i;
CREATE VIEW numbers AS SELECT a, b, c, shop, amount FROM seen;
CREATE VIEW tomorrow AS SELECT a, b, c, shop FROM seen WHERE i <= 300;
SELECT version FROM mlpg.train('straight', 'SELECT a, b, shop, amount FROM numbers', 'amount', 'linear');
SELECT version FROM mlpg.train('trees', 'numbers', 'amount', params => '{"num_iterations":30}');
SELECT version FROM mlpg.train('cost', 'numbers', 'amount', underage_cost => 3, overage_cost => 1, params => '{"num_iterations":30}');
SELECT version FROM mlpg.train('two', 'SELECT a, b, c, shop, bought FROM seen', 'bought', params => '{"num_iterations":30}');
SELECT version FROM mlpg.train('three', 'SELECT a, b, c, color FROM seen', 'color', params => '{"num_iterations":15}');
SELECT version FROM mlpg.train('levels', 'SELECT a, b, shop, amount FROM numbers', 'amount', 'quantile', quantiles => '{0.1,0.5,0.9}');
SELECT version FROM mlpg.train('made', 'SELECT a, b, amount FROM numbers', 'amount', 'linear', preprocess => '{"log":["b"],"polynomial":2}');

-- --- shap: the mean absolute contribution, of every learner that explains itself
SELECT m.model, bool_and(abs(i.value - e.value) <= 1e-12 * e.value), count(*), bool_and(i.stddev IS NULL), abs(sum(i.importance) - 1) < 1e-12
  FROM unnest('{straight,trees,cost,two,made}'::text[]) AS m(model), LATERAL (SELECT * FROM mlpg.importance(m.model, 'shap', 'tomorrow')) AS i
  JOIN LATERAL (SELECT e.feature, avg(abs(e.contribution)) AS value FROM tomorrow AS t, mlpg.explain(m.model, t) AS e GROUP BY 1) AS e USING (feature) GROUP BY m.model ORDER BY 1;
-- of classes their sum
SELECT bool_and(abs(i.value - e.value) <= 1e-12 * e.value), count(*) FROM mlpg.importance('three', 'shap', 'tomorrow') AS i
  JOIN (SELECT e.feature, sum(abs(e.contribution)) / 300 AS value FROM tomorrow AS t, unnest('{red,green,blue}'::text[]) AS class, mlpg.explain('three', t, class) AS e GROUP BY 1) AS e USING (feature);
-- by value, too, where the target is not known; arrays by their elements' names
SELECT string_agg(feature, ' ' ORDER BY rank), bool_and(value > 0) FROM mlpg.importance((SELECT mlpg.fit('boosted_trees', amount, ARRAY[a, b]) FROM seen), 'shap', 'SELECT a AS x1, b AS x2 FROM tomorrow');

-- --- permutation: a column dealt anew costs a linear model 2 b^2 var(x) of squared error, here as r2; nothing what it does not use
CREATE TABLE fits AS SELECT 'straight' AS name, mlpg.fit('linear', amount, x) AS model FROM seen, LATERAL (SELECT a, b, shop) AS x
UNION ALL SELECT 'step', mlpg.fit('boosted_trees', floor(2 * a), x, '{"num_iterations":5,"num_leaves":2}') FROM seen, LATERAL (SELECT floor(2 * a) + 1 AS known, b) AS x;
SELECT feature, round(value::numeric, 2), value BETWEEN 0.97 * theory AND 1.03 * theory, stddev < 0.05 * theory FROM fits, mlpg.importance(model, 'permutation', 'SELECT a, b, shop, amount AS y FROM seen', 'r2', target => 'y') AS i
  JOIN (SELECT 'a' AS feature, 2 * 9 * var_pop(a) / var_pop(amount) AS theory FROM seen UNION SELECT 'b', 2 * var_pop(b) / var_pop(amount) FROM seen UNION SELECT 'shop', 2 * 0.16 / var_pop(amount) FROM seen) AS v USING (feature) WHERE name = 'straight' ORDER BY feature;
SELECT i.* FROM fits, mlpg.importance(model, 'permutation', 'SELECT floor(2 * a) + 1 AS known, b, floor(2 * a) AS y FROM seen', target => 'y') AS i WHERE name = 'step' AND feature = 'b';
-- the default is the hold-out, the main metric, five times, seed 42
SELECT count(*), bool_and(i = j) FROM mlpg.importance('trees', 'permutation') AS i JOIN mlpg.importance('trees', 'permutation', NULL, 'rmse', 5, 42) AS j USING (rank);
SELECT bool_or(i.value <> j.value), bool_and(abs(i.value - j.value) <= 5 * (i.stddev + j.stddev)) FROM mlpg.importance('trees', 'permutation') AS i JOIN mlpg.importance('trees', 'permutation', NULL, seed => 43) AS j USING (feature);
SELECT bool_and(stddev IS NULL) FROM mlpg.importance('trees', 'permutation', NULL, repeats => 1);
-- neither depends on the order of the rows
SELECT method, bool_and(i = j) FROM unnest('{shap,permutation}'::text[]) AS method, LATERAL (SELECT * FROM mlpg.importance('trees', method, 'SELECT * FROM seen WHERE i <= 500')) AS i
  JOIN LATERAL (SELECT * FROM mlpg.importance('trees', method, 'SELECT * FROM seen WHERE i <= 500 ORDER BY b')) AS j USING (rank) GROUP BY method ORDER BY method;
-- every metric that a model is judged by, whichever way is better
SELECT m.model, e.metric, (SELECT i.feature || CASE WHEN i.value > 0 THEN ' helps' END FROM mlpg.importance(m.model, 'permutation', NULL, e.metric, 2) AS i WHERE rank = 1)
  FROM unnest('{cost,two,three,straight}'::text[]) AS m(model), LATERAL (SELECT metric FROM mlpg.evaluate(m.model) WHERE metric NOT IN ('bias', 'coverage')) AS e ORDER BY m.model, e.metric COLLATE "C";
-- several levels: their mean pinball loss
SELECT string_agg(feature, ' ' ORDER BY rank), bool_and(value > 0) FROM mlpg.importance('levels', 'permutation');
-- what preprocessing made counts for what it was made of
SELECT method, string_agg(feature, ' ' ORDER BY rank) FROM unnest('{shap,permutation}'::text[]) AS method, mlpg.importance('made', method) GROUP BY 1 ORDER BY 1;
-- rows without an answer or a target are left out
SELECT count(*), bool_and(value >= 0) FROM mlpg.importance('trees', 'permutation', 'SELECT a, b, c, shop, CASE WHEN i % 2 = 0 THEN amount END AS amount FROM seen UNION ALL SELECT NULL, NULL, NULL, NULL, 1') WHERE feature IN ('a', 'b');

-- --- errors
SELECT raises('SELECT * FROM mlpg.importance(' || call || ')') FROM (VALUES ('''trees'', ''magic'''), ('''trees'', ''gain'', ''seen'''), ('''straight'''), ('''trees'', ''shap'', ''SELECT 1 AS a'''), ('''trees'', ''permutation'', ''tomorrow'''),
	('''trees'', ''permutation'', ''seen'', ''auc'''), ('''two'', ''permutation'', ''seen'', ''mae'''), ('''levels'', ''permutation'', NULL, ''order_cost'''), ('''trees'', ''permutation'', NULL, repeats => 0'), ('''trees'', ''permutation'', ''SELECT * FROM seen WHERE i < 0'''),
	('(SELECT model FROM fits LIMIT 1), ''shap'''), ('(SELECT model FROM fits LIMIT 1), ''permutation'', ''seen'''), ('''nobody'', ''shap''')) AS v (call);
SELECT count(*) FROM mlpg.importance('trees', NULL, 'seen');

-- --- rights: the hold-out is the owner's, a source takes grant_usage, everything the right read
CREATE ROLE mlpg_imp_owner; CREATE ROLE mlpg_imp_reader; CREATE ROLE mlpg_imp_trainer;
SELECT mlpg.grant_usage(r) FROM unnest('{mlpg_imp_owner,mlpg_imp_trainer}'::text[]) AS r;
GRANT SELECT ON seen TO mlpg_imp_owner, mlpg_imp_trainer;
SET ROLE mlpg_imp_owner;
SELECT version FROM mlpg.train('theirs', 'SELECT a, b, amount FROM public.seen', 'amount', 'linear');
SELECT mlpg.grant_model('theirs', r, 'read') FROM unnest('{mlpg_imp_reader,mlpg_imp_trainer}'::text[]) AS r;
SELECT count(*) FROM mlpg.importance('theirs', 'shap');
RESET ROLE;
GRANT EXECUTE ON FUNCTION raises(text) TO PUBLIC;
SET ROLE mlpg_imp_reader;
SELECT raises('SELECT * FROM mlpg.importance(''theirs'', ''shap'')');
SELECT raises('SELECT * FROM mlpg.importance(''theirs'', ''shap'', ''seen'')');
SET ROLE mlpg_imp_trainer;
SELECT raises('SELECT * FROM mlpg.importance(''theirs'', ''permutation'')');
SELECT count(*) FROM mlpg.importance('theirs', 'permutation', 'seen');
SELECT raises('SELECT * FROM mlpg.importance(''trees'', ''shap'', ''seen'')');
RESET ROLE;
SELECT count(mlpg.drop_model(model, force => true)) FROM mlpg.models WHERE model IN ('straight', 'trees', 'cost', 'two', 'three', 'levels', 'made', 'theirs');
DROP OWNED BY mlpg_imp_owner, mlpg_imp_reader, mlpg_imp_trainer; DROP ROLE mlpg_imp_owner, mlpg_imp_reader, mlpg_imp_trainer;
DROP TABLE seen, fits CASCADE; DROP FUNCTION raises;
