#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Record what the random programs print on the real kernel:
#
#   record.sh RUNNER DIRECTORY [classic|mcs]...
#
# RUNNER is what tests/conformance/record.sh wants. DIRECTORY holds the built images, differential_KERNEL_NUMBER; all
# of them go into KERNEL.expected. An image takes some seconds.
set -eu
here=$(dirname "$0")
[ $# -ge 2 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '2,7p' >&2; exit 2; }
runner=$1
directory=$2
shift 2
[ $# -gt 0 ] || set -- classic mcs
for kernel in "$@"; do
    : > "$directory/$kernel.recorded"
    i=0
    while [ -e "$directory/differential_${kernel}_$i" ]; do
        image=$directory/differential_${kernel}_$i
        echo "recording ${image##*/}" >&2
        $runner "$image" 180 "--kernel=$kernel-debug" > "$image.console" ||
            echo "record.sh: the runner ended with status $?" >&2
        /usr/bin/python3 "$here/../conformance/filter.py" < "$image.console" > "$image.text"
        tail -n 1 "$image.text" | grep -qx end || echo "record.sh: ${image##*/} did not reach its end" >&2
        grep -vx end "$image.text" >> "$directory/$kernel.recorded" || true
        i=$((i + 1))
    done
    mv "$directory/$kernel.recorded" "$here/$kernel.expected"
done
