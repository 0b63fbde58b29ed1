"""The link emulator as users run it: UDP, TCP and TUN, told what to change while it runs."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import namespaces
import outcome
from emulator import LINKEMU, Emulator
from stations import free_ports, wait_until

HEADERS = 28  # IPv4 and UDP


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(5)
    return sock


def free_address():
    return f"127.0.0.1:{free_ports(1)[0]}"


def text(address):
    return "%s:%d" % address


def pair(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="linkemu-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def emulator(self, *arguments):
        made = Emulator(os.path.join(self.folder, "link.sock"), *arguments)
        self.addCleanup(made.close)
        return made

    def refused(self, *arguments):
        done = subprocess.run([LINKEMU, *arguments], capture_output=True, timeout=20, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr.decode()


class Udp(Folder):
    def setUp(self):
        super().setUp()
        self.a, self.b = udp(), udp()
        self.addCleanup(self.a.close)
        self.addCleanup(self.b.close)
        self.listen = free_address()

    def proxy(self, *options):
        return self.emulator("proxy", "--listen", self.listen, "--to",
                             text(self.b.getsockname()), *options)

    def say(self, words):
        self.a.sendto(words, pair(self.listen))

    def nothing_more(self, sock):
        sock.setblocking(False)
        self.assertRaises(BlockingIOError, sock.recv, 10)
        sock.settimeout(5)

    def test_both_ways_to_the_last_sender(self):
        emulator = self.proxy()
        self.say(b"there")
        words, back = self.b.recvfrom(100)
        self.assertEqual(words, b"there")
        self.b.sendto(b"back", back)
        self.assertEqual(self.a.recv(100), b"back")
        with udp() as moved:
            moved.sendto(b"from elsewhere", pair(self.listen))
            self.assertEqual(self.b.recv(100), b"from elsewhere")
            self.b.sendto(b"to elsewhere", back)
            self.assertEqual(moved.recv(100), b"to elsewhere")
        with udp() as stranger:
            stranger.sendto(b"who is that?", back)
            self.b.sendto(b"after the stranger", back)
            self.assertEqual(emulator.wait_packets("b-a", 3)["packets_in"], 3)

    def test_two_fixed_ends(self):
        other = free_address()
        self.proxy("--from", other, "--reply-to", text(self.a.getsockname()))
        # b speaks first: nobody had to be heard from before.
        self.b.sendto(b"first", pair(other))
        words, sender = self.a.recvfrom(100)
        self.assertEqual((words, text(sender)), (b"first", self.listen))
        self.say(b"second")
        words, sender = self.b.recvfrom(100)
        self.assertEqual((words, text(sender)), (b"second", other))

    def test_a_rate_and_a_delay(self):
        self.proxy("--a-b", "rate=80k,delay=100ms")  # 10 bytes a millisecond
        began = time.monotonic()
        for _ in range(20):
            self.say(bytes(472))  # 500 with its headers: 50 ms each
        for _ in range(20):
            self.b.recv(1000)
        took = time.monotonic() - began
        self.assertGreaterEqual(took, 1.1 - 0.002)
        self.assertLess(took, 1.6)

    def test_what_is_dropped_is_counted(self):
        emulator = self.proxy("--mtu", "576", "--seed", "7")
        self.say(bytes(576 - HEADERS))
        self.say(bytes(577 - HEADERS))
        self.assertEqual(len(self.b.recv(1000)), 576 - HEADERS)
        stats = emulator.wait_packets("a-b", 2)
        self.assertEqual((stats["dropped"]["mtu"], stats["packets_out"]), (1, 1))
        emulator.set("a-b", "mtu", "off", "blackhole", "on")
        self.say(b"into the hole")
        self.assertEqual(emulator.wait_packets("a-b", 3)["dropped"]["blackhole"], 1)
        self.nothing_more(self.b)
        emulator.set("both", "blackhole", "off", "loss", "100")
        self.say(b"lost")
        self.assertEqual(emulator.wait_packets("a-b", 4)["dropped"]["loss"], 1)
        emulator.set("both", "loss", "0", "duplicate", "100")
        self.say(b"twice")
        self.assertEqual([self.b.recv(100), self.b.recv(100)], [b"twice", b"twice"])
        self.nothing_more(self.b)

    def test_one_seed_loses_the_same(self):
        lost = []
        for seed in ("11", "11", "12"):
            emulator = self.proxy("--loss", "40", "--seed", seed)
            for number in range(60):
                self.say(bytes([number]))
            out = emulator.wait_packets("a-b", 60)["packets_out"]
            lost.append([self.b.recv(10)[0] for _ in range(out)])
            self.nothing_more(self.b)
            emulator.close()
        self.assertEqual(lost[0], lost[1])
        self.assertNotEqual(lost[0], lost[2])
        self.assertTrue(15 < len(lost[0]) < 57)

    def test_nobody_at_the_other_end_yet(self):
        port = free_address()
        emulator = self.emulator("proxy", "--listen", self.listen, "--to", port)
        for number in range(5):
            self.say(b"anybody?")
            emulator.wait_packets("a-b", number + 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
            late.bind(pair(port))
            late.settimeout(5)
            self.say(b"now")
            self.assertEqual(late.recv(100), b"now")

    def test_it_ends_when_told(self):
        emulator = self.proxy("--seed", "5")
        self.say(b"one")
        emulator.wait_packets("a-b", 1)
        self.assertEqual(emulator.tell("show")["seed"], 5)
        last = emulator.end()
        self.assertEqual(last["a-b"]["packets_in"], 1)
        self.assertFalse(os.path.exists(emulator.control))
        emulator = self.proxy()
        self.assertIn("another emulator", self.refused(
            "proxy", "--listen", free_address(), "--to", "127.0.0.1:9", "--control",
            emulator.control))
        self.assertEqual(emulator.tell("quit"), "ok")
        self.assertEqual(emulator.process.wait(10), 0)

    def test_what_it_refuses(self):
        taken = text(self.a.getsockname())
        self.assertIn("in use", self.refused("proxy", "--listen", taken, "--to", "127.0.0.1:9"))
        for options in (("--loss", "101"), ("--delay", "soon"), ("--a-b", "loss"),
                        ("--to", "localhost:9"), ("--from", "[::1]:9"), ("--rate", "-1")):
            message = self.refused("proxy", "--listen", self.listen, "--to", "127.0.0.1:9", *options)
            self.assertNotIn("terminate", message)
            self.assertTrue(message.strip(), options)
        emulator = self.proxy()
        self.assertIn("no property", self.refused("tell", emulator.control, "set", "both", "lose", "1"))
        emulator.kill()
        self.assertIn("no emulator", self.refused("tell", emulator.control, "stats"))
        self.proxy()  # takes the place of the socket that the dead one left


class Tcp(Folder):
    def setUp(self):
        super().setUp()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.addCleanup(self.server.close)
        self.listen = free_address()

    def proxy(self, *options):
        return self.emulator("proxy", "--tcp", "--listen", self.listen, "--to",
                             text(self.server.getsockname()), *options)

    def join(self):
        a = socket.create_connection(pair(self.listen), timeout=5)
        b, _ = self.server.accept()
        b.settimeout(5)
        self.addCleanup(a.close)
        self.addCleanup(b.close)
        return a, b

    def read_all(self, sock):
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
        return b"".join(parts)

    def test_every_byte_in_order_and_each_end(self):
        self.proxy("--delay", "20ms", "--jitter", "30ms")
        a, b = self.join()
        c, d = self.join()
        sent = os.urandom(100_000)
        a.sendall(sent)
        c.sendall(b"another connection")
        a.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(b), sent)
        b.sendall(b"after your last word")
        b.close()
        self.assertEqual(self.read_all(a), b"after your last word")
        self.assertEqual(d.recv(100), b"another connection")

    def test_a_rate_holds_the_sender_back(self):
        emulator = self.proxy("--a-b", "rate=800k,queue=4k")  # 100 bytes a millisecond
        a, b = self.join()
        began = time.monotonic()
        a.sendall(bytes(60_000))
        a.shutdown(socket.SHUT_WR)
        self.assertEqual(len(self.read_all(b)), 60_000)
        took = time.monotonic() - began
        self.assertGreaterEqual(took, 0.6 - 0.002)
        self.assertLess(took, 1.1)
        self.assertEqual(emulator.stats()["a-b"]["dropped"]["queue"], 0)

    def test_a_blackhole_holds_and_closes_nothing(self):
        emulator = self.proxy()
        a, b = self.join()
        emulator.set("both", "blackhole", "on")
        a.sendall(b"held back")
        a.shutdown(socket.SHUT_WR)
        wait_until(lambda: emulator.stats()["a-b"]["packets_in"] == 3, "open, bytes and close")
        b.setblocking(False)
        self.assertRaises(BlockingIOError, b.recv, 100)
        # A new connection does not get through either.
        waiting = socket.create_connection(pair(self.listen), timeout=5)
        self.addCleanup(waiting.close)
        wait_until(lambda: emulator.stats()["a-b"]["packets_in"] == 4, "the new connection")
        self.server.setblocking(False)
        self.assertRaises(BlockingIOError, self.server.accept)
        emulator.set("both", "blackhole", "off")
        b.settimeout(5)
        self.assertEqual(self.read_all(b), b"held back")
        self.server.settimeout(5)
        self.server.accept()[0].close()

    def test_nobody_listens(self):
        self.emulator("proxy", "--tcp", "--listen", self.listen, "--to", free_address())
        a = socket.create_connection(pair(self.listen), timeout=5)
        self.addCleanup(a.close)
        self.assertEqual(a.recv(100), b"")

    def test_what_makes_no_sense_is_refused(self):
        for option in ("loss", "duplicate", "reorder", "mtu"):
            message = self.refused("proxy", "--tcp", "--listen", self.listen, "--to", "127.0.0.1:9",
                                   "--" + option, "100")
            self.assertIn("TCP repairs that itself", message)
        emulator = self.proxy()
        self.assertIn("TCP", self.refused("tell", emulator.control, "set", "both", "loss", "20"))


class Tun(Folder):
    def ask_a_closed_port(self, made, address):
        """What a program in namespace a is told when it sends 100 bytes to a port where nobody listens."""
        program = (
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "s.settimeout(1)\n"
            f"s.connect(('{address}', 9))\n"
            "s.send(bytes(100))\n"
            "try: s.recv(1)\n"
            "except ConnectionRefusedError: print('refused')\n"
            "except TimeoutError: print('silence')\n")
        return made.run("a", sys.executable, "-c", program).strip()

    def test_a_link_between_two_namespaces(self):
        reason = namespaces.missing()
        if reason:
            self.skipTest(reason)
        with namespaces.Pair() as made:
            link = made.add_link("path1", "--delay", "30ms")
            began = time.monotonic()
            self.assertEqual(self.ask_a_closed_port(made, link.address_b), "refused")
            self.assertGreaterEqual(time.monotonic() - began, 0.06 - 0.002)
            stats = link.stats()
            # 100 bytes in UDP; they come back in an ICMP error; and no packet that nobody asked for.
            self.assertEqual((stats["a-b"]["packets_out"], stats["a-b"]["bytes_out"]), (1, 128))
            self.assertEqual((stats["b-a"]["packets_out"], stats["b-a"]["bytes_out"]), (1, 156))
            link.set("a-b", "mtu", "127")
            self.assertEqual(self.ask_a_closed_port(made, link.address_b), "silence")
            self.assertEqual(link.stats()["a-b"]["dropped"]["mtu"], 1)
            namesake = self.refused("tun", "--netns-a", made.names["a"], "--netns-b", made.names["b"],
                                    "--address-a", "10.9.0.1/24", "--address-b", "10.9.0.2/24",
                                    "--device", "path1")
            self.assertIn("path1", namesake)
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, check=True).stdout
        for name in made.names.values():
            self.assertNotIn(name.encode(), listed)

    def test_a_namespace_goes(self):
        reason = namespaces.missing()
        if reason:
            self.skipTest(reason)
        with namespaces.Pair() as made:
            link = made.add_link("path1")
            made.run("a", "ip", "link", "del", "path1")
            self.assertEqual(link.process.wait(10), 1)
            self.assertIn("an end is gone", link.process.stderr.read())

    def test_what_it_refuses(self):
        message = self.refused("tun", "--netns-a", "no-such-namespace", "--address-a", "10.1.0.1/24",
                               "--address-b", "10.1.0.2/24")
        self.assertIn("ip netns add no-such-namespace", message)
        self.assertIn("10.1.0.1/24", self.refused("tun", "--netns-a", "x", "--address-a", "10.1.0.1",
                                                  "--address-b", "10.1.0.2/24"))


if __name__ == "__main__":
    outcome.main()
