"""The stations of the story and what joins them, as a chapter finds them."""

import secrets

import faults
import story
from sides import LINK_SECONDS, Side, wait_until


class Cast:
    """Two main stations; and the liaison stations: the South's in the house, the North's at its desk."""

    def __init__(self, room, programs, work_factor, clock):
        self.room = room
        self.clock = clock
        self._words = {facts.name: secrets.token_hex(12) for facts in (story.SOUTH, story.NORTH)}
        self._make = lambda facts, post, words=None, label=None: Side(
            facts, room, programs, work_factor, clock, post, words or self._words[facts.name], label)
        self.south = self._make(story.SOUTH, story.MAIN)
        self.north = self._make(story.NORTH, story.MAIN)
        self.house = self._make(story.SOUTH, story.LIAISON)
        self.desk = self._make(story.NORTH, story.LIAISON)
        self.captors = None
        self.house_is_lost = False   # until the other side knows of a new one
        self.house_is_replaced = False

    @property
    def lead(self):
        """Seconds from a jump of the clock to an agreed instant: a few, and what two passphrases on the way may cost here."""
        return 6 + round(3 * max(side.passphrase_s for side in self.mains))

    @property
    def mains(self):
        return self.south, self.north

    @property
    def liaisons(self):
        return self.house, self.desk

    def present(self):
        return [side for side in (*self.mains, *self.liaisons) if side is not self.house or not self.house_is_lost]

    def take_the_house(self):
        """Others have its disk; they do not have its side's passphrases."""
        self.captors = self._make(story.SOUTH, story.LIAISON, secrets.token_hex(12), "captors")
        return self.captors

    def build_house_anew(self):
        self.house = self._make(story.SOUTH, story.LIAISON)
        self.house_is_replaced = True
        return self.house

    def north_stations(self):
        return self.north, self.desk

    def pairs(self, paths_work):
        """Who should hear whom now, both ways round."""
        pairs = [self.mains] if paths_work else []
        if not self.house_is_lost:
            pairs.append(self.liaisons)
        return [ends for pair in pairs for ends in (pair, pair[::-1])]

    def start(self, paths_work, shown=False):
        """All stations run and have caught up, whatever a chapter before broke."""
        for side in self.present():
            side.start(shown=shown)
        for side, other in self.pairs(paths_work):
            side.wait_link(other)
            side.wait_receipts(other)

    def stop(self):
        for side in (*self.mains, *self.liaisons, *([self.captors] if self.captors else [])):
            side.stop()


class Stage:
    """A chapter's view: the cast, the paths, and what is broken on purpose."""

    def __init__(self, cast, network, chapter, planned):
        self.cast = cast
        self.network = network
        self.clock = cast.clock
        self._planned = planned  # {chapter: the name of its fault}
        self.fault = planned.get(chapter)
        self.north_is_off = self.fault == faults.STOP
        self.south, self.north, self.house, self.desk = cast.south, cast.north, cast.house, cast.desk

    def breaks(self, name):
        """Whether this chapter is to go wrong in this way of its own."""
        return self.fault == name

    def will_break(self, chapter, name):
        return self._planned.get(chapter) == name

    def send(self, side, other, message, *options):
        words = ["send", f"{other.name}/{message.line}"]
        if message.precedence != "routine":
            words += ["--precedence", message.precedence]
        if message.signed:
            words += ["--as", side.officer.name]
        side.types(*words, message.text, *options)

    def acknowledge(self, side, other, message):
        """Not "last": a FLASH comes first, whatever was written before it."""
        index = side.finds(other, message, whose="far")
        side.types("ack", f"{other.name}/{message.line}", str(index), "--as", side.officer.name)

    def wait_past(self, hour):
        """Until every station has looked at its clock after this hour: it does so once a second."""
        wait_until(lambda: not self.clock.is_before(hour, -2), f"the clock to be past {hour}", LINK_SECONDS)

    def comes(self, hour):
        """The hour comes, and every station has seen it: a call is due at its desk."""
        self.clock.to(hour)
        self.wait_past(hour)

    @staticmethod
    def offers(side):
        """The other side's open proposals, as this side's screen has them."""
        return [one for one in side.asks("proposal", "list")["proposals"] if one["state"] == "offered" and one["by"] == "them"]

    def accept(self, side, other):
        wait_until(lambda: self.offers(side), "the proposal to arrive", LINK_SECONDS)
        side.types("proposal", "accept", f"{other.name}/{self.offers(side)[-1]['id']}", "--as", side.officer.name, "--yes")
