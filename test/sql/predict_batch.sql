-- Scoring into tables: what is written, and what a second call, a call that
-- died half way, a trigger, a policy and a mistake make of it.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

CREATE TABLE parts AS
SELECT g::bigint AS id, 'part ' || g AS code, sin(g) AS a, cos(g * 0.7) AS b, CASE WHEN g % 10 > 0 THEN g % 17 END AS c,
       'shop ' || g % 5 AS shop, 3 * sin(g) + (g * 7919 % 101) / 50.0 AS y,
       CASE WHEN sin(g) > 0.2 THEN 'yes' ELSE 'no' END AS returned, (ARRAY['red', 'green', 'blue'])[1 + g % 3] AS color,
       sin(g) > 0 AS good
  FROM generate_series(1, 5000) AS g;
SET client_min_messages = warning;
SELECT version FROM mlpg.train('number', 'SELECT a, b, c, shop, y FROM parts', 'y', 'boosted_trees', params => '{"num_iterations":20}');
SELECT version FROM mlpg.train('two', 'SELECT a, b, c, shop, returned FROM parts', 'returned', 'boosted_trees', task => 'classification',
                               params => '{"num_iterations":10,"positive":"yes"}');
SELECT version FROM mlpg.train('flag', 'SELECT a, b, good FROM parts', 'good', 'boosted_trees', params => '{"num_iterations":10}', task => 'classification');
SELECT version FROM mlpg.train('three', 'SELECT a, b, c, shop, color FROM parts', 'color', 'boosted_trees', task => 'classification',
                               params => '{"num_iterations":5}');
SELECT version FROM mlpg.train('line', 'SELECT a, b, c, shop, y FROM parts', 'y', 'linear');
SELECT version FROM mlpg.train('mean', 'SELECT a, y FROM parts', 'y', 'baseline');
RESET client_min_messages;

-- A table that is not there is made, with its primary key. Predictions are those of predict, to the bit.
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}');
\d scores
SELECT count(*), count(*) FILTER (WHERE s.prediction IS DISTINCT FROM mlpg.predict('number', p)) AS different,
       min(s.model), min(s.version), count(DISTINCT s.predicted_at) AS clocks
  FROM scores AS s JOIN parts AS p USING (id);
CALL mlpg.predict_batch('line', 'parts', 'lines', '{code}');
CALL mlpg.predict_batch('mean', 'parts', 'means', '{code}');
SELECT count(*) FILTER (WHERE l.prediction IS DISTINCT FROM mlpg.predict('line', p)) AS different,
       count(*) FILTER (WHERE m.prediction IS DISTINCT FROM mlpg.predict('mean', p)) AS different
  FROM parts AS p JOIN lines AS l USING (code) JOIN means AS m USING (code);

-- Classes: the likeliest, and the probability of the positive one where there is one.
CALL mlpg.predict_batch('two', 'parts', 'two', '{id,code}');
CALL mlpg.predict_batch('flag', 'parts', 'flag', '{id}');
CALL mlpg.predict_batch('three', 'parts', 'three', '{id}');
\d two
SELECT count(*) FILTER (WHERE t.prediction IS DISTINCT FROM mlpg.predict_class('two', p)
                           OR t.probability IS DISTINCT FROM mlpg.predict('two', p)) AS different,
       count(*) FILTER (WHERE f.prediction IS DISTINCT FROM mlpg.predict_class('flag', p)
                           OR f.probability IS DISTINCT FROM mlpg.predict('flag', p)) AS different,
       count(*) FILTER (WHERE h.prediction IS DISTINCT FROM mlpg.predict_class('three', p)
                           OR h.probability IS DISTINCT FROM mlpg.predict_proba('three', p, h.prediction)) AS different
  FROM parts AS p JOIN two AS t USING (id) JOIN flag AS f USING (id) JOIN three AS h USING (id);

-- Any number of threads gives the same.
SET mlpg.max_threads = 1;
CALL mlpg.predict_batch('number', 'parts', 'one_thread', '{id}', as_of => '2026-01-01');
SET mlpg.max_threads = 4;
CALL mlpg.predict_batch('number', 'parts', 'four_threads', '{id}', as_of => '2026-01-01');
RESET mlpg.max_threads;
SELECT count(*) AS different FROM (SELECT ctid, * FROM one_thread EXCEPT SELECT ctid, * FROM four_threads) AS d;

-- What mlpg.progress shows meanwhile.
CALL mlpg.predict_batch('number', 'SELECT p.*, s.command, s.object, s.phase FROM parts AS p, LATERAL (SELECT * FROM mlpg.progress OFFSET 0) AS s',
                        'watched', '{id,command,object,phase}');
