"""What disks, clocks and people do to a station's files: a clear word each time, and nothing lost."""

import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

import outcome
from disks import SmallDisk, can_mount
from stations import Lab, wait_until

WEST = "military-west"
QUIET = "soundings"
LAB = ("--lines", f"{WEST},{QUIET}", "--deniable", QUIET, "--work-factor", "10")
VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")


def lab(test, *options):
    made = Lab(*LAB, *options)
    test.addCleanup(made.close)
    return made


def refuse(test, station, *options):
    """What a start that must be refused says; never a crash."""
    before = len(station.stderr())
    station.spawn(*options)
    code = station.process.wait(20)
    station.process = None
    said = station.stderr()[before:]
    test.assertEqual(code, 1, said)
    test.assertNotRegex(said, "terminate called|assert|what\\(\\)", said)
    return said


class FullDisk(unittest.TestCase):
    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_a_full_disk_refuses_loses_nothing_and_goes_on(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        disk = SmallDisk(self, south.path("station"), megabytes=24)
        made.start("south", "north")
        south.wait_link("north")
        kept = []

        def say(text):
            status, answer = south.ask("POST", f"/v1/counterparts/north/lines/{WEST}/entries",
                                       {"text": text, "wait": "durable"})
            if status == 200:
                kept.append(text)
                return None
            return answer["error"]

        self.assertIsNone(say("while there is room"))
        disk.fill()
        error = None
        for number in range(5000):
            error = say(f"word {number}")
            if error:
                break
        self.assertIsNotNone(error, "5,000 words fitted into a full disk")
        self.assertEqual(error["fault"], "io")
        # The disk's own word; or the station's, where something else that it keeps was refused just before.
        refusal = "full|takes nothing"
        self.assertRegex(error["message"], refusal)
        self.assertIn("make room", error["message"])
        self.assertGreater(len(kept), 1)
        # The command says it, the status says it, the log says it; reading goes on.
        self.assertRegex(south.refused("send", WEST, "a word too many")["message"], refusal)
        wait_until(lambda: "full" in (south.get("/v1/status")["fault"] or ""), "the status to say so")
        self.assertIn("full", south.stderr())
        self.assertEqual(len(south.texts("north", WEST, "own")) > 0, True)
        # What the other side says meanwhile is not receipted, and not lost.
        sent = north.cli("send", WEST, "said into a full disk", "--timeout", "500ms")
        self.assertNotEqual(sent["state"], "receipted")
        self.assertIsNone(south.process.poll())
        # And who sends it is not told that all is well.
        north.cli("send", WEST, "--precedence", "flash", "a FLASH into a full disk", "--timeout", "500ms")
        told = wait_until(lambda: (line := north.line_of("south", WEST))["situation"] == "not-confirmed" and line,
                          lambda: f"north to say so: {north.line_of('south', WEST)}", 60)
        self.assertRegex(told["words"], "2 entries of ours, a FLASH among them, are NOT confirmed as on its disk: no receipt has come since")
        self.assertIn("another channel", told["to_do"])
        shown = north.shown("status")
        self.assertRegex(shown, "ARRIVES THERE, NOT CONFIRMED")
        text, = (one for one in north.get(f"/v1/counterparts/south/lines/{WEST}/status")["media"] if one["medium"] == "text")
        self.assertEqual(text["out"]["known"], "not known")

        disk.free()
        wait_until(lambda: say("there is room again") is None, "the station to go on by itself")
        wait_until(lambda: north.line_of("south", WEST)["unreceipted"] == 0, "the receipt", 60)
        wait_until(lambda: south.line_of("north", WEST)["unreceipted"] == 0
                   and south.line_of("north", WEST)["queued"] == 0, "all receipts", 60)
        self.assertIsNone(south.get("/v1/status")["fault"])
        self.assertEqual(north.line_of("south", WEST)["situation"], "in-contact")
        self.assertEqual(south.texts("north", WEST)[-2:], ["said into a full disk", "a FLASH into a full disk"])
        self.assertEqual(all_texts(north, "south", WEST), kept)
        south.stop()
        south.start()
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "after a restart")["state"], "receipted")

    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_an_officer_who_cannot_sign_is_told_what_goes_all_the_same(self):
        made = lab(self)
        south = made["south"]
        made.start("south", "north")
        south.wait_link("north")
        disk = SmallDisk(self, south.path("officers"), megabytes=1)
        disk.fill()
        said = south.refused("send", WEST, "--precedence", "flash", "signed", "--as", "kim")["message"]
        for words in ("kim.toml", "Nothing was signed", "Make room", "without --as"):
            self.assertIn(words, said)
        self.assertEqual(south.cli("send", WEST, "--precedence", "flash", "unsigned")["state"], "receipted")
        disk.free()
        self.assertEqual(south.cli("send", WEST, "signed again", "--as", "kim")["state"], "receipted")

    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_a_disk_that_cannot_be_written_is_said_at_start(self):
        made = lab(self)
        south = made["south"]
        disk = SmallDisk(self, south.path("station"), megabytes=24)
        south.start()
        south.stop()
        disk.read_only()
        self.assertRegex(refuse(self, south), "(?i)read-only|writable|cannot be opened for writing")
        disk.read_only(False)
        south.start()

    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_no_room_for_a_backup(self):
        made = lab(self)
        south = made["south"]
        disk = SmallDisk(self, south.path("station"), megabytes=24)
        south.start()
        # There is room for the copy of the record, and not for what the station writes meanwhile: it goes before a backup.
        room = shutil.disk_usage(south.path("station")).free
        self.assertGreater(room, os.path.getsize(south.path("station", "record.db")) + (4 << 20))
        error = south.refused("backup", os.path.join(made.dir, "a.tar.age"), "--work-factor", "10")
        self.assertRegex(error["message"], r"needs \d+ MiB free .* \d+ MiB are; make room on it")
        self.assertEqual(shutil.disk_usage(south.path("station")).free, room)
        disk.fill()
        for where in (made.dir, south.path("station")):
            error = south.refused("backup", os.path.join(where, "a.tar.age"), "--work-factor", "10")
            self.assertRegex(error["message"], "full|room|space")
        self.assertFalse([name for name in os.listdir(south.path("station"))
                          if "snapshot" in name or "a.tar" in name])


