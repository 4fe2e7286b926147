#!/usr/bin/env python3
"""Times ResNet18 at width 16 on the CPU: Moonpool against the best that PyTorch does, alternately.

    compare_training.py [--precision fp32 bf16] [--task step inference memory] [--repeats 5] [--seconds 4]
                        [--threads 2] [--pytorch eager compile ...] [--layout channels_last ...] [--cast autocast ...]
                        [--bench PROGRAM] [--width 16] [--out-dir FOLDER]

Work: a training step at batch 64 (forward, backward, Adam, EMA update, EMA forward), and inference at batch 256.
First every variant of pytorch_resnet18.py runs once; the fastest two then run in turn with Moonpool's
bench_throughput, --repeats times each. All are separate processes. Results go to training_speed_PRECISION.json: every
variant, every run, medians, and how many times PyTorch's best Moonpool is: the median over the runs, in each of which
the faster of the two counts. Moonpool takes a batch of 256 in two of 128. A variant that PyTorch cannot run is listed
with its error. Tasks that are not run keep their place in the file. Needs the Python environment of
tests/golden/requirements.txt, g++ for torch.compile, and a machine with nothing else to do: the load before
each measurement is in the file.

memory: the most bytes of a step beyond parameters, moments, EMA model and images, as both allocators count them:
activations, gradients of activations and of parameters. What oneDNN takes for itself is in neither figure.
"""
import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent

# Names of bench/throughput/bench_training.cpp.
OURS = {"step": "ResNet18StepWithEmaForward/{width}/{precision}/64", "inference": "ResNet18Inference/{width}/{precision}"}
RUNS = {"step": ("eager", "compile", "compile_all"), "inference": ("eager", "compile", "frozen", "mkldnn")}
LAYOUTS = ("contiguous", "channels_last")
CASTS = ("autocast", "full")


def variants(task, precision):
    """All ways of running a task that make sense together."""
    casts = CASTS if precision == "bf16" else ("none",)
    optimizers = ("foreach", "fused") if task == "step" else ("none",)
    for cast, layout, run, optimizer in itertools.product(casts, LAYOUTS, RUNS[task], optimizers):
        if run == "mkldnn" and (layout == "channels_last" or cast == "autocast"):
            continue  # a layout and types of its own
        if run == "compile_all" and optimizer == "fused":
            continue  # the compiler makes its own loops of foreach
        yield {"task": task, "precision": precision, "cast": cast, "layout": layout, "run": run, "optimizer": optimizer}


def label(variant):
    return " ".join(variant[key] for key in ("run", "layout", "cast", "optimizer") if variant[key] != "none")


def environment(threads):
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}


