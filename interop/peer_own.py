"""The own log on one line: queue, places, sending, receipts (record.md sections 6 to 8, packet.md section 5)."""

from __future__ import annotations

import os
from dataclasses import dataclass

import peer_cbor as cbor
from peer_entrywire import LATE_TURNS, WHOLE_INDEX, WireEntry, strip, write
from peer_log import LinePair, Log, Stored
from peer_record import EPOCH, MAX_SIZE, MESSAGE, PRECEDENCES, Entry, verify_cosignature
from peer_wire import CosignatureFrame, Frame, LogState

MOST_IN_FLIGHT = 64
FLASH = 3


@dataclass
class Flight:
    """An entry that is on its way without a receipt."""
    at: float
    session: object
    path: int | None          # None: over all
    again: bool = False       # Karn: no round trip is taken from it
    here: bool = False        # the other side's state shows it as here (in this session)


TEST_CLASS = 2


class OwnLine:
    def __init__(self, station, annex, pair: LinePair):
        self.st, self.annex, self.pair = station, annex, pair
        self.flight: dict[int, Flight] = {}
        self.sent_before: set[int] = set()    # of this log, in this life (Karn's rule)
        self.full_below = 0        # entries below are sent with keys 20 and leaves: the other disk lost them
        self.backoff = 0
        self.receipts: list[dict] = []
        self.shown_less: int | None = None    # the size that the other side showed below what it had cosigned
        self.receipted_at = -1.0

    @property
    def log(self) -> Log | None:
        return self.pair.newest("own")

    @property
    def receipted(self) -> int:
        return self.log.receipted if self.log else 0

    # ---- a cut of this side's that the other station told of (cut.md section 6) ----

    def told_cut(self) -> list | None:
        """[cut epoch, media, first hour or 0]. This program signs no acts: another one of this side has to end it."""
        held = self.pair.store.get(f"told-cut/{self.annex.number}")
        return cbor.decode(held) if held else None

    def hold_cut(self, cut_epoch: int, media: int, hour: int) -> bool:
        before = self.told_cut()
        if self.annex.number == 0 or (before and before[0] >= cut_epoch):
            return False
        with self.pair.store.transaction():
            self.pair.store.put(f"told-cut/{self.annex.number}", cbor.encode([cut_epoch, media, hour]))
        return True

    def closed(self, header: dict) -> bool:
        """Whether an ordinary entry with this header is kept off the line (cut.md section 2)."""
        told = self.told_cut()
        ordinary = header.get(4) != EPOCH and header.get(3) != TEST_CLASS
        return bool(told and ordinary and told[1] & (2 if header.get(17) else 1) and self.st.wall() >= told[2])

    # ---- saying something ----

    def submit(self, text: str, precedence: str = "routine", klass: int = 0, more: dict | None = None) -> int:
        """Onto the disk, without an index yet (api.md, state "queued")."""
        header = {1: 1, 2: self.annex.number, 4: MESSAGE, 6: self.st.wall(), **(more or {})}
        if self.closed({**header, **({3: klass} if klass else {})}):
            raise ValueError(f"line {self.annex.name} is cut by this side: the other station told of a cut that is not on this disk")
        level = PRECEDENCES.index(precedence)
        if level > PRECEDENCES.index(self.annex.highest):
            raise ValueError(f"line {self.annex.name} goes up to {self.annex.highest}")
        if level:
            header[9] = level
        if klass:
            header[3] = klass
        largest_seen = [bytes(16), MAX_SIZE, bytes(32)]      # header field 7 is filled in when it gets its place
        Entry({**header, 7: largest_seen}, text.encode()).check(1, self.annex.deniable)
        with self.pair.store.transaction():
            return self.pair.store.enqueue(self.annex.number, cbor.encode(header), text.encode(), level)

    def submit_act(self, kind: int, content, level: int, more: dict) -> None:
        """An act of the station itself, by no person."""
        header = {1: 1, 2: self.annex.number, 4: kind, 6: self.st.wall(), 16: 4, **more}
        if level:
            header[9] = level
        with self.pair.store.transaction():
            self.pair.store.enqueue(self.annex.number, cbor.encode(header), cbor.encode(content), level)

    def new_epoch(self) -> Log:
        """Section 1: a new log; where there was one before, its first entry is of kind 3 and names what it last knew."""
        before = self.log
        with self.pair.store.transaction():
            log = self.pair.new_log("own", os.urandom(16))
            last = [before.epoch, before.size, before.root()] if before is not None and before.size else None
            self._append(log, Entry({1: 1, 2: self.annex.number, 4: EPOCH, 6: self.st.wall(), 16: 4}, cbor.encode(last)))
        self.flight.clear()
        self.sent_before.clear()
        self.full_below = 0
        return log

    def _append(self, log: Log, entry: Entry) -> int:
        """Section 6, order of writes: entry, tree and checkpoint signature are durable before the first byte leaves."""
        far = self.pair.newest("far")
        if far is not None and far.size:
            entry.header[7] = [far.epoch, far.size, far.root()]
        index = log.size
        entry.check(index, self.annex.deniable)
        month = log.month_with(entry)
        leaf = entry.leaf(self.st.files.salts, month, log.origin, index)
        signature = None
        if not self.annex.deniable:
            signature = self.st.files.log_key.sign(log.text(index + 1, log.tree.root(None, [leaf])))
        self.pair.store.add_entry(self.annex.number, "own", log.epoch, index, entry.encoded(), leaf, self.st.wall(), signature)
        log.append(Stored(entry, leaf, month, signature))
        return index

    def place(self) -> list[int]:
        """Gives indices to what is queued, as far as it may travel now (at most 64 unacknowledged)."""
        placed = []
        for row, header, body, _ in self.pair.store.queued(self.annex.number):
            if (self.log.size if self.log else 0) - self.receipted >= MOST_IN_FLIGHT:
                break
            if self.closed(cbor.decode(header)):
                continue
            with self.pair.store.transaction():
                log = self.log or self.pair.new_log("own", os.urandom(16))
                placed.append(self._append(log, Entry(cbor.decode(header), body)))
                self.pair.store.dequeue(row)
            self.st.placed(self, row, log.epoch, placed[-1])
        return placed

    # ---- sending ----

    def unsent(self) -> list[int]:
        """Placed, without a receipt, and not on its way."""
        log = self.log
        if log is None:
            return []
        return [i for i in range(log.receipted, min(log.size, log.receipted + MOST_IN_FLIGHT)) if i not in self.flight]

    def wire(self, index: int, c: int) -> Frame:
        """Section 7: the frame of entry `index` for the session whose first packet had c."""
        log = self.log
        s = log.entries[index]
        full = index < self.full_below
        view = self.pair.author_view("own", log.epoch)
        seen, more = strip(s.entry, view, full)
        h = s.entry.header
        w = WireEntry(self.annex.number, index & 255, h.get(3, 0), s.entry.precedence, h[4], h[6], seen, s.entry.body,
                      signatures=s.entry.signatures, more=more, checkpoint=s.checkpoint)
        alike = index >= 256 and h[4] <= log.entries[index - 256].entry.header[4]      # perhaps in all
        if full or (self.annex.deniable and (alike or index in self.sent_before)):      # section 8, last point; late copies
            w.more[WHOLE_INDEX] = index
        if full or log.cosigned is None:
            w.epoch = log.epoch
        before = log.entries[max(log.receipted, index - 64):index]
        if not self.annex.deniable and any(b.entry.precedence < s.entry.precedence for b in before):
            w.predecessors = [(b.entry.precedence, b.leaf) for b in before]
        return write(w, c, self.st.coder if self.st.pack else None)

    # ---- what the other side says ----

    def on_cosignature(self, f: CosignatureFrame) -> bool:
        """Section 8.  True where it verifies and is new."""
        log = self.log
        if log is None or not log.size:
            return False
        greatest = log.size - (log.size - f.size_low) % 256
        if greatest <= log.receipted:
            return False
        late = range(greatest, max(0, greatest - LATE_TURNS * 256 - 1), -256)
        size = next((s for s in late if self._fits(f, s, log.root(s))), None)
        if size is None:
            kind = "two-records" if self.annex.deniable else "bad-entry"
            self.st.alarm(kind, f"line {self.annex.name}: a receipt that fits nothing at size {greatest}")
            return False
        if size <= log.receipted:
            return False
        root = log.root(size)
        with self.pair.store.transaction():
            self.pair.store.add_cosignature(self.annex.number, "own", log.epoch, size, root, f.time, f.signature)
        log.cosigned = (size, root, f.time, f.signature)
        self.receipted_at = self.st.now
        self.receipts.append({"line": self.annex.name, "epoch": log.epoch.hex(), "size": size, "root": root.hex(), "time": f.time,
                              "signature": f.signature.hex(), "key": self.st.files.other_cosign_key.hex(), "origin": log.origin})
        return True

    def _fits(self, f: CosignatureFrame, size: int, root: bytes) -> bool:
        if self.annex.deniable:
            return f.root == root[:8]
        return verify_cosignature(self.st.files.other_cosign_key, self.log.origin, size, root, f.time, f.signature)

    def landed(self) -> list[tuple[int, Flight]]:
        """Flights that the newest receipt ended."""
        done = [(i, f) for i, f in self.flight.items() if i < self.receipted]
        for i, _ in done:
            del self.flight[i]
        return done

    def on_state(self, s: LogState, session, now: float, round_trip: float) -> bool:
        """Section 8, last four points.  True where entries are to be sent again (they have left `flight`)."""
        log = self.log
        if log is None:
            return False
        held = 0
        if s.yours is not None:
            if s.yours[0] != log.epoch:
                held = 0 if s.yours[0] in self.pair.logs["own"] else log.size
            else:
                held = s.yours[1]
                if 0 < held <= log.size and log.root(held)[:8] != s.yours[2]:
                    self.st.alarm("two-records", f"line {self.annex.name}: the other side holds another root at size {held}")
                    return False
        if held < log.receipted:
            if session.created > self.receipted_at:   # else the state may be older than the receipt: a disk stays within a session
                self._lost_there(log, held, s.ahead if s.yours else 0)
            return False
        self.shown_less = None
        for i, f in list(self.flight.items()):
            here = i < held or (s.yours is not None and 0 <= i - held < 64 and bool(s.ahead >> (i - held) & 1))
            f.here = f.here or here
            if not f.here and now - f.at > round_trip:
                del self.flight[i]
        return True

    def _lost_there(self, log: Log, held: int, ahead: int) -> None:
        """Its disk is an older copy or lost: up to 64 entries from there on, with the epoch, keys 20 and leaves."""
        if self.shown_less is None:
            self.st.alarm("far-disk", f"line {self.annex.name}: the other side holds {held} of {log.receipted} that it had cosigned")
        self.shown_less = held
        self.full_below = max(self.full_below, log.receipted)
        top = min(held + MOST_IN_FLIGHT, log.receipted)
        self.st.send_again(self, [i for i in range(held, top) if not ahead >> (i - held) & 1])
