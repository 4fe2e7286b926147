#!/usr/bin/env python3
"""Moonpool beside the best that others do for the same work, on this machine: one table.

    bench/compare [--quick] [--only PATTERN] [--list] [--device cpu|cuda] [--bin FOLDER] [--python PROGRAM]
                  [--seconds S] [--rounds N] [--out FILE.json]

First a row compares what both sides compute: losses, logits, pixels, scores or choices; a way of the other side that
computes something else is left out. Of RAND, BADGE and LHD, which draw, it looks only whether the rows chosen all
differ from each other; accuracies of Four-Moons are compared afterwards; starts and memory of a step have no such
check. Where the other side has many ways, all are timed once, and the best of them (which differ from row to row) run
in turn with ours; in each round the best of them counts, and the ratio is the median over the rounds. "Share of the
floor" is how much of the time would be left at the machine's ceilings, which are measured in the same run: copies in
memory, matrix products at each precision, by us or PyTorch, whichever is faster. Memory is the most that a process
held, libraries included. The other side runs with TCMalloc preloaded where it is installed,
but for the starts of programs and the ceilings.

`make bench` builds what this needs, makes a Python environment for the other side, and runs it. Without one, or where a
package is missing, ours is measured alone. Results are written after every row.
"""
import os
import pathlib
import re
import sys
import time

import augmentation
import floors
import four_moons
import provenance
import selection
import start
import table
import training
from options import Parser
from processes import Bench, Failed, allocator, root
from row import Context, Row


def kernel_rows():
    for family in floors.FAMILIES:
        yield Row("kernels", family, lambda c, f=family: {"kernels": floors.measure_kernels(c, (f,))},
                  quick=family in ("gather", "optim"))


def all_rows(device):
    sources = (kernel_rows, training.rows, augmentation.rows, selection.rows, four_moons.rows, start.rows)
    return [row for source in sources for row in source() if device in row.devices]


def arguments():
    parser = Parser("bench/compare", __doc__)
    parser.add_argument("--quick", action="store_true", help="some rows only, measured more briefly")
    parser.add_argument("--only", metavar="PATTERN", help='rows "GROUP: WORK" in which this regular expression occurs')
    parser.add_argument("--list", action="store_true", help="say which rows there are, and end")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--bin", type=pathlib.Path, default=root / "build/release/bin", help="our programs")
    parser.add_argument("--python", default=sys.executable, help="an environment with what requirements.txt names")
    parser.add_argument("--seconds", type=float, help="of one measurement [1.5; 0.5 with --quick]")
    parser.add_argument("--rounds", type=int, help="turns of both sides [3; 2 with --quick]")
    parser.add_argument("--out", type=pathlib.Path, help="[build/bench/compare_DEVICE.json]")
    args = parser.parse_args()
    if args.seconds is None:
        args.seconds = 0.5 if args.quick else 1.5
    if args.rounds is None:
        args.rounds = 2 if args.quick else 3
    if args.seconds <= 0 or args.rounds < 1:
        parser.error("--seconds has to be above 0, and --rounds at least 1")
    args.out = args.out or root / f"build/bench/compare_{args.device}.json"
    try:
        pattern = re.compile(args.only or "")
    except re.error as error:
        parser.error(f"--only {args.only}: {error}")
    args.rows = [row for row in all_rows(args.device)
                 if row.matches(pattern.pattern) and (row.quick or not args.quick)]
    if not args.rows:
        parser.error(f"--only {args.only}: no such row; --list says which there are")
    return args


def say_what_is_left_out(rows, present):
    """In one line, the groups of rows whose other side cannot run."""
    alone = [row for row in rows if not set(row.needs) <= present]
    missing = sorted({name for row in alone for name in row.needs} - present)
    if alone:
        groups = list(dict.fromkeys(row.group for row in alone))
        print(f"Ours alone in {len(alone)} rows ({', '.join(groups)}): this Python has no {', '.join(missing)}.")


def measure_row(row, context, result):
    print(f"{row.group}: {row.work}", flush=True)
    begin = time.perf_counter()
    try:
        measured = row.measure(context)
    except Failed as failure:
        measured = {"failed": str(failure)}
    if "kernels" in measured:
        result["kernels"] += measured["kernels"]
    else:
        measured = {"group": row.group, "work": row.work, **measured, "took": time.perf_counter() - begin}
        result["rows"].append(measured)
        print("    " + "  ".join(cell for cell in table.cells(measured)[1:] if cell), flush=True)
    return "failed" not in measured


def main():
    args = arguments()
    if args.list:
        print("\n".join(f"{row.group}: {row.work}" for row in args.rows))
        return 0
    bench, moonpool = args.bin / "bench_throughput", args.bin / "moonpool"
    for program in (bench, moonpool):
        if not os.access(program, os.X_OK):
            print(f"bench/compare: no program {program}; make bench builds it, --bin says where", file=sys.stderr)
            return 1
    begin = time.perf_counter()
    versions = provenance.packages(args.python)
    present = provenance.modules(versions)
    say_what_is_left_out(args.rows, present)
    context = Context(Bench(bench, args.device), moonpool, args.device, args.python, args.seconds, args.rounds,
                      say=lambda text: print(text, flush=True))
    result = {"what": "Moonpool beside the best of other software for the same work, by turns",
              **provenance.describe(args.device, moonpool, versions, " ".join(["bench/compare", *sys.argv[1:]])),
              "allocator_of_baselines": allocator() or "the C library's",
              "seconds_of_a_measurement": args.seconds, "rounds": args.rounds, "rows": [], "kernels": []}
    good = True
    try:
        context.python = args.python if "torch" in versions else None
        context.ceilings = floors.measure_ceilings(context)
        result["ceilings"] = context.ceilings.as_json()
        for row in args.rows:
            context.python = args.python if set(row.needs) <= present else None
            good = measure_row(row, context, result) and good
            result["took"] = time.perf_counter() - begin
            provenance.write_json(args.out, result)
    except Failed as failure:
        print(f"bench/compare: {failure}", file=sys.stderr)
        return 1
    print(f"\n{table.text(result)}\n\nwrote {args.out} after {result['took']:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
