"""Ed25519 as spec/ asks: keys canonical and not of small order, S < L, R compared as bytes.

The checks are our own integers; the group arithmetic of a verification is python3-cryptography's,
which has no cofactor in it.
"""

import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _x_of(y):
    """One of the two x of a point with this y; None when there is no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_M1 % P
    return x if x * x % P == square else None


def _add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


@functools.lru_cache(1024)  # one key signs many entries
def key_is_good(key):
    """Whether a key from outside may be used at all."""
    if len(key) != 32:
        return False
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if y >= P:
        return False
    x = _x_of(y)
    if x is None:
        return True  # no point: nothing verifies under it
    point = (x, y)
    for _ in range(3):
        point = _add(point, point)
    return point != (0, 1)


def verify(key, message, signature):
    if len(signature) != 64 or not key_is_good(key):
        return False
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes(key)).verify(bytes(signature), bytes(message))
        return True
    except (InvalidSignature, ValueError):
        return False


def x25519_is_good(key):
    """Canonical and not of small order."""
    if len(key) != 32 or int.from_bytes(key, "little") >= P:
        return False
    probe = X25519PrivateKey.from_private_bytes(b"\x01" + bytes(31))
    try:
        return any(probe.exchange(X25519PublicKey.from_public_bytes(bytes(key))))
    except ValueError:
        return False
