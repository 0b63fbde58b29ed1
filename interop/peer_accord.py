"""Accords, annexes and who may follow whom (accord.md sections 2, 5 and 6; amendment.md sections 1 and 2)."""

from __future__ import annotations

import base64
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import peer_cbor as cbor
from peer_creds import good_ed25519, is_name, safe_text, verify
from peer_keys import sha256

ACCORD_KEYS = {"format", "version", "predecessor", "lineage", "title", "not_before", "spec", "suite", "order", "dictionary", "seal",
               "receipt", "session", "limits", "sides", "paths", "lines"}
SESSION_KEYS = {"fresh_handshake_minutes", "rekey_packets", "rekey_minutes", "secret_step_hours", "heartbeat_seconds"}
ANNEX_KEYS = {"format", "salt", "line", "name", "evidence", "media", "highest_precedence", "paths", "retention_days", "queue_entries",
              "staffed", "people", "signed_acts", "code_book"}
DOCUMENT_MIB = 256      # when absent
SUITE = "Noise_KKpsk0_25519_ChaChaPoly_SHA256"
BUNDLE_FORMAT, MOST_BUNDLE, MOST_BUNDLE_FILES = "detente-accord-files/1", 524288, 300


class FileError(ValueError):
    """A file that cannot be used, and why."""


def unb64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise FileError("base64 not in its one spelling")
    return raw


def key_id(name: str, key: bytes) -> bytes:
    """accord.md section 2: id of an Ed25519 note signature."""
    return sha256(name.encode() + b"\n\x01" + key)[:4]


