"""Rows of ResNet18: training steps, scoring a pool, the memory of a step."""
import json
import tempfile

from row import Row, Sides

WIDTHS, BATCHES = (16, 64), (64, 256, 1024)
# Ways of PyTorch that are timed before the best two are taken: those that were near the front when all of them were
# timed on the CPU (eager, compiled, compiled with the optimiser, max-autotune; contiguous and channels last;
# autocast and all in bf16; foreach and fused Adam).
STEPS = {
    ("cpu", "fp32"): ("eager channels_last none fused", "compile channels_last none fused",
                      "compile_all contiguous none foreach", "autotune channels_last none fused"),
    ("cpu", "bf16"): ("eager channels_last full fused", "eager channels_last autocast fused",
                      "compile channels_last autocast fused", "compile_all channels_last full foreach"),
}
INFERENCE = {
    ("cpu", "fp32"): ("eager channels_last none none", "frozen channels_last none none",
                      "compile contiguous none none", "autotune channels_last none none"),
    ("cpu", "bf16"): ("eager channels_last autocast none", "frozen channels_last full none",
                      "compile channels_last full none", "autotune channels_last full none"),
}
for _precision, _cast in (("fp32", "none"), ("tf32", "none"), ("bf16", "autocast")):
    STEPS["cuda", _precision] = tuple(f"{run} channels_last {_cast} fused"
                                      for run in ("eager", "compile", "autotune", "graph"))
    INFERENCE["cuda", _precision] = tuple(f"{run} channels_last {_cast} none" for run in ("eager", "compile", "autotune"))
# Of larger batches and networks, where the optimiser and calls weigh less.
LARGE = ("eager", "compile", "graph")
LOSS_TOLERANCE = {"fp32": 0.02, "tf32": 0.03, "bf16": 0.06}
LOGIT_TOLERANCE = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 0.1}


def settings(way, task, precision):
    run, layout, cast, optimizer = way.split()
    return json.dumps({"task": task, "precision": precision, "run": run, "layout": layout, "cast": cast,
                       "optimizer": optimizer})


def label(way):
    return " ".join(word for word in way.split() if word != "none")


def close(ours, theirs, tolerance):
    return abs(ours - theirs) <= tolerance * abs(ours)  # false for NaN


def add_ways(sides, ways, task, precision, folder, width, batch, check):
    for way in ways:
        sides.add(label(way), "pytorch_resnet18.py", settings(way, task, precision), "--folder", folder,
                  "--width", width, "--batch", batch, "--device", sides.context.device, check=check)


def step_name(precision, width, batch):
    return f"ResNet18StepWithEmaForward/{width}/{precision}/{batch}"


def images_per_second(row):
    return row["items_per_second"]


def product_floor(context, precision, images_a_second, row):
    flops = images_a_second * row["flops"] / row["items_per_second"]
    return {"what": f"matrix product in {precision}", "share": flops / context.ceilings.product(precision)}


def measure_step(context, precision, width, batch):
    name = step_name(precision, width, batch)
    slow = width > 16 and batch > 64
    ways = [way for way in STEPS[context.device, precision]
            if (width == 16 and batch == 64) or way.split()[0] in LARGE]
    with tempfile.TemporaryDirectory() as folder, Sides(context, higher=True) as sides:
        first = context.bench.row(name, 0.001, folder)

        def check(facts):
            losses = [(first[key], facts[key]) for key in ("loss 1", "loss 2")]
            return {"what": "mean losses of the first two epochs, ours and theirs", "values": losses,
                    "agrees": all(close(*pair, LOSS_TOLERANCE[precision]) for pair in losses)}

        add_ways(sides, ways, "step", precision, folder, width, batch, check)
        ready = iter([first] if slow else [])  # what was measured for the check is the first turn
        result, row = sides.run_benchmark(
            lambda: next(ready, None) or context.bench.row(name, 0.001 if slow else context.seconds),
            images_per_second, "images/s", keep=1 if slow else 2, rounds=2 if slow and batch == 1024 else None, slow=slow)
        result["floor"] = product_floor(context, precision, result["ours"], row)
        return result


def measure_inference(context, precision, width):
    name = f"ResNet18Inference/{width}/{precision}"
    with tempfile.TemporaryDirectory() as folder, Sides(context, higher=True) as sides:
        context.bench.row(name, 0.001, folder)

        def check(facts):
            return {"what": "largest difference of logits, and the largest logit",
                    "values": [facts["difference"], facts["largest"]],
                    "agrees": facts["difference"] <= LOGIT_TOLERANCE[precision] * facts["largest"]}

        ways = INFERENCE[context.device, precision]
        add_ways(sides, ways, "inference", precision, folder, width, 256, check)
        result, row = sides.run_benchmark(lambda: context.bench.row(name, context.seconds), images_per_second,
                                          "images/s")
        result["floor"] = product_floor(context, precision, result["ours"], row)
        return result


def measure_memory(context, precision):
    """Activations, gradients of activations and of parameters: what both allocators count beyond parameters, moments,
    EMA model and images. What the vendors' libraries take for themselves is in neither."""
    with tempfile.TemporaryDirectory() as folder:
        row = context.bench.row(step_name(precision, 16, 64), 0.001, folder)
        images = 64 * 32 * 32 * 3 * 4  # as floats they are with our activations, and among what PyTorch is given
        result = {"ours": (row["activation_bytes"] + 4 * row["parameters"] - images) / 1e6, "unit": "MB"}
        peaks = {}
        with Sides(context, higher=False) as sides:
            ways = [way for way in STEPS[context.device, precision] if way.startswith("eager")]
            add_ways(sides, ways, "memory", precision, folder, 16, 64, None)
            peaks = {name: worker.facts["peak_bytes"] / 1e6 for name, worker in sides.workers.items()}
            if sides.errors:
                result["left_out"] = sides.errors
        if peaks:
            best = min(peaks, key=peaks.get)
            result.update(theirs=peaks[best], best=best, ratio=peaks[best] / result["ours"], screened=peaks)
        return result


def networks():
    for width in WIDTHS:
        for precision in ("fp32", "tf32", "bf16"):
            yield width, precision, ("cuda",) if precision == "tf32" else ("cpu", "cuda")


def rows():
    needs = ("torch", "safetensors", "numpy")
    for width, precision, devices in networks():
        for batch in BATCHES:
            yield Row("training step", f"ResNet18 width {width}, batch {batch:,}, {precision}",
                      lambda c, p=precision, w=width, b=batch: measure_step(c, p, w, b), needs,
                      quick=(width, batch) == (16, 64) and precision != "tf32", devices=devices)
    for width, precision, devices in networks():
        yield Row("scoring a pool", f"ResNet18 width {width}, batch 256, {precision}",
                  lambda c, p=precision, w=width: measure_inference(c, p, w), needs,
                  quick=width == 16 and precision != "tf32", devices=devices)
    for precision in ("fp32", "bf16"):
        yield Row("memory of a step", f"ResNet18 width 16, batch 64, {precision}",
                  lambda c, p=precision: measure_memory(c, p), needs)
