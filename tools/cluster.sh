#!/bin/sh
# Throw-away clusters for tests, demo, bench and experiments.
#
#   tools/cluster.sh start DIR [STAGE]    make (if it is not there) and start; STAGE is the
#                                         folder that "make stage" filled: build/stage
#   tools/cluster.sh restage DIR STAGE    put a newer build under it: new sessions load it
#   tools/cluster.sh psql DIR [ARGUMENT...]
#   tools/cluster.sh run DIR COMMAND...   run a command as the cluster's user, PGHOST etc. set
#   tools/cluster.sh stop DIR
#   tools/cluster.sh remove DIR           stop and delete
#
# The socket is DIR itself (mode 700, owned by the user the server runs as): no
# port is opened. The superuser is postgres, without a password. Nothing is
# installed system-wide: the server finds the extension under DIR/stage.
#
# Environment: PG_CONFIG; SHARED_BUFFERS (128MB); PRELOAD (shared_preload_libraries,
# such as pg_cron); CONF (more lines for postgresql.conf); FSYNC (off); SERVER_USER.
set -eu
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
action=$1
directory=$2
shift 2
bin=$(pg_bin)

stage_into() {
	[ -d "$1" ] || die "no folder $1: run \"make stage\" first"
	rm -rf "$directory/stage.new"
	mkdir "$directory/stage.new"
	cp -a "$1/." "$directory/stage.new/"
	give_to_server_user "$directory/stage.new"
	rm -rf "$directory/stage"
	mv "$directory/stage.new" "$directory/stage"
}

# Where the server looks for the extension: Debian's 13 to 17 know extension_destdir,
# 18 knows extension_control_path.
stage_settings() {
	echo "dynamic_library_path = '$directory/stage$("$PG_CONFIG" --pkglibdir):\$libdir'"
	known=$(as_server_user "$bin/postgres" --describe-config | cut -f1)
	if echo "$known" | grep -qx extension_control_path; then
		echo "extension_control_path = '$directory/stage$("$PG_CONFIG" --sharedir):\$system'"
	elif echo "$known" | grep -qx extension_destdir; then
		echo "extension_destdir = '$directory/stage'"
	else
		die "this server can use an extension only where \"make install\" puts it"
	fi
}

settings() {
	cat <<-END
		listen_addresses = ''
		unix_socket_directories = '$directory'
		port = 5432
		shared_buffers = ${SHARED_BUFFERS:-128MB}
		fsync = ${FSYNC:-off}
		synchronous_commit = off
		full_page_writes = ${FSYNC:-off}
		max_wal_size = 4GB
		timezone = 'UTC'
		log_timezone = 'UTC'
		lc_messages = 'C'
		log_min_messages = warning
		log_line_prefix = '%m [%p] %u@%d '
		restart_after_crash = off
	END
	stage_settings
	if [ -n "${PRELOAD:-}" ]; then
		echo "shared_preload_libraries = '$PRELOAD'"
		case $PRELOAD in *pg_cron*)
			echo "cron.use_background_workers = on"
			;;
		esac
	fi
	[ -z "${CONF:-}" ] || printf '%s\n' "$CONF"
}

start() {
	mkdir -p "$directory"
	directory=$(cd "$directory" && pwd -P)
	[ ${#directory} -le 80 ] || die "$directory is too long a path for a socket"
	give_to_server_user "$directory"
	chmod 700 "$directory"
	as_server_user test -w "$directory" || die "user $SERVER_USER cannot reach $directory"
	[ $# = 0 ] || stage_into "$1"
	[ -d "$directory/stage" ] || die "no build: start $directory STAGE"
	if [ ! -f "$directory/data/PG_VERSION" ]; then
		as_server_user "$bin/initdb" -D "$directory/data" -U postgres -A trust --no-sync --no-locale -E UTF8 \
			>"$directory/initdb.log" 2>&1 || { cat "$directory/initdb.log" >&2; die "initdb failed"; }
		settings >"$directory/settings.conf"
		give_to_server_user "$directory/settings.conf"
		echo "include '$directory/settings.conf'" >>"$directory/data/postgresql.conf"
	fi
	if as_server_user "$bin/pg_ctl" -D "$directory/data" status >/dev/null 2>&1; then
		return 0
	fi
	as_server_user "$bin/pg_ctl" -D "$directory/data" -l "$directory/log" -w -t 60 -s start ||
		{ tail -20 "$directory/log" >&2; die "the server did not start"; }
}

stop() {
	if as_server_user "$bin/pg_ctl" -D "$directory/data" status >/dev/null 2>&1; then
		as_server_user "$bin/pg_ctl" -D "$directory/data" -m "${MODE:-fast}" -w -t 60 -s stop
	fi
}

case $action in
	start) start "$@" ;;
	restage) stage_into "$1" ;;
	psql) exec "$bin/psql" -h "$directory" -p 5432 -U postgres "$@" ;;
	run) as_server_user env PGHOST="$directory" PGPORT=5432 PGUSER=postgres PATH="$bin:$PATH" "$@" ;;
	stop) stop ;;
	remove) stop; rm -rf "$directory" ;;
	*) die "unknown action $action" ;;
esac
