"""What a duty officer types and reads: handover, rights by line, rings, what waits, what is about to be signed.

Runs real stations with a clock that the test sets.
"""

import json
import os
import pathlib
import pty
import re
import subprocess
import unittest

from stations import DETENTE, detente, wait_until
from watch_test import HOUR, MINUTE, NINE, WatchCase


class DutyCase(WatchCase):
    def shown(self, station, *words, good=True):
        """What a person reads on stdout."""
        done = subprocess.run([DETENTE, *words, "--dir", station.dir], env={**os.environ, **self.clock.env},
                              capture_output=True, text=True, timeout=90, check=False,
                              start_new_session=True)  # without a terminal: there is nobody to ask
        self.assertEqual(done.returncode == 0, good, done.stdout + done.stderr)
        return done.stdout

    def secret(self, name, text):
        path = self.base / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    def own_passphrase(self, name, *more):
        """An officer of the south whose key opens with his own passphrase alone; gives the file."""
        file = self.secret(f"{name}.pass", f"of {name}")
        self.cli(self.south, "officer", "enrol", name, "--post", "duty-officer", "--officer-passphrase-file", file, *more)
        return file

    def lines_of(self, number):
        return {one["line"] for one in self.cli(self.south, "watch", "show")["on_watch"] if one["number"] == number}

    def number_of(self, name):
        return next(o["number"] for o in self.cli(self.south, "officer", "list")["officers"] if o["name"] == name)

    def ladder(self, station, line="military-west"):
        return self.cli(station, "status", line)

    def events(self, station, name):
        return [e for e in station.get("/v1/events?since=0&timeout_ms=0")["events"] if e["event"] == name]


class Handover(DutyCase):
    def at_terminal(self, answers, *words):
        """(exit code, what was asked) of a command at a terminal of its own, where a person types the answers in turn."""
        child, terminal = pty.fork()
        if child == 0:
            os.execvpe(DETENTE, [DETENTE, *words, "--dir", self.south.dir], {**os.environ, **self.clock.env})
        seen = b""
        try:
            while True:
                seen += os.read(terminal, 4096)
                if answers and seen.endswith(b": ") and b"Passphrase" in seen.splitlines()[-1]:
                    os.write(terminal, answers.pop(0).encode() + b"\n")
        except OSError:  # it ended
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()

    def test_each_signs_with_a_passphrase_of_his_own(self):
        self.start()
        lee, seo = self.own_passphrase("lee"), self.own_passphrase("seo")
        self.cli(self.south, "watch", "on", "--as", "kim")
        handover = ("watch", "handover", "--as", "kim", "--to", "lee")
        self.assertIn("--to-passphrase-file FILE", self.refused(self.south, *handover))
        self.cli(self.south, *handover, "--to-passphrase-file", lee)
        self.assertEqual(self.lines_of(self.number_of("lee")), {"north/military-west", "north/liaison", "north/navy"})
        self.cli(self.south, "watch", "handover", "--as", "lee", "--to", "seo", "--passphrase-file", lee,
                 "--to-passphrase-file", seo)
        # At a terminal each is asked for his own, and told whose it is.
        config = pathlib.Path(self.south.path("side.toml"))
        config.write_text("\n".join('passphrase_file = ""' if line.startswith("passphrase_file") else line
                                    for line in config.read_text().splitlines()) + "\n")
        code, seen = self.at_terminal(["of seo", "of lee"], "watch", "handover", "--as", "seo", "--to", "lee")
        self.assertEqual(code, 0, seen)
        self.assertIn("Passphrase of officer seo", seen)
        self.assertIn("Passphrase of officer lee", seen)

    def test_nothing_is_shown_as_handed_over_that_was_not_signed(self):
        self.start()
        for line in ("military-west", "liaison", "navy"):
            self.cli(self.north, "send", line, "a word", "--as", "ri")
        self.cli(self.south, "watch", "on", "--as", "kim")
        wait_until(lambda: len(self.cli(self.south, "watch", "show")["open"]) == 3, "three matters")
        words = "the key lies in the safe " * 72  # 1,800 bytes: not every matter fits behind them
        handover = ("watch", "handover", "--as", "kim", "--to", "park", "--words")
        self.assertIn("shorten it", self.refused(self.south, *handover, "x" * 1900))
        shown = self.shown(self.south, *handover, words)
        signed = self.log(self.south)[-1]["deed"]["words"]
        self.assertTrue(signed.startswith(words.rstrip()), signed)
        listed = [line for line in signed.splitlines() if line.startswith("open: ")]
        self.assertRegex(signed.splitlines()[-1], rf"^and {3 - len(listed)} more, their lines by SHA-256 [0-9a-f]{{64}}$")
        self.assertLess(len(listed), 3)
        self.assertEqual(shown.split("both have signed")[0].count("nobody has acknowledged"), len(listed), shown)
        log = " ".join(self.shown(self.south, "log").split())
        self.assertIn("the key lies in the safe the key lies", log)
        self.assertIn("more, their lines by SHA-256", log)


