#!/usr/bin/env python3
"""Two tables of bench/compare: how far the ratios of each row are apart.

    agree.py A.json B.json [--within 0.15]

Prints every row that both have, the most different first. Exit status 1 if a ratio of A lies more than `--within` of
B's beside it, or the other way round.
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
    rows = []
    for name in a:
        if "ratio" in a[name] and "ratio" in b.get(name, {}):
            low, high = sorted((a[name]["ratio"], b[name]["ratio"]))
            rows.append((high / low - 1, name))
    if not rows:
        parser.error(f"{args.a} and {args.b} have no compared row in common")
    rows.sort(reverse=True)
    print(aligned([("row", args.a.name, args.b.name, "apart"),
                   *((name, ratio(a[name]["ratio"]), ratio(b[name]["ratio"]), f"{apart:.1%}") for apart, name in rows)]))
    far = sum(apart > args.within for apart, _ in rows)
    print(f"\n{far} of {len(rows)} rows are more than {args.within:.0%} apart")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
