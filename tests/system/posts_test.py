"""The liaison line ends at stations of its own: two of each side's, under one accord.

Real stations, four processes. What happens to the main ones does not touch the liaison line, and the other way round.
"""

import os
import shutil
import socket
import unittest

from stations import Lab, Station, wait_until

WEST, LIAISON = "military-west", "liaison"


def free_ports(count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class StationsOfTheirOwn(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},{LIAISON}", "--station", f"{WEST}=main", "--station", f"{LIAISON}={LIAISON}", "--work-factor", "12")
        self.addCleanup(self.lab.close)
        self.mains = self.lab["south"], self.lab["north"]
        ports = free_ports(2)
        self.liaisons = (self.enrol(self.mains[0], "north", *ports), self.enrol(self.mains[1], "south", *reversed(ports)))
        for station, main, other in zip(self.liaisons, self.mains, reversed(self.liaisons)):
            file = os.path.join(self.lab.dir, f"{main.name}.bulletins")
            station.cli("bulletin", "export", file)
            other.cli("bulletin", "import", file)

    def enrol(self, main, other, listen, to):
        """In a directory of its own, under the root key of its side."""
        place = os.path.join(self.lab.dir, f"{main.name}-{LIAISON}")
        shutil.copytree(main.dir, place, ignore=shutil.ignore_patterns("station", "*.stderr"))
        station = Station(place)
        self.addCleanup(station.close)
        path = main.config()["counterparts"][0]["paths"][0]["name"]
        station.cli("station", "enrol", "--post", LIAISON, "--peer", other, "--their-post", LIAISON,
                    "--listen", f"{path}=127.0.0.1:{listen}", "--to", f"{path}=127.0.0.1:{to}")
        return station

    def lines(self, station, other):
        return [line["name"] for line in station.status_of(other)["lines"]]

    def test_each_pair_carries_its_own_lines_and_stands_alone(self):
        south, north = self.mains
        house, desk = self.liaisons
        for station in (*self.mains, *self.liaisons):
            station.start()
        for station, other in ((south, "north"), (north, "south"), (house, "north"), (desk, "south")):
            station.wait_link(other)
        self.assertEqual(self.lines(south, "north"), ["accord", WEST])
        self.assertEqual(self.lines(house, "north"), ["accord", LIAISON])
        wait_until(lambda: house.status_of("north")["contact"] and south.status_of("north")["contact"], "contact of both pairs")
        self.assertEqual(south.cli("send", WEST, "main", "--as", "kim")["state"], "receipted")
        self.assertEqual(house.cli("send", LIAISON, "from the house", "--as", "kim")["state"], "receipted")
        self.assertIn("no line", south.refused("send", LIAISON, "not here")["message"])
        self.assertEqual(desk.texts("south", LIAISON), ["from the house"])
        # The main stations' cut of every line that they have, dark even, and their end: the liaison line goes on.
        north.cli("cut", "--all", "--reason", "no more", "--as", "ri", "--yes")
        wait_until(lambda: south.line_of("north", WEST)["situation"] == "cut-by-them", "the cut at south")
        north.kill()
        self.assertEqual(desk.cli("send", LIAISON, "still here", "--as", "ri")["state"], "receipted")
        self.assertEqual(house.line_of("north", LIAISON)["situation"], house.line_of("north", "accord")["situation"])
        self.assertEqual(house.texts("north", LIAISON), ["still here"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
