#!/usr/bin/env python3
"""Makes edge.json: Ed25519 keys and signatures on which implementations differ.

Plain integers and the formulas of RFC 8032, so that it shares no code with
what it tests. The rules that decide `key_ok` and `verify`:

key_ok: 32 bytes; y, with the sign bit masked, is below p; y is none of the five
  canonical values of the eight points whose order divides 8. (Whether y belongs
  to a point at all is not looked at: such a key verifies nothing.)
verify: key_ok; S < L; the encoding of [S]B - [k]A, with
  k = SHA-512(R || A || M) mod L, equals the 32 bytes of R. No cofactor.
"""
import hashlib
import json
import os

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y, sign):
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * ROOT % P
    if v * x * x % P != u:
        return None
    return (-x % P if x & 1 != sign else x), y, 1


# Points are (X, Y, Z) with x = X/Z and y = Y/Z, so that only encode() divides.
def add(p, q):
    a = p[2] * q[2] % P
    c, d = p[0] * q[0] % P, p[1] * q[1] % P
    e, f = D * c * d % P, a * a % P
    x = a * (f - e) * ((p[0] + p[1]) * (q[0] + q[1]) - c - d) % P
    return x, a * (f + e) * (d + c) % P, (f - e) * (f + e) % P


ZERO = (0, 1, 1)


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def times(n, p):
    out = ZERO
    while n:
        if n & 1:
            out = add(out, p)
        p = add(p, p)
        n >>= 1
    return out


def negate(p):
    return -p[0] % P, p[1], p[2]


BASE = recover(4 * pow(5, P - 2, P) % P, 0)


def number(n):
    return n.to_bytes(32, "little")


def encode(p):
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return number(y | (x & 1) << 255)


def challenge(r, a, m):
    return int.from_bytes(hashlib.sha512(r + a + m).digest(), "little") % L


def small_points():
    y = next(n for n in range(2, 100)
             if recover(n, 0) and not same(times(4, times(L, recover(n, 0))), ZERO))
    t8 = times(L, recover(y, 0))
    return [times(i, t8) for i in range(8)], t8


SMALL, T8 = small_points()
SMALL_Y = {int.from_bytes(encode(p), "little") & (2**255 - 1) for p in SMALL}
assert len(SMALL_Y) == 5 and same(times(8, T8), ZERO)


def key_ok(a):
    y = int.from_bytes(a, "little") & (2**255 - 1)
    return y < P and y not in SMALL_Y


def fits(a, m, s):
    """The equation alone, for any key."""
    y = int.from_bytes(a, "little")
    point = recover((y & (2**255 - 1)) % P, y >> 255)
    n = int.from_bytes(s[32:], "little")
    if point is None or n >= L:
        return False
    k = challenge(s[:32], a, m)
    return encode(add(times(n, BASE), negate(times(k, point)))) == s[:32]


CASES = []


def case(comment, a, m, s, verify):
    ok = key_ok(a)
    assert verify == (ok and fits(a, m, s)), comment
    CASES.append({"comment": comment, "public": a.hex(), "message": m.hex(), "signature": s.hex(),
                  "key_ok": ok, "verify": verify})


def secret(seed):
    h = hashlib.sha512(seed).digest()
    return (int.from_bytes(h[:32], "little") & (2**254 - 8)) | 2**254, h[32:]


def sign(seed, m):
    a, prefix = secret(seed)
    key = encode(times(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + m).digest(), "little") % L
    big_r = encode(times(r, BASE))
    return key, big_r + number((r + challenge(big_r, key, m) * a) % L)


