"""One of two paths cut, and both, between real stations: what it costs the messages.

`detente bench failover` measures the same in virtual time and more often. DETENTE_LONG=1: all paths
are cut for a minute.
"""

import os
import time
import unittest

from stations import wait_until
from two_paths import LINE, TwoPaths

LONG = os.environ.get("DETENTE_LONG") == "1"
HOLE = 60.0 if LONG else 6.0
ONE_WAY = 0.25
TARGET = f"/v1/counterparts/north/lines/{LINE}/entries"


class Cut(TwoPaths):
    # So slow that a lost packet's retransmission shows, on a busy machine too.
    LINK = ("--delay", f"{ONE_WAY * 1000:.0f}ms")

    def setUp(self):
        super().setUp()
        self.sent = []
        self.lab.start("south", "north")
        self.south.wait_link("north")
        self.say("routine")
        for station in (self.south, self.north):
            wait_until(lambda s=station: self.measured(s), f"{station.name}'s measures of both paths")

    def post(self, precedence, wait):
        self.sent.append(f"{precedence} {len(self.sent)}")
        status, answer = self.south.ask("POST", TARGET, {
            "text": self.sent[-1], "precedence": precedence, "wait": wait, "timeout_ms": 30000})
        self.assertEqual(status, 200, answer)
        return answer

    def say(self, precedence):
        """Seconds to the verified receipt, by the station's clock."""
        answer = self.post(precedence, "receipt")
        self.assertEqual(answer["state"], "receipted")
        return answer["took_us"] / 1e6

    def cut(self, *numbers):
        for number in numbers:
            self.links[number].set("both", "blackhole", "on")

    def heal(self, *numbers):
        for number in numbers:
            self.links[number].set("both", "blackhole", "off")

    def check_all_arrived(self):
        wait_until(lambda: len(self.north.texts("south", LINE)) >= len(self.sent), "everything to arrive")
        self.assertEqual(sorted(self.north.texts("south", LINE)), sorted(self.sent))

    def test_flash_loses_no_time(self):
        before = max(self.say("flash") for _ in range(5))
        self.cut(self.best(self.south))
        after = max(self.say("flash") for _ in range(3))
        print(f"FLASH: at most {before:.3f} s before the cut, {after:.3f} s after", flush=True)
        # A retransmission would cost a whole round trip and more.
        self.assertLess(after - before, ONE_WAY * 2)
        self.check_all_arrived()

    def test_routine_moves_to_the_other_path(self):
        before = max(self.say("routine") for _ in range(5))
        best = self.best(self.south)
        self.cut(best)
        began = time.monotonic()
        self.post("routine", "none")
        wait_until(lambda: len(self.north.texts("south", LINE)) == len(self.sent), "the delivery")
        delivered = time.monotonic() - began
        receipted = [self.say("routine") for _ in range(3)]
        print(f"ROUTINE: at most {before:.3f} s to the receipt before the cut; after it delivered in "
              f"{delivered:.3f} s, later ones receipted in {max(receipted):.3f} s", flush=True)
        # One retransmission timeout (above the round trip) and the way, and what a busy machine takes.
        self.assertLess(delivered, ONE_WAY * 3 + 2)
        self.assertNotEqual(self.best(self.south), best)
        self.check_all_arrived()

    def test_a_hole_of_all_paths(self):
        self.cut(0, 1)
        began = time.monotonic()
        while (gone := time.monotonic() - began) < HOLE:
            if len(self.sent) < 2 + gone:  # one message a second
                self.post("routine", "none")
            time.sleep(0.1)  # poll interval
        before = len(self.north.texts("south", LINE))
        self.heal(0, 1)
        healed = time.monotonic()
        wait_until(lambda: len(self.north.texts("south", LINE)) > before, "the first delivery")
        took = time.monotonic() - healed
        self.check_all_arrived()
        print(f"all paths cut for {HOLE:.0f} s: first delivery {took:.3f} s after, all "
              f"{time.monotonic() - healed:.3f} s after", flush=True)
        # One second for what the stations need (probes every 0.7 s), and the ways of this network.
        self.assertLess(took, 1.0 + ONE_WAY * 6)


if __name__ == "__main__":
    unittest.main()
