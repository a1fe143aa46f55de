#!/bin/sh
# make demo-stop: ends the demo's server and removes its folder.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tools/lib.sh"
. "$root/demo/place.sh"
export PG_CONFIG
if [ ! -d "$place" ]; then
	echo "No demo is running."
	exit 0
fi
own_place
"$root/tools/cluster.sh" remove "$place"
echo "The demo is over; $place is gone."
