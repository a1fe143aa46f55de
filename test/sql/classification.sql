-- Classes: how targets become them, what classifiers answer in every form, how they
-- are judged and deployed, and every refusal with its SQLSTATE.
CREATE SCHEMA class_test;
SET search_path = class_test, public;
SET client_min_messages = error;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE FUNCTION facts(model mlpg.model) RETURNS text
LANGUAGE sql AS $$ SELECT string_agg(item || ' = ' || coalesce(value, 'none'), ', ') FROM mlpg.summary(model) WHERE item IN ('task', 'classes', 'positive_class', 'rows_dropped_null_target') $$;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t AS
SELECT i, (i * 7919 % 1009) / 100.0::float8 AS a, sqrt(i) AS b, 'c' || i % 5 AS c, (i % 4)::float8 AS w, i % 6 = 0 AS held,
	   i * 7919 % 1009 > 300 AS yes, i % 3 = 0 AS third, (i % 3 = 0)::int AS zero_one, (i % 3 + 7)::smallint AS seven, (i % 4) / 2.0 AS half,
	   (ARRAY['north', 'south', 'east', 'Öst'])[i % 4 + 1] AS region, (ARRAY['no', 'yes'])[1 + (i % 5 < 2)::int]::varchar AS word,
	   (ARRAY['sad', 'ok', 'happy']::mood[])[i % 3 + 1] AS mood, date '2024-01-01' + i % 3 AS day
  FROM generate_series(1, 600) AS i;
\pset format unaligned
\pset tuples_only on

-- --- which targets have classes, in which order, and which is the positive one
CREATE TABLE m (target text, model mlpg.model);
INSERT INTO m SELECT 'yes', mlpg.fit('baseline', yes, t) FROM t;
INSERT INTO m SELECT 'zero_one', mlpg.fit('baseline', zero_one, t, '{"task":"classification"}') FROM t;
INSERT INTO m SELECT 'seven', mlpg.fit('baseline', seven, t, '{"task":"classification"}') FROM t;
INSERT INTO m SELECT 'half', mlpg.fit('baseline', half, t, '{"task":"classification","positive":1.50}') FROM t;
INSERT INTO m SELECT 'half, two', mlpg.fit('baseline', half, t, '{"task":"classification"}') FROM t WHERE half > 0.5;
INSERT INTO m SELECT 'region', mlpg.fit('baseline', region, t) FROM t;
INSERT INTO m SELECT 'word', mlpg.fit('baseline', word, t) FROM t;
INSERT INTO m SELECT 'word, positive', mlpg.fit('baseline', word, t, '{"positive":"no"}') FROM t;
INSERT INTO m SELECT 'mood', mlpg.fit('baseline', mood, t) FROM t;
INSERT INTO m SELECT 'yes, positive', mlpg.fit('baseline', yes, t, '{"positive":false}') FROM t;
INSERT INTO m SELECT 'bpchar', mlpg.fit('baseline', (word || '  ')::char(9), t) FROM t;
INSERT INTO m SELECT 'negative', mlpg.fit('baseline', CASE i % 4 WHEN 0 THEN -10 WHEN 1 THEN -9.5 WHEN 2 THEN 0 ELSE '-0' END::float8, t, '{"task":"classification"}') FROM t;
INSERT INTO m SELECT 'NULLs', mlpg.fit('baseline', CASE WHEN i > 100 THEN yes END, t) FROM t;
SELECT target, facts(model) FROM m ORDER BY target COLLATE "C";
-- numbers, dates and times are no classes unless asked for
SELECT count(*) FROM t, mlpg.summary((SELECT mlpg.fit('baseline', zero_one, t) FROM t)) AS s WHERE i = 1 AND item = 'classes';
SELECT mlpg.predict((SELECT mlpg.fit('baseline', day, t) FROM t), t) = avg(day - '2000-01-01') OVER () FROM t LIMIT 1;

