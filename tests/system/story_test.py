#!/usr/bin/env python3
"""The report's story in the simulator: losses, crashes, clocks of their own and lost files by seed, no promise broken in any.

Twenty seeds; with DETENTE_LONG a thousand.
"""

import json
import os
import subprocess
import sys

DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
SEEDS = 1000 if os.environ.get("DETENTE_LONG") else 20


def played(first, count, *options):
    run = subprocess.run([DETENTE, "sim", "--story", "--seeds", str(count), "--first-seed", str(first), "--json", *options], stdout=subprocess.PIPE, text=True)
    report = json.loads(run.stdout)
    if run.returncode != 0 or not report["ok"]:
        sys.exit(f"a promise was broken by seeds {report['failing']}; detente sim --story --seeds 1 --first-seed SEED shows it")
    return report


def main():
    total = played(1, SEEDS)
    one_by_one, at_once = played(1, 4, "--jobs", "1"), played(1, 4, "--jobs", "4")
    for report in (one_by_one, at_once):
        del report["speed"]
    if one_by_one != at_once:
        sys.exit(f"runs side by side report otherwise than one after the other: {one_by_one} and {at_once}")
    # Each was played to its end, and with faults.
    for name, least in (("crashes", SEEDS), ("files_lost", SEEDS), ("restorations", SEEDS), ("announcements_released", 2 * SEEDS)):
        if total[name] < least:
            sys.exit(f"{total[name]} {name} in {SEEDS} seeds, where at least {least} are due")
    print(f"{SEEDS} seeds: {total}")


if __name__ == "__main__":
    main()
