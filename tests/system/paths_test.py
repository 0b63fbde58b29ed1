"""Stations over UDP and TCP: together, alone, cut, one way only, from a new place; and a stranger at the TCP port."""

import os
import random
import re
import selectors
import socket
import threading
import unittest

from emulator import Emulator
from stations import Lab, free_ports, wait_until
from traffic import Traffic

LINE = "military-west"
BOUND = 60.0
QUIET_TIME = 10.0  # after which a connection that proved nothing is closed (spec/packet.md section 8)


def pair(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class World:
    """Two stations, `kinds` of their paths; with `gap` they find each other through emulators alone."""

    def __init__(self, test, kinds, gap=True):
        made = Lab("--lines", LINE, "--kinds", ",".join(kinds), "--work-factor", "10",
                   *(("--gap",) if gap else ()))
        test.addCleanup(made.close)
        self.dir, self.kinds = made.dir, kinds
        self.south, self.north = made["south"], made["north"]
        self.links = {}
        self._test = test

    def start(self):
        for station in (self.south, self.north):
            station.start()
        self.south.wait_link("north")
        self.north.wait_link("south")

    def join_udp(self, path):
        (south_is, south_to), (north_is, north_to) = self.ends(path)
        return self._emulator(f"udp-{path}", "--listen", south_to, "--reply-to", south_is,
                              "--from", north_to, "--to", north_is)

    def join_tcp(self, path, dialled_by):
        """What one side dials; killed, it takes that side's connections with it."""
        (south_is, south_to), (north_is, north_to) = self.ends(path)
        ends = (south_to, north_is) if dialled_by == "south" else (north_to, south_is)
        return self._emulator(f"tcp-{path}-{dialled_by}", "--tcp", "--listen", ends[0], "--to", ends[1])

    def _emulator(self, name, *arguments):
        link = self.links[name] = Emulator(os.path.join(self.dir, name + ".sock"), "proxy", *arguments)
        self._test.addCleanup(link.close)
        return link

    def ends(self, path):
        return self.south.ends("north")[path - 1], self.north.ends("south")[path - 1]

    def say_both_ways(self, word, *options):
        for here, there in ((self.south, "north"), (self.north, "south")):
            sent = here.cli("send", f"{there}/{LINE}", f"{word}, says {here.name}", *options)
            self._test.assertEqual(sent["state"], "receipted", word)

    def passed(self, name):
        """Bytes that went through an emulator, both ways."""
        return sum(way["bytes_out"] for way in self.links[name].stats().values())


class Together(unittest.TestCase):
    def test_either_carries_what_the_other_does_not(self):
        world = World(self, ["udp", "tcp"])
        udp = world.join_udp(1)
        tcp = [world.join_tcp(2, "south"), world.join_tcp(2, "north")]
        world.start()
        world.say_both_ways("over both", "--precedence", "flash")
        # FLASH went over each of them.
        wait_until(lambda: world.passed("tcp-2-south") + world.passed("tcp-2-north") > 1000, "bytes over TCP")
        self.assertGreater(world.passed("udp-1"), 1000)

        udp.set("both", "blackhole", "on")
        for number in range(5):
            world.say_both_ways(f"over TCP {number}")
        udp.set("both", "blackhole", "off")
        world.say_both_ways("UDP is back")

        for link in tcp:
            link.kill()
        world.tcp_gone = world.passed("udp-1")
        for number in range(5):
            world.say_both_ways(f"over UDP {number}")
        self.assertGreater(world.passed("udp-1"), world.tcp_gone)

        # A path that died and returns is picked up by itself.
        for link in tcp:
            link.close()
        world.join_tcp(2, "south")
        world.join_tcp(2, "north")
        wait_until(lambda: world.passed("tcp-2-south") + world.passed("tcp-2-north") > 200, "TCP to be back", BOUND)
        world.links["udp-1"].set("both", "blackhole", "on")
        world.say_both_ways("over TCP again")

    def test_of_five_of_both_kinds_any_one_is_enough(self):
        kinds = ["udp", "tcp", "udp", "tcp", "udp"]
        world = World(self, kinds)
        join = lambda path: ([world.join_udp(path)] if kinds[path - 1] == "udp"
                             else [world.join_tcp(path, "south"), world.join_tcp(path, "north")])
        links = {path: join(path) for path in range(1, 6)}
        world.start()
        world.say_both_ways("over all five", "--precedence", "flash")
        sent = 0
        for alone in (2, 5, 4, 1, 3):
            for path, ways in links.items():
                for way in ways:
                    way.set("both", "blackhole", "off" if path == alone else "on")
            carried = sum(way["bytes_out"] for link in links[alone] for way in link.stats().values())
            for precedence in ("flash", "routine"):
                world.say_both_ways(f"over {alone} alone, {precedence}", "--precedence", precedence, "--timeout", "60s")
                sent += 2
            self.assertGreater(sum(way["bytes_out"] for link in links[alone] for way in link.stats().values()), carried)
        for station, other in ((world.south, "north"), (world.north, "south")):
            texts = station.texts(other, LINE)
            self.assertEqual((len(texts), len(set(texts))), (1 + sent // 2, 1 + sent // 2))


class Tcp(unittest.TestCase):
    def test_connections_that_die_under_traffic_lose_nothing(self):
        seed = int(os.environ.get("DETENTE_SEED") or random.randrange(1 << 32))
        print(f"DETENTE_SEED={seed}", flush=True)
        chance = random.Random(seed)
        world = World(self, ["tcp"])
        sides = ("south", "north")
        for side in sides:
            world.join_tcp(1, side)
        world.start()
        traffic = Traffic(world, LINE, seed)
        senders = traffic.start(40)
        for kill in range(6):
            chance.choice(senders).wait_begun(5 + 6 * kill)
            # Both, so that no connection outlives it; in either order, and back one after the other.
            for side in chance.sample(sides, 2):
                world.links[f"tcp-1-{side}"].kill()
            for side in chance.sample(sides, 2):
                world.links[f"tcp-1-{side}"].close()
                world.join_tcp(1, side)
        traffic.finish()
        took = traffic.wait_receipts(BOUND)
        traffic.check(self, ())
        print(f"settled {took:.1f} s after the last submit", flush=True)

    def test_one_side_that_can_be_dialled_is_enough(self):
        for side in ("south", "north"):
            with self.subTest(dialled_by=side):
                world = World(self, ["tcp"])
                world.join_tcp(1, side)
                world.start()
                world.say_both_ways("one of us called")
                world.links[f"tcp-1-{side}"].kill()
                world.links[f"tcp-1-{side}"].close()
                world.join_tcp(1, side)
                # Who was dialled may not speak before who dialled did, and that is at the latest
                # its next heartbeat.
                world.say_both_ways("and called again", "--timeout", "50s")

    def test_a_rate_and_a_delay(self):
        world = World(self, ["tcp"])
        for side in ("south", "north"):
            world.join_tcp(1, side).set("both", "rate", "64k", "delay", "100ms")
        world.start()
        traffic = Traffic(world, LINE, 1)
        traffic.run(20)
        traffic.wait_receipts(BOUND)
        traffic.check(self, ())

    def test_a_counterpart_that_moved_is_heard_and_answered(self):
        """Another port and another address; only its own configuration says so."""
        world = World(self, ["tcp"], gap=False)
        south, north = world.south, world.north
        world.start()
        world.say_both_ways("where you were")
        north.stop()
        place = north.path("station", "station.toml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        (_, south_to), (north_is, _) = world.ends(1)
        self.assertEqual(south_to, north_is)
        # North listens and dials from another address; south goes on dialling the old one.
        moved = f"127.0.0.2:{free_ports(1, '127.0.0.2')[0]}"
        with open(place, "w", encoding="utf-8") as file:
            file.write(text.replace(f'listen = "{north_is}"', f'listen = "{moved}"'))
        north.start()
        north.wait_link("south")
        self.assertEqual(world.ends(1)[1][0], moved)
        world.say_both_ways("from the new place")
        south.kill()
        south.start()
        # South can dial nobody now, and may not speak before north calls anew: which it does when
        # what it has to say draws nothing.
        sent = north.cli("send", f"south/{LINE}", "after your restart", "--timeout", "50s")
        self.assertEqual(sent["state"], "receipted")
        world.say_both_ways("and both again")

    def test_both_restart_in_turn(self):
        world = World(self, ["tcp"], gap=False)
        world.start()
        for turn in range(3):
            for station in (world.south, world.north):
                station.kill()
                station.start()
                world.say_both_ways(f"after the kill of {station.name} {turn}")


class Tap(threading.Thread):
    """Carries connections from one address to another and keeps what they brought."""

    def __init__(self, test, listen, to):
        super().__init__(daemon=True)
        self._to = to
        self._listener = socket.create_server(pair(listen))
        self.streams = []  # one a connection: bytes of who dialled
        self._end_reader, self._end_writer = socket.socketpair()
        test.addCleanup(self.end)
        self.start()

    def run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._end_reader, selectors.EVENT_READ)
            selector.register(self._listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._end_reader:
                        for left in list(selector.get_map().values()):
                            if left.data is not None:
                                left.fileobj.close()
                        return
                    if key.fileobj is self._listener:
                        self._take(selector)
                    else:
                        self._pass_on(selector, key)

    def _take(self, selector):
        here, _ = self._listener.accept()
        try:
            there = socket.create_connection(pair(self._to))
        except OSError:
            here.close()
            return
        kept = bytearray()
        self.streams.append(kept)
        selector.register(here, selectors.EVENT_READ, (there, kept))
        selector.register(there, selectors.EVENT_READ, (here, None))

    @staticmethod
    def _pass_on(selector, key):
        other, kept = key.data
        try:
            data = key.fileobj.recv(65536)
            if data and kept is not None:
                kept += data
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for sock in (key.fileobj, other):
            selector.unregister(sock)
            sock.close()

    def end(self):
        self._end_writer.send(b"x")
        self.join()
        for sock in (self._listener, self._end_reader, self._end_writer):
            sock.close()


class Stranger(unittest.TestCase):
    def knock(self, address, source, writes, patience=QUIET_TIME + 5):
        """Bytes that came back until the other end closed, which it must within `patience`."""
        with socket.create_connection(pair(address), patience, (source, 0)) as sock:
            count = 0
            try:
                for data in writes:
                    sock.sendall(data)
                while data := sock.recv(65536):
                    count += len(data)
            except (ConnectionResetError, BrokenPipeError):
                pass
            return count

    def knock_in_every_way(self, address, *recorded):
        """All at once, each from an address of its own: all of them must get nothing."""
        chance = random.Random(7)
        framed = [len(data).to_bytes(2, "big") + data
                  for data in (chance.randbytes(size) for size in (4, 59, 68, 83, 508, 1200))]
        first = b"\x00\x53\x01" + chance.randbytes(82)  # shaped like a call
        tries = [(), (b"\r\n",), (b"GET / HTTP/1.0\r\n\r\n",), (b"\x16\x03\x01\x02\x00\x01",), (b"\x00\x03abc",),
                 (b"\x04\xb1" + bytes(1201),), (b"\x00",), (first, first), tuple(framed), tuple(framed) * 9,
                 (bytes(100_000),), *((bytes(one),) for one in recorded if one)]
        gone, lock = [], threading.Lock()

        def one(number, writes):
            count = self.knock(address, f"127.0.4.{number + 1}", writes)
            with lock:
                gone.append(count)

        threads = [threading.Thread(target=one, args=each) for each in enumerate(tries)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(gone, [0] * len(tries))
        return len(tries)

    def test_gets_nothing_before_and_after(self):
        world = World(self, ["tcp"])
        south, north = world.south, world.north
        (south_is, _), (north_is, north_to) = world.ends(1)
        # South is alone: nobody ever called it.
        south.start()
        self.knock_in_every_way(south_is)
        # North calls through the tap, which keeps what it said.
        tap = Tap(self, north_to, south_is)
        north.start()
        south.wait_link("north")
        north.wait_link("south")
        world.say_both_ways("we are on")
        tap_bytes = [bytes(stream) for stream in tap.streams]
        self.assertTrue(any(len(stream) > 200 for stream in tap_bytes), [len(s) for s in tap_bytes])
        # Its genuine bytes, said again by somebody else, whole and cut, draw nothing either.
        genuine = max(tap_bytes, key=len)
        count = self.knock_in_every_way(south_is, *tap_bytes, genuine[:85], genuine[85:])
        print(f"{count} strangers, {len(genuine)} genuine bytes repeated", flush=True)
        world.say_both_ways("still on")
        self.assertIsNone(south.process.poll())

    def test_a_crowd_does_not_keep_the_counterpart_out(self):
        world = World(self, ["tcp"], gap=False)
        south, north = world.south, world.north
        south.start()
        address = pair(world.ends(1)[0][0])
        crowd = []
        self.addCleanup(lambda: [sock.close() for sock in crowd])
        for number in range(64):
            sock = socket.socket()
            crowd.append(sock)
            sock.bind((f"127.0.3.{number + 1}", 0))
            sock.settimeout(5)
            sock.connect(address)
        north.start()
        south.wait_link("north")
        world.say_both_ways("through the crowd")
        for sock in crowd:
            sock.settimeout(QUIET_TIME + 5)
            try:
                self.assertEqual(sock.recv(100), b"")
            except ConnectionResetError:
                pass


class Addresses(unittest.TestCase):
    def test_a_port_that_is_taken_is_named(self):
        world = World(self, ["udp", "tcp"], gap=False)
        address = world.ends(2)[0][0]
        with socket.create_server(pair(address)):
            world.south.spawn()
            self.assertEqual(world.south.process.wait(20), 1)
            world.south.process = None
        self.assertRegex(world.south.stderr(), re.escape(address) + ".*in use.*station.toml")
        # The same number of UDP is another port.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(pair(address))
            world.south.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
