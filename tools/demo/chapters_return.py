"""The way back: the restorations, the announcement, the first calls."""

import glob
import os
import shutil

import faults
import screen
import story
from ceremony import enrol_liaison, share_bulletins, share_papers
from chapters import answered_calls
from chapters_cut import Courier
from clock import utc
from sides import DemoError, LINK_SECONDS, wait_until

LATE_SECONDS = 15
# A report waits a minute for a path that has not shown itself.
REPORT_SECONDS = 90


def wait_open(here, there):
    for side, other in ((here, there), (there, here)):
        side.wait_open(other, story.LINES_OF[side.post])


def propose(side, other, at, words, *more):
    side.types("restore", "propose", *(f"{other.name}/{line}" for line in story.LINES_OF[side.post]), "--at", at, "--words", words,
               "--as", side.officer.name, *more)


def give_mandate(side, other):
    """On the principal's own machine, in life; the letter that is cited is the last of the story's."""
    with open(os.path.join(side.dir, "letter.txt"), "w", encoding="utf-8") as file:
        file.write(story.LETTERS[-1].text)
    side.types("mandate", "give", "restore.mandate", "--as", side.facts.principal.name, "--counterpart", other.name,
               "--act", "restore", "--all", "--letter", "letter.txt", "--yes")
    return "--mandate", "restore.mandate"


def agree_by_courier(stage):
    """Does what is left of it: a fault may have kept the North off before."""
    south, north = stage.cast.mains
    courier = Courier(stage)
    if not south.asks("proposal", "list")["proposals"]:
        propose(south, north, utc(story.RESTORED), story.RESTORE_WORDS, *give_mandate(south, north), "--wait", "durable")
    if stage.north_is_off or agreed(south):
        return
    courier.carry_until(south, north, lambda: stage.offers(north))
    north.types("proposal", "list")
    order = () if stage.breaks("no-mandate") else give_mandate(north, south)
    north.types("proposal", "accept", f"south/{stage.offers(north)[-1]['id']}", *order, "--as", north.officer.name, "--yes", "--wait", "durable")
    courier.carry_until(north, south, lambda: agreed(south))


def agreed(side):
    return [one for one in side.asks("proposal", "list")["proposals"] if one["matter"] == "restoration" and one["state"] == "accepted"]


def mandates_and_an_agreement(stage):
    screen.say("As their letters say, each principal orders the own side to restore: a mandate, signed with the own key, that "
               "cites the letter by its digest. The day before, one side then proposes to restore all lines at ten, and an "
               "officer of the other accepts exactly these words, both by courier, since no path moves yet. Each sees that a "
               "mandate stands behind the other's act, and nothing of its text.")
    stage.clock.to(story.AGREED)
    agree_by_courier(stage)
    if not stage.north_is_off:
        stage.south.types("proposal", "list")


def mend_paths(stage):
    stage.network.mend(faulty=None if stage.will_break("S8-report", "no-fault") else story.FAULTY_PATH)


def all_lines_come_back(stage):
    agree_by_courier(stage)
    stage.clock.to(story.RESTORED, before=6)
    screen.say(f"On the morning the paths are mended: {' and '.join(story.SHARED_PATHS)} whole, the {story.FAULTY_PATH} of "
               f"{story.FAULTY_LINE} in one direction only, which nobody knows yet. Both machine rooms start their stations anew.")
    if not stage.breaks("no-path"):
        mend_paths(stage)
    for side in stage.cast.mains:
        if side is stage.south or not stage.north_is_off:
            side.stop()
            side.start()
    if stage.north_is_off:
        return
    screen.say("At ten each station, by its own clock, tests text, documents and every path in both directions. Only what "
               "has passed is opened.")
    wait_open(stage.south, stage.north)
    stage.south.types("status")


def ensure_open(stage):
    """A station that comes late begins its tests then; where nothing comes of that, both agree anew."""
    if stage.north_is_off:
        return
    if not stage.network.works:
        screen.say("The paths are mended only now.")
        mend_paths(stage)
    try:
        wait_until(lambda: stage.south.has_open(stage.north, [story.CALLED_LINE]), "the agreed restoration", LATE_SECONDS)
        return
    except DemoError as error:
        screen.note(f"({error})")
    screen.say("The restoration did not succeed, so there is another one now.")
    propose(stage.south, stage.north, f"+{stage.cast.lead}s", story.RESTORE_WORDS)
    stage.accept(stage.north, stage.south)
    wait_open(stage.south, stage.north)


# ---- the announcement ----


def write_text(side):
    with open(os.path.join(side.dir, "announcement.txt"), "w", encoding="utf-8") as file:
        file.write(story.ANNOUNCEMENTS[side.name])


def announcements(side):
    return side.asks("announce", "show")["announcements"]


def released_by_both(side):
    return [one for one in announcements(side) if one["announcement"]["ours"]["released"] and one["announcement"]["theirs"]["released"]]


def release_file(side):
    found = glob.glob(os.path.join(side.dir, "station", "announcements", "*.release"))
    return os.path.relpath(found[0], side.dir) if found else None


