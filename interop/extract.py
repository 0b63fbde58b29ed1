"""Extracts: spec/record.md section 9."""

import base64
import functools

import cbor
import ed25519
from annexes import parse_annex
from bulletins import Revocations, Roster
from cbor import Malformed
from notes import Accord, cosignature_message, parse_note, refuse
from record import (ROLES, U32, U62, LogName, is_bytes, is_position, is_uint, leaf, parse_credential,
                    parse_entry, parse_header, root_from, sha256)

COMMON = {1, 2, 3, 4, 5, 6}
FORMS = {frozenset({7, 8, 9, 10}): "whole", frozenset({7, 11}): "header", frozenset({12}): "leaf"}


class Item:
    """One item, its form checked."""

    def __init__(self, fields):
        refuse(type(fields) is not dict or not COMMON <= set(fields), "extract: an item's fields")
        self.shown = FORMS.get(frozenset(set(fields) - COMMON))
        refuse(self.shown is None, "extract: an item that is in none of the three forms")
        self.origin, self.index, self.size, self.hashes = (fields[key] for key in (1, 2, 3, 4))
        refuse(type(self.origin) is not str, "extract: an origin that is no text")
        self.log = LogName(self.origin)
        refuse(not is_uint(self.size, 1, U62) or not is_uint(self.index, 0, self.size - 1),
               "extract: an index outside of the tree")
        refuse(type(self.hashes) is not list or len(self.hashes) > 63
               or not all(is_bytes(h, 32) for h in self.hashes), "extract: inclusion hashes")
        self.checkpoint, self.cosignature = fields[5], fields[6]
        self._check_signatures()
        self.header, self.body, self.signatures = None, None, []
        self._open(fields)
        refuse(self.header is not None and self.header[2] != self.log.line,
               "extract: a header of another line than its log's")

    def _check_signatures(self):
        c, r = self.checkpoint, self.cosignature
        refuse(c is not None and not (type(c) is list and len(c) == 2 and is_uint(c[0], 1, 65535)
                                      and is_bytes(c[1], 64)), "extract: a checkpoint's form")
        refuse(r is not None and not (type(r) is list and len(r) == 3 and is_uint(r[0], 1, 65535)
                                      and is_uint(r[1], 0, U32) and is_bytes(r[2], 64)),
               "extract: a cosignature's form")
        refuse(r is not None and c is None, "extract: a cosignature without a checkpoint")

    def _open(self, fields):
        if self.shown == "leaf":
            refuse(not is_bytes(fields[12], 32), "extract: a leaf's length")
            self.leaf = fields[12]
            return
        refuse(type(fields[7]) is not bytes or len(fields[7]) > 1024, "extract: a header's form")
        if self.shown == "header":
            refuse(not is_bytes(fields[11], 32), "extract: an inner hash's length")
            self.header = parse_header(fields[7])
            self.leaf = leaf(fields[7], fields[11])
            return
        refuse(type(fields[8]) is not bytes or type(fields[9]) is not bytes
               or not is_bytes(fields[10], 16), "extract: a whole entry's form")
        self.header, self.body, self.signatures = parse_entry(fields[7], fields[8], fields[9])
        self.leaf = leaf(fields[7], sha256(fields[10], fields[8], fields[9]))

    @functools.cached_property
    def root(self):
        """The tree's root by this item; None where the number of hashes is wrong."""
        return root_from(self.leaf, self.index, self.size, self.hashes)

    def epoch_before(self):
        """[epoch, size, root] that a first entry names; None where it names none, or is not shown whole."""
        if self.shown != "whole" or self.header[4] != 3 or self.header.get(16) != 4:
            return None
        try:
            position = cbor.decode(self.body)
        except Malformed:
            return None
        return position if is_position(position) else None

    @property
    def author(self):
        return self.header.get(5, 0) if self.header else 0


