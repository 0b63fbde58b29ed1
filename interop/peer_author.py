"""The author of documents (document.md section 3): what it sends when it is asked, and when it offers."""

from __future__ import annotations

import heapq
import io
from collections import deque
from dataclasses import dataclass, field

from peer_blob import GONE, OFFER, SHORT, Data, Want, leaf_of, piece_length, pieces_of, read_pieces, short_frame
from peer_record import Tree
from peer_wire import Frame

FRAME_HEAD = 2                    # type and length 0 of a frame that goes to the end of its packet
FRAGMENT_HEAD = FRAME_HEAD + 9    # and of a part of a parcel: four bytes of its number, four of the offset, the flag
MOST_OFFERS = 12                  # in a row, without a word of the other side
OFFERED_AT_ONCE = 16              # of those that nobody asked for
UNHEARD_SECONDS = 5.0             # after which one that was named is offered


@dataclass
class Named:
    """A document of this station that an entry of its own names."""
    root: bytes
    length: int
    order: int
    precedence: int = 0
    delivered: bool = False
    tree: Tree | None = None
    todo: list[tuple[int, int, int]] = field(default_factory=list)    # a heap of (piece, from, to)
    asked: bool = False            # wanted, and not said to be there since
    offer_at: float | None = None
    offered: int = 0               # in a row
    unheard_at: float | None = None    # when it is offered, if nothing is heard of it
    lost: bool = False             # not here any more

    @property
    def count(self) -> int:
        return pieces_of(self.length)


