#!/bin/bash
# Podman's Docker-compatible API, as root, on a private socket.
#   podman-service.sh start DIR   answers at DIR/podman.sock; prints the environment testcontainers needs
#   podman-service.sh stop DIR    ends it
# Both remove the containers of test runs that are no more: their label pianovivo.test names the process.
set -euo pipefail

usage() { sed -n '3,4s/^#   //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
[ $# = 2 ] || usage
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mkdir -p "$2" && cd "$2" && pwd)
socket=$dir/podman.sock
export CONTAINERS_CONF=${CONTAINERS_CONF:-$here/containers.conf}
# The kernel takes 107 characters.
[ ${#socket} -lt 108 ] || { echo "podman-service.sh: socket path too long: $socket" >&2; exit 1; }

is_ours() { [ -s "$dir/podman.pid" ] && grep -qz service "/proc/$(cat "$dir/podman.pid")/cmdline" 2>/dev/null; }
answers() { [ -S "$socket" ] && timeout 5 podman --remote --url "unix://$socket" version >/dev/null 2>&1; }

sweep() {
  local id run
  while read -r id run; do
    [ -d "/proc/$run" ] || podman rm -f -v -t 2 "$id" >/dev/null
  done < <(podman ps -a --filter label=pianovivo.test --format '{{.ID}} {{index .Labels "pianovivo.test"}}')
}

start() {
  sweep
  if ! answers; then
    rm -f "$socket"
    setsid nohup podman system service --time=0 "unix://$socket" </dev/null >"$dir/podman.log" 2>&1 &
    echo $! >"$dir/podman.pid"
    for _ in $(seq 50); do answers && break; sleep 0.1; done
    answers || { cat "$dir/podman.log" >&2; echo "podman-service.sh: did not start" >&2; exit 1; }
  fi
  # Ryuk, testcontainers' own sweeper, is an image of a registry; sweep() does its work here.
  echo "export DOCKER_HOST=unix://$socket TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_CONNECTION_MODE=docker_host"
}

stop() {
  sweep
  if is_ours; then
    kill "$(cat "$dir/podman.pid")"
    for _ in $(seq 50); do is_ours || break; sleep 0.1; done
  fi
  rm -f "$socket" "$dir/podman.pid"
}

case $1 in start) start ;; stop) stop ;; *) usage ;; esac
