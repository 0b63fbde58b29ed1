"""Two real stations that no network joins: messages, receipts and a cut carried by files."""

import os
import subprocess
import unittest

from stations import DETENTE, Lab, wait_until

LINE = "military-west"


class Carried(unittest.TestCase):
    def setUp(self):
        # Each station sends to a port where nothing listens.
        self.lab = Lab("--lines", LINE, "--gap", "--lift-alone")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.start("south", "north")
        self.made = 0

    def export(self, station):
        self.made += 1
        path = os.path.join(self.lab.dir, f"{station.name}-{self.made}.courier")
        far = "north" if station is self.south else "south"
        return path, station.cli("courier", "export", far, path)

    def carry(self, station):
        other = self.north if station is self.south else self.south
        path, _ = self.export(station)
        return other.cli("courier", "import", path)

    def meet(self):
        self.assertEqual(self.carry(self.south)["kind"], "unheard")
        self.assertEqual(self.carry(self.north)["kind"], "new")
        self.carry(self.south)
        for station, far in ((self.south, "north"), (self.north, "south")):
            self.assertTrue(station.status_of(far)["contact"])
            self.assertFalse(station.status_of(far)["link"]["up"])

    def line(self, answer, name=LINE):
        return next(line for line in answer["lines"] if line["line"] == name)

    def ladder(self, station):
        far = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{far}/lines/{LINE}/status")

    def test_a_message_and_its_receipt_cross_by_three_files_and_one_back(self):
        self.south.cli("send", f"north/{LINE}", "carried by hand", "--wait", "durable")
        path, first = self.export(self.south)
        self.assertEqual((first["entries"], first["waiting"], first["contact"]), (0, 1, False))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.north.cli("courier", "import", path)
        self.carry(self.north)
        path, second = self.export(self.south)
        self.assertEqual((second["entries"], second["waiting"]), (1, 0))
        taken = self.north.cli("courier", "import", path)
        self.assertEqual((taken["kind"], self.line(taken)["taken"]), ("new", 1))
        inbox = self.north.cli("inbox", f"south/{LINE}")["entries"]
        self.assertEqual([entry["text"] for entry in inbox], ["carried by hand"])
        self.assertEqual(self.south.line_of("north", LINE)["unreceipted"], 1)
        back = self.carry(self.north)
        self.assertTrue(self.line(back)["receipt"])
        self.assertEqual(self.south.line_of("north", LINE)["unreceipted"], 0)
        own = self.south.cli("record", "entry", f"north/{LINE}", "own", "0")
        self.assertIsNotNone(own["evidence"]["cosignature"]["signature"])
        self.north.cli("send", f"south/{LINE}", "an answer", "--wait", "durable")
        self.carry(self.north)
        self.assertEqual(self.south.texts("north", LINE), ["an answer"])
        # The same file once more.
        again = self.north.cli("courier", "import", path)
        self.assertEqual((again["kind"], self.line(again)["taken"], self.line(again)["known"]), ("repeated", 0, 1))
        self.assertEqual(self.north.texts("south", LINE), ["carried by hand"])
        events = self.north.get("/v1/events?since=0&timeout_ms=0")["events"]
        self.assertIn("repeated", [event.get("kind") for event in events if event["event"] == "courier-taken"])

    def test_a_cut_act_alone_and_no_lift_where_no_path_works(self):
        self.meet()
        self.south.cli("send", f"north/{LINE}", "before the cut", "--wait", "durable")
        self.carry(self.south)
        self.south.cli("cut", f"north/{LINE}", "--as", "kim", "--reason", "By hand.", "--yes", "--wait", "durable")
        self.export(self.south)  # lost; the act has its place
        act = os.path.join(self.lab.dir, "cut.courier")
        index = max(entry["index"] for entry in self.south.entries("north", "accord", "own") if entry["kind"] == 12)
        self.south.cli("act", "export", f"north/accord/{index}", act)
        taken = self.north.cli("act", "import", act)
        self.assertEqual(self.line(taken, "accord")["taken"] + self.line(taken, "accord")["early"], 1, taken)
        there = wait_until(lambda: (found := self.ladder(self.north))["situation"] == "cut-by-them" and found, "the cut")
        self.assertIn("By hand.", there["words"])
        self.assertIn("By hand.", self.north.refused("send", f"south/{LINE}", "not on this line")["message"])
        acts = [entry["act"] for entry in self.north.entries("south", "accord") if entry["kind"] == 12]
        self.assertEqual(acts, [f"cut of {LINE}, at once; the reason: By hand."])
        self.carry(self.north)
        self.assertTrue(self.ladder(self.south)["registers"]["other_side_knows"])
        # Its tests and their answers go by file, too; but no path has shown that it works.
        self.assertEqual(self.south.cli("lift", f"north/{LINE}", "--as", "kim", "--no-wait")["state"], "testing")

        def passed():
            self.carry(self.south)
            self.carry(self.north)
            return self.south.get("/v1/counterparts/north/lifts")["lifts"][-1]["lines"][0]["passed"] == "text"

        wait_until(passed, "the test of text to pass by files")
        self.south.cli("lift", f"north/{LINE}", "--take-back")
        self.assertIn("no path that it may take works both ways", self.south.get("/v1/counterparts/north/lifts")["lifts"][-1]["why"])
        self.carry(self.south)
        for station, whose in ((self.south, "own"), (self.north, "theirs")):
            self.assertIsNotNone(self.ladder(station)["registers"][whose])
        self.assertEqual(self.south.refused("act", "export", "north/accord/99", act + "2")["fault"], "not-found")
        self.assertEqual(self.south.refused("act", "export", "12", act + "2")["fault"], "malformed")

    def test_an_act_that_waits_is_listed_and_goes_into_a_file_of_its_own(self):
        self.south.cli("send", f"north/{LINE}", "before", "--wait", "durable")
        early = self.south.cli("record", "show", f"north/{LINE}")["waiting"][0]["waiting"]
        act = os.path.join(self.lab.dir, "waiting.courier")
        self.assertIn("has not heard since its start", self.south.refused("act", "export", f"north/{LINE}/{early}", act)["message"])
        self.meet()
        self.south.cli("cut", f"north/{LINE}", "--as", "kim", "--reason", "By hand.", "--yes", "--wait", "durable")
        waits = self.south.cli("record", "show", "north/accord")["waiting"]
        self.assertEqual([(one["kind_name"], one["author_post"]) for one in waits], [("cut", "duty-officer")])
        self.assertIn("By hand.", waits[0]["act"])
        self.assertEqual(self.south.cli("inbox", "north/accord", "--all")["waiting"], waits)
        name = f"north/accord/{waits[0]['waiting']}"
        text = subprocess.run([DETENTE, "record", "show", "north/accord", "--dir", self.south.dir], capture_output=True, text=True, timeout=60).stdout
        self.assertIn(f"detente act export {name} FILE", text)
        self.assertEqual(self.south.refused("act", "export", "north/accord/waiting-9999", act)["fault"], "not-found")
        self.south.cli("act", "export", name, act)
        self.assertEqual(self.south.cli("record", "show", "north/accord")["waiting"], [])
        taken = self.line(self.north.cli("act", "import", act), "accord")
        self.assertEqual(taken["taken"] + taken["early"], 1, taken)
        wait_until(lambda: self.ladder(self.north)["situation"] == "cut-by-them", "the cut")

    def test_what_waits_is_thrown_away_by_an_officer_who_signs_that(self):
        for words in ("Too late by now.", "This goes."):
            self.south.cli("send", f"north/{LINE}", words, "--wait", "durable")
        first, second = self.south.cli("record", "show", f"north/{LINE}")["waiting"]
        name = f"north/{LINE}/{first['waiting']}"
        self.south.cli("discard", name, "--as", "kim", "--words", "Said by telephone.", "--yes")
        self.assertEqual(self.south.cli("record", "show", f"north/{LINE}")["waiting"], [second])
        self.assertIn(f"threw away {first['waiting']} of north/{LINE}: Said by telephone.", self.south.shown("log", f"north/{LINE}"))
        self.assertEqual(self.south.refused("discard", name, "--as", "kim", "--yes")["fault"], "not-found")
        self.meet()
        self.carry(self.south)
        self.assertEqual([one["text"] for one in self.north.cli("inbox", "--all")["entries"] if one["kind_name"] == "message"], ["This goes."])
        self.south.cli("cut", f"north/{LINE}", "--no-reason", "--as", "kim", "--yes", "--wait", "durable")
        cut, = self.south.cli("record", "show", "north/accord")["waiting"]
        self.assertIn("cannot be thrown away", self.south.refused("discard", f"north/accord/{cut['waiting']}", "--as", "kim", "--yes")["message"])

    def test_what_comes_before_an_entry_is_named(self):
        self.meet()
        for i in range(3):
            self.south.cli("send", f"north/{LINE}", f"entry {i}", "--wait", "durable")
            self.export(self.south)
        act = os.path.join(self.lab.dir, "third.courier")
        self.south.cli("act", "export", f"north/{LINE}/2", act)
        taken = self.line(self.north.cli("act", "import", act))
        self.assertEqual((taken["taken"], taken["missing"]), (0, [0, 1]))
        self.carry(self.south)
        self.assertEqual(self.north.texts("south", LINE), ["entry 0", "entry 1", "entry 2"])

    def test_a_restart_takes_an_old_file_for_what_it_is(self):
        self.meet()
        self.south.cli("send", f"north/{LINE}", "before the restart", "--wait", "durable")
        path, _ = self.export(self.south)
        self.north.stop()
        self.north.start()
        self.assertEqual(self.north.cli("courier", "import", path)["kind"], "unheard")
        self.assertEqual(self.north.texts("south", LINE), [])
        self.carry(self.north)
        self.carry(self.south)
        self.assertEqual(self.north.texts("south", LINE), ["before the restart"])

    def test_bad_files_are_refused_with_what_to_do(self):
        self.meet()
        path, _ = self.export(self.south)
        with open(path, "rb") as file:
            whole = file.read()

        def refused(station, content):
            bad = os.path.join(self.lab.dir, "bad.courier")
            with open(bad, "wb") as file:
                file.write(content)
            return station.refused("courier", "import", bad)

        self.assertIn("was made here", refused(self.south, whole)["message"])
        self.assertEqual(refused(self.north, whole[:-1])["fault"], "malformed")
        self.assertEqual(refused(self.north, b"")["fault"], "malformed")
        error = refused(self.north, whole[:-1] + bytes([whole[-1] ^ 1]))
        self.assertEqual(error["fault"], "authentication")
        self.assertIn("again", error["message"])
        self.assertIn("courier", {alarm["kind"] for alarm in self.north.cli("alarm", "list")["alarms"]})
        self.assertEqual(refused(self.north, whole.replace(b"courier/1", b"courier/2"))["fault"], "unsupported")
        self.assertEqual(self.south.refused("courier", "export", "north", path)["fault"], "conflict")  # the file is there
        self.assertEqual(self.south.refused("courier", "export", "east", path + "2")["fault"], "not-found")
        other = Lab("--lines", LINE, "--gap")
        self.addCleanup(other.close)
        other.start("south")
        foreign = os.path.join(self.lab.dir, "foreign.courier")
        other["south"].cli("courier", "export", "north", foreign)
        error = self.north.refused("courier", "import", foreign)
        self.assertEqual(error["fault"], "conflict")
        self.assertIn("accord", error["message"])
        self.assertEqual(self.north.cli("courier", "import", path)["kind"], "new")


if __name__ == "__main__":
    unittest.main()
