#!/usr/bin/env bash
# smoke-demo.sh: starts the demo as the README says, and pastes every command
# that it prints, in order and in one shell, as a reader would. Each must
# succeed.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=${CGO_ENABLED:-0}

dir=$(mktemp -d)
cleanup() {
	# `go run` hands the interrupt on to the server that it started.
	if [ -n "${demo:-}" ] && kill -INT -- "-$demo" 2>/dev/null; then
		wait "$demo" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

set -m # the demo gets a process group of its own
go run ./cmd/gatehouse demo >"$dir/out" 2>"$dir/err" </dev/null &
demo=$!
set +m

# Commands are indented by two spaces: a curl, or a variable set from one. The
# demo is ready once it has printed its last line, so wait until no more comes.
commands() { grep -E '^  +([A-Z_]+=|curl |export )' "$dir/out" | sed 's/^ *//' || true; }
lines=-1
for _ in $(seq 600); do
	kill -0 "$demo" 2>/dev/null || { cat "$dir/out" "$dir/err" >&2; echo "smoke-demo.sh: the demo ended by itself" >&2; exit 1; }
	now=$(commands | wc -l)
	[ "$now" -gt 0 ] && [ "$now" -eq "$lines" ] && break
	lines=$now
	sleep 0.5
done
cat "$dir/out"
commands >"$dir/commands"
count=$(wc -l <"$dir/commands")
[ "$count" -ge 6 ] || { cat "$dir/err" >&2; echo "smoke-demo.sh: $count commands printed; three tenants have two each" >&2; exit 1; }

# Some lines only fetch what a later one shows; -f makes an HTTP error an error.
cat >"$dir/paste.sh" <<'PASTE'
set -euo pipefail
curl() { command curl --fail-with-body --silent --show-error --max-time 10 "$@"; }
while IFS= read -r line <&3; do
	printf '\n$ %s\n' "$line"
	eval "$line"
done 3<"$1"
PASTE
bash "$dir/paste.sh" "$dir/commands" </dev/null
printf '\nsmoke-demo.sh: %d commands pasted, all succeeded\n' "$count"
