"""A real station and a second implementation that was written from spec/ alone (interop/peer.py).

Every scenario makes a lab of its own with the program, runs the real station on the south side and the peer's Station, in this
process and with real sockets, on the north side. Unit tests of the peer by itself come first.
"""

import atexit
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

import peer_ends
from peer_ends import LINE, SOURCE, Peer, Scenario, own_accord, pair
from peer_real_amendment import RealAmendment
from peer_real_documents import RealDocuments

from peer_record import Entry
from peer_test_blob import BlobForm
from peer_test_documents import Documents, Loopback
from peer_test_offers import Offers
from peer_test_pure import Pure
from peer_test_two import Two
from peer_wire import CONTACT

LONG = bool(os.environ.get("DETENTE_LONG"))
SLOW = "Slow"  # the class that waits for clocks: a process of its own, while the others work


def epochs(real):
    return [(x["whose"], x["ordinal"], x["size"]) for x in real.logs()]


class CommandLine(Scenario):
    def test_it_sends_and_shows_a_verified_receipt(self):
        folder, real, peer = pair()
        peer.kill()
        done = subprocess.run([sys.executable, SOURCE / "interop/peer.py", "--lab", folder, "--side", "north", "--send", "From the peer",
                               "--line", LINE, "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"receipt_verified": true', done.stdout)
        self.assertEqual(real.messages(), ["From the peer"])

    def test_the_shortest_command(self):
        """Lab and text are enough; what it prints is JSON then, too."""
        folder, real, peer = pair()
        peer.kill()
        done = subprocess.run([sys.executable, "interop/peer.py", "--lab", folder, "--send", "In few words"], cwd=SOURCE,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        said = json.loads(done.stdout)
        self.assertIs(said["receipt_verified"], True)
        self.assertEqual((said["sent"]["line"], said["receipt"]["size"], said["alarms"]), (LINE, 1, []))
        self.assertEqual(real.messages(), ["In few words"])
        self.assertEqual(real.alarms(), [])


class Words(Scenario):
    def each_way(self, count, loss, paths):
        _, real, peer = pair("--paths", paths, "--their-aead", "AES-256-GCM")
        self.assertTrue(peer.contact())
        peer.lose = lambda path, data: peer.random.random() < loss
        for i in range(count):
            peer.line().own.submit(f"text {i}", "flash" if i % 9 == 0 else "priority" if i % 5 == 0 else "routine")
        for i in range(count):
            real.send(f"answer {i}", LINE, "--precedence", "flash" if i % 7 == 0 else "routine")
            peer.run(0.001)
        self.assertTrue(peer.run(60, lambda: peer.line().own.receipted == count and len(peer.far()) == count))
        peer.lose = lambda path, data: False
        self.assertTrue(peer.receipted(real, count))
        self.assertEqual(sorted(peer.far()), sorted(f"answer {i}" for i in range(count)))
        self.assertEqual(sorted(real.messages()), sorted(f"text {i}" for i in range(count)))
        self.quiet(real, peer)

    def test_each_way(self):
        self.each_way(500 if LONG else 100, 0.0, "1")

    def test_each_way_with_a_fifth_of_all_packets_lost(self):
        self.each_way(200 if LONG else 50, 0.2, "2")

    def test_the_real_station_calls(self):
        """The peer only answers: its own first packets are lost."""
        _, real, peer = pair("--paths", "2")
        peer.lose = lambda path, data: data[0] in (1, 0x11) and len(data) == 83 and data[1:5] == peer.st.files.own_hint
        real.send("you called?")
        self.assertTrue(peer.run(20, lambda: peer.far() == ["you called?"]))
        self.assertTrue(peer.receipted(real, 1))
        self.assertTrue(peer.say("yes"))
        self.assertFalse(peer.st.current.initiator)
        self.quiet(real, peer)

    def test_both_call_at_once(self):
        for _ in range(4 if LONG else 2):
            _, real, peer = pair("--paths", "2")
            real.send("calls")
            self.assertTrue(peer.say("calls too"))
            self.assertTrue(peer.run(5, lambda: peer.far() == ["calls"]))

    def test_one_seal(self):
        _, real, peer = pair("--seal", "one", "--their-aead", "AES-256-GCM")
        self.assertTrue(peer.say("one seal"))
        real.send("yes")
        self.assertTrue(peer.run(10, lambda: peer.far() == ["yes"]))
        self.assertLess(min(peer.sizes), 36)
        self.quiet(real, peer)

    def test_texts_that_do_not_fit_one_packet(self):
        _, real, peer = pair("--paths", "2", pack=False)
        text = "".join(random.Random(4).choice("abcdefgh ") for _ in range(880))
        self.assertTrue(peer.contact())
        peer.lose = lambda path, data: len(data) > 508
        self.assertTrue(peer.say(text))
        real.send(text[::-1])
        self.assertTrue(peer.run(10, lambda: peer.far() == [text[::-1]]))
        peer.lose = lambda path, data: False
        said = 1
        while said < 6 and not all(p.large for p in peer.st.current.paths.values()):
            self.assertTrue(peer.say(text))  # a filled probe goes with it, unless one is on its way
            peer.run(1)
            said += 1
        peer.sizes.clear()
        self.assertTrue(peer.say(text))
        self.assertGreater(max(peer.sizes), 508)
        real.send(text[::-1])
        self.assertTrue(peer.run(10, lambda: len(peer.far()) == 2))
        self.assertEqual(real.messages(), [text] * (said + 1))
        self.quiet(real, peer)

    def test_noise_and_replays_draw_nothing(self):
        _, real, peer = pair()
        self.assertTrue(peer.say("before"))
        sent, rng = [], random.Random(9)
        out = peer.st.transmit
        peer.st.transmit = lambda path, data: sent.append(data) or out(path, data)
        self.assertTrue(peer.say("recorded"))
        peer.run(0.5)
        got, dropped = peer.st.bytes_in, real.get("/v1/status")["datagrams"]["dropped"]
        noise = sent + [s[:len(s) // 2] for s in sent] + [rng.randbytes(rng.randrange(1, 1300)) for _ in range(300)]
        for data in noise:
            out(1, data)
        self.assertTrue(peer.run(5, lambda: real.get("/v1/status")["datagrams"]["dropped"] - dropped > len(noise) * 3 // 4))
        self.assertEqual(peer.st.bytes_in, got)
        self.assertTrue(peer.say("after"))
        self.quiet(real, peer)

    def test_a_text_that_is_not_safe_stops_nothing(self):
        """record.md section 3: its author is refused; a receiver stores it, and shows it safely."""
        _, real, peer = pair()
        own, check = peer.line().own, Entry.check
        with self.assertRaises(ValueError):
            own.submit("left\u202eright")
        Entry.check = lambda self, index, deniable: None
        try:
            own.submit("left\u202eright")
            self.assertTrue(peer.say("after"))
        finally:
            Entry.check = check
        self.assertEqual(real.messages(), ["left<U+202E>right", "after"])


class Lives(Scenario):
    def test_restarts(self):
        folder, real, peer = pair()
        self.assertTrue(peer.say("one"))
        peer.kill()
        peer = Peer(folder)
        self.assertTrue(peer.say("two"))
        real.kill()
        peer.run(0.5)
        real.start()
        real.send("real one")
        self.assertTrue(peer.say("three", seconds=40))
        self.assertTrue(peer.run(10, lambda: peer.far() == ["real one"]))
        self.assertTrue(peer.receipted(real, 1))
        self.assertEqual((epochs(real), peer.st.contact.found), ([("far", 0, 3), ("own", 0, 1)], []))
        self.quiet(real, peer)

    def test_a_closed_session_is_followed_by_a_call(self):
        folder, real, peer = pair()
        self.assertTrue(peer.say("one"))
        peer.stop()
        peer = Peer(folder)
        peer.lose = lambda path, data: data[0] in (1, 0x11) and len(data) == 83 and data[1:5] == peer.st.files.own_hint
        self.assertTrue(peer.say("two", seconds=35))
        self.assertFalse(peer.st.current.initiator)

    def test_a_lost_disk(self):
        """A new epoch begins, and the real station sends again what the peer had cosigned."""
        folder, real, peer = pair()
        self.assertTrue(peer.say("one", "two"))
        for i in range(3):
            real.send(f"r{i}")
        self.assertTrue(peer.receipted(real, 3))
        peer.stop()
        shutil.rmtree(folder / "north" / "peer-state")
        peer = Peer(folder)
        self.assertTrue(peer.say("after the loss", seconds=30))
        self.assertTrue(peer.run(20, lambda: len(peer.far()) == 3))
        real.send("r3")
        self.assertTrue(peer.run(20, lambda: len(peer.far()) == 4))
        self.assertTrue(peer.receipted(real, 4))
        self.assertEqual(epochs(real), [("far", 0, 2), ("own", 0, 4), ("far", 1, 2)])
        self.assertEqual([x.split(" ")[2] for x in real.alarms()], ["north:", "north:"])
        self.assertTrue(all("far-disk" in x or "new-epoch" in x for x in real.alarms()))

    def test_an_older_copy_of_the_peers_disk(self):
        count = 400 if LONG else 90
        folder, real, peer = pair()
        self.assertTrue(peer.say("one"))
        real.send("r0", LINE, "--as", "kim")
        self.assertTrue(peer.receipted(real, 1))
        peer.stop()
        shutil.copytree(folder / "north" / "peer-state", folder / "north" / "copy")
        peer = Peer(folder)
        self.assertTrue(peer.say("two", "three"))
        for i in range(1, count):
            real.send(f"r{i}", LINE, *(["--ref", "2"] if i % 10 == 0 else []))
            peer.run(0.001)
        self.assertTrue(peer.receipted(real, count, seconds=20))
        peer.stop()
        peer = Peer(folder, "copy")
        self.assertTrue(peer.run(40, lambda: len(peer.far()) == count))
        self.assertTrue(peer.say("after", seconds=30))
        real.send("last")
        self.assertTrue(peer.receipted(real, count + 1, seconds=20))
        signed = peer.store.db.execute("select size from cosignatures where whose='far' and line=1 order by size")
        self.assertEqual([row[0] for row in signed], [1, count, count + 1])  # nothing between: it was signed before
        self.assertEqual(epochs(real), [("far", 0, 3), ("own", 0, count + 1), ("far", 1, 2)])

    def test_an_older_copy_of_the_real_stations_disk(self):
        """It opens an epoch, and the peer sends again what it had cosigned. More than 256: eight bits of an index are not enough."""
        count = 300
        folder, real, peer = pair("--paths", "2")
        self.assertTrue(peer.say("p0"))
        real.send("r0")
        self.assertTrue(peer.receipted(real, 1))
        real.stop()
        station = pathlib.Path(real.dir) / "station"
        shutil.copytree(station, folder / "copy")
        real.start()
        real.send("r1")
        self.assertTrue(peer.say(*[f"p{i}" for i in range(1, count)], seconds=60))
        self.assertTrue(peer.receipted(real, 2))
        real.stop()
        shutil.rmtree(station)
        shutil.copytree(folder / "copy", station)
        real.start()
        self.assertTrue(peer.run(20, lambda: any("own-disk" in x for x in real.alarms())))
        self.assertTrue(peer.run(20, lambda: real.line()["far_size"] == count))
        real.send("r after")
        self.assertTrue(peer.run(40, lambda: "r after" in peer.far()))
        self.assertTrue(peer.say("p after"))
        self.assertEqual([x.size for x in peer.line().pair.logs["far"].values()], [2, 2])
        self.assertEqual(epochs(real), [("far", 0, count + 1), ("own", 0, 1), ("own", 1, 2)])
        self.assertEqual([x.split(":")[0] for x in peer.alarms()], ["far-disk"])

    def test_the_next_secret(self):
        """The chain moves forward on both sides; an old chain is moved on by notice 2."""
        folder, real, peer = pair()
        self.assertTrue(peer.say("under 0"))
        peer.stop()
        peer = Peer(folder)
        with peer.store.transaction():
            peer.store.put("psk_began", 0)
        peer.st.handshake.psk_began = 0
        self.assertTrue(peer.say("under 1"))
        self.assertEqual((peer.st.handshake.psk_epoch, real.status_of("north")["link"]["psk_epoch"]), (1, 1))
        peer.stop()
        shutil.rmtree(folder / "north" / "peer-state")
        lost = peer_ends.Store(folder / "north" / "peer-state")
        with lost.transaction():
            lost.put("c_bound", int(time.time()) + 1000)  # restarts had lifted c above the clock
        lost.close()
        peer = Peer(folder)
        self.assertTrue(peer.say("by notice", seconds=30))
        self.assertEqual(peer.st.handshake.psk_epoch, 1)

    def test_contact_by_frame(self):
        """The contact frame that answers a reply with flag 01 is lost: the restarted real station asks by frame."""
        _, real, peer = pair()
        self.assertTrue(peer.say("before"))
        real.stop()
        lost, asked, frame = [], [], peer.st._frame

        def lose(path, data):
            if len(data) == 83 and data[1:5] == peer.st.files.other_hint:
                return True  # this side is the one that calls
            if data[0] & 0xF8 == 0x40 and peer.st.current is not None and not peer.st.current.confirmed and not lost:
                lost.append(data)
                return True  # the packet with the contact frame
            return False

        peer.lose = lose
        peer.st._frame = lambda f, *rest: (f.type == CONTACT and asked.append(f.body[0])) or frame(f, *rest)
        real.start()
        real.send("after the restart")
        self.assertTrue(peer.run(20, lambda: "after the restart" in peer.far()))
        self.assertTrue(peer.say("and here"))
        self.assertTrue(peer.receipted(real, 1))
        self.assertEqual((len(lost), asked[:1]), (1, [1]))
        self.quiet(real, peer)


class Slow(Scenario):
    def test_rekeying_and_a_fresh_handshake(self):
        """An accord made here: new keys every 8 packets, a new session every minute."""
        _, real, peer = own_accord(packets=8, minutes=1)
        self.assertTrue(peer.contact())
        ids, sent, answers, began = set(), 0, 0, time.monotonic()
        while len(ids) < 2 and time.monotonic() - began < 75:
            self.assertTrue(peer.say(*[f"text {sent + i}" for i in range(4)], line="main-line"))
            real.send(f"answer {answers}", "main-line")
            sent, answers = sent + 4, answers + 1
            peer.run(2)
            ids.add(peer.st.current.id)
            if len(ids) == 1:
                generations = [(p.sender.gen.g, p.receiver.gen.g) for p in peer.st.current.paths.values()]
        self.assertEqual(len(ids), 2)
        self.assertTrue(all(sum(one_way) > 3 for one_way in zip(*generations)), generations)
        self.assertTrue(peer.receipted(real, answers, "main-line"))
        self.assertEqual((len(peer.far("main-line")), len(real.messages("main-line"))), (answers, sent))
        self.quiet(real, peer)


class TheSlowOne(unittest.TestCase):
    def test_slow(self):
        out = _slow.communicate(timeout=150)[0]
        self.assertEqual(_slow.returncode, 0, out)
        self.assertIn("Ran 1 test", out)


_slow = None


def setUpModule():
    """Called again whenever the tests come back to this module from another one."""
    global _slow
    if SLOW in sys.argv or _slow is not None:
        return
    _slow = subprocess.Popen([sys.executable, __file__, SLOW], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             start_new_session=True)
    atexit.register(lambda: _slow.poll() is None and os.killpg(_slow.pid, signal.SIGKILL))  # with its station


def load_tests(loader, _tests, _pattern):
    """The peer by itself, then with the real station; the one that waits comes last."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(c) for c in (
        Pure, Two, BlobForm, Documents, Offers, Loopback, CommandLine, Words, Lives, RealAmendment, RealDocuments, TheSlowOne))


if __name__ == "__main__":
    unittest.main()
