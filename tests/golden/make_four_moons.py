#!/usr/bin/env python3
"""Writes four_moons.npy: every 97th point of each class of scikit-learn's make_moons, no noise.

    make_four_moons.py      needs numpy and scikit-learn

float64 [2, 31, 2]: class (0 the upper moon, 1 the lower), point, coordinate. 6,000 points as in
SPEC.md section 4, 3,000 of each class, in scikit-learn's own order.
"""
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import make_moons

points, labels = make_moons(6000, shuffle=False, noise=None)
golden = np.stack([points[labels == c][::97] for c in (0, 1)])
np.save(pathlib.Path(__file__).with_name("four_moons.npy"), golden)
print(f"scikit-learn {sklearn.__version__}: {golden.shape} {golden.dtype}")
