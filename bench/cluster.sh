#!/usr/bin/env bash
# What a cluster costs a visitor: at the node of the client ("local"), at another node that forwards, and at another node to which the client
# opens data channels ("direct"), beside the smallest tunnel that Linux allows, all in one run that takes turns.
#
#   bench/cluster.sh                                       bulk, round trips, connections
#   bench/cluster.sh --runs 5 --seconds 3 --only crr       options go to compare.py
#
# Starts a PostgreSQL for it. BENCH_SKIP_BUILD=1 uses the last build; TUNNELBENCH=DIR says where compare.py is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script=bench/cluster.sh
root=$PWD
tunnelbench=${TUNNELBENCH:-$root/../shared/bench}
source ./servers.sh

[[ -r $tunnelbench/compare.py ]] ||
  fail "the comparison program $tunnelbench/compare.py is not there; set TUNNELBENCH to the directory that holds compare.py."
need python3 gcc
if [[ ${BENCH_SKIP_BUILD:-} != 1 ]]; then
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 dotnet build -c Release --nologo -v quiet Rabbit.Host/Rabbit.Host.csproj </dev/null >&2
fi

start_servers
port=${RABBIT_TEST_POSTGRES#*Port=}
export BENCH_POSTGRES=127.0.0.1:${port%%;*}:postgres BENCH_POSTGRES_BIN=$bin
export TUNNELBENCH_BUILD=${TUNNELBENCH_BUILD:-$work/build}
systems=(limit)
for way in local forwarded direct; do
  systems+=("$way=$root/bench/start/rabbit-cluster-$way")
done
arguments=("$@")
[[ " $* " == *" --only"* ]] || arguments+=(--only send,recv,rr,rr64,crr,check)
status=0
run_program python3 "$tunnelbench/compare.py" "${arguments[@]}" "${systems[@]}" || status=$?
exit "$status"
