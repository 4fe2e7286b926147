#!/bin/bash
# Proves that a bare Debian 12 needs nothing but a clone: makes one with debootstrap, adds git and
# make, clones this checkout's HEAD into it, types `make run` and `make test`, and says how long each
# took, on the clock and of the processors. Needs root, debootstrap, and 2 GB. The folder is removed at
# the end, unless something failed or KEEP is set.
#
#     [KEEP=1] tests/chroot/run.sh [FOLDER] [TARGET...]      default: /tmp/moonpool-chroot run test
set -euo pipefail

REPOSITORY=$(cd "$(dirname "$0")/../.." && pwd)
readonly ROOT=${1:-/tmp/moonpool-chroot}
if (($# > 1)); then readonly TARGETS=("${@:2}"); else readonly TARGETS=(run test); fi
# shellcheck source=machine.sh
. "$(dirname "$0")/machine.sh"

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

make_machine ca-certificates,git,make
copy_network
git clone --quiet --no-local "$REPOSITORY" "$ROOT/root/moonpool"

for target in "${TARGETS[@]}"; do
  timed "make $target" in_chroot "cd /root/moonpool && make $target"
done
cat "$NOTES"
