"""Unit tests of the peer's documents: what needs no station. document.md section 1 and its frames, and files that are written."""

from __future__ import annotations

import io
import os
import random
import shutil
import tempfile
import unittest
from pathlib import Path

import peer_blob as blob
from peer_blob import DATA, GONE, HAVE, OFFER, PIECE, PROVED, Data, Partial, Want, cut, leaf_of, short_frame, tree_of
from peer_save import root_of, safe_name, save
from peer_wire import BLOB, Reader, WireError

SEED = int(os.environ.get("DETENTE_SEED") or random.randrange(1 << 32))
EXAMPLE = bytes(k % 251 for k in range(32800))       # three pieces, the last of 32 bytes
EXAMPLE_ROOT = tree_of(cut(EXAMPLE)).root()
# document.md section 4
LEAVES = ("929fdff2bcb8c7c7b9e843a001aa09bca2721141d6637b54e5f558ba5f4d3b3f", "793c113afe0e340f5dfadf2b5bb44758faae676994ca023516a0d3da3987cac4",
          "038fc1a7d1b5faab0aa24efb2a7249e3aacddef36c52e5561d443edb1ec2f71b")
INNER = bytes.fromhex("08afc4434daae337a7ce4f60e85c8755263f365b7c58c56ad77b17bf0cc40b1c")
ROOT = bytes.fromhex("8c98c4c5a7f8051a62238f07fafd4d9e634b5e45cf36c003bb476372077bd00c")


def setUpModule():
    print(f"DETENTE_SEED={SEED}", flush=True)


