#!/usr/bin/env bash
# Restoration of 10,000 tunnels: time from the start and from the migrations, memory of an offline port, idle CPU.
#
#   bench/restoration.sh [RUNS]          on SQLite, and on a PostgreSQL that it starts for this
#
# Needs the release build, PostgreSQL's programs, and the ports 10000 to 19999 free. Ends what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=${1:-5}
rabbit=artifacts/bin/Rabbit.Host/release/rabbit
tools=artifacts/bin/Rabbit.Benchmarks/release/Rabbit.Benchmarks
work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-restoration.XXXXXX")
chmod 755 "$work"
server=
postgres=
finish() {
  [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
  [[ -z $postgres ]] || { kill -INT "$postgres" 2>/dev/null && wait "$postgres" 2>/dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT

start() { # data, arguments
  local data=$1
  shift
  begun=$(date +%s.%N)
  "$rabbit" server --bind 127.0.0.1 --port 0 --api-port 0 --data "$data" "$@" >"$work/log" 2>&1 &
  server=$!
  until grep -q 'API listening' "$work/log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.05
  done
}

stop() {
  kill -KILL "$server"
  wait "$server" 2>/dev/null || true
  server=
}

resident() { awk '/VmRSS/ { print $2 }' "/proc/$server/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

measure() { # name, arguments of the database
  local name=$1 empty seeded used line restored run
  shift
  start "$work/$name-empty" "${@/SEEDED/empty}"
  sleep 3
  empty=$(resident)
  stop
  "$tools" seed --tokens 10000 --sessions 10000 --data "$work/$name-seeded" "${@/SEEDED/seeded}" >"$work/seed" || { cat "$work/seed" >&2; exit 1; }
  for ((run = 1; run <= runs; run++)); do
    start "$work/$name-seeded" "${@/SEEDED/seeded}"
    line=$(grep -o 'Restoration: .*' "$work/log")
    restored=$(date -d "$(grep 'Restoration:' "$work/log" | cut -d' ' -f1)" +%s.%N)
    sleep 5
    used=$(ticks)
    sleep 20
    used=$(($(ticks) - used))
    seeded=$(resident)
    awk -v name="$name" -v line="$line" -v after="$(awk "BEGIN { print $restored - $begun }")" -v used="$used" -v memory="$((seeded - empty))" \
      'BEGIN { printf "%s: %s; all listen %.2f s after the program began; %.1f kB a port; idle CPU %.1f %%\n", name, line, after, memory / 10000, used / 20 }'
    stop
  done
}

measure sqlite

bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
as_user=()
mkdir "$work/postgres"
if [[ $(id -u) == 0 ]]; then
  chown postgres "$work/postgres"
  as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
"${as_user[@]}" "$bin/initdb" -D "$work/postgres/data" -U postgres -A trust --no-sync >/dev/null
port=$((20001 + RANDOM % 12000))
"${as_user[@]}" "$bin/postgres" -D "$work/postgres/data" -p "$port" -k "$work/postgres" -c listen_addresses=127.0.0.1 >"$work/postgres.log" 2>&1 &
postgres=$!
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do sleep 0.1; done
for database in empty seeded; do
  "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres "$database"
done
measure postgres --database "postgres://postgres@127.0.0.1:$port/SEEDED"
