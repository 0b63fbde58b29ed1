"""The paths between the two main stations, each through an emulator that can drop what comes, in either direction."""

import os
import signal
import subprocess

import story
from ports import free_ports
from sides import DemoError, end_waits


class Path:
    """`a` is south, `b` north: each sends to a port of the emulator's."""

    def __init__(self, name, room, programs):
        self.name = name
        self.process = None
        self._program = os.path.join(programs, "linkemu")
        # Relative to the room: the name of a socket is short.
        self._room, self._control = room, f"{name}.sock"
        a_listens, b_listens, a_sends, b_sends = (f"127.0.0.1:{port}" for port in free_ports(4))
        self.ends = {"south": (a_listens, a_sends), "north": (b_listens, b_sends)}
        self._between = ["--listen", a_sends, "--reply-to", a_listens, "--from", b_sends, "--to", b_listens]

    def start(self):
        with end_waits():
            self.process = subprocess.Popen(
                [self._program, "proxy", *self._between, "--control", self._control], cwd=self._room, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        # Its first line comes when its ends are open and its control socket answers.
        if not self.process.stdout.readline():
            raise DemoError(f"the emulator of the path {self.name} did not start")

    def set(self, direction, dead):
        done = subprocess.run([self._program, "tell", self._control, "set", direction, "blackhole", "on" if dead else "off"],
                              cwd=self._room, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"the path {self.name} cannot be changed: {done.stderr.strip()}")

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Network:
    """All paths of the story; `works` says whether at least one joins the main stations."""

    def __init__(self, room, programs):
        self.paths = {name: Path(name, room, programs) for name in story.PATHS}
        self.works = True

    def start(self):
        for path in self.paths.values():
            path.start()

    def cut(self):
        for path in self.paths.values():
            path.set("both", True)
        self.works = False

    def mend(self, faulty=None):
        """Every path again; of `faulty` only the way from south to north."""
        for path in self.paths.values():
            path.set("both", False)
            if path.name == faulty:
                path.set("b-a", True)
        self.works = True

    def pids(self):
        return [path.process.pid for path in self.paths.values()]

    def stop(self):
        for path in self.paths.values():
            path.stop()
