"""The two ends of peer_scenarios.py: a real station on the south side, and the peer of interop/, with loss to order, on the north."""

import io
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

from stations import Lab, Station, free_ports

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "interop"))
from peer_files import load_side  # noqa: E402
from peer_net import Net  # noqa: E402
from peer_store import Store  # noqa: E402
from peer_testlab import SIDES, make_lab  # noqa: E402

LINE = "presidential"
MAIN = "main-line"  # of own_accord()
_open = []  # what a scenario leaves, whether it ended well or not


def close_all():
    while _open:
        _open.pop()()


def lab(*more):
    """The folder of a lab that the program made."""
    made = Lab("--lines", f"{LINE},liaison", "--deniable", "liaison", "--work-factor", "12", *more)
    _open.append(made.close)
    return pathlib.Path(made.dir) / "lab"


class Real(Station):
    """The real station of the south side."""

    def __init__(self, folder):
        super().__init__(str(folder / "south"))
        _open.append(self.close)

    def send(self, text, line=LINE, *more):
        return self.cli("send", f"north/{line}", text, "--wait", "durable", *more)

    def send_file(self, path, text, line=MAIN, wait="durable"):
        return self.cli("send", f"north/{line}", text, "--wait", wait, "--timeout", "30s", "--file", str(path))

    def attachments(self, whose, line=MAIN, *more):
        return [a for e in self.cli("inbox", f"north/{line}", "--all", *more)["entries"] if e["whose"] == whose for a in e["attachments"]]

    def save(self, folder, line=MAIN):
        """The documents of the line that came and are here whole, as files: their bytes."""
        folder.mkdir(exist_ok=True)
        here = [a for a in self.attachments("far", line, "--save", str(folder)) if a["state"] == "here"]
        return [pathlib.Path(a["saved"]).read_bytes() for a in here]

    def configure(self, replaced, by):
        """station.toml, with each line that begins so changed; the station starts again."""
        self.stop()
        conf = pathlib.Path(self.dir) / "station" / "station.toml"
        lines = conf.read_text().splitlines()
        assert any(x.startswith(replaced) for x in lines), lines
        conf.write_text("".join((x + "\n" + by if x.startswith(replaced) else x) + "\n" for x in lines))
        self.start()

    def line(self, line=LINE):
        return self.line_of("north", line)

    def logs(self, line=LINE):
        return self.cli("record", "show", f"north/{line}")["logs"]

    def messages(self, line=LINE):
        return [e["text"] for e in self.entries("north", line) if e["kind"] == 1]

    def alarms(self):
        return [x for x in self.stderr().splitlines() if " warning " in x or " error " in x]


class Peer:
    """The peer on the north side, with loss to order."""

    def __init__(self, folder, state="peer-state", pack=True):
        self.notes = []
        self.store = Store(folder / "north" / state)
        self.net = Net(load_side(folder / "north"), self.store, pack, self.notes.append)
        self.running = True
        _open.append(self.kill)
        self.st = self.net.station
        self.lose = lambda path, data: False
        self.change = lambda data: data
        self.late = 0.0  # how many datagrams of each direction wait for a later one
        self.events = []
        self.sizes = []
        self.random = random.Random(7)
        out, into = self.st.transmit, self.st.receive
        held_out, held_in = [], []
        self.st.transmit = lambda p, d: self.sizes.append(len(d)) or self.lose(p, d) or self._pass(held_out, out, p, self.change(d))
        self.st.receive = lambda p, d, now: None if self.lose(p, d) else self._pass(held_in, into, p, self.change(d), now)

    def _pass(self, held, on, *datagram):
        if self.late and self.random.random() < self.late:
            held.append(datagram)
            return
        on(*datagram)
        while held and self.random.random() < 0.4:
            on(*held.pop(self.random.randrange(len(held))))

    def send_document(self, data, name, text="see the file", line=MAIN):
        """On its way: its root."""
        number = self.st.files.accord.line(line).number
        root, length = self.st.documents.author.add(lambda: io.BytesIO(data), number)
        self.line(line).own.submit(text, "routine", 0, {17: [[root, length, "application/octet-stream", name]]})
        return root

    def delivered(self, root):
        return any(e["event"] == "document-delivered" and e["root"] == root.hex() for e in self.events)

    def documents(self):
        """What came whole from the other side: (file name, bytes)."""
        return [(e["file_name"], b"".join(self.st.documents.read(bytes.fromhex(e["root"]), e["length"])))
                for e in self.events if e["event"] == "document"]

    def run(self, seconds, until=lambda: False):
        """Lets it work; True as soon as until() holds."""
        def done():
            while self.st.events:
                self.events.append(self.st.events.popleft())
            return until()
        return self.net.until(done, seconds)

    def line(self, name=LINE):
        return self.st.lines[self.st.files.accord.line(name).number]

    def say(self, *texts, line=LINE, precedence="routine", seconds=20, more=None):
        """True when all that waits on the line has a verified receipt."""
        own = self.line(line).own
        before = own.log.size if own.log else 0
        waiting = len(self.store.queued(own.annex.number)) + len(texts)
        for text in texts:
            own.submit(text, precedence, 0, more)
        return self.run(seconds, lambda: own.log is not None and own.log.receipted >= before + waiting
                        and not self.store.queued(own.annex.number))

    def far(self, line=LINE):
        log = self.line(line).pair.newest("far")
        return [s.entry.body.decode() for s in log.entries if s.entry.header[4] == 1] if log else []

    def contact(self, seconds=10):
        return self.run(seconds, lambda: not self.st.contact.at_first)

    def receipted(self, real, size, line=LINE, seconds=10):
        """The real station has the peer's receipt over `size` entries."""
        return self.run(seconds, lambda: real.line(line)["receipted"] == size)

    def alarms(self):
        return [f"{e['alarm']}: {e['text']}" for e in self.events if e["event"] == "alarm"]

    def stop(self):
        self.st.close("stops", self.st.now)
        self.kill()

    def kill(self):
        if self.running:
            self.running = False
            self.net.close()
            self.store.close()


def pair(*more, pack=True):
    folder = lab(*more)
    return folder, Real(folder).start(), Peer(folder, pack=pack)


def own_accord(**more):
    """A lab that the peer's side made (interop/peer_testlab.py), with the program's cipher vectors and dictionary."""
    donor = lab("--their-aead", "AES-256-GCM") / "south" / "accords" / "north"
    ports = dict(zip(((side, path) for side in SIDES for path in (1, 2)), free_ports(4)))
    top = tempfile.mkdtemp(prefix="detente-peer-")
    _open.append(lambda: shutil.rmtree(top, ignore_errors=True))
    folder = make_lab(pathlib.Path(top) / "lab", paths=2, ports=lambda side, p: ports[(side, p)], donor=donor, **more)
    return folder, Real(folder).start(), Peer(folder)


class Scenario(unittest.TestCase):
    def setUp(self):
        self.addCleanup(close_all)

    def quiet(self, real, peer):
        self.assertEqual((peer.alarms(), real.alarms()), ([], []))
