"""What is done in each chapter while the lines are open. Whether it worked, the judge says."""

import os
from dataclasses import replace

import faults
import screen
import story
from sides import LINK_SECONDS, wait_until


def one_word_across(stage):
    screen.say("An officer signs at the desk with a key that the station does not have. The "
               "receipt is the other station's signature over its log, given once the words "
               "are on its disk, and verified here.")
    stage.send(stage.south, stage.north, replace(story.CHECK_CALL, signed=not stage.breaks("unsigned")))
    screen.say("A FLASH goes before everything else.")
    stage.send(stage.south, stage.north, story.WARNING)


def a_person_read_it(stage):
    screen.say("At the other side the desk shows it, and its officer signs that it was read.")
    line = story.WARNING.line
    stage.north.types("inbox", f"south/{line}")
    if stage.breaks("unread"):
        return
    stage.acknowledge(stage.north, stage.south, story.WARNING)
    stage.south.types("inbox", f"north/{line}", "--all")


def nothing_to_an_outsider(stage):
    screen.say("On a deniable line both know what was said, and neither can prove it to a "
               "third: no signature is ever made over it.")
    sounding = replace(story.SOUNDING, line="presidential") if stage.breaks("on-record") else story.SOUNDING
    stage.send(stage.north, stage.south, sounding)
    stage.south.types("inbox", f"north/{sounding.line}")


def the_other_is_off(stage):
    screen.say("The north's station is switched off. The south writes all the same.")
    if stage.north.running() and not stage.breaks("stays-on"):
        stage.north.types("station", "stop")
        stage.north.stop()
    stage.send(stage.south, stage.north, story.WHILE_OFF, "--wait", "durable")
    if stage.north_is_off:
        return
    screen.say("It is switched on again. Nobody repeats anything.")
    stage.north.start()
    stage.north.wait_link(stage.south)
    stage.south.wait_receipts(stage.north)
    stage.north.types("inbox", f"south/{story.WHILE_OFF.line}")


def call(stage, side, other, line):
    side.types("call", f"{other.name}/{line}", "--as", side.officer.name, *(["--wait", "durable"] if stage.north_is_off else []))


def call_and_answer(stage, side, other, line):
    call(stage, side, other, line)
    other.types("answer", f"{side.name}/{line}", "--as", other.officer.name)


def answered_calls(stage, hours, unanswered=()):
    """Those of an afternoon: of the main stations at the first hour, of the liaison desks at the second."""
    main, liaison = hours
    stage.comes(main)
    for line in story.lines_called_at(main):
        call_and_answer(stage, stage.south, stage.north, line)
    stage.comes(liaison)
    call(stage, stage.house, stage.desk, story.LIAISON_LINE)
    if story.LIAISON_LINE not in unanswered:
        stage.desk.types("answer", f"south/{story.LIAISON_LINE}", "--as", stage.desk.officer.name)


def a_check_call(stage):
    screen.say("The accord has check calls every day at nine on both military lines and the ship's, and at four on the "
               "military ones, and says who calls. A machine cannot answer one: an officer calls, an officer answers, each "
               "with the own key.")
    stage.comes(story.FIRST_CALL)
    stage.south.types("watch", "on", "--as", stage.south.officer.name)
    lines = story.lines_called_at(story.FIRST_CALL)
    for line in lines:
        call(stage, stage.south, stage.north, line)
    for line in lines:
        if not (stage.breaks("unanswered") and line == story.CALLED_LINE):
            stage.north.types("answer", f"south/{line}", "--as", stage.north.officer.name)
    stage.south.types("status", f"north/{story.CALLED_LINE}")


def ensure_answered(stage):
    """The calls of nine o'clock, of which a fault of the chapter before left one open."""
    for line in story.lines_called_at(story.FIRST_CALL):
        calls = stage.south.asks("calendar", f"north/{line}", "--date", story.FIRST_CALL[:10])["calls"]
        if not stage.north_is_off and calls[0]["state"] in ("due", "pending"):
            screen.say(f"The call on {line} waits for its answer still.")
            stage.north.types("answer", f"south/{line}", "--as", stage.north.officer.name)


def wait_for_the_alarm(stage):
    stage.comes(story.CALL_IS_OVER)
    wait_until(lambda: [a for a in stage.house.asks("alarm", "list")["alarms"] if a["kind"] == "silence"],
               "the alarm", LINK_SECONDS)


def nobody_at_the_liaison_desk(stage):
    ensure_answered(stage)
    screen.say("At nine the South's liaison officer calls, too. Both stations are there, and nobody answers: after "
               "three quarters of an hour the calendar says so, and an alarm is raised. Machines that hear each other "
               "are no answer.")
    stage.comes(story.FIRST_CALL)
    if stage.breaks("answered"):
        call_and_answer(stage, stage.house, stage.desk, story.LIAISON_LINE)
    else:
        call(stage, stage.house, stage.desk, story.LIAISON_LINE)
        wait_for_the_alarm(stage)
    stage.house.types("status", f"north/{story.LIAISON_LINE}")
    screen.say("In the afternoon all calls are answered.")
    answered_calls(stage, story.AFTERNOON)


def a_protest(stage):
    screen.say("A protest comes over a line that is still open. The station's receipt says that it is here, the "
               "officer's that he read it; neither accepts a word of it.")
    stage.clock.to(story.PROTESTED)
    stage.send(stage.north, stage.south, story.PROTEST)
    stage.south.types("inbox", f"north/{story.PROTEST.line}")
    if stage.breaks("unread"):
        return
    stage.acknowledge(stage.south, stage.north, story.PROTEST)


def an_outsider_checks(stage):
    screen.say("The south publishes one message with its proofs. Whoever has the two sides' cards "
               "checks it with a small program that knows nothing of stations.")
    south, north = stage.south, stage.north
    warning = south.finds(north, story.WARNING)
    south.types("record", "export", f"north/{story.WARNING.line}", "own", str(warning), "--out", story.PUBLISHED)
    if stage.breaks("altered"):
        faults.change_a_byte(os.path.join(south.dir, story.PUBLISHED))
    south.verifies("entry", story.PUBLISHED, "--card", "card.note", "--card", f"cards/{north.name}.note")
