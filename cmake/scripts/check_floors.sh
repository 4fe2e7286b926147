#!/bin/sh
# Fails where a file includes a floor above its own, or starts a kernel other than through launch().
#
# Who may include whom: kernels <- engine <- models <- active, and data <- active. Of the kernels the
# folder data sees only the host headers: errors, files and counter-based random numbers.
set -eu
cd "$(dirname "$0")/../.."

sources() {  # FOLDER...
  find "$@" -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh'
}

# What the files of a folder include from a top-level folder, less what they may include.
climbs() {  # FOLDER ALLOWED-PATTERN
  sources "$1" | xargs -r grep -HnE '^ *# *include +"(kernels|engine|models|data|active|bench|tests)/' |
    grep -vE "include +\"($2)" || true
}

found=$(
  climbs kernels 'kernels/'
  climbs engine 'kernels/|engine/'
  climbs models 'kernels/|engine/|models/'
  climbs data 'data/|kernels/runtime/(atomic_file|error|host_device|philox|random)\.h"'
  climbs active 'kernels/|engine/|models/|data/|active/'
)
launches=$(sources kernels engine models data active bench |
  grep -v '^kernels/runtime/' | xargs -r grep -HnF '<<<' || true)

if [ -n "$found" ]; then
  printf 'Includes that climb a floor:\n%s\n' "$found" >&2
fi
if [ -n "$launches" ]; then
  printf 'Kernels started outside kernels/runtime:\n%s\n' "$launches" >&2
fi
[ -z "$found$launches" ]
