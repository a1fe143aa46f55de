-- class_metrics.sql: aggregates that judge classifiers by ranks, confusion and calibration.
--
-- Three states, each with one transition and one combine function; what differs
-- is the final function, so aggregates of one query over the same arguments share the
-- state. It is a bytea for PostgreSQL and for Citus, an expanded object while it grows
-- (src/pg/api/class_metrics.c). Arguments are concrete: boolean and float8, or text.

CREATE TYPE mlpg.roc_point AS (threshold float8, fpr float8, tpr float8);
COMMENT ON TYPE mlpg.roc_point IS 'A point of a ROC curve: of the rows with a score of at least the threshold, what share of the negative and of the positive rows they are.';
COMMENT ON COLUMN mlpg.roc_point.threshold IS 'Rows with at least this score are called positive; Infinity: none.';
COMMENT ON COLUMN mlpg.roc_point.fpr IS 'False positive rate: negative rows called positive over all negative rows; NULL when there are none.';
COMMENT ON COLUMN mlpg.roc_point.tpr IS 'True positive rate (recall): positive rows called so over all positive rows; NULL when there are none.';
CREATE TYPE mlpg.pr_point AS (threshold float8, "precision" float8, recall float8);
COMMENT ON TYPE mlpg.pr_point IS 'A point of a precision-recall curve.';
COMMENT ON COLUMN mlpg.pr_point.threshold IS 'Rows with at least this score are called positive.';
COMMENT ON COLUMN mlpg.pr_point."precision" IS 'Share of the rows called positive that are.';
COMMENT ON COLUMN mlpg.pr_point.recall IS 'Share of the positive rows that are called so; NULL when there are none.';
CREATE TYPE mlpg.calibration_bin AS (bin integer, lower float8, upper float8, predicted float8, actual float8, n bigint);
COMMENT ON TYPE mlpg.calibration_bin IS 'Rows whose probability is in a bin: what was predicted on average, and what share of them happened.';
COMMENT ON COLUMN mlpg.calibration_bin.bin IS 'Number of the bin, from 1; bins without rows are left out.';
COMMENT ON COLUMN mlpg.calibration_bin.lower IS 'Lower edge, which belongs to the bin below (0 to the first one).';
COMMENT ON COLUMN mlpg.calibration_bin.upper IS 'Upper edge, which belongs to the bin.';
COMMENT ON COLUMN mlpg.calibration_bin.predicted IS 'Mean of the probabilities.';
COMMENT ON COLUMN mlpg.calibration_bin.actual IS 'Share of the rows that happened.';
COMMENT ON COLUMN mlpg.calibration_bin.n IS 'Rows.';
CREATE TYPE mlpg.confusion_cell AS (actual text, predicted text, n bigint, share float8);
COMMENT ON TYPE mlpg.confusion_cell IS 'A cell of a confusion matrix.';
COMMENT ON COLUMN mlpg.confusion_cell.actual IS 'Class that the rows are of.';
COMMENT ON COLUMN mlpg.confusion_cell.predicted IS 'Class that was predicted.';
COMMENT ON COLUMN mlpg.confusion_cell.n IS 'Rows; pairs that do not occur are left out.';
COMMENT ON COLUMN mlpg.confusion_cell.share IS 'Share of the rows of the actual class.';

CREATE FUNCTION mlpg.score_accum(state bytea, actual boolean, p float8) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_score_accum';
COMMENT ON FUNCTION mlpg.score_accum(bytea, boolean, float8) IS 'Transition function of the aggregates of ranks; not for use by hand.';

CREATE FUNCTION mlpg.score_combine(state bytea, other bytea) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_score_combine';
COMMENT ON FUNCTION mlpg.score_combine(bytea, bytea) IS 'Combine function of the aggregates of ranks; not for use by hand.';

CREATE FUNCTION mlpg.cell_accum(state bytea, actual text, predicted text) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_cell_accum';
COMMENT ON FUNCTION mlpg.cell_accum(bytea, text, text) IS 'Transition function of the aggregates of confusion matrices; not for use by hand.';

CREATE FUNCTION mlpg.cell_combine(state bytea, other bytea) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_cell_combine';
COMMENT ON FUNCTION mlpg.cell_combine(bytea, bytea) IS 'Combine function of the aggregates of confusion matrices; not for use by hand.';

