-- predict.sql: scoring and describing models.
--
-- Every function exists for a reference (text) and for a model (mlpg.model),
-- and for a row, jsonb, text and float8[]: without all of them literals and
-- parameters are ambiguous.  None is strict: they answer NULL for NULL.
-- Scoring is STABLE, for names and types of a row may change; an array of
-- numbers scored by a model that is a value depends on nothing else.
-- The support function rewrites calls with a whole row into the *_columns
-- functions, which have to be there first.

CREATE FUNCTION mlpg.predict_support(internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_predict_support';
COMMENT ON FUNCTION mlpg.predict_support(internal) IS 'Planner support of mlpg.predict: passes only the columns that the model needs, and estimates the cost.';

CREATE FUNCTION mlpg.predict_columns(model text, columns text[], VARIADIC features "any") RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_columns';
COMMENT ON FUNCTION mlpg.predict_columns(text, text[], "any") IS
'What the planner makes of mlpg.predict with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict(''beverage'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_quantile_columns(model text, level float8, columns text[], VARIADIC features "any") RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile_columns';
COMMENT ON FUNCTION mlpg.predict_quantile_columns(text, float8, text[], "any") IS
'What the planner makes of mlpg.predict_quantile with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_quantile instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_quantile(''beverage'', t, 0.9) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_quantiles_columns(model text, levels float8[], columns text[], VARIADIC features "any") RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles_columns';
COMMENT ON FUNCTION mlpg.predict_quantiles_columns(text, float8[], text[], "any") IS
'What the planner makes of mlpg.predict_quantiles with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_quantiles instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_quantiles(''beverage'', t, ''{0.1,0.9}'') FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_class_columns(model text, columns text[], VARIADIC features "any") RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class_columns';
COMMENT ON FUNCTION mlpg.predict_class_columns(text, text[], "any") IS
'What the planner makes of mlpg.predict_class with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_class instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_class(''churn'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_proba_columns(model text, columns text[], VARIADIC features "any") RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_columns';
COMMENT ON FUNCTION mlpg.predict_proba_columns(text, text[], "any") IS
'What the planner makes of mlpg.predict_proba with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_proba instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_proba(''churn'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_proba_columns(model text, class text, columns text[], VARIADIC features "any") RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of_columns';
COMMENT ON FUNCTION mlpg.predict_proba_columns(text, text, text[], "any") IS
'What the planner makes of mlpg.predict_proba with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_proba instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_proba(''churn'', t, ''yes'') FROM tomorrow t;';

CREATE TYPE mlpg.prediction_interval AS (yhat float8, lower float8, upper float8);
COMMENT ON TYPE mlpg.prediction_interval IS 'Result of mlpg.predict_interval: the prediction and the bounds that a new value is between; a bound is NULL where there is none.';

CREATE FUNCTION mlpg.predict_interval_columns(model text, coverage float8, columns text[], VARIADIC features "any") RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval_columns';
COMMENT ON FUNCTION mlpg.predict_interval_columns(text, float8, text[], "any") IS
'What the planner makes of mlpg.predict_interval with a whole row: the columns that the model needs, bound by their names. EXPLAIN shows it; call mlpg.predict_interval instead.
Example: EXPLAIN (VERBOSE) SELECT mlpg.predict_interval(''beverage'', t, 0.9) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict(model text, features record) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(text, record) IS
'The prediction of a registered model (name, name@alias or name@version), of a classifier the probability of its positive class, for a row of any table, view or subquery, by column name. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(''beverage'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict(model text, features jsonb) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(text, jsonb) IS
'The prediction of a registered model (name, name@alias or name@version) for a JSON object, by key. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(''beverage'', ''{"price":120,"promo":true}''::jsonb);';

CREATE FUNCTION mlpg.predict(model text, features text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(text, text) IS
'The prediction of a registered model (name, name@alias or name@version) for a JSON object, by key, or the category itself where the model has no other feature. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(''beverage'', ''{"price":120,"promo":true}'');';

CREATE FUNCTION mlpg.predict(model text, features float8[]) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(text, float8[]) IS
'The prediction of a registered model (name, name@alias or name@version) for an array, by position, for models fitted on arrays. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(''beverage'', ''{120,1}''::float8[]);';

CREATE FUNCTION mlpg.predict(model mlpg.model, features record) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(mlpg.model, record) IS
'The prediction of a model for a row of any table, view or subquery, by column name. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(m.model, t) FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict(model mlpg.model, features jsonb) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(mlpg.model, jsonb) IS
'The prediction of a model for a JSON object, by key. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(m.model, ''{"price":120,"promo":true}''::jsonb) FROM store_models m;';

CREATE FUNCTION mlpg.predict(model mlpg.model, features text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(mlpg.model, text) IS
'The prediction of a model for a JSON object, by key, or the category itself where the model has no other feature. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(m.model, ''{"price":120,"promo":true}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict(model mlpg.model, features float8[]) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict';
COMMENT ON FUNCTION mlpg.predict(mlpg.model, float8[]) IS
'The prediction of a model for an array, by position, for models fitted on arrays. NULL is a missing value; a column that the model needs must be there.
Example: SELECT mlpg.predict(m.model, ''{120,1}''::float8[]) FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantile(model text, features record, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(text, record, float8) IS
'The quantile of the prediction at one level, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_quantile(''beverage'', t, 0.9) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_quantile(model text, features jsonb, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(text, jsonb, float8) IS
'The quantile of the prediction at one level, for a JSON object, by key.
Example: SELECT mlpg.predict_quantile(''beverage'', ''{"price":120,"promo":true}''::jsonb, 0.9);';

CREATE FUNCTION mlpg.predict_quantile(model text, features text, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(text, text, float8) IS
'The quantile of the prediction at one level, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_quantile(''beverage'', ''{"price":120,"promo":true}'', 0.9);';

CREATE FUNCTION mlpg.predict_quantile(model text, features float8[], level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(text, float8[], float8) IS
'The quantile of the prediction at one level, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_quantile(''beverage'', ''{120,1}''::float8[], 0.9);';

CREATE FUNCTION mlpg.predict_quantile(model mlpg.model, features record, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(mlpg.model, record, float8) IS
'The quantile of the prediction at one level, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_quantile(m.model, t, 0.9) FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict_quantile(model mlpg.model, features jsonb, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(mlpg.model, jsonb, float8) IS
'The quantile of the prediction at one level, for a JSON object, by key.
Example: SELECT mlpg.predict_quantile(m.model, ''{"price":120,"promo":true}''::jsonb, 0.9) FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantile(model mlpg.model, features text, level float8) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(mlpg.model, text, float8) IS
'The quantile of the prediction at one level, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_quantile(m.model, ''{"price":120,"promo":true}'', 0.9) FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantile(model mlpg.model, features float8[], level float8) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantile';
COMMENT ON FUNCTION mlpg.predict_quantile(mlpg.model, float8[], float8) IS
'The quantile of the prediction at one level, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_quantile(m.model, ''{120,1}''::float8[], 0.9) FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantiles(model text, features record, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(text, record, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_quantiles(''beverage'', t, ''{0.1,0.5,0.9}'') FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_quantiles(model text, features jsonb, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(text, jsonb, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a JSON object, by key.
Example: SELECT mlpg.predict_quantiles(''beverage'', ''{"price":120,"promo":true}''::jsonb, ''{0.1,0.5,0.9}'');';

CREATE FUNCTION mlpg.predict_quantiles(model text, features text, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(text, text, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_quantiles(''beverage'', ''{"price":120,"promo":true}'', ''{0.1,0.5,0.9}'');';

CREATE FUNCTION mlpg.predict_quantiles(model text, features float8[], levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(text, float8[], float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_quantiles(''beverage'', ''{120,1}''::float8[], ''{0.1,0.5,0.9}'');';

CREATE FUNCTION mlpg.predict_quantiles(model mlpg.model, features record, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(mlpg.model, record, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_quantiles(m.model, t, ''{0.1,0.5,0.9}'') FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict_quantiles(model mlpg.model, features jsonb, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(mlpg.model, jsonb, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a JSON object, by key.
Example: SELECT mlpg.predict_quantiles(m.model, ''{"price":120,"promo":true}''::jsonb, ''{0.1,0.5,0.9}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantiles(model mlpg.model, features text, levels float8[]) RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(mlpg.model, text, float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_quantiles(m.model, ''{"price":120,"promo":true}'', ''{0.1,0.5,0.9}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_quantiles(model mlpg.model, features float8[], levels float8[]) RETURNS float8[]
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_quantiles';
COMMENT ON FUNCTION mlpg.predict_quantiles(mlpg.model, float8[], float8[]) IS
'Quantiles of the prediction at several levels, never crossing, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_quantiles(m.model, ''{120,1}''::float8[], ''{0.1,0.5,0.9}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_class(model text, features record) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(text, record) IS
'The class that a classifier finds likeliest (of two alike the lower), for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_class(''churn'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_class(model text, features jsonb) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(text, jsonb) IS
'The class that a classifier finds likeliest (of two alike the lower), for a JSON object, by key.
Example: SELECT mlpg.predict_class(''churn'', ''{"price":120,"promo":true}''::jsonb);';

CREATE FUNCTION mlpg.predict_class(model text, features text) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(text, text) IS
'The class that a classifier finds likeliest (of two alike the lower), for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_class(''churn'', ''{"price":120,"promo":true}'');';

CREATE FUNCTION mlpg.predict_class(model text, features float8[]) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(text, float8[]) IS
'The class that a classifier finds likeliest (of two alike the lower), for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_class(''churn'', ''{120,1}''::float8[]);';

CREATE FUNCTION mlpg.predict_class(model mlpg.model, features record) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(mlpg.model, record) IS
'The class that a classifier finds likeliest (of two alike the lower), for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_class(m.model, t) FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict_class(model mlpg.model, features jsonb) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(mlpg.model, jsonb) IS
'The class that a classifier finds likeliest (of two alike the lower), for a JSON object, by key.
Example: SELECT mlpg.predict_class(m.model, ''{"price":120,"promo":true}''::jsonb) FROM store_models m;';

CREATE FUNCTION mlpg.predict_class(model mlpg.model, features text) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(mlpg.model, text) IS
'The class that a classifier finds likeliest (of two alike the lower), for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_class(m.model, ''{"price":120,"promo":true}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_class(model mlpg.model, features float8[]) RETURNS text
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_class';
COMMENT ON FUNCTION mlpg.predict_class(mlpg.model, float8[]) IS
'The class that a classifier finds likeliest (of two alike the lower), for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_class(m.model, ''{120,1}''::float8[]) FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model text, features record) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(text, record) IS
'The probabilities of all classes of a classifier, one key a class, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_proba(''churn'', t) FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_proba(model text, features jsonb) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(text, jsonb) IS
'The probabilities of all classes of a classifier, one key a class, for a JSON object, by key.
Example: SELECT mlpg.predict_proba(''churn'', ''{"price":120,"promo":true}''::jsonb);';

CREATE FUNCTION mlpg.predict_proba(model text, features text) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(text, text) IS
'The probabilities of all classes of a classifier, one key a class, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_proba(''churn'', ''{"price":120,"promo":true}'');';

CREATE FUNCTION mlpg.predict_proba(model text, features float8[]) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(text, float8[]) IS
'The probabilities of all classes of a classifier, one key a class, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_proba(''churn'', ''{120,1}''::float8[]);';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features record) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, record) IS
'The probabilities of all classes of a classifier, one key a class, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_proba(m.model, t) FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features jsonb) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, jsonb) IS
'The probabilities of all classes of a classifier, one key a class, for a JSON object, by key.
Example: SELECT mlpg.predict_proba(m.model, ''{"price":120,"promo":true}''::jsonb) FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features text) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, text) IS
'The probabilities of all classes of a classifier, one key a class, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_proba(m.model, ''{"price":120,"promo":true}'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features float8[]) RETURNS jsonb
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, float8[]) IS
'The probabilities of all classes of a classifier, one key a class, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_proba(m.model, ''{120,1}''::float8[]) FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model text, features record, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(text, record, text) IS
'The probability of one class of a classifier, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_proba(''churn'', t, ''yes'') FROM tomorrow t;';

CREATE FUNCTION mlpg.predict_proba(model text, features jsonb, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(text, jsonb, text) IS
'The probability of one class of a classifier, for a JSON object, by key.
Example: SELECT mlpg.predict_proba(''churn'', ''{"price":120,"promo":true}''::jsonb, ''yes'');';

CREATE FUNCTION mlpg.predict_proba(model text, features text, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(text, text, text) IS
'The probability of one class of a classifier, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_proba(''churn'', ''{"price":120,"promo":true}'', ''yes'');';

CREATE FUNCTION mlpg.predict_proba(model text, features float8[], class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(text, float8[], text) IS
'The probability of one class of a classifier, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_proba(''churn'', ''{120,1}''::float8[], ''yes'');';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features record, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, record, text) IS
'The probability of one class of a classifier, for a row of any table, view or subquery, by column name.
Example: SELECT mlpg.predict_proba(m.model, t, ''yes'') FROM tomorrow t JOIN store_models m USING (store);';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features jsonb, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, jsonb, text) IS
'The probability of one class of a classifier, for a JSON object, by key.
Example: SELECT mlpg.predict_proba(m.model, ''{"price":120,"promo":true}''::jsonb, ''yes'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features text, class text) RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, text, text) IS
'The probability of one class of a classifier, for a JSON object, by key, or the category itself where the model has no other feature.
Example: SELECT mlpg.predict_proba(m.model, ''{"price":120,"promo":true}'', ''yes'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_proba(model mlpg.model, features float8[], class text) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_proba_of';
COMMENT ON FUNCTION mlpg.predict_proba(mlpg.model, float8[], text) IS
'The probability of one class of a classifier, for an array, by position, for models fitted on arrays.
Example: SELECT mlpg.predict_proba(m.model, ''{120,1}''::float8[], ''yes'') FROM store_models m;';

CREATE FUNCTION mlpg.predict_interval(model text, features record, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 SUPPORT mlpg.predict_support AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(text, record, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a row of any table, view or subquery, by column name. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT i.* FROM tomorrow t, mlpg.predict_interval(''beverage'', t, 0.9) AS i;';

CREATE FUNCTION mlpg.predict_interval(model text, features jsonb, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(text, jsonb, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a JSON object, by key. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT * FROM mlpg.predict_interval(''beverage'', ''{"price":120,"promo":true}''::jsonb, 0.9);';

CREATE FUNCTION mlpg.predict_interval(model text, features text, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(text, text, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a JSON object, by key, or the category itself where the model has no other feature. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT * FROM mlpg.predict_interval(''beverage'', ''{"price":120,"promo":true}'', 0.9);';

CREATE FUNCTION mlpg.predict_interval(model text, features float8[], coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(text, float8[], float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for an array, by position, for models fitted on arrays. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT * FROM mlpg.predict_interval(''beverage'', ''{120,1}''::float8[], 0.9);';

CREATE FUNCTION mlpg.predict_interval(model mlpg.model, features record, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(mlpg.model, record, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a row of any table, view or subquery, by column name. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT i.* FROM tomorrow t JOIN store_models m USING (store), mlpg.predict_interval(m.model, t, 0.9) AS i;';

CREATE FUNCTION mlpg.predict_interval(model mlpg.model, features jsonb, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(mlpg.model, jsonb, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a JSON object, by key. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT i.* FROM store_models m, mlpg.predict_interval(m.model, ''{"price":120,"promo":true}''::jsonb, 0.9) AS i;';

CREATE FUNCTION mlpg.predict_interval(model mlpg.model, features text, coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(mlpg.model, text, float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for a JSON object, by key, or the category itself where the model has no other feature. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT i.* FROM store_models m, mlpg.predict_interval(m.model, ''{"price":120,"promo":true}'', 0.9) AS i;';

CREATE FUNCTION mlpg.predict_interval(model mlpg.model, features float8[], coverage float8 DEFAULT 0.8) RETURNS mlpg.prediction_interval
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'mlpg_sql_predict_interval';
COMMENT ON FUNCTION mlpg.predict_interval(mlpg.model, float8[], float8) IS
'The prediction and the bounds between which a new value lies with the probability coverage, for an array, by position, for models fitted on arrays. Calibrated models answer by the errors on rows kept apart, quantile models by their levels, linear ones by the t distribution.
Example: SELECT i.* FROM store_models m, mlpg.predict_interval(m.model, ''{120,1}''::float8[], 0.9) AS i;';

-- Describing

CREATE TYPE mlpg.summary_row AS (item text, value text);
COMMENT ON TYPE mlpg.summary_row IS 'Result of mlpg.summary.';
CREATE TYPE mlpg.coefficients_row AS (term text, estimate float8, std_error float8, statistic float8, p_value float8);
COMMENT ON TYPE mlpg.coefficients_row IS 'Result of mlpg.coefficients.';
CREATE TYPE mlpg.learners_row AS (name text, tasks text[], summary text, reference text, loss text,
	single_pass boolean, order_free boolean, min_rows integer);
COMMENT ON TYPE mlpg.learners_row IS 'Result of mlpg.learners.';
CREATE TYPE mlpg.learner_params_row AS (name text, type text, default_value text, min float8, max float8, help text);
COMMENT ON TYPE mlpg.learner_params_row IS 'Result of mlpg.learner_params.';

CREATE FUNCTION mlpg.summary(model text) RETURNS SETOF mlpg.summary_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_summary';
COMMENT ON FUNCTION mlpg.summary(text) IS
'What a registered model is (the right read is needed): algorithm, features, parameters, and what happened in training.
Example: SELECT * FROM mlpg.summary(''beverage'');';

CREATE FUNCTION mlpg.coefficients(model text) RETURNS SETOF mlpg.coefficients_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_coefficients';
COMMENT ON FUNCTION mlpg.coefficients(text) IS
'Coefficients of a registered model (the right read is needed): a term with @ belongs to that quantile level; a NULL estimate was dropped as linearly dependent.
Example: SELECT * FROM mlpg.coefficients(''beverage'');';

CREATE FUNCTION mlpg.summary(model mlpg.model) RETURNS SETOF mlpg.summary_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_summary';
COMMENT ON FUNCTION mlpg.summary(mlpg.model) IS
'What a model is: algorithm, features, parameters, and what happened in training.
Example: SELECT * FROM mlpg.summary(mlpg.get_model(''beverage''));';

CREATE FUNCTION mlpg.coefficients(model mlpg.model) RETURNS SETOF mlpg.coefficients_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_coefficients';
COMMENT ON FUNCTION mlpg.coefficients(mlpg.model) IS
'Coefficients of a model: a term with @ belongs to that quantile level; a NULL estimate was dropped as linearly dependent.
Example: SELECT * FROM mlpg.coefficients(mlpg.get_model(''beverage''));';

CREATE FUNCTION mlpg.get_model(ref text) RETURNS mlpg.model
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_get_model';
COMMENT ON FUNCTION mlpg.get_model(text) IS
'The model itself, as a value. The owner''s.
Example: SELECT mlpg.get_model(''beverage@champion'');';

CREATE FUNCTION mlpg.learners() RETURNS SETOF mlpg.learners_row
	LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'mlpg_sql_learners';
COMMENT ON FUNCTION mlpg.learners() IS
'The algorithms there are. loss: what they minimise, NULL where parameter loss or family says it. order_free: the same rows in any order give the same model, to the byte.
Example: SELECT name, summary FROM mlpg.learners();';

CREATE FUNCTION mlpg.learner_params(algorithm text) RETURNS SETOF mlpg.learner_params_row
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'mlpg_sql_learner_params';
COMMENT ON FUNCTION mlpg.learner_params(text) IS
'The parameters of an algorithm, their defaults and ranges.
Example: SELECT * FROM mlpg.learner_params(''linear'');';

-- A procedure, for it commits.  No SET clause, which would forbid that.

CREATE PROCEDURE mlpg.predict_batch(
	model text,
	source text,
	into_table text,
	key_cols text[],
	as_of timestamptz DEFAULT NULL,
	batch_size integer DEFAULT 100000,
	replace boolean DEFAULT false)
	LANGUAGE C AS 'MODULE_PATHNAME', 'mlpg_sql_predict_batch';
COMMENT ON PROCEDURE mlpg.predict_batch(text, text, text, text[], timestamptz, integer, boolean) IS
'Scores a table, view or query into a table, many rows at once: key_cols, prediction (of a classifier the class, and probability: of its positive class, else of the class predicted), model, version, predicted_at (as_of, or the time of the call). A table that is not there is made whole, with key_cols as primary key. Into one that is there, rows whose key has a prediction already are left, so that the same call finishes what another began; with replace they are overwritten and rows that the source no longer has are deleted. Commits after every batch_size rows; NULL: one transaction. Reads and writes with the caller''s rights.
Example: CALL mlpg.predict_batch(''beverage'', ''tomorrow'', ''tomorrow_sales'', ''{store,item}'');';
