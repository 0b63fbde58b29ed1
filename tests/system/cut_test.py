"""Lines that are cut and lifted by officers, with two real stations: what each side's screens say, what crosses."""

import datetime
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from clocks import StoryClock
from relay import Relay
from stations import DETENTE, Lab, wait_until

LINE, OTHER = "military-west", "liaison"
REASON = "The leaflets of 31 May."


class TwoStations(unittest.TestCase):
    options = ()

    def setUp(self):
        self.lab = Lab("--lines", f"{LINE},{OTHER}", *self.options)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.start("south", "north")
        self.south.wait_link("north")

    def cut(self, station, *arguments):
        far, officer = ("north", "kim") if station is self.south else ("south", "ri")
        lines = () if "--all" in arguments else (f"{far}/{LINE}",)
        return station.cli("cut", *lines, *arguments, "--as", officer, "--yes")

    def lift(self, station):
        far, officer = ("north", "kim") if station is self.south else ("south", "ri")
        return station.cli("lift", f"{far}/{LINE}", "--as", officer)

    def ladder(self, station, line=LINE):
        far = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{far}/lines/{line}/status")

    def await_situation(self, station, situation, line=LINE):
        return wait_until(lambda: (found := self.ladder(station, line))["situation"] == situation and found,
                          lambda: f"{station.name} to show {situation}: {self.ladder(station, line)}")

    def in_an_hour(self, station, seconds=3600):
        """(seconds since 1970, the same as a text)."""
        at = self.ladder(station)["now"] + seconds
        return at, datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Held(unittest.TestCase):
    """On a clock that the test sets."""

    def test_what_was_held_while_the_line_was_cut_says_that_it_came_late(self):
        base = tempfile.mkdtemp(prefix="cut-")
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        clock = StoryClock(base, time.time())
        lab = Lab("--lines", LINE, "--lift-alone", env=clock.env)
        self.addCleanup(lab.close)
        south, north = lab["south"], lab["north"]
        lab.connect()
        south.cli("send", f"north/{LINE}", "In time.", "--as", "kim", "--wait", "receipt", env=clock.env)
        north.cli("cut", f"south/{LINE}", "--no-reason", "--as", "ri", "--yes", env=clock.env)
        wait_until(lambda: south.line_of("north", LINE)["situation"] == "cut-by-them", "the cut")
        south.cli("send", f"north/{LINE}", "The map.", "--as", "kim", "--if-cut", "hold", "--wait", "durable", env=clock.env)
        clock.set(clock.now() + 7260)
        north.cli("lift", f"south/{LINE}", "--as", "ri", env=clock.env)
        wait_until(lambda: north.texts("south", LINE) == ["In time.", "The map."], "what was held")
        entries = {entry["text"]: entry for entry in north.entries("south", LINE) if "text" in entry}
        self.assertEqual(entries["In time."]["late_s"], 0)
        self.assertGreater(entries["The map."]["late_s"], 7200)
        for command in (("inbox", f"south/{LINE}", "--all"), ("record", "show", f"south/{LINE}")):
            shown = north.shown(*command, env=clock.env)
            self.assertRegex(shown, r"CAME HERE LATE, at \S+ \S+Z: it was written 2 h [0-2] min before, as its author's clock says The map")
            self.assertEqual(shown.count("CAME HERE LATE"), 1)


class ManyLines(unittest.TestCase):
    """An act names at most sixteen lines; who cuts all of them need not count."""

    NAMES = [f"line-{number}" for number in range(1, 19)]

    def test_all_of_eighteen_are_cut_in_the_dark_and_lifted(self):
        lab = Lab("--lines", ",".join(self.NAMES), "--lift-alone")
        self.addCleanup(lab.close)
        lab.start("south", "north")
        lab["south"].wait_link("north")

        def situations(station, far):
            return {station.get(f"/v1/counterparts/{far}/lines/{name}/status")["situation"] for name in self.NAMES}
        answer = lab["north"].cli("cut", "--all", "--dark", "--reason", REASON, "--as", "ri", "--yes")
        self.assertEqual(answer["lines"].count("line-"), 18)
        self.assertEqual(situations(lab["north"], "south"), {"cut-by-us"})
        wait_until(lambda: not lab["north"].status_of("south")["link"]["up"], "the dark")
        lab["north"].cli("lift", "--all", "--as", "ri", "--wait", "durable")
        wait_until(lambda: situations(lab["north"], "south") == situations(lab["south"], "north") == {"in-contact"},
                   lambda: f"all lines open: {situations(lab['north'], 'south')} {situations(lab['south'], 'north')}", 60)


