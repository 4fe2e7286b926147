#!/usr/bin/env python3
"""ResNet18 in PyTorch, one way of running it, on what a benchmark of Moonpool left in a folder (bench_folder.h).

    pytorch_resnet18.py '{"task": "step", "precision": "bf16", "cast": "autocast", "layout": "channels_last",
                          "run": "compile", "optimizer": "fused"}' --folder DIR [--width 16] [--batch 64]
                        [--device cpu]
    pytorch_resnet18.py --first-step [--width 16] [--batch 64] [--device cpu]

Starts from weights.safetensors and images.npy, says what it computed, and then measures when it is asked (serve.py).

task       step: forward, cross-entropy, backward, Adam, EMA update, and the EMA model's forward in training mode
           on the same batch; as many as there are batches of images, example i being image 7 i with label i. Says the
           mean losses of the first two epochs, and the rate of the second. inference: logits of all images by batches; says how far they are from
           logits.npy at most, and how large the largest is. memory: the most bytes that PyTorch's allocator held
           during a step beyond what it held before
precision  fp32, tf32, bf16
cast       of bf16: autocast (float32 parameters), or full (everything is bfloat16, the parameters, too)
layout     contiguous, channels_last
run        eager; compile (torch.compile of the networks); compile_all (of Adam and the EMA update, too);
           autotune (compile with mode="max-autotune", which takes CUDA graphs where there is CUDA);
           for inference also frozen (torch.compile with weights as constants);
           on CUDA also graph (compile, and everything captured as one CUDA graph)
optimizer  foreach, fused

What helps PyTorch is done for it: images are already float tensors in the right layout (Moonpool's step gathers and
normalises them), the update of the EMA is one _foreach_lerp_, subnormal numbers are flushed, gradients are set
to None.

--first-step runs one eager step of random images and ends: what a user waits for.
"""
import argparse
import contextlib
import json
import os
import pathlib
import sys
import time

import numpy as np
import torch

from serve import seconds_per_call, serve

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/golden"))
from golden_networks import ResNet18  # noqa: E402

DECAY = 0.999
LEARNING_RATE = 1e-3
EAGER = {"precision": "fp32", "cast": "none", "layout": "channels_last", "run": "eager", "optimizer": "fused"}


