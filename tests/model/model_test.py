#!/usr/bin/env python3
"""The model of a line (spec/model) holds; with any one row of its table removed, or a wrong one, it does not.

DETENTE_LONG=1 adds the largest runs. Needs spin and gcc.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

MODEL = os.path.join(os.environ["DETENTE_SOURCE"], "spec", "model")
ROW = re.compile(r"^  \+ \((.*)\) \* (\w+) \\$")
RUN_SECONDS = 900

# Cut epochs of each side, whether there is a proposal, whether an entry is under way, whether sides cut in the dark,
# whether a word of both desks is wanted.
SMALL = [(1, 1, 0, 1, 0, 0), (2, 1, 0, 0, 0, 0), (1, 0, 1, 0, 0, 0)]
FULL = [(1, 1, 1, 1, 0, 0), (2, 2, 0, 1, 0, 0), (2, 0, 1, 0, 0, 0), (0, 2, 1, 0, 0, 0), (1, 1, 1, 0, 1, 0), (2, 1, 0, 1, 1, 0),
        (1, 0, 1, 0, 0, 1), (1, 1, 0, 1, 0, 1)]
# Rows that somebody might take for a help: an announcement over a cut, a way back without tests.
WRONG = ["CUT && act == DO_ANNOUNCE) * ANNOUNCED", "CUT && act == DO_LIFT) * CLEAR",
         "CUT && act == DO_INSTANT_CAME) * CLEAR", "RESTORING && act == DO_LIFT) * CLEAR"]
DARK = (1, 0, 0, 0, 1, 0)
DESKS = [(1, 0, 0, 0, 0, 1), (1, 0, 1, 0, 0, 1)]
LONG = [(2, 1, 1, 0, 0, 0), (1, 2, 1, 0, 0, 0), (2, 0, 1, 0, 1, 0), (1, 1, 1, 0, 0, 1)]


class Finding(Exception):
    """Why a model does not hold."""


def quietly(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def search(size, transitions, optimise, defined=()):
    """Every state of the model at this size; gives how many, and the lines of its witness that none reached."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(MODEL, "line.pml"), folder)
        with open(os.path.join(folder, "transitions.pml"), "w", encoding="utf-8") as out:
            out.write(transitions)
        names = ("CUTS_0", "CUTS_1", "TALKS", "MAIL", "DARK", "DESKS")
        quietly(["spin", *(f"-D{n}={v}" for n, v in zip(names, size)), *defined, "-a", "line.pml"], folder)
        # No partial order reduction: every step here touches what all processes see.
        quietly(["gcc", optimise, "-w", "-DNOREDUCE", "-o", "pan", "pan.c"], folder)
        report = quietly(["./pan", "-a", "-m100000"], folder)
    return judge(report)


def judge(report):
    if "max search depth too small" in report or "error" not in report:
        sys.exit(f"the search was not exhaustive:\n{report}")
    if not re.search(r"errors: 0$", report, re.MULTILINE):
        if "acceptance cycle" in report:
            raise Finding("liveness: it is calm, and the sides do not come to show the same")
        broken = re.search(r"assertion violated (.*?)(?: \(at depth|$)", report, re.MULTILINE)
        raise Finding(f"safety: {explain(broken.group(1)) if broken else report.splitlines()[0]}")
    states = int(float(re.search(r"([\d.e+]+) states, stored", report).group(1)))
    return states, set(map(int, re.findall(r'line\.pml:(\d+), state \d+, "\(1\)"', report)))


def explain(expression):
    if "to==3" in expression.replace(" ", ""):
        return "an officer's cut is refused"
    if expression.replace(" ", "").startswith("!((s[me].must_be_closed"):
        return "the line carries entries although its side closed it"
    if "words" in expression:
        return "a line opens that wants its desks, and has no word of both"
    return expression


def witness_at(number):
    """What a line of the model's witness says that has to be possible."""
    with open(os.path.join(MODEL, "line.pml"), encoding="utf-8") as model:
        lines = model.read().splitlines()
    return re.search(r"/\* (.*?) \*/", lines[number - 1]).group(1)