class Cuts(TwoStations):
    options = ("--lift-alone",)

    def test_both_see_who_cut_when_and_why_and_nothing_crosses(self):
        self.south.cli("send", f"north/{LINE}", "before")
        self.cut(self.north, "--reason", REASON)
        there = self.await_situation(self.north, "cut-by-us")
        here = self.await_situation(self.south, "cut-by-them")
        self.assertIn(REASON, here["words"])
        cut = here["registers"]["theirs"]
        self.assertEqual((cut["cut"], cut["reason"], cut["post"], cut["in_force"], cut["media"]),
                         (1, REASON, "duty-officer", True, "all of it"))
        self.assertIsNone(here["registers"]["own"])
        self.assertTrue(wait_until(lambda: self.ladder(self.north)["registers"]["other_side_knows"], "the receipt"))
        self.assertEqual(there["registers"]["own"]["signed_at"], cut["signed_at"])
        for station, far in ((self.south, "north"), (self.north, "south")):
            message = station.refused("send", f"{far}/{LINE}", "not on this line")["message"]
            self.assertIn(REASON, message)
            self.assertIn("has cut", message)
            self.assertIn("detente send --if-cut hold", message)
            for act in (("presence", "ask"), ("call", "--drill")):  # these wait for nothing, so nobody is told to hold them
                message = station.refused(*act, f"{far}/{LINE}", "--as", "kim" if far == "north" else "ri")["message"]
                self.assertIn("has cut", message)
                self.assertIn(f"detente status {far}/{LINE} says what opens it", message)
                self.assertNotIn("--if-cut", message)
            self.assertEqual(station.cli("send", f"{far}/{OTHER}", "the others go on")["state"], "receipted")
        self.assertEqual(self.north.texts("south", LINE), ["before"])
        acts = [entry["act"] for entry in self.south.entries("north", "accord") if entry["kind"] == 12]
        self.assertEqual(acts, [f"cut of {LINE}, at once; the reason: {REASON}"])
        kinds = {alarm["kind"] for alarm in self.south.cli("alarm", "list")["alarms"]}
        self.assertIn("cut", kinds)

    def test_a_newer_cut_shows_its_own_words_and_since_when_the_first(self):
        for reason in ("the first reason", "the second reason"):
            self.cut(self.north, "--reason", reason)
        wait_until(lambda: (cut := self.ladder(self.south)["registers"]["theirs"]) and cut["cut"] == 2, "the second cut")
        for station, situation, register, far in ((self.south, "cut-by-them", "theirs", "north"), (self.north, "cut-by-us", "own", "south")):
            ladder = self.await_situation(station, situation)
            self.assertIn("the second reason", ladder["words"])
            self.assertIn("and anew at", ladder["words"])
            self.assertNotIn("the first reason", ladder["words"])
            cut = ladder["registers"][register]
            self.assertEqual((cut["cut"], cut["reason"]), (2, "the second reason"))
            self.assertLessEqual(cut["cut_since"], cut["since"])
            self.assertIn("the second reason", station.refused("send", f"{far}/{LINE}", "no")["message"])

    def test_without_a_reason_both_screens_say_so(self):
        self.cut(self.north, "--no-reason")
        self.assertIn("No reason was given", self.await_situation(self.south, "cut-by-them")["words"])
        self.assertIn("gave no reason", self.south.refused("send", f"north/{LINE}", "why?")["message"])
        self.assertEqual(self.south.refused("cut", f"north/{LINE}", "--as", "kim", "--yes")["fault"], "malformed")

    def test_a_cut_by_both_opens_when_both_have_lifted(self):
        self.cut(self.north, "--reason", REASON)
        self.await_situation(self.south, "cut-by-them")
        self.cut(self.south, "--reason", "The answer to it.")
        for station in (self.south, self.north):
            both = self.await_situation(station, "cut-by-both")
            self.assertIn(REASON, both["words"])
            self.assertIn("The answer to it.", both["words"])
        self.lift(self.north)
        self.await_situation(self.north, "cut-by-them")
        self.await_situation(self.south, "cut-by-us")
        self.assertIn("has not cut", self.north.refused("lift", f"south/{LINE}", "--as", "ri")["message"])
        self.lift(self.south)
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact")
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "after")["state"], "receipted")
        entry = self.north.entries("south", LINE)[-1]
        full = self.north.get(f"/v1/counterparts/south/lines/{LINE}/entries/far/{entry['index']}")
        self.assertEqual(full["cut_epoch"], 1, "it names the newest cut of the other side that its author knew")

    def test_it_is_in_force_at_home_although_nothing_can_be_sent_and_what_is_held_waits(self):
        self.south.stop()
        answer = self.cut(self.north, "--reason", REASON, "--wait", "durable")
        self.assertIn(answer["state"], ("queued", "placed"))
        self.await_situation(self.north, "cut-by-us")
        self.assertEqual(self.north.cli("send", f"south/{LINE}", "held", "--if-cut", "hold", "--wait", "durable")["state"], "queued")
        self.north.kill()
        self.north.start()
        self.await_situation(self.north, "cut-by-us")
        self.south.start()
        self.await_situation(self.south, "cut-by-them")
        self.assertEqual(self.south.texts("north", LINE), [])
        self.lift(self.north)
        wait_until(lambda: self.south.texts("north", LINE) == ["held"], "what was held")

    def test_what_waited_is_held_goes_back_with_its_text_or_is_dropped_as_its_author_said(self):
        self.north.stop()
        wait_until(lambda: not self.south.status_of("north")["link"]["up"], "the link to fall", 90)
        for text, choice in (("held", "hold"), ("goes back", "return"), ("dropped", "drop")):
            self.south.cli("send", f"north/{LINE}", text, "--if-cut", choice, "--as", "kim", "--wait", "durable")
        waiting = self.south.line_of("north", LINE)
        self.assertEqual(waiting["queued"], 3, waiting)
        self.south.kill()
        self.south.start()  # what they said is durable, too
        self.cut(self.south, "--reason", REASON, "--wait", "durable")
        wait_until(lambda: self.south.line_of("north", LINE)["queued"] == 1, "what is not held to go")
        noted = [line for line in self.south.cli("log", f"north/{LINE}")["lines"] if line["what"] in ("returned", "dropped")]
        self.assertEqual([(line["what"], line["text"]) for line in noted], [("returned", "goes back"), ("dropped", "")])
        self.assertIn("duty-officer", noted[0]["author"])
        self.assertIn("is given back", noted[0]["why"])
        alarms = {alarm["kind"]: alarm["words"] for alarm in self.south.cli("alarm", "list")["alarms"]}
        self.assertIn("Its text: detente log north/", alarms["returned"])
        self.assertIn("dropped, as its author wanted", alarms["dropped"])
        self.north.start()
        self.lift(self.south)
        wait_until(lambda: self.north.texts("south", LINE) == ["held"], "what was held")

    def test_an_hour_is_announced_and_all_lines_are_open_until_then(self):
        at, text = self.in_an_hour(self.north, 6)
        self.cut(self.north, "--all", "--reason", REASON, "--effective", text)
        announced = wait_until(lambda: self.ladder(self.south)["registers"]["theirs"], "the announcement")
        self.assertEqual((announced["since"], announced["in_force"]), (at, False))
        for station, who in ((self.south, "north"), (self.north, "we")):
            ladder = self.ladder(station)
            self.assertEqual(ladder["situation"], "in-contact")
            self.assertIn(f"{who} announced to suspend this line at {text}", " ".join(ladder["also"]))
            self.assertIn("before the announced suspension", ladder["to_do"])
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "still open")["state"], "receipted")
        for line in (LINE, OTHER):
            self.await_situation(self.south, "cut-by-them", line)
            self.await_situation(self.north, "cut-by-us", line)
        self.assertGreaterEqual(self.ladder(self.south)["now"], at)
        far = self.south.refused("cut", f"north/{LINE}", "--as", "kim", "--reason", "x", "--effective", "+73h", "--yes")
        self.assertEqual(far["fault"], "limit")

    def test_one_medium_is_cut_and_the_other_goes_on(self):
        self.cut(self.north, "--reason", REASON, "--medium", "document")
        ladder = wait_until(lambda: (found := self.ladder(self.south))["registers"]["theirs"] and found, "the cut")
        self.assertEqual(ladder["situation"], "in-contact")
        self.assertIn("suspended documents on this line", " ".join(ladder["also"]))
        self.assertEqual(ladder["title"], "IN CONTACT; documents suspended by north")
        self.assertIn("open for text; documents suspended by north", [rung["words"] for rung in ladder["rungs"]])
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "text goes on")["state"], "receipted")
        self.assertIn("documents on line", self.south.refused("send", f"north/{LINE}", "--file", __file__)["message"])
        self.lift(self.north)
        wait_until(lambda: self.ladder(self.south)["registers"]["theirs"] is None, "the lift")
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "--file", __file__)["state"], "receipted")

    def test_text_is_cut_and_documents_go_on(self):
        self.cut(self.north, "--reason", REASON, "--medium", "text")
        ladder = self.await_situation(self.south, "cut-by-them")
        self.assertEqual(ladder["title"], "TEXT SUSPENDED BY north")
        self.assertIn("North (duty-officer) suspended text on this line", ladder["words"])
        self.assertIn("by north's clock", ladder["words"])
        self.assertIn("documents may be sent", ladder["to_do"])
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "--file", __file__)["state"], "receipted")

    def test_all_lines_are_those_that_the_act_can_be_of(self):
        self.cut(self.north, "--reason", REASON)
        done = self.cut(self.north, "--all", "--reason", REASON, "--effective", "+2h")
        self.assertEqual((done["lines"], len(done["left_out"])), (f"south/{OTHER}", 1))
        self.assertIn(f"has cut south/{LINE} already", done["left_out"][0])
        refused = self.north.refused("cut", "--all", "--reason", REASON, "--effective", "+3h", "--as", "ri", "--yes")["message"]
        self.assertIn(f"a cut of south/{OTHER} is announced already", refused)
        self.lift(self.north)
        self.north.cli("lift", "--all", "--as", "ri")
        refused = self.north.refused("lift", "--all", "--as", "ri")["message"]
        self.assertIn(f"has not cut south/{LINE}", refused)
        self.assertIn(f"has not cut south/{OTHER}", refused)

    def test_the_accord_line_is_never_cut(self):
        self.assertIn("never cut", self.south.refused("cut", "north/accord", "--as", "kim", "--reason", "x", "--yes")["message"])


