-- What every learner promises, asked of each that mlpg.learners() names: a new one
-- is tested without a line here. Outcomes are a result or the documented SQLSTATE.
BEGIN;
SET client_min_messages = error;
SELECT no_plan();

-- 1,000 rows with numbers, NULLs, categories, a boolean, a date and a weight
CREATE TABLE rows AS
SELECT i, (i * 7919 % 1009) / 100.0::float8 AS a, CASE WHEN i % 17 > 0 THEN sqrt(i) END AS b, 'c' || i * i % 5 AS c, i % 3 = 0 AS flag, date '2024-01-01' + i % 60 AS day,
	   (i % 4)::float8 AS w, 2 * (i * 7919 % 1009) / 100.0 + sqrt(i) + i * i % 5 + (i * 31 % 101) / 50.0::float8 AS y
  FROM generate_series(1, 1000) AS i;
CREATE VIEW features AS SELECT i, a, b, c, flag, day FROM rows;
-- learners that fit classes alone get the same rows with a target of 0 and 1
CREATE VIEW class_rows AS SELECT i, a, b, c, flag, day, w, (y > 35)::int::float8 AS y FROM rows;
CREATE FUNCTION only_classes(learner text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT NOT 'regression' = ANY (tasks) FROM mlpg.learners() WHERE name = learner $$;
CREATE FUNCTION target(learner text, y float8) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT CASE WHEN only_classes(learner) THEN (y > 35)::int ELSE y END $$;
CREATE FUNCTION source_of(learner text, source text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE WHEN only_classes(learner) THEN replace(source, 'FROM rows', 'FROM class_rows') ELSE source END $$;
CREATE FUNCTION trained(model text, learner text, source text, params jsonb DEFAULT '{}') RETURNS mlpg.model LANGUAGE plpgsql AS $$
BEGIN
	PERFORM mlpg.train(model, source_of(learner, source), 'y', learner, holdout => 0, params => params);
	RETURN mlpg.get_model(model || '@' || (SELECT last_version FROM mlpg.models AS m WHERE m.model = trained.model));
END $$;

-- --- the same bytes
SELECT is(mlpg.model_to_bytea(trained('c_' || name, name, 'SELECT a, b, c, flag, day, y FROM rows')), mlpg.model_to_bytea(trained('c_' || name, name, 'SELECT a, b, c, flag, day, y FROM rows')), name || ': same rows, same bytes') FROM mlpg.learners();
SET mlpg.max_threads = 1;
SELECT trained('c_' || name, name, 'SELECT a, b, c, flag, day, y FROM rows, generate_series(1, 20)') IS NOT NULL FROM mlpg.learners();
SET mlpg.max_threads = 8;
SELECT trained('c_' || name, name, 'SELECT a, b, c, flag, day, y FROM rows, generate_series(1, 20)') IS NOT NULL FROM mlpg.learners();
SET mlpg.max_threads = 3;
SELECT trained('c_' || name, name, 'SELECT a, b, c, flag, day, y FROM rows, generate_series(1, 20)') IS NOT NULL FROM mlpg.learners();
RESET mlpg.max_threads;
SELECT is(count(DISTINCT v.sha256)::int, 1, model || ': 1 thread equals 3 and 8') FROM mlpg.models AS m JOIN mlpg.model_versions AS v USING (model_id) WHERE model LIKE 'c\_%' AND version > 2 GROUP BY model;
SELECT is(mlpg.model_to_bytea(mlpg.fit(name, target(name, y), x)), mlpg.model_to_bytea(mlpg.fit(name, target(name, y), x)), name || ': fit twice, same bytes') FROM mlpg.learners(), rows AS r, LATERAL (SELECT r.a, r.b, r.c, r.flag, r.day) AS x GROUP BY name;
-- order-free learners in any order, others within tolerance
SELECT ok(CASE WHEN l.order_free THEN d.same ELSE d.close END, name || CASE WHEN l.order_free THEN ': any order of rows, same bytes' ELSE ': any order of rows, same model' END)
  FROM mlpg.learners() AS l, LATERAL (SELECT mlpg.model_to_bytea(m) = mlpg.model_to_bytea(n) AS same,
		-- what minimises absolute errors may not be unique: then both are as good
		(SELECT CASE WHEN l.loss = 'quantile' THEN abs(mlpg.mae(y, mlpg.predict(m, f)) / mlpg.mae(y, mlpg.predict(n, f)) - 1) < 1e-10
			ELSE max(abs(mlpg.predict(m, f) - mlpg.predict(n, f)) / greatest(1, abs(mlpg.predict(m, f)))) < 1e-9 END FROM rows AS f) AS close
	FROM (SELECT mlpg.fit(l.name, target(l.name, y), x ORDER BY i) AS m, mlpg.fit(l.name, target(l.name, y), x ORDER BY md5(i::text)) AS n FROM rows AS r, LATERAL (SELECT r.a, r.b, r.c, r.flag, r.day) AS x) AS q) AS d;
-- text, bytea and dump form are the model
SELECT is(mlpg.model_to_bytea(m::text::mlpg.model), mlpg.model_to_bytea(m), name || ': text and back') FROM mlpg.learners(), LATERAL (SELECT mlpg.get_model('c_' || name) AS m) AS q;
SELECT is(mlpg.model_to_bytea(mlpg.model_from_bytea(mlpg.model_to_bytea(m))), mlpg.model_to_bytea(m), name || ': bytea and back') FROM mlpg.learners(), LATERAL (SELECT mlpg.get_model('c_' || name) AS m) AS q;

-- --- predict is the same row by row, in any order, in parallel, by name and by value, as JSON
CREATE TABLE answers AS SELECT name, i, mlpg.predict('c_' || name, f) AS p FROM mlpg.learners(), features AS f;
SELECT is(count(p)::int, 1000, name || ': an answer for every row') FROM answers GROUP BY name;
CREATE FUNCTION one_by_one(learner text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	f features;
	n bigint := 0;
BEGIN
	FOR f IN SELECT * FROM features ORDER BY md5(i::text) LIMIT 200 LOOP
		n := n + (SELECT count(*) FROM answers AS a WHERE a.name = learner AND a.i = f.i AND a.p = mlpg.predict('c_' || learner, f)
			AND a.p = mlpg.predict(mlpg.get_model('c_' || learner), f) AND a.p = mlpg.predict('c_' || learner, to_jsonb(f)) AND a.p = mlpg.predict('c_' || learner, to_jsonb(f)::text));
	END LOOP;
	RETURN n;
END $$;
SELECT is(one_by_one(name), 200::bigint, name || ': row by row, by name, by value, jsonb and text') FROM mlpg.learners();
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END $$;
SELECT matches(plan_of(format('SELECT i, mlpg.predict(%L, r) FROM rows AS r', 'c_' || name)), 'Gather', name || ': predict goes parallel') FROM mlpg.learners();
CREATE FUNCTION parallel_same(learner text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('CREATE TEMP TABLE p AS SELECT i, mlpg.predict(%L, r) AS p FROM rows AS r', 'c_' || learner);
	SELECT count(*) INTO n FROM p JOIN answers AS a USING (i) WHERE a.name = learner AND a.p = p.p;
	DROP TABLE p;
	RETURN n;
END $$;
SELECT is(parallel_same(name), 1000::bigint, name || ': predict in a parallel plan') FROM mlpg.learners();

-- --- data that are odd: an answer, or a documented SQLSTATE
CREATE FUNCTION outcome(learner text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer float8;
BEGIN
	source := source_of(learner, source);
	PERFORM mlpg.train('c_odd_' || learner, source, 'y', learner, holdout => 0);
	EXECUTE format('SELECT mlpg.predict(%L, s) FROM (%s) AS s LIMIT 1', 'c_odd_' || learner || '@' || (SELECT last_version FROM mlpg.models WHERE model = 'c_odd_' || learner), source) INTO answer;
	RETURN CASE WHEN answer IS NULL THEN 'null' WHEN answer::text IN ('NaN', 'Infinity', '-Infinity') THEN answer::text ELSE 'answer' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION outcome_fit(learner text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	source := source_of(learner, source);
	EXECUTE format('SELECT CASE WHEN m IS NULL THEN ''no model'' WHEN mlpg.predict(m, s) IS NULL THEN ''null'' ELSE ''answer'' END FROM (SELECT mlpg.fit(%L, s.y, s) AS m FROM (%s OFFSET 0) AS s) AS f LEFT JOIN LATERAL (%s LIMIT 1) AS s ON true', learner, source, source) INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE TABLE cases AS SELECT * FROM (VALUES
	('no rows', 'SELECT a, y FROM rows WHERE false', '22000', 'no model'),
	('one row', 'SELECT a, c, y FROM rows WHERE i = 1', 'answer', 'answer'),
	('two rows', 'SELECT a, c, y FROM rows WHERE i < 3', 'answer', 'answer'),
	('all targets NULL', 'SELECT a, NULL::float8 AS y FROM rows', '22000', 'no model'),
	('some targets NULL', 'SELECT a, CASE WHEN i % 2 = 0 THEN y END AS y FROM rows', 'answer', 'answer'),
	('no features', 'SELECT y FROM rows', 'answer', 'answer'),
	('constant column', 'SELECT 7 AS k, ''x'' AS x, a, y FROM rows', 'answer', 'answer'),
	('constant target', 'SELECT a, c, 5 AS y FROM rows', 'answer', 'answer'),
	('a column twice', 'SELECT a, a AS a2, y FROM rows', 'answer', 'answer'),
	('collinear columns', 'SELECT a, b, a + i AS ai, i, c, c || ''x'' AS cx, y FROM rows', 'answer', 'answer'),
	('all-NULL columns', 'SELECT a, NULL::float8 AS n, NULL::text AS t, y FROM rows', 'answer', 'answer'),
	('more columns than rows', 'SELECT a, b, i, day, flag, c, y FROM rows WHERE i <= 4', 'answer', 'answer'),
	('NaN', 'SELECT CASE WHEN i = 500 THEN ''nan'' ELSE a END AS a, y FROM rows', '22000', '22000'),
	('infinity', 'SELECT CASE WHEN i = 500 THEN ''inf'' ELSE a END AS a, y FROM rows', '22000', '22000'),
	('infinite target', 'SELECT a, CASE WHEN i = 500 THEN ''-inf'' ELSE y END AS y FROM rows', '22000', '22000'),
	('a type it does not read', 'SELECT a, interval ''1 h'' AS h, y FROM rows', '42804', '42804'),
	('text target', 'SELECT a, c AS y FROM rows', '0A000', '0A000'),
	('boolean target', 'SELECT a, flag AS y FROM rows', 'answer', 'answer'),
	('the target again', 'SELECT a, y, y + 0 AS z FROM rows', '22000', '22000'),
	('huge and tiny', 'SELECT a * 1e200 AS a, b * 1e-200 AS b, y FROM rows', 'answer', 'answer'),
	('a thousand categories', 'SELECT ''n'' || i AS n, y FROM rows', 'answer', 'answer')) AS v(what, source, by_train, by_fit);
-- a text has classes, of which predict makes no number; what fits no classes refuses both
CREATE VIEW expected AS SELECT name, what, source, coalesce(refusal, by_train) AS by_train, coalesce(refusal, by_fit) AS by_fit
  FROM mlpg.learners(), cases, LATERAL (SELECT CASE WHEN what = 'boolean target' AND NOT 'classification' = ANY (tasks) THEN '0A000'
	WHEN what IN ('one row', 'two rows', 'more columns than rows', 'constant target') AND only_classes(name) THEN '22000' /* one class only */
	WHEN what = 'the target again' AND only_classes(name) THEN 'answer' END AS refusal) AS q;
SELECT is(outcome(name, source), by_train, name || ', train: ' || what) FROM expected ORDER BY name, what;
SELECT is(outcome_fit(name, source), by_fit, name || ', fit: ' || what) FROM expected ORDER BY name, what;
DO $$ BEGIN
	EXECUTE 'CREATE TABLE wide AS SELECT i % 2 AS y, ' || (SELECT string_agg('(i * ' || k || ' % 101)::float4 AS c' || k, ', ') FROM generate_series(2, 1599) AS k) || ' FROM generate_series(1, 40) AS i';
END $$;
SELECT is(outcome(name, 'SELECT * FROM wide'), 'answer', name || ': 1,600 columns') FROM mlpg.learners();

-- --- columns at predict
CREATE FUNCTION refusal(model mlpg.model, columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer float8;
BEGIN
	EXECUTE format('SELECT mlpg.predict($1, f) FROM (SELECT %s FROM rows LIMIT 1) AS f', columns) USING model INTO answer;
	RETURN 'answer';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE small AS SELECT name, trained('c_small_' || name, name, 'SELECT a, c, y FROM rows') AS m FROM mlpg.learners();
-- a learner that takes no features scores any row
CREATE VIEW choosy AS SELECT * FROM small WHERE refusal(m, 'i') <> 'answer';
SELECT matches(refusal(m, 'a'), '^42703 .*"c"', name || ': a missing column is named') FROM choosy;
SELECT matches(refusal(m, 'a AS "A", c'), '^42703 .*"a"', name || ': a renamed column is named') FROM choosy;
SELECT matches(refusal(m, 'a::text AS a, c'), '^42804 .*"a"', name || ': a retyped column is named') FROM choosy;
SELECT is(refusal(m, 'c::varchar, i, a::numeric, interval ''1 h'' AS h'), 'answer', name || ': order, more columns and kin types do not matter') FROM small;

-- --- parameters: each refuses what is out of its range, naming itself and the range
CREATE FUNCTION parameter(learner text, params text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	m mlpg.model;
BEGIN
	SELECT mlpg.fit(learner, target(learner, y + 50 * (i % 2)), ARRAY[a], params::jsonb) INTO m FROM rows WHERE i < 30;
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || SQLERRM || ' ' || detail;
END $$;
CREATE VIEW parameters AS SELECT l.name AS learner, p.* FROM mlpg.learners() AS l, mlpg.learner_params(l.name) AS p;
SELECT ok((SELECT count(*) FROM parameters AS p WHERE p.learner = l.name) > 0 AND NOT EXISTS (SELECT FROM parameters AS p WHERE p.learner = l.name AND coalesce(length(help), 0) = 0), name || ': parameters have help') FROM mlpg.learners() AS l;
SELECT is(parameter(learner, format('{%s:%s}', to_json(name), to_json(default_value))), 'taken', learner || '.' || name || ' takes its default') FROM parameters WHERE default_value IS NOT NULL;
SELECT matches(parameter(learner, format('{%s:%s}', to_json(name), bad)), '^22023 .*"' || name || '".*It must be', learner || '.' || name || ' refuses ' || bad)
  FROM parameters AS p, LATERAL unnest(CASE WHEN type = 'boolean' THEN ARRAY['1', '"yes"', 'null', '[]'] WHEN type LIKE '%|%' THEN ARRAY['"no such thing"', '1', 'true', '[1]']
	ELSE ARRAY['"x"', 'true', '"nan"', '"inf"', '1e400', '{}', '"0x1"'] || CASE WHEN min IS NOT NULL THEN ARRAY[(min - 1)::text] ELSE '{}' END || CASE WHEN max IS NOT NULL THEN ARRAY[(max * 10 + 1)::text] ELSE '{}' END
		|| CASE WHEN type = 'integer' THEN ARRAY['1.5'] ELSE '{}' END END) AS bad;
SELECT matches(parameter(name, '{"no_such_parameter":1}'), '^42704 .*"no_such_parameter"', name || ': an unknown parameter is named') FROM mlpg.learners();

-- --- classes: what every learner that fits them promises
CREATE VIEW classifiers AS SELECT name, order_free FROM mlpg.learners() WHERE 'classification' = ANY (tasks);
SELECT ok(count(*) >= 1, 'there are learners that fit classes') FROM classifiers;
-- some take two classes only, and say so
CREATE FUNCTION takes_many(learner text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	m mlpg.model;
BEGIN
	SELECT mlpg.fit(learner, c, ARRAY[a, b]) INTO m FROM rows;
	RETURN true;
EXCEPTION WHEN feature_not_supported THEN
	RETURN false;
END $$;
CREATE TABLE many_classifiers AS SELECT name FROM classifiers WHERE takes_many(name);
SELECT ok(count(*) >= 1, 'there are learners that fit more than two classes') FROM many_classifiers;
CREATE TABLE classified AS SELECT name, 'flag' AS target, mlpg.fit(name, flag, x ORDER BY i) AS m, mlpg.fit(name, flag, x ORDER BY md5(i::text)) AS shuffled FROM classifiers, rows AS r, LATERAL (SELECT r.a, r.b, r.c, r.day) AS x GROUP BY name
UNION ALL SELECT name, 'c', mlpg.fit(name, r.c, x ORDER BY i), mlpg.fit(name, r.c, x ORDER BY md5(i::text)) FROM many_classifiers, rows AS r, LATERAL (SELECT r.a, r.b, r.flag, r.day) AS x GROUP BY name
UNION ALL SELECT name, 'w', mlpg.fit(name, r.w, x, '{"task":"classification"}' ORDER BY i), mlpg.fit(name, r.w, x, '{"task":"classification"}' ORDER BY md5(i::text)) FROM many_classifiers, rows AS r, LATERAL (SELECT r.a, r.b, r.c, r.day) AS x GROUP BY name
UNION ALL SELECT name, 'arrays', mlpg.fit(name, r.c, ARRAY[a, b] ORDER BY i), mlpg.fit(name, r.c, ARRAY[a, b] ORDER BY md5(i::text)) FROM many_classifiers, rows AS r GROUP BY name;
SELECT is(mlpg.model_to_bytea(shuffled), mlpg.model_to_bytea(m), name || ', ' || target || ': any order of rows, same bytes') FROM classified JOIN classifiers USING (name) WHERE order_free;
SELECT is((SELECT value FROM mlpg.summary(m) WHERE item = 'classes'), CASE target WHEN 'flag' THEN 'false, true' WHEN 'w' THEN '0, 1, 2, 3' ELSE 'c0, c1, c4' END, name || ', ' || target || ': classes in order') FROM classified;
CREATE VIEW scored AS SELECT name, target, i, m, r, mlpg.predict_class(m, to_jsonb(r)) AS class, mlpg.predict_proba(m, to_jsonb(r)) AS p FROM classified, rows AS r WHERE target <> 'arrays' AND i % 10 = 0
UNION ALL SELECT name, target, i, m, r, mlpg.predict_class(m, ARRAY[a, b]), mlpg.predict_proba(m, ARRAY[a, b]) FROM classified, rows AS r WHERE target = 'arrays' AND i % 10 = 0;
CREATE TABLE probabilities AS SELECT name, target, i, s.class, (SELECT count(*) FROM jsonb_each_text(p)) AS n, (SELECT sum(value::float8) FROM jsonb_each_text(p)) AS total, (SELECT min(value::float8) FROM jsonb_each_text(p)) AS least,
		(SELECT max(value::float8) FROM jsonb_each_text(p)) = (p ->> s.class)::float8 AS likeliest, CASE WHEN target <> 'arrays' THEN (p ->> s.class)::float8 = mlpg.predict_proba(m, r, s.class) ELSE true END AS same,
		CASE WHEN target = 'flag' THEN mlpg.predict(m, r) = (p ->> 'true')::float8 ELSE true END AS positive FROM scored AS s;
SELECT is(count(*) FILTER (WHERE abs(total - 1) < 1e-12 AND least >= 0 AND n = CASE target WHEN 'flag' THEN 2 WHEN 'w' THEN 4 ELSE 3 END AND likeliest AND same AND positive), 100::bigint, name || ', ' || target || ': probabilities, and the likeliest class') FROM probabilities GROUP BY name, target;
CREATE FUNCTION class_outcome(learner text, source text, params jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT mlpg.predict_class(m, s) FROM (SELECT mlpg.fit(%L, s.y, s, %L) AS m FROM (%s OFFSET 0) AS s) AS f, LATERAL (%s LIMIT 1) AS s', learner, params, source, source) INTO answer;
	RETURN CASE WHEN answer IS NULL THEN 'null' ELSE 'class' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT is(class_outcome(name, source, params::jsonb),
	CASE WHEN what IN ('some targets NULL', 'a thousand classes', 'positive class') AND name NOT IN (SELECT name FROM many_classifiers) THEN '0A000' ELSE outcome END,
	name || ', classes: ' || what) FROM classifiers, (VALUES
	('one class', 'SELECT a, true AS y FROM rows', '{}', '22000'),
	('one class beside NULL', 'SELECT a, CASE WHEN flag THEN ''yes'' END AS y FROM rows', '{}', '22000'),
	('two rows', 'SELECT a, i = 1 AS y FROM rows WHERE i <= 2', '{}', 'class'),
	('a class of one row', 'SELECT a, c, i = 1 AS y FROM rows', '{}', 'class'),
	('no features', 'SELECT flag AS y FROM rows', '{}', 'class'),
	('some targets NULL', 'SELECT a, CASE WHEN i % 2 = 0 THEN c END AS y FROM rows', '{}', 'class'),
	('a thousand classes', 'SELECT a, i AS y FROM rows', '{"task":"classification"}', 'class'),
	('weights', 'SELECT a, flag AS y, w FROM rows', '{"weight":"w"}', 'class'),
	('no weight at all', 'SELECT a, flag AS y, 0 AS w FROM rows', '{"weight":"w"}', '22000'),
	('positive class', 'SELECT a, c AS y FROM rows', '{"positive":"c1"}', 'class'),
	('positive class that is none', 'SELECT a, c AS y FROM rows', '{"positive":"c7"}', '22023'),
	('free text', 'SELECT a, i || ''.'' || k AS y FROM rows, generate_series(1, 2) AS k', '{}', '54000')) AS v(what, source, params, outcome) ORDER BY 1;
SELECT results_eq(format('SELECT metric, baseline, value IS NOT NULL FROM mlpg.train(%L, ''SELECT a, b, c, flag FROM rows'', ''flag'', %L)', 'c_class_' || name, name), $$VALUES ('log_loss', 'class_shares', true)$$, name || ': judged by log_loss') FROM classifiers;

-- --- memory stays under the budget, or the error says so
CREATE FUNCTION budget(learner text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	peak bigint;
BEGIN
	PERFORM mlpg.train('c_budget', 'SELECT i % 7 AS a, i % 11 AS b, (i * 7919 % 1009 % 2)::float8 AS y FROM generate_series(1, 200000) AS i', 'y', learner, holdout => 0);
	SELECT peak_memory INTO peak FROM mlpg.runs ORDER BY run_id DESC LIMIT 1;
	RETURN CASE WHEN peak <= 2 * 1024 * 1024 THEN 'within' ELSE 'above: ' || peak END;
EXCEPTION WHEN program_limit_exceeded THEN
	RETURN 'within';
END $$;
SET mlpg.max_memory = '1MB';
SELECT is(budget(name), 'within', name || ': budget') FROM mlpg.learners();
RESET mlpg.max_memory;

SELECT * FROM finish();
ROLLBACK;
