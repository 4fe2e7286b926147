#!/usr/bin/env python3
"""Where the time of a training step goes, by families of kernels, from a profile of `moonpool train --profile`.

    step_profile.py TRACE --command "moonpool train ..." [--moonpool build/release/bin/moonpool] [--out FILE.json]

Of the steps that were recorded, the first two (which make plans and memory) are left out. Prints Markdown.
"""
import collections
import json
import pathlib
import re

from options import Parser
from provenance import describe, write_json
from table import markdown


def family(kernel):
    """conv_forward 64 x ... -> conv_forward; Normalise<float, ...> -> Normalise; gemm NT ... -> gemm."""
    return re.match(r"\w+", kernel)[0]


def steps_of(events):
    """The training steps: those in which there is a backward pass."""
    backward = [e["ts"] for e in events if e.get("cat") == "part" and e["name"] == "backward"]
    steps = sorted((e for e in events if e.get("cat") == "step"), key=lambda e: e["ts"])
    return [s for s in steps if any(s["ts"] <= at < s["ts"] + s["dur"] for at in backward)]


def profile(events, warm_up=2):
    """(milliseconds of a step, how many steps, {family: (milliseconds, calls) of a step}): means."""
    steps = steps_of(events)[warm_up:]
    if not steps:
        raise ValueError(f"expected more than {warm_up} training steps")
    if any(event.get("tid") for event in events):
        raise ValueError("expected a profile of a CPU: a GPU's kernels run beside the steps of the host")
    totals = collections.defaultdict(lambda: [0.0, 0])
    for event in events:
        if event.get("cat") == "kernel" and any(s["ts"] <= event["ts"] < s["ts"] + s["dur"] for s in steps):
            total = totals[family(event["name"])]
            total[0] += event["dur"] / 1000 / len(steps)
            total[1] += 1 / len(steps)
    return sum(s["dur"] for s in steps) / 1000 / len(steps), len(steps), totals


def main():
    parser = Parser("step_profile", __doc__)
    parser.add_argument("trace", type=pathlib.Path)
    parser.add_argument("--command", required=True, help="that made the trace")
    parser.add_argument("--moonpool", type=pathlib.Path, default=pathlib.Path("build/release/bin/moonpool"))
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    try:
        step, count, totals = profile(json.loads(args.trace.read_text())["traceEvents"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{args.trace}: expected a file of --profile: {error}")
    rows = [{"kernels": name, "milliseconds": ms, "share": ms / step, "calls": round(calls, 1)}
            for name, (ms, calls) in sorted(totals.items(), key=lambda item: -item[1][0])]
    if args.out:
        what = "A training step by families of kernels"
        write_json(args.out, {"what": what, **describe("cpu", args.moonpool.resolve(), {}, args.command),
                              "steps": count, "milliseconds_of_a_step": step, "kernels": rows})
    print(f"a step is {step:.1f} ms, mean of {count}\n")
    print(markdown([("kernels", "ms a step", "share", "calls"),
                    *((f"`{row['kernels']}`", f"{row['milliseconds']:.2f}", f"{row['share']:.1%}", f"{row['calls']:g}")
                      for row in rows if row["share"] >= 0.005)]))


if __name__ == "__main__":
    main()
