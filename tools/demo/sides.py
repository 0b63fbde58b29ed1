"""One side of the demo: its directory, its commands, and its station's process."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import textwrap
import time

import screen
import story

BYTES = re.compile(r"\| [0-9a-f]+")
START_SECONDS = 20
LINK_SECONDS = 30
SILENT_SECONDS = 90  # three heartbeats and what the clock of a busy machine adds: until then a path counts as heard
STOP_SECONDS = 20


class DemoError(Exception):
    """Something that the story cannot go on after; the message is for a person."""


def wait_until(condition, what, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {seconds} s for {what}")
        time.sleep(0.05)  # poll interval


@contextlib.contextmanager
def end_waits():
    """A signal that ends the demo waits so long: a process that nobody knows yet would outlive it."""
    came = []
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


class Side:
    """A station of one side, in a directory of its own: what a person types there, and the process."""

    def __init__(self, facts, room, programs, work_factor, clock, post, passphrase, label=None):
        self.facts = facts
        self.name = facts.name
        self.post = post
        # As the story calls it: the main station goes by its side's name.
        self.label = label or (facts.name if post == story.MAIN else f"{facts.name}-{post}")
        self.officer = facts.officer if post == story.MAIN else facts.liaison_officer
        self.dir = os.path.join(room, self.label)
        self.process = None
        self.passphrase_s = 0.0  # what opening a sealed key cost the last time that it was measured
        self.ports = None  # where the station listens and sends to, if no emulator is between
        self._program = os.path.join(programs, "detente")
        self._cheaper = ["--work-factor", str(work_factor)] if work_factor is not None else []
        self._passphrase = passphrase
        self._clock = clock
        self._environment = {**os.environ, **clock.env, "DETENTE_DIR": self.dir,
                             "DETENTE_PASSPHRASE": self._passphrase}
        os.makedirs(self.dir, 0o700, exist_ok=True)

    # ---- commands ----

    def _run(self, *words):
        return subprocess.run([self._program, *words, *self._cheaper], cwd=self.dir, text=True,
                              env=self._environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def types(self, *words, show=lambda text: text):
        """Runs `detente WORDS` as this side's person, shown; `show` picks from what it printed."""
        screen.command(self.label, words)
        done = self._run(*words)
        # The hints of what comes next are for people who do it by hand.
        text = show(done.stdout.split("\nNext:\n")[0].strip("\n"))
        if text:
            screen.output(text)
        if done.returncode != 0:
            raise DemoError(done.stderr.strip() or f"`detente {words[0]}` gave {done.returncode}")

    def is_refused(self, *words):
        """The same of a command that has to fail, with what it says."""
        screen.command(self.label, words)
        done = self._run(*words)
        screen.output(textwrap.fill(done.stderr.strip(), 74))
        if done.returncode == 0:
            raise DemoError(f"`detente {words[0]}` was not refused")

    def ladders(self, other, lines):
        """What is known of each of these lines; None in the place of one that nothing answers for."""
        return [self.asks("status", f"{other.name}/{line}") for line in lines]

    def wait_situation(self, other, lines, situation):
        """Until this side's screen shows it of each of these lines."""
        wait_until(lambda: all(one and one["situation"] == situation for one in self.ladders(other, lines)),
                   f"{self.label} to show {situation}", LINK_SECONDS)

    def wait_no_path(self, other, line):
        """Until this side's screen says of no path that it works. What came last is old by the machine's own clock, not the story's."""
        def shown():
            ladder, = self.ladders(other, [line])
            return ladder and not any(rung["rung"] == "path" and rung["known"] == "known good" for rung in ladder["rungs"])
        wait_until(shown, f"{self.label} to show that no path works", SILENT_SECONDS)

    def has_open(self, other, lines):
        """Whether neither side holds any of these lines cut; a path may be dead all the same."""
        return all(one and not one["registers"]["own"] and not one["registers"]["theirs"] for one in self.ladders(other, lines))

    def wait_open(self, other, lines):
        wait_until(lambda: self.has_open(other, lines), f"{self.label} to show the lines open", LINK_SECONDS)

    def verifies(self, *words):
        """Runs `detente-verify WORDS` as somebody at this side's table would."""
        screen.command(self.label, words, "detente-verify")
        done = subprocess.run([self._program + "-verify", *words], cwd=self.dir, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        for line in done.stdout.strip().splitlines():
            # What an act's bytes are is for a program.
            if line.strip().startswith(("proved", "failed", "All", "|")) and not BYTES.fullmatch(line.strip()):
                screen.output(textwrap.fill(line, 74, subsequent_indent="      "))
        if done.returncode != 0:
            raise DemoError(f"detente-verify gave {done.returncode}")

    def finds(self, other, message, whose="own"):
        """The index of a message that this side wrote, or with whose="far" got."""
        record = self.asks("record", "show", f"{other.name}/{message.line}")
        entries = record["entries"] if record else []
        found = [e["index"] for e in entries if e["whose"] == whose and e.get("text") == message.text]
        if not found:
            raise DemoError(f"{self.label} has no such message on {message.line}")
        return found[0]

    def asks(self, *words):
        """The object of `detente WORDS --json`, unseen; None when the command fails."""
        done = self._run(*words, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def can(self, *words):
        """Whether this build of the program has a command."""
        return self._run(*words, "--help").returncode == 0

    # ---- station ----

    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self, shown=True):
        if self.running():
            return
        if shown:
            screen.command(self.label, ["station", "run"])
        with open(os.path.join(self.dir, "station.out"), "ab") as out:
            # In a session of its own: Ctrl-C in this terminal is for the demo, which stops it by id.
            with end_waits():
                self.process = subprocess.Popen(
                    [self._program, "station", "run", "--dir", self.dir], cwd=self.dir, env=self._environment,
                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        wait_until(lambda: not self.running() or self.asks("status"),
                   f"the station of {self.label} to answer", START_SECONDS)
        if not self.running():
            raise DemoError(f"the station of {self.label} ended: {self.last_output()}")
        if shown:
            screen.note(f"runs as process {self.process.pid}")

    def last_output(self):
        with open(os.path.join(self.dir, "station.out"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:].strip()

    def destroy(self):
        """Nobody had time to stop it, and nothing of it is left."""
        self.process.kill()
        self.process.wait()
        self.process = None
        shutil.rmtree(self.dir)

    def stop(self):
        """Ends the station by its process id; what it was told is on its disk."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def _wait_status(self, holds, what):
        """Until `holds` is true of the only counterpart in this station's status."""
        def true_now():
            status = self.asks("status")
            return status and holds(status["counterparts"][0])
        wait_until(true_now, what, LINK_SECONDS)

    def wait_link(self, other):
        self._wait_status(lambda counterpart: counterpart["link"]["up"],
                          f"the link from {self.label} to {other.label}")

    def wait_receipts(self, other):
        """Until nothing on any line waits for the other side's receipt."""
        self._wait_status(lambda counterpart: all(line["queued"] + line["unreceipted"] == 0
                                                  for line in counterpart["lines"]),
                          f"{other.label}'s receipts at {self.label}")

    # ---- for the reader afterwards ----

    def write_entrance(self, room):
        """A file to `source`: the reader's terminal becomes this side's."""
        file = os.path.join(room, f"{self.label}.env")
        programs = os.path.dirname(self._program)
        hour = " ".join(f"{name}={screen.shell_word(value)}" for name, value in self._clock.env.items())
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as out:
            out.write(f"export DETENTE_DIR={screen.shell_word(self.dir)}\n"
                      f"export DETENTE_PASSPHRASE={self._passphrase}\n"
                      f"export PATH={screen.shell_word(programs)}:\"$PATH\"\n"
                      "# The story is of another year than your clock, and so is this command.\n"
                      f"detente() {{ env {hour} detente \"$@\"; }}\n")
        return file
