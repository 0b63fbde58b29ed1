"""A wall clock that was ahead and is set back: what it concluded is not settled, and the step is told once."""

import os
import subprocess
import unittest

from clocks import Clock
from stations import DETENTE, wait_until
from watch_test import DAY, HOUR, MINUTE, NINE, WatchCase


class Steps(WatchCase):
    def setUp(self):
        super().setUp()
        self.clocks = self.base / "south"
        self.clocks.mkdir()
        self.own = Clock(str(self.clocks), self.clock.now())
        self.south.env = dict(self.own.env)

    def outcomes(self):
        return [(line["date"], line["state"]) for line in self.log(self.south)
                if line["what"] == "outcome" and line["line"] == "north/military-west"]

    def sums(self):
        return self.south.cli("log", "military-west", env=self.own.env)["sums"]["outcomes"]

    def steps(self):
        return [line["kind"] for line in self.log(self.south) if line["what"] == "clock"]

    def told(self):
        return [e["kind"] for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"] if e["event"] == "clock-step"]

    def set_both(self, seconds):
        self.clock.set(seconds)
        self.own.set(seconds)

    def state_on(self, seconds):
        day = seconds // DAY
        calls = self.south.get(f"/v1/counterparts/north/lines/military-west/calls?from={day}&until={day + 1}")["calls"]
        return calls[0]["state"]

    def call_and_answer(self):
        self.south.cli("call", "military-west", "--as", "kim", env=self.own.env)
        self.north.cli("answer", "military-west", "--as", "ri", env=self.clock.env)
        wait_until(lambda: self.state_on(self.clock.now()) == "answered in time", "the answer")

    def end_of_call(self, date, state):
        self.set_both(self.clock.now() // DAY * DAY + 31 * MINUTE)
        wait_until(lambda: self.outcomes() and self.outcomes()[-1] == (date, state), lambda: f"{self.outcomes()}")

    def test_ahead_and_back_while_it_runs(self):
        self.start()
        self.own.set(NINE + DAY + HOUR)
        wait_until(lambda: len(self.outcomes()) == 2, "two calls to be passed over")
        self.set_both(NINE + 10)
        wait_until(lambda: self.state_on(NINE) == "due", "today's call to come")
        self.call_and_answer()
        self.end_of_call("2027-03-02", "answered in time")
        # Tomorrow nobody calls: that is known, too.
        self.set_both(NINE + DAY + 10)
        wait_until(lambda: self.state_on(NINE + DAY) == "due", "tomorrow's call to come")
        self.end_of_call("2027-03-03", "not called")
        self.assertEqual(self.sums(), {"answered in time": 1, "not called": 1})
        self.assertEqual(self.steps().count("back"), 1)
        self.assertEqual(self.told(), self.steps())
        for end in (self.south.stop, self.south.kill):
            end()
            self.south.start()
            self.assertEqual([self.state_on(NINE), self.state_on(NINE + DAY)], ["answered in time", "not called"])
        self.assertEqual(self.sums(), {"answered in time": 1, "not called": 1})

    def test_started_while_it_was_ahead(self):
        self.south.start()
        self.south.stop()
        self.own.set(NINE + DAY + HOUR)
        self.south.start()
        self.assertEqual(self.state_on(NINE), "own station down")
        self.set_both(NINE - MINUTE)
        wait_until(lambda: self.state_on(NINE) == "pending", "the step back")
        self.set_both(NINE + 10)
        wait_until(lambda: self.state_on(NINE) == "due", "today's call to come")
        self.end_of_call("2027-03-02", "not called")
        self.set_both(NINE + DAY + 10)
        wait_until(lambda: self.state_on(NINE + DAY) == "due", "tomorrow's call to come")
        self.end_of_call("2027-03-03", "not called")
        self.assertEqual(self.sums(), {"not called": 2})

    def test_set_back_while_the_station_did_not_run(self):
        self.south.start()
        self.own.set(NINE + DAY + HOUR)
        wait_until(lambda: len(self.outcomes()) == 2, "two calls to be passed over")
        self.south.stop()
        self.set_both(NINE - MINUTE)
        self.south.start()
        self.assertEqual(self.state_on(NINE), "pending")
        self.assertEqual(self.steps()[-1], "back")
        self.set_both(NINE + 10)
        wait_until(lambda: self.state_on(NINE) == "due", "today's call to come")
        self.end_of_call("2027-03-02", "not called")
        self.assertEqual(self.sums(), {"not called": 1})

    def test_silence_by_a_clock_that_was_ahead_is_none(self):
        self.start()
        self.set_both(NINE + 10)
        wait_until(lambda: self.state_on(NINE) == "due", "the call to come")
        self.south.cli("call", "military-west", "--as", "kim", env=self.own.env)
        self.own.set(NINE + 31 * MINUTE)
        wait_until(lambda: self.watch(self.south)["silence"], "the silence that is none")
        self.own.set(NINE + MINUTE)
        wait_until(lambda: not self.watch(self.south)["silence"], "the silence to be taken back")
        self.assertTrue(all(a["ended_at"] for a in self.south.get("/v1/watch")["alarms"] if a["kind"] == "silence"))
        self.north.cli("answer", "military-west", "--as", "ri", env=self.clock.env)
        wait_until(lambda: self.state_on(NINE) == "answered in time", "the answer")
        self.end_of_call("2027-03-02", "answered in time")
        self.assertEqual(self.sums(), {"answered in time": 1})

    def test_what_it_wrote_ahead_is_shown_with_a_remark(self):
        self.start()
        self.own.set(NINE + DAY)
        wait_until(lambda: self.told() == ["ahead"], "the step")
        self.south.cli("send", "military-west", "from tomorrow", "--as", "kim", env=self.own.env)
        self.own.set(NINE - HOUR + MINUTE)
        wait_until(lambda: self.told() == ["ahead", "back"], "the step back")
        self.assertIn("was set back from", self.south.get("/v1/status")["clock_step"]["text"])

        def shown(station, env, *words):
            done = subprocess.run([DETENTE, *words, "--dir", station.dir], env={**os.environ, **env}, capture_output=True,
                                  text=True, timeout=60, check=True)
            return " ".join(done.stdout.split())

        self.assertIn("2027-03-03 00:0", shown(self.north, self.clock.env, "inbox", "--all"))
        self.assertIn("(ahead of this clock)", shown(self.north, self.clock.env, "inbox", "--all"))
        self.assertIn("CLOCK: this machine's clock was set back from", shown(self.south, self.own.env, "status"))
        log = shown(self.south, self.own.env, "log", "military-west")
        self.assertIn("(ahead of this clock)", log)
        self.assertIn("what was concluded here of later hours is not settled", log)

    def test_answered_while_it_was_ahead(self):
        self.start()
        self.own.set(NINE + DAY + HOUR)
        wait_until(lambda: len(self.outcomes()) == 2, "two calls to be passed over")
        self.clock.set(NINE + 6 * MINUTE)
        self.north.cli("call", "military-west", "--as", "ri", env=self.clock.env)
        wait_until(lambda: "ring" in [e["event"] for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"]], "the ring")
        self.south.cli("answer", "military-west", "--as", "kim", env=self.own.env)
        wait_until(lambda: self.outcomes()[-1] == ("2027-03-02", "answered late"), lambda: f"{self.outcomes()}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
