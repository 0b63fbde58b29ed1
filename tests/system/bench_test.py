"""The figures that are taken in virtual time: by their names, each beside its limit, with its verdict.

Nothing of the machine enters those of failover, preempt and wire: they are the same in every run, and their goals are reached.
Those of stations on a disk want a machine of their own: bench_stations_test.py, bench_noise_test.py, and docs/figures.md.
"""

import re
import unittest

from bench_figures import Promised, figures, run

FAILOVER = {"failover.flash_gap": Promised(0), "failover.routine_gap": Promised(1, limited=True),
            "failover.routine_gap_receipt": Promised(1, limited=True),
            "failover.lost": Promised(0), "hole.60s": Promised(1000), "hole.60s_lost": Promised(0)}
PREEMPT = {"preempt.flash_2400": Promised(1, limited=True)}
WIRE = {"wire.provable_100_one": Promised(250), "wire.deniable_100_one": Promised(130), "wire.provable_100_both": Promised(282),
        "wire.deniable_100_both": Promised(162), "wire.cold_100_both": Promised(430)}
SCALE = {"scale.idle_lines": Promised(16 * 1024), "scale.idle_lines_cpu": Promised(5)}


class Bench(unittest.TestCase):
    def the_same_and_met(self, part, expected):
        first, second = figures(self, part, expected), figures(self, part, expected)
        self.assertEqual(first, second, "something of the machine entered")
        self.assertEqual([name for name, one in first.items() if not one["met"]], [])
        return first

    def test_failover(self):
        found = self.the_same_and_met("failover", FAILOVER)
        for name in ("failover.flash_gap", "failover.lost", "hole.60s_lost"):
            self.assertEqual(found[name]["max"], 0, "in no run")
        self.assertLessEqual(found["hole.60s"]["max"], 1000)
        self.assertGreater(found["hole.60s"]["value"], 0)
        self.assertGreater(found["failover.routine_gap"]["value"], 0, "the cut was not felt")

    def test_preempt(self):
        found = self.the_same_and_met("preempt", PREEMPT)["preempt.flash_2400"]
        self.assertGreater(found["value"], 0, "there was no document beside it")

    def test_wire(self):
        found = self.the_same_and_met("wire", WIRE)
        # What a second seal and two signatures cost is in it.
        self.assertEqual(found["wire.provable_100_both"]["value"] - found["wire.provable_100_one"]["value"], 32)
        self.assertGreater(found["wire.provable_100_one"]["value"] - found["wire.deniable_100_one"]["value"], 100)

    def test_scale(self):
        """Ten thousand lines; the processor's part depends on the machine, its memory does not."""
        found = figures(self, "scale", SCALE)
        self.assertTrue(found["scale.idle_lines"]["met"], found)
        self.assertGreater(found["scale.idle_lines"]["value"], 1000, "the lines are not in it")
        self.assertGreater(found["scale.idle_lines_cpu"]["value"], 0)
        self.assertIn("100 counterparts with 100 lines each", found["scale.idle_lines"]["note"])

    def test_for_a_person(self):
        """The same as a table."""
        said = run("preempt")
        self.assertRegex(said, r"(?m)^preempt\.flash_2400 +[0-9.]+ B +limit +[0-9.]+ +ratio [0-9.]+ +goal <= 1\.00 +met$")
        said = run("wire")
        for name in WIRE:
            self.assertRegex(said, rf"(?m)^{re.escape(name)} +[0-9.]+ bytes +p90 +[0-9.]+ +goal <= \d+ +met$")


if __name__ == "__main__":
    unittest.main()
