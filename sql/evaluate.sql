-- evaluate.sql: judging a version on its hold-out or on a source given in the call.

CREATE TYPE mlpg.evaluate_row AS (segment text, metric text, value double precision, n bigint);
COMMENT ON TYPE mlpg.evaluate_row IS 'Result of mlpg.evaluate.';
COMMENT ON COLUMN mlpg.evaluate_row.segment IS 'Values of the columns of segment_by, as in store=1; all without them.';
COMMENT ON COLUMN mlpg.evaluate_row.metric IS 'Name of the metric; pinball 0.9 is that of a level of a model with several.';
COMMENT ON COLUMN mlpg.evaluate_row.value IS 'Its value, NULL where a denominator is 0.';
COMMENT ON COLUMN mlpg.evaluate_row.n IS 'Rows that it was computed from.';

CREATE FUNCTION mlpg.evaluate(model text, source text DEFAULT NULL, segment_by text[] DEFAULT '{}') RETURNS SETOF mlpg.evaluate_row
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'mlpg_sql_evaluate';
COMMENT ON FUNCTION mlpg.evaluate(text, text, text[]) IS
'Metrics of a version (name, name@alias or name@version; the right read is needed) on the rows held out when it was trained, answered by the fit without them; or on a source given, answered by the model that serves. With segment_by, for each combination of values of these columns of the source.
Example: SELECT * FROM mlpg.evaluate(''beverage'', segment_by => ''{store}'');';

CREATE FUNCTION mlpg.roc_curve(model text, source text DEFAULT NULL) RETURNS SETOF mlpg.roc_point
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_roc_curve';
COMMENT ON FUNCTION mlpg.roc_curve(text, text) IS
'ROC curve of a classifier of two classes (the right read is needed) on the rows held out when it was trained, or on a source given: its corners, from the greatest threshold down. The positive class is the event, else the second one.
Example: SELECT * FROM mlpg.roc_curve(''churn'');';

CREATE FUNCTION mlpg.pr_curve(model text, source text DEFAULT NULL) RETURNS SETOF mlpg.pr_point
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'mlpg_sql_pr_curve';
COMMENT ON FUNCTION mlpg.pr_curve(text, text) IS
'Precision-recall curve of a classifier of two classes (the right read is needed) on the rows held out when it was trained, or on a source given: a point a distinct probability, from the greatest down. The positive class is the event, else the second one.
Example: SELECT * FROM mlpg.pr_curve(''churn'');';

CREATE FUNCTION mlpg.calibration(model text, source text DEFAULT NULL, bins integer DEFAULT 10) RETURNS SETOF mlpg.calibration_bin
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'mlpg_sql_calibration';
COMMENT ON FUNCTION mlpg.calibration(text, text, integer) IS
'Calibration of a classifier of two classes (the right read is needed) on the rows held out when it was trained, or on a source given: mean probability and share of what happened, by bins of the probability of the positive class, else of the second one.
Example: SELECT * FROM mlpg.calibration(''churn'', bins => 20);';

CREATE FUNCTION mlpg.confusion(model text, source text DEFAULT NULL) RETURNS SETOF mlpg.confusion_cell
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'mlpg_sql_confusion';
COMMENT ON FUNCTION mlpg.confusion(text, text) IS
'Confusion matrix of a classifier (the right read is needed) on the rows held out when it was trained, or on a source given: rows by actual and likeliest class; pairs that do not occur are left out.
Example: SELECT * FROM mlpg.confusion(''churn'');';
