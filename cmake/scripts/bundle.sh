#!/bin/bash
# Makes a bundle: programs, tests and the shared libraries that they need beyond CUDA's and glibc's,
# for any x86-64-v3 Linux with this machine's glibc or a newer one. It runs wherever it is unpacked.
#
#     bundle.sh [FILE]        default: build/moonpool-bundle.tar.gz, at most 60 MB
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly MOST_BYTES=60000000
readonly BUILD=build/bundle
file=${1:-build/moonpool-bundle.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/moonpool
mkdir -p "$root"/{bin,lib/without-cuda,lib/licences,bench/results,tests}

die() { echo "bundle.sh: $*" >&2; exit 1; }

is_glibc() { [[ "$1" =~ ^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|anl|mvec)\.so.*|linux-vdso.*)$ ]]; }
is_cuda() { [[ "$1" =~ ^lib(cuda|cudart|cublas|cublasLt|cudnn.*|nvrtc|nvJitLink|curand)\.so ]]; }

# The C library's and CUDA's are the other machine's own; the rest comes from here, with its licence.
copy_libraries() {
  local name path package
  ldd "${ours[@]}" | awk '$2 == "=>" {print $1, $3}' | sort -u | while read -r name path; do
    if is_glibc "$name" || is_cuda "$name"; then continue; fi
    [ -f "$path" ] || die "$name, which a program needs, is not on this machine"
    if [ -e "$root/lib/$name" ]; then continue; fi  # one of ours
    cp -L "$path" "$root/lib/$name"
    strip --strip-unneeded "$root/lib/$name"
    package=$(dpkg -S "$(realpath "$path")" 2>/dev/null | head -n 1 | cut -d : -f 1) || true
    if [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ]; then
      cp -L "/usr/share/doc/$package/copyright" "$root/lib/licences/$package"
    fi
  done
}

# "library function" of what the programs want from CUDA's libraries, whose symbols carry their names.
cuda_functions() {
  nm --dynamic --undefined-only "${ours[@]}" 2>/dev/null | awk '$1 == "U" {print $2}' | sort -u |
    sed -nE 's/^((__)?(cuda|cublasLt|cudnn|curand)[A-Za-z0-9_]+)(@.*)?$/\1 \4/p'
}

cuda_libraries() {
  readelf --dynamic "${ours[@]}" 2>/dev/null | sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' | sort -u |
    while read -r name; do if is_cuda "$name"; then echo "$name"; fi; done
}

# Libraries with the names of CUDA's, for machines that have none.
make_stand_ins() {
  local library functions="$work/functions" prefix
  cuda_functions >"$functions"
  while read -r library; do
    case "$library" in
      libcudart*) prefix='(__)?cuda' ;;
      libcublasLt*) prefix=cublasLt ;;
      libcudnn*) prefix=cudnn ;;
      libcurand*) prefix=curand ;;
      *) die "$library: no stand-in is known for it" ;;
    esac
    {
      [[ "$library" != libcudart* ]] || cat cmake/bundle/without_cuda.c
      awk '{print $1}' "$functions" | grep -E "^$prefix" | sort -u |
        grep -vxE 'cuda(GetDeviceCount|DriverGetVersion|RuntimeGetVersion|GetErrorString|GetErrorName)' |
        sed 's/.*/long &(void) { return 35; }/'
    } >"$work/stand_in.c"
    # Where the real library gives its symbols a version, so must this one.
    local version
    version=$(grep -E "^$prefix" "$functions" | sed -nE 's/.* @+//p' | head -n 1)
    echo "${version:-$library} { *; };" >"$work/versions"
    cc -shared -fPIC -O1 -w -Wl,-soname,"$library" ${version:+-Wl,--version-script="$work/versions"} \
      -o "$root/lib/without-cuda/$library" "$work/stand_in.c"
    strip --strip-unneeded "$root/lib/without-cuda/$library"
  done < <(cuda_libraries)
}

rm -rf "$BUILD/lib"  # of targets that are gone
cmake --preset bundle
cmake --build $BUILD -j "${JOBS:-$(nproc)}"

for program in "$BUILD"/bin/*; do
  if [ -L "$program" ]; then  # another name of a program
    cp -P "$program" "$root/bin/"
    continue
  fi
  strip --strip-unneeded -o "$root/bin/$(basename "$program")" "$program"
done
for library in "$BUILD"/lib/*.so; do  # of this project
  strip --strip-unneeded -o "$root/lib/$(basename "$library")" "$library"
done
ours=("$root"/bin/* "$root"/lib/*.so)  # all but what other people made
copy_libraries
make_stand_ins
{ cuda_libraries; echo libnvrtc.so.13; } >"$root/lib/cuda-libraries"
cp cmake/bundle/start README.md LICENSE "$root/"
cp bench/gpu_check "$root/bench/"
git archive HEAD tests/golden tests/fuzz/corpus | tar -x -C "$root"
git describe --always --dirty --abbrev=40 >"$root/COMMIT"

mkdir -p "$(dirname "$file")"
tar -C "$work" --owner=0 --group=0 --sort=name -czf "$file" moonpool
bytes=$(stat -c %s "$file")
echo "$file: $((bytes / 100000 / 10)).$((bytes / 100000 % 10)) MB, $(find "$root/bin" -type f | wc -l) programs," \
  "$(find "$root/lib" -maxdepth 1 -name '*.so*' | wc -l) libraries"
((bytes <= MOST_BYTES)) || die "$file is larger than $MOST_BYTES bytes"
