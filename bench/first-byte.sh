#!/usr/bin/env bash
# Measures the time to the first echoed byte of a visitor on an idle tunnel whose client is 40 ms away (round trip), with the
# warm pool of data channels and without it, plain and with TLS.
#
#   bench/first-byte.sh [--visitors 50] [--round-trip 40]    two minutes
#
# Prints a table ready for docs/performance.md. BENCH_SKIP_BUILD=1 uses the last build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

for program in dotnet python3; do
  command -v "$program" >/dev/null || {
    echo "first-byte.sh: $program is not on the PATH; install it." >&2
    exit 1
  }
done
source "$root/bench/process_group.sh"
build "$root"
in_group python3 "$root/bench/first_byte.py" "$@"
