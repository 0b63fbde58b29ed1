"""Lines that were cut are restored by agreement, with two real stations: propose, accept, the hour, the tests, the report."""

import shutil
import subprocess
import tempfile
import time
import unittest

from clocks import StoryClock
from stations import DETENTE, Lab, wait_until

LINE, DESK = "military-west", "liaison"


class RestoreCase(unittest.TestCase):
    env = None

    def setUp(self):
        self.lab = Lab("--lines", f"{LINE},{DESK}", "--desk-restores", DESK, env=self.env)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.north.cli("cut", "--all", "--reason", "The leaflets.", "--as", "ri", "--yes", env=self.env)
        self.await_situation(self.south, "cut-by-them")

    def far(self, station):
        return ("north", "kim") if station is self.south else ("south", "ri")

    def ladder(self, station, line=LINE):
        return station.get(f"/v1/counterparts/{self.far(station)[0]}/lines/{line}/status")

    def await_situation(self, station, situation, line=LINE):
        return wait_until(lambda: (found := self.ladder(station, line))["situation"] == situation and found,
                          lambda: f"{station.name} to show {situation} of {line}: {self.ladder(station, line)}")

    def propose(self, station, *lines, at="+4s", more=()):
        far, officer = self.far(station)
        station.cli("restore", "propose", *(f"{far}/{line}" for line in lines), "--at", at, "--as", officer, *more, env=self.env)
        return max((one for one in self.proposals(station) if one["by"] == "us"), key=lambda one: one["index"])

    def proposals(self, station):
        """The oldest first; of one second, in no order that means anything."""
        return station.cli("proposal", "list", env=self.env)["proposals"]

    def states(self, station):
        return {one["id"]: one["state"] for one in self.proposals(station)}

    def answer(self, station, what, proposal, *more):
        far, officer = self.far(station)
        return station.cli("proposal", what, f"{far}/far-{proposal['index']}", "--as", officer, "--yes", *more, env=self.env)

    def acts(self, station, whose, kind):
        far, _ = self.far(station)
        return [entry["act"] for entry in station.entries(far, "accord", whose) if entry["kind"] == kind]


