-- Contract of scoring, for every learner there is, and hostile models.
BEGIN;
SELECT no_plan();
SET client_min_messages = error;

-- The surface: every form for a reference and for a value.
SELECT is(concat(p.proname, ': ', p.provolatile, p.proparallel, p.proisstrict), f.name || ': ' || f.volatility || 'sf',
	format('%s(%s, %s) is there, with its marks', f.name, f.model, f.features))
FROM (
	SELECT name, model, features, rest,
		CASE WHEN model = 'mlpg.model' AND features = 'float8[]' THEN 'i' ELSE 's' END AS volatility
	FROM (VALUES ('predict', NULL), ('predict_quantile', 'float8'), ('predict_quantiles', 'float8[]'),
		('predict_class', NULL), ('predict_proba', NULL), ('predict_proba', 'text'), ('predict_interval', 'float8')) AS v(name, rest),
		unnest('{text,mlpg.model}'::text[]) AS model, unnest('{record,jsonb,text,float8[]}'::text[]) AS features
) AS f LEFT JOIN pg_proc AS p ON p.oid = to_regprocedure(format('mlpg.%s(%s)', f.name, concat_ws(',', f.model, f.features, f.rest)));
SELECT is(count(*), 7::bigint, 'calls by name with a row are rewritten by the planner') FROM pg_proc
WHERE pronamespace = 'mlpg'::regnamespace AND prosupport = 'mlpg.predict_support'::regproc AND proname !~ '_columns$';
SELECT is(concat(typalign, typstorage, typlen), 'de-1', 'a model is aligned and stored as its format needs') FROM pg_type WHERE oid = 'mlpg.model'::regtype;
SELECT is(count(*), 2::bigint, 'a model is cast to bytea and back, on request only') FROM pg_cast
WHERE 'mlpg.model'::regtype IN (castsource, casttarget) AND castcontext = 'e';
SELECT is(typname::text || '(' || string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum) || ')', shape, 'row type ' || typname)
FROM (VALUES
	('summary_row', 'summary_row(item text, value text)'),
	('coefficients_row', 'coefficients_row(term text, estimate double precision, std_error double precision, statistic double precision, p_value double precision)'),
	('learners_row', 'learners_row(name text, tasks text[], summary text, reference text, loss text, single_pass boolean, order_free boolean, min_rows integer)'),
	('learner_params_row', 'learner_params_row(name text, type text, default_value text, min double precision, max double precision, help text)')
) AS v(name, shape) JOIN pg_type ON typnamespace = 'mlpg'::regnamespace AND typname = name JOIN pg_attribute ON attrelid = typrelid AND attnum > 0
GROUP BY typname, shape;

-- Every learner says what it is.
SELECT cmp_ok(count(*), '>=', 3::bigint, 'there are learners') FROM mlpg.learners();
SELECT is_empty($$SELECT name FROM mlpg.learners() WHERE length(summary) NOT BETWEEN 10 AND 60 OR cardinality(tasks) = 0 OR min_rows < 1$$,
	'every learner has a short summary and a task');
SELECT is_empty($$SELECT l.name, p.name FROM mlpg.learners() AS l, mlpg.learner_params(l.name) AS p
	WHERE length(p.help) NOT BETWEEN 5 AND 60 OR p.min > p.max OR p.type IS NULL$$, 'every parameter has a short help');

-- Every learner's models score alike in all forms and orders.
CREATE TABLE rows (id int PRIMARY KEY, a int, b float4, c boolean, k text, d date, y float8, junk text);
INSERT INTO rows
SELECT i, nullif(i % 13, 3), (i % 7) / 4.0, i % 5 = 0, nullif('k' || i % 4, 'k2'), DATE '2020-02-28' + i % 30,
	i % 13 + 3 * (i % 7) + (i * 7919) % 17, repeat('x', 300)
FROM generate_series(1, 700) AS i;
-- few trees: what follows copies models a hundred thousand times
CREATE TABLE fits AS SELECT l.name, NULL::mlpg.model AS model FROM mlpg.learners() AS l WHERE 'regression' = ANY (l.tasks);
DO $$
DECLARE
	learner text;
BEGIN
	FOR learner IN SELECT name FROM fits LOOP
		EXECUTE format('UPDATE fits SET model = (SELECT mlpg.fit(%L, y, x, %L) FROM rows AS r, LATERAL (SELECT r.a, r.b, r.c, r.k, r.d) AS x) WHERE name = %L',
			learner, (SELECT coalesce(max('{"num_iterations":3}'), '{}') FROM mlpg.learner_params(learner) WHERE name = 'num_iterations'), learner);
	END LOOP;
