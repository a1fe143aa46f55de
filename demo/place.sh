# Where the demo's cluster lives: to be sourced after tools/lib.sh.

place=${MLPG_DEMO:-/tmp/mlpg-demo-$SERVER_USER}

# A folder in /tmp may be anybody's: only one that belongs to the server's user is used.
own_place() {
	if [ -L "$place" ]; then
		die "$place is a symbolic link: remove it, or set MLPG_DEMO to another folder"
	fi
	mkdir -m 700 "$place" 2>/dev/null && give_to_server_user "$place"
	[ "$(stat -c %U "$place")" = "$SERVER_USER" ] ||
		die "$place belongs to somebody else: set MLPG_DEMO to another folder"
}