-- --- what is answered: the shares here
SELECT target, mlpg.predict_class(model, t), mlpg.predict_proba(model, t) FROM m, t WHERE i = 1 ORDER BY target COLLATE "C";
SELECT target, mlpg.predict(model, t) FROM m, t WHERE i = 1 AND target IN ('yes', 'zero_one', 'half', 'word, positive', 'yes, positive') ORDER BY target COLLATE "C";
SELECT target, class, mlpg.predict_proba(model, t, class) FROM m, t, unnest('{true,east,"Öst",9,no}'::text[]) AS class WHERE i = 1 AND (target, class) IN (('yes', 'true'), ('region', 'east'), ('region', 'Öst'), ('seven', '9'), ('word', 'no')) ORDER BY target COLLATE "C";
-- two classes alike: the lower one
SELECT mlpg.predict_class(mlpg.fit('baseline', i % 2 = 0, t), '{}'::jsonb), mlpg.predict_class(mlpg.fit('baseline', i % 3, t, '{"task":"classification"}'), '{}'::jsonb) FROM t;
-- NULL for NULL
SELECT mlpg.predict_class(NULL::mlpg.model, '{}'::jsonb) IS NULL, mlpg.predict_class(model, NULL::jsonb) IS NULL, mlpg.predict_proba(model, NULL::jsonb) IS NULL, mlpg.predict_proba(model, '{}'::jsonb, NULL) IS NULL FROM m WHERE target = 'yes';

-- --- a learner with features: every form of a call agrees
SELECT is_champion, metric, value < baseline_value / 2 AS better, baseline, n_rows + 0 > 400 AS rows FROM mlpg.train('yes', 'SELECT i, a, b, c, yes FROM t', 'yes', 'boosted_trees', params => '{"num_iterations":20}');
SELECT metric, value < baseline_value FROM mlpg.train('third_of', 'SELECT a, b, c, CASE WHEN a < 3 THEN ''low'' WHEN a < 6 THEN ''middle'' ELSE ''high'' END AS level FROM t', 'level', 'boosted_trees', params => '{"num_iterations":20}');
SELECT model, task FROM mlpg.models ORDER BY 1;
CREATE VIEW f AS SELECT i, a, b, c FROM t;
SELECT count(*), count(*) FILTER (WHERE p = mlpg.predict('yes', to_jsonb(f)) AND p = mlpg.predict('yes', to_jsonb(f)::text) AND p = mlpg.predict(mlpg.get_model('yes'), f)
	AND p = mlpg.predict_proba('yes', f, 'true') AND p = (mlpg.predict_proba('yes', f) ->> 'true')::float8 AND p = mlpg.predict_proba(mlpg.get_model('yes'), to_jsonb(f), 'true')
	AND p = mlpg.predict_proba('yes', to_jsonb(f)::text, 'true') AND 1 - p = mlpg.predict_proba('yes', f, 'false') AND (p > 0.5) = mlpg.predict_class('yes', f)::boolean
	AND mlpg.predict_class('yes', f) = mlpg.predict_class(mlpg.get_model('yes'), to_jsonb(f)) AND p BETWEEN 0 AND 1)
	FROM f, LATERAL (SELECT mlpg.predict('yes', f) AS p) AS q;
SELECT count(*), count(*) FILTER (WHERE abs((SELECT sum(value::float8) FROM jsonb_each_text(p)) - 1) < 1e-12 AND p -> cl = to_jsonb(mlpg.predict_proba('third_of', f, cl))
	AND cl = (SELECT key FROM jsonb_each_text(p) ORDER BY value::float8 DESC, key COLLATE "C" LIMIT 1) AND (p ->> 'low')::float8 = mlpg.predict_proba('third_of', to_jsonb(f), 'low'))
	FROM f, LATERAL (SELECT mlpg.predict_proba('third_of', f) AS p, mlpg.predict_class('third_of', f) AS cl) AS q;
-- the planner passes the columns that are needed
EXPLAIN (VERBOSE, COSTS OFF) SELECT mlpg.predict('yes', t), mlpg.predict_class('yes', t), mlpg.predict_proba('yes', t), mlpg.predict_proba('yes', t, 'true') FROM t;
SELECT raises($$SELECT mlpg.predict_class_columns('yes', NULL, 1)$$), raises($$SELECT mlpg.predict_proba_columns('yes', 'true'::text, NULL::text[], 1)$$);

