"""What nobody has acknowledged, where there is more of it than one answer holds: FLASH is first, counts are exact, also after a start."""

import os
import unittest

from stations import Lab, wait_until

WEST, LIAISON = "military-west", "liaison"
LATER = 2005  # texts that come after the FLASH


class Unread(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", f"{WEST},{LIAISON}", "--work-factor", "12")
        self.addCleanup(self.lab.close)
        self.south, self.north = self.lab["south"], self.lab["north"]
        self.lab.connect()
        self.kim, self.ri = (sorted(f[:-5] for f in os.listdir(station.path("officers")) if f.endswith(".toml"))[0]
                             for station in (self.south, self.north))

    def say(self, line, count):
        target = f"/v1/counterparts/north/lines/{line}/entries"
        for first in range(0, count, 250):
            messages = [{"text": f"text {i}"} for i in range(first, min(first + 250, count))]
            status, answer = self.south.ask("POST", target, {"messages": messages, "wait": "receipt", "timeout_ms": 20000})
            self.assertEqual(status, 200, answer)
            self.assertEqual({entry["state"] for entry in answer["entries"]}, {"receipted"})

    def flash(self, line, text):
        sent = self.south.cli("send", line, text, "--precedence", "flash", "--as", self.kim, "--wait", "receipt")
        return sent["entry"]["index"]

    def counts(self, line):
        of = self.north.line_of("south", line)
        return of["unread"], of["unread_flash"], of["unread_behind"]

    def inbox(self, line):
        answer = self.north.cli("inbox", f"south/{line}")
        return answer["entries"], sum(one["unread_more"] for one in answer["cut"])

    def test_a_flash_is_not_buried(self):
        index = self.flash(WEST, "FLASH buried")
        self.say(WEST, LATER)  # nobody asked yet
        for how in (None, self.north.stop, self.north.kill):
            if how:
                how()
                self.north.start()
            self.assertEqual(self.counts(WEST), (LATER + 1, 1, 0), how)
            self.assertIn("Do: A FLASH of theirs waits since", self.north.shown("status"))
            self.assertIn(f"detente ack south/{WEST} {index} --as YOU", self.north.shown("watch", "show"))
            entries, more = self.inbox(WEST)
            self.assertEqual((entries[0]["text"], entries[1]["text"], len(entries), more), ("FLASH buried", "text 0", 200, LATER + 1 - 200))
            self.assertIn(f"{more} more that nobody has acknowledged", self.north.shown("inbox"))
        second = self.flash(WEST, "FLASH on top")
        entries, _ = self.inbox(WEST)
        self.assertEqual([entry["text"] for entry in entries[:3]], ["FLASH buried", "FLASH on top", "text 0"])
        last = self.north.cli("ack", f"south/{WEST}", "last", "--as", self.ri)
        self.assertEqual(last["acknowledged"]["index"], second)
        self.north.cli("ack", f"south/{WEST}", str(index), "--as", self.ri)
        wait_until(lambda: self.counts(WEST) == (LATER, 0, 0), "the acknowledgements")
        self.north.stop()
        self.north.start()
        self.assertEqual(self.counts(WEST), (LATER, 0, 0))
        shown = [entry for entry in self.north.cli("inbox", f"south/{WEST}", "--all")["entries"] if entry.get("precedence") == "flash"]
        self.assertEqual([(entry["text"], entry["unread"]) for entry in shown], [("FLASH buried", False), ("FLASH on top", False)])
        self.pages()

    def pages(self):
        """From a place on, page after page, all of it once."""
        target, since, texts = f"/v1/counterparts/south/lines/{WEST}/entries?unread=1&limit=200&since=", 0, []
        while page := self.north.get(target + str(since))["entries"]:
            texts += [entry["text"] for entry in page]
            since = page[-1]["index"] + 1
        self.assertEqual(texts, [f"text {i}" for i in range(LATER)])

    def test_of_two_hundred_and_one_the_last_waits(self):
        self.say(LIAISON, 201)
        entries, more = self.inbox(LIAISON)
        self.assertEqual((entries[0]["text"], entries[-1]["text"], len(entries), more), ("text 0", "text 199", 200, 1))
        index = self.flash(LIAISON, "FLASH after them")
        entries, more = self.inbox(LIAISON)
        self.assertEqual((entries[0]["index"], entries[1]["text"], len(entries), more), (index, "text 0", 200, 2))
        self.assertEqual(self.north.cli("inbox")["entries"][0]["index"], index)
        last = self.north.cli("ack", f"south/{LIAISON}", "last", "--as", self.ri)
        self.assertEqual(last["acknowledged"]["index"], index)
        wait_until(lambda: self.counts(LIAISON) == (201, 0, 0), "the acknowledgement")
        for query in ("newest=1", "newest=1&unread=1&since=3"):
            status, answer = self.north.ask("GET", f"/v1/counterparts/south/lines/{LIAISON}/entries?{query}")
            self.assertEqual((status, answer["error"]["fault"]), (400, "malformed"))


if __name__ == "__main__":
    unittest.main()
