"""Two made-up sides, whose record, bulletins and released texts are signed here: for verifiers, without stations.

Whatever a test wants stands in them, also what no station would write. Written from spec/, with interop/'s CBOR.
"""

import base64
import hashlib
import os
import pathlib
import random
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SOURCE = pathlib.Path(os.environ.get("DETENTE_SOURCE", pathlib.Path(__file__).parents[2]))
sys.path.insert(0, str(SOURCE / "interop"))
import cbor  # noqa: E402

SIDES = ("south", "north")
STATION, OFFICER, PRINCIPAL = 1, 2, 3
TIME = 1795500000
U32 = (1 << 32) - 1
LINES = {0: ("accord", "provable"), 1: ("west", "provable"), 2: ("quiet", "deniable")}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def public(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign1(key, purpose, payload):
    """credential.md section 1."""
    protected = cbor.encode({1: -8, 4: sha256(public(key))[:8]})
    payload = cbor.encode(payload)
    signed = cbor.encode(["Signature1", protected, b"detente/1 " + purpose, payload])
    return cbor.encode(cbor.Tag(18, [protected, {}, payload, key.sign(signed)]))


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", tree_root(leaves[:half]), tree_root(leaves[half:]))


def inclusion(leaves, index):
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return inclusion(leaves[:half], index) + [tree_root(leaves[half:])]
    return inclusion(leaves[half:], index - half) + [tree_root(leaves[:half])]


class Keys:
    """Of one credential."""

    def __init__(self, chance):
        self.sign, self.cosign = (Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)) for _ in range(2))
        self.letters = X25519PrivateKey.from_private_bytes(chance.randbytes(32))


class World:
    """Roots, an accord of three lines and its credentials."""

    def __init__(self, seed=1):
        self.chance = random.Random(seed)
        self.roots = {side: Keys(self.chance).sign for side in SIDES}
        self.keys, self.credentials = {}, {}
        self.annexes = {line: self._annex(line, *terms) for line, terms in LINES.items()}
        self.add_to_annex(0, "")
        for side in SIDES:
            self.enrol(side, 1, OFFICER, "duty-officer")
            self.enrol(side, 2, STATION, "main")

    def enrol(self, side, number, role, post, keys=None, known=True, **fields):
        """A credential's bytes; `known`: it goes into extracts."""
        keys = keys or Keys(self.chance)
        self.keys[side, number] = keys
        payload = {1: 1, 2: role, 3: side, 4: post, 5: number, 6: public(keys.sign), 7: public(keys.letters),
                   10: 0, 11: U32}
        if role == STATION:
            payload[8] = public(keys.cosign)
        payload.update({int(key[1:]): value for key, value in fields.items()})
        data = sign1(self.roots[side], b"credential", payload)
        if known:
            self.credentials[side, number] = data
        return data

    def bulletin(self, side, number, credentials=(), revocations=(), issued=TIME, root=None):
        return sign1(root or self.roots[side], b"bulletin",
                     [1, side, number, issued, list(credentials), list(revocations)])

    def log(self, side, line=1, post="main", epoch=None):
        return Log(self, side, line, post, epoch or self.chance.randbytes(16))

    def extract(self, items):
        """Of items as Log.item() makes them."""
        items = sorted(items, key=lambda item: (item[1].encode(), item[2]))
        lines = {int(item[1].split("/")[2]) for item in items}
        return cbor.encode(["detente-extract/1", [[self.signed_accord(), {line: self.annexes[line] for line in lines}]],
                            sorted(self.credentials.values()), items])

    def add_to_annex(self, line, text):
        """The accord is another one then."""
        self.annexes[line] += text
        self.accord = self._accord()
        self.digest = sha256(self.accord.encode())

    def signed_accord(self):
        return self.accord + "\n" + "".join(self._note_line(side) for side in SIDES)

    def _note_line(self, side):
        key = self.roots[side]
        key_id = sha256(side.encode(), b"\n\1", public(key))[:4]
        return f"\u2014 {side} {base64.b64encode(key_id + key.sign(self.accord.encode())).decode()}\n"

    def _annex(self, line, name, evidence):
        return (f'format = "detente-annex/1"\nsalt = "{self.chance.randbytes(16).hex()}"\nline = {line}\n'
                f'name = "{name}"\nevidence = "{evidence}"\nmedia = ["text"]\nhighest_precedence = "flash"\n'
                'paths = ["fibre"]\nretention_days = 0\nqueue_entries = 1000\nstaffed = ""\npeople = []\n'
                'signed_acts = []\ncode_book = ""\n')

    def _accord(self):
        zero = bytes(32).hex()
        sides = "".join(f'[[sides]]\nname = "{side}"\nroot = "{base64.b64encode(public(key)).decode()}"\nself = "us"\n'
                        f'other = "them"\naead = "AES-256-GCM"\naead_vectors = "{zero}"\n' for side, key in self.roots.items())
        lines = "".join(f'[[lines]]\nnumber = {line}\nannex = "{sha256(text.encode()).hex()}"\n'
                        for line, text in self.annexes.items())
        return ('format = "detente-accord/1"\nversion = 1\npredecessor = ""\nlineage = ""\ntitle = "Made"\n'
                'not_before = 2026-11-24T00:00:00Z\nspec = "detente-spec/1"\n'
                'suite = "Noise_KKpsk0_25519_ChaChaPoly_SHA256"\norder = ["south", "north"]\n'
                f'dictionary = "{zero}"\nseal = "both"\nreceipt = "contents durably stored"\n[session]\n'
                'fresh_handshake_minutes = 120\nrekey_packets = 1000\nrekey_minutes = 30\nsecret_step_hours = 24\n'
                'heartbeat_seconds = 20\n[limits]\nentry_bytes = 1024\nqueue_entries = 1000\n' + sides +
                '[[paths]]\nnumber = 1\nname = "fibre"\nkind = "udp"\n' + lines)


