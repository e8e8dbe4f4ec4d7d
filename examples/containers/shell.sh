#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A shell in a container; in a terminal, to type into.
set -e
. "$(dirname "$0")/common.sh"
"$selkie" container run --rootfs=/:ro --volume="$folder:/tmp" busybox sh -c '
    echo "processes talk through pipes" | tr a-z A-Z
    echo "$(echo and their output is used)" > /tmp/file
    cat /tmp/file
    sleep 0.1 & wait $!
    echo "the last one ended with $?"'
if [ -t 0 ]; then
    "$selkie" container run -it --rootfs=/:ro --volume="$folder:/tmp" busybox sh
fi
