"""bench/compare: what it makes of measurements, and how it behaves; needs Python alone.

    compare_test.py
"""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "bench/compare"))
import alternate  # noqa: E402
import floors  # noqa: E402
import picture  # noqa: E402
import processes  # noqa: E402
import readme  # noqa: E402
import row  # noqa: E402
import step_profile  # noqa: E402
import table  # noqa: E402

# A program that says that a benchmark ran, whatever it is asked for.
BENCH = """#!/usr/bin/env python3
import json, os, sys
if os.environ.get("FAULT"):
    sys.exit("error: no memory")
pattern = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--benchmark_filter="))
names = [f"floor/copy/{n}{c}" for n in (1024, 1048576) for c in ("", "/one core")] + ["floor/product/fp32"]
rows = [{"bytes_per_second": 1e9} if "copy" in n else {"flops": 1e11} for n in names]
if "floor" not in pattern:
    names, rows = ["optim/adam/17540"], [{"bytes_per_second": 5e8}]
print(json.dumps({"benchmarks": [{"name": n + "/real_time", "run_type": "iteration", "real_time": 1000.0,
                                  "cpu_time": 1000.0, "time_unit": "us", "threads": 2, **r}
                                 for n, r in zip(names, rows)]}))
"""
WORKER = """import sys
sys.path.insert(0, sys.argv[1])
from serve import serve
print("words before the first line of JSON")
if sys.argv[2] == "breaks":
    raise RuntimeError("no such operator")
serve({"loss": 2.5}, lambda seconds: {"rate": float(sys.argv[2]) * seconds})
"""


def program(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class Folder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)


class Alternating(unittest.TestCase):
    def test_sides_take_turns_and_the_best_of_a_round_counts(self):
        calls = []

        def side(name, values):
            values = iter(values)

            def measure():
                calls.append(name)
                return next(values)
            return measure

        result = alternate.alternate(side("ours", [10, 30, 20]), {"a": side("a", [5, 10, 4]), "b": side("b", [4, 20, 1])},
                                     3, higher=True)
        self.assertEqual(calls, ["ours", "a", "b"] * 3)
        self.assertEqual(result["ours"], 20)
        self.assertEqual(result["best"], "a")       # medians 5 and 4
        self.assertEqual(result["theirs"], 5)       # of 5, 20, 4
        self.assertEqual(result["ratio"], 2)        # of 2, 1.5, 5

    def test_of_seconds_the_smaller_is_better(self):
        result = alternate.alternate(lambda: 2.0, {"slow": lambda: 8.0, "fast": lambda: 6.0}, 1, higher=False)
        self.assertEqual((result["best"], result["ratio"]), ("fast", 3.0))
        self.assertEqual(alternate.finalists({"a": 3, "b": 1, "c": 2}, False, 2), ["b", "c"])

    def test_ours_alone_has_no_ratio(self):
        self.assertNotIn("ratio", alternate.alternate(lambda: 1.0, {}, 2, higher=True))


class Workers(Folder):
    def setUp(self):
        super().setUp()
        self.script = self.folder / "worker.py"
        self.script.write_text(WORKER)
        self.said = []
        self.context = row.Context(None, None, "cpu", sys.executable, seconds=1.0, rounds=2, say=self.said.append)

    def add(self, sides, name, what, check=None):
        sides.add(name, self.script, processes.baselines, what, check=check)

    def test_the_best_of_many_is_measured_in_turn(self):
        with row.Sides(self.context, higher=True) as sides:
            for speed in ("3", "7", "5"):
                self.add(sides, speed, speed)
            result = sides.run(lambda: 14.0, "images/s", keep=2)
        self.assertEqual(result["best"], "7")
        self.assertEqual(result["ratio"], 2)
        self.assertEqual(sorted(result["screened"]), ["3", "5", "7"])
        self.assertEqual(set(result["runs"][0]["theirs"]), {"5", "7"})
        self.assertGreater(result["theirs_memory_mib"], 1)

    def test_what_breaks_or_computes_something_else_is_left_out_and_named(self):
        with row.Sides(self.context, higher=True) as sides:
            self.add(sides, "broken", "breaks")
            self.add(sides, "other", "9", check=lambda facts: {"agrees": facts["loss"] < 1})
            self.add(sides, "good", "2", check=lambda facts: {"agrees": facts["loss"] == 2.5})
            result = sides.run(lambda: 4.0, "images/s")
        self.assertEqual(result["best"], "good")
        self.assertEqual(set(result["left_out"]), {"broken", "other"})
        self.assertIn("no such operator", result["left_out"]["broken"])
        self.assertIn("does not compute the same", result["left_out"]["other"])


