"""strategies_small.json: what every strategy of SPEC section 2 chooses on small arrays.

What: scores and choices of CONF, MARG, ENTROPY (200 candidates, 5 classes) and BALD (10 passes, 60
candidates); choices of CORESET, ordinary and degenerate; the exact probabilities of the first three
centres of k-means++ seeding for BADGE and LHD on pools of 6 to 8; and, for 30 candidates, BADGE's
squared distances and LHD's parts.
Why: an independent implementation (strategies_numpy.py) to compare with. Seeding is random, so it
is compared through the distribution of many draws.
Inputs are float32. A seed of inputs is taken only if neighbouring scores, or distances, are further
apart than float32 rounding could bridge, so that every correct implementation chooses the same;
the gap is stored. In the cases with ties all numbers are small integers, exact in any arithmetic,
or rows are equal bit for bit.
Versions: in "made_with" of the file.
"""

import numpy as np
from golden_json import write_golden
from strategies_numpy import (
    badge_embeddings,
    by_score,
    k_center_greedy,
    lhd_parts,
    probabilities,
    seeding_distribution,
    squared_distances,
)

CLASSES = 5
FEATURES = 8
CHOSEN = 40
SMALLEST_SCORE_GAP = 1e-5
SMALLEST_DISTANCE_GAP = 1e-4  # relative
SMALLEST_NORM_GAP = 1e-2  # relative, of the first centre's squared norm
SMALLEST_CHANCE = 2e-3  # 40 expected among 20,000 draws


def first_good(make):
    """The first value that make(seed) does not reject by returning None."""
    for seed in range(10_000):
        result = make(np.random.default_rng(seed))
        if result is not None:
            return result
    raise AssertionError("no seed is good enough")


def normal(rng, *shape, scale=1.0):
    return rng.normal(0, scale, shape).astype(np.float32)


def relu_features(rng, n):
    return np.maximum(normal(rng, n, FEATURES) + np.float32(0.5), 0)


# CONF, MARG, ENTROPY, BALD


def make_scores(rng):
    logits = normal(rng, 200, CLASSES, scale=1.5)
    outputs = probabilities(logits)
    result = {"k": CHOSEN, "logits": logits, "probabilities": outputs}
    for strategy in ("conf", "marg", "entropy"):
        result[strategy], gap = by_score(strategy, outputs, CHOSEN)
        result[strategy]["smallest_gap"] = gap
        if gap < SMALLEST_SCORE_GAP:
            return None
    return result


def make_bald(rng):
    base = normal(rng, 60, CLASSES, scale=1.5)
    spread = rng.uniform(0.1, 1.5, (1, 60, 1))
    logits = (base + spread * rng.normal(0, 1, (10, 60, CLASSES))).astype(np.float32)
    passes = np.stack([probabilities(one) for one in logits])
    result, gap = by_score("bald", passes, CHOSEN)
    if gap < SMALLEST_SCORE_GAP:
        return None
    return {"k": CHOSEN, "probabilities": passes, **result, "smallest_gap": gap}


# CORESET


def coreset_case(name, candidates, labelled, k, ties=False):
    candidates, labelled = np.float32(candidates), np.float32(labelled)
    result, gap = k_center_greedy(candidates, labelled, k)
    if not ties and gap < SMALLEST_DISTANCE_GAP:
        return None
    case = {"name": name, "k": k, "ties": ties, "smallest_gap": 0.0 if ties else gap}
    return {**case, "candidates": candidates, "labelled": labelled, **result}


def make_coreset():
    rng = np.random.default_rng(5)
    equal = np.repeat(normal(rng, 1, FEATURES), 12, axis=0)
    few = rng.integers(-3, 4, (8, 3))
    copies = np.repeat(few, 4, axis=0)[rng.permutation(32)]
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(25, 2)
    return [
        first_good(
            lambda r: coreset_case("random", relu_features(r, 200), relu_features(r, 30), CHOSEN)
        ),
        first_good(lambda r: coreset_case("k_is_n", normal(r, 24, 3), normal(r, 4, 3), 24)),
        coreset_case("one_candidate", normal(rng, 1, 3), normal(rng, 4, 3), 1),
        coreset_case("all_equal", equal, normal(rng, 3, FEATURES), 6, ties=True),
        coreset_case("all_equal_to_labelled", equal, equal[:1], 12, ties=True),
        coreset_case("duplicates", copies, few[:1], 20, ties=True),
        coreset_case("grid", grid, [[0, 0]], 25, ties=True),
    ]


# k-means++ seeding


def seeding_case(name, inputs, vectors):
    norms = np.unique((vectors**2).sum(axis=1))
    first_is_clear = len(norms) == 1 or norms[-2] < (1 - SMALLEST_NORM_GAP) * norms[-1]
    distribution = seeding_distribution(vectors)
    if not first_is_clear or min(distribution["chances"]) < SMALLEST_CHANCE:
        return None
    return {"name": name, **inputs, **distribution}


