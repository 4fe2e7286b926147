#!/usr/bin/env python3
"""Draws what choosing costs against n and against k, from what compare_selection.py measured.

    plot_selection.py [bench/results/selection_cost.json] [bench/results/selection_cost.svg]

CPU seconds of all threads, which suffer less than wall time from what else the machine did. A hollow mark
is a loop that was stopped: its time per choice times the choices asked for.
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

results = pathlib.Path(__file__).resolve().parent.parent / "results"
LOOPS = {"CORESET": "released code's loop", "BADGE": "BADGE repository's loop", "LHD": "released code's loop"}
COLOURS = {"CORESET": "tab:blue", "BADGE": "tab:orange", "LHD": "tab:green"}


def newest(cases):
    """One case for each strategy, n and k: the last measured, with the newest baseline."""
    merged = {}
    for case in cases:
        key = (case["strategy"], case["rows"], case["query"])
        merged[key] = {**({"baseline": merged[key]["baseline"]} if "baseline" in merged.get(key, {}) else {}), **case}
    return list(merged.values())


def draw(axes, cases, along, fixed, value):
    for strategy in COLOURS:
        chosen = sorted((c for c in cases if c["strategy"] == strategy and c[fixed] == value), key=lambda c: c[along])
        if not chosen:
            continue
        colour = COLOURS[strategy]
        axes.plot([c[along] for c in chosen], [c["moonpool"]["cpu_seconds"] for c in chosen], "o-", color=colour,
                  label=f"{strategy}, moonpool select")
        loops = [c for c in chosen if "baseline" in c]
        if loops:
            axes.plot([c[along] for c in loops], [c["baseline"]["cpu_seconds"] for c in loops], "--", color=colour,
                      label=f"{strategy}, {LOOPS[strategy]}")
        for c in loops:
            axes.plot(c[along], c["baseline"]["cpu_seconds"], "s", color=colour,
                      markerfacecolor=colour if c["baseline"]["finished"] else "white")
    axes.set(xscale="log", yscale="log")
    axes.grid(True, which="major", alpha=0.3)


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else results / "selection_cost.json"
    target = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else results / "selection_cost.svg"
    cases = newest(json.loads(source.read_text())["cases"])
    plt.rcParams["svg.hashsalt"] = "moonpool"
    figure, (by_rows, by_query) = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    draw(by_rows, cases, "rows", "query", 1000)
    by_rows.set(xlabel="rows n, 1,000 chosen", ylabel="CPU seconds")
    draw(by_query, cases, "query", "rows", 250_000)
    by_query.set(xlabel="chosen k, of 250,000 rows")
    by_rows.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
