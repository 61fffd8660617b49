# shellcheck shell=bash
# Sourced by rabbit-cluster-local, -forwarded and -direct: two nodes, a on 127.0.0.1, where the visitors come, and b on 127.0.0.2.
#
# BENCH_POSTGRES is a PostgreSQL as host:port:user, and BENCH_POSTGRES_BIN the directory of its programs; cluster.sh starts one. Redis is started here.

source "$(dirname "${BASH_SOURCE[0]}")/tunnel.sh"

# node NAME ADDRESS: starts it and waits until it listens.
node() {
  local name=$1 address=$2
  run "$name" "$rabbit" server --node "$name" --bind "$address" --port "$base" --api-port 0 --data "$work/$name" --port-range "$exposed-$exposed" \
    --database "Host=$database_host;Port=$database_port;Username=$database_user;Database=$database" --redis "127.0.0.1:$((base + 5))" \
    --cluster-bind "$address:$((base + 2))" --cluster-client-address "$address:$base" --cluster-authority-file "$work/cluster/ca.pem" \
    --cluster-certificate-file "$work/cluster/$name.pem" --cluster-certificate-key-file "$work/cluster/$name.key"
  await_line "$name" 'API listening' >/dev/null
}

# cluster_up ADDRESS OPTION...: the client logs in at this node, with these options.
cluster_up() {
  local address=$1 rabbit=$root/artifacts/bin/Rabbit.Host/release/rabbit uri token database=bench_$$_$RANDOM
  local database_host database_port database_user
  shift
  IFS=: read -r database_host database_port database_user <<<"${BENCH_POSTGRES:?bench/cluster.sh sets it}"
  "$BENCH_POSTGRES_BIN/createdb" -h "$database_host" -p "$database_port" -U "$database_user" "$database"
  run redis redis-server --bind 127.0.0.1 --port $((base + 5)) --save '' --appendonly no --dir "$work"
  await_line redis 'Ready to accept connections' >/dev/null
  "$rabbit" cluster certificate "$work/cluster" --node a --node b >/dev/null

  node a 127.0.0.1
  token=$(await_line a "rbt_[a-z0-9_]+")
  uri=$(await_line a "rabbit://[^']+")
  # To clients both are the same server.
  mkdir -p "$work/b"
  cp -r "$work/a/tls" "$work/a/admin.key" "$work/b/"
  node b 127.0.0.2

  (umask 077 && echo "$token" >"$work/token")
  run client "$root/artifacts/bin/Rabbit.Client/release/tunnel-client" connect "rabbit://$address:$base?${uri#*\?}" --token-file "$work/token" \
    --local-host 127.0.0.1 --local-port "$target" "$@"
  await_line client 'is up' >/dev/null
  await_port client "$exposed"
  # Both nodes count, as this process's children.
  announced="$BASHPID $started"
}
