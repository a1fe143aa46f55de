-- fit.sql: the aggregate mlpg.fit and its state.
--
-- Two shapes.  Over whole rows (any columns, any types; state internal, so
-- PostgreSQL's parallel plans).  Over arrays of float8 (concrete types and a
-- state that is a type of its own, so that a distributed engine can push it down).

CREATE TYPE mlpg.state;
CREATE FUNCTION mlpg.state_in(cstring) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_state_in';
CREATE FUNCTION mlpg.state_out(mlpg.state) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_state_out';
CREATE FUNCTION mlpg.state_recv(internal) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_state_recv';
CREATE FUNCTION mlpg.state_send(mlpg.state) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_state_send';
CREATE TYPE mlpg.state (
	INPUT = mlpg.state_in, OUTPUT = mlpg.state_out, RECEIVE = mlpg.state_recv, SEND = mlpg.state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = plain
);
COMMENT ON TYPE mlpg.state IS 'Transition state of mlpg.fit over arrays; not for users.';
COMMENT ON FUNCTION mlpg.state_in(cstring) IS 'Input of type mlpg.state; checks all of it.';
COMMENT ON FUNCTION mlpg.state_out(mlpg.state) IS 'Output of type mlpg.state: hex.';
COMMENT ON FUNCTION mlpg.state_recv(internal) IS 'Binary input of type mlpg.state; checks all of it.';
COMMENT ON FUNCTION mlpg.state_send(mlpg.state) IS 'Binary output of type mlpg.state.';

-- over rows

CREATE FUNCTION mlpg.fit_row_accum(state internal, algorithm text, target "any", features record) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_accum';
CREATE FUNCTION mlpg.fit_row_accum(state internal, algorithm text, target "any", features record, params jsonb) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_accum';
CREATE FUNCTION mlpg.fit_row_combine(state internal, other internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_combine';
CREATE FUNCTION mlpg.fit_row_serialize(state internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_serialize';
CREATE FUNCTION mlpg.fit_row_deserialize(state bytea, unused internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_deserialize';
CREATE FUNCTION mlpg.fit_row_final(state internal) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_row_final';
COMMENT ON FUNCTION mlpg.fit_row_accum(internal, text, "any", record) IS 'Transition function of mlpg.fit over rows.';
COMMENT ON FUNCTION mlpg.fit_row_accum(internal, text, "any", record, jsonb) IS 'Transition function of mlpg.fit over rows, with params.';
COMMENT ON FUNCTION mlpg.fit_row_combine(internal, internal) IS 'Combine function of mlpg.fit over rows.';
COMMENT ON FUNCTION mlpg.fit_row_serialize(internal) IS 'Serialisation function of mlpg.fit over rows.';
COMMENT ON FUNCTION mlpg.fit_row_deserialize(bytea, internal) IS 'Deserialisation function of mlpg.fit over rows.';
COMMENT ON FUNCTION mlpg.fit_row_final(internal) IS 'Final function of mlpg.fit over rows.';

CREATE AGGREGATE mlpg.fit(algorithm text, target "any", features record) (
	SFUNC = mlpg.fit_row_accum, STYPE = internal, SSPACE = 512,
	FINALFUNC = mlpg.fit_row_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_row_combine, SERIALFUNC = mlpg.fit_row_serialize, DESERIALFUNC = mlpg.fit_row_deserialize,
	PARALLEL = SAFE
);
CREATE AGGREGATE mlpg.fit(algorithm text, target "any", features record, params jsonb) (
	SFUNC = mlpg.fit_row_accum, STYPE = internal, SSPACE = 512,
	FINALFUNC = mlpg.fit_row_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_row_combine, SERIALFUNC = mlpg.fit_row_serialize, DESERIALFUNC = mlpg.fit_row_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE mlpg.fit(text, "any", record) IS
'Fits a model to the rows of a group. Features are the columns of the row, by name; a column that is the target itself, and constant columns, are left out. Rows with a NULL target are dropped. A text or boolean target has classes, a number is fitted as a number.
Example: SELECT mlpg.fit(''linear'', s.y, s) FROM (SELECT x, 2 * x + 1 + x % 3 AS y FROM generate_series(1, 20) AS x) AS s;';
COMMENT ON AGGREGATE mlpg.fit(text, "any", record, jsonb) IS
'Fits a model to the rows of a group, with parameters of the learner and options: task, features, exclude, weight, offset, init_score, validation, calibration, positive, loss, quantiles, underage_cost, overage_cost, seed.
Example: SELECT mlpg.fit(''quantile'', s.y, s, ''{"quantile":0.8}'') FROM (SELECT x, 2 * x + 1 + x % 3 AS y FROM generate_series(1, 20) AS x) AS s;';

-- over arrays

CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target double precision, features double precision[]) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum';
CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target double precision, features double precision[], params jsonb) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum';
CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target text, features double precision[]) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum_text';
CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target text, features double precision[], params jsonb) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum_text';
CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target boolean, features double precision[]) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum_boolean';
CREATE FUNCTION mlpg.fit_array_accum(state mlpg.state, algorithm text, target boolean, features double precision[], params jsonb) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_accum_boolean';
CREATE FUNCTION mlpg.fit_array_combine(state mlpg.state, other mlpg.state) RETURNS mlpg.state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_combine';
CREATE FUNCTION mlpg.fit_array_final(state mlpg.state) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_fit_array_final';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, double precision, double precision[]) IS 'Transition function of mlpg.fit over arrays.';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, double precision, double precision[], jsonb) IS 'Transition function of mlpg.fit over arrays, with params.';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, text, double precision[]) IS 'Transition function of mlpg.fit over arrays with classes as texts.';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, text, double precision[], jsonb) IS 'Transition function of mlpg.fit over arrays with classes as texts, with params.';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, boolean, double precision[]) IS 'Transition function of mlpg.fit over arrays with a boolean target.';
COMMENT ON FUNCTION mlpg.fit_array_accum(mlpg.state, text, boolean, double precision[], jsonb) IS 'Transition function of mlpg.fit over arrays with a boolean target, with params.';
COMMENT ON FUNCTION mlpg.fit_array_combine(mlpg.state, mlpg.state) IS 'Combine function of mlpg.fit over arrays.';
COMMENT ON FUNCTION mlpg.fit_array_final(mlpg.state) IS 'Final function of mlpg.fit over arrays.';

