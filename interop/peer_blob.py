"""Blobs: pieces, root and frames of type 5 (document.md).  Nothing here knows a station; peer_documents.py does the talking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peer_keys import sha256
from peer_record import Tree, root_from_path
from peer_wire import BLOB, Frame, Reader, WireError, varint

PIECE = 16384
WANT, DATA, PROVED, HAVE, GONE, OFFER = range(6)
MOST_MAP, MOST_PIECES, MOST_PROOF = 512, (1 << 31) - 1, 31
WANT_HEAD = 3 + 1 + 32 + 8        # frame type and length, kind, root, the longest base
SHORT = 8


def pieces_of(length: int) -> int:
    """Section 1: an empty blob has one empty piece."""
    return max((length + PIECE - 1) // PIECE, 1)


def piece_length(length: int, piece: int) -> int:
    return min(PIECE, length - piece * PIECE)


def leaf_of(piece: bytes) -> bytes:
    return sha256(b"\x00", piece)


def cut(data: bytes) -> Iterator[bytes]:
    return (data[i * PIECE:(i + 1) * PIECE] for i in range(pieces_of(len(data))))


def read_pieces(stream) -> Iterator[bytes]:
    """The pieces of a file, one at a time."""
    piece, first = stream.read(PIECE), True
    while piece or first:
        yield piece
        piece, first = stream.read(PIECE), False


def tree_of(pieces) -> Tree:
    """Section 1: RFC 6962's tree over the pieces in order."""
    return Tree(leaf_of(p) for p in pieces)


# ---- frames ----

def short_frame(kind: int, root: bytes, rest: bytes = b"") -> Frame:
    return Frame(BLOB, bytes([kind]) + root[:SHORT] + rest)


@dataclass
class Want:
    """Kind 0."""
    root: bytes
    base: int
    bits: bytes = b""

    @staticmethod
    def of(root: bytes, count: int, held: set[int], room: int) -> "Want":
        """What is said of `held` in `room` bytes of a packet: a map that does not fit is cut, and says less than is held."""
        base = next((i for i in range(count) if i not in held), count)
        most = min(MOST_MAP, max(room - WANT_HEAD, 0))
        top = min(max(held, default=-1) + 1, base + 8 * most)
        bits = bytearray((max(top - base, 0) + 7) // 8)
        for i in range(base, top):
            if i in held:
                bits[(i - base) // 8] |= 1 << (i - base) % 8
        return Want(root, base, bytes(bits))

    def frame(self) -> Frame:
        return short_frame(WANT, self.root, self.root[SHORT:] + varint(self.base) + self.bits)

    @staticmethod
    def read(short: bytes, r: Reader) -> "Want":
        root, base, bits = short + r.take(24), r.varint(), r.rest()
        if len(bits) > MOST_MAP:
            raise WireError("map of a want is too long")
        return Want(root, base, bits)

    def missing(self, count: int) -> Iterator[int]:
        """Pieces that are not held, ascending.  Bits behind the last piece say nothing; what is behind the map is not held."""
        for i in range(self.base, count):
            at = i - self.base
            if not (at // 8 < len(self.bits) and self.bits[at // 8] >> at % 8 & 1):
                yield i


@dataclass
class Data:
    """Kinds 1 and 2: bytes of a piece from `offset`, with the piece's proof where there is one (then from 0)."""
    piece: int
    offset: int
    proof: list[bytes] | None
    data: bytes

    def head(self, root: bytes) -> bytes:
        """The body up to the bytes."""
        start = bytes([DATA if self.proof is None else PROVED]) + root[:SHORT] + varint(self.piece)
        return start + (varint(self.offset) if self.proof is None else bytes([len(self.proof)]) + b"".join(self.proof))

    def frame(self, root: bytes) -> Frame:
        return Frame(BLOB, self.head(root) + self.data)

    @staticmethod
    def read(kind: int, r: Reader) -> "Data":
        piece = r.varint()
        if kind == DATA:
            d = Data(piece, r.varint(), None, r.rest())
            if d.offset >= PIECE or not d.data:
                raise WireError("data without bytes, or behind the longest piece")
            return d
        count = r.byte()
        if count > MOST_PROOF:
            raise WireError("too many hashes in a proof")
        return Data(piece, 0, [r.take(32) for _ in range(count)], r.rest())


# ---- a piece that arrives ----

class Partial:
    """Bytes of one piece that are here and not checked; `mask` has a bit for each, so that parts of any cut fit together
    and a piece costs the same memory however it is cut."""

    def __init__(self, length: int):
        self.data, self.mask, self.full = bytearray(length), 0, (1 << length) - 1
        self.proof: list[bytes] | None = None

    def add(self, d: Data) -> None:
        if d.offset + len(d.data) > len(self.data):
            raise WireError("data behind the end of a piece")
        if d.proof is not None:
            self.proof = d.proof
        self.data[d.offset:d.offset + len(d.data)] = d.data
        self.mask |= (1 << len(d.data)) - 1 << d.offset

    def whole(self) -> bool:
        return self.proof is not None and self.mask == self.full

    def proves(self, root: bytes, piece: int, count: int) -> bool:
        return root_from_path(leaf_of(bytes(self.data)), piece, count, self.proof) == root
