-- mlpg.evaluate and its curves: the stored hold-out, sources given, segments, rights.
\pset format unaligned
\pset tuples_only on
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
SET client_min_messages = warning;
CREATE TABLE seen AS
SELECT i, (i * 37 % 100) / 100.0::float8 AS a, (i * 61 % 97) / 97.0::float8 AS b, 'shop ' || i % 4 AS shop, CASE WHEN i % 9 > 0 THEN i % 2 = 0 END AS promo,
	(i * 37 % 100) + i * 7919 % 60 > 75 AS bought, CASE WHEN i % 13 > 0 THEN (i * 37 % 100) / 10.0 + i * 7919 % 7 END AS amount,
	CASE WHEN (i * 37 % 100) > 60 THEN 'red' WHEN i % 3 = 0 THEN 'green' ELSE 'blue' END AS color,
	CASE WHEN (i * 37 % 100) + i * 7919 % 60 > 75 THEN 'leaves' ELSE 'stays' END AS outcome
  FROM generate_series(1, 3000) AS i;
CREATE TABLE later AS SELECT * FROM seen WHERE i <= 400;
SELECT version FROM mlpg.train('two', 'SELECT a, b, shop, promo, bought FROM seen', 'bought', 'boosted_trees', params => '{"num_iterations":20}');
SELECT version FROM mlpg.train('three', 'SELECT a, b, shop, color FROM seen', 'color', 'boosted_trees', params => '{"num_iterations":10}');
SELECT version FROM mlpg.train('leaver', 'SELECT a, b, shop, outcome FROM seen', 'outcome', 'boosted_trees', params => '{"num_iterations":10,"positive":"leaves"}');
SELECT version FROM mlpg.train('number', 'SELECT i, a, b, shop, amount FROM seen', 'amount', 'linear', exclude => '{i}', holdout_by => 'i', underage_cost => 3, overage_cost => 1, params => '{"unseen":"zero"}');
SELECT version FROM mlpg.train('levels', 'SELECT a, b, amount FROM seen', 'amount', 'quantile', quantiles => '{0.5,0.1,0.9}');
SELECT version FROM mlpg.train('all_rows', 'SELECT a, b, shop, promo, bought FROM seen', 'bought', 'boosted_trees', params => '{"num_iterations":20,"refit_all":true}');
SELECT version FROM mlpg.train('no_rows', 'SELECT a, bought FROM seen', 'bought', 'baseline', holdout => 0);

-- --- the stored hold-out: the metrics that train wrote, all of them, in all tasks, whatever was fitted afterwards
SELECT m.model, count(*), bool_and(e.value IS NOT DISTINCT FROM (v.metrics -> 'metrics' ->> e.metric)::float8) AS alike, bool_and(e.n = (v.metrics ->> 'n')::bigint) AS rows
  FROM mlpg.models AS m JOIN mlpg.model_versions AS v USING (model_id), LATERAL mlpg.evaluate(m.model) AS e
 WHERE m.model <> 'no_rows' AND e.metric !~ '^pinball |coverage' GROUP BY m.model ORDER BY m.model;
SELECT model, array_agg(metric ORDER BY place) FROM unnest('{two,three,number,levels}'::text[]) WITH ORDINALITY AS m(model, which),
	LATERAL (SELECT e.metric, e.place FROM mlpg.evaluate(model) WITH ORDINALITY AS e(segment, metric, value, n, place)) AS e GROUP BY model, which ORDER BY which;

-- texts live as long as the rows that wait for an answer
SELECT version FROM mlpg.train('wordy', 'SELECT repeat(chr(97 + i % 26) || chr(97 + i * 7 % 23), 3 + i % 5) || i AS words, i % 26 < 13 AS early FROM generate_series(1, 6000) AS i', 'early', 'logistic', preprocess => '{"ngrams":{"words":{"buckets":4096}}}');
SELECT count(*), bool_and(abs(e.value - (v.metrics -> 'metrics' ->> e.metric)::float8) <= 1e-12) AS alike FROM mlpg.models AS m JOIN mlpg.model_versions AS v USING (model_id), LATERAL mlpg.evaluate(m.model) AS e WHERE m.model = 'wordy';

