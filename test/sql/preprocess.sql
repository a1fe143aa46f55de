-- Preprocessing in SQL: every option, every form of a row, hold-outs, states, texts, refusals.
CREATE SCHEMA preprocess_test;
SET search_path = preprocess_test, public;
SET client_min_messages = error;
\pset format unaligned
\pset tuples_only on
CREATE TABLE sales AS
SELECT i, (ARRAY['north', 'south', 'east'])[1 + i % 3] AS store, (ARRAY['tea', 'beer & wine'])[1 + i / 7 % 2] AS item, (i * 37 % 101) / 4.0::float8 AS price,
	   i % 7 = 0 AS promo, 20 + i * 13 % 50 AS age, CASE WHEN i % 11 > 0 THEN (i * 29 % 97) / 10.0 END::float8 AS temp, 'u' || i % 40 AS customer
  FROM generate_series(1, 600) AS i;
ALTER TABLE sales ADD y float8;
UPDATE sales SET y = 3 * (store = 'north' AND item = 'tea')::int + ln(1 + price) + sin(coalesce(temp, 0)) + 2 * promo::int + (age >= 45)::int + i % 5 * 0.01;
CREATE TABLE m AS SELECT mlpg.fit('linear', y, s, '{"exclude":["i"],"preprocess":{"cross":[["store","item"],["promo","age"]],"log":["price"],"spline":{"temp":6},"bucketize":{"age":4},"hash":{"customer":8}}}') AS model
  FROM sales AS s;

-- what is made, by name; the reference and what follows from it is left out of crosses
SELECT term FROM m, mlpg.coefficients(model);
SELECT item, value FROM m, mlpg.summary(model) WHERE item IN ('features', 'numbers', 'categories', 'preprocessed');
SELECT corr(y, mlpg.predict(model, s)) > 0.99, count(*) = count(mlpg.predict(model, s)) FROM m, sales AS s;

-- one answer in every form of a row
SELECT count(*), count(*) FILTER (WHERE a = b AND b = c AND c = d)
  FROM (SELECT mlpg.predict(model, s) AS a, mlpg.predict(model, to_jsonb(s)) AS b, mlpg.predict(model, to_jsonb(s)::text) AS c,
			   mlpg.predict(model, x) AS d FROM m, sales AS s, LATERAL (SELECT s.customer, s.temp, s.age::numeric, s.promo, s.price, s.item, s.store) AS x) AS t;

-- a NULL, a number outside of the logarithm, a customer that is new, a combination that is new: answers; a store that is new: none
SELECT count(mlpg.predict(model, x)) FROM m, (SELECT NULL::float8 AS temp, NULL::text AS customer, 30 AS age, true AS promo, 3.0 AS price, 'tea' AS item, 'north' AS store) AS x;
SELECT mlpg.predict(model, '{"temp":1,"customer":"u1","age":30,"promo":true,"price":-1,"item":"tea","store":"north"}') =
	   mlpg.predict(model, '{"temp":1,"customer":"u1","age":30,"promo":true,"price":null,"item":"tea","store":"north"}') FROM m;
SELECT mlpg.predict(model, '{"temp":1,"customer":"never seen","age":1000,"promo":true,"price":3,"item":"tea","store":"north"}') IS NULL FROM m;
SELECT mlpg.predict(model, '{"temp":1,"customer":"u1","age":30,"promo":true,"price":3,"item":"tea","store":"west"}') IS NULL FROM m;

-- of a whole table at once; by name through the planner; trained again; the recipe has it
SELECT is_champion FROM mlpg.train('squares', 'sales', 'y', 'linear', exclude => '{i}', preprocess => '{"polynomial":2,"log":["price"]}');
SELECT recipe -> 'preprocess' FROM mlpg.models WHERE model = 'squares';
CALL mlpg.predict_batch('squares', 'sales', 'scored', '{i}');
SELECT count(*), count(*) FILTER (WHERE prediction = mlpg.predict('squares', s)) FROM scored JOIN sales AS s USING (i);
CALL mlpg.retrain('squares');
SELECT term FROM mlpg.coefficients('squares@2') WHERE term ~ '[*^]';

-- fitted on the training part only: a hold-out of other values leaves no trace
CREATE TABLE drift AS SELECT i, i::float8 AS x, 'c' || i AS c, 'd' AS d, i % 13 + 0.5 AS y FROM generate_series(1, 200) AS i;
SELECT count(*) FROM mlpg.train('drift', 'drift', 'y', 'linear', holdout => 0.25, holdout_by => 'i', features => '{x,c,d}', preprocess => '{"bucketize":{"x":4},"cross":[["c","d"]]}', params => '{"l2":1}');
SELECT term FROM mlpg.coefficients('drift') WHERE term ~ 'bucketize' OR term ~ '& d = c(149|15.) & d' ORDER BY term;

