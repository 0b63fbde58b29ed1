"""Documents between two stations (document.md section 3): what the receiver does, with its bounds, and where frames of type 5 go."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from peer_author import Author
from peer_blob import (DATA, GONE, HAVE, MOST_PIECES, OFFER, PROVED, SHORT, WANT, Data, Partial, Want, piece_length, pieces_of,
                       short_frame)
from peer_path import MOST_TIMEOUT
from peer_wire import Frame, Reader, WireError

MOST_ACTIVE = 8                   # documents that are asked for at one time
MOST_KNOWN = 4096                 # documents that wait for that
MOST_PARTIALS = 256               # pieces of which bytes are here and not checked: 4 MiB, whoever sends
MOST_ANSWERED = 64                # offers that are remembered, for one answer in half a round trip
FRUITLESS = 5                     # questions in a row without an answer, then another document gets the place
LEAST_TIMEOUT = 0.1
OVERHEAD = 4096                   # bytes of the room that even an empty one takes


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
    path: object = None               # the one that carried that question
    asked_at: float = 0.0
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
        self.unsaid: deque[bytes] = deque(maxlen=MOST_KNOWN)     # what is whole, to be said once
        self.answered: OrderedDict[bytes, float] = OrderedDict()     # offers
        self.data_at = -1.0                                  # when data of any document came
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
                if not past:        # its author may have lost what it knew, and nothing needs to be sent
                    self._say_have(root)
                    self._event(root, (media, name, line), True)
            elif root in self.known:            # length and precedence that were named first count
                self._back(self.known[root])
            else:
                self._take(root, length, line, header.get(9, 0), past, media)

    def _take(self, root: bytes, length: int, line: int, precedence: int, past: bool, media: str) -> None:
        accord, kept = self.st.files.accord, self.stored.get(root)
        why = ""
        if self.st.amendment.wants(line, media, length):
            pass
        elif "document" not in accord.lines[line].media:
            why = "the line carries no documents"
        elif length > accord.document_bytes or pieces_of(length) > MOST_PIECES:
            why = "it is longer than the accord allows"
        if why:
            pass
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
            self._choose()
        for w in list(self.active.values()):
            if w.session is not session:
                w.doublings = w.bad = 0
            elif now < w.ask_at:
                continue
            else:
                if w.doublings and self.data_at <= w.asked_at:
                    w.path.suspected(now)         # the second question, or a later one, drew no data in its time
                w.doublings += 1
            self._ask(w, session, self.st.best_path(), now)
        if len(self.known) > len(self.active):
            self._rotate()
        while self.unsaid:
            self.st.say(session, short_frame(HAVE, self.unsaid.popleft()))

    def _timeout(self, path, doublings: int) -> float:
        return min(max(path.timeout(), LEAST_TIMEOUT) * 2 ** doublings, MOST_TIMEOUT)

    def _ask(self, w: Wanted, session, path, now: float) -> None:
        w.session, w.path, w.asked_at = session, path, now
        w.ask_at = now + self._timeout(path, max(w.doublings, w.bad))
        self.st.say(session, Want.of(w.root, w.count, w.held, session.room(path.number)).frame(), path.number)

    def _rotate(self) -> None:
        """A document that draws nothing does not keep others from their turn."""
        tired = [w for w in self.active.values() if max(w.doublings, w.bad) >= FRUITLESS]
        for w in tired:
            self.turn += 1
            w.turn = self.turn
        if tired:
            self._choose()

    # ---- answers ----

    def _say_have(self, root: bytes) -> None:
        """In the session that is next, where there is none."""
        self.unsaid.append(root)

    def on_offer(self, short: bytes, session, path: int, now: float) -> None:
        """The answer goes on the path that brought it: a want not within 100 ms of the last, a have once in half a round trip and 10 ms.
        Nothing is said of what is not named, not fetched, or has its turn later."""
        state, w = self.st.by_number[path], self.active.get(short)
        if w is not None:
            if now < w.ask_at if w.bad else w.session is session and now - w.asked_at < LEAST_TIMEOUT:
                return                  # what does not fit is asked for ever more slowly, offered or not
            w.doublings = 0
            self._ask(w, session, state, now)
        elif short in self.done_short:
            if now - self.answered.pop(short, -1.0) >= max(state.round_trip / 2, 0.010):
                self.st.say(session, short_frame(HAVE, self.done_short[short]), path)
            self.answered[short] = now
            while len(self.answered) > MOST_ANSWERED:
                self.answered.popitem(last=False)
        else:
            self._back(next((w for w in self.known.values() if w.root[:SHORT] == short), None))

    def _back(self, w: Wanted | None) -> None:
        """Its author speaks of what it had said to be gone."""
        if w is not None and w.gone_in is not None:
            w.gone_in = None
            self._choose()

    # ---- data ----

    def on_data(self, short: bytes, d: Data, session, now: float) -> None:
        w = self.active.get(short)
        self.data_at = now
        if w is None:
            return
        if d.piece >= w.count:
            raise WireError("a piece that the document does not have")
        w.doublings = 0
        w.ask_at = max(w.ask_at if w.bad else 0.0, now + self._timeout(self.st.best_path(), w.bad))
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
            w.ask_at = now + self._timeout(self.st.best_path(), w.bad)
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
        if self.st.amendment.wants(line, media, self.done[root]):
            self.st.amendment.on_document(root)
            return
        self.st.event("document", root=root.hex(), length=self.done[root], line=self.st.files.accord.lines[line].name, media=media,
                      file_name=name, again=again)


# ---- both ----

class Documents:
    def __init__(self, station, quota: int):
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
        self.author.tick(now, session)
        self.receiver.tick(now, session)

    @staticmethod
    def is_data(frame: Frame) -> bool:
        """Its packet wants a path acknowledgement, whatever becomes of the frame."""
        return frame.body[:1] in (bytes([DATA]), bytes([PROVED]))

    def on_frame(self, body: bytes, session, path: int, now: float) -> None:
        """A frame of an unknown kind is skipped; WireError where one does not have its form."""
        r = Reader(body)
        kind = r.byte()
        if kind > OFFER:
            return
        short = r.take(SHORT)
        if kind == WANT:
            self.author.on_want(Want.read(short, r), session)
        elif kind in (DATA, PROVED):
            self.receiver.on_data(short, Data.read(kind, r), session, now)
        elif kind in (HAVE, GONE, OFFER):
            r.end()
            if kind == HAVE:
                self.author.on_have(short)
            elif kind == GONE:
                self.receiver.on_gone(short, session)
            else:
                self.receiver.on_offer(short, session, path, now)