-- --- a source: what the aggregates say of predict, predict_class, predict_proba
SELECT e.metric, abs(e.value - w.value) < 1e-12, e.n = w.n
  FROM mlpg.evaluate('two', 'later') AS e JOIN (
	SELECT x.* FROM (SELECT mlpg.log_loss(bought, p) AS log_loss, mlpg.brier(bought, p) AS brier, mlpg.auc(bought, p) AS auc, mlpg.average_precision(bought, p) AS ap,
		mlpg.accuracy(bought::text, c) AS accuracy, mlpg.mcc(bought::text, c) AS mcc, 2 * avg((bought AND c = 'true')::int) / avg(bought::int + (c = 'true')::int) AS f1, count(*) AS n
		FROM later AS t, LATERAL (SELECT mlpg.predict('two', t) AS p, mlpg.predict_class('two', t) AS c) AS q) AS s,
	LATERAL (VALUES ('log_loss', log_loss, n), ('brier', brier, n), ('auc', auc, n), ('average_precision', ap, n), ('accuracy', accuracy, n), ('mcc', mcc, n), ('f1', f1, n)) AS x(metric, value, n)) AS w USING (metric);
SELECT e.metric, abs(e.value - w.value) < 1e-12 FROM mlpg.evaluate('three', 'SELECT * FROM later') AS e JOIN (
	SELECT x.* FROM (SELECT avg(-ln(greatest(mlpg.predict_proba('three', t, color), 2.0 ^ -52))) AS log_loss, mlpg.accuracy(color, mlpg.predict_class('three', t)) AS accuracy,
		mlpg.mcc(color, mlpg.predict_class('three', t)) AS mcc, mlpg.f1_macro(color, mlpg.predict_class('three', t)) AS f1 FROM later AS t) AS s,
	LATERAL (VALUES ('log_loss', log_loss), ('accuracy', accuracy), ('mcc', mcc), ('f1_macro', f1)) AS x(metric, value)) AS w USING (metric);
SELECT bool_and(r = w) FROM (SELECT r, row_number() OVER () FROM mlpg.roc_curve('two', 'later') AS r) AS f
  FULL JOIN (SELECT w, row_number() OVER () FROM unnest((SELECT mlpg.roc_points(bought, mlpg.predict('two', t)) FROM later AS t)) AS w) AS g USING (row_number);
SELECT bool_and(r = w) FROM (SELECT r, row_number() OVER () FROM mlpg.pr_curve('two', 'later') AS r) AS f
  FULL JOIN (SELECT w, row_number() OVER () FROM unnest((SELECT mlpg.pr_points(bought, mlpg.predict('two', t)) FROM later AS t)) AS w) AS g USING (row_number);
SELECT bool_and(r = w), count(*) FROM mlpg.calibration('two', 'later', 5) AS r FULL JOIN unnest((SELECT mlpg.calibration_bins(bought, mlpg.predict('two', t), 5) FROM later AS t)) AS w USING (bin);
SELECT bool_and(r = w), count(*), sum(r.n) FROM mlpg.confusion('three', 'later') AS r
  FULL JOIN unnest((SELECT mlpg.confusion_cells(color, mlpg.predict_class('three', t)) FROM later AS t)) AS w USING (actual, predicted);
-- the positive class is what they are about
SELECT e.metric, abs(e.value - w.value) < 1e-12 FROM mlpg.evaluate('leaver', 'later') AS e JOIN (
	SELECT x.* FROM (SELECT mlpg.auc(outcome = 'leaves', mlpg.predict('leaver', t)) AS auc, mlpg.average_precision(outcome = 'leaves', mlpg.predict('leaver', t)) AS ap FROM later AS t) AS s,
	LATERAL (VALUES ('auc', auc), ('average_precision', ap)) AS x(metric, value)) AS w USING (metric);
SELECT abs(sum(actual * n) / sum(n) - (SELECT avg((outcome = 'leaves')::int) FROM later)) < 1e-12, sum(n) FROM mlpg.calibration('leaver', 'later');
-- by default the hold-out, and ten bins
SELECT sum(n) = (SELECT max(n) FROM mlpg.evaluate('two')), count(*) > 4, max(bin) <= 10 FROM mlpg.calibration('two');
SELECT sum(n) = (SELECT max(n) FROM mlpg.evaluate('three')) FROM mlpg.confusion('three');
-- numbers and levels
SELECT e.metric, e.value = w.value FROM mlpg.evaluate('number', 'later') AS e JOIN (
	SELECT x.* FROM (SELECT mlpg.order_cost(amount, p, 3, 1) AS order_cost, mlpg.rmse(amount, p) AS rmse, mlpg.bias(amount, p) AS bias FROM later AS t, LATERAL (SELECT mlpg.predict('number', t) AS p) AS q) AS s,
	LATERAL (VALUES ('order_cost', order_cost), ('rmse', rmse), ('bias', bias)) AS x(metric, value)) AS w USING (metric);
