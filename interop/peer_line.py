"""One line of the accord at this station: both logs, and what is remembered between datagrams."""

from __future__ import annotations

from collections import deque

from peer_far import FarLine
from peer_log import LinePair
from peer_own import OwnLine


class Line:
    def __init__(self, station, annex):
        files = station.files
        self.annex = annex
        self.pair = LinePair(station.store, files.accord.lineage, annex.number, files.station, files.other_station)
        self.own, self.far = OwnLine(station, annex, self.pair), FarLine(station, annex, self.pair)
        self.held: deque = deque(maxlen=64)      # entries that came before contact was made
        self.asked, self.asked_doublings = (-1, 0.0), 0    # below the floor: size and time of the last question
        self.again: dict[int, float] = {}        # the other side lost entries: when each was sent again
        self.ask_lost, self.lost_doublings = 0.0, 0