def split_note(raw: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """accord.md section 2: text with its final LF, and (name, key id, signature) of every line."""
    cut = raw.rfind(b"\n\n")
    if cut < 0 or not raw.endswith(b"\n"):
        raise FileError("not a signed note")
    text, lines = raw[:cut + 1], raw[cut + 2:-1].split(b"\n")
    if not safe_text(text) or b"\t" in text:
        raise FileError("a note's text holds what it may not")
    out = []
    for line in lines:
        parts = line.decode("utf-8").split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise FileError("signature line of a note")
        sig = unb64(parts[2])
        out.append((parts[1], sig[:4], sig[4:]))
    return text, out


@dataclass
class Annex:
    number: int
    name: str
    deniable: bool
    media: list[str]
    highest: str
    queue_entries: int
    paths: list[str]


@dataclass
class Accord:
    """accord.md section 5, as far as a station's session needs it."""
    digest: bytes
    predecessor: str
    lineage: bytes
    version: int
    not_before: int
    order: list[str]
    seal: str
    aead: dict[str, str]
    roots: dict[str, bytes]
    renewed: dict[str, tuple[int, int]]     # side -> last bulletin and credential of the root key that this accord replaces
    session: dict[str, int]
    paths: dict[str, int]
    lines: dict[int, Annex]
    dictionary: bytes
    document_bytes: int
    raw: bytes = b""                        # the signed note
    files: dict[str, bytes] = field(default_factory=dict)     # what it names, by digest in hex
    missing: list[str] = field(default_factory=list)          # named, and not here

    def line(self, name: str) -> Annex:
        for a in self.lines.values():
            if name in (a.name, str(a.number)):
                return a
        raise FileError(f"no line {name}")


def _keys(table: dict, wanted: set, what: str, optional: set = frozenset()) -> None:
    if set(table) - optional != wanted:
        raise FileError(f"{what}: keys {sorted(set(table) ^ wanted)}")


def within(n, least: int, most: int) -> bool:
    return type(n) is int and least <= n <= most


def _renewal(side: dict, version: int) -> tuple[int, int] | None:
    """accord.md section 5: `last_bulletin` and `last_credential`, both or neither, and never in version 1."""
    both = [side.get("last_bulletin"), side.get("last_credential")]
    if both == [None, None]:
        return None
    if version == 1 or not within(both[0], 0, (1 << 32) - 1) or not within(both[1], 0, 65535):
        raise FileError("last_bulletin and last_credential")
    return both[0], both[1]


def _signed(text: bytes, signatures: list, name: str, key: bytes) -> bool:
    """Whether this key signed; a line of it that does not verify makes the note invalid."""
    found = [sig for n, kid, sig in signatures if n == name and kid == key_id(name, key)]
    if not all(verify(key, sig, text) for sig in found):
        raise FileError(f"signature of {name} does not verify")
    return bool(found)


def read_accord(raw: bytes, files: dict[str, bytes]) -> Accord:
    """accord.md sections 5 and 6: complete, with its annexes and its dictionary among `files`, by digest in hex."""
    text, signatures = split_note(raw)
    t = tomllib.loads(text.decode())
    _keys(t, ACCORD_KEYS, "accord")
    _keys(t["limits"], {"entry_bytes", "queue_entries"}, "limits", {"document_mib"})
    _keys(t["session"], SESSION_KEYS, "session")
    if (t["format"], t["spec"], t["suite"]) != ("detente-accord/1", "detente-spec/1", SUITE):
        raise FileError("another format, specification or suite")
    mib = t["limits"].get("document_mib", DOCUMENT_MIB)
    if t["receipt"] != "contents durably stored" or t["limits"]["entry_bytes"] != 1024 or not within(mib, 1, 1 << 20):
        raise FileError("receipt, entry_bytes or document_mib")
    if not within(t["version"], 1, (1 << 32) - 1) or (t["version"] == 1) != (t["lineage"] == t["predecessor"] == ""):
        raise FileError("version, predecessor and lineage")
    sides = {s["name"]: s for s in t["sides"]}
    order = t["order"]
    if [s["name"] for s in t["sides"]] != order or len(sides) != 2 or not all(is_name(n) for n in order):
        raise FileError("sides of the accord")
    roots = {n: unb64(s["root"]) for n, s in sides.items()}
    if len(set(roots.values())) != 2 or not all(good_ed25519(k) for k in roots.values()):
        raise FileError("root keys")
    if not all([_signed(text, signatures, n, roots[n]) for n in order]):
        raise FileError("the accord is not complete")
    digest = sha256(text)
    paths = {p["name"]: p["number"] for p in t["paths"]}
    named: dict[str, bytes] = {}
    dictionary = _named(files, t["dictionary"], named, "dictionary")
    lines = {e["number"]: _annex(_named(files, e["annex"], named, f"annex of line {e['number']}"), e["number"], paths) for e in t["lines"]}
    vectors = {s["aead_vectors"] for s in t["sides"]}
    named.update((v, files[v]) for v in vectors if v in files)
    renewed = {n: r for n, s in sides.items() if (r := _renewal(s, t["version"])) is not None}
    return Accord(digest, t["predecessor"], bytes.fromhex(t["lineage"]) if t["lineage"] else digest, t["version"],
                  int(t["not_before"].timestamp()), order, t["seal"], {n: s["aead"] for n, s in sides.items()}, roots, renewed,
                  t["session"], paths, lines, dictionary, mib << 20, raw, named, sorted(vectors - set(files)))


def _named(files: dict[str, bytes], digest: str, named: dict[str, bytes], what: str) -> bytes:
    if digest not in files:
        raise FileError(what)
    named[digest] = files[digest]
    return files[digest]


def _annex(raw: bytes, number: int, paths: dict[str, int]) -> Annex:
    a = tomllib.loads(raw.decode())
    _keys(a, ANNEX_KEYS, "annex", {"check_calls", "hours", "class", "lift", "restore", "station"})
    if a["line"] != number or a["evidence"] not in ("provable", "deniable") or not set(a["paths"]) <= set(paths):
        raise FileError(f"annex of line {number}")
    return Annex(number, a["name"], a["evidence"] == "deniable", a["media"], a["highest_precedence"], a["queue_entries"], a["paths"])


def by_digest(files) -> dict[str, bytes]:
    return {sha256(raw).hex(): raw for raw in files}


def load_accord(folder: Path) -> Accord:
    """station-files.md: an accord as it lies in its directory."""
    files = [p for pattern in ("annex-*.toml", "dictionary.dict", "cipher-*.vectors") for p in folder.glob(pattern)]
    return read_accord((folder / "accord.note").read_bytes(), by_digest(p.read_bytes() for p in files))


# ---- amendment.md sections 1 to 3 ------------------------------------------------------------------

def check_follows(new: Accord, before: list[Accord]) -> None:
    """accord.md section 5, "Successor", and amendment.md section 1.  `before` is the lineage, the one in force last."""
    old = before[-1]
    text, signatures = split_note(new.raw)
    if (new.version, new.predecessor, new.lineage, new.order) != (old.version + 1, old.digest.hex(), old.lineage, old.order):
        raise FileError("it does not follow the accord in force: version, predecessor, lineage or sides are others")
    ever = {key for a in before for key in a.roots.values()}
    for side in old.order:
        other_key = new.roots[side] != old.roots[side]
        if other_key != (side in new.renewed):
            raise FileError(f"the root key of {side} is another, and it does not say how far the former counts, or the other way round")
        if other_key and (new.roots[side] in ever or not _signed(text, signatures, side, old.roots[side])):
            raise FileError(f"the new root key of {side} was in the lineage before, or the one that it replaces did not sign")
    for a in before:
        for number, line in a.lines.items():
            now = new.lines.get(number)
            if now is not None and ((now.name, now.deniable) != (line.name, line.deniable) or number not in old.lines):
                raise FileError(f"line {number} is another than before, or was retired")
    if new.missing:
        raise FileError("cipher vectors that it names are missing")


def write_bundle(accord: Accord) -> bytes:
    """amendment.md section 2."""
    raw = cbor.encode([BUNDLE_FORMAT, accord.raw.decode(), [accord.files[d] for d in sorted(accord.files)]])
    if len(raw) > MOST_BUNDLE:
        raise FileError("these files do not fit one bundle: they are handed over in directories")
    return raw


def read_bundle(raw: bytes, before: Accord) -> Accord:
    """The accord in it, complete.  Files of the accord before it may have been left out."""
    if len(raw) > MOST_BUNDLE:
        raise FileError("bundle too long")
    try:
        head, text, files = cbor.decode(raw)
        digests = [sha256(f) for f in files]
    except (cbor.CborError, TypeError, ValueError) as e:
        raise FileError(f"bundle: {e}") from e
    if head != BUNDLE_FORMAT or not isinstance(text, str) or len(files) > MOST_BUNDLE_FILES or digests != sorted(set(digests)):
        raise FileError("bundle: form or order")
    try:
        return read_accord(text.encode(), {**before.files, **by_digest(files)})
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise FileError(f"accord: {e}") from e
