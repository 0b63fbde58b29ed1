"""What strangers send at a station: from a process of its own, from one core as fast as it goes."""

import collections
import itertools
import multiprocessing
import os
import random
import socket

FIRST_PACKETS = (0x01, 0x11)  # calls: hint in bytes 1-4, counter in 5-10, MAC at the end (spec/session.md section 3)
REPLY, NOTICE = 0x02, 0x03
HANDSHAKE_PACKETS = (*FIRST_PACKETS, REPLY, NOTICE)
OPEN_AT_ONCE = 64  # connections of a flood over TCP


class Flood:
    """Sends these datagrams again and again, until finish(); `tcp`: each over a connection of its own, in a frame or as it is."""

    def __init__(self, address, datagrams, tcp=False):
        host, port = address.rsplit(":", 1)
        self._enough = multiprocessing.Event()
        self._counts = multiprocessing.Queue()
        self._process = multiprocessing.Process(
            target=_connect if tcp else _send, args=((host, int(port)), datagrams, self._enough, self._counts), daemon=True)
        self._process.start()

    def finish(self):
        """(datagrams sent, datagrams that came back; over TCP its bytes)."""
        self._enough.set()
        counts = self._counts.get(timeout=20)
        self._process.join()
        return counts


def _send(to, datagrams, enough, counts):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sent = answered = 0
    while not enough.is_set():
        for datagram in datagrams:
            sock.sendto(datagram, to)
        sent += len(datagrams)
        answered += _received(sock, socket.MSG_DONTWAIT)
    sock.settimeout(0.3)  # what is answered late counts
    answered += _received(sock, 0)
    sock.close()
    counts.put((sent, answered))


def _connect(to, datagrams, enough, counts):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sent = answered = 0
    open_ones = collections.deque()
    for number, datagram in itertools.cycle(enumerate(datagrams)):
        if enough.is_set():
            break
        try:
            sock = socket.create_connection(to, 2, ("127.0.7.1", 0))
            open_ones.append(sock)
            sock.sendall((len(datagram).to_bytes(2, "big") if number % 2 else b"") + datagram)
            sent += 1
        except OSError:  # it closes whom it does not know
            pass
        while len(open_ones) > OPEN_AT_ONCE:
            answered += _read_out(open_ones.popleft())
    for sock in open_ones:
        answered += _read_out(sock)
    counts.put((sent, answered))


def _read_out(sock):
    with sock:
        try:
            return len(sock.recv(65536, socket.MSG_DONTWAIT))
        except OSError:
            return 0


def _received(sock, flags):
    count = 0
    while True:
        try:
            sock.recv(65536, flags)
        except (BlockingIOError, TimeoutError):
            return count
        count += 1


def noise(chance: random.Random, count=500):
    return [chance.randbytes(chance.randrange(1, 1201)) for _ in range(count)]


def half_handshakes(chance: random.Random, calls, count=500):
    """Calls with the right hint, counters that rise and a wrong MAC; one in eight is a recorded one."""
    out = []
    for i in range(count):
        call = chance.choice(calls)
        if i % 8 != 0:
            counter = int.from_bytes(call[5:11], "big") + i
            call = call[:5] + counter.to_bytes(6, "big") + chance.randbytes(len(call) - 11)
        out.append(call)
    return out
