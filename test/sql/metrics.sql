-- Metric aggregates and newsvendor.
SET extra_float_digits = 1;

\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises

-- Golden vector: y 3,0,2,7,2 against 2.5,0,2,8,1.25. The expected values were
-- computed apart from this code, from the formulas of doc/metrics.md, with
-- Python's decimal module at 50 digits.
CREATE TEMP TABLE golden (actual float8, yhat float8, mu float8, positive float8, lower float8, upper float8);
INSERT INTO golden VALUES
    (3, 2.5, 2.5, 3, 2, 4), (0, 0, 0.5, 1, 0.5, 1), (2, 2, 2, 2, 2, 3), (7, 8, 8, 7, 4, 6), (2, 1.25, 1.25, 2, 1, 2);

SELECT metric, round(value::numeric, 12) AS value,
       abs(value - expected) <= 1e-15 * abs(expected) AS is_golden
FROM (SELECT
        mlpg.mae(actual, yhat), mlpg.mse(actual, yhat), mlpg.rmse(actual, yhat), mlpg.mape(actual, yhat),
        mlpg.smape(actual, yhat), mlpg.wape(actual, yhat), mlpg.bias(actual, yhat), mlpg.r2(actual, yhat),
        mlpg.pinball(actual, yhat, 0.75), mlpg.expectile_loss(actual, yhat, 0.75), mlpg.linex(actual, yhat, 0.5),
        mlpg.order_cost(actual, yhat, 3, 1), mlpg.fill_rate(actual, yhat), mlpg.stockout_rate(actual, yhat),
        mlpg.coverage(actual, lower, upper), mlpg.winkler(actual, lower, upper, 0.2)
      FROM golden) AS m,
     LATERAL (VALUES
        ('mae', m.mae, 0.45::float8),
        ('mse', m.mse, 0.3625),
        ('rmse', m.rmse, 0.60207972893961477400641),
        ('mape', m.mape, 0.17113095238095238095238),
        ('smape', m.smape, 0.15533799533799533799534),
        ('wape', m.wape, 0.16071428571428571428571),
        ('bias', m.bias, -0.05),
        ('r2', m.r2, 0.93236940298507462686567),
        ('pinball', m.pinball, 0.2375),
        ('expectile_loss', m.expectile_loss, 0.171875),
        ('linex', m.linex, 0.044109498203715248746203),
        ('order_cost', m.order_cost, 0.95),
        ('fill_rate', m.fill_rate, 0.91071428571428571428571),
        ('stockout_rate', m.stockout_rate, 0.4),
        ('coverage', m.coverage, 0.6),
        ('winkler', m.winkler, 4.3)) AS v(metric, value, expected);

-- Tweedie, also next to the powers where the textbook formula divides by almost 0.
SELECT power, abs(value / expected - 1) <= 1e-13 AS is_golden
FROM (VALUES
    ('-1', (SELECT mlpg.tweedie_deviance(actual, mu, -1) FROM golden), 1.8520833333333333::float8),
    ('0', (SELECT mlpg.tweedie_deviance(actual, mu, 0) FROM golden), 0.4125),
    ('1', (SELECT mlpg.tweedie_deviance(actual, mu, 1) FROM golden), 0.32090087220067064956),
    ('1.1', (SELECT mlpg.tweedie_deviance(actual, mu, 1.1) FROM golden), 0.34964248441191872567),
    ('1.5', (SELECT mlpg.tweedie_deviance(actual, mu, 1.5) FROM golden), 0.64941606000597756982),
    ('1.9', (SELECT mlpg.tweedie_deviance(actual, mu, 1.9) FROM golden), 3.7980915750323374469),
    ('1.0000001', (SELECT mlpg.tweedie_deviance(positive, mu, 1.0000001) FROM golden), 0.19815973781270045662),
    ('1.4999', (SELECT mlpg.tweedie_deviance(positive, mu, 1.4999) FROM golden), 0.18078784521138219996),
    ('1.9999999', (SELECT mlpg.tweedie_deviance(positive, mu, 1.9999999) FROM golden), 0.18522360789386446997),
    ('2', (SELECT mlpg.tweedie_deviance(positive, mu, 2) FROM golden), 0.18522361040995485355),
    ('2.5', (SELECT mlpg.tweedie_deviance(positive, mu, 2.5) FROM golden), 0.20498946782040011980),
    ('3', (SELECT mlpg.tweedie_deviance(positive, mu, 3) FROM golden), 0.23911309523809523810),
    ('-0.5', (SELECT mlpg.tweedie_deviance(CASE actual WHEN 3 THEN -3 ELSE actual END, mu, -0.5) FROM golden),
     5.4629599331555698946)) AS v(power, value, expected);

