"""Messages both ways at once, submitted again when a station is down, and what must have become of them.

A submit whose command failed may have been stored or not: nobody was told. Its repetition is
therefore another text. What was accepted (the command ended well) must be at the other side exactly
once; what was not may be there once or not at all; nothing else may be there.
"""

import json
import os
import random
import subprocess
import threading
import time

from stations import DETENTE, detente, wait_until

VERIFY = os.path.join(os.path.dirname(DETENTE), "detente-verify")
INTEROP = os.path.join(os.environ["DETENTE_SOURCE"], "interop", "verify.py")
PYTHON = os.environ.get("DETENTE_PYTHON", "/usr/bin/python3")
PRECEDENCES = ("routine", "routine", "priority", "immediate", "flash")
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # 6 bits each: does not compress
LONG_TEXT = 800
EXTRACT_MAX = 500
# What a command says when the station is down, or goes down under it.
DOWN = ("state", "io")
SUBMIT_PATIENCE = 60.0


class Sender(threading.Thread):
    """Submits one side's messages, one after another."""

    def __init__(self, station, far, line, chance, first, count):
        super().__init__(daemon=True)
        self.station, self.far, self.line = station, far, line
        self.first, self.count = first, count
        self.accepted, self.unknown = [], []  # (precedence, text), in the order of submission
        self.error = None
        self._chance = chance
        self._moved = threading.Condition()
        self._begun = first

    def run(self):
        try:
            for number in range(self.first, self.first + self.count):
                with self._moved:
                    self._begun = number + 1
                    self._moved.notify_all()
                self._submit(number)
        except Exception as error:  # for the test's own thread: finish() raises it
            self.error = error
        with self._moved:
            self._begun = self.first + self.count
            self._moved.notify_all()

    def wait_begun(self, number):
        """Until message `number` of this side is being submitted, or all were."""
        with self._moved:
            self._moved.wait_for(lambda: self._begun > number, SUBMIT_PATIENCE)

    def finish(self):
        self.join()
        if self.error is not None:
            raise self.error

    def _submit(self, number):
        precedence = self._chance.choice(PRECEDENCES)
        filler = LONG_TEXT if self._chance.random() < 0.4 else self._chance.randrange(60)
        body = "".join(self._chance.choices(SAFE, k=filler))
        officer = ("--as", self._officer()) if number % 5 == 0 else ()
        deadline = time.monotonic() + SUBMIT_PATIENCE
        attempt = 0
        while True:
            message = precedence, f"{self.station.name} {number}.{attempt} {body}"
            code, answer = detente("send", f"{self.far}/{self.line}", message[1], "--precedence",
                                   precedence, "--wait", "durable", *officer, "--dir", self.station.dir)
            if code == 0:
                if answer["state"] == "accepted":
                    raise AssertionError(f"answered before it was on disk: {answer}")
                self.accepted.append(message)
                return
            if answer["error"]["fault"] not in DOWN or time.monotonic() > deadline:
                raise AssertionError(f"{self.station.name} does not take message {number}: {answer}")
            self.unknown.append(message)
            attempt += 1
            time.sleep(0.02)  # poll interval

    def _officer(self):
        return sorted(name[:-5] for name in os.listdir(self.station.path("officers"))
                      if name.endswith(".toml"))[0]


def check_arrived(test, accepted, unknown, arrived):
    """Messages are (precedence, text); `arrived` in the order of the log."""
    test.assertEqual(len(set(arrived)), len(arrived), "something is there twice")
    test.assertEqual(set(accepted) - set(arrived), set(), "accepted, and not there")
    test.assertLessEqual(set(arrived), set(accepted) | set(unknown), "nobody said that")
    known = set(accepted)
    for precedence in sorted(set(PRECEDENCES)):
        test.assertEqual([m for m in arrived if m[0] == precedence and m in known],
                         [m for m in accepted if m[0] == precedence], "the order of " + precedence)


