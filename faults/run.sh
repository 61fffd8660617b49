#!/usr/bin/env bash
# Breaks Rabbit in each of the ways of docs/reliability.md, checks what has to hold, and prints a table.
#
#   faults/run.sh [ROW...] [--seed N] [--short]     every row, or those named; --short: a few rounds of each
#   faults/run.sh soak [--minutes N] [--seed N]     flapping clients and steady visitors; 15 minutes by default
#   faults/run.sh --list                            the rows
#
# The histories of rows that failed stay in artifacts/faults; with --keep all do. RABBIT_SKIP_BUILD=1 uses the last build. It starts a
# PostgreSQL and a Redis of its own. Rows that need network namespaces, mounts or another clock run as root. Where it runs as root on Debian
# it installs what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script=faults/run.sh
source ./servers.sh

need iptables faketime

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
if [[ ${RABBIT_SKIP_BUILD:-} != 1 ]]; then
  dotnet build -c Release --nologo -v quiet Rabbit.Faults/Rabbit.Faults.csproj </dev/null
fi

start_servers
mkdir -p artifacts/faults
status=0
run_program artifacts/bin/Rabbit.Faults/release/rabbit-faults --histories artifacts/faults "$@" || status=$?
exit "$status"
