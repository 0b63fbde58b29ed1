"""Ed25519 as the specification wants it, credentials, bulletins and the roster (accord.md section 2, credential.md)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import peer_cbor as cbor
from peer_cbor import Tag
from peer_keys import sha256

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_SMALL_Y = {0, 1, P - 1,
            int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
            int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little")}
STATION, OFFICER, PRINCIPAL = 1, 2, 3


class CredentialError(ValueError):
    """A credential, bulletin or note that is not as the specification says."""


def good_ed25519(key: bytes) -> bool:
    """accord.md section 2: canonical and not of small order."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return len(key) == 32 and y < P and y not in _SMALL_Y


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """accord.md section 2: RFC 8032 without cofactor, S < L (OpenSSL's check is this one)."""
    if len(signature) != 64 or not good_ed25519(key) or int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def public_of(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def is_name(text) -> bool:
    """accord.md section 1: name."""
    return (isinstance(text, str) and 1 <= len(text) <= 32 and "a" <= text[0] <= "z"
            and all("a" <= c <= "z" or "0" <= c <= "9" or c == "-" for c in text))


def safe_text(raw: bytes, line: bool = False) -> bool:
    """accord.md section 1: safe text, or safe line."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    for ch in text:
        c = ord(ch)
        if c < 0x20 and (line or c not in (9, 10)):
            return False
        if (0x7F <= c < 0xA0 or 0x202A <= c <= 0x202E or 0x2066 <= c <= 0x2069 or c in (0x2028, 0x2029, 0xFEFF)
                or 0xE0000 <= c <= 0xE007F or 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE):
            return False
    return True


def sig_structure(protected: bytes, aad: bytes, payload: bytes) -> bytes:
    """RFC 9052 section 4.4."""
    return cbor.encode(["Signature1", protected, aad, payload])


def signed_by(raw: bytes) -> bytes | None:
    """The key id that a root-signed item names, where it has one."""
    try:
        return cbor.decode(cbor.decode(raw).value[0]).get(4)
    except (cbor.CborError, AttributeError, TypeError, IndexError):
        return None


def open_root_signed(raw: bytes, roots: dict[str, bytes], what: str):
    """credential.md section 1.  The payload, and the side whose root signed it."""
    try:
        item = cbor.decode(raw)
        if not isinstance(item, Tag) or item.number != 18 or len(item.value) != 4:
            raise CredentialError("not a COSE_Sign1")
        protected, unprotected, payload, signature = item.value
        head = cbor.decode(protected)
        if unprotected != {} or set(head) != {1, 4} or head[1] != -8:
            raise CredentialError("headers")
        for side, root in roots.items():
            if head[4] == sha256(root)[:8]:
                if not verify(root, signature, sig_structure(protected, b"detente/1 " + what.encode(), payload)):
                    raise CredentialError("signature of the root")
                return cbor.decode(payload), side
    except (cbor.CborError, TypeError, AttributeError, KeyError) as e:
        raise CredentialError(str(e)) from e
    raise CredentialError("signed by no known root")


@dataclass(frozen=True)
class Credential:
    role: int
    side: str
    post: str
    number: int
    key: bytes
    x25519: bytes
    cosign: bytes
    lines: tuple[int, ...] | None
    not_before: int
    not_after: int

    def valid(self, at: int, line: int) -> bool:
        """credential.md section 2: policy of the reader: time and line."""
        return self.not_before <= at <= self.not_after and (self.lines is None or line in self.lines)


def read_credential(raw: bytes, roots: dict[str, bytes]) -> Credential:
    """credential.md section 2."""
    if len(raw) > 2048:
        raise CredentialError("credential too long")
    m, side = open_root_signed(raw, roots, "credential")
    if not isinstance(m, dict) or not {1, 2, 3, 4, 5, 6, 7, 10, 11} <= set(m) or set(m) - set(range(1, 13)):
        raise CredentialError("fields of a credential")
    role, lines = m[2], m.get(9)
    ok = (m[1] == 1 and role in (1, 2, 3) and m[3] == side and is_name(m[4]) and isinstance(m[5], int) and 1 <= m[5] <= 65535
          and isinstance(m[6], bytes) and good_ed25519(m[6]) and isinstance(m[7], bytes) and len(m[7]) == 32
          and int.from_bytes(m[7], "little") < P and (8 in m) == (role == STATION) and all(isinstance(m[k], int) for k in (10, 11))
          and 0 <= m[10] <= m[11] < 1 << 32)
    if ok and lines is not None:
        ok = (isinstance(lines, list) and 1 <= len(lines) <= 256 and lines == sorted(set(lines))
              and 0 <= lines[0] and lines[-1] <= 65535)
    if ok and role == STATION:
        ok = isinstance(m[8], bytes) and good_ed25519(m[8]) and 12 not in m
    if ok and 12 in m:
        ok = isinstance(m[12], bytes) and len(m[12]) == 32
    keys = [m[6], m[7]] + ([m[8]] if 8 in m else []) + [roots[side]]
    if not ok or len(set(keys)) != len(keys):
        raise CredentialError("value in a credential")
    return Credential(role, side, m[4], m[5], m[6], m[7], m.get(8, b""), tuple(lines) if lines is not None else None, m[10], m[11])


class Roster:
    """credential.md section 4: the union of what the bulletins of both sides say."""

    def __init__(self, roots: dict[str, bytes]):
        self.roots = dict(roots)
        self.former: list[tuple[str, bytes, int, int]] = []      # side, root key, last bulletin and credential that count
        self.raw: dict[tuple[str, int], bytes] = {}
        self.credentials: dict[tuple[str, int], tuple[bytes, Credential]] = {}
        self.revoked: dict[tuple[str, int], list] = {}
        self.refused: list[str] = []

    def renew(self, side: str, root: bytes, last_bulletin: int, last_credential: int) -> None:
        """accord.md section 5: of the root key so far, bulletins and credentials up to these numbers count."""
        if self.roots[side] != root:
            self.former.append((side, self.roots[side], last_bulletin, last_credential))
            self.roots[side] = root

    def _open(self, raw: bytes):
        """The payload, its side, the key that signed, and the last numbers of that key (None: the present one)."""
        for side, key, bulletin, credential in self.former:
            if signed_by(raw) == sha256(key)[:8]:
                return *open_root_signed(raw, {side: key}, "bulletin"), key, (bulletin, credential)
        b, side = open_root_signed(raw, self.roots, "bulletin")
        return b, side, self.roots[side], None

    def take(self, raw: bytes, only_side: str | None = None) -> bool:
        """credential.md section 3 and 4: a bulletin is taken whole or not at all.  True where it was new."""
        if len(raw) > 65536:
            raise CredentialError("bulletin too long")
        b, side, root, last = self._open(raw)
        if only_side not in (None, side):
            raise CredentialError("bulletin of the other side")
        try:
            version, name, number, issued, creds, revs = b
            if version != 1 or name != side or not 1 <= number < 1 << 64 or not 0 <= issued < 1 << 32 or max(len(creds), len(revs)) > 256:
                raise CredentialError("fields of a bulletin")
            got = [(c, read_credential(c, {side: root})) for c in creds]
            order = [(r[0], -1 if r[1] is None else r[1][0]) for r in revs]
        except (TypeError, ValueError, IndexError) as e:
            raise CredentialError(f"bulletin: {e}") from e
        if [c.number for _, c in got] != sorted({c.number for _, c in got}) or order != sorted(set(order)):
            raise CredentialError("order in a bulletin")
        old = self.raw.get((side, number))
        if old is not None:
            if old != raw:
                raise CredentialError("two bulletins of one number")
            return False
        if last is not None and (number > last[0] or any(c.number > last[1] for _, c in got)):
            raise CredentialError(f"signed by a root key of {side} that was replaced, and above the numbers that count of it")
        for c_raw, c in got:
            have = self.credentials.get((side, c.number))
            if have is not None and have[0] != c_raw:
                raise CredentialError("two credentials of one number")
        self.raw[(side, number)] = raw
        for c_raw, c in got:
            self.credentials[(side, c.number)] = (c_raw, c)
        for n, position in revs:
            self.revoked.setdefault((side, n), []).append(position)
        return True

    def get(self, side: str, number: int) -> Credential | None:
        got = self.credentials.get((side, number))
        return got[1] if got else None

    def station(self, side: str, post: str) -> Credential:
        """The highest number with role 1 at that post which is not revoked."""
        found = [c for (s, n), (_, c) in self.credentials.items()
                 if s == side and c.role == STATION and c.post == post and (s, n) not in self.revoked]
        if not found:
            raise CredentialError(f"no credential of station {side}/{post}")
        return max(found, key=lambda c: c.number)

    def officer_verdict(self, side: str, number: int, line: int, at: int, epoch: bytes, index: int) -> str:
        """Whether an officer's credential stands for an entry: "valid", or why not (credential.md sections 2 and 3)."""
        c = self.get(side, number)
        if c is None:
            return "no credential"
        if c.role not in (OFFICER, PRINCIPAL) or not c.valid(at, line):
            return "not valid"
        revs = self.revoked.get((side, number))
        if revs is None or any(r is not None and r[0] == line and r[1] == epoch and index < r[2] for r in revs):
            return "valid"
        return "not valid"
