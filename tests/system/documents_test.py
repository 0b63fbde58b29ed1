"""Documents between real stations: both ways, through kills and cuts, beside a FLASH, and what is refused."""

import hashlib
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import time
import unittest

import outcome
from disks import SmallDisk, can_mount
from stations import DETENTE, Lab, detente, wait_until
from two_paths import LINE, TwoPaths

TARGET = f"/v1/counterparts/north/lines/{LINE}"


def drawn(size, seed=1):
    return random.Random(seed).randbytes(size)


def document_of(station, counterpart, whose="far"):
    """The only one of that direction, as the API tells it."""
    listed = station.get(f"/v1/counterparts/{counterpart}/lines/{LINE}/documents")["documents"]
    found = [one for one in listed if one["whose"] == whose]
    return found[0] if len(found) == 1 else None


def write(station, name, content):
    path = station.path(name)
    with open(path, "wb") as file:
        file.write(content)
    return path


class Whole(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", LINE)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.start("south", "north")
        self.south.wait_link("north")

    def saved(self, station, counterpart, *options):
        entries = station.cli("inbox", f"{counterpart}/{LINE}", "--save", station.path("saved"), *options)["entries"]
        out = []
        for entry in entries:
            for attachment in entry["attachments"]:
                if "saved" in attachment:
                    with open(attachment["saved"], "rb") as file:
                        out.append((attachment["saved"], file.read()))
        return out

    def test_sizes_both_ways(self):
        contents = [drawn(size) for size in (0, 1, 16384, 16385, 3_000_000)]
        for station, far in ((self.south, "north"), (self.north, "south")):
            for number, content in enumerate(contents):
                station.cli("send", f"{far}/{LINE}", f"document {number}", "--file",
                            write(station, f"map {number}.pdf", content), "--wait", "document")
        for station, far in ((self.south, "north"), (self.north, "south")):
            saved = self.saved(station, far)
            self.assertEqual([content for _, content in saved], contents)
            for path, _ in saved:
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(self.saved(station, far), saved)  # once more: nothing changes
        self.assertEqual(document_of(self.south, "north"), None)  # there are five
        officer = next(name[:-5] for name in os.listdir(self.south.path("officers")) if name.endswith(".toml"))
        answer = self.south.cli("send", f"north/{LINE}", "--file", self.south.path("map 4.pdf"), "--as", officer,
                                "--wait", "document")
        self.assertEqual(answer["state"], "receipted")  # the same document, named a second time, without a text
        entry = self.north.get(f"/v1/counterparts/south/lines/{LINE}/entries/far/5")
        self.assertEqual(entry["evidence"]["signatures"][0]["verdict"], "valid")
        self.assertEqual(entry["attachments"][0]["state"], "here")

    def test_names_and_bytes_that_would_hurt(self):
        path = write(self.south, "a.pdf", drawn(50_000))
        self.south.cli("send", f"north/{LINE}", "--file", path, "--wait", "document")
        root = document_of(self.south, "north", "own")["root"]
        for name in ("../../../evil.sh", "-rf", ".bashrc", "a/b\\c"):
            status, answer = self.south.ask("POST", TARGET + "/entries", {
                "text": "", "attachments": [{"root": root, "length": 50_000, "file_name": name}], "wait": "receipt"})
            self.assertEqual((status, answer["state"]), (200, "receipted"))
        # A header that the other side could not read would stop the log: it is refused here.
        status, _ = self.south.ask("POST", TARGET + "/entries", {
            "text": "", "attachments": [{"root": root, "length": 50_000, "type": ""}]})
        self.assertEqual(status, 400)
        folder = os.path.realpath(self.north.path("saved"))
        for saved, content in self.saved(self.north, "south"):
            self.assertEqual(os.path.dirname(os.path.realpath(saved)), folder)
            self.assertEqual(content, drawn(50_000))
        before = sorted(os.listdir(folder))
        with open(os.path.join(folder, before[0]), "wb") as file:
            file.write(b"another file")
        self.assertIn("give a directory", self.north.refused("inbox", f"south/{LINE}", "--save", "")["message"])
        error = self.north.refused("inbox", f"south/{LINE}", "--save", folder)
        self.assertEqual(error["fault"], "conflict")
        self.assertEqual(sorted(os.listdir(folder)), before)

    def test_a_file_that_cannot_be_saved_hides_nothing_else(self):
        folder = self.north.path("saved")
        inbox = ("inbox", f"south/{LINE}", "--save", folder)
        self.south.cli("send", f"north/{LINE}", "first", "--file", write(self.south, "map.txt", b"first"), "--wait", "document")
        (mine, _), = self.saved(self.north, "south")
        with open(mine, "ab") as file:
            file.write(b" and a note of the officer's")
        self.south.cli("send", f"north/{LINE}", "second", "--file", write(self.south, "more.txt", b"second"), "--wait", "document")
        self.south.cli("send", f"north/{LINE}", "read this", "--precedence", "flash")
        code, answer = detente(*inbox, "--dir", self.north.dir)
        self.assertEqual((code, answer["ok"], answer["error"]["fault"]), (1, False, "conflict"), answer)
        self.assertEqual([entry["text"] for entry in answer["entries"]], ["read this", "first", "second"])
        first, second = (entry["attachments"][0] for entry in answer["entries"][1:])
        self.assertIn("move it away", first["not_saved"])
        self.assertEqual(pathlib.Path(second["saved"]).read_bytes(), b"second")
        left, = answer["not_saved"]
        self.assertEqual((left["index"], left["file_name"], left["message"]), (0, "map.txt", first["not_saved"]))
        done = subprocess.run([DETENTE, *inbox, "--dir", self.north.dir], capture_output=True, text=True, timeout=90, check=False)
        self.assertEqual(done.returncode, 1)
        shown = " ".join(done.stdout.split())
        for words in ("read this", "saved as " + second["saved"]):
            self.assertIn(words, shown)
        self.assertRegex(shown, "document map.txt, 5 B: here NOT SAVED: .* is there and is another file: move it away")
        self.assertIn("a document was not saved: ", done.stderr)

    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_who_follows_goes_on_when_a_file_cannot_be_saved(self):
        folder = self.north.path("saved")
        os.mkdir(folder)
        disk = SmallDisk(self, folder, megabytes=1)
        disk.fill()
        following = subprocess.Popen([DETENTE, "inbox", "--follow", "--save", folder, "--json", "--dir", self.north.dir],
                                     stdout=subprocess.PIPE, text=True)
        self.addCleanup(following.stdout.close)
        self.addCleanup(following.wait)
        self.addCleanup(following.kill)
        self.assertIn("clocks", json.loads(following.stdout.readline()))
        content = drawn(50_000)
        self.south.cli("send", f"north/{LINE}", "a map", "--file", write(self.south, "map.bin", content), "--wait", "document")
        told = json.loads(following.stdout.readline())
        while "not_saved" not in told["attachments"][0]:  # its message may come before it
            told = json.loads(following.stdout.readline())
        self.assertIn("free some space", told["attachments"][0]["not_saved"])
        self.south.cli("send", f"north/{LINE}", "read this", "--precedence", "flash")
        flash = json.loads(following.stdout.readline())
        self.assertEqual((flash["text"], following.poll()), ("read this", None))
        disk.free()
        again = json.loads(following.stdout.readline())  # with no word in between
        self.assertEqual(again["text"], "a map")
        self.assertNotIn("not_saved", again["attachments"][0])
        self.assertEqual(pathlib.Path(again["attachments"][0]["saved"]).read_bytes(), content)

    def test_what_is_refused(self):
        path = write(self.south, "a.pdf", drawn(1000))
        self.assertEqual(self.south.refused("send", "north/accord", "--file", path)["fault"], "denied")
        self.south.refused("send", f"north/{LINE}", "--file", self.south.path("none.pdf"))
        self.south.refused("send", f"north/{LINE}", "--file", self.south.path("station"))
        self.assertIn("--file", self.south.refused("send", f"north/{LINE}", "text", "--wait", "document")["message"])
        with open(self.south.path("large.bin"), "wb") as file:
            file.truncate((256 << 20) + 1)
        grown = self.south.refused("send", f"north/{LINE}", "--file", "/proc/version")  # it has more than its size says
        self.assertEqual((grown["fault"], "became longer while it was read" in grown["message"]), ("conflict", True), grown)
        error = self.south.refused("send", f"north/{LINE}", "--file", self.south.path("large.bin"))
        self.assertEqual(error["fault"], "limit")
        self.assertIn("accord", error["message"])
        # Bytes that are not those of the root; parts that do not fit.
        root = "ab" * 32
        for query, body in (("length=3&piece=0", b"abc"), ("length=3&piece=7", b"abc"), ("piece=0", b"abc"),
                            ("length=3&piece=0", b"abcd" * 5000)):
            code, answer = self.south.ask_bytes("POST", f"{TARGET}/documents/{root}?{query}", body)
            self.assertGreaterEqual(code, 400, answer)
        status, _ = self.south.ask("POST", TARGET + "/entries", {
            "text": "", "attachments": [{"root": root, "length": 3}]})
        self.assertEqual(status, 409)
        self.assertEqual(self.north.get(f"/v1/counterparts/south/lines/{LINE}/documents")["documents"], [])

    def agree_on(self, mib):
        """Both go on under an accord that bounds a document so."""
        there = os.path.join(self.lab.dir, "next")
        draft = self.south.cli("accord", "amend", "north")
        note = pathlib.Path(self.south.path("accords", "north", str(draft["version"]), "accord.note"))
        text = note.read_text(encoding="utf-8")
        self.assertEqual(text.count("[limits]\n"), 1)
        note.write_text(text.replace("[limits]\n", f"[limits]\ndocument_mib = {mib}\n"), encoding="utf-8")
        self.south.cli("accord", "sign", "north", "--next", "--yes")
        self.south.cli("accord", "export", "north", there, "--next")
        self.north.cli("accord", "import", there)
        self.north.cli("accord", "sign", "south", "--next", "--yes")
        for station, far in ((self.south, "north"), (self.north, "south")):
            held = lambda: station.status_of(far)["accord"]
            wait_until(lambda: held()["version"] == draft["version"] and held()["adopted_there"],
                       lambda: f"{station.name} to go on: {held()}")

    def test_up_to_the_accords_limit_and_no_byte_more(self):
        self.agree_on(1)
        content = drawn((1 << 20) + 1)
        most, more = content[:-1], content
        self.south.cli("send", f"north/{LINE}", "the largest", "--file", write(self.south, "most.pdf", most), "--wait", "document")
        self.assertEqual([saved for _, saved in self.saved(self.north, "south")], [most])
        error = self.south.refused("send", f"north/{LINE}", "too large", "--file", write(self.south, "more.pdf", more))
        self.assertEqual((error["fault"], "accord" in error["message"]), ("limit", True), error)
        # Nothing of it left: no text without its document, and no document that nobody named.
        self.south.cli("send", f"north/{LINE}", "after it", "--wait", "receipt")
        self.assertEqual(self.north.texts("south", LINE), ["the largest", "after it"])
        for station, far in ((self.south, "north"), (self.north, "south")):
            named = station.get(f"/v1/counterparts/{far}/lines/{LINE}/documents")["documents"]
            self.assertEqual([one["length"] for one in named], [len(most)])

    def test_a_list_of_many_comes_in_pages(self):
        roots = set()
        for number in range(300):
            content = number.to_bytes(8, "big")
            root = hashlib.sha256(b"\x00" + content).hexdigest()
            code, answer = self.south.ask_bytes("POST", f"{TARGET}/documents/{root}?length=8&piece=0", content)
            self.assertEqual((code, answer.get("whole")), (200, True), answer)
            roots.add(root)
        first = self.south.get(TARGET + "/documents")
        self.assertEqual(len(first["documents"]), 256)
        rest = self.south.get(f"{TARGET}/documents?from={first['next']['root']}&whose={first['next']['whose']}")
        self.assertEqual((len(rest["documents"]), rest["next"]), (44, None))
        listed = [one["root"] for one in self.south.cli("documents", f"north/{LINE}")["documents"]]
        self.assertEqual((len(listed), set(listed)), (300, roots))
        for query in ("from=12&whose=own", f"from={listed[0]}", f"from={listed[0]}&whose=both"):
            self.assertEqual(self.south.ask("GET", f"{TARGET}/documents?{query}")[0], 400)

    def test_more_room_and_a_start(self):
        self.north.stop()
        self.north.set_limit("south", "document_room_mib", 1)
        self.north.start()
        content = drawn(2_000_000)
        self.south.cli("send", f"north/{LINE}", "--file", write(self.south, "a.pdf", content))
        wait_until(lambda: (document_of(self.north, "south") or {}).get("state") == "refused", "the refusal")
        alarm = [one for one in self.north.get("/v1/events?since=0&timeout_ms=0")["events"]
                 if one["event"] == "alarm" and one["alarm"] == "document"]
        self.assertIn("document_room_mib", alarm[0]["text"])
        self.north.stop()
        self.north.set_limit("south", "document_room_mib", 3)
        self.north.start()
        wait_until(lambda: document_of(self.north, "south")["state"] == "here", "the document")
        self.assertEqual(self.saved(self.north, "south")[0][1], content)
        wait_until(lambda: document_of(self.south, "north", "own")["state"] == "confirmed", "the confirmation")


class TwoCounterparts(unittest.TestCase):
    def test_the_full_room_of_one_takes_nothing_from_the_other(self):
        lab = Lab("--lines", LINE, "--counterparts", "2", "--work-factor", "10")
        self.addCleanup(lab.close)
        south, north, west = (lab[name] for name in ("south", "north", "west"))
        south.set_limit("north", "document_room_mib", 1)
        lab.start("south", "north", "west")
        for name in ("north", "west"):
            south.wait_link(name)
        content = drawn(2_000_000)
        north.cli("send", f"south/{LINE}", "--file", write(north, "a.pdf", content))
        wait_until(lambda: (document_of(south, "north") or {}).get("state") == "refused", "the refusal")
        west.cli("send", f"south/{LINE}", "--file", write(west, "b.pdf", content))
        wait_until(lambda: (document_of(south, "west") or {}).get("state") == "here", "the other one's document")
        self.assertEqual(document_of(south, "north")["state"], "refused")


class Hindered(TwoPaths):
    LINK = ("--rate", "4M", "--delay", "10ms")
    RATE = 4_000_000 // 8
    SIZE = 2_000_000

    def setUp(self):
        super().setUp()
        self.content = drawn(self.SIZE)
        self.lab.start("south", "north")
        self.south.wait_link("north")
        # The measures of both paths and their packets' size.
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.measured(s), f"{station.name}'s measures of both paths")

    def begin(self):
        self.south.cli("send", f"north/{LINE}", "a long one", "--file",
                       write(self.south, "long.bin", self.content), "--wait", "receipt")

    def wait_bytes(self, part):
        """Until north has that part of it."""
        return wait_until(lambda: self.here() >= part * self.SIZE, f"{part:.0%} of the document", 60)

    def here(self):
        document = document_of(self.north, "south")
        return document["bytes"] if document else 0

    def crossed(self):
        return sum(link.stats()["a-b"]["bytes_out"] for link in self.links)

    def finish(self):
        wait_until(lambda: (document_of(self.south, "north", "own") or {}).get("state") == "confirmed",
                   lambda: f"the confirmation: {document_of(self.south, 'north', 'own')}", 90)
        entries = self.north.cli("inbox", f"south/{LINE}", "--save", self.north.path("saved"))["entries"]
        attachment, = (one for entry in entries for one in entry["attachments"])
        with open(attachment["saved"], "rb") as file:
            self.assertEqual(file.read(), self.content)

    def test_who_looks_is_told_the_rate_and_the_time_left(self):
        self.begin()
        ends = ((self.south, "north", "own"), (self.north, "south", "far"))
        told, under_way = {"own": [], "far": []}, r"long\.bin, 2\.0 MB: \d+ % \w+, \d+ kB/s, \d+ s left"
        for part in (0.2, 0.35, 0.5, 0.65):
            self.wait_bytes(part)
            for station, far, whose in ends:
                document = document_of(station, far, whose)
                left, rate = document["length"] - document["bytes"], document["bytes_per_second"]
                self.assertGreater(min(left, rate), 0, document)
                self.assertEqual(document["seconds_left"], -(-left // rate), document)
                told[whose].append((rate, document["seconds_left"]))
            if part == 0.35:
                for station, far, whose in ends:
                    self.assertRegex(station.shown("documents"), rf"{whose} [0-9a-f]{{8}}\S* 2\.0 MB \d+ % \w+, \d+ kB/s, \d+ s left")
                    self.assertRegex(station.shown("inbox", f"{far}/{LINE}", "--all"), under_way)
        print(f"(bytes a second, seconds left) each time: {told}; the path takes {self.RATE}", flush=True)
        for seen in told.values():
            rates, seconds = zip(*seen)
            self.assertLess(abs(math.log2(statistics.median(rates) / self.RATE)), 1)
            self.assertLess(seconds[-1], seconds[0])
        self.finish()

    def test_who_follows_saves_it_however_much_was_said_meanwhile(self):
        folder, shown = self.north.path("followed"), self.north.path("shown.txt")
        self.begin()
        with open(shown, "w", encoding="utf-8") as out:
            following = subprocess.Popen([DETENTE, "inbox", "--follow", "--save", folder, "--dir", self.north.dir], stdout=out)
        self.addCleanup(following.wait)
        self.addCleanup(following.kill)
        has_shown = lambda words: words in pathlib.Path(shown).read_text(encoding="utf-8")
        wait_until(lambda: has_shown("a long one"), "the entry")
        for link in self.links:
            link.set("both", "rate", "400k")  # time for words, and not for the document
        for part in range(2):
            code, answer = self.south.ask("POST", TARGET + "/entries", {
                "messages": [{"text": f"{part}/{number}."} for number in range(101)], "wait": "receipt", "timeout_ms": 60_000})
            self.assertEqual(code, 200, answer)
        self.assertNotEqual(document_of(self.north, "south")["state"], "here")
        for link in self.links:
            link.set("both", "rate", "off")
        saved = wait_until(lambda: list(pathlib.Path(folder).glob("*.bin")), "the file")  # while it is written it has another name
        self.assertEqual([path.read_bytes() for path in saved], [self.content])
        wait_until(lambda: has_shown(saved[0].name), "that it was saved")

    def test_kill_of_either_side(self):
        self.begin()
        for victim, part in ((self.north, 0.15), (self.south, 0.35), (self.north, 0.55), (self.south, 0.75)):
            self.wait_bytes(part)
            before = self.here()
            victim.kill()
            victim.start()
            wait_until(lambda: document_of(self.north, "south") is not None, "north's record")
            # What was there is still there, but for what was about to be durable.
            self.assertGreater(self.here(), before - 1_100_000)
        self.finish()
        crossed = self.crossed()
        print(f"{self.SIZE} bytes with four kills: {crossed} crossed", flush=True)
        self.assertLess(crossed, self.SIZE * 2)

    def test_a_cut_stops_it_and_its_author_is_told(self):
        self.begin()
        self.wait_bytes(0.2)
        self.north.cli("cut", f"south/{LINE}", "--medium", "document", "--reason", "The maps.", "--as", "ri", "--yes")
        wait_until(lambda: document_of(self.south, "north", "own")["stopped"] == "cut", "south to know that it is stopped")
        stopped = document_of(self.south, "north", "own")
        self.assertEqual((stopped["state"], document_of(self.north, "south")["stopped"]), ("named", "cut"))
        waiting = next(one for one in self.south.status_of("north")["lines"] if one["name"] == LINE)["documents_waiting"]
        self.assertEqual(waiting, {"count": 1, "bytes": self.SIZE, "stopped": True})
        self.assertIn("1 document of ours, 2.0 MB, is not all on the other side's disk yet; the cut of the line stops them",
                      " ".join(self.south.shown("status").split()))
        self.assertIn("stopped: its line is cut for documents", " ".join(self.south.shown("inbox", f"north/{LINE}", "--all").split()))

    def test_who_waits_for_it_is_told_where_it_stands(self):
        path = write(self.south, "long.bin", self.content)
        send = ("send", f"north/{LINE}", "a long one", "--file", path, "--wait", "document")
        began = time.monotonic()
        late, = self.south.cli(*send, "--timeout", "500ms")["documents"]
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual((late["state"], late["stopped"]), ("named", None))
        waiting = subprocess.Popen([DETENTE, *send, "--json", "--dir", self.south.dir], stdout=subprocess.PIPE)  # without end
        self.addCleanup(waiting.kill)
        self.wait_bytes(0.2)
        self.assertIsNone(waiting.poll())
        self.north.cli("cut", f"south/{LINE}", "--medium", "document", "--reason", "The maps.", "--as", "ri", "--yes")
        stopped, = json.loads(waiting.communicate(timeout=30)[0])["documents"]
        self.assertEqual((stopped["state"], stopped["stopped"]), ("named", "cut"))

    def test_over_the_other_path(self):
        self.begin()
        self.wait_bytes(0.3)
        best = self.best(self.south)
        self.links[best].set("both", "blackhole", "on")
        began = time.monotonic()
        self.wait_bytes(0.6)
        took = time.monotonic() - began
        self.finish()
        print(f"the next 30 % took {took:.1f} s after the cut; {self.crossed()} bytes crossed of {self.SIZE}", flush=True)
        self.assertLess(took, 20)
        self.assertLess(self.crossed(), self.SIZE * 1.5)

    def test_a_flash_is_not_delayed(self):
        def flash():
            began = time.monotonic()
            status, answer = self.south.ask("POST", TARGET + "/entries", {
                "text": "flash", "precedence": "flash", "wait": "receipt", "timeout_ms": 20000})
            self.assertEqual((status, answer["state"]), (200, "receipted"))
            return time.monotonic() - began
        idle = sorted(flash() for _ in range(9))
        self.begin()
        self.wait_bytes(0.1)
        busy = sorted(flash() for _ in range(9))
        self.assertLess(self.here(), self.SIZE, "the document was over before the measure")
        print(f"FLASH, median of nine: {idle[4] * 1000:.0f} ms on idle lines, {busy[4] * 1000:.0f} ms beside the "
              "document", flush=True)
        # What is in the bottleneck's queue goes before; the window's share of it is bounded by loss.
        self.assertLess(busy[4], idle[4] + 0.5)
        self.finish()


if __name__ == "__main__":
    outcome.main()
