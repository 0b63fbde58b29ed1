"""For the tests of the peer: a lab of two sides made from the specification, and two stations on a virtual network and clock."""

from __future__ import annotations

import base64
import heapq
import os
import random
import shutil
import tempfile
import unittest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import peer_cbor as cbor
from peer_cbor import Tag
from peer_creds import public_of, sig_structure
from peer_accord import SUITE, key_id
from peer_files import load_side
from peer_keys import expand, extract, hint, mac_key, month_of, sha256
from peer_noise import public
from peer_station import Station
from peer_store import Store

SIDES = ("south", "north")
BEGIN = 1795533000


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def raw_of(key) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def cose(root: Ed25519PrivateKey, what: str, payload) -> bytes:
    """credential.md section 1."""
    protected = cbor.encode({1: -8, 4: sha256(public_of(root))[:8]})
    raw = cbor.encode(payload)
    return cbor.encode(Tag(18, [protected, {}, raw, root.sign(sig_structure(protected, f"detente/1 {what}".encode(), raw))]))


def accord_text(roots, annexes, seal: str, paths: int, minutes: int, packets: int, files: dict[str, bytes], document_mib: int) -> str:
    """accord.md section 5.  `files` are those that the accord names by digest."""
    out = f'''format = "detente-accord/1"
version = 1
predecessor = ""
lineage = ""
title = "Test"
not_before = 2026-11-24T00:00:00Z
spec = "detente-spec/1"
suite = "{SUITE}"
order = ["south", "north"]
dictionary = "{sha256(files['dictionary.dict']).hex()}"
seal = "{seal}"
receipt = "contents durably stored"
[session]
fresh_handshake_minutes = {minutes}
rekey_packets = {packets}
rekey_minutes = 30
secret_step_hours = 24
heartbeat_seconds = 20
[limits]
entry_bytes = 1024
queue_entries = 1000
''' + (f"document_mib = {document_mib}\n" if document_mib else "")
    for name, aead in zip(SIDES, ("ChaCha20-Poly1305", "AES-256-GCM")):
        out += f'''[[sides]]
name = "{name}"
root = "{b64(public_of(roots[name]))}"
self = "{name}"
other = "other"
aead = "{aead}"
aead_vectors = "{sha256(files.get(f'cipher-{aead}.vectors', b'')).hex()}"
'''
    for p in range(1, paths + 1):
        out += f'[[paths]]\nnumber = {p}\nname = "path{p}"\nkind = "udp"\n'
    for number, raw in enumerate(annexes):
        out += f'[[lines]]\nnumber = {number}\nannex = "{sha256(raw).hex()}"\n'
    return out


def annex_text(number: int, name: str, evidence: str, paths: int) -> bytes:
    """accord.md section 6."""
    names = ", ".join(f'"path{p}"' for p in range(1, paths + 1))
    return f'''format = "detente-annex/1"
salt = "{os.urandom(16).hex()}"
line = {number}
name = "{name}"
evidence = "{evidence}"
media = ["text", "document"]
highest_precedence = "flash"
paths = [{names}]
retention_days = 0
queue_entries = 1000
staffed = ""
people = []
signed_acts = []
code_book = ""
'''.encode()


def note(text: bytes, keys: dict[str, Ed25519PrivateKey]) -> bytes:
    """accord.md section 2."""
    lines = (f"\u2014 {name} {b64(key_id(name, public_of(key)) + key.sign(text))}\n".encode() for name, key in keys.items())
    return text + b"\n" + b"".join(lines)


def card(side: str, root: Ed25519PrivateKey) -> bytes:
    """accord.md section 4."""
    text = (f'format = "detente-card/1"\nside = "{side}"\ndisplay = "{side}"\nroot = "{b64(public_of(root))}"\n'
            f'created = 2026-11-24T15:00:00Z\n')
    return note(text.encode(), {side: root})


