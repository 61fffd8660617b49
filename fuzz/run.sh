#!/usr/bin/env bash
# Fuzzes one parser with AFL++: what it finds is in artifacts/fuzz/TARGET until it is asked for again.
#
#   fuzz/run.sh TARGET [SECONDS]   3600 s by default; without a target it says which there are
#   fuzz/run.sh --keep TARGET      takes the inputs that add coverage into the corpus of the repository, and ends
#
# Where it runs as root on Debian it installs afl++ if it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
# The programs are no native ones, the machine need not be tuned, and nobody looks at a screen.
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_ALLOW_TMP=1

fail() {
  echo "fuzz/run.sh: $*" >&2
  exit 1
}

keep=
if [[ ${1:-} == --keep ]]; then
  keep=1
  shift
fi
target=${1:-}
seconds=${2:-3600}
corpus=Rabbit.Fuzz/Corpus/$target
[[ -n $target && -d $corpus ]] || fail "name a target: $(ls Rabbit.Fuzz/Corpus | tr '\n' ' ')"

if ! command -v afl-fuzz >/dev/null; then
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || fail "afl-fuzz is not on the PATH; install AFL++ (Debian: apt-get install afl++)."
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends afl++; } </dev/null >&2 ||
    fail "apt-get could not install afl++; install it by hand and run this script again."
fi

# The instrumented copy is of its own, so that the ordinary build stays as it is.
mkdir -p artifacts
program=artifacts/fuzz/program
if [[ -z $keep || ! -x $program/rabbit-fuzz ]]; then
  (
    flock 9
    if [[ ! -e $program/instrumented || -n $(find Rabbit.*/ -name '*.cs' -newer $program/instrumented -print -quit) ]]; then
      rm -rf "$program"
      dotnet tool restore >&2
      dotnet publish -c Release -v quiet Rabbit.Fuzz -o "$program" >&2
      for assembly in Protocol Tunneling Persistence; do
        dotnet sharpfuzz "$program/Rabbit.$assembly.dll" >&2
      done
      dotnet sharpfuzz "$program/tunnel-client.dll" Rabbit.Client >&2
      touch "$program/instrumented"
    fi
  ) 9>artifacts/fuzz.lock
fi

findings=artifacts/fuzz/$target
if [[ -n $keep ]]; then
  [[ -d $findings/default/queue ]] || fail "nothing has been found for $target yet; run fuzz/run.sh $target"
  rm -rf "$findings/small"
  afl-cmin -m none -t 5000 -i "$findings/default/queue" -o "$findings/small" -- "$program/rabbit-fuzz" "$target" >&2
  for input in "$findings"/small/*; do
    cp "$input" "$corpus/$(sha256sum "$input" | cut -c1-16)"
  done
  ls "$corpus" | wc -l
  exit 0
fi

rm -rf "$findings"
afl-fuzz -V "$seconds" -m none -t 5000 -i "$corpus" -o "$findings" -- "$program/rabbit-fuzz" "$target" >"artifacts/fuzz/$target.log" 2>&1 </dev/null ||
  { tail -5 "artifacts/fuzz/$target.log" >&2; fail "afl-fuzz ended badly; all of its output is in artifacts/fuzz/$target.log"; }
grep -E '^(run_time|execs_done|execs_per_sec|corpus_count|saved_crashes|saved_hangs|stability|bitmap_cvg|edges_found)' "$findings/default/fuzzer_stats"
! grep -qE '^saved_(crashes|hangs) +: [1-9]' "$findings/default/fuzzer_stats" ||
  fail "there are findings in $findings/default; each is run by: $program/rabbit-fuzz $target FILE"
