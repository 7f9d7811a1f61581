#!/usr/bin/env bash
# test.sh (make test): everything that must hold before a change is taken, on
# both databases. It installs what it lacks, stops at the first stage that
# fails, and ends with the seconds that each stage took.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two variants of the dependencies are compiled, because each takes minutes:
# without cgo for everything, and with cgo for the race detector only.
export CGO_ENABLED=0

summary=()
stage() {
	local name=$1 began=$SECONDS
	shift
	echo "== $name"
	if "$@"; then
		summary+=("$(printf '%5ds  ok      %s' $((SECONDS - began)) "$name")")
	else
		summary+=("$(printf '%5ds  FAILED  %s' $((SECONDS - began)) "$name")")
		finish 1
	fi
}

finish() {
	echo
	printf '%s\n' "${summary[@]}"
	printf '%5ds  in all\n' "$SECONDS"
	exit "$1"
}

tools() {
	scripts/need.sh gcc gcc libc6-dev && # the race detector is C
		scripts/need.sh /usr/include/openssl/evp.h libssl-dev &&
		scripts/need.sh curl curl ca-certificates &&
		scripts/need.sh chromium chromium fonts-dejavu-core &&
		scripts/need.sh openssl &&
		scripts/need.sh node nodejs &&
		scripts/need.sh npm npm &&
		scripts/need.sh /usr/lib/python3/dist-packages/requests_oauthlib/__init__.py python3-requests-oauthlib &&
		scripts/postgres-bin.sh >/dev/null &&
		npm ci --prefix interop/npm --no-audit --no-fund --loglevel=error
}

# faults needs PostgreSQL, whose stage runs it.
sqlite_packages() { go list ./... | grep -v /faults; }

# The signing backend and the database know nothing of each other, so that two
# runs of the whole suite show both of each: signatures by OpenSSL on SQLite, those
# of Go on PostgreSQL. The race detector looks at the first, and at keys in both.
# What must not leak memory is watched without it.
sqlite_race() {
	CGO_ENABLED=1 go test -race -tags openssl -timeout 15m $(sqlite_packages) &&
		CGO_ENABLED=1 go test -race ./keys &&
		CGO_ENABLED=1 go test -tags openssl ./keys
}

postgresql() {
	scripts/with-postgres.sh go test -count=1 -timeout 15m ./...
}

stage "tools and npm clients" tools
stage "format, go.mod, vet, staticcheck" make --no-print-directory format-check tidy-check vet staticcheck
stage "static build" make --no-print-directory build
stage "SQLite, signatures by OpenSSL, race detector" sqlite_race
stage "PostgreSQL, signatures by Go" postgresql
stage "docker-compose.yml" scripts/check-compose.sh
stage "its commands without containers" scripts/compose-without-docker.sh
stage "example of a grant" scripts/grant-example.sh
stage "documentation" scripts/check-docs.sh
finish 0
