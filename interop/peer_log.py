"""One log in memory, and the two logs of a line with what both sides know of them (record.md sections 1, 4, 6)."""

from __future__ import annotations

from dataclasses import dataclass

from peer_entrywire import Known
from peer_record import Entry, Tree, checkpoint_text, origin
from peer_store import Store


@dataclass
class Stored:
    entry: Entry
    leaf: bytes
    month: int                 # the greatest of this log up to here
    checkpoint: bytes | None   # author's signature over size index + 1, where there is one


class Log:
    """What `station` wrote on a line in one epoch, as it is durable here without a gap."""

    def __init__(self, lineage: bytes, line: int, station: str, whose: str, epoch: bytes):
        side, post = station.split("/")
        self.line, self.whose, self.epoch = line, whose, epoch
        self.origin = origin(lineage, line, side, post, epoch)
        self.entries: list[Stored] = []
        self.tree = Tree()
        self.cosigned: tuple[int, bytes, int, bytes] | None = None   # newest: size, root, time, signature
        self.floor = 0

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def receipted(self) -> int:
        return self.cosigned[0] if self.cosigned else 0

    def root(self, size: int | None = None) -> bytes:
        return self.tree.root(size)

    def month_with(self, entry: Entry) -> int:
        """record.md section 4: m if `entry` came next."""
        return max(entry.month, self.entries[-1].month if self.entries else 0)

    def append(self, stored: Stored) -> None:
        self.entries.append(stored)
        self.tree.append(stored.leaf)

    def text(self, size: int, root: bytes) -> bytes:
        return checkpoint_text(self.origin, size, root)


def load_logs(store: Store, lineage: bytes, line: int, station: str, whose: str) -> tuple[dict[bytes, Log], dict]:
    """All logs of one author on one line, in the order of their epochs; and far entries stored early: (epoch, index) -> row."""
    logs, early = {}, {}
    for epoch, floor in store.epochs(line, whose):
        log = Log(lineage, line, station, whose, epoch)
        log.floor = floor
        for index, header, body, signatures, leaf, is_early, checkpoint in store.entries(line, whose, epoch):
            entry = Entry.decode(header, body, signatures)
            if is_early:
                early[(epoch, index)] = Stored(entry, leaf, 0, checkpoint)
            else:
                log.append(Stored(entry, leaf, log.month_with(entry), checkpoint))
        log.cosigned = store.cosignature(line, whose, epoch)
        logs[epoch] = log
    return logs, early


class LinePair:
    """Both logs of one line.  `author_view(own)` is what rebuilding an entry of that author asks (peer_entrywire.Known)."""

    def __init__(self, store: Store, lineage: bytes, line: int, own_station: str, far_station: str):
        self.store, self.lineage, self.line = store, lineage, line
        self.stations = {"own": own_station, "far": far_station}
        self.logs: dict[str, dict[bytes, Log]] = {}
        self.logs["own"], _ = load_logs(store, lineage, line, own_station, "own")
        self.logs["far"], self.early = load_logs(store, lineage, line, far_station, "far")
        self.claimed_epoch: bytes | None = None   # the other side's newest epoch by its own log state

    def newest(self, whose: str) -> Log | None:
        logs = self.logs[whose]
        return logs[next(reversed(logs))] if logs else None

    def log(self, whose: str, epoch: bytes) -> Log | None:
        return self.logs[whose].get(epoch)

    def new_log(self, whose: str, epoch: bytes) -> Log:
        """Opens an epoch; the caller's transaction makes it durable."""
        self.store.add_epoch(self.line, whose, epoch)
        log = Log(self.lineage, self.line, self.stations[whose], whose, epoch)
        self.logs[whose][epoch] = log
        return log

    def author_view(self, whose: str, epoch: bytes) -> "View":
        return View(self, whose, epoch)


class View(Known):
    """The line as the author `whose` sees it, for filling in or leaving out what the other can compute."""

    def __init__(self, pair: LinePair, whose: str, epoch: bytes):
        self.pair, self.author, self.epoch = pair, whose, epoch
        self.tentative: dict[int, bytes] = {}   # leaves of the author's log that are not durable yet
        self.receiver = "far" if whose == "own" else "own"

    def receiver_epoch(self) -> bytes | None:
        log = self.pair.newest(self.receiver)
        if self.author == "own" and self.pair.claimed_epoch is not None:
            return self.pair.claimed_epoch
        return log.epoch if log else None

    def author_epoch(self) -> bytes:
        return self.epoch

    def receiver_root(self, epoch: bytes, size: int) -> bytes | None:
        log = self.pair.log(self.receiver, epoch)
        return log.root(size) if log and size <= log.size else None

    def leaf(self, whose: int, epoch: bytes, index: int) -> bytes | None:
        if whose == 0 and epoch == self.epoch and index in self.tentative:
            return self.tentative[index]
        log = self.pair.log(self.author if whose == 0 else self.receiver, epoch)
        return log.entries[index].leaf if log and index < log.size else None
