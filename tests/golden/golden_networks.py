"""The networks of the paper in PyTorch, and inputs and weights that C++ can make, too.

ResNet18 and VGG16 are those of the widely used CIFAR repository that the paper's code took them
from (kuangliu/pytorch-cifar): the same modules in the same order under the same names, so that state
dictionaries are exchanged with it. `width` is the number of channels of the first stage.
"""

import numpy as np
import torch
from torch import nn

WEIGHTS, DATA = 2, 9  # RandomPurpose of kernels/runtime/philox.h
MEAN = np.array([0.4914, 0.4822, 0.4465])  # CIFAR-10's, as in data/catalog.cpp
DEVIATION = np.array([0.2470, 0.2435, 0.2616])


class Mlp(nn.Module):
    """models/mlp.h with two hidden layers; `layers` are the widths of its inputs, of both, and of its outputs."""

    def __init__(self, layers):
        super().__init__()
        self.linear1 = nn.Linear(layers[0], layers[1])
        self.linear2 = nn.Linear(layers[1], layers[2])
        self.linear3 = nn.Linear(layers[2], layers[3])

    def inputs_of_relus(self, x):
        first = self.linear1(x)
        return first, self.linear2(torch.relu(first))

    def features(self, x):
        return torch.relu(self.inputs_of_relus(x)[1])

    def forward(self, x):
        return self.linear3(self.features(x))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(4):
            outputs = width << stage
            blocks = [BasicBlock(inputs, outputs, 1 if stage == 0 else 2), BasicBlock(outputs, outputs, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.linear = nn.Linear(inputs, classes)

    def features(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.layer4(self.layer3(self.layer2(self.layer1(out))))
        return nn.functional.avg_pool2d(out, 4).flatten(1)

    def forward(self, x):
        return self.linear(self.features(x))


class Vgg16(nn.Module):
    LAYERS = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")

    def __init__(self, classes=10):
        super().__init__()
        modules, inputs = [], 3
        for layer in self.LAYERS:
            if layer == "M":
                modules.append(nn.MaxPool2d(2, 2))
            else:
                modules += [nn.Conv2d(inputs, layer, 3, padding=1), nn.BatchNorm2d(layer), nn.ReLU(inplace=True)]
                inputs = layer
        modules.append(nn.AvgPool2d(1, 1))
        self.features = nn.Sequential(*modules)
        self.classifier = nn.Linear(512, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def features_and_logits(model, x):
    """The input of the last linear layer, and its output."""
    if isinstance(model, ResNet18):
        features = model.features(x)
        return features, model.linear(features)
    features = model.features(x).flatten(1)
    return features, model.classifier(features)


def words(seed, purpose, round_, step, count):
    """The first `count` words of RandomStream({seed, purpose, round, step}): Philox 4x32-10."""
    blocks = (count + 3) // 4
    low = np.uint64(0xFFFFFFFF)
    index = np.arange(blocks, dtype=np.uint64)
    c = [index, *(np.full(blocks, v, np.uint64) for v in (step, round_, purpose))]
    key0, key1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(key0), b & low,
             (a >> np.uint64(32)) ^ c[3] ^ np.uint64(key1), a & low]
        key0, key1 = (key0 + 0x9E3779B9) & 0xFFFFFFFF, (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1).astype(np.uint32).reshape(-1)[:count]


def signed(word):
    """2 uniform_float(word) - 1: float32 in [-1, 1), exact."""
    return ((word >> np.uint32(8)).astype(np.float64) / 2**23 - 1).astype(np.float32)


def rules(model):
    """(name, shape, centre, bound) of every parameter in the order of named_parameters().

    A convolution's or linear layer's weight and bias lie within 1 / sqrt(fan in), as PyTorch's
    defaults do. The scales of batch norm lie in [0.5, 1.5) and its shifts in [-0.5, 0.5), so that
    neither can be left out unnoticed.
    """
    result = []
    modules = dict(model.named_modules())
    for name, parameter in model.named_parameters():
        module = modules[name.rpartition(".")[0]]
        if isinstance(module, nn.BatchNorm2d):
            centre, bound = float(name.endswith("weight")), 0.5
        else:
            centre, bound = 0.0, float(np.float32(1 / np.sqrt(module.weight[0].numel())))
        result.append((name, list(parameter.shape), centre, bound))
    return result


def set_weights(model, seed):
    """Parameter i: centre + bound * signed(word), words of (seed, WEIGHTS, 0, i) in PyTorch's order."""
    with torch.no_grad():
        for i, (parameter, (_, shape, centre, bound)) in enumerate(zip(model.parameters(), rules(model))):
            values = np.float32(centre) + signed(words(seed, WEIGHTS, 0, i, parameter.numel())) * np.float32(bound)
            parameter.copy_(torch.from_numpy(values.astype(np.float32).reshape(shape)))


def make_images(seed, batch):
    """uint8 [batch, 32, 32, 3]: squares of 8 x 8 pixels in random colours with noise over them."""
    squares = (words(seed, DATA, 0, 0, batch * 48) >> np.uint32(24)).reshape(batch, 4, 4, 3)
    noise = (words(seed, DATA, 0, 1, batch * 3072) >> np.uint32(24)).reshape(batch, 32, 32, 3)
    squares = squares.repeat(8, axis=1).repeat(8, axis=2)
    return ((3 * squares + noise) >> np.uint32(2)).astype(np.uint8)


def normalised(images):
    """float32 [batch, 3, 32, 32] of uint8 [batch, 32, 32, 3]."""
    x = ((images / 255.0 - MEAN) / DEVIATION).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
