"""A running link emulator: started, told what to change, asked what it counted, ended."""

import json
import os
import signal
import subprocess

from stations import PATIENCE, wait_until

LINKEMU = os.path.join(os.environ["DETENTE_BIN"], "linkemu")


class Emulator:
    def __init__(self, control, *arguments):
        self.control = control
        self.process = subprocess.Popen([LINKEMU, *arguments, "--control", control],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        # Its first line comes when its ends are open and its control socket answers.
        self.said = self.process.stdout.readline()
        if not self.said:
            raise AssertionError(f"linkemu {arguments}: {self.process.stderr.read()}")

    def tell(self, *words):
        """The answer's object, or its text."""
        done = subprocess.run([LINKEMU, "tell", self.control, *words], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"linkemu tell {words}: {done.stderr}")
        answer = done.stdout.strip()
        return json.loads(answer) if answer.startswith("{") else answer

    def set(self, direction, *settings):
        self.tell("set", direction, *settings)

    def stats(self):
        return self.tell("stats")

    def wait_packets(self, direction, number):
        """That direction's counters, once so many packets have gone in."""
        def enough():
            counters = self.stats()[direction]
            return counters if counters["packets_in"] >= number else None
        return wait_until(enough, f"{number} packets {direction}")

    def end(self):
        """SIGTERM; the counters that it prints at the end."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE)
        if self.process.returncode != 0:
            raise AssertionError(f"linkemu ended with {self.process.returncode}: {err}")
        return json.loads(out)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def close(self):
        if self.process.returncode is None:
            self.kill()
        self.process.stdout.close()
        self.process.stderr.close()
        if os.path.exists(self.control):
            os.remove(self.control)
