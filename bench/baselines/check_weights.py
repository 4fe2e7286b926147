#!/usr/bin/env python3
"""Weights travel both ways between PyTorch and `moonpool`, in safetensors files.

    check_weights.py [--moonpool PROGRAM] [--models resnet18:16 resnet18:64 vgg16] [--images N]

To Moonpool: a network's state dictionary with running statistics of its own is saved by the safetensors package;
`moonpool eval` computes logits and features of random images with it, and PyTorch does the same.
To PyTorch: `moonpool train` trains the network for an epoch; load_state_dict(strict=True) takes its weights, and
both sides' outputs are compared again. Prints the largest differences; exit status 1 if one is over 1e-4 of the
largest output, or where a file is refused. Needs the Python environment of tests/golden/requirements.txt.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file, save_file

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "tests/golden"))
from golden_networks import ResNet18, Vgg16, features_and_logits, make_images, normalised, set_weights  # noqa: E402

TOLERANCE = 1e-4
TRAIN_SIZE, BATCH = 160, 64  # three steps, the last one of 32 images


def build(model):
    return ResNet18(int(model.partition(":")[2])) if model.startswith("resnet18") else Vgg16()


def options(model):
    name, _, width = model.partition(":")
    return ["--model", name] + (["--width", width] if width else [])


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(part) for part in command)}: status {done.returncode}: {done.stderr.strip()}")


def with_statistics(model):
    """Weights by the rule of the golden files, and running statistics of three batches."""
    network = build(model)
    set_weights(network, 7)
    network.train()
    with torch.no_grad():
        for seed in (1, 2, 3):
            network(normalised(make_images(seed, 8)))
    return network.eval()


def compare(what, network, weights, folder, model, args):
    """PyTorch's outputs beside those of `moonpool eval`; whether they are the same."""
    images = make_images(99, args.images)
    np.save(folder / "x.npy", images)
    run(args.moonpool, "eval", *options(model), "--weights", weights, "--images", folder / "x.npy",
        "--logits-out", folder / "l.npy", "--features-out", folder / "h.npy", "--device", "cpu")
    with torch.no_grad():
        theirs = features_and_logits(network.eval(), normalised(images))
    good = True
    for name, expected, path in zip(("features", "logits"), theirs, ("h.npy", "l.npy")):
        expected, found = expected.numpy(), np.load(folder / path)
        if found.shape != expected.shape:
            print(f"{model} {what}: {name} have the shape {found.shape}, expected {expected.shape}")
            return False
        difference, largest = float(np.abs(found - expected).max()), float(np.abs(expected).max())
        good = good and difference <= TOLERANCE * largest  # false for NaN
        print(f"{model} {what}: {name} differ by {difference:.2e} at most, the largest is {largest:.3g}")
    return good


def to_moonpool(model, folder, args):
    network = with_statistics(model)
    save_file(network.state_dict(), folder / "theirs.safetensors", metadata={"format": "pt"})
    return compare("from PyTorch", network, folder / "theirs.safetensors", folder, model, args)


def to_pytorch(model, folder, args):
    run(args.moonpool, "train", "--dataset", "synth-digits", "--train-size", TRAIN_SIZE, "--test-size", 20,
        *options(model), "--epochs", 1, "--batch", BATCH, "--device", "cpu", "--out", folder / "run", "--overwrite")
    weights = folder / "run" / "model.safetensors"
    network = build(model)
    state = load_file(weights)
    network.load_state_dict(state, strict=True)
    steps = -(-TRAIN_SIZE // BATCH)
    for name, value in state.items():
        expected = network.state_dict()[name]
        if value.dtype != expected.dtype or not torch.isfinite(value.double()).all():
            print(f"{model} from moonpool: {name} holds {value.dtype}, expected finite {expected.dtype}")
            return False
        if name.endswith("num_batches_tracked") and int(value) != steps:
            print(f"{model} from moonpool: {name} is {int(value)}, expected {steps}")
            return False
    return compare("from moonpool", network, weights, folder, model, args)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moonpool", default=str(root / "build/release/bin/moonpool"))
    parser.add_argument("--models", nargs="+", default=["resnet18:16", "resnet18:64", "vgg16"])
    parser.add_argument("--images", type=int, default=40)
    args = parser.parse_args()
    good = True
    for model in args.models:
        with tempfile.TemporaryDirectory() as name:
            for check in (to_moonpool, to_pytorch):
                good = check(model, pathlib.Path(name), args) and good
    print("weights travel both ways" if good else "weights do not travel")
    sys.exit(not good)


if __name__ == "__main__":
    main()
