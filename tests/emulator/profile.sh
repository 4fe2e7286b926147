#!/bin/bash
# moonpool run with and without --profile on the emulated device: the same records, and a file with
# the stream's kernels.
#
#     profile.sh MOONPOOL
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=("$1" run --dataset four-moons --strategy BADGE --start 20 --query 20 --rounds 1 --epochs 3 --device cuda)
"${run[@]}" --out "$work/plain" >/dev/null
"${run[@]}" --out "$work/profiled" --profile "$work/p.json" --profile-steps 3 >"$work/said"
grep -q '^Kernel ' "$work/said"
for file in config.toml rounds.jsonl queries.jsonl; do
  cmp "$work/plain/$file" "$work/profiled/$file"
done
grep -q '"name":"CUDA stream 1"' "$work/p.json"
grep -q '"name":"choose_among_leaders","cat":"kernel".*"tid":[1-9]' "$work/p.json"
