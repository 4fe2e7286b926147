"""statistics.json: what NumPy and SciPy say about the lists given to active/report/statistics.

What: paired t-tests with the means and deviations that go into them, Holm's correction, areas under
curves, and the pairwise penalty matrix of BADGE's authors.
Why: the p-value decides whether a report may call one strategy better than another. SciPy has no
Holm correction: here each adjusted value is found by bisection, as the smallest level at which
Holm's procedure (1979), run as he words it, still rejects the hypothesis.
Versions: in "made_with" of the file.
"""

import numpy as np
from golden_json import write_golden
from scipy import stats


def is_rejected(p_values, index, level):
    """Holm's procedure itself: walk up the sorted p-values, stop at the first that is too large."""
    count = len(p_values)
    for rank, candidate in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        if p_values[candidate] > level / (count - rank):
            return False
        if candidate == index:
            return True
    return False


def holm(p_values):
    adjusted = []
    for index in range(len(p_values)):
        if not is_rejected(p_values, index, 1.0):
            adjusted.append(1.0)
            continue
        low, high = 0.0, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (low, middle) if is_rejected(p_values, index, middle) else (middle, high)
        adjusted.append(high)
    return adjusted


def paired_case(a, b):
    test = stats.ttest_rel(a, b)
    return {
        "a": a,
        "b": b,
        "mean_a": float(np.mean(a)),
        "deviation_a": float(np.std(a, ddof=1)),
        "mean_difference": float(np.mean(np.subtract(a, b))),
        "t": float(test.statistic),
        "degrees_of_freedom": float(test.df),
        "p_value": float(test.pvalue),
    }


def penalty(settings):
    """As the paper words it: t = sqrt(n) mean / deviation against Student's 97.5 % point."""
    count = len(settings[0])
    matrix = np.zeros((count, count))
    for curves in settings:
        for i in range(count):
            for j in range(count):
                if i == j or not len(curves[i]) or not len(curves[j]):
                    continue
                difference = np.subtract(curves[i], curves[j])  # [seed, budget]
                seeds, budgets = difference.shape
                t = np.sqrt(seeds) * difference.mean(axis=0) / difference.std(axis=0, ddof=1)
                matrix[i, j] += np.count_nonzero(t > stats.t.ppf(0.975, seeds - 1)) / budgets
    return matrix


def main():
    rng = np.random.default_rng(7)
    cases = [
        # The released code's Figure 1, seeds 1 2 3: LHD and CONF.
        paired_case([0.792, 0.829, 0.866], [0.702, 0.624, 0.728]),
        paired_case([0.5, 0.75], [0.25, 0.625]),
        # A p-value of about 1e-17: the far tail.
        paired_case(rng.normal(0.84, 0.01, 20), rng.normal(0.55, 0.01, 20)),
    ]
    for pairs in (5, 10, 40):
        cases.append(paired_case(rng.normal(0.7, 0.1, pairs), rng.normal(0.68, 0.1, pairs)))

    families = [[0.01, 0.04, 0.03, 0.005], [0.2, 0.2, 0.9], [0.5], rng.uniform(0, 0.2, 7).tolist()]
    x = np.cumsum(rng.uniform(0.5, 3, 9))
    y = rng.uniform(0.2, 0.9, 9)
    # Two settings of five seeds; of the second strategy 3 has no runs.
    first = [rng.normal(level, 0.03, (5, 6)) for level in (0.50, 0.53, 0.55, 0.51)]
    second = [rng.normal(level, 0.03, (5, 10)) for level in (0.60, 0.55, 0.61)] + [np.empty((0, 0))]
    write_golden(
        __file__,
        "statistics.json",
        {
            "paired_t_tests": cases,
            "holm": [{"p_values": family, "adjusted": holm(family)} for family in families],
            "mean_height": {"x": x, "y": y, "height": float(np.trapezoid(y, x) / (x[-1] - x[0]))},
            "penalty": {"settings": [first, second], "matrix": penalty([first, second])},
        },
    )


if __name__ == "__main__":
    main()
