#!/usr/bin/env bash
# Tries the README's commands on a machine that has nothing: a Debian system
# made by debootstrap a minute ago, holding a fresh clone of the last commit.
#
#   tests/chroot/clean_machine.sh [--suite bookworm|trixie] [--keep DIR] [COMMAND ...]
#
# Without a COMMAND: ./demo --headless --report r.json, its report, then ./test.
# Each COMMAND is one argument, run by bash in the clone. Prints a transcript;
# ends with the first command's failure, or 0. Needs root and debootstrap.
#
# Not part of ./test: it downloads a whole system. The mirror and the proxy come
# from this machine's apt configuration when it runs. It shares the host's
# network, but no process, mount or file: all end with it, by unshare.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

suite=bookworm
keep=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --suite) suite=$2; shift 2 ;;
    --keep) keep=$2; shift 2 ;;
    -h|--help) sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --) shift; break ;;
    -*) echo "clean_machine.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) break ;;
  esac
done
commands=("$@")
[[ ${#commands[@]} -gt 0 ]] ||
  commands=('./demo --headless --report r.json' 'cat r.json' './test')

[[ $(id -u) -eq 0 ]] || { echo "clean_machine.sh: only root can make a chroot" >&2; exit 1; }
for tool in debootstrap unshare git; do
  command -v $tool >/dev/null ||
    { echo "clean_machine.sh: $tool is missing; apt-get install $tool" >&2; exit 1; }
done

# Prints "URI SUITE" for each line or stanza of Debian's in the apt configuration.
apt_sources() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] && sed -nE 's/^deb +(\[[^]]*\] +)?(\S+) +(\S+) .*/\2 \3/p' "$file"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] && awk -v RS= '{
      uri = ""; suites = ""
      n = split($0, lines, "\n")
      for (i = 1; i <= n; i++) {
        if (lines[i] ~ /^URIs:/) { split(lines[i], w, " "); uri = w[2] }
        if (lines[i] ~ /^Suites:/) { sub(/^Suites: */, "", lines[i]); suites = lines[i] }
      }
      m = split(suites, s, " ")
      for (i = 1; i <= m; i++) print uri, s[i]
    }' "$file"
  done
  return 0
}

release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt_sources | awk -v s="$release" '$2 == s {print $1; exit}')
security=$(apt_sources | awk -v s="$release-security" '$2 == s {print $1; exit}')
[[ -n $mirror ]] ||
  { echo "clean_machine.sh: apt's configuration names no mirror for $release" >&2; exit 1; }

if [[ -n $keep ]]; then
  mkdir -p "$keep"
  root=$(cd "$keep" && pwd)
else
  root=$(mktemp -d)
  chmod 0755 "$root"  # it becomes /, which every user of the new system enters
  trap 'rm -rf --one-file-system "$root"' EXIT
fi

started=$SECONDS
if [[ ! -x $root/bin/bash ]]; then
  echo "== A new $suite ($root)"
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -20 "$root.log"; echo "debootstrap failed; its log: $root.log" >&2; exit 1; }
  rm -f "$root.log"
fi
{
  echo "deb $mirror $suite main"
  echo "deb $mirror $suite-updates main"
  [[ -z $security ]] || echo "deb $security $suite-security main"
} >"$root/etc/apt/sources.list"
# How to reach the mirror (proxy, timeouts), without the host's hooks.
apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90-host" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"

rm -rf "$root/srv/detente"
git clone --quiet --no-hardlinks "$project" "$root/srv/detente"
echo "== $suite with $(chroot "$root" dpkg-query -f '.\n' -W | wc -l) packages and a clone of" \
  "$(git -C "$root/srv/detente" log -1 --format='%h %s'), after $((SECONDS - started)) s"

# One command inside, in mount and process namespaces of its own.
inside() {
  unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$1/dev/pts"
    mkdir -p "$1/dev/shm" && mount -t tmpfs tmpfs "$1/dev/shm"
    ln -sfn pts/ptmx "$1/dev/ptmx"
    ln -sfn /proc/self/fd "$1/dev/fd"
    exec env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      chroot "$1" bash -c "cd /srv/detente && $2"
  ' inside "$root" "$1"
}

for command in "${commands[@]}"; do
  echo
  echo "\$ $command"
  started=$SECONDS
  if inside "$command" </dev/null; then
    echo "== ended with 0 after $((SECONDS - started)) s"
  else
    status=$?
    echo "== ended with $status after $((SECONDS - started)) s"
    exit "$status"
  fi
done
