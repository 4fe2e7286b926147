#!/usr/bin/env python3
"""Selection among the arrays of a folder (bench_selection.cpp) with NumPy, SciPy, scikit-learn or PyTorch.

    selection_scores.py --folder DIR --strategy S [--way loop|sort|partition|torch] [--query 1000] [--stop-after 8]

loop       CORESET, BADGE, LHD: as the released codes do it (selection_loops.py), stopped after so many CPU seconds
sort       CONF, MARG, ENTROPY, BALD by NumPy: scores of all rows, and all of them sorted; RAND: a permutation
partition  the same with the k best found by argpartition, and these sorted; RAND: a sample without replacement
torch      the same with torch.topk; RAND: torch.randperm

Says which rows were chosen (for a loop the first ones, as far as it came), and then measures when it is asked
(serve.py): from reading the files, which the system has in memory, to the choices. A loop that was stopped gives the time of all
choices at the measured rate.
"""
import argparse
import os
import pathlib

import numpy as np

from serve import seconds_per_call, serve

LOOPS = ("CORESET", "BADGE", "LHD")
ARRAY = {"BALD": "mc_probabilities"}


def entropy(p, axis):
    """Of probabilities above zero, as a softmax gives them."""
    return -np.sum(p * np.log(p), axis=axis)


def scores(strategy, p):
    """The larger is asked for first."""
    if strategy == "CONF":
        return -p.max(axis=1)
    if strategy == "MARG":
        two = np.partition(p, -2, axis=1)
        return two[:, -2] - two[:, -1]
    if strategy == "ENTROPY":
        return entropy(p, 1)
    return entropy(p.mean(axis=0), 1) - entropy(p, 2).mean(axis=0)  # BALD


def choose_with_numpy(strategy, way, p, k):
    if strategy == "RAND":
        rng = np.random.default_rng(1)
        return rng.permutation(len(p))[:k] if way == "sort" else rng.choice(len(p), k, replace=False)
    value = scores(strategy, p)
    if way == "sort":
        return np.argsort(-value)[:k]
    best = np.argpartition(-value, k)[:k]
    return best[np.argsort(-value[best])]


def choose_with_torch(strategy, p, k):
    import torch
    p = torch.from_numpy(p)
    if strategy == "RAND":
        return torch.randperm(len(p))[:k].numpy()
    if strategy == "CONF":
        value = -p.amax(dim=1)
    elif strategy == "MARG":
        two = p.topk(2, dim=1).values
        value = two[:, 1] - two[:, 0]
    elif strategy == "ENTROPY":
        value = torch.special.entr(p).sum(dim=1)
    else:
        value = torch.special.entr(p.mean(dim=0)).sum(dim=1) - torch.special.entr(p).sum(dim=2).mean(dim=0)
    return value.topk(k).indices.numpy()


def serve_scores(args):
    path = args.folder / f"{ARRAY.get(args.strategy, 'probabilities')}.npy"

    def choose():
        p = np.load(path, mmap_mode="c")
        if args.way == "torch":
            return choose_with_torch(args.strategy, p, args.query)
        return choose_with_numpy(args.strategy, args.way, np.asarray(p), args.query)

    if args.way == "torch":
        import torch
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    chosen = choose()
    facts = {"chosen": [int(i) for i in chosen]}
    if args.strategy != "RAND":
        value = scores(args.strategy, np.load(path))
        ours = np.load(args.folder / f"chosen_{args.strategy}.npy")
        facts["difference"] = float(np.abs(value[chosen] - value[ours]).max())
        facts["largest"] = float(np.abs(value[ours]).max())
    serve(facts, lambda seconds: {"seconds": seconds_per_call(choose, seconds)})


def serve_loop(args):
    from compare_selection import theirs
    record, chosen = theirs(args.folder, args.strategy, args.query, args.stop_after)
    facts = {"chosen": [int(i) for i in chosen]}
    if args.strategy == "CORESET":  # the others draw
        ours = np.load(args.folder / "chosen_CORESET.npy")[:len(chosen)]
        facts["same"] = int(np.argmin(np.append(ours == chosen, False)))
    answers = iter([record])  # what has been measured already is the first answer

    def measure(_):
        answer = next(answers, None) or theirs(args.folder, args.strategy, args.query, args.stop_after)[0]
        return {"seconds": answer["seconds"], "finished": answer["finished"], "choices": answer["choices"]}

    serve(facts, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--strategy", required=True)
    parser.add_argument("--way", choices=("loop", "sort", "partition", "torch"), default="partition")
    parser.add_argument("--query", type=int, default=1000)
    parser.add_argument("--stop-after", type=float, default=8)
    args = parser.parse_args()
    (serve_loop if args.strategy in LOOPS else serve_scores)(args)


if __name__ == "__main__":
    main()
