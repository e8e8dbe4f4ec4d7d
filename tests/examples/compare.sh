#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# compare.sh EXPECTED COMMAND...     does COMMAND print what EXPECTED holds, and succeed?
# compare.sh --record EXPECTED COMMAND...   write EXPECTED anew
#
# What a compiler or a kernel may choose is not compared: the digits after "ip 0x", and the remarks about
# refused invocations ("<<seL4(CPU 0) ...>>") that a debugging kernel puts among a program's own lines.

set -u

usage()
{
    sed -n 's/^# \(compare.sh .*\)/\1/p' "$0" >&2
    exit 2
}

neutral()
{
    tr -d '\r' | sed -e '/seL4(CPU [0-9]*)/d' -e 's/^\( *ip *0x\)[0-9a-f]*/\1.../'
}

record=
if [ "${1-}" = --record ]; then
    record=1
    shift
fi
[ $# -ge 2 ] || usage
expected=$1
shift

directory=$(mktemp -d) || exit 2
trap 'rm -rf "$directory"' EXIT

"$@" >"$directory/output" 2>"$directory/messages"
status=$?
neutral <"$directory/output" >"$directory/printed"

if [ $status != 0 ]; then
    echo "$1 ended with status $status and said:"
    cat "$directory/messages"
    echo "The last lines it printed:"
    tail -n 20 "$directory/printed"
    exit 1
fi
if [ "$record" ]; then
    cp "$directory/printed" "$expected"
    exit
fi
[ -r "$expected" ] || { echo "cannot read $expected"; exit 2; }
diff -u --label expected --label printed "$expected" "$directory/printed" && exit
echo "The output differs from $expected."
exit 1