-- trees: every learner takes it; explain adds up, to the columns of the row; importance and tree name columns made
SELECT count(*) FROM mlpg.train('trees', 'sales', 'y', exclude => '{i}', preprocess => '{"cross":[["store","item"]],"bucketize":{"age":5},"polynomial":2}');
SELECT feature, value FROM mlpg.explain('trees', (SELECT s FROM sales AS s WHERE i = 3)) ORDER BY feature;
SELECT abs(sum(contribution) - (SELECT mlpg.predict('trees', s) FROM sales AS s WHERE i = 3)) < 1e-9 FROM mlpg.explain('trees', (SELECT s FROM sales AS s WHERE i = 3));
SELECT feature FROM mlpg.importance('trees') ORDER BY feature;

-- in parallel, through the bytes of states, in groups
SELECT count(*), count(DISTINCT model::text) FROM (SELECT mlpg.fit('linear', y, x, '{"preprocess":{"spline":{"temp":3},"cross":[["item","promo"]]}}') AS model
  FROM sales AS s, LATERAL (SELECT s.temp, s.item, s.promo) AS x GROUP BY store) AS g;
SELECT round(mlpg.predict(mlpg.fit('linear', y, ARRAY[price, age], '{"preprocess":{"polynomial":3,"log":["x1"]}}'), ARRAY[3, 40])::numeric, 6) FROM sales;
-- rows kept apart for intervals are preprocessed as others are
SELECT count(*) FILTER (WHERE lower < yhat AND yhat < upper) FROM sales AS s, mlpg.predict_interval((SELECT mlpg.fit('linear', y, x, '{"calibration":0.3,"preprocess":{"spline":{"temp":5},"log":["price"]}}')
  FROM sales AS t, LATERAL (SELECT t.temp, t.price, t.store) AS x), s, 0.8) WHERE i <= 50;

-- texts: Japanese, full width, in every form; what is not a text is missing
CREATE TABLE news AS SELECT i, CASE WHEN i % 2 = 0 THEN '東京の天気は晴れ ' || i ELSE '大阪のサッカー試合 ' || i END AS title, i % 2 = 0 AS weather FROM generate_series(1, 200) AS i;
INSERT INTO news SELECT 200 + i, CASE WHEN i % 2 = 0 THEN '' END, i % 4 = 0 FROM generate_series(1, 20) AS i;
SELECT count(*) FROM mlpg.train('news', 'SELECT title, weather FROM news', 'weather', 'logistic', preprocess => '{"ngrams":{"title":{"chars":[1,3],"buckets":4096}}}');
SELECT item, value FROM mlpg.summary('news') WHERE item IN ('texts', 'preprocessed');
SELECT mlpg.predict('news', '天気') > 0.6, mlpg.predict('news', 'サッカー') < 0.3, mlpg.predict('news', 'ｻｯｶｰ') = mlpg.predict('news', 'サッカー'), mlpg.predict('news', '{"title":null}'::jsonb) IS NULL;
SELECT count(*), count(*) FILTER (WHERE mlpg.predict('news', n) = mlpg.predict('news', to_jsonb(n)) AND mlpg.predict('news', n) = mlpg.predict('news', title)) FROM news AS n WHERE title IS NOT NULL;
CALL mlpg.predict_batch('news', 'news', 'news_scored', '{i}');
SELECT count(*), count(*) FILTER (WHERE probability IS NOT DISTINCT FROM mlpg.predict('news', n)) FROM news_scored JOIN news AS n USING (i);
SELECT count(*) > 20, bool_and(term ~ '^title (~ \d+|\(missing\))$' OR term = '(intercept)') FROM mlpg.coefficients('news');
SELECT feature, value FROM mlpg.explain('news', (SELECT n FROM news AS n WHERE i = 1));

-- texts in the other linear learners, a group at a time, in every form; intervals by Student's t, by quantiles, by rows kept apart
CREATE TABLE offers AS SELECT i, (ARRAY['緑茶', 'ビール', 'tea', 'Beer'])[1 + i % 4] || ' ' || (ARRAY['500ml', '1L', '6 pack'])[1 + i / 4 % 3] AS title, i % 10 AS age, i % 2 = 0 AS east,
	   (ARRAY[3.0, 5, 2, 4])[1 + i % 4] + (ARRAY[0.0, 1, 4])[1 + i / 4 % 3] + 0.1 * (i % 10) + i * 7919 % 100 / 200.0 AS price FROM generate_series(1, 400) AS i;