class Setup:
    """What a variant runs with."""

    def __init__(self, variant, args):
        self.variant = variant
        self.batch, self.width, self.device = args.batch, args.width, args.device
        self.folder = args.folder
        self.format = torch.channels_last if variant["layout"] == "channels_last" else torch.contiguous_format
        full = variant["precision"] == "bf16" and variant["cast"] == "full"
        self.dtype = torch.bfloat16 if full else torch.float32
        self.autocast = variant["precision"] == "bf16" and variant["cast"] == "autocast"
        if args.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = variant["precision"] == "tf32"
            torch.backends.cudnn.allow_tf32 = variant["precision"] == "tf32"
            torch.backends.cudnn.benchmark = True

    def network(self):
        network = ResNet18(self.width)
        if self.folder:
            from safetensors.torch import load_file
            network.load_state_dict(load_file(self.folder / "weights.safetensors"))
        return network.to(device=self.device, dtype=self.dtype, memory_format=self.format)

    def batches(self, order=None):
        """Float images, batch by batch, and their labels."""
        if self.folder:
            images = np.load(self.folder / "images.npy")
        else:
            images = np.random.default_rng(1).integers(0, 256, (self.batch, 32, 32, 3), np.uint8)
        count = len(images)
        if order is not None:
            images = images[order(count)]
        x = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32)
        x = ((x / 255 - 0.5) / 0.5).to(device=self.device, dtype=self.dtype).contiguous(memory_format=self.format)
        labels = (torch.arange(count) % 10).to(self.device)
        return list(zip(x.split(self.batch), labels.split(self.batch), strict=True))

    def context(self):
        return torch.autocast(self.device, dtype=torch.bfloat16) if self.autocast else contextlib.nullcontext()

    def compiled(self, function):
        run = self.variant["run"]
        if run == "eager":
            return function
        if run == "frozen":
            return torch.compile(function, options={"freezing": True})
        return torch.compile(function, mode="max-autotune" if run == "autotune" else None)

    def finish(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


def captured(step):
    """All that `step` does as one CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


class Training:
    """An epoch over all batches: run(); `losses` of the batches of the last one."""

    def __init__(self, setup):
        variant = setup.variant
        self.setup = setup
        model, ema = setup.network().train(), setup.network().train()
        parameters, averages = list(model.parameters()), list(ema.parameters())
        self.optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, capturable=variant["run"] == "graph",
                                          **{variant["optimizer"]: True})
        self.batches = setup.batches(lambda count: np.arange(count) * 7 % count)

        def loss_of(images, targets):
            with setup.context():
                return torch.nn.functional.cross_entropy(model(images), targets)

        def ema_forward(images):
            with torch.no_grad(), setup.context():
                return ema(images)

        def update():
            self.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, parameters, 1 - DECAY)

        self.loss_of, self.ema_forward = setup.compiled(loss_of), setup.compiled(ema_forward)
        self.update = torch.compile(update) if variant["run"] == "compile_all" else update
        self.losses = []
        self.epoch = self.all_steps

    def step(self, images, labels):
        if self.setup.variant["run"] == "autotune":
            torch.compiler.cudagraph_mark_step_begin()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss_of(images, labels)
        loss.backward()
        self.update()
        self.ema_forward(images)
        return loss.detach()

    def all_steps(self):
        self.losses = [self.step(*batch) for batch in self.batches]

    def run(self):
        self.epoch()
        self.setup.finish()

    def mean_loss(self):
        return sum(float(loss) for loss in self.losses) / len(self.losses)

    def facts(self):
        means = []
        for _ in range(2):
            start = time.perf_counter()
            self.losses = [self.step(*batch).clone() for batch in self.batches]
            means.append(self.mean_loss())
            seconds = time.perf_counter() - start
        if self.setup.variant["run"] == "graph":
            self.epoch = captured(self.all_steps)
        images = sum(len(labels) for _, labels in self.batches)
        return {"loss 1": means[0], "loss 2": means[1], "rate": images / seconds}

    def peak_bytes(self):
        """Allocations less releases, at their highest, of one step after the first ones."""
        for _ in range(3):
            self.run()
        self.optimizer.zero_grad(set_to_none=True)  # the last step's gradients would count as a release
        if self.setup.device == "cuda":
            before = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
            self.run()
            return torch.cuda.max_memory_allocated() - before
        with torch.profiler.profile(profile_memory=True) as profile:
            self.step(*self.batches[0])
        events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
        held, peak = 0, 0
        for event in sorted(events, key=lambda e: e.start_ns()):
            held += event.nbytes()
            peak = max(peak, held)
        return peak


class Inference:
    def __init__(self, setup):
        self.setup = setup
        self.model = setup.compiled(setup.network().eval())
        self.batches = setup.batches()

    def logits(self):
        with torch.no_grad(), self.setup.context():
            return [self.model(images).clone() for images, _ in self.batches]

    def run(self):
        with torch.no_grad(), self.setup.context():
            for images, _ in self.batches:
                self.model(images)
        self.setup.finish()

    def facts(self):
        expected = np.load(self.setup.folder / "logits.npy")
        logits = torch.cat(self.logits()).float().cpu().numpy()
        self.run()
        return {"difference": float(np.abs(logits - expected).max()), "largest": float(np.abs(expected).max())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variant", nargs="?", type=json.loads)
    parser.add_argument("--first-step", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    if not args.first_step and (args.variant is None or args.folder is None):
        parser.error("expected a variant and --folder, or --first-step")
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    if args.first_step:
        Training(Setup(EAGER, args)).run()
        return
    work = (Inference if args.variant["task"] == "inference" else Training)(Setup(args.variant, args))
    facts = work.facts()
    images = sum(len(labels) for _, labels in work.batches)
    if args.variant["task"] == "memory":
        facts["peak_bytes"] = work.peak_bytes()
    serve(facts, lambda seconds: {"rate": images / seconds_per_call(work.run, seconds)})


if __name__ == "__main__":
    main()
