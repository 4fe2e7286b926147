#!/bin/bash
# Fails unless the emulator has run every kernel of the project.
#
#     kernels_executed.sh SOURCE COVERAGE LIBRARY...
#
# The project's kernels are the functions of the libraries (static, of the emulated build) whose
# names the sources mark __global__, every instance of a template counted. COVERAGE is the file that
# the tests wrote because MOONPOOL_EMULATOR_COVERAGE named it.
set -euo pipefail
source=$1
coverage=$2
shift 2

names=$(find "$source/kernels" -name '*.cuh' -o -name '*.cu' | xargs cat | tr '\n' ' ' |
  grep -oE '__global__ +void( +__launch_bounds__\([^)]*\))? +[A-Za-z0-9_]+' |
  awk '{print $NF}' | sort -u | paste -sd '|')
exist=$(nm -C "$@" 2>/dev/null | sed -nE 's/^[0-9a-f]+ [TtWw] //p' |
  grep -E "(^|[ :])($names)(<.*>)?\(" | grep -vE '\[clone|::\{lambda' | sort -u)
executed=$(sort -u "$coverage" | grep -Fxf <(echo "$exist") || true)
missing=$(comm -23 <(echo "$exist") <(echo "$executed"))

echo "kernels in the project: $(wc -l <<<"$exist"); executed by the emulator:" \
     "$(grep -c . <<<"$executed" || true)"
if [ -n "$missing" ]; then
  printf 'never executed:\n%s\n' "$missing"
  exit 1
fi
