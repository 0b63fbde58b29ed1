"""Grave acts that two officers sign, from files, with two real stations: a side's rule of two, and a text that somebody changes."""

import os
import pty
import re
import subprocess
import unittest

from stations import DETENTE, Lab, wait_until

LINE, OTHER = "military-west", "liaison"
REASON, FORGED = "The leaflets of 31 May.", "The leaflets of 31 Mai."


class TwoOfficers(unittest.TestCase):
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
        """The last [rules] that is written counts alone."""
        name = self.south.path("station", "station.toml")
        with open(name, encoding="utf-8") as file:
            before = file.read()
        before = re.sub(r"\[rules\][^\[]*", "", before)
        with open(name, "w", encoding="utf-8") as file:
            file.write(before + "\n" + text)

    def prepare(self, name="cut.act", *arguments):
        file = self.path(name)
        self.south.cli("cut", f"north/{LINE}", "--reason", REASON, "--to-sign", file, *arguments, "--yes")
        return file

    def situation(self, station):
        far = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{far}/lines/{LINE}/status")["situation"]

    def change(self, file, before, after):
        with open(file, "rb") as opened:
            content = opened.read()
        self.assertIn(before.encode(), content)
        with open(file, "wb") as opened:
            opened.write(content.replace(before.encode(), after.encode()))

    def signatures(self, file):
        with open(file, "rb") as opened:
            return opened.read().count(b"\x3a\x00\x01\x11\x70")  # the label of an officer's counter

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
        self.south.cli("act", "submit", file)
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

    def test_under_a_rule_cut_as_an_officer_writes_the_file_with_his_signature(self):
        done = self.south.cli("cut", f"north/{LINE}", "--reason", REASON, "--as", "kim", "--yes",
                              "--to-sign", self.path("first.act"))
        self.assertEqual(done["signatures"], 1)
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
        self.assertEqual(self.south.refused("sign", broken, "--as", "kim", "--yes")["fault"], "malformed")

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
