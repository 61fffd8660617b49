#!/usr/bin/env bash
# Runs the tests against a PostgreSQL and a Redis of their own, on free loopback ports, and ends both afterwards.
#
#   ./test.sh                                    everything
#   ./test.sh -namespace Rabbit.Tests.EndToEnd   arguments go to the test program (-class, -method, -trait Property=P07)
#
# RABBIT_SKIP_BUILD=1 uses the last build. Where it runs as root on Debian it installs what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
script=test.sh
source ./servers.sh

need curl python3 chromium prometheus haproxy ip=iproute2 iptables faketime systemd-analyze=systemd openssl

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
if [[ ${RABBIT_SKIP_BUILD:-} != 1 ]]; then
  dotnet build -c Release --nologo -v quiet Rabbit.sln </dev/null
fi

start_servers
status=0
run_program artifacts/bin/Rabbit.Tests/release/Rabbit.Tests "$@" || status=$?
exit "$status"
