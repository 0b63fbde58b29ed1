#!/usr/bin/env python3
"""Every planted bug is caught, and nothing is caught where none is planted."""

import json
import os
import subprocess
import sys

BIN = os.environ["DETENTE_BIN"]


def main():
    clean = subprocess.run([f"{BIN}/detente-mutants", "none", "12"], capture_output=True, text=True)
    if clean.returncode != 0:
        sys.exit(f"a checker spoke without a planted bug:\n{clean.stdout}{clean.stderr}")
    run = subprocess.run([f"{BIN}/detente", "sim", "--mutant", "all", "--json"],
                         capture_output=True, text=True)
    report = json.loads(run.stdout)
    mutants = report.get("mutants", [])
    uncaught = [one["name"] for one in mutants if not one["caught"]]
    for one in mutants:
        print(f"{one['name']:26} seed {one['seed']}: {one.get('violation', '')}")
    if run.returncode != 0 or uncaught or len(mutants) < 12:
        sys.exit(f"{len(mutants)} planted bugs, not caught: {uncaught or 'none'}; {run.stdout[-400:]}")
    # The story by itself sees what it is there for.
    for name, words in (("cut-ignored", ""), ("released-early", ""), ("report-forgotten", ""),
                        ("packet-counter-reused", "one key and counter sealed two packets")):
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
