"""Noise_KKpsk0_25519_ChaChaPoly_SHA256, revision 34 (session.md section 2).

    -> s, <- s
    ...
    -> psk, e, es, ss
    <- e, ee, se
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from peer_keys import hmac256, sha256

NAME = b"Noise_KKpsk0_25519_ChaChaPoly_SHA256"


class NoiseError(ValueError):
    """The message does not read."""


def public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(private: X25519PrivateKey, key: bytes) -> bytes:
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError as e:  # all-zero secret: a key of small order
        raise NoiseError("bad key") from e


def _hkdf(chain: bytes, material: bytes, n: int) -> list[bytes]:
    temp, out, last = hmac256(chain, material), [], b""
    for i in range(n):
        last = hmac256(temp, last + bytes([i + 1]))
        out.append(last)
    return out


class Handshake:
    """One handshake.  The initiator calls write_1, read_2; the responder read_1, write_2; then split()."""

    def __init__(self, initiator: bool, static: X25519PrivateKey, other: bytes, psk: bytes, prologue: bytes):
        self.initiator, self.s, self.rs, self.psk = initiator, static, other, psk
        self.h = sha256(NAME)  # 36 bytes: longer than a hash
        self.ck, self.k, self.n = self.h, None, 0
        self.mix_hash(prologue)
        mine = public(static)
        self.mix_hash(mine if initiator else other)
        self.mix_hash(other if initiator else mine)
        self.e: X25519PrivateKey | None = None
        self.re = b""

    def mix_hash(self, data: bytes) -> None:
        self.h = sha256(self.h, data)

    def mix_key(self, material: bytes) -> None:
        self.ck, self.k = _hkdf(self.ck, material, 2)
        self.n = 0

    def mix_key_and_hash(self, material: bytes) -> None:
        self.ck, temp, self.k = _hkdf(self.ck, material, 3)
        self.mix_hash(temp)
        self.n = 0

    def _nonce(self) -> bytes:
        n = bytes(4) + self.n.to_bytes(8, "little")
        self.n += 1
        return n

    def encrypt(self, plain: bytes) -> bytes:
        sealed = ChaCha20Poly1305(self.k).encrypt(self._nonce(), plain, self.h)
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed: bytes) -> bytes:
        try:
            plain = ChaCha20Poly1305(self.k).decrypt(self._nonce(), sealed, self.h)
        except InvalidTag as e:
            raise NoiseError("does not open") from e
        self.mix_hash(sealed)
        return plain

    def _ephemeral(self, e: X25519PrivateKey | None) -> bytes:
        self.e = e or X25519PrivateKey.generate()
        pub = public(self.e)
        self.mix_hash(pub)
        self.mix_key(pub)  # psk modes mix e into the key too (revision 34, section 9.2)
        return pub

    def write_1(self, e: X25519PrivateKey | None = None) -> bytes:
        self.mix_key_and_hash(self.psk)
        pub = self._ephemeral(e)
        self.mix_key(dh(self.e, self.rs))
        self.mix_key(dh(self.s, self.rs))
        return pub + self.encrypt(b"")

    def read_1(self, message: bytes) -> None:
        self.mix_key_and_hash(self.psk)
        self.re = message[:32]
        self.mix_hash(self.re)
        self.mix_key(self.re)
        self.mix_key(dh(self.s, self.re))
        self.mix_key(dh(self.s, self.rs))
        if self.decrypt(message[32:]) != b"":
            raise NoiseError("the first message has a payload")

    def write_2(self, payload: bytes, e: X25519PrivateKey | None = None) -> bytes:
        pub = self._ephemeral(e)
        self.mix_key(dh(self.e, self.re))
        self.mix_key(dh(self.e, self.rs))
        return pub + self.encrypt(payload)

    def read_2(self, message: bytes) -> bytes:
        re = message[:32]
        self.mix_hash(re)
        self.mix_key(re)
        self.mix_key(dh(self.e, re))
        self.mix_key(dh(self.s, re))
        return self.decrypt(message[32:])

    def split(self) -> tuple[bytes, bytes]:
        """k_i, k_r (session.md section 5)."""
        k_i, k_r = _hkdf(self.ck, b"", 2)
        return k_i, k_r

    def session_id(self) -> bytes:
        return sha256(b"detente/1 session", self.h)[:2]
