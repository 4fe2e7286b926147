"""A row of the table: some work, who does it how fast, and what the machine could do at most."""
import dataclasses
import pathlib
import re

from alternate import alternate, finalists
from processes import Bench, Failed, Worker


@dataclasses.dataclass
class Context:
    """What a row is measured with."""

    bench: Bench
    moonpool: pathlib.Path
    device: str                 # cpu or cuda
    python: str | None          # None: only ours is measured
    seconds: float              # of one measurement
    rounds: int
    ceilings: object = None     # floors.Ceilings, once they are known
    say: object = print


@dataclasses.dataclass
class Row:
    group: str
    work: str
    measure: object             # Context -> result
    needs: tuple = ()           # Python packages without which only ours is measured
    quick: bool = False         # part of --quick
    devices: tuple = ("cpu", "cuda")

    def matches(self, pattern):
        return re.search(pattern, f"{self.group}: {self.work}", re.IGNORECASE) is not None


class Sides:
    """Ours and the workers of theirs while a row is measured."""

    def __init__(self, context, higher):
        self.context, self.higher = context, higher
        self.workers, self.errors, self.checks = {}, {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.workers.values():
            worker.close()

    def add(self, name, script, *arguments, check=None):
        """Starts a worker. `check(facts)` says whether it computes the same: {"agrees": bool, ...}."""
        if self.context.python is None:
            return
        try:
            worker = Worker(script, *arguments, python=self.context.python)
        except Failed as failure:
            self.errors[name] = str(failure)
            self.context.say(f"    {name}: {failure}")
            return
        if check is not None:
            self.checks[name] = check(worker.facts)
            if not self.checks[name]["agrees"]:
                worker.close()
                self.errors[name] = f"does not compute the same: {self.checks[name]}"
                self.context.say(f"    {name}: {self.errors[name]}")
                return
        self.workers[name] = worker

    def value(self, name, seconds):
        answer = self.workers[name].measure(seconds)
        return answer["rate"] if self.higher else answer["seconds"]

    def run(self, ours, unit, keep=2, rounds=None, slow=False):
        """Times all workers once, and then ours and the `keep` best of them in turn. Where work is `slow`, the rate
        that workers say of what they did to get ready is that time."""
        context = self.context
        screened = {}
        if len(self.workers) > keep:
            for name in self.workers:
                screened[name] = (self.workers[name].facts["rate"] if slow else
                                  self.value(name, context.seconds / 2))
                context.say(f"    {name}: {screened[name]:.4g} {unit}")
            for name in set(screened) - set(finalists(screened, self.higher, keep)):
                self.workers.pop(name).close()
        theirs = {name: lambda name=name: self.value(name, context.seconds) for name in self.workers}
        result = alternate(ours, theirs, rounds or context.rounds, self.higher)
        result["unit"] = unit
        if self.workers:
            result["theirs_memory_mib"] = self.workers[result["best"]].memory_mib
            if self.checks:
                result["check"] = self.checks[result["best"]]
        if screened:
            result["screened"] = screened
        if self.errors:
            result["left_out"] = self.errors
        return result

    def run_benchmark(self, ours, value, unit, **options):
        """`run` where a turn of ours is `ours()`, a row of bench_throughput, and counts as `value(row)`. (result, the
        first row)."""
        measured = []

        def turn():
            measured.append(ours())
            return value(measured[-1])

        result = self.run(turn, unit, **options)
        result["ours_memory_mib"] = max(row["memory_mib"] for row in measured)
        return result, measured[0]
