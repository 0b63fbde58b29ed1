"""From one accord to the next (amendment.md): what is held, shown, fetched and adopted."""

from __future__ import annotations

import peer_cbor as cbor
from peer_accord import Accord, FileError, check_follows, load_accord, read_bundle, write_bundle
from peer_noise import Handshake
from peer_packet import PacketError, Suite
from peer_record import ADOPTION, PRECEDENCES

ACCORD_LINE = 0
BUNDLE_MEDIA, MOST_BUNDLE = "application/x-detente-accord", 524288
LOOK_AGAIN = 1.0       # a successor whose day has not come


def adoption_of(header: dict, body: bytes) -> tuple[int, bytes] | None:
    """Section 3: version and digest of an entry of kind 19; None where it is none, or not of its form."""
    if header.get(4) != ADOPTION or header.get(2) != ACCORD_LINE or header.get(3, 0) or header.get(16) != 4:
        return None
    try:
        version, digest = cbor.decode(body)
    except (cbor.CborError, TypeError, ValueError):
        return None
    good = type(version) is int and 2 <= version < 1 << 32 and isinstance(digest, bytes) and len(digest) == 32
    return (version, digest) if good else None


class Amendment:
    """Kept in the state and not in the side's directory, which is only read: what was adopted, and what is held."""

    def __init__(self, station):
        self.st, self.store = station, station.store
        self.successor: Accord | None = None          # held: complete, follows, and its day has come
        self.candidate: Accord | None = None          # the same, perhaps before its day
        self.used_there = False                       # a packet showed that the other side is under it
        self.shown: dict[bytes, bytes | None] = {}    # digests that the other side says it holds -> root of the bundle
        self.fetched: set[bytes] = set()              # roots of bundles that were read
        self.look_at = 0.0
        self.pending = False

    # ---- at a start ----

    def files_in_force(self, files):
        """What earlier runs adopted beyond what is in force in the directory."""
        while (raw := self.store.get(f"accord/{files.accord.version + 1}")) is not None:
            accord = read_bundle(raw, files.accord)
            check_follows(accord, [*files.before, files.accord])
            files = files.under(accord)
        return files

    def begin(self) -> None:
        """Also after an adoption: what is said and held beside the accord that is in force now."""
        self.successor = self.candidate = None
        self.used_there = self.pending = False
        files, line = self.st.files, self.st.lines[ACCORD_LINE]
        for log in line.pair.logs["far"].values():
            for stored in log.entries:
                self.named(stored.entry.header, stored.entry.body)
        accord = files.accord
        if accord.version > 1 and not self._said(accord):        # lost with a disk: again, without the files
            self._say(accord, None)
        raw = self.store.get("accord-next")
        if raw is not None:
            self._take(lambda: read_bundle(raw, accord), "kept")
        if self.candidate is None and files.next_folder is not None and (files.next_folder / "accord.note").exists():
            self._take(lambda: load_accord(files.next_folder), "in the directory")
        for root in list(self.st.documents.receiver.done):
            self.on_document(root)

    # ---- the other side's word ----

    def named(self, header: dict, body: bytes) -> None:
        """An entry of the other side that is durable here."""
        what = adoption_of(header, body)
        if what is not None:
            roots = [a[0] for a in header.get(17, []) if a[2] == BUNDLE_MEDIA]
            if what[0] == self.st.files.accord.version + 1 or what[1] not in self.shown:
                self.shown[what[1]] = roots[0] if roots else self.shown.get(what[1])

    def wants(self, line: int, media: str, length: int) -> bool:
        """Section 3: these files travel on the accord line, also where it carries no others."""
        return line == ACCORD_LINE and media == BUNDLE_MEDIA and length <= MOST_BUNDLE

    def on_document(self, root: bytes) -> None:
        """A bundle is here, whole."""
        digest = next((d for d, r in self.shown.items() if r == root), None)
        length = self.st.documents.receiver.done.get(root, 0)
        if digest is None or self.candidate is not None or root in self.fetched or length > MOST_BUNDLE:
            return
        self.fetched.add(root)
        raw = b"".join(self.st.documents.read(root, length))
        self._take(lambda: read_bundle(raw, self.st.files.accord), "shown by the other side", digest)

    def _take(self, read, where: str, digest: bytes | None = None) -> None:
        files = self.st.files
        try:
            accord = read()
            check_follows(accord, [*files.before, files.accord])
            for side in accord.order:
                Suite.of(accord.seal, accord.aead, side, next(s for s in accord.order if s != side))
            if not set(accord.paths) <= {p.name for p in files.paths}:
                raise FileError("it names a path that this station is not set up for")
            if digest not in (None, accord.digest):
                raise FileError("it is not the one that was named")
        except (FileError, PacketError, OSError, KeyError) as e:
            self.st.note(f"a successor of the accord, {where}, is not held: {e}")
            return
        with self.store.transaction():
            self.store.put("accord-next", write_bundle(accord))
        self.candidate, self.look_at = accord, 0.0

    # ---- held, shown, adopted ----

    def tick(self, now: float) -> None:
        if self.candidate is not None and self.successor is None and now >= self.look_at:
            self.look_at = now + LOOK_AGAIN
            if self.candidate.not_before <= self.st.wall():
                self.successor = self.candidate
                if not self._said(self.successor):
                    self._say(self.successor, write_bundle(self.successor))
                self.st.event("accord-held", version=self.successor.version, accord=self.successor.digest.hex())
        if self.successor is not None and (self.used_there or self.successor.digest in self.shown):
            self._adopt(now)

    def _said(self, accord: Accord) -> bool:
        line, what = self.st.lines[ACCORD_LINE], (accord.version, accord.digest)
        queued = [(cbor.decode(header), body) for _, header, body, _ in self.store.queued(ACCORD_LINE)]
        entries = [(s.entry.header, s.entry.body) for log in line.pair.logs["own"].values() for s in log.entries]
        return any(adoption_of(header, body) == what for header, body in queued + entries)

    def _say(self, accord: Accord, bundle: bytes | None) -> None:
        line, more = self.st.lines[ACCORD_LINE], {}
        if bundle is not None:
            root, length = self.st.documents.author.add_bytes(bundle, ACCORD_LINE, BUNDLE_MEDIA)
            more[17] = [[root, length, BUNDLE_MEDIA]]
        level = min(PRECEDENCES.index("immediate"), PRECEDENCES.index(line.annex.highest))
        line.own.submit_act(ADOPTION, [accord.version, accord.digest], level, more)

    def reads_as_successor(self, packet: bytes, psk: bytes) -> bool:
        """session.md section 4.6: a first packet that does not read under the accord in force."""
        if self.successor is None:
            return False
        files = self.st.files
        noise = Handshake(False, files.noise_key, files.other_noise_key, psk, b"detente/1" + self.successor.digest + packet[:11])
        try:
            noise.read_1(packet[11:59])
        except ValueError:
            return False
        self.used_there = True
        return True

    def answered_by(self, digest: bytes) -> bool:
        """A notice that the other side is under this one."""
        if self.successor is None or self.successor.digest != digest:
            return False
        self.used_there = True
        return True

    def _adopt(self, now: float) -> None:
        """Section 4: durable first; then every session is left, and the next call is under the new accord."""
        accord, st = self.successor, self.st
        retired = [st.lines[n] for n in st.lines if n not in accord.lines]
        with self.store.transaction():
            self.store.put(f"accord/{accord.version}", self.store.get("accord-next"))
            self.store.drop("accord-next")
            returned = {line: self.store.back_to_desk(line.annex.number, self.store.newest_row()) for line in retired}
        for line in retired:
            log = line.own.log
            st.event("retired", line=line.annex.name, returned=returned[line],
                     not_known=list(range(log.receipted, log.size)) if log else [])
        for session in list(st.sessions):
            if session.usable():
                st.say(session, st.farewell("the accord that follows is in force here"))
        st.flush(now)
        st.go_on_under(accord)
        st.event("accord-adopted", version=accord.version, accord=accord.digest.hex())
