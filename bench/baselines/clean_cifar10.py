#!/usr/bin/env python3
"""Accuracy on clean CIFAR-10 with labels asked for at random, beside what the released code reached.

    clean_cifar10.py --moonpool build/release/bin/moonpool --data-dir DIR --work WORK [--seeds 3] [--jobs 2] [--out F]

ResNet18 of width 16 by the `released` protocol in fp32: 2,000 labels at first, 1,000 more in each round, up to 5,000;
a network is trained until 99 % of an epoch's examples were right (and 80 % for the EMA model). The released code's
accuracies are of its seed 1 (active/SPEC.md, "Measured on the released code"). Runs that WORK holds already go on where
they stand; with --records-only nothing is run, and what they have recorded counts. Needs nothing but Python's own
library.
"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import statistics
import subprocess
import sys

SETTINGS = ("--dataset cifar10 --noise clean --model resnet18 --precision fp32 --protocol released --strategy RAND "
            "--rounds 3 --threads 1")
RELEASED_CODE = {2000: 33.7, 3000: 35.4, 4000: 31.7, 5000: 35.5}  # per cent, by labels


def read_records(folder):
    return [json.loads(line) for line in (folder / "rounds.jsonl").read_text().splitlines()]


def run(options, seed):
    folder = options.work / f"seed-{seed}"
    if options.records_only:
        return read_records(folder)
    if folder.exists():
        command = [options.moonpool, "resume", folder]
    else:
        command = [options.moonpool, "run", *SETTINGS.split(), "--data-dir", options.data_dir, "--seed", seed,
                   "--out", folder]
    with open(f"{folder}.log", "a") as log:
        subprocess.run([str(word) for word in [*command, "--device", options.device]], check=True, stdout=log)
    print(f"seed {seed} done", flush=True)
    return read_records(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moonpool", type=pathlib.Path, required=True)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--records-only", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)

    seeds = range(1, options.seeds + 1)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = list(pool.map(lambda seed: run(options, seed), seeds))
    rows = []
    for labels, theirs in RELEASED_CODE.items():
        ours = [record for rounds in runs for record in rounds if record["labelled"] == labels]
        accuracies = [round(100 * record["test_accuracy"], 2) for record in ours]
        rows.append({"labels": labels, "accuracy": accuracies, "epochs": [record["epochs"] for record in ours],
                     "ema_accuracy": [round(100 * record["ema_test_accuracy"], 2) for record in ours], "released_code": theirs})
        mean = statistics.mean(accuracies)
        print(f"{labels} labels: " + ", ".join(f"{a:.1f}" for a in accuracies) +
              f"; mean {mean:.1f} %, released code {theirs} %, difference {mean - theirs:+.1f}")
    if options.out:
        version = subprocess.run([str(options.moonpool), "info"], capture_output=True, text=True).stdout
        options.out.write_text(json.dumps(
            {"what": __doc__.split("\n")[0], "settings": SETTINGS, "seeds": list(seeds),
             "command": " ".join(["bench/baselines/clean_cifar10.py", *sys.argv[1:]]),
             "date": datetime.date.today().isoformat(), "moonpool_info": version.splitlines(), "rows": rows},
            indent=1) + "\n")


main()
