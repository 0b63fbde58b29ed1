"""Two network namespaces of a test's own, joined by links of the emulator, a station in each.

Needs root and TUN devices: missing() says what is not there. Everything made here goes with the
context manager: the stations, the emulators, the namespaces.
"""

import os
import re
import secrets
import signal
import subprocess
import tempfile

from emulator import Emulator
from stations import DETENTE, Lab, PATIENCE, Station, wait_until

PORT = 7001  # each path has its own address, so one port does for all


def missing():
    """Why namespaces cannot be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "this machine has no TUN devices (/dev/net/tun)"
    name = f"detente-probe-{secrets.token_hex(3)}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "the command ip (package iproute2) is missing"
    if made.returncode != 0:
        return f"network namespaces cannot be made: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


class TunLink(Emulator):
    """One path between the two namespaces; a and b as the emulator names its ends."""

    def __init__(self, folder, names, number, device, options):
        self.device = device
        self.address_a, self.address_b = f"10.77.{number}.1", f"10.77.{number}.2"
        super().__init__(os.path.join(folder, device + ".sock"), "tun", "--netns-a", names["a"],
                         "--netns-b", names["b"], "--address-a", self.address_a + "/24",
                         "--address-b", self.address_b + "/24", "--device", device, *options)

    def cut(self):
        self.set("both", "blackhole", "on")

    def heal(self):
        self.set("both", "blackhole", "off")


class Pair:
    """Two namespaces `a` and `b`, joined by nothing but the links that are added."""

    def __init__(self):
        mark = secrets.token_hex(4)
        self.names = {end: f"detente-{mark}-{end}" for end in "ab"}
        self.links = []
        self._folder = tempfile.TemporaryDirectory(prefix="linkemu-")

    def __enter__(self):
        try:
            for name in self.names.values():
                self._ip("netns", "add", name)
                self._ip("netns", "exec", name, "ip", "link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for link in self.links:
            link.close()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        self._folder.cleanup()

    def add_link(self, device, *options):
        link = TunLink(self._folder.name, self.names, len(self.links) + 1, device, options)
        self.links.append(link)
        return link

    def run(self, end, *command):
        """What a command inside a namespace prints."""
        return subprocess.run(["ip", "netns", "exec", self.names[end], *command], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout

    @staticmethod
    def _ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, timeout=PATIENCE)


class PlacedStation(Station):
    """A station that runs inside a namespace. Its API is a Unix socket, reached from anywhere."""

    namespace = None

    def spawn(self, *options):
        # `ip netns exec` becomes the station: signals reach the station itself.
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, DETENTE, "station", "run", "--dir", self.dir,
             *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._stderr)

    def suspend(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def link_up(self, counterpart):
        return self.status_of(counterpart)["link"]["up"]


class World:
    """South in namespace a, north in namespace b, one emulated link for each path.

    `links[i]` is south's and north's path i. Directions: a-b is south to north.
    """

    def __init__(self, lines, paths=1, link_options=(), lab_options=()):
        self._pair = Pair()
        self._made = None
        self._arguments = (lines, paths, link_options, lab_options)

    def __enter__(self):
        lines, paths, link_options, lab_options = self._arguments
        self._pair.__enter__()
        try:
            self._made = Lab("--lines", ",".join(lines), "--paths", str(paths), "--work-factor", "12",
                             *lab_options)
            for number in range(paths):
                self._pair.add_link(f"path{number + 1}", *link_options)
            self.links = self._pair.links
            self.south = self._place("south", "north", "a")
            self.north = self._place("north", "south", "b")
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._made is not None:
            self._made.close()
        self._pair.close()

    @property
    def dir(self):
        return self._made.dir

    def start(self):
        for station in (self.south, self.north):
            station.start()
        for station, far in ((self.south, "north"), (self.north, "south")):
            station.wait_link(far)

    def run_in(self, end, *command):
        return self._pair.run(end, *command)

    def set_links(self, *settings):
        for link in self.links:
            link.set("both", *settings)

    def _place(self, name, far, end):
        directory = self._made[name].dir
        self._made[name].close()
        station = PlacedStation(directory)
        station.namespace = self._pair.names[end]
        self._made.stations[name] = station
        place = station.path("station", "station.toml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        with open(place, "w", encoding="utf-8") as file:
            file.write(self._with_addresses(text, end))
        if [tuple(map(str, pair)) for pair in station.ends(far)] != self._ends(end):
            raise AssertionError(f"{place}: the links' addresses were not taken:\n{text}")
        return station

    def _ends(self, end):
        both = [(f"{link.address_a}:{PORT}", f"{link.address_b}:{PORT}") for link in self._pair.links]
        return both if end == "a" else [(there, here) for here, there in both]

    def _with_addresses(self, text, end):
        for field, values in zip(("listen", "peer"), zip(*self._ends(end))):
            left = iter(values)
            text = re.sub(rf'^{field} = "[^"]*"', lambda _, f=field, v=left: f'{f} = "{next(v)}"',
                          text, flags=re.MULTILINE)
        return text