-- A library's mistake, seen in the wild, gives -5.66 here.
SELECT mlpg.tweedie_deviance(2, 2, 1.5);

-- Money is pinball: order_cost = (cu + co) * pinball at cu / (cu + co).
SELECT mlpg.order_cost(actual, yhat, 3, 1) = 4 * mlpg.pinball(actual, yhat, 0.75) AS same FROM golden;

-- No rows, only NULLs, and rows with a NULL between others.
SELECT mlpg.mae(actual, yhat), mlpg.r2(actual, yhat), mlpg.wape(actual, yhat), mlpg.pinball(actual, yhat, 0.5)
FROM golden WHERE false;
SELECT mlpg.mae(NULL, yhat), mlpg.r2(actual, NULL), mlpg.wape(NULL, NULL), mlpg.pinball(actual, yhat, NULL),
       mlpg.order_cost(actual, yhat, 3, NULL), mlpg.coverage(actual, lower, NULL)
FROM golden;
SELECT mlpg.mae(actual, yhat), mlpg.order_cost(actual, yhat, cu, 1)
FROM (SELECT actual, yhat, 3::float8 AS cu FROM golden
      UNION ALL VALUES (NULL, 1, 3), (1, NULL, 3), (NULL, NULL, 3), (NULL, 'NaN'::float8, 3), (1, 1, NULL)) AS t;

-- Denominators of zero are NULL; rows without a value do not count.
SELECT mlpg.wape(0, 1), mlpg.fill_rate(0, 1), mlpg.mape(0, 1), mlpg.r2(0.1, i), mlpg.smape(0, 0)
FROM generate_series(1, 3) AS i;
SELECT mlpg.mape(actual, yhat) FROM (VALUES (0, 5), (2, 1), (0, 0)) AS t(actual, yhat);
SELECT mlpg.r2(3, 4) AS one_row, mlpg.smape(-1, 1) AS two;

-- Integers and numerics are cast; FILTER, DISTINCT, ORDER BY and OVER work.
SELECT mlpg.mae(a, f) AS integers, mlpg.mae(a::numeric, f::bigint) AS mixed,
       mlpg.mae(a, f) FILTER (WHERE a > 1) AS filtered, mlpg.mae(DISTINCT a, f) AS distinct_pairs,
       mlpg.mae(a, f ORDER BY a DESC) AS ordered
FROM (VALUES (1, 2), (1, 2), (2, 2), (5, 9)) AS t(a, f);
SELECT a, mlpg.mae(a, f) OVER (ORDER BY a ROWS 1 PRECEDING) AS moving, mlpg.mae(a, f) OVER (ORDER BY a) AS running
FROM (VALUES (1, 2), (2, 2), (3, 9)) AS t(a, f);

