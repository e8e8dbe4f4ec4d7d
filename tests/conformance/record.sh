#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Record what the conformance programs print on the real kernel:
#
#   record.sh RUNNER DIRECTORY [NAME...]
#
# RUNNER is a command that takes an image, a number of seconds and --kernel=NAME, boots the image as the root task of
# that build of the real seL4 16.0.0 (kernels.cmake says what it is; programs.tsv, which program wants which), and
# writes the console to standard output. It gives the machine 3 GiB and sits through ten seconds of silence, for
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
    set -- $(sed -n 's/^\([a-z][^\t]*\)\t.*/\1/p' "$here/programs.tsv")
fi
for name in "$@"; do
    kernel=$(sed -n "s/^$name\t\([^\t]*\).*/\1/p" "$here/programs.tsv")
    echo "recording $name on $kernel" >&2
    $runner "$directory/conformance_$name" 120 "--kernel=$kernel" > "$directory/$name.console" ||
        echo "record.sh: the runner ended with status $?" >&2
    /usr/bin/python3 "$here/filter.py" < "$directory/$name.console" > "$here/$name.expected"
    tail -n 1 "$here/$name.expected" | grep -qx end || echo "record.sh: $name did not reach its end" >&2
done
