#!/usr/bin/env python3
"""`detente sim` as a person runs it: what it reports, equal for equal seeds, and how much faster than time it goes.

Which promises its checkers hold is the matter of sim_test and mutants_test.py; here it is the command. With --long also thirty days
of each seed that found a fault so late, in the core or in a checker (docs/figures.md).
"""

import json
import os
import re
import subprocess
import sys

DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
FAULTS = ("crashes", "dropped", "duplicated", "reordered", "slowed", "flipped", "replayed", "partitions", "one_way", "clock_steps", "rollbacks", "equivocations")
COUNTS = ("violations", "delivered", *FAULTS)
LEAST_SPEED = 10_000  # times as fast as time, on one core
FOUND = (1, 14, 23, 26, 38, 41, 42, 43, 1001, 1002, 2000, 2002, 2004, 2093, 2443, 2492, 3005, 3100, 3105, 3370, 3429)


def run(*options):
    return subprocess.run([DETENTE, "sim", *options], capture_output=True, text=True)


def report(*options):
    done = run("--days", "2", "--json", *options)
    if done.returncode != 0:
        sys.exit(f"sim {' '.join(options)}: exit {done.returncode}, {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def long():
    for seed in FOUND:
        done = run("--days", "30", "--seeds", "1", "--first-seed", str(seed))
        if done.returncode != 0:
            sys.exit(f"seed {seed}: exit {done.returncode}, {done.stdout}{done.stderr}")
    print(f"thirty days of each of {len(FOUND)} seeds: no promise broken")


def main():
    both = report("--seeds", "2", "--first-seed", "301")
    for name in COUNTS:
        if not isinstance(both.get(name), int):
            sys.exit(f"{name} is not reported as a number: {both}")
    if both["violations"] or both["failing"]:
        sys.exit(f"a promise was broken: {both['failing']}")
    for name in ("delivered", *FAULTS):
        if both[name] < 1:
            sys.exit(f"no {name} in four days of faults: {both}")
    if not re.fullmatch("[0-9a-f]{64}", both["trace"]):
        sys.exit(f"the trace is no digest: {both['trace']!r}")
    if both["speed"] < LEAST_SPEED:
        sys.exit(f"{both['speed']:.0f} times as fast as time; at least {LEAST_SPEED} are due")

    # A seed is the whole of a run: nothing of the machine, the hour or the run before it enters.
    first, second = (report("--seeds", "1", "--first-seed", seed) for seed in ("301", "302"))
    if second["trace"] != both["trace"]:
        sys.exit("seed 302 runs otherwise after another seed than alone")
    if first["trace"] == second["trace"]:
        sys.exit("two seeds gave one trace")
    for name in COUNTS:
        if first[name] + second[name] != both[name]:
            sys.exit(f"{name} of two seeds are not the sum of each: {first[name]} + {second[name]}, {both[name]}")

    for wrong in (("--seeds", "0"), ("--days", "0"), ("--seeds", "many"), ("--jobs", "0")):
        refused = run(*wrong)
        if refused.returncode == 0 or not (refused.stdout + refused.stderr).strip():
            sys.exit(f"{' '.join(wrong)} was not refused with words: {refused}")
    print(f"four days, {both['speed']:.0f} times as fast as time: {both}")


if __name__ == "__main__":
    long() if os.environ.get("DETENTE_LONG") else main()
