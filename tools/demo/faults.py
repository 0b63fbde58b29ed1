"""What can be broken on purpose: in any chapter the North's stations, and in each one thing of its own.

What a chapter's own fault leaves undone, the next ones make good; the verdicts of these say nothing of it.
"""

from dataclasses import dataclass

import story

STOP = "stop-north"
STOP_WORDS = "the stations of north are off in this chapter"


@dataclass(frozen=True)
class Fault:
    name: str
    words: str


OWN = {
    "S1": Fault("unsigned", "the first words go without an officer's key"),
    "S1-ack": Fault("unread", "nobody at the other desk signs that it was read"),
    "S1-deniable": Fault("on-record", "the words go on a line whose record proves them"),
    "S1-silence": Fault("stays-on", "the other station is not switched off"),
    "S7-call": Fault("unanswered", "nobody answers the check call"),
    "S7-missed": Fault("answered", "the liaison desk answers all the same"),
    "S11": Fault("unread", "nobody signs that the protest was read"),
    "S6": Fault("unannounced", "the lines are cut at noon, and nobody said so before"),
    "S10": Fault("untold", "the North's desk is not told that the house is lost"),
    "S5": Fault("altered", "a byte of the last letter's file is changed on its way"),
    "S7": Fault("paths-live", "the paths carry all the time"),
    "S17": Fault("no-mandate", "one side accepts without an order of its principal"),
    "S8": Fault("no-path", "the paths are not mended at ten"),
    "S9": Fault("altered", "a byte of the published text is changed"),
    "S8-liaison": Fault("unread", "no person at the liaison desk signs that it was read"),
    "S7-first": Fault("unanswered", "nobody at the liaison desk answers its first call"),
    "S8-report": Fault("no-fault", "every path was whole at ten, and no fault is there to be named"),
    "S15": Fault("altered", "a byte of the published message is changed"),
}


def words_of(chapter, name):
    return STOP_WORDS if name == STOP else OWN[chapter].words


def known():
    """One line for each, as it is typed."""
    wide = max(len(f"{fault.name}@{chapter}") for chapter, fault in OWN.items())
    return [f"{STOP}@CHAPTER: {STOP_WORDS}",
            *(f"{f'{fault.name}@{chapter}':<{wide}}  {fault.words}" for chapter, fault in OWN.items())]


def parse(text):
    """(chapter, name); a ValueError says what is wrong, and what there is."""
    name, at, chapter = text.partition("@")
    names = {STOP, *(fault.name for fault in OWN.values())}
    if not at or name not in names:
        raise ValueError(f"\"{text}\": the fault is not known; write {STOP}@CHAPTER, or one that ./demo --help lists")
    if chapter not in story.CHAPTERS:
        raise ValueError(f"\"{text}\": no chapter {chapter or '(none given)'}; there are {', '.join(story.CHAPTERS)}")
    if name not in (STOP, OWN[chapter].name):
        raise ValueError(f"\"{text}\": of that chapter the faults are {STOP} and {OWN[chapter].name}")
    return chapter, name


def change_a_byte(path):
    """In the middle of a file: what was sealed, signed or published is there."""
    with open(path, "r+b") as file:
        whole = file.read()
        file.seek(len(whole) // 2)
        file.write(bytes([whole[len(whole) // 2] ^ 1]))
