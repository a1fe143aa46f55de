# Shared by the scripts of tools/, test/, demo/ and bench/: to be sourced.

PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/15/bin/pg_config}
[ -x "$PG_CONFIG" ] || PG_CONFIG=$(command -v pg_config || true)
pg_bin() { "$PG_CONFIG" --bindir; }

die() { echo "$0: $*" >&2; exit 1; }

# The user that servers and tests run as: PostgreSQL refuses root.
if [ "$(id -u)" = 0 ]; then
	SERVER_USER=${SERVER_USER:-postgres}
else
	SERVER_USER=$(id -un)
fi

# Runs a command as that user, in a folder it can read, with nothing of the
# caller's locale, zone or connection settings.
as_server_user() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && exec setpriv --reuid="$SERVER_USER" --regid="$(id -g "$SERVER_USER")" --init-groups \
			env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER -u PGOPTIONS -u PGTZ -u PGDATESTYLE \
			HOME=/ LC_ALL=C "$@")
	else
		(cd / && exec env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER -u PGOPTIONS -u PGTZ -u PGDATESTYLE \
			LC_ALL=C "$@")
	fi
}

# Gives a folder and what is in it to that user.
give_to_server_user() {
	if [ "$(id -u)" = 0 ]; then
		chown -R "$SERVER_USER": "$@"
	fi
}