SELECT command, object, phase, count(*) FROM watched GROUP BY 1, 2, 3;

-- No value, no prediction; no rows, an empty table. Keys of any type that has an order, by value of today.
CALL mlpg.predict_batch('number', 'SELECT 1 AS id, NULL::float8 AS a, NULL::float8 AS b, NULL::int AS c, NULL AS shop', 'nothing', '{id}');
SELECT id, prediction, version FROM nothing;
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE false', 'empty', '{id}');
SELECT count(*) FROM empty;
CREATE DOMAIN day AS date;
CREATE TABLE long_keys AS
SELECT repeat(md5(g::text), 100) AS text, (date '2026-01-01' + g)::day AS day, (g * 1.5)::numeric(9, 2) AS amount, ARRAY[g, g + 1] AS pair,
       left('x' || g, 3)::varchar(5) COLLATE "C" AS name, 'x'::"char" AS letter, a, b, c, shop
  FROM parts, LATERAL (SELECT id::int) AS x (g) WHERE id < 300;
ALTER TABLE long_keys ALTER text SET STORAGE EXTERNAL;
UPDATE long_keys SET text = repeat(text, 2);
CALL mlpg.predict_batch('number', 'long_keys', '"long Scores"', '{text,day,amount,pair,name,letter}');
\d "long Scores"
SELECT count(*) FROM long_keys JOIN "long Scores" USING (text, day, amount, pair, name, letter);

-- The same call again writes nothing; what is missing is written, whatever the batches.
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}');
DELETE FROM scores WHERE id % 7 = 0;
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}', batch_size => 300);
-- replace overwrites, and takes away what the source no longer has; repeated with the same as_of it changes nothing.
CALL mlpg.predict_batch('line', 'SELECT * FROM parts WHERE id = 1', 'scores', '{id}', replace => true);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 100', 'scores', '{id}', as_of => '2026-01-05', batch_size => 1000, replace => true);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 100', 'scores', '{id}', as_of => '2026-01-05', batch_size => 1000, replace => true);
SELECT model, nullif(predicted_at::date, current_date) AS day, count(*), min(id) FROM scores GROUP BY 1, 2 ORDER BY 1;
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 200', 'scores', '{id}', as_of => '2026-01-05', replace => true);

-- A key that holds version or predicted_at keeps a history; replace then leaves other times alone.
CREATE TABLE history (predicted_at timestamptz, id int8, prediction float8, model varchar, version int8, note text DEFAULT 'as it was',
                      twice float8 GENERATED ALWAYS AS (2 * prediction) STORED, PRIMARY KEY (id, predicted_at));
CALL mlpg.predict_batch('number', 'SELECT *, 0 AS note FROM parts', 'history', '{id}', as_of => '2026-01-01');
CALL mlpg.predict_batch('number', 'parts', 'history', '{id}', as_of => '2026-01-02');
CALL mlpg.predict_batch('number', 'parts', 'history', '{id}', as_of => '2026-01-02');
CALL mlpg.predict_batch('number', 'SELECT id::int, a, b, c, shop FROM parts WHERE id <= 1000', 'history', '{id}', as_of => '2026-01-02', replace => true);
SELECT predicted_at, count(*), count(*) FILTER (WHERE twice = 2 * prediction), min(note) FROM history GROUP BY 1 ORDER BY 1;

-- Several models in one table.
CREATE TABLE mixed (id int8, prediction float8, model text, version int, predicted_at timestamptz, UNIQUE (model, id));
CALL mlpg.predict_batch('number', 'parts', 'mixed', '{id}');
CALL mlpg.predict_batch('line', 'SELECT * FROM parts WHERE id < 10', 'mixed', '{id}', replace => true);
SELECT model, count(*) FROM mixed GROUP BY 1 ORDER BY 1;

-- Partitions, and a source that reads the target.
CREATE TABLE sliced (shop text, id int8, prediction float8, model text, version int, predicted_at timestamptz, PRIMARY KEY (id, shop)) PARTITION BY LIST (shop);
CREATE TABLE sliced_1 PARTITION OF sliced FOR VALUES IN ('shop 0', 'shop 1');
CREATE TABLE sliced_2 PARTITION OF sliced DEFAULT;
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id <= 10', 'sliced', '{id,shop}', batch_size => 3);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts AS p WHERE id <= 20 AND NOT EXISTS (SELECT FROM sliced AS s WHERE s.id = p.id)', 'sliced', '{id,shop}');
SELECT tableoid::regclass, count(*) FROM sliced GROUP BY 1 ORDER BY 1;

