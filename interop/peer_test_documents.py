"""Documents between two peers: by drops, flips and reordering, at the edges of sizes, and against an author or receiver who means harm."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import unittest
from pathlib import Path

import peer_blob as blob
import peer_documents
from peer_blob import PIECE, Data, Want, cut, tree_of
from peer_files import load_side
from peer_net import Net
from peer_store import Store
from peer_testlab import TwoStations, World, flipped, make_lab
from peer_wire import BLOB, Frame

LONG = bool(os.environ.get("DETENTE_LONG"))
SIZES = (0, 1, 16383, 16384, 16385, 100000, 1 << 20)
SEED = int(os.environ.get("DETENTE_SEED") or random.randrange(1 << 32))


def setUpModule():
    print(f"DETENTE_SEED={SEED}", flush=True)


class Documents(TwoStations):
    """On the virtual clock."""

    def both(self, seed: int = 1, start=("south", "north"), **lab) -> World:
        w = self.world(start=start, **lab)
        w.random = random.Random(seed)
        return w

    def send(self, w: World, side: str, data: bytes, line: int = 1, precedence: str = "routine", name: str = "a.txt") -> bytes:
        """The document and the entry that names it; both on their way."""
        station = w.stations[side]
        root, length = station.documents.author.add(lambda: io.BytesIO(data), line)
        station.lines[line].own.submit("see " + name, precedence, 0, {17: [[root, length, "text/plain", name]]})
        return root

    def here(self, w: World, side: str, root: bytes, data: bytes) -> bool:
        documents = w.stations[side].documents
        return root in documents.receiver.done and b"".join(documents.read(root, len(data))) == data

    def delivered(self, w: World, side: str, root: bytes) -> bool:
        return any(e["event"] == "document-delivered" and e["root"] == root.hex() for e in w.past[side])

    def wholly(self, w: World, side: str, data: bytes, seconds: float = 60, **more) -> bytes:
        root = self.send(w, side, data, **more)
        other = "north" if side == "south" else "south"
        self.assertTrue(w.run(seconds, lambda: self.delivered(w, side, root)), f"{len(data)} bytes are not delivered")
        self.assertTrue(self.here(w, other, root, data))
        return root

    def name_only(self, w: World, *attachments, seconds=10) -> None:
        """An entry of the south that names what the south may not have."""
        self.say(w, "south", "lies", seconds=seconds, more={17: [[*a] for a in attachments]})

    def inject(self, w: World, side: str, body: bytes) -> None:
        station = w.stations[side]
        station.packet(station.current, 1, [Frame(BLOB, body)], [None], w.now)
        w.run(0.05)

    # ---- what must arrive ----

    def test_sizes_each_way(self):
        w = self.both()
        self.up(w)
        for size in SIZES:
            for side in ("south", "north"):
                self.wholly(w, side, random.Random(size).randbytes(size) + side.encode()[:size // (1 << 30)])
        self.assertEqual(self.alarms(w, "south") + self.alarms(w, "north"), [])

    def test_drops_flips_and_reordering(self):
        for n, (loss, paths) in enumerate(((0.1, 1), (0.25, 2)) if not LONG else ((0.1, 1), (0.2, 2), (0.3, 2), (0.4, 2))):
            with self.subTest(loss=loss):
                shutil.rmtree(self.folder / "lab", ignore_errors=True)
                w = self.both(SEED + n, paths=paths)
                self.up(w)
                w.lose, w.flips, w.jitter = (lambda side, path, data: w.random.random() < loss), 0.05, 0.03
                sent = [(side, data, self.send(w, side, data, precedence=w.random.choice(("routine", "priority", "flash"))))
                        for size in SIZES[:-1] for side in ("south", "north") for data in [w.random.randbytes(size)] if size or side == "south"]
                self.assertTrue(w.run(600, lambda: all(self.delivered(w, side, root) for side, _, root in sent)))
                for side, data, root in sent:
                    self.assertTrue(self.here(w, "north" if side == "south" else "south", root, data))
                self.assertEqual(self.alarms(w, "south") + self.alarms(w, "north"), [])
                w.close()

    def test_a_higher_precedence_goes_before(self):
        w = self.both(paths=1)
        self.up(w)
        slow, fast = os.urandom(400000), os.urandom(60000)
        first = self.send(w, "south", slow)
        self.assertTrue(w.run(20, lambda: len(w.stations["north"].store.pieces(first)) > 2))
        self.wholly(w, "south", fast, precedence="immediate")
        self.assertFalse(self.delivered(w, "south", first))
        self.assertTrue(w.run(30, lambda: self.delivered(w, "south", first)))

    def test_restarts_of_both_go_on_with_what_was_checked(self):
        w = self.both(SEED, paths=2)
        self.up(w)
        data = os.urandom(600000)
        root = self.send(w, "south", data)
        for side in ("north", "south"):
            kept = len(w.stations["north"].store.pieces(root))
            self.assertTrue(w.run(30, lambda: len(w.stations["north"].store.pieces(root)) >= kept + 5))
            w.stop(side)
            w.start(side)
        kept = len(w.stations["north"].store.pieces(root))
        self.assertLess(kept, 37)
        before = w.stations["south"].bytes_out
        self.assertTrue(w.run(30, lambda: self.delivered(w, "south", root)))
        self.assertTrue(self.here(w, "north", root, data))
        self.assertLess(w.stations["south"].bytes_out - before, 1.25 * (600000 - kept * PIECE) + 40000)

    def test_little_is_sent_twice(self):
        """Without loss, questions while data is on its way draw nothing again."""
        w = self.both()
        self.up(w)
        before = w.stations["south"].bytes_out
        self.wholly(w, "south", os.urandom(300000))
        self.assertLess(w.stations["south"].bytes_out - before, 1.12 * 300000)

    def test_what_acknowledgements_show_as_lost_is_sent_again(self):
        """Without another question: the receiver asks once."""
        w = self.both(SEED)
        self.up(w)
        w.lose = lambda side, path, data: side == "south" and len(data) > 300 and w.random.random() < 0.1
        wants, receiver = [], w.stations["north"].documents.receiver
        w.stations["north"].say = lambda session, frame, *rest, say=w.stations["north"].say: (
            frame.type == BLOB and frame.body[0] == blob.WANT and (wants.append(frame) or len(wants) > 1)) or say(session, frame, *rest)
        before = w.stations["south"].bytes_out
        self.wholly(w, "south", os.urandom(300000), seconds=120)
        self.assertLess(w.stations["south"].bytes_out - before, 1.5 * 300000)
        self.assertEqual(receiver.known, {})

    def test_questions_while_data_is_on_its_way(self):
        """What is in flight is not sent again because of them."""
        w = self.both(delay=0.05)
        self.up(w)
        data = os.urandom(300000)
        before = w.stations["south"].bytes_out
        root = self.send(w, "south", data)
        receiver = w.stations["north"].documents.receiver
        for _ in range(100):
            w.run(0.03)
            for wanted in receiver.active.values():
                wanted.ask_at = 0.0
        self.assertTrue(w.run(30, lambda: self.delivered(w, "south", root)))
        self.assertLess(w.stations["south"].bytes_out - before, 1.12 * 300000)

    def test_two_sessions_that_crossed(self):
        """The ends send on different ones: data is acknowledged on the session on which it came."""
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        old = south.current
        self.assertTrue(w.run(5, lambda: north.current.id == old.id))
        packet = north.handshake.initiate(w.now)
        north.put(1, packet)
        self.assertTrue(w.run(5, lambda: north.current.id != old.id))
        south.choose = lambda: None
        south.current = old                        # judges otherwise
        w.run(0.2)
        self.assertNotEqual(south.current.id, north.current.id)
        before = south.bytes_out
        self.wholly(w, "south", os.urandom(300000), seconds=20)
        self.assertNotEqual(south.current.id, north.current.id)
        self.assertLess(south.bytes_out - before, 1.25 * 300000)

    def test_lost_have(self):
        """It is said once; everything else arrives: the author offers, sends nothing again, and another is said."""
        w = self.both()
        self.up(w)
        north, unsaid = w.stations["north"], []
        north.say = lambda session, frame, *rest, say=north.say: (
            frame.type == BLOB and frame.body[0] == blob.HAVE and not unsaid and not unsaid.append(frame)) or say(session, frame, *rest)
        before = w.stations["south"].bytes_out
        self.wholly(w, "south", os.urandom(50000), seconds=10)
        self.assertEqual(len(unsaid), 1)
        self.assertLess(w.stations["south"].bytes_out - before, 1.12 * 50000)

    def test_lost_have_and_a_restart_of_the_author(self):
        w = self.both()
        self.up(w)
        root = self.send(w, "south", os.urandom(50000))
        w.lose = lambda side, path, data: side == "north" and root in w.stations["north"].documents.receiver.done
        w.run(10)
        w.stop("south")
        w.lose = lambda side, path, data: False
        w.start("south")
        self.assertTrue(w.run(60, lambda: self.delivered(w, "south", root)))

    def test_the_same_document_again_and_from_the_other_side(self):
        w = self.both()
        self.up(w)
        data = os.urandom(70000)
        root = self.wholly(w, "south", data)
        before, haves, author = w.stations["south"].bytes_out, [], w.stations["south"].documents.author
        author.on_have = lambda short, on_have=author.on_have: haves.append(short) or on_have(short)
        w.run(1)
        haves.clear()
        self.send(w, "south", data, name="b.txt")
        self.assertTrue(w.run(10, lambda: [e["file_name"] for e in w.past["north"] if e["event"] == "document"] == ["a.txt", "b.txt"]))
        self.assertLess(w.stations["south"].bytes_out - before, 2000)
        self.assertTrue(w.run(1, lambda: haves))
        self.wholly(w, "north", data, seconds=10)       # the south has it as its own
        self.assertEqual(root, tree_of(cut(data)).root())

    def test_an_older_copy_of_the_receivers_disk(self):
        w = self.both()
        self.up(w)
        self.say(w, "south", "first")
        w.stop("north")
        shutil.copytree(w.lab / "north" / "state", w.lab / "north" / "copy")
        w.start("north")
        self.up(w)
        data = os.urandom(90000)
        root = self.wholly(w, "south", data)
        w.stop("north")
        w.start("north", "copy")
        self.assertTrue(w.run(60, lambda: self.here(w, "north", root, data)))

    def test_a_path_of_508_bytes(self):
        w = self.both()
        self.up(w)
        largest = []
        w.lose = lambda side, path, data: len(data) > 508 and not largest.append(len(data))
        self.wholly(w, "south", os.urandom(100000))

    # ---- who means harm, or has a bad disk ----

    def test_piece_that_does_not_fit(self):
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        data = os.urandom(40000)
        root, _ = south.documents.author.add(lambda: io.BytesIO(data), 1)
        bad = bytearray(south.store.piece(root, 1))
        bad[100] ^= 1
        south.store.db.execute("update pieces set bytes=? where root=? and piece=1", (bytes(bad), root))
        self.send(w, "south", data)
        self.assertTrue(w.run(10, lambda: north.store.pieces(root) == {0, 2}))
        before = south.bytes_out
        w.run(20)
        self.assertEqual(north.store.pieces(root), {0, 2})
        self.assertLess(south.bytes_out - before, 12 * 20000)        # asked for again, ever more slowly
        bad[100] ^= 1
        south.store.db.execute("update pieces set bytes=? where root=? and piece=1", (bytes(bad), root))
        self.assertTrue(w.run(60, lambda: self.here(w, "north", root, data)))

    def test_a_damaged_disk_of_the_author(self):
        """Found when the document is read again after a restart: it is gone, and a person hears of it."""
        w = self.both()
        self.up(w)
        w.lose = lambda side, path, d: len(d) > 400
        root = self.send(w, "south", os.urandom(40000))
        self.assertTrue(w.run(5, lambda: root[:8] in w.stations["north"].documents.receiver.active))
        w.stations["south"].store.db.execute("update pieces set bytes=? where root=? and piece=1", (bytes(PIECE), root))
        w.stop("south")
        w.start("south")
        self.assertTrue(w.run(40, lambda: any(e["event"] == "document-gone" for e in w.past["north"])))
        self.assertIn("own-disk", self.alarms(w, "south"))

    def test_gone(self):
        w = self.both()
        self.up(w)
        north = w.stations["north"]
        self.name_only(w, (bytes(32), 5, "text/plain"))
        self.assertTrue(w.run(10, lambda: any(e["event"] == "document-gone" for e in w.past["north"])))
        n = len(w.seen)
        w.run(40)
        self.assertFalse(any(len(d) > 80 for side, _, d in w.seen[n:] if side == "north"))      # no want in this session
        unattached, _ = w.stations["south"].documents.author.add(lambda: io.BytesIO(b"not sent"), 1)
        self.inject(w, "north", Want(unattached, 0).frame().body)
        self.assertFalse(any(e["event"] == "document-gone" and e["root"] == unattached.hex() for e in w.past["north"]))
        self.assertEqual(w.stations["south"].documents.author.named, {})
        self.assertEqual(len(north.documents.receiver.active), 0)

    def test_names_without_end(self):
        """Hundreds of documents that never come keep neither memory nor the place of one that does."""
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        real = south.documents.author.on_want
        south.documents.author.on_want = lambda want, session: want.root[0] != 0xee and real(want, session)     # says nothing to those
        rng = random.Random(SEED)
        for _ in range(12):
            self.name_only(w, *((b"\xee" + rng.randbytes(31), 10 ** 6, "text/plain") for _ in range(8)))
        self.wholly(w, "south", os.urandom(40000), seconds=400)
        receiver = north.documents.receiver
        self.assertLessEqual(len(receiver.active), peer_documents.MOST_ACTIVE)
        self.assertEqual(len(receiver.known), 96)

    def test_quota_and_refusals(self):
        w = self.both(start=("south",))
        north = w.start("north", quota=200000)
        self.up(w)
        why = lambda: [e["why"] for e in w.past["north"] if e["event"] == "document-refused"]
        self.wholly(w, "south", os.urandom(100000))
        self.name_only(w, (b"\x01" * 32, 100000, "text/plain"))
        self.name_only(w, (b"\x02" * 32, (1 << 64) - 1, "text/plain"))
        self.assertEqual(why(), ["there is no room for it", "it is longer than the accord allows"])
        for i in range(40):
            self.name_only(w, *((bytes([3, i, k]) * 10 + b"xx", 0, "text/plain") for k in range(8)))
        self.assertLessEqual(sum(1 for _ in north.store.blobs("far")), 1 + 100000 // peer_documents.OVERHEAD)
        north.files.accord.lines[1].media.remove("document")
        self.name_only(w, (b"\x04" * 32, 5, "text/plain"))
        self.assertEqual(why()[-1], "the line carries no documents")
        with self.assertRaises(ValueError):
            north.documents.author.add(lambda: io.BytesIO(b"x"), 1)

    def test_parts_without_end(self):
        """An author that finishes no piece: what is not checked stays within its bound, and an honest end still comes."""
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        data = os.urandom(400 * PIECE)
        w.lose = lambda side, path, d: len(d) > 300 and side == "south"       # nothing of the real answer
        root = self.send(w, "south", data)
        self.assertTrue(w.run(10, lambda: len(north.documents.receiver.active) == 1))
        for piece in range(400):
            south.packet(south.current, 1, [Frame(BLOB, Data(piece, 7, None, b"x").frame(root).body)], [None], w.now)
        w.run(0.1)
        self.assertEqual(len(north.documents.receiver.partials), peer_documents.MOST_PARTIALS)
        self.assertEqual(north.store.pieces(root), set())
        w.lose = lambda side, path, d: False
        self.assertTrue(w.run(300, lambda: len(north.store.pieces(root)) > 30))

    def test_malformed_frames_of_type_5(self):
        w = self.both()
        self.up(w)
        data = os.urandom(40000)
        w.lose = lambda side, path, d: side == "south" and len(d) > 400
        root = self.send(w, "south", data)
        self.assertTrue(w.run(10, lambda: len(w.stations["north"].documents.receiver.active) == 1))
        short, rng = root[:8], random.Random(SEED)
        bodies = [b"", b"\x05" + short + b"x", b"\x06" + short, b"\x7f", b"\x00" + short, b"\x01" + short + b"\x03\x00x", b"\x01" + short + b"\x00\x80\x00\x40\x00x",
                  b"\x02" + short + b"\x00\x20" + bytes(32 * 32), b"\x02" + short + b"\x00\x02" + bytes(33), b"\x03" + short + b"x",
                  b"\x01" + short + b"\xc0\x00\x00\x00\x00\x00\x00\x01\x00x", Want(root, 1 << 61, b"\xff" * 512).frame().body]
        bodies += [bytes([rng.choice((1, 2, 3, 5, 6))]) + short + rng.randbytes(rng.randrange(80)) for _ in range(200)]
        for side in ("south", "north"):
            for body in bodies:
                self.inject(w, side, body)
        w.lose = lambda side, path, d: False
        self.assertTrue(w.run(120, lambda: self.here(w, "north", root, data)))

    def test_a_wrong_length(self):
        """The root is right and the length is a lie: nothing is ever taken for whole, and the questions become rare."""
        w = self.both()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        data = os.urandom(50000)
        root, length = south.documents.author.add(lambda: io.BytesIO(data), 1)
        south.documents.author.stored[root] = (length - 1, 1)
        self.name_only(w, (root, length - 1, "text/plain"))
        w.run(60)
        self.assertNotIn(root, north.documents.receiver.done)
        before = len(w.seen)
        w.run(60)
        self.assertLess(sum(len(d) for _, _, d in w.seen[before:]), 400000)

    def test_two_roots_that_frames_cannot_tell_apart(self):
        """One after the other: the first here keeps the other waiting, and neither is harmed."""
        w = self.both()
        self.up(w)
        data = os.urandom(40000)
        alike = tree_of(cut(data)).root()[:8] + bytes(24)
        self.name_only(w, (alike, 100, "text/plain"))
        self.wholly(w, "south", data, seconds=120)


class Loopback(TwoStations):
    """Real sockets and clocks."""

    def lab(self) -> Path:
        held = {(side, p): socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for side in ("south", "north") for p in (1, 2)}
        for s in held.values():
            s.bind(("127.0.0.1", 0))
        ports = {k: s.getsockname()[1] for k, s in held.items()}
        for s in held.values():
            s.close()
        return make_lab(self.folder / "lab", paths=2, ports=lambda side, p: ports[(side, p)])

    def nets(self, rng: random.Random, loss: float, flips: float, late: float) -> dict[str, Net]:
        """Both ends in this process; datagrams are lost, changed, or kept back behind later ones."""
        lab, out = self.lab(), {}
        for side in ("south", "north"):
            net = out[side] = Net(load_side(lab / side), Store(lab / side / "state"))
            self.addCleanup(net.station.store.close)
            self.addCleanup(net.close)
            plain, kept = net.station.transmit, []

            def transmit(path, data, plain=plain, kept=kept):
                if rng.random() < loss:
                    return
                data = flipped(data, rng) if rng.random() < flips else data
                if rng.random() < late:
                    kept.append((path, data))
                    return
                plain(path, data)
                while kept and rng.random() < 0.4:
                    plain(*kept.pop(rng.randrange(len(kept))))
            net.station.transmit = transmit
        return out

    def deliver(self, loss, flips, late, sizes) -> list[int]:
        rng = random.Random(SEED)
        nets = self.nets(rng, loss, flips, late)
        sent = []
        for side in nets:
            for size in sizes:
                data = rng.randbytes(size)
                st = nets[side].station
                root, length = st.documents.author.add(lambda: io.BytesIO(data), 1)
                st.lines[1].own.submit(f"{size} bytes", "routine", 0, {17: [[root, length, "application/octet-stream", f"{size}.bin"]]})
                sent.append((side, root, data))
        delivered, alarms = set(), []
        end = [30000]
        while len(delivered) < len(set((s, r) for s, r, _ in sent)) and end[0]:
            end[0] -= 1
            for side, net in nets.items():
                net.step(0.001)
                while net.station.events:
                    e = net.station.events.popleft()
                    if e["event"] == "document-delivered":
                        delivered.add((side, bytes.fromhex(e["root"])))
                    elif e["event"] == "alarm":
                        alarms.append(e)
        self.assertEqual(len(delivered), len(set((s, r) for s, r, _ in sent)), f"seed {SEED}")
        for side, root, data in sent:
            other = nets["north" if side == "south" else "south"].station
            self.assertEqual(b"".join(other.documents.read(root, len(data))), data)
        self.assertEqual(alarms, [])
        return [n.station.bytes_out for n in nets.values()]

    def test_sizes_without_loss(self):
        sizes = SIZES
        out = self.deliver(0.0, 0.0, 0.0, sizes)
        self.assertLess(max(out), 1.15 * sum(sizes) + 50000)

    def test_sizes_with_drops_flips_and_reordering(self):
        self.deliver(0.05, 0.03, 0.1, SIZES)

    def test_two_programs(self):
        lab = self.lab()
        data = random.Random(SEED).randbytes(250000)
        (self.folder / "Report (1).pdf").write_bytes(data)
        peer = [sys.executable, Path(__file__).parent / "peer.py", "--lab", lab, "--json", "--timeout", "30"]
        taker = subprocess.Popen([*peer, "--side", "south", "--receive-document", self.folder / "in"], stdout=subprocess.PIPE, text=True)
        giver = subprocess.run([*peer, "--document", self.folder / "Report (1).pdf", "--send", "The report."], capture_output=True, text=True,
                               timeout=60)
        taken, given = json.loads(taker.communicate(timeout=60)[0]), json.loads(giver.stdout)
        self.assertEqual((giver.returncode, taker.returncode), (0, 0))
        self.assertTrue(given["document_delivered"] and given["receipt_verified"])
        [d] = taken["documents"]
        self.assertEqual((d["root"], d["length"], d["file_name"], d["media"], d["verified"]),
                         (given["document"]["root"], len(data), "Report (1).pdf", "application/pdf", True))
        self.assertEqual(Path(d["file"]).read_bytes(), data)


if __name__ == "__main__":
    unittest.main()
