"""The watch with real stations and a clock that the test sets: check calls, people, silence, alarms."""

import calendar
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from clocks import Clock
from hours_text import hours
from relay import Relay
from stations import Lab, wait_until

# A Tuesday. The line is called at nine and at four in Seoul, in turn; the liaison line keeps hours.
NINE = calendar.timegm((2027, 3, 2, 0, 0, 0))
DAY, HOUR, MINUTE = 86400, 3600, 60
MILITARY = hours("09:00", "Asia/Seoul", holidays='["05-05"]')
LIAISON = """
[hours]
holidays = []
late_minutes = 5
unanswered_minutes = 30
presence_minutes = 10

[[check_calls]]
time = "09:00"
zone = "Asia/Seoul"
days = ["mon", "tue", "wed", "thu", "fri"]
kind = "opening"
caller = "south"
own_hours = ["north 09:00 Asia/Pyongyang"]

[[check_calls]]
time = "17:00"
zone = "Asia/Seoul"
days = ["mon", "tue", "wed", "thu", "fri"]
kind = "closing"
caller = "north"
"""


class WatchCase(unittest.TestCase):
    OPTIONS = ()

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="watch-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.clock = Clock(str(self.base), NINE - HOUR)
        hours = []
        for name, text in (("military-west", MILITARY), ("liaison", LIAISON)):
            (self.base / f"{name}.toml").write_text(text)
            hours += ["--hours", f"{name}={self.base / name}.toml"]
        self.lab = Lab("--lines", "military-west,liaison,navy", "--work-factor", "10", "--officers", "kim,park",
                       *hours, *self.OPTIONS, env=self.clock.env)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def start(self):
        self.lab.connect()

    def cli(self, station, *words):
        return station.cli(*words, env=self.clock.env)

    def refused(self, station, *words):
        return station.refused(*words, env=self.clock.env)["message"]

    def watch(self, station, line="military-west"):
        other = "north" if station is self.south else "south"
        return station.get(f"/v1/counterparts/{other}/lines/{line}/watch")

    def calls(self, station, line="military-west", days=1):
        other = "north" if station is self.south else "south"
        today = self.clock.now() // DAY
        return station.get(f"/v1/counterparts/{other}/lines/{line}/calls?from={today}&until={today + days}")["calls"]

    def state(self, station, line="military-west"):
        calls = self.calls(station, line)
        return calls[0]["state"] if calls else None

    def wait_state(self, station, state, line="military-west"):
        wait_until(lambda: self.state(station, line) == state,
                   lambda: f"{station.name}: {self.state(station, line)} to become {state}")

    def alarms_of_line(self, station):
        return [a for a in station.get("/v1/watch")["alarms"] if a["line"].endswith("/military-west")]

    def log(self, station):
        lines = pathlib.Path(station.path("station", "watch.log")).read_text().splitlines()
        return [json.loads(line) for line in lines]