-- --- arrays
CREATE FUNCTION same(a mlpg.model, b mlpg.model) RETURNS boolean LANGUAGE sql AS $$ SELECT mlpg.model_to_bytea(a) = mlpg.model_to_bytea(b) $$;
SELECT same(mlpg.fit('boosted_trees', yes, ARRAY[a, b], '{"num_iterations":5}'), mlpg.fit('boosted_trees', yes, ARRAY[a, b], '{"num_iterations":5}' ORDER BY md5(i::text))),
	same(mlpg.fit('boosted_trees', region, ARRAY[a, b], '{"num_iterations":5}'), mlpg.fit('boosted_trees', region, ARRAY[a, b], '{"num_iterations":5}' ORDER BY i DESC)) FROM t;
SELECT facts(mlpg.fit('baseline', yes, ARRAY[a])), facts(mlpg.fit('baseline', region, ARRAY[a])), facts(mlpg.fit('baseline', seven, ARRAY[a], '{"task":"classification","positive":"8"}')) FROM t;
SELECT facts(mlpg.fit('baseline', CASE WHEN i % 7 > 0 THEN yes END, ARRAY[a])), facts(mlpg.fit('baseline', CASE WHEN i % 7 > 0 THEN region END, ARRAY[a])) FROM t;
-- groups of a few rows and of one class
SELECT count(*), count(DISTINCT p) FROM (SELECT mlpg.predict_proba(mlpg.fit('baseline', third, ARRAY[a, b]), '{1,2}'::float8[], 'true') AS p FROM t WHERE i < 600 GROUP BY i / 5) AS q;
SELECT raises($$SELECT mlpg.fit('baseline', third, ARRAY[a]) FROM t WHERE third$$), raises($$SELECT mlpg.fit('baseline', region, ARRAY[a]) FROM t WHERE region = 'south'$$);
SELECT mlpg.fit('baseline', NULL::text, ARRAY[a]) IS NULL, mlpg.fit('baseline', NULL::boolean, ARRAY[a]) IS NULL FROM t;
-- a distributed engine: transition, text out and in, combine, each a call of its own
CREATE AGGREGATE partial_boolean(text, boolean, float8[]) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE);
CREATE AGGREGATE partial_class(text, text, float8[]) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE);
CREATE AGGREGATE merged(mlpg.state) (SFUNC = mlpg.fit_array_combine, STYPE = mlpg.state, FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE);
SELECT same((SELECT merged(s::mlpg.state) FROM (SELECT partial_boolean('boosted_trees', yes, ARRAY[a, b])::text AS s FROM t GROUP BY i % 150) AS q), (SELECT mlpg.fit('boosted_trees', yes, ARRAY[a, b]) FROM t));
SELECT same((SELECT merged(s::mlpg.state) FROM (SELECT partial_class('boosted_trees', region, ARRAY[a, b])::text AS s FROM t GROUP BY i % 150) AS q), (SELECT mlpg.fit('boosted_trees', region, ARRAY[a, b]) FROM t));
SELECT raises($$SELECT merged(s) FROM (SELECT partial_class('baseline', region, ARRAY[a]) AS s FROM t UNION ALL SELECT partial_boolean('baseline', yes, ARRAY[a]) FROM t) AS q$$);
-- parallel plans
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT mlpg.fit('boosted_trees', region, ARRAY[a, b]) FROM t;
CREATE TABLE parallel AS SELECT mlpg.fit('boosted_trees', region, ARRAY[t.a, t.b]) AS arrays, mlpg.fit('boosted_trees', yes, ARRAY[t.a, t.b]) AS truths, mlpg.fit('boosted_trees', region, x) AS rows FROM t, LATERAL (SELECT t.a, t.b, t.c) AS x;
RESET max_parallel_workers_per_gather;
SET max_parallel_workers_per_gather = 0;
SELECT same(p.arrays, s.arrays), same(p.truths, s.truths), same(p.rows, s.rows) FROM parallel AS p,
	(SELECT mlpg.fit('boosted_trees', region, ARRAY[t.a, t.b]) AS arrays, mlpg.fit('boosted_trees', yes, ARRAY[t.a, t.b]) AS truths, mlpg.fit('boosted_trees', region, x) AS rows FROM t, LATERAL (SELECT t.a, t.b, t.c) AS x) AS s;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- --- columns that are no features
