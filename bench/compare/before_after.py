#!/usr/bin/env python3
"""Two builds of bench_throughput by turns: what a change did to rows that it was to mend.

    bench/compare/before_after.py BEFORE AFTER --rows REGEX [--rounds 5] [--out FILE]

BEFORE and AFTER are programs; of each row the medians of the times are compared.
"""
import os
import pathlib
import statistics
import sys
import tempfile

from options import Parser
from processes import Bench, Failed
from provenance import describe, write_json


def main():
    parser = Parser("before_after", __doc__)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--rows", required=True, help="regular expression of the benchmarks' names")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a measurement, at least")
    parser.add_argument("--before-commit", default="", help="of the program BEFORE, for the file")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: expected at least 1")
    for program in (options.before, options.after):
        if not os.access(program, os.X_OK):
            parser.error(f"no program {program}")
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for side in ("before", "after"):
                for row in Bench(getattr(options, side), "cpu").rows(options.rows, options.seconds, folder):
                    times.setdefault(row["name"], {}).setdefault(side, []).append(row["seconds"])
    rows = []
    for name, sides in times.items():
        if len(sides) < 2:
            print(f"{name}: only the program {', '.join(sides)} has it")
            continue
        before, after = (statistics.median(sides[side]) for side in ("before", "after"))
        rows.append({"row": name.removesuffix("/real_time"), "before_seconds": before, "after_seconds": after,
                     "times_as_fast": before / after})
        print(f"{rows[-1]['row']:50} {before * 1e6:12.1f} us -> {after * 1e6:10.1f} us  {before / after:6.2f} times as fast")
    if options.out:
        facts = describe("cpu", options.after.resolve().parent / "moonpool", {},
                         " ".join(["bench/compare/before_after.py", *sys.argv[1:]]))
        what = "Rows of bench_throughput before and after a change, by turns; medians"
        write_json(options.out, {"what": what, "before_commit": options.before_commit, **facts,
                                 "rounds": options.rounds, "rows": rows})


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"before_after: {error}")
