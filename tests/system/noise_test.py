"""Strangers who flood a station, and a counterpart inside the session that writes without end or sends frames of every kind.

`detente bench noise` takes the figures on a quiet machine; here the bounds are wide, since other tests
run at the same time.
"""

import random
import statistics
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from peer_ends import LINE, Peer, Real, Scenario, lab
from relay import Relay
from stations import Lab, Station, wait_until
from storms import Storm, kinds
from strangers import FIRST_PACKETS, HANDSHAKE_PACKETS, REPLY, Flood, half_handshakes, noise

MESSAGES = 15
LEAST_SENT = 5000  # in one round; less would be no flood
GROWTH_KIB = 2048  # of the station, with what its own messages add
GROWTH_WITHOUT_KIB = 256  # while nobody says anything: three bytes for each datagram would be more
LOOKED_AT = 100_000
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # 6 bits each: does not compress


def target(counterpart, line):
    return f"/v1/counterparts/{counterpart}/lines/{line}/entries"


def receipts(test, station, counterpart, line, count=MESSAGES):
    """Median of the seconds to a verified receipt, by the station's clock."""
    took = []
    for i in range(count):
        status, answer = station.ask("POST", target(counterpart, line), {
            "text": f"message {i}", "wait": "receipt", "timeout_ms": 20000})
        test.assertEqual((status, answer.get("state")), (200, "receipted"), answer)
        took.append(answer["took_us"] / 1e6)
    return statistics.median(took)


def bound(quiet):
    return 10 * quiet + 0.25


class BehindRelay(unittest.TestCase):
    """Two stations, not started yet, whose packets pass through keep(), and where South is reached past it."""

    LINE = "west"

    def setUp(self):
        self.lab = Lab("--lines", self.LINE, "--gap", "--work-factor", "10")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        (south_end,), (north_end,) = self.south.ends("north"), self.north.ends("south")
        relay = Relay(south_end, north_end, self.keep)
        self.addCleanup(relay.close)
        self.address = south_end[0]

    def keep(self, direction, number, datagram):
        raise NotImplementedError

    def dropped(self):
        return self.south.get("/v1/status")["datagrams"]["dropped"]


class Strangers(BehindRelay):
    def setUp(self):
        super().setUp()
        self.calls, self.packets = [], []
        self.lab.start("south", "north")
        self.south.wait_link("north")

    def keep(self, direction, _number, datagram):
        """Passes on, and records what goes to south."""
        if direction == 1 and datagram[0] in FIRST_PACKETS:
            self.calls.append(datagram)
        elif direction == 1 and datagram[0] not in HANDSHAKE_PACKETS and len(self.packets) < 200:
            self.packets.append(datagram)
        return [datagram]

    def growth(self, datagrams):
        """KiB that the station takes while it drops so many, in a flood that has begun, and no message comes between."""
        size = self.south.line_of("north", self.LINE)["own_size"]
        memory, dropped = self.south.resident(), self.dropped()
        wait_until(lambda: self.dropped() > dropped + datagrams, lambda: f"so many to be dropped: {self.dropped() - dropped}", 60)
        grown = self.south.resident() - memory
        self.assertEqual(self.south.line_of("north", self.LINE)["own_size"], size)
        return grown

    def test_a_flood_is_not_answered_and_the_line_goes_on(self):
        chance = random.Random(4)
        quiet = receipts(self, self.south, "north", self.LINE, 40)
        receipts(self, self.north, "south", self.LINE)
        self.assertTrue(self.calls and self.packets)
        floods = {"noise": noise(chance), "replays": list(self.packets),
                  "half-handshakes": half_handshakes(chance, self.calls)}
        memory = self.south.resident()
        for name, datagrams in floods.items():
            with self.subTest(name):
                dropped = self.dropped()
                flood = Flood(self.address, datagrams)
                wait_until(lambda d=dropped: self.dropped() > d + 1000, "the flood to arrive")
                grown = self.growth(LOOKED_AT)
                print(f"{name}: {grown} KiB more after {LOOKED_AT} datagrams", flush=True)
                self.assertLess(grown, GROWTH_WITHOUT_KIB)
                out = receipts(self, self.south, "north", self.LINE)
                back = receipts(self, self.north, "south", self.LINE)
                sent, answered = flood.finish()
                self.assertEqual(answered, 0)
                self.assertGreater(sent, LEAST_SENT)
                self.assertLess(max(out, back), bound(quiet), f"{quiet} s before")
        self.assertLess(self.south.resident() - memory, GROWTH_KIB)
        self.assertEqual(len(self.north.texts("south", self.LINE)), 40 + 3 * MESSAGES)


