#!/usr/bin/env python3
"""CIFAR-10, SVHN and MNIST as `moonpool data export` gives them, byte for byte against NumPy's and SciPy's reading.

    check_data.py DATA_DIR [--moonpool PROGRAM]

DATA_DIR holds cifar-10-batches-bin/, svhn/train_32x32.mat and mnist/t10k-*-ubyte.gz. The test files that SVHN and the
training files that MNIST lack there are replaced by what there is: it is one reader. Exit status 1 at a difference.
Needs the Python environment of tests/golden/requirements.txt.
"""
import argparse
import gzip
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.io import loadmat

root = pathlib.Path(__file__).resolve().parents[2]


def export(args, scratch, dataset, folder, part):
    """Images and labels of a part of a data set, as the program writes them."""
    images, labels = scratch / "x.npy", scratch / "y.npy"
    command = [args.moonpool, "data", "export", "--dataset", dataset, "--data-dir", folder, "--part", part, "--images",
               images, "--labels", labels]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}: status {done.returncode}: {done.stderr.strip()}")
    return np.load(images), np.load(labels)


def compare(what, ours, images, labels):
    if ours[0].dtype != np.uint8 or ours[0].shape != images.shape:
        sys.exit(f"{what}: {ours[0].dtype} {ours[0].shape}; expected uint8 {images.shape}")
    pixels = np.count_nonzero(ours[0] != images)
    wrong = np.count_nonzero(ours[1] != labels)
    print(f"{what}: {len(labels)} images, {pixels} bytes and {wrong} labels differ")
    if pixels or wrong:
        sys.exit(1)


def cifar(folder, names):
    rows = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]


def gunzipped(path, header):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def linked(folder, links):
    folder.mkdir()
    for name, target in links.items():
        (folder / name).symlink_to(target.resolve())
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=pathlib.Path)
    parser.add_argument("--moonpool", default=root / "build/release/bin/moonpool", type=pathlib.Path)
    args = parser.parse_args()
    data = args.data_dir
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        batches = data / "cifar-10-batches-bin"
        compare("CIFAR-10 train", export(args, scratch, "cifar10", data, "train"),
                *cifar(batches, [f"data_batch_{i}.bin" for i in range(1, 6)]))
        compare("CIFAR-10 test", export(args, scratch, "cifar10", data, "test"), *cifar(batches, ["test_batch.bin"]))

        file = data / "svhn/train_32x32.mat"
        svhn = linked(scratch / "svhn", {"train_32x32.mat": file, "test_32x32.mat": file})
        mat = loadmat(file)
        digits = mat["y"].reshape(-1).astype(int)  # 1 to 9, and 10 for the digit 0
        compare("SVHN", export(args, scratch, "svhn", svhn, "train"), mat["X"].transpose(3, 0, 1, 2), digits % 10)
        print(f"SVHN: {np.count_nonzero(digits == 10)} images of the digit 0, label 10 in the file, are class 0")

        t10k = {kind: data / f"mnist/t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")}
        mnist = linked(scratch / "mnist", {f"{split}-{kind}-ubyte.gz": file for kind, file in t10k.items()
                                           for split in ("train", "t10k")})
        grey = gunzipped(t10k["images-idx3"], 16).reshape(-1, 28, 28, 1)
        compare("MNIST test", export(args, scratch, "mnist", mnist, "test"), np.repeat(grey, 3, axis=3),
                gunzipped(t10k["labels-idx1"], 8))


if __name__ == "__main__":
    main()
