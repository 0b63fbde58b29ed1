"""Varints and frames (packet.md, conventions and section 4), and the bodies of the small frames."""

from __future__ import annotations

from dataclasses import dataclass, field

ENTRY, FRAGMENT, STATE, COSIGNATURE, BLOB, VOICE, PROBE, COVER, BULLETIN, KEX, CLOSE, ACK, CONTACT = range(1, 14)
KNOWN = {ENTRY, FRAGMENT, STATE, COSIGNATURE, BLOB, PROBE, COVER, BULLETIN, CLOSE, ACK, CONTACT}
MAX_VARINT = (1 << 62) - 1


class WireError(ValueError):
    """What came is not what the specification allows."""


def varint(n: int) -> bytes:
    """RFC 9000 section 16, the shortest form."""
    if n < 0 or n > MAX_VARINT:
        raise WireError("varint out of range")
    for prefix, size in ((0, 1), (1, 2), (2, 4), (3, 8)):
        if n < 1 << (8 * size - 2):
            return (n | prefix << (8 * size - 2)).to_bytes(size, "big")
    raise AssertionError


def zigzag(n: int) -> bytes:
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


class Reader:
    """Reads a body from its front; WireError where it is too short or not in the shortest form."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, n: int) -> bytes:
        if n < 0 or n > self.left():
            raise WireError("cut off")
        self.at += n
        return self.data[self.at - n:self.at]

    def rest(self) -> bytes:
        return self.take(self.left())

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        first = self.byte()
        size = 1 << (first >> 6)
        n = int.from_bytes(bytes([first & 63]) + self.take(size - 1), "big")
        if size > 1 and n < 1 << (4 * size - 2):
            raise WireError("varint is not the shortest")
        return n

    def zigzag(self) -> int:
        n = self.varint()
        return (n >> 1) ^ -(n & 1)

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def end(self) -> None:
        if self.left():
            raise WireError("bytes behind the body")


@dataclass
class Frame:
    """One frame; `klass` is 0 live, 1 drill, 2 test (an entry's class travels here alone)."""
    type: int
    body: bytes
    klass: int = 0
    critical: bool = False

    def first(self) -> bytes:
        return bytes([self.critical << 7 | self.klass << 5 | self.type])

    def sized(self) -> bytes:
        return self.first() + varint(len(self.body) + 1) + self.body

    def open(self) -> bytes:
        """With length field 0: to the end of the packet (or of the parcel)."""
        return self.first() + b"\x00" + self.body


def pack(frames: list[Frame]) -> bytes:
    """The plaintext of one packet: only the last frame goes without its length."""
    return b"".join(f.sized() for f in frames[:-1]) + frames[-1].open()


def frames_of(plain: bytes) -> tuple[list[Frame], str]:
    """packet.md section 4.  Frames in order, and what was wrong ("" if nothing): a frame that cannot be cut, or an
    unknown critical one, drops the rest of the packet; an unknown one that is not critical is skipped."""
    out: list[Frame] = []
    r = Reader(plain)
    while r.left():
        try:
            first = r.byte()
            n = r.varint()
            body = r.rest() if n == 0 else r.take(n - 1)
        except WireError as e:
            return out, str(e)
        kind, klass, critical = first & 31, first >> 5 & 3, bool(first & 0x80)
        if kind not in KNOWN or klass == 3:
            if critical:
                return out, f"unknown critical frame {kind}, class {klass}"
            continue
        out.append(Frame(kind, body, klass, critical))
    return out, ""


@dataclass
class Probe:
    """Type 7 (sections 4 and 7)."""
    wanted: bool
    by_any: bool
    path: int
    accepted: int
    stamp: int

    def frame(self) -> Frame:
        flags = (1 if self.wanted else 0) | (2 if self.by_any else 0)
        return Frame(PROBE, bytes([flags, self.path]) + varint(self.accepted) + varint(self.stamp))

    @staticmethod
    def read(body: bytes) -> "Probe":
        r = Reader(body)
        flags, path = r.byte(), r.byte()
        if flags & ~3:
            raise WireError("probe flags")
        p = Probe(bool(flags & 1), bool(flags & 2), path, r.varint(), r.varint())
        r.end()
        return p


@dataclass
class Contact:
    """Type 13 (session.md section 8)."""
    first: bool
    answer: bool
    digest: bytes
    sessions: list[bytes] = field(default_factory=list)

    def frame(self) -> Frame:
        flags = (1 if self.first else 0) | (2 if self.answer else 0)
        ids = b"".join(self.sessions[:16]) if self.first else b""
        return Frame(CONTACT, bytes([flags]) + self.digest + ids)

    @staticmethod
    def read(body: bytes) -> "Contact":
        r = Reader(body)
        flags = r.byte()
        if flags & ~3 or not flags:
            raise WireError("contact flags")
        digest, ids = r.take(4), r.rest()
        if len(ids) % 2 or len(ids) > 32 or (ids and not flags & 1):
            raise WireError("contact sessions")
        return Contact(bool(flags & 1), bool(flags & 2), digest, [ids[i:i + 2] for i in range(0, len(ids), 2)])


@dataclass
class PathAck:
    """Type 12: ranges newest first as [lowest, highest]."""
    path: int
    delay: int
    ranges: list[tuple[int, int]]

    def frame(self) -> Frame:
        lo, hi = self.ranges[0]
        out = bytes([self.path]) + varint(self.delay) + varint(hi) + varint(hi - lo + 1)
        for low, high in self.ranges[1:32]:
            out += varint(lo - high - 2) + varint(high - low + 1)
            lo = low
        return Frame(ACK, out)

    @staticmethod
    def read(body: bytes) -> "PathAck":
        r = Reader(body)
        path, delay, hi, n = r.byte(), r.varint(), r.varint(), r.varint()
        ranges = []
        while True:
            if n == 0 or n > hi + 1:
                raise WireError("range of an acknowledgement")
            ranges.append((hi - n + 1, hi))
            if not r.left():
                break
            if len(ranges) == 32:
                raise WireError("too many ranges")
            gap, n = r.varint(), r.varint()
            hi = ranges[-1][0] - gap - 2
            if hi < 0:
                raise WireError("range of an acknowledgement")
        return PathAck(path, delay, ranges)


@dataclass
class Fragment:
    """Type 2 (section 6)."""
    parcel: int
    offset: int
    last: bool
    data: bytes

    def frame(self) -> Frame:
        return Frame(FRAGMENT, varint(self.parcel) + varint(self.offset) + bytes([self.last]) + self.data)

    @staticmethod
    def read(body: bytes) -> "Fragment":
        r = Reader(body)
        parcel, offset, flag = r.varint(), r.varint(), r.byte()
        if flag & ~1:
            raise WireError("fragment flag")
        return Fragment(parcel, offset, bool(flag), r.rest())


@dataclass
class LogState:
    """Type 3 (record.md section 8): mine, receipted of mine, yours, ahead of yours; the reader's cut, as the sender knows it
    (cut.md section 6): cut epoch, media, hour or 0."""
    line: int
    wanted: bool = False
    mine: tuple[bytes, int, bytes] | None = None
    receipted: int | None = None
    yours: tuple[bytes, int, bytes] | None = None
    ahead: int = 0
    your_cut: tuple[int, int, int] | None = None

    def frame(self) -> Frame:
        flags = (1 if self.wanted else 0) | (2 if self.mine else 0) | (4 if self.yours else 0)
        flags |= (8 if self.mine and self.receipted is not None else 0) | (16 if self.yours and self.ahead else 0)
        flags |= 32 if self.your_cut else 0
        out = varint(self.line) + bytes([flags])
        if self.mine:
            out += self.mine[0] + varint(self.mine[1]) + self.mine[2][:8]
        if flags & 8:
            out += varint(self.receipted)
        if self.yours:
            out += self.yours[0] + varint(self.yours[1]) + self.yours[2][:8]
        if flags & 16:
            out += self.ahead.to_bytes(8, "big")
        if self.your_cut:
            out += varint(self.your_cut[0]) + bytes([self.your_cut[1]]) + varint(self.your_cut[2])
        return Frame(STATE, out)

    @staticmethod
    def read(body: bytes) -> "LogState":
        r = Reader(body)
        s = LogState(r.varint())
        flags = r.byte()
        if flags & ~63 or (flags & 8 and not flags & 2) or (flags & 16 and not flags & 4):
            raise WireError("log state flags")
        s.wanted = bool(flags & 1)
        if flags & 2:
            s.mine = (r.take(16), r.varint(), r.take(8))
        if flags & 8:
            s.receipted = r.varint()
        if flags & 4:
            s.yours = (r.take(16), r.varint(), r.take(8))
        if flags & 16:
            s.ahead = r.u64()
        if flags & 32:
            s.your_cut = (r.varint(), r.byte(), r.varint())
            if not s.your_cut[0] or not 1 <= s.your_cut[1] <= 7:
                raise WireError("log state with a cut that cannot be")
        r.end()
        return s


@dataclass
class CosignatureFrame:
    """Type 4 (record.md section 8).  On a deniable line `root` alone, else time (relative to c) and signature."""
    line: int
    size_low: int
    time: int = 0
    signature: bytes = b""
    root: bytes = b""

    def frame(self, c: int) -> Frame:
        out = varint(self.line) + bytes([self.size_low])
        out += self.root if self.root else zigzag(self.time - c) + self.signature
        return Frame(COSIGNATURE, out)

    @staticmethod
    def read(body: bytes, c: int, deniable) -> "CosignatureFrame":
        r = Reader(body)
        f = CosignatureFrame(r.varint(), r.byte())
        if deniable(f.line):
            f.root = r.take(8)
        else:
            f.time = c + r.zigzag()
            f.signature = r.take(64)
            if not 0 <= f.time < 1 << 32:
                raise WireError("cosignature time")
        r.end()
        return f
