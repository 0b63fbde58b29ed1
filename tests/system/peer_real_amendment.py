"""The peer of interop/ and a real station go on from one accord to the next (spec/amendment.md), each leading once."""

import contextlib
import os
import pathlib
import shutil
import sqlite3

from peer_ends import LINE, Peer, Real, Scenario, lab
import peer_cbor as cbor
from peer_accord import BUNDLE_FORMAT
from peer_amendment import ACCORD_LINE, BUNDLE_MEDIA
from peer_record import ADOPTION
from stations import Station, wait_until

SPARE = "liaison"


class RealAmendment(Scenario):
    def begin(self):
        self.folder = lab()
        self.real, self.files = Real(self.folder).start(), Station(str(self.folder / "north"))
        self.addCleanup(self.files.close)
        self.peer = Peer(self.folder)
        self.assertTrue(self.peer.contact())

    def agree(self, *options):
        """South drafts, both sign with their root keys: the whole accord, in a directory."""
        first, both = str(self.folder / "first"), str(self.folder / "both")
        self.real.cli("accord", "amend", "north", *options)
        self.real.cli("accord", "sign", "north", "--next", "--yes")
        self.real.cli("accord", "export", "north", first, "--next")
        self.files.cli("accord", "import", first)
        self.files.cli("accord", "sign", "south", "--next", "--yes")
        self.files.cli("accord", "export", "south", both, "--next")
        shutil.rmtree(self.folder / "north" / "accords" / "south" / "2")
        return both

    def version(self):
        accord = self.real.status_of("north")["accord"]
        return accord["version"], accord["adopted_there"]

    def adopted(self, seconds=30):
        return self.peer.run(seconds, lambda: self.peer.st.files.accord.version == 2 and not self.peer.st.contact.at_first
                             and self.version() == (2, True))

    def restart_peer(self):
        self.peer.stop()
        self.peer = Peer(self.folder)

    def no_alarm(self):
        """What a change of the accord says of itself aside."""
        said = [one for one in self.real.alarms() if "this station goes on under" not in one]
        self.assertEqual((self.peer.alarms(), said), ([], []))

    def look_after(self):
        """Under the second accord: a new line, old logs that went on, and a start of each."""
        self.assertNotIn(SPARE, {line.annex.name for line in self.peer.st.lines.values()})
        self.assertTrue(self.peer.say("on the new line", line="fishery"))
        self.assertEqual(self.real.messages("fishery"), ["on the new line"])
        self.real.send("and back", "fishery")
        self.assertTrue(self.peer.run(10, lambda: self.peer.far("fishery") == ["and back"]))
        self.restart_peer()
        self.assertEqual(self.peer.st.files.accord.version, 2, "a start finds what was adopted")
        self.assertTrue(self.peer.say("after a start"))
        self.real.kill()
        self.peer.run(0.3)
        self.real.start()
        self.real.send("real, after a start")
        self.assertTrue(self.peer.run(20, lambda: "real, after a start" in self.peer.far()))
        self.assertTrue(self.peer.say("at the end"))
        acts = [entry.get("act", "") for entry in self.real.entries("north", "accord", "both")]
        self.assertEqual(sum("holds version 2 of the accord" in one for one in acts), 2, acts)

    def test_the_real_station_holds_it_first_and_the_peer_fetches_it(self):
        self.begin()
        both = self.agree("--add-line", "fishery", "--retire", SPARE, "--heartbeat", "5")
        own = self.peer.line(LINE).own
        for i in range(20):
            own.submit(f"before {i}")
        self.peer.line(SPARE).own.submit("the last on this line")
        self.assertTrue(self.peer.run(10, lambda: own.receipted == 20 and self.peer.line(SPARE).own.receipted == 1))
        self.real.send("signed under the first", LINE, "--as", "kim")
        self.real.cli("accord", "import", both)
        for i in range(40):
            own.submit(f"while {i}")
            self.real.send(f"real while {i}")
            self.peer.run(0.02)
        self.assertTrue(self.adopted())
        self.assertTrue(self.peer.run(20, lambda: own.receipted == 60 and len(self.peer.far()) == 41))
        self.assertEqual(self.real.messages(), [f"before {i}" for i in range(20)] + [f"while {i}" for i in range(40)])
        self.assertEqual(self.peer.far()[1:], [f"real while {i}" for i in range(40)])
        self.assertEqual(self.peer.st.files.accord.session["heartbeat_seconds"], 5)
        log = self.peer.line().pair.newest("far")
        signed = self.peer.line().far.describe(log, 0, log.entries[0].entry, False)
        self.assertEqual([s["verdict"] for s in signed["signatures"]], ["valid"])
        self.look_after()
        self.no_alarm()

    def test_the_peer_holds_it_first_and_the_real_station_fetches_it(self):
        self.begin()
        both = self.agree("--add-line", "fishery", "--retire", SPARE)
        self.peer.stop()
        shutil.copytree(both, self.folder / "north" / "accords" / "south" / "2")
        self.real.send("meanwhile")
        self.peer = Peer(self.folder)
        self.peer.line(SPARE).own.submit("arrives before it is retired")
        self.assertTrue(self.adopted())
        self.assertTrue(self.peer.run(10, lambda: self.peer.far() == ["meanwhile"]))
        self.look_after()

    def test_a_root_key_is_renewed(self):
        """What its former key signed counts as far as the accord says, and its new card's key from then on."""
        self.begin()
        self.real.cli("side", "renew-root", "--yes")
        both = self.agree("--renew-root")
        self.real.cli("accord", "import", both)
        self.assertTrue(self.adopted())
        self.assertTrue(self.peer.say("under the new key"))
        self.real.send("to you", LINE, "--as", "kim")
        self.assertTrue(self.peer.run(10, lambda: self.peer.far() == ["to you"]))
        self.restart_peer()
        self.assertTrue(self.peer.say("after a start"))
        self.no_alarm()

    def test_who_is_set_back_is_alone_until_it_holds_the_second(self):
        """A peer whose state knows nothing of the second is under the first again: it hears so, and goes on with the files."""
        self.begin()
        both = self.agree("--heartbeat", "5")
        self.real.cli("accord", "import", both)
        self.assertTrue(self.adopted())
        self.peer.stop()
        with contextlib.closing(sqlite3.connect(self.folder / "north" / "peer-state" / "state.db")) as db, db:
            db.execute("delete from meta where name = 'accord/2'")
        self.peer = Peer(self.folder)
        self.assertTrue(self.adopted(), "its record still has the files")
        self.peer.stop()
        with contextlib.closing(sqlite3.connect(self.folder / "north" / "peer-state" / "state.db")) as db, db:
            db.execute("delete from meta where name = 'accord/2'")
            for table in ("entries", "epochs", "cosignatures"):
                db.execute(f"delete from {table} where line = 0 and whose = 'far'")
        self.peer = Peer(self.folder)
        self.assertTrue(self.peer.run(20, lambda: any("other-accord" in one for one in self.peer.alarms())))
        self.assertIsNone(self.peer.st.current)
        self.peer.stop()
        shutil.copytree(both, self.folder / "north" / "accords" / "south" / "2")
        self.peer = Peer(self.folder)
        self.assertTrue(self.adopted(60))
        self.assertTrue(self.peer.say("again"))

    def show(self, bundle):
        root, length = self.peer.st.documents.author.add_bytes(bundle, ACCORD_LINE, BUNDLE_MEDIA)
        self.peer.line("accord").own.submit_act(ADOPTION, [2, root], 2, {17: [[root, length, BUNDLE_MEDIA]]})

    def shown_alarm(self):
        return next((one for one in self.real.cli("alarm", "list")["alarms"] if one["kind"] == "accord-shown"), None)

    def test_what_is_shown_and_cannot_be_taken_is_told_to_people(self):
        self.begin()
        for bundle in (b"none", b"\x81" * 500_000, cbor.encode([BUNDLE_FORMAT, self.peer.st.files.accord.raw.decode(), []])):
            self.show(bundle)
        self.assertTrue(self.peer.run(20, lambda: self.shown_alarm() is not None))
        self.assertIn("its files are not taken here", self.shown_alarm()["words"])
        self.real.cli("accord", "import", self.agree("--heartbeat", "5"))
        self.assertTrue(self.adopted())
        wait_until(lambda: self.shown_alarm()["ended_at"] is not None, "the alarm to end")

    def test_others_that_are_shown_beside_the_one_that_waits_are_one_alarm(self):
        self.begin()
        self.peer.st.amendment.tick = lambda now: None  # it says what it likes, and adopts nothing
        self.real.cli("accord", "import", self.agree("--heartbeat", "5"))
        two = lambda: [one for one in self.real.cli("alarm", "list")["alarms"] if one["kind"] == "accord-two"]
        for words in ("theirs ", "several others", "several others", "several others"):
            self.peer.line("accord").own.submit_act(ADOPTION, [2, os.urandom(32)], 2, {})
            self.assertTrue(self.peer.run(20, lambda: two() and words in two()[0]["words"]))
            self.peer.run(1.5)  # it is looked at every second
        self.assertEqual([one["count"] for one in two()], [2])

    def test_files_that_do_not_follow_are_not_held(self):
        """An accord that lies in the directory with a byte of an annex changed: the peer goes on under the first."""
        self.begin()
        both = self.agree("--heartbeat", "5")
        annex = pathlib.Path(both, "annex-1.toml")
        annex.write_text(annex.read_text() + "# more\n")
        self.peer.stop()
        shutil.copytree(both, self.folder / "north" / "accords" / "south" / "2")
        self.peer = Peer(self.folder)
        self.assertTrue(self.peer.say("under the first"))
        self.assertTrue(any("is not held: annex of line 1" in one for one in self.peer.notes), self.peer.notes)
        wait_until(lambda: self.version()[0] == 1, "the first accord")