def ordinary():
    seed = hashlib.sha256(b"detente edge").digest()
    m = b"we accept"
    a, s = sign(seed, m)
    n = int.from_bytes(s[32:], "little")
    case("ordinary", a, m, s, True)
    a0, s0 = sign(seed, b"")
    case("ordinary, empty message", a0, b"", s0, True)
    case("other message", a, b"we refuse", s, False)
    case("S + L", a, m, s[:32] + number(n + L), False)
    for i in range(2, 16):
        if n + i * L < 2**256:
            case(f"S + {i}L", a, m, s[:32] + number(n + i * L), False)
    case("S = L", a, m, s[:32] + number(L), False)
    case("S = 0", a, m, s[:32] + number(0), False)
    case("S = L - 1", a, m, s[:32] + number(L - 1), False)
    case("S all ones", a, m, s[:32] + b"\xff" * 32, False)
    for bit in (253, 254, 255):
        case(f"bit {bit} of S set", a, m, s[:32] + number(n | 1 << bit), False)
    for bit in (0, 7, 255, 256, 300, 507):
        t = bytearray(s)
        t[bit // 8] ^= 1 << bit % 8
        case(f"bit {bit} of the signature changed", a, m, bytes(t), False)
    t = bytearray(a)
    t[31] ^= 0x80
    case("sign of the key changed", bytes(t), m, s, False)
    case("signature of zeros", a, m, bytes(64), False)
    return seed


def bad_keys():
    b = encode(BASE)
    for y in (0, 1, P - 1, P, P + 1, *sorted(SMALL_Y - {0, 1, P - 1})):
        for sign_bit in (0, 1):
            a = number(y | sign_bit << 255)
            # R = B, S = 1 fits whenever [k]A is the identity: search a message.
            for i in range(64):
                m = b"text %d" % i
                if fits(a, m, b + number(1)):
                    break
            name = {0: "0", 1: "1", P - 1: "p - 1", P: "p", P + 1: "p + 1"}.get(y, "order 8")
            case(f"key of small order, y = {name}, sign {sign_bit}", a, m, b + number(1), False)
    one = number(1)
    for m in (b"we accept", b"we refuse"):
        assert fits(one, m, b + number(1))
        case("identity as key: one signature for every text", one, m, b + number(1), False)
    for k in range(2, 19):
        for sign_bit in (0, 1):
            a = number(P + k | sign_bit << 255)
            case(f"key not canonical, y = p + {k}, sign {sign_bit}", a, b"text", b + number(1),
                 False)
    y = next(n for n in range(2, 100) if recover(n, 0) is None)
    case("key that is no point", number(y), b"text", b + number(1), False)


def edge_r(seed):
    a, _ = secret(seed)
    key = encode(times(a, BASE))
    m = b"text"

    def with_r(r):
        return r + number(challenge(r, key, m) * a % L)

    case("R is the identity and fits", key, m, with_r(number(1)), True)
    case("R is the identity, sign bit set", key, m, with_r(number(1 | 1 << 255)), False)
    case("R is the identity, y = p + 1", key, m, with_r(number(P + 1)), False)
    case("R is the identity, y = p + 1, sign bit set", key, m, with_r(number(P + 1 | 1 << 255)),
         False)
    for i in range(1, 8):
        case(f"R of small order ({i}T), fits only with a cofactor", key, m,
             with_r(encode(SMALL[i])), False)
    r = 12345
    for i in range(1, 8):
        big_r = encode(add(times(r, BASE), SMALL[i]))
        s = big_r + number((r + challenge(big_r, key, m) * a) % L)
        case(f"R = rB + {i}T, fits only with a cofactor", key, m, s, False)


def mixed_keys(seed):
    a, _ = secret(seed)
    for i in range(1, 8):
        key = encode(add(times(a, BASE), SMALL[i]))
        wanted = {True, False}
        for j in range(200):
            m = b"text %d" % j
            big_r = encode(times(777 + j, BASE))
            s = big_r + number((777 + j + challenge(big_r, key, m) * a) % L)
            good = fits(key, m, s)
            if good in wanted:
                wanted.remove(good)
                text = "and fits" if good else "fits only with a cofactor"
                case(f"key aB + {i}T of mixed order, {text}", key, m, s, good)
            if not wanted:
                break
        for j in range(200):
            # R carries the same part of small order as [k]A.
            big_r = encode(add(times(999 + j, BASE), SMALL[3]))
            k = challenge(big_r, key, b"text")
            s = big_r + number((999 + j + k * a) % L)
            if fits(key, b"text", s):
                case(f"key aB + {i}T and R = rB + 3T of mixed order, and fits", key, b"text", s,
                     True)
                break


if __name__ == "__main__":
    SEED = ordinary()
    bad_keys()
    edge_r(SEED)
    mixed_keys(SEED)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edge.json")
    with open(path, "w", encoding="ascii") as out:
        json.dump({"cases": CASES}, out, indent=1)
        out.write("\n")
    print(len(CASES), "cases")
