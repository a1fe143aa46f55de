-- demo/demo.sql: the main job of mlpg, on the tables of generate.sql or load.sql
-- and the views of features.sql. The statements that it echoes are what a user types.
-- With less than a year of sales the mean of four weeks is no feature, only a rule to beat.

\pset footer off
\pset null '-'
\if :long_history
\set exclude '{week}'
\else
\set exclude '{week,mean_4}'
\endif
\set bar '==================================================================================================='

SELECT max(week) AS order_week,
       max(week) - 4 AS today,
       max(week) - 14 AS last_week,
       max(week) - 63 AS test_from,
       max(week) - 77 AS trained_until,
       format('SELECT * FROM features WHERE week <= %L', max(week) - 77) AS ten_weeks_ago,
       format('SELECT * FROM features WHERE week = %L', max(week)) AS next_week
  FROM features
\gset

\echo
\echo :bar
\echo '1. The sales'
\echo :bar
\echo
SELECT count(DISTINCT store) AS shops, count(DISTINCT item) AS drinks, count(*) AS rows, min(day) AS first_day,
       max(day) AS last_day, sum(sold) AS units, sum(sold_out::int) AS sold_out_days
  FROM sales;
\echo 'It is Thursday' :today 'and the order for the week of' :order_week 'is due. This week is not over (it is'
\echo 'the buffer), so the newest week that is known in full is the one of' :last_week.
\echo 'Plain SQL views make one row a week, shop and drink of the sales: what is known when the order is'
\echo 'placed, which is nothing newer than two weeks before, and the demand that followed (\\d+ features).'
\echo
\echo :bar
\echo '2. Train as of ten weeks ago. A missing unit costs 3, a unit left over costs 1'
\echo :bar
\echo
\set ECHO queries
SELECT model, version, is_champion, n_rows
  FROM mlpg.train('orders', :'ten_weeks_ago', 'demand',
                  underage_cost => 3, overage_cost => 1, quantiles => '{0.1,0.25,0.5,0.9}',
                  exclude => :'exclude', holdout_by => 'week', params => '{"refit_all":true}');

SELECT model, version, is_champion, n_rows
  FROM mlpg.train('point', :'ten_weeks_ago', 'demand', 'linear',
                  exclude => :'exclude', holdout_by => 'week', params => '{"refit_all":true}');
\set ECHO none
\echo :bar
\echo '3. Eight weeks in service: each Thursday a forecast is logged, later the demand'
\echo :bar
\echo
\set ECHO queries
SELECT week::date, mlpg.log_predictions('orders',
         format('SELECT *, mean_4 AS baseline_yhat FROM features WHERE week = %L', week),
         '{store,item}', 'week', as_of => week - interval '4 days') AS predictions
  FROM generate_series(:'test_from'::timestamptz, :'last_week', '7 days') AS week;

SELECT * FROM mlpg.log_actuals('orders', 'features');

SELECT "time"::date AS week, version, n,
       round(sum(value) FILTER (WHERE metric = 'wape')::numeric, 3) AS wape,
       round(sum(value) FILTER (WHERE metric = 'bias')::numeric, 1) AS bias,
       round(sum(value) FILTER (WHERE metric = 'coverage')::numeric, 2) AS "in 10-90 %",
       round(sum(value) FILTER (WHERE metric = 'stockout_rate')::numeric, 2) AS stockouts,
       round(sum(value) FILTER (WHERE metric = 'order_cost')::numeric, 1) AS order_cost,
       round(sum(value) FILTER (WHERE metric = 'baseline_order_cost')::numeric, 1) AS mean_4_cost,
       round(sum(value) FILTER (WHERE metric = 'skill')::numeric, 2) AS skill
  FROM mlpg.metrics_over_time
 WHERE model = 'orders'
 GROUP BY 1, 2, 3
 ORDER BY 1;
