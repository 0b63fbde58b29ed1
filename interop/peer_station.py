"""A station's session with one counterpart, without sockets and clocks of its own: datagrams and the time go in, datagrams come out.

`receive` and `tick` are all; `transmit(path number, bytes)` sends.  Nothing leaves before what it says is durable.
"""

from __future__ import annotations

from collections import deque

import peer_cbor as cbor
import peer_wire as wire
from peer_amendment import ACCORD_LINE, Amendment
from peer_contact import FirstContact
from peer_creds import CredentialError
from peer_documents import Documents
from peer_entrywire import read as read_entry
from peer_far import COSIGN, STATE, FarLine
from peer_handshake import FIRST, FIRST_CONTACT, HANDSHAKE_TYPES, NOTICE, REPLY, Handshaker
from peer_line import Line
from peer_packet import PacketError
from peer_path import PathState, best
from peer_record import BULLETIN, PRECEDENCES, RecordError
from peer_sending import Sending
from peer_session import CUT, LARGE_PACKET, REPLACED_SECONDS, Session
from peer_wire import Frame, LogState, Probe, WireError
from peer_zstd import Coder

FLASH = PRECEDENCES.index("flash")
UNCONFIRMED_SECONDS, MOST_UNCONFIRMED = 30, 4


class Station(Sending):
    def __init__(self, files, store, transmit, wall, pack: bool = True, log=None, quota: int | None = None):
        self.store, self.transmit, self._wall, self.pack = store, transmit, wall, pack
        self.log = log or (lambda text: None)
        self.events: deque = deque(maxlen=4096)
        self.amendment = Amendment(self)
        self.files = self.amendment.files_in_force(files)
        self.quota = files.document_room if quota is None else quota
        self.lines: dict[int, Line] = {}
        self.retired: list[Line] = []       # of accords before, in this run
        self.used: dict[tuple, tuple] = {}
        self.now = 0.0
        self.stamp = 0
        self.bytes_in = self.bytes_out = self.dropped = 0
        self.data_came = False       # in the packet that is read
        self.life_began = store.newest_row()      # rows of the queue that are from a life before
        self._begin()
        self._look_back()

    def _begin(self) -> None:
        """At a start, and again under each accord that follows."""
        accord = self.files.accord
        self.coder = Coder(accord.dictionary)
        self.path_states = [PathState(p) for p in self.files.paths_of()]
        self.by_number = {p.number: p for p in self.path_states}
        self.sessions: list[Session] = []
        self.current: Session | None = None
        before, self.lines = self.lines, {}
        for number, annex in sorted(accord.lines.items()):
            line = self.lines[number] = before.pop(number, None) or Line(self, annex)
            line.annex = line.own.annex = line.far.annex = annex
        self.retired += before.values()
        self.out: dict[tuple[Session, int], list] = {}
        self.answers: dict[int, set] = {}
        self.contact = FirstContact(self)
        self.handshake = Handshaker(self)
        self.documents = Documents(self, self.quota)
        self.amendment.begin()

    def go_on_under(self, accord) -> None:
        """amendment.md section 4: the successor is in force here from now on; logs, secrets and counters go on."""
        for session in list(self.sessions):
            self.leave(session)
        self.files = self.files.under(accord)
        self._begin()

    def farewell(self, text: str) -> Frame:
        return Frame(wire.CLOSE, text.encode()[:120])

    def wall(self) -> int:
        return int(self._wall())

    # ---- events, for whoever runs this station ----

    def event(self, name: str, **members) -> None:
        self.events.append({"event": name, **members})

    def alarm(self, kind: str, text: str) -> None:
        self.log(f"ALARM {kind}: {text}")
        self.event("alarm", alarm=kind, text=text)

    def note(self, text: str) -> None:
        self.log(text)

    def arrived(self, far: FarLine, log, index: int, entry, early: bool) -> None:
        self.event("arrived", log=log, far=far, index=index, entry=entry, early=early)
        if far.annex.number == ACCORD_LINE:
            self.amendment.named(entry.header, entry.body)
        self.documents.receiver.named(far.annex.number, entry.header)

    def placed(self, own, row: int, epoch: bytes, index: int) -> None:
        self.event("placed", line=own.annex.name, submission=row, epoch=epoch.hex(), index=index)
        self.documents.author.attached(own.log.entries[index].entry.header, self.now)

    def take_bulletin(self, raw: bytes) -> None:
        try:
            if self.files.roster.take(raw, self.files.other):
                self.event("bulletin")
        except CredentialError as e:
            self.alarm("bad-entry", f"bulletin: {e}")

    def take_entry_bulletin(self, entry) -> None:
        """record.md section 3, kind 4.  The entry is stored whatever its body is."""
        try:
            raw = cbor.decode(entry.body)
        except cbor.CborError:
            raw = None
        if isinstance(raw, bytes):
            self.take_bulletin(raw)
        else:
            self.alarm("bad-entry", "an entry of kind 4 that holds no bulletin")

    def _look_back(self) -> None:
        """What earlier runs stored: bulletins of the accord line, and which officers' signatures were used."""
        for line in self.lines.values():
            for log in line.pair.logs["far"].values():
                for index, stored in enumerate(log.entries):
                    if stored.entry.header[4] == BULLETIN:
                        self.take_entry_bulletin(stored.entry)
                    for s in stored.entry.signatures:
                        self.first_use(self.files.other, s, log.origin, index)

    def first_use(self, side: str, signature, origin: str, index: int) -> bool:
        """record.md section 5: a repeated (side, officer, counter) is shown as used before."""
        key = (side, signature.officer, signature.counter)
        return self.used.setdefault(key, (origin, index)) == (origin, index)

    def contact_made(self, lines: list[int]) -> None:
        """From here on this station may sign on these lines: what came before is looked at now."""
        self.event("contact", lines=lines)
        for number in lines:
            held, line = list(self.lines[number].held), self.lines[number]
            line.held.clear()
            log = line.pair.newest("far")
            if log is not None and log.size and log.size > log.receipted:
                with self.store.transaction():
                    line.far.cosign(log)
            for frame, session in held:
                if session in self.sessions:
                    self._entry(frame, session)

    # ---- sessions ----

    def best_path(self) -> PathState:
        return best(self.path_states)

    def choose(self) -> None:
        """session.md section 6: which session is sent on."""
        usable = [s for s in self.sessions if s.usable()]
        new = usable[-1] if usable else None
        if new is not None and new.crossed in usable:
            new = next(s for s in (new, new.crossed) if s.by_first)
        if new is not self.current:
            if self.current is not None:
                self._data_again(self.current)
                if self.current.silent:
                    self._forget_flights(self.current)
            self.current = new
            self.event("session", id=new.id.hex() if new else None)

    def _forget_flights(self, session: Session) -> None:
        """What was on its way on it is sent again."""
        for line in self.lines.values():
            for i in [i for i, f in line.own.flight.items() if f.session is session]:
                del line.own.flight[i]

    def _data_again(self, session: Session) -> None:
        """document.md section 3: what was in flight on a session that was replaced."""
        for p in session.paths.values():
            for sent in [s for s in p.sent.values() if s.blobs]:
                p.state.congestion.forget(sent)
                del p.sent[sent.counter]
                self.documents.author.lost(sent.blobs)

    def leave(self, session: Session) -> None:
        """Its keys go; what was on its way on it is sent again."""
        if session in self.sessions:
            self.sessions.remove(session)
        self._forget_flights(session)
        for key in [k for k in self.out if k[0] is session]:
            del self.out[key]
        self._data_again(session)
        for p in session.paths.values():
            for sent in p.sent.values():
                p.state.congestion.forget(sent)
        session.paths = {}
        self.choose()

    # ---- a datagram ----

    def receive(self, path: int, data: bytes, now: float) -> None:
        """Whatever does not verify is dropped, and nothing is ever answered to it (session.md section 4)."""
        self.now = now
        if not 1 <= len(data) <= LARGE_PACKET:
            self.dropped += 1
            return
        self.bytes_in += len(data)
        if data[0] in HANDSHAKE_TYPES:
            known = self._handshake(path, data, now)
        elif data[0] & 0xF8 == 0x40 and len(data) > 4:
            known = self._packet(path, data, now)
        else:
            known = False
        self.dropped += not known
        self.flush(now)

    def _handshake(self, path: int, data: bytes, now: float) -> bool:
        if data[0] in (FIRST, FIRST_CONTACT):
            session, reply = self.handshake.on_first(data, now)
            if session is not None:
                waiting = [s for s in self.sessions if not s.initiator and not s.confirmed]
                for old in waiting[:max(len(waiting) + 1 - MOST_UNCONFIRMED, 0)]:
                    self.leave(old)
                self.sessions.append(session)
                for p in self.path_states:
                    self.put(p.number, reply)
            elif reply is not None:
                self.put(path, reply)
            return reply is not None
        if data[0] == NOTICE:
            return self.handshake.on_notice(data)
        got = self.handshake.on_reply(data, now) if data[0] == REPLY else None
        if got is None:
            return False
        session, payload = got
        self.sessions.append(session)
        self.choose()
        frame = self.contact.on_reply_payload(session, payload, now)
        queue = self.out.setdefault((session, self.best_path().number), [])
        if frame is not None:
            queue.insert(0, (frame, None))      # the first packet carries it
        for number in session.paths:
            self.probe(session, number, now)
        return True

    def _packet(self, path: int, data: bytes, now: float) -> bool:
        for session in [s for s in self.sessions if s.id == data[1:3] and path in s.paths]:
            sp = session.paths[path]
            before = sp.receiver.highest
            try:
                counter, plain = sp.receiver.open(data, now)
            except PacketError as e:
                if e.alarm:
                    self.alarm("inner-seal", str(e))
                continue
            self._opened(session, path, sp, before, counter, plain, now)
            return True
        return False

    def _opened(self, session: Session, path: int, sp, before: int, counter: int, plain: bytes, now: float) -> None:
        session.heard = now
        sp.state.heard = now
        if counter > before:
            sp.highest_at = now
        if not session.confirmed:
            session.confirmed = True
            self.handshake.confirmed(session)
            self.choose()
            if not session.initiator:
                self.contact.confirmed(now)
                for number in session.paths:
                    self.probe(session, number, now)
        frames, wrong = wire.frames_of(plain)
        self.data_came = False
        for f in frames:
            try:
                self._frame(f, session, path, now)
            except (WireError, RecordError, cbor.CborError, PacketError) as e:
                self.note(f"a frame of type {f.type} is not of its form: {e}")    # it alone is dropped
            if session not in self.sessions:
                break
        if wrong:
            self.note(f"rest of a packet dropped: {wrong}")
        if self.data_came and path in session.paths:
            sp.want_ack(counter, before, now)

    def _frame(self, f: Frame, session: Session, path: int, now: float) -> None:
        """packet.md section 4."""
        if f.type == wire.ENTRY:
            self._entry(f, session)
        elif f.type == wire.FRAGMENT:
            self.data_came = True  # packet.md section 7: a fragment draws a path acknowledgement as blob data does
            whole = session.join(f.body)
            if whole is not None:
                inner, wrong = wire.frames_of(whole)
                if wrong or len(inner) != 1 or inner[0].type not in CUT or whole[1] != 0:
                    raise WireError("a parcel is one whole frame of type 1 or 5")
                self._frame(inner[0], session, path, now)
        elif f.type == wire.STATE:
            self._state(LogState.read(f.body), session, now)
        elif f.type == wire.COSIGNATURE:
            self._cosignature(f, session, path, now)
        elif f.type == wire.BLOB:
            self.data_came = self.data_came or self.documents.is_data(f)
            self.documents.on_frame(f.body, session, path, now)
        elif f.type == wire.PROBE:
            self._probe(Probe.read(f.body), session, path, now)
        elif f.type == wire.CLOSE:
            self.note("the other side closes the session: " + f.body[:120].decode("utf-8", "backslashreplace"))
            self.leave(session)
        elif f.type == wire.ACK:
            self._ack(wire.PathAck.read(f.body), session, now)
        elif f.type == wire.CONTACT:
            self.contact.on_frame(wire.Contact.read(f.body), session, now)

    # ---- frames ----

    def _entry(self, f: Frame, session: Session) -> None:
        w = read_entry(f, session.c, self.coder)
        line = self.lines.get(w.line)
        if line is None:
            raise WireError("no such line in the accord")
        if not self.contact.made(w.line):
            line.held.append((f, session))
            return
        if line.own.closed({3: f.klass, 4: w.kind, 17: w.more.get(17)}):
            return
        draws = line.far.on_entry(w)
        if draws:
            self.answers.setdefault(w.line, set()).add(draws)
        if w.precedence == FLASH:
            self.answers.setdefault(w.line, set()).add(FLASH)

    def answer(self, now: float) -> None:
        """record.md section 8: what this datagram's entries drew, each once."""
        session = self.current
        for number, draws in self.answers.items() if session is not None else ():
            line = self.lines[number]
            log = line.pair.newest("far")
            if COSIGN in draws:
                self.receipt(session, line, FLASH in draws)
            if STATE in draws and (log is None or log.size >= log.floor):    # below the floor a timer asks
                self.say(session, self.state_of(number, False).frame())
        if session is not None:
            self.answers.clear()

    def receipt(self, session: Session, line: Line, everywhere: bool) -> None:
        frame = line.far.receipt(session.c)
        if frame is None:
            return
        for number in session.paths if everywhere else [self.best_path().number]:
            self.say(session, frame, number)

    def state_of(self, number: int, wanted: bool) -> LogState:
        """record.md section 8: what this station's disk has."""
        pair, s = self.lines[number].pair, LogState(number, wanted)
        own, far = pair.newest("own"), pair.newest("far")
        if own is not None and own.size:
            s.mine = (own.epoch, own.size, own.root()[:8])
            s.receipted = own.receipted or None
        if far is not None:
            s.ahead = self.lines[number].far.ahead()
            if far.size or s.ahead:
                s.yours = (far.epoch, far.size, far.root()[:8])
        return s

    def _state(self, s: LogState, session: Session, now: float) -> None:
        line = self.lines.get(s.line)
        if line is None:
            raise WireError("no such line in the accord")
        if s.mine is not None:
            line.pair.claimed_epoch = s.mine[0]
        if not self.contact.made(s.line):
            session.strikes = 0
        self.contact.on_state(s)
        if self.contact.made(s.line):
            line.own.on_state(s, session, now, self.best_path().round_trip)
        if s.wanted:
            if self.contact.made(s.line):
                self.receipt(session, line, False)
            self.say(session, self.state_of(s.line, False).frame())

    def _cosignature(self, f: Frame, session: Session, path: int, now: float) -> None:
        c = wire.CosignatureFrame.read(f.body, session.c, lambda n: n in self.lines and self.lines[n].annex.deniable)
        line = self.lines.get(c.line)
        if line is None:
            raise WireError("no such line in the accord")
        if not self.contact.made(c.line) or not line.own.on_cosignature(c):
            return
        session.strikes = 0
        asked, line.own.backoff = line.own.backoff, 0
        landed = line.own.landed()
        # The newest drew the receipt, unless one before it had to come again or it was asked for (packet.md section 5).
        prompt = landed and not asked and all(f.path == path and not f.again for _, f in landed)
        if prompt:
            self.by_number[path].sample(now - max(landed, key=lambda x: x[0])[1].at)
        for index, flight in landed:
            alone = flight.path is not None and not flight.again
            if alone:
                self.by_number[flight.path].alive()
            self._landed(line.annex.number, index, alone)
        self.event("receipt", **line.own.receipts[-1])

    def _landed(self, line: int, index: int, alone: bool) -> None:
        """Packets of which every entry is acknowledged leave the window (packet.md section 7).  `alone`: nothing else carried
        this entry, so they are known to have arrived (section 2)."""
        for session in self.sessions:
            for p in session.paths.values():
                for sent in [s for s in p.sent.values() if (line, index) in s.entries]:
                    sent.entries.remove((line, index))
                    if alone:
                        p.sender.acknowledged(sent.counter)
                    if not sent.entries and not sent.wants_ack:
                        p.state.congestion.acked(sent)
                        del p.sent[sent.counter]

    def _probe(self, p: Probe, session: Session, path: int, now: float) -> None:
        """packet.md section 7: the answer at once, on the path it names, and with flag 02 on every path."""
        sp = session.paths.get(p.path)
        if sp is None:
            raise WireError("probe of a path that the accord does not have")
        if p.accepted:
            sp.sender.acknowledged(p.accepted - 1)
        if p.wanted:
            frame = Probe(False, False, p.path, sp.receiver.highest + 1, p.stamp).frame()
            for number in session.paths if p.by_any else [p.path]:
                self.say(session, frame, number)
            return
        asked = sp.probes.pop(p.stamp, None)
        if asked is None:
            return
        at, filled, counter = asked
        if path == p.path:
            sp.state.sample(now - at)
        sp.large = sp.large or filled
        sp.sender.acknowledged(counter)
        sp.state.alive()
        for stamp in [s for s, (t, _, _) in sp.probes.items() if t <= at]:
            del sp.probes[stamp]

    def _ack(self, a: wire.PathAck, session: Session, now: float) -> None:
        sp = session.paths.get(a.path)
        if sp is None:
            raise WireError("acknowledges a path that the accord does not have")
        acked, lost = sp.acknowledge(a, now, a.delay * 8e-6)
        if acked:
            sp.state.alive()
        for packet in lost:
            self.documents.author.lost(packet.blobs)

    def expire(self, now: float) -> None:
        """session.md section 6: a replaced session is received on until nothing came for 30 s."""
        for s in list(self.sessions):
            if s is self.current:
                continue
            since = max(s.heard, s.created)
            if (s.usable() or s.given_up) and now - since > REPLACED_SECONDS and self.current is not None:
                self.leave(s)
            elif not s.usable() and now - since > UNCONFIRMED_SECONDS:
                self.leave(s)

    def close(self, text: str, now: float) -> None:
        if self.current is not None:
            self.say(self.current, self.farewell(text))
            self.flush(now)
