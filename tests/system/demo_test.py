"""./demo: its report, its faults, what it leaves behind.

The passphrases are cheap here (DETENTE_DEMO_WORK_FACTOR); all else is the demo as users see it.
"""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from stations import detente, wait_until

import faults  # noqa: E402 (the demo's own)

SOURCE = os.environ["DETENTE_SOURCE"]
DEMO = os.path.join(SOURCE, "demo")
DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
PATIENCE = 600


EVERY_CHAPTER = ["S1", "S1-ack", "S1-deniable", "S1-silence", "S7-call", "S7-missed", "S11", "S6", "S10", "S5", "S7", "S17", "S8", "S9",
                 "S8-liaison", "S7-first", "S8-report", "S15"]


def processes_in(directory):
    """Ids of all processes that work in a directory: stations, and the emulators of their paths."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            where = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue  # it ended
        if where == directory or where.startswith(directory + os.sep):
            found.append(int(pid))
    return found


def stations_in(directory):
    """Ids of processes `detente station run` that work in a directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue  # it ended
        if words[1:4] == [b"station", b"run", b"--dir"] and \
                words[4].decode().startswith(directory + os.sep):
            found.append(int(pid))
    return found


def as_options(broken):
    return [word for chapter, fault in broken.items() for word in ("--fault", f"{fault}@{chapter}")]


