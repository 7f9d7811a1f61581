#!/usr/bin/env bash
# check-docs.sh: what the documentation names exists: linked files, make
# targets, scripts, commands of gatehouse with their flags, and settings; and the
# commands of the pages at the end run.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false" CGO_ENABLED=0 go build -o "$dir/gatehouse" ./cmd/gatehouse

faults=0
fault() {
	echo "check-docs.sh: $*" >&2
	faults=$((faults + 1))
}

mapfile -t pages < <(git ls-files --cached --others --exclude-standard '*.md')
for page in "${pages[@]}"; do
	while read -r link; do
		[ -e "$(dirname "$page")/$link" ] || fault "$page links to $link, which does not exist"
	done < <(grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//' | grep -vE '^[a-z]+:' || true)

	while read -r target; do
		grep -q "^$target:" Makefile || fault "$page names make $target, which the Makefile does not have"
	done < <(grep -oE '(^|[`$ ])make [a-z][a-z-]+`?$|`make [a-z-]+' "$page" | grep -oE 'make [a-z-]+' | sed 's/make //' | sort -u || true)

	while read -r script; do
		[ -x "$script" ] || fault "$page names $script, which is no program here"
	done < <(grep -oE '(^|[`$ (])(scripts|\.ci)/[a-z.-]+' "$page" | grep -oE '(scripts|\.ci)/[a-z.-]+[a-z]' | sort -u || true)

	while read -r variable; do
		[[ $variable == GATEHOUSE_TEST_* || $variable == GATEHOUSE_CONFIG ]] ||
			grep -qE "env:\"${variable#GATEHOUSE_}\"" cmd/settings.go || fault "$page names $variable, which is no setting"
	done < <(grep -oE 'GATEHOUSE_[A-Z_]*[A-Z]' "$page" | sort -u || true)

	# Commands stand in code: at the beginning of a line, after a prompt, or in
	# backquotes. Those that only serve are known by their help as well.
	while read -r line; do
		read -ra words <<<"$line"
		command=()
		for word in "${words[@]:1}"; do
			[[ $word =~ ^[a-z][a-z-]*$ ]] || break
			command+=("$word")
		done
		# The words after a complete command are its arguments: take them away
		# until what is left is known.
		while [ ${#command[@]} -gt 0 ] && ! "$dir/gatehouse" "${command[@]}" --help >"$dir/help" 2>&1; do
			unset 'command[-1]'
		done
		[ ${#command[@]} -gt 0 ] || { [ ${#words[@]} -eq 1 ] || [[ ${words[1]} == -* ]] || fault "$page: no such command: $line"; continue; }
		sed -i -E 's/--\[no-\]([a-z-]+)/--\1 --no-\1 /' "$dir/help"
		for word in "${words[@]:1}"; do
			[[ $word =~ ^--[a-z-]+ ]] || continue
			grep -qE -- "${BASH_REMATCH[0]}([ =,\[]|\$)" "$dir/help" || fault "$page: ${command[*]} knows no ${BASH_REMATCH[0]}: $line"
		done
	done < <(grep -oE '(^ *|^ *\$ |`)(gatehouse|(go run )?\./cmd/gatehouse|bin/gatehouse) [a-z-][^`#|]*' "$page" |
		sed -E 's/^[ $`]*//; s/^go run //' | sort -u || true)
done

# Every page can be found: by the README, or by the index of decisions.
for page in docs/*.md docs/decisions/*.md; do
	case $page in
	docs/decisions/README.md) continue ;;
	docs/decisions/*) index=docs/decisions/README.md name=${page##*/} ;;
	*) index=README.md name=$page ;;
	esac
	grep -qF "($name)" "$index" || fault "$index does not link to $page"
done

[ "$faults" -eq 0 ] || exit 1
for page in tokens client-authentication users tenant-administrators refresh-tokens impersonation; do
	scripts/run-page.sh "$dir/gatehouse" "docs/$page.md"
done
echo "check-docs.sh: ${#pages[@]} pages name nothing that does not exist"
