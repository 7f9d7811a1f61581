#!/usr/bin/env bash
# postgres-bin.sh: prints the directory of PostgreSQL's server programs, and
# installs Debian's package where there is none. No cluster is made or started.
set -euo pipefail

find_bin() {
	local dir
	for dir in "$(pg_config --bindir 2>/dev/null || true)" \
		$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) \
		"$(dirname "$(command -v initdb || echo /nonexistent/initdb)")"; do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ]; then
			echo "$dir"
			return 0
		fi
	done
	return 1
}

find_bin && exit 0

# postgresql-common comes first, so that the package that follows can be told
# not to start a cluster of its own on port 5432.
"$(dirname "$0")/need.sh" pg_ctlcluster postgresql-common
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
"${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -q -y --no-install-recommends postgresql >&2 </dev/null

find_bin || { echo "postgres-bin.sh: PostgreSQL was installed, and yet there is no initdb in /usr/lib/postgresql/*/bin" >&2; exit 1; }
