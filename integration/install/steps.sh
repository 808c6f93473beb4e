# How install.sh and its parts run a step: once, as root where it must be.
# shellcheck shell=bash

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# step NAME COMMAND...: runs the command unless it once succeeded for this very NAME.
step() {
	local mark=$cache/done/$1
	shift
	if [ ! -e "$mark" ]; then
		"$@"
		mkdir -p "$cache/done"
		: >"$mark"
	fi
}

# quietly COMMAND...: what a program prints is shown when it fails, and only then.
quietly() {
	local printed status=0
	printed=$(mktemp)
	"$@" >"$printed" 2>&1 || status=$?
	[ "$status" -eq 0 ] || cat "$printed" >&2
	rm -f "$printed"
	return "$status"
}

# A changed list is a new step.
version_of() {
	printf '%s\n' "$@" | cksum | cut -d' ' -f1
}

# The package lists are fetched once, and only when something is missing.
apt_lists() {
	command -v apt-get >/dev/null || {
		echo "install.sh: please install: $*" >&2
		return 1
	}
	[ -n "${apt_listed:-}" ] || as_root apt-get update -qq
	apt_listed=yes
}

apt_install() {
	[ $# -gt 0 ] || return 0
	apt_lists "$@"
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
