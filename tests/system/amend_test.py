"""A change of the accord under traffic, with two real stations: shown to one, adopted by both, no message lost."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from stations import Lab, wait_until

VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")
LINE = "military-west"
HOURS = """[[check_calls]]
time = "09:30"
zone = "Asia/Seoul"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""


class Talker(threading.Thread):
    """Says one message after another on a line until it is told to stop; each is on disk before the next."""

    def __init__(self, station, far):
        super().__init__(daemon=True)
        self.station, self.far, self.said, self.error = station, far, [], None
        self.longest = 0.0
        self._done = threading.Event()

    def run(self):
        try:
            while not self._done.is_set():
                text = f"{self.station.name} {len(self.said)}"
                began = time.monotonic()
                status, answer = self.station.ask("POST", f"/v1/counterparts/{self.far}/lines/{LINE}/entries",
                                                  {"text": text, "wait": "receipt", "timeout_ms": 20000})
                if status != 200 or answer["state"] != "receipted":
                    raise AssertionError(f"{text}: {status} {answer}")
                self.longest = max(self.longest, time.monotonic() - began)
                self.said.append(text)
        except Exception as error:  # for the test's own thread: finish() raises it
            self.error = error

    def finish(self):
        self._done.set()
        self.join()
        if self.error is not None:
            raise self.error