def both_announce(stage):
    south, north = stage.cast.mains
    ensure_open(stage)
    screen.say("Both want to tell it at eleven, each in words of its own that the other has not seen. South drafts, north "
               "answers with its own text's digest, and south signs for both: now officers of both have signed for both "
               "texts and for the hour.")
    for side in stage.cast.mains:
        write_text(side)
    south.types("announce", "draft", "north", "--core", story.ANNOUNCED_CORE, "--text", "announcement.txt",
                "--at", utc(story.ANNOUNCED), "--unseen", "--as", south.officer.name)
    if stage.north_is_off:
        return
    wait_until(lambda: stage.offers(north), "the draft to arrive", LINK_SECONDS)
    north.types("announce", "agree", f"south/{stage.offers(north)[-1]['id']}", "--text", "announcement.txt",
                "--as", north.officer.name, "--yes")
    stage.clock.to(story.ANNOUNCED, before=stage.cast.lead + 17)
    wait_until(lambda: stage.offers(south), "the answer to arrive", LINK_SECONDS)
    south.types("announce", "agree", f"north/{stage.offers(south)[-1]['id']}", "--as", south.officer.name, "--yes")
    screen.say("Until eleven nothing is to be done. Each station finds out how far the other's clock is from its own: no "
               "farther than half a second, or it would ask a person.")
    for side in stage.cast.mains:
        wait_until(lambda s=side: released_by_both(s), f"both releases on {side.label}'s screen", LINK_SECONDS + 30)
        wait_until(lambda s=side: release_file(s), f"the file of {side.label}", LINK_SECONDS)
        side.types("announce", "show")
    for side, other in (stage.cast.mains, stage.cast.mains[::-1]):
        if stage.breaks("altered") and side is south:
            faults.change_a_byte(os.path.join(south.dir, release_file(south)))
        side.verifies("announcement", release_file(side), "--card", "card.note", "--card", f"cards/{other.name}.note")


# ---- the liaison line ----


def the_house_is_replaced(stage):
    """A station at the same post, under another number, in Seoul."""
    ports = stage.house.ports
    house = stage.cast.build_house_anew()
    share_papers(stage.south, house)
    shutil.copytree(os.path.join(stage.cast.room, "officers-at-home"), os.path.join(house.dir, "officers"))
    enrol_liaison(stage.south, house, *ports)
    share_bulletins(house, stage.south)
    house.types("bulletin", "export", "../to-north/new-house")
    stage.house = house


def the_liaison_line_comes_back(stage):
    if not stage.cast.house_is_replaced:
        screen.say("In Seoul the South enrols a new liaison station: the same post, new keys, another number. What the lost "
                   "one held comes back from the other side.")
        the_house_is_replaced(stage)
    if stage.north_is_off:
        return
    house, desk = stage.house, stage.desk
    desk.types("bulletin", "import", "../to-north/new-house")
    house.start()
    for side, other in ((house, desk), (desk, house)):
        side.wait_link(other)
    stage.cast.house_is_lost = False
    house.types("station", "recover", "--wait", "30")
    house.wait_situation(desk, [story.LIAISON_LINE], "cut-by-them")
    stage.clock.to(story.LIAISON_RESTORED, before=stage.cast.lead)
    at = utc(story.LIAISON_RESTORED) if stage.clock.is_before(story.LIAISON_RESTORED, stage.cast.lead // 2) else f"+{stage.cast.lead}s"
    propose(house, desk, at, story.LIAISON_WORDS)
    stage.accept(desk, house)
    wait_open(house, desk)
    screen.say("The line is open; the desk answers when a person does.")
    stage.send(house, desk, story.LIAISON_WORD)
    if not stage.breaks("unread"):
        stage.acknowledge(desk, house, story.LIAISON_WORD)


def ensure_liaison(stage):
    if not stage.north_is_off and (stage.cast.house_is_lost or not stage.house.has_open(stage.desk, [story.LIAISON_LINE])):
        screen.say("The liaison line is not back yet.")
        the_liaison_line_comes_back(stage)


def the_first_calls(stage):
    ensure_open(stage)
    ensure_liaison(stage)
    screen.say("The first regular check calls: an officer calls, and an officer answers.")
    answered_calls(stage, story.FIRST_ANSWERED, [story.LIAISON_LINE] if stage.breaks("unanswered") else ())
    stage.south.types("status")


# ---- the report ----


def reported(side, other):
    """A report of its own in the record for each restoration that was agreed on."""
    entries = side.asks("record", "show", f"{other.name}/{story.ACCORD_LINE}")["entries"]
    return len([e for e in entries if e["whose"] == "own" and e["kind_name"] == "restoration report"]) >= len(agreed(side))


def wait_reports(cast):
    for side, other in (cast.mains, cast.mains[::-1]):
        wait_until(lambda s=side, o=other: reported(s, o), f"the report of {side.label}", REPORT_SECONDS)


def the_report_names_the_fault(stage):
    screen.say("A ministry says \"fully operational\". The two machines say what they saw, each in the record of both: every "
               f"line is open, and the {story.FAULTY_PATH} of {story.FAULTY_LINE} carries one direction only.")
    ensure_open(stage)
    if stage.north_is_off:
        return
    wait_reports(stage.cast)
    for side in stage.cast.mains:
        side.types("restore", "show")
