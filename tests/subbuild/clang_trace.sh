#!/usr/bin/env bash
# Same seed, same trace under gcc and clang: a difference means that the order
# of evaluation, a library's random numbers or an address decides something in
# the core. sim_test's suites named *Trace* print a line "trace: SEED DIGEST"
# for each seed; both compilers' lines must be equal, and there must be some.
set -euo pipefail
source "$DETENTE_SOURCE/tests/subbuild/common.sh"
subbuild_configure clang
subbuild_build clang sim_test

traces() {
  local output
  if ! output=$("$1" --gtest_filter='*Trace*'); then
    echo "$output" >&2
    echo "$1 failed" >&2
    return 1
  fi
  grep '^trace: ' <<<"$output" || { echo "$1 printed no trace" >&2; return 1; }
}

here=$(traces "$DETENTE_TESTS_BIN/sim_test")
there=$(traces "$DETENTE_SUBBUILDS/clang/tests/sim_test")
if [[ $here != "$there" ]]; then
  echo "The two compilers' traces differ:"
  diff <(echo "$here") <(echo "$there")
  exit 1
fi
echo "$(wc -l <<<"$here") traces, equal under both compilers"
