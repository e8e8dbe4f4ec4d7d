# SPDX-License-Identifier: BSD-2-Clause
# Where selkie is, a temporary directory, and containers that go at the end.
selkie=${SELKIE:-$(dirname "$0")/../../build/bin/selkie}
folder=$(mktemp -d)
names=
cleanup() {
    # shellcheck disable=SC2086 # a list of words
    [ -z "$names" ] || "$selkie" container rm -f $names
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# start NAME OPTIONS... : a detached container on the host's files
start() {
    name=$1-$$
    shift
    "$selkie" container run -d --name "$name" --rootfs=/:ro "$@" >/dev/null
    names="$names $name"
}

# until COMMAND... : try for ten seconds
try() {
    for _ in $(seq 100); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "no answer from: $*" >&2
    exit 1
}
