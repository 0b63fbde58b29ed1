"""Acts that no desk would write, truly signed, of a counterpart's station that places them all the same (interop/peer.py).

Each is kept, receipted and shown, and changes nothing; the one that is as it should be counts.
"""

import time
import unittest

from sealed_key import signing_key
from peer_ends import LINE, Scenario, pair
from stations import wait_until

import peer_cbor as cbor
from peer_record import Entry, OfficerSignature, officer_message

OTHER = "liaison"
CUT, PROPOSAL = 12, 13
HOUR = 3600
NO_RIGHT = "an officer who signed it has no right for every one of its lines"


class Rights(Scenario):
    """The annex of one line opens it to another post than that of the only officer there, ri."""

    def setUp(self):
        super().setUp()
        folder, self.real, self.peer = pair("--people", f"{LINE}=watch-leader")
        self.key = signing_key(folder / "north" / "officers" / "ri.age", f"{folder}/north.passphrase")
        self.counter = int(time.time())
        self.next_signature = None
        own = self.peer.line("accord").own
        append = own._append

        def signed(log, entry):
            if entry.header[4] in (CUT, PROPOSAL):
                entry = Entry(entry.header, entry.body, [self.next_signature])
            return append(log, entry)

        own._append = signed
        self.assertTrue(self.peer.contact())

    def sign(self, header, body, counter):
        unsigned = OfficerSignature(1, counter, 1, b"")
        message = officer_message(unsigned, self.peer.st.files.accord.digest, header, body)
        return OfficerSignature(1, counter, 1, self.key.sign(message))

    def number(self, line):
        return self.peer.line(line).own.annex.number

    def act(self, kind, content):
        self.counter += 1
        header, body = {1: 1, 2: 0, 4: kind, 5: 1, 6: int(time.time()), 16: 4}, cbor.encode(content)
        self.next_signature = self.sign(header, body, self.counter)
        return self.place(kind, header, body)

    def place(self, kind, header, body):
        """What the real station shows of it, as its newest of that kind."""
        before = len(self.shown(kind))
        self.placed = kind, header, body
        with self.peer.store.transaction():
            self.peer.store.enqueue(0, cbor.encode(header), body, 0)
        return wait_until(lambda: self.peer.run(0.1) or (len(found := self.shown(kind)) > before and found[-1]), "the act")["act"]

    def cut(self, *lines, effective=0):
        return self.act(CUT, [0, sorted([self.number(line), 1] for line in lines), 7, effective])

    def shown(self, kind):
        return [entry for entry in self.real.entries("north", "accord") if entry["kind"] == kind]

    def cut_by_them(self, line):
        return self.real.get(f"/v1/counterparts/north/lines/{line}/status")["registers"]["theirs"] is not None

    def test_an_officer_without_the_right_cuts_nothing_and_restores_nothing(self):
        for lines in ((LINE,), (LINE, OTHER)):
            act = self.cut(*lines)
            self.assertTrue(act.startswith("WITHOUT EFFECT"), act)
            self.assertIn(NO_RIGHT, act)
        self.assertEqual((self.cut_by_them(LINE), self.cut_by_them(OTHER)), (False, False))
        content = cbor.encode([[self.number(LINE), 7]])
        act = self.act(PROPOSAL, [1, content, int(time.time()) + HOUR, None])
        self.assertIn(NO_RIGHT, act)
        self.assertEqual(self.real.cli("proposal", "list", "--all")["proposals"], [])
        self.assertNotIn("WITHOUT EFFECT", self.cut(OTHER))
        self.assertEqual((self.cut_by_them(LINE), self.cut_by_them(OTHER)), (False, True), "his own line he cuts")
        self.assertTrue(self.peer.receipted(self.real, 0, LINE))
        self.assertEqual(self.real.refused("send", f"north/{OTHER}", "hello")["fault"], "state")
        self.assertEqual(self.real.send("hello")["state"], "placed")

    def test_a_cut_announced_for_more_than_three_days_ahead_counts_for_nothing(self):
        act = self.cut(OTHER, effective=int(time.time()) + 73 * HOUR)
        self.assertTrue(act.startswith("WITHOUT EFFECT"), act)
        self.assertIn("more than 72 hours ahead", act)
        self.assertFalse(self.cut_by_them(OTHER))
        self.assertNotIn("WITHOUT EFFECT", self.cut(OTHER, effective=int(time.time()) + 71 * HOUR))
        self.assertTrue(self.cut_by_them(OTHER))

    def test_a_lift_that_the_accord_does_not_allow_alone_says_what_its_owners_register_says(self):
        self.cut(OTHER)
        self.assertTrue(self.cut_by_them(OTHER))
        self.assertIn(f"the cut of {OTHER} is lifted", self.act(CUT, [1, [[self.number(OTHER), 1]], 0]))
        self.assertFalse(self.cut_by_them(OTHER))
        self.real.cli("cut", f"north/{OTHER}", "--no-reason", "--as", "kim", "--yes", "--wait", "durable")
        self.assertEqual(self.real.refused("send", f"north/{OTHER}", "hello")["fault"], "state")

    def test_an_act_that_is_placed_a_second_time_cuts_nothing_anew(self):
        self.assertNotIn("WITHOUT EFFECT", self.cut(OTHER))
        act = self.place(*self.placed)
        self.assertIn("this signature stood under another entry before", act)
        self.assertTrue(self.cut_by_them(OTHER))


if __name__ == "__main__":
    unittest.main()
