"""mlp_training.json: 50 steps of a 2-5-7-3 ReLU MLP under Adam, with its EMA model.

What: initial parameters, points, labels and the order of the batches; then per step the mean loss
and the hits of both models, the gradients of the first step, the parameters after the last, and the
logits and penultimate features of both models on every point.
A step is, in the released order: forward, backward and Adam of the main model; forward of the EMA
model as it stands; step counter += 1; EMA update with decay min(1 - 1/(step + 1), 0.999). The EMA
model starts from random weights of its own. Losses and hits come from the forward passes, that is,
from before the step's updates.
Why: it is everything the engine does in a step, end to end: linear layers, ReLU, loss, backward,
Adam, EMA, hit counts.
A seed is taken only if no logit margin is so small that rounding could change a hit, and if the
same run in float64 ends close by: "float64_difference" is the largest difference of a parameter,
which is how much of a test's tolerance rounding may use up.
Versions: in "made_with" of the file.
"""

import copy

import numpy as np
import torch
from golden_json import write_golden
from golden_networks import Mlp

torch.set_num_threads(1)

LAYERS = [2, 5, 7, 3]
POINTS = 40
BATCH = 8
STEPS = 50
LEARNING_RATE = 1e-3
DECAY = 0.999
SMALLEST_MARGIN = 1e-4
LARGEST_DIFFERENCE = 1e-6


def state(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def smallest_margin(logits):
    top = logits.detach().topk(2, dim=1).values
    return float((top[:, 0] - top[:, 1]).min())


def train(main, ema, points, labels, batches):
    """Trains both models in place; returns what happened and the smallest logit margin seen."""
    optimizer = torch.optim.Adam(main.parameters(), lr=LEARNING_RATE)
    log = {"step_loss": [], "step_hits": [], "ema_step_loss": [], "ema_step_hits": []}
    margin = np.inf
    step = 0
    for batch in batches:
        x, y = points[batch], labels[batch]
        logits = main(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            log["first_gradients"] = {n: p.grad.clone() for n, p in main.named_parameters()}
        optimizer.step()
        with torch.no_grad():
            ema_logits = ema(x)
            ema_loss = torch.nn.functional.cross_entropy(ema_logits, y)
            step += 1
            decay = min(1 - 1 / (step + 1), DECAY)
            for average, parameter in zip(ema.parameters(), main.parameters()):
                average.mul_(decay).add_(parameter, alpha=1 - decay)
        log["step_loss"].append(loss.detach())
        log["step_hits"].append(int((logits.argmax(dim=1) == y).sum()))
        log["ema_step_loss"].append(ema_loss)
        log["ema_step_hits"].append(int((ema_logits.argmax(dim=1) == y).sum()))
        margin = min(margin, smallest_margin(logits), smallest_margin(ema_logits))
    return log, margin


def attempt(seed):
    torch.manual_seed(seed)
    main, ema = Mlp(LAYERS), Mlp(LAYERS)
    points = torch.randn(POINTS, LAYERS[0]) * 1.5
    labels = (torch.atan2(points[:, 1], points[:, 0]) * 3 / (2 * torch.pi) + 1.5).long().clamp(0, 2)
    batches = torch.cat([torch.randperm(POINTS) for _ in range(STEPS * BATCH // POINTS)])
    batches = batches.reshape(STEPS, BATCH)
    initial = {"main": state(main), "ema": state(ema)}

    main64, ema64 = copy.deepcopy(main).double(), copy.deepcopy(ema).double()
    train(main64, ema64, points.double(), labels, batches)
    log, margin = train(main, ema, points, labels, batches)
    pairs = list(zip(main.parameters(), main64.parameters()))
    pairs += list(zip(ema.parameters(), ema64.parameters()))
    difference = max(float((a.double() - b).detach().abs().max()) for a, b in pairs)
    if margin < SMALLEST_MARGIN or difference > LARGEST_DIFFERENCE:
        return None
    with torch.no_grad():
        outputs = {
            name: {"logits": model(points), "features": model.features(points)}
            for name, model in (("main", main), ("ema", ema))
        }
    return {
        "layers": LAYERS,
        "learning_rate": LEARNING_RATE,
        "decay": DECAY,
        "seed": seed,
        "float64_difference": difference,
        "points": points,
        "labels": labels,
        "batches": batches,
        "initial": initial,
        **log,
        "final": {"main": state(main), "ema": state(ema)},
        "outputs": outputs,
    }


def main():
    content = next(filter(None, map(attempt, range(1000))))
    write_golden(__file__, "mlp_training.json", content)


if __name__ == "__main__":
    main()
