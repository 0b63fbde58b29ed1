"""Tests of `lab new` and of what shells and scripts see; ceremony_test.py runs them."""

import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest

from ceremony_support import good, run


class Programs(unittest.TestCase):
    """What scripts and shells see."""

    def test_help_version_completion_man(self):
        with tempfile.TemporaryDirectory() as there:
            self.assertRegex(run(there, "--version").stdout, r"^detente \d+\.\d+\.\d+\n$")
            self.assertIn("station run", run(there, "--help").stdout)
            self.assertIn("detente accord draft north", run(there, "accord", "draft", "--help").stdout)
            bash = run(there, "completion", "bash").stdout
            script = pathlib.Path(there, "detente.bash")
            script.write_text(bash + 'COMP_WORDS=(detente accord s)\nCOMP_CWORD=2\n_detente\n'
                              'printf "%s\\n" "${COMPREPLY[@]}"\n')
            done = subprocess.run(["bash", script], capture_output=True, text=True, check=True)
            self.assertEqual(sorted(done.stdout.split()), ["show", "sign"])
            # A line, a person or a text may be called as a command is.
            script.write_text(bash + 'COMP_WORDS=(detente --dir call send test call --prec)\nCOMP_CWORD=6\n_detente\n'
                              'printf "%s\\n" "${COMPREPLY[@]}"\n')
            done = subprocess.run(["bash", script], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split(), ["--precedence"])
            page = run(there, "man").stdout
            self.assertTrue(page.startswith(".TH DETENTE 1"))
            self.assertIn("side init", page.replace("\\-", "-"))
            if shutil.which("zsh"):
                path = pathlib.Path(there, "_detente")
                path.write_text(run(there, "completion", "zsh").stdout)
                subprocess.run(["zsh", "-n", path], check=True)


SIDE_KEYS = ["counterpart", "counterparts", "dir", "lines", "name", "officers", "passphrase_file",
             "paths", "station"]


class Lab(unittest.TestCase):
    def lab(self, *more):
        base = tempfile.mkdtemp(prefix="lab-")
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        return good(base, "lab", "new", os.path.join(base, "lab"), *more)

    def test_golden_keys(self):
        out = self.lab()
        self.assertEqual(sorted(out), ["accord", "dir", "next", "ok", "sides", "words"])
        self.assertEqual(len(out["words"]), 25)
        self.assertRegex(out["accord"], "^[0-9a-f]{64}$")
        self.assertEqual([s["name"] for s in out["sides"]], ["south", "north"])
        self.assertEqual([s["officers"] for s in out["sides"]], [["kim"], ["ri"]])
        self.assertEqual([s["station"] for s in out["sides"]], ["south/main", "north/main"])
        for side in out["sides"]:
            self.assertEqual(sorted(side), SIDE_KEYS)
            self.assertEqual(side["lines"],
                             [{"number": n + 1, "name": name, "evidence": "provable"}
                              for n, name in enumerate(["presidential", "military-west", "liaison"])])
            self.assertEqual(sorted(side["paths"][0]), ["listen", "name", "peer"])
            self.assertTrue(os.path.isabs(side["dir"]))
            self.assertEqual(stat.S_IMODE(os.stat(side["passphrase_file"]).st_mode), 0o600)
            good(side["dir"], "accord", "check", side["counterpart"], phrase=None)
            words = good(side["dir"], "words", side["counterpart"], phrase=None)
            self.assertEqual(words["words"], out["words"])
        south, north = (s["paths"][0] for s in out["sides"])
        self.assertEqual((south["listen"], south["peer"]), (north["peer"], north["listen"]))

    def test_gap_paths_and_lines(self):
        out = self.lab("--gap", "--paths", "2", "--lines", "a,b", "--deniable", "b,c", "--seal", "one",
                       "--aead", "ARIA-256-GCM", "--their-aead", "AES-256-GCM", "--officers", "kim,lee")
        addresses = [p[k] for s in out["sides"] for p in s["paths"] for k in ("listen", "peer")]
        self.assertEqual(len(set(addresses)), 8)
        for address in addresses:  # nothing listens there
            host, port = address.split(":")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((host, int(port)))
        self.assertEqual([(l["name"], l["evidence"]) for l in out["sides"][1]["lines"]],
                         [("a", "provable"), ("b", "deniable"), ("c", "deniable")])
        self.assertEqual(out["sides"][0]["officers"], ["kim", "lee"])
        text = good(out["sides"][0]["dir"], "accord", "show", "north")["text"]
        for wanted in ("ARIA-256-GCM", "AES-256-GCM", 'seal = "south"'):
            self.assertIn(wanted, text)

    def test_two_counterparts(self):
        out = self.lab("--counterparts", "2")
        self.assertEqual([s["name"] for s in out["sides"]], ["south", "north", "west"])
        south = out["sides"][0]
        self.assertEqual([c["counterpart"] for c in south["counterparts"]], ["north", "west"])
        self.assertNotEqual(*(c["accord"] for c in south["counterparts"]))
        shown = good(south["dir"], "side", "show", phrase=None)
        self.assertEqual([c["linked"] for c in shown["counterparts"]], [True, True])

    def test_directory_in_use(self):
        with tempfile.TemporaryDirectory() as base:
            pathlib.Path(base, "something").write_text("")
            done = run(base, "--json", "lab", "new", base)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(json.loads(done.stdout)["error"]["fault"], "conflict")

    def test_fresh_keys_each_time(self):
        roots = set()
        for _ in range(2):
            for side in self.lab()["sides"]:
                roots.add(good(side["dir"], "side", "show", phrase=None)["root"])
        self.assertEqual(len(roots), 4)
        self.assertFalse([r for r in roots if not re.fullmatch(r"[A-Za-z0-9+/]{43}=", r)])
