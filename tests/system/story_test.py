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
PROCESSES = 2


def main():
    each = SEEDS // PROCESSES
    firsts = range(1, SEEDS, each)
    runs = [subprocess.Popen([DETENTE, "sim", "--story", "--seeds", str(each), "--first-seed", str(first), "--json"],
                             stdout=subprocess.PIPE, text=True) for first in firsts]
    reports = [json.loads(run.communicate()[0]) for run in runs]
    for run, report in zip(runs, reports):
        if run.returncode != 0 or not report["ok"]:
            sys.exit(f"a promise was broken by seeds {report['failing']}; detente sim --story --seeds 1 --first-seed SEED shows it")
    total = {name: sum(report[name] for report in reports) for name in ("crashes", "files_lost", "restorations", "announcements_released", "days")}
    # Each was played to its end, and with faults.
    for name, least in (("crashes", SEEDS), ("files_lost", SEEDS), ("restorations", SEEDS), ("announcements_released", 2 * SEEDS)):
        if total[name] < least:
            sys.exit(f"{total[name]} {name} in {SEEDS} seeds, where at least {least} are due")
    print(f"{SEEDS} seeds: {total}")


if __name__ == "__main__":
    main()
