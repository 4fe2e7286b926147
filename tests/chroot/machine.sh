#!/bin/bash
# A bare Debian 12 in a folder, to prove what needs nothing else. Sourced by the scripts beside it,
# which set ROOT, the folder, first. It is removed at the end, unless something failed or KEEP is set.
# Needs root and debootstrap.
readonly SUITE=bookworm
readonly MARK=.moonpool-chroot  # a folder without it is not ours to remove

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Whatever is mounted below ROOT, the deepest first.
unmount_all() {
  local place
  awk -v root="$ROOT/" 'index($2, root) == 1 {print $2}' /proc/mounts | sort -r | while read -r place; do
    umount "$place" || umount --lazy "$place"
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
    echo "$(basename "$0"): exit status $status; the machine lies in $ROOT" >&2
  fi
  exit $status
}

# This machine's mirror of the suite, if it has one.
mirror() {
  # shellcheck disable=SC2016 # apt-get's variable, not the shell's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $SUITE" \
    'Component: main' 2>/dev/null | head -n 1
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

make_machine() {  # [PACKAGE,PACKAGE...]
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
  timed "debootstrap" debootstrap --variant=minbase ${1:+--include="$1"} \
    "$SUITE" "$ROOT" $(mirror) >"$ROOT/debootstrap.out"
  mount -t proc proc "$ROOT/proc"
  mount --bind /dev "$ROOT/dev"
}
