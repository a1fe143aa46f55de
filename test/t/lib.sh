# Shared by the TAP programs: to be sourced. test/run.sh sets STAGE (the staged
# build), SOURCE (the source tree) and TEST_DIR (a folder of the program's own).

: "${STAGE:?run me through test/run.sh}" "${SOURCE:?}" "${TEST_DIR:?}"
. "$SOURCE/tools/lib.sh"
bin=$(pg_bin)
cluster_dir=$TEST_DIR/cluster
tests=0
bad=0

ok() {							# ok NAME: the status of the command before it
	local status=$?
	tests=$((tests + 1))
	if [ $status = 0 ]; then echo "ok $tests - $1"; else echo "not ok $tests - $1"; bad=$((bad + 1)); fi
	return 0
}

is() {							# is GOT EXPECTED NAME
	[ "$1" = "$2" ]
	ok "$3"
	[ "$1" = "$2" ] || diag "got:      $1" "expected: $2"
}

like() {						# like GOT REGEX NAME
	printf '%s\n' "$1" | grep -qE -- "$2"
	ok "$3"
	printf '%s\n' "$1" | grep -qE -- "$2" || diag "got: $1" "which is not like: $2"
}

diag() { printf '%s\n' "$@" | sed 's/^/# /'; }

done_testing() {
	echo "1..$tests"
	[ "$bad" = 0 ]
	exit
}

# cluster ACTION ...: tools/cluster.sh on this program's cluster, stopped at the end.
cluster() { "$SOURCE/tools/cluster.sh" "$1" "$cluster_dir" "${@:2}"; }
trap 'cluster remove >/dev/null 2>&1' EXIT
trap 'exit 143' TERM INT

start_cluster() {
	cluster start "$STAGE" >&2 || { echo "Bail out! the cluster did not start"; exit 1; }
}

# sql DATABASE STATEMENT...: unaligned rows; errors as "SQLSTATE: message" lines
sql() {
	local database=$1 arguments=() statement
	shift
	for statement; do arguments+=(-c "$statement"); done
	PGOPTIONS='-c client_min_messages=warning' "$bin/psql" -XqAt -h "$cluster_dir" -p 5432 -U "${ROLE:-postgres}" -d "$database" -v ON_ERROR_STOP=1 \
		-v VERBOSITY=verbose "${arguments[@]}" 2>&1
}

# setup DATABASE STATEMENT...: what must work before anything can be tested.
setup() {
	local out
	out=$(sql "$@") || { diag "$out"; echo "Bail out! the set-up failed"; exit 1; }
}

# until_true SECONDS DATABASE QUERY: polls until the query answers t.
until_true() {
	local end=$((SECONDS + $1))
	while [ "$(sql "$2" "$3")" != t ]; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# The server never crashed and none of its assertions failed.
server_is_fine() {
	! grep -nE 'TRAP:|PANIC|was terminated by signal|server process .* exited with exit code [^01]' "$cluster_dir/log" >&2
	ok "the server's log shows no crash"
	is "$(sql postgres 'SELECT 1')" 1 "the server answers"
}