END $$;
-- one without features (the baseline) answers whatever the row
CREATE VIEW readers AS
SELECT f.name, f.model FROM fits AS f, mlpg.summary(f.model) AS s WHERE s.item = 'features' AND s.value::int = 5;
SELECT cmp_ok(count(*), '>=', 2::bigint, 'learners read features') FROM readers;
CREATE TABLE scores AS SELECT f.name, r.id, mlpg.predict(f.model, r) AS yhat FROM fits AS f, rows AS r;
SELECT ok(count(*) = 700 AND count(yhat) = 700 AND bool_and(yhat > '-infinity' AND yhat < 'infinity'), name || ' scores every row')
FROM scores GROUP BY name ORDER BY name;
SELECT is(count(*), 700::bigint, f.name || ': the same by jsonb, text, array of columns and one by one')
FROM fits AS f, rows AS r, scores AS s
WHERE s.name = f.name AND s.id = r.id AND s.yhat = mlpg.predict(f.model, to_jsonb(r)) AND s.yhat = mlpg.predict(f.model, to_json(r)::text)
	AND s.yhat = (SELECT mlpg.predict(f.model, x) FROM (SELECT r.d, r.k, r.c, r.b, r.a OFFSET 0) AS x)
GROUP BY f.name ORDER BY f.name;
SELECT is(count(*), 700::bigint, f.name || ': the same after a round trip through text')
FROM fits AS f, rows AS r, scores AS s, LATERAL (SELECT f.model::text::mlpg.model AS model OFFSET 0) AS copy
WHERE s.name = f.name AND s.id = r.id AND s.yhat = mlpg.predict(copy.model, r)
GROUP BY f.name ORDER BY f.name;
SELECT is(mlpg.predict(model, x), NULL, name || ': no prediction of a row without any value')
FROM readers, (SELECT NULL::int AS a, NULL::float8 AS b, NULL::boolean AS c, NULL AS k, NULL::date AS d) AS x ORDER BY name;
SELECT throws_ok(format('SELECT mlpg.predict(model, x) FROM readers, (SELECT 1 AS a, 1 AS b, true AS c, DATE ''2020-01-01'' AS d) AS x WHERE name = %L', name),
	'42703', 'row has no column "k", which the model needs', name || ': a missing column is named')
FROM readers ORDER BY name;
SELECT throws_ok(format('SELECT mlpg.predict(model, x) FROM readers, (SELECT r.a::text, b, c, k, d FROM rows AS r) AS x WHERE name = %L', name),
	'42804', 'column "a" has type text, but the model was trained with a number there', name || ': a wrong type is named')
FROM readers ORDER BY name;
SELECT throws_ok(format('SELECT mlpg.predict(model, x) FROM readers, (SELECT ''inf''::float8 AS a, b, c, k, d FROM rows AS r) AS x WHERE name = %L', name),
	'22000', 'feature "a" is infinite', name || ': infinity is refused')
FROM readers ORDER BY name;

-- Hostile models.  Bits are flipped at random places and the checksum made right
-- again, so that what is behind it is reached.  CRC-32C is linear: each bit of
-- the message changes it by a pattern of its own, computed once.
CREATE FUNCTION pg_temp.patterns(n int) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	step bigint[] := '{}';
	result bigint[] := array_fill(0::bigint, ARRAY[n * 8]);
	c bigint;
BEGIN
	FOR i IN 0..255 LOOP
		c := i;
		FOR k IN 1..8 LOOP
			c := CASE WHEN c & 1 = 1 THEN (c >> 1) # x'82F63B78'::bigint ELSE c >> 1 END;
		END LOOP;
		step[i + 1] := c;
	END LOOP;
	FOR bit IN 0..7 LOOP
		c := step[(1 << bit) + 1];
		FOR p IN REVERSE n - 1..0 LOOP
			result[p * 8 + bit + 1] := c;
			c := (c >> 8) # step[(c & 255) + 1];
		END LOOP;
	END LOOP;
	RETURN result;
END $$;

