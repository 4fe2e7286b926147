"""The released Four-Moons experiment in PyTorch, as a practitioner writes it: the baseline that
Moonpool's Figure 1 is timed against, and a cross-check of its statistics.

Written from SPEC sections 2, 4 and 6 (protocol `released`), not from the authors' code. One run:
seven rounds; in each a fresh MLP and a fresh EMA model with random weights of its own, 100 epochs
of batch 16 over the labelled set, Adam 1e-3, no gradient clamp; then 200 queries. The EMA step
counter is set once per run, so only the first round warms up.

  python four_moons_released.py --strategy lhd --seed 1 --threads 1

prints one line of JSON. "accuracy" is the seventh network's on the 12,000 points with their true
labels; "clean_fraction" is the share of all queried examples that are not noisy; "seconds" is the
whole run without imports. Batches are drawn by indexing a permutation, which is faster than a
DataLoader. With --tuned the same is computed with what PyTorch has to offer for so small a network: Adam fused,
one call for the EMA of all parameters, and hits counted without waiting for each batch.
"""

import argparse
import json
import sys
import time

import numpy as np
import sklearn
import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from sklearn.metrics import pairwise_distances
from threadpoolctl import threadpool_limits

ROUNDS = 7
START = 20
QUERY = 200
EPOCHS = 100
BATCH = 16
LEARNING_RATE = 1e-3
EMA_DECAY = 0.999
MOON_PAIR = 6000
NOISY_COPIES = 6
SHRINKING_EPOCHS = 5  # of the accuracy gap, until LHD's state is taken


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(2, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU()
        )
        self.head = torch.nn.Linear(128, 4)

    def forward(self, x):
        h = self.body(x)
        return self.head(h), h


def make_four_moons(rng, own_labels):
    """The pool (points, labels, noisy) and the test set (points, true labels)."""
    points, classes = [], []
    for pair in range(2):
        x, y = make_moons(MOON_PAIR, noise=0.1, random_state=int(rng.integers(2**31)))
        points.append(x + [4 * pair, 0])
        classes.append(y + 2 * pair)
    x = np.concatenate(points).astype(np.float32)
    y = np.concatenate(classes)
    noisy = y == 0
    labels = np.where(noisy, rng.integers(0, 4, len(y)), y)
    copies = np.tile(np.flatnonzero(noisy), NOISY_COPIES)
    copied_labels = rng.integers(0, 4, len(copies)) if own_labels else labels[copies]
    pool_x = np.concatenate([x, x[copies]])
    pool_y = np.concatenate([labels, copied_labels])
    pool_noisy = np.concatenate([noisy, np.ones(len(copies), dtype=bool)])
    return pool_x, pool_y, pool_noisy, x, y


@torch.no_grad()
def outputs(model, x):
    """Logits and penultimate features, as NumPy arrays."""
    logits, features = model(torch.from_numpy(x))
    return logits.numpy(), features.numpy()


def lhd_embeddings(main, ema, x):
    main_logits, main_features = outputs(main, x)
    ema_logits, ema_features = outputs(ema, x)
    target = torch.from_numpy(ema_logits.argmax(axis=1))
    main_loss = F.cross_entropy(torch.from_numpy(main_logits), target, reduction="none")
    ema_loss = F.cross_entropy(torch.from_numpy(ema_logits), target, reduction="none")
    delta_loss = (ema_loss - main_loss).abs().numpy()
    return delta_loss[:, None] * (ema_features - main_features)


def update_average(averages, parameters, decay, tuned):
    if tuned:
        torch._foreach_lerp_(averages, parameters, 1 - decay)
        return
    for average, parameter in zip(averages, parameters):
        average.mul_(decay).add_(parameter, alpha=1 - decay)


def train_round(x, y, unlabelled_x, clock, want_lhd, tuned):
    """Trains a fresh pair of models on (x, y). Returns the main model and LHD's embeddings."""
    main, ema = Mlp(), Mlp()
    parameters, averages = list(main.parameters()), list(ema.parameters())
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=tuned)
    count = (lambda right: right.sum()) if tuned else (lambda right: right.sum().item())
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    lh = None
    previous_gap, shrinking = 0.0, 0
    for epoch in range(EPOCHS):
        hits = ema_hits = 0
        for batch in torch.randperm(len(x)).split(BATCH):
            bx, by = x[batch], y[batch]
            logits, _ = main(bx)
            loss = F.cross_entropy(logits, by)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            hits += count(logits.argmax(dim=1) == by)
            with torch.no_grad():
                ema_logits, _ = ema(bx)
                ema_hits += count(ema_logits.argmax(dim=1) == by)
                clock["step"] += 1
                decay = min(1 - 1 / (clock["step"] + 1), EMA_DECAY)
                update_average(averages, parameters, decay, tuned)
        gap = float(hits - ema_hits) / len(x)
        shrinking = shrinking + 1 if gap < previous_gap else 0
        previous_gap = gap
        if want_lhd and lh is None and (shrinking == SHRINKING_EPOCHS or epoch == EPOCHS - 1):
            clock["capture_epochs"].append(epoch + 1)
            lh = lhd_embeddings(main, ema, unlabelled_x)
    return main, lh


