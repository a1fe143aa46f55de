-- What runs right now, seen from any session.

CREATE FUNCTION mlpg.progress_slots(
    OUT pid integer,
    OUT phase text,
    OUT done bigint,
    OUT total bigint,
    OUT started_at timestamptz,
    OUT command text,
    OUT object text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 4
AS 'MODULE_PATHNAME', 'mlpg_sql_progress_slots';

COMMENT ON FUNCTION mlpg.progress_slots() IS
'The commands of mlpg that run in this database, as far as the caller may see them: the own ones, those of roles whose privileges the caller has, and all for pg_read_all_stats. View mlpg.progress adds the percentage.
Example: SELECT * FROM mlpg.progress_slots();';

CREATE VIEW mlpg.progress WITH (security_invoker = true) AS
SELECT s.pid,
       s.phase,
       s.done,
       s.total,
       CASE WHEN s.total > 0 THEN pg_catalog.round(LEAST(100.0 * s.done / s.total, 100.0), 1) END AS percent,
       s.started_at,
       s.command,
       s.object
FROM mlpg.progress_slots() AS s;

COMMENT ON VIEW mlpg.progress IS
'One row for each command of mlpg that runs in this database and that the caller may see: how far it is.
Example: SELECT pid, phase, done, total, percent, started_at FROM mlpg.progress;';
COMMENT ON COLUMN mlpg.progress.pid IS 'Process id of the session, as in pg_stat_activity.';
COMMENT ON COLUMN mlpg.progress.phase IS 'What the command does at the moment, such as reading or fitting.';
COMMENT ON COLUMN mlpg.progress.done IS 'Units of this phase that are done.';
COMMENT ON COLUMN mlpg.progress.total IS 'Units of this phase in all; NULL when not known in advance.';
COMMENT ON COLUMN mlpg.progress.percent IS 'Share of this phase that is done, 0 to 100; NULL when the total is not known.';
COMMENT ON COLUMN mlpg.progress.started_at IS 'When the command started.';
COMMENT ON COLUMN mlpg.progress.command IS 'The function or procedure that runs, such as train.';
COMMENT ON COLUMN mlpg.progress.object IS 'The model it works on; NULL when it has no name.';
