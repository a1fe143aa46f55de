-- Attacks: stored sources that carry a function, planted operators and
-- functions under a hostile search_path, triggers, and reads that must not
-- write. Each ends in the error or the answer that is written here.
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises

CREATE ROLE mlpg_mallory;
CREATE ROLE mlpg_victim;
SELECT mlpg.grant_usage('mlpg_mallory', 'train'), mlpg.grant_usage('mlpg_victim', 'train');
CREATE SCHEMA mlpg_evil AUTHORIZATION mlpg_mallory;
CREATE TABLE secret AS SELECT 'canary' AS word;
CREATE TABLE innocent AS SELECT x::float8, 2 * x + x % 3 AS y FROM generate_series(1, 200) AS x;
GRANT SELECT ON innocent TO mlpg_mallory, mlpg_victim;

-- 1. a stored source with a planted function, retrained by a superuser
SET ROLE mlpg_mallory;
CREATE TABLE mlpg_evil.loot (who text);
CREATE TABLE mlpg_evil.mode (mode text);
INSERT INTO mlpg_evil.mode VALUES ('quiet');
CREATE FUNCTION mlpg_evil.lure(x float8) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	m text := (SELECT mode FROM mlpg_evil.mode);
BEGIN
	IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
		RAISE EXCEPTION 'captured %', current_user;
	END IF;
	IF m = 'read' THEN
		PERFORM word FROM public.secret;
	ELSIF m = 'write' THEN
		INSERT INTO mlpg_evil.loot VALUES (current_user);
	ELSIF m = 'become' THEN
		SET ROLE postgres;
	ELSIF m = 'unlock' THEN
		SET transaction_read_only = off;
	ELSIF m = 'grant' THEN
		PERFORM mlpg.set_alias('bait', 'stolen', 1);
	ELSIF m = 'temp' THEN
		CREATE TEMP TABLE left_behind (a int);
	ELSIF m = 'path' THEN
		PERFORM set_config('search_path', 'mlpg_evil', false);
	END IF;
	RETURN x;
END $$;
SET client_min_messages = error;
SELECT 1 AS trained FROM mlpg.train('bait', 'SELECT mlpg_evil.lure(x) AS x, y FROM public.innocent', 'y', 'linear');
RESET ROLE;
-- the superuser's retraining runs it as mallory
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
SELECT current_user AS me, current_setting('search_path') AS path;
\set SHOW_CONTEXT never
\set VERBOSITY terse
UPDATE mlpg_evil.mode SET mode = 'read';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'write';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'become';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'unlock';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'grant';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'temp';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
UPDATE mlpg_evil.mode SET mode = 'path';
CALL mlpg.retrain('bait', deploy => 'never');
\echo :SQLSTATE
SELECT current_user AS me, session_user = current_user AS unchanged, current_setting('search_path') AS path,
	current_setting('transaction_read_only') AS read_only, count(*) AS loot FROM mlpg_evil.loot;
UPDATE mlpg_evil.mode SET mode = 'quiet';
-- in train too nothing is written, though mallory might write the table
SET ROLE mlpg_mallory;
UPDATE mlpg_evil.mode SET mode = 'write';
SELECT raises($$SELECT mlpg.train('bait2', 'SELECT mlpg_evil.lure(x) AS x, y FROM public.innocent', 'y', 'linear')$$);
SELECT raises($$SELECT mlpg.train('bait2', 'SELECT nextval(''mlpg_evil.tick'') AS x, y FROM public.innocent', 'y', 'linear')$$);
CREATE SEQUENCE mlpg_evil.tick;
SELECT raises($$SELECT mlpg.train('bait2', 'SELECT nextval(''mlpg_evil.tick'')::float8 AS x, y FROM public.innocent', 'y', 'linear')$$);
UPDATE mlpg_evil.mode SET mode = 'quiet';
-- the transaction may write again afterwards
BEGIN;
SELECT 1 AS trained FROM mlpg.train('bait', 'SELECT mlpg_evil.lure(x) AS x, y FROM public.innocent', 'y', 'linear');
INSERT INTO mlpg_evil.loot VALUES ('mine');
ROLLBACK;
BEGIN;
SELECT raises($$SELECT mlpg.train('bait2', 'SELECT 1 / 0 AS x, y FROM public.innocent', 'y', 'linear')$$);
INSERT INTO mlpg_evil.loot VALUES ('mine');
ROLLBACK;

-- 2. sources that one may not read
SELECT raises($$SELECT mlpg.train('thief', 'public.secret', 'word', 'linear')$$);
SELECT raises($$SELECT mlpg.train('thief', 'SELECT blob AS y, version AS x FROM mlpg.model_blobs', 'y', 'linear')$$);
SELECT raises($$SELECT mlpg.train('thief', 'SELECT length(rolpassword) AS y, oid::int8 AS x FROM pg_authid', 'y', 'linear')$$);
SELECT mlpg.has_model_privilege('thief') AS left_behind;

