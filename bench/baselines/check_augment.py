"""Compares `moonpool augment` with the installed Pillow, byte for byte, at full size.

    .venv/bin/python bench/baselines/check_augment.py --moonpool build/cpu/bin/moonpool --data-dir DIR

DIR holds cifar-10-batches-bin and mnist. Every operation at 25 magnitudes on the 10,000 test images of
CIFAR-10 and on a few hundred images of other sizes; then chains of four drawn operations, with Cutout,
on the 50,000 training images, replayed from what the program says it drew. Writes a JSON with counts.
"""

import argparse
import collections
import gzip
import json
import pathlib
import platform
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
import PIL

from pillow_operations import OPERATIONS, image_of, magnitudes


def cifar10(folder, names):
    records = [np.fromfile(folder / "cifar-10-batches-bin" / name, np.uint8) for name in names]
    pixels = np.concatenate(records).reshape(-1, 3073)[:, 1:]
    return np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def mnist(folder):
    with gzip.open(folder / "mnist" / "t10k-images-idx3-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)


def resized(images, height, width):
    return np.stack([np.asarray(image_of(a).resize((width, height))) for a in images])


class Checker:
    def __init__(self, moonpool, device, operations=None):
        self.moonpool, self.device, self.chosen = moonpool, device, operations
        self.holder = tempfile.TemporaryDirectory(prefix="check_augment")
        self.folder = pathlib.Path(self.holder.name)
        self.compared = collections.Counter()
        self.different = collections.Counter()
        self.examples = []

    def run(self, images, *options):
        np.save(self.folder / "in.npy", images)
        command = [self.moonpool, "augment", "--in", str(self.folder / "in.npy"), "--out",
                   str(self.folder / "out.npy"), "--device", self.device, *map(str, options)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
        return np.load(self.folder / "out.npy")

    def compare(self, what, ours, expected, label):
        wrong = np.flatnonzero((ours != expected).reshape(len(ours), -1).any(axis=1))
        self.compared[what] += len(ours)
        self.different[what] += len(wrong)
        if len(wrong) and len(self.examples) < 20:
            self.examples.append(f"{label}: {len(wrong)} images differ, the first {wrong[0]}")
            print(self.examples[-1], flush=True)

    def operations(self, what, images, count, randomness):
        pictures = [image_of(array) for array in images]
        for name, operation in OPERATIONS.items():
            if self.chosen and name not in self.chosen:
                continue
            for magnitude in magnitudes(name, count, randomness):
                part = name if name in ("identity", "autocontrast", "equalize") else (
                    f"{name}:{magnitude!r}")
                ours = self.run(images, "--ops", part)
                expected = np.stack(
                    [np.asarray(operation(picture, magnitude)) for picture in pictures])
                self.compare(what, ours, expected, f"{what} {part}")
            print(f"{what}: {name} done", flush=True)

    def chains(self, what, images, options):
        record = self.folder / "record.jsonl"
        ours = self.run(images, "--policy", "randaugment", "--record", record, *options)
        expected = []
        with open(record) as lines:
            for array, line in zip(images, lines, strict=True):
                draw = json.loads(line)
                picture = image_of(array[:, ::-1].copy() if draw["flip"] else array)
                for name, magnitude in draw["operations"]:
                    picture = OPERATIONS[name](picture, magnitude)
                result = np.array(picture)
                top, bottom, left, right = draw["hole"]
                result[top:bottom, left:right] = 0
                expected.append(result)
        self.compare(what, ours, np.stack(expected), what)
        print(f"{what}: done", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--moonpool", required=True)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=10000, help="of the test images [10000]")
    parser.add_argument("--chains", type=int, default=50000, help="of the training images [50000]")
    parser.add_argument("--magnitudes", type=int, default=25)
    parser.add_argument("--operations", nargs="+", help="these alone [all]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    started = time.time()
    checker = Checker(arguments.moonpool, arguments.device, arguments.operations)
    randomness = random.Random(arguments.seed)
    test = cifar10(arguments.data_dir, ["test_batch.bin"])
    train = cifar10(arguments.data_dir, [f"data_batch_{i}.bin" for i in range(1, 6)])
    few = test[:200]
    # First what is quick, so that a mistake is seen soon.
    shapes = {"28 x 28 grey (MNIST)": mnist(arguments.data_dir)[:500],
              "17 x 31": resized(few, 17, 31), "64 x 48": resized(few, 64, 48),
              "31 x 17 grey": resized(few[..., 0], 31, 17), "2 x 5": resized(few, 2, 5),
              "3 x 3": resized(few, 3, 3), "1 x 1": resized(few, 1, 1),
              "flat": np.repeat(np.uint8([0, 7, 255]), 3072).reshape(3, 32, 32, 3)}
    chains = train[: arguments.chains]
    checker.chains("chains of four", chains, ["--n", 4, "--cutout", 0, "--seed", arguments.seed])
    checker.chains("chains of four, Cutout 16", chains[:10000],
                   ["--n", 4, "--cutout", 16, "--seed", arguments.seed + 1])
    checker.chains("flip, four, random Cutout", chains[:10000],
                   ["--flip", "--random-cutout-length", "--seed", arguments.seed + 2])
    for what, images in shapes.items():
        checker.operations(what, images, arguments.magnitudes, randomness)
    checker.operations("32 x 32 (CIFAR-10 test)", test[: arguments.images], arguments.magnitudes,
                       randomness)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                            cwd=pathlib.Path(__file__).parent).stdout.strip()
    result = {"pillow": PIL.__version__, "machine": platform.machine(), "device": arguments.device,
              "commit": commit, "command": " ".join(["bench/baselines/check_augment.py", *sys.argv[1:]]),
              "date": time.strftime("%Y-%m-%d", time.gmtime(started)),
              "magnitudes": arguments.magnitudes, "seconds": round(time.time() - started),
              "compared_images": dict(checker.compared),
              "different_images": {what: checker.different[what] for what in checker.compared}}
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(1 if sum(checker.different.values()) else 0)


if __name__ == "__main__":
    main()
