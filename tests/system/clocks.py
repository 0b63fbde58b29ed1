"""A wall clock that a test sets, for every program of one lab; the clock that drives timers stays."""

import glob
import os
import struct
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

    @property
    def ahead_ms(self):
        return round(self._offset * 1000)

    def now(self):
        return int(time.time() + self._offset)

    def forward(self, seconds):
        self.set(self.now() + seconds)


class StoryClock:
    """The same by libstory_clock.so, which leaves timers alone: by libfaketime one with a date in the past may never come."""

    def __init__(self, directory, start):
        library = os.path.join(os.environ["DETENTE_BIN"], "libstory_clock.so")
        if not os.path.exists(library):
            raise AssertionError(f"{library} is missing: build the target story_clock")
        self._file = os.path.join(directory, "story-clock")
        self.env = {"LD_PRELOAD": library, "DETENTE_STORY_CLOCK": self._file, "TZ": "UTC"}
        self.set(start)

    def set(self, seconds):
        self._ahead = int(seconds - time.time())
        fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(fd, struct.pack("=q", self._ahead), 0)  # in place: every program has this very file open
        finally:
            os.close(fd)

    def now(self):
        return int(time.time() + self._ahead)
