#!/bin/bash
# A database with models, dumped and restored in every form: all predictions bit
# for bit, the registry row for row, and the next numbers do not collide.
set -u
. "$(dirname "$0")/lib.sh"
start_cluster
run() { "$SOURCE/tools/cluster.sh" run "$cluster_dir" "$@" 2>&1; }

setup postgres "CREATE ROLE keeper LOGIN" "CREATE ROLE reader LOGIN" "CREATE DATABASE origin"
setup origin "CREATE EXTENSION mlpg" \
	"CREATE TABLE sales AS SELECT i, date '2024-01-01' + i / 4 AS day, 's' || i % 4 AS \"The shop\", CASE WHEN i % 11 > 0 THEN (i * 37 % 100)::float8 / 7 END AS price, i % 3 = 0 AS promo,
		20 + 5 * (i % 4) - (i * 37 % 100) / 10.0::float8 + (i * i % 17) / 5.0::float8 AS sold FROM generate_series(0, 599) AS i" \
	"SELECT mlpg.grant_usage('keeper', 'train')" "GRANT SELECT ON sales TO keeper, reader" \
	"SELECT mlpg.train('plain', 'sales', 'sold', 'linear', exclude => '{i}')" \
	"SELECT mlpg.train('plain', 'sales', 'sold', 'linear', params => '{\"l2\":0.3,\"refit_all\":true}', exclude => '{i}')" \
	"SELECT mlpg.train('levels', 'sales', 'sold', quantiles => '{0.1,0.5,0.9}', exclude => '{i}', holdout_by => 'day')" \
	"SELECT mlpg.train('order', 'sales', 'sold', underage_cost => 3, overage_cost => 1, key => 'monday', description => 'it''s', tags => '{\"a\":[1,null]}')" \
	"SELECT mlpg.train('naive', 'sales', 'sold', 'baseline', params => '{\"statistic\":\"median\"}')" \
	"SELECT mlpg.train('gone', 'sales', 'sold', 'baseline')" "SELECT mlpg.drop_model('gone', true)" \
	"SELECT mlpg.set_alias('plain', 'challenger', 2), mlpg.grant_model('plain', 'reader', 'score')" \
	"SET ROLE keeper" "SELECT mlpg.train('kept', 'sales', 'sold', 'linear', exclude => '{i}')" "RESET ROLE" \
	"SELECT mlpg.log_predictions('plain', 'SELECT \"The shop\", day, price, promo FROM sales WHERE i % 4 = 1 AND i < 80', '{\"The shop\"}', 'day', as_of => '2024-01-01')" \
	"CREATE TABLE by_shop AS SELECT \"The shop\" AS shop, mlpg.fit('linear', s.sold, s) AS line, mlpg.fit('quantile', s.sold, ARRAY[price, i], '{\"quantile\":0.8}') AS q FROM sales AS s GROUP BY 1" \
	"CREATE VIEW scored AS SELECT i, mlpg.predict('plain', s) AS p FROM sales AS s" \
	"CREATE MATERIALIZED VIEW kept_scores AS SELECT i, mlpg.predict('levels', s) AS p FROM sales AS s"

# every prediction, as its bits, and every row of the registry, as text
predictions="SELECT md5(string_agg(concat_ws(',', s.i, encode(float8send(mlpg.predict('plain', s)), 'hex'), encode(float8send(mlpg.predict('plain@challenger', s)), 'hex'), encode(float8send(mlpg.predict('order', s)), 'hex'),
	array_to_string(mlpg.predict_quantiles('levels', s, '{0.1,0.33,0.5,0.9}'), ' '), mlpg.predict('naive', s), mlpg.predict('kept', s),
	encode(float8send(mlpg.predict(b.line, s)), 'hex'), encode(float8send(mlpg.predict(b.q, ARRAY[price, i]::float8[])), 'hex')), E'\n' ORDER BY s.i)) FROM sales AS s JOIN by_shop AS b ON b.shop = s.\"The shop\""
rows() {
	sql "$1" "SET extra_float_digits = 1" "SET TimeZone = 'UTC'" "SELECT md5(string_agg(t || ': ' || x, E'\n' ORDER BY t, x)) || ' ' || count(*) FROM (
		SELECT 'models' AS t, m::text AS x FROM mlpg.models AS m UNION ALL SELECT 'versions', v::text FROM mlpg.model_versions AS v UNION ALL SELECT 'blobs', b::text FROM mlpg.model_blobs AS b
		UNION ALL SELECT 'aliases', a::text FROM mlpg.aliases AS a UNION ALL SELECT 'deployments', d::text FROM mlpg.deployments AS d UNION ALL SELECT 'grants', g::text FROM mlpg.model_grants AS g
		UNION ALL SELECT 'runs', r::text FROM mlpg.runs AS r UNION ALL SELECT 'log', l::text FROM mlpg.run_log AS l UNION ALL SELECT 'curve', c::text FROM mlpg.run_metrics AS c UNION ALL SELECT 'predictions', p::text FROM mlpg.predictions AS p
		UNION ALL SELECT 'by_shop', s::text FROM by_shop AS s UNION ALL SELECT 'kept_scores', k::text FROM kept_scores AS k) AS all_rows"
}
wanted=$(sql origin "$predictions")
like "$wanted" '^[0-9a-f]{32}$' "predictions of the origin"
wanted_rows=$(rows origin)
like "$wanted_rows" '^[0-9a-f]{32} [0-9]{3,}$' "registry of the origin"
wanted_view=$(sql origin "SELECT md5(string_agg(p::text, ',' ORDER BY i)) FROM scored")

