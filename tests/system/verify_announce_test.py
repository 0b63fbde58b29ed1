"""Two verifiers, one verdict, over released announcements: those of real stations, altered ones, and made-up evidence."""

import base64
import datetime
import random
import re
import subprocess
import time
import unittest

from announce_test import OURS, THEIRS, Announcements
from made_record import SIDES, TIME, World, public, sha256
from stations import wait_until
from two_verifiers import PROGRAM, PYTHON, SOURCE, Files

import cbor  # noqa: E402 (interop/'s)

MODES = ("--unseen", "--shown", "--identical")
CORE = "The lines are open."
FLIPPED_FILES = 40


class Released(Announcements, Files):
    """One run of two stations, which releases in every mode; what is altered is altered in copies."""

    def setUp(self):
        Announcements.setUp(self)
        Files.setUp(self)

    def agree_on(self, mode, at):
        before = {one["id"] for one in self.all(self.north)}
        first = self.draft(self.south, mode, OURS, at)
        self.agree(self.north, first, OURS if mode == "--identical" else THEIRS)
        if mode != "--identical":
            counter = next(one for one in self.all(self.north) if one["by"] == "us" and one["id"] not in before)
            self.agree(self.south, counter)

    def releases(self):
        """{(side, mode): bytes}."""
        out = {}
        for station in (self.south, self.north):
            for path in wait_until(lambda s=station: len(found := self.files(s, ".release")) == len(MODES) and found,
                                   "the releases", patience=60):
                data = path.read_bytes()
                out[station.name, re.search(b"mode: (.*)", data).group(1).decode()] = data
        return out

    def judge(self, data, *options):
        cards = [f"--card={station.path('card.note')}" for station in (self.south, self.north)]
        return self.as_typed("announcement", self.path(data), *(options or cards))

    def test_every_mode_and_every_alteration(self):
        self.begin()
        at = datetime.datetime.fromtimestamp(int(time.time()) + 20, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for mode in MODES:
            self.agree_on(mode, at)
        files = self.releases()
        for key, data in files.items():
            answer = self.judge(data)
            self.assertEqual((answer["verdict"], answer["side"], answer["mode"]), ("proved", *key))
            self.assertEqual([check["result"] for check in answer["checks"]], ["proved"] * 3)
        shown = files["south", "shown"]
        digest = self.judge(shown)["evidence"]["accords"][0]["digest"]
        self.assertEqual(self.judge(shown, f"--accord={digest}")["verdict"], "proved")
        self.assertEqual(self.judge(shown, "--accord=" + "0" * 64)["verdict"], "failed")
        self.assertEqual(self.judge(shown, f"--card={self.south.path('card.note')}")["verdict"], "unanchored")
        said = subprocess.run([PROGRAM, "announcement", self.path(shown + b"!"), f"--accord={digest}"],
                              capture_output=True, text=True, timeout=60).stdout
        self.assertIn("NOT proved", said)
        self.assertNotIn("All of this is proved", said, "one verdict, and the file's")
        self.alter(files)

    def alter(self, files):
        counts = {}
        for key, data in files.items():
            if key[0] == "south":
                for what, altered in alterations(data, files["north", key[1]]):
                    answer = self.judge(altered)
                    self.assertEqual(answer["verdict"], "failed", f"{key}: {what}")
                    said = ", ".join(c["check"] for c in answer["checks"] if c["result"] == "failed") or (
                        "refused" if answer["error"] else "evidence")
                    counts[said] = counts.get(said, 0) + 1
        print(f"altered announcements: {counts}, both agree on each")
        self.assertLessEqual({"refused", "agreement", "text", "instant", "evidence"}, set(counts))


def alterations(data, of_north):
    """(what was done, the file after it): every class of bytes."""
    head, _, text = data.partition(b"\n\n")
    lines = head.split(b"\n")

    def joined(lines, text=text):
        return b"\n".join(lines) + b"\n\n" + text

    for at, line in enumerate(lines):
        name, _, value = line.partition(b": ")
        yield f"without {name}", joined(lines[:at] + lines[at + 1:])
        yield f"{name} twice", joined(lines[:at + 1] + lines[at:])
        yield f"{name} ends in CR LF", joined(lines[:at] + [line + b"\r"] + lines[at + 1:])
        yield f"{name} and a space", joined(lines[:at] + [line + b" "] + lines[at + 1:])
        yield f"{name} in capitals", joined(lines[:at] + [name.upper() + b": " + value] + lines[at + 1:])
        if at:
            yield f"{name} before its place", joined(lines[:at - 1] + [line, lines[at - 1]] + lines[at + 1:])
        if re.search(b"[a-f]", value) and name.endswith(b"digest"):
            yield f"{name} in upper case", joined(lines[:at] + [name + b": " + value.upper()] + lines[at + 1:])
    yield "extra key", joined(lines + [b"extra: 1"])
    yield "CR LF everywhere", data.replace(b"\n", b"\r\n")
    yield "above 2 MiB", data + b" " * (2 << 20)
    yield from altered_values(data, of_north)
    yield from altered_texts(lambda changed: joined(lines, changed), text)
    yield from altered_evidence(data)


def altered_values(data, of_north):
    for name in (b"instant", b"released"):
        value = re.search(name + b": (.*)", data).group(1)
        before = (datetime.datetime.fromisoformat(value[:-1].decode()) - datetime.timedelta(seconds=1)).isoformat() + "Z"
        for other in (before.encode(), b"2026-02-29T00:00:00Z", b"1969-12-31T23:59:59Z", b"2106-02-07T06:28:16Z",
                      value.replace(b"Z", b"+00:00"), value.replace(b"T", b" "), value[:-3] + b"60Z"):
            yield f"{name} {other}", data.replace(name + b": " + value, name + b": " + other)
    later = re.search(b"instant: (.*)", data).group(1)
    yield "instant a year later", data.replace(b"instant: " + later, b"instant: " + b"2027" + later[4:])
    for name, others in ((b"side", (b"east", b"both", b"South")), (b"core", (b"The lines are shut.", b"x" * 201, b"x\xe2\x80\xae")),
                         (b"mode", (b"identical", b"shown", b"unseen", b"0")), (b"salt", (b"01" * 16, b"00" * 15))):
        for other in others:
            changed = re.sub(name + b": .*", name + b": " + other, data, count=1)
            if changed != data:
                yield f"{name} {other}", changed
    theirs = of_north.partition(b"\n\n")[2]
    if theirs != data.partition(b"\n\n")[2]:
        yield "the other side's text", data.partition(b"\n\n")[0] + b"\n\n" + theirs
        yield "the other side's file as ours", of_north.replace(b"side: north", b"side: south")
    digests = re.findall(b"-digest: (.*)", data)
    if len(digests) == 2:
        yield "digests exchanged", data.replace(digests[0], b"@").replace(digests[1], digests[0]).replace(b"@", digests[1])


def altered_texts(with_text, text):
    for changed in (b"", text[:-1], text + b"\n", b"\n" + text, text.replace(b"South", b"south"), text + b"\0", text + b"\xff",
                    text + b"\xe2\x80\xae", text.replace(b"\n", b"\r\n"), b"x" * 16384, b"x" * 16385):
        yield f"text {changed[:30]}", with_text(changed)


def altered_evidence(data):
    evidence = re.search(b"evidence: (.*)", data).group(1)
    raw = base64.b64decode(evidence)
    others = [b"", evidence[:-4], evidence[:400], evidence + b"====", evidence[:100] + b" " + evidence[100:],
              base64.b64encode(raw + b"\0"), base64.b64encode(raw[:-1])]
    chance = random.Random(1)
    for _ in range(FLIPPED_FILES):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        others.append(base64.b64encode(changed))
    for other in others:
        yield f"evidence {other[:20]}, {len(other)} bytes", data.replace(evidence, other)


# --- made-up evidence ---------------------------------------------------------------------------


def digest(text, salt=bytes(16)):
    return sha256(b"detente/1 announcement", salt, text)


OUR_TEXT, THEIR_TEXT, OTHER_TEXT = b"ours\n", b"theirs", b"another"
CONTENT = (2, CORE, digest(OUR_TEXT), digest(THEIR_TEXT))
PROOF = [3, bytes(32), bytes(64)]  # of a mandate: of its form


class Evidence:
    """South proposes, north accepts; a test changes what it likes."""

    def __init__(self, line=0, answer_line=None, answering="north"):
        self.world = World()
        self.south = self.world.log("south", line)
        self.north = self.world.log(answering, line if answer_line is None else answer_line)
        self.items = []

    def propose(self, content=CONTENT, body=None, officers=(1,), shown="whole", log=None, **fields):
        log = log or self.south
        content = content if type(content) is bytes else cbor.encode(list(content))
        index = log.add(body or [2, content, TIME + 1000, None], officers=officers, **{"k4": 13, **fields})
        self.items.append((log, index, shown))
        return log.reference(index)

    def answer(self, *references, body=(0,), officers=(1,), shown="whole", log=None, **fields):
        log = log or self.north
        index = log.add(list(body), officers=officers, **{"k4": 14, "k12": list(references), **fields})
        self.items.append((log, index, shown))

    def file(self, **values):
        evidence = self.world.extract([log.item(index, shown=shown) for log, index, shown in self.items])
        text = values.get("text", OUR_TEXT)
        salt = values.get("salt", bytes(16))
        lines = {"side": "south", "core": CORE, "mode": "unseen", "instant": TIME + 1000, "released": TIME + 1000,
                 "text-digest": digest(text, salt), "other-digest": digest(THEIR_TEXT), "salt": salt}
        lines.update({key.replace("_", "-"): value for key, value in values.items() if key != "text"})
        for key, value in lines.items():
            if type(value) is int:
                value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines[key] = value.hex() if type(value) is bytes else value
        lines["evidence"] = base64.b64encode(evidence).decode()
        if lines["mode"] == "identical":
            del lines["other-digest"]
        head = "".join(f"{key}: {value}\n" for key, value in lines.items())
        return b"detente-announcement/1\n" + head.encode() + b"\n" + text


class Made(Files):
    def judge(self, evidence, **values):
        roots = [f"--root={side}={base64.b64encode(public(evidence.world.roots[side])).decode()}" for side in SIDES]
        return self.as_typed("announcement", self.path(evidence.file(**values)), *roots)

    def expect(self, wrong, evidence, **values):
        """`wrong`: the checks that fail."""
        answer = self.judge(evidence, **values)
        failed = [check["check"] for check in answer["checks"] if check["result"] == "failed"]
        self.assertEqual((answer["error"], failed), (False, wrong.split()))
        self.assertEqual(answer["verdict"], "failed" if wrong or answer["evidence"]["verdict"] == "failed" else "proved")

    def test_what_the_proposal_names(self):
        ours, theirs = CONTENT[2:]
        cases = [("", CONTENT, {}), ("", (1, *CONTENT[1:]), {"mode": "shown"}), ("", (0, CORE, ours), {"mode": "identical"}),
                 ("", CONTENT, {"side": "north", "text": THEIR_TEXT, "other_digest": ours}),
                 ("", (0, CORE, ours), {"mode": "identical", "side": "north"}),
                 ("text", CONTENT, {"side": "north"}), ("agreement text", (2, CORE, ours), {}),
                 ("agreement", (1, *CONTENT[1:]), {}), ("agreement text", CONTENT, {"mode": "identical"}),
                 ("agreement text", (0, CORE, ours), {}), ("text", (2, CORE, ours, ours), {}),
                 ("agreement", (0, CORE, ours, theirs), {"mode": "identical"}), ("agreement", (3, *CONTENT[1:]), {}),
                 ("agreement", (*CONTENT, 0), {}), ("agreement", (2, CORE, ours[1:], theirs), {}), ("agreement", b"\xff", {}),
                 ("agreement", (2, "Other", ours, theirs), {}), ("agreement", (2, CORE + "\n", ours, theirs), {}),
                 ("agreement", (2, "x" * 201, ours, theirs), {}), ("agreement", (2, CORE.encode(), ours, theirs), {}),
                 ("agreement", cbor.encode(list(CONTENT)) + b"\0", {}), ("", (2, " a: b ", ours, theirs), {"core": " a: b "}),
                 ("text", CONTENT, {"salt": bytes(15) + b"\1"}), ("text", CONTENT, {"text": THEIR_TEXT}),
                 ("agreement text", CONTENT, {"side": "east"}), ("instant", CONTENT, {"instant": TIME + 999, "released": TIME + 999}),
                 ("instant", CONTENT, {"released": TIME + 999}), ("", CONTENT, {"released": TIME + 90000})]
        for wrong, content, values in cases:
            with self.subTest(content=content, values=values):
                evidence = Evidence()
                evidence.answer(evidence.propose(content))
                self.expect(wrong, evidence, **values)

    def test_the_proposal_and_its_answer(self):
        content = cbor.encode(list(CONTENT))
        when = TIME + 1000
        proposals = [("", {"body": [2, content, when, None, "Words."]}), ("", {"body": [2, content, when, TIME]}),
                     ("", {"body": [2, content, when, None, "Two\n\tlines."]}), ("agreement", {"body": [2, content, when, None, "Words\r"]}),
                     ("", {"body": [2, content, when, None, None, PROOF]}), ("", {"body": [2, content, when, None, "Words.", PROOF]}),
                     ("agreement", {"body": [2, content, when, None, None]}), ("agreement", {"body": [2, content, when, None, ""]}),
                     ("agreement", {"body": [2, content, when, None, None, PROOF[:2]]}), ("agreement", {"body": [2, content, when, 1 << 32]}),
                     ("", {"k17": [[bytes(32), 5, "text/plain"]]}), ("", {"k12": [[1, bytes(16), 0, bytes(32)]]}),
                     ("agreement", {"body": [1, content, when, None]}), ("agreement", {"body": [2, content, None, None]}),
                     ("agreement", {"body": [2, content, when]}), ("agreement", {"body": [2, list(CONTENT), when, None]}),
                     ("agreement", {"body": [2, content, 1 << 32, None]}), ("agreement", {"k3": 1}), ("agreement", {"k3": 2}),
                     ("agreement", {"k4": 14}), ("agreement", {"officers": ()}), ("agreement", {"shown": "header"}),
                     ("agreement", {"shown": "leaf"})]
        answers = [("", {"body": (0, "Words.")}), ("", {"body": (0, None, PROOF)}), ("", {"body": (0, "Words.", PROOF)}),
                   ("", {"body": (0, "Two\n\tlines.")}), ("agreement", {"body": (0, "Words\r")}),
                   ("agreement", {"body": (0, None)}), ("agreement", {"body": (0, "x" * 301)}),
                   ("agreement", {"body": (1,)}), ("agreement", {"body": (2,)}),
                   ("agreement", {"body": ()}), ("agreement", {"body": (3,)}), ("agreement", {"k3": 1}), ("agreement", {"k4": 13}),
                   ("agreement", {"officers": ()}), ("agreement", {"shown": "header"})]
        for (wrong, proposal), (also, answer) in [(one, ("", {})) for one in proposals] + [(("", {}), one) for one in answers]:
            with self.subTest(proposal=proposal, answer=answer):
                evidence = Evidence()
                evidence.answer(evidence.propose(**proposal), **answer)
                self.expect(wrong or also, evidence)

    def test_what_the_answer_refers_to(self):
        for change in (lambda r: [[0, *r[1:]]], lambda r: [[1, bytes(16), *r[2:]]], lambda r: [[*r[:2], r[2] + 1, r[3]]],
                       lambda r: [[*r[:3], bytes(32)]], lambda r: [r, r]):
            evidence = Evidence()
            evidence.answer(*change(evidence.propose()))
            self.expect("agreement", evidence)
        for where in ({"line": 1}, {"answer_line": 1}, {"line": 1, "answer_line": 0}, {"answering": "south"}):
            evidence = Evidence(**where)
            evidence.answer(evidence.propose())
            self.expect("agreement", evidence)

    def test_more_than_one_agreement(self):
        """The first accepted proposal of the file is the one that counts; what is said beside it does not."""
        other = (2, CORE, digest(OTHER_TEXT), digest(THEIR_TEXT))
        for wrong, text in (("", OUR_TEXT), ("text", OTHER_TEXT)):
            evidence = Evidence()
            evidence.answer(evidence.propose())
            evidence.answer(evidence.propose(other))
            self.expect(wrong, evidence, text=text)
        evidence = Evidence()
        evidence.propose(other)  # nobody answers it
        reference = evidence.propose()
        evidence.answer(reference)
        evidence.answer(reference, body=(1,))
        evidence.answer([0, *reference[1:]], body=(2,), log=evidence.south)
        self.expect("", evidence)

    def test_beside_what_is_of_no_form(self):
        """Another matter that was accepted before, and an acceptance that no officer signed, take nothing from it."""
        content = cbor.encode(list(CONTENT))
        for before in ([1, content, TIME + 1000, None], [2, b"\xff", TIME + 1000, None], [2, content, None, None]):
            with self.subTest(before=before):
                evidence = Evidence()
                evidence.answer(evidence.propose(body=before))
                evidence.answer(evidence.propose())
                self.expect("", evidence)
        for officers in (((), (1,)), ((1,), ())):
            evidence = Evidence()
            reference = evidence.propose()
            for of_one in officers:
                evidence.answer(reference, officers=of_one)
            self.expect("", evidence)

    def test_an_officer_whose_signature_fails(self):
        for at in (0, 1):
            evidence = Evidence()
            keys = evidence.world.keys
            true = keys["south", 1], keys["north", 1]
            keys["south", 1], keys["north", 1] = (keys["south", 2], true[1]) if at == 0 else (true[0], keys["north", 2])
            evidence.answer(evidence.propose())
            self.expect("agreement", evidence)

    def test_a_revoked_officer(self):
        for revocations, expected in (([], "proved"), ([[1, None]], "failed")):
            evidence = Evidence()
            evidence.answer(evidence.propose())
            world = evidence.world
            bulletin = self.path(world.bulletin("south", 1, revocations=revocations), "bulletin")
            answer = self.as_typed("announcement", self.path(evidence.file()), f"--accord={world.digest.hex()}", "--bulletin", bulletin)
            self.assertEqual((answer["verdict"], answer["evidence"]["revocation"]), (expected, "checked"))
            self.assertEqual([check["result"] for check in answer["checks"]], ["proved"] * 3)


    def test_as_a_stranger_types_it(self):
        evidence = Evidence()
        evidence.answer(evidence.propose())
        for data, expected in ((evidence.file(), 3), (evidence.file(text=THEIR_TEXT), 1), (b"no such thing", 1)):
            path = self.path(data)
            for program in ([PYTHON, "-B", SOURCE / "interop/verify.py"], [PROGRAM]):
                done = subprocess.run([*program, "announcement", path], capture_output=True, timeout=60)
                self.assertEqual(done.returncode, expected, done.stderr)
                self.assertEqual(b"nobody withdrew it before" in done.stdout, expected == 3 or b"no such" not in data)


def load_tests(loader, _standard, _pattern):
    """Without what Announcements itself tests."""
    return unittest.TestSuite([Released("test_every_mode_and_every_alteration"), loader.loadTestsFromTestCase(Made)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