-- Transactions: it commits after each batch, or says why it cannot.
BEGIN;
CALL mlpg.predict_batch('number', 'parts', 'in_block', '{id}');
ROLLBACK;
BEGIN;
CALL mlpg.predict_batch('number', 'parts', 'in_block', '{id}', batch_size => NULL);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 10', 'in_block', '{id}', batch_size => NULL, replace => true);
SELECT count(*) FROM in_block;
ROLLBACK;
SELECT to_regclass('in_block');
CREATE FUNCTION calls() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}'); END $$;
SELECT calls();
DO $$ BEGIN
	CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id < 50', 'from_do', '{id}');
	COMMIT;
	CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id < 60', 'from_do', '{id}', batch_size => 5);
END $$;
DO $$ BEGIN
	CALL mlpg.predict_batch('number', 'parts', 'from_do', '{id}');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
BEGIN READ ONLY;
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}', batch_size => NULL);
ROLLBACK;

-- It dies in the middle: batches that were committed stay, and the same call goes on. Triggers see what they would see.
CREATE TABLE fragile (id int8 PRIMARY KEY, prediction float8, model text, version int, predicted_at timestamptz, phase text);
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id = current_setting('test.stone')::int8 THEN
		RAISE EXCEPTION 'stumbled over %', NEW.id;
	END IF;
	SELECT p.command || ' ' || p.object || ', ' || p.phase || ' ' || p.done || ' of ' || p.total INTO NEW.phase FROM mlpg.progress AS p;
	RETURN NEW;
END $$;
CREATE TRIGGER stumble BEFORE INSERT ON fragile FOR EACH ROW EXECUTE FUNCTION stumble();
SET test.stone = 2500;
CALL mlpg.predict_batch('number', 'parts', 'fragile', '{id}', as_of => '2026-01-01', batch_size => 1000);
SELECT phase, count(*) FROM fragile GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM mlpg.progress;
SET test.stone = 0;
CALL mlpg.predict_batch('number', 'parts', 'fragile', '{id}', as_of => '2026-01-01', batch_size => 1000);
SELECT count(*), count(DISTINCT predicted_at) FROM fragile;
-- So does a failure at COMMIT.
CREATE FUNCTION hesitate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late for %', NEW.id; END $$;
CREATE CONSTRAINT TRIGGER hesitate AFTER INSERT ON fragile DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = 3500) EXECUTE FUNCTION hesitate();
TRUNCATE fragile;
CALL mlpg.predict_batch('number', 'parts', 'fragile', '{id}', as_of => '2026-01-01', batch_size => 1000);
SELECT count(*), max(id) FROM fragile;
SELECT count(*) FROM mlpg.progress;
-- A source that fails has written nothing.
CALL mlpg.predict_batch('number', 'SELECT id, a, b, c / (id - 4501) AS c, shop FROM parts', 'never', '{id}');
CALL mlpg.predict_batch('number', 'SELECT id + 10000 AS id, a, b, c / (id - 4501) AS c, shop FROM parts', 'scores', '{id}');
SELECT to_regclass('never'), (SELECT count(*) FROM scores WHERE id > 10000) AS written;

-- An event trigger that makes more of the new table than was asked for.
CREATE FUNCTION adorn() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF to_regclass('adorned') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('adorned') AND attname = 'seen_at') THEN
		ALTER TABLE adorned ADD seen_at text DEFAULT 'seen';
	END IF;
END $$;
CREATE EVENT TRIGGER adorn ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION adorn();
CALL mlpg.predict_batch('number', 'parts', 'adorned', '{id}', batch_size => 2000);
DROP EVENT TRIGGER adorn;
SELECT count(*), count(seen_at) FROM adorned;

