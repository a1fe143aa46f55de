-- views.sql: what BI tools read. One grain each, safe to SUM, every view runs
-- with the reader's rights, so that row-level security shows everybody the
-- models that they may read and no others.

CREATE VIEW mlpg.forecast_log WITH (security_invoker = true) AS
SELECT m.model,
       p.version,
       p.alias,
       p.status,
       COALESCE((SELECT pg_catalog.string_agg(p.series ->> c.column_name, ' / ' ORDER BY c.position)
                   FROM mlpg.series_columns AS c
                  WHERE c.model_id = p.model_id), '') AS series_label,
       p.target_time,
       p.target_date,
       p.as_of,
       p.horizon,
       p.yhat,
       p.lower,
       p.upper,
       p.order_qty,
       p.actual,
       p.actual_at,
       p.yhat - p.actual AS error,
       pg_catalog.abs(p.yhat - p.actual) AS abs_error,
       CASE WHEN p.actual > p.order_qty THEN p.actual - p.order_qty WHEN p.actual <= p.order_qty THEN 0 END AS shortage,
       CASE WHEN p.actual < p.order_qty THEN p.order_qty - p.actual WHEN p.actual >= p.order_qty THEN 0 END AS leftover,
       CASE WHEN p.actual > p.order_qty THEN p.underage_cost * (p.actual - p.order_qty)
            WHEN p.actual <= p.order_qty THEN p.overage_cost * (p.order_qty - p.actual) END AS cost,
       p.baseline_yhat,
       pg_catalog.abs(p.baseline_yhat - p.actual) AS baseline_abs_error,
       CASE WHEN p.actual > p.baseline_yhat THEN p.underage_cost * (p.actual - p.baseline_yhat)
            WHEN p.actual <= p.baseline_yhat THEN p.overage_cost * (p.baseline_yhat - p.actual) END AS baseline_cost,
       p.interval_coverage,
       p.underage_cost,
       p.overage_cost,
       p.quantiles,
       p.series,
       p.predicted_at,
       p.prediction_id
  FROM mlpg.predictions AS p
  JOIN mlpg.models AS m ON m.model_id = p.model_id;

CREATE VIEW mlpg.forecast_vs_actual WITH (security_invoker = true) AS
SELECT DISTINCT ON (l.model, l.series, l.target_time)
       l.model,
       l.version,
       l.alias,
       l.series_label,
       l.target_time,
       l.target_date,
       l.as_of,
       l.horizon,
       l.yhat,
       l.lower,
       l.upper,
       l.order_qty,
       l.actual,
       l.actual_at,
       l.error,
       l.abs_error,
       l.shortage,
       l.leftover,
       l.cost,
       l.baseline_yhat,
       l.baseline_abs_error,
       l.baseline_cost,
       l.interval_coverage,
       l.underage_cost,
       l.overage_cost,
       l.quantiles,
       l.series,
       l.prediction_id
  FROM mlpg.forecast_log AS l
 WHERE l.alias = 'champion'
   AND l.status IN ('sent', 'approved')
 ORDER BY l.model, l.series, l.target_time, l.as_of DESC, l.version DESC;