SELECT mlpg.predict_proba(mlpg.fit('baseline', third, t, '{"weight":"w"}'), '{}'::jsonb, 'true') - sum(w) FILTER (WHERE third) / sum(w) < 1e-15 FROM t;
SELECT mlpg.predict_proba(mlpg.fit('baseline', third, ARRAY[a, w], '{"weight":"x2"}'), '{1}'::float8[], 'true') - sum(w) FILTER (WHERE third) / sum(w) < 1e-15 FROM t;
SELECT value FROM mlpg.summary((SELECT mlpg.fit('boosted_trees', yes, x, '{"weight":"w","validation":"held","init_score":"b","num_iterations":3}') FROM t, LATERAL (SELECT t.a, t.b, t.c, t.w, t.held) AS x)) WHERE item IN ('features', 'numbers', 'categories');
SELECT same(mlpg.fit('boosted_trees', yes, ARRAY[a, w, held::int, b], '{"weight":"x2","validation":"x3","init_score":"x4","num_iterations":3}'),
	mlpg.fit('boosted_trees', yes, ARRAY[a, w, held::int, b], '{"weight":"x2","validation":"x3","init_score":"x4","num_iterations":3}' ORDER BY i DESC)) FROM t;
SELECT metric FROM mlpg.train('aside', 't', 'yes', 'boosted_trees', features => '{a,c}', weight_col => 'w', params => '{"validation":"held","init_score":"b","num_iterations":3}');
SELECT raises(format('SELECT mlpg.fit(%L, yes, t, %L) FROM t', l, p)) FROM (VALUES ('baseline', '{"validation":"held"}'), ('baseline', '{"init_score":"a"}'), ('baseline', '{"offset":"a"}'),
	('boosted_trees', '{"validation":"a"}'), ('boosted_trees', '{"validation":"nowhere"}'), ('boosted_trees', '{"validation":1.5}'), ('boosted_trees', '{"validation":true}'),
	('boosted_trees', '{"init_score":"c"}'), ('boosted_trees', '{"init_score":"w","weight":"w"}')) AS v(l, p);
SELECT raises($$SELECT mlpg.fit('boosted_trees', yes, x, '{"init_score":"b"}') FROM t, LATERAL (SELECT t.a, CASE WHEN i <> 9 THEN t.b END AS b) AS x$$);
SELECT raises($$SELECT mlpg.fit('boosted_trees', yes, ARRAY[a, b], '{"validation":"x2"}') FROM t$$), raises($$SELECT mlpg.fit('boosted_trees', yes, ARRAY[a, b], '{"validation":"x3"}') FROM t$$),
	raises($$SELECT mlpg.fit('boosted_trees', yes, ARRAY[a, b], '{"validation":"x2","weight":"x2"}') FROM t$$), raises($$SELECT mlpg.fit('boosted_trees', yes, ARRAY[a, NULL], '{"init_score":"x2"}') FROM t$$);

-- --- metrics: numbers of scikit-learn 1.2.1 (log_loss, brier_score_loss, accuracy_score, roc_auc_score)
CREATE TABLE scored AS SELECT i, i * 7919 % 11 < 4 AS y, (i * 31 % 41) / 40.0::float8 AS p, 'k' || i % 3 AS one, 'k' || i * i % 3 AS other FROM generate_series(1, 200) AS i;
SELECT abs(mlpg.log_loss(y, p) / 1.7950557398751528 - 1) < 1e-12, abs(mlpg.brier(y, p) / 0.33556250000000004 - 1) < 1e-12, abs(mlpg.accuracy(one, other) / 0.665 - 1) < 1e-12 FROM scored;
SELECT mlpg.log_loss(true, NULL) IS NULL, mlpg.brier(NULL, 0.5) IS NULL, mlpg.accuracy(NULL, 'a') IS NULL, mlpg.accuracy('a', 'A'), mlpg.accuracy('ab', 'a'), mlpg.log_loss(false, 1)::numeric(8, 5), mlpg.log_loss(true, 1) < 1e-15;
SELECT raises('SELECT mlpg.log_loss(true, 1.5)'), raises('SELECT mlpg.brier(false, -0.1)'), raises($$SELECT mlpg.log_loss(true, 'NaN')$$);

