#!/usr/bin/env bash
# compose-without-docker.sh: does what `docker compose up --build` does, in the
# same order and with the commands and settings read from docker-compose.yml and
# the Dockerfile, without containers: PostgreSQL healthy, migration, service
# healthy, demo tenant, a token. As in the containers, our programs run as user
# 65532 (when started as root) and cannot write where they are.
set -euo pipefail
cd "$(dirname "$0")/.."

# The database of the compose file is always a fresh one.
if [ -z "${COMPOSE_POSTGRES:-}" ]; then
	unset GATEHOUSE_TEST_DATABASE_URL
	exec env COMPOSE_POSTGRES=started scripts/with-postgres.sh "$0" "$@"
fi
scripts/need.sh docker-compose
scripts/need.sh curl curl ca-certificates

dir=$(mktemp -d /tmp/gatehouse-compose.XXXXXX)
chmod 755 "$dir"
cleanup() {
	[ -z "${service:-}" ] || kill -KILL "$service" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

docker-compose config >"$dir/compose.yml"
# docker-compose brings Debian's python3 with PyYAML.
of_service() { # SERVICE command|environment|healthcheck: one line each, environment as NAME=VALUE
	/usr/bin/python3 - "$dir/compose.yml" "$@" <<'PYTHON'
import sys, yaml
service = yaml.safe_load(open(sys.argv[1]))["services"][sys.argv[2]]
value = service.get(sys.argv[3], [])
if sys.argv[3] == "healthcheck":
    value = value["test"][1:]
print("\n".join(value if isinstance(value, list) else [f"{k}={v}" for k, v in value.items()]))
PYTHON
}

# A container has its own ports and names; here they become free ports of the
# loopback and the URL of the database that was started.
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
metrics_port=$(free_port)
translated() {
	sed -e "s|postgres://[^ ]*@postgres:5432/[^ ]*|$GATEHOUSE_TEST_DATABASE_URL|" \
		-e "s|gatehouse:8080|127.0.0.1:$port|g" -e "s|localhost:8080|localhost:$port|g" -e "s|:9090|127.0.0.1:$metrics_port|g"
}

as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(setpriv --reuid 65532 --regid 65532 --clear-groups)
in_service() { # SERVICE PROGRAM [ARGUMENT...], in the service's environment
	local environment
	mapfile -t environment < <(of_service "$1" environment | translated)
	shift
	cd / # where the user of the containers cannot write either
	exec "${as_user[@]}" env -i "PATH=$dir:/usr/local/bin:/usr/bin:/bin" "GATEHOUSE_LISTEN=127.0.0.1:$port" "${environment[@]}" "$@"
}
command_of() { mapfile -t command < <(of_service "$1" command); }

echo "-- build, by the Dockerfile's line"
build=$(sed -n 's/^RUN \(CGO_ENABLED=0 go build .*\)/\1/p' Dockerfile)
[ -n "$build" ] || { echo "compose-without-docker.sh: the Dockerfile has no go build line" >&2; exit 1; }
GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false" bash -c "${build//\/out\//$dir/}"

echo "-- migrate"
command_of migrate
(in_service migrate gatehouse "${command[@]}")

echo "-- gatehouse"
command_of gatehouse
(in_service gatehouse gatehouse "${command[@]}") >"$dir/service.log" 2>&1 &
service=$!
mapfile -t healthcheck < <(of_service gatehouse healthcheck)
for attempt in $(seq 30); do
	(in_service gatehouse "${healthcheck[@]}") >"$dir/health.log" 2>&1 && break
	if [ "$attempt" -eq 30 ] || ! kill -0 "$service" 2>/dev/null; then
		cat "$dir/health.log" "$dir/service.log" >&2
		echo "compose-without-docker.sh: the service did not become healthy" >&2
		exit 1
	fi
	sleep 1
done
cat "$dir/health.log"

echo "-- seed, twice: a second start of the compose file must not fail"
entrypoint=$(sed -n 's/^ENTRYPOINT \["\(seed.*\)"\]$/\1/p' Dockerfile)
cp "scripts/$entrypoint" "$dir/"
(in_service seed "$entrypoint")
(in_service seed "$entrypoint") | tee "$dir/seed.log"
grep -q '"access_token":' "$dir/seed.log" || { cat "$dir/service.log" >&2; echo "compose-without-docker.sh: no token was printed" >&2; exit 1; }

curl -fsS "http://127.0.0.1:$metrics_port/metrics" >"$dir/metrics"
grep -q '^gatehouse_' "$dir/metrics" || { echo "compose-without-docker.sh: no metric of ours at the metrics listener" >&2; exit 1; }

echo "-- stop"
kill -TERM "$service"
wait "$service" || { cat "$dir/service.log" >&2; echo "compose-without-docker.sh: the service did not end well" >&2; exit 1; }
service=
echo "compose-without-docker.sh: built, migrated, served, seeded, answered, stopped"
