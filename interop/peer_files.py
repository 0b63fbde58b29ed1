"""A side's directory as `detente lab new` makes it (station-files.md)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import peer_cbor as cbor
from peer_accord import Accord, FileError, check_follows, load_accord, within
from peer_creds import CredentialError, Roster, public_of
from peer_keys import SaltKeys
from peer_noise import public

DOCUMENT_ROOM_MIB = 16384      # when absent


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
    before: list[Accord] = field(default_factory=list)      # of the lineage, the first one first
    next_folder: Path | None = None                         # a successor that lies in the directory, or a draft of one

    def under(self, accord: Accord) -> SideFiles:
        """The same side under the accord that follows (amendment.md section 1)."""
        for side, (bulletin, credential) in accord.renewed.items():
            self.roster.renew(side, accord.roots[side], bulletin, credential)
        return replace(self, accord=accord, before=[*self.before, self.accord], next_folder=None)

    def lineage_at(self, version: int) -> Accord | None:
        return next((a for a in (*self.before, self.accord) if a.version == version), None)

    def paths_of(self) -> list[PathConfig]:
        """Those of the configured paths that the accord names."""
        return [p for p in self.paths if p.name in self.accord.paths]

    @property
    def own_is_first(self) -> bool:
        return self.accord.order[0] == self.side


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def load_lineage(where: Path) -> list[Accord]:
    """station-files.md: the accords from the first to the one in force."""
    last = int((where / "in-force").read_text()) if (where / "in-force").exists() else 1
    chain = [load_accord(where)]
    for version in range(2, last + 1):
        accord = load_accord(where / str(version))
        check_follows(accord, chain)
        chain.append(accord)
    return chain


def load_roster(folder: Path, chain: list[Accord]) -> Roster:
    """station-files.md: bulletins/<side>/<number>.cbor.  One that is refused is noted, not fatal."""
    roster = Roster(chain[0].roots)
    for accord in chain[1:]:
        for side, (bulletin, credential) in accord.renewed.items():
            roster.renew(side, accord.roots[side], bulletin, credential)
    for side in chain[0].roots:
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
    if not within(room, 0, 1 << 32):
        raise FileError("document_room_mib")
    where = folder / "accords" / other
    if not where.is_dir():
        where = folder / "station" / "accords" / other
    chain = load_lineage(where)
    accord = chain[-1]
    key = cbor.decode((folder / "station" / "station.key").read_bytes())
    pair = cbor.decode((folder / "station" / "pairs" / f"{other}.key").read_bytes())
    if key.get(0) != "detente-station-key/1" or set(key) != {0, 1, 2, 3, 4}:
        raise FileError("station.key")
    if pair.get(0) != "detente-pair/1" or set(pair) - {10} != set(range(10)):
        raise FileError("pair file")
    own_id, other_id = f"{side}/{t['post']}", f"{other}/{conf['their_post']}"
    if (pair[1], pair[2], pair[3]) != (accord.lineage, own_id, other_id):
        raise FileError("the pair file is of another pair")
    roster = load_roster(folder, chain)
    mine, theirs = roster.station(side, t["post"]), roster.station(other, conf["their_post"])
    log, cosign = (Ed25519PrivateKey.from_private_bytes(key[k]) for k in (2, 3))
    noise = X25519PrivateKey.from_private_bytes(key[4])
    if (public_of(log), public_of(cosign), public(noise), key[1]) != (mine.key, mine.cosign, mine.x25519, mine.number):
        raise FileError("the station's keys are not those of its credential")
    numbers = {name: number for a in chain for name, number in a.paths.items()}
    paths = [PathConfig(numbers[p["name"]], p["name"], _address(p["listen"]), _address(p["peer"]), p.get("rate", 0),
                        p.get("packet_bytes", 0)) for p in conf["paths"] if p["name"] in numbers]
    return SideFiles(folder, side, other, own_id, other_id, accord, roster, paths, log, cosign, noise, theirs.key, theirs.cosign,
                     theirs.x25519, pair[5], pair[6], pair[8], pair[9], pair.get(10), SaltKeys(pair[4], pair[7], pair.get(10)),
                     room << 20, chain[:-1], where / str(accord.version + 1))


def sides_of(lab: Path) -> list[str]:
    """The side directories of a lab, as `detente lab new` counts them: south, then the others by name.  (The accord's order is
    drawn by lot and says nothing here.)"""
    names = [p.name for p in sorted(lab.iterdir()) if (p / "station" / "station.toml").is_file()]
    if len(names) < 2:
        raise FileError(f"{lab}: no two side directories")
    return sorted(names, key=lambda n: (n != "south", n))
