#!/usr/bin/env python3
"""An example: arrays from a PyTorch classifier to `moonpool select`, and the chosen rows back.

    select_from_pytorch.py [--strategy BADGE] [--query 100] [--moonpool PROGRAM]

A small network is trained for a moment on made-up data with an average of its weights (EMA) beside it.
What it says of the pool is written as .npy files: features and probabilities of both, and of ten passes
with dropout. Large arrays may be float16 (`.half()`) or bfloat16 (`.bfloat16().view(torch.int16)`, NumPy
having no such type).
"""
import argparse
import copy
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

root = pathlib.Path(__file__).resolve().parent.parent.parent


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.ReLU())
        self.dropout = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(64, 4)

    def forward(self, x):
        features = self.body(x)  # what the last layer sees
        return features, self.head(self.dropout(features))


def train(x, y):
    model = Net()
    ema = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x)[1], y).backward()
        optimizer.step()
        with torch.no_grad():
            for average, now in zip(ema.parameters(), model.parameters()):
                average.lerp_(now, 0.01)
    return model, ema


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategy", default="BADGE")
    parser.add_argument("--query", type=int, default=100)
    parser.add_argument("--moonpool", default=str(root / "build/release/bin/moonpool"))
    args = parser.parse_args()
    torch.manual_seed(1)
    pool, labelled = torch.randn(5000, 20), torch.randn(200, 20)
    with torch.enable_grad():
        model, ema = train(labelled, labelled[:, :4].argmax(dim=1))
    arrays = {}
    for prefix, network in (("", model.eval()), ("ema-", ema.eval())):
        features, logits = network(pool)
        arrays[prefix + "features"] = features
        arrays[prefix + "probabilities"] = logits.softmax(dim=1)
    arrays["labelled-features"] = model(labelled)[0]
    model.train()  # dropout on
    arrays["mc-probabilities"] = torch.stack([model(pool)[1].softmax(dim=1) for _ in range(10)])
    uses = {
        "RAND": ["features"], "CONF": ["probabilities"], "MARG": ["probabilities"], "ENTROPY": ["probabilities"],
        "BALD": ["mc-probabilities"], "CORESET": ["features", "labelled-features"],
        "BADGE": ["probabilities", "features"],
        "LHD": ["probabilities", "features", "ema-probabilities", "ema-features"],
    }[args.strategy]
    with tempfile.TemporaryDirectory() as folder:
        command = [args.moonpool, "select", "--strategy", args.strategy, "--query", str(args.query),
                   "--out", f"{folder}/indices.npy"]
        for name in uses:
            np.save(f"{folder}/{name}.npy", arrays[name].numpy())
            command += [f"--{name}", f"{folder}/{name}.npy"]
        subprocess.run(command, check=True)
        chosen = torch.from_numpy(np.load(f"{folder}/indices.npy"))
    print("to be labelled next:", pool[chosen].shape, "rows", chosen[:8].tolist(), "...")


if __name__ == "__main__":
    main()