def theirs(variant, args):
    """What pytorch_resnet18.py reports; or the last line of its error."""
    command = [sys.executable, here / "pytorch_resnet18.py", json.dumps(variant), "--threads", str(args.threads),
               "--seconds", str(args.seconds), "--width", str(args.width)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(args.threads))
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        errors = [line for line in lines if "Error" in line] or lines
        return {"error": errors[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(task, precision, args):
    name = OURS[task].format(width=args.width, precision=precision)
    command = [args.bench, f"--benchmark_filter=^{name}(/|$)", "--benchmark_format=json",
               f"--benchmark_min_time={args.seconds / 7}", "--benchmark_repetitions=7"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(args.threads))
    if done.returncode != 0:
        sys.exit(f"{args.bench}: {done.stderr.strip()}")
    rows = json.loads(done.stdout)["benchmarks"] if done.stdout.strip() else []
    rows = [row for row in rows if row.get("run_type", "iteration") == "iteration"]
    if not rows or any(row.get("error_occurred") for row in rows):
        sys.exit(f"{args.bench}: no measurement {name}; expected 7 of it")
    result = {"images_per_second": statistics.median(row["items_per_second"] for row in rows)}
    result.update({key: rows[0][key] for key in rows[0] if key.endswith("bytes")})
    return result


def compare(task, precision, args):
    screened = []
    for variant in variants(task, precision):
        if args.pytorch and variant["run"] not in args.pytorch or variant["layout"] not in args.layout:
            continue
        if variant["cast"] not in (*args.cast, "none"):
            continue
        result = theirs(variant, args)
        screened.append({"variant": label(variant), **result, "load": os.getloadavg()[0], "settings": variant})
        print(f"{precision} {task}: PyTorch {label(variant)}: "
              f"{result.get('error') or '%.0f images/s' % result['images_per_second']}", flush=True)
    working = [row for row in screened if "error" not in row]
    if not working:
        sys.exit(f"PyTorch ran no variant of {precision} {task}: {screened[0]['error'] if screened else 'none chosen'}")
    # The second best, too: screening is one measurement.
    finalists = sorted(working, key=lambda row: -row["images_per_second"])[:2]
    runs = []
    for _ in range(args.repeats):
        run = {"load": os.getloadavg()[0], "moonpool": ours(task, precision, args)["images_per_second"]}
        run["pytorch"] = {row["variant"]: theirs(row["settings"], args)["images_per_second"] for row in finalists}
        runs.append(run)
        print(f"{precision} {task}: Moonpool {run['moonpool']:.0f}, PyTorch {max(run['pytorch'].values()):.0f} images/s",
              flush=True)
    medians = {row["variant"]: statistics.median(run["pytorch"][row["variant"]] for run in runs) for row in finalists}
    best = max(medians, key=medians.get)
    our_median = statistics.median(run["moonpool"] for run in runs)
    ratios = [run["moonpool"] / max(run["pytorch"].values()) for run in runs]
    result = {
        "moonpool_images_per_second": our_median,
        "pytorch_images_per_second": statistics.median(max(run["pytorch"].values()) for run in runs),
        "pytorch_best": best, "ratio": statistics.median(ratios), "ratio_by_run": ratios,
        "runs": runs, "pytorch_variants": screened,
    }
    print(f"{precision} {task}: {result['ratio']:.2f} times PyTorch's best ({best})", flush=True)
    return result


def compare_memory(precision, args):
    """Peak bytes of Moonpool's step, and of PyTorch's eager steps by variant."""
    moonpool = pathlib.Path(args.bench).with_name("moonpool")
    command = [moonpool, "info", "--model", "resnet18", "--width", str(args.width), "--batch", "64", "--device", "cpu",
               "--precision", precision]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(args.threads))
    if done.returncode != 0:
        sys.exit(f"{moonpool}: {done.stderr.strip()}")
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
    # Float images are with Moonpool's activations and among what PyTorch is given.
    images = 64 * 32 * 32 * 3 * 4
    bytes_ours = float(said["activations"].split()[0]) * 2**20 + 4 * int(said["parameters"]) - images
    pytorch = {}
    for variant in variants("step", precision):
        if variant["run"] == "eager" and variant["optimizer"] == "fused":
            pytorch[label(variant)] = theirs({**variant, "task": "memory"}, args)["peak_bytes"]
    print(f"{precision} memory: Moonpool {bytes_ours / 1e6:.1f} MB, PyTorch " +
          ", ".join(f"{name} {peak / 1e6:.1f} MB" for name, peak in pytorch.items()), flush=True)
    return {"moonpool_bytes": round(bytes_ours), "pytorch_bytes": pytorch}


def command_output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout.strip()


def provenance(args):
    import torch
    return {
        "machine": command_output("sh", "-c", "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1"),
        "threads": args.threads,
        "versions": {"torch": torch.__version__, "python": platform.python_version(),
                     "g++": command_output("g++", "-dumpfullversion"),
                     "onednn_of_torch": next((line.strip(" -") for line in torch.__config__.show().splitlines()
                                              if "MKL-DNN" in line), "")},
        "commit": command_output("git", "describe", "--always", "--dirty"),
        "command": " ".join(["bench/baselines/compare_training.py", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", nargs="+", choices=("fp32", "bf16"), default=["fp32", "bf16"])
    parser.add_argument("--task", nargs="+", choices=("step", "inference", "memory"),
                        default=["step", "inference", "memory"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of measuring, per process")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--pytorch", nargs="+", choices=sorted({run for runs in RUNS.values() for run in runs}),
                        help="only these ways of running PyTorch")
    parser.add_argument("--layout", nargs="+", choices=LAYOUTS, default=LAYOUTS, help="PyTorch's memory formats")
    parser.add_argument("--cast", nargs="+", choices=CASTS, default=CASTS, help="PyTorch's ways of bf16")
    parser.add_argument("--bench", default=str(root / "build/release/bin/bench_throughput"))
    parser.add_argument("--out-dir", type=pathlib.Path, default=root / "bench/results")
    args = parser.parse_args()
    for precision in args.precision:
        path = args.out_dir / f"training_speed_{precision}.json"
        result = json.loads(path.read_text()) if path.exists() else {}
        result["what"] = (f"ResNet18 width {args.width} on the CPU, {precision}: training step at batch 64, "
                          "inference at batch 256, images/s; memory of a step")
        for task in args.task:
            measured = compare_memory(precision, args) if task == "memory" else compare(task, precision, args)
            result[task] = {**provenance(args), **measured}
        path.write_text(json.dumps(result, indent=2) + "\n")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
