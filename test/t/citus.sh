#!/bin/bash
# Every aggregate whose state is a type of its own gives the same answer when Citus
# runs it: no fn_extra, no argument types, states as text (citus_wrapper.c). Rows lie
# on four shards, one of them empty, one with NULLs only; then, states are small, or
# past their first block.
. "$(dirname "$0")/lib.sh"

start_cluster
setup postgres 'CREATE EXTENSION mlpg'

gcc -std=gnu11 -O1 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Werror -fPIC -shared -I"$("$PG_CONFIG" --includedir-server)" \
	-o "$TEST_DIR/citus_wrapper.so" "$SOURCE/test/t/citus_wrapper.c" >&2
ok "the wrapper compiles"
chmod a+rx "$TEST_DIR" "$TEST_DIR/citus_wrapper.so"

setup postgres "
CREATE SCHEMA test;
CREATE FUNCTION test.partial_accum(internal, oid, anyelement) RETURNS internal LANGUAGE C AS '$TEST_DIR/citus_wrapper', 'partial_accum';
CREATE FUNCTION test.partial_final(internal) RETURNS text LANGUAGE C AS '$TEST_DIR/citus_wrapper', 'partial_final';
CREATE FUNCTION test.combine_accum(internal, oid, text, anyelement) RETURNS internal LANGUAGE C AS '$TEST_DIR/citus_wrapper', 'combine_accum';
CREATE FUNCTION test.combine_final(internal, oid, text, anyelement) RETURNS anyelement LANGUAGE C AS '$TEST_DIR/citus_wrapper', 'combine_final';
CREATE AGGREGATE test.partial_agg(oid, anyelement) (SFUNC = test.partial_accum, STYPE = internal, FINALFUNC = test.partial_final);
CREATE AGGREGATE test.combine_agg(oid, text, anyelement) (SFUNC = test.combine_accum, STYPE = internal, FINALFUNC = test.combine_final, FINALFUNC_EXTRA);
CREATE TABLE big AS
SELECT i, CASE WHEN i % 50 = 0 THEN 3 WHEN i % 3 = 0 THEN 1 ELSE 2 END AS shard, (i * 7919 % 10007) / 10007.0::float8 AS x,
	   (i * 31 % 1009) / 1009.0::float8 AS z, i % 50 = 0 AS hole FROM generate_series(1, 6000) AS i;
CREATE TABLE small AS SELECT * FROM big WHERE i <= 60;
-- An argument of an aggregate for a row, by its type; numbers that are the same for all rows by their name.
CREATE FUNCTION test.argument(name text, type regtype) RETURNS text LANGUAGE sql AS \$\$
	SELECT CASE WHEN name = 'algorithm' THEN '%1\$L::text'
		WHEN name = 'params' THEN '%2\$L::jsonb'
		WHEN name IN ('level', 'alpha', 'a', 'threshold', 'underage_cost', 'overage_cost') THEN '0.3::float8'
		WHEN name = 'power' THEN '1.3::float8'
		WHEN name = 'bins' THEN '5::int'
		WHEN type = 'float8[]'::regtype THEN 'ARRAY[x, z]'
		WHEN name IN ('target', 'actual') THEN CASE type WHEN 'float8'::regtype THEN 'CASE WHEN NOT hole THEN 0.1 + x / 2 + z / 3 END'
			WHEN 'boolean'::regtype THEN 'CASE WHEN NOT hole THEN x + z > 1 END' WHEN 'text'::regtype THEN 'CASE WHEN NOT hole THEN CASE WHEN x + z > 1 THEN ''yes'' ELSE ''no'' END END' END
		WHEN type = 'float8'::regtype THEN '0.05 + 0.9 * x'
		WHEN type = 'text'::regtype THEN 'CASE WHEN x > 0.5 THEN ''yes'' ELSE ''no'' END'
		END \$\$;
CREATE FUNCTION test.arguments(aggregate regprocedure, algorithm text, params jsonb) RETURNS text LANGUAGE sql AS \$\$
	SELECT format(string_agg(test.argument(p.proargnames[k], p.proargtypes[k - 1]), ', ' ORDER BY k), algorithm, params)
	  FROM pg_proc AS p, generate_series(1, p.pronargs) AS k WHERE p.oid = aggregate HAVING count(test.argument(p.proargnames[k], p.proargtypes[k - 1])) = max(p.pronargs) \$\$;
