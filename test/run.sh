#!/bin/bash
# The whole proof, from a clean checkout: see "make help". Works as root (the
# servers then run as user postgres) and as an ordinary user; nothing is
# installed system-wide except missing packages, and nothing is written to the
# checkout. The last line is "N passed, N failed"; the exit status says the same.
#
# Environment: ONLY=lint|unit|fuzz|regress|pgtap|isolation|tap (several: "unit,tap");
# FILES="name ..." (tests of these names only); FUZZ_SECONDS (20) a target;
# KEEP=1 keeps the work folder and prints its name; PG_CONFIG.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

"$root/tools/packages.sh" test || exit 1
. "$root/tools/lib.sh"
[ -n "$PG_CONFIG" ] || die "no pg_config found: set PG_CONFIG"
export PG_CONFIG
bin=$(pg_bin)
pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")
regress_dir=$(cd "$pgxs/../test" && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

work=$(mktemp -d /tmp/mlpg-test.XXXXXX)
chmod 755 "$work"
passed=0
failed=0
failures=()

cleanup() {
	"$root/tools/cluster.sh" stop "$work/cluster" >/dev/null 2>&1
	if [ "${KEEP:-0}" = 1 ]; then
		echo "kept: $work" >&2
	else
		rm -rf "$work"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

wanted() {
	case ",${ONLY:-}," in
		,,) return 0 ;;
		*,"$1",*) return 0 ;;
		*) return 1 ;;
	esac
}

