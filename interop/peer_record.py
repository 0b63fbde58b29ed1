"""Entries, leaves, trees, checkpoints, cosignatures, officers' signatures (record.md sections 1 to 6)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import peer_cbor as cbor
from peer_cbor import Tag
from peer_creds import safe_text, sig_structure, verify
from peer_accord import key_id
from peer_keys import SaltKeys, month_of, sha256

MAX_ENTRY = 1024
MAX_SIZE = (1 << 62) - 1
MESSAGE, PERSON_RECEIPT, EPOCH, BULLETIN, ADOPTION = 1, 2, 3, 4, 19
PRECEDENCES = ("routine", "priority", "immediate", "flash")
CLASSES = ("live", "drill", "test")
EMPTY_SIGNATURES = b"\x80"
OFFICER_COUNTER, ACCORD_VERSION = -70001, -70002


class RecordError(ValueError):
    """Not an entry as record.md says."""


def origin(lineage: bytes, line: int, side: str, post: str, epoch: bytes) -> str:
    """Section 1."""
    return f"detente/{lineage.hex()}/{line}/{side}/{post}/{epoch.hex()}"


# ---- section 2: the header ---------------------------------------------------------------------

def _need(ok, what: str) -> None:
    if not ok:
        raise RecordError(what)


def _uint(v, low: int, high: int, what: str) -> None:
    _need(isinstance(v, int) and low <= v <= high, what)


def _text(v, most: int, what: str) -> None:
    _need(isinstance(v, str) and 1 <= len(v.encode()) <= most, what)


def _digest(v, n: int, what: str) -> None:
    _need(isinstance(v, bytes) and len(v) == n, what)


def _array(v, low: int, high: int, what: str) -> list:
    _need(isinstance(v, list) and low <= len(v) <= high, what)
    return v


def check_header(h: dict) -> None:
    """The header registry: every field's form, nothing unknown, nothing that is what absence means."""
    _need(isinstance(h, dict) and set(h) <= set(range(1, 19)), "unknown header key")
    _need({1, 2, 4, 6} <= set(h) and h[1] == 1, "header without version, line, kind or time")
    _uint(h[2], 0, 65535, "line")
    _uint(h[4], 1, 65535, "kind")
    _uint(h[6], 0, (1 << 32) - 1, "time")
    for key, low, high in ((3, 1, 2), (5, 1, 65535), (8, 1, MAX_SIZE), (9, 1, 3), (10, 0, (1 << 32) - 1), (11, 0, (1 << 32) - 1), (16, 1, 4)):
        if key in h:
            _uint(h[key], low, high, f"header key {key}")
    if 7 in h:
        epoch, size, root = _array(h[7], 3, 3, "seen")
        _digest(epoch, 16, "seen")
        _uint(size, 1, MAX_SIZE, "seen")
        _digest(root, 32, "seen")
    for ref in _array(h[12], 1, 4, "references") if 12 in h else []:
        whose, epoch, index, leaf = _array(ref, 4, 4, "reference")
        _uint(whose, 0, 1, "reference")
        _digest(epoch, 16, "reference")
        _uint(index, 0, MAX_SIZE, "reference")
        _digest(leaf, 32, "reference")
    if 13 in h:
        lists = [_array(part, 0, 16, "addressees") for part in _array(h[13], 2, 2, "addressees")]
        _need(lists[0] or lists[1], "addressees")
        for post in lists[0] + lists[1]:
            _text(post, 32, "addressee")
    for key, most in ((14, 40), (18, 120)):
        if key in h:
            _text(h[key], most, f"header key {key}")
    for copy in _array(h[15], 1, 8, "copies") if 15 in h else []:
        for part in _array(copy, 2, 2, "copy"):
            _digest(part, 32, "copy")
    for a in _array(h[17], 1, 8, "attachments") if 17 in h else []:
        _array(a, 3, 4, "attachment")
        _digest(a[0], 32, "attachment")
        _uint(a[1], 0, (1 << 64) - 1, "attachment")
        _text(a[2], 80, "media type")
        if len(a) == 4:
            _text(a[3], 100, "file name")


