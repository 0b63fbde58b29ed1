"""The ceremony by its commands, each side in a directory of its own; what goes wrong in it; lab new.

Runs $DETENTE_BIN/detente.
"""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import tomllib
import unittest

from ceremony_lab import Lab, Programs  # noqa: F401 (unittest finds them here)
from ceremony_support import PHRASE, at_terminal, good, run


class Ceremony(unittest.TestCase):
    """A fresh directory for each test, and the steps up to where it begins."""

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ceremony-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.south, self.north = self.base / "south", self.base / "north"

    def refused(self, directory, *words, fault=None, says=(), **more):
        done = run(directory, "--json", *words, **more)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        error = json.loads(done.stdout)
        self.assertEqual(sorted(error), ["error", "ok"])
        self.assertIs(error["ok"], False)
        if fault:
            self.assertEqual(error["error"]["fault"], fault, error)
        for text in says:
            self.assertIn(text, error["error"]["message"])
        return error["error"]["message"]

    # ---- steps ----

    def sides(self):
        good(self.south, "side", "init", "south", "--display", "Republic of Korea")
        good(self.north, "side", "init", "north", "--display", "DPRK")

    def cards(self):
        self.sides()
        good(self.south, "card", "import", self.north / "card.note")
        good(self.north, "card", "import", self.south / "card.note")

    def draft(self, *more):
        self.cards()
        return good(self.south, "accord", "draft", "--line", "military-west", "--line",
                    "liaison:deniable", "--path", "fibre", "north", *more)

    def hand_over(self, source, counterpart, target):
        with tempfile.TemporaryDirectory(dir=self.base) as there:
            good(source, "accord", "export", counterpart, there)
            return good(target, "accord", "import", there)

    def signed(self, *more):
        self.draft(*more)
        good(self.south, "accord", "sign", "north", "--yes")
        self.hand_over(self.south, "north", self.north)
        good(self.north, "accord", "sign", "south", "--yes")
        return self.hand_over(self.north, "south", self.south)

    def secrets(self):
        self.signed()
        for own, other in ((self.south, "north"), (self.north, "south")):
            good(own, "secret", "make", other, "--out", self.base / f"for-{other}.key")
        good(self.south, "secret", "take", "north", self.base / "for-south.key")
        good(self.north, "secret", "take", "south", self.base / "for-north.key")

    def enrol(self, side, peer, listen, to):
        return good(side, "station", "enrol", "--peer", peer, "--listen", f"fibre=127.0.0.1:{listen}",
                    "--to", f"fibre=127.0.0.1:{to}")

    def bulletins(self):
        good(self.south, "bulletin", "export", self.base / "south.bulletins")
        good(self.north, "bulletin", "export", self.base / "north.bulletins")
        return (good(self.south, "bulletin", "import", self.base / "north.bulletins"),
                good(self.north, "bulletin", "import", self.base / "south.bulletins"))

    # ---- the whole ----

    def test_whole_ceremony(self):
        self.secrets()
        south, north = (good(self.south, "words", "north"), good(self.north, "words", "south"))
        self.assertEqual(south["words"], north["words"])
        self.assertEqual(len(south["words"]), 25)
        self.assertEqual(south["accord"], north["accord"])
        self.enrol(self.south, "north", 7001, 7002)
        self.enrol(self.north, "south", 7002, 7001)
        officer = good(self.south, "officer", "enrol", "kim", "--post", "duty-officer", "--person",
                       "Kim Min-jun", "--lines", "military-west")
        self.assertEqual((officer["number"], officer["bulletin"], officer["told"]), (2, 2, False))
        taken = self.bulletins()
        # Everything was there, so the import linked by itself.
        self.assertEqual([t["linked"] for t in taken], [["north"], ["south"]])
        self.assertFalse(good(self.south, "station", "link", "north")["new"])
        shown = good(self.south, "side", "show")
        self.assertEqual(shown["next"], [f"detente --dir {self.south} station run"])
        self.assertEqual(shown["counterparts"][0]["lines"],
                         [{"number": 0, "name": "accord", "evidence": "provable"},
                          {"number": 1, "name": "military-west", "evidence": "provable"},
                          {"number": 2, "name": "liaison", "evidence": "deniable"}])
        good(self.south, "accord", "check", "north")
        listed = good(self.south, "officer", "list")["officers"]
        self.assertEqual([o["person"] for o in listed], ["Kim Min-jun"])
        # The person's name stays at home.
        self.assertNotIn(b"Kim", (self.base / "south.bulletins").read_bytes())

    def test_modes_of_files(self):
        self.secrets()
        self.enrol(self.south, "north", 7001, 7002)
        good(self.south, "officer", "enrol", "kim", "--post", "duty-officer")
        for directory, _, files in os.walk(self.south):
            self.assertEqual(stat.S_IMODE(os.stat(directory).st_mode), 0o700, directory)
            for name in files:
                if name.endswith((".age", ".key")):
                    mode = stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode)
                    self.assertEqual(mode, 0o600, name)

    def test_each_step_says_the_next(self):
        self.sides()
        expect = [
            ("card import", lambda: good(self.south, "card", "import", self.north / "card.note")),
            ("accord draft north", lambda: good(self.south, "accord", "draft", "north", "--line", "a",
                                                "--path", "fibre")),
            ("accord sign north", lambda: good(self.south, "accord", "sign", "north", "--yes")),
            ("accord export north", lambda: None),
        ]
        for words, step in expect:
            self.assertIn(words, good(self.south, "side", "show")["next"][0])
            step()

    def test_words_carry_a_secret(self):
        self.signed()
        words = good(self.south, "secret", "make", "north", "--words")["words"]
        self.assertEqual(len(words.split()), 33)
        path = self.base / "written-down"
        path.write_text(words)
        good(self.north, "secret", "take", "south", path, "--words")
        path.write_text(words.replace(words.split()[3], words.split()[4], 1))
        self.refused(self.north, "secret", "take", "south", path, "--words")

    def test_age_opens_a_sealed_key(self):
        if shutil.which("age") is None or shutil.which("script") is None:
            self.fail("age and script(1) are needed here")
        self.sides()
        plain = self.base / "root"
        # age asks at its terminal: script gives it one.
        script = f"age -d -o {plain} {self.south}/vault/root.age"
        subprocess.run(["script", "-qec", script, "/dev/null"], input=PHRASE + "\n", text=True,
                       capture_output=True, timeout=60, check=True)
        self.assertEqual(plain.stat().st_size, 32)

    def test_idempotent_and_never_overwriting(self):
        self.secrets()
        root = (self.south / "vault" / "root.age").read_bytes()
        self.refused(self.south, "side", "init", "south", "--display", "again", fault="conflict")
        self.assertEqual((self.south / "vault" / "root.age").read_bytes(), root)
        self.assertFalse(good(self.south, "card", "import", self.north / "card.note")["new"])
        self.assertFalse(good(self.south, "secret", "take", "north", self.base / "for-south.key")["new"])
        self.refused(self.south, "secret", "make", "north", "--out", self.base / "for-north.key",
                     fault="conflict")
        again = good(self.south, "secret", "make", "north", "--out", self.base / "again.key")
        self.assertFalse(again["new"])
        self.assertEqual((self.base / "again.key").read_bytes(),
                         (self.base / "for-north.key").read_bytes())
        self.assertTrue(self.enrol(self.south, "north", 7001, 7002)["new"])
        key = (self.south / "station" / "station.key").read_bytes()
        self.assertFalse(self.enrol(self.south, "north", 7003, 7004)["new"])
        self.assertEqual((self.south / "station" / "station.key").read_bytes(), key)
        self.assertIn("127.0.0.1:7003", (self.south / "station" / "station.toml").read_text())
        good(self.south, "officer", "enrol", "kim", "--post", "duty-officer")
        self.refused(self.south, "officer", "enrol", "kim", "--post", "other", fault="conflict")
        good(self.south, "accord", "sign", "north", "--yes")
        moved = good(self.south, "station", "path", "north", "fibre", "--to", "192.0.2.9:900")
        self.assertEqual((moved["listen"], moved["peer"]), ("127.0.0.1:7003", "192.0.2.9:900"))

    def test_another_station_of_a_post_that_has_one_is_told_of_it(self):
        self.secrets()
        first = self.enrol(self.south, "north", 7001, 7002)
        self.assertEqual((first["new"], first["others_of_post"]), (True, []))
        shutil.rmtree(self.south / "station")
        second = self.enrol(self.south, "north", 7001, 7002)
        self.assertEqual((second["new"], second["others_of_post"]), (True, [first["number"]]))
        shutil.rmtree(self.south / "station")
        said = run(self.south, "station", "enrol", "--peer", "north", "--listen", "fibre=127.0.0.1:7001", "--to", "fibre=127.0.0.1:7002").stdout
        self.assertIn(f"CREDENTIAL {second['number']} OF THE SAME POST HOLDS AS WELL", said)
        self.assertIn("restore the newest backup instead", said)

    def test_exports_overwrite_nothing(self):
        self.secrets()
        self.enrol(self.south, "north", 7001, 7002)
        taken = "is not overwritten"
        for name in ("vault/root.age", "station/station.key"):
            place = self.south / name
            before = (place.read_bytes(), place.stat().st_mode)
            self.refused(self.south, "bulletin", "export", place, fault="conflict", says=[taken])
            self.assertEqual((place.read_bytes(), place.stat().st_mode), before)
        file = self.base / "b"
        good(self.south, "bulletin", "export", file)
        good(self.south, "bulletin", "export", file)  # the same again
        before = file.read_bytes()
        good(self.south, "officer", "enrol", "kim", "--post", "duty-officer")
        self.refused(self.south, "bulletin", "export", file, fault="conflict", says=[taken])
        self.assertEqual(file.read_bytes(), before)
        good(self.south, "accord", "export", "north", self.base / "out")
        good(self.south, "accord", "export", "north", self.base / "out")
        foreign = self.base / "foreign"
        foreign.mkdir()
        (foreign / "accord.note").write_text("another accord")
        self.refused(self.south, "accord", "export", "north", foreign, fault="conflict", says=["accord.note", taken])
        self.assertEqual({path.name: path.read_text() for path in foreign.iterdir()}, {"accord.note": "another accord"})

    def test_an_enrolment_that_was_killed_goes_on(self):
        self.sides()
        enrol = ("officer", "enrol", "kim", "--post", "duty-officer")
        number = good(self.south, *enrol)["number"]
        officers = self.south / "officers"
        key = (officers / "kim.age").read_bytes()

        def forget(*files):
            for path in (*self.south.glob("bulletins/south/*.cbor"), *(officers / name for name in files)):
                path.unlink()

        forget()  # killed before the bulletin
        self.assertIn(f"detente {' '.join(enrol)}", run(self.south, "officer", "list").stdout)
        self.refused(self.south, "officer", "renew", "kim", says=["broken off", "enrol"])
        self.assertEqual(good(self.south, *enrol)["number"], number)
        self.assertEqual((officers / "kim.age").read_bytes(), key)
        self.refused(self.south, *enrol, fault="conflict", says=["enrolled already"])
        forget("kim.toml")  # killed before the other file, and in the middle of it
        (officers / ".kim.toml.kdylmA").write_text("")
        (officers / ".kimberly.toml.kdylmA").write_text("")
        other = self.base / "other"
        other.write_text("another passphrase")
        other.chmod(0o600)
        self.refused(self.south, *enrol, "--officer-passphrase-file", other, fault="denied", says=["broken off", "kim.age"])
        self.assertEqual(good(self.south, *enrol)["number"], number)
        self.assertEqual((officers / "kim.age").read_bytes(), key)
        self.assertEqual(sorted(path.name for path in officers.glob(".*.toml.*")), [".kimberly.toml.kdylmA"])
        good(self.south, "officer", "renew", "kim", "--days", "700")
        # Keys that a credential names are no left-over: they may be revoked ones.
        (officers / "kim.toml").unlink()
        self.refused(self.south, *enrol, fault="conflict", says=["issued before", "kim.age"])

    def test_posts_that_may_join_a_line(self):
        self.draft("--people", "military-west=duty-officer,watch-leader")
        annexes = [tomllib.loads(a) for a in good(self.south, "accord", "show", "north")["annexes"]]
        self.assertEqual([a["people"] for a in annexes], [[], ["duty-officer", "watch-leader"], []])
        for post, slip in (("duty-offcer", True), ("watch-leader", False)):
            said = run(self.south, "officer", "enrol", post, "--post", post).stdout
            self.assertIs(f"no accord names the post {post}" in said, slip, said)
        every = good(self.south, "accord", "draft", "north", "--line", "a", "--line", "b", "--people", "minister",
                     "--replace")
        annexes = [tomllib.loads(a) for a in good(self.south, "accord", "show", "north")["annexes"]]
        self.assertEqual([a["people"] for a in annexes], [[], ["minister"], ["minister"]], every)

    # ---- bad input ----

    def test_posts_that_are_none(self):
        self.cards()
        draft = ("accord", "draft", "north", "--line", "a", "--people")
        self.refused(self.south, *draft, "b=minister", fault="not-found", says=["--people b=minister", "no --line"])
        self.refused(self.south, *draft, "a=Minister", fault="malformed", says=["--people a=Minister"])
        self.refused(self.south, *draft, "a=", fault="malformed", says=["--people a="])
        self.refused(self.south, *draft, "a=minister,minister", fault="conflict", says=["line 1", "people"])
        self.refused(self.south, *draft, "a=" + ",".join(f"post-{i}" for i in range(65)), fault="limit",
                     says=["more than 64"])
        self.refused(self.south, "accord", "show", "north", fault="not-found")

    def test_wrong_passphrase(self):
        self.draft()
        before = sorted(self.south.rglob("*"))
        for words in (("accord", "sign", "north", "--yes"),
                      ("secret", "make", "north", "--out", self.base / "key"),
                      ("officer", "enrol", "kim", "--post", "duty-officer")):
            self.refused(self.south, *words, fault="denied", says=["root.age"], phrase="wrong")
        self.assertEqual(sorted(self.south.rglob("*")), before)
        self.refused(self.south, "accord", "sign", "north", "--yes", fault="denied",
                     says=["--passphrase-file"], phrase=None)
        self.refused(self.south, "accord", "sign", "north", fault="denied", says=["--yes"])

    def test_asks_at_the_terminal(self):
        init = ("side", "init", "south", "--display", "Republic of Korea")
        code, shown = at_terminal(self.south, *init, answers=[("New", "one"), ("Once more", "two")])
        self.assertEqual(code, 1)
        self.assertIn("differ", shown)
        self.assertFalse(self.south.exists())
        code, shown = at_terminal(self.south, *init, answers=[("New", PHRASE), ("Once more", PHRASE)])
        self.assertEqual(code, 0, shown)
        self.assertNotIn(PHRASE, shown)  # no echo
        good(self.north, "side", "init", "north", "--display", "DPRK")
        good(self.south, "card", "import", self.north / "card.note")
        good(self.south, "accord", "draft", "north", "--line", "a")
        sign = ("accord", "sign", "north")
        code, shown = at_terminal(self.south, *sign, answers=[("Type yes:", "y")])
        self.assertEqual(code, 1)
        code, shown = at_terminal(self.south, *sign,
                                  answers=[("Type yes:", "yes"), ("Passphrase", PHRASE)])
        self.assertEqual(code, 0, shown)
        self.assertIn("annex of line 1", shown)
        # An officer's keys are sealed with a passphrase of his own.
        enrol = ("officer", "enrol", "kim", "--post", "duty-officer")
        code, shown = at_terminal(self.south, *enrol, answers=[
            ("Passphrase", PHRASE), ("officer kim", "kim's own"), ("Once more", "kim's own")])
        self.assertEqual(code, 0, shown)

    def test_passphrase_file(self):
        self.draft()
        path = self.base / "phrase"
        path.write_text(PHRASE + "\nsecond line\n")
        path.chmod(0o644)
        sign = ("--passphrase-file", path, "accord", "sign", "north", "--yes")
        self.refused(self.south, *sign, fault="denied", says=["chmod 600"], phrase=None)
        path.chmod(0o600)
        good(self.south, *sign, phrase=None)

    def test_cards(self):
        self.sides()
        self.refused(self.south, "card", "import", self.south / "card.note", fault="conflict",
                     says=["your own card"])
        note = (self.north / "card.note").read_text()
        changed = self.base / "changed.note"
        changed.write_text(note.replace("DPRK", "DPRX"))
        self.refused(self.south, "card", "import", changed, fault="authentication",
                     says=["changed.note"])
        good(self.south, "card", "import", self.north / "card.note")
        other = self.base / "other"
        good(other, "side", "init", "north", "--display", "Another north")
        self.refused(self.south, "card", "import", other / "card.note", fault="conflict",
                     says=["another root key"])
        self.refused(self.south, "card", "import", self.base / "none.note", fault="not-found")
        self.refused(self.south, "card", "import", self.base, fault="io")
        (self.base / "huge").write_bytes(b"x" * 5000)
        self.refused(self.south, "card", "import", self.base / "huge", fault="limit")

    def test_card_of_another_side_in_an_accord(self):
        self.draft()
        west = self.base / "west"
        good(west, "side", "init", "west", "--display", "West")
        good(west, "card", "import", self.south / "card.note")
        good(self.south, "accord", "export", "north", self.base / "out")
        self.refused(west, "accord", "import", self.base / "out", fault="conflict",
                     says=["between", "this side is west"])

    def test_changed_byte_in_the_accord(self):
        self.draft()
        good(self.south, "accord", "sign", "north", "--yes")
        good(self.south, "accord", "export", "north", self.base / "out")
        whole = {p.name: p.read_bytes() for p in (self.base / "out").iterdir()}
        self.assertEqual(sorted(whole), ["accord.note", "annex-0.toml", "annex-1.toml",
                                         "annex-2.toml", "cipher-ChaCha20-Poly1305.vectors",
                                         "dictionary.dict"])
        for name, content in whole.items():
            path = self.base / "out" / name
            middle = content.find(b"military-west") if b"military-west" in content \
                else content.find(b"Republic") if b"Republic" in content else len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])
            self.refused(self.north, "accord", "import", self.base / "out", says=[
                "accord.note" if name == "accord.note" else name])
            path.write_bytes(content)
        good(self.north, "accord", "import", self.base / "out")

    def test_two_different_accords(self):
        self.draft()
        first = good(self.south, "accord", "show", "north")["accord"]
        second = good(self.north, "accord", "draft", "south", "--line", "military-west")["accord"]
        good(self.north, "accord", "export", "south", self.base / "out")
        self.refused(self.south, "accord", "import", self.base / "out", fault="conflict",
                     says=[first, second, "line "])
        taken = good(self.south, "accord", "import", self.base / "out", "--replace")
        self.assertEqual(taken["accord"], second)

    def test_complete_accord_is_never_replaced(self):
        self.signed()
        self.refused(self.south, "accord", "draft", "north", "--line", "x", "--replace",
                     fault="conflict")

    def test_wrong_order(self):
        self.refused(self.south, "side", "show", fault="not-found", says=["detente side init"])
        self.sides()
        self.refused(self.south, "accord", "draft", "north", "--line", "a", fault="not-found",
                     says=["detente card import"])
        good(self.south, "card", "import", self.north / "card.note")
        good(self.north, "card", "import", self.south / "card.note")
        self.refused(self.south, "accord", "sign", "north", "--yes", fault="not-found",
                     says=["detente accord draft"])
        self.refused(self.south, "secret", "make", "north", "--out", self.base / "k",
                     fault="not-found", says=["detente accord draft"])
        self.refused(self.south, "bulletin", "export", self.base / "b", fault="state",
                     says=["detente station enrol"])
        good(self.south, "accord", "draft", "north", "--line", "a", "--path", "fibre")
        self.refused(self.south, "words", "north", fault="state", says=["detente accord sign"])
        self.refused(self.south, "station", "link", "north", fault="state",
                     says=["detente accord sign"])
        good(self.south, "accord", "sign", "north", "--yes")
        self.hand_over(self.south, "north", self.north)
        good(self.north, "accord", "sign", "south", "--yes")
        self.hand_over(self.north, "south", self.south)
        self.refused(self.south, "words", "north", fault="not-found", says=["detente secret make"])
        self.refused(self.south, "station", "link", "north", fault="not-found",
                     says=["detente station enrol"])
        self.enrol(self.south, "north", 7001, 7002)
        self.refused(self.south, "station", "link", "north", fault="not-found",
                     says=["detente bulletin import"])
        self.enrol(self.north, "south", 7002, 7001)
        good(self.north, "bulletin", "export", self.base / "b")
        good(self.south, "bulletin", "import", self.base / "b")
        self.refused(self.south, "station", "link", "north", fault="not-found",
                     says=["detente secret make"])

    def test_own_hand_key_given_back(self):
        self.signed()
        good(self.south, "secret", "make", "north", "--out", self.base / "key")
        self.refused(self.south, "secret", "take", "north", self.base / "key", fault="conflict")

    def test_bulletins(self):
        self.signed()
        self.enrol(self.south, "north", 7001, 7002)
        file = self.base / "b"
        good(self.south, "bulletin", "export", file)
        content = file.read_bytes()
        self.refused(self.south, "bulletin", "import", file, fault="conflict")
        file.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
        self.refused(self.north, "bulletin", "import", file, fault="authentication")
        file.write_bytes(b"nothing")
        self.refused(self.north, "bulletin", "import", file)
        file.write_bytes(content)
        self.assertEqual(good(self.north, "bulletin", "import", file)["added"], 1)
        self.assertEqual(good(self.north, "bulletin", "import", file)["added"], 0)
        for name in ("kim", "lee"):
            good(self.south, "officer", "enrol", name, "--post", "duty-officer")
        good(self.south, "bulletin", "export", self.base / "all")
        middle = next(path for path in (self.south / "bulletins" / "south").iterdir() if path.stem.lstrip("0") == "2")
        held = middle.read_bytes()
        middle.unlink()
        good(self.south, "bulletin", "export", self.base / "gap")
        middle.write_bytes(held)
        self.assertEqual(good(self.north, "bulletin", "import", self.base / "gap")["missing"], [2])
        def shown():
            return {one["side"]: (one["highest"], one["missing"]) for one in good(self.north, "side", "show")["bulletins"]}
        self.assertEqual(shown(), {"north": (0, []), "south": (3, [2])})
        self.assertIn("Missing of south's bulletins up to 3: 2", run(self.north, "side", "show").stdout)
        self.assertEqual(good(self.north, "bulletin", "import", self.base / "all")["missing"], [])
        self.assertEqual(shown()["south"], (3, []))

    def test_unwritable_directory(self):
        # A file in the place of a directory stops root, too.
        (self.base / "file").write_text("")
        self.refused(self.base / "file" / "south", "side", "init", "south", "--display", "x",
                     fault="io", says=["directory"])
        self.sides()
        (self.south / "cards").write_text("")
        self.refused(self.south, "card", "import", self.north / "card.note", fault="io",
                     says=["directory"])
        if os.geteuid() != 0:
            closed = self.base / "closed"
            closed.mkdir(mode=0o500)
            self.refused(closed / "south", "side", "init", "south", "--display", "x", fault="io",
                         says=["permissions"])

    def test_no_provider_for_a_cipher(self):
        self.cards()
        self.refused(self.south, "accord", "draft", "north", "--line", "a", "--aead", "OWN-CIPHER",
                     fault="not-found", says=["--cipher-vectors"])

    def test_own_cipher_by_provider(self):
        vectors = pathlib.Path(os.environ["DETENTE_SOURCE"], "tests/toy_provider/toy.vectors.txt")
        self.signed("--aead", "TOY-CTR-HMAC", "--cipher-vectors", vectors)
        self.refused(self.south, "accord", "check", "north", fault="not-found",
                     says=["TOY-CTR-HMAC"])
        good(self.south, "accord", "check", "north", "--provider", os.environ["DETENTE_TOY_PROVIDER"])

    def test_wrong_usage(self):
        for words in ((), ("nonsense",), ("side", "init"), ("card", "show"),
                      ("side", "init", "South!", "--display", "x")):
            done = run(self.south, *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertTrue(done.stderr.startswith("detente: "), done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertFalse(self.south.exists())
        # Control characters and overrides of direction never reach a card.
        self.refused(self.south, "side", "init", "south", "--display", "evil\u202etext")
        self.refused(self.south, "side", "init", "south", "--display", "")
        self.assertFalse(self.south.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
