"""A skipped test is never counted as passed: how scripts end, and that those end so which can skip."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import outcome

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = """import sys, unittest
sys.path.insert(0, sys.argv.pop(1))
import outcome
class Some(unittest.TestCase):
    def test_one(self): {}
    def test_two(self): {}
outcome.main()
"""


class Outcome(unittest.TestCase):
    def ended(self, one, two, *arguments):
        with tempfile.TemporaryDirectory(prefix="outcome-") as folder:
            script = pathlib.Path(folder, "script.py")
            script.write_text(SCRIPT.format(one, two), encoding="utf-8")
            done = subprocess.run([sys.executable, script, HERE, *arguments], capture_output=True, text=True, check=False, timeout=60)
            return done.returncode, done.stdout

    def test_how_it_ends(self):
        skip, within = "self.skipTest('no disk')", "\n        with self.subTest('a'): self.skipTest('no disk')"
        self.assertEqual(self.ended("pass", "pass"), (0, ""))
        for what in (skip, within):
            code, said = self.ended("pass", what)
            self.assertEqual((code, said), (outcome.SKIPPED, "skipped: no disk: all else passed\n"))
        self.assertEqual(self.ended("self.fail()", skip)[0], 1)
        self.assertEqual(self.ended("pass", skip, "Some.test_one")[0], 0)
        self.assertEqual(self.ended("pass", "pass", "-k", "nowhere")[0], 1)

    def test_every_script_that_can_skip_ends_so(self):
        can = [path for path in HERE.glob("*_test.py") if path.name != "outcome_test.py"
               and re.search(r"\bskip(Test|If|Unless)?\(|SkipTest", path.read_text(encoding="utf-8"))]
        self.assertGreater(len(can), 8)
        self.assertEqual([path.name for path in can if "outcome.main(" not in path.read_text(encoding="utf-8")], [])


if __name__ == "__main__":
    unittest.main()