def all_texts(station, counterpart, line, whose="far"):
    texts, since = [], 0
    while True:
        answer = station.get(f"/v1/counterparts/{counterpart}/lines/{line}/entries"
                             f"?limit=200&whose={whose}&since={since}")
        texts += [entry["text"] for entry in answer["entries"] if "text" in entry]
        if not answer["entries"] or not answer["more"]:
            return texts
        since = answer["entries"][-1]["index"] + 1


class BitRot(unittest.TestCase):
    """Bytes of a stopped station's database change."""

    def setUp(self):
        self.made = lab(self)
        self.south, self.north = self.made["south"], self.made["north"]
        self.made.start("south", "north")
        self.south.wait_link("north")
        self.words = [f"these are the words of message {i}, nobody may change them" for i in range(12)]
        for word in self.words:
            self.assertEqual(self.south.cli("send", WEST, word)["state"], "receipted")
        self.north.cli("send", WEST, "an answer from the other side")
        self.south.stop()
        self.file = self.south.path("station", "record.db")
        with open(self.file, "rb") as file:
            self.good = file.read()
        self.anchor = self.south.path("anchor.kept")
        shutil.copy(self.south.path("station", "anchor"), self.anchor)

    def put(self, data):
        """These bytes as the database, with the anchor of that moment."""
        shutil.copy(self.anchor, self.south.path("station", "anchor"))
        with open(self.file, "wb") as file:
            file.write(data)
        for rest in ("-wal", "-shm"):
            if os.path.exists(self.file + rest):
                os.remove(self.file + rest)

    def cards(self):
        return [f"--card={self.south.path('card.note')}", f"--card={self.south.path('cards', 'north.note')}"]

    def test_words_that_rotted_are_never_shown(self):
        for word, whose, index in ((self.words[4], "own", 4), ("an answer from the other side", "far", 0)):
            rotten = bytearray(self.good)
            at = rotten.index(word.encode())
            rotten[at + 10] ^= 0x20
            self.put(bytes(rotten))
            self.south.start()
            for command in (("record", "entry", WEST, whose, str(index)),
                            ("record", "show", WEST), ("record", "export", WEST, whose, str(index),
                                                       "--out", self.south.path("x.dex"))):
                error = self.south.refused(*command)
                self.assertEqual(error["fault"], "io", command)
                self.assertRegex(error["message"], "damaged.*recover")
            self.assertFalse(os.path.exists(self.south.path("x.dex")))
            # Nothing more is signed on such ground, and the status says why.
            self.assertIn("damaged", self.south.cli("status")["fault"])
            self.assertIn("damaged", self.south.refused("send", WEST, "more")["message"])
            self.south.kill()
        self.put(self.good)
        self.assertEqual(self.south.start().cli("send", WEST, "well again")["state"], "receipted")

    def test_random_rot_is_refused_or_harmless(self):
        seed = int(os.environ.get("DETENTE_SEED", random.randrange(1 << 32)))
        print(f"DETENTE_SEED={seed}")
        draw = random.Random(seed)
        refused = harmless = 0
        for _ in range(25):
            rotten = bytearray(self.good)
            for _ in range(draw.choice((1, 3, 64))):
                rotten[draw.randrange(len(rotten))] ^= 1 << draw.randrange(8)
            if draw.randrange(3) == 0:  # a whole sector of something else
                at = draw.randrange(len(rotten) // 512) * 512
                rotten[at:at + 512] = draw.randbytes(512)
            self.put(bytes(rotten))
            before = len(self.south.stderr())
            self.south.spawn()
            wait_until(lambda: self.south.process.poll() is not None or self.answers(), "an answer")
            if self.south.process.poll() is not None:
                self.assertEqual(self.south.process.returncode, 1, self.south.stderr()[before:])
                self.assertRegex(self.south.stderr()[before:],
                                 "damaged|not a database|another program|newer|older copy|restor|recover")
                self.south.process = None
                refused += 1
                continue
            harmless += self.look()
            self.south.kill()
        print(f"{refused} starts refused, {harmless} words read whole")
        self.assertGreater(refused, 0)
        self.assertGreater(harmless, 0)

    def answers(self):
        try:
            return self.south.get("/v1/status")
        except OSError:
            return None

    def look(self):
        """How many of the words are shown; each is the right one, or the answer is an error."""
        shown = 0
        for index, word in enumerate(self.words):
            status, answer = self.south.ask(
                "GET", f"/v1/counterparts/north/lines/{WEST}/entries/own/{index}")
            if status != 200:
                self.assertIn(status, (404, 500), answer)
                self.assertGreater(len(answer["error"]["message"]), 10)
                continue
            self.assertEqual(answer["text"], word)
            shown += 1
        out = self.south.path("rot.dex")
        if os.path.exists(out):
            os.remove(out)
        status, answer = self.south.ask(
            "GET", f"/v1/counterparts/north/lines/{WEST}/extract?whose=own&index=2&count=1")
        if status == 200:
            import base64
            with open(out, "wb") as file:
                file.write(base64.b64decode(answer["extract"]))
            done = subprocess.run([VERIFY, "entry", out, *self.cards(), "--json"], capture_output=True,
                                  timeout=30, check=False)
            if done.returncode == 0:
                self.assertIn(self.words[2].encode(), done.stdout)
        return shown


class Places(unittest.TestCase):
    """A file where a directory belongs, and the other way round."""

    def test_each_is_named_and_nothing_is_harmed(self):
        made = lab(self)
        south = made["south"]
        south.start()
        south.stop()
        files = ("station/record.db", "station/anchor", "station/station.log", "station/api.sock",
                 "station/station.toml", "station/station.key", "station/pairs/north.key",
                 "station/record.db.lock", "station/record.db-end", "side.toml", "card.note", "accords/north/accord.note",
                 "bulletins/south/1.cbor")
        folders = ("station", "station/pairs", "accords", "accords/north", "bulletins",
                   "bulletins/south", "bulletins/north")
        for number, name in enumerate(files + folders):
            kept = south.path(f"kept-{number}")
            with self.subTest(name):
                place = south.path(*name.split("/"))
                there = os.path.exists(place)
                if there:
                    os.rename(place, kept)
                if name in files:
                    os.mkdir(place)
                else:
                    with open(place, "wb") as file:
                        file.write(b"not a directory\n")
                said = refuse(self, south)
                last = said.strip().splitlines()[-1]
                # The place itself, or the file that was wanted in it.
                self.assertIn(name.split("/")[-1] if name in files else name.split("/")[0], last)
                self.assertRegex(last, "(?i)director|plain file|make|first:|import|name|move|missing|enrol",
                                 last)
                if "record.db" in name:
                    self.assertIn("a directory is there where a file belongs: move it away", last)
                if name in files:
                    self.assertTrue(os.path.isdir(place), "a directory in a file's place was removed")
                    os.rmdir(place)
                else:
                    with open(place, "rb") as file:
                        self.assertEqual(file.read(), b"not a directory\n")
                    os.remove(place)
                if there:
                    os.rename(kept, place)
        for name in ("card.note", "accords/north/accord.note"):  # emptied
            place = south.path(*name.split("/"))
            with open(place, "rb") as file:
                good = file.read()
            open(place, "wb").close()
            self.assertRegex(refuse(self, south), re.escape(place) + ".*empty or damaged.*from a backup, or have it handed over again")
            with open(place, "wb") as file:
                file.write(good)
        south.start()
        made["north"].start()
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "whole again")["state"], "receipted")


