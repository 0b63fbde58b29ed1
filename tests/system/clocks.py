"""A wall clock that a test sets, for every program of one lab; the clock that drives timers stays."""

import glob
import os
import time

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


class Clock:
    """`env` is for the programs; they see this clock from their next look at the hour on."""

    def __init__(self, directory, start):
        if LIBRARY is None:
            raise AssertionError("libfaketime is missing: deps/ lists it")
        self._file = os.path.join(directory, "clock")
        self.env = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": self._file, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        self.set(start)

    def set(self, seconds):
        """It reads `seconds` since 1970 now, and goes on from there."""
        self._offset = seconds - time.time()
        temporary = self._file + ".new"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(f"{self._offset:+.3f}\n")
        os.replace(temporary, self._file)

    def now(self):
        return int(time.time() + self._offset)

    def forward(self, seconds):
        self.set(self.now() + seconds)
