"""The status ladder with real stations: each situation is told on every screen, and the others are not."""

import os
import signal
import subprocess
import time
import unittest

import outcome
from disks import SmallDisk, can_mount
from namespaces import World, missing
from amended_accord import amend
from relay import Relay
from stations import DETENTE, Lab, detente, wait_until
from terminal import TMUX, Terminals
from two_paths import LINE, TwoPaths
from watch_test import DAY, MINUTE, NINE, WatchCase

TITLES = {
    "in-contact": "IN CONTACT",
    "own-equipment-down": "OWN EQUIPMENT DOWN",
    "own-path-unplugged": "OWN PATH UNPLUGGED",
    "far-machine-off": "FAR MACHINE OFF",
    "one-direction-dead": "ONE DIRECTION DEAD",
    "nobody-on-watch": "NOBODY ON WATCH",
    "cut-by-them": "SUSPENDED BY north",
    "cut-by-us": "SUSPENDED BY US",
    "cut-by-both": "SUSPENDED BY BOTH",
    "outage-announced": "OUTAGE ANNOUNCED",
    "silent": "SILENT, WITH NO WORD",
    "other-accord": "OTHER ACCORD",
}
HEARTBEAT = ("--heartbeat", "2")  # of the accord; whatever follows from silence waits for it
SOON = 40.0  # heartbeats and what is needed to be sure, on a busy machine


