#!/bin/bash
# Instructions of six hot paths, as callgrind counts them on a processor with AVX2: the work itself,
# whatever else the machine does. What oneDNN does inside them is left out: it is another library's,
# and another version's elsewhere.
#
#     count.sh PROGRAM > TABLE           makes the table (counts.tsv is committed)
#     count.sh PROGRAM --check TABLE     fails where a path takes over 5 % more or fewer
#
# PROGRAM is hot_paths of a Release build. Exit status 77 without valgrind, on a processor without
# AVX2, or where another compiler than the table's made the program: it would have other counts.
set -euo pipefail
program=$1
paths=(randaugment adam_ema cross_entropy batch_norm badge_seeding coreset)

skip() {
  echo "skipped: $1"
  exit 77
}
command -v valgrind >/dev/null || skip "no valgrind here"
grep -qw avx2 /proc/cpuinfo || skip "this processor has no AVX2"
compiler=$("$program" --compiler)
if [ "${2:-}" = --check ]; then
  made_with=$(sed -n '1s/^# //p' "$3")
  [ "$made_with" = "$compiler" ] ||
    skip "$3 was made with $made_with, the program with $compiler"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A function is counted between its entry and its exit, dnnl_sgemm inside it switches the counting
# off, and the exit of a path writes a file with its count. Symbols are bound at the start, not in
# the midst of what is counted.
options=(--collect-atstart=no '--toggle-collect=hot_path_*' --toggle-collect=dnnl_sgemm)
for path in "${paths[@]}"; do options+=("--dump-after=hot_path_$path"); done
if ! LD_BIND_NOW=1 OMP_WAIT_POLICY=passive valgrind --tool=callgrind "${options[@]}" \
  --callgrind-out-file="$work/out" "$program" >"$work/log" 2>&1; then
  cat "$work/log" >&2
  exit 1
fi

{
  echo "# $compiler"
  printf 'path\tinstructions\n'
  for path in "${paths[@]}"; do
    file=$(grep -l "^desc: Trigger: --dump-after=hot_path_$path\$" "$work"/out.*)
    printf '%s\t%s\n' "$path" "$(sed -n 's/^totals: //p' "$file")"
  done
} >"$work/now.tsv"

if [ "${2:-}" != --check ]; then
  cat "$work/now.tsv"
  exit 0
fi
awk -F'\t' -v wanted="${#paths[@]}" '
  /^#/ || $1 == "path" { next }
  FNR == NR { expected[$1] = $2; next }
  {
    change = $1 in expected && expected[$1] > 0 ? 100 * ($2 / expected[$1] - 1) : 100
    wrong = $2 <= 0 || change > 5 || change < -5
    printf "%-16s %12d, expected %12d: %+.2f %%%s\n", $1, $2, expected[$1], change, wrong ? "  <--" : ""
    if (wrong) failed = 1
    ++count
  }
  END {
    if (failed) print "over 5 %; if that is right: tests/callgrind/count.sh PROGRAM > tests/callgrind/counts.tsv"
    if (count != wanted) { print count " paths, expected " wanted; failed = 1 }
    exit failed
  }' "$3" "$work/now.tsv"
