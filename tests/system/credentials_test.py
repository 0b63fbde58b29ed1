"""A credential that ends never strands a side: the warning, the refusal, the renewal by file, the act.

Real stations and a clock that the test sets; what cuts them off is a relay that passes nothing.
"""

import json
import os
import subprocess
import unittest

from relay import Relay
from stations import wait_until
from watch_test import DAY, NINE, WatchCase

OFFICERS_DAYS, STATIONS_DAYS = 365, 3650  # of `detente lab new`
LINE = "military-west"
VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")


class Ends(WatchCase):
    OPTIONS = ("--gap",)

    def setUp(self):
        super().setUp()
        self.relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(self.relay.close)

    def alarms(self, station, end):
        """Words by the number of the credential, of alarms that a credential ends (or ended) and that last."""
        held = station.get("/v1/watch")["alarms"]
        return {a["kind"]: a["words"] for a in held if a["kind"].startswith("credential-") and a["ended_at"] is None and
                f": the credential {end} at" in a["words"]}

    def wait_alarm(self, station, kind, end):
        return wait_until(lambda: self.alarms(station, end).get(kind), lambda: f"{kind} {end}: {self.alarms(station, end)}")

    def cut_off(self):
        self.relay.change = lambda direction, number, datagram: []

    def carry(self, giver, taker):
        file = self.base / f"{len(list(self.base.glob('*.bulletins')))}-of-{giver.name}.bulletins"
        self.cli(giver, "bulletin", "export", str(file))
        return self.cli(taker, "bulletin", "import", str(file))

    def verdicts(self, station, text):
        other = "north" if station is self.south else "south"
        entry = next((e for e in station.entries(other, LINE) if e.get("text") == text), None)
        if entry is None:
            return None
        shown = self.cli(station, "record", "entry", f"{other}/{LINE}", "far", str(entry["index"]))
        return [(s["officer"], s["verdict"]) for s in shown["evidence"]["signatures"]]

    def proved(self, index):
        """What a stranger's verifier says of one entry of south's."""
        file = self.base / f"{self.clock.now()}.dex"
        self.cli(self.south, "record", "export", LINE, "own", str(index), "--out", str(file))
        cards = [part for station in (self.south, self.north) for part in ("--card", station.path("card.note"))]
        done = subprocess.run([VERIFY, "entry", str(file), *cards, "--json"], capture_output=True, text=True, timeout=60)
        file.unlink()
        return json.loads(done.stdout)["verdict"]

    def test_an_officers_credential_ends_while_the_line_is_cut_off(self):
        self.start()
        self.cli(self.south, "watch", "on", "--as", "kim")
        self.assertEqual(self.alarms(self.south, "expires"), {})
        begin = self.clock.now()
        # Both stations warn before, and each says what its own people can do.
        self.clock.set(begin + (OFFICERS_DAYS - 29) * DAY)
        self.assertIn("detente officer renew", self.wait_alarm(self.south, "credential-south-1", "expires"))
        self.assertIn("detente bulletin import", self.wait_alarm(self.north, "credential-south-1", "expires"))
        self.cut_off()
        self.clock.set(begin + (OFFICERS_DAYS + 1) * DAY)
        self.wait_alarm(self.south, "credential-south-1", "expired")
        for words in (("send", LINE, "too late", "--wait", "none"), ("presence", "ask", LINE), ("watch", "here")):
            said = self.refused(self.south, *words, "--as", "kim")
            self.assertIn("the credential of officer 1, duty-officer, expired at", said)
            self.assertIn("detente officer renew NAME", said)
        # Renewed at home and by a file; neither station starts anew.
        renewed = self.cli(self.south, "officer", "renew", "kim")
        self.assertEqual((renewed["told"], renewed["number"] > 3), (True, True))
        self.assertEqual([o["number"] for o in self.cli(self.south, "officer", "list")["officers"] if o["name"] == "kim"],
                         [renewed["number"]])
        taken = self.carry(self.south, self.north)
        self.assertEqual((taken["added"], taken["told"], taken["other_station"]), (1, True, False))
        for station in (self.south, self.north):
            wait_until(lambda s=station: "credential-south-1" not in self.alarms(s, "expired"), f"{station.name}'s alarm to end")
        self.assertNotIn("credential-south-2", self.alarms(self.south, "expired"), "park has gone, and the post is kept")
        self.cli(self.south, "send", LINE, "on watch again", "--as", "kim", "--wait", "durable")
        # Whoever was on watch still is, under the new number.
        self.assertEqual({one["number"] for one in self.watch(self.south)["on_watch_here"]}, {renewed["number"]})
        self.cli(self.south, "watch", "off", "--as", "kim")
        self.assertEqual(self.watch(self.south)["on_watch_here"], [])
        self.relay.change = None
        wait_until(lambda: self.verdicts(self.north, "on watch again"), "the words to arrive", 60)
        self.assertEqual(self.verdicts(self.north, "on watch again"), [(renewed["number"], "valid")])
        # The other side's officer is of their root alone: expired too, and nobody here can help.
        self.assertIn("expired at", self.refused(self.north, "send", LINE, "no", "--as", "ri"))

    def test_whoever_expired_on_watch_can_leave_it(self):
        self.lab.start("south")
        self.cli(self.south, "watch", "on", "--as", "park")
        self.clock.forward((OFFICERS_DAYS + 1) * DAY)
        self.assertIn("expired at", self.refused(self.south, "watch", "here", "--as", "park"))
        self.cli(self.south, "officer", "renew", "kim")
        self.cli(self.south, "watch", "handover", "--as", "park", "--to", "kim")
        self.cli(self.south, "watch", "off", "--as", "kim")

    def test_a_stations_credential_ends_and_the_line_goes_on(self):
        self.start()
        begin = self.clock.now()
        self.clock.set(begin + (STATIONS_DAYS - 20) * DAY)
        number = self.cli(self.south, "officer", "renew", "kim", "--days", "400")["number"]
        self.clock.set(begin + (STATIONS_DAYS + 1) * DAY)
        ours = next(k for k, words in wait_until(lambda: self.alarms(self.south, "expired"), "an alarm").items()
                    if "our station main" in words)
        self.assertIn("detente station renew", self.alarms(self.south, "expired")[ours])
        # A session begins as before: who the station is does not hang on a date.
        self.south.kill()
        self.north.kill()
        self.lab.start("south", "north")
        self.south.wait_link("north")
        sent = self.cli(self.south, "send", LINE, "after the last day", "--as", "kim")
        self.assertEqual(sent["state"], "receipted")
        wait_until(lambda: self.verdicts(self.north, "after the last day") == [(number, "valid")], "the words with a verdict")
        # Only a proof for outsiders asks for the date; the renewal reaches back, so nothing is lost.
        entry = sent["entry"]["index"]
        self.assertNotEqual(self.proved(entry), "proved")
        self.assertEqual(self.cli(self.south, "station", "renew")["told"], True)
        self.cli(self.north, "station", "renew")
        self.assertEqual(self.carry(self.north, self.south)["other_station"], False)
        self.carry(self.south, self.north)
        for station in (self.south, self.north):
            wait_until(lambda s=station: ours not in self.alarms(s, "expired"), f"{station.name}'s alarm to end")
        self.assertEqual(self.proved(entry), "proved")
        self.cli(self.south, "send", LINE, "and on", "--as", "kim")
        self.south.kill()
        self.south.start()
        self.south.wait_link("north")
        self.cli(self.south, "send", LINE, "and after a start", "--as", "kim")

    def test_a_colleague_renews_nobody(self):
        self.lab.start("south")
        self.clock.forward((OFFICERS_DAYS - 10) * DAY)
        for number in (1, 2):
            self.wait_alarm(self.south, f"credential-south-{number}", "expires")
        self.cli(self.south, "officer", "renew", "kim")
        wait_until(lambda: "credential-south-1" not in self.alarms(self.south, "expires"), "kim's alarm to end")
        self.assertIn("credential-south-2", self.alarms(self.south, "expires"), "park has to be renewed, too")

    def test_a_renewal_that_is_none(self):
        self.assertIn("is valid until", self.refused(self.south, "officer", "renew", "kim", "--days", "300"))
        self.assertIn("no officer", self.refused(self.south, "officer", "renew", "nobody"))
        self.assertIn("is valid until", self.refused(self.south, "station", "renew", "--days", "30"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
