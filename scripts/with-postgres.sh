#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs COMMAND with GATEHOUSE_TEST_DATABASE_URL
# naming an empty PostgreSQL: the one that is set already, or a throw-away one
# on a free port of 127.0.0.1 that is gone afterwards.
# It trades safety for speed and trusts everybody on this machine: for tests
# only.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: with-postgres.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -z "${GATEHOUSE_TEST_DATABASE_URL:-}" ] || exec "$@"

cluster=$(dirname "$0")/postgres-cluster.sh
dir=$(mktemp -d /tmp/gatehouse-postgres.XXXXXX)
cleanup() {
	"$cluster" stop "$dir" immediate >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$cluster" make "$dir"
echo "synchronous_commit = off" >>"$dir/data/postgresql.conf"
"$cluster" start "$dir"

GATEHOUSE_TEST_DATABASE_URL=$("$cluster" url "$dir")
export GATEHOUSE_TEST_DATABASE_URL
echo "with-postgres.sh: PostgreSQL $(cat "$dir/data/PG_VERSION") at $GATEHOUSE_TEST_DATABASE_URL" >&2
status=0
"$@" || status=$?
exit "$status"
