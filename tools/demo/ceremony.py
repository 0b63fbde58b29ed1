"""The ceremony between two sides in one room, by the commands that people would type."""

import os
import time

import screen
import story
from sides import DemoError, free_udp_ports


def _last_line(text):
    return text.split("\n")[-1]


def _signed(text):
    """The whole accord was shown before the question; here its length is enough."""
    lines = text.split("\n")
    return f"({len(lines) - 1} lines of accord and annexes, for the signer to read)\n{lines[-1]}"


def _page(text):
    """The page that is read aloud, without its last paragraph."""
    return text.rsplit("\n\n", 1)[0]


def _fingerprint(text):
    """The numbered lines of the page alone."""
    return "\n".join(line for line in text.split("\n") if line.strip()[1:3] == ": ")


class Ceremony:
    def __init__(self, south, north, room):
        self.south, self.north = south, north
        # What is handed over the table, in each direction.
        self.to_north = os.path.join(room, "to-north")
        self.to_south = os.path.join(room, "to-south")
        for folder in (self.to_north, self.to_south):
            os.mkdir(folder, 0o700)

    def hold(self):
        screen.heading("The ceremony", "two sides, one room")
        screen.say("Each side makes its root key and its card, in a directory of its own. Where a "
                   "person is asked for a passphrase or a yes, the demo answers.")
        self._make_sides()
        screen.say("One side drafts the accord, both read it, and both sign the same text.")
        self._sign_accord()
        screen.say("Each gives the other a hand key: secret, on paper or on a stick, never over a "
                   "network. Then both read the same words aloud: three people hear a false accord, "
                   "a false card or a false key.")
        self._exchange_secrets()
        screen.say("Each side enrols its station and an officer under its root key, and tells the "
                   "other by a bulletin; a person's name stays closed in it.")
        self._enrol()

    def _make_sides(self):
        for side in (self.south, self.north):
            side.types("side", "init", side.name, "--display", side.facts.display)
        self.south.types("card", "import", "../north/card.note", show=_last_line)
        self.north.types("card", "import", "../south/card.note", show=_last_line)

    def _sign_accord(self):
        lines = [word for name in story.PROVABLE_LINES for word in ("--line", name)]
        call = time.gmtime(time.time() + 60 * story.CALL_IN_MINUTES)
        with open(os.path.join(self.south.dir, "hours.toml"), "w", encoding="ascii") as file:
            file.write(story.HOURS.format(time=time.strftime("%H:%M", call)))
        self.south.types("accord", "draft", "north", *lines,
                         "--line", f"{story.DENIABLE_LINE}:deniable", "--path", story.PATH,
                         "--hours", f"{story.CALLED_LINE}=hours.toml")
        self.south.types("accord", "sign", "north", "--yes", show=_signed)
        self.south.types("accord", "export", "north", "../to-north/accord")
        self.north.types("accord", "import", "../to-north/accord")
        self.north.types("accord", "sign", "south", "--yes", show=_signed)
        self.north.types("accord", "export", "south", "../to-south/accord")
        self.south.types("accord", "import", "../to-south/accord")

    def _exchange_secrets(self):
        self.south.types("secret", "make", "north", "--out", "../to-north/south.key")
        self.north.types("secret", "make", "south", "--out", "../to-south/north.key")
        self.south.types("secret", "take", "north", "../to-south/north.key")
        self.north.types("secret", "take", "south", "../to-north/south.key")
        for file in (os.path.join(self.to_north, "south.key"), os.path.join(self.to_south, "north.key")):
            os.remove(file)
        screen.note("(both files are destroyed)")
        self.south.types("words", "north", show=_page)
        self.north.types("words", "south", show=_fingerprint)
        here, there = (side.asks("words", other.name)["words"]
                       for side, other in ((self.south, self.north), (self.north, self.south)))
        if here != there:
            raise DemoError("the fingerprint words of the two sides differ")
        screen.note("(they agree)")

    def _enrol(self):
        ports = dict(zip(("south", "north"), free_udp_ports(2)))
        for side, other in ((self.south, self.north), (self.north, self.south)):
            side.types("station", "enrol", "--peer", other.name,
                       "--listen", f"{story.PATH}=127.0.0.1:{ports[side.name]}",
                       "--to", f"{story.PATH}=127.0.0.1:{ports[other.name]}",
                       show=lambda text: text.split("\n")[0])
            officer = side.facts.officer
            side.types("officer", "enrol", officer.name, "--post", officer.post,
                       "--person", officer.full_name, "--days", str(story.CREDENTIAL_DAYS), show=lambda text: text.split("\n")[0])
        self.south.types("bulletin", "export", "../to-north/bulletins")
        self.north.types("bulletin", "export", "../to-south/bulletins")
        self.south.types("bulletin", "import", "../to-south/bulletins")
        self.north.types("bulletin", "import", "../to-north/bulletins")
