"""The story's facts: who the sides are, which lines they have, what is said in each chapter, and when.

The player says these words at these hours and the judge looks for them in both records; that is all
that the two share. The story is that of the report which the project was made after: five lines,
before one side cuts them. What the report does not give is from the public record; "soundings", the
protest and the letters' words are the demo's own.
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
    officer: Person           # at the main station
    liaison_officer: Person   # at the liaison station
    principal: Person


@dataclass(frozen=True)
class Message:
    line: str
    text: str
    precedence: str = "routine"
    signed: bool = True


@dataclass(frozen=True)
class Letter:
    author: str
    day: str
    text: str


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str


SOUTH = SideFacts("south", "Republic of Korea", Person("kim", "duty-officer", "Kim Min-jun"),
                  Person("lee", "liaison-officer", "Lee Seo-yeon"), Person("first", "principal", "The President"))
NORTH = SideFacts("north", "Democratic People's Republic of Korea", Person("ri", "duty-officer", "Ri Song-il"),
                  Person("pak", "liaison-officer", "Pak Chol"), Person("first", "principal", "The Chairman"))

MAIN, LIAISON = "main", "liaison"  # the posts of each side's two stations

PROVABLE_LINES = ("presidential", "liaison", "military-west", "military-east", "ship")
DENIABLE_LINE = "soundings"
ALL_LINES = PROVABLE_LINES + (DENIABLE_LINE,)
ACCORD_LINE = "accord"
# Which stations of both sides carry which line.
LINES_OF = {MAIN: tuple(line for line in ALL_LINES if line != "liaison"), LIAISON: ("liaison",)}
# All go through an emulator, which a chapter may tell to drop what comes. The house has the first, without.
PATHS = ("fibre", "satellite", "radio")
# The last is of one line alone; it comes back with a fault.
SHARED_PATHS, FAULTY_PATH, FAULTY_LINE = PATHS[:2], PATHS[2], "military-east"

CALLED_LINE, LIAISON_LINE = "military-east", "liaison"
HOURS = """[hours]
holidays = []
late_minutes = 15
unanswered_minutes = 45
presence_minutes = 10
on_watch = "post"
"""
CALL = """
[[check_calls]]
time = "{time}"
zone = "Asia/Seoul"
days = [{days}]
caller = "south"
"""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAILY = WEEKDAYS + ("sat", "sun")
# As in the report.
CALL_HOURS = {"military-west": (("09:00", "16:00"), DAILY), "military-east": (("09:00", "16:00"), DAILY), "ship": (("09:00",), DAILY),
              LIAISON_LINE: (("09:00", "17:00"), WEEKDAYS)}


def lines_called_at(hour):
    """Those of the main stations that the accord has a check call on at that hour of the day."""
    return [line for line in LINES_OF[MAIN] if line in CALL_HOURS and hour[11:16] in CALL_HOURS[line][0]]


def hours_file(line):
    times, days = CALL_HOURS[line]
    quoted = ", ".join(f'"{day}"' for day in days)
    return HOURS + "".join(CALL.format(time=time, days=quoted) for time in times)


# Hours of the story, in Seoul's and Pyongyang's time.
BEGIN = "2020-06-08T08:30+09:00"
FIRST_CALL = "2020-06-08T09:00+09:00"
CALL_IS_OVER = "2020-06-08T09:50+09:00"
AFTERNOON = ("2020-06-08T16:00+09:00", "2020-06-08T17:00+09:00")
PROTESTED = "2020-06-08T18:00+09:00"
CUT_ANNOUNCED = "2020-06-09T06:30+09:00"
UNANSWERED = "2020-06-09T09:00+09:00"
MORNING_OVER = "2020-06-09T10:00+09:00"
CUT_IN_FORCE = "2020-06-09T12:00+09:00"
HOUSE_LOST = "2020-06-16T14:49+09:00"
SILENCE_OVER = "2021-07-26T09:00+09:00"
AGREED = "2021-07-26T14:00+09:00"
RESTORED = "2021-07-27T10:00+09:00"
ANNOUNCED = "2021-07-27T11:00+09:00"
LIAISON_RESTORED = "2021-07-27T11:04+09:00"
FIRST_ANSWERED = ("2021-07-27T16:00+09:00", "2021-07-27T17:00+09:00")

CHECK_CALL = Message("military-west", "Good morning. Nothing to report. How do you read us?")
WARNING = Message("military-west",
                  "A patrol boat of ours has lost its engine and drifts toward your side, "
                  "37.62 N 125.41 E. It does not answer to hostile intent. Hold your fire.",
                  "flash")
SOUNDING = Message("soundings", "Would your side meet, if nobody had asked?", signed=False)
WHILE_OFF = Message("ship", "The morning radio check found nobody at your desk. We stay on watch.")
PROTEST = Message("military-west",
                  "Protest. Persons of neither side's forces send leaflets across the line from your ground. "
                  "We hold your side answerable for it, and await what you will do.", "priority")

CUT_REASON = ("The authorities who connived at the hostile acts will regret it. "
              "We shall have nothing to do with them.")
# The whole days of the calendar in the cut, and how many they are.
SILENT_FROM, SILENT_TO, SILENT_DAYS = "2020-06-10", "2021-07-25", 411
FORGED = "Seoul takes its protest back."
CREDENTIAL_DAYS = 900

LETTERS = (
    Letter("south", "2021-04-12T10:00+09:00", "Three years ago we met. I should like us to speak again."),
    Letter("north", "2021-05-21T10:00+09:00", "I have read your letter. It is for both to mend what was torn."),
    Letter("south", "2021-07-12T10:00+09:00", "Let the lines be opened on the day of the armistice, at ten."),
    Letter("north", "2021-07-19T10:00+09:00", "Agreed: all lines, on the 27th at ten. My officers have their orders."),
)
RESTORE_WORDS = "All lines, from ten o'clock on, as our two sides have agreed in their letters."
LIAISON_WORDS = "The liaison line, from its new house."
ANNOUNCED_CORE = "The severed lines between the two sides are open again."
ANNOUNCEMENTS = {
    "south": "South and North have restored their lines today at ten o'clock, as the two leaders agreed in their letters.\n",
    "north": "The top leaders agreed to restore mutual trust by restoring the severed communication lines.\n",
}
PUBLISHED = "warning.dex"  # the file that a journalist gets
LIAISON_WORD = Message("liaison", "This is the liaison desk, from Seoul. We read you well.")

# In the order of the story. What is not built yet is not here.
CHAPTERS = {
    chapter.id: chapter for chapter in (
        Chapter("S1", "One word across, and a signed receipt back"),
        Chapter("S1-ack", "A person has read it, not only a machine"),
        Chapter("S1-deniable", "Words that prove nothing to an outsider"),
        Chapter("S1-silence", "The other station is off: nothing is lost"),
        Chapter("S7-call", "A check call, answered by a person"),
        Chapter("S7-missed", "8 June: nobody answers at the liaison desk"),
        Chapter("S11", "A protest arrives: read is not accepted"),
        Chapter("S6", "9 June: one side cuts every line"),
        Chapter("S10", "16 June: the liaison house is lost"),
        Chapter("S5", "April to July: letters by courier"),
        Chapter("S7", "More than a year of silence"),
        Chapter("S17", "26 July: two mandates, and an agreement"),
        Chapter("S8", "27 July, 10:00: restored, as both agreed"),
        Chapter("S9", "11:00: each side announces it, by its own clock"),
        Chapter("S8-liaison", "11:04: the liaison line, at a new station"),
        Chapter("S7-first", "16:00, 17:00: the first calls are answered"),
        Chapter("S8-report", "What the machines found: one path has a fault"),
        Chapter("S15", "A journalist checks one message, offline"),
    )
}

# Between these chapters no path moves; the second begins without, and ends with all but one direction of one.
PATHS_DIE_IN, PATHS_MENDED_IN = "S5", "S8"

# What the report tells and this program cannot do yet, said at the end; a chapter that is built takes its line away.
NOT_PLAYED = (
    "The principals' call (27 July): voice is not built.",
    "The letters' seal: they go signed by each principal, in courier files that only the two stations open; a letter "
    "that the own station cannot read is not built.",
    "One station speaks with one station of the other side: so the North's liaison desk has a station of its own, and the "
    "demo runs four where the report has three.",
)
