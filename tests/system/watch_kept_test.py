"""What the watch keeps, and what it gives up, with real stations: over restarts, accords, cuts, full disks and credentials."""

import time
import unittest

import outcome
from disks import SmallDisk, can_mount
from relay import Relay
from stations import wait_until
from watch_test import DAY, HOUR, MINUTE, NINE, WatchCase

WEST = "military-west"


class KeptCase(WatchCase):
    def alarms(self, station, kind):
        return [alarm for alarm in station.get("/v1/watch")["alarms"] if alarm["kind"] == kind]

    def amend(self, version, hour, caller):
        """Both go on under another accord, by which the line is called at that hour."""
        hours, there = self.base / f"next-{version}.toml", str(self.base / f"next-{version}")
        hours.write_text(f'[hours]\nholidays = []\nlate_minutes = 5\nunanswered_minutes = 30\npresence_minutes = 10\n[[check_calls]]\ntime = "{hour}"\nzone = "Asia/Seoul"\n'
                         f'caller = "{caller}"\ndays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n')
        self.cli(self.south, "accord", "amend", "north", "--hours", f"{WEST}={hours}")
        self.cli(self.south, "accord", "sign", "north", "--next", "--yes")
        self.cli(self.south, "accord", "export", "north", there, "--next")
        self.cli(self.north, "accord", "import", there)
        self.cli(self.north, "accord", "sign", "south", "--next", "--yes")
        wait_until(lambda: all(s.status_of(o)["accord"]["version"] == version for s, o in ((self.south, "north"), (self.north, "south"))),
                   f"both to go on under accord {version}")

    def marks(self, station):
        other = "north" if station is self.south else "south"
        today = NINE // DAY
        answer = station.get(f"/v1/counterparts/{other}/lines/{WEST}/calendar?from={today - 2}&until={today + 9}")
        return {day - today: {answer["marks"][i]: n for i, n in enumerate(counts) if n} for day, counts in answer["days"]}


class AnotherHour(KeptCase):
    OPTIONS = ("--lift-alone",)
    SIGNED = True

    def author(self, officer):
        return ("--as", officer) if self.SIGNED else ()

    def test_what_was_signed_of_another_hour_is_no_fact_of_the_new_one(self):
        self.start()
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", WEST, *self.author("kim"))
        self.wait_state(self.north, "due")
        self.cli(self.north, "answer", WEST, *self.author("ri"))
        self.wait_state(self.south, "answered in time")
        self.cli(self.south, "call-off", WEST, "2027-03-03", *self.author("kim"), "--words", "A holiday.")
        of_day = lambda station, day: station.get(
            f"/v1/counterparts/{'north' if station is self.south else 'south'}/lines/{WEST}/calls?from={day}&until={day + 1}")["calls"][-1]
        today = NINE // DAY
        wait_until(lambda: of_day(self.north, today + 1)["state"] == "called off", "the call to be called off there")
        self.clock.set(NINE + HOUR)
        self.amend(2, "15:00", "north")
        # The first call of that date is another one now: nobody has called, and nobody answers.
        self.clock.set(NINE + 6 * HOUR + 10)
        for station in (self.south, self.north):
            wait_until(lambda s=station: of_day(s, today)["state"] == "due", lambda s=station: of_day(s, today))
        self.clock.set(NINE + 6 * HOUR + 31 * MINUTE)
        for again in (False, True):
            for station in (self.south, self.north):
                if again:
                    station.kill()
                    station.start()
                wait_until(lambda s=station: of_day(s, today)["state"] == "not called", lambda s=station: of_day(s, today))
                self.assertEqual([of_day(station, today)[key] for key in ("facts", "entries")], [[], []])
                self.assertEqual([of_day(station, today + 1)[key] for key in ("state", "facts")], ["pending", []])
                self.assertEqual(self.marks(station)[0], {"in time": 1, "silent" if station is self.south else "missed": 1})


class AnotherHourThatNobodySigned(AnotherHour):
    """Nothing in such an entry says under which accord it was made."""

    OPTIONS = (*AnotherHour.OPTIONS, "--deniable", WEST)
    SIGNED = False