check() {							# check DATABASE FORM
	is "$(sql "$1" "$predictions")" "$wanted" "$2: predictions bit for bit"
	is "$(rows "$1")" "$wanted_rows" "$2: registry and models as values row for row"
	is "$(sql "$1" "SELECT md5(string_agg(p::text, ',' ORDER BY i)) FROM scored")" "$wanted_view" "$2: a view that predicts"
	is "$(ROLE=reader sql "$1" "SELECT mlpg.predict('plain', s) IS NOT NULL FROM sales AS s LIMIT 1")" t "$2: a granted role scores"
	like "$(ROLE=reader sql "$1" "SELECT mlpg.predict('levels', s) FROM sales AS s LIMIT 1")" '42704' "$2: and only what it was granted"
	like "$(ROLE=reader sql "$1" "SELECT count(*) FROM mlpg.model_blobs")" '42501' "$2: and no blob"
	# numbers go on behind those that were dumped
	is "$(sql "$1" "SELECT version, is_champion FROM mlpg.train('plain', 'sales', 'sold', 'linear', exclude => '{i}')")" "3|f" "$2: the next version"
	is "$(sql "$1" "SELECT version FROM mlpg.train('new', 'sales', 'sold', 'linear', exclude => '{i}')")" 1 "$2: a new model"
	is "$(sql "$1" "SELECT count(*), count(DISTINCT model_id), count(DISTINCT model) FROM mlpg.models")" "6|6|6" "$2: model ids do not collide"
	is "$(sql "$1" "SELECT count(*) = count(DISTINCT run_id) FROM mlpg.runs")" t "$2: run ids do not collide"
	is "$(sql "$1" "SELECT run_id = (SELECT min(run_id) FROM mlpg.runs WHERE key = 'monday') FROM mlpg.train('order', 'sales', 'sold', underage_cost => 3, overage_cost => 1, key => 'monday')")" t "$2: a key that was done stays done"
	like "$(sql "$1" "SELECT mlpg.log_predictions('plain', 'SELECT \"The shop\", day, price, promo FROM sales WHERE i % 4 = 2 AND i < 80', '{\"The shop\"}', 'day', as_of => '2024-01-01')")" '^20$' "$2: predictions are logged behind those that were"
	is "$(sql "$1" "SELECT count(*) = count(DISTINCT prediction_id) FROM mlpg.predictions")" t "$2: prediction ids do not collide"
	is "$(ROLE=keeper sql "$1" "SELECT version FROM mlpg.train('kept', 'sales', 'sold', 'linear', exclude => '{i}')")" 2 "$2: an owner trains on"
	is "$(sql "$1" "SELECT mlpg.drop_model('naive', true)")" t "$2: a model is dropped"
}

# plain text, custom format in two jobs, as INSERTs with column names
run pg_dump -d origin -f "$TEST_DIR/plain.sql"
ok "pg_dump, plain"
setup postgres "CREATE DATABASE plain"
out=$(run psql -Xq -v ON_ERROR_STOP=1 -d plain -f "$TEST_DIR/plain.sql")
ok "restored by psql"
diag "$(grep -i error <<<"$out")"
check plain "plain"

run pg_dump -d origin -Fd -j 2 -f "$TEST_DIR/directory"
ok "pg_dump, directory"
setup postgres "CREATE DATABASE directory"
# pg_dump orders the tables of an extension for a restore in one job only (their foreign
# keys are there before the rows): in several jobs the checks must be off
out=$(run env PGOPTIONS='-c session_replication_role=replica' pg_restore -d directory -j 2 --exit-on-error "$TEST_DIR/directory")
ok "restored by pg_restore in two jobs"
diag "$out"
check directory "directory"

run pg_dump -d origin --column-inserts -Fc -f "$TEST_DIR/inserts"
ok "pg_dump, INSERTs"
setup postgres "CREATE DATABASE inserts"
out=$(run pg_restore -d inserts --exit-on-error "$TEST_DIR/inserts")
ok "restored from INSERTs"
diag "$out"
check inserts "INSERTs"

# binary COPY, as replication sends it
is "$(sql origin "CREATE TABLE copied (LIKE by_shop)" "COPY by_shop TO '$TEST_DIR/by_shop.bin' (FORMAT binary)" "COPY copied FROM '$TEST_DIR/by_shop.bin' (FORMAT binary)" \
	"SELECT count(*) FROM copied JOIN by_shop USING (shop) WHERE mlpg.model_to_bytea(copied.line) = mlpg.model_to_bytea(by_shop.line) AND mlpg.model_to_bytea(copied.q) = mlpg.model_to_bytea(by_shop.q)")" 4 "binary COPY and back"
server_is_fine
done_testing
