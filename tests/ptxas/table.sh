#!/bin/bash
# Registers, stack and spills of every kernel, as ptxas reports them: one line per architecture and
# kernel, sorted. Needs nvcc (NVCC names another one).
#
#     table.sh SOURCE > TABLE           makes the table (kernels.tsv is committed)
#     table.sh SOURCE --check TABLE     fails where the sources give another one, or where a kernel
#                                       spills or has a stack without a reason in reasons.tsv
#
# Exit status 77 without nvcc, or with another release of it than the one that made the table:
# registers are allotted anew in each.
set -euo pipefail
source=$1
nvcc=${NVCC:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
if [ ! -x "$nvcc" ]; then
  echo "skipped: no nvcc here"
  exit 77
fi
release=$("$nvcc" --version | sed -nE 's/.*release ([0-9.]+),.*/\1/p')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {  # ARCHITECTURE FILE
  local exact=()  # as kernels/CMakeLists.txt has it
  case $2 in */augment.cu) exact=(-fmad=false) ;; esac
  "$nvcc" "${exact[@]}" -std=c++20 -O3 -DNDEBUG -DMOONPOOL_WITH_CUDA --expt-relaxed-constexpr -I "$source" \
    -arch="sm_$1" -cubin -Xptxas -v -o "$work/$1.$(basename "$2").cubin" "$2" 2>&1
}

# ptxas says "Compiling entry function 'NAME'", then "N bytes stack frame, N bytes spill stores, N
# bytes spill loads", then "Used N registers".
make_table() {
  printf '# nvcc %s\narchitecture\tregisters\tstack\tspilled\tkernel\n' "$release"
  for architecture in 80 90; do
    for file in "$source"/kernels/*/*.cu; do
      compile "$architecture" "$file" | awk -v arch="sm_$architecture" '
        /Compiling entry function/ { split($0, part, "'"'"'"); name = part[2] }
        /bytes stack frame/ { stack = $1; spilled = $5 + $9 }
        /Used [0-9]+ registers/ {
          match($0, /Used [0-9]+/)
          printf "%s\t%s\t%s\t%s\t%s\n", arch, substr($0, RSTART + 5, RLENGTH - 5), stack, spilled, name
        }'
    done
  done | c++filt | LC_ALL=C sort
}

if [ "${2:-}" != --check ]; then
  make_table
  exit 0
fi
table=$3
if [ "$(head -1 "$table")" != "# nvcc $release" ]; then
  echo "skipped: the table is of another release ($(head -1 "$table")) than this nvcc, $release"
  exit 77
fi
make_table >"$work/now.tsv"
diff -u "$table" "$work/now.tsv" || {
  echo "registers, stack or spills have changed; if that is right: tests/ptxas/table.sh . > $table"
  exit 1
}
# Spills cost memory traffic: each needs a line "kernel <tab> reason".
reasons=$(dirname "$table")/reasons.tsv
awk -F '\t' -v reasons="$reasons" '
  BEGIN { while ((getline line < reasons) > 0) { split(line, part, "\t"); known[part[1]] = 1 } }
  /^sm_/ && ($3 > 0 || $4 > 0) && !($5 in known) { print "no reason given: " $0; bad = 1 }
  END { exit bad }' "$table"
echo "$(grep -c '^sm_80' "$table") kernels, each as in the table"
