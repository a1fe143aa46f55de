-- Hostile models through the doors of the type: text input (100,000 seeded
-- mutations, half of them with the checksum put right) and binary input (by COPY).
-- Whatever is accepted must score and print as the same bytes again; everything else is an
-- error of a class that is documented, and the session lives on.

BEGIN;
SET client_min_messages = warning;
SELECT plan(6);

CREATE TABLE seeds AS
SELECT 1 AS id, mlpg.fit('linear', t.y, t)::bytea AS bytes
  FROM (SELECT i % 7 AS a, CASE WHEN i % 9 <> 0 THEN sin(i) END AS b, 'c' || i % 3 AS c, cos(i) + i % 7 AS y FROM generate_series(1, 200) AS i) AS t
UNION ALL
SELECT 2, mlpg.fit('quantile', t.y, t, '{"quantile":[0.1,0.5,0.9]}')::bytea
  FROM (SELECT i % 7 AS a, 'c' || i % 3 AS c, cos(i) + i % 7 AS y FROM generate_series(1, 200) AS i) AS t
UNION ALL
SELECT 3, mlpg.fit('baseline', t.y, t)::bytea FROM (SELECT i AS a, cos(i) AS y FROM generate_series(1, 20) AS i) AS t;

-- CRC-32C of the bytes with those at 24..27 as zero, as doc/model-format.md says
CREATE FUNCTION crc32c_table() RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	result bigint[];
	c bigint;
BEGIN
	FOR n IN 0 .. 255 LOOP
		c := n;
		FOR k IN 1 .. 8 LOOP
			c := CASE WHEN c & 1 = 1 THEN (c >> 1) # x'82F63B78'::bigint ELSE c >> 1 END;
		END LOOP;
		result[n] := c;
	END LOOP;
	RETURN result;
END $$;

