"""Rows of selection: every strategy chooses 1,000 of 250,000 rows, on the same arrays."""
import functools
import tempfile

from row import Row, Sides

LOOPS = {"CORESET": "released code's loop", "BADGE": "BADGE repository's loop", "LHD": "released code's loop"}
WAYS = {"sort": "NumPy, sorted", "partition": "NumPy, argpartition", "torch": "PyTorch, topk"}
SAMPLE_WAYS = {"sort": "NumPy, permutation", "partition": "NumPy, choice", "torch": "PyTorch, randperm"}
QUERY, ROWS = 1000, 250_000


def check_of(strategy):
    def check(facts):
        if strategy == "CORESET":
            return {"what": "choices of the loop, and how many of them in order are ours",
                    "values": [len(facts["chosen"]), facts["same"]], "agrees": facts["same"] == len(facts["chosen"])}
        if "difference" in facts:
            return {"what": "largest difference of the scores of what was chosen, and the largest score",
                    "values": [facts["difference"], facts["largest"]],
                    "agrees": facts["difference"] <= 1e-5 * facts["largest"]}
        # Both draw: what is drawn from is compared with these baselines by the tests (tests/golden).
        return {"what": "rows drawn, all different", "values": [len(facts["chosen"])],
                "agrees": len(set(facts["chosen"])) == len(facts["chosen"])}
    return check


def measure(context, strategy, folder):
    with Sides(context, higher=False) as sides:
        context.bench.row(f"select/{strategy}", 0.001, folder)  # draws the arrays if it is the first
        common = ("--folder", folder, "--strategy", strategy, "--query", QUERY)
        check = check_of(strategy)
        if strategy in LOOPS:
            sides.add(LOOPS[strategy], "selection_scores.py", *common, "--stop-after", 4 * context.seconds, check=check)
        else:
            for way, name in (SAMPLE_WAYS if strategy == "RAND" else WAYS).items():
                sides.add(name, "selection_scores.py", *common, "--way", way, check=check)
        result, row = sides.run_benchmark(lambda: context.bench.row(f"select/{strategy}", context.seconds / 2, folder),
                                          lambda row: row["seconds"], "s", rounds=2 if strategy in LOOPS else None)
        bytes_once = row["bytes_per_second"] * row["seconds"]
        result["floor"] = {"what": "copying as many bytes as the arrays have",
                           "share": bytes_once / result["ours"] / context.ceilings.copy(bytes_once)}
        return result


@functools.cache
def arrays():
    """The folder of all rows' arrays, which the first of them draws; it is removed when the program ends."""
    return tempfile.TemporaryDirectory(prefix="moonpool_compare_")


def rows():
    for strategy in ("RAND", "CONF", "MARG", "ENTROPY", "BALD", "CORESET", "BADGE", "LHD"):
        needs = ("numpy", "scipy", "sklearn") if strategy in LOOPS else ("numpy", "torch")
        yield Row("selection", f"{strategy}, {QUERY:,} of {ROWS:,} rows",
                  lambda c, s=strategy: measure(c, s, arrays().name), needs, quick=strategy in ("CONF", "BADGE"))
