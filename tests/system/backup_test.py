"""Backups of real stations: made while they run, read back, restored into a new life of the disk."""

import fcntl
import hashlib
import io
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import tarfile
import threading
import unittest

from stations import DETENTE, Lab, Station, detente, wait_until

WEST = "military-west"
QUIET = "soundings"
LAB = ("--lines", f"{WEST},{QUIET}", "--deniable", QUIET, "--work-factor", "10")
CHEAP = ("--work-factor", "10")  # these tests are not about the passphrase's cost


def lab(test, *options):
    made = Lab(*LAB, *options)
    test.addCleanup(made.close)
    return made


def phrase(made, name):
    return "--passphrase-file", os.path.join(made.dir, "lab", f"{name}.passphrase")


def restored(test, made, file, name="again", *options):
    """The station that came out of a backup of south, not started."""
    place = os.path.join(made.dir, name)
    answer = made["south"].cli("restore", file, "--to", place, *phrase(made, "south"), *options)
    station = Station(place)
    test.addCleanup(station.close)
    return station, answer


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def in_other_hands(test, made, texts=20):
    """South and north that have talked on both kinds of line."""
    south, north = made["south"], made["north"]
    made.start("south", "north")
    south.wait_link("north")
    for number in range(texts):
        test.assertEqual(south.cli("send", WEST, f"word {number}")["state"], "receipted")
    north.cli("send", WEST, "an answer")
    north.cli("send", QUIET, "between us")
    return south, north


