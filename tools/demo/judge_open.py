"""Verdicts on the chapters in which the lines are open."""

import story
from clock import seconds_of
from records import (both_ends, facts_of, find_message, need, officer_signature, receipt, same_log, signed_message)


def acknowledged(author, reader, facts, message):
    """What `reader`'s officer signed about a message of `author`'s, the same in both records."""
    ours, theirs, log = same_log(reader, author, message.line)
    *records, _ = same_log(author, reader, message.line)
    about, _ = find_message(author, reader, message, records)

    def acknowledges(entry, whose, about_whose):
        return entry["whose"] == whose and entry["kind"] == 2 and any(
            r["whose"] == about_whose and (r["epoch"], r["index"], r["leaf"]) ==
            (about["epoch"], about["index"], about["leaf"]) for r in entry["references"])
    own = next((e for e in ours["entries"] if acknowledges(e, "own", "far")), None)
    far = next((e for e in theirs["entries"] if acknowledges(e, "far", "own")), None)
    need(own, f"nobody at {reader.label} has acknowledged entry {about['index']} of {author.label}")
    need(far, f"{author.label} holds no acknowledgement of its entry {about['index']}")
    own, far = both_ends(reader, author, message.line, own, far)
    for entry in (own, far):
        officer_signature(entry, facts.post)
    cosigned = receipt(reader, own)
    return {"log": log, "about": {"epoch": about["epoch"], "index": about["index"]},
            "acknowledgement": {**facts_of(own, far), "level": far["level"], "signed_by": f"{reader.name}/{facts.post}"},
            "receipt": {"by": author.name, "size": cosigned["size"], "time": cosigned["time"]}}


def answered_call(called, caller, line, date, hour):
    """The check call of that day and hour, which a person of each side made and answered, in both records."""
    (here, officer), (there, other) = caller, called
    found = {}
    for record, far in ((here, there), (there, here)):
        calls = [c for c in record.calls(far, line, date) if c["at"] == seconds_of(hour)]
        need(len(calls) == 1, f"{record.label} knows of {len(calls)} check calls on {line} at {hour}")
        need(calls[0]["state"] == "answered in time", f"{record.label} has that of {hour} on {line} as {calls[0]['state']}")
        found[record.name] = calls[0]
    facts = {name: {(f["side"], f["kind"]): (f["officer"], f["at"]) for f in call["facts"]} for name, call in found.items()}
    need(facts["south"] == facts["north"], f"the two records differ: {facts}")
    both = facts["south"]
    need(set(both) == {("south", "called"), ("north", "answered")}, f"it was not called and answered: {both}")
    for key, person in ((("south", "called"), officer), (("north", "answered"), other)):
        need(both[key][0].startswith(person.post), f"{key[1]} by {both[key][0]}, and not by {person.post}")
    return {"line": line, "date": date, "state": "answered in time",
            "called_by": "south/" + both[("south", "called")][0], "answered_by": "north/" + both[("north", "answered")][0]}


def answered_calls(bench, main=None, liaison=None):
    """All that the accord plans for these hours, each answered, in both records of its stations."""
    pairs = [(bench.north, story.NORTH.officer, bench.south, story.SOUTH.officer, line, main) for line in story.lines_called_at(main)] if main else []
    if liaison:
        pairs.append((bench.desk, story.NORTH.liaison_officer, bench.house, story.SOUTH.liaison_officer, story.LIAISON_LINE, liaison))
    return [answered_call((called, other), (caller, officer), line, hour[:10], hour)
            for called, other, caller, officer, line, hour in pairs]


