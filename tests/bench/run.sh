#!/usr/bin/env bash
# The benchmark, from an empty machine to the table: about 8 minutes, with FULL=1 all contestants and about 40.
# Needs Python 3.11, Java 17 and PostgreSQL (deploy/kafka/local.py says where they are looked for); everything it
# makes lies in build/bench.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
if [ "${FULL:-0}" = 1 ]; then
  envs=(main bytewax quixstreams pathway faust streams)
  options=(--full)
else
  envs=(main bytewax)
  options=()
fi
deploy/kafka/kafka-local.sh fetch
"$here/envs.sh" "${envs[@]}"
exec build/bench/envs/main/bin/python -m tests.bench.sweep "${options[@]}"
