#!/usr/bin/env bash
# Builds the layers below io under the address and undefined-behaviour
# sanitizers and runs their tests there. A ctest test (asan_core), so that a
# finding fails ./test. Needs DETENTE_SOURCE and DETENTE_SUBBUILDS.
set -euo pipefail
source "$DETENTE_SOURCE/tests/subbuild/common.sh"
subbuild_configure asan
subbuild_build asan all

# Tests may choose fewer random cases when this is set: sanitizers cost five times.
export DETENTE_QUICK=1
export ASAN_OPTIONS=abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
ctest --test-dir "$DETENTE_SUBBUILDS/asan" --output-on-failure --no-tests=error \
  --no-label-summary -j "$(nproc)"
