#!/bin/sh
# Installs what Moonpool is built with, on Debian and Ubuntu, and is silent when all of it is there.
#
#     deps.sh GROUP...       groups: run test bench python lint
#
# Elsewhere it says once what is needed and lets CMake find out what is missing.
set -eu

# A word is a package, or command:package where any version of the command will do. OpenCL's headers
# are here because oneDNN's CMake files want them to be there; nothing uses them.
packages_of() {
  case "$1" in
    run) echo "g++:g++ cmake:cmake ninja:ninja-build libc6-dev libdnnl-dev ocl-icd-opencl-dev" \
              "libfmt-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev libboost-math-dev" \
              "gnuplot:gnuplot-nox" \
              "zlib1g-dev libpng-dev libturbojpeg0-dev libarchive-dev" \
              "libcurl4-openssl-dev libssl-dev" ;;
    test) echo "libgtest-dev libboost-context-dev valgrind:valgrind" ;;
    bench) echo "libbenchmark-dev libtcmalloc-minimal4" ;;
    python) echo "python3:python3 python3-venv" ;;
    lint) echo "git:git clang-format:clang-format clang-tidy:clang-tidy libomp-dev" ;;
    *) echo "deps.sh: unknown group '$1'; expected run, test, bench, python or lint" >&2; exit 2 ;;
  esac
}

is_installed() {
  dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed'
}

wanted=
for group in "$@"; do
  wanted="$wanted $(packages_of "$group")"
done

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here. Needed: a C++20 compiler with OpenMP, CMake 3.25, Ninja, oneDNN, fmt," \
       "nlohmann-json, CLI11, toml++, Boost.Math, gnuplot, zlib, libpng, libjpeg-turbo (TurboJPEG)," \
       "libarchive, libcurl and OpenSSL; GoogleTest to test (and valgrind to count), Google Benchmark" \
       "to bench (and TCMalloc for what we are compared with)."
  exit 0
fi

missing=
for word in $wanted; do
  package=${word#*:}
  if [ "$package" != "$word" ] && command -v "${word%%:*}" >/dev/null; then continue; fi
  is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "deps.sh: not root, and no sudo here; please have installed:$missing" >&2
    exit 1
  fi
  as_root=sudo
fi

# shellcheck disable=SC2086 # a list of words
install_missing() {
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --yes --no-install-recommends -o Dpkg::Use-Pty=0 $missing >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "Installing$missing"
# Package lists may be absent (a fresh container) or older than the mirror.
if ! install_missing; then
  $as_root apt-get update -qq
  if ! install_missing; then
    cat "$log" >&2
    echo "deps.sh: apt-get could not install$missing" >&2
    exit 1
  fi
fi
