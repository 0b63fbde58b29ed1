"""What waits on the disk for its path, and is changed there meanwhile: it is not sent as what its author said."""

import os
import unittest

from stations import Lab, wait_until

WEST = "military-west"
SAID = "Sector 4: do not open fire before noon"
ROTTED = SAID.replace("not", "now")


class Waiting(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},liaison")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def rot(self):
        """The message waits, its station is stopped, and its disk turns "not" into "now"."""
        self.south.start()
        sent = self.south.cli("send", f"north/{WEST}", SAID, "--as", "kim", "--wait", "durable")
        self.assertEqual(sent["state"], "queued")
        self.south.cli("send", f"north/{WEST}", "what waits behind it", "--wait", "durable")
        self.south.stop()
        file = self.south.path("station", "record.db")
        for name in (file, file + "-wal"):
            if os.path.exists(name):
                with open(name, "r+b") as bytes_:
                    data = bytes_.read()
                    bytes_.seek(0)
                    bytes_.write(data.replace(SAID.encode(), ROTTED.encode()))

    def test_it_is_not_sent_and_its_author_is_told(self):
        self.rot()
        self.south.start()
        alarm = wait_until(lambda: self.south.get("/v1/watch")["alarms"], "the alarm")[0]
        self.assertEqual(alarm["kind"], "store")
        self.assertIn("NOT SENT", alarm["words"])
        self.assertIn("NOT SENT", self.south.get("/v1/status")["fault"])
        self.assertEqual(self.south.line_of("north", WEST)["queued_damaged"], 1)
        logged = [line for line in self.south.get("/v1/watch/log")["lines"] if line["what"] == "alarm" and line["kind"] == "store"]
        self.assertEqual(len(logged), 1, logged)
        self.north.start()
        wait_until(lambda: "what waits behind it" in self.north.texts("south", WEST), "what waited behind it")
        self.assertEqual(self.north.texts("south", WEST), ["what waits behind it"])
        self.assertEqual(self.south.line_of("north", WEST)["queued_damaged"], 1)

    def test_a_backup_of_it_is_refused(self):
        self.rot()
        error = self.south.refused("backup", self.south.path(), "--unsealed")
        self.assertRegex(error["message"], "damaged.*not what was written")


if __name__ == "__main__":
    unittest.main()