class CheckCalls(WatchCase):
    def test_a_person_calls_and_a_person_answers_and_both_records_name_both(self):
        self.start()
        self.assertIn("no check call is due", self.refused(self.south, "call", "military-west", "--as", "kim"))
        self.clock.set(NINE + 10)
        wait_until(lambda: "call-due" in [e["event"] for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"]],
                   "south's desk to be told that the call is due")
        self.assertIn("turn to call", self.refused(self.north, "call", "military-west", "--as", "ri"))
        self.assertIn("--as", self.refused(self.south, "call", "military-west"))
        self.cli(self.south, "call", "military-west", "--as", "kim")
        wait_until(lambda: "ring" in [e["event"] for e in self.north.get("/v1/events?since=0&timeout_ms=0")["events"]],
                   "north's desk to ring")
        self.cli(self.north, "answer", "military-west", "--as", "ri")
        for station in (self.south, self.north):
            self.wait_state(station, "answered in time")
            facts = {(f["side"], f["kind"]): f["officer"] for f in self.calls(station)[0]["facts"]}
            self.assertEqual(set(facts), {("south", "called"), ("north", "answered")})
            self.assertTrue(all(name.startswith("duty-officer ") for name in facts.values()), facts)
            self.assertEqual(len(self.calls(station)[0]["entries"]), 2)
            self.assertEqual(self.watch(station)["last_answer"]["side"], "north")
        # The same after both were killed, from the log and the record.
        self.south.kill()
        self.south.start()
        self.assertEqual(self.state(self.south), "answered in time")

    def test_a_late_answer_and_one_that_never_comes(self):
        self.start()
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim")
        self.clock.set(NINE + 10 * MINUTE)
        self.cli(self.north, "answer", "military-west", "--as", "ri")
        self.wait_state(self.south, "answered late")
        self.clock.set(NINE + DAY + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim")
        for station in (self.south, self.north):
            self.wait_state(station, "due")
        self.assertIn("was made by this side at", self.refused(self.south, "call", "military-west", "--as", "kim"))
        self.clock.set(NINE + DAY + 31 * MINUTE)
        self.wait_state(self.south, "unanswered")
        wait_until(lambda: [a["kind"] for a in self.alarms_of_line(self.south)] == ["silence"], "one alarm")
        wait_until(lambda: self.calls(self.north)[0]["state_words"] == "they called and we did not answer",
                   "north to know whose silence it was")
        for station, situation in ((self.south, "nobody-on-watch"), (self.north, "in-contact")):
            other = "north" if station is self.south else "south"
            ladder = station.get(f"/v1/counterparts/{other}/lines/military-west/status")
            self.assertEqual(ladder["situation"], situation, ladder)
        outcomes = [line["state"] for line in self.log(self.south) if line["what"] == "outcome" and
                    line["line"] == "north/military-west"]
        self.assertEqual(outcomes, ["answered late", "unanswered"])
        self.missed_at_home()

    def missed_at_home(self):
        """North did not answer: an alarm there, until somebody is at its desk again, and no word of it to south."""
        said = [len(self.south.entries("north", "military-west")), len(self.north.entries("south", "military-west", "own"))]
        wait_until(lambda: [a["kind"] for a in self.alarms_of_line(self.north)] == ["missed-call"], "an alarm at home")
        alarm = self.alarms_of_line(self.north)[0]
        self.assertTrue(alarm["words"].startswith("1 check call that this side did not make or did not answer"), alarm)
        # As the alarm says it.
        self.assertIn("detente calls south/military-west --from 2027-03-03.", alarm["words"])
        listed = self.north.shown("calls", "south/military-west", "--from", "2027-03-02", "--to", "2027-03-03", env=self.clock.env)
        self.assertRegex(listed, "2027-03-02 Tue 09:00 00:00Z south calls; answered late "
                                 "2027-03-03 Wed 09:00 00:00Z south calls; they called and we did not answer ")
        self.north.kill()
        self.north.start()
        self.south.wait_link("north")
        self.assertEqual([(a["kind"], a["count"], a["ended_at"]) for a in self.alarms_of_line(self.north)],
                         [("missed-call", 1, None)], "once, also after a restart")
        self.assertEqual([len(self.south.entries("north", "military-west")),
                          len(self.north.entries("south", "military-west", "own"))], said, "nothing of it leaves")
        self.clock.set(NINE + 2 * DAY + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim")
        self.wait_state(self.north, "due")
        self.cli(self.north, "answer", "military-west", "--as", "ri", "--wait", "durable")
        wait_until(lambda: self.alarms_of_line(self.north)[0]["ended_at"], "the next answer to end it")

    def test_declined_called_off_and_drill_are_what_they_are(self):
        self.start()
        self.clock.set(NINE + 10)
        for station, officer in ((self.south, "kim"), (self.north, "ri")):
            self.cli(station, "call" if station is self.south else "answer", "military-west", "--as", officer, "--drill")
        self.assertIn(self.state(self.south), ("due", "pending"), "a drill answers nothing")
        self.cli(self.south, "call", "military-west", "--as", "kim")
        self.cli(self.north, "decline", "military-west", "--as", "ri")
        self.wait_state(self.south, "declined")
        self.cli(self.north, "call-off", "military-west", "2027-03-03", "--as", "ri", "--words", "a holiday")
        self.assertIn("before its hour", self.refused(self.north, "call-off", "military-west", "2027-03-02", "--as", "ri"))
        self.assertIn("is called off already, by this side",
                      self.refused(self.north, "call-off", "military-west", "2027-03-03", "--as", "ri"))
        self.clock.set(NINE + DAY)
        self.wait_state(self.south, "called off")
        self.assertIn("was called off by the other side", self.refused(self.south, "call", "military-west", "--as", "kim"))
        today = NINE // DAY
        days = self.south.get(f"/v1/counterparts/north/lines/military-west/calendar?from={today}&until={today + 2}")
        marks = {day: [days["marks"][i] for i, n in enumerate(counts) if n] for day, counts in days["days"]}
        self.assertEqual(marks, {today: ["declined", "drill"], today + 1: ["called off"]})

    def test_of_two_calls_a_day_the_hour_is_asked_for_and_shown(self):
        self.south.start()
        off = ("call-off", "liaison", "2027-03-03", "--as", "kim", "--wait", "durable")
        message = self.refused(self.south, *off)
        self.assertIn("more than once on 2027-03-03 (09:00 Asia/Seoul, 17:00 Asia/Seoul): say which call, --at 09:00", message)
        self.assertIn("there are: 09:00 Asia/Seoul, 17:00 Asia/Seoul", self.refused(self.south, *off, "--at", "12:00"))
        answer = self.cli(self.south, *off, "--at", "17:00")
        self.assertEqual(answer["call"]["at_words"], "2027-03-03 17:00 Asia/Seoul")
        answer = self.cli(self.south, "calls", "liaison", "--from", "2027-03-03", "--to", "2027-03-03")
        self.assertEqual([c["state"] for c in answer["calls"]], ["pending", "called off"])
        self.assertEqual(self.cli(self.south, "call-off", "military-west", *off[2:])["call"]["at_words"], "2027-03-03 09:00 Asia/Seoul")

    def test_an_answer_at_their_own_hour_is_neither_late_nor_silence(self):
        # 2015 to 2018 Pyongyang was half an hour behind; here the accord says half an hour by another zone.
        self.start()
        self.clock.set(NINE + 10)
        self.assertEqual(self.watch(self.south, "liaison")["hours"]["state"], "open")
        self.cli(self.south, "call", "liaison", "--as", "kim")
        self.cli(self.north, "answer", "liaison", "--as", "ri")
        self.wait_state(self.south, "answered in time", "liaison")


class Silence(WatchCase):
    OPTIONS = ("--gap",)

    def test_weeks_of_silence_are_a_few_alarms_and_the_first_word_is_the_loudest(self):
        self.south.start()
        self.clock.set(NINE + 10)
        for day in range(8):
            self.clock.set(NINE + day * DAY + 10)
            self.cli(self.south, "call", "military-west", "--as", "kim", "--wait", "durable")
            self.wait_state(self.south, "due")
            self.clock.set(NINE + day * DAY + 31 * MINUTE)
            self.wait_state(self.south, "unanswered")
        alarms = [a for a in self.south.get("/v1/watch")["alarms"] if a["line"] == "north/military-west"]
        self.assertEqual([(a["kind"], a["count"]) for a in alarms], [("silence", 2)])
        self.assertIn("8 check calls in a row", alarms[0]["words"], "raised at the seventh, and says how many there are now")
        self.assertEqual(self.watch(self.south)["silence"]["row"], 8)
        # Calls that nothing carried do not wait to be sent: they stand in the own log.
        wait_until(lambda: self.south.line_of("north", "military-west")["queued"] == 0, "the calls to be taken back")
        self.assertEqual(sum(line["what"] == "call" and line["act"] == "called" for line in self.log(self.south)), 8)
        shown = self.cli(self.south, "log", "military-west", "--since", "2027-03-01")
        self.assertEqual(sum(line["what"] == "outcome" for line in shown["lines"]), 8)
        tries = [line for line in shown["lines"] if line["what"] == "tries"]
        self.assertTrue(tries and all(t["paths"]["path1"][1] == 0 for t in tries), "own tries, nothing heard")
        # Restarted, it knows the same; the first word is an alarm of its own.
        self.south.kill()
        self.south.start()
        self.assertEqual(self.watch(self.south)["silence"]["row"], 8)
        held = lambda kind: next(a["words"] for a in self.alarms_of_line(self.south) if a["kind"] == kind)
        self.assertIn("8 check calls in a row", held("silence"))
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.north.start()
        self.south.wait_link("north")
        self.cli(self.north, "send", "military-west", "we are here", "--as", "ri")
        wait_until(lambda: "sign-of-life" in [a["kind"] for a in self.south.get("/v1/watch")["alarms"]], "the loudest alarm")
        self.assertIn("after 8 silent check calls", held("sign-of-life"))
        self.south.kill()
        self.south.start()
        self.assertIn("8 check calls in a row", held("silence"), "as it ended, also after a restart")
        self.south.wait_link("north")
        hour = self.clock.now() // 3600 * 3600 + 2 * DAY
        self.cli(self.south, "restore", "propose", "military-west", "--at",
                 time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hour)), "--as", "kim")
        card = self.cli(self.south, "alarm", "list")["first_words"][0]
        self.assertEqual((card["line"], card["unread"]), ("north/military-west", 1))
        self.assertIn("nobody of south is on watch", card["post"])
        self.assertIn("we hear them known good", card["paths"][0])
        self.assertIn("calls", card["next_call"])
        self.assertEqual(card["say"][0], "This is south, YOUR POST, on military-west.")
        self.assertRegex(card["say"][1], "I hear you by path1; ")
        self.assertIn("to pass to you. Have you anything to pass?", card["say"][3])
        self.assertEqual(len(card["say"]), 5)
        mine = {what: [one for one in card["for_you"] if one["what"] == what] for what in ("open", "waiting", "held", "alarm", "proposal")}
        self.assertIn("1 entry that nobody has acknowledged", [one["words"] for one in mine["open"]])
        self.assertTrue(any("silence" in one["words"] or "row" in one["words"] for one in mine["alarm"]), card)
        proposal, = mine["proposal"]
        self.assertEqual(proposal["at"], hour)
        self.assertIn("ours, which they have not answered", proposal["words"])
        text = self.south.shown("alarm", "list", env=self.clock.env)
        for words in ("Say, in this order: 1 This is south", "For you, and not to be said:", "1 entry that nobody has acknowledged", "proposal north/own-"):
            self.assertIn(words, text)
        self.held_through_a_cut()
        number = next(a["number"] for a in self.south.get("/v1/watch")["alarms"] if a["kind"] == "sign-of-life")
        self.cli(self.south, "alarm", "ack", str(number), "--as", "kim", "--words", "answered")
        self.assertIn("was acknowledged by", self.refused(self.south, "alarm", "ack", str(number), "--as", "kim"))
        self.assertEqual(self.cli(self.south, "alarm", "list")["first_words"], [], "it was said")


    def held_through_a_cut(self):
        """Before anybody has spoken they cut the line: what is held is on the card, and is for whoever speaks alone."""
        situation = lambda: self.south.get("/v1/counterparts/north/lines/military-west/status")["situation"]
        self.cli(self.north, "cut", "south/military-west", "--as", "ri", "--reason", "The leaflets.", "--yes")
        wait_until(lambda: situation() == "cut-by-them", situation)
        self.cli(self.south, "send", "military-west", "Keep this until then.", "--as", "kim", "--if-cut", "hold", "--wait", "durable")
        card = self.cli(self.south, "alarm", "list")["first_words"][0]
        held, = [one for one in card["for_you"] if one["what"] == "held"]
        self.assertRegex(held["words"], r'waiting-\d+ of duty-officer.*: "Keep this until then\." \(held: it stays through a cut\)')
        self.assertIn("I have 1 entry to pass to you.", card["say"][3])
        self.assertNotIn("Keep this until then", " ".join(card["say"]))
        self.assertIn("(held: it stays through a cut)", self.south.shown("alarm", "list", env=self.clock.env))


class People(WatchCase):
    def test_on_watch_handover_and_what_the_other_side_is_told(self):
        self.start()
        self.assertIsNone(self.watch(self.north)["on_watch_there"])
        self.cli(self.south, "watch", "on", "--as", "kim")
        wait_until(lambda: (self.watch(self.north)["on_watch_there"] or {}).get("who") == "duty-officer", "the claim")
        self.assertIsNone(self.watch(self.north, "navy")["on_watch_there"], "the accord tells nothing on that line")
        for words in (("handover", "--as", "park", "--to", "kim"), ("off", "--as", "park"), ("off", "--as", "park", "liaison")):
            # Before a passphrase is asked for: this one does not open his keys.
            message = self.refused(self.south, "watch", *words, "--passphrase-file", "/dev/null")
            self.assertTrue(message.startswith("park is not on watch"), message)
            self.assertIn("kim (duty-officer ", message)
            self.assertIn("detente watch on --as park", message)
        self.cli(self.south, "watch", "handover", "--as", "kim", "--to", "park")
        deed = self.log(self.south)[-1]
        self.assertEqual((deed["deed"]["do"], len(deed["signed"])), ("handover", 2))
        on = self.cli(self.south, "watch", "show")["on_watch"]
        self.assertEqual({one["line"] for one in on}, {"north/military-west", "north/liaison", "north/navy"})
        self.assertEqual(len({one["number"] for one in on}), 1)
        self.cli(self.south, "watch", "off", "--as", "park")
        wait_until(lambda: (self.watch(self.north)["on_watch_there"] or {"since": 1})["since"] is None, "the claim's end")
        self.south.stop()
        self.south.start()
        self.assertEqual(self.cli(self.south, "watch", "show")["on_watch"], [])

    def test_a_deed_that_was_changed_or_said_twice_is_refused(self):
        self.start()
        self.cli(self.south, "watch", "on", "--as", "kim")
        kept = self.log(self.south)[-1]
        request = {"deed": kept["deed"], "signatures": kept["signed"]}
        status, answer = self.south.ask("POST", "/v1/watch", request)
        self.assertEqual((status, answer["error"]["fault"]), (409, "conflict"))
        request["deed"] = {**kept["deed"], "counter": kept["deed"]["counter"] + 1}
        status, answer = self.south.ask("POST", "/v1/watch", request)
        self.assertEqual((status, answer["error"]["fault"]), (403, "denied"))

    def test_is_anybody_there(self):
        self.start()
        self.assertIn("nobody asks", self.refused(self.north, "presence", "ready", "navy", "--as", "ri"))
        self.cli(self.south, "presence", "ask", "navy", "--as", "kim")
        wait_until(lambda: self.watch(self.north, "navy")["presence"]["theirs"], "the question")
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["ours"]["state"] == "waiting", "its receipt")
        self.cli(self.north, "presence", "not-now", "navy", "--as", "ri")
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["ours"]["state"] == "not now", "the answer")
        self.cli(self.south, "presence", "ask", "navy", "--as", "kim")
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["ours"]["state"] == "waiting", "the second question")
        self.clock.forward(11 * MINUTE)
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["ours"]["state"] == "unanswered", "no answer")

    def test_both_sign_a_longer_evening(self):
        self.start()
        self.clock.set(NINE + 9 * HOUR)  # six in the evening: closed since five
        until = "2027-03-02T12:00:00Z"
        self.assertEqual(self.watch(self.south, "liaison")["hours"]["words"], "closed until 09:00 by both")
        self.assertIn("open at all hours", self.refused(self.south, "hours", "extend", "navy", "--until", until, "--as", "kim"))
        self.cli(self.south, "hours", "extend", "liaison", "--until", until, "--as", "kim")
        wait_until(lambda: self.watch(self.north, "liaison")["hours"]["proposed"], "the proposal")
        self.assertTrue(self.cli(self.north, "hours", "extend", "liaison", "--until", until, "--as", "ri")["agreed"])
        for station in (self.south, self.north):
            wait_until(lambda s=station: "extended by" in self.watch(s, "liaison")["hours"]["words"], "the longer evening")

    def test_an_outage_is_announced_and_taken_back(self):
        self.start()
        self.cli(self.south, "outage", "announce", "north/accord", "+1h", "+2h", "--words", "new power supply")
        wait_until(lambda: [o["words"] for o in self.watch(self.north)["outages"]] == ["new power supply"], "the notice")
        self.clock.forward(HOUR + MINUTE)
        self.south.kill()  # no farewell, and nothing is heard: the notice is what is known
        situation = lambda: self.north.get("/v1/counterparts/south/lines/navy/status")["situation"]
        wait_until(lambda: situation() in ("outage-announced", "far-machine-off"), situation, 60)
        self.south.start()
        self.south.wait_link("north")
        self.cli(self.south, "outage", "end", "north/accord")
        wait_until(lambda: not self.watch(self.north)["outages"], "the notice to be taken back")

    def test_tests_and_drills_say_so_in_every_line(self):
        self.start()
        for words, mark in ((("test", "navy"), "TEST | "), (("drill", "navy"), "DRILL | "), (("send", "navy", "x", "--drill"), "DRILL | "),
                            (("call", "navy", "--drill", "--as", "kim"), "DRILL | ")):
            text = self.text(self.south, *words)
            for line in text.splitlines():
                self.assertTrue(line.startswith(mark), text)

    def text(self, station, *words):
        done = subprocess.run([os.path.join(os.environ["DETENTE_BIN"], "detente"), *words, "--dir", station.dir],
                              env={**os.environ, **self.clock.env}, capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_what_came_by_other_ways_is_kept_and_changes_nothing(self):
        self.start()
        before = self.watch(self.south)
        self.cli(self.south, "contact", "log", "military-west", "do you hear us", "--bearer", "loudspeaker", "--as", "kim",
                 "--readability", "3", "--read-back")
        self.cli(self.south, "contact", "heard", "military-west", "all lines are cut", "--outlet", "state radio", "--as", "kim")
        text = self.text(self.south, "contact", "list", "military-west")
        self.assertIn("BY HAND", text)
        self.assertIn("HEARD IN PUBLIC", text)
        after = self.watch(self.south)
        self.assertEqual({**before, "now": 0}, {**after, "now": 0})


class LogOnly(WatchCase):
    OPTIONS = ("--log-only", "ship-radio")

    def test_a_line_with_equipment_of_its_own_carries_nothing_and_shows_what_was_logged(self):
        self.start()
        for words in (("send", "ship-radio", "good morning", "--as", "kim"), ("test", "ship-radio"), ("drill", "ship-radio"),
                      ("presence", "ask", "ship-radio", "--as", "kim")):
            said = self.refused(self.south, *words)
            self.assertIn("ship-radio is log only by the accord", said, words)
            self.assertIn("detente contact log ship-radio", said, words)
        self.assertEqual(self.south.line_of("north", "ship-radio")["own_size"], 0)
        shown = self.cli(self.south, "status", "ship-radio")
        self.assertEqual((shown["situation"], shown["title"], shown["paths"]), ("log-only", "LOG ONLY", []))
        self.assertIn("No contact was logged", shown["words"])
        for way, words in (("in", "Hanla, this is Baekdu"), ("out", "Baekdu, this is Hanla")):
            self.cli(self.south, "contact", "log", "ship-radio", words, "--bearer", "ship radio", "--as", "kim",
                     "--way", way)
        self.south.kill()
        self.south.start()
        shown = self.cli(self.south, "status", "ship-radio")
        self.assertIn('ship radio, from us: "Baekdu, this is Hanla"', shown["words"])
        self.assertEqual(self.south.line_of("north", "ship-radio")["situation"], "log-only")
        # The other lines are what they are.
        self.south.wait_link("north")
        self.assertEqual(self.south.line_of("north", "navy")["situation"], "in-contact")


if __name__ == "__main__":
    unittest.main(verbosity=2)
