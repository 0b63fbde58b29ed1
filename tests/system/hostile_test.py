"""What a network and a counterpart's station can do to packets: every byte changed, cut short, played again; and every kind of frame
at full speed from inside the session, by the peer of interop/. Words go on all the while, nothing is said twice, memory stays."""

import json
import os
import pathlib
import random
import shutil
import tempfile
import time
import unittest

from hours_text import hours
from peer_ends import MAIN, Scenario, own_accord, pair
from relay import Relay
from stations import Lab
from storms import Storm, kinds

LINE = "military-west"
COPIES = 150          # of one datagram, changed
EACH = 12             # messages a way
STORM_SECONDS = 0.6
GROWTH_KIB = 8192
CHECK_CALL, ZONE_RULES = 5, 8  # kinds of entries


class Tampered(unittest.TestCase):
    """Two real stations, and a relay between them that adds what it likes; the genuine packet is among it, somewhere."""

    def setUp(self):
        self.chance = random.Random(11)
        self.old = []
        lab = Lab("--gap", "--work-factor", "12")
        self.addCleanup(lab.close)
        self.south, self.north = lab["south"], lab["north"]
        self.relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(self.relay.close)
        lab.start("south", "north")
        self.south.wait_link("north")

    def changed(self, _direction, _number, datagram):
        out = []
        for at in range(len(datagram)):
            copy = bytearray(datagram)
            copy[at] ^= 1 << self.chance.randrange(8)
            out.append(bytes(copy))
        self.chance.shuffle(out)
        return self.among(out[:COPIES], datagram)

    def cut_short(self, _direction, _number, datagram):
        out = [datagram[:at] for at in range(1, len(datagram))] + [datagram + b"x", datagram * 2]
        self.chance.shuffle(out)
        return self.among(out[:COPIES], datagram)

    def again(self, _direction, _number, datagram):
        self.old.append(datagram)  # of either direction: what one said comes back to itself, too
        return [datagram, *self.chance.sample(self.old, min(30, len(self.old)))]

    def among(self, out, datagram):
        out.insert(self.chance.randrange(len(out) + 1), datagram)
        return out

    def test_nothing_of_it_counts(self):
        said = []
        for name, change in (("changed", self.changed), ("cut short", self.cut_short), ("again", self.again)):
            self.relay.change = change
            before = self.north.get("/v1/status")["datagrams"]["dropped"]
            for number in range(EACH):
                said.append(f"{name} {number}")
                self.south.cli("send", f"north/{LINE}", said[-1], "--wait", "receipt")
                self.north.cli("send", f"south/{LINE}", said[-1], "--wait", "receipt")
            self.assertGreater(self.north.get("/v1/status")["datagrams"]["dropped"], before, name)
            self.south.kill()  # its next calls go through the same
            self.south.start()
            self.south.wait_link("north")
        self.assertEqual(self.north.texts("south", LINE), said)
        self.assertEqual(self.south.texts("north", LINE), said)
        for station, far in ((self.south, "north"), (self.north, "south")):
            self.assertEqual([one["kind"] for one in station.cli("alarm", "list")["alarms"]], [], far)


class Stormed(Scenario):
    """The peer of interop/ inside a session with a real station."""

    def storm(self, peer, make):
        """Packets full of such frames, for a while; how many bytes went and came."""
        out, into = peer.st.bytes_out, peer.st.bytes_in
        storm, end = Storm(peer, make), time.monotonic() + STORM_SECONDS
        while time.monotonic() < end:
            storm.packet()
            if storm.frames % 64 == 0:
                peer.net.step(0)
        peer.run(0.3)
        return peer.st.bytes_out - out, peer.st.bytes_in - into

    def test_every_kind_of_frame_at_full_speed(self):
        folder, real, peer = own_accord()
        self.assertTrue(peer.contact())
        for number in range(40):
            real.send(f"real {number}", MAIN)
        (folder / "file").write_bytes(random.Random(3).randbytes(200_000))
        real.send_file(folder / "file", "see the file")
        self.assertTrue(peer.run(30, lambda: len(peer.documents()) == 1))
        root = next(bytes.fromhex(e["root"]) for e in peer.events if e["event"] == "document")
        memory, said = real.resident(), []
        for name, make in kinds(peer.line(MAIN).own.annex.number, root).items():
            with self.subTest(name):
                went, came = self.storm(peer, make)
                # A document that is asked for is sent, as the window allows; nothing else draws more than it costs.
                self.assertLess(came, went if name != "wants" else 40 * went)
                said.append(f"after {name}")
                self.assertTrue(peer.say(said[-1], line=MAIN))
        real.send("real, at the end", MAIN)
        self.assertTrue(peer.run(20, lambda: peer.far(MAIN)[-1] == "real, at the end"))
        self.assertEqual(real.messages(MAIN), said)
        self.assertLess(real.resident() - memory, GROWTH_KIB)
        self.assertEqual([log["size"] for log in real.logs(MAIN) if log["whose"] == "own"], [42])


class Written(Scenario):
    """Entries without end of what a watch log has a line for: each is one more sync, and in every backup."""

    MANY = 200
    KEPT = 64        # at once, and one an hour

    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="detente-hours-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        file = pathlib.Path(folder) / "hours.toml"
        file.write_text(hours("09:00", "UTC"))
        _, self.real, self.peer = pair("--hours", f"liaison={file}")
        self.assertTrue(self.peer.contact())

    def write(self, line, kind, contents):
        """All of them into the real station's record."""
        own = self.peer.line(line).own
        before = self.real.line(line)["far_size"]
        for content in contents:
            own.submit_act(kind, content, 0, {})
        self.assertTrue(self.peer.run(60, lambda: self.real.line(line)["far_size"] == before + len(contents)))
        self.peer.run(2.5)  # the station looks at the clock every second

    def noted(self, what):
        lines = pathlib.Path(self.real.path("station", "watch.log")).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if json.loads(line)["what"] in what]

    def test_zone_rules_that_differ_and_do_not(self):
        told = lambda: [one for one in self.noted(["alarm", "alarm-ended"]) if one["kind"] == "zone-rules"]
        self.write("accord", ZONE_RULES, [[["UTC", os.urandom(32)]], [["Asia/Seoul", os.urandom(32)]]] * (self.MANY // 2))
        self.assertLessEqual(len(told()), 10, "not one for each")
        self.write("accord", ZONE_RULES, [[["UTC", os.urandom(32)]]])
        self.assertEqual(told()[-1]["what"], "alarm")
        self.assertIn("zone rules differ for UTC", told()[-1]["words"])

    def test_calls_that_nobody_agreed(self):
        today = int(time.time()) // 86400
        self.write("liaison", CHECK_CALL, [[0, today + 500 + ahead, 0] for ahead in range(self.MANY)])
        self.assertEqual(self.noted(["call"]), [], "so far ahead nobody calls")
        self.write("liaison", CHECK_CALL, [[0, day, place] for day in range(today + 1, today + 4) for place in range(1, 64)])
        self.assertLessEqual(len(self.noted(["call"])), self.KEPT + 1)
        self.write("liaison", CHECK_CALL, [[3, today + 2, 0, "the one that is planned"]])
        self.assertEqual(self.noted(["call"])[-1]["words"], "the one that is planned")


if __name__ == "__main__":
    unittest.main()
