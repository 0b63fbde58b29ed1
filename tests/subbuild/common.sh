# Configures and builds one preset of CMakePresets.json into
# $DETENTE_SUBBUILDS/<preset>. For sourcing by the scripts of this folder.

# The newest clang++ on the path whose version a list in deps/ names.
subbuild_clang() {
  local version
  for version in 19 14; do
    command -v "clang++-$version" && return 0
  done
  echo "no clang++-14 or clang++-19 here: install what deps/ lists" >&2
  return 1
}

# subbuild_configure PRESET: with less optimisation and debug information than
# the preset has, since here the build is most of the time. Gives 77 (skipped)
# when the compiler is missing.
subbuild_configure() {
  local preset=$1 options=() output
  case $preset in
    clang)
      local clang
      clang=$(subbuild_clang) || return 77
      options=(-D "CMAKE_CXX_COMPILER=$clang" -D CMAKE_CXX_FLAGS_RELEASE=-O1) ;;
    fuzz)
      local clang
      clang=$(subbuild_clang) || return 77
      options=(-D "CMAKE_CXX_COMPILER=$clang") ;;
    asan)
      options=(-D "CMAKE_CXX_FLAGS_DEBUG=-O0 -g1 -D_GLIBCXX_ASSERTIONS") ;;
  esac
  if ! output=$(cd "$DETENTE_SOURCE" && cmake --preset "$preset" \
      -B "$DETENTE_SUBBUILDS/$preset" "${options[@]}" 2>&1); then
    echo "$output"
    echo "cannot configure preset $preset"
    return 1
  fi
}

# subbuild_build PRESET TARGET: quiet unless it fails.
subbuild_build() {
  local output
  if ! output=$(cmake --build "$DETENTE_SUBBUILDS/$1" --target "$2" \
      -j "${DETENTE_JOBS:-$(nproc)}" 2>&1); then
    tail -n 60 <<<"$output"
    echo "cannot build $2 of preset $1"
    return 1
  fi
  tail -n 1 <<<"$output"
}
