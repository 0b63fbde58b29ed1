"""The hour that every program of the demo sees: the story's own, from 8 June 2020 on; months of it pass in an instant.

libstory_clock.so stands before the wall clock of each; what measures how long something takes is the machine's own.
"""

import math
import os
import struct
import time
from datetime import datetime


def seconds_of(hour):
    """Seconds since 1970 of an hour as story.py writes it: 2020-06-09T12:00+09:00."""
    return int(datetime.fromisoformat(hour).timestamp())


def utc(hour):
    """The same as the program wants it typed: 2020-06-09T03:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds_of(hour)))


class StoryClock:
    def __init__(self, room, programs, begin=None):
        """The player gives the hour at which the story begins; the judge finds the clock there."""
        library = os.path.join(programs, "libstory_clock.so")
        if not os.path.exists(library):
            raise SystemExit(f"demo: {library} is missing: build the target story_clock")
        self._file = os.path.join(room, "clock")
        if begin is None:
            with open(self._file, "rb") as file:
                self._ahead, = struct.unpack("=q", file.read(8))
        else:
            self._ahead = seconds_of(begin) - int(time.time())
            self._write()
        self.env = {"LD_PRELOAD": library, "DETENTE_STORY_CLOCK": self._file}

    def seconds(self):
        return time.time() + self._ahead

    def _write(self):
        """In place: every program has this very file open."""
        fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(fd, struct.pack("=q", self._ahead), 0)
        finally:
            os.close(fd)

    def to(self, hour, before=0):
        """Forward to `before` seconds ahead of this hour of the story; never back."""
        left = seconds_of(hour) - before - self.seconds()
        if left > 0:
            self._ahead += math.ceil(left)
            self._write()

    def is_before(self, hour, seconds=0):
        return self.seconds() + seconds < seconds_of(hour)