CREATE VIEW mlpg.metrics_over_time WITH (security_invoker = true) AS
SELECT e."time",
       e.model,
       e.version,
       e.alias,
       v.metric,
       NULL::text AS feature,
       'all'::text AS segment,
       NULL::text AS series_label,
       v.value,
       e.n,
       CASE WHEN v.reference IS NOT NULL THEN 'baseline_yhat'::text END AS compare_to,
       v.reference,
       NULL::double precision AS lower,
       NULL::double precision AS upper,
       false AS is_alert
  FROM (SELECT (f.target_date::timestamp AT TIME ZONE COALESCE(m.recipe ->> 'time_zone', 'UTC')) AS "time",
               f.model,
               f.version,
               f.alias,
               pg_catalog.count(*)::integer AS n,
               mlpg.mae(f.actual, f.yhat) AS mae,
               mlpg.rmse(f.actual, f.yhat) AS rmse,
               mlpg.wape(f.actual, f.yhat) AS wape,
               mlpg.bias(f.actual, f.yhat) AS bias,
               mlpg.coverage(f.actual, f.lower, f.upper) AS coverage,
               pg_catalog.avg(f.cost) AS order_cost,
               mlpg.stockout_rate(f.actual, f.order_qty) AS stockout_rate,
               mlpg.fill_rate(f.actual, f.order_qty) AS fill_rate,
               pg_catalog.avg(f.interval_coverage) AS interval_coverage,
               mlpg.mae(f.actual, f.baseline_yhat) AS baseline_mae,
               mlpg.rmse(f.actual, f.baseline_yhat) AS baseline_rmse,
               mlpg.wape(f.actual, f.baseline_yhat) AS baseline_wape,
               mlpg.bias(f.actual, f.baseline_yhat) AS baseline_bias,
               pg_catalog.avg(f.baseline_cost) AS baseline_order_cost,
               mlpg.stockout_rate(f.actual, f.baseline_yhat) AS baseline_stockout_rate,
               mlpg.fill_rate(f.actual, f.baseline_yhat) AS baseline_fill_rate
          FROM mlpg.forecast_vs_actual AS f
          JOIN mlpg.models AS m ON m.model = f.model
         WHERE f.actual IS NOT NULL
         GROUP BY 1, 2, 3, 4) AS e
 CROSS JOIN LATERAL (VALUES
       ('mae'::text, e.mae, e.baseline_mae),
       ('rmse', e.rmse, e.baseline_rmse),
       ('wape', e.wape, e.baseline_wape),
       ('bias', e.bias, e.baseline_bias),
       ('coverage', e.coverage, NULL),
       ('order_cost', e.order_cost, e.baseline_order_cost),
       ('stockout_rate', e.stockout_rate, CASE WHEN e.stockout_rate IS NOT NULL THEN e.baseline_stockout_rate END),
       ('fill_rate', e.fill_rate, CASE WHEN e.fill_rate IS NOT NULL THEN e.baseline_fill_rate END),
       ('baseline_mae', e.baseline_mae, NULL),
       ('baseline_wape', e.baseline_wape, NULL),
       ('baseline_order_cost', e.baseline_order_cost, NULL),
       ('skill', 1 - COALESCE(e.order_cost / NULLIF(e.baseline_order_cost, 0),
                              e.mae / NULLIF(e.baseline_mae, 0)), NULL)) AS v (metric, value, reference)
 WHERE v.value IS NOT NULL;

CREATE VIEW mlpg.model_overview WITH (security_invoker = true) AS
SELECT m.model,
       m.target,
       v.algorithm,
       v.metrics ->> 'metric' AS metric,
       (v.metrics ->> 'value')::double precision AS value,
       v.metrics ->> 'baseline' AS baseline,
       (v.metrics ->> 'baseline_value')::double precision AS baseline_value,
       (v.metrics ->> 'skill')::double precision AS skill,
       a.version AS champion,
       (SELECT c.version FROM mlpg.aliases AS c WHERE c.model_id = m.model_id AND c.alias = 'challenger') AS challenger,
       v.created_at AS trained_at,
       (v.metrics ->> 'trained_until')::timestamptz AS data_until,
       (SELECT pg_catalog.max(p.predicted_at) FROM mlpg.predictions AS p WHERE p.model_id = m.model_id) AS last_prediction_at,
       0 AS open_alerts,
       (SELECT r.status FROM mlpg.runs AS r WHERE r.model_id = m.model_id ORDER BY r.started_at DESC, r.run_id DESC LIMIT 1) AS last_run_status,
       (SELECT pg_catalog.count(*)::integer FROM mlpg.model_versions AS n WHERE n.model_id = m.model_id) AS n_versions,
       (SELECT pg_catalog.sum(n.bytes)::bigint FROM mlpg.model_versions AS n WHERE n.model_id = m.model_id) AS model_bytes,
       m.owner
  FROM mlpg.models AS m
  LEFT JOIN mlpg.aliases AS a ON a.model_id = m.model_id AND a.alias = 'champion'
  LEFT JOIN mlpg.model_versions AS v ON v.model_id = m.model_id AND v.version = a.version;