class Author:
    def __init__(self, station):
        self.st, self.store = station, station.store
        self.stored = {root: (length, state) for root, length, state, _ in self.store.blobs("own")}
        self.trees: dict[bytes, Tree] = {}                   # of what was added in this run
        self.named: dict[bytes, Named] = {}                  # by the root's first bytes
        self.new_session = None
        self.unconfirmed: deque[Named] = deque()             # to be offered in this session
        self.offering: list[Named] = []                      # those that are

    def add(self, open_stream, line: int) -> tuple[bytes, int]:
        """Puts a document on the own disk, in two readings of it; root and length go into header key 17."""
        annex, most = self.st.files.accord.lines[line], self.st.files.accord.document_bytes
        if "document" not in annex.media:
            raise ValueError(f"line {annex.name} carries no documents")
        return self._add(open_stream, line, most)

    def add_bytes(self, raw: bytes, line: int, media: str) -> tuple[bytes, int]:
        """The files of an accord (amendment.md section 3)."""
        if not self.st.amendment.wants(line, media, len(raw)):
            raise ValueError("no files of an accord")
        return self._add(lambda: io.BytesIO(raw), line, len(raw))

    def _add(self, open_stream, line: int, most: int) -> tuple[bytes, int]:
        with open_stream() as stream:
            tree, length = Tree(), 0
            for piece in read_pieces(stream):
                length += len(piece)
                if length > most:
                    raise ValueError(f"the document is longer than the {most} bytes of the accord")
                tree.append(leaf_of(piece))
        root = tree.root()
        if any(r != root and r[:SHORT] == root[:SHORT] for r in self.stored):
            raise ValueError("a document whose root begins with the same eight bytes is here: frames could not tell them apart")
        with open_stream() as stream, self.store.transaction():
            self.store.add_blob(root, length, "own", 1, line)
            for i, piece in enumerate(read_pieces(stream)):
                if i >= len(tree) or leaf_of(piece) != tree.levels[0][i]:
                    raise ValueError("the document changed while it was read")
                self.store.add_piece(root, i, piece)
        self.stored.setdefault(root, (length, 1))
        self.trees[root] = tree
        return root, length

    def attached(self, header: dict, now: float | None = None) -> None:
        """An own entry has its place: what it names may be asked for.  `now`, where it has it just now."""
        for root, length, *_ in header.get(17, []):
            kept = self.stored.get(root)
            if kept is None or kept[0] != length:
                continue
            named = self.named.setdefault(root[:SHORT], Named(root, length, len(self.named), header.get(9, 0), kept[1] == 2))
            named.tree = named.tree or self.trees.get(root)
            named.lost = named.lost and named.tree is None
            if now is not None and self._unconfirmed(named):
                named.unheard_at = now + UNHEARD_SECONDS

    def on_want(self, want: Want, session) -> None:
        named = self.named.get(want.root[:SHORT])
        if named is None or named.root != want.root or not self._here(named):
            self.st.say(session, short_frame(GONE, want.root))
            return
        named.asked, named.offer_at, named.offered, named.unheard_at = True, None, 0, None
        flying = self._in_flight(named)
        named.todo = [r for piece in want.missing(named.count)
                      for r in self._without(piece, piece_length(named.length, piece), flying.get(piece, []))]
        self.st.grow(session)

    def _here(self, named: Named) -> bool:
        """Whether all bytes are on the disk; reads a document that an earlier run stored, and makes its tree."""
        if named.tree is None:
            tree = Tree()
            for i in range(named.count):
                piece = self.store.piece(named.root, i)
                if piece is None:
                    named.lost = True
                    return False
                tree.append(leaf_of(piece))
            if tree.root() != named.root:
                self.st.alarm("own-disk", "a document is not what was stored")
                named.lost = True
                return False
            named.tree = tree
        return True

    def _in_flight(self, named: Named) -> dict[int, list[tuple[int, int]]]:
        """By piece: bytes that are on their way, neither acknowledged nor lost, on whichever session."""
        out: dict[int, list] = {}
        for session in self.st.sessions:
            for sp in session.paths.values():
                for sent in sp.sent.values():
                    for short, piece, start, end in sent.blobs:
                        if short == named.root[:SHORT]:
                            out.setdefault(piece, []).append((start, end))
        return out

    @staticmethod
    def _without(piece: int, length: int, flying: list[tuple[int, int]]):
        at = 0
        for start, end in sorted(flying):
            if start > at:
                yield piece, at, start
            at = max(at, end)
        if at < length or (length == 0 and not flying):
            yield piece, at, length

    def lost(self, ranges: list[tuple]) -> None:
        """Data of a lost packet is sent again."""
        for short, *part in ranges:
            named = self.named.get(short)
            if named is not None and named.asked and tuple(part) not in named.todo:     # two parts of one parcel may be lost
                heapq.heappush(named.todo, tuple(part))

    def _in_order(self) -> list[Named]:
        """Those with something to send: a higher precedence first, then the older."""
        return sorted((n for n in self.named.values() if n.todo), key=lambda n: (-n.precedence, n.order))

    def to_send(self) -> bool:
        return any(n.todo for n in self.named.values())

    def next_data(self, room: int) -> tuple[Frame, tuple] | None:
        """The next data frame for a packet with `room` bytes of frames, and the mark that says what to send again.  One whose proof
        does not fit is longer, and fills the packets that its parts need (packet.md section 6)."""
        for named in self._in_order():
            piece, start, end = named.todo[0]
            d = Data(piece, start, named.tree.path(piece) if start == 0 else None, b"")
            head = FRAME_HEAD + len(d.head(named.root))
            space = room - head
            if space < min(1, end - start):
                each = room - FRAGMENT_HEAD
                space = -(-(head + 1) // each) * each - head
            take = min(end - start, space)
            d.data = (self.store.piece(named.root, piece) or b"")[start:start + take]
            if start + take < end:
                heapq.heapreplace(named.todo, (piece, start + take, end))
            else:
                heapq.heappop(named.todo)
            return d.frame(named.root), (named.root[:SHORT], piece, start, start + take)
        return None

    # ---- offers ----

    def tick(self, now: float, session) -> None:
        if session is None:
            return
        if session is not self.new_session:
            self.new_session, self.offering = session, []
            self.unconfirmed = deque(n for n in self.named.values() if self._unconfirmed(n))
        self._offer_unheard(now, session)
        for named in self.named.values():
            if not named.asked or named.todo or self._in_flight(named):
                if named.asked:
                    named.offer_at = None
            elif named.offer_at is None:
                named.offer_at = now + self.st.best_path().timeout(named.offered)
            elif now >= named.offer_at and named.offered < MOST_OFFERS:
                self._offer(named, session, now)

    @staticmethod
    def _unconfirmed(named: Named) -> bool:
        return not (named.asked or named.delivered or named.lost)

    def _offer_unheard(self, now: float, session) -> None:
        """What is not confirmed when a session is new, and what was named and not spoken of for five seconds."""
        for named in self.named.values():
            if named.unheard_at is not None and now >= named.unheard_at:
                named.unheard_at = None
                if named not in self.unconfirmed and named not in self.offering:
                    self.unconfirmed.append(named)
        self.offering = [n for n in self.offering if self._unconfirmed(n) and n.offered < MOST_OFFERS]
        while self.unconfirmed and len(self.offering) < OFFERED_AT_ONCE:
            named = self.unconfirmed.popleft()
            if self._unconfirmed(named):
                named.offered, named.offer_at = 0, now
                self.offering.append(named)
        for named in self.offering:
            if now >= named.offer_at:
                self._offer(named, session, now)

    def _offer(self, named: Named, session, now: float) -> None:
        named.offered += 1
        named.offer_at = now + self.st.best_path().timeout(named.offered)
        self.st.say(session, short_frame(OFFER, named.root))

    def on_have(self, short: bytes) -> None:
        named = self.named.get(short)
        if named is None:
            return
        named.asked, named.todo, named.unheard_at = False, [], None
        if not named.delivered:
            named.delivered = True
            with self.store.transaction():
                self.store.blob_state(named.root, "own", 2)
            self.stored[named.root] = (named.length, 2)
            self.st.event("document-delivered", root=named.root.hex())
