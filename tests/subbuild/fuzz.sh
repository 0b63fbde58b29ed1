#!/usr/bin/env bash
# Builds the fuzzers and runs each for some seconds, two at a time, over its corpus in
# tests/fuzz/corpus and the seeds that it makes itself. Fails on any crash, leak, hang or broken
# property; the input that did it stays in <build>/findings/<fuzzer>. Prints for each fuzzer the runs,
# the runs a second and the edges covered. Needs DETENTE_SOURCE and DETENTE_SUBBUILDS.
#
#   fuzz.sh SECONDS [FUZZER...]       no names: every one
#   fuzz.sh --corpus SECONDS [...]    instead: what was found goes into tests/fuzz/corpus, minimised
set -euo pipefail
source "$DETENTE_SOURCE/tests/subbuild/common.sh"

keep=0
[[ ${1:-} == --corpus ]] && { keep=1; shift; }
seconds=${1:?fuzz.sh needs the seconds for each fuzzer}
shift
subbuild_configure fuzz
if [[ $# -eq 0 ]]; then
  mapfile -t names < <(cd "$DETENTE_SOURCE/tests/fuzz" && ls ./*_fuzz.cc | sed 's#^\./##; s#\.cc$##')
  subbuild_build fuzz fuzzers
else
  names=("$@")
  for name in "${names[@]}"; do subbuild_build fuzz "$name"; done
fi

programs=$DETENTE_SUBBUILDS/fuzz/fuzz
findings=$DETENTE_SUBBUILDS/fuzz/findings
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

run_one() {
  local name=$1 corpus=$DETENTE_SOURCE/tests/fuzz/corpus/$1 log=$scratch/$1.log failed=0
  mkdir -p "$scratch/$name/seeds" "$scratch/$name/found" "$findings/$name"
  DETENTE_SEEDS=$scratch/$name/seeds "$programs/$name"
  local folders=("$scratch/$name/found" "$scratch/$name/seeds")
  [[ ! -d $corpus ]] || folders+=("$corpus")
  "$programs/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 \
    -artifact_prefix="$findings/$name/" -print_final_stats=1 "${folders[@]}" >"$log" 2>&1 || failed=1
  local done cover runs rate
  done=$(grep -E '^#[0-9]+[[:space:]]+DONE' "$log" || true)
  cover=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' <<<"$done")
  runs=$(sed -nE 's/^#([0-9]+).*/\1/p' <<<"$done")
  rate=$(sed -nE 's#.* exec/s: ([0-9]+) .*#\1#p' <<<"$done")
  if [[ $failed -eq 1 || -z $done ]]; then
    echo "$name: FAILED"
    tail -n 60 "$log"
    echo "repeat it: $programs/$name $findings/$name/<file>"
    return 1
  fi
  printf '%-18s %8d runs %7d /s %6d edges\n' "$name" "$runs" "$rate" "$cover"
  [[ $keep -eq 0 ]] || keep_corpus "$name" "$corpus" "${folders[@]}"
}

# The few inputs that together reach every edge; those that are too large for a repository are left
# out, and the own seeds, which are made anew each time. Regressions (named by a word) stay.
keep_corpus() {
  local name=$1 corpus=$2 merged=$scratch/$1/merged file sums
  shift 2
  mkdir -p "$merged" "$corpus"
  "$programs/$name" -set_cover_merge=1 "$merged" "$@" >/dev/null 2>&1
  find "$corpus" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
  sums=$(sha1sum "$scratch/$name/seeds"/* | cut -d' ' -f1)
  while read -r file; do
    grep -q "^$file$" <<<"$sums" || cp "$merged/$file" "$corpus/"
  done < <(find "$merged" -type f -size -12k -printf '%s %f\n' | sort -n | head -n 48 | cut -d' ' -f2)
  echo "  $name: $(find "$corpus" -type f | wc -l) inputs, $(du -sb "$corpus" | cut -f1) bytes"
}
export -f run_one keep_corpus
export programs findings scratch seconds keep

printf '%s\n' "${names[@]}" | xargs -P "${DETENTE_JOBS:-2}" -I{} bash -euo pipefail -c 'run_one {}'