class Kept(KeptCase):
    OPTIONS = ("--lift-alone",)

    @unittest.skipUnless(can_mount(), "needs root, for a file system of its own")
    def test_a_call_that_the_disk_refused_is_no_call(self):
        disk = SmallDisk(self, self.south.path("station"), megabytes=24)
        self.start()
        self.clock.set(NINE + 10)
        self.wait_state(self.south, "due")
        disk.fill()
        body = {"text": "A word. " * 60, "wait": "durable"}
        wait_until(lambda: self.south.ask("POST", "/v1/counterparts/north/lines/navy/entries", body)[0] == 500,
                   "the disk to be full", 90)
        self.assertIn("full", self.refused(self.south, "call", WEST, "--as", "kim"))
        self.assertEqual(self.calls(self.south)[0]["facts"], [])
        disk.free()
        wait_until(lambda: self.south.ask("POST", "/v1/counterparts/north/lines/navy/entries", body)[0] == 200, "room")
        self.cli(self.south, "call", WEST, "--as", "kim")
        self.assertEqual([fact["kind"] for fact in self.calls(self.south)[0]["facts"]], ["called"])

    def test_another_accord_leaves_what_was(self):
        self.start()
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", WEST, "--as", "kim")
        self.wait_state(self.north, "due")
        self.cli(self.north, "answer", WEST, "--as", "ri")
        self.wait_state(self.south, "answered in time")
        self.clock.set(NINE + 31 * MINUTE)
        outcomes = lambda: [line["state"] for line in self.log(self.south)
                            if line["what"] == "outcome" and line["line"] == f"north/{WEST}"]
        wait_until(lambda: outcomes() == ["answered in time"], outcomes)
        self.clock.set(NINE + DAY + 10)
        self.cli(self.south, "call", WEST, "--as", "kim")
        for station in (self.south, self.north):
            self.wait_state(station, "due")
        self.clock.set(NINE + DAY + 31 * MINUTE)
        wait_until(lambda: outcomes() == ["answered in time", "unanswered"], outcomes)
        before = self.watch(self.south)
        self.assertEqual(before["silence"]["row"], 1)
        self.amend(2, "15:00", "north")
        for again in (False, True):
            if again:
                self.south.kill()
                self.south.start()
            after = self.watch(self.south)
            self.assertEqual([after[key] for key in ("last_answer", "silence")], [before[key] for key in ("last_answer", "silence")])
            self.assertEqual(self.marks(self.south), {0: {"in time": 1}, 1: {"silent": 1}})
            today = NINE // DAY
            calls = self.south.get(f"/v1/counterparts/north/lines/{WEST}/calls?from={today}&until={today + 3}")["calls"]
            self.assertEqual([(call["date"], call["state"]) for call in calls],
                             [("2027-03-02", "answered in time"), ("2027-03-03", "unanswered"), ("2027-03-03", "pending"),
                              ("2027-03-04", "pending")][:len(calls)])
            self.assertGreaterEqual(len(calls), 3)
        # The call of the second accord is one more, and the first word ends the row of the first.
        self.clock.set(NINE + DAY + 6 * HOUR + 10)
        self.south.wait_link("north")
        self.cli(self.north, "call", WEST, "--as", "ri")
        wait_until(lambda: self.watch(self.south)["silence"] is None, "the silence to end")
        wait_until(lambda: len(self.alarms(self.south, "sign-of-life")) == 1, lambda: self.alarms(self.south, "sign-of-life"))

    def test_hours_that_move_while_a_call_is_open(self):
        self.start()
        both = (self.south, self.north)
        newest = lambda station: self.calls(station)[-1]
        wait_newest = lambda state: [wait_until(lambda s=s: newest(s)["state"] == state, lambda s=s: newest(s)) for s in both]
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", WEST, "--as", "kim")
        wait_until(lambda: "they called" in newest(self.north)["state_words"], lambda: newest(self.north))
        self.clock.set(NINE + 3 * MINUTE)
        self.amend(2, "15:00", "north")
        for station in both:
            self.assertEqual((newest(station)["state"], newest(station)["facts"]), ("pending", []), "that call was another")
            self.assertIsNone(self.watch(station)["open_call"])
        self.assertIn("due", self.refused(self.north, "answer", WEST, "--as", "ri"))
        former = self.south.shown("calls", WEST, "--from", "2027-03-02", "--to", "2027-03-02", env=self.clock.env)
        self.assertIn("not over when another accord came into force", former)
        self.assertEqual([self.marks(s) for s in both], [{}, {}], "nobody's silence")
        self.clock.set(NINE + 6 * HOUR + 10)
        wait_newest("due")
        self.cli(self.north, "call", WEST, "--as", "ri")
        wait_until(lambda: "they called" in newest(self.south)["state_words"], lambda: newest(self.south))
        # Of the same hour under the third accord: it goes on.
        self.amend(3, "15:00", "south")
        self.assertIn("they called", newest(self.south)["state_words"])
        self.cli(self.south, "answer", WEST, "--as", "kim")
        wait_newest("answered in time")
        self.clock.set(NINE + 6 * HOUR + 6 * MINUTE)
        self.amend(4, "18:00", "south")
        for again in (False, True):
            for station in both:
                if again:
                    station.kill()
                    station.start()
                self.assertEqual(newest(station)["state"], "pending")
                self.assertEqual(self.marks(station), {0: {"in time": 1}}, "what was answered stays")
        self.assertEqual([c["state"] for c in self.cli(self.south, "calls", WEST)["former"] if c["state"]], ["answered in time"])
        self.clock.set(NINE + 9 * HOUR + 10)
        wait_newest("due")

    def test_the_first_word_after_a_cut_is_as_loud_as_one_after_a_silence(self):
        self.start()
        self.cli(self.north, "cut", "south/navy", "--as", "ri", "--reason", "The leaflets.", "--yes")
        situation = lambda: self.south.get("/v1/counterparts/north/lines/navy/status")["situation"]
        wait_until(lambda: situation() == "cut-by-them", situation)
        self.assertEqual(self.alarms(self.south, "sign-of-life"), [])
        self.clock.forward(HOUR)
        self.cli(self.north, "lift", "south/navy", "--as", "ri", "--yes")
        wait_until(lambda: situation() == "in-contact", situation)
        self.cli(self.north, "send", "south/navy", "We are back.", "--as", "ri")
        alarm = wait_until(lambda: self.alarms(self.south, "sign-of-life"), "the alarm")[0]
        self.assertIn("the first since the cut ended", alarm["words"])
        card = self.cli(self.south, "alarm", "list")["first_words"]
        self.assertEqual([one["line"] for one in card], ["north/navy"])
        self.cli(self.north, "send", "south/navy", "And again.", "--as", "ri", "--wait", "receipt")
        self.assertEqual(self.alarms(self.south, "sign-of-life")[0]["count"], 1)

    def test_an_answered_query_stays_answered(self):
        self.start()
        self.cli(self.south, "presence", "ask", "navy", "--as", "kim")
        wait_until(lambda: self.watch(self.north, "navy")["presence"]["theirs"], "the question")
        self.cli(self.north, "presence", "ready", "navy", "--as", "ri")
        wait_until(lambda: self.watch(self.south, "navy")["presence"]["ours"]["state"] == "ready", "the answer")
        for station, whose in ((self.south, "ours"), (self.north, "theirs")):
            station.stop()
            station.start()
            self.assertEqual(self.watch(station, "navy")["presence"][whose]["state"], "ready")

    def test_whoever_has_no_credential_any_more_is_not_on_watch(self):
        self.start()
        self.cli(self.south, "watch", "on", "--as", "kim")
        self.cli(self.south, "watch", "on", "--as", "park")
        wait_until(lambda: self.watch(self.north)["on_watch_there"]["since"], "north to be told")
        officers = lambda: sorted({one["officer"] for one in self.south.get("/v1/watch")["on_watch"]})
        self.assertEqual(len(officers()), 2)
        self.clock.forward(MINUTE)
        self.cli(self.south, "officer", "revoke", "park", "--yes")
        wait_until(lambda: len(officers()) == 1, officers)
        self.assertIn("revoked", self.alarms(self.south, "watch-left")[0]["words"])
        self.clock.forward(20 * 365 * DAY)
        wait_until(lambda: officers() == [], officers)
        self.assertIn("expired", self.alarms(self.south, "watch-left")[0]["words"])
        self.south.kill()
        self.south.start()
        self.assertEqual(officers(), [])
        self.assertEqual([line["officer"] for line in self.log(self.south) if line["what"] == "left"], [2, 1])

    def test_a_counterpart_that_announces_and_announces_does_not_fill_the_watch_log(self):
        self.start()
        begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock.now() + 3 * HOUR))
        ends = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock.now() + 4 * HOUR + number)) for number in range(80)]
        for end in ends:
            until = self.cli(self.south, "outage", "announce", "navy", begin, end)["until"]
        known = lambda: [one["until"] for one in self.watch(self.north, "navy")["outages"]]
        wait_until(lambda: known() == [until], lambda: f"the newest end, {until}, and not {known()}")
        noted = lambda station: len([line for line in self.log(station) if line["what"] == "outage"])
        self.assertEqual(noted(self.south), 80)  # one's own desk is no stranger
        self.assertEqual(noted(self.north), 64)
        self.assertIn("worth a line of the watch log", self.north.stderr())
        # A cut takes its line from no outage.
        self.cli(self.south, "cut", "navy", "--as", "kim", "--no-reason", "--yes")
        wait_until(lambda: [line["cut"] for line in self.log(self.north) if line["what"] == "register"] == [True], "the cut in north's log")

    def test_outages_of_months_ahead_are_kept_and_the_right_one_ends(self):
        self.start()
        announce = lambda begin, line="navy": self.cli(self.south, "outage", "announce", line, f"+{begin}h", f"+{begin + 1}h")["from"]
        second, first, third = announce(200), announce(100), announce(300)
        announce(150, "north/accord")
        froms = lambda station: [one["from"] for one in self.watch(station, "navy")["outages"] if one["line"] == "navy"]
        wait_until(lambda: froms(self.north) == [first, second, third], lambda: froms(self.north))
        self.assertIn("say which one ends, --from", self.refused(self.south, "outage", "end", "navy"))
        text = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        self.assertIn("there are those of", self.refused(self.south, "outage", "end", "navy", "--from", text(first + 60)))
        self.assertEqual(self.cli(self.south, "outage", "end", "navy", "--from", text(second))["from"], second)
        wait_until(lambda: froms(self.north) == [first, third], lambda: froms(self.north))
        self.assertIn("one of all lines ends with", self.refused(self.south, "outage", "end", WEST))
        for hour in range(14):
            announce(400 + hour)
        self.assertIn("take one back first", self.refused(self.south, "outage", "announce", "navy", "+500h", "+501h"))
        # Two thousand entries further on, and after a start.
        messages = [{"text": f"word {number}"} for number in range(256)]
        for _ in range(9):
            status, _answer = self.south.ask("POST", "/v1/counterparts/north/lines/navy/entries",
                                             {"messages": messages, "wait": "durable"})
            self.assertEqual(status, 200)
        self.cli(self.south, "send", "north/navy", "The last word.", "--wait", "receipt")
        for station in (self.south, self.north):
            station.stop()
            station.start()
            self.assertEqual(len(froms(station)), 16)
            self.assertEqual(froms(station)[:2], [first, third])


