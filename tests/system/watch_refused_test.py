"""The watch is asked for what cannot be, with real stations: floods, strangers, rights, dates, a log that was changed."""

import pathlib
import unittest

from stations import wait_until
from watch_test import DAY, HOUR, NINE, WatchCase


class BadInput(WatchCase):
    OPTIONS = ("--people", "liaison=head,liaison-desk")

    def test_a_flood_of_presence_queries_is_one_question(self):
        self.start()
        for _ in range(30):
            self.cli(self.north, "presence", "ask", "navy", "--as", "ri", "--wait", "none")
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["theirs"], "a question")
        open_matters = [o for o in self.cli(self.south, "watch", "show")["open"] if "anybody" in o["words"]]
        self.assertEqual(len(open_matters), 1)
        self.assertLess(len(self.south.get("/v1/watch")["alarms"]), 2)

    def test_a_call_that_nobody_planned_and_a_stranger_to_the_line(self):
        self.start()
        self.assertIn("no check call", self.refused(self.south, "call-off", "military-west", "2027-05-05", "--as", "kim"))
        self.assertIn("as 2026-11-24", self.refused(self.south, "call-off", "military-west", "tomorrow", "--as", "kim"))
        self.assertIn("plans no check calls", self.refused(self.south, "call", "navy", "--as", "kim"))
        self.assertIn("nobody", self.refused(self.south, "watch", "on", "--as", "nobody"))
        self.assertIn("there is no line", self.refused(self.south, "watch", "on", "nowhere", "--as", "kim"))

    def test_a_credential_that_is_not_valid_yet(self):
        self.start()
        self.clock.set(NINE - 40 * DAY)
        for words in (("watch", "on"), ("presence", "ask", "navy"), ("send", "navy", "too early")):
            message = self.refused(self.south, *words, "--as", "kim")
            self.assertIn("not valid before 2027-03-01", message)
        self.assertEqual(self.cli(self.south, "watch", "show")["on_watch"], [])
        self.clock.set(NINE - HOUR)
        self.cli(self.south, "watch", "on", "--as", "kim")

    def test_a_post_that_the_accord_does_not_name_has_no_right_on_the_line(self):
        self.lab.start("south")
        for words in (("send", "liaison", "good morning", "--wait", "none"), ("presence", "ask", "liaison"),
                      ("watch", "on", "liaison")):
            said = self.refused(self.south, *words, "--as", "kim")
            self.assertIn("line liaison to these posts: head, liaison-desk. Officer 1 is duty-officer", said, words)
        self.cli(self.south, "send", "military-west", "good morning", "--as", "kim", "--wait", "durable")
        self.cli(self.south, "officer", "enrol", "seo", "--post", "liaison-desk")
        self.cli(self.south, "send", "liaison", "good morning", "--as", "seo", "--wait", "durable")

    def test_a_watch_log_that_was_changed_is_said_at_the_start(self):
        self.start()
        self.cli(self.south, "watch", "on", "--as", "kim")
        self.south.stop()
        path = pathlib.Path(self.south.path("station", "watch.log"))
        path.write_text(path.read_text().replace('"do":"on"', '"do":"off"', 1))
        self.south.spawn()
        self.south.process.wait(20)
        self.south.process = None
        self.assertIn("changed or taken out", self.south.stderr() + pathlib.Path(self.south.path("station", "station.log")).read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