class Rights(DutyCase):
    OPTIONS = ("--people", "liaison=head")

    def test_on_watch_only_where_he_may(self):
        self.start()
        self.cli(self.south, "officer", "enrol", "lee", "--post", "duty-officer", "--lines", "navy")
        self.cli(self.south, "watch", "on", "--as", "kim")
        self.assertEqual(self.lines_of(1), {"north/military-west", "north/navy"})
        wait_until(lambda: self.watch(self.north)["on_watch_there"], "the claim")
        self.assertIn("line military-west", self.refused(self.south, "watch", "handover", "--as", "kim", "--to", "lee"))
        self.cli(self.south, "watch", "handover", "--as", "kim", "--to", "lee", "navy")
        self.assertEqual(self.lines_of(self.number_of("lee")), {"north/navy"})
        self.cli(self.south, "watch", "on", "--as", "lee")
        self.assertEqual(self.lines_of(self.number_of("lee")), {"north/navy"})
        self.south.stop()
        self.south.start()
        self.assertEqual(self.lines_of(1), {"north/military-west"}, "the same after a start")

    def test_an_alarm_of_a_line_is_acknowledged_by_whoever_may(self):
        self.south.start()
        self.cli(self.south, "officer", "enrol", "lee", "--post", "duty-officer", "--lines", "navy")
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim", "--wait", "durable")
        self.wait_state(self.south, "due")
        self.clock.set(NINE + 31 * MINUTE)
        alarms = lambda: [a for a in self.south.get("/v1/watch")["alarms"] if a["line"] == "north/military-west"]
        number = str(wait_until(alarms, "an alarm")[0]["number"])
        self.assertIn("line military-west", self.refused(self.south, "alarm", "ack", number, "--as", "lee"))
        self.cli(self.south, "alarm", "ack", number, "--as", "kim")


