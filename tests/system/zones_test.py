"""Time zones as a watch meets them: one that is not known here, rules that differ between the two machines, both changes of daylight saving, two nine o'clocks."""

import calendar
import pathlib
import shutil
import signal
import tempfile
import unittest

from clocks import StoryClock
import outcome
from disks import can_mount
from hours_text import hours
from stations import Lab, wait_until

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LINE = "military-west"


def utc(*date):
    return calendar.timegm((*date, 0, 0, 0)[:6])


class ZoneCase(unittest.TestCase):
    def lab_of(self, text, start, *options):
        base = pathlib.Path(tempfile.mkdtemp(prefix="zones-"))
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        self.clock = StoryClock(str(base), start)
        (base / "hours.toml").write_text(text)
        self.lab = Lab("--lines", LINE, "--work-factor", "10", "--officers", "kim",
                       "--hours", f"{LINE}={base / 'hours.toml'}", *options, env=self.clock.env)
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def start(self):
        self.lab.connect()

    def other(self, station):
        return "north" if station is self.south else "south"

    def call_on(self, station, date):
        day = utc(*date) // DAY
        calls = station.get(f"/v1/counterparts/{self.other(station)}/lines/{LINE}/calls?from={day}&until={day + 1}")["calls"]
        self.assertEqual(len(calls), 1, "every date has its call once")
        return calls[0]

    def wait_state(self, station, date, state):
        wait_until(lambda: self.call_on(station, date)["state"] == state,
                   lambda: f"{station.name}: {self.call_on(station, date)} to become {state}")

    def call(self, date):
        for station in (self.south, self.north):
            self.wait_state(station, date, "due")
        self.south.cli("call", LINE, "--as", "kim", env=self.clock.env)

    def answer(self):
        self.north.cli("answer", LINE, "--as", "ri", env=self.clock.env)


class Unknown(ZoneCase):
    def test_it_is_refused_and_where_it_was_taken_it_is_said(self):
        with self.assertRaisesRegex(AssertionError, "this machine has none of that name.*--unknown-zones"):
            self.lab_of(hours("09:00", "Asia/Seol"), utc(2027, 3, 1))
        self.lab_of(hours("09:00", "Asia/Seol"), utc(2027, 3, 1), "--unknown-zones")
        self.south.start()
        alarms = self.south.get("/v1/watch")["alarms"]
        self.assertEqual([(a["kind"], a["line"]) for a in alarms], [("zone-unknown", f"north/{LINE}")])
        for start in range(2):
            lines = self.south.get("/v1/status")["counterparts"][0]["lines"]
            also = next(line["also"] for line in lines if line["name"] == LINE)
            self.assertTrue(any("CHECK CALLS NOT KNOWN HERE" in words and "Asia/Seol" in words for words in also), also)
            self.assertEqual(len(self.south.get("/v1/watch")["alarms"]), 1, "told once")
            if start == 0:
                self.south.stop()
                self.south.start()


class Differ(ZoneCase):
    # North's machine takes Shanghai's rules for Seoul's: there the hour comes an hour later.
    OTHER = ["unshare", "--mount", "sh", "-c", 'mount --bind /usr/share/zoneinfo/Asia/Shanghai /usr/share/zoneinfo/Asia/Seoul && exec "$@"', "sh"]

    def zone_alarms(self, station):
        return [(a["kind"], a["line"], a["ended_at"] is None, a["count"]) for a in station.get("/v1/watch")["alarms"] if a["kind"] == "zone-rules"]

    def told(self, station):
        """What each of its screens says of the difference."""
        other = self.other(station)
        status = station.shown("status", f"{other}/{LINE}", env=self.clock.env)
        return ["zone rules differ for Asia/Seoul" in status,
                station.get(f"/v1/counterparts/{other}/lines/{LINE}/watch")["zones_differ"] != ""]

    def await_alarm_on_both(self, stands):
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.zone_alarms(s) == [("zone-rules", f"{self.other(s)}/accord", stands, 1)],
                       lambda s=station: self.zone_alarms(s))
            self.assertEqual(self.told(station), [stands, stands])

    @unittest.skipUnless(can_mount(), "needs root, for zone data of one station's own")
    def test_it_is_said_on_both_sides_and_a_call_is_answered_all_the_same(self):
        nine = utc(2027, 3, 2)
        self.lab_of(hours("09:00", "Asia/Seoul"), nine - HOUR)
        self.north.within = self.OTHER
        self.start()
        self.await_alarm_on_both(True)
        self.south.kill()
        self.south.start()
        self.assertEqual(self.zone_alarms(self.south), [("zone-rules", "north/accord", True, 1)], "it stands, and is not raised again")
        self.south.wait_link("north")
        self.assertEqual([self.call_on(s, (2027, 3, 2))["at"] for s in (self.south, self.north)], [nine, nine + HOUR])
        self.clock.set(nine + 10)
        self.wait_state(self.south, (2027, 3, 2), "due")
        self.south.cli("call", LINE, "--as", "kim", env=self.clock.env)
        wait_until(lambda: self.call_on(self.north, (2027, 3, 2))["facts"], "the call to come")
        self.answer()
        for station in (self.south, self.north):
            self.wait_state(station, (2027, 3, 2), "answered in time")
        # The same rules on both, and the alarm is over at both.
        self.north.stop()
        self.north.within = []
        self.north.start()
        self.await_alarm_on_both(False)
        self.south.kill()
        self.south.start()
        self.assertEqual(self.zone_alarms(self.south), [("zone-rules", "north/accord", False, 1)], "what is settled is not told at a start")


