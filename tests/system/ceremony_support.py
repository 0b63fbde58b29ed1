"""Running `detente` for the tests of the ceremony: without a terminal, and at one.

The passphrase costs little here, by --work-factor 10, and says so.
"""

import json
import os
import pty
import select
import subprocess

DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
PHRASE = "correct horse battery staple"


def run(directory, *words, phrase=PHRASE, env=None):
    """The finished process of one command, without a terminal."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DETENTE_")}
    if phrase is not None:
        environment["DETENTE_PASSPHRASE"] = phrase
    environment.update(env or {})
    command = [DETENTE, "--dir", str(directory), "--work-factor", "10", *map(str, words)]
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=60, start_new_session=True)


def good(directory, *words, **more):
    """The JSON of a command that must succeed."""
    done = run(directory, "--json", *words, **more)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    out = json.loads(done.stdout)
    assert out["ok"] is True, out
    return out


def at_terminal(directory, *words, answers):
    """Exit code and all that the terminal showed; `answers` are (what is waited for, what is typed)."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DETENTE_")}
        command = [DETENTE, "--dir", str(directory), "--work-factor", "10", *map(str, words)]
        os.execve(DETENTE, command, environment)
    shown, answered = "", 0
    while select.select([terminal], [], [], 30)[0]:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other end is closed
            break
        if answers and answers[0][0] in shown[answered:]:
            answered = len(shown)
            os.write(terminal, (answers.pop(0)[1] + "\n").encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown
