"""Real stations for the system tests: a lab of sides, processes, the API and the command line."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "demo"))

from ports import free_ports, room_for  # noqa: E402, F401 (tests take ports here)

DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
PATIENCE = 20.0


def wait_until(condition, what, patience=PATIENCE):
    """What `condition` gives as soon as that is true; an AssertionError after `patience` seconds.

    It names `what`: a text, or what a function then says.
    """
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s for {what() if callable(what) else what}")
        time.sleep(0.02)  # poll interval


def detente(*arguments, stdin=None, env=None):
    """(exit code, object of --json)."""
    done = subprocess.run([DETENTE, *arguments, "--json"], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=90, env={**os.environ, **(env or {})})
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"{arguments}: {done.stdout!r} {done.stderr!r}") from None
    return done.returncode, answer


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("station", timeout=70)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Station:
    """One side's directory and, while it runs, its process."""

    def __init__(self, directory):
        self.dir = directory
        self.name = os.path.basename(directory)
        self.process = None
        self.env = {}  # of the next process, beside the test's own
        self.within = []  # a command that runs the next process in surroundings of its own
        self._stderr = open(os.path.join(directory, "station.stderr"), "ab+")

    # ---- process ----

    def spawn(self, *options):
        self.process = subprocess.Popen([*self.within, DETENTE, "station", "run", "--dir", self.dir, *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=self._stderr, env={**os.environ, **self.env})

    def start(self, *options):
        self.spawn(*options)
        wait_until(self._answers, f"{self.name} to start")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended:\n{self.stderr()}")
        try:
            return self.get("/v1/status")
        except OSError:
            return None

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def _end(self, how):
        if self.process is None:
            return
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.process = None
        if how == signal.SIGTERM and code != 0:
            raise AssertionError(f"{self.name} ended with {code}:\n{self.stderr()}")

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self._stderr.close()

    def stderr(self):
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    # ---- API ----

    def ask(self, method, target, body=None):
        """(HTTP status, object)."""
        return self.ask_bytes(method, target, None if body is None else json.dumps(body).encode(),
                              "application/json")

    def ask_bytes(self, method, target, body, kind="application/octet-stream"):
        """The same with a body that is no JSON."""
        connection = _UnixConnection(os.path.join(self.dir, "station", "api.sock"))
        try:
            connection.request(method, target, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def cpu_seconds(self):
        """What its process has used of a core so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """KiB of memory that its process has."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def get(self, target):
        status, answer = self.ask("GET", target)
        if status != 200:
            raise AssertionError(f"GET {target}: {status} {answer}")
        return answer

    def status_of(self, counterpart):
        return next(c for c in self.get("/v1/status")["counterparts"] if c["name"] == counterpart)

    def line_of(self, counterpart, line):
        return next(entry for entry in self.status_of(counterpart)["lines"] if entry["name"] == line)

    def entries(self, counterpart, line, whose="far"):
        return self.get(f"/v1/counterparts/{counterpart}/lines/{line}/entries?limit=200&whose={whose}")["entries"]

    def texts(self, counterpart, line, whose="far"):
        return [entry["text"] for entry in self.entries(counterpart, line, whose) if "text" in entry]

    def wait_link(self, counterpart):
        wait_until(lambda: self.status_of(counterpart)["link"]["up"], f"{self.name}'s link to {counterpart}")

    # ---- command line ----

    def cli(self, *arguments, **options):
        code, answer = detente(*arguments, "--dir", self.dir, **options)
        if code != 0:
            raise AssertionError(f"{arguments}: {answer}")
        return answer

    def shown(self, *arguments, env=None):
        """What a person reads of it."""
        done = subprocess.run([DETENTE, *arguments, "--dir", self.dir], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90,
                              env={**os.environ, **(env or {})})
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.stderr!r}")
        return " ".join(done.stdout.decode().split())

    def refused(self, *arguments, **options):
        """The error of a command that must fail."""
        code, answer = detente(*arguments, "--dir", self.dir, **options)
        if code == 0:
            raise AssertionError(f"{arguments} was not refused: {answer}")
        return answer["error"]

    # ---- files ----

    def set_limit(self, counterpart, name, value):
        """Of that counterpart, in station.toml: in force from the next start on."""
        path = self.path("station", "station.toml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith(f"{name} =")]
        lines.insert(lines.index(f'name = "{counterpart}"') + 1, f"{name} = {value}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def config(self):
        with open(self.path("station", "station.toml"), "rb") as file:
            return tomllib.load(file)

    def ends(self, counterpart):
        """[(where it listens, where it sends to)], one for each path."""
        entry = next(c for c in self.config()["counterparts"] if c["name"] == counterpart)
        return [(path["listen"], path["peer"]) for path in entry["paths"]]


class Lab:
    """Sides made by `detente lab new` in a directory that goes with the lab."""

    PORTS = 64

    def __init__(self, *options, env=None):
        """`env`: of every program of this lab, such as a clock's."""
        self.dir = tempfile.mkdtemp(prefix="detente-")
        code, self.made = detente("lab", "new", os.path.join(self.dir, "lab"), "--first-port",
                                  str(room_for(self.PORTS)), *options, env=env)
        if code != 0:
            raise AssertionError(self.made)
        self.stations = {}
        self._env = env
        self._dirs = {side["name"]: side["dir"] for side in self.made["sides"]}

    def __getitem__(self, name):
        if name not in self.stations:
            self.stations[name] = Station(self._dirs[name])
            self.stations[name].env.update(self._env or {})
        return self.stations[name]

    def names(self):
        return list(self._dirs)

    def start(self, *names):
        for name in names:
            self[name].start()

    def connect(self, one="south", other="north"):
        """Both run, and each hears the other."""
        self.start(one, other)
        self[one].wait_link(other)
        self[other].wait_link(one)

    def close(self):
        for station in self.stations.values():
            station.close()
        shutil.rmtree(self.dir, ignore_errors=True)
