"""What the watch knows of silence: over clocks that step, hosts that sleep, and new starts of the station."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import unittest

from relay import Relay
from stations import DETENTE, wait_until
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
        self.wait_state(self.south, "not watched")
        # So it stays when the station starts again.
        for end in (self.south.stop, self.south.kill):
            end()
            self.south.start()
            self.assertEqual(self.state(self.south), "not watched")
            self.assertRegex(self.calls(self.south)[0]["state_words"],
                             "^not known: this machine's clock jumped ahead from 2027-03-02T00:0.* to 2027-03-03T01:00:")
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


class OwnPath(WatchCase):
    OPTIONS = ("--gap",)

    def test_what_could_not_leave_is_no_silence_of_theirs(self):
        path = pathlib.Path(self.south.path("station", "station.toml"))
        # From an address of this machine alone the system sends nothing there.
        path.write_text(re.sub(r'(?m)^peer = "[^"]*"', 'peer = "192.0.2.1:7001"', path.read_text()))
        self.south.start()
        self.clock.set(NINE + 10)
        self.wait_state(self.south, "due")
        self.cli(self.south, "call", "military-west", "--as", "kim", "--wait", "durable")
        wait_until(lambda: self.south.get("/v1/counterparts/north/lines/military-west/status")["situation"] ==
                   "own-path-unplugged", "the trouble to be noticed")
        self.clock.set(NINE + 31 * MINUTE)
        for starts in range(2):
            self.wait_state(self.south, "own path down")
            self.assertEqual(self.calls(self.south)[0]["state_words"], "not known: our path was down")
            self.assertIsNone(self.watch(self.south)["silence"])
            self.assertEqual(self.alarms_of_line(self.south), [])
            day = NINE // DAY
            answer = self.south.get(f"/v1/counterparts/north/lines/military-west/calendar?from={day}&until={day + 1}")
            marks = dict(zip(answer["marks"], answer["days"][0][1]))
            self.assertEqual((marks["own path down"], marks["silent"]), (1, 0))
            self.south.stop()
            if starts == 0:
                self.south.start()
        self.south.start()
        self.clock.set(NINE + HOUR + MINUTE)
        wait_until(lambda: any(line["what"] == "tries" for line in self.log(self.south)), "an hour's tries")
        for line in self.log(self.south):
            if line["what"] == "tries":
                sent, heard, kept = line["paths"]["path1"]
                self.assertEqual((sent, heard), (0, 0))
                self.assertGreater(kept, 0)


class Uncarried(WatchCase):
    OPTIONS = ("--gap",)

    def test_an_answer_that_no_path_carried_answers_nothing(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        try:
            self.start()
            self.clock.set(NINE + 10)
            for station in (self.south, self.north):
                self.wait_state(station, "due")
            self.cli(self.south, "call", "military-west", "--as", "kim")
            wait_until(lambda: self.watch(self.north)["open_call"]["facts"], "the call to come")
        finally:
            relay.close()
        # A new life of the station gives no index before the other side has said what it holds.
        self.north.stop()
        self.north.start()
        self.cli(self.north, "answer", "military-west", "--as", "ri", "--wait", "durable")
        self.wait_state(self.north, "answered in time")
        self.clock.set(NINE + 31 * MINUTE)
        self.wait_state(self.north, "unanswered")
        acts = [(line["act"], line.get("carried")) for line in self.log(self.north) if line["what"] == "call" and line["side"] == "own"]
        self.assertEqual(acts, [("answered", 0)])
        outcomes = [line["state"] for line in self.log(self.north) if line["what"] == "outcome" and line["line"] == "south/military-west"]
        self.assertEqual(outcomes, ["unanswered"])
        self.assertIsNone(self.watch(self.north)["last_answer"])
        self.north.stop()
        self.north.start()
        self.assertEqual(self.state(self.north), "unanswered")


class HeardBefore(WatchCase):
    def test_when_they_were_heard_last_outlives_a_new_start(self):
        self.start()
        self.north.stop()
        heard = None
        for end in (self.south.stop, self.south.kill):
            end()
            self.south.start()
            link = self.south.get("/v1/status")["counterparts"][0]["link"]
            self.assertIsNone(link["last_heard"])
            self.assertEqual(heard or link["heard_before"], link["heard_before"])
            heard = link["heard_before"]
            self.assertLessEqual(abs(heard - self.clock.now()), 120)
            ladder = self.south.get("/v1/counterparts/north/lines/military-west/status")
            self.assertIn("; before it last at 2027-03-01 ", ladder["words"])
            self.assertIn("as this station noted then", ladder["words"])
            shown = subprocess.run([DETENTE, "status", "--dir", self.south.dir], env={**os.environ, **self.clock.env},
                                   capture_output=True, text=True, timeout=60, check=True).stdout
            self.assertIn("last heard before the start: 2027-03-01 ", " ".join(shown.split()))


class Persons(WatchCase):
    def ladder(self):
        return self.south.get("/v1/counterparts/north/lines/military-west/status")

    def test_what_an_officer_there_signs_after_a_missed_call_says_that_somebody_is_there(self):
        self.start()
        acts = (lambda: self.cli(self.north, "send", "military-west", "we are here", "--as", "ri"), self.ready)
        for day, act in enumerate(acts):
            self.clock.set(NINE + day * DAY + 10)
            self.cli(self.south, "call", "military-west", "--as", "kim")
            self.wait_state(self.south, "due")
            self.clock.set(NINE + day * DAY + 31 * MINUTE)
            wait_until(lambda: self.ladder()["situation"] == "nobody-on-watch", "a call to be missed")
            act()
            ladder = wait_until(lambda: (l := self.ladder())["situation"] == "in-contact" and l, "the person to be seen")
            officer = next(rung for rung in ladder["rungs"] if rung["rung"] == "far officer")
            self.assertEqual((officer["known"], officer["evidence"]), ("known good", "act"), officer)
            wait_until(lambda n=day + 1: sum(a["count"] for a in self.south.get("/v1/watch")["alarms"]
                                             if a["kind"] == "sign-of-life") == n,
                       lambda: f"a sign of life: {self.south.get('/v1/watch')['alarms']}")
            self.assertFalse([a for a in self.south.get("/v1/watch")["alarms"] if a["kind"] == "silence" and not a["ended_at"]])
            self.assertIsNone(self.watch(self.south)["silence"])
            self.assertTrue(self.cli(self.south, "alarm", "list")["first_words"], "the card")
        self.south.stop()
        self.south.start()
        self.assertIsNone(self.watch(self.south)["silence"])
        self.south.wait_link("north")
        wait_until(lambda: self.ladder()["situation"] == "in-contact", "the same after a new start")

    def ready(self):
        self.cli(self.south, "presence", "ask", "military-west", "--as", "kim")
        wait_until(lambda: self.watch(self.north)["presence"]["theirs"], "the question")
        self.cli(self.north, "presence", "ready", "military-west", "--as", "ri")


class LongLog(WatchCase):
    def text(self, *words):
        done = subprocess.run([DETENTE, *words, "--dir", self.south.dir], env={**os.environ, **self.clock.env},
                              capture_output=True, text=True, timeout=90, check=True)
        return " ".join(done.stdout.split())

    def test_a_span_is_counted_and_shown_to_its_end(self):
        self.south.start()
        self.cli(self.south, "contact", "log", "military-west", "Do you hear us?", "--bearer", "radio", "--as", "kim")
        self.south.stop()
        path = pathlib.Path(self.south.path("station", "watch.log"))
        lines = path.read_text().splitlines()
        first, calls = len(lines), 4500
        for n in range(first + 1, first + calls + 1):
            lines.append(json.dumps({"n": n, "prev": hashlib.sha256(lines[-1].encode()).hexdigest()[:32], "at": NINE + n,
                                     "what": "call", "line": "north/military-west", "side": "own", "act": "called",
                                     "date": "2027-03-02", "place": 0, "time": NINE + n, "officer": "kim 1", "carried": 0}))
        path.write_text("\n".join(lines) + "\n")
        self.clock.set(NINE + HOUR * 3)
        self.south.start()
        said = self.text("log", "military-west", "--since", "2027-03-01")
        self.assertEqual(said.count("check call 2027-03-02 place 0: we called"), calls)
        self.assertIn(f"we called {calls} times", said)
        part = self.cli(self.south, "log", "military-west", "--until", "2027-03-02T00:40:00Z")
        self.assertEqual(part["sums"]["called"], 2400 - first - 1)
        page, seen, after = {"more": True}, 0, 0
        while page["more"]:
            page = self.cli(self.south, "log", "military-west", "--after", str(after))
            seen += sum(line["what"] == "call" for line in page["lines"])
            after = page["next"]
        self.assertEqual(seen, calls)
        self.assertIn("Do you hear us?", json.dumps(self.cli(self.south, "contact", "list", "military-west")["lines"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