class RightsOfOfficers(TwoStations):
    options = ("--lift-alone",)

    def test_an_officer_of_one_line_cuts_no_other(self):
        self.south.stop()
        self.south.cli("officer", "enrol", "lee", "--post", "attache", "--lines", OTHER)
        self.south.start()
        for line in (LINE, OTHER):  # an act on the accord line, for which lee has no credential
            refused = self.south.refused("cut", f"north/{line}", "--as", "lee", "--reason", "x", "--yes")
            self.assertEqual(refused["fault"], "denied", refused)
        unsigned = {"kind": 12, "body": "hAGBggEBAA==", "precedence": "flash"}
        status, answer = self.south.ask("POST", "/v1/counterparts/north/lines/accord/entries", unsigned)
        self.assertGreaterEqual(status, 400)
        self.assertEqual(self.ladder(self.south)["registers"]["own_cuts"], 0)


class NoStandingConsent(TwoStations):
    """An accord without the other side's consent to a lift by one side alone."""

    def test_a_cut_in_force_is_not_lifted_by_one_side_and_an_announced_one_is(self):
        self.cut(self.north, "--reason", REASON, "--effective", self.in_an_hour(self.north)[1])
        self.lift(self.north)
        wait_until(lambda: self.ladder(self.south)["registers"]["their_cuts"] == 1 and
                   self.ladder(self.south)["registers"]["theirs"] is None, "the announcement to be taken back")
        done = subprocess.run([DETENTE, "cut", f"south/{LINE}", "--as", "ri", "--reason", REASON, "--dir", self.north.dir],
                              input="no\n", capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("no standing consent to a lift of", done.stdout)
        self.assertNotEqual(done.returncode, 0)
        self.assertIsNone(self.ladder(self.north)["registers"]["own"], "nobody said yes")
        self.cut(self.north, "--reason", REASON)
        refused = self.north.refused("lift", f"south/{LINE}", "--as", "ri")
        self.assertEqual(refused["fault"], "denied")
        self.assertIn("both agree to restore", refused["message"])
        self.await_situation(self.south, "cut-by-them")


class InTheDark(TwoStations):
    """A relay counts what leaves each of them."""

    options = ("--lift-alone", "--gap")

    def setUp(self):
        self.lab = Lab("--lines", f"{LINE},{OTHER}", *self.options)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(self.relay.close)
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("send", f"north/{LINE}", "before")

    def carry(self, station, other, name):
        path = os.path.join(self.lab.dir, name)
        station.cli("courier", "export", other.name, path)
        other.cli("courier", "import", path)

    def await_packets_of_south(self, more):
        before = self.relay.packets[0]
        wait_until(lambda: self.relay.packets[0] >= before + more, "south to send")

    def test_nothing_leaves_and_the_act_and_the_way_back_go_by_file(self):
        refused = self.north.refused("cut", f"south/{LINE}", "--dark", "--reason", REASON, "--as", "ri", "--yes")
        self.assertEqual(refused["fault"], "denied")
        self.assertIn("every line of the accord", refused["message"])
        answer = self.cut(self.north, "--all", "--dark", "--reason", REASON)
        self.assertIn(answer["state"], ("placed", "queued"), answer)
        here = self.await_situation(self.north, "cut-by-us")
        self.assertIn("sends and answers nothing", here["words"])
        self.assertEqual(self.ladder(self.north, "accord")["title"], "SILENT BY OUR ORDER")
        sent = self.relay.packets[1]
        self.south.cli("send", f"north/{LINE}", "meanwhile", "--wait", "durable")
        self.await_packets_of_south(3)
        self.assertEqual(self.ladder(self.south)["registers"]["theirs"], None)
        self.carry(self.north, self.south, "dark.courier")
        there = self.await_situation(self.south, "cut-by-them")
        self.assertIn("cannot be told", there["words"])
        self.assertTrue(there["registers"]["theirs"]["dark"])
        wait_until(lambda: self.ladder(self.south, "accord")["title"] == "SILENT BY ORDER OF north", "south to say whose order it is",
                   patience=60)
        self.north.kill()
        self.north.start()
        self.await_situation(self.north, "cut-by-us")
        self.assertEqual(self.relay.packets[1], sent, "packets left a station that is in the dark")
        self.north.cli("lift", "--all", "--as", "ri", "--wait", "durable")
        for station in (self.south, self.north):
            self.await_situation(station, "in-contact")
        self.assertEqual(self.south.cli("send", f"north/{LINE}", "after")["state"], "receipted")
        self.assertEqual(self.north.texts("south", LINE), ["before", "meanwhile", "after"])


class OpenToOtherPosts(TwoStations):
    """The line's annex names the posts that may join it, and the duty officer's is not among them."""
    options = ("--people", f"{LINE}=watch-leader")

    def test_an_officer_of_another_post_acts_on_none_of_it(self):
        far = f"north/{LINE}"
        for act in (("cut", far, "--no-reason"), ("restore", "propose", far, "--at", "+1h")):
            refused = self.south.refused(*act, "--as", "kim", "--yes")
            self.assertEqual(refused["fault"], "denied", refused)
            self.assertIn(f"the accord opens line {LINE} to these posts: watch-leader", refused["message"])
            self.assertIn("let one of those posts act", refused["message"])
        self.south.cli("cut", f"north/{OTHER}", "--no-reason", "--as", "kim", "--yes")
        self.await_situation(self.north, "cut-by-them", OTHER)
        self.assertNotEqual(self.ladder(self.south)["situation"], "cut-by-us")


if __name__ == "__main__":
    unittest.main(verbosity=2)
