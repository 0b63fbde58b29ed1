"""Verdicts on the cut, the lost house, the letters and the silence."""

import story
from clock import seconds_of
from records import acts_of, both_ends, facts_of, find_text, need, officer_signature, receipt


def cut_of(side, other, officer, lines):
    """The newest cut that `side` signed, in both records, with each line's state at both."""
    cuts = [e for e in acts_of(side, other, 12) if e["author_post"]]
    need(cuts, f"{side.label} has cut nothing")
    need(story.CUT_REASON in cuts[-1]["act"], f"the reason is not in the act: {cuts[-1]['act']}")
    full, _ = both_ends(side, other, story.ACCORD_LINE, cuts[-1], cuts[-1])
    officer_signature(full, officer.post)
    hours = set()
    for line in lines:
        for here, there, situation, whose in ((side, other, "cut-by-us", "own"), (other, side, "cut-by-them", "theirs")):
            ladder = here.ladder(there, line)
            need(ladder["situation"] == situation, f"{here.label} shows {line} as {ladder['situation']}")
            cut = ladder["registers"][whose]
            need(cut["in_force"] and cut["reason"] == story.CUT_REASON, f"{here.label} knows another cut of {line}: {cut}")
            need(cut["since"] > cut["signed_at"], f"{line} was cut without an announcement")
            hours.add(cut["since"])
    need(hours == {seconds_of(story.CUT_IN_FORCE)}, f"the cut is in force since {sorted(hours)}")
    return {"by": f"{side.label}/{officer.post}", "signed_at": full["time"], "since": hours.pop(), "lines": list(lines),
            "reason": story.CUT_REASON}


def judge_cut(bench):
    main = cut_of(bench.north, bench.south, story.NORTH.officer, story.LINES_OF[story.MAIN])
    return {"cut": main, "cut_of_liaison": cut_of(bench.desk, bench.house, story.NORTH.liaison_officer,
                                                   story.LINES_OF[story.LIAISON])}


def judge_lost_house(bench):
    """South's root key said it, both main records hold it, and the North's liaison desk takes nothing any more."""
    told = acts_of(bench.south, bench.north, 4)
    need(told, "south has told north of no bulletin")
    lost_at = seconds_of(story.HOUSE_LOST)
    need(told[-1]["time"] >= lost_at, "the newest bulletin is older than the loss")
    ladder = bench.desk.ladder(bench.house, story.LIAISON_LINE)
    said = " ".join([ladder["words"], *ladder["also"]])
    need("South declared its station at liaison" in said, f"{bench.desk.label} does not say that the station is lost: {said}")
    need("calls with its keys" in said, f"{bench.desk.label} does not say that somebody calls with its keys: {said}")
    alarms = {a["kind"].rstrip("0123456789-") for a in bench.desk.alarms() if not a["ended_at"]}
    need({"revoked-station", "station-lost-south"} <= alarms, f"the alarms at {bench.desk.label} are {sorted(alarms)}")
    held = {line: [e for e in bench.desk.line(bench.house, line)["entries"] if e["whose"] == "far"]
            for line in (story.ACCORD_LINE, story.LIAISON_LINE)}
    need(any(held.values()), f"{bench.desk.label} holds nothing of the lost station")
    for line, entries in held.items():
        late = [e["index"] for e in entries if e["stored_at"] >= lost_at]
        need(not late, f"{bench.desk.label} took entries {late} on {line} after the loss")
        need(not any(e.get("text") == story.FORGED for e in entries), f"{bench.desk.label} took what the lost keys wrote")
        beyond = [e["index"] for e in entries if "after the last valid" in e["verdict"]]
        need(not beyond, f"what the house wrote before is shown as after the last valid: {beyond}")
    return {"lost": {"station": "south/liaison", "told_at": told[-1]["time"], "screen": said,
                     "counts": {line: len(entries) for line, entries in held.items()}}}


