"""A machine whose whole disk came back from an image: what waited in its queue, and the two epochs that follow."""

import shutil
import unittest

from stations import Lab, wait_until

WEST = "military-west"


class Image(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", WEST, "--work-factor", "10")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def come_back(self):
        """South's disk is again what it was when `image` was made."""
        self.south.kill()
        shutil.rmtree(self.south.path("station"))
        shutil.copytree(self.lab.dir + "/image", self.south.path("station"))
        self.south.start()
        self.south.wait_link("north")

    def make_image(self):
        self.south.kill()
        shutil.copytree(self.south.path("station"), self.lab.dir + "/image", ignore=shutil.ignore_patterns("*.sock"))
        self.south.start()

    def test_what_waited_on_the_image_goes_back_to_its_author_with_its_words(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.assertEqual(self.south.cli("send", WEST, "before")["state"], "receipted")
        self.north.kill()
        self.south.kill()
        self.south.start()
        self.assertEqual(self.south.cli("send", WEST, "the fog lifts at four", "--wait", "durable")["state"], "queued")
        self.make_image()
        self.north.start()
        self.south.wait_link("north")
        self.assertEqual(self.south.cli("send", WEST, "after")["state"], "receipted")
        self.come_back()
        noted = wait_until(lambda: [line for line in self.south.cli("log", f"north/{WEST}")["lines"] if line["what"] == "returned"],
                           "what went back")
        self.assertEqual([line["text"] for line in noted], ["the fog lifts at four"])
        alarms = {one["kind"]: one["words"] for one in self.south.cli("alarm", "list")["alarms"]}
        self.assertIn("may have been sent before", alarms["returned"])

    def test_an_entry_is_acknowledged_in_the_epoch_that_is_meant(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.make_image()
        self.south.wait_link("north")
        for text in ("old zero", "old one"):
            self.assertEqual(self.south.cli("send", WEST, text)["state"], "receipted")
        self.come_back()
        self.assertEqual(self.south.cli("send", WEST, "new one")["state"], "receipted")
        entries = {one["text"]: one for one in self.north.cli("inbox", WEST)["entries"]}
        old, new = entries["old one"], entries["new one"]
        self.assertEqual((old["index"], old["older_epoch"], new["index"], new["older_epoch"]), (1, True, 1, False))
        refused = self.north.refused("ack", WEST, "1")["message"]
        self.assertIn(f"{old['epoch'][:8]}/1", refused)
        self.assertIn(f"{new['epoch'][:8]}/1", refused)
        done = self.north.cli("ack", WEST, f"{old['epoch'][:8]}/1")
        self.assertEqual((done["acknowledged"]["epoch"], done["acknowledged"]["index"]), (old["epoch"], 1))
        left = [one["text"] for one in self.north.cli("inbox", WEST)["entries"]]
        self.assertNotIn("old one", left)
        self.assertIn("new one", left)
        # Of the two only one is left that nobody has acknowledged.
        self.assertEqual(self.north.cli("ack", WEST, "1")["acknowledged"]["epoch"], new["epoch"])
        self.assertIn("say which", self.north.refused("send", WEST, "about it", "--ref", "1")["message"])


if __name__ == "__main__":
    unittest.main()
