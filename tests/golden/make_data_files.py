#!/usr/bin/env python3
"""Small files as other people's software writes them, and what that software reads from them.

    make_data_files.py                   writes tests/golden/data/
    make_data_files.py DATA_DIR MNIST    also prints digests of the real data sets (data_digests.txt)

Pictures are written, read and resized by Pillow, .mat files by SciPy, .npy files by NumPy.
"""
import hashlib
import gzip
import pathlib
import sys

import numpy as np
import scipy.io
from PIL import Image

here = pathlib.Path(__file__).resolve().parent
out = here / "data"


def picture(width, height, seed):
    """Waves, so that JPEG has something to keep and resizing something to average."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(seed)
    waves = [np.sin(x * rng.uniform(0.05, 0.6) + y * rng.uniform(0.05, 0.6) + rng.uniform(0, 6))
             for _ in range(3)]
    return Image.fromarray((127.5 + 127 * np.stack(waves, -1)).astype(np.uint8), "RGB")


def pictures():
    small, large = picture(20, 14, 1), picture(90, 61, 2)
    alpha = small.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(small.size))
    files = {
        "rgb.png": (small, {}),
        "grey.png": (small.convert("L"), {}),
        "bits.png": (small.convert("1"), {}),
        "palette.png": (small.quantize(32), {}),
        "alpha.png": (alpha, {}),
        "large.png": (large, {}),
        "baseline.jpg": (large, {"quality": 90}),
        "full_chroma.jpg": (large, {"quality": 95, "subsampling": 0}),
        "progressive.jpg": (large, {"quality": 80, "progressive": True}),
        "grey.jpg": (large.convert("L"), {"quality": 90}),
        "cmyk.jpg": (small.convert("CMYK"), {}),
    }
    for name, (image, options) in files.items():
        image.save(out / name, **options)
        if name == "cmyk.jpg":
            continue
        read = Image.open(out / name).convert("RGB")
        np.save(out / f"{name}.pixels.npy", np.asarray(read))
        for width, height in ((32, 32), (7, 50)):
            resized = read.resize((width, height), Image.Resampling.BILINEAR)
            np.save(out / f"{name}.{width}x{height}.npy", np.asarray(resized))


def mat_files():
    n = 3
    h, w, c, i = np.indices((32, 32, 3, n))
    images = ((h * 7 + w * 13 + c * 67 + i * 101) % 256).astype(np.uint8)
    labels = np.array([[10], [1], [9]])
    scipy.io.savemat(out / "bytes.mat", {"X": images, "y": labels.astype(np.uint8)},
                     do_compression=True)
    # As MATLAB itself writes them: labels are doubles; and other variables lie around.
    scipy.io.savemat(out / "doubles.mat",
                     {"note": "text", "cells": np.array([[1, "a"]], dtype=object), "X": images,
                      "z": np.array([[1 + 2j]]), "y": labels.astype(np.float64)},
                     do_compression=True)
    scipy.io.savemat(out / "plain.mat", {"y": labels.astype(np.int32)[:1], "X": images[..., 0]},
                     do_compression=False)


def digest(array):
    return hashlib.md5(np.ascontiguousarray(array).tobytes()).hexdigest()


def real(data_dir, mnist):
    folder = data_dir / "cifar-10-batches-bin"
    for split, names in (("train", [f"data_batch_{i}.bin" for i in range(1, 6)]),
                         ("test", ["test_batch.bin"])):
        rows = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073)
                               for name in names])
        images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        yield f"cifar10_{split}_images", images
        yield f"cifar10_{split}_labels", rows[:, 0].astype(np.int32)
    mat = scipy.io.loadmat(data_dir / "svhn" / "train_32x32.mat")
    yield "svhn_train_images", mat["X"].transpose(3, 0, 1, 2)
    yield "svhn_train_labels", (mat["y"].reshape(-1) % 10).astype(np.int32)
    raw = np.frombuffer(gzip.decompress((mnist / "t10k-images-idx3-ubyte.gz").read_bytes())[16:],
                        np.uint8).reshape(-1, 28, 28, 1)
    yield "mnist_test_images", np.repeat(raw, 3, 3)
    yield "mnist_test_labels", np.frombuffer(
        gzip.decompress((mnist / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:],
        np.uint8).astype(np.int32)


if __name__ == "__main__":
    out.mkdir(exist_ok=True)
    pictures()
    mat_files()
    if len(sys.argv) == 3:
        lines = [f"{name} {digest(array)} {len(array)}"
                 for name, array in real(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))]
        (here / "data_digests.txt").write_text("\n".join(lines) + "\n")
