#!/bin/sh
# make demo [DATA=FOLDER]: from a sales table to next week's orders, in a
# throw-away cluster on a private socket. Ends with how to look around and how to
# end it. DATA is a folder with item_sale_records*.csv and item_prices.csv (see
# demo/load.sql); without it two and a half years of sales are made up.
#
# Environment: PG_CONFIG, BUILD (build), MLPG_DEMO (folder of the cluster).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
data=${DATA:-}
[ -z "$data" ] || data=$(cd "$data" && pwd) || exit 1
# what was said to the calling make is not for the build: DATA means something else to PGXS
unset DATA MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL

"$root/tools/packages.sh" build
# make looked for pg_config before the packages were there
case ${PG_CONFIG:-} in */*) ;; *) unset PG_CONFIG ;; esac
. "$root/tools/lib.sh"
. "$root/demo/place.sh"
export PG_CONFIG
BUILD=${BUILD:-$root/build}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Building mlpg ..."
make -C "$root" --no-print-directory BUILD="$BUILD" -j2 stage >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "the build failed"; }

echo "Starting a throw-away PostgreSQL in $place ..."
own_place
"$root/tools/cluster.sh" stop "$place"
"$root/tools/cluster.sh" start "$place" "$BUILD/stage"
run_psql() { "$root/tools/cluster.sh" psql "$place" -X -q -v ON_ERROR_STOP=1 "$@"; }
PGOPTIONS='-c client_min_messages=warning'
export PGOPTIONS
run_psql -d postgres -c 'DROP DATABASE IF EXISTS demo WITH (FORCE)' -c 'CREATE DATABASE demo' -c "ALTER DATABASE demo SET timezone = 'UTC'"
run_psql -d demo -c 'CREATE EXTENSION mlpg'

records() {
	for file in "$data"/item_sale_records*.csv "$data"/item_sale_records*.csv.gz; do
		case $file in
			*'*'*) ;;
			*.gz) gzip -dc "$file" ;;
			*) cat "$file" ;;
		esac
	done
}

if [ -n "$data" ]; then
	echo "Loading the sales in $data ..."
	[ -n "$(records | head -c 1)" ] || die "no item_sale_records*.csv in $data"
	run_psql -d demo -c 'CREATE TABLE records (day date, day_of_week text, week_of_year int, store text, item text, sales int, total_sales_amount int)'
	records | run_psql -d demo -c 'COPY records FROM STDIN WITH (FORMAT csv, HEADER true)'
	run_psql -d demo -c 'CREATE TABLE prices (id text, item text, price int, applied_from date, applied_to date)'
	run_psql -d demo -c 'COPY prices FROM STDIN WITH (FORMAT csv, HEADER true)' <"$data/item_prices.csv"
	run_psql -d demo -f "$root/demo/load.sql"
	long_history=0
else
	echo "Making two and a half years of sales ..."
	run_psql -d demo -f "$root/demo/generate.sql"
	long_history=1
fi
run_psql -d demo -v long_history=$long_history -f "$root/demo/features.sql"
# as input rather than with -f: messages come without the file's name
PGOPTIONS='-c client_min_messages=notice'
run_psql -d demo -v long_history=$long_history <"$root/demo/demo.sql" 2>&1

cat <<END

The demo is running. Look around, and end it when you have seen enough:

  $(pg_bin)/psql -h $place -U postgres demo
  make demo-stop
END
