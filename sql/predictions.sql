-- predictions.sql: what was predicted, what happened, and who may see it.
--
-- Partitions by month of target_time are made by the writer when a month is
-- first needed (src/pg/catalog/predictions.c); they are ordinary tables, no
-- members of the extension, and nobody has rights on them: reading goes
-- through the parent and its policy.  What has no month of its own lies in
-- the DEFAULT partition.  The keys belong to the partitions, not to the parent:
-- a dump restores a partition's own index, but would make one that it has from
-- an extension's table a second time.  Rules: doc/monitoring.md.

CREATE SEQUENCE mlpg.predictions_prediction_id_seq AS bigint;
COMMENT ON SEQUENCE mlpg.predictions_prediction_id_seq IS 'Numbers the rows of mlpg.predictions.';

CREATE TABLE mlpg.predictions (
	prediction_id     bigint NOT NULL DEFAULT pg_catalog.nextval('mlpg.predictions_prediction_id_seq'),
	model_id          bigint NOT NULL,
	version           integer NOT NULL,
	series            jsonb NOT NULL,
	target_time       timestamptz NOT NULL,
	target_date       date NOT NULL,
	as_of             timestamptz NOT NULL,
	horizon           integer,
	alias             text COLLATE "C",
	yhat              double precision NOT NULL,
	baseline_yhat     double precision,
	lower             double precision,
	upper             double precision,
	interval_coverage double precision,
	quantiles         jsonb,
	order_qty         double precision,
	underage_cost     double precision,
	overage_cost      double precision,
	features          jsonb,
	run_id            bigint,
	status            text COLLATE "C" NOT NULL,
	predicted_at      timestamptz NOT NULL,
	actual            double precision,
	actual_at         timestamptz,
	CONSTRAINT predictions_model_fkey FOREIGN KEY (model_id) REFERENCES mlpg.models ON DELETE CASCADE,
	CONSTRAINT predictions_status_check CHECK (status IN ('draft', 'approved', 'sent', 'shadow', 'backfill'))
) PARTITION BY RANGE (target_time);
COMMENT ON TABLE mlpg.predictions IS 'One row a prediction that was logged: by which version, for which series and time, as of when, and what happened. Never overwritten.';
COMMENT ON COLUMN mlpg.predictions.prediction_id IS 'Key of the row.';
COMMENT ON COLUMN mlpg.predictions.model_id IS 'The model.';
COMMENT ON COLUMN mlpg.predictions.version IS 'Version that predicted.';
COMMENT ON COLUMN mlpg.predictions.series IS 'Key columns of the row that was scored: which shop, which item.';
COMMENT ON COLUMN mlpg.predictions.target_time IS 'Time that the prediction is for; the start, when it is for a period.';
COMMENT ON COLUMN mlpg.predictions.target_date IS 'The same as a day, in the time zone of the model''s recipe (UTC when it names none).';
COMMENT ON COLUMN mlpg.predictions.as_of IS 'When the prediction was or would have been made: what is newer was not used.';
COMMENT ON COLUMN mlpg.predictions.horizon IS 'Periods between as_of and target; NULL when the model knows no period.';
COMMENT ON COLUMN mlpg.predictions.alias IS 'Alias under which the version was asked; NULL when it was asked by number.';
COMMENT ON COLUMN mlpg.predictions.yhat IS 'The prediction.';
COMMENT ON COLUMN mlpg.predictions.baseline_yhat IS 'What a naive forecast said: column baseline_yhat of the source.';
COMMENT ON COLUMN mlpg.predictions.lower IS 'Lower end of the interval; NULL when the model has no two levels.';
COMMENT ON COLUMN mlpg.predictions.upper IS 'Upper end of the interval.';
COMMENT ON COLUMN mlpg.predictions.interval_coverage IS 'Share of actuals that lower to upper should hold.';
COMMENT ON COLUMN mlpg.predictions.quantiles IS 'Predicted quantiles by level, such as {"0.1": 80, "0.9": 140}.';
COMMENT ON COLUMN mlpg.predictions.order_qty IS 'Quantity that the costs ask for; NULL when the model has no costs.';
COMMENT ON COLUMN mlpg.predictions.underage_cost IS 'Cost of a missing unit that the order was made with.';
COMMENT ON COLUMN mlpg.predictions.overage_cost IS 'Cost of a unit left over that the order was made with.';
COMMENT ON COLUMN mlpg.predictions.features IS 'Features of the row, where a writer keeps them; log_predictions does not.';
COMMENT ON COLUMN mlpg.predictions.run_id IS 'Run that published it; NULL for log_predictions.';
COMMENT ON COLUMN mlpg.predictions.status IS 'sent (in use), approved, draft, shadow (not the champion''s) or backfill (as_of is before the last training row).';
COMMENT ON COLUMN mlpg.predictions.predicted_at IS 'When the row was written, wall clock.';
COMMENT ON COLUMN mlpg.predictions.actual IS 'What happened, as far as is known; kept true by log_actuals.';
COMMENT ON COLUMN mlpg.predictions.actual_at IS 'When that figure was reported.';

CREATE TABLE mlpg.predictions_default PARTITION OF mlpg.predictions (
	CONSTRAINT predictions_default_pkey PRIMARY KEY (prediction_id, target_time),
	CONSTRAINT predictions_default_key UNIQUE (model_id, series, target_time, as_of, version)
) DEFAULT;
COMMENT ON TABLE mlpg.predictions_default IS 'Predictions of months without a partition of their own.';

