#!/bin/bash
# Runs the tests of a build folder and ends with how many passed, failed and were skipped.
#
#     test.sh BUILD [CTEST-OPTION...]
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
build=$1
shift
ctest --test-dir "$build" --output-on-failure -j 2 "$@" | tee "$log"
status=$?

count() { grep -cE "^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*$1" "$log"; }
passed=$(count ' Passed ')
skipped=$(count '\*\*\*Skipped ')
total=$(count '')
echo "$passed passed, $((total - passed - skipped)) failed, $skipped skipped"
exit $status
