#!/usr/bin/env python3
"""README's performance table and its picture, from what bench/compare measured.

    readme.py [--check] [--readme README.md] [--results bench/results]

Writes what stands between <!-- bench/compare --> and <!-- end of bench/compare --> in README, and a compare_DEVICE.svg
beside every compare_DEVICE.json. With --check nothing is written, and the exit status is 1 if that would change
anything.
"""
import argparse
import json
import pathlib
import sys

import picture
import table
from processes import root

BEGIN, END = "<!-- bench/compare -->", "<!-- end of bench/compare -->"
NAMES = {"cpu": "CPU", "cuda": "GPU"}


def families(kernels):
    """Of every family with its precisions: how many kernels, and the share of the floor of the middle and the worst."""
    groups = {}
    for kernel in kernels:
        if kernel["share"] is not None:
            groups.setdefault(kernel["kernel"].split("/")[0], []).append((kernel["share"], kernel["kernel"]))
    lines = []
    for family, shares in groups.items():
        shares.sort()
        lines.append((family, str(len(shares)), table.share(shares[len(shares) // 2][0]),
                      f"{table.share(shares[0][0])}, {shares[0][1]}"))
    return lines


def section(result, source):
    versions = result["versions"]
    known = ", ".join(f"{name} {versions[name]}" for name in ("torch", "torchvision", "numpy", "scikit-learn", "pillow")
                      if name in versions)
    if "allocator_of_baselines" in result:
        known += f" (allocator {result['allocator_of_baselines']})"
    lines = [f"{NAMES[result['device']]}: {result['machine']}, {result['cores']} cores; {versions['moonpool']}, "
             f"commit {result['commit']}; {known}; {result['date']} ([`{source.name}`]({source})).", "",
             table.markdown([table.HEAD, *map(table.cells, result["rows"])]), ""]
    if any("ratio" in row for row in result["rows"]):
        svg = source.with_suffix(".svg")
        lines += [f"![How many times as fast as the best baseline, row by row]({svg})", ""]
    if result["kernels"]:
        lines += [table.markdown([("kernels", "how many", "share of the floor, median", "lowest"),
                                  *families(result["kernels"])]), ""]
    if result.get("ceilings"):
        lines += [f"Floors of that run: {table.ceilings(result['ceilings'])}.", ""]
    return "\n".join(lines)


def generate(results):
    """(text for README, {path: picture})."""
    texts, pictures = [], {}
    for device in NAMES:
        path = results / f"compare_{device}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        texts.append(section(result, pathlib.Path("bench/results") / path.name))
        compared = [row for row in result["rows"] if "ratio" in row]
        if compared:
            pictures[path.with_suffix(".svg")] = picture.draw(
                compared, f"How many times as good as the best baseline ({result['machine']}, {result['date']})")
    return "\n".join(texts) or "No table has been measured yet: `make bench` makes one.\n", pictures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--readme", type=pathlib.Path, default=root / "README.md")
    parser.add_argument("--results", type=pathlib.Path, default=root / "bench/results")
    args = parser.parse_args()
    text = args.readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit(f"{args.readme}: expected one line {BEGIN} and after it one line {END}")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    generated, files = generate(args.results)
    files[args.readme] = f"{before}{BEGIN}\n{generated}{END}{after}"
    stale = [path for path, content in files.items() if not path.exists() or path.read_text() != content]
    if args.check:
        if stale:
            sys.exit(f"{', '.join(map(str, stale))}: not what bench/compare/readme.py makes of {args.results}; run it")
        return
    for path in stale:
        path.write_text(files[path])
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
