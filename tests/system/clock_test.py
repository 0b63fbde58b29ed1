"""Two stations whose clocks are a year apart: both screens say so, with dates, and an alarm asks for a person."""

import subprocess
import time
import unittest

from clocks import Clock
from stations import DETENTE, Lab, detente, wait_until

WEST = "military-west"
YEAR = 365 * 86400


class Clocks(unittest.TestCase):
    def test_a_clock_that_steps_back_a_year_is_told_of(self):
        lab = Lab("--lines", WEST)
        self.addCleanup(lab.close)
        south, north = lab["south"], lab["north"]
        clock = Clock(lab.dir, time.time())
        south.env = clock.env
        lab.start("south", "north")
        south.wait_link("north")
        self.assertEqual(south.cli("send", f"north/{WEST}", "before")["state"], "receipted")
        self.assertEqual(south.get("/v1/watch")["alarms"], [])
        # What is younger may be of the clock before the step or after it.
        measured = wait_until(lambda: (c := south.status_of("north")["clock"])["measured_s"] >= 3 and c, "a measurement that is not of this moment")
        clock.forward(-YEAR)
        # Nothing has come since: what was measured by the clock as it was is told by the clock as it is.
        shifted = wait_until(lambda: (c := south.status_of("north")["clock"])["offset_s"] != measured["offset_s"] and c, "the shift")
        self.assertLessEqual(abs(shifted["offset_s"] - measured["offset_s"] - YEAR), 2)

        def alarms(station, far):
            for sender, line in ((south, f"north/{WEST}"), (north, f"south/{WEST}")):
                detente("send", line, "after", "--dir", sender.dir, env=sender.env)  # each by its own station's clock
            return [a["words"] for a in station.get("/v1/watch")["alarms"] if a["kind"] == "clock" and a["line"] == far]

        words = wait_until(lambda: alarms(south, "north"), "the alarm in the south")
        self.assertEqual(len(words), 1)
        self.assertIn("differ by 365 days: theirs is ahead of ours. Ours went back by 365 days", words[0])
        words = wait_until(lambda: alarms(north, "south"), "the alarm in the north")
        self.assertIn("differ by 365 days: theirs is behind ours. Look", words[0])
        shown = subprocess.run([DETENTE, "status", "--dir", south.dir], capture_output=True, text=True, timeout=60, check=True).stdout
        self.assertRegex(shown, r"clocks: here \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, there \d{4}-")
        clock.forward(YEAR)
        wait_until(lambda: alarms(south, "north") and all(
            a["ended_at"] for a in south.get("/v1/watch")["alarms"] if a["kind"] == "clock"), "the end of it")


if __name__ == "__main__":
    unittest.main()
