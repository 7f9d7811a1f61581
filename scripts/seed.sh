#!/bin/sh
# seed.sh: what the service `seed` of docker-compose.yml does once the server is
# ready. It makes a demo tenant with an API and a client by the command line of
# gatehouse, straight on the database beside the running server, then asks that
# server for a token by curl. Doing it again changes nothing.
# SEED_CLIENT_SECRET is the secret of the client; SEED_CONNECT_TO, where it is
# set, names where the public URL is reached from here, as curl's --connect-to.
set -eu

tenant=demo
audience=https://api.demo.example
client=demo-client

once() { # WHAT SHOW... -- CREATE...: creates what show does not find
	what=$1
	shift
	show=
	while [ "$1" != -- ]; do
		show="$show $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # no word of ours holds a space
	if gatehouse $show >/dev/null 2>&1; then
		echo "$what is there already"
	else
		gatehouse "$@"
	fi
	echo
}

once "The tenant" tenants show "$tenant" -- \
	tenants create "$tenant" --name Demo
once "The API" apis show --tenant "$tenant" "$audience" -- \
	apis create --tenant "$tenant" "$audience" --name "Demo API" --scope read="Read everything"
printf '%s' "$SEED_CLIENT_SECRET" | once "The client" clients show --tenant "$tenant" "$client" -- \
	clients create --tenant "$tenant" --client-id "$client" --client-secret-file - --name "Demo client" \
	--grant client_credentials --api "$audience=read"

url=$GATEHOUSE_PUBLIC_URL/t/$tenant/oauth2/token
echo "\$ curl -u $client:$SEED_CLIENT_SECRET -d grant_type=client_credentials $url"
curl --fail-with-body --silent --show-error --max-time 10 ${SEED_CONNECT_TO:+--connect-to "$SEED_CONNECT_TO"} \
	-u "$client:$SEED_CLIENT_SECRET" -d grant_type=client_credentials "$url"
echo
