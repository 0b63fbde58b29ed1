"""The hour that every program of the demo sees: months of the story pass in an instant.

libfaketime stands before the wall clock of each; what measures how long something takes is the machine's own.
"""

import glob
import os
import time


class StoryClock:
    def __init__(self, room):
        found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not found:
            raise SystemExit("demo: libfaketime is missing: apt install libfaketime")
        self._file = os.path.join(room, "clock")
        self._ahead = 0
        if os.path.exists(self._file):  # the player's
            with open(self._file, encoding="ascii") as file:
                self._ahead = int(file.read())
        else:
            self._write()
        self.env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self._file, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def seconds(self):
        return time.time() + self._ahead

    def _write(self):
        with open(self._file + ".new", "w", encoding="ascii") as file:
            file.write(f"+{self._ahead}\n")
        os.replace(self._file + ".new", self._file)

    def forward(self, seconds):
        self._ahead += seconds
        self._write()

    def date(self):
        return time.strftime("%Y-%m-%d", time.gmtime(self.seconds()))
