"""What rots on a station's disk, or is lost from it: it is said, and nothing is built on what is left."""

import os
import shutil
import sqlite3
import unittest

from stations import Lab, wait_until

WEST = "military-west"
SAID = "Sector 4: do not open fire before noon"
ROTTED = SAID.replace("not", "now")


class Waiting(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},liaison")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def rot(self):
        """The message waits, its station is stopped, and its disk turns "not" into "now"."""
        self.south.start()
        sent = self.south.cli("send", f"north/{WEST}", SAID, "--as", "kim", "--wait", "durable")
        self.assertEqual(sent["state"], "queued")
        self.south.cli("send", f"north/{WEST}", "what waits behind it", "--wait", "durable")
        self.south.stop()
        file = self.south.path("station", "record.db")
        for name in (file, file + "-wal"):
            if os.path.exists(name):
                with open(name, "r+b") as bytes_:
                    data = bytes_.read()
                    bytes_.seek(0)
                    bytes_.write(data.replace(SAID.encode(), ROTTED.encode()))

    def test_it_is_not_sent_and_its_author_is_told(self):
        self.rot()
        self.south.start()
        alarm = wait_until(lambda: self.south.get("/v1/watch")["alarms"], "the alarm")[0]
        self.assertEqual(alarm["kind"], "store")
        self.assertIn("NOT SENT", alarm["words"])
        self.assertIn("NOT SENT", self.south.get("/v1/status")["fault"])
        self.assertEqual(self.south.line_of("north", WEST)["queued_damaged"], 1)
        logged = [line for line in self.south.get("/v1/watch/log")["lines"] if line["what"] == "alarm" and line["kind"] == "store"]
        self.assertEqual(len(logged), 1, logged)
        self.north.start()
        wait_until(lambda: "what waits behind it" in self.north.texts("south", WEST), "what waited behind it")
        self.assertEqual(self.north.texts("south", WEST), ["what waits behind it"])
        self.assertEqual(self.south.line_of("north", WEST)["queued_damaged"], 1)

    def test_what_is_under_a_key_that_rotted_is_not_sent_and_is_told(self):
        """One bit of its lineage, or a number that no line has: no line of the station reads it."""
        self.south.start()
        self.south.cli("send", f"north/{WEST}", SAID, "--as", "kim", "--precedence", "flash", "--wait", "durable")
        self.south.cli("send", "north/liaison", "what waits beside it", "--wait", "durable")
        self.south.stop()
        file = self.south.path("station", "record.db")
        anchor = self.south.path("station", "anchor")
        for one in (file, anchor):
            shutil.copy(one, one + ".good")

        def put_back(change=None):
            for one in (file, anchor):
                shutil.copy(one + ".good", one)
            if change is None:
                return None
            with sqlite3.connect(file) as database:
                number, lineage = database.execute("SELECT id, lineage FROM outbox WHERE instr(item, ?)", (SAID.encode(),)).fetchone()
                values = (bytes([lineage[0] ^ 1]),) if "?" in change else ()
                database.execute(f"UPDATE outbox SET {change} WHERE instr(item, ?)", (*values, SAID.encode()))
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            database.close()
            return number

        def told():
            return [alarm["words"] for alarm in self.south.get("/v1/watch")["alarms"] if alarm["kind"] == "store" and not alarm["ended_at"]]

        changes = ("lineage = CAST(? || substr(lineage, 2) AS BLOB)", "line = 9", "line = line + 65536")
        for change in changes:
            number = put_back(change)
            self.assertRegex(self.south.refused("backup", self.south.path(), "--unsealed")["message"], "damaged.*belongs to no line")
            self.south.start()
            self.assertEqual(len(told()), 1)
            self.assertRegex(told()[0], f"NOT SENT.*number {number} of a queue, a message of line no. 1, FLASH.*do not open fire")
            status = self.south.get("/v1/status")
            self.assertIn("NOT SENT", status["fault"])
            self.assertEqual(status["queue_astray"], 1)
            self.assertRegex(self.south.refused("backup", self.south.path(), "--unsealed")["message"], "damaged.*belongs to no line")
            self.south.stop()
        put_back()
        self.south.start()
        status = self.south.get("/v1/status")
        self.assertEqual((status["fault"], status["queue_astray"], told()), (None, 0, []))
        self.south.stop()
        put_back(changes[0])
        self.lab.start("south", "north")
        wait_until(lambda: self.north.texts("south", "liaison") == ["what waits beside it"], "what waited beside it")
        self.assertEqual(self.north.texts("south", WEST), [])

    def test_a_log_that_is_not_found_by_its_name_lets_no_station_start(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("send", f"north/{WEST}", SAID, "--wait", "receipt")
        self.south.stop()
        with sqlite3.connect(self.south.path("station", "record.db")) as database:
            database.execute("UPDATE logs SET line = 9 WHERE line = 1 AND own = 1")
        database.close()
        self.assertRegex(self.south.refused("backup", self.south.path(), "--unsealed")["message"], "damaged.*a log belongs to no line")
        before = len(self.south.stderr())
        self.south.spawn()
        self.assertEqual(self.south.process.wait(20), 1)
        self.south.process = None
        self.assertRegex(self.south.stderr()[before:], "damaged.*a log belongs to no line")

    def test_a_backup_of_it_is_refused(self):
        self.rot()
        error = self.south.refused("backup", self.south.path(), "--unsealed")
        self.assertRegex(error["message"], "damaged.*not what was written")


class Signatures(unittest.TestCase):
    """Of what was signed over a log: any may rot, and each later one holds the entries before it as well."""

    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},liaison")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.start("south", "north")
        self.south.wait_link("north")
        for number in range(8):
            self.south.cli("send", f"north/{WEST}", f"word {number}", "--wait", "receipt")
        self.south.stop()

    def rot(self, table, where):
        with sqlite3.connect(self.south.path("station", "record.db")) as database:
            log = database.execute("SELECT id FROM logs WHERE own = 1 AND line = 1").fetchone()[0]
            rows = database.execute(f"SELECT key, signature FROM {table} WHERE key >> 40 = ? AND {where}", (log,)).fetchall()
            for key, signature in rows:
                database.execute(f"UPDATE {table} SET signature = ? WHERE key = ?", (bytes([signature[0] ^ 1]) + signature[1:], key))
        database.close()
        self.assertTrue(rows)

    def export(self, index):
        return ("record", "export", f"north/{WEST}", "own", str(index), "--out", self.south.path(f"{index}.dex"))

    def test_an_older_one_that_rotted_makes_no_backup_and_hinders_no_extract(self):
        for table, what in (("checkpoints", "checkpoint"), ("cosignatures", "receipt")):
            kept = [self.south.path("station", name) for name in ("record.db", "anchor")]
            for one in kept:
                shutil.copy(one, one + ".good")
            for size in (1, 5, 8):
                self.rot(table, f"key & 0xffffffffff = {size}")
                message = self.south.refused("backup", self.south.path(), "--unsealed")["message"]
                self.assertRegex(message, f"damaged: the {what} over {size} entries of south/main.*restore an older backup")
                if size < 8:
                    self.south.start()
                    self.south.cli(*self.export(size - 1))
                    os.remove(self.south.path(f"{size - 1}.dex"))
                    self.south.stop()
                for one in kept:
                    shutil.copy(one + ".good", one)

    def test_what_a_missing_bulletin_may_have_had_the_key_of_is_no_damage(self):
        self.south.start()
        self.south.wait_link("north")
        bulletins = self.south.path("bulletins", "north")
        first = len(os.listdir(bulletins))
        for days in (3800, 3900):
            self.north.cli("station", "renew", "--days", str(days))
        wait_until(lambda: len(os.listdir(bulletins)) == first + 2, "both bulletins")
        self.south.cli("send", f"north/{WEST}", "under a renewed credential", "--wait", "receipt")
        self.south.stop()
        told = self.south.cli("backup", self.south.path("renewed.tar"), "--unsealed")
        self.assertEqual((told["signatures"] >= 18, told["signatures_unknown"]), (True, 0))
        os.remove(os.path.join(bulletins, sorted(os.listdir(bulletins))[first]))
        self.rot("cosignatures", "key & 0xffffffffff < 3")
        told = self.south.cli("backup", self.south.path("missing.tar"), "--unsealed")
        self.assertEqual(told["signatures_unknown"], 2)
        self.rot("cosignatures", "key & 0xffffffffff = 5")  # between two of one key
        self.assertRegex(self.south.refused("backup", self.south.path("none.tar"), "--unsealed")["message"], "damaged: the receipt over 5")

    def test_where_none_is_left_the_extract_says_that_it_may_be_damage(self):
        self.rot("cosignatures", "1")
        self.south.start()
        self.assertRegex(self.south.refused(*self.export(3))["message"], "receipt over size 4.*credential is not here.*or the record is damaged")
        self.south.stop()
        self.rot("checkpoints", "1")
        self.south.start()
        self.assertRegex(self.south.refused(*self.export(3))["message"], "checkpoint of size 4.*credential is not here.*or the record is damaged")


