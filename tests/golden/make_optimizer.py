"""adam_ema.json: 50 steps of torch.optim.Adam on a flat float32 vector, and two averages of it.

What: parameters after steps 1, 2, 10 and 50 for learning rates 1e-3 and 1e-4, without and with
clamping every gradient element to +-0.1 first; and, along each of these four trajectories, the
exponential moving average by both rules of SPEC section 6, switches 4 and 5:
  constant  average <- 0.999 average + 0.001 parameters, starting as a copy of the parameters
  warm_up   the same with decay min(1 - 1/(step + 1), 0.999) from a vector of its own; the step
            counter is incremented before it is used, so the first decay is 0.5
Why: gradients are given, so nothing but the optimiser is tested. Among them are exact zeros (two
elements never move), values of 1e4, and values near 1e-8 where Adam's epsilon decides.
Versions: in "made_with" of the file.
"""

import numpy as np
import torch
from golden_json import write_golden

torch.set_num_threads(1)

SIZE = 37
STEPS = 50
KEPT_STEPS = [1, 2, 10, 50]
BETAS = (0.9, 0.999)
EPSILON = 1e-8
DECAY = 0.999


def make_gradients(rng):
    gradients = rng.normal(0, 1, (STEPS, SIZE)) * 10.0 ** rng.uniform(-3, 0.5, SIZE)
    gradients[rng.random((STEPS, SIZE)) < 0.1] = 0  # now and then, everywhere
    gradients[:, [4, 36]] = 0  # always
    gradients[:, 9] = rng.normal(0, 1e4, STEPS)
    gradients[7, 20] = -1e4  # once, among small ones
    gradients[:, 13] = rng.normal(0, 1e-8, STEPS)
    gradients[:, 14] = rng.normal(0, 1e-12, STEPS)
    gradients[:, 15] = np.where(np.arange(STEPS) % 2 == 0, 0.1, -0.1)  # at the clamp's bounds
    return gradients.astype(np.float32)


def trajectory(initial, ema_initial, gradients, learning_rate, clamp):
    parameters = torch.nn.Parameter(torch.tensor(initial))
    optimizer = torch.optim.Adam([parameters], lr=learning_rate, betas=BETAS, eps=EPSILON)
    constant = torch.tensor(initial)
    warm_up = torch.tensor(ema_initial)
    result = {
        "learning_rate": learning_rate,
        "clamp": clamp or 0.0,  # 0: none
        "parameters": [],
        "ema_constant": [],
        "ema_warm_up": [],
    }
    step = 0
    for gradient in gradients:
        parameters.grad = torch.tensor(gradient)
        if clamp:
            parameters.grad.clamp_(-clamp, clamp)
        optimizer.step()
        step += 1
        decay = min(1 - 1 / (step + 1), DECAY)
        with torch.no_grad():
            constant.mul_(DECAY).add_(parameters, alpha=1 - DECAY)
            warm_up.mul_(decay).add_(parameters, alpha=1 - decay)
        if step in KEPT_STEPS:
            result["parameters"].append(parameters.detach().clone())
            result["ema_constant"].append(constant.clone())
            result["ema_warm_up"].append(warm_up.clone())
    return result


def main():
    rng = np.random.default_rng(37)
    initial = rng.normal(0, 0.5, SIZE).astype(np.float32)
    ema_initial = rng.normal(0, 0.5, SIZE).astype(np.float32)
    gradients = make_gradients(rng)
    cases = [
        trajectory(initial, ema_initial, gradients, learning_rate, clamp)
        for learning_rate in (1e-3, 1e-4)
        for clamp in (None, 0.1)
    ]
    write_golden(
        __file__,
        "adam_ema.json",
        {
            "beta1": BETAS[0],
            "beta2": BETAS[1],
            "epsilon": EPSILON,
            "decay": DECAY,
            "kept_steps": KEPT_STEPS,
            "initial": initial,
            "ema_warm_up_initial": ema_initial,
            "gradients": gradients,
            "cases": cases,
        },
    )


if __name__ == "__main__":
    main()
