"""detente calendar: drawing, exports and a day's entries, against a station that is played here.

Runs $DETENTE_BIN/detente. What a real station counts is for the tests of the watch.
"""

import csv
import datetime
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import tempfile
import threading
import unittest
import urllib.parse
import xml.etree.ElementTree

from ceremony_support import good, run

MARKS = ["in time", "at their hour", "late", "silent", "missed", "declined", "called off",
         "in a cut", "own station down", "own path down", "not watched", "drill"]
LINE = "/v1/counterparts/north/lines/liaison"
EPOCH = "0123456789abcdef" * 2


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def counts(**marks):
    return [marks.get(name.replace(" ", "_"), 0) for name in MARKS]


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        answer = self.server.answers[target.path](dict(urllib.parse.parse_qsl(target.query)))
        body = json.dumps({"ok": True, **answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Calendar(unittest.TestCase):
    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="calendar-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.south = self.base / "south"
        good(self.south, "side", "init", "south", "--display", "South")
        (self.south / "station").mkdir(exist_ok=True)
        self.asked = []
        self.days = {day("2026-11-05"): counts(in_time=1, silent=1), day("2026-11-06"): counts(late=2),
                     day("2026-02-07"): counts(drill=1)}
        self.marks = MARKS
        self.calls = [{"date": "2026-11-05", "place": 0, "at": 1793836800, "caller": "south",
                       "state": "unanswered", "state_words": "they did not answer",
                       "facts": [{"side": "south", "kind": "called", "at": 1793836803, "officer": "Kim\x1b[2J"}],
                       "entries": [{"whose": "own", "epoch": EPOCH, "index": 12}]}]
        server = _Server(os.path.join(self.south, "station", "api.sock"), _Handler)
        server.answers = {"/v1/status": self.status, LINE + "/calendar": self.calendar_answer,
                          LINE + "/calls": self.calls_answer,
                          "/v1/clocks": lambda _query: {"now": 1795651200, "synchronised": True, "not_trusted": None, "counterparts": []}}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def status(self, _query):
        return {"counterparts": [{"name": "north", "lines": [{"name": "liaison", "number": 1},
                                                             {"name": "navy", "number": 2}]}]}

    def calendar_answer(self, query):
        begin, end = int(query["from"]), int(query["until"])
        self.asked.append((begin, end))
        return {"counterpart": "north", "line": "liaison", "from": begin, "until": end,
                "today": day("2026-11-26"), "marks": self.marks,
                "days": [[d, c] for d, c in sorted(self.days.items()) if begin <= d < end]}

    def calls_answer(self, query):
        self.asked.append((int(query["from"]), int(query["until"])))
        return {"calls": [c for c in self.calls if day(c["date"]) == int(query["from"])]}

    def text(self, *words):
        done = run(self.south, "calendar", "liaison", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, *words):
        done = run(self.south, "--json", "calendar", "liaison", *words)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)["error"]["message"]

    def test_a_year(self):
        text = self.text("--year", "2026")
        self.assertEqual(self.asked, [(day("2026-01-01"), day("2027-01-01"))])
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)
        rows = {line[:7]: line[8:] for line in text.splitlines() if re.match(r"\d{4}-\d\d( |$)", line)}
        self.assertEqual(len(rows), 12)
        self.assertEqual(rows["2026-11"][2 * 4 + 1:2 * 6:2], "SL")
        self.assertEqual(rows["2026-02"][2 * 6 + 1], "T")
        self.assertEqual(rows["2026-11"][2 * 25], ">", "today")
        self.assertIn("S  they did not answer or did not call              1\n", text)
        self.assertIn("+  answered in time                                 1\n", text)

    def test_spans(self):
        text = self.text("--from", "2026-11-02", "--to", "2026-11-08")
        self.assertEqual(self.asked.pop(), (day("2026-11-02"), day("2026-11-09")))
        self.assertIn("W45  2    3    4    5S   6L   7    8", text)
        self.text("--to", "2026-01-31")
        self.assertEqual(self.asked.pop(), (day("2025-10-01"), day("2026-02-01")), "and three before")
        self.text()
        begin, end = self.asked.pop()
        today = datetime.datetime.now(datetime.timezone.utc).date()
        self.assertLess(begin, (today - datetime.date(1970, 1, 1)).days)
        self.assertIn(end - begin, range(120, 125))

    def test_exports(self):
        svg, table = self.base / "year.svg", self.base / "year.csv"
        text = self.text("--year", "2026", "--svg", str(svg), "--csv", str(table))
        self.assertIn(f"svg: {svg}", text)
        picture = xml.etree.ElementTree.parse(svg)
        titles = [e.text for e in picture.iter("{http://www.w3.org/2000/svg}title")]
        self.assertEqual(len(titles), 366, "the picture's and one a day")
        self.assertIn("2026-11-05: they did not answer or did not call 1, answered in time 1", titles)
        with open(table, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 365)
        row = next(r for r in rows if r["date"] == "2026-11-06")
        self.assertEqual(row["answered late"], "2")
        self.assertEqual(sum(int(v) for r in rows for k, v in r.items() if k != "date"), 5)
        self.assertIn(str(svg), self.refused("--year", "2026", "--svg", str(svg)), "nothing is overwritten")

    def test_json(self):
        answer = good(self.south, "calendar", "liaison", "--year", "2026")
        self.assertEqual(answer["marks"], MARKS)
        self.assertEqual(answer["days"], [[d, c] for d, c in sorted(self.days.items())])

    def test_a_date_leads_to_its_entries(self):
        text = self.text("--date", "2026-11-05")
        self.assertEqual(self.asked, [(day("2026-11-05"), day("2026-11-06"))])
        self.assertIn("2026-11-05 00:00:00Z  south calls: they did not answer\n", text)
        self.assertIn("    called 2026-11-05 00:00:03Z south, Kim<U+001B>[2J\n", text)
        self.assertIn(f"    detente record entry north/liaison own 12 --epoch {EPOCH}\n", text)
        self.assertEqual(good(self.south, "calendar", "liaison", "--date", "2026-11-05")["calls"], self.calls)
        self.assertIn("none of that day", self.text("--date", "2026-11-07"))

    def test_bad_asking(self):
        self.assertIn("write a date", self.refused("--from", "yesterday"))
        self.assertIn("write a date", self.refused("--date", "2026-02-30"))
        self.assertIn("--to must be", self.refused("--from", "2026-11-05", "--to", "2026-11-04"))
        self.assertIn("--to must be", self.refused("--from", "2026-11-05", "--to", "2046-11-20"))
        self.assertIn("excludes", self.refused("--year", "2026", "--from", "2026-01-01"))
        self.assertIn("excludes", self.refused("--date", "2026-01-01", "--svg", "x"))
        self.assertEqual(self.asked, [])

    def test_an_answer_that_is_none(self):
        for marks, days in ((MARKS[::-1], {}), (MARKS[:9], {}), (MARKS, {1: [1]}), (MARKS, {1: [256] * 10}),
                            (MARKS, {1: ["1"] * 10})):
            self.marks, self.days = marks, {day("2026-01-01") + d: c for d, c in days.items()}
            self.assertIn("none that this program reads", self.refused("--year", "2026"))


if __name__ == "__main__":
    unittest.main()
