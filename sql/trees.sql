-- trees.sql: looking into models made of trees, and LightGBM's text format.

CREATE TYPE mlpg.explain_row AS (feature text, value text, contribution float8);
COMMENT ON TYPE mlpg.explain_row IS 'Result of mlpg.explain.';
CREATE TYPE mlpg.importance_row AS (rank integer, feature text, importance float8, value float8, stddev float8);
COMMENT ON TYPE mlpg.importance_row IS 'Result of mlpg.importance.';
COMMENT ON COLUMN mlpg.importance_row.importance IS 'Share of the values above 0.';
COMMENT ON COLUMN mlpg.importance_row.value IS 'Gain, splits, contribution, or loss of the metric.';
COMMENT ON COLUMN mlpg.importance_row.stddev IS 'Of value over the repeats of method permutation, else NULL.';
CREATE TYPE mlpg.tree_row AS (node integer, parent integer, feature text, threshold float8, gain float8, count bigint,
	value float8, categories text[], side text, missing text);
COMMENT ON TYPE mlpg.tree_row IS 'Result of mlpg.tree.';

CREATE FUNCTION mlpg.explain(model text, features record, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(text, record, text) IS
'Why a registered model (name, name@alias or name@version; the right read is needed) predicts what it does, for a row of any table, view or subquery, by column name: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT t.day, e.* FROM tomorrow t, LATERAL mlpg.explain(''beverage'', t) e;';

CREATE FUNCTION mlpg.explain(model text, features jsonb, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(text, jsonb, text) IS
'Why a registered model (name, name@alias or name@version; the right read is needed) predicts what it does, for a JSON object, by key: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT * FROM mlpg.explain(''beverage'', ''{"price":120,"promo":true}''::jsonb);';

CREATE FUNCTION mlpg.explain(model text, features text, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(text, text, text) IS
'Why a registered model (name, name@alias or name@version; the right read is needed) predicts what it does, for a JSON object, by key, or the category itself where the model has no other feature: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT * FROM mlpg.explain(''beverage'', ''{"price":120,"promo":true}'');';

CREATE FUNCTION mlpg.explain(model text, features float8[], class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(text, float8[], text) IS
'Why a registered model (name, name@alias or name@version; the right read is needed) predicts what it does, for an array, by position, for models fitted on arrays: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT * FROM mlpg.explain(''beverage'', ''{120,1}''::float8[]);';

CREATE FUNCTION mlpg.explain(model mlpg.model, features record, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(mlpg.model, record, text) IS
'Why a model predicts what it does, for a row of any table, view or subquery, by column name: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT t.day, e.* FROM tomorrow t JOIN store_models m USING (store), LATERAL mlpg.explain(m.model, t) e;';

CREATE FUNCTION mlpg.explain(model mlpg.model, features jsonb, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(mlpg.model, jsonb, text) IS
'Why a model predicts what it does, for a JSON object, by key: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT e.* FROM store_models m, LATERAL mlpg.explain(m.model, ''{"price":120,"promo":true}''::jsonb) e;';

CREATE FUNCTION mlpg.explain(model mlpg.model, features text, class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(mlpg.model, text, text) IS
'Why a model predicts what it does, for a JSON object, by key, or the category itself where the model has no other feature: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT e.* FROM store_models m, LATERAL mlpg.explain(m.model, ''{"price":120,"promo":true}'') e;';

CREATE FUNCTION mlpg.explain(model mlpg.model, features float8[], class text DEFAULT NULL) RETURNS SETOF mlpg.explain_row
	LANGUAGE C STABLE PARALLEL SAFE COST 30000 ROWS 20 AS 'MODULE_PATHNAME', 'mlpg_sql_explain';
COMMENT ON FUNCTION mlpg.explain(mlpg.model, float8[], text) IS
'Why a model predicts what it does, for an array, by position, for models fitted on arrays: what each feature adds to the raw score (trees: exact TreeSHAP; linear models: coefficient times distance from the mean), the strongest first, behind a row (base); they add up to the raw score of the prediction or of a class.
Example: SELECT e.* FROM store_models m, LATERAL mlpg.explain(m.model, ''{120,1}''::float8[]) e;';

CREATE FUNCTION mlpg.importance(model text, method text DEFAULT 'gain') RETURNS SETOF mlpg.importance_row
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_importance';
COMMENT ON FUNCTION mlpg.importance(text, text) IS
'Which features a registered model (the right read is needed) relies on. Models made of trees: gain (what its splits gained) or split (how many there are), as LightGBM counts them. On the rows held out in training (for the owner): shap (mean absolute contribution to the raw score) or permutation (how much worse the metric gets when the values of a feature are shuffled, mean and standard deviation of five). importance sums to 1, value is in the unit of the method.
Example: SELECT rank, feature, importance FROM mlpg.importance(''beverage'');';

CREATE FUNCTION mlpg.importance(model text, method text, source text, metric text DEFAULT NULL, repeats integer DEFAULT 5, seed bigint DEFAULT 42,
		target text DEFAULT NULL) RETURNS SETOF mlpg.importance_row
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_importance_of_rows';
COMMENT ON FUNCTION mlpg.importance(text, text, text, text, integer, bigint, text) IS
'Which features a registered model (the right read is needed) relies on for the rows of a source (NULL: those held out in training). shap: mean absolute contribution to the raw score; no target is needed. permutation: how much worse the metric (one that the model is judged by; NULL: the main one) gets when the values of a feature are shuffled, mean and standard deviation over the repeats. importance sums to 1.
Example: SELECT feature, value, stddev FROM mlpg.importance(''beverage'', ''permutation'', source => ''this_month'', metric => ''mae'');';

CREATE FUNCTION mlpg.tree(model text, index integer) RETURNS SETOF mlpg.tree_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 60 AS 'MODULE_PATHNAME', 'mlpg_sql_tree';
COMMENT ON FUNCTION mlpg.tree(text, integer) IS
'One tree of a registered model (the right read is needed), numbered from 0, a row a node: values up to the threshold, or of the categories, go left. value is what a leaf adds to the raw score, of other nodes the mean of their leaves.
Example: SELECT node, parent, side, feature, threshold, categories, count, value FROM mlpg.tree(''beverage'', 0);';

CREATE FUNCTION mlpg.importance(model mlpg.model, method text DEFAULT 'gain') RETURNS SETOF mlpg.importance_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_importance';
COMMENT ON FUNCTION mlpg.importance(mlpg.model, text) IS
'Which features a model made of trees relies on: gain (what its splits gained) or split (how many there are), as LightGBM counts them. importance sums to 1, value is in the unit of the method.
Example: SELECT rank, feature, importance FROM mlpg.importance(mlpg.get_model(''beverage''));';

CREATE FUNCTION mlpg.importance(model mlpg.model, method text, source text, metric text DEFAULT NULL, repeats integer DEFAULT 5, seed bigint DEFAULT 42,
		target text DEFAULT NULL) RETURNS SETOF mlpg.importance_row
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 30 AS 'MODULE_PATHNAME', 'mlpg_sql_importance_of_rows';
COMMENT ON FUNCTION mlpg.importance(mlpg.model, text, text, text, integer, bigint, text) IS
'Which features a model relies on for the rows of a source. shap: mean absolute contribution to the raw score; no target is needed. permutation: how much worse the metric (one that such models are judged by; NULL: the main one) gets when the values of a feature are shuffled, mean and standard deviation over the repeats; target names its column where the model does not know it. importance sums to 1.
Example: SELECT m.store, i.* FROM store_models m, mlpg.importance(m.model, ''permutation'', ''SELECT * FROM last_month'', target => ''sales'') i;';

CREATE FUNCTION mlpg.tree(model mlpg.model, index integer) RETURNS SETOF mlpg.tree_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 60 AS 'MODULE_PATHNAME', 'mlpg_sql_tree';
COMMENT ON FUNCTION mlpg.tree(mlpg.model, integer) IS
'One tree of a model, numbered from 0, a row a node: values up to the threshold, or of the categories, go left. value is what a leaf adds to the raw score, of other nodes the mean of their leaves.
Example: SELECT node, parent, side, feature, threshold, categories, count, value FROM mlpg.tree(mlpg.get_model(''beverage''), 0);';

CREATE FUNCTION mlpg.from_lightgbm(model_text text) RETURNS mlpg.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME', 'mlpg_sql_from_lightgbm';
COMMENT ON FUNCTION mlpg.from_lightgbm(text) IS
'A model from the text that LightGBM''s save_model writes, with the same predictions. What mlpg does not have is refused by name.
Example: SELECT mlpg.from_lightgbm(mlpg.to_lightgbm(mlpg.fit(''boosted_trees'', i % 10, ARRAY[i]::float8[]))) FROM generate_series(1, 1000) AS i;';

CREATE FUNCTION mlpg.to_lightgbm(model text) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME', 'mlpg_sql_to_lightgbm';
COMMENT ON FUNCTION mlpg.to_lightgbm(text) IS
'A registered model made of trees as a text that LightGBM reads. The owner''s.
Example: SELECT mlpg.to_lightgbm(''beverage'');';

CREATE FUNCTION mlpg.to_lightgbm(model mlpg.model) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME', 'mlpg_sql_to_lightgbm';
COMMENT ON FUNCTION mlpg.to_lightgbm(mlpg.model) IS
'A model made of trees as a text that LightGBM reads.
Example: SELECT mlpg.to_lightgbm(model) FROM store_models;';
