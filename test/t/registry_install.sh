#!/bin/bash
# Installing and dumping: nothing that somebody prepared is adopted, hostile
# search paths and event triggers capture nothing, and pg_dump carries the
# registry with its rights and sequences.
set -u
. "$(dirname "$0")/lib.sh"
# client ARGUMENTS...: psql as they say, for scripts from stdin
client() { cluster psql -XqAt "$@"; }

start_cluster
client -d postgres -c "CREATE ROLE mallory LOGIN" -c "CREATE ROLE keeper LOGIN" -c "CREATE ROLE reader LOGIN"

database() { client -d postgres -c "CREATE DATABASE $1" -c "GRANT CREATE ON DATABASE $1 TO mallory" && client -d "$1" -c "GRANT ALL ON SCHEMA public TO PUBLIC"; }

# 1. a schema of that name that was there before
database prepared
client -d prepared -c "CREATE SCHEMA mlpg AUTHORIZATION mallory" -c "CREATE TABLE mlpg.models (model_id bigint, model text)" -c "ALTER TABLE mlpg.models OWNER TO mallory"
like "$(client -d prepared -v VERBOSITY=verbose -c 'CREATE EXTENSION mlpg' 2>&1)" '42P06: schema "mlpg" already exists' "a schema that exists is not adopted"
is "$(client -d prepared -c "SELECT count(*) FROM pg_extension WHERE extname = 'mlpg'")" 0 "and nothing is installed"
like "$(client -d prepared -v VERBOSITY=verbose -c 'CREATE EXTENSION mlpg SCHEMA public' 2>&1)" '0A000|42P06' "nor can another schema be named"

# 2. only a superuser installs
database plain
like "$(client -d plain -U mallory -v VERBOSITY=verbose -c 'CREATE EXTENSION mlpg' 2>&1)" '42501: permission denied to create extension' "an ordinary role cannot install it"

# 3. planted functions, operators, casts and types under a hostile path, and an event trigger
database hostile
client -d hostile >"$TEST_DIR/hostile.log" 2>&1 <<'END'
SET ROLE mallory;
CREATE FUNCTION public.captured(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR public.= (FUNCTION = public.captured, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION public.captured(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR public.= (FUNCTION = public.captured, LEFTARG = name, RIGHTARG = name);
CREATE FUNCTION public.pg_extension_config_dump(regclass, text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE DOMAIN public.bigint AS int;
CREATE DOMAIN public.text AS pg_catalog.text;
CREATE DOMAIN public.jsonb AS pg_catalog.jsonb;
RESET ROLE;
CREATE TABLE public.ddl (tag pg_catalog.text);
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ddl VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch();
SET search_path = public, pg_catalog;
CREATE EXTENSION mlpg;
END
is "$(grep -c ERROR "$TEST_DIR/hostile.log")" 0 "it installs under a hostile search_path and an event trigger"
sed -n 's/.*ERROR/#   ERROR/p' "$TEST_DIR/hostile.log"
is "$(client -d hostile -c "SELECT count(*) FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
	JOIN pg_extension e ON e.oid = d.refobjid WHERE p.pronamespace = 'public'::regnamespace")" 0 "it depends on no planted function"
is "$(client -d hostile -c "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
	WHERE c.relnamespace = 'mlpg'::regnamespace AND t.typnamespace = 'public'::regnamespace")" 0 "and on no planted type"
is "$(client -d hostile -c "SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'mlpg'::regnamespace
	AND EXISTS (SELECT FROM unnest(p.proargtypes::oid[] || p.prorettype) AS u JOIN pg_type t ON t.oid = u WHERE t.typnamespace = 'public'::regnamespace)")" 0 "in no signature either"

# 4. drop, and again
database again
is "$(client -d again -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION mlpg' -c 'DROP EXTENSION mlpg' -c 'CREATE EXTENSION mlpg' -c 'SELECT count(*) FROM mlpg.models' 2>&1)" 0 "it can be dropped and installed again"
is "$(client -d again -c 'DROP EXTENSION mlpg' -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'mlpg'")" 0 "dropping it leaves no schema"

# 5. dump and restore
database first
client -d first -v ON_ERROR_STOP=1 >"$TEST_DIR/first.log" 2>&1 <<'END'
CREATE EXTENSION mlpg;
SET client_min_messages = error;
SELECT mlpg.grant_usage('keeper');
CREATE TABLE sales AS SELECT x::float8, 2 * x + x % 5 AS y, 'item ' || x % 4 AS item FROM generate_series(1, 300) AS x;
GRANT SELECT ON sales TO keeper;
SET ROLE keeper;
SELECT mlpg.train('kept', 'sales', 'y', 'linear');
SELECT mlpg.train('kept', 'sales', 'y', 'linear');
SELECT mlpg.train('other', 'sales', 'y', 'linear');
SELECT mlpg.drop_model('other');
SELECT mlpg.deploy('kept', 2, force => true);
SELECT mlpg.grant_model('kept', 'reader', 'read');
SELECT mlpg.set_tag('kept', 'team', 'stores');
END
is $? 0 "a registry to dump"
for format in custom plain; do
	client -d postgres -c "CREATE DATABASE second_$format"
	if [ $format = custom ]; then
		cluster run pg_dump -Fc -f "$TEST_DIR/dump" first >"$TEST_DIR/dump.log" 2>&1 &&
			cluster run pg_restore -d "second_$format" "$TEST_DIR/dump" >>"$TEST_DIR/dump.log" 2>&1
	else
		cluster run pg_dump -f "$TEST_DIR/dump.sql" first >"$TEST_DIR/dump.log" 2>&1 &&
			client -d "second_$format" -v ON_ERROR_STOP=1 -f "$TEST_DIR/dump.sql" >>"$TEST_DIR/dump.log" 2>&1
	fi
	is $? 0 "$format: dumped and restored"
	for table in models model_versions model_blobs aliases deployments model_grants runs run_log run_metrics; do
		query="SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) || ' ' || count(*) FROM mlpg.$table t"
		is "$(client -d "second_$format" -c "$query")" "$(client -d first -c "$query")" "$format: mlpg.$table is the same"
	done
	query="SELECT md5(string_agg(mlpg.predict('kept', s)::text, '|' ORDER BY x)) FROM sales s"
	is "$(client -d "second_$format" -c "$query")" "$(client -d first -c "$query")" "$format: and predicts the same"
	is "$(client -d "second_$format" -U reader -c "SELECT mlpg.has_model_privilege('kept', 'read')")" t "$format: grants work"
	is "$(client -d "second_$format" -U keeper -c "SET client_min_messages = error" -c "SELECT version FROM mlpg.train('kept', 'sales', 'y', 'linear')" 2>&1)" 3 "$format: so does the right to train, and numbers go on"
	is "$(client -d "second_$format" -U keeper -c "SET client_min_messages = error" -c "SELECT version FROM mlpg.train('fresh', 'sales', 'y', 'linear')" 2>&1)" 1 "$format: a new model gets a free id"
done
done_testing
