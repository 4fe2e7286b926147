#!/bin/bash
# Where cmake/bundle/start, which starts a bundle's programs, looks for CUDA's libraries, in a bundle
# and folders made up for it.
#
#     start_test.sh START
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/some\ where/moonpool
packages=$work/venv/lib/python3.12/site-packages/nvidia
mkdir -p "$bundle"/{bin,lib/without-cuda} "$packages"/{cu13,cudnn}/lib "$work/toolkit"
cp "$1" "$bundle/start"
printf '%s\n' libstandincudart.so.13 libstandincudnn.so.9 libnvrtc-stand-in.so.13 >"$bundle/lib/cuda-libraries"
# shellcheck disable=SC2016 # the program's variable
printf '#!/bin/bash\necho "path $LD_LIBRARY_PATH"\necho "arguments $*"\nexit 3\n' >"$bundle/bin/show"
chmod +x "$bundle/bin/show"
mistakes=0

expect() {  # WHAT STATUS LINE [VARIABLE=VALUE...]: in the output of `start show "a b"`
  local said status
  said=$(env -u LD_LIBRARY_PATH -u VIRTUAL_ENV -u CONDA_PREFIX "${@:4}" "$bundle/start" show "a b" 2>&1)
  status=$?
  if [ "$status" -ne "$2" ] || ! grep -qxF -- "$3" <<<"$said"; then
    printf '%s: expected status %s and the line\n    %s\nbut it was %s and\n%s\n' "$1" "$2" "$3" "$status" "$said"
    mistakes=$((mistakes + 1))
  fi
}

both='libstandincudart.so.13, libstandincudnn.so.9'
expect "no libraries" 3 "path $bundle/lib/without-cuda"
expect "no libraries, said" 3 \
  "start: $both not found (MOONPOOL_CUDA_LIBRARIES can name the folder): no CUDA, only the CPU"
expect "arguments and status" 3 "arguments a b"

touch "$packages/cu13/lib/libstandincudart.so.13"
expect "one is not enough" 3 "path $bundle/lib/without-cuda" VIRTUAL_ENV="$work/venv"
touch "$packages/cudnn/lib/libstandincudnn.so.9"
expect "PyTorch's packages" 3 "path $packages/cu13/lib:$packages/cudnn/lib" VIRTUAL_ENV="$work/venv"
expect "what was there stays" 3 "path $packages/cu13/lib:$packages/cudnn/lib:/other" \
  VIRTUAL_ENV="$work/venv" LD_LIBRARY_PATH=/other

touch "$work/toolkit/libstandincudart.so.13"
expect "folders that are named come first" 3 "path $work/toolkit:$packages/cudnn/lib" \
  VIRTUAL_ENV="$work/venv" MOONPOOL_CUDA_LIBRARIES="$work/toolkit"

"$bundle/start" nothing >"$work/said" 2>&1
if [ $? -ne 2 ] || [ "$(wc -l <"$work/said")" -ne 1 ]; then
  echo "an unknown program: expected status 2 and one line"
  mistakes=$((mistakes + 1))
fi
if ((mistakes > 0)); then exit 1; fi
echo "all found"
