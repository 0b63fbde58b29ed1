"""Both sides announce something at one agreed instant, with two real stations: each text, each clock, each screen."""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import threading
import time
import tomllib
import unittest

from clocks import Clock
from stations import DETENTE, Lab, Station, wait_until

VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")
CORE = "The lines are open again."
OURS, THEIRS = "Today the South took up the receiver.\n\nThe ministry.\n", "Today the North took up the receiver.\n"


class Announcements(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def begin(self):
        self.lab.connect()

    def far(self, station):
        return ("north", "kim") if station is self.south else ("south", "ri")

    def file(self, station, text):
        path = pathlib.Path(self.lab.dir) / f"{station.name}.txt"
        path.write_text(text, encoding="utf-8", newline="")
        return str(path)

    def all(self, station):
        return station.cli("announce", "show")["announcements"]

    def one(self, station, id):
        return next((one for one in self.all(station) if one["id"] == id), None)

    def draft(self, station, mode, text, at="+10s", more=()):
        far, officer = self.far(station)
        before = {one["id"] for one in self.all(station)}
        station.cli("announce", "draft", far, "--core", CORE, "--text", self.file(station, text), "--at", at, mode, "--as", officer, *more)
        return next(one for one in self.all(station) if one["id"] not in before)

    def agree(self, station, proposal, text=None):
        far, officer = self.far(station)
        id = f"far-{proposal['index']}"
        arrived = wait_until(lambda: self.one(station, id), "the proposal to arrive")
        if "document" in arrived["announcement"]:
            self.await_text(station, arrived["announcement"]["document"])
        options = ("--text", self.file(station, text)) if text is not None else ()
        return station.cli("announce", "agree", f"{far}/{id}", "--as", officer, "--yes", *options)

    def agree_on_two(self, mode, at):
        """South drafts, north answers with its own, south agrees: (id at south, id at north)."""
        first = self.draft(self.south, mode, OURS, at)
        self.agree(self.north, first, THEIRS)
        counter = next(one for one in self.all(self.north) if one["by"] == "us")
        self.agree(self.south, counter)
        return f"far-{counter['index']}", counter["id"]

    def await_text(self, station, root):
        target = f"/v1/counterparts/{self.far(station)[0]}/lines/accord/documents/{root}?whose=far"
        wait_until(lambda: (answer := station.ask("GET", target))[0] == 200 and answer[1]["state"] == "here", "their text to arrive")

    def await_state(self, station, id, state):
        return wait_until(lambda: (one := self.one(station, id)) and one["announcement"]["state"] == state and one,
                          lambda: f"{station.name} to show {state}: {self.one(station, id)}")

    def files(self, station, end):
        folder = pathlib.Path(station.path("station", "announcements"))
        return sorted(folder.glob(f"*{end}")) if folder.exists() else []

    def first_seen(self, station):
        """[the time by the machine's clock at which a released text was first there], found out by looking all the time."""
        seen = []

        def look():
            wait_until(lambda: self.files(station, ".txt"), "the text", patience=60)
            seen.append(time.time())
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        return thread, seen

    def verify(self, path, *anchors):
        anchors = anchors or tuple(f"--card={station.path('card.note')}" for station in (self.south, self.north))
        done = subprocess.run([VERIFY, "announcement", str(path), "--json", *anchors], capture_output=True, timeout=60)
        return done.returncode, json.loads(done.stdout)

    def hook(self, station):
        """A hook that copies what it is told; the folder where that is then."""
        told = pathlib.Path(self.lab.dir) / f"told-{station.name}"
        told.mkdir()
        script = told / "hook"
        script.write_text(f'#!/bin/sh\ncat > {told}/json.part && cp "$DETENTE_FILE" {told}/text && mv {told}/json.part {told}/json\n')
        script.chmod(0o755)
        config = pathlib.Path(station.path("station", "station.toml"))
        config.write_text(config.read_text() + f'\n[[hooks]]\non = "announcement"\ncommand = ["{script}"]\n')
        tomllib.loads(config.read_text())
        return told

    def test_each_releases_its_own_text_at_the_instant_and_an_outsider_verifies_it(self):
        told = self.hook(self.south)
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+18s")
        instant = self.one(self.south, at_south)["instant"]
        looks = [self.first_seen(station) for station in (self.south, self.north)]
        for station, id in ((self.south, at_south), (self.north, at_north)):
            bounds = self.await_state(station, id, "armed")["announcement"]["armed_with"]
            self.assertLessEqual(-500, bounds["low_ms"])
            self.assertLessEqual(bounds["high_ms"], 500)
        self.assertLess(time.time(), instant, "armed in time")
        self.assertIn("receipts: their clock less ours was between ", self.south.shown("announce", "show"))
        for thread, seen in looks:
            thread.join(60)
            self.assertGreaterEqual(seen[0], instant, "not before the instant")
            self.assertLess(seen[0], instant + 1)
        for station, id, text in ((self.south, at_south, OURS), (self.north, at_north, THEIRS)):
            shown = wait_until(lambda s=station, i=id: (one := self.one(s, i)) and one["announcement"]["theirs"]["released"] and one, "both to know of both")
            for side in ("ours", "theirs"):
                self.assertEqual((shown["announcement"][side]["released"], shown["announcement"][side]["late_s"]), (instant, 0))
            self.assertEqual(self.files(station, ".txt")[0].read_text(encoding="utf-8"), text)
        self.assertEqual(wait_until(lambda: (told / "json").exists() and json.loads((told / "json").read_text()), "the hook")["event"], "announcement")
        self.assertEqual((told / "text").read_text(), OURS)
        self.check_evidence()
        for station in (self.south, self.north):
            wait_until(lambda s=station: not self.texts(s), "what is out not to be kept a second time")

    def texts(self, station):
        kept = set()
        for path in pathlib.Path(station.path("station", "announcements", "texts")).iterdir():
            with contextlib.suppress(FileNotFoundError):  # dropped since the folder was listed
                kept.add(path.read_text(encoding="utf-8").split("\n", 1)[1])
        return kept

    def test_texts_of_what_came_to_nothing_are_dropped(self):
        folder = pathlib.Path(self.lab.dir) / "clock"
        folder.mkdir()
        clock = Clock(str(folder), time.time())
        self.south.env = self.north.env = clock.env
        self.begin()
        day = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now() + days * 86400))
        rejected, withdrawn, later, _ = (self.draft(self.south, "--unseen", text, day(50)) for text in ("rejected", "withdrawn", "later", "open"))
        far = f"south/far-{rejected['index']}"
        wait_until(lambda: self.one(self.north, f"far-{rejected['index']}"), "the proposal")
        self.north.cli("proposal", "reject", far, "--as", "ri", "--yes")
        self.south.cli("announce", "withdraw", f"north/{withdrawn['id']}", "--as", "kim")
        wait_until(lambda: self.one(self.south, rejected["id"])["state"] == "rejected", "the rejection")
        clock.forward(40 * 3600)
        self.south.cli("announce", "withdraw", f"north/{later['id']}", "--as", "kim", env=clock.env)
        clock.forward(40 * 3600)
        wait_until(lambda: self.texts(self.south) == {"later", "open"}, lambda: f"the two to be dropped: {self.texts(self.south)}")

    def check_evidence(self):
        path, = self.files(self.south, ".release")
        code, answer = self.verify(path)
        self.assertEqual((code, answer["verdict"], answer["side"], answer["core"], answer["late_s"]), (0, "proved", "south", CORE, 0), answer)
        self.assertEqual([check["result"] for check in answer["checks"]], ["proved"] * 3)
        self.assertEqual(self.verify(path, "--accord=" + answer["evidence"]["accords"][0]["digest"])[0], 0)
        whole = path.read_bytes()
        altered = pathlib.Path(self.lab.dir) / "altered.release"
        altered.write_bytes(whole.replace(b"the South", b"the south"))
        code, answer = self.verify(altered)
        self.assertEqual((code, [check["check"] for check in answer["checks"] if check["result"] == "failed"]), (1, ["text"]))
        # North's file is of the same agreement, and not of south's text.
        north, = self.files(self.north, ".release")
        self.assertEqual(self.verify(north)[0], 0)
        altered.write_bytes(north.read_bytes().replace(b"side: north", b"side: south"))
        self.assertEqual(self.verify(altered)[0], 1)

    def test_one_identical_text_is_agreed_on_as_it_is_shown(self):
        self.begin()
        offered = self.draft(self.south, "--identical", OURS, "+18s")
        far = f"south/far-{offered['index']}"
        theirs = wait_until(lambda: self.one(self.north, f"far-{offered['index']}"), "the proposal")
        self.await_text(self.north, theirs["announcement"]["document"])
        self.assertEqual(self.north.cli("announce", "show", far)["announcements"][0]["text"], OURS)
        refused = self.north.refused("announce", "agree", far, "--as", "ri", "--yes", "--text", self.file(self.north, OURS.replace("South", "south")))
        self.assertIn("differ, first at byte 11", refused["message"])
        self.assertEqual(self.one(self.north, f"far-{offered['index']}")["state"], "offered")
        self.agree(self.north, offered, OURS)
        for station in (self.south, self.north):
            text = wait_until(lambda s=station: self.files(s, ".txt"), "the release", patience=40)[0]
            self.assertEqual(text.read_text(encoding="utf-8"), OURS)
            release = wait_until(lambda s=station: self.files(s, ".release"), "the evidence")[0]
            self.assertEqual(self.verify(release)[0], 0)

    def test_a_text_that_is_to_be_shown_is_read_before_anybody_agrees(self):
        self.begin()
        said = self.south.shown("announce", "draft", "north", "--core", CORE, "--text", self.file(self.south, OURS), "--at", "+1h",
                                "--shown", "--as", "kim")
        self.assertIn("nothing is agreed yet", said)
        at_south, at_north = self.agree_on_two("--shown", "+1h")
        self.assertEqual(self.south.cli("announce", "show", f"north/{at_south}")["announcements"][0]["text"], THEIRS)
        self.await_state(self.north, at_north, "armed")
        self.south.cli("announce", "withdraw", f"north/{at_south}", "--as", "kim", "--words", "Not this week.")
        gone = wait_until(lambda: (one := self.one(self.north, at_north))["state"] == "withdrawn" and one, "the withdrawal")
        self.assertEqual((gone["decided"]["words"], gone["announcement"]["state"]), ("Not this week.", "not agreed"))

    def test_a_station_that_was_killed_over_the_instant_releases_late_and_once(self):
        told = self.hook(self.south)
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+16s")
        instant = self.one(self.south, at_south)["instant"]
        self.await_state(self.south, at_south, "armed")
        self.south.kill()
        wait_until(lambda: time.time() > instant + 2, "the instant to pass", patience=40)
        self.assertEqual(self.files(self.south, ".txt"), [])
        self.south.start()
        late = self.await_state(self.south, at_south, "released")["announcement"]["ours"]
        self.assertGreaterEqual(late["late_s"], 2)
        known = wait_until(lambda: (one := self.one(self.north, at_north))["announcement"]["theirs"]["released"] and one, "their word of it")
        self.assertEqual(known["announcement"]["theirs"]["late_s"], late["late_s"])
        wait_until(lambda: (told / "json").exists(), "the hook")
        code, answer = self.verify(wait_until(lambda: self.files(self.south, ".release"), "the evidence")[0])
        self.assertEqual((code, answer["late_s"]), (0, late["late_s"]))
        (told / "json").unlink()
        written = self.files(self.south, ".txt")[0].stat().st_mtime_ns
        self.south.kill()
        self.south.start()
        self.await_state(self.south, at_south, "released")
        self.assertEqual(self.files(self.south, ".txt")[0].stat().st_mtime_ns, written)
        self.assertFalse((told / "json").exists(), "it is released once")

    def test_a_text_that_cannot_be_written_is_not_said_to_be_out(self):
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+16s")
        for station, id in ((self.south, at_south), (self.north, at_north)):
            self.await_state(station, id, "armed")
        folder = pathlib.Path(self.south.path("station", "announcements"))
        aside = folder.with_name("aside")
        if folder.exists():
            folder.rename(aside)
        folder.write_text("in its place")
        shown = self.await_state(self.south, at_south, "due")["announcement"]
        wait_until(lambda: self.one(self.south, at_south)["announcement"]["not_out"], "why it is not out")
        self.assertIsNone(shown["ours"]["released"])
        told = subprocess.run([DETENTE, "announce", "show", "--dir", self.south.dir, f"north/{at_south}"], capture_output=True, text=True, check=True).stdout
        self.assertIn("THE TEXT IS NOT OUT", told)
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
        self.await_state(self.south, at_south, "released")
        self.assertEqual(len(self.files(self.south, ".txt")), 1)
        self.assertIsNone(self.one(self.south, at_south)["announcement"]["not_out"])

    def test_a_withdrawal_without_a_path_stops_its_own_side_and_both_screens_say_crossed(self):
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+20s")
        for station, id in ((self.south, at_south), (self.north, at_north)):
            self.await_state(station, id, "armed")
        self.north.kill()  # nothing arrives there
        self.south.cli("announce", "withdraw", f"north/{at_south}", "--as", "kim", "--wait", "durable")
        self.south.kill()  # and nothing of it when north is back
        self.north.start()
        self.await_state(self.north, at_north, "released")
        self.south.start()
        for station, id in ((self.south, at_south), (self.north, at_north)):
            crossed = wait_until(lambda s=station, i=id: (one := self.one(s, i))["announcement"]["release_crossed"] and one, "crossed on both screens")
            self.assertEqual(crossed["state"], "withdrawn")
        self.assertEqual(self.files(self.south, ".txt"), [], "its own side was stopped at once")

    def test_a_disk_that_went_back_asks_a_person_for_what_was_withdrawn_since(self):
        self.begin()
        here, _ = self.agree_on_two("--unseen", "+20s")
        self.await_state(self.south, here, "armed")
        file = self.south.cli("backup", self.lab.dir, "--work-factor", "10")["file"]
        self.south.cli("proposal", "withdraw", f"north/{here}", "--as", "kim", "--yes")
        wait_until(lambda: self.one(self.north, here.replace("far", "own"))["state"] == "withdrawn", "the withdrawal")
        self.south.kill()
        place = os.path.join(self.lab.dir, "again")
        phrase = os.path.join(self.lab.dir, "lab", "south.passphrase")
        self.south.cli("restore", file, "--to", place, "--passphrase-file", phrase)
        again = Station(place)
        self.addCleanup(again.close)
        again.start()
        one = wait_until(lambda: (found := self.one(again, here)) and found["announcement"]["state"] == "asks a person" and found,
                         lambda: f"a person to be asked: {self.one(again, here)}")
        self.assertTrue(one["announcement"]["restored"])
        wait_until(lambda: time.time() > one["instant"] + 2, "the instant to pass", patience=40)
        self.assertEqual(self.one(again, here)["announcement"]["state"], "asks a person")
        self.assertEqual(list(pathlib.Path(place).rglob("*.release")), [])

    def test_where_the_clocks_are_apart_a_person_is_asked(self):
        folder = pathlib.Path(self.lab.dir) / "clock"
        folder.mkdir()
        clock = Clock(str(folder), time.time() + 3)
        self.north.env = clock.env
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+14s")
        instant = self.one(self.south, at_south)["instant"]
        for station, id in ((self.south, at_south), (self.north, at_north)):
            self.await_state(station, id, "asks a person")
        wait_until(lambda: time.time() > instant + 1, "the instant to pass", patience=40)
        for station in (self.south, self.north):
            self.assertEqual(self.files(station, ".txt"), [])
        bounds = self.one(self.south, at_south)["announcement"]["clock_bounds"]
        # To a millisecond at each end: the bounds are whole ones, and so is what the clock was set to.
        self.assertTrue(500 < bounds["low_ms"] <= clock.ahead_ms + 1 <= bounds["high_ms"] + 2, (bounds, clock.ahead_ms))
        self.assertIn("within half a second (their clock less ours is between +", self.south.shown("announce", "show"))
        alarm = wait_until(lambda: [one for one in self.south.get("/v1/watch")["alarms"] if one["kind"] == "announcement"], "the alarm")[0]
        self.assertIn(f"detente announce release north/{at_south}", alarm["words"])
        self.south.cli("announce", "release", f"north/{at_south}", "--as", "kim", "--yes")
        ours = self.await_state(self.south, at_south, "released")["announcement"]["ours"]
        self.assertGreaterEqual(ours["late_s"], 1)
        self.assertEqual(self.files(self.north, ".txt"), [], "each side's person speaks for his own")
        again = self.south.refused("announce", "release", f"north/{at_south}", "--as", "kim", "--yes")
        self.assertIn("no announcement with this text", again["message"])
        wait_until(lambda: [one["ended_at"] for one in self.south.get("/v1/watch")["alarms"] if one["kind"] == "announcement"][0], "the alarm's end")

    def test_of_one_text_for_two_hours_that_one_is_released_which_the_person_named(self):
        folder = pathlib.Path(self.lab.dir) / "clock"
        folder.mkdir()
        self.north.env = Clock(str(folder), time.time() + 3).env
        self.begin()
        first, second = (self.draft(self.south, "--identical", OURS, at) for at in ("+30m", "+1h"))
        for one in (first, second):
            self.agree(self.north, one, OURS)
        for one in (first, second):
            asked = self.await_state(self.south, one["id"], "asks a person")
            self.assertEqual(asked["announcement"]["asks"], "clock")
        self.south.cli("announce", "release", f"north/{second['id']}", "--as", "kim", "--yes")
        self.await_state(self.south, second["id"], "armed")
        self.assertEqual(self.one(self.south, first["id"])["announcement"]["state"], "asks a person")

    def test_a_text_that_could_not_be_put_out_is_late_then_on_both_screens(self):
        self.begin()
        at_south, at_north = self.agree_on_two("--unseen", "+12s")
        one = self.await_state(self.south, at_south, "armed")
        hour = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(one["instant"]))
        # What stands where the text is to be: as good as a full disk.
        blocked = pathlib.Path(self.south.path("station", "announcements", f"north-{at_south}-{one['epoch'][:8]}-{hour}.txt"))
        blocked.mkdir(parents=True)
        held = wait_until(lambda: (now := self.one(self.south, at_south))["announcement"]["not_out"] and now, "why")
        self.assertIn(blocked.name, held["announcement"]["not_out"])
        alarm = wait_until(lambda: [a for a in self.south.get("/v1/watch")["alarms"] if a["kind"] == "announcement-lost"], "the alarm")[0]
        self.assertIn("IS NOT OUT", alarm["words"])
        self.await_state(self.north, at_north, "released")
        wait_until(lambda: time.time() > one["instant"] + 4, "some seconds")
        self.assertIsNone(self.one(self.north, at_north)["announcement"]["theirs"]["released"], "they are told of nothing that is not out")
        blocked.rmdir()
        out = self.await_state(self.south, at_south, "released")
        self.assertGreaterEqual(out["announcement"]["ours"]["late_s"], 3)
        theirs = wait_until(lambda: (now := self.one(self.north, at_north)["announcement"]["theirs"])["released"] and now, "their word of it")
        self.assertEqual(theirs["late_s"], out["announcement"]["ours"]["late_s"])
        code, answer = self.verify(self.files(self.south, ".release")[0])
        self.assertEqual((code, answer["late_s"]), (0, theirs["late_s"]), answer)

    def test_what_a_desk_may_not_sign_is_refused(self):
        self.begin()
        far = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 401 * 86400))
        words = self.south.refused("announce", "draft", "north", "--core", CORE, "--text", self.file(self.south, OURS), "--at", far, "--unseen", "--as", "kim")
        self.assertIn("at most 400 days ahead", words["message"])
        words = self.south.refused("announce", "draft", "north", "--core", CORE, "--text", self.file(self.south, OURS), "--at", "+1h", "--as", "kim")
        self.assertIn("--identical", words["message"])
        offered = self.draft(self.south, "--unseen", OURS, "+1h")
        far = f"south/far-{offered['index']}"
        wait_until(lambda: self.one(self.north, f"far-{offered['index']}"), "the proposal")
        self.assertIn("--text FILE", self.north.refused("announce", "agree", far, "--as", "ri", "--yes")["message"])
        self.assertIn(f"detente announce agree {far} --as OFFICER --text FILE, or detente proposal reject {far}", self.north.shown("proposal", "list"))
        self.assertIn("names the other side's text alone", self.north.refused("proposal", "accept", far, "--as", "ri", "--yes")["message"])
        self.assertIn("it is ours", self.south.refused("announce", "agree", f"north/{offered['id']}", "--as", "kim", "--yes")["message"])
        # A text that is not at the station any more.
        for text in pathlib.Path(self.south.path("station", "announcements", "texts")).iterdir():
            text.unlink()
        self.assertFalse(self.one(self.south, offered["id"])["announcement"]["text_kept"])
        status, answer = self.south.ask("POST", "/v1/counterparts/north/announcements", {"text": base64.b64encode(b"a\x00b").decode(), "mode": "unseen"})
        self.assertEqual(status, 400, answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