-- Parameters: range, and the same in all rows of a group.
SELECT raises(format('SELECT mlpg.pinball(1, 2, %L)', level)) FROM unnest('{0,1,1.5,-0.1,NaN}'::float8[]) AS level;
SELECT raises('SELECT mlpg.expectile_loss(1, 2, 1)');
SELECT raises('SELECT mlpg.winkler(1, 0, 2, 0)');
SELECT raises('SELECT mlpg.linex(1, 2, 0)');
SELECT raises($$SELECT mlpg.linex(1, 2, 'infinity')$$);
SELECT raises('SELECT mlpg.tweedie_deviance(1, 2, 0.5)');
SELECT raises('SELECT mlpg.order_cost(1, 2, -1, 1)');
SELECT raises($$SELECT mlpg.order_cost(1, 2, 1, 'infinity')$$);
SELECT mlpg.order_cost(1, 2, 0, 0) AS free;
SELECT raises('SELECT mlpg.pinball(1, 2, level) FROM (VALUES (0.5), (0.9)) AS t(level)');
SELECT raises('SELECT mlpg.order_cost(1, 2, 3, co) FROM (VALUES (1), (2)) AS t(co)');
SELECT level, mlpg.pinball(1, 2, level) FROM (VALUES (0.5), (0.9)) AS t(level) GROUP BY level ORDER BY level;

-- NaN and infinity name their argument; a domain says what it is.
SELECT raises($$SELECT mlpg.mae(1, 'NaN')$$);
SELECT raises($$SELECT mlpg.r2('-infinity', 1)$$);
SELECT raises($$SELECT mlpg.coverage(1, 0, 'infinity')$$);
SELECT raises($$SELECT mlpg.order_cost(1, 'NaN', 1, 1)$$);
SELECT raises('SELECT mlpg.tweedie_deviance(-1, 1, 1.5)');
SELECT raises('SELECT mlpg.tweedie_deviance(1, 0, 1)');
SELECT raises('SELECT mlpg.tweedie_deviance(0, 1, 2)');
SELECT raises('SELECT mlpg.tweedie_deviance(1, 0, -1)');

-- Finite values that overflow are an error, never a wrong number; large and tiny ones are no problem.
SELECT raises('SELECT mlpg.mse(1e200, -1e200)');
SELECT raises('SELECT mlpg.bias(1e308, -1e308)');
SELECT raises('SELECT mlpg.r2(a, 0) FROM (VALUES (1e200), (-1e200)) AS t(a)');
SELECT raises('SELECT mlpg.smape(1e308, 1.5e308)');
SELECT raises('SELECT mlpg.wape(1e308, 1.7e308) FROM generate_series(1, 2)');
SELECT mlpg.mae(1e308, 0.5e308), mlpg.smape(5e-324, 0), mlpg.linex(1e6, 0, 1) BETWEEN 5e21 AND 6e21 AS is_clipped,
       mlpg.linex(1e-9, 0, 1) AS small_z;

-- R squared where the mean is a million times the spread, and 1e9 times.
SELECT abs(mlpg.r2(1e6 + i, 1e6 + i + 0.5) / (1 - 25 / 825.0) - 1) < 1e-14 AS at_1e6,
       abs(mlpg.r2(1e9 + i, 1e9 + i + 0.5) / (1 - 25 / 825.0) - 1) < 1e-14 AS at_1e9
FROM (SELECT i::float8 FROM generate_series(1, 9) AS i UNION ALL SELECT 10) AS t;

-- The same in any order and in a parallel plan.
CREATE TABLE metric_rows AS
SELECT i AS id, i % 7 AS grp,
       CASE WHEN i % 11 <> 0 THEN (i * 7919 % 1000) / 7.0::float8 * 10 ^ (i % 9 - 4) END AS actual,
       CASE WHEN i % 13 <> 0 THEN (i * 104729 % 1000 + 1) / 3.0::float8 * 10 ^ (i % 9 - 4) END AS yhat
FROM generate_series(1, 20000) AS i;
ALTER TABLE metric_rows SET (parallel_workers = 2);
ANALYZE metric_rows;

