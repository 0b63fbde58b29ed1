"""The ceremony between two sides in one room, by the commands that people would type."""

import os
import shutil
import time

import screen
import story
from ports import free_ports
from sides import DemoError


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


def first_line(text):
    return text.split("\n")[0]


def share_papers(side, to):
    """What every station of a side has, into another directory of it: neither root key nor a station's own."""
    for folder in ("accords", "bulletins", "cards"):
        shutil.copytree(os.path.join(side.dir, folder), os.path.join(to.dir, folder), dirs_exist_ok=True)
    for file in ("card.note", "side.toml"):
        shutil.copy(os.path.join(side.dir, file), os.path.join(to.dir, file))


class Ceremony:
    def __init__(self, mains, liaisons, network, room):
        self.south, self.north = mains
        self.liaisons = liaisons
        self.network = network
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
        paths = [word for name in story.PATHS for word in ("--path", name)]
        paths += ["--line-path", ",".join(story.SHARED_PATHS),
                  "--line-path", f"{story.FAULTY_LINE}={','.join((story.FAULTY_PATH, *story.SHARED_PATHS))}"]
        hours = []
        for line in story.CALL_HOURS:
            with open(os.path.join(self.south.dir, f"{line}.toml"), "w", encoding="ascii") as file:
                file.write(story.hours_file(line))
            hours += ["--hours", f"{line}={line}.toml"]
        posts = [word for post, carried in story.LINES_OF.items() for line in carried for word in ("--station", f"{line}={post}")]
        self.south.types("accord", "draft", "north", *lines, "--line", f"{story.DENIABLE_LINE}:deniable", *paths, *posts, *hours)
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
        for side, other in ((self.south, self.north), (self.north, self.south)):
            ends = [word for path in self.network.paths.values() for word in (
                "--listen", f"{path.name}={path.ends[side.name][0]}", "--to", f"{path.name}={path.ends[side.name][1]}")]
            side.types("station", "enrol", "--peer", other.name, *ends, show=first_line)
            enrol_officer(side, side.officer)
            enrol_officer(side, side.facts.principal, "--role", "principal")
        screen.say("The liaison line ends in a house of its own: the South's liaison station stands there, on ground that the "
                   "North controls, and the North's liaison desk has one, too. Each is enrolled under its side's root key, "
                   "which is never taken there.")
        ports = dict(zip(("south", "north"), free_ports(2)))
        for main, station, far in ((self.south, *self.liaisons), (self.north, *self.liaisons[::-1])):
            share_papers(main, station)
            enrol_liaison(main, station, ports[main.name], ports[far.name])
            share_bulletins(station, main)
        screen.say("The bulletins change hands, and each station derives the keys of its pair.")
        self.south.types("bulletin", "export", "../to-north/bulletins")
        self.north.types("bulletin", "export", "../to-south/bulletins")
        for station in (self.south, self.north, *self.liaisons):
            station.types("bulletin", "import", f"../to-{station.name}/bulletins", "--vault", f"../{station.name}/vault")


def enrol_officer(station, person, *more):
    began = time.monotonic()
    station.types("officer", "enrol", person.name, "--post", person.post, "--person", person.full_name, *more,
                  "--days", str(story.CREDENTIAL_DAYS), show=first_line)
    station.passphrase_s = time.monotonic() - began


def enrol_liaison(main, station, listen, to):
    """The keys are made where the station stands; its credential is signed with the root key of the main directory."""
    station.ports = listen, to
    vault = ("--vault", f"../{main.label}/vault")
    path = story.PATHS[0]
    station.types("station", "enrol", "--post", story.LIAISON, "--peer", "north" if main.name == "south" else "south",
                  "--their-post", story.LIAISON, "--listen", f"{path}=127.0.0.1:{listen}", "--to", f"{path}=127.0.0.1:{to}",
                  *vault, show=first_line)
    if not os.path.isdir(os.path.join(station.dir, "officers")):
        enrol_officer(station, station.officer, *vault)


def share_bulletins(station, to):
    shutil.copytree(os.path.join(station.dir, "bulletins", station.name),
                    os.path.join(to.dir, "bulletins", station.name), dirs_exist_ok=True)