def kmeans_plus_plus(vectors, k, rng):
    chosen = [int(np.linalg.norm(vectors, axis=1).argmax())]
    nearest = np.full(len(vectors), np.inf)
    while len(chosen) < k:
        to_last = pairwise_distances(vectors, vectors[chosen[-1:]]).ravel()
        nearest = np.minimum(nearest, to_last.astype(np.float64))
        weight = nearest**2
        weight[chosen] = 0
        if weight.sum() == 0:
            weight[:] = 1
            weight[chosen] = 0
        chosen.append(int(rng.choice(len(vectors), p=weight / weight.sum())))
    return np.array(chosen)


def k_center_greedy(vectors, labelled, k):
    nearest = pairwise_distances(vectors, labelled).min(axis=1)
    chosen = []
    for _ in range(k):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, pairwise_distances(vectors, vectors[chosen[-1:]]).ravel())
        nearest[chosen] = -1  # never again
    return np.array(chosen)


def select(args, rng, main, lh, unlabelled_x, labelled_x):
    if args.strategy == "rand":
        return rng.choice(len(unlabelled_x), QUERY, replace=False)
    if args.strategy == "lhd":
        return kmeans_plus_plus(lh, QUERY, rng)
    logits, features = outputs(main, unlabelled_x)
    if args.strategy == "coreset":
        return k_center_greedy(features, outputs(main, labelled_x)[1], QUERY)
    score = logits if args.conf_on_logits else F.softmax(torch.from_numpy(logits), dim=1).numpy()
    return np.argsort(score.max(axis=1), kind="stable")[:QUERY]


def run(args):
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    pool_x, pool_y, pool_noisy, test_x, test_y = make_four_moons(rng, args.own_copy_labels)
    labelled = rng.choice(len(pool_x), START, replace=False)
    queried = []
    accuracies = []
    clock = {"step": 0, "capture_epochs": []}
    for _ in range(ROUNDS):
        unlabelled = np.setdiff1d(np.arange(len(pool_x)), labelled)
        unlabelled_x = pool_x[unlabelled]
        main, lh = train_round(
            pool_x[labelled], pool_y[labelled], unlabelled_x, clock, args.strategy == "lhd", args.tuned
        )
        accuracies.append(float((outputs(main, test_x)[0].argmax(axis=1) == test_y).mean()))
        picks = unlabelled[select(args, rng, main, lh, unlabelled_x, pool_x[labelled])]
        queried.append(picks)
        labelled = np.concatenate([labelled, picks])
    clean = ~pool_noisy[np.concatenate(queried)]
    result = {"accuracy": accuracies[-1], "clean_fraction": float(clean.mean())}
    result["accuracy_per_round"] = accuracies
    result["clean_per_round"] = [float((~pool_noisy[picks]).mean()) for picks in queried]
    if args.strategy == "lhd":
        result["capture_epochs"] = clock["capture_epochs"]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--strategy", choices=["conf", "lhd", "coreset", "rand"], default="lhd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tuned", action="store_true", help="with PyTorch's fused and grouped calls")
    parser.add_argument(
        "--conf-on-logits",
        action="store_true",
        help="CONF takes the smallest largest logit instead of probability, as the released script",
    )
    parser.add_argument(
        "--own-copy-labels",
        action="store_true",
        help="draw a label for each copy of a noisy point instead of copying the point's label",
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with threadpool_limits(args.threads):
        start = time.perf_counter()
        result = run(args)
        seconds = time.perf_counter() - start
    settings = {
        "strategy": args.strategy,
        "seed": args.seed,
        "threads": args.threads,
        "conf_on_logits": args.conf_on_logits,
        "own_copy_labels": args.own_copy_labels,
        "tuned": args.tuned,
    }
    versions = {
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
    print(json.dumps({**settings, **result, "seconds": round(seconds, 2), "versions": versions}))


if __name__ == "__main__":
    main()
