-- Complain if this script is given to psql instead of CREATE EXTENSION.
\echo Use "CREATE EXTENSION mlpg" to load this file. \quit

-- Fails if the schema exists: nothing that somebody prepared is adopted.
CREATE SCHEMA mlpg;

COMMENT ON SCHEMA mlpg IS
'Machine learning in SQL: models, predictions and their error over time. Start with: SELECT mlpg.help();';
