"""The hours of a line from the draft to both sides' calendars: accord draft --hours, check, calls.

Runs $DETENTE_BIN/detente. Dates lie in 2040, after every accord drafted here.
"""

import json
import pathlib
import shutil
import tempfile
import unittest

from ceremony_support import good, run

HOURS = """
[hours]
holidays = ["05-01", "2040-05-07"]
late_minutes = 5
unanswered_minutes = 30
presence_minutes = 10

[[check_calls]]
time = "09:00"
zone = "Asia/Seoul"
days = ["mon", "tue", "wed", "thu", "fri"]
kind = "opening"
own_hours = ["north 09:00 Asia/Pyongyang"]
exceptions = ["2040-05-05 10:30"]

[[check_calls]]
time = "17:00"
zone = "Asia/Seoul"
days = ["mon", "tue", "wed", "thu", "fri"]
kind = "closing"
caller = "north"
"""
# 4 May 2040 is a Friday; the 5th has a call of its own, the 7th is a holiday.
DATES = ["2040-05-03", "2040-05-04", "2040-05-05", "2040-05-08", "2040-05-09"]


class Calls(unittest.TestCase):
    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="calls-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.south, self.north = self.base / "south", self.base / "north"
        good(self.south, "side", "init", "south", "--display", "South")
        good(self.north, "side", "init", "north", "--display", "North")
        good(self.south, "card", "import", self.north / "card.note")
        good(self.north, "card", "import", self.south / "card.note")

    def hours(self, text):
        path = self.base / "hours.toml"
        path.write_text(text)
        return path

    def draft(self, text, *more):
        return ("accord", "draft", "north", "--line", "liaison", "--line", "navy",
                "--hours", f"liaison={self.hours(text)}", *more)

    def sign(self):
        good(self.south, "accord", "sign", "north", "--yes")
        good(self.south, "accord", "export", "north", self.base / "there")
        good(self.north, "accord", "import", self.base / "there")
        good(self.north, "accord", "sign", "south", "--yes")
        good(self.north, "accord", "export", "south", self.base / "back")
        good(self.south, "accord", "import", self.base / "back")

    def refused(self, text):
        done = run(self.south, "--json", *self.draft(text))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return json.loads(done.stdout)["error"]["message"]

    def calls(self, side, *words):
        return good(side, "calls", "liaison", "--from", "2040-05-03", "--to", "2040-05-09", *words)

    def test_both_sides_have_one_calendar(self):
        good(self.south, *self.draft(HOURS))
        self.sign()
        good(self.south, "accord", "check", "north")
        ours, theirs = self.calls(self.south), self.calls(self.north)
        self.assertEqual(ours["calls"], theirs["calls"])
        self.assertEqual(ours["zones"], theirs["zones"])
        self.assertEqual([z["name"] for z in ours["zones"]], ["Asia/Pyongyang", "Asia/Seoul"])
        opening = [c for c in ours["calls"] if c["kind"] == "opening"]
        self.assertEqual([c["date"] for c in opening], DATES)
        self.assertEqual([c["at"][11:16] for c in opening],
                         ["00:00", "00:00", "01:30", "00:00", "00:00"])
        for one, other in zip(opening, opening[1:]):
            self.assertNotEqual(one["caller"], other["caller"], "they call in turn")
            self.assertEqual(other["number"], one["number"] + 1)
        closing = [c for c in ours["calls"] if c["kind"] == "closing"]
        self.assertEqual({c["caller"] for c in closing}, {"north"})
        self.assertEqual([c["date"] for c in closing], [d for d in DATES if d != "2040-05-05"])

    def test_as_people_read_it(self):
        good(self.south, *self.draft(HOURS))
        done = run(self.south, "calls", "liaison", "--from", "2040-05-03", "--to", "2040-05-09")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertLessEqual(len(line), 80, line)
        self.assertIn("2040-05-05 Sat  10:30  01:30Z  ", done.stdout)
        self.assertIn("2040-05-04 Fri  17:00  08:00Z  north calls, closing call", lines)
        self.assertIn("None", run(self.south, "calls", "liaison", "--from", "2040-05-06",
                                  "--to", "2040-05-06").stdout)
        self.assertIn("plans none", run(self.south, "calls", "navy").stdout)

    def test_a_schedule_that_cannot_be_kept_is_not_drafted(self):
        for old, new, says in (
                ('"2040-05-05 10:30"', '"2040-02-30 10:30"', "2040-02-30 is a date that no calendar"),
                ('"05-01"', '"02-30"', "02-30 is a date in no year"),
                ('"17:00"', '"09:20"', "overlap"),
                ('days = ["mon", "tue", "wed", "thu", "fri"]', "days = []", "never occurs"),
                ('days = ["mon", "tue", "wed", "thu", "fri"]\nkind = "closing"',
                 'days = []\nexceptions = ["2020-01-02 10:30"]\nkind = "closing"', "never occurs"),
                # An exception that runs into the other call, found by the zones' rules.
                ('"2040-05-05 10:30"', '"2040-05-04 16:45"', "2040-05-04 16:45 Asia/Seoul"),
                ('caller = "north"', 'caller = "east"', "its sides are"),
                ('kind = "closing"', 'kind = "ordinary"', "closing")):
            self.assertIn(old, HOURS)
            self.assertIn(says, self.refused(HOURS.replace(old, new)))
        self.assertEqual([p.name for p in (self.south / "accords").glob("*")], [])

    def test_an_unknown_zone_is_refused_or_said_and_the_rest_goes_on(self):
        unknown = HOURS.replace('time = "17:00"\nzone = "Asia/Seoul"', 'time = "17:00"\nzone = "Asia/Seol"')
        self.assertIn('"Asia/Seol": this machine has none', self.refused(unknown))
        self.assertEqual([p.name for p in (self.south / "accords").glob("*")], [])
        drafted = good(self.south, *self.draft(unknown), "--unknown-zones")
        self.assertIn('"Asia/Seol": this machine has none', drafted["unknown"][0])
        calls = self.calls(self.south)
        self.assertEqual([c["date"] for c in calls["calls"]], DATES)
        self.assertIn("Asia/Seol", calls["unknown_zones"][0])
        text = run(self.south, "calls", "liaison").stdout
        self.assertIn("NOT PLANNED", text)

    def test_bad_asking(self):
        good(self.south, *self.draft(HOURS))
        for words, says in ((("calls", "army"), "no accord of this side has it"),
                            (("calls", "liaison", "--from", "tomorrow"), "write a date"),
                            (("calls", "liaison", "--from", "2040-05-03", "--to", "2040-05-01"),
                             "--to must be a date")):
            done = run(self.south, "--json", *words)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(says, json.loads(done.stdout)["error"]["message"])


if __name__ == "__main__":
    unittest.main()