class Floors(unittest.TestCase):
    def setUp(self):
        rates = {"floor/copy/100": 1e9, "floor/copy/10000": 1e11, "floor/copy/100/one core": 4e9,
                 "floor/copy/10000/one core": 2e10}
        rows = [{"name": name, "bytes_per_second": rate} for name, rate in rates.items()]
        rows += [{"name": "floor/product/fp32", "flops": 5e11}, {"name": "floor/product/bf16/by convolution", "flops": 9e11},
                 {"name": "floor/product/fp32/by convolution", "flops": 6e11}]
        self.ceilings = floors.Ceilings(rows, {"bf16": 1e12})

    def test_copies_lie_between_the_measured_sizes(self):
        self.assertEqual(self.ceilings.copy(1), 4e9)      # one core is faster there
        self.assertAlmostEqual(self.ceilings.copy(1000) / 2e10, 1)  # the geometric mean of 4e9 and 1e11
        self.assertEqual(self.ceilings.copy(1e9), 1e11)
        self.assertEqual(self.ceilings.copy(1e9, one_core=True), 2e10)

    def test_the_better_product_is_the_ceiling(self):
        self.assertEqual(self.ceilings.product("fp32"), 6e11)
        self.assertEqual(self.ceilings.product("bf16"), 1e12)

    def test_the_share_of_a_kernel(self):
        self.assertEqual(self.ceilings.share({"name": "pool/max", "bytes_per_second": 5e10, "seconds": 1.0}), 0.5)
        self.assertEqual(self.ceilings.share({"name": "conv/bf16/all", "flops": 2e11, "seconds": 1.0}), 0.2)
        self.assertEqual(self.ceilings.share({"name": "conv/fp32/all", "flops": 3e11, "seconds": 1.0}), 0.5)
        self.assertIsNone(self.ceilings.share({"name": "x", "seconds": 1.0}))


RESULT = {
    "device": "cpu", "machine": "A Processor", "cores": 2, "commit": "abc", "date": "2026-11-26",
    "versions": {"moonpool": "Moonpool 0.1.0", "torch": "2.15.0"},
    "rows": [{"group": "training step", "work": "ResNet18", "unit": "images/s", "ours": 1234.0,
              "theirs": 617.0, "best": "eager", "ratio": 2.0, "floor": {"share": 0.25}, "ours_memory_mib": 100.0,
              "theirs_memory_mib": 900.0},
             {"group": "selection", "work": "CONF", "unit": "s", "ours": 0.005},
             {"group": "start", "work": "x", "failed": "moonpool: error: no"}],
    "kernels": [{"kernel": f"norm/{i}", "seconds": 1e-4, "share": share, "bytes_per_second": 1e9}
                for i, share in enumerate((0.9, 0.05, 0.5))],
    "ceilings": {"main_memory_bytes_per_second": 2e10, "product_flops": {"fp32": 4e11, "fp32, one core": 2e11}},
}


