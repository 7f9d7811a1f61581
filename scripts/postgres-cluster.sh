#!/usr/bin/env bash
# postgres-cluster.sh: a PostgreSQL for tests, in a directory of its own, that
# may be stopped and started at will. It trusts everybody on this machine, and
# what it has committed survives its own end, not that of the machine.
#
#   make DIR             initialises a cluster in the empty directory
#   start DIR [SECONDS]  starts it, with a clock that is so much ahead (+300) or behind (-300)
#   stop DIR [MODE]      stops it: fast (unless given), smart or immediate
#   url DIR              prints the URL of its database "gatehouse"
set -euo pipefail

usage() { sed -n '6,9s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
order=$1
dir=$2
shift 2

bin=$("$(dirname "$0")/postgres-bin.sh")
data=$dir/data

# initdb refuses to run as root.
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
	owner=postgres
	id "$owner" >/dev/null 2>&1 || owner=nobody
	as_owner=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups env "HOME=$dir")
fi
# The server's programs want a working directory that their user can read.
pg() { (cd "$dir" && "${as_owner[@]}" "$@"); }

case $order in
make)
	[ "$(id -u)" -ne 0 ] || chown "$owner" "$dir"
	pg "$bin/initdb" -D "$data" -U gatehouse --auth=trust --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" ||
		{ cat "$dir/initdb.log" >&2; exit 1; }
	cat >>"$data/postgresql.conf" <<-CONF
		listen_addresses = '127.0.0.1'
		unix_socket_directories = ''
		max_connections = 300
		fsync = off
		full_page_writes = off
	CONF
	;;
start)
	clock=()
	if [ -n "${1:-}" ]; then
		"$(dirname "$0")/need.sh" faketime faketime
		clock=(env "LD_PRELOAD=$(faketime -f +1s printenv LD_PRELOAD)" "FAKETIME=${1}s" DONT_FAKE_MONOTONIC=1)
	fi
	# Another program may take the port between choosing and binding it.
	for _ in 1 2 3 4 5; do
		port=$(cat "$dir/port" 2>/dev/null || echo $((20000 + RANDOM % 12000)))
		if pg "${clock[@]}" "$bin/pg_ctl" -D "$data" -l "$dir/server.log" -o "-p $port" -w -t 60 start >"$dir/pg_ctl.log" 2>&1; then
			break
		fi
		[ ! -e "$dir/port" ] || { cat "$dir/pg_ctl.log" "$dir/server.log" >&2; exit 1; }
		port=
	done
	[ -n "$port" ] || { cat "$dir/pg_ctl.log" "$dir/server.log" >&2; exit 1; }
	if [ ! -e "$dir/port" ]; then
		pg "$bin/createdb" -h 127.0.0.1 -p "$port" -U gatehouse gatehouse
		echo "$port" >"$dir/port"
	fi
	;;
stop)
	pg "$bin/pg_ctl" -D "$data" -m "${1:-fast}" -w stop >"$dir/pg_ctl.log" 2>&1 || { cat "$dir/pg_ctl.log" >&2; exit 1; }
	;;
url)
	echo "postgres://gatehouse@127.0.0.1:$(cat "$dir/port")/gatehouse?sslmode=disable"
	;;
*) usage ;;
esac
