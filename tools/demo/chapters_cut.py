"""The cut, the lost house, the letters and the silence."""

import os
import re
import shutil

import faults
import screen
import story
from chapters import call
from clock import utc
from sides import LINK_SECONDS, wait_until


def cut_everything(stage, effective=None):
    """The North's act, at both of its stations: each cuts the lines that it carries."""
    when = ("--effective", utc(effective)) if effective else ()
    for side in (stage.north, stage.desk):
        side.types("cut", "--all", "--reason", story.CUT_REASON, *when, "--as", side.officer.name, "--yes")


def wait_cut(stage):
    for side, other in ((stage.north, stage.south), (stage.desk, stage.house)):
        side.wait_situation(other, story.LINES_OF[side.post], "cut-by-us")
        other.wait_situation(side, story.LINES_OF[side.post], "cut-by-them")


def is_cut(stage):
    return stage.south.asks("status", f"north/{story.CALLED_LINE}")["situation"] == "cut-by-them"


def ensure_cut(stage):
    if stage.north_is_off or is_cut(stage):
        return
    screen.say("The chapter before ended without a cut, so there is one now.")
    cut_everything(stage)
    wait_cut(stage)


def all_lines_are_cut(stage):
    screen.say("At half past six the North announces that it cuts every line at noon, with its reason; until then all are "
               "open, and both screens say so.")
    stage.clock.to(story.CUT_ANNOUNCED)
    if not stage.north_is_off and not stage.breaks("unannounced"):
        cut_everything(stage, story.CUT_IN_FORCE)
        stage.south.types("status", f"north/{story.CALLED_LINE}")
    screen.say("At nine the South calls on all lines that have a call. Nobody answers.")
    stage.comes(story.UNANSWERED)
    for line in story.lines_called_at(story.UNANSWERED):
        call(stage, stage.south, stage.north, line)
    call(stage, stage.house, stage.desk, story.LIAISON_LINE)
    stage.clock.to(story.MORNING_OVER)
    stage.wait_past(story.MORNING_OVER)
    stage.clock.to(story.CUT_IN_FORCE)
    if stage.north_is_off:
        return
    if stage.breaks("unannounced"):
        cut_everything(stage)
    wait_cut(stage)
    screen.say("It is noon. Nothing ordinary crosses any more, and nobody pretends that it does.")
    stage.south.types("status", f"north/{story.CALLED_LINE}")
    stage.south.is_refused("send", f"north/{story.CALLED_LINE}", "Do you read us?")


# ---- the house ----


def positions(house):
    """How far the house's logs have come, as its officer reads it to Seoul each evening."""
    out = []
    for line in (story.LIAISON_LINE, story.ACCORD_LINE):
        record = house.asks("record", "show", f"north/{line}")
        for log in record["logs"]:
            if log["whose"] == "own" and log["epoch"] == record["own_epoch"] and log["size"]:
                out += ["--last", f"{line}={log['epoch']}:{log['size']}:{log['root']}"]
    return out


def the_house_is_lost(stage):
    ensure_cut(stage)
    last = positions(stage.house)
    captors = stage.cast.take_the_house()
    # Its officers left it days before, and took their keys along.
    shutil.move(os.path.join(stage.house.dir, "officers"), os.path.join(stage.cast.room, "officers-at-home"))
    shutil.copytree(stage.house.dir, captors.dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns("api.sock", "station.out"))
    stage.clock.to(story.HOUSE_LOST)
    screen.say("At 14:49 the house is blown up. Its station is killed and its directory is gone; whoever was there before "
               "may have its disk, so its keys are presumed taken.")
    stage.house.destroy()
    stage.cast.house_is_lost = True
    screen.note("(south-liaison: killed, and its directory removed)")
    screen.say("The South's root key declares the station lost. What counts of its logs ends where its officer had read "
               "them to Seoul the evening before, whatever date anybody claims from now on.")
    stage.south.types("station", "revoke", "--post", story.LIAISON, *last, "--yes")
    stage.south.types("bulletin", "export", "../to-north/house-lost")
    if stage.north_is_off:
        return
    screen.say("A running station tells the other over the accord line, which is never cut; the North's liaison desk, whose "
               "counterpart is gone, is told by a file.")
    if not stage.breaks("untold"):
        stage.desk.types("bulletin", "import", "../to-north/house-lost")
    the_captors_call(stage, captors)
    stage.desk.types("status", f"south/{story.LIAISON_LINE}")
    stage.desk.types("alarm", "list", show=lambda text: "\n".join(text.split("\n")[-6:]))


