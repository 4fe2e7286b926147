#!/usr/bin/env python3
"""Two tables of bench/compare: how far the ratios of each row are apart.

    agree.py A.json B.json [--within 0.15]

Prints every row that both compare, the most different first, and names the others. Exit status 1 if the larger ratio
of a row is more than `--within` above the smaller one.
"""
import json
import pathlib
import sys

from options import Parser
from table import aligned, ratio


def read(parser, path):
    try:
        return {f"{row['group']}: {row['work']}": row for row in json.loads(path.read_text())["rows"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{path}: expected a file of bench/compare: {error!r}")


def main():
    parser = Parser("agree", __doc__)
    parser.add_argument("a", type=pathlib.Path)
    parser.add_argument("b", type=pathlib.Path)
    parser.add_argument("--within", type=float, default=0.15)
    args = parser.parse_args()
    a, b = read(parser, args.a), read(parser, args.b)
    rows, alone = [], []
    for name in {**a, **b}:
        ratios = sorted(side.get(name, {}).get("ratio", 0) for side in (a, b))
        if ratios[0] > 0:
            rows.append((ratios[1] / ratios[0] - 1, name))
        else:
            alone.append(name)
    if not rows:
        parser.error(f"{args.a} and {args.b} have no compared row in common")
    rows.sort(reverse=True)
    print(aligned([("row", args.a.name, args.b.name, "apart"),
                   *((name, ratio(a[name]["ratio"]), ratio(b[name]["ratio"]), f"{apart:.1%}") for apart, name in rows)]))
    if alone:
        print(f"\nnot compared in both: {'; '.join(alone)}")
    far = sum(apart > args.within for apart, _ in rows)
    print(f"\n{far} of {len(rows)} rows are more than {args.within:.0%} apart")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