class Room:
    """A folder in which the demo runs, its report, and where it makes its directories."""

    def __init__(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="detente-"))
        self.report_file = os.path.join(self.folder, "r.json")
        self.rooms = os.path.join(self.folder, "rooms")
        self.kept = os.path.join(self.folder, "kept")
        os.mkdir(self.rooms)

    def environment(self):
        return {**os.environ, "DETENTE_DEMO_WORK_FACTOR": "10", "TMPDIR": self.rooms}

    def demo(self, *options):
        """(exit code, report or None, what it printed)."""
        done = subprocess.run([DEMO, *options], env=self.environment(), cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        report = None
        if os.path.exists(self.report_file):
            with open(self.report_file, encoding="utf-8") as file:
                report = json.load(file)
        return done.returncode, report, done.stdout

    def close(self):
        shutil.rmtree(self.folder, True)


class Plays(unittest.TestCase):
    """Four whole plays side by side: the demo waits for hours to come for most of its time."""

    # No two neighbours without the North in one run: what a chapter left undone is the next one's to make good.
    STOPPED = [{chapter: faults.STOP for chapter in half} for half in (EVERY_CHAPTER[0::2], EVERY_CHAPTER[1::2])]
    BROKEN = [*STOPPED, {chapter: fault.name for chapter, fault in faults.OWN.items()}]

    @classmethod
    def setUpClass(cls):
        cls.whole, *cls.others = rooms = [Room() for _ in range(4)]
        for room in rooms:
            cls.addClassCleanup(room.close)
        report = ("--headless", "--report", "r.json")
        with concurrent.futures.ThreadPoolExecutor(len(rooms)) as pool:
            played = [pool.submit(cls.whole.demo, *report, "--keep", cls.whole.kept),
                      *(pool.submit(room.demo, *report, *as_options(broken)) for room, broken in zip(cls.others, cls.BROKEN))]
            cls.played, *cls.broken = [one.result() for one in played]

    def test_every_chapter_is_shown_by_both_records_and_kept_stations_run_on(self):
        code, report, shown = self.played
        kept = self.whole.kept
        pids = [station["pid"] for station in report["stations"]]
        try:
            self.assertEqual(code, 0, shown)
            self.check_report(report)
            widest = max(shown.split("\n"), key=len)
            self.assertLessEqual(len(widest), 80, widest)
            self.assertEqual(sorted(stations_in(kept)), sorted(pids))
            self.assertEqual([(one["side"], one["post"]) for one in report["stations"]],
                             [("south", "main"), ("north", "main"), ("south", "liaison"), ("north", "liaison")])
            self.assertEqual(len(report["paths"]), 3)
            for station in report["stations"]:
                status, answer = detente("status", "--dir", station["dir"])
                self.assertEqual(status, 0)
                self.assertTrue(answer["counterparts"][0]["link"]["up"])
        finally:
            for pid in pids + report["paths"]:
                os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not processes_in(kept), "stations and paths to end")
        self.assertEqual(os.listdir(self.whole.rooms), [], "the demo left directories")

    def check_report(self, report):
        self.assertIs(report["ok"], True)
        chapters = {c["id"]: c for c in report["chapters"]}
        self.assertEqual([c["id"] for c in report["chapters"]], EVERY_CHAPTER)
        for chapter in report["chapters"]:
            self.assertIs(chapter["ok"], True, chapter)
            self.assertTrue(chapter["title"])
            self.assertTrue(chapter["evidence"])
        self.assertTrue(report["not_played"])
        calls = chapters["S7-call"]["evidence"]["calls"]
        self.assertEqual(sorted(call["line"] for call in calls), ["military-east", "military-west", "ship"])
        for call in calls:
            self.assertTrue(call["answered_by"].startswith("north/duty-officer"), call)
        self.assertEqual(len(chapters["S7-first"]["evidence"]["calls"]), 3, "two military ones, and the liaison desk's")
        log = chapters["S1"]["evidence"]["log"]
        self.assertEqual(log["root_at_south"], log["root_at_north"])
        self.assertEqual(log["size"], 2)
        for entry in chapters["S1"]["evidence"]["entries"]:
            self.assertGreater(entry["receipt"]["size"], entry["index"])
            self.assertGreaterEqual(entry["receipt"]["time"], entry["written"])
        self.assertEqual(chapters["S7"]["evidence"]["silence"]["calls_in_the_cut"],
                         {line: {"south": n, "north": n} for line, n in (("military-west", 822), ("military-east", 822), ("ship", 411))})
        reports = chapters["S8-report"]["evidence"]["reports"]
        self.assertIn("path radio: nothing is heard on it", reports["south"])
        self.assertIn("path radio: nothing of ours arrives on it", reports["north"])

    def test_a_fault_in_any_chapter_is_told_and_no_other(self):
        self.assertEqual(sorted(faults.OWN), sorted(EVERY_CHAPTER), "each chapter has a fault of its own")
        for room, broken, (code, report, shown) in zip(self.others, self.BROKEN, self.broken):
            self.assertEqual(code, 1, shown)
            self.assertIs(report["ok"], False)
            told = {c["id"]: (c.get("why"), c.get("stopped")) for c in report["chapters"] if not c["ok"]}
            self.assertEqual(sorted(told), sorted(broken), told)
            self.assertEqual(len(report["chapters"]), len(EVERY_CHAPTER), shown)
            self.assertEqual(processes_in(room.rooms), [])
            self.assertEqual(os.listdir(room.rooms), [])


class Beginnings(unittest.TestCase):
    def setUp(self):
        self.room = Room()
        self.addCleanup(self.room.close)

    def test_wrong_options_are_told_before_anything_is_done(self):
        for options, said in ((["--fault", "stop-north@S99"], "S99"),
                              (["--fault", "burn-north@S1"], "burn-north"),
                              (["--fault", "stop-north"], "stop-north"),
                              (["--fault", "altered@S1"], "unsigned"),
                              (["--keep", SOURCE], "not an empty directory"),
                              (["--report", "none/r.json"], "cannot be written"),
                              (["--nonsense"], "nonsense")):
            code, report, shown = self.room.demo("--headless", *options)
            self.assertEqual(code, 2, shown)
            self.assertIsNone(report)
            self.assertIn(said, shown)
        self.assertEqual(os.listdir(self.room.rooms), [])

    def test_an_end_in_the_middle_leaves_nothing(self):
        process = subprocess.Popen([DEMO, "--headless"], env=self.room.environment(), cwd=self.room.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_until(lambda: len(stations_in(self.room.rooms)) == 4, "four stations", PATIENCE)
        finally:
            process.terminate()
            process.wait(60)
        self.assertEqual(processes_in(self.room.rooms), [])
        self.assertEqual(os.listdir(self.room.rooms), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
