"""A counterpart that speaks a later version, each way round: it is said, the other lines go on, and nothing is lost.

The one that speaks it is the second implementation, with a header field more than version 1 has; and then the real station, with
a field that the second implementation is made to forget.
"""

import unittest
from unittest import mock

from peer_ends import LINE, Peer, Scenario, pair

import peer_entrywire
import peer_own
from peer_record import Entry

OTHER = "liaison"
SUBJECT, LATER = 18, 23  # a header field of version 1, and one that is none
NEW = "Of a later version."


def patched(test, *what):
    patch = mock.patch.object(*what)
    patch.start()
    test.addCleanup(patch.stop)
    return patch


class TheirsIsLater(Scenario):
    WORDS = (f"LATER VERSION: the other station writes on line {LINE} what this version of détente does not know", f"field {LATER},",
             "waits at their station, and nothing of it is lost", "Bring this station to their version")

    def unread(self, real):
        """How often an entry came that could not be read: of the only alarm."""
        alarms = real.cli("alarm", "list")["alarms"]
        self.assertLessEqual(len(alarms), 1, alarms)
        return alarms[0]["count"] if alarms else 0

    def write(self, real, peer):
        """One word before it and one behind it; what the station makes of them."""
        self.assertTrue(peer.say("before"))
        own = peer.line().own
        for text in (NEW, "behind it"):
            own.submit(text)
        self.assertTrue(peer.run(20, lambda: self.unread(real) > 2), "it was not sent again, or nothing was said of it")
        for shown in (real.shown("alarm", "list"), real.shown("watch", "show"), real.shown("status")):
            for words in self.WORDS:
                self.assertIn(words, shown)
        self.beside(real, peer, 1)
        self.assertEqual((own.receipted, own.log.size, real.messages()), (1, 3, ["before"]))

    def beside(self, real, peer, count):
        """The other line each way, and this one the other way."""
        self.assertTrue(peer.say(f"on another line {count}", line=OTHER))
        for line in (OTHER, LINE):
            real.send(f"from here {count}", line)
            self.assertTrue(peer.receipted(real, count, line), line)
            self.assertEqual(peer.far(line)[-1], f"from here {count}")
        self.assertEqual(real.messages(OTHER)[-1], f"on another line {count}")

    def test_what_came_in_it_is_taken_once_when_it_comes_in_a_form_that_is_known(self):
        """The field is the frame's alone: the entry is of version 1, and the same bytes under the same signature go without it."""
        folder, real, peer = pair()
        strip = peer_own.strip

        def with_more(entry, known, full):
            seen, more = strip(entry, known, full)
            return seen, {**more, LATER: "more"} if entry.body == NEW.encode() else more

        later = patched(self, peer_own, "strip", with_more)
        self.write(real, peer)
        own = peer.line().own
        leaves, signed = [s.leaf for s in own.log.entries], own.log.entries[1].checkpoint
        # Neither a crash here nor one there makes it what it is not.
        real.kill()
        said = len(real.alarms())
        real.start()
        self.assertTrue(peer.run(30, lambda: len(real.alarms()) > said), "it was not sent again after the crash")
        self.beside(real, peer, 2)
        self.assertEqual((own.receipted, real.messages()), (1, ["before"]))
        peer.stop()
        later.stop()
        peer = Peer(folder)
        own = peer.line().own
        self.assertEqual(([s.leaf for s in own.log.entries], own.log.entries[1].checkpoint), (leaves, signed))
        self.assertTrue(peer.run(20, lambda: own.receipted == 3), f"{own.receipted} of 3 have a receipt")
        counted = self.unread(real)
        self.assertTrue(peer.say("after it"))
        self.beside(real, peer, 3)
        self.assertEqual(real.messages(), ["before", NEW, "behind it", "after it"])
        self.assertEqual(real.messages(OTHER), [f"on another line {i}" for i in (1, 2, 3)])
        self.assertEqual((self.unread(real), peer.alarms()), (counted, []))
        self.assertEqual([x for x in real.alarms() if "LATER VERSION" not in x], [])

    def test_a_field_that_is_part_of_the_entry_keeps_its_line_and_no_flash(self):
        """The author's signature is over the field: no other form of it exists, and the line waits for this station's later version."""
        _, real, peer = pair()
        strip = peer_own.strip

        def with_field(entry, known, full):
            seen, more = strip(entry, known, full)
            return seen, {**more, **{key: value for key, value in entry.header.items() if key == LATER}}

        patched(self, peer_own, "strip", with_field)
        patched(self, Entry, "check", lambda entry, index, deniable: None)
        submit = peer.line().own.submit
        peer.line().own.submit = lambda text, *rest: submit(text, *rest, more={LATER: "more"}) if text == NEW else submit(text, *rest)
        self.write(real, peer)
        own = peer.line().own
        self.assertIn(LATER, own.log.entries[1].entry.header)
        own.submit("Hold your fire.", "flash")
        self.assertTrue(peer.run(20, lambda: "Hold your fire." in real.messages()), "a FLASH waited behind what cannot be read")
        self.beside(real, peer, 2)
        self.assertEqual((own.receipted, real.messages()), (1, ["before", "Hold your fire."]))
        self.assertEqual([x for x in real.alarms() if "LATER VERSION" not in x], [])
        self.assertEqual(peer.alarms(), [])


class OursIsLater(Scenario):
    """What the alarm there promises is kept here."""

    def test_all_of_it_waits_and_arrives_once_when_the_other_station_is_brought_to_our_version(self):
        folder, real, peer = pair()
        self.assertTrue(peer.contact())
        real.send("before")
        self.assertTrue(peer.receipted(real, 1))
        former = patched(self, peer_entrywire, "MORE_KEYS", peer_entrywire.MORE_KEYS - {SUBJECT})
        unread = lambda: sum("more header fields" in note for note in peer.notes)
        for text, *more in ((NEW, "--subject", "a field more"), ("behind it",), ("urgent", "--precedence", "flash")):
            real.send(text, LINE, *more)
        self.assertTrue(peer.run(20, lambda: unread() > 2), "it was not sent again")
        real.send("on another line", OTHER)
        for line in (OTHER, LINE):
            self.assertTrue(peer.say("from there", line=line))
            self.assertTrue(peer.receipted(real, 1, line))
        waiting = [(e["text"], e["receipted"]) for e in real.entries("north", LINE, "own")]
        self.assertEqual(waiting, [("before", True), (NEW, False), ("behind it", False), ("urgent", False)])
        self.assertEqual(real.line()["unreceipted"], 3)
        # What waits survives a crash of the station at which it waits.
        real.kill()
        real.start()
        seen = unread()
        self.assertTrue(peer.run(20, lambda: unread() > seen), "it was not sent again after the crash")
        self.assertEqual(real.line()["unreceipted"], 3)
        peer.stop()
        former.stop()
        early = [e["entry"].body.decode() for e in peer.events if e["event"] == "arrived" and e["early"]]
        peer = Peer(folder)
        self.assertTrue(peer.receipted(real, 4, seconds=30))
        self.assertEqual(peer.far(), ["before", NEW, "behind it", "urgent"])
        self.assertEqual(peer.far(OTHER), ["on another line"])
        self.assertEqual(early, ["urgent"], "a FLASH does not wait behind what cannot be read, and is shown once")
        subjects = [s.entry.header.get(SUBJECT) for s in peer.line().pair.newest("far").entries]
        self.assertEqual(subjects, [None, "a field more", None, None])
        self.quiet(real, peer)


if __name__ == "__main__":
    unittest.main()
