#!/usr/bin/env python3
"""Plays the story with two real stations: the ceremony, the chapters, the end.

./demo builds the programs and runs this; DETENTE_BIN is the folder that they are in. After
each chapter judge.py, a program of its own, says from both records whether it worked.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import screen
import story
from ceremony import Ceremony
from chapters import Acts
from clock import StoryClock
from sides import DemoError, Side

HERE = os.path.dirname(os.path.abspath(__file__))
FAULTS = {"stop-north": "north"}


def parse_fault(text):
    name, at, chapter = text.partition("@")
    if name not in FAULTS or not at:
        raise argparse.ArgumentTypeError(
            f"\"{text}\": the fault is not known; write {' or '.join(FAULTS)}@CHAPTER")
    if chapter not in story.CHAPTERS:
        raise argparse.ArgumentTypeError(
            f"\"{text}\": no chapter {chapter or '(none given)'}; there are {', '.join(story.CHAPTERS)}")
    return name, chapter


def parse_new_directory(text):
    if os.path.lexists(text) and not (os.path.isdir(text) and not os.listdir(text)):
        raise argparse.ArgumentTypeError(f"\"{text}\" is there already, and not an empty directory")
    return os.path.abspath(text)


def parse_report(text):
    folder = os.path.dirname(os.path.abspath(text))
    if not os.access(folder, os.W_OK) or os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"\"{text}\" cannot be written")
    return os.path.abspath(text)


def parse_work_factor(text):
    if not text:
        return None
    if not text.isdigit() or not 1 <= int(text) <= 18:
        raise SystemExit(f"demo: DETENTE_DEMO_WORK_FACTOR={text}: write a number from 1 to 18")
    return int(text)


def parse_options():
    parser = argparse.ArgumentParser(prog="./demo", description=(
        "Builds détente, holds the ceremony between two sides, and plays the story with two stations."),
        epilog="DETENTE_BIN=FOLDER takes built programs instead of building. "
               "DETENTE_DEMO_WORK_FACTOR=N makes the passphrases cheaper than 18, for tests alone.")
    parser.add_argument("--headless", action="store_true", help="ask nobody, and end by itself")
    parser.add_argument("--report", metavar="FILE", type=parse_report, help="write the verdicts as JSON")
    parser.add_argument("--keep", metavar="DIR", type=parse_new_directory,
                        help="make the sides in DIR and leave them; with --headless, running")
    parser.add_argument("--fault", metavar="stop-north@CHAPTER", type=parse_fault,
                        help="break a chapter on purpose: its verdict must say so")
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Player:
    def __init__(self, options, programs, room, work_factor):
        self.options = options
        self.programs = programs
        self.room = room
        self.clock = StoryClock(room)
        self.south = Side(story.SOUTH, room, programs, work_factor, self.clock)
        self.north = Side(story.NORTH, room, programs, work_factor, self.clock)
        self.sides = [self.south, self.north]
        self.verdicts = []
        self.error = None

    # ---- the story ----

    def play(self):
        try:
            Ceremony(self.south, self.north, self.room).hold()
            self._open_lines()
            for number, chapter in enumerate(story.CHAPTERS.values(), 1):
                self._play_chapter(chapter, f"{number} of {len(story.CHAPTERS)}")
            self._show_end()
        except DemoError as error:
            self.error = str(error)
            screen.bad(f"The story stopped here: {error}")

    def _open_lines(self):
        screen.heading("Before", "the lines are open")
        for side in self.sides:
            side.start()
        for side, other in (self.sides, self.sides[::-1]):
            side.wait_link(other)
        self.south.types("status")

    def _play_chapter(self, chapter, place):
        screen.heading(chapter.title, f"{chapter.id}, {place}")
        hold_off = self._apply_fault(chapter)
        if hold_off is None:
            self._all_run()
        try:
            Acts(self.south, self.north, self.clock, hold_off).play(chapter.id)
        except DemoError as error:
            screen.bad(f"  {error}")
        verdict = self._judge(chapter)
        self.verdicts.append(verdict)
        screen.verdict(verdict)

    def _all_run(self):
        """Whatever a chapter before broke: the next begins with two stations that have caught up."""
        for side in self.sides:
            side.start(shown=False)
        for side, other in (self.sides, self.sides[::-1]):
            side.wait_link(other)
            side.wait_receipts(other)

    def _apply_fault(self, chapter):
        if self.options.fault is None or self.options.fault[1] != chapter.id:
            return None
        name = FAULTS[self.options.fault[0]]
        side = next(s for s in self.sides if s.name == name)
        side.stop()
        screen.say("")
        screen.bad(f"--fault: the station of {name} is off in this chapter.")
        return side

    def _judge(self, chapter):
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "judge.py"), "--bin", self.programs, "--clock", self.room,
             "--south", self.south.dir, "--north", self.north.dir, chapter.id],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"id": chapter.id, "title": chapter.title, "ok": False, "evidence": {},
                    "why": f"the judge gave no verdict: {done.stderr.strip()[-500:]}"}

    def _show_end(self):
        screen.heading("The end", "both stations run")
        self._all_run()
        self.north.types("status")

    # ---- the result ----

    def ok(self):
        return self.error is None and len(self.verdicts) == len(story.CHAPTERS) \
            and all(v["ok"] for v in self.verdicts)

    def report(self):
        out = {"ok": self.ok(), "chapters": self.verdicts}
        if self.error is not None:
            out["error"] = self.error
        if self.options.keep:
            out["stations"] = [{"side": s.name, "dir": s.dir, "pid": s.process.pid if s.process else None}
                               for s in self.sides]
        return out

    def write_report(self):
        if self.options.report is None:
            return
        text = json.dumps(self.report(), ensure_ascii=False, indent=2) + "\n"
        with open(self.options.report + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.options.report + ".new", self.options.report)

    # ---- after the story ----

    def stop(self):
        for side in self.sides:
            side.stop()

    def hand_over(self):
        """Both stations run on for the reader, until Ctrl-C."""
        entrances = [side.write_entrance(self.room) for side in self.sides]
        screen.say("Both stations run. Be a side yourself, each in another terminal:")
        for file, side, other in zip(entrances, self.sides, self.sides[::-1]):
            officer = side.facts.officer.name
            screen.pasted([
                "", f"source {screen.shell_word(file)}",
                *(["detente inbox --follow"] if side is self.north else
                  [f"detente send {other.name}/ship --as {officer} \"Good morning\"",
                   f"detente record show {other.name}/ship"])])
        screen.say("Ctrl-C here stops both stations"
                   + (f"; their directories stay in {self.room}." if self.options.keep
                      else " and removes their directories (--keep DIR leaves them)."))
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        while any(side.running() for side in self.sides):
            if signal.sigwait(signals) != signal.SIGCHLD:
                break
        print(flush=True)


def _end_by_signal(number, _frame):
    raise SystemExit(128 + number)


def perform(options, programs, work_factor):
    room = options.keep or tempfile.mkdtemp(prefix="detente-")
    os.makedirs(room, 0o700, exist_ok=True)
    player, leave_running = None, False
    try:
        player = Player(options, programs, room, work_factor)
        player.play()
        player.write_report()
        screen.result(player.report())
        if not options.headless and player.error is None:
            player.hand_over()
        leave_running = options.headless and options.keep and player.error is None
        if leave_running:
            for side in player.sides:
                side.write_entrance(room)
        return 0 if player.ok() else 1
    finally:
        if player is not None and not leave_running:
            player.stop()
            print("Both stations are stopped.", flush=True)
        if not options.keep:
            shutil.rmtree(room, ignore_errors=True)


def main():
    options = parse_options()
    work_factor = parse_work_factor(os.environ.get("DETENTE_DEMO_WORK_FACTOR", ""))
    if options.check_options:
        return 0
    programs = os.environ.get("DETENTE_BIN", "")
    if not os.access(os.path.join(programs, "detente"), os.X_OK):
        print(f"demo: no program detente in \"{programs}\" ($DETENTE_BIN)", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_by_signal)
    try:
        return perform(options, os.path.abspath(programs), work_factor)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
