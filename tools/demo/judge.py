#!/usr/bin/env python3
"""Judges one chapter of the demo from the stations' records.

  judge.py --bin DIR --clock DIR --south DIR --north DIR --south-liaison DIR --north-liaison DIR CHAPTER

Asks each station, over its API, what it holds; knows the story's words and hours, and nothing of
what the player did. Prints {"id", "title", "ok", "evidence"} and, where it is not ok,
"why". Exit code 0 for ok, 1 for not ok, 2 for wrong usage.
"""

import argparse
import json
import os
import sys
from types import SimpleNamespace

import judge_cut
import judge_open
import judge_return
import story
from clock import StoryClock
from records import NotShown, Record

JUDGES = {**judge_open.JUDGES, **judge_cut.JUDGES, **judge_return.JUDGES}
STATIONS = {"south": "south", "north": "north", "house": "south-liaison", "desk": "north-liaison"}


def verdict(chapter, bench):
    out = {"id": chapter.id, "title": chapter.title}
    try:
        return {**out, "ok": True, "evidence": JUDGES[chapter.id](bench)}
    except NotShown as reason:
        return {**out, "ok": False, "evidence": {}, "why": str(reason)}


def main():
    parser = argparse.ArgumentParser(description="Judges one chapter of the demo from the stations' records.")
    parser.add_argument("chapter", choices=sorted(JUDGES))
    parser.add_argument("--bin", required=True, help="folder of the program detente")
    for name, label in STATIONS.items():
        parser.add_argument(f"--{label}", dest=name, required=True, help=f"directory of {label}")
    parser.add_argument("--clock", required=True, help="folder of the story's clock")
    options = parser.parse_args()
    clock = StoryClock(options.clock, options.bin)
    program = os.path.join(options.bin, "detente")
    bench = SimpleNamespace(**{name: Record(program, label, getattr(options, name), clock) for name, label in STATIONS.items()})
    out = verdict(story.CHAPTERS[options.chapter], bench)
    print(json.dumps(out, ensure_ascii=False))
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
