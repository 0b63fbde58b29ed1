"""Unit tests of the peer: what needs no station. tests/system/peer_test.py runs them."""

from __future__ import annotations

import random
import unittest

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import peer_cbor as cbor
import peer_wire as wire
from peer_keys import sha256
from peer_noise import Handshake, NoiseError, public
from peer_packet import PacketError, Receiver, Sender, SessionSpent, Suite, field_size, first_generation, nearest
from peer_record import Tree, node, root_from_path

NAMES = {"south": "ChaCha20-Poly1305", "north": "AES-256-GCM"}


class Pure(unittest.TestCase):
    """What needs no station."""

    def test_cbor(self):
        for item in (0, 23, 24, 255, 256, 1 << 32, -1, -70001, b"x" * 30, "text", [1, [2]], {1: -8, 4: b"a", -70001: 7}, None):
            self.assertEqual(cbor.decode(cbor.encode(item)), item)
        for bad in ("1800", "1817", "190010", "a2020001 00", "9f00ff", "f4", "fb0000000000000000", "0000", "62c328", "a201000100", "5b"):
            with self.assertRaises(cbor.CborError, msg=bad):
                cbor.decode(bytes.fromhex(bad.replace(" ", "")))

    def test_varint(self):
        for n in (0, 63, 64, 16383, 16384, (1 << 30) - 1, 1 << 30, (1 << 62) - 1):
            r = wire.Reader(wire.varint(n))
            self.assertEqual((r.varint(), r.left()), (n, 0))
        for n in (0, 1, -1, 300, -300, 1 << 32, -(1 << 32)):
            self.assertEqual(wire.Reader(wire.zigzag(n)).zigzag(), n)
        for bad in ("4001", "80000001", "c000000000000001", "40", ""):
            with self.assertRaises(wire.WireError):
                wire.Reader(bytes.fromhex(bad)).varint()

    def test_tree(self):
        leaves = [sha256(bytes([i])) for i in range(70)]

        def slow(x):
            if len(x) == 1:
                return x[0]
            k = 1 << (len(x) - 1).bit_length() - 1
            return node(slow(x[:k]), slow(x[k:]))
        for n in range(1, 70):
            tree = Tree(leaves[:n])
            self.assertEqual(tree.root(), slow(leaves[:n]))
            self.assertEqual(tree.root(n // 2, leaves[n // 2:n]), tree.root())
            for i in range(n):
                path = tree.path(i)
                self.assertEqual(root_from_path(leaves[i], i, n, path), tree.root())
                self.assertNotEqual(root_from_path(leaves[i], i, n, path + [leaves[0]]), tree.root())

    def test_noise(self):
        a, b = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        i = Handshake(True, a, public(b), bytes(32), b"p")
        r = Handshake(False, b, public(a), bytes(32), b"p")
        r.read_1(i.write_1())
        self.assertEqual(i.read_2(r.write_2(b"five!")), b"five!")
        self.assertEqual((i.split(), i.session_id()), (r.split(), r.session_id()))
        for psk, prologue in ((bytes(31) + b"\1", b"p"), (bytes(32), b"q")):
            with self.assertRaises(NoiseError):
                Handshake(False, b, public(a), psk, prologue).read_1(Handshake(True, a, public(b), bytes(32), b"p").write_1())

    def test_counter_field(self):
        self.assertEqual([field_size(n, 0) for n in (0, 127, 128, 32767, 32768)], [1, 1, 2, 2, 4])
        rng = random.Random(1)
        for _ in range(2000):
            arrived = rng.randrange(1 << 20)
            counter = arrived + rng.randrange(1, 40000)
            highest = rng.randrange(arrived, counter)
            size = field_size(counter, arrived)
            self.assertEqual(nearest(counter & ((1 << 8 * size) - 1), 8 * size, highest + 1), counter)

    def _pair(self, seal="both", packets=1 << 20):
        suite = Suite.of(seal, NAMES, "south", "north")
        return (Sender(first_generation(suite, bytes(32), 1), b"id", 0, packets, 1800), Receiver(first_generation(suite, bytes(32), 1)))

    def test_packet_sizes_and_replay(self):
        for seal, least in (("both", 36), ("north", 20)):
            s, r = self._pair(seal)
            _, packet = s.seal(b"", 0)
            self.assertEqual(len(packet), least)
            r.open(packet, 0)
            with self.assertRaises(PacketError):
                r.open(packet, 0)

    def test_replay_window(self):
        s, r = self._pair()
        s.acknowledged(0)
        packets = [s.seal(b"x", 0)[1] for _ in range(1500)]
        order = list(range(400, 1500))
        random.Random(2).shuffle(order)
        for i in [1499, *(o for o in order if o != 1499)]:
            if 1499 - i < 1024:
                self.assertEqual(r.open(packets[i], 0)[0], i)
            else:
                with self.assertRaises(PacketError):
                    r.open(packets[i], 0)
        for i in (1499, 900, 480, 5):
            with self.assertRaises(PacketError):
                r.open(packets[i], 0)

    def test_every_bit_counts(self):
        s, r = self._pair()
        _, packet = s.seal(b"frames", 0)
        for bit in range(8 * len(packet)):
            bad = bytearray(packet)
            bad[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(PacketError):
                r.open(bytes(bad), 0)
        self.assertEqual(r.highest, -1)
        r.open(packet, 0)

    def test_inner_seal_is_an_alarm(self):
        s, r = self._pair()
        s.gen.layers[0] = s.gen.next().layers[0]
        with self.assertRaises(PacketError) as caught:
            r.open(s.seal(b"x", 0)[1], 0)
        self.assertTrue(caught.exception.alarm)

    def test_rekey(self):
        s, r = self._pair(packets=3)
        late, phases = None, []
        for i in range(14):
            counter, packet = s.seal(bytes([i]), 0)
            phases.append(packet[0] >> 2 & 1)
            if i == 2:
                late = packet
                continue
            self.assertEqual(r.open(packet, 0), (counter, bytes([i])))
            if i >= 5:
                s.acknowledged(counter)
            if i == 8:
                self.assertEqual(r.open(late, 59)[0], 2)
        self.assertEqual(phases[:6], [0] * 6)     # not before a packet of generation 0 is known to have arrived
        self.assertEqual(phases[6:], [1, 1, 1, 0, 0, 0, 1, 1])
        s.counter = 1 << 32
        with self.assertRaises(SessionSpent):
            s.seal(b"", 0)

    def test_small_frames(self):
        frames = [wire.Probe(True, True, 3, 0, 1 << 20), wire.Contact(True, True, b"dgst", [b"ab", b"cd"]), wire.Contact(False, True, b"dgst"),
                  wire.PathAck(1, 7, [(5, 9), (2, 3), (0, 0)]), wire.Fragment(3, 100, True, b"data"), wire.LogState(1),
                  wire.LogState(7, True, (b"e" * 16, 70000, b"r" * 8), 5, (b"f" * 16, 3, b"s" * 8), 1 << 63 | 1),
                  wire.LogState(2, False, None, None, None, 0, (3, 5, 1795000000))]
        for f in frames:
            self.assertEqual(type(f).read(f.frame().body), f)
        body = frames[-1].frame().body
        for n in range(len(body)):
            with self.assertRaises(wire.WireError):
                wire.LogState.read(body[:n])
        for read, bad in ((wire.LogState.read, b"\x01\x20"), (wire.LogState.read, b"\x01\x08\x01"), (wire.PathAck.read, b"\x01\x00\x05\x07"),
                          (wire.PathAck.read, b"\x01\x00\x05\x00"), (wire.Contact.read, b"\x02abcdef"), (wire.Contact.read, b"\x00abcd")):
            with self.assertRaises(wire.WireError):
                read(bad)

    def test_unknown_frames(self):
        known, odd = wire.Frame(wire.PROBE, b"p"), wire.Frame(20, b"zz")
        got, wrong = wire.frames_of(wire.pack([odd, known]))
        self.assertEqual(([f.type for f in got], wrong), ([wire.PROBE], ""))
        odd.critical = True
        got, wrong = wire.frames_of(wire.pack([known, odd, known]))
        self.assertEqual([f.type for f in got], [wire.PROBE])
        self.assertIn("critical", wrong)