class Ladders(unittest.TestCase):
    def run_status(self, station, *arguments):
        """(exit code, all that a person gets); never wider than 80 columns."""
        done = subprocess.run([DETENTE, "status", *arguments, "--dir", station.dir], capture_output=True,
                              text=True, timeout=60, check=False, env={**os.environ, **station.env})
        self.assertLessEqual(max(len(line) for line in done.stdout.split("\n")), 80, done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def ladder(self, station, far):
        return station.get(f"/v1/counterparts/{far}/lines/{LINE}/status")

    def await_situation(self, station, far, situation, patience=SOON, other_lines=()):
        """That line's ladder once it shows the situation; all screens then show it and no other, but those of other lines."""
        last = {}

        def shows():
            last.update(self.ladder(station, far))
            return last["situation"] == situation
        wait_until(shows, lambda: f"{station.name} to show {situation}; it shows {last}", patience)
        for arguments in ((), (f"{far}/{LINE}",)):
            code, text = self.run_status(station, *arguments)
            self.assertEqual(code, 0, text)
            self.assert_shown(situation, text, () if arguments else other_lines)
        line = station.line_of(far, LINE)
        self.assertEqual((line["situation"], line["title"]), (situation, last["title"]))
        return last

    def assert_shown(self, situation, text, other_lines=()):
        for other, title in TITLES.items():
            if other == situation or other in other_lines:
                self.assertIn(title, text)
            else:
                self.assertNotIn(title, text, f"beside {situation}")

    def rungs(self, ladder):
        return {rung["rung"]: rung["known"] for rung in ladder["rungs"]}


class OneLab(Ladders):
    """Two stations on this machine, nothing in between."""

    options = ()

    def setUp(self):
        self.lab = Lab("--lines", LINE, *HEARTBEAT, *self.options)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def in_contact(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("send", f"north/{LINE}", "Good morning.")
        return self.await_situation(self.south, "north", "in-contact")


class Contact(OneLab):
    def test_every_rung_says_what_is_known(self):
        ladder = self.in_contact()
        self.assertEqual(self.rungs(ladder), {
            "our equipment": "known good", "path": "known good", "far station": "known good",
            "line open": "known good", "far officer": "not known", "answer": "not known"})
        self.assertEqual((ladder["highest_good"], ladder["first_not"]), ("line open", "far officer"))
        for way in ("out", "in"):
            path, = ladder["paths"]
            self.assertEqual(path[way]["known"], "known good")
            self.assertLess(path[way]["age_s"], 60)
            self.assertEqual([(m["medium"], m[way]["known"]) for m in ladder["media"]],
                             [("text", "known good"), ("document", "known good")])

    def test_both_clocks_are_shown(self):
        self.in_contact()
        clock = wait_until(lambda: (c := self.south.status_of("north")["clock"])["offset_s"] is not None and c,
                           "a measurement")
        # One machine, one clock.
        self.assertLessEqual(abs(clock["offset_s"]), clock["uncertainty_s"])
        self.assertLessEqual(clock["uncertainty_s"], 5)
        synchronised = self.south.get("/v1/status")["clock_synchronised"]
        for arguments in ((), (LINE,)):
            _, text = self.run_status(self.south, *arguments)
            self.assertRegex(text, r"clocks: here \d\d:\d\d:\d\dZ, there \d\d:\d\d:\d\dZ; "
                                   r"theirs less ours [+-]\d+ s ± \d+ s, measured \d+ s ago")
            said = "no trusted time here: this machine's clock is not synchronised" in text
            self.assertEqual(said, synchronised is False, text)

    def test_a_line_that_is_not_there(self):
        self.in_contact()
        error = self.south.refused("status", "north/nothing")
        self.assertEqual(error["fault"], "not-found")
        self.assertIn(LINE, error["message"])
        self.assertEqual(self.south.ask("GET", "/v1/counterparts/north/lines/nothing/status")[0], 404)

    @unittest.skipIf(TMUX is None, "tmux is not there")
    def test_live_on_a_terminal(self):
        self.in_contact()
        terminals = Terminals(columns=80)
        self.addCleanup(terminals.close)
        terminal = terminals.open("watch", self.lab.dir, self.lab.dir)
        terminal.type(f"{DETENTE} status {LINE} --watch --dir {self.south.dir}")
        wait_until(lambda: TITLES["in-contact"] in terminal.screen(), "the view")
        self.north.stop()
        wait_until(lambda: TITLES["far-machine-off"] in terminal.screen(), "the farewell to be shown")
        self.assertNotIn(TITLES["in-contact"], terminal.screen())
        self.south.stop()
        wait_until(lambda: TITLES["own-equipment-down"] in terminal.screen(), "our own end to be shown")
        self.south.start()
        wait_until(lambda: TITLES["far-machine-off"] in terminal.screen(), "the station that came back")
        self.assertNotIn(TITLES["own-equipment-down"], terminal.screen())
        terminals.tmux("resize-window", "-t", "t:watch", "-x", "80", "-y", "10")
        wait_until(lambda: "more lines: make the window taller" in terminal.screen(), "what does not fit to be counted")
        terminals.tmux("resize-window", "-t", "t:watch", "-x", "80", "-y", "50")
        wait_until(lambda: "more lines:" not in terminal.screen(), "all of it to fit")
        # One that hangs: nothing old stays on the screen, and the view still ends.
        self.south.process.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: self.south.process and self.south.process.send_signal(signal.SIGCONT))
        wait_until(lambda: "THE STATION DOES NOT ANSWER" in terminal.screen(), "that to be said")
        self.assertNotIn(TITLES["far-machine-off"], terminal.screen())
        terminals.tmux("send-keys", "-t", "t:watch", "C-c")
        wait_until(lambda: terminal.screen().rstrip().endswith(":0>"), "a prompt after exit code 0")
        self.south.process.send_signal(signal.SIGCONT)


class OwnEquipment(OneLab):
    def test_a_station_that_does_not_run(self):
        self.in_contact()
        self.south.stop()
        code, text = self.run_status(self.south)
        self.assertEqual(code, 1)
        self.assert_shown("own-equipment-down", text)
        self.assertIn(f"detente station run --dir {self.south.dir}", text)
        self.assertEqual(self.south.refused("status")["fault"], "state")
        other = os.path.join(self.lab.dir, "other")  # a side without a station: none can be started there
        detente("side", "init", "other", "--display", "Other", "--dir", other, "--work-factor", "1",
                "--passphrase-file", f"{self.south.dir}.passphrase")
        _, answer = detente("status", "--dir", other)
        self.assertIn("there is no station in", answer["error"]["message"])
        self.assertIn("detente side show", answer["error"]["message"])
        self.assertNotIn("station run", answer["error"]["message"])
        # A program finds the same name as while a station runs.
        for words in (("status",), ("status", f"north/{LINE}")):
            code, answer = detente(*words, "--dir", self.south.dir)
            self.assertEqual((code, answer["ok"], answer["situation"]), (1, False, "own-equipment-down"))
            self.assertEqual(answer["title"], TITLES["own-equipment-down"])
            self.assertIn("nothing is known of any line", answer["to_do"])

    def test_whose_directory_it_is_not_hears_of_permissions_and_not_of_a_side_to_be_made(self):
        # Root looks into everything, unless it is told not to.
        as_other = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        os.chmod(self.south.dir, 0)
        self.addCleanup(os.chmod, self.south.dir, 0o755)
        for words in (("status",), ("station", "run")):
            done = subprocess.run([*as_other, DETENTE, *words, "--dir", self.south.dir], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("Permission denied; check whose it is and its permissions", done.stderr)
            self.assertNotIn("side init", done.stderr)

    def test_a_disk_that_refuses(self):
        if not can_mount():
            self.skipTest("needs root, for a file system of its own")
        disk = SmallDisk(self, self.south.path("station"), megabytes=24)
        self.in_contact()
        disk.fill()
        body = {"text": "A word. " * 60, "wait": "durable"}

        def refused():
            return self.south.ask("POST", f"/v1/counterparts/north/lines/{LINE}/entries", body)[0] == 500
        wait_until(refused, "the disk to be full", 90)
        ladder = self.await_situation(self.south, "north", "own-equipment-down")
        self.assertEqual(self.rungs(ladder)["our equipment"], "known not")
        self.assertIn("make room", ladder["words"])
        disk.free()
        wait_until(lambda: not refused(), "the station to go on")
        self.await_situation(self.south, "north", "in-contact")


class FarMachine(OneLab):
    def test_a_farewell_is_quoted_and_ends(self):
        self.in_contact()
        self.north.stop()
        ladder = self.await_situation(self.south, "north", "far-machine-off")
        self.assertIn('said farewell at', ladder["words"])
        self.assertIn('"this station stops"', ladder["words"])
        self.assertEqual(self.rungs(ladder)["far station"], "known not")
        self.north.start()
        self.await_situation(self.south, "north", "in-contact")

    def test_a_killed_station_is_told_by_its_machine(self):
        self.in_contact()
        self.north.kill()
        self.south.cli("send", f"north/{LINE}", "Are you there?", "--wait", "durable")
        ladder = self.await_situation(self.south, "north", "far-machine-off")
        _, (_, address) = self.north.ends("south")[0], self.south.ends("north")[0]
        self.assertIn(f"a machine at {address} says that nobody listens there", ladder["words"])
        self.assertIn("a hint, not signed by anybody", ladder["words"])
        self.assertEqual(ladder["title"], "FAR MACHINE OFF, BY A HINT")
        self.north.start()
        self.await_situation(self.south, "north", "in-contact")


class FarMachineOverTcp(FarMachine):
    options = ("--kinds", "tcp")


class People(OneLab):
    def test_an_answered_query_is_evidence_of_a_person(self):
        self.assertEqual(self.in_contact()["first_not"], "far officer")
        _, text = self.run_status(self.south)
        self.assertIn(f"a person there, on {LINE}: not known: no check call and no presence query was answered yet", text)
        self.south.cli("presence", "ask", f"north/{LINE}", "--as", "kim")
        wait_until(lambda: self.north.get(f"/v1/counterparts/south/lines/{LINE}/watch")["presence"]["theirs"],
                   "the question to arrive")
        self.north.cli("presence", "ready", f"south/{LINE}", "--as", "ri")
        ladder = wait_until(lambda: (l := self.ladder(self.south, "north"))["first_not"] is None and l,
                            "every rung to be known good")
        self.assertEqual(set(self.rungs(ladder).values()), {"known good"})
        _, text = self.run_status(self.south)
        self.assertIn(f"a person there, on {LINE}: known good: answered a presence query by duty-officer 1", text)
        self.assertEqual([r["words"] for r in ladder["rungs"]][-1], "ready")
        self.await_situation(self.south, "north", "in-contact")
        # A person is not known to be there behind a machine that is not.
        self.north.stop()
        ladder = self.await_situation(self.south, "north", "far-machine-off")
        self.assertEqual((self.rungs(ladder)["far officer"], self.rungs(ladder)["answer"]),
                         ("not known", "not known"))
        self.assertNotIn("a person there", self.run_status(self.south)[1])

    def test_an_outage_that_was_announced(self):
        self.in_contact()
        now = self.south.get("/v1/status")["now"]
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + ahead)) for ahead in (0, 3600))
        self.north.cli("outage", "announce", "south/accord", begin, end, "--words", "new batteries", "--as", "ri")
        # While they are heard it is a thing to know, and no more.
        wait_until(lambda: any("new batteries" in also for also in self.ladder(self.south, "north")["also"]),
                   "the announcement to be shown")
        self.await_situation(self.south, "north", "in-contact")
        self.north.kill()
        self.south.cli("send", f"north/{LINE}", "Are you there?", "--wait", "durable")
        ladder = self.await_situation(self.south, "north", "outage-announced")
        self.assertIn('North announced an outage from', ladder["words"])
        self.assertIn('"new batteries"', ladder["words"])
        self.north.start()
        self.await_situation(self.south, "north", "in-contact")


