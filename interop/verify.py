#!/usr/bin/env python3
"""Checks what two sides of an accord signed, without any program of theirs.

Written from spec/ alone, with python3-cryptography for Ed25519. See interop/README.md.

    verify.py accord NOTE [--annex FILE ...] [ANCHOR]
    verify.py card FILE
    verify.py entry|extract FILE.dex [--bulletin FILE ...] [ANCHOR]
    verify.py announcement FILE.release [--bulletin FILE ...] [ANCHOR]
    verify.py two-records FILE [--bulletin FILE ...] [ANCHOR]
    verify.py note FILE --vkey VKEY ...
    verify.py ed25519-edge FILE

ANCHOR, what you trust beforehand: --root SIDE=BASE64 or --card FILE for both sides, or --accord DIGEST.
Exit: 0 all proved, 1 something fails, 2 wrong usage, 3 fits together but nobody told whose keys these
are, 4 unattested: proves nothing to an outsider.
"""

import argparse
import base64
import json
import sys

import ed25519
from announcement import verify_announcement
from annexes import parse_annex
from bulletins import read_bulletins
from cbor import Malformed
from extract import check, verify_extract
from notes import (HEX32, NAME, Accord, key_id, parse_card, parse_note, parse_vkey,
                   refuse, unbase64, verify_signature)
from record import sha256
from two_records import verify_two_records

EXITS = {"proved": 0, "failed": 1, "unanchored": 3, "unattested": 4}


def read(path):
    with open(path, "rb") as file:
        return file.read((16 << 20) + 1)


def anchor(arguments):
    """roots, digest."""
    roots = {}

    def add(side, root):
        refuse(roots.setdefault(side, root) != root, f"two root keys are given for {side}")

    for given in arguments.root or []:
        side, _, text = given.partition("=")
        root = unbase64(text)
        refuse(not NAME.match(side) or root is None or not ed25519.key_is_good(root),
               "--root takes SIDE=BASE64 of a good Ed25519 key")
        add(side, root)
    for path in arguments.card or []:
        add(*parse_card(read(path)))
    refuse(arguments.accord and not HEX32.match(arguments.accord), "--accord takes 64 hex digits")
    return roots, bytes.fromhex(arguments.accord) if arguments.accord else None


def verify_accord(arguments):
    roots, digest = anchor(arguments)
    try:
        data = read(arguments.file)
        refuse(len(data) > 131072, "accord: above 128 KiB")
        note = parse_note(data)
        accord = Accord(note.text)
        annexes = [(text, parse_annex(text))
                   for text in (read(path).decode("utf-8", "surrogateescape")
                                for path in arguments.annex or [])]
        return judge_accord(note, accord, annexes, roots, digest)
    except (Malformed, UnicodeEncodeError) as error:
        return {"verdict": "failed", "error": str(error), "checks": []}


def leads_to(note, accord, side, root):
    """Whether the root key that was given is the accord's, or the one that it replaces, which signed it."""
    return accord.root(side) == root or (side in accord.retired and is_signed(note, (side, root)))


def judge_accord(note, accord, annexes, roots, digest):
    fits = (all(leads_to(note, accord, side, root) for side, root in roots.items())
            and digest in (None, accord.digest))
    checks = [check("accord", fits and is_signed(note, side), side=side[0]) for side in accord.sides]
    for text, (line, name, _, paths) in annexes:
        good = (accord.lines.get(line) == sha256(text.encode()) and set(paths) <= set(accord.paths)
                and (line != 0 or set(paths) == set(accord.paths)))
        checks.append(check("annex", good, line=line, name=name))
    names = {}
    for check_, (_, annex) in zip(checks[2:], annexes):
        if names.setdefault(annex[1], annex[0]) != annex[0]:
            check_["result"] = "failed"
    failed = any(c["result"] == "failed" for c in checks)
    anchored = digest is not None or all(name in roots for name, _ in accord.sides)
    return {"verdict": "failed" if failed else "proved" if anchored else "unanchored", "error": "",
            "digest": accord.digest.hex(), "lineage": accord.lineage.hex(),
            "version": accord.version, "checks": checks}


def is_signed(note, side):
    """A valid line of this name and key, and none of it that does not verify."""
    name, root = side
    lines = [line for line in note.lines if line[:2] == (name, key_id(name, 1, root))]
    return bool(lines) and all(note.fits(line, name, root) for line in lines)


def verify_card(arguments):
    try:
        side, root = parse_card(read(arguments.file))
    except Malformed as error:
        return {"verdict": "failed", "error": str(error), "checks": []}
    return {"verdict": "proved", "error": "", "side": side, "root": base64.b64encode(root).decode(),
            "checks": [check("card", True, side=side)]}


