#!/bin/bash
# What mlpg.so exports is its SQL entry points, no more, and they are exactly
# those that the extension's script names. Prints TAP.
#
#   test/symbols.sh MLPG.SO MLPG--VERSION.SQL
set -u
shopt -s lastpipe				# rule, at the end of a pipe, counts in this shell
library=$1
script=$2
n=0
failed=0

rule() {
	local findings
	findings=$(cat)
	n=$((n + 1))
	if [ -z "$findings" ]; then
		echo "ok $n - $1"
	else
		failed=$((failed + 1))
		echo "not ok $n - $1"
		echo "$findings" | sed 's/^/#   /'
	fi
}

exported=$(nm -D --defined-only "$library" | awk '{ print $3 }' | sort)
functions=$(echo "$exported" | grep '^mlpg_sql_')
named=$(grep -oE "'mlpg_sql_[a-z0-9_]+'" "$script" | tr -d "'" | sort -u)

echo "$exported" | grep -vxE '_PG_init|Pg_magic_func|(pg_finfo_)?mlpg_sql_[a-z0-9_]+' |
	rule "only SQL entry points and PostgreSQL's magic are exported"
comm -23 <(echo "$functions") <(echo "$named") | rule "every exported entry point is in the script"
comm -13 <(echo "$functions") <(echo "$named") | rule "every entry point of the script is exported"
for name in $functions; do
	echo "$exported" | grep -qx "pg_finfo_$name" || echo "$name"
done | rule "every entry point has its function information"
nm -D --undefined-only "$library" | awk '{ print $2 }' | grep '^mlpg_' |
	rule "nothing of ours is missing at load"

echo "1..$n"
[ "$failed" = 0 ]
