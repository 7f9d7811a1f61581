#!/usr/bin/env bash
# grant-example.sh: builds docs/examples/grant, a module of its own, and earns
# tokens by the grant that it adds. With --update it only writes that module's
# go.mod and go.sum anew, which is needed when go.mod here has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
example=docs/examples/grant
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

# What the example needs is what this module needs: a program that includes it
# has the same dependencies.
modules() {
	cat <<-MOD
		module vouchers.example

		go $(go list -m -f '{{.GoVersion}}')

		replace github.com/gatehouse-auth/gatehouse => ../../..

		require github.com/gatehouse-auth/gatehouse v0.0.0

	MOD
	grep '^exclude' go.mod
	echo
	echo 'require ('
	go list -m -f '{{if not .Main}}	{{.Path}} {{.Version}} // indirect{{end}}' $(awk '/^require \(/{on=1;next} /^\)/{on=0} on{print $1}' go.mod)
	echo ')'
}

if [ "${1:-}" = --update ]; then
	modules >"$dir/go.mod"
	cp "$dir/go.mod" "$example/go.mod"
	cp go.sum "$example/go.sum"
	exit
fi

export CGO_ENABLED=0
(cd "$example" && go vet . && go build -o "$dir/vouchers" .) ||
	{ echo "grant-example.sh: if go.mod is what is wrong, run scripts/grant-example.sh --update" >&2; exit 1; }

fail() {
	echo "grant-example.sh: $*" >&2
	cat "$dir/log" >&2
	exit 1
}

export GATEHOUSE_DATABASE_URL="sqlite:$dir/gatehouse.db" GATEHOUSE_LISTEN=127.0.0.1:${PORT:-18087}
export GATEHOUSE_PUBLIC_URL="http://$GATEHOUSE_LISTEN" VOUCHER_KEY=0123456789abcdef0123456789abcdef
type=https://vouchers.example/grant
"$dir/vouchers" serve >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 100); do
	"$dir/vouchers" healthcheck --ready >/dev/null 2>&1 && break
	kill -0 "$server" || fail "it does not serve"
	sleep 0.1
done
"$dir/vouchers" tenants create acme --name Acme >/dev/null
"$dir/vouchers" users create -t acme ann --id ann >/dev/null
"$dir/vouchers" clients create -t acme --name Shop --client-id shop --auth-method none --grant "$type" >/dev/null
"$dir/vouchers" clients create -t acme --name Other --client-id other --auth-method none --grant password >/dev/null

voucher() { # TENANT USER EXPIRY NUMBER
	echo "$2.$3.$4.$(printf %s "$1.$2.$3.$4" | openssl dgst -sha256 -hmac "$VOUCHER_KEY" -r | cut -d' ' -f1)"
}

# ask WANT CLIENT VOUCHER: the answer must hold WANT.
ask() {
	local answer
	answer=$(curl -sS "$GATEHOUSE_PUBLIC_URL/t/acme/oauth2/token" -d grant_type="$type" -d client_id="$2" -d voucher="$3")
	[[ $answer == *"$1"* ]] || fail "the voucher $3 of $2 is answered $answer, not $1"
}

soon=$(($(date +%s) + 600))
good=$(voucher acme ann "$soon" 1)
ask unauthorized_client other "$good"
ask '"access_token"' shop "$good"
ask 'used before' shop "$good"
ask 'has expired' shop "$(voucher acme ann 1 2)"
ask 'not a good one' shop "$(voucher globex ann "$soon" 3)"
ask 'for nobody' shop "$(voucher acme ben "$soon" 4)"
ask 'must be USER' shop 1
curl -sS "$GATEHOUSE_PUBLIC_URL/t/acme/.well-known/openid-configuration" | grep -F "\"$type\"" >/dev/null || fail "metadata does not name the grant"
"$dir/vouchers" audit list -t acme | grep token.issue >/dev/null || fail "the token is not in the audit log"
"$dir/vouchers" version | grep -F vouchers.example >/dev/null || fail "version does not tell whose program it is"
echo "grant-example.sh: a program with one more grant earns tokens by it"
