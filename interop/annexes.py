"""Annexes: spec/accord.md section 6."""

import datetime
import re

from notes import NAME, WORD, parse_toml, refuse

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
MINUTES_OF_WEEK = 7 * 24 * 60
UNANSWERED_MINUTES = 30  # where there is no [hours]


def parse_annex(text):
    """line, name, provable, paths."""
    table = parse_toml(text, 65536, "annex")
    table.expect("format", "detente-annex/1")
    refuse(not re.fullmatch("[0-9a-f]{32}", table.text("salt")), "annex: a bad salt")
    line, name = table.integer("line", 0, 65535), table.name("name")
    refuse((line == 0) != (name == "accord"), "annex: line 0, and no other, is named accord")
    evidence = table.choice("evidence", ["provable", "deniable"])
    refuse(line == 0 and evidence == "deniable", "annex: line 0 is provable")
    table.texts("media", 1, 4, ("text", "document", "voice", "letter"))
    table.choice("highest_precedence", ["routine", "priority", "immediate", "flash"])
    paths = table.texts("paths", 1, 32)
    table.integer("retention_days", 0, 36500)
    table.integer("queue_entries", 1, 100000)
    table.line("staffed", 0, 200)
    table.texts("people", 0, 64)
    table.choice("lift", ["agreed", "alone"], optional=True)
    table.choice("restore", ["machines", "desks"], optional=True)
    acts = table.texts("signed_acts", 0, 64)
    refuse(acts and evidence == "provable", "annex: signed acts on a provable line")
    table.digest("code_book", empty=True)
    if "station" in table.values:
        table.name("station")
        refuse(line == 0, "annex: stations of their own on line 0")
    log_only = table.choice("class", ["carried", "log-only"], optional=True) == "log-only"
    unanswered, on_watch = _hours(table)
    calls = [_call(call) for call in table.tables("check_calls", 0, 64, optional=True)]
    refuse(log_only and (line == 0 or calls or on_watch != "nothing"),
           "annex: a log-only line with what needs a station's words")
    _check_calls(calls, unanswered)
    table.close()
    return line, name, evidence == "provable", paths


def _hours(annex):
    """unanswered_minutes, on_watch."""
    if "hours" not in annex.values:
        return UNANSWERED_MINUTES, "nothing"
    hours = annex.table("hours")
    annex.asked.add("hours")
    _check_holidays(hours.get("holidays", list))
    late = hours.integer("late_minutes", 1, 1440)
    unanswered = hours.integer("unanswered_minutes", 1, 1440)
    refuse(late > unanswered, "annex: late after unanswered")
    hours.integer("presence_minutes", 1, 1440)
    on_watch = hours.choice("on_watch", ["nothing", "staffed", "post"], optional=True)
    hours.close()
    return unanswered, on_watch


def _check_holidays(dates):
    good = len(dates) <= 200 and all(type(date) is str for date in dates)
    # Those of every year stand first: their text is the shorter one.
    refuse(not good or dates != sorted(set(dates), key=lambda date: (len(date), date)),
           "annex: holidays that do not ascend")
    for date in dates:
        _check_date("2000-" + date if len(date) == 5 else date)


def _check_date(text):
    refuse(not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text), "annex: not a date")
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        date = None
    refuse(date is None or not 1970 <= date.year <= 2105, "annex: no such date")


def _call(call):
    """zone, days, time, kind."""
    time, zone = call.text("time"), call.text("zone")
    refuse(not HOUR.match(time), "annex: a bad time")
    call.word("zone")
    days = call.texts("days", 0, 7, DAYS)
    refuse(days != sorted(days, key=DAYS.index), "annex: days are not in their order")
    kind = call.choice("kind", ["ordinary", "opening", "closing"], optional=True)
    if "caller" in call.values:
        call.name("caller")
    if "own_hours" in call.values:
        _check_own_hours(call.get("own_hours", list))
    hours = _exceptions(call.get("exceptions", list)) if "exceptions" in call.values else []
    refuse(not days and not hours, "annex: a call that never is")
    call.close()
    return zone, days, time, kind


def _check_own_hours(texts):
    refuse(len(texts) > 2 or not all(type(text) is str for text in texts), "annex: own hours")
    parts = [text.split(" ") for text in texts]
    refuse(not all(len(part) == 3 and NAME.match(part[0]) and HOUR.match(part[1])
                   and WORD.match(part[2]) for part in parts), "annex: own hours")
    refuse(len({part[0] for part in parts}) != len(parts), "annex: one side's own hours twice")


def _exceptions(texts):
    """Those that have an hour."""
    refuse(len(texts) > 64 or not all(type(text) is str for text in texts), "annex: exceptions")
    parts = [text.split(" ") for text in texts]
    refuse(not all(len(part) == 2 and (part[1] == "none" or HOUR.match(part[1]))
                   for part in parts), "annex: exceptions")
    dates = [part[0] for part in parts]
    for date in dates:
        _check_date(date)
    refuse(dates != sorted(set(dates)), "annex: exceptions that do not ascend")
    return [part for part in parts if part[1] != "none"]


def _check_calls(calls, unanswered):
    kinds = {kind for _, _, _, kind in calls}
    refuse(("opening" in kinds) != ("closing" in kinds), "annex: opening without closing")
    for zone in {call[0] for call in calls}:
        minutes = sorted(DAYS.index(day) * 1440 + int(time[:2]) * 60 + int(time[3:])
                         for of, days, time, _ in calls if of == zone for day in days)
        following = minutes[1:] + [first + MINUTES_OF_WEEK for first in minutes[:1]]
        refuse(any(after - before < unanswered for before, after in zip(minutes, following)),
               "annex: calls that overlap")
