#!/bin/bash
# Proves that a bare Debian 12 needs nothing but a clone: makes one with debootstrap, adds git and
# make, clones this checkout's HEAD into it, types `make run` and `make test`, and says how long each
# took, on the clock and of the processors. Needs root, debootstrap, and 2 GB. The folder is removed at
# the end, unless something failed or KEEP is set.
#
#     [KEEP=1] tests/chroot/run.sh [FOLDER] [TARGET...]      default: /tmp/moonpool-chroot run test
set -euo pipefail

readonly SUITE=bookworm
REPOSITORY=$(cd "$(dirname "$0")/../.." && pwd)
readonly ROOT=${1:-/tmp/moonpool-chroot}
if (($# > 1)); then readonly TARGETS=("${@:2}"); else readonly TARGETS=(run test); fi
readonly MARK=.moonpool-chroot  # a folder without it is not ours to remove

die() { echo "run.sh: $*" >&2; exit 1; }

unmount_all() {
  for place in dev proc; do
    if mountpoint -q "$ROOT/$place"; then umount "$ROOT/$place" || umount --lazy "$ROOT/$place"; fi
  done
}

remove_root() {
  unmount_all
  rm -rf --one-file-system "$ROOT"
}

finish() {
  local status=$?
  unmount_all
  rm -f "$NOTES"
  if ((status == 0)) && [[ -z "${KEEP:-}" ]]; then
    remove_root
  else
    echo "run.sh: exit status $status; the machine lies in $ROOT" >&2
  fi
  exit $status
}

# This machine's mirror of the suite, if it has one.
mirror() {
  # shellcheck disable=SC2016 # apt-get's variable, not the shell's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $SUITE" \
    'Component: main' 2>/dev/null | head -n 1
}

# This machine's way to the network.
copy_network() {
  cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
  apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' \
    >"$ROOT/etc/apt/apt.conf.d/99host" || true
  if [[ -d /usr/local/share/ca-certificates ]]; then
    cp -RL /usr/local/share/ca-certificates "$ROOT/usr/local/share/"
    chroot "$ROOT" update-ca-certificates >/dev/null 2>&1 || true
  fi
}

# A login of a new machine: nothing of this one's environment but its proxies.
in_chroot() {
  env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    ${no_proxy:+no_proxy="$no_proxy"} chroot "$ROOT" /bin/bash -c "$1"
}

# Runs a command and notes what it took. Its standard error goes past the notes, by descriptor 3.
timed() {  # NAME COMMAND...
  local TIMEFORMAT="%R s on the clock, %U s of the processors: $1"
  { time "${@:2}" 2>&3; } 3>&2 2>>"$NOTES"
}

[[ $(id -u) -eq 0 ]] || die "chroot needs root"
command -v debootstrap >/dev/null || die "debootstrap is not installed"
if [[ -e "$ROOT" ]]; then
  [[ -e "$ROOT/$MARK" ]] || die "$ROOT exists and is not one of mine; name another folder"
  remove_root
fi
mkdir -p "$ROOT"
touch "$ROOT/$MARK"
NOTES=$(mktemp)
trap finish EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2046 # with no mirror no argument: debootstrap then knows one
timed "debootstrap" debootstrap --variant=minbase --include=ca-certificates,git,make \
  "$SUITE" "$ROOT" $(mirror) >"$ROOT/debootstrap.out"
copy_network
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
git clone --quiet --no-local "$REPOSITORY" "$ROOT/root/moonpool"

for target in "${TARGETS[@]}"; do
  timed "make $target" in_chroot "cd /root/moonpool && make $target"
done
cat "$NOTES"