def whole_model(transitions, sizes):
    never = None
    for size in sizes:
        started = time.monotonic()
        try:
            states, unreached = search(size, transitions, "-O1")
        except Finding as finding:
            sys.exit(f"the model does not hold at {size}: {finding}")
        print(f"cuts {size[0]} and {size[1]}, {'a' if size[2] else 'no'} proposal, "
              f"{'an' if size[3] else 'no'} entry, {'in the dark' if size[4] else 'no dark'}, {'its desks' if size[5] else 'no desks'}: {states} states, {time.monotonic() - started:.1f} s")
        never = unreached if never is None else never & unreached
    for number in sorted(never):
        print(f"no run reaches: {witness_at(number)}")
    if never:
        sys.exit("what has to be possible is not")


def why_not(transitions, reached_before, sizes):
    """The reason why a table without one row fails, or None."""
    try:
        for size in sizes:
            missing = search(size, transitions, "-O0")[1] - reached_before[size]
            named = [witness_at(number) for number in sorted(missing)]
            if named:
                return "reachability: never " + "; ".join(named)
    except Finding as finding:
        return str(finding)
    return None


def every_row_is_needed(transitions):
    lines = transitions.splitlines(keepends=True)
    rows = [n for n, line in enumerate(lines) if ROW.match(line)]
    baseline = {size: search(size, transitions, "-O0")[1] for size in SMALL}
    kept = []
    for row in rows:
        # A proposal's row shows where there is a proposal, and in no other run.
        sizes = [s for s in SMALL if s[2]] if "P_DO_" in lines[row] else SMALL
        reason = why_not("".join(lines[:row] + lines[row + 1:]), baseline, sizes)
        condition, to = ROW.match(lines[row]).groups()
        print(f"without {condition} -> {to}: {reason or 'NOTHING'}")
        if reason is None:
            kept.append(condition)
    if len(rows) < 19:
        sys.exit(f"only {len(rows)} rows found in transitions.pml")
    if kept:
        sys.exit(f"the model holds without these rows: {kept}")
    print(f"{len(rows)} rows, each needed")


def wrong_rows_are_found(transitions):
    lines = transitions.splitlines(keepends=True)
    begin = next(n for n, line in enumerate(lines) if line.startswith("#define REGISTER_STEP"))
    baseline = {size: search(size, transitions, "-O0")[1] for size in SMALL}
    for wrong in WRONG:
        same = wrong[:wrong.index(")")]
        kept = [line for line in lines if f"(from == {same})" not in line]
        kept.insert(begin + 1, f"  + (from == {wrong} \\\n")
        reason = why_not("".join(kept), baseline, SMALL)
        print(f"with {wrong}: {reason or 'NOTHING'}")
        if reason is None or not reason.startswith("safety"):
            sys.exit("a line that is cut opens without tests, and the model does not see it")


def the_dark_is_dark(transitions):
    """Without files the sides do not come to show the same: no path delivers there."""
    try:
        search(DARK, transitions, "-O0", ["-DUNHEARD=0"])
    except Finding as finding:
        print(f"in the dark, with nobody who carries files: {finding}")
        if str(finding).startswith("liveness"):
            return
    sys.exit("in the dark of the model something is delivered by a path")


def desks_are_waited_for(transitions):
    """A station that does not wait for them opens a line by a restoration, and by a lift."""
    for size in DESKS:
        try:
            search(size, transitions, "-O0", ["-DWAITS_FOR_DESKS=0"])
        except Finding as finding:
            print(f"with a station that does not wait for its desks, {'a restoration' if size[2] else 'a lift'}: {finding}")
            if str(finding).startswith("safety"):
                continue
        sys.exit("a line opens without a word of both desks, and the model does not see it")


def main():
    if not shutil.which("spin") or not shutil.which("gcc"):
        print("spin or gcc is missing (./test installs them)")
        sys.exit(77)
    with open(os.path.join(MODEL, "transitions.pml"), encoding="utf-8") as file:
        transitions = file.read()
    whole_model(transitions, FULL + (LONG if os.environ.get("DETENTE_LONG") else []))
    every_row_is_needed(transitions)
    wrong_rows_are_found(transitions)
    the_dark_is_dark(transitions)
    desks_are_waited_for(transitions)


if __name__ == "__main__":
    main()