SELECT e.metric, e.value = w.value FROM mlpg.evaluate('levels', 'later') AS e JOIN (
	SELECT x.* FROM (SELECT mlpg.pinball(amount, p[1], 0.1) AS low, mlpg.pinball(amount, p[2], 0.9) AS high, mlpg.coverage(amount, p[1], p[2]) AS coverage
		FROM later AS t, LATERAL (SELECT mlpg.predict_quantiles('levels', t, '{0.1,0.9}') AS p) AS q) AS s,
	LATERAL (VALUES ('pinball 0.1', low), ('pinball 0.9', high), ('coverage', coverage)) AS x(metric, value)) AS w USING (metric);

-- --- segments
SELECT segment, round(value::numeric, 12) = (SELECT round(mlpg.auc(bought, mlpg.predict('two', t))::numeric, 12) FROM later AS t WHERE 'shop=' || shop = segment), n
  FROM mlpg.evaluate('two', 'later', '{shop}') WHERE metric = 'auc';
SELECT segment, n FROM mlpg.evaluate('two', 'later', '{shop,promo}') WHERE metric = 'accuracy' LIMIT 4;
SELECT sum(n) = (SELECT n FROM mlpg.evaluate('number') WHERE metric = 'mae'), count(*) FROM mlpg.evaluate('number', segment_by => '{shop}') WHERE metric = 'mae';

-- --- a class and a category that the model does not know, rows without target, no rows
CREATE TABLE odd AS SELECT a, b, 'shop 9' AS shop, CASE WHEN i < 5 THEN 'black' WHEN i < 9 THEN color END AS color, CASE WHEN i < 5 THEN 3.5 END AS number, amount FROM seen WHERE i < 20;
SELECT metric, n FROM mlpg.evaluate('three', 'odd');
SELECT actual, sum(n) FROM mlpg.confusion('three', 'odd') WHERE actual = 'black' GROUP BY actual;
SELECT count(*) FROM mlpg.evaluate('three', 'SELECT * FROM odd WHERE false');
SELECT count(*), max(threshold) FROM mlpg.roc_curve('two', 'SELECT * FROM seen WHERE false');
SET client_min_messages = notice;
SELECT metric, value, n FROM mlpg.evaluate('levels', 'SELECT NULL::float8 AS a, NULL::float8 AS b, 1.0 AS amount');
-- numbers 0 and 1 stand for a boolean, as they do in features; classes that the model does not know are told, and that there is no row
SELECT bool_and(a.value = b.value) AS same, count(*) FROM mlpg.evaluate('two', 'later') AS a JOIN mlpg.evaluate('two', 'SELECT a, b, shop, promo, bought::int AS bought FROM later') AS b USING (metric);
SELECT metric, n FROM mlpg.evaluate('two', 'SELECT a, b, shop, promo, ''often'' AS bought FROM later') WHERE metric IN ('accuracy', 'brier');
SELECT count(*) FROM mlpg.evaluate('two', 'SELECT * FROM later WHERE false');
SET client_min_messages = warning;

-- --- what is refused
SELECT raises(statement) FROM unnest(ARRAY[
	$$SELECT mlpg.evaluate('nobody')$$, $$SELECT mlpg.evaluate('two@9')$$, $$SELECT mlpg.evaluate(NULL)$$, $$SELECT mlpg.evaluate('no_rows')$$,
	$$SELECT mlpg.evaluate('two', 'SELECT a, b, shop, promo FROM seen')$$, $$SELECT mlpg.evaluate('two', 'SELECT a, bought FROM seen')$$,
	$$SELECT mlpg.evaluate('two', 'DELETE FROM seen')$$, $$SELECT mlpg.evaluate('two', 'later', '{town}')$$, $$SELECT mlpg.evaluate('two', 'later', '{shop,NULL}')$$,
	$$SELECT mlpg.evaluate('number', 'SELECT a, b, shop, color AS amount FROM seen')$$,
	$$SELECT mlpg.roc_curve('number')$$, $$SELECT mlpg.confusion('number')$$, $$SELECT mlpg.pr_curve('three')$$, $$SELECT mlpg.calibration('three')$$,
	$$SELECT mlpg.calibration('two', bins => 0)$$]) AS statement;
SELECT metric, n FROM mlpg.evaluate('no_rows', 'later') LIMIT 1;

