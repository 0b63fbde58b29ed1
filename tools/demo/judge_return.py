"""Verdicts on the restorations, the announcement, the first calls and the report."""

import story
from clock import seconds_of
from judge_open import acknowledged, answered_calls
from records import acts_of, find_message, need, officer_signature, same_log


# What a station may find of a path that carries one direction only; which of the two depends on its end.
FINDINGS = ("nothing is heard on it", "nothing of ours arrives on it")


def both_ways(here, there):
    return (here, there), (there, here)


def need_open(here, there, lines):
    for line in lines:
        for one, other in both_ways(here, there):
            ladder = one.ladder(other, line)
            registers = ladder["registers"]
            need(not registers["own"] and not registers["theirs"], f"{one.label} shows {line} as {ladder['situation']}")


def agreed_restoration(here, there):
    """The newest restoration that both agreed on, proposed `here`, the same in both records."""
    agreed = [[p for p in one.proposals(other) if p["matter"] == "restoration" and p["state"] == "accepted"]
              for one, other in both_ways(here, there)]
    need(all(agreed), f"no restoration is agreed on in the records of {here.label} and {there.label}")
    ours, theirs = (sorted(found, key=lambda p: p["instant"])[-1] for found in agreed)
    for what in ("epoch", "index", "instant", "words"):
        need(ours[what] == theirs[what], f"the two records differ in the agreement's {what}: {ours[what]}, {theirs[what]}")
    need((ours["by"], ours["decided"]["by"]) == ("us", "them"), f"it was not {here.label}'s proposal and the other's acceptance")
    cleared = [e["time"] for e in acts_of(there, here, 12) if "ended by restoration" in e["act"]]
    need(cleared, f"{there.label} has cleared no line")
    need(all(time >= ours["instant"] for time in cleared), "a line was opened before the agreed instant")
    return {"instant": ours["instant"], "proposed_by": f"{here.label}/{ours['post']}",
            "accepted_by": f"{there.label}/{ours['decided']['post']}", "lines": [one["line"] for one in ours["lines"]]}


def judge_mandates(bench):
    """An agreement from the day before, and behind each side's act a mandate that the other side finds valid."""
    south, north = bench.south, bench.north
    mandates = {}
    for here, there in both_ways(south, north):
        found = [p for p in here.proposals(there) if p["matter"] == "restoration" and p["state"] == "accepted"]
        need(len(found) == 1, f"{here.name} knows of {len(found)} agreed restorations")
        one = found[0]
        need(one["instant"] == seconds_of(story.RESTORED), f"it is agreed on for {one['instant']}")
        need(max(one["time"], one["decided"]["time"]) < seconds_of(story.RESTORED) - 3600, "it was not signed the day before")
        shown = {"south": one["mandate"], "north": one["decided"]["mandate"]}
        for name, mandate in shown.items():
            need(mandate and mandate["verdict"] == "valid", f"{here.name} shows {name}'s mandate as {mandate}")
            need(mandate["post"] == story.SOUTH.principal.post, f"{here.name} shows a mandate of {mandate['post']}")
        mandates[here.name] = {name: mandate["digest"] for name, mandate in shown.items()}
    need(mandates["south"] == mandates["north"], f"the two records differ: {mandates}")
    return {"mandates": mandates["south"], "instant": one["instant"]}


def judge_restoration(bench):
    south, north = bench.south, bench.north
    agreement = agreed_restoration(south, north)
    need(agreement["instant"] == seconds_of(story.RESTORED), f"it was agreed on for {agreement['instant']}")
    need_open(south, north, story.LINES_OF[story.MAIN])
    return {"agreement": agreement}