def the_captors_call(stage, captors):
    screen.say("Somebody starts a copy of the house's disk and writes. It calls with the lost keys; nothing goes back to it, "
               "and the North's screen says that somebody calls.")
    captors.start()
    captors.types("send", f"north/{story.ACCORD_LINE}", story.FORGED, "--wait", "none")
    for kind in () if stage.breaks("untold") else ("revoked-station", "station-lost-south"):
        wait_until(lambda k=kind: [a for a in stage.desk.asks("alarm", "list")["alarms"] if a["kind"].startswith(k)],
                   f"the alarm {kind}", LINK_SECONDS)
    captors.stop()
    shutil.rmtree(captors.dir)


# ---- the letters, and the silence ----


class Courier:
    """Files that a person carries between the two main stations."""

    def __init__(self, stage):
        self._stage = stage
        self._folder = os.path.join(stage.cast.room, "courier")
        os.makedirs(self._folder, 0o700, exist_ok=True)

    def carry(self, side, other, shown=True, altered=False):
        name = f"../courier/{side.name}-{len(os.listdir(self._folder)) + 1}"
        if shown:
            side.types("courier", "export", other.name, name)
            if altered:
                faults.change_a_byte(os.path.join(side.dir, name))
            other.types("courier", "import", name)
        else:
            side.asks("courier", "export", other.name, name)
            other.asks("courier", "import", name)

    def carry_until(self, side, other, arrived, altered=False):
        """One file where both heard each other since their starts; else they meet by files first."""
        self.carry(side, other, altered=altered)
        for _ in range(2):
            if arrived():
                return
            screen.note("(one of the stations was started anew: they meet by files first)")
            self.carry(other, side, shown=False)
            self.carry(side, other, shown=False)


def letters_by_courier(stage):
    screen.say("Every path is dead, and every line is cut. The two principals write all the same: on the line of the accord, "
               "which no cut closes, each with a key of his own; a courier carries the file. Who has it on the way reads "
               "nothing and can change nothing.")
    courier = Courier(stage)
    for number, letter in enumerate(story.LETTERS):
        side, other = stage.cast.mains if letter.author == "south" else stage.cast.mains[::-1]
        stage.clock.to(letter.day)
        if number == 1:
            screen.say("The answer; the same file brings the receipt for the first letter.")
        if stage.north_is_off and side is stage.north:
            return
        side.types("send", f"{other.name}/{story.ACCORD_LINE}", letter.text, "--as", side.facts.principal.name, "--wait", "durable")
        if stage.north_is_off:
            return

        def arrived():
            shown = other.asks("record", "show", f"{side.name}/{story.ACCORD_LINE}")
            return any(entry.get("text") == letter.text for entry in shown["entries"])
        courier.carry_until(side, other, arrived, altered=stage.breaks("altered") and letter is story.LETTERS[-1])
    screen.say("A last file takes the receipt for the last letter back.")
    courier.carry(stage.south, stage.north)
    stage.north.types("inbox", f"south/{story.ACCORD_LINE}", "--all")


def alarms_of(line):
    """Of the whole list, those of one line."""
    return lambda text: "\n".join(alarm for alarm in re.split(r"\n(?= *\d+ )", text) if line in alarm)


def months_of_silence(stage):
    screen.say("More than a year has passed; this demo's clock is set forward, for all stations. Twice a day the hour of a "
               "check call comes, and nobody answers: that is a line that is cut, and not a call that was missed. One alarm "
               "told of the cut; the days raise none. That the paths are dead meanwhile stands below it.")
    stage.clock.to(story.SILENCE_OVER)
    if stage.breaks("paths-live"):
        stage.network.mend()
        stage.south.wait_link(stage.north)
    else:
        stage.south.wait_no_path(stage.north, story.CALLED_LINE)
    if stage.north_is_off:
        return
    days = ("--from", story.SILENT_FROM, "--to", story.SILENT_TO)
    for side, other in (stage.cast.mains, stage.cast.mains[::-1]):
        wait_until(lambda s=side, o=other: len(s.asks("calendar", f"{o.name}/{story.CALLED_LINE}", *days)["days"])
                   >= story.SILENT_DAYS, f"{side.name} to have seen the days pass", LINK_SECONDS)
    stage.south.types("calendar", f"north/{story.CALLED_LINE}", *days)
    stage.south.types("status", f"north/{story.CALLED_LINE}")
    stage.south.types("alarm", "list", show=alarms_of(f"north/{story.CALLED_LINE}"))
