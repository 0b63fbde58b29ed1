"""A counterpart that signs two records (interop/peer.py): kept once, said in the status, and proved to an outsider."""

import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import unittest

from peer_ends import LINE, Scenario, pair
from stations import wait_until

from peer_log import Stored
from peer_record import Entry

VERIFY = os.path.join(os.environ["DETENTE_BIN"], "detente-verify")


class TwoRecords(Scenario):
    def setUp(self):
        super().setUp()
        self.folder, self.real, self.peer = pair()
        self.assertTrue(self.peer.contact())
        self.assertTrue(self.peer.say("We stay north of the line.", "The weather is fair.", "Good night."))

    def sign_another(self, index, text, times=1):
        """The peer sends another entry of that index, signed as the first was."""
        own = self.peer.line(LINE).own
        log, files = own.log, self.peer.st.files
        held = log.entries[index]
        entry = Entry({**held.entry.header}, text.encode())
        leaf = entry.leaf(files.salts, held.month, log.origin, index)
        root = log.tree.root(index, [leaf])
        log.entries[index] = Stored(entry, leaf, held.month, files.log_key.sign(log.text(index + 1, root)))
        session = next(s for s in self.peer.st.sessions if s.usable())
        for _ in range(times):
            self.peer.st.say(session, own.wire(index, session.c))
            self.peer.run(0.2)
        log.entries[index] = held

    def kept(self):
        return self.real.get(f"/v1/counterparts/north/lines/{LINE}/two-records")["two_records"]

    def verify(self, file, *cards):
        done = subprocess.run([VERIFY, "two-records", file, "--json", *cards], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout)["verdict"]

    def test_are_kept_once_said_and_proved(self):
        self.assertEqual(self.kept(), [])
        self.sign_another(1, "The weather is foul.", times=12)
        wait_until(lambda: self.peer.run(0.1) or self.kept(), "the second record")
        self.assertEqual([one["size"] for one in self.kept()], [2])
        self.sign_another(2, "Good morning.")
        wait_until(lambda: self.peer.run(0.1) or len(self.kept()) == 2, "the next one")
        ladder = self.real.get(f"/v1/counterparts/north/lines/{LINE}/status")
        self.assertTrue([words for words in ladder["also"] if words.startswith("TWO RECORDS")], ladder["also"])
        out = str(pathlib.Path(self.real.dir) / "proof")
        self.assertEqual(self.real.cli("record", "evidence", f"north/{LINE}", "--out", out)["files"], [out, out + ".2"])
        self.assertEqual(self.verify(out)[1], "unanchored")
        accord = self.real.get("/v1/status")["counterparts"][0]["accord"]["digest"]
        for file in (out, out + ".2"):
            self.assertEqual(self.verify(file, "--accord", accord), (0, "proved"))
        text = pathlib.Path(out).read_text()
        pathlib.Path(out + ".changed").write_text(text.replace("size 2", "size 3"))
        self.assertEqual(self.verify(out + ".changed", "--accord", accord), (1, "failed"))


    def test_stand_before_signatures_without_end(self):
        """Those the other side makes as many of as it likes, and a person looks for these."""
        self.sign_another(1, "The weather is foul.")
        wait_until(lambda: self.peer.run(0.1) or self.kept(), "the second record")
        self.real.stop()
        with contextlib.closing(sqlite3.connect(self.real.path("station", "record.db"))) as db, db:
            log, = db.execute("SELECT log FROM evidence").fetchone()
            db.executemany("INSERT INTO evidence(id, log, what, bytes, at) VALUES(?, ?, ?, ?, ?)",
                           [(number - 1000, log, "officer's signature used before", number.to_bytes(10, "big"), 1) for number in range(300)])
        self.real.start()
        logs = self.real.cli("record", "show", f"north/{LINE}")["logs"]
        shown = next(one for one in logs if one["whose"] == "far")
        self.assertEqual(([one["what"] for one in shown["evidence"]][:2], len(shown["evidence"]), shown["more_evidence"]),
                         (["second checkpoint of one size", "officer's signature used before"], 256, True))
        self.assertIn("KEPT AND NOT SHOWN HERE", self.real.shown("record", "show", f"north/{LINE}"))


if __name__ == "__main__":
    unittest.main()