-- What a result says, to 9 digits: a model by what it predicts.
CREATE FUNCTION test.said(r anyelement) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	IF r IS NULL THEN
		RETURN 'NULL';
	ELSIF pg_typeof(r) = 'mlpg.model'::regtype THEN
		RETURN (SELECT string_agg(CASE WHEN value ~ '^-?[0-9.e-]+\$' THEN round(value::numeric, 9)::text ELSE value END, ' ') FROM mlpg.summary(r::text::mlpg.model) WHERE item IN ('algorithm', 'rows', 'calibration_rows', 'classes', 'rows_dropped_null_target')) ||
			coalesce((SELECT string_agg(term || round(estimate::numeric, 8), ' ') FROM mlpg.coefficients(r::text::mlpg.model)), '');
	ELSIF pg_typeof(r) = 'float8'::regtype THEN
		RETURN round(r::text::numeric, 11)::text;
	END IF;
	RETURN r::text;
END \$\$;
CREATE FUNCTION test.compare(aggregate regprocedure, rows_ text, algorithm text, params jsonb) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	given text := test.arguments(aggregate, algorithm, params);
	result regtype := (SELECT prorettype FROM pg_proc WHERE oid = aggregate);
	name text := (SELECT format('%I.%I', 'mlpg', proname) FROM pg_proc WHERE oid = aggregate);
	direct text;
	wrapped text;
BEGIN
	IF given IS NULL THEN
		RETURN 'this test has no arguments for ' || aggregate;
	END IF;
	EXECUTE format('SELECT test.said(%s(%s)) FROM %s', name, given, rows_) INTO direct;
	EXECUTE format('SELECT test.said(test.combine_agg(%1\$s, state, NULL::%2\$s)) FROM (SELECT s, test.partial_agg(%1\$s, ROW(%3\$s)) FILTER (WHERE i IS NOT NULL) AS state FROM generate_series(1, 4) AS s LEFT JOIN %4\$s ON shard = s GROUP BY s) AS q',
		aggregate::oid, result, given, rows_) INTO wrapped;
	RETURN CASE WHEN direct <> 'NULL' AND direct = wrapped THEN 'same' ELSE format('direct: %s; wrapped: %s', direct, wrapped) END;
END \$\$;
CREATE TABLE pushed AS SELECT aggfnoid::oid::regprocedure AS aggregate, aggtranstype::regtype AS state FROM pg_aggregate JOIN pg_proc AS p ON p.oid = aggfnoid
 WHERE p.pronamespace = 'mlpg'::regnamespace AND aggtranstype <> 'internal'::regtype;
"

is "$(sql postgres "SELECT count(*) >= 6 FROM pushed WHERE state = 'mlpg.state'::regtype")" t "there are aggregates of mlpg.state"
while IFS= read -r aggregate; do
	case $aggregate in
		*fit\(text,double*) kinds="linear quantile" ;;
		*) kinds=baseline ;;
	esac
	for kind in $kinds; do
		for rows in small big; do
			is "$(sql postgres "SELECT test.compare('$aggregate', '$rows', '$kind', '{}')")" same "$aggregate, $kind, $rows"
		done
	done
done < <(sql postgres "SELECT aggregate FROM pushed ORDER BY 1")
# what is beside the features, and rows kept apart
for params in '{"weight":"x2"}' '{"calibration":0.3}'; do
	is "$(sql postgres "SELECT test.compare('mlpg.fit(text,double precision,double precision[],jsonb)', 'big', 'linear', '$params')")" same "fit, linear, $params"
done
# an aggregate over any type is not one that Citus would take for pushable and fail on
is "$(sql postgres "SELECT string_agg(aggfnoid::oid::regprocedure::text, ' ') FROM pg_aggregate JOIN pg_proc AS p ON p.oid = aggfnoid
	WHERE p.pronamespace = 'mlpg'::regnamespace AND aggtranstype <> 'internal'::regtype AND proargtypes::oid[] && ARRAY['record', '\"any\"', 'anyelement']::regtype[]::oid[]" 2>&1)" "" "no polymorphic aggregate has a state that is pushed down"
is "$(sql postgres "SELECT string_agg(DISTINCT aggfinalextra::text, ' ') FROM pg_aggregate JOIN pg_proc AS p ON p.oid = aggfnoid WHERE p.pronamespace = 'mlpg'::regnamespace")" false "no final function asks for the arguments"
server_is_fine

done_testing
