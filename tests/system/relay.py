"""A UDP relay between two stations: counts, and does to packets what a test asks of it.

Each station sends to a port where nothing listens (`detente lab new --gap`); the relay
listens there and passes everything on to where the other station listens.
"""

import selectors
import socket
import threading


class Relay:
    """`change(direction, number, datagram)` gives the datagrams that go on in its place.

    Directions are 0 (from the first end to the second) and 1; numbers count from 1 in each.
    """

    def __init__(self, first, second, change=None):
        # An end is (where it listens, where it sends to), both "host:port".
        self.change = change
        self.packets = [0, 0]
        self.bytes = [0, 0]
        self._lock = threading.Lock()
        self._to = [_address(second[0]), _address(first[0])]
        self._sockets = []
        for _, sends_to in (first, second):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(_address(sends_to))
            sock.setblocking(False)
            self._sockets.append(sock)
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def totals(self):
        """(packets, bytes) of both directions since the start."""
        with self._lock:
            return sum(self.packets), sum(self.bytes)

    def close(self):
        self._stop_writer.send(b"x")
        self._thread.join()
        for sock in [*self._sockets, self._stop_reader, self._stop_writer]:
            sock.close()

    def _run(self):
        with selectors.DefaultSelector() as selector:
            for direction, sock in enumerate(self._sockets):
                selector.register(sock, selectors.EVENT_READ, direction)
            selector.register(self._stop_reader, selectors.EVENT_READ, None)
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    self._pass_on(key.data)

    def _pass_on(self, direction):
        try:
            datagram = self._sockets[direction].recv(65536)
        except OSError:
            return  # a station that is not there yet
        with self._lock:
            self.packets[direction] += 1
            self.bytes[direction] += len(datagram)
            number = self.packets[direction]
        change = self.change
        # Sent from the other end's socket, so that answers could come back to it.
        for out in [datagram] if change is None else change(direction, number, datagram):
            try:
                self._sockets[1 - direction].sendto(out, self._to[direction])
            except OSError:
                pass


def _address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)
