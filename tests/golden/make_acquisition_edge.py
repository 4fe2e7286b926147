"""acquisition_edge.json: probabilities on which the scores of CONF, MARG, ENTROPY and BALD go wrong
first.

What: cases of one-hot probabilities (0 log 0 is 0, not NaN), equal scores (the lower index is
chosen), two classes, one candidate, and every candidate chosen; scores and choices.
Why: noisy pools are full of equal examples, and a trained network is often certain to the last bit.
Scores that tie do so exactly in every arithmetic: the rows are equal, or hold the same few exactly
representable values in another order. Scores that differ do so by far.
Versions: in "made_with" of the file.
"""

import numpy as np
from golden_json import write_golden
from strategies_numpy import by_score


def case(name, strategy, probabilities, k):
    probabilities = np.float32(probabilities)
    result, _ = by_score(strategy, probabilities, k)
    return {"name": name, "strategy": strategy, "k": k, "probabilities": probabilities, **result}


def main():
    rng = np.random.default_rng(3)
    one_hot = np.eye(4)[[2, 0, 3, 1, 0, 2]]
    mixed = [[0, 1, 0], [0.5, 0.5, 0], [1, 0, 0], [0.5, 0.25, 0.25], [0, 0, 1], [0, 0.5, 0.5]]
    rows = rng.dirichlet(np.ones(3), 2)
    rows = rows[np.argsort(-rows.max(axis=1))]  # the second is the less certain one
    repeated = rows[[0, 1, 0, 0, 1, 0, 1, 0]]
    binary = [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [1, 0], [0.5, 0.5]]

    cases = []
    for strategy in ("conf", "marg", "entropy"):
        cases += [
            case("one_hot", strategy, one_hot, 4),
            case("mixed", strategy, mixed, 3 if strategy == "conf" else 2),
            case("repeated", strategy, repeated, 5),
            case("all_equal", strategy, np.full((7, 4), 0.25), 7),
            case("two_classes", strategy, binary, 3),
            case("one_candidate", strategy, [[0.25, 0.75]], 1),
        ]

    certain = np.eye(4)[[[1, 2, 0]] * 4]  # the passes agree: no information
    torn = np.eye(4)[[[1, 0, 0], [1, 1, 0], [1, 2, 1], [1, 3, 1]]]  # log 1, log 4, log 2
    half = np.eye(2)[[[0, 0, 1, 0, 1], [0, 1, 1, 1, 1]]]  # 0, log 2, 0, log 2, 0
    cases += [
        case("one_hot_agreeing", "bald", certain, 3),
        case("one_hot_disagreeing", "bald", torn, 3),
        case("two_classes", "bald", half, 5),
        case("repeated", "bald", rng.dirichlet(np.ones(3), (4, 1))[:, [0, 0, 0, 0, 0]], 3),
        case("one_pass", "bald", np.eye(3)[[[0, 1, 2]]], 2),
    ]
    write_golden(__file__, "acquisition_edge.json", {"cases": cases})


if __name__ == "__main__":
    main()
