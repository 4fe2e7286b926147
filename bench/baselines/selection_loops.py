"""Selection as the released codes do it, in our own words: one pass over the pool per choice.

    k_centre_greedy      the paper's released code (Active-Learning-on-Heteroskedastic-Distributions,
                         query_strategies/core_set.py) and CoreSet of github.com/JordanAsh/badge (commit
                         a2d18acd): scikit-learn's pairwise distances to the newest centre, and a Python
                         loop that takes the minimum
    badge_factorised     BadgeSampling of the latter (badge_sampling.py): squared distances of gradients
                         by their factors, and a draw by scipy's rv_discrete
    kmeans_materialised  the paper's released code for BADGE and LHD (lhd_sampling.py): the same draw on
                         rows that are formed, with scikit-learn's pairwise distances and a Python loop
                         for the minimum

Each is a generator that yields a choice at a time, so that a caller can stop the clock. What they do
beside computing (printing, asserting) is left out; nothing else is.
"""
import numpy as np
from scipy import stats
from sklearn.metrics import pairwise_distances


def k_centre_greedy(features, labelled):
    """Yields None once the distances to `labelled` are known, then a row at a time."""
    count = len(features)
    nearest = pairwise_distances(features, labelled).min(axis=1)
    yield None
    while True:
        pick = nearest.argmax()
        yield int(pick)
        to_pick = pairwise_distances(features, features[[pick], :])
        for row in range(count):
            nearest[row] = min(nearest[row], to_pick[row, 0])


def draw_by_squares(distances, taken):
    chances = distances**2 / sum(distances**2)
    table = stats.rv_discrete(values=(np.arange(len(chances)), chances))
    pick = table.rvs(size=1)[0]
    while pick in taken:
        pick = table.rvs(size=1)[0]
    return pick


def badge_factorised(probabilities, features):
    rows = np.arange(len(features))
    residual = -probabilities
    residual[rows, probabilities.argmax(axis=1)] += 1
    residual_norm = np.sum(residual**2, axis=-1)
    feature_norm = np.sum(features**2, axis=-1)

    def distances(pick):
        square = residual_norm * feature_norm + residual_norm[pick] * feature_norm[pick]
        square = square - 2 * (residual @ residual[pick]) * (features @ features[pick])
        return np.sqrt(np.clip(square, a_min=0, a_max=None)).astype(float)

    pick = np.argmax(residual_norm * feature_norm)
    taken = [pick]
    nearest = distances(pick)
    nearest[pick] = 0
    yield int(pick)
    while True:
        if len(taken) > 1:
            nearest = np.minimum(nearest, distances(taken[-1]))
        nearest[taken] = 0
        pick = draw_by_squares(nearest, set(taken))
        taken.append(pick)
        yield int(pick)


def lhd_vectors(probabilities, features, ema_probabilities, ema_features):
    rows = np.arange(len(features))
    label = ema_probabilities.argmax(axis=1)
    loss = np.abs(np.log(ema_probabilities[rows, label]) - np.log(probabilities[rows, label]))
    return loss[:, None] * (ema_features - features)


def kmeans_materialised(vectors):
    pick = np.argmax([np.linalg.norm(row, 2) for row in vectors])
    taken = [pick]
    yield int(pick)
    nearest = None
    while True:
        to_pick = pairwise_distances(vectors, vectors[[taken[-1]]]).ravel().astype(float)
        if nearest is None:
            nearest = to_pick
        else:
            for row in range(len(vectors)):
                if nearest[row] > to_pick[row]:
                    nearest[row] = to_pick[row]
        if sum(nearest) == 0:
            return
        pick = draw_by_squares(nearest, set(taken))
        taken.append(pick)
        yield int(pick)
