"""The figures that are taken in virtual time: by their names, each beside its limit, with its verdict.

Nothing of the machine enters those of failover, preempt and wire: they are the same in every run, and their goals are reached.
Those of stations on a disk (latency, throughput, recover, noise) want a machine of their own and are in docs/figures.md.
"""

import json
import re
import subprocess
import unittest

from stations import DETENTE

# Name: what is its goal, and whether a limit of the same run is what it is measured by.
FAILOVER = {"failover.flash_gap": (0, False), "failover.routine_gap": (1, True), "failover.routine_gap_receipt": (1, True),
            "failover.lost": (0, False), "hole.60s": (1000, False), "hole.60s_lost": (0, False)}
PREEMPT = {"preempt.flash_2400": (1, True)}
WIRE = {"wire.provable_100_one": (250, False), "wire.deniable_100_one": (130, False), "wire.provable_100_both": (282, False),
        "wire.deniable_100_both": (162, False), "wire.cold_100_both": (430, False)}
SCALE = {"scale.idle_lines": (16 * 1024, False), "scale.idle_lines_cpu": (5, False)}
ALWAYS = {"name", "value", "unit", "min", "max", "p90", "runs", "goal", "met", "note"}


def run(part, *options):
    done = subprocess.run([DETENTE, "bench", part, "--quick", *options], capture_output=True, text=True, check=False, timeout=150)
    if done.returncode != 0:
        raise AssertionError(f"bench {part}: {done.stdout}{done.stderr}")
    return done.stdout


class Bench(unittest.TestCase):
    def figures(self, part, expected):
        """By name, each with all that is promised of one."""
        listed = json.loads(run(part, "--json"))["figures"]
        self.assertEqual([one["name"] for one in listed], list(expected))
        for one in listed:
            goal, limited = expected[one["name"]]
            self.assertEqual(set(one), ALWAYS | ({"limit", "ratio"} if limited else set()), one)
            self.assertEqual(one["goal"], goal, one)
            self.assertTrue(one["min"] <= one["value"] <= one["max"] and one["runs"] > 4, one)
            measured = one["value"]
            if limited:
                self.assertGreater(one["limit"], 0)
                self.assertAlmostEqual(one["ratio"], one["value"] / one["limit"])
                measured = one["ratio"]
            self.assertIs(one["met"], measured <= goal, one)
            print(f"{one['name']}: {one['value']:.1f} {one['unit']}", flush=True)
        return {one["name"]: one for one in listed}

    def the_same_and_met(self, part, expected):
        first, second = self.figures(part, expected), self.figures(part, expected)
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
        found = self.figures("scale", SCALE)
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
