"""A person's terminal for the system tests: a shell in a tmux window of a private tmux server."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile

from stations import wait_until

TMUX = shutil.which("tmux")


class Terminals:
    """A tmux server of its own, with a socket of its own; ends with close()."""

    def __init__(self, columns=200):
        self._dir = tempfile.mkdtemp(prefix="detente-tmux-")
        self._socket = os.path.join(self._dir, "tmux")
        self._columns = columns
        self._first = True
        # Nothing of the caller's settings reaches the shells.
        self._environment = {"PATH": os.environ["PATH"], "TERM": "screen", "LANG": "C.UTF-8"}
        self._rc = os.path.join(self._dir, "rc")
        with open(self._rc, "w", encoding="utf-8") as file:
            file.write(f"PS1='{Terminal.PROMPT}'\nunset HISTFILE\n")

    def tmux(self, *arguments):
        done = subprocess.run([TMUX, "-S", self._socket, "-f", "/dev/null", *arguments], text=True,
                              env=self._environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tmux {arguments}: {done.stderr}")
        return done.stdout

    def open(self, name, directory, home):
        """A new Terminal whose shell starts in a directory."""
        shell = ["-c", directory, "-e", f"HOME={home}",
                 f"exec bash --noprofile --rcfile {shlex.quote(self._rc)}"]
        if self._first:
            # The history limit counts for windows that are made after it.
            self.tmux("start-server", ";", "set-option", "-g", "history-limit", "50000", ";",
                      "new-session", "-d", "-s", "t", "-n", name, "-x", str(self._columns), "-y", "50",
                      *shell)
            self._first = False
        else:
            self.tmux("new-window", "-d", "-t", "t:", "-n", name, *shell)
        return Terminal(self, f"t:{name}")

    def close(self):
        if not self._first:
            self.tmux("kill-server")
        shutil.rmtree(self._dir, ignore_errors=True)


class Terminal:
    """A shell whose prompt numbers its commands and tells the exit code of the last one."""

    PROMPT = "<ready \\#:$?> "

    def __init__(self, terminals, target):
        self._terminals = terminals
        self._target = target
        self._number = 1
        self._answered = 0
        self._after_prompt(1, (), "a shell")

    def screen(self):
        """All that was ever shown, as text."""
        return self._terminals.tmux("capture-pane", "-p", "-J", "-S", "-", "-t", self._target)

    def type(self, text):
        self._terminals.tmux("send-keys", "-t", self._target, "-l", "--", text)
        self._terminals.tmux("send-keys", "-t", self._target, "Enter")

    def run(self, command, answers=(), patience=60):
        """(exit code, what it printed). `answers`: (pattern of a question, what is typed)."""
        before = len(self.screen().rstrip("\n"))
        self._answered = 0
        self._number += 1
        self.type(command)
        found = self._after_prompt(self._number, answers, command, before, patience)
        shown = self.screen()[before:found.start()]
        return int(found.group(1)), shown.split("\n", 1)[-1]

    def _after_prompt(self, number, answers, what, before=0, patience=60):
        prompt = re.compile(rf"<ready {number}:(\d+)>")

        def ready():
            text = self.screen()
            found = prompt.search(text)
            if not found:
                self._answer(text[before:], answers)
            return found
        try:
            return wait_until(ready, what, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}; the terminal shows:\n{self.screen()}") from None

    def _answer(self, text, answers):
        """Types the answer to the next question that stands there unanswered, if one does."""
        asked = [answer for line in text.rstrip().split("\n") for pattern, answer in answers
                 if re.search(pattern, line)]
        if len(asked) > self._answered:
            self._answered += 1
            self.type(asked[self._answered - 1])
