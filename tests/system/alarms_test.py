"""Who is told of an alarm: hooks of the site, the watch that does not answer its prompt. Runs a real station with a clock that the test sets."""

import pathlib
import re
import unittest

from stations import wait_until
from watch_test import MINUTE, NINE, WatchCase


class Alarms(WatchCase):
    OPTIONS = ("--gap",)

    def configure(self, text, top=""):
        path = pathlib.Path(self.south.path("station", "station.toml"))
        old = path.read_text()
        first, rest = old.split("\n", 1)
        path.write_text(first + "\n" + top + rest + text)

    def script(self, name, text):
        path = self.base / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def one_silence(self):
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim", "--wait", "durable")
        self.wait_state(self.south, "due")
        self.clock.set(NINE + 31 * MINUTE)
        self.wait_state(self.south, "unanswered")

    def alarm(self, kind):
        return next((a for a in self.south.get("/v1/watch")["alarms"] if a["kind"] == kind), None)

    def test_hooks_get_data_and_no_command_line_and_one_that_hangs_is_shown(self):
        # A file for each alarm: this side's own missed call on another line is one at the same hour.
        out, late = self.base / "out.silence", self.base / "late"
        good = self.script("good", f'out="{self.base}/out.$DETENTE_KIND"\n'
                                   '{ echo "$#"; env | grep ^DETENTE_; cat; } > "$out.new"; mv "$out.new" "$out"\n')
        hangs = self.script("hangs", "sleep 600\n")
        told = self.script("told", f'touch "{late}"\n')
        self.configure(f"""
[[hooks]]
on = "alarm"
command = ["{good}"]

[[hooks]]
on = "alarm"
command = ["{hangs}"]
timeout_seconds = 1

[[hooks]]
on = "escalation"
command = ["{told}"]
after_minutes = 15
""")
        self.south.start()
        self.one_silence()
        wait_until(out.exists, "the hook to have run")
        text = out.read_text()
        self.assertTrue(text.startswith("0\n"), text)
        self.assertIn("DETENTE_LINE=military-west", text)
        self.assertIn("without an answer", text)
        wait_until(lambda: "A HOOK FAILED" in self.alarm("silence")["hook"], "the hook that hangs to be shown")
        self.assertFalse(late.exists(), "it is not yet time")
        for _ in range(4):  # of the time that nobody acknowledged it, as the station saw it pass
            self.clock.forward(5 * MINUTE)
            wait_until(lambda: self.south.get("/v1/status")["now"] >= self.clock.now() - 2, "the station's clock")
            seen = self.clock.now()
            wait_until(lambda at=seen: self.clock.now() >= at + 2, "a look of the station at its alarms")
        wait_until(late.exists, "the escalation")

    def test_of_several_hooks_those_that_fail_are_named(self):
        hangs = self.script("hangs", "sleep 600\n")
        fails = self.script("fails", "exit 3\n")
        good = self.script("good", "exit 0\n")
        self.configure("".join(f"""
[[hooks]]
on = "alarm"
command = ["{command}"]
timeout_seconds = 1
""" for command in (hangs, good, fails)))
        self.south.start()
        self.one_silence()
        failing = lambda: {h["hook"]: h for h in self.south.get("/v1/watch")["hooks"]}
        first, third = f"hook 1, on alarm: {hangs}", f"hook 3, on alarm: {fails}"
        wait_until(lambda: set(failing()) == {first, third}, failing)
        self.assertIn("it ran longer than 1 s", failing()[first]["words"])
        self.assertIn("ended with status 3", failing()[third]["words"])
        self.assertGreaterEqual(failing()[first]["since"], NINE)
        for screen in (("status",), ("alarm", "list"), ("watch", "show")):
            shown = self.south.shown(*screen, env=self.clock.env)
            for hook in (first, third):
                self.assertRegex(shown, rf"A HOOK FAILS since \S+ \S+: {re.escape(hook)}: ", screen)
            self.assertNotIn(f"{good}:", shown)
        alarm = self.alarm("silence")["hook"]
        self.assertTrue(first in alarm and third in alarm, alarm)
        before = failing()
        self.south.kill()
        self.south.start()
        self.assertEqual(failing(), before, "until they work it is known, also after a start")

    def test_a_watch_that_does_not_answer_its_prompt_is_an_alarm_at_home(self):
        self.configure("", "vigilance_minutes = 30\nvigilance_grace_minutes = 5\n")
        self.south.start()
        self.cli(self.south, "watch", "on", "--as", "kim")
        queued = [line["queued"] for line in self.south.status_of("north")["lines"]]
        self.clock.forward(31 * MINUTE)
        wait_until(lambda: "prompt" in [e["event"] for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"]],
                   "the prompt")
        self.assertIsNone(self.alarm("vigilance"))
        self.cli(self.south, "watch", "here", "--as", "kim")
        self.clock.forward(31 * MINUTE)
        self.clock.forward(5 * MINUTE)
        wait_until(lambda: self.alarm("vigilance"), "the alarm")
        self.assertEqual([line["queued"] for line in self.south.status_of("north")["lines"]], queued, "nothing of it leaves")


if __name__ == "__main__":
    unittest.main(verbosity=2)
