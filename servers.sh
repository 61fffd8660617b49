# shellcheck shell=bash
# Sourced by test.sh and faults/run.sh, which name themselves in $script: a PostgreSQL and a Redis of their own on free loopback ports, a
# directory $work for temporary files, and an end to all of it with the script.

work=
postgres_pid=
redis_pid=
program_pid=

fail() {
  echo "$script: $*" >&2
  exit 1
}

# Ends a process that this script started: asks with the given signal, waits, insists.
stop() {
  local pid=$1 signal=$2
  [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null || return 0
  kill "-$signal" "$pid" 2>/dev/null || true
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  set +e
  if [[ -n $program_pid ]]; then
    stop "$program_pid" TERM
    kill -KILL -- "-$program_pid" 2>/dev/null # what the program started and could not end
  fi
  stop "$redis_pid" TERM
  stop "$postgres_pid" INT # PostgreSQL's fast shutdown
  if [[ -n $work ]]; then
    # A small file system that was to become full, should its maker have crashed.
    awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | xargs -r umount -l
    rm -rf "$work"
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

postgres_bin() {
  local directory
  for directory in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) "$(dirname "$(command -v initdb || echo /nowhere/x)")"; do
    [[ -x $directory/initdb && -x $directory/postgres ]] && { echo "$directory"; return; }
  done
  return 1
}

# need COMMAND[=PACKAGE]... or FILE=PACKAGE...: installs what is missing beside the two servers, where it may.
need() {
  local missing=() made_policy= install_status=0 policy=/usr/sbin/policy-rc.d wanted
  postgres_bin >/dev/null || missing+=(postgresql)
  for wanted in redis-server "$@"; do
    [[ $wanted == /* && -e ${wanted%%=*} ]] || command -v "${wanted%%=*}" >/dev/null || missing+=("${wanted##*=}")
  done
  if ((${#missing[@]})); then
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null ||
      fail "${missing[*]} must be there; install them, or run this script as root on Debian to have it done."
    # The packages would start system-wide servers on fixed ports; nobody here wants those.
    if [[ ! -e $policy ]]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
      made_policy=1
    fi
    {
      apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    } </dev/null >&2 || install_status=$?
    [[ -z $made_policy ]] || rm -f "$policy"
    ((install_status == 0)) || fail "apt-get could not install ${missing[*]}; install them by hand and run this script again."
  fi
  bin=$(postgres_bin) || fail "PostgreSQL's initdb is not to be found under /usr/lib/postgresql; install the package postgresql."
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is not on the PATH; install it from https://dotnet.microsoft.com/download."
}

# A port that was free a moment ago, below the range from which the kernel takes ports for outgoing connections.
free_port() {
  local port
  while :; do
    port=$((20001 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# Runs the command after -- in the background until the check succeeds; fails when the command ends first.
# Sets started_pid.
start() {
  local log=$1 check=$2
  shift 3
  "$@" </dev/null >"$log" 2>&1 &
  started_pid=$!
  for _ in {1..300}; do
    kill -0 "$started_pid" 2>/dev/null || return 1
    eval "$check" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  stop "$started_pid" KILL
  return 1
}

# Starts both, and sets the variables by which programs find them.
start_servers() {
  local account port as_user=()
  work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-tests.XXXXXX")
  chmod 755 "$work"
  mkdir "$work/postgres" "$work/redis" "$work/tests"

  # PostgreSQL refuses to run as root.
  if [[ $(id -u) == 0 ]]; then
    account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
    chown "$account" "$work/postgres"
    as_user=(setpriv "--reuid=$account" "--regid=$(id -g "$account")" --clear-groups --)
  fi

  "${as_user[@]}" "$bin/initdb" -D "$work/postgres/data" -U postgres -A trust -E UTF8 --no-locale --no-sync \
    </dev/null >"$work/postgres/initdb.log" 2>&1 || { cat "$work/postgres/initdb.log" >&2; fail "initdb failed."; }

  for _ in 1 2 3 4 5; do
    port=$(free_port)
    # The check asks this instance by its socket directory, so that another server on a port lost to it is not mistaken for it.
    if start "$work/postgres.log" "'$bin/pg_isready' -q -h '$work/postgres' -p $port -U postgres" -- \
      "${as_user[@]}" "$bin/postgres" -D "$work/postgres/data" -p "$port" -k "$work/postgres" \
      -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
      -c max_connections=300 -c shared_buffers=64MB; then
      postgres_pid=$started_pid
      export RABBIT_TEST_POSTGRES="Host=127.0.0.1;Port=$port;Username=postgres"
      break
    fi
  done
  [[ -n $postgres_pid ]] || { cat "$work/postgres.log" >&2; fail "PostgreSQL did not start."; }

  for _ in 1 2 3 4 5; do
    port=$(free_port)
    if start "$work/redis.log" "grep -q 'Ready to accept connections' '$work/redis.log'" -- \
      redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$work/redis" --daemonize no; then
      redis_pid=$started_pid
      export RABBIT_TEST_REDIS="127.0.0.1:$port"
      break
    fi
  done
  [[ -n $redis_pid ]] || { cat "$work/redis.log" >&2; fail "Redis did not start."; }
  export RABBIT_TEST_POSTGRES_BIN=$bin
}

# run_program COMMAND...: runs it and returns its status. In the background and waited for, so that a signal ends the script at once; in a
# process group of its own, so that the trap ends also what it started, should it crash.
run_program() {
  local status=0
  ulimit -Sn "$(ulimit -Hn)" 2>/dev/null || true
  # Its temporary files go where the trap removes them, also when it crashes.
  export TMPDIR="$work/tests"
  setsid "$@" </dev/null &
  program_pid=$!
  wait "$program_pid" || status=$?
  return "$status"
}
