"""norm_pool.json: batch norm and pooling as PyTorch computes them.

What: batch norm in training (output, running statistics, all gradients) and in evaluation, alone,
with ReLU, and with a residual added before the ReLU; max pooling with its gradient, where windows tie
or overlap or leave pixels out; global average pooling with its gradient. All of it in float64 on
float32 inputs.
Why: these are our own kernels on both devices, with a fused tail that PyTorch has not.
Arrays are channels last, so a batch norm's are matrices [rows, channels].
Versions: in "made_with" of the file.
"""

import numpy as np
import torch
from golden_json import write_golden

torch.set_num_threads(1)
EPSILON = 1e-5
MOMENTUM = 0.1


def tail_of(value, name, residual):
    if name == "add_relu":
        value = value + residual
    return value if name == "none" else torch.relu(value)


def norm_case(name, rng, x, images, tail):
    """x [rows, channels], rows = images * pixels. Its images are one pixel wide."""
    x = np.asarray(x, dtype=np.float32)
    rows, channels = x.shape
    numbers = {
        "x": x,
        "residual": rng.normal(0, 1, x.shape),
        "weight": rng.normal(1, 0.3, channels),
        "bias": rng.normal(0, 0.5, channels),
        "running_mean": rng.normal(0, 1, channels),
        "running_variance": rng.uniform(0.5, 2, channels),
        "y_grad": rng.normal(0, 1, x.shape),
    }
    numbers = {key: np.asarray(value, dtype=np.float32) for key, value in numbers.items()}
    tensors = {key: torch.tensor(value, dtype=torch.float64) for key, value in numbers.items()}
    for key in ("x", "residual", "weight", "bias"):
        tensors[key].requires_grad_(True)

    def normalise(training, mean, variance):
        # [rows, channels] -> [images, channels, pixels, 1] and back, as a network has it.
        image = tensors["x"].reshape(images, rows // images, channels, 1).permute(0, 2, 1, 3)
        out = torch.nn.functional.batch_norm(
            image, mean, variance, tensors["weight"], tensors["bias"], training, MOMENTUM, EPSILON
        )
        return tail_of(out.permute(0, 2, 1, 3).reshape(rows, channels), tail, tensors["residual"])

    mean, variance = tensors["running_mean"].clone(), tensors["running_variance"].clone()
    evaluation = normalise(False, mean, variance)
    y = normalise(True, mean, variance)
    y.backward(tensors["y_grad"])
    batch = tensors["x"].detach()
    return {
        "name": name,
        "tail": tail,
        "rows": rows,
        "channels": channels,
        **numbers,
        "evaluation": evaluation,
        "y": y,
        "mean": batch.mean(0),
        "inverse_deviation": 1 / torch.sqrt(batch.var(0, unbiased=False) + EPSILON),
        "new_running_mean": mean,
        "new_running_variance": variance,
        "x_grad": tensors["x"].grad,
        "residual_grad": tensors["residual"].grad if tail == "add_relu" else torch.zeros(0),
        "weight_grad": tensors["weight"].grad,
        "bias_grad": tensors["bias"].grad,
    }


def norm_cases(rng):
    spread = rng.normal(0, 1, (24, 17)) * np.logspace(-3, 3, 17) + np.linspace(-5, 5, 17)
    narrow = 1e4 + 1e-1 * rng.normal(0, 1, (48, 3))  # a mean far from zero
    constant = np.stack([np.full(20, 3.25), np.zeros(20), rng.normal(0, 1, 20)], axis=1)
    return [
        norm_case("none_30x10", rng, rng.normal(0.3, 2, (30, 10)), 2, "none"),
        norm_case("relu_30x10", rng, rng.normal(-0.2, 1, (30, 10)), 3, "relu"),
        norm_case("add_relu_30x10", rng, rng.normal(0, 1, (30, 10)), 5, "add_relu"),
        norm_case("add_relu_40x16", rng, rng.normal(0, 1, (40, 16)), 2, "add_relu"),
        norm_case("spread_24x17", rng, spread, 4, "none"),
        norm_case("narrow_48x3", rng, narrow, 1, "relu"),
        norm_case("constant_channels", rng, constant, 1, "none"),
        norm_case("two_rows", rng, rng.normal(0, 1, (2, 5)), 2, "none"),
    ]


def max_pool_case(name, rng, x, window, stride):
    """x [batch, height, width, channels]."""
    x = np.asarray(x, dtype=np.float32)
    values = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.max_pool2d(values.permute(0, 3, 1, 2), window, stride)
    y = y.permute(0, 2, 3, 1)
    y_grad = np.asarray(rng.normal(0, 1, tuple(y.shape)), dtype=np.float32)
    y.backward(torch.tensor(y_grad, dtype=torch.float64))
    return {
        "name": name,
        "shape": list(x.shape),
        "window": window,
        "stride": stride,
        "x": x,
        "y_grad": y_grad,
        "y": y,
        "x_grad": values.grad,
    }


def max_pool_cases(rng):
    ties = rng.integers(0, 3, (2, 6, 8, 5))
    return [
        max_pool_case("2x2", rng, rng.normal(0, 1, (2, 4, 6, 16)), 2, 2),
        max_pool_case("ties", rng, ties, 2, 2),
        max_pool_case("all_equal", rng, np.zeros((1, 4, 4, 3)), 2, 2),
        max_pool_case("odd_size", rng, rng.normal(0, 1, (1, 5, 7, 3)), 2, 2),
        max_pool_case("overlapping", rng, rng.integers(0, 5, (2, 7, 7, 3)), 3, 2),
        max_pool_case("apart", rng, rng.integers(0, 5, (1, 8, 8, 2)), 2, 3),
    ]


def average_case(rng, shape):
    x = np.asarray(rng.normal(0, 1, shape), dtype=np.float32)
    values = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.adaptive_avg_pool2d(values.permute(0, 3, 1, 2), 1).flatten(1)
    y_grad = np.asarray(rng.normal(0, 1, tuple(y.shape)), dtype=np.float32)
    y.backward(torch.tensor(y_grad, dtype=torch.float64))
    return {"shape": list(shape), "x": x, "y_grad": y_grad, "y": y, "x_grad": values.grad}


def nan_winners():
    """Which of a window's values has the gradient, by the bits of which of them are NaN."""
    winners = []
    for nans in range(16):
        values = torch.tensor([[[[1.0, 4.0], [3.0, 4.0]]]])
        for i in range(4):
            if nans >> i & 1:
                values[0, 0, i // 2, i % 2] = float("nan")
        values.requires_grad_(True)
        torch.nn.functional.max_pool2d(values, 2).backward(torch.ones(1, 1, 1, 1))
        winners.append(int(values.grad.flatten().argmax()))
    return winners


def main():
    rng = np.random.default_rng(44)
    content = {
        "epsilon": EPSILON,
        "momentum": MOMENTUM,
        "batch_norm": norm_cases(rng),
        "max_pool": max_pool_cases(rng),
        "nan_winners": nan_winners(),
        "global_average_pool": [average_case(rng, (3, 4, 4, 10)), average_case(rng, (2, 1, 1, 3))],
    }
    write_golden(__file__, "norm_pool.json", content)


if __name__ == "__main__":
    main()