\set ECHO none
\echo :bar
\echo '4. What the orders of those eight weeks cost, and what others would have'
\echo :bar
\echo
\set ECHO queries
SELECT mlpg.create_view('order_results', 'orders', 'results');
\set ECHO none
WITH weeks AS (
	SELECT f.store, f.item, f.week, f.last_week, f.mean_4, mlpg.predict('point', f) AS point
	  FROM features AS f
	 WHERE f.week >= :'test_from' AND f.demand IS NOT NULL
), rules AS (
	SELECT rule.position, rule.name, r.actual, ceil(greatest(rule.qty, 0)) AS qty
	  FROM order_results AS r
	  JOIN weeks AS w ON w.store = r.store AND w.item = r.item AND w.week = r.target_date
	 CROSS JOIN LATERAL (VALUES (1, 'order the last known week', w.last_week::float8),
								(2, 'order the mean of four weeks', w.mean_4),
								(3, 'order the point forecast', w.point),
								(4, 'order what mlpg says', r.order_qty)) AS rule (position, name, qty)
), money AS (
	SELECT position, name, mlpg.order_cost(actual, qty, 3, 1) * count(*) / 8 AS cost,
		   100 * mlpg.stockout_rate(actual, qty) AS stockouts,
		   sum(greatest(actual - qty, 0)) / 8 AS missing, sum(greatest(qty - actual, 0)) / 8 AS left_over
	  FROM rules
	 GROUP BY position, name
)
SELECT name AS "rule", round(cost) AS "cost a week", round(100 * (1 - cost / first_value(cost) OVER (ORDER BY position))) || ' %' AS saved,
	   round(stockouts) || ' %' AS "sold out", round(missing) AS "units missing a week", round(left_over) AS "units left over a week"
  FROM money
 ORDER BY position;
\echo :bar
\echo '5. Train on everything known today, and order for the week of' :order_week
\echo :bar
\echo
\set ECHO queries
SELECT model, version, is_champion, n_rows
  FROM mlpg.train('orders', 'features', 'demand',
                  underage_cost => 3, overage_cost => 1, quantiles => '{0.1,0.25,0.5,0.9}',
                  exclude => :'exclude', holdout_by => 'week', params => '{"refit_all":true}');

SELECT alias, from_version, to_version, deployed, why FROM mlpg.deploy('orders', 2);
\set ECHO none
SELECT champion < 2 AS kept FROM mlpg.model_overview WHERE model = 'orders' \gset
\if :kept
\echo 'The gate compares the two on weeks that neither was fitted on, and wants a gain above the noise. The'
\echo 'same recipe on ten more weeks is a reason of its own, which the registry keeps:'
\echo
\set ECHO queries
SELECT alias, from_version, to_version, deployed, why
  FROM mlpg.deploy('orders', force => true, reason => 'the same recipe on ten more weeks');
\set ECHO none
\endif
\set ECHO queries

CREATE VIEW orders_next_week AS
SELECT f.week, f.store, f.item, o.levels, o.quantiles,
       ceil(greatest(0, mlpg.newsvendor(o.levels, o.quantiles, 3, 1)))::int AS order_qty
  FROM features AS f,
       LATERAL (SELECT l.levels, mlpg.predict_quantiles('orders', f, l.levels) AS quantiles
                  FROM (VALUES ('{0.1,0.25,0.5,0.75,0.9}'::float8[])) AS l (levels)) AS o
 WHERE f.week = :'order_week';
\echo
SELECT mlpg.log_predictions('orders', :'next_week',
                            '{store,item}', 'week', as_of => :'today');
\set ECHO none
\echo 'The orders, in units, by drink and shop (3 : 1):'
\echo
SELECT coalesce(item, 'all drinks') AS drink, coalesce(store, 'all') AS store, sum(order_qty) AS qty
  FROM orders_next_week
 GROUP BY GROUPING SETS ((item, store), (item), (store), ())
 ORDER BY item IS NULL, item, store IS NULL, store
\crosstabview drink store qty
\echo 'The same forecast under other costs, without training again:'
\echo
SELECT c.missing || ' : ' || c.left_over AS "missing : left over", sum(ceil(mlpg.newsvendor(levels, quantiles, c.missing, c.left_over))) AS units
  FROM orders_next_week, (VALUES (1, 3), (1, 1), (3, 1), (9, 1)) AS c (missing, left_over)
 GROUP BY c.missing, c.left_over
 ORDER BY c.missing::float8 / c.left_over;
SELECT model, algorithm, metric, round(value::numeric, 2) AS value, round(baseline_value::numeric, 2) AS baseline_value,
       champion, last_prediction_at::timestamp(0), n_versions, model_bytes
  FROM mlpg.model_overview
 ORDER BY model;
