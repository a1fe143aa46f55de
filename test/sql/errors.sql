-- The errors that everybody makes (E1, E2, E5 to E8 of the design) as they read.
CREATE SCHEMA errors_test;
SET search_path = errors_test, public;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE TABLE sales AS SELECT i, i % 7 AS item_price, (i * i % 11)::float8 AS temperature, i * interval '1 day' AS opened, 3 * (i % 7) + (i * i % 11) + i % 2 AS sales FROM generate_series(1, 70) AS i;
SET client_min_messages = error;
SELECT model FROM mlpg.train('beverage', 'SELECT item_price, temperature, sales FROM sales', 'sales', 'linear');
\pset format unaligned
\pset tuples_only on
\echo E1 unknown or invisible model or alias
SELECT raises('SELECT mlpg.predict(''bevrage'', t) FROM sales AS t');
SELECT raises('SELECT mlpg.predict(''beverage@latest'', t) FROM sales AS t');
SELECT raises('SELECT mlpg.predict(''beverage@7'', t) FROM sales AS t');
SELECT raises('SELECT mlpg.summary(''bevrage'')'), raises('SELECT mlpg.coefficients(''bevrage'')'), raises('SELECT mlpg.get_model(''bevrage'')');
CREATE ROLE regress_errors_other;
GRANT USAGE ON SCHEMA errors_test TO regress_errors_other;
GRANT SELECT ON sales TO regress_errors_other;
SET ROLE regress_errors_other;
-- one that may not be used reads exactly like one that is not there
SELECT replace(raises('SELECT mlpg.predict(''beverage'', t) FROM errors_test.sales AS t'), 'beverage', '?') = replace(raises('SELECT mlpg.predict(''bevrage'', t) FROM errors_test.sales AS t'), 'bevrage', '?') AS same;
SELECT replace(raises('SELECT mlpg.predict(''beverage@nope'', t) FROM errors_test.sales AS t'), 'beverage', '?') = replace(raises('SELECT mlpg.predict(''bevrage@nope'', t) FROM errors_test.sales AS t'), 'bevrage', '?') AS same;
SELECT raises('SELECT mlpg.train(''mine'', ''errors_test.sales'', ''sales'')');
RESET ROLE;
\echo E2 column missing at predict
SELECT raises('SELECT mlpg.predict(''beverage'', x) FROM sales, LATERAL (SELECT temperature) AS x');
SELECT raises('SELECT mlpg.predict(''beverage'', x) FROM sales, LATERAL (SELECT temperature, item_price AS "Item_Price") AS x');
SELECT raises('SELECT mlpg.predict(''beverage'', ROW(1, 2)) FROM sales');
SELECT raises('SELECT mlpg.predict(''beverage'', ''{"temperature":1}'')'), raises('SELECT mlpg.predict(''beverage'', ''{"temperature":1}''::jsonb)');
SELECT raises('SELECT mlpg.predict(''beverage'', ARRAY[1, 2]::float8[])');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''revenue'')'), raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', features => ''{price}'')');
\echo E5 unknown option
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''quantile'', params => ''{"quantle":0.5}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''linear'', params => ''{"lerning_rate":0.5}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''qantile'')'), raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''random_forest_of_things'')');
SELECT raises('SELECT mlpg.fit(''linear'', sales, t, ''{"wieght":"i"}'') FROM sales AS t');
SELECT raises('SELECT * FROM mlpg.learner_params(''liner'')');
\echo E6 target among the features
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, sales, sales::float8 AS total_sales_amount FROM sales'', ''sales'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, sales FROM sales'', ''sales'', features => ''{item_price,sales}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, sales, sales::float8 AS total_sales_amount FROM sales'', ''sales'', params => ''{"allow_leakage":true}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, sales, sales::float8 AS total_sales_amount FROM sales'', ''sales'', exclude => ''{total_sales_amount}'')');
\echo E7 column type
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT opened, sales FROM sales'', ''sales'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT extract(epoch FROM opened) AS opened, sales FROM sales'', ''sales'')');
SELECT raises('SELECT mlpg.fit(''linear'', s.sales, s) FROM sales AS s');
SELECT raises('SELECT mlpg.predict(''beverage'', x) FROM sales, LATERAL (SELECT temperature, opened AS item_price) AS x');
\echo E8 too few rows
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, sales FROM sales WHERE i < 0'', ''sales'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, NULL::int AS sales FROM sales'', ''sales'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''SELECT item_price, CASE WHEN i = 1 THEN 5 END AS sales FROM sales'', ''sales'', holdout => 0.9999999999)');
\echo what is said twice, or serves two ends
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''quantile'', features => ''{item_price}'', quantiles => ''{0.1,0.9}'', params => ''{"quantile":0.5}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''quantile'', features => ''{item_price}'', underage_cost => 3, overage_cost => 1, params => ''{"quantile":0.5}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''quantile'', features => ''{item_price}'', loss => ''absolute'', quantiles => ''{0.1,0.9}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''boosted_trees'', features => ''{item_price}'', loss => ''absolute'', params => ''{"loss":"squared"}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''linear'', features => ''{item_price}'', weight_col => ''i'', params => ''{"weight":"temperature"}'')');
SELECT raises('SELECT mlpg.train(''beverage'', ''sales'', ''sales'', ''linear'', features => ''{item_price,i}'', weight_col => ''i'')');
SELECT raises('SELECT mlpg.fit(''glm'', sales, t, ''{"features":["item_price","i"],"offset":"i"}'') FROM sales AS t');
\echo a name without its quotes
SELECT raises('SELECT mlpg.train(''beverage'', ''Sales of May'', ''sales'')');
\echo a long word is shortened between characters
SELECT convert_from(convert_to(raises(format('SELECT mlpg.fit(''linear'', sales, t, %L) FROM sales AS t', params)), 'UTF8'), 'UTF8')
  FROM unnest(ARRAY['{"l2":"x' || repeat(U&'\00E9', 40) || '"}', '{"x' || repeat(U&'\00E9', 60) || '":1}', '{"preprocess":{"x' || repeat(U&'\00E9', 60) || '":1}}']) AS params;
-- where an error comes from
\set VERBOSITY verbose
\set SHOW_CONTEXT always
DO $$ BEGIN PERFORM mlpg.train('beverage', 'SELECT opened, sales FROM errors_test.sales', 'sales');
EXCEPTION WHEN datatype_mismatch THEN
	DECLARE context text; BEGIN GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT; ASSERT context ~ 'training model "beverage"', context; END;
END $$;
\set VERBOSITY default
SELECT mlpg.drop_model('beverage', true);
DROP OWNED BY regress_errors_other;
DROP ROLE regress_errors_other;
DROP SCHEMA errors_test CASCADE;
