"""k_centre.json: what k-centre greedy chooses among up to 20,000 rows, 20 random inputs and 5 degenerate.

What: for each case the sizes, the recipe of the inputs, and the choices in order.
Why: strategies_small.json is small enough to print its inputs, and too small for leaders, bounds and
blocks of rows (kernels/seeding/k_centre_lazy.h) to matter.
How: strategies_numpy.k_center_greedy over scikit-learn's pairwise distances in float64. Inputs are not
stored: number i of case `seed` is made of SplitMix64(seed * 2^32 + i), whose four 16-bit parts are added
up, less 131070, over 32768; all of it exact in float32, so that C++ makes the same numbers. Then, by
`recipe`: "plain" nothing; "relu" negative numbers become 0; "equal" all rows are row 0; "copies" row i is
row i mod 37; "grid" whole numbers -1, 0, 1 (many ties); "far" 1000 is added (||x||^2 - 2 x.c + ||c||^2
would lose what distinguishes rows) ; "labelled" the labelled rows are candidates and all are chosen.
Labelled rows follow the candidates. Random inputs have no two distances of a step within 1e-12 of each
other, relatively.
Versions: in "made_with" of the file.
"""
import numpy as np
from golden_json import write_golden
from strategies_numpy import k_center_greedy


def numbers(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed << 32) + np.arange(count, dtype=np.uint64)
        z += np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    parts = z.view(np.uint16).reshape(count, 4).astype(np.int64)  # little-endian
    return ((parts.sum(axis=1) - 131070) / 32768).astype(np.float32)


def rows_of(seed, rows, width, recipe):
    x = numbers(seed, rows * width).reshape(rows, width)
    if recipe == "relu":
        x = np.maximum(x, np.float32(0))
    elif recipe == "equal":
        x[:] = x[0]
    elif recipe == "copies":
        x = x[np.arange(rows) % 37]
    elif recipe == "grid":
        x = np.clip(np.round(x), -1, 1)
    elif recipe == "far":
        x = x + np.float32(1000)
    return x


def case(seed, rows, width, labelled, k, recipe):
    if recipe == "labelled":
        candidates = rows_of(seed, rows, width, recipe)
        centres = candidates[:labelled]
    else:
        x = rows_of(seed, rows + labelled, width, recipe)
        candidates, centres = x[:rows], x[rows:]
    result, gap = k_center_greedy(candidates, centres, k)
    if recipe in ("plain", "relu", "far") and gap < 1e-12:
        raise AssertionError(f"case {seed}: a gap of {gap}")
    return {"seed": seed, "rows": rows, "width": width, "labelled": labelled, "k": k, "recipe": recipe,
            "smallest_gap": gap, "chosen": result["chosen"]}


SIZES = [  # rows, width, labelled, k
    (300, 2, 1, 40), (1000, 3, 5, 100), (3000, 16, 40, 100), (5000, 128, 300, 60), (9000, 7, 20, 80),
    (12000, 64, 100, 60), (20000, 10, 50, 120), (20000, 33, 257, 60), (15000, 130, 64, 30), (20000, 4, 2, 150)]


def main():
    cases = []
    for i, (rows, width, labelled, k) in enumerate(SIZES):
        cases.append(case(2 * i + 1, rows, width, labelled, k, "plain"))
        cases.append(case(2 * i + 2, rows, width, labelled, k, "relu" if width > 4 else "plain"))
    cases += [case(101, 2500, 9, 2, 50, "equal"), case(102, 6000, 12, 3, 80, "copies"),
              case(103, 4000, 5, 4, 300, "grid"), case(104, 12000, 100, 30, 60, "far"),
              case(105, 700, 6, 100, 700, "labelled")]
    write_golden(__file__, "k_centre.json", {"cases": cases})


if __name__ == "__main__":
    main()