class Amended(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def begin(self):
        self.lab.connect()

    def directory(self, name):
        return os.path.join(self.lab.dir, name)

    def draft(self, *options, change=None):
        """South drafts and signs the next accord, and hands it over; what `accord amend` said. `change`: of the draft's text."""
        answer = self.south.cli("accord", "amend", "north", *options)
        if change:
            note = pathlib.Path(self.south.path("accords", "north", str(answer["version"]), "accord.note"))
            text = note.read_text(encoding="utf-8")
            self.assertIn(change[0], text)
            note.write_text(text.replace(*change), encoding="utf-8")
        shutil.rmtree(self.directory("next"), ignore_errors=True)
        self.south.cli("accord", "sign", "north", "--next", "--yes")
        self.south.cli("accord", "export", "north", self.directory("next"), "--next")
        return answer

    def countersign(self):
        """North reads it and signs it, too: its own station holds it from then on."""
        self.north.cli("accord", "import", self.directory("next"))
        self.north.cli("accord", "sign", "south", "--next", "--yes")

    def accord_of(self, station):
        far = "north" if station is self.south else "south"
        return station.status_of(far)["accord"]

    def await_second(self, version=2):
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.accord_of(s)["version"] == version and self.accord_of(s)["adopted_there"],
                       lambda s=station: f"{s.name} to go on under accord {version}: {self.accord_of(s)}\n"
                                         + pathlib.Path(s.path("station", "station.log")).read_text(encoding="utf-8")[-2000:])

    def gap_ms(self, station):
        text = pathlib.Path(station.path("station", "station.log")).read_text(encoding="utf-8")
        return float(re.search(r"the change took ([0-9.]+) ms", text).group(1))

    def test_traffic_goes_on_while_a_line_is_added_one_retired_and_hours_change(self):
        hours = self.directory("hours.toml")
        pathlib.Path(hours).write_text(HOURS, encoding="utf-8")
        self.begin()
        self.south.cli("send", f"north/{LINE}", "Signed under the first.", "--as", "kim", "--wait", "receipt")
        signed = next(entry["index"] for entry in self.north.entries("south", LINE) if entry.get("text") == "Signed under the first.")
        self.south.cli("send", "north/liaison", "The last on this line.", "--wait", "receipt")
        talkers = [Talker(self.south, "north"), Talker(self.north, "south")]
        for talker in talkers:
            talker.start()
        answer = self.draft("--add-line", "fishery", "--retire", "liaison", "--hours", f"{LINE}={hours}")
        self.assertEqual(answer["version"], 2)
        words = "\n".join(answer["difference"])
        for part in ("New: line 4 (fishery)", "Retired: line 3 (liaison)", "new: 09:30 Asia/Seoul"):
            self.assertIn(part, words)
        self.assertEqual(self.north.cli("accord", "import", self.directory("next"))["changed"], True)
        shown = self.north.cli("accord", "show", "south", "--next")
        self.assertEqual(shown["difference"], answer["difference"])
        # Until it is signed by both, and held by both, the first stays.
        wait_until(lambda: self.accord_of(self.north)["next"], "north's station to see the draft")
        self.assertEqual((self.accord_of(self.north)["version"], self.accord_of(self.north)["next"]["state"]), (1, "waits"))
        self.north.cli("accord", "sign", "south", "--next", "--yes")
        self.await_second()
        for talker in talkers:
            wait_until(lambda t=talker, n=len(talker.said): len(t.said) > n + 20 or t.error, "the talk to go on")
            talker.finish()
        for station, far, talker in ((self.north, "south", talkers[0]), (self.south, "north", talkers[1])):
            self.heard_once(station, far, talker.said)
        print("longest wait for a receipt", max(t.longest for t in talkers), "change took ms",
              [self.gap_ms(s) for s in (self.south, self.north)])
        self.assertLess(max(self.gap_ms(station) for station in (self.south, self.north)), 1000)
        self.look_at_lines()
        self.look_at_old_signature(signed)
        # A start finds what was adopted.
        self.north.stop()
        self.north.start()
        self.south.wait_link("north")
        self.await_second()

    def test_an_alarm_of_a_line_that_is_retired_is_over_with_it(self):
        self.begin()
        self.south.cli("cut", "north/liaison", "--reason", "The house moves.", "--as", "kim", "--yes")
        stations = ((self.south, "north"), (self.north, "south"))
        for station, far in stations:
            wait_until(lambda s=station, f=far: self.cut_alarms(s, f) == [False], "the alarm of the cut")
        self.draft("--retire", "liaison")
        self.countersign()
        self.await_second()
        for station, far in stations:
            wait_until(lambda s=station, f=far: self.cut_alarms(s, f) == [True], "the alarm to end")
        self.north.stop()
        self.north.start()
        self.assertEqual(self.cut_alarms(self.north, "south"), [True], "and stays so")

    def test_what_was_proposed_of_a_line_that_is_retired_can_be_rejected_withdrawn_and_accepted_for_the_rest(self):
        self.begin()
        self.south.cli("cut", "north/liaison", f"north/{LINE}", "--reason", "The house moves.", "--as", "kim", "--yes")
        offers = [("north/liaison",), ("north/liaison", f"north/{LINE}"), ("north/liaison",), ("north/liaison",)]
        for number, lines in enumerate(offers):
            self.south.cli("restore", "propose", *lines, "--at", f"+{number + 2}h", "--as", "kim")
        listed = lambda: sorted(self.north.cli("proposal", "list")["proposals"], key=lambda one: one["instant"])
        no, rest, nothing_left, back = wait_until(lambda: len(found := listed()) == 4 and found, "the offers")
        self.draft("--retire", "liaison")
        self.countersign()
        self.await_second()
        refused = self.north.refused("proposal", "accept", f"south/{nothing_left['id']}", "--as", "ri", "--yes")["message"]
        self.assertIn("nothing any more of what this would restore: liaison", refused)
        self.assertIn("detente proposal reject", refused)
        self.north.cli("proposal", "reject", f"south/{no['id']}", "--as", "ri", "--yes")
        self.north.cli("proposal", "accept", f"south/{rest['id']}", "--as", "ri", "--yes")
        self.south.cli("proposal", "withdraw", f"north/own-{back['index']}", "--as", "kim", "--yes")
        expected = ["rejected", "accepted", "offered", "withdrawn"]
        for station in (self.south, self.north):
            wait_until(lambda s=station: [one["state"] for one in sorted(s.cli("proposal", "list")["proposals"], key=lambda one: one["instant"])]
                       == expected, lambda s=station: f"{s.name}: {s.cli('proposal', 'list')['proposals']}")
        self.north.cli("proposal", "withdraw", f"south/{rest['id']}", "--as", "ri", "--yes")
        wait_until(lambda: "accepted" not in [one["state"] for one in self.south.cli("proposal", "list")["proposals"]], "the step back")

    @staticmethod
    def cut_alarms(station, far):
        """Whether each of that line's is over."""
        return [one["ended_at"] is not None for one in station.get("/v1/watch")["alarms"]
                if (one["kind"], one["line"]) == ("cut", f"{far}/liaison")]

    def heard_once(self, station, far, said):
        heard = []
        since = 0
        while True:
            got = station.get(f"/v1/counterparts/{far}/lines/{LINE}/entries?limit=200&whose=far&since={since}")
            heard += [entry["text"] for entry in got["entries"] if "text" in entry]
            if not got["more"]:
                break
            since = got["entries"][-1]["index"] + 1
        self.assertEqual([text for text in heard if text != "Signed under the first."], said)

    def look_at_lines(self):
        for station, far in ((self.south, "north"), (self.north, "south")):
            lines = {line["name"] for line in station.status_of(far)["lines"]}
            self.assertEqual(lines, {"accord", "presidential", LINE, "fishery"})
            station.cli("send", f"{far}/fishery", "A line more.", "--wait", "receipt")
            self.assertEqual(station.refused("send", f"{far}/liaison", "No more.")["fault"], "state")
            retired = station.cli("status", f"{far}/liaison")
            self.assertTrue(retired["retired"])
            self.assertIn("version 2", retired["words"])
            self.assertIn(f"detente record show {far}/liaison", retired["to_do"])
            text = " ".join(subprocess.run([os.path.join(os.environ["DETENTE_BIN"], "detente"), "status", "--dir", station.dir],
                                           capture_output=True, text=True, timeout=60).stdout.split())
            self.assertIn("accord v2, adopted by both", text)
            calls = station.get(f"/v1/counterparts/{far}/lines/{LINE}/calls?from=20800&until=20810")
            self.assertTrue(calls["calls"], "the new hours plan calls")
            words = [entry.get("act", "") for entry in station.entries(far, "accord", "both")]
            self.assertEqual(sum("holds version 2 of the accord" in one for one in words), 2, words)
        self.assertEqual(self.north.texts("south", "liaison"), ["The last on this line."])
        self.assertEqual(self.north.texts("south", "fishery"), ["A line more."])

    def look_at_old_signature(self, signed):
        """What was signed under the first accord is as good as before, here and for an outsider."""
        entry = self.north.get(f"/v1/counterparts/south/lines/{LINE}/entries/far/{signed}")
        self.assertEqual(entry["evidence"]["signatures"][0]["verdict"], "valid")
        for line, index in ((LINE, signed), ("liaison", 0)):
            file = self.directory("proof.dex")
            self.north.cli("record", "export", f"south/{line}", "far", str(index), "--out", file)
            done = subprocess.run([VERIFY, "extract", file, "--json", f"--card={self.south.path('card.note')}",
                                   f"--card={self.north.path('card.note')}"], capture_output=True, timeout=60)
            self.assertEqual((done.returncode, json.loads(done.stdout)["verdict"]), (0, "proved"), done.stdout)
            os.remove(file)

    def test_the_only_path_becomes_tcp_and_has_another_number_and_is_udp_again_and_nobody_starts_anew(self):
        self.begin()
        words = [[], []]
        steps = ((("udp", 1), ("tcp", 1)), (("tcp", 1), ("tcp", 2)), (("tcp", 2), ("udp", 1)))
        for version, ways in enumerate(steps, 2):
            self.draft("--heartbeat", str(version), change=[f'number = {number}\nname = "path1"\nkind = "{kind}"\n' for kind, number in ways])
            self.countersign()
            self.await_second(version)
            kind, number = ways[1]
            for (station, far), said in zip(((self.south, "north"), (self.north, "south")), words):
                said.append(f"{station.name} over {kind} {number}")
                station.cli("send", f"{far}/{LINE}", said[-1], "--wait", "receipt")
                counterpart, = station.get("/v1/paths")["counterparts"]
                self.assertEqual([(path["kind"], path["number"]) for path in counterpart["paths"]], [ways[1]])
        self.assertEqual((self.north.texts("south", LINE), self.south.texts("north", LINE)), tuple(words))

    def test_a_port_that_the_next_one_needs_and_somebody_has_leaves_the_present_one_and_is_told(self):
        self.begin()
        self.draft("--heartbeat", "5", change=('kind = "udp"', 'kind = "tcp"'))
        # South's own port by TCP is somebody else's: it holds no accord that it could not go on under.
        host, port = self.south.ends("north")[0][0].rsplit(":", 1)
        with socket.create_server((host, int(port))):
            self.countersign()
            alarm = lambda: next((one for one in self.south.cli("alarm", "list")["alarms"]
                                  if one["kind"] == "accord-next" and one["ended_at"] is None), None)
            self.assertIn("in use", wait_until(alarm, "the alarm")["words"])
            self.assertEqual(self.accord_of(self.south)["version"], 1)
            self.south.cli("send", f"north/{LINE}", "Under the first.", "--wait", "receipt")
        self.south.stop()
        self.south.start()
        self.await_second()
        self.north.cli("send", f"south/{LINE}", "Under the second.", "--wait", "receipt")

    def test_who_waits_for_a_receipt_on_a_line_that_is_retired_is_answered(self):
        self.begin()
        self.draft("--retire", "liaison", change=('kind = "udp"', 'kind = "tcp"'))
        host, port = self.south.ends("north")[0][0].rsplit(":", 1)
        answers = []

        def wait_for_receipt():
            answers.append(self.south.ask("POST", "/v1/counterparts/north/lines/liaison/entries",
                                          {"text": "The last.", "wait": "receipt", "timeout_ms": 60000}))

        # South knows that north holds the second, and cannot go on under it as long as it has no port for it.
        with socket.create_server((host, int(port))):
            self.countersign()
            wait_until(lambda: any(one["kind"] == "accord-next" for one in self.south.cli("alarm", "list")["alarms"]), "the alarm")
            # It tries again a minute after the alarm, and the longest that one may wait is a minute, too.
            wait_until(lambda until=time.monotonic() + 10: time.monotonic() > until, "some of that minute to go by")
            self.north.process.send_signal(signal.SIGSTOP)
            waiting = threading.Thread(target=wait_for_receipt)
            waiting.start()
            placed = lambda: "The last." in self.south.texts("north", "liaison", "own")
            wait_until(placed, lambda: f"the last message to be placed: {answers} {self.south.entries('north', 'liaison', 'own')}")
        wait_until(lambda: self.accord_of(self.south)["version"] == 2, "south to go on", patience=90)
        waiting.join()
        self.north.process.send_signal(signal.SIGCONT)
        (status, answer), = answers
        self.assertEqual((status, answer["state"], answer["line"]), (200, "placed", "liaison"))
        self.await_second()
        self.south.cli("send", f"north/{LINE}", "It runs on.", "--wait", "receipt")

    def test_proposed_read_signed_and_accepted_over_the_line_alone(self):
        self.begin()
        answer = self.south.cli("accord", "amend", "north", "--add-line", "fishery")
        self.south.cli("accord", "sign", "north", "--next", "--yes")
        self.south.cli("accord", "propose", "north", "--as", "kim", "--words", "As talked over.", "--yes")
        offered = wait_until(lambda: next(iter(self.north.cli("proposal", "list", "south")["proposals"]), None), "the proposal to arrive")
        self.assertEqual((offered["matter"], offered["by"]), ("change of the accord", "them"))
        self.assertIn("go on under another accord", offered["act"])
        target = f"/v1/counterparts/south/lines/accord/documents/{offered['document']}?whose=far"
        wait_until(lambda: (got := self.north.ask("GET", target))[0] == 200 and got[1]["state"] == "here", "its files to arrive")
        self.assertEqual(self.accord_of(self.north)["next"], None, "a proposal is no accord")
        fetched = self.north.cli("accord", "fetch", f"south/{offered['id']}")
        self.assertEqual((fetched["difference"], fetched["accord"]), (answer["difference"], answer["accord"]))
        self.north.cli("accord", "sign", "south", "--next", "--yes")
        self.north.cli("proposal", "accept", f"south/{offered['id']}", "--as", "ri", "--yes")
        self.await_second()
        self.south.cli("send", "north/fishery", "Here.", "--wait", "receipt")
        state = wait_until(lambda: (one := self.south.cli("proposal", "list", "north")["proposals"][0])["state"] == "accepted" and one,
                           "south to know of the acceptance")
        self.assertEqual(state["state"], "accepted")

    def test_a_directory_that_was_set_back_is_refused_until_it_holds_the_second(self):
        self.begin()
        self.draft("--heartbeat", "5")
        self.countersign()
        self.await_second()
        complete = self.directory("complete")
        self.north.stop()
        shutil.copytree(self.north.path("accords", "south", "2"), complete)
        shutil.rmtree(self.north.path("accords", "south", "2"))
        os.remove(self.north.path("accords", "south", "in-force"))
        self.north.start()
        wait_until(lambda: self.north.status_of("south")["other_accord"], "north to see that it is alone")
        self.assertFalse(self.north.status_of("south")["link"]["up"])
        self.assertEqual(self.accord_of(self.north)["version"], 1)
        self.assertEqual(self.accord_of(self.south)["version"], 2)
        self.north.cli("send", f"south/{LINE}", "It waits.")
        self.north.cli("accord", "import", complete)
        self.await_second()
        self.north.wait_link("south")
        wait_until(lambda: "It waits." in self.south.texts("north", LINE), "what waited to arrive", patience=60)

    def test_files_that_are_half_written_are_no_alarm_and_what_stays_so_is(self):
        self.draft("--heartbeat", "5")
        self.north.cli("accord", "import", self.directory("next"))
        annex = pathlib.Path(self.north.path("accords", "south", "2", "annex-2.toml"))
        whole = annex.read_text(encoding="utf-8")
        annex.write_text(whole + "# half", encoding="utf-8")
        self.begin()
        began = time.monotonic()

        def alarm():
            return next((one for one in self.north.cli("alarm", "list")["alarms"]
                         if one["kind"] == "accord-next" and one["ended_at"] is None), None)

        self.assertIn("a byte was changed", wait_until(alarm, "the alarm")["words"])
        self.assertGreater(time.monotonic() - began, 3)
        annex.write_text(whole, encoding="utf-8")
        wait_until(lambda: alarm() is None, "its end")
        text = subprocess.run([os.path.join(os.environ["DETENTE_BIN"], "detente"), "alarm", "list", "--dir", self.north.dir],
                              capture_output=True, text=True, timeout=60).stdout
        self.assertIn("ended at", " ".join(text.split()))
        self.assertNotIn("OPEN", [line.split()[1] for line in text.splitlines() if "accord-next" in line or "next accord" in line])

    def test_the_next_step_names_what_is_missing_and_no_start_of_a_station_that_runs(self):
        self.begin()
        self.south.cli("accord", "amend", "north", "--heartbeat", "5")
        run = lambda *arguments: subprocess.run([os.path.join(os.environ["DETENTE_BIN"], "detente"), *arguments], capture_output=True,
                                                text=True, timeout=60).stdout
        self.assertIn("accord export north DIR2 --next", run("accord", "sign", "north", "--next", "--yes", "--dir", self.south.dir))
        self.assertIn(f"there: detente accord import {self.directory('next')}",
                      run("accord", "export", "north", self.directory("next"), "--next", "--dir", self.south.dir))
        said = run("accord", "import", self.directory("next"), "--dir", self.north.dir)
        self.assertIn("accord sign south --next", said)
        self.assertNotIn("station run", said)

    def test_what_may_not_follow_is_refused(self):
        self.begin()
        fault = self.south.refused("accord", "amend", "north", "--retire", "accord")
        self.assertEqual(fault["fault"], "denied")
        self.assertEqual(self.south.refused("accord", "amend", "north", "--retire", "nobody")["fault"], "not-found")
        self.assertEqual(self.south.refused("accord", "sign", "north", "--next", "--yes")["fault"], "not-found")
        self.draft("--heartbeat", "5")
        self.assertEqual(self.south.refused("accord", "amend", "north", "--heartbeat", "6")["fault"], "conflict")
        # A byte of an annex that is another: nothing of it is taken.
        annex = pathlib.Path(self.directory("next"), "annex-2.toml")
        annex.write_text(annex.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
        self.assertEqual(self.north.refused("accord", "import", self.directory("next"))["fault"], "authentication")
        self.assertEqual(self.accord_of(self.north)["version"], 1)


if __name__ == "__main__":
    unittest.main()
