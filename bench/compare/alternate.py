"""Measuring by turns: which of many ways is the best, and how far two sides are apart."""
import os
import statistics

# A side is a function that measures once and returns a value. Of rates the larger is better, of times the smaller.


def faster(values, higher):
    return max(values) if higher else min(values)


def ratio(ours, theirs, higher):
    """How many times as good ours is."""
    return ours / theirs if higher else theirs / ours


def finalists(screened, higher, count):
    """The names of the `count` best of {name: value}, the best first."""
    return sorted(screened, key=screened.get, reverse=higher)[:count]


def alternate(ours, theirs, rounds, higher):
    """Runs ours and every one of {name: side} in turn. In each round the best of theirs counts.

    `ratio` is the median over the rounds of the ratio within a round: what slows the machine down for a while slows
    both sides.
    """
    runs = []
    for _ in range(rounds):
        load = os.getloadavg()[0]
        runs.append({"load": load, "ours": ours(), "theirs": {name: side() for name, side in theirs.items()}})
    result = {"ours": statistics.median(run["ours"] for run in runs), "runs": runs}
    if theirs:
        medians = {name: statistics.median(run["theirs"][name] for run in runs) for name in theirs}
        result["best"] = finalists(medians, higher, 1)[0]
        best = [faster(run["theirs"].values(), higher) for run in runs]
        result["theirs"] = statistics.median(best)
        result["ratio"] = statistics.median(ratio(run["ours"], b, higher) for run, b in zip(runs, best))
    return result
