"""An officer's signature that is none, of a counterpart's station that tries (interop/peer.py): every screen says the same of it."""

import subprocess
import time
import unittest

from peer_ends import LINE, Scenario, pair
from stations import DETENTE, wait_until

import peer_cbor as cbor
from peer_record import Entry, OfficerSignature

NOBODY = 4711  # no credential has that number
SAID = "Our troops withdraw at noon."


def forge(peer, line, officer):
    """What the peer places on the line carries 64 zero bytes as that officer's signature."""
    own = peer.line(line).own
    append = own._append

    def forged(log, entry):
        if entry.header[4] != 3:
            signature = OfficerSignature(officer, int(time.time()), 1, bytes(64))
            entry = Entry({**entry.header, 5: officer}, entry.body, [signature])
        return append(log, entry)

    own._append = forged


class Forged(Scenario):
    def setUp(self):
        super().setUp()
        _, self.real, self.peer = pair()
        self.assertTrue(self.peer.contact())

    def say(self, officer, text=SAID):
        forge(self.peer, LINE, officer)
        self.assertTrue(self.peer.say(text))

    def shown(self, *command):
        return subprocess.run([DETENTE, *command, "--dir", self.real.dir], capture_output=True, text=True, timeout=60, check=True).stdout

    def test_lists_events_and_the_entry_itself_say_that_it_is_not_valid(self):
        self.say(1)
        listed = self.real.cli("inbox", f"north/{LINE}")["entries"][0]
        self.assertEqual((listed["signed_by"], listed["verdict"]), (0, "not valid"), listed)
        self.assertIn("does not fit the text", listed["verdict_why"])
        one = self.real.cli("record", "entry", f"north/{LINE}", "far", "0")
        self.assertEqual((one["verdict"], one["evidence"]["signatures"][0]["verdict"]), ("not valid", "not valid"))
        shown = self.real.cli("record", "show", f"north/{LINE}")["entries"][0]
        self.assertEqual(shown["verdict"], "not valid")
        arrived = [e for e in self.real.get("/v1/events?since=0&timeout_ms=0")["events"] if e["event"] == "arrived"]
        self.assertEqual([(e["signed_by"], e["verdict"]) for e in arrived if e["line"] == LINE], [(0, "not valid")])
        for words in (self.shown("inbox", f"north/{LINE}"), self.shown("record", "show", f"north/{LINE}")):
            self.assertIn("SIGNATURE NOT VALID: ", words)
            self.assertNotIn("), signed", words)
        self.assertIn("SIGNATURE NOT VALID", self.shown("events", "--since", "0"))

    def test_an_alarm_tells_of_an_officer_who_is_not_known_once_for_many(self):
        self.say(NOBODY)
        alarm = wait_until(lambda: self.real.get("/v1/watch")["alarms"], "the alarm")[0]
        self.assertEqual(alarm["kind"], "bad-entry")
        self.assertIn(f"of officer {NOBODY}: no credential of number {NOBODY} is known here", alarm["words"])
        self.assertTrue(self.peer.say(*[f"more {i}" for i in range(5)]))
        wait_until(lambda: self.real.get("/v1/watch")["alarms"][0]["count"] == 6, "all of them to be counted")
        self.assertEqual(len(self.real.get("/v1/watch")["alarms"]), 1)

    def test_whoever_acknowledges_it_is_warned(self):
        self.say(1)
        done = self.real.cli("ack", f"north/{LINE}", "0", "--as", "kim", "--wait", "durable")
        self.assertEqual(done["acknowledged"]["verdict"], "not valid")
        self.assertIn("WARNING: ", self.shown("ack", f"north/{LINE}", "0", "--as", "kim", "--wait", "durable"))

    def test_a_cut_that_nobody_signed_has_no_effect_and_says_so(self):
        number = self.peer.line(LINE).own.annex.number
        forge(self.peer, "accord", 1)
        own = self.peer.line("accord").own
        header = {1: 1, 2: 0, 4: 12, 6: int(time.time()), 16: 4}
        body = cbor.encode([0, [[number, 1]], 7, 0])
        with self.peer.store.transaction():
            self.peer.store.enqueue(0, cbor.encode(header), body, 0)
        listed = wait_until(lambda: self.peer.run(0.1) or [e for e in self.real.entries("north", "accord") if e["kind"] == 12], "the cut")[0]
        self.assertTrue(listed["act"].startswith("WITHOUT EFFECT, since its signature is not valid"), listed["act"])
        self.assertEqual(self.real.get(f"/v1/counterparts/north/lines/{LINE}/status")["registers"]["theirs"], None)
        self.assertTrue(own.log)

    def test_an_act_that_cannot_be_read_says_so(self):
        with self.peer.store.transaction():
            self.peer.store.enqueue(0, cbor.encode({1: 1, 2: 0, 4: 13, 6: int(time.time()), 16: 4}), b"\x9f", 0)
        listed = wait_until(lambda: self.peer.run(0.1) or [e for e in self.real.entries("north", "accord") if e["kind"] == 13], "the act")[0]
        self.assertIn("it says: nothing that can be read", listed["act"])


if __name__ == "__main__":
    unittest.main()
