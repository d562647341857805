#!/bin/bash
# The entry point of the official image, as far as tests use it: data and database are made on the first start.
set -euo pipefail

[ "${1:-}" = postgres ] || { echo "docker-entrypoint.sh: the command must be postgres [options]" >&2; exit 2; }
shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  initdb -D "$PGDATA" --username="$user" --pwfile=<(echo "${POSTGRES_PASSWORD:?must be set}") \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  [ "$database" = postgres ] || echo "CREATE DATABASE \"$database\"" | postgres --single -D "$PGDATA" postgres
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