class Log:
    """One side's log of one line in one epoch."""

    def __init__(self, world, side, line, post, epoch):
        self.world, self.side, self.line, self.post, self.epoch = world, side, line, post, epoch
        self.origin = f"detente/{world.digest.hex()}/{line}/{side}/{post}/{epoch.hex()}"
        self.entries, self.leaves = [], []

    def add(self, body, officers=(), counters=None, **fields):
        """The index of a new entry. Header fields by number: k4=1; `body`: bytes, or what is form 4."""
        header = {1: 1, 2: self.line, 4: 1, 6: TIME + len(self.leaves)}
        if type(body) is not bytes:
            header[16], body = 4, cbor.encode(body)
        if officers:
            header[5] = officers[0]
        header.update({int(key[1:]): value for key, value in fields.items()})
        header = {key: value for key, value in header.items() if value is not None}
        signatures = [self._sign(officer, header, body, (counters or {}).get(officer)) for officer in officers]
        parts = [cbor.encode(header), cbor.encode(body), cbor.encode(signatures)]
        salt = self.world.chance.randbytes(16)
        self.entries.append((*parts, salt))
        self.leaves.append(sha256(b"\0", parts[0], sha256(salt, *parts[1:])))
        return len(self.leaves) - 1

    def _sign(self, officer, header, body, counter):
        counter = TIME + self.world.chance.randrange(1 << 40) if counter is None else counter
        protected = cbor.encode({1: -8, 4: officer.to_bytes(2, "big"), -70001: counter, -70002: 1})
        intent = {key: value for key, value in header.items() if key not in (7, 8)}
        payload = cbor.encode(["detente/1 officer", self.world.digest, intent, body])
        signature = self.world.keys[self.side, officer].sign.sign(
            cbor.encode(["Signature1", protected, b"", payload]))
        return cbor.Tag(18, [protected, {}, None, signature])

    def position(self, size=None):
        """[epoch, size, root]."""
        size = size or len(self.leaves)
        return [self.epoch, size, tree_root(self.leaves[:size])]

    def item(self, index, size=None, shown="whole", station=2, cosigner=2):
        """One of an extract; without a station's number it has no checkpoint."""
        size = size or len(self.leaves)
        text = f"{self.origin}\n{size}\n{base64.b64encode(tree_root(self.leaves[:size])).decode()}\n"
        item = {1: self.origin, 2: index, 3: size, 4: inclusion(self.leaves[:size], index), 5: None, 6: None}
        if station:
            item[5] = [station, self.world.keys[self.side, station].sign.sign(text.encode())]
        if station and cosigner:
            time = TIME + 60
            other = SIDES[1 - SIDES.index(self.side)]
            signed = f"cosignature/v1\ntime {time}\n{text}".encode()
            item[6] = [cosigner, time, self.world.keys[other, cosigner].cosign.sign(signed)]
        header, body, signatures, salt = self.entries[index]
        forms = {"whole": {7: header, 8: body, 9: signatures, 10: salt},
                 "header": {7: header, 11: sha256(salt, body, signatures)}, "leaf": {12: self.leaves[index]}}
        return {**item, **forms[shown]}

    def reference(self, index, whose=1):
        return [whose, self.epoch, index, self.leaves[index]]
