"""Two verifiers, one verdict, over proofs that one station signed two records: made-up ones and every alteration of them."""

import base64
import random
import unittest

from made_record import SIDES, World, public, sha256, tree_root
from two_verifiers import Files

FLIPPED = 60
ENTRIES = 7


def consistency(leaves, first, whole=True):
    """RFC 9162 section 2.1.4.1: that the tree of these leaves begins with that of the first ones."""
    if first == len(leaves):
        return [] if whole else [tree_root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if first <= half:
        return consistency(leaves[:half], first, whole) + [tree_root(leaves[half:])]
    return consistency(leaves[half:], first - half, False) + [tree_root(leaves[:half])]


def text64(data):
    return base64.b64encode(data).decode()


class Proofs(Files):
    def setUp(self):
        super().setUp()
        self.world = World()
        self.log = self.world.log("north")
        for number in range(ENTRIES):
            self.log.add(b"word %d" % number, officers=(1,))
        self.other = sha256(b"another tree")

    def lines(self, size, root=None, signer="north", evidence=None, **item):
        root, log = root or self.other, self.log
        text = f"{log.origin}\n{size}\n{text64(root)}\n"
        signature = self.world.keys[signer, 2].sign.sign(text.encode())
        items = evidence or [log.item(size - 1, shown="leaf", **item)]
        return ["detente-two-records/1", f"origin {log.origin}", f"size {size}", f"second-root {text64(root)}",
                f"second-signature {text64(signature)}", f"held-root {text64(tree_root(log.leaves[:size]))}",
                *(f"held-proof {text64(one)}" for one in consistency(log.leaves, size)),
                f"evidence {text64(self.world.extract(items))}"]

    def judge(self, data, anchored=True):
        roots = [f"--root={side}={text64(public(self.world.roots[side]))}" for side in SIDES] if anchored else []
        data = data if isinstance(data, bytes) else "".join(line + "\n" for line in data).encode()
        answer = self.as_typed("two-records", self.path(data), *roots)
        return answer["verdict"], [check["check"] for check in answer["checks"] if check["result"] == "failed"]

    def test_of_every_size(self):
        for size in range(1, ENTRIES + 1):
            self.assertEqual(self.judge(self.lines(size)), ("proved", []))
        self.assertEqual(self.judge(self.lines(3), anchored=False), ("unanchored", []))

    def test_what_proves_nothing(self):
        same = tree_root(self.log.leaves[:3])
        self.assertEqual(self.judge(self.lines(3, root=same)), ("failed", ["conflict"]))
        self.assertEqual(self.judge(self.lines(3, signer="south")), ("failed", ["second"]))
        self.assertEqual(self.judge(self.lines(3, evidence=[self.log.item(3)])), ("failed", ["held"]))
        self.assertEqual(self.judge(self.lines(3, evidence=[self.log.item(1), self.log.item(2)])), ("failed", ["held", "second"]))
        self.assertEqual(self.judge(self.lines(3, station=None))[1], ["held", "second"])
        self.assertEqual(self.judge(self.lines(3)[:-1] + ["evidence aGk="]), ("failed", ["held", "second"]))
        for size in (2, 4, 9):
            self.assertEqual(self.judge([f"size {size}" if line.startswith("size") else line for line in self.lines(3)])[0], "failed")

    def test_what_is_written_otherwise(self):
        lines = self.lines(5)
        for at, line in enumerate(lines):
            for others in ([], [line, line], [line + " "], [" " + line], [line + "\r"], [line, ""]):
                self.assertEqual(self.judge(lines[:at] + others + lines[at + 1:])[0], "failed", (at, others))
        for line, other in ((1, "origin x"), (1, "origin \u00e4"), (2, "size 05"), (2, "size 0"), (2, "size -5"), (2, "size 4611686018427387904"),
                            (2, "size 99999999999999999999"), (2, "size \u0665")):
            self.assertEqual(self.judge(lines[:line] + [other] + lines[line + 1:]), ("failed", []))
        whole = "".join(line + "\n" for line in lines).encode()
        for data in (b"", whole[:-1], whole + b"\n", whole.replace(b"origin ", b"origin \xff"), b"\xef\xbb\xbf" + whole,
                     whole + bytes(2 << 20)):
            self.assertEqual(self.judge(data), ("failed", []))
        self.assertEqual(self.judge(lines[:6] + [lines[6]] * 65 + lines[-1:]), ("failed", []))
        chance = random.Random(5)
        for _ in range(FLIPPED):
            changed = bytearray(whole)
            changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            self.judge(bytes(changed))


if __name__ == "__main__":
    unittest.main()