def judge_letters(bench):
    """Each letter in both records, signed by its principal, and receipted; and no path has moved meanwhile."""
    letters = []
    for letter in story.LETTERS:
        author, reader = (bench.south, bench.north) if letter.author == "south" else (bench.north, bench.south)
        ours, theirs = author.line(reader, story.ACCORD_LINE), reader.line(author, story.ACCORD_LINE)
        listed = find_text(ours, "own", letter.text), find_text(theirs, "far", letter.text)
        need(listed[0], f"{author.name} has not written \"{letter.text[:30]}…\"")
        need(listed[1], f"{reader.name} does not have \"{letter.text[:30]}…\"")
        own, far = both_ends(author, reader, story.ACCORD_LINE, *listed)
        for entry in (own, far):
            officer_signature(entry, story.SOUTH.principal.post)
        day = seconds_of(letter.day)
        need(day <= own["time"] < day + 86400, f"the letter of {letter.day} is dated {own['time']}")
        cosigned = receipt(author, own)
        letters.append({**facts_of(own, far), "line": story.ACCORD_LINE, "signed_by": f"{author.name}/{story.SOUTH.principal.post}",
                        "receipt": {"by": reader.name, "size": cosigned["size"], "time": cosigned["time"]}})
    files = {}
    for here, there in ((bench.south, bench.north), (bench.north, bench.south)):
        brought = [e for e in here.events("courier-taken") if e["time"] >= seconds_of(story.LETTERS[0].day)]
        files[here.name] = len(brought)
        wanted = sum(letter.author == there.name for letter in story.LETTERS)
        need(sum(e["taken"] for e in brought) >= wanted, f"{here.name} did not get its {wanted} letters by file: {brought}")
        for line in here.with_(there)["lines"]:
            need(line["name"] == story.ACCORD_LINE or line["situation"].startswith("cut-by"),
                 f"{here.name} shows {line['name']} as {line['situation']}")
    return {"letters": letters, "files": sum(files.values())}


def judge_months(bench):
    south, north = bench.south, bench.north
    cut = south.ladder(north, story.CALLED_LINE)["registers"]["theirs"]
    need(cut and cut["in_force"] and cut["reason"] == story.CUT_REASON, "south does not show the line cut by north any more")
    # A day later than the cut, however it came: a chapter before may have had to repeat it.
    first = max(story.SILENT_FROM, south.date(cut["since"] + 86400))
    lines = [line for line in story.LINES_OF[story.MAIN] if line in story.CALL_HOURS]
    silent = {line: {} for line in lines}
    for line in lines:
        planned = len(story.CALL_HOURS[line][0]) * (story.SILENT_DAYS - 10)
        for here, there in ((south, north), (north, south)):
            counts = here.calendar(there, line, first, story.SILENT_TO)
            need(counts["in a cut"] >= planned, f"{here.name} counts {counts['in a cut']} calls on {line} in the cut")
            missed = {mark: count for mark, count in counts.items() if count and mark != "in a cut"}
            need(not missed, f"{here.name} counts as missed on {line} what was in a cut: {missed}")
            silent[line][here.name] = counts["in a cut"]
        alarms = [alarm for alarm in south.alarms()
                  if alarm["line"] == f"{north.name}/{line}" and alarm["last_at"] >= cut["since"]
                  and (alarm["kind"] != "silence" or alarm["last_at"] > cut["since"])]
        need([alarm["kind"] for alarm in alarms] == ["cut"], f"not one alarm on {line} for all these days: {alarms}")
    ladder = south.ladder(north, story.CALLED_LINE)
    need(ladder["situation"] == "cut-by-them", f"south shows {ladder['situation']}")
    # A cut hides no fault of a path that arises meanwhile.
    path = next((rung for rung in ladder["rungs"] if rung["rung"] == "path"), None)
    need(path and path["known"] != "known good", f"south does not show that no path moves: {path}")
    return {"silence": {"days": (south.clock.seconds() - cut["since"]) // 86400, "calls_in_the_cut": silent,
                        "alarms_a_line": 1, "situation": ladder["situation"]}}


JUDGES = {"S6": judge_cut, "S10": judge_lost_house, "S5": judge_letters, "S7": judge_months}
