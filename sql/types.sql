-- types.sql: type mlpg.model.

CREATE TYPE mlpg.model;
CREATE FUNCTION mlpg.model_in(cstring) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_model_in';
CREATE FUNCTION mlpg.model_out(mlpg.model) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_model_out';
CREATE FUNCTION mlpg.model_recv(internal) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_model_recv';
CREATE FUNCTION mlpg.model_send(mlpg.model) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_model_send';
CREATE TYPE mlpg.model (
	INPUT = mlpg.model_in, OUTPUT = mlpg.model_out, RECEIVE = mlpg.model_recv, SEND = mlpg.model_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external
);
COMMENT ON TYPE mlpg.model IS 'One trained model: a self-contained value that dumps, restores and replicates. Made by mlpg.fit and mlpg.get_model, read by mlpg.predict, mlpg.summary and others.';
COMMENT ON FUNCTION mlpg.model_in(cstring) IS 'Input of type mlpg.model: hex; checks all of it.';
COMMENT ON FUNCTION mlpg.model_out(mlpg.model) IS 'Output of type mlpg.model: hex.';
COMMENT ON FUNCTION mlpg.model_recv(internal) IS 'Binary input of type mlpg.model; checks all of it.';
COMMENT ON FUNCTION mlpg.model_send(mlpg.model) IS 'Binary output of type mlpg.model.';

CREATE FUNCTION mlpg.model_to_bytea(model mlpg.model) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_model_to_bytea';
COMMENT ON FUNCTION mlpg.model_to_bytea(mlpg.model) IS
'The bytes of a model (doc/model-format.md), for storing it elsewhere; also the cast to bytea.
Example: SELECT length(mlpg.model_to_bytea(mlpg.fit(''linear'', y, x))) FROM (VALUES (1, 2), (2, 4), (3, 7)) AS x(a, y);';
CREATE FUNCTION mlpg.model_from_bytea(bytes bytea) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_model_from_bytea';
COMMENT ON FUNCTION mlpg.model_from_bytea(bytea) IS
'A model from its bytes, all of which are checked; also the cast from bytea.
Example: SELECT mlpg.summary(mlpg.fit(''linear'', y, x)::bytea::mlpg.model) FROM (VALUES (1, 2), (2, 4), (3, 7)) AS x(a, y);';

CREATE CAST (mlpg.model AS bytea) WITH FUNCTION mlpg.model_to_bytea(mlpg.model);
COMMENT ON CAST (mlpg.model AS bytea) IS 'The bytes of a model.';
CREATE CAST (bytea AS mlpg.model) WITH FUNCTION mlpg.model_from_bytea(bytea);
COMMENT ON CAST (bytea AS mlpg.model) IS 'A model from its bytes, all of which are checked.';
