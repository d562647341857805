#!/bin/bash
# build.sh WORK: localhost/kafka at pom.xml's version and localhost/postgres:15 (root). A second call builds only
# what changed; WORK is for intermediate files and is left empty.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../../../.." && pwd)
libs=$project/build/kafka/libs
work=$(mkdir -p "${1:?usage: build.sh WORK}" && cd "$1" && pwd)
export CONTAINERS_CONF=${CONTAINERS_CONF:-$here/../containers.conf}
version=$(basename "$libs"/kafka_2.13-*.jar .jar)
version=${version#kafka_2.13-}

context=$(mktemp -d "$work/context.XXXXXX")
trap 'rm -rf "$context"' EXIT
if ! podman image exists localhost/pianovivo-base:1; then
  "$here/mkroot.sh" "$context/root.tar"
  podman build -q -t localhost/pianovivo-base:1 -f "$here/Containerfile.base" "$context" </dev/null
  rm "$context/root.tar"
  echo "base image made in ${SECONDS} s"
fi
cp "$here/postgres/docker-entrypoint.sh" "$here/kafka/run" "$project/deploy/kafka/log4j2.properties" "$context"
cp -r "$libs" "$context/libs"
podman build -q -t localhost/postgres:15 -f "$here/Containerfile.postgres" "$context" </dev/null
podman build -q -t "localhost/kafka:$version" -f "$here/Containerfile.kafka" "$context" </dev/null
echo "images ready after ${SECONDS} s"
