"""What the watch knows of silence: over clocks that step, hosts that sleep, and new starts of the station."""

import unittest

from stations import wait_until
from watch_test import DAY, HOUR, MINUTE, NINE, WatchCase


class Clocks(WatchCase):
    OPTIONS = ("--gap",)

    def test_a_clock_that_steps_rings_no_call_twice_and_forgets_none(self):
        self.south.start()
        self.clock.set(NINE + 10)
        self.wait_state(self.south, "due")
        self.clock.set(NINE - 10 * MINUTE)
        wait_until(lambda: self.south.get("/v1/status")["now"] < NINE, "the station to see the step")
        self.clock.set(NINE + 20)
        self.cli(self.south, "call", "military-west", "--as", "kim", "--wait", "durable")
        due = [e for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"] if e["event"] == "call-due" and
               e["line"] == "military-west"]
        self.assertEqual(len(due), 1)
        # The host slept over the whole hour: not seen, so nobody's silence.
        self.clock.set(NINE + DAY + HOUR)
        self.wait_state(self.south, "own station down")
        # So it stays when the station starts again.
        for end in (self.south.stop, self.south.kill):
            end()
            self.south.start()
            self.assertEqual(self.state(self.south), "own station down")
            self.assertEqual(self.watch(self.south)["silence"]["row"], 1, "yesterday's, which was called, alone")
        # A year ahead and back again: the books are made anew, and nothing is lost.
        self.clock.set(NINE + 365 * DAY)
        wait_until(lambda: self.south.get("/v1/status")["now"] > NINE + 364 * DAY, "the station to see the year")
        self.clock.set(NINE + DAY + 2 * HOUR)
        wait_until(lambda: self.south.get("/v1/status")["now"] < NINE + 2 * DAY, "the station to see the step back")
        self.clock.set(NINE + 2 * DAY + 10)
        self.wait_state(self.south, "due")
        self.clock.set(NINE + 2 * DAY + 31 * MINUTE)
        self.wait_state(self.south, "not called")
        self.south.stop()
        self.south.start()
        self.assertEqual(self.state(self.south), "not called", "a clock that was ahead said otherwise once")


if __name__ == "__main__":
    unittest.main(verbosity=2)
