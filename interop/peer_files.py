"""A side's directory as `detente lab new` makes it (station-files.md, accord.md sections 2 to 6)."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import peer_cbor as cbor
from peer_creds import CredentialError, Roster, good_ed25519, is_name, public_of, safe_text, verify
from peer_keys import SaltKeys, sha256
from peer_noise import public

ACCORD_KEYS = {"format", "version", "predecessor", "lineage", "title", "not_before", "spec", "suite", "order", "dictionary", "seal",
               "receipt", "session", "limits", "sides", "paths", "lines"}
SESSION_KEYS = {"fresh_handshake_minutes", "rekey_packets", "rekey_minutes", "secret_step_hours", "heartbeat_seconds"}
ANNEX_KEYS = {"format", "salt", "line", "name", "evidence", "media", "highest_precedence", "paths", "retention_days", "queue_entries",
              "staffed", "people", "signed_acts", "code_book"}
DOCUMENT_MIB, DOCUMENT_ROOM_MIB = 256, 16384      # when absent
SUITE = "Noise_KKpsk0_25519_ChaChaPoly_SHA256"


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
    lineage: bytes
    version: int
    order: list[str]
    seal: str
    aead: dict[str, str]
    roots: dict[str, bytes]
    session: dict[str, int]
    paths: dict[str, int]
    lines: dict[int, Annex]
    dictionary: bytes
    document_bytes: int

    def line(self, name: str) -> Annex:
        for a in self.lines.values():
            if name in (a.name, str(a.number)):
                return a
        raise FileError(f"no line {name}")


def _keys(table: dict, wanted: set, what: str, optional: set = frozenset()) -> None:
    if set(table) - optional != wanted:
        raise FileError(f"{what}: keys {sorted(set(table) ^ wanted)}")


def _within(n, least: int, most: int) -> bool:
    return type(n) is int and least <= n <= most


def load_accord(folder: Path) -> Accord:
    """accord.md sections 5 and 6: complete, and in force here."""
    raw = (folder / "accord.note").read_bytes()
    text, signatures = split_note(raw)
    t = tomllib.loads(text.decode())
    _keys(t, ACCORD_KEYS, "accord")
    _keys(t["limits"], {"entry_bytes", "queue_entries"}, "limits", {"document_mib"})
    _keys(t["session"], SESSION_KEYS, "session")
    if (t["format"], t["spec"], t["suite"]) != ("detente-accord/1", "detente-spec/1", SUITE):
        raise FileError("another format, specification or suite")
    mib = t["limits"].get("document_mib", DOCUMENT_MIB)
    if t["receipt"] != "contents durably stored" or t["limits"]["entry_bytes"] != 1024 or not _within(mib, 1, 1 << 20):
        raise FileError("receipt, entry_bytes or document_mib")
    sides = {s["name"]: s for s in t["sides"]}
    if any("last_bulletin" in s for s in t["sides"]):
        raise FileError("this accord renews a side's root key (accord.md section 5), which this implementation does not follow")
    order = t["order"]
    if [s["name"] for s in t["sides"]] != order or len(sides) != 2 or not all(is_name(n) for n in order):
        raise FileError("sides of the accord")
    roots = {n: unb64(s["root"]) for n, s in sides.items()}
    if len(set(roots.values())) != 2 or not all(good_ed25519(k) for k in roots.values()):
        raise FileError("root keys")
    valid = set()
    for name, kid, sig in signatures:
        if name in roots and kid == key_id(name, roots[name]):
            if sig is None or not verify(roots[name], sig, text):
                raise FileError(f"signature of {name} does not verify")
            valid.add(name)
    if valid != set(order):
        raise FileError("the accord is not complete")
    digest = sha256(text)
    lineage = bytes.fromhex(t["lineage"]) if t["lineage"] else digest
    paths = {p["name"]: p["number"] for p in t["paths"]}
    dictionary = (folder / "dictionary.dict").read_bytes()
    if sha256(dictionary).hex() != t["dictionary"]:
        raise FileError("dictionary")
    lines = {}
    for entry in t["lines"]:
        number = entry["number"]
        a_raw = (folder / f"annex-{number}.toml").read_bytes()
        if hashlib.sha256(a_raw).hexdigest() != entry["annex"]:
            raise FileError(f"annex of line {number}")
        a = tomllib.loads(a_raw.decode())
        _keys(a, ANNEX_KEYS, "annex", {"check_calls", "hours", "class", "lift", "restore", "station"})
        if a["line"] != number or a["evidence"] not in ("provable", "deniable") or not set(a["paths"]) <= set(paths):
            raise FileError(f"annex of line {number}")
        lines[number] = Annex(number, a["name"], a["evidence"] == "deniable", a["media"], a["highest_precedence"],
                              a["queue_entries"], a["paths"])
    return Accord(digest, lineage, t["version"], order, t["seal"], {n: s["aead"] for n, s in sides.items()}, roots, t["session"],
                  paths, lines, dictionary, mib << 20)


@dataclass
class PathConfig:
    """station-files.md: one of [[counterparts.paths]]."""
    number: int
    name: str
    listen: tuple[str, int]
    peer: tuple[str, int]
    rate: int
    packet_bytes: int


@dataclass
class SideFiles:
    """All that a station reads from its side's directory for one counterpart."""
    folder: Path
    side: str
    other: str
    station: str
    other_station: str
    accord: Accord
    roster: Roster
    paths: list[PathConfig]
    log_key: Ed25519PrivateKey
    cosign_key: Ed25519PrivateKey
    noise_key: X25519PrivateKey
    other_log_key: bytes
    other_cosign_key: bytes
    other_noise_key: bytes
    own_hint: bytes
    other_hint: bytes
    own_mac: bytes
    other_mac: bytes
    psk_0: bytes | None
    salts: SaltKeys
    document_room: int

    @property
    def own_is_first(self) -> bool:
        return self.accord.order[0] == self.side


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def load_roster(folder: Path, roots: dict[str, bytes]) -> Roster:
    """station-files.md: bulletins/<side>/<number>.cbor.  One that is refused is noted, not fatal."""
    roster = Roster(roots)
    for side in roots:
        for file in sorted((folder / "bulletins" / side).glob("*.cbor"), key=lambda p: int(p.stem)):
            try:
                roster.take(file.read_bytes(), side)
            except CredentialError as e:
                roster.refused.append(f"{file}: {e}")
    return roster


