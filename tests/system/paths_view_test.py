"""What a person sees of the paths: each direction by itself, as measured, while one is cut.

Two real stations over two emulated UDP paths; each direction of a path is cut on its own.
"""

import contextlib
import json
import signal
import subprocess
import unittest

import outcome
from stations import DETENTE, Lab, wait_until
from terminal import TMUX, Terminals
from two_paths import LINE, TwoPaths

SECONDS = 8.0  # "within seconds": far above what is needed on an idle machine


class Paths(TwoPaths):
    def start(self):
        self.lab.start("south", "north")
        self.say("Good morning.")
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.measured(s), f"{station.name}'s measures of both paths")

    def say(self, text):
        self.assertEqual(self.south.cli("send", f"north/{LINE}", text)["state"], "receipted")


class View(Paths):
    def test_a_cut_direction_is_shown_and_recovers(self):
        self.start()
        best = self.best(self.south)
        path = self.paths(self.south)[best]
        self.assertEqual(path["out"]["suspect"], False)
        self.assertEqual((path["name"], path["kind"]), (f"path{best + 1}", "udp"))
        self.assertEqual((path["listen"], path["peer"]), self.south.ends("north")[best])

        self.links[best].set("a-b", "blackhole", "on")
        self.say("This goes by the other path.")
        cut = self.paths(self.south)[best]
        self.assertEqual((cut["out"]["suspect"], cut["best"]), (True, False))
        self.assertGreater(cut["loss_per_mille"], 0)
        self.assertLessEqual(cut["out"]["suspect_ms"], SECONDS * 1000)
        self.assertNotEqual(self.best(self.south), best)
        # South's packets do not come to north there; north's come to south, and north finds nothing wrong.
        wait_until(lambda: self.paths(self.north)[best]["in"]["heard_ms"] >= 1500, "north to hear nothing there")
        self.assertFalse(self.paths(self.north)[best]["out"]["suspect"])
        other = self.paths(self.south)[1 - best]
        self.assertEqual((other["out"]["suspect"], other["best"]), (False, True))
        self.assertGreaterEqual(self.paths(self.south)[best]["out"]["arrived_ms"], 1000)  # of one moment, by two clocks

        # The same words as in the status ladder, once it is sure.
        dead = wait_until(lambda: (o := self.paths(self.south)[best]["out"])["known"] == "known not" and o,
                          "the dead direction to be told", 3 * SECONDS)
        self.assertEqual(dead["words"], "they say that nothing of ours has come")
        self.assertIn("TROUBLE: they say that nothing of ours has come, since", self.text("paths"))

        self.links[best].set("a-b", "blackhole", "off")
        healed = wait_until(lambda: (p := self.paths(self.south)[best])["out"]["suspect"] is False and p,
                            "the path to recover", SECONDS)
        self.assertIsNone(healed["out"]["suspect_since"])
        self.assertLessEqual(healed["out"]["arrived_ms"], SECONDS * 1000)
        self.assertNotIn("TROUBLE", self.text("paths"))

    def test_what_is_not_known_is_not_guessed(self):
        self.south.start()
        for path in self.paths(self.south):
            for value in (path["in"]["heard_ms"], path["out"]["arrived_ms"], path["round_trip_ms"],
                          path["loss_per_mille"]):
                self.assertIsNone(value, path)
        shown = self.text("paths", "north")
        self.assertEqual(shown.count("not known yet"), 8, shown)
        self.assertIn("link down", shown)

    def text(self, *arguments, of=None):
        """What a person gets; never wider than 80 columns."""
        done = subprocess.run([DETENTE, *arguments, "--dir", (of or self.south).dir], capture_output=True,
                              text=True, timeout=60, check=True)
        self.assertLessEqual(max(len(line) for line in done.stdout.split("\n")), 80, done.stdout)
        return done.stdout

    def test_nobody_listens_there_is_told_of_the_path(self):
        with contextlib.closing(Lab("--lines", LINE, "--work-factor", "10")) as lab:
            south, north = lab["south"], lab["north"]
            lab.start("south", "north")
            south.wait_link("north")
            north.kill()
            south.cli("send", f"north/{LINE}", "Are you there?", "--wait", "durable")
            words = "a machine at that address says that nobody listens there"
            wait_until(lambda: self.paths(south)[0]["out"]["words"] == words, "the hint", 40)
            self.assertEqual(self.paths(south)[0]["out"]["known"], "known not")
            self.assertIn(f"TROUBLE: {words}", " ".join(self.text("paths", of=south).split()))

    def test_errors_say_what_to_do(self):
        for options in ((), ("--watch",)):
            error = self.south.refused("paths", *options)
            self.assertEqual(error["fault"], "state")
            self.assertIn("detente station run", error["message"])
        self.south.start()
        self.assertEqual(self.south.refused("paths", "nobody")["fault"], "not-found")

    def test_status_says_whether_the_record_is_confirmed(self):
        self.south.start()
        started = self.south.get("/v1/status")["started"]
        alone = self.south.status_of("north")
        self.assertEqual((alone["contact"], alone["since"]), (False, started))
        shown = " ".join(self.text("status").split())
        self.assertIn("north has not yet confirmed what it holds since this station's start at", shown)
        self.assertIn("nothing is signed before it does", shown)
        self.north.start()
        wait_until(lambda: self.south.status_of("north")["contact"], "north to confirm")
        self.assertIsNone(self.south.status_of("north")["since"])
        self.assertIn("record confirmed by the other side", self.text("status"))


class Watch(Paths):
    @unittest.skipIf(TMUX is None, "tmux is not there")
    def test_on_a_terminal(self):
        self.start()
        terminals = Terminals(columns=80)
        self.addCleanup(terminals.close)
        terminal = terminals.open("watch", self.lab.dir, self.lab.dir)
        terminal.run("echo before")
        terminal.type(f"{DETENTE} paths --watch --dir {self.south.dir}")
        wait_until(lambda: "best now" in terminal.screen(), "the view")
        self.assertNotIn("SUSPECT", terminal.screen())
        best = self.best(self.south)
        self.links[best].set("a-b", "blackhole", "on")
        self.say("And on.")
        wait_until(lambda: "SUSPECT since" in terminal.screen(), "the cut to be shown", SECONDS)
        self.links[best].set("a-b", "blackhole", "off")
        wait_until(lambda: "SUSPECT" not in terminal.screen(), "its end to be shown", SECONDS)
        # One view stands there, not one below the other.
        self.assertEqual(terminal.screen().count("best now"), 1, terminal.screen())
        self.south.stop()
        wait_until(lambda: "no station runs" in terminal.screen(), "the station's end to be shown")
        self.south.start()
        wait_until(lambda: "best now" in terminal.screen(), "the view to go on")
        terminals.tmux("send-keys", "-t", "t:watch", "C-c")
        # The screen from before is back, and the shell says how it ended.
        wait_until(lambda: terminal.screen().rstrip().endswith(":0>"), "a prompt after exit code 0")
        self.assertIn("before", terminal.screen())
        self.assertNotIn("best now", terminal.screen())

    def test_for_a_program(self):
        self.start()
        process = subprocess.Popen([DETENTE, "paths", "--watch", "--json", "--dir", self.south.dir],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        for _ in range(3):
            frame = json.loads(process.stdout.readline())
            self.assertEqual([c["counterpart"] for c in frame["counterparts"]], ["north"])
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        self.assertEqual(process.wait(10), 0)


if __name__ == "__main__":
    outcome.main()