def judge_one_word(bench):
    south, north = bench.south, bench.north
    accords = {}
    for here, there in ((south, north), (north, south)):
        counterpart = here.with_(there)
        need(counterpart and counterpart["link"]["up"], f"{here.name} has no link to {there.name}")
        names = {line["name"] for line in counterpart["lines"]}
        missing = set(story.LINES_OF[story.MAIN]) - names
        need(not missing, f"{here.name} has no line {', '.join(sorted(missing))}")
        accords[here.name] = counterpart["accord"]["digest"]
    for here, there in ((bench.house, bench.desk), (bench.desk, bench.house)):
        counterpart = here.with_(there)
        need(counterpart and counterpart["link"]["up"], f"{here.label} has no link to {there.label}")
        need([line["name"] for line in counterpart["lines"]] == [story.ACCORD_LINE, story.LIAISON_LINE],
             f"{here.label} carries {counterpart['lines']}")
        accords[here.label] = counterpart["accord"]["digest"]
    need(len(set(accords.values())) == 1, f"the sides hold different accords: {accords}")
    *records, log = same_log(south, north, story.CHECK_CALL.line)
    entries = [signed_message(south, north, story.SOUTH, message, records)
               for message in (story.CHECK_CALL, story.WARNING)]
    return {"accord": accords["south"], "lines": list(story.PROVABLE_LINES), "log": log,
            "entries": entries}


def judge_ack(bench):
    return acknowledged(bench.south, bench.north, story.NORTH.officer, story.WARNING)


def judge_protest(bench):
    south, north = bench.south, bench.north
    *records, _ = same_log(north, south, story.PROTEST.line)
    entry = signed_message(north, south, story.NORTH, story.PROTEST, records)
    return {"entry": entry, **{k: v for k, v in acknowledged(north, south, story.SOUTH.officer, story.PROTEST).items()
                               if k != "log"}}


def judge_check_call(bench):
    return {"calls": answered_calls(bench, story.FIRST_CALL)}


def judge_missed(bench):
    """Unanswered at one desk at the hour at which the other answered; and answered in the afternoon at both."""
    date, line = story.FIRST_CALL[:10], story.LIAISON_LINE
    morning_calls = judge_check_call(bench)["calls"]
    states = {}
    for here, there in ((bench.house, bench.desk), (bench.desk, bench.house)):
        morning = next((c for c in here.calls(there, line, date) if c["at"] == seconds_of(story.FIRST_CALL)), None)
        need(morning, f"{here.label} knows of no call on {line} at {story.FIRST_CALL}")
        need(morning["state"] == "unanswered", f"{here.label} has that call as {morning['state']}")
        need([(f["side"], f["kind"]) for f in morning["facts"]] == [("south", "called")],
             f"{here.label} knows more of that call than that south called: {morning['facts']}")
        states[here.label] = morning["state_words"]
    alarms = [a for a in bench.house.alarms() if a["kind"] == "silence"]
    need(len(alarms) == 1, f"{bench.house.label} raised {len(alarms)} alarms of silence")
    afternoon = answered_calls(bench, *story.AFTERNOON)
    return {"missed": {"line": line, "date": date, "states": states, "alarm": alarms[0]["words"]}, "calls": [*morning_calls, *afternoon]}


def judge_deniable(bench):
    south, north = bench.south, bench.north
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


def judge_extract(bench):
    """Each station's own extract of the same entry, checked with the two cards alone."""
    south, north = bench.south, bench.north
    *records, _ = same_log(south, north, story.WARNING.line)
    own, far = find_message(south, north, story.WARNING, records)
    verdicts = {}
    for here, there, whose, entry in ((south, north, "own", own), (north, south, "far", far)):
        verdicts[here.name] = here.verified_extract(there, story.WARNING.line, whose, entry["index"],
                                                    [south.card(), north.card()])
    need(len(set(verdicts.values())) == 1, f"the two extracts give other verdicts: {verdicts}")
    published = south.verified("entry", south.file(story.PUBLISHED), [south.card(), north.card()])
    need(any(story.WARNING.text.split(",")[0][:60] in line for line in published), "another message was published")
    return {"entry": facts_of(own, far), "verdict": published[-1], "checked_with": "both cards, offline"}


def judge_silence(bench):
    south, north = bench.south, bench.north
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


JUDGES = {"S1": judge_one_word, "S1-ack": judge_ack, "S1-deniable": judge_deniable, "S1-silence": judge_silence,
          "S7-call": judge_check_call, "S7-missed": judge_missed, "S11": judge_protest, "S15": judge_extract}