def flip(file, at):
    with open(file, "r+b") as bytes_:
        bytes_.seek(at)
        one = bytes_.read(1)[0]
        bytes_.seek(at)
        bytes_.write(bytes([one ^ 1]))


class Lost(unittest.TestCase):
    """What a start and a backup must not take for whole."""

    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},liaison")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.record = self.south.path("station", "record.db")

    def start_refused(self, *options):
        before = len(self.south.stderr())
        self.south.spawn(*options)
        code = self.south.process.wait(20)
        self.south.process = None
        said = self.south.stderr()[before:]
        self.assertEqual(code, 1, said)
        return said

    def backup_refused(self):
        file = os.path.join(self.lab.dir, "none.tar")
        message = self.south.refused("backup", file, "--unsealed")["message"]
        self.assertFalse(os.path.exists(file))
        return message

    def test_rot_in_the_log_of_a_killed_station_drops_no_message_unsaid(self):
        self.south.start()
        for number in (1, 2, 3):
            self.assertEqual(self.south.cli("send", f"north/{WEST}", f"durable WALMSG {number}", "--wait", "durable")["state"], "queued")
        self.south.kill()
        shutil.copytree(self.south.path("station"), self.south.path("as-it-was"), ignore=shutil.ignore_patterns("*.sock"))
        for number in (1, 2, 3):
            with open(self.record + "-wal", "rb") as file:
                data = file.read()
            at = data.find(f"WALMSG {number}".encode())
            self.assertGreater(at, 0)
            flip(self.record + "-wal", at)
            said = self.start_refused()
            self.assertRegex(said, "damaged.*write-ahead log.*keep a copy of its whole directory.*restore")
            self.assertIn("write-ahead log", self.backup_refused())
            flip(self.record + "-wal", at)
        for left in ("record.db", "record.db-wal", "anchor"):  # what was refused changed nothing
            with open(self.south.path("station", left), "rb") as now, open(self.south.path("as-it-was", left), "rb") as then:
                self.assertEqual(now.read(), then.read(), left)
        self.lab.start("south", "north")
        wait_until(lambda: len(self.north.texts("south", WEST)) == 3, "the messages")
        self.assertEqual(self.north.texts("south", WEST), [f"durable WALMSG {number}" for number in (1, 2, 3)])

    def test_a_record_that_is_gone_or_older_makes_no_backup(self):
        self.south.start()
        self.south.cli("send", f"north/{WEST}", "early", "--wait", "durable")
        self.south.stop()
        older = self.south.path("older.db")
        shutil.copy(self.record, older)
        self.south.start()
        self.south.stop()
        os.remove(self.record)
        for _ in range(2):
            self.assertIn("--after-restore", self.start_refused())
            self.assertFalse(os.path.exists(self.record))
            self.assertRegex(self.backup_refused(), "record is new or was replaced.*--after-restore")
        open(self.record, "wb").close()  # what an earlier program left of such a start
        self.assertIn("--after-restore", self.start_refused())
        self.assertIn("--after-restore", self.backup_refused())
        shutil.copy(older, self.record)
        self.assertIn("older copy", self.start_refused())
        self.assertIn("older copy", self.backup_refused())
        self.south.start("--after-restore")
        self.assertGreater(self.south.cli("backup", self.south.path("good.tar"), "--unsealed")["files"], 5)

    def test_what_a_start_cannot_read_makes_no_backup_and_a_new_life_needs_it_not(self):
        self.south.start()
        self.south.stop()
        with sqlite3.connect(self.record) as database:
            value = bytearray(database.execute("SELECT value FROM settings WHERE key = 'anchor'").fetchone()[0])
            value[3] ^= 1
            database.execute("UPDATE settings SET value = ? WHERE key = 'anchor'", (bytes(value),))
        database.close()
        self.assertIn("what it says of its own life cannot be read", self.backup_refused())
        self.assertIn("what it says of its own life cannot be read", self.start_refused())
        self.south.start("--after-restore")
        self.south.cli("backup", self.south.path("good.tar"), "--unsealed")

    def test_a_secret_or_value_that_rotted_stops_a_start_and_a_backup(self):
        self.lab.start("south", "north")
        self.south.cli("send", f"north/{WEST}", "early", "--wait", "receipt")
        self.south.stop()
        shutil.copy(self.record, self.south.path("good.db"))
        for damage in ("UPDATE link_states SET psk = zeroblob(length(psk))",
                       "UPDATE link_states SET initiator_reserved = initiator_reserved - 1",
                       "UPDATE settings SET value = CAST(value || x'00' AS BLOB) WHERE digest IS NOT NULL"):
            with sqlite3.connect(self.record) as database:
                self.assertGreater(database.execute(damage).rowcount, 0, damage)
            database.close()
            for said in (self.start_refused(), self.backup_refused()):
                self.assertRegex(said, "damaged.*is not what was written.*keep a copy.*restore", damage)
            shutil.copy(self.south.path("good.db"), self.record)
        self.south.start()
        self.south.cli("send", f"north/{WEST}", "late", "--wait", "receipt")

    def test_a_watch_log_that_lost_its_end_or_is_gone_is_told(self):
        def told():
            return [alarm for alarm in self.south.cli("alarm", "list")["alarms"] if alarm["kind"] == "watch-log"]

        self.south.start()
        self.south.cli("watch", "on", "--as", "kim")
        self.south.cli("contact", "log", f"north/{WEST}", "heard on the radio", "--bearer", "radio", "--as", "kim")
        self.south.stop()
        self.south.start()
        self.assertEqual(told(), [])
        self.south.kill()  # the log may have gone on since its end was noted
        self.south.start()
        self.assertEqual(told(), [])
        self.south.stop()
        log = self.south.path("station", "watch.log")
        with open(log, encoding="utf-8") as file:
            lines = file.readlines()
        with open(log, "w", encoding="utf-8") as file:
            file.writelines(lines[:-4])
        self.south.start()
        self.assertEqual(len(told()), 1)
        self.assertIn(f"it had {len(lines)} lines", told()[0]["words"])
        self.assertIn("THE WATCH LOG LOST ITS END", self.south.stderr())
        self.south.stop()
        self.south.start()
        self.assertEqual(len(told()), 1)  # once
        self.south.stop()
        os.remove(log)
        self.south.start()
        self.assertIn("has 0", told()[0]["words"])

    def test_rot_in_the_head_of_the_record_is_called_damage(self):
        self.south.start()
        self.south.stop()
        for at in (0, 18, 19):
            with open(self.record, "rb") as file:
                good = file.read()
            with open(self.record, "r+b") as file:
                file.seek(at)
                file.write(bytes([good[at] ^ 4]))
            for said in (self.start_refused(), self.backup_refused() if at != 18 else "damaged keep a copy restore"):
                self.assertRegex(said, "damaged.*keep a copy.*restore", at)
                self.assertNotRegex(said, "move it away|right to write", at)
            with open(self.record, "wb") as file:
                file.write(good)
        self.south.start()


if __name__ == "__main__":
    unittest.main()
