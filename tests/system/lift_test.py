"""Cuts that their own side lifts, with two real stations: the line opens when its tests have passed, and not before."""

import subprocess
import unittest

from relay import Relay
from stations import DETENTE, PATIENCE, Lab, wait_until

LINE, DESK = "military-west", "liaison"
SMALL = 420  # bytes: a datagram that carries a piece of a document has more


class Lifts(unittest.TestCase):
    """A relay between them loses what a test names."""

    def setUp(self):
        self.lab = Lab("--lines", f"{LINE},{DESK}", "--lift-alone", "--gap", "--desk-restores", DESK)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(self.relay.close)
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.north.cli("cut", f"south/{LINE}", "--as", "ri", "--reason", "The leaflets.", "--yes")
        self.await_situation(self.south, "cut-by-them")

    def ladder(self, station, line=LINE):
        far = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{far}/lines/{line}/status")

    def await_situation(self, station, situation, line=LINE):
        return wait_until(lambda: (found := self.ladder(station, line))["situation"] == situation and found,
                          lambda: f"{station.name} to show {situation} of {line}: {self.ladder(station, line)}")

    def lose_documents(self):
        self.relay.change = lambda direction, number, datagram: [datagram] if len(datagram) <= SMALL else []

    def newest_lift(self, station):
        far = "north" if station is self.south else "south"
        return wait_until(lambda: station.get(f"/v1/counterparts/{far}/lifts")["lifts"], "a lift")[-1]

    def await_passed(self, station, passed):
        return wait_until(lambda: (found := self.newest_lift(station))["lines"][0]["passed"] == passed and found,
                          lambda: f"{station.name} to see {passed} pass: {self.newest_lift(station)}")

    def lift(self, *more):
        """A lift by north in the foreground, as a person sees it."""
        return subprocess.Popen([DETENTE, "lift", f"south/{LINE}", "--as", "ri", "--dir", self.north.dir, *more],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def own_acts(self, kind):
        return [entry["act"] for entry in self.north.entries("south", "accord", "own") if entry["kind"] == kind]

    def test_it_opens_when_text_and_documents_have_passed_both_ways_and_says_so(self):
        shown, _ = (person := self.lift()).communicate(timeout=PATIENCE)
        self.assertEqual(person.returncode, 0, shown)
        self.assertIn("until the tests of these lines have passed", shown)
        self.assertIn(f"{LINE} is open", shown)
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact")
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "after")["state"], "receipted")
        self.assertEqual(len(self.own_acts(15)), 2)
        self.assertIn(f"the cut of {LINE} is being lifted", self.own_acts(15)[0])
        self.assertIn(f"the cut of {LINE} is lifted", self.own_acts(12)[-1])
        theirs = [entry["act"] for entry in self.north.entries("south", "accord") if entry["kind"] == 15]
        self.assertEqual(len(theirs), 2, theirs)
        report = wait_until(lambda: self.own_acts(16), "the report")[0]
        self.assertIn("the cut is lifted", report)
        self.assertIn(f"{LINE} is open, passed both ways: text and documents", report)

    def test_without_documents_it_stays_cut_until_it_is_taken_back_and_names_what_is_missing(self):
        self.lose_documents()
        person = self.lift()
        self.await_passed(self.north, "text")
        here, there = self.ladder(self.north), self.ladder(self.south)
        self.assertEqual((here["situation"], there["situation"]), ("cut-by-us", "cut-by-them"))
        self.assertTrue(here["registers"]["lifting"])
        self.assertIn("we lift our cut of this line, and it is tested now: passed both ways: text", " ".join(here["also"]))
        self.assertIn("north lifts its cut of this line, and it is tested now", " ".join(there["also"]))
        self.assertIn("being tested already", self.north.refused("lift", f"south/{LINE}", "--as", "ri")["message"])
        self.assertIn("has cut", self.north.refused("send", f"south/{LINE}", "not yet")["message"])
        self.north.cli("lift", f"south/{LINE}", "--take-back")
        shown, _ = person.communicate(timeout=PATIENCE)
        self.assertNotEqual(person.returncode, 0)
        self.assertIn(f"{LINE}: passed both ways: text", shown)
        self.assertIn(f"{LINE}: documents did not pass both ways", shown)
        self.assertEqual(self.ladder(self.north)["situation"], "cut-by-us")
        wait_until(lambda: self.newest_lift(self.south)["state"] == "fell back", "the other side to see that")
        alarms = [alarm["words"] for alarm in self.north.cli("alarm", "list")["alarms"] if alarm["kind"] == "lift-fell-back"]
        self.assertEqual(len(alarms), 1, alarms)
        self.assertIn("documents did not pass", alarms[0])
        self.relay.change = None
        self.assertEqual(self.north.cli("lift", f"south/{LINE}", "--as", "ri")["state"], "lifted")

    def test_of_a_station_that_is_killed_in_its_tests_the_cut_stands_and_the_officer_is_told(self):
        self.relay.change = lambda direction, number, datagram: [datagram] if direction == 1 else []  # nothing comes from south
        self.assertEqual(self.north.cli("lift", f"south/{LINE}", "--as", "ri", "--no-wait")["state"], "testing")
        wait_until(lambda: self.ladder(self.north)["registers"]["lifting"], "the tests")
        self.north.kill()
        self.north.start()
        told = wait_until(lambda: [alarm for alarm in self.north.cli("alarm", "list")["alarms"] if alarm["kind"] == "lift-fell-back"],
                          "the officer to be told")
        self.assertIn("started anew", told[0]["words"])
        self.assertEqual((self.newest_lift(self.north)["state"], self.newest_lift(self.north)["end"]),
                         ("fell back", "a station was started anew, or went on under another accord, while the tests ran"))
        self.relay.change = None
        self.south.wait_link("north")
        self.assertEqual(self.ladder(self.north)["situation"], "cut-by-us")
        self.assertEqual(self.own_acts(12)[1:], [], "nothing was lifted")
        self.assertEqual(self.north.cli("lift", f"south/{LINE}", "--as", "ri")["state"], "lifted")
        self.await_situation(self.south, "in-contact")

    def test_a_line_that_wants_its_desks_waits_for_a_word_of_both(self):
        self.north.cli("cut", f"south/{DESK}", "--as", "ri", "--no-reason", "--yes")
        self.await_situation(self.south, "cut-by-them", DESK)
        self.north.cli("lift", f"south/{DESK}", "--as", "ri", "--no-wait")
        self.await_passed(self.north, "text and documents")
        self.assertEqual(self.ladder(self.north, DESK)["situation"], "cut-by-us")
        self.assertIn("waits for a word of both desks", " ".join(self.ladder(self.south, DESK)["also"]))
        self.north.cli("restore", "desk", f"south/{DESK}", "--words", "I read you well.", "--as", "ri")
        self.south.cli("restore", "desk", f"north/{DESK}", "--words", "Loud and clear.", "--as", "kim")
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact", DESK)


if __name__ == "__main__":
    unittest.main(verbosity=2)
