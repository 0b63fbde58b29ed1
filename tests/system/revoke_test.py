"""A station is captured: its own side revokes it from a position on, the other side follows at once, another takes its place.

Real stations. The captured one is a copy of the directory and goes on calling through all of it.
"""

import base64
import os
import shutil
import subprocess
import time
import unittest

from clocks import Clock
from made_record import sign1
from sealed_key import signing_key
from stations import Lab, Station, free_ports, wait_until
from two_verifiers import Files

WEST, QUIET = "military-west", "soundings"
VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")


class Captured(Files):
    def setUp(self):
        super().setUp()
        self.lab = Lab("--lines", f"{WEST},{QUIET}", "--deniable", QUIET, "--lift-alone", "--work-factor", "12")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    # ---- what people do ----

    def copy(self, name, *without):
        """Another directory of south's."""
        to = os.path.join(self.lab.dir, name)
        shutil.copytree(self.south.dir, to, ignore=shutil.ignore_patterns("api.sock", "*.stderr", *without))
        station = Station(to)
        self.addCleanup(station.close)
        return station

    def capture(self):
        """South's station says a word on each line and is taken; the copy says one more. The extract is of before."""
        self.lab.start("south", "north")
        self.south.wait_link("north")
        for words in ((WEST, "before", "--as", "kim"), (QUIET, "before")):
            self.assertEqual(self.south.cli("send", *words)["state"], "receipted")
        self.assertEqual(self.north.cli("send", f"south/{WEST}", "heard", "--as", "ri")["state"], "receipted")
        self.south.stop()
        proof = os.path.join(self.lab.dir, "west.dex")
        self.north.cli("record", "export", f"south/{WEST}", "far", "0", "--form", "leaf", "--out", proof)
        taken = self.copy("taken", "vault").start()
        taken.wait_link("north")
        self.assertEqual(taken.cli("send", WEST, "forged", "--wait", "receipt")["state"], "receipted")
        return taken, proof

    def revoke(self, house, *options):
        answer = house.cli("station", "revoke", *options, "--yes")
        return answer, self.carry(house)

    def carry(self, house):
        self.carried = getattr(self, "carried", 0) + 1
        self.bulletins = file = os.path.join(self.lab.dir, f"{self.carried}.bulletins")
        house.cli("bulletin", "export", file)
        taken = self.north.cli("bulletin", "import", file)
        self.assertTrue(taken["told"])
        return taken

    # ---- what the screens say ----

    def verdicts(self, line=WEST):
        return {e["text"]: e["verdict"] for e in self.north.entries("south", line) if "text" in e}

    def status(self, station, other):
        return station.line_of(other, WEST)

    def alarms(self, kind):
        return [a for a in self.north.get("/v1/watch")["alarms"] if a["kind"].startswith(kind)]

    def wait_calls(self, more_than=0):
        """How many calls of the captured station were seen, once there are more than that."""
        def calls():
            said = self.status(self.north, "south")
            for text in [said["words"], *said["also"]]:
                if "calls with its keys (" in text:
                    count = int(text.split("calls with its keys (")[1].split()[0])
                    return count if count > more_than else None
            return None
        return wait_until(calls, lambda: f"calls of the captured station: {self.status(self.north, 'south')}", 60)

    def verified(self, index, epoch, *bulletins):
        file = os.path.join(self.lab.dir, f"{index}-{len(bulletins)}.dex")
        if not os.path.exists(file):
            self.north.cli("record", "export", f"south/{WEST}", "far", str(index), "--epoch", epoch, "--out", file)
        cards = [part for one in (self.south, self.north) for part in ("--card", one.path("card.note"))]
        words = [part for one in bulletins for part in ("--bulletin", one)]
        said = subprocess.run([VERIFY, "entry", file, *cards, *words], capture_output=True, text=True, timeout=60)
        return self.as_typed("entry", file, *cards, *words), said.stdout

    # ---- tests ----

    def test_of_a_deniable_line_the_position_is_read_out(self):
        taken, proof = self.capture()
        self.assertEqual(taken.cli("send", QUIET, "forged", "--wait", "receipt")["state"], "receipted")
        quiet = os.path.join(self.lab.dir, "quiet.dex")
        self.north.cli("record", "export", f"south/{QUIET}", "far", "0", "--form", "leaf", "--out", quiet)
        house = self.copy("house", "station")
        message = house.refused("station", "revoke", "--from", quiet, "--yes")["message"]
        self.assertIn("is deniable", message)
        self.assertIn("detente record show LINE --at SIZE", message)
        logs = self.north.cli("record", "show", f"south/{QUIET}", "--at", "1")["logs"]
        log = next(one for one in logs if one["whose"] == "far")
        self.assertEqual(log["at"]["size"], 1)
        answer, _ = self.revoke(house, "--from", proof, "--last", f"{QUIET}={log['epoch']}:1:{log['at']['root']}")
        self.assertEqual([(one["line"], one["size"]) for one in answer["positions"]], [(1, 1), (2, 1)])
        self.assertEqual(self.verdicts(QUIET), {"before": "valid", "forged": "after the last valid"})

    def test_a_station_that_its_own_side_revokes_while_it_runs_says_so_first(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.assertEqual(self.south.cli("send", WEST, "before", "--as", "kim")["state"], "receipted")
        self.assertEqual(self.north.cli("send", f"south/{WEST}", "heard", "--as", "ri")["state"], "receipted")
        proof = os.path.join(self.lab.dir, "west.dex")
        self.north.cli("record", "export", f"south/{WEST}", "far", "0", "--form", "leaf", "--out", proof)
        answer = self.south.cli("station", "revoke", "--from", proof, "--yes")
        said = wait_until(lambda: (found := self.status(self.south, "north"))["situation"] == "revoked-here" and found,
                          lambda: f"south's screen to say so: {self.status(self.south, 'north')}")
        self.assertEqual(said["title"], "THIS STATION IS REVOKED")
        self.assertIn(f"no. {answer['numbers'][0]}, lost on", said["words"])
        self.assertIn(f"by bulletin {answer['bulletin']} of our side", said["words"])
        self.assertIn("Stop this station", said["to_do"])

    def test_it_is_refused_and_another_takes_its_place(self):
        taken, proof = self.capture()
        epoch = self.north.entries("south", WEST)[0]["epoch"]
        house = self.copy("house", "station")
        number = house.cli("station", "revoke", "--from", proof, "--yes")
        self.assertEqual([(p["line"], p["size"], p["epoch"]) for p in number["positions"]], [(1, 1, epoch)])
        lost = number["numbers"][0]
        self.assertEqual(self.verdicts(), {"before": "valid", "forged": "valid"}, "nobody has told north yet")
        self.assertTrue(self.carry(house)["other_station"])

        # The session ends at once, the calls draw nothing, and the screen says what happened.
        said = self.status(self.north, "south")
        self.assertEqual((said["situation"], said["title"]), ("station-lost", "THEIR STATION IS DECLARED LOST"))
        self.assertIn(f"South declared its station at main (no. {lost}) lost on", said["words"])
        self.assertFalse(self.north.status_of("south")["link"]["up"])
        taken.cli("send", WEST, "forged again", "--wait", "none")  # it learns by this that nobody hears it
        calls = self.wait_calls()
        wait_until(lambda: not taken.status_of("north")["link"]["up"], "the captured station to be without a link", 90)
        self.wait_calls(calls + 1)
        raised = wait_until(lambda: self.alarms("station-lost-south-"), "the alarm")
        self.assertEqual([(a["count"], a["ended_at"]) for a in raised], [(1, None)])
        self.assertIn("what still comes from it is not taken", raised[0]["words"])
        self.assertEqual(len(self.alarms("revoked-station")), 1)

        # What it wrote stays, and what is beyond the position is shown as that, whatever date it claims.
        self.assertEqual(self.verdicts(), {"before": "valid", "forged": "after the last valid"})
        self.assertEqual(self.verdicts(QUIET), {"before": "after the last valid"}, "no position was named for that line")
        shown = subprocess.run([os.path.join(os.environ["DETENTE_BIN"], "detente"), "record", "show", f"south/{WEST}", "--dir",
                                self.north.dir], capture_output=True, text=True, timeout=60).stdout
        self.assertEqual(shown.count("AFTER THE LAST VALID: south declared its station main"), 1, shown)

        # A stranger's verifier: with the bulletin it says the same, without it that nobody looked.
        bulletins = self.bulletins
        for index, verdict in ((0, "proved"), (1, "failed")):
            answer, words = self.verified(index, epoch)
            self.assertEqual((answer["verdict"], answer["revocation"]), ("proved", "unchecked"))
            self.assertIn("Revocation not checked", words)
            answer, words = self.verified(index, epoch, bulletins)
            self.assertEqual((answer["verdict"], answer["revocation"]), (verdict, "checked"), words)
        self.assertIn("after the last valid", words)

        # Another takes its place, under another number, with an empty record, while the captured one goes on.
        listen = f"127.0.0.1:{free_ports(1)[0]}"
        path = self.south.config()["counterparts"][0]["paths"][0]["name"]
        there = self.south.ends("north")[0][1]
        enrolled = house.cli("station", "enrol", "--peer", "north", "--listen", f"{path}={listen}", "--to", f"{path}={there}")
        self.assertTrue(enrolled["new"])
        self.assertGreater(enrolled["number"], lost)
        self.assertEqual(enrolled["linked"], ["north"])
        self.north.cli("send", f"south/{WEST}", "is there anybody", "--as", "ri", "--wait", "none")
        self.assertTrue(self.carry(house)["other_station"])
        house.start()
        house.wait_link("north")
        self.assertEqual(house.cli("send", WEST, "from the new house", "--as", "kim")["state"], "receipted")
        wait_until(lambda: house.texts("north", WEST) == ["heard", "is there anybody"], "north's words at the new station", 60)
        back = house.cli("station", "recover", "--wait", "30")
        self.assertTrue(back["complete"], back)
        west = next(line for line in back["lines"] if line["line"] == WEST)
        self.assertEqual((west["state"], west["held"], west["had_receipted"]), ("here", 2, 1))
        self.assertEqual([(log["size"], log["whole"], log["signed_by"] > 0) for log in west["logs"]], [(2, True, True)])
        self.assertEqual(self.verdicts(), {"before": "valid", "forged": "after the last valid", "from the new house": "valid"})
        self.assertEqual(house.cli("send", QUIET, "between us")["state"], "receipted")
        self.assertEqual(self.verdicts(QUIET), {"before": "after the last valid", "between us": "valid"})
        of_north, of_house = self.status(self.north, "south"), self.status(house, "north")
        self.assertEqual((of_north["situation"], of_house["situation"]), ("in-contact", "in-contact"))
        self.assertTrue(any(f"Station no. {enrolled['number']} has its place" in text for text in of_north["also"]), of_north)
        self.assertTrue(any(f"Our station at main, no. {lost}, was declared lost" in text for text in of_house["also"]), of_house)
        wait_until(lambda: all(a["ended_at"] for a in self.alarms("station-lost-south-")), "the alarm to end")

        self.assertEqual(self.alarms("other-accord"), [], "what the captured one answers to north's calls is no news of an accord")
        # The captured one is refused still, and all of it outlasts a start.
        calls = self.wait_calls()
        self.wait_calls(calls)
        self.assertNotIn("forged again", self.verdicts())
        self.north.stop()
        self.north.start()
        house.wait_link("north")
        self.north.wait_link("south")
        self.assertEqual(self.verdicts()["forged"], "after the last valid")
        self.assertEqual(self.verified(0, epoch, bulletins)[0]["verdict"], "proved")
        self.assertEqual(self.north.cli("send", f"south/{WEST}", "we see you", "--as", "ri")["state"], "receipted")
        self.assertEqual(len(self.alarms("station-lost-south-")), 1, "a start raises nothing again")

        # Its own bulletins would have told it: such a station does not start.
        taken.stop()
        shutil.copytree(house.path("bulletins"), taken.path("bulletins"), dirs_exist_ok=True)
        taken.spawn()
        self.assertNotEqual(taken.process.wait(20), 0)
        self.assertIn("was declared lost by its own side", taken.stderr())

    def test_a_restored_backup_goes_on_with_its_record_under_other_keys(self):
        taken, proof = self.capture()
        house = self.copy("house")  # of the morning before: as if a backup was restored
        lost = house.cli("station", "revoke", "--from", proof, "--yes")["numbers"][0]
        self.carry(house)
        house.spawn()
        self.assertNotEqual(house.process.wait(20), 0)
        self.assertIn("was declared lost by its own side", house.stderr())
        path = self.south.config()["counterparts"][0]["paths"][0]["name"]
        listen, there = f"127.0.0.1:{free_ports(1)[0]}", self.south.ends("north")[0][1]
        enrolled = house.cli("station", "enrol", "--peer", "north", "--listen", f"{path}={listen}", "--to", f"{path}={there}")
        self.assertGreater(enrolled["number"], lost)
        self.carry(house)
        house.start()
        house.wait_link("north")
        self.assertEqual(house.cli("send", WEST, "as before", "--as", "kim")["state"], "receipted")
        self.assertEqual(self.verdicts(), {"before": "valid", "forged": "after the last valid", "as before": "valid"})
        own = {e["text"]: e["verdict"] for e in house.entries("north", WEST, "own") if "text" in e}
        self.assertEqual(own, {"before": "valid", "as before": "valid"})
        # Enrolled once more it is the same station.
        again = house.cli("station", "enrol", "--peer", "north", "--listen", f"{path}={listen}", "--to", f"{path}={there}")
        self.assertFalse(again["new"])

    def test_a_key_file_that_is_gone_is_said_and_never_replaced_unasked(self):
        south = self.south
        self.lab.start("south", "north")
        south.wait_link("north")
        south.cli("send", WEST, "before", "--as", "kim")
        south.stop()
        path = south.config()["counterparts"][0]["paths"][0]["name"]
        listen, there = south.ends("north")[0]
        enrol = ("station", "enrol", "--peer", "north", "--listen", f"{path}={listen}", "--to", f"{path}={there}")
        key = south.path("station", "station.key")
        os.rename(key, key + ".kept")
        said = "station.key: is missing, and other files of this station are there: take it from a backup"
        south.spawn()
        self.assertEqual(south.process.wait(20), 1)
        self.assertIn(said, south.stderr())
        self.assertNotIn("there is no station", south.stderr())
        for command in (enrol, ("backup", south.path("of-it.tar.age"), "--work-factor", "10")):
            self.assertIn(said, south.refused(*command)["message"])
        self.assertIn(said, str(south.cli("side", "show")["next"]))
        self.assertFalse(os.path.exists(key) or os.path.exists(south.path("of-it.tar.age")))
        os.rename(key + ".kept", key)
        south.start()
        south.wait_link("north")
        south.stop()
        # Where there is no backup, a person says that it is lost, and its record goes on under other keys.
        os.remove(key)
        south.cli("station", "revoke", "--from", south.dir, "--yes")
        self.assertTrue(south.cli(*enrol)["new"])
        self.carry(south)
        south.start()
        south.wait_link("north")
        self.assertEqual(south.cli("send", WEST, "under other keys", "--as", "kim")["state"], "receipted")
        self.assertEqual([e["text"] for e in south.entries("north", WEST, "own") if "text" in e][-1], "under other keys")

    def test_positions_come_from_a_record_or_are_typed_or_are_none(self):
        taken, proof = self.capture()
        house = self.copy("house", "station")
        logs = {log["whose"]: log for log in self.north.cli("record", "show", f"south/{WEST}")["logs"]}
        far = logs["far"]
        for options, said in (((), "say how far its log counts"),
                              (("--nothing", "--from", proof), "--nothing stands alone"),
                              (("--last", f"{WEST}=12:1:34"), "write LINE=EPOCH:SIZE:ROOT"),
                              (("--last", f"nowhere={far['epoch']}:1:{far['root']}"), "no accord of this side has it"),
                              (("--from", proof, "--until", "2020-01-01T00:00:00Z"), "holds nothing of station"),
                              (("--from", house.path("card.note")), "card.note"),
                              (("--post", "liaison", "--nothing"), "this side has no such station"),
                              (("--number", "77", "--nothing"), "no such station")):
            self.assertIn(said, house.refused("station", "revoke", *options, "--yes")["message"], options)
        # What a backup holds of the station, and what the other side reads from its screen.
        restored = self.copy("restored", "vault").dir
        answer, told = self.revoke(house, "--from", restored, "--last", f"{WEST}={far['epoch']}:1:{self.root_of_one()}")
        self.assertTrue(told["other_station"])
        self.assertEqual({p["line"]: p["size"] for p in answer["positions"]}[1], 1)
        self.assertEqual(self.verdicts(), {"before": "valid", "forged": "after the last valid"})
        self.assertEqual(self.verdicts(QUIET), {"before": "valid"})
        self.assertIn("this side has no such station", house.refused("station", "revoke", "--nothing", "--yes")["message"])
        taken.stop()

    def their_cut(self, line):
        return self.north.get(f"/v1/counterparts/south/lines/{line}/status")["registers"]["theirs"]

    def cut(self, station, line, reason):
        station.cli("cut", line, "--as", "kim", "--reason", reason, "--yes")

    def test_what_it_did_beyond_the_position_binds_nobody(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.cut(self.south, QUIET, "the leaflets")
        wait_until(lambda: self.their_cut(QUIET), "the genuine cut")
        self.south.stop()
        proof = os.path.join(self.lab.dir, "accord.dex")
        newest = self.north.entries("south", "accord")[-1]["index"]
        self.north.cli("record", "export", "south/accord", "far", str(newest), "--form", "leaf", "--out", proof)
        taken = self.copy("taken", "vault").start()
        taken.wait_link("north")
        self.cut(taken, WEST, "forged")
        taken.cli("lift", QUIET, "--as", "kim")
        wait_until(lambda: self.their_cut(WEST) and not self.their_cut(QUIET), "what the captured one did")
        file = os.path.join(self.lab.dir, "taken.courier")
        taken.cli("courier", "export", file)

        house = self.copy("house", "station")
        self.revoke(house, "--from", proof)
        for when in ("at once", "after a start"):
            self.assertIsNone(self.their_cut(WEST), when)
            self.assertEqual(self.their_cut(QUIET)["reason"], "the leaflets", when)
            kept = [(e["kind"], e["verdict"]) for e in self.north.entries("south", "accord") if e["index"] > newest]
            self.assertIn((12, "after the last valid"), kept, "it stays in the record")
            # Its files are as good as its calls.
            error = self.north.refused("courier", "import", file)
            self.assertEqual((error["fault"], "declared lost" in error["message"]), ("denied", True), error)
            error = self.north.refused("courier", "export", file + "-back")
            self.assertEqual((error["fault"], "detente bulletin import" in error["message"]), ("state", True), error)
            self.north.stop()
            self.north.start()
        self.assertEqual(len(self.alarms("revoked-station")), 1)

    def root_of_one(self):
        """The root of a log of one entry is its leaf."""
        return self.north.entries("south", WEST)[0]["leaf"]


class Suspended(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", WEST, "--work-factor", "12")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.clock = Clock(self.lab.dir, int(time.time()) + 600)  # of whoever claims a later hour

    def verdicts(self):
        """(verdict, why) by text, of north's record."""
        out = {}
        for entry in self.north.entries("south", WEST):
            if "text" in entry:
                shown = self.north.cli("record", "entry", f"south/{WEST}", "far", str(entry["index"]))
                out[entry["text"]] = [(s["verdict"], s["why"]) for s in shown["evidence"]["signatures"]]
        return out

    def test_a_duty_chief_suspends_an_officer_at_both_sides(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        for name, post in (("lee", "duty-chief"), ("park", "duty-officer")):
            self.south.cli("officer", "enrol", name, "--post", post)
        suspend = ("officer", "suspend", "kim", "--yes")
        self.assertIn("names no post that may suspend", self.south.refused(*suspend, "--as", "lee")["message"])
        self.south.stop()
        file = self.south.path("station", "station.toml")
        with open(file, encoding="utf-8") as config:
            text = config.read()
        with open(file, "w", encoding="utf-8") as config:
            config.write(text.replace("post = ", 'chiefs = ["duty-chief"]\npost = ', 1))
        self.south.start()
        self.south.wait_link("north")
        self.assertIn("is no duty chief", self.south.refused(*suspend, "--as", "park")["message"])
        self.assertIn("at most 72 hours", self.south.refused(*suspend, "--as", "lee", "--until", "+80h")["message"])
        self.south.cli("send", WEST, "in time", "--as", "kim")
        self.south.cli("send", WEST, "of an hour to come", "--as", "kim", env=self.clock.env)
        said = int(time.time())
        wait_until(lambda: int(time.time()) > said, "the next second")
        self.assertEqual(self.south.cli(*suspend, "--as", "lee", "--until", "+12h")["number"],
                         self.south.entries("north", WEST, "own")[0]["author"])
        for words in (("send", WEST, "no", "--as", "kim"), ("watch", "on", "--as", "kim")):
            self.assertIn("suspended", self.south.refused(*words)["message"], words)
        self.south.cli("send", WEST, "park may", "--as", "park")
        wait_until(lambda: len(self.verdicts()) == 3, "three words at north")
        verdicts = self.verdicts()
        self.assertEqual([verdicts["in time"][0][0], verdicts["park may"][0][0]], ["valid", "valid"])
        self.assertEqual(verdicts["of an hour to come"][0][0], "not valid")
        self.assertIn("duty chief suspended the officer from", verdicts["of an hour to come"][0][1])
        acts = [e["act"] for e in self.north.entries("south", "accord") if e["kind_name"] == "suspension"]
        self.assertEqual([a.split(" until ")[0] for a in acts], ["officer 1 (duty-officer) is suspended"])
        # Both remember it over a start; then it is taken back.
        for station in (self.south, self.north):
            station.stop()
            station.start()
        self.south.wait_link("north")
        self.assertIn("suspended", self.south.refused("send", WEST, "no", "--as", "kim")["message"])
        self.assertEqual(self.verdicts()["of an hour to come"][0][0], "not valid")
        self.south.cli(*suspend, "--as", "lee", "--over")
        self.south.cli("send", WEST, "again", "--as", "kim")
        wait_until(lambda: "again" in self.verdicts(), "the word after it")
        self.assertEqual(self.verdicts()["again"][0][0], "valid")

    def test_a_bulletin_that_the_disk_does_not_take_counts_at_once_and_is_saved_later(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("officer", "enrol", "park", "--post", "duty-officer")
        kept = self.north.path("bulletins", "south")
        wait_until(lambda: len(os.listdir(kept)) == len(os.listdir(self.south.path("bulletins", "south"))), "north to have the enrolment")
        before = sorted(os.listdir(kept))
        os.rename(kept, kept + "-away")
        with open(kept, "wb"):
            pass
        self.assertEqual(self.south.cli("send", WEST, "the thief's", "--as", "kim")["state"], "receipted")
        self.south.cli("officer", "revoke", "kim", "--until", "2026-01-01T00:00:00Z", "--yes")
        wait_until(lambda: self.verdicts()["the thief's"][0][0] == "after the last valid", "the bulletin to count at north")
        os.remove(kept)
        os.rename(kept + "-away", kept)
        wait_until(lambda: len(os.listdir(kept)) == len(before) + 1, "the bulletin to be saved")

    def test_a_bulletin_that_is_known_costs_little_more_than_a_word(self):
        """Each was a look at every file of the other side, and at all that was ever said on the accord line."""
        self.lab.start("south", "north")
        self.south.wait_link("north")
        with open(self.north.path("bulletins", "north", "1.cbor"), "rb") as file:
            again = {"bulletin": base64.b64encode(file.read()).decode()}
        of_line = "/v1/counterparts/{}/lines/{}/entries"

        def cost(line, target, request, count=400):
            """What south spends on so many of north's."""
            last = lambda: self.south.get(of_line.format("north", line) + "?whose=far&limit=1")["entries"][-1:]
            before, spent = [one["index"] + 1 for one in last()] or [0], self.south.cpu_seconds()
            for _ in range(count):
                self.assertEqual(self.north.ask("POST", target, request)[0], 200)
            wait_until(lambda: (latest := last()) and latest[0]["index"] == before[0] + count - 1, f"{count} on {line}", 60)
            return self.south.cpu_seconds() - spent

        words = cost(WEST, of_line.format("south", WEST), {"text": "a word", "wait": "durable"})
        known = cost("accord", "/v1/bulletins", again)
        print(f"400 words: {words:.2f} s of a core, 400 bulletins that are known: {known:.2f} s", flush=True)
        self.assertLess(known, 3 * words)

    def test_so_many_bulletins_are_taken_at_once_and_the_others_later(self):
        """A side could sign one a millisecond, and each is a file there."""
        self.lab.start("south", "north")
        self.south.wait_link("north")
        root = signing_key(self.north.path("vault", "root.age"), f"{self.north.dir}.passphrase")
        kept = lambda: len(os.listdir(self.south.path("bulletins", "north")))
        before = kept()
        for number in range(100, 400):
            bulletin = sign1(root, b"bulletin", [1, "north", number, int(time.time()), [], []])
            status, answer = self.north.ask("POST", "/v1/bulletins", {"bulletin": base64.b64encode(bulletin).decode()})
            self.assertEqual((status, answer.get("new")), (200, True), answer)
        whole = lambda: self.south.line_of("north", "accord")["far_size"]
        wait_until(lambda: whole() == 300, lambda: f"every entry at south: {whole()}", 60)
        at_once = kept()
        self.assertGreaterEqual(at_once, before + 256)
        self.assertLessEqual(at_once, before + 256 + 1)
        # The others one an hour, or with the next start.
        self.south.stop()
        self.south.start()
        wait_until(lambda: kept() == before + 300, lambda: f"all of them: {kept()}")

    def test_an_officer_is_revoked_for_ever_and_what_he_said_before_counts(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.south.cli("officer", "enrol", "park", "--post", "duty-officer")
        self.assertEqual(self.south.cli("send", WEST, "his last word", "--as", "kim")["state"], "receipted")
        said = int(time.time())
        wait_until(lambda: int(time.time()) > said, "the next second")
        self.assertEqual(self.south.cli("send", WEST, "the thief's", "--as", "kim")["state"], "receipted")
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(said))
        answer = self.south.cli("officer", "revoke", "kim", "--until", until, "--yes")
        self.assertEqual((answer["officer"], answer["told"], {p["line"]: p["size"] for p in answer["positions"]}[1]), ("kim", True, 1))
        wait_until(lambda: self.verdicts()["the thief's"][0][0] == "after the last valid", "the bulletin at north")
        self.assertEqual(self.verdicts()["his last word"][0][0], "valid")
        self.assertIn("revoked", self.south.refused("send", WEST, "no", "--as", "kim")["message"])
        self.assertIn("revoked already", self.south.refused("officer", "revoke", "kim", "--yes")["message"])
        self.south.cli("send", WEST, "park goes on", "--as", "park")
        wait_until(lambda: "park goes on" in self.verdicts(), "park's word")
        self.assertEqual(self.verdicts()["park goes on"][0][0], "valid")


if __name__ == "__main__":
    unittest.main(verbosity=2)
