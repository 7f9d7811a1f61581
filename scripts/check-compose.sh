#!/usr/bin/env bash
# check-compose.sh: docker-compose.yml is valid, with one node and with two, and
# what it builds from exists. It needs no Docker engine.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh docker-compose

docker-compose config --quiet
docker-compose --profile two-nodes config --quiet

# Every target that the compose file builds is a stage of the Dockerfile, and
# every file that the Dockerfile copies is there and not ignored.
for target in $(docker-compose --profile two-nodes config | sed -n 's/^ *target: //p' | sort -u); do
	grep -qi "^FROM .* AS $target\$" Dockerfile || { echo "check-compose.sh: the Dockerfile has no stage $target" >&2; exit 1; }
done
while read -r file; do
	[ -e "$file" ] || { echo "check-compose.sh: the Dockerfile copies $file, which does not exist" >&2; exit 1; }
	! grep -qx "${file#./}" .dockerignore || { echo "check-compose.sh: .dockerignore hides $file" >&2; exit 1; }
done < <(grep '^COPY [^-]' Dockerfile | sed 's/^COPY //' | awk '{ for (i = 1; i < NF; i++) print $i }')
echo "check-compose.sh: docker-compose.yml and Dockerfile agree"
