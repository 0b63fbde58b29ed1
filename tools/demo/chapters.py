"""What the two sides do in each chapter. Whether it worked, the judge says."""

import screen
import story
from sides import LINK_SECONDS, wait_until


class Acts:
    """`hold_off` is a side that a fault keeps off for the whole chapter, or None."""

    def __init__(self, south, north, clock, hold_off=None):
        self.south, self.north = south, north
        self._clock = clock
        self._hold_off = hold_off

    def play(self, chapter_id):
        {"S7-call": self._a_check_call,
         "S1": self._one_word_across, "S1-ack": self._a_person_read_it,
         "S1-deniable": self._nothing_to_an_outsider,
         "S1-silence": self._the_other_is_off,
         "S6": self._all_lines_are_cut, "S7": self._months_of_silence,
         "S8": self._all_lines_come_back,
         "S15": self._an_outsider_checks}[chapter_id]()

    def _send(self, side, message, *options):
        other = self.north if side is self.south else self.south
        words = ["send", f"{other.name}/{message.line}"]
        if message.precedence != "routine":
            words += ["--precedence", message.precedence]
        if message.signed:
            words += ["--as", side.facts.officer.name]
        side.types(*words, message.text, *options)

    def _a_check_call(self):
        screen.say("The accord has a check call on this line every day, and says who calls. A machine "
                   "cannot answer it: an officer calls, an officer answers, each with the own key.")
        self.south.types("watch", "on", "--as", self.south.facts.officer.name)
        self.south.types("call", f"north/{story.CALLED_LINE}", "--as", self.south.facts.officer.name)
        self.north.types("answer", f"south/{story.CALLED_LINE}", "--as", self.north.facts.officer.name)
        self.south.types("status", f"north/{story.CALLED_LINE}")

    def _one_word_across(self):
        screen.say("An officer signs at the desk with a key that the station does not have. The "
                   "receipt is the other station's signature over its log, given once the words "
                   "are on its disk, and verified here.")
        self._send(self.south, story.CHECK_CALL)
        screen.say("A FLASH goes before everything else.")
        self._send(self.south, story.WARNING)

    def _a_person_read_it(self):
        screen.say("At the other side the desk shows it, and its officer signs that it was read.")
        address = f"south/{story.WARNING.line}"
        self.north.types("inbox", address)
        # Not "last": after a night off the FLASH comes first, whatever was written before it.
        index = self.north.finds(self.south, story.WARNING, whose="far")
        self.north.types("ack", address, str(index), "--as", self.north.facts.officer.name)
        self.south.types("inbox", f"north/{story.WARNING.line}", "--all")

    def _nothing_to_an_outsider(self):
        screen.say("On a deniable line both know what was said, and neither can prove it to a "
                   "third: no signature is ever made over it.")
        self._send(self.north, story.SOUNDING)
        self.south.types("inbox", f"north/{story.SOUNDING.line}")

    def _the_other_is_off(self):
        screen.say("The north's station is switched off. The south writes all the same.")
        if self.north.running():
            self.north.types("station", "stop")
            self.north.stop()
        self._send(self.south, story.WHILE_OFF, "--wait", "durable")
        if self._hold_off is self.north:
            return
        screen.say("It is switched on again. Nobody repeats anything.")
        self.north.start()
        self.north.wait_link(self.south)
        self.south.wait_receipts(self.north)
        self.north.types("inbox", f"south/{story.WHILE_OFF.line}")

    def _all_lines_are_cut(self):
        screen.say("The north announces that it cuts every line, with its reason, at an hour that it "
                   "names; until then all are open, and both screens say so.")
        self.north.types("cut", "--all", "--reason", story.CUT_REASON, "--effective", f"+{self.north.ahead}s",
                         "--as", self.north.facts.officer.name, "--yes")
        for side, other, situation in ((self.north, self.south, "cut-by-us"), (self.south, self.north, "cut-by-them")):
            side.wait_situation(other, story.ALL_LINES, situation)
        self.south.types("status", f"north/{story.CALLED_LINE}")
        screen.say("The hour has come. Nothing ordinary crosses any more, and nobody pretends that it does.")
        self.south.is_refused("send", f"north/{story.CALLED_LINE}", "Do you read us?")

    def _months_of_silence(self):
        shown = self.south.asks("status", f"north/{story.CALLED_LINE}")
        if self._hold_off is None and shown["situation"] != "cut-by-them":
            screen.say("The chapter before ended without a cut, so there is one now.")
            self.north.types("cut", "--all", "--reason", story.CUT_REASON, "--as", self.north.facts.officer.name, "--yes")
            self.south.wait_situation(self.north, story.ALL_LINES, "cut-by-them")
        screen.say(f"{story.SILENT_DAYS} days pass; this demo's clock is set forward, for both stations. Each day "
                   "the hour of the check call comes, and nobody answers: that is a line that is cut, and not a "
                   "call that was missed. One alarm told of the cut; the days raise none.")
        first = self._clock.date()
        self._clock.forward(story.SILENT_DAYS * 86400)
        if self._hold_off is self.north:
            return
        days = ("--from", first, "--to", self._clock.date())
        for side, other in ((self.south, self.north), (self.north, self.south)):
            wait_until(lambda s=side, o=other: len(s.asks("calendar", f"{o.name}/{story.CALLED_LINE}", *days)["days"])
                       >= story.SILENT_DAYS, f"{side.name} to have seen the days pass", LINK_SECONDS)
        self.south.types("calendar", f"north/{story.CALLED_LINE}", *days)
        self.south.types("status", f"north/{story.CALLED_LINE}")
        self.south.types("alarm", "list", show=lambda text: text.split("OPEN")[0] + "OPEN" + text.split("OPEN")[-1])

    def _all_lines_come_back(self):
        screen.say("The line of the accord itself is never cut. On it one side proposes to restore all lines "
                   "at an hour, and an officer of the other accepts exactly these words.")
        lines = [f"north/{line}" for line in story.ALL_LINES]
        self.south.types("restore", "propose", *lines, "--at", f"+{self.south.ahead}s", "--words", story.RESTORE_WORDS,
                         "--as", self.south.facts.officer.name)
        if self._hold_off is self.north:
            return
        wait_until(lambda: self._open_proposals(self.north), "the proposal to arrive", LINK_SECONDS)
        self.north.types("proposal", "list")
        self.north.types("proposal", "accept", f"south/{self._open_proposals(self.north)[-1]['id']}",
                         "--as", self.north.facts.officer.name, "--yes")
        screen.say("At that hour each station, by its own clock, tests text, documents and every path in both "
                   "directions. Only what has passed is opened.")
        for side, other in ((self.north, self.south), (self.south, self.north)):
            side.wait_situation(other, story.ALL_LINES, "in-contact")
            wait_until(lambda s=side: self._ended(s), f"the report of {side.name}", LINK_SECONDS)
        self.south.types("restore", "show")

    @staticmethod
    def _open_proposals(side):
        return [one for one in side.asks("proposal", "list")["proposals"] if one["state"] == "offered" and one["by"] == "them"]

    @staticmethod
    def _ended(side):
        run = side.asks("restore", "show")["proposals"][-1]["restoration"]
        return run and run["state"] == "ended"

    def _an_outsider_checks(self):
        screen.say("The south publishes one message with its proofs. Whoever has the two sides' cards "
                   "checks it with a small program that knows nothing of stations.")
        warning = self.south.finds(self.north, story.WARNING)
        self.south.types("record", "export", f"north/{story.WARNING.line}", "own", str(warning),
                         "--out", "warning.dex")
        self.south.verifies("entry", "warning.dex", "--card", "card.note",
                            "--card", f"cards/{self.north.name}.note")
