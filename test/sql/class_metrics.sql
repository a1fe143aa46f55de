-- Aggregates that judge classifiers: values, order, workers, states that travel.
-- Reference numbers: scikit-learn 1.2.1 (test/golden/class_metrics.py).
\pset format unaligned
\pset tuples_only on
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises
CREATE TABLE judged AS
SELECT i, i * 7919 % 11 < 4 AS y, (i * 31 % 41) / 40.0::float8 AS p, (i % 5 * (i % 3) % 4)::text AS a, (i % 7 % 4)::text AS q
  FROM generate_series(1, 200) AS i;
CREATE FUNCTION pg_temp.close_to(value float8, reference float8) RETURNS boolean LANGUAGE sql RETURN abs(value - reference) <= 1e-12 * abs(reference);
SELECT pg_temp.close_to(mlpg.auc(y, p), 0.50222439236111116), pg_temp.close_to(mlpg.average_precision(y, p), 0.36561614064539749),
	pg_temp.close_to(mlpg.precision_at(y, p, 0.3), 0.35915492957746481), pg_temp.close_to(mlpg.recall_at(y, p, 0.3), 0.70833333333333337),
	pg_temp.close_to(mlpg.f1_at(y, p, 0.3), 0.47663551401869159) FROM judged;
SELECT pg_temp.close_to(mlpg.mcc(a, q), -0.0014784835665821387), pg_temp.close_to(mlpg.precision_macro(a, q), 0.24969751966122203),
	pg_temp.close_to(mlpg.recall_macro(a, q), 0.25129845279099011), pg_temp.close_to(mlpg.f1_macro(a, q), 0.20874664435127341),
	mlpg.precision_micro(a, q), mlpg.recall_micro(a, q), mlpg.f1_micro(a, q), mlpg.accuracy(a, q) FROM judged;
SELECT bin, lower, upper, pg_temp.close_to(predicted, ('{0.125,0.38520408163265307,0.63520408163265307,0.88520408163265307}'::float8[])[bin]),
	pg_temp.close_to(actual, ('{0.35849056603773582,0.36734693877551022,0.34693877551020408,0.36734693877551022}'::float8[])[bin]), n
  FROM unnest((SELECT mlpg.calibration_bins(y, p, 4) FROM judged));
SELECT actual, string_agg(n::text, ' ' ORDER BY predicted), sum(share) FROM unnest((SELECT mlpg.confusion_cells(a, q) FROM judged)) GROUP BY actual ORDER BY actual;
-- the area under the points is the area
SELECT pg_temp.close_to(sum((fpr - (before).fpr) * (tpr + (before).tpr) / 2), 0.50222439236111116), count(*), min(threshold), max(threshold)
  FROM (SELECT c.*, lag(c) OVER () AS before FROM unnest((SELECT mlpg.roc_points(y, p) FROM judged)) AS c) AS s;
SELECT pg_temp.close_to(sum((recall - coalesce((before).recall, 0)) * "precision"), 0.36561614064539749), count(*), min(threshold), max(threshold), max(recall)
  FROM (SELECT c.*, lag(c) OVER () AS before FROM unnest((SELECT mlpg.pr_points(y, p) FROM judged)) AS c) AS s;

-- --- what has no value; scores on any scale; NULL; filters and windows
SELECT mlpg.auc(y, p) IS NULL, mlpg.average_precision(y, p) IS NULL, mlpg.roc_points(y, p) IS NULL, mlpg.pr_points(y, p) IS NULL, mlpg.mcc(a, q) IS NULL,
	mlpg.f1_macro(a, q) IS NULL, mlpg.f1_micro(a, q) IS NULL, mlpg.confusion_cells(a, q) IS NULL, mlpg.calibration_bins(y, p) IS NULL,
	mlpg.precision_at(y, p, 0.5) IS NULL FROM judged WHERE false;
SELECT mlpg.auc(NULL, p) IS NULL, mlpg.auc(y, NULL) IS NULL, mlpg.mcc(a, NULL) IS NULL, mlpg.calibration_bins(y, p, NULL) IS NULL FROM judged;
SELECT y, mlpg.auc(y, p), mlpg.average_precision(y, p), mlpg.mcc(y::text, q), mlpg.recall_at(y, p, 0.5) IS NULL, mlpg.precision_at(y, p, 1.5) FROM judged GROUP BY y ORDER BY y;
SELECT (c).* FROM (SELECT unnest(mlpg.roc_points(true, p)) AS c FROM judged WHERE p > 0.9) AS s;
SELECT mlpg.mcc(a, '1'), mlpg.precision_macro(a, '1') > 0 FROM judged;
SELECT mlpg.auc(y, p) = mlpg.auc(y, 5 - ln(1 / (p + 1))), mlpg.auc(y, p) = 1 - mlpg.auc(y, -p), mlpg.auc(y, p) = 1 - mlpg.auc(NOT y, p),
	mlpg.auc(y, p) = mlpg.auc(y, p) FILTER (WHERE i > 0), mlpg.auc(y, CASE WHEN i <> 7 THEN p END) = mlpg.auc(y, p) FILTER (WHERE i <> 7) FROM judged;
