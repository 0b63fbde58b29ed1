"""Two real stations over two emulated UDP paths, each direction of which can be cut."""

import os
import unittest

from emulator import Emulator
from stations import Lab

LINE = "military-west"


class TwoPaths(unittest.TestCase):
    LINK = ()  # further options of both emulators
    LAB = ()

    def setUp(self):
        self.lab = Lab("--lines", LINE, "--paths", "2", "--gap", *self.LAB)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.links = []
        for number in (0, 1):
            self.links.append(self._between(number))
            self.addCleanup(self.links[-1].close)

    def _between(self, number):
        """The emulator of one path; a is south, b is north."""
        a_listens, a_sends_to = self.south.ends("north")[number]
        b_listens, b_sends_to = self.north.ends("south")[number]
        return Emulator(os.path.join(self.lab.dir, f"path{number}.sock"), "proxy", "--listen", a_sends_to,
                        "--reply-to", a_listens, "--from", b_sends_to, "--to", b_listens, "--seed", "1",
                        *self.LINK)

    def paths(self, station):
        """That station's paths to the other, as its API tells them."""
        counterpart, = station.get("/v1/paths")["counterparts"]
        return counterpart["paths"]

    def best(self, station):
        best, = (number for number, path in enumerate(self.paths(station)) if path["best"])
        return best

    def measured(self, station):
        return all(path["round_trip_ms"] is not None for path in self.paths(station))
