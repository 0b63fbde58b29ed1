"""Transport packets of one path and direction: layout, counters, keys, rekeying, replay window (packet.md sections 1 to 3)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from peer_keys import expand

AEADS = {"ChaCha20-Poly1305": ChaCha20Poly1305, "AES-256-GCM": AESGCM}
WINDOW = 1024
OLD_GENERATION_SECONDS = 60
MAX_COUNTER = (1 << 32) - 1


class PacketError(ValueError):
    """The packet is dropped.  `alarm` where that cannot come from noise or a stranger."""

    def __init__(self, why: str, alarm: bool = False):
        super().__init__(why)
        self.alarm = alarm


class SessionSpent(PacketError):
    """A counter that would not fit 4 bytes ends the session (section 2)."""


@dataclass(frozen=True)
class Suite:
    """accord.md section 5 `seal` and section 3 "Keys": AEAD names by layer for packets of one sender."""
    names: tuple[str, ...]

    @staticmethod
    def of(seal: str, aead: dict[str, str], sender: str, receiver: str) -> "Suite":
        names = (aead[sender], aead[receiver]) if seal == "both" else (aead[seal],)
        for n in names:
            if n not in AEADS:
                raise PacketError(f"this peer has no cipher {n}: it has {', '.join(AEADS)}")
        return Suite(names)

    @property
    def tags(self) -> int:
        return 16 * len(self.names)


class Generation:
    """Keys of generation g of a path and direction."""

    def __init__(self, suite: Suite, secret: bytes, g: int):
        self.suite, self.secret, self.g = suite, secret, g
        self.layers = [AEADS[name](expand(secret, b"detente/1 key" + bytes([layer]) + name.encode()))
                       for layer, name in enumerate(suite.names)]

    def next(self) -> "Generation":
        return Generation(self.suite, expand(self.secret, b"detente/1 rekey"), self.g + 1)

    def seal(self, counter: int, header: bytes, plain: bytes) -> bytes:
        nonce = bytes(4) + counter.to_bytes(8, "big")
        for layer in self.layers:
            plain = layer.encrypt(nonce, plain, header)
        return plain

    def open(self, counter: int, header: bytes, sealed: bytes) -> bytes:
        nonce = bytes(4) + counter.to_bytes(8, "big")
        outer = True
        for layer in reversed(self.layers):
            try:
                sealed = layer.decrypt(nonce, sealed, header)
            except InvalidTag as e:
                raise PacketError("does not open" if outer else "outer seal good, inner bad", alarm=not outer) from e
            outer = False
        return sealed


def first_generation(suite: Suite, k: bytes, path: int) -> Generation:
    """Section 3: s_0."""
    return Generation(suite, expand(k, b"detente/1 path" + bytes([path])), 0)


def field_size(counter: int, arrived: int) -> int:
    """Section 2: n bytes such that 2^(8n-1) exceeds the span from the last counter known to have arrived."""
    span = counter - arrived
    for n in (1, 2, 4):
        if 1 << (8 * n - 1) > span:
            return n
    raise SessionSpent("the counter does not fit its field")


def nearest(low: int, bits: int, expected: int, highest: int = 1 << 62) -> int:
    """RFC 9000 appendix A.3: the value with these low bits that is nearest to `expected`."""
    win = 1 << bits
    candidate = (expected & ~(win - 1)) | low
    if candidate <= expected - win // 2 and candidate < highest - win:
        return candidate + win
    if candidate > expected + win // 2 and candidate >= win:
        return candidate - win
    return candidate


class Sender:
    """One path, outgoing."""

    def __init__(self, generation: Generation, session: bytes, now: float, rekey_packets: int, rekey_seconds: float):
        self.gen, self.session = generation, session
        self.counter = 0
        self.arrived = -1            # the highest counter known to have arrived
        self.gen_start, self.gen_began = 0, now
        self.rekey_packets, self.rekey_seconds = rekey_packets, rekey_seconds

    def acknowledged(self, counter: int) -> None:
        self.arrived = max(self.arrived, min(counter, self.counter - 1))

    def maybe_rekey(self, now: float) -> None:
        """Section 3, rekey: after so many packets or minutes, and one of this generation known to have arrived."""
        due = self.counter - self.gen_start >= self.rekey_packets or now - self.gen_began >= self.rekey_seconds
        if due and self.arrived >= self.gen_start:
            self.gen = self.gen.next()
            self.gen_start, self.gen_began = self.counter, now

    def seal(self, plain: bytes, now: float) -> tuple[int, bytes]:
        """The packet's counter and bytes."""
        self.maybe_rekey(now)
        if self.counter > MAX_COUNTER:
            raise SessionSpent("the counter does not fit 4 bytes")
        counter = self.counter
        size = field_size(counter, max(self.arrived, 0))
        self.counter += 1
        first = 0x40 | (self.gen.g & 1) << 2 | (1, 2, 4).index(size)
        header = bytes([first]) + self.session + (counter & ((1 << 8 * size) - 1)).to_bytes(size, "big")
        return counter, header + self.gen.seal(counter, header, plain)


class Receiver:
    """One path, incoming."""

    def __init__(self, generation: Generation):
        self.gen = generation
        self.old: Generation | None = None
        self.old_until = 0.0
        self.highest = -1
        self.window = 0              # bit i: counter highest - i was accepted

    def _fresh(self, counter: int) -> bool:
        back = self.highest - counter
        return back < 0 or (back < WINDOW and not self.window >> back & 1)

    def _accept(self, counter: int) -> None:
        ahead = counter - self.highest
        if ahead > 0:
            self.window = ((self.window << min(ahead, WINDOW)) | 1) & ((1 << WINDOW) - 1)
            self.highest = counter
        else:
            self.window |= 1 << -ahead

    def open(self, packet: bytes, now: float) -> tuple[int, bytes]:
        """The counter and the frames of a packet of this path; PacketError drops it."""
        first = packet[0]
        size = {0: 1, 1: 2, 2: 4}.get(first & 3)
        if first & 0xF8 != 0x40 or size is None:
            raise PacketError("byte 0")
        header, sealed = packet[:3 + size], packet[3 + size:]
        if len(sealed) < self.gen.suite.tags:
            raise PacketError("too short")
        counter = nearest(int.from_bytes(header[3:], "big"), 8 * size, self.highest + 1)
        phase, error, plain, used = first >> 2 & 1, PacketError("does not open"), None, None
        if self.gen.g & 1 == phase:
            tries = [self.gen]
        else:
            if self.old is not None and now > self.old_until:
                self.old = None
            tries = ([self.old] if self.old else []) + [self.gen.next()]
        for gen in tries:
            try:
                plain, used = gen.open(counter, header, sealed), gen
                break
            except PacketError as e:
                error = e if e.alarm or not error.alarm else error
        if used is None:
            raise error
        if not self._fresh(counter):
            raise PacketError("replayed, or older than the window")
        self._accept(counter)
        if used.g == self.gen.g + 1:
            self.old, self.old_until, self.gen = self.gen, now + OLD_GENERATION_SECONDS, used
        return counter, plain

    def ranges(self, limit: int = 32) -> list[tuple[int, int]]:
        """What was accepted, newest first, as [lowest, highest] (for section 7's acknowledgement)."""
        out, at = [], 0
        bits = self.window
        while bits >> at and len(out) < limit:
            while not bits >> at & 1:
                at += 1
            start = at
            while bits >> at & 1:
                at += 1
            out.append((self.highest - at + 1, self.highest - start))
        return out
