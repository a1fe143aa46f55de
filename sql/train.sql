-- train.sql: from a source to a version in the registry.

CREATE TYPE mlpg.train_result AS (
	model          text,
	version        integer,
	metric         text,
	value          double precision,
	baseline       text,
	baseline_value double precision,
	skill          double precision,
	is_champion    boolean,
	n_rows         bigint,
	seconds        double precision,
	run_id         bigint
);
COMMENT ON TYPE mlpg.train_result IS 'What mlpg.train answers: the version, and how it did on rows it was not fitted on, beside the best naive model.';
COMMENT ON COLUMN mlpg.train_result.model IS 'Name of the model.';
COMMENT ON COLUMN mlpg.train_result.version IS 'Version that was made.';
COMMENT ON COLUMN mlpg.train_result.metric IS 'Metric it is judged by: order_cost with costs, pinball of a quantile, else rmse; NULL without a hold-out.';
COMMENT ON COLUMN mlpg.train_result.value IS 'Its value on the hold-out.';
COMMENT ON COLUMN mlpg.train_result.baseline IS 'Best naive model of the training rows: mean, median, quantile or last value.';
COMMENT ON COLUMN mlpg.train_result.baseline_value IS 'Metric of that naive model on the hold-out.';
COMMENT ON COLUMN mlpg.train_result.skill IS '1 - value / baseline_value: the share of the naive model''s error that is saved.';
COMMENT ON COLUMN mlpg.train_result.is_champion IS 'Whether references to the plain name now mean this version.';
COMMENT ON COLUMN mlpg.train_result.n_rows IS 'Rows that the serving fit used.';
COMMENT ON COLUMN mlpg.train_result.seconds IS 'Wall time of the call.';
COMMENT ON COLUMN mlpg.train_result.run_id IS 'Row of mlpg.runs.';

CREATE FUNCTION mlpg.train(
	model         text,
	source        text,
	target        text,
	algorithm     text DEFAULT 'boosted_trees',
	task          text DEFAULT NULL,
	features      text[] DEFAULT NULL,
	exclude       text[] DEFAULT '{}',
	underage_cost double precision DEFAULT NULL,
	overage_cost  double precision DEFAULT NULL,
	loss          text DEFAULT NULL,
	quantiles     double precision[] DEFAULT NULL,
	weight_col    text DEFAULT NULL,
	holdout       double precision DEFAULT 0.2,
	holdout_by    text DEFAULT NULL,
	params        jsonb DEFAULT '{}',
	preprocess    jsonb DEFAULT '{}',
	description   text DEFAULT NULL,
	experiment    text DEFAULT NULL,
	tags          jsonb DEFAULT '{}',
	seed          bigint DEFAULT 42,
	key           text DEFAULT NULL
) RETURNS mlpg.train_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_train';
COMMENT ON FUNCTION mlpg.train(text, text, text, text, text, text[], text[], double precision, double precision, text, double precision[], text, double precision, text, jsonb, jsonb, text, text, jsonb, bigint, text) IS
'Trains a version of a model on a relation or query, judges it on rows kept apart (holdout; the last ones by holdout_by) beside naive models, and stores it; the first version serves at once. algorithm defaults to boosted_trees; mlpg.learners() lists the others. With underage_cost and overage_cost the model answers the cheapest order.
Example: SELECT * FROM mlpg.train(''squares'', ''SELECT x, x * x AS y FROM generate_series(1, 100) AS x'', ''y'');';