UPDATE offers SET title = CASE WHEN i % 20 = 0 THEN '' END WHERE i % 10 = 0;
CREATE TABLE fits AS SELECT l AS learner, east, m FROM (VALUES ('linear', '{}'), ('linear', '{"l2":0.001}'), ('glm', '{"family":"gamma","link":"log"}'), ('quantile', '{"quantile":[0.5,0.1,0.9]}'), ('expectile', '{}'), ('elastic_net', '{"l1_ratio":0.5}')) AS v (l, p),
	   LATERAL (SELECT east, mlpg.fit(l, price, o, p::jsonb || '{"features":["title","age"],"preprocess":{"ngrams":{"title":{"chars":[1,3],"buckets":8192}}}}') AS m FROM offers AS o GROUP BY east) AS g;
SELECT learner, east, corr(mlpg.predict(m, o), price) > 0.85 AS good, count(*) = count(mlpg.predict(m, o)) AS whole,
	   bool_and(mlpg.predict(m, o) = mlpg.predict(m, to_jsonb(o)) AND mlpg.predict(m, o) = mlpg.predict(m, to_jsonb(o)::text)) AS forms
  FROM fits JOIN offers AS o USING (east) GROUP BY learner, east, m::text ORDER BY learner, east;
SELECT learner, mlpg.predict(m, '{"title":null,"age":3}'::jsonb) IS NOT NULL, mlpg.predict(m, '{"title":"","age":3}'::jsonb) <> mlpg.predict(m, '{"title":"ＴＥＡ","age":3}'::jsonb),
	   mlpg.predict(m, '{"title":"ΨΩ","age":3}'::jsonb) = mlpg.predict(m, '{"title":"","age":3}'::jsonb), mlpg.predict(m, jsonb_build_object('title', repeat('tea ', 250000), 'age', 3)) IS NOT NULL
  FROM fits WHERE east ORDER BY learner, m::text;
-- of any number of buckets the lasso keeps few; its path names them; classes, counts
SELECT count(*) FILTER (WHERE estimate <> 0) BETWEEN 3 AND 40, count(*) > 40 FROM (SELECT mlpg.fit('elastic_net', price, o, '{"lambda":"1se","features":["title","age"],"preprocess":{"ngrams":{"title":{}}}}') AS m FROM offers AS o) AS f, mlpg.coefficients(m) WHERE term LIKE 'title ~ %';
SELECT min(n_nonzero), bool_and(lambda > 0), count(DISTINCT step) > 20, bool_or(term LIKE 'title ~ %')
  FROM (SELECT mlpg.fit('elastic_net', price > 5, o, '{"features":["title","age"],"preprocess":{"ngrams":{"title":{"buckets":1048576}}}}') AS m FROM offers AS o) AS f, mlpg.path(m);
SELECT count(*) FROM mlpg.train('counted', 'SELECT title, (i % 4)::int AS n FROM offers', 'n', 'elastic_net', params => '{"family":"poisson"}', preprocess => '{"ngrams":{"title":{"chars":[1,2]}}}');
SELECT abs(sum(contribution) - (SELECT ln(mlpg.predict('counted', o)) FROM offers AS o WHERE i = 1)) < 1e-9 FROM mlpg.explain('counted', (SELECT o FROM offers AS o WHERE i = 1));
SELECT count(*) FROM mlpg.train('offers', 'offers', 'price', 'linear', features => '{title,age}', preprocess => '{"ngrams":{"title":{"chars":[1,2],"buckets":64}}}', params => '{"robust":"HC3"}');
SELECT avg((price BETWEEN lower AND upper)::int) > 0.9, bool_and(lower < yhat AND yhat < upper) FROM offers AS o, mlpg.predict_interval('offers', o, 0.9) WHERE title <> '';
CALL mlpg.predict_batch('offers', 'offers', 'offers_scored', '{i}');
SELECT count(*), count(*) FILTER (WHERE prediction = mlpg.predict('offers', o)) FROM offers_scored JOIN offers AS o USING (i);
SELECT count(*) > 20, count(std_error) > 5 FROM mlpg.coefficients('offers') WHERE term LIKE 'title ~ %';
SELECT abs(sum(contribution) - (SELECT mlpg.predict('offers', o) FROM offers AS o WHERE i = 1)) < 1e-9 FROM mlpg.explain('offers', (SELECT o FROM offers AS o WHERE i = 1));
SELECT learner, count(*), avg((price BETWEEN lower AND upper)::int) BETWEEN 0.8 AND 1 FROM (VALUES ('linear', '{"l2":0.001,"calibration":0.25}'), ('quantile', '{"quantile":[0.05,0.95],"calibration":0.25}')) AS v (learner, p),
	   LATERAL (SELECT mlpg.fit(learner, price, o, p::jsonb || '{"features":["title","age"],"preprocess":{"ngrams":{"title":{"chars":[1,2],"buckets":32}}}}') AS m FROM offers AS o) AS f, offers AS o, mlpg.predict_interval(m, o, 0.9)
 GROUP BY learner ORDER BY learner;

