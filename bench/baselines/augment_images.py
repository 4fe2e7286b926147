#!/usr/bin/env python3
"""Four of RandAugment's operations, drawn anew for every image, then Cutout and normalisation, on one core.

    augment_images.py pillow|pillow-operations|torchvision [--images 1000] [--seed 1] [--moonpool PROGRAM]

pillow             Pillow's operations on PIL images, Cutout and normalisation with NumPy
pillow-operations  the operations alone, without making arrays of the results
torchvision        torchvision.transforms.v2.functional on uint8 tensors, Cutout and normalisation with PyTorch

Images of 32 x 32 x 3 as bench_augment.cpp draws them. Says how far torchvision's pixels are from Pillow's on average
after the operations, or in how many of some images Pillow's differ at all from those of PROGRAM, moonpool, and then
measures when it is asked (serve.py), in processor time of one thread.
"""
import argparse
import random
import time

import numpy as np

from check_augment import Checker
from pillow_operations import DRAWN, OPERATIONS, image_of
from serve import seconds_per_call, serve

MEAN = np.float32([0.4914, 0.4822, 0.4465])
DEVIATION = np.float32([0.2470, 0.2435, 0.2616])
SIDE = 32
CHECKED = 200  # images


def draw(randomness):
    calls = []
    for name in randomness.choices(list(OPERATIONS), k=4):
        low, high = DRAWN.get(name, (0, 0))
        calls.append((name, low + (high - low) * randomness.random()))
    return calls


def pictures(count):
    """Soft waves with grain, as photographs have."""
    place = np.arange(count * SIDE * SIDE * 3, dtype=np.float64)
    grain = np.random.default_rng(3).random(len(place)) - 0.5
    values = 128 + 70 * np.sin(place / 53) * np.cos(place / 1700) + 40 * grain
    return values.astype(np.uint8).reshape(count, SIDE, SIDE, 3)


def operated(picture, calls):
    for name, magnitude in calls:
        picture = OPERATIONS[name](picture, magnitude)
    return picture


class Pillow:
    def __init__(self, arrays, finish):
        self.images = [image_of(array) for array in arrays]
        self.finish = finish

    def __call__(self, calls):
        results = [operated(picture, of_it) for picture, of_it in zip(self.images, calls)]
        if not self.finish:
            return
        for picture in results:
            array = np.array(picture)
            array[8:24, 8:24] = 0
            (array.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION


class Torchvision:
    def __init__(self, arrays):
        import torch
        from torchvision.transforms.v2 import functional
        torch.set_num_threads(1)
        self.torch = torch
        self.images = [torch.from_numpy(array).permute(2, 0, 1).contiguous() for array in arrays]
        self.mean = torch.from_numpy(MEAN).view(3, 1, 1) * 255
        self.scale = 1 / (torch.from_numpy(DEVIATION).view(3, 1, 1) * 255)
        f = functional

        def affine(image, translate=(0, 0), shear=(0.0, 0.0)):
            return f.affine(image, angle=0.0, translate=list(translate), scale=1.0, shear=list(shear), center=[0, 0])

        degrees = lambda v: float(np.degrees(np.arctan(v)))  # noqa: E731
        self.operations = {
            "identity": lambda image, v: image,
            "autocontrast": lambda image, v: f.autocontrast(image),
            "equalize": lambda image, v: f.equalize(image),
            "rotate": lambda image, v: f.rotate(image, v),
            "solarize": lambda image, v: f.solarize(image, min(v, 255.0)),
            "color": lambda image, v: f.adjust_saturation(image, v),
            "contrast": lambda image, v: f.adjust_contrast(image, v),
            "brightness": lambda image, v: f.adjust_brightness(image, v),
            "sharpness": lambda image, v: f.adjust_sharpness(image, v),
            "shear_x": lambda image, v: affine(image, shear=(degrees(v), 0.0)),
            "shear_y": lambda image, v: affine(image, shear=(0.0, degrees(v))),
            "translate_x": lambda image, v: affine(image, translate=(-v * SIDE, 0)),
            "translate_y": lambda image, v: affine(image, translate=(0, -v * SIDE)),
            "posterize": lambda image, v: f.posterize(image, int(v)),
        }

    def operated(self, image, calls):
        for name, magnitude in calls:
            image = self.operations[name](image, magnitude)
        return image

    def __call__(self, calls):
        for image, of_it in zip(self.images, calls):
            result = self.operated(image, of_it).clone()
            result[:, 8:24, 8:24] = 0
            result.to(self.torch.float32).sub_(self.mean).mul_(self.scale)

    def difference(self, calls):
        """The mean over pixels of the distance to Pillow's."""
        total = 0.0
        for image, of_it in zip(self.images, calls):
            theirs = self.operated(image, of_it).permute(1, 2, 0).numpy().astype(np.int32)
            pillow = np.asarray(operated(image_of(image.permute(1, 2, 0).contiguous().numpy()), of_it))
            total += float(np.abs(theirs - pillow).mean())
        return total / len(self.images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=("pillow", "pillow-operations", "torchvision"))
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--moonpool", help="ours, whose pixels are compared with Pillow's")
    args = parser.parse_args()
    randomness = random.Random(args.seed)
    arrays = pictures(args.images)
    new_calls = lambda: [draw(randomness) for _ in arrays]  # noqa: E731
    facts = {}
    if args.way == "torchvision":
        work = Torchvision(arrays)
        facts["difference"] = work.difference(new_calls())
    else:
        work = Pillow(arrays, finish=args.way == "pillow")
        if args.moonpool:
            checker = Checker(args.moonpool, "cpu")
            checker.chains("chains", arrays[:CHECKED], ["--n", 4, "--cutout", 16, "--seed", 1])
            facts = {"checked": checker.compared["chains"], "different": checker.different["chains"]}
    work(new_calls())

    def measure(seconds):
        calls = new_calls()
        return {"rate": len(arrays) / seconds_per_call(lambda: work(calls), seconds, time.thread_time)}

    serve(facts, measure)


if __name__ == "__main__":
    main()
