"""What a stranger's flood costs the line of two stations (only --long, while no other test runs): the goals of docs/figures.md.

A flood takes one of two cores, and what else the machine does then decides how soon a station is woken: with both cores in use by
others the ratios of one program were anything from 0.1 to 14 where it has 1.2 to 1.3 alone. So the median of three runs counts, and on a
machine that others use none is judged: the test says so and is skipped, which CI does not accept either. What does not depend on that
(memory, a flood that was one, nothing answered) has to hold in every run.
"""

import os
import statistics
import threading
import unittest

import outcome
from bench_figures import Promised, figures

KINDS = ("random", "replay", "half_handshakes")
NOISE = {}
for kind in KINDS:
    NOISE[f"noise.{kind}"] = Promised(2, limited=True, runs=3)
    NOISE[f"noise.{kind}_rate"] = Promised(50_000, at_least=True, runs=3)
NOISE |= {"noise.memory": Promised(256, runs=3), "noise.answered": Promised(0, runs=1)}
RUNS = 3
LOOK = 1.0  # seconds
BUSY_MAX = 0.2  # cores, before and after a run


def processor_seconds():
    """What this machine's processors have worked, and what other machines took of them."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cores_in_use():
    """By others: nothing of this test runs meanwhile."""
    before = processor_seconds()
    threading.Event().wait(LOOK)
    return (processor_seconds() - before) / LOOK


class Noise(unittest.TestCase):
    def test_a_flood_costs_little(self):
        taken, in_use = [], [cores_in_use()]
        for _ in range(RUNS):
            taken.append(figures(self, "noise", NOISE))
            in_use.append(cores_in_use())
        for found in taken:
            for name in ("noise.memory", *(f"noise.{kind}_rate" for kind in KINDS)):
                self.assertTrue(found[name]["met"], found[name])
        self.assertEqual([found["noise.answered"]["value"] for found in taken], [0] * RUNS)
        ratios = {kind: statistics.median(found[f"noise.{kind}"]["ratio"] for found in taken) for kind in KINDS}
        print(f"ratios {ratios}; cores that others used before, between and after: {in_use}", flush=True)
        if max(in_use) > BUSY_MAX:
            self.skipTest(f"others used up to {max(in_use):.1f} cores, so the ratios say nothing of the station")
        self.assertLessEqual(max(ratios.values()), 2, ratios)


if __name__ == "__main__":
    outcome.main()