class StrangersOverTcp(unittest.TestCase):
    LINE = "west"
    LEAST_CONNECTED = 200

    def test_connections_without_end_are_not_answered_and_the_line_goes_on(self):
        lab = Lab("--lines", self.LINE, "--kinds", "tcp", "--work-factor", "10")
        self.addCleanup(lab.close)
        south, north = lab["south"], lab["north"]
        lab.start("south", "north")
        south.wait_link("north")
        quiet = max(receipts(self, south, "north", self.LINE, 40), receipts(self, north, "south", self.LINE))
        memory, chance = south.resident(), random.Random(4)
        call = [bytes([FIRST_PACKETS[0]]) + chance.randbytes(82) for _ in range(250)]
        began = time.monotonic()
        flood = Flood(south.ends("north")[0][0], [one for both in zip(noise(chance, 250), call) for one in both], tcp=True)
        took = [max(receipts(self, south, "north", self.LINE), receipts(self, north, "south", self.LINE)) for _ in range(4)]
        sent, answered = flood.finish()
        print(f"{sent / (time.monotonic() - began):.0f} connections a second; receipts {1000 * quiet:.1f} ms before and "
              f"{1000 * statistics.median(took):.1f} beside them", flush=True)
        self.assertEqual(answered, 0)
        self.assertGreater(sent, self.LEAST_CONNECTED)
        self.assertLess(max(took), bound(quiet), f"{quiet} s before")
        self.assertLess(south.resident() - memory, GROWTH_KIB)


