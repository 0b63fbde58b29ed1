"""Every kind of frame at full speed from inside a session, by the peer of interop/."""

import os

from peer_ends import Peer

import peer_wire as wire
from peer_blob import OFFER, WANT, short_frame

PACKET = 440


def kinds(line: int, root: bytes):
    """By name, what makes the frame of that number. `line` is one that both have, `root` a document that the other side holds."""
    return {
        "probes": lambda n: wire.Probe(True, True, 1, 0, n).frame(),
        "log states": lambda n: wire.LogState(line, True).frame(),
        "wants": lambda n: wire.Frame(wire.BLOB, bytes([WANT]) + root + b"\0"),
        "wants of nothing": lambda n: wire.Frame(wire.BLOB, bytes([WANT]) + os.urandom(32) + b"\0"),
        "offers": lambda n: short_frame(OFFER, os.urandom(32)),
        "contact": lambda n: wire.Contact(n % 2 == 0, True, os.urandom(4), []).frame(),
        "unknown types": lambda n: wire.Frame(25, os.urandom(20)),
        "acknowledgements": lambda n: wire.Frame(wire.ACK, os.urandom(12)),
        "fragments": lambda n: wire.Fragment(n, 0, False, os.urandom(100)).frame(),
        "entries": lambda n: wire.Frame(wire.ENTRY, os.urandom(60)),
        "cosignatures": lambda n: wire.Frame(wire.COSIGNATURE, os.urandom(74)),
    }


class Storm:
    """Of one kind."""

    def __init__(self, peer: Peer, make):
        self._peer, self._make = peer, make
        self.frames = self.packets = 0

    def packet(self):
        """One packet full of such frames goes out."""
        frames, size = [], 0
        while size < PACKET:
            frames.append(self._make(self.frames))
            size, self.frames = size + len(frames[-1].sized()), self.frames + 1
        frames = frames[:-1] or frames
        station = self._peer.st
        station.packet(station.current, 1, frames, [None] * len(frames), station.now)
        self.packets += 1