def make_lab(lab: Path, seal: str = "both", paths: int = 1, minutes: int = 120, packets: int = 1 << 20, document_mib: int = 0,
             ports=lambda side, p: 1, donor: Path | None = None) -> Path:
    """Two sides' directories as `detente lab new` makes them (station-files.md).  `donor`: a folder with dictionary and cipher
    vectors, which a real station wants."""
    files = {p.name: p.read_bytes() for p in donor.iterdir() if p.suffix in (".dict", ".vectors")} if donor else {"dictionary.dict": b""}
    roots = {s: Ed25519PrivateKey.generate() for s in SIDES}
    annexes = [annex_text(n, name, e, paths) for n, (name, e) in enumerate(
        (("accord", "provable"), ("main-line", "provable"), ("quiet", "deniable")))]
    text = accord_text(roots, annexes, seal, paths, minutes, packets, files, document_mib).encode()
    lineage = sha256(text)
    root = expand(extract(lineage, os.urandom(32) + os.urandom(32)), b"detente/1 root")
    psk_0 = expand(root, b"detente/1 psk\x00south/main\x00north/main")
    month, salt = month_of(BEGIN), expand(psk_0, b"detente/1 salt")
    for _ in range(month):
        salt = expand(salt, b"detente/1 salt next")
    bulletins = {}
    for side, other in (SIDES, SIDES[::-1]):
        log, cosign, noise = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        credential = cose(roots[side], "credential", {1: 1, 2: 1, 3: side, 4: "main", 5: 1, 6: public_of(log), 7: public(noise),
                                                      8: public_of(cosign), 10: 0, 11: (1 << 32) - 1})
        bulletins[side] = cose(roots[side], "bulletin", [1, side, 1, BEGIN, [credential], []])
        folder = lab / side
        (folder / "station" / "pairs").mkdir(parents=True)
        (folder / "accords" / other).mkdir(parents=True)
        (folder / "side.toml").write_text(f'format = "detente-side/1"\nside = "{side}"\ndisplay = "{side}"\n'
                                          f'created = 2026-11-24T15:00:00Z\npassphrase_file = ""\n')
        conf = f'format = "detente-station/1"\npost = "main"\n[[counterparts]]\nname = "{other}"\ntheir_post = "main"\n'
        for p in range(1, paths + 1):
            conf += (f'[[counterparts.paths]]\nname = "path{p}"\nlisten = "127.0.0.1:{ports(side, p)}"\n'
                     f'peer = "127.0.0.1:{ports(other, p)}"\n')
        (folder / "station" / "station.toml").write_text(conf)
        (folder / "station" / "station.key").write_bytes(cbor.encode(
            {0: "detente-station-key/1", 1: 1, 2: raw_of(log), 3: raw_of(cosign), 4: raw_of(noise)}))
        mine, theirs = f"{side}/main", f"{other}/main"
        (folder / "station" / "pairs" / f"{other}.key").write_bytes(cbor.encode(
            {0: "detente-pair/1", 1: lineage, 2: mine, 3: theirs, 4: month, 5: hint(psk_0, mine), 6: hint(psk_0, theirs), 7: salt,
             8: mac_key(psk_0, mine), 9: mac_key(psk_0, theirs), 10: psk_0}))
        (folder / "card.note").write_bytes(card(side, roots[side]))
        (folder / "cards").mkdir()
        (folder / "cards" / f"{other}.note").write_bytes(card(other, roots[other]))
        for secret in (folder / "station" / "station.key", folder / "station" / "pairs" / f"{other}.key"):
            secret.chmod(0o600)
        where = folder / "accords" / other
        (where / "accord.note").write_bytes(note(text, roots))
        for name, raw in files.items():
            (where / name).write_bytes(raw)
        for number, raw in enumerate(annexes):
            (where / f"annex-{number}.toml").write_bytes(raw)
    for side in SIDES:
        for of in SIDES:
            (lab / side / "bulletins" / of).mkdir(parents=True)
            (lab / side / "bulletins" / of / "1.cbor").write_bytes(bulletins[of])
    return lab


def flipped(data: bytes, rng: random.Random) -> bytes:
    out, bit = bytearray(data), rng.randrange(8 * len(data))
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


class World:
    """Two stations, a network that may lose and delay, and one clock for all of it: no sleeping."""

    def __init__(self, lab: Path, delay: float = 0.01, seed: int = 1):
        self.lab, self.delay, self.now = lab, delay, 0.0
        self.queue: list = []
        self.n = 0
        self.random = random.Random(seed)
        self.lose = lambda side, path, data: False
        self.jitter = self.flips = 0.0      # seconds that a datagram may be late; how many have a wrong bit
        self.seen: list[tuple[str, int, bytes]] = []
        self.stations: dict[str, Station] = {}
        self.wall_shift = 0.0
        self.past: dict[str, list] = {s: [] for s in SIDES}

    def start(self, side: str, state: str = "state", **more) -> Station:
        files = load_side(self.lab / side)
        store = Store(self.lab / side / state)
        station = Station(files, store, lambda p, d: self.send(side, p, d), lambda: BEGIN + self.wall_shift + self.now, log=lambda t: None,
                          **more)
        self.stations[side] = station
        return station

    def stop(self, side: str) -> None:
        self.stations.pop(side).store.close()
        self.queue = [q for q in self.queue if q[2] != side]
        heapq.heapify(self.queue)

    def send(self, side: str, path: int, data: bytes) -> None:
        self.seen.append((side, path, data))
        if not self.lose(side, path, data):
            other = SIDES[1 - SIDES.index(side)]
            self.n += 1
            if self.flips and self.random.random() < self.flips:
                data = flipped(data, self.random)
            late = self.random.random() * self.jitter
            heapq.heappush(self.queue, (self.now + self.delay + late, self.n, other, path, data))

    def run(self, seconds: float, until=lambda: False, step: float = 0.005) -> bool:
        """Lets time pass; True as soon as until() holds."""
        end = self.now + seconds
        while self.now < end:
            if until():
                return True
            self.now += step
            while self.queue and self.queue[0][0] <= self.now:
                _, _, side, path, data = heapq.heappop(self.queue)
                if side in self.stations:
                    self.stations[side].receive(path, data, self.now)
            for side, station in list(self.stations.items()):
                station.tick(self.now)
                while station.events:
                    self.past[side].append(station.events.popleft())
        return until()

    def close(self) -> None:
        for side in list(self.stations):
            self.stop(side)


class TwoStations(unittest.TestCase):
    """Two peers, for tests."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="peer-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def world(self, start=("south", "north"), delay=0.01, **lab) -> World:
        make_lab(self.folder / "lab", **lab)
        w = World(self.folder / "lab", delay)
        self.addCleanup(w.close)
        for side in start:
            w.start(side)
        return w

    def up(self, w: World) -> None:
        self.assertTrue(w.run(10, lambda: all(s.current and s.current.confirmed and not s.contact.at_first for s in w.stations.values())))

    def say(self, w: World, side: str, text: str, line: int = 1, precedence="routine", seconds=20, **more):
        station = w.stations[side]
        own = station.lines[line].own
        own.submit(text, precedence, **more)
        size = own.log.size + 1 if own.log else 1
        self.assertTrue(w.run(seconds, lambda: own.receipted >= size), f"no receipt for {text!r}")
        return own

    def texts(self, w: World, side: str, line: int = 1):
        log = w.stations[side].lines[line].pair.newest("far")
        return [s.entry.body.decode() for s in log.entries] if log else []

    def alarms(self, w: World, side: str):
        return [e["alarm"] for e in w.past[side] if e["event"] == "alarm"]
