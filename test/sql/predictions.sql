-- Predictions, what happened, and the views over both: one model, told as a story.
-- Odd input, rights, time zones and random orders are in test/pgtap/predictions.sql.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

CREATE TABLE weekly AS
SELECT date '2025-01-06' + 7 * w AS week, s.store, i.item, 50.0 + 10 * s.size + 5 * w + 3 * i.base AS level,
       (50 + 10 * s.size + 5 * w + 3 * i.base + (w * 7 + s.size * 3 + i.base) % 5 - 2)::float8 AS sales
  FROM generate_series(0, 19) AS w,
       (VALUES ('harbour', 1), ('market', 2)) AS s (store, size),
       (VALUES (101, 1), (102, 4)) AS i (item, base);

-- Costs and levels: the order is the level 3 / (3 + 1), yhat the median.
SELECT model, version, metric, is_champion, n_rows
  FROM mlpg.train('drinks', $$SELECT * FROM weekly WHERE week < '2025-04-14'$$, 'sales', 'quantile', underage_cost => 3, overage_cost => 1,
                  quantiles => '{0.1,0.5,0.9}', exclude => '{week,store,item}', holdout_by => 'week', params => '{"refit_all":true}');

-- Four weeks, each with its own as_of; the naive forecast rides along.
SELECT week::date, mlpg.log_predictions('drinks', format('SELECT *, level - 10 AS baseline_yhat FROM weekly WHERE week = %L', week),
                                        '{store,item}', 'week', week - interval '4 days') AS new_rows
  FROM generate_series(timestamptz '2025-04-21', '2025-05-12', '7 days') AS week;
-- Again: nothing changes. With other values: refused.
SELECT mlpg.log_predictions('drinks', $$SELECT * FROM weekly WHERE week = '2025-04-21'$$, '{item,store}', 'week', '2025-04-17');
SELECT mlpg.log_predictions('drinks', $$SELECT week, store, item, level + 1 AS level FROM weekly WHERE week = '2025-04-21'$$, '{store,item}', 'week', '2025-04-17');
-- Made before the last training row: kept, but not counted.
SELECT mlpg.log_predictions('drinks', $$SELECT * FROM weekly WHERE week = '2025-04-28'$$, '{store,item}', 'week', '2025-04-01');
-- Training rows, as of later: counted, with a WARNING.
SELECT mlpg.log_predictions('drinks', $$SELECT * FROM weekly WHERE week = '2025-04-07'$$, '{store,item}', 'week', '2025-04-17');
-- Not the champion's.
SELECT mlpg.log_predictions('drinks@1', $$SELECT * FROM weekly WHERE week = '2025-05-19'$$, '{store,item}', 'week', '2025-05-15');

-- What happened; what is not said comes from the recipe and the log.
SELECT * FROM mlpg.log_actuals('drinks', $$SELECT * FROM weekly WHERE week <= '2025-04-28'$$);
SELECT * FROM mlpg.log_actuals('drinks', $$SELECT week, store, item, sales + 1 AS sales FROM weekly WHERE week = '2025-04-28'$$);
SELECT * FROM mlpg.log_actuals('drinks', 'SELECT date ''2025-04-28'' AS week, ''Harbour'' AS store, 101 AS item, 5 AS sales');
SELECT * FROM mlpg.log_actuals('drinks', 'SELECT date ''2024-04-28'' AS week, ''harbour'' AS store, 101 AS item, 5 AS sales');
SELECT * FROM mlpg.log_actuals('drinks', 'SELECT date ''2024-04-28'' AS week, ''harbour'' AS store, 101 AS item, sales FROM weekly');