class NobodyOnWatch(WatchCase, Ladders):
    def test_a_machine_that_answers_where_no_person_does(self):
        self.start()
        self.await_situation(self.south, "north", "in-contact")
        self.clock.set(NINE + 10)
        self.wait_state(self.south, "due")
        self.cli(self.south, "call", LINE, "--as", "kim")
        self.wait_state(self.north, "due")
        self.await_situation(self.south, "north", "in-contact")
        self.clock.set(NINE + 31 * MINUTE)
        ladder = self.await_situation(self.south, "north", "nobody-on-watch", other_lines=("in-contact",))
        self.assertEqual((self.rungs(ladder)["far station"], self.rungs(ladder)["far officer"]), ("known good", "known not"))
        self.assertIn("Nobody answered the check call at 2027-03-02 00:00:00Z", ladder["words"])
        self.assertIn(f"detente presence ask north/{LINE} --as YOU", self.run_status(self.south)[1])
        # One answer, a day later, and it is over.
        self.clock.set(NINE + DAY + 10)
        self.cli(self.south, "call", LINE, "--as", "kim")
        self.wait_state(self.north, "due")
        self.cli(self.north, "answer", LINE, "--as", "ri")
        self.await_situation(self.south, "north", "in-contact")


class Cut(OneLab):
    options = ("--lift-alone",)

    def cut(self, station, far, officer, reason):
        station.cli("cut", f"{far}/{LINE}", "--as", officer, "--reason", reason, "--yes")

    def test_by_them_by_both_and_by_us_are_told_apart(self):
        self.in_contact()
        self.cut(self.north, "south", "ri", "the leaflets")
        ladder = self.await_situation(self.south, "north", "cut-by-them", other_lines=("in-contact",))
        self.assertIn("the leaflets", ladder["words"])
        self.assertEqual((self.rungs(ladder)["far station"], self.rungs(ladder)["line open"]), ("known good", "known not"))
        self.cut(self.south, "north", "kim", "the answer to it")
        self.await_situation(self.south, "north", "cut-by-both", other_lines=("in-contact",))
        self.north.cli("lift", f"south/{LINE}", "--as", "ri")
        ladder = self.await_situation(self.south, "north", "cut-by-us", other_lines=("in-contact",))
        self.assertIn("the answer to it", ladder["words"])
        # It stays what is known for sure when the other machine goes, too.
        self.north.stop()
        wait_until(lambda: self.south.line_of("north", "accord")["situation"] == "far-machine-off", "the farewell", SOON)
        self.await_situation(self.south, "north", "cut-by-us", other_lines=("far-machine-off",))