def verify_note(arguments):
    keys = [parse_vkey(vkey) for vkey in arguments.vkey]
    try:
        note = parse_note(read(arguments.file))
    except Malformed as error:
        return {"verdict": "failed", "error": str(error), "checks": []}
    checks = []
    for name, kind, key in keys:
        times = [verify_signature(note.text, key, kind, line[2]) for line in note.lines
                 if line[:2] == (name, key_id(name, kind, key))]
        good = bool(times) and None not in times
        checks.append(check("signature", good, name=name,
                            time=times[0] if good and kind == 4 else None))
    failed = any(c["result"] == "failed" for c in checks)
    return {"verdict": "failed" if failed else "proved", "error": "", "checks": checks}


def verify_edge(arguments):
    """Each case of a file of Ed25519 edge cases; what differs from the file fails."""
    checks = []
    for number, case in enumerate(json.loads(read(arguments.file))["cases"]):
        key, message, signature = (bytes.fromhex(case[name])
                                   for name in ("public", "message", "signature"))
        good = (ed25519.key_is_good(key) == case["key_ok"]
                and ed25519.verify(key, message, signature) == case["verify"])
        checks.append(check("case", good, number=number))
    failed = not checks or any(c["result"] == "failed" for c in checks)
    return {"verdict": "failed" if failed else "proved", "error": "", "cases": len(checks),
            "checks": [c for c in checks if c["result"] == "failed"]}


def show(verdict):
    """Sentences. Whatever is not ours is ASCII by repr()."""
    if verdict["error"]:
        print("refused:", ascii(verdict["error"]))
    if "second_root" in verdict:
        show_two_records(verdict)
    elif "evidence" in verdict:
        show_announcement(verdict)
    for part in [verdict, *verdict.get("accords", []), *verdict.get("items", [])]:
        if "shown" in part:
            print(f"entry {part['index']} of {part['origin']}, shown: {part['shown']}")
        for found in part.get("checks", []) + part.get("credentials", []):
            rest = ", ".join(f"{k} {v}" for k, v in found.items() if k not in ("check", "result"))
            print(f"  {found['check']}: {found['result']}" + (f" ({rest})" if rest else ""))
    if verdict.get("revocation") == "unchecked":
        print("not checked: whether a credential was revoked; both sides' bulletins say (--bulletin)")
    meaning = {"proved": "all proved", "failed": "NOT proved: something fails",
               "unanchored": "signatures fit each other; nobody told me whose keys these are",
               "unattested": "unattested: proves nothing to an outsider"}
    print(meaning[verdict["verdict"]])


def show_two_records(verdict):
    print(f"two records of {ascii(verdict['origin'])}, of its first {verdict['size']} entries:")
    print(f"  held {verdict['held_root']}, second {verdict['second_root']}")
    print("the evidence:")
    show(verdict["evidence"])
    print("the two records:")


def show_announcement(verdict):
    print(f"announcement of {verdict['side']}, {verdict['mode']}: {ascii(verdict['core'])}")
    print(f"  agreed for second {verdict['instant']}; released {verdict['late_s']} s later by its clock")
    print("  not proved by any file: when it was released, and that nobody withdrew it before")
    print("the evidence:")
    show(verdict["evidence"])
    print("the announcement:")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name, anchored=False):
        command = commands.add_parser(name)
        command.add_argument("file")
        command.add_argument("--json", action="store_true")
        if anchored:
            command.add_argument("--root", action="append", metavar="SIDE=BASE64")
            command.add_argument("--card", action="append", metavar="FILE")
            command.add_argument("--accord", metavar="DIGEST")
        return command

    add("accord", True).add_argument("--annex", action="append", metavar="FILE")
    add("card")
    for name in ("entry", "extract", "announcement", "two-records"):
        add(name, True).add_argument("--bulletin", action="append", metavar="FILE")
    add("note").add_argument("--vkey", action="append", required=True)
    add("ed25519-edge")
    return parser.parse_args(arguments)


def run(arguments):
    judge = {"entry": verify_extract, "extract": verify_extract, "announcement": verify_announcement,
             "two-records": verify_two_records}.get(arguments.command)
    if judge:
        bulletins = [one for path in arguments.bulletin or [] for one in read_bulletins(read(path))]
        return judge(read(arguments.file), *anchor(arguments), bulletins)
    return {"accord": verify_accord, "card": verify_card, "note": verify_note,
            "ed25519-edge": verify_edge}[arguments.command](arguments)


def main():
    arguments = parse_arguments(sys.argv[1:])
    try:
        verdict = run(arguments)
    except (Malformed, OSError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(verdict))
    else:
        show(verdict)
    return EXITS[verdict["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
