#!/bin/bash
# doc/reference.md says what the catalog says, and the examples in the comments
# that need no model of the reader's run.
. "$(dirname "$0")/lib.sh"

start_cluster
setup postgres 'CREATE EXTENSION mlpg'

"$bin/psql" -XAtq -h "$cluster_dir" -p 5432 -U postgres -d postgres -f "$SOURCE/tools/reference.sql" >"$TEST_DIR/reference.md" 2>"$TEST_DIR/errors"
is "$(cat "$TEST_DIR/errors")" "" "the reference can be made"
cmp -s "$TEST_DIR/reference.md" "$SOURCE/doc/reference.md"
ok "doc/reference.md is up to date (tools/reference.sql makes it)"
diff "$TEST_DIR/reference.md" "$SOURCE/doc/reference.md" | head -20 | sed 's/^/# /'

examples="SELECT btrim(split_part(d.description, 'Example:', 2), E'\n ') FROM pg_description AS d JOIN pg_proc AS p ON p.oid = d.objoid
	WHERE d.classoid = 'pg_proc'::regclass AND p.pronamespace = 'mlpg'::regnamespace AND d.description LIKE '%Example:%' AND p.proname !~ '^(step_|write_deployment)'
	AND split_part(d.description, 'Example:', 2) !~ 'beverage|churn|''price''|CALL|tomorrow|store_models' ORDER BY 1"
"$bin/psql" -XAtq -R '|||' -h "$cluster_dir" -p 5432 -U postgres -d postgres -c "$examples" >"$TEST_DIR/examples"
n=0
failures=
while IFS= read -r -d $'\x1e' example; do
	n=$((n + 1))
	out=$(sql postgres "$example") || failures="$failures$example"$'\n'"$out"$'\n'
done < <(sed 's/|||/\x1e/g' "$TEST_DIR/examples"; printf '\x1e')
[ "$n" -ge 15 ]
ok "there are examples to run ($n)"
is "$failures" "" "they all run"

done_testing