class Extract:
    """The file's parts; raises Malformed for what section 9, "Form", refuses."""

    def __init__(self, data):
        refuse(len(data) > 16 << 20, "extract: above 16 MiB")
        parts = cbor.decode(data)
        refuse(type(parts) is not list or len(parts) != 4 or parts[0] != "detente-extract/1"
               or not all(type(part) is list for part in parts[1:]), "extract: not of its format")
        _, accords, self.credentials, items = parts
        refuse(not 1 <= len(accords) <= 16 or len(self.credentials) > 256
               or not 1 <= len(items) <= 10000, "extract: too few or too many of something")
        refuse(not all(type(c) is bytes and len(c) <= 2048 for c in self.credentials)
               or self.credentials != sorted(set(self.credentials)), "extract: credentials")
        self.items = [Item(item) for item in items]
        places = [(item.origin.encode(), item.index) for item in self.items]
        refuse(places != sorted(set(places)), "extract: the items are not in order")
        self.accords = [self._accord(part) for part in accords]
        self._check_chain()
        self._check_lines()

    @staticmethod
    def _accord(part):
        refuse(type(part) is not list or len(part) != 2 or type(part[0]) is not str
               or type(part[1]) is not dict, "extract: an accord's form")
        refuse(len(part[0].encode()) > 131072, "extract: an accord above 128 KiB")
        note = parse_note(part[0].encode())
        accord = Accord(note.text)
        refuse([line[0] for line in note.lines] != accord.signers,
               "extract: an accord without exactly its signature lines in their order")
        annexes = {}
        for line, text in part[1].items():
            refuse(not is_uint(line, 0, 65535) or type(text) is not str, "extract: an annex's form")
            annexes[line] = (text, parse_annex(text))
        return note, accord, annexes

    def _check_chain(self):
        terms = [accord for _, accord, _ in self.accords]
        refuse(terms[0].retired, "extract: an accord that renews a root key, without the one before it")
        for old, new in zip(terms, terms[1:]):
            follows = new.version == old.version + 1
            refuse(new.version <= old.version or new.lineage != old.lineage
                   or [name for name, _ in new.sides] != [name for name, _ in old.sides]
                   or (follows and new.predecessor != old.digest),
                   "extract: accords that do not follow one another")
            renewed = [name for name, root in new.sides if old.root(name) != root]
            refuse(renewed != list(new.retired) or (renewed and not follows),
                   "extract: another root key, and no accord that renews it after the one before")

    def _check_lines(self):
        terms = self.accords[0][1]
        for item in self.items:
            refuse(item.log.lineage != terms.lineage or terms.root(item.log.side) is None,
                   "extract: an entry of another lineage or a third side")
        opened = {line for _, _, annexes in self.accords for line in annexes}
        refuse(opened != {item.log.line for item in self.items},
               "extract: annexes of other lines than the entries'")


def roots_of(accords):
    """[(side, root key, None or how far it counts: (last bulletin, last credential))] of a lineage, the oldest accord first."""
    out = []
    for name, _ in accords[0].sides:
        keys = [[accords[0].root(name), None]]
        for accord in accords[1:]:
            if accord.root(name) != keys[-1][0]:
                keys[-1][1] = accord.retired[name]
                keys.append([accord.root(name), None])
        out += [(name, root, retired) for root, retired in keys]
    return out