def badge_case(name, logits, h):
    logits, h = np.float32(logits), np.float32(h)
    p = probabilities(logits)
    inputs = {"logits": logits, "probabilities": p, "features": h}
    return seeding_case(name, inputs, badge_embeddings(p, h))


def make_badge_seeding():
    rng = np.random.default_rng(11)
    logits, h = normal(rng, 3, 3), np.abs(normal(rng, 3, 4)) + np.float32(0.5)
    return [
        first_good(lambda r: badge_case("seven", normal(r, 7, 3), normal(r, 7, 4))),
        first_good(lambda r: badge_case("eight", normal(r, 8, 2), normal(r, 8, 2))),
        # Equal rows: 0 and 3, 1 and 4 and 6; the copies of a centre are never drawn.
        first_good(
            lambda r: badge_case(
                "duplicates",
                normal(r, 8, 3)[[0, 1, 2, 0, 1, 5, 1, 7]],
                normal(r, 8, 4)[[0, 1, 2, 0, 1, 5, 1, 7]],
            )
        ),
        # Two distinct rows: after two centres every distance is zero.
        badge_case("two_distinct", logits[[0, 1, 0, 1, 0, 1]], h[[0, 1, 0, 1, 0, 1]]),
        badge_case("all_equal", logits[[2] * 6], h[[2] * 6]),
        badge_case("zero_features", normal(rng, 6, 3), np.zeros((6, 4))),
    ]


def lhd_inputs(main_logits, ema_logits, main_features, ema_features):
    return {
        "main_logits": np.float32(main_logits),
        "ema_logits": np.float32(ema_logits),
        "main_features": np.float32(main_features),
        "ema_features": np.float32(ema_features),
    }


def random_lhd_inputs(rng, n, classes, features):
    return lhd_inputs(
        normal(rng, n, classes, scale=2),
        normal(rng, n, classes, scale=2),
        normal(rng, n, features),
        normal(rng, n, features),
    )


def take(inputs, rows):
    return {name: value[rows] for name, value in inputs.items()}


def lhd_case(name, inputs):
    return seeding_case(name, inputs, lhd_parts(**inputs)["lh"])


def make_lhd_seeding():
    rng = np.random.default_rng(12)
    some = random_lhd_inputs(rng, 6, 3, 4)
    same_features = {**some, "ema_features": some["main_features"]}
    same_models = {**same_features, "ema_logits": some["main_logits"]}
    return [
        first_good(lambda r: lhd_case("seven", random_lhd_inputs(r, 7, 3, 4))),
        first_good(lambda r: lhd_case("eight", random_lhd_inputs(r, 8, 2, 2))),
        first_good(
            lambda r: lhd_case(
                "duplicates", take(random_lhd_inputs(r, 8, 3, 4), [0, 1, 2, 0, 1, 5, 1, 7])
            )
        ),
        lhd_case("two_distinct", take(some, [0, 1, 0, 1, 0, 1])),
        lhd_case("identical_models", same_models),
        lhd_case("identical_features", same_features),
    ]


# Embeddings


def make_badge_embeddings(rng):
    logits, h = normal(rng, 30, CLASSES, scale=2), relu_features(rng, 30)
    logits[19], h[19] = logits[7], h[7]  # distance 0
    p = probabilities(logits)
    g = badge_embeddings(p, h)
    return {
        "logits": logits,
        "probabilities": p,
        "features": h,
        "squared_norms": (g**2).sum(axis=1),
        "squared_distances": squared_distances(g, g),
    }


def make_lhd_parts(rng):
    inputs = random_lhd_inputs(rng, 30, CLASSES, FEATURES)
    # The main model's probability of the pseudo-label is below float32's range: a loss of 200.
    inputs["ema_logits"][3] = [100, 0, 0, 0, 0]
    inputs["main_logits"][3] = [-100, 100, 0, 0, 0]
    inputs["ema_logits"][4] = [2, 2, 1, 2, 0]  # a tie: the pseudo-label is 0
    inputs["main_logits"][5] = inputs["ema_logits"][5]  # no difference in loss
    inputs["main_features"][6] = inputs["ema_features"][6]  # no difference in features
    return {**inputs, **lhd_parts(**inputs)}


def main():
    write_golden(
        __file__,
        "strategies_small.json",
        {
            "scores": first_good(make_scores),
            "bald": first_good(make_bald),
            "coreset": make_coreset(),
            "badge_seeding": make_badge_seeding(),
            "lhd_seeding": make_lhd_seeding(),
            "badge_embeddings": make_badge_embeddings(np.random.default_rng(30)),
            "lhd_parts": make_lhd_parts(np.random.default_rng(31)),
        },
    )


if __name__ == "__main__":
    main()
