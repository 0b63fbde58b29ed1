"""Each line alone: its media, paths and people, and at stations of its own where the accord says so.

Real stations. What happens to one line, or to one pair of stations, does not touch the others.
"""

import os
import shutil
import unittest

from relay import Relay
from stations import Lab, Station, free_ports, wait_until

WEST, LIAISON = "military-west", "liaison"


class EachLineAlone(unittest.TestCase):
    """Two lines of one pair of stations, each on a path of its own, with other media and other people."""

    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},{LIAISON}", "--paths", "2", "--line-path", f"{WEST}=path1", "--line-path", f"{LIAISON}=path2",
                       "--media", f"{LIAISON}=text", "--people", f"{LIAISON}=liaison-officer", "--gap")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.relays = [Relay(*ends) for ends in zip(self.south.ends("north"), self.north.ends("south"))]
        for relay in self.relays:
            self.addCleanup(relay.close)
        self.lab.start("south", "north")
        self.south.wait_link("north")

    def send(self, line, *words):
        return self.south.cli("send", line, *words, "--wait", "receipt", "--timeout", "2s")["state"]

    def test_a_path_of_one_line_fails_and_the_other_line_goes_on(self):
        wait_until(lambda: self.send(WEST, "one") == "receipted", "a receipt on the west line")
        self.relays[0].change = lambda direction, number, datagram: []
        self.assertEqual(self.send(WEST, "two"), "placed")
        self.assertEqual(self.send(LIAISON, "goes on"), "receipted")
        said = wait_until(lambda: (line := self.south.line_of("north", WEST))["situation"] == "line-paths-dead" and line,
                          lambda: f"the west line to say what fails: {self.south.line_of('north', WEST)}", 120)
        self.assertIn("is up: it was heard by path2", said["words"])
        self.assertIn("By path1, all that the accord gives this line, nothing comes", said["words"])
        self.assertEqual(self.south.line_of("north", LIAISON)["situation"], "in-contact")
        self.relays[0].change = None
        wait_until(lambda: self.north.texts("south", WEST) == ["one", "two"], "what waited for its path")

    def test_a_path_of_one_line_that_is_dead_in_one_direction_is_named_with_the_direction(self):
        wait_until(lambda: self.send(WEST, "one") == "receipted", "a receipt on the west line")
        self.relays[0].change = lambda direction, number, datagram: [] if direction == 1 else [datagram]  # north's to south
        for number in range(3):
            self.send(WEST, f"more {number}")
        for station, far, who in ((self.south, "north", "we do not hear them"), (self.north, "south", "they do not hear us")):
            said = wait_until(lambda s=station, f=far: (line := s.line_of(f, WEST))["situation"] == "one-direction-dead" and line,
                              lambda s=station, f=far: f"{s.name} to name the direction: {s.line_of(f, WEST)}", 120)
            self.assertIn(who, said["title"])
            self.assertIn("path1", said["words"])
            self.assertEqual(station.line_of(far, LIAISON)["situation"], "in-contact")

    def test_media_and_people_are_each_lines_own(self):
        file = self.south.path("paper.txt")
        with open(file, "w", encoding="utf-8") as paper:
            paper.write("A paper.")
        self.assertIn("document", self.south.refused("send", LIAISON, "--file", file)["message"])
        self.assertEqual(self.south.cli("send", WEST, "--file", file)["state"], "receipted")
        self.assertIn("liaison-officer", self.south.refused("send", LIAISON, "hello", "--as", "kim")["message"])
        self.assertEqual(self.south.cli("send", WEST, "hello", "--as", "kim")["state"], "receipted")


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
