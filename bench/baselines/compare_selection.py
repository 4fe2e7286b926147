#!/usr/bin/env python3
"""Times `moonpool select` against the released codes' loops (selection_loops.py) on the same arrays, by
turns: ours, theirs, ours.

    compare_selection.py [--case STRATEGY,ROWS,QUERY ...] [--stop-after SECONDS] [--no-baseline]
                         [--memory-limit SIZE] [--moonpool PROGRAM] --out FILE.json

Arrays are drawn from a seed: features of width 128 as a ReLU leaves them, around ten classes' means,
probabilities of ten classes that depend on them, and an EMA model near by; CORESET has 2,000 labelled
rows. Ours is the whole program from the call to the written indices, files and start included; theirs is
the loop alone, on arrays in memory. A loop that takes more than --stop-after CPU seconds is stopped; how many
choices it had made is noted, and its time for all of them is the measured time per choice times their
number. CPU seconds count all threads, and suffer less than wall time from what else the machine does.
Appends to the cases of an --out that is there. Needs the environment of tests/golden/requirements.txt.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy
import sklearn
import selection_loops

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
WIDTH, CLASSES, LABELLED = 128, 10, 2000
BLOCK = 100_000  # rows that are drawn at once
ARRAYS = {
    "CORESET": ["features", "labelled_features"],
    "BADGE": ["probabilities", "features"],
    "LHD": ["probabilities", "features", "ema_probabilities", "ema_features"],
}


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw_rows(rng, means, head, count):
    label = rng.integers(0, CLASSES, count)
    noise = rng.standard_normal((count, WIDTH), dtype=np.float32)
    features = np.maximum(means[label] + noise, 0)
    ema_features = np.maximum(features + np.float32(0.1) * rng.standard_normal(features.shape, dtype=np.float32), 0)
    return {"features": features, "probabilities": softmax(features @ head),
            "ema_features": ema_features, "ema_probabilities": softmax(ema_features @ head)}


def write_arrays(folder, names, rows):
    rng = np.random.default_rng(1)
    means = rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)
    head = np.float32(0.15) * rng.standard_normal((WIDTH, CLASSES), dtype=np.float32)
    if "labelled_features" in names:
        np.save(folder / "labelled_features.npy", draw_rows(rng, means, head, LABELLED)["features"])
    files = {name: np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.float32,
                                             shape=(rows, WIDTH if "features" in name else CLASSES))
             for name in names if name != "labelled_features"}
    for first in range(0, rows, BLOCK):
        block = draw_rows(rng, means, head, min(BLOCK, rows - first))
        for name, file in files.items():
            file[first:first + BLOCK] = block[name]
    for file in files.values():
        file.flush()


def ours(args, folder, strategy, query):
    command = [args.moonpool, "select", "--strategy", strategy, "--query", str(query), "--out",
               str(folder / "indices.npy")]
    for name in ARRAYS[strategy]:
        command += ["--" + name.replace("_", "-"), str(folder / f"{name}.npy")]
    if args.memory_limit:
        command += ["--memory-limit", args.memory_limit]
    # A shell between, whose only child is timed: /proc's VmHWM would be gone with the process.
    code = ("import resource, subprocess, sys, time; t = time.perf_counter();"
            "out = subprocess.run(sys.argv[1:], check=True, capture_output=True, text=True).stdout;"
            "t = time.perf_counter() - t; u = resource.getrusage(resource.RUSAGE_CHILDREN);"
            "import json; print(json.dumps([t, u.ru_utime + u.ru_stime, u.ru_maxrss, out]))")
    line = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True).stdout
    seconds, cpu, kibibytes, out = json.loads(line)
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_memory_mib": kibibytes / 1024,
            "passes": float(out.split(" passes")[0].split()[-1])}


def theirs(folder, strategy, query, stop_after):
    arrays = {name: np.load(folder / f"{name}.npy") for name in ARRAYS[strategy]}
    np.random.seed(1)
    start, cpu = time.perf_counter(), time.process_time()
    if strategy == "CORESET":
        loop = selection_loops.k_centre_greedy(arrays["features"], arrays["labelled_features"])
    elif strategy == "BADGE":
        loop = selection_loops.badge_factorised(arrays["probabilities"].copy(), arrays["features"])
    else:
        loop = selection_loops.kmeans_materialised(selection_loops.lhd_vectors(**arrays))
    if strategy == "CORESET":
        next(loop)
    chosen = [next(loop)]
    before = time.perf_counter() - start
    cpu_before = time.process_time() - cpu
    while len(chosen) < query and time.process_time() - cpu - cpu_before < stop_after:
        chosen.append(next(loop))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    record = {"finished": len(chosen) == query, "choices": len(chosen), "measured_seconds": seconds,
              "measured_cpu_seconds": cpu_seconds}
    scale = (query - 1) / max(1, len(chosen) - 1)
    record["seconds"] = before + (seconds - before) * scale
    record["cpu_seconds"] = cpu_before + (cpu_seconds - cpu_before) * scale
    return record, chosen


def command_output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout.strip()


def compare(args, strategy, rows, query):
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = pathlib.Path(name)
        write_arrays(folder, ARRAYS[strategy], rows)
        runs = [ours(args, folder, strategy, query)]
        case = {"strategy": strategy, "rows": rows, "query": query, "width": WIDTH, "classes": CLASSES,
                "labelled": LABELLED if strategy == "CORESET" else 0, "memory_limit": args.memory_limit}
        if not args.no_baseline:
            case["baseline"], chosen = theirs(folder, strategy, query, args.stop_after)
            runs.append(ours(args, folder, strategy, query))
            if strategy == "CORESET":  # the same choices, as far as the loop came
                indices = np.load(folder / "indices.npy")[:len(chosen)]
                case["same_choices"] = int(np.argmin(np.append(indices == chosen, False)))
        case["moonpool"] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        case["moonpool"]["runs"] = runs
        if "baseline" in case:
            for clock in ("seconds", "cpu_seconds"):
                case[f"ratio_{clock}"] = case["baseline"][clock] / case["moonpool"][clock]
        return case


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append")
    parser.add_argument("--stop-after", type=float, default=60)
    parser.add_argument("--no-baseline", action="store_true")
    parser.add_argument("--memory-limit", default="")
    parser.add_argument("--folder", help="where the arrays go for a while")
    parser.add_argument("--moonpool", default=str(root / "build/release/bin/moonpool"))
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    path = pathlib.Path(args.out)
    result = json.loads(path.read_text()) if path.exists() else {
        "what": "choosing among arrays: moonpool select against the released codes' loops", "cases": []}
    for text in args.case or ["CORESET,250000,1000", "BADGE,250000,1000", "LHD,250000,1000"]:
        strategy, rows, query = text.split(",")
        case = compare(args, strategy, int(rows), int(query))
        case["threads"] = os.cpu_count()
        case["load_average"] = os.getloadavg()[0]
        case["machine"] = command_output("sh", "-c", "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1")
        case["versions"] = {"moonpool": command_output(args.moonpool, "--version"), "numpy": np.__version__,
                            "scikit-learn": sklearn.__version__, "scipy": scipy.__version__,
                            "python": platform.python_version()}
        case["commit"] = command_output("git", "rev-parse", "HEAD")
        case["command"] = " ".join(["bench/baselines/compare_selection.py", *sys.argv[1:]])
        case["date"] = datetime.date.today().isoformat()
        result["cases"].append(case)
        path.write_text(json.dumps(result, indent=1) + "\n")
        line = f"{text}: Moonpool {case['moonpool']['seconds']:.2f} s, {case['moonpool']['passes']:.2f} passes"
        if "baseline" in case:
            line += f"; loop {case['baseline']['seconds']:.1f} s; ratio {case['ratio_seconds']:.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