class Tables(Folder):
    def test_cells(self):
        self.assertEqual(table.cells(RESULT["rows"][0]),
                         ("training step: ResNet18", "1,234 images/s", "617 images/s, eager", "2.00", "25%", "100 (900)"))
        self.assertEqual(table.cells(RESULT["rows"][1])[1:4], ("5 ms", "", ""))
        self.assertIn("failed: moonpool: error: no", table.text(RESULT))
        self.assertIn("matrix product fp32 400 Gflop/s", table.text(RESULT))

    def test_every_compared_row_has_a_bar(self):
        compared = [{"group": "selection", "work": "A <b>", "ratio": 200.0}, {"group": "start", "work": "B", "ratio": 0.5}]
        svg = picture.draw(compared, "title")
        self.assertEqual(svg.count("<rect"), 3)
        self.assertIn("A &lt;b&gt;", svg)

    def readme(self, *options):
        return subprocess.run([sys.executable, root / "bench/compare/readme.py", "--readme", self.folder / "R.md",
                               "--results", self.folder, *options], capture_output=True, text=True)

    def test_readme_is_what_the_results_say(self):
        (self.folder / "R.md").write_text(f"before\n{readme.BEGIN}\nold{readme.END}\nafter\n")
        (self.folder / "compare_cpu.json").write_text(json.dumps(RESULT))
        self.assertEqual(self.readme("--check").returncode, 1)
        self.assertEqual(self.readme().returncode, 0)
        text = (self.folder / "R.md").read_text()
        self.assertTrue(text.startswith("before\n") and text.endswith("after\n") and "old" not in text)
        self.assertIn("| training step: ResNet18 | 1,234 images/s | 617 images/s, eager | 2.00 | 25% | 100 (900) |", text)
        self.assertIn("| norm | 3 | 50% | 5.0%, norm/1 |", text)
        self.assertEqual(self.readme("--check").returncode, 0)
        (self.folder / "compare_cpu.svg").write_text("another picture")
        self.assertIn("compare_cpu.svg", self.readme("--check").stderr)

    def test_a_readme_without_its_marks_is_refused(self):
        (self.folder / "R.md").write_text("nothing")
        self.assertIn("expected one line", self.readme().stderr)


class StepProfile(unittest.TestCase):
    def test_the_first_two_steps_do_not_count(self):
        events = []
        for number, length in enumerate((9000, 5000, 1000, 1200, 1100)):
            start = 10_000 * number
            events += [{"cat": "step", "name": "step", "ts": start, "dur": length},
                       {"cat": "part", "name": "backward", "ts": start + 500, "dur": 100},
                       {"cat": "kernel", "name": "Normalise<float, x>", "ts": start + 1, "dur": length / 2},
                       {"cat": "kernel", "name": "conv_forward 64 x 8", "ts": start + 600, "dur": 100},
                       {"cat": "kernel", "name": "conv_forward 64 x 4", "ts": start + 700, "dur": 100}]
        events += [{"cat": "step", "name": "step", "ts": 90_000, "dur": 3}]  # of evaluation
        step, count, totals = step_profile.profile(events)
        self.assertEqual((round(step, 6), count), (1.1, 3))
        for bad in (events[:5], [{**event, "tid": 1} for event in events]):
            self.assertRaises(ValueError, step_profile.profile, bad)
        self.assertEqual({name: (round(ms, 6), round(calls, 6)) for name, (ms, calls) in totals.items()},
                         {"Normalise": (0.55, 1), "conv_forward": (0.2, 2)})


