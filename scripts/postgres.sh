#!/usr/bin/env bash
# A private PostgreSQL server for tests, in a folder of its own, without a network port.
#
#   scripts/postgres.sh run COMMAND...   start one, run a command with TAGPOL_TEST_POSTGRES set, and stop it
#   scripts/postgres.sh start FOLDER     start one in a new folder, and print its address
#   scripts/postgres.sh stop FOLDER      stop it, and remove the folder
#   scripts/postgres.sh available        succeed if PostgreSQL is installed
#
# The server refuses to run as root, so root starts it as the user `postgres`, whom Debian's package creates.
set -euo pipefail

# Prints the folder of initdb and pg_ctl, which Debian keeps out of the search path.
programs() {
  local found
  if found=$(command -v initdb); then
    dirname "$found"
    return
  fi
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] && [ -x "$found/initdb" ] && echo "$found"
}

unprivileged() {
  if [ "$(id -u)" != 0 ]; then
    "$@"
  elif command -v runuser >/dev/null; then
    runuser -u postgres -- "$@"
  else
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  fi
}

start() {
  local folder=$1 bin
  bin=$(programs) || { echo 'postgres.sh: PostgreSQL is not installed' >&2; return 1; }
  mkdir -p "$folder"
  chmod 700 "$folder"
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
  folder=$(cd "$folder" && pwd)
  (
    # A folder that the server's user can enter.
    cd /
    unprivileged "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 \
      --locale=C.UTF-8 --no-instructions
    unprivileged "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait start \
      --options="-c listen_addresses= -c unix_socket_directories=$folder -c max_connections=200"
  ) >"$folder.out" 2>&1 || { cat "$folder.out" >&2; rm -f "$folder.out"; return 1; }
  rm -f "$folder.out"
  # The socket's folder in place of a host: slashes are escaped.
  echo "postgres://postgres@${folder//\//%2F}/postgres"
}

stop() {
  local folder=$1 bin
  bin=$(programs)
  (cd / && unprivileged "$bin/pg_ctl" --pgdata="$folder/data" --mode=immediate --wait stop) >/dev/null
  rm -rf -- "$folder"
}

run() {
  local folder status=0
  folder=$(mktemp -d "${TMPDIR:-/tmp}/tagpol-postgres.XXXXXX")
  # Expanded now: the folder is local.
  # shellcheck disable=SC2064
  trap "'${BASH_SOURCE[0]}' stop '$folder' || true" EXIT
  TAGPOL_TEST_POSTGRES=$(start "$folder")
  export TAGPOL_TEST_POSTGRES
  "$@" || status=$?
  return "$status"
}

case ${1:-} in
  run) shift && run "$@" ;;
  start) start "${2:?a folder is missing}" ;;
  stop) stop "$(cd "${2:?a folder is missing}" && pwd)" ;;
  available) programs >/dev/null ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