class LaterVersions(unittest.TestCase):
    """Files that a later version wrote are named, and left as they are."""

    def test_each_is_named(self):
        made = lab(self)
        south = made["south"]
        south.start()
        south.stop()

        def later(text):
            return re.sub(r"(detente-[a-z]+)/1", r"\1/2", text, count=1)

        for name in ("side.toml", "station/station.toml", "station/anchor", "accords/north/accord.note",
                     "accords/north/annex-1.toml"):
            with self.subTest(name):
                place = south.path(*name.split("/"))
                with open(place, encoding="utf-8") as file:
                    text = file.read()
                self.assertNotEqual(later(text), text)
                with open(place, "w", encoding="utf-8") as file:
                    file.write(later(text))
                said = refuse(self, south)
                self.assertIn(os.path.dirname(place), said)
                self.assertRegex(said, "(?i)version|not what the accord names")
                with open(place, encoding="utf-8") as file:
                    left = file.read()
                with open(place, "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertEqual(left, later(text))
        with self.subTest("record.db"):
            place = south.path("station", "record.db")
            shutil.copy(place, south.path("kept.db"))
            with sqlite3.connect(place) as database:
                database.execute("PRAGMA user_version = 9999")
            database.close()
            self.assertRegex(refuse(self, south), "newer.*nothing was changed")
            error = south.refused("backup", os.path.join(made.dir, "x"), "--work-factor", "10")
            self.assertEqual(error["fault"], "unsupported")
            shutil.copy(south.path("kept.db"), place)
        south.start()


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

/* Seconds in the file that $CLOCK_STEP names are added to the wall clock; other clocks stay. */
static long step(void) {
  const char* name = getenv("CLOCK_STEP");
  FILE* file = name ? fopen(name, "re") : NULL;
  long out = 0;
  if (file) {
    if (fscanf(file, "%ld", &out) != 1) out = 0;
    fclose(file);
  }
  return out;
}
int clock_gettime(clockid_t clock, struct timespec* to) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(clock, to);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) to->tv_sec += step();
  return code;
}
int gettimeofday(struct timeval* restrict to, void* restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  to->tv_sec = now.tv_sec;
  to->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}
