"""What the machine can do at most, measured in the same run, and the kernels of every family as shares of it."""
import json
import math

from processes import Failed, baselines, run

FAMILIES = ("gemm", "conv", "norm", "pool", "pointwise", "gather", "augment", "loss", "optim", "acquisition", "seeding")
ONE_CORE = "/one core"


class Ceilings:
    """Bytes a second of copies by their size, and operations a second of matrix products by precision."""

    def __init__(self, rows, torch_products):
        self.copies, self.products, self.torch_products = {}, {}, torch_products
        for row in rows:
            one_core = row["name"].endswith(ONE_CORE)
            kind, what = row["name"].split("/")[1:3]
            if kind == "copy":
                sizes = self.copies.setdefault(one_core, {})
                sizes[int(what)] = max(row["bytes_per_second"], sizes.get(int(what), 0))
            else:
                key = (what, one_core)
                self.products[key] = max(row["flops"], self.products.get(key, 0))
        # Of little memory one core may copy more than several that have to wait for each other.
        for size, rate in self.copies[True].items():
            self.copies[False][size] = max(rate, self.copies[False].get(size, 0))
        for precision, rate in torch_products.items():
            key = (precision, False)
            self.products[key] = max(rate, self.products.get(key, 0))

    def copy(self, bytes_moved, one_core=False):
        """Of copies of that size: between the nearest two, on logarithmic scales."""
        points = sorted(self.copies[one_core].items())
        if bytes_moved <= points[0][0]:
            return points[0][1]
        for (low, slow), (high, fast) in zip(points, points[1:]):
            if bytes_moved <= high:
                share = math.log(bytes_moved / low) / math.log(high / low)
                return math.exp((1 - share) * math.log(slow) + share * math.log(fast))
        return points[-1][1]

    def product(self, precision, one_core=False):
        return self.products.get((precision, one_core)) or self.products[("fp32", one_core)]

    def share(self, row):
        """Which part of its time a benchmark would need at the ceiling; None if it says neither bytes nor flops."""
        one_core = row["name"].endswith(ONE_CORE)
        shares = []
        if row.get("bytes_per_second"):
            moved = row["bytes_per_second"] * row["seconds"]
            shares.append(row["bytes_per_second"] / self.copy(moved, one_core))
        if row.get("flops"):
            precision = next((p for p in ("bf16", "tf32") if f"/{p}/" in row["name"] + "/"), "fp32")
            shares.append(row["flops"] / self.product(precision, one_core))
        return max(shares, default=None)

    def as_json(self):
        largest = max(self.copies[False])
        return {"copy_bytes_per_second": {("one core" if one else "all cores"): {str(k): v for k, v in sizes.items()}
                                          for one, sizes in self.copies.items()},
                "main_memory_bytes_per_second": self.copies[False][largest],
                "product_flops": {f"{precision}{', one core' if one else ''}": rate
                                  for (precision, one), rate in self.products.items()},
                "product_flops_of_pytorch": self.torch_products}


def measure_ceilings(context):
    # The best of three: a ceiling is what can be reached.
    rows = [row for _ in range(3) for row in context.bench.rows("^floor/", context.seconds / 20)]
    torch_products = {}
    if context.python is not None:
        try:
            out, _, _ = run([context.python, baselines / "pytorch_products.py", "--device", context.device,
                             "--seconds", context.seconds / 4])
            torch_products = json.loads(out.strip().splitlines()[-1])
        except Failed as failure:
            context.say(f"  PyTorch's matrix products: {failure}")
    return Ceilings(rows, torch_products)


def measure_kernels(context, families=FAMILIES):
    """Every benchmark of the kernels: name, time, rates, share of the ceiling."""
    result = []
    for row in context.bench.rows(f"^({'|'.join(families)})/", context.seconds / 40):
        entry = {"kernel": row["name"], "seconds": row["seconds"], "threads": row.get("threads"),
                 "share": context.ceilings.share(row)}
        entry.update({key: row[key] for key in ("bytes_per_second", "flops", "items_per_second") if row.get(key)})
        result.append(entry)
    return result
