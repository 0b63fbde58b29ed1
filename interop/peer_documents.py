"""Documents between two stations (document.md section 2): what the author does, what the receiver does, and the bounds of both."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass, field

from peer_blob import (DATA, GONE, HAVE, MOST_PIECES, PROVED, SHORT, WANT, Data, Partial, Want, leaf_of, piece_length, pieces_of,
                       read_pieces, short_frame)
from peer_record import Tree
from peer_wire import Frame, Reader, WireError

FRAME_HEAD = 2                    # type and length 0 of a frame that goes to the end of its packet
MOST_ACTIVE = 16                  # documents that are asked for at one time
MOST_KNOWN = 4096                 # documents that wait for that
MOST_PARTIALS = 256               # pieces of which bytes are here and not checked: 4 MiB, whoever sends
MOST_HAVES, HAVE_REPEATS = 64, 2
FRUITLESS = 5                     # questions in a row without an answer, then another document gets the place
QUOTA, OVERHEAD = 1 << 30, 4096   # bytes of documents kept from one counterpart; what an empty one counts
NUDGE_BYTES = 256


# ---- the author ----

@dataclass
class Offer:
    """A document of this station that an entry of its own names."""
    root: bytes
    length: int
    order: int
    precedence: int = 0
    delivered: bool = False
    tree: Tree | None = None
    todo: list[tuple[int, int, int]] = field(default_factory=list)    # a heap of (piece, from, to)
    asked: bool = False            # wanted, and not said to be there since
    nudge_at: float | None = None
    nudges: int = 0

    @property
    def count(self) -> int:
        return pieces_of(self.length)


class Author:
    def __init__(self, station):
        self.st, self.store = station, station.store
        self.stored = {root: (length, state) for root, length, state, _ in self.store.blobs("own")}
        self.trees: dict[bytes, Tree] = {}                   # of what was added in this run
        self.offers: dict[bytes, Offer] = {}

    def add(self, open_stream, line: int) -> tuple[bytes, int]:
        """Puts a document on the own disk, in two readings of it; root and length go into header key 17."""
        annex, most = self.st.files.accord.lines[line], self.st.files.accord.document_bytes
        if "document" not in annex.media:
            raise ValueError(f"line {annex.name} carries no documents")
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

    def attached(self, header: dict) -> None:
        """An own entry has its place: what it names may be asked for."""
        for root, length, *_ in header.get(17, []):
            kept = self.stored.get(root)
            if kept is None or kept[0] != length:
                continue
            offer = self.offers.get(root[:SHORT])
            if offer is None:
                offer = self.offers[root[:SHORT]] = Offer(root, length, len(self.offers), delivered=kept[1] == 2,
                                                            tree=self.trees.get(root))
            offer.precedence = max(offer.precedence, header.get(9, 0))

    def on_want(self, want: Want, session) -> None:
        offer = self.offers.get(want.root[:SHORT])
        if offer is None or offer.root != want.root or not self._here(offer):
            self.st.say(session, short_frame(GONE, want.root))
            return
        offer.asked, offer.nudge_at, offer.nudges = True, None, 0
        flying = self._in_flight(offer)
        offer.todo = [r for piece in want.missing(offer.count)
                      for r in self._without(piece, piece_length(offer.length, piece), flying.get(piece, []))]
        self.st.grow(session)

    def _here(self, offer: Offer) -> bool:
        """Whether all bytes are on the disk; reads a document that an earlier run stored, and makes its tree."""
        if offer.tree is None:
            tree = Tree()
            for i in range(offer.count):
                piece = self.store.piece(offer.root, i)
                if piece is None:
                    return False
                tree.append(leaf_of(piece))
            if tree.root() != offer.root:
                self.st.alarm("own-disk", "a document is not what was stored")
                return False
            offer.tree = tree
        return True

    def _in_flight(self, offer: Offer) -> dict[int, list[tuple[int, int]]]:
        """By piece: bytes that are on their way, neither acknowledged nor lost, on whichever session."""
        out: dict[int, list] = {}
        for session in self.st.sessions:
            for sp in session.paths.values():
                for sent in sp.sent.values():
                    for short, piece, start, end in sent.blobs:
                        if short == offer.root[:SHORT]:
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
        for short, piece, start, end in ranges:
            offer = self.offers.get(short)
            if offer is not None and offer.asked:
                heapq.heappush(offer.todo, (piece, start, end))

    def _in_order(self) -> list[Offer]:
        """Those with something to send: a higher precedence first, then the older."""
        return sorted((o for o in self.offers.values() if o.todo), key=lambda o: (-o.precedence, o.order))

    def to_send(self) -> bool:
        return any(o.todo for o in self.offers.values())

    def next_data(self, room: int) -> tuple[Frame, tuple] | None:
        """The next data frame for a packet with `room` bytes of frames, and the mark that says what to send again.  A proof that does not
        fit leaves its document waiting for a larger packet."""
        for offer in self._in_order():
            piece, start, end = offer.todo[0]
            d = Data(piece, start, offer.tree.path(piece) if start == 0 else None, b"")
            take = min(end - start, room - FRAME_HEAD - len(d.head(offer.root)))
            if take < 0 or (take == 0 and end > start):
                continue
            d.data = (self.store.piece(offer.root, piece) or b"")[start:start + take]
            if start + take < end:
                heapq.heapreplace(offer.todo, (piece, start + take, end))
            else:
                heapq.heappop(offer.todo)
            return d.frame(offer.root), (offer.root[:SHORT], piece, start, start + take)
        return None

    def tick(self, now: float) -> None:
        """All is acknowledged and the other side is silent about it: its *have* may be lost.  The last piece again draws another."""
        for offer in self.offers.values():
            if not offer.asked or offer.todo or self._in_flight(offer):
                offer.nudge_at = None
            elif offer.nudge_at is None:
                offer.nudge_at = now + self.st.best_path().timeout(offer.nudges)
            elif now >= offer.nudge_at:
                offer.nudges, offer.nudge_at, last = offer.nudges + 1, None, offer.count - 1
                offer.todo = [(last, 0, min(piece_length(offer.length, last), NUDGE_BYTES))]

    def on_have(self, short: bytes) -> None:
        offer = self.offers.get(short)
        if offer is None:
            return
        offer.asked, offer.todo = False, []
        if not offer.delivered:
            offer.delivered = True
            with self.store.transaction():
                self.store.blob_state(offer.root, "own", 2)
            self.stored[offer.root] = (offer.length, 2)
            self.st.event("document-delivered", root=offer.root.hex())


# ---- the receiver ----

@dataclass
class Wanted:
    """A document that an entry of the other side names."""
    root: bytes
    length: int
    line: int
    precedence: int
    turn: int
    held: set[int] | None = None      # known while it is active
    session: object = None            # on which it was asked for last
    gone_in: object = None            # the other side said on that session that it is gone
    ask_at: float = 0.0
    doublings: int = 0                # questions in a row without an answer
    bad: int = 0                      # pieces in a row that did not fit

    @property
    def count(self) -> int:
        return pieces_of(self.length)


class Receiver:
    def __init__(self, station, quota: int):
        self.st, self.store, self.quota = station, station.store, quota
        self.known: dict[bytes, Wanted] = {}                 # wanted, by root
        self.active: dict[bytes, Wanted] = {}                # asked for now, by the root's first bytes
        self.partials: OrderedDict[tuple[bytes, int], Partial] = OrderedDict()
        self.done: dict[bytes, int] = {}                     # whole, by root
        self.done_short: dict[bytes, bytes] = {}
        self.haves: dict[bytes, list] = {}                   # root -> [times still to say, when, doublings]
        self.said_have: dict[bytes, float] = {}
        self.names: dict[bytes, tuple] = {}                  # root -> (media type, file name, line) of the entry that named it first
        self.new_session = None
        self.used = self.turn = 0
        self.stored = {root: (length, state, line) for root, length, state, line in self.store.blobs("far")}
        for root, (length, state, _) in self.stored.items():
            self.used += length + OVERHEAD
            if state:
                self._is_done(root, length)

    def _is_done(self, root: bytes, length: int) -> None:
        self.done[root] = length
        self.done_short[root[:SHORT]] = root

    # ---- what is wanted ----

    def named(self, line: int, header: dict, past: bool = False) -> None:
        """The entry that names them is durable: what is not here is asked for.  `past`: it was so when this run began."""
        for attachment in header.get(17, []):
            root, length, media, name = (*attachment, None)[:4]
            self.names.setdefault(root, (media, name, line))
            if root in self.done:
                if not past:        # somebody over there waits for it although nothing needs to be sent
                    self._say_have(root)
                    self._event(root, (media, name, line), True)
            elif root in self.known:
                self._raise(self.known[root], header.get(9, 0))
            else:
                self._take(root, length, line, header.get(9, 0), past)

    def _raise(self, w: Wanted, precedence: int) -> None:
        if precedence > w.precedence:
            w.precedence = precedence
            self._choose()

    def _take(self, root: bytes, length: int, line: int, precedence: int, past: bool) -> None:
        accord, kept = self.st.files.accord, self.stored.get(root)
        why = ""
        if "document" not in accord.lines[line].media:
            why = "the line carries no documents"
        elif length > accord.document_bytes or pieces_of(length) > MOST_PIECES:
            why = "it is longer than the accord allows"
        elif kept is None and self.used + length + OVERHEAD > self.quota:
            why = "there is no room for it"
        elif len(self.known) >= MOST_KNOWN:
            why = "too many are waited for"
        if why:
            self.st.note(f"a document of {length} bytes is not asked for: {why}")
            self.st.event("document-refused", root=root.hex(), length=length, why=why, past=past)
            return
        if kept is None:
            with self.store.transaction():
                self.store.add_blob(root, length, "far", 0, line)
            self.stored[root] = (length, 0, line)
            self.used += length + OVERHEAD
        self.turn += 1
        self.known[root] = Wanted(root, self.stored[root][0], line, precedence, self.turn)
        self._choose()

    def _choose(self) -> None:
        """Which are asked for now: a higher precedence first, then the one whose turn it is; never two whose frames look alike."""
        chosen: dict[bytes, Wanted] = {}
        for w in sorted(self.known.values(), key=lambda w: (-w.precedence, w.turn)):
            if len(chosen) < MOST_ACTIVE and w.gone_in is None:
                chosen.setdefault(w.root[:SHORT], w)
        for short, w in self.active.items():
            if chosen.get(short) is not w:
                w.held = w.session = None
                self._drop_partials(short)
        fresh = [w for short, w in chosen.items() if self.active.get(short) is not w]
        self.active = chosen
        for w in fresh:
            w.held, w.doublings, w.bad, w.ask_at = self.store.pieces(w.root), 0, 0, 0.0
        for w in fresh:
            if w.held is not None and len(w.held) == w.count:        # the same bytes are here as an own document, or a crash came between
                self._complete(w)

    def _drop_partials(self, short: bytes) -> None:
        for key in [k for k in self.partials if k[0] == short]:
            del self.partials[key]

    def on_gone(self, short: bytes, session) -> None:
        w = self.active.get(short)
        if w is not None:
            w.gone_in = session
            self.st.event("document-gone", root=w.root.hex(), length=w.length)
            self._choose()

    # ---- questions ----

    def tick(self, now: float, session) -> None:
        if session is None:
            return
        if session is not self.new_session:
            self.new_session = session
            for w in self.known.values():
                w.gone_in = None
            for root in [r for r in self.names if r in self.done][-MOST_ACTIVE:]:
                self._say_have(root)
            self._choose()
        for w in list(self.active.values()):
            if w.session is not session:
                w.doublings = w.bad = 0
            elif now < w.ask_at:
                continue
            else:
                w.doublings += 1
            w.session, path = session, self.st.best_path()
            w.ask_at = now + path.timeout(max(w.doublings, w.bad))
            self.st.say(session, Want.of(w.root, w.count, w.held, session.room(path.number)).frame(), path.number)
        if len(self.known) > len(self.active):
            self._rotate()
        self._repeat_haves(now, session)

    def _rotate(self) -> None:
        """A document that draws nothing does not keep others from their turn."""
        tired = [w for w in self.active.values() if max(w.doublings, w.bad) >= FRUITLESS]
        for w in tired:
            self.turn += 1
            w.turn = self.turn
        if tired:
            self._choose()

    def _say_have(self, root: bytes) -> None:
        self.haves.pop(root, None)
        while len(self.haves) >= MOST_HAVES:
            del self.haves[next(iter(self.haves))]
        self.haves[root] = [1 + HAVE_REPEATS, self.st.now, 0]

    def _repeat_haves(self, now: float, session) -> None:
        """Nothing acknowledges a *have*: it is said three times, and again to data that still comes."""
        for root, state in list(self.haves.items()):
            left, at, doublings = state
            if now < at:
                continue
            self.st.say(session, short_frame(HAVE, root))
            self.said_have[root] = now
            self.haves[root] = [left - 1, now + self.st.best_path().timeout(doublings), doublings + 1]
            if left == 1:
                del self.haves[root]
        while len(self.said_have) > MOST_HAVES:
            del self.said_have[next(iter(self.said_have))]

    def _data_for_done(self, root: bytes, session, now: float) -> None:
        if now - self.said_have.get(root, -1.0) >= max(self.st.best_path().round_trip / 2, 0.010):
            self.said_have.pop(root, None)
            self.said_have[root] = now
            self.st.say(session, short_frame(HAVE, root))

    # ---- data ----

    def on_data(self, short: bytes, d: Data, session, now: float) -> None:
        w = self.active.get(short)
        if w is None:
            if short in self.done_short:
                self._data_for_done(self.done_short[short], session, now)
            return
        if d.piece >= w.count:
            raise WireError("a piece that the document does not have")
        w.doublings = 0
        w.ask_at = max(w.ask_at if w.bad else 0.0, now + self.st.best_path().timeout(w.bad))
        if d.piece in w.held:
            return
        key = (short, d.piece)
        partial = self.partials.get(key)
        if partial is None:
            while len(self.partials) >= MOST_PARTIALS:
                self.partials.popitem(last=False)         # the oldest goes: it will be asked for again
            partial = self.partials[key] = Partial(piece_length(w.length, d.piece))
        partial.add(d)
        if partial.whole():
            del self.partials[key]
            self._piece(w, d.piece, partial, now)

    def _piece(self, w: Wanted, piece: int, partial: Partial, now: float) -> None:
        """A whole piece: kept if its proof leads to the root, else dropped with its proof and asked for again, ever more slowly."""
        if not partial.proves(w.root, piece, w.count):
            self.st.note(f"piece {piece} of a document does not fit its root: dropped")
            w.bad = min(w.bad + 1, 16)
            w.ask_at = now + self.st.best_path().timeout(w.bad)
            return
        w.bad = 0
        with self.store.transaction():
            self.store.add_piece(w.root, piece, bytes(partial.data))
        w.held.add(piece)
        if len(w.held) == w.count:
            self._complete(w)

    def _complete(self, w: Wanted) -> None:
        with self.store.transaction():
            self.store.blob_state(w.root, "far", 1)
        self._drop_partials(w.root[:SHORT])
        del self.known[w.root]
        self.active.pop(w.root[:SHORT], None)
        self._is_done(w.root, w.length)
        self._say_have(w.root)
        self._event(w.root, self.names[w.root])
        self._choose()

    def _event(self, root: bytes, named: tuple, again: bool = False) -> None:
        media, name, line = named
        self.st.event("document", root=root.hex(), length=self.done[root], line=self.st.files.accord.lines[line].name, media=media,
                      file_name=name, again=again)


# ---- both ----

class Documents:
    def __init__(self, station, quota: int = QUOTA):
        self.st, self.store = station, station.store
        self.author, self.receiver = Author(station), Receiver(station, quota)
        for line in station.lines.values():
            for whose, take in (("own", self.author.attached),
                                ("far", lambda header, n=line.annex.number: self.receiver.named(n, header, True))):
                for log in line.pair.logs[whose].values():
                    for stored in log.entries:
                        take(stored.entry.header)
            for stored in line.pair.early.values():
                self.receiver.named(line.annex.number, stored.entry.header, True)

    def read(self, root: bytes, length: int):
        """The pieces of a whole document."""
        return (self.store.piece(root, i) for i in range(pieces_of(length)))

    def tick(self, now: float, session) -> None:
        self.author.tick(now)
        self.receiver.tick(now, session)

    @staticmethod
    def is_data(frame: Frame) -> bool:
        """Its packet wants a path acknowledgement, whatever becomes of the frame."""
        return frame.body[:1] in (bytes([DATA]), bytes([PROVED]))

    def on_frame(self, body: bytes, session, now: float) -> None:
        r = Reader(body)
        kind, short = r.byte(), r.take(SHORT)
        if kind == WANT:
            self.author.on_want(Want.read(short, r), session)
        elif kind in (DATA, PROVED):
            self.receiver.on_data(short, Data.read(kind, r), session, now)
        elif kind in (HAVE, GONE):
            r.end()
            if kind == HAVE:
                self.author.on_have(short)
            else:
                self.receiver.on_gone(short, session)
        else:
            raise WireError("kind of a blob frame")
