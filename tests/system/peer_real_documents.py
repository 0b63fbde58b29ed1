"""Documents between a real station and the second implementation (spec/document.md); peer_test.py runs this."""

import collections
import io
import json
import os
import pathlib
import random
import subprocess
import sys

from peer_ends import LINE, MAIN, SOURCE, Peer, Scenario, own_accord, pair

import peer_session
from peer_blob import DATA, HAVE, OFFER, PROVED, WANT, cut, short_frame, tree_of
from peer_testlab import flipped
from peer_wire import ACK, BLOB, FRAGMENT, PathAck

LONG = bool(os.environ.get("DETENTE_LONG"))


class RealDocuments(Scenario):
    """spec/document.md between the real station and the peer. A peer's own tests are in interop/peer_test_documents.py."""

    SIZES = (0, 1, 16383, 16384, 16385, 100000, 1 << 20)

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("DETENTE_SEED") or random.randrange(1 << 32))
        print(f"DETENTE_SEED={self.seed}", flush=True)
        self.rng = random.Random(self.seed)

    def documents(self, sizes=SIZES):
        return {f"{size}.bin": self.rng.randbytes(size) for size in sizes}

    def both_ways(self, folder, real, peer, sizes, line=MAIN, seconds=90):
        """Documents of these sizes each way at the same time, and both ends have each of them byte for byte."""
        mine, theirs = self.documents(sizes), self.documents(sizes)
        roots = [peer.send_document(data, name, line=line) for name, data in mine.items()]
        for name, data in theirs.items():
            (folder / name).write_bytes(data)
            real.send_file(folder / name, f"see {name}", line)
            peer.run(0.01)
        confirmed = lambda: all(a["state"] == "confirmed" for a in real.attachments("own", line))
        self.assertTrue(peer.run(seconds, lambda: all(map(peer.delivered, roots)) and len(peer.documents()) >= len(theirs)),
                        f"delivered {[peer.delivered(r) for r in roots]}, here {[n for n, _ in peer.documents()]}")
        self.assertTrue(peer.run(seconds, confirmed))
        self.assertEqual(sorted(peer.documents()), sorted(theirs.items()))
        self.assertEqual(sorted(real.save(folder / "saved", line)), sorted(mine.values()))
        for whose, sent in (("far", mine), ("own", theirs)):
            self.assertEqual({(a["file_name"], a["length"], a["root"]) for a in real.attachments(whose, line)},
                             {(name, len(data), tree_of(cut(data)).root().hex()) for name, data in sent.items()})
        self.quiet(real, peer)

    def listen(self, peer):
        """(kind, path) of each frame of type 5 that comes, and (path, path that it is of) of each path acknowledgement."""
        said, acks, documents, frame = [], [], peer.st.documents, peer.st._frame
        on_frame = documents.on_frame
        documents.on_frame = lambda body, session, path, now: said.append((body[0], path)) or on_frame(body, session, path, now)
        peer.st._frame = lambda f, session, path, now: (
            f.type == ACK and acks.append((path, PathAck.read(f.body).path))) or frame(f, session, path, now)
        return said, acks

    def lose_words(self, peer, *kinds):
        """The peer's frames of these kinds never leave, while the list that comes back is not empty."""
        on, say = [True], peer.st.say
        peer.st.say = lambda session, frame, *rest: (on and frame.type == BLOB and frame.body[0] in kinds) or say(session, frame, *rest)
        return on

    def test_sizes_both_ways(self):
        folder, real, peer = pair("--paths", "2", "--their-aead", "AES-256-GCM")
        self.assertTrue(peer.contact())
        self.both_ways(folder, real, peer, self.SIZES, LINE)

    def test_nothing_is_said_twice_where_nothing_is_lost(self):
        folder, real, peer = own_accord()
        self.assertTrue(peer.contact())
        self.lose_words(peer, OFFER)  # each would be answered
        said, acks = self.listen(peer)
        root = peer.send_document(self.rng.randbytes(300000), "a.bin")
        self.assertTrue(peer.run(20, lambda: peer.delivered(root)))
        peer.run(1)
        kinds = [kind for kind, _ in said]
        self.assertEqual((kinds.count(HAVE), kinds[0], set(kinds)), (1, WANT, {WANT, HAVE}))
        self.assertLess(len(kinds), 8)  # a busy machine may draw another want
        self.assertTrue(acks and all(by == of for by, of in acks), acks)
        said.clear()
        (folder / "b.bin").write_bytes(self.rng.randbytes(300000))
        real.send_file(folder / "b.bin", "see b")
        self.assertTrue(peer.run(20, peer.documents))
        peer.run(1)
        kinds = collections.Counter(kind for kind, _ in said if kind != OFFER)
        self.assertEqual(set(kinds), {PROVED, DATA})
        self.assertTrue(19 <= kinds[PROVED] <= 38, kinds)  # on a busy machine acknowledgements are late
        self.quiet(real, peer)

    def test_a_length_that_lies_stops_nothing(self):
        """Entries that name 40,000 bytes as fewer, as more, and as more than any disk numbers."""
        _, real, peer = own_accord()
        self.assertTrue(peer.contact())
        own, author = peer.line(MAIN).own, peer.st.documents.author
        named = author.attached
        true = lambda header: {**header, 17: [[a[0], 40_000, *a[2:]] for a in header[17]]} if 17 in header else header
        author.attached = lambda header, now=None: named(true(header), now)
        lengths = (0, 10, 39_999, 40_001, 1 << 31, 1 << 63, (1 << 64) - 1)
        for length in lengths:
            data = self.rng.randbytes(40_000)
            root, _ = author.add(lambda data=data: io.BytesIO(data), own.annex.number)
            own.submit("see the file", "routine", 0, {17: [[root, length, "application/pdf", f"{length}.pdf"]]})
        self.assertTrue(peer.run(20, lambda: own.receipted == len(lengths)))
        whole = self.rng.randbytes(40_000)
        author.attached = named
        self.assertTrue(peer.run(20, lambda r=peer.send_document(whole, "true.pdf"): peer.delivered(r)))
        states = {a["file_name"]: a["state"] for a in real.attachments("far")}
        self.assertEqual(states, {**{f"{n}.pdf": "wanted" if n < 1 << 31 else "refused" for n in lengths}, "true.pdf": "here"})
        longer = lambda: next((a["stopped"], a["seconds_left"]) for a in real.attachments("far") if a["file_name"] == "40001.pdf")
        self.assertTrue(peer.run(20, lambda: longer() == ("not-signed", None)))
        self.assertIn("40001.pdf, 40 kB: 81 % here, stopped: what comes of it is not what its author signed", real.shown("inbox", f"north/{MAIN}", "--all"))
        self.assertIn("0.pdf, 0 B: 0 % here", real.shown("inbox", f"north/{MAIN}", "--all"))
        self.assertTrue(all("document" in one or "a piece of" in one for one in real.alarms()), real.alarms())

    def test_the_real_station_answers_offers(self):
        """On the path that brought them: with want while pieces are missing, with have then, with nothing for what is not named."""
        _, real, peer = own_accord()
        self.assertTrue(peer.contact())
        self.lose_words(peer, OFFER)
        said, author = self.listen(peer)[0], peer.st.documents.author
        author.next_data = lambda room: None
        root = peer.send_document(self.rng.randbytes(40000), "a.bin")
        self.assertTrue(peer.run(10, lambda: said))
        peer.run(2)  # its own questions are rare by then

        def offered(path):
            said.clear()
            offers = [short_frame(OFFER, root), short_frame(OFFER, bytes(32))]
            peer.st.packet(peer.st.current, path, offers, [None] * 2, peer.st.now)
            peer.run(0.25)
            return set(said)

        self.assertTrue(all((WANT, path) in offered(path) for path in (1, 2)))
        del author.next_data
        self.assertTrue(peer.run(20, lambda: peer.delivered(root)))
        self.assertEqual([offered(path) for path in (1, 2)], [{(HAVE, 1)}, {(HAVE, 2)}])
        self.quiet(real, peer)

    def test_the_real_station_offers(self):
        """The peer's haves are lost: ever more rarely in one session, anew when a session is new, and not after a have."""
        folder, real, peer = own_accord()
        self.assertTrue(peer.contact())
        said, on = self.listen(peer)[0], self.lose_words(peer, HAVE)
        (folder / "b.bin").write_bytes(self.rng.randbytes(40000))
        real.send_file(folder / "b.bin", "see b")
        offers = lambda: [x for x in said if x[0] == OFFER]
        self.assertTrue(peer.run(10, lambda: len(offers()) >= 4))
        sent = len([x for x in said if x[0] in (DATA, PROVED)])
        peer.run(3)
        self.assertLess(len(offers()), 10)  # 12 would come in this time from an end that does not double
        self.assertEqual(len([x for x in said if x[0] in (DATA, PROVED)]), sent)
        real.kill()
        said.clear()
        real.start()
        self.assertTrue(peer.run(20, lambda: len(offers()) >= 3))
        self.assertFalse(any(a["state"] == "confirmed" for a in real.attachments("own")))
        on.clear()
        self.assertTrue(peer.run(20, lambda: [a["state"] for a in real.attachments("own")] == ["confirmed"]))
        said.clear()
        real.kill()
        real.start()
        real.send("in the new session", MAIN)
        self.assertTrue(peer.run(20, lambda: "in the new session" in peer.far(MAIN)))
        self.assertEqual(offers(), [])

    def test_proofs_that_do_not_fit_are_cut(self):
        """Packets of 200 bytes both ways; 40 pieces, of which the first 32 have a proof of six hashes, and the others one that fits."""
        folder, real, peer = own_accord()
        real.configure("peer = ", "packet_bytes = 200")
        self.assertTrue(peer.contact())
        old = peer_session.SMALL_PACKET
        self.addCleanup(setattr, peer_session, "SMALL_PACKET", old)
        peer_session.SMALL_PACKET = 200
        for state in peer.st.path_states:
            state.config.packet_bytes = 200
        peer.sizes.clear()
        parts, frame = [], peer.st._frame
        peer.st._frame = lambda f, *rest: (f.type == FRAGMENT and parts.append(len(f.body))) or frame(f, *rest)
        self.both_ways(folder, real, peer, (40 * 16384 - 1,))
        self.assertLessEqual(max(peer.sizes), 200)
        self.assertGreaterEqual(len(parts), 32 * 2)

    def test_what_the_real_station_does_not_fetch(self):
        """Longer than the accord allows, or no room: it says nothing, to an offer neither; the entry stands."""
        _, real, peer = own_accord(document_mib=1)
        real.configure("their_post = ", "document_room_mib = 1")
        self.assertTrue(peer.contact())
        self.lose_words(peer, OFFER)
        said, long = self.listen(peer)[0], bytes(32)
        self.assertTrue(peer.say("too long", line=MAIN, more={17: [[long, (1 << 20) + 1, "text/plain", "x"]]}))
        first, second, third = (self.rng.randbytes(n) for n in (800000, 800001, 90))
        root = peer.send_document(first, "first")
        self.assertTrue(peer.run(20, lambda: peer.delivered(root)))
        said.clear()
        refused = peer.send_document(second, "second")
        self.assertTrue(peer.run(20, lambda: peer.line(MAIN).own.receipted == 3))
        peer.st.packet(peer.st.current, 1, [short_frame(OFFER, refused), short_frame(OFFER, long)], [None] * 2, peer.st.now)
        peer.run(0.5)
        self.assertEqual(said, [])
        root = peer.send_document(third, "third")
        self.assertTrue(peer.run(20, lambda: peer.delivered(root)))
        self.assertFalse(peer.delivered(refused))

    def test_drops_flips_and_reordering(self):
        folder, real, peer = own_accord()
        self.assertTrue(peer.contact())
        peer.random.seed(self.seed)
        peer.lose, peer.late = (lambda path, data: peer.random.random() < 0.05), 0.1
        peer.change = lambda data: flipped(data, peer.random) if peer.random.random() < 0.03 else data
        self.both_ways(folder, real, peer, self.SIZES if LONG else self.SIZES[:-1])

    def test_paths_of_508_bytes(self):
        folder, real, peer = own_accord()
        self.assertTrue(peer.contact())
        peer.lose = lambda path, data: len(data) > 508
        self.both_ways(folder, real, peer, (16385, 100000))

    def test_restarts_in_the_middle(self):
        """Each end in turn, while two documents are on their way: what was checked stays."""
        folder, real, peer = own_accord()
        data, other = self.rng.randbytes(3000000), self.rng.randbytes(3000000)
        root = peer.send_document(data, "mine.bin")
        (folder / "theirs.bin").write_bytes(other)
        real.send_file(folder / "theirs.bin", "see the file")
        theirs = tree_of(cut(other)).root()
        self.assertTrue(peer.run(20, lambda: len(peer.store.pieces(theirs)) > 5))
        peer.kill()
        before = peer.events  # its own document may have been whole there already
        peer = Peer(folder)
        peer.events = before + peer.events
        kept = len(peer.store.pieces(theirs))
        self.assertGreater(kept, 5)
        self.assertTrue(peer.run(40, lambda: len(peer.store.pieces(theirs)) > kept + 5))
        real.kill()
        peer.run(0.5)
        real.start()
        self.assertTrue(peer.run(90, lambda: peer.delivered(root) and peer.documents()))
        self.assertEqual((peer.documents(), real.save(folder / "saved")), ([("theirs.bin", other)], [data]))

    def test_a_bad_piece_is_asked_for_again(self):
        """The peer's disk gives back one wrong bit: the real station takes the document when that is mended, not before."""
        folder, real, peer = own_accord()
        data = self.rng.randbytes(50000)
        root = peer.send_document(data, "a.bin")
        set_piece = lambda raw: peer.store.db.execute("update pieces set bytes=? where root=? and piece=1", (raw, root))
        set_piece(flipped(data[16384:32768], self.rng))
        self.assertTrue(peer.run(20, lambda: peer.line(MAIN).own.receipted == 1))
        self.assertFalse(peer.run(3, lambda: peer.delivered(root)))
        set_piece(data[16384:32768])
        self.assertTrue(peer.run(60, lambda: peer.delivered(root)))
        self.assertEqual(real.save(folder / "saved"), [data])

    def test_gone(self):
        """The peer names what it does not have, and then what it has: the first keeps nothing from the second."""
        folder, real, peer = own_accord()
        self.assertTrue(peer.say("not here", line=MAIN, more={17: [[bytes(32), 5, "text/plain", "x.txt"]]}))
        root = peer.send_document(b"here", "here.txt")
        self.assertTrue(peer.run(20, lambda: peer.delivered(root)))
        self.assertEqual(real.save(folder / "saved"), [b"here"])

    def test_command_lines(self):
        folder, real, peer = own_accord()
        peer.kill()
        data, other = self.rng.randbytes(200000), self.rng.randbytes(90000)
        (folder / "mine.pdf").write_bytes(data)
        (folder / "theirs.pdf").write_bytes(other)
        run = [sys.executable, SOURCE / "interop/peer.py", "--lab", folder, "--side", "north", "--line", MAIN, "--json", "--timeout", "30"]
        done = subprocess.run([*run, "--document", folder / "mine.pdf", "--send", "The report."], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        self.assertTrue(answer["document_delivered"] and answer["receipt_verified"])
        self.assertEqual(real.save(folder / "saved"), [data])
        taker = subprocess.Popen([*run, "--receive-document", folder / "in"], stdout=subprocess.PIPE, text=True)
        real.send_file(folder / "theirs.pdf", "Our answer.", wait="document")
        out = taker.communicate(timeout=60)[0]
        self.assertEqual(taker.returncode, 0, out)
        [got] = json.loads(out)["documents"]
        self.assertEqual((got["root"], got["length"], got["file_name"], got["verified"]),
                         (tree_of(cut(other)).root().hex(), len(other), "theirs.pdf", True))
        self.assertEqual(pathlib.Path(got["file"]).read_bytes(), other)
