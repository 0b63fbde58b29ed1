"""UDP sockets and clocks around a Station (station-files.md: `listen` and `peer` of each path)."""

from __future__ import annotations

import select
import socket
import time

from peer_files import SideFiles
from peer_station import Station
from peer_store import Store

BUSY_PAUSE, IDLE_PAUSE = 0.002, 0.02


class Net:
    """One socket a path.  What comes from another address is read like anything else: only its seal says whose it is;
    answers go to the configured address alone."""

    def __init__(self, files: SideFiles, store: Store, pack: bool = True, log=None, quota: int | None = None):
        self.sockets: dict[int, socket.socket] = {}
        self.peers: dict[int, tuple] = {}
        for p in files.paths:
            info = socket.getaddrinfo(*p.listen, type=socket.SOCK_DGRAM)[0]
            s = socket.socket(info[0], socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            s.bind(info[4])
            s.setblocking(False)
            self.sockets[p.number] = s
            self.peers[p.number] = socket.getaddrinfo(*p.peer, family=info[0], type=socket.SOCK_DGRAM)[0][4]
        self.not_sent = 0
        self.station = Station(files, store, self._transmit, time.time, pack, log, quota)

    def _transmit(self, path: int, data: bytes) -> None:
        try:
            self.sockets[path].sendto(data, self.peers[path])
        except OSError:
            self.not_sent += 1      # as if the network had lost it

    def step(self, most: float = IDLE_PAUSE) -> None:
        """Reads what is there, or waits a moment, and does what time made due."""
        st = self.station
        pause = BUSY_PAUSE if st.busy() else IDLE_PAUSE
        ready, _, _ = select.select(list(self.sockets.values()), [], [], min(pause, max(most, 0)))
        for number, s in self.sockets.items():
            for _ in range(64 if s in ready else 0):
                try:
                    data, _ = s.recvfrom(2048)
                except OSError:
                    break
                st.receive(number, data, time.monotonic())
        st.tick(time.monotonic())

    def until(self, done, timeout: float | None) -> bool:
        """Steps until done() or the time is over."""
        end = None if timeout is None else time.monotonic() + timeout
        while not done():
            left = IDLE_PAUSE if end is None else end - time.monotonic()
            if left <= 0:
                return False
            self.step(left)
        return True

    def close(self) -> None:
        for s in self.sockets.values():
            s.close()
