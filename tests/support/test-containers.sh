#!/bin/bash
# Proof that the tests run on containers: tests/integration/test_servers.py through testcontainers.
# Takes the container engine that answers, with the public images; where none does, as root on Debian, podman with
# images built here from Debian's packages and Maven Central's jars. More arguments go to pytest.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null
export PIANOVIVO_TEST_SERVERS=testcontainers
python=${PYTHON:-.venv/bin/python}
containers=tests/support/containers

install_podman() {
  local need=() pair package program
  for pair in podman:podman runc:runc netavark:/usr/lib/podman/netavark iptables:iptables catatonit:catatonit \
    mmdebstrap:mmdebstrap mvn:mvn java:java; do
    package=${pair%%:*} program=${pair#*:}
    case $package in mvn) package=maven ;; java) package=openjdk-17-jre-headless ;; esac
    command -v "$program" >/dev/null || need+=("$package")
  done
  [ ${#need[@]} -gt 0 ] || return 0
  echo "installing ${need[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

if ! "$python" -m tests.support.servers; then
  [ "$(id -u)" = 0 ] || { echo "and not root: cannot set one up" >&2; exit 1; }
  install_podman
  deploy/kafka/kafka-local.sh fetch
  echo "packages and jars ready after ${SECONDS} s"
  export CONTAINERS_CONF=$PWD/$containers/containers.conf
  "$containers/images/build.sh" build/containers
  socket_dir=$(mktemp -d "${TMPDIR:-/tmp}/pianovivo-podman.XXXXXX")
  trap '"$containers/podman-service.sh" stop "$socket_dir"; rm -rf "$socket_dir"' EXIT
  environment=$("$containers/podman-service.sh" start "$socket_dir")
  eval "$environment"
  version=$(sed -n 's#.*<kafka.version>\(.*\)</kafka.version>.*#\1#p' deploy/kafka/pom.xml)
  # A dead container is otherwise waited for two minutes.
  export TC_MAX_TRIES=60 PIANOVIVO_KAFKA_IMAGE=localhost/kafka:$version PIANOVIVO_POSTGRES_IMAGE=localhost/postgres:15
fi
"$python" -m pytest -p no:cacheprovider -ra tests/integration/test_servers.py "$@"
echo "containers proved in ${SECONDS} s"
