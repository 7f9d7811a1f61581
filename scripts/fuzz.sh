#!/usr/bin/env bash
# fuzz.sh: runs every fuzz target of the module for FUZZTIME (20s) each. A
# failing input is kept by Go under testdata/fuzz, where `go test` finds it.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-20s}

# go test -list prints the targets of a package, then its "ok" line.
targets=$(go test -list '^Fuzz' ./... | awk '
	/^Fuzz/     { names[++n] = $1 }
	/^ok[ \t]/  { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }')
[ -n "$targets" ] || { echo "fuzz.sh: no fuzz target was found" >&2; exit 1; }

count=0
while read -r package target; do
	echo "== $target ($package), $time"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" </dev/null
	count=$((count + 1))
done <<<"$targets"
echo "fuzz.sh: $count targets, $time each, nothing found"
