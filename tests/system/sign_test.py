"""Grave acts that two officers sign, from files, with two real stations: a side's rule of two, and a text that somebody changes."""

import datetime
import os
import pty
import re
import subprocess
import time
import unittest

from clocks import Clock
from stations import DETENTE, Lab, wait_until

LINE, OTHER = "military-west", "liaison"
REASON, FORGED = "The leaflets of 31 May.", "The leaflets of 31 Mai."


class TwoStations(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{LINE},{OTHER}", "--lift-alone")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.south.cli("officer", "enrol", "park", "--post", "duty-chief")
        self.south.cli("officer", "enrol", "lee", "--post", "attache", "--lines", f"accord,{OTHER}")
        self.south.cli("bulletin", "export", self.path("south.bulletins"))
        self.north.cli("bulletin", "import", self.path("south.bulletins"))
        self.rule("[rules]\ncut = 2\nrestore = 2\n")
        self.lab.start("south", "north")
        self.south.wait_link("north")

    def path(self, name):
        return os.path.join(self.lab.dir, name)

    def rule(self, text):
        """[rules] stands at the end of the file, once."""
        name = self.south.path("station", "station.toml")
        with open(name, encoding="utf-8") as file:
            before = file.read()
        before = before.split("[rules]")[0]
        with open(name, "w", encoding="utf-8") as file:
            file.write(before + "\n" + text)

    def prepare(self, name="cut.act", *arguments):
        file = self.path(name)
        self.south.cli("cut", f"north/{LINE}", "--reason", REASON, "--to-sign", file, *arguments, "--yes")
        return file

    def situation(self, station):
        return self.ladder(station)["situation"]

    def ladder(self, station):
        far = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{far}/lines/{LINE}/status")

    def change(self, file, before, after):
        with open(file, "rb") as opened:
            content = opened.read()
        self.assertIn(before.encode(), content)
        with open(file, "wb") as opened:
            opened.write(content.replace(before.encode(), after.encode()))

    def signatures(self, file):
        with open(file, "rb") as opened:
            return opened.read().count(b"\x3a\x00\x01\x11\x70")  # the label of an officer's counter


class TwoOfficers(TwoStations):
    """A side whose rule wants two under a cut and a restoration."""

    def test_a_cut_wants_both_and_the_other_side_sees_both(self):
        file = self.prepare()
        shown = "\n".join(self.south.cli("act", "show", file)["text"])
        for part in ("CUT: south", f"{LINE} (line ", "at once", REASON, "nobody yet"):
            self.assertIn(part, shown)
        self.assertEqual(self.south.refused("act", "submit", file)["fault"], "denied", "nobody has signed")
        self.south.stop()  # an officer's program needs no station
        signed = self.south.cli("sign", file, "--as", "kim", "--yes")
        self.assertEqual((signed["signatures"], self.signatures(file)), (1, 1))
        self.assertIn(REASON, "\n".join(signed["text"]))
        self.south.start()
        message = self.south.refused("act", "submit", file)["message"]
        self.assertIn("wants 2 officers under this, and 1 has signed", message)
        self.assertIn("signed this already", self.south.refused("sign", file, "--as", "kim", "--yes")["message"])
        self.assertIn("no right for every line", self.south.refused("sign", file, "--as", "lee", "--yes")["message"])
        self.assertEqual(self.signatures(file), 1)
        self.assertNotEqual(self.situation(self.south), "cut-by-us")
        self.assertEqual(self.south.cli("sign", file, "--as", "park", "--yes")["signatures"], 2)
        clock = Clock(self.lab.dir, time.time() + 7260)  # whoever hands it over does so two hours later
        self.assertIn("WRITTEN 121 MINUTES AGO", self.south.shown("act", "submit", file, env=clock.env))
        wait_until(lambda: self.situation(self.north) == "cut-by-them", "the cut at the other side")
        self.assertEqual(self.situation(self.south), "cut-by-us")
        entry = next(e for e in self.north.entries("south", "accord") if e["kind"] == 12)
        full = self.north.get(f"/v1/counterparts/south/lines/accord/entries/far/{entry['index']}")
        self.assertEqual([(s["post"], s["verdict"]) for s in full["evidence"]["signatures"]],
                         [("duty-officer", "valid"), ("duty-chief", "valid")])
        self.assertIn("was signed for another", self.south.refused("act", "submit", file)["message"], "not twice")
        # No rule of a lift: one officer is enough, as ever.
        self.south.cli("lift", f"north/{LINE}", "--as", "kim")
        wait_until(lambda: self.situation(self.north) == "in-contact", "the lift")

    def test_an_act_that_was_signed_long_before_says_so_on_both_screens(self):
        folder = os.path.join(self.lab.dir, "clock")
        os.mkdir(folder)
        file = self.prepare("old.act")
        for officer in ("kim", "park"):
            self.south.cli("sign", file, "--as", officer, "--yes")
        later = Clock(folder, time.time() + 7260)
        for station in (self.south, self.north):
            station.stop()
            station.env = later.env
            station.start()
        self.south.wait_link("north")
        self.south.cli("act", "submit", file)
        wait_until(lambda: self.situation(self.north) == "cut-by-them", "the cut at the other side")
        for station, far in ((self.south, "north"), (self.north, "south")):
            self.assertIn("CAME HERE LATE, at ", self.ladder(station)["words"])
            self.assertRegex(station.shown("record", "show", f"{far}/accord"), "SIGNED 2 H [12] MIN BEFORE IT WAS HERE")
        # Both stations' clocks are two hours ahead of the desks', so what these sign is so old, too.
        self.north.cli("restore", "propose", LINE, "--at", "+20h", "--as", "ri")
        offer = wait_until(lambda: self.south.cli("proposal", "list")["proposals"], "the proposal")[0]
        self.south.cli("proposal", "accept", f"north/{offer['id']}", "--to-sign", self.path("accept.act"))
        for officer in ("kim", "park"):
            self.south.cli("sign", self.path("accept.act"), "--as", officer, "--yes")
        self.south.cli("act", "submit", self.path("accept.act"))
        wait_until(lambda: self.north.cli("proposal", "list")["proposals"][0]["state"] == "accepted", "the acceptance")
        for station in (self.south, self.north):
            self.assertRegex(station.shown("proposal", "list"), r"accepted by \S+ \(duty-officer, SIGNED 2 H [123] MIN BEFORE IT WAS HERE\)")

    def test_under_a_rule_cut_as_an_officer_writes_the_file_with_his_signature(self):
        done = self.south.cli("cut", f"north/{LINE}", "--reason", REASON, "--as", "kim", "--yes",
                              "--to-sign", self.path("first.act"))
        self.assertEqual((done["signatures"], done["signatures_wanted"], done["mandate_missing"]), (1, 2, False))
        done = subprocess.run([DETENTE, "cut", f"north/{LINE}", "--no-reason", "--as", "kim", "--yes", "--dir", self.south.dir],
                              capture_output=True, text=True, timeout=60, check=True, cwd=self.lab.dir)
        written = [name for name in os.listdir(self.lab.dir) if re.fullmatch(r"cut-north-.*\.act", name)]
        self.assertEqual(len(written), 1, done.stdout)
        self.assertIn("Nothing was sent", done.stdout)
        self.assertNotEqual(self.situation(self.south), "cut-by-us")
        self.assertIn("say --as OFFICER", self.south.refused("lift", f"north/{LINE}")["message"])

    def test_an_announcement_is_drafted_by_two_and_released(self):
        self.south.stop()
        self.rule("[rules]\nannounce = 2\n")
        self.south.start()
        self.south.wait_link("north")
        text, file = self.path("ours.txt"), self.path("announce.act")
        with open(text, "w", encoding="utf-8") as out:
            out.write("The lines are open again.\n")
        draft = ("announce", "draft", "north", "--core", "The lines", "--text", text, "--at", "+20s", "--identical")
        self.south.cli(*draft, "--as", "kim", "--to-sign", file, "--yes")
        self.assertEqual(self.signatures(file), 1)
        shown = "\n".join(self.south.cli("act", "show", file)["text"])
        for part in ("an ANNOUNCEMENT", "The lines", "one identical text", "Document"):
            self.assertIn(part, shown)
        self.assertEqual(self.south.refused("act", "submit", file)["fault"], "denied", "one of two")
        self.south.cli("sign", file, "--as", "park", "--yes")
        self.south.cli("act", "submit", file)
        offered = wait_until(lambda: self.north.cli("proposal", "list")["proposals"], "the proposal")
        wait_until(lambda: subprocess.run([DETENTE, "announce", "agree", f"south/{offered[-1]['id']}", "--as", "ri", "--yes", "--dir",
                                           self.north.dir], capture_output=True, check=False, timeout=60).returncode == 0,
                   "the text to be there, and north to agree")
        place = self.south.path("station", "announcements")
        wait_until(lambda: [name for name in os.listdir(place) if name.endswith(".txt")], "the release", 60)

    def test_a_text_that_was_changed_gets_no_signature(self):
        file = self.prepare("signed.act", "--as", "kim")
        self.change(file, REASON, FORGED)
        message = self.south.refused("sign", file, "--as", "park", "--yes")["message"]
        self.assertIn("not what that officer read", message)
        self.assertEqual(self.signatures(file), 1)
        self.assertEqual(self.south.refused("act", "submit", file)["fault"], "denied")
        # Behind the whole client's back: the station judges by itself.
        self.assertNotEqual(self.situation(self.south), "cut-by-us")
        broken = self.prepare("broken.act")
        with open(broken, "ab") as opened:
            opened.write(b"\0")
        error = self.south.refused("sign", broken, "--as", "kim", "--yes")
        self.assertEqual(error["fault"], "malformed")
        self.assertIn("get it again from whoever made it", error["message"])
        self.assertIn("get it again from the principal", self.south.refused("mandate", "show", broken)["message"])

    def test_a_file_that_changes_while_it_is_read_gets_no_signature(self):
        file = self.prepare()
        child, terminal = pty.fork()  # a question is asked at the terminal that controls the process
        if child == 0:
            os.execv(DETENTE, [DETENTE, "sign", file, "--as", "kim", "--dir", self.south.dir])
        self.addCleanup(os.close, terminal)
        shown = self.read_until(terminal, "Sign exactly this as kim")
        self.assertIn(REASON, shown)
        self.change(file, REASON, FORGED)
        os.write(terminal, b"yes\n")
        self.read_until(terminal, "changed while you read it")
        self.assertNotEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(self.signatures(file), 0)

    def read_until(self, terminal, text):
        shown = ""
        while text not in shown:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                self.fail(f"the program ended; the terminal shows:\n{shown}")
        return shown

    def test_a_restoration_is_proposed_by_two_and_accepted_by_two(self):
        self.north.cli("cut", f"south/{LINE}", "--reason", REASON, "--as", "ri", "--yes")
        wait_until(lambda: self.situation(self.south) == "cut-by-them", "the cut")
        self.north.cli("restore", "propose", LINE, "--at", "+1h", "--as", "ri", "--words", "One o'clock.")
        offer = wait_until(lambda: self.south.cli("proposal", "list")["proposals"], "the proposal")[0]
        file = self.path("accept.act")
        self.south.cli("proposal", "accept", f"north/{offer['id']}", "--to-sign", file)
        shown = "\n".join(self.south.cli("sign", file, "--as", "kim", "--yes")["text"])
        for part in ("ACCEPT", "RESTORE", LINE, "One o'clock."):
            self.assertIn(part, shown)
        self.assertEqual(self.south.refused("act", "submit", file)["fault"], "denied")
        other = self.path("other.act")
        self.south.cli("proposal", "accept", f"north/{offer['id']}", "--to-sign", other)
        self.change(other, "One o'clock.", "Two o'clock.")
        self.assertIn("not what the act refers to", self.south.refused("sign", other, "--as", "kim", "--yes")["message"])
        self.south.cli("sign", file, "--as", "park", "--yes")
        self.south.cli("act", "submit", file)
        wait_until(lambda: self.north.cli("proposal", "list")["proposals"][0]["state"] == "accepted", "the acceptance")
        # Stepping back is one officer's.
        self.south.cli("proposal", "withdraw", f"north/{offer['id']}", "--as", "kim")
        wait_until(lambda: self.north.cli("proposal", "list")["proposals"][0]["state"] == "withdrawn", "the withdrawal")

    def test_a_rule_that_nobody_can_meet_stops_the_start_and_says_so(self):
        for text, part in (("[rules]\ncut = 4\n", "nobody could do it"), ("[rules]\ncut = 5\n", "cut"), ("[rules]\ncall = 2\n", "call")):
            self.south.stop()
            self.rule(text)
            done = subprocess.run([DETENTE, "station", "run", "--dir", self.south.dir], capture_output=True, text=True, timeout=60, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(part, done.stderr + done.stdout)
            self.rule("[rules]\ncut = 3\n")
            self.south.start()


class Mandates(TwoStations):
    """A side whose principal has to order a cut, citing a letter."""

    def setUp(self):
        super().setUp()
        self.south.stop()
        self.south.cli("officer", "enrol", "ahn", "--post", "president", "--role", "principal")
        self.south.cli("bulletin", "export", self.path("newer.bulletins"))
        self.north.cli("bulletin", "import", self.path("newer.bulletins"))
        self.rule("[rules]\nmandate = [\"cut\"]\n")
        self.south.start()
        self.south.wait_link("north")
        with open(self.path("letter"), "w", encoding="utf-8") as file:
            file.write("Cut the line.")

    def give(self, name, *arguments, counterpart="north", act="cut", lines=("--line", LINE)):
        file = self.path(name)
        self.south.cli("mandate", "give", file, "--as", "ahn", "--counterpart", counterpart, "--act", act, *lines, "--letter", self.path("letter"),
                       "--yes", *arguments)
        return file

    def cut(self, *arguments):
        return ("cut", f"north/{LINE}", "--reason", REASON, "--as", "kim", "--yes", *arguments)

    def test_a_cut_wants_an_order_and_the_other_side_sees_that_there_is_one(self):
        self.assertIn("wants a principal's mandate for a cut", self.south.refused(*self.cut())["message"])
        refused = self.south.refused("mandate", "give", self.path("x"), "--as", "kim", "--counterpart", "north", "--act", "cut", "--all",
                                     "--letter", self.path("letter"), "--yes")
        self.assertIn("is no principal", refused["message"])
        order = self.give("cut.mandate")
        self.assertIn("of president", "\n".join(self.south.cli("mandate", "show", order)["text"]))
        self.south.cli(*self.cut("--mandate", order))
        there = wait_until(lambda: self.ladder(self.north)["registers"]["theirs"], "the cut at the other side")
        self.assertEqual((there["mandate"]["post"], there["mandate"]["verdict"]), ("president", "valid"))
        self.assertIn("by mandate of its president", self.ladder(self.north)["words"])
        self.assertIn("by mandate of its president", self.ladder(self.south)["words"])
        entry = next(e for e in self.north.entries("south", "accord") if e["kind"] == 12)
        self.assertIn("by mandate of its president", entry["act"])
        self.north.kill()
        self.north.start()
        self.assertIn("by mandate of its president", self.ladder(self.north)["words"], "also after a new start")
        # The order was for one act.
        self.south.cli("lift", f"north/{LINE}", "--as", "kim")
        self.assertIn("used already", self.south.refused(*self.cut("--mandate", order))["message"])
        self.south.stop()
        self.south.start()
        self.assertIn("used already", self.south.refused(*self.cut("--mandate", order))["message"])
        self.south.cli(*self.cut("--mandate", self.give("again.mandate")))
        wait_until(lambda: self.ladder(self.north)["registers"]["their_cuts"] == 2, "the second cut")

    def test_an_order_of_something_else_is_refused_in_words(self):
        for name, part, arguments, options in (
                ("lift", "orders a lift, and this is a cut", (), {"act": "lift"}),
                ("other", f"is of {OTHER} and does not name {LINE}", (), {"lines": ("--line", OTHER)})):
            order = self.give(f"{name}.mandate", *arguments, **options)
            self.assertIn(part, self.south.refused(*self.cut("--mandate", order))["message"])
        short = self.give("short.mandate", "--valid-until", "+1s")
        wait_until(lambda: "was valid until" in self.south.refused(*self.cut("--mandate", short))["message"]
                   if self.ladder(self.south)["now"] > self.began(short) + 1 else False, "the mandate to expire")
        altered = self.give("altered.mandate")
        with open(altered, "r+b") as file:
            content = bytearray(file.read())
            content[-1] ^= 1
            file.seek(0)
            file.write(content)
        self.assertIn("does not fit a mandate", self.south.refused(*self.cut("--mandate", altered))["message"])
        theirs = self.path("theirs.mandate")
        self.north.cli("officer", "enrol", "pak", "--post", "chairman", "--role", "principal")
        self.north.cli("mandate", "give", theirs, "--as", "pak", "--counterpart", "south", "--act", "cut", "--all",
                       "--letter", self.path("letter"), "--yes")
        self.assertIn("a principal of north", self.south.refused(*self.cut("--mandate", theirs))["message"])
        self.assertEqual(self.ladder(self.south)["registers"]["own_cuts"], 0)

    def test_a_restoration_and_an_announcement_show_whose_order_they_follow(self):
        self.south.stop()
        self.rule("[rules]\nmandate = [\"restore\", \"announce\"]\n")
        self.south.start()
        self.south.wait_link("north")
        propose = ("restore", "propose", f"north/{LINE}", "--at", "+1h", "--as", "kim")
        self.assertIn("wants a principal's mandate for a restoration", self.south.refused(*propose)["message"])
        self.south.cli(*propose, "--mandate", self.give("restore.mandate", act="restore"))
        text = self.path("text")
        with open(text, "w", encoding="utf-8") as file:
            file.write("The lines are open.")
        self.north.cli("announce", "draft", "south", "--core", "Open again", "--text", text, "--at", "+1h", "--identical", "--as", "ri")
        offered = wait_until(lambda: next((p for p in self.south.get("/v1/counterparts/north/proposals")["proposals"]
                                           if p["matter"] == "announcement"), None), "the announcement at the other side")
        agree = ("announce", "agree", f"north/{offered['id']}", "--as", "kim", "--yes")
        wait_until(lambda: "wants a principal's mandate for an announcement" in self.south.refused(*agree)["message"], "the refusal")
        self.south.cli(*agree, "--mandate", self.give("announce.mandate", act="announce", lines=("--all",)))
        seen = wait_until(self.ordered_at_north, "both at the other side")
        self.assertEqual(seen["restoration"]["ordered"], "by mandate of its president")
        self.assertEqual(seen["announcement"]["mandate"], None)
        self.assertEqual(seen["announcement"]["decided"]["ordered"], "by mandate of its president")

    def test_a_lift_that_fell_back_has_used_no_order(self):
        self.south.stop()
        self.rule("[rules]\nmandate = [\"lift\"]\n")
        self.south.start()
        self.south.wait_link("north")
        self.south.cli(*self.cut())
        lift = ("lift", f"north/{LINE}", "--as", "kim")
        self.assertIn("wants a principal's mandate for a lift", self.south.refused(*lift)["message"])
        order = self.give("lift.mandate", act="lift")
        self.north.stop()
        self.assertEqual(self.south.cli(*lift, "--mandate", order, "--no-wait")["state"], "testing")
        self.south.cli("lift", f"north/{LINE}", "--take-back")
        self.north.start()
        self.south.wait_link("north")
        self.assertEqual(self.south.cli(*lift, "--mandate", order)["state"], "lifted")
        self.south.cli(*self.cut())
        self.assertIn("used already", self.south.refused(*lift, "--mandate", order)["message"])

    def ordered_at_north(self):
        """The restoration, and the announcement once it is decided; nothing before both are there."""
        found = {p["matter"]: p for p in self.north.get("/v1/counterparts/south/proposals")["proposals"]
                 if p["matter"] == "restoration" or p["decided"]}
        return found if len(found) == 2 else None

    def began(self, order):
        given = re.search(r"Given +(\S+),", "\n".join(self.south.cli("mandate", "show", order)["text"])).group(1)
        return int(datetime.datetime.fromisoformat(given.replace("Z", "+00:00")).timestamp())

    def test_with_a_rule_of_two_the_order_goes_with_the_file(self):
        self.south.stop()
        self.rule("[rules]\ncut = 2\nmandate = [\"cut\"]\n")
        self.south.start()
        self.south.wait_link("north")
        without = self.south.cli("cut", f"north/{LINE}", "--reason", REASON, "--as", "kim", "--yes", "--to-sign", self.path("without.act"))
        self.assertEqual((without["signatures"], without["signatures_wanted"], without["mandate_missing"]), (1, 2, True))
        file = self.prepare("both.act", "--mandate", self.give("both.mandate"))
        shown = "\n".join(self.south.cli("sign", file, "--as", "kim", "--yes")["text"])
        self.assertIn("Mandate       of president", shown)
        self.south.cli("sign", file, "--as", "park", "--yes")
        self.south.cli("act", "submit", file)
        wait_until(lambda: "by mandate of its president" in self.ladder(self.north)["words"], "the cut by mandate")


if __name__ == "__main__":
    unittest.main(verbosity=2)
