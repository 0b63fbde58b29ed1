"""Deterministic CBOR (RFC 8949 section 4.2.1), the subset that the specification uses.

record.md, credential.md, station-files.md: "a receiver refuses any other encoding".
Items: integers, byte strings, texts, arrays, maps, tags, null.  Nothing else is accepted.
"""

from __future__ import annotations


class CborError(ValueError):
    """The bytes are not one deterministic item of the subset."""


class Tag:
    """A tagged item (COSE_Sign1 is tag 18)."""

    def __init__(self, number: int, value):
        self.number, self.value = number, value

    def __eq__(self, other):
        return isinstance(other, Tag) and (self.number, self.value) == (other.number, other.value)

    def __repr__(self):
        return f"Tag({self.number}, {self.value!r})"


def _head(major: int, n: int) -> bytes:
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << (8 * size):
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise CborError("number too large")


def encode(item) -> bytes:
    """One item as deterministic CBOR."""
    if item is None:
        return b"\xf6"
    if isinstance(item, bool):
        raise CborError("no booleans in this subset")
    if isinstance(item, int):
        return _head(0, item) if item >= 0 else _head(1, -1 - item)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return _head(2, len(item)) + bytes(item)
    if isinstance(item, str):
        raw = item.encode("utf-8")
        return _head(3, len(raw)) + raw
    if isinstance(item, (list, tuple)):
        return _head(4, len(item)) + b"".join(encode(i) for i in item)
    if isinstance(item, dict):
        pairs = sorted((encode(k), encode(v)) for k, v in item.items())
        return _head(5, len(pairs)) + b"".join(k + v for k, v in pairs)
    if isinstance(item, Tag):
        return _head(6, item.number) + encode(item.value)
    raise CborError(f"cannot encode {type(item).__name__}")


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise CborError("cut off")
        out = self.data[self.at:self.at + n]
        self.at += n
        return out

    def head(self) -> tuple[int, int]:
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        if info > 27:
            raise CborError("indefinite or reserved length")
        size = 1 << (info - 24)
        n = int.from_bytes(self.take(size), "big")
        if n < (24 if size == 1 else 1 << (4 * size)):
            raise CborError("not the shortest form")
        return major, n

    def item(self, depth: int):
        if depth > 16:
            raise CborError("too deep")
        if self.data[self.at:self.at + 1] == b"\xf6":
            self.at += 1
            return None
        major, n = self.head()
        if major == 0:
            return n
        if major == 1:
            return -1 - n
        if major == 2:
            return self.take(n)
        if major == 3:
            try:
                return self.take(n).decode("utf-8")
            except UnicodeDecodeError as e:
                raise CborError("text is not UTF-8") from e
        if major == 4:
            if n > len(self.data):
                raise CborError("array too long")
            return [self.item(depth + 1) for _ in range(n)]
        if major == 5:
            return self.map(n, depth)
        if major == 6:
            return Tag(n, self.item(depth + 1))
        raise CborError("simple value or float")

    def map(self, n: int, depth: int) -> dict:
        if n > len(self.data):
            raise CborError("map too long")
        out, last = {}, b""
        for _ in range(n):
            start = self.at
            key = self.item(depth + 1)
            raw = self.data[start:self.at]
            if raw <= last or not isinstance(key, (int, str, bytes)):
                raise CborError("keys do not ascend")
            last = raw
            out[key] = self.item(depth + 1)
        return out


def decode(data: bytes):
    """The one item that these bytes are; any other encoding, or bytes behind it, raises CborError."""
    r = _Reader(bytes(data))
    item = r.item(0)
    if r.at != len(r.data):
        raise CborError("bytes behind the item")
    return item


def decode_prefix(data: bytes) -> tuple[object, int]:
    """The first item and how many bytes it took."""
    r = _Reader(bytes(data))
    return r.item(0), r.at