-- --- judging: the metrics of the hold-out are those of its rows, whatever their order
SELECT metric, value < baseline_value FROM mlpg.train('late', 'SELECT i, a, b, c, yes FROM t', 'yes', 'boosted_trees', holdout_by => 'i', holdout => 0.25, params => '{"num_iterations":4}');
SELECT abs((v.metrics ->> 'value')::float8 - mlpg.log_loss(yes, p)) < 1e-12, abs((v.metrics -> 'metrics' ->> 'brier')::float8 - mlpg.brier(yes, p)) < 1e-12,
	abs((v.metrics -> 'metrics' ->> 'accuracy')::float8 - mlpg.accuracy(yes::text, q.cl)) < 1e-12,
	(v.metrics -> 'metrics' ->> 'auc')::float8 = (SELECT avg(CASE WHEN x.p > z.p THEN 1 WHEN x.p = z.p THEN 0.5 ELSE 0 END)::float8
		FROM (SELECT mlpg.predict('late', t) AS p FROM t WHERE i > 450 AND yes) AS x, (SELECT mlpg.predict('late', t) AS p FROM t WHERE i > 450 AND NOT yes) AS z),
	abs((v.metrics ->> 'baseline_value')::float8 - mlpg.log_loss(yes, (SELECT avg(yes::int) FROM t WHERE i <= 450))) < 1e-12
  FROM t, LATERAL (SELECT mlpg.predict('late', t) AS p, mlpg.predict_class('late', t) AS cl) AS q, mlpg.model_versions AS v JOIN mlpg.models AS o USING (model_id)
 WHERE i > 450 AND o.model = 'late' GROUP BY v.metrics;
SELECT metric, value < baseline_value FROM mlpg.train('yes', 'SELECT i, a, b, c, yes FROM t ORDER BY md5(i::text)', 'yes', 'boosted_trees', params => '{"num_iterations":20}');
SELECT count(DISTINCT metrics - 'holdout'), count(DISTINCT sha256) FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'yes';
SELECT model, metric, value < baseline_value AS better, baseline, champion FROM mlpg.model_overview ORDER BY 1;
SELECT jsonb_object_keys(metrics -> 'metrics') FROM mlpg.leaderboard WHERE model = 'third_of';
-- a class that only the hold-out has; rows without a target
SET client_min_messages = notice;
CREATE TABLE late AS SELECT i, i % 7 AS x, CASE WHEN i <= 80 THEN 'class ' || i % 2 WHEN i > 90 THEN 'new' END AS y FROM generate_series(1, 100) AS i;
SELECT round(value::numeric, 6), baseline, skill FROM mlpg.train('late_class', 'late', 'y', 'baseline', holdout_by => 'i', holdout => 0.2);
SELECT round(value::numeric, 6), n_rows FROM mlpg.train('numbers', 't', 'seven', 'baseline', task => 'classification', holdout => 0, params => '{"positive":9}');
SET client_min_messages = error;

-- --- gates
SELECT is_champion FROM mlpg.train('gate', 't', 'yes', 'baseline', features => '{a}');
SELECT is_champion FROM mlpg.train('gate', 't', 'yes', 'boosted_trees', features => '{a}', params => '{"num_iterations":30}');
SELECT gain > 2 * se, n FROM mlpg.compare_versions('gate', 2, 1, 'auc');
SELECT deployed, why ~ 'log_loss beats version 1 by .* and beats baseline class_shares by' FROM mlpg.deploy('gate');
SELECT deployed, why ~ 'accuracy trails version 2' FROM mlpg.deploy('gate', 1, metric => 'accuracy', better_than => '{champion}');
SELECT is_champion FROM mlpg.train('gate', 't', 'region', 'baseline', features => '{a}');
-- another target, and no classes at all
SELECT deployed, why FROM mlpg.deploy('gate', better_than => '{champion}');
SELECT is_champion FROM mlpg.train('gate', 't', 'a', 'baseline', features => '{b}');
SELECT deployed, why FROM mlpg.deploy('gate', better_than => '{champion}');
SELECT task, target FROM mlpg.models WHERE model = 'gate';
CALL mlpg.retrain('yes', better_than => '{baselines}');
SELECT last_version, (SELECT count(evaluation) FROM mlpg.model_blobs AS b WHERE b.model_id = m.model_id) FROM mlpg.models AS m WHERE model = 'yes';

