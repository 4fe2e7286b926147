"""networks.json: ResNet18 at widths 16 and 64 and VGG16 in PyTorch: outputs, gradients, statistics, Adam.

Why: these are the networks of the paper; what the engine computes with them is held against PyTorch
here. Weights and images are not stored: both sides make them by the rules of golden_networks.py
(`set_weights`, `make_images`, `normalised`), words of Philox in the order of PyTorch's layouts.

Per network ("resnet18_16", "resnet18_64", "vgg16"):
  model, width, batch, weight_seed, image_seed, labels
  image_sum, image_start   sum of all pixels and the first 24 (uint8, [batch, 32, 32, 3]): the generator's check
  parameters   in order: name, shape (PyTorch's), centre, bound of the rule; "zero_gradient" where a
               batch norm follows a bias, whose gradient is rounding noise and nothing else
  state        every name of the state dictionary in its order, buffers included
  loss, logits, features   of one training-mode forward pass; loss is the mean cross-entropy
  gradients    of that loss; per parameter a digest
  statistics   running_mean and running_var after that one pass (momentum 0.1, from 0 and 1); digests
  evaluation_logits, evaluation_features   of the same images with those statistics, weights unchanged
  adam         learning_rate, and losses of 20 steps of torch.optim.Adam on the same batch from the
               same weights and fresh statistics (loss k is that before update k)
  float32_difference   how far PyTorch's own float32 is: logits, features and evaluation_logits absolute,
               gradients and statistics relative (largest over arrays, of the norm), adam relative
A digest is {norm, projection, at, values}: the Euclidean norm, the sum of g_i signed(w_i) with w the words of
RandomStream({0, kData, 1, 0}), and the elements at the flat indices `at` (PyTorch's layout).
All values were computed in float64 from the float32 weights and images.

A ReLU input near zero has a gradient in one arithmetic and none in another, and one such element moves
gradients by a percent. So the image seed is one whose smallest ReLU input (and smallest distance of two
candidates of a maximum) is large for its many elements; `make_networks.py search` is how it was found,
"smallest_relu_input" how large it is. The script refuses a seed where float32 and float64 part.
Learning rates: where float32 and float64 still agree after 20 steps. Adam's first steps are the sign
of the gradient, whatever its size, so higher rates blow up rounding errors.
Versions: in "made_with" of the file.
"""

import copy
import sys

import numpy as np
import torch
from golden_json import write_golden
from golden_networks import (DATA, ResNet18, Vgg16, features_and_logits, make_images, normalised, rules, set_weights,
                             signed, words)
from torch import nn

torch.set_num_threads(1)

WEIGHT_SEED = 1
STEPS = 20
SAMPLES = 12
LARGEST_DIFFERENCE = 2e-5  # of float32 gradients
LARGEST_ADAM_DIFFERENCE = 4e-4
CASES = {  # model, width, batch, image seed, learning rate
    "resnet18_16": ("resnet18", 16, 20, 179, 5e-5),
    "resnet18_64": ("resnet18", 64, 4, 50, 1e-5),
    "vgg16": ("vgg16", 64, 8, 11, 1e-6),
}


def build(model, width):
    network = ResNet18(width) if model == "resnet18" else Vgg16()
    set_weights(network, WEIGHT_SEED)
    return network


def smallest_relu_input(network, x):
    """The smallest absolute value that a ReLU gets in training mode.

    ReLU's derivative jumps there. A maximum of ReLU outputs has its jump where two are equal, which
    happens at zero (where both have no gradient) or, by chance, elsewhere: the float32 comparison sees it.
    """
    smallest = [np.inf]
    original = torch.relu

    def observe(value):
        smallest[0] = min(smallest[0], float(value.detach().abs().min()))
        return original(value)

    network = copy.deepcopy(network).train()
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.forward = observe
    torch.relu = observe
    try:
        with torch.no_grad():
            network(x)
    finally:
        torch.relu = original
    return smallest[0]


def digest(values):
    flat = values.detach().double().numpy().reshape(-1)
    at = np.unique(words(0, DATA, 2, 0, SAMPLES) % flat.size) if flat.size > SAMPLES else np.arange(flat.size)
    projection = np.dot(flat, signed(words(0, DATA, 1, 0, flat.size)).astype(np.float64))
    return {"norm": np.float32(np.linalg.norm(flat)), "projection": np.float32(projection), "at": at.tolist(),
            "values": flat[at].astype(np.float32)}


