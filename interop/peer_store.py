"""What a station must still know after a crash (session.md sections 3, 4, 7; record.md section 6, "Order of writes").

One SQLite file, WAL with synchronous=FULL: a transaction that has returned is on the disk.  The rule of every caller: commit
first, then let the packet go that says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path

SCHEMA = """
create table if not exists meta(name text primary key, value blob) without rowid;
create table if not exists epochs(ordinal integer primary key, line integer, whose text, epoch blob, floor integer default 0,
    unique(line, whose, epoch));
create table if not exists entries(line integer, whose text, epoch blob, idx integer, header blob, body blob, signatures blob,
    leaf blob, early integer default 0, stored integer, checkpoint blob, primary key(line, whose, epoch, idx)) without rowid;
create table if not exists cosignatures(line integer, whose text, epoch blob, size integer, root blob, time integer, signature blob,
    primary key(line, whose, epoch, size, time)) without rowid;
create table if not exists evidence(id integer primary key, line integer, what text, bytes blob, at integer);
create table if not exists queue(id integer primary key, line integer, header blob, body blob, precedence integer, state text);
create table if not exists blobs(root blob, length integer, whose text, complete integer, line integer, primary key(root, whose)) without rowid;
create table if not exists pieces(root blob, piece integer, bytes blob, primary key(root, piece)) without rowid;
"""


class StoreError(RuntimeError):
    """The state directory cannot be used."""


class Store:
    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = open(folder / "lock", "a+b")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            self.lock.close()
            raise StoreError(f"{folder}: another peer runs on this state") from e
        os.chmod(folder, 0o700)
        self.db = sqlite3.connect(folder / "state.db", isolation_level=None)
        os.chmod(folder / "state.db", 0o600)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=full")
        self.db.executescript(SCHEMA)
        fd = os.open(folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
        self.depth = 0

    def close(self) -> None:
        self.db.close()
        self.lock.close()

    @contextlib.contextmanager
    def transaction(self):
        """All or nothing, durable when it returns.  Nested ones belong to the outermost."""
        if self.depth:
            yield self
            return
        self.db.execute("begin immediate")
        self.depth = 1
        try:
            yield self
        except BaseException:
            self.db.execute("rollback")
            raise
        else:
            self.db.execute("commit")
        finally:
            self.depth = 0

    # ---- meta ----

    def get(self, name: str, default=None):
        row = self.db.execute("select value from meta where name=?", (name,)).fetchone()
        return row[0] if row else default

    def put(self, name: str, value) -> None:
        self.db.execute("insert or replace into meta values(?,?)", (name, value))

    def drop(self, name: str) -> None:
        self.db.execute("delete from meta where name=?", (name,))

    # ---- logs ----

    def epochs(self, line: int, whose: str) -> list[tuple[bytes, int]]:
        """(epoch, floor) in the order in which they became known."""
        return self.db.execute("select epoch, floor from epochs where line=? and whose=? order by ordinal", (line, whose)).fetchall()

    def add_epoch(self, line: int, whose: str, epoch: bytes) -> None:
        self.db.execute("insert into epochs(line, whose, epoch) values(?,?,?)", (line, whose, epoch))

    def set_floor(self, line: int, whose: str, epoch: bytes, size: int) -> None:
        """session.md section 8.4: nothing of that log is cosigned below this size."""
        self.db.execute("update epochs set floor=max(floor,?) where line=? and whose=? and epoch=?", (size, line, whose, epoch))

    def entries(self, line: int, whose: str, epoch: bytes) -> list[tuple]:
        """(index, header, body, signatures, leaf, early, checkpoint) in order of index."""
        return self.db.execute("select idx, header, body, signatures, leaf, early, checkpoint from entries "
                               "where line=? and whose=? and epoch=? order by idx", (line, whose, epoch)).fetchall()

    def add_entry(self, line: int, whose: str, epoch: bytes, index: int, encoded, leaf: bytes, stored: int,
                  checkpoint: bytes | None, early: bool = False) -> None:
        self.db.execute("insert or replace into entries values(?,?,?,?,?,?,?,?,?,?,?)",
                        (line, whose, epoch, index, *encoded, leaf, int(early), stored, checkpoint))

    def cosignature(self, line: int, whose: str, epoch: bytes):
        """The newest (size, root, time, signature) over that log."""
        return self.db.execute("select size, root, time, signature from cosignatures where line=? and whose=? and epoch=? "
                               "order by size desc, time desc limit 1", (line, whose, epoch)).fetchone()

    def add_cosignature(self, line: int, whose: str, epoch: bytes, size: int, root: bytes, time: int, signature: bytes) -> None:
        self.db.execute("insert or ignore into cosignatures values(?,?,?,?,?,?,?)", (line, whose, epoch, size, root, time, signature))

    def add_evidence(self, line: int, what: str, raw: bytes, at: int) -> None:
        """record.md section 10: kept as it came."""
        self.db.execute("insert into evidence(line, what, bytes, at) values(?,?,?,?)", (line, what, raw, at))

    # ---- what waits without an index ----

    def enqueue(self, line: int, header: bytes, body: bytes, precedence: int) -> int:
        cur = self.db.execute("insert into queue(line, header, body, precedence, state) values(?,?,?,?,'queued')",
                              (line, header, body, precedence))
        return cur.lastrowid

    def queued(self, line: int) -> list[tuple[int, bytes, bytes, int]]:
        """Higher precedence first, then in order of submission."""
        return self.db.execute("select id, header, body, precedence from queue where line=? and state='queued' "
                               "order by precedence desc, id", (line,)).fetchall()

    def dequeue(self, row: int) -> None:
        self.db.execute("delete from queue where id=?", (row,))

    def newest_row(self) -> int:
        return self.db.execute("select coalesce(max(id), 0) from queue").fetchone()[0]

    def back_to_desk(self, line: int, upto: int) -> int:
        """session.md section 8.4: what waited on a copied disk may have been sent before.  What was said in this life (rows
        above `upto`) cannot have been."""
        return self.db.execute("update queue set state='desk' where line=? and state='queued' and id<=?", (line, upto)).rowcount

    # ---- blobs ----

    def blobs(self, whose: str) -> list[tuple]:
        return self.db.execute("select root, length, complete, line from blobs where whose=?", (whose,)).fetchall()

    def add_blob(self, root: bytes, length: int, whose: str, state: int, line: int) -> None:
        self.db.execute("insert or ignore into blobs values(?,?,?,?,?)", (root, length, whose, state, line))

    def blob_state(self, root: bytes, whose: str, state: int) -> None:
        """Column `complete`: 1 all of it is here, 2 (own) and the other side said that it has it."""
        self.db.execute("update blobs set complete=? where root=? and whose=?", (state, root, whose))

    def add_piece(self, root: bytes, piece: int, data: bytes) -> None:
        self.db.execute("insert or ignore into pieces values(?,?,?)", (root, piece, data))

    def piece(self, root: bytes, piece: int) -> bytes | None:
        row = self.db.execute("select bytes from pieces where root=? and piece=?", (root, piece)).fetchone()
        return row[0] if row else None

    def pieces(self, root: bytes) -> set[int]:
        return {r[0] for r in self.db.execute("select piece from pieces where root=?", (root,))}