chosen() {
	[ -z "${FILES:-}" ] && return 0
	case " $FILES " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

names_of() {
	local file name
	for file in "$@"; do
		[ -e "$file" ] || continue
		name=$(basename "${file%.*}")
		chosen "$name" && echo "$name"
	done
}

title() { echo; echo "== $*"; }
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{ printf "%.1f s", $2 - $1 }'; }

# result NAME STATUS [LOG]: one thing that passed or failed as a whole.
result() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		echo "ok       $1"
	else
		failed=$((failed + 1))
		failures+=("$1")
		echo "FAILED   $1"
		[ $# -lt 3 ] || tail -n 40 "$3" | sed 's/^/    /'
	fi
}

# tap NAME STATUS LOG: counts the TAP lines of a log; a program that fails
# without a failed line, or that reports nothing, counts as one failure.
# With "skip_all" nothing is counted.
tap() {
	local good bad skipped
	good=$(grep -E '^ok\b' "$3" | grep -vciE '# SKIP' || true)
	skipped=$(grep -E '^ok\b' "$3" | grep -ciE '# SKIP' || true)
	bad=$(grep -cE '^not ok\b' "$3" || true)
	if [ "$bad" = 0 ] && [ "$2" = 0 ] && grep -qiE '^1\.\.0 # SKIP' "$3"; then
		echo "skipped  $1: $(sed -nE 's/^1\.\.0 # SKIP *//ip' "$3" | head -1)"
		return
	fi
	if [ "$bad" = 0 ] && { [ "$2" != 0 ] || [ $((good + skipped)) = 0 ]; }; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" = 0 ]; then
		echo "ok       $1 ($good$([ "$skipped" = 0 ] || echo ", $skipped skipped"))"
	else
		failures+=("$1")
		echo "FAILED   $1 ($bad of $((good + bad)))"
		grep -vE '^ok\b' "$3" | tail -n 60 | sed 's/^/    /'
	fi
}

# regress_log NAME STATUS LOG OUTPUT: counts pg_regress's lines ("test x ... ok"; TAP
# from PostgreSQL 16 on) and shows what differs.
regress_log() {
	local good bad bad_line='\.\.\. (FAILED|failed)|^not ok [0-9]'
	good=$(grep -cE '\.\.\. ok\b|^ok [0-9]' "$3" || true)
	bad=$(grep -cE "$bad_line" "$3" || true)
	[ "$bad" != 0 ] || [ "$2" = 0 ] || bad=1
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" = 0 ]; then
		echo "ok       $1 ($good)"
	else
		failures+=("$1")
		echo "FAILED   $1 ($bad of $((good + bad)))"
		grep -E "$bad_line" "$3" | sed 's/^/    /'
		find "$4" -name '*.diffs' -exec head -n 200 {} \; | sed 's/^/    /'
		grep -qE "$bad_line" "$3" || tail -n 20 "$3" | sed 's/^/    /'
	fi
}

# ---------------------------------------------------------------- sources
# A copy that the server's user can read, beside a link to the shared data
# sets (absent: the tests that want them skip), so that ../shared/data is valid.
mkdir "$work/source" "$work/out"
(cd "$root" && tar cf - --exclude=./.git --exclude=./build .) | tar xf - -C "$work/source"
if [ -d "$root/../shared/golden" ]; then
	mkdir -p "$work/shared"
	cp -r "$root/../shared/golden" "$work/shared/golden"
	chmod -R u+w "$work/shared/golden"
fi
if [ -d "$root/../shared/data" ]; then
	data=$(cd "$root/../shared/data" && pwd)
	mkdir -p "$work/shared"
	if as_server_user test -r "$data"; then
		ln -s "$data" "$work/shared/data"
	else
		mkdir "$work/shared/data"
		for set in nist_strd_lls engel reference_fits beverage_demand; do
			[ ! -d "$data/$set" ] || cp -r "$data/$set" "$work/shared/data/"
		done
	fi
fi
give_to_server_user "$work/source" "$work/out"
source=$work/source
# make reads its flags from here; a calling make's would leak in
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD

# ---------------------------------------------------------------- lint and build
built=0
build() {
	[ "$built" = 0 ] || return "$((built - 1))"
	local log=$work/out/build.log start
	start=$(now)
	make -C "$source" -s --no-print-directory -j"$jobs" BUILD="$work/build" WERROR=1 MLPG_ASSERTIONS=1 \
		stage >"$log" 2>&1
	local status=$?
	result "build with gcc, warnings are errors ($(since "$start"))" $status "$log"
	built=$((status + 1))
	return $status
}

clang_check() {
	find "$source/src" -name '*.c' | sort | xargs -P "$jobs" -n 4 \
		clang -fsyntax-only -std=gnu11 -O2 -ffp-contract=off -Wall -Wextra -Werror -Wno-unused-parameter \
		-Wmissing-prototypes -Wstrict-prototypes -Wvla -Wshadow -Wno-declaration-after-statement \
		-D_GNU_SOURCE -DMLPG_VERSION='"check"' \
		-I"$source/src" -isystem "$("$PG_CONFIG" --includedir-server)" -isystem /usr/include/libxml2
}

run_lint() {
	title "lint"
	"$source/test/layers.sh" "$source" >"$work/out/layers.tap" 2>&1
	tap "test/layers.sh" $? "$work/out/layers.tap"
	clang_check >"$work/out/clang.log" 2>&1
	result "clang, warnings are errors" $? "$work/out/clang.log"
	if build; then
		"$source/test/symbols.sh" "$(find "$work/build/stage" -name mlpg.so)" \
			"$(find "$work/build/stage" -name 'mlpg--*.sql' | grep -v -- '--.*--.*--')" >"$work/out/symbols.tap" 2>&1
		tap "test/symbols.sh" $? "$work/out/symbols.tap"
	fi
}

# ---------------------------------------------------------------- the core as a plain program
# core_make FOLDER CC SANITIZE PROGRAM...: builds them in core-FOLDER.
core_make() {
	local folder=$work/core-$1 cc=$2 sanitize=$3
	shift 3
	mkdir -p "$folder"
	make -C "$folder" -f "$source/tools/core.mk" -s -k --no-print-directory -j"$jobs" \
		SRC="$source" CC="$cc" SANITIZE="$sanitize" "$@" >"$folder/make.log" 2>&1
}

run_unit() {
	local names name status
	title "unit tests under the address and undefined behaviour sanitizers"
	names=$(names_of "$source"/test/unit/test_*.c)
	[ -n "$names" ] || return
	core_make unit gcc "-fsanitize=address,undefined -fno-sanitize-recover=all" $names
	for name in $names; do
		if [ ! -x "$work/core-unit/$name" ]; then
			result "$name: does not compile" 1 "$work/core-unit/make.log"
			continue
		fi
		(cd "$source" && ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
			timeout 300 "$work/core-unit/$name") >"$work/out/$name.tap" 2>&1
		status=$?
		# a plan that is not reached means that the program ended early
		if [ $status = 0 ] && ! grep -qE '^1\.\.[0-9]+' "$work/out/$name.tap"; then status=1; fi
		tap "$name" $status "$work/out/$name.tap"
	done
	run_races
}

# The tests that use more than one thread, once more under the thread sanitizer.
run_races() {
	local names name
	names=$(names_of $(grep -l harness_host_threads "$source"/test/unit/test_*.c))
	[ -n "$names" ] || return
	core_make races gcc "-fsanitize=thread" $names
	for name in $names; do
		if [ ! -x "$work/core-races/$name" ]; then
			result "$name: does not compile with the thread sanitizer" 1 "$work/core-races/make.log"
			continue
		fi
		(cd "$source" && TSAN_OPTIONS="halt_on_error=0 exitcode=66" \
			timeout 600 "$work/core-races/$name") >"$work/out/$name.races" 2>&1
		result "$name without a data race" $? "$work/out/$name.races"
	done
}

run_fuzz() {
	local names name seeds status
	names=$(names_of "$source"/test/fuzz/fuzz_*.c)
	[ -n "$names" ] || return
	title "fuzzers, ${FUZZ_SECONDS:-20} s each"
	core_make fuzz clang "-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" $names
	for name in $names; do
		[ -x "$work/core-fuzz/$name" ] || continue
		seeds=$source/test/fuzz/corpus/${name#fuzz_}
		[ -d "$seeds" ] || seeds=
		mkdir -p "$work/core-fuzz/found-$name"
		(
			cd "$source" && timeout $((${FUZZ_SECONDS:-20} + 120)) "$work/core-fuzz/$name" \
				-max_total_time="${FUZZ_SECONDS:-20}" -seed=20261124 -rss_limit_mb=2048 -timeout=30 -print_final_stats=1 \
				-artifact_prefix="$work/core-fuzz/$name-" "$work/core-fuzz/found-$name" $seeds >"$work/out/$name.log" 2>&1
			echo $? >"$work/out/$name.status"
		) &
	done
	wait
	for name in $names; do
		if [ ! -x "$work/core-fuzz/$name" ]; then
			result "$name: does not compile" 1 "$work/core-fuzz/make.log"
			continue
		fi
		status=$(cat "$work/out/$name.status")
		result "$name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$work/out/$name.log") runs)" \
			"$status" "$work/out/$name.log"
		if [ "$status" != 0 ]; then
			find "$work/core-fuzz" -maxdepth 1 -name "$name-*-[0-9a-f]*" -type f -size -4k | while read -r input; do
				echo "    input $(basename "$input"), base64: $(base64 -w0 "$input")"
			done
		fi
	done
}

