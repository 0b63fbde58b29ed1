"""Credentials (spec/credential.md) and entries (spec/record.md sections 1 to 6)."""

import hashlib
import re

import cbor
import ed25519
from notes import NAME, refuse

ROLES = {1: "station", 2: "officer", 3: "principal"}
U32, U62 = (1 << 32) - 1, (1 << 62) - 1


def is_uint(value, least=0, most=(1 << 64) - 1):
    return type(value) is int and least <= value <= most


def is_bytes(value, size):
    return type(value) is bytes and len(value) == size


def is_text(value, least, most):
    return type(value) is str and least <= len(value.encode()) <= most


# --- credentials ------------------------------------------------------------------------------


def open_sign1(data, root, purpose):
    """The payload of what a root key signed for a purpose."""
    message = cbor.decode(data)
    refuse(type(message) is not cbor.Tag or message.number != 18, "not COSE_Sign1")
    parts = message.value
    refuse(type(parts) is not list or len(parts) != 4, "not COSE_Sign1")
    protected, unprotected, payload, signature = parts
    kid = hashlib.sha256(root).digest()[:8]
    refuse(protected != cbor.encode({1: -8, 4: kid}) or unprotected != {}, "other COSE headers")
    refuse(type(payload) is not bytes or not is_bytes(signature, 64), "no payload or signature")
    signed = cbor.encode(["Signature1", protected, purpose, payload])
    refuse(not ed25519.verify(root, signed, signature), "the root's signature does not fit")
    return payload


def parse_credential(data, root, side):
    """The payload's map, checked; role, post and so on by key number."""
    refuse(len(data) > 2048, "credential: too large")
    fields = cbor.decode(open_sign1(data, root, b"detente/1 credential"))
    refuse(type(fields) is not dict, "credential: no map")
    get = fields.get
    needed, allowed = {1, 2, 3, 4, 5, 6, 7, 10, 11}, {8, 9, 12}
    refuse(not needed <= set(fields) <= needed | allowed, "credential: fields missing or unknown")
    refuse(get(1) != 1 or get(2) not in ROLES, "credential: unknown version or role")
    refuse(get(3) != side or type(get(4)) is not str or not NAME.match(get(4)), "credential: names")
    refuse(not is_uint(get(5), 1, 65535), "credential: number")
    refuse(not is_uint(get(10), 0, U32) or not is_uint(get(11), get(10), U32), "credential: times")
    station = get(2) == 1
    refuse((8 in fields) != station or (station and 12 in fields), "credential: fields of its role")
    refuse(12 in fields and not is_bytes(get(12), 32), "credential: person")
    signing = [get(key) for key in (6, 8) if key in fields]
    refuse(not all(type(key) is bytes and ed25519.key_is_good(key) for key in signing)
           or type(get(7)) is not bytes or not ed25519.x25519_is_good(get(7)), "credential: a bad key")
    keys = [*signing, get(7)]
    refuse(len(set(keys)) != len(keys) or root in keys, "credential: one key for two uses")
    lines = get(9)
    if 9 in fields:
        refuse(type(lines) is not list or not 1 <= len(lines) <= 256
               or not all(is_uint(line, 0, 65535) for line in lines)
               or lines != sorted(set(lines)), "credential: lines")
    return fields


# --- logs and entries -------------------------------------------------------------------------


class LogName:
    def __init__(self, origin):
        match = re.fullmatch(r"detente/([0-9a-f]{64})/(0|[1-9][0-9]{0,4})/([a-z][a-z0-9-]{0,31})/"
                             r"([a-z][a-z0-9-]{0,31})/([0-9a-f]{32})", origin)
        refuse(not match or int(match.group(2)) > 65535, "extract: not the name of a log")
        self.lineage, self.line = bytes.fromhex(match.group(1)), int(match.group(2))
        self.side, self.post = match.group(3), match.group(4)
        self.epoch = bytes.fromhex(match.group(5))


def is_position(value):
    return (type(value) is list and len(value) == 3 and is_bytes(value[0], 16)
            and is_uint(value[1], 1, U62) and is_bytes(value[2], 32))


def _is_reference(value):
    return (type(value) is list and len(value) == 4 and is_uint(value[0], 0, 1)
            and is_bytes(value[1], 16) and is_uint(value[2]) and is_bytes(value[3], 32))