-- Mistakes.
CALL mlpg.predict_batch('numbre', 'parts', 'wrong', '{id}');
CALL mlpg.predict_batch(NULL, 'parts', 'wrong', '{id}');
CALL mlpg.predict_batch('number', NULL, 'wrong', '{id}');
CALL mlpg.predict_batch('number', 'parts', NULL, '{id}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', NULL);
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{id,id}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{id,NULL}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{number}');
CALL mlpg.predict_batch('number', 'SELECT *, 1 AS id FROM parts', 'wrong', '{id}');
CALL mlpg.predict_batch('number', 'SELECT *, shop AS model FROM parts', 'wrong', '{model}');
CALL mlpg.predict_batch('number', 'SELECT *, json_build_object() AS document FROM parts', 'wrong', '{document}');
CALL mlpg.predict_batch('number', 'SELECT id, a, b FROM parts', 'wrong', '{id}');
CALL mlpg.predict_batch('number', 'SELECT *, nullif(id, 7) AS key FROM parts', 'wrong', '{key}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{shop}');
CALL mlpg.predict_batch('number', 'SELECT * FROM parts UNION ALL SELECT * FROM parts WHERE id = 3', 'scores', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{id}', batch_size => 0);
CALL mlpg.predict_batch('number', 'parts', 'wrong', '{id}', as_of => 'infinity');
CALL mlpg.predict_batch('number', 'DELETE FROM parts', 'wrong', '{id}');
CREATE FUNCTION written() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.parts DEFAULT VALUES; RETURN 1; END $$;
CALL mlpg.predict_batch('number', 'SELECT *, written() FROM parts', 'wrong', '{id}');
CALL mlpg.predict_batch('number', 'SELECT *, written() FROM parts', 'scores', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'SELECT 1', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'nowhere.wrong', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'parts', '{id}');
CREATE VIEW seen AS SELECT * FROM scores;
CALL mlpg.predict_batch('number', 'parts', 'seen', '{id}');
CALL mlpg.predict_batch('number', 'SELECT * FROM parts', 'parts', '{id}');
CREATE TABLE bare (id int8, prediction float8, model text, version int, predicted_at timestamptz);
CALL mlpg.predict_batch('number', 'parts', 'bare', '{id}');
CREATE UNIQUE INDEX ON bare (id) WHERE id > 0;
CREATE UNIQUE INDEX ON bare ((id + 1));
CREATE UNIQUE INDEX ON bare (id, prediction);
CALL mlpg.predict_batch('number', 'parts', 'bare', '{id}');
ALTER TABLE bare ADD PRIMARY KEY (id), ALTER prediction TYPE int;
CALL mlpg.predict_batch('number', 'parts', 'bare', '{id}');
CALL mlpg.predict_batch('two', 'parts', 'scores', '{id}');
CREATE TABLE generated (id int8 PRIMARY KEY, prediction float8 GENERATED ALWAYS AS (1.0) STORED, model text, version int, predicted_at timestamptz);
CALL mlpg.predict_batch('number', 'parts', 'generated', '{id}');
ALTER TABLE bare ALTER prediction TYPE float8, ADD must text NOT NULL;
CALL mlpg.predict_batch('number', 'parts', 'bare', '{id}', as_of => '2026-01-01');
SELECT to_regclass('wrong'), (SELECT count(*) FROM bare) AS written;

-- Rights are the caller's: score on the model, SELECT on the source, INSERT on the target.
CREATE ROLE mlpg_test_batch;
SELECT mlpg.grant_usage('mlpg_test_batch', 'train');
GRANT SELECT ON parts TO mlpg_test_batch;
SET ROLE mlpg_test_batch;
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}');
RESET ROLE;
SELECT mlpg.grant_model('number', 'mlpg_test_batch', 'score');
SET ROLE mlpg_test_batch;
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}');
CALL mlpg.predict_batch('number', 'long_keys', 'pg_temp.mine', '{day}');
CALL mlpg.predict_batch('number', 'parts', 'mine', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'mlpg.mine', '{id}');
RESET ROLE;
GRANT INSERT, SELECT ON scores TO mlpg_test_batch;
SET ROLE mlpg_test_batch;
CALL mlpg.predict_batch('number', 'parts', 'scores', '{id}', replace => true);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id <= 100', 'scores', '{id}');
CALL mlpg.predict_batch('number', 'parts', 'pg_temp.own', '{id}');
SELECT count(*), pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = 'own'::regclass)) FROM pg_temp.own;
RESET ROLE;
-- Row-level security of the target holds.
GRANT UPDATE, DELETE ON scores TO mlpg_test_batch;
ALTER TABLE scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON scores TO mlpg_test_batch USING (id > 4000) WITH CHECK (id > 4000);
SET ROLE mlpg_test_batch;
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 3999', 'scores', '{id}', replace => true);
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id > 4500', 'scores', '{id}', replace => true);
RESET ROLE;
SELECT count(*) FILTER (WHERE id > 4500), count(*) FILTER (WHERE id BETWEEN 4001 AND 4500), count(*) FILTER (WHERE id <= 4000) FROM scores;

-- Operators planted in the path are not asked, nor names of the statements' own.
CREATE SCHEMA planted;
CREATE FUNCTION planted.yes(int8, int8) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted operator was called'; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.yes, LEFTARG = int8, RIGHTARG = int8);
CREATE OPERATOR planted.> (FUNCTION = planted.yes, LEFTARG = int8, RIGHTARG = int8);
CREATE TABLE planted.mlpg_run (id int8);
CREATE TABLE planted.mlpg_batch (id int8);
SET search_path = planted, public, pg_catalog;
CALL mlpg.predict_batch('number', 'SELECT * FROM parts WHERE id OPERATOR(pg_catalog.>) 4600', 'scores', '{id}', replace => true);
RESET search_path;

DROP OWNED BY mlpg_test_batch;
DROP ROLE mlpg_test_batch;