class Delayed(KeptCase):
    OPTIONS = ("--gap",)

    def test_a_query_that_was_long_on_its_way_is_no_silence(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.start()
        relay.change = lambda direction, number, datagram: []
        ours = lambda: self.watch(self.south, "navy")["presence"]["ours"]
        status = lambda: self.south.get("/v1/counterparts/north/lines/navy/status")
        self.cli(self.south, "presence", "ask", "navy", "--as", "kim", "--wait", "durable")
        wait_until(ours, "the question on the screen, whether a path has carried it or not")
        self.clock.forward(3 * HOUR)
        self.south.kill()
        self.south.start()
        self.assertEqual((ours()["state"], ours()["until"]), ("not there", None))
        self.assertIn("nobody there was asked yet", status()["to_do"])
        relay.change = None
        # Whoever is there has the accord's time from now on.
        theirs = lambda: self.watch(self.north, "navy")["presence"]["theirs"]
        wait_until(lambda: theirs() and theirs()["state"] == "waiting", theirs)
        wait_until(lambda: ours()["state"] == "waiting", ours)
        self.assertNotEqual(status()["situation"], "nobody-on-watch")
        self.assertIn("they ask whether anybody is at the machine", str(self.cli(self.north, "watch", "show")["open"]))
        self.south.kill()
        self.south.start()
        wait_until(lambda: ours()["state"] == "waiting", "the same after a start")
        self.clock.forward(11 * MINUTE)
        for state in (ours, theirs):
            wait_until(lambda s=state: s()["state"] == "unanswered", state)

    def test_an_answer_that_was_long_on_its_way_counts_from_its_hour(self):
        relay = Relay(self.south.ends("north")[0], self.north.ends("south")[0])
        self.addCleanup(relay.close)
        self.start()
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", WEST, "--as", "kim")
        wait_until(lambda: "they called" in self.calls(self.north)[0]["state_words"], lambda: self.calls(self.north)[0])
        # It has its place in north's log, and the path is dead before north knows it.
        relay.change = lambda direction, number, datagram: []
        self.cli(self.north, "answer", WEST, "--as", "ri", "--wait", "durable")
        self.assertEqual(self.north.line_of("south", WEST)["queued"], 0)
        self.clock.set(NINE + 31 * MINUTE)
        self.wait_state(self.south, "unanswered")
        wait_until(lambda: self.marks(self.south) == {0: {"silent": 1}}, lambda: self.marks(self.south))
        relay.change = None
        self.wait_state(self.south, "answered in time")
        self.assertEqual(self.state(self.north), "answered in time", "both say the same of it")
        self.assertIsNone(self.watch(self.south)["silence"])
        outcomes = lambda: [line["state"] for line in self.log(self.south) if line["what"] == "outcome" and line["line"] == f"north/{WEST}"]
        wait_until(lambda: outcomes() == ["unanswered", "answered in time"], outcomes)
        self.amend(2, "15:00", "north")
        for again in (False, True):
            for station in (self.south, self.north):
                if again:
                    station.kill()
                    station.start()
                self.assertEqual(self.marks(station), {0: {"in time": 1}}, "also as a call of a former accord")


if __name__ == "__main__":
    outcome.main()
