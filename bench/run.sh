#!/usr/bin/env bash
# Measures Rabbit, plain and with TLS, beside the smallest tunnel that Linux allows ("limit") and, where they are installed,
# beside haproxy and ssh -R, all in one run that takes turns.
#
#   bench/run.sh                                    every case: about half an hour
#   bench/run.sh --runs 5 --seconds 3 --only crr,idle    options go to compare.py
#
# Prints a page section ready for docs/performance.md, and keeps it in artifacts/bench/.
#   BENCH_SYSTEMS="rabbit-plain haproxy"   what to measure beside limit, by the names of bench/start
#   BENCH_SKIP_BUILD=1                     uses the last build
#   TUNNELBENCH=DIR                        where compare.py is, if not in ../shared/bench beside this repository
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tunnelbench=${TUNNELBENCH:-$root/../shared/bench}
read -ra wanted <<<"${BENCH_SYSTEMS:-rabbit-plain rabbit-tls haproxy ssh}"
work=
compare=

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  set +e
  if [[ -n $compare ]]; then
    # What compare.py was kept from ending is in its process group.
    kill -TERM -- "-$compare" 2>/dev/null
    for _ in {1..50}; do
      kill -0 -- "-$compare" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$compare" 2>/dev/null
  fi
  [[ -n $work ]] && rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- What is needed ------------------------------------------------------------------------------------------------------

[[ -r $tunnelbench/compare.py ]] ||
  fail "the comparison program $tunnelbench/compare.py is not there; set TUNNELBENCH to the directory that holds compare.py."
for program in dotnet python3 gcc; do
  command -v "$program" >/dev/null || fail "$program is not on the PATH; install it."
done

installed() {
  case $1 in
  haproxy) command -v haproxy ;;
  ssh) command -v ssh && PATH=$PATH:/usr/sbin command -v sshd ;;
  *) [[ -x $root/bench/start/$1 ]] || fail "there is no $1 in bench/start; BENCH_SYSTEMS names what is measured." ;;
  esac >/dev/null
}

systems=(limit)
for system in "${wanted[@]}"; do
  if installed "$system"; then
    systems+=("$system=$root/bench/start/$system")
  else
    echo "run.sh: $system is not installed and is left out." >&2
  fi
done

json=
arguments=("$@")
for ((i = 0; i < $#; i++)); do
  case ${arguments[i]} in
  -h | --help)
    sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exec python3 "$tunnelbench/compare.py" --help
    ;;
  --json) json=${arguments[i + 1]:-} ;;
  --json=*) json=${arguments[i]#--json=} ;;
  esac
done

work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-bench.XXXXXX")
chmod 711 "$work" # the sshd of bench/start/ssh may run as another user
json=${json:-$work/figures.json}

if [[ ${BENCH_SKIP_BUILD:-} != 1 ]]; then
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 \
    dotnet build -c Release --nologo -v quiet "$root/Rabbit.Host/Rabbit.Host.csproj" </dev/null >&2
fi

# --- Measure -------------------------------------------------------------------------------------------------------------

# In a process group of its own, so that whatever it started can be ended with it.
TMPDIR=$work TUNNELBENCH_BUILD=${TUNNELBENCH_BUILD:-$work/build} setsid \
  python3 "$tunnelbench/compare.py" --json "$json" "$@" "${systems[@]}" </dev/null >"$work/table" &
compare=$!
echo "run.sh: measuring ${systems[*]%%=*}; the table follows at the end." >&2
wait "$compare" || fail "compare.py failed; what it said is above."

# --- Report --------------------------------------------------------------------------------------------------------------

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[[ -z $(git -C "$root" status --porcelain 2>/dev/null) ]] || commit+=' with changes'
runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ { version = $2 } END { print version }')
processor=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
command="bench/run.sh${*:+ $*}"
[[ -z ${BENCH_SYSTEMS:-} ]] || command="BENCH_SYSTEMS=\"$BENCH_SYSTEMS\" $command"

mkdir -p "$root/artifacts/bench"
report=$root/artifacts/bench/$(date -u +%Y-%m-%dT%H%M%SZ).md
{
  echo "$(date -u +%Y-%m-%d), Linux $(uname -r), $(nproc) x ${processor:-unknown processor}, .NET $runtime, commit $commit"
  printf '\n    %s\n\n' "$command"
  python3 "$root/bench/targets.py" "$json"
  printf '\n```\n'
  sed '1{/^$/d}' "$work/table"
  printf '```\n'
} | tee "$report"
echo "run.sh: also in ${report#"$root"/}." >&2
