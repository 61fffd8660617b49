# shellcheck shell=bash
# Sourced by rabbit-plain and rabbit-tls.
#
# BENCH_ROUND_TRIP_MS puts a delay relay between client and server (delay/delay_relay.py). RABBIT_ variables reach the
# server as always: RABBIT_POOL_SIZE=0 switches the pool off.

source "$(dirname "${BASH_SOURCE[0]}")/tunnel.sh"

# rabbit_up plain|tls
rabbit_up() {
  local control=$base api=$((base + 1)) address=127.0.0.1 uri token server
  run server "$root/artifacts/bin/Rabbit.Host/release/rabbit" server --bind 127.0.0.1 --port "$control" --api-port "$api" \
    --data "$work/data" --port-range "$exposed-$exposed"
  server=$started
  token=$(await_line server "rbt_[a-z0-9_]+")
  uri=$(await_line server "rabbit://[^']+")

  if [[ -n ${BENCH_ROUND_TRIP_MS:-} ]]; then
    address=127.0.0.2
    run delay python3 "$root/bench/delay/delay_relay.py" "$address" 127.0.0.1 "$control" "$BENCH_ROUND_TRIP_MS"
    await_line delay listening
  fi

  (umask 077 && echo "$token" >"$work/token")
  local how=("rabbit://$address:$control?${uri#*\?}")
  [[ $1 != plain ]] || how=("rabbit://$address:$control?plaintext=1")
  run client "$root/artifacts/bin/Rabbit.Client/release/tunnel-client" connect "${how[@]}" --token-file "$work/token" \
    --local-host 127.0.0.1 --local-port "$target"
  await_line client 'is up'
  announced="$server $started"
}
