"""Documents between two peers: offers and their answers, frames that are cut, and what bounds both (document.md section 3, packet.md section 6)."""

from __future__ import annotations

import os
import shutil
import unittest
from unittest import mock

import peer_documents
import peer_session
import peer_test_documents
from peer_blob import DATA, GONE, HAVE, OFFER, PROVED, WANT, Data, Partial, short_frame
from peer_files import FileError, load_side
from peer_testlab import TwoStations
from peer_wire import BLOB, Fragment

KINDS = {WANT: "want", DATA: "data", PROVED: "data", HAVE: "have", GONE: "gone", OFFER: "offer"}


class Offers(TwoStations):
    """On the virtual clock.  `said` has (time, side, kind, path) of every frame of type 5 that came."""

    both, send, here, delivered, wholly, name_only, inject = (getattr(peer_test_documents.Documents, n) for n in (
        "both", "send", "here", "delivered", "wholly", "name_only", "inject"))

    def listen(self, w) -> list:
        said = []
        for side, station in w.stations.items():
            def on_frame(body, session, path, now, side=side, plain=station.documents.on_frame):
                said.append((now, "north" if side == "south" else "south", KINDS.get(body[0], "?"), path))
                plain(body, session, path, now)
            station.documents.on_frame = on_frame
        return said

    def times(self, said, side: str, kind: str) -> list[float]:
        return [at for at, s, k, _ in said if (s, k) == (side, kind)]

    def mute(self, w, side: str, *kinds: int) -> None:
        """These frames never leave."""
        station = w.stations[side]
        station.say = lambda session, frame, *rest, say=station.say: (frame.type == BLOB and frame.body[0] in kinds) or say(session, frame, *rest)

    def test_nothing_is_said_twice_where_nothing_is_lost(self):
        w = self.both()
        self.up(w)
        said = self.listen(w)
        self.wholly(w, "south", os.urandom(50000))
        w.run(100)
        self.assertEqual([(s, k) for _, s, k, _ in said if k != "data"], [("north", "want"), ("north", "have")])

    def test_offers_become_rare_and_end(self):
        w = self.both()
        self.up(w)
        self.mute(w, "north", HAVE)
        said = self.listen(w)
        self.send(w, "south", os.urandom(50000))
        w.run(600)
        at = self.times(said, "south", "offer")
        gaps = [b - a for a, b in zip(at, at[1:])]
        self.assertEqual(len(at), 12)
        for a, b in zip(gaps, gaps[1:]):
            self.assertTrue(1.5 * a < b < 2.5 * a or b > 29, gaps)
        self.assertLess(max(gaps), 31)

    def test_an_offer_is_answered_on_its_path(self):
        """With a want while pieces are missing, with have afterwards, and with nothing where nothing is named."""
        w = self.both(paths=2)
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        self.mute(w, "south", OFFER)
        w.lose = lambda side, path, data: side == "south" and len(data) > 300
        root = self.send(w, "south", os.urandom(50000))
        self.assertTrue(w.run(5, lambda: north.documents.receiver.active))
        w.run(2)
        said = self.listen(w)
        for path in (1, 2):
            said.clear()
            south.packet(south.current, path, [short_frame(OFFER, root)] * 9 + [short_frame(OFFER, bytes(32))], [None] * 10, w.now)
            w.run(0.03)
            self.assertEqual([(k, p) for _, s, k, p in said if s == "north"], [("want", path)])
            w.run(0.2)
        w.lose = lambda side, path, data: False
        self.assertTrue(w.run(30, lambda: self.delivered(w, "south", root)))
        for path in (1, 2):
            w.run(0.2)
            said.clear()
            south.packet(south.current, path, [short_frame(OFFER, root)], [None], w.now)
            w.run(0.05)
            self.assertEqual([(k, p) for _, s, k, p in said if s == "north"], [("have", path)])

    def test_a_new_session_begins_with_offers(self):
        """Of what is not confirmed: nothing of what is."""
        w = self.both()
        self.up(w)
        self.wholly(w, "south", b"confirmed")
        w.stations["north"].files.accord.lines[1].media.remove("document")            # from here on it does not fetch
        self.send(w, "south", b"never fetched")
        w.run(2)
        w.stop("south")
        w.start("south")
        said = self.listen(w)
        self.up(w)
        w.run(1)
        self.assertTrue(0 < len(self.times(said, "south", "offer")) < 7)
        w.run(300)
        self.assertEqual(len(self.times(said, "south", "offer")), 12)
        self.assertEqual([k for _, s, k, _ in said if s == "north"], [])

    def test_what_is_named_and_not_spoken_of_for_five_seconds(self):
        """The receiver has it from before, which its author does not know any more, and says nothing by itself."""
        w = self.both()
        self.up(w)
        data = os.urandom(50000)
        root = self.wholly(w, "south", data)
        author = w.stations["south"].documents.author
        author.named.clear()
        author.stored[root] = (len(data), 1)
        w.stations["north"].documents.receiver._say_have = lambda root: None
        w.past["south"].clear()
        said = self.listen(w)
        self.send(w, "south", data, name="b.txt")
        w.run(4.5)
        self.assertEqual(said, [])
        self.assertTrue(w.run(1.5, lambda: self.delivered(w, "south", root)))
        w.run(60)
        self.assertEqual([(s, k) for _, s, k, _ in said], [("south", "offer"), ("north", "have")])

    def test_sixteen_are_offered_at_a_time(self):
        w = self.both()
        self.up(w)
        w.stations["north"].files.accord.lines[1].media.remove("document")
        for i in range(20):
            self.send(w, "south", b"%d" % i)
        said = self.listen(w)
        w.run(20)
        author = w.stations["south"].documents.author
        self.assertEqual((len(author.offering), len(author.unconfirmed)), (16, 4))
        w.run(600)
        self.assertEqual(len(self.times(said, "south", "offer")), 20 * 12)

    def test_gone_and_back(self):
        """*Gone* ends the asking in this session, unless an entry names it again, or its author offers it."""
        for back in ("named", "offered"):
            w = self.both()
            self.up(w)
            south, north = w.stations["south"], w.stations["north"]
            south.documents.author._here = lambda named: False
            data = os.urandom(20000)
            root = self.send(w, "south", data)
            self.assertTrue(w.run(10, lambda: any(e["event"] == "document-gone" for e in w.past["north"])))
            self.mute(w, "south", *(OFFER,) if back == "named" else ())
            del south.documents.author._here
            if back == "named":
                w.run(60)
                self.assertFalse(self.here(w, "north", root, data))
                self.send(w, "south", data, name="again")
            self.assertTrue(w.run(10, lambda: self.delivered(w, "south", root)))
            self.assertTrue(self.here(w, "north", root, data))
            w.close()
            shutil.rmtree(self.folder / "lab")

    def test_eight_at_a_time_by_the_precedence_that_was_named_first(self):
        w = self.both()
        self.up(w)
        south, receiver = w.stations["south"], w.stations["north"].documents.receiver
        south.documents.author.next_data = lambda room: None
        roots = [self.send(w, "south", os.urandom(20000 + i), name=f"{i}.txt") for i in range(12)]
        self.assertTrue(w.run(20, lambda: len(receiver.known) == 12))
        self.assertEqual(len(receiver.active), peer_documents.MOST_ACTIVE)
        south.lines[1].own.submit("again", "flash", 0, {17: [[roots[11], 20011, "text/plain"]]})
        urgent = self.send(w, "south", os.urandom(30000), precedence="immediate")
        self.assertTrue(w.run(5, lambda: urgent[:8] in receiver.active))
        self.assertEqual((receiver.known[roots[11]].precedence, receiver.known[urgent].precedence, len(receiver.active)), (0, 2, 8))
        del south.documents.author.next_data
        self.assertTrue(w.run(120, lambda: all(self.delivered(w, "south", r) for r in roots)))

    def test_a_second_want_without_data_makes_its_path_suspect(self):
        w = self.both(paths=2)
        self.up(w)
        north, suspects = w.stations["north"], []
        for state in north.path_states:
            state.suspected = lambda now, n=state.number, plain=state.suspected: suspects.append(n) or plain(now)
        said = self.listen(w)
        w.stations["south"].documents.author.on_want = lambda want, session: None
        self.send(w, "south", os.urandom(50000))
        self.assertTrue(w.run(5, lambda: len(self.times(said, "north", "want")) == 2))
        carried, begin = said[-1][3], w.now
        self.assertEqual(suspects, [])
        self.assertTrue(w.run(5, lambda: suspects))
        self.assertEqual(suspects, [carried])
        self.assertGreater(w.now - begin, 0.15)        # twice 100 ms, less the way

    def test_what_was_in_flight_on_a_replaced_session(self):
        """It goes on the new one at once, without a timeout."""
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        w.lose = lambda side, path, data: side == "south" and len(data) > 300
        root = self.send(w, "south", os.urandom(9000))
        flying = lambda s: [b for p in s.paths.values() for sent in p.sent.values() for b in sent.blobs]
        self.assertTrue(w.run(5, lambda: flying(south.current)))
        old, parts = south.current, flying(south.current)
        south._data_timeouts = lambda now: None
        north.documents.receiver.tick = lambda now, session: None       # and no want asks for it
        w.lose = lambda side, path, data: False
        north.put(1, north.handshake.initiate(w.now))
        self.assertTrue(w.run(5, lambda: south.current is not old))
        self.assertEqual(flying(old), [])
        self.assertTrue(parts)
        self.assertTrue(w.run(5, lambda: root in north.documents.receiver.done))

    # ---- frames that do not fit ----

    def small(self, w, size: int = 130) -> None:
        """Packets of every path from now on."""
        patch = mock.patch.object(peer_session, "SMALL_PACKET", size)
        patch.start()
        self.addCleanup(patch.stop)
        w.lose = lambda side, path, data: len(data) > size

    def test_a_proof_that_does_not_fit_is_cut(self):
        w = self.both()
        self.up(w)
        self.small(w)
        joined, documents = [], w.stations["north"].documents
        documents.on_frame = lambda body, *rest, plain=documents.on_frame: joined.append(len(body)) or plain(body, *rest)
        data = os.urandom(5 * 16384)
        self.wholly(w, "south", data, seconds=200)
        self.assertGreater(max(joined), 105)             # three hashes and 11 bytes: no packet of 130 holds that
        self.assertEqual(self.alarms(w, "south") + self.alarms(w, "north"), [])

    def test_parts_are_lost(self):
        w = self.both(peer_test_documents.SEED)
        self.up(w)
        self.small(w)
        w.lose = lambda side, path, data: len(data) > 130 or w.random.random() < 0.1
        self.wholly(w, "south", os.urandom(3 * 16384 + 1), seconds=900)

    def test_every_fragment_wants_an_acknowledgement(self):
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        w.lose = lambda side, path, d: side == "south" and len(d) > 300
        root = self.send(w, "south", os.urandom(9000))
        self.assertTrue(w.run(5, lambda: north.documents.receiver.active))
        acks = []
        south._ack = lambda a, *rest: acks.append(a)
        raw = Data(0, 100, None, b"some bytes").frame(root).open()
        for parcel, flags in ((1000, (False, True)), (1001, (False,))):
            acks.clear()
            for at, last in zip((0, 12), flags):
                part = Fragment(parcel, at, last, raw[at:at + 12] if not last else raw[at:]).frame()
                south.packet(south.current, 1, [part], [None], w.now)
            w.run(0.1)
            self.assertEqual(len(acks), 1, "of both packets at once, and of one whose parcel is not whole")
        self.assertEqual(north.documents.receiver.partials[(root[:8], 0)].mask, (1 << 10) - 1 << 100)

    # ---- limits ----

    def test_limits_of_accord_and_station(self):
        w = self.both(start=(), document_mib=2)
        conf = w.lab / "north" / "station" / "station.toml"
        plain = conf.read_text()
        for text, room in ((plain, 16384), (plain.replace('their_post = "main"\n', 'their_post = "main"\ndocument_room_mib = 1\n'), 1)):
            conf.write_text(text)
            files = load_side(w.lab / "north")
            self.assertEqual((files.accord.document_bytes, files.document_room), (2 << 20, room << 20))
        conf.write_text(plain.replace('their_post = "main"\n', 'their_post = "main"\ndocument_room_mib = true\n'))
        with self.assertRaises(FileError):
            load_side(w.lab / "north")
        conf.write_text(plain)
        w.start("south")
        w.start("north")
        self.up(w)
        with self.assertRaises(ValueError):
            self.send(w, "south", bytes((2 << 20) + 1))
        self.name_only(w, (b"\x02" * 32, (2 << 20) + 1, "text/plain"))
        self.assertEqual([e["why"] for e in w.past["north"] if e["event"] == "document-refused"], ["it is longer than the accord allows"])

    def test_bytes_that_are_not_checked(self):
        """Section 3: at most 8 MiB, with what keeps account of them."""
        each = Partial(16384)
        self.assertLess(peer_documents.MOST_PARTIALS * (len(each.data) + each.full.bit_length() // 8), 8 << 20)


if __name__ == "__main__":
    unittest.main()