class Verifier:
    """Runs the checks of section 9 in their order."""

    def __init__(self, extract, roots, digest, bulletins=()):
        self.extract, self.roots, self.digest = extract, roots, digest
        self.terms = extract.accords[-1][1]
        self.by_number, self.used = {}, set()
        self.keys = roots_of([accord for _, accord, _ in extract.accords])
        self.credential_checks = [self._credential(data) for data in extract.credentials]
        self.roster = Roster(self.keys)
        for data in bulletins:
            good, side = self.roster.take(data)
            if not good:
                self.credential_checks.append(check("bulletin", False, side=side))

    def fits_anchor(self):
        return (all(any(name == side and key == root for name, key, _ in self.keys) for side, root in self.roots.items())
                and (self.digest is None
                     or any(a.digest == self.digest for _, a, _ in self.extract.accords)))

    def anchored(self):
        return self.fits_anchor() and (self.digest is not None
                                       or all(name in self.roots for name, _ in self.terms.sides))

    def accords(self):
        out, before = [], None
        for note, accord, annexes in self.extract.accords:
            keys = accord.sides + [(name, before.root(name)) for name in accord.retired]
            signed = all(note.fits(line, name, root) for line, (name, root) in zip(note.lines, keys))
            before = accord
            checks = [check("accord", signed and self.fits_anchor())]
            for line in sorted(annexes):
                text, annex = annexes[line]
                good = accord.lines.get(line) == sha256(text.encode()) and annex[0] == line
                checks.append(check("annex", good, line=line))
            out.append({"digest": accord.digest.hex(), "version": accord.version, "checks": checks})
        return out

    def _credential(self, data):
        for side, root, retired in self.keys:
            try:
                fields = parse_credential(data, root, side)
            except Malformed:
                continue
            if retired and fields[5] > retired[1]:
                return check("credential", False, side=side)
            fresh = (side, fields[5]) not in self.by_number
            self.by_number.setdefault((side, fields[5]), fields)
            return check("credential", fresh, side=side, post=fields[4], number=fields[5],
                         role=ROLES[fields[2]], person="closed" if 12 in fields else "none")
        return check("credential", False)

    def _usable(self, fields, line, station, time, found):
        """Whether a credential can stand for an act; adds what is known of it to `found`."""
        if fields is None:
            return False
        found.update(post=fields[4], role=ROLES[fields[2]])
        if fields[2] != 1:
            found["person"] = "closed" if 12 in fields else "none"
        return ((fields[2] == 1) == station and (9 not in fields or line in fields[9])
                and (time is None or fields[10] <= time <= fields[11]))

    def item(self, item):
        root = item.root
        checks = [check("inclusion", "failed" if root is None else
                        "proved" if item.checkpoint else "absent"),
                  self._checkpoint(item, root), self._cosignature(item, root)]
        checks += [self._officer(item, s, i == 0) for i, s in enumerate(item.signatures)]
        if item.shown != "whole":
            checks.append(check("officer", "unchecked", side=item.log.side, number=item.author or None))
        elif not item.signatures and item.author:
            checks.append(check("officer", "absent", side=item.log.side, number=item.author))
        return {"origin": item.origin, "index": item.index, "size": item.size, "shown": item.shown,
                "attested": item.checkpoint is not None, "checks": checks}

    def _checkpoint(self, item, root):
        time = item.header[6] if item.header else None
        found = {"side": item.log.side, "post": item.log.post, "time": time}
        if item.checkpoint is None:
            provable = any(annexes[item.log.line][1][2] for _, _, annexes in self.extract.accords
                           if item.log.line in annexes)
            return check("checkpoint", "failed" if provable else "absent", **found)
        number, signature = item.checkpoint
        found["number"] = number
        fields = self.by_number.get((item.log.side, number))
        good = (self._usable(fields, item.log.line, True, time, found)
                and fields[4] == item.log.post and root is not None
                and ed25519.verify(fields[6], checkpoint_text(item, root).encode(), signature))
        return check("checkpoint", good, **found)

    def _cosignature(self, item, root):
        side = self.terms.other(item.log.side)
        if item.cosignature is None:
            return check("cosignature", "absent", side=side)
        number, time, signature = item.cosignature
        found = {"side": side, "number": number, "time": time}
        fields = self.by_number.get((side, number))
        good = (self._usable(fields, item.log.line, True, time, found) and root is not None
                and ed25519.verify(fields[8], cosignature_message(checkpoint_text(item, root), time),
                                   signature))
        return check("cosignature", good, **found)

    def _officer(self, item, signature, first):
        time = item.header[6]
        found = {"side": item.log.side, "number": signature.officer, "time": time,
                 "counter": signature.counter}
        use = (item.log.side, signature.officer, signature.counter)
        fresh = use not in self.used
        self.used.add(use)
        fields = self.by_number.get((item.log.side, signature.officer))
        if (not self._usable(fields, item.log.line, False, time, found) or not fresh
                or (first and item.author != signature.officer)):
            return check("officer", False, **found)
        digests = [a.digest for _, a, _ in self.extract.accords if a.version == signature.version]
        if not digests:
            return check("officer", "unchecked", **found)
        good = signature.fits(item.header, item.body, digests[0], fields[6])
        return check("officer", good, **found)


def result_of(what, checks):
    """Of the first check of this name."""
    return next((c["result"] for c in checks if c["check"] == what), None)


def check(what, result, /, **found):
    if type(result) is bool:
        result = "proved" if result else "failed"
    return {"check": what, "result": result, **{k: v for k, v in found.items() if v is not None}}


def checkpoint_text(item, root):
    return f"{item.origin}\n{item.size}\n{base64.b64encode(root).decode()}\n"


def verify_extract(data, roots, digest, bulletins=()):
    """The verdict of section 9 as a dictionary. roots: {side: key}; digest: of an accord, or None."""
    try:
        extract = Extract(data)
    except Malformed as error:
        return refused(error)
    return verify_parsed(extract, roots, digest, bulletins)


def refused(error):
    return {"verdict": "failed", "error": str(error), "accords": [], "credentials": [],
            "items": [], "revocation": "unchecked"}


def add_revocations(items, checks, roster):
    proved = {name: {item for item, found in zip(items, checks) if result_of(name, found) == "proved"}
              for name in ("checkpoint", "cosignature")}
    revocations = Revocations(roster, proved["checkpoint"], proved["cosignature"])
    for item, found in zip(items, checks):
        found += [check("revocation", result, side=item.log.side, number=number, time=since)
                  for number, result, since in revocations.of(item)]


def verify_parsed(extract, roots, digest, bulletins):
    verifier = Verifier(extract, roots, digest, bulletins)
    accords = verifier.accords()
    items = [verifier.item(item) for item in extract.items]
    if bulletins:
        add_revocations(extract.items, [said["checks"] for said in items], verifier.roster)
    checks = [c for part in accords + items for c in part["checks"]] + verifier.credential_checks
    if any(c["result"] == "failed" for c in checks):
        verdict = "failed"
    elif not all(item["attested"] for item in items):
        verdict = "unattested"
    else:
        verdict = "proved" if verifier.anchored() else "unanchored"
    return {"verdict": verdict, "error": "", "accords": accords,
            "credentials": verifier.credential_checks, "items": items,
            "revocation": "checked" if verifier.roster.heard else "unchecked"}
