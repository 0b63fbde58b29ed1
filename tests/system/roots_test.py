"""A side's root key is renewed under traffic, with two real stations: by an accord that the former key, the new one and the
other side sign. What the former key signs afterwards counts nowhere, and neither side goes back alone."""

import base64
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import unittest

from amend_test import LINE, Talker
from stations import Lab, Station, wait_until

VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")


class Renewed(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def begin(self):
        self.lab.connect()

    def directory(self, name):
        return os.path.join(self.lab.dir, name)

    def other(self, station):
        return self.north if station is self.south else self.south

    def draft(self, station, version=2, *options):
        """That side's next root key, in the next accord; signed by it with both keys, and handed over."""
        far = self.other(station).name
        made = station.cli("side", "renew-root")
        drafted = station.cli("accord", "amend", far, "--renew-root", *options)
        self.assertIn(f"The ROOT KEY of {station.name} is renewed: {made['root']} in place of", "\n".join(drafted["difference"]))
        station.cli("accord", "sign", far, "--next", "--yes")
        station.cli("accord", "export", far, self.directory(f"next-{version}"), "--next")
        return made

    def countersign(self, station, version=2):
        far = self.other(station).name
        station.cli("accord", "import", self.directory(f"next-{version}"))
        shown = station.cli("accord", "show", far, "--next")
        self.assertIn("ROOT KEY", "\n".join(shown["difference"]), "whoever signs is told")
        station.cli("accord", "sign", far, "--next", "--yes")

    def accord_of(self, station):
        return station.status_of(self.other(station).name)["accord"]

    def log_of(self, station):
        return pathlib.Path(station.path("station", "station.log")).read_text(encoding="utf-8")

    def await_version(self, version):
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.accord_of(s)["version"] == version and self.accord_of(s)["adopted_there"],
                       lambda s=station: f"{s.name} to go on under version {version}: {self.accord_of(s)}\n{self.log_of(s)[-2000:]}")

    def thief_of(self, station):
        """The side's directory as it is now, vault and all, in other hands."""
        place = self.directory(f"thief/{station.name}")
        shutil.copytree(station.dir, place, ignore=lambda folder, names: {n for n in names if stat.S_ISSOCK(
            os.stat(os.path.join(folder, n), follow_symlinks=False).st_mode)})
        return Station(place)

    def refused_bulletin(self, thief):
        """What the thief issues is taken by neither side's station."""
        far = self.other(self.lab[thief.name])
        file = self.directory(f"{len(list(pathlib.Path(self.lab.dir).glob('*.stolen')))}.stolen")
        thief.cli("bulletin", "export", file)
        fault = far.refused("bulletin", "import", file)
        self.assertEqual(fault["fault"], "denied", fault)
        self.assertIn("retired", fault["message"])
        newest = max(pathlib.Path(thief.path("bulletins", thief.name)).glob("*.cbor"), key=lambda p: int(p.stem)).read_bytes()
        status, answer = self.lab[thief.name].ask("POST", "/v1/bulletins", {"bulletin": base64.b64encode(newest).decode()})
        self.assertNotEqual(status, 200, answer)
        self.assertIn("retired", answer["error"]["message"])

    def heard(self, station):
        """All that arrived there, as (index, text), however much it is."""
        far, since, out = self.other(station).name, 0, []
        while True:
            page = station.get(f"/v1/counterparts/{far}/lines/{LINE}/entries?limit=200&whose=far&since={since}")
            out += [(entry["index"], entry["text"]) for entry in page["entries"] if "text" in entry]
            if not page["more"]:
                return out
            since = page["entries"][-1]["index"] + 1

    def index_of(self, station, text):
        return next((index for index, said in self.heard(station) if said == text), None)

    def verdicts(self, station, text):
        far, index = self.other(station).name, self.index_of(station, text)
        if index is None:
            return None
        whole = station.get(f"/v1/counterparts/{far}/lines/{LINE}/entries/far/{index}")
        return [one["verdict"] for one in whole["evidence"]["signatures"]]

    def proved(self, station, text, *cards):
        far = self.other(station).name
        index = self.index_of(station, text)
        file = self.directory("proof.dex")
        station.cli("record", "export", f"{far}/{LINE}", "far", str(index), "--out", file)
        done = subprocess.run([VERIFY, "extract", file, "--json", *(f"--card={card}" for card in cards)], capture_output=True, timeout=60)
        second = subprocess.run([sys.executable, os.path.join(os.environ["DETENTE_SOURCE"], "interop", "verify.py"), "extract", file, "--json",
                                 *(f"--card={card}" for card in cards)], capture_output=True, timeout=60)
        os.remove(file)
        verdict = json.loads(done.stdout)["verdict"]
        self.assertEqual(json.loads(second.stdout)["verdict"], verdict, "the second implementation says the same")
        return verdict

    def kept(self, station, name):
        card = self.directory(name)
        shutil.copy(station.path("card.note"), card)
        return card

    def test_under_traffic_one_side_and_then_the_other(self):
        self.begin()
        cards = [self.kept(self.south, "south-1.note"), self.kept(self.north, "north-1.note")]
        self.south.cli("send", f"north/{LINE}", "Under the first key.", "--as", "kim", "--wait", "receipt")
        thief = self.thief_of(self.south)
        self.addCleanup(thief.close)
        talkers = [Talker(self.south, "north"), Talker(self.north, "south")]
        for talker in talkers:
            talker.start()
        made = self.draft(self.south)
        self.assertEqual(stat.S_IMODE(os.stat(self.south.path("vault", "root-next.age")).st_mode), 0o600)
        self.assertEqual(self.south.refused("side", "retire-root", "--yes")["fault"], "state", "it is not in force")
        self.countersign(self.north)
        self.await_version(2)
        for talker in talkers:
            wait_until(lambda t=talker, n=len(talker.said): len(t.said) > n + 20 or t.error, "the talk to go on")
            talker.finish()
        for talker in talkers:  # each once, in order
            heard = [text for _, text in self.heard(self.other(talker.station)) if text.startswith(f"{talker.station.name} ")]
            self.assertEqual(heard, talker.said)
        gaps = [float(re.search(r"the change took ([0-9.]+) ms", self.log_of(s)).group(1)) for s in (self.south, self.north)]
        print("longest wait for a receipt", max(t.longest for t in talkers), "change took ms", gaps)
        self.assertLess(max(gaps), 1000)

        thief.cli("officer", "enrol", "mole", "--post", "duty-officer")
        self.refused_bulletin(thief)
        # The new key signs at once, before the former one is put away.
        self.south.cli("officer", "enrol", "lee", "--post", "duty-officer")
        self.south.cli("send", f"north/{LINE}", "Of the new key.", "--as", "lee", "--wait", "receipt")
        wait_until(lambda: self.verdicts(self.north, "Of the new key.") == ["valid"], "lee to be known there")
        retired = self.south.cli("side", "retire-root", "--yes")
        self.assertEqual((retired["root"], retired["repeated"]), (made["root"], 0))
        self.assertEqual(stat.S_IMODE(os.stat(retired["kept"]).st_mode), 0o400)
        self.assertEqual(self.south.refused("side", "retire-root", "--yes")["fault"], "state")
        self.south.cli("officer", "renew", "kim", "--days", "400")
        self.south.cli("send", f"north/{LINE}", "Renewed under it.", "--as", "kim", "--wait", "receipt")
        wait_until(lambda: self.verdicts(self.north, "Renewed under it.") == ["valid"], "kim's renewal to be known there")
        self.assertEqual(self.verdicts(self.north, "Under the first key."), ["valid"])

        for station in (self.south, self.north):
            station.stop()
            station.start()
        self.south.wait_link("north")
        self.refused_bulletin(thief)
        self.draft(self.north, 3)
        self.countersign(self.south, 3)
        self.await_version(3)
        self.north.cli("side", "retire-root", "--wipe", "--yes")
        self.assertEqual([name for name in os.listdir(self.north.path("vault")) if name.startswith("root")], ["root.age"])
        self.north.cli("officer", "renew", "ri", "--days", "400")
        self.north.cli("send", f"south/{LINE}", "Both are renewed.", "--as", "ri", "--wait", "receipt")
        wait_until(lambda: self.verdicts(self.south, "Both are renewed.") == ["valid"], "ri's renewal to be known here")

        # An outsider who knows the first keys, or the newest, is led to the others.
        newest = [self.south.path("card.note"), self.north.path("card.note")]
        for text in ("Under the first key.", "Of the new key."):
            for known in (cards, newest):
                self.assertEqual(self.proved(self.north, text, *known), "proved", (text, known))
        self.assertEqual(self.proved(self.south, "Both are renewed.", *cards), "proved")

    def test_both_at_once_in_one_accord(self):
        self.begin()
        cards = [self.kept(self.south, "south-1.note"), self.kept(self.north, "north-1.note")]
        self.south.cli("send", f"north/{LINE}", "Under the first keys.", "--as", "kim", "--wait", "receipt")
        thieves = [self.thief_of(station) for station in (self.south, self.north)]
        for thief in thieves:
            self.addCleanup(thief.close)
        theirs = self.north.cli("side", "renew-root")
        self.assertEqual(self.south.refused("accord", "amend", "north", "--their-root", cards[1])["fault"], "conflict", "it is in force")
        self.assertEqual(self.south.refused("accord", "amend", "north", "--their-root", cards[0])["fault"], "conflict", "it is no card of north")
        # A card of north that somebody else made: north sees that it is none of its own.
        self.south.cli("accord", "amend", "north", "--their-root", thieves[1].cli("side", "renew-root")["card"])
        self.south.cli("accord", "export", "north", self.directory("theirs-alone"), "--next")
        self.assertIn("not made here", self.north.refused("accord", "import", self.directory("theirs-alone"))["message"])
        self.draft(self.south, 2, "--their-root", theirs["card"], "--replace")
        self.countersign(self.north)
        self.await_version(2)
        for thief in thieves:
            thief.cli("officer", "enrol", "mole", "--post", "duty-officer")
            self.refused_bulletin(thief)
        for station, name in ((self.south, "lee"), (self.north, "han")):
            station.cli("side", "retire-root", "--yes")
            far = self.other(station)
            station.cli("officer", "enrol", name, "--post", "duty-officer")
            station.cli("send", f"{far.name}/{LINE}", f"{name} is here.", "--as", name, "--wait", "receipt")
            wait_until(lambda f=far, n=name: self.verdicts(f, f"{n} is here.") == ["valid"], f"{name} to be known there")
        newest = [self.south.path("card.note"), self.north.path("card.note")]
        for known in (cards, newest, [cards[0], newest[1]]):
            self.assertEqual(self.proved(self.north, "Under the first keys.", *known), "proved", known)

    def exported(self, station, name):
        station.cli("accord", "export", self.other(station).name, self.directory(name))
        return self.directory(name)

    def test_a_backup_from_before_goes_on_after_the_change_and_not_without_it(self):
        self.begin()
        self.south.cli("send", f"north/{LINE}", "Before.", "--as", "kim", "--wait", "receipt")
        file = self.south.cli("backup", self.lab.dir, "--work-factor", "10")["file"]
        self.draft(self.south)
        self.countersign(self.north)
        self.await_version(2)
        self.south.cli("side", "retire-root", "--wipe", "--yes")
        complete = self.exported(self.north, "complete")
        self.south.kill()
        place = self.directory("again")
        self.south.cli("restore", file, "--to", place, "--passphrase-file", os.path.join(self.lab.dir, "lab", "south.passphrase"))
        again = Station(place)
        self.addCleanup(again.close)
        shutil.copytree(self.south.path("vault"), again.path("vault"))  # the medium is brought
        again.start()
        # Alone it does not go on under the former key: north, which adopted, answers nothing under it.
        wait_until(lambda: again.status_of("north")["other_accord"], "it to see that it is set back")
        self.assertFalse(again.status_of("north")["link"]["up"])
        fault = again.refused("officer", "enrol", "lee", "--post", "duty-officer")
        self.assertIn("not the root key", fault["message"], "what it had is gone, and the next counts when its accord does")
        again.cli("accord", "import", complete)
        again.wait_link("north")
        wait_until(lambda: again.status_of("north")["accord"]["version"] == 2, "it to go on under the second")
        again.cli("officer", "enrol", "lee", "--post", "duty-officer")
        again.cli("send", f"north/{LINE}", "After.", "--as", "lee", "--wait", "receipt")
        wait_until(lambda: self.verdicts(self.north, "After.") == ["valid"], "lee to be known there")
        self.assertEqual(again.cli("side", "retire-root", "--yes")["root"], self.south.cli("side", "show")["root"], "its card is made anew")
        self.assertEqual(again.refused("side", "retire-root", "--yes")["fault"], "state", "once")

    def test_a_start_of_either_station_at_each_step(self):
        self.begin()
        self.draft(self.south)
        self.south.kill()
        self.south.start()
        self.north.cli("accord", "import", self.directory("next-2"))
        self.north.kill()
        self.north.start()
        self.assertEqual(self.accord_of(self.north)["version"], 1)
        self.south.kill()  # north holds it, and nobody is there to whom to show it
        self.north.cli("accord", "sign", "south", "--next", "--yes")
        wait_until(lambda: self.accord_of(self.north)["next"] and self.accord_of(self.north)["next"]["state"] == "shown", "north to hold it")
        self.north.kill()
        self.south.start()
        self.assertEqual(self.accord_of(self.south)["version"], 1, "it adopts nothing that it does not know the other to hold")
        self.north.start()
        self.await_version(2)
        self.south.kill()
        self.north.kill()
        self.lab.start("south", "north")
        self.await_version(2)
        self.south.cli("officer", "enrol", "lee", "--post", "duty-officer")
        self.south.cli("side", "retire-root", "--yes")
        self.south.kill()
        self.south.start()
        self.south.wait_link("north")
        self.south.cli("send", f"north/{LINE}", "After all that.", "--as", "lee", "--wait", "receipt")
        wait_until(lambda: self.verdicts(self.north, "After all that.") == ["valid"], "lee to be known there")

    def test_whoever_is_revoked_meanwhile_stays_revoked(self):
        self.begin()
        self.draft(self.south)
        fault = self.south.refused("officer", "enrol", "lee", "--post", "duty-officer")
        self.assertEqual(fault["fault"], "state", "the accord would not count it")
        self.south.cli("officer", "revoke", "kim", "--yes")
        wait_until(lambda: self.bulletins(self.north) == self.bulletins(self.south), "north to know of it")
        before = self.bulletins(self.north)
        self.countersign(self.north)
        self.await_version(2)
        self.north.kill()
        self.north.start()
        self.north.wait_link("south")
        self.assertTrue(set(before) <= set(self.bulletins(self.north)), "a start takes it as it was taken")
        self.assertEqual(self.south.cli("side", "retire-root", "--yes")["repeated"], 1)
        wait_until(lambda: len(self.bulletins(self.north)) == len(before) + 1, "the new key's word of it to arrive")

    def bulletins(self, station):
        return sorted(os.listdir(station.path("bulletins", "south")))

    def test_a_new_key_that_the_former_one_did_not_sign_is_refused(self):
        self.begin()
        self.assertEqual(self.south.refused("accord", "amend", "north", "--renew-root")["fault"], "state", "no next key is made")
        self.draft(self.south)
        self.assertEqual(self.south.refused("side", "renew-root")["fault"], "conflict")
        note = pathlib.Path(self.directory("next-2"), "accord.note")
        text, lines = note.read_text(encoding="utf-8").split("\n\n\u2014 ")[0], note.read_text(encoding="utf-8").split("\n\n")[-1].splitlines()
        self.assertEqual(len(lines), 2)
        note.write_text(f"{text}\n\n{lines[1]}\n", encoding="utf-8")  # the new key's alone
        self.countersign(self.north)
        # Until its station has read north's own signature, too, it is that one which is missing.
        wait_until(lambda: "the key that it replaces has not signed it" in (self.accord_of(self.north)["next"] or {}).get("words", ""),
                   lambda: f"north's station to say which signature is missing: {self.accord_of(self.north)}")
        self.assertEqual(self.accord_of(self.north)["version"], 1)
        # With the line that was taken away it is whole.
        note.write_text(f"{text}\n\n{lines[0]}\n{lines[1]}\n", encoding="utf-8")
        self.assertTrue(self.north.cli("accord", "import", self.directory("next-2"))["changed"])
        self.await_version(2)

    def test_the_second_implementation_reads_a_side_whose_root_was_renewed(self):
        self.begin()
        self.draft(self.south)
        self.countersign(self.north)
        self.await_version(2)
        self.north.stop()
        peer = os.path.join(os.environ["DETENTE_SOURCE"], "interop")
        done = subprocess.run([sys.executable, "-c", "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import peer_files; "
                               "peer_files.load_side(pathlib.Path(sys.argv[2]))", peer, self.north.dir],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
