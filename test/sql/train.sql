-- mlpg.train: hold-outs, costs, weights, keys, what is written and what a failure
-- leaves (nothing), in every kind of transaction.
CREATE SCHEMA train_test;
SET search_path = train_test, public;
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
-- all that training writes
CREATE FUNCTION registry_rows() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s %s %s', (SELECT count(*) FROM mlpg.models), (SELECT count(*) FROM mlpg.model_versions), (SELECT count(*) FROM mlpg.model_blobs),
		(SELECT count(*) FROM mlpg.aliases), (SELECT count(*) FROM mlpg.deployments), (SELECT count(*) FROM mlpg.runs), (SELECT count(*) FROM mlpg.run_log)) $$;
CREATE FUNCTION shown(r mlpg.train_result) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s@%s %s %s, baseline %s %s, skill %s; %s rows, champion %s', r.model, r.version, r.metric, round(r.value::numeric, 5), r.baseline, round(r.baseline_value::numeric, 5), round(r.skill::numeric, 4), r.n_rows, r.is_champion)
	 WHERE r.seconds > 0 AND r.run_id > 0 $$;
CREATE TABLE sales AS
SELECT i, date '2024-01-01' + i / 4 AS day, timestamptz '2024-01-01 00:00+00' + i * interval '6 hours' AS at, 's' || i % 4 AS shop, (i * 37 % 100)::float8 / 10 AS price,
	   i * i % 17 AS noise, (i % 3)::float8 AS weight, 20 + 5 * (i % 4) - (i * 37 % 100) / 10.0::float8 + (i * i % 17) / 5.0::float8 AS sold
  FROM generate_series(0, 399) AS i;
CREATE VIEW source AS SELECT shop, price, sold FROM sales;

-- --- the first version serves, a second does not; NOTICEs
\pset format unaligned
\pset tuples_only on
SELECT shown(r) FROM mlpg.train('train_m', 'source', 'sold') AS r;
SELECT shown(r) FROM mlpg.train('train_m', 'source', 'sold', 'baseline') AS r;
SELECT mlpg.predict('train_m', s) = mlpg.predict('train_m@1', s), mlpg.predict('train_m@2', s) = mlpg.predict('train_m', s) FROM source AS s LIMIT 1;
-- one that does not beat its baselines serves too, and says so
\set VERBOSITY terse
SELECT shown(r) FROM mlpg.train('train_worse', 'SELECT noise AS sold, shop, price FROM sales', 'sold') AS r;
\set VERBOSITY default
-- what is stored
SELECT m.model, m.target, m.task, m.owner = current_user AS mine, m.recipe FROM mlpg.models AS m WHERE model = 'train_m';
SELECT v.version, v.algorithm, v.params, v.n_rows, v.source, v.seed, v.data_fingerprint ~ '^400:[0-9a-f]{16}$' AS fingerprint, v.sha256 = encode(sha256(mlpg.model_to_bytea(b.blob)), 'hex') AS digest,
	   v.bytes = octet_length(mlpg.model_to_bytea(b.blob)) AS size, b.evaluation IS NULL AS same, r.status, r.kind, r.username = current_user AS mine, r.ended_at >= r.started_at AS ended, r.peak_memory > 0 AS memory, r.error
  FROM mlpg.model_versions AS v JOIN mlpg.models AS m USING (model_id) JOIN mlpg.model_blobs AS b USING (model_id, version) JOIN mlpg.runs AS r USING (run_id) WHERE m.model = 'train_m' ORDER BY 1;
