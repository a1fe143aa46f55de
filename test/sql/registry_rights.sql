-- Who sees and does what: score, read, own; group roles; the same error for
-- missing and hidden models; small writers.
\getenv source PG_ABS_SRCDIR
\set raises :source '/helpers/raises.sql'
\i :raises

CREATE ROLE mlpg_owner;
CREATE ROLE mlpg_readers;
CREATE ROLE mlpg_reader IN ROLE mlpg_readers;
CREATE ROLE mlpg_scorer;
CREATE ROLE mlpg_stranger;
SELECT mlpg.grant_usage(role, 'train') FROM unnest('{mlpg_owner,mlpg_reader,mlpg_scorer,mlpg_stranger}'::text[]) AS role;
CREATE TABLE rights_data AS SELECT x::float8, 3 * x + x % 7 AS y FROM generate_series(1, 200) AS x;
GRANT SELECT ON rights_data TO mlpg_owner;

SET client_min_messages = error;
SET ROLE mlpg_owner;
SELECT 1 AS trained FROM mlpg.train('rights', 'rights_data', 'y', 'linear');
SELECT 1 AS trained FROM mlpg.train('rights', 'rights_data', 'y', 'linear');
RESET client_min_messages;

-- grants
SELECT mlpg.grant_model('rights', 'mlpg_readers', 'read') AS granted, mlpg.grant_model('rights', 'mlpg_readers', 'read') AS again,
	mlpg.grant_model('rights', 'mlpg_scorer') AS score;
SELECT grantee, privilege, granted_by FROM mlpg.model_grants ORDER BY 1;
SELECT raises(statement) FROM unnest(ARRAY[
	$$SELECT mlpg.grant_model('rights', 'mlpg_scorer', 'own')$$,
	$$SELECT mlpg.grant_model('rights', 'mlpg_missing', 'score')$$,
	$$SELECT mlpg.grant_model('rights@champion', 'mlpg_scorer', 'score')$$,
	$$SELECT mlpg.grant_model('right', 'mlpg_scorer', 'score')$$]) AS statement;

