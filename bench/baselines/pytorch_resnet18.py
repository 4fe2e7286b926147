#!/usr/bin/env python3
"""ResNet18 at width 16 in PyTorch on the CPU, one way of running it: prints images/s as JSON.

    pytorch_resnet18.py '{"task": "step", "precision": "bf16", "cast": "autocast", "layout": "channels_last",
                          "run": "compile", "optimizer": "fused"}' [--threads 2] [--seconds 4]

task       step: forward, cross-entropy, backward, Adam, EMA update, and the EMA model's forward in training mode
           on the same batch, batch 64; inference: logits of 1,024 images by batches of 256; memory: the most bytes
           that PyTorch's allocator held during a step beyond what it held before
precision  fp32, bf16
cast       of bf16: autocast (float32 parameters), or full (everything is bfloat16, the parameters, too)
layout     contiguous, channels_last
run        eager; compile (torch.compile of the networks); compile_all (of Adam and the EMA update, too);
           for inference also frozen (torch.compile with weights as constants) and mkldnn (blocked layouts)
optimizer  foreach, fused

What helps PyTorch is done for it: images are already float tensors in the right layout (Moonpool's step gathers and
normalises them), the update of the EMA is one _foreach_lerp_, subnormal numbers are flushed, gradients are set
to None. Times are the median of seven stretches after a warm-up.
"""
import argparse
import contextlib
import json
import pathlib
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/golden"))
from golden_networks import ResNet18, make_images, normalised, set_weights  # noqa: E402

DECAY = 0.999
STRETCHES = 7


class Setup:
    """Networks, images and the context of one variant."""

    def __init__(self, variant, width):
        self.variant = variant
        self.format = torch.channels_last if variant["layout"] == "channels_last" else torch.contiguous_format
        self.full = variant["precision"] == "bf16" and variant["cast"] == "full"
        self.autocast = variant["precision"] == "bf16" and variant["cast"] == "autocast"
        self.width = width

    def network(self):
        network = ResNet18(self.width)
        set_weights(network, 1)
        return network.to(dtype=torch.bfloat16 if self.full else torch.float32, memory_format=self.format)

    def images(self, batch):
        x = normalised(make_images(1, batch))
        return x.to(dtype=torch.bfloat16 if self.full else torch.float32, memory_format=self.format)

    def context(self):
        return torch.autocast("cpu", dtype=torch.bfloat16) if self.autocast else contextlib.nullcontext()


def make_step(setup, batch=64):
    """A function that runs one training step; how many images that is; a function that drops all gradients."""
    variant = setup.variant
    model, ema = setup.network().train(), setup.network().train()
    parameters, averages = list(model.parameters()), list(ema.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-4, **{variant["optimizer"]: True})
    x, labels = setup.images(batch), torch.arange(batch) % 10

    def loss_of(images, targets):
        with setup.context():
            return torch.nn.functional.cross_entropy(model(images), targets)

    def ema_forward(images):
        with torch.no_grad(), setup.context():
            return ema(images)

    def update():
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, parameters, 1 - DECAY)

    if variant["run"] != "eager":
        loss_of, ema_forward = torch.compile(loss_of), torch.compile(ema_forward)
    if variant["run"] == "compile_all":
        update = torch.compile(update)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(x, labels).backward()
        update()
        ema_forward(x)

    return step, batch, lambda: optimizer.zero_grad(set_to_none=True)


def make_inference(setup, batch=256, batches=4):
    variant = setup.variant
    model = setup.network().eval()
    inputs = [setup.images(batch) for _ in range(batches)]
    if variant["run"] == "mkldnn":
        from torch.utils import mkldnn  # not imported by torch
        model = mkldnn.to_mkldnn(model, torch.bfloat16 if setup.full else torch.float)
        inputs = [x.float().to_mkldnn(torch.bfloat16 if setup.full else torch.float) for x in inputs]
    elif variant["run"] == "frozen":
        model = torch.compile(model, options={"freezing": True})
    elif variant["run"] == "compile":
        model = torch.compile(model)

    def run():
        with torch.no_grad(), setup.context():
            for x in inputs:
                model(x)

    return run, batch * batches


def images_per_second(run, images, seconds):
    begin = time.perf_counter()
    for _ in range(3):
        run()
    while time.perf_counter() - begin < seconds / 4:
        run()
    begin = time.perf_counter()
    run()
    repeats = max(1, round(seconds / STRETCHES / (time.perf_counter() - begin)))
    rates = []
    for _ in range(STRETCHES):
        begin = time.perf_counter()
        for _ in range(repeats):
            run()
        rates.append(images * repeats / (time.perf_counter() - begin))
    return statistics.median(rates)


def peak_bytes(run, forget_gradients):
    """Allocations less releases, at their highest, of one step after the first ones."""
    for _ in range(3):
        run()
    forget_gradients()  # those of the last step would count as a release
    with torch.profiler.profile(profile_memory=True) as profile:
        run()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    held, peak = 0, 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variant", type=json.loads)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    setup = Setup(args.variant, args.width)
    make = make_inference if args.variant["task"] == "inference" else make_step
    run, images, *forget_gradients = make(setup)
    if args.variant["task"] == "memory":
        print(json.dumps({"peak_bytes": peak_bytes(run, *forget_gradients)}))
    else:
        print(json.dumps({"images_per_second": images_per_second(run, images, args.seconds)}))


if __name__ == "__main__":
    main()
