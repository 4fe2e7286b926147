#!/bin/bash
# The Python environment of the frameworks that Moonpool is compared with.
#
#     bench_venv.sh FOLDER REQUIREMENTS
#
# Makes FOLDER and installs what REQUIREMENTS names, once. Without a GPU PyTorch comes from its index
# of builds for the CPU, or, where that cannot be reached, from PyPI. What cannot be installed is said
# in one line, and the exit status is still 0: bench/compare then measures ours alone.
set -uo pipefail

folder=$1
requirements=$2
stamp=$folder/installed.txt
log=$folder/install.log
cpu_index=https://download.pytorch.org/whl/cpu

cmp -s "$requirements" "$stamp" && exit 0
make_venv() { python3 -m venv "$folder" >/dev/null 2>&1; }
if ! make_venv && { ! "$(dirname "$0")/deps.sh" python || ! make_venv; }; then
  echo "bench: python3 -m venv does not work here: there is no framework to compare with"
  exit 0
fi

pip() {  # offline it gives up soon, and the next make bench tries again
  "$folder/bin/python" -m pip "$@" --timeout 15 --retries 1 --quiet --disable-pip-version-check >>"$log" 2>&1
}

echo "Installing what Moonpool is compared with to $folder (PyTorch is large: this takes minutes)"
torch=$(grep -E '^torch(vision)?==' "$requirements")
if [ -n "$torch" ] && ! command -v nvidia-smi >/dev/null; then
  # shellcheck disable=SC2086 # a list of words
  pip install --index-url "$cpu_index" $torch
fi
if pip install --requirement "$requirements"; then
  cp "$requirements" "$stamp"
  exit 0
fi
# The small ones each by itself: a comparison with NumPy needs no PyTorch.
failed=
while read -r requirement; do
  case "$requirement" in '' | \#*) continue ;; esac
  pip install "$requirement" || failed+=" ${requirement%%==*}"
done <"$requirements"
[ -z "$failed" ] || echo "bench: could not install$failed (see $log)"
exit 0
