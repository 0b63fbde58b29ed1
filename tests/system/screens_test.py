"""Every command that shows a line, a counterpart or an instant says both clocks, and has them with --json.

The list of commands is the program's own: one that is in neither set below fails this test.
"""

import json
import re
import subprocess
import unittest

from stations import DETENTE, Lab, wait_until

WEST = "military-west"
LINE = f"north/{WEST}"

# What the command shows; the arguments with which it shows it.
SCREENS = {
    "alarm list": [], "announce show": [], "calendar": [LINE], "calls": [LINE], "contact list": [], "documents": [], "events": [],
    "inbox": [], "log": [], "paths": [], "proposal list": [], "record entry": [LINE, "own", "0"], "record show": [LINE],
    "restore show": [], "station recover": [], "status": [], "test": [LINE], "watch show": [],
}
# What does something and says that it is done, or reads files alone: an accord, a card, a credential, a directory.
DEEDS = """discard, side renew-root, side retire-root,
    accord amend, accord check, accord draft, accord export, accord fetch, accord import, accord propose, accord show, accord sign, ack,
    act export, act import, act show, act submit, alarm ack, announce agree, announce draft, announce release, announce withdraw, answer,
    backup, bench failover, bench latency, bench noise, bench preempt, bench recover, bench scale, bench silence, bench throughput, bench wire,
    bulletin export, bulletin import, call, call-off, card import, card show, completion, contact heard, contact log, courier export,
    courier import, cut, decline, drill, hours extend, lab new, lift, man, mandate give, mandate show, officer enrol, officer list,
    officer renew, officer revoke, officer suspend, outage announce, outage end, presence ask, presence not-now, presence ready,
    proposal accept, proposal reject, proposal withdraw, record evidence, record export, restore, restore desk, restore propose, secret make, secret take,
    send, side init, side show, sign, sim, spec, station enrol, station link, station path, station renew, station revoke, station run,
    station stop, watch handover, watch here, watch off, watch on, words
"""
MEASURED = (r"clocks: here \d\d:\d\d:\d\dZ, there \d\d:\d\d:\d\dZ; theirs less ours [+-]\d+ s ± \d+ s, measured "
            r"(\d+ s|\d+ min) ago")


def commands(*parents):
    """Names of all commands that can be run, as --help has them."""
    text = subprocess.run([DETENTE, *parents, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    listed = text.split("\nSubcommands:\n")
    if len(listed) < 2:
        return {" ".join(parents)}
    out = {" ".join(parents)} if "[SUBCOMMAND]" in listed[0] else set()
    for line in listed[1].splitlines():
        if not line.strip():
            break
        if found := re.match(r"  (\S+)", line):
            out |= commands(*parents, found[1])
    return out


class Screens(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", WEST)
        self.addCleanup(self.lab.close)
        self.south = self.lab["south"]

    def connect(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("send", LINE, "one")
        wait_until(lambda: self.south.status_of("north")["clock"]["offset_s"] is not None, "a measurement")

    def test_every_command_is_known_as_a_screen_or_not(self):
        deeds = {" ".join(one.split()) for one in DEEDS.split(",")}
        self.assertEqual(commands(), deeds | set(SCREENS))

    def test_every_command_has_an_example_of_itself(self):
        common = subprocess.run([DETENTE, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        for command in sorted(commands()):
            done = subprocess.run([DETENTE, *command.split(), "--help"], capture_output=True, text=True, timeout=60, check=True)
            text, _, examples = done.stdout.partition("\nExample:\n")
            shown = [line for line in examples.splitlines() if line.startswith("  detente ")]
            self.assertTrue(any(f" {command}" in line for line in shown), f"{command}: {done.stdout}")
            for option in re.findall(r" (--[a-z-]+)", re.sub(r'"[^"]*"', "", " ".join(re.split("[|&]", line)[0] for line in shown))):
                self.assertRegex(text + common, rf"{option}\b", f"an example of {command} has an option that it has not")

    def test_a_wrong_word_is_named_with_whose_help_to_read(self):
        for words, said in (
            (("reed", f"{LINE}/1"), 'no command or option "reed" here; see detente --help'),
            (("announce", "shwo"), 'no command or option "shwo" here; see detente announce --help'),
            (("inbox", "--limit", "3"), "not expected: --limit; see detente inbox --help"),
            (("announce",), "subcommand is required; see detente announce --help"),
            # Numbers that are read as others than they say.
            (("sim", "--first-seed", "-1"), '"-1" is no whole number'),
            (("sim", "--first-seed", "010"), '"010" is no whole number'),
            (("sim", "--first-seed", "18446744073709551616"), '"18446744073709551616" is no whole number'),
        ):
            with self.subTest(words):
                done = subprocess.run([DETENTE, *words], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)

    def test_every_screen_says_both_clocks(self):
        self.connect()
        synchronised = self.south.get("/v1/clocks")["synchronised"]
        for command, arguments in [*SCREENS.items(), ("status", [LINE])]:
            with self.subTest(command, arguments=arguments):
                shown = self.south.shown(*command.split(), *arguments).replace(" TEST | ", " ")  # the mark of a test's every line
                self.assertRegex(shown, MEASURED)
                self.assertEqual("no trusted time here: this machine" in shown, synchronised is not True, shown)
                clocks = self.south.cli(*command.split(), *arguments)["clocks"]
                self.assertEqual(clocks["synchronised"], synchronised)
                self.assertEqual(clocks["not_trusted"] is None, synchronised is True)
                there, = clocks["counterparts"]
                self.assertEqual((there["counterpart"], there["not_measured_since"]), ("north", None))
                self.assertLessEqual(abs(there["offset_s"]), there["uncertainty_s"])

    def test_what_goes_on_begins_with_both_clocks(self):
        self.connect()
        for screen in ("inbox", "events"):
            with self.subTest(screen):
                with subprocess.Popen([DETENTE, screen, "--follow", "--json", "--dir", self.south.dir], stdout=subprocess.PIPE, text=True) as going:
                    self.addCleanup(going.kill)
                    there, = json.loads(going.stdout.readline())["clocks"]["counterparts"]
                    going.kill()
                self.assertEqual((there["counterpart"], there["not_measured_since"]), ("north", None))

    def test_what_is_not_measured_is_said_as_that(self):
        self.assertRegex(self.south.shown("calls", LINE), "clocks: here .*, there not known; no trusted time here: the station, which measures it")
        self.lab.start("south")  # alone
        started = self.south.get("/v1/status")["started"]
        for screen in (("status",), ("status", LINE), ("log",), ("calls", LINE)):
            with self.subTest(screen):
                self.assertRegex(self.south.shown(*screen), r"clocks: here \d\d:\d\d:\d\dZ, there not known: not measured since \d{4}-\d\d-\d\d")
                there, = self.south.cli(*screen)["clocks"]["counterparts"]
                self.assertEqual((there["offset_s"], there["not_measured_since"]), (None, started))


if __name__ == "__main__":
    unittest.main()