def load_side(folder: Path, counterpart: str | None = None) -> SideFiles:
    """station-files.md: the key files, the addresses, the accord and the bulletins of one pair."""
    t = tomllib.loads((folder / "station" / "station.toml").read_text())
    found = [c for c in t["counterparts"] if counterpart in (None, c["name"])]
    if not found:
        raise FileError(f"no counterpart {counterpart}")
    conf = found[0]
    other, side = conf["name"], tomllib.loads((folder / "side.toml").read_text())["side"]
    room = conf.get("document_room_mib", DOCUMENT_ROOM_MIB)
    if not _within(room, 0, 1 << 32):
        raise FileError("document_room_mib")
    where = folder / "accords" / other
    if not where.is_dir():
        where = folder / "station" / "accords" / other
    if (where / "in-force").exists():
        raise FileError(f"version {(where / 'in-force').read_text().strip()} of the accord with {other} is in force, and this implementation "
                        "knows the first alone: it follows no amendment (amendment.md) and no renewed root key")
    accord = load_accord(where)
    key = cbor.decode((folder / "station" / "station.key").read_bytes())
    pair = cbor.decode((folder / "station" / "pairs" / f"{other}.key").read_bytes())
    if key.get(0) != "detente-station-key/1" or set(key) != {0, 1, 2, 3, 4}:
        raise FileError("station.key")
    if pair.get(0) != "detente-pair/1" or set(pair) - {10} != set(range(10)):
        raise FileError("pair file")
    own_id, other_id = f"{side}/{t['post']}", f"{other}/{conf['their_post']}"
    if (pair[1], pair[2], pair[3]) != (accord.lineage, own_id, other_id):
        raise FileError("the pair file is of another pair")
    roster = load_roster(folder, accord.roots)
    mine, theirs = roster.station(side, t["post"]), roster.station(other, conf["their_post"])
    log, cosign = (Ed25519PrivateKey.from_private_bytes(key[k]) for k in (2, 3))
    noise = X25519PrivateKey.from_private_bytes(key[4])
    if (public_of(log), public_of(cosign), public(noise), key[1]) != (mine.key, mine.cosign, mine.x25519, mine.number):
        raise FileError("the station's keys are not those of its credential")
    paths = [PathConfig(accord.paths[p["name"]], p["name"], _address(p["listen"]), _address(p["peer"]), p.get("rate", 0),
                        p.get("packet_bytes", 0)) for p in conf["paths"]]
    return SideFiles(folder, side, other, own_id, other_id, accord, roster, paths, log, cosign, noise, theirs.key, theirs.cosign,
                     theirs.x25519, pair[5], pair[6], pair[8], pair[9], pair.get(10), SaltKeys(pair[4], pair[7], pair.get(10)),
                     room << 20)


def sides_of(lab: Path) -> list[str]:
    """The side directories of a lab, as `detente lab new` counts them: south, then the others by name.  (The accord's order is
    drawn by lot and says nothing here.)"""
    names = [p.name for p in sorted(lab.iterdir()) if (p / "station" / "station.toml").is_file()]
    if len(names) < 2:
        raise FileError(f"{lab}: no two side directories")
    return sorted(names, key=lambda n: (n != "south", n))