-- Kept apart from predictions, so that an actual that comes before its prediction counts too.
CREATE TABLE mlpg.actuals (
	model_id    bigint NOT NULL,
	series      jsonb NOT NULL,
	target_time timestamptz NOT NULL,
	actual      double precision NOT NULL,
	actual_at   timestamptz NOT NULL,
	logged_at   timestamptz NOT NULL,
	CONSTRAINT actuals_pkey PRIMARY KEY (model_id, series, target_time),
	CONSTRAINT actuals_model_fkey FOREIGN KEY (model_id) REFERENCES mlpg.models ON DELETE CASCADE
);
COMMENT ON TABLE mlpg.actuals IS 'The last word on what happened, for each series and time that log_actuals was told of.';
COMMENT ON COLUMN mlpg.actuals.model_id IS 'The model.';
COMMENT ON COLUMN mlpg.actuals.series IS 'Key columns, as in mlpg.predictions.';
COMMENT ON COLUMN mlpg.actuals.target_time IS 'Time of the figure, as in mlpg.predictions.';
COMMENT ON COLUMN mlpg.actuals.actual IS 'The figure.';
COMMENT ON COLUMN mlpg.actuals.actual_at IS 'When it was reported: column actual_at of the source, else the time of the call. The latest report wins.';
COMMENT ON COLUMN mlpg.actuals.logged_at IS 'Time of the call that wrote it.';

CREATE TABLE mlpg.series_columns (
	model_id    bigint NOT NULL,
	position    integer NOT NULL,
	column_name text COLLATE "C" NOT NULL,
	data_type   text NOT NULL,
	CONSTRAINT series_columns_pkey PRIMARY KEY (model_id, position),
	CONSTRAINT series_columns_name_key UNIQUE (model_id, column_name),
	CONSTRAINT series_columns_model_fkey FOREIGN KEY (model_id) REFERENCES mlpg.models ON DELETE CASCADE
);
COMMENT ON TABLE mlpg.series_columns IS 'Key columns of a model''s predictions, with the types that create_view gives them back.';
COMMENT ON COLUMN mlpg.series_columns.model_id IS 'The model.';
COMMENT ON COLUMN mlpg.series_columns.position IS 'Order of the column in key_cols, from 1.';
COMMENT ON COLUMN mlpg.series_columns.column_name IS 'Its name, a key of predictions.series.';
COMMENT ON COLUMN mlpg.series_columns.data_type IS 'Its type when predictions were logged first.';

SELECT pg_catalog.pg_extension_config_dump('mlpg.predictions_prediction_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlpg.predictions', '');
SELECT pg_catalog.pg_extension_config_dump('mlpg.predictions_default', '');
SELECT pg_catalog.pg_extension_config_dump('mlpg.actuals', '');
SELECT pg_catalog.pg_extension_config_dump('mlpg.series_columns', '');

-- Row-level security on a partition without a policy: even a default privilege that an
-- administrator set for new tables opens nothing.
ALTER TABLE mlpg.predictions ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlpg.predictions_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlpg.actuals ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlpg.series_columns ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON mlpg.predictions FOR SELECT USING (model_id IN (SELECT mlpg.visible_models('read')));
CREATE POLICY readers ON mlpg.actuals FOR SELECT USING (model_id IN (SELECT mlpg.visible_models('read')));
CREATE POLICY readers ON mlpg.series_columns FOR SELECT USING (model_id IN (SELECT mlpg.visible_models('read')));
COMMENT ON POLICY readers ON mlpg.predictions IS 'Rows of models that the reader has read on.';
COMMENT ON POLICY readers ON mlpg.actuals IS 'Rows of models that the reader has read on.';
COMMENT ON POLICY readers ON mlpg.series_columns IS 'Rows of models that the reader has read on.';

CREATE FUNCTION mlpg.log_predictions(model text, source text, key_cols text[], time_col text, as_of timestamptz DEFAULT NULL) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_log_predictions';
COMMENT ON FUNCTION mlpg.log_predictions(text, text, text[], text, timestamptz) IS 'Scores a source with a model and keeps the predictions, to be met by actuals later. The owner''s. Returns the number of new rows: a second call with the same as_of changes nothing, and one that would predict something else is an error. A column baseline_yhat of the source is kept as the naive forecast. Example: SELECT mlpg.log_predictions(''beverage'', ''next_week'', ''{store,item}'', ''week'');';

CREATE TYPE mlpg.log_actuals_row AS (n_rows bigint, n_matched bigint, n_revised bigint);
COMMENT ON TYPE mlpg.log_actuals_row IS 'Result of mlpg.log_actuals: figures read, figures that met a prediction, figures that replaced another value.';

CREATE FUNCTION mlpg.log_actuals(model text, source text DEFAULT NULL, time_col text DEFAULT NULL, target text DEFAULT NULL, series_cols text[] DEFAULT NULL) RETURNS SETOF mlpg.log_actuals_row
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'mlpg_sql_log_actuals';
COMMENT ON FUNCTION mlpg.log_actuals(text, text, text, text, text[]) IS 'Tells a model what happened; what is NULL comes from the recipe and from the logged predictions. The owner''s. Late, repeated and corrected figures give the same answer in any order: the report with the latest actual_at (a column of the source, else the time of the call) wins. Example: SELECT * FROM mlpg.log_actuals(''beverage'');';

CREATE FUNCTION mlpg.create_view(view_name text, model text, kind text DEFAULT 'results', source text DEFAULT NULL) RETURNS regclass
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlpg_sql_create_view';
COMMENT ON FUNCTION mlpg.create_view(text, text, text, text) IS 'Makes a view of one''s own over the predictions of a model, for BI tools, with the key columns in their own types. Kind: results (a row for each series and target day: prediction, order, actual, error, cost). Example: SELECT mlpg.create_view(''beverage_results'', ''beverage'', ''results'');';
