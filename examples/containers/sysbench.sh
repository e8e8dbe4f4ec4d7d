#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A benchmark beside a neighbour that computes all the time.
set -e
. "$(dirname "$0")/common.sh"
run() {
    "$selkie" container run --rootfs=/:ro --memory=64M sysbench "$@" --time=2 run | grep -E 'events per second|transferred'
}
echo "alone:"
run cpu
run memory
start neighbour --memory=32M python3 -c 'while True: pass'
echo "with a neighbour on the same processor:"
run cpu