-- what is refused
CREATE FUNCTION refusal_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION refusal(preprocess jsonb, learner text DEFAULT 'linear') RETURNS text LANGUAGE sql AS $$
	SELECT preprocess_test.refusal_of(format('SELECT mlpg.fit(%L, s.y, s, %L) FROM preprocess_test.sales AS s', learner, jsonb_build_object('preprocess', preprocess)))
$$;
SELECT refusal('[]');
SELECT refusal('{"crosss":[["store","item"]]}');
SELECT refusal('{"log":["prise"]}');
SELECT refusal('{"log":"price"}');
SELECT refusal('{"log":["store"]}');
SELECT refusal('{"bucketize":{"age":1.5}}');
SELECT refusal('{"bucketize":{"age":1}}');
SELECT refusal('{"cross":[["store","price"]]}');
SELECT refusal('{"cross":[["store"]]}');
SELECT refusal('{"cross":["store","item"]}');
SELECT refusal('{"hash":{"price":8}}');
SELECT refusal('{"polynomial":4}');
SELECT refusal('{"log":["price"],"spline":{"price":3}}');
SELECT refusal('{"ngrams":{"customer":{}}}', 'boosted_trees'), refusal('{"ngrams":{"customer":{}}}', 'random_forest'), refusal('{"ngrams":{"customer":{}}}', 'baseline');
SELECT refusal('{"ngrams":{"customer":{"char":[2,3]}}}', 'logistic');
SELECT refusal('{"ngrams":{"customer":{"chars":[3,2]}}}', 'logistic');
SELECT refusal('{}'), refusal('null');
CREATE FUNCTION wide(n int) RETURNS text LANGUAGE sql AS $$ SELECT 'SELECT 1.0::float8 AS y, ' || string_agg(i || '::float8 AS c' || i, ', ') FROM generate_series(1, n) AS i $$;
SELECT refusal_of(format('SELECT mlpg.train(%L, %L, %L, %L, preprocess => %L)', 'wide', wide(1600), 'y', 'linear', '{"polynomial":2}'));
SELECT refusal_of($$SELECT mlpg.train('negative', 'SELECT -i AS x, i AS y FROM generate_series(1, 20) AS i', 'y', 'linear', preprocess => '{"log":["x"]}', holdout => 0)$$);
SELECT refusal_of($$SELECT mlpg.to_lightgbm('trees')$$);

-- more n-grams than there is memory for: told at once, by how many
CREATE TABLE essays AS SELECT i, string_agg(md5(i || ' ' || k), ' ') AS essay, i % 7 AS y FROM generate_series(1, 300) AS i, generate_series(1, 40) AS k GROUP BY i;
SET mlpg.max_memory = '64MB';
SELECT learner, regexp_replace(refusal_of(format($$SELECT mlpg.train('essays', 'SELECT essay, y FROM preprocess_test.essays', 'y', %L, preprocess => '{"ngrams":{"essay":{}}}')$$, learner)), '[0-9]{2,}', '...', 'g'),
	   regexp_replace(refusal_of(format($$SELECT mlpg.fit(%L, y, e, '{"features":["essay"],"preprocess":{"ngrams":{"essay":{}}}}') FROM preprocess_test.essays AS e$$, learner)), '[0-9]{2,}', '...', 'g')
  FROM unnest(ARRAY['linear', 'glm', 'quantile']) AS learner;
RESET mlpg.max_memory;

SELECT count(mlpg.drop_model(model, force => true)) FROM mlpg.models WHERE model IN ('squares', 'drift', 'trees', 'news', 'offers', 'counted');
DROP SCHEMA preprocess_test CASCADE;
