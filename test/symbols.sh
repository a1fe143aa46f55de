#!/bin/sh
# What mlpg.so exports is its SQL entry points, no more, and they are exactly
# those that the extension's script names. Prints TAP.
#
#   test/symbols.sh MLPG.SO MLPG--VERSION.SQL
set -u
. "$(dirname "$0")/rules.sh"
library=$1
script=$2

exported=$(nm -D --defined-only "$library" | awk '{ print $3 }' | sort)
functions=$(printf '%s\n' "$exported" | grep '^mlpg_sql_')
named=$(grep -oE "'mlpg_sql_[a-z0-9_]+'" "$script" | tr -d "'" | sort -u)

# lacking A B: lines of A that B has not
lacking() { printf '%s\n' "$1" | while read -r name; do printf '%s\n' "$2" | grep -qx "$name" || echo "$name"; done; }

{
printf '%s\n' "$exported" | grep -vxE '_PG_init|Pg_magic_func|(pg_finfo_)?mlpg_sql_[a-z0-9_]+' |
	rule "only SQL entry points and PostgreSQL's magic are exported"
lacking "$functions" "$named" | rule "every exported entry point is in the script"
lacking "$named" "$functions" | rule "every entry point of the script is exported"
for name in $functions; do
	printf '%s\n' "$exported" | grep -qx "pg_finfo_$name" || echo "$name"
done | rule "every entry point has its function information"
nm -D --undefined-only "$library" | awk '{ print $2 }' | grep '^mlpg_' |
	rule "nothing of ours is missing at load"
} | tap