CREATE FUNCTION pg_temp.with_checksum(b bytea, c bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT set_byte(set_byte(set_byte(set_byte(b, 24, (c & 255)::int), 25, ((c >> 8) & 255)::int), 26, ((c >> 16) & 255)::int), 27, ((c >> 24) & 255)::int)
$$;

CREATE FUNCTION pg_temp.checksum(b bytea) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT get_byte(b, 24) | (get_byte(b, 25)::bigint << 8) | (get_byte(b, 26)::bigint << 16) | (get_byte(b, 27)::bigint << 24)
$$;

-- Outcomes of so many mutations: 'accepted', or an SQLSTATE; a third through the text form.
CREATE FUNCTION pg_temp.mutate(original bytea, mutations int) RETURNS TABLE (outcome text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
	size int := length(original);
	pattern bigint[] := pg_temp.patterns(length(original));
	sum bigint;
	b bytea;
	m mlpg.model;
	p int;
	bit int;
	result jsonb := '{}';
	word text;
BEGIN
	FOR i IN 1..mutations LOOP
		b := original;
		sum := pg_temp.checksum(original);
		FOR k IN 0..floor(random() * 3)::int LOOP
			p := floor(random() * size)::int;
			bit := floor(random() * 8)::int;
			CONTINUE WHEN p BETWEEN 24 AND 27;
			b := set_byte(b, p, get_byte(b, p) # (1 << bit));
			sum := sum # pattern[p * 8 + bit + 1];
		END LOOP;
		b := pg_temp.with_checksum(b, sum);
		BEGIN
			IF i % 3 = 0 THEN
				m := b::text;
			ELSE
				m := mlpg.model_from_bytea(b);
			END IF;
			word := 'accepted';
			PERFORM mlpg.predict(m, '{"a":1,"b":2,"c":true,"k":"k1","d":"2020-03-01"}'::jsonb);
			PERFORM count(*) FROM mlpg.coefficients(m);
			PERFORM count(*) FROM mlpg.summary(m);
		EXCEPTION WHEN OTHERS THEN
			word := SQLSTATE;
		END;
		result := jsonb_set(result, ARRAY[word], to_jsonb(coalesce((result ->> word)::bigint, 0) + 1));
	END LOOP;
	RETURN QUERY SELECT key, value::bigint FROM jsonb_each_text(result);
END $$;

SELECT setseed(0.42);
SELECT is(mlpg.model_from_bytea(pg_temp.with_checksum(set_byte(b, 16, get_byte(b, 16)), pg_temp.checksum(b)))::text, model::text, name || ': the mutator keeps a model')
FROM fits, LATERAL (SELECT model::bytea AS b) AS x ORDER BY name;
CREATE TABLE outcomes AS SELECT f.name, o.* FROM fits AS f, LATERAL pg_temp.mutate(f.model::bytea, 105000 / (SELECT count(*) FROM fits)::int) AS o;
SELECT cmp_ok(sum(n), '>=', 100000::numeric, 'at least 100,000 mutations were tried') FROM outcomes;
SELECT is_empty($$SELECT * FROM outcomes WHERE outcome NOT IN ('accepted', 'XX001', '0A000', '54000', '42704', '22023', '22021', '42703', '42804', '22000', '22P02')$$,
	'each is refused as corrupt, or reads as another model: never an internal error');
SELECT ok(bool_and(refused > 0 AND accepted > 0), 'the checksum is passed: some mutations are other models, others are refused behind it')
FROM (SELECT sum(n) FILTER (WHERE outcome = 'XX001') AS refused, sum(n) FILTER (WHERE outcome = 'accepted') AS accepted FROM outcomes GROUP BY name) AS x;

-- the receive function reads the same bytes: through COPY BINARY, whole and cut short
CREATE TABLE received (model mlpg.model);
CREATE FUNCTION pg_temp.receive(b bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/mlpg_received.bin';
BEGIN
	EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', b, file);
	EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.receive(model::bytea), 'accepted', name || ': is received') FROM fits ORDER BY name;
SELECT is(count(*), (SELECT count(*) FROM fits), 'and is the same') FROM fits JOIN received ON fits.model::text = received.model::text;
SELECT is(string_agg(DISTINCT pg_temp.receive(substr(model::bytea, 1, n)), ','), 'XX001', 'cut anywhere it is refused')
FROM fits, LATERAL generate_series(0, length(model::bytea) - 1, 7) AS n WHERE name = 'linear';
SELECT is(string_agg(DISTINCT pg_temp.receive(set_byte(model::bytea, n, get_byte(model::bytea, n) # 16)), ',' ), 'XX001', 'a flipped bit is refused')
FROM fits, LATERAL generate_series(28, length(model::bytea) - 1, 7) AS n WHERE name = 'linear';

SELECT * FROM finish();
ROLLBACK;
