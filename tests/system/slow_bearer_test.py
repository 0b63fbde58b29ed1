"""Real stations over one slow bearer: what a FLASH waits for beside a document, and beside long texts."""

import os
import random
import time
import unittest

from emulator import Emulator
from stations import Lab, wait_until

LINE = "military-west"
TARGET = f"/v1/counterparts/north/lines/{LINE}/entries"


class SlowBearer(unittest.TestCase):
    def between(self, rate, configured):
        lab = Lab("--lines", LINE, "--paths", "1", "--gap")
        self.addCleanup(lab.close)
        self.south, self.north = lab["south"], lab["north"]
        if configured:
            for station, other in ((self.south, "north"), (self.north, "south")):
                listen, _ = station.ends(other)[0]
                conf = station.path("station", "station.toml")
                with open(conf, encoding="utf-8") as file:
                    text = file.read()
                entry = f'listen = "{listen}"'
                self.assertEqual(text.count(entry), 1)
                with open(conf, "w", encoding="utf-8") as file:
                    file.write(text.replace(entry, f"{entry}\nrate = {rate}"))
        south_listens, south_sends_to = self.south.ends("north")[0]
        north_listens, north_sends_to = self.north.ends("south")[0]
        # A queue as modems have them: whoever fills it waits in it.
        link = Emulator(os.path.join(lab.dir, "path.sock"), "proxy", "--listen", south_sends_to, "--reply-to", south_listens,
                        "--from", north_sends_to, "--to", north_listens, "--seed", "1", "--rate", str(rate), "--queue", "64000")
        self.addCleanup(link.close)
        self.link = link
        lab.start("south", "north")
        self.south.wait_link("north")
        self.lab = lab

    def flash(self):
        """Seconds until its receipt is here."""
        begun = time.monotonic()
        status, answer = self.south.ask("POST", TARGET, {"text": "Hold your fire.", "precedence": "flash", "wait": "receipt",
                                                         "timeout_ms": 60000})
        self.assertEqual(status, 200, answer)
        return time.monotonic() - begun

    def several(self, count, beside=0):
        """The longest of some, one after another; `beside`: so many packets leave before each."""
        out = []
        for _ in range(count):
            self.link.wait_packets("a-b", self.link.stats()["a-b"]["packets_in"] + beside)
            out.append(self.flash())
        return max(out), out

    def test_document_without_a_configured_rate(self):
        self.between(64000, configured=False)
        alone, _ = self.several(3)
        path = os.path.join(self.lab.dir, "map.pdf")
        with open(path, "wb") as file:
            file.write(random.Random(1).randbytes(400_000))
        self.south.cli("send", f"north/{LINE}", "the map", "--file", path, "--wait", "durable")
        beside, each = self.several(8, 5)
        print(f"64 kbit/s: a FLASH alone {alone:.2f} s, beside a document {beside:.2f} s of {[round(x, 2) for x in each]}")
        # Two packets of 1,200 bytes are 0.31 s; a queue of the first window alone would be 1.5 s.
        self.assertLess(beside, alone + 0.9)

    def test_texts_at_a_configured_rate(self):
        self.between(2400, configured=True)
        alone, _ = self.several(1)
        drawn = random.Random(2)
        texts = ["".join(drawn.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(700))
                 for _ in range(12)]
        for text in texts:
            status, answer = self.south.ask("POST", TARGET, {"text": text, "wait": "durable", "timeout_ms": 10000})
            self.assertEqual(status, 200, answer)
        beside, each = self.several(3, 2)
        print(f"2,400 bit/s: a FLASH alone {alone:.2f} s, beside texts {beside:.2f} s of {[round(x, 2) for x in each]}")
        # A packet of theirs each way, and the leaves of those before it.
        self.assertLess(beside, alone + 5)
        wait_until(lambda: [t for t in self.north.texts("south", LINE) if len(t) == 700] == texts, "all texts, in order", 240)


if __name__ == "__main__":
    unittest.main()