class Restorations(RestoreCase):
    def test_both_agree_and_at_the_hour_the_line_opens_by_itself_and_both_report(self):
        offered = self.propose(self.south, LINE, at="+8s", more=("--words", "Let us speak again."))
        theirs = wait_until(lambda: self.proposals(self.north), "the proposal")[0]
        self.assertEqual((theirs["by"], theirs["post"], theirs["state"], theirs["words"]),
                         ("them", "duty-officer", "offered", "Let us speak again."))
        self.assertIn(f"to restore {LINE}", theirs["act"])
        self.answer(self.north, "accept", offered, "--words", "Agreed.")
        ours = wait_until(lambda: (found := self.proposals(self.south)[0])["state"] == "accepted" and found, "the acceptance")
        self.assertEqual((ours["decided"]["by"], ours["decided"]["words"]), ("them", "Agreed."))
        before = self.ladder(self.south)
        self.assertEqual(before["situation"], "cut-by-them", "not before the hour")
        self.assertIn("agreed to restore this line at", " ".join(before["also"]))
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact")
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "after")["state"], "receipted")
        self.assertGreaterEqual(self.ladder(self.south)["now"], ours["instant"])
        self.assertEqual(self.ladder(self.south, DESK)["situation"], "cut-by-them", "nobody agreed on that line")
        for station in (self.south, self.north):
            for whose in ("own", "far"):
                report = wait_until(lambda s=station, w=whose: self.acts(s, w, 16), "the report of each side on both screens")[0]
                self.assertIn("every line is open", report)
                self.assertIn(f"{LINE} is open, passed both ways: text and documents", report)
                self.assertIn("works both ways", report)
        self.assertIn("ended by restoration", self.acts(self.south, "far", 12)[-1])
        shown = self.south.cli("restore", "show")["proposals"][0]["restoration"]
        self.assertEqual((shown["state"], shown["end"]), ("ended", "every line is open"))

    def test_a_line_waits_for_a_word_of_both_desks(self):
        offered = self.propose(self.north, LINE, DESK)
        wait_until(lambda: self.proposals(self.south), "the proposal")
        self.answer(self.south, "accept", offered)
        self.await_situation(self.south, "in-contact")
        tested = self.ladder(self.south, DESK)
        self.assertEqual(tested["situation"], "cut-by-them")
        self.assertIn("tests of an agreed restoration", " ".join(tested["also"]))
        waits = self.south.cli("restore", "show")["proposals"][0]["restoration"]["lines"]
        self.assertEqual([(line["line"], line["desk_wanted"], line["desk_passed"], line["open"]) for line in waits if line["line"] == DESK],
                         [(DESK, True, False, False)])
        for station in (self.south, self.north):
            far, officer = self.far(station)
            station.cli("restore", "desk", f"{far}/{DESK}", "--words", "I read you well.", "--as", officer)
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact", DESK)
        self.assertIn("I read you well.", self.acts(self.south, "far", 15)[-1])

    def test_a_desk_has_nothing_to_say_of_tests_that_have_not_begun(self):
        offered = self.propose(self.north, DESK, at="+1h")
        wait_until(lambda: self.proposals(self.south), "the proposal")
        self.answer(self.south, "accept", offered)
        early = self.south.refused("restore", "desk", f"north/{DESK}", "--words", "I read you.", "--as", "kim")["message"]
        self.assertIn("the tests of this restoration do not run: they are agreed for", early)
        self.assertEqual(self.acts(self.south, "own", 15), [])

    def test_what_was_rejected_replaced_or_withdrawn_opens_nothing(self):
        first = self.propose(self.south, LINE, at="+1h")
        wait_until(lambda: self.proposals(self.north), "the proposal")
        self.answer(self.north, "reject", first, "--words", "Not now.")
        told = wait_until(lambda: (found := self.proposals(self.south)[0])["state"] == "rejected" and found, "the rejection")
        self.assertEqual(told["decided"]["words"], "Not now.")
        again = self.north.refused("proposal", "accept", f"south/far-{first['index']}", "--as", "ri", "--yes")
        self.assertIn("the proposal is rejected", again["message"])
        second = self.propose(self.south, LINE, at="+2h")
        wait_until(lambda: len(self.proposals(self.north)) == 2, "the second")
        counter = self.propose(self.north, LINE, at="+3s", more=("--instead-of", f"south/far-{second['index']}"))
        expected = {first["id"]: "rejected", second["id"]: "replaced", f"far-{counter['index']}": "offered"}
        wait_until(lambda: self.states(self.south) == expected, lambda: f"the counter-offer: {self.proposals(self.south)}")
        self.answer(self.south, "accept", counter)
        self.south.cli("proposal", "withdraw", f"north/far-{counter['index']}", "--as", "kim")
        wait_until(lambda: self.states(self.north)[counter["id"]] == "withdrawn", "the withdrawal")
        wait_until(lambda: self.ladder(self.south)["now"] > counter["instant"] + 2, "the hour to pass")
        for station in (self.south, self.north):
            self.assertNotEqual(self.ladder(station)["situation"], "in-contact")
        self.assertEqual(self.acts(self.south, "own", 15), [], "nothing was tested")

    def test_what_is_old_is_found_behind_a_hundred_newer_proposals(self):
        ours, theirs = (self.propose(station, LINE, at="+2h") for station in (self.south, self.north))
        self.answer(self.north, "accept", ours)
        wait_until(lambda: self.states(self.south)[ours["id"]] == "accepted", "the acceptance")
        # Headers have whole seconds: what follows is newer.
        wait_until(lambda: time.time() >= max(ours["time"], theirs["time"]) + 1, "the next second")
        for _ in range(102):
            self.north.cli("restore", "propose", f"south/{LINE}", "--at", "+3h", "--as", "ri", "--wait", "durable")
        wait_until(lambda: len(self.south.cli("proposal", "list", "--all")["proposals"]) == 104, "all of them")
        listed = self.south.cli("proposal", "list")
        self.assertEqual((len(listed["proposals"]), listed["left_out"]), (101, 3))
        self.assertEqual(listed["proposals"][0]["id"], ours["id"], "agreed on: never hidden")
        self.south.cli("proposal", "reject", f"north/far-{theirs['index']}", "--as", "kim", "--yes")
        self.south.cli("proposal", "withdraw", f"north/own-{ours['index']}", "--as", "kim", "--yes")
        states = {one["id"]: one["state"] for one in self.south.cli("proposal", "list", "--all")["proposals"]}
        self.assertEqual((states[f"far-{theirs['index']}"], states[ours["id"]]), ("rejected", "withdrawn"))

    def test_an_offer_whose_hour_has_passed_is_not_to_be_accepted(self):
        offered = self.propose(self.south, LINE, at="+3s")
        wait_until(lambda: self.proposals(self.north), "the proposal")

        def shown():
            return subprocess.run([DETENTE, "proposal", "list", "--dir", self.north.dir], capture_output=True, text=True, timeout=60, check=True).stdout

        wait_until(lambda: self.ladder(self.north)["now"] > offered["instant"], "its hour to pass")
        self.assertIn("its hour has passed", shown())
        self.assertNotIn("proposal accept", shown())

    def test_a_cut_that_is_newer_than_the_agreement_is_not_opened_and_both_sides_say_so(self):
        offered = self.propose(self.south, LINE, at="+10s")
        wait_until(lambda: self.proposals(self.north), "the proposal")
        self.answer(self.north, "accept", offered)
        wait_until(lambda: self.states(self.south)[offered["id"]] == "accepted", "the acceptance")
        self.north.cli("cut", f"south/{LINE}", "--reason", "Once more.", "--as", "ri", "--yes")
        for station, words, newer in ((self.north, "our cut is newer than that agreement", "cut_anew"),
                                      (self.south, "the cut by north is newer than that agreement", "their_cut_anew")):
            wait_until(lambda s=station, w=words: w in " ".join(self.ladder(s)["also"]), lambda s=station: f"{s.name} to say so: {self.ladder(s)}")
            line = self.proposals(station)[0]["lines"][0]
            self.assertEqual((line["counts"], line[newer]), (True, True))
        for station in (self.south, self.north):
            report = wait_until(lambda s=station: self.acts(s, "own", 16), "the report", 40)[0]
            self.assertIn("cut anew", report)
            self.assertIn(f"{LINE} stays cut", report)
            self.assertNotEqual(self.ladder(station)["situation"], "in-contact")

    def test_of_two_agreements_about_one_line_it_is_said_which_counts(self):
        offers = [self.propose(self.south, LINE, at=at) for at in ("+2h", "+1h")]
        wait_until(lambda: len(self.proposals(self.north)) == 2, "the proposals")
        for offered in offers:
            self.answer(self.north, "accept", offered)
        wait_until(lambda: set(self.states(self.south).values()) == {"accepted"}, "the acceptances")
        for station in (self.south, self.north):
            counts = {one["instant"]: one["lines"][0]["counts"] for one in self.proposals(station)}
            self.assertEqual([counts[at] for at in sorted(counts)].count(True), 1, counts)
        text = subprocess.run([DETENTE, "restore", "show", "--dir", self.south.dir], capture_output=True, text=True, timeout=60).stdout
        self.assertIn("another agreement about this line is the one that counts", text)

    def test_a_station_that_is_killed_in_its_tests_leaves_the_line_cut_and_a_new_agreement_opens_it(self):
        offered = self.propose(self.north, LINE, DESK, at="+3s")
        wait_until(lambda: self.proposals(self.south), "the proposal")
        self.answer(self.south, "accept", offered)
        self.await_situation(self.north, "in-contact")  # liaison waits for its desks: the tests run
        self.north.kill()
        self.north.start()
        report = wait_until(lambda: self.acts(self.north, "own", 16), "the report of the station that was stopped")[0]
        self.assertIn("started anew", report)
        self.assertIn(f"{DESK} stays cut", report)
        self.assertEqual(self.ladder(self.north, DESK)["situation"], "cut-by-us")
        ended = wait_until(lambda: (found := self.proposals(self.south)[0]["restoration"])["state"] == "ended" and found, "south's tests to end, too")
        self.assertIn("started anew", ended["their_end"])
        self.assertTrue(ended["anew"])
        shown = self.south.shown("restore", "show")
        self.assertIn("a word of both desks was missing", shown)
        self.assertNotIn("waits for a word", shown)
        for station in (self.south, self.north):
            far, officer = self.far(station)
            refused = station.refused("restore", "desk", f"{far}/{DESK}", "--words", "I read you.", "--as", officer)["message"]
            self.assertIn("needs a new agreement", refused)
        self.assertEqual(self.ladder(self.north, DESK)["situation"], "cut-by-us", "it is tried once")
        self.north.stop()
        self.north.start()
        self.assertEqual(self.proposals(self.north)[0]["restoration"]["end"], ended["their_end"], "as its record has it")
        second = self.propose(self.south, DESK, at="+3s")
        wait_until(lambda: len(self.proposals(self.north)) == 2, "the second proposal")
        self.answer(self.north, "accept", second)
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.proposals(s)[-1]["restoration"], "its tests")
        for station in (self.south, self.north):
            far, officer = self.far(station)
            station.cli("restore", "desk", f"{far}/{DESK}", "--words", "I read you again.", "--as", officer)
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact", DESK)

    def test_nobody_but_an_officer_proposes_and_no_desk_writes_the_stations_entries(self):
        refused = self.south.refused("restore", "propose", f"north/{LINE}", "--at", "2020-01-01T00:00:00Z", "--as", "kim")
        self.assertIn("lapsed before it is made", refused["message"])
        for kind, body in ((13, "hAFFgYIBBwUaf////w=="), (15, "gQA="), (16, "gwCBhQEHAQAAgA==")):
            status, answer = self.south.ask("POST", "/v1/counterparts/north/lines/accord/entries", {"kind": kind, "body": body})
            self.assertGreaterEqual(status, 400, (kind, answer))


