"""Programs that are measured: ours, which run once, and theirs, which wait for their turn (bench/baselines/serve.py)."""
import ctypes.util
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parents[2]
baselines = root / "bench/baselines"


@functools.cache
def allocator():
    """TCMalloc's library, which PyTorch's guide to performance would have preloaded; None where there is none. With
    the C library's every large array of a step is mapped and its pages cleared anew."""
    return ctypes.util.find_library("tcmalloc_minimal") or ctypes.util.find_library("tcmalloc")


def baseline_environment():
    """What the programs of the other side run in, as their users would tune it."""
    environment = {"PYTHONWARNINGS": "ignore"}
    if "TORCHINDUCTOR_CACHE_DIR" not in os.environ:
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(root / "build/bench-inductor")
    if allocator():
        environment["LD_PRELOAD"] = ":".join(filter(None, (allocator(), os.environ.get("LD_PRELOAD"))))
    return environment


class Failed(Exception):
    """A program failed; the message is one line."""


def last_error(text):
    lines = text.strip().splitlines() or ["no message"]
    return ([line for line in lines if "Error" in line or "error:" in line] or lines)[-1][:200]


def run(command, environment=None):
    """(standard output, seconds by the clock, most memory in MiB) of a program."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err,
                                   env={**os.environ, **(environment or {})})
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise Failed(f"{pathlib.Path(command[0]).name}: {last_error(err.read())}")
        return out.read(), seconds, used.ru_maxrss / 1024


def pattern_of(name):
    """A regular expression of Google Benchmark's that stands for that name."""
    return "^" + "".join("\\" + c if c in ".+()[]*?^$|\\{}" else c for c in name) + "(/real_time)?$"


class Bench:
    """bench_throughput."""

    def __init__(self, program, device):
        self.program = program
        self.environment = {"MOONPOOL_BENCH_DEVICE": device}

    def rows(self, pattern, seconds, folder=None):
        """What Google Benchmark says of all benchmarks that fit, and memory_mib of the process in each."""
        environment = dict(self.environment)
        if folder is not None:
            environment["MOONPOOL_BENCH_FOLDER"] = str(folder)
        out, _, memory = run([self.program, f"--benchmark_filter={pattern}", "--benchmark_format=json",
                              f"--benchmark_min_time={seconds}"], environment)
        rows = json.loads(out)["benchmarks"] if out.strip() else []
        if not rows or any(row.get("error_occurred") for row in rows):
            raise Failed(f"{pathlib.Path(self.program).name}: no measurement of {pattern}")
        scale = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
        for row in rows:
            row["name"] = row["name"].removesuffix("/real_time")
            row["seconds"] = row["real_time"] * scale[row["time_unit"]]
            row["memory_mib"] = memory
        return rows

    def row(self, name, seconds, folder=None):
        return self.rows(pattern_of(name), seconds, folder)[0]


class Worker:
    """A baseline that is ready; `facts` is what it said of its work."""

    def __init__(self, script, *arguments, python=sys.executable):
        self.err = tempfile.TemporaryFile("w+")
        self.name = script
        environment = {**os.environ, **baseline_environment()}
        self.process = subprocess.Popen([python, str(baselines / script), *map(str, arguments)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.err, env=environment)
        self.memory_mib = 0.0
        try:
            self.facts = self.read()
        except BaseException:
            self.close()
            raise

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        self.process.wait()
        self.err.seek(0)
        raise Failed(f"{pathlib.Path(self.name).name}: {last_error(self.err.read())}")

    def measure(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        answer = self.read()
        self.memory_mib = answer["memory_mib"]
        return answer

    def close(self):
        self.process.stdin.close()  # which ends its loop
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.err.close()