class AnotherAccord(OneLab):
    def test_two_stations_with_another_text_say_so_and_not_that_nobody_is_there(self):
        self.in_contact()
        first = self.south.status_of("north")["accord"]["digest"]
        self.south.stop()
        self.north.stop()
        amend(self.south, self.north, first)
        self.lab.start("south", "north")
        for station, far in ((self.south, "north"), (self.north, "south")):
            ladder = self.await_situation(station, far, "other-accord")
            self.assertNotRegex(ladder["title"] + ladder["words"], "silent|nobody|off")


class Silence(OneLab):
    options = ("--gap",)

    def test_a_path_that_loses_everything_is_silence_and_no_more(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.in_contact()
        relay.change = lambda direction, number, datagram: []
        self.south.cli("send", f"north/{LINE}", "Into the dark.", "--wait", "durable")
        for station, far in ((self.south, "north"), (self.north, "south")):
            ladder = self.await_situation(station, far, "silent")
            self.assertIn("nobody has said why", ladder["words"])
            self.assertEqual(self.rungs(ladder)["far station"], "not known")
            self.assertNotRegex(ladder["title"] + ladder["words"] + ladder["to_do"], "refus|unplugged| off")
        relay.change = None
        self.await_situation(self.south, "north", "in-contact")

    def test_never_heard_says_since_when(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0],
                      lambda direction, number, datagram: [])
        self.addCleanup(relay.close)
        self.south.start()
        ladder = self.await_situation(self.south, "north", "silent")
        self.assertIn("Nothing was heard since this station's start at", ladder["words"])
        self.assertEqual(ladder["highest_good"], "our equipment")


