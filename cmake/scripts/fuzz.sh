#!/bin/sh
# Fuzzes the reader of one format.
#
#     fuzz.sh BUILD/bin/fuzz_data FORMAT SECONDS [FOLDER]
#
# Inputs that reach new code go to FOLDER, by default a temporary one; an input that crashes, hangs
# or takes too much memory lands there too, as crash-..., timeout-... or oom-...
set -eu
cd "$(dirname "$0")/../.."

fuzzer=$1
format=$2
seconds=$3
if [ $# -gt 3 ]; then
  found=$4
  mkdir -p "$found"
else
  found=$(mktemp -d)
  trap 'status=$?; [ $status -ne 0 ] || rm -rf "$found"' EXIT
fi
MOONPOOL_FUZZ_FORMAT=$format "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
  -max_len=16384 -seed=1 -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" \
  "$found" "tests/fuzz/corpus/$format"
