"""Documents: blobs that an entry names, sent outside the log (document.md)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from peer_keys import sha256
from peer_path import MOST_TIMEOUT
from peer_record import Tree, root_from_path
from peer_wire import BLOB, Frame, Reader, WireError, varint

PIECE = 16384
WANT, DATA, PROVED, HAVE, GONE = range(5)
MOST_MAP = 512


def pieces_of(length: int) -> int:
    """Section 1: an empty blob has one empty piece."""
    return max((length + PIECE - 1) // PIECE, 1)


def piece_length(length: int, piece: int) -> int:
    return min(PIECE, length - piece * PIECE)


def tree_of(data: bytes) -> Tree:
    """Section 1: RFC 6962's tree over the pieces."""
    return Tree(sha256(b"\x00", data[i * PIECE:(i + 1) * PIECE]) for i in range(pieces_of(len(data))))


@dataclass
class Arriving:
    """A piece of which bytes are here and not checked."""
    proof: list[bytes] | None = None
    parts: dict[int, bytes] = field(default_factory=dict)

    def whole(self, length: int) -> bytes | None:
        out = bytearray()
        for offset in sorted(self.parts):
            part = self.parts[offset]
            if offset > len(out):
                return None
            out += part[len(out) - offset:] if offset < len(out) else part
        return bytes(out) if len(out) == length and self.proof is not None else None


