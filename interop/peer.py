#!/usr/bin/python3
"""A second implementation of a detente station's session, written from the specification alone.

    peer.py --lab DIR [--side north] --send TEXT [--line NAME] [--precedence flash] [--timeout S] --json
    peer.py --lab DIR [--side north] --receive N [--timeout S] --json
    peer.py --lab DIR [--side north] --document FILE [--send TEXT] --json
    peer.py --lab DIR [--side north] --receive-document DIR [--timeout S] --json
    peer.py --lab DIR [--side north] --serve [--save DIR]

It acts as one side's station (the lab's second, unless told) with that side's key files, and talks UDP to the
other side's.  Its own record is in --state (default DIR/<side>/peer-state); the side's files are only read.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import signal
import sys
from pathlib import Path

from peer_files import load_side, sides_of
from peer_net import Net
from peer_record import CLASSES, PRECEDENCES, verify_cosignature
from peer_save import root_of, save
from peer_store import Store

LINGER = 0.4


def arguments() -> argparse.Namespace:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--lab", type=Path, required=True, help="directory of `detente lab new`")
    a.add_argument("--side", help="act as this side (default: the second)")
    a.add_argument("--counterpart", help="where the side has several")
    a.add_argument("--state", type=Path, help="own record (default: DIR/<side>/peer-state)")
    a.add_argument("--send", metavar="TEXT", action="append", help="may be given again")
    a.add_argument("--document", type=Path, metavar="FILE", help="send it, named by the entry of --send (or one of its name)")
    a.add_argument("--receive", type=int, metavar="N", default=0)
    a.add_argument("--documents", type=int, metavar="N", default=0, help="wait for N whole documents too")
    a.add_argument("--save", type=Path, metavar="DIR", help="write received documents here, under their names made safe")
    a.add_argument("--receive-document", type=Path, metavar="DIR", help="the same as --documents 1 --save DIR")
    a.add_argument("--quota", type=int, metavar="BYTES", help="of documents that are kept (default: as station.toml says)")
    a.add_argument("--serve", action="store_true", help="stay until SIGTERM")
    a.add_argument("--line", help="name or number (default: the first after the accord line)")
    a.add_argument("--precedence", choices=PRECEDENCES, default="routine")
    a.add_argument("--class", dest="klass", choices=CLASSES, default="live")
    a.add_argument("--subject")
    a.add_argument("--raw", action="store_true", help="send bodies unpacked (coder 0)")
    a.add_argument("--timeout", type=float, default=20.0)
    a.add_argument("--json", action="store_true")
    a.add_argument("--verbose", action="store_true", help="notes on stderr")
    args = a.parse_args()
    if args.receive_document:
        args.documents, args.save = max(args.documents, 1), args.receive_document
    return args


class Run:
    """One run: what was asked for, what came of it."""

    def __init__(self, args: argparse.Namespace):
        self.args, self.stop = args, False
        side = args.side or sides_of(args.lab)[1]
        files = load_side(args.lab / side, args.counterpart)
        self.store = Store(args.state or args.lab / side / "peer-state")
        log = (lambda t: print(t, file=sys.stderr, flush=True)) if args.verbose else None
        self.net = Net(files, self.store, not args.raw, log, args.quota)
        self.st = self.net.station
        self.waiting: dict[tuple[str, int], dict] = {}      # (line, submission) -> what is known of it
        self.received: list[dict] = []
        self.documents: list[dict] = []
        self.saved: dict[str, dict] = {}         # root -> where it lies: a root is written once a run
        self.alarms: list[dict] = []
        self.logs: dict[tuple[str, str], object] = {}      # of what was received, also on a line that was retired since
        self.delivered: set[str] = set()
        self.document: dict | None = None        # the one that this run sends
        self.not_received: list[dict] = []
        self.contact: set[int] = set()

    def line(self):
        accord = self.st.files.accord
        if self.args.line:
            return self.st.lines[accord.line(self.args.line).number]
        return self.st.lines[next(n for n in sorted(accord.lines) if n)]

    def submit(self) -> None:
        args, line = self.args, self.line()
        more = {18: args.subject} if args.subject else {}
        texts = list(args.send or [])
        if args.document:
            name = args.document.name
            root, length = self.st.documents.author.add(lambda: open(args.document, "rb"), line.annex.number)
            media = mimetypes.guess_type(name)[0] or "application/octet-stream"
            more[17] = [[root, length, media, name]]
            self.document = {"root": root.hex(), "length": length, "file_name": name, "media": media}
            texts = texts or [name]
        for text in texts:
            row = line.own.submit(text, args.precedence, CLASSES.index(args.klass), more)
            self.waiting[(line.annex.name, row)] = {"line": line.annex.name}
            more.pop(17, None)      # one entry names it

    def look(self) -> None:
        """Takes the station's events."""
        while self.st.events:
            e = self.st.events.popleft()
            name = e["event"]
            if name == "arrived":
                self.logs[e["far"].annex.name, e["log"].epoch.hex()] = e["log"]
                e = {"event": name, **e["far"].describe(e["log"], e["index"], e["entry"], e["early"])}
                self.received.append(e)
            elif name == "placed" and (e["line"], e["submission"]) in self.waiting:
                self.waiting[(e["line"], e["submission"])].update(epoch=e["epoch"], index=e["index"])
            elif name == "receipt":
                self._receipt(e)
            elif name == "document":
                self._document(e)
            elif name == "document-delivered":
                self.delivered.add(e["root"])
            elif name in ("document-refused", "document-gone"):
                self.not_received.append(e)
            elif name == "alarm":
                self.alarms.append(e)
            elif name == "retired":
                for w in self.waiting.values():      # of what has no receipt nobody knows more from now on (amendment.md section 1)
                    w["retired"] = w["line"] == e["line"] and "receipt" not in w
            elif name == "contact":
                self.contact.update(e["lines"])
            if self.args.serve and self.args.json:
                print(json.dumps(e), flush=True)

    def _receipt(self, e: dict) -> None:
        for w in self.waiting.values():
            if w["line"] == e["line"] and w.get("epoch") == e["epoch"] and w["index"] < e["size"] and "receipt" not in w:
                w["receipt"] = {k: v for k, v in e.items() if k != "event"}
                # Once more, from the values that are shown and not from the station's state.
                w["verified"] = not e["signature"] or verify_cosignature(
                    bytes.fromhex(e["key"]), e["origin"], e["size"], bytes.fromhex(e["root"]), e["time"], bytes.fromhex(e["signature"]))

    def _document(self, e: dict) -> None:
        if e["root"] in self.saved:
            e.update(self.saved[e["root"]])
        elif self.args.save:
            root = bytes.fromhex(e["root"])
            file = save(self.args.save, e["file_name"], root, self.st.documents.read(root, e["length"]))
            self.saved[e["root"]] = {"file": str(file), "verified": root_of(file) == root and file.stat().st_size == e["length"]}
            e.update(self.saved[e["root"]])
        self.documents.append(e)

    def done(self) -> bool:
        self.look()
        if self.stop:
            return True
        if self.args.serve:
            return False
        return (all("receipt" in w or w.get("retired") for w in self.waiting.values()) and len(self.received) >= self.args.receive
                and len(self.documents) >= self.args.documents and (self.document is None or self.document["root"] in self.delivered))

    def session(self) -> dict:
        s = self.st.current
        if s is None:
            return {"up": False, "c": self.st.handshake.last}
        return {"up": True, "id": s.id.hex(), "initiator": s.initiator, "c": s.c, "psk_epoch": s.psk_epoch, "confirmed": s.confirmed,
                "contact": sorted(self.contact), "paths": {p.config.name: {
                    "round_trip_ms": None if p.srtt is None else round(1000 * p.srtt, 3), "suspect": p.suspect,
                    "packet_bytes": s.paths[p.number].limit()} for p in self.st.path_states}}

    def result(self, ok: bool) -> dict:
        sent = list(self.waiting.values())
        out = {"ok": ok, "station": self.st.files.station, "counterpart": self.st.files.other_station,
               "accord": self.st.files.accord.version, "session": self.session()}
        if sent:
            last = sent[-1]
            out["sent"] = {k: last.get(k) for k in ("line", "epoch", "index")}
            out["receipt_verified"] = all(w.get("verified", False) for w in sent)
            out["receipt"] = last.get("receipt")
        if len(sent) > 1:
            out["all_sent"] = [{k: w.get(k) for k in ("line", "epoch", "index", "verified")} for w in sent]
        if self.document is not None:
            out["document"], out["document_delivered"] = self.document, self.document["root"] in self.delivered
        if self.args.receive or self.received:
            for e in self.received:
                log = self.logs[e["line"], e["epoch"]]
                e["cosigned"] = bool(log and log.receipted > e["index"])
            out["received"] = self.received
        if self.documents:
            out["documents"] = self.documents
        if self.not_received:
            out["documents_not_received"] = self.not_received
        out.update(alarms=self.alarms, new_epochs=self.st.contact.found, bytes_sent=self.st.bytes_out,
                   bytes_received=self.st.bytes_in, datagrams_dropped=self.st.dropped)
        return out

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._signal)
        signal.signal(signal.SIGINT, self._signal)
        self.submit()
        if self.args.serve and self.args.json:
            print(json.dumps({"event": "started", "station": self.st.files.station}), flush=True)
        ok = self.net.until(self.done, None if self.args.serve else self.args.timeout)
        if not self.args.serve:
            self.net.until(lambda: self.stop, LINGER)      # a receipt that was lost is asked for again
            self.look()
        self.st.close("the peer stops", self.st.now)
        out = self.result(self.args.serve or (ok and not any(w.get("retired") for w in self.waiting.values())))
        print(json.dumps(out) if self.args.json else json.dumps(out, indent=2), flush=True)
        self.net.close()
        self.store.close()
        return 0 if out["ok"] else 1

    def _signal(self, *_) -> None:
        self.stop = True


def main() -> int:
    args = arguments()
    if not (args.send or args.document or args.receive or args.documents or args.serve):
        print("say what to do: --send, --document, --receive, --documents, --receive-document or --serve", file=sys.stderr)
        return 2
    try:
        return Run(args).run()
    except (ValueError, RuntimeError, OSError) as e:
        print(json.dumps({"ok": False, "error": str(e)}) if args.json else f"peer.py: {e}", file=sys.stdout if args.json else sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