# ---------------------------------------------------------------- in a server
in_cluster() { "$source/tools/cluster.sh" run "$work/cluster" "$@"; }

cluster_started=0
start_cluster() {
	[ "$cluster_started" = 0 ] || return "$((cluster_started - 1))"
	local status
	"$source/tools/cluster.sh" start "$work/cluster" "$work/build/stage" >"$work/out/cluster.log" 2>&1
	status=$?
	[ $status = 0 ] || result "start a throw-away cluster" 1 "$work/out/cluster.log"
	cluster_started=$((status + 1))
	return $status
}

# The server must have survived: no crash, no assertion, and it answers.
check_server() {
	[ "$cluster_started" = 1 ] || return
	{
		grep -nE 'TRAP:|PANIC|was terminated by signal|server process .* exited with exit code [^01]' "$work/cluster/log"
		in_cluster psql -XqAt -d postgres -c 'SELECT 1' 2>&1 | grep -vx 1
	} >"$work/out/server.log"
	[ ! -s "$work/out/server.log" ]
	result "no crash, no assertion failure, and the server answers" $? "$work/out/server.log"
}

# Each file in a fresh database: what one leaves behind is no other's concern.
run_regress() {
	local name names log status out
	names=$(names_of "$source"/test/sql/*.sql)
	[ -n "$names" ] || return
	title "pg_regress"
	build && start_cluster || return
	for name in $names; do
		out=$work/out/regress-$name log=$work/out/regress-$name.log
		mkdir -p "$out"
		give_to_server_user "$out"
		in_cluster sh -c "cd '$out' && exec '$regress_dir/regress/pg_regress' --inputdir='$source/test' \
			--outputdir='$out' --bindir='$bin' --host='$work/cluster' --port=5432 --user=postgres \
			--load-extension=mlpg --dbname=contrib_regression '$name'" >"$log" 2>&1
		status=$?
		regress_log "regress/$name" $status "$log" "$out"
	done
}

run_pgtap() {
	local name names log status
	names=$(names_of "$source"/test/pgtap/*.sql)
	[ -n "$names" ] || return
	title "pgTAP"
	build && start_cluster || return
	in_cluster psql -Xq -v ON_ERROR_STOP=1 -d postgres -c 'CREATE DATABASE tap_template' >"$work/out/tap.log" 2>&1 &&
		in_cluster psql -Xq -v ON_ERROR_STOP=1 -d tap_template -c 'CREATE EXTENSION pgtap' \
			-c 'CREATE EXTENSION mlpg' >>"$work/out/tap.log" 2>&1
	status=$?
	[ $status = 0 ] || { result "CREATE EXTENSION for pgTAP" 1 "$work/out/tap.log"; return; }
	for name in $names; do
		log=$work/out/pgtap-$name.tap
		in_cluster psql -Xq -d postgres -c "CREATE DATABASE tap_$name TEMPLATE tap_template" >"$log" 2>&1
		in_cluster sh -c "cd '$source' && exec timeout 600 pg_prove --verbose --failures -d 'tap_$name' 'test/pgtap/$name.sql'" \
			>>"$log" 2>&1
		tap "pgtap/$name" $? "$log"
		in_cluster psql -Xq -d postgres -c "DROP DATABASE tap_$name WITH (FORCE)" >/dev/null 2>&1
	done
}

run_isolation() {
	local names log=$work/out/isolation.log status
	names=$(names_of "$source"/test/specs/*.spec)
	[ -n "$names" ] || return
	title "isolation"
	build && start_cluster || return
	mkdir -p "$work/out/isolation"
	give_to_server_user "$work/out/isolation"
	in_cluster sh -c "cd '$work/out/isolation' && exec '$regress_dir/isolation/pg_isolation_regress' --inputdir='$source/test' \
		--outputdir='$work/out/isolation' --bindir='$bin' --host='$work/cluster' --port=5432 --user=postgres \
		--load-extension=mlpg --dbname=isolation_regression $(echo $names)" >"$log" 2>&1
	status=$?
	regress_log "pg_isolation_regress" $status "$log" "$work/out/isolation"
}

# TAP programs make the clusters they need themselves, with tools/cluster.sh.
# They mostly wait, so several run at once; one that measures time says "runs
# alone" in its first lines.
tap_program() {
	local file=$1 name
	name=$(basename "${file%.*}")
	mkdir -p "$work/tap-$name"
	give_to_server_user "$work/tap-$name"
	case $file in *.pl) set -- perl ;; *) set -- bash ;; esac
	as_server_user env PG_CONFIG="$PG_CONFIG" PATH="$bin:$PATH" STAGE="$work/build/stage" SOURCE="$source" \
		TEST_DIR="$work/tap-$name" timeout 900 prove --verbose --exec "$1" "$file" >"$work/out/tap-$name.tap" 2>&1
	echo $? >"$work/out/tap-$name.status"
	rm -rf "$work/tap-$name"
}

run_tap() {
	local file name alone=() together=()
	for file in "$source"/test/t/*.pl "$source"/test/t/*.sh; do
		[ -e "$file" ] || continue
		name=$(basename "${file%.*}")
		[ "$name" != lib ] && chosen "$name" || continue
		if head -20 "$file" | grep -q 'runs alone'; then alone+=("$file"); else together+=("$file"); fi
	done
	[ ${#alone[@]} != 0 ] || [ ${#together[@]} != 0 ] || return
	title "TAP"
	build || return
	for file in ${alone[@]+"${alone[@]}"}; do
		tap_program "$file"
	done
	for file in ${together[@]+"${together[@]}"}; do
		while [ "$(jobs -pr | wc -l)" -gt "$jobs" ]; do
			wait -n
		done
		tap_program "$file" &
	done
	wait
	for file in ${alone[@]+"${alone[@]}"} ${together[@]+"${together[@]}"}; do
		name=$(basename "${file%.*}")
		tap "t/$name" "$(cat "$work/out/tap-$name.status")" "$work/out/tap-$name.tap"
	done
}

# A function, so that bash has read the whole script before it runs: editing it meanwhile does no harm.
main() {
	begun=$(now)
	for class in lint unit fuzz regress pgtap isolation tap; do
		wanted $class && run_$class
	done
	check_server

	echo
	for failure in ${failures[@]+"${failures[@]}"}; do
		echo "failed: $failure"
	done
	echo "took $(since "$begun")"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}
main
