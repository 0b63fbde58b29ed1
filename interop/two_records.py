"""Proofs that one station signed two records: spec/record.md section 10."""

import base64

import ed25519
from cbor import Malformed
from extract import Extract, Verifier, check, refused, result_of, verify_parsed
from notes import refuse, unbase64, utf8
from record import U62, LogName, is_bytes, sha256

FILE_MAX = 2 << 20
HASHES_MAX = 64


class TwoRecords:
    """The file's parts, its form checked; the extract is still bytes."""

    def __init__(self, data):
        refuse(len(data) > FILE_MAX, "two records: above 2 MiB")
        refuse(not data.endswith(b"\n"), "two records: the last line does not end")
        self.lines = utf8(data, "two records")[:-1].split("\n")
        refuse(self.lines.pop(0) != "detente-two-records/1", "two records: not of its format")
        self.origin = self._next("origin")
        LogName(self.origin)
        size = self._next("size")
        refuse(not size.isascii() or not size.isdigit() or size[0] == "0" or int(size) > U62,
               "two records: size is no number from 1")
        self.size = int(size)
        self.second_root = self._bytes("second-root", 32)
        self.signature = self._bytes("second-signature", 64)
        self.held_root = self._bytes("held-root", 32)
        self.proof = []
        while self.lines and self.lines[0].startswith("held-proof "):
            self.proof.append(self._bytes("held-proof", 32))
        refuse(len(self.proof) > HASHES_MAX, "two records: more than 64 hashes")
        self.evidence = unbase64(self._next("evidence"))
        refuse(self.evidence is None, "two records: evidence is not base64")
        refuse(self.lines, "two records: a line that does not belong")

    def _next(self, name):
        line = self.lines.pop(0) if self.lines else ""
        refuse(not line.startswith(name + " "), f"two records: no {name} where it belongs")
        return line[len(name) + 1:]

    def _bytes(self, name, size):
        data = unbase64(self._next(name))
        refuse(data is None or not is_bytes(data, size), f"two records: {name} is not {size} bytes")
        return data


def begins_with(size, root, first, first_root, proof):
    """RFC 9162 section 2.1.4.2: whether the tree of `size` leaves begins with that of `first`."""
    if first > size:
        return False
    if first == size:
        return not proof and root == first_root
    if not proof:
        return False
    hashes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    node, last = first - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    ours = theirs = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            ours, theirs = sha256(b"\1", sibling, ours), sha256(b"\1", sibling, theirs)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            theirs = sha256(b"\1", theirs, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and ours == first_root and theirs == root


def verify_two_records(data, roots, accord, bulletins=()):
    try:
        file = TwoRecords(data)
    except Malformed as error:
        return {"verdict": "failed", "error": str(error), "checks": []}
    item, key, side = None, None, None
    try:
        extract = Extract(file.evidence)
        evidence = verify_parsed(extract, roots, accord, bulletins)
        item, key, side = signer(extract, evidence, roots, accord)
    except Malformed as error:
        evidence = refused(error)
    text = f"{file.origin}\n{file.size}\n{base64.b64encode(file.second_root).decode()}\n"
    good = {"held": (item is not None and (item.origin, item.index + 1) == (file.origin, file.size)
                     and begins_with(item.size, item.root, file.size, file.held_root, file.proof)),
            "second": key is not None and ed25519.verify(key, text.encode(), file.signature),
            "conflict": file.second_root != file.held_root}
    return {"verdict": evidence["verdict"] if all(good.values()) else "failed", "error": "",
            "origin": file.origin, "size": file.size, "held_root": file.held_root.hex(),
            "second_root": file.second_root.hex(), "evidence": evidence,
            "checks": [check(name, result, side=side) for name, result in good.items()]}


def signer(extract, evidence, roots, accord):
    """The one item, the log key under which its checkpoint is proved, its side; nothing where it is not."""
    if len(extract.items) != 1 or result_of("checkpoint", evidence["items"][0]["checks"]) != "proved":
        return None, None, None
    item = extract.items[0]
    number, _ = item.checkpoint
    return item, Verifier(extract, roots, accord).by_number[item.log.side, number][6], item.log.side
