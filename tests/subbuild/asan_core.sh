#!/usr/bin/env bash
# Builds the layers below io under the address and undefined-behaviour
# sanitizers and runs tests of theirs there, so that a finding fails ./test.
# Arguments: the test programs; "all" for every one (./test --long), which on a
# new machine takes more of the ten minutes than it is worth each time. Needs
# DETENTE_SOURCE and DETENTE_SUBBUILDS.
set -euo pipefail
source "$DETENTE_SOURCE/tests/subbuild/common.sh"
subbuild_configure asan
select=()
if [[ $* == all ]]; then
  subbuild_build asan all
else
  for target in "$@"; do subbuild_build asan "$target"; done
  select=(-R "^($(tr ' ' '|' <<<"$*"))(_vectors|_[0-9]+)?\$")
fi

# Tests may choose fewer random cases when this is set: sanitizers cost five times.
export DETENTE_QUICK=1
export ASAN_OPTIONS=abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
ctest --test-dir "$DETENTE_SUBBUILDS/asan" --output-on-failure --no-tests=error \
  --no-label-summary -j "$(nproc)" "${select[@]}"
