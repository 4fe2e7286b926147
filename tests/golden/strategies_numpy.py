"""The strategies of SPEC section 2 in plain NumPy, scikit-learn and SciPy: float64, one line of
thought each, written from the formulas and not from the C++. The make_*.py scripts share it."""

import numpy as np
from scipy.special import log_softmax, softmax, xlogy
from scipy.stats import chi2
from sklearn.metrics import pairwise_distances


def float64(array):
    return np.asarray(array, dtype=np.float64)


def probabilities(logits):
    """Softmax of float32 logits, computed in float64 and rounded to float32."""
    return softmax(float64(logits), axis=1).astype(np.float32)


def entropy(p):
    return 0 - xlogy(p, p).sum(axis=-1)  # xlogy(0, 0) = 0; and 0 - 0 is 0 where -0 is -0


def confidence_score(p):
    return float64(p).max(axis=1)


def margin_score(p):
    ordered = np.sort(float64(p), axis=1)
    return ordered[:, -1] - ordered[:, -2]


def entropy_score(p):
    return entropy(float64(p))


def bald_score(passes):
    """passes: [T, n, classes]."""
    passes = float64(passes)
    return entropy(passes.mean(axis=0)) - entropy(passes).mean(axis=0)


# name: (score, whether the smallest or the largest are chosen)
SCORES = {
    "conf": (confidence_score, "smallest"),
    "marg": (margin_score, "smallest"),
    "entropy": (entropy_score, "largest"),
    "bald": (bald_score, "largest"),
}


def by_score(strategy, outputs, k):
    """What is chosen in order, a tie going to the lower index, and the smallest gap between
    neighbours in that order (the first one left out included)."""
    score, which = SCORES[strategy]
    scores = score(outputs)
    key = scores if which == "smallest" else -scores
    order = np.argsort(key, kind="stable")
    gap = np.diff(key[order[: k + 1]]).min(initial=np.inf)
    return {"order": which, "scores": scores, "chosen": order[:k]}, gap


def squared_distances(a, b):
    # "sqeuclidean" sums squared differences (scipy's cdist). scikit-learn's own "euclidean" expands
    # the square, so that equal rows come out some 1e-8 apart.
    return pairwise_distances(float64(a), float64(b), metric="sqeuclidean")


def k_center_greedy(candidates, labelled, k):
    """Indices in order, the distance of each to its nearest centre when it was taken, and the
    smallest relative gap between the largest and the second largest distance of a step."""
    nearest = squared_distances(candidates, labelled).min(axis=1)
    chosen, radii, gap = [], [], 1.0
    for _ in range(k):
        nearest[chosen] = -1  # a chosen example is never chosen again
        pick = int(nearest.argmax())  # the first of the largest
        radius = np.sqrt(nearest[pick])
        others = np.delete(nearest, pick)
        if len(chosen) + 1 < len(nearest) and radius > 0:
            gap = min(gap, 1 - np.sqrt(others.max()) / radius)
        chosen.append(pick)
        radii.append(radius)
        to_pick = squared_distances(candidates, candidates[pick : pick + 1])[:, 0]
        nearest = np.minimum(nearest, to_pick)
    return {"chosen": chosen, "radii": radii}, gap


def badge_embeddings(p, h):
    """g = (p - onehot(argmax p)) (x) h, flattened: entry c * features + j is (p - onehot)_c h_j."""
    p, h = float64(p), float64(h)
    residual = p - np.eye(p.shape[1])[p.argmax(axis=1)]
    return (residual[:, :, None] * h[:, None, :]).reshape(len(p), -1)


def lhd_parts(main_logits, ema_logits, main_features, ema_features):
    main, ema = log_softmax(float64(main_logits), axis=1), log_softmax(float64(ema_logits), axis=1)
    rows = np.arange(len(main))
    pseudo_labels = ema.argmax(axis=1)
    delta_loss = np.abs(-ema[rows, pseudo_labels] + main[rows, pseudo_labels])
    delta_h = float64(ema_features) - float64(main_features)
    return {
        "pseudo_labels": pseudo_labels,
        "delta_loss": delta_loss,
        "delta_h": delta_h,
        "lh": delta_loss[:, None] * delta_h,
    }


def draw_probabilities(distances, chosen):
    """k-means++: proportional to the squared distance to the nearest centre; never one already
    chosen; uniform over the others when every distance is zero."""
    weight = distances[:, chosen].min(axis=1)
    weight[chosen] = 0
    if weight.sum() == 0:
        weight = np.ones(len(weight))
        weight[chosen] = 0
    return weight / weight.sum()


def seeding_distribution(vectors):
    """The exact distribution of the first three centres, by enumeration: the first, every (second,
    third) that can follow and its chance; and the bound that Pearson's statistic of these outcomes
    stays under in all but one of a million trials."""
    distances = squared_distances(vectors, vectors)
    first = int((float64(vectors) ** 2).sum(axis=1).argmax())  # the first of the largest
    outcomes, chances = [], []
    for second, p_second in enumerate(draw_probabilities(distances, [first])):
        if p_second == 0:
            continue
        for third, p_third in enumerate(draw_probabilities(distances, [first, second])):
            if p_third > 0:
                outcomes.append([second, third])
                chances.append(p_second * p_third)
    if abs(sum(chances) - 1) > 1e-12:
        raise AssertionError("the probabilities do not add up to one")
    bound = chi2.isf(1e-6, df=len(outcomes) - 1)
    return {"first": first, "outcomes": outcomes, "chances": chances, "chi_square_bound": bound}
