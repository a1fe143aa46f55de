-- path.sql: the regularisation path that an elastic net was chosen from.

CREATE TYPE mlpg.path_row AS (step integer, lambda float8, chosen boolean, deviance_explained float8, n_nonzero integer, l1_norm float8,
	cv_mean float8, cv_stddev float8, term text, estimate float8);
COMMENT ON TYPE mlpg.path_row IS 'Result of mlpg.path.';

CREATE FUNCTION mlpg.path(model text) RETURNS SETOF mlpg.path_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_path';
COMMENT ON FUNCTION mlpg.path(text) IS
'The regularisation path of a registered model (the right read is needed) of learner elastic_net, the largest lambda first: one row a step and term that is not zero, the intercept always. What is of the step is repeated in its rows: is it the one chosen, the share of the deviance explained, terms that are not zero and the sum of their sizes, mean deviance in cross-validation and its standard error.
Example: SELECT lambda, cv_mean, cv_stddev, chosen FROM mlpg.path(''price'') WHERE term = ''(intercept)'' ORDER BY step;';
CREATE FUNCTION mlpg.path(model mlpg.model) RETURNS SETOF mlpg.path_row
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_path';
COMMENT ON FUNCTION mlpg.path(mlpg.model) IS
'The regularisation path of a model of learner elastic_net, the largest lambda first: one row a step and term that is not zero, the intercept always. What is of the step is repeated in its rows: is it the one chosen, the share of the deviance explained, terms that are not zero and the sum of their sizes, mean deviance in cross-validation and its standard error.
Example: SELECT lambda, term, estimate FROM mlpg.path(mlpg.get_model(''price'')) ORDER BY term, step;';

