#!/usr/bin/env bash
# How long the API's lists take: a server on a seeded database (10,000 tokens, a million connections), each list asked for again
# and again over HTTP; median and 99th percentile in milliseconds.
#
#   bench/api.sh                                                        SQLite
#   bench/api.sh "postgres://name@127.0.0.1:5432/database"              an empty PostgreSQL
#
# ROUNDS=200 TOKENS=10000 CONNECTIONS=1000000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
database=${1:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-api.XXXXXX")
server=
finish() {
  [[ -z $server ]] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
}
trap finish EXIT

dotnet build -c Release -v q --nologo Rabbit.sln >/dev/null
options=(--data "$work/data")
[[ -z $database ]] || options+=(--database "$database")
dotnet run -c Release --no-build --project Rabbit.Benchmarks -- seed "${options[@]}" \
  --tokens "${TOKENS:-10000}" --rows "${CONNECTIONS:-1000000}" >/dev/null
RABBIT_API_RATE=0 artifacts/bin/Rabbit.Host/release/rabbit server "${options[@]}" --bind 127.0.0.1 --port 0 --api-port 0 >"$work/log" 2>&1 &
server=$!
until grep -q 'API listening on' "$work/log"; do
  kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
  sleep 0.2
done
python3 bench/api.py "$(sed -n 's/.*API listening on //p' "$work/log")" "$work/data/admin.key" "${ROUNDS:-200}"
