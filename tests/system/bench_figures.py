"""What `detente bench` prints, read and checked: by their names, each figure beside its limit, with its verdict."""

import json
import subprocess
from typing import NamedTuple

from stations import DETENTE

ALWAYS = {"name", "value", "unit", "min", "max", "p90", "runs", "goal", "met", "note"}


class Promised(NamedTuple):
    """Of one figure."""

    goal: float
    limited: bool = False  # whether a limit of the same run is what it is measured by
    at_least: bool = False
    runs: int = 5


def run(part, *options):
    done = subprocess.run([DETENTE, "bench", part, "--quick", *options], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"bench {part}: {done.stdout}{done.stderr}")
    return done.stdout


def figures(test, part, expected):
    """By name, each with all that is promised of one."""
    listed = json.loads(run(part, "--json"))["figures"]
    test.assertEqual([one["name"] for one in listed], list(expected))
    for one in listed:
        promised = expected[one["name"]]
        more = ({"limit", "ratio"} if promised.limited else set()) | ({"goal_is"} if promised.at_least else set())
        test.assertEqual(set(one), ALWAYS | more, one)
        test.assertEqual(one["goal"], promised.goal, one)
        test.assertTrue(one["min"] <= one["value"] <= one["max"] and one["runs"] >= promised.runs, one)
        measured = one["value"]
        if promised.limited:
            test.assertGreater(one["limit"], 0)
            test.assertAlmostEqual(one["ratio"], one["value"] / one["limit"])
            measured = one["ratio"]
        if promised.at_least:
            test.assertEqual(one["goal_is"], "at least")
            test.assertIs(one["met"], measured >= promised.goal, one)
        else:
            test.assertIs(one["met"], measured <= promised.goal, one)
        ratio = f", ratio {one['ratio']:.2f}" if promised.limited else ""
        print(f"{one['name']}: {one['value']:.1f} {one['unit']}{ratio}", flush=True)
    return {one["name"]: one for one in listed}