class Screens(DutyCase):
    def test_heard_in_public_stands_beside_the_state(self):
        self.start()
        before = self.ladder(self.south)
        self.assertIsNone(before["heard_in_public"])
        for words, at in (("all lines are cut", "2027-03-01T22:00:00Z"), ("an older word", "2027-03-01T21:00:00Z")):
            self.cli(self.south, "contact", "heard", "military-west", words, "--outlet", "state radio", "--as", "kim", "--at", at)
        after = self.ladder(self.south)
        heard = after["heard_in_public"]
        self.assertEqual((heard["outlet"], heard["words"], heard["officer"]), ("state radio", "all lines are cut", "duty-officer 1"))
        self.assertEqual((before["situation"], before["registers"]), (after["situation"], after["registers"]))
        text = " ".join(self.shown(self.south, "status", "military-west").split())
        self.assertIn('HEARD IN PUBLIC 2027-03-01 22:00:00Z, state radio: "all lines are cut"', text)
        self.assertIn("changes nothing", text)
        glance = " ".join(self.shown(self.south, "status").split())
        self.assertIn("HEARD IN PUBLIC of military-west, 2027-03-01 22:00:00Z, state radio: it changes nothing", glance)

    def test_flash_rings_on_a_closed_line(self):
        self.start()
        self.assertEqual(self.watch(self.north, "liaison")["hours"]["state"], "closed")
        self.cli(self.south, "send", "liaison", "routine", "--as", "kim")
        follower = subprocess.Popen([DETENTE, "inbox", "--follow", "--dir", self.north.dir], stdout=subprocess.PIPE, text=True,
                                    env={**os.environ, **self.clock.env})
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        next(line for line in follower.stdout if "routine" in line)  # it follows from here on
        self.cli(self.south, "send", "liaison", "hold your fire", "--as", "kim", "--precedence", "flash")
        wait_until(lambda: self.events(self.north, "ring"), "north to ring")
        self.assertEqual([(r["line"], r["act"], r["class"]) for r in self.events(self.north, "ring")], [("liaison", "flash", "live")])
        rung = next(line for line in follower.stdout if "RING" in line)
        self.assertIn("south/liaison: duty-officer 1 sent FLASH", rung)

    def test_a_flash_that_nobody_acknowledged_is_what_is_to_be_done(self):
        self.start()
        self.cli(self.south, "send", "navy", "hold your fire", "--as", "kim", "--precedence", "flash")
        self.cli(self.south, "send", "navy", "routine", "--as", "kim")
        line = lambda: self.north.line_of("south", "navy")
        wait_until(lambda: line()["unread"] == 2, line)
        index = next(e["index"] for e in self.north.entries("south", "navy") if e.get("text") == "hold your fire")
        self.assertEqual(line()["unread_flash"], 1)
        for shown in (self.shown(self.north, "status"), self.shown(self.north, "status", "navy")):
            shown = " ".join(shown.split())
            self.assertIn("Do: A FLASH of theirs waits since", shown)
            self.assertIn(f"detente ack south/navy {index} --as YOU", shown)
        watch = " ".join(self.shown(self.north, "watch", "show").split())
        self.assertRegex(watch, rf"south/navy: FLASH of \S+ that nobody has acknowledged: detente ack south/navy {index} --as YOU")
        self.assertIn("south/navy: 1 more entry that nobody has acknowledged", watch)
        self.cli(self.north, "ack", "navy", str(index), "--as", "ri")
        wait_until(lambda: line()["unread_flash"] == 0, line)
        self.assertNotIn("FLASH", line()["to_do"])
        self.assertNotIn("FLASH of", self.shown(self.north, "watch", "show"))

    def test_drills_are_marked_where_what_is_unread_is_counted(self):
        self.start()
        self.cli(self.south, "drill", "navy", "a fire in the engine room", "--as", "kim")
        self.cli(self.south, "send", "navy", "in earnest", "--as", "kim")
        line = lambda: self.north.line_of("south", "navy")
        wait_until(lambda: line()["unread"] == 2, line)
        self.assertEqual((line()["unread_drills"], line()["unread_tests"], line()["unread_flash"]), (1, 0, 0))
        status = self.shown(self.north, "status").splitlines()
        row = next(at for at, text in enumerate(status) if re.match(r"  \d+ navy ", text))
        self.assertTrue(status[row].endswith(" 1"), status[row])
        self.assertEqual(status[row + 1].strip(), "DRILL | 1 of navy unread")
        watch = self.shown(self.north, "watch", "show")
        self.assertIn("  south/navy: 1 entry that nobody has acknowledged\n", watch)
        self.assertIn("  DRILL | south/navy: 1 entry that nobody has acknowledged\n", watch)

    def test_what_their_station_says_of_its_watch_proves_nothing(self):
        self.start()
        self.cli(self.north, "watch", "on", "--as", "ri")
        wait_until(lambda: self.watch(self.south)["on_watch_there"], "the claim")
        officer = lambda: next(r for r in self.ladder(self.south)["rungs"] if r["rung"] == "far officer")
        self.assertEqual((officer()["known"], officer()["evidence"]), ("not known", "claim"))
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim")
        self.wait_state(self.south, "due")
        self.clock.set(NINE + 31 * MINUTE)
        wait_until(lambda: self.ladder(self.south)["situation"] == "nobody-on-watch", lambda: self.ladder(self.south))
        shown = " ".join(self.shown(self.south, "status", "military-west").split())
        self.assertTrue("NOBODY ANSWERS THERE" in shown and "NOBODY ON WATCH" not in shown, shown)
        self.assertIn("It says that somebody is on watch (duty-officer) since", shown)
        self.assertIn("(a claim)", officer()["words"])

    def test_hours_are_the_same_on_every_screen(self):
        self.start()
        self.clock.set(NINE + 9 * HOUR)  # six in the evening: closed since five
        closed = "closed until 09:00 by both"
        wait_until(lambda: self.watch(self.south, "liaison")["hours"]["words"] == closed, "the evening")
        everything = lambda: " ".join(self.shown(self.south, "status").split())
        calls = lambda: " ".join(self.shown(self.south, "calls", "liaison").split())
        self.assertIn(f"Outside its hours: {closed}.", everything())
        self.assertIn(f"The line is now {closed}.", calls())
        past = self.refused(self.south, "hours", "extend", "liaison", "--until", "2027-03-02T08:00:00Z", "--as", "kim")
        self.assertTrue("that hour has passed" in past and "open until" not in past, past)
        until = "2027-03-02T12:00:00Z"
        self.cli(self.south, "hours", "extend", "liaison", "--until", until, "--as", "kim")
        wait_until(lambda: self.watch(self.north, "liaison")["hours"]["proposed"], "the proposal")
        self.cli(self.north, "hours", "extend", "liaison", "--until", until, "--as", "ri")
        words = lambda: self.watch(self.south, "liaison")["hours"]["words"]
        wait_until(lambda: "extended by" in words(), words)
        longer = words()  # the sides in the accord's order
        self.assertEqual(set(longer.split("extended by ")[1].split(" and ")), {"duty-officer 1 of south", "duty-officer 1 of north"})
        self.assertIn(longer, calls())
        self.assertIn(longer, " ".join(self.shown(self.south, "status", "liaison").split()))
        self.assertIn(longer, everything())
        self.south.stop()
        self.assertIn("the station does not run: whether they were extended is not known here", calls())

    def test_what_waits_is_said_on_every_screen(self):
        self.start()
        self.cli(self.south, "presence", "ask", "navy", "--as", "kim")
        answer = lambda line: next(r["words"] for r in self.ladder(self.south, line)["rungs"] if r["rung"] == "answer")
        wait_until(lambda: "waiting for an answer until" in answer("navy"), lambda: answer("navy"))
        self.assertIn("Wait for the answer to our query", self.ladder(self.south, "navy")["to_do"])
        wait_until(lambda: "detente presence ready LINE" in self.ladder(self.north, "navy")["to_do"],
                   lambda: self.ladder(self.north, "navy")["to_do"])
        self.clock.set(NINE + 10)
        wait_until(lambda: "detente call LINE" in self.ladder(self.south)["to_do"], lambda: self.ladder(self.south)["to_do"])
        self.assertIn("it is your turn to call", self.refused(self.south, "answer", "military-west", "--as", "kim"))
        self.cli(self.south, "call", "military-west", "--as", "kim")
        matters = lambda station: " ".join(o["words"] for o in self.cli(station, "watch", "show")["open"] if "military" in o["line"])
        wait_until(lambda: "they called at" in matters(self.north) and "detente answer LINE" in matters(self.north),
                   lambda: matters(self.north))
        self.assertIn("waiting for their answer", matters(self.south))
        self.assertIn("waiting for an answer until", answer("military-west"))
        self.assertIn("detente answer LINE", self.ladder(self.north)["to_do"])
        # The calls that were called off are no longer listed as if they were planned.
        self.cli(self.north, "call-off", "military-west", "2027-03-04", "--as", "ri")
        listed = lambda: {c["date"]: c["state"] for c in self.cli(self.south, "calls", "military-west")["calls"]}
        wait_until(lambda: listed()["2027-03-04"] == "called off", listed)
        self.assertEqual([line[:10] for line in self.shown(self.south, "calls", "military-west").splitlines() if "CALLED OFF" in line],
                         ["2027-03-04"])

    def test_nothing_is_said_as_done_before_it_is(self):
        self.start()
        self.clock.set(NINE + 10)
        self.wait_state(self.south, "due")
        for station, words in ((self.south, ("call-off", "military-west", "2027-03-02", "--as", "kim")),
                               (self.south, ("cut", "navy", "--as", "kim", "--reason", "x")),
                               (self.south, ("station", "revoke", "--nothing")),
                               (self.south, ("officer", "revoke", "park", "--nothing"))):
            text = self.shown(station, *words, good=False)  # nobody is there to say yes
            self.assertTrue(text.startswith("To be signed"), text)
            for done in ("is called off", "has handed", "Cut ", "is declared lost", "is revoked,"):
                self.assertNotIn(done, text)

    def test_a_drill_says_so_in_events_and_in_the_calendar(self):
        self.start()
        self.clock.set(NINE + 10)
        self.cli(self.south, "call", "military-west", "--as", "kim", "--drill")
        wait_until(lambda: self.events(self.north, "ring"), "north to ring")
        ring = next(line for line in self.shown(self.north, "events").splitlines() if "  ring  " in line)
        self.assertTrue(ring.startswith("DRILL | "), ring)
        day = self.shown(self.north, "calendar", "military-west", "--date", "2027-03-02")
        entries = [line for line in day.splitlines() if "record entry" in line]
        self.assertTrue(entries and all(line.strip().startswith("DRILL | ") for line in entries), day)

    def test_a_refusal_is_no_success_in_json(self):
        self.south.start()
        code, answer = detente("test", "navy", "--timeout", "1s", "--dir", self.south.dir, env=self.clock.env)
        self.assertEqual((code, answer["ok"]), (1, False), answer)
        picture = self.base / "there.svg"
        picture.write_text("")
        code, answer = detente("calendar", "military-west", "--svg", str(picture), "--dir", self.south.dir, env=self.clock.env)
        self.assertEqual((code, answer["ok"]), (1, False), answer)
        for command in (("restore", "show"), ("announce", "show")):
            with subprocess.Popen([DETENTE, *command, "--watch", "--json", "--dir", self.south.dir], stdout=subprocess.PIPE,
                                  env={**os.environ, **self.clock.env}) as live:
                self.assertIs(json.loads(live.stdout.readline())["ok"], True)
                live.terminate()

    def test_empty_words_and_a_stop_that_is_one(self):
        self.start()
        said = self.refused(self.south, "contact", "log", "navy", "", "--bearer", "telephone", "--as", "kim")
        self.assertIn("WORDS are empty", said)
        before = self.south.process
        self.cli(self.south, "station", "stop")
        self.south.start()  # at once: nothing of the other is left
        before.wait(5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