CREATE FUNCTION mlpg.bin_accum(state bytea, actual boolean, p float8) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_bin_accum';
COMMENT ON FUNCTION mlpg.bin_accum(bytea, boolean, float8) IS 'Transition function of mlpg.calibration_bins with ten bins; not for use by hand.';

CREATE FUNCTION mlpg.bin_accum(state bytea, actual boolean, p float8, bins integer) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_bin_accum';
COMMENT ON FUNCTION mlpg.bin_accum(bytea, boolean, float8, integer) IS 'Transition function of mlpg.calibration_bins; not for use by hand.';

CREATE FUNCTION mlpg.bin_combine(state bytea, other bytea) RETURNS bytea
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_bin_combine';
COMMENT ON FUNCTION mlpg.bin_combine(bytea, bytea) IS 'Combine function of mlpg.calibration_bins; not for use by hand.';

CREATE FUNCTION mlpg.auc_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_auc';
COMMENT ON FUNCTION mlpg.auc_final(bytea) IS 'Final function of mlpg.auc; not for use by hand.';

CREATE FUNCTION mlpg.average_precision_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_average_precision';
COMMENT ON FUNCTION mlpg.average_precision_final(bytea) IS 'Final function of mlpg.average_precision; not for use by hand.';

CREATE FUNCTION mlpg.roc_points_final(state bytea) RETURNS mlpg.roc_point[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_roc_points';
COMMENT ON FUNCTION mlpg.roc_points_final(bytea) IS 'Final function of mlpg.roc_points; not for use by hand.';

CREATE FUNCTION mlpg.pr_points_final(state bytea) RETURNS mlpg.pr_point[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_pr_points';
COMMENT ON FUNCTION mlpg.pr_points_final(bytea) IS 'Final function of mlpg.pr_points; not for use by hand.';

CREATE FUNCTION mlpg.mcc_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_mcc';
COMMENT ON FUNCTION mlpg.mcc_final(bytea) IS 'Final function of mlpg.mcc; not for use by hand.';

CREATE FUNCTION mlpg.precision_macro_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_precision_macro';
COMMENT ON FUNCTION mlpg.precision_macro_final(bytea) IS 'Final function of mlpg.precision_macro; not for use by hand.';

CREATE FUNCTION mlpg.recall_macro_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_recall_macro';
COMMENT ON FUNCTION mlpg.recall_macro_final(bytea) IS 'Final function of mlpg.recall_macro; not for use by hand.';

CREATE FUNCTION mlpg.f1_macro_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_f1_macro';
COMMENT ON FUNCTION mlpg.f1_macro_final(bytea) IS 'Final function of mlpg.f1_macro; not for use by hand.';

CREATE FUNCTION mlpg.share_right_final(state bytea) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_share_right';
COMMENT ON FUNCTION mlpg.share_right_final(bytea) IS 'Final function of the micro averages; not for use by hand.';

CREATE FUNCTION mlpg.confusion_cells_final(state bytea) RETURNS mlpg.confusion_cell[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_confusion_cells';
COMMENT ON FUNCTION mlpg.confusion_cells_final(bytea) IS 'Final function of mlpg.confusion_cells; not for use by hand.';

CREATE FUNCTION mlpg.calibration_bins_final(state bytea) RETURNS mlpg.calibration_bin[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlpg_sql_calibration_bins';
COMMENT ON FUNCTION mlpg.calibration_bins_final(bytea) IS 'Final function of mlpg.calibration_bins; not for use by hand.';

CREATE AGGREGATE mlpg.auc(actual boolean, p float8) (
	SFUNC = mlpg.score_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.score_combine, FINALFUNC = mlpg.auc_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.auc(boolean, float8) IS
'Area under the ROC curve: share of the pairs of a positive and a negative row in which the positive one has the higher p, ties counting one half; exact. p may be any score. NULL without rows of both classes.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.auc(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.average_precision(actual boolean, p float8) (
	SFUNC = mlpg.score_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.score_combine, FINALFUNC = mlpg.average_precision_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.average_precision(boolean, float8) IS
'Average precision, the step-wise area under the precision-recall curve: sum over thresholds of the gain in recall times the precision. p may be any score. NULL without positive rows.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.average_precision(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.roc_points(actual boolean, p float8) (
	SFUNC = mlpg.score_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.score_combine, FINALFUNC = mlpg.roc_points_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.roc_points(boolean, float8) IS
'The ROC curve, for unnest: its corners from the greatest threshold down, the first one at Infinity. p may be any score.
Rows with a NULL are left out; NULL without rows.
Example: SELECT c.* FROM unnest((SELECT mlpg.roc_points(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p))) AS c;';

CREATE AGGREGATE mlpg.pr_points(actual boolean, p float8) (
	SFUNC = mlpg.score_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.score_combine, FINALFUNC = mlpg.pr_points_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.pr_points(boolean, float8) IS
'The precision-recall curve, for unnest: a point a distinct p, from the greatest down. p may be any score.
Rows with a NULL are left out; NULL without rows.
Example: SELECT c.* FROM unnest((SELECT mlpg.pr_points(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p))) AS c;';

CREATE AGGREGATE mlpg.mcc(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.mcc_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.mcc(text, text) IS
'Matthews correlation coefficient of actual and predicted class, for any number of classes (Gorodkin 2004): -1 to 1, 0 for an answer that knows nothing. NULL when all rows are of one class, or all answers are.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.mcc(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.precision_macro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.precision_macro_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.precision_macro(text, text) IS
'Mean precision of the classes that occur, each weighing the same; 0 for a class that is never predicted.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.precision_macro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.recall_macro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.recall_macro_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.recall_macro(text, text) IS
'Mean recall of the classes that occur, each weighing the same; 0 for a class that is predicted only.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.recall_macro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.f1_macro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.f1_macro_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.f1_macro(text, text) IS
'Mean F1 of the classes that occur, each weighing the same.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.f1_macro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.precision_micro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.share_right_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.precision_micro(text, text) IS
'Precision over all classes together. Where every row has one class and one answer it is the accuracy.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.precision_micro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.recall_micro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.share_right_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.recall_micro(text, text) IS
'Recall over all classes together. Where every row has one class and one answer it is the accuracy.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.recall_micro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.f1_micro(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.share_right_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.f1_micro(text, text) IS
'F1 over all classes together. Where every row has one class and one answer it is the accuracy.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.f1_micro(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.confusion_cells(actual text, predicted text) (
	SFUNC = mlpg.cell_accum, STYPE = bytea, SSPACE = 2048,
	COMBINEFUNC = mlpg.cell_combine, FINALFUNC = mlpg.confusion_cells_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.confusion_cells(text, text) IS
'The confusion matrix, for unnest: a cell a pair of classes that occurs, in byte order of actual, then predicted.
Rows with a NULL are left out; NULL without rows.
Example: SELECT c.* FROM unnest((SELECT mlpg.confusion_cells(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog''), (''cow'', ''cow'')) AS t(actual, predicted))) AS c;';

CREATE AGGREGATE mlpg.calibration_bins(actual boolean, p float8) (
	SFUNC = mlpg.bin_accum, STYPE = bytea, SSPACE = 16384,
	COMBINEFUNC = mlpg.bin_combine, FINALFUNC = mlpg.calibration_bins_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.calibration_bins(boolean, float8) IS
'Calibration of probabilities in ten bins of the same width, for unnest: an honest p of 0.3 happens in 30 % of the rows.
Rows with a NULL are left out; NULL without rows.
Example: SELECT c.* FROM unnest((SELECT mlpg.calibration_bins(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p))) AS c;';

CREATE AGGREGATE mlpg.calibration_bins(actual boolean, p float8, bins integer) (
	SFUNC = mlpg.bin_accum, STYPE = bytea, SSPACE = 16384,
	COMBINEFUNC = mlpg.bin_combine, FINALFUNC = mlpg.calibration_bins_final, FINALFUNC_MODIFY = READ_ONLY,
	PARALLEL = SAFE);
COMMENT ON AGGREGATE mlpg.calibration_bins(boolean, float8, integer) IS
'Calibration of probabilities in so many bins (1 to 1000) of the same width, for unnest: an honest p of 0.3 happens in 30 % of the rows.
Rows with a NULL are left out; NULL without rows.
Example: SELECT c.* FROM unnest((SELECT mlpg.calibration_bins(actual, p, 5) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p))) AS c;';