def _is_list(value, least, most, check):
    return type(value) is list and least <= len(value) <= most and all(map(check, value))


def _is_copy(value):
    return (type(value) is list and len(value) == 2
            and is_bytes(value[0], 32) and is_bytes(value[1], 32))


def _is_attachment(value):
    return (type(value) is list and 3 <= len(value) <= 4 and is_bytes(value[0], 32)
            and is_uint(value[1]) and is_text(value[2], 1, 80)
            and (len(value) == 3 or is_text(value[3], 1, 100)))


def _are_addressees(value):
    return (_is_list(value, 2, 2, lambda posts: _is_list(posts, 0, 16, lambda p: is_text(p, 1, 32)))
            and value != [[], []])


HEADER = {
    1: lambda v: is_uint(v, 1, 1), 2: lambda v: is_uint(v, 0, 65535), 3: lambda v: is_uint(v, 1, 2),
    4: lambda v: is_uint(v, 1, 65535), 5: lambda v: is_uint(v, 1, 65535),
    6: lambda v: is_uint(v, 0, U32), 7: is_position, 8: lambda v: is_uint(v, 1, U62),
    9: lambda v: is_uint(v, 1, 3), 10: lambda v: is_uint(v, 0, U32),
    11: lambda v: is_uint(v, 0, U32), 12: lambda v: _is_list(v, 1, 4, _is_reference),
    13: _are_addressees, 14: lambda v: is_text(v, 1, 40),
    15: lambda v: _is_list(v, 1, 8, _is_copy), 16: lambda v: is_uint(v, 1, 4),
    17: lambda v: _is_list(v, 1, 8, _is_attachment), 18: lambda v: is_text(v, 1, 120),
}


def parse_header(data):
    header = cbor.decode(data)
    refuse(type(header) is not dict or not {1, 2, 4, 6} <= set(header), "header: fields are missing")
    for key, value in header.items():
        refuse(key not in HEADER or not HEADER[key](value), f"header: field {key!r} is not allowed")
    return header


class Signature:
    def __init__(self, item):
        good = type(item) is cbor.Tag and item.number == 18 and type(item.value) is list \
            and len(item.value) == 4 and type(item.value[0]) is bytes
        refuse(not good, "signatures: not COSE_Sign1")
        self.protected, unprotected, payload, self.bytes = item.value
        refuse(unprotected != {} or payload is not None or not is_bytes(self.bytes, 64),
               "signatures: not detached, or of a wrong length")
        fields = cbor.decode(self.protected)
        refuse(type(fields) is not dict or set(fields) != {1, 4, -70001, -70002}
               or fields[1] != -8 or not is_bytes(fields[4], 2), "signatures: other COSE headers")
        self.officer = int.from_bytes(fields[4], "big")
        self.counter, self.version = fields[-70001], fields[-70002]
        refuse(self.officer == 0 or not is_uint(self.counter) or not is_uint(self.version, 1, U32),
               "signatures: a number out of range")

    def fits(self, header, body, accord_digest, key):
        intent = {k: v for k, v in header.items() if k not in (7, 8)}
        payload = cbor.encode(["detente/1 officer", accord_digest, intent, body])
        return ed25519.verify(key, cbor.encode(["Signature1", self.protected, b"", payload]),
                              self.bytes)


def parse_entry(header, body, signatures):
    """header map, body bytes, signatures."""
    refuse(len(header) + len(body) + len(signatures) > 1024, "entry: above 1,024 bytes")
    content = cbor.decode(body)
    refuse(type(content) is not bytes, "entry: the body is no byte string")
    items = cbor.decode(signatures)
    refuse(type(items) is not list or len(items) > 4, "entry: signatures are no list of at most four")
    return parse_header(header), content, [Signature(item) for item in items]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(header, inner):
    return sha256(b"\0", header, inner)


def root_from(leaf_hash, index, size, hashes):
    """RFC 9162 section 2.1.3.2: the root, or None for a wrong number of hashes."""
    node, last, root = index, size - 1, leaf_hash
    for sibling in hashes:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = sha256(b"\1", sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = sha256(b"\1", root, sibling)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None