class OneDirection(OneLab):
    options = ("--gap",)

    def test_they_do_not_hear_us(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.in_contact()
        relay.change = lambda direction, number, datagram: [datagram] if direction == 1 else []
        self.south.cli("send", f"north/{LINE}", "Do you hear us?", "--wait", "durable")
        ladder = self.await_situation(self.south, "north", "one-direction-dead", 2 * SOON)
        self.assertEqual(ladder["title"], "ONE DIRECTION DEAD: they do not hear us")
        path, = ladder["paths"]
        self.assertEqual((path["out"]["known"], path["in"]["known"]), ("known not", "known good"))
        # North hears nothing, and cannot know more than that.
        self.await_situation(self.north, "south", "silent")
        relay.change = None
        self.await_situation(self.south, "north", "in-contact")

    def test_a_station_that_starts_into_it_is_told_by_calls(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.in_contact()
        relay.change = lambda direction, number, datagram: [datagram] if direction == 1 else []
        self.south.kill()
        self.south.start()
        self.north.cli("send", f"south/{LINE}", "Are you there?", "--wait", "durable")
        ladder = self.await_situation(self.south, "north", "one-direction-dead", 3 * SOON)
        self.assertEqual(ladder["title"], "ONE DIRECTION DEAD: they do not hear us")
        self.assertIn("calls of theirs in a row were answered", ladder["words"])


class OneDirectionOfTwoPaths(TwoPaths, Ladders):
    LAB = HEARTBEAT

    def test_we_do_not_hear_them_as_they_tell_by_the_other_path(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.await_situation(self.south, "north", "in-contact")
        self.links[0].set("b-a", "blackhole", "on")
        ladder = self.await_situation(self.south, "north", "one-direction-dead", 3 * SOON)
        self.assertEqual(ladder["title"], "ONE DIRECTION DEAD: we do not hear them")
        self.assertIn("On path1 north hears us and we do not hear north", ladder["words"])
        self.assertIn("The line goes on by path2.", ladder["words"])
        self.assertEqual(self.rungs(ladder)["path"], "known good")
        # At the other end it is the same path and the other direction.
        ladder = self.await_situation(self.north, "south", "one-direction-dead", 3 * SOON)
        self.assertEqual(ladder["title"], "ONE DIRECTION DEAD: they do not hear us")
        self.assertIn("On path1", ladder["words"])
        self.links[0].set("b-a", "blackhole", "off")
        self.await_situation(self.south, "north", "in-contact", 2 * SOON)


    def test_a_direction_that_is_merely_slow_is_shown_as_slow(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.await_situation(self.south, "north", "in-contact")
        self.links[0].set("b-a", "delay", "30s")

        def out(station, far):
            return next(path for path in self.ladder(station, far)["paths"] if path["name"] == "path1")["out"]
        wait_until(lambda: out(self.north, "south")["words"].startswith("SLOW: "), lambda: out(self.north, "south"), 90)
        self.assertEqual(out(self.north, "south")["known"], "known good")
        for station, far in ((self.north, "south"), (self.south, "north")):
            ladder = self.await_situation(station, far, "in-contact", 30)
            self.assertNotIn("DEAD", str(ladder))


class Unplugged(Ladders):
    def setUp(self):
        if reason := missing():
            self.skipTest(reason)

    def test_an_own_interface_that_is_down_is_named(self):
        with World([LINE], paths=2, lab_options=HEARTBEAT) as world:
            south, device = world.south, [link.device for link in world.links]

            def interface(number, state):
                world.run_in("a", "ip", "link", "set", device[number], state)
            self.await_situation(south, "north", "in-contact")
            # A cable without anything at its other end: the system goes on taking datagrams, and none comes in.
            world.links[0].set("b-a", "blackhole", "on")
            world.run_in("a", "ip", "link", "set", device[0], "carrier", "off")
            ladder = self.await_situation(south, "north", "own-path-unplugged", 2 * SOON)
            self.assertIn(f"the network interface {device[0]} has no carrier", ladder["words"])
            world.run_in("a", "ip", "link", "set", device[0], "carrier", "on")
            world.links[0].set("b-a", "blackhole", "off")
            self.await_situation(south, "north", "in-contact")
            interface(0, "down")
            ladder = self.await_situation(south, "north", "own-path-unplugged")
            self.assertIn("This machine cannot send on path1", ladder["words"])
            path = south.get("/v1/paths")["counterparts"][0]["paths"][0]
            self.assertEqual(path["out"]["known"], "known not")
            self.assertIn(path["out"]["words"], ladder["paths"][0]["out"]["words"])
            self.assertIn("The line goes on by path2.", ladder["words"])
            self.assertEqual(self.rungs(ladder)["path"], "known good")
            interface(1, "down")
            ladder = wait_until(lambda: (l := self.ladder(south, "north"))["first_not"] == "path" and l,
                                "both paths to be missed", SOON)
            self.assertEqual(ladder["situation"], "own-path-unplugged")
            self.assertIn("Of north this says nothing", ladder["words"])
            # The other side sees silence, and no fault of its own.
            self.await_situation(world.north, "south", "silent")
            for number in (0, 1):
                interface(number, "up")
            self.await_situation(south, "north", "in-contact")


if __name__ == "__main__":
    outcome.main()
