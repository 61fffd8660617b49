#!/usr/bin/env bash
# Measures what recording metrics costs where it costs most: new connections a second (the case crr of compare.py), by turns on a
# server that records and on one with OTEL_SDK_DISABLED=true.
#
#   bench/telemetry.sh [--runs 9] [--seconds 5]    options go to compare.py; two minutes
#
# OTEL_ variables reach both: with OTEL_EXPORTER_OTLP_ENDPOINT traces and logs are exported and counted in too.
# BENCH_SKIP_BUILD=1 uses the last build. TUNNELBENCH=DIR is where compare.py is, if not in ../shared/bench beside this repository.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tunnelbench=${TUNNELBENCH:-$root/../shared/bench}

fail() {
  echo "telemetry.sh: $*" >&2
  exit 1
}

[[ -r $tunnelbench/compare.py ]] ||
  fail "the comparison program $tunnelbench/compare.py is not there; set TUNNELBENCH to the directory that holds compare.py."
for program in dotnet python3 gcc; do
  command -v "$program" >/dev/null || fail "$program is not on the PATH; install it."
done
unset OTEL_SDK_DISABLED

source "$root/bench/process_group.sh"
build "$root"
(($#)) || set -- --runs 9 --seconds 5
TUNNELBENCH_BUILD=${TUNNELBENCH_BUILD:-$work/build} in_group python3 "$tunnelbench/compare.py" --only crr --json "$work/figures.json" "$@" \
  "unrecorded=$root/bench/start/rabbit-unrecorded" "recorded=$root/bench/start/rabbit-plain" >&2 ||
  fail "compare.py failed; what it said is above."
python3 "$root/bench/telemetry.py" "$work/figures.json"
