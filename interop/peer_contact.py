"""First contact of a life (session.md section 8)."""

from __future__ import annotations

from peer_handshake import OLD_LIFE_SECONDS
from peer_keys import sha256
from peer_session import Session
from peer_wire import Contact, Frame, LogState

FIRST_FLAG = 0x01


class FirstContact:
    def __init__(self, station):
        self.st = station
        self.lines: set[int] = set()             # lines for which contact is made
        self.answered = False                    # the other side's digest came in this life
        self.states: set[int] = set()            # lines whose state is still wanted
        self.ask_at: float | None = None
        self.doublings = 0
        self.found: list[str] = []

    @property
    def at_first(self) -> bool:
        return len(self.lines) < len(self.st.lines)

    def made(self, line: int) -> bool:
        return line in self.lines

    # ---- digests ----

    def _digest(self, mine: bool) -> bytes:
        out = b""
        for number in sorted(self.st.lines):
            pair = self.st.lines[number].pair
            far, own = pair.newest("far"), pair.newest("own")
            held = (far.epoch + far.size.to_bytes(8, "big")) if far and far.size else bytes(24)
            receipted = (own.epoch + own.receipted.to_bytes(8, "big")) if own and own.receipted else bytes(24)
            out += number.to_bytes(2, "big") + (held + receipted if mine else receipted + held)
        return sha256(out)[:4]

    def digest(self) -> bytes:
        """What this station holds."""
        return self._digest(True)

    def expected(self) -> bytes:
        """The digest that the other side has if both know all of each other: from the other end."""
        return self._digest(False)

    # ---- 1: within the handshake ----

    def reply_payload(self, asked: bool, now: float) -> bytes:
        """The responder's payload of the reply: none where it would take a session away, since the call may have been held back."""
        if not asked and not self.at_first:
            return b""
        if asked and any(s.usable() and now - s.created > OLD_LIFE_SECONDS for s in self.st.sessions):
            return b""
        self._leave_old(now)
        return bytes([FIRST_FLAG if self.at_first else 0]) + self.digest()

    def _leave_old(self, now: float) -> None:
        for s in list(self.st.sessions):
            if now - s.created > OLD_LIFE_SECONDS:
                self.st.leave(s)

    def on_reply_payload(self, session: Session, payload: bytes, now: float) -> Frame | None:
        """The initiator reads it; the frame is the one that the first packet on the new session carries."""
        if len(payload) != 5:
            if self.at_first:
                self.ask_at = now          # the other side did not answer type 11: ask by frame
            return None
        frame = None
        if payload[0] & FIRST_FLAG:
            self._leave_old(now)
            frame = Contact(False, True, self.digest()).frame()
        self.heard(payload[1:], session, now)
        return frame

    # ---- 2: by frame ----

    def confirmed(self, now: float) -> None:
        """A responder at its first contact waits a little for the contact frame that the initiator owes it."""
        if self.at_first and not self.answered and self.ask_at is None:
            self.ask_at = now + self.st.best_path().timeout()

    def on_frame(self, f: Contact, session: Session, now: float) -> None:
        if f.first:
            for s in list(self.st.sessions):
                if s.id not in f.sessions and s is not session:
                    self.st.leave(s)
            self.st.say(session, self._own_frame(True, self.at_first))
        self.heard(f.digest, session, now)

    def _own_frame(self, answer: bool, first: bool) -> Frame:
        ids = [s.id for s in self.st.sessions][-16:] if first else []
        return Contact(first, answer, self.digest(), ids).frame()

    # ---- 3 and 4 ----

    def heard(self, digest: bytes, session: Session, now: float) -> None:
        """Equal digests: contact for every line.  Otherwise a log state for every line, with an answer wanted."""
        first, self.answered = self.at_first, True
        if digest == self.expected():
            if first:
                self.lines = set(self.st.lines)
                self.states.clear()
                self.ask_at = None
                self.st.contact_made(sorted(self.lines))
            return
        self.states = set(self.st.lines) - (self.lines if first else set())
        self.doublings = 0
        self._ask(session, now)

    def _ask(self, session: Session, now: float) -> None:
        for number in sorted(self.states):
            self.st.say(session, self.st.state_of(number, True).frame())
        self.ask_at = now + self.st.best_path().timeout(self.doublings)

    def tick(self, now: float) -> None:
        """Like an unanswered entry: again after the timeout, doubled."""
        session = self.st.current
        if self.ask_at is None or now < self.ask_at or session is None:
            return
        if self.states:
            self.doublings += 1
            session.strikes += 1
            self._ask(session, now)
        elif self.at_first and not self.answered:
            self.st.say(session, self._own_frame(False, True))
            self.ask_at = now + self.st.best_path().timeout(self.doublings)
            self.doublings += 1
        else:
            self.ask_at = None

    def on_state(self, s: LogState) -> None:
        """Section 8.4, before anything is signed on the line."""
        self.states.discard(s.line)
        if not self.states and self.answered:
            self.ask_at = None
        if s.line in self.lines or not self.answered:
            return
        line = self.st.lines[s.line]
        self._own_disk(line, s)
        self._floor(line, s)
        if s.your_cut is not None and line.own.hold_cut(*s.your_cut):
            self.st.alarm("cut", f"line {line.annex.name}: the other side knows of a cut by this side, number {s.your_cut[0]}, that is not here; "
                                 "it is held, and nothing goes over the line")
        self.lines.add(s.line)
        self.st.contact_made([s.line])

    def _own_disk(self, line, s: LogState) -> None:
        """The other side holds more of this station's newest log than this station does, or an epoch that is not known here."""
        if s.yours is None:
            return
        epoch, size, root = s.yours
        log = line.pair.log("own", epoch)
        why = ""
        if log is None:
            why = "it holds an epoch of this station that is not known here"
        elif log is line.pair.newest("own") and size > log.size:
            why = f"it holds {size} entries of this station, and here are {log.size}"
        elif 0 < size <= log.size and log.root(size)[:8] != root:
            why = f"it holds another log of this station at size {size}"
        if why:
            returned = line.pair.store.back_to_desk(s.line, self.st.life_began)
            line.own.new_epoch()
            self.found.append(why)
            self.st.alarm("new-epoch", f"line {line.annex.name}: {why}; a new epoch begins, {returned} go back to the desk")

    def _floor(self, line, s: LogState) -> None:
        """The other side has this station's cosignature over a larger size than is held here."""
        if s.mine is None or s.receipted is None:
            return
        epoch, store = s.mine[0], line.pair.store
        log = line.pair.log("far", epoch)
        held = log.size if log else 0
        if s.receipted > held:
            with store.transaction():
                if log is None:
                    log = line.pair.new_log("far", epoch)
                store.set_floor(s.line, "far", epoch, s.receipted)
            log.floor = max(log.floor, s.receipted)
            self.found.append(f"line {s.line}: cosigned {s.receipted}, here are {held}")
            self.st.alarm("own-disk", f"line {line.annex.name}: this station cosigned {s.receipted} and holds {held}")
