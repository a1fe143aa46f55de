#!/bin/sh
# Enforces "Who may include whom" and the other rules that a reader of the
# sources relies on. Prints TAP; needs only a POSIX shell, sed, grep and awk, and a
# second: no process a file.
#
#   test/layers.sh [SOURCE TREE]
set -u
. "$(dirname "$0")/rules.sh"
cd "${1:-$(dirname "$0")/..}" || exit 2

sources=$(find src -name '*.[ch]' | sort)
core=$(printf '%s\n' "$sources" | grep '^src/core/')
pg=$(printf '%s\n' "$sources" | grep '^src/pg/\|^src/mlpg.c')

# Files as "file:line:text" without comments and includes; strings become "".
code() {
	awk '
		FNR == 1 { comment = 0 }
		{
			rest = $0; text = ""
			while (rest != "") {
				if (comment) {
					end = index(rest, "*/")
					if (!end) break
					comment = 0; rest = substr(rest, end + 2)
					continue
				}
				if (!match(rest, /\/\*|\/\/|["\047]/)) { text = text rest; break }
				text = text substr(rest, 1, RSTART - 1)
				mark = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH)
				if (mark == "//") break
				if (mark == "/*") { comment = 1; text = text " "; continue }
				match(rest, mark == "\"" ? "^([^\"\\\\]|\\\\.)*\"" : "^([^\047\\\\]|\\\\.)*\047")
				text = text mark mark; rest = substr(rest, RLENGTH + 1)
			}
			if (text !~ /^[ \t]*#[ \t]*include/) print FILENAME ":" FNR ":" text
		}' "$@"
}

includes() {
	grep -Hn '^[[:space:]]*#[[:space:]]*include' "$@" |
		sed -E 's/^([^:]*):([0-9]*):[^"<]*(["<][^">]*[">]).*/\1:\2 \3/'
}

core_code=$(code $core)
pg_code=$(code $pg)
core_includes=$(includes $core)
pg_includes=$(includes $pg)

{
# --- the core's door
printf '%s\n' "$core_includes" | awk '
	$2 ~ /^"core\// { next }
	$2 ~ /^<(assert|float|inttypes|limits|math|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|immintrin|cpuid)\.h>$/ { next }
	$2 ~ /^<(pthread|signal|time)\.h>$/ && $1 ~ /^src\/core\/pool\.c:/ { next }
	$2 ~ /^<(dlfcn|pthread|signal)\.h>$/ && $1 ~ /^src\/core\/math\/blas\.c:/ { next }
	{ print }' | rule "src/core includes only core/ and C11 headers"

printf '%s\n' "$core_code" | grep -E '\b(malloc|calloc|realloc|aligned_alloc|free|strdup|printf|fprintf|vprintf|vfprintf|puts|putchar|fputs|abort|exit|_exit|setjmp|longjmp|ereport|elog|palloc0?|pfree|Datum|fopen|getenv|system|rand|srand|strtok|time|clock)[[:space:]]*\(' |
	rule "src/core allocates, prints, raises and ends through its host alone"

printf '%s\n' "$core_includes" | grep '"core/pool.h"' | grep -v '^src/core/pool.c:' |
	rule "threads are known to pool.c only"

# --- folder order inside the core
printf '%s\n' "$core_includes" | awk '
	BEGIN {
		may["."] = ". ";  may["math"] = ". math ";  may["matrix"] = may["math"] "matrix "
		may["model"] = may["matrix"] "model ";  may["metrics"] = may["model"] "metrics "
		may["stats"] = may["model"] "stats ";  may["learners"] = may["model"] "metrics stats learners "
		may["chart"] = may["math"] "chart "
	}
	function folder(path,  part, k) {
		sub(/^(src\/)?core\//, "", path); k = split(path, part, "/")
		return k == 1 ? "." : part[1]
	}
	$2 ~ /^"core\// {
		from = folder($1); target = $2; gsub(/"/, "", target); to = folder(target)
		if (!(from in may)) print $1 ": no rule for folder " from
		else if (index(may[from], to " ") == 0) print $1 " includes " $2
	}' | rule "math <- matrix <- model <- metrics, stats <- learners; chart on math"

printf '%s\n' "$core_includes" | awk '
	$1 ~ /^src\/core\/learners\// && $2 ~ /^"core\/learners\// {
		header = $2; gsub(/"|\.h"$/, "", header); sub(/^core\/learners\//, "", header); sub(/\.h$/, "", header)
		file = $1; sub(/:.*/, "", file); sub(/^src\/core\/learners\//, "", file); sub(/\.[ch]$/, "", file)
		if (header ~ /^(learner|learner_list|training|classes|class_weights)$/ || header ~ /^(tree|affine)\//) next
		if (file == header || index(file, header "_") == 1) next
		if (file ~ /^(fit|plan|registry|calibration|interval|score_rows)$/) next		# no learners
		print $1 " includes " $2
	}' | rule "a learner includes no other learner"

# --- the PostgreSQL wing
printf '%s\n' "$pg_includes" | awk '
	$2 ~ /^"pg\/api\// && $1 !~ /^src\/pg\/api\// { print $1 " includes " $2 }' |
	rule "nobody includes pg/api"

printf '%s\n' "$pg_includes" | awk '
	BEGIN { may["ingest"] = "ingest"; may["catalog"] = "catalog"; may["bind"] = "ingest catalog bind" }
	$1 ~ /^src\/pg\/(ingest|catalog|bind)\// && $2 ~ /^"pg\/(ingest|catalog|bind)\// {
		split($1, from, "/"); split($2, to, "/")
		if (index(may[from[3]], to[2]) == 0) print $1 " includes " $2
	}' | rule "pg/ingest and pg/catalog know neither each other nor pg/bind, which stands on both"

printf '%s\n' "$pg_code" | grep -E '\b(exp|expm1|log|log1p|log2|sqrt|pow|lgamma|tgamma|erf|tanh|sin|cos)[[:space:]]*\(' |
	rule "src/pg has no mathematics"

printf '%s\n' "$pg_code" | grep -E 'PG_FUNCTION_INFO_V1|PG_GETARG_|PG_ARGISNULL|MLPG_SQL_FUNCTION' |
	grep -v '^src/pg/api/\|^src/pg/progress\.c:\|^src/pg/mlpg_pg\.h:' |
	rule "SQL entry points are in src/pg/api"

printf '%s\n' "$core_code" "$pg_code" | grep -w PG_VERSION_NUM | grep -v '^src/pg/compat\.h:' |
	rule "only compat.h knows the server's version"

printf '%s\n' "$pg_includes" | awk '
	$1 ~ /\.c:/ { file = $1; sub(/:.*/, "", file); if (!(file in seen) && $2 != "\"postgres.h\"") print file; seen[file] = 1 }' |
	rule "files of src/pg include postgres.h first"

# --- the SQL surface
awk '{ sub(/--.*/, ""); print FILENAME ": " $0 }' $(find sql -name '*.sql' | sort) |
	grep -iE 'CREATE +OR +REPLACE|IF +NOT +EXISTS|SECURITY +DEFINER' |
	rule "sql/ replaces nothing, adopts nothing, raises no rights"

# --- everywhere
grep -rnE "\b(TO""DO|FIX""ME|X""XX)\b" src sql test tools bench demo Makefile --include='*' 2>/dev/null |
	rule "nothing is left for later"

awk 'FNR == 1 && !/^\/\*---/ { print FILENAME }' $(printf '%s\n' "$sources" | grep '\.c$') |
	rule "every source file opens with its purpose"

grep -rnI '[[:space:]]$' src sql test/unit test/fuzz tools Makefile --include='*.[ch]' --include='*.sql' --include='*.sh' --include=Makefile |
	cut -d: -f1,2 | rule "no trailing white space"
} | tap