class Program(Folder):
    def setUp(self):
        super().setUp()
        program(self.folder / "bench_throughput", BENCH)
        program(self.folder / "moonpool", "#!/bin/sh\necho Moonpool 0.1.0\n")
        # A Python without any package.
        program(self.folder / "python", f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')

    def compare(self, *options, **environment):
        return subprocess.run([sys.executable, root / "bench/compare", "--bin", self.folder, "--python",
                               self.folder / "python", "--out", self.folder / "out.json", *options],
                              capture_output=True, text=True, env={**os.environ, **environment})

    def refused(self, *options):
        done = self.compare(*options)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_without_frameworks_ours_is_measured_and_one_line_says_so(self):
        done = self.compare("--only", "kernels: optim|start: of the program", "--seconds", "0.1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Ours alone in 1 rows (start): this Python has no torch.", done.stdout)
        result = json.loads((self.folder / "out.json").read_text())
        self.assertEqual([r["work"] for r in result["rows"]], ["of the program"])
        self.assertNotIn("ratio", result["rows"][0])
        self.assertAlmostEqual(result["kernels"][0]["share"], 0.5)
        for key in ("machine", "versions", "commit", "command", "date"):
            self.assertTrue(result[key], key)

    def test_refusals(self):
        self.assertIn("no such row", self.refused("--only", "nothing like that"))
        self.assertIn("--only (", self.refused("--only", "("))
        for option in (("--rounds", "-1"), ("--rounds", "0"), ("--seconds", "0")):
            self.assertIn("--rounds", self.refused(*option))
        self.assertIn("--device", self.refused("--device", "abacus"))

    def test_a_program_that_fails_is_named(self):
        done = self.compare("--only", "kernels: optim", FAULT="1")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "bench/compare: bench_throughput: error: no memory\n")
        (self.folder / "moonpool").unlink()
        self.assertIn("no program", self.compare().stderr)

    def test_two_builds_by_turns(self):
        def before_after(*options):
            return subprocess.run([sys.executable, root / "bench/compare/before_after.py", *options, "--rows", "optim"],
                                  capture_output=True, text=True)

        bench, out = self.folder / "bench_throughput", self.folder / "new/out.json"
        slow = self.folder / "slow"
        program(slow, BENCH.replace('"real_time": 1000.0', '"real_time": 3000.0'))
        done = before_after(slow, bench, "--rounds", "2", "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(out.read_text())
        self.assertEqual(result["rows"], [{"row": "optim/adam/17540", "before_seconds": 3e-3, "after_seconds": 1e-3,
                                           "times_as_fast": 3.0}])
        self.assertEqual(result["versions"]["moonpool"], "Moonpool 0.1.0")
        for options, words in (((slow, self.folder / "none"), "no program"), ((slow, bench, "--rounds", "0"), "--rounds 0")):
            refused = before_after(*options)
            self.assertEqual(refused.returncode, 2)
            self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
            self.assertIn(words, refused.stderr)

    def test_how_far_two_tables_are_apart(self):
        def results(name, **ratios):
            path = self.folder / name
            path.write_text(json.dumps({"rows": [{"group": "start", "work": work, "ratio": r} for work, r in ratios.items()]}))
            return path

        def agree(*options):
            return subprocess.run([sys.executable, root / "bench/compare/agree.py", *map(str, options)],
                                  capture_output=True, text=True)

        a, b = results("a.json", x=2.0, y=1.0, z=5.0), results("b.json", x=2.2, y=0.8)
        done = agree(a, b)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("1 of 2 rows are more than 15% apart", done.stdout)
        self.assertLess(done.stdout.index("start: y"), done.stdout.index("start: x"))
        self.assertEqual(agree(a, b, "--within", "0.3").returncode, 0)
        for other in (self.folder / "none.json", results("c.json", w=1.0)):
            refused = agree(a, other)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (2, 1), refused.stderr)

    def test_list(self):
        rows = self.compare("--list").stdout.splitlines()
        self.assertEqual(len(rows), len(set(rows)))
        for width in (16, 64):
            for batch in ("64", "256", "1,024"):
                for precision in ("fp32", "bf16"):
                    self.assertIn(f"training step: ResNet18 width {width}, batch {batch}, {precision}", rows)
        self.assertLess(len(self.compare("--list", "--quick").stdout.splitlines()), len(rows))
        self.assertTrue(any("tf32" in line for line in self.compare("--list", "--device", "cuda").stdout.splitlines()))


if __name__ == "__main__":
    unittest.main()
