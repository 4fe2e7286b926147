"""profile.json: how often each op runs in one training step of the networks, as PyTorch's own profiler counts.

Why: a profile of ours has to show each convolution, batch norm, ReLU and linear layer of a step once forwards and
once backwards. Per network ("resnet18", "vgg16"): the number of calls of "convolution", "batch_norm", "relu",
"linear", "max_pool" and of "convolution_backward", "batch_norm_backward", "relu_backward", "max_pool_backward".
One step: forward in training mode, mean cross-entropy, backward. Width and images do not matter.
"""

from collections import Counter

import torch
from golden_json import write_golden
from golden_networks import ResNet18, Vgg16
from torch.profiler import ProfilerActivity, profile

OPS = {
    "convolution": "aten::convolution",
    "batch_norm": "aten::batch_norm",
    "relu": "aten::relu",
    "linear": "aten::linear",
    "max_pool": "aten::max_pool2d",
    "convolution_backward": "aten::convolution_backward",
    "batch_norm_backward": "aten::native_batch_norm_backward",
    "relu_backward": "aten::threshold_backward",
    "max_pool_backward": "aten::max_pool2d_with_indices_backward",
}


def counts(network):
    x = torch.zeros(2, 3, 32, 32)
    labels = torch.zeros(2, dtype=torch.long)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        torch.nn.functional.cross_entropy(network(x), labels).backward()
    calls = Counter(event.name for event in recorded.events())
    calls["aten::relu"] += calls["aten::relu_"]  # in place
    return {name: calls[op] for name, op in OPS.items()}


if __name__ == "__main__":
    torch.manual_seed(1)
    write_golden(__file__, "profile.json",
                 {"resnet18": counts(ResNet18(4).train()), "vgg16": counts(Vgg16().train())})
