#!/usr/bin/env python3
"""Errors of Winograd's F(4x4, 3x3) in float32 by the points at which it evaluates, beside those of plain sums.

    bench/baselines/winograd_errors.py [--out FILE.json [--moonpool build/release/bin/moonpool]]

64 channels, 400 tiles, rectified normal images, He-initialised filters; sums over channels one after the other. The
root mean square of the error, in units of that of the result in float64: of the outputs, and of the filter's gradient.
"""
import itertools
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
from options import Parser  # noqa: E402
from provenance import describe, packages, write_json  # noqa: E402

CHANNELS, TILES = 64, 400
SMALL = (0.25, 0.375, 0.5, 0.5625, 0.625, 0.6875, 0.75, 0.875, 1)
LARGE = (1.25, 1.375, 1.5, 1.625, 1.75, 2)


def matrices(a, b):
    """B^T, A^T and G for the points 0, a, -a, b, -b and infinity (kernels/winograd/transforms.h)."""
    a2, b2 = a * a, b * b
    data = np.array([[a2 * b2, 0, -(a2 + b2), 0, 1, 0], [0, -a * b2, -b2, a, 1, 0], [0, a * b2, -b2, -a, 1, 0],
                     [0, -a2 * b, -a2, b, 1, 0], [0, a2 * b, -a2, -b, 1, 0], [0, a2 * b2, 0, -(a2 + b2), 0, 1]])
    output = np.array([[1, 1, 1, 1, 1, 0], [0, a, -a, b, -b, 0], [0, a2, a2, b2, b2, 0], [0, a**3, -a**3, b**3, -b**3, 1]])
    at = {a: 2 * a2 * (a2 - b2), b: 2 * b2 * (b2 - a2)}
    rows = [[1 / at[abs(p)], p / at[abs(p)], p * p / at[abs(p)]] for p in (a, -a, b, -b)]
    filters = np.array([[1 / (a2 * b2), 0, 0], *rows, [0, 0, 1]])
    return [m.astype(np.float32) for m in (data, output, filters)]


def both_sides(matrix, squares):
    return np.matmul(np.matmul(matrix, squares), matrix.T)


def taps():
    return itertools.product(range(3), range(3))


def sums(x, w, dy, kind):
    """Outputs and the gradient of the filters by plain sums in that precision, one after the other."""
    out, gradient = np.zeros((TILES, 4, 4), kind), np.zeros((CHANNELS, 3, 3), kind)
    for c in range(CHANNELS):
        for r, s in taps():
            out += x[:, c, r:r + 4, s:s + 4] * w[c, r, s]
    for n in range(TILES):
        for r, s in taps():
            for i, j in itertools.product(range(4), range(4)):
                gradient[:, r, s] += x[n, :, r + i, s + j] * dy[n, i, j]
    return out, gradient


def winograd(x, w, dy, a, b):
    data, output, filters = matrices(a, b)
    patches, spectra, gradients = both_sides(data, x), both_sides(filters, w), both_sides(output.T, dy)
    products = np.zeros((TILES, 6, 6), np.float32)
    for c in range(CHANNELS):
        products += patches[:, c] * spectra[c]
    of_filter = np.zeros((CHANNELS, 6, 6), np.float32)
    for n in range(TILES):
        of_filter += patches[n] * gradients[n]
    return both_sides(output, products), both_sides(filters.T, of_filter)


def errors(found, expected):
    return [float(np.sqrt(np.mean((f - e) ** 2) / np.mean(e ** 2))) for f, e in zip(found, expected)]


def main():
    parser = Parser("winograd_errors", __doc__)
    parser.add_argument("--moonpool", default="moonpool", help="a program, for its version in the file")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    random = np.random.default_rng(0)
    x = np.maximum(random.standard_normal((TILES, CHANNELS, 6, 6)), 0).astype(np.float32)
    w = (random.standard_normal((CHANNELS, 3, 3)) * np.sqrt(2 / (9 * CHANNELS))).astype(np.float32)
    dy = random.standard_normal((TILES, 4, 4)).astype(np.float32)
    exact = sums(*(v.astype(np.float64) for v in (x, w, dy)), np.float64)
    rows = [["plain sums", *errors(sums(x, w, dy, np.float32), exact)]]
    found = [[f"±{a}, ±{b}", *errors(winograd(x, w, dy, a, b), exact)] for a in SMALL for b in LARGE]
    rows += sorted(found, key=lambda row: row[1] + row[2])
    for name, output, gradient in rows:
        print(f"{name:16} outputs {output:.2e}  gradient {gradient:.2e}")
    if args.out is not None:
        write_json(args.out, {"what": "Errors of F(4x4, 3x3) in float32 by its points, relative, root mean square",
                              **describe("cpu", args.moonpool, packages(sys.executable), "winograd_errors.py --out FILE"),
                              "rows": [dict(zip(("points", "outputs", "filter_gradient"), row)) for row in rows]})


if __name__ == "__main__":
    main()