"""
YEAR = 365 * 86400


class Clock(unittest.TestCase):
    """The wall clock steps back a year: times are claims, and nothing hangs on them."""

    @classmethod
    def setUpClass(cls):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise unittest.SkipTest("no C compiler")
        cls.folder = tempfile.mkdtemp(prefix="detente-clock-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.shim = os.path.join(cls.folder, "clock.so")
        source = os.path.join(cls.folder, "clock.c")
        with open(source, "w", encoding="ascii") as file:
            file.write(SHIM)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", cls.shim, source, "-ldl"], check=True)

    def set(self, seconds):
        # By renaming: the shim never reads half a number.
        with open(self.step + ".new", "w", encoding="ascii") as file:
            file.write(str(seconds))
        os.rename(self.step + ".new", self.step)

    def test_messages_flow_whatever_the_clock_says(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        self.step = os.path.join(self.folder, "step")
        self.set(0)
        south.env = {"LD_PRELOAD": self.shim, "CLOCK_STEP": self.step}
        made.start("south", "north")
        south.wait_link("north")
        texts = []

        def both_ways(word):
            for here, there in ((south, north), (north, south)):
                sent = here.cli("send", f"{there.name}/{WEST}", f"{word} from {here.name}",
                                env=here.env)
                self.assertEqual(sent["state"], "receipted", word)
            texts.append(f"{word} from south")
            entry = south.entries("north", WEST, "own")[-1]
            return entry["time"]

        first = both_ways("before")
        real = north.get("/v1/status")["now"]
        self.set(-YEAR)
        self.assertLess(abs(south.get("/v1/status")["now"] - (real - YEAR)), 300)
        back = both_ways("a year back")
        self.assertLess(back, first - YEAR + 3600)
        far = north.entries("south", WEST)[-1]
        self.assertEqual(far["time"], back)  # the claim stays what it was
        self.assertLess(abs(far["stored_at"] - real), 300)
        south.stop()  # a new session, with the clock still back
        south.start()
        south.wait_link("north")
        both_ways("after a restart")
        south.kill()
        south.start()
        south.wait_link("north")
        both_ways("after a crash")
        self.set(YEAR)
        both_ways("a year ahead")
        south.stop()
        south.start()
        south.wait_link("north")
        both_ways("ahead after a restart")
        self.set(0)
        south.stop()
        south.start()
        south.wait_link("north")
        both_ways("right again")
        self.assertEqual(north.texts("south", WEST), texts)
        roots = [{log["station"]: log["root"] for log in station.cli("record", "show", WEST)["logs"]}
                 for station in (south, north)]
        self.assertEqual(roots[0], roots[1])
        self.assertNotIn("two records", north.stderr() + south.stderr())


if __name__ == "__main__":
    outcome.main()
