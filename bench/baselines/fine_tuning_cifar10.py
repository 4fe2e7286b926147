#!/usr/bin/env python3
"""Fine-tuning on a noisy pool of real images: with against without it, strategy by strategy.

    fine_tuning_cifar10.py --moonpool build/release/bin/moonpool --data-dir DIR --work WORK [--out F]

A pool of 5,000 CIFAR-10 images and 20,000 of the Noisy-Class benchmark, 500 labelled at first, 250
asked for in each of 4 rounds, 40 epochs a network, 8 epochs of fine-tuning, ResNet18 of width 16 in
bfloat16. `released` protocol: in `paper` the EMA model makes up the labels, and after 40 epochs of
8 batches it has not left its start yet. Runs that WORK holds already are not done again. Needs nothing but
Python's own library.
"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import statistics
import subprocess
import sys

SETTINGS = ("--dataset cifar10 --train-limit 5000 --noise class --noise-ratio 4 --model resnet18 "
            "--precision bf16 --protocol released --start 500 --query 250 --rounds 4 --epochs 40")
FINE_TUNE = "--fine-tune --fine-tune-epochs 8"


def run(options, strategy, seed, fine_tune):
    folder = options.work / f"{strategy}{'+FT' if fine_tune else ''}-{seed}"
    rounds = folder / "rounds.jsonl"
    if not rounds.exists() or len(rounds.read_text().splitlines()) < 5:
        command = [str(options.moonpool), "run", *SETTINGS.split(), "--data-dir", str(options.data_dir),
                   "--strategy", strategy, "--seed", str(seed), "--threads", "1",
                   "--device", options.device, "--out", str(folder), "--overwrite"]
        with open(f"{folder}.log", "w") as log:
            subprocess.run(command + (FINE_TUNE.split() if fine_tune else []), check=True, stdout=log)
        print(f"{folder.name} done", flush=True)
    return [json.loads(line) for line in rounds.read_text().splitlines()]


def summary(records):
    """Of one run: the last network, the share of clean examples asked for, who was fine-tuned on."""
    asked = sum(r["queried"] for r in records)
    row = {"accuracy": records[-1]["test_accuracy"],
           "accuracies": [r["test_accuracy"] for r in records],
           "clean_share": sum(r["queried_clean"] for r in records) / asked}
    tuning = [r["fine_tuning"] for r in records if "fine_tuning" in r]
    if tuning:
        row["confident"] = [t["confident"] for t in tuning]
        row["confident_noisy"] = [t["confident_noisy"] for t in tuning]
        row["used"] = [t["used"] for t in tuning]
        if all("used_noisy" in t for t in tuning):  # not in the records of earlier versions
            row["used_noisy"] = [t["used_noisy"] for t in tuning]
        row["pseudo_labels_right"] = [t["pseudo_labels_right"] for t in tuning]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moonpool", type=pathlib.Path, required=True)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--strategies", default="RAND,CONF,LHD")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", choices=["plain", "fine-tuned"], help="one half of the runs")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)

    halves = {"plain": [False], "fine-tuned": [True]}.get(options.only, [False, True])
    tasks = [(strategy, seed, half) for half in halves for seed in range(1, options.seeds + 1)
             for strategy in options.strategies.split(",")]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        records = list(pool.map(lambda task: run(options, *task), tasks))
    rows = [{"strategy": strategy, "seed": seed, "fine_tune": half, **summary(record)}
            for (strategy, seed, half), record in zip(tasks, records)]
    for strategy in options.strategies.split(","):
        for half in halves:
            mine = [r for r in rows if r["strategy"] == strategy and r["fine_tune"] == half]
            line = (f"{strategy:8} {'+FT' if half else '   '} "
                    f"accuracy {100 * statistics.mean(r['accuracy'] for r in mine):6.2f} %  "
                    f"clean {100 * statistics.mean(r['clean_share'] for r in mine):5.1f} %")
            if half:
                confident = sum(sum(r["confident"]) for r in mine)
                noisy = sum(sum(r["confident_noisy"]) for r in mine)
                line += f"  confident of {confident} examples, {100 * noisy / max(confident, 1):.1f} % noisy"
                if all("used_noisy" in r for r in mine):
                    used = sum(sum(r["used"]) for r in mine)
                    noisy = sum(sum(r["used_noisy"]) for r in mine)
                    line += f"  trained on {used} with S, {100 * noisy / max(used, 1):.1f} % noisy"
            print(line)
    if options.out:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
        version = subprocess.run([options.moonpool, "info"], capture_output=True, text=True).stdout
        options.out.write_text(json.dumps(
            {"what": __doc__.split("\n")[0], "settings": SETTINGS, "fine_tuning": FINE_TUNE,
             "command": " ".join(["bench/baselines/fine_tuning_cifar10.py", *sys.argv[1:]]), "commit": commit,
             "date": datetime.date.today().isoformat(),
             "moonpool_info": version.splitlines(), "runs": rows}, indent=1) + "\n")


main()