CREATE FUNCTION pg_temp.all_metrics(source text) RETURNS text
LANGUAGE sql AS $$
SELECT 'SELECT mlpg.mae(actual, yhat), mlpg.rmse(actual, yhat), mlpg.mse(actual, yhat), mlpg.mape(actual, yhat),
    mlpg.smape(actual, yhat), mlpg.wape(actual, yhat), mlpg.bias(actual, yhat), mlpg.r2(actual, yhat),
    mlpg.pinball(actual, yhat, 0.9), mlpg.expectile_loss(actual, yhat, 0.9), mlpg.linex(actual, yhat, -0.01),
    mlpg.tweedie_deviance(actual, yhat, 1.3), mlpg.coverage(actual, yhat, 2 * yhat),
    mlpg.winkler(actual, yhat, 2 * yhat, 0.1), mlpg.order_cost(actual, yhat, 3, 1), mlpg.fill_rate(actual, yhat),
    mlpg.stockout_rate(actual, yhat) FROM ' || source
$$;

CREATE FUNCTION pg_temp.plan_nodes(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        plan := plan || line;
    END LOOP;
    RETURN concat_ws(', ', substring(plan FROM 'Finalize'), substring(plan FROM 'Gather'),
                     substring(plan FROM 'Partial'), substring(plan FROM 'Parallel Seq Scan'));
END $$;

CREATE FUNCTION pg_temp.run(statement text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    result jsonb;
BEGIN
    EXECUTE 'SELECT to_jsonb(s) FROM (' || statement || ') AS s' INTO result;
    RETURN result;
END $$;

SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE results AS
SELECT 'serial' AS kind, pg_temp.run(pg_temp.all_metrics('metric_rows')) AS result
UNION ALL
SELECT 'backwards', pg_temp.run(pg_temp.all_metrics('(SELECT * FROM metric_rows ORDER BY id DESC OFFSET 0) AS r'))
UNION ALL
SELECT 'by size', pg_temp.run(pg_temp.all_metrics('(SELECT * FROM metric_rows ORDER BY actual, yhat OFFSET 0) AS r'));
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.plan_nodes(pg_temp.all_metrics('metric_rows'));
INSERT INTO results SELECT 'parallel', pg_temp.run(pg_temp.all_metrics('metric_rows'));
SET parallel_leader_participation = off;
INSERT INTO results SELECT 'workers only', pg_temp.run(pg_temp.all_metrics('metric_rows'));
RESET parallel_leader_participation;

SELECT r.kind, count(*) AS metrics,
       count(*) FILTER (WHERE abs(v.value::float8 - w.value::float8) <= 1e-15 * abs(w.value::float8)) AS equal
FROM results AS r
CROSS JOIN LATERAL jsonb_each_text(r.result) AS v
JOIN results AS s ON s.kind = 'serial'
JOIN LATERAL jsonb_each_text(s.result) AS w ON w.key = v.key
WHERE r.kind <> 'serial'
GROUP BY r.kind ORDER BY r.kind;

-- By group: plan and values.
SELECT pg_temp.plan_nodes('SELECT grp, mlpg.mae(actual, yhat) FROM metric_rows GROUP BY grp');
SELECT count(*) AS groups, count(*) FILTER (WHERE abs(p.rmse - s.rmse) <= 1e-15 * s.rmse) AS equal
FROM (SELECT grp, mlpg.rmse(actual, yhat) FROM metric_rows GROUP BY grp) AS p
JOIN (SELECT grp, sqrt(avg((actual - yhat)::numeric ^ 2)::float8) AS rmse FROM metric_rows GROUP BY grp) AS s USING (grp);

-- A parameter that differs between workers is found when their states meet.
SELECT raises('SELECT mlpg.pinball(actual, yhat, CASE WHEN id <= 10000 THEN 0.5 ELSE 0.9 END) FROM metric_rows');

-- Against the same in exact numeric arithmetic.
SET max_parallel_workers_per_gather = 0;
WITH exact AS (
    SELECT actual::numeric AS y, yhat::numeric AS f FROM
        (SELECT round(actual::numeric, 6)::float8 AS actual, round(yhat::numeric, 6)::float8 AS yhat FROM metric_rows) AS r
    WHERE actual IS NOT NULL AND yhat IS NOT NULL
), value AS (
    SELECT mlpg.mae(y, f), mlpg.mse(y, f), mlpg.wape(y, f), mlpg.bias(y, f), mlpg.r2(y, f), mlpg.fill_rate(y, f),
           mlpg.order_cost(y, f, 5, 2),
           avg(abs(y - f)) AS e_mae, avg((y - f) ^ 2) AS e_mse, sum(abs(y - f)) / sum(abs(y)) AS e_wape,
           avg(f - y) AS e_bias,
           1 - sum((y - f) ^ 2) / (sum(y * y) - sum(y) ^ 2 / count(*)) AS e_r2,
           1 - sum(greatest(y - f, 0)) / sum(y) AS e_fill_rate,
           avg(5 * greatest(y - f, 0) + 2 * greatest(f - y, 0)) AS e_order_cost
    FROM exact
)
SELECT abs(mae / e_mae::float8 - 1) <= 1e-15 AS mae, abs(mse / e_mse::float8 - 1) <= 1e-15 AS mse,
       abs(wape / e_wape::float8 - 1) <= 1e-15 AS wape, abs(bias / e_bias::float8 - 1) <= 1e-14 AS bias,
       abs(r2 / e_r2::float8 - 1) <= 1e-15 AS r2, abs(fill_rate / e_fill_rate::float8 - 1) <= 1e-14 AS fill_rate,
       abs(order_cost / e_order_cost::float8 - 1) <= 1e-15 AS order_cost
FROM value;
DROP TABLE metric_rows;

-- States that somebody typed in: refused, or harmless. (Only the owner can call these.)
SELECT raises(format('SELECT mlpg.metric_accum(%L, 1, 2)', state))
FROM unnest(ARRAY[NULL, '{}', '{1}', '{1835823207}', '{1835823207,0}', '{1835823207,1000}', '{1835823207,1.5}',
    '{1835823207,-1}', '{1835823207,NaN}', '{NaN,1}', '{1835823207,1e300}', '{1835823207,NULL}',
    '{{1835823207,1}}', '{1835823207,1,0}', '{1835823207,9}',
    '{1835823207,1,-1,0,1,0,0,0,0,0,0,0,0,0}', '{1835823207,1,0.5,0,1,0,0,0,0,0,0,0,0,0}',
    '{1835823207,1,NaN,0,1,0,0,0,0,0,0,0,0,0}', '{1835823207,1,1,0,0,0,0,0,0,0,0,0,0,0}',
    '{1835823207,1,1,0,2,0,0,0,0,0,0,0,0,0}', '{1835823207,1,1,0,1,0,0,infinity,0,0,0,0,0,0}',
    '{1835823207,1,1,0,1,0,0,0,0,0,0,0,0,NULL}', '{1835823207,1,1,0,1,0,0,0,0,0,0,0,0,0,0}']) AS state;
SELECT raises('SELECT mlpg.metric_accum(''{1835823207,9,1,0,1,1.5,0,0,0,0,0,0,0,0}'', 1, 2, 0.5)');
SELECT raises('SELECT mlpg.metric_combine(''{1835823207,1}'', ''{1835823207,2}'')');
SELECT raises('SELECT mlpg.metric_value(''{2,1}'')');
SELECT raises('SELECT mlpg.metric_value(''{1835823207,1,1,0,1,0,0,0,NaN,0,0,0,0,0}'')');
SELECT mlpg.metric_combine(NULL, NULL) AS nothing, mlpg.metric_value('{1835823207,1}') AS fresh,
       mlpg.metric_combine(NULL, '{1835823207,1}') AS second, mlpg.metric_combine('{1835823207,1}', '{1835823207,1}') AS two;
SELECT mlpg.metric_value(mlpg.metric_combine(s, mlpg.metric_accum(s, 5, 7))) AS by_hand, mlpg.metric_value(s) AS unchanged
FROM mlpg.metric_accum('{1835823207,1}', 1, 2) AS s;

-- The state is of a plain type, and every aggregate can be parallel.
SELECT count(*) AS aggregates,
       count(*) FILTER (WHERE a.aggtranstype = 'float8[]'::regtype AND a.aggcombinefn <> 0 AND p.proparallel = 's') AS pushable
FROM pg_aggregate AS a
JOIN pg_proc AS p ON p.oid = a.aggfnoid
WHERE a.aggtransfn::regproc::text = 'mlpg.metric_accum';
SELECT a.aggfnoid::regproc AS aggregate, pg_get_function_arguments(a.aggfnoid) AS arguments, a.agginitval AS initcond
FROM pg_aggregate AS a
WHERE a.aggtransfn::regproc::text = 'mlpg.metric_accum'
ORDER BY a.agginitval::float8[];

-- The example in each comment runs.
SELECT p.proname, raises(substring(obj_description(p.oid, 'pg_proc') FROM 'Example: (SELECT .*);$'))
       ~ '^no error, but [-{0-9]' AS example_runs
FROM pg_proc AS p
WHERE p.pronamespace = 'mlpg'::regnamespace
  AND (p.proname = 'newsvendor' OR p.proname IN ('metric_accum', 'metric_combine', 'metric_value')
       OR EXISTS (SELECT FROM pg_aggregate AS a
                  WHERE a.aggfnoid = p.oid AND a.aggtransfn::regproc::text = 'mlpg.metric_accum'))
ORDER BY p.proname COLLATE "C", p.pronargs;

-- newsvendor: on a level, between levels, crossing quantiles, one level, costs that miss a level by rounding.
SELECT mlpg.newsvendor('{0.5,0.75,0.9}', '{10,15,22}', 3, 1) AS on_level,
       mlpg.newsvendor('{0.5,0.7,0.9}', '{10,15,22}', 3, 1) AS between,
       mlpg.newsvendor(levels => '{0.5,0.7,0.9}', quantiles => '{22,10,15}', underage_cost => 3, overage_cost => 1) AS crossing,
       mlpg.newsvendor('{0.75}', '{7}', 3, 1) AS one,
       mlpg.newsvendor('{0.1,0.9}', '{1,9}', 0.9, 0.1) AS at_the_end,
       mlpg.newsvendor('{0.1,0.7}', '{1,9}', 0.07, 0.03) AS by_rounding,
       mlpg.newsvendor('{0.5,0.9}', '{-1.7e308,1.7e308}', 1.5e308, 0.5e308) AS huge,
       mlpg.newsvendor(NULL, '{1}', 1, 1) AS of_null;
SELECT mlpg.newsvendor(array_agg(i / 1000.0::float8 ORDER BY i), array_agg((i * 7919 % 1000)::float8 ORDER BY i), 3, 1) AS many
FROM generate_series(1, 999) AS i;
SELECT raises('SELECT mlpg.newsvendor(''{0.1,0.5,0.9}'', ''{1,5,9}'', 19, 1)');
SELECT raises('SELECT mlpg.newsvendor(''{0.5,0.9}'', ''{1,5}'', 1, 2)');
SELECT raises('SELECT mlpg.newsvendor(''{0.5,0.9}'', ''{1,5}'', 1e-300, 1e300)');
SELECT raises('SELECT mlpg.newsvendor(''{0.5,0.9}'', ''{1,5}'', ' || costs || ')')
FROM unnest(ARRAY['0, 1', '1, 0', '-1, 1', '''NaN'', 1', '1, ''infinity''']) AS costs;
SELECT raises('SELECT mlpg.newsvendor(' || arrays || ', 3, 1)')
FROM unnest(ARRAY['''{}'', ''{}''', '''{0.5,0.9}'', ''{1}''', '''{0.5,NULL}'', ''{1,2}''', '''{0.5,0.9}'', ''{1,NULL}''',
    '''{{0.5,0.9}}'', ''{1,2}''', '''{0.9,0.5}'', ''{1,2}''', '''{0.5,0.5}'', ''{1,2}''', '''{0,0.5}'', ''{1,2}''',
    '''{0.5,1}'', ''{1,2}''', '''{0.5,NaN}'', ''{1,2}''', '''{0.5,0.9}'', ''{1,NaN}''', '''{0.5,0.9}'', ''{-infinity,1}''']) AS arrays;