class Traffic:
    """All that was said both ways in one world, over one line."""

    def __init__(self, world, line, seed):
        self.line, self.world = line, world
        self._sides = [(world.south, "north"), (world.north, "south")]
        self._chances = [random.Random(f"{seed}-{station.name}") for station, _ in self._sides]
        self._rounds = []

    def start(self, count):
        """Begins `count` more each way; the two senders."""
        first = sum(pair[0].count for pair in self._rounds)
        pair = [Sender(station, far, self.line, chance, first, count)
                for (station, far), chance in zip(self._sides, self._chances)]
        self._rounds.append(pair)
        for sender in pair:
            sender.start()
        return pair

    def finish(self):
        for sender in self._rounds[-1]:
            sender.finish()

    def run(self, count):
        self.start(count)
        self.finish()

    def said(self, side):
        """(accepted, unknown) of south (0) or north (1)."""
        accepted = [message for pair in self._rounds for message in pair[side].accepted]
        return accepted, [message for pair in self._rounds for message in pair[side].unknown]

    # ---- what must be true ----

    def wait_receipts(self, bound):
        """All that is in either side's hands has a verified receipt; the seconds it took."""
        began = time.monotonic()
        wait_until(lambda: all(self._settled(side) for side in (0, 1)),
                   lambda: f"every receipt: {self.progress()}", bound)
        return time.monotonic() - began

    def _settled(self, side):
        station, far = self._sides[side]
        there, here = self._sides[1 - side]
        mine, theirs = station.line_of(far, self.line), there.line_of(here, self.line)
        return (mine["queued"] == 0 and mine["unreceipted"] == 0
                and mine["own_size"] >= len(self.said(side)[0])
                and theirs["far_size"] == mine["own_size"])

    def progress(self):
        lines = []
        for side, (station, far) in enumerate(self._sides):
            line = station.line_of(far, self.line)
            lines.append(f"{station.name}: accepted {len(self.said(side)[0])}, queued {line['queued']}, "
                         f"placed {line['own_size']}, receipted {line['receipted']}, "
                         f"heard {line['far_size']}, link {station.status_of(far)['link']}")
        return "; ".join(lines)

    def check(self, test, second_verifier):
        """Everything once, in order, and proved to an outsider, from both records.

        `second_verifier`: the sides (0, 1) whose log interop/verify.py checks as well; it is slow.
        """
        for side, (station, far) in enumerate(self._sides):
            other, here = self._sides[1 - side]
            own = self._proved(test, station, far, "own", side in second_verifier)
            arrived = self._proved(test, other, here, "far", side in second_verifier)
            test.assertEqual(own, arrived, f"the two copies of {station.name}'s log differ")
            check_arrived(test, *self.said(side), arrived)

    def _proved(self, test, station, counterpart, whose, twice):
        """(precedence, text) of one log as detente-verify has them, each with a proved receipt."""
        address, messages = f"{counterpart}/{self.line}", []
        log, = [one for one in station.cli("record", "show", address)["logs"] if one["whose"] == whose]
        test.assertEqual((log["early"], log["evidence"]), (0, []))
        cards = [option for name in ("south", "north") for option in
                 ("--card", os.path.join(os.path.dirname(station.dir), name, "card.note"))]
        for first in range(0, log["size"], EXTRACT_MAX):
            count = min(EXTRACT_MAX, log["size"] - first)
            file = os.path.join(self.world.dir, f"{station.name}-{whose}-{first}.dex")
            if os.path.exists(file):
                os.remove(file)
            station.cli("record", "export", address, whose, str(first), "--count", str(count), "--out", file)
            done = subprocess.run([VERIFY, "extract", file, *cards, "--json"], capture_output=True,
                                  timeout=120, check=False)
            test.assertEqual(done.returncode, 0, done.stdout[:2000] + done.stderr)
            items = json.loads(done.stdout)["items"]
            test.assertEqual([item["index"] for item in items], list(range(first, first + count)))
            for item in items:
                proved = {check["check"] for check in item["checks"] if check["result"] == "proved"}
                test.assertLessEqual({"inclusion", "checkpoint", "cosignature"}, proved)
                messages.append((item["entry"]["precedence"], item["entry"]["text"]))
            if twice and whose == "far":
                second = subprocess.run([PYTHON, "-B", INTEROP, "extract", file, *cards],
                                        capture_output=True, timeout=300, check=False)
                test.assertEqual(second.returncode, 0, second.stdout[-2000:] + second.stderr[-2000:])
        return messages