SELECT mlpg.auc(y, p) FROM (VALUES (true, 1.7e308), (false, -1.7e308), (true, 5e-324), (false, 0), (true, -0.0)) AS t(y, p);
SELECT count(*) FILTER (WHERE running IS NOT DISTINCT FROM again), count(*) FROM (SELECT i, mlpg.auc(y, p) OVER (ORDER BY i) AS running FROM judged) AS w
  JOIN LATERAL (SELECT mlpg.auc(y, p) AS again FROM judged AS j WHERE j.i <= w.i) AS l ON true;
-- a class by its bytes
SELECT * FROM unnest((SELECT mlpg.confusion_cells(x, x) FROM unnest('{b,B,"",é,"a a"}'::text[]) AS x));

-- --- what is refused
SELECT raises(statement) FROM unnest(ARRAY[
	$$SELECT mlpg.auc(y, 'NaN') FROM judged$$, $$SELECT mlpg.average_precision(y, '-Infinity') FROM judged$$,
	$$SELECT mlpg.calibration_bins(y, p + 1) FROM judged WHERE i = 40$$, $$SELECT mlpg.calibration_bins(y, 'NaN', 3) FROM judged$$,
	$$SELECT mlpg.calibration_bins(y, p, 0) FROM judged$$, $$SELECT mlpg.calibration_bins(y, p, 1001) FROM judged$$,
	$$SELECT mlpg.calibration_bins(y, p, i) FROM judged$$, $$SELECT mlpg.precision_at(y, p, 'NaN') FROM judged$$,
	$$SELECT mlpg.f1_at(y, p, p) FROM judged$$, $$SELECT mlpg.recall_at(y, 'Infinity', 0) FROM judged$$]) AS statement;
-- memory is bounded, and says so
SET mlpg.max_memory = '1MB';
SELECT raises($$SELECT mlpg.auc(g % 3 = 0, g) FROM generate_series(1, 200000) AS g$$);
SELECT mlpg.auc(g % 3 = 0, g % 1000) IS NOT NULL FROM generate_series(1, 200000) AS g;
RESET mlpg.max_memory;

-- --- in parallel, in pieces, in any order: the same bytes
CREATE TABLE many AS
SELECT g, g % 7 AS grp, g * 2654435761 % 1000003 < 200000 + 400000 * (g * 7919 % 10007) / 10007 AS y, (g * 7919 % 10007) / 10007.0::float8 + g % 3 * 1e-9 AS p,
	'class ' || g % 23 AS a, 'class ' || CASE WHEN g % 4 > 0 THEN g % 23 ELSE g * 31 % 29 END AS q
  FROM (SELECT generate_series(1, 100000)::bigint AS g) AS n;
ANALYZE many;
CREATE FUNCTION pg_temp.all_of(rows text) RETURNS text LANGUAGE sql RETURN
$$SELECT md5(mlpg.auc(y, p)::text || mlpg.average_precision(y, p) || mlpg.roc_points(y, p)::text || mlpg.pr_points(y, p)::text || mlpg.mcc(a, q) ||
	mlpg.precision_macro(a, q) || mlpg.recall_macro(a, q) || mlpg.f1_macro(a, q) || mlpg.f1_micro(a, q) || mlpg.confusion_cells(a, q)::text ||
	mlpg.calibration_bins(y, p / 2)::text || mlpg.calibration_bins(y, p / 2, 33)::text || mlpg.precision_at(y, p, 0.5) || mlpg.f1_at(y, p, 0.25)) FROM $$ || rows;