CREATE FUNCTION with_checksum(bytes bytea, crc_table bigint[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	c bigint := x'FFFFFFFF'::bigint;
BEGIN
	IF length(bytes) < 28 THEN
		RETURN bytes;
	END IF;
	FOR i IN 24 .. 27 LOOP
		bytes := set_byte(bytes, i, 0);
	END LOOP;
	FOR i IN 0 .. length(bytes) - 1 LOOP
		c := crc_table[((c # get_byte(bytes, i)) & 255)::int] # (c >> 8);
	END LOOP;
	c := c # x'FFFFFFFF'::bigint;
	FOR i IN 0 .. 3 LOOP
		bytes := set_byte(bytes, 24 + i, ((c >> (8 * i)) & 255)::int);
	END LOOP;
	RETURN bytes;
END $$;

-- one to four changes: a byte anywhere, a word set to an extreme, a cut, a doubled piece
CREATE FUNCTION mutate(bytes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	n int := length(bytes);
	p int;
BEGIN
	FOR k IN 1 .. 1 + floor(random() * 4)::int LOOP
		n := length(bytes);
		EXIT WHEN n < 8;
		p := floor(random() * (n - 4))::int;
		CASE floor(random() * 8)::int
			WHEN 0 THEN bytes := substring(bytes, 1, p);
			WHEN 1 THEN bytes := substring(bytes, 1, p) || substring(bytes, p + 1 + floor(random() * 16)::int);
			WHEN 2 THEN bytes := substring(bytes, 1, p + 4) || substring(bytes, p + 1);
			WHEN 3 THEN
				FOR i IN 0 .. 3 LOOP bytes := set_byte(bytes, p + i, 255); END LOOP;
			WHEN 4 THEN
				FOR i IN 0 .. 3 LOOP bytes := set_byte(bytes, p + i, CASE i WHEN 3 THEN 127 ELSE 255 END); END LOOP;
			WHEN 5 THEN
				FOR i IN 0 .. 3 LOOP bytes := set_byte(bytes, p + i, 0); END LOOP;
			ELSE bytes := set_byte(bytes, p, floor(random() * 256)::int);
		END CASE;
	END LOOP;
	RETURN bytes;
END $$;

CREATE TABLE outcomes (door text, state text, n bigint, PRIMARY KEY (door, state));

CREATE FUNCTION count_outcome(door_used text, outcome text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO outcomes VALUES (door_used, outcome, 1) ON CONFLICT (door, state) DO UPDATE SET n = outcomes.n + 1;
$$;

CREATE FUNCTION try_text(bytes bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	model mlpg.model;
BEGIN
	EXECUTE 'SELECT $1::mlpg.model' INTO model USING '\x' || encode(bytes, 'hex');
	PERFORM mlpg.summary(model), mlpg.coefficients(model);
	PERFORM count_outcome('text', CASE WHEN model::bytea = bytes THEN 'accepted' ELSE 'other bytes' END);
EXCEPTION WHEN OTHERS THEN
	PERFORM count_outcome('text', SQLSTATE);
END $$;

-- a checksum takes PL/pgSQL a millisecond: every fortieth mutation has a right one; test/unit/test_blob.c puts all of its 100,000 right
DO $$
DECLARE
	crc_table bigint[] := crc32c_table();
	seed bytea;
	bytes bytea;
BEGIN
	PERFORM setseed(0.42);
	FOR id_at IN 1 .. 3 LOOP
		SELECT s.bytes INTO seed FROM seeds AS s WHERE s.id = id_at;
		FOR i IN 1 .. 33334 LOOP
			bytes := mutate(seed);
			PERFORM try_text(CASE WHEN i % 40 = 0 THEN with_checksum(bytes, crc_table) ELSE bytes END);
		END LOOP;
	END LOOP;
END $$;

SELECT is((SELECT sum(n) FROM outcomes WHERE door = 'text'), 100002::numeric, '100,002 mutations (seed 0.42) went through the text input');
SELECT is((SELECT string_agg(state, ' ' ORDER BY state) FROM outcomes
            WHERE door = 'text' AND state NOT IN ('accepted', 'XX001', '0A000', '22023', '42704', '54000')), NULL,
          'nothing but documented errors, and what is accepted prints as the same bytes');
SELECT cmp_ok((SELECT n FROM outcomes WHERE door = 'text' AND state = 'XX001'), '>', 80000::bigint, 'most are refused as corrupted');
SELECT cmp_ok((SELECT coalesce(sum(n), 0) FROM outcomes WHERE door = 'text' AND state = 'accepted'), '<', 10000::numeric, 'few changes are harmless');

-- binary input: COPY BINARY of a bytea column is the same bytes that COPY BINARY of a model reads
CREATE TABLE arriving (model mlpg.model);
CREATE TABLE leaving (bytes bytea);
DO $$
DECLARE
	crc_table bigint[] := crc32c_table();
	seed bytea;
	file text := current_setting('data_directory') || '/hostile.bin';
BEGIN
	FOR i IN 1 .. 450 LOOP
		SELECT s.bytes INTO seed FROM seeds AS s WHERE s.id = 1 + i % 3;
		TRUNCATE leaving;
		INSERT INTO leaving SELECT CASE i % 3 WHEN 0 THEN seed WHEN 1 THEN mutate(seed) ELSE with_checksum(mutate(seed), crc_table) END;
		EXECUTE format('COPY leaving TO %L (FORMAT binary)', file);
		BEGIN
			EXECUTE format('COPY arriving FROM %L (FORMAT binary)', file);
			PERFORM count_outcome('binary', 'accepted');
		EXCEPTION WHEN OTHERS THEN
			PERFORM count_outcome('binary', SQLSTATE);
		END;
	END LOOP;
END $$;
SELECT is((SELECT string_agg(state, ' ' ORDER BY state) FROM outcomes
            WHERE door = 'binary' AND state NOT IN ('accepted', 'XX001', '0A000', '22023', '42704', '54000')), NULL,
          'binary input: nothing but documented errors');
SELECT cmp_ok((SELECT n FROM outcomes WHERE door = 'binary' AND state = 'accepted'), '>=', 150::bigint, 'binary input takes a model as it is');

SELECT * FROM finish();
ROLLBACK;
