#!/usr/bin/env python3
"""Judges one chapter of the demo from both stations' records.

  judge.py --bin DIR --clock DIR --south DIR --north DIR CHAPTER

Asks each station, over its API, what it holds; knows the story's words, and nothing of
what the player did. Prints {"id", "title", "ok", "evidence"} and, where it is not ok,
"why". Exit code 0 for ok, 1 for not ok, 2 for wrong usage.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import story
from clock import StoryClock


class NotShown(Exception):
    """What the records do not show, as a sentence."""


def need(condition, sentence):
    if not condition:
        raise NotShown(sentence)


class Record:
    """One station's answers. Only questions; it changes nothing."""

    def __init__(self, program, name, directory, clock):
        self.name = name
        self._clock = clock
        self._program = program
        self._dir = directory

    def _ask(self, *words):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DETENTE_")}
        environment.update(self._clock.env)
        done = subprocess.run([self._program, "--dir", self._dir, "--json", *words], text=True,
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise NotShown(f"{self.name}: no answer: {done.stderr.strip()}") from None
        if done.returncode != 0:
            raise NotShown(f"{self.name}: {answer['error']['message']}")
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

    def calls(self, other, line):
        """Check calls of these days, with what persons did about them and what became of them."""
        today = self.today()
        dates = (time.strftime("%Y-%m-%d", time.gmtime((today + d) * 86400)) for d in (-1, 0, 1))
        return [call for date in dates
                for call in self._ask("calendar", f"{other.name}/{line}", "--date", date)["calls"]]

    def today(self):
        """Days since 1970 by the story's clock."""
        return int(self._clock.seconds()) // 86400

    def calendar(self, other, line, first, last):
        """How many check calls of these days are in which state."""
        dates = (time.strftime("%Y-%m-%d", time.gmtime(day * 86400)) for day in (first, last))
        answer = self._ask("calendar", f"{other.name}/{line}", "--from", next(dates), "--to", next(dates))
        return {mark: sum(counts[i] for _, counts in answer["days"]) for i, mark in enumerate(answer["marks"])}

    def alarms(self):
        return self._ask("alarm", "list")["alarms"]

    def entry(self, other, line, whose, index):
        return self._ask("record", "entry", f"{other.name}/{line}", whose, str(index))


    def card(self):
        return os.path.join(self._dir, "card.note")

    def verified_extract(self, other, line, whose, index, cards):
        """What detente-verify says of a fresh extract: its sentence that ends the report."""
        with tempfile.TemporaryDirectory() as room:
            file = os.path.join(room, "entry.dex")
            self._ask("record", "export", f"{other.name}/{line}", whose, str(index), "--out", file)
            command = [self._program + "-verify", "entry", file]
            for card in cards:
                command += ["--card", card]
            done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        need(done.returncode == 0, f"the extract of {self.name} does not verify: {done.stdout.strip()[-300:]}")
        return done.stdout.strip().splitlines()[-1]


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


# ---- the chapters ----


def judge_one_word(south, north):
    accords = {}
    for here, there in ((south, north), (north, south)):
        counterpart = here.with_(there)
        need(counterpart and counterpart["link"]["up"], f"{here.name} has no link to {there.name}")
        names = {line["name"] for line in counterpart["lines"]}
        missing = set(story.PROVABLE_LINES) - names
        need(not missing, f"{here.name} has no line {', '.join(sorted(missing))}")
        accords[here.name] = counterpart["accord"]["digest"]
    need(len(set(accords.values())) == 1, f"the sides hold different accords: {accords}")
    *records, log = same_log(south, north, story.CHECK_CALL.line)
    entries = [signed_message(south, north, story.SOUTH, message, records)
               for message in (story.CHECK_CALL, story.WARNING)]
    return {"accord": accords["south"], "lines": list(story.PROVABLE_LINES), "log": log,
            "entries": entries}


def judge_ack(south, north):
    line = story.WARNING.line
    ours, theirs, log = same_log(north, south, line)
    *records, _ = same_log(south, north, line)
    warning, _ = find_message(south, north, story.WARNING, records)

    def acknowledges(entry, whose, about):
        return entry["whose"] == whose and entry["kind"] == 2 and any(
            r["whose"] == about and (r["epoch"], r["index"], r["leaf"]) ==
            (warning["epoch"], warning["index"], warning["leaf"]) for r in entry["references"])
    own = next((e for e in ours["entries"] if acknowledges(e, "own", "far")), None)
    far = next((e for e in theirs["entries"] if acknowledges(e, "far", "own")), None)
    need(own, f"nobody at north has acknowledged entry {warning['index']} of south")
    need(far, f"south holds no acknowledgement of its entry {warning['index']}")
    own, far = both_ends(north, south, line, own, far)
    for entry in (own, far):
        officer_signature(entry, story.NORTH.officer.post)
    cosigned = receipt(north, own)
    return {"log": log, "about": {"epoch": warning["epoch"], "index": warning["index"]},
            "acknowledgement": {**facts_of(own, far), "level": far["level"],
                                "signed_by": f"north/{story.NORTH.officer.post}"},
            "receipt": {"by": "south", "size": cosigned["size"], "time": cosigned["time"]}}


def judge_check_call(south, north):
    found = {}
    for here, there in ((south, north), (north, south)):
        answered = [c for c in here.calls(there, story.CALLED_LINE) if c["state"] == "answered in time"]
        need(len(answered) == 1, f"{here.name} knows of {len(answered)} answered check calls on {story.CALLED_LINE}")
        found[here.name] = answered[0]
    facts = {name: {(f["side"], f["kind"]): (f["officer"], f["at"]) for f in call["facts"]} for name, call in found.items()}
    need(facts["south"] == facts["north"], f"the two records differ: {facts}")
    need(set(facts["south"]) == {("south", "called"), ("north", "answered")}, f"it was not called and answered: {facts}")
    for side in (story.SOUTH, story.NORTH):
        kind = "called" if side is story.SOUTH else "answered"
        need(facts["south"][(side.name, kind)][0].startswith(side.officer.post), f"no officer of {side.name} {kind}")
    call = found["south"]
    return {"call": {"line": story.CALLED_LINE, "date": call["date"], "state": call["state"],
                     "called_by": "south/" + facts["south"][("south", "called")][0],
                     "answered_by": "north/" + facts["south"][("north", "answered")][0]}}


def judge_deniable(south, north):
    *records, log = same_log(north, south, story.SOUNDING.line)
    own, far = find_message(north, south, story.SOUNDING, records)
    receipt(north, own)
    for who, entry in (("north", own), ("south", far)):
        evidence = entry["evidence"]
        need(evidence["policy"] == "deniable", f"{who} holds it as {evidence['policy']}")
        need(not evidence["signatures"], f"{who} holds a signature over it")
        for part in ("checkpoint", "cosignature"):
            need(not evidence[part] or not evidence[part]["signature"], f"{who} holds a signed {part}")
    return {"log": log, "entry": facts_of(own, far), "policy": "deniable", "signatures": 0,
            "receipted": True}


def judge_extract(south, north):
    """Each station's own extract of the same entry, checked with the two cards alone."""
    *records, _ = same_log(south, north, story.WARNING.line)
    own, far = find_message(south, north, story.WARNING, records)
    verdicts = {}
    for here, there, whose, entry in ((south, north, "own", own), (north, south, "far", far)):
        verdicts[here.name] = here.verified_extract(there, story.WARNING.line, whose, entry["index"],
                                                    [south.card(), north.card()])
    need(len(set(verdicts.values())) == 1, f"the two extracts give other verdicts: {verdicts}")
    return {"entry": facts_of(own, far), "verdict": verdicts["south"], "checked_with": "both cards, offline"}


def judge_silence(south, north):
    *records, log = same_log(south, north, story.WHILE_OFF.line)
    entry = signed_message(south, north, story.SOUTH, story.WHILE_OFF, records)
    started = {record.name: record.status()["started"] for record in (south, north)}
    need(started["south"] <= entry["written"] <= started["north"] <= entry["stored_far"],
         f"north's station was not off meanwhile: written {entry['written']}, north runs since "
         f"{started['north']}, stored there {entry['stored_far']}")
    first = north.line(south, story.CHECK_CALL.line)["entries"]
    need(any(e["stored_at"] <= entry["written"] for e in first),
         "north's record does not begin before the silence")
    return {"log": log, "entry": entry, "north_started_again": started["north"]}


def acts_of(author, reader, kind):
    """The author's live entries of this kind on the accord line, the same in both records."""
    ours, theirs = author.line(reader, story.ACCORD_LINE), reader.line(author, story.ACCORD_LINE)
    own = [e for e in ours["entries"] if e["whose"] == "own" and e["kind"] == kind]
    far = [e for e in theirs["entries"] if e["whose"] == "far" and e["kind"] == kind]
    need([e["leaf"] for e in own] == [e["leaf"] for e in far],
         f"{author.name} has {len(own)} entries of kind {kind} on the accord line, {reader.name} holds {len(far)} of them")
    return own


def judge_cut(south, north):
    cuts = acts_of(north, south, 12)
    need(cuts, "north has cut nothing")
    need(story.CUT_REASON in cuts[-1]["act"], f"the reason is not in the act: {cuts[-1]['act']}")
    full, _ = both_ends(north, south, story.ACCORD_LINE, cuts[-1], cuts[-1])
    officer_signature(full, story.NORTH.officer.post)
    hour = None
    for line in story.ALL_LINES:
        for here, there, situation, whose in ((north, south, "cut-by-us", "own"), (south, north, "cut-by-them", "theirs")):
            ladder = here.ladder(there, line)
            need(ladder["situation"] == situation, f"{here.name} shows {line} as {ladder['situation']}")
            cut = ladder["registers"][whose]
            need(cut["in_force"] and cut["reason"] == story.CUT_REASON, f"{here.name} knows another cut of {line}: {cut}")
            need(cut["since"] > cut["signed_at"], f"{line} was cut without an announcement")
            hour = cut["since"]
    return {"cut": {"by": f"north/{story.NORTH.officer.post}", "signed_at": full["time"], "since": hour,
                    "lines": list(story.ALL_LINES), "reason": story.CUT_REASON}}


def judge_restoration(south, north):
    agreed = [[p for p in here.proposals(there) if p["matter"] == "restoration" and p["state"] == "accepted"]
              for here, there in ((south, north), (north, south))]
    need(all(agreed), "no restoration is agreed on in both records")
    ours, theirs = agreed[0][-1], agreed[1][-1]
    for what in ("epoch", "index", "instant", "words"):
        need(ours[what] == theirs[what], f"the two records differ in the agreement's {what}: {ours[what]}, {theirs[what]}")
    need((ours["by"], ours["decided"]["by"]) == ("us", "them"), "it was not south's proposal and north's acceptance")
    for line in story.ALL_LINES:
        for here, there in ((south, north), (north, south)):
            situation = here.ladder(there, line)["situation"]
            need(situation == "in-contact", f"{here.name} shows {line} as {situation}")
    cleared = [e["time"] for e in acts_of(north, south, 12) if "ended by restoration" in e["act"]]
    need(all(time >= ours["instant"] for time in cleared), "a line was opened before the agreed instant")
    reports = {}
    for here, there in ((south, north), (north, south)):
        found = acts_of(here, there, 16)
        need(found, f"{here.name} has written no report")
        need("every line is open" in found[-1]["act"], f"{here.name} reports: {found[-1]['act']}")
        need(found[-1]["time"] >= ours["instant"], f"{here.name}'s report is older than the agreement")
        reports[here.name] = found[-1]["act"]
    return {"agreement": {"instant": ours["instant"], "proposed_by": f"south/{ours['post']}",
                          "accepted_by": f"north/{ours['decided']['post']}", "lines": list(story.ALL_LINES)},
            "reports": reports}


def judge_months(south, north):
    today = south.today()
    cut = south.ladder(north, story.CALLED_LINE)["registers"]["theirs"]
    need(cut and cut["in_force"] and cut["reason"] == story.CUT_REASON, "south does not show the line cut by north any more")
    days = today - cut["since"] // 86400
    need(days >= story.SILENT_DAYS, f"south's cut is {days} days old")
    silent = {}
    for here, there in ((south, north), (north, south)):
        counts = here.calendar(there, story.CALLED_LINE, cut["since"] // 86400, today)
        need(counts["in a cut"] >= story.SILENT_DAYS - 1, f"{here.name} counts {counts['in a cut']} calls in the cut")
        missed = {mark: count for mark, count in counts.items() if count and mark not in ("in a cut", "in time")}
        need(not missed, f"{here.name} counts as missed what was in a cut: {missed}")
        silent[here.name] = counts["in a cut"]
    alarms = [alarm for alarm in south.alarms() if alarm["line"] == f"{north.name}/{story.CALLED_LINE}"]
    need([alarm["kind"] for alarm in alarms] == ["cut"], f"not one alarm for {days} days: {alarms}")
    ladder = south.ladder(north, story.CALLED_LINE)
    need(ladder["situation"] == "cut-by-them", f"south shows {ladder['situation']}")
    return {"silence": {"line": story.CALLED_LINE, "days": days, "calls_in_the_cut": silent, "alarms": len(alarms),
                        "situation": ladder["situation"]}}


JUDGES = {"S6": judge_cut, "S7": judge_months, "S8": judge_restoration, "S7-call": judge_check_call, "S1": judge_one_word, "S1-ack": judge_ack, "S1-deniable": judge_deniable,
          "S1-silence": judge_silence, "S15": judge_extract}


def verdict(chapter, south, north):
    out = {"id": chapter.id, "title": chapter.title}
    try:
        return {**out, "ok": True, "evidence": JUDGES[chapter.id](south, north)}
    except NotShown as reason:
        return {**out, "ok": False, "evidence": {}, "why": str(reason)}


def main():
    parser = argparse.ArgumentParser(description="Judges one chapter of the demo from both records.")
    parser.add_argument("chapter", choices=sorted(JUDGES))
    parser.add_argument("--bin", required=True, help="folder of the program detente")
    for side in ("south", "north"):
        parser.add_argument(f"--{side}", required=True, help=f"directory of {side}")
    parser.add_argument("--clock", required=True, help="folder of the story's clock")
    options = parser.parse_args()
    clock = StoryClock(options.clock)
    program = os.path.join(options.bin, "detente")
    out = verdict(story.CHAPTERS[options.chapter], Record(program, "south", options.south, clock),
                  Record(program, "north", options.north, clock))
    print(json.dumps(out, ensure_ascii=False))
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
