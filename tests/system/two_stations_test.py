"""Two real station processes, driven as people and programs drive them.

The stations are made by the real ceremony (`detente lab new`) and end by their process ids.
"""

import base64
import os
import random
import shutil
import sqlite3
import unittest

import outcome
from amended_accord import amend
from relay import Relay
from stations import Lab, wait_until

WEST = "military-west"
QUIET = "soundings"
LAB = ("--lines", f"{WEST},{QUIET}", "--deniable", QUIET, "--work-factor", "12")


def lab(test, *options):
    made = Lab(*LAB, *options)
    test.addCleanup(made.close)
    return made


class Words(unittest.TestCase):
    """What people say to each other over two stations that run."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(*LAB)
        cls.addClassCleanup(cls.lab.close)
        cls.south, cls.north = cls.lab["south"], cls.lab["north"]
        cls.lab.start("south", "north")
        cls.south.wait_link("north")
        cls.officers = {}
        for station in (cls.south, cls.north):
            names = sorted(f[:-5] for f in os.listdir(station.path("officers")) if f.endswith(".toml"))
            cls.officers[station.name] = names[0]

    def test_a_program_that_reads_the_record_and_holds_up_its_log_is_told_of_once(self):
        words = "cannot be moved from the record's log"

        def told():
            with open(self.south.path("station", "station.log"), encoding="utf-8") as log:
                return log.read().count(words)

        reader = sqlite3.connect(f"file:{self.south.path('station', 'record.db')}?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        self.south.cli("send", f"north/{WEST}", "While somebody reads.", "--wait", "receipt")
        wait_until(told, "the station's log to tell")
        self.south.cli("send", f"north/{WEST}", "While somebody reads on.", "--wait", "receipt")
        reader.execute("COMMIT")
        self.assertEqual(told(), 1)

    def test_several_messages_in_one_request(self):
        target = f"/v1/counterparts/north/lines/{WEST}/entries"
        texts = [f"several {i}" for i in range(100)]
        messages = [{"text": text} for text in texts]
        messages.insert(50, {"text": "never", "precedence": "soon"})
        status, answer = self.south.ask("POST", target, {"messages": messages, "wait": "receipt"})
        self.assertEqual(status, 200, answer)
        self.assertEqual(len(answer["entries"]), 101)
        self.assertEqual(answer["entries"].pop(50)["error"]["fault"], "malformed")
        self.assertEqual({entry["state"] for entry in answer["entries"]}, {"receipted"})
        places = [entry["entry"]["index"] for entry in answer["entries"]]
        self.assertEqual(places, sorted(places))
        arrived = [text for text in self.north.texts("south", WEST) if text.startswith("several")]
        self.assertEqual(arrived, texts)
        for wrong in ([], {}, [1], [{"text": "x"}] * 257, [{"text": "x", "wait": "none"}]):
            status, answer = self.south.ask("POST", target, {"messages": wrong})
            self.assertEqual((status, answer["error"]["fault"]), (400, "malformed"), wrong)
        status, answer = self.south.ask("POST", target, {"messages": [{"text": "x"}], "text": "y"})
        self.assertEqual(status, 400)

    def sign_options(self, station):
        return "--as", self.officers[station.name]

    def test_signed_words_cross_both_ways_with_receipts(self):
        for here, there in ((self.south, self.north), (self.north, self.south)):
            text = f"from {here.name} – 한국어 – \u00fcber die Linie"
            sent = here.cli("send", f"{there.name}/{WEST}", text, "--precedence", "flash",
                            *self.sign_options(here), "--subject", "a subject", "--reply-by", "+2h")
            self.assertEqual(sent["state"], "receipted")
            index = sent["entry"]["index"]
            entry = there.cli("record", "entry", f"{here.name}/{WEST}", "far", str(index))
            self.assertEqual(entry["text"], text)
            self.assertEqual(base64.b64decode(entry["body"]).decode(), text)
            self.assertEqual((entry["precedence"], entry["class"]), ("flash", "live"))
            self.assertEqual(entry["subject"], "a subject")
            self.assertEqual([s["verdict"] for s in entry["evidence"]["signatures"]], ["valid"])
            self.assertIsNotNone(entry["evidence"]["cosignature"]["signature"])
            own = here.cli("record", "entry", f"{there.name}/{WEST}", "own", str(index))
            self.assertEqual(own["leaf"], entry["leaf"])
            self.assertTrue(own["receipted"])
            self.assertIsNotNone(own["evidence"]["cosignature"]["signature"])

    def test_an_unattested_line_signs_nothing(self):
        sent = self.south.cli("send", QUIET, "between us")
        self.assertEqual(sent["state"], "receipted")
        entry = self.north.cli("record", "entry", QUIET, "far", str(sent["entry"]["index"]))
        self.assertEqual(entry["text"], "between us")
        self.assertIsNone(entry["evidence"]["checkpoint"]["signature"])
        self.assertIsNone(entry["evidence"]["cosignature"]["signature"])
        error = self.south.refused("send", QUIET, "signed", *self.sign_options(self.south))
        self.assertEqual(error["fault"], "denied")

    def test_a_person_acknowledges(self):
        sent = self.south.cli("send", WEST, "please acknowledge", "--drill")
        index = sent["entry"]["index"]
        inbox = self.north.cli("inbox", f"south/{WEST}")["entries"]
        waiting = next(entry for entry in inbox if entry["index"] == index)
        self.assertEqual((waiting["text"], waiting["class"]), ("please acknowledge", "drill"))
        done = self.north.cli("ack", f"south/{WEST}", str(index), *self.sign_options(self.north))
        self.assertEqual(done["state"], "receipted")
        inbox = self.north.cli("inbox", f"south/{WEST}")["entries"]
        self.assertNotIn(index, [entry["index"] for entry in inbox])
        answer = self.south.cli("record", "entry", WEST, "far", str(done["entry"]["index"]))
        self.assertEqual((answer["kind"], answer["level"], answer["class"]), (2, "read", "drill"))
        self.assertEqual(answer["references"][0]["whose"], "own")
        self.assertEqual(answer["references"][0]["index"], index)
        self.assertEqual(answer["evidence"]["signatures"][0]["verdict"], "valid")
        self.north.cli("ack", f"south/{WEST}", "last") if inbox else None
        sent = self.south.cli("send", WEST, "the last one")
        last = self.north.cli("ack", f"south/{WEST}", "last")
        self.assertEqual(last["acknowledged"]["index"], sent["entry"]["index"])

    def test_status_and_record_agree_on_both_sides(self):
        self.south.cli("send", WEST, "counted")
        south, north = self.south.line_of("north", WEST), self.north.line_of("south", WEST)
        self.assertEqual(south["own_size"], north["far_size"])
        self.assertEqual(south["unreceipted"], 0)
        status = self.south.cli("status")
        self.assertTrue(status["counterparts"][0]["link"]["up"])
        self.assertIsNotNone(status["counterparts"][0]["link"]["last_heard"])
        roots = [{log["station"]: log["root"] for log in station.cli("record", "show", WEST)["logs"]}
                 for station in (self.south, self.north)]
        self.assertEqual(roots[0]["south/main"], roots[1]["south/main"])

    def test_short_and_wrong_addresses(self):
        for address in (WEST, f"north/{WEST}", "north/0", "accord"):
            self.south.cli("record", "show", address)
        error = self.south.refused("send", "north/nowhere", "x")
        self.assertEqual(error["fault"], "not-found")
        self.assertIn(WEST, error["message"])

    def test_what_a_line_does_not_take(self):
        before = self.south.line_of("north", WEST)["own_size"]
        too_long = self.south.refused("send", WEST, "x" * 1100)
        self.assertEqual(too_long["fault"], "limit")
        self.assertIn("Shorten", too_long["message"])
        for stdin in (b"broken \xff\xfe bytes", "turned \u202e round".encode(), b"bell \x07", b""):
            error = self.south.refused("send", WEST, "-", stdin=stdin)
            self.assertEqual(error["fault"], "malformed", stdin)
        self.assertEqual(self.south.refused("send", WEST, "x", "--precedence", "urgent")["fault"],
                         "malformed")
        self.assertEqual(self.south.line_of("north", WEST)["own_size"], before)

    def test_a_program_gets_errors_not_silence(self):
        target = f"/v1/counterparts/north/lines/{WEST}/entries"
        for body, status in (({"text": "x", "colour": "red"}, 400), ({"kind": 3, "text": "x"}, 501),
                             ({"text": "turned \u202e"}, 400), ({"text": "x", "author": 2}, 403),
                             ({"text": "x", "time": 5}, 413), ({"kind": 2, "body": "gQA="}, 400),
                             ({"text": "x", "references": [{"whose": "far", "index": 9999}]}, 404)):
            self.assertEqual(self.south.ask("POST", target, body)[0], status, body)
        self.assertEqual(self.south.ask("GET", "/v1/nothing")[0], 404)
        self.assertEqual(self.south.ask("DELETE", "/v1/status")[0], 405)
        self.assertEqual(self.south.ask("POST", target, {"text": "x" * 70000})[0], 413)
        self.assertEqual(self.south.ask("GET", f"{target}/own/99999")[0], 404)

    def test_a_signature_counts_once(self):
        kim = self.officers["south"]
        sent = self.south.cli("send", WEST, "once", "--as", kim)
        entry = self.south.get(
            f"/v1/counterparts/north/lines/{WEST}/entries/own/{sent['entry']['index']}")
        signature = {key: entry["evidence"]["signatures"][0][key]
                     for key in ("officer", "counter", "accord_version", "signature")}
        again = {"text": "once", "time": entry["time"], "author": signature["officer"],
                 "signatures": [signature]}
        target = f"/v1/counterparts/north/lines/{WEST}/entries"
        status, answer = self.south.ask("POST", target, again)
        self.assertEqual((status, answer["error"]["fault"]), (409, "conflict"))
        status, answer = self.south.ask("POST", target, {**again, "text": "twice"})
        self.assertEqual((status, answer["error"]["fault"]), (403, "denied"))

    def test_a_wrong_passphrase(self):
        wrong = self.south.path("wrong-passphrase")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write("not this one\n")
        os.chmod(wrong, 0o600)
        error = self.south.refused("send", WEST, "x", *self.sign_options(self.south),
                                   "--passphrase-file", wrong)
        self.assertEqual(error["fault"], "denied")

    def test_events_tell_what_happened(self):
        since = self.north.get("/v1/status")["events"]
        sent = self.south.cli("send", WEST, "an event", "--precedence", "immediate")
        answer = self.north.get(f"/v1/events?since={since}&timeout_ms=5000")
        arrived = [event for event in answer["events"] if event["event"] == "arrived"]
        self.assertEqual(arrived[-1]["index"], sent["entry"]["index"])
        self.assertEqual((arrived[-1]["precedence"], arrived[-1]["class"]), ("immediate", "live"))
        self.assertFalse(answer["missed"])

    def test_more_than_one_answer_holds_is_all_shown_or_said(self):
        target = f"/v1/counterparts/north/lines/{QUIET}/entries"
        for page in range(3):
            messages = [{"text": f"many {page * 100 + i}"} for i in range(100)]
            status, answer = self.south.ask("POST", target, {"messages": messages, "wait": "receipt", "timeout_ms": 20000})
            self.assertEqual(status, 200, answer)
        texts = [f"many {i}" for i in range(300)]
        for station, far in ((self.south, "north"), (self.north, "south")):
            shown = [entry.get("text", "") for entry in station.cli("inbox", f"{far}/{QUIET}", "--all")["entries"]]
            self.assertEqual([text for text in shown if text.startswith("many")], texts)
        unread = self.north.cli("inbox", f"south/{QUIET}")
        self.assertEqual((len(unread["entries"]), unread["more"]), (200, [f"south/{QUIET}"]))
        newest = self.north.get("/v1/status")["events"]
        shown = self.north.cli("events")
        self.assertEqual((shown["events"][-1]["id"] >= newest, shown["missed"]), (True, True))
        every = self.north.cli("events", "--all")["events"]
        self.assertEqual([event["id"] for event in every][:3], [1, 2, 3])
        self.assertGreater(len(every), 256)

    def test_a_second_start_is_refused(self):
        before = self.south.stderr()
        process, self.south.process = self.south.process, None
        try:
            self.south.spawn()
            self.assertNotEqual(self.south.process.wait(20), 0)
        finally:
            self.south.process = process
        self.assertIn("already", self.south.stderr()[len(before):])
        self.south.cli("send", WEST, "still here")


class Breaks(unittest.TestCase):
    """Stations that stop, die, start again, and a network that is bad."""

    def test_words_wait_for_a_station_that_is_down(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        south.start()
        sent = south.cli("send", WEST, "into the dark", "--timeout", "300ms")
        self.assertEqual(sent["state"], "queued")
        north.start()
        wait_until(lambda: north.texts("south", WEST) == ["into the dark"], "the words that waited")
        wait_until(lambda: south.line_of("north", WEST)["receipted"] == 1, "the receipt")
        south.cli("station", "stop")
        self.assertEqual(south.process.wait(20), 0)
        south.process = None
        self.assertEqual(south.refused("status")["fault"], "state")

    def test_killed_stations_go_on(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        pairs = [south.path("station", "pairs", "north.key"), north.path("station", "pairs", "south.key")]
        fresh = [os.path.getsize(pair) for pair in pairs]
        made.start("south", "north")
        expected = []
        for number, victim in enumerate((north, south, north, south)):
            text = f"word {number}"
            self.assertEqual(south.cli("send", WEST, text, "--wait", "durable")["ok"], True)
            victim.kill()
            victim.start()
            expected.append(text)
        wait_until(lambda: north.texts("south", WEST) == expected, "every word, once, in order")
        wait_until(lambda: south.line_of("north", WEST)["receipted"] == 4, "every receipt")
        # The first secret has left its file and the pair goes on without it.
        for pair, before in zip(pairs, fresh):
            wait_until(lambda: os.path.getsize(pair) <= before - 32, "the first secret to leave its file")
        south.stop()
        south.start()
        self.assertEqual(south.cli("send", WEST, "word 4")["state"], "receipted")

    def test_a_bad_network_delivers_everything_once(self):
        made = lab(self, "--gap")
        south, north = made["south"], made["north"]
        seeded = random.Random(7)

        def bad(_direction, number, datagram):
            if number % 3 == 0:
                return []
            if number % 5 == 0:
                return [datagram, datagram]
            if number % 7 == 0:
                flipped = bytearray(datagram)
                flipped[seeded.randrange(len(flipped))] ^= 1 << seeded.randrange(8)
                return [bytes(flipped), datagram]
            return [datagram]

        relay = Relay(south.ends("north")[0], north.ends("south")[0])
        self.addCleanup(relay.close)
        made.start("south", "north")
        south.wait_link("north")
        relay.change = bad
        words = [f"number {i}" for i in range(12)]
        for word in words:
            south.cli("send", WEST, word, "--wait", "none")
            north.cli("send", QUIET, word, "--wait", "none")
        wait_until(lambda: south.line_of("north", WEST)["receipted"] == 12, "receipts", 40)
        wait_until(lambda: north.line_of("south", QUIET)["receipted"] == 12, "receipts", 40)
        self.assertEqual(north.texts("south", WEST), words)
        self.assertEqual(south.texts("north", QUIET), words)
        packets, size = relay.totals()
        self.assertGreater(packets, 48)
        self.assertGreater(size, 48 * 20)

    def bytes_for_a_hundred_characters(self, seal, line):
        """Median over held-out passages, both directions, counted between the two stations."""
        made = lab(self, "--gap", "--seal", seal)
        south, north = made["south"], made["north"]
        relay = Relay(south.ends("north")[0], north.ends("south")[0])
        self.addCleanup(relay.close)
        made.start("south", "north")
        south.wait_link("north")
        for side, words in ((south, "Check call."), (north, "Read you well.")):
            side.cli("send", line, words)
        passages = os.path.join(os.environ["DETENTE_SOURCE"], "data", "passages", "en-100.txt")
        with open(passages, encoding="ascii") as file:
            texts = [text for text in file.read().splitlines() if len(text) == 100][:25]
        sizes = []
        for text in texts:
            before = relay.totals()
            self.assertEqual(south.cli("send", line, text)["state"], "receipted")
            wait_until(lambda: relay.totals()[0] >= before[0] + 2, "the receipt to pass the relay")
            sizes.append(relay.totals()[1] - before[1])
        return sorted(sizes)[len(sizes) // 2]

    def test_an_officer_enrolled_while_the_stations_run(self):
        """The new credential travels on the accord line; nobody carries a file or restarts."""
        made = lab(self)
        south, north = made["south"], made["north"]
        made.start("south", "north")
        south.wait_link("north")
        south.cli("officer", "enrol", "lee", "--post", "deputy")
        wait_until(lambda: north.status_of("south")["lines"][0]["far_size"] == 1, "the bulletin to arrive")
        self.assertEqual(south.cli("send", WEST, "signed by a new officer", "--as", "lee")["state"], "receipted")
        entry = north.cli("record", "entry", f"south/{WEST}", "far", "0")
        signature = entry["evidence"]["signatures"][0]
        self.assertEqual((signature["verdict"], signature["post"]), ("valid", "deputy"))

    def test_bytes_counted_from_outside(self):
        for seal, line, most in (("one", WEST, 250), ("one", QUIET, 130),
                                 ("both", WEST, 282), ("both", QUIET, 162)):
            with self.subTest(seal=seal, line=line):
                self.assertLessEqual(self.bytes_for_a_hundred_characters(seal, line), most)

    def test_two_accords_name_each_other(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        made.start("south", "north")
        south.wait_link("north")
        first = south.status_of("north")["accord"]["digest"]
        south.stop()
        north.stop()
        amend(south, north, first)
        made.start("south", "north")
        second = south.status_of("north")["accord"]["digest"]
        self.assertNotEqual(first, second)
        wait_until(lambda: south.status_of("north")["other_accord"] == first, "south to be told")
        wait_until(lambda: north.status_of("south")["other_accord"] == second, "north to be told")
        self.assertIn(first, south.stderr())


class Refusals(unittest.TestCase):
    """What keeps a station from starting, and what it says."""

    def refuse(self, station, *options):
        station.spawn(*options)
        code = station.process.wait(20)
        station.process = None
        self.assertEqual(code, 1, station.stderr())
        return station.stderr()

    def test_files_and_ports(self):
        made = lab(self)
        south, north = made["south"], made["north"]
        south.start()
        config = north.path("station", "station.toml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        taken = text.replace(north.ends("south")[0][0], south.ends("north")[0][0])
        with open(config, "w", encoding="utf-8") as file:
            file.write(taken)
        self.assertIn("in use", self.refuse(north))
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        north.start()
        north.stop()

        with self.subTest("a record of a newer version"):
            shutil.copy(north.path("station", "record.db"), north.path("kept.db"))
            with sqlite3.connect(north.path("station", "record.db")) as database:
                database.execute("PRAGMA user_version = 9999")
            database.close()
            self.assertRegex(self.refuse(north), "newer|version")
            shutil.copy(north.path("kept.db"), north.path("station", "record.db"))
            for rest in ("record.db-wal", "record.db-shm"):
                if os.path.exists(north.path("station", rest)):
                    os.remove(north.path("station", rest))

        with self.subTest("no anchor"):
            os.rename(north.path("station", "anchor"), north.path("anchor.kept"))
            self.assertIn("--after-restore", self.refuse(north))
            os.rename(north.path("anchor.kept"), north.path("station", "anchor"))

        with self.subTest("an older record"):
            north.start()
            north.stop()
            shutil.copy(north.path("kept.db"), north.path("station", "record.db"))
            for rest in ("record.db-wal", "record.db-shm"):
                if os.path.exists(north.path("station", rest)):
                    os.remove(north.path("station", rest))
            self.assertIn("ahead of the record", self.refuse(north))
            north.start("--after-restore")
            south.wait_link("north")
            self.assertEqual(north.cli("send", WEST, "in a new epoch")["state"], "receipted")
            logs = south.cli("record", "show", WEST)["logs"]
            self.assertGreaterEqual(len([log for log in logs if log["whose"] == "far"]), 1)
            north.stop()

        with self.subTest("a changed byte in the accord"):
            place = north.path("accords", "south", "accord.note")
            with open(place, encoding="utf-8") as file:
                note = file.read()
            with open(place, "w", encoding="utf-8") as file:
                file.write(note.replace("heartbeat_seconds = 20", "heartbeat_seconds = 21"))
            self.assertIn("signature", self.refuse(north))

    @unittest.skipIf(os.geteuid() == 0 and shutil.which("setpriv") is None, "needs a user without rights")
    def test_a_directory_that_cannot_be_written(self):
        made = lab(self)
        north = made["north"]
        os.chmod(north.path("station"), 0o500)
        self.addCleanup(os.chmod, north.path("station"), 0o700)
        if os.geteuid() == 0:
            self.as_nobody(made, north)
        else:
            self.assertIn("writable", self.refuse(north))

    def as_nobody(self, made, north):
        import stations
        import subprocess
        for folder, _, files in os.walk(made.dir):
            os.chown(folder, 65534, 65534)
            for file in files:
                os.chown(os.path.join(folder, file), 65534, 65534)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               stations.DETENTE, "station", "run", "--dir", north.dir],
                              stderr=subprocess.PIPE, timeout=30, check=False)
        if b"exec" in done.stderr and done.returncode == 127:
            self.skipTest("the program cannot be read by another user")
        self.assertIn(b"writable", done.stderr)


class Three(unittest.TestCase):
    def test_one_station_with_two_counterparts(self):
        made = lab(self, "--counterparts", "2")
        names = made.names()
        made.start(*names)
        hub = next(made[n] for n in names if len(made[n].config()["counterparts"]) == 2)
        others = [made[n] for n in names if made[n] is not hub]
        for other in others:
            hub.wait_link(other.name)
            sent = hub.cli("send", f"{other.name}/{WEST}", f"for {other.name} alone")
            self.assertEqual((sent["state"], sent["counterpart"]), ("receipted", other.name))
            self.assertEqual(other.texts(hub.name, WEST), [f"for {other.name} alone"])
            other.cli("send", WEST, f"from {other.name}")
        for other in others:
            self.assertEqual(hub.texts(other.name, WEST), [f"from {other.name}"])
        error = hub.refused("send", WEST, "to whom?")
        self.assertEqual(error["fault"], "conflict")
        self.assertIn(others[0].name, error["message"])


if __name__ == "__main__":
    outcome.main()