class CallsThatDidNotArrive(BehindRelay):
    """Somebody kept what North called with; South's call brought the session about."""

    def setUp(self):
        super().setUp()
        self.kept, self.answered = [], False

    def keep(self, direction, _number, datagram):
        from_north, call = direction == 1, datagram[0] in FIRST_PACKETS
        if from_north and call:
            if not self.answered:
                self.kept.append(datagram)
            return []
        if from_north and datagram[0] == REPLY:
            self.answered = True
        return [datagram] if self.kept or not call else []

    def test_draw_nothing(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        dropped = self.dropped()
        flood = Flood(self.address, self.kept)
        receipts(self, self.south, "north", self.LINE, 5)
        wait_until(lambda: self.dropped() > dropped + LEAST_SENT, "the flood to arrive")
        sent, answered = flood.finish()
        self.assertGreater(sent, LEAST_SENT)
        self.assertEqual(answered, 0)
        self.assertEqual(len(self.north.texts("south", self.LINE)), 5)


class Insider(unittest.TestCase):
    """North writes on one line until South takes no more of it."""

    FULL, OTHER = "west", "east"
    QUOTA_BYTES = 1 << 20

    def setUp(self):
        self.lab = Lab("--lines", f"{self.FULL},{self.OTHER}", "--counterparts", "2", "--work-factor", "10")
        self.addCleanup(self.lab.close)
        self.south, self.north, self.west = (self.lab[name] for name in ("south", "north", "west"))
        self.south.set_limit("north", "line_burst_mib", 1)
        self.lab.start("south", "north", "west")
        for name in ("north", "west"):
            self.south.wait_link(name)
        self.accepted = []

    def write_without_end(self, full):
        chance = random.Random(5)
        while not full.is_set():
            texts = ["".join(chance.choices(SAFE, k=800)) for _ in range(40)]
            status, answer = self.north.ask("POST", target("south", self.FULL), {
                "messages": [{"text": text} for text in texts], "wait": "durable"})
            if status == 200:
                self.accepted += [t for t, e in zip(texts, answer["entries"]) if "error" not in e]

    def held(self):
        return self.south.line_of("north", self.FULL)["far_size"]

    def quota_alarms(self):
        with open(self.south.path("station", "station.log"), encoding="utf-8") as file:
            return [line for line in file if "north: quota: " in line]

    def test_a_quota_holds_one_line_and_harms_nothing_else(self):
        quiet = max(receipts(self, self.south, "west", self.FULL), receipts(self, self.north, "south", self.OTHER))
        full = threading.Event()
        writer = threading.Thread(target=self.write_without_end, args=(full,), daemon=True)
        writer.start()
        wait_until(self.quota_alarms, "the quota to be used up", 60)
        busy = [receipts(self, self.south, "west", self.FULL), receipts(self, self.west, "south", self.OTHER),
                receipts(self, self.north, "south", self.OTHER), receipts(self, self.south, "north", self.FULL)]
        full.set()
        writer.join()
        self.assertLess(max(busy), bound(quiet), f"{quiet} s before")
        self.assertGreater(self.held(), 300)
        self.assertLess(self.held() * 800, self.QUOTA_BYTES)
        self.assertGreater(len(self.accepted), self.held())
        self.assertEqual(len(self.quota_alarms()), 1)
        # Nothing is lost: with more room all of it comes.
        self.south.stop()
        self.south.set_limit("north", "line_burst_mib", 64)
        self.south.start()
        wait_until(lambda: self.held() == len(self.accepted), lambda: f"all: {self.held()} of {len(self.accepted)}", 60)


class Stormed(Scenario):
    """North is the peer of interop/, which sends every kind of frame at full speed on one line; west is an honest station."""

    OTHER = "liaison"  # of north; LINE is the one that it storms on, and west's
    RISEN = 200  # packets before anything is measured
    READ_EVERY = 16  # packets: what comes for north has to be read, for its own words and receipts

    def setUp(self):
        super().setUp()
        folder = lab("--counterparts", "2")
        self.south, self.west = Real(folder), Station(str(folder / "west"))
        self.addCleanup(self.west.close)
        self.south.start()
        self.west.start()
        self.south.wait_link("west")
        self.north = Peer(folder)
        self.assertTrue(self.north.contact())
        file = folder / "file"
        file.write_bytes(random.Random(3).randbytes(200_000))
        self.south.send_file(file, "see the file", LINE)
        self.assertTrue(self.north.run(30, lambda: len(self.north.documents()) == 1))
        self.root = next(bytes.fromhex(e["root"]) for e in self.north.events if e["event"] == "document")

    def beside(self, work, storm=None):
        """What `work` gives, which is done in a thread of its own while north storms, or does its duty alone."""
        while storm is not None and storm.packets < self.RISEN:
            self.blow(storm)
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            while not done.done():
                if storm is None:
                    self.north.net.step()
                else:
                    self.blow(storm)
            return done.result()

    def blow(self, storm):
        storm.packet()
        if storm.packets % self.READ_EVERY == 0:
            self.north.net.step(0)

    def measure(self):
        """Seconds to receipts of south's and west's words, and of south's words to north on its other line."""
        return (max(receipts(self, self.south, "west", LINE), receipts(self, self.west, "south", LINE)),
                receipts(self, self.south, "north", self.OTHER))

    def hear_north(self, text):
        """Until south has what north says on its other line."""
        wait_until(lambda: text in self.south.texts("north", self.OTHER), f"{text!r} to arrive")

    def test_a_storm_of_frames_harms_no_other_line_and_no_other_counterpart(self):
        quiet, quiet_own = self.beside(self.measure)
        own, heard = self.north.line(self.OTHER).own, []
        for name, make in kinds(self.north.line(LINE).own.annex.number, self.root).items():
            with self.subTest(name):
                storm, began = Storm(self.north, make), time.monotonic()
                beside, own_line = self.beside(self.measure, storm)
                heard.append(f"during {name}")
                own.submit(heard[-1], "routine", 0, None)
                self.beside(lambda: self.hear_north(heard[-1]), storm)
                print(f"{name}: {storm.packets} packets in {time.monotonic() - began:.1f} s; receipts with west "
                      f"{1000 * quiet:.0f} ms before and {1000 * beside:.0f} now, on north's other line {1000 * own_line:.0f}",
                      flush=True)
                self.assertLess(beside, bound(quiet), f"{quiet} s before")
                self.assertLess(own_line, bound(quiet_own), f"{quiet_own} s before, on north's other line")
        self.assertEqual(self.south.texts("north", self.OTHER), heard)
        rounds = 1 + len(heard)
        for station, far in ((self.west, "south"), (self.south, "west")):
            self.assertEqual(len(station.texts(far, LINE)), rounds * MESSAGES)
        self.assertEqual([one for one in self.south.alarms() if "west" in one], [])


if __name__ == "__main__":
    unittest.main()
