#!/usr/bin/env bash
# The virtual environments and jars of the competitors, under build/bench/envs: envs.sh NAME...
# One that cannot be installed here is left out with a word, and the sweep goes on without it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
envs=$root/build/bench/envs
python=${PYTHON:-python3}
mkdir -p "$envs"

declare -A packages=(
  [main]="psutil psycopg[binary] confluent-kafka"
  [bytewax]="bytewax[kafka] orjson"
  [quixstreams]="quixstreams"
  [pathway]="pathway"
  [faust]="faust-streaming"
)

requirements() {
  "$python" -c 'import sys, tomllib; print(*tomllib.load(open(sys.argv[1], "rb"))["project"]["dependencies"], sep="\n")' \
    "$root/pyproject.toml"
}

install() {
  local env=$envs/$1 wanted
  wanted=$(tr ' ' '\n' <<<"${packages[$1]}")
  [ "$1" != main ] || wanted+=$'\n'$(requirements)
  [ "$(cat "$env/.installed" 2>/dev/null)" != "$wanted" ] || return 0
  rm -rf "$env"
  if command -v uv >/dev/null; then
    uv venv -q --python "$python" "$env" && uv pip install -q --python "$env/bin/python" -r <(echo "$wanted")
  else
    "$python" -m venv "$env" && "$env/bin/python" -m pip install -q -r <(echo "$wanted")
  fi && echo "$wanted" >"$env/.installed"
}

build_streams() {
  [ ! -d "$envs/streams/target/libs" ] || return 0
  rm -rf "$envs/streams" && cp -r "$here/competitors/streams" "$envs/streams"
  mvn -q -B -Dstyle.color=never -f "$envs/streams/pom.xml" package </dev/null || { rm -rf "$envs/streams" && return 1; }
}

for name in "$@"; do
  if [ "$name" = streams ]; then build_streams; else install "$name"; fi || echo "left out: $name cannot be installed here" >&2
done
