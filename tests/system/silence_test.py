"""Years in which the other side says nothing: `detente bench silence` keeps its bounds.

Three years with --quick, twenty with DETENTE_LONG=1; the figures are in docs/figures.md.
"""

import json
import os
import subprocess
import unittest

from stations import DETENTE

LONG = os.environ.get("DETENTE_LONG") == "1"


class Silence(unittest.TestCase):
    def test_nothing_grows_and_the_first_word_finds_the_station_ready(self):
        command = [DETENTE, "bench", "silence", "--json", *([] if LONG else ["--quick"])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600 if LONG else 240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        figures = {figure["name"]: figure for figure in json.loads(done.stdout)["figures"]}
        for name, figure in figures.items():
            shown = f"{name}: {figure['value']:.1f} {figure['unit']}"
            print(shown)
            if name != "silence.time":  # says more of the machine than of the station
                self.assertTrue(figure["met"], f"{shown}, at most {figure['goal']}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