class DaylightSaving(ZoneCase):
    # Berlin leaves out 02:00 to 03:00 on 28 March 2027, and has them twice on 31 October.
    def change(self, start, dates, instants):
        self.lab_of(hours("02:30", "Europe/Berlin"), start)
        self.start()
        for n, (date, instant) in enumerate(zip(dates, instants)):
            self.assertEqual(self.call_on(self.south, date)["at"], instant)
            self.clock.set(instant + 10)
            self.call(date)
            self.answer()
            for station in (self.south, self.north):
                self.wait_state(station, date, "answered in time")
            if n == 1:  # the second coming of the hour rings nobody
                self.clock.set(instant + HOUR + 10)
                wait_until(lambda then=instant: self.south.get("/v1/status")["now"] > then + HOUR, "the station to see the hour")
        due = [e["date"] for e in self.south.get("/v1/events?since=0&timeout_ms=0")["events"] if e["event"] == "call-due"]
        self.assertEqual(due.count("-".join(f"{part:02}" for part in dates[1])), 1, due)
        self.south.stop()
        self.south.start()
        for date in dates:
            self.assertEqual(self.call_on(self.south, date)["state"], "answered in time")

    def test_the_hour_that_is_left_out(self):
        self.change(utc(2027, 3, 26), [(2027, 3, 27), (2027, 3, 28), (2027, 3, 29)],
                    [utc(2027, 3, 27, 1, 30), utc(2027, 3, 28, 1, 0), utc(2027, 3, 29, 0, 30)])

    def test_the_hour_that_comes_twice(self):
        self.change(utc(2027, 10, 29), [(2027, 10, 30), (2027, 10, 31), (2027, 11, 1)],
                    [utc(2027, 10, 30, 0, 30), utc(2027, 10, 31, 0, 30), utc(2027, 11, 1, 1, 30)])

    def test_a_station_that_stood_still_over_both_changes(self):
        for start, date, instant in ((utc(2027, 3, 27, 12), (2027, 3, 28), utc(2027, 3, 28, 1, 0)),
                                     (utc(2027, 10, 30, 12), (2027, 10, 31), utc(2027, 10, 31, 0, 30))):
            with self.subTest(date=date):
                self.lab_of(hours("02:30", "Europe/Berlin"), start)
                self.south.start()
                self.clock.set(instant - HOUR)
                wait_until(lambda: self.south.get("/v1/status")["now"] >= instant - HOUR, "the station to see the hour")
                self.south.process.send_signal(signal.SIGSTOP)
                try:
                    self.clock.set(instant + 3 * HOUR)
                finally:
                    self.south.process.send_signal(signal.SIGCONT)
                self.wait_state(self.south, date, "not watched")
                words = self.call_on(self.south, date)["state_words"]
                self.assertRegex(words, "^not known: this (machine's clock jumped ahead|station was halted) from ")
                self.assertNotIn("did not run", words)
                self.assertIsNone(self.south.get(f"/v1/counterparts/north/lines/{LINE}/watch")["silence"])
                self.south.stop()


class TwoNineOClocks(ZoneCase):
    """From 15 August 2015 to 4 May 2018 nine in Pyongyang was half an hour after nine in Seoul."""

    TEXT = hours("09:00", "Asia/Seoul", 'own_hours = ["north 09:00 Asia/Pyongyang"]\n')

    def answered(self, date, after, state):
        nine = utc(*date)  # in Seoul, of that date
        self.clock.set(nine + 10)
        self.call(date)
        self.clock.set(nine + after)
        wait_until(lambda: self.north.get("/v1/status")["now"] >= nine + after, "the hour")
        self.answer()
        for station in (self.south, self.north):
            self.wait_state(station, date, state)

    def test_2015(self):
        self.lab_of(self.TEXT, utc(2015, 8, 13, 12))
        self.start()
        self.answered((2015, 8, 14), 31 * MINUTE - 2 * MINUTE, "answered late")
        self.answered((2015, 8, 15), 31 * MINUTE, "answered at their hour")
        self.answered((2015, 8, 16), MINUTE, "answered in time")
        self.answered((2015, 8, 17), 36 * MINUTE, "answered late")

    def test_2018(self):
        self.lab_of(self.TEXT, utc(2018, 5, 3, 12))
        self.start()
        self.answered((2018, 5, 4), 31 * MINUTE, "answered at their hour")
        self.answered((2018, 5, 5), 10 * MINUTE, "answered late")


if __name__ == "__main__":
    outcome.main()
