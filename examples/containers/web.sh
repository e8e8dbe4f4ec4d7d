#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A web server whose files it cannot change.
set -e
. "$(dirname "$0")/common.sh"
port=${PORT:-18080}
mkdir "$folder/files"
echo "served by seL4 threads" >"$folder/files/index.html"
start web --volume="$folder/files:/mnt:ro" --workdir=/mnt --publish="$port:80" python3 -m http.server --bind 0.0.0.0 80
try curl -s "http://127.0.0.1:$port/"
curl -s "http://127.0.0.1:$port/"
"$selkie" container exec "$name" sh -c 'echo changed > /mnt/index.html' || echo "its files are read-only"
"$selkie" container ps