-- 3. a hostile search_path: operators and functions that shadow those of pg_catalog
RESET ROLE;
CREATE SCHEMA mlpg_shadow;
CREATE FUNCTION mlpg_shadow.captured(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR mlpg_shadow.= (FUNCTION = mlpg_shadow.captured, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR mlpg_shadow.<> (FUNCTION = mlpg_shadow.captured, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION mlpg_shadow.captured(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR mlpg_shadow.= (FUNCTION = mlpg_shadow.captured, LEFTARG = bigint, RIGHTARG = bigint);
CREATE FUNCTION mlpg_shadow.captured(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR mlpg_shadow.= (FUNCTION = mlpg_shadow.captured, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION mlpg_shadow.captured(float8, float8) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR mlpg_shadow.> (FUNCTION = mlpg_shadow.captured, LEFTARG = float8, RIGHTARG = float8);
CREATE FUNCTION mlpg_shadow.captured(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR mlpg_shadow.->> (FUNCTION = mlpg_shadow.captured, LEFTARG = jsonb, RIGHTARG = text);
CREATE FUNCTION mlpg_shadow.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION mlpg_shadow.format(text, VARIADIC "any") RETURNS text LANGUAGE internal AS 'booleq';
CREATE FUNCTION mlpg_shadow.jsonb_build_object(VARIADIC text[]) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION mlpg_shadow.to_jsonb(text[]) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION mlpg_shadow.coalesce_(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE TABLE mlpg_shadow.models (model_id bigint, model text);
CREATE TABLE mlpg_shadow.pg_class (oid oid, relname text);
CREATE TEMP TABLE models (model_id bigint, model text);
SET search_path = mlpg_shadow, pg_catalog, public;
SELECT raises('SELECT 1 WHERE ''a''::text = ''b''::text') AS control;
CALL mlpg.retrain('bait');
\echo :SQLSTATE
SELECT to_version IS NOT NULL AS deployed FROM mlpg.deploy('bait', 1);
SELECT to_version IS NOT NULL AS deployed FROM mlpg.deploy('bait', 2, force => true);
SELECT deployed FROM mlpg.rollback('bait');
SELECT mlpg.set_tag('bait', 'a', 'b') AS tagged, mlpg.describe_model('bait', 'c') AS described, mlpg.grant_model('bait', 'public') AS granted,
	mlpg.revoke_model('bait', 'public') AS revoked, mlpg.set_alias('bait', 'x', 1) AS aliased, mlpg.rename_model('bait', 'bait3') AS renamed,
	mlpg.set_owner('bait3', 'mlpg_victim') AS given;
SELECT mlpg.has_model_privilege('bait3', 'own') AS own;
SELECT mlpg.version_at('bait3', pg_catalog.now()) IS NOT NULL AS has_version;
SELECT mlpg.grant_usage('mlpg_victim') AS granted;
SELECT mlpg.canonical_source('SELECT count(*) AS n FROM models') AS resolved_as_the_caller_says;
SELECT mlpg.drop_version('bait3', 2) IS NOT NULL AS dropped;
RESET search_path;
DROP TABLE pg_temp.models;

-- 4. row-level security that the caller switches off does not open anything
SET ROLE mlpg_mallory;
SET row_security = off;
SELECT raises('SELECT count(*) FROM mlpg.models');
RESET row_security;

-- 5. a view of somebody else does not lend its owner's eyes
RESET ROLE;
CREATE VIEW peek AS SELECT model FROM mlpg.models;
ALTER VIEW peek OWNER TO mlpg_victim;
GRANT SELECT ON peek TO mlpg_mallory;
SET ROLE mlpg_victim;
SELECT count(*) AS seen_by_the_owner FROM peek WHERE model = 'bait3';
SET ROLE mlpg_mallory;
SELECT count(*) AS seen_through_the_owners_view FROM peek WHERE model = 'bait3';
RESET ROLE;

-- 6. row-level security on the source holds for the owner, whoever retrains
CREATE TABLE tenants AS SELECT CASE WHEN x % 2 = 0 THEN 'mlpg_mallory' ELSE 'mlpg_victim' END AS tenant, x::float8, 5 * x + x % 3 AS y
	FROM generate_series(1, 200) AS x;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenants USING (tenant = current_user);
GRANT SELECT ON tenants TO mlpg_mallory, mlpg_victim;
SET ROLE mlpg_mallory;
SELECT n_rows FROM mlpg.train('tenant', 'SELECT x, y FROM tenants', 'y', 'linear', holdout => 0);
RESET ROLE;
CALL mlpg.retrain('tenant', deploy => 'always');
SELECT version, n_rows, created_by FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'tenant' ORDER BY version;
SELECT mlpg.drop_model('tenant') AS dropped;
RESET client_min_messages;

SELECT mlpg.drop_model('bait3') AS dropped;
DROP VIEW peek;
SET client_min_messages = error;
DROP SCHEMA mlpg_shadow CASCADE;
DROP OWNED BY mlpg_mallory, mlpg_victim CASCADE;
DROP ROLE mlpg_mallory, mlpg_victim;
DROP TABLE secret, innocent, tenants;
