"""Bulletins and what they revoke: spec/credential.md sections 3 and 4."""

import cbor
from cbor import Malformed
from notes import NAME, refuse
from record import U32, is_bytes, is_uint, open_sign1, parse_credential

FILE_MAX = 4096


def read_bulletins(data):
    """The bulletins of a file of several; or one bare bulletin.

    A CBOR array can only be a file of several; whatever else is there is judged as a bulletin.
    """
    if not data or data[0] >> 5 != 4:
        return [data]
    parts = cbor.decode(data)
    refuse(len(parts) != 3 or parts[0] != "detente-bulletins/1" or type(parts[1]) is not str
           or not NAME.match(parts[1]) or type(parts[2]) is not list or len(parts[2]) > FILE_MAX
           or not all(type(part) is bytes for part in parts[2]), "no file of bulletins")
    return parts[2]


def parse_bulletin(data, root, side):
    """number, issued, credentials [(bytes, fields)], revocations [[credential number, position or None]]."""
    refuse(len(data) > 65536, "bulletin: too large")
    parts = cbor.decode(open_sign1(data, root, b"detente/1 bulletin"))
    refuse(type(parts) is not list or len(parts) != 6 or parts[0] != 1 or parts[1] != side
           or not is_uint(parts[2], 1) or not is_uint(parts[3], 0, U32), "bulletin: its fields")
    _, _, number, issued, credentials, revocations = parts
    refuse(type(credentials) is not list or len(credentials) > 256
           or not all(type(c) is bytes for c in credentials)
           or type(revocations) is not list or len(revocations) > 256, "bulletin: its lists")
    opened = [(c, parse_credential(c, root, side)) for c in credentials]
    numbers = [fields[5] for _, fields in opened]
    refuse(numbers != sorted(set(numbers)), "bulletin: credentials that do not ascend")
    places = [_place(revocation) for revocation in revocations]
    refuse(places != sorted(set(places)), "bulletin: revocations that do not ascend")
    lost = {number for number, line in places if line < 0}
    refuse(any(number in lost for number, line in places if line >= 0), "bulletin: nil beside a position")
    return number, issued, opened, revocations


def _place(revocation):
    """What revocations ascend by."""
    refuse(type(revocation) is not list or len(revocation) != 2
           or not is_uint(revocation[0], 1, 65535), "bulletin: a revocation's form")
    number, position = revocation
    if position is None:
        return number, -1
    refuse(type(position) is not list or len(position) != 4 or not is_uint(position[0], 0, 65535)
           or not is_bytes(position[1], 16) or not is_uint(position[2])
           or not is_bytes(position[3], 32), "bulletin: a position's form")
    return number, position[0]


class Roster:
    """What the bulletins say together. Each is taken whole or not at all, in the order given."""

    def __init__(self, keys):
        """[(side, root key, None or how far it counts: (last bulletin, last credential))]."""
        self.keys = keys
        self.heard = set()
        self.bulletins, self.credentials, self.revoked, self.since = {}, {}, {}, {}

    def take(self, data):
        """(whether it is a bulletin of one of the two that fits the others, the side that signed it)."""
        for side, root, retired in self.keys:
            try:
                bulletin = parse_bulletin(data, root, side)
            except Malformed:
                continue
            if retired and (bulletin[0] > retired[0] or any(fields[5] > retired[1] for _, fields in bulletin[2])):
                return False, side
            self.heard.add(side)
            try:
                self._take(side, data, bulletin)
            except Malformed:
                return False, side
            return True, side
        return False, None

    def _take(self, side, data, bulletin):
        number, issued, credentials, revocations = bulletin
        refuse(self.bulletins.get((side, number), data) != data, "bulletin: two of one number")
        known = dict(self.credentials)
        for raw, fields in credentials:
            place = (side, fields[5])
            refuse(known.get(place, (raw,))[0] != raw, "bulletin: two credentials of one number")
            known[place] = (raw, fields)
        check_keys(side, known)
        revoked = {place: dict(said) for place, said in self.revoked.items()}
        for credential, position in revocations:
            line = None if position is None else position[0]
            said = revoked.setdefault((side, credential), {})
            refuse(said.setdefault(line, position) != position, "bulletin: two last positions")
            refuse(None in said and len(said) > 1, "bulletin: nil beside a position")
        self.bulletins[side, number] = data
        self.credentials, self.revoked = known, revoked
        for credential, _ in revocations:
            place = (side, credential)
            self.since[place] = min(issued, self.since.get(place, issued))


def check_keys(side, credentials):
    """One signing key is of one role and post."""
    uses = {}
    for (of, _), (_, fields) in credentials.items():
        if of == side:
            use = (fields[2], fields[4])
            refuse(uses.setdefault(fields[6], use) != use, "bulletin: one key for two posts")


class Revocations:
    """The check `revocation`, when every other check of every item is known."""

    def __init__(self, roster, attested, cosigned):
        """The extract's items whose checkpoint, and whose cosignature, is proved."""
        self.roster, self.cosigned = roster, cosigned
        self.first = {(item.log.side, item.log.post, item.log.line, item.log.epoch): item
                      for item in attested & cosigned if item.index == 0}

    def of(self, item):
        """[(credential number, result, when that was revoked)] of its station, then of each officer."""
        numbers = [item.checkpoint[0]] if item.checkpoint else []
        return [(number, self._judge(item, number), self.roster.since.get((item.log.side, number)))
                for number in numbers + [signature.officer for signature in item.signatures]]

    def _judge(self, item, number):
        if item.log.side not in self.roster.heard:
            return "unchecked"
        said = self.roster.revoked.get((item.log.side, number))
        if said is None:
            return True
        position = said.get(item.log.line)
        return position is not None and self._below(item, *position[1:])

    def _below(self, item, epoch, size, root):
        """credential.md section 3: from the named epoch back, as far as the extract shows it."""
        log, passed = item.log, set()
        while epoch != log.epoch:
            first = self.first.get((log.side, log.post, log.line, epoch))
            before = first.epoch_before() if first and epoch not in passed else None
            if before is None:
                return False
            passed.add(epoch)
            epoch, size, root = before
        tied = item.root == root if item.size == size else item in self.cosigned
        return item.index < size and tied
