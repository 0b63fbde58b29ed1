"""Released announcements: spec/announcement.md section 5."""

import datetime
import re

import cbor
from cbor import Malformed
from extract import Extract, check, refused, verify_parsed
from notes import NAME, check_line, is_unsafe, refuse, unbase64, utf8
from record import U32, is_bytes, is_text, is_uint, sha256

MODES = ("identical", "shown", "unseen")
FILE_MAX = 2 << 20
TEXT_MAX = 16384


class Release:
    """The file's parts, its form checked; the extract is still bytes."""

    def __init__(self, data):
        refuse(len(data) > FILE_MAX, "announcement: above 2 MiB")
        lines, divider, text = data.partition(b"\n\n")
        refuse(not divider, "announcement: no empty line before the text")
        self.lines = utf8(lines, "announcement").split("\n")
        refuse(self.lines.pop(0) != "detente-announcement/1", "announcement: not of its format")
        self.side = self._next("side")
        refuse(not NAME.match(self.side), "announcement: side is not a name")
        self.core = self._next("core")
        check_line(self.core, 1, 200, "announcement: core")
        self.mode = self._next("mode")
        refuse(self.mode not in MODES, "announcement: a mode that is not known")
        self.instant, self.released = self._time("instant"), self._time("released")
        self.digest = self._hex("text-digest", 32)
        self.other = None if self.mode == "identical" else self._hex("other-digest", 32)
        self.salt = self._hex("salt", 16)
        self.evidence = unbase64(self._next("evidence"))
        refuse(self.evidence is None, "announcement: evidence is not base64")
        refuse(self.lines, "announcement: a line that does not belong")
        self.text = text
        refuse(not 1 <= len(text) <= TEXT_MAX or any(map(is_unsafe, utf8(text, "announcement"))),
               "announcement: the text is not safe text of 1 to 16,384 bytes")

    def _next(self, name):
        line = self.lines.pop(0) if self.lines else ""
        refuse(not line.startswith(name + ": "), f"announcement: no {name} where it belongs")
        return line[len(name) + 2:]

    def _time(self, name):
        text = self._next(name)
        refuse(not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text),
               f"announcement: {name} is not a time in UTC")
        try:
            seconds = int(datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp())
        except ValueError:
            seconds = -1
        refuse(not 0 <= seconds <= U32, f"announcement: {name} is no time of 1970 to 2106")
        return seconds

    def _hex(self, name, size):
        text = self._next(name)
        refuse(not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), f"announcement: {name} is not hex")
        return bytes.fromhex(text)


def digest(salt, text):
    return sha256(b"detente/1 announcement", salt, text)


# --- what the extract shows ---------------------------------------------------------------------


def is_words(value, most):
    return is_text(value, 1, most) and not any(is_unsafe(c) for c in value)


def ends_well(parts):
    """What may stand behind an act: words, or words (or null) and a mandate's proof."""
    if len(parts) > 2:
        return False
    proof = parts[1] if len(parts) == 2 else None
    good = proof is None or (type(proof) is list and len(proof) == 3 and is_uint(proof[0], 1, 65535)
                             and is_bytes(proof[1], 32) and is_bytes(proof[2], 64))
    words = parts[0] if parts else None
    return (len(parts) < 2 or proof is not None) and good and (
        is_words(words, 300) if len(parts) == 1 else words is None or is_words(words, 300))


def body_of(item, kind):
    """The array that is the body of a live, whole entry of this kind on the accord line; or None."""
    header = item.header
    if (item.shown != "whole" or item.log.line != 0 or header[4] != kind or 3 in header
            or header.get(16) != 4):
        return None
    try:
        body = cbor.decode(item.body)
    except Malformed:
        return None
    return body if type(body) is list else None


class Offer:
    """An announcement that an item proposes; not always a complete one."""

    def __init__(self, item):
        body = body_of(item, 13)
        refuse(body is None or len(body) < 4 or body[0] != 2 or not ends_well(body[4:]), "no proposal")
        _, content, self.instant, lapse = body[:4]
        refuse(not is_uint(self.instant, 0, U32) or not (lapse is None or is_uint(lapse, 0, U32)),
               "its times")
        refuse(type(content) is not bytes or len(content) > 400, "its content")
        parts = cbor.decode(content)
        refuse(type(parts) is not list or len(parts) not in (3, 4) or not is_uint(parts[0], 0, 2)
               or not all(is_bytes(part, 32) for part in parts[2:]), "its content")
        self.mode, self.core = MODES[parts[0]], parts[1]
        refuse(not is_words(self.core, 200) or any(c in "\n\t" for c in self.core), "its core")
        refuse(len(parts) == 4 and self.mode == "identical", "two digests of one text")
        self.complete = len(parts) == 4 or self.mode == "identical"
        self.item, self.text, self.other = item, parts[2], parts[3] if len(parts) == 4 else None

    def names(self, side):
        """The digest of this side's text, and of the other's where that is another text."""
        if self.mode == "identical" or side == self.item.log.side:
            return self.text, self.other
        return self.other, self.text


def accepts(item, offer):
    """Whether an item is the other side's acceptance of exactly this."""
    body, proposal = body_of(item, 14), offer.item
    return (body is not None and body[:1] == [0] and ends_well(body[1:])
            and item.log.side != proposal.log.side
            and item.header.get(12) == [[1, proposal.log.epoch, proposal.index, proposal.leaf]])


def offers(items):
    out = []
    for item in items:
        try:
            out.append(Offer(item))
        except Malformed:
            continue
    return out


# --- verdict ------------------------------------------------------------------------------------


def verify_announcement(data, roots, accord, bulletins=()):
    try:
        release = Release(data)
    except Malformed as error:
        return {"verdict": "failed", "error": str(error), "checks": []}
    try:
        extract = Extract(release.evidence)
        evidence = verify_parsed(extract, roots, accord, bulletins)
        checks = judge(release, extract, evidence)
    except Malformed as error:
        evidence, checks = refused(error), judge(release, None, None)
    failed = any(result == "failed" for result in checks.values())
    known = {"side": release.side, "time": release.instant}
    return {"verdict": "failed" if failed else evidence["verdict"], "error": "",
            "side": release.side, "core": release.core, "mode": release.mode,
            "instant": release.instant, "released": release.released,
            "late_s": max(0, release.released - release.instant), "digest": release.digest.hex(),
            "evidence": evidence,
            "checks": [check(name, result, **known) for name, result in checks.items()]}


def judge(release, extract, evidence):
    """{check: result}. Without a proposal that was accepted there is nothing to hold text and instant against."""
    found = extract and agreed(extract.items)
    if not found:
        return {"agreement": "failed"}
    offer, answers = found
    signed = {item for item, said in zip(extract.items, evidence["items"])
              if any(c["check"] == "officer" and c["result"] == "proved" for c in said["checks"])}
    ours, other = offer.names(release.side)
    good = {"agreement": (offer.complete and offer.item in signed and not signed.isdisjoint(answers)
                          and (offer.mode, offer.core) == (release.mode, release.core)
                          and extract.accords[-1][1].root(release.side) is not None),
            "text": (digest(release.salt, release.text) == release.digest == ours
                     and release.other == other),
            "instant": release.instant == offer.instant and release.released >= release.instant}
    return {name: "proved" if result else "failed" for name, result in good.items()}


def agreed(items):
    """The first announcement that the other side accepted, and its acceptances; or None."""
    for offer in offers(items):
        answers = [item for item in items if accepts(item, offer)]
        if answers:
            return offer, answers
    return None
