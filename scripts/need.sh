#!/usr/bin/env bash
# need.sh COMMAND [PACKAGE...]: makes sure that COMMAND is in PATH, or a file if
# it is an absolute path, and installs the Debian packages (named like the
# command unless given) where it is not.
set -euo pipefail

command=$1
shift
packages=("${@:-$command}")

there() { [ -e "$command" ] || command -v "$command" >/dev/null; }

there && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "need.sh: $command is missing; install: ${packages[*]}" >&2; exit 1; }
	as_root=(sudo -n)
fi
command -v apt-get >/dev/null || { echo "need.sh: $command is missing, and this is no Debian: install ${packages[*]} by hand" >&2; exit 1; }

echo "need.sh: installing ${packages[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
{
	"${as_root[@]}" apt-get update -q
	"${as_root[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}"
} >&2 </dev/null
hash -r
there || { echo "need.sh: ${packages[*]} brought no $command" >&2; exit 1; }