CREATE AGGREGATE mlpg.fit(algorithm text, target double precision, features double precision[]) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 512,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
CREATE AGGREGATE mlpg.fit(algorithm text, target double precision, features double precision[], params jsonb) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 512,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE mlpg.fit(text, double precision, double precision[]) IS
'Fits a model to arrays of features, named x1, x2, ...; a NULL element is a missing value. The form that distributed engines can push down.
Example: SELECT mlpg.fit(''linear'', 2 * x + 1 + x % 3, ARRAY[x]::float8[]) FROM generate_series(1, 20) AS x;';
COMMENT ON AGGREGATE mlpg.fit(text, double precision, double precision[], jsonb) IS
'Fits a model to arrays of features, named x1, x2, ..., with parameters of the learner and options: task, weight, offset, init_score, validation, calibration, positive, loss, quantiles, underage_cost, overage_cost, seed.
Example: SELECT mlpg.fit(''quantile'', 2 * x + 1 + x % 3, ARRAY[x]::float8[], ''{"quantile":0.8}'') FROM generate_series(1, 20) AS x;';

CREATE AGGREGATE mlpg.fit(algorithm text, target text, features double precision[]) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 16384,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
CREATE AGGREGATE mlpg.fit(algorithm text, target text, features double precision[], params jsonb) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 16384,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
CREATE AGGREGATE mlpg.fit(algorithm text, target boolean, features double precision[]) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 512,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
CREATE AGGREGATE mlpg.fit(algorithm text, target boolean, features double precision[], params jsonb) (
	SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, SSPACE = 512,
	FINALFUNC = mlpg.fit_array_final, FINALFUNC_MODIFY = READ_WRITE,
	COMBINEFUNC = mlpg.fit_array_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE mlpg.fit(text, text, double precision[]) IS
'Fits a classifier of the classes that are texts to arrays of features, named x1, x2, ...; a NULL element is a missing value. The form that distributed engines can push down.
Example: SELECT mlpg.fit(''baseline'', CASE WHEN x % 3 = 0 THEN ''yes'' ELSE ''no'' END, ARRAY[x]::float8[]) FROM generate_series(1, 20) AS x;';
COMMENT ON AGGREGATE mlpg.fit(text, text, double precision[], jsonb) IS
'Fits a classifier of the classes that are texts to arrays of features, named x1, x2, ..., with parameters of the learner and options: weight, offset, init_score, validation, positive, seed.
Example: SELECT mlpg.fit(''baseline'', CASE WHEN x % 3 = 0 THEN ''yes'' ELSE ''no'' END, ARRAY[x, 2]::float8[], ''{"weight":"x2"}'') FROM generate_series(1, 20) AS x;';
COMMENT ON AGGREGATE mlpg.fit(text, boolean, double precision[]) IS
'Fits a classifier of false and true to arrays of features, named x1, x2, ...; a NULL element is a missing value. The form that distributed engines can push down.
Example: SELECT mlpg.fit(''baseline'', x % 3 = 0, ARRAY[x]::float8[]) FROM generate_series(1, 20) AS x;';
COMMENT ON AGGREGATE mlpg.fit(text, boolean, double precision[], jsonb) IS
'Fits a classifier of false and true to arrays of features, named x1, x2, ..., with parameters of the learner and options: weight, offset, init_score, validation, positive, seed.
Example: SELECT mlpg.fit(''baseline'', x % 3 = 0, ARRAY[x, 2]::float8[], ''{"weight":"x2"}'') FROM generate_series(1, 20) AS x;';
