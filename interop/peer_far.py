"""The other side's log on one line: taking entries in, storing, cosigning (record.md sections 6 to 8)."""

from __future__ import annotations

from peer_creds import public_of, verify
from peer_entrywire import LATE_TURNS, WHOLE_INDEX, Unplaced, WireEntry, rebuild
from peer_log import LinePair, Log, Stored
from peer_packet import nearest
from peer_record import BULLETIN, CLASSES, PRECEDENCES, Entry, RecordError, cosignature_message, officer_message, verify_checkpoint
from peer_wire import CosignatureFrame, WireError
import peer_cbor as cbor

AHEAD = 64

COSIGN, STATE, NOTHING = "cosignature", "log state", ""


class FarLine:
    """`on_entry` returns what the arrival draws: the newest cosignature, a log state, or nothing."""

    def __init__(self, station, annex, pair: LinePair):
        self.st, self.annex, self.pair = station, annex, pair
        self.pending: dict[tuple[bytes, int], WireEntry] = {}
        self.known: dict[tuple[bytes, int], tuple[int, bytes]] = {}   # (precedence, leaf) of missing entries, from proved predecessors
        self.duplicates = 0
        self.shown: set[tuple[bytes, int]] = set()     # stored early and shown

    @property
    def log(self) -> Log | None:
        return self.pair.newest("far")

    # ---- arrival ----

    def on_entry(self, w: WireEntry) -> str:
        """Section 7 and 8: place it, store what the checkpoints prove, and say what to answer."""
        log = self.log
        epoch = w.epoch if w.epoch is not None else (log.epoch if log else None)
        if epoch is None:
            return STATE
        if log is None or epoch != log.epoch:
            if self.pair.log("far", epoch) is not None:
                return STATE      # of an epoch before the newest one: history
            size = 0              # an epoch that is not known here
        else:
            size = log.size
        index = self._index_of(w, log, epoch, size)
        if WHOLE_INDEX not in w.more and log is not None and log.size < log.floor:
            return STATE          # section 8: below the floor eight bits could mean another place
        if index < size:
            self.duplicates += 1
            self._look_for_two_records(log, index, w)
            return COSIGN if log.cosigned else STATE
        if index >= size + AHEAD or (self.annex.deniable and index != size):
            return STATE
        if w.checkpoint is not None and self.annex.deniable:
            raise WireError("checkpoint on a deniable line")
        self.pending[(epoch, index)] = w
        if self._advance(epoch):
            return COSIGN if self.log.cosigned and self.log.receipted == self.log.size else STATE
        if (epoch, index) not in self.pending:
            return STATE          # it was refused
        if index > size and w.checkpoint is not None and self._early(epoch, index, w):
            return STATE
        # a missing one before it, or one that cannot be placed yet
        if index > size or w.checkpoint is not None:
            return STATE
        return NOTHING            # it waits, unstored, for the next with a checkpoint

    def _index_of(self, w: WireEntry, log: Log | None, epoch: bytes, size: int) -> int:
        """Section 7: the nearest with these eight bits, but for a copy that is late by hundreds of entries."""
        if WHOLE_INDEX in w.more:
            return w.more[WHOLE_INDEX]
        index = nearest(w.index_low, 8, size)
        if log is None or epoch != log.epoch or index < size or (index == size and not self.annex.deniable):
            return index
        try:
            entry = rebuild(w, self.pair.author_view("far", epoch))
        except (Unplaced, WireError, RecordError, cbor.CborError):
            return index
        for at in range(index - 256, max(-1, index - LATE_TURNS * 256 - 1), -256):
            if at >= size:
                continue
            held = log.entries[at]
            month = max(entry.month, log.entries[at - 1].month if at else 0)
            if entry.leaf(self.st.files.salts, month, log.origin, at) == held.leaf:
                return at
            if held.entry.header[4] < entry.header[4]:
                break
        return index

    def _base(self, epoch: bytes) -> Log:
        """The log of that epoch; for an unknown epoch an empty one that nothing keeps yet."""
        return self.pair.log("far", epoch) or Log(self.pair.lineage, self.annex.number, self.pair.stations["far"], "far", epoch)

    def _advance(self, epoch: bytes) -> bool:
        """Stores the longest run of entries from the held size on that a checkpoint proves (each one, on a deniable line)."""
        base, run, leaves = self._base(epoch), [], []
        month = base.entries[-1].month if base.entries else 0
        view = self.pair.author_view("far", epoch)
        index, stopped = base.size, ""
        while True:
            key = (epoch, index)
            w, early = self.pending.get(key), self.pair.early.get(key)
            if w is None and early is None:
                break
            try:
                entry = early.entry if early else rebuild(w, view)
                entry.check_form(self.annex.deniable)
            except Unplaced as e:
                stopped = str(e)
                break
            except (RecordError, WireError, cbor.CborError) as e:
                self.pending.pop(key, None)
                self.st.alarm("bad-entry", f"line {self.annex.name}, entry {index}: {e}")
                break
            month = max(month, entry.month)
            leaf = entry.leaf(self.st.files.salts, month, base.origin, index)
            leaves.append(leaf)
            view.tentative[index] = leaf
            run.append(Stored(entry, leaf, month, early.checkpoint if early else w.checkpoint))
            index += 1
        n = len(run) if self.annex.deniable else self._proved(base, run, leaves)
        if stopped and not n:
            self.st.note(f"line {self.annex.name}: an entry waits: {stopped}")
        if n:
            self._store(base, run[:n])
        return n > 0

    def _proved(self, base: Log, run: list[Stored], leaves: list[bytes]) -> int:
        """How many of the run the newest good checkpoint covers.  A bad one is thrown out, with its entry."""
        for n in range(len(run), 0, -1):
            signature = run[n - 1].checkpoint
            if signature is None:
                continue
            size = base.size + n
            if verify_checkpoint(self.st.files.other_log_key, base.origin, size, base.tree.root(None, leaves[:n]), signature):
                return n
            self.pending.pop((base.epoch, size - 1), None)
            self.st.alarm("bad-entry", f"line {self.annex.name}, entry {size - 1}: the checkpoint does not fit what came")
        return 0

    def _store(self, base: Log, run: list[Stored]) -> None:
        """Section 6, order of writes: entries, checkpoint and cosignature in one transaction."""
        now, start = self.st.wall(), base.size
        store = self.pair.store
        with store.transaction():
            log = self.pair.log("far", base.epoch)
            if log is None:
                log = self.pair.new_log("far", base.epoch)
            for s in run:
                index = log.size
                store.add_entry(self.annex.number, "far", log.epoch, index, s.entry.encoded(), s.leaf, now, s.checkpoint)
                log.append(s)
                self.pending.pop((log.epoch, index), None)
                self.known.pop((log.epoch, index), None)
                self.pair.early.pop((log.epoch, index), None)
            self.cosign(log)
        for i in range(start, log.size):
            s = log.entries[i]
            if s.entry.header[4] == BULLETIN:
                self.st.take_entry_bulletin(s.entry)
            if (log.epoch, i) in self.shown:
                self.shown.discard((log.epoch, i))
            else:
                self.st.arrived(self, log, i, s.entry, False)

    def cosign(self, log: Log) -> None:
        """Signs the size held, durable with the caller's transaction; never below the floor of session.md section 8.4."""
        if log.size == 0 or log.size < log.floor or not self.st.contact.made(self.annex.number):
            return
        if log.cosigned and log.cosigned[0] >= log.size:
            return
        root = log.root()
        at = max(self.st.wall(), log.cosigned[2] if log.cosigned else 0)
        if self.annex.deniable:
            at, signature = 0, b""
        else:
            signature = self.st.files.cosign_key.sign(cosignature_message(log.text(log.size, root), at))
        self.pair.store.add_cosignature(self.annex.number, "far", log.epoch, log.size, root, at, signature)
        log.cosigned = (log.size, root, at, signature)

    def _early(self, epoch: bytes, index: int, w: WireEntry) -> bool:
        """Section 7: an entry ahead whose predecessors it carries (or that are known) is stored and shown when its checkpoint verifies."""
        if (epoch, index) in self.pair.early:
            self.pending.pop((epoch, index), None)  # the same frame again: it is stored, and was shown
            return True
        base = self._base(epoch)
        given = {index - len(w.predecessors) + i: p for i, p in enumerate(w.predecessors)}
        leaves, missing = [], []
        for i in range(base.size, index):
            early = self.pair.early.get((epoch, i))
            known = given.get(i) or self.known.get((epoch, i))
            if early is not None:
                leaves.append(early.leaf)
            elif known is not None:
                leaves.append(known[1])
                missing.append((i, known))
            else:
                return False
        try:
            entry = rebuild(w, self.pair.author_view("far", epoch))
            entry.check_form(self.annex.deniable)
        except (RecordError, WireError, cbor.CborError):
            return False
        month = base.month_with(entry)
        leaf = entry.leaf(self.st.files.salts, month, base.origin, index)
        root = base.tree.root(None, leaves + [leaf])
        if not verify_checkpoint(self.st.files.other_log_key, base.origin, index + 1, root, w.checkpoint):
            return False
        with self.pair.store.transaction():
            if self.pair.log("far", epoch) is None:
                base = self.pair.new_log("far", epoch)
            self.pair.store.add_entry(self.annex.number, "far", epoch, index, entry.encoded(), leaf, self.st.wall(), w.checkpoint, True)
        self.pair.early[(epoch, index)] = Stored(entry, leaf, month, w.checkpoint)
        self.pending.pop((epoch, index), None)
        for i, known in missing:
            self.known[(epoch, i)] = known
        if all(known[0] < entry.precedence for _, known in missing):
            self.shown.add((epoch, index))
            self.st.arrived(self, base, index, entry, True)
        return True

    def _look_for_two_records(self, log: Log, index: int, w: WireEntry) -> None:
        """Section 10: another entry at this place under the log key is kept as it came, and shown."""
        held = log.entries[index]
        if w.checkpoint is None or w.checkpoint == held.checkpoint:
            return
        try:
            entry = rebuild(w, self.pair.author_view("far", log.epoch))
        except (WireError, RecordError):
            return
        month = max(entry.month, log.entries[index - 1].month if index else 0)
        leaf = entry.leaf(self.st.files.salts, month, log.origin, index)
        root = log.tree.root(index, [leaf])
        if leaf != held.leaf and verify_checkpoint(self.st.files.other_log_key, log.origin, index + 1, root, w.checkpoint):
            with self.pair.store.transaction():
                self.pair.store.add_evidence(self.annex.number, "two records that do not agree", cbor.encode(
                    [log.origin, index + 1, root, w.checkpoint, *entry.encoded()]), self.st.wall())
            self.st.alarm("two-records", f"line {self.annex.name}: two records that do not agree, entry {index}")

    # ---- what it says ----

    def receipt(self, c: int):
        """Section 8: the newest cosignature, as a frame; None where none exists."""
        log = self.log
        if log is None or log.cosigned is None or log.cosigned[0] < log.floor:
            return None
        size, root, at, signature = log.cosigned
        f = CosignatureFrame(self.annex.number, size & 255, at, signature, root[:8] if self.annex.deniable else b"")
        return f.frame(c)

    def ahead(self) -> int:
        """Section 8: bit i: entry size + i is here ahead of a missing one."""
        log = self.log
        if log is None:
            return 0
        bits = 0
        for epoch, index in [*self.pending, *self.pair.early]:
            if epoch == log.epoch and 0 <= index - log.size < 64:
                bits |= 1 << index - log.size
        return bits

    def describe(self, log: Log, index: int, entry: Entry, early: bool) -> dict:
        """An entry for people and programs, with the verdict on each officer's signature (section 5)."""
        h, side = entry.header, self.st.files.other
        verdicts = []
        for s in entry.signatures:
            verdict = self.st.files.roster.officer_verdict(side, s.officer, self.annex.number, h[6], log.epoch, index)
            if verdict == "valid":
                c = self.st.files.roster.get(side, s.officer)
                accord = self.st.files.lineage_at(s.version)      # amendment.md section 1: of the version that is named
                if accord is None or not verify(c.key, s.signature, officer_message(s, accord.digest, h, entry.body)):
                    verdict = "not valid"
                elif not self.st.first_use(side, s, log.origin, index):
                    verdict = "used before"
            verdicts.append({"officer": s.officer, "counter": s.counter, "verdict": verdict})
        return {"line": self.annex.name, "epoch": log.epoch.hex(), "index": index, "kind": h[4],
                "class": CLASSES[h.get(3, 0)], "precedence": PRECEDENCES[entry.precedence], "time": h[6],
                "text": entry.body.decode("utf-8", "backslashreplace") if h[4] == 1 else None, "body": entry.body.hex(),
                "subject": h.get(18), "author": h.get(5, 0), "early": early, "signatures": verdicts,
                "attachments": [[a[0].hex(), *a[1:]] for a in h.get(17, [])],
                "cosigned": bool(log.cosigned and log.cosigned[0] > index)}

    def evidence(self, log: Log) -> dict:
        """The newest cosignature that this peer gave, with its key."""
        if log.cosigned is None:
            return {}
        size, root, at, signature = log.cosigned
        return {"size": size, "root": root.hex(), "time": at, "signature": signature.hex(),
                "key": public_of(self.st.files.cosign_key).hex()}