SELECT v.metrics - '{value,se,metrics,baselines,skill,baseline_value,baseline_se}'::text[] FROM mlpg.model_versions AS v JOIN mlpg.models AS m USING (model_id) WHERE m.model = 'train_m' ORDER BY version;
-- the metrics are those of the rows held out: judged again by hand
SET client_min_messages = warning;
SELECT count(*) FROM mlpg.train('train_by', 'SELECT i, shop, price, sold FROM sales', 'sold', 'linear', exclude => '{i}', holdout_by => 'i');
SELECT round((v.metrics #>> '{metrics,rmse}')::numeric, 9) = round(h.rmse::numeric, 9) AS rmse, round((v.metrics #>> '{metrics,mae}')::numeric, 9) = round(h.mae::numeric, 9) AS mae,
	   round((v.metrics #>> '{metrics,wape}')::numeric, 9) = round(h.wape::numeric, 9) AS wape, round((v.metrics #>> '{metrics,bias}')::numeric, 9) = round(h.bias::numeric, 9) AS bias, round((v.metrics #>> '{metrics,r2}')::numeric, 9) = round(h.r2::numeric, 9) AS r2,
	   round((v.metrics #>> '{baselines,mean,rmse}')::numeric, 9) = round(b.rmse::numeric, 9) AS baseline, round((v.metrics #>> '{baselines,last,rmse}')::numeric, 9) = round(l.rmse::numeric, 9) AS last
  FROM mlpg.model_versions AS v JOIN mlpg.models AS m USING (model_id),
	   (SELECT mlpg.rmse(sold, p), mlpg.mae(sold, p), mlpg.wape(sold, p), mlpg.bias(sold, p), mlpg.r2(sold, p) FROM (SELECT sold, mlpg.predict('train_by', s) AS p FROM sales AS s WHERE i >= 320) AS q) AS h,
	   (SELECT mlpg.rmse(sold, (SELECT avg(sold) FROM sales WHERE i < 320)) FROM sales WHERE i >= 320) AS b, (SELECT mlpg.rmse(sold, (SELECT sold FROM sales WHERE i = 319)) FROM sales WHERE i >= 320) AS l
 WHERE m.model = 'train_by';

-- --- which rows are held out: the model of the training rows alone is the model
CREATE FUNCTION fitted_on(model text, source text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	same boolean;
BEGIN
	EXECUTE format('SELECT bool_and(abs(a.estimate - b.estimate) < 1e-9) FROM mlpg.coefficients(%L) AS a, mlpg.coefficients((SELECT mlpg.fit(''linear'', s.sold, s) FROM (%s) AS s)) AS b WHERE a.term = b.term', model, source) INTO same;
	RETURN same;
END $$;
SELECT 'by day', shown(r) FROM mlpg.train('train_h1', 'SELECT day, price, sold FROM sales', 'sold', 'linear', exclude => '{day}', holdout_by => 'day') AS r;
SELECT fitted_on('train_h1', 'SELECT price, sold FROM sales WHERE day <= ''2024-03-20''');
SELECT 'by time', shown(r) FROM mlpg.train('train_h2', 'SELECT at, price, sold FROM sales', 'sold', 'linear', exclude => '{at}', holdout_by => 'at', holdout => 0.25) AS r;
SELECT fitted_on('train_h2', 'SELECT price, sold FROM sales WHERE i < 300');
SELECT 'by key', shown(r) FROM mlpg.train('train_h3', 'SELECT shop, price, sold FROM sales', 'sold', 'linear', exclude => '{shop}', params => '{"holdout_key":"shop"}') AS r;
SELECT count(*) AS whole_shops FROM (SELECT string_agg(s, ',') AS held FROM (VALUES ('s0'), ('s1'), ('s2'), ('s3')) AS v(s)) AS all_shops,
	(SELECT array_agg(s) AS held FROM unnest('{s0,s1,s2,s3}'::text[]) AS s) AS a, generate_series(0, 15) AS mask
 WHERE fitted_on('train_h3', format('SELECT price, sold FROM sales WHERE (1 << right(shop, 1)::int) & %s > 0', mask));
SELECT 'none', shown(r) FROM mlpg.train('train_h4', 'SELECT price, sold FROM sales', 'sold', 'linear', holdout => 0) AS r;
SELECT r.model, r.metric, r.value, r.baseline, r.skill, r.n_rows FROM mlpg.train('train_h4', 'SELECT price, sold FROM sales', 'sold', 'linear', holdout => 0) AS r;
SELECT 'NULL is none', r.metric, r.n_rows FROM mlpg.train('train_h4', 'SELECT price, sold FROM sales', 'sold', 'linear', holdout => NULL) AS r;
SELECT fitted_on('train_h4', 'SELECT price, sold FROM sales');
SELECT 'all rows share one', shown(r) FROM mlpg.train('train_h5', 'SELECT 1 AS one, price, sold FROM sales', 'sold', 'linear', holdout_by => 'one') AS r;
-- the border is exact whatever the session writes
CREATE TABLE close_by AS SELECT 1 + i * 1e-15 AS at, i AS price, i % 7 AS sold FROM generate_series(1, 50) AS i;
CREATE TABLE zones AS SELECT timestamptz '2024-03-01 00:00+00' + i * interval '1 s' AS at, i AS price, i % 7 AS sold FROM generate_series(1, 50) AS i;
SET client_min_messages = error;
SET extra_float_digits = -10;
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Kolkata';
SELECT n_rows FROM mlpg.train('train_h6', 'close_by', 'sold', 'linear', holdout_by => 'at');
SELECT n_rows FROM mlpg.train('train_h6', 'zones', 'sold', 'linear', holdout_by => 'at');
RESET extra_float_digits;
RESET DateStyle;
RESET TimeZone;
-- the share is about right, the same rows are held out again, in any order and however many columns the model takes
SELECT abs(r.n_rows - 8000) < 150 AS about FROM mlpg.train('train_h7', 'SELECT i, i % 7 AS a, i % 11 AS b, (i * 7919 % 10007)::float8 AS sold FROM generate_series(1, 10000) AS i', 'sold', 'linear') AS r;
SELECT count(DISTINCT r.n_rows || ':' || r.value || ':' || r.baseline_value) AS one FROM unnest(ARRAY['', ' ORDER BY i DESC', ' ORDER BY md5(i::text)']) AS o,
	LATERAL (SELECT round(value::numeric, 6) AS value, round(baseline_value::numeric, 6) AS baseline_value, n_rows FROM mlpg.train('train_h7', 'SELECT * FROM (SELECT i, i % 7 AS a, i % 11 AS b, (i * 7919 % 10007)::float8 AS sold FROM generate_series(1, 10000) AS i) AS s' || o, 'sold', 'linear')) AS r;
SELECT count(DISTINCT r.n_rows) AS one FROM unnest('{"{i,a,b}","{a}","{b,i}"}'::text[]) AS f, LATERAL mlpg.train('train_h7', 'SELECT i, i % 7 AS a, i % 11 AS b, (i * 7919 % 10007)::float8 AS sold FROM generate_series(1, 10000) AS i', 'sold', 'linear', features => f::text[]) AS r;
-- growth: of the rows that were there the same ones stay held out
CREATE TABLE grown AS SELECT i, i % 7 AS a, (i * 7919 % 10007)::float8 AS sold FROM generate_series(1, 1000) AS i;
SELECT n_rows AS before FROM mlpg.train('train_h8', 'grown', 'sold', 'linear') \gset
INSERT INTO grown SELECT i, i % 7 AS a, (i * 7919 % 10007)::float8 AS sold FROM generate_series(1001, 2000) AS i;
SELECT n_rows AS after FROM mlpg.train('train_h8', 'grown', 'sold', 'linear') \gset
SELECT n_rows AS added FROM mlpg.train('train_h8', 'SELECT * FROM grown WHERE i > 1000', 'sold', 'linear') \gset
SELECT :before + :added = :after AS membership_survives;
SELECT count(DISTINCT n_rows) > 1 AS seed_matters FROM generate_series(1, 5) AS seed, LATERAL mlpg.train('train_h8', 'grown', 'sold', 'linear', seed => seed) AS r;
SET client_min_messages = warning;
-- refit_all: judged without, served with
SELECT shown(r) FROM mlpg.train('train_refit', 'SELECT price, sold FROM sales', 'sold', 'linear') AS r;
SELECT shown(r) FROM mlpg.train('train_refit', 'SELECT price, sold FROM sales', 'sold', 'linear', params => '{"refit_all":true}') AS r;
SELECT fitted_on('train_refit@2', 'SELECT price, sold FROM sales') AS served_with, fitted_on('train_refit@1', 'SELECT price, sold FROM sales') AS first,
	   (SELECT mlpg.model_to_bytea(evaluation) = (SELECT mlpg.model_to_bytea(blob) FROM mlpg.model_blobs AS o WHERE o.model_id = b.model_id AND version = 1) FROM mlpg.model_blobs AS b JOIN mlpg.models USING (model_id) WHERE model = 'train_refit' AND version = 2) AS judged_without;

-- a category that training did not see is judged as predict answers it: not at all where that is NULL or an error
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT shown(r) FROM unnest('{error,"null",zero}'::text[]) AS unseen, LATERAL mlpg.train('train_u_' || unseen, 'SELECT ''c'' || i / 2 AS c, i AS x, i * i AS y FROM generate_series(1, 200) AS i', 'y', 'linear', params => jsonb_build_object('unseen', unseen)) AS r;
\set VERBOSITY default
SET client_min_messages = warning;

-- --- costs: the newsvendor's level, judged in money
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', underage_cost => 3, overage_cost => 1) AS r;
SELECT algorithm, params ->> 'quantile' AS level, v.metrics ->> 'metric' AS metric, (v.metrics ->> 'level')::float8 AS level, (v.metrics #>> '{metrics,pinball}')::float8 * 4 - (v.metrics #>> '{metrics,order_cost}')::float8 < 1e-9 AS pinball_is_cost, v.metrics -> 'metrics' ?& '{stockout_rate,fill_rate,rmse,wape}' AS more
  FROM mlpg.model_versions AS v JOIN mlpg.models AS m USING (model_id) WHERE model = 'train_cost';
SELECT bool_and(mlpg.predict('train_cost', s) = mlpg.predict_quantile('train_cost', s, 0.75)) FROM source AS s;
SET client_min_messages = notice;
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', 'linear', underage_cost => 3, overage_cost => 1) AS r;
SET client_min_messages = warning;
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', 'quantile', loss => 'newsvendor', underage_cost => 3, overage_cost => 1) AS r;
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', quantiles => '{0.1,0.5,0.9}') AS r;
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', underage_cost => 9, overage_cost => 1, quantiles => '{0.1,0.5}') AS r;
SELECT mlpg.predict_quantiles('train_cost@5', s, '{0.1,0.5,0.9}')::numeric[] IS NOT NULL, mlpg.predict('train_cost@5', s) = mlpg.predict_quantile('train_cost@5', s, 0.9) FROM source AS s LIMIT 1;
SELECT shown(r) FROM mlpg.train('train_cost', 'source', 'sold', loss => 'squared') AS r;

-- --- weights
SELECT n_rows FROM mlpg.train('train_w', 'SELECT price, weight, sold FROM sales', 'sold', 'linear', weight_col => 'weight', holdout => 0);
SELECT fitted_on('train_w', 'SELECT price, sold FROM sales, generate_series(1, weight::int)');
SELECT n_rows FROM mlpg.train('train_w', 'SELECT price, weight, sold FROM sales', 'sold', 'linear', params => '{"weight":"weight"}', holdout => 0);
SELECT fitted_on('train_w@2', 'SELECT price, sold FROM sales, generate_series(1, weight::int)');
SELECT raises(format('SELECT mlpg.train(''train_w'', ''SELECT price, %s AS weight, sold FROM sales'', ''sold'', weight_col => ''weight'')', w)) FROM unnest('{-1,NULL::float8,0,''''nan''''::float8}'::text[]) AS w;

-- --- keys: done once
SELECT shown(r), run_id AS run FROM mlpg.train('train_k', 'source', 'sold', key => 'monday') AS r \gset first_
SELECT :'first_shown' = shown(r) AS same_answer, r.run_id = :first_run AS same_run FROM mlpg.train('train_k', 'source', 'sold', key => 'monday') AS r;
SELECT version FROM mlpg.train('train_k', 'source', 'sold', key => 'tuesday');
SELECT version FROM mlpg.train('train_k2', 'source', 'sold', key => 'monday');
-- a key's failed call is no call
SELECT raises('SELECT mlpg.train(''train_k'', ''source'', ''sold'', ''linear'', features => ''{nope}'', key => ''wednesday'')');
SELECT version FROM mlpg.train('train_k', 'source', 'sold', key => 'wednesday');

-- --- arguments
SELECT arguments, raises('SELECT mlpg.train(' || arguments || ')') FROM unnest(ARRAY[
	$$NULL, 'source', 'sold'$$, $$'train_m', NULL, 'sold'$$, $$'train_m', 'source', NULL$$, $$'', 'source', 'sold'$$, $$'a@b', 'source', 'sold'$$, $$'123', 'source', 'sold'$$,
	$$'train_m', 'source', 'nope'$$, $$'train_m', 'source', 'Sold'$$, $$'train_m', 'source', 'shop', 'linear'$$, $$'train_m', 'SELECT price > 3 AS y, shop FROM source', 'y', 'linear'$$, $$'train_m', 'source', 'sold', 'liner'$$,
	$$'train_m', 'source', 'sold', 'linear', task => 'classification'$$, $$'train_m', 'source', 'sold', task => 'x'$$,
	$$'train_m', 'source', 'sold', features => '{nope}'$$, $$'train_m', 'source', 'sold', features => '{NULL}'$$, $$'train_m', 'source', 'sold', features => '{sold}'$$, $$'train_m', 'source', 'sold', exclude => '{nope}'$$,
	$$'train_m', 'source', 'sold', underage_cost => 3$$, $$'train_m', 'source', 'sold', overage_cost => 3$$, $$'train_m', 'source', 'sold', underage_cost => 0, overage_cost => 1$$, $$'train_m', 'source', 'sold', underage_cost => 'nan', overage_cost => 1$$, $$'train_m', 'source', 'sold', underage_cost => 1, overage_cost => 'inf'$$,
	$$'train_m', 'source', 'sold', 'linear', loss => 'x'$$, $$'train_m', 'source', 'sold', 'quantile', loss => 'squared'$$, $$'train_m', 'source', 'sold', quantiles => '{0,1}'$$, $$'train_m', 'source', 'sold', quantiles => '{NULL}'$$, $$'train_m', 'source', 'sold', 'linear', quantiles => '{0.5}'$$,
	$$'train_m', 'source', 'sold', weight_col => 'nope'$$, $$'train_m', 'source', 'sold', weight_col => 'shop'$$,
	$$'train_m', 'source', 'sold', holdout => 1$$, $$'train_m', 'source', 'sold', holdout => -0.1$$, $$'train_m', 'source', 'sold', holdout => 'nan'$$, $$'train_m', 'source', 'sold', holdout_by => 'nope'$$, $$'train_m', 'source', 'sold', holdout_by => 'shop'$$, $$'train_m', 'source', 'nope', holdout_by => 'price'$$,
	$$'train_m', 'source', 'sold', params => '{"holdout_key":"nope"}'$$, $$'train_m', 'source', 'sold', 'linear', params => '{"l2":-1}'$$, $$'train_m', 'source', 'sold', 'linear', params => '{"l3":1}'$$, $$'train_m', 'source', 'sold', 'linear', params => '{"exclude":["price"]}'$$,
	$$'train_m', 'source', 'sold', params => '5'$$, $$'train_m', 'source', 'sold', params => '[]'$$, $$'train_m', 'source', 'sold', params => 'null'$$, $$'train_m', 'source', 'sold', tags => '5'$$, $$'train_m', 'source', 'sold', tags => '[1]'$$]) AS arguments;
SELECT shown(r) FROM mlpg.train('train_m', 'source', 'sold', exclude => NULL, params => NULL, tags => NULL, seed => NULL, description => NULL, key => NULL, experiment => NULL) AS r;
SELECT version FROM mlpg.train('train_tag', 'source', 'sold', description => 'what', tags => '{"team":"a"}', experiment => 'e', seed => -5);
SELECT m.description, v.tags, v.seed, r.experiment, r.tags FROM mlpg.models AS m JOIN mlpg.model_versions AS v USING (model_id) JOIN mlpg.runs AS r USING (run_id) WHERE model = 'train_tag';

-- --- a failure leaves nothing, in the registry nor in the session
SELECT registry_rows() AS before \gset
SELECT raises('SELECT mlpg.train(''train_new'', ''SELECT * FROM source WHERE false'', ''sold'')');
SELECT raises('SELECT mlpg.train(''train_new'', ''SELECT sold / (i - 7) AS sold, price FROM sales'', ''sold'')');
SELECT raises('SELECT mlpg.train(''train_new'', ''SELECT sold, price, sold * 1 AS total FROM sales'', ''sold'')');
SELECT raises('SELECT mlpg.train(''train_new'', ''SELECT sold, CASE WHEN i = 399 THEN ''''nan'''' ELSE price END AS price FROM sales'', ''sold'')');
SET mlpg.max_memory = '1MB';
SELECT regexp_replace(raises('SELECT mlpg.train(''train_new'', ''SELECT i, i % 7 AS y FROM generate_series(1, 300000) AS i'', ''y'', ''quantile'')'), '[0-9]+ MB', 'N MB', 'g');
RESET mlpg.max_memory;
BEGIN TRANSACTION READ ONLY;
SELECT mlpg.train('train_new', 'source', 'sold');
ROLLBACK;
BEGIN;
SELECT version FROM mlpg.train('train_new', 'source', 'sold');
SELECT mlpg.predict('train_new', s) IS NOT NULL FROM source AS s LIMIT 1;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT version FROM mlpg.train('train_new', 'source', 'sold');
ROLLBACK TO s;
SELECT raises('SELECT mlpg.predict(''train_new'', s) FROM train_test.source AS s LIMIT 1');
COMMIT;
SELECT :'before' = registry_rows() AS nothing_left;
-- caught, and on with it
CREATE FUNCTION tries() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := '';
BEGIN
	FOR k IN 1 .. 3 LOOP
		BEGIN
			PERFORM mlpg.train('train_try', CASE WHEN k = 2 THEN 'train_test.source' ELSE 'SELECT 1 / (i - 200) AS sold, i FROM train_test.sales' END, 'sold');
			answer := answer || ' trained';
		EXCEPTION WHEN division_by_zero THEN
			answer := answer || ' caught';
		END;
	END LOOP;
	RETURN answer;
END $$;
SELECT tries();
SELECT count(*) FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'train_try';
-- in a subtransaction that commits, in a cursor's query, in a function used in parallel plans
BEGIN;
SAVEPOINT s;
SELECT version FROM mlpg.train('train_sub', 'source', 'sold');
RELEASE s;
DECLARE c CURSOR FOR SELECT k, (mlpg.train('train_sub', 'train_test.source', 'sold')).version FROM generate_series(1, 3) AS k;
FETCH 2 FROM c;
CLOSE c;
COMMIT;
SELECT count(*) FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'train_sub';
-- a source that trains, or reads what it makes
CREATE FUNCTION trains() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT (mlpg.train('train_inner', 'train_test.source', 'sold')).version $$;
SELECT raises('SELECT mlpg.train(''train_outer'', ''SELECT sold, price, train_test.trains() AS t FROM train_test.sales'', ''sold'')');
SELECT n_rows FROM mlpg.train('train_self', 'SELECT sold, price FROM train_test.sales', 'sold', holdout => 0);
SELECT n_rows, version FROM mlpg.train('train_self', 'SELECT sold, price, mlpg.predict(''train_self'', s) * price AS p FROM train_test.sales AS s', 'sold', holdout => 0);
SELECT count(*) AS progress FROM mlpg.progress;
-- the same data, seed and arguments: the same bytes, with any number of threads
SET client_min_messages = error;
SET mlpg.max_threads = 1;
SELECT count(*) FROM unnest('{linear,quantile,baseline}'::text[]) AS learner, LATERAL mlpg.train('train_same_' || learner, 'SELECT * FROM train_test.sales', 'sold', learner, exclude => '{at}') AS r;
SET mlpg.max_threads = 8;
SELECT count(*) FROM unnest('{linear,quantile,baseline}'::text[]) AS learner, LATERAL mlpg.train('train_same_' || learner, 'SELECT * FROM train_test.sales', 'sold', learner, exclude => '{at}') AS r;
RESET mlpg.max_threads;
SELECT algorithm, count(*), count(DISTINCT sha256) AS digests, count(DISTINCT data_fingerprint) AS fingerprints FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model LIKE 'train\_same\_%' GROUP BY algorithm ORDER BY 1;
-- the seed by its argument or by params, which is the same; not by both
SELECT count(*) FROM mlpg.train('train_seed', 'SELECT * FROM train_test.sales', 'sold', exclude => '{at}', seed => 5, params => '{"num_iterations":3}');
SELECT count(*) FROM mlpg.train('train_seed', 'SELECT * FROM train_test.sales', 'sold', exclude => '{at}', params => '{"num_iterations":3,"seed":5}');
SELECT count(*) FROM mlpg.train('train_seed', 'SELECT * FROM train_test.sales', 'sold', exclude => '{at}', params => '{"num_iterations":3}');
SELECT min(version), count(*), seed FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'train_seed' GROUP BY sha256, seed ORDER BY 1;
SELECT raises($$SELECT mlpg.train('train_seed', 'train_test.sales', 'sold', seed => 5, params => '{"seed":6}')$$);
SELECT raises($$SELECT mlpg.train('train_seed', 'train_test.sales', 'sold', params => '{"seed":"six"}')$$);

SET client_min_messages = error;
SELECT count(mlpg.drop_model(model, true)) > 0 FROM mlpg.models WHERE model LIKE 'train\_%';
DROP SCHEMA train_test CASCADE;
