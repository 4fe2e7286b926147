"""Rows of waiting: for the program to start, and for the first training step to be done."""
import statistics

from alternate import alternate
from processes import baselines, run
from row import Row


OUR_STARTS = 15  # a turn, of which the median counts: one takes milliseconds


def measure(context, ours, theirs, best, our_starts=1):
    """Seconds by the clock from the call to the end of the process."""
    memory = {"ours": 0.0, "theirs": 0.0}

    def side(name, command, starts):
        def timed():
            times = []
            for _ in range(starts):
                _, seconds, peak = run(command)
                memory[name] = max(memory[name], peak)
                times.append(seconds)
            return statistics.median(times)
        return timed

    sides = {} if context.python is None else {best: side("theirs", theirs, 1)}
    result = alternate(side("ours", ours, our_starts), sides, max(3, context.rounds), higher=False)
    result.update(unit="s", ours_memory_mib=memory["ours"])
    if sides:
        result["theirs_memory_mib"] = memory["theirs"]
    return result


def measure_start(context):
    return measure(context, [context.moonpool, "--version"], [context.python, "-c", "import torch"], "import torch",
                   OUR_STARTS)


def measure_first_step(context):
    ours = [context.moonpool, "info", "--model", "resnet18", "--batch", 64, "--steps", 1, "--device", context.device]
    theirs = [context.python, baselines / "pytorch_resnet18.py", "--first-step", "--device", context.device]
    return measure(context, ours, theirs, "eager channels_last fused")


def rows():
    yield Row("start", "of the program", measure_start, ("torch",), quick=True)
    yield Row("start", "to the end of the first step, ResNet18 width 16, batch 64", measure_first_step,
              ("torch", "numpy"), quick=True)
