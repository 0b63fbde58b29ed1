"""What a station knows of one path: round trip, suspicion, congestion window, pacing (packet.md sections 5 and 7, RFC 6298, RFC 9002)."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_TIMEOUT, MOST_TIMEOUT = 1.0, 30.0
ENTRY_TIMEOUT, ENTRY_TRIES = 3.0, 40
LEAST_VARIANCE = 0.020
PROBE_PAUSES = ((120.0, 0.7), (3600.0, 5.0), (float("inf"), 30.0))   # age of the suspicion, longest pause
PACKET_THRESHOLD, TIME_THRESHOLD = 3, 9 / 8
DATAGRAM = 1200


@dataclass
class SentPacket:
    """One packet on its way, as far as somebody asks for it later."""
    counter: int
    at: float
    size: int
    wants_ack: bool = False                                   # it carries blob data (document.md section 3)
    entries: list[tuple[int, int]] = field(default_factory=list)   # (line, index)
    blobs: list[tuple] = field(default_factory=list)          # (root, piece, offset, length, with proof)
    counted: bool = False                                     # it counts in the window


class Congestion:
    """NewReno as RFC 9002 section 7 has it, in bytes."""

    def __init__(self):
        self.window = min(10 * DATAGRAM, max(14720, 2 * DATAGRAM))
        self.threshold = float("inf")
        self.in_flight = 0
        self.recovery_since = -1.0
        self.next_at = 0.0

    def room(self, size: int) -> bool:
        return self.in_flight + size <= self.window

    def sent(self, p: SentPacket, now: float, round_trip: float, rate: int) -> None:
        p.counted = True
        self.in_flight += p.size
        per_second = rate / 8 if rate else 1.25 * self.window / max(round_trip, 0.0005)
        self.next_at = max(self.next_at, now - 0.002) + p.size / per_second

    def forget(self, p: SentPacket) -> bool:
        if p.counted:
            p.counted = False
            self.in_flight -= p.size
            return True
        return False

    def acked(self, p: SentPacket) -> None:
        if not self.forget(p) or p.at <= self.recovery_since:
            return
        if self.window < self.threshold:
            self.window += p.size
        else:
            self.window += DATAGRAM * p.size // self.window

    def lost(self, p: SentPacket, now: float) -> None:
        if self.forget(p) and p.at > self.recovery_since:
            self.recovery_since = now
            self.threshold = max(self.window // 2, 2 * DATAGRAM)
            self.window = self.threshold


class PathState:
    """One path of the pair, over all sessions."""

    def __init__(self, config):
        self.config, self.number = config, config.number
        self.srtt: float | None = None
        self.rttvar = 0.0
        self.suspect = False
        self.suspect_since = 0.0
        self.probe_at = 0.0            # when the next probe of a suspect path goes out
        self.probe_pause = 0.0
        self.probes = 0
        self.heard = -1.0
        self.sent_at = -1.0
        self.congestion = Congestion()
        self.data_doublings = 0        # timeouts of blob data in a row; any acknowledgement of a packet on it ends them

    def sample(self, rtt: float) -> None:
        """RFC 6298 section 2."""
        if self.srtt is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:
            self.rttvar = 0.75 * self.rttvar + 0.25 * abs(self.srtt - rtt)
            self.srtt = 0.875 * self.srtt + 0.125 * rtt

    @property
    def round_trip(self) -> float:
        return self.srtt if self.srtt is not None else 0.1

    def timeout(self, doublings: int = 0) -> float:
        """Section 5.  Read as SRTT + max(20 ms, 4 * RTTVAR)."""
        first = FIRST_TIMEOUT if self.srtt is None else self.srtt + max(LEAST_VARIANCE, 4 * self.rttvar)
        return min(first * 2 ** doublings, MOST_TIMEOUT)

    def entry_timeout(self, tries: int) -> float:
        """Section 5: of entries that await their receipt, and of questions for entries that a disk lost."""
        first = self.timeout()
        most = max(ENTRY_TIMEOUT, 2 * first) if tries < ENTRY_TRIES else MOST_TIMEOUT
        return min(first * 2 ** min(tries, 16), most)

    def suspected(self, now: float) -> None:
        """Section 7: a probe goes out on it, with flag 02 from the second on, again after the timeout, doubled."""
        if not self.suspect:
            self.suspect, self.probes, self.probe_at, self.suspect_since = True, 0, now, now
            self.probe_pause = self.timeout()

    def probed(self, now: float) -> bool:
        """A probe of the suspect path leaves: whether it asks for an answer by any path."""
        self.probes += 1
        most = max(next(pause for age, pause in PROBE_PAUSES if now - self.suspect_since < age), 4 * self.round_trip)
        self.probe_at = now + min(self.probe_pause, most)
        self.probe_pause = min(2 * self.probe_pause, MOST_TIMEOUT)
        return self.probes > 1

    def alive(self) -> None:
        """Any acknowledgement of a packet on it ends the suspicion."""
        self.suspect, self.data_doublings = False, 0


def best(paths: list[PathState]) -> PathState:
    """Section 5: the path of least smoothed round trip that is not suspect; of suspect ones alone, the one heard last."""
    good = [p for p in paths if not p.suspect]
    if good:
        return min(good, key=lambda p: (p.srtt if p.srtt is not None else 1.0, p.number))
    return max(paths, key=lambda p: p.heard)
