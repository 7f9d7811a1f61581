#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs COMMAND with GATEHOUSE_TEST_DATABASE_URL
# naming an empty PostgreSQL: the one that is set already, or a throw-away one
# on a free port of 127.0.0.1 that is gone afterwards.
# It trades safety for speed (no fsync) and trusts everybody on this machine:
# for tests only.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: with-postgres.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -z "${GATEHOUSE_TEST_DATABASE_URL:-}" ] || exec "$@"

bin=$("$(dirname "$0")/postgres-bin.sh")
dir=$(mktemp -d /tmp/gatehouse-postgres.XXXXXX)
data=$dir/data

# initdb refuses to run as root.
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
	owner=postgres
	id "$owner" >/dev/null 2>&1 || owner=nobody
	chown "$owner" "$dir"
	as_owner=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups env "HOME=$dir")
fi
# The server's programs want a working directory that their user can read.
pg() { (cd "$dir" && "${as_owner[@]}" "$bin/$@"); }

cleanup() {
	pg pg_ctl -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

pg initdb -D "$data" -U gatehouse --auth=trust --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" ||
	{ cat "$dir/initdb.log" >&2; exit 1; }
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
CONF

# Another program may take the port between choosing and binding it.
for _ in 1 2 3 4 5; do
	port=$((20000 + RANDOM % 12000))
	if pg pg_ctl -D "$data" -l "$dir/server.log" -o "-p $port" -w -t 60 start >"$dir/pg_ctl.log" 2>&1; then
		started=yes
		break
	fi
done
[ -n "${started:-}" ] || { cat "$dir/pg_ctl.log" "$dir/server.log" >&2; exit 1; }
pg createdb -h 127.0.0.1 -p "$port" -U gatehouse gatehouse

export GATEHOUSE_TEST_DATABASE_URL="postgres://gatehouse@127.0.0.1:$port/gatehouse?sslmode=disable"
echo "with-postgres.sh: $("$bin/postgres" --version) at $GATEHOUSE_TEST_DATABASE_URL" >&2
status=0
"$@" || status=$?
exit "$status"
