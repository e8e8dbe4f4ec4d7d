#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Record what the conformance programs print on the real kernel:
#
#   record.sh RUNNER DIRECTORY [NAME...]
#
# RUNNER is a command that takes an image and an optional number of seconds, boots it as the root task of a real
# seL4 16.0.0 (x86_64 pc99, classic, debug and printing on, one core, one domain, root CNode of 2^12 slots),
# and writes the console to standard output. It gives the machine 3 GiB and sits through ten seconds of silence, for
# the kernel clears a page of 1 GiB. DIRECTORY holds the built images, conformance_NAME.
# Without names, all programs that have an image are recorded. Look at `git diff` afterwards: each changed line is
# either a changed case or something a program should not print.
set -eu
here=$(dirname "$0")
[ $# -ge 2 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '3,14p' >&2; exit 2; }
runner=$1
directory=$2
shift 2
if [ $# -eq 0 ]; then
    for image in "$directory"/conformance_*; do
        set -- "$@" "${image##*/conformance_}"
    done
fi
for name in "$@"; do
    echo "recording $name" >&2
    $runner "$directory/conformance_$name" 120 > "$directory/$name.console" ||
        echo "record.sh: the runner ended with status $?" >&2
    /usr/bin/python3 "$here/filter.py" < "$directory/$name.console" > "$here/$name.expected"
    tail -n 1 "$here/$name.expected" | grep -qx end || echo "record.sh: $name did not reach its end" >&2
done
