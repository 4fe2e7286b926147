#!/bin/bash
# bench/gpu_check where there is no GPU: programs that say what they are told to stand in for the
# driver's, the toolkit's and the project's own, once all well and then with one fault at a time.
#
#     test.sh GPU_CHECK
set -uo pipefail

gpu_check=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/system"
mistakes=0

program() { cat >"$1"; chmod +x "$1"; }

# FAULT, an environment variable, says what goes wrong.
program "$work/system/nvidia-smi" <<'END'
#!/bin/bash
[ "$FAULT" != no_gpu ] || exit 9
case "$*" in
  *driver_version*) echo 'NVIDIA H100 "PCIe", 580.00, 81559 MiB' ;;
  *) echo 'NVIDIA H100 "PCIe"' ;;
esac
END
program "$work/system/compute-sanitizer" <<'END'
#!/bin/bash
[ "$1" != --version ] || { echo "Version 2025.3.0"; exit; }
tool=$2
shift 4
"$@" || exit
if [ "$FAULT" = "$tool" ]; then echo "========= ERROR SUMMARY: 3 errors"; exit 99; fi
if [ "$FAULT" = "silent_$tool" ]; then echo "========= ERROR SUMMARY: 3 errors"; exit 0; fi
echo "========= ERROR SUMMARY: 0 errors"
END
for name in kernels_test runtime_test engine_test kernels_golden_test models_test; do
  program "$work/bin/$name" <<'END'
#!/bin/bash
name=$(basename "$0")
if [ "$FAULT" = "failing_$name" ]; then
  echo "[  PASSED  ] 3 tests."
  echo "[  FAILED  ] 1 test, listed below:"
  echo "[  FAILED  ] Devices/GemmTest.Float/cuda"
  exit 1
fi
[ "$FAULT" != "dying_$name" ] || kill -SEGV $$
[ "$FAULT" != "hanging_$name" ] || sleep 60
echo "[  PASSED  ] 4 tests."
if [ "$FAULT" = "skipping_$name" ]; then echo "[  SKIPPED ] 1 test, listed below:"; fi
exit 0
END
done
program "$work/bin/moonpool" <<'END'
#!/bin/bash
if [ "$1" = info ]; then printf 'Moonpool 0.1.0\nbuild\t"Release"\n'; exit; fi
[ "$FAULT" != no_run ] || { echo "error: CUDA is out of memory" >&2; exit 1; }
while [ "$1" != --out ]; do shift; done
mkdir "$2"
echo '{"round": 0}' >"$2/rounds.jsonl"
date +%N >"$2/timings.jsonl"
[ "$FAULT" != other_bytes ] || date +%N >>"$2/rounds.jsonl"
echo "round  0   20 labelled"
END
program "$work/bin/bench_throughput" <<'END'
#!/bin/bash
[ "$FAULT" != bench ] || { echo "error: no"; exit 1; }
for option in "$@"; do
  case "$option" in --benchmark_out=*)
    echo '{"benchmarks": [{"name": "relu", "run_type": "iteration"}]}' >"${option#*=}" ;;
  esac
done
END

mistake() { echo "with FAULT=$FAULT: $1"; sed 's/^/    /' "$work/said"; mistakes=$((mistakes + 1)); }

run() {  # FAULT [OPTION...]: status in $status, output in $work/said, report in $work/report.json
  export FAULT=$1
  rm -f "$work/report.json"
  PATH=$work/system:$PATH "$gpu_check" --bin "$work/bin" --out "$work/report.json" "${@:2}" \
    >"$work/said" 2>&1
  status=$?
}

outcome_of() {  # CHECK, as the report has it
  sed -nE "s/.*\"name\": \"$1\", \"outcome\": \"([a-z]+)\".*/\1/p" "$work/report.json"
}

expect() {  # FAULT CHECK [OPTION...]: this check fails, all others pass
  local check others=(tests memcheck racecheck synccheck initcheck four-moons throughput)
  run "$1" "${@:3}"
  [ "$status" -eq 1 ] || mistake "exit status $status, expected 1"
  for check in "${others[@]}"; do
    if [ "$check" = "$2" ]; then
      [ "$(outcome_of "$check")" = failed ] || mistake "the report says '$(outcome_of "$check")' of $check"
    elif [ "$(outcome_of "$check")" != passed ]; then
      mistake "$check did not pass"
    fi
  done
  grep -q '^6 of 7 checks passed' "$work/said" || mistake "expected '6 of 7 checks passed'"
  check_json failed
}

check_json() {  # OUTCOME
  command -v python3 >/dev/null || return
  python3 - "$work/report.json" "$1" <<'END' || mistake "the report is not the JSON that it should be"
import json, sys
report = json.load(open(sys.argv[1]))
assert report["outcome"] == sys.argv[2], report["outcome"]
assert report["machine"]["gpu"] == 'NVIDIA H100 "PCIe"', report["machine"]
assert report["versions"]["moonpool"].startswith("Moonpool 0.1.0\nbuild\t"), report["versions"]
assert {"commit", "command", "date", "seconds"} <= report.keys()
assert len(report["checks"]) == 7
END
}

run nothing
[ "$status" -eq 0 ] || mistake "exit status $status, expected 0"
grep -q '^7 of 7 checks passed' "$work/said" || mistake "expected '7 of 7 checks passed'"
grep -q '20 passed, 0 failed, 0 skipped in 5 programs' "$work/report.json" || mistake "counts"
check_json passed

expect failing_models_test tests
expect dying_models_test tests
expect skipping_models_test tests
for tool in memcheck racecheck synccheck initcheck; do expect $tool $tool; done
expect silent_racecheck racecheck
expect other_bytes four-moons
expect no_run four-moons
expect bench throughput

run hanging_models_test --seconds 1
[ "$status" -eq 1 ] || mistake "exit status $status, expected 1"
grep -q 'out of time' "$work/report.json" || mistake "expected 'out of time'"
run no_gpu
[ "$status" -eq 1 ] || mistake "exit status $status, expected 1"
[ "$(wc -l <"$work/said")" -eq 1 ] || mistake "expected one line"
run nothing --wrong
[ "$status" -eq 2 ] || mistake "exit status $status, expected 2"
run nothing --seconds -3
[ "$status" -eq 2 ] || mistake "exit status $status, expected 2"

if ((mistakes > 0)); then exit 1; fi
echo "all faults reported"