-- --- versions compared, and deployed, by metrics of all rows
SELECT version FROM mlpg.train('two', 'SELECT a, b, shop, promo, bought FROM seen', 'bought', 'baseline');
SELECT version FROM mlpg.train('two', 'SELECT a, b, shop, promo, bought FROM seen', 'bought', 'boosted_trees', params => '{"num_iterations":1}');
SELECT version FROM mlpg.train('three', 'SELECT a, b, shop, color FROM seen', 'color', 'boosted_trees', params => '{"num_iterations":1}');
SELECT m.model, m.metric, c.n, abs(c.gain - (a.value - b.value)) < 1e-12, c.se > 0 AND c.se < abs(c.gain) AS sure
  FROM (VALUES ('two', 'auc'), ('two', 'average_precision'), ('two', 'f1')) AS m(model, metric), LATERAL mlpg.compare_versions(model, 1, 2, metric) AS c,
	LATERAL mlpg.evaluate(model || '@1') AS a, LATERAL mlpg.evaluate(model || '@2') AS b WHERE a.metric = m.metric AND b.metric = m.metric;
SELECT m.metric, c.n, abs(c.gain - (a.value - b.value)) < 1e-12, c.se > 0 AND c.se < 0.1
  FROM (VALUES ('f1_macro'), ('mcc')) AS m(metric), LATERAL mlpg.compare_versions('three', 2, 1, metric) AS c,
	LATERAL mlpg.evaluate('three@2') AS a, LATERAL mlpg.evaluate('three@1') AS b WHERE a.metric = m.metric AND b.metric = m.metric;
-- that of the naive model, 0/0, counts as 0
SELECT abs(c.gain - a.value) < 1e-12, c.n FROM mlpg.compare_versions('two', 1, 2, 'mcc') AS c, mlpg.evaluate('two@1') AS a WHERE metric = 'mcc';
SELECT raises($$SELECT mlpg.compare_versions('number', 1, 1, 'bias')$$);
SELECT deployed, regexp_replace(why, '(by|se|only) [0-9][0-9.e-]*', '\1 N', 'g') FROM unnest('{auc,average_precision,mcc}'::text[]) AS metric, LATERAL mlpg.deploy('two', 3, metric => metric);
SELECT deployed, regexp_replace(why, '(by|se|only) [0-9][0-9.e-]*', '\1 N', 'g') FROM mlpg.deploy('two', 3, metric => 'auc', better_than => '{baselines}');
SELECT raises($$SELECT mlpg.deploy('two', 1, metric => 'r2')$$);

-- --- rights: read on the model; the stored source as its owner for whoever has the owner's privileges, else as the caller
CREATE ROLE mlpg_judge_owner;
CREATE ROLE mlpg_judge_reader;
CREATE ROLE mlpg_judge_scorer;
SELECT mlpg.grant_usage(r) FROM unnest('{mlpg_judge_owner,mlpg_judge_reader,mlpg_judge_scorer}'::text[]) AS r;
GRANT CREATE ON SCHEMA public TO mlpg_judge_owner;
SET ROLE mlpg_judge_owner;
CREATE TABLE own AS SELECT x::float8, x % 3 = 0 AS y FROM generate_series(1, 300) AS x;
CREATE FUNCTION who() RETURNS name LANGUAGE sql RETURN current_user;
SELECT version FROM mlpg.train('owned', 'SELECT x, y, who() AS who FROM own', 'y', 'baseline', exclude => '{who}');
SELECT mlpg.grant_model('owned', 'mlpg_judge_reader', 'read'), mlpg.grant_model('owned', 'mlpg_judge_scorer', 'score');
SELECT segment FROM mlpg.evaluate('owned', segment_by => '{who}') LIMIT 1;
RESET ROLE;
SELECT segment FROM mlpg.evaluate('owned', segment_by => '{who}') LIMIT 1;
SET ROLE mlpg_judge_reader;
SELECT raises($$SELECT mlpg.evaluate('owned')$$);
SELECT metric, n FROM mlpg.evaluate('owned', 'SELECT x::float8, x % 2 = 0 AS y FROM generate_series(1, 10) AS x') LIMIT 1;
RESET ROLE;
GRANT SELECT ON own TO mlpg_judge_reader;
SET ROLE mlpg_judge_reader;
SELECT segment FROM mlpg.evaluate('owned', segment_by => '{who}') LIMIT 1;
SET ROLE mlpg_judge_scorer;
SELECT raises($$SELECT mlpg.evaluate('owned')$$), raises($$SELECT mlpg.confusion('owned', 'SELECT 1.0::float8 AS x, true AS y')$$);
RESET ROLE;
DROP OWNED BY mlpg_judge_owner, mlpg_judge_reader, mlpg_judge_scorer;
DROP ROLE mlpg_judge_owner, mlpg_judge_reader, mlpg_judge_scorer;
