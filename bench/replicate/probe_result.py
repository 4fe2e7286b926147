#!/usr/bin/env python3
"""What Figures 5 and 6 show of a store, as one file of bench/results.

    mkdir PAGE5 PAGE6
    replicate_figure5 ... --out PAGE5 | tee PAGE5/printed.txt; replicate_figure6 ... --out PAGE6 | tee PAGE6/printed.txt
    bench/replicate/probe_result.py PAGE5 PAGE6 --command "replicate_figure5 ..." --moonpool build/release/bin/moonpool \\
        --commit C --date YYYY-MM-DD --out bench/results/probes_mini.json

Keeps what the programs say of the paper (the last table that each printed) and, of some epochs, every run's numbers.
"""
import csv
import pathlib
import sys

from run_facts import facts, parser, write_json

EPOCHS = (1, 2, 3, 5, 10, 20, 30, 40)
COLUMNS = {"noise": str, "seed": int, "epoch": int, "origin": str, "examples": int, "loss": float, "gradient": float}
HEADING = "What the paper says of it, and ours"


def said(page):
    lines = (page / "printed.txt").read_text().splitlines()
    if HEADING not in lines:
        sys.exit(f"probe_result: {page}/printed.txt: expected a line \"{HEADING}\"")
    rest = lines[lines.index(HEADING) + 1:]
    return [line for line in rest if line.strip() and not line.startswith("report in ")]


def records(path):
    with open(path, newline="") as file:
        return [{name: read(line[name]) for name, read in COLUMNS.items()}
                for line in csv.DictReader(file) if int(line["epoch"]) in EPOCHS]


def main():
    options = parser("probe_result", __doc__)
    options.add_argument("figure5", type=pathlib.Path, help="folder")
    options.add_argument("figure6", type=pathlib.Path, help="folder")
    args = options.parse_args()
    for path in (args.figure5 / "figure5.csv", args.figure5 / "printed.txt", args.figure6 / "printed.txt"):
        if not path.is_file():
            sys.exit(f"probe_result: no file {path}")
    write_json(args.out, {
        "what": "Figures 5 and 6 at preset mini: losses and gradients of labelled examples in the first round of LHD",
        **facts(args), "figure5": said(args.figure5), "figure6": said(args.figure6),
        "runs": records(args.figure5 / "figure5.csv")})


if __name__ == "__main__":
    main()
