# Installs the Debian packages that détente needs. For sourcing, by bash:
#
#   source scripts/install_deps.sh
#   detente_install_deps build|all [--yes] [--headless]
#
# "build" is what ./demo needs, "all" adds what the tests need. Missing packages
# are found with dpkg; with none missing nothing else happens, apt is not run
# and nobody is asked. Otherwise it shows what apt would add and remove and asks
# once. It asks nobody with --yes, with CI=true, or with --headless.
# DETENTE_SKIP_DEPS=1 leaves everything as it is (for systems other than Debian).
# Returns 1 with a message when it cannot go on; it never exits the caller.

detente_deps_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Prints the packages of a list, of section "build" or of "all".
detente_deps_listed() {
  local file=$1 want=$2
  awk -v want="$want" '
    /^# section:/ { section = $3; next }
    /^[[:space:]]*(#|$)/ { next }
    want == "all" || section == want { print $1 }' "$file"
}

# Prints those of its arguments that are not installed.
detente_deps_missing() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

# Prints the list for this machine, or says why there is none.
detente_deps_file() {
  local id='' version='' name='this system'
  if [[ -r ${DETENTE_OS_RELEASE:-/etc/os-release} ]]; then
    # shellcheck disable=SC1090
    id=$(. "${DETENTE_OS_RELEASE:-/etc/os-release}" && echo "${ID:-}")
    version=$(. "${DETENTE_OS_RELEASE:-/etc/os-release}" && echo "${VERSION_ID:-}")
    name=$(. "${DETENTE_OS_RELEASE:-/etc/os-release}" && echo "${PRETTY_NAME:-$ID}")
  fi
  local file=$detente_deps_root/deps/debian-$version.txt
  if [[ $id != debian || -z $version || ! -f $file ]]; then
    echo "Packages are installed on Debian 12 and 13 only; this is $name." >&2
    echo "Install what deps/debian-12.txt lists by hand, then set DETENTE_SKIP_DEPS=1." >&2
    return 1
  fi
  echo "$file"
}

# apt-get's own plan, without doing it. $1 is the prefix (sudo or nothing).
detente_deps_plan() {
  apt-get -s install --no-install-recommends "$@" 2>&1
}

# Prints one part of a plan: a count, a word, and the names folded to the screen.
detente_deps_show_part() {
  local what=$1 names=$2
  [[ -n $names ]] || return 0
  echo "  $what $(wc -w <<<"$names"):"
  tr '\n' ' ' <<<"$names" | fold -s -w 74 | sed 's/^/    /'
  echo
}

# Shows what apt would add, upgrade and remove.
detente_deps_show() {
  local plan=$1 removed
  removed=$(awk '/^Remv /{print $2}' <<<"$plan" | sort -u)
  echo "apt would"
  detente_deps_show_part add "$(awk '/^Inst / && $3 !~ /^\[/ {print $2}' <<<"$plan" | sort -u)"
  detente_deps_show_part upgrade "$(awk '/^Inst / && $3 ~ /^\[/ {print $2}' <<<"$plan" | sort -u)"
  detente_deps_show_part REMOVE "$removed"
  if [[ $removed == *libboost* ]]; then
    echo "  (Boost's headers of another version: only one can be installed at a time.)"
  elif [[ -z $removed ]]; then
    echo "  and remove none."
  fi
}

detente_install_deps() {
  local section=all ask=1 argument
  for argument in "$@"; do
    case $argument in
      build|all) section=$argument ;;
      --yes|--headless) ask=0 ;;
      *) echo "detente_install_deps: unknown argument $argument" >&2; return 1 ;;
    esac
  done
  [[ ${CI:-} == true ]] && ask=0
  [[ ${DETENTE_SKIP_DEPS:-} == 1 ]] && return 0

  local file missing
  file=$(detente_deps_file) || return 1
  # Names of packages have no spaces; no process substitution, which needs /dev/fd.
  missing=($(detente_deps_missing $(detente_deps_listed "$file" "$section")))
  [[ ${#missing[@]} -eq 0 ]] && return 0

  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing, and only root can install them (there is no sudo here):" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      echo "Run that command as root, then try again." >&2
      return 1
    fi
    as_root=(sudo)
  fi

  echo "Missing: ${missing[*]}"
  local plan
  if ! plan=$(detente_deps_plan "${missing[@]}"); then
    # No package lists yet, or lists older than the names: read them and plan again.
    echo "Reading Debian's package lists (apt-get update) ..."
    if ! "${as_root[@]}" apt-get update -qq; then
      echo "apt-get update failed (see above). Check the network and /etc/apt/sources.list*." >&2
      return 1
    fi
    if ! plan=$(detente_deps_plan "${missing[@]}"); then
      echo "$plan" >&2
      echo "apt cannot install these packages together; its reason stands above." >&2
      return 1
    fi
  fi
  detente_deps_show "$plan"

  if [[ $ask -eq 1 ]]; then
    if [[ ! -t 0 ]]; then
      echo "There is no terminal to ask at. Run again with --yes to go ahead." >&2
      return 1
    fi
    local answer
    read -r -p "Install them now? [y/N] " answer
    if [[ ! $answer =~ ^[Yy] ]]; then
      echo "Nothing was installed or removed." >&2
      return 1
    fi
  fi
  detente_deps_apt "${as_root[@]}" -- "${missing[@]}"
}

# Installs; a second try after `apt-get update`, since old lists name files that
# a mirror no longer has. Arguments: prefix words, --, packages.
detente_deps_apt() {
  local as_root=()
  while [[ $1 != -- ]]; do as_root+=("$1"); shift; done
  shift
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -y -qq
    -o Dpkg::Use-Pty=0 install --no-install-recommends "$@")
  if ! "${as_root[@]}" "${install[@]}" >/dev/null; then
    echo "A second try, with fresh package lists ..."
    if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" "${install[@]}"; }; then
      echo "apt-get could not install the packages; its reason stands above." >&2
      return 1
    fi
  fi
  echo "Installed."
}