-- what each role may
RESET ROLE;
CREATE TEMP TABLE the_model AS SELECT model_id FROM mlpg.models WHERE model = 'rights';
GRANT SELECT ON the_model TO PUBLIC;
CREATE FUNCTION pg_temp.rights_of(role text) RETURNS TABLE (score boolean, read boolean, own boolean, visible int, models bigint, versions bigint, runs bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	RETURN QUERY SELECT mlpg.has_model_privilege('rights', 'score'), mlpg.has_model_privilege('rights', 'read'),
		mlpg.has_model_privilege('rights', 'own'),
		(SELECT count(*)::int FROM mlpg.visible_models() AS v, pg_temp.the_model t WHERE v = t.model_id),
		(SELECT count(*) FROM mlpg.models JOIN pg_temp.the_model USING (model_id)),
		(SELECT count(*) FROM mlpg.model_versions JOIN pg_temp.the_model USING (model_id)),
		(SELECT count(*) FROM mlpg.runs JOIN pg_temp.the_model USING (model_id));
END $$;
SELECT role, r.* FROM unnest('{mlpg_owner,mlpg_reader,mlpg_scorer,mlpg_stranger}'::text[]) AS role, pg_temp.rights_of(role) AS r;
SELECT mlpg.has_model_privilege('no such model') AS missing, mlpg.has_model_privilege('rights', 'own') AS superuser;

-- E1: missing and hidden models are reported alike; a lesser right gets a DETAIL
CREATE FUNCTION pg_temp.as_role(role text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	result := raises(statement);
	RESET ROLE;
	RETURN result;
END $$;
GRANT ALL ON SCHEMA public TO mlpg_owner;
SELECT pg_temp.as_role('mlpg_stranger', format('SELECT mlpg.set_alias(%L, %L, 1)', model, 'x'))
	= replace(pg_temp.as_role('mlpg_stranger', format('SELECT mlpg.set_alias(%L, %L, 1)', 'nothing', 'x')), 'nothing', model) AS is_alike
FROM unnest('{rights}'::text[]) AS model;
SELECT role, pg_temp.as_role(role, statement)
FROM unnest('{mlpg_stranger,mlpg_scorer,mlpg_reader}'::text[]) AS role,
	unnest(ARRAY[$$SELECT mlpg.drop_model('rights')$$]) AS statement;
SELECT role, split_part(pg_temp.as_role(role, statement), E'\n', 1) AS refusal, statement
FROM unnest('{mlpg_stranger,mlpg_scorer,mlpg_reader}'::text[]) AS role,
	unnest(ARRAY[
		$$SELECT mlpg.get_model('rights')$$,
		$$SELECT mlpg.deploy('rights', 2)$$,
		$$SELECT mlpg.rollback('rights')$$,
		$$SELECT mlpg.train('rights', 'SELECT 1 AS x, 2 AS y', 'y')$$,
		$$SELECT mlpg.grant_model('rights', 'public')$$,
		$$SELECT mlpg.revoke_model('rights', 'mlpg_readers')$$,
		$$SELECT mlpg.set_tag('rights', 'a', 'b')$$,
		$$SELECT mlpg.set_tag('rights@1', 'a', 'b')$$,
		$$SELECT mlpg.describe_model('rights', 'mine')$$,
		$$SELECT mlpg.rename_model('rights', 'mine')$$,
		$$SELECT mlpg.set_owner('rights', 'mlpg_stranger')$$,
		$$SELECT mlpg.drop_version('rights', 1)$$]) AS statement;
SELECT role, split_part(pg_temp.as_role(role, statement), E'\n', 1) AS outcome, statement
FROM unnest('{mlpg_stranger,mlpg_scorer,mlpg_reader}'::text[]) AS role,
	unnest(ARRAY[
		$$SELECT mlpg.predict('rights', '{"x": 1}'::jsonb) IS NOT NULL$$,
		$$SELECT count(*) > 0 FROM mlpg.coefficients('rights')$$,
		$$SELECT count(*) > 0 FROM mlpg.summary('rights')$$,
		$$SELECT mlpg.version_at('rights', now() + '1 s')$$]) AS statement;

-- nobody gets at the blob or writes a table, whatever the right on the model
SELECT role, pg_temp.as_role(role, statement), statement
FROM unnest('{mlpg_owner,mlpg_scorer}'::text[]) AS role,
	unnest(ARRAY[
		'SELECT blob FROM mlpg.model_blobs',
		'SELECT evaluation FROM mlpg.model_blobs',
		'SELECT count(*) FROM mlpg.model_blobs',
		'INSERT INTO mlpg.aliases SELECT model_id, ''champion'', 1 FROM mlpg.models',
		'UPDATE mlpg.models SET owner = current_user',
		'DELETE FROM mlpg.models',
		'TRUNCATE mlpg.runs',
		'CREATE TRIGGER mine AFTER INSERT ON mlpg.models EXECUTE FUNCTION mlpg.registry_changed()',
		'CREATE TABLE mine (model_id bigint REFERENCES mlpg.models)',
		'CREATE POLICY mine ON mlpg.models USING (true)',
		'SELECT nextval(''mlpg.models_model_id_seq'')',
		'CREATE FUNCTION mlpg.mine() RETURNS int LANGUAGE sql RETURN 1']) AS statement;

-- references
SET ROLE mlpg_owner;
SELECT raises(format('SELECT mlpg.set_tag(%L, ''t'', ''v'')', reference))
FROM unnest('{right@champion,rights@latest,rights@,rights@7,rights@0,rights@99999999999999999999,rights@1@2,@champion}'::text[]) AS reference;
SELECT mlpg.set_tag('rights@champion', 'checked', 'yes') AS champion, mlpg.set_tag('rights@2', 'checked', 'no') AS version_2,
	mlpg.set_tag('rights', 'team', 'stores') AS model, mlpg.set_tag('rights', 'team', 'stores') AS again;
SELECT version, v.tags FROM mlpg.model_versions v JOIN mlpg.models m USING (model_id) WHERE model = 'rights' ORDER BY version;
SELECT mlpg.set_tag('rights', 'team', NULL) AS removed, mlpg.describe_model('rights', 'a test') AS described, mlpg.describe_model('rights', 'a test') AS again;
SELECT tags, description FROM mlpg.models WHERE model = 'rights';

-- aliases and their history
SELECT mlpg.set_alias('rights', 'challenger', 2) AS set, mlpg.set_alias('rights', 'challenger', 2) AS again;
SELECT raises(format('SELECT mlpg.set_alias(''rights'', %L, %L)', alias, version))
FROM (VALUES ('challenger', 9), ('challenger', 0), ('a@b', 1), ('12', 1), ('', 1)) AS v (alias, version);
SELECT raises($$SELECT mlpg.drop_version('rights', 2)$$);
SELECT mlpg.set_alias('rights', 'challenger', NULL) AS retired;
SELECT mlpg.drop_version('rights', 2) AS dropped;
SELECT raises($$SELECT mlpg.drop_version('rights', 2)$$);
SELECT alias, from_version, to_version, action, reason, decided_by FROM mlpg.deployments ORDER BY deployment_id;
SELECT mlpg.version_at('rights', now() + '1 min') AS now, mlpg.version_at('rights', '2020-01-01') AS before, mlpg.version_at('rights', now() + '1 min', 'challenger') AS retired;
-- a number is not used again
SET client_min_messages = error;
SELECT 1 AS trained FROM mlpg.train('rights', 'rights_data', 'y', 'linear');
RESET client_min_messages;
SELECT version FROM mlpg.model_versions v JOIN mlpg.models m USING (model_id) WHERE model = 'rights' ORDER BY version;

-- names and owners
SELECT raises(format('SELECT mlpg.rename_model(''rights'', %L)', name))
FROM unnest(ARRAY['', '123', 'a@b', repeat('x', 201), E'a\nb']) AS name;
SELECT mlpg.rename_model('rights', 'Rights and "Wrongs"') AS renamed, mlpg.has_model_privilege('rights') AS old, mlpg.has_model_privilege('Rights and "Wrongs"') AS new;
SELECT mlpg.rename_model('Rights and "Wrongs"', 'rights') AS back, mlpg.rename_model('rights', 'rights') AS same;
SELECT left(raises($$SELECT mlpg.set_owner('rights', 'mlpg_stranger')$$), 5) AS raises, -- the server's words differ by version
	raises($$SELECT mlpg.set_owner('rights', 'mlpg_missing')$$);
RESET ROLE;
SELECT mlpg.set_owner('rights', 'mlpg_readers') AS given;
SELECT role, r.score, r.read, r.own FROM unnest('{mlpg_owner,mlpg_reader,mlpg_scorer}'::text[]) AS role, pg_temp.rights_of(role) AS r;
SELECT mlpg.set_owner('rights', 'mlpg_owner') AS back;

-- revoking score takes read with it; a dropped role leaves nothing that works
SELECT mlpg.revoke_model('rights', 'mlpg_readers', 'score') AS revoked, mlpg.revoke_model('rights', 'mlpg_readers') AS again;
SELECT mlpg.grant_model('rights', 'public', 'score') AS everybody;
SELECT role, r.* FROM unnest('{mlpg_reader,mlpg_scorer,mlpg_stranger}'::text[]) AS role, pg_temp.rights_of(role) AS r;
SELECT mlpg.revoke_model('rights', 'public') AS revoked;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mlpg FROM mlpg_scorer;
DROP ROLE mlpg_scorer;
SELECT grantee FROM mlpg.model_grants JOIN mlpg.models USING (model_id) WHERE model = 'rights';

SELECT model_id FROM mlpg.models WHERE model = 'rights' \gset
SELECT mlpg.drop_model('rights') AS dropped;
SELECT raises($$SELECT mlpg.drop_model('rights')$$);
SELECT count(*) AS left_over FROM (SELECT model_id FROM mlpg.models UNION ALL SELECT model_id FROM mlpg.model_versions UNION ALL SELECT model_id FROM mlpg.model_blobs
	UNION ALL SELECT model_id FROM mlpg.aliases UNION ALL SELECT model_id FROM mlpg.deployments UNION ALL SELECT model_id FROM mlpg.model_grants UNION ALL SELECT model_id FROM mlpg.runs) AS rows WHERE model_id = :model_id;

DROP TABLE rights_data;
DROP OWNED BY mlpg_owner, mlpg_reader, mlpg_readers, mlpg_stranger;
DROP ROLE mlpg_owner, mlpg_reader, mlpg_readers, mlpg_stranger;
