"""Unit tests of the peer: two peers on a virtual network and clock; one test with real sockets on loopback."""

from __future__ import annotations

import random
import shutil
import socket

import peer_cbor as cbor
import peer_wire as wire
from peer_files import load_side
from peer_handshake import FIRST_CONTACT
from peer_keys import hmac256, sha256
from peer_net import Net
from peer_record import verify_cosignature
from peer_store import Store, StoreError
from peer_testlab import TwoStations, make_lab


class Two(TwoStations):
    """Two peers."""

    def test_handshake_contact_and_receipts(self):
        for seal in ("both", "north"):
            with self.subTest(seal):
                shutil.rmtree(self.folder / "lab", ignore_errors=True)
                w = self.world(seal=seal)
                self.up(w)
                self.assertTrue(all(d[0] == FIRST_CONTACT for _, _, d in w.seen if d[0] & 0x0F == 1))
                own = self.say(w, "south", "Good morning")
                self.say(w, "north", "Good morning too", precedence="flash")
                self.say(w, "north", "between us", line=2)
                size, root, at, signature = own.log.cosigned
                self.assertTrue(verify_cosignature(w.stations["south"].files.other_cosign_key, own.log.origin, size, root, at, signature))
                self.assertEqual((self.texts(w, "north"), self.texts(w, "south"), self.texts(w, "south", 2)),
                                 (["Good morning"], ["Good morning too"], ["between us"]))
                self.assertEqual(self.alarms(w, "south") + self.alarms(w, "north"), [])
                w.close()

    def test_crossed_handshakes_end_on_the_first_sides(self):
        w = self.world(delay=0.2)
        self.up(w)
        w.run(2)
        for s in w.stations.values():
            self.assertTrue(s.current.by_first)
        self.assertEqual(len({s.current.id for s in w.stations.values()}), 1)

    def test_strangers_get_nothing(self):
        w = self.world(start=("north",))
        north, sent = w.stations["north"], []
        north.transmit = lambda p, d: sent.append(d)
        rng = random.Random(3)
        files = load_side(w.lab / "south")
        head = bytes([1]) + files.own_hint + bytes(2) + (1 << 31).to_bytes(4, "big")
        for data in [b"", b"\x01", head + bytes(72), head + bytes(73), head[:10], b"\x11" + bytes(82), b"\x02" + bytes(58), b"\x03" + bytes(67),
                     b"\x40" + bytes(40), rng.randbytes(1300), *(rng.randbytes(rng.randrange(1, 200)) for _ in range(300))]:
            north.receive(1, data, 0.0)
        self.assertEqual((sent, north.handshake.far_c), ([], 0))

    def test_replayed_first_packet_and_notices(self):
        w = self.world(start=("south",))
        w.run(0.1)
        first = next(d for s, _, d in w.seen if d[0] == FIRST_CONTACT)
        north, sent = w.start("north"), []
        north.transmit = lambda p, d: sent.append(d)
        north.receive(1, first, w.now)
        self.assertEqual([len(d) for d in sent], [68])
        north.receive(1, first, w.now)
        self.assertEqual(len(sent), 1)
        files = w.stations["south"].files
        head = bytes([1]) + files.own_hint + bytes(2) + (1 << 31).to_bytes(4, "big")
        body = head + bytes(48)
        north.receive(1, body + hmac256(files.own_mac, body)[:24], w.now)      # a good MAC over nothing that reads
        self.assertEqual((len(sent[1]), sent[1][0], sent[1][11]), (68, 3, 1))
        self.assertEqual(north.store.get("far_c"), int.from_bytes(first[7:11], "big"))  # it shuts out no call that reads
        north.receive(1, body + hmac256(files.own_mac, body)[:24], w.now)
        self.assertEqual(len(sent), 2)

    def test_epoch_of_the_secret(self):
        w = self.world()
        self.up(w)
        w.wall_shift += 25 * 3600
        for s in w.stations.values():
            s.current.created -= 1e6           # the session is old: a new one begins
        self.assertTrue(w.run(60, lambda: all(s.handshake.psk_epoch == 1 for s in w.stations.values())))
        self.say(w, "south", "under the next secret")
        w.stop("north")
        w.start("north", "empty")              # its chain begins at 0 again: notice 2 moves it on
        self.assertTrue(w.run(60, lambda: w.stations["north"].handshake.psk_epoch == 1))
        self.up(w)

    def test_loss(self):
        w = self.world(paths=2)
        self.up(w)
        w.lose = lambda side, path, data: w.random.random() < 0.25
        for i in range(40):
            w.stations["south"].lines[1].own.submit(f"text {i}")
            w.stations["north"].lines[1].own.submit(f"answer {i}", ("routine", "flash")[i % 7 == 0])
        self.assertTrue(w.run(300, lambda: all(s.lines[1].own.receipted == 40 for s in w.stations.values())))
        self.assertEqual(self.texts(w, "north"), [f"text {i}" for i in range(40)])
        self.assertEqual(self.alarms(w, "south") + self.alarms(w, "north"), [])

    def test_lost_receipt_is_drawn_again(self):
        w = self.world()
        self.up(w)
        w.run(1)
        lost = []
        w.lose = lambda side, path, data: side == "north" and len(lost) < 1 and not lost.append(1)
        self.say(w, "south", "again")
        self.assertEqual(self.texts(w, "north"), ["again"])
        self.assertEqual(w.stations["north"].lines[1].far.duplicates, 1)

    def test_early_entry(self):
        w = self.world()
        self.up(w)
        south, north = w.stations["south"], w.stations["north"]
        held = []
        w.lose = lambda side, path, data: side == "south" and len(held) < 1 and len(data) > 120 and not held.append(data)
        south.lines[1].own.submit("slow")
        w.run(0.05)
        south.lines[1].own.submit("urgent", "immediate")
        self.assertTrue(w.run(0.3, lambda: any(e["event"] == "arrived" and e["early"] for e in w.past["north"])))
        self.assertEqual(self.texts(w, "north"), [])
        self.assertEqual((north.state_of(1, False).yours[1], north.state_of(1, False).ahead), (0, 2))
        self.assertTrue(w.run(10, lambda: south.lines[1].own.receipted == 2))
        self.assertEqual(self.texts(w, "north"), ["slow", "urgent"])
        self.assertEqual(len([e for e in w.past["north"] if e["event"] == "arrived"]), 2)

    def test_fragments(self):
        w = self.world()
        w.stations["south"].pack = False
        self.up(w)
        text = "".join(random.Random(4).choice("abcdefgh ") for _ in range(900))
        largest = []
        w.lose = lambda side, path, data: len(data) > 508 and not largest.append(len(data))      # a path of 508 bytes
        self.say(w, "south", text)
        self.assertEqual(self.texts(w, "north"), [text])
        w.run(1)
        self.assertGreaterEqual(w.stations["south"].current.paths[1].highest_acked, 0, "fragments draw a path acknowledgement")
        w.lose = lambda side, path, data: False
        self.say(w, "south", text)
        w.run(1)
        self.say(w, "south", text)
        self.assertTrue(w.run(3, lambda: w.stations["south"].current.paths[1].large))
        w.seen.clear()
        self.say(w, "south", text)
        self.assertGreater(max(len(d) for s, _, d in w.seen), 900)

    def test_a_cut_of_its_own_that_it_forgot_is_held(self):
        w = self.world()
        south, north = w.stations["south"], w.stations["north"]
        known = south.state_of

        def told(number, wanted):
            state = known(number, wanted)
            state.your_cut = (3, 1, 0) if number == 1 else None
            return state
        south.state_of, south.contact.digest = told, lambda: b"else"  # so that each asks for the state of every line
        self.up(w)
        self.assertEqual(north.lines[1].own.told_cut(), [3, 1, 0])
        self.assertEqual(len([e for e in w.past["north"] if e["event"] == "alarm" and e["alarm"] == "cut"]), 1)
        with self.assertRaisesRegex(ValueError, "is cut by this side"):
            north.lines[1].own.submit("not on this line")
        south.lines[1].own.submit("nor from there")
        w.run(5)
        self.assertEqual(self.texts(w, "north"), [])
        self.assertFalse(north.lines[1].own.hold_cut(3, 7, 0), "no newer one")

    def test_parcels_are_bounded(self):
        w = self.world()
        self.up(w)
        session = w.stations["north"].current
        for i in range(40):
            session.join(wire.Fragment(i, 0, False, b"x").frame().body)
        self.assertEqual(sorted(session.partials), list(range(24, 40)))
        with self.assertRaises(wire.WireError):
            session.join(wire.Fragment(50, 8000, False, bytes(200)).frame().body)

    def test_malformed_frames(self):
        w = self.world()
        self.up(w)
        south, rng = w.stations["south"], random.Random(5)
        for kind in (*wire.KNOWN, 6, 10, 20):
            if kind == wire.CLOSE:
                continue
            for n in (0, 1, 2, 5, 9, 20, 60):
                south.packet(south.current, 1, [wire.Frame(kind, rng.randbytes(n), 0)], [None], w.now)
                w.run(0.02)
        self.up(w)
        self.say(w, "south", "still here")

    def test_restart_goes_on_with_its_log(self):
        w = self.world()
        self.up(w)
        epoch = self.say(w, "north", "one").log.epoch
        w.stop("north")
        w.start("north")
        self.up(w)
        own = self.say(w, "north", "two")
        self.assertEqual((own.log.epoch, own.log.size, self.texts(w, "south")), (epoch, 2, ["one", "two"]))
        self.assertEqual(w.stations["north"].contact.found, [])

    def test_digest_is_the_same_from_both_ends(self):
        w = self.world()
        self.up(w)
        self.say(w, "north", "one")
        self.say(w, "south", "two", line=2)
        south, north = w.stations["south"].contact, w.stations["north"].contact
        self.assertEqual((south.digest(), north.digest()), (north.expected(), south.expected()))
        parts = b""
        s = w.stations["south"]
        for number in sorted(s.lines):
            own, far = s.lines[number].pair.newest("own"), s.lines[number].pair.newest("far")
            parts += number.to_bytes(2, "big") + (far.epoch + far.size.to_bytes(8, "big") if far else bytes(24))
            parts += own.epoch + own.receipted.to_bytes(8, "big") if own else bytes(24)
        self.assertEqual(south.digest(), sha256(parts)[:4])

    def test_contact_frame_is_asked_for(self):
        w = self.world(start=("south",))
        self.up_alone = w.run(0.5)
        w.lose = lambda side, path, data: side == "south" and data[0] & 0xF8 == 0x40 and w.now < 1.7
        w.start("north")
        self.up(w)
        self.say(w, "north", "after it")

    def test_new_epoch_after_a_lost_state(self):
        w = self.world()
        self.up(w)
        old = self.say(w, "north", "one").log.epoch
        self.say(w, "south", "from the south")
        w.stop("north")
        north = w.start("north", "empty")
        self.up(w)
        self.assertIn("new-epoch", self.alarms(w, "north"))
        own = self.say(w, "north", "after the loss")
        self.assertNotEqual(own.log.epoch, old)
        self.assertEqual([s.entry.header[4] for s in own.log.entries], [3, 1])
        far = w.stations["south"].lines[1].pair.logs["far"]
        self.assertEqual([log.size for log in far.values()], [1, 2])
        # what it had cosigned comes again, and nothing is cosigned below it
        self.assertTrue(w.run(10, lambda: north.lines[1].pair.newest("far") and north.lines[1].pair.newest("far").size == 1))
        self.assertIn("far-disk", self.alarms(w, "south"))
        self.assertEqual(self.texts(w, "north"), ["from the south"])
        self.say(w, "south", "and on")

    def test_older_copy_of_a_disk(self):
        w = self.world()
        self.up(w)
        for i in range(3):
            self.say(w, "south", f"s{i}")
        self.say(w, "north", "n0")
        w.stop("north")
        copied = Store(w.lab / "north" / "state")
        with copied.transaction():
            copied.enqueue(1, cbor.encode({1: 1, 2: 1, 4: 1, 6: 1795533000}), b"waited on the copy", 0)
        copied.close()
        shutil.copytree(w.lab / "north" / "state", w.lab / "north" / "copy")
        w.start("north")
        self.up(w)
        self.assertTrue(w.run(5, lambda: w.stations["north"].lines[1].own.receipted == 2))
        for i in range(3, 80):
            self.say(w, "south", f"s{i}", seconds=30)
        w.stop("north")
        north = w.start("north", "copy")
        north.lines[1].own.submit("said in this life")
        self.up(w)
        self.assertIn("new-epoch", self.alarms(w, "north"))
        self.assertIn("own-disk", self.alarms(w, "north"))
        far = north.lines[1].pair.newest("far")
        self.assertTrue(w.run(30, lambda: far.size == 80))
        sizes = [r[0] for r in north.store.db.execute("select size from cosignatures where whose='far' and line=1")]
        self.assertTrue(all(s <= 3 or s >= 80 for s in sizes), sizes)
        self.assertEqual(north.store.queued(1), [])
        log = north.lines[1].pair.newest("own")
        self.assertEqual(cbor.decode(log.entries[0].entry.body)[1], 1)
        self.assertTrue(w.run(5, lambda: log.receipted == 2))
        self.assertEqual(log.entries[1].entry.body, b"said in this life")
        self.say(w, "south", "s80")

    def test_one_writer_of_a_state(self):
        w = self.world()
        with self.assertRaises(StoreError):
            Store(w.lab / "north" / "state")

    def test_path_goes_and_comes_back(self):
        w = self.world(paths=2)
        self.up(w)
        self.say(w, "south", "both")
        w.lose = lambda side, path, data: path == 1
        for i in range(3):
            self.say(w, "south", f"one path {i}", seconds=10)
        self.assertTrue(w.stations["south"].by_number[1].suspect)
        w.lose = lambda side, path, data: False
        self.assertTrue(w.run(20, lambda: not w.stations["south"].by_number[1].suspect))

    def test_sockets(self):
        """Real sockets on loopback, both ends in this process."""
        probes = {(side, p): socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for side in ("south", "north") for p in (1, 2)}
        for s in probes.values():
            s.bind(("127.0.0.1", 0))
        ports = {k: s.getsockname()[1] for k, s in probes.items()}
        for s in probes.values():
            s.close()
        lab = make_lab(self.folder / "lab", paths=2, ports=lambda side, p: ports[(side, p)])
        nets = []
        for side in ("south", "north"):
            nets.append(Net(load_side(lab / side), Store(lab / side / "state")))
            self.addCleanup(nets[-1].close)
            self.addCleanup(nets[-1].station.store.close)
        nets[0].station.lines[1].own.submit("by sockets", "flash")
        for _ in range(3000):
            for n in nets:
                n.step(0.002)
            if nets[0].station.lines[1].own.receipted:
                break
        self.assertEqual(nets[0].station.lines[1].own.receipted, 1)
