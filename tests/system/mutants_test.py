#!/usr/bin/env python3
"""Every planted bug is caught, and nothing is caught where none is planted."""

import json
import os
import re
import subprocess
import sys

BIN = os.environ["DETENTE_BIN"]
# The bugs that the project set itself to catch; more are planted than these.
# And what has to be said of each: a checker that is gone would else be covered up by another one that speaks later.
DUE = {
    "acknowledge-before-sync": "went before the more urgent|never arrived",  # what was lost comes later, or never
    "send-before-sync": "a text arrived that nobody wrote",
    "cosign-before-sync": "two (signed )?histories were|what was shown is not on disk",
    "cosign-smaller": "cosigned [0-9]+ entries after",
    "no-replay-window": "one packet was taken twice",
    "duplicate-delivery": "one entry was shown twice",
    "order-swapped": "out of order within a precedence",
    "cosignature-unchecked": "a receipt counted without its signature",
    "counter-reused": "one counter was called with twice",
    "fence-ignored": "a process that was taken over still writes",
    "rekey-lost": "was not opened, although both have its session",
    "old-epoch-appended": "two checkpoints of size [0-9]+ of its log",
}


def unproved(mutants):
    """Those of which it is not said what was broken and by which seed it is seen again."""
    return [one["name"] for one in mutants if one["caught"] is not True or type(one["seed"]) is not int or not one.get("violation")]


def main():
    clean = subprocess.run([f"{BIN}/detente-mutants", "none", "12"], capture_output=True, text=True)
    if clean.returncode != 0:
        sys.exit(f"a checker spoke without a planted bug:\n{clean.stdout}{clean.stderr}")
    run = subprocess.run([f"{BIN}/detente", "sim", "--mutant", "all", "--json"],
                         capture_output=True, text=True)
    report = json.loads(run.stdout)
    mutants = report.get("mutants", [])
    names = [one["name"] for one in mutants]
    uncaught = unproved(mutants)
    for one in mutants:
        print(f"{one['name']:26} seed {one['seed']}: {one.get('violation', '')}")
    if run.returncode != 0 or not report.get("ok") or uncaught:
        sys.exit(f"{len(mutants)} planted bugs, not caught: {uncaught or 'none'}; {run.stdout[-400:]}")
    missing = [name for name in DUE if names.count(name) != 1]
    if missing:
        sys.exit(f"not planted, or not once: {missing}; {names}")
    otherwise = [one for one in mutants if not re.search(DUE.get(one["name"], ""), one["violation"])]
    if otherwise:
        sys.exit(f"caught, and not by what is there for it: {otherwise}")
    one = subprocess.run([f"{BIN}/detente", "sim", "--mutant", "order-swapped", "--json"], capture_output=True, text=True)
    named = json.loads(one.stdout)["mutants"]
    if one.returncode != 0 or [each["name"] for each in named] != ["order-swapped"] or unproved(named):
        sys.exit(f"one planted bug by its name: {one.stdout}")
    # The story by itself sees what it is there for.
    for name, words in (("cut-ignored", ""), ("released-early", ""), ("report-forgotten", ""),
                        ("packet-counter-reused", "one key and counter sealed two packets"),
                        ("cosign-before-sync", "what was shown is not on disk")):
        alone = subprocess.run([f"{BIN}/detente-mutants", name, "6", "story"], capture_output=True, text=True)
        if alone.returncode != 0 or words not in alone.stdout:
            sys.exit(f"the story does not catch {name}: {alone.stdout[-400:]}{alone.stderr}")
    unknown = subprocess.run([f"{BIN}/detente", "sim", "--mutant", "no-such-bug", "--json"],
                             capture_output=True, text=True)
    if unknown.returncode == 0 or "no planted bug" not in unknown.stdout:
        sys.exit(f"an unknown bug was not refused: {unknown.stdout}")
    print(f"{len(mutants)} planted bugs, all caught")


if __name__ == "__main__":
    main()