class Backups(unittest.TestCase):
    def test_a_running_station_is_restored_into_a_new_epoch(self):
        made = lab(self)
        south, north = in_other_hands(self, made)
        told = south.cli("backup", made.dir, *CHEAP)
        file = told["file"]
        self.assertTrue(told["running"] and told["sealed"])
        self.assertEqual((told["entries"], os.stat(file).st_mode & 0o777), (22, 0o600))
        self.assertEqual((told["bytes"], told["sha256"]), (os.path.getsize(file), sha256(file)))
        counts = {line["line"]: (line["own"], line["far"]) for line in told["lines"]}
        self.assertEqual(counts, {"accord": (0, 0), WEST: (20, 1), QUIET: (0, 1)})
        # Two provable logs of 20 and 1 entries, each with a checkpoint and a receipt for every one of them.
        self.assertEqual((told["signatures"], told["signatures_unknown"]), (42, 0))
        with open(file, "rb") as sealed:
            self.assertTrue(sealed.read().startswith(b"age-encryption.org/v1\n-> scrypt "))
        self.assertFalse([name for name in os.listdir(south.path("station")) if "snapshot" in name])

        # After the backup the old disk goes on, and is lost.
        south.cli("send", WEST, "nobody has this any more")
        south.kill()
        again, answer = restored(self, made, file)
        self.assertEqual(answer["entries"], 22)
        self.assertFalse(os.path.exists(again.path("vault")))
        again.start()
        again.wait_link("north")
        wait_until(lambda: not os.path.exists(again.path("station", "restored")), "the mark to go")
        # Of the logs of before the other side tells how much is missing here.
        lost = [alarm for alarm in again.cli("alarm", "list")["alarms"] if alarm["kind"] == "own-disk"]
        self.assertEqual([alarm["line"] for alarm in lost], [f"north/{WEST}"], lost)
        self.assertIn("the other side holds 21 entries of the log that this station had", lost[0]["words"])
        self.assertIn("this disk has only 20 of them", lost[0]["words"])
        self.assertEqual(again.cli("send", WEST, "from the new disk")["state"], "receipted")
        logs = [log for log in north.cli("record", "show", WEST)["logs"] if log["whose"] == "far"]
        self.assertEqual([log["size"] for log in logs], [21, 2])
        self.assertEqual([log["evidence"] for log in logs], [[], []])
        self.assertEqual(north.texts("south", WEST)[-1], "from the new disk")
        # From here on it is an ordinary station: the next start goes on in the same epoch.
        again.stop()
        again.start()
        again.wait_link("north")
        self.assertEqual(again.cli("send", WEST, "and on")["entry"]["index"], 2)
        self.assertNotIn("two records", north.stderr())

    def test_what_was_cut_after_the_backup_stays_cut(self):
        made = lab(self, "--lift-alone")
        south, north = in_other_hands(self, made, 1)
        file = south.cli("backup", made.dir, *CHEAP)["file"]
        south.cli("cut", f"north/{WEST}", "--as", "kim", "--reason", "The leaflets.", "--yes", "--wait", "receipt")
        south.kill()
        again, _ = restored(self, made, file)
        again.start()
        again.wait_link("north")

        def shows(station, far):
            return station.get(f"/v1/counterparts/{far}/lines/{WEST}/status")
        here = wait_until(lambda: (found := shows(again, "north"))["situation"] == "cut-by-us" and found, "the cut to be known")
        self.assertIn("older copy", here["words"])
        self.assertEqual(shows(north, "south")["situation"], "cut-by-them")
        alarms = [alarm["words"] for alarm in again.cli("alarm", "list")["alarms"] if alarm["kind"] == "own-disk"]
        self.assertTrue(any("held cut" in text for text in alarms), alarms)
        again.cli("lift", f"north/{WEST}", "--as", "kim")
        self.assertEqual(again.cli("send", WEST, "open again")["state"], "receipted")

    def test_a_backup_is_of_one_moment_while_messages_flow(self):
        made = lab(self)
        south, north = in_other_hands(self, made, 1)
        stop = threading.Event()
        sent = []

        def talk():
            while not stop.is_set():
                for station, to in ((south, "north"), (north, "south")):
                    station.cli("send", f"{to}/{WEST}", f"flowing {len(sent)}", "--wait", "none")
                sent.append(1)

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            told = [south.cli("backup", os.path.join(made.dir, f"{i}.tar.age"), *CHEAP)
                    for i in range(4)]
        finally:
            stop.set()
            talker.join()
        entries = [one["entries"] for one in told]
        self.assertEqual(entries, sorted(entries))
        self.assertLess(entries[0], entries[-1])
        # Each was checked when it was written; the last one is, once more, by its restoring.
        _, answer = restored(self, made, told[-1]["file"])
        self.assertEqual(answer["entries"], entries[-1])

    def test_in_the_first_second_while_the_first_secret_goes(self):
        """The daemon rewrites the pair's file then; each backup has a secret to go on from."""
        made = lab(self)
        south, north = made["south"], made["north"]
        made.start("south", "north")
        files = [south.cli("backup", os.path.join(made.dir, f"{i}.tar"), "--unsealed")["file"]
                 for i in range(30)]
        south.wait_link("north")
        south.kill()
        for number in (0, len(files) // 2, len(files) - 1):
            again, _ = restored(self, made, files[number], f"again-{number}")
            again.start()
            again.wait_link("north")
            self.assertEqual(again.cli("send", WEST, f"as of {number}")["state"], "receipted")
            again.kill()

    def test_a_stopped_station_and_what_is_in_it(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 3)
        south.kill()  # its write-ahead log stays behind
        file = os.path.join(made.dir, "plain.tar")
        told = south.cli("backup", file, "--unsealed")
        self.assertFalse(told["running"] or told["sealed"])
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        place = os.path.join(made.dir, "by-hand")
        with tarfile.open(file) as tar:
            names = tar.getnames()
            self.assertEqual(names[0], "manifest.json")
            manifest = json.load(tar.extractfile("manifest.json"))
            tar.extractall(place)
        self.assertEqual(sorted(one["name"] for one in manifest["files"]), sorted(names[1:]))
        for one in manifest["files"]:
            self.assertEqual(sha256(os.path.join(place, one["name"])), one["sha256"], one["name"])
        for needed in ("station/station.key", "station/pairs/north.key", "station/station.toml",
                       "station/record.db", "side.toml", "card.note", "accords/north/accord.note",
                       "bulletins/south/1.cbor", "officers/kim.age"):
            self.assertIn(needed, names)
        self.assertFalse([name for name in names if name != "station/watch.log" and
                          ("vault" in name or "anchor" in name or name.endswith((".sock", ".log", ".lock", "-wal")))])
        self.assertIn("station/watch.log", names)
        south.start()  # nothing of it was changed
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "goes on")["entry"]["index"], 3)

    def test_a_restored_database_alone_is_refused_and_then_begins_anew(self):
        made = lab(self)
        south, north = in_other_hands(self, made, 3)
        file = os.path.join(made.dir, "plain.tar")
        south.cli("backup", file, "--unsealed")
        south.cli("send", WEST, "after the backup")
        south.stop()
        for rest in ("record.db-wal", "record.db-shm"):
            if os.path.exists(south.path("station", rest)):
                os.remove(south.path("station", rest))
        with tarfile.open(file) as tar, open(south.path("station", "record.db"), "wb") as out:
            shutil.copyfileobj(tar.extractfile("station/record.db"), out)
        south.spawn()
        self.assertEqual(south.process.wait(20), 1)
        self.assertIn("older copy", south.stderr())
        self.assertIn("--after-restore", south.stderr())
        # Killed before it could say so to anybody, and started again without the word: still new.
        south.spawn("--after-restore")
        wait_until(lambda: os.path.exists(south.path("station", "restored")), "the mark")
        south.kill()
        south.start()
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "a new life")["state"], "receipted")
        far = [log for log in north.cli("record", "show", WEST)["logs"] if log["whose"] == "far"]
        self.assertEqual(far[0]["size"], 4)
        self.assertGreaterEqual(len(far), 2)
        self.assertEqual([log["evidence"] for log in far], [[]] * len(far))

    def test_killed_again_and_again_at_a_restored_start(self):
        made = lab(self)
        south, north = in_other_hands(self, made, 3)
        file = south.cli("backup", made.dir, *CHEAP)["file"]
        south.cli("send", WEST, "after the backup")
        south.kill()
        again, _ = restored(self, made, file)
        for moment in range(8):
            again.spawn()
            if moment % 2:
                wait_until(lambda: os.path.exists(again.path("station", "anchor")), "the anchor")
            if moment % 4 == 3:
                wait_until(lambda: os.path.exists(again.path("station", "api.sock")), "the socket")
            again.kill()
        again.start()
        again.wait_link("north")
        self.assertEqual(again.cli("send", WEST, "at last")["state"], "receipted")
        far = [log for log in north.cli("record", "show", WEST)["logs"] if log["whose"] == "far"]
        self.assertEqual(far[0]["size"], 4)
        self.assertEqual([log["evidence"] for log in far], [[]] * len(far))
        self.assertNotIn("two records", north.stderr())

    def test_nothing_is_overwritten_unless_told(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 2)
        file = south.cli("backup", made.dir, *CHEAP)["file"]
        self.assertEqual(south.refused("backup", file, *CHEAP)["fault"], "conflict")
        give = phrase(made, "south")
        error = south.refused("restore", file, "--to", south.dir, *give)
        self.assertEqual(error["fault"], "conflict")
        self.assertIn("--replace", error["message"])
        error = south.refused("restore", file, "--to", south.dir, "--replace", *give)
        self.assertEqual(error["fault"], "state")
        self.assertIn("running", error["message"])
        south.stop()
        told = south.cli("restore", file, "--to", south.dir, "--replace", *give)
        self.assertTrue(os.path.exists(os.path.join(told["moved_aside"], "station", "anchor")))
        self.assertTrue(os.path.exists(south.path("vault", "root.age")))
        south.start()
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "here again")["state"], "receipted")
        # A file in the place, and a directory that holds something else.
        there = os.path.join(made.dir, "a-file")
        open(there, "wb").close()
        self.assertEqual(south.refused("restore", file, "--to", there, *give)["fault"], "conflict")

    def test_what_a_killed_restore_left_goes_with_the_next(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 2)
        file = south.cli("backup", made.dir, *CHEAP)["file"]
        target = os.path.join(made.dir, "again")
        left, at_work = (os.path.join(made.dir, f".again.restoring-{name}") for name in ("killed", "atwork"))
        for folder in (left, at_work):
            os.makedirs(os.path.join(folder, "vault"))
            open(os.path.join(folder, "vault", "root.age"), "wb").close()
        held = os.open(at_work, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)  # as a restore that runs has its own
        south.cli("restore", file, "--to", target, *phrase(made, "south"))
        self.assertFalse(os.path.exists(left))
        self.assertTrue(os.path.exists(at_work))
        self.assertEqual([name for name in os.listdir(made.dir) if ".restoring-" in name], [".again.restoring-atwork"])

    def test_damaged_and_strange_files_are_refused(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 2)
        sealed = south.cli("backup", made.dir, *CHEAP)["file"]
        plain = os.path.join(made.dir, "plain.tar")
        south.cli("backup", plain, "--unsealed")
        place = os.path.join(made.dir, "never")
        give = phrase(made, "south")
        wrong = os.path.join(made.dir, "wrong")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write("not this one\n")
        os.chmod(wrong, 0o600)
        self.assertEqual(south.refused("restore", sealed, "--to", place, "--passphrase-file",
                                       wrong)["fault"], "denied")
        for source in (sealed, plain):
            with open(source, "rb") as file:
                whole = file.read()
            changed = bytearray(whole)
            changed[len(whole) // 2] ^= 1
            for number, data in enumerate((whole[:len(whole) // 2], whole[:-1], bytes(changed),
                                           whole + b"x", b"", b"not a backup at all" * 100)):
                bad = os.path.join(made.dir, "bad")
                with open(bad, "wb") as file:
                    file.write(data)
                error = south.refused("restore", bad, "--to", place, *give)
                self.assertIn(error["fault"], ("malformed", "authentication"), (source, number))
                self.assertIn(bad, error["message"])
                self.assertFalse(os.path.exists(place))
        self.assertFalse([name for name in os.listdir(made.dir) if "restoring" in name])

    def test_no_member_leads_out_of_the_directory(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 1)
        plain = os.path.join(made.dir, "plain.tar")
        south.cli("backup", plain, "--unsealed")
        with tarfile.open(plain) as tar:
            members = [(m, tar.extractfile(m).read()) for m in tar.getmembers()]
        for name in ("../escaped", "/escaped", "station/../../escaped", "station/api.sock",
                     "vault/root.age"):
            bad = os.path.join(made.dir, "bad.tar")
            with tarfile.open(bad, "w", format=tarfile.USTAR_FORMAT) as tar:
                for member, data in members:
                    if member.name == "manifest.json":
                        manifest = json.loads(data)
                        manifest["files"].append({"name": name, "size": 1,
                                                  "sha256": hashlib.sha256(b"x").hexdigest()})
                        data = json.dumps(manifest).encode()
                        member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
                extra = tarfile.TarInfo(name)
                extra.size = 1
                tar.addfile(extra, io.BytesIO(b"x"))
            error = south.refused("restore", bad, "--to", os.path.join(made.dir, "never"))
            self.assertEqual(error["fault"], "malformed", name)
        self.assertFalse(os.path.exists(os.path.join(made.dir, "escaped")))

    def test_a_damaged_record_makes_no_backup(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 5)
        south.stop()
        for sql in ("UPDATE entries SET body = zeroblob(length(body)) WHERE key & 1099511627775 = 2",
                    "UPDATE checkpoints SET signature = zeroblob(64)",
                    "UPDATE cosignatures SET signature = zeroblob(64)"):
            keep = south.path("kept.db")
            shutil.copy(south.path("station", "record.db"), keep)
            with sqlite3.connect(south.path("station", "record.db")) as database:
                database.execute(sql)
            database.close()
            file = os.path.join(made.dir, "never.tar.age")
            error = south.refused("backup", file, *CHEAP)
            self.assertIn("damaged", error["message"], sql)
            self.assertFalse(os.path.exists(file))
            shutil.copy(keep, south.path("station", "record.db"))

    def test_a_watch_log_that_was_changed_makes_no_backup_and_is_not_put_in_place(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 1)
        south.cli("watch", "on", "--as", "kim")
        south.stop()
        good = os.path.join(made.dir, "good.tar")
        self.assertGreater(south.cli("backup", good, "--unsealed")["watch_log_lines"], 2)
        log = south.path("station", "watch.log")
        with open(log, encoding="utf-8") as file:
            text = file.read()
        changed = text.replace('"do":"on"', '"do":"off"', 1)
        self.assertNotEqual(changed, text)
        with open(log, "w", encoding="utf-8") as file:
            file.write(changed)
        never = os.path.join(made.dir, "never.tar")
        message = south.refused("backup", never, "--unsealed")["message"]
        self.assertIn("the watch log is damaged, and no backup is made of it: station/watch.log, line", message)
        self.assertIn("does not fit the line before it", message)
        self.assertFalse(os.path.exists(never))
        # A backup that holds such a one, as an older version made it: all the rest is good.
        names = {}
        with tarfile.open(good) as archive:
            names = {member.name: (member, archive.extractfile(member).read()) for member in archive.getmembers()}
        manifest = json.loads(names["manifest.json"][1])
        entry = next(one for one in manifest["files"] if one["name"] == "station/watch.log")
        entry.update(size=len(changed.encode()), sha256=hashlib.sha256(changed.encode()).hexdigest())
        names["manifest.json"] = (names["manifest.json"][0], json.dumps(manifest).encode())
        names["station/watch.log"] = (names["station/watch.log"][0], changed.encode())
        old = os.path.join(made.dir, "old.tar")
        with tarfile.open(old, "w", format=tarfile.USTAR_FORMAT) as archive:
            for member, content in names.values():
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        blocks = sum(1 + -(-len(content) // tarfile.BLOCKSIZE) for _, content in names.values())
        os.truncate(old, (blocks + 2) * tarfile.BLOCKSIZE)  # Python fills it up
        to = os.path.join(made.dir, "again")
        code, answer = detente("restore", old, "--to", to)
        self.assertEqual(code, 0, answer)
        self.assertIn("does not fit the line before it", answer["watch_log_broken"])
        self.assertIsNone(answer["watch_log_lines"])
        self.assertFalse(os.path.exists(os.path.join(to, "station", "watch.log")))
        with open(os.path.join(to, "station", "watch.log.broken"), encoding="utf-8") as file:
            self.assertEqual(file.read(), changed)

    def test_a_killed_backup_leaves_nothing_for_long(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 2)
        south.stop()
        ballast(south, 60)
        south.start()
        snapshot = south.path("station", "snapshot.db")
        for _ in range(2):
            process = subprocess.Popen(
                [DETENTE, "backup", made.dir, "--dir", south.dir, "--json", *CHEAP],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: os.path.exists(snapshot), "the snapshot")
            process.kill()
            process.wait()
        south.stop()  # in the middle of the copy, or after it
        south.start()
        wait_until(lambda: not os.path.exists(snapshot), "the old snapshot to go")
        south.cli("backup", made.dir, *CHEAP)
        self.assertFalse(os.path.exists(snapshot))

    def test_what_cannot_be_read_back_is_no_backup(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 1)
        south.stop()
        ballast(south, 60)
        file = os.path.join(made.dir, "south.tar")
        for _ in range(5):
            backup = subprocess.Popen([DETENTE, "backup", file, "--unsealed", "--json", "--dir", south.dir], stdout=subprocess.PIPE)
            while not os.path.exists(file) and backup.poll() is None:
                pass
            with open(file, "r+b") as written:  # between the writing and the reading back
                written.seek(-20_000, os.SEEK_END)
                written.write(b"another record's bytes")
            answer = json.loads(backup.communicate(timeout=120)[0])
            if not answer["ok"]:
                break
            os.remove(file)  # it had been read already
        self.assertIn("written and cannot be read back", answer["error"]["message"])
        self.assertFalse(os.path.exists(file))

    def test_two_at_once(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 1)
        south.stop()
        ballast(south, 60)
        south.start()
        first = subprocess.Popen([DETENTE, "backup", os.path.join(made.dir, "1.tar.age"), "--dir",
                                  south.dir, "--json", *CHEAP], stdout=subprocess.PIPE)
        wait_until(lambda: os.path.exists(south.path("station", "snapshot.db")), "the snapshot")
        error = south.refused("backup", os.path.join(made.dir, "2.tar.age"), *CHEAP)
        self.assertEqual(error["fault"], "conflict")
        answer = json.loads(first.communicate(timeout=60)[0])
        self.assertTrue(answer["ok"], answer)


def ballast(station, megabytes):
    """Makes the record of a stopped station so much larger."""
    with sqlite3.connect(station.path("station", "record.db")) as database:
        for number in range(megabytes):
            database.execute("INSERT INTO settings(key, value) VALUES(?, randomblob(1000000))", (f"b{number}",))
    database.close()


class Latency(unittest.TestCase):
    """A backup of a large record beside a line that is in use."""

    def test_the_line_goes_on(self):
        made = lab(self)
        south, _ = in_other_hands(self, made, 1)
        south.stop()
        ballast(south, 200)
        south.start()
        south.wait_link("north")
        target = f"/v1/counterparts/north/lines/{WEST}/entries"

        def took():
            status, answer = south.ask("POST", target, {"text": "how long?", "wait": "receipt"})
            self.assertEqual((status, answer["state"]), (200, "receipted"))
            return answer["took_us"] / 1000

        before = [took() for _ in range(100)]
        self.assertEqual(south.ask("POST", "/v1/snapshot", {})[0], 200)
        during = []
        while south.get("/v1/snapshot")["state"] == "running":
            during.append(took())
        self.assertEqual(south.get("/v1/snapshot")["state"], "done")
        self.assertEqual(south.ask("GET", "/v1/snapshot?timeout_ms=1")[1]["error"], None)
        print(f"receipt in ms, median and worst: without {statistics.median(before):.2f} "
              f"{max(before):.1f} ({len(before)}), beside a copy of 200 MB "
              f"{statistics.median(during):.2f} {max(during):.1f} ({len(during)})")
        self.assertGreater(len(during), 5)
        self.assertLess(statistics.median(during), 10 * statistics.median(before) + 20)
        self.assertLess(max(during), 2000)  # SQLite's own patience is 5 s: nothing waited for the copy


if __name__ == "__main__":
    unittest.main(verbosity=2)