def one_pass(network, x, labels):
    """Forward and backward in training mode from fresh statistics, then a forward pass in evaluation mode."""
    network = copy.deepcopy(network).train()
    features, logits = features_and_logits(network, x)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    with torch.no_grad():
        evaluation_features, evaluation_logits = features_and_logits(network.eval(), x)
    return {
        "loss": loss.detach(), "logits": logits, "features": features, "evaluation_logits": evaluation_logits,
        "evaluation_features": evaluation_features,
        "gradients": {name: p.grad for name, p in network.named_parameters()},
        "statistics": {name: b for name, b in network.named_buffers() if "running" in name},
    }


def adam_losses(network, x, labels, rate):
    network = copy.deepcopy(network).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for _ in range(STEPS):
        loss = nn.functional.cross_entropy(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return np.array(losses)


def without_gradient(network):
    """Names of biases that a batch norm takes out again."""
    if not isinstance(network, Vgg16):
        return set()
    return {f"features.{i}.bias" for i, m in enumerate(network.features) if isinstance(m, nn.Conv2d)}


def relative(ours, truth):
    return float((ours.double() - truth).norm() / truth.norm())


def compare(single, double, skipped):
    """float32 against float64."""
    difference = {key: float((single[key].detach().double() - double[key].detach()).abs().max())
                  for key in ("logits", "features", "evaluation_logits")}
    difference["gradients"] = max(relative(g, double["gradients"][name]) for name, g in single["gradients"].items()
                                  if name not in skipped)
    difference["statistics"] = max(relative(s, double["statistics"][name])
                                   for name, s in single["statistics"].items())
    return difference


def to_float32(value):
    return value.detach().float()


def case(name):
    model, width, batch, seed, rate = CASES[name]
    network = build(model, width)
    double = copy.deepcopy(network).double()
    images = make_images(seed, batch)
    x, labels = normalised(images), torch.arange(batch) % 10
    skipped = without_gradient(network)

    truth = one_pass(double, x.double(), labels)
    difference = compare(one_pass(network, x, labels), truth, skipped)
    losses = adam_losses(double, x.double(), labels, rate)
    difference["adam"] = float(np.abs(adam_losses(network, x, labels, rate) / losses - 1).max())
    print(name, difference, flush=True)
    if difference["gradients"] > LARGEST_DIFFERENCE or difference["adam"] > LARGEST_ADAM_DIFFERENCE:
        raise ValueError(f"{name}: float32 and float64 differ too much for an oracle")
    parameters = []
    for parameter, shape, centre, bound in rules(network):
        rule = {"name": parameter, "shape": shape, "centre": centre, "bound": np.float32(bound)}
        parameters.append({**rule, "zero_gradient": True} if parameter in skipped else rule)
    return {
        "model": model, "width": width, "batch": batch, "weight_seed": WEIGHT_SEED, "image_seed": seed,
        "labels": labels, "image_sum": int(images.sum(dtype=np.int64)), "image_start": images.reshape(-1)[:24],
        "smallest_relu_input": smallest_relu_input(double, x.double()),
        "parameters": parameters,
        "state": list(network.state_dict()),
        **{key: to_float32(truth[key]) for key in ("loss", "logits", "features", "evaluation_logits",
                                                   "evaluation_features")},
        "gradients": {key: digest(value) for key, value in truth["gradients"].items() if key not in skipped},
        "statistics": {key: digest(value) for key, value in truth["statistics"].items()},
        "adam": {"learning_rate": rate, "losses": losses.astype(np.float32)},
        "float32_difference": difference,
    }


def search(name, seeds=300):
    model, width, batch, _, _ = CASES[name]
    network = build(model, width)
    found = [(smallest_relu_input(network, normalised(make_images(seed, batch))), seed) for seed in range(1, seeds)]
    print(name, sorted(found, reverse=True)[:5])


def main():
    if sys.argv[1:] == ["search"]:
        for name in CASES:
            search(name)
        return
    write_golden(__file__, "networks.json", {name: case(name) for name in CASES})


if __name__ == "__main__":
    main()
