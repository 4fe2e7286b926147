"""augment.json: RandAugment's operations as Pillow does them.

What: three small images (square, not square, grey), each of the fourteen operations at the ends of its
ranges, zero, right angles and a few between.
Why: ours have to be Pillow's byte for byte (kernels/augment). bench/baselines/check_augment.py compares
the same at full size.
Images come from a rule with smooth parts, flat parts and all extremes of a byte.
Versions: in "made_with" of the file, and "pillow".
"""

import pathlib
import random
import sys

import numpy as np
import PIL
from golden_json import write_golden

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "baselines"))
from pillow_operations import OPERATIONS, image_of, magnitudes  # noqa: E402


def image(shape, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    pixels[: shape[0] // 2] = pixels[: shape[0] // 2] // 4 + 60  # a dull half
    pixels[-1, :2] = [0] * pixels[-1, :2].shape[-1] if pixels.ndim == 3 else 0
    pixels[-1, -1] = 255
    return pixels


def case(shape, seed, count):
    pixels = image(shape, seed)
    picture = image_of(pixels)
    randomness = random.Random(seed)
    results = []
    for number, (name, operation) in enumerate(OPERATIONS.items()):
        for magnitude in magnitudes(name, count, randomness):
            results.append({"name": name, "operation": number, "magnitude": magnitude,
                            "pixels": np.asarray(operation(picture, magnitude)).reshape(-1)})
    return {"height": shape[0], "width": shape[1], "channels": shape[2] if len(shape) == 3 else 1,
            "pixels": pixels.reshape(-1), "results": results}


write_golden(__file__, "augment.json", {
    "pillow": PIL.__version__,
    "cases": [case((8, 8, 3), 1, 13), case((5, 9, 3), 2, 11), case((7, 6), 3, 11)],
})
