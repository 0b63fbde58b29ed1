"""A session and its paths (session.md sections 5 and 6, packet.md sections 4 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from peer_packet import Receiver, Sender, Suite, field_size, first_generation
from peer_path import PACKET_THRESHOLD, TIME_THRESHOLD, PathState, SentPacket
from peer_wire import BLOB, COVER, ENTRY, Fragment, Frame, PathAck, WireError, pack

SMALL_PACKET, LARGE_PACKET = 508, 1200
CUT = (ENTRY, BLOB)            # what is cut into fragments
MOST_PARCELS, MOST_PARCEL_BYTES = 16, 8192
ACK_AFTER_PACKETS, ACK_AFTER_SECONDS = 8, 0.005
REPLACED_SECONDS = 30
HEAD = 7                       # byte 0, session id, a counter field of 4


@dataclass
class Partial:
    """A parcel of which parts are missing."""
    parts: dict[int, bytes] = field(default_factory=dict)
    end: int | None = None
    klass: int = 0

    def add(self, f: Fragment) -> bytes | None:
        """The whole parcel once it is complete."""
        if f.last:
            self.end = f.offset + len(f.data)
        if f.offset + len(f.data) > MOST_PARCEL_BYTES or (self.end is not None and f.offset + len(f.data) > self.end):
            raise WireError("parcel too long")
        self.parts[f.offset] = f.data
        if self.end is None:
            return None
        out, at = b"", 0
        while at < self.end:
            part = self.parts.get(at)
            if not part:
                return None
            out, at = out + part, at + len(part)
        return out


class SessionPath:
    """One path of one session: keys of both directions, what is on its way, what is to be acknowledged."""

    def __init__(self, state: PathState, sender: Sender, receiver: Receiver):
        self.state, self.sender, self.receiver = state, sender, receiver
        self.sent: dict[int, SentPacket] = {}
        self.probes: dict[int, tuple[float, bool, int]] = {}   # stamp -> sent at, was filled up, counter
        self.large = False                                     # a filled probe was answered on it
        self.large_tries = 0
        self.ack_count = 0
        self.ack_due: float | None = None
        self.highest_at = 0.0
        self.highest_acked = -1

    def limit(self) -> int:
        """Section 6: packet size here and now."""
        most = self.state.config.packet_bytes or LARGE_PACKET
        return min(most, LARGE_PACKET if self.large else SMALL_PACKET)

    def acknowledge(self, ack: PathAck, now: float, delay: float) -> tuple[list[SentPacket], list[SentPacket]]:
        """Packets that the ranges acknowledge, and those that RFC 9002 section 6.1 calls lost.  Counters that were never
        sent are a lie of the other side: refused."""
        if ack.ranges[0][1] >= self.sender.counter:
            raise WireError("acknowledges what was not sent")
        acked = [p for p in self.sent.values() if any(lo <= p.counter <= hi for lo, hi in ack.ranges)]
        for p in acked:
            del self.sent[p.counter]
            self.state.congestion.acked(p)
        highest = ack.ranges[0][1]
        newest = max(acked, key=lambda p: p.counter, default=None)
        if newest is not None and newest.counter == highest:
            rtt = now - newest.at
            self.state.sample(max(rtt - delay, 0.0) if delay < rtt else rtt)
        self.sender.acknowledged(highest)
        self.highest_acked = max(self.highest_acked, highest)
        return acked, self.lost(now, self.highest_acked)

    def lost(self, now: float, highest: int) -> list[SentPacket]:
        wait = TIME_THRESHOLD * max(self.state.round_trip, 0.001)
        gone = [p for p in self.sent.values() if p.wants_ack and p.counter < highest
                and (highest - p.counter >= PACKET_THRESHOLD or now - p.at > wait)]
        for p in gone:
            del self.sent[p.counter]
            self.state.congestion.lost(p, now)
        return gone

    def want_ack(self, counter: int, before: int, now: float) -> None:
        """Section 7: after the eighth such packet, after 5 ms, or at once when a counter was skipped."""
        self.ack_count += 1
        skipped = counter != before + 1
        if self.ack_count >= ACK_AFTER_PACKETS or skipped:
            self.ack_due = now
        elif self.ack_due is None:
            self.ack_due = now + ACK_AFTER_SECONDS

    def take_ack(self, now: float) -> Frame:
        self.ack_count, self.ack_due = 0, None
        delay = int(max(now - self.highest_at, 0) * 125000)
        return PathAck(self.state.number, delay, self.receiver.ranges()).frame()


class Session:
    def __init__(self, ident: bytes, c: int, initiator: bool, psk_epoch: int, keys: tuple[bytes, bytes], files, paths, now: float):
        """`keys` are k_i and k_r; `initiator`: this station began it."""
        self.id, self.c, self.initiator, self.psk_epoch = ident, c, initiator, psk_epoch
        self.created, self.confirmed, self.heard = now, False, now
        self.given_up = False        # its counters are used up
        self.silent = False          # a handshake is under way: it drew nothing for too long
        self.strikes = 0
        self.sent_at = now
        self.crossed: "Session | None" = None
        self.by_first = files.own_is_first == initiator       # its initiator is `first`
        self.parcel = 0
        self.partials: dict[int, Partial] = {}
        accord = files.accord
        out = Suite.of(accord.seal, accord.aead, files.side, files.other)
        into = Suite.of(accord.seal, accord.aead, files.other, files.side)
        k_out, k_in = keys if initiator else keys[::-1]
        s = accord.session
        self.tags = out.tags
        self.paths = {p.number: SessionPath(p, Sender(first_generation(out, k_out, p.number), ident, now, s["rekey_packets"],
                                                      60.0 * s["rekey_minutes"]),
                                            Receiver(first_generation(into, k_in, p.number))) for p in paths}

    def usable(self) -> bool:
        """Section 6: the initiator sends after the reply, the responder once it is confirmed."""
        return not self.given_up and (self.initiator or self.confirmed)

    def room(self, path: int) -> int:
        """Bytes of frames that one packet of this path holds."""
        return self.paths[path].limit() - HEAD - self.tags

    def cut(self, frame: Frame, path: int) -> list[Frame]:
        """Section 6: a frame that does not fit is cut into fragments of one parcel."""
        room, raw = self.room(path), frame.open()
        if len(raw) <= room or frame.type not in CUT:
            return [frame]
        parcel, self.parcel, out, at = self.parcel, self.parcel + 1, [], 0
        while at < len(raw):
            head = len(Fragment(parcel, at, False, b"").frame().open())
            part = raw[at:at + room - head]
            out.append(Fragment(parcel, at, at + len(part) == len(raw), part).frame())
            at += len(part)
        return out

    def join(self, body: bytes) -> bytes | None:
        """Section 6, the receiver: at most 16 unfinished parcels of at most 8,192 bytes; the oldest goes first."""
        f = Fragment.read(body)
        partial = self.partials.get(f.parcel)
        if partial is None:
            while len(self.partials) >= MOST_PARCELS:
                del self.partials[next(iter(self.partials))]
            partial = self.partials[f.parcel] = Partial()
        try:
            whole = partial.add(f)
        except WireError:
            del self.partials[f.parcel]
            raise
        if whole is not None:
            del self.partials[f.parcel]
        return whole

    def fill(self, frames: list[Frame], path: int, size: int) -> list[Frame]:
        """Adds a cover frame so that the packet has `size` bytes."""
        sender = self.paths[path].sender
        head = 3 + field_size(sender.counter, max(sender.arrived, 0)) + self.tags
        used = sum(len(f.sized()) for f in frames)
        return frames + [Frame(COVER, bytes(max(size - head - used - 2, 0)))]

    def packets(self, frames: list[tuple[Frame, object]], path: int) -> list[tuple[list[Frame], list]]:
        """Frames in order, as few packets as hold them, each with the frames' marks."""
        room, out, now, marks, used = self.room(path), [], [], [], 0
        for frame, mark in frames:
            size = len(frame.sized())
            if now and used + size > room:
                out.append((now, marks))
                now, marks, used = [], [], 0
            now.append(frame)
            marks.append(mark)
            used += size
        if now:
            out.append((now, marks))
        return out

    def seal(self, frames: list[Frame], path: int, now: float) -> tuple[int, bytes]:
        return self.paths[path].sender.seal(pack(frames), now)
