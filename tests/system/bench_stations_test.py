"""The figures of stations on this disk (only --long, while no other test runs): each by its name, beside its limit, with its verdict.

A start after kill -9 and ten thousand idle lines have to reach their goals. Those of latency and throughput do not reach theirs yet
(docs/figures.md says why): here they may not fall far behind what they were.
"""

import unittest

import outcome
from bench_figures import Promised, figures

RECOVER = {"recover.million": Promised(1000), "recover.lost": Promised(0, runs=1)}
LATENCY = {name: Promised(1.5, limited=True, runs=200) for name in (
    "latency.provable_100", "latency.provable_100_api", "latency.deniable_100", "latency.deniable_100_api")}
THROUGHPUT = {"throughput.one_line_200": Promised(0.8, limited=True, at_least=True),
              "throughput.document": Promised(0.7, limited=True, at_least=True)}
FALLEN = {"latency.provable_100": 2.6, "latency.deniable_100": 2.9, "throughput.one_line_200": 0.15, "throughput.document": 0.22}
SCALE = {"scale.idle_lines": Promised(16 * 1024), "scale.idle_lines_cpu": Promised(5)}


class Stations(unittest.TestCase):
    def test_recover(self):
        found = figures(self, "recover", RECOVER)
        self.assertLess(found["recover.million"]["value"], 1000)
        self.assertEqual(found["recover.lost"]["value"], 0)
        self.assertRegex(found["recover.lost"]["note"], r"^of [1-9]\d+ acknowledged and the million$")

    def test_latency(self):
        found = figures(self, "latency", LATENCY)
        for line in ("latency.provable_100", "latency.deniable_100"):
            self.assertLess(found[line]["value"], found[line + "_api"]["value"], "HTTP and JSON are not in it")
            self.assertLess(found[line]["ratio"], FALLEN[line])

    def test_throughput(self):
        for name, figure in figures(self, "throughput", THROUGHPUT).items():
            self.assertGreater(figure["ratio"], FALLEN[name])

    def test_idle_lines(self):
        """What bench_test.py lets pass beside other tests: the processor's part."""
        self.assertTrue(figures(self, "scale", SCALE)["scale.idle_lines_cpu"]["met"])


if __name__ == "__main__":
    outcome.main()
