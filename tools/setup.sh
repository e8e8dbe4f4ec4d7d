#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install the Debian packages that building and testing need. Silent when all are there.

packages="gcc libc6-dev cmake ninja-build pkg-config python3 libelf-dev libdw-dev libjansson-dev libarchive-dev nettle-dev libzydis-dev"

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system; install the equivalents of: $packages" >&2
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)
    case "$state" in
    *" installed") ;;
    *)
        # pkgconf provides pkg-config
        [ "$package" = pkg-config ] && command -v pkg-config >/dev/null && continue
        missing="$missing $package"
        ;;
    esac
done
[ -z "$missing" ] && exit 0

root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing packages; as root run: apt-get install$missing" >&2
        exit 1
    fi
    root=sudo
fi

echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    # shellcheck disable=SC2086 # a list of words
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
install || { $root apt-get update >"$log" 2>&1; install; } || {
    grep -E '^E:' "$log" | head -3 >&2
    echo "setup: cannot install; run: apt-get update && apt-get install$missing" >&2
    exit 1
}
