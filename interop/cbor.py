"""Deterministic CBOR (RFC 8949 section 4.2.1), strictly: one byte string for each value.

Integers, byte strings, text, arrays, maps, tags and null: what the formats of spec/ use. Anything else,
and any second spelling, is refused.
"""

DEPTH_MAX = 16


class Malformed(Exception):
    """Bytes or text that do not follow a format."""


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Malformed(f"CBOR: it ends at byte {len(self.data)}, inside an item")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        if info > 27 or major == 7:
            raise Malformed("CBOR: an item of a kind that is not used here")
        width = 1 << (info - 24)
        value = int.from_bytes(self.take(width), "big")
        if value < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
            raise Malformed("CBOR: a number that is not in its shortest form")
        return major, value

    def item(self, depth):
        if depth > DEPTH_MAX:
            raise Malformed("CBOR: nested too deep")
        major, value = self.head()
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return self.take(value)
        if major == 3:
            try:
                return self.take(value).decode("utf-8")
            except UnicodeDecodeError:
                raise Malformed("CBOR: text that is not UTF-8") from None
        if major == 4:
            return [self.item(depth + 1) for _ in range(self._bounded(value))]
        if major == 5:
            return self._map(value, depth)
        if major == 6:
            return Tag(value, self.item(depth + 1))
        if value == 22:
            return None
        raise Malformed("CBOR: an item of a kind that is not used here")

    def _bounded(self, count):
        if count > len(self.data) - self.at:
            raise Malformed("CBOR: more items announced than bytes are left")
        return count

    def _map(self, pairs, depth):
        out, last = {}, b""
        for _ in range(self._bounded(pairs)):
            start = self.at
            key = self.item(depth + 1)
            spelled = self.data[start:self.at]
            if spelled <= last:
                raise Malformed("CBOR: a map's keys do not ascend")
            if not isinstance(key, (int, str)):
                raise Malformed("CBOR: a map's key that is neither number nor text")
            out[key], last = self.item(depth + 1), spelled
        return out


def decode(data):
    """The one item that `data` is."""
    reader = _Reader(bytes(data))
    value = reader.item(1)
    if reader.at != len(reader.data):
        raise Malformed("CBOR: bytes after the end")
    return value


def _head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * width):
            return bytes([major << 5 | info]) + value.to_bytes(width, "big")
    raise ValueError("a number above 64 bits")


def encode(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        text = value.encode("utf-8")
        return _head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(inner)) for key, inner in value.items())
        return _head(5, len(pairs)) + b"".join(key + inner for key, inner in pairs)
    if isinstance(value, Tag):
        return _head(6, value.number) + encode(value.value)
    raise TypeError(f"no CBOR for {type(value).__name__}")
