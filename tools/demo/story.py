"""The story's facts: who the sides are, which lines they have, and what is said in each chapter.

The player says these words and the judge looks for them in both records; that is all
that the two share. The story is that of the report which the project was made after:
five lines, before one side cuts them. "soundings" is the demo's own addition.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    name: str        # how the side calls the key
    post: str        # what the other side sees
    full_name: str   # stays closed


@dataclass(frozen=True)
class SideFacts:
    name: str
    display: str
    officer: Person


@dataclass(frozen=True)
class Message:
    line: str
    text: str
    precedence: str = "routine"
    signed: bool = True


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str


SOUTH = SideFacts("south", "Republic of Korea", Person("kim", "duty-officer", "Kim Min-jun"))
NORTH = SideFacts("north", "Democratic People's Republic of Korea",
                  Person("ri", "duty-officer", "Ri Song-il"))

PROVABLE_LINES = ("presidential", "liaison", "military-west", "military-east", "ship")
DENIABLE_LINE = "soundings"
ALL_LINES = PROVABLE_LINES + (DENIABLE_LINE,)
ACCORD_LINE = "accord"
PATH = "fibre"

CALLED_LINE = "military-east"
# Daily, as in the report; the hour is put a few minutes ahead of the demo's own, so that it is due in it.
CALL_IN_MINUTES = 4
HOURS = """[hours]
holidays = []
late_minutes = 15
unanswered_minutes = 45
presence_minutes = 10
on_watch = "post"

[[check_calls]]
time = "{time}"
zone = "UTC"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
caller = "south"
"""

CHECK_CALL = Message("military-west", "Check call, 09:00. Nothing to report. How do you read us?")
WARNING = Message("military-west",
                  "A patrol boat of ours has lost its engine and drifts toward your side, "
                  "37.62 N 125.41 E. It does not answer to hostile intent. Hold your fire.",
                  "flash")
SOUNDING = Message("soundings", "Would your side meet, if nobody had asked?", signed=False)
WHILE_OFF = Message("liaison", "The morning call found nobody at your desk. We stay on watch.")

CUT_REASON = ("The authorities who connived at the hostile acts will regret it. "
              "We shall have nothing to do with them.")
# As long as the lines were cut in the report.
SILENT_DAYS = 413
CREDENTIAL_DAYS = 900
RESTORE_WORDS = "All lines, from ten o'clock on, as our two sides have agreed in their letters."
# An hour's announcement is seconds here, and so is the agreed instant.
SECONDS_AHEAD = 15
SECONDS_AHEAD_QUICK = 5  # where a passphrase costs nothing

# In the order of the story. What is not built yet is not here.
CHAPTERS = {
    chapter.id: chapter for chapter in (
        Chapter("S7-call", "A check call, answered by a person"),
        Chapter("S1", "One word across, and a signed receipt back"),
        Chapter("S1-ack", "A person has read it, not only a machine"),
        Chapter("S1-deniable", "Words that prove nothing to an outsider"),
        Chapter("S1-silence", "The other station is off: nothing is lost"),
        Chapter("S6", "One side cuts every line, at an hour that it names"),
        Chapter("S7", "413 days of silence"),
        Chapter("S8", "Both agree to restore, and the machines test each line first"),
        Chapter("S15", "A journalist checks one message, offline"),
    )
}