-- --- refusals
SELECT raises($$SELECT mlpg.predict(model, '{}'::jsonb) FROM m WHERE target = 'region'$$), raises($$SELECT mlpg.predict('third_of', f) FROM f$$), raises($$SELECT mlpg.predict(model, '{}'::jsonb) FROM m WHERE target = 'word'$$);
SELECT raises($$SELECT mlpg.predict_proba(model, '{}'::jsonb, 'western') FROM m WHERE target = 'region'$$), raises($$SELECT mlpg.predict_proba('yes', f, 't') FROM f$$);
SELECT raises($$SELECT mlpg.predict_quantile('yes', f, 0.5) FROM f$$), raises($$SELECT mlpg.predict_quantiles('third_of', f, '{0.5}') FROM f$$);
SELECT raises($$SELECT mlpg.predict_class(mlpg.fit('linear', a, x), '{"b":1}'::jsonb) FROM t, LATERAL (SELECT t.b) AS x$$), raises($$SELECT mlpg.predict_proba(mlpg.fit('linear', a, x), '{"b":1}'::jsonb, 'x') FROM t, LATERAL (SELECT t.b) AS x$$);
SELECT raises(format('SELECT mlpg.fit(%L, %s, t, %L) FROM t', l, y, p)) FROM (VALUES ('linear', 'yes', '{}'), ('linear', 'region', '{}'), ('quantile', 'a', '{"task":"classification"}'), ('baseline', 'a', '{"task":"sorting"}'),
	('baseline', 'yes', '{"task":"regression"}'), ('baseline', 'region', '{"task":"regression"}'), ('baseline', 'day', '{"task":"classification"}'),
	('baseline', 'region', '{"positive":"west"}'), ('baseline', 'seven', '{"task":"classification","positive":"seven"}'), ('baseline', 'a', '{"positive":1}'), ('baseline', 'yes', '{"positive":[1]}'),
	('baseline', 'yes', '{"quantiles":[0.5]}'), ('baseline', 'yes', '{"underage_cost":1,"overage_cost":2}'), ('baseline', 'yes', '{"statistic":"median"}'),
	('baseline', '5', '{"task":"classification"}'), ('baseline', 'CASE WHEN yes THEN yes END', '{}'), ('baseline', 'a / i', '{"task":"classification"}'), ('baseline', '''NaN''::float8', '{"task":"classification"}')) AS v(l, y, p);
SELECT raises($$SELECT mlpg.fit('baseline', i::text, t) FROM t, generate_series(1, 2)$$), raises($$SELECT mlpg.fit('baseline', i || '.' || k, t) FROM t, generate_series(1, 2) AS k$$), raises($$SELECT mlpg.fit('baseline', i || '.' || k, ARRAY[a]) FROM t, generate_series(1, 2) AS k$$);
SELECT raises(format('SELECT mlpg.train(%L, %L, %L, %L, %L, params => %L)', 'refused', 't', y, l, k, p)) FROM (VALUES ('yes', 'linear', NULL, '{}'), ('region', 'quantile', NULL, '{}'), ('a', 'linear', 'classification', '{}'), ('a', 'linear', 'sorting', '{}'),
	('yes', 'baseline', 'regression', '{}'), ('day', 'baseline', 'classification', '{}'), ('region', 'baseline', NULL, '{"positive":"west"}'), ('yes', 'baseline', NULL, '{"validation":0.1}')) AS v(y, l, k, p);
SELECT raises($$SELECT mlpg.train('refused', 'SELECT a, yes FROM t WHERE yes', 'yes', 'baseline')$$), raises($$SELECT mlpg.train('refused', 't', 'yes', 'boosted_trees', weight_col => 'yes')$$), raises($$SELECT mlpg.train('refused', 't', 'yes', 'boosted_trees', params => '{"validation":"yes"}')$$);
SELECT count(*) FROM mlpg.models WHERE model = 'refused';

SELECT mlpg.drop_model(model, force => true) FROM mlpg.models ORDER BY model;
SET client_min_messages = error;
DROP SCHEMA class_test CASCADE;
