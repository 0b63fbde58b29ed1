"""What a person, a kill or a machine's rights do in the middle of a command: the right word each time."""

import json
import os
import signal
import subprocess
import unittest

import outcome
from stations import DETENTE, Lab, detente, wait_until

WEST = "military-west"
LAB = ("--lines", f"{WEST},soundings", "--deniable", "soundings", "--work-factor", "10")
NOBODY = 65534


class Slips(unittest.TestCase):
    def setUp(self):
        made = Lab(*LAB)
        self.addCleanup(made.close)
        self.made, self.south, self.north = made, made["south"], made["north"]

    def refuse_start(self):
        before = len(self.south.stderr())
        self.south.spawn()
        self.assertEqual(self.south.process.wait(20), 1)
        self.south.process = None
        return self.south.stderr()[before:]

    def test_a_station_that_is_killed_below_a_send_may_have_taken_it(self):
        self.south.start()  # the other one does not run
        asking = subprocess.Popen([DETENTE, "send", WEST, "ORDER 1", "--timeout", "20s", "--json", "--dir", self.south.dir],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(asking.kill)
        wait_until(lambda: self.south.cli("record", "show", WEST)["waiting"]
                   or self.south.cli("record", "show", WEST)["entries"], "the order to be on the disk")
        self.south.kill()
        out, _ = asking.communicate(timeout=30)
        self.assertEqual(asking.returncode, 1)
        said = json.loads(out)["error"]["message"]
        self.assertIn("the station ended before it answered", said)
        self.assertIn("IT MAY HAVE BEEN DONE", said)
        self.assertIn(f"detente record show north/{WEST}", said)
        self.assertNotIn("just now", said)
        # What it sends people to says the truth, and the other side gets it once.
        self.south.start()
        self.assertIn("ORDER 1", self.south.shown("record", "show", f"north/{WEST}"))
        self.north.start()
        wait_until(lambda: self.north.texts("south", WEST) == ["ORDER 1"], "the order to arrive", 60)

    def test_a_question_that_is_not_answered_changed_nothing(self):
        self.south.start()
        self.south.process.send_signal(signal.SIGSTOP)
        asking = subprocess.Popen([DETENTE, "status", "--json", "--dir", self.south.dir], stdout=subprocess.PIPE)
        self.addCleanup(asking.kill)
        with self.assertRaises(subprocess.TimeoutExpired):
            asking.wait(1)
        self.south.kill()
        said = json.loads(asking.communicate(timeout=30)[0])["error"]["message"]
        self.assertIn("detente status", said)
        self.assertNotIn("MAY HAVE BEEN DONE", said)

    def test_a_hook_for_a_line_that_is_none_or_of_a_command_that_is_none(self):
        config = self.south.path("station", "station.toml")
        with open(config, encoding="utf-8") as file:
            text = file.read()

        def hook(lines, command):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text + f'\n[[hooks]]\non = "alarm"\nlines = ["{lines}"]\ncommand = ["{command}"]\n')

        for wrong in ("military-wset", "nroth/military-west", "north/military-wset"):
            hook(wrong, "/bin/true")
            said = self.refuse_start()
            self.assertIn(f"hook 1 (on alarm) names the line {wrong}", said)
            self.assertIn("correct the name", said)
        for right in (WEST, f"north/{WEST}"):
            hook(right, "/bin/true")
            before = len(self.south.stderr())
            self.south.start()
            self.south.stop()
            self.assertNotIn("cannot run", self.south.stderr()[before:])
        # A bell that is missing keeps nobody from the line; it is said.
        hook(WEST, "/nowhere/ring")
        self.south.start()
        self.assertRegex(self.south.stderr(), "hook 1, on alarm: /nowhere/ring: cannot run: /nowhere/ring: No such file")

    def test_what_may_not_be_read_is_not_missing(self):
        as_user = {}
        if os.geteuid() == 0:
            as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            if subprocess.run(["test", "-x", DETENTE], check=False, **as_user).returncode != 0:
                self.skipTest("another user cannot run the program where it lies")
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.made.dir], check=True)

        def say(*words):
            done = subprocess.run([DETENTE, *words, "--work-factor", "10", "--dir", self.south.dir], check=False, capture_output=True,
                                  text=True, timeout=60, stdin=subprocess.DEVNULL, **as_user)
            return done.stdout + done.stderr

        def close(place):
            if as_user:
                os.chown(place, 0, 0)
            os.chmod(place, 0o700 if as_user else 0)

        def again(place):
            if as_user:
                os.chown(place, NOBODY, NOBODY)
            os.chmod(place, 0o700)

        here = self.south.path
        for place, commands in ((here("station"), (("station", "run"), ("backup", here("b.age")), ("side", "show"))),
                                (here("station", "pairs"), (("station", "run"), ("station", "link", "north"), ("side", "show")))):
            close(place)
            for words in commands:
                said = say(*words)
                self.assertIn("Permission denied", said, words)
                self.assertNotRegex(said, "enrol|make one with|first: detente|stands already", words)
            again(place)

    def test_small_slips_of_a_send(self):
        self.made.connect()
        send = ("send", WEST)
        for text in (" ", "\n\n", "\u200b", " \u00a0\u2007\n"):
            self.assertIn("shown nothing", self.south.refused(*send, text)["message"])
        for option in ("--due", "--reply-by"):
            self.assertIn("is past", self.south.refused(*send, "text", option, "2020-01-01T00:00:00Z")["message"])
        self.assertIn("document", self.south.refused(*send, "text", "--wait", "foo")["message"])
        files = [word for _ in range(5) for word in ("--file", self.south.path("card.note"))]
        self.assertIn("at most four documents", self.south.refused(*send, "text", *files)["message"])
        code, answer = detente(*send, "--dir", self.south.dir, stdin=b"x" * 40000)
        self.assertEqual(code, 1)
        self.assertIn("32768 bytes", answer["error"]["message"])
        self.assertEqual(self.south.cli(*send, "\u4e00")["state"], "receipted")
        self.assertEqual(self.north.texts("south", WEST), ["\u4e00"])
        self.assertIn("same address", self.south.refused("station", "path", "north", self.path_name(), "--to",
                                                         self.south.ends("north")[0][0])["message"])

    def path_name(self):
        return self.south.config()["counterparts"][0]["paths"][0]["name"]


if __name__ == "__main__":
    outcome.main()
