# shellcheck shell=bash
# Sourced by run.sh and first-byte.sh: whatever a measurement starts is ended with it, also when it is interrupted, and its
# temporary files, which are in $work, are removed.

work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-bench.XXXXXX")
chmod 711 "$work" # the sshd of start/ssh may run as another user
group=

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  set +e
  if [[ -n $group ]]; then
    kill -TERM -- "-$group" 2>/dev/null
    for _ in {1..50}; do
      kill -0 -- "-$group" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$group" 2>/dev/null
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# in_group COMMAND...: runs it in a process group of its own and returns its status.
in_group() {
  TMPDIR=$work setsid "$@" </dev/null &
  group=$!
  wait "$group"
}

# build: Rabbit, unless BENCH_SKIP_BUILD=1.
build() {
  [[ ${BENCH_SKIP_BUILD:-} != 1 ]] || return 0
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 \
    dotnet build -c Release --nologo -v quiet "$1/Rabbit.Host/Rabbit.Host.csproj" </dev/null >&2
}