SELECT status, alias, count(*), count(actual) AS met FROM mlpg.forecast_log WHERE model = 'drinks' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT version, series_label, target_date, as_of, yhat BETWEEN lower AND upper AS inside, interval_coverage, order_qty > yhat AS orders_more,
       quantiles ? '0.75' AS has_order_level, actual, round(abs(error - (yhat - actual))::numeric, 9) AS error,
       round((cost - 3 * shortage - 1 * leftover)::numeric, 9) AS cost, baseline_yhat
  FROM mlpg.forecast_vs_actual
 WHERE model = 'drinks' AND target_date BETWEEN '2025-04-21' AND '2025-05-05'
 ORDER BY target_date, series_label;
-- One row a week and metric; the same numbers as the aggregates over the rows.
SELECT "time", metric, n, compare_to, value IS NOT NULL AS has_value, reference IS NOT NULL AS has_reference
  FROM mlpg.metrics_over_time WHERE model = 'drinks' AND "time" = '2025-04-28' ORDER BY metric COLLATE "C";
SELECT f.target_date, m.value = mlpg.wape(f.actual, f.yhat) AS wape, o.value = mlpg.order_cost(f.actual, f.order_qty, 3, 1) AS order_cost,
       sum(f.cost) = o.value * o.n AS money, o.reference = mlpg.order_cost(f.actual, f.baseline_yhat, 3, 1) AS baseline
  FROM mlpg.forecast_vs_actual AS f
  JOIN mlpg.metrics_over_time AS m ON m.model = f.model AND m."time" = f.target_time AND m.metric = 'wape'
  JOIN mlpg.metrics_over_time AS o ON o.model = f.model AND o."time" = f.target_time AND o.metric = 'order_cost'
 WHERE f.model = 'drinks' AND f.target_date >= '2025-04-21'
 GROUP BY 1, m.value, o.value, o.n, o.reference ORDER BY 1;

-- A view of one's own, with typed keys; it survives a rename.
SELECT mlpg.create_view('drinks_results', 'drinks', 'results');
\d drinks_results
SELECT mlpg.rename_model('drinks', 'beverages');
SELECT store, item, count(*), sum(actual) FROM drinks_results WHERE item > 101 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT relname, reloptions FROM pg_class WHERE relname = 'drinks_results';
SELECT mlpg.create_view('drinks_orders', 'beverages', 'orders');
SELECT mlpg.create_view('drinks_results', 'beverages');
SELECT mlpg.create_view('x', 'beverages', source => 'weekly');
SELECT mlpg.create_view('x', 'nothing');

SELECT model, target, algorithm, metric, value > 0 AS has_value, skill > 0 AS has_skill, champion, challenger, data_until, open_alerts,
       last_run_status, n_versions, owner = current_user AS mine
  FROM mlpg.model_overview WHERE model = 'beverages';
SELECT model, algorithm, metric, is_champion, version, status FROM mlpg.leaderboard WHERE model = 'beverages';

-- A point model: no costs, no interval, no naive forecast.
SELECT version FROM mlpg.train('point', $$SELECT level, sales FROM weekly WHERE week < '2025-04-14'$$, 'sales', 'linear', holdout => 0);
SELECT mlpg.log_predictions('point', $$SELECT week, level FROM weekly WHERE week = '2025-05-19' AND store = 'market' AND item = 101$$, '{}', 'week');
SELECT * FROM mlpg.log_actuals('point', $$SELECT week, sales FROM weekly WHERE store = 'market' AND item = 101$$, 'week', series_cols => '{}');
SELECT series, series_label, target_date, round(yhat) AS yhat, lower, order_qty, actual, cost FROM mlpg.forecast_vs_actual WHERE model = 'point';
SELECT mlpg.create_view('point_results', 'point');
SELECT target_date, actual FROM point_results;
-- What the recipe does not name has to be said.
SELECT * FROM mlpg.log_actuals('point');

SELECT mlpg.drop_model('beverages', force => true), mlpg.drop_model('point', force => true);
SELECT count(*) FROM mlpg.predictions;
SELECT count(*) FROM mlpg.actuals;
DROP VIEW drinks_results, point_results;
DROP TABLE weekly;
