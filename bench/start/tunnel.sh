# shellcheck shell=bash
# Sourced by the start scripts. Their contract is compare.py's: SCRIPT TARGET EXPOSED BASE starts a tunnel from EXPOSED to
# TARGET on 127.0.0.1 and prints the ids of its server and client. Each defines `up`, which starts its processes with `run`
# and sets `announced`, and then calls `begin "$@"`.
#
# A process stays behind that waits for the tunnel to be ended, ends what is left of it, and removes its directory.

# shellcheck disable=SC2034 # the scripts read it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$PATH:/usr/sbin
ids=()
announced=

# run NAME COMMAND...: starts a process with its output in NAME.log; its id is in $started.
run() {
  local name=$1
  shift
  "$@" </dev/null >"$work/$name.log" 2>&1 &
  started=$!
  ids+=("$started")
}

# await NAME COMMAND...: waits until the command succeeds; fails, with all the output of the process that was started last,
# when that ends before.
await() {
  local name=$1
  shift
  for _ in {1..400}; do
    "$@" 2>/dev/null && return
    kill -0 "$started" 2>/dev/null || break
    sleep 0.05
  done
  cat "$work/$name.log" >&2
  echo "$(basename "$0"): $name did not start; its output is above." >&2
  return 1
}

# await_line NAME PATTERN: prints the first match in its output.
await_line() { await "$1" grep -oEm1 -- "$2" "$work/$1.log"; }

# await_port NAME PORT
await_port() { await "$1" eval "(exec 3<>/dev/tcp/127.0.0.1/$2)"; }

# begin TARGET EXPOSED BASE
# shellcheck disable=SC2034 # `up` reads them
begin() {
  target=$1 exposed=$2 base=$3
  if (exec 3<>"/dev/tcp/127.0.0.1/$exposed") 2>/dev/null; then
    echo "$(basename "$0"): port $exposed is in use by another process." >&2
    exit 1
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-bench.XXXXXX")
  ulimit -Sn "$(ulimit -Hn)"
  (
    trap 'kill "${ids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
    trap 'exit 143' INT TERM HUP
    cd "$work" || exit # away from a rabbit.json of somebody's
    up
    echo "$announced" >announced
    exec 2>/dev/null
    wait -n || true
  ) </dev/null >/dev/null &
  local keeper=$!
  until [[ -s $work/announced ]]; do
    kill -0 "$keeper" 2>/dev/null || exit 1
    sleep 0.02
  done
  cat "$work/announced"
}
