#!/usr/bin/env python3
"""Times one Four-Moons LHD run: `moonpool run` against the loop in PyTorch, on one core, alternately.

    compare_four_moons.py [--repeats N] [--moonpool PROGRAM] [--out FILE.json]

Both sides do the same work by the `released` protocol: 7 networks of 100 epochs, 7 selections of 200.
The baseline is four_moons_released.py beside this file; its own clock leaves out the import of PyTorch.
Needs the Python environment of tests/golden/requirements.txt.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent


def ours(program, seed, out):
    start = time.perf_counter()
    subprocess.run([program, "run", "--dataset", "four-moons", "--strategy", "LHD", "--protocol", "released",
                    "--seed", str(seed), "--threads", "1", "--device", "cpu", "--out", out, "--overwrite"],
                   check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    records = [json.loads(line) for line in open(pathlib.Path(out) / "rounds.jsonl")]
    return seconds, records[-1]["test_accuracy"]


def theirs(seed):
    line = subprocess.run([sys.executable, here / "four_moons_released.py", "--strategy", "lhd", "--seed",
                           str(seed), "--threads", "1"], check=True, capture_output=True, text=True).stdout
    record = json.loads(line.strip().splitlines()[-1])
    return record["seconds"], record["accuracy"]


def command_output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--moonpool", default=str(root / "build/release/bin/moonpool"))
    parser.add_argument("--out", default=str(root / "bench/results/four_moons_speed.json"))
    args = parser.parse_args()
    import torch
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, args.repeats + 1):
            our_seconds, our_accuracy = ours(args.moonpool, seed, folder)
            their_seconds, their_accuracy = theirs(seed)
            runs.append({"seed": seed, "moonpool_seconds": our_seconds, "moonpool_accuracy": our_accuracy,
                         "pytorch_seconds": their_seconds, "pytorch_accuracy": their_accuracy})
            print(f"seed {seed}: Moonpool {our_seconds:.2f} s, PyTorch {their_seconds:.2f} s", flush=True)
    ratio = statistics.median(run["pytorch_seconds"] / run["moonpool_seconds"] for run in runs)
    result = {
        "what": "one Four-Moons LHD run (7 trainings, 7 selections), released protocol, one core",
        "moonpool_seconds_median": statistics.median(run["moonpool_seconds"] for run in runs),
        "pytorch_seconds_median": statistics.median(run["pytorch_seconds"] for run in runs),
        "ratio_median": ratio,
        "runs": runs,
        "machine": command_output("sh", "-c", "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1"),
        "versions": {"moonpool": command_output(args.moonpool, "--version"), "torch": torch.__version__,
                     "python": platform.python_version()},
        "commit": command_output("git", "rev-parse", "HEAD"),
        "command": " ".join(["bench/baselines/compare_four_moons.py", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
    }
    pathlib.Path(args.out).write_text(json.dumps(result, indent=2) + "\n")
    print(f"median ratio {ratio:.1f}; wrote {args.out}")


if __name__ == "__main__":
    main()