class BlobForm(unittest.TestCase):
    """What needs no station."""

    def test_example(self):
        """Section 4, to the byte."""
        data, leaves = bytes(i % 251 for i in range(40000)), [bytes.fromhex(x) for x in LEAVES]
        tree = tree_of(cut(data))
        self.assertEqual([leaf_of(p) for p in cut(data)], leaves)
        self.assertEqual((tree.root(), tree.path(2), tree.path(1)), (ROOT, [INNER], [leaves[0], leaves[2]]))
        self.assertEqual(tree_of(cut(b"")).root().hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        frames = (
            (Want.of(ROOT, 3, set(), 1000).frame(), f"00{ROOT.hex()}00"),
            (Want.of(ROOT, 3, {0, 2}, 1000).frame(), f"00{ROOT.hex()}0102"),
            (Data(1, 0, tree.path(1), data[16384:16388]).frame(ROOT), f"028c98c4c5a7f8051a0102{LEAVES[0]}{LEAVES[2]}45464748"),
            (Data(2, 300, None, data[33068:33072]).frame(ROOT), "018c98c4c5a7f8051a02412cbbbcbdbe"),
            (short_frame(HAVE, ROOT), "038c98c4c5a7f8051a"), (short_frame(GONE, ROOT), "048c98c4c5a7f8051a"),
            (short_frame(OFFER, ROOT), "058c98c4c5a7f8051a"))
        for frame, body in frames:
            self.assertEqual((frame.type, frame.body.hex()), (BLOB, body))
        r = Reader(frames[2][0].body[9:])
        self.assertEqual(Data.read(PROVED, r), Data(1, 0, [leaves[0], leaves[2]], b"EFGH"))
        for held, rest in (({2}, "0004"), ({0, 1}, "02"), ({0, 1, 2}, "03")):
            self.assertEqual(Want.of(ROOT, 3, held, 1000).frame().body.hex(), f"00{ROOT.hex()}{rest}")

    def test_data_of_a_wrong_form(self):
        """Section 2: at least one byte, at an offset below 16,384, in the shortest varints."""
        self.assertEqual(Data.read(DATA, Reader(bytes.fromhex("007fff6f"))), Data(0, 16383, None, b"o"))
        for rest in ("00", "0000", "007fff", "00800040006f", "0040016f"):
            with self.assertRaises(WireError):
                Data.read(DATA, Reader(bytes.fromhex(rest)))

    def test_streams_are_cut_like_bytes(self):
        for size in (0, 1, PIECE - 1, PIECE, PIECE + 1, 100000):
            data = random.Random(size).randbytes(size)
            self.assertEqual([*blob.read_pieces(io.BytesIO(data))], [*cut(data)])

    def test_wants(self):
        rng = random.Random(SEED)
        for _ in range(300):
            count = rng.randrange(1, 9000)
            held = set(rng.sample(range(count), rng.randrange(count + 1)))
            room = rng.choice((469, 1161, 60))
            frame = Want.of(EXAMPLE_ROOT, count, held, room).frame()
            self.assertLessEqual(len(frame.sized()), room)
            r = Reader(frame.body)
            self.assertEqual((r.byte(), r.take(8)), (blob.WANT, EXAMPLE_ROOT[:8]))
            want = Want.read(EXAMPLE_ROOT[:8], r)
            told = set(range(count)) - set(want.missing(count))
            self.assertLessEqual(told, held)
            self.assertEqual({p for p in held if p < want.base + 8 * len(want.bits)}, told)
        self.assertEqual([*Want(EXAMPLE_ROOT, 1 << 61).missing(3)], [])
        self.assertEqual([*Want(EXAMPLE_ROOT, 1, b"\xfd\xff").missing(4)], [2])
        with self.assertRaises(WireError):
            Want.read(bytes(8), Reader(bytes(24) + b"\x00" + bytes(513)))

    def test_parts_in_any_cut_and_order(self):
        rng, tree = random.Random(SEED), tree_of(cut(EXAMPLE))
        for _ in range(60):
            piece = rng.randrange(3)
            data = EXAMPLE[piece * PIECE:(piece + 1) * PIECE]
            parts, at = [Data(piece, 0, tree.path(piece), data[:rng.randrange(500)])], 0
            while at < len(data):
                n = rng.randrange(1, 3000)
                parts.append(Data(piece, at, None, data[at:at + n]))
                at += rng.randrange(n // 2, n) or n
            rng.shuffle(parts)
            p = Partial(len(data))
            for i, part in enumerate(parts):
                self.assertEqual(p.whole(), i == len(parts) or (p.mask == p.full and p.proof is not None))
                p.add(part)
            self.assertTrue(p.whole() and p.proves(EXAMPLE_ROOT, piece, 3))
            self.assertFalse((piece == 2 and p.proves(EXAMPLE_ROOT, piece, 4)) or p.proves(EXAMPLE_ROOT, (piece + 1) % 3, 3))
            bit = rng.randrange(8 * len(data))
            p.data[bit // 8] ^= 1 << bit % 8
            self.assertFalse(p.proves(EXAMPLE_ROOT, piece, 3))
        with self.assertRaises(WireError):
            Partial(32).add(Data(2, 1, None, bytes(32)))
        self.assertFalse(Partial(0).whole())      # even an empty piece wants its proof

    def test_names(self):
        for name, safe in (("a.txt", "a.txt"), ("../../etc/passwd", "passwd"), ("..", "document"), ("C:\\x\\y.doc", "y.doc"), (None, "document"),
                           (".bashrc", "bashrc"), ("a\x00b\n\u202egpj.exe", "a_b__gpj.exe"), ("Übersicht – März.pdf", "Übersicht – März.pdf"),
                           ("-rf", "rf"), ("x/", "document"), ("\udce9".encode("utf-8", "replace").decode(), "_")):
            self.assertEqual(safe_name(name), safe, name)
        self.assertLessEqual(len(safe_name("ü" * 200).encode()), 100)

    def test_saving_writes_over_nothing(self):
        data, folder = os.urandom(20000), Path(tempfile.mkdtemp(prefix="peer-test-"))
        self.addCleanup(shutil.rmtree, folder)
        root = tree_of(cut(data)).root()
        (folder / "a.txt").write_text("mine")
        (folder / "link.txt").symlink_to(folder / "elsewhere")
        paths = [save(folder, name, root, cut(data)) for name in ("a.txt", "a.txt", "link.txt", "../up.txt")]
        self.assertEqual((folder / "a.txt").read_text(), "mine")
        self.assertFalse((folder / "elsewhere").exists())
        self.assertEqual({p.parent for p in paths}, {folder})
        self.assertEqual({root_of(p) for p in paths}, {root})
        paths[0].write_bytes(b"changed")
        with self.assertRaises(RuntimeError):
            save(folder, "a.txt", root, cut(data))


if __name__ == "__main__":
    unittest.main()
