"""losses.json: softmax cross-entropy as PyTorch computes it.

What: per-example losses, their mean, the gradient of the mean with respect to the logits, and the
number of hits (argmax == label, a tie goes to the lower index), in float32 and in float64 on the
same float32 logits.
Why: the loss kernel is the one piece of math that every training step and every evaluation uses;
the extreme logits catch a softmax that overflows or a log of a probability that became zero.
Versions: in "made_with" of the file.
"""

import numpy as np
import torch
from golden_json import write_golden

torch.set_num_threads(1)


def evaluate(logits, labels, dtype):
    x = torch.tensor(logits, dtype=dtype, requires_grad=True)
    per_example = torch.nn.functional.cross_entropy(x, torch.tensor(labels), reduction="none")
    mean = per_example.mean()
    mean.backward()
    return {"loss": per_example, "mean_loss": mean, "gradient": x.grad}


def case(name, logits, labels):
    logits = np.asarray(logits, dtype=np.float32)
    labels = np.asarray(labels, dtype=np.int64)
    return {
        "name": name,
        "logits": logits,
        "labels": labels,
        "hits": int((logits.argmax(axis=1) == labels).sum()),
        "float32": evaluate(logits, labels, torch.float32),
        "float64": evaluate(logits, labels, torch.float64),
    }


def main():
    rng = np.random.default_rng(2023)
    cases = [
        case("random_17x4", rng.normal(0, 2, (17, 4)), rng.integers(0, 4, 17)),
        case("random_5x10", rng.normal(0, 3, (5, 10)), rng.integers(0, 10, 5)),
        case("one_example", rng.normal(0, 1, (1, 3)), [2]),
        case(
            "plus_minus_80",
            [[80, -80, 0, 0], [-80, 80, 0, 0], [-80] * 4, [80] * 4, [80, -80, 80, -80]],
            [0, 0, 3, 0, 2],
        ),
        case(
            "ten_thousand",
            [[1e4, 0, -1e4], [1e4, 0, -1e4], [-1e4] * 3, [1e4] * 3, [1e4, 9999, 0]],
            [0, 2, 0, 1, 1],
        ),
        case("equal", [[0.7] * 6, [0.7] * 6, [0.0] * 6, [-3.25] * 6], [0, 5, 0, 3]),
    ]
    write_golden(__file__, "losses.json", {"cases": cases})


if __name__ == "__main__":
    main()