def check_body(h: dict, body: bytes, index: int) -> None:
    """Section 3, for an author: a receiver stores any body, since refusing one entry would stop the log."""
    kind, form = h[4], h.get(16)
    if kind == MESSAGE and form is None:
        _need(safe_text(body), "text of a message")
    if kind in (PERSON_RECEIPT, EPOCH, BULLETIN):
        _need(form == 4, "body form")
        try:
            item = cbor.decode(body)
        except cbor.CborError as e:
            raise RecordError(f"body: {e}") from e
        if kind == PERSON_RECEIPT:
            _need(isinstance(item, list) and len(item) == 1 and item[0] in (0, 1, 2) and len(h.get(12, [])) == 1, "person's receipt")
        if kind == BULLETIN:
            _need(isinstance(item, bytes) and h[2] == 0, "bulletin entry")
        if kind == EPOCH:
            _need(index == 0, "epoch entry not at index 0")
            if item is not None:
                _array(item, 3, 3, "epoch entry")
                _digest(item[0], 16, "epoch entry")
                _uint(item[1], 0, MAX_SIZE, "epoch entry")
                _digest(item[2], 32, "epoch entry")


# ---- sections 4 and 5 ----------------------------------------------------------------------------

@dataclass
class OfficerSignature:
    officer: int
    counter: int
    version: int
    signature: bytes

    def protected(self) -> bytes:
        return cbor.encode({1: -8, 4: self.officer.to_bytes(2, "big"), OFFICER_COUNTER: self.counter, ACCORD_VERSION: self.version})

    def item(self) -> Tag:
        return Tag(18, [self.protected(), {}, None, self.signature])


def intent_of(h: dict) -> dict:
    return {k: v for k, v in h.items() if k not in (7, 8)}


def officer_message(sig: OfficerSignature, accord_digest: bytes, h: dict, body: bytes) -> bytes:
    """Section 5: what an officer signs."""
    payload = cbor.encode(["detente/1 officer", accord_digest, intent_of(h), body])
    return sig_structure(sig.protected(), b"", payload)


@dataclass
class Entry:
    """An entry of section 2: `header` as a map; `body` is the byte string's content."""
    header: dict
    body: bytes
    signatures: list[OfficerSignature] = field(default_factory=list)

    def encoded(self) -> tuple[bytes, bytes, bytes]:
        return cbor.encode(self.header), cbor.encode(self.body), cbor.encode([s.item() for s in self.signatures])

    def check(self, index: int, deniable: bool) -> None:
        """What its author may sign."""
        check_body(self.header, self.body, index)
        self.check_form(deniable)

    def check_form(self, deniable: bool) -> None:
        """What a receiver takes."""
        check_header(self.header)
        _need(len(self.signatures) <= 4 and not (deniable and self.signatures), "signatures")
        if self.signatures:
            _need(self.header.get(5) == self.signatures[0].officer, "author is not the first signer")
        for s in self.signatures:
            _uint(s.officer, 1, 65535, "officer")
            _uint(s.counter, 0, (1 << 64) - 1, "officer counter")
            _uint(s.version, 1, (1 << 32) - 1, "accord version")
        _need(sum(map(len, self.encoded())) <= MAX_ENTRY, "entry too long")

    def leaf(self, salts: SaltKeys, month: int, log: str, index: int) -> bytes:
        """Section 4; `month` is the greatest of this log up to here."""
        header, body, signatures = self.encoded()
        inner = sha256(salts.salt(month, log, index), body, signatures)
        return sha256(b"\x00", header, inner)

    @property
    def month(self) -> int:
        return month_of(self.header[6])

    @property
    def precedence(self) -> int:
        return self.header.get(9, 0)

    @staticmethod
    def decode(header: bytes, body: bytes, signatures: bytes) -> "Entry":
        """From the three stored byte strings."""
        out = []
        for item in cbor.decode(signatures):
            protected, unprotected, payload, sig = item.value
            p = cbor.decode(protected)
            if item.number != 18 or unprotected != {} or payload is not None or set(p) != {1, 4, OFFICER_COUNTER, ACCORD_VERSION}:
                raise RecordError("officer's signature")
            out.append(OfficerSignature(int.from_bytes(p[4], "big"), p[OFFICER_COUNTER], p[ACCORD_VERSION], sig))
        return Entry(cbor.decode(header), cbor.decode(body), out)