@dataclass
class Wanted:
    root: bytes
    length: int
    line: int
    held: set[int]
    arriving: dict[int, Arriving] = field(default_factory=dict)
    session: object = None
    ask_at: float = 0.0
    doublings: int = 0

    @property
    def count(self) -> int:
        return pieces_of(self.length)

    def want(self) -> Frame:
        """Section 2, kind 0."""
        base = next((i for i in range(self.count) if i not in self.held), self.count)
        bits = bytearray()
        top = max((i for i in self.held if i > base), default=base - 1)
        for i in range(base, min(top + 1, base + 8 * MOST_MAP)):
            if (i - base) // 8 >= len(bits):
                bits.append(0)
            if i in self.held:
                bits[(i - base) // 8] |= 1 << (i - base) % 8
        return Frame(BLOB, bytes([WANT]) + self.root + varint(base) + bytes(bits))


@dataclass
class Offer:
    root: bytes
    length: int
    tree: Tree
    precedence: int = 0
    todo: deque = field(default_factory=deque)    # (piece, from, to)
    asked: bool = False
    received: bool = False


class Blobs:
    def __init__(self, station):
        self.st, self.store = station, station.store
        self.wanted: dict[bytes, Wanted] = {}
        self.offers: dict[bytes, Offer] = {}
        self.done: dict[bytes, int] = {}
        for root, length, complete, line in self.store.blobs("far"):
            if complete:
                self.done[root[:8]] = length
            else:
                self.wanted[root[:8]] = Wanted(root, length, line, self.store.pieces(root))
        for root, length, _, _ in self.store.blobs("own"):
            leaves = [sha256(b"\x00", self.store.piece(root, i)) for i in range(pieces_of(length))]
            self.offers[root[:8]] = Offer(root, length, Tree(leaves))

    # ---- author ----

    def add(self, data: bytes, line: int, precedence: int = 0) -> bytes:
        """Puts a document on the own disk; its root goes into header key 17."""
        if len(data) > self.st.files.accord.document_bytes:
            raise ValueError("the document is longer than the accord allows")
        tree = tree_of(data)
        root = tree.root()
        with self.store.transaction():
            self.store.add_blob(root, len(data), "own", True, line)
            for i in range(pieces_of(len(data))):
                self.store.add_piece(root, i, data[i * PIECE:(i + 1) * PIECE])
        self.offers[root[:8]] = Offer(root, len(data), tree, precedence)
        return root

    def _on_want(self, r: Reader, short: bytes, session) -> None:
        rest = r.take(24)
        base, bits = r.varint(), r.rest()
        if len(bits) > MOST_MAP:
            raise WireError("map of a want")
        offer = self.offers.get(short)
        if offer is None or offer.root != short + rest:
            self.st.say(session, Frame(BLOB, bytes([GONE]) + short))
            return
        offer.asked = True
        offer.todo = deque()
        for i in range(base, pieces_of(offer.length)):
            at = i - base
            if not (at // 8 < len(bits) and bits[at // 8] >> at % 8 & 1):
                offer.todo.append((i, 0, piece_length(offer.length, i)))
        self.st.grow(session)

    def lost(self, ranges: list[tuple]) -> None:
        """Data of a lost packet is sent again."""
        for short, piece, start, end in reversed(ranges):
            offer = self.offers.get(short)
            if offer is not None and not offer.received:
                offer.todo.appendleft((piece, start, end))

    def next_data(self, room: int) -> tuple[Frame, tuple] | None:
        """The next data frame of at most `room` bytes: documents of a higher precedence first, pieces ascending, the first
        bytes of each with its proof.  The mark says what to send again."""
        for short, offer in sorted(self.offers.items(), key=lambda i: -i[1].precedence):
            if not offer.todo:
                continue
            piece, start, end = offer.todo.popleft()
            if start == 0:
                path = offer.tree.path(piece)
                head = bytes([PROVED]) + short + varint(piece) + bytes([len(path)]) + b"".join(path)
            else:
                head = bytes([DATA]) + short + varint(piece) + varint(start)
            take = min(end - start, room - len(head) - 4)
            if take < 0 or (take == 0 and end > start):
                offer.todo.appendleft((piece, start, end))
                return None
            data = (self.store.piece(offer.root, piece) or b"")[start:start + take]
            if start + take < end:
                offer.todo.appendleft((piece, start + take, end))
            return Frame(BLOB, head + data), (short, piece, start, start + take)
        return None

    def to_send(self) -> bool:
        return any(o.todo for o in self.offers.values())

    # ---- receiver ----

    def named(self, line: int, header: dict) -> None:
        """The entry that names them is durable: what is not here is asked for."""
        for root, length, *_ in header.get(17, []):
            if root[:8] in self.done or root[:8] in self.wanted:
                continue
            if length > self.st.files.accord.document_bytes or pieces_of(length) > (1 << 31) - 1:
                self.st.note(f"a document of {length} bytes is not taken")
                continue
            with self.store.transaction():
                self.store.add_blob(root, length, "far", False, line)
            self.wanted[root[:8]] = Wanted(root, length, line, self.store.pieces(root))

    def tick(self, now: float, session) -> None:
        """Asks: when a session is new, and again when nothing came for a timeout, doubled up to 30 s."""
        for w in self.wanted.values():
            if session is not None and (w.session is not session or now >= w.ask_at):
                w.doublings = 0 if w.session is not session else w.doublings + 1
                w.session = session
                w.ask_at = now + min(self.st.best_path().timeout(w.doublings), MOST_TIMEOUT)
                self.st.say(session, w.want())

    def _on_data(self, r: Reader, short: bytes, proved: bool, session, now: float) -> None:
        w = self.wanted.get(short)
        piece = r.varint()
        if w is None:
            if short in self.done:
                self.st.say(session, Frame(BLOB, bytes([HAVE]) + short))
            return
        if piece >= w.count:
            raise WireError("piece of a document")
        proof, offset = None, 0
        if proved:
            proof = [r.take(32) for _ in range(r.byte())]
        else:
            offset = r.varint()
        data, length = r.rest(), piece_length(w.length, piece)
        if offset + len(data) > length:
            raise WireError("data behind the end of a piece")
        w.doublings, w.ask_at = 0, now + self.st.best_path().timeout()
        if piece in w.held:
            return
        a = w.arriving.setdefault(piece, Arriving())
        a.proof = proof if proof is not None else a.proof
        if len(data) >= len(a.parts.get(offset, b"")):
            a.parts[offset] = data
        whole = a.whole(length)
        if whole is None:
            return
        del w.arriving[piece]
        if root_from_path(sha256(b"\x00", whole), piece, w.count, a.proof) != w.root:
            self.st.note(f"piece {piece} of a document does not fit its root: dropped")
            w.ask_at = now
            return
        last = len(w.held) + 1 == w.count
        with self.store.transaction():
            self.store.add_piece(w.root, piece, whole)
            if last:
                self.store.complete_blob(w.root)
        w.held.add(piece)
        if last:
            del self.wanted[short]
            self.done[short] = w.length
            self.st.say(session, Frame(BLOB, bytes([HAVE]) + short))
            self.st.document(w.root, w.length, w.line)

    def read(self, root: bytes, length: int) -> bytes:
        return b"".join(self.store.piece(root, i) for i in range(pieces_of(length)))

    # ---- frames ----

    def on_frame(self, body: bytes, session, now: float) -> bool:
        """Section 2.  True where the frame carried data (its packet wants a path acknowledgement)."""
        r = Reader(body)
        kind, short = r.byte(), r.take(8)
        if kind == WANT:
            self._on_want(r, short, session)
        elif kind in (DATA, PROVED):
            self._on_data(r, short, kind == PROVED, session, now)
            return True
        elif kind in (HAVE, GONE):
            r.end()
            if kind == HAVE and short in self.offers:
                offer = self.offers[short]
                offer.todo.clear()
                if not offer.received:
                    offer.received = True
                    self.st.event("document-received", root=offer.root.hex())
            if kind == GONE and short in self.wanted:
                self.wanted[short].ask_at = float("inf")
                self.st.note("a document is gone on the other side")
        else:
            raise WireError("kind of a blob frame")
        return False
