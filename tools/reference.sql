-- reference.sql: writes doc/reference.md from the comments of the installed
-- extension.  psql -XAtq -f tools/reference.sql > doc/reference.md; a test
-- compares the two.

\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
SELECT mlpg.newsvendor('{0.5}', '{1}', 1, 1) \g /dev/null

\qecho '# mlpg: SQL reference'
\qecho
\qecho 'Made from the comments in the catalog by `tools/reference.sql`; in psql, `\\df+ mlpg.train` and `\\d+ mlpg.model_overview` show the same.'
\qecho
\qecho '## Functions, procedures and aggregates'
\qecho

WITH routine AS (
	SELECT p.proname, p.oid, p.prokind, pg_catalog.obj_description(p.oid, 'pg_proc') AS comment,
	       pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
	       pg_catalog.pg_get_function_result(p.oid) AS result
	  FROM pg_catalog.pg_proc AS p
	 WHERE p.pronamespace = 'mlpg'::regnamespace
)
SELECT '### `' || CASE prokind WHEN 'p' THEN 'CALL ' ELSE '' END || 'mlpg.' || proname || '(' || pg_catalog.regexp_replace(replace(arguments, 'double precision', 'float8'), '::[a-z0-9 ]+(\[\])?', '', 'g') || ')'
	|| coalesce(' → ' || replace(result, 'double precision', 'float8'), '') || '`' || CASE prokind WHEN 'a' THEN ' (aggregate)' ELSE '' END
	|| E'\n\n' || rtrim(split_part(comment, 'Example:', 1), E'\n ')
	|| E'\n\n```sql\n' || btrim(split_part(comment, 'Example:', 2), E'\n ') || E'\n```\n'
  FROM routine
 WHERE comment LIKE '%Example:%' AND proname !~ '^(step_.*|.*_columns|write_deployment|usage_routines|gain_phrase|metric_gain|format_number|rollback_stack|lock_model|gate_.*|visible_models)$'
 ORDER BY proname COLLATE "C", arguments COLLATE "C";

\qecho '## Views and tables'
\qecho
\qecho 'Rows appear under row-level security: for those who may read (or for some columns, score with) the model.'
\qecho

SELECT '### `mlpg.' || c.relname || E'`\n\n' || coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '')
	|| E'\n\n| column | type | meaning |\n| --- | --- | --- |\n'
	|| (SELECT string_agg('| `' || a.attname || '` | ' || pg_catalog.format_type(a.atttypid, a.atttypmod) || ' | '
	           || coalesce(replace(pg_catalog.col_description(c.oid, a.attnum), '|', '\|'), '') || ' |', E'\n' ORDER BY a.attnum)
	      FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) || E'\n'
  FROM pg_catalog.pg_class AS c
 WHERE c.relnamespace = 'mlpg'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
   AND c.relname <> 'model_blobs'
 ORDER BY c.relkind = 'v' DESC, c.relname COLLATE "C";

\qecho '## Types'
\qecho

SELECT '* `mlpg.' || t.typname || '`: ' || pg_catalog.obj_description(t.oid, 'pg_type')
  FROM pg_catalog.pg_type AS t LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
 WHERE t.typnamespace = 'mlpg'::regnamespace AND t.typtype IN ('b', 'c') AND (t.typtype = 'b' OR c.relkind = 'c')
   AND t.typcategory <> 'A' AND pg_catalog.obj_description(t.oid, 'pg_type') IS NOT NULL
 ORDER BY t.typname COLLATE "C";

\qecho
\qecho '## Settings'
\qecho
\qecho '| setting | default | who may set it | meaning |'
\qecho '| --- | --- | --- | --- |'

SELECT '| `' || name || '` | ' || boot_val || coalesce(' ' || unit, '') || ' | '
	|| CASE context WHEN 'user' THEN 'everybody' ELSE 'superusers, and roles with `GRANT SET ON PARAMETER`' END || ' | '
	|| short_desc || coalesce(' ' || extra_desc, '') || ' |'
  FROM pg_catalog.pg_settings
 WHERE name LIKE 'mlpg.%'
 ORDER BY name COLLATE "C";

\qecho
\qecho '## Learners'
\qecho

SELECT '### `' || l.name || E'`\n\n' || l.summary || '.' || coalesce(' ' || nullif(l.reference, '') || '.', '') || E'\n\n'
	|| E'| parameter | type | default | minimum | maximum | meaning |\n| --- | --- | --- | --- | --- | --- |\n'
	|| coalesce((SELECT string_agg('| `' || p.name || '` | ' || replace(p.type, '|', '\|') || ' | ' || coalesce(p.default_value, '') || ' | '
	             || coalesce(p.min::text, '') || ' | ' || coalesce(p.max::text, '') || ' | ' || p.help || ' |', E'\n')
	        FROM mlpg.learner_params(l.name) AS p), '') || E'\n'
  FROM mlpg.learners() AS l;
