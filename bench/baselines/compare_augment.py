"""Times four drawn operations, Cutout and normalisation: Moonpool against Pillow, on one core, alternately.

    compare_augment.py [--repeats N] [--bench PROGRAM] [--data-dir DIR] [--out FILE.json]

Ours is the benchmark randaugment/1024 of bench_throughput, on pictures that it draws. Pillow works on
CIFAR-10's test images and does the four operations and no more; what Cutout and normalisation with
NumPy cost beside them is given, too. Both sides count the processor time of one thread, so that other
work on the machine matters less. Needs the Python environment of tests/golden/requirements.txt.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time

import numpy as np
import PIL

from pillow_operations import DRAWN, OPERATIONS, image_of

root = pathlib.Path(__file__).resolve().parents[2]
MEAN = np.float32([0.4914, 0.4822, 0.4465])
DEVIATION = np.float32([0.2470, 0.2435, 0.2616])


def ours(program):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("MOONPOOL_BENCH_DEVICE", None)
    text = subprocess.run([program, "--benchmark_filter=^randaugment/1024$", "--benchmark_format=json",
                           "--benchmark_min_time=1"], check=True, capture_output=True, text=True,
                          env=environment).stdout
    result = json.loads(text)["benchmarks"][0]
    return 1024 / (result["cpu_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[result["time_unit"]])


def draw(randomness):
    calls = []
    for name in randomness.choices(list(OPERATIONS), k=4):
        low, high = DRAWN.get(name, (0, 0))
        magnitude = low + (high - low) * randomness.random()
        calls.append((OPERATIONS[name], magnitude))
    return calls


def theirs(pictures, calls):
    start = time.thread_time()
    results = []
    for picture, of_picture in zip(pictures, calls):
        for operation, magnitude in of_picture:
            picture = operation(picture, magnitude)
        results.append(picture)
    operations = time.thread_time() - start
    for picture in results:
        array = np.array(picture)
        array[8:24, 8:24] = 0
        (array.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION
    everything = time.thread_time() - start
    return len(pictures) / operations, len(pictures) / everything


def command_output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--bench", default=str(root / "build/release/bin/bench_throughput"))
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--out", default=str(root / "bench/results/augment_speed.json"))
    args = parser.parse_args()
    records = np.fromfile(args.data_dir / "cifar-10-batches-bin/test_batch.bin", np.uint8)
    pixels = records.reshape(-1, 3073)[: args.images, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    pictures = [image_of(np.ascontiguousarray(array)) for array in pixels]
    randomness = random.Random(1)
    runs = []
    for repeat in range(args.repeats):
        calls = [draw(randomness) for _ in pictures]
        of_us = ours(args.bench)
        operations, everything = theirs(pictures, calls)
        runs.append({"moonpool_images_per_second": of_us, "pillow_operations_alone": operations,
                     "pillow_with_cutout_and_normalisation": everything})
        print(f"{repeat + 1}: Moonpool {of_us:,.0f} images/s, Pillow {operations:,.0f} (operations alone), "
              f"{everything:,.0f} (all)", flush=True)
    median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    cpu = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    result = {"what": "four drawn operations, Cutout, normalisation of 32 x 32 x 3 images, one core",
              **{f"{key}_median": value for key, value in median.items()},
              "ratio_to_pillow_operations_alone":
                  median["moonpool_images_per_second"] / median["pillow_operations_alone"],
              "ratio_of_all":
                  median["moonpool_images_per_second"] / median["pillow_with_cutout_and_normalisation"],
              "runs": runs, "machine": cpu[0] if cpu else platform.machine(),
              "versions": {"pillow": PIL.__version__, "numpy": np.__version__,
                           "python": platform.python_version()},
              "commit": command_output("git", "rev-parse", "HEAD"),
              "command": " ".join(sys.argv),
              "date": datetime.date.today().isoformat()}
    pathlib.Path(args.out).write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['ratio_to_pillow_operations_alone']:.1f} times Pillow's operations alone")


if __name__ == "__main__":
    main()
