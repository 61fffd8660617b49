#!/usr/bin/env bash
# Measures Rabbit, plain and with TLS, beside the smallest tunnel that Linux allows ("limit") and, where they are installed,
# beside haproxy and ssh -R, all in one run that takes turns.
#
#   bench/run.sh                                         every case: a quarter of an hour
#   bench/run.sh --runs 5 --seconds 3 --only crr,idle    options go to compare.py
#
# Prints a page section ready for docs/performance.md, and keeps it in artifacts/bench/.
#   BENCH_SYSTEMS="rabbit-plain haproxy"   what to measure beside limit, by the names of bench/start
#   BENCH_SKIP_BUILD=1                     uses the last build
#   TUNNELBENCH=DIR                        where compare.py is, if not in ../shared/bench beside this repository
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tunnelbench=${TUNNELBENCH:-$root/../shared/bench}
PATH=$PATH:/usr/sbin
read -ra wanted <<<"${BENCH_SYSTEMS:-rabbit-plain rabbit-tls haproxy ssh}"

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

# --- What is needed ------------------------------------------------------------------------------------------------------

[[ -r $tunnelbench/compare.py ]] ||
  fail "the comparison program $tunnelbench/compare.py is not there; set TUNNELBENCH to the directory that holds compare.py."
for program in dotnet python3 gcc; do
  command -v "$program" >/dev/null || fail "$program is not on the PATH; install it."
done

installed() {
  case $1 in
  haproxy) command -v haproxy ;;
  ssh) command -v ssh && command -v sshd ;;
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

source "$root/bench/process_group.sh"
json=${json:-$work/figures.json}

build "$root"

# --- Measure -------------------------------------------------------------------------------------------------------------

echo "run.sh: measuring ${systems[*]%%=*}; the table follows at the end." >&2
TUNNELBENCH_BUILD=${TUNNELBENCH_BUILD:-$work/build} \
  in_group python3 "$tunnelbench/compare.py" --json "$json" "$@" "${systems[@]}" >"$work/table" ||
  fail "compare.py failed; what it said is above."

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
