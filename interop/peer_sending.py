"""What a station sends and when (packet.md sections 5 to 7, session.md section 6)."""

from __future__ import annotations

from peer_packet import SessionSpent
from peer_path import SentPacket
from peer_own import FLASH, MOST_IN_FLIGHT, Flight
from peer_session import LARGE_PACKET, Session
from peer_wire import Frame, Probe

STRIKES, SILENT_HEARTBEATS = 3, 3
BURST = 64
LEAST_DATA_TIMEOUT = 0.1      # the other side may hold an acknowledgement back, and counts with a coarse clock
RESPONDER_PATIENCE = 10.0
MOST_LARGE_TRIES = 3


class Sending:
    """The sending half of a Station."""

    # ---- into packets ----

    def put(self, path: int, data: bytes) -> None:
        self.bytes_out += len(data)
        self.transmit(path, data)

    def say(self, session: Session, frame: Frame, path: int | None = None, mark=None) -> None:
        """Queues a frame for the next packet of that path (None: the best one)."""
        path = self.best_path().number if path is None else path
        if path in session.paths:
            self.out.setdefault((session, path), []).append((frame, mark))

    def flush(self, now: float) -> None:
        """Frames that wait, into as few packets as hold them."""
        self.answer(now)
        for (session, path), frames in list(self.out.items()):
            if session not in self.sessions:
                continue
            for part, marks in session.packets(frames, path):
                self.packet(session, path, part, marks, now)
        self.out.clear()

    def packet(self, session: Session, path: int, frames: list[Frame], marks: list, now: float) -> bool:
        sp = session.paths.get(path)
        if sp is None:
            return False
        try:
            counter, data = session.seal(frames, path, now)
        except SessionSpent:
            self.give_up(session, "its counters are used up", now)
            return False
        sent = SentPacket(counter, now, len(data))
        for mark in marks:
            if mark is None:
                continue
            if mark[0] == "entry":
                sent.entries.append(mark[1:])
            elif mark[0] == "blob":
                sent.blobs.append(mark[1])
                sent.wants_ack = True
            elif mark[0] == "probe":
                sp.probes[mark[1]] = (now, mark[2], counter)
        if sent.entries or sent.blobs:
            sp.state.congestion.sent(sent, now, sp.state.round_trip, sp.state.config.rate)
            sp.sent[counter] = sent
        sp.state.sent_at = session.sent_at = now
        self.put(path, data)
        return True

    # ---- probes ----

    def probe(self, session: Session, path: int, now: float, by_any: bool = False, large: bool = False) -> None:
        sp = session.paths[path]
        self.stamp += 1
        frame = Probe(True, by_any, path, sp.receiver.highest + 1, self.stamp).frame()
        if large:
            most = min(LARGE_PACKET, sp.state.config.packet_bytes or LARGE_PACKET)
            self.packet(session, path, session.fill([frame], path, most), [("probe", self.stamp, True)], now)
        else:
            self.say(session, frame, path, ("probe", self.stamp, False))
            if len(sp.probes) > 16:
                del sp.probes[next(iter(sp.probes))]

    def grow(self, session: Session) -> None:
        """packet.md section 6: when more is to be sent than 508 bytes hold, a filled probe is tried on each path."""
        for number, sp in session.paths.items():
            if not sp.large and sp.large_tries < MOST_LARGE_TRIES and sp.state.config.packet_bytes in (0, LARGE_PACKET):
                if not any(filled for _, filled, _ in sp.probes.values()):
                    sp.large_tries += 1
                    self.probe(session, number, self.now, large=True)

    # ---- entries ----

    def send_entry(self, line, index: int, session: Session, now: float, again: bool = False) -> bool:
        """One entry over the best path, FLASH over all of them at once (packet.md section 5).  False: the window is full."""
        own = line.own
        frame = own.wire(index, session.c)
        flash = own.log.entries[index].entry.precedence == FLASH
        path = self.best_path()
        size = len(frame.body) + 40
        if not flash and not path.congestion.room(size) and path.congestion.in_flight:
            return False
        for number in session.paths if flash else [path.number]:
            parts = session.cut(frame, number)
            if len(parts) > 1:
                self.grow(session)
            for part in parts:
                self.say(session, part, number, ("entry", line.annex.number, index))
        own.flight[index] = Flight(now, session, None if flash else path.number, again)
        return True

    def send_again(self, own, indices: list[int]) -> None:
        """record.md section 8, last point: each not more often than a retransmission timeout."""
        line, now, session = self.lines[own.annex.number], self.now, self.current
        wait = self.best_path().timeout()
        line.ask_lost, line.lost_doublings = now + wait, 0
        for index in indices if session is not None else ():
            if now - line.again.get(index, -wait) >= wait:
                line.again[index] = now
                for part in session.cut(own.wire(index, session.c), self.best_path().number):
                    self.say(session, part)

    def _ask_lost(self, line, session: Session, now: float) -> None:
        """While the other side holds less than it had cosigned, its state is asked for (the answer draws the rest)."""
        if line.own.shown_less is None:
            line.again.clear()
        elif now >= line.ask_lost:
            line.lost_doublings += 1
            line.ask_lost = now + self.best_path().entry_timeout(line.lost_doublings)
            self.say(session, self.state_of(line.annex.number, True).frame())

    def _ask_floor(self, line, session: Session, now: float) -> None:
        """While this side holds less than it had cosigned it asks again, like for an unanswered entry (section 8, last point)."""
        log = line.pair.newest("far")
        if log is None or log.size >= log.floor:
            return
        size, at = line.asked
        if log.size - size >= MOST_IN_FLIGHT or now - at >= self.best_path().entry_timeout(line.asked_doublings):
            line.asked_doublings = 0 if log.size > size else line.asked_doublings + 1
            line.asked = (log.size, now)
            self.say(session, self.state_of(line.annex.number, True).frame())

    def _lines(self, session: Session, now: float) -> None:
        order = sorted(self.lines.values(), key=lambda l: -max((q[3] for q in self.store.queued(l.annex.number)), default=-1))
        for line in order:
            if not self.contact.made(line.annex.number):
                continue
            self._timeouts(line, session, now)
            self._ask_lost(line, session, now)
            self._ask_floor(line, session, now)
            line.own.place()
            for index in line.own.unsent():
                if not self.send_entry(line, index, session, now, index in line.own.sent_before):
                    break
                line.own.sent_before.add(index)

    def _timeouts(self, line, session: Session, now: float) -> None:
        """packet.md section 5: RFC 6298's timeout, doubled each time; section 7: the path is suspect, the rest goes over another."""
        own = line.own
        late = []
        for index, f in own.flight.items():
            path = self.by_number[f.path] if f.path is not None else self.best_path()
            if now - f.at >= path.entry_timeout(own.backoff):
                late.append((index, f, path))
        if not late:
            return
        own.backoff += 1
        on_current = [x for x in late if x[1].session is session]
        if on_current:
            session.strikes += 1
        for index, f, path in late:
            if f.path is not None and f.session is session and not f.here:
                path.suspected(now)
            if f.here:
                f.at = now
            else:
                self._lost_entry(line.annex.number, index, now)
                del own.flight[index]
        if any(f.here for _, f, _ in late):
            self.say(session, self.state_of(line.annex.number, True).frame())

    def _lost_entry(self, line: int, index: int, now: float) -> None:
        for s in self.sessions:
            for sp in s.paths.values():
                for sent in [p for p in sp.sent.values() if (line, index) in p.entries]:
                    sent.entries.remove((line, index))
                    if not sent.entries and not sent.wants_ack:
                        sp.state.congestion.lost(sent, now)
                        del sp.sent[sent.counter]

    # ---- blobs and acknowledgements ----

    def _acks(self, now: float) -> None:
        """An acknowledgement speaks of the session on which it travels: also of one that is sent on no more."""
        for session in self.sessions:
            for number, sp in session.paths.items():
                if sp.ack_due is not None and now >= sp.ack_due and session.usable():
                    self.say(session, sp.take_ack(now), self.best_path().number if sp.state.suspect else number)

    def _data_timeouts(self, now: float) -> None:
        """packet.md section 5: what drew no acknowledgement in its time is sent again; the time doubles."""
        for state, sp in [(p.state, p) for s in self.sessions for p in s.paths.values()]:
            wait = max(state.timeout(state.data_doublings), LEAST_DATA_TIMEOUT)
            late = [p for p in sp.sent.values() if p.wants_ack and now - p.at > wait]
            for sent in late:
                del sp.sent[sent.counter]
                state.congestion.lost(sent, now)
                self.documents.author.lost(sent.blobs)
            if late:
                state.data_doublings = min(state.data_doublings + 1, 8)
                state.suspected(now)

    def _documents(self, session: Session, now: float) -> None:
        """document.md section 3: as the window allows, after the entries."""
        for _ in range(BURST):
            path = self.best_path()
            room = session.room(path.number)
            cc = path.congestion
            if not self.documents.author.to_send() or not cc.room(room) or now < cc.next_at:
                return
            got = self.documents.author.next_data(room)
            if got is None:
                return
            for part in session.cut(got[0], path.number):
                self.packet(session, path.number, [part], [("blob", got[1])], now)

    # ---- time ----

    def busy(self) -> bool:
        """Whether something is due within milliseconds."""
        s = self.current
        return s is not None and (self.documents.author.to_send() or any(p.ack_due is not None for x in self.sessions for p in x.paths.values()))

    def tick(self, now: float) -> None:
        """Everything that time alone makes due."""
        self.now = now
        self.amendment.tick(now)
        self._sessions(now)
        self._acks(now)
        self._data_timeouts(now)
        session = self.current
        self.documents.tick(now, session)
        if session is not None:
            self.contact.tick(now)
            self._lines(session, now)
            self._probes(session, now)
            self.flush(now)          # entries go before data at each packet
            if session is self.current:
                self._documents(session, now)
            heartbeat = self.files.accord.session["heartbeat_seconds"]
            if session.strikes >= STRIKES or now - session.heard >= SILENT_HEARTBEATS * heartbeat:
                self.no_answer(session, now)
        self.flush(now)
        self.expire(now)

    def _sessions(self, now: float) -> None:
        """session.md sections 5 and 6: when a handshake is begun."""
        session, hs = self.current, self.handshake
        fresh = 60.0 * self.files.accord.session["fresh_handshake_minutes"]
        # One that was answered a moment ago is about to be confirmed: another would only cross it.
        due = session is None and not any(not s.initiator and now - s.created < 1.0 for s in self.sessions)
        if session is not None:
            due = session.silent or now - session.created >= fresh + (0 if session.initiator else RESPONDER_PATIENCE)
        if due and now >= hs.next_at:
            packet = hs.initiate(now)
            for p in self.path_states:
                self.put(p.number, packet)

    def _probes(self, session: Session, now: float) -> None:
        """packet.md section 5: an idle session's heartbeat; section 7: probes of a suspect path."""
        heartbeat = self.files.accord.session["heartbeat_seconds"]
        for number, sp in session.paths.items():
            state = sp.state
            sp.probes = {k: p for k, p in sp.probes.items() if not (p[1] and now - p[0] >= 3 * state.timeout())}
            oldest = min((at for at, filled, _ in sp.probes.values() if not filled), default=None)
            if oldest is not None and now - oldest >= state.timeout():
                sp.probes = {s: p for s, p in sp.probes.items() if p[0] > oldest or now - p[0] < 30}
                if not state.suspect:
                    state.suspected(now)
            if state.suspect and now >= state.probe_at:
                self.probe(session, number, now, by_any=state.probed(now))
            elif not state.suspect and now - max(state.sent_at, session.created) >= heartbeat:
                self.probe(session, number, now)

    def no_answer(self, session: Session, now: float) -> None:
        """session.md section 6: a handshake is started; what is sent goes on this session until another is confirmed."""
        session.strikes = 0
        if not session.silent:
            session.silent = True
            self.note(f"session {session.id.hex()} draws no answer")
            self.handshake.next_at = now

    def give_up(self, session: Session, why: str, now: float) -> None:
        """packet.md section 2: its counters are used up."""
        if session.given_up:
            return
        self.note(f"session {session.id.hex()} is given up: {why}")
        session.given_up = True
        for line in self.lines.values():
            for i in [i for i, f in line.own.flight.items() if f.session is session]:
                del line.own.flight[i]
            line.own.backoff = 0
        self.handshake.next_at = now
        self.choose()
