\set raises_echo :ECHO
\set ECHO none
-- raises(statement): how the statement fails, or what it returns if that is short. Tests include it by
--   \getenv source PG_ABS_SRCDIR
--   \set raises :source '/helpers/raises.sql'
--   \i :raises
-- Which learners there are is not what a hint is tested for. Names are qualified because
-- some tests lay traps in their search_path, in which the statement runs.
CREATE FUNCTION raises(statement text) RETURNS text
LANGUAGE plpgsql AS $$
#variable_conflict error
DECLARE
	message text;
	detail text;
	hint text;
	result text;
BEGIN
	EXECUTE statement INTO result;
	RETURN pg_catalog.concat('no error', CASE WHEN result IS NULL THEN ', but NULL'
		WHEN pg_catalog.length(result) OPERATOR(pg_catalog.<=) 60 THEN pg_catalog.concat(', but ', result) END);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN pg_catalog.concat(SQLSTATE, ': ', message,
		CASE WHEN detail OPERATOR(pg_catalog.<>) '' THEN pg_catalog.concat(E'\nDETAIL: ', detail) END,
		CASE WHEN hint OPERATOR(pg_catalog.<>) '' THEN pg_catalog.concat(E'\nHINT: ', pg_catalog.regexp_replace(hint, '(Learners are|fit classes|read texts): [^.]*', '\1: ...')) END);
END $$;
\set ECHO :raises_echo
