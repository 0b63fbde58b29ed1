#!/usr/bin/env python3
"""Plays the story with four real stations: the ceremony, the chapters, the end.

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

import faults
import screen
import story
import chapters
import chapters_cut
import chapters_return
from cast import Cast, Stage
from ceremony import Ceremony
from clock import StoryClock
from network import Network
from sides import DemoError

HERE = os.path.dirname(os.path.abspath(__file__))
PLAYS = {
    "S1": chapters.one_word_across, "S1-ack": chapters.a_person_read_it, "S1-deniable": chapters.nothing_to_an_outsider,
    "S1-silence": chapters.the_other_is_off, "S7-call": chapters.a_check_call,
    "S7-missed": chapters.nobody_at_the_liaison_desk, "S11": chapters.a_protest,
    "S6": chapters_cut.all_lines_are_cut, "S10": chapters_cut.the_house_is_lost,
    "S5": chapters_cut.letters_by_courier, "S7": chapters_cut.months_of_silence,
    "S17": chapters_return.mandates_and_an_agreement, "S8": chapters_return.all_lines_come_back, "S9": chapters_return.both_announce,
    "S8-liaison": chapters_return.the_liaison_line_comes_back, "S7-first": chapters_return.the_first_calls,
    "S8-report": chapters_return.the_report_names_the_fault, "S15": chapters.an_outsider_checks,
}


def parse_fault(text):
    try:
        return faults.parse(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


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
        "Builds détente, holds the ceremony between two sides, and plays the story with four stations."),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(["Faults, each told by its chapter's verdict:", *("  " + line for line in faults.known()), "",
                          "DETENTE_BIN=FOLDER takes built programs instead of building.",
                          "DETENTE_DEMO_WORK_FACTOR=N makes the passphrases cheaper than 18, for tests alone."]))
    parser.add_argument("--headless", action="store_true", help="ask nobody, and end by itself")
    parser.add_argument("--report", metavar="FILE", type=parse_report, help="write the verdicts as JSON")
    parser.add_argument("--keep", metavar="DIR", type=parse_new_directory,
                        help="make the sides in DIR and leave them; with --headless, running")
    parser.add_argument("--fault", metavar="FAULT@CHAPTER", type=parse_fault, action="append", default=[],
                        help="break a chapter on purpose, as listed below: its verdict must say so; may be given again")
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Player:
    def __init__(self, options, programs, room, work_factor):
        self.options = options
        self.faults = dict(options.fault)
        self.programs = programs
        self.room = room
        self.clock = StoryClock(room, programs, story.BEGIN)
        self.cast = Cast(room, programs, work_factor, self.clock)
        self.network = Network(room, programs)
        self.verdicts = []
        self.error = None

    # ---- the story ----

    def play(self):
        try:
            self.network.start()
            Ceremony(self.cast.mains, self.cast.liaisons, self.network, self.room).hold()
            self._open_lines()
            for number, chapter in enumerate(story.CHAPTERS.values(), 1):
                self._play_chapter(chapter, f"{number} of {len(story.CHAPTERS)}")
            self._show_end()
        except DemoError as error:
            self.error = str(error)
            screen.bad(f"The story stopped here: {error}")

    def _open_lines(self):
        screen.heading("Before", "the lines are open")
        self.cast.start(paths_work=True, shown=True)
        self.cast.south.types("status")

    def _play_chapter(self, chapter, place):
        screen.heading(chapter.title, f"{chapter.id}, {place}")
        fault = self.faults.get(chapter.id)
        stopped = None
        try:
            self._set_the_stage(chapter, fault == faults.STOP)
            if fault:
                screen.say("")
                screen.bad(f"--fault: {faults.words_of(chapter.id, fault)}.")
            PLAYS[chapter.id](Stage(self.cast, self.network, chapter.id, self.faults))
        except DemoError as error:
            stopped = str(error)
            screen.bad(f"  {error}")
        verdict = self._judge(chapter)
        if stopped:
            verdict["stopped"] = stopped  # where the player could not go on; the records decide all the same
        self.verdicts.append(verdict)
        screen.verdict(verdict)

    def _set_the_stage(self, chapter, north_is_off):
        """The chapter's paths; and, but for the fault, stations that run and have caught up."""
        names = list(story.CHAPTERS)
        if names.index(story.PATHS_DIE_IN) <= names.index(chapter.id) < names.index(story.PATHS_MENDED_IN):
            self.network.cut()
        if not north_is_off:
            return self.cast.start(self.network.works)
        if names.index(story.PATHS_MENDED_IN) < names.index(chapter.id) < names.index("S8-report"):
            # A station that is stopped ends its tests, and that is another chapter's.
            chapters_return.wait_reports(self.cast)
        for side in self.cast.north_stations():
            side.stop()

    def _judge(self, chapter):
        directories = [word for side in (*self.cast.mains, *self.cast.liaisons) for word in (f"--{side.label}", side.dir)]
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "judge.py"), "--bin", self.programs, "--clock", self.room,
             *directories, chapter.id],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"id": chapter.id, "title": chapter.title, "ok": False, "evidence": {},
                    "why": f"the judge gave no verdict: {done.stderr.strip()[-500:]}"}

    def _show_end(self):
        screen.heading("The end", "all stations run")
        self.network.mend()
        self.cast.start(paths_work=True)
        self.cast.north.types("status")
        screen.say("Of the report this was not played, or is otherwise than there:")
        for sentence in story.NOT_PLAYED:
            screen.note(f"- {sentence}")

    # ---- the result ----

    def ok(self):
        return self.error is None and len(self.verdicts) == len(story.CHAPTERS) \
            and all(v["ok"] for v in self.verdicts)

    def report(self):
        out = {"ok": self.ok(), "chapters": self.verdicts, "not_played": list(story.NOT_PLAYED)}
        if self.error is not None:
            out["error"] = self.error
        if self.options.keep:
            out["stations"] = [{"side": s.name, "post": s.post, "dir": s.dir, "pid": s.process.pid if s.process else None}
                               for s in self.cast.present()]
            out["paths"] = self.network.pids()
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
        self.cast.stop()
        self.network.stop()

    def hand_over(self):
        """All stations run on for the reader, until Ctrl-C."""
        south, north = self.cast.mains
        entrances = [side.write_entrance(self.room) for side in self.cast.mains]
        screen.say("The stations run. Be a side yourself, each in another terminal:")
        for file, side, other in zip(entrances, (south, north), (north, south)):
            screen.pasted([
                "", f"source {screen.shell_word(file)}",
                *(["detente inbox --follow"] if side is north else
                  [f"detente send {other.name}/ship --as {side.officer.name} \"Good morning\"",
                   f"detente record show {other.name}/ship"])])
        screen.say("Ctrl-C here stops the stations"
                   + (f"; their directories stay in {self.room}." if self.options.keep
                      else " and removes their directories (--keep DIR leaves them)."))
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        while any(side.running() for side in self.cast.present()):
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
            for side in player.cast.mains:
                side.write_entrance(room)
        return 0 if player.ok() else 1
    finally:
        if player is not None and not leave_running:
            player.stop()
            print("All stations are stopped.", flush=True)
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
