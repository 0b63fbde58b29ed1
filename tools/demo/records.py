"""What the judge asks the stations, and what it finds in their answers: only questions, nothing is changed."""

import json
import os
import subprocess
import tempfile
import time

import story


class NotShown(Exception):
    """What the records do not show, as a sentence."""


def need(condition, sentence):
    if not condition:
        raise NotShown(sentence)


class Record:
    """One station's answers."""

    def __init__(self, program, name, directory, clock):
        # "south-liaison" is a station of the side "south".
        self.label = name
        self.name = name.split("-")[0]
        self.clock = clock
        self._program = program
        self._dir = directory

    def _ask(self, *words):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DETENTE_")}
        environment.update(self.clock.env)
        done = subprocess.run([self._program, "--dir", self._dir, "--json", *words], text=True,
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise NotShown(f"{self.label}: no answer: {done.stderr.strip()}") from None
        if done.returncode != 0:
            raise NotShown(f"{self.label}: {answer['error']['message']}")
        return answer

    def status(self):
        return self._ask("status")

    def with_(self, other):
        return next((c for c in self.status()["counterparts"] if c["name"] == other.name), None)

    def line(self, other, line):
        return self._ask("record", "show", f"{other.name}/{line}")

    def ladder(self, other, line):
        return self._ask("status", f"{other.name}/{line}")

    def proposals(self, other):
        return self._ask("proposal", "list", other.name)["proposals"]

    def calls(self, other, line, date):
        """Check calls of that day, with what persons did about them and what became of them."""
        return self._ask("calendar", f"{other.name}/{line}", "--date", date)["calls"]

    def calendar(self, other, line, first, last):
        """How many check calls of these days are in which state."""
        answer = self._ask("calendar", f"{other.name}/{line}", "--from", first, "--to", last)
        return {mark: sum(counts[i] for _, counts in answer["days"]) for i, mark in enumerate(answer["marks"])}

    @staticmethod
    def date(seconds):
        return time.strftime("%Y-%m-%d", time.gmtime(seconds))

    def events(self, kind):
        """What happened at this station since its start, of one kind."""
        found, since = [], 0
        while some := self._ask("events", "--since", str(since))["events"]:
            found += [event for event in some if event["event"] == kind]
            since = some[-1]["id"]
        return found

    def announcements(self):
        return self._ask("announce", "show")["announcements"]

    def alarms(self):
        return self._ask("alarm", "list")["alarms"]

    def entry(self, other, line, whose, index):
        return self._ask("record", "entry", f"{other.name}/{line}", whose, str(index))

    def file(self, name):
        """One that this side's persons made in their directory."""
        path = os.path.join(self._dir, name)
        need(os.path.exists(path), f"{self.label} has made no {name}")
        return path

    def card(self):
        return os.path.join(self._dir, "card.note")

    def release_file(self):
        """The evidence that this station published with its side's text."""
        folder = os.path.join(self._dir, "station", "announcements")
        found = [name for name in os.listdir(folder) if name.endswith(".release")] if os.path.isdir(folder) else []
        need(len(found) == 1, f"{self.label} has released {len(found)} texts")
        return os.path.join(folder, found[0])

    def verified(self, what, file, cards):
        """The report of detente-verify on a file that somebody published."""
        command = [self._program + "-verify", what, file]
        for card in cards:
            command += ["--card", card]
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        need(done.returncode == 0, f"what {self.label} published does not verify: {done.stdout.strip()[-300:]}")
        return done.stdout.strip().splitlines()

    def verified_extract(self, other, line, whose, index, cards):
        """What detente-verify says of a fresh extract: its sentence that ends the report."""
        with tempfile.TemporaryDirectory() as room:
            file = os.path.join(room, "entry.dex")
            self._ask("record", "export", f"{other.name}/{line}", whose, str(index), "--out", file)
            return self.verified("entry", file, cards)[-1]


def find_text(record, whose, text):
    return next((e for e in record["entries"] if e["whose"] == whose and e.get("text") == text), None)


def newest_log(record, whose):
    epoch = record[f"{whose}_epoch"]
    return next((g for g in record["logs"] if g["whose"] == whose and g["epoch"] == epoch), None)


def same_log(author, reader, line):
    """The newest log of `author` on a line, the same in both records; and both records."""
    ours, theirs = author.line(reader, line), reader.line(author, line)
    own = newest_log(ours, "own")
    far = newest_log(theirs, "far")
    need(own and own["size"], f"{author.name} has said nothing on {line}")
    need(far, f"{reader.name} holds nothing of {author.name} on {line}")
    for what in ("epoch", "size", "root"):
        need(own[what] == far[what],
             f"the {what} of {author.name}'s log on {line} is {own[what]} at {author.name} and "
             f"{far[what]} at {reader.name}")
    return ours, theirs, {"line": line, "author": author.name, "epoch": own["epoch"], "size": own["size"],
                          f"root_at_{author.name}": own["root"], f"root_at_{reader.name}": far["root"]}


def both_ends(author, reader, line, listed_own, listed_far):
    """One entry with its evidence from both records, which must be the same entry."""
    own = author.entry(reader, line, "own", listed_own["index"])
    far = reader.entry(author, line, "far", listed_far["index"])
    for what in ("epoch", "index", "leaf", "body", "precedence", "class", "time", "author"):
        need(own[what] == far[what], f"the {what} of the entry differs: {own[what]} at "
             f"{author.name}, {far[what]} at {reader.name}")
    return own, far


def find_message(author, reader, message, records):
    ours, theirs = records
    listed_own = find_text(ours, "own", message.text)
    need(listed_own, f"\"{message.text[:40]}\" is not in {author.name}'s log on {message.line}")
    listed_far = find_text(theirs, "far", message.text)
    need(listed_far, f"\"{message.text[:40]}\" is not in {reader.name}'s record on {message.line}")
    own, far = both_ends(author, reader, message.line, listed_own, listed_far)
    need(own["precedence"] == message.precedence and own["class"] == "live",
         f"entry {own['index']} is {own['precedence']} {own['class']}, not {message.precedence} live")
    return own, far


def receipt(author, own):
    """The other station's cosignature over the entry, verified and held by its author."""
    cosigned = own["evidence"]["cosignature"]
    need(own["receipted"] and cosigned, f"{author.name} holds no receipt for its entry {own['index']}")
    need(cosigned["size"] > own["index"], f"the receipt over {cosigned['size']} entries does not "
         f"cover entry {own['index']}")
    return cosigned


def officer_signature(entry, post):
    signatures = entry["evidence"]["signatures"]
    need(len(signatures) == 1, f"entry {entry['index']} has {len(signatures)} signatures, not one")
    need(signatures[0]["verdict"] == "valid",
         f"the signature of entry {entry['index']} is {signatures[0]['verdict']}: {signatures[0]['why']}")
    need(signatures[0]["post"] == post,
         f"entry {entry['index']} is signed by {signatures[0]['post']}, not by {post}")


def facts_of(own, far):
    return {"epoch": own["epoch"], "index": own["index"], "leaf": own["leaf"],
            "precedence": own["precedence"], "written": own["time"], "stored_far": far["stored_at"]}


def signed_message(author, reader, facts, message, records):
    """A provable message with a valid signature and a signed receipt; its facts."""
    own, far = find_message(author, reader, message, records)
    for entry in (own, far):
        officer_signature(entry, facts.officer.post)
    cosigned = receipt(author, own)
    need(cosigned["signature"], f"the receipt for entry {own['index']} is not signed")
    return {**facts_of(own, far), "signed_by": f"{author.name}/{facts.officer.post}",
            "receipt": {"by": reader.name, "size": cosigned["size"], "time": cosigned["time"]}}


def acts_of(author, reader, kind):
    """The author's live entries of this kind on the accord line, the same in both records."""
    ours, theirs = author.line(reader, story.ACCORD_LINE), reader.line(author, story.ACCORD_LINE)
    own = [e for e in ours["entries"] if e["whose"] == "own" and e["kind"] == kind]
    far = [e for e in theirs["entries"] if e["whose"] == "far" and e["kind"] == kind]
    need([e["leaf"] for e in own] == [e["leaf"] for e in far],
         f"{author.name} has {len(own)} entries of kind {kind} on the accord line, {reader.name} holds {len(far)} of them")
    return own