def judge_liaison(bench):
    house, desk = bench.house, bench.desk
    agreement = agreed_restoration(house, desk)
    need(agreement["instant"] >= seconds_of(story.LIAISON_RESTORED), f"it was agreed on for {agreement['instant']}")
    need_open(house, desk, [story.LIAISON_LINE])
    logs = [log for log in desk.line(house, story.ACCORD_LINE)["logs"] if log["whose"] == "far"]
    need(len({log["epoch"] for log in logs}) > 1, "the lines were not taken over in a new epoch")
    # What the lost station had receipted comes back from the other side, the same in both records.
    _, held, _ = same_log(desk, house, story.ACCORD_LINE)
    held = [*held["entries"], *house.line(desk, story.LIAISON_LINE)["entries"]]
    old = [e for e in held if e["whose"] == "far" and e["time"] < seconds_of(story.HOUSE_LOST)]
    need(old, f"{house.label} has nothing of what the lost station held")
    read = acknowledged(house, desk, story.NORTH.liaison_officer, story.LIAISON_WORD)
    *records, _ = same_log(house, desk, story.LIAISON_LINE)
    _, far = find_message(house, desk, story.LIAISON_WORD, records)
    officer_signature(far, story.SOUTH.liaison_officer.post)
    return {"agreement": agreement, "came_back": len(old), **read}


def judge_report(bench):
    """What each station wrote of its tests, in both records: every line open, and the fault named."""
    reports = {}
    for here, there in both_ways(bench.south, bench.north):
        found = [e for e in acts_of(here, there, 16) if e["time"] >= seconds_of(story.RESTORED)]
        need(found, f"{here.name} has written no report")
        said = found[-1]["act"]
        need("every line is open" in said, f"{here.name} reports: {said}")
        for path in story.SHARED_PATHS:
            need(f"path {path}: works both ways" in said, f"{here.name} does not say that {path} works: {said}")
        need(any(f"path {story.FAULTY_PATH}: {finding}" in said for finding in FINDINGS),
             f"{here.name} does not name the fault of {story.FAULTY_PATH}: {said}")
        ladder = here.ladder(there, story.FAULTY_LINE)
        need(story.FAULTY_PATH in [path["name"] for path in ladder["paths"]], f"{here.name} has no {story.FAULTY_PATH} on {story.FAULTY_LINE}")
        others = [line for line in story.LINES_OF[story.MAIN] if line != story.FAULTY_LINE
                  and story.FAULTY_PATH in [path["name"] for path in here.ladder(there, line)["paths"]]]
        need(not others, f"at {here.name} the {story.FAULTY_PATH} carries {others}, too")
        reports[here.name] = said.split("; ")
    return {"reports": reports}


def judge_announcement(bench):
    south, north = bench.south, bench.north
    instant = seconds_of(story.ANNOUNCED)
    found, clocks, verdicts = {}, {}, {}
    for here, there in both_ways(south, north):
        released = [a for a in here.announcements() if a["announcement"]["state"] == "released"]
        need(len(released) == 1, f"{here.name} shows {len(released)} released announcements")
        one = released[0]
        need(one["instant"] == instant, f"{here.name} has agreed on {one['instant']}")
        for whose in ("ours", "theirs"):
            side = one["announcement"][whose]
            need(side["released"] is not None, f"{here.name} does not know of a release ({whose})")
            need(side["released"] >= instant and side["late_s"] < 2, f"released {side['released']}, {side['late_s']} s late")
        found[here.name] = one["announcement"]
        lines = here.verified("announcement", here.release_file(), [south.card(), north.card()])
        verdicts[here.name] = lines[-1]
        clocks[here.name] = bounds = one["announcement"]["armed_with"]
        need(bounds, f"{here.name} did not measure the other's clock before")
        need(-500 <= bounds["low_ms"] and bounds["high_ms"] <= 500, f"{here.name} did not know the clocks to agree: {bounds}")
        with open(here.release_file(), encoding="utf-8") as file:
            need(file.read().endswith(story.ANNOUNCEMENTS[here.name]), f"{here.name} released another text")
    need(found["south"]["ours"]["released"] == found["north"]["theirs"]["released"]
         and found["north"]["ours"]["released"] == found["south"]["theirs"]["released"], "the two records differ in the hours")
    return {"announcement": {"core": story.ANNOUNCED_CORE, "instant": instant,
                             "released": {name: one["ours"]["released"] for name, one in found.items()},
                             "clocks": clocks, "verdicts": verdicts}}


def judge_first_calls(bench):
    return {"calls": answered_calls(bench, *story.FIRST_ANSWERED)}


JUDGES = {"S17": judge_mandates, "S8": judge_restoration, "S9": judge_announcement, "S8-liaison": judge_liaison, "S7-first": judge_first_calls,
          "S8-report": judge_report}
