"""Key derivations: session.md sections 1 and 7, accord.md section 7 (salt keys), packet.md section 3."""

from __future__ import annotations

import hashlib
import hmac
import time

DAY = 86400


def sha256(*parts: bytes) -> bytes:
    h = hashlib.sha256()
    for p in parts:
        h.update(p)
    return h.digest()


def hmac256(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract (RFC 5869)."""
    return hmac256(salt, material)


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand, 32 bytes: one block (session.md, conventions)."""
    return hmac256(key, info + b"\x01")


def psk_next(psk: bytes) -> bytes:
    """session.md section 1: psk_{e+1}."""
    return expand(psk, b"detente/1 psk next")


def psk_forward(psk: bytes, steps: int) -> bytes:
    for _ in range(steps):
        psk = psk_next(psk)
    return psk


def mac_key(psk_0: bytes, sender: str) -> bytes:
    """session.md section 1: K_mac(sender)."""
    return expand(psk_0, b"detente/1 mac\x00" + sender.encode())


def hint(psk_0: bytes, sender: str) -> bytes:
    """session.md section 1: hint(sender)."""
    return hmac256(expand(psk_0, b"detente/1 hint\x00" + sender.encode()), b"first packet")[:4]


def month_of(seconds: int) -> int:
    """accord.md section 7: month number of a UTC time, 0 before 2020, at most 1033."""
    t = time.gmtime(seconds)
    return min(max((t.tm_year - 2020) * 12 + t.tm_mon - 1, 0), 1033)


class SaltKeys:
    """accord.md section 7: K_m from the oldest key that is held.  psk_0, where it is still there,
    gives the months before the file's."""

    def __init__(self, month: int, key: bytes, psk_0: bytes | None = None):
        if psk_0 is not None:
            first = expand(psk_0, b"detente/1 salt")
            at_month = first
            for _ in range(month):
                at_month = expand(at_month, b"detente/1 salt next")
            if at_month != key:
                raise ValueError("the pair file's salt key does not follow from its psk_0")
            month, key = 0, first
        self.first = month
        self.keys = {month: key}
        self.last = month

    def key(self, month: int) -> bytes:
        if month < self.first:
            raise KeyError("the salt key of that month is gone")
        while self.last < month:
            self.keys[self.last + 1] = expand(self.keys[self.last], b"detente/1 salt next")
            self.last += 1
        return self.keys[month]

    def salt(self, month: int, origin: str, index: int) -> bytes:
        """record.md section 4: salt of entry `index` of the log `origin`."""
        return hmac256(self.key(month), origin.encode() + index.to_bytes(8, "big"))[:16]
