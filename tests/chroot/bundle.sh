#!/bin/bash
# Proves that a bundle (`make bundle`) needs nothing but a bare Debian 12, without one development
# package and without CUDA: unpacks it there, runs Four-Moons and every test of the host. Then the
# CUDA libraries of this machine are mounted where PyTorch's packages keep them, and have to be found.
# Needs root and debootstrap. The folder is removed at the end, unless something failed or KEEP is set.
#
#     [KEEP=1] tests/chroot/bundle.sh BUNDLE [FOLDER]      default: /tmp/moonpool-bundle-chroot
set -euo pipefail

readonly BUNDLE=${1:?"usage: bundle.sh BUNDLE [FOLDER]"}
readonly ROOT=${2:-/tmp/moonpool-bundle-chroot}
# shellcheck source=machine.sh
. "$(dirname "$0")/machine.sh"

readonly PACKAGES=/usr/local/lib/python3.11/dist-packages/nvidia

make_machine
tar -x -f "$BUNDLE" -C "$ROOT/opt"
in_chroot 'for tool in cc g++ make python3 nvcc; do
  if command -v $tool; then echo "this machine is not bare" >&2; exit 1; fi
done'

echo "== without CUDA's libraries"
in_chroot '/opt/moonpool/start moonpool info' | tee "$ROOT/info"
grep -q 'not usable: the CUDA libraries were not found' "$ROOT/info" || die "expected to read that CUDA's libraries are not there"
timed "Four-Moons" in_chroot 'cd /tmp && /opt/moonpool/start moonpool run --dataset four-moons --device cpu --out run'
timed "tests" in_chroot '
  cd /opt/moonpool
  failed=0
  for test in bin/*_test; do
    name=$(basename $test)
    if [ $name = conv_plan_test ]; then continue; fi  # is about cuDNN, which comes below
    if ./start $name --gtest_filter=-*/cuda >/tmp/$name.log 2>&1; then
      echo "$name: $(grep -E "^\[  PASSED" /tmp/$name.log | tail -n 1)"
    else
      failed=1
      echo "$name: failed"
      grep -E "FAILED|error|No such" /tmp/$name.log | head -n 20
    fi
  done
  exit $failed'

echo "== with CUDA's libraries where PyTorch's packages have them"
number=0
{ /sbin/ldconfig -p | sed -nE 's/^\s*lib(cudart|cublasLt|cudnn)\.so\.[0-9]+ .*=> (.*)\/[^/]*$/\2/p'; } | sort -u |
  while read -r folder; do
    number=$((number + 1))
    mkdir -p "$ROOT$PACKAGES/part$number/lib"
    mount --bind -o ro "$folder" "$ROOT$PACKAGES/part$number/lib"
  done
[[ -e "$ROOT$PACKAGES/part1" ]] || die "this machine has no CUDA libraries to lend"
in_chroot '/opt/moonpool/start moonpool info' | tee "$ROOT/info"
grep -q 'not usable: no NVIDIA driver' "$ROOT/info" || die "expected to read that there is no driver"
timed "conv_plan_test" in_chroot '/opt/moonpool/start conv_plan_test >/tmp/conv_plan_test.log 2>&1 ||
  { tail -n 20 /tmp/conv_plan_test.log; exit 1; }'
cat "$NOTES"
