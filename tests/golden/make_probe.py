"""probe.json: what a probe says of a 2-6-5-3 ReLU MLP and its EMA model on 21 labelled examples.

What: both models' parameters, points, a pool of examples over them (several of one point with
conflicting labels, which are noise), the labelled ones in their order; then, for clean and noisy
examples, the mean cross-entropy, the mean gradient norm and the mean norm of lh, and of the
unlabelled ones the mean norm of lh for noisy, confident clean and other clean examples.
A gradient is autograd's, with respect to all parameters, of the mean loss of a batch's examples of
one origin; batches take eight labelled examples in order, and each counts with its number of such
examples. lh = |CE(ema, argmax ema) - CE(main, argmax ema)| * (h_ema - h_main).
Why: Figures 5 to 7 are made of these numbers.
All in float64 from parameters and points that are float32. A seed is taken only if no largest
probability is near the threshold and no ReLU input near zero.
Versions: in "made_with" of the file.
"""

import numpy as np
import torch
from golden_json import write_golden
from golden_networks import Mlp

torch.set_num_threads(1)

LAYERS = [2, 6, 5, 3]
CLEAN_POINTS = 24
NOISY_POINTS = 4  # with six copies each
LABELLED = 21
BATCH = 8
THRESHOLD = 0.8


def random_mlp():
    model = Mlp(LAYERS)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


def state(model):
    return {name: value.detach().float() for name, value in model.named_parameters()}


def difference_norms(main, ema, points):
    with torch.no_grad():
        labels = ema(points).argmax(dim=1)
        cross_entropy = torch.nn.functional.cross_entropy
        loss = (
            cross_entropy(ema(points), labels, reduction="none")
            - cross_entropy(main(points), labels, reduction="none")
        ).abs()
        return (loss[:, None] * (ema.features(points) - main.features(points))).norm(dim=1)


def origin_means(main, norms, points, sample, label, noisy, labelled, which):
    """Of the labelled examples whose `noisy` is `which`."""
    members = [e for e in labelled if noisy[e] == which]
    losses, gradients = 0.0, 0.0
    for first in range(0, len(labelled), BATCH):
        batch = [e for e in labelled[first : first + BATCH] if noisy[e] == which]
        if not batch:
            continue
        x = points[[sample[e] for e in batch]]
        y = torch.tensor([label[e] for e in batch])
        each = torch.nn.functional.cross_entropy(main(x), y, reduction="none")
        gradient = torch.autograd.grad(each.mean(), list(main.parameters()))
        norm = torch.sqrt(sum((part**2).sum() for part in gradient))
        losses += float(each.detach().sum())
        gradients += len(batch) * float(norm.detach())
    return {
        "examples": len(members),
        "loss": losses / len(members),
        "gradient": gradients / len(members),
        "lh": float(norms[[sample[e] for e in members]].mean()),
    }


def group_mean(norms, sample, group):
    return {"examples": len(group), "lh": float(norms[[sample[e] for e in group]].mean())}


def attempt(seed):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    main, ema = random_mlp(), random_mlp()
    points = torch.randn(CLEAN_POINTS + NOISY_POINTS, LAYERS[0])
    initial = {"main": state(main), "ema": state(ema)}
    main, ema, points64 = main.double(), ema.double(), points.double()

    sample = list(range(CLEAN_POINTS)) + [CLEAN_POINTS + i // 6 for i in range(6 * NOISY_POINTS)]
    label = [int(rng.integers(3)) for _ in sample]
    noisy = [s >= CLEAN_POINTS for s in sample]
    labelled = [int(e) for e in rng.permutation(len(sample))[:LABELLED]]
    rest = [e for e in range(len(sample)) if e not in labelled]

    with torch.no_grad():
        largest = torch.softmax(main(points64), dim=1).max(dim=1).values
        smallest = min(
            float(part.abs().min()) for m in (main, ema) for part in m.inputs_of_relus(points64)
        )
        logits = ema(points64).topk(2, dim=1).values
        margin = float((logits[:, 0] - logits[:, 1]).min())
    if float((largest - THRESHOLD).abs().min()) < 1e-3 or smallest < 1e-4 or margin < 1e-3:
        return None
    norms = difference_norms(main, ema, points64)
    arguments = (main, norms, points64, sample, label, noisy, labelled)
    clean_rest = [e for e in rest if not noisy[e]]
    easy = [e for e in clean_rest if largest[sample[e]] > THRESHOLD]
    hard = [e for e in clean_rest if largest[sample[e]] <= THRESHOLD]
    if len(easy) < 3 or len(hard) < 3:
        return None
    return {
        "layers": LAYERS,
        "seed": seed,
        "batch": BATCH,
        "threshold": THRESHOLD,
        "points": points,
        "state": initial,
        "sample": sample,
        "label": label,
        "noisy": [int(value) for value in noisy],
        "labelled": labelled,
        "clean_means": origin_means(*arguments, False),
        "noisy_means": origin_means(*arguments, True),
        "acquisition": {
            "noisy": group_mean(norms, sample, [e for e in rest if noisy[e]]),
            "easy": group_mean(norms, sample, easy),
            "hard": group_mean(norms, sample, hard),
        },
    }


def main():
    content = next(filter(None, map(attempt, range(1000))))
    write_golden(__file__, "probe.json", content)


if __name__ == "__main__":
    main()
