"""The README's commands, taken from it and typed as it says: each side in a terminal of its own.

Blocks that begin with ```sh south, ```sh north or both are commands; they are run in the order
of the page, and every one must end with 0. Questions are answered as a person would.
"""

import os
import re
import shutil
import tempfile
import unittest

import outcome
from stations import detente, wait_until
from terminal import TMUX, Terminals

SOURCE = os.environ["DETENTE_SOURCE"]
PROGRAMS = os.environ["DETENTE_BIN"]
SIDES = ("south", "north")
# The station that runs in the background may write a line of its log behind a question.
ANSWERS = [(r"^(New p|P)assphrase [^:]*: *($|20\d\d-)", "a passphrase of {side}"),
           (r"^Once more: *$", "a passphrase of {side}"), (r"Type yes:", "yes")]


def blocks(page):
    """[(sides, [command])] in the order of the page."""
    out = []
    for info, text in re.findall(r"^```sh ([^\n]+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        text = text.replace("\\\n", "")
        commands = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
        out.append((info.split(), commands))
    return out


class Readme(unittest.TestCase):
    def setUp(self):
        self.terminals = Terminals()
        self.folder = tempfile.mkdtemp(prefix="detente-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.terminals.close)
        self.addCleanup(self._stop_stations)
        # As in a clone that ./demo has built.
        os.makedirs(os.path.join(self.folder, "build", "release"))
        os.symlink(PROGRAMS, os.path.join(self.folder, "build", "release", "bin"))
        self.sides = {name: self.terminals.open(name, self.folder, home=self.folder) for name in SIDES}
        self.shown = {}

    def _stop_stations(self):
        """Those that a failed test left; their shells end with the tmux server."""
        for side in SIDES:
            if os.path.exists(self.path(side, "station", "api.sock")):
                detente("station", "stop", "--dir", self.path(side))

    def path(self, *parts):
        return os.path.join(self.folder, "build", "try", *parts)

    def run_command(self, side, command):
        answers = [(pattern, text.format(side=side)) for pattern, text in ANSWERS]
        code, shown = self.sides[side].run(command, answers)
        self.assertEqual(code, 0, f"{side}$ {command}\n{shown}")
        self.shown[side, command] = shown
        if re.search(r"\bstation run &", command):
            wait_until(lambda: os.path.exists(self.path(side, "station", "api.sock")),
                       f"the station of {side}")

    def shown_by(self, side, start):
        """What the last command of a side that begins so has printed."""
        found = [text for (who, command), text in self.shown.items()
                 if who == side and command.startswith(start)]
        self.assertTrue(found, f"the README has no command \"{start}\" for {side}")
        return found[-1]

    def test_every_command_of_the_page_works_as_it_stands(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            page = blocks(file.read())
        self.assertGreater(sum(len(commands) for _, commands in page), 30)
        for sides, commands in page:
            self.assertLessEqual(set(sides), set(SIDES))
            for side in sides:
                for command in commands:
                    self.run_command(side, command)

        sent = next(c for (_, c) in self.shown if c.startswith("detente send"))
        text = re.search(r'"(.*)"$', sent).group(1)
        self.assertIn("verified receipt", self.shown_by("south", "detente send"))
        self.assertIn(text, self.shown_by("north", "detente inbox"))
        self.assertIn("FLASH", self.shown_by("north", "detente inbox"))
        self.assertIn("verified receipt", self.shown_by("north", "detente ack"))
        self.assertRegex(self.shown_by("north", "detente status"), r"link up[^\n]*")
        self.assertRegex(self.shown_by("south", "detente inbox"), r"about: own 0\s+level: read")
        record = self.shown_by("south", "detente record show")
        self.assertIn(text, record)
        self.assertRegex(record, r"newest receipt: size 1[^\n]*signed")
        self.assertIn("All of this is proved.", self.shown_by("south", "detente-verify"))
        words = [re.findall(r"^ *\d: ([a-z ]+)$", self.shown_by(side, "detente words"), re.MULTILINE)
                 for side in SIDES]
        self.assertEqual(*words)
        self.assertGreater(len(words[0]), 3)
        for side in SIDES:
            with open(self.path(side, "card.note"), encoding="utf-8") as file:
                self.assertIn(f"side {side}", file.read().replace('"', "").replace(" =", ""))


if __name__ == "__main__":
    if TMUX is None:
        outcome.skip("tmux is missing")
    outcome.main()
