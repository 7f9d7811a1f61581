#!/usr/bin/env bash
# run-page.sh GATEHOUSE PAGE: runs every shell block (```sh) of a page, in their
# order and in one shell, against a server of that program with a new database.
# Every command must succeed, a curl's answer included.
set -euo pipefail
gatehouse=$(realpath "$1")
page=$(realpath "$2")

dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"
mkdir bin
ln -s "$gatehouse" bin/gatehouse
port=$((20000 + RANDOM % 12000))
export GATEHOUSE_LISTEN=127.0.0.1:$port GATEHOUSE_PUBLIC_URL=http://localhost:$port GATEHOUSE_DATABASE_URL=sqlite:$dir/gatehouse.db
"$gatehouse" serve >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 100); do
	"$gatehouse" healthcheck --ready >/dev/null 2>&1 && break
	kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; echo "run-page.sh: it does not serve" >&2; exit 1; }
	sleep 0.1
done

{
	echo 'set -euo pipefail; curl() { command curl --fail-with-body --silent --show-error --max-time 10 --ipv4 "$@"; }; set -x'
	awk '/^```sh$/{on=1;next} /^```/{on=0} on' "$page" | sed "s|localhost:8080|localhost:$port|g"
} >"$dir/script"
# A change made by a command is in force on the server once it has polled: wait
# for it where a request follows.
sed -i 's|^curl |sleep 0.5; curl |; s|=$(curl |=$(sleep 0.5; curl |' "$dir/script"
PATH=$dir/bin:$PATH SECRET=a-secret-of-your-own bash "$dir/script" >"$dir/out" 2>&1 ||
	{ cat "$dir/out" >&2; echo "run-page.sh: a command of $page fails" >&2; exit 1; }
[ -z "${RUN_PAGE_SHOWS:-}" ] || cat "$dir/out"
echo "run-page.sh: $(grep -cE '^\+ (gatehouse|curl)' "$dir/out") commands of $page run"
