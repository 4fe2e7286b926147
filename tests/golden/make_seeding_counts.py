"""seeding_counts.json: how often each row is the first, second, ... fiftieth choice of k-means++ seeding.

What: 60 rows in the spaces of BADGE and of LHD, and counts [50, 60] over 20,000 repeats of drawing 50.
Why: strategies_small.json has exact chances of three choices; with fifty, weights of the rejection method
are stale, and are made exact again, many times.
How: draws in NumPy from the definition (strategies_numpy.squared_distances of formed vectors), all repeats
at once. Two thirds of the rows lie in tight clusters, so that many weights fall by orders of magnitude.
Versions: in "made_with" of the file.
"""
import numpy as np
from golden_json import write_golden
from strategies_numpy import badge_embeddings, lhd_parts, probabilities, squared_distances

ROWS, CHOSEN, REPEATS = 60, 50, 20_000


def clustered(rng, columns, scale):
    centres = rng.normal(0, 2, (4, columns))
    x = centres[rng.integers(0, 4, ROWS)] + rng.normal(0, scale, (ROWS, columns))
    x[: ROWS // 3] = rng.normal(0, 2, (ROWS // 3, columns))
    return np.float32(x)


def counts(rng, vectors):
    distances = squared_distances(vectors, vectors)
    repeats = np.arange(REPEATS)
    pick = np.full(REPEATS, (vectors**2).sum(axis=1).argmax())
    nearest = np.full((REPEATS, ROWS), np.inf)
    result = np.zeros((CHOSEN, ROWS), dtype=np.int64)
    for t in range(CHOSEN):
        if t > 0:
            running = nearest.cumsum(axis=1)
            target = rng.random(REPEATS) * running[:, -1]
            pick = (running > target[:, None]).argmax(axis=1)
        result[t] = np.bincount(pick, minlength=ROWS)
        nearest = np.minimum(nearest, distances[pick])
        nearest[repeats, pick] = 0
    return result


def main():
    rng = np.random.default_rng(3)
    logits, features = clustered(rng, 4, 0.02), clustered(rng, 6, 0.02)
    p = probabilities(logits)
    badge = {"probabilities": p, "features": features, "counts": counts(rng, badge_embeddings(p, features))}
    lh = np.float32(lhd_parts(clustered(rng, 4, 0.05), clustered(rng, 4, 0.05), features, clustered(rng, 6, 0.05))["lh"])
    lhd = {"vectors": lh, "counts": counts(rng, np.float64(lh))}
    write_golden(__file__, "seeding_counts.json", {"repeats": REPEATS, "badge": badge, "lhd": lhd})


if __name__ == "__main__":
    main()
