"""A machine whose whole disk came back from an image: what waited in its queue, and the two epochs that follow."""

import os
import shutil
import unittest

from stations import Lab, wait_until

WEST = "military-west"
DESK = "liaison"


class Image(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},{DESK}", "--work-factor", "10")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]

    def come_back(self, contact=True):
        """South's disk is again what it was when `image` was made."""
        self.south.kill()
        shutil.rmtree(self.south.path("station"))
        shutil.copytree(self.lab.dir + "/image", self.south.path("station"))
        self.south.start()
        if contact:
            self.south.wait_link("north")

    def alarms(self, kind, of=None):
        return {one["line"]: one for one in (of or self.south).cli("alarm", "list")["alarms"] if one["kind"] == kind}

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
        # Nobody has seen it: it is not over.
        self.assertIsNone(self.alarms("returned")[f"north/{WEST}"]["ended_at"])
        number = self.alarms("returned")[f"north/{WEST}"]["number"]
        self.assertRegex(self.south.shown("alarm", "list"), rf"\b{number} OPEN \S+ \S+ north/{WEST}: a message")
        self.south.cli("alarm", "ack", str(number), "--as", "kim", "--words", "said again")
        self.assertIsNotNone(self.alarms("returned")[f"north/{WEST}"]["ended_at"])

    def test_each_line_says_what_it_lost_and_a_second_loss_is_added(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.assertEqual(self.south.cli("send", WEST, "before")["state"], "receipted")
        self.make_image()
        self.south.wait_link("north")
        for line, count in ((WEST, 2), (DESK, 1)):
            for number in range(count):
                self.assertEqual(self.south.cli("send", line, f"lost {number}")["state"], "receipted")
        self.south.cli("cut", f"north/{DESK}", "--as", "kim", "--reason", "The leaflets.", "--yes", "--wait", "receipt")
        self.come_back()
        wanted = {f"north/{WEST}", f"north/{DESK}", "north/accord"}
        found = wait_until(lambda: (a := self.alarms("own-disk")).keys() == wanted and a, self.south.stderr)
        self.assertIn("holds 3 entries of this station's log on line military-west, and this disk has only 1", found[f"north/{WEST}"]["words"])
        self.assertIn("sign it anew", found["north/accord"]["words"])
        self.assertIn("only 0", found[f"north/{DESK}"]["words"])
        self.assertIn("THEN, at ", found[f"north/{DESK}"]["words"], "what it lost, and the cut that it is told of")
        self.assertIn("held cut", found[f"north/{DESK}"]["words"])
        self.assertTrue(all(one["ended_at"] is None for one in found.values()), found)
        # A new start that has forgotten nothing.
        self.south.kill()
        self.south.start()
        self.south.wait_link("north")
        first = found[f"north/{WEST}"]["words"]
        self.assertEqual(self.alarms("own-disk")[f"north/{WEST}"]["words"], first, "a new start loses no words")
        # The record alone goes back once more: the watch log has the first loss, and the second is another one.
        self.assertEqual(self.south.cli("send", WEST, "in the new epoch")["state"], "receipted")
        self.south.kill()
        for name in ("record.db", "record.db-wal", "record.db-shm"):
            if os.path.exists(self.lab.dir + "/image/" + name):
                shutil.copy(self.lab.dir + "/image/" + name, self.south.path("station", name))
            elif os.path.exists(self.south.path("station", name)):
                os.unlink(self.south.path("station", name))
        shutil.copy(self.lab.dir + "/image/anchor", self.south.path("station", "anchor"))
        self.north.kill()  # it would hold on to the newer life's session for a minute
        self.north.start()
        self.south.start()
        self.south.wait_link("north")
        both = wait_until(lambda: (a := self.alarms("own-disk")[f"north/{WEST}"]) and a["words"] != first and a, "the second loss")
        self.assertTrue(both["words"].startswith(first + ". THEN, at "), both)

    def test_what_is_written_on_an_image_before_the_first_contact_is_sent(self):
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.make_image()
        self.south.wait_link("north")
        self.assertEqual(self.south.cli("send", WEST, "lost here")["state"], "receipted")
        self.north.kill()
        self.come_back(contact=False)
        self.assertEqual(self.south.cli("send", WEST, "img1", "--wait", "durable")["state"], "queued")
        self.north.start()
        self.south.wait_link("north")
        wait_until(lambda: "img1" in self.north.texts("south", WEST), "what was promised")
        self.assertEqual(self.north.texts("south", WEST).count("img1"), 1)
        self.assertEqual(self.alarms("returned"), {})
        self.assertEqual([line for line in self.south.cli("log", f"north/{WEST}")["lines"] if line["what"] == "returned"], [])
        # A second image within the hour looks like two machines with one key.
        self.come_back()
        alarms = wait_until(lambda: (a := self.alarms("new-epoch", self.north)) and "TWO MACHINES" in a.get(f"south/{WEST}", {}).get("words", "") and a,
                            "the hint")
        self.assertRegex(alarms[f"south/{WEST}"]["words"], "^the other station began.*THEN, at .*by another channel")
        notes = [line["words"] for line in self.north.cli("log", f"south/{WEST}")["lines"] if line["what"] == "alarm"]
        self.assertIn("TWO MACHINES", notes[-1], "and the watch log has it")

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
