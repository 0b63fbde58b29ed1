"""An entry on the wire, frame type 1 (record.md section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

import peer_cbor as cbor
from peer_record import MAX_ENTRY, MAX_SIZE, Entry, OfficerSignature, RecordError
from peer_wire import ENTRY, Frame, Reader, WireError, varint, zigzag
from peer_zstd import Coder, ZstdError

F_EPOCH, F_CHECKPOINT, F_PREDECESSORS, F_SIGNATURES, F_MORE = 1, 2, 4, 8, 16
SEEN_EPOCH, SEEN_ROOT, WHOLE_INDEX = 19, 20, 21
MORE_KEYS = {5, 8, *range(10, 19), SEEN_EPOCH, SEEN_ROOT, WHOLE_INDEX}
RAW, ZSTD = 0, 1
LATE_TURNS = 8      # a copy, or a receipt, may be late by so many times 256 entries


@dataclass
class WireEntry:
    """The fields of the frame, as they came; nothing is filled in yet."""
    line: int
    index_low: int
    klass: int
    precedence: int
    kind: int
    time: int
    seen: int
    body: bytes
    epoch: bytes | None = None
    predecessors: list[tuple[int, bytes]] = field(default_factory=list)
    signatures: list[OfficerSignature] = field(default_factory=list)
    more: dict = field(default_factory=dict)
    checkpoint: bytes | None = None
    coder: int = RAW


def write(w: WireEntry, c: int, coder: Coder | None) -> Frame:
    """The frame; `c` is that of the session's first packet.  Packs the body where that is shorter."""
    flags = w.precedence << 5
    flags |= F_EPOCH if w.epoch is not None else 0
    flags |= F_CHECKPOINT if w.checkpoint is not None else 0
    flags |= F_PREDECESSORS if w.predecessors else 0
    flags |= F_SIGNATURES if w.signatures else 0
    flags |= F_MORE if w.more else 0
    out = varint(w.line) + bytes([w.index_low, flags]) + varint(w.kind) + zigzag(w.time - c) + varint(w.seen)
    out += w.epoch or b""
    if w.predecessors:
        bits = 0
        for i, (precedence, _) in enumerate(w.predecessors):
            bits |= precedence << (2 * i)
        count = len(w.predecessors)
        out += bytes([count]) + bits.to_bytes((count + 7) // 8 * 2, "big") + b"".join(leaf for _, leaf in w.predecessors)
    if w.signatures:
        out += bytes([len(w.signatures)])
        for s in w.signatures:
            out += varint(s.officer) + zigzag(s.counter - w.time) + varint(s.version) + s.signature
    if w.more:
        raw = cbor.encode(w.more)
        out += varint(len(raw)) + raw
    out += w.checkpoint or b""
    body, code = w.body, RAW
    if coder is not None and coder.usable and len(body) > 8:
        packed = coder.pack(body)
        if len(packed) < len(body):
            body, code = packed, ZSTD
    return Frame(ENTRY, out + bytes([code]) + body, w.klass)


def read(frame: Frame, c: int, coder: Coder) -> WireEntry:
    """The fields of a frame; WireError where it is not one."""
    r = Reader(frame.body)
    line, low, flags = r.varint(), r.byte(), r.byte()
    if flags & 0x80 or line > 65535:
        raise WireError("entry flags or line")
    kind, time, seen = r.varint(), c + r.zigzag(), r.varint()
    if not 0 <= time < 1 << 32:
        raise WireError("time of an entry")
    w = WireEntry(line, low, frame.klass, flags >> 5 & 3, kind, time, seen, b"")
    if flags & F_EPOCH:
        w.epoch = r.take(16)
    if flags & F_PREDECESSORS:
        count = r.byte()
        if not 1 <= count <= 64:
            raise WireError("number of predecessors")
        bits = int.from_bytes(r.take((count + 7) // 8 * 2), "big")
        if bits >> (2 * count):
            raise WireError("bits behind the last predecessor")
        w.predecessors = [(bits >> (2 * i) & 3, r.take(32)) for i in range(count)]
    if flags & F_SIGNATURES:
        count = r.byte()
        if not 1 <= count <= 4:
            raise WireError("number of signatures")
        for _ in range(count):
            officer, counter, version = r.varint(), time + r.zigzag(), r.varint()
            w.signatures.append(OfficerSignature(officer, counter, version, r.take(64)))
    if flags & F_MORE:
        try:
            w.more = cbor.decode(r.take(r.varint()))
        except cbor.CborError as e:
            raise WireError(f"more header fields: {e}") from e
        index = w.more.get(WHOLE_INDEX, low) if isinstance(w.more, dict) else None
        if not isinstance(index, int) or not 0 <= index <= MAX_SIZE or index & 255 != low:
            raise WireError("two indices")
        if not w.more or not set(w.more) <= MORE_KEYS or (5 in w.more and w.signatures):
            raise WireError("more header fields")
    if flags & F_CHECKPOINT:
        w.checkpoint = r.take(64)
    w.coder = r.byte()
    body = r.rest()
    if w.coder == ZSTD:
        try:
            body = coder.unpack(body, MAX_ENTRY)
        except ZstdError as e:
            raise WireError(str(e)) from e
    elif w.coder != RAW:
        raise WireError("coder")
    if len(body) > MAX_ENTRY:
        raise WireError("entry too long")
    w.body = body
    return w


class Known:
    """What rebuilding needs to know of the two logs of the line, seen from the author's side."""

    def receiver_epoch(self) -> bytes | None:
        """Newest epoch of the receiver's log ("the receiver's newest")."""
        raise NotImplementedError

    def author_epoch(self) -> bytes:
        """Newest epoch of the author's log."""
        raise NotImplementedError

    def receiver_root(self, epoch: bytes, size: int) -> bytes | None:
        raise NotImplementedError

    def leaf(self, whose: int, epoch: bytes, index: int) -> bytes | None:
        """Leaf of a reference: whose 0 the author's log, 1 the receiver's."""
        raise NotImplementedError


class Unplaced(WireError):
    """The receiver lacks a part of a log that the entry takes for granted: it draws a log state."""


def rebuild(w: WireEntry, known: Known) -> Entry:
    """Header, body and signatures as the author wrote them."""
    h = {1: 1, 2: w.line, 4: w.kind, 6: w.time}
    if w.klass:
        h[3] = w.klass
    if w.precedence:
        h[9] = w.precedence
    more = {k: v for k, v in w.more.items() if k != WHOLE_INDEX}
    epoch, root = more.pop(SEEN_EPOCH, None), more.pop(SEEN_ROOT, None)
    if w.seen:
        epoch = known.receiver_epoch() if epoch is None else epoch
        if epoch is None:
            raise Unplaced("it has seen a log that is not here")
        root = known.receiver_root(epoch, w.seen) if root is None else root
        if root is None:
            raise Unplaced("it has seen more of the log than is here")
        h[7] = [epoch, w.seen, root]
    elif epoch is not None or root is not None:
        raise WireError("epoch or root of nothing seen")
    if 12 in more:
        more[12] = [_reference(ref, known) for ref in more[12]] if isinstance(more[12], list) else more[12]
    if w.signatures:
        h[5] = w.signatures[0].officer
    h.update(more)
    return Entry(h, w.body, w.signatures)


def _reference(ref, known: Known) -> list:
    if not isinstance(ref, list) or len(ref) not in (3, 4) or ref[0] not in (0, 1):
        raise WireError("reference")
    whose, epoch, index = ref[:3]
    if epoch is None:
        epoch = known.author_epoch() if whose == 0 else known.receiver_epoch()
        if epoch is None:
            raise Unplaced("reference to a log that is not here")
    leaf = ref[3] if len(ref) == 4 else known.leaf(whose, epoch, index)
    if leaf is None:
        raise Unplaced("reference to an entry that is not here")
    return [whose, epoch, index, leaf]


def strip(entry: Entry, known: Known, full: bool) -> tuple[int, dict]:
    """`seen` and `more` for the wire: only what the receiver cannot compute; with `full`, also what it may not have any more."""
    h, more = entry.header, {}
    for key in (5, 8, *range(10, 19)):
        if key in h and not (key == 5 and entry.signatures):
            more[key] = h[key]
    seen = h.get(7)
    if seen:
        if full or seen[0] != known.receiver_epoch():
            more[SEEN_EPOCH], more[SEEN_ROOT] = seen[0], seen[2]
    if 12 in h:
        refs = []
        for whose, epoch, index, leaf in h[12]:
            newest = known.author_epoch() if whose == 0 else known.receiver_epoch()
            refs.append([whose, epoch, index, leaf] if full or epoch != newest else [whose, None, index])
        more[12] = refs
    return (seen[1] if seen else 0), more


__all__ = ["WireEntry", "write", "read", "rebuild", "strip", "Known", "Unplaced", "RecordError"]