# ---- the tree (RFC 6962) ---------------------------------------------------------------------------

EMPTY_ROOT = sha256()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


class Tree:
    """RFC 6962's tree over leaf hashes; roots of every size."""

    def __init__(self, leaves=()):
        self.levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        level = 0
        self.levels[0].append(leaf)
        while len(self.levels[level]) % 2 == 0:
            pair = self.levels[level][-2:]
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(node(*pair))

    def root(self, size: int | None = None, more: list[bytes] = ()) -> bytes:
        """Root of the first `size` leaves, with `more` leaves behind them (which are not kept)."""
        size = len(self) if size is None else size
        if size > len(self):
            raise RecordError("no such size")
        peaks, at = [], 0
        for level in reversed(range(len(self.levels))):
            if size >> level & 1:
                peaks.append((level, self.levels[level][at >> level]))
                at += 1 << level
        for leaf in more:
            level, h = 0, leaf
            while peaks and peaks[-1][0] == level:
                h = node(peaks.pop()[1], h)
                level += 1
            peaks.append((level, h))
        if not peaks:
            return EMPTY_ROOT
        root = peaks[-1][1]
        for _, h in reversed(peaks[:-1]):
            root = node(h, root)
        return root

    def path(self, index: int) -> list[bytes]:
        """RFC 9162 section 2.1.3.1 over all leaves."""
        def walk(m, lo, hi):
            n = hi - lo
            if n == 1:
                return []
            k = 1 << (n - 1).bit_length() - 1
            if m < k:
                return walk(m, lo, lo + k) + [sub(lo + k, hi)]
            return walk(m - k, lo + k, hi) + [sub(lo, lo + k)]

        def sub(lo, hi):
            n = hi - lo
            if n == 1 << n.bit_length() - 1 and lo % n == 0:
                return self.levels[n.bit_length() - 1][lo // n]
            k = 1 << (n - 1).bit_length() - 1
            return node(sub(lo, lo + k), sub(lo + k, hi))
        return walk(index, 0, len(self))


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """RFC 9162 section 2.1.3.2: the root that follows, None for a wrong number of hashes."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


# ---- section 6 ---------------------------------------------------------------------------------------

def checkpoint_text(log: str, size: int, root: bytes) -> bytes:
    """C2SP tlog-checkpoint without extension lines."""
    return f"{log}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def cosignature_message(text: bytes, at: int) -> bytes:
    """C2SP tlog-cosignature, cosignature/v1."""
    return f"cosignature/v1\ntime {at}\n".encode() + text


def verify_checkpoint(key: bytes, log: str, size: int, root: bytes, signature: bytes) -> bool:
    return verify(key, signature, checkpoint_text(log, size, root))


def verify_cosignature(key: bytes, log: str, size: int, root: bytes, at: int, signature: bytes) -> bool:
    return verify(key, signature, cosignature_message(checkpoint_text(log, size, root), at))


def signed_note(log: str, size: int, root: bytes, key: bytes, signature: bytes) -> str:
    """The checkpoint as people exchange it."""
    line = base64.b64encode(key_id(log, key) + signature).decode()
    return checkpoint_text(log, size, root).decode() + f"\n\u2014 {log} {line}\n"
