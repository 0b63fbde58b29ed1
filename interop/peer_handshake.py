"""Both ends of the handshake, the counter, notices and the psk chain (session.md sections 1 to 4, 6 and 7)."""

from __future__ import annotations

import copy
import hmac as compare
import random
from dataclasses import dataclass, field

from peer_keys import hmac256, psk_forward
from peer_noise import Handshake, NoiseError
from peer_session import Session

FIRST, REPLY, NOTICE, FIRST_CONTACT = 0x01, 0x02, 0x03, 0x11
HANDSHAKE_TYPES = (FIRST, REPLY, NOTICE, FIRST_CONTACT)
BLOCK = 64
MOST_STEPS = 24
ACCORDS_DIFFER, EPOCH_SPENT = 1, 2
FIRST_PAUSE, MOST_PAUSE, LAST_PAUSE = 1.0, 5.0, 30.0
BRISK_CALLS = 24
OLD_LIFE_SECONDS = 30


@dataclass
class Outstanding:
    """The first packet that is not answered."""
    noise: Handshake
    c: int
    counter: bytes
    psk_epoch: int
    packet: bytes
    at: float
    contact: bool
    crossed: list[Session] = field(default_factory=list)


class Handshaker:
    def __init__(self, station):
        self.st, self.store, self.files = station, station.store, station.files
        self.out: Outstanding | None = None
        self.pause, self.next_at = FIRST_PAUSE, 0.0
        self.calls = 0                         # since the last session
        self.bound = self.store.get("c_bound", 0)
        self.last = self.bound                 # what was used before a restart is at most the bound
        self.far_c = self.store.get("far_c", 0)
        self.psk_epoch = self.store.get("psk_epoch")
        if self.psk_epoch is None:
            if self.files.psk_0 is None:
                raise ValueError("the pair file holds no psk_0 and the state has no chain: this pair is lost to this peer")
            with self.store.transaction():
                self._keep_psk(0, self.files.psk_0)
        self.psk = self.store.get("psk")
        self.psk_began = self.store.get("psk_began")
        self.counts = {"dropped": 0, "notices": 0, "answered": 0}
        self.unread_c = 0
        self.other_accord: bytes | None = None

    def _keep_psk(self, epoch: int, psk: bytes) -> None:
        """Section 7: persisted, and the one before is gone with the same transaction."""
        self.store.put("psk_epoch", epoch)
        self.store.put("psk", psk)
        self.store.put("psk_began", self.st.wall())
        self.psk_epoch, self.psk, self.psk_began = epoch, psk, self.st.wall()

    def move_psk(self, epoch: int) -> None:
        with self.store.transaction():
            self._keep_psk(epoch, psk_forward(self.psk, epoch - self.psk_epoch))

    # ---- initiator ----

    def wanted_epoch(self) -> int:
        """Section 7: whether this initiator proposes e + 1."""
        age = self.st.wall() - self.psk_began
        due = age < 0 or age >= 3600 * self.files.accord.session["secret_step_hours"]
        return self.psk_epoch + (1 if due and self.psk_epoch < 0xFFFF else 0)

    def _next_c(self) -> int:
        """Section 3: above the last and not below the clock, under a bound that is durable first."""
        c = max(self.last + 1, self.st.wall())
        if c > self.bound:
            self.bound = c + BLOCK - 1
            with self.store.transaction():
                self.store.put("c_bound", self.bound)
        self.last = c
        return c

    def prologue(self, head: bytes) -> bytes:
        return b"detente/1" + self.files.accord.digest + head

    def initiate(self, now: float) -> bytes:
        """A new first packet, for all paths (packet.md section 7)."""
        epoch, c, contact = self.wanted_epoch(), self._next_c(), self.st.contact.at_first
        counter = epoch.to_bytes(2, "big") + c.to_bytes(4, "big")
        head = bytes([FIRST_CONTACT if contact else FIRST]) + self.files.own_hint + counter
        noise = Handshake(True, self.files.noise_key, self.files.other_noise_key, psk_forward(self.psk, epoch - self.psk_epoch),
                          self.prologue(head))
        body = head + noise.write_1()
        packet = body + hmac256(self.files.own_mac, body)[:24]
        crossed = self.out.crossed if self.out else []
        self.out = Outstanding(noise, c, counter, epoch, packet, now, contact, crossed)
        self.next_at = now + self.pause * (1 + random.random() / 4)
        self.calls += 1
        self.pause = min(2 * self.pause, MOST_PAUSE if self.calls < BRISK_CALLS else LAST_PAUSE)
        return packet

    def on_reply(self, packet: bytes, now: float) -> tuple[Session, bytes] | None:
        """Section 3: message 2 for the c that is outstanding; anything else leaves the handshake as it is."""
        out = self.out
        if len(packet) not in (63, 68) or out is None or packet[1:5] != self.files.other_hint or packet[5:11] != out.counter:
            return None
        noise = copy.copy(out.noise)
        try:
            payload = noise.read_2(packet[11:])
        except NoiseError:
            return None
        if payload[4:5] not in (b"", b"\0", b"\1"):
            return None
        last_c, payload = int.from_bytes(payload[:4], "big"), payload[4:]
        if last_c > self.far_c:
            self._persist(last_c)       # section 4: what it called with before draws nothing more
        session = Session(noise.session_id(), out.c, True, out.psk_epoch, noise.split(), self.files, self.st.path_states, now)
        for other in out.crossed:
            session.crossed, other.crossed = other, session
        self.out, self.pause, self.calls = None, FIRST_PAUSE, 0
        self.other_accord = None
        return session, payload

    def on_notice(self, packet: bytes) -> bool:
        """Section 4, notices: only for the c that is outstanding and with a good MAC.  True: try again at once."""
        out = self.out
        if len(packet) != 68 or out is None or packet[1:5] != self.files.other_hint or packet[5:11] != out.counter:
            return False
        if not compare.compare_digest(hmac256(self.files.other_mac, packet[:44])[:24], packet[44:]):
            return False
        code, data = packet[11], packet[12:44]
        if code == ACCORDS_DIFFER:
            if self.st.amendment.answered_by(data):
                return False
            self.other_accord = data
            self.st.alarm("other-accord", f"here {self.files.accord.digest.hex()}, there {data.hex()}")
            self.pause = LAST_PAUSE
            return False
        if code == EPOCH_SPENT and not any(data[2:]):
            theirs = int.from_bytes(data[:2], "big")
            if theirs <= self.psk_epoch:
                return False
            self.move_psk(min(theirs, self.psk_epoch + MOST_STEPS))
            self.out, self.pause, self.next_at = None, FIRST_PAUSE, 0.0
            return True
        return False

    # ---- responder ----

    def on_first(self, packet: bytes, now: float) -> tuple[Session | None, bytes | None]:
        """Section 4, in its order.  The new session where one was made, and what to send (None: nothing at all)."""
        files = self.files
        if len(packet) != 83 or packet[1:5] != files.other_hint:
            return None, None
        if not compare.compare_digest(hmac256(files.other_mac, packet[:59])[:24], packet[59:]):
            return None, None
        e, c = int.from_bytes(packet[5:7], "big"), int.from_bytes(packet[7:11], "big")
        if c <= self.far_c:
            return None, None
        if e < self.psk_epoch:
            if not self._newest_unread(c):
                return None, None
            return None, self._notice(packet, EPOCH_SPENT, self.psk_epoch.to_bytes(2, "big") + bytes(30))
        if e > self.psk_epoch + MOST_STEPS:
            with self.store.transaction():
                self.move_psk(self.psk_epoch + MOST_STEPS)
            return None, None
        noise = Handshake(False, files.noise_key, files.other_noise_key, psk_forward(self.psk, e - self.psk_epoch),
                          self.prologue(packet[:11]))
        try:
            noise.read_1(packet[11:59])
        except NoiseError:
            if self.st.amendment.reads_as_successor(packet, psk_forward(self.psk, e - self.psk_epoch)):
                self._persist(c)
                return None, None       # amendment.md section 4: its sender calls again
            if not self._newest_unread(c):
                return None, None
            return None, self._notice(packet, ACCORDS_DIFFER, files.accord.digest)
        self._persist(c)
        payload = self.st.contact.reply_payload(packet[0] == FIRST_CONTACT, now)
        reply = bytes([REPLY]) + files.own_hint + packet[5:11] + noise.write_2(self.last.to_bytes(4, "big") + payload)
        session = Session(noise.session_id(), c, False, e, noise.split(), files, self.st.path_states, now)
        if self.out is not None:
            self.out.crossed.append(session)
        self.counts["answered"] += 1
        return session, reply

    def _newest_unread(self, c: int) -> bool:
        """Section 4: a packet that does not read draws a notice where its c is above that of all such before it."""
        if c <= self.unread_c:
            return False
        self.unread_c = c
        return True

    def _persist(self, c: int) -> None:
        with self.store.transaction():
            self.store.put("far_c", c)
        self.far_c = c

    def _notice(self, packet: bytes, code: int, data: bytes) -> bytes:
        self.counts["notices"] += 1
        body = bytes([NOTICE]) + self.files.own_hint + packet[5:11] + bytes([code]) + data
        return body + hmac256(self.files.own_mac, body)[:24]

    # ---- confirmed ----

    def confirmed(self, session: Session) -> None:
        """Section 7: psk_{e+1} is persisted and psk_e deleted once a session under e + 1 is confirmed."""
        if session.psk_epoch > self.psk_epoch:
            self.move_psk(session.psk_epoch)
