#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A database with its data in a volume, and a benchmark from outside.
set -e
. "$(dirname "$0")/common.sh"
port=${PORT:-16379}
mkdir "$folder/data"
start redis --memory=256M --volume="$folder/data:/data" --workdir=/data --publish="$port:6379" \
    redis-server --bind 127.0.0.1 --dir /data
try redis-cli -p "$port" ping
redis-cli -p "$port" set greeting "hello from a container"
redis-cli -p "$port" get greeting
redis-benchmark -p "$port" -q -n 10000 -t set,get -P 16
"$selkie" container logs "$name" | tail -1
"$selkie" container stats