class HoursGoBy(RestoreCase):
    """On a clock that the test sets."""

    def setUp(self):
        base = tempfile.mkdtemp(prefix="restore-")
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        self.clock = StoryClock(base, time.time())
        self.env = self.clock.env
        super().setUp()

    def restoration(self, station):
        return self.proposals(station)[0]["restoration"] or {"state": None}

    def test_who_was_not_there_at_the_hour_says_so_and_the_line_stays_cut_until_a_new_agreement(self):
        offered = self.propose(self.south, LINE, at="+10m")
        wait_until(lambda: self.proposals(self.north), "the proposal")
        self.answer(self.north, "accept", offered)
        wait_until(lambda: self.states(self.south)[offered["id"]] == "accepted", "the acceptance")
        for station in (self.south, self.north):
            station.stop()
        self.clock.set(offered["instant"] + 1800)
        self.south.start()
        wait_until(lambda: self.restoration(self.south)["state"] == "testing", "the tests of who comes within two hours")
        self.assertEqual(self.ladder(self.south)["situation"], "cut-by-them")
        self.clock.set(offered["instant"] + 7202)
        ended = wait_until(lambda: (found := self.restoration(self.south))["state"] == "ended" and found, "their end")
        self.assertEqual((ended["end"], ended["anew"]), ("the time for the tests is over", True))
        self.north.start()
        self.north.wait_link("south")
        missed = wait_until(lambda: (found := self.restoration(self.north)).get("their_end") and found, "the report of who was there")
        self.assertEqual((missed["state"], missed["their_end"], missed["anew"]), ("missed", ended["end"], True))
        self.assertEqual(self.acts(self.north, "own", 16), [], "who has tested nothing reports nothing")
        shown = self.north.shown("restore", "show", env=self.env)
        self.assertIn("nothing was tested here within two hours after its hour", shown)
        self.assertIn("the other station has ended its tests: the time for the tests is over", shown)
        self.assertIn("needs a new agreement: detente restore propose", shown)
        for station, situation, why in ((self.north, "cut-by-us", "nothing was tested here"), (self.south, "cut-by-them", ended["end"])):
            ladder = self.ladder(station)
            self.assertEqual(ladder["situation"], situation)
            self.assertRegex(" ".join(ladder["also"]), f"has not opened this line: {why}.* A new agreement is needed")
        second = self.propose(self.north, LINE, at="+4s")
        wait_until(lambda: len(self.proposals(self.south)) == 2, "the second proposal")
        self.answer(self.south, "accept", second)
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact")
            self.assertNotIn("has not opened", " ".join(self.ladder(station)["also"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
