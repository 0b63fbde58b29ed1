"""A signing key out of its sealed file (spec/credential.md; the age format), for a test that signs what no desk and no vault would."""

import base64
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt


def _raw(text):
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _opened(file, passphrase):
    """What is in an age file of one chunk, sealed with a passphrase."""
    data = pathlib.Path(file).read_bytes()
    _, recipient, sealed_key, _ = data.split(b"\n", 4)[:4]
    _, kind, salt, work_factor = recipient.split(b" ")
    assert kind == b"scrypt", recipient
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + _raw(salt), 32, 1 << int(work_factor), 8, 1).derive(passphrase)
    file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), _raw(sealed_key), b"")
    payload = data[data.index(b"\n", data.index(b"\n--- ") + 1) + 1:]
    key = HKDF(SHA256(), 32, payload[:16], b"payload").derive(file_key)
    return ChaCha20Poly1305(key).decrypt(bytes(11) + b"\1", payload[16:], b"")


def signing_key(file, passphrase_file):
    """The Ed25519 key of a side's root or of an officer."""
    passphrase = pathlib.Path(passphrase_file).read_bytes().strip()
    return Ed25519PrivateKey.from_private_bytes(_opened(file, passphrase)[:32])
