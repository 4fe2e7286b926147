#!/usr/bin/env python3
"""The runs of a store at preset mini as bench/results/table1_mini.json, and README's table of them.

    moonpool report STORE --out PAGE
    bench/replicate/mini_table.py PAGE --command "replicate_table1 ..." --moonpool build/release/bin/moonpool \\
        --commit C --date YYYY-MM-DD --out bench/results/table1_mini.json

Reads PAGE/rounds.csv. Runs that are not at their end are left out, and named. Prints the table as Markdown.
"""
import collections
import csv
import json
import pathlib
import statistics
import sys

from run_facts import facts, parser, write_json

STRATEGIES = ("RAND", "CONF", "MARG", "BALD", "CORESET", "BADGE", "LHD")
NOISES = {"blank": "Noisy-Blank", "diverse": "Noisy-Diverse", "class": "Noisy-Class"}


def runs_of(path):
    """A dictionary of every run: its last accuracies, and what it asked for in all."""
    rounds = collections.defaultdict(list)
    with open(path, newline="") as file:
        for line in csv.DictReader(file):
            rounds[line["run"]].append(line)
    longest = max(map(len, rounds.values()))
    runs = []
    for name, lines in sorted(rounds.items()):
        if len(lines) < longest:
            print(f"left out, {len(lines)} of {longest} rounds: {name}", file=sys.stderr)
            continue
        last = max(lines, key=lambda line: int(line["round"]))
        runs.append({
            "noise": last["noise"], "strategy": last["strategy"], "fine_tuned": last["fine_tuned"] == "1",
            "seed": int(last["seed"]), "rounds": len(lines), "test_accuracy": float(last["test_accuracy"]),
            "test_accuracy_of_first_round": float(min(lines, key=lambda line: int(line["round"]))["test_accuracy"]),
            "ema_test_accuracy": float(last["ema_test_accuracy"]),
            "asked_for": sum(int(line["queried"] or 0) for line in lines),
            "asked_for_clean": sum(int(line["queried_clean"] or 0) for line in lines),
            "mean_test_accuracy_of_rounds": round(statistics.mean(float(line["test_accuracy"]) for line in lines), 5),
            "seconds": round(sum(float(line["seconds"] or 0) for line in lines), 1)})
    return runs


def cells(runs):
    if not runs:
        return "", ""
    accuracies = [100 * run["test_accuracy"] for run in sorted(runs, key=lambda run: run["seed"])]
    clean = sum(run["asked_for_clean"] for run in runs) / sum(run["asked_for"] for run in runs)
    return f"{statistics.mean(accuracies):.1f} % ({', '.join(f'{a:.1f}' for a in accuracies)})", f"{100 * clean:.0f} %"


def table(runs):
    lines = ["| | " + " | ".join(f"{name} | asked for, clean" for name in NOISES.values()) + " |",
             "|" + "---|" * (1 + 2 * len(NOISES))]
    for fine_tuned in (False, True):
        for strategy in STRATEGIES:
            of_row = [run for run in runs if (run["strategy"], run["fine_tuned"]) == (strategy, fine_tuned)]
            if of_row:
                columns = [cell for noise in NOISES for cell in cells([r for r in of_row if r["noise"] == noise])]
                lines.append(f"| {strategy}{' + FT' if fine_tuned else ''} | " + " | ".join(columns) + " |")
    return "\n".join(lines)


def main():
    options = parser("mini_table", __doc__)
    options.add_argument("page", type=pathlib.Path)
    options.add_argument("--note", default="")
    args = options.parse_args()
    rounds = args.page / "rounds.csv"
    if not rounds.is_file():
        sys.exit(f"mini_table: no file {rounds}; moonpool report STORE --out {args.page} makes it")
    runs = runs_of(rounds)
    what = "Table 1 at preset mini on CIFAR-10, 80 % noise: accuracies after the last round, and what was asked for"
    write_json(args.out, {"what": what, **facts(args), "note": args.note, "runs": runs})
    print(table(runs))


if __name__ == "__main__":
    main()