CREATE FUNCTION pg_temp.run(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE statement INTO result;
	RETURN result;
END $$;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE answers AS SELECT 'serial' AS how, pg_temp.run(pg_temp.all_of('many')) AS value;
INSERT INTO answers SELECT 'another order', pg_temp.run(pg_temp.all_of('(SELECT * FROM many ORDER BY md5(g::text)) AS s'));
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT mlpg.auc(y, p), mlpg.mcc(a, q), mlpg.calibration_bins(y, p) FROM many;
INSERT INTO answers SELECT 'parallel', pg_temp.run(pg_temp.all_of('many'));
SET parallel_leader_participation = off;
INSERT INTO answers SELECT 'workers only', pg_temp.run(pg_temp.all_of('many'));
RESET parallel_leader_participation;
SELECT how, value = (SELECT value FROM answers WHERE how = 'serial') FROM answers ORDER BY how;
SELECT grp, mlpg.auc(y, p) = (SELECT mlpg.auc(y, p) FROM (SELECT * FROM many AS m WHERE m.grp = many.grp LIMIT 1000000) AS s) FROM many GROUP BY grp ORDER BY grp;
SET max_parallel_workers_per_gather = 0;
SELECT count(*), count(auc) FROM (SELECT mlpg.auc(y, p) FROM many GROUP BY g / 2) AS s;
-- partitions, whose states meet without being sent
CREATE TABLE parted (LIKE many) PARTITION BY HASH (g);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT * FROM many;
ANALYZE parted;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF) SELECT grp, mlpg.auc(y, p) FROM parted GROUP BY grp;
SELECT count(*), bool_and(o.auc = (SELECT mlpg.auc(y, p) FROM many WHERE many.grp = o.grp)), bool_and(o.mcc = (SELECT mlpg.mcc(a, q) FROM many WHERE many.grp = o.grp)),
	bool_and(o.bins = (SELECT mlpg.calibration_bins(y, p / 2) FROM many WHERE many.grp = o.grp))
  FROM (SELECT grp, mlpg.auc(y, p), mlpg.mcc(a, q), mlpg.calibration_bins(y, p / 2) AS bins FROM parted GROUP BY grp) AS o;
RESET enable_partitionwise_aggregate;

-- --- as a distributed engine calls them: partial states on one side, as texts to the other
CREATE AGGREGATE part_scores(boolean, float8) (SFUNC = mlpg.score_accum, STYPE = bytea);
CREATE AGGREGATE part_cells(text, text) (SFUNC = mlpg.cell_accum, STYPE = bytea);
CREATE AGGREGATE part_bins(boolean, float8, integer) (SFUNC = mlpg.bin_accum, STYPE = bytea);
CREATE AGGREGATE whole_auc(bytea) (SFUNC = mlpg.score_combine, STYPE = bytea, FINALFUNC = mlpg.auc_final);
CREATE AGGREGATE whole_roc(bytea) (SFUNC = mlpg.score_combine, STYPE = bytea, FINALFUNC = mlpg.roc_points_final);
CREATE AGGREGATE whole_mcc(bytea) (SFUNC = mlpg.cell_combine, STYPE = bytea, FINALFUNC = mlpg.mcc_final);
CREATE AGGREGATE whole_bins(bytea) (SFUNC = mlpg.bin_combine, STYPE = bytea, FINALFUNC = mlpg.calibration_bins_final);
CREATE TEMP TABLE shipped AS
SELECT part_scores(y, p)::text AS scores, part_cells(a, q)::text AS cells, part_bins(y, p / 2, 33)::text AS bins FROM many GROUP BY grp
UNION ALL SELECT NULL, NULL, NULL;
SELECT whole_auc(scores::bytea) = (SELECT mlpg.auc(y, p) FROM many), whole_roc(scores::bytea) = (SELECT mlpg.roc_points(y, p) FROM many),
	whole_mcc(cells::bytea) = (SELECT mlpg.mcc(a, q) FROM many), whole_bins(bins::bytea) = (SELECT mlpg.calibration_bins(y, p / 2, 33) FROM many) FROM shipped;
-- Citus pushes down what has a combine function and a state that is no pseudo-type
SELECT count(*), bool_and(a.aggcombinefn <> 0 AND t.typtype <> 'p' AND p.proparallel = 's' AND a.aggserialfn = 0)
  FROM pg_aggregate AS a JOIN pg_proc AS p ON p.oid = a.aggfnoid JOIN pg_type AS t ON t.oid = a.aggtranstype
 WHERE p.pronamespace = 'mlpg'::regnamespace AND a.aggtransfn::regproc::text ~ '^mlpg\.(score|cell|bin)_accum';
-- states that are none: refused
SELECT raises(format('SELECT whole_auc(%L::bytea)', state)) FROM unnest(ARRAY['', '\x00', '\x314a4c4d01000000', '\x314a4c4d02000000000000000000000000',
	'\x314a4c4d010000000000000000000000000000000000000000000001']) AS state;
SELECT raises('SELECT whole_auc(cells::bytea) FROM shipped'), raises('SELECT whole_mcc(bins::bytea) FROM shipped');
SELECT count(DISTINCT raises(format('SELECT whole_mcc(%L::bytea)', overlay(cells::bytea PLACING '\xff' FROM at)))) > 1
  FROM (SELECT part_cells(a, q)::text AS cells FROM judged) AS s, generate_series(1, 150) AS at;
SELECT raises('SELECT mlpg.score_accum(NULL, true, 1)');

-- --- the examples of the comments run
SELECT p.proname, raises(substring(obj_description(p.oid, 'pg_proc') FROM 'Example: (SELECT .*);$'))
  FROM pg_proc AS p JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
 WHERE p.pronamespace = 'mlpg'::regnamespace AND a.aggtransfn::regproc::text ~ '^mlpg\.(score|cell|bin)_accum' ORDER BY p.proname COLLATE "C", p.pronargs;