CREATE VIEW mlpg.leaderboard WITH (security_invoker = true) AS
SELECT m.model,
       r.experiment,
       v.algorithm,
       v.metrics ->> 'metric' AS metric,
       (v.metrics ->> 'value')::double precision AS value,
       (v.metrics ->> 'stddev')::double precision AS stddev,
       v.metrics ->> 'baseline' AS baseline,
       (v.metrics ->> 'baseline_value')::double precision AS baseline_value,
       (v.metrics ->> 'skill')::double precision AS skill,
       a.version IS NOT NULL AS is_champion,
       v.version,
       r.run_id,
       r.started_at,
       r.seconds,
       r.n_rows,
       r.status,
       v.params,
       v.metrics
  FROM mlpg.runs AS r
  JOIN mlpg.models AS m ON m.model_id = r.model_id
  LEFT JOIN mlpg.model_versions AS v ON v.run_id = r.run_id
  LEFT JOIN mlpg.aliases AS a ON a.model_id = v.model_id AND a.version = v.version AND a.alias = 'champion';

-- What the columns mean
COMMENT ON VIEW mlpg.forecast_log IS 'Every prediction that was logged, with status and alias: one row a series, time, as_of and version. Example: SELECT model, status, count(*) FROM mlpg.forecast_log GROUP BY 1, 2;';
COMMENT ON COLUMN mlpg.forecast_log.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.forecast_log.version IS 'Version that predicted.';
COMMENT ON COLUMN mlpg.forecast_log.alias IS 'Alias under which the version was asked; NULL when it was asked by number.';
COMMENT ON COLUMN mlpg.forecast_log.status IS 'sent or approved (in use), draft, shadow (not the champion''s) or backfill (as_of is before the last training row).';
COMMENT ON COLUMN mlpg.forecast_log.series_label IS 'Key columns of the series in one text, such as castle / beer.';
COMMENT ON COLUMN mlpg.forecast_log.target_time IS 'Time that the prediction is for; the start, when it is for a period.';
COMMENT ON COLUMN mlpg.forecast_log.target_date IS 'The same as a day, in the time zone of the model''s recipe.';
COMMENT ON COLUMN mlpg.forecast_log.as_of IS 'When the prediction was or would have been made.';
COMMENT ON COLUMN mlpg.forecast_log.horizon IS 'Periods between as_of and target; NULL when the model knows no period.';
COMMENT ON COLUMN mlpg.forecast_log.yhat IS 'The prediction.';
COMMENT ON COLUMN mlpg.forecast_log.lower IS 'Lower end of the interval.';
COMMENT ON COLUMN mlpg.forecast_log.upper IS 'Upper end of the interval.';
COMMENT ON COLUMN mlpg.forecast_log.order_qty IS 'Quantity that the costs asked for; NULL without costs.';
COMMENT ON COLUMN mlpg.forecast_log.actual IS 'What happened; NULL while it is not known.';
COMMENT ON COLUMN mlpg.forecast_log.actual_at IS 'When that figure was reported.';
COMMENT ON COLUMN mlpg.forecast_log.error IS 'yhat - actual: positive is too much.';
COMMENT ON COLUMN mlpg.forecast_log.abs_error IS 'Size of the error.';
COMMENT ON COLUMN mlpg.forecast_log.shortage IS 'Units that order_qty was short of actual.';
COMMENT ON COLUMN mlpg.forecast_log.leftover IS 'Units that order_qty was above actual.';
COMMENT ON COLUMN mlpg.forecast_log.cost IS 'Money that shortage and leftover cost.';
COMMENT ON COLUMN mlpg.forecast_log.baseline_yhat IS 'What the naive forecast said.';
COMMENT ON COLUMN mlpg.forecast_log.baseline_abs_error IS 'Size of the error of the naive forecast.';
COMMENT ON COLUMN mlpg.forecast_log.baseline_cost IS 'Money that ordering the naive forecast would have cost.';
COMMENT ON COLUMN mlpg.forecast_log.interval_coverage IS 'Share of actuals that lower to upper should hold.';
COMMENT ON COLUMN mlpg.forecast_log.underage_cost IS 'Cost of a missing unit.';
COMMENT ON COLUMN mlpg.forecast_log.overage_cost IS 'Cost of a unit left over.';
COMMENT ON COLUMN mlpg.forecast_log.quantiles IS 'Predicted quantiles by level.';
COMMENT ON COLUMN mlpg.forecast_log.series IS 'Key columns of the series.';
COMMENT ON COLUMN mlpg.forecast_log.predicted_at IS 'When the row was written, wall clock.';
COMMENT ON COLUMN mlpg.forecast_log.prediction_id IS 'Key of the row in mlpg.predictions.';
COMMENT ON VIEW mlpg.forecast_vs_actual IS 'Predictions that were in use (logged under the alias champion; the last as_of of a series and time) and what happened: one row a series and time, safe to SUM. Example: SELECT target_date, sum(cost), sum(baseline_cost) FROM mlpg.forecast_vs_actual WHERE model = ''beverage'' GROUP BY 1 ORDER BY 1;';
COMMENT ON COLUMN mlpg.forecast_vs_actual.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.version IS 'Version that predicted.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.alias IS 'Alias under which the version was asked; NULL when it was asked by number.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.series_label IS 'Key columns of the series in one text, such as castle / beer.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.target_time IS 'Time that the prediction is for; the start, when it is for a period.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.target_date IS 'The same as a day, in the time zone of the model''s recipe.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.as_of IS 'When the prediction was or would have been made.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.horizon IS 'Periods between as_of and target; NULL when the model knows no period.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.yhat IS 'The prediction.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.lower IS 'Lower end of the interval.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.upper IS 'Upper end of the interval.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.order_qty IS 'Quantity that the costs asked for; NULL without costs.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.actual IS 'What happened; NULL while it is not known.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.actual_at IS 'When that figure was reported.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.error IS 'yhat - actual: positive is too much.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.abs_error IS 'Size of the error.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.shortage IS 'Units that order_qty was short of actual.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.leftover IS 'Units that order_qty was above actual.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.cost IS 'Money that shortage and leftover cost.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.baseline_yhat IS 'What the naive forecast said.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.baseline_abs_error IS 'Size of the error of the naive forecast.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.baseline_cost IS 'Money that ordering the naive forecast would have cost.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.interval_coverage IS 'Share of actuals that lower to upper should hold.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.underage_cost IS 'Cost of a missing unit.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.overage_cost IS 'Cost of a unit left over.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.quantiles IS 'Predicted quantiles by level.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.series IS 'Key columns of the series.';
COMMENT ON COLUMN mlpg.forecast_vs_actual.prediction_id IS 'Key of the row in mlpg.predictions.';
COMMENT ON VIEW mlpg.metrics_over_time IS 'Error over time of what was in use: one row a model, version, target day and metric; a Grafana time series and alert can read it. Example: SELECT "time", value FROM mlpg.metrics_over_time WHERE model = ''beverage'' AND metric = ''wape'' ORDER BY 1;';
COMMENT ON COLUMN mlpg.metrics_over_time."time" IS 'Start of the target day in the time zone of the model''s recipe.';
COMMENT ON COLUMN mlpg.metrics_over_time.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.metrics_over_time.version IS 'Version that predicted.';
COMMENT ON COLUMN mlpg.metrics_over_time.alias IS 'Alias under which it was asked.';
COMMENT ON COLUMN mlpg.metrics_over_time.metric IS 'mae, rmse, wape, bias, coverage; with costs order_cost (mean money a row), stockout_rate, fill_rate; with baseline_yhat baseline_mae, baseline_wape, baseline_order_cost, skill.';
COMMENT ON COLUMN mlpg.metrics_over_time.feature IS 'Feature that a monitor watches; NULL for errors.';
COMMENT ON COLUMN mlpg.metrics_over_time.segment IS 'Part of the rows: all.';
COMMENT ON COLUMN mlpg.metrics_over_time.series_label IS 'Series, where a row is about one; else NULL.';
COMMENT ON COLUMN mlpg.metrics_over_time.value IS 'Value of the metric.';
COMMENT ON COLUMN mlpg.metrics_over_time.n IS 'Rows with an actual in that time.';
COMMENT ON COLUMN mlpg.metrics_over_time.compare_to IS 'What reference is.';
COMMENT ON COLUMN mlpg.metrics_over_time.reference IS 'The same metric of the naive forecast.';
COMMENT ON COLUMN mlpg.metrics_over_time.lower IS 'Lower limit of a monitor; NULL without one.';
COMMENT ON COLUMN mlpg.metrics_over_time.upper IS 'Upper limit of a monitor; NULL without one.';
COMMENT ON COLUMN mlpg.metrics_over_time.is_alert IS 'Whether a monitor found the value out of its limits; false without one.';
COMMENT ON VIEW mlpg.model_overview IS 'One row a model: how good its champion is, how fresh, and who owns it. Example: SELECT model, metric, value, baseline_value, skill, champion FROM mlpg.model_overview;';
COMMENT ON COLUMN mlpg.model_overview.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.model_overview.target IS 'What it predicts.';
COMMENT ON COLUMN mlpg.model_overview.algorithm IS 'Learner of the champion.';
COMMENT ON COLUMN mlpg.model_overview.metric IS 'Metric by which the champion was judged on its hold-out.';
COMMENT ON COLUMN mlpg.model_overview.value IS 'Its value.';
COMMENT ON COLUMN mlpg.model_overview.baseline IS 'Best naive model on the same hold-out.';
COMMENT ON COLUMN mlpg.model_overview.baseline_value IS 'Its value.';
COMMENT ON COLUMN mlpg.model_overview.skill IS '1 - value / baseline_value.';
COMMENT ON COLUMN mlpg.model_overview.champion IS 'Version that serves.';
COMMENT ON COLUMN mlpg.model_overview.challenger IS 'Version with the alias challenger.';
COMMENT ON COLUMN mlpg.model_overview.trained_at IS 'When the champion was trained.';
COMMENT ON COLUMN mlpg.model_overview.data_until IS 'Last time in its training rows, where training knew the time column.';
COMMENT ON COLUMN mlpg.model_overview.last_prediction_at IS 'When a prediction was logged last.';
COMMENT ON COLUMN mlpg.model_overview.open_alerts IS 'Alerts that are open; 0 without monitors.';
COMMENT ON COLUMN mlpg.model_overview.last_run_status IS 'Status of the newest run.';
COMMENT ON COLUMN mlpg.model_overview.n_versions IS 'Versions that are kept.';
COMMENT ON COLUMN mlpg.model_overview.model_bytes IS 'Bytes that they take.';
COMMENT ON COLUMN mlpg.model_overview.owner IS 'Role that owns the model.';
COMMENT ON VIEW mlpg.leaderboard IS 'One row a training run: which was best on its hold-out. Example: SELECT model, version, algorithm, metric, value, skill FROM mlpg.leaderboard ORDER BY model, value;';
COMMENT ON COLUMN mlpg.leaderboard.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.leaderboard.experiment IS 'Free name given to train.';
COMMENT ON COLUMN mlpg.leaderboard.algorithm IS 'Learner.';
COMMENT ON COLUMN mlpg.leaderboard.metric IS 'Metric of the hold-out.';
COMMENT ON COLUMN mlpg.leaderboard.value IS 'Its value.';
COMMENT ON COLUMN mlpg.leaderboard.stddev IS 'Its standard deviation over folds, where there were any.';
COMMENT ON COLUMN mlpg.leaderboard.baseline IS 'Best naive model on the same hold-out.';
COMMENT ON COLUMN mlpg.leaderboard.baseline_value IS 'Its value.';
COMMENT ON COLUMN mlpg.leaderboard.skill IS '1 - value / baseline_value.';
COMMENT ON COLUMN mlpg.leaderboard.is_champion IS 'Whether the version serves.';
COMMENT ON COLUMN mlpg.leaderboard.version IS 'Version that the run made; NULL when it failed.';
COMMENT ON COLUMN mlpg.leaderboard.run_id IS 'Key of the run.';
COMMENT ON COLUMN mlpg.leaderboard.started_at IS 'Start, wall clock.';
COMMENT ON COLUMN mlpg.leaderboard.seconds IS 'Wall time.';
COMMENT ON COLUMN mlpg.leaderboard.n_rows IS 'Rows that the fit used.';
COMMENT ON COLUMN mlpg.leaderboard.status IS 'running, succeeded, failed or skipped.';
COMMENT ON COLUMN mlpg.leaderboard.params IS 'Parameters of the learner.';
COMMENT ON COLUMN mlpg.leaderboard.metrics IS 'All metrics of the hold-out and of its baselines.';
