"""Signed notes, cards and accords: spec/accord.md sections 1 to 5."""

import base64
import binascii
import datetime
import hashlib
import re
import tomllib

import ed25519
from cbor import Malformed

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
WORD = re.compile(r"[A-Za-z0-9_+/.-]{1,40}\Z")
HEX32 = re.compile(r"[0-9a-f]{64}\Z")
WHITE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B)}


def refuse(condition, message):
    if condition:
        raise Malformed(message)


def utf8(data, what):
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"{what}: not UTF-8") from None


def unbase64(text):
    """Standard base64 with padding and zero spare bits, or None."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def is_unsafe(char):
    c = ord(char)
    return (c < 0x20 and char not in "\n\t" or 0x7F <= c < 0xA0 or 0x202A <= c <= 0x202E
            or 0x2066 <= c <= 0x2069 or c in (0x2028, 0x2029, 0xFEFF) or 0xE0000 <= c <= 0xE007F
            or 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE)


def check_line(text, least, most, what):
    size = len(text.encode("utf-8"))
    refuse(not least <= size <= most or any(is_unsafe(c) or c in "\n\t" for c in text),
           f"{what}: not a safe line of {least} to {most} bytes")


# --- notes ------------------------------------------------------------------------------------


def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


class Note:
    """text with its final LF; lines: [(name, key id, signature)]."""

    def __init__(self, text, lines):
        self.text, self.lines = text, lines

    def fits(self, line, name, key, kind=1):
        """Whether this line is by that name and key, and its signature fits the text."""
        return (line[0] == name and line[1] == key_id(name, kind, key)
                and verify_signature(self.text, key, kind, line[2]) is not None)


def verify_signature(text, key, kind, signature):
    """The time of a cosignature (0 for type 01); None when the signature does not fit."""
    message, time = text.encode(), 0
    if kind == 4:
        if len(signature) != 72:
            return None
        time = int.from_bytes(signature[:8], "big")
        if time >= 1 << 63:
            return None
        message, signature = cosignature_message(text, time), signature[8:]
    return time if ed25519.verify(key, message, signature) else None


def cosignature_message(text, time):
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def check_note_text(text):
    refuse(not text.endswith("\n"), "note: the text does not end with a newline")
    refuse(any(ord(c) < 0x20 and c != "\n" for c in text), "note: a control character")


def check_key_name(name):
    refuse(not 1 <= len(name.encode()) <= 255 or
           any(c == "+" or ord(c) < 0x20 or ord(c) in WHITE for c in name), "note: a bad key name")


def parse_note(data):
    text = utf8(data, "note")
    body, divider, block = text.rpartition("\n\n")
    refuse(not divider, "note: no empty line between the text and its signatures")
    body += "\n"
    check_note_text(body)
    refuse(not block.endswith("\n"), "note: the newline at the end is missing")
    lines = []
    for line in block[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]+) ([A-Za-z0-9+/]+=*)", line)
        refuse(not match, "note: a line that is not a signature line")
        check_key_name(match.group(1))
        payload = unbase64(match.group(2))
        refuse(payload is None or not 5 <= len(payload) <= 8196, "note: a bad signature line")
        lines.append((match.group(1), payload[:4], payload[4:]))
    refuse(len(lines) > 64 or len(body.encode()) > 1 << 20, "note: too large")
    return Note(body, lines)


def parse_vkey(vkey):
    """name, kind, key of a C2SP vkey."""
    match = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)", vkey)
    refuse(not match, "vkey: not of the form name+8 hex digits+base64")
    typed = unbase64(match.group(3))
    refuse(not typed or typed[0] not in (1, 4), "vkey: a key of a type that is not known here")
    refuse(not ed25519.key_is_good(typed[1:]), "vkey: a key that must not be used")
    name, kind, key = match.group(1), typed[0], typed[1:]
    check_key_name(name)
    refuse(key_id(name, kind, key).hex() != match.group(2), "vkey: the id is not the key's")
    return name, kind, key


# --- TOML -------------------------------------------------------------------------------------


class Table:
    """A table all of whose keys must be asked for."""

    def __init__(self, values, what):
        refuse(not isinstance(values, dict), f"{what}: not a table")
        self.values, self.what, self.asked = values, what, set()

    def get(self, key, kind):
        self.asked.add(key)
        value = self.values.get(key)
        refuse(type(value) is not kind, f"{self.what}: {key} is missing or of a wrong kind")
        return value

    def text(self, key):
        return self.get(key, str)

    def expect(self, key, value):
        refuse(self.text(key) != value, f"{self.what}: {key} must be {value}")

    def name(self, key):
        value = self.text(key)
        refuse(not NAME.match(value), f"{self.what}: {key} is not a name")
        return value

    def word(self, key):
        refuse(not WORD.match(self.text(key)), f"{self.what}: {key} is not a word")

    def line(self, key, least, most):
        check_line(self.text(key), least, most, f"{self.what}: {key}")

    def choice(self, key, allowed, optional=False):
        """One of these texts; the first where an optional key is absent."""
        if optional and key not in self.values:
            return allowed[0]
        refuse(self.text(key) not in allowed, f"{self.what}: {key} is none of what it may be")
        return self.values[key]

    def integer(self, key, least, most, optional=False):
        if optional and key not in self.values:
            return None
        value = self.get(key, int)
        refuse(not least <= value <= most, f"{self.what}: {key} is out of range")
        return value

    def time(self, key):
        value = self.get(key, datetime.datetime)
        refuse(value.utcoffset() != datetime.timedelta(0) or value.microsecond,
               f"{self.what}: {key} is not in UTC and whole seconds")
        seconds = int(value.timestamp())
        refuse(not 0 <= seconds < 1 << 32, f"{self.what}: {key} is before 1970 or after 2106")
        return seconds

    def digest(self, key, empty=False):
        value = self.text(key)
        if empty and value == "":
            return None
        refuse(not HEX32.match(value), f"{self.what}: {key} is not a digest")
        return bytes.fromhex(value)

    def root(self, key):
        value = unbase64(self.text(key))
        refuse(value is None or not ed25519.key_is_good(value), f"{self.what}: {key} is not a good key")
        return value

    def texts(self, key, least, most, allowed=None):
        values = self.get(key, list)
        good = least <= len(values) <= most and all(type(v) is str for v in values)
        refuse(not good or len(set(values)) != len(values), f"{self.what}: {key} is not a good list")
        for value in values:
            refuse(value not in allowed if allowed else not NAME.match(value),
                   f"{self.what}: {key} has a value that is not allowed")
        return values

    def tables(self, key, least, most, optional=False):
        if optional and key not in self.values:
            return []
        values = self.get(key, list)
        refuse(not least <= len(values) <= most, f"{self.what}: too few or many [[{key}]]")
        return [Table(value, f"{self.what}: {key}") for value in values]

    def table(self, key):
        return Table(self.get(key, dict), f"{self.what}: {key}")

    def close(self):
        unknown = set(self.values) - self.asked
        refuse(unknown, f"{self.what}: {len(unknown)} keys that are not known")


def parse_toml(text, most, what):
    refuse(len(text.encode()) > most, f"{what}: too large")
    refuse(any(is_unsafe(c) for c in text), f"{what}: a character that is not safe text")
    try:
        return Table(tomllib.loads(text), what)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        raise Malformed(f"{what}: not valid TOML") from None


# --- cards, accords --------------------------------------------------------------------------


def parse_card(data):
    """side, root key; verified."""
    refuse(len(data) > 4096, "card: too large")
    note = parse_note(data)
    table = parse_toml(note.text, 4096, "card")
    table.expect("format", "detente-card/1")
    side = table.name("side")
    table.line("display", 1, 80)
    root = table.root("root")
    table.time("created")
    table.close()
    refuse(len(note.lines) != 1 or not note.fits(note.lines[0], side, root),
           "card: its signature does not fit")
    return side, root


class Accord:
    """Fields: version, digest, lineage, predecessor, sides [(name, root)], retired {name: (last bulletin, last credential)},
    lines {number: digest}, paths."""

    def __init__(self, text):
        table = parse_toml(text, 65536, "accord")
        table.expect("format", "detente-accord/1")
        self.version = table.integer("version", 1, (1 << 32) - 1)
        self.digest = hashlib.sha256(text.encode()).digest()
        self.predecessor = table.digest("predecessor", empty=True)
        lineage = table.digest("lineage", empty=True)
        first = self.version == 1
        refuse((self.predecessor is None) != first or (lineage is None) != first,
               "accord: predecessor and lineage do not go with its version")
        self.lineage = lineage or self.digest
        table.line("title", 1, 200)
        table.time("not_before")
        table.expect("spec", "detente-spec/1")
        table.expect("suite", "Noise_KKpsk0_25519_ChaChaPoly_SHA256")
        table.expect("receipt", "contents durably stored")
        table.digest("dictionary")
        order = table.texts("order", 2, 2)
        self.retired = {}
        self.sides = [self._side(side) for side in table.tables("sides", 2, 2)]
        refuse(first and self.retired, "accord: the first one renews a root key")
        refuse([name for name, _ in self.sides] != order, "accord: sides are not in their order")
        refuse(self.sides[0][1] == self.sides[1][1], "accord: one root key for both")
        refuse(table.text("seal") not in ["both", *order], "accord: seal is neither both nor a side")
        self._terms(table)
        self._lists(table)
        table.close()

    def _side(self, table):
        name, root = table.name("name"), table.root("root")
        refuse(name == "both", "accord: a side may not be named both")
        table.line("self", 1, 80)
        table.line("other", 1, 80)
        table.word("aead")
        table.digest("aead_vectors")
        last = (table.integer("last_bulletin", 0, (1 << 32) - 1, optional=True),
                table.integer("last_credential", 0, 65535, optional=True))
        table.close()
        refuse((last[0] is None) != (last[1] is None), "accord: one of last_bulletin and last_credential alone")
        if last[0] is not None:
            self.retired[name] = last
        return name, root

    @staticmethod
    def _terms(table):
        session = table.table("session")
        for key, most in (("fresh_handshake_minutes", 10080), ("rekey_packets", 1 << 30),
                          ("rekey_minutes", 10080), ("secret_step_hours", 8760),
                          ("heartbeat_seconds", 86400)):
            session.integer(key, 1, most)
        session.close()
        limits = table.table("limits")
        limits.integer("entry_bytes", 1024, 1024)
        limits.integer("queue_entries", 1, 1000000)
        limits.integer("document_mib", 1, 1048576, optional=True)
        limits.close()

    def _lists(self, table):
        kinds = ("udp", "tcp", "serial", "kiss", "program", "courier", "sheet", "words")
        numbers, self.paths = [], []
        for path in table.tables("paths", 1, 32):
            numbers.append(path.integer("number", 1, 255))
            self.paths.append(path.name("name"))
            refuse(path.text("kind") not in kinds, "accord: a kind of path that is not known")
            path.close()
        refuse(numbers != sorted(set(numbers)) or len(set(self.paths)) != len(self.paths),
               "accord: paths are not ascending and unique")
        self.lines, numbers = {}, []
        for line in table.tables("lines", 1, 256):
            numbers.append(line.integer("number", 0, 65535))
            self.lines[numbers[-1]] = line.digest("annex")
            line.close()
        refuse(numbers != sorted(set(numbers)) or numbers[0] != 0, "accord: lines do not ascend from 0")

    @property
    def signers(self):
        """Whose lines stand under it in an extract: those of former root keys last."""
        return [name for name, _ in self.sides] + list(self.retired)

    def root(self, name):
        return dict(self.sides).get(name)

    def other(self, name):
        return self.sides[1][0] if self.sides[0][0] == name else self.sides[0][0]
